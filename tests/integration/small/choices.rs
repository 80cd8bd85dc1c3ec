//! Choices, conditions and codes.

use serde_json::{Value, json};

use super::{assert_found, practice, resource};

#[test]
fn the_first_alternative_of_a_choice_wins_in_the_resource_and_in_searches() {
    let practice = practice(
        "DIED: datetime, DEAD: integer",
        "Patient",
        "elements:\n  deceasedDateTime: $t.DIED\n  deceasedBoolean: $t.DEAD\n",
        "(1, '2020-05-05 12:00:00', 0), (2, NULL, 1), (3, NULL, 0), (4, NULL, NULL)",
    );
    let read = |path| {
        let mut resource = resource(&practice, path);
        let fields = resource.as_object_mut().unwrap();
        fields.retain(|name, _| name.starts_with("deceased"));
        resource
    };
    assert_eq!(
        read("Patient/1"),
        json!({ "deceasedDateTime": "2020-05-05T12:00:00+10:00" })
    );
    assert_eq!(read("Patient/2"), json!({ "deceasedBoolean": true }));
    assert_eq!(read("Patient/3"), json!({ "deceasedBoolean": false }));
    assert_eq!(read("Patient/4"), json!({}));
    // Which one it is does not depend on what is asked for.
    assert_eq!(
        read("Patient/1?_elements=deceasedBoolean"),
        read("Patient/1")
    );
    assert_found(
        &practice,
        &[
            ("Patient?death-date=2020", &["1"]),
            ("Patient?deceased=true", &["1", "2"]),
            ("Patient?deceased=false", &["3", "4"]),
        ],
    );
}

#[test]
fn a_later_alternative_is_found_only_where_none_before_it_is_there() {
    let practice = practice(
        "TEST: varchar(20), FROMDAY: date, TODAY: date, TAKEN: datetime",
        "Observation",
        "elements:
  status: final
  code: { text: $t.TEST }
  effectiveDateTime: $t.TAKEN
  effectivePeriod: { start: $t.FROMDAY, end: $t.TODAY }
",
        "(1, 'a', '2026-01-01', '2026-01-31', '2020-05-05 12:00:00'),
         (2, 'a', '2026-01-01', '2026-01-31', NULL),
         (3, 'a', NULL, NULL, NULL)",
    );
    assert_found(
        &practice,
        &[
            ("Observation?date=2020", &["1"]),
            ("Observation?date=2026", &["2"]),
            ("Observation?date:missing=true", &["3"]),
        ],
    );
}

#[test]
fn a_choice_that_r4_requires_is_there_by_any_of_its_alternatives() {
    let practice = practice(
        "WHO: integer, DRUG: varchar(40), CODE: integer",
        "MedicationStatement",
        "elements:
  status: active
  subject: { reference: { to: Patient, id: t.WHO } }
  medicationCodeableConcept: { text: $t.DRUG }
  medicationReference: { reference: { to: Medication, id: t.CODE } }
",
        "(1, 7, 'Paracetamol', 9), (2, 7, NULL, 9), (3, 7, NULL, NULL)",
    );
    let medications: Vec<Value> = practice
        .resources("MedicationStatement")
        .iter()
        .map(|resource| {
            json!([
                resource["medicationCodeableConcept"]["text"],
                resource["medicationReference"]["reference"]
            ])
        })
        .collect();
    assert_eq!(
        medications,
        [json!(["Paracetamol", null]), json!([null, "Medication/9"])]
    );
    assert_eq!(
        practice
            .read("MedicationStatement/3")
            .unwrap_err()
            .code()
            .status,
        404
    );
    assert_found(
        &practice,
        &[("MedicationStatement?medication=Medication/9", &["2"])],
    );
}

#[test]
fn a_value_may_depend_on_a_condition() {
    let practice = practice(
        "KIND: integer, NAME: varchar(20), BORN: date, MARITAL: varchar(1)",
        "Patient",
        "elements:
  name: [ { family: { column: t.NAME, if: t.KIND = 1 }, use: official } ]
  birthDate: { if: t.KIND = 1, column: t.BORN }
  maritalStatus: { if: t.MARITAL = 'M', text: Married }
",
        "(1, 1, 'Able', '1980-01-01', 'M'), (2, 2, 'Able', '1980-01-01', 'S')",
    );
    let first = resource(&practice, "Patient/1");
    assert_eq!(
        first["name"],
        json!([{ "use": "official", "family": "Able" }])
    );
    assert_eq!(first["birthDate"], "1980-01-01");
    assert_eq!(first["maritalStatus"], json!({ "text": "Married" }));
    let second = resource(&practice, "Patient/2");
    for absent in ["name", "birthDate", "maritalStatus"] {
        assert_eq!(second.get(absent), None, "{second}");
    }
    assert_found(
        &practice,
        &[
            ("Patient?family=able", &["1"]),
            ("Patient?birthdate=1980", &["1"]),
            ("Patient?birthdate:missing=true", &["2"]),
        ],
    );
}

#[test]
fn constants_count_for_a_profile_where_they_are_written() {
    let practice = practice(
        "DIED: datetime, FLAG: integer",
        "Patient",
        concat!(
            "profile:\n",
            "  - { url: 'http://example.org/bool', if: deceasedBoolean }\n",
            "  - { url: 'http://example.org/language', if: communication.language }\n",
            "elements:\n",
            "  communication: [ { if: t.FLAG = 1, language: { text: en } } ]\n",
            "  deceasedDateTime: $t.DIED\n",
            "  deceasedBoolean: false\n",
        ),
        "(1, '2020-05-05 12:00:00', 1), (2, NULL, 0)",
    );
    let profiles = |path| resource(&practice, path)["meta"]["profile"].clone();
    assert_eq!(
        profiles("Patient/1"),
        json!(["http://example.org/language"])
    );
    assert_eq!(profiles("Patient/2"), json!(["http://example.org/bool"]));
}

#[test]
fn a_column_of_codes_gives_codes_of_the_value_set_only() {
    let practice = practice(
        "SEX: varchar(10)",
        "Patient",
        "elements:\n  gender: $t.SEX\n",
        "(1, 'female'), (2, 'MALE'), (3, 'f'), (4, '')",
    );
    let gender = |path| resource(&practice, path)["gender"].clone();
    let before = practice.site.odd_values();
    assert_eq!(gender("Patient/1"), "female");
    assert_eq!(gender("Patient/2"), "male");
    assert_eq!(practice.site.odd_values(), before);
    assert_eq!(gender("Patient/3"), Value::Null);
    assert_eq!(practice.site.odd_values(), before + 1);
    assert_eq!(gender("Patient/4"), Value::Null);
    assert_found(
        &practice,
        &[
            ("Patient?gender=male", &["2"]),
            ("Patient?gender:missing=true", &["3", "4"]),
        ],
    );
}
