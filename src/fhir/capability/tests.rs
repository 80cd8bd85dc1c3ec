//! The statement says what the mapping answers, in the form that R4 asks for.

use super::*;
use crate::explain::tests::clinic::mapping;

const OPTIONS: StatementOptions<'_> = StatementOptions {
    base: "http://localhost/fhir/R4",
    date: "2026-01-05T09:00:00+10:00",
    version: "0.1.0",
    site: "Example Clinic",
    zone: "Australia/Brisbane",
    access: Access::SubscriptionKey,
};

fn json() -> serde_json::Value {
    serde_json::to_value(statement(&mapping(), &OPTIONS)).unwrap()
}

#[test]
fn says_what_the_mapping_answers() {
    let text = serde_json::to_string_pretty(&statement(&mapping(), &OPTIONS)).unwrap();
    insta::assert_snapshot!(text);
}

/// Every property is one that R4 has in that place, a list where R4 has a list, and a
/// code of the value set where R4 requires one; whatever R4 requires is there, and nothing is empty.
#[test]
fn is_a_statement_of_r4() {
    let text = serde_json::to_string(&statement(&mapping(), &OPTIONS)).unwrap();
    assert!(text.starts_with(r#"{"resourceType":"CapabilityStatement","url":"#));
    let structure = crate::fhir::structure("CapabilityStatement").unwrap();
    is_of(&json(), structure, "CapabilityStatement");
}

/// A resource, or a part of one, has what R4 asks for in its place.
pub(crate) fn is_of(
    value: &serde_json::Value,
    structure: &'static crate::fhir::Structure,
    path: &str,
) {
    let properties = value.as_object().unwrap();
    assert!(!properties.is_empty(), "{path} is empty");
    for element in structure.elements().filter(|element| element.min() > 0) {
        // An element of several types has one property for each.
        let is_it = |name: &String| {
            let named = structure.element(name);
            named.is_some_and(|named| named.definition().name() == element.name())
        };
        assert!(
            properties.keys().any(is_it),
            "{path}.{} is required",
            element.name()
        );
    }
    for (name, value) in properties {
        let path = format!("{path}.{name}");
        if name == "resourceType" {
            continue;
        }
        let element = structure
            .element(name)
            .unwrap_or_else(|| panic!("{path} is not of R4"));
        assert_eq!(value.is_array(), element.definition().is_list(), "{path}");
        let one = std::slice::from_ref(value);
        let values = value.as_array().map_or(one, Vec::as_slice);
        assert!(!values.is_empty(), "{path} is empty");
        for value in values {
            if let Some(structure) = element.element_type().structure() {
                // Where any resource may be, it says itself what it is.
                let own = value["resourceType"]
                    .as_str()
                    .and_then(crate::fhir::structure);
                is_of(value, own.unwrap_or(structure), &path);
                continue;
            }
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            assert!(!text.trim().is_empty(), "{path} is empty");
            if let Some(codes) = element.definition().binding() {
                assert_ne!(codes.has(&text), Some(false), "{path} has no code {text}");
            }
            let primitive = element.primitive().unwrap();
            assert!(primitive.check(&text), "{path} is no {primitive:?}: {text}");
        }
    }
}

#[test]
fn a_name_is_a_string_of_fhir() {
    let long = "é".repeat(1000);
    for (name, shown) in [
        ("Harbour Street", Some("Harbour Street")),
        (
            " O'Shea &\t<Sons>\r\n \u{1}Hobart\u{85}",
            Some("O'Shea & <Sons> Hobart"),
        ),
        ("\u{0}\u{1b} \u{7f}", None),
        (&*long, Some(&long[..2 * LONGEST_NAME])),
    ] {
        let found = shown_name(name);
        assert_eq!(found.as_deref(), shown);
        assert!(found.is_none_or(|name| crate::fhir::Primitive::String.check(&name)));
    }
}

/// And on neither API with a code that is not of R4's.
#[test]
fn security_is_that_of_the_api() {
    let of = |access| {
        let options = StatementOptions { access, ..OPTIONS };
        let json = serde_json::to_value(statement(&mapping(), &options)).unwrap();
        json["rest"][0]["security"].clone()
    };
    for (access, named, others) in [
        (
            Access::SubscriptionKey,
            ["Ocp-Apim-Subscription-Key", "subscription-key"],
            ["Authorization", "DeviceId"],
        ),
        (
            Access::DeviceToken,
            ["Authorization: Bearer", "DeviceId"],
            ["Ocp-Apim-Subscription-Key", "subscription-key"],
        ),
    ] {
        let security = of(access);
        let text = security["description"].as_str().unwrap();
        for name in named {
            assert!(text.contains(name), "{text}");
        }
        for name in others {
            assert!(!text.contains(name), "{text}");
        }
        assert!(security.get("service").is_none());
    }
}

#[test]
fn comparators_are_for_ordered_kinds_only() {
    let statement = json();
    let parameters = &statement["rest"][0]["resource"][0]["searchParam"];
    let codes = |name: &str, url: &str| -> Vec<String> {
        let parameter = parameters
            .as_array()
            .unwrap()
            .iter()
            .find(|parameter| parameter["name"] == name)
            .unwrap();
        parameter["extension"][0]["extension"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|support| support["url"] == url)
            .map(|support| support["valueCode"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(codes("birthdate", "comparator"), Prefix::WORDS);
    assert!(codes("family", "comparator").is_empty());
    assert!(codes("family", "modifier").contains(&"exact".to_owned()));
}

#[test]
fn a_type_without_last_updated_is_read_conditionally_by_its_tag_alone() {
    let statement = json();
    let resource = &statement["rest"][0]["resource"][0];
    assert_eq!(resource["type"], "Patient");
    assert_eq!(resource["conditionalRead"], "not-match");
}
