//! Where the operator's key is → the key, if there is one.
//!
//! A file or the environment, never the command line: what stands there is seen by everyone on the machine
//! and kept in a shell's history.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::StartError;
use crate::server::OperatorKey;

/// The environment variable that holds it where no file is named.
pub(super) const VARIABLE: &str = "PILASTER_OPERATOR_KEY";

/// Reads the key from the file, or else from the environment. An empty variable is as if it were not set,
/// as with what container tools pass on; an empty file is a mistake.
///
/// # Errors
/// [`StartError::OperatorKeyFile`], [`StartError::OperatorKey`]
pub(super) fn read(file: Option<&Path>) -> Result<Option<OperatorKey>, StartError> {
    let (text, place) = match file {
        Some(path) => (read_file(path)?, path.display().to_string()),
        None => match std::env::var_os(VARIABLE) {
            // What is no Unicode keeps a character that no key has.
            Some(value) if !value.is_empty() => {
                (value.to_string_lossy().into_owned(), VARIABLE.to_owned())
            }
            _ => return Ok(None),
        },
    };
    OperatorKey::new(&text)
        .map(Some)
        .map_err(|source| StartError::OperatorKey { place, source })
}

/// As much of a file as a key can have, and a little more, so that a longer one is seen to be.
fn read_file(path: &Path) -> Result<String, StartError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| {
            file.take(2 * OperatorKey::LONGEST as u64)
                .read_to_end(&mut bytes)
        })
        .map_err(|source| StartError::OperatorKeyFile {
            path: path.to_owned(),
            source,
        })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_line_end_is_no_part_of_the_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let read = |text: &[u8]| {
            std::fs::write(&path, text).expect("a file");
            super::read(Some(&path))
        };
        assert!(matches!(read(b"0123456789abcdef\n"), Ok(Some(_))));
        for wrong in [
            &b""[..],
            b"\n",
            b"short\n",
            b"0123456789abcdef\xff",
            &[b'a'; 4096],
        ] {
            let refused = read(wrong).expect_err("refused");
            let text = refused.to_string();
            assert!(matches!(refused, StartError::OperatorKey { .. }), "{text}");
            assert!(!text.contains("0123456789"), "{text}");
        }
        let none = super::read(Some(&folder.path().join("none")));
        assert!(matches!(none, Err(StartError::OperatorKeyFile { .. })));
    }
}
