//! PM061: the catalogues are not those of the tables.

use super::{Rule, Severity};

pub static CATALOGUES: Rule = Rule {
    code: "PM061",
    severity: Severity::Warning,
    title: "The catalogues are not those of the tables",
    explanation: "The first catalogue under `catalogues:` is the default one: the tables that name no other lie in \
        it. A catalogue without a table is asked for a database in vain; and where some tables name the \
        only one, those that name none lie there too. List the default catalogue first, then the others \
        that tables name.",
    wrong: &[(
        "mapping.yaml",
        r"name: Clinic
engine: mssql
verified: illustrative
collation: Latin1_General_CI_AS
catalogues: [NOTES]
",
    )],
    right: &[(
        "mapping.yaml",
        r"name: Clinic
engine: mssql
verified: illustrative
collation: Latin1_General_CI_AS
catalogues: [MAIN, NOTES]
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&CATALOGUES), @r"
        warning[PM061]: `NOTES` is the only catalogue, so that `PATIENTS` lies there too, which names none
         --> mapping.yaml:5:14
          |
        5 | catalogues: [NOTES]
          |              ^^^^^
          |
          = help: list the one of the other tables before it: `catalogues: [DEFAULT, NOTES]`; if all tables lie in `NOTES`, let none name it

        1 warning
        ");
    }

    #[test]
    fn a_catalogue_has_a_table() {
        let of = |catalogues: &str, tables: &str| -> Vec<String> {
            let manifest = format!(
                "name: Clinic\nengine: mssql\nverified: illustrative\ncollation: Latin1_General_CI_AS\ncatalogues: [{catalogues}]\n"
            );
            let source = "resource: Patient\ntable: A as a\nid: a.ID\nelements: { active: true }\n";
            let files = [
                ("mapping.yaml", &*manifest),
                ("patient.yaml", source),
                ("tables.yaml", tables),
            ];
            let options = crate::mapping::Options::default();
            let problems = match crate::mapping::load_files("test", &files, &options) {
                Ok(loaded) => loaded.warnings,
                Err(problems) => problems,
            };
            let shown = problems
                .iter()
                .map(|it| format!("{} {}: {}", it.code(), it.column, it.message));
            shown.collect()
        };
        let table = |name: &str, more: &str| {
            format!("  {name}: {{ key: ID, columns: {{ ID: int }}{more} }}\n")
        };
        let tables = |a: &str, b: &str| format!("tables:\n{}{}", table("A", a), table("B", b));
        let (none, main, notes) = ("", ", catalogue: MAIN", ", catalogue: NOTES");
        let fits: [&str; 0] = [];
        assert_eq!(of("MAIN, NOTES", &tables(none, notes)), fits);
        assert_eq!(of("MAIN, NOTES", &tables(main, notes)), fits);
        assert_eq!(of("MAIN", &tables(none, none)), fits);
        assert_eq!(of("MAIN", &tables(main, main)), fits);
        assert_eq!(
            of("MAIN, NOTES", &tables(none, none)),
            ["PM061 20: no table lies in the catalogue `NOTES`"]
        );
        assert_eq!(
            of("MAIN, NOTES", &tables(notes, notes)),
            ["PM061 14: no table lies in the catalogue `MAIN`"]
        );
        // What cannot be read may be the table.
        assert_eq!(
            of("MAIN, NOTES", &(tables(none, none) + "  C: none\n"))[0].get(..5),
            Some("PM006")
        );
        assert_eq!(
            of("MAIN, NOTES", &(tables(none, none) + "  C: none\n")).len(),
            1
        );
    }
}
