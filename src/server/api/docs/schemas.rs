//! Schemas of the document → tables of fields.

use serde_json::Value;

use super::html::{escaped, fields, inline, items, name_of, paragraphs, text};

/// All schemas.
pub fn section(document: &Value) -> String {
    let mut html = String::from("<section id=\"schemas\"><h2>Schemas</h2>\n");
    for (name, schema) in fields(&document["components"]["schemas"]) {
        let id = escaped(name);
        html.push_str(&format!(
            "<section class=\"schema\" id=\"schema-{id}\"><h3>{id} <a class=\"anchor\" href=\"#schema-{id}\" \
             aria-label=\"Link to {id}\">#</a></h3>\n{}",
            paragraphs(text(schema, "description"))
        ));
        match schema["properties"].is_object() {
            true => html.push_str(&table(schema)),
            false => html.push_str(&format!("<p>{}</p>", kind(schema))),
        }
        html.push_str("</section>\n");
    }
    html.push_str("</section>");
    html
}

/// A schema's fields.
fn table(schema: &Value) -> String {
    let mut rows = String::new();
    push_rows(&mut rows, "", schema);
    format!(
        "<div class=\"wide\"><table><thead><tr><th>Field</th><th>Value</th><th>Meaning</th></tr></thead>\n\
         <tbody>{rows}</tbody></table></div>\n"
    )
}

fn push_rows(rows: &mut String, outer: &str, schema: &Value) {
    let required: Vec<&str> = items(&schema["required"])
        .filter_map(Value::as_str)
        .collect();
    for (name, field) in fields(&schema["properties"]) {
        let is_required = required.contains(&name);
        let path = format!("{outer}{name}");
        let note = match is_required {
            true => " <span class=\"required\">required</span>",
            false => "",
        };
        rows.push_str(&format!(
            "<tr><td><code>{}</code>{note}</td><td>{}</td><td>{}</td></tr>\n",
            escaped(&path),
            kind(field),
            inline(meaning(field))
        ));
        push_rows(rows, &format!("{path}."), field);
    }
}

/// What is said of a field; of one that may be null, what is said of its value.
fn meaning(field: &Value) -> &str {
    let choices = items(&field["oneOf"]).map(|choice| text(choice, "description"));
    let mut texts = std::iter::once(text(field, "description")).chain(choices);
    texts.find(|text| !text.is_empty()).unwrap_or_default()
}

/// What a value is, in words: `list of Parameter or null`, `integer, 0 to 60000`.
pub fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escaped(name_of(reference));
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if schema[choice].is_array() {
            let mut kinds: Vec<String> = items(&schema[choice]).map(kind).collect();
            // What there is comes before that it may be missing.
            kinds.sort_by_key(|kind| kind == "null");
            return kinds.join(" or ");
        }
    }
    if schema["enum"].is_array() {
        let names = items(&schema["enum"]).map(|name| match name.as_str() {
            Some(name) => format!("<code>{}</code>", escaped(name)),
            None => escaped(&name.to_string()),
        });
        let names: Vec<String> = names.collect();
        return names.join(", ") + &note(schema, "default", " by default");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => vec!["anything"],
    };
    let types = types.into_iter().map(|name| match name {
        "array" => format!("list of {}", kind(&schema["items"])),
        other => escaped(other),
    });
    let mut html = types.collect::<Vec<_>>().join(" or ");
    html.push_str(&constraints(schema));
    html
}

fn constraints(schema: &Value) -> String {
    let mut html = String::new();
    for name in ["format", "contentEncoding"] {
        // How many bits a number has says nothing to a reader.
        if let Some(value) = schema[name]
            .as_str()
            .filter(|value| !value.starts_with("int"))
        {
            html.push_str(&format!(", {}", escaped(value)));
        }
    }
    html.push_str(&range(&schema["minimum"], &schema["maximum"], ""));
    html.push_str(&range(
        &schema["minLength"],
        &schema["maxLength"],
        " characters",
    ));
    html.push_str(&range(&schema["minItems"], &schema["maxItems"], " items"));
    if let Some(pattern) = schema["pattern"].as_str() {
        html.push_str(&format!(", as <code>{}</code>", escaped(pattern)));
    }
    html.push_str(&note(schema, "default", " by default"));
    html
}

fn range(least: &Value, most: &Value, of: &str) -> String {
    match (least, most) {
        (Value::Null, Value::Null) => String::new(),
        (least, Value::Null) if !of.is_empty() && *least == 1 => ", not empty".to_owned(),
        (least, Value::Null) => format!(", {least}{of} or more"),
        (Value::Null, most) => format!(", {most}{of} or fewer"),
        (least, most) => format!(", {least} to {most}{of}"),
    }
}

fn note(schema: &Value, name: &str, words: &str) -> String {
    match &schema[name] {
        Value::Null => String::new(),
        Value::String(value) => format!("; <code>{}</code>{words}", escaped(value)),
        value => format!("; {}{words}", escaped(&value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_put_in_words() {
        for (schema, expected) in [
            (json!({"type": "string", "format": "uuid"}), "string, uuid"),
            (
                json!({"type": ["integer", "null"], "format": "int64", "minimum": 0, "maximum": 9, "default": 3}),
                "integer or null, 0 to 9; 3 by default",
            ),
            (
                json!({"type": "array", "items": {"$ref": "#/components/schemas/Page"}}),
                "list of <a href=\"#schema-Page\">Page</a>",
            ),
            (
                json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/A"}]}),
                "<a href=\"#schema-A\">A</a> or null",
            ),
            (
                json!({"type": "string", "enum": ["a", "b"]}),
                "<code>a</code>, <code>b</code>",
            ),
            (
                json!({"type": "string", "minLength": 1, "pattern": "<"}),
                "string, not empty, as <code>&lt;</code>",
            ),
        ] {
            assert_eq!(kind(&schema), expected, "{schema}");
        }
    }
}
