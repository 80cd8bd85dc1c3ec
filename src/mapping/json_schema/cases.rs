//! `cases.yaml`: searches and reads of the mapping's fixture, with what they must give.
//!
//! A key that cases learn is added to the lists here; each is described as the language's own keys are.

use serde_json::{Map, Value, json};

use super::super::vocabulary::{Form, Key};
use super::object;

const fn key(name: &'static str, form: Form, about: &'static str) -> Key {
    Key {
        name,
        form,
        needed: false,
        about,
    }
}

/// A case.
const CASE: [Key; 8] = [
    Key {
        needed: true,
        ..key(
            "name",
            Form::Is("caseName"),
            "The name of the case, and of its snapshot's file",
        )
    },
    key(
        "search",
        Form::Is("text"),
        "A search: `Patient?family=smith`",
    ),
    key(
        "form",
        Form::Is("anyText"),
        "The form body of a search by POST",
    ),
    key("read", Form::Is("text"), "A read: `Patient/1`"),
    key(
        "strict",
        Form::Flag,
        "`Prefer: handling=strict`: what is not known is refused",
    ),
    key(
        "follow",
        Form::Whole(0, 1000),
        "How many `next` links to follow first",
    ),
    key(
        "depends_on_today",
        Form::Flag,
        "The values of the command depend on the day: they are not in the snapshot",
    ),
    Key {
        needed: true,
        ..key("expect", Form::Is("expectation"), "What must come back")
    },
];

/// What a case expects.
const EXPECTATION: [Key; 6] = [
    key(
        "ids",
        Form::Is("anyTexts"),
        "The ids of the page's matches, in their order",
    ),
    key("total", Form::Whole(0, i64::MAX), "The total"),
    key(
        "status",
        Form::Whole(100, 599),
        "The HTTP status; 200 where it is not said",
    ),
    key("code", Form::Is("text"), "The code of a refusal: `PP002`"),
    key(
        "commands",
        Form::Whole(0, i64::MAX),
        "How many commands ran",
    ),
    key("next", Form::Flag, "Whether a `next` link is there"),
];

/// Adds the definitions.
pub(super) fn define(definitions: &mut Map<String, Value>) {
    let mut case = object(&CASE);
    case["oneOf"] = json!([{ "required": ["search"] }, { "required": ["read"] }]);
    definitions.insert(
        "cases".to_owned(),
        json!({ "type": "array", "items": case }),
    );
    definitions.insert("expectation".to_owned(), object(&EXPECTATION));
    definitions.insert(
        "caseName".to_owned(),
        json!({ "type": "string", "pattern": "^[^/\\\\]+$" }),
    );
    definitions.insert(
        "anyTexts".to_owned(),
        json!({ "type": "array", "items": super::reference("anyText") }),
    );
}
