//! Secrets by where they are kept: in a file, or in an environment variable. What they are is in no message.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use thiserror::Error;

use crate::secret::Secret;

/// The longest secret, in bytes.
const LONGEST: u64 = 4096;

/// What is wrong with a secret's file.
#[derive(Debug, Error)]
pub enum SecretFileError {
    #[error("has more than 4 KiB")]
    TooLong,
    #[error("is empty")]
    Empty,
    #[error("is not UTF-8")]
    NoText,
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
}

/// The secret that a file holds, without the line end that editors and `echo` put after it.
///
/// # Errors
/// [`SecretFileError`]
pub fn read(path: &Path) -> Result<Secret, SecretFileError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    match read {
        Ok(length) if length as u64 > LONGEST => Err(SecretFileError::TooLong),
        Ok(_) => match text.trim_end_matches(['\r', '\n']) {
            "" => Err(SecretFileError::Empty),
            text => Ok(Secret::new(text)),
        },
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(SecretFileError::NoText),
        Err(error) => Err(SecretFileError::Unreadable(error)),
    }
}

/// Whether a text can be the name of an environment variable. What cannot may be the secret itself, and is not shown.
pub fn is_variable_name(text: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.bytes().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_secret() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("a file");
            super::read(&path).map_err(|error| error.to_string())
        };
        assert_eq!(read(b"hunter2\r\n"), Ok(Secret::new("hunter2")));
        assert_eq!(read(b" a b \n"), Ok(Secret::new(" a b ")));
        assert_eq!(read(&[b'a'; 4096]).map(|it| it.reveal().len()), Ok(4096));
        for (wrong, problem) in [
            (&b""[..], "is empty"),
            (b"\n", "is empty"),
            (b"hunter2\xff", "is not UTF-8"),
            (&[b'a'; 4097], "has more than 4 KiB"),
        ] {
            assert_eq!(read(wrong), Err(problem.to_owned()));
        }
        let none = super::read(&folder.path().join("none"));
        assert!(matches!(none, Err(SecretFileError::Unreadable(_))));
    }

    #[test]
    fn a_variable_s_name_has_letters_digits_and_underscores() {
        assert!(is_variable_name("BP_PASSWORD_2"));
        for wrong in ["", "hunter 2", "a=b", "é"] {
            assert!(!is_variable_name(wrong), "{wrong}");
        }
    }
}
