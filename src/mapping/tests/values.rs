//! What the rules on values from columns, code tables, references and `search:` say of a source
//! that breaks them.

use super::*;

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

    warning[PM045]: of the column's text only codes of `administrative-gender` are written
      --> patient.yaml:16:11
       |
    16 |   gender: $p.RESULT
       |           ^^^^^^^^^
       |
       = help: map other values to them: `{ column: …, codes: … }`

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
       |           ^^^^^^^^^^^^^^ expected one value, a `code`
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

    error[PM042]: `date:` stands without a time of day
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
    )), @r"
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
       |
       = help: list the numbers that it holds; for the text of a lookup table, bind the lookup's column

    error[PM015]: `no` does not have the form of `boolean`, the element's type
      --> patient.yaml:17:52
       |
    17 |   active: { column: p.STATUS, codes: { 1: true, x: no } }
       |                                                    ^^
       |
       = help: expected `true` or `false`

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
    ");
    let shared = "codes:\n  marital: { M: Married  Man }\n";
    let file = patient("  maritalStatus: { column: p.RESULT, codes: marital }\n");
    let result = load(
        &[("codes.yaml", shared), ("patient.yaml", &file)],
        &Options::default(),
    );
    insta::assert_snapshot!(result.unwrap_err(), @r"
    error[PM015]: `Married  Man` does not have the form of `code`, the element's type
      --> patient.yaml:15:45
       |
    15 |   maritalStatus: { column: p.RESULT, codes: marital }
       |                                             ^^^^^^^
       |
       = note: the code table is in codes.yaml
       = help: expected text without blanks around it or double blanks inside

    1 error
    ");
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
    insta::assert_snapshot!(problems(&format!("{}{section}", patient("  active: true\n"))), @r"
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
       = help: let the parameter look at the child's rows: `each: emails`

    6 errors
    ");
}

/// A narrative stands in XML as it is: what is not well-formed there would spoil every answer.
#[test]
fn narratives() {
    let text = |div: &str| {
        problems(&patient(&format!(
            "  text: {{ status: generated, div: '{div}' }}\n"
        )))
    };
    let good =
        r#"<div xmlns="http://www.w3.org/1999/xhtml"><p>See <b>the record</b>.<br/></p></div>"#;
    assert_eq!(text(good), "");
    insta::assert_snapshot!(text(&good.replace("<br/>", "<br>")), @r#"
    error[PM015]: `<div xmlns="http://www.w3.org/1999/xhtml"><p>See <b>the reco…` does not have the form of `xhtml`, the type of `Narrative.div`
      --> patient.yaml:15:35
       |
    15 |   text: { status: generated, div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>See <b>the record</b>.<br></p></div>' }
       |                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected well-formed XML, `<div xmlns="http://www.w3.org/1999/xhtml">…</div>`

    1 error
    "#);
}
