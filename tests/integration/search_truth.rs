//! Answers against a second reading of the same resources.
//!
//! All resources of the demo are read as JSON. For every parameter, values are drawn from the resources
//! themselves; what a search by them must find is worked out here, from the JSON and the words of R4
//! §3.1.1.4 alone; the search's ids must be those, no more and no fewer.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, date};
use jiff::{Span, ToSpan};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::clinical_facts;
use crate::practice::{Practice, demanded, id};

/// What a resource has for a parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    Text(String),
    /// System and code; the system of a `code` element is that of its value set, and need not be given.
    Code {
        system: Option<String>,
        implied: bool,
        code: String,
    },
    Phone(String),
    /// From and until.
    Time(DateTime, DateTime),
    /// Type and id.
    Reference(String, String),
    Id(String),
}

/// The values at a path, lists taken apart.
fn at<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = vec![value];
    for name in path.split('.') {
        found = found
            .into_iter()
            .filter_map(|value| value.get(name))
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect(),
                one => vec![one],
            })
            .collect();
    }
    found
}

pub fn texts(resource: &Value, paths: &[&str]) -> Vec<Fact> {
    paths
        .iter()
        .flat_map(|path| at(resource, path))
        .filter_map(|value| value.as_str())
        .map(|text| Fact::Text(text.to_owned()))
        .collect()
}

fn code(system: Option<&str>, implied: bool, code: &str) -> Fact {
    Fact::Code {
        system: system.map(str::to_owned),
        implied,
        code: code.to_owned(),
    }
}

pub fn codes(resource: &Value, path: &str, system: Option<&str>) -> Vec<Fact> {
    at(resource, path)
        .into_iter()
        .map(|value| match value {
            Value::Bool(flag) => code(None, false, &flag.to_string()),
            other => code(system, system.is_some(), other.as_str().unwrap()),
        })
        .collect()
}

pub fn codings(resource: &Value, path: &str, name: &str) -> Vec<Fact> {
    at(resource, path)
        .into_iter()
        .filter_map(|coding| {
            Some(code(
                coding["system"].as_str(),
                false,
                coding[name].as_str()?,
            ))
        })
        .collect()
}

fn telecoms(resource: &Value, systems: &[&str]) -> Vec<Fact> {
    at(resource, "telecom")
        .into_iter()
        .filter(|telecom| systems.contains(&telecom["system"].as_str().unwrap()))
        .map(|telecom| {
            let value = telecom["value"].as_str().unwrap();
            match telecom["system"].as_str() {
                Some("email") => code(None, false, value),
                _ => Fact::Phone(value.to_owned()),
            }
        })
        .collect()
}

pub fn references(resource: &Value, path: &str, to: Option<&str>) -> Vec<Fact> {
    at(resource, path)
        .into_iter()
        .map(|value| value.as_str().unwrap().split_once('/').unwrap())
        .filter(|(of, _)| to.is_none_or(|to| to == *of))
        .map(|(of, id)| Fact::Reference(of.to_owned(), id.to_owned()))
        .collect()
}

/// A year, a month, a day, or a second at the practice: from and until.
fn time(text: &str) -> (DateTime, DateTime) {
    let day = |text: &str| DateTime::from(text.parse::<Date>().unwrap());
    let (from, length): (DateTime, Span) = match text.len() {
        4 => (day(&format!("{text}-01-01")), 1.year()),
        7 => (day(&format!("{text}-01")), 1.month()),
        10 => (day(text), 1.day()),
        // The zone has one offset all the year.
        _ => (
            text.strip_suffix("+10:00").unwrap().parse().unwrap(),
            1.second(),
        ),
    };
    (from, from + length)
}

pub fn times(resource: &Value, path: &str) -> Vec<Fact> {
    at(resource, path)
        .into_iter()
        .map(|value| time(value.as_str().unwrap()))
        .map(|(from, until)| Fact::Time(from, until))
        .collect()
}

/// A period, whose ends may be open.
pub fn period(period: &Value) -> Vec<Fact> {
    let end = |name: &str| period[name].as_str().map(time);
    match (end("start"), end("end")) {
        (None, None) => Vec::new(),
        (start, end) => vec![Fact::Time(
            start.map_or(DateTime::MIN, |(from, _)| from),
            end.map_or(DateTime::MAX, |(_, until)| until),
        )],
    }
}

const ADDRESS: &[&str] = &[
    "address.text",
    "address.line",
    "address.city",
    "address.district",
    "address.state",
    "address.postalCode",
    "address.country",
];
const EVERY_TELECOM: &[&str] = &["phone", "fax", "email", "pager", "url", "sms", "other"];

/// What a resource has for a parameter; None for a parameter that is not looked at here.
pub fn facts(resource: &Value, parameter: &str) -> Option<Vec<Fact>> {
    if let Some(clinical) = clinical_facts::facts(resource, parameter) {
        return Some(clinical);
    }
    let of = resource["resourceType"].as_str().unwrap();
    Some(match (of, parameter) {
        (_, "_id") => vec![Fact::Id(id(resource).to_owned())],
        (_, "_lastUpdated") => times(resource, "meta.lastUpdated"),
        (_, "_profile") => return None,
        ("Schedule", "actor") => references(resource, "actor.reference", None),
        ("Schedule", "date") => period(&resource["planningHorizon"]),
        ("Slot", "schedule") => references(resource, "schedule.reference", None),
        ("Slot", "start") => times(resource, "start"),
        ("Slot", "status") => codes(resource, "status", Some("http://hl7.org/fhir/slotstatus")),
        ("HealthcareService", "location") => references(resource, "location.reference", None),
        ("HealthcareService", "organization") => references(resource, "providedBy.reference", None),
        ("Organization" | "Location" | "HealthcareService", "name") => texts(resource, &["name"]),
        (_, "family") => texts(resource, &["name.family"]),
        (_, "given") => texts(resource, &["name.given"]),
        // A text that is joined from the parts is found by the parts alone.
        (_, "name") => texts(resource, &["name.family", "name.given"]),
        (_, "address") => texts(resource, ADDRESS),
        (_, "address-city") => texts(resource, &["address.city"]),
        (_, "address-postalcode") => texts(resource, &["address.postalCode"]),
        (_, "address-country") => texts(resource, &["address.country"]),
        (_, "address-use") => codes(
            resource,
            "address.use",
            Some("http://hl7.org/fhir/address-use"),
        ),
        (_, "active") => codes(resource, "active", None),
        (_, "gender") => codes(
            resource,
            "gender",
            Some("http://hl7.org/fhir/administrative-gender"),
        ),
        ("Location", "status") => codes(
            resource,
            "status",
            Some("http://hl7.org/fhir/location-status"),
        ),
        ("Appointment", "status") => codes(
            resource,
            "status",
            Some("http://hl7.org/fhir/appointmentstatus"),
        ),
        (_, "part-status") => codes(
            resource,
            "participant.status",
            Some("http://hl7.org/fhir/participationstatus"),
        ),
        (_, "deceased") => vec![code(
            None,
            false,
            &resource.get("deceasedDateTime").is_some().to_string(),
        )],
        (_, "identifier") => codings(resource, "identifier", "value"),
        (_, "indigenous-status") => codings(resource, "extension.valueCoding", "code"),
        (_, "role") => codings(resource, "code.coding", "code"),
        (_, "appointment-type") => codings(resource, "appointmentType.coding", "code"),
        (_, "reason-code") => codings(resource, "reasonCode.coding", "code"),
        (_, "phone") => telecoms(resource, &["phone"]),
        (_, "email") => telecoms(resource, &["email"]),
        (_, "telecom") => telecoms(resource, EVERY_TELECOM),
        (_, "birthdate") => times(resource, "birthDate"),
        (_, "death-date") => times(resource, "deceasedDateTime"),
        (_, "date") => times(resource, "start"),
        (_, "general-practitioner") => references(resource, "generalPractitioner.reference", None),
        ("Location", "organization") => {
            references(resource, "managingOrganization.reference", None)
        }
        (_, "organization") => references(resource, "organization.reference", None),
        ("PractitionerRole", "practitioner") => {
            references(resource, "practitioner.reference", None)
        }
        ("PractitionerRole", "location") => references(resource, "location.reference", None),
        (_, "actor") => references(resource, "participant.actor.reference", None),
        (_, "patient") => references(resource, "participant.actor.reference", Some("Patient")),
        (_, "practitioner") => references(
            resource,
            "participant.actor.reference",
            Some("Practitioner"),
        ),
        (_, "location") => references(resource, "participant.actor.reference", Some("Location")),
        (of, other) => panic!("what does a {of} have for {other}?"),
    })
}

/// The text beside a code, for `:text`.
fn text_facts(resource: &Value, parameter: &str) -> Vec<Fact> {
    if let Some(clinical) = clinical_facts::text_facts(resource, parameter) {
        return clinical;
    }
    match parameter {
        "identifier" => texts(
            resource,
            &["identifier.type.text", "identifier.type.coding.display"],
        ),
        "role" => texts(resource, &["code.text", "code.coding.display"]),
        "appointment-type" => texts(
            resource,
            &["appointmentType.text", "appointmentType.coding.display"],
        ),
        "reason-code" => texts(resource, &["reasonCode.text", "reasonCode.coding.display"]),
        other => panic!("what is the text of {other}?"),
    }
}

/// Without case and accents.
pub fn plain(text: &str) -> String {
    text.nfd()
        .filter(|c| !is_combining_mark(*c))
        .collect::<String>()
        .to_lowercase()
        .replace('ß', "ss")
        .replace('ø', "o")
        .replace('æ', "ae")
}

fn digits(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix("61") {
        Some(rest) if rest.len() == 9 => format!("0{rest}"),
        _ => digits,
    }
}

/// Percent-encoded, and escaped as a value.
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b',' | b'|' | b'$' | b'\\' => out.push_str(&format!("%5C%{byte:02X}")),
            b if b.is_ascii_alphanumeric() || b"-._~/:".contains(&b) => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// One search: modifier, value as it is written, and which facts match. `not` turns it over.
struct Probe {
    modifier: &'static str,
    value: String,
    matches: Box<dyn Fn(&Fact) -> bool>,
    not: bool,
    /// Of the text beside codes.
    text: bool,
}

fn probe(
    modifier: &'static str,
    value: impl Into<String>,
    matches: impl Fn(&Fact) -> bool + 'static,
) -> Probe {
    Probe {
        modifier,
        value: value.into(),
        matches: Box::new(matches),
        not: false,
        text: false,
    }
}

fn of_text(text: &str) -> Vec<Probe> {
    let is = |holds: fn(&str, &str) -> bool, sought: String| move |fact: &Fact| matches!(fact, Fact::Text(text) if holds(text, &sought));
    let starts: fn(&str, &str) -> bool = |text, sought| plain(text).starts_with(&plain(sought));
    let contains: fn(&str, &str) -> bool = |text, sought| plain(text).contains(&plain(sought));
    let exact: fn(&str, &str) -> bool = |text, sought| text == sought;
    let cut = |from: usize, length: usize| -> String {
        let part: String = text.chars().skip(from).take(length).collect();
        part.trim().to_owned()
    };
    let mut probes = Vec::new();
    for sought in [
        cut(0, 1),
        cut(0, 3),
        text.to_owned(),
        text.to_uppercase(),
        plain(text),
        format!("{text}x"),
    ] {
        probes.push(probe("", encoded(&sought), is(starts, sought)));
    }
    for sought in [cut(1, 2), cut(2, 4), text.to_lowercase()] {
        if !sought.is_empty() {
            probes.push(probe(":contains", encoded(&sought), is(contains, sought)));
        }
    }
    for sought in [
        text.to_owned(),
        text.to_lowercase(),
        text.to_uppercase(),
        cut(0, 3),
    ] {
        probes.push(probe(":exact", encoded(&sought), is(exact, sought)));
    }
    probes
}

fn of_code(system: Option<String>, implied: bool, code: String) -> Vec<Probe> {
    let same = |of: &str, sought: &str| {
        // A card's number is found with and without the digit of the person on it.
        of.eq_ignore_ascii_case(sought)
    };
    let any = {
        let code = code.clone();
        move |fact: &Fact| matches!(fact, Fact::Code { code: of, .. } if same(of, &code))
    };
    let mut probes = vec![probe("", encoded(&code), any.clone())];
    probes.push(Probe {
        not: true,
        ..probe(":not", encoded(&code), any)
    });
    let none = code.clone();
    probes.push(probe("", format!("%7C{}", encoded(&code)), move |fact: &Fact| {
        matches!(fact, Fact::Code { system, implied, code: of } if (system.is_none() || *implied) && same(of, &none))
    }));
    let other = code.clone();
    probes.push(probe("", format!("http://example.org/none%7C{}", encoded(&code)), move |fact: &Fact| {
        matches!(fact, Fact::Code { system: Some(of), code, .. } if of == "http://example.org/none" && *code == other)
    }));
    if let Some(system) = system {
        let (within, sought) = (system.clone(), code.clone());
        probes.push(probe("", format!("{system}%7C{}", encoded(&code)), move |fact: &Fact| {
            matches!(fact, Fact::Code { system: Some(of), code, .. } if *of == within && same(code, &sought))
        }));
        let within = system.clone();
        probes.push(probe(
            "",
            format!("{system}%7C"),
            move |fact: &Fact| matches!(fact, Fact::Code { system: Some(of), .. } if *of == within),
        ));
        if system.ends_with("medicare-number") && !implied && code.len() == 11 {
            let card = code[..10].to_owned();
            probes.push(probe("", format!("{system}%7C{card}"), move |fact: &Fact| {
                matches!(fact, Fact::Code { system: Some(of), code, .. } if *of == system && code.starts_with(&card))
            }));
        }
    }
    probes
}

fn of_phone(phone: &str) -> Vec<Probe> {
    let sought = digits(phone);
    let is = move |sought: String| move |fact: &Fact| matches!(fact, Fact::Phone(of) if digits(of) == sought);
    let mut probes = vec![
        probe("", encoded(phone), is(sought.clone())),
        probe("", sought.clone(), is(sought.clone())),
        Probe {
            not: true,
            ..probe(":not", sought.clone(), is(sought.clone()))
        },
    ];
    if sought.len() == 10 {
        probes.push(probe("", format!("%2B61%20{}", &sought[1..]), is(sought)));
    }
    probes
}

/// Every prefix, with the value's year, month, day and, of a time, its minute and its second.
fn of_time(from: DateTime, is_day: bool) -> Vec<Probe> {
    let day = from.date();
    let year = date(day.year(), 1, 1);
    let month = date(day.year(), day.month(), 1);
    let mut sought: Vec<(String, DateTime, DateTime)> = vec![
        (
            day.strftime("%Y").to_string(),
            year.into(),
            (year + 1.year()).into(),
        ),
        (
            day.strftime("%Y-%m").to_string(),
            month.into(),
            (month + 1.month()).into(),
        ),
        (day.to_string(), day.into(), (day + 1.day()).into()),
    ];
    let minute = from.with().second(0).build().unwrap();
    let zone = "%2B10:00";
    sought.push((
        format!("{}{zone}", minute.strftime("%Y-%m-%dT%H:%M")),
        minute,
        minute + 1.minute(),
    ));
    if !is_day {
        sought.push((
            format!("{}{zone}", from.strftime("%Y-%m-%dT%H:%M:%S")),
            from,
            from + 1.second(),
        ));
        let utc = from - 10.hours();
        sought.push((
            format!("{}Z", utc.strftime("%Y-%m-%dT%H:%M:%S")),
            from,
            from + 1.second(),
        ));
    }
    let mut probes = Vec::new();
    for (text, low, high) in sought {
        for prefix in ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"] {
            probes.push(probe("", format!("{prefix}{text}"), move |fact: &Fact| {
                let Fact::Time(from, until) = fact else {
                    return false;
                };
                let within = low <= *from && *until <= high;
                match prefix {
                    "ne" => !within,
                    "gt" => *until > high,
                    "lt" => *from < low,
                    "ge" => *until > high || within,
                    "le" => *from < low || within,
                    "sa" => *from >= high,
                    "eb" => *until <= low,
                    _ => within,
                }
            }));
        }
    }
    probes
}

fn of_reference(of: String, id: String) -> Vec<Probe> {
    let typed = |of: String, id: String| move |fact: &Fact| matches!(fact, Fact::Reference(is, its) if *is == of && *its == id);
    let any = id.clone();
    vec![
        probe(
            "",
            id.clone(),
            move |fact: &Fact| matches!(fact, Fact::Reference(_, its) if *its == any),
        ),
        probe("", format!("{of}/{id}"), typed(of.clone(), id.clone())),
        probe(
            "",
            format!("{}/{of}/{id}", crate::practice::BASE),
            typed(of.clone(), id.clone()),
        ),
        probe("", format!("Group/{id}"), |_: &Fact| false),
        probe(
            "",
            format!("https://elsewhere.example/{of}/{id}"),
            |_: &Fact| false,
        ),
    ]
}

fn probes(fact: &Fact) -> Vec<Probe> {
    match fact.clone() {
        Fact::Text(text) => of_text(&text),
        Fact::Code {
            system,
            implied,
            code,
        } => of_code(system, implied, code),
        Fact::Phone(phone) => of_phone(&phone),
        // Of a period without a start, its end.
        Fact::Time(DateTime::MIN, until) => of_time(until - 1.day(), true),
        Fact::Time(from, until) => of_time(from, until == from + 1.day()),
        Fact::Reference(of, id) => of_reference(of, id),
        Fact::Id(id) => {
            let sought = id.clone();
            vec![probe("", id, move |fact: &Fact| {
                *fact == Fact::Id(sought.clone())
            })]
        }
    }
}

/// Some of the values that there are, from first to last.
pub fn drawn(facts: &BTreeSet<Fact>, most: usize) -> Vec<&Fact> {
    let step = facts.len().div_ceil(most).max(1);
    let last = facts.iter().next_back();
    let mut drawn: Vec<&Fact> = facts.iter().step_by(step).collect();
    drawn.extend(last.filter(|last| !drawn.contains(last)));
    drawn
}

pub fn found(practice: &Practice, search: &str) -> BTreeSet<String> {
    let ids = practice.ids(search);
    let set: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(ids.len(), set.len(), "{search}: given twice");
    set
}

#[test]
fn searches_find_what_the_resources_say() {
    let practice = Practice::demo(120);
    let mapping = practice.site.mapping().clone();
    let (mut searches, mut hits) = (0, 0);
    let mut wrong = Vec::new();
    for resource in mapping.resources.values() {
        let of = resource.name;
        let demanded = demanded(resource);
        let all = practice.resources(&format!("{of}?{demanded}_count=200"));
        let expected = |holds: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
            all.iter()
                .filter(|one| holds(one))
                .map(|one| id(one).to_owned())
                .collect()
        };
        let mut compare = |search: String, expected: BTreeSet<String>| {
            let found = found(
                &practice,
                &format!("{search}&{demanded}_elements=id&_count=200"),
            );
            searches += 1;
            hits += found.len();
            if found != expected {
                let more: Vec<_> = found.difference(&expected).take(5).collect();
                let fewer: Vec<_> = expected.difference(&found).take(5).collect();
                wrong.push(format!(
                    "{search}: {} found, not to be {more:?}; {} expected, not found {fewer:?}",
                    found.len(),
                    expected.len()
                ));
            }
        };
        for parameter in resource.parameters.values() {
            let name = &parameter.name;
            // Those of `quantities`.
            if matches!(
                parameter.kind,
                pilaster::search::ParameterKind::Quantity
                    | pilaster::search::ParameterKind::Composite
            ) {
                continue;
            }
            let has = |one: &Value| facts(one, name);
            let Some(_) = all.first().and_then(has) else {
                continue;
            };
            let has = |one: &Value| has(one).unwrap_or_default();
            let takes = |word: &str| {
                parameter
                    .modifiers
                    .iter()
                    .any(|modifier| format!(":{}", modifier.word()) == word)
            };
            let values: BTreeSet<Fact> = all.iter().flat_map(has).collect();
            let few = [
                "Patient",
                "Practitioner",
                "PractitionerRole",
                "Organization",
                "Location",
            ];
            let most = if few.contains(&of) { 3 } else { 1 };
            let mut asked: Vec<Probe> = drawn(&values, most).into_iter().flat_map(probes).collect();
            if takes(":text") {
                let texts: BTreeSet<Fact> =
                    all.iter().flat_map(|one| text_facts(one, name)).collect();
                for fact in drawn(&texts, 3) {
                    let Fact::Text(text) = fact else { continue };
                    asked.extend(
                        of_text(text)
                            .into_iter()
                            .filter(|probe| probe.modifier.is_empty())
                            .map(|probe| Probe {
                                modifier: ":text",
                                text: true,
                                ..probe
                            }),
                    );
                }
            }
            for probe in &asked {
                if !probe.modifier.is_empty() && !takes(probe.modifier) {
                    continue;
                }
                let holds = |one: &Value| {
                    let facts = if probe.text {
                        text_facts(one, name)
                    } else {
                        has(one)
                    };
                    facts.iter().any(|fact| (probe.matches)(fact)) != probe.not
                };
                compare(
                    format!("{of}?{name}{}={}", probe.modifier, probe.value),
                    expected(&holds),
                );
            }
            // Beside its codes, the text of a concept counts as a value too.
            let there = |one: &Value| {
                !has(one).is_empty()
                    || (takes(":text")
                        && name.as_ref() != "identifier"
                        && !text_facts(one, name).is_empty())
            };
            compare(format!("{of}?{name}:missing=false"), expected(&there));
            compare(
                format!("{of}?{name}:missing=true"),
                expected(&|one| !there(one)),
            );
            // Either of two, and both of two.
            if let [first, .., last] = asked
                .iter()
                .filter(|probe| probe.modifier.is_empty())
                .collect::<Vec<_>>()[..]
            {
                let holds =
                    |probe: &Probe, one: &Value| has(one).iter().any(|fact| (probe.matches)(fact));
                compare(
                    format!("{of}?{name}={},{}", first.value, last.value),
                    expected(&|one| holds(first, one) || holds(last, one)),
                );
                compare(
                    format!("{of}?{name}={}&{name}={}", first.value, last.value),
                    expected(&|one| holds(first, one) && holds(last, one)),
                );
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {searches} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        searches > 800 && hits > searches,
        "{searches} searches, {hits} hits"
    );
}
