//! The spool: entries on their way into the database.
//!
//! Takes an entry's text; it is a line of `audit.spool` when [`Spool::put`] returns, which costs one write and no transaction,
//! so that a request does not wait for the database. The journal's thread takes lines in many at a time, notes in the same
//! transaction how far it has come ([`Mark`]), and begins the file anew when it has grown and all of it was taken.
//!
//! Each line is taken in once, wherever a process is killed: the first line is a random id, which the mark names. A file with
//! another id has been begun anew since the mark was made, so that all of it is yet to be taken. A mark names an id only when
//! that is on the disk: else, after a power cut, the file before it could be there again, and be taken in once more. A last
//! line without its end was never acknowledged, and is cut off. A file that does not begin with an id is put aside, for
//! entries may be in it. One server at a time writes it: who opens it holds the state's lock.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::counter;

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

const DAMAGED: &str = "pilaster_journal_spools_damaged_total";

/// Says what the numbers mean; once, where they are recorded.
pub(super) fn describe() {
    metrics::describe_counter!(
        DAMAGED,
        "Spools of the journal that were found damaged and put aside, with entries that the journal may lack"
    );
}

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
    file: Arc<File>,
    id: String,
    /// Where the next line goes: all before it are whole.
    end: u64,
    /// Something stands behind the end, or there is no id: to be mended before anything is put.
    is_torn: bool,
    /// The id is on the disk.
    is_flushed: bool,
}

impl Spool {
    /// Opens the spool of a data folder, and makes it where there is none.
    ///
    /// # Errors
    /// [`JournalError::Failed`]
    pub(super) fn open(folder: &Path) -> Result<Spool, JournalError> {
        let path = folder.join(FILE);
        let mut open = Open::of(for_owner_alone(&path)?);
        if !open.find_end()? {
            drop(open);
            put_aside(folder)?;
            open = Open::of(for_owner_alone(&path)?);
            open.begin()?;
        }
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
        open.mend()?;
        open.add(&line)?;
        drop(open);
        Ok(!self.is_told.swap(true, Ordering::AcqRel))
    }

    /// Whether something has yet to be taken in.
    pub(super) fn has_more(&self) -> bool {
        self.lock().end > self.read.load(Ordering::Relaxed).max(HEAD)
    }

    /// What is put from now on is told of.
    pub(super) fn listen(&self) {
        self.is_told.store(false, Ordering::Release);
    }

    /// Where to read on after a mark: what is noted from then on. (After a power cut the database may have come further
    /// than the file has.) Its id is on the disk.
    ///
    /// # Errors
    /// [`JournalError::Failed`]
    pub(super) fn after(&self, mark: Mark) -> Result<Mark, JournalError> {
        self.lock().mend()?;
        self.flush()?;
        let open = self.lock();
        let read = match mark.id == open.id {
            true => mark.read.min(open.end).max(HEAD),
            false => HEAD,
        };
        self.read.store(read, Ordering::Relaxed);
        Ok(Mark {
            id: open.id.clone(),
            read,
        })
    }

    /// Brings the file to the disk where its id may not be there yet. Nobody waits for it who puts something.
    fn flush(&self) -> Result<(), JournalError> {
        let (file, id) = {
            let open = self.lock();
            if open.is_flushed {
                return Ok(());
            }
            (Arc::clone(&open.file), open.id.clone())
        };
        file.sync_all()?;
        let mut open = self.lock();
        open.is_flushed = open.id == id;
        Ok(())
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

    /// Begins the file anew where it has grown long and all of it was taken in; `note` keeps the new mark. What is put does
    /// not wait for the disk and for `note`: from when the new id stands in the file on, what follows it is yet to be taken in,
    /// whether its mark is kept or still that of the id before.
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
            read: HEAD,
        };
        self.read.store(mark.read, Ordering::Relaxed);
        drop(open);
        self.flush()?;
        note(&mark)
    }
}

impl Open {
    fn of(file: File) -> Open {
        Open {
            file: Arc::new(file),
            id: String::new(),
            end: 0,
            is_torn: true,
            is_flushed: false,
        }
    }

    /// Reads the first line, and cuts a last one off that has no end; an empty file begins anew. False where there is
    /// something, and the first line is no id.
    fn find_end(&mut self) -> io::Result<bool> {
        let length = self.file.metadata()?.len();
        if length == 0 {
            self.begin()?;
            return Ok(true);
        }
        let mut file = &*self.file;
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take(HEAD).read_to_end(&mut head)?;
        let id = head.strip_suffix(b"\n").and_then(is_id);
        let Some(id) = id else {
            return Ok(false);
        };
        self.id = id.to_owned();
        let mut end = length;
        let mut block = vec![0; 64 << 10];
        // Backwards, to the last end of a line.
        while end > HEAD {
            let first = end.saturating_sub(block.len() as u64).max(HEAD);
            let part = &mut block[..usize::try_from(end - first).unwrap_or(0)];
            file.seek(SeekFrom::Start(first))?;
            file.read_exact(part)?;
            match part.iter().rposition(|byte| *byte == b'\n') {
                Some(last) => {
                    end = first + last as u64 + 1;
                    break;
                }
                None => end = first,
            }
        }
        self.end = end;
        self.is_torn = end < length;
        self.mend()?;
        Ok(true)
    }

    /// Empties the file, and gives it another id, which is yet to be flushed.
    fn begin(&mut self) -> io::Result<()> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        self.file.set_len(0)?;
        self.id.clear();
        self.end = 0;
        self.is_torn = true;
        self.is_flushed = false;
        let mut file = &*self.file;
        file.write_all(format!("{id}\n").as_bytes())?;
        self.id = id;
        self.end = HEAD;
        self.is_torn = false;
        Ok(())
    }

    /// Adds a line, or nothing.
    fn add(&mut self, line: &[u8]) -> io::Result<()> {
        let mut file = &*self.file;
        if let Err(error) = file.write_all(line) {
            // What of it was written would stand before the next line.
            self.is_torn = true;
            self.mend()?;
            return Err(error);
        }
        self.end += line.len() as u64;
        Ok(())
    }

    /// Cuts off what stands behind the end, so that a line may follow. While that fails nothing is put.
    fn mend(&mut self) -> io::Result<()> {
        if !self.is_torn {
            return Ok(());
        }
        if self.end < HEAD {
            return self.begin();
        }
        self.file.set_len(self.end)?;
        self.is_torn = false;
        Ok(())
    }
}

/// Opens the file, which is its owner's alone, also where it was not.
fn for_owner_alone(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        let file = options.mode(0o600).open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// Gives a damaged file a name that none has, `audit.spool.damaged` or that with a number, for somebody to look at.
fn put_aside(folder: &Path) -> io::Result<()> {
    let mut name = format!("{FILE}.damaged");
    let mut number = 0_u32;
    while folder.join(&name).try_exists()? {
        number += 1;
        name = format!("{FILE}.damaged.{number}");
    }
    std::fs::rename(folder.join(FILE), folder.join(&name))?;
    counter!(DAMAGED).increment(1);
    tracing::error!(
        file = name,
        "the journal's spool is damaged and was put aside: the journal may lack what stands in it"
    );
    Ok(())
}

fn is_id(text: &[u8]) -> Option<&str> {
    let is_id = text.len() as u64 == HEAD - 1 && text.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(text).ok().filter(|_| is_id)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::{Duration, Instant};

    use metrics_exporter_prometheus::PrometheusBuilder;
    use tempfile::TempDir;

    use super::*;
    use crate::journal::tests::Log;

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
        let mut mark = spool.after(mark).expect("a mark");
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
    fn a_file_that_is_no_spool_is_put_aside() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _counted = metrics::set_default_local_recorder(&recorder);
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        let all_of = |spool: &Spool| all(spool, Mark::default()).0;
        std::fs::write(path(FILE), "").expect("written");
        let (log, guard) = Log::keep();
        put(&open(&folder), &["a"]);
        assert_eq!(all_of(&open(&folder)), ["a"]);
        assert_eq!(log.text(), "", "an empty one is none");
        // An entry after an id that has lost a digit; what was never text.
        let lost = format!("{}\n{{}}\n", "a".repeat(31));
        let others = ["short", &lost, "\0\0\0\0", "\u{e9}\n"];
        for other in others {
            std::fs::write(path(FILE), other).expect("written");
            let spool = open(&folder);
            put(&spool, &["a"]);
            assert_eq!(all_of(&spool), ["a"], "{other:?}");
        }
        drop(guard);
        let names = ["", ".1", ".2", ".3"].map(|number| format!("{FILE}.damaged{number}"));
        let log = log.text();
        for (name, other) in names.iter().zip(others) {
            let kept = std::fs::read_to_string(path(name)).expect("kept");
            assert_eq!(kept, other);
            assert!(log.contains(&format!("ERROR pilaster::journal::spool: the journal's spool is damaged and was put aside: the journal may lack what stands in it file=\"{name}\"")), "{log}");
        }
        let counted = recorder.handle().render();
        assert!(counted.contains(&format!("{DAMAGED} 4\n")), "{counted}");
    }

    #[cfg(unix)]
    #[test]
    fn it_is_the_owners_alone_also_where_it_was_not() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder();
        let path = folder.path().join(FILE);
        put(&open(&folder), &["a"]);
        let wide = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(&path, wide).expect("rights");
        assert_eq!(all(&open(&folder), Mark::default()).0, ["a"]);
        let rights = std::fs::metadata(&path).expect("there").permissions();
        assert_eq!(rights.mode() & 0o777, 0o600);
    }

    #[test]
    fn what_stands_behind_the_end_is_cut_off_before_anything_is_put() {
        let folder = folder();
        let spool = open(&folder);
        put(&spool, &["a"]);
        // As where a line was written in part, and could not be cut off.
        let writable = {
            let mut open = spool.lock();
            (&*open.file).write_all(b"{\"half").expect("written");
            open.is_torn = true;
            let only_read = File::open(folder.path().join(FILE)).expect("the file");
            std::mem::replace(&mut open.file, Arc::new(only_read))
        };
        for _ in 0..2 {
            let refused = spool.put("refused").expect_err("it cannot be cut");
            assert!(matches!(refused, JournalError::Failed(_)), "{refused}");
        }
        spool.lock().file = writable;
        put(&spool, &["b"]);
        assert_eq!(all(&spool, Mark::default()).0, ["a", "b"]);
    }

    #[test]
    fn what_cannot_be_begun_anew_takes_nothing_until_it_can() {
        let folder = folder();
        let spool = open(&folder);
        put(&spool, &["a"]);
        let (_, mark) = all(&spool, Mark::default());
        // As where the file was emptied and its first line could not be written.
        {
            let mut open = spool.lock();
            open.file.set_len(0).expect("emptied");
            (open.end, open.is_torn, open.is_flushed) = (0, true, false);
            open.id.clear();
        }
        put(&spool, &["b"]);
        for mark in [mark, Mark::default()] {
            assert_eq!(all(&spool, mark).0, ["b"]);
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
            let length = std::fs::metadata(folder.path().join(FILE)).expect("there");
            assert_eq!(length.len(), HEAD);
            // Nobody waits until it is noted.
            put(&spool, &["between"]);
            noted = Some(mark.clone());
            Ok(())
        };
        spool.renew(&old, keep).expect("renewed");
        put(&spool, &["new"]);
        // With the mark that was kept; and where the process was killed before it was.
        drop(spool);
        for mark in [noted.expect("noted"), old] {
            assert_eq!(all(&open(&folder), mark).0, ["between", "new"]);
        }
    }

    /// As the journal's thread does, while others put: a mark is kept, or is not, as where the process is killed before.
    #[test]
    fn what_is_put_while_the_file_begins_anew_is_taken_once() {
        const PUTTERS: usize = 3;
        const ROUNDS: usize = 6;
        /// In a round of one putter's: those of all make a file long.
        const LINES: usize = 40;
        const EACH: usize = ROUNDS * LINES;
        let folder = folder();
        let spool = open(&folder);
        let long = "x".repeat(40_000);
        assert!((PUTTERS * LINES * long.len()) as u64 > LONG);
        let end = Instant::now() + Duration::from_secs(60);
        let renewed = AtomicUsize::new(0);
        let mut kept = Mark::default();
        let mut taken = Vec::new();
        std::thread::scope(|scope| {
            for putter in 0..PUTTERS {
                let (spool, long, renewed) = (&spool, &long, &renewed);
                scope.spawn(move || {
                    for number in 0..EACH {
                        // A round begins when the file has begun anew in the one before.
                        while renewed.load(Ordering::SeqCst) < number / LINES
                            && Instant::now() < end
                        {
                            std::thread::yield_now();
                        }
                        put(spool, &[&format!("{putter} {number} {long}")]);
                    }
                });
            }
            while taken.len() < PUTTERS * EACH {
                assert!(Instant::now() < end, "{} taken", taken.len());
                let (lines, mark) = all(&spool, kept);
                taken.extend(lines);
                kept = mark.clone();
                let note = |mark: &Mark| {
                    let before = renewed.fetch_add(1, Ordering::SeqCst);
                    if before.is_multiple_of(2) {
                        return Err(JournalError::Busy);
                    }
                    kept = mark.clone();
                    Ok(())
                };
                // One that fails is as good: the mark before it stays.
                let _ = spool.renew(&mark, note);
            }
        });
        assert!(renewed.into_inner() >= ROUNDS);
        for putter in 0..PUTTERS {
            let of = format!("{putter} ");
            let numbers: Vec<usize> = taken
                .iter()
                .filter_map(|line| line.strip_prefix(&of)?.split(' ').next()?.parse().ok())
                .collect();
            assert_eq!(numbers, (0..EACH).collect::<Vec<_>>());
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
        let mark = spool.after(beyond).expect("a mark");
        put(&spool, &["b"]);
        assert_eq!(all(&spool, mark).0, ["b"]);
    }
}
