//! CLINICAL, but for what comes of appointments: what each patient has, takes, reacts to and was given.
//!
//! A deleted patient's record is there too, marked as deleted: the patient's own row is in the other database.

use super::{FIRST_DOCTOR, Known, NO_DAY, NURSES, code, deleted, flag, schema, touched};
use crate::demo::Result;
use crate::demo::calendar::Day;
use crate::demo::illnesses::{self, Life, Medicine, Smoking};
use crate::demo::people::{Person, Standing, YEAR};
use crate::demo::random::{Random, Stream};
use crate::demo::target::Rows;
use crate::demo::writer::{Decimal, Writer};

const PASSED: &[&str] = &[
    "Urinary tract infection",
    "Acute bronchitis",
    "Fracture - distal radius",
    "Pneumonia",
    "Ménière's disease",
    "Tonsillitis",
];
const PROCEDURES: &[&str] = &[
    "Excision of skin lesion",
    "Wound suture",
    "Ear syringing",
    "Iron infusion",
    "Insertion of intrauterine device",
];
/// Substance, type, reaction, severity.
const ALLERGIES: &[(&str, &str, &str, &str)] = &[
    ("Penicillin", "Drug", "Rash", "Moderate"),
    ("Codeine", "Drug", "Nausea", "Mild"),
    ("Peanuts", "Food", "Anaphylaxis", "Severe"),
    ("Grass pollen", "Environmental", "Rhinitis", "Mild"),
    ("Bee venom", "Insect", "Angioedema", "Severe"),
    ("Latex", "Other", "", ""),
];
/// Vaccine, its code at the register, route.
const CHILDREN: &[(&str, &str, &str)] = &[
    ("Infanrix hexa", "INFNHX", "IM"),
    ("Priorix", "PRIORX", "SC"),
    ("Rotarix", "ROTRIX", "Oral"),
];
const ADULTS: &[(&str, &str, &str)] = &[
    ("Fluvax", "FLUVAX", "IM"),
    ("Influenza, brand not known", "GNFLU", ""),
];
/// Items of the benefits scheme, by how the medicine begins; others are not coded.
const PBS: &[(&str, &str)] = &[
    ("Metformin 500", "2430Q"),
    ("Atorvastatin 20", "8214H"),
    ("Amoxicillin 500", "1889K"),
];
/// Name, LOINC code, units, least and most of what is drawn in tenths, low and high of the range in hundredths.
type Test = (
    &'static str,
    &'static str,
    &'static str,
    (i32, i32),
    (Option<i64>, Option<i64>),
);
/// Report, section, tests.
const PANELS: &[(&str, &str, &[Test])] = &[
    (
        "HbA1c",
        "CH",
        &[("HbA1c", "4548-4", "%", (48, 92), (Some(400), Some(600)))],
    ),
    (
        "Lipids",
        "CH",
        &[
            (
                "Cholesterol",
                "2093-3",
                "mmol/L",
                (32, 72),
                (None, Some(550)),
            ),
            (
                "Triglycerides",
                "2571-8",
                "mmol/L",
                (4, 31),
                (None, Some(200)),
            ),
            (
                "HDL cholesterol",
                "2085-9",
                "mmol/L",
                (8, 21),
                (Some(100), None),
            ),
        ],
    ),
    (
        "Full blood count",
        "HM",
        &[(
            "Haemoglobin",
            "718-7",
            "g/L",
            (1050, 1720),
            (Some(12_000), Some(17_000)),
        )],
    ),
];

/// Writes records one after another.
pub struct Records<'s> {
    seed: u64,
    doctors: u32,
    headers: Writer<'s>,
    problems: Writer<'s>,
    procedures: Writer<'s>,
    allergies: Writer<'s>,
    medications: Writer<'s>,
    vaccinations: Writer<'s>,
    reports: Writer<'s>,
    values: Writer<'s>,
    documents: Writer<'s>,
}

/// A patient as the writers of the record see them.
struct Chart<'p> {
    person: &'p Person,
    doctor: String,
}

impl Chart<'_> {
    /// A weekday among the last `days` on which the practice knew the patient, or the first such day.
    fn recent(&self, random: &mut Random, days: i32) -> Day {
        let (since, until) = (self.person.since.day, self.person.until);
        let day = Day(random.between(since.max(until.plus(-days)).0, until.0));
        let friday = day.plus(-(day.weekday() - 4).max(0));
        if friday < since { day } else { friday }
    }
}

impl<'s> Records<'s> {
    /// A writer of records into tables that exist.
    pub fn new(rows: &'s dyn Rows, seed: u64, doctors: u32) -> Self {
        Records {
            seed,
            doctors,
            headers: Writer::new(rows, &schema::PATIENT_RECORDS),
            problems: Writer::new(rows, &schema::PROBLEMS),
            procedures: Writer::new(rows, &schema::PROCEDURES_DONE),
            allergies: Writer::new(rows, &schema::ALLERGIES),
            medications: Writer::new(rows, &schema::MEDICATIONS),
            vaccinations: Writer::new(rows, &schema::VACCINATIONS),
            reports: Writer::new(rows, &schema::RESULT_REPORTS),
            values: Writer::new(rows, &schema::RESULT_VALUES),
            documents: Writer::new(rows, &schema::DOCUMENTS),
        }
    }

    /// Writes a patient's record. Gives what the book needs of it.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, person: &Person) -> Result<Option<Known>> {
        let mut random = Random::new(self.seed, Stream::Health, u64::from(person.number));
        let random = &mut random;
        let chart = Chart {
            person,
            doctor: code(FIRST_DOCTOR + person.number % self.doctors),
        };
        let life = Life {
            number: person.number,
            born: person.born,
            years: (person.until.0 - person.born.0) / YEAR,
            female: person.female,
            since: person.since.day,
            until: person.until,
            dead: person.died.is_some(),
        };
        let smoking = match (life.years >= 16, random.below(100)) {
            (false, _) | (_, 0..15) => Smoking::Unknown,
            (_, 15..70) => Smoking::Never,
            (_, 70..87) => Smoking::Former,
            _ => Smoking::Current,
        };
        let mut known = Known {
            since: life.since,
            until: if life.dead { life.until } else { Day(i32::MAX) },
            adult: person.adult,
            problem: None,
            medicine: None,
        };
        for illness in illnesses::draw(&life, smoking, random) {
            let first = life.born.plus(illness.from * YEAR).min(life.until);
            let began = Day(random.between(first.0, life.until.0));
            let problem = self.write_problem(&chart, illness.name, began, "A", random)?;
            let first = known.problem.is_none();
            if first {
                known.problem = problem.map(|id| (id, illness.name));
            }
            for medicine in illness.medicines {
                let id =
                    self.write_medication(&chart, medicine, (problem, illness.name), random)?;
                if first && known.medicine.is_none() {
                    known.medicine = id.map(|id| (id, medicine));
                }
            }
        }
        if random.chance(30) {
            let began = Day(random.between(life.until.0 - 3000, life.until.0)).max(life.born);
            let state = random.pick(&["R", "R", "I", "P"]);
            self.write_problem(&chart, random.pick(PASSED), began, state, random)?;
        }
        if random.chance(18) {
            self.write_procedure(&chart, known.problem, random)?;
        }
        let reacts = random.chance(22);
        if reacts {
            self.write_allergy(&chart, random)?;
        }
        self.write_header(&chart, reacts, smoking, random)?;
        if random.chance(45) {
            self.write_vaccination(&chart, random)?;
        }
        for panel in PANELS {
            if random.chance(if known.problem.is_some() { 60 } else { 8 }) {
                self.write_report(&chart, panel, random)?;
            }
        }
        if random.chance(25) {
            self.write_document(&chart, random)?;
        }
        Ok(Some(known))
    }

    fn write_header(
        &mut self,
        chart: &Chart<'_>,
        reacts: bool,
        smoking: Smoking,
        random: &mut Random,
    ) -> Result<()> {
        let person = chart.person;
        let day = chart.recent(random, 2000);
        let asked = smoking != Smoking::Unknown;
        self.headers
            .set("PATIENT_ID", person.key())
            .set(
                "ALLERGY_STATUS",
                if reacts {
                    "K"
                } else {
                    random.pick(&["N", "N", "U", ""])
                },
            )
            .set(
                "SMOKING_STATUS",
                match smoking {
                    Smoking::Unknown => None,
                    Smoking::Never => Some("Never"),
                    Smoking::Former => Some("Ex-smoker"),
                    Smoking::Current => Some("Smoker"),
                },
            )
            .set(
                "SMOKING_ASSESSED",
                if asked && person.number % 7 != 3 {
                    day
                } else {
                    NO_DAY
                },
            )
            .set(
                "CIGARETTES_PER_DAY",
                if smoking == Smoking::Current {
                    random.between(0, 25)
                } else {
                    0
                },
            )
            .set("DELETED", flag(person.standing == Standing::Deleted))
            .set("LAST_UPDATED", day.at(40_000));
        self.headers.insert()
    }

    /// Gives the problem's key, where others may refer to it.
    fn write_problem(
        &mut self,
        chart: &Chart<'_>,
        name: &str,
        began: Day,
        state: &str,
        random: &mut Random,
    ) -> Result<Option<i64>> {
        let id = self.problems.next_key();
        let (year, month, day) = began.civil();
        // How well the day is known.
        let known = random.below(10);
        let made = began
            .max(chart.person.since.day)
            .at(random.between(30_600, 61_200));
        let over =
            (state == "R").then(|| began.plus(random.between(0, 60)).min(chart.person.until));
        let gone = deleted(id);
        self.problems
            .set("PROBLEM_ID", id)
            .set("PATIENT_ID", chart.person.key())
            .set("DOCTOR_CODE", &chart.doctor)
            .set("PROBLEM", name)
            .set("STATUS", if id % 53 == 9 { "?" } else { state })
            .set(
                "SEVERITY",
                random.pick(&["", "", "", "Mild", "Moderate", "Severe"]),
            )
            .set("ONSET_YEAR", if known == 9 { 0 } else { year })
            .set("ONSET_MONTH", if known < 7 { month } else { 0 })
            .set("ONSET_DAY", if known < 5 { day } else { 0 })
            .set("RESOLVED_DATE", over.unwrap_or(NO_DAY))
            .set("COMMENTS", (id % 6 == 2).then_some("Seen by a specialist"))
            .set("DELETED", gone)
            .set("CREATED", made)
            .set("LAST_UPDATED", touched(made, id));
        self.problems.insert()?;
        Ok((gone != Some("T")).then_some(id))
    }

    fn write_procedure(
        &mut self,
        chart: &Chart<'_>,
        problem: Option<(i64, &str)>,
        random: &mut Random,
    ) -> Result<()> {
        let id = self.procedures.next_key();
        let day = chart.recent(random, 3000);
        self.procedures
            .set("PROCEDURE_ID", id)
            .set("PATIENT_ID", chart.person.key())
            .set("DOCTOR_CODE", &chart.doctor)
            .set("PROCEDURE_NAME", random.pick(PROCEDURES))
            .set("DONE_DATE", if id % 9 == 4 { NO_DAY } else { day })
            .set("REASON", problem.map(|(_, name)| name))
            .set("PROBLEM_ID", problem.map(|(id, _)| id))
            .set("COMMENTS", (id % 4 == 1).then_some("No complications"))
            .set("DELETED", deleted(id))
            .set("LAST_UPDATED", touched(day.at(50_000), id));
        self.procedures.insert()
    }

    fn write_allergy(&mut self, chart: &Chart<'_>, random: &mut Random) -> Result<()> {
        let id = self.allergies.next_key();
        let (substance, kind, reaction, severity) = random.pick(ALLERGIES);
        let made = chart
            .recent(random, 4000)
            .at(random.between(30_600, 61_200));
        let onset = Day(random.between(chart.person.born.0, made.day.0));
        self.allergies
            .set("ALLERGY_ID", id)
            .set("PATIENT_ID", chart.person.key())
            .set("DOCTOR_CODE", &chart.doctor)
            .set("SUBSTANCE", substance)
            .set("ALLERGY_TYPE", kind)
            .set("REACTION", reaction)
            .set("SEVERITY", severity)
            .set("ONSET_DATE", if id % 3 == 0 { onset } else { NO_DAY })
            .set(
                "INACTIVE",
                if id % 14 == 5 {
                    Some("T")
                } else {
                    (id % 2 == 0).then_some("F")
                },
            )
            .set(
                "COMMENTS",
                (id % 5 == 1).then_some("Reported by the patient"),
            )
            .set("DELETED", deleted(id))
            .set("CREATED", made)
            .set("LAST_UPDATED", touched(made, id));
        self.allergies.insert()
    }

    fn write_medication(
        &mut self,
        chart: &Chart<'_>,
        medicine: &Medicine,
        why: (Option<i64>, &str),
        random: &mut Random,
    ) -> Result<Option<i64>> {
        let id = self.medications.next_key();
        let made = chart
            .recent(random, 1500)
            .at(random.between(30_600, 61_200));
        let over = (id % 8 == 6).then(|| Day(random.between(made.day.0, chart.person.until.0)));
        let gone = deleted(id);
        self.medications
            .set("MEDICATION_ID", id)
            .set("PATIENT_ID", chart.person.key())
            .set("DOCTOR_CODE", &chart.doctor)
            .set("DRUG_NAME", medicine.name)
            .set("PBS_CODE", pbs(medicine))
            .set("DOSE", medicine.dose)
            .set("FREQUENCY", medicine.frequency)
            .set("ROUTE", medicine.route)
            .set("AS_NEEDED", flag(medicine.as_needed))
            .set("INSTRUCTIONS", medicine.food)
            .set("REASON", why.1)
            .set("PROBLEM_ID", why.0)
            .set("START_DATE", made.day)
            .set("CEASED_DATE", over.unwrap_or(NO_DAY))
            .set("DELETED", gone)
            .set("CREATED", made)
            .set("LAST_UPDATED", touched(made, id));
        self.medications.insert()?;
        Ok((gone != Some("T") && over.is_none()).then_some(id))
    }

    fn write_vaccination(&mut self, chart: &Chart<'_>, random: &mut Random) -> Result<()> {
        let id = self.vaccinations.next_key();
        let (name, air, route) = random.pick(if chart.person.adult { ADULTS } else { CHILDREN });
        let day = chart.recent(random, if chart.person.adult { 1800 } else { 6000 });
        let elsewhere = id % 6 == 1;
        let refused = id % 29 == 7;
        let nurse = code(NURSES[usize::from(id % 2 == 0)]);
        self.vaccinations
            .set("VACCINATION_ID", id)
            .set("PATIENT_ID", chart.person.key())
            .set("DOCTOR_CODE", (!elsewhere).then_some(&nurse))
            .set("VACCINE_NAME", name)
            .set("AIR_CODE", if id % 5 == 2 { "" } else { air })
            .set(
                "DOSE_NUM",
                i32::from(name.starts_with("Inf")) * random.between(1, 3),
            )
            .set("GIVEN_DATE", if id % 23 == 11 { NO_DAY } else { day })
            .set("GIVEN_ELSEWHERE", flag(elsewhere))
            .set("NOT_GIVEN", refused.then_some("T"))
            .set(
                "BATCH_NUM",
                (!elsewhere && !refused)
                    .then(|| format!("B{}", random.digits(5)))
                    .as_ref(),
            )
            .set(
                "EXPIRY_DATE",
                if elsewhere {
                    NO_DAY
                } else {
                    day.plus(random.between(60, 500))
                },
            )
            .set(
                "SITE",
                if route == "IM" {
                    random.pick(&["Left arm", "Right arm", "Left thigh"])
                } else {
                    ""
                },
            )
            .set("ROUTE", route)
            .set("COMMENTS", refused.then_some("Declined"))
            .set("DELETED", deleted(id))
            .set("LAST_UPDATED", touched(day.at(45_000), id));
        self.vaccinations.insert()
    }

    fn write_report(
        &mut self,
        chart: &Chart<'_>,
        panel: &(&str, &str, &[Test]),
        random: &mut Random,
    ) -> Result<()> {
        let id = self.reports.next_key();
        let collected = chart.recent(random, 700);
        // Reported when it was due, if that was not too late.
        let reported = collected.plus(random.between(0, 3)).min(chart.person.until);
        let preliminary = id % 31 == 12;
        self.reports
            .set("REPORT_ID", id)
            .set("PATIENT_ID", chart.person.key())
            .set("DOCTOR_CODE", (!preliminary).then_some(&chart.doctor))
            .set(
                "LABORATORY",
                random.pick(&["Saltbush Pathology", "Banksia Laboratories"]),
            )
            .set(
                "LAB_REFERENCE",
                &format!(
                    "{}-{:07}",
                    collected.civil().0 % 100,
                    random.below(10_000_000)
                ),
            )
            .set("TEST_NAME", panel.0)
            .set("SECTION", panel.1)
            .set(
                "COLLECTED",
                (id % 19 != 8).then(|| collected.at(random.between(25_200, 40_000))),
            )
            .set(
                "REPORTED",
                (!preliminary).then(|| reported.at(random.between(45_000, 70_000))),
            )
            .set(
                "REPORT_STATUS",
                if preliminary {
                    "P"
                } else {
                    random.pick(&["F", "F", "F", "F", "C"])
                },
            )
            .set(
                "CONCLUSION",
                (id % 12 == 3).then_some("Suggest repeat in three months."),
            )
            .set("DELETED", deleted(id))
            .set("LAST_UPDATED", touched(reported.at(70_500), id));
        self.reports.insert()?;
        for (place, (name, loinc, units, (least, most), (low, high))) in (1..).zip(panel.2) {
            let value = self.values.next_key();
            let drawn = random.between(*least, *most);
            let text = match value {
                n if n % 37 == 15 => "Haemolysed".to_owned(),
                n if n % 83 == 40 => String::new(),
                _ if drawn < *least + 2 => format!("<{}.{}", (least + 2) / 10, (least + 2) % 10),
                _ => format!("{}.{}", drawn / 10, drawn % 10),
            };
            let hundredths = i64::from(drawn) * 10;
            let bound = |bound: &Option<i64>| bound.map(|digits| Decimal { digits, scale: 2 });
            let range = match (low, high) {
                (Some(low), Some(high)) => format!(
                    "{}.{}-{}.{}",
                    low / 100,
                    low / 10 % 10,
                    high / 100,
                    high / 10 % 10
                ),
                (None, Some(high)) => format!("<{}.{}", high / 100, high / 10 % 10),
                (Some(low), None) => format!(">{}.{}", low / 100, low / 10 % 10),
                (None, None) => String::new(),
            };
            let abnormal = match () {
                () if high.is_some_and(|high| hundredths > high) => "H",
                () if low.is_some_and(|low| hundredths < low) => "L",
                () => "N",
            };
            self.values
                .set("VALUE_ID", value)
                .set("REPORT_ID", id)
                .set("SEQUENCE_NUM", place)
                .set("LOINC_CODE", if value % 13 == 6 { "" } else { loinc })
                .set("TEST_NAME", *name)
                .set("RESULT_TEXT", &text)
                .set("UNITS", *units)
                .set("RANGE_LOW", bound(low))
                .set("RANGE_HIGH", bound(high))
                .set("RANGE_TEXT", &range)
                .set(
                    "ABNORMAL_FLAG",
                    if text.starts_with(|first: char| first.is_ascii_digit()) {
                        abnormal
                    } else {
                        ""
                    },
                );
            self.values.insert()?;
        }
        Ok(())
    }

    fn write_document(&mut self, chart: &Chart<'_>, random: &mut Random) -> Result<()> {
        let id = self.documents.next_key();
        let came = random.chance(60);
        let made = chart
            .recent(random, 1500)
            .at(random.between(30_600, 61_200));
        let written = made
            .day
            .plus(if came { -2 } else { 0 })
            .max(chart.person.born);
        let (kind, subject) = if came {
            (
                "Specialist letter",
                random.pick(&[
                    "Cardiology review",
                    "Endocrinology review",
                    "Discharge summary",
                ]),
            )
        } else {
            (
                "Referral",
                random.pick(&["Referral to cardiology", "Referral for physiotherapy"]),
            )
        };
        self.documents
            .set("DOCUMENT_ID", id)
            .set("PATIENT_ID", chart.person.key())
            .set("DOCTOR_CODE", &chart.doctor)
            .set("DIRECTION", if came { "I" } else { "O" })
            .set("DOCUMENT_TYPE", if id % 9 == 2 { "" } else { kind })
            .set("SUBJECT", subject)
            .set("CORRESPONDENT", came.then_some("Riverside Specialists"))
            .set("DOCUMENT_DATE", if id % 14 == 6 { NO_DAY } else { written })
            .set("FILE_TYPE", random.pick(&["PDF", "RTF", "TIF", "WPD"]))
            .set("CONFIDENTIAL", flag(id % 21 == 10))
            .set("DELETED", deleted(id))
            .set("CREATED", made)
            .set("LAST_UPDATED", touched(made, id));
        self.documents.insert()
    }
}

/// A medicine's item of the benefits scheme; blank where it is not coded.
pub(super) fn pbs(medicine: &Medicine) -> &'static str {
    let mut items = PBS.iter();
    items
        .find(|(name, _)| medicine.name.starts_with(name))
        .map_or("", |(_, item)| item)
}
