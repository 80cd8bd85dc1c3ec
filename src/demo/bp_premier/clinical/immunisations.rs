//! Immunisations: children by the Australian schedule, adults against influenza and what comes with age.

use super::{Chart, next_key, record_status, weekday, working_second};
use crate::demo::Result;
use crate::demo::bp_premier::schema::clinical as schema;
use crate::demo::bp_premier::staff::NURSES;
use crate::demo::calendar::Day;
use crate::demo::random::Random;
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// A vaccine: its key, its name, and whether it is swallowed.
#[derive(Clone, Copy)]
struct Vaccine(i32, &'static str, bool);

const HEXAVALENT: Vaccine = Vaccine(701, "DTPa-hepB-IPV-Hib", false);
const PNEUMOCOCCAL: Vaccine = Vaccine(702, "Pneumococcal conjugate", false);
const ROTAVIRUS: Vaccine = Vaccine(703, "Rotavirus live attenuated", true);
const ACWY: Vaccine = Vaccine(704, "Meningococcal ACWY conjugate", false);
const MMR: Vaccine = Vaccine(705, "Measles-mumps-rubella", false);
const MMRV: Vaccine = Vaccine(706, "Measles-mumps-rubella-varicella", false);
const DTPA: Vaccine = Vaccine(707, "DTPa", false);
const HIB: Vaccine = Vaccine(708, "Haemophilus influenzae type b", false);
const DTPA_IPV: Vaccine = Vaccine(709, "DTPa-IPV", false);
const INFLUENZA: Vaccine = Vaccine(710, "Influenza inactivated", false);
const ZOSTER: Vaccine = Vaccine(711, "Herpes zoster recombinant", false);
const BOOSTER: Vaccine = Vaccine(712, "dTpa (adolescent and adult)", false);

/// The schedule: at how many days of age, what, and which dose of it.
const SCHEDULE: &[(i32, Vaccine, i32)] = &[
    (61, HEXAVALENT, 1),
    (61, PNEUMOCOCCAL, 1),
    (61, ROTAVIRUS, 1),
    (122, HEXAVALENT, 2),
    (122, PNEUMOCOCCAL, 2),
    (122, ROTAVIRUS, 2),
    (183, HEXAVALENT, 3),
    (365, ACWY, 1),
    (365, MMR, 1),
    (365, PNEUMOCOCCAL, 3),
    (548, MMRV, 1),
    (548, DTPA, 4),
    (548, HIB, 4),
    (1461, DTPA_IPV, 5),
];

/// The years of age until which the childhood's immunisations are on record.
const CHILDHOOD: i32 = 14;

/// Writes the table of this file.
pub struct Writers<'conn> {
    given: Writer<'conn>,
}

impl<'conn> Writers<'conn> {
    /// A writer into a table that exists.
    pub fn new(rows: &'conn dyn Rows) -> Self {
        Writers {
            given: Writer::new(rows, &schema::IMMUNISATIONS),
        }
    }

    /// How many rows there are by now.
    pub fn rows(&self) -> u64 {
        self.given.rows()
    }

    /// Writes a patient's rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, chart: &Chart, random: &mut Random) -> Result<()> {
        let life = &chart.life;
        if life.years < CHILDHOOD {
            for (age, vaccine, dose) in SCHEDULE {
                // Never early, and seldom much too late.
                let late = random.between(0, 12) + if random.chance(5) { 60 } else { 0 };
                let day = life.born.plus(age + late);
                if day <= life.until {
                    self.write_row(chart, *vaccine, *dose, day, random)?;
                }
            }
            return Ok(());
        }
        let (year, _, _) = life.until.civil();
        let likely = if life.years >= 65 { 60 } else { 14 };
        for back in 0..2 {
            let (of, month, _) = life.until.civil();
            // In autumn, before the winter's influenza.
            let autumn = Day::of(jiff::civil::Date::constant(2000, 4, 10));
            let day = autumn.plus((year - back - 2000) * 1461 / 4 + random.between(0, 50));
            let passed = day <= life.until && (of, month) >= (year - back, 4);
            if random.chance(likely) && passed {
                let day = weekday(day, life.born);
                self.write_row(chart, INFLUENZA, 0, day, random)?;
            }
        }
        if life.years >= 66 && random.chance(50) {
            let first = chart.recent(random, 1000);
            self.write_row(chart, ZOSTER, 1, first, random)?;
            let second = first.plus(random.between(60, 180));
            if second <= life.until {
                self.write_row(chart, ZOSTER, 2, second, random)?;
            }
        } else if random.chance(6) {
            let day = chart.recent(random, 3000);
            self.write_row(chart, BOOSTER, 1, day, random)?;
        }
        Ok(())
    }

    fn write_row(
        &mut self,
        chart: &Chart,
        vaccine: Vaccine,
        dose: i32,
        day: Day,
        random: &mut Random,
    ) -> Result<()> {
        let Vaccine(key, name, swallowed) = vaccine;
        let id = next_key(self.given.rows());
        let elsewhere = day < chart.life.since || random.chance(4);
        let made = day.max(chart.life.since).at(working_second(random));
        let batch = format!("A{}B{:03}", key, random.below(1000));
        let batch = match (elsewhere, id % 2) {
            (true, 0) => None,
            (true, _) => Some(""),
            _ => Some(batch.as_str()),
        };
        let nurse = random.pick(&NURSES);
        let expires = day.plus(random.between(60, 500)).midnight();
        self.given
            .set("RECORDID", id)
            .set("RECORDSTATUS", record_status(id))
            .set("INTERNALID", chart.key())
            .set("GIVENDATE", (id % 43 != 20).then(|| day.midnight()))
            .set("VACCINENAME", name)
            .set("VACCINEID", key)
            .set("BATCHNUMBER", batch)
            .set("SEQUENCE", if id % 31 == 9 { None } else { Some(dose) })
            .set(
                "SITECODE",
                if swallowed {
                    0
                } else {
                    1 + random.between(0, 3)
                },
            )
            .set("ROUTE", if swallowed { "Oral" } else { "Intramuscular" })
            .set(
                "NOTGIVENHERE",
                (id % 47 != 8).then_some(i32::from(elsewhere)),
            )
            .set("ADMINISTEREDBY", if elsewhere { 0 } else { nurse })
            .set("EXPIRYDATE", (!elsewhere).then_some(expires))
            .set("CREATED", made);
        self.given.insert()
    }
}
