//! The synthetic practice of Bp Premier.
//!
//! | file | what |
//! |---|---|
//! | [`schema`] | tables, columns, indexes |
//! | [`lookups`], [`staff`], [`patients`], [`sessions`], [`appointments`], [`clinical`] | the data |

pub mod appointments;
pub mod clinical;
pub mod lookups;
pub mod patients;
pub mod schema;
pub mod sessions;
pub mod staff;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use super::ddl::Accents;
use super::table::Catalogue;
use super::target::Rows;
use super::{Demo, Options, Result};
use appointments::{Book, Known};
use clinical::Clinical;
use patients::Patients;

/// The demo. The product's second database holds medicines, and no mapped table of the demo's.
pub static DEMO: Demo = Demo {
    id: "bp-premier",
    catalogues: &[Catalogue {
        name: "BPSPATIENTS",
        tables: schema::TABLES,
        indexes: schema::INDEXES,
    }],
    accents: Accents::Distinct,
    expected: |options| u64::from(options.patients) + book(options).expected(),
    write,
};

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

impl Summary {
    /// What the counts of tables come to.
    pub(super) fn of(counts: &BTreeMap<&'static str, u64>) -> Summary {
        let rows = |name: &str| counts.get(name).copied().unwrap_or_default();
        let record = schema::TABLES.iter().map(|table| table.name);
        Summary {
            patients: rows("PATIENTS"),
            emails: rows("EMAIL"),
            next_of_kin: rows("NEXTOFKIN"),
            users: rows("USERS"),
            appointments: rows("APPOINTMENTS"),
            cancelled: rows("CANCELLEDAPPOINTMENTS"),
            clinical: record
                .skip_while(|name| *name != schema::clinical::PASTHISTORY.name)
                .map(rows)
                .sum(),
        }
    }
}

/// Patients between two calls of the progress function.
const REPORT_EVERY: u32 = 1000;

fn book(options: &Options) -> Book {
    Book {
        seed: options.seed,
        today: options.day(),
        patients: options.patients,
        doctors: staff::doctors(options.patients),
    }
}

fn write(rows: &dyn Rows, options: &Options, progress: &mut dyn FnMut(u64)) -> Result<()> {
    let Options { patients, seed, .. } = *options;
    let today = options.day();
    let book = book(options);
    lookups::write(rows)?;
    staff::write(rows, seed, today, book.doctors)?;
    let mut writer = Patients::new(rows, seed, today);
    let mut records = Clinical::new(rows, seed);
    let mut known = Vec::new();
    for number in 0..patients {
        // A deleted patient's record went with them.
        let life = writer.write(number)?;
        if let Some(life) = life {
            records.write(life)?;
        }
        known.push(life.map(|life| Known::of(&life)));
        if number % REPORT_EVERY == 0 {
            progress(u64::from(number));
        }
    }
    drop((writer, records));
    book.write(rows, &known, &mut |appointments| {
        progress(u64::from(patients) + appointments);
    })
}
