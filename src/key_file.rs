//! Keys that the program makes for itself, each in a file that only its owner may read.
//!
//! A key is written under a temporary name and given its own when it is whole, so that several starts at once come to
//! use one key, and none meets half of one.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

use crate::seal::{KEY_BYTES, random_key};

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyFileError {
    #[error("{} is not a key of 32 bytes that pilaster wrote: put the file back as it was", path.display())]
    NoKey { path: PathBuf },
    #[error(
        "{} is missing, and what stands beside it was sealed with it: put it back; or name the configuration, where `state-key` says the key. Where it is lost, integrators and queries are too: move state.sqlite and pages away, and they begin anew; audit.sqlite stays",
        path.display()
    )]
    Missing { path: PathBuf },
    #[error("{} cannot be read: {source}{}", path.display(), as_whom(source))]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the folder {} cannot be written: {source}{}", path.display(), as_whom(source))]
    Folder { path: PathBuf, source: io::Error },
    #[error("no random numbers are to be had from the operating system")]
    Random,
}

/// What to do about a file of the server's that the system does not let be read or written. Not as the system's own user,
/// whose new files beside it would be closed to the server.
pub fn as_whom(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; run this as the user that the server runs as",
        _ => "",
    }
}

/// The key that a folder keeps under a name; a new one where there is none yet.
///
/// # Errors
/// [`KeyFileError`]
pub fn kept_in(folder: &Path, name: &str) -> Result<[u8; KEY_BYTES], KeyFileError> {
    let path = folder.join(name);
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    let bytes = random_key().map_err(|_| KeyFileError::Random)?;
    let written = part(folder).and_then(|mut file| {
        file.write_all(&bytes)?;
        file.as_file().sync_all()?;
        Ok(file.into_temp_path())
    });
    let written = written.map_err(|source| KeyFileError::Folder {
        path: folder.to_owned(),
        source,
    })?;
    match written.persist_noclobber(&path) {
        Ok(()) => Ok(bytes),
        // Another start was first: its key counts.
        Err(_) => read(&path)?.ok_or(KeyFileError::NoKey { path }),
    }
}

/// A new file that only its owner may read.
///
/// # Errors
/// The system's own.
pub fn part(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".pilaster-")
        .suffix(".part")
        .tempfile_in(folder)
}

fn read(path: &Path) -> Result<Option<[u8; KEY_BYTES]>, KeyFileError> {
    let wrong = || KeyFileError::NoKey {
        path: path.to_owned(),
    };
    let unreadable = |source| KeyFileError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(unreadable(source)),
    };
    let mut bytes = Vec::with_capacity(KEY_BYTES + 1);
    file.take(KEY_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    bytes.try_into().map(Some).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_and_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = kept_in(folder.path(), "a.key").expect("made");
        assert_eq!(kept_in(folder.path(), "a.key").expect("read"), key);
        assert_ne!(kept_in(folder.path(), "b.key").expect("made"), key);
        let path = folder.path().join("a.key");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path)
                .expect("there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        // What is there and cannot be read is no wrong key.
        let closed = KeyFileError::Unreadable {
            path: "data/state.key".into(),
            source: io::ErrorKind::PermissionDenied.into(),
        };
        let said = "data/state.key cannot be read: permission denied; run this as the user that the server runs as";
        assert_eq!(closed.to_string(), said);
        std::fs::create_dir(folder.path().join("c.key")).expect("a folder");
        let refused = kept_in(folder.path(), "c.key");
        assert!(matches!(refused, Err(KeyFileError::Unreadable { .. })));
        std::fs::write(&path, b"short").expect("written");
        let refused = kept_in(folder.path(), "a.key");
        assert!(matches!(refused, Err(KeyFileError::NoKey { .. })));
    }
}
