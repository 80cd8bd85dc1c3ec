//! The embedded practice: a SQLite database of synthetic data with the tables of Bp Premier.
//!
//! Takes an empty database, a number of patients, a seed and today's date; fills it. It is what the
//! program serves when nothing is configured and what the tests run against, so it has the habits
//! of a real one: padded text, codes with and without an entry in their table, seconds since
//! midnight, deleted rows, values missing in every way that SQL allows, names with accents and
//! apostrophes. The same seed on the same day is the same data on every machine, to the byte.
//! Today has not begun: what has happened lies before it, whatever a reader's clock says.
//!
//! Nobody in it exists: names are drawn at random, telephone numbers are those kept for fiction,
//! addresses of the internet are under `example` domains, identifiers only pass their check digits.
//!
//! | file | what |
//! |---|---|
//! | [`schema`] | tables, columns, indexes |
//! | [`writer`] | rows as SQL Server would hold them |
//! | [`random`], [`calendar`] | chance and days |
//! | [`identifiers`], [`phones`], [`names`] | what is drawn from |
//! | [`lookups`], [`staff`], [`households`], [`patients`], [`sessions`], [`appointments`], [`clinical`] | the data |

pub mod appointments;
pub mod calendar;
pub mod clinical;
pub mod households;
pub mod identifiers;
pub mod lookups;
pub mod names;
pub mod patients;
pub mod phones;
pub mod random;
pub mod schema;
pub mod sessions;
pub mod staff;
#[cfg(test)]
mod tests;
pub mod writer;

use appointments::{Book, Known};
use calendar::Day;
use clinical::Clinical;
use patients::Patients;
use rusqlite::Connection;

/// Most patients that a practice may have.
pub const MAX_PATIENTS: u32 = 10_000_000;

/// What practice to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many patients, up to [`MAX_PATIENTS`]; their keys are 1 to this number.
    pub patients: u32,
    /// The seed of everything drawn.
    pub seed: u64,
    /// The day that ages count from and that the appointment book is centred on, in the practice's
    /// time zone; from 1900 to 2200. Nothing has happened on it yet.
    pub today: jiff::civil::Date,
}

/// How many rows a new practice has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Rows of PATIENTS, deleted and inactive ones included.
    pub patients: u64,
    /// Rows of EMAIL.
    pub emails: u64,
    /// Rows of NEXTOFKIN.
    pub next_of_kin: u64,
    /// Rows of USERS.
    pub users: u64,
    /// Rows of APPOINTMENTS, cancelled ones included.
    pub appointments: u64,
    /// Rows of CANCELLEDAPPOINTMENTS.
    pub cancelled: u64,
    /// Rows of the tables of the clinical record, visits included.
    pub clinical: u64,
}

/// Why a practice could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// More patients than [`MAX_PATIENTS`].
    #[error("a demo practice has at most {MAX_PATIENTS} patients, not {0}")]
    TooManyPatients(u32),
    /// A date for which two years around it, and the ages of people, cannot be laid out.
    #[error("a demo practice needs a date between 1900 and 2200")]
    Today,
    /// What SQLite says: the database is not empty, the disk is full.
    #[error("the demo practice could not be written")]
    Sqlite(#[from] rusqlite::Error),
}

/// Rows between two calls of the progress function.
const REPORT_EVERY: u32 = 1000;

/// Fills an empty database with a practice, in one transaction: on an error nothing is there.
///
/// `progress` is called with the work done and the whole of it, in units that are roughly rows;
/// done never falls, and ends at the whole. The collations that the tables need are registered on
/// `conn`; any other connection to the file registers them with [`crate::collation::register`].
/// While the rows are written the file is not safe against a loss of power.
///
/// # Errors
/// See [`DemoError`]; among SQLite's, that a table exists already.
pub fn create(
    conn: &mut Connection,
    options: &Options,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Summary, DemoError> {
    if options.patients > MAX_PATIENTS {
        return Err(DemoError::TooManyPatients(options.patients));
    }
    if !(1900..=2200).contains(&options.today.year()) {
        return Err(DemoError::Today);
    }
    crate::collation::register(conn)?;
    let settings = Settings::relax(conn)?;
    let outcome = fill(conn, options, progress);
    let restored = settings.restore(conn);
    let summary = outcome?;
    restored?;
    Ok(summary)
}

fn fill(
    conn: &mut Connection,
    options: &Options,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Summary, DemoError> {
    let Options { patients, seed, .. } = *options;
    let today = Day::of(options.today);
    let doctors = staff::doctors(patients);
    let book = Book {
        seed,
        today,
        patients,
        doctors,
    };
    let indexes = schema::create_index_sql();
    // Measured: an index costs what a third of the patients do, the statistics what five times
    // their number of rows do.
    let per_index = u64::from(patients) / 3 + 1;
    let index_work = per_index * u64::try_from(indexes.len()).unwrap_or(0);
    let before_indexes = u64::from(patients) + book.expected();
    let total = before_indexes + index_work + u64::from(patients) * 5;

    let transaction = conn.transaction()?;
    for table in schema::TABLES {
        transaction.execute_batch(&table.create_sql())?;
    }
    lookups::write(&transaction)?;
    let users = staff::write(&transaction, seed, today, doctors)?;
    let mut writer = Patients::new(&transaction, seed, today)?;
    let mut records = Clinical::new(&transaction, seed)?;
    let mut known = Vec::new();
    for number in 0..patients {
        // A deleted patient's record went with them.
        let life = writer.write(number)?;
        if let Some(life) = life {
            records.write(life)?;
        }
        known.push(life.map(|life| Known::of(&life)));
        if number % REPORT_EVERY == 0 {
            progress(u64::from(number), total);
        }
    }
    let (patient_rows, emails, next_of_kin) = writer.rows();
    let clinical = records.rows();
    drop((writer, records));
    let (appointments, cancelled, visits) = book.write(&transaction, &known, &mut |rows| {
        progress((patient_rows + rows).min(before_indexes), total);
    })?;
    let mut done = before_indexes;
    for index in &indexes {
        progress(done, total);
        transaction.execute_batch(index)?;
        done += per_index;
    }
    progress(done, total);
    // Samples of values speak only to a planner that sees the values; a kept statement is planned without
    // them, and SQLite then takes a range for the whole table. Row counts alone serve it better.
    transaction.execute_batch("ANALYZE; DROP TABLE IF EXISTS sqlite_stat4")?;
    transaction.commit()?;
    progress(total, total);
    Ok(Summary {
        patients: patient_rows,
        emails,
        next_of_kin,
        users,
        appointments,
        cancelled,
        clinical: clinical + visits,
    })
}

/// The settings of a connection that creation changes.
struct Settings {
    synchronous: i64,
    journal_mode: String,
    cache_size: i64,
}

impl Settings {
    /// Notes the settings and trades safety for speed. The journal stays, in memory: there is next
    /// to nothing in it for a new database, and without one a failure could not be rolled back.
    fn relax(conn: &Connection) -> rusqlite::Result<Settings> {
        let read = |name| conn.pragma_query_value(None, name, |row| row.get(0));
        let settings = Settings {
            synchronous: read("synchronous")?,
            journal_mode: conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?,
            cache_size: read("cache_size")?,
        };
        conn.pragma_update(None, "synchronous", "OFF")?;
        conn.pragma_update(None, "journal_mode", "MEMORY")?;
        // In KiB when negative.
        conn.pragma_update(None, "cache_size", -16_384)?;
        Ok(settings)
    }

    fn restore(self, conn: &Connection) -> rusqlite::Result<()> {
        conn.pragma_update(None, "cache_size", self.cache_size)?;
        conn.pragma_update(None, "journal_mode", self.journal_mode)?;
        conn.pragma_update(None, "synchronous", self.synchronous)
    }
}
