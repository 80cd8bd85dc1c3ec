//! Which profile a measurement claims follows from what it is, and from what is there of it.

use serde_json::Value;

use crate::practice::{Practice, id};

/// AU Core's profile of a measurement with this LOINC code.
fn profile(code: &str) -> Option<&'static str> {
    Some(match code {
        "8310-5" => "au-core-bodytemp",
        "8867-4" => "au-core-heartrate",
        "8302-2" => "au-core-bodyheight",
        "29463-7" => "au-core-bodyweight",
        "8280-0" => "au-core-waistcircum",
        _ => return None,
    })
}

fn claimed(resource: &Value) -> Vec<&str> {
    let profiles = resource["meta"]["profile"].as_array().into_iter().flatten();
    let names = profiles.map(|url| url.as_str().unwrap().rsplit('/').next().unwrap());
    names.collect()
}

#[test]
fn a_measurement_claims_the_profile_of_its_kind() {
    let practice = Practice::demo(300);
    let mut seen = std::collections::BTreeSet::new();
    for resource in practice.resources("Observation?_count=200") {
        if !id(&resource).starts_with("vital-") {
            continue;
        }
        let code = resource["code"]["coding"][0]["code"]
            .as_str()
            .unwrap_or_default();
        let has = |name: &str| resource.get(name).is_some();
        // A value that is no number is none of theirs; that there is none must be said.
        let said = has("valueQuantity") || has("dataAbsentReason");
        let whole = said
            && ["category", "subject", "effectiveDateTime"]
                .into_iter()
                .all(has);
        let expected: Vec<&str> = profile(code).filter(|_| whole).into_iter().collect();
        assert_eq!(claimed(&resource), expected, "{resource}");
        seen.extend(expected.iter().map(|name| (*name).to_owned()));
    }
    assert!(seen.len() > 3, "{seen:?}");
}

#[test]
fn what_is_cut_down_claims_what_holds_of_the_rest_and_no_one_searches_by_it() {
    let practice = Practice::demo(100);
    let search = "Observation?code=29463-7&_count=5";
    let whole = practice.resources(search);
    assert!(
        whole
            .iter()
            .any(|one| claimed(one) == ["au-core-bodyweight"])
    );
    let cut = practice.resources(&format!("{search}&_elements=code"));
    assert!(!cut.is_empty() && cut.iter().all(|one| claimed(one).is_empty()));
    let url = "http://hl7.org.au/fhir/core/StructureDefinition/au-core-bodyweight";
    let error = practice
        .search(&format!("Observation?_profile={url}"))
        .unwrap_err();
    assert_eq!(error.code().id, "PP002");
    let served = &practice.site.mapping().resources["Observation"].profiles;
    assert!(served.iter().any(|known| &**known == url));
}
