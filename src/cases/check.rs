//! What ran and what is expected → where they differ.

use serde::Serialize;
use serde_json::{Value, json};

use super::model::{Case, Commands, FieldCheck, Ids, Subject};
use super::practice::{entries, next_cursor};
use super::run::{Answered, Ran};

/// Lines of a resource that are shown around a field.
const AROUND: usize = 24;

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// What was looked at: `ids`, `Patient/1: name[0].family`.
    pub what: String,
    pub expected: Value,
    pub found: Value,
    /// What else helps to understand it, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Ids that are expected and were not found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// JSON of the resource where a field was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub around: Option<String>,
    /// What the database gave may explain it: not where a status, a code or a link is another.
    #[serde(skip)]
    pub is_of_rows: bool,
}

impl Difference {
    fn new(what: impl Into<String>, expected: Value, found: Value) -> Difference {
        Difference {
            what: what.into(),
            expected,
            found,
            notes: Vec::new(),
            missing: Vec::new(),
            around: None,
            is_of_rows: true,
        }
    }

    fn without_rows(mut self) -> Difference {
        self.is_of_rows = false;
        self
    }

    fn note(mut self, note: impl Into<String>) -> Difference {
        self.notes.push(note.into());
        self
    }
}

/// Holds what a case gave against what it expects.
pub fn differences(case: &Case, ran: &Ran) -> Vec<Difference> {
    let mut found = Vec::new();
    let expect = &case.expect;
    match &ran.answer {
        Ok(answer) if expect.is_refusal() => {
            let expected = expect
                .code
                .clone()
                .map_or(json!(expect.status), Value::from);
            let shown = match answer.json["total"].as_u64() {
                Some(total) => format!("an answer, with a total of {total}"),
                None => "an answer".to_owned(),
            };
            found.push(Difference::new("a refusal", expected, json!(shown)).without_rows());
        }
        Ok(answer) => of_answer(case, answer, &mut found),
        Err(error) => {
            let code = error.code();
            let told = [error.to_string(), format!("to do: {}", code.remedy)];
            let with_words =
                |difference: Difference| told.iter().fold(difference, Difference::note);
            let status = expect.status.or(match expect.code {
                Some(_) => None,
                None => Some(200),
            });
            if let Some(status) = status.filter(|status| *status != code.status) {
                let shown = format!("{} {}", code.status, code.id);
                found.push(with_words(Difference::new(
                    "status",
                    json!(status),
                    json!(shown),
                )));
            } else if let Some(expected) = expect.code.as_deref().filter(|it| *it != code.id) {
                let difference = Difference::new("code", json!(expected), json!(code.id));
                found.push(with_words(difference));
            }
        }
    }
    found
}

fn of_answer(case: &Case, answer: &Answered, found: &mut Vec<Difference>) {
    let expect = &case.expect;
    let json = &answer.json;
    let matches: Vec<&Value> = match case.read() {
        Some(_) => vec![json],
        None => entries(json, "match").collect(),
    };
    if let Some(ids) = &expect.ids {
        let there: Vec<&str> = matches.iter().filter_map(|it| it["id"].as_str()).collect();
        let mut difference = of_ids(ids, &there);
        if case.read().is_some() {
            // What was read is another resource; where this one is does not matter.
            difference = difference.map(|it| Difference {
                missing: Vec::new(),
                ..it
            });
        }
        found.extend(difference);
    }
    if let Some(total) = expect.total
        && json["total"].as_u64() != Some(total)
    {
        found.push(Difference::new(
            "total",
            json!(total),
            json["total"].clone(),
        ));
    }
    let commands = answer.commands;
    match expect.commands {
        Some(Commands::Exactly(expected)) if expected != commands => {
            found.push(Difference::new(
                "commands",
                json!(expected),
                json!(commands),
            ));
        }
        Some(Commands::AtMost(most)) if commands > most => {
            let most = json!(format!("{most} at most"));
            found.push(Difference::new("commands", most, json!(commands)));
        }
        _ => {}
    }
    if let Some(next) = expect.next {
        let is_there = next_cursor(json).is_some();
        if is_there != next {
            found.push(Difference::new("next", json!(next), json!(is_there)).without_rows());
        }
    }
    for check in &expect.fields {
        of_field(check, case, json, &matches, found);
    }
    for (key, expected) in &expect.practice {
        let said = json[key].as_str();
        if said != expected.as_deref() {
            let what = format!("practice: {key}");
            let difference = Difference::new(what, json!(expected), json!(said)).without_rows();
            found.push(match answer.commands {
                0 => difference.note("the manifest has no `practice:` that says where this stands"),
                _ => difference,
            });
        }
    }
}

fn of_ids(expected: &Ids, found: &[&str]) -> Option<Difference> {
    let list = |ids: &[String]| json!(ids);
    let missing = |ids: &[String]| -> Vec<String> {
        let gone = ids.iter().filter(|id| !found.contains(&id.as_str()));
        gone.cloned().collect()
    };
    let surplus = |wanted: &[String]| -> Vec<&str> {
        let more = found.iter().filter(|id| !wanted.iter().any(|it| it == *id));
        more.copied().collect()
    };
    let (shown, gone, more) = match expected {
        Ids::InOrder(ids) if ids == found => return None,
        Ids::InOrder(ids) => (list(ids), missing(ids), surplus(ids)),
        Ids::InAnyOrder(ids) => {
            let (gone, more) = (missing(ids), surplus(ids));
            if gone.is_empty() && more.is_empty() && ids.len() == found.len() {
                return None;
            }
            (json!({ "in-any-order": ids }), gone, more)
        }
        Ids::Among { contains, not } => {
            let gone = missing(contains);
            let unwanted = not.iter().filter(|id| found.contains(&id.as_str()));
            let more: Vec<&str> = unwanted.map(String::as_str).collect();
            if gone.is_empty() && more.is_empty() {
                return None;
            }
            let shown = match (contains.is_empty(), not.is_empty()) {
                (false, true) => json!({ "contains": contains }),
                (true, _) => json!({ "not": not }),
                (false, false) => json!({ "contains": contains, "not": not }),
            };
            (shown, gone, more)
        }
    };
    let mut difference = Difference::new("ids", shown, json!(found));
    if !more.is_empty() {
        difference = difference.note(format!("too many: {}", more.join(", ")));
    }
    if gone.is_empty() && more.is_empty() {
        difference = difference.note(match expected {
            Ids::InOrder(ids) if ids.len() == found.len() => "the same, in another order",
            _ => "the same, but not as often",
        });
    }
    difference.missing = gone;
    Some(difference)
}

fn of_field(
    check: &FieldCheck,
    case: &Case,
    answer: &Value,
    matches: &[&Value],
    found: &mut Vec<Difference>,
) {
    match &check.of {
        Subject::Bundle => found.extend(of_resource(check, "Bundle", answer)),
        Subject::Each => {
            if matches.is_empty() {
                found.push(nothing_there(
                    check,
                    "fields",
                    "one match at least",
                    "no match",
                ));
            }
            for resource in matches {
                found.extend(of_resource(check, &name_of(resource), resource));
            }
        }
        Subject::Resource(wanted) => {
            let mut all = answer["entry"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|entry| &entry["resource"])
                .chain([answer]);
            match all.find(|resource| name_of(resource) == *wanted) {
                Some(resource) => found.extend(of_resource(check, wanted, resource)),
                None => {
                    let there = "it is not in the answer";
                    let mut difference = nothing_there(check, wanted, wanted, there);
                    let searched = case.search().map(|_| case.resource());
                    let id = wanted
                        .split_once('/')
                        .filter(|(of, _)| Some(*of) == searched);
                    difference.missing.extend(id.map(|(_, id)| id.to_owned()));
                    // Several expressions of one resource are one surprise.
                    if !found.iter().any(|it| it.expected == difference.expected) {
                        found.push(difference);
                    }
                }
            }
        }
    }
}

fn nothing_there(check: &FieldCheck, what: &str, expected: &str, found: &str) -> Difference {
    Difference::new(what, json!(expected), json!(found))
        .note(format!("`{}` has nothing to look at", check.text))
}

/// `Patient/1`
fn name_of(resource: &Value) -> String {
    let text = |key: &str| resource[key].as_str().unwrap_or_default();
    format!("{}/{}", text("resourceType"), text("id"))
}

fn of_resource(check: &FieldCheck, name: &str, resource: &Value) -> Option<Difference> {
    let what = format!("{name}: {}", check.text);
    let expected = match check.values.as_slice() {
        [] => Value::Null,
        [one] => json!(one),
        all => json!(all),
    };
    let items = match check.expression.evaluate(resource) {
        Ok(items) => items,
        Err(error) => {
            let part = check.text.get(error.span.clone()).unwrap_or_default();
            let difference = Difference::new(what, expected, json!("an error"));
            return Some(difference.note(format!("at `{part}`: {error}")));
        }
    };
    let is_it = items.len() == check.values.len()
        && items
            .iter()
            .zip(&check.values)
            .all(|(item, text)| item.is_written(text));
    if is_it {
        return None;
    }
    let mut there: Vec<Value> = items.iter().map(|item| item.json()).collect();
    let shown = match there.len() {
        0 => Value::Null,
        1 => there.remove(0),
        _ => json!(there),
    };
    let mut difference = Difference::new(what, expected, shown);
    if items.iter().any(|item| item.is_object()) {
        difference = difference.note("an object is compared by its elements: name one of them");
    }
    difference.around = Some(around(check, resource));
    Some(difference)
}

/// The element that the expression begins with; all of the resource where that is not there.
fn around(check: &FieldCheck, resource: &Value) -> String {
    let name = check.expression.first_name().unwrap_or_default();
    let is_it = |key: &str| {
        let key = key.strip_prefix('_').unwrap_or(key);
        // `value` is `valueQuantity`.
        let choice = key.strip_prefix(name);
        choice.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_uppercase))
    };
    let mut part = serde_json::Map::new();
    if let (Some(object), false) = (resource.as_object(), name.is_empty()) {
        let chosen = object.iter().filter(|(key, _)| is_it(key));
        part.extend(chosen.map(|(key, value)| (key.clone(), value.clone())));
    }
    let json = match part.is_empty() {
        true => format!("{resource:#}"),
        false => format!("{:#}", Value::Object(part)),
    };
    let count = json.lines().count();
    let mut lines: Vec<&str> = json.lines().take(AROUND).collect();
    let more = format!("… and {} lines more", count.saturating_sub(AROUND));
    if count > AROUND {
        lines.push(&more);
    }
    lines.join("\n")
}
