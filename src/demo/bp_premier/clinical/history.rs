//! History, reactions, and what was asked once: allergies and smoking.

use super::{Chart, Smoking, changed, next_key, record_status, working_second};
use crate::demo::Result;
use crate::demo::bp_premier::lookups::{UNKNOWN_CODE, severity};
use crate::demo::bp_premier::schema::clinical as schema;
use crate::demo::calendar::Day;
use crate::demo::random::Random;
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// What passed, with the product's code for it: in children, and in adults.
const PASSED_IN_CHILDREN: &[(&str, i32)] = &[
    ("Acute otitis media", 3201),
    ("Bronchiolitis", 3202),
    ("Croup", 3203),
    ("Tonsillitis", 3204),
    ("Greenstick fracture - forearm", 3205),
    ("Hand, foot and mouth disease", 3206),
];
const PASSED_IN_ADULTS: &[(&str, i32)] = &[
    ("Urinary tract infection", 3211),
    ("Acute bronchitis", 3212),
    ("Fracture - distal radius", 3213),
    ("Herpes zoster", 3214),
    ("Pneumonia", 3215),
    ("Sciatica", 3216),
    ("Iron deficiency anaemia", 3217),
    ("Basal cell carcinoma", 3218),
    ("Ménière's disease", 3219),
];

/// Operations, with the product's code for each, and from what age on.
const OPERATIONS: &[(&str, i32, i32)] = &[
    ("Grommets", 3301, 1),
    ("Tonsillectomy", 3302, 3),
    ("Appendicectomy", 3303, 6),
    ("Inguinal hernia repair", 3304, 18),
    ("Knee arthroscopy", 3305, 20),
    ("Cholecystectomy", 3306, 25),
    ("Carpal tunnel release", 3307, 35),
    ("Excision of skin lesion", 3308, 40),
    ("Total knee replacement - left", 3309, 55),
    ("Cataract extraction - right", 3310, 60),
];

/// What people react to: type, code, name, what happens, with its code, and how bad it is.
type Reaction = (i32, i32, &'static str, &'static str, i32, i32);
const REACTIONS: &[Reaction] = &[
    (3, 501, "Penicillins", "Rash", 11, severity::MODERATE),
    (2, 502, "Amoxicillin", "Urticaria", 12, severity::MODERATE),
    (3, 503, "Sulfonamides", "Rash", 11, severity::MILD),
    (2, 504, "Codeine", "Nausea and vomiting", 13, severity::MILD),
    (3, 501, "Penicillins", "Anaphylaxis", 14, severity::SEVERE),
    (2, 505, "Ibuprofen", "Bronchospasm", 15, severity::SEVERE),
    (
        1,
        506,
        "Cefalexin 500 mg capsule",
        "Diarrhoea",
        16,
        severity::MILD,
    ),
    (2, 507, "Trimethoprim", "Rash", 11, severity::MODERATE),
    // Types that are no drugs.
    (4, 508, "Peanuts", "Anaphylaxis", 14, severity::SEVERE),
    (4, 509, "Bee venom", "Angioedema", 17, severity::SEVERE),
    (0, 0, "Latex", "Contact dermatitis", 18, severity::MILD),
];

/// Writes the tables of this file.
pub struct Writers<'conn> {
    history: Writer<'conn>,
    reactions: Writer<'conn>,
    clinical: Writer<'conn>,
}

/// One entry of the history before it is written.
struct Entry {
    name: &'static str,
    code: i32,
    began: Day,
    active: bool,
    operation: bool,
}

impl<'conn> Writers<'conn> {
    /// Writers into tables that exist.
    pub fn new(rows: &'conn dyn Rows) -> Self {
        Writers {
            history: Writer::new(rows, &schema::PASTHISTORY),
            reactions: Writer::new(rows, &schema::REACTIONS),
            clinical: Writer::new(rows, &schema::CLINICAL),
        }
    }

    /// How many rows there are by now.
    pub fn rows(&self) -> u64 {
        self.history.rows() + self.reactions.rows() + self.clinical.rows()
    }

    /// Writes a patient's rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, chart: &Chart, random: &mut Random) -> Result<()> {
        let life = &chart.life;
        for illness in &chart.illnesses {
            let first = life.born.plus(illness.from * 365).0;
            let began = Day(random.between(first, life.until.0.max(first)));
            self.write_entry(
                chart,
                &Entry {
                    name: illness.name,
                    code: illness.code,
                    began: began.min(life.until),
                    active: true,
                    operation: false,
                },
                random,
            )?;
        }
        if random.chance(22) {
            let list = if life.years < 18 {
                PASSED_IN_CHILDREN
            } else {
                PASSED_IN_ADULTS
            };
            let (name, code) = random.pick(list);
            let began = Day(random.between(life.until.0 - 3000, life.until.0)).max(life.born);
            self.write_entry(
                chart,
                &Entry {
                    name,
                    code,
                    began,
                    active: false,
                    operation: false,
                },
                random,
            )?;
        }
        if chart.smoking == Smoking::Current && random.chance(40) {
            let began = chart.recent(random, 1500);
            self.write_entry(
                chart,
                &Entry {
                    name: "Chronic cough",
                    code: 3220,
                    began,
                    active: true,
                    operation: false,
                },
                random,
            )?;
        }
        if random.chance(28) {
            let (name, code, age) = random.pick(OPERATIONS);
            if life.years >= age {
                let first = life.born.plus(age * 365).0;
                let began = Day(random.between(first, life.until.0.max(first)));
                self.write_entry(
                    chart,
                    &Entry {
                        name,
                        code,
                        began: began.min(life.until),
                        active: false,
                        operation: true,
                    },
                    random,
                )?;
            }
        }
        let reactions = match random.below(100) {
            _ if life.number % 45 == 20 => 2,
            0..11 => 1,
            11..13 => 2,
            _ => 0,
        };
        let first = random.below(11) as usize;
        for step in 0..reactions {
            let reaction = REACTIONS.get((first + step * 4) % REACTIONS.len());
            if let Some(reaction) = reaction {
                self.write_reaction(chart, reaction, random)?;
            }
        }
        self.write_clinical(chart, reactions > 0, random)
    }

    fn write_entry(&mut self, chart: &Chart, entry: &Entry, random: &mut Random) -> Result<()> {
        let id = next_key(self.history.rows());
        let made = Day(random.between(entry.began.max(chart.life.since).0, chart.life.until.0))
            .at(working_second(random));
        // What people remember of when it began.
        let (year, month, day) = entry.began.civil();
        let (year, month, day) = match id % 10 {
            1 | 4 | 8 => (Some(year), Some(0), Some(0)),
            2 | 7 => (Some(year), Some(month), Some(0)),
            5 if id % 50 == 35 => (None, None, None),
            5 => (Some(0), Some(0), Some(0)),
            _ => (Some(year), Some(month), Some(day)),
        };
        let status = match id {
            n if n % 59 == 24 => Some(UNKNOWN_CODE),
            n if n % 53 == 19 => None,
            _ if entry.active => Some(1),
            _ => Some(2),
        };
        let severe = match id % 12 {
            3 => Some(severity::MILD),
            6 => Some(severity::MODERATE),
            9 => Some(severity::SEVERE),
            10 => None,
            11 if id % 36 == 35 => Some(UNKNOWN_CODE),
            _ => Some(0),
        };
        let details = match id % 9 {
            0 => Some("Diagnosed elsewhere; \"see letter\""),
            1..=4 => Some(""),
            _ => None,
        };
        let user = if id % 23 == 6 { 0 } else { chart.doctor };
        self.history
            .set("RECORDID", id)
            .set("RECORDSTATUS", record_status(id))
            .set("INTERNALID", chart.key())
            .set("USERID", user)
            .set("YEAR", year)
            .set("MONTH", month)
            .set("DAY", day)
            .set("ITEMTEXT", entry.name)
            .set("ITEMCODE", entry.code)
            .set("STATUSCODE", status)
            .set("SEVERITYCODE", severe)
            .set(
                "PROVISIONAL",
                (id % 29 != 13).then_some(i32::from(id % 14 == 5)),
            )
            .set("DETAILS", if entry.operation { None } else { details })
            .set(
                "OPERATION",
                // Rows of before there was such a thing.
                (entry.operation || id % 31 != 9).then_some(i32::from(entry.operation)),
            )
            .set("CREATED", made)
            .set("UPDATED", changed(made, id, chart.life.until));
        self.history.insert()
    }

    fn write_reaction(
        &mut self,
        chart: &Chart,
        reaction: &Reaction,
        random: &mut Random,
    ) -> Result<()> {
        let (kind, item, name, happens, code, how_bad) = *reaction;
        let id = next_key(self.reactions.rows());
        let made = chart.recent(random, 4000).at(working_second(random));
        let comment = match id % 5 {
            0 => Some("Reported by the patient"),
            1 | 2 => Some(""),
            _ => None,
        };
        // That something is not tolerated, without how.
        let happens = match id % 9 {
            4 => Some(""),
            8 => None,
            _ => Some(happens),
        };
        self.reactions
            .set("RECORDID", id)
            .set("RECORDSTATUS", record_status(id + 4))
            .set("INTERNALID", chart.key())
            .set("ITEMTYPE", kind)
            .set("ITEMCODE", item)
            .set("ITEMNAME", name)
            .set("REACTIONCODE", code)
            .set("REACTION", happens)
            .set("SEVERITY", if id % 6 == 2 { 0 } else { how_bad })
            .set("COMMENT", comment)
            .set("CREATED", made)
            .set("UPDATED", changed(made, id, chart.life.until));
        self.reactions.insert()
    }

    fn write_clinical(&mut self, chart: &Chart, reacts: bool, random: &mut Random) -> Result<()> {
        let asked = random.chance(65);
        if chart.life.number % 11 == 7 && !reacts {
            return Ok(());
        }
        let made = chart.life.since.at(61_300);
        let since = chart.life.until.0 - made.day.0;
        let touched = (since > 0 && random.chance(60)).then(|| {
            made.day
                .plus(random.between(1, since))
                .at(working_second(random))
        });
        self.clinical
            .set("INTERNALID", chart.key())
            .set(
                "KNOWNALLERGIES",
                match (reacts, asked) {
                    (true, _) => 2,
                    (false, true) => 1,
                    (false, false) => 0,
                },
            )
            .set(
                "SMOKINGSTATUS",
                (chart.life.years >= 10).then_some(chart.smoking as i32),
            )
            .set("CREATED", made)
            .set("UPDATED", touched);
        self.clinical.insert()
    }
}
