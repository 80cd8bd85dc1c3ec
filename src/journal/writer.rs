//! The one thread that writes: entries as they come, many in a transaction, and now and then what is past its retention
//! goes.
//!
//! Where there is a spool, entries are kept when they stand in it, and are taken in from there some moments later. Else they
//! are orders of a channel, whose senders hold places of which there are so many, each answered when its transaction is
//! committed. The chain's end is read anew in each transaction, since another process may have written in between.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use metrics::counter;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::chain::{Hash, Head};
use super::spool::{Mark, Spool};
use super::{Entry, JournalError, Retention};
use crate::gateway::moment::Moment;

/// Orders that are followed together, and entries in a transaction, at the most.
const BATCH: usize = 512;
/// How long the spool gathers entries before they are taken in.
const GATHER: Duration = Duration::from_millis(20);
/// After they could not be taken in.
const AGAIN: Duration = Duration::from_secs(1);
/// Entries that are removed in a transaction, at the most.
const CHUNK: usize = 1_000;
/// Between one look for what is past its retention and the next.
const SWEEP: Duration = Duration::from_secs(60 * 60);
const DAY: i64 = 24 * 60 * 60 * 1_000;

const ENTRIES: &str = "pilaster_journal_entries_total";

/// Says what the numbers mean; once, where they are recorded.
pub fn describe() {
    metrics::describe_counter!(ENTRIES, "Entries of the journal, by whether they were kept");
    super::spool::describe();
}

/// An entry was not kept.
pub(super) fn count_failed() {
    counter!(ENTRIES, "outcome" => "failed").increment(1);
}

/// What the thread is told.
pub(super) enum Order {
    Record {
        /// The entry as JSON.
        body: String,
        kept: oneshot::Sender<Result<(), JournalError>>,
        _place: OwnedSemaphorePermit,
    },
    /// Removes what was past its retention at the time.
    Sweep {
        now: Moment,
        removed: oneshot::Sender<Result<usize, JournalError>>,
    },
    /// The spool has something.
    Look,
    /// Takes in what the spool has.
    TakeIn {
        done: oneshot::Sender<Result<(), JournalError>>,
    },
    /// There will be no more.
    Stop,
    /// As a fault of the program's own.
    #[cfg(test)]
    Panic,
}

/// Follows orders until it is told to stop.
pub(super) fn write(
    connection: Connection,
    orders: &Receiver<Order>,
    retention: Retention,
    spool: Option<&Spool>,
) {
    let mut writer = Writer {
        connection,
        retention,
        spool,
        next_sweep: Instant::now(),
        next_look: None,
        told: None,
    };
    loop {
        // One turn that panics is not to take the thread along: what is put after it would be in the spool for ever. Who
        // waited for it is told, its answer being dropped.
        match catch_unwind(AssertUnwindSafe(|| writer.turn(orders))) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return,
            Err(_) => {
                tracing::error!("a step of the journal's thread panicked");
                writer.next_look = Some(Instant::now() + AGAIN);
            }
        }
    }
}

struct Writer<'s> {
    connection: Connection,
    retention: Retention,
    spool: Option<&'s Spool>,
    next_sweep: Instant,
    /// When the spool is taken in; None while it has nothing.
    next_look: Option<Instant>,
    /// What the log has of the chain's end.
    told: Option<Head>,
}

/// Orders that are followed together.
#[derive(Default)]
struct Batch {
    records: Vec<Awaited>,
    /// Who waits until the spool is taken in: for all of them it is done once.
    waiting: Vec<oneshot::Sender<Result<(), JournalError>>>,
    /// The spool has something.
    look: bool,
    /// What comes after all these.
    last: Option<Order>,
}

impl Batch {
    /// An order, and those that are there behind it.
    fn of(first: Order, orders: &Receiver<Order>) -> Batch {
        let mut batch = Batch::default();
        let mut next = Some(first);
        let mut count = 0;
        while let Some(order) = next {
            match order {
                Order::Record { body, kept, _place } => batch.records.push((body, kept, _place)),
                Order::TakeIn { done } => batch.waiting.push(done),
                Order::Look => batch.look = true,
                other => {
                    batch.last = Some(other);
                    break;
                }
            }
            count += 1;
            next = match count {
                BATCH => None,
                _ => orders.try_recv().ok(),
            };
        }
        batch
    }
}

impl Writer<'_> {
    /// Does what is due, and follows the orders that are there, or come until something is due.
    fn turn(&mut self, orders: &Receiver<Order>) -> ControlFlow<()> {
        // However many orders there are.
        self.sweep_where_due();
        if self.next_look.is_some_and(|look| look <= Instant::now()) {
            let _ = self.take_in();
        }
        let due = self.next_look.unwrap_or(self.next_sweep);
        let due = due.min(self.next_sweep);
        let first = match orders.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(order) => order,
            Err(RecvTimeoutError::Timeout) => return ControlFlow::Continue(()),
            Err(RecvTimeoutError::Disconnected) => return ControlFlow::Break(()),
        };
        let batch = Batch::of(first, orders);
        keep(&mut self.connection, batch.records);
        if batch.look {
            self.next_look
                .get_or_insert_with(|| Instant::now() + GATHER);
        }
        // Some have waited for as long as they wait.
        if batch.waiting.iter().any(|done| !done.is_closed()) {
            let taken = self.take_in();
            for done in batch.waiting {
                let _ = done.send(taken.clone());
            }
        }
        match batch.last {
            Some(Order::Sweep { now, removed }) => {
                let swept = sweep(&mut self.connection, self.retention.since(now));
                // Nobody may wait for it any more.
                let _ = removed.send(swept);
            }
            Some(Order::Stop) => {
                // What cannot be taken in is there when the folder is opened again. (A temporary one may be gone.)
                if self.spool.is_some_and(Spool::has_more) {
                    let _ = self.take_in();
                }
                return ControlFlow::Break(());
            }
            #[cfg(test)]
            Some(Order::Panic) => panic!("of a test"),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn sweep_where_due(&mut self) {
        if self.next_sweep > Instant::now() {
            return;
        }
        // Also where it panics.
        self.next_sweep = Instant::now() + SWEEP;
        if !tend(&mut self.connection, self.retention, &mut self.told) {
            // Between two chunks orders are followed.
            self.next_sweep = Instant::now();
        }
    }

    fn take_in(&mut self) -> Result<(), JournalError> {
        let taken = take_in(&mut self.connection, self.spool);
        self.next_look = taken.is_err().then(|| Instant::now() + AGAIN);
        taken
    }
}

type Awaited = (
    String,
    oneshot::Sender<Result<(), JournalError>>,
    OwnedSemaphorePermit,
);

fn keep(connection: &mut Connection, batch: Vec<Awaited>) {
    if batch.is_empty() {
        return;
    }
    let bodies = batch.iter().map(|(body, ..)| body.as_str());
    let done = append(connection, bodies);
    let outcome = if done.is_ok() { "kept" } else { "failed" };
    counter!(ENTRIES, "outcome" => outcome).increment(batch.len() as u64);
    if let Err(error) = &done {
        tracing::error!(entries = batch.len(), %error, "the journal was not written");
    }
    for (_, kept, _) in batch {
        let _ = kept.send(done.clone());
    }
}

fn append<'b>(
    connection: &mut Connection,
    bodies: impl Iterator<Item = &'b str>,
) -> Result<(), JournalError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    insert(&transaction, bodies)?;
    transaction.commit()?;
    Ok(())
}

fn insert<'b>(
    transaction: &Transaction<'_>,
    bodies: impl Iterator<Item = &'b str>,
) -> Result<(), JournalError> {
    let mut head = head(transaction)?;
    let sql = "INSERT INTO entries (seq, body, hash) VALUES (?1, ?2, ?3)";
    let mut insert = transaction.prepare_cached(sql)?;
    for body in bodies {
        let seq = head.seq + 1;
        let hash = head.hash.followed_by(seq, body);
        insert.execute(params![seq, body, hash.0])?;
        head = Head { seq, hash };
    }
    Ok(())
}

/// Takes in what the spool has, part by part.
pub(super) fn take_in(
    connection: &mut Connection,
    spool: Option<&Spool>,
) -> Result<(), JournalError> {
    let Some(spool) = spool else { return Ok(()) };
    let taken = take_all_in(connection, spool);
    if let Err(error) = &taken {
        tracing::error!(%error, "what is on its way into the journal stays where it is");
    }
    taken
}

fn take_all_in(connection: &mut Connection, spool: &Spool) -> Result<(), JournalError> {
    spool.listen();
    let noted = connection.query_row("SELECT id, read FROM spool", [], |row| {
        Ok(Mark {
            id: row.get(0)?,
            read: u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0),
        })
    })?;
    let mut mark = spool.after(noted.clone())?;
    if mark != noted {
        note(connection, &mark)?;
    }
    loop {
        let (lines, next) = spool.lines(&mark)?;
        if lines.is_empty() {
            break;
        }
        // After a power cut a line may be anything.
        let is_entry = |line: &&str| serde_json::from_str::<Entry>(line).is_ok();
        let bodies: Vec<&str> = lines.iter().map(String::as_str).filter(is_entry).collect();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        insert(&transaction, bodies.iter().copied())?;
        note(&transaction, &next)?;
        transaction.commit()?;
        counter!(ENTRIES, "outcome" => "kept").increment(bodies.len() as u64);
        let lost = lines.len() - bodies.len();
        if lost > 0 {
            counter!(ENTRIES, "outcome" => "failed").increment(lost as u64);
            tracing::error!(
                lines = lost,
                "lines of the spool are no entries, and were left out"
            );
        }
        spool.took(&next);
        mark = next;
    }
    spool.renew(&mark, |mark| note(connection, mark))
}

/// Notes how far the spool was taken in.
fn note(connection: &Connection, mark: &Mark) -> Result<(), JournalError> {
    let sql = "UPDATE spool SET id = ?1, read = ?2";
    let read = i64::try_from(mark.read).unwrap_or(i64::MAX);
    connection
        .prepare_cached(sql)?
        .execute(params![mark.id, read])?;
    Ok(())
}

/// The last entry; where there is none, what the chain begins after.
pub(super) fn head(connection: &Connection) -> Result<Head, JournalError> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Head {
            seq: row.get(0)?,
            hash: Hash(row.get(1)?),
        })
    };
    let last = connection
        .prepare_cached("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1")?
        .query_row([], read)
        .optional()?;
    match last {
        Some(head) => Ok(head),
        None => Ok(connection.query_row("SELECT first - 1, before FROM chain", [], read)?),
    }
}

impl Retention {
    /// What happened before is past its retention: the beginning of a day of UTC.
    fn since(self, now: Moment) -> Moment {
        let day = now.millis().div_euclid(DAY) - i64::from(self.days);
        Moment::from_millis(day.saturating_mul(DAY))
    }
}

/// Removes a chunk of what is past its retention, and tells the log where the chain ends: who changes the file would have
/// to change the log too. Whether nothing is left to be removed.
fn tend(connection: &mut Connection, retention: Retention, told: &mut Option<Head>) -> bool {
    match remove(connection, retention.since(Moment::now())) {
        Ok(CHUNK) => return false,
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "what is past its retention stays in the journal"),
    }
    match head(connection) {
        Ok(head) if *told != Some(head) && head.seq > 0 => {
            tracing::info!(%head, "the journal's last entry");
            *told = Some(head);
        }
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "the journal's end cannot be read"),
    }
    true
}

fn sweep(connection: &mut Connection, since: Moment) -> Result<usize, JournalError> {
    let mut all = 0;
    loop {
        let removed = remove(connection, since)?;
        all += removed;
        if removed < CHUNK {
            return Ok(all);
        }
    }
}

/// Removes entries from the chain's beginning on, up to the first that is of `since` or later, so many at the most.
fn remove(connection: &mut Connection, since: Moment) -> Result<usize, JournalError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(last) = last_past(&transaction, since)? else {
        return Ok(0);
    };
    transaction.execute(
        "UPDATE chain SET first = ?1, before = ?2",
        params![last.seq + 1, last.hash.0],
    )?;
    let removed = transaction.execute("DELETE FROM entries WHERE seq <= ?1", [last.seq])?;
    transaction.commit()?;
    Ok(removed)
}

fn last_past(transaction: &Transaction<'_>, since: Moment) -> Result<Option<Head>, JournalError> {
    let sql = format!("SELECT seq, hash, at FROM entries ORDER BY seq LIMIT {CHUNK}");
    let mut select = transaction.prepare_cached(&sql)?;
    let mut rows = select.query([])?;
    let since = since.to_string();
    let mut last = None;
    while let Some(row) = rows.next()? {
        // Moments are texts of one length, whose order is theirs.
        if row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)? >= since.as_str() {
            break;
        }
        last = Some(Head {
            seq: row.get(0)?,
            hash: Hash(row.get(1)?),
        });
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tempfile::TempDir;

    use super::*;
    use crate::journal::tests::immediate;
    use crate::journal::{Filter, Journal, Reader, file, tests};

    fn take_in() -> (Order, oneshot::Receiver<Result<(), JournalError>>) {
        let (done, awaited) = oneshot::channel();
        (Order::TakeIn { done }, awaited)
    }

    #[test]
    fn orders_that_wait_are_followed_together() {
        let (send, orders) = mpsc::channel();
        for _ in 0..2 {
            send.send(take_in().0).expect("sent");
            send.send(Order::Look).expect("sent");
        }
        send.send(Order::Stop).expect("sent");
        send.send(Order::Look).expect("sent");
        let batch = Batch::of(take_in().0, &orders);
        assert_eq!(batch.waiting.len(), 3);
        assert!(batch.look && batch.records.is_empty());
        assert!(matches!(batch.last, Some(Order::Stop)));
        assert!(matches!(orders.try_recv(), Ok(Order::Look)));
        for _ in 0..BATCH {
            send.send(Order::Look).expect("sent");
        }
        let batch = Batch::of(Order::Look, &orders);
        assert!(batch.last.is_none());
        assert!(orders.try_recv().is_ok(), "not more than so many at a time");
    }

    /// Orders that are always there already, as under load.
    #[tokio::test]
    async fn what_is_past_its_retention_goes_however_many_orders_there_are() {
        let folder = TempDir::new().expect("a folder");
        let journal = Journal::open(folder.path(), tests::KEPT).expect("a journal");
        for _ in 0..5 {
            let entry = immediate(&tests::scope());
            journal.record(&entry).await.expect("kept");
        }
        drop(journal);
        let (send, orders) = mpsc::channel();
        let (order, mut awaited) = take_in();
        send.send(order).expect("sent");
        send.send(Order::Stop).expect("sent");
        let connection = file::to_write(&file::path(folder.path())).expect("the file");
        write(connection, &orders, Retention { days: 1 }, None);
        assert_eq!(awaited.try_recv(), Ok(Ok(())));
        let reader = Reader::open(folder.path()).expect("a journal");
        let page = reader.entries(&Filter::default(), None).expect("read");
        assert_eq!(page.entries, []);
    }
}
