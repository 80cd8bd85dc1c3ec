//! The synthetic practice of Dental4Windows.
//!
//! | file | what |
//! |---|---|
//! | [`schema`] | tables, columns, indexes |
//! | [`people`] | the practice, its providers, the patients under their heads of family |
//! | [`chair`] | the book, visits, and what was planned and done in them |

pub mod chair;
pub mod people;
pub mod schema;

use super::calendar::Day;
use super::ddl::Accents;
use super::people::{Person, Standing};
use super::target::Rows;
use super::{Demo, Options, Result};

/// The demo.
pub static DEMO: Demo = Demo {
    id: "dental4windows",
    catalogues: &[schema::DENTAL],
    accents: Accents::Ignored,
    expected: |options| u64::from(options.patients) * 4,
    write,
};

/// What the product writes where a day is not known: 1900-01-01.
pub const NO_DAY: Day = Day(-25_567);
/// Bits of `Flags`: a row that was deleted.
pub const DELETED: i32 = 1;
/// Patients between two calls of the progress function.
const REPORT_EVERY: u32 = 1000;

/// What the chair needs to know of a patient whose record counts.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    since: Day,
    until: Day,
    adult: bool,
}

/// How many dentists look after so many patients: one for 1,500, at least three.
pub fn dentists(patients: u32) -> u32 {
    (patients / 1500).max(3)
}

/// Keys of providers: the hygienist, the orthodontist who has left, one who was deleted; dentists follow.
pub const HYGIENIST: u32 = 1;
/// See [`HYGIENIST`].
pub const FORMER: u32 = 2;
/// See [`HYGIENIST`].
pub const GONE: u32 = 3;
/// The first current dentist.
pub const FIRST_DENTIST: u32 = 4;

/// `Flags` of a row: every 43rd is deleted; older ones say nothing.
pub(super) fn flags(id: i64) -> Option<i32> {
    match id {
        _ if id % 43 == 29 => Some(DELETED),
        _ if id % 6 == 2 => None,
        _ => Some(0),
    }
}

fn write(rows: &dyn Rows, options: &Options, progress: &mut dyn FnMut(u64)) -> Result<()> {
    let Options { seed, patients, .. } = *options;
    let today = options.day();
    let dentists = dentists(patients);
    people::write_practice(rows, seed, today, dentists)?;
    let mut writer = people::Patients::new(rows, seed, dentists);
    let mut known = Vec::new();
    for number in 0..patients {
        let person = Person::of(seed, number, today);
        writer.write(&person)?;
        known.push((person.standing != Standing::Deleted).then_some(Known {
            since: person.since.day,
            until: match person.died {
                Some(_) => person.until,
                None => Day(i32::MAX),
            },
            adult: person.adult,
        }));
        if number % REPORT_EVERY == 0 {
            progress(u64::from(number));
        }
    }
    drop(writer);
    let chair = chair::Chair {
        seed,
        today,
        patients,
        dentists,
    };
    chair.write(rows, &known, &mut |appointments| {
        progress(u64::from(patients) + appointments);
    })
}
