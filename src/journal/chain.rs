//! What ties an entry to all that were before it.
//!
//! The hash of an entry is SHA-256 over the hash before it, its number and its text. Who changes an entry, takes one out or
//! puts one in has to change every hash after it; and who noted the last one elsewhere ([`Head`]) sees that too.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Of what is before the first entry there ever was.
    pub const NONE: Hash = Hash([0; 32]);

    /// The hash of an entry that follows one with this hash.
    pub fn followed_by(self, seq: i64, body: &str) -> Hash {
        // Both before the text have a fixed length, so that no two entries are the same bytes.
        let mut sha = Sha256::new();
        sha.update(self.0);
        sha.update(seq.to_be_bytes());
        sha.update(body);
        Hash(sha.finalize().into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The last entry: its number, and its hash. Noted elsewhere, it tells whether everything up to it is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// 0 where there was never an entry.
    pub seq: i64,
    pub hash: Hash,
}

/// `42:` and the hash in 64 hexadecimal digits.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// The text is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number, a colon and 64 hexadecimal digits, as `verify` writes them")]
pub struct NoHead;

impl FromStr for Head {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Head, NoHead> {
        let (seq, digits) = text.trim().split_once(':').ok_or(NoHead)?;
        let seq = seq.parse().ok().filter(|seq| *seq >= 0).ok_or(NoHead)?;
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NoHead);
        }
        let mut hash = [0; 32];
        for (byte, place) in hash.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&digits[place..place + 2], 16).map_err(|_| NoHead)?;
        }
        Ok(Head {
            seq,
            hash: Hash(hash),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_written_and_read() {
        // By sha256sum, of 32 bytes of zero, seven more, one of one, and `{}`.
        let hash = Hash::NONE.followed_by(1, "{}");
        assert_eq!(
            hash.to_string(),
            "1bad765d926feacace97a8ddcd329a1f4254c208affc1ba86b3c7d59e8fba83e"
        );
        let head = Head { seq: 1, hash };
        assert_eq!(head.to_string().parse(), Ok(head));
        for wrong in [
            "",
            "1",
            "1:",
            "-1:00",
            "x:00",
            &format!("{head}0"),
            &format!("1:{}", "g".repeat(64)),
        ] {
            assert_eq!(wrong.parse::<Head>(), Err(NoHead), "{wrong}");
        }
    }
}
