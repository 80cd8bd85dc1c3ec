//! Visits: what became of an appointment that was kept.

use super::next_key;
use crate::demo::Result;
use crate::demo::bp_premier::lookups::{UNKNOWN_CODE, visit};
use crate::demo::bp_premier::schema::clinical as schema;
use crate::demo::bp_premier::staff;
use crate::demo::calendar::Day;
use crate::demo::random::{Random, Stream};
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

const REASONS: &[&str] = &[
    "Cough",
    "Hypertension",
    "Review of results",
    "Prescription renewal",
    "Immunisation",
    "Type 2 diabetes mellitus",
    "Back pain",
    "Rash",
    "Anxiety",
    "Ear pain",
    "Care plan, \"GPCCMP\"",
];

/// A visit before it is written.
pub struct Visit {
    /// Its key, which the appointment names.
    pub id: i64,
    /// The patient's key.
    pub patient: u32,
    /// Who was seen.
    pub user: u32,
    /// When.
    pub day: Day,
    /// From and until, in seconds since midnight.
    pub from: i32,
    /// When it was over.
    pub until: i32,
    /// By video, not in person.
    pub video: bool,
}

/// Writes the tables of this file.
pub struct Writers<'conn> {
    seed: u64,
    visits: Writer<'conn>,
    reasons: Writer<'conn>,
}

impl<'conn> Writers<'conn> {
    /// Writers into tables that exist.
    pub fn new(rows: &'conn dyn Rows, seed: u64) -> Self {
        Writers {
            seed,
            visits: Writer::new(rows, &schema::VISITS),
            reasons: Writer::new(rows, &schema::VISITREASON),
        }
    }

    /// How many rows there are by now.
    pub fn rows(&self) -> u64 {
        self.visits.rows() + self.reasons.rows()
    }

    /// Writes a visit and what it was for.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, visit: &Visit) -> Result<()> {
        let id = visit.id;
        let mut random = Random::new(self.seed, Stream::Visit, id.unsigned_abs());
        let kind = match id {
            _ if visit.video => Some(visit::TELEHEALTH),
            n if n % 31 == 12 => Some(visit::NON_VISIT),
            n if n % 67 == 21 => Some(UNKNOWN_CODE),
            n if n % 59 == 33 => None,
            n if n % 29 == 5 => Some(visit::TELEPHONE),
            n if n % 43 == 2 => Some(visit::HOME),
            _ => Some(visit::SURGERY),
        };
        let name = (id % 37 != 4).then(|| staff::shown_name(self.seed, visit.user));
        self.visits
            .set("VISITID", id)
            .set("RECORDSTATUS", if id % 61 == 9 { 2 } else { 1 })
            .set("INTERNALID", visit.patient)
            .set("USERID", visit.user)
            .set("VISITCODE", kind)
            .set("DRNAME", name.as_ref())
            .set("VISITDATE", visit.day.midnight())
            .set("STARTTIME", visit.from)
            .set("ENDTIME", (id % 41 != 8).then_some(visit.until))
            .set("DURATION", visit.until - visit.from)
            .set("CREATED", visit.day.at(visit.from));
        self.visits.insert()?;
        let count = match random.below(100) {
            0..72 => 0,
            72..96 => 1,
            _ => 2,
        };
        let first = random.below(11) as usize;
        for step in 0..count {
            let key = next_key(self.reasons.rows());
            self.reasons
                .set("RECORDID", key)
                .set("RECORDSTATUS", if key % 47 == 20 { 2 } else { 1 })
                .set("VISITID", id)
                .set(
                    "REASON",
                    REASONS.get((first + step * 3) % REASONS.len()).copied(),
                )
                .set("CREATED", visit.day.at(visit.from));
            self.reasons.insert()?;
        }
        Ok(())
    }
}
