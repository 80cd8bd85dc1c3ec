//! Letters that came in and went out: who wrote, when, and about what. Their text is not kept here.

use super::{Chart, next_key, record_status, working_second};
use crate::demo::Result;
use crate::demo::bp_premier::schema::clinical as schema;
use crate::demo::names::SURNAMES;
use crate::demo::random::Random;
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

const CAME_IN: &[(&str, &str)] = &[
    ("Specialist letter", "Cardiology review"),
    ("Specialist letter", "Dermatology – skin check"),
    ("Discharge summary", "Emergency department discharge"),
    ("Discharge summary", "Day surgery discharge"),
    ("Allied health", "Physiotherapy progress"),
    ("Allied health", "Dietitian's assessment"),
    ("", "Consent to share records"),
];
const WENT_OUT: &[(&str, &str)] = &[
    ("Referral letter", "Referral to ophthalmology"),
    ("Referral letter", "Referral to orthopaedics"),
    ("Certificate", "Medical certificate"),
    ("Letter", "Summary for transfer of care"),
];

/// Writes the tables of this file.
pub struct Writers<'conn> {
    came: Writer<'conn>,
    went: Writer<'conn>,
}

impl<'conn> Writers<'conn> {
    /// Writers into tables that exist.
    pub fn new(rows: &'conn dyn Rows) -> Self {
        Writers {
            came: Writer::new(rows, &schema::CORRESPONDENCEIN),
            went: Writer::new(rows, &schema::CORRESPONDENCEOUT),
        }
    }

    /// How many rows there are by now.
    pub fn rows(&self) -> u64 {
        self.came.rows() + self.went.rows()
    }

    /// Writes a patient's rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, chart: &Chart, random: &mut Random) -> Result<()> {
        let ill = !chart.illnesses.is_empty();
        if random.chance(if ill { 45 } else { 12 }) {
            let id = next_key(self.came.rows());
            let day = chart.recent(random, 1500);
            let (category, subject) = random.pick(CAME_IN);
            let contact = format!("Dr {} (example)", random.pick(SURNAMES));
            self.came
                .set("DOCUMENTID", id)
                .set("RECORDSTATUS", record_status(id))
                .set("INTERNALID", chart.key())
                .set("USERID", chart.doctor)
                .set(
                    "CORRESPONDENCEDATE",
                    (id % 31 != 14).then(|| day.midnight()),
                )
                .set("CATEGORY", category)
                .set("SUBJECT", if id % 21 == 5 { "" } else { subject })
                .set("CONTACTNAME", (id % 8 != 3).then_some(&contact))
                .set("CREATED", day.at(working_second(random)));
            self.came.insert()?;
        }
        if random.chance(if ill { 30 } else { 8 }) {
            let id = next_key(self.went.rows());
            let day = chart.recent(random, 1500);
            let (category, subject) = random.pick(WENT_OUT);
            self.went
                .set("RECORDID", id)
                .set("RECORDSTATUS", if id % 17 == 6 { 2 } else { 1 })
                .set("INTERNALID", chart.key())
                .set("USERID", if id % 13 == 4 { 0 } else { chart.doctor })
                .set("CORRESPONDENCEDATE", day.midnight())
                .set("CATEGORY", category)
                .set("SUBJECT", subject)
                .set("CONTACTNAME", "")
                .set("CREATED", day.at(working_second(random)));
            self.went.insert()?;
        }
        Ok(())
    }
}
