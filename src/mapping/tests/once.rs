//! One mistake, one problem, at the mistake and with its remedy.

use super::*;

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
    let numbered: String = (0..1000).map(|n| format!("{{p{n}.X}} ")).collect();
    assert_eq!(found(&file.replace(&uses, &numbered)).len(), 500);
    assert!(begin.elapsed().as_secs() < 60);
}

/// A Patient that begins as usual and goes on with `rest`.
fn after_id(rest: &str) -> Vec<String> {
    found(&format!(
        "resource: Patient\ntable: PATIENTS as p\nid: p.ID\n{rest}"
    ))
}

#[test]
fn a_mapping_where_a_column_or_a_fragment_stands() {
    let expected =
        "a column is `a.COLUMN` or a fragment `{ sql: …, type: … }`, and this is a mapping";
    let options = "options of a value have no place here: convert the column in a fragment";
    for (text, help) in [
        ("id: { column: p.ID }", "write the column alone: `p.ID`"),
        ("id: { column: p.ID, absent: 0 }", options),
        ("id: { format: x }", options),
    ] {
        let file = format!(
            "resource: Patient\ntable: PATIENTS as p\n{text}\nelements: {{ active: true }}\n"
        );
        assert_eq!(
            found(&file),
            [format!("PM006 3: {expected}: {help}")],
            "{text}"
        );
    }
    for element in [
        "name: [ { text: { join: [ { column: p.SURNAME, codes: sex }, $p.FIRSTNAME ] } } ]",
        "deceasedDateTime: { date: { column: p.DOBTEXT, format: YYYYMMDD }, seconds: p.FLAGS }",
    ] {
        let found = after_id(&format!("elements: {{ {element} }}\n"));
        assert_eq!(
            found,
            [format!("PM006 4: {expected}: {options}")],
            "{element}"
        );
    }
    // One that was meant as a fragment is told what it lacks.
    assert_eq!(
        after_id("elements: { birthDate: { sql: \"{p.DOB}\" } }\n"),
        ["PM005 4: the fragment has no `type:`: the SQL type of its value: `type: varchar(40)`"]
    );
    assert_eq!(
        after_id(
            "elements: { name: [ { text: { join: [ { sq: \"{p.DOB}\", type: int } ] } } ] }\n"
        ),
        ["PM004 4: a column that is a SQL fragment has no key `sq`: did you mean `sql`?"]
    );
}

#[test]
fn a_key_that_is_misspelt_is_not_missed_as_well() {
    let active = "elements: { active: true }\n";
    for (rest, expected) in [
        (
            "element: { active: true }\n",
            "PM004 4: a source has no key `element`: did you mean `elements`?",
        ),
        (
            "lookup:\n  sex: SEX on sex.SEXCODE = p.SEXCODE\nelements: { gender: { column: sex.SEX, codes: shared } }\n",
            "PM004 4: a source has no key `lookup`: did you mean `lookups`?",
        ),
        (
            "childs:\n  mails: EMAIL as e on e.ID = p.ID\nelements: { telecom: [ { each: mails, value: $e.EMAIL } ] }\nsearch: { mail: { type: string, each: mails, column: e.EMAIL } }\n",
            "PM004 4: a source has no key `childs`: did you mean `children`?",
        ),
        (
            "children:\n  mails: { table: EMAIL as e, onn: e.ID = p.ID }\nelements: { telecom: [ { each: mails, value: $e.EMAIL } ] }\n",
            "PM004 5: a child has no key `onn`: did you mean `on`?",
        ),
        (
            "children:\n  mails: { table: EMAIL as e, on: e.ID = p.ID, lookup: { k: SEX on k.SEXCODE = e.STATUS } }\nelements: { telecom: [ { each: mails, value: $k.SEX } ] }\n",
            "PM004 5: a child has no key `lookup`: did you mean `lookups`?",
        ),
        (
            "elements: { gender: { column: p.SEXCODE, codes: own } }\ncods: { own: { 1: male } }\n",
            "PM004 5: a source has no key `cods`: did you mean `codes`?",
        ),
        (
            "elements: { gender: { column: p.SEXCODE, codes: own } }\ncodes: { own: { 1: { cod: male } } }\n",
            "PM004 5: an entry of a code table has no key `cod`: did you mean `code`?",
        ),
        (
            "elements: { managingOrganization: { reference: { to: Organization, idd: p.ID } } }\n",
            "PM004 4: a value with `to:` has no key `idd`: did you mean `id`?",
        ),
        (
            "tabels: { MORE: { key: A, columns: { A: int } } }\nlookups: { m: MORE on m.A = p.ID }\nelements: { active: true }\n",
            "PM004 4: a source has no key `tabels`: did you mean `tables`?",
        ),
    ] {
        assert_eq!(after_id(rest), [expected], "{rest}");
    }
    let idd = format!("resource: Patient\ntable: PATIENTS as p\nidd: p.ID\n{active}");
    let resorce = format!(
        "resorce: Patient\ntable: PATIENTS as p\nid: p.ID\n{active}codes: {{ shared: {{ a: b }} }}\n"
    );
    let tabel = format!("resource: Patient\ntabel: PATIENTS as p\nid: p.ID\n{active}");
    for (file, expected) in [
        (
            idd,
            "PM004 3: a source has no key `idd`: did you mean `id`?",
        ),
        (
            resorce,
            "PM004 1: a source has no key `resorce`: did you mean `resource`?",
        ),
        (
            tabel,
            "PM004 2: a source has no key `tabel`: did you mean `table`?",
        ),
    ] {
        assert_eq!(found(&file), [expected]);
    }
    for (right, wrong) in [
        ("    key: ID\n", "    keys: ID\n"),
        ("    columns:\n", "    colums:\n"),
    ] {
        let tables = TABLES.replacen(right, wrong, 1);
        let files = [
            ("mapping.yaml", MANIFEST),
            ("tables.yaml", &tables),
            ("patient.yaml", &patient("  birthDate: $p.DOB\n")),
        ];
        let problems = load_files("test", &files, &Options::default()).unwrap_err();
        let codes: Vec<_> = problems.iter().map(Diagnostic::code).collect();
        assert_eq!(codes, ["PM004"], "{problems}");
    }
    let fragment = "elements: { birthDate: { type: date, sql: { mssq: \"{p.DOB}\" } } }\n";
    assert_eq!(
        after_id(fragment),
        ["PM004 4: `sql:` has no key `mssq`: did you mean `mssql`?"]
    );
}

#[test]
fn a_child_that_cannot_be_read_is_a_child_all_the_same() {
    let child = "{ table: EMAIL as e, on: e.ID = p.ID, order: [ e.EMAIL desc, e.RECORDID ] }";
    let uses = "elements: { telecom: [ { each: mails, value: $e.EMAIL } ] }\nsearch: { mail: { type: string, each: mails, column: e.EMAIL } }\n";
    assert_eq!(
        after_id(&format!("children:\n  mails: {child}\n{uses}")),
        [
            "PM006 5: the child's order is text, and this is a list: write it as after `order by`: `order: e.EMAIL desc, e.RECORDID`"
        ]
    );
    assert_eq!(
        after_id(
            "lookups: { sex: SEX where x }\nelements: { gender: { column: sex.SEX, codes: shared } }\n"
        ),
        [
            "PM025 4: the lookup cannot be read: a lookup is written `alias: TABLE on alias.COLUMN = …`"
        ]
    );
}

#[test]
fn nothing_follows_from_what_was_refused() {
    let observation = "resource: Observation\ntable: PATIENTS as p\nid: p.ID\nelements:\n  status: final\n  code: { text: x }\n";
    for (elements, expected) in [
        (
            "  valueQuantity: { value: $p.RESULT, unit: kg }\n  valueString: $p.RESULT\n",
            "PM041 7: a column of type `varchar(20)` cannot become this element, whose type is `decimal`: a number that is kept as text is read with `measure: number`",
        ),
        (
            "  valueQuantity: { vlaue: $p.WEIGHT, unit: kg }\n  valueString: $p.RESULT\n",
            "PM011 7: Quantity has no element `vlaue`: did you mean `value`?",
        ),
    ] {
        assert_eq!(found(&format!("{observation}{elements}")), [expected]);
    }
    // The file's own table is meant, which the one for all has nothing to do with.
    let own = "codes: { shared: { 1: accepted, '*': declined } }\n";
    let appointment = "resource: Appointment\ntable: APPOINTMENTS as a\nid: a.RECORDID\nelements:\n  status: booked\n  participant: [ { status: { column: a.LENGTH, codes: shared } } ]\n";
    assert_eq!(
        found(&format!("{appointment}{own}")),
        [
            "PM009 7: the code table `shared` is defined for all files too: give this one another name"
        ]
    );
    let twice = ("z.yaml", "codes: { shared: { M: mael } }\n");
    let uses = patient("  gender: { column: sex.SEX, codes: shared }\n");
    let problems = load(&[twice, ("patient.yaml", &uses)], &Options::default()).unwrap_err();
    let codes: Vec<_> = problems.iter().map(Diagnostic::code).collect();
    assert_eq!(codes, ["PM009"], "{problems}");
    assert_eq!(
        after_id(
            "elements:\n  gender: $p.SURNAME\n  gender: { column: p.GENDERTEXT, codes: shared }\n"
        ),
        [
            "PM003 6: the key `gender` stands twice: keep one of them; several values of one element are the entries of a list"
        ]
    );
    let circle = "lookups: { a: SEX on a.SEXCODE = b.TITLECODE, b: TITLES on b.TITLECODE = a.SEXCODE, c: SEX on c.SEXCODE = b.TITLECODE }\n";
    assert_eq!(
        after_id(&format!("{circle}elements: {{ active: true }}\n")),
        [
            "PM027 4: the lookups `a`, `b` refer to each other in a circle: the condition of one of them must do without the others"
        ]
    );
}

#[test]
fn a_bracket_or_quote_that_is_not_closed_is_shown_where_it_is_opened() {
    for (elements, place) in [
        ("  name: { text: x\n  active: true\n", (5, 9, '{')),
        (
            "  name:\n    - { text: x, family: [ a\n    - text: y\n  active: true\n",
            (6, 26, '['),
        ),
        (
            "  language: 'en\n  name: [ { text: it's } ]\n",
            (5, 13, '\''),
        ),
        (
            "  name: [ { text: \"x }, { text: y } ]\n  language: en\n",
            (5, 19, '"'),
        ),
        (
            "  # it's { here\n  language: it's [ no\n  name:\n    - { text: '{', given: [ \"]\"\n\nsearch: {}\n",
            (8, 27, '['),
        ),
    ] {
        let file =
            format!("resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements:\n{elements}");
        let problems = load(&[("patient.yaml", &file)], &Options::default()).unwrap_err();
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.place.line, problem.column, problem.code()))
            .collect();
        assert_eq!(found, [(place.0, place.1, "PM001")], "{problems}");
        let message = format!("the file is not YAML: a `{}` is not closed", place.2);
        assert!(problems.to_string().contains(&message), "{problems}");
    }
    let manifest = MANIFEST.replace("mssql", "[mssql");
    let problems = load_files("x", &[("mapping.yaml", &manifest)], &Options::default());
    insta::assert_snapshot!(problems.unwrap_err(), @r#"
    error[PM001]: the file is not YAML: a `[` is not closed
     --> mapping.yaml:2:9
      |
    2 | engine: [mssql
      |         ^ opened here
    3 | verified: illustrative
      |         - not closed before this
      |
      = help: close it with `]`; a text that begins with `[` stands in quotes

    1 error
    "#);
    // Brackets over several lines, and another mistake in them.
    assert_eq!(
        after_id("elements: {\n  active: true,\n  language: x: y\n}\n"),
        [
            "PM001 6: the file is not YAML from here on: text with `: ` or `, ` in it stands in quotes; a key below another is indented"
        ]
    );
    insta::assert_snapshot!(problems_after_id("elements:\n  name: &i\n    - text: x\n  language: \"en\n"), @r#"
    error[PM002]: an anchor has no place in a mapping
     --> patient.yaml:5:9
      |
    5 |   name: &i
      |         ^^
      |
      = help: write the value out where it is used; a table of codes has a name under `codes:`

    error[PM001]: the file is not YAML: a `"` is not closed
     --> patient.yaml:7:13
      |
    7 |   language: "en
      |             ^  - not closed before this
      |             |
      |             opened here
      |
      = help: close it with `"`

    2 errors
    "#);
}

#[test]
fn a_mistake_of_yaml_may_stand_before_the_place_that_is_shown() {
    let found = problems_after_id("elements:\n  language: @x\n");
    assert!(
        found.contains("note: the mistake is at this place or before it"),
        "{found}"
    );
}

fn problems_after_id(rest: &str) -> String {
    problems(&format!(
        "resource: Patient\ntable: PATIENTS as p\nid: p.ID\n{rest}"
    ))
}

#[test]
fn an_anchor_is_shown_where_it_stands() {
    let found = problems_after_id("elements:\n  name: &i\n    - text: x\n");
    assert!(found.contains("patient.yaml:5:9"), "{found}");
}

#[test]
fn what_is_forgotten_beside_a_value_is_named() {
    for (element, expected) in [
        (
            "managingOrganization: { reference: { id: p.ID } }",
            "PM005 4: the reference has no `to:`: the type that it leads to: `to: Practitioner`",
        ),
        (
            "birthDate: { month: p.BIRTHMONTH }",
            "PM005 4: the date has no `year:`: the column of the year: `year: p.YEAR`",
        ),
        (
            "deceasedDateTime: { seconds: p.FLAGS }",
            "PM005 4: the time has no `date:`: the column of its day: `date: p.DAY`",
        ),
        (
            "maritalStatus: { colum: p.SURNAME, codes: { M: M } }",
            "PM004 4: a value has no key `colum`: did you mean `column`?",
        ),
        (
            "active: { column: p.SURNAME, codes: { Y: yes } }",
            "PM015 4: `yes` does not have the form of `boolean`, the element's type: expected `true` or `false`",
        ),
    ] {
        assert_eq!(
            after_id(&format!("elements: {{ {element} }}\n")),
            [expected],
            "{element}"
        );
    }
}

#[test]
fn a_key_of_the_source_is_no_element() {
    let remedy = "it is a key of the source: it begins in the first column, as `elements:` does";
    for (key, inside, element) in [
        (
            "lookups",
            "sex: SEX on sex.SEXCODE = p.SEXCODE",
            "gender: { column: sex.SEX, codes: shared }",
        ),
        (
            "codes",
            "own: { M: male }",
            "gender: { column: p.SURNAME, codes: own }",
        ),
        (
            "children",
            "mails: EMAIL as e on e.ID = p.ID",
            "telecom: [ { each: mails, system: email, value: $e.EMAIL } ]",
        ),
        ("search", "name: off", "active: true"),
    ] {
        assert_eq!(
            after_id(&format!(
                "elements:\n  {key}: {{ {inside} }}\n  {element}\n"
            )),
            [format!("PM011 5: Patient has no element `{key}`: {remedy}")]
        );
    }
}

#[test]
fn the_name_of_a_choice() {
    let statement = |element: &str| {
        found(&format!(
            "resource: MedicationStatement\ntable: PATIENTS as p\nid: p.ID\nelements:\n  status: active\n  subject: {{ display: x }}\n  medicationReference: {{ display: x }}\n  {element}\n"
        ))
    };
    let types = "its name has the type in it: `medicationCodeableConcept`, `medicationReference`";
    for (element, help) in [
        ("medication: { text: x }", types.to_owned()),
        ("medication[x]: { text: x }", types.to_owned()),
        (
            "medicaton[x]: { text: x }",
            format!("did you mean `medication[x]`? {types}"),
        ),
        ("medicationString: x", types.to_owned()),
        (
            "medicationReferenc: { display: x }",
            "did you mean `medicationReference`?".to_owned(),
        ),
    ] {
        let name = element.split(':').next().unwrap();
        assert_eq!(
            statement(element),
            [format!(
                "PM011 8: MedicationStatement has no element `{name}`: {help}"
            )]
        );
    }
    assert_eq!(
        after_id("elements: { extension: [ { url: 'urn:x', valueStrin: x } ] }\n"),
        ["PM011 4: Extension has no element `valueStrin`: did you mean `valueString`?"]
    );
}

#[test]
fn declarations_of_tables() {
    let load = |tables: &str| {
        let file = "resource: Patient\ntable: \"[Pat List] as p\"\nid: p.ID\nelements: { name: [ { family: \"$p.[Last Name]\" } ] }\n";
        let files = [
            ("mapping.yaml", &*MANIFEST.replace(", DRUGS", "")),
            ("patient.yaml", file),
            ("tables.yaml", tables),
        ];
        match load_files("test", &files, &Options::default()) {
            Ok(loaded) => loaded.warnings.to_string(),
            Err(problems) => problems.to_string(),
        }
    };
    let right = "tables: { Pat List: { key: ID, columns: { ID: int, Last Name: varchar(40) } } }\n";
    assert_eq!(load(right), "");
    insta::assert_snapshot!(load("tables:\n  \"[Pat List]\": { key: ID, columns: { ID: int, \"[Last Name]\": varchar(40) } }\n"), @r#"
    error[PM007]: a table is declared by its name alone
     --> tables.yaml:2:3
      |
    2 |   "[Pat List]": { key: ID, columns: { ID: int, "[Last Name]": varchar(40) } }
      |   ^^^^^^^^^^^^
      |
      = help: declare it without brackets: `Pat List:`

    error[PM007]: a column is declared by its name alone
     --> tables.yaml:2:48
      |
    2 |   "[Pat List]": { key: ID, columns: { ID: int, "[Last Name]": varchar(40) } }
      |                                                ^^^^^^^^^^^^^
      |
      = help: declare it without brackets: `Last Name:`

    2 errors
    "#);
    // The column stands in the second declaration.
    let problems = super::load(
        &[
            (
                "more.yaml",
                "tables: { PATIENTS: { key: ID, columns: { ID: int } } }\n",
            ),
            ("patient.yaml", &patient("  birthDate: $p.DOB\n")),
        ],
        &Options::default(),
    )
    .unwrap_err();
    let codes: Vec<_> = problems.iter().map(Diagnostic::code).collect();
    assert_eq!(codes, ["PM009"], "{problems}");
    for (ty, help) in [
        ("intger", "did you mean `integer`?"),
        ("varcar(20)", "did you mean `varchar`?"),
        ("datetim2", "did you mean `datetime`?"),
        (
            "{ type: varchar(9), collation: BINRY }",
            "did you mean `BINARY`?",
        ),
        (
            "{ type: varchar(9), collation: Latin1_General_CIAS }",
            "did you mean `Latin1_General_CI_AS`?",
        ),
    ] {
        let problems = load(&right.replace("ID: int", &format!("ID: int, X: {ty}")));
        assert!(problems.contains(&format!("help: {help}")), "{problems}");
    }
}
