//! What AU Core asks, asked of the demo: each parameter and combination finds what a full scan of the tables finds.
//!
//! What is to be asked comes from the requirements ([`requirements`]), the values from the resources that are served,
//! and what must be found from the SQL of [`facts`], which knows nothing of the mapping. What is not met stands in
//! [`gaps`], and nowhere else.

mod facts;
mod gaps;
mod probe;

use std::collections::{BTreeMap, BTreeSet};

use pilaster::fhir::au_core::{Parameter, Resource, requirements};
use pilaster::mapping::coverage::{State, coverage};
use pilaster::search::ParameterKind;
use serde_json::Value;

use self::probe::{Probe, Scan, Sought, absent, probes};
use crate::practice::{Practice, entries, id};
use crate::search_truth::{self, Fact, drawn, encoded, found};

/// The searches of the demo, and those that went wrong.
struct Trial {
    practice: Practice,
    scan: Scan,
    searches: usize,
    hits: usize,
    wrong: Vec<String>,
}

impl Trial {
    /// All of the probes together.
    fn ask(&mut self, resource: &str, probes: &[&Probe]) {
        let query: Vec<String> = probes.iter().map(|probe| probe.query()).collect();
        let search = format!("{resource}?{}", query.join("&"));
        let found = found(&self.practice, &format!("{search}&_elements=id&_count=200"));
        let mut expected = probes.iter().map(|probe| self.scan.ids(resource, probe));
        let first = expected.next().unwrap();
        let expected = expected.fold(first, |all, more| &all & &more);
        self.searches += 1;
        self.hits += found.len();
        if found != expected {
            let more: Vec<_> = found.difference(&expected).take(5).collect();
            let fewer: Vec<_> = expected.difference(&found).take(5).collect();
            self.wrong.push(format!(
                "{search}: {} found, not to be {more:?}; {} expected, not found {fewer:?}",
                found.len(),
                expected.len()
            ));
        }
    }

    /// Either of two.
    fn either(&mut self, resource: &str, one: &Probe, other: &Probe) {
        let both = Probe {
            parameter: one.parameter.clone(),
            written: format!("{},{}", one.written, other.written),
            sought: [&one.sought[..], &other.sought[..]].concat(),
        };
        self.ask(resource, &[&both]);
    }

    /// A parameter with some of its values, in every way that AU Core asks for.
    fn parameter(&mut self, resource: &str, name: &str, asked: &Parameter, facts: &BTreeSet<Fact>) {
        // Texts come from several columns, of which each is to have its turn.
        let most = if asked.kind == ParameterKind::String {
            16
        } else {
            3
        };
        let some: Vec<Fact> = drawn(facts, most).into_iter().cloned().collect();
        assert!(
            !some.is_empty(),
            "{resource}?{name} has no value to ask for"
        );
        let missing = absent(name, asked, &some[0]);
        let all: Vec<Probe> = some
            .iter()
            .flat_map(|fact| probes(name, asked, fact))
            .collect();
        for probe in all.iter().chain(&missing) {
            self.ask(resource, &[probe]);
        }
        let (first, last) = (&all[0], &all[all.len() - 1]);
        if asked.or.is_some() {
            self.either(resource, first, last);
            self.either(resource, first, &missing[0]);
            self.either(resource, &missing[0], last);
        }
        if asked.and.is_some() {
            let of = |prefix: &str| -> Vec<&Probe> {
                let starts = |probe: &&Probe| probe.written.starts_with(prefix);
                all.iter().filter(starts).collect()
            };
            for (from, until) in [("ge", "le"), ("gt", "lt"), ("ge", "lt"), ("gt", "le")] {
                let (from, until) = (of(from), of(until));
                self.ask(resource, &[from[0], until[until.len() - 1]]);
                self.ask(resource, &[from[from.len() - 1], until[0]]);
                self.ask(resource, &[from[0], until[0]]);
            }
        }
    }

    /// Each identifier of a list by its system, of those that patients or practitioners have.
    fn identifiers(&mut self, resource: &str, name: &str, of: &[String], facts: &BTreeSet<Fact>) {
        let slices = &requirements().slices;
        for slice in of {
            let ending = format!(".identifier:{slice}");
            let mark = slices
                .iter()
                .find(|(name, _)| name.ends_with(&ending))
                .unwrap();
            let system = &mark.1.is;
            let values: BTreeSet<Fact> = facts
                .iter()
                .filter(|fact| matches!(fact, Fact::Code { system: Some(of), .. } if of == system))
                .cloned()
                .collect();
            assert!(!values.is_empty(), "{resource}?{name} has no {slice}");
            let values = drawn(&values, 2);
            let mut codes: Vec<&str> = values
                .iter()
                .filter_map(|fact| match fact {
                    Fact::Code { code, .. } => Some(code.as_str()),
                    _ => None,
                })
                .collect();
            codes.push("0000000000");
            if slice == "medicare" {
                // The number of the card, without the digit of the person on it.
                codes.push(&codes[0][..10]);
            }
            for code in codes {
                let sought = Sought::Code {
                    system: Some(system.clone()),
                    code: code.to_owned(),
                };
                let written = format!("{}%7C{}", encoded(system), encoded(code));
                self.ask(resource, &[&Probe::new(name, written, sought)]);
            }
        }
    }

    /// Parameters together, with the values of one resource, and of several.
    fn combination(&mut self, resource: &str, of: &[String], asked: &Resource, all: &[Value]) {
        let having: Vec<&Value> = all
            .iter()
            .filter(|one| of.iter().all(|name| !has(one, name).is_empty()))
            .collect();
        assert!(!having.is_empty(), "{resource}: none has {of:?}");
        let of_one = |one: &Value, name: &str| -> Vec<Probe> {
            let facts = has(one, name);
            probes(name, &asked.parameters[name], facts.last().unwrap())
        };
        let drawn: Vec<&Value> = having
            .iter()
            .step_by(having.len().div_ceil(4))
            .copied()
            .collect();
        for (place, one) in drawn.iter().enumerate() {
            let other = drawn[(place + 1) % drawn.len()];
            let own: Vec<Vec<Probe>> = of.iter().map(|name| of_one(one, name)).collect();
            // Every form of every parameter, beside some form of the others.
            let most = own.iter().map(Vec::len).max().unwrap_or(0);
            for turn in 0..most {
                let chosen: Vec<&Probe> =
                    own.iter().map(|forms| &forms[turn % forms.len()]).collect();
                self.ask(resource, &chosen);
            }
            let mut mixed: Vec<Probe> = own.into_iter().map(|forms| forms[0].clone()).collect();
            let last = of.last().unwrap();
            *mixed.last_mut().unwrap() = of_one(other, last).swap_remove(0);
            self.ask(resource, &mixed.iter().collect::<Vec<_>>());
        }
    }
}

fn has(one: &Value, name: &str) -> Vec<Fact> {
    search_truth::facts(one, name).unwrap_or_default()
}

fn all_facts(all: &[Value], name: &str) -> BTreeSet<Fact> {
    all.iter().flat_map(|one| has(one, name)).collect()
}

#[test]
fn searches_find_what_a_full_scan_finds() {
    let practice = Practice::demo(120);
    let scan = Scan::of(&practice);
    let served = coverage(practice.site.mapping());
    let identified: BTreeMap<&str, BTreeSet<Fact>> =
        [("patient", "Patient"), ("practitioner", "Practitioner")]
            .map(|(by, of)| {
                let all = practice.resources(&format!("{of}?_count=200"));
                (by, all_facts(&all, "identifier"))
            })
            .into();
    let mut trial = Trial {
        practice,
        scan,
        searches: 0,
        hits: 0,
        wrong: Vec::new(),
    };
    for resource in served.resources.iter().filter(|it| it.served) {
        let name = resource.resource;
        let asked = &requirements().resources[name];
        let all = trial.practice.resources(&format!("{name}?_count=200"));
        let met: BTreeSet<&str> = resource
            .searches
            .iter()
            .filter(|search| search.state == State::Met)
            .map(|search| search.search.as_str())
            .collect();
        for (parameter, asked) in &asked.parameters {
            if !met.contains(parameter.as_str()) {
                continue;
            }
            let facts = all_facts(&all, parameter);
            trial.parameter(name, parameter, asked, &facts);
            if let Some(identifiers) = &asked.identifiers {
                trial.identifiers(name, parameter, &identifiers.of, &facts);
            }
            if let Some(chain) = &asked.chain {
                let chained = format!("{parameter}.{}", chain.parameter);
                assert!(met.contains(chained.as_str()), "{name}?{chained}");
                let facts = &identified[parameter.as_str()];
                trial.identifiers(name, &chained, &chain.identifiers, facts);
            }
        }
        for combination in &asked.combinations {
            if met.contains(combination.of.join("&").as_str()) {
                trial.combination(name, &combination.of, asked, &all);
            }
        }
    }
    assert!(
        trial.wrong.is_empty(),
        "{} of {} are wrong:\n{}",
        trial.wrong.len(),
        trial.searches,
        trial.wrong.join("\n")
    );
    assert!(
        trial.searches > 1500 && trial.hits > trial.searches,
        "{} searches, {} hits",
        trial.searches,
        trial.hits
    );
}

/// The codes and categories that the profiles of Observation fix.
#[test]
fn observations_are_found_by_the_codes_of_their_profiles() {
    let practice = Practice::demo(120);
    let scan = Scan::of(&practice);
    let asked = &requirements().resources["Observation"].parameters;
    assert!(asked["code"].profile_codes.is_some() && asked["category"].profile_codes.is_some());
    let code = |name: &str, code: &str| {
        let sought = Sought::Code {
            system: None,
            code: code.to_owned(),
        };
        Probe::new(name, code.to_owned(), sought)
    };
    let (mut empty, mut wrong) = (Vec::new(), Vec::new());
    for (profile, asked) in requirements().profiles_of("Observation") {
        let mark = asked.when.as_ref().unwrap();
        let parameter = match mark.at.to_string().as_str() {
            "code.coding.code" => "code",
            "category.coding.code" => "category",
            other => panic!("{profile}: {other}"),
        };
        let probe = code(parameter, &mark.is);
        let expected = scan.ids("Observation", &probe);
        let found = found(&practice, &format!("Observation?{}", probe.query()));
        if found != expected {
            wrong.push(profile);
        }
        if found.is_empty() {
            empty.push(profile);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    // No public code of the table is a respiratory rate's.
    assert_eq!(empty, ["au-core-resprate"]);
}

#[test]
fn includes_add_what_a_full_scan_finds() {
    let practice = Practice::demo(20);
    let scan = Scan::of(&practice);
    let bundle =
        practice.bundle("PractitionerRole?_include=PractitionerRole:practitioner&_count=200");
    let found: BTreeSet<String> = entries(&bundle, "include")
        .iter()
        .map(|one| format!("{}/{}", one["resourceType"].as_str().unwrap(), id(one)))
        .collect();
    let sql = "SELECT DISTINCT 'Practitioner/' || p.id FROM role r JOIN practitioner p ON p.id = r.USERID";
    let mut statement = scan.0.prepare(sql).unwrap();
    let expected = statement.query_map([], |row| row.get(0)).unwrap();
    let expected: BTreeSet<String> = expected.map(Result::unwrap).collect();
    assert!(!expected.is_empty());
    assert_eq!(found, expected);
}
