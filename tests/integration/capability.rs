//! What is declared is answered; what is not is refused or reported, never silently dropped.
//!
//! Walks every parameter of every resource of Bp Premier's mapping, with every modifier and prefix that R4
//! has for its kind.

use pilaster::fhir::search_parameters;
use pilaster::plan::Handling;
use pilaster::search::{Modifier, ParameterKind, allowed_modifiers};
use serde_json::Value;

use crate::practice::{Practice, demanded, entries, link, parse};

const PREFIXES: [&str; 9] = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];

/// A value of a parameter with a modifier.
fn value(kind: ParameterKind, modifier: Option<&Modifier>) -> &'static str {
    match (kind, modifier) {
        (_, Some(Modifier::Missing)) => "true",
        (_, Some(Modifier::OfType)) => "http://example.org|MR|1",
        (_, Some(Modifier::Identifier)) => "http://example.org|1",
        (ParameterKind::Date, _) => "2020-02",
        (ParameterKind::Number, _) => "1",
        (ParameterKind::Quantity, _) => "1||kg",
        (ParameterKind::Uri, _) => "http://example.org/one",
        (ParameterKind::Special, _) => "1",
        (ParameterKind::Composite, _) => "a$2020",
        // A token that the forms of all its elements allow.
        (ParameterKind::Token, _) => "true",
        (ParameterKind::String | ParameterKind::Reference, _) => "1",
    }
}

/// As [`value`], of each component of a composite.
fn value_of(of: &str, name: &str, kind: ParameterKind, modifier: Option<&Modifier>) -> String {
    match (kind, modifier) {
        (ParameterKind::Composite, None) => {
            let defined = search_parameters::parameter(of, name).expect("R4 defines it");
            let components = defined.components.iter();
            components
                .map(|component| value(component.kind, None))
                .collect::<Vec<_>>()
                .join("$")
        }
        _ => value(kind, modifier).to_owned(),
    }
}

fn refusal(practice: &Practice, search: &str) -> (u16, &'static str) {
    match practice.search(search) {
        Ok(_) => panic!("{search}: was answered"),
        Err(error) => (error.code().status, error.code().id),
    }
}

fn answered(practice: &Practice, search: &str) -> Value {
    match practice.search(search) {
        Ok(answer) => {
            let bundle = parse(&answer.body);
            assert!(entries(&bundle, "outcome").is_empty(), "{search}: {bundle}");
            bundle
        }
        Err(error) => panic!("{search}: {error}"),
    }
}

#[test]
fn every_declared_parameter_modifier_and_prefix_is_answered() {
    let practice = Practice::demo(20);
    let mut searches = 0;
    for resource in practice.site.mapping().resources.values() {
        for parameter in resource.parameters.values() {
            let (name, kind) = (&parameter.name, parameter.kind);
            let bare = resource.name;
            let of = format!("{bare}?{}", demanded(resource));
            let plain = format!("{of}{name}={}", value_of(bare, name, kind, None));
            let bundle = answered(&practice, &plain);
            // What was used is what the self link repeats.
            let own = link(&bundle, "self").expect("a self link");
            assert!(own.contains(&format!("{name}=")), "{own}");
            let two = format!(
                "{of}{name}={0},{0}&{name}={0}",
                value_of(bare, name, kind, None)
            );
            answered(&practice, &two);
            searches += 2;
            for modifier in &parameter.modifiers {
                let word = modifier.word();
                let value = value_of(bare, name, kind, Some(modifier));
                answered(&practice, &format!("{of}{name}:{word}={value}"));
                searches += 1;
            }
            if kind == ParameterKind::Date {
                for prefix in PREFIXES {
                    for date in [
                        "2020",
                        "2020-02",
                        "2020-02-29",
                        "2020-02-29T10:30%2B10:00",
                        "2020-02-29T10:30:15.5Z",
                    ] {
                        answered(&practice, &format!("{of}{name}={prefix}{date}"));
                        searches += 1;
                    }
                }
            }
        }
    }
    assert!(searches > 500, "{searches}");
}

#[test]
fn every_modifier_that_is_not_declared_is_refused() {
    let practice = Practice::demo(5);
    let mut searches = 0;
    for resource in practice.site.mapping().resources.values() {
        for parameter in resource.parameters.values() {
            let (of, name, kind) = (resource.name, &parameter.name, parameter.kind);
            let mut modifiers: Vec<Modifier> = allowed_modifiers(kind).to_vec();
            if let Some(defined) = search_parameters::parameter(of, name) {
                modifiers.extend(
                    defined
                        .targets
                        .iter()
                        .map(|target| Modifier::Type((*target).to_owned())),
                );
            }
            modifiers.retain(|modifier| !parameter.modifiers.contains(modifier));
            for modifier in modifiers {
                let value = value(kind, Some(&modifier));
                let search = format!(
                    "{of}?{}{name}:{}={value}",
                    demanded(resource),
                    modifier.word()
                );
                assert_eq!(refusal(&practice, &search), (400, "PP003"), "{search}");
                searches += 1;
            }
            for word in ["sounds-like", "EXACT", "Medication", "missing2"] {
                let search = format!("{of}?{name}:{word}=1");
                assert_eq!(refusal(&practice, &search).0, 400, "{search}");
                searches += 1;
            }
        }
    }
    assert!(searches > 200, "{searches}");
}

#[test]
fn every_parameter_of_r4_that_is_not_declared_is_refused_by_name() {
    let practice = Practice::demo(5);
    let mut refused = 0;
    for resource in practice.site.mapping().resources.values() {
        for parameter in search_parameters::parameters(resource.name) {
            // `_type` belongs to searches at the base.
            if resource.parameters.contains_key(parameter.code) || parameter.code == "_type" {
                continue;
            }
            let search = format!(
                "{}?{}{}={}",
                resource.name,
                demanded(resource),
                parameter.code,
                value(parameter.kind, None)
            );
            // `_has` is offered; by itself it is half a name.
            let code = match parameter.code {
                "_has" => "PS009",
                _ => "PP002",
            };
            assert_eq!(refusal(&practice, &search), (400, code), "{search}");
            // Beside one that is known it narrows the result all the same.
            let beside = search.replace('?', "?_id=1&");
            assert_eq!(refusal(&practice, &beside), (400, code), "{beside}");
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn what_is_sortable_is_sorted_by_and_nothing_else() {
    let practice = Practice::demo(5);
    for resource in practice.site.mapping().resources.values() {
        let of = resource.name;
        for parameter in resource.parameters.values() {
            for sign in ["", "-"] {
                let search = format!("{of}?{}_sort={sign}{}", demanded(resource), parameter.name);
                if parameter.sorted.is_some() {
                    answered(&practice, &search);
                } else {
                    assert_eq!(refusal(&practice, &search), (400, "PP005"), "{search}");
                }
            }
        }
        for parameter in search_parameters::parameters(of) {
            if !resource.parameters.contains_key(parameter.code) {
                let search = format!("{of}?{}_sort={}", demanded(resource), parameter.code);
                assert_eq!(refusal(&practice, &search), (400, "PP005"), "{search}");
            }
        }
        assert_eq!(
            refusal(
                &practice,
                &format!("{of}?{}_sort=surname", demanded(resource))
            ),
            (400, "PP005")
        );
    }
}

#[test]
fn an_unknown_parameter_is_reported_or_refused() {
    let practice = Practice::demo(5);
    for resource in practice.site.mapping().resources.values() {
        let of = resource.name;
        // Alone it would return everyone.
        assert_eq!(
            refusal(&practice, &format!("{of}?surname=x")),
            (400, "PP001")
        );
        assert_eq!(
            refusal(&practice, &format!("{of}?surname=x&_count=5")),
            (400, "PP001")
        );
        // Beside one that is known it is ignored, and said to be.
        let answer = practice.search(&format!("{of}?_id=1&surname=x")).unwrap();
        let bundle = parse(&answer.body);
        let outcomes = entries(&bundle, "outcome");
        assert_eq!(outcomes.len(), 1, "{bundle}");
        let outcome = outcomes[0].to_string();
        assert!(
            outcome.contains("surname") && outcome.contains("warning"),
            "{outcome}"
        );
        let own = link(&bundle, "self").unwrap();
        assert!(own.contains("_id=1") && !own.contains("surname"), "{own}");
        // Strictly, never.
        let mut call = Practice::call(&format!("{of}?_id=1&surname=x"));
        call.handling = Handling::Strict;
        let error = practice.answer(call).unwrap_err();
        assert_eq!((error.code().status, error.code().id), (400, "PP001"));
    }
}

#[test]
fn what_is_not_offered_yet_is_refused_by_name() {
    let practice = Practice::demo(5);
    for special in [
        "_filter",
        "_text",
        "_content",
        "_list",
        "_query",
        "_contained",
        "_containedType",
    ] {
        let search = format!("Patient?_id=1&{special}=x");
        assert_eq!(refusal(&practice, &search).0, 400, "{search}");
    }
}

#[test]
fn no_command_has_more_parameters_than_sql_server_takes() {
    let practice = Practice::demo(10);
    let values = |each: fn(usize) -> String| (1..=256).map(each).collect::<Vec<_>>().join(",");
    // Each of these is compared with columns of several types, three times with each.
    let costly = format!("Patient?address={}", values(|n| format!("street{n}")));
    assert_eq!(refusal(&practice, &costly), (400, "PP009"));
    let cheap = format!("Patient?_id={}", values(|n| n.to_string()));
    let plan = practice.plan(&cheap).unwrap();
    assert!(plan.parts[0].values.len() <= 2_000);
}
