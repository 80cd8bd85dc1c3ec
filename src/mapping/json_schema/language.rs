//! The definitions of the language: what may stand behind the keys of a file.

use serde_json::{Map, Value, json};

use super::super::schema::{COLLATIONS, OTHER_TYPES, TYPES};
use super::super::vocabulary as keys;
use super::{by_name, list, object, one_or_list, reference, values};
use crate::fhir;
use crate::relation::Dialect;

/// Adds them.
pub(super) fn define(definitions: &mut Map<String, Value>) {
    let mut define = |name: &str, value: Value| {
        definitions.insert(name.to_owned(), value);
    };
    // YAML takes `12` and `true` for something else than text; the language does not.
    define(
        "anyText",
        json!({ "type": ["string", "number", "boolean"] }),
    );
    define(
        "text",
        json!({ "type": ["string", "number", "boolean"], "pattern": "\\S" }),
    );
    define("texts", one_or_list("text"));
    define("uri", json!({ "type": "string", "pattern": "^\\S+$" }));
    define("reasons", by_name("text"));
    define("engine", json!({ "enum": Dialect::ALL.map(Dialect::name) }));
    define(
        "collation",
        json!({ "type": "string", "pattern": "\\S", "examples": COLLATIONS }),
    );
    let types: Vec<&str> = TYPES.into_iter().chain(OTHER_TYPES).collect();
    define(
        "type",
        json!({ "type": "string", "pattern": "^\\s*[A-Za-z]", "examples": types }),
    );
    let resources: Vec<&str> = fhir::resource_types().map(|it| it.name()).collect();
    define("resourceType", json!({ "enum": resources }));
    define(
        "sourceName",
        json!({ "type": ["string", "number", "boolean"], "pattern": "^[0-9A-Za-z]{1,20}$" }),
    );
    define("layout", json!({ "type": "string", "pattern": "YYYY" }));
    define("sql", sql());
    define(
        "columnName",
        json!({ "type": "string", "pattern": "^\\s*\\$?[^\\s$].*\\.\\s*\\S", "examples": ["p.SURNAME"] }),
    );
    define(
        "column",
        json!({ "anyOf": [reference("columnName"), object(&keys::FRAGMENT)] }),
    );
    define("columns", one_or_list("column"));
    define("columnTexts", list(reference("column")));
    define("concatParts", list(object(&keys::CONCAT_PART)));
    define(
        "condition",
        json!({ "anyOf": [
            { "type": "string", "pattern": "\\S" },
            { "type": "array", "items": reference("condition") },
            object(&keys::CONDITION),
        ] }),
    );
    define(
        "profile",
        json!({ "anyOf": [reference("uri"), object(&keys::PROFILE), object(&keys::PROFILE_BY_CODE)] }),
    );
    define("profiles", one_or_list("profile"));
    define(
        "moment",
        json!({ "anyOf": [reference("columnName"), reference(values::INSTANT)] }),
    );
    define("lastUpdated", one_or_list("moment"));
    define("requirement", object(&keys::REQUIREMENT));
    define(
        "lookup",
        json!({ "anyOf": [{ "type": "string", "pattern": "\\S\\s+[Oo][Nn]\\s+\\S" }, object(&keys::LOOKUP)] }),
    );
    define("lookups", by_name("lookup"));
    define(
        "child",
        json!({ "anyOf": [{ "type": "string", "pattern": "\\S\\s+[Oo][Nn]\\s+\\S" }, object(&keys::CHILD)] }),
    );
    define("children", by_name("child"));
    define("lacks", object(&keys::LACKS));
    define("practice", object(&keys::PRACTICE));
    define("search", by_name("parameter"));
    define(
        "parameter",
        json!({ "anyOf": [{ "const": "off" }, reference("ownParameter")] }),
    );
    define("elements", json!({ "type": "object" }));
    define("table", object(&keys::TABLE));
    define("tables", by_name("table"));
    define(
        "declaredColumn",
        json!({ "anyOf": [reference("type"), object(&keys::DECLARED_COLUMN)] }),
    );
    define("declaredColumns", by_name("declaredColumn"));
    define(
        "codeEntry",
        json!({ "anyOf": [reference("text"), object(&keys::CODE_ENTRY)] }),
    );
    define(
        "codeEntries",
        json!({ "type": "object", "minProperties": 1, "additionalProperties": reference("codeEntry") }),
    );
    // In the short form `system:` would be a raw value, and is refused.
    let short =
        json!({ "allOf": [reference("codeEntries"), { "not": { "required": ["system"] } }] });
    define(
        "codeTable",
        json!({ "anyOf": [object(&keys::CODE_TABLE), short] }),
    );
    define("codeTables", by_name("codeTable"));
    define(
        "codes",
        json!({ "anyOf": [reference("text"), reference("codeTable")] }),
    );
}

/// A whole number, in quotes or not.
pub(super) fn whole(least: i64, most: i64) -> Value {
    let mut number = json!({ "type": "integer", "minimum": least });
    if most != i64::MAX {
        number["maximum"] = most.into();
    }
    json!({ "anyOf": [number, { "type": "string", "pattern": "^[0-9]+$" }] })
}

/// One text for all engines, or a text for each of some.
fn sql() -> Value {
    let text = json!({ "type": "string", "pattern": "\\S" });
    let of_engine = Dialect::ALL.map(|dialect| (dialect.name().to_owned(), text.clone()));
    json!({
        "anyOf": [
            text,
            {
                "type": "object",
                "additionalProperties": false,
                "minProperties": 1,
                "properties": Map::from_iter(of_engine),
            },
        ],
    })
}
