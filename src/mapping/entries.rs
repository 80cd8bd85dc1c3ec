//! Entries of a list → a path for each, by which a person knows it: `identifier[system=ihi]`.

use super::model::{Entry, Node};

/// The paths of a list's entries: told apart by what is constant in them, else by their places.
pub fn entry_paths(path: &str, entries: &[Entry]) -> Vec<String> {
    if let [_] = entries {
        return vec![path.to_owned()];
    }
    let marks: Vec<Option<String>> = entries.iter().map(|entry| mark(&entry.node)).collect();
    let is_own = |mark: &Option<String>| marks.iter().filter(|other| *other == mark).count() == 1;
    marks
        .iter()
        .enumerate()
        .map(|(place, mark)| match mark {
            Some(text) if is_own(mark) => format!("{path}[{text}]"),
            Some(text) => format!("{path}[{text}, {}]", place + 1),
            None => format!("{path}[{}]", place + 1),
        })
        .collect()
}

/// What an entry is known by: `system=phone, use=mobile`.
fn mark(node: &Node) -> Option<String> {
    let mut marks = Vec::new();
    for name in ["url", "system", "use", "type", "code"] {
        // What else there is tells apart only entries that have nothing of the first.
        if !marks.is_empty() && matches!(name, "type" | "code") {
            break;
        }
        let constant = match node {
            Node::Object(object) => object.fields.iter().find_map(|field| match &field.node {
                Node::Constant(json) if *field.name == *name => {
                    serde_json::from_str::<serde_json::Value>(json).ok()
                }
                _ => None,
            }),
            Node::Constant(json) => serde_json::from_str::<serde_json::Value>(json)
                .ok()
                .and_then(|object| object.get(name).cloned()),
            Node::When(_, inner) => return mark(inner),
            _ => None,
        };
        let concept = |of: &serde_json::Value| {
            let text = of.get("text").or_else(|| of.pointer("/coding/0/code"))?;
            text.as_str().map(str::to_owned)
        };
        let text = constant.and_then(|it| it.as_str().map(str::to_owned).or_else(|| concept(&it)));
        marks.extend(text.map(|text| format!("{name}={}", ending(&text))));
    }
    (!marks.is_empty()).then(|| marks.join(", "))
}

/// Of a URL, the end says which it is; where that is a version, with what is before it.
fn ending(text: &str) -> &str {
    let is_url = text.contains("://") && !text.ends_with('/');
    let mut parts = text.rmatch_indices('/').map(|(at, _)| &text[at + 1..]);
    match (is_url, parts.next(), parts.next()) {
        (true, Some(end), Some(more)) if end.starts_with(|c: char| c.is_ascii_digit()) => more,
        (true, Some(end), _) => end,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn an_entry_is_known_by_what_is_constant_in_it() {
        let of = |json: &str| mark(&Node::Constant(Arc::from(json)));
        let system = r#"{"system":"http://ns.electronichealth.net.au/id/hi/ihi/1.0","value":"1"}"#;
        assert_eq!(of(system).as_deref(), Some("system=ihi/1.0"));
        let code = r#"{"code":{"coding":[{"code":"8480-6"}]},"value":1}"#;
        assert_eq!(of(code).as_deref(), Some("code=8480-6"));
        assert_eq!(of(r#"{"type":"postal"}"#).as_deref(), Some("type=postal"));
        assert_eq!(of(r#"{"value":"1"}"#), None);
    }
}
