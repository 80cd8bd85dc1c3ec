//! What the rules on tables, columns, conditions, lookups and children say of a source that breaks them.

use super::*;

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
     2 | table: PATIENTS as p
       |        ------------- the table's alias is declared here: `p`
    ...
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
    insta::assert_snapshot!(problems(&with("  doc: USERS", "  p: USERS")), @r"
    error[PM023]: the alias `p` is used twice
     --> patient.yaml:9:3
      |
    2 | table: PATIENTS as p
      |        ------------- first here
    ...
    9 |   p: USERS on doc.USERID = p.USERID
      |   ^ again here
      |
      = help: give one of them another name; columns are written with it

    1 error
    ");
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
    error[PM027]: the lookups `dtitle`, `doc` refer to each other in a circle
     --> patient.yaml:8:3
      |
    8 |   dtitle: TITLES on dtitle.TITLECODE = doc.TITLECODE
      |   ^^^^^^ needs `doc`
    9 |   doc: USERS on doc.USERID = p.USERID and doc.TITLECODE = dtitle.TITLECODE
      |   --- needs `dtitle`
      |
      = help: the condition of one of them must do without the others

    1 error
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
    insta::assert_snapshot!(problems(&with("children:\n", &format!("{many}children:\n"))), @r"
    error[PM028]: 64 lookups, and there may be 60
      --> patient.yaml:67:3
       |
    67 |   l57: SEX on l57.SEXCODE = p.SEXCODE
       |   ^^^ the first that is too many
       |
       = help: rows of one table that differ by their kind are one child, under `children:`

    1 error
    ");
}

#[test]
fn children() {
    insta::assert_snapshot!(problems(&patient(
        "  name: [ { text: $e.EMAIL } ]
  telecom:
    - { each: email, value: $e.EMAIL }
    - { each: emails, value: { join: [ $e.EMAIL, $p.SURNAME ] } }
    - { each: emails, if: e.STATUS = 1, extension: [ { each: emails, url: 'urn:x', valueString: $e.EMAIL } ] }
"
    )), @r"
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
       = help: the entry is made of the child's rows: join the table that is needed as a lookup of `emails`, or put this outside of `each:`

    error[PM031]: an entry with `each:` stands inside another
      --> patient.yaml:19:56
       |
    19 |     - { each: emails, if: e.STATUS = 1, extension: [ { each: emails, url: 'urn:x', valueString: $e.EMAIL } ] }
       |                                                        ^^^^

    4 errors
    ");
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
    insta::assert_snapshot!(problems(&with("id: p.ID", "id: [ p.DOB, p.GENDERTEXT, e.ID ]")), @r"
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
      = help: a child has many rows, and this is said of the source's one: use a column of the source or of a lookup, or a fragment that selects from the child's table

    3 errors
    ");
    insta::assert_snapshot!(problems(&with("  doc: USERS", "  drug: DRUGS on drug.DRUGID = p.FLAGS\n  doc: USERS")), @r"
    error[PM038]: `DRUGS` is in another catalogue than `PATIENTS`
     --> patient.yaml:9:3
      |
    9 |   drug: DRUGS on drug.DRUGID = p.FLAGS
      |   ^^^^ in `DRUGS`
      |
      = note: `PATIENTS` is in the default catalogue, and a command runs in one
      = help: if both lie in one, declare `DRUGS` without `catalogue:`; else map it as a source of its own, and refer to it

    1 error
    ");
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
fn a_profiles_conditions_are_elements_of_the_resource() {
    let profile = "resource: Patient
profile:
  - { url: 'http://x.example/p', if: [ birthDate, name.famly, deceased, id, birthDate.x, name.period.start ] }
  - { url: x, if: gender, unless: name }
  - { if: [ surname ] }";
    insta::assert_snapshot!(problems(&with("resource: Patient", profile)), @r#"
    error[PM011]: HumanName has no element `famly`
     --> patient.yaml:3:51
      |
    3 |   - { url: 'http://x.example/p', if: [ birthDate, name.famly, deceased, id, birthDate.x, name.period.start ] }
      |                                                   ^^^^^^^^^^
      |
      = help: did you mean `family`?

    error[PM011]: Patient has no element `deceased`
     --> patient.yaml:3:63
      |
    3 |   - { url: 'http://x.example/p', if: [ birthDate, name.famly, deceased, id, birthDate.x, name.period.start ] }
      |                                                               ^^^^^^^^
      |
      = help: its elements are: `implicitRules`, `language`, `text`, `contained`, `extension`, `modifierExtension`, `identifier`, `active`, `name`, `telecom`, `gender`, `birthDate`, `deceasedBoolean`, `deceasedDateTime`, `address`, `maritalStatus`, and 8 more

    error[PM007]: `id` cannot be a profile's condition
     --> patient.yaml:3:73
      |
    3 |   - { url: 'http://x.example/p', if: [ birthDate, name.famly, deceased, id, birthDate.x, name.period.start ] }
      |                                                                         ^^
      |
      = help: name elements that `elements:` gives and a row may lack

    error[PM011]: birthDate has no element `x`
     --> patient.yaml:3:77
      |
    3 |   - { url: 'http://x.example/p', if: [ birthDate, name.famly, deceased, id, birthDate.x, name.period.start ] }
      |                                                                             ^^^^^^^^^^^

    error[PM053]: the profile `x` is not an absolute URL
     --> patient.yaml:4:12
      |
    4 |   - { url: x, if: gender, unless: name }
      |            ^
      |
      = help: name it by its canonical URL: `http://hl7.org.au/fhir/core/StructureDefinition/au-core-patient`

    error[PM004]: a profile has no key `unless`
     --> patient.yaml:4:27
      |
    4 |   - { url: x, if: gender, unless: name }
      |                           ^^^^^^
      |
      = help: the keys are: `url`, `if`

    error[PM005]: the profile has no `url:`
     --> patient.yaml:5:5
      |
    5 |   - { if: [ surname ] }
      |     ^^^^^^^^^^^^^^^^^^^
      |
      = help: `{ url: …, if: [ name, birthDate ] }`

    error[PM011]: Patient has no element `surname`
     --> patient.yaml:5:13
      |
    5 |   - { if: [ surname ] }
      |             ^^^^^^^
      |
      = help: its elements are: `implicitRules`, `language`, `text`, `contained`, `extension`, `modifierExtension`, `identifier`, `active`, `name`, `telecom`, `gender`, `birthDate`, `deceasedBoolean`, `deceasedDateTime`, `address`, `maritalStatus`, and 8 more

    8 errors
    "#);
}

#[test]
fn what_is_required_is_a_date_parameter_of_the_source() {
    let requires = |text: &str| {
        let source = patient("  birthDate: $p.DOB\n  gender: unknown\n");
        problems(&source.replace("elements:", &format!("requires: {text}\nelements:")))
    };
    insta::assert_snapshot!(requires("{ parameter: birthdat, days: 31 }"), @r#"
    error[PM058]: `birthdat` is no date parameter that the source answers
      --> patient.yaml:14:24
       |
    14 | requires: { parameter: birthdat, days: 31 }
       |                        ^^^^^^^^
       |
       = help: did you mean `birthdate`?

    1 error
    "#);
    insta::assert_snapshot!(requires("{ parameter: gender, days: 31 }"), @r#"
    error[PM058]: `gender` is no date parameter that the source answers
      --> patient.yaml:14:24
       |
    14 | requires: { parameter: gender, days: 31 }
       |                        ^^^^^^
       |
       = help: its date parameters are: `_lastUpdated`, `birthdate`

    1 error
    "#);
    insta::assert_snapshot!(requires("{ parameter: birthdate, days: 0, day: 1 }"), @r#"
    error[PM006]: `days:` is a whole number from 1 to 3660, and this is `0`
      --> patient.yaml:14:41
       |
    14 | requires: { parameter: birthdate, days: 0, day: 1 }
       |                                         ^ expected a whole number from 1 to 3660

    error[PM004]: `requires:` has no key `day`
      --> patient.yaml:14:44
       |
    14 | requires: { parameter: birthdate, days: 0, day: 1 }
       |                                            ^^^
       |
       = help: did you mean `days`?

    2 errors
    "#);
    insta::assert_snapshot!(requires("{ days: 31 }"), @r#"
    error[PM005]: `requires:` has no `parameter:`
      --> patient.yaml:14:11
       |
    14 | requires: { days: 31 }
       |           ^^^^^^^^^^^^
       |
       = help: the date parameter that says from when until when: `parameter: start`

    1 error
    "#);
}

#[test]
fn a_column_of_an_invented_name_is_null_in_rows_where_it_is_missing() {
    let rows = |rows: &str| {
        let elements = "  name: [ { family: $p.SURNAME } ]\n";
        patient(elements).replace("rows: p.STATUS = 1", &format!("rows: {rows}"))
    };
    let served = |text: &str| {
        let missing = [("PATIENTS".to_owned(), "INVENTED".to_owned())].into();
        let loaded = load(&[("patient.yaml", &rows(text))], &Options { missing });
        let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
        loaded.mapping.resources.contains_key("Patient")
    };
    assert_eq!(problems(&rows("p.INVENTED = 1")), "");
    for holds in [
        "p.STATUS = 1 and (p.INVENTED <> 1 or p.INVENTED is null)",
        "p.INVENTED is null",
        "not p.INVENTED is not null",
    ] {
        assert!(served(holds), "{holds}");
    }
    for holds_for_none in [
        "p.INVENTED = 1",
        "p.STATUS = 1 and 2 < p.INVENTED",
        "[ p.STATUS = 1, \"p.INVENTED in (1, 2)\" ]",
        "p.INVENTED is not null",
    ] {
        assert!(!served(holds_for_none), "{holds_for_none}");
    }
    insta::assert_snapshot!(problems(&rows("{ sql: \"{p.INVENTED} = 1\" }")), @r#"
    error[PM036]: an optional column decides which rows there are
     --> patient.yaml:3:16
      |
    3 | rows: { sql: "{p.INVENTED} = 1" }
      |                ^^^^^^^^^^
      |
      = help: declare it without `optional`, or use it in elements only

    1 error
    "#);
    let as_id = rows("p.STATUS = 1").replace("id: p.ID", "id: p.INVENTED");
    insta::assert_snapshot!(problems(&as_id), @r#"
    error[PM036]: an optional column decides which rows there are
     --> patient.yaml:4:5
      |
    4 | id: p.INVENTED
      |     ^^^^^^^^^^
      |
      = help: declare it without `optional`, or use it in elements only

    1 error
    "#);
}
