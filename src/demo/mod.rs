//! Practices of synthetic data, one for each product that is mapped.
//!
//! Takes an empty database of any engine, a number of patients, a seed and today's date; fills it with the tables of a
//! product. One of them, Bp Premier's in SQLite, is what the program serves when nothing is configured and what the
//! tests run against. They have the habits of real ones: padded text, codes with and without an entry in their table,
//! seconds since midnight, deleted rows, values missing in every way that SQL allows, names with accents and
//! apostrophes. The same seed on the same day is the same data on every machine, to the byte. Today has not begun: what
//! has happened lies before it, whatever a reader's clock says.
//!
//! Nobody in it exists: names are drawn at random, telephone numbers are those kept for fiction,
//! addresses of the internet are under `example` domains, identifiers only pass their check digits.
//!
//! | file | what |
//! |---|---|
//! | [`table`], [`ddl`] | tables, columns, indexes, and how engines spell them |
//! | [`writer`], [`target`] | rows of no engine, and where they go |
//! | [`sqlite`], [`firebird`], [`mssql`] | how engines take them |
//! | [`random`], [`calendar`] | chance and days |
//! | [`identifiers`], [`phones`], [`names`], [`households`], [`people`], [`illnesses`] | what is drawn from |
//! | [`bp_premier`], [`zedmed`], [`dental4windows`] | products: their tables and the data in them |

pub mod bp_premier;
pub mod calendar;
pub mod ddl;
pub mod dental4windows;
pub mod firebird;
pub mod households;
pub mod identifiers;
pub mod illnesses;
pub mod mssql;
pub mod names;
pub mod people;
pub mod phones;
pub mod random;
pub mod sqlite;
pub mod table;
pub mod target;
#[cfg(test)]
mod tests;
pub mod writer;
pub mod zedmed;

use std::collections::BTreeMap;

use calendar::Day;
use ddl::Accents;
use rusqlite::Connection;
use table::Catalogue;
use target::{Rows, Sink, Target};

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

impl Options {
    /// The day that comes next.
    fn day(&self) -> Day {
        Day::of(self.today)
    }
}

/// Writes all rows of a practice; the function is called with how many there are by now, roughly.
pub type Write = fn(&dyn Rows, &Options, &mut dyn FnMut(u64)) -> Result<()>;

/// The synthetic practice of a product.
pub struct Demo {
    /// The product's mapping: the name of its folder.
    pub id: &'static str,
    /// Its databases, the default one first.
    pub catalogues: &'static [Catalogue],
    /// By what its text columns compare.
    pub accents: Accents,
    /// About how many rows there will be.
    pub expected: fn(&Options) -> u64,
    /// Writes all rows.
    pub write: Write,
}

impl std::fmt::Debug for Demo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Demo").field("id", &self.id).finish()
    }
}

/// Every demo.
pub static DEMOS: &[&Demo] = &[&bp_premier::DEMO, &zedmed::DEMO, &dental4windows::DEMO];

/// The demo for the mapping of an id.
pub fn find(id: &str) -> Option<&'static Demo> {
    DEMOS.iter().copied().find(|demo| demo.id == id)
}

/// How many rows a new practice of Bp Premier has.
pub use bp_premier::Summary;

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
    /// What another engine says.
    #[error("the demo practice could not be written")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A database that is on a server already, and has tables.
    #[error("{0} has tables already; a demo is written into an empty database")]
    NotEmpty(String),
    /// Rows of a table that the demo does not have.
    #[error("the demo has no table {0}")]
    NoTable(&'static str),
    /// A value for a column that the table does not have.
    #[error("the demo's table {table} has no column {column}")]
    NoColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A statement for a database that was not given.
    #[error("there is no database for catalogue {0} of the demo")]
    NoCatalogue(usize),
}

/// What comes of writing a practice.
pub type Result<T> = std::result::Result<T, DemoError>;

/// Writes a practice into an empty target. Gives how many rows each table has.
///
/// `progress` is called with the work done and the whole of it, in units that are roughly rows;
/// done never falls, and ends at the whole.
///
/// # Errors
/// See [`DemoError`]; among the engine's, that a table exists already.
pub fn fill(
    demo: &'static Demo,
    target: &mut dyn Target,
    options: &Options,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<BTreeMap<&'static str, u64>> {
    check(options)?;
    let dialect = target.dialect();
    let expected = (demo.expected)(options);
    // Measured: an index costs what a third of the patients do, the statistics what five times
    // their number of rows do.
    let per_index = u64::from(options.patients) / 3 + 1;
    let indexes: Vec<(usize, String)> = demo
        .catalogues
        .iter()
        .enumerate()
        .flat_map(|(place, catalogue)| {
            let made = catalogue.indexes.iter();
            made.filter_map(move |index| Some((place, ddl::create_index(index, dialect)?)))
        })
        .collect();
    let index_work = per_index * indexes.len() as u64;
    let total = expected + index_work + u64::from(options.patients) * 5;

    for (place, catalogue) in demo.catalogues.iter().enumerate() {
        for table in catalogue.tables {
            target.execute(place, &ddl::create_table(table, dialect, demo.accents))?;
        }
    }
    target.created()?;
    let sink = Sink::new(demo, target);
    let written = (demo.write)(&sink, options, &mut |rows| {
        progress(rows.min(expected), total);
    });
    let counts = sink.close()?;
    written?;
    let mut done = expected;
    for (place, index) in &indexes {
        progress(done, total);
        target.execute(*place, index)?;
        done += per_index;
    }
    progress(done, total);
    target.finish()?;
    progress(total, total);
    Ok(counts)
}

/// Fills an empty SQLite database with a practice of Bp Premier, in one transaction: on an error nothing is there.
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
) -> Result<Summary> {
    check(options)?;
    let mut target = sqlite::Sqlite::begin(vec![conn])?;
    let counts = fill(&bp_premier::DEMO, &mut target, options, progress)?;
    Ok(Summary::of(&counts))
}

fn check(options: &Options) -> Result<()> {
    if options.patients > MAX_PATIENTS {
        return Err(DemoError::TooManyPatients(options.patients));
    }
    match (1900..=2200).contains(&options.today.year()) {
        true => Ok(()),
        false => Err(DemoError::Today),
    }
}
