//! One mistake, one problem, at the mistake and with its remedy.

use super::*;

/// Each problem of a file: its code, line, message and help.
fn found(file: &str) -> Vec<String> {
    let diagnostics = match load(&[("patient.yaml", file)], &Options::default()) {
        Ok(loaded) => loaded.warnings,
        Err(diagnostics) => diagnostics,
    };
    diagnostics
        .iter()
        .map(|problem| {
            let help = problem.help.as_deref().unwrap_or("no help");
            let line = problem.place.line;
            format!("{} {line}: {}: {help}", problem.code(), problem.message)
        })
        .collect()
}

#[test]
fn an_alias_that_is_not_declared_is_told_once_and_where_it_would_be() {
    let elements = "elements:\n  name: [ { family: $p.SURNAME, given: [ $p.FIRSTNAME ] } ]\n  birthDate: $p.DOB\n";
    let forgotten =
        format!("resource: Patient\nid: p.ID\ntable: PATIENTS\nrows: p.STATUS = 1\n{elements}");
    insta::assert_snapshot!(problems(&forgotten), @r#"
    error[PM022]: no table has the alias `p`
     --> patient.yaml:2:5
      |
    2 | id: p.ID
      |     ^
    3 | table: PATIENTS
      |        -------- no alias is written here, so it is the table's name: `PATIENTS`
      |
      = note: 4 more places in this file name it
      = help: if it is meant for the table, write `table: PATIENTS as p`

    1 error
    "#);
    let other = format!("resource: Patient\ntable: PATIENTS as q\nid: p.ID\n{elements}");
    insta::assert_snapshot!(problems(&other), @r#"
    error[PM022]: no table has the alias `p`
     --> patient.yaml:3:5
      |
    2 | table: PATIENTS as q
      |        ------------- the table's alias is declared here: `q`
    3 | id: p.ID
      |     ^
      |
      = note: 3 more places in this file name it
      = help: aliases here are: `q`

    1 error
    "#);
    // A name in a lookup stands below those in elements that come before it.
    let below = format!(
        "resource: Patient\ntable: PATIENTS as p\nid: p.ID\n{elements}  gender: {{ column: p.GENDERTEXT, codes: shared }}\nlookups:\n  sex: SEX on sex.SEXCODE = r.SEXCODE\nrows: r.STATUS = 1\n"
    );
    assert_eq!(
        found(&below),
        ["PM022 9: no table has the alias `r`: aliases here are: `p`, `sex`"]
    );
}

#[test]
fn any_number_of_uses_takes_bounded_time() {
    let uses = "{p.X} ".repeat(2500);
    let names: String = (0..60)
        .map(|n| format!("    - {{ family: {{ sql: \"{uses}{n}\", type: varchar(9) }} }}\n"))
        .collect();
    let file =
        format!("resource: Patient\ntable: PATIENTS as q\nid: q.ID\nelements:\n  name:\n{names}");
    let begin = std::time::Instant::now();
    assert_eq!(found(&file).len(), 1);
    assert!(begin.elapsed().as_secs() < 5);
}
