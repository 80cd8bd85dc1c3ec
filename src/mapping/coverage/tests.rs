use super::*;
use crate::mapping::{Options, load_files};

const MANIFEST: &str = "\
name: Test PMS
engine: sqlite
verified: illustrative
collation: BINARY
tables:
  P:
    key: ID
    columns: { ID: int, KIND: int, NAME: varchar(40), SURNAME: varchar(40), CARD: varchar(20), DAY: date, VALUE: int }
";

const PATIENT: &str = "
resource: Patient
table: P as p
id: p.ID
elements:
  identifier:
    - { system: http://ns.electronichealth.net.au/id/dva, value: $p.CARD }
  name: [ { family: $p.SURNAME } ]
";

fn covered(manifest: &str, sources: &[&str]) -> Coverage {
    let manifest = format!("{MANIFEST}{manifest}");
    let names: Vec<String> = (0..sources.len()).map(|i| format!("{i}.yaml")).collect();
    let mut files = vec![("mapping.yaml", manifest.as_str())];
    files.extend(
        names
            .iter()
            .map(String::as_str)
            .zip(sources.iter().copied()),
    );
    match load_files("test", &files, &Options::default()) {
        Ok(loaded) => coverage(&loaded.mapping),
        Err(diagnostics) => panic!("{diagnostics}"),
    }
}

fn of<'c>(coverage: &'c Coverage, resource: &str) -> &'c OfResource {
    let mut resources = coverage.resources.iter();
    resources.find(|it| it.resource == resource).unwrap()
}

#[track_caller]
fn element(coverage: &Coverage, resource: &str, profile: &str, element: &str) -> State {
    let resource = of(coverage, resource);
    let mut elements = resource.elements.iter();
    let found = elements.find(|it| it.profile == profile && it.element == element);
    found.unwrap().state.clone()
}

#[track_caller]
fn search(coverage: &Coverage, resource: &str, search: &str) -> State {
    let mut searches = of(coverage, resource).searches.iter();
    let found = searches.find(|it| it.search == search);
    found.unwrap().state.clone()
}

fn impossible(reason: &str) -> State {
    State::Impossible(reason.into())
}

#[test]
fn all_that_is_asked_is_accounted_for() {
    let coverage = covered("", &[PATIENT]);
    let all = requirements();
    assert_eq!(coverage.resources.len(), all.resources.len());
    for resource in &coverage.resources {
        let asked = &all.resources[resource.resource];
        let profiles = all.profiles_of(resource.resource);
        let elements: usize = profiles.map(|(_, it)| it.elements().count()).sum();
        assert_eq!(resource.elements.len(), elements, "{}", resource.resource);
        let chains = asked.parameters.values().filter(|it| it.chain.is_some());
        assert_eq!(
            resource.searches.len(),
            asked.parameters.len()
                + chains.count()
                + asked.combinations.len()
                + asked.includes.len()
        );
        assert_eq!(resource.served, resource.resource == "Patient");
    }
}

#[test]
fn slices_are_told_apart_by_their_values() {
    let coverage = covered("", &[PATIENT]);
    let of = |path| element(&coverage, "Patient", "au-core-patient", path);
    assert_eq!(of("identifier"), State::Met);
    assert_eq!(of("identifier:dva"), State::Met);
    assert_eq!(of("identifier:ihi"), State::Missing);
    assert_eq!(of("name.family"), State::Met);
    assert_eq!(of("name.given"), State::Missing);
    assert_eq!(of("communication.language"), State::Missing);
}

#[test]
fn a_search_needs_all_that_it_asks() {
    let patient = format!("{PATIENT}lacks: {{ elements: {{ gender: no column }} }}\n");
    let condition = "
resource: Condition
table: P as p
id: p.ID
elements:
  subject: { reference: { to: Patient, id: p.ID } }
  code: { text: $p.NAME }
";
    let coverage = covered("", &[&patient, condition]);
    let of = |name| search(&coverage, "Patient", name);
    assert_eq!(of("family"), State::Met);
    assert_eq!(of("gender"), impossible("no column"));
    assert_eq!(of("birthdate"), State::Missing);
    assert_eq!(of("birthdate&family"), State::Missing);
    assert_eq!(of("family&gender"), impossible("no column"));
    let of = |name| search(&coverage, "Condition", name);
    assert_eq!(of("patient.identifier"), State::Met);
    // Text beside codes that are not there.
    assert_eq!(of("code"), State::Missing);
    assert_eq!(of("patient&category"), State::Missing);
    // Where what is referred to is not served, there is nothing to search it by.
    let alone = covered(
        "",
        &["
resource: Coverage
table: P as p
id: p.ID
elements:
  status: active
  beneficiary: { display: $p.NAME }
  payor: [ { display: $p.NAME } ]
"],
    );
    assert_eq!(
        search(&alone, "Condition", "patient.identifier"),
        State::Missing
    );
}

#[test]
fn what_is_impossible_is_so_in_every_source() {
    let result = |name: &str, code: &str, more: &str| {
        format!(
            "
resource: Observation
source: {name}
table: P as p
id: p.ID
elements:
  status: final
  category:
    - coding: [ {{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: vital-signs }} ]
  code: {{ coding: [ {code} ] }}
  subject: {{ reference: {{ to: Patient, id: p.ID }} }}
  valueQuantity: {{ value: $p.VALUE, unit: kg, system: 'http://unitsofmeasure.org', code: kg }}
codes:
  kinds: {{ system: 'http://loinc.org', values: {{ 1: '29463-7', 2: '8867-4' }} }}
{more}"
        )
    };
    let one = result(
        "one",
        "{ system: 'http://loinc.org', code: 29463-7 }",
        "lacks: { elements: { 'effective[x]': never dated, component: one value } }\n",
    );
    let two = result(
        "two",
        "{ column: p.KIND, codes: kinds }",
        "lacks: { elements: { effectiveDateTime: no day } }\n",
    );
    let coverage = covered(
        "lacks: { au-core-resprate: not counted }\n",
        &[PATIENT, &one, &two],
    );
    let of = |profile: &str, path: &str| {
        element(
            &coverage,
            "Observation",
            &format!("au-core-{profile}"),
            path,
        )
    };
    assert_eq!(of("bodyweight", "category:VSCat.coding.code"), State::Met);
    assert_eq!(of("bodyweight", "valueQuantity.unit"), State::Met);
    assert_eq!(
        of("bodyweight", "effectiveDateTime"),
        impossible("never dated; no day")
    );
    assert_eq!(of("bodyweight", "component.code"), State::Missing);
    // One of the two only can give a heart rate, and none a height.
    assert_eq!(of("heartrate", "effectiveDateTime"), impossible("no day"));
    assert_eq!(of("bodyheight", "code"), State::Missing);
    assert_eq!(of("resprate", "code"), impossible("not counted"));
}
