//! Reports that came in, and the results in them.
//!
//! A diabetic's HbA1c is taken twice a year, fats of those who have too much of them or are of an age for
//! it, kidneys of those with high blood pressure; children's blood is taken for iron only.

use super::{Chart, next_key, record_status};
use crate::demo::Result;
use crate::demo::bp_premier::schema::clinical as schema;
use crate::demo::calendar::Day;
use crate::demo::illnesses::{
    ATRIAL_FIBRILLATION, DIABETES, HYPERLIPIDAEMIA, HYPERTENSION, HYPOTHYROIDISM,
};
use crate::demo::random::Random;
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// What is looked for in a report, and the range of what is drawn for it, in tenths.
struct Test {
    name: &'static str,
    loinc: &'static str,
    /// The product's own code; 0 where it has none.
    code: i32,
    units: &'static str,
    /// Below and above this it is flagged, in tenths.
    normal: (i32, i32),
    /// What is written beside it.
    range: &'static str,
    /// What comes out, in tenths: of most people, and of those who have the illness that it is watched for.
    drawn: (i32, i32),
    ill: (i32, i32),
    /// Below this, in tenths, the laboratory says only that.
    least: i32,
    /// Whole numbers only.
    whole: bool,
    /// What follows from the others of the report, in their order and in tenths, is not drawn.
    follows: Option<fn(&[i32]) -> i32>,
}

const PLAIN: Test = Test {
    name: "",
    loinc: "",
    code: 0,
    units: "",
    normal: (0, 0),
    range: "",
    drawn: (0, 0),
    ill: (0, 0),
    least: 0,
    whole: false,
    follows: None,
};

static HBA1C: &[Test] = &[
    Test {
        name: "HbA1c",
        loinc: "4548-4",
        code: 1,
        units: "%",
        normal: (0, 65),
        range: "<6.5",
        drawn: (48, 60),
        ill: (58, 95),
        ..PLAIN
    },
    Test {
        name: "HbA1c (IFCC)",
        loinc: "59261-8",
        units: "mmol/mol",
        normal: (0, 480),
        range: "<48",
        drawn: (290, 420),
        ill: (400, 800),
        whole: true,
        follows: Some(|values| (10 * of(values, 0) - 215) * 10_929 / 10_000),
        ..PLAIN
    },
];
static LIPIDS: &[Test] = &[
    Test {
        name: "Cholesterol",
        loinc: "14647-2",
        code: 2,
        units: "mmol/L",
        normal: (0, 55),
        range: "<5.5",
        drawn: (38, 62),
        ill: (45, 80),
        follows: Some(|values| of(values, 1) * 10 / 22 + of(values, 2) + of(values, 3)),
        ..PLAIN
    },
    Test {
        name: "Triglycerides",
        loinc: "14927-8",
        code: 5,
        units: "mmol/L",
        normal: (0, 20),
        range: "<2.0",
        drawn: (6, 22),
        ill: (10, 40),
        ..PLAIN
    },
    Test {
        name: "HDL Cholesterol",
        loinc: "14646-4",
        code: 3,
        units: "mmol/L",
        normal: (10, 99),
        range: ">1.0",
        drawn: (10, 20),
        ill: (8, 16),
        ..PLAIN
    },
    Test {
        name: "LDL Cholesterol",
        loinc: "22748-8",
        code: 4,
        units: "mmol/L",
        normal: (0, 35),
        range: "<3.5",
        drawn: (18, 38),
        ill: (22, 55),
        ..PLAIN
    },
];
static KIDNEYS: &[Test] = &[
    Test {
        name: "Creatinine",
        loinc: "14682-9",
        code: 6,
        units: "umol/L",
        normal: (450, 1100),
        range: "45-110",
        drawn: (550, 1050),
        ill: (600, 1500),
        whole: true,
        ..PLAIN
    },
    Test {
        name: "eGFR",
        loinc: "62238-1",
        code: 16,
        units: "mL/min/1.73m2",
        normal: (600, 9000),
        range: ">60",
        drawn: (650, 1100),
        ill: (380, 950),
        whole: true,
        follows: Some(|values| (720_000 / of(values, 0).max(1)).min(1100)),
        ..PLAIN
    },
];
static ALBUMIN: &[Test] = &[Test {
    name: "Albumin/Creatinine Ratio",
    loinc: "32294-1",
    code: 17,
    units: "mg/mmol",
    normal: (0, 35),
    range: "<3.5",
    drawn: (1, 30),
    ill: (1, 90),
    least: 6,
    ..PLAIN
}];
static CLOTTING: &[Test] = &[Test {
    name: "INR",
    loinc: "6301-6",
    code: 12,
    units: "{INR}",
    normal: (20, 30),
    range: "2.0-3.0",
    drawn: (9, 11),
    ill: (16, 38),
    ..PLAIN
}];
static THYROID: &[Test] = &[Test {
    name: "TSH",
    loinc: "3016-3",
    units: "mIU/L",
    normal: (4, 40),
    range: "0.4-4.0",
    drawn: (8, 38),
    ill: (1, 75),
    least: 2,
    ..PLAIN
}];
static GLUCOSE: &[Test] = &[Test {
    name: "Glucose (fasting)",
    loinc: "14771-0",
    code: 14,
    units: "mmol/L",
    normal: (30, 60),
    range: "3.0-6.0",
    drawn: (40, 62),
    ill: (55, 110),
    ..PLAIN
}];
static IRON: &[Test] = &[
    Test {
        name: "Haemoglobin",
        loinc: "718-7",
        units: "g/L",
        normal: (1050, 1650),
        range: "105-165",
        drawn: (1080, 1450),
        ill: (850, 1100),
        whole: true,
        ..PLAIN
    },
    Test {
        name: "Ferritin",
        loinc: "2276-4",
        units: "ug/L",
        normal: (150, 2000),
        range: "15-200",
        drawn: (160, 900),
        ill: (50, 200),
        whole: true,
        ..PLAIN
    },
];
static INFLAMMATION: &[Test] = &[Test {
    name: "C-reactive protein",
    loinc: "1988-5",
    units: "mg/L",
    normal: (0, 50),
    range: "<5",
    drawn: (10, 120),
    ill: (10, 600),
    least: 50,
    whole: true,
    ..PLAIN
}];

/// Reports without numbers.
const PICTURES: &[&str] = &[
    "X-ray chest",
    "Ultrasound abdomen",
    "X-ray knee",
    "CT lumbar spine",
];

/// Writes the tables of this file.
pub struct Writers<'conn> {
    reports: Writer<'conn>,
    values: Writer<'conn>,
}

impl<'conn> Writers<'conn> {
    /// Writers into tables that exist.
    pub fn new(rows: &'conn dyn Rows) -> Self {
        Writers {
            reports: Writer::new(rows, &schema::INVESTIGATIONS),
            values: Writer::new(rows, &schema::REPORTVALUES),
        }
    }

    /// How many rows there are by now.
    pub fn rows(&self) -> u64 {
        self.reports.rows() + self.values.rows()
    }

    /// Writes a patient's rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, chart: &Chart, random: &mut Random) -> Result<()> {
        let years = chart.life.years;
        let last = chart.recent(random, 150);
        if years < 18 {
            if random.chance(3) {
                self.write_report(chart, "Iron studies", IRON, last, random)?;
            }
            return Ok(());
        }
        if chart.has(DIABETES) {
            for back in 0..random.between(2, 3) {
                let day = last.plus(-back * 182);
                if back == 0 || day >= chart.life.since {
                    self.write_report(chart, "Glycated haemoglobin", HBA1C, day, random)?;
                }
            }
            self.write_report(chart, "Urine albumin", ALBUMIN, last, random)?;
        }
        let checked = years >= 45 && random.chance(9);
        if chart.has(HYPERLIPIDAEMIA) || checked {
            self.write_report(chart, "Lipids", LIPIDS, last, random)?;
        }
        if checked && !chart.has(DIABETES) {
            self.write_report(chart, "Glucose", GLUCOSE, last, random)?;
        }
        if chart.has(HYPERTENSION) && random.chance(40) {
            self.write_report(
                chart,
                "Urea, electrolytes, creatinine",
                KIDNEYS,
                last,
                random,
            )?;
        }
        if chart.has(ATRIAL_FIBRILLATION) {
            for back in 0..2 {
                let day = last.plus(-back * 28);
                if back == 0 || day >= chart.life.since {
                    self.write_report(chart, "INR", CLOTTING, day, random)?;
                }
            }
        }
        if chart.has(HYPOTHYROIDISM) {
            self.write_report(chart, "Thyroid function tests", THYROID, last, random)?;
        }
        if chart.life.number % 30 == 25 || random.chance(4) {
            let day = chart.recent(random, 900);
            self.write_report(chart, "CRP", INFLAMMATION, day, random)?;
        }
        if random.chance(5) {
            let day = chart.recent(random, 900);
            let name = random.pick(PICTURES);
            self.write_report(chart, name, &[], day, random)?;
        }
        if random.chance(3) || chart.life.number % 75 == 40 {
            let day = chart.recent(random, 900);
            self.write_culture(chart, day, random)?;
        }
        Ok(())
    }

    fn write_report(
        &mut self,
        chart: &Chart,
        name: &str,
        tests: &[Test],
        day: Day,
        random: &mut Random,
    ) -> Result<()> {
        let report = self.write_head(chart, name, day, random)?;
        let ill = !chart.illnesses.is_empty();
        let mut drawn = Vec::with_capacity(tests.len());
        for test in tests {
            let (low, high) = if ill { test.ill } else { test.drawn };
            drawn.push(random.between(low, high));
        }
        for (position, test) in tests.iter().enumerate() {
            let drawn = match test.follows {
                Some(follows) => follows(&drawn),
                None => of(&drawn, position),
            };
            let drawn = if test.whole { drawn / 10 * 10 } else { drawn };
            let (value, shown) = if drawn < test.least {
                (
                    test.least - 1,
                    format!("<{}", number(test.least, test.whole)),
                )
            } else {
                (drawn, number(drawn, test.whole))
            };
            let flag = match value {
                n if n < test.normal.0 => "L",
                n if n > test.normal.1 * 3 / 2 => "HH",
                n if n > test.normal.1 => "H",
                _ => "",
            };
            self.write_value(chart, report, day, test, &shown, flag)?;
        }
        Ok(())
    }

    /// A culture's result is words.
    fn write_culture(&mut self, chart: &Chart, day: Day, random: &mut Random) -> Result<()> {
        let report = self.write_head(chart, "Urine microscopy and culture", day, random)?;
        let culture = Test {
            name: "Culture",
            // The laboratory gave no code.
            ..PLAIN
        };
        let (words, flag) = random.pick(&[("No growth", ""), ("Escherichia coli", "A")]);
        self.write_value(chart, report, day, &culture, words, flag)
    }

    fn write_head(
        &mut self,
        chart: &Chart,
        name: &str,
        day: Day,
        random: &mut Random,
    ) -> Result<i64> {
        let id = next_key(self.reports.rows());
        let came = (day.plus(1)).min(chart.life.until.max(day));
        let second = random.between(21_600, 79_200);
        self.reports
            .set("REPORTID", id)
            .set("RECORDSTATUS", if id % 43 == 22 { 2 } else { 1 })
            .set("INTERNALID", chart.key())
            .set("TESTNAME", name)
            .set("COLLECTIONDATE", (id % 19 != 7).then(|| day.midnight()))
            .set("REPORTDATE", came.midnight())
            .set("REPORTTIME", second)
            .set(
                "PROVIDERNAME",
                match id % 6 {
                    0 => None,
                    1 => Some(""),
                    _ => Some("Riverbend Pathology (example)"),
                },
            )
            .set("NORMALFLAG", i32::from(id % 3 != 0))
            .set("CHECKEDBY", chart.doctor)
            .set("CREATED", came.at(second));
        self.reports.insert()?;
        Ok(id)
    }

    fn write_value(
        &mut self,
        chart: &Chart,
        report: i64,
        day: Day,
        test: &Test,
        shown: &str,
        flag: &str,
    ) -> Result<()> {
        let id = next_key(self.values.rows());
        self.values
            .set("RECORDID", id)
            .set("RECORDSTATUS", record_status(id))
            .set("INTERNALID", chart.key())
            .set("REPORTID", report)
            .set("REPORTDATE", (id % 57 != 30).then(|| day.midnight()))
            .set("LOINCCODE", if id % 23 == 12 { "" } else { test.loinc })
            .set("BPCODE", test.code)
            .set("RESULTNAME", test.name)
            .set(
                "RESULTVALUE",
                if id % 71 == 36 { "See comment" } else { shown },
            )
            .set("UNITS", test.units)
            .set("RANGE", test.range)
            .set("ABNORMALFLAG", (id % 13 != 5).then_some(flag))
            .set("CREATED", day.at(79_300));
        self.values.insert()
    }
}

fn of(values: &[i32], position: usize) -> i32 {
    values.get(position).copied().unwrap_or(0)
}

fn number(tenths: i32, whole: bool) -> String {
    if whole {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}
