//! An operation → a request that can be typed into a shell.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::html::{fields, items, text};

/// What the examples take for granted.
pub const PREPARED: &str = "PILASTER=http://127.0.0.1:8080\nKEY=…      # a subscription key\nTOKEN=…    # a device's token\nSITE=…     # a site's id\nQUERY=…    # a query's id";

/// What need not be written otherwise in a query string.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b',');

/// The command of a request; None of a method that is another's without its body.
pub fn command(path: &str, method: &str, operation: &Value) -> Option<String> {
    if method == "head" {
        return None;
    }
    let mut parts = vec![format!(
        "curl \"$PILASTER{}{}\"",
        filled(path),
        query(operation)
    )];
    if method == "delete" {
        parts[0].insert_str("curl".len(), " -X DELETE");
    }
    let is_device = items(&operation["security"]).any(|one| one.get("deviceToken").is_some());
    match is_device {
        true => {
            parts.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
            parts.push("-H \"DeviceId: desk-7\"".to_owned());
        }
        false => parts.push("-H \"Ocp-Apim-Subscription-Key: $KEY\"".to_owned()),
    }
    let body = fields(&operation["requestBody"]["content"]).next();
    match body {
        Some((media_type, content)) if media_type.ends_with("json") => {
            parts.push(format!("-H \"Content-Type: {media_type}\""));
            let body = content.get("example").map_or_else(
                || "@body.json".to_owned(),
                |example| quoted(&example.to_string()),
            );
            parts.push(format!("-d {body}"));
        }
        Some((_, content)) => {
            let examples = fields(&content["example"]);
            let fields: Vec<String> = examples
                .map(|(name, value)| {
                    let value = value.as_str().unwrap_or_default();
                    let field = format!("{name}={value}");
                    // Names of the shell's own stay to be filled in.
                    match value.starts_with('$') {
                        true => format!("--data-urlencode \"{field}\""),
                        false => format!("--data-urlencode {}", quoted(&field)),
                    }
                })
                .collect();
            parts.extend(fields);
        }
        None if method == "post" => parts[0].insert_str("curl".len(), " -X POST"),
        None => {}
    }
    Some(parts.join(" \\\n  "))
}

/// A path whose names are filled in, within double quotes.
fn filled(path: &str) -> String {
    let names = [
        ("$", "\\$"),
        ("{siteId}", "$SITE"),
        ("{queryId}", "$QUERY"),
        ("{pageNumber}", "1"),
        ("{compartment}", "Patient"),
        (
            "{type}",
            if path.contains("{compartment}") {
                "Condition"
            } else {
                "Patient"
            },
        ),
        ("{id}", "12"),
    ];
    let fill = |path: String, (name, value): (&str, &str)| path.replace(name, value);
    names.into_iter().fold(path.to_owned(), fill)
}

/// The parameters that have an example, which those that are needed have.
fn query(operation: &Value) -> String {
    let parameters = items(&operation["parameters"]);
    let parameters = parameters.filter(|parameter| text(parameter, "in") == "query");
    let pair = |name: &str, value: &Value| {
        let value = value.as_str()?;
        Some(format!("{name}={}", utf8_percent_encode(value, PLAIN)))
    };
    let pairs = parameters.flat_map(|parameter| {
        let example = &parameter["example"];
        // A map of parameters, each by its own name.
        let each = fields(example).map(|(name, value)| pair(name, value));
        each.chain([pair(text(parameter, "name"), example)])
    });
    let pairs: Vec<String> = pairs.flatten().collect();
    match pairs.is_empty() {
        true => String::new(),
        false => format!("?{}", pairs.join("&")),
    }
}

/// A word of the shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_can_be_typed() {
        let operation = json!({
            "security": [{"subscriptionKey": []}],
            "requestBody": {"content": {"application/json": {"example": {"text": "it's"}}}}
        });
        assert_eq!(
            command("/sites/{siteId}/$everything", "post", &operation).as_deref(),
            Some(
                "curl \"$PILASTER/sites/$SITE/\\$everything\" \\\n  -H \"Ocp-Apim-Subscription-Key: $KEY\" \\\n  \
                  -H \"Content-Type: application/json\" \\\n  -d '{\"text\":\"it'\\''s\"}'"
            )
        );
        let operation = json!({
            "security": [{"deviceToken": [], "deviceId": []}],
            "parameters": [
                {"in": "query", "name": "a", "example": "Best Practice"},
                {"in": "query", "name": "any", "example": {"_count": "5", "_type": "A,B"}},
                {"in": "query", "name": "none"}
            ]
        });
        assert_eq!(
            command("/x/{queryId}", "delete", &operation).as_deref(),
            Some(
                "curl -X DELETE \"$PILASTER/x/$QUERY?a=Best%20Practice&_count=5&_type=A,B\" \\\n  -H \"Authorization: Bearer $TOKEN\" \\\n  \
                  -H \"DeviceId: desk-7\""
            )
        );
    }
}
