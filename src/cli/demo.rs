//! The files of a start: the embedded practice, and the key that seals page links.
//!
//! A practice is written under a temporary name and renamed when it is whole, so that a file of the final
//! name is one that can be served, however the program ended. The name says what it was made of (number
//! of patients, seed, layout of the tables), so that other options make another file and none is ever
//! overwritten. One that is there is used as it is, though its appointments lie around the day when it was
//! made: what is kept between starts is not to change under those who kept it.

use std::fs::File;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use rusqlite::{Connection, OpenFlags};
use tempfile::{TempDir, TempPath};

use super::StartError;
use crate::cursor::CursorKey;
use crate::demo::{self, Options, bp_premier, ddl};
use crate::key_file::{self, part};
use crate::relation::Dialect;

const KEY_FILE: &str = "pilaster-cursor.key";

/// Where a start keeps its files.
pub(super) enum Folder {
    /// Removed when this is dropped.
    Temporary(TempDir),
    Kept(PathBuf),
}

impl Folder {
    /// The folder that was asked for, created if it is not there; or a temporary one.
    pub(super) fn open(kept: Option<&Path>) -> Result<Folder, StartError> {
        match kept {
            Some(path) => {
                std::fs::create_dir_all(path).map_err(|error| StartError::folder(path, error))?;
                Ok(Folder::Kept(path.to_owned()))
            }
            None => tempfile::Builder::new()
                .prefix("pilaster-")
                .tempdir()
                .map(Folder::Temporary)
                .map_err(|error| StartError::folder(&std::env::temp_dir(), error)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Folder::Temporary(folder) => folder.path(),
            Folder::Kept(path) => path,
        }
    }

    /// The key that seals page links: in a folder that is kept it is kept too, so that links outlive a
    /// restart, in a file that only its owner may read.
    pub(super) fn cursor_key(&self) -> Result<CursorKey, StartError> {
        let Folder::Kept(folder) = self else {
            return CursorKey::generate().map_err(|_| StartError::Random);
        };
        Ok(CursorKey::from_bytes(key_file::kept_in(folder, KEY_FILE)?))
    }

    /// The file of a practice, if it is there already.
    pub(super) fn find(&self, options: &Options) -> Option<PathBuf> {
        let path = self.path().join(file_name(options));
        path.is_file().then_some(path)
    }

    /// Begins a practice: an empty file that goes away if it is not finished.
    pub(super) fn begin(&self, options: &Options) -> Result<Draft, StartError> {
        let draft = part(self.path()).map_err(|error| StartError::folder(self.path(), error))?;
        Ok(Draft {
            part: draft.into_temp_path(),
            path: self.path().join(file_name(options)),
        })
    }
}

/// A practice that is being written.
pub(super) struct Draft {
    part: TempPath,
    path: PathBuf,
}

impl Draft {
    /// Where to write it.
    pub(super) fn part(&self) -> PathBuf {
        self.part.to_path_buf()
    }

    /// Gives the whole practice its name.
    pub(super) fn finish(self) -> Result<PathBuf, StartError> {
        let Draft { part, path } = self;
        // It was written without waiting for the disk.
        File::open(&part)
            .and_then(|file| file.sync_all())
            .map_err(|error| StartError::folder(&path, error))?;
        part.persist(&path)
            .map_err(|error| StartError::folder(&path, error.error))?;
        Ok(path)
    }
}

/// Writes a practice into an empty file, with a progress bar if a person watches.
pub(super) fn write(path: &Path, options: &Options) -> Result<(), StartError> {
    let bar = bar(options);
    // Where a signal has ended the draft by now, its file must not be there again.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags);
    let mut database = database.map_err(demo::DemoError::Sqlite)?;
    demo::create(&mut database, options, &mut |done, whole| {
        bar.set_length(whole);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    Ok(())
}

/// The progress of a practice that is being written, on standard error if a person watches.
pub(super) fn bar(options: &Options) -> ProgressBar {
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{msg} [{bar:40}] {percent}%")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_message(format!("Creating {} patients", options.patients));
    bar
}

fn file_name(options: &Options) -> String {
    format!(
        "pilaster-demo-{}-{}-{:08x}.sqlite",
        options.patients,
        options.seed,
        layout()
    )
}

/// A number for the layout of the tables: another version of the program may have another one, and is not
/// to be given files of this.
fn layout() -> u32 {
    // FNV-1a, for it is the same on every machine and in every version of the compiler.
    let demo = &bp_premier::DEMO;
    let tables = demo.catalogues.iter().flat_map(|of| of.tables);
    let text = tables.map(|table| ddl::create_table(table, Dialect::Sqlite, demo.accents));
    text.flat_map(String::into_bytes)
        .fold(0x811c_9dc5, |hash: u32, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    use tempfile::NamedTempFile;

    fn options(patients: u32) -> Options {
        Options {
            patients,
            seed: 1,
            today: jiff::civil::date(2026, 3, 1),
        }
    }

    #[test]
    fn a_practice_is_there_when_it_is_whole_and_not_before() {
        let data = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(Some(&data.path().join("new/one"))).expect("created");
        let draft = folder.begin(&options(3)).expect("begun");
        write(&draft.part(), &options(3)).expect("written");
        assert_eq!(folder.find(&options(3)), None);
        let path = draft.finish().expect("finished");
        assert_eq!(folder.find(&options(3)), Some(path));
        assert_eq!(folder.find(&options(4)), None);
        let later = Options {
            today: jiff::civil::date(2026, 3, 2),
            ..options(3)
        };
        assert!(folder.find(&later).is_some(), "kept when the day moves on");
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let data = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(Some(data.path())).expect("opened");
        drop(folder.begin(&options(3)).expect("begun"));
        assert_eq!(std::fs::read_dir(data.path()).expect("a folder").count(), 0);
        let temporary = Folder::open(None).expect("opened");
        let path = temporary.path().to_owned();
        assert!(path.is_dir());
        drop(temporary);
        assert!(!path.exists());
    }

    #[test]
    fn the_key_is_kept() {
        let data = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(Some(data.path())).expect("opened");
        let sealed = folder
            .cursor_key()
            .expect("made")
            .seal(b"place", b"site")
            .expect("sealed");
        let again = folder.cursor_key().expect("read");
        assert_eq!(again.open(&sealed, b"site").as_deref(), Ok(&b"place"[..]));
        let path = data.path().join(KEY_FILE);
        std::fs::write(&path, b"short").expect("written");
        assert!(matches!(folder.cursor_key(), Err(StartError::Key(_))));
    }

    #[test]
    fn a_folder_that_is_a_file_is_refused() {
        let file = NamedTempFile::new().expect("a file");
        assert!(matches!(
            Folder::open(Some(file.path())),
            Err(StartError::Folder { .. })
        ));
    }
}
