//! Sealing: what is kept or handed out so that only this server reads it, and nobody alters it.
//!
//! Takes bytes and what they belong to, and gives `version ‖ nonce ‖ ciphertext ‖ tag`; and back, for the same key and
//! the same owner only. XChaCha20-Poly1305, whose nonce is long enough to be drawn at random for as many seals as there
//! will ever be. The version is authenticated too.

use std::ops::Range;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use thiserror::Error;

/// The form of what is sealed. Another one is refused.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + NONCE_BYTES;

/// How much longer something is when it is sealed.
pub const OVERHEAD_BYTES: usize = HEAD_BYTES + TAG_BYTES;
/// The length of a key.
pub const KEY_BYTES: usize = 32;

/// Why something cannot be sealed or opened. No message says what was in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// Not in the form of a seal of this version.
    #[error("it is nothing that was sealed")]
    Malformed,
    /// Altered, sealed with another key, or another's.
    #[error("it was altered, or sealed with another key, or for another owner")]
    Rejected,
    /// More than the cipher takes: 256 GB.
    #[error("it is too large to be sealed")]
    TooLarge,
    /// The operating system gave no random bytes.
    #[error("no random numbers are to be had")]
    Random,
}

/// Random bytes for a key.
///
/// # Errors
/// [`SealError::Random`]
pub fn random_key() -> Result<[u8; KEY_BYTES], SealError> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| SealError::Random)?;
    Ok(bytes)
}

/// A key that seals and opens.
#[derive(Clone)]
pub struct Sealer {
    cipher: XChaCha20Poly1305,
}

impl Sealer {
    pub fn new(key: [u8; KEY_BYTES]) -> Sealer {
        Sealer {
            cipher: XChaCha20Poly1305::new(&key.into()),
        }
    }

    /// Seals `payload` for the owner that `bound_to` stands for.
    ///
    /// # Errors
    /// [`SealError::Random`], [`SealError::TooLarge`]
    pub fn seal(&self, payload: &[u8], bound_to: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Random)?;
        let mut bytes = Vec::with_capacity(payload.len() + OVERHEAD_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(payload);
        let text = &mut bytes[HEAD_BYTES..];
        let tag = self
            .cipher
            .encrypt_inout_detached(&XNonce::from(nonce), &associated(bound_to), text.into())
            .map_err(|_| SealError::TooLarge)?;
        bytes.extend_from_slice(&tag);
        Ok(bytes)
    }

    /// Gives back the payload that was sealed for the same `bound_to`.
    ///
    /// # Errors
    /// [`SealError::Malformed`], [`SealError::Rejected`]
    pub fn open(&self, sealed: &[u8], bound_to: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut bytes = sealed.to_vec();
        let payload = self.open_in_place(&mut bytes, bound_to)?;
        bytes.truncate(payload.end);
        bytes.drain(..payload.start);
        Ok(bytes)
    }

    /// Opens in the bytes themselves: tells where the payload lies in them. What is refused is not opened.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_in_place(
        &self,
        sealed: &mut [u8],
        bound_to: &[u8],
    ) -> Result<Range<usize>, SealError> {
        let Some(end) = sealed.len().checked_sub(TAG_BYTES) else {
            return Err(SealError::Malformed);
        };
        let (rest, tag) = sealed.split_at_mut(end);
        let tag = Tag::try_from(&*tag).map_err(|_| SealError::Malformed)?;
        let Some((head, text)) = rest.split_first_chunk_mut::<HEAD_BYTES>() else {
            return Err(SealError::Malformed);
        };
        let [version, nonce @ ..] = *head;
        if version != VERSION {
            return Err(SealError::Malformed);
        }
        self.cipher
            .decrypt_inout_detached(
                &XNonce::from(nonce),
                &associated(bound_to),
                text.into(),
                &tag,
            )
            .map_err(|_| SealError::Rejected)?;
        Ok(HEAD_BYTES..end)
    }
}

fn associated(bound_to: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(1 + bound_to.len());
    data.push(VERSION);
    data.extend_from_slice(bound_to);
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_for_its_key_and_its_owner_alone() {
        let sealer = Sealer::new([7; KEY_BYTES]);
        for payload in [&b""[..], b"x", &[0; 100_000]] {
            let sealed = sealer.seal(payload, b"owner").expect("sealed");
            assert_eq!(sealed.len(), payload.len() + OVERHEAD_BYTES);
            assert_eq!(sealer.open(&sealed, b"owner").as_deref(), Ok(payload));
            assert_eq!(sealer.open(&sealed, b"other"), Err(SealError::Rejected));
            let other = Sealer::new(random_key().expect("random"));
            assert_eq!(other.open(&sealed, b"owner"), Err(SealError::Rejected));
        }
    }

    #[test]
    fn nothing_that_was_altered_or_cut_opens() {
        let sealer = Sealer::new([7; KEY_BYTES]);
        let sealed = sealer.seal(b"payload", b"owner").expect("sealed");
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(sealer.open(&altered, b"owner").is_err(), "byte {at}");
            assert!(sealer.open(&sealed[..at], b"owner").is_err(), "{at} bytes");
        }
    }

    #[test]
    fn the_same_is_never_sealed_alike() {
        let sealer = Sealer::new([7; KEY_BYTES]);
        assert_ne!(sealer.seal(b"x", b""), sealer.seal(b"x", b""));
    }
}
