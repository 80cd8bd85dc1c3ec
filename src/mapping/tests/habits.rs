//! What an author does who knows another language, or YAML a little: each is answered with what to write instead.

use super::*;

/// The codes and remedies of a Patient that begins as usual and goes on with `rest`.
fn remedies(rest: &str) -> Vec<String> {
    let file = format!("resource: Patient\ntable: PATIENTS as p\nid: p.ID\n{rest}");
    let diagnostics = match load(&[("patient.yaml", &file)], &Options::default()) {
        Ok(loaded) => loaded.warnings,
        Err(diagnostics) => diagnostics,
    };
    diagnostics
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
