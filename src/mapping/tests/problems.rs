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
  name: [ { familly: $p.SURNAME, column: p.SURNAME } ]
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
    17 |   name: [ { familly: $p.SURNAME, column: p.SURNAME } ]
       |             ^^^^^^^
       |
       = help: did you mean `family`?

    error[PM011]: HumanName has no element `column`
      --> patient.yaml:17:34
       |
    17 |   name: [ { familly: $p.SURNAME, column: p.SURNAME } ]
       |                                  ^^^^^^
       |
       = help: a HumanName has parts: give each of them its value

    error[PM011]: Reference has no element `to`
      --> patient.yaml:18:27
       |
    18 |   managingOrganization: { to: Organization, id: p.USERID }
       |                           ^^
       |
       = help: write it as `reference: { to: …, id: … }`

    warning[PM046]: `p.USERID` is a constant here, and the name of a column
      --> patient.yaml:18:49
       |
    18 |   managingOrganization: { to: Organization, id: p.USERID }
       |                                                 ^^^^^^^^
       |
       = help: for the column, write `$p.USERID`

    error[PM011]: `name` is not an element of one primitive value
      --> patient.yaml:19:16
       |
    19 |   contact: [ { _name: { id: x } } ]
       |                ^^^^^
       |
       = help: only such an element has extensions beside it, under its name with `_`

    error[PM031]: `if:` stands in entries of lists only
      --> patient.yaml:20:3
       |
    20 |   if: p.STATUS = 1
       |   ^^
       |
       = help: put it into an entry of the repeating element

    7 errors, 1 warning
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

    error[PM017]: `deceasedBoolean` and `deceasedDateTime` would both be in the resource
      --> patient.yaml:18:3
       |
    17 |   deceasedBoolean: false
       |   --------------- this is always there
    18 |   deceasedDateTime: $p.DOB
       |   ^^^^^^^^^^^^^^^^

    3 errors
    "#);
}

#[test]
fn names_of_tables_columns_and_aliases() {
    insta::assert_snapshot!(problems(&with("table: PATIENTS as p", "table: PATIENT as p")), @r#"
    error[PM020]: the table `PATIENT` is not declared
     --> patient.yaml:2:8
      |
    2 | table: PATIENT as p
      |        ^^^^^^^
      |
      = note: tables are declared under `tables:`, with their key and the columns that are used
      = help: did you mean `PATIENTS`?

    1 error
    "#);
    insta::assert_snapshot!(problems(&patient(
        "  name: [ { family: $p.SURENAME, given: [ $q.FIRSTNAME, $FIRSTNAME ] } ]\n"
    )), @r#"
    error[PM021]: the column `SURENAME` is not declared for the table
      --> patient.yaml:15:24
       |
    15 |   name: [ { family: $p.SURENAME, given: [ $q.FIRSTNAME, $FIRSTNAME ] } ]
       |                        ^^^^^^^^
       |
       = help: did you mean `SURNAME`?

    error[PM022]: no table has the alias `q`
      --> patient.yaml:15:44
       |
    15 |   name: [ { family: $p.SURENAME, given: [ $q.FIRSTNAME, $FIRSTNAME ] } ]
       |                                            ^
       |
       = help: aliases here are: `doc`, `dtitle`, `e`, `p`, `sex`

    error[PM025]: the column cannot be read
      --> patient.yaml:15:67
       |
    15 |   name: [ { family: $p.SURENAME, given: [ $q.FIRSTNAME, $FIRSTNAME ] } ]
       |                                                                   ^ expected `.` and a column's name
       |
       = help: a column is written with its alias: `p.SURNAME`

    3 errors
    "#);
    insta::assert_snapshot!(problems(&with("  doc: USERS", "  p: USERS")), @r#"
    error[PM023]: the alias `p` is used twice
     --> patient.yaml:9:3
      |
    2 | table: PATIENTS as p
      |        ------------- first here
    ...
    9 |   p: USERS on doc.USERID = p.USERID
      |   ^ again here

    1 error
    "#);
    insta::assert_snapshot!(problems(&with("  doc: USERS", "  my doc: USERS")), @r#"
    error[PM007]: `my doc` cannot be an alias
     --> patient.yaml:9:3
      |
    9 |   my doc: USERS on doc.USERID = p.USERID
      |   ^^^^^^
      |
      = help: an alias is made of letters, digits and `_`, and begins with a letter

    1 error
    "#);
}

#[test]
fn conditions() {
    insta::assert_snapshot!(problems(&with("rows: p.STATUS = 1", "rows: p.STATUS = 1 and")), @r#"
    error[PM025]: `rows:` cannot be read
     --> patient.yaml:3:23
      |
    3 | rows: p.STATUS = 1 and
      |                       ^ expected a column or a literal

    1 error
    "#);
    insta::assert_snapshot!(problems(&with(
        "rows: p.STATUS = 1",
        "rows:\n  - p.SURNAME = 1 or p.STATUS in (1, 'x')\n  - p.DOB > '1900' and p.STATUS like 'x'\n  - p.SURNAME = p.STATUS\n  - p.SURNAME & 2 = 0\n  - 1 = 1"
    )), @r#"
    error[PM026]: a column of type `char(40)` is compared with a number
     --> patient.yaml:4:17
      |
    4 |   - p.SURNAME = 1 or p.STATUS in (1, 'x')
      |                 ^ cannot be compared
      |
      = help: compare it with a text in single quotes

    error[PM026]: a column of type `int` is compared with a text
     --> patient.yaml:4:38
      |
    4 |   - p.SURNAME = 1 or p.STATUS in (1, 'x')
      |                                      ^^^ cannot be compared
      |
      = help: compare it with a whole number, without quotes

    error[PM026]: a column of type `datetime` is compared with a text
     --> patient.yaml:5:13
      |
    5 |   - p.DOB > '1900' and p.STATUS like 'x'
      |             ^^^^^^ cannot be compared
      |
      = help: compare it with a day: `'1900-01-01'`

    error[PM026]: LIKE compares text, and the column is `int`
     --> patient.yaml:5:24
      |
    5 |   - p.DOB > '1900' and p.STATUS like 'x'
      |                        ^^^^^^^^ of type `int`

    error[PM026]: a column of type `char(40)` is compared with one of type `int`
     --> patient.yaml:6:5
      |
    6 |   - p.SURNAME = p.STATUS
      |     ^^^^^^^^^^^^^^^^^^^^
      |
      = note: if their contents agree all the same, convert one in a fragment: `{ sql: … }`

    error[PM026]: `&` tests bits of a whole number, and the column is `char(40)`
     --> patient.yaml:7:5
      |
    7 |   - p.SURNAME & 2 = 0
      |     ^^^^^^^^^^^^^ of type `char(40)`

    error[PM025]: a condition compares two literals
     --> patient.yaml:8:5
      |
    8 |   - 1 = 1
      |     ^ expected a column

    7 errors
    "#);
}

#[test]
fn lookups() {
    insta::assert_snapshot!(problems(&with(
        "  doc: USERS on doc.USERID = p.USERID",
        "  doc: USERS on doc.USERID = p.USERID and doc.TITLECODE = dtitle.TITLECODE"
    )), @r#"
    error[PM027]: the lookup `dtitle` cannot be joined
     --> patient.yaml:8:3
      |
    8 |   dtitle: TITLES on dtitle.TITLECODE = doc.TITLECODE
      |   ^^^^^^
      |
      = note: it needs `doc`, which in the end needs it

    error[PM027]: the lookup `doc` cannot be joined
     --> patient.yaml:9:3
      |
    9 |   doc: USERS on doc.USERID = p.USERID and doc.TITLECODE = dtitle.TITLECODE
      |   ^^^
      |
      = note: it needs `dtitle`, which in the end needs it

    2 errors
    "#);
    insta::assert_snapshot!(problems(&with("  doc: USERS on", "  kind: KINDS on kind.KINDCODE = p.FLAGS\n  doc: USERS on")), @r#"
    warning[PM029]: the lookup `kind` may find more than one row
     --> patient.yaml:9:3
      |
    9 |   kind: KINDS on kind.KINDCODE = p.FLAGS
      |   ^^^^ `kind.LANG` is not compared
      |
      = help: compare the whole key of `KINDS` with `=`, or declare as its key what is unique in it

    1 warning
    "#);
    let many: String = (0..61)
        .map(|n| format!("  l{n}: SEX on l{n}.SEXCODE = p.SEXCODE\n"))
        .collect();
    insta::assert_snapshot!(problems(&with("children:\n", &format!("{many}children:\n"))), @r#"
    error[PM028]: 64 lookups, and there may be 60
      --> patient.yaml:67:3
       |
    67 |   l57: SEX on l57.SEXCODE = p.SEXCODE
       |   ^^^

    1 error
    "#);
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
    )), @r#"
    error[PM030]: a column of the child `emails` is used outside an entry with `each: emails`
      --> patient.yaml:15:19
       |
    15 |   name: [ { text: $e.EMAIL } ]
       |                   ^^^^^^^^
       |
       = help: write the entry as `- { each: emails, … }`

    error[PM031]: the source has no child `email`
      --> patient.yaml:17:15
       |
    17 |     - { each: email, value: $e.EMAIL }
       |               ^^^^^
       |
       = help: did you mean `emails`?

    error[PM032]: columns of the child and of the source in one value
      --> patient.yaml:18:30
       |
    18 |     - { each: emails, value: { join: [ $e.EMAIL, $p.SURNAME ] } }
       |                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: declare a lookup of the child's, or use elements of their own

    error[PM031]: an entry with `each:` stands inside another
      --> patient.yaml:19:56
       |
    19 |     - { each: emails, if: p.STATUS = 1, extension: [ { each: emails, url: 'urn:x', valueString: $e.EMAIL } ] }
       |                                                        ^^^^

    4 errors
    "#);
    insta::assert_snapshot!(problems(&with("on e.ID = p.ID where e.STATUS = 1", "on e.ID = 1 where p.STATUS = 1")), @r#"
    error[PM033]: a child's `on` compares its columns with the source's, with `=`
      --> patient.yaml:11:25
       |
    11 |   emails: EMAIL as e on e.ID = 1 where p.STATUS = 1
       |                         ^^^^^^^^
       |
       = help: `on e.… = …`; other conditions go to `where`

    1 error
    "#);
    insta::assert_snapshot!(problems(&with("on e.ID = p.ID where", "on e.ID = p.ID were")), @r#"
    error[PM025]: the child cannot be read
      --> patient.yaml:11:37
       |
    11 |   emails: EMAIL as e on e.ID = p.ID were e.STATUS = 1
       |                                     ^ expected `and`, `or`, `where`, `order by` or the end

    1 error
    "#);
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
    )), @r#"
    error[PM034]: the fragment has no text for `mssql`, the mapping's engine
      --> patient.yaml:16:24
       |
    16 |     - { family: { sql: { sqlite: 'x' }, type: varchar(10) } }
       |                        ^^^^^^^^^^^^^^^
       |
       = help: add `mssql: "…"`

    error[PM035]: a fragment holds a comment
      --> patient.yaml:17:45
       |
    17 |     - { family: { sql: 'upper({p.SURENAME}) -- x', type: varchar(10) } }
       |                                             ^^
       |
       = help: write it as a YAML comment

    error[PM005]: the fragment has no `type:`
      --> patient.yaml:18:17
       |
    18 |     - { family: { sql: 'upper(${SURNAME})' } }
       |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: the SQL type of its value: `type: varchar(40)`

    error[PM004]: `sql:` has no key `mysql`
      --> patient.yaml:19:26
       |
    19 |     - { family: { sql: { mysql: 'x', mssql: "'" }, type: varchar(10) } }
       |                          ^^^^^
       |
       = help: did you mean `mssql`?

    error[PM035]: a text in single quotes does not end
      --> patient.yaml:19:46
       |
    19 |     - { family: { sql: { mysql: 'x', mssql: "'" }, type: varchar(10) } }
       |                                              ^
       |
       = help: close it with `'`

    5 errors
    "#);
}

#[test]
fn rows_ids_and_catalogues() {
    insta::assert_snapshot!(problems(&with("rows: p.STATUS = 1", "rows: p.GENDERTEXT = 'x'")), @r#"
    error[PM036]: an optional column decides which rows there are
     --> patient.yaml:3:7
      |
    3 | rows: p.GENDERTEXT = 'x'
      |       ^^^^^^^^^^^^
      |
      = help: declare it without `optional`, or use it in elements only

    1 error
    "#);
    insta::assert_snapshot!(problems(&with("id: p.ID", "id: [ p.DOB, p.GENDERTEXT, e.ID ]")), @r#"
    error[PM037]: a column of type `datetime` cannot be an id
     --> patient.yaml:4:7
      |
    4 | id: [ p.DOB, p.GENDERTEXT, e.ID ]
      |       ^^^^^
      |
      = help: ids come from whole numbers, GUIDs or short texts

    error[PM036]: an optional column decides which rows there are
     --> patient.yaml:4:14
      |
    4 | id: [ p.DOB, p.GENDERTEXT, e.ID ]
      |              ^^^^^^^^^^^^
      |
      = help: declare it without `optional`, or use it in elements only

    error[PM030]: a column of the child `emails` is used outside an entry with `each: emails`
     --> patient.yaml:4:28
      |
    4 | id: [ p.DOB, p.GENDERTEXT, e.ID ]
      |                            ^^^^
      |
      = help: write the entry as `- { each: emails, … }`

    3 errors
    "#);
    insta::assert_snapshot!(problems(&with("  doc: USERS", "  drug: DRUGS on drug.DRUGID = p.FLAGS\n  doc: USERS")), @r#"
    error[PM038]: `DRUGS` is in another catalogue than `PATIENTS`
     --> patient.yaml:9:3
      |
    9 |   drug: DRUGS on drug.DRUGID = p.FLAGS
      |   ^^^^ in `DRUGS`
      |
      = note: `PATIENTS` is in the default catalogue, and a command runs in one
      = help: map it as a source of its own, and refer to it

    1 error
    "#);
    insta::assert_snapshot!(problems(&with("resource: Patient", "resource: Patient\nprofile: au-core-patient\nsource: next-of-kin")), @r#"
    error[PM053]: the profile `au-core-patient` is not an absolute URL
     --> patient.yaml:2:10
      |
    2 | profile: au-core-patient
      |          ^^^^^^^^^^^^^^^
      |
      = help: name it by its canonical URL: `http://hl7.org.au/fhir/core/StructureDefinition/au-core-patient`

    error[PM007]: `next-of-kin` cannot be the name of a source
     --> patient.yaml:3:9
      |
    3 | source: next-of-kin
      |         ^^^^^^^^^^^
      |
      = help: it is part of ids (`kin-12`): at most 20 letters and digits, without accents

    2 errors
    "#);
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
    )), @r#"
    error[PM041]: a column of type `char(10)` cannot become this element, whose type is `date`
      --> patient.yaml:15:14
       |
    15 |   birthDate: $p.DOBTEXT
       |              ^^^^^^^^^^ of type `char(10)`
       |
       = help: say how the text gives the date: `format: DD/MM/YYYY`

    warning[PM045]: the column's text goes as it is into an element with a required value set
      --> patient.yaml:16:11
       |
    16 |   gender: $p.RESULT
       |           ^^^^^^^^^
       |
       = help: map its values to codes of `administrative-gender`: `{ column: …, codes: … }`

    error[PM041]: a column of type `varchar(20)` cannot become this element, whose type is `boolean`
      --> patient.yaml:17:11
       |
    17 |   active: $p.RESULT
       |           ^^^^^^^^^ of type `varchar(20)`
       |
       = help: say which values are true: `codes: { Y: true, N: false }`

    error[PM041]: a column of type `int` cannot become this element, whose type is `dateTime`
      --> patient.yaml:18:31
       |
    18 |   deceasedDateTime: { column: p.FLAGS }
       |                               ^^^^^^^ of type `int`
       |
       = help: say how the number gives the date: `format: YYYYMMDD`, or `unix: true`

    error[PM041]: a column of type `varchar(20)` cannot become this element, whose type is `integer`
      --> patient.yaml:19:25
       |
    19 |   multipleBirthInteger: $p.RESULT
       |                         ^^^^^^^^^ of type `varchar(20)`
       |
       = help: a number comes from a column of numbers

    error[PM041]: a column of type `datetime` cannot become this element, whose type is `string`
      --> patient.yaml:20:21
       |
    20 |   name: [ { family: $p.DOB, period: { start: { column: p.DOB, format: YYYYMMDD } } } ]
       |                     ^^^^^^ of type `datetime`
       |
       = help: text comes from a column of text, numbers or GUIDs

    error[PM041]: a column of type `datetime` cannot become this element, whose type is `dateTime`
      --> patient.yaml:20:56
       |
    20 |   name: [ { family: $p.DOB, period: { start: { column: p.DOB, format: YYYYMMDD } } } ]
       |                                                        ^^^^^ of type `datetime`
       |
       = help: `format:` reads dates in text or in whole numbers; a column of dates needs none

    error[PM041]: a column of type `int` cannot become this element, whose type is `CodeableConcept`
      --> patient.yaml:21:28
       |
    21 |   maritalStatus: { column: p.FLAGS }
       |                            ^^^^^^^ of type `int`
       |
       = help: say which codes the values stand for: `codes:`, with a table or the name of one

    error[PM041]: a column of type `int` cannot become this element, whose type is `positiveInt`
      --> patient.yaml:22:32
       |
    22 |   telecom: [ { rank: { column: p.FLAGS, compare: digits } } ]
       |                                ^^^^^^^ of type `int`
       |
       = help: `compare: digits` is for text that is kept in a column of text

    8 errors, 1 warning
    "#);
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
    )), @r#"
    error[PM042]: `with:` does not go with `column:`
      --> patient.yaml:15:31
       |
    15 |   birthDate: { column: p.DOB, with: x, frmat: y }
       |                               ^^^^
       |
       = help: beside `column:` may stand `absent`, `compare`, `codes`, `part`, `bit`, `is`, `format`, `precision`, `zone`, `unix`, `divide`, `multiply`, `measure`

    error[PM004]: a value with `column:` has no key `frmat`
      --> patient.yaml:15:40
       |
    15 |   birthDate: { column: p.DOB, with: x, frmat: y }
       |                                        ^^^^^
       |
       = help: did you mean `format`?

    error[PM042]: the value does not say where it comes from
      --> patient.yaml:16:11
       |
    16 |   gender: { codes: sex }
       |           ^^^^^^^^^^^^^^
       |
       = help: name a column: `$p.X`, or `{ column: p.X, … }`

    error[PM042]: `codes:` does not go with `bit:`
      --> patient.yaml:17:38
       |
    17 |   active: { column: p.FLAGS, bit: 1, codes: sex }
       |                                      ^^^^^

    error[PM006]: the mask of `bit:` is a whole number, 1 or more, and this is `0`
      --> patient.yaml:18:44
       |
    18 |   deceasedBoolean: { column: p.FLAGS, bit: 0, is: set }
       |                                            ^ expected a whole number, 1 or more

    error[PM042]: the value comes from `column:` and from `join:`
      --> patient.yaml:19:44
       |
    19 |   multipleBirthInteger: { column: p.FLAGS, join: [ $p.FLAGS ] }
       |                           ------           ^^^^ and another
       |                           |
       |                           one origin
       |
       = help: a value has one origin; `{ first: [ …, … ] }` takes the first that is there

    error[PM042]: `part:` needs `codes:`
      --> patient.yaml:20:42
       |
    20 |   name: [ { family: { column: p.SURNAME, part: code }, text: { join: $p.SURNAME } } ]
       |                                          ^^^^

    error[PM006]: `join:` is a list that is not empty, and this is `$p.SURNAME`
      --> patient.yaml:20:70
       |
    20 |   name: [ { family: { column: p.SURNAME, part: code }, text: { join: $p.SURNAME } } ]
       |                                                                      ^^^^^^^^^^ expected a list that is not empty

    error[PM042]: `part:` is for one element, and a CodeableConcept takes the whole entry
      --> patient.yaml:21:49
       |
    21 |   maritalStatus: { column: p.FLAGS, codes: sex, part: code }
       |                                                 ^^^^

    error[PM006]: a factor is a whole number from 1 to 1000000000, and this is `0`
      --> patient.yaml:22:49
       |
    22 |   telecom: [ { rank: { column: p.FLAGS, divide: 0 }, value: { column: p.FLAGS, format: YYYY } } ]
       |                                                 ^ expected a whole number from 1 to 1000000000

    error[PM042]: `format:` gives a date, and the element is a `string`
      --> patient.yaml:22:80
       |
    22 |   telecom: [ { rank: { column: p.FLAGS, divide: 0 }, value: { column: p.FLAGS, format: YYYY } } ]
       |                                                                                ^^^^^^

    error[PM005]: a part of `concat:` has no `length:`
      --> patient.yaml:23:38
       |
    23 |   identifier: [ { value: { concat: [ { column: p.MEDICARENO } ] } } ]
       |                                      ^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: how many characters the part has: `length: 10`

    12 errors
    "#);
    insta::assert_snapshot!(problems(&patient(
        "  birthDate: { column: p.DOBTEXT, format: DD/MM/YY }
  deceasedDateTime: { date: p.DOB, plus: p.FLAGS }
  name: [ { period: { start: { year: p.BIRTHYEAR, day: p.BIRTHDAY }, end: { date: p.FLAGS, seconds: p.FLAGS } } } ]
  multipleBirthInteger: { column: p.FLAGS, absent: none }
"
    )), @r#"
    error[PM044]: the layout `DD/MM/YY` is not known
      --> patient.yaml:15:43
       |
    15 |   birthDate: { column: p.DOBTEXT, format: DD/MM/YY }
       |                                           ^^^^^^^^
       |
       = help: write it with `YYYY`, `MM` and `DD`: `DD/MM/YYYY`, `MM/YYYY`, `YYYYMMDD`, `YYYY`

    error[PM042]: the time of day is not given once
      --> patient.yaml:16:29
       |
    16 |   deceasedDateTime: { date: p.DOB, plus: p.FLAGS }
       |                             ^^^^^
       |
       = help: give `seconds:` or `minutes:`, a column that counts from midnight; a column of dates alone is `$p.X`

    error[PM042]: `day:` needs `month:`
      --> patient.yaml:17:38
       |
    17 |   name: [ { period: { start: { year: p.BIRTHYEAR, day: p.BIRTHDAY }, end: { date: p.FLAGS, seconds: p.FLAGS } } } ]
       |                                      ^^^^^^^^^^^

    error[PM041]: a column of type `int` cannot become this element, whose type is `dateTime`
      --> patient.yaml:17:83
       |
    17 |   name: [ { period: { start: { year: p.BIRTHYEAR, day: p.BIRTHDAY }, end: { date: p.FLAGS, seconds: p.FLAGS } } } ]
       |                                                                                   ^^^^^^^ of type `int`
       |
       = help: expected a column of dates

    error[PM007]: the column holds no such value: expected a whole number
      --> patient.yaml:18:52
       |
    18 |   multipleBirthInteger: { column: p.FLAGS, absent: none }
       |                                                    ^^^^

    5 errors
    "#);
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
    )), @r#"
    error[PM040]: there is no code table `sexes`
      --> patient.yaml:15:37
       |
    15 |   gender: { column: sex.SEX, codes: sexes }
       |                                     ^^^^^
       |
       = note: code tables are defined under `codes:`, in this file or in one of the folder's
       = help: there are: `sex`, `shared`

    error[PM041]: a code table cannot give a `date`
      --> patient.yaml:16:38
       |
    16 |   birthDate: { column: p.DOB, codes: sex }
       |                                      ^^^
       |
       = help: code tables give codes, texts, booleans and whole numbers

    error[PM043]: the column is `int`, and never holds `x`
      --> patient.yaml:17:49
       |
    17 |   active: { column: p.STATUS, codes: { 1: true, x: no } }
       |                                                 ^

    error[PM015]: `no` does not have the form of `boolean`, the element's type
      --> patient.yaml:17:52
       |
    17 |   active: { column: p.STATUS, codes: { 1: true, x: no } }
       |                                                    ^^

    error[PM016]: `man` is not in the element's value set `administrative-gender`
      --> patient.yaml:18:56
       |
    18 |   contact: [ { gender: { column: p.RESULT, codes: { M: man } } } ]
       |                                                        ^^^
       |
       = help: its codes are: `male`, `female`, `other`, `unknown`

    error[PM041]: a column of type `datetime` cannot become this element, whose type is `CodeableConcept`
      --> patient.yaml:19:42
       |
    19 |   communication: [ { language: { column: p.DOB, codes: sex } } ]
       |                                          ^^^^^ of type `datetime`
       |
       = help: a code table reads a column of text or of whole numbers

    6 errors
    "#);
    let shared = "codes:\n  marital: { M: Married  Man }\n";
    let file = patient("  maritalStatus: { column: p.RESULT, codes: marital }\n");
    let result = load(
        &[("codes.yaml", shared), ("patient.yaml", &file)],
        &Options::default(),
    );
    insta::assert_snapshot!(result.unwrap_err(), @r#"
    error[PM015]: `Married  Man` does not have the form of `code`, the element's type
      --> patient.yaml:15:45
       |
    15 |   maritalStatus: { column: p.RESULT, codes: marital }
       |                                             ^^^^^^^
       |
       = note: the code table is in codes.yaml

    1 error
    "#);
}

#[test]
fn references() {
    insta::assert_snapshot!(problems(&patient(
        "  generalPractitioner: [ { reference: { to: Patient, id: p.USERID } } ]
  managingOrganization: { reference: { to: Organisation, id: p.DOB }, display: { to: Organization, id: p.ID } }
  link: [ { type: seealso, other: { reference: { to: Patient, id: p.DOB } } } ]
"
    )), @r#"
    error[PM050]: the element cannot refer to a Patient
      --> patient.yaml:15:45
       |
    15 |   generalPractitioner: [ { reference: { to: Patient, id: p.USERID } } ]
       |                                             ^^^^^^^
       |
       = help: it may refer to: `Organization`, `Practitioner`, `PractitionerRole`

    error[PM010]: R4 has no resource type `Organisation`
      --> patient.yaml:16:44
       |
    16 |   managingOrganization: { reference: { to: Organisation, id: p.DOB }, display: { to: Organization, id: p.ID } }
       |                                            ^^^^^^^^^^^^
       |
       = help: did you mean `Organization`?

    error[PM042]: `to:` gives the `reference` of a Reference, and this is another element
      --> patient.yaml:16:86
       |
    16 |   managingOrganization: { reference: { to: Organisation, id: p.DOB }, display: { to: Organization, id: p.ID } }
       |                                                                                      ^^^^^^^^^^^^
       |
       = help: write it as `reference: { to: …, id: … }` inside the Reference

    error[PM037]: a column of type `datetime` cannot be an id
      --> patient.yaml:17:67
       |
    17 |   link: [ { type: seealso, other: { reference: { to: Patient, id: p.DOB } } } ]
       |                                                                   ^^^^^
       |
       = help: ids come from whole numbers, GUIDs or short texts

    4 errors
    "#);
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
    insta::assert_snapshot!(problems(&format!("{}{section}", patient("  active: true\n"))), @r#"
    error[PM054]: Patient has no search parameter `phonetik`
      --> patient.yaml:17:3
       |
    17 |   phonetik: off
       |   ^^^^^^^^
       |
       = help: did you mean `phonetic`?

    error[PM007]: `tokn` is no type of search parameter
      --> patient.yaml:19:18
       |
    19 |   chart: { type: tokn, column: p.FLAGS }
       |                  ^^^^
       |
       = help: did you mean `token`?

    error[PM054]: `Chart` cannot be the name of a parameter
      --> patient.yaml:20:3
       |
    20 |   Chart: { type: token, column: p.FLAGS }
       |   ^^^^^
       |
       = help: a name of your own has letters, digits and hyphens, and begins with a small letter

    error[PM054]: a parameter is `off`, or a mapping
      --> patient.yaml:21:9
       |
    21 |   note: yes
       |         ^^^
       |
       = help: `{ type: token, column: p.X }` offers a parameter of your own

    error[PM041]: a column of type `char(40)` cannot become this element, whose type is `decimal`
      --> patient.yaml:22:33
       |
    22 |   size: { type: number, column: p.SURNAME }
       |                                 ^^^^^^^^^ of type `char(40)`
       |
       = help: a number that is kept as text is read with `measure: number`

    error[PM030]: a column of the child `emails` is used outside an entry with `each: emails`
      --> patient.yaml:23:9
       |
    23 |   mail: { type: string, column: e.EMAIL }
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write the entry as `- { each: emails, … }`

    6 errors
    "#);
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
