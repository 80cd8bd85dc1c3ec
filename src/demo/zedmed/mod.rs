//! The synthetic practice of Zedmed: people and the book in one database, the record in the other.
//!
//! | file | what |
//! |---|---|
//! | [`schema`] | tables, columns, indexes |
//! | [`office`] | the practice, its staff, the patients |
//! | [`record`] | what each patient has, takes and was given |
//! | [`book`] | appointments, the times of the book, and what came of them |

pub mod book;
pub mod office;
pub mod record;
pub mod schema;

use super::calendar::{Day, Moment};
use super::ddl::Accents;
use super::illnesses::Medicine;
use super::people::{Person, Standing};
use super::target::Rows;
use super::{Demo, Options, Result};

/// The demo.
pub static DEMO: Demo = Demo {
    id: "zedmed",
    catalogues: &[schema::OFFICE, schema::CLINICAL],
    accents: Accents::Ignored,
    expected: |options| u64::from(options.patients) * 5,
    write,
};

/// What products of its kind write where there is no day: day 0 of theirs.
pub const NO_DAY: Day = Day(-25_569);
/// Patients between two calls of the progress function.
const REPORT_EVERY: u32 = 1000;

/// What the book needs to know of a patient who has a record.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    since: Day,
    until: Day,
    adult: bool,
    /// What they have, and what they take for it.
    problem: Option<(i64, &'static str)>,
    medicine: Option<(i64, &'static Medicine)>,
}

/// How many doctors look after so many patients: one for 1,500, at least six.
pub fn doctors(patients: u32) -> u32 {
    (patients / 1500).max(6)
}

/// Numbers of staff: who are nurses, who has left, and from where on doctors are counted.
pub const NURSES: [u32; 2] = [0, 1];
/// The doctor who has left.
pub const FORMER: u32 = 2;
/// The first current doctor.
pub const FIRST_DOCTOR: u32 = 3;

/// A member of staff by the number, as the tables name them.
pub fn code(member: u32) -> String {
    let kind = if NURSES.contains(&member) { "N" } else { "D" };
    format!("{kind}{:03}", member + 1)
}

/// The two letters of a flag.
pub(super) fn flag(is_set: bool) -> &'static str {
    if is_set { "T" } else { "F" }
}

/// Whether a row was deleted: every 41st; older rows say nothing of it.
pub(super) fn deleted(id: i64) -> Option<&'static str> {
    match id {
        _ if id % 41 == 23 => Some("T"),
        _ if id % 5 == 3 => None,
        _ => Some("F"),
    }
}

/// When a row of a moment was changed: then, mostly.
pub(super) fn touched(made: Moment, id: i64) -> Option<Moment> {
    (id % 7 != 4).then_some(made)
}

fn write(rows: &dyn Rows, options: &Options, progress: &mut dyn FnMut(u64)) -> Result<()> {
    let today = options.day();
    let doctors = doctors(options.patients);
    office::write_practice(rows, options.seed, today, doctors)?;
    let mut patients = office::Patients::new(rows, options.seed);
    let mut records = record::Records::new(rows, options.seed, doctors);
    let mut known = Vec::new();
    for number in 0..options.patients {
        let person = Person::of(options.seed, number, today);
        patients.write(&person, doctors)?;
        let found = records.write(&person)?;
        known.push(found.filter(|_| person.standing != Standing::Deleted));
        if number % REPORT_EVERY == 0 {
            progress(u64::from(number) * 2);
        }
    }
    drop((patients, records));
    let book = book::Book {
        seed: options.seed,
        today,
        patients: options.patients,
        doctors,
    };
    book.write(rows, &known, &mut |appointments| {
        progress(u64::from(options.patients) * 2 + appointments);
    })
}
