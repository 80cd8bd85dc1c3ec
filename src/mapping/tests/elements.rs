//! What the rules on keys and elements say of a source that breaks them: the messages are read here
//! as an author would read them.

use super::*;

#[test]
fn keys() {
    insta::assert_snapshot!(problems("resource: Patient\nrow: p.A = 1\n"), @r#"
    error[PM005]: the source has no `table:`
     --> patient.yaml:1:1
      |
    1 | resource: Patient
      | ^^^^^^^^
      |
      = help: the table whose rows are the resources: `table: PATIENTS as p`

    error[PM005]: the source has no `id:`
     --> patient.yaml:1:1
      |
    1 | resource: Patient
      | ^^^^^^^^
      |
      = help: the column that becomes the id: `id: p.INTERNALID`

    error[PM005]: the source has no `elements:`
     --> patient.yaml:1:1
      |
    1 | resource: Patient
      | ^^^^^^^^
      |
      = help: the resource as it will look, with columns in it

    error[PM004]: a source has no key `row`
     --> patient.yaml:2:1
      |
    2 | row: p.A = 1
      | ^^^
      |
      = help: did you mean `rows`?

    4 errors
    "#);
}

#[test]
fn resource_types_and_elements() {
    insta::assert_snapshot!(problems(&with("resource: Patient", "resource: Pateint")), @r#"
    error[PM010]: R4 has no resource type `Pateint`
     --> patient.yaml:1:11
      |
    1 | resource: Pateint
      |           ^^^^^^^
      |
      = help: did you mean `Patient`?

    1 error
    "#);
    insta::assert_snapshot!(problems(&patient(
        "  birthdate: $p.DOB
  deceased: $p.DOB
  name: [ { familly: $p.SURNAME }, { column: p.SURNAME } ]
  managingOrganization: { to: Organization, id: p.USERID }
  contact: [ { _name: { id: x } } ]
  if: p.STATUS = 1
"
    )), @r#"
    error[PM011]: Patient has no element `birthdate`
      --> patient.yaml:15:3
       |
    15 |   birthdate: $p.DOB
       |   ^^^^^^^^^
       |
       = help: did you mean `birthDate`?

    error[PM011]: Patient has no element `deceased`
      --> patient.yaml:16:3
       |
    16 |   deceased: $p.DOB
       |   ^^^^^^^^
       |
       = help: its name has the type in it: `deceasedBoolean`, `deceasedDateTime`

    error[PM011]: HumanName has no element `familly`
      --> patient.yaml:17:13
       |
    17 |   name: [ { familly: $p.SURNAME }, { column: p.SURNAME } ]
       |             ^^^^^^^
       |
       = help: did you mean `family`?

    error[PM011]: HumanName has no element `column`
      --> patient.yaml:17:38
       |
    17 |   name: [ { familly: $p.SURNAME }, { column: p.SURNAME } ]
       |                                      ^^^^^^
       |
       = help: a HumanName has parts: give each of them its value

    error[PM011]: Reference has no element `to`
      --> patient.yaml:18:27
       |
    18 |   managingOrganization: { to: Organization, id: p.USERID }
       |                           ^^
       |
       = help: write it as `reference: { to: …, id: … }`

    error[PM011]: `name` is not an element of one primitive value
      --> patient.yaml:19:16
       |
    19 |   contact: [ { _name: { id: x } } ]
       |                ^^^^^
       |
       = help: only such an element has extensions beside it, under its name with `_`

    error[PM031]: `if:` stands in an entry of a list or in the value of an element
      --> patient.yaml:20:3
       |
    20 |   if: p.STATUS = 1
       |   ^^
       |
       = help: put it into the element that depends on it; which rows are resources is said by `rows:`

    7 errors
    "#);
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
    )), @r#"
    error[PM012]: `Patient.gender` occurs at most once, and this is a list
      --> patient.yaml:15:11
       |
    15 |   gender: [ male ]
       |           ^^^^^^^^
       |
       = help: give the value without the list; `{ first: [ … ] }` takes the first that is there

    error[PM013]: `Patient.name` repeats: its values are a list
      --> patient.yaml:16:9
       |
    16 |   name: { family: $p.SURNAME, given: $p.FIRSTNAME }
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a list
       |
       = help: put `- ` before it, or brackets around it

    error[PM013]: `HumanName.given` repeats: its values are a list
      --> patient.yaml:16:38
       |
    16 |   name: { family: $p.SURNAME, given: $p.FIRSTNAME }
       |                                      ^^^^^^^^^^^^ expected a list
       |
       = help: put `- ` before it, or brackets around it

    error[PM006]: `Patient.telecom` is a list with entries, and this is an empty list
      --> patient.yaml:17:12
       |
    17 |   telecom: []
       |            ^^ expected a list with entries

    error[PM018]: `Patient.maritalStatus` has parts, as every CodeableConcept has, and this is text
      --> patient.yaml:18:18
       |
    18 |   maritalStatus: married
       |                  ^^^^^^^ expected a mapping
       |
       = help: for its text: `{ text: … }`; for codes: `{ column: …, codes: … }`

    error[PM018]: `Patient.photo` has parts, as every Attachment has, and this is nothing
      --> patient.yaml:19:12
       |
    19 |   photo: [ ~ ]
       |            ^ expected a mapping
       |
       = help: give its parts, among: `contentType`, `language`, `data`, `url`, `size`, `hash`, `title`, `creation`

    6 errors
    "#);
}

#[test]
fn required_elements() {
    insta::assert_snapshot!(problems(
        "resource: Appointment\ntable: APPOINTMENTS a\nid: a.RECORDID\nelements:\n  participant: [ { actor: { display: x } } ]\n"
    ), @r#"
    error[PM014]: Appointment has no `status`, which R4 requires
     --> patient.yaml:4:1
      |
    4 | elements:
      | ^^^^^^^^ in these elements
      |
      = help: its codes are: `proposed`, `pending`, `booked`, `arrived`, `fulfilled`, `cancelled`, `noshow`, `entered-in-error`, `checked-in`, `waitlist`

    error[PM014]: Appointment.participant has no `status`, which R4 requires
     --> patient.yaml:5:18
      |
    5 |   participant: [ { actor: { display: x } } ]
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: its codes are: `accepted`, `declined`, `tentative`, `needs-action`

    2 errors
    "#);
    insta::assert_snapshot!(problems(
        "resource: MedicationStatement\ntable: PATIENTS p\nid: p.ID\nelements:\n  status: active\n  subject: { display: x }\n"
    ), @r#"
    error[PM014]: MedicationStatement has no `medication[x]`, which R4 requires
     --> patient.yaml:4:1
      |
    4 | elements:
      | ^^^^^^^^ in these elements
      |
      = help: give one of: `medicationCodeableConcept`, `medicationReference`

    1 error
    "#);
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
    )), @r#"
    error[PM015]: `31/12/1999` does not have the form of `date`, the type of `Patient.birthDate`
      --> patient.yaml:15:14
       |
    15 |   birthDate: 31/12/1999
       |              ^^^^^^^^^^ expected `YYYY`, `YYYY-MM` or `YYYY-MM-DD`

    error[PM016]: `man` is not in the element's value set `administrative-gender`
      --> patient.yaml:16:11
       |
    16 |   gender: man
       |           ^^^
       |
       = help: its codes are: `male`, `female`, `other`, `unknown`

    error[PM015]: `yes` does not have the form of `boolean`, the type of `Patient.active`
      --> patient.yaml:17:11
       |
    17 |   active: yes
       |           ^^^ expected `true` or `false`

    error[PM015]: `1.0` does not have the form of `integer`, the type of `Patient.multipleBirth[x]`
      --> patient.yaml:18:25
       |
    18 |   multipleBirthInteger: 1.0
       |                         ^^^ expected a whole number

    warning[PM046]: `p.SURNAME` is a constant here, and the name of a column
      --> patient.yaml:19:13
       |
    19 |   language: p.SURNAME
       |             ^^^^^^^^^
       |
       = help: for the column, write `$p.SURNAME`

    error[PM016]: `hone` is not in the element's value set `contact-point-use`
      --> patient.yaml:20:21
       |
    20 |   telecom: [ { use: hone, rank: 0 } ]
       |                     ^^^^
       |
       = help: did you mean `home`?

    error[PM015]: `0` does not have the form of `positiveInt`, the type of `ContactPoint.rank`
      --> patient.yaml:20:33
       |
    20 |   telecom: [ { use: hone, rank: 0 } ]
       |                                 ^ expected a whole number, 1 or more

    6 errors, 1 warning
    "#);
}

#[test]
fn choices_and_elements_set_elsewhere() {
    insta::assert_snapshot!(problems(&patient(
        "  id: $p.ID
  meta: { profile: [ 'http://x.example/p' ] }
  deceasedBoolean: false
  deceasedDateTime: $p.DOB
"
    )), @r#"
    error[PM019]: this follows from `id:` of the source
      --> patient.yaml:15:3
       |
    15 |   id: $p.ID
       |   ^^
       |
       = help: take it out of `elements:`

    error[PM019]: this follows from `profile:` of the source
      --> patient.yaml:16:11
       |
    16 |   meta: { profile: [ 'http://x.example/p' ] }
       |           ^^^^^^^
       |
       = help: take it out of `elements:`

    error[PM017]: `deceasedDateTime` is never written beside `deceasedBoolean`
      --> patient.yaml:18:3
       |
    17 |   deceasedBoolean: false
       |   --------------- this is always there
    18 |   deceasedDateTime: $p.DOB
       |   ^^^^^^^^^^^^^^^^
       |
       = help: the first whose value is there is written: put the constant last

    3 errors
    "#);
    let last = "  deceasedDateTime: $p.DOB\n  deceasedBoolean: false\n";
    assert_eq!(problems(&patient(last)), "");
}

#[test]
fn each_and_if_stand_where_they_mean_something() {
    let file = with(
        "lastUpdated: [p.UPDATED, p.CREATED]",
        "lastUpdated: { column: p.UPDATED, if: p.STATUS = 1 }",
    )
    .replace(
        "  active: true",
        "  birthDate: { each: emails, column: p.DOB }
  gender: { first: [ { column: sex.SEX, codes: sex, if: p.STATUS = 1 } ] }",
    );
    insta::assert_snapshot!(problems(&file), @r"
    error[PM031]: `if:` stands in an entry of a list or in the value of an element
     --> patient.yaml:5:35
      |
    5 | lastUpdated: { column: p.UPDATED, if: p.STATUS = 1 }
      |                                   ^^
      |
      = help: put it into the element that depends on it; which rows are resources is said by `rows:`

    error[PM031]: `each:` stands in entries of lists only
      --> patient.yaml:15:16
       |
    15 |   birthDate: { each: emails, column: p.DOB }
       |                ^^^^
       |
       = help: put it into an entry of the repeating element

    error[PM031]: `if:` stands in an entry of a list or in the value of an element
      --> patient.yaml:16:53
       |
    16 |   gender: { first: [ { column: sex.SEX, codes: sex, if: p.STATUS = 1 } ] }
       |                                                     ^^
       |
       = help: put it into the element that depends on it; which rows are resources is said by `rows:`

    3 errors
    ");
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
    insta::assert_snapshot!(result.unwrap_err(), @r#"
    error[PM036]: this site lacks a column for an element that R4 requires of Observation
     --> patient.yaml:4:1
      |
    4 | elements:
      | ^^^^^^^^
      |
      = help: give the element another value beside it: `{ first: [ … ] }`

    1 error
    "#);
}

#[test]
fn a_column_without_its_sign() {
    insta::assert_snapshot!(problems(&patient("  name: [ { family: p.SURNAME, text: p.other } ]\n  birthDate: p.DOB\n")), @r#"
    warning[PM046]: `p.SURNAME` is a constant here, and the name of a column
      --> patient.yaml:15:21
       |
    15 |   name: [ { family: p.SURNAME, text: p.other } ]
       |                     ^^^^^^^^^
       |
       = help: for the column, write `$p.SURNAME`

    error[PM015]: `p.DOB` does not have the form of `date`, the type of `Patient.birthDate`
      --> patient.yaml:16:14
       |
    16 |   birthDate: p.DOB
       |              ^^^^^ expected `YYYY`, `YYYY-MM` or `YYYY-MM-DD`
       |
       = help: for the column, write `$p.DOB`

    1 error, 1 warning
    "#);
}
