//! What people have for good, how likely it is, and what they take for it.
//!
//! Takes a patient's life; gives the illnesses. About a third of the adults have something, and those have
//! what goes together at their age. Medicines are named by what is in them.

use super::calendar::Day;
use super::random::Random;

/// What a patient's clinical record depends on.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// The patient's number; the key is one more.
    pub number: u32,
    /// The day of birth, whether or not the practice knows it.
    pub born: Day,
    /// Years of age on the last day of the record.
    pub years: i32,
    /// What counts for which illnesses are likely.
    pub female: bool,
    /// The day since when the practice knows the patient.
    pub since: Day,
    /// The last day of the record: yesterday, or the day before that of death. Never before `since`.
    pub until: Day,
    /// Whether the record ends with a death.
    pub dead: bool,
}

/// Whether someone smokes, as `CLINICAL.SMOKINGSTATUS` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smoking {
    /// Nobody asked.
    Unknown = 0,
    /// Never did.
    Never = 1,
    /// Gave it up.
    Former = 2,
    /// Does.
    Current = 3,
}

/// Something that people have for good.
#[derive(Debug)]
pub struct Illness {
    /// As the history has it.
    pub name: &'static str,
    /// Its code in the product's own list of terms.
    pub code: i32,
    /// In how many of a hundred who have something at all: children, then until 40, until 65, and older.
    likely: [u32; 4],
    /// The years of age from which it begins.
    pub from: i32,
    /// What is taken for it.
    pub medicines: &'static [Medicine],
}

/// A medicine as it is prescribed.
#[derive(Debug)]
pub struct Medicine {
    /// The product's key.
    pub product: i32,
    /// Ingredient, strength and form.
    pub name: &'static str,
    /// How much at a time.
    pub dose: &'static str,
    /// How often.
    pub frequency: &'static str,
    /// With food or without; mostly not said.
    pub food: &'static str,
    /// By what way.
    pub route: &'static str,
    /// Only when needed.
    pub as_needed: bool,
    /// What a pack holds.
    pub quantity: i32,
    /// How often the pack may be had again.
    pub repeats: i32,
}

const fn oral(
    product: i32,
    name: &'static str,
    dose: &'static str,
    frequency: &'static str,
    quantity: i32,
) -> Medicine {
    Medicine {
        product,
        name,
        dose,
        frequency,
        food: "",
        route: "Oral",
        as_needed: false,
        quantity,
        repeats: 5,
    }
}

/// Sugar that is too high in the blood.
pub const DIABETES: &str = "Type 2 diabetes mellitus";
/// Pressure that is too high in the blood.
pub const HYPERTENSION: &str = "Hypertension";
/// Fat that is too high in the blood.
pub const HYPERLIPIDAEMIA: &str = "Hyperlipidaemia";
/// A heart that beats out of step: blood is to be thinned.
pub const ATRIAL_FIBRILLATION: &str = "Atrial fibrillation";
/// A thyroid that does too little.
pub const HYPOTHYROIDISM: &str = "Hypothyroidism";

/// Everything that there is to have. The order is that in which it is written.
pub static ILLNESSES: &[Illness] = &[
    Illness {
        name: DIABETES,
        code: 3101,
        likely: [0, 5, 20, 26],
        from: 32,
        medicines: &[Medicine {
            food: "With food",
            ..oral(
                101,
                "Metformin 500 mg tablet",
                "1 tablet",
                "Twice a day",
                100,
            )
        }],
    },
    Illness {
        name: HYPERTENSION,
        code: 3102,
        likely: [0, 10, 46, 62],
        from: 30,
        medicines: &[oral(
            102,
            "Perindopril arginine 5 mg tablet",
            "1 tablet",
            "In the morning",
            30,
        )],
    },
    Illness {
        name: HYPERLIPIDAEMIA,
        code: 3103,
        likely: [0, 5, 26, 36],
        from: 30,
        medicines: &[oral(
            103,
            "Atorvastatin 40 mg tablet",
            "1 tablet",
            "At night",
            30,
        )],
    },
    Illness {
        name: "Asthma",
        code: 3104,
        likely: [60, 30, 14, 10],
        from: 3,
        medicines: &[Medicine {
            route: "Inhaled",
            as_needed: true,
            repeats: 3,
            ..oral(
                104,
                "Salbutamol 100 microgram/actuation inhalation",
                "2 puffs",
                "Every four hours",
                1,
            )
        }],
    },
    Illness {
        name: "Chronic obstructive pulmonary disease",
        code: 3105,
        likely: [0, 0, 5, 10],
        from: 45,
        medicines: &[Medicine {
            route: "Inhaled",
            ..oral(
                105,
                "Tiotropium 18 microgram powder for inhalation",
                "1 capsule",
                "Daily",
                30,
            )
        }],
    },
    Illness {
        name: "Osteoarthritis of knee",
        code: 3106,
        likely: [0, 2, 14, 30],
        from: 40,
        medicines: &[Medicine {
            as_needed: true,
            ..oral(
                106,
                "Paracetamol 665 mg modified release tablet",
                "2 tablets",
                "Three times a day",
                192,
            )
        }],
    },
    Illness {
        name: "Depression",
        code: 3107,
        likely: [0, 25, 18, 10],
        from: 16,
        medicines: &[oral(
            107,
            "Sertraline 50 mg tablet",
            "1 tablet",
            "In the morning",
            30,
        )],
    },
    Illness {
        name: "Anxiety",
        code: 3108,
        likely: [6, 28, 15, 8],
        from: 10,
        medicines: &[],
    },
    Illness {
        name: "Gastro-oesophageal reflux disease",
        code: 3109,
        likely: [0, 10, 14, 14],
        from: 20,
        medicines: &[Medicine {
            food: "Before food",
            ..oral(
                109,
                "Pantoprazole 40 mg enteric coated tablet",
                "1 tablet",
                "Daily",
                30,
            )
        }],
    },
    Illness {
        name: ATRIAL_FIBRILLATION,
        code: 3110,
        likely: [0, 0, 4, 14],
        from: 50,
        medicines: &[oral(
            110,
            "Warfarin sodium 1 mg tablet",
            "3 tablets",
            "Daily",
            50,
        )],
    },
    Illness {
        name: HYPOTHYROIDISM,
        code: 3111,
        likely: [0, 6, 9, 12],
        from: 25,
        medicines: &[Medicine {
            food: "Empty stomach",
            ..oral(
                111,
                "Levothyroxine sodium 100 microgram tablet",
                "1 tablet",
                "In the morning",
                200,
            )
        }],
    },
    Illness {
        name: "Atopic eczema",
        code: 3112,
        likely: [45, 10, 4, 2],
        from: 0,
        medicines: &[Medicine {
            route: "Topical",
            repeats: 1,
            ..oral(
                112,
                "Methylprednisolone aceponate 0.1% ointment",
                "Thin layer",
                "Daily",
                1,
            )
        }],
    },
    Illness {
        name: "Migraine",
        code: 3113,
        likely: [4, 15, 10, 3],
        from: 8,
        medicines: &[Medicine {
            as_needed: true,
            ..oral(113, "Sumatriptan 50 mg tablet", "1 tablet", "At onset", 4)
        }],
    },
    Illness {
        name: "Gout",
        code: 3114,
        likely: [0, 2, 8, 10],
        from: 35,
        medicines: &[oral(
            114,
            "Allopurinol 300 mg tablet",
            "1 tablet",
            "Daily",
            60,
        )],
    },
];

/// The position of an age in [`Illness::likely`].
fn band(years: i32) -> usize {
    match years {
        ..18 => 0,
        18..40 => 1,
        40..65 => 2,
        _ => 3,
    }
}

/// What a patient has.
pub fn draw(life: &Life, smoking: Smoking, random: &mut Random) -> Vec<&'static Illness> {
    let band = band(life.years);
    let something = [10, 18, 36, 54].get(band).copied().unwrap_or(0);
    let number = life.number;
    // Heads of households, hence adults: even the smallest practice has them.
    let forced: &[&str] = match number % 50 {
        10 if life.years >= 35 => &[DIABETES, HYPERTENSION, HYPERLIPIDAEMIA],
        35 if life.years >= 55 => &[ATRIAL_FIBRILLATION],
        _ => &[],
    };
    if forced.is_empty() && !random.chance(something) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for illness in ILLNESSES {
        let mut likely = illness.likely.get(band).copied().unwrap_or(0);
        if smoking == Smoking::Current && illness.name.contains("pulmonary") {
            likely *= 4;
        }
        let drawn = random.chance(likely) && life.years > illness.from;
        if drawn || forced.contains(&illness.name) {
            found.push(illness);
        }
    }
    found
}
