//! The login of Firebird 3 and newer: SRP-6a as its server computes it, and the cipher that its key opens.
//!
//! The server never sees the password. Firebird hashes with SHA-1 but for the proof, where the plugin `Srp256` has
//! SHA-256 and `Srp` SHA-1; and it drops leading zeros wherever a number is hashed, but for one place.

use num_bigint::BigUint;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::hex::hex;

/// The prime of Firebird's group, 1,024 bits; the generator is 2.
const PRIME: [u8; 128] = [
    230, 125, 46, 153, 75, 47, 144, 12, 63, 65, 240, 143, 91, 178, 98, 126, 208, 212, 158, 225,
    254, 118, 122, 82, 239, 205, 86, 92, 214, 231, 104, 129, 44, 62, 30, 156, 232, 240, 168, 190,
    166, 203, 19, 205, 41, 221, 235, 247, 169, 109, 74, 147, 181, 93, 72, 141, 240, 153, 161, 92,
    137, 220, 176, 100, 7, 56, 235, 44, 189, 217, 168, 247, 186, 181, 97, 171, 27, 13, 193, 198,
    205, 171, 243, 3, 38, 74, 8, 209, 188, 169, 50, 209, 241, 238, 66, 139, 97, 157, 151, 15, 52,
    42, 186, 154, 101, 121, 59, 139, 47, 4, 26, 229, 54, 67, 80, 193, 111, 115, 95, 86, 236, 188,
    168, 123, 213, 123, 41, 231,
];

/// How the proof is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plugin {
    Srp,
    Srp256,
}

impl Plugin {
    /// Those offered, the best first.
    pub(super) const LIST: &str = "Srp256,Srp";

    pub(super) fn name(self) -> &'static str {
        match self {
            Plugin::Srp => "Srp",
            Plugin::Srp256 => "Srp256",
        }
    }

    pub(super) fn of(name: &[u8]) -> Option<Plugin> {
        [Plugin::Srp, Plugin::Srp256]
            .into_iter()
            .find(|plugin| plugin.name().as_bytes() == name)
    }
}

/// One login's secret number, and what the server gets of it.
pub(super) struct Client {
    secret: BigUint,
    public: BigUint,
}

/// What both sides have when the password is right.
pub(super) struct Agreed {
    /// Sent, so that the server knows that the client knows the password.
    pub(super) proof: Vec<u8>,
    /// The key of the cipher; never sent.
    pub(super) key: [u8; 20],
}

fn prime() -> BigUint {
    BigUint::from_bytes_be(&PRIME)
}

fn generator() -> BigUint {
    BigUint::from(2u8)
}

fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    let mut hash = Sha1::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

impl Client {
    /// From random bytes, which are used for one login only.
    pub(super) fn new(random: &[u8; 32]) -> Client {
        let secret = BigUint::from_bytes_be(random);
        let public = generator().modpow(&secret, &prime());
        Client { secret, public }
    }

    /// The public number in hexadecimal digits, as the server takes it.
    pub(super) fn public(&self) -> String {
        hex(&self.public.to_bytes_be())
    }

    /// The proof and the key from the server's salt and public number; None where that number would give the key
    /// away.
    pub(super) fn agree(
        &self,
        plugin: Plugin,
        user: &str,
        password: &str,
        salt: &[u8],
        server: &[u8],
    ) -> Option<Agreed> {
        let (n, g) = (prime(), generator());
        let ours = self.public.to_bytes_be();
        let scramble = BigUint::from_bytes_be(&sha1(&[&ours, server]));
        let server = BigUint::from_bytes_be(server);
        if &server % &n == BigUint::default() {
            return None;
        }
        let inner = sha1(&[user.as_bytes(), b":", password.as_bytes()]);
        let private = BigUint::from_bytes_be(&sha1(&[salt, &inner]));
        // The one place where the generator is as long as the prime.
        let mut padded = [0; PRIME.len()];
        padded[PRIME.len() - 1] = 2;
        let k = BigUint::from_bytes_be(&sha1(&[&PRIME, &padded]));
        let verifier = (k * g.modpow(&private, &n)) % &n;
        let base = ((&server % &n) + &n - verifier) % &n;
        let session = base.modpow(&(&self.secret + (scramble * private) % &n), &n);
        let key = sha1(&[&session.to_bytes_be()]);
        let (hashed_n, hashed_g) = (sha1(&[&PRIME]), sha1(&[&g.to_bytes_be()]));
        let mixed =
            BigUint::from_bytes_be(&hashed_n).modpow(&BigUint::from_bytes_be(&hashed_g), &n);
        let (mixed, hashed_user) = (mixed.to_bytes_be(), sha1(&[user.as_bytes()]));
        let theirs = server.to_bytes_be();
        let parts: [&[u8]; 6] = [&mixed, &hashed_user, salt, &ours, &theirs, &key];
        let proof = match plugin {
            Plugin::Srp => sha1(&parts).to_vec(),
            Plugin::Srp256 => {
                let mut hash = Sha256::new();
                for part in parts {
                    hash.update(part);
                }
                hash.finalize().to_vec()
            }
        };
        Some(Agreed { proof, key })
    }
}

/// Bytes of hexadecimal digits, of which there may be an odd number; None where one is no digit.
pub(super) fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    let (first, rest) = digits.split_at(digits.len() % 2);
    let mut bytes = Vec::with_capacity(digits.len().div_ceil(2));
    for pair in std::iter::once(first)
        .filter(|first| !first.is_empty())
        .chain(rest.chunks(2))
    {
        let mut byte = 0;
        for digit in pair {
            byte = byte * 16 + value(digit)?;
        }
        bytes.push(u8::try_from(byte).ok()?);
    }
    Some(bytes)
}

/// RC4, which is what Firebird 3 has; newer servers still take it. It keeps a listener from reading along, and is
/// no stronger than that: a network that is not trusted needs a tunnel.
pub(super) struct Rc4 {
    i: u8,
    j: u8,
    state: [u8; 256],
}

impl Rc4 {
    pub(super) fn new(key: &[u8]) -> Rc4 {
        let mut state: [u8; 256] = std::array::from_fn(|at| at as u8);
        let mut j = 0u8;
        for i in 0..256 {
            j = j.wrapping_add(state[i]).wrapping_add(key[i % key.len()]);
            state.swap(i, usize::from(j));
        }
        Rc4 { i: 0, j: 0, state }
    }

    pub(super) fn apply(&mut self, bytes: &mut [u8]) {
        let (mut i, mut j) = (self.i, self.j);
        let state = &mut self.state;
        for byte in bytes {
            i = i.wrapping_add(1);
            let a = state[usize::from(i)];
            j = j.wrapping_add(a);
            let b = state[usize::from(j)];
            state[usize::from(i)] = b;
            state[usize::from(j)] = a;
            *byte ^= state[usize::from(a.wrapping_add(b))];
        }
        (self.i, self.j) = (i, j);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published vectors of RC4.
    #[test]
    fn the_cipher_is_rc4() {
        let mut text = *b"Plaintext";
        Rc4::new(b"Key").apply(&mut text);
        assert_eq!(hex(&text), "bbf316e8d940af0ad3");
        let mut text = *b"Attack at dawn";
        Rc4::new(b"Secret").apply(&mut text);
        assert_eq!(hex(&text), "45a01f645fc35b383552544b9bf5");
    }

    #[test]
    fn digits_are_read_as_they_are_written() {
        assert_eq!(unhex(b"00ff1a"), Some(vec![0, 255, 26]));
        assert_eq!(unhex(b"f1a"), Some(vec![15, 26]));
        assert_eq!(unhex(b"zz"), None);
    }

    /// As a server: what it computes from the verifier is the client's key, for any password.
    #[test]
    fn both_sides_agree() {
        let n = prime();
        let (salt, user, password) = ([7u8; 32], "SYSDBA", "a password");
        let inner = sha1(&[user.as_bytes(), b":", password.as_bytes()]);
        let private = BigUint::from_bytes_be(&sha1(&[&salt, &inner]));
        let verifier = generator().modpow(&private, &n);
        let secret = BigUint::from_bytes_be(&[9; 32]);
        let mut padded = [0; PRIME.len()];
        padded[PRIME.len() - 1] = 2;
        let k = BigUint::from_bytes_be(&sha1(&[&PRIME, &padded]));
        let public = (k * &verifier + generator().modpow(&secret, &n)) % &n;
        let client = Client::new(&[5; 32]);
        let agreed = client.agree(Plugin::Srp256, user, password, &salt, &public.to_bytes_be());
        let scramble = BigUint::from_bytes_be(&sha1(&[
            &client.public.to_bytes_be(),
            &public.to_bytes_be(),
        ]));
        let session = (&client.public * verifier.modpow(&scramble, &n)).modpow(&secret, &n);
        let agreed = agreed.expect("a sound number");
        assert_eq!(agreed.key, sha1(&[&session.to_bytes_be()]));
        assert_eq!(agreed.proof.len(), 32);
        assert!(
            client
                .agree(Plugin::Srp, user, password, &salt, &PRIME)
                .is_none()
        );
    }
}
