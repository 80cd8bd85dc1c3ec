//! A value that is searched by, in the forms that AU Core asks for, and the full scan that says what it finds.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use pilaster::fhir::au_core::{Parameter, ValueForm};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, params_from_iter};

use super::facts::VIEWS;
use crate::practice::{Practice, writable};
use crate::search_truth::{Fact, encoded, plain};

/// What is looked for.
#[derive(Debug, Clone)]
pub enum Sought {
    Code {
        system: Option<String>,
        code: String,
    },
    Reference {
        of: Option<String>,
        id: String,
    },
    Text(String),
    /// A prefix, the first moment of the value, and the one after its last.
    Time(&'static str, DateTime, DateTime),
}

/// One value of one parameter: as it is written, and any of what it looks for.
#[derive(Debug, Clone)]
pub struct Probe {
    pub parameter: String,
    pub written: String,
    pub sought: Vec<Sought>,
}

impl Probe {
    pub fn new(parameter: &str, written: String, sought: Sought) -> Probe {
        Probe {
            parameter: parameter.to_owned(),
            written,
            sought: vec![sought],
        }
    }

    pub fn query(&self) -> String {
        format!("{}={}", self.parameter, self.written)
    }
}

/// The tables.
pub struct Scan(pub Connection);

impl Scan {
    pub fn of(practice: &Practice) -> Scan {
        let connection = writable(&practice.path);
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        connection
            .create_scalar_function("plain", 1, flags, |context| {
                let text: Option<String> = context.get(0)?;
                Ok(text.map(|text| plain(text.trim())))
            })
            .unwrap();
        connection.execute_batch(VIEWS).unwrap();
        Scan(connection)
    }

    /// The ids of a type that have any of what is looked for.
    pub fn ids(&self, resource: &str, probe: &Probe) -> BTreeSet<String> {
        let facts = |of: &str, name: &str| {
            let facts = super::facts::facts(of, name);
            facts.unwrap_or_else(|| panic!("what do the tables have for {of}?{name}?"))
        };
        let facts = match probe.parameter.split_once('.') {
            None => facts(resource, &probe.parameter).to_owned(),
            Some((reference, then)) => {
                let to = if reference == "patient" {
                    "Patient"
                } else {
                    "Practitioner"
                };
                format!(
                    "SELECT r.id, t.system, t.code FROM ({}) r JOIN ({}) t ON t.id = r.ref",
                    facts(resource, reference),
                    facts(to, then)
                )
            }
        };
        let any = probe.sought.iter();
        any.flat_map(|sought| self.scan(&facts, sought)).collect()
    }

    fn scan(&self, facts: &str, sought: &Sought) -> BTreeSet<String> {
        let text = |text: &str| SqlValue::Text(text.to_owned());
        let maybe = |value: &Option<String>| value.as_deref().map_or(SqlValue::Null, text);
        let at = |time: &DateTime| text(&time.strftime("%Y-%m-%d %H:%M:%S").to_string());
        let (holds, values) = match sought {
            Sought::Code { system, code } => (
                "CAST(code AS text) = ?1 COLLATE NOCASE AND (?2 IS NULL OR system = ?2)",
                vec![text(code), maybe(system)],
            ),
            Sought::Reference { of, id } => (
                "CAST(ref AS text) = ?1 AND (?2 IS NULL OR type = ?2)",
                vec![text(id), maybe(of)],
            ),
            Sought::Text(of) => (
                "SUBSTR(plain(text), 1, LENGTH(plain(?1))) = plain(?1)",
                vec![text(of)],
            ),
            // R4 §3.1.1.4.7. An open end is before, or after, all there is.
            Sought::Time(prefix, low, high) => (
                match *prefix {
                    "gt" => "?1 IS NOT NULL AND COALESCE(high, '~') > ?2",
                    "lt" => "?2 IS NOT NULL AND COALESCE(low, '') < ?1",
                    "ge" => {
                        "COALESCE(high, '~') > ?2 OR COALESCE(low, '') >= ?1 AND COALESCE(high, '~') <= ?2"
                    }
                    "le" => {
                        "COALESCE(low, '') < ?1 OR COALESCE(low, '') >= ?1 AND COALESCE(high, '~') <= ?2"
                    }
                    _ => "COALESCE(low, '') >= ?1 AND COALESCE(high, '~') <= ?2",
                },
                vec![at(low), at(high)],
            ),
        };
        let sql = format!("SELECT DISTINCT CAST(id AS text) FROM ({facts}) WHERE {holds}");
        let mut statement = self
            .0
            .prepare(&sql)
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
        let ids = statement.query_map(params_from_iter(values), |row| row.get(0));
        ids.unwrap().map(Result::unwrap).collect()
    }
}

/// A moment as it is written: with the practice's offset, and in UTC.
fn seconds(moment: DateTime) -> [String; 2] {
    let utc = moment - 10.hours();
    [
        format!("{}%2B10:00", moment.strftime("%Y-%m-%dT%H:%M:%S")),
        format!("{}Z", utc.strftime("%Y-%m-%dT%H:%M:%S")),
    ]
}

fn at_second(name: &str, prefix: &'static str, moment: DateTime) -> Vec<Probe> {
    let sought = Sought::Time(prefix, moment, moment + 1.second());
    seconds(moment)
        .into_iter()
        .map(|written| Probe::new(name, format!("{prefix}{written}"), sought.clone()))
        .collect()
}

fn on_day(name: &str, prefix: &'static str, day: Date) -> Probe {
    let (low, high) = (DateTime::from(day), DateTime::from(day + 1.day()));
    Probe::new(
        name,
        format!("{prefix}{day}"),
        Sought::Time(prefix, low, high),
    )
}

fn prefixes(asked: &Parameter) -> &'static [&'static str] {
    match asked.comparators {
        Some(_) => &["", "gt", "lt", "ge", "le"],
        None => &[""],
    }
}

/// The forms in which AU Core asks for a value.
pub fn probes(name: &str, asked: &Parameter, fact: &Fact) -> Vec<Probe> {
    let code = |system: Option<&String>, code: &str| {
        let written = match system {
            Some(system) => format!("{}%7C{}", encoded(system), encoded(code)),
            None => encoded(code),
        };
        let sought = Sought::Code {
            system: system.cloned(),
            code: code.to_owned(),
        };
        Probe::new(name, written, sought)
    };
    match (asked.value, fact) {
        (
            Some(form),
            Fact::Code {
                system, code: of, ..
            },
        ) => {
            let mut probes = Vec::new();
            if form == ValueForm::Code || system.is_none() {
                probes.push(code(None, of));
            }
            if system.is_some() {
                probes.push(code(system.as_ref(), of));
            }
            probes
        }
        (Some(ValueForm::Id), Fact::Reference(of, id)) => {
            let reference = |of: Option<&String>| Sought::Reference {
                of: of.cloned(),
                id: id.clone(),
            };
            vec![
                Probe::new(name, id.clone(), reference(None)),
                Probe::new(name, format!("{of}/{id}"), reference(Some(of))),
            ]
        }
        (Some(form), Fact::Time(from, until)) => {
            // Of a period without a start, its last day.
            let from = match *from {
                DateTime::MIN => *until - 1.day(),
                from => from,
            };
            let mut probes = Vec::new();
            for prefix in prefixes(asked) {
                if form == ValueForm::Day {
                    probes.push(on_day(name, prefix, from.date()));
                    continue;
                }
                // The first second and the next, the last and those around it.
                let mut moments = vec![from, from + 1.second()];
                if *until != DateTime::MAX {
                    moments.extend([-2, -1, 0].map(|later| *until + later.seconds()));
                }
                moments.sort();
                moments.dedup();
                for moment in moments {
                    probes.extend(at_second(name, prefix, moment));
                }
            }
            probes
        }
        (None, Fact::Id(id)) => vec![code(None, id)],
        (None, Fact::Text(text)) => {
            let start: String = text.chars().take(3).collect();
            [text.clone(), text.to_uppercase(), start.trim().to_owned()]
                .into_iter()
                .map(|text| Probe::new(name, encoded(&text), Sought::Text(text)))
                .collect()
        }
        (form, fact) => panic!("{name}: {form:?} for {fact:?}"),
    }
}

/// Values that no resource has.
pub fn absent(name: &str, asked: &Parameter, like: &Fact) -> Vec<Probe> {
    let facts = match like {
        Fact::Code { system, .. } => vec![Fact::Code {
            system: system.clone(),
            implied: false,
            code: "no-such-code".to_owned(),
        }],
        Fact::Reference(of, _) => vec![Fact::Reference(of.clone(), "999999999".to_owned())],
        Fact::Text(_) => vec![Fact::Text("Zzyzx".to_owned())],
        Fact::Id(_) => vec![Fact::Id("no-such-id".to_owned())],
        // Long ago, and long to come.
        _ => [1800, 2200]
            .map(|year| DateTime::from(jiff::civil::date(year, 1, 1)))
            .map(|moment| Fact::Time(moment, moment + 1.second()))
            .to_vec(),
    };
    let facts = facts.iter();
    facts.flat_map(|fact| probes(name, asked, fact)).collect()
}
