//! PC011: the mapping cannot be used.

use crate::mapping::{Rule, Severity};

pub static MAPPING: Rule = Rule {
    code: "PC011",
    severity: Severity::Error,
    title: "The mapping cannot be used",
    explanation: "Its own problems are listed below. `pilaster mapping check` shows them too.",
    wrong: &[],
    right: &[],
};
