//! `cases.yaml`: searches and reads of the mapping's fixture, with what they must give.

use serde_json::{Map, Value, json};

use super::{object, reference};
use crate::cases::vocabulary::{CASE, COMMANDS, EXPECTATION, IDS, LONGEST_NAME, NAME, PRACTICE};

/// Adds the definitions.
pub(super) fn define(definitions: &mut Map<String, Value>) {
    let mut case = object(&CASE);
    case["oneOf"] =
        json!([{ "required": ["search"] }, { "required": ["read"] }, { "required": ["practice"] }]);
    definitions.insert(
        "cases".to_owned(),
        json!({ "type": "array", "items": case }),
    );
    definitions.insert("expectation".to_owned(), object(&EXPECTATION));
    definitions.insert(
        "caseName".to_owned(),
        json!({ "type": "string", "pattern": NAME, "maxLength": LONGEST_NAME }),
    );
    definitions.insert(
        "anyTexts".to_owned(),
        json!({ "type": "array", "items": reference("anyText") }),
    );
    definitions.insert(
        "expectedIds".to_owned(),
        json!({ "anyOf": [reference("anyTexts"), object(&IDS)] }),
    );
    let number = json!({ "type": "integer", "minimum": 0 });
    definitions.insert(
        "expectedCommands".to_owned(),
        json!({ "anyOf": [number, object(&COMMANDS)] }),
    );
    definitions.insert("isTrue".to_owned(), json!({ "enum": [true, "true"] }));
    definitions.insert("expectedPractice".to_owned(), object(&PRACTICE));
    // A text, or nothing.
    let nothing = json!({ "type": ["array", "null"], "maxItems": 0 });
    definitions.insert(
        "expectedText".to_owned(),
        json!({ "anyOf": [reference("text"), nothing] }),
    );
    // A value, several, or the fields of a resource by its id.
    let value = json!({ "type": ["string", "number", "boolean", "array"] });
    let of_one = json!({ "type": "object", "additionalProperties": value });
    definitions.insert(
        "expectedFields".to_owned(),
        json!({ "type": "object", "additionalProperties": { "anyOf": [value, of_one] } }),
    );
}
