//! The clinical record of each patient.
//!
//! Takes a patient's [`Life`]; draws what they have ([`crate::demo::illnesses`]) and writes what follows from it, a file
//! for each group of tables: a diabetic has HbA1c results and metformin, a child the immunisations of the
//! Australian schedule. Each patient has a stream of chance of their own. What is rare but must be there in
//! the smallest practice comes round by the number of the row, as in [`super::patients`].

pub mod history;
pub mod immunisations;
pub mod letters;
pub mod measurements;
pub mod medicines;
pub mod results;
#[cfg(test)]
mod tests;
pub mod visits;

use super::staff;
use crate::demo::Result;
use crate::demo::calendar::{Day, Moment};
use crate::demo::illnesses::{self, Illness};
pub use crate::demo::illnesses::{Life, Smoking};
use crate::demo::random::{Random, Stream};
use crate::demo::target::Rows;

/// A patient as the writers of the record see them.
pub struct Chart {
    /// Who it is.
    pub life: Life,
    /// The doctor who writes.
    pub doctor: u32,
    /// Whether they smoke.
    pub smoking: Smoking,
    /// What they have, for good.
    pub illnesses: Vec<&'static Illness>,
}

impl Chart {
    /// The patient's key.
    pub fn key(&self) -> i64 {
        i64::from(self.life.number) + 1
    }

    /// Whether they have an illness of a name.
    pub fn has(&self, name: &str) -> bool {
        self.illnesses.iter().any(|illness| illness.name == name)
    }

    /// A weekday on which the practice knows the patient, among the last `days` days of the record.
    pub fn recent(&self, random: &mut Random, days: i32) -> Day {
        let Life { since, until, .. } = self.life;
        let from = since.max(until.plus(-days));
        weekday(Day(random.between(from.0, until.0)), since)
    }

    fn draw(seed: u64, life: Life, random: &mut Random) -> Chart {
        let doctors = staff::doctors(life.number);
        let adult = life.years >= 18;
        let smoking = match (adult, random.below(100)) {
            (false, _) | (_, 0..15) => Smoking::Unknown,
            (_, 15..70) => Smoking::Never,
            (_, 70..87) => Smoking::Former,
            _ => Smoking::Current,
        };
        // The seed only moves who comes first to whom.
        let shift = u32::try_from(seed % 7).unwrap_or(0);
        Chart {
            life,
            doctor: staff::FIRST_DOCTOR + (life.number + shift) % doctors,
            smoking,
            illnesses: illnesses::draw(&life, smoking, random),
        }
    }
}

/// The day itself, or the Friday before it unless that is too early.
fn weekday(day: Day, earliest: Day) -> Day {
    let friday = day.plus(-(day.weekday() - 4).max(0));
    if friday < earliest { day } else { friday }
}

/// The key of a writer's next row.
fn next_key(rows: u64) -> i64 {
    i64::try_from(rows + 1).unwrap_or(i64::MAX)
}

/// `RECORDSTATUS` of a row: every 37th is deleted.
fn record_status(id: i64) -> i32 {
    if id % 37 == 11 { 2 } else { 1 }
}

/// When a row that was made at a moment was changed, if it was.
fn changed(made: Moment, id: i64, until: Day) -> Option<Moment> {
    let day = made.day.plus(1);
    (id % 3 == 0 && day <= until).then(|| day.at(made.second))
}

/// A second of a day's work.
fn working_second(random: &mut Random) -> i32 {
    random.between(30_600, 61_200)
}

/// Writes clinical records one after another.
pub struct Clinical<'conn> {
    seed: u64,
    history: history::Writers<'conn>,
    immunisations: immunisations::Writers<'conn>,
    medicines: medicines::Writers<'conn>,
    measurements: measurements::Writers<'conn>,
    results: results::Writers<'conn>,
    letters: letters::Writers<'conn>,
}

impl<'conn> Clinical<'conn> {
    /// A writer of records into tables that exist.
    pub fn new(rows: &'conn dyn Rows, seed: u64) -> Self {
        Clinical {
            seed,
            history: history::Writers::new(rows),
            immunisations: immunisations::Writers::new(rows),
            medicines: medicines::Writers::new(rows),
            measurements: measurements::Writers::new(rows),
            results: results::Writers::new(rows),
            letters: letters::Writers::new(rows),
        }
    }

    /// How many rows there are by now, in all tables.
    pub fn rows(&self) -> u64 {
        self.history.rows()
            + self.immunisations.rows()
            + self.medicines.rows()
            + self.measurements.rows()
            + self.results.rows()
            + self.letters.rows()
    }

    /// Writes a patient's record.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, life: Life) -> Result<()> {
        let mut random = Random::new(self.seed, Stream::Health, u64::from(life.number));
        let chart = Chart::draw(self.seed, life, &mut random);
        self.history.write(&chart, &mut random)?;
        self.immunisations.write(&chart, &mut random)?;
        self.medicines.write(&chart, &mut random)?;
        self.measurements.write(&chart, &mut random)?;
        self.results.write(&chart, &mut random)?;
        self.letters.write(&chart, &mut random)
    }
}
