//! The CapabilityStatement as a client reads it: all that the served document declares is answered with 200,
//! and all that the mapping can answer is declared in it.

use std::collections::BTreeSet;

use pilaster::fhir::capability::SEARCH_SUPPORT;
use pilaster::fhir::search_parameters;
use pilaster::mapping::{embedded, load_files};
use serde_json::Value;

use crate::support::{SERVER, json, send};

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {value}"))
}

/// What a parameter's extension says of it.
struct Support {
    modifiers: Vec<String>,
    comparators: Vec<String>,
    sort: bool,
}

impl Support {
    fn of(parameter: &Value) -> Support {
        let [extension] = list(parameter, "extension") else {
            panic!("one extension: {parameter}");
        };
        assert_eq!(text(extension, "url"), SEARCH_SUPPORT);
        let mut support = Support {
            modifiers: Vec::new(),
            comparators: Vec::new(),
            sort: false,
        };
        for part in list(extension, "extension") {
            let code = || text(part, "valueCode").to_owned();
            match text(part, "url") {
                "modifier" => support.modifiers.push(code()),
                "comparator" => support.comparators.push(code()),
                "sort" => support.sort = part["valueBoolean"].as_bool().expect("true or false"),
                other => panic!("{other}"),
            }
        }
        support
    }
}

/// A value of a parameter's type, as a modifier asks for it.
fn value(ty: &str, modifier: &str) -> &'static str {
    match (modifier, ty) {
        ("missing", _) => "true",
        ("of-type", _) => "http%3A%2F%2Fexample.org%7CMR%7C1",
        ("identifier", _) => "http%3A%2F%2Fexample.org%7C1",
        (_, "date") => "2020-02",
        (_, "quantity") => "1%7C%7Ckg",
        (_, "uri") => "http%3A%2F%2Fexample.org%2Fone",
        (_, "token") => "true",
        (_, "number" | "string" | "reference") => "1",
        (_, other) => panic!("no value for {other}"),
    }
}

/// A value of a parameter without a modifier: of a composite, one for each component.
fn plain_value(of: &str, name: &str, ty: &str) -> String {
    if ty != "composite" {
        return value(ty, "").to_owned();
    }
    let defined = search_parameters::parameter(of, name).expect("R4 defines it");
    let components = defined.components.iter();
    components
        .map(|component| value(component.kind.word(), ""))
        .collect::<Vec<_>>()
        .join("$")
}

/// The answer is 200 and nothing of the search was ignored.
fn answered(search: &str) {
    let bundle = json(SERVER.get(search));
    let ignored = list(&bundle, "entry")
        .iter()
        .find(|entry| entry["search"]["mode"] == "outcome");
    assert_eq!(ignored, None, "{search}");
}

/// What a search of the type must say, as the statement has it, with `&` after it.
fn demanded(resource: &Value) -> String {
    let Some(combination) = resource["extension"].get(0) else {
        return String::new();
    };
    let required = list(combination, "extension").iter().map(|it| {
        assert_eq!(it["url"], "required");
        format!("{}=2026-03-02&", text(it, "valueString"))
    });
    required.collect()
}

#[test]
fn all_that_the_served_statement_declares_is_answered() {
    let statement = json(SERVER.get("metadata"));
    let rest = &statement["rest"][0];
    let mut searches = 0;
    for resource in list(rest, "resource") {
        let of = text(resource, "type");
        let interactions: Vec<&str> = list(resource, "interaction")
            .iter()
            .map(|interaction| text(interaction, "code"))
            .collect();
        assert_eq!(interactions, ["read", "search-type"]);
        let demanded = demanded(resource);
        let first = json(SERVER.get(&format!("{of}?{demanded}_count=1")));
        let id = text(&first["entry"][0]["resource"], "id");
        let read = send(SERVER.get(&format!("{of}/{id}")));
        assert_eq!(read.status(), 200);
        let condition = match text(resource, "conditionalRead") {
            "full-support" => vec![
                ("If-None-Match", "etag"),
                ("If-Modified-Since", "last-modified"),
            ],
            "not-match" => vec![("If-None-Match", "etag")],
            other => panic!("{other}"),
        };
        for (asked, given) in condition {
            let given = read.headers().get(given).expect(given);
            let again = SERVER.get(&format!("{of}/{id}")).header(asked, given);
            assert_eq!(send(again).status(), 304, "{of} {asked}");
        }
        for (parameter, includes) in [
            ("_include", "searchInclude"),
            ("_revinclude", "searchRevInclude"),
        ] {
            for include in resource[includes].as_array().into_iter().flatten() {
                let include = include.as_str().expect("text");
                answered(&format!("{of}?{demanded}{parameter}={include}&_count=1"));
                searches += 1;
            }
        }
        for parameter in list(resource, "searchParam") {
            let (name, ty) = (text(parameter, "name"), text(parameter, "type"));
            let support = Support::of(parameter);
            let mut asked = vec![format!("{of}?{name}={}", plain_value(of, name, ty))];
            for modifier in &support.modifiers {
                asked.push(format!("{of}?{name}:{modifier}={}", value(ty, modifier)));
            }
            for prefix in &support.comparators {
                asked.push(format!("{of}?{name}={prefix}{}", value(ty, "")));
            }
            if support.sort {
                asked.push(format!("{of}?_sort={name}"));
                asked.push(format!("{of}?_sort=-{name}"));
            }
            for search in &asked {
                answered(&format!("{search}&{demanded}_count=1"));
            }
            searches += asked.len();
        }
    }
    let codes: Vec<&str> = list(rest, "interaction")
        .iter()
        .map(|interaction| text(interaction, "code"))
        .collect();
    assert_eq!(codes, ["search-system", "batch"]);
    answered("?_type=Patient,Practitioner&_count=1");
    let compartments = list(rest, "compartment");
    for (compartment, of) in compartments
        .iter()
        .zip(["encounter", "patient", "practitioner"])
    {
        let url = compartment.as_str().expect("a canonical");
        assert!(url.ends_with(&format!("/{of}")), "{url}");
    }
    for of in ["Encounter", "Patient", "Practitioner", "RelatedPerson"] {
        answered(&format!("{of}/1/*"));
    }
    assert_eq!(compartments.len(), 4);
    for (name, value) in [
        ("_count", "3"),
        ("_elements", "id"),
        ("_sort", "_id"),
        ("_summary", "data"),
        ("_total", "accurate"),
    ] {
        let declared = list(rest, "searchParam");
        assert!(declared.iter().any(|parameter| parameter["name"] == name));
        answered(&format!("Patient?{name}={value}"));
    }
    for base in [
        "?_type=Patient",
        "?_id=1",
        "?_type=Patient&_lastUpdated=gt2026",
    ] {
        answered(base);
    }
    assert_eq!(list(rest, "searchParam").len(), 8);
    assert!(searches > 300, "{searches}");
}

#[test]
fn nothing_that_the_mapping_answers_is_missing_in_the_served_statement() {
    let loaded = load_files(embedded::ID, embedded::FILES, &Default::default())
        .unwrap_or_else(|problems| panic!("{problems}"));
    let statement = json(SERVER.get("metadata"));
    let declared = list(&statement["rest"][0], "resource");
    let types: Vec<&str> = declared.iter().map(|it| text(it, "type")).collect();
    let resources = &loaded.mapping.resources;
    assert_eq!(types, resources.keys().copied().collect::<Vec<_>>());
    for (resource, declared) in resources.values().zip(declared) {
        let profiles: BTreeSet<&str> = resource.profiles.iter().map(|url| &**url).collect();
        let said = list(declared, "supportedProfile");
        assert_eq!(
            said.iter()
                .filter_map(Value::as_str)
                .collect::<BTreeSet<_>>(),
            profiles
        );
        let parameters = list(declared, "searchParam");
        assert_eq!(parameters.len(), resource.parameters.len());
        for (derived, parameter) in resource.parameters.values().zip(parameters) {
            assert_eq!(text(parameter, "name"), &*derived.name);
            assert_eq!(text(parameter, "type"), derived.kind.word());
            let support = Support::of(parameter);
            let modifiers: Vec<String> = derived
                .modifiers
                .iter()
                .map(|modifier| modifier.word().to_owned())
                .collect();
            assert_eq!(support.modifiers, modifiers, "{}", derived.name);
            assert_eq!(
                support.sort,
                derived.sorted.is_some() || &*derived.name == "_id"
            );
            let ordered = matches!(derived.kind.word(), "date" | "number" | "quantity");
            assert_eq!(support.comparators.len(), if ordered { 9 } else { 0 });
        }
    }
}
