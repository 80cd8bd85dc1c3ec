//! What may stand for a primitive value: a constant, a column, or a value from columns with its options.
//!
//! Which origins and options there are for an element follows from its type, by the rule that the checker has.

use serde_json::{Map, Value, json};

use super::super::conversion::Kind;
use super::super::keys::suits;
use super::super::value::form;
use super::super::vocabulary::{Key, ORIGINS, Origin, PARAMETER, PLACED};
use super::{closed, language, list, reference, value_of};
use crate::fhir::{Primitive, ValueSet};

/// Where a value stands, which decides what may stand in it beside its own keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// Among alternatives, or in another section of the file.
    Bare,
    /// An element that occurs once: `if:`.
    Once,
    /// An entry of a list: `if:` and `each:`.
    Entry,
}

impl Stands {
    pub const ALL: [Stands; 3] = [Stands::Bare, Stands::Once, Stands::Entry];

    /// The keys that belong to the place.
    pub fn keys(self) -> &'static [Key] {
        match self {
            Stands::Bare => &[],
            Stands::Once => &PLACED[..1],
            Stands::Entry => &PLACED,
        }
    }

    /// The name of a definition for the place. No name of R4's has a hyphen.
    pub fn name(self, of: &str) -> String {
        match self {
            Stands::Bare => format!("{of}-bare"),
            Stands::Once => of.to_owned(),
            Stands::Entry => format!("{of}-entry"),
        }
    }
}

/// The value of `lastUpdated:`.
pub(super) const INSTANT: &str = "value-instant-bare";

/// The value of the `reference` of a Reference.
pub(super) const REFERENCE: &str = "reference";

/// What a value is for, as far as its keys differ.
const FORMS: [(&str, Kind); 10] = [
    ("text", Kind::Text),
    ("boolean", Kind::Boolean),
    ("integer", Kind::Integer),
    ("decimal", Kind::Decimal),
    ("date", Kind::Date),
    ("dateTime", Kind::DateTime),
    ("instant", Kind::Instant),
    ("time", Kind::Time),
    // A Coding and a CodeableConcept have the same.
    (CODED, Kind::Coding),
    (REFERENCE, Kind::Text),
];

pub(super) const CODED: &str = "coded";

/// The definition of a value from columns.
pub(super) fn value(form: &str, stands: Stands) -> String {
    stands.name(&format!("value-{form}"))
}

/// The definition of an element of a primitive type, or of a code from a value set.
pub(super) fn primitive(of: Primitive, codes: Option<&ValueSet>, stands: Stands) -> String {
    match codes.filter(|set| set.is_listed()) {
        Some(set) => stands.name(&format!("code-{}", plain(set.name()))),
        None => stands.name(of.name()),
    }
}

/// A value set's name as part of a pointer.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    name.chars().map(plain).collect()
}

/// Adds the definitions that do not depend on which elements there are.
pub(super) fn define(definitions: &mut Map<String, Value>) {
    for (form, kind) in FORMS {
        for stands in Stands::ALL {
            let origins = ORIGINS
                .iter()
                .filter(|origin| gives(origin, form, kind))
                .map(|origin| value_from(origin, form, kind, stands));
            let origins: Vec<Value> = origins.collect();
            definitions.insert(value(form, stands), json!({ "anyOf": origins }));
        }
    }
    definitions.insert(
        "columnOf".to_owned(),
        json!({ "type": "string", "pattern": "^\\$[^$].*\\..", "description": "A column: `$alias.COLUMN`" }),
    );
    for of in Primitive::ALL {
        definitions.insert(constant_name(*of), constant(*of));
        for stands in [Stands::Once, Stands::Entry] {
            let element = element(reference(&constant_name(*of)), *of, stands);
            definitions.insert(primitive(*of, None, stands), element);
        }
    }
    definitions.insert(
        REFERENCE.to_owned(),
        json!({ "anyOf": [
            reference(&constant_name(Primitive::String)),
            reference(&value(REFERENCE, Stands::Once)),
        ] }),
    );
    definitions.insert("ownParameter".to_owned(), own_parameter());
}

/// The definition of a code that must be from a value set.
pub(super) fn code(set: &ValueSet, stands: Stands) -> Value {
    let mut codes: Vec<Value> = Vec::new();
    for (_, code) in set.codes() {
        // Without quotes, YAML takes some for numbers.
        let number = code.parse::<serde_json::Number>().ok().map(Value::Number);
        for code in [Some(code.into()), number].into_iter().flatten() {
            // Several systems may have one code.
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
    }
    let mut one_of = json!({ "enum": codes });
    one_of["description"] = format!("A code of {}", set.url()).into();
    element(one_of, Primitive::Code, stands)
}

fn constant_name(of: Primitive) -> String {
    format!("constant-{}", of.name())
}

/// A constant, a column, or a value from columns.
fn element(constant: Value, of: Primitive, stands: Stands) -> Value {
    let kind = Kind::of(of);
    let Some((form, _)) = FORMS.iter().find(|(_, known)| *known == kind) else {
        // A narrative is never from a column.
        return constant;
    };
    json!({ "anyOf": [constant, reference("columnOf"), reference(&value(form, stands))] })
}

/// Whether the origin gives such values.
fn gives(origin: &Origin, form: &str, kind: Kind) -> bool {
    let name = origin.key.name;
    match form {
        // A column alone is no `Type/id`.
        REFERENCE => name != "column" && suits(name, kind),
        _ => name != "to" && suits(name, kind),
    }
}

fn value_from(origin: &Origin, form: &str, kind: Kind, stands: Stands) -> Value {
    let mut keys = keys_of(origin, form, kind);
    keys.extend(
        stands
            .keys()
            .iter()
            .map(|key| (key.name.to_owned(), value_of(key))),
    );
    closed(keys, needed(origin))
}

fn needed(origin: &Origin) -> impl Iterator<Item = &'static str> {
    let options = origin.options.iter().filter(|key| key.needed);
    [origin.key.name]
        .into_iter()
        .chain(options.map(|key| key.name))
}

/// The origin's key and its options, as far as they are for such values.
fn keys_of(origin: &Origin, form: &str, kind: Kind) -> Map<String, Value> {
    let options = origin
        .options
        .iter()
        .filter(|option| suits(option.name, kind));
    let mut keys: Map<String, Value> = options
        .map(|key| (key.name.to_owned(), value_of(key)))
        .collect();
    let own = match origin.key.name {
        "first" => alternatives(&origin.key, form),
        _ => value_of(&origin.key),
    };
    keys.insert(origin.key.name.to_owned(), own);
    keys
}

/// The values of `first:`, each a column or a value of the same form.
fn alternatives(key: &Key, form: &str) -> Value {
    let one = json!({ "anyOf": [reference("columnName"), reference(&value(form, Stands::Bare))] });
    let mut alternatives = list(one);
    alternatives["description"] = key.about.into();
    alternatives
}

/// A search parameter of one's own. Its `type:` is its kind, and so a fragment stands under `column:`.
fn own_parameter() -> Value {
    let mut alternatives = Vec::new();
    for origin in ORIGINS.iter().filter(|origin| origin.key.name != "sql") {
        let mut keys: Map<String, Value> = Map::new();
        for (form, kind) in FORMS.iter().filter(|(form, _)| *form != CODED) {
            if gives(origin, form, *kind) {
                keys.extend(keys_of(origin, form, *kind));
            }
        }
        if origin.key.name == "first" {
            let any = FORMS.map(|(form, _)| reference(&value(form, Stands::Bare)));
            let any = [vec![reference("columnName")], any.to_vec()].concat();
            keys.insert("first".to_owned(), list(json!({ "anyOf": any })));
        }
        let own = PARAMETER.iter();
        keys.extend(own.map(|key| (key.name.to_owned(), value_of(key))));
        let own = PARAMETER.iter().filter(|key| key.needed);
        let needed = needed(origin).chain(own.map(|key| key.name));
        alternatives.push(closed(keys, needed));
    }
    json!({ "anyOf": alternatives })
}

/// A constant of a primitive type. A text that begins with `$` is a column, unless that is doubled.
fn constant(of: Primitive) -> Value {
    let any = ["string", "number", "boolean"];
    let text = |pattern: &str| json!({ "type": any, "pattern": pattern });
    let only = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    let whole = |least: i64| {
        let number = json!({ "type": "integer", "minimum": least, "maximum": i32::MAX });
        json!({ "anyOf": [number, only("^[-+]?[0-9]+$")] })
    };
    let year = language::whole(0, 9999);
    const DAY: &str = "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?";
    const MOMENT: &str = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})";
    let mut constant = match of {
        Primitive::Boolean => json!({ "enum": [true, false, "true", "false"] }),
        Primitive::Integer => whole(i64::from(i32::MIN)),
        Primitive::UnsignedInt => whole(0),
        Primitive::PositiveInt => whole(1),
        Primitive::Decimal => {
            json!({ "anyOf": [{ "type": "number" }, only("^-?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?$")] })
        }
        Primitive::Date => json!({ "anyOf": [year, only(&format!("^{DAY}$"))] }),
        Primitive::DateTime => {
            json!({ "anyOf": [year, only(&format!("^({DAY}|{MOMENT})$"))] })
        }
        Primitive::Instant => only(&format!("^{MOMENT}$")),
        Primitive::Time => only("^[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?$"),
        Primitive::Id => text("^[-.0-9A-Za-z]{1,64}$"),
        Primitive::Code => text("^(\\$\\$)?[^\\s$]\\S*(\\s\\S+)*$"),
        Primitive::Uri | Primitive::Url | Primitive::Canonical => text("^(\\$\\$)?[^\\s$]\\S*$"),
        Primitive::Oid => only("^urn:oid:"),
        Primitive::Uuid => only("^urn:uuid:"),
        Primitive::Base64Binary => text("^[-+/=_0-9A-Za-z\\s]+$"),
        Primitive::Xhtml => only("^\\s*<div"),
        Primitive::String | Primitive::Markdown => text("^(\\$\\$|[^$])"),
    };
    constant["description"] = format!("A constant: {}", form(of)).into();
    constant
}
