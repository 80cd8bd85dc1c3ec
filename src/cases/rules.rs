//! What a mapping's cases are checked by, beside the rules that every YAML file of a mapping has.

use crate::mapping::rules::rules;
use crate::mapping::{Rule, Severity};

rules! {
    FILE = "PT001", Error, "The cases cannot be read",
        "`cases.yaml` is a list of cases in UTF-8, of at most 4 MiB. Each has a name, a search or a read, and what is expected.";
    NAME = "PT002", Error, "The name of a case cannot be that of its snapshot",
        "Each case has a snapshot, whose file has the case's name: letters, digits, `-`, `_` and `.`, at most 100 of them, and no two cases the same.";
    QUESTION = "PT003", Error, "A case asks nothing, or two things",
        "A case is a search (`search: \"Patient?family=smith\"`) or a read (`read: Patient/1`). `form:`, `strict:` and `follow:` belong to a search.";
    EXPRESSION = "PT004", Error, "A field's expression is not FHIRPath, or leads nowhere",
        "A key under `fields:` and `bundle:` is a FHIRPath expression, of which a part of the language is understood. Its names are those of R4: what R4 does not have can never be found.";
    CONTRADICTION = "PT005", Error, "What is expected cannot all be true",
        "An answer has a status of 200; a refusal has another, and a code of the table of errors (`pilaster errors`), but no ids, total, pages or fields.";
    FIXTURE = "PT006", Error, "The fixture cannot be made into a database",
        "`fixture.sql` creates the tables and rows that the cases run on, in SQLite; a table that the mapping keeps in another catalogue is in `fixture.<CATALOGUE>.sql`. The mapping's own engine is not needed: use SQLite's words (TEXT, INTEGER, REAL, BLOB). For text that compares as SQL Server does, SQLite has the collation LATIN1_GENERAL_CI_AS here.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_explained() {
        assert!(ALL.windows(2).all(|pair| pair[0].code < pair[1].code));
        for rule in ALL {
            assert!(rule.code.len() == 5 && rule.code.starts_with("PT"));
            assert!(rule.explanation.ends_with('.'), "{}", rule.code);
            assert!(!rule.title.ends_with('.'), "{}", rule.code);
        }
    }
}
