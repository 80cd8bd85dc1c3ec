//! The parameters of an operation that is asked for by POST: a Parameters resource → the same as a query string,
//! in which they are read (R4 §3.3.1.1).

use serde_json::Value;

use super::reply::Refusal;
use crate::errors;

/// Reads Parameters of primitive values and of Identifiers; an empty body has none. A parameter that repeats is one of several values,
/// apart by commas.
///
/// # Errors
/// [`errors::BODY_NOT_FHIR`]
pub fn parameters(json: &[u8]) -> Result<Vec<u8>, Refusal> {
    if json.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    let body: Value = serde_json::from_slice(json).map_err(|_| refused())?;
    if body.get("resourceType").and_then(Value::as_str) != Some("Parameters") {
        return Err(refused());
    }
    let mut list: Vec<(&str, String)> = Vec::new();
    let given = match body.get("parameter") {
        None => &[],
        Some(given) => given.as_array().ok_or_else(refused)?.as_slice(),
    };
    for parameter in given {
        let name = parameter.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(refused)?;
        let mut fields = parameter.as_object().into_iter().flatten();
        let value = fields
            .find(|(field, _)| field.starts_with("value"))
            .and_then(|(_, value)| match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                Value::Bool(is) => Some(is.to_string()),
                Value::Object(_) if parameter.get("valueIdentifier").is_some() => identifier(value),
                _ => None,
            })
            .ok_or_else(refused)?;
        match list.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(&value);
            }
            None => list.push((name, value)),
        }
    }
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(list);
    Ok(text.finish().into_bytes())
}

/// An Identifier as the value of a token parameter: `system|value`.
fn identifier(identifier: &Value) -> Option<String> {
    let part = |name: &str| {
        let text = identifier.get(name)?.as_str()?;
        let mut escaped = String::with_capacity(text.len());
        for letter in text.chars() {
            if matches!(letter, '\\' | '|' | ',' | '$') {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        Some(escaped)
    };
    let value = part("value")?;
    Some(match part("system") {
        Some(system) => format!("{system}|{value}"),
        None => value,
    })
}

fn refused() -> Refusal {
    Refusal::new(
        errors::BODY_NOT_FHIR,
        "the body is no Parameters resource in JSON whose parameters have a name and a primitive value or an Identifier",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<String> {
        let text = parameters(json.as_bytes()).ok()?;
        Some(String::from_utf8(text).expect("a query string is ASCII"))
    }

    #[test]
    fn parameters_are_read_as_a_query_string() {
        let json = r#"{"resourceType":"Parameters","parameter":[
            {"name":"start","valueDate":"2026-01-01"},
            {"name":"_type","valueCode":"Observation"},
            {"name":"_type","valueCode":"Condition"},
            {"name":"_count","valueInteger":5}]}"#;
        let expected = "start=2026-01-01&_type=Observation%2CCondition&_count=5";
        assert_eq!(read(json).as_deref(), Some(expected));
        assert_eq!(read(" ").as_deref(), Some(""));
        assert_eq!(
            read(r#"{"resourceType":"Parameters"}"#).as_deref(),
            Some("")
        );
    }

    #[test]
    fn an_identifier_is_read_as_a_token() {
        let of = |identifier: &str| {
            let json = format!(
                r#"{{"resourceType":"Parameters","parameter":[{{"name":"identifier","valueIdentifier":{identifier}}}]}}"#
            );
            read(&json)
        };
        let whole = of(r#"{"system":"urn:x","value":"a|b","use":"usual"}"#);
        assert_eq!(whole.as_deref(), Some("identifier=urn%3Ax%7Ca%5C%7Cb"));
        assert_eq!(of(r#"{"value":"1"}"#).as_deref(), Some("identifier=1"));
        assert_eq!(of(r#"{"system":"urn:x"}"#), None);
    }

    #[test]
    fn anything_else_is_refused() {
        for json in [
            "{",
            "[]",
            r#"{"resourceType":"Bundle"}"#,
            r#"{"resourceType":"Parameters","parameter":{}}"#,
            r#"{"resourceType":"Parameters","parameter":[{"valueDate":"2026"}]}"#,
            r#"{"resourceType":"Parameters","parameter":[{"name":"start"}]}"#,
            r#"{"resourceType":"Parameters","parameter":[{"name":"start","valuePeriod":{}}]}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
