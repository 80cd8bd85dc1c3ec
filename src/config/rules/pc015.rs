//! PC015: others on the machine can read the secret's file.

use crate::mapping::{Rule, Severity};

pub static READABLE_SECRET: Rule = Rule {
    code: "PC015",
    severity: Severity::Warning,
    title: "Others on the machine can read the secret's file",
    explanation: "Give it to the user whom the program runs as, and to nobody else: chmod 600.",
    wrong: &[],
    right: &[],
};
