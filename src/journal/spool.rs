//! The spool: entries on their way into the database.
//!
//! Takes an entry's text; it is a line of `audit.spool` when [`Spool::put`] returns, which costs one write and no transaction,
//! so that a request does not wait for the database. The journal's thread takes lines in many at a time, notes in the same
//! transaction how far it has come ([`Mark`]), and begins the file anew when it has grown and all of it was taken.
//!
//! Each line is taken in once, wherever a process is killed: the first line is a random id, which the mark names. A file with
//! another id has been begun anew since the mark was made, so that all of it is yet to be taken. A last line without its end
//! was never acknowledged, and is cut off. One server at a time writes it: who opens it holds the state's lock.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::JournalError;

/// In the data folder.
pub const FILE: &str = "audit.spool";

/// Bytes that wait to be taken in, at the most.
const MOST: u64 = 256 << 20;
/// From which size on the file is begun anew.
const LONG: u64 = 4 << 20;
/// Bytes that are taken in at a time; more only where one line is longer.
const CHUNK: u64 = 256 << 10;
/// Digits of an id, with the end of its line.
const HEAD: u64 = 33;

impl From<std::io::Error> for JournalError {
    fn from(error: std::io::Error) -> JournalError {
        JournalError::Failed(format!("the spool: {}", error.kind()))
    }
}

/// How far the spool was taken in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The first line of the file that it is of.
    pub id: String,
    /// Bytes of it that were taken in, the first line included.
    pub read: u64,
}

/// Entries that wait to be taken in.
pub(super) struct Spool {
    path: PathBuf,
    open: Mutex<Open>,
    /// Bytes of the file that were taken in.
    read: AtomicU64,
    /// The journal's thread knows that there is something.
    is_told: AtomicBool,
}

struct Open {
    file: File,
    id: String,
    /// Where the next line goes: all before it are whole.
    end: u64,
}

impl Spool {
    /// Opens the spool of a data folder, and makes it where there is none.
    ///
    /// # Errors
    /// [`JournalError::Failed`]
    pub(super) fn open(folder: &Path) -> Result<Spool, JournalError> {
        let path = folder.join(FILE);
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut open = Open {
            file: options.open(&path)?,
            id: String::new(),
            end: 0,
        };
        open.find_end()?;
        Ok(Spool {
            path,
            open: Mutex::new(open),
            read: AtomicU64::new(0),
            is_told: AtomicBool::new(false),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry's text, which has no end of a line in it. Whether the journal's thread is to be told.
    ///
    /// # Errors
    /// [`JournalError::Busy`] where too much waits, [`JournalError::Failed`]: it was not added.
    pub(super) fn put(&self, body: &str) -> Result<bool, JournalError> {
        let mut line = Vec::with_capacity(body.len() + 1);
        line.extend_from_slice(body.as_bytes());
        line.push(b'\n');
        let mut open = self.lock();
        if open.end.saturating_sub(self.read.load(Ordering::Relaxed)) > MOST {
            return Err(JournalError::Busy);
        }
        if let Err(error) = open.file.write_all(&line) {
            // What of it was written would stand before the next line.
            open.file.set_len(open.end)?;
            return Err(error.into());
        }
        open.end += line.len() as u64;
        drop(open);
        Ok(!self.is_told.swap(true, Ordering::AcqRel))
    }

    /// What is put from now on is told of.
    pub(super) fn listen(&self) {
        self.is_told.store(false, Ordering::Release);
    }

    /// Where to read on after a mark: what is noted from then on. (After a power cut the database may have come further
    /// than the file has.)
    pub(super) fn after(&self, mark: Mark) -> Mark {
        let open = self.lock();
        let read = match mark.id == open.id {
            true => mark.read.clamp(HEAD, open.end),
            false => HEAD,
        };
        self.read.store(read, Ordering::Relaxed);
        Mark {
            id: open.id.clone(),
            read,
        }
    }

    /// Lines after a mark, and the mark after them; none where all were taken in.
    ///
    /// # Errors
    /// [`JournalError::Failed`]
    pub(super) fn lines(&self, mark: &Mark) -> Result<(Vec<String>, Mark), JournalError> {
        let end = self.lock().end;
        let mut bytes = Vec::new();
        let mut size = CHUNK;
        // To the end of a line: of the first one, where that is longer than a chunk.
        let whole = loop {
            let left = end.saturating_sub(mark.read);
            bytes.clear();
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(mark.read))?;
            file.take(size.min(left)).read_to_end(&mut bytes)?;
            match bytes.iter().rposition(|byte| *byte == b'\n') {
                Some(last) => break last + 1,
                None if size >= left => break 0,
                None => size *= 2,
            }
        };
        let next = Mark {
            id: mark.id.clone(),
            read: mark.read + whole as u64,
        };
        let lines = bytes[..whole].split_inclusive(|byte| *byte == b'\n');
        let lines = lines.map(|line| String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
        Ok((lines.collect(), next))
    }

    /// So much was taken in, for good.
    pub(super) fn took(&self, mark: &Mark) {
        self.read.store(mark.read, Ordering::Relaxed);
    }

    /// Begins the file anew where it has grown long and all of it was taken in; `note` keeps the new mark.
    ///
    /// # Errors
    /// [`JournalError::Failed`], or that of `note`: nothing is lost or taken in twice.
    pub(super) fn renew(
        &self,
        mark: &Mark,
        note: impl FnOnce(&Mark) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        let mut open = self.lock();
        if open.end < LONG || mark.id != open.id || mark.read != open.end {
            return Ok(());
        }
        open.begin()?;
        let mark = Mark {
            id: open.id.clone(),
            read: open.end,
        };
        self.read.store(mark.read, Ordering::Relaxed);
        note(&mark)
    }
}

impl Open {
    /// Reads the first line, and cuts a last one off that has no end; a file without a first line begins anew.
    fn find_end(&mut self) -> Result<(), JournalError> {
        let mut head = String::new();
        self.file.seek(SeekFrom::Start(0))?;
        let is_text = (&self.file).take(HEAD).read_to_string(&mut head).is_ok();
        let id = head.strip_suffix('\n').filter(|id| is_id(id));
        let Some(id) = id.filter(|_| is_text) else {
            return self.begin();
        };
        self.id = id.to_owned();
        let length = self.file.metadata()?.len();
        let mut end = length;
        let mut block = vec![0; 64 << 10];
        // Backwards, to the last end of a line.
        while end > HEAD {
            let first = end.saturating_sub(block.len() as u64).max(HEAD);
            let part = &mut block[..usize::try_from(end - first).unwrap_or(0)];
            self.file.seek(SeekFrom::Start(first))?;
            self.file.read_exact(part)?;
            match part.iter().rposition(|byte| *byte == b'\n') {
                Some(last) => {
                    end = first + last as u64 + 1;
                    break;
                }
                None => end = first,
            }
        }
        if end < length {
            self.file.set_len(end)?;
        }
        self.end = end;
        Ok(())
    }

    /// Empties the file, and gives it another id. Both are on the disk when this returns.
    fn begin(&mut self) -> Result<(), JournalError> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        self.file.set_len(0)?;
        self.end = 0;
        self.file.write_all(format!("{id}\n").as_bytes())?;
        self.file.sync_all()?;
        self.end = HEAD;
        self.id = id;
        Ok(())
    }
}

fn is_id(text: &str) -> bool {
    text.len() as u64 == HEAD - 1 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn folder() -> TempDir {
        TempDir::new().expect("a folder")
    }

    fn open(folder: &TempDir) -> Spool {
        Spool::open(folder.path()).expect("a spool")
    }

    fn put(spool: &Spool, bodies: &[&str]) {
        for body in bodies {
            spool.put(body).expect("room");
        }
    }

    /// All lines after a mark, and where they end.
    fn all(spool: &Spool, mark: Mark) -> (Vec<String>, Mark) {
        let mut mark = spool.after(mark);
        let mut all = Vec::new();
        loop {
            let (lines, next) = spool.lines(&mark).expect("read");
            if lines.is_empty() {
                return (all, mark);
            }
            all.extend(lines);
            mark = next;
        }
    }

    #[test]
    fn what_is_put_is_read_once_in_its_order() {
        let folder = folder();
        let spool = open(&folder);
        put(&spool, &["a", "b"]);
        let (lines, mark) = all(&spool, Mark::default());
        assert_eq!(lines, ["a", "b"]);
        put(&spool, &["c"]);
        let (lines, mark) = all(&spool, mark);
        assert_eq!(lines, ["c"]);
        // Another process goes on where the mark is.
        drop(spool);
        let spool = open(&folder);
        put(&spool, &["d"]);
        assert_eq!(all(&spool, mark).0, ["d"]);
    }

    #[test]
    fn the_thread_is_told_once_until_it_looks() {
        let folder = folder();
        let spool = open(&folder);
        let told = |body| spool.put(body).expect("room");
        assert_eq!([told("a"), told("b")], [true, false]);
        spool.listen();
        assert!(told("c"));
    }

    #[test]
    fn a_line_without_its_end_was_never_there() {
        for torn in ["{\"half", &"x".repeat(200_000)] {
            let folder = folder();
            put(&open(&folder), &["a"]);
            let path = folder.path().join(FILE);
            let mut text = std::fs::read(&path).expect("read");
            text.extend_from_slice(torn.as_bytes());
            std::fs::write(&path, text).expect("written");
            let spool = open(&folder);
            put(&spool, &["b"]);
            assert_eq!(all(&spool, Mark::default()).0, ["a", "b"]);
        }
    }

    #[test]
    fn a_file_that_is_no_spool_begins_anew() {
        for other in ["", "short", &"z".repeat(100), "\u{e9}\n"] {
            let folder = folder();
            std::fs::write(folder.path().join(FILE), other).expect("written");
            let spool = open(&folder);
            put(&spool, &["a"]);
            assert_eq!(all(&spool, Mark::default()).0, ["a"], "{other:?}");
        }
    }

    #[test]
    fn a_long_file_begins_anew_and_nothing_is_read_twice() {
        let folder = folder();
        let spool = open(&folder);
        let long = "x".repeat(1 << 20);
        put(&spool, &[long.as_str(); 5]);
        let (lines, mark) = all(&spool, Mark::default());
        assert_eq!(lines.len(), 5);
        put(&spool, &["late"]);
        let is_untouched = |_: &Mark| panic!("not all of it was taken in");
        spool.renew(&mark, is_untouched).expect("nothing to do");
        let (lines, old) = all(&spool, mark);
        assert_eq!(lines, ["late"]);
        let mut noted = None;
        let keep = |mark: &Mark| {
            noted = Some(mark.clone());
            Ok(())
        };
        spool.renew(&old, keep).expect("renewed");
        let length = std::fs::metadata(folder.path().join(FILE)).expect("there");
        assert_eq!(length.len(), HEAD);
        put(&spool, &["new"]);
        // With the mark that was kept; and where the process was killed before it was.
        drop(spool);
        for mark in [noted.expect("noted"), old] {
            assert_eq!(all(&open(&folder), mark).0, ["new"]);
        }
    }

    #[test]
    fn a_mark_beyond_the_end_is_at_the_end() {
        let folder = folder();
        let spool = open(&folder);
        put(&spool, &["a"]);
        let (_, mark) = all(&spool, Mark::default());
        // As after a power cut, when the database had come further than the file.
        let beyond = Mark {
            read: mark.read + 100,
            ..mark
        };
        let mark = spool.after(beyond);
        put(&spool, &["b"]);
        assert_eq!(all(&spool, mark).0, ["b"]);
    }
}
