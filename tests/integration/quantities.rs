//! Quantities and composites find what a second reading of the resources finds.

use std::collections::{BTreeMap, BTreeSet};

use pilaster::fhir::search_parameters;
use pilaster::search::ParameterKind;
use serde_json::Value;

use crate::practice::{Practice, id};

/// The elements that a parameter looks at: the Observation, its components, or both.
fn elements<'r>(resource: &'r Value, parameter: &str) -> Vec<&'r Value> {
    let components = resource["component"].as_array().into_iter().flatten();
    match parameter.split('-').next() {
        Some("component") => components.collect(),
        Some("combo") => components.chain([resource]).collect(),
        _ => vec![resource],
    }
}

/// `system|code` of a CodeableConcept's codings.
fn codings(concept: &Value) -> Vec<String> {
    let codings = concept["coding"].as_array().into_iter().flatten();
    codings
        .filter_map(|coding| {
            let code = coding["code"].as_str()?;
            Some(format!(
                "{}|{code}",
                coding["system"].as_str().unwrap_or_default()
            ))
        })
        .collect()
}

fn number(element: &Value) -> Option<f64> {
    let quantity = &element["valueQuantity"];
    // A range is another matter: `small` looks into those.
    assert!(quantity.get("comparator").is_none_or(Value::is_string));
    match quantity.get("comparator") {
        None => quantity["value"].as_f64(),
        Some(_) => None,
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

struct Demo {
    practice: Practice,
    all: Vec<Value>,
}

impl Demo {
    fn new() -> Demo {
        let practice = Practice::demo(200);
        let all = practice.resources("Observation?_count=200");
        assert!(all.len() > 300);
        Demo { practice, all }
    }

    /// The search finds those whose elements hold, and how many they are.
    fn compare(&self, parameter: &str, value: &str, holds: impl Fn(&Value) -> bool) -> usize {
        let expected: BTreeSet<String> = self
            .all
            .iter()
            .filter(|one| elements(one, parameter).into_iter().any(&holds))
            .map(|one| id(one).to_owned())
            .collect();
        let search = format!(
            "Observation?{parameter}={}&_count=200&_elements=id",
            encoded(value)
        );
        let found: BTreeSet<String> = self.practice.ids(&search).into_iter().collect();
        assert_eq!(found, expected, "{search}");
        found.len()
    }
}

#[test]
fn quantities_are_found_by_number_and_unit() {
    let demo = Demo::new();
    let mut hits = 0;
    for parameter in [
        "value-quantity",
        "component-value-quantity",
        "combo-value-quantity",
    ] {
        let quantities = demo.all.iter().flat_map(|one| elements(one, parameter));
        let drawn: Vec<&Value> = quantities
            .filter(|one| number(one).is_some())
            .step_by(97)
            .collect();
        assert!(!drawn.is_empty(), "{parameter}");
        for one in drawn {
            let (text, at) = (
                one["valueQuantity"]["value"].to_string(),
                number(one).expect("a number"),
            );
            let digits = text
                .split_once('.')
                .map_or(0, |(_, fraction)| fraction.len());
            let half = 0.5 / 10f64.powi(i32::try_from(digits).expect("few"));
            let unit = one["valueQuantity"]["unit"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let code = one["valueQuantity"]["code"].as_str().map(str::to_owned);
            let is =
                |element: &Value, holds: &dyn Fn(f64) -> bool| number(element).is_some_and(holds);
            hits += demo.compare(parameter, &text, |element| {
                is(element, &|value| (at - half..at + half).contains(&value))
            });
            if let Some(code) = &code {
                let value = format!("{text}|http://unitsofmeasure.org|{code}");
                hits += demo.compare(parameter, &value, |element| {
                    element["valueQuantity"]["code"] == **code
                        && is(element, &|value| (at - half..at + half).contains(&value))
                });
            }
            if !unit.is_empty() {
                hits += demo.compare(parameter, &format!("{text}||{unit}"), |element| {
                    let quantity = &element["valueQuantity"];
                    (quantity["unit"] == *unit || quantity["code"] == *unit)
                        && is(element, &|value| (at - half..at + half).contains(&value))
                });
            }
            assert_eq!(
                demo.compare(
                    parameter,
                    &format!("{text}|http://unitsofmeasure.org|nothing"),
                    |_| false
                ),
                0
            );
        }
    }
    assert!(hits > 100, "{hits}");
}

#[test]
fn composites_hold_for_one_element() {
    let demo = Demo::new();
    let offered: Vec<String> = demo.practice.site.mapping().resources["Observation"]
        .parameters
        .values()
        .filter(|of| of.kind == ParameterKind::Composite)
        .map(|of| of.name.to_string())
        .collect();
    for expected in [
        "code-value-quantity",
        "component-code-value-quantity",
        "combo-code-value-quantity",
    ] {
        assert!(offered.iter().any(|name| name == expected), "{offered:?}");
    }
    let mut hits: BTreeMap<&str, usize> = BTreeMap::new();
    for parameter in &offered {
        let second = search_parameters::parameter("Observation", parameter)
            .expect("R4 defines it")
            .components[1]
            .kind;
        let mut drawn: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for element in demo.all.iter().flat_map(|one| elements(one, parameter)) {
            for coding in codings(&element["code"]) {
                drawn.entry(coding).or_default().push(element);
            }
        }
        for (coding, of_code) in drawn.iter().take(12) {
            let (_, code) = coding.split_once('|').expect("a system");
            let has_code = |element: &Value| codings(&element["code"]).contains(coding);
            match second {
                ParameterKind::Quantity => {
                    let Some(at) = of_code.iter().find_map(|one| number(one)) else {
                        continue;
                    };
                    for typed in [coding.as_str(), code] {
                        *hits.entry(parameter).or_default() +=
                            demo.compare(parameter, &format!("{typed}$gt{at}"), |element| {
                                has_code(element)
                                    && match element["valueQuantity"]["comparator"].as_str() {
                                        None => number(element).is_some_and(|value| value > at),
                                        Some(comparator) => {
                                            comparator.starts_with('>')
                                                || element["valueQuantity"]["value"].as_f64()
                                                    > Some(at)
                                        }
                                    }
                            });
                    }
                }
                ParameterKind::Token => {
                    let value = of_code
                        .iter()
                        .find_map(|one| codings(&one["valueCodeableConcept"]).pop());
                    let Some(value) = value else { continue };
                    *hits.entry(parameter).or_default() +=
                        demo.compare(parameter, &format!("{coding}${value}"), |element| {
                            has_code(element)
                                && codings(&element["valueCodeableConcept"]).contains(&value)
                        });
                }
                ParameterKind::String => {
                    let value = of_code.iter().find_map(|one| one["valueString"].as_str());
                    let Some(value) = value else { continue };
                    let start: String = value.chars().take(4).collect::<String>().to_lowercase();
                    *hits.entry(parameter).or_default() +=
                        demo.compare(parameter, &format!("{coding}${start}"), |element| {
                            let starts = |text: &Value| {
                                text.as_str()
                                    .is_some_and(|text| text.to_lowercase().starts_with(&start))
                            };
                            has_code(element)
                                && (starts(&element["valueString"])
                                    || starts(&element["valueCodeableConcept"]["text"]))
                        });
                }
                other => panic!("what is a composite of {other:?}?"),
            }
        }
    }
    assert!(hits.values().all(|hits| *hits > 0), "{hits:?}");
    assert!(hits.len() >= 3, "{hits:?}");
}
