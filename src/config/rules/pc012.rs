//! PC012: the driver is not in this build.

use crate::mapping::{Rule, Severity};

pub static NOT_BUILT: Rule = Rule {
    code: "PC012",
    severity: Severity::Error,
    title: "The driver is not in this build",
    explanation: "Some drivers need libraries of the system and are built on request: the message says how.",
    wrong: &[],
    right: &[],
};
