//! `lacks:`: what the database has not, of a source and of the whole.

use super::*;

fn lacking(lacks: &str) -> String {
    patient(&format!(
        "  active: true
  name: [ {{ family: $p.SURNAME }} ]
  identifier: [ {{ system: 'http://ns.electronichealth.net.au/id/dva', value: $p.PHONE }} ]
  deceasedBoolean: {{ column: p.FLAGS, bit: 1 }}
lacks:
{lacks}"
    ))
}

#[test]
fn what_a_source_lacks_is_kept_with_its_reason() {
    let source = good(&lacking(
        "  elements:
    name.given: one name only
    identifier:ihi: no column
    multipleBirth[x]: no column
    contact.name.family: no table
  search:
    gender: not asked for
    gender-identity: not asked for
",
    ));
    let reason = |path: &str| {
        let path = crate::fhir::au_core::Path::parse(path).unwrap();
        source.lacks.element(&path).as_deref().map(str::to_owned)
    };
    assert_eq!(reason("name.given").as_deref(), Some("one name only"));
    assert_eq!(reason("name.family"), None);
    assert_eq!(reason("identifier"), None);
    assert_eq!(reason("identifier:ihi.value").as_deref(), Some("no column"));
    assert_eq!(reason("multipleBirthInteger").as_deref(), Some("no column"));
    assert_eq!(reason("contact.name"), None);
    assert_eq!(&*source.lacks.search["gender"], "not asked for");
    assert_eq!(source.lacks.search.len(), 2);
}

#[test]
fn what_is_lacking_must_be_there_to_lack() {
    insta::assert_snapshot!(problems(&lacking(
        "  elements:
    name.givven: x
    identifier:mediccare: x
    name..family: x
    photo: ''
  search:
    gendre: x
  tables: x
"
    )), @r#"
    error[PM011]: HumanName has no element `givven`
      --> patient.yaml:21:5
       |
    21 |     name.givven: x
       |     ^^^^^^^^^^^
       |
       = help: did you mean `given`?

    error[PM056]: AU Core has no slice `identifier:mediccare` of Patient
      --> patient.yaml:22:5
       |
    22 |     identifier:mediccare: x
       |     ^^^^^^^^^^^^^^^^^^^^
       |
       = help: did you mean `identifier:medicare`?

    error[PM056]: `name..family` is no path of elements
      --> patient.yaml:23:5
       |
    23 |     name..family: x
       |     ^^^^^^^^^^^^
       |
       = help: a path is written with dots, as `name.family`

    error[PM006]: the reason is text, and this is empty
      --> patient.yaml:24:12
       |
    24 |     photo: ''
       |            ^^ expected text

    error[PM056]: Patient has no search parameter `gendre`
      --> patient.yaml:26:5
       |
    26 |     gendre: x
       |     ^^^^^^
       |
       = help: did you mean `gender`?

    error[PM004]: `lacks:` has no key `tables`
      --> patient.yaml:27:3
       |
    27 |   tables: x
       |   ^^^^^^
       |
       = help: the keys are: `elements`, `search`

    6 errors
    "#);
}

#[test]
fn what_is_mapped_is_not_lacking() {
    insta::assert_snapshot!(problems(&lacking(
        "  elements:
    name: x
    identifier:dva: x
    identifier:ihi: x
    deceased[x]: x
"
    )), @r#"
    error[PM057]: `Patient.name` is mapped, and so is not lacking
      --> patient.yaml:21:5
       |
    21 |     name: x
       |     ^^^^
       |
       = help: take the entry out

    error[PM057]: `Patient.identifier:dva` is mapped, and so is not lacking
      --> patient.yaml:22:5
       |
    22 |     identifier:dva: x
       |     ^^^^^^^^^^^^^^
       |
       = help: take the entry out

    error[PM057]: `Patient.deceased[x]` is mapped, and so is not lacking
      --> patient.yaml:24:5
       |
    24 |     deceased[x]: x
       |     ^^^^^^^^^^^
       |
       = help: take the entry out

    3 errors
    "#);
    // What can be searched is known when the elements are right.
    insta::assert_snapshot!(problems(&lacking(
        "  search:
    family: x
    gender: x
"
    )), @r#"
    error[PM057]: `Patient?family` is mapped, and so is not lacking
      --> patient.yaml:21:5
       |
    21 |     family: x
       |     ^^^^^^
       |
       = help: take the entry out

    1 error
    "#);
}

fn with_manifest(lacks: &str) -> String {
    let manifest = format!("{MANIFEST}lacks:\n{lacks}");
    let patient = patient("  active: true\n");
    let files = [
        ("mapping.yaml", manifest.as_str()),
        ("tables.yaml", TABLES),
        ("patient.yaml", &patient),
    ];
    match load_files("test", &files, &Options::default()) {
        Ok(loaded) => format!("{:?}", loaded.mapping.lacks),
        Err(diagnostics) => diagnostics.to_string(),
    }
}

#[test]
fn the_manifest_names_types_and_profiles() {
    assert_eq!(
        with_manifest("  Specimen: no table\n  au-core-resprate: no column\n"),
        r#"{"Specimen": "no table", "au-core-resprate": "no column"}"#
    );
    insta::assert_snapshot!(
        with_manifest("  Patient: x\n  au-core-patient: x\n  Speciman: x\n  Slot: []\n"),
        @r#"
    error[PM057]: `Patient` is mapped, and so is not lacking
     --> mapping.yaml:7:3
      |
    7 |   Patient: x
      |   ^^^^^^^
      |
      = help: take the entry out

    error[PM057]: `au-core-patient` is mapped, and so is not lacking
     --> mapping.yaml:8:3
      |
    8 |   au-core-patient: x
      |   ^^^^^^^^^^^^^^^
      |
      = help: take the entry out

    error[PM056]: `Speciman` is no resource type of R4, and no profile of AU Core
     --> mapping.yaml:9:3
      |
    9 |   Speciman: x
      |   ^^^^^^^^
      |
      = help: did you mean `Specimen`?

    error[PM006]: the reason is text, and this is an empty list
      --> mapping.yaml:10:9
       |
    10 |   Slot: []
       |         ^^ expected text

    4 errors
    "#
    );
}
