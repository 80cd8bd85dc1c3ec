//! PC017: two catalogues of a mapping are one database.

use crate::mapping::{Rule, Severity};

pub static SAME_DATABASE: Rule = Rule {
    code: "PC017",
    severity: Severity::Warning,
    title: "Two catalogues of a mapping are one database",
    explanation: "A mapping names several catalogues since the product keeps them in several databases: what is \
        asked of the one would not be found in the other. A copy in which all tables were put into one \
        file may be named twice.",
    wrong: &[],
    right: &[],
};
