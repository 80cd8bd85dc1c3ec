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
