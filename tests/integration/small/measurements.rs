//! Quantities and what is measured.

use serde_json::{Value, json};

use super::{assert_found, practice, resource};

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
