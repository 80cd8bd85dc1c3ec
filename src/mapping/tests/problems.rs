//! What each rule says of a source that breaks it: the messages are read here as an author would read them.

use super::*;

/// A source of Patient in which one line is another.
fn with(line: &str, other: &str) -> String {
    let file = patient("  active: true\n");
    assert!(file.contains(line), "{line}");
    file.replace(line, other)
}

#[test]
fn keys() {
    insta::assert_snapshot!(problems("resource: Patient\nrow: p.A = 1\n"), @"");
}

#[test]
fn resource_types_and_elements() {
    insta::assert_snapshot!(problems(&with("resource: Patient", "resource: Pateint")), @"");
    insta::assert_snapshot!(problems(&patient(
        "  birthdate: $p.DOB
  deceased: $p.DOB
  name: [ { familly: $p.SURNAME, column: p.SURNAME } ]
  managingOrganization: { to: Organization, id: p.USERID }
  contact: [ { _name: { id: x } } ]
  if: p.STATUS = 1
"
    )), @"");
}

#[test]
fn cardinalities() {
    insta::assert_snapshot!(problems(&patient(
        "  gender: [ male ]
  name: { family: $p.SURNAME, given: $p.FIRSTNAME }
  telecom: []
  maritalStatus: married
  photo: [ ~ ]
"
    )), @"");
}

#[test]
fn required_elements() {
    insta::assert_snapshot!(problems(
        "resource: Appointment\ntable: APPOINTMENTS a\nid: a.RECORDID\nelements:\n  participant: [ { actor: { display: x } } ]\n"
    ), @"");
    insta::assert_snapshot!(problems(
        "resource: MedicationStatement\ntable: PATIENTS p\nid: p.ID\nelements:\n  status: active\n  subject: { display: x }\n"
    ), @"");
}

#[test]
fn constants() {
    insta::assert_snapshot!(problems(&patient(
        "  birthDate: 31/12/1999
  gender: man
  active: yes
  multipleBirthInteger: 1.0
  language: p.SURNAME
  telecom: [ { use: hone, rank: 0 } ]
"
    )), @"");
}

#[test]
fn choices_and_elements_set_elsewhere() {
    insta::assert_snapshot!(problems(&patient(
        "  id: $p.ID
  meta: { profile: [ 'http://x.example/p' ] }
  deceasedBoolean: false
  deceasedDateTime: $p.DOB
"
    )), @"");
}

#[test]
fn names_of_tables_columns_and_aliases() {
    insta::assert_snapshot!(problems(&with("table: PATIENTS as p", "table: PATIENT as p")), @"");
    insta::assert_snapshot!(problems(&patient(
        "  name: [ { family: $p.SURENAME, given: [ $q.FIRSTNAME, $FIRSTNAME ] } ]\n"
    )), @"");
    insta::assert_snapshot!(problems(&with("  doc: USERS", "  p: USERS")), @"");
    insta::assert_snapshot!(problems(&with("  doc: USERS", "  my doc: USERS")), @"");
}

#[test]
fn conditions() {
    for (condition, shown) in [
        ("p.STATUS = ", ""),
        ("p.STATUS == 1", ""),
        ("SURNAME = 'x'", ""),
    ] {
        assert_eq!(shown, "");
        let text = problems(&with("rows: p.STATUS = 1", &format!("rows: {condition}")));
        assert!(text.contains("error[PM025]"), "{text}");
    }
    insta::assert_snapshot!(problems(&with("rows: p.STATUS = 1", "rows: p.STATUS = 1 and")), @"");
    insta::assert_snapshot!(problems(&with(
        "rows: p.STATUS = 1",
        "rows:\n  - p.SURNAME = 1 or p.STATUS in (1, 'x')\n  - p.DOB > '1900' and p.STATUS like 'x'\n  - p.SURNAME = p.STATUS\n  - p.SURNAME & 2 = 0\n  - 1 = 1"
    )), @"");
}

#[test]
fn lookups() {
    insta::assert_snapshot!(problems(&with(
        "  doc: USERS on doc.USERID = p.USERID",
        "  doc: USERS on doc.USERID = p.USERID and doc.TITLECODE = dtitle.TITLECODE"
    )), @"");
    insta::assert_snapshot!(problems(&with("  doc: USERS on", "  kind: KINDS on kind.KINDCODE = p.FLAGS\n  doc: USERS on")), @"");
    let many: String = (0..61)
        .map(|n| format!("  l{n}: SEX on l{n}.SEXCODE = p.SEXCODE\n"))
        .collect();
    insta::assert_snapshot!(problems(&with("children:\n", &format!("{many}children:\n"))), @"");
}

#[test]
fn children() {
    insta::assert_snapshot!(problems(&patient(
        "  name: [ { text: $e.EMAIL } ]
  telecom:
    - { each: email, value: $e.EMAIL }
    - { each: emails, value: { join: [ $e.EMAIL, $p.SURNAME ] } }
    - { each: emails, if: p.STATUS = 1, extension: [ { each: emails, url: 'urn:x', valueString: $e.EMAIL } ] }
"
    )), @"");
    insta::assert_snapshot!(problems(&with("on e.ID = p.ID where e.STATUS = 1", "on e.ID = 1 where p.STATUS = 1")), @"");
    insta::assert_snapshot!(problems(&with("on e.ID = p.ID where", "on e.ID = p.ID were")), @"");
}

#[test]
fn fragments() {
    insta::assert_snapshot!(problems(&patient(
        "  name:
    - { family: { sql: { sqlite: 'x' }, type: varchar(10) } }
    - { family: { sql: 'upper({p.SURENAME}) -- x', type: varchar(10) } }
    - { family: { sql: 'upper(${SURNAME})' } }
    - { family: { sql: { mysql: 'x', mssql: \"'\" }, type: varchar(10) } }
"
    )), @"");
}

#[test]
fn rows_ids_and_catalogues() {
    insta::assert_snapshot!(problems(&with("rows: p.STATUS = 1", "rows: p.GENDERTEXT = 'x'")), @"");
    insta::assert_snapshot!(problems(&with("id: p.ID", "id: [ p.DOB, p.GENDERTEXT, e.ID ]")), @"");
    insta::assert_snapshot!(problems(&with("  doc: USERS", "  drug: DRUGS on drug.DRUGID = p.FLAGS\n  doc: USERS")), @"");
    insta::assert_snapshot!(problems(&with("resource: Patient", "resource: Patient\nprofile: au-core-patient\nsource: next-of-kin")), @"");
}

#[test]
fn conversions() {
    insta::assert_snapshot!(problems(&patient(
        "  birthDate: $p.DOBTEXT
  gender: $p.RESULT
  active: $p.RESULT
  deceasedDateTime: { column: p.FLAGS }
  multipleBirthInteger: $p.RESULT
  name: [ { family: $p.DOB, period: { start: { column: p.DOB, format: YYYYMMDD } } } ]
  maritalStatus: { column: p.FLAGS }
  telecom: [ { rank: { column: p.FLAGS, compare: digits } } ]
"
    )), @"");
}

#[test]
fn keys_of_a_value() {
    insta::assert_snapshot!(problems(&patient(
        "  birthDate: { column: p.DOB, with: x, frmat: y }
  gender: { codes: sex }
  active: { column: p.FLAGS, bit: 1, codes: sex }
  deceasedBoolean: { column: p.FLAGS, bit: 0, is: set }
  multipleBirthInteger: { column: p.FLAGS, join: [ $p.FLAGS ] }
  name: [ { family: { column: p.SURNAME, part: code }, text: { join: $p.SURNAME } } ]
  maritalStatus: { column: p.FLAGS, codes: sex, part: code }
  telecom: [ { rank: { column: p.FLAGS, divide: 0 }, value: { column: p.FLAGS, format: YYYY } } ]
  identifier: [ { value: { concat: [ { column: p.MEDICARENO } ] } } ]
"
    )), @"");
    insta::assert_snapshot!(problems(&patient(
        "  birthDate: { column: p.DOBTEXT, format: DD/MM/YY }
  deceasedDateTime: { date: p.DOB, plus: p.FLAGS }
  name: [ { period: { start: { year: p.BIRTHYEAR, day: p.BIRTHDAY }, end: { date: p.FLAGS, seconds: p.FLAGS } } } ]
  multipleBirthInteger: { column: p.FLAGS, absent: none }
"
    )), @"");
}

#[test]
fn code_tables_in_use() {
    insta::assert_snapshot!(problems(&patient(
        "  gender: { column: sex.SEX, codes: sexes }
  birthDate: { column: p.DOB, codes: sex }
  active: { column: p.STATUS, codes: { 1: true, x: no } }
  contact: [ { gender: { column: p.RESULT, codes: { M: man } } } ]
  communication: [ { language: { column: p.DOB, codes: sex } } ]
"
    )), @"");
    let shared = "codes:\n  marital: { M: Married Man }\n";
    let file = patient("  maritalStatus: { column: p.RESULT, codes: marital }\n");
    let result = load(
        &[("codes.yaml", shared), ("patient.yaml", &file)],
        &Options::default(),
    );
    insta::assert_snapshot!(result.unwrap_err(), @"");
}

#[test]
fn references() {
    insta::assert_snapshot!(problems(&patient(
        "  generalPractitioner: [ { reference: { to: Patient, id: p.USERID } } ]
  managingOrganization: { reference: { to: Organisation, id: p.DOB }, display: { to: Organization, id: p.ID } }
  link: [ { type: seealso, other: { reference: { to: Patient, id: p.DOB } } } ]
"
    )), @"");
}

#[test]
fn searches() {
    let section = "\
search:
  phonetik: off
  birthdate: { type: date, column: p.DOB }
  chart: { type: tokn, column: p.FLAGS }
  Chart: { type: token, column: p.FLAGS }
  note: yes
  size: { type: number, column: p.SURNAME }
  mail: { type: string, column: e.EMAIL }
";
    insta::assert_snapshot!(problems(&format!("{}{section}", patient("  active: true\n"))), @"");
}

#[test]
fn an_element_that_must_be_there_needs_a_column_that_is() {
    let mut options = Options::default();
    options
        .missing
        .insert(("PATIENTS".into(), "GENDERTEXT".into()));
    let file = "\
resource: Observation
table: PATIENTS as p
id: p.ID
elements:
  status: final
  code: { text: $p.GENDERTEXT }
";
    let result = load(&[("patient.yaml", file)], &options);
    insta::assert_snapshot!(result.unwrap_err(), @"");
}
