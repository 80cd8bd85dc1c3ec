//! The JSON Schema of a mapping's files, by which an editor completes and checks them while they are written.
//!
//! Takes nothing but what the checker itself goes by: the keys of the language (`vocabulary`), and R4's elements
//! ([`crate::fhir`]). Gives one document for every file of a folder: which kind of file one is follows from its keys,
//! as it does for the checker. What is in an element depends on the resource type, and on nothing else.
//!
//! It is a schema of draft-07, and uses nothing later. The server behind most editors, yaml-language-server, supports
//! "JSON Schema 7 and below"; of later drafts it leaves keywords such as `unevaluatedProperties` out without a word.
//! Hence objects that are closed list all of their properties, and what stands in an entry of a list (`each:`) is a
//! definition of its own beside what stands alone. Beside a `$ref` draft-07 gives other keywords no meaning; that is
//! where descriptions stand, which have none for a validator and are shown by editors.
//!
//! A definition stands once, and wherever it is used a `$ref`: for all of R4 that makes 1.3 MB, of which 0.1 MB are
//! left when it is compressed.
//!
//! The schema says no more than what one file shows: it knows no table, alias or code table by name. What it accepts
//! the checker may refuse; what the checker accepts, it does.
//!
//! | module | gives |
//! |---|---|
//! | `language` | the definitions of the language: conditions, columns, lookups, code tables |
//! | `values` | what may stand for a primitive value: a constant, a column, a value from columns |
//! | `elements` | R4's resource types and datatypes as a mapping writes them |
//! | `cases` | `cases.yaml` |

mod cases;
mod elements;
mod language;
mod values;

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::vocabulary::{Form, Key, MANIFEST, SHARED, SOURCE};
use crate::fhir;

/// The file's name in a mapping's folder, and beside the folders of this repository.
pub const FILE: &str = "mapping.schema.json";

/// The first line of a file that lies beside the schema: it tells an editor where that is.
pub const HEADER: &str = "# yaml-language-server: $schema=./mapping.schema.json";

/// The schema.
pub fn document() -> Value {
    let mut definitions = Map::new();
    language::define(&mut definitions);
    values::define(&mut definitions);
    elements::define(&mut definitions);
    cases::define(&mut definitions);
    definitions.insert("manifest".to_owned(), object(&MANIFEST));
    definitions.insert("source".to_owned(), source());
    definitions.insert("shared".to_owned(), shared());
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A file of a Pilaster mapping",
        "description": "A source (with `resource:`), the manifest, shared tables and code tables, or the cases of cases.yaml",
        "if": { "type": "array" },
        "then": reference("cases"),
        "else": {
            "if": has_any(&own(&SOURCE, &MANIFEST)),
            "then": reference("source"),
            "else": {
                "if": has_any(&own(&MANIFEST, &SOURCE)),
                "then": reference("manifest"),
                "else": reference("shared"),
            },
        },
        "definitions": definitions,
    })
}

/// The schema as text: a line for each definition, so that two of them can be compared.
pub fn text() -> String {
    let Value::Object(document) = document() else {
        return String::new();
    };
    let mut text = String::from("{\n");
    // Writing to a String cannot fail.
    let mut line = |indent: &str, name: &str, value: &dyn std::fmt::Display, end: &str| {
        let _ = writeln!(text, "{indent}{}: {value}{end}", Value::from(name));
    };
    for (name, value) in document.iter().filter(|(name, _)| *name != "definitions") {
        line("  ", name, value, ",");
    }
    line("  ", "definitions", &"{", "");
    if let Some(definitions) = document.get("definitions").and_then(Value::as_object) {
        for (place, (name, value)) in definitions.iter().enumerate() {
            let is_last = place + 1 == definitions.len();
            line("    ", name, value, if is_last { "" } else { "," });
        }
    }
    text.push_str("  }\n}\n");
    text
}

/// The keys of one kind of file that the other does not have.
fn own(keys: &[Key], others: &[Key]) -> Vec<&'static str> {
    keys.iter()
        .map(|key| key.name)
        .filter(|name| others.iter().all(|other| other.name != *name))
        .collect()
}

fn has_any(names: &[&str]) -> Value {
    let any: Vec<Value> = names
        .iter()
        .map(|name| json!({ "required": [name] }))
        .collect();
    json!({ "anyOf": any })
}

/// A source file: its elements, and the names of R4's search parameters, are those of its type.
fn source() -> Value {
    let of_type = fhir::resource_types().map(|ty| {
        let name = ty.name();
        json!({
            "if": { "properties": { "resource": { "const": name } }, "required": ["resource"] },
            "then": {
                "properties": {
                    "elements": reference(name),
                    "search": { "properties": parameters(name) },
                },
            },
        })
    });
    let of_type: Vec<Value> = of_type.collect();
    let mut source = object(&SOURCE);
    source["allOf"] = of_type.into();
    source
}

/// R4's parameters of a type, which `search:` can take back: their names, for an editor to offer.
fn parameters(resource: &str) -> Value {
    // What they may be is said once, for all names.
    let all = fhir::parameters(resource).map(|it| (it.code.to_owned(), json!({})));
    Value::Object(all.collect())
}

/// Shared tables and code tables. In a file with no key yet, the keys by which it becomes another are offered as well.
fn shared() -> Value {
    let mut shared = object(&SHARED);
    for key in MANIFEST.iter().chain(&SOURCE).filter(|key| key.needed) {
        shared["properties"][key.name] = value_of(key);
    }
    shared
}

fn reference(name: &str) -> Value {
    json!({ "$ref": pointer(name) })
}

fn pointer(name: &str) -> String {
    format!("#/definitions/{name}")
}

/// A list that is not empty.
fn list(of: Value) -> Value {
    json!({ "type": "array", "minItems": 1, "items": of })
}

/// One, or a list of them.
fn one_or_list(name: &str) -> Value {
    json!({ "anyOf": [reference(name), list(reference(name))] })
}

/// Any names, with values that are alike.
fn by_name(name: &str) -> Value {
    json!({ "type": "object", "additionalProperties": reference(name) })
}

/// A mapping with these keys and no others.
fn object(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| (key.name.to_owned(), value_of(key)))
        .collect();
    closed(
        properties,
        keys.iter().filter(|key| key.needed).map(|key| key.name),
    )
}

fn closed<'n>(properties: Map<String, Value>, needed: impl Iterator<Item = &'n str>) -> Value {
    let mut object = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    let needed: Vec<&str> = needed.collect();
    if !needed.is_empty() {
        object["required"] = needed.into();
    }
    object
}

/// What may stand behind a key.
fn value_of(key: &Key) -> Value {
    let mut value = match key.form {
        Form::Is(name) => reference(name),
        Form::Word(words) => json!({ "enum": words }),
        Form::Whole(least, most) => language::whole(least, most),
        Form::Flag => json!({ "enum": [true, false, "true", "false"] }),
    };
    value["description"] = key.about.into();
    value
}
