//! Small mappings over a few rows: what is written, and what a search finds, agree.

use pilaster::mapping::{Options, load_files};
use serde_json::{Value, json};

use crate::practice::{Practice, parse};

const MANIFEST: &str = "name: Small\nengine: sqlite\nverified: illustrative\ncollation: BINARY\n";

/// A practice of one table `T`, its key `ID`: the types of its other columns, the source's keys below `table:`
/// and `id:`, and the rows.
fn practice(columns: &str, resource: &str, source: &str, rows: &str) -> Practice {
    practice_by("ID: integer", columns, resource, source, rows)
}

fn practice_by(id: &str, columns: &str, resource: &str, source: &str, rows: &str) -> Practice {
    let columns = format!("{id}, {columns}");
    let tables = format!("tables:\n  T: {{ key: ID, columns: {{ {columns} }} }}\n");
    let source = format!("resource: {resource}\ntable: T as t\nid: t.ID\n{source}");
    let files = [
        ("mapping.yaml", MANIFEST),
        ("tables.yaml", &tables),
        ("source.yaml", &source),
    ];
    let loaded = load_files("small", &files, &Options::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let names: Vec<&str> = columns
        .split(", ")
        .filter_map(|column| Some(column.split_once(": ")?.0))
        .collect();
    // Without types, so that values stay as they are given.
    let script = format!(
        "CREATE TABLE T ({});\nINSERT INTO T VALUES {rows};",
        names.join(", ")
    );
    Practice::new(loaded.mapping, |connection| {
        connection.execute_batch(&script).unwrap();
    })
}

fn resource(practice: &Practice, path: &str) -> Value {
    let answer = practice
        .read(path)
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    parse(&answer.body)
}

/// Each search finds these ids, in order.
fn assert_found(practice: &Practice, searches: &[(&str, &[&str])]) {
    for (search, ids) in searches {
        assert_eq!(&practice.ids(search), ids, "{search}");
    }
}

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
fn a_quantity_without_its_value_is_absent_as_a_whole() {
    let practice = practice(
        "RESULT: varchar(20), UNIT: varchar(10), HEIGHT: float, NOTE: varchar(20)",
        "Observation",
        "elements:
  status: final
  code: { text: x }
  valueQuantity: { value: { column: t.RESULT, measure: number }, unit: $t.UNIT }
  valueString: { column: t.RESULT, measure: text }
  component:
    - { code: { text: height }, valueQuantity: { value: $t.HEIGHT, unit: $t.UNIT } }
    - { code: { text: note }, valueString: $t.NOTE }
",
        "(1, '5.2', 'mmol/L', 170, 'a'), (2, 'not seen', 'mmol/L', NULL, 'b'), (3, NULL, 'mmol/L', NULL, NULL)",
    );
    let read = |path| resource(&practice, path);
    let first = read("Observation/1");
    assert_eq!(
        first["valueQuantity"],
        json!({ "value": 5.2, "unit": "mmol/L" })
    );
    assert_eq!(first.get("valueString"), None);
    let before = practice.site.odd_values();
    let second = read("Observation/2");
    assert_eq!(second.get("valueQuantity"), None);
    assert_eq!(second["valueString"], "not seen");
    assert_eq!(read("Observation/3").get("valueQuantity"), None);
    // That a result is no number is nothing odd.
    assert_eq!(practice.site.odd_values(), before);
    assert_found(
        &practice,
        &[
            ("Observation?component-value-quantity=170", &["1"]),
            ("Observation?component-value-quantity=170||mmol/L", &["1"]),
            (
                "Observation?component-value-quantity:missing=true",
                &["2", "3"],
            ),
        ],
    );
}

/// Whatever a text is, it is found as what it is written as.
#[test]
fn a_quantity_s_system_is_compared_without_a_code_too() {
    let practice = practice(
        "SIZE: int",
        "Observation",
        "elements:\n  status: final\n  code: { text: Size }\n  valueQuantity: { value: $t.SIZE, system: \"http://unitsofmeasure.org\", code: cm }\n",
        "(1, 5), (2, 6)",
    );
    assert_found(
        &practice,
        &[
            ("Observation?value-quantity=5", &["1"]),
            (
                "Observation?value-quantity=5|http://unitsofmeasure.org|",
                &["1"],
            ),
            (
                "Observation?value-quantity=5|http://unitsofmeasure.org|cm",
                &["1"],
            ),
            (
                "Observation?value-quantity=gt0|http://nonsense.example|",
                &[],
            ),
            ("Observation?value-quantity=gt0||mm", &[]),
        ],
    );
}

#[test]
fn a_measurement_kept_as_text_is_found_as_what_it_is_written_as() {
    const TEXTS: [&str; 45] = [
        "5", "5.2", " 5.2 ", "-2", "-0.5", "0", "0.0", "-0", "<0.5", "< 0.5", "<=3", ">=10",
        "> 10", "≤7", "≥ 8", "<-1", "00", "05", "-05", "0.50", ".5", "5.", "1,5", "1e5", "+5",
        "--5", "5-", "5 5", "1.2.3", "-", ".", "", " ", "<", "<<5", "=5", "<>5", "=<5", "5 mmol/L",
        "not seen", "²", "٣", "0x10", "NaN", "1_0",
    ];
    let rows: Vec<String> = TEXTS
        .iter()
        .enumerate()
        .map(|(index, text)| format!("({}, '{text}')", index + 1))
        .collect();
    let practice = practice(
        "RESULT: nvarchar(20)",
        "Observation",
        "elements:
  status: final
  code: { text: x }
  valueQuantity:
    value: { column: t.RESULT, measure: number }
    comparator: { column: t.RESULT, measure: comparator }
    unit: g
  valueString: { column: t.RESULT, measure: text }
",
        &rows.join(", "),
    );
    let all = practice.resources("Observation?_count=200");
    assert_eq!(all.len(), TEXTS.len());
    let written = |holds: &dyn Fn(&Value) -> bool| -> Vec<String> {
        let found = all.iter().filter(|resource| holds(resource));
        found
            .map(|resource| resource["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    // What is there.
    let is_quantity = |resource: &Value| resource.get("valueQuantity").is_some();
    let is_text = |resource: &Value| resource.get("valueString").is_some();
    assert_eq!(
        practice.ids("Observation?value-quantity:missing=false"),
        written(&is_quantity)
    );
    assert_eq!(
        practice.ids("Observation?value-string:missing=false"),
        written(&is_text)
    );
    assert!(written(&is_quantity).len() > 15 && written(&is_text).len() > 20);
    assert_eq!(
        practice.ids("Observation?value-string=not"),
        written(&|of| of["valueString"] == "not seen")
    );
    assert_eq!(practice.ids("Observation?value-string=5.2"), [""; 0]);
    // From where to where each quantity lies, with what is known of its ends.
    let number = |resource: &Value| {
        let value = &resource["valueQuantity"]["value"];
        value.to_string().parse::<f64>().ok()
    };
    let range = |resource: &Value| -> Option<((f64, bool), (f64, bool))> {
        let at = number(resource)?;
        Some(match resource["valueQuantity"]["comparator"].as_str() {
            None => ((at, true), (at, true)),
            Some("<") => ((f64::NEG_INFINITY, true), (at, false)),
            Some("<=") => ((f64::NEG_INFINITY, true), (at, true)),
            Some(">") => ((at, false), (f64::INFINITY, true)),
            Some(">=") => ((at, true), (f64::INFINITY, true)),
            Some(other) => panic!("{other}"),
        })
    };
    type Holds = dyn Fn((f64, bool), (f64, bool), f64, f64) -> bool;
    let prefixes: [(&str, &Holds); 9] = [
        ("eq", &|low, high, at, half| {
            low.0 >= at - half && high.0 < at + half
        }),
        ("ne", &|low, high, at, half| {
            !(low.0 >= at - half && high.0 < at + half)
        }),
        ("gt", &|_, high, at, _| high.0 > at),
        ("lt", &|low, _, at, _| low.0 < at),
        ("ge", &|_, high, at, _| high.0 > at || high == (at, true)),
        ("le", &|low, _, at, _| low.0 < at || low == (at, true)),
        ("sa", &|low, _, at, _| low.0 > at || low == (at, false)),
        ("eb", &|_, high, at, _| high.0 < at || high == (at, false)),
        ("ap", &|low, high, at, _| {
            let near = (at * 0.1).abs();
            high.0 > at - near && low.0 < at + near || high.0 == at - near && low.0 == at - near
        }),
    ];
    for (prefix, holds) in prefixes {
        for (text, half) in [
            ("0.5", 0.05),
            ("5.2", 0.05),
            ("3", 0.5),
            ("10", 0.5),
            ("7", 0.5),
            ("-1", 0.5),
            ("8", 0.5),
        ] {
            let at: f64 = text.parse().expect("a number");
            let expected = written(&|resource| {
                range(resource).is_some_and(|(low, high)| holds(low, high, at, half))
            });
            let search = format!("Observation?value-quantity={prefix}{text}||g");
            assert_eq!(practice.ids(&search), expected, "{search}");
        }
    }
}

#[test]
fn a_composite_holds_for_one_element_and_not_for_two() {
    let practice = practice(
        "SYS: integer, DIA: integer",
        "Observation",
        "elements:
  status: final
  code: { coding: [ { system: \"http://loinc.org\", code: 85354-9 } ] }
  component:
    - code: { coding: [ { system: \"http://loinc.org\", code: 8480-6 } ] }
      valueQuantity: { value: $t.SYS, unit: mmHg, system: http://unitsofmeasure.org, code: \"mm[Hg]\" }
    - code: { coding: [ { system: \"http://loinc.org\", code: 8462-4 } ] }
      valueQuantity: { value: $t.DIA, unit: mmHg, system: http://unitsofmeasure.org, code: \"mm[Hg]\" }
",
        "(1, 150, 80), (2, 120, 95), (3, NULL, 100)",
    );
    let of = "Observation?component-code-value-quantity";
    assert_found(
        &practice,
        &[
            (&format!("{of}=8480-6$gt140"), &["1"]),
            (&format!("{of}=8462-4$gt90"), &["2", "3"]),
            (
                &format!("{of}=http://loinc.org|8462-4$gt90|http://unitsofmeasure.org|mm[Hg]"),
                &["2", "3"],
            ),
            (&format!("{of}=8462-4$gt90||kPa"), &[]),
            (&format!("{of}=http://snomed.info/sct|8462-4$gt90"), &[]),
            (&format!("{of}=8480-6$lt130,8462-4$gt99"), &["2", "3"]),
            (
                &format!("{of}=8480-6$lt130&component-code-value-quantity=8462-4$gt90"),
                &["2"],
            ),
            ("Observation?combo-code-value-quantity=8480-6$150", &["1"]),
        ],
    );
    let refused = |search: &str| practice.search(search).expect_err(search).code().id;
    assert_eq!(refused(&format!("{of}=8480-6")), "PS002");
    assert_eq!(refused("Observation?code-value-quantity=8480-6$1"), "PP002");
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
fn an_offset_in_the_text_of_a_time_counts() {
    let rows = "(1, '2026-01-05T09:30:00Z'), (2, '2026-01-05 09:30:00+10:00'), (3, '2026-01-04T23:30-0030'),
         (4, '2026-01-05T09:30:00.250+01'), (5, '2026-01-05 09:30:00 EST'), (6, '2026-01-05T09:30:00+10:00:00'),
         (7, '2026-01-05 09:30:00'), (8, '2026-01-05T20:00:00Z'), (9, '9999-12-31T23:59:59Z')";
    let local = practice(
        "AT: datetime",
        "Patient",
        "elements:\n  deceasedDateTime: $t.AT\n  birthDate: $t.AT\n",
        rows,
    );
    let written: Vec<Value> = local
        .resources("Patient")
        .iter()
        .map(|resource| json!([resource["deceasedDateTime"], resource["birthDate"]]))
        .collect();
    assert_eq!(
        written,
        [
            json!(["2026-01-05T19:30:00+10:00", "2026-01-05"]),
            json!(["2026-01-05T09:30:00+10:00", "2026-01-05"]),
            json!(["2026-01-05T10:00:00+10:00", "2026-01-05"]),
            json!(["2026-01-05T18:30:00.250+10:00", "2026-01-05"]),
            json!([null, "2026-01-05"]),
            json!([null, "2026-01-05"]),
            json!(["2026-01-05T09:30:00+10:00", "2026-01-05"]),
            json!(["2026-01-06T06:00:00+10:00", "2026-01-06"]),
            json!([null, null]),
        ]
    );
    // All in UTC, and said to be: searches are exact.
    let utc = practice(
        "AT: datetime",
        "Patient",
        "elements:\n  deceasedDateTime: { column: t.AT, zone: utc }\n",
        "(1, '2026-01-05T09:30:00Z'), (2, '2026-01-05T14:00:00Z'), (3, '2026-01-05T13:59:59Z')",
    );
    assert_eq!(
        resource(&utc, "Patient/2")["deceasedDateTime"],
        "2026-01-06T00:00:00+10:00"
    );
    assert_found(
        &utc,
        &[
            ("Patient?death-date=2026-01-05", &["1", "3"]),
            ("Patient?death-date=2026-01-06", &["2"]),
            ("Patient?death-date=2026-01-05T19:30:00%2B10:00", &["1"]),
            ("Patient?death-date=gt2026-01-05T09:30:00Z", &["2", "3"]),
        ],
    );
}

#[test]
fn text_that_is_no_date_is_found_by_no_date_search() {
    let rows = "(1, '08/03/1979', 19790308, '03/1979'), (2, '99/99/2026', 20269999, '13/2026'),
        (3, '30/02/2026', 20260230, 'ab/2026'), (4, 'unknown', 12, '3/2026'), (5, '8/3/1979', NULL, ''),
        (6, NULL, 0, NULL), (7, ' 08/03/1979 ', 19790308, ' 03/1979'), (8, '01/01/0000', 101, '01/0000')";
    for column in [
        "{ column: t.TEXT, format: DD/MM/YYYY }",
        "{ column: t.NUMBER, format: YYYYMMDD }",
        "{ column: t.CARD, format: MM/YYYY }",
    ] {
        let practice = practice(
            "TEXT: varchar(12), NUMBER: integer, CARD: varchar(10)",
            "Patient",
            &format!("elements:\n  birthDate: {column}\n"),
            rows,
        );
        let written: Vec<Value> = practice
            .resources("Patient?birthdate:missing=false")
            .iter()
            .map(|resource| json!([resource["id"], resource["birthDate"].is_string()]))
            .collect();
        assert_eq!(
            written,
            [json!(["1", true]), json!(["7", true])],
            "{column}"
        );
        assert_found(
            &practice,
            &[
                ("Patient?birthdate=1979-03", &["1", "7"]),
                ("Patient?birthdate=gt1980", &[]),
                ("Patient?birthdate=ge0001", &["1", "7"]),
                ("Patient?birthdate=lt1980", &["1", "7"]),
                ("Patient?birthdate=ne1980", &["1", "7"]),
                ("Patient?birthdate=ap1979", &["1", "7"]),
                (
                    "Patient?birthdate:missing=true",
                    &["2", "3", "4", "5", "6", "8"],
                ),
            ],
        );
    }
}

#[test]
fn an_end_past_midnight_is_found_where_it_is_written() {
    let practice = practice(
        "DAY: date, FROMMIN: integer, MINUTES: integer",
        "Encounter",
        "elements:
  status: finished
  class: { code: AMB }
  period:
    start: { date: t.DAY, minutes: t.FROMMIN }
    end: { date: t.DAY, minutes: t.FROMMIN, plus: t.MINUTES }
",
        "(1, '2026-02-03', 1430, 20), (2, '2026-02-03', 1430, 10), (3, '2026-02-03', 1430, 9), (4, '2026-02-03', 1430, 1500)",
    );
    let ends: Vec<Value> = practice
        .resources("Encounter")
        .iter()
        .map(|resource| resource["period"]["end"].clone())
        .collect();
    assert_eq!(
        ends,
        [
            "2026-02-04T00:10:00+10:00",
            "2026-02-04T00:00:00+10:00",
            "2026-02-03T23:59:00+10:00",
            "2026-02-05T00:50:00+10:00"
        ]
    );
    assert_found(
        &practice,
        &[
            ("Encounter?date=2026-02-03", &["3"]),
            ("Encounter?date=gt2026-02-03", &["1", "2", "4"]),
            ("Encounter?date=gt2026-02-04", &["4"]),
            ("Encounter?date=eb2026-02-04", &["3"]),
            ("Encounter?date=gt2026-02-05T00:48:00%2B10:00", &["4"]),
            ("Encounter?date=gt2026-02-05T00:51:00%2B10:00", &[]),
        ],
    );
}

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

#[test]
fn the_end_of_the_calendar_is_after_every_moment() {
    let practice = practice(
        "SEEN: datetime, UPDATED: bigint",
        "Patient",
        "lastUpdated: { column: t.UPDATED, unix: true }\nelements:\n  deceasedDateTime: $t.SEEN\n",
        "(1, '2020-05-05 12:00:00', 1700000000), (2, '2021-05-05 12:00:00', 1700000001)",
    );
    let last = self::practice(
        "DOB: date",
        "Patient",
        "elements:\n  birthDate: $t.DOB\n",
        "(1, '9999-12-31'), (2, '9999-12-30'), (3, NULL)",
    );
    assert_found(
        &last,
        &[
            ("Patient?birthdate=9999-12-31", &["1"]),
            ("Patient?birthdate=9999", &["1", "2"]),
            ("Patient?birthdate=ne9999-12-31", &["2"]),
            ("Patient?birthdate=ge9999-12-31", &["1"]),
            ("Patient?birthdate=le9999-12-31", &["1", "2"]),
            ("Patient?birthdate=gt9999-12-31", &[]),
            ("Patient?birthdate=eb9999-12-31", &["2"]),
            ("Patient?birthdate=sa9999-12-31", &[]),
        ],
    );
    assert_found(
        &practice,
        &[
            ("Patient?death-date=le9999-12-31", &["1", "2"]),
            ("Patient?death-date=gt9999-12-31", &[]),
            ("Patient?_lastUpdated=le9999-12-31", &["1", "2"]),
            ("Patient?_lastUpdated=gt9999-12-31", &[]),
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
fn a_number_whose_first_part_is_cut_off_is_absent_to_searches_too() {
    let practice = practice(
        "CARD: varchar(13), LINE: varchar(1)",
        "Patient",
        "elements:\n  identifier:\n    - { system: \"urn:card\", value: { concat: [ { column: t.CARD, length: 4 }, { column: t.LINE, length: 1 } ] } }\n",
        "(1, '1234', '5'), (2, '12 34', NULL), (3, '123', '4'), (4, NULL, '5')",
    );
    let value = |path| resource(&practice, path)["identifier"][0]["value"].clone();
    assert_eq!(value("Patient/1"), "12345");
    assert_eq!(value("Patient/2"), "1234");
    assert_eq!(value("Patient/3"), Value::Null);
    assert_found(
        &practice,
        &[
            ("Patient?identifier:missing=true", &["3", "4"]),
            ("Patient?identifier:missing=false", &["1", "2"]),
            ("Patient?identifier=urn:card|", &["1", "2"]),
        ],
    );
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

#[test]
fn three_numbers_that_are_no_day_are_found_by_no_date_search() {
    let practice = practice(
        "Y: integer, M: integer, D: integer",
        "Patient",
        "elements:\n  birthDate: { year: t.Y, month: t.M, day: t.D }\n",
        "(1, 1980, 5, 17), (2, 1980, 5, 0), (3, 1980, 0, 9), (4, 1980, 2, 29), (5, 1900, 2, 29), (6, 1980, 13, 5), \
         (7, 1980, 4, 31), (8, 1980, 5, 45), (9, 1980, -1, 1), (10, 19800, 1, 1), (11, 0, 5, 5), (12, NULL, 1, 1), \
         (13, 1980, 12, 31), (14, 2000, 2, 29), (15, 1980, NULL, NULL), (16, 1980, 5, -3)",
    );
    let written: Vec<String> = practice
        .resources("Patient?_count=50")
        .iter()
        .filter(|patient| patient.get("birthDate").is_some())
        .map(|patient| patient["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(written, ["1", "2", "3", "4", "13", "14", "15"]);
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    assert_found(
        &practice,
        &[
            ("Patient?birthdate:missing=false", &written),
            ("Patient?birthdate=gt1000", &written),
            ("Patient?birthdate=lt3000", &written),
            ("Patient?birthdate=ne1700", &written),
            ("Patient?birthdate=1980-05", &["1", "2"]),
            ("Patient?birthdate=2000-02-29", &["14"]),
        ],
    );
}

#[test]
fn noughts_in_a_layout_are_no_date() {
    let practice = practice(
        "BORN: varchar(10)",
        "Patient",
        "elements:\n  birthDate: { column: t.BORN, format: DD/MM/YYYY }\n",
        "(1, '17/05/1980'), (2, '00/05/1980'), (3, '05/00/1980'), (4, '00/00/0000')",
    );
    assert_eq!(resource(&practice, "Patient/1")["birthDate"], "1980-05-17");
    for id in 2..5 {
        assert_eq!(
            resource(&practice, &format!("Patient/{id}")).get("birthDate"),
            None
        );
    }
    assert_found(
        &practice,
        &[
            ("Patient?birthdate=1980", &["1"]),
            ("Patient?birthdate:missing=true", &["2", "3", "4"]),
            ("Patient?birthdate=ne1999", &["1"]),
        ],
    );
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
