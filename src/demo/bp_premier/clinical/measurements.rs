//! What is measured at the practice: blood pressures of those who need it, weights, heights, a child's head.

use super::{Chart, next_key, record_status, working_second};
use crate::demo::Result;
use crate::demo::bp_premier::schema::clinical as schema;
use crate::demo::calendar::Day;
use crate::demo::illnesses::{ATRIAL_FIBRILLATION, DIABETES, HYPERTENSION};
use crate::demo::random::Random;
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// What is measured: `DATACODE` and `DATANAME`.
type Kind = (i32, &'static str);
const TEMPERATURE: Kind = (1, "Temp");
const PULSE: Kind = (2, "Pulse");
const SYSTOLIC: Kind = (3, "BP systolic");
const DIASTOLIC: Kind = (4, "BP diastolic");
const GLUCOSE: Kind = (6, "BSL");
const HEIGHT: Kind = (7, "Height");
const WEIGHT: Kind = (8, "Weight");
const BODY_MASS_INDEX: Kind = (9, "BMI");
const HEAD: Kind = (10, "Head circumference");
const WAIST: Kind = (17, "Waist");
const HIP: Kind = (18, "Hip");

/// Writes the table of this file.
pub struct Writers<'conn> {
    rows: Writer<'conn>,
}

impl<'conn> Writers<'conn> {
    /// A writer into a table that exists.
    pub fn new(rows: &'conn dyn Rows) -> Self {
        Writers {
            rows: Writer::new(rows, &schema::OBSERVATIONS),
        }
    }

    /// How many rows there are by now.
    pub fn rows(&self) -> u64 {
        self.rows.rows()
    }

    /// Writes a patient's rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, chart: &Chart, random: &mut Random) -> Result<()> {
        if chart.life.years < 14 {
            return self.write_child(chart, random);
        }
        let watched = chart.has(HYPERTENSION) || chart.has(DIABETES);
        // Height in cm, weight in hundreds of grams.
        let height = if chart.life.female { 163 } else { 177 } + random.between(-9, 9);
        let index = random.between(205, 320) + if chart.has(DIABETES) { 40 } else { 0 };
        let weight = height * height * index / 10_000;
        let visits = match (watched, random.below(100)) {
            (true, 0..20) => 3,
            (true, _) => 2,
            (false, 0..16) => 1,
            _ => 0,
        };
        for visit in 0..visits {
            let day = chart.recent(random, 900);
            let at = (day, working_second(random));
            let high = i32::from(chart.has(HYPERTENSION)) * random.between(0, 28);
            let systolic = 112 + random.between(0, 22) + high;
            let diastolic = 66 + random.between(0, 16) + high / 2;
            self.write_row(chart, at, SYSTOLIC, &systolic.to_string())?;
            // Now and then only one of the two was typed.
            if self.rows.rows() % 41 != 17 {
                self.write_row(chart, at, DIASTOLIC, &diastolic.to_string())?;
            }
            if chart.has(ATRIAL_FIBRILLATION) || random.chance(25) {
                let pulse = random.between(58, 96);
                self.write_row(chart, at, PULSE, &pulse.to_string())?;
            }
            if visit == 0 && random.chance(45) {
                self.write_row(chart, at, HEIGHT, &height.to_string())?;
                self.write_row(chart, at, WEIGHT, &tenths(weight))?;
                self.write_row(chart, at, BODY_MASS_INDEX, &tenths(index))?;
            }
            if visit == 0 && chart.has(DIABETES) {
                let waist = weight / 11 + random.between(15, 30);
                self.write_row(chart, at, WAIST, &waist.to_string())?;
                self.write_row(chart, at, HIP, &(waist + 6).to_string())?;
                let glucose = tenths(random.between(55, 140));
                self.write_row(chart, at, GLUCOSE, &glucose)?;
            }
        }
        Ok(())
    }

    fn write_child(&mut self, chart: &Chart, random: &mut Random) -> Result<()> {
        for _ in 0..random.below(3) {
            let day = chart.recent(random, 1200);
            let at = (day, working_second(random));
            let months = (day.0 - chart.life.born.0) / 30;
            let height = growth(
                months,
                &[(0, 50), (12, 75), (24, 87), (60, 109), (168, 162)],
            );
            let weight = growth(
                months,
                &[(0, 35), (12, 95), (24, 122), (60, 184), (168, 500)],
            );
            let height = height + random.between(-2, 3);
            let weight = weight + weight * random.between(-8, 8) / 100;
            self.write_row(chart, at, HEIGHT, &height.to_string())?;
            self.write_row(chart, at, WEIGHT, &tenths(weight))?;
            if months < 24 {
                let head = growth(months, &[(0, 345), (12, 460), (24, 480)]);
                self.write_row(chart, at, HEAD, &tenths(head + random.between(-8, 8)))?;
            }
            if random.chance(40) {
                let heat = tenths(random.between(362, 391));
                self.write_row(chart, at, TEMPERATURE, &heat)?;
            }
        }
        Ok(())
    }

    fn write_row(&mut self, chart: &Chart, at: (Day, i32), kind: Kind, value: &str) -> Result<()> {
        let id = next_key(self.rows.rows());
        let (day, second) = at;
        // What follows from other values is not refused, nor is half of a pressure.
        let asked = ![SYSTOLIC, DIASTOLIC, BODY_MASS_INDEX].contains(&kind);
        let value = match id {
            // Typed where a number was asked for.
            n if n % 23 == 20 && asked => "refused",
            n if n % 97 == 50 => "",
            _ => value,
        };
        self.rows
            .set("RECORDID", id)
            .set("RECORDSTATUS", record_status(id))
            .set("INTERNALID", chart.key())
            .set("OBSDATE", day.midnight())
            .set("OBSTIME", second)
            .set("DATANAME", kind.1)
            .set("DATACODE", kind.0)
            .set("DATAVALUE", value)
            .set("MODIFIER", "")
            .set("CREATED", day.at(second));
        self.rows.insert()
    }
}

/// A number of tenths with its point.
fn tenths(number: i32) -> String {
    format!("{}.{}", number / 10, number % 10)
}

/// What stands at an age in months, on the line between two points of a curve.
fn growth(months: i32, curve: &[(i32, i32)]) -> i32 {
    let mut low = curve.first().copied().unwrap_or_default();
    for &high in curve {
        if months < high.0 {
            let (from, until) = (low.0, high.0);
            return low.1 + (high.1 - low.1) * (months - from) / (until - from).max(1);
        }
        low = high;
    }
    low.1
}
