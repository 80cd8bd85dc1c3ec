use std::collections::BTreeSet;

use super::*;
use crate::fhir::{self, Structure};

fn read() -> Requirements {
    serde_saphyr::from_str(TEXT).unwrap()
}

/// As many as AU Core 2.0.0 has.
#[test]
fn everything_is_there() {
    let all = read();
    assert_eq!(all.version, "2.0.0");
    assert_eq!(all.resources.len(), 19);
    assert_eq!(all.profiles.len(), 25);
    let searched = |of: &dyn Fn(&Parameter) -> bool| {
        let parameters = all.resources.values().flat_map(|it| it.parameters.values());
        parameters.filter(|parameter| of(parameter)).count()
    };
    assert_eq!(searched(&|_| true), 68);
    let by = |expectation| searched(&|it| it.expectation == expectation);
    assert_eq!(by(Expectation::Shall), 17);
    assert_eq!(by(Expectation::Should), 19);
    assert_eq!(by(Expectation::May), 32);
    assert_eq!(searched(&|it| it.chain.is_some()), 10);
    assert_eq!(searched(&|it| it.comparators.is_some()), 8);
    assert_eq!(searched(&|it| it.and.is_some()), 8);
    assert_eq!(searched(&|it| it.or.is_some()), 8);
    assert_eq!(searched(&|it| it.identifiers.is_some()), 4);
    assert_eq!(searched(&|it| it.profile_codes.is_some()), 2);
    let combined: Vec<_> = all
        .resources
        .values()
        .flat_map(|it| &it.combinations)
        .collect();
    assert_eq!(combined.len(), 33);
    let by = |expectation| {
        combined
            .iter()
            .filter(move |it| it.expectation == expectation)
    };
    assert_eq!(by(Expectation::Shall).count(), 10);
    assert_eq!(by(Expectation::May).count(), 1);
    assert_eq!(
        all.resources
            .values()
            .map(|it| it.includes.len())
            .sum::<usize>(),
        3
    );
    let elements = |of: &dyn Fn(&Profile) -> usize| all.profiles.values().map(of).sum::<usize>();
    assert_eq!(elements(&|it| it.mandatory.len()), 96);
    assert_eq!(elements(&|it| it.must_support.len()), 326);
    assert_eq!(elements(&|it| it.elements().count()), 326);
    assert_eq!(all.slices.len(), 24);
}

/// The properties that a path leads to; every step must be in R4.
fn lead(resource: &str, path: &Path) -> Vec<fhir::ElementRef> {
    let mut structures: Vec<&'static Structure> = vec![fhir::structure(resource).unwrap()];
    let mut found = Vec::new();
    for step in &path.steps {
        found = structures
            .iter()
            .flat_map(|structure| step.properties(structure))
            .collect();
        assert!(!found.is_empty(), "{resource}.{path}");
        structures = found.iter().filter_map(|it| it.structure()).collect();
    }
    found
}

#[test]
fn r4_has_what_is_asked_for() {
    let all = read();
    for (name, resource) in &all.resources {
        assert!(fhir::resource_type(name).is_some(), "{name}");
        for (code, parameter) in &resource.parameters {
            match fhir::parameter(name, code) {
                Some(r4) => assert_eq!(r4.kind, parameter.kind, "{name}.{code}"),
                // Those that AU Base defines.
                None => assert!(
                    matches!(code.as_str(), "indigenous-status" | "gender-identity"),
                    "{name}.{code}"
                ),
            }
        }
        for combination in &resource.combinations {
            for code in &combination.of {
                assert!(resource.parameters.contains_key(code), "{name}.{code}");
            }
        }
        for include in resource.includes.keys() {
            let (of, code) = include.split_once(':').unwrap();
            assert_eq!(of, name);
            assert!(fhir::parameter(name, code).is_some(), "{include}");
        }
    }
    let mut sliced = BTreeSet::new();
    for (name, profile) in &all.profiles {
        assert!(all.resources.contains_key(&profile.of), "{name}");
        for (path, _) in profile.elements() {
            lead(&profile.of, path);
            for (place, step) in path.steps.iter().enumerate() {
                if step.slice.is_some() {
                    let path = path.up_to(place);
                    assert!(all.slice(&profile.of, &path).is_some(), "{name} {path}");
                    sliced.insert(format!("{}.{path}", profile.of));
                }
            }
        }
        if let Some(mark) = &profile.when {
            lead(&profile.of, &mark.at);
        }
    }
    assert!(all.slices.keys().eq(&sliced));
    for (slice, mark) in &all.slices {
        let (resource, path) = slice.split_once('.').unwrap();
        let path = Path::parse(path).unwrap();
        let inside = format!("{path}.{}", mark.at);
        lead(resource, &Path::parse(&inside).unwrap());
    }
}

#[test]
fn the_identifiers_that_are_searched_by_are_slices() {
    let all = read();
    for (name, resource) in &all.resources {
        for parameter in resource.parameters.values() {
            if let Some(identifiers) = &parameter.identifiers {
                for of in &identifiers.of {
                    let slice = format!("{name}.identifier:{of}");
                    assert!(all.slices.contains_key(&slice), "{slice}");
                }
            }
            for of in parameter.chain.iter().flat_map(|chain| &chain.identifiers) {
                let ending = format!(".identifier:{of}");
                assert!(all.slices.keys().any(|slice| slice.ends_with(&ending)));
            }
        }
    }
}

#[test]
fn a_path_is_within_what_holds_it() {
    let path = |text| Path::parse(text).unwrap();
    assert!(path("name.family").is_within(&path("name")));
    assert!(path("component:SystolicBP.code").is_within(&path("component")));
    assert!(!path("component").is_within(&path("component:SystolicBP")));
    assert!(path("onsetAge.value").is_within(&path("onset[x]")));
    assert!(!path("onset[x]").is_within(&path("onsetAge")));
    assert!(!path("name").is_within(&path("name.family")));
    assert_eq!(
        path("category:lab.coding[x].code").to_string(),
        "category:lab.coding[x].code"
    );
    for wrong in ["", "name.", ".name", "name:", ":x"] {
        assert_eq!(Path::parse(wrong), None, "{wrong}");
    }
}
