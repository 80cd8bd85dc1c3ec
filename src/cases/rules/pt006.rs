//! PT006: the fixture cannot be made into a database.

use super::{Rule, Severity};

pub static FIXTURE: Rule = Rule {
    code: "PT006",
    severity: Severity::Error,
    title: "The fixture cannot be made into a database",
    explanation: "`fixture.sql` creates the tables and rows that the cases run on, in SQLite; a table that the mapping keeps in another catalogue is in `fixture.<CATALOGUE>.sql`. The mapping's own engine is not needed: use SQLite's words (TEXT, INTEGER, REAL, BLOB). For text that compares as SQL Server does, SQLite has the collation LATIN1_GENERAL_CI_AS here.",
    // What SQLite says of it depends on the script.
    wrong: &[],
    right: &[],
};
