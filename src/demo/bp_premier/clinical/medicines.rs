//! Medicines: what is taken, and the prescriptions for it.

use super::{Chart, changed, next_key, record_status, working_second};
use crate::demo::Result;
use crate::demo::bp_premier::schema::clinical as schema;
use crate::demo::bp_premier::staff::LOCATION_IDS;
use crate::demo::calendar::Day;
use crate::demo::illnesses::Medicine;
use crate::demo::random::Random;
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// What was taken for a while.
static FOR_A_WHILE: &[Medicine] = &[
    Medicine {
        product: 151,
        name: "Doxycycline 100 mg tablet",
        dose: "1 tablet",
        frequency: "Daily",
        food: "With food",
        route: "Oral",
        as_needed: false,
        quantity: 7,
        repeats: 0,
    },
    Medicine {
        product: 152,
        name: "Prednisolone 25 mg tablet",
        dose: "2 tablets",
        frequency: "In the morning",
        food: "With food",
        route: "Oral",
        as_needed: false,
        quantity: 30,
        repeats: 0,
    },
    Medicine {
        product: 153,
        name: "Loratadine 10 mg tablet",
        dose: "1 tablet",
        frequency: "Daily",
        food: "",
        route: "Oral",
        as_needed: true,
        quantity: 30,
        repeats: 1,
    },
];

/// Writes the tables of this file.
pub struct Writers<'conn> {
    current: Writer<'conn>,
    scripts: Writer<'conn>,
    items: Writer<'conn>,
}

/// A medicine of a patient, before it is written.
struct Taken {
    medicine: &'static Medicine,
    indication: &'static str,
    first: Day,
    last: Day,
    ceased: Option<Day>,
}

impl<'conn> Writers<'conn> {
    /// Writers into tables that exist.
    pub fn new(rows: &'conn dyn Rows) -> Self {
        Writers {
            current: Writer::new(rows, &schema::CURRENTRX),
            scripts: Writer::new(rows, &schema::PRESCRIPTIONS),
            items: Writer::new(rows, &schema::SCRIPTITEMS),
        }
    }

    /// How many rows there are by now.
    pub fn rows(&self) -> u64 {
        self.current.rows() + self.scripts.rows() + self.items.rows()
    }

    /// Writes a patient's rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, chart: &Chart, random: &mut Random) -> Result<()> {
        let last = chart.recent(random, 170);
        let mut taken: Vec<Taken> = Vec::new();
        for illness in &chart.illnesses {
            for medicine in illness.medicines {
                let first = Day(random.between(last.0.min(chart.life.since.0), last.0));
                taken.push(Taken {
                    medicine,
                    indication: illness.name,
                    first,
                    last,
                    ceased: None,
                });
            }
        }
        if !taken.is_empty() {
            self.write_script(chart, &taken, last, random)?;
            let earlier = last.plus(-random.between(150, 200));
            if earlier >= chart.life.since && random.chance(15) {
                self.write_script(chart, &taken, earlier, random)?;
            }
        }
        if chart.life.years >= 18 && random.chance(8) {
            let picked = random.below(3) as usize;
            if let Some(medicine) = FOR_A_WHILE.get(picked) {
                let first = chart.recent(random, 700);
                let ceased = first.plus(random.between(7, 21));
                let short = Taken {
                    medicine,
                    indication: "",
                    first,
                    last: first,
                    ceased: (ceased <= chart.life.until).then_some(ceased),
                };
                self.write_script(chart, std::slice::from_ref(&short), first, random)?;
                taken.push(short);
            }
        }
        for one in &taken {
            self.write_current(chart, one, random)?;
        }
        Ok(())
    }

    fn write_current(&mut self, chart: &Chart, taken: &Taken, random: &mut Random) -> Result<()> {
        let id = next_key(self.current.rows());
        let medicine = taken.medicine;
        let made = taken.first.at(working_second(random));
        // Something is stopped now and then, some time after it was last prescribed.
        let stopped = id % 16 == 7;
        let ceased = taken
            .ceased
            .or_else(|| stopped.then(|| Day(random.between(taken.last.0, chart.life.until.0))));
        let long = taken.ceased.is_none() && !taken.indication.is_empty();
        self.current
            .set("RECORDID", id)
            .set("RECORDSTATUS", record_status(id))
            .set("INTERNALID", chart.key())
            .set("USERID", if id % 26 == 3 { 0 } else { chart.doctor })
            .set("PRODUCTID", medicine.product)
            .set("DRUGNAME", medicine.name)
            .set("RXSTATUS", if long { 1 } else { 2 })
            .set("DOSE", medicine.dose)
            .set("FREQUENCY", (id % 19 != 4).then_some(medicine.frequency))
            .set("FOOD", medicine.food)
            .set("ROUTE", medicine.route)
            .set("PRN", i32::from(medicine.as_needed))
            .set(
                "INSTRUCTIONS",
                match id % 8 {
                    5 if medicine.repeats == 0 => Some("Until all taken"),
                    5 => Some("Long term"),
                    1..=3 => Some(""),
                    _ => None,
                },
            )
            .set("QUANTITY", medicine.quantity)
            .set("REPEATS", medicine.repeats)
            .set("FIRSTDATE", (id % 22 != 9).then(|| taken.first.midnight()))
            .set("LASTDATE", taken.last.midnight())
            .set("INDICATION", (id % 7 != 5).then_some(taken.indication))
            .set("DELETIONDATE", ceased.map(Day::midnight))
            .set("CREATED", made)
            .set(
                "UPDATED",
                // What stops is changed on that day.
                ceased
                    .map(|day| day.at(made.second))
                    .or_else(|| changed(made, id, chart.life.until)),
            );
        self.current.insert()
    }

    fn write_script(
        &mut self,
        chart: &Chart,
        taken: &[Taken],
        day: Day,
        random: &mut Random,
    ) -> Result<()> {
        let script = next_key(self.scripts.rows());
        let made = day.at(working_second(random));
        let place = random.below(2) as usize;
        self.scripts
            .set("SCRIPTID", script)
            .set("RECORDSTATUS", 1)
            .set("INTERNALID", chart.key())
            .set("USERID", chart.doctor)
            .set("LOCATIONID", LOCATION_IDS.get(place).copied())
            .set("SCRIPTDATE", day.midnight())
            .set("AUTHORITYNUMBER", "")
            .set("CREATED", made);
        self.scripts.insert()?;
        for one in taken {
            let id = next_key(self.items.rows());
            let medicine = one.medicine;
            self.items
                .set("RECORDID", id)
                .set("RECORDSTATUS", record_status(id))
                .set("SCRIPTID", script)
                .set("PRODUCTID", medicine.product)
                .set("PRODUCTNAME", medicine.name)
                .set("DOSE", medicine.dose)
                .set("FREQUENCY", medicine.frequency)
                .set("QUANTITY", (id % 17 != 6).then_some(medicine.quantity))
                .set("REPEATS", medicine.repeats)
                .set("CREATED", made);
            self.items.insert()?;
        }
        Ok(())
    }
}
