//! PC001: the file cannot be read.

use crate::mapping::{Rule, Severity};

pub static FILE: Rule = Rule {
    code: "PC001",
    severity: Severity::Error,
    title: "The file cannot be read",
    explanation: "It is not there, may not be read, is no UTF-8 or has more than 1 MiB.",
    wrong: &[],
    right: &[],
};
