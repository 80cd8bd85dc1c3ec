//! What would be served, and is hardly what was meant: parts that are lost, columns of other rows, systems and ids
//! that are wrong.

use super::*;

/// An Observation of a patient's row, with these elements more.
fn observation(elements: &str) -> String {
    format!(
        "resource: Observation\ntable: PATIENTS as p\nid: p.ID\nelements:\n  status: final\n  code: {{ text: x }}\n{elements}"
    )
}

#[test]
fn what_an_entry_of_a_child_says_comes_from_the_child_s_rows() {
    let remedy = "the entry is made of the child's rows: join the table that is needed as a lookup of `emails`, or put this outside of `each:`";
    let source =
        format!("PM032 16: a column of the source inside an entry with `each: emails`: {remedy}");
    for (entry, expected) in [
        ("value: $e.EMAIL, if: p.FLAGS = 1", &source),
        ("value: $e.EMAIL, period: { start: $p.CREATED }", &source),
        (
            "value: $e.EMAIL, period: { if: p.FLAGS = 1, start: '2020-01-01' }",
            &source,
        ),
        ("value: { first: [ $e.EMAIL, $p.PHONE ] }", &source),
        (
            "value: $e.EMAIL, extension: [ { url: 'urn:x', valueString: $dtitle.TITLE } ]",
            &source,
        ),
        ("value: { sql: '{p.PHONE}', type: char(14) }", &source),
        (
            "value: { join: [ $e.EMAIL, $p.PHONE ] }",
            &format!("PM032 16: columns of the child and of the source in one value: {remedy}"),
        ),
    ] {
        let file = patient(&format!(
            "  telecom:\n    - {{ each: emails, system: email, {entry} }}\n"
        ));
        assert_eq!(found(&file), [expected.as_str()], "{entry}");
    }
    // What is needed can be joined.
    let joined = patient(
        "  telecom: [ { each: emails, system: email, value: $e.EMAIL, if: owner.FLAGS = 1 } ]\n",
    )
    .replace(
        "  emails: EMAIL as e on e.ID = p.ID where e.STATUS = 1",
        "  emails: { table: EMAIL as e, on: e.ID = p.ID, lookups: { owner: PATIENTS on owner.ID = e.ID } }",
    );
    assert!(found(&joined).is_empty(), "{:?}", found(&joined));
    assert_eq!(
        found(&format!(
            "{}search: {{ mail: {{ type: string, each: emails, column: p.PHONE }} }}\n",
            patient("  active: true\n")
        )),
        [source]
    );
}

#[test]
fn a_child_s_column_is_told_of_each_where_it_could_stand() {
    let outside = "a column of the child `emails` is used outside an entry with `each: emails`";
    for (line, other, at) in [
        ("rows: p.STATUS = 1", "rows: e.STATUS = 1", 3),
        ("id: p.ID", "id: e.ID", 4),
    ] {
        assert_eq!(
            found(&with(line, other)),
            [format!(
                "PM030 {at}: {outside}: a child has many rows, and this is said of the source's one: use a column of the source or of a lookup, or a fragment that selects from the child's table"
            )]
        );
    }
    assert_eq!(
        found(&format!(
            "{}search: {{ mail: {{ type: string, column: e.EMAIL }} }}\n",
            patient("  active: true\n")
        )),
        [format!(
            "PM030 16: {outside}: let the parameter look at the child's rows: `each: emails`"
        )]
    );
}

#[test]
fn a_system_goes_with_values() {
    let beside = "PM043 7: `system:` stands in a code table without `values:`: put the raw values below `values:`, beside it: `{ system: …, values: { … } }`";
    let marital = |codes: &str| {
        format!(
            "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements:\n  maritalStatus: {{ column: p.SURNAME, codes: marital }}\ncodes:\n  marital: {codes}\n"
        )
    };
    for codes in [
        "{ system: 'http://loinc.org', WT: { code: x } }",
        "{ system: x }",
        "{ system: 'http://loinc.org', values: x }",
    ] {
        assert_eq!(found(&marital(codes)), [beside], "{codes}");
    }
    for codes in [
        "{ system: 'http://loinc.org', value: { M: M } }",
        "{ value: { M: M } }",
    ] {
        assert_eq!(
            found(&marital(codes)),
            ["PM004 7: a code table has no key `value`: did you mean `values`?"]
        );
    }
    for codes in [
        "{ value: { code: M } }",
        "{ values: { system: S, value: V } }",
    ] {
        assert_eq!(found(&marital(codes)).len(), 0, "{codes}");
    }
}

#[test]
fn a_measurement_kept_as_text_is_mapped_with_all_its_parts() {
    let number = "value: { column: p.RESULT, measure: number }";
    let comparator = "comparator: { column: p.RESULT, measure: comparator }";
    let text = "  valueString: { column: p.RESULT, measure: text }\n";
    let quantity = |parts: &str| format!("  valueQuantity: {{ {parts} }}\n");
    let whole = observation(&(quantity(&format!("{number}, {comparator}")) + text));
    assert_eq!(problems(&whole), "");
    insta::assert_snapshot!(problems(&observation(&quantity(number))), @r"
    warning[PM060]: of the column's text only the numbers are written: `<0.5` as 0.5, and `not seen` not at all
     --> patient.yaml:7:27
      |
    7 |   valueQuantity: { value: { column: p.RESULT, measure: number } }
      |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: nothing is lost where conditions keep such text out: `rows: not p.RESULT like '…'`, or a fragment
      = help: map the comparator beside the number: `comparator: { column: p.RESULT, measure: comparator }`; give other text an element, such as `valueString: { column: p.RESULT, measure: text }`

    1 warning
    ");
    for (elements, expected) in [
        (
            quantity(number) + text,
            "`<0.5` in the column is written as 0.5: its comparator has no element: map the comparator beside the number: `comparator: { column: p.RESULT, measure: comparator }`",
        ),
        (
            quantity(&format!(
                "{number}, comparator: {{ column: p.PHONE, measure: comparator }}"
            )) + text,
            "`<0.5` in the column is written as 0.5: its comparator has no element: map the comparator beside the number: `comparator: { column: p.RESULT, measure: comparator }`",
        ),
        (
            quantity(&format!("{number}, {comparator}")),
            "text of the column that is no number is written nowhere: give other text an element, such as `valueString: { column: p.RESULT, measure: text }`",
        ),
        (
            "  extension: [ { url: 'urn:x', valueDecimal: { column: p.RESULT, measure: number } } ]\n".to_owned() + text,
            "`<0.5` in the column is written as 0.5: its comparator has no element: map it to a Quantity, which has a `comparator`",
        ),
    ] {
        assert_eq!(
            found(&observation(&elements)),
            [format!("PM060 7: {expected}")],
            "{elements}"
        );
    }
    // What cannot be in the column is not lost, and what a fragment gives is not known.
    for (elements, rows) in [
        (quantity(number), "not p.RESULT like '%[^0-9.]%'"),
        (
            quantity(number),
            "{ sql: \"{p.RESULT} NOT LIKE '%[^0-9.]%'\" }",
        ),
        (
            quantity("value: { column: p.WEIGHT, measure: number }"),
            "p.ID > 0",
        ),
        (
            quantity("value: { sql: \"TRIM({p.RESULT})\", type: varchar(9), measure: number }"),
            "p.ID > 0",
        ),
    ] {
        let file = observation(&elements).replace("id: p.ID", &format!("id: p.ID\nrows: {rows}"));
        assert_eq!(problems(&file), "", "{rows}");
    }
}

#[test]
fn a_code_of_a_required_value_set_has_its_system() {
    let condition = |status: &str| {
        format!(
            "resource: Condition\ntable: PATIENTS as p\nid: p.ID\nelements:\n  subject: {{ display: x }}\n  clinicalStatus: {status}\n"
        )
    };
    let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    let with_system = |system: &str| {
        format!(
            "{{ column: p.SURNAME, codes: {{ system: '{system}', values: {{ Y: active, N: inactive }} }} }}"
        )
    };
    for right in [
        with_system(system),
        format!("{{ coding: [ {{ system: '{system}', code: active }} ] }}"),
        format!(
            "{{ coding: [ {{ system: '{system}', code: {{ column: p.SURNAME, codes: {{ Y: active }} }} }} ] }}"
        ),
        "{ text: x }".to_owned(),
    ] {
        assert_eq!(problems(&condition(&right)), "", "{right}");
    }
    insta::assert_snapshot!(problems(&condition(
        "{ column: p.SURNAME, codes: { Y: active, N: inactive } }"
    )), @r#"
    error[PM016]: `active` stands without its system, and R4 requires both
     --> patient.yaml:6:52
      |
    6 |   clinicalStatus: { column: p.SURNAME, codes: { Y: active, N: inactive } }
      |                                                    ^^^^^^
      |
      = help: give the table its system: `{ system: "http://terminology.hl7.org/CodeSystem/condition-clinical", values: { … } }`

    1 error
    "#);
    for (wrong, expected) in [
        (
            with_system("http://terminology.hl7.org/CodeSystem/condition-clinicl"),
            format!(
                "`active` of the system `http://terminology.hl7.org/CodeSystem/condition-clinicl` is not in the element's value set `condition-clinical`: its system is `{system}`"
            ),
        ),
        (
            "{ coding: [ { code: active } ] }".to_owned(),
            format!("`active` stands without its system, and R4 requires both: write `system: {system}`"),
        ),
        (
            "{ coding: [ { code: $p.SURNAME } ] }".to_owned(),
            format!("the code stands without its system, and R4 requires both: write `system: {system}`"),
        ),
        (
            "{ coding: [ { system: 'urn:x', code: { column: p.SURNAME, codes: { Y: active } } } ] }"
                .to_owned(),
            format!(
                "no code of the system `urn:x` is in the element's value set `condition-clinical`: write `system: {system}`"
            ),
        ),
    ] {
        let found: Vec<_> = found(&condition(&wrong))
            .into_iter()
            .filter(|problem| !problem.starts_with("PM045"))
            .collect();
        assert_eq!(found, [format!("PM016 6: {expected}")], "{wrong}");
    }
    // An element of the type `code` has no system.
    assert_eq!(
        problems(&patient(
            "  gender: { column: sex.SEX, codes: { Male: male } }\n"
        )),
        ""
    );
}

#[test]
fn the_column_of_a_reference_compares_with_its_target_s_id() {
    let user =
        "resource: Practitioner\ntable: USERS as u\nid: u.USERID\nelements: { active: true }\n";
    let of = |column: &str| {
        let file = patient(&format!(
            "  generalPractitioner: [ {{ reference: {{ to: Practitioner, id: {column} }} }} ]\n"
        ));
        let files = [("patient.yaml", file.as_str()), ("user.yaml", user)];
        match load(&files, &Options::default()) {
            Ok(loaded) => loaded.warnings.to_string(),
            Err(problems) => problems.to_string(),
        }
    };
    assert_eq!(of("p.USERID"), "");
    assert_eq!(of("{ sql: 'CAST({p.PHONE} AS int)', type: int }"), "");
    insta::assert_snapshot!(of("p.PHONE"), @r"
    error[PM026]: a column of type `char(14)` refers to a Practitioner, whose id is of type `int`
      --> patient.yaml:15:63
       |
    15 |   generalPractitioner: [ { reference: { to: Practitioner, id: p.PHONE } } ]
       |                                                               ^^^^^^^ of type `char(14)`
       |
       = note: its source is at user.yaml:1
       = note: if their contents agree all the same, convert one in a fragment: `{ sql: …, type: … }`

    1 error
    ");
}

#[test]
fn an_id_is_its_row_s_own() {
    let file = |rows: &str, id: &str| {
        format!(
            "resource: Patient\ntable: KINDS as k\nrows: {rows}\nid: {id}\nlookups: {{ t: TITLES on t.TITLECODE = k.KINDCODE }}\nelements: {{ active: true }}\n"
        )
    };
    let all = "k.KINDCODE > 0";
    insta::assert_snapshot!(problems(&file(all, "k.KINDCODE")), @r"
    warning[PM039]: two rows may have the same id
     --> patient.yaml:4:5
      |
    4 | id: k.KINDCODE
      |     ^^^^^^^^^^ `k.LANG` of the key is not in it
      |
      = help: make the id of the whole key of `KINDS`, or declare as its key what is unique in it

    1 warning
    ");
    assert_eq!(
        found(&file(all, "t.TITLECODE")),
        ["PM039 4: the id comes from the lookup `t`: make it of the columns of `KINDS`: `id: k.…`"]
    );
    for (rows, id) in [
        (all, "[ k.KINDCODE, k.LANG ]"),
        (
            all,
            "{ sql: 'CONCAT({k.KINDCODE}, {k.LANG})', type: varchar(20) }",
        ),
        ("k.LANG = 'en' and k.KINDCODE > 0", "k.KINDCODE"),
        ("[ k.KINDCODE > 0, k.LANG = 'en' ]", "k.KINDCODE"),
        ("{ sql: \"{k.LANG} = (SELECT 'en')\" }", "k.KINDCODE"),
    ] {
        assert_eq!(problems(&file(rows, id)), "", "{rows} {id}");
    }
    assert_eq!(problems(&with("id: p.ID", "id: p.GUID")), "");
}

#[test]
fn a_constant_reference_leads_somewhere() {
    let missing = "PM050 17: no contained resource has the id `clinik`";
    let contained = "  contained:\n    - { resourceType: Organization, id: clinic, name: x }\n";
    let organization = |contained: &str, reference: &str| {
        found(&patient(&format!(
            "{contained}  managingOrganization: {{ reference: '{reference}' }}\n"
        )))
    };
    assert!(organization(contained, "#clinic").is_empty());
    assert_eq!(
        organization(contained, "#clinik"),
        [format!("{missing}: did you mean `clinic`?")]
    );
    assert_eq!(
        organization("", "#clinik"),
        [format!(
            "{}: put it under `contained:`: `- {{ resourceType: …, id: clinik, … }}`",
            missing.replace("17", "15")
        )]
    );
    assert_eq!(
        organization(&contained.replace("Organization", "Location"), "#clinic"),
        ["PM050 17: the element cannot refer to a Location: it may refer to: `Organization`"]
    );
    for (reference, expected) in [
        (
            "Patient/1",
            "PM050 15: the element cannot refer to a Patient: it may refer to: `Organization`",
        ),
        (
            "Organisation/1",
            "PM010 15: R4 has no resource type `Organisation`: did you mean `Organization`?",
        ),
        (
            "Organization/1",
            "PM051 15: the mapping has no source of Organization: map it in a file with `resource: Organization`, or take the reference out",
        ),
    ] {
        assert_eq!(organization("", reference), [expected]);
    }
    for elsewhere in ["https://server.example/Organization/1", "urn:uuid:x"] {
        assert!(organization("", elsewhere).is_empty());
    }
    let link = "  link: [ { type: refer, other: { reference: Patient/1 } } ]\n";
    assert_eq!(problems(&patient(link)), "");
}

#[test]
fn invariants_of_data_types() {
    insta::assert_snapshot!(problems(&patient(
        "  telecom:
    - { value: $p.PHONE }
    - { system: phone, value: $p.PHONE }
  extension:
    - { url: 'http://x.example/a' }
    - { url: indigenous-status, valueString: $p.PHONE }
    - { url: 'urn:x', extension: [ { url: part, valueString: $p.PHONE } ] }
    - url: 'http://x.example/q'
      valueQuantity: { value: $p.WEIGHT, unit: kg, code: kg }
"
    )), @r"
    warning[PM059]: a ContactPoint has a `value` and no `system` (cpt-2)
      --> patient.yaml:16:9
       |
    16 |     - { value: $p.PHONE }
       |         ^^^^^
       |
       = help: say what it is: `system: phone`, `email`, `fax`, `pager`, `url`, `sms` or `other`

    warning[PM059]: an extension has neither a value nor extensions of its own (ext-1)
      --> patient.yaml:19:7
       |
    19 |     - { url: 'http://x.example/a' }
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: give it a value, with the type in its name: `valueString`, `valueCoding`

    warning[PM059]: the `url` of an extension is not absolute
      --> patient.yaml:20:14
       |
    20 |     - { url: indigenous-status, valueString: $p.PHONE }
       |              ^^^^^^^^^^^^^^^^^
       |
       = help: an extension is named by its canonical URL: `http://hl7.org.au/fhir/StructureDefinition/…`

    warning[PM059]: a Quantity has a `code` of its unit and no `system` (qty-3)
      --> patient.yaml:23:52
       |
    23 |       valueQuantity: { value: $p.WEIGHT, unit: kg, code: kg }
       |                                                    ^^^^
       |
       = help: for units of UCUM write `system: http://unitsofmeasure.org`; a unit that is text alone is `unit`

    4 warnings
    ");
}

#[test]
fn a_column_holds_nothing_longer_than_it_is() {
    insta::assert_snapshot!(problems(&with("rows: p.STATUS = 1", "rows: p.MEDICARELINENO <> 'Yes' and p.MEDICARELINENO in ('1', '12') and p.MEDICARELINENO > '12' and 'x ' = p.MEDICARELINENO").replace("  active: true\n", "  birthDate: { column: p.FLAGS, format: DD/MM/YYYY }
  deceasedDateTime: { column: p.PHONE, format: DD/MM/YYYY, absent: 'not known at all' }
  gender: { column: p.MEDICARELINENO, codes: { M: male, Female: female } }
  multipleBirthBoolean: { column: p.RESULT, codes: { Y: true, 'a text of twenty-one.': false } }
  contact: [ { gender: { column: p.MEDICARELINENO, codes: shared }, period: { start: { column: p.MEDICARELINENO, format: YYYY } } } ]
")), @r"
    warning[PM049]: the column is `char(1)`, and never holds `Yes`
     --> patient.yaml:3:27
      |
    3 | rows: p.MEDICARELINENO <> 'Yes' and p.MEDICARELINENO in ('1', '12') and p.MEDICARELINENO > '12' and 'x ' = p.MEDICARELINENO
      |                           ^^^^^
      |
      = help: write what the column holds, or its true length under `tables:`

    warning[PM049]: the column is `char(1)`, and never holds `12`
     --> patient.yaml:3:63
      |
    3 | rows: p.MEDICARELINENO <> 'Yes' and p.MEDICARELINENO in ('1', '12') and p.MEDICARELINENO > '12' and 'x ' = p.MEDICARELINENO
      |                                                               ^^^^
      |
      = help: write what the column holds, or its true length under `tables:`

    warning[PM049]: the column is `int`, and a whole number has nothing between its digits
      --> patient.yaml:15:41
       |
    15 |   birthDate: { column: p.FLAGS, format: DD/MM/YYYY }
       |                                         ^^^^^^^^^^
       |
       = help: write the layout without separators: `YYYYMMDD`

    warning[PM049]: the column is `char(14)`, and never holds `not known at all`
      --> patient.yaml:16:68
       |
    16 |   deceasedDateTime: { column: p.PHONE, format: DD/MM/YYYY, absent: 'not known at all' }
       |                                                                    ^^^^^^^^^^^^^^^^^^
       |
       = help: write what the column holds, or its true length under `tables:`

    warning[PM049]: the column is `char(1)`, and never holds `Female`
      --> patient.yaml:17:57
       |
    17 |   gender: { column: p.MEDICARELINENO, codes: { M: male, Female: female } }
       |                                                         ^^^^^^
       |
       = help: write what the column holds, or its true length under `tables:`

    warning[PM049]: the column is `varchar(20)`, and never holds `a text of twenty-one.`
      --> patient.yaml:18:63
       |
    18 |   multipleBirthBoolean: { column: p.RESULT, codes: { Y: true, 'a text of twenty-one.': false } }
       |                                                               ^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write what the column holds, or its true length under `tables:`

    warning[PM049]: the column is `char(1)`, too short for the layout `YYYY`
      --> patient.yaml:19:122
       |
    19 |   contact: [ { gender: { column: p.MEDICARELINENO, codes: shared }, period: { start: { column: p.MEDICARELINENO, format: YYYY } } } ]
       |                                                                                                                          ^^^^
       |
       = help: write the layout that its text has, or its true length under `tables:`

    7 warnings
    ");
}
