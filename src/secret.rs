//! What must not be seen: passwords and keys, of the servers that the program asks and of those who ask it.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

/// A secret text. No form of it that is made for people shows it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(Arc<str>);

impl Secret {
    pub fn new(text: impl Into<Arc<str>>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for the client that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Whether two texts are the same, in time that depends on the length of `presented` alone. An empty
/// secret equals nothing but an empty text.
pub fn equal(secret: &[u8], presented: &[u8]) -> bool {
    let mut difference = secret.len() ^ presented.len();
    for (byte, own) in presented.iter().zip(secret.iter().cycle()) {
        // Kept from the optimiser, which would leave the loop at the first difference.
        difference = black_box(difference | usize::from(byte ^ own));
    }
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_not_shown() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(secret.reveal(), "hunter2");
    }
}
