//! Files → what tells whether one of them has changed since.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::mapping::is_yaml;

/// Files, with what tells whether one has changed: None of one that is not there.
pub(super) type Files = Vec<(PathBuf, Option<Stamp>)>;

/// When a file was written, and how long it is; and which file it is, for one that takes another's place may be as old and
/// as long as that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    modified: SystemTime,
    length: u64,
    identity: u64,
}

/// Files as they are now.
pub(super) fn look(paths: impl IntoIterator<Item = PathBuf>) -> Files {
    let noted = |path: PathBuf| {
        let seen = stamp(&path);
        (path, seen)
    };
    paths.into_iter().map(noted).collect()
}

/// The YAML files at the top of a folder as they are now, by name.
pub(super) fn look_at_folder(folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| is_yaml(path))
        .collect();
    paths.sort();
    look(paths)
}

/// Which file a path leads to: another number where another has taken its place. 0 where the system does not say.
pub(super) fn identity(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| identity_of(&file))
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    Some(Stamp {
        modified: file.modified().ok()?,
        length: file.len(),
        identity: identity_of(&file),
    })
}

#[cfg(unix)]
fn identity_of(file: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(file)
}

#[cfg(not(unix))]
fn identity_of(_: &std::fs::Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_has_changed_looks_otherwise() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written")
        };
        write("patient.yaml", "a");
        write("notes.txt", "a");
        let first = look_at_folder(folder.path());
        assert_eq!(first.len(), 1);
        write("notes.txt", "b");
        assert_eq!(look_at_folder(folder.path()), first);
        // As an editor saves: another file takes the place.
        write("patient.yaml.new", "b");
        std::fs::rename(
            folder.path().join("patient.yaml.new"),
            folder.path().join("patient.yaml"),
        )
        .expect("renamed");
        let second = look_at_folder(folder.path());
        assert_ne!(second, first);
        std::fs::remove_file(folder.path().join("patient.yaml")).expect("removed");
        assert!(look_at_folder(folder.path()).is_empty());
        assert_eq!(look([folder.path().join("gone")])[0].1, None);
    }
}
