//! PM062: what `practice:` names does not say which practice it is.

use super::{Rule, Severity};

pub static PRACTICE: Rule = Rule {
    code: "PM062",
    severity: Severity::Error,
    title: "What `practice:` names does not say which practice it is",
    explanation: "The section names the table in which the product keeps the practice itself, and in it the columns of \
        the practice's name, of the product's own number of it (`siteId:`) and of the product's version: one of these at \
        the least, each text or a whole number.",
    wrong: &[(
        "mapping.yaml",
        r"name: Clinic
engine: mssql
verified: illustrative
collation: Latin1_General_CI_AS
catalogues: [MAIN, NOTES]
practice:
  table: DOCTORS as d
  rows: d.ID = 1
",
    )],
    right: &[(
        "mapping.yaml",
        r"name: Clinic
engine: mssql
verified: illustrative
collation: Latin1_General_CI_AS
catalogues: [MAIN, NOTES]
practice:
  table: DOCTORS as d
  rows: d.ID = 1
  name: d.SURNAME
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Options;
    use crate::mapping::rules::clinic::{files, problems, tested};

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&PRACTICE), @r"
        error[PM062]: nothing is said of the practice
         --> mapping.yaml:6:1
          |
        6 | practice:
          | ^^^^^^^^
          |
          = help: name a column at least: `name: p.PRACTICENAME`, `siteId:` or `version:`

        1 error
        ");
    }

    fn manifest(practice: &str) -> String {
        format!(
            "name: Clinic\nengine: mssql\nverified: illustrative\ncollation: Latin1_General_CI_AS\ncatalogues: [MAIN, NOTES]\npractice: {practice}\n"
        )
    }

    #[test]
    fn what_is_wrong_in_it_is_said_by_the_rules_of_the_language() {
        let of = |practice: &str| -> Vec<String> {
            let manifest = manifest(practice);
            let problems = problems(&[("mapping.yaml", &*manifest)]);
            let shown = problems.iter();
            shown
                .map(|it| format!("{}: {}", it.code(), it.message))
                .collect()
        };
        let fits: [&str; 0] = [];
        assert_eq!(
            of("{ table: LETTERS as l, name: l.SUBJECT, siteId: l.ID }"),
            fits
        );
        assert_eq!(
            of("{ table: PATIENTS as p, name: p.BORN }"),
            ["PM062: `name:` is text or a whole number, and this is of type `date`"]
        );
        for (practice, code) in [
            ("PATIENTS", "PM006"),
            ("{ name: p.SURNAME }", "PM005"),
            ("{ table: PATIENT as p, name: p.SURNAME }", "PM020"),
            ("{ table: PATIENTS as p, name: p.SURNAM }", "PM021"),
            ("{ table: PATIENTS as p, name: q.SURNAME }", "PM022"),
            ("{ table: PATIENTS as p, nam: p.SURNAME }", "PM004"),
            (
                "{ table: PATIENTS as p, rows: p.ID =, name: p.SURNAME }",
                "PM025",
            ),
            (
                "{ table: PATIENTS as p, rows: p.WARD = 1, name: p.SURNAME }",
                "PM036",
            ),
        ] {
            let problems = of(practice);
            assert!(
                matches!(&problems[..], [one] if one.starts_with(code)),
                "{practice}: {problems:?}"
            );
        }
    }

    #[test]
    fn what_a_database_lacks_is_not_asked_for() {
        let manifest = manifest("{ table: PATIENTS as p, name: p.SURNAME, version: p.WARD }");
        let example = [("mapping.yaml", &*manifest)];
        let load = |missing: &[(&str, &str)]| {
            let missing = missing
                .iter()
                .map(|(table, column)| ((*table).to_owned(), (*column).to_owned()));
            let options = Options {
                missing: missing.collect(),
            };
            let loaded = crate::mapping::load_files("clinic", &files(&example), &options);
            loaded.expect("a mapping").mapping.practice.expect("there")
        };
        assert!(load(&[]).version.is_some());
        let without = load(&[("PATIENTS", "WARD")]);
        assert!(without.version.is_none() && without.name.is_some());
    }
}
