//! Keys, names and numbers kept as text.

use pilaster::mapping::{Options, load_files};
use serde_json::Value;

use super::{MANIFEST, assert_found, practice, practice_by, resource};
use crate::practice::Practice;

#[test]
fn guids_are_found_in_capitals_and_in_small_letters() {
    const ONE: &str = "6F9619FF-8B86-D011-B42D-00C04FC964FF";
    const TWO: &str = "7f9619ff-8b86-d011-b42d-00c04fc964ff";
    let practice = practice_by(
        "ID: uniqueidentifier",
        "DOCTOR: uniqueidentifier",
        "Patient",
        "elements:
  generalPractitioner: [ { reference: { to: Practitioner, id: t.DOCTOR } } ]
  identifier: [ { system: 'http://guid.example', value: $t.DOCTOR } ]
",
        &format!("('{ONE}', '{TWO}'), ('{TWO}', '{ONE}')"),
    );
    let small = ONE.to_ascii_lowercase();
    for asked in [ONE, &small] {
        assert_eq!(resource(&practice, &format!("Patient/{asked}"))["id"], ONE);
        for search in [
            format!("Patient?general-practitioner=Practitioner/{asked}"),
            format!("Patient?identifier=http://guid.example|{asked}"),
            format!("Patient?identifier={asked}"),
        ] {
            assert_eq!(practice.ids(&search), [TWO], "{search}");
        }
    }
    for asked in [TWO, &TWO.to_ascii_uppercase()] {
        assert_eq!(practice.ids(&format!("Patient?_id={asked}")), [TWO]);
        let search = format!("Patient?general-practitioner={asked}");
        assert_eq!(practice.ids(&search), [ONE], "{search}");
    }
}

#[test]
fn ids_in_padded_text_are_found() {
    for ty in ["char(10)", "varchar(10)", "text"] {
        let practice = practice_by(
            &format!("ID: {ty}"),
            &format!("DOCTOR: {ty}"),
            "Patient",
            "elements:\n  generalPractitioner: [ { reference: { to: Practitioner, id: t.DOCTOR } } ]\n",
            "('A1        ', 'D1  '), ('A12', 'D12'), ('A1-', 'D1'), ('a1 ', 'd1')",
        );
        assert_eq!(resource(&practice, "Patient/A1")["id"], "A1", "{ty}");
        assert_found(
            &practice,
            &[
                ("Patient?_id=A1,A12", &["A1", "A12"]),
                ("Patient?general-practitioner=D1", &["A1", "A1-"]),
                ("Patient?general-practitioner=Practitioner/d1", &["a1"]),
            ],
        );
        assert_eq!(practice.read("Patient/A").unwrap_err().code().status, 404);
    }
}

#[test]
fn an_accent_alone_finds_nothing() {
    let practice = practice(
        "SURNAME: varchar(20)",
        "Patient",
        "elements:\n  name: [ { family: $t.SURNAME } ]\n  address: [ { country: Australia, city: $t.SURNAME } ]\n",
        "(1, 'Zoë'), (2, 'Ada')",
    );
    assert_found(
        &practice,
        &[
            ("Patient?family=%CC%81", &[]),
            ("Patient?family:contains=%CC%81", &[]),
            ("Patient?address-country=%CC%81", &[]),
            ("Patient?address-country=austr%20", &["1", "2"]),
            ("Patient?family=zoe", &["1"]),
        ],
    );
}

/// SQLite's columns hold numbers and text, whatever they are declared as.
#[test]
fn children_are_found_where_a_table_keeps_its_keys_otherwise_than_the_mapping_says() {
    let source = "resource: Patient\ntable: T as t\nid: t.ID\nchildren:\n  mails: E as e on e.OF = t.ID order by e.N\n\
        elements:\n  telecom:\n    - { each: mails, system: email, value: $e.MAIL }\n";
    for (declared, parent, child) in [
        ("integer", "INTEGER", "VARCHAR(10)"),
        ("varchar(10)", "VARCHAR(10)", "INTEGER"),
    ] {
        let tables = format!(
            "tables:\n  T: {{ key: ID, columns: {{ ID: {declared} }} }}\n  \
             E: {{ key: N, columns: {{ N: integer, OF: {declared}, MAIL: varchar(20) }} }}\n"
        );
        let files = [
            ("mapping.yaml", MANIFEST),
            ("tables.yaml", &tables),
            ("source.yaml", source),
        ];
        let loaded = load_files("small", &files, &Options::default())
            .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        let script = format!(
            "CREATE TABLE T (ID {parent} PRIMARY KEY);\nINSERT INTO T VALUES (1), (2);\n\
             CREATE TABLE E (N INTEGER PRIMARY KEY, OF {child}, MAIL VARCHAR(20));\n\
             INSERT INTO E VALUES (1, 2, 'a@example.org'), (2, 2, 'b@example.org'), (3, 'x', 'c@example.org');"
        );
        let practice = Practice::new(loaded.mapping, |connection| {
            connection.execute_batch(&script).unwrap();
        });
        let second = resource(&practice, "Patient/2");
        let mails: Vec<&Value> = second["telecom"]
            .as_array()
            .expect("entries")
            .iter()
            .map(|entry| &entry["value"])
            .collect();
        assert_eq!(mails, ["a@example.org", "b@example.org"]);
        assert_eq!(resource(&practice, "Patient/1").get("telecom"), None);
        assert_found(&practice, &[("Patient?email=b@example.org", &["2"])]);
    }
}

#[test]
fn a_telephone_number_is_one_only_where_nothing_else_is_in_it() {
    let practice = practice(
        "PHONE: varchar(30)",
        "Patient",
        "elements:\n  telecom: [ { system: phone, value: { column: t.PHONE, compare: digits } } ]\n",
        "(1, '0412 345 678'), (2, 'ext 12345'), (3, '(07) 3333/4444'), (4, '12345')",
    );
    assert_found(
        &practice,
        &[
            ("Patient?phone=0412345678", &["1"]),
            ("Patient?phone=%2B61412345678", &["1"]),
            ("Patient?phone=x0412345678y@example.org", &[]),
            ("Patient?phone=ext 12345", &["2"]),
            ("Patient?phone=(07) 3333/4444", &["3"]),
            ("Patient?phone=12345", &["4"]),
        ],
    );
}

/// A reference may name its target by an identifier alone, where the table holds no more of it.
#[test]
fn a_reference_is_found_by_its_identifier() {
    let practice = practice(
        "PROVIDER: varchar(20), DOCTOR: varchar(40)",
        "Patient",
        "elements:
  generalPractitioner:
    - type: Practitioner
      identifier: { system: urn:provider-number, value: $t.PROVIDER }
      display: $t.DOCTOR
",
        "(1, '2426621B', 'Dr Able'), (2, '2426622B', 'Dr Baker'), (3, NULL, 'Dr Able')",
    );
    assert_eq!(
        resource(&practice, "Patient/1")["generalPractitioner"][0]["identifier"]["value"],
        "2426621B"
    );
    assert_found(
        &practice,
        &[
            (
                "Patient?general-practitioner:identifier=urn:provider-number|2426621B",
                &["1"],
            ),
            (
                "Patient?general-practitioner:identifier=2426622B,2426621B",
                &["1", "2"],
            ),
            (
                "Patient?general-practitioner:identifier=urn:other|2426621B",
                &[],
            ),
            ("Patient?general-practitioner:identifier=|2426621B", &[]),
        ],
    );
}
