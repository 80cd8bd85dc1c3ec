//! What an author does who knows another language, or YAML a little: each is answered with what to write instead.

use super::*;

/// The codes and remedies of a Patient that begins as usual and goes on with `rest`.
fn remedies(rest: &str) -> Vec<String> {
    let file = format!("resource: Patient\ntable: PATIENTS as p\nid: p.ID\n{rest}");
    reported(&file)
        .iter()
        .map(|problem| {
            let help = problem.help.as_deref().unwrap_or("no help");
            format!("{} {help}", problem.code())
        })
        .collect()
}

#[test]
fn the_file_s_own_shape() {
    let elements = remedies("where: p.STATUS = 1\nelements:\nname:\n  - text: x\n");
    assert_eq!(
        elements,
        [
            "PM004 which rows are resources is said by `rows:`",
            "PM006 no help",
            "PM004 it is an element: indent it, below `elements:`",
        ]
    );
    for (text, help) in [
        (
            "elements:\n  name:\n    - text: x\n   active: true\n",
            "PM001 keys of one mapping, and entries of one list, begin in the same column",
        ),
        (
            "codes: { sex: { M: male, *: unknown } }\n",
            "PM001 `*` stands in quotes: `\"*\": unknown`",
        ),
        (
            "codes:\n  sex:\n    M: male\n    *: unknown\n",
            "PM001 `*` stands in quotes: `\"*\": unknown`",
        ),
        (
            "elements: { language: x: y }\n",
            "PM001 text with `: ` or `, ` in it stands in quotes; a key below another is indented",
        ),
    ] {
        assert_eq!(remedies(text), [help], "{text}");
    }
}

#[test]
fn files_that_say_nothing() {
    let empty = load(
        &[
            ("a.yaml", "# later\n"),
            ("b.yaml", &patient("  active: true\n")),
        ],
        &Options::default(),
    )
    .unwrap();
    let codes: Vec<_> = empty
        .warnings
        .iter()
        .map(|problem| problem.code())
        .collect();
    assert_eq!(codes, ["PM047"]);
    let files = [("mapping.yaml", ""), ("a.yaml", PATIENT)];
    let no_manifest = load_files("test", &files, &Options::default()).unwrap_err();
    assert!(
        no_manifest
            .to_string()
            .contains("error[PM008]: the manifest says nothing")
    );
}

#[test]
fn conditions_and_columns() {
    for (text, help) in [
        (
            "rows: p.STATUS == 1\n",
            "PM025 what is equal is compared with one `=`",
        ),
        (
            "rows: p.SURNAME = \"x\"\n",
            "PM025 text stands in single quotes: `'x'`",
        ),
        (
            "rows: p.STATUS = NULL\n",
            "PM025 whether there is a value is asked by `p.X is null` and `p.X is not null`",
        ),
        (
            "rows: p.STATUS <> null and p.ID = 1\n",
            "PM025 whether there is a value is asked by `p.X is null` and `p.X is not null`",
        ),
        (
            "rows: p.SURNAME = upper('x')\n",
            "PM025 functions are written in a fragment: `{ sql: \"UPPER({p.X}) = 'X'\" }`",
        ),
        (
            "rows: UPPER(p.SURNAME) = 'X'\n",
            "PM025 functions are written in a fragment: `{ sql: \"UPPER({p.X}) = 'X'\" }`",
        ),
        (
            "rows: p.ID BETWEEN 1 and 2\n",
            "PM025 write both ends: `p.X >= 1 and p.X <= 9`",
        ),
        (
            "rows: p.ID not between 1 and 2\n",
            "PM025 write both ends: `p.X >= 1 and p.X <= 9`",
        ),
        (
            "rows: p.STATUS = $p.ID\n",
            "PM025 columns have no `$` here: `p.STATUS = 1`",
        ),
        (
            "rows: [p].[STATUS] = 1\n",
            "PM001 a text with brackets of its own stands in quotes: `\"[Patient List] as p\"`",
        ),
        (
            "lookups: { d: [USERS] on d.USERID = p.USERID }\n",
            "PM001 a text with brackets of its own stands in quotes: `\"[Patient List] as p\"`",
        ),
        (
            "lastUpdated: p.UPDATED, p.CREATED\n",
            "PM025 several columns are a list: `[ p.X, p.Y ]`",
        ),
        (
            "lookups: { doc: USERS d on d.USERID = p.USERID }\n",
            "PM025 a lookup is written `alias: TABLE on alias.COLUMN = …`",
        ),
        (
            "children: { mail: EMAIL e where e.ID = p.ID }\n",
            "PM025 a child is written `name: TABLE as c on c.COLUMN = p.COLUMN where …`",
        ),
    ] {
        let found = remedies(&format!("{text}elements: {{ active: true }}\n"));
        assert_eq!(found, [help], "{text}");
    }
}

#[test]
fn values() {
    for (elements, help) in [
        (
            "name: [ { given: [ $p.FIRSTNAME $p.SURNAME ] } ]",
            "PM025 a value is one column; texts are put together with `{ join: [ $p.X, $p.Y ] }`",
        ),
        (
            "name: [ { text: Dr $p.SURNAME. } ]",
            "PM046 put texts together with `{ join: [ $p.X, $p.Y ] }` or in a `sql:` fragment",
        ),
        (
            "generalPractitioner: [ { reference: Practitioner/$p.USERID } ]",
            "PM046 write a reference as `{ to: …, id: … }`",
        ),
        (
            "generalPractitioner: [ { reference: $p.USERID } ]",
            "PM041 say what it leads to: `{ to: Practitioner, id: p.USERID }`",
        ),
        (
            "generalPractitioner: [ { reference: { column: p.USERID } } ]",
            "PM041 say what it leads to: `{ to: Practitioner, id: p.USERID }`",
        ),
        (
            "name: [ { family: $p.[SURNAME] } ]",
            "PM001 a text with brackets of its own stands in quotes: `\"$p.[Family name]\"`",
        ),
        (
            "generalPractitioner: [ $p.USERID ]",
            "PM018 write it as `{ reference: { to: …, id: … } }`",
        ),
        (
            "name: [ $p.SURNAME ]",
            "PM018 give its parts, among: `use`, `text`, `family`, `given`, `prefix`, `suffix`, `period`",
        ),
        (
            "telecom: [ { phone: $p.PHONE, use: home } ]",
            "PM011 it has: `id`, `extension`, `system`, `value`, `use`, `rank`, `period`",
        ),
        (
            "telecom: [ { each: emails, use: home } ]",
            "PM031 declare it under `children:`: `name: TABLE as c on c.COLUMN = p.COLUMN`",
        ),
    ] {
        let found = remedies(&format!("elements: {{ {elements} }}\n"));
        assert_eq!(found, [help], "{elements}");
    }
    assert!(
        remedies("elements: { language: en-AU, maritalStatus: { text: 'US$ 5' } }\n").is_empty()
    );
}

#[test]
fn a_manifest_of_another_name() {
    for name in ["mapping.yml", "Mapping.yaml", "manifest.yaml"] {
        let problems = load_files("test", &[(name, MANIFEST)], &Options::default()).unwrap_err();
        let help: Vec<_> = problems
            .iter()
            .map(|problem| problem.help.as_deref())
            .collect();
        let expected = format!("rename `{name}` to `mapping.yaml`");
        assert_eq!(help, [Some(expected.as_str())]);
    }
}

#[test]
fn a_required_code_of_listed_values_only() {
    let source = |codes: &str| {
        format!(
            "resource: Appointment\ntable: APPOINTMENTS as a\nid: a.RECORDID\nelements:\n  status: {{ column: a.STATUS, codes: {{ {codes} }} }}\n  participant: [ {{ status: accepted }} ]\n"
        )
    };
    let warned = problems(&source("Booked: booked"));
    insta::assert_snapshot!(warned, @r#"
    warning[PM048]: R4 requires `Appointment.status`, and its code table answers for the listed values only
     --> patient.yaml:5:11
      |
    5 |   status: { column: a.STATUS, codes: { Booked: booked } }
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: say what any other value and no value are: `"*": …`, `"": …`

    1 warning
    "#);
    for answered in [
        "Booked: booked, '*': pending",
        "Booked: booked, '': pending",
    ] {
        assert_eq!(problems(&source(answered)), "");
    }
    // An element that need not be there may be absent.
    assert_eq!(
        problems(&patient(
            "  gender: { column: sex.SEX, codes: { Male: male } }\n"
        )),
        ""
    );
}

#[test]
fn a_parameter_is_offered_for_all_that_it_looks_at_or_not_at_all() {
    let source = |search: &str| {
        format!(
            "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements:\n  \
             identifier:\n    - {{ system: \"urn:a\", value: $p.MEDICARENO }}\n    - {{ system: \"urn:b\", value: {{ join: [ $p.SURNAME, $p.FIRSTNAME ] }} }}\n  \
             name: [ {{ family: $p.SURNAME, text: {{ join: [ $p.SURNAME, $p.FIRSTNAME ] }} }} ]\n{search}"
        )
    };
    insta::assert_snapshot!(problems(&source("")), @r#"
    warning[PM055]: `identifier` is not offered for Patient: the element is not searchable: joined text
     --> patient.yaml:7:5
      |
    7 |     - { system: "urn:b", value: { join: [ $p.SURNAME, $p.FIRSTNAME ] } }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: it would find only some of the resources that have what is asked for
      = help: say under `search:` what `identifier` looks at, or `identifier: off` if it is to be refused

    1 warning
    "#);
    insta::assert_snapshot!(problems(&source("search:\n  identifier: off\n")), @"");
}

#[test]
fn names_that_are_words_of_conditions_or_have_blanks() {
    // A name after a dot can be nothing else.
    let tables =
        "tables:\n  ORDERS: { key: BY, columns: { BY: int, ORDER: varchar(9), in: int } }\n";
    let source = "resource: Patient\ntable: ORDERS as o\nrows: o.IN = 1 and o.ORDER is not null\nid: o.BY\nelements:\n  name: [ { text: $o.ORDER } ]\n";
    assert_eq!(
        problems(&format!("{}{tables}", source.replace("o.IN", "o.in"))),
        ""
    );
    let word = "is a word of conditions, as `and` is";
    let with_alias = |alias: &str| {
        let file = format!(
            "resource: Patient\ntable: PATIENTS as {alias}\nrows: {alias}.STATUS = 1\nid: {alias}.ID\nelements: {{ name: [ {{ text: ${alias}.SURNAME }} ] }}\n"
        );
        load(&[("patient.yaml", &file)], &Options::default())
    };
    assert!(with_alias("orders").is_ok());
    let refused: Vec<_> = with_alias("order")
        .unwrap_err()
        .iter()
        .map(|problem| (problem.place.line, problem.help.clone()))
        .collect();
    assert_eq!(
        refused,
        [(
            2,
            Some(format!("`order` {word}: give the table another alias"))
        )]
    );
    assert_eq!(
        remedies(
            "lookups: { by: SEX on by.SEXCODE = p.SEXCODE }\nelements: { gender: { column: by.SEX, codes: shared } }\n"
        ),
        [format!("PM007 it {word}: choose another name")]
    );
    let blanks = "PM025 a name with blanks stands in brackets, and the text in quotes";
    for (text, expected) in [
        (
            "children: { b: Appt Book as v on v.ID = p.ID }\n",
            "[Appt Book] as v",
        ),
        (
            "children: { b: { table: My Appt Book as v, on: v.ID = p.ID } }\n",
            "[My Appt Book] as v",
        ),
    ] {
        let found = remedies(&format!("{text}elements: {{ active: true }}\n"));
        assert_eq!(found, [format!("{blanks}: `\"{expected}\"`")], "{text}");
    }
    let table = "resource: Patient\ntable: Appt Book as v\nid: v.ID\nelements: { active: true }\n";
    assert!(problems(table).contains("`\"[Appt Book] as v\"`"));
}

#[test]
fn what_is_taken_for_something_else() {
    for (elements, help) in [
        (
            "name: [ { family: { text: $p.SURNAME } } ]",
            "PM042 the element has no parts: write `$p.SURNAME` alone",
        ),
        (
            "name: [ { family: { colum: p.SURNAME } } ]",
            "PM004 did you mean `column`?",
        ),
        (
            "managingOrganization: { id: p.ID, to: Organization }",
            "PM011 write it as `reference: { to: …, id: … }`",
        ),
        (
            "name: [ { column: p.SEXCODE, codes: shared, part: display } ]",
            "PM011 a HumanName has parts: give each of them its value",
        ),
        (
            "name: [ { text: { join: [ $p.FIRSTNAME, '-', $p.SURNAME ] } } ]",
            "PM006 what stands between the parts is said by `with:`; what else is no column needs a fragment",
        ),
        (
            "name: [ { text: { join: [ $p.FIRSTNAME $p.SURNAME ] } } ]",
            "PM006 what stands between the parts is said by `with:`; what else is no column needs a fragment",
        ),
        (
            "dob: $p.DOB",
            "PM011 it has: `identifier`, `active`, `name`, `telecom`, `gender`, `birthDate`, `deceased[x]`, `address`, `maritalStatus`, `multipleBirth[x]`, `photo`, `contact`, `communication`, `generalPractitioner`, `managingOrganization`, `link`",
        ),
        (
            "deceasedString: x",
            "PM011 its name has the type in it: `deceasedBoolean`, `deceasedDateTime`",
        ),
        (
            "link: [ { type: refer, other: { reference: { to: Patient, source: main, id: p.ID } } } ]",
            "PM051 the mapping's one source of Patient has no name: leave `source:` out",
        ),
        (
            "managingOrganization: { reference: { to: Organization, id: [ p.ID, p.USERID ] } }",
            "PM052 make it one value in a fragment, here and in `id:` of the Organization: `{ sql: \"…\", type: varchar(40) }` that puts its columns together with a dot between",
        ),
    ] {
        let found = remedies(&format!("elements: {{ {elements} }}\n"));
        assert_eq!(found, [help], "{elements}");
    }
    let time = "PM041 an instant needs a time of day: `{ date: p.DAY, seconds: p.TIME }`, or a date-time column";
    for (column, help) in [
        ("p.DOBTEXT", ", or a fragment that gives one"),
        ("p.USERID", ", or `unix: true` for seconds since 1970"),
        ("{ column: p.DOBTEXT, format: YYYYMMDD }", ""),
    ] {
        let found = remedies(&format!(
            "lastUpdated: {column}\nelements: {{ active: true }}\n"
        ));
        assert_eq!(found, [format!("{time}{help}")], "{column}");
    }
    assert_eq!(
        remedies(
            "search: { upper: { type: token, sql: \"UPPER({p.SURNAME})\" } }\nelements: { active: true }\n"
        ),
        ["PM054 write `{ type: token, column: { sql: \"…\", type: varchar(10) } }`"]
    );
}

#[test]
fn what_may_stand_for_an_element_that_r4_requires() {
    let file = "resource: Coverage\ntable: PATIENTS as p\nid: p.ID\nelements: { status: active }\n";
    let observation = "resource: Observation\ntable: PATIENTS as p\nid: p.ID\nelements: { status: final, component: [ { valueString: x } ], identifier: [ { period: { start: 2020 } } ] }\n";
    let file = [file, observation].map(|file| {
        let problems = load(&[("x.yaml", file)], &Options::default()).unwrap_err();
        problems
            .iter()
            .map(|problem| problem.help.clone().unwrap_or_default())
            .collect::<Vec<_>>()
    });
    assert_eq!(
        file,
        [
            vec![
                "write `beneficiary: { reference: { to: …, id: … } }`, a reference to Patient",
                "write `payor: [ { reference: { to: …, id: … } } ]`, a reference to Organization, Patient, RelatedPerson",
            ],
            vec![
                "write `code: { text: … }` or `{ column: …, codes: … }`",
                "write `code: { text: … }` or `{ column: …, codes: … }`",
            ],
        ]
    );
}
