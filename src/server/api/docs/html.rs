//! Texts of the document → HTML; and what is asked of JSON.

use serde_json::Value;

/// A field's text; nothing where there is none.
pub fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// The fields of an object; none of anything else.
pub fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.as_str(), value))
}

/// The items of a list; none of anything else.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The last part of a reference: `Query` of `#/components/schemas/Query`.
pub fn name_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or_default()
}

/// A text of HTML, also in the value of an attribute.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

/// A name as part of an id: letters, digits and hyphens.
pub fn slug(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            letter if letter.is_ascii_alphanumeric() => letter.to_ascii_lowercase(),
            _ => '-',
        })
        .collect()
}

/// Markdown within a line: `code` and **strong**.
pub fn inline(markdown: &str) -> String {
    let mut html = String::new();
    for (place, part) in markdown.split('`').enumerate() {
        if place % 2 == 1 {
            html.push_str(&format!("<code>{}</code>", escaped(part)));
            continue;
        }
        for (place, part) in part.split("**").enumerate() {
            match place % 2 {
                1 => html.push_str(&format!("<strong>{}</strong>", escaped(part))),
                _ => html.push_str(&escaped(part)),
            }
        }
    }
    html
}

/// Markdown of paragraphs and lists.
pub fn paragraphs(markdown: &str) -> String {
    let mut html = String::new();
    for block in markdown
        .split("\n\n")
        .filter(|block| !block.trim().is_empty())
    {
        let is_list = block.trim_start().starts_with("- ");
        match is_list {
            true => {
                html.push_str("<ul>");
                for item in block
                    .lines()
                    .filter_map(|line| line.trim().strip_prefix("- "))
                {
                    html.push_str(&format!("<li>{}</li>", inline(item)));
                }
                html.push_str("</ul>");
            }
            false => html.push_str(&format!("<p>{}</p>", inline(block.trim()))),
        }
    }
    html
}

/// A path that may be broken behind its slashes.
pub fn path(path: &str) -> String {
    escaped(path).replace('/', "/<wbr>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_taken_for_html() {
        assert_eq!(
            escaped("<a b=\"c\">&'"),
            "&lt;a b=&quot;c&quot;&gt;&amp;&#39;"
        );
        assert_eq!(
            inline("**a** `<b>` c"),
            "<strong>a</strong> <code>&lt;b&gt;</code> c"
        );
        assert_eq!(
            paragraphs("One.\n\n- `a` b\n- c\n"),
            "<p>One.</p><ul><li><code>a</code> b</li><li>c</li></ul>"
        );
        assert_eq!(slug("SQL passthrough"), "sql-passthrough");
    }
}
