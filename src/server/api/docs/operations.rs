//! Operations of the document → sections, by tag; and the responses that they have in common.

use serde_json::Value;

use super::example;
use super::html::{
    escaped, fields, inline, items, name_of, paragraphs, path as broken, slug, text,
};
use super::schemas::kind;

/// The methods, in the order of the page.
const METHODS: [&str; 4] = ["get", "head", "post", "delete"];

/// An operation, and where it is.
struct Placed<'d> {
    path: &'d str,
    method: &'static str,
    operation: &'d Value,
}

/// The operations of a tag, in the order of their paths.
fn tagged<'d>(document: &'d Value, tag: &'d str) -> Vec<Placed<'d>> {
    let paths = fields(&document["paths"]);
    let all = paths.flat_map(|(path, item)| {
        METHODS.into_iter().filter_map(move |method| {
            let operation = item.get(method)?;
            Some(Placed {
                path,
                method,
                operation,
            })
        })
    });
    all.filter(|placed| items(&placed.operation["tags"]).any(|own| own == tag))
        .collect()
}

/// The tags that have operations, with these.
fn groups(document: &Value) -> Vec<(&Value, Vec<Placed<'_>>)> {
    let tags = items(&document["tags"]);
    let groups = tags.map(|tag| (tag, tagged(document, text(tag, "name"))));
    groups
        .filter(|(_, operations)| !operations.is_empty())
        .collect()
}

/// The table of contents.
pub fn contents(document: &Value) -> String {
    let mut html = String::from(
        "<nav aria-label=\"Contents\"><ul>\n<li><a href=\"#access\">Access</a></li>\n",
    );
    for (tag, operations) in groups(document) {
        let name = text(tag, "name");
        html.push_str(&format!(
            "<li><a href=\"#{}\">{}</a>\n<ul>",
            slug(name),
            escaped(name)
        ));
        for Placed {
            method, operation, ..
        } in operations
        {
            html.push_str(&format!(
                "<li><a href=\"#op-{}\"><span class=\"method {method}\">{}</span> {}</a></li>\n",
                escaped(text(operation, "operationId")),
                method.to_uppercase(),
                escaped(text(operation, "summary"))
            ));
        }
        html.push_str("</ul></li>\n");
    }
    if document["webhooks"].is_object() {
        html.push_str("<li><a href=\"#webhooks\">Webhooks</a></li>\n");
    }
    html.push_str("<li><a href=\"#refusals\">Refusals</a></li>\n<li><a href=\"#schemas\">Schemas</a></li>\n</ul></nav>");
    html
}

/// A section of each tag.
pub fn sections(document: &Value) -> String {
    let mut html = String::new();
    for (tag, operations) in groups(document) {
        let name = text(tag, "name");
        html.push_str(&format!(
            "<section id=\"{}\"><h2>{}</h2>\n{}",
            slug(name),
            escaped(name),
            paragraphs(text(tag, "description"))
        ));
        for placed in &operations {
            html.push_str(&section(placed));
        }
        html.push_str("</section>\n");
    }
    html
}

/// What the server sends by itself; nothing where it sends nothing.
pub fn webhooks(document: &Value) -> String {
    let mut html = String::new();
    for (_, item) in fields(&document["webhooks"]) {
        let placed = Placed {
            path: "your own URL",
            method: "post",
            operation: &item["post"],
        };
        html.push_str(&described(&placed));
        html.push_str("</section>\n");
    }
    match html.is_empty() {
        true => html,
        false => format!("<section id=\"webhooks\"><h2>Webhooks</h2>\n{html}</section>\n"),
    }
}

fn section(placed: &Placed<'_>) -> String {
    let mut html = described(placed);
    let Placed {
        path,
        method,
        operation,
    } = placed;
    if let Some(command) = example::command(path, method, operation) {
        html.push_str(&format!(
            "<details><summary>Example</summary><pre>{}</pre></details>\n",
            escaped(&command)
        ));
    }
    html.push_str("</section>\n");
    html
}

/// The beginning of an operation's section, to its answers.
fn described(placed: &Placed<'_>) -> String {
    let Placed {
        path,
        method,
        operation,
    } = placed;
    let id = escaped(text(operation, "operationId"));
    let summary = escaped(text(operation, "summary"));
    let mut html = format!(
        "<section class=\"operation\" id=\"op-{id}\"><h3>{summary} <a class=\"anchor\" href=\"#op-{id}\" \
         aria-label=\"Link to {summary}\">#</a></h3>\n\
         <p class=\"path\"><span class=\"method {method}\">{}</span> <code>{}</code></p>\n{}",
        method.to_uppercase(),
        broken(path),
        paragraphs(text(operation, "description"))
    );
    html.push_str(&parameters(operation));
    html.push_str(&body(&operation["requestBody"]));
    html.push_str(&answers(operation));
    html
}

fn parameters(operation: &Value) -> String {
    let mut rows = String::new();
    for parameter in items(&operation["parameters"]) {
        let note = match parameter["required"].as_bool() {
            Some(true) => " <span class=\"required\">required</span>",
            _ => "",
        };
        rows.push_str(&format!(
            "<tr><td><code>{}</code>{note}</td><td>{}: {}</td><td>{}</td></tr>\n",
            escaped(text(parameter, "name")),
            escaped(text(parameter, "in")),
            kind(&parameter["schema"]),
            inline(text(parameter, "description"))
        ));
    }
    match rows.is_empty() {
        true => rows,
        false => format!(
            "<h4>Parameters</h4>\n<div class=\"wide\"><table><thead><tr><th>Name</th><th>Value</th><th>Meaning</th></tr></thead>\
             <tbody>{rows}</tbody></table></div>\n"
        ),
    }
}

fn body(body: &Value) -> String {
    let forms = forms(&body["content"]);
    match forms.is_empty() {
        true => forms,
        false => format!("<h4>Body</h4>\n<p>{forms}</p>\n"),
    }
}

/// What a content is, with the media types that it can have.
fn forms(content: &Value) -> String {
    let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
    for (media_type, content) in fields(content) {
        let kind = kind(&content["schema"]);
        let media_type = format!("<code>{}</code>", escaped(media_type));
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, types)) => types.push(media_type),
            None => kinds.push((kind, vec![media_type])),
        }
    }
    let kinds = kinds.into_iter();
    let kinds = kinds.map(|(kind, types)| format!("{kind} as {}", types.join(", ")));
    kinds.collect::<Vec<_>>().join("; ")
}

fn answers(operation: &Value) -> String {
    let mut html = String::from("<h4>Answers</h4>\n<dl class=\"answers\">\n");
    let mut others = Vec::new();
    for (status, response) in fields(&operation["responses"]) {
        match response["$ref"].as_str() {
            Some(reference) => others.push(format!(
                "<a href=\"#refusal-{}\">{}</a>",
                escaped(name_of(reference)),
                escaped(status)
            )),
            None => html.push_str(&answer(status, response)),
        }
    }
    if !others.is_empty() {
        html.push_str(&format!("<dt>others</dt><dd>{}</dd>\n", others.join(", ")));
    }
    html.push_str("</dl>\n");
    html
}

fn answer(status: &str, response: &Value) -> String {
    let about = inline(text(response, "description"));
    let mut html = format!("<dt>{}</dt><dd>{about}", escaped(status));
    let forms = forms(&response["content"]);
    if !forms.is_empty() {
        html.push_str(&format!("<br>{forms}"));
    }
    let headers: Vec<String> = fields(&response["headers"])
        .map(|(name, header)| {
            let about = inline(text(header, "description"));
            format!("<code>{}</code> {about}", escaped(name))
        })
        .collect();
    if !headers.is_empty() {
        html.push_str(&format!("<br>Headers: {}", headers.join(" ")));
    }
    html.push_str("</dd>\n");
    html
}

/// The responses that operations have in common, with their codes.
pub fn refusals(document: &Value) -> String {
    let mut html = String::from("<section id=\"refusals\"><h2>Refusals</h2>\n");
    for (name, response) in fields(&document["components"]["responses"]) {
        let id = escaped(name);
        html.push_str(&format!(
            "<section class=\"refusal\" id=\"refusal-{id}\"><h3>{id}</h3>\n{}<p>{}</p></section>\n",
            paragraphs(text(response, "description")),
            forms(&response["content"])
        ));
    }
    html.push_str("</section>");
    html
}
