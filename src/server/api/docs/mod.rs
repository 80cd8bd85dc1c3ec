//! The description of all paths, for programs and for people: `/openapi.json`, and a page that is made of it.
//!
//! The page is plain HTML and CSS, written here once: it needs no script and loads nothing from elsewhere, so that it can be read
//! on any device, and under the strictest policy that a page can have. Nothing of it depends on a request.

mod example;
mod html;
mod operations;
mod schemas;

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use serde_json::Value;

use super::description;
use crate::server::app::App;
use crate::server::asset::Asset;
use crate::server::explorer::PALETTE;
use html::{escaped, text};

/// What is served of a description.
struct Documentation {
    json: Asset,
    page: Asset,
}

impl Documentation {
    fn of(has_cloud: bool) -> Documentation {
        let description = description(has_cloud);
        // Texts, numbers, lists and maps by text, which JSON always has.
        let value = serde_json::to_value(&description).unwrap_or_default();
        Documentation {
            json: Asset::new("application/json", value.to_string()),
            page: Asset::new("text/html; charset=utf-8", rendered(&value)),
        }
    }
}

static WHOLE: LazyLock<Documentation> = LazyLock::new(|| Documentation::of(true));
static FHIR_ALONE: LazyLock<Documentation> = LazyLock::new(|| Documentation::of(false));
static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let style = format!("{PALETTE}\n{}", include_str!("docs.css"));
    Asset::new("text/css; charset=utf-8", style)
});

fn documentation(app: &App) -> &'static Documentation {
    match app.cloud {
        Some(_) => &WHOLE,
        None => &FHIR_ALONE,
    }
}

/// Answers `/openapi.json`.
pub async fn document(State(app): State<Arc<App>>, headers: HeaderMap) -> Response<Body> {
    documentation(&app).json.answer(&headers)
}

/// Answers `/docs`.
pub async fn page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response<Body> {
    documentation(&app).page.answer(&headers)
}

/// Answers `/docs/style.css`.
pub async fn style(headers: HeaderMap) -> Response<Body> {
    STYLE.answer(&headers)
}

/// The page of a document.
fn rendered(document: &Value) -> String {
    let info = &document["info"];
    let (title, version) = (escaped(text(info, "title")), escaped(text(info, "version")));
    let about = html::paragraphs(text(info, "description"));
    let summary = escaped(env!("CARGO_PKG_DESCRIPTION"));
    let contents = operations::contents(document);
    let access = access(document);
    let operations = operations::sections(document);
    let webhooks = operations::webhooks(document);
    let refusals = operations::refusals(document);
    let schemas = schemas::section(document);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} API</title>\n<link rel=\"stylesheet\" href=\"/docs/style.css\">\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">To the text</a>\n\
         <header><h1>{title} API <span class=\"version\">{version}</span></h1><p>{summary}. \
         <a href=\"/openapi.json\">openapi.json</a> says the same to programs.</p></header>\n\
         {contents}\n<main id=\"main\">\n<section id=\"about\">{about}</section>\n{access}\n{operations}\n{webhooks}{refusals}\n{schemas}\n\
         </main>\n</body>\n</html>\n"
    )
}

/// How one authenticates, and what the examples take for granted.
fn access(document: &Value) -> String {
    let mut html = String::from("<section id=\"access\"><h2>Access</h2>\n<dl class=\"access\">\n");
    for (_, scheme) in html::fields(&document["components"]["securitySchemes"]) {
        let how = match text(scheme, "type") {
            "http" => "<code>Authorization: Bearer …</code>".to_owned(),
            _ => {
                let place = match text(scheme, "in") {
                    "query" => "query parameter",
                    _ => "header",
                };
                format!("{place} <code>{}</code>", escaped(text(scheme, "name")))
            }
        };
        let about = html::inline(text(scheme, "description"));
        html.push_str(&format!("<dt>{how}</dt><dd>{about}</dd>\n"));
    }
    html.push_str("</dl>\n<p>The examples go by these:</p>\n");
    html.push_str(&format!(
        "<pre>{}</pre></section>",
        escaped(example::PREPARED)
    ));
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every value of an attribute.
    fn attributes<'h>(html: &'h str, name: &str) -> Vec<&'h str> {
        let mark = format!(" {name}=\"");
        let rest = html.split(mark.as_str()).skip(1);
        rest.filter_map(|rest| rest.split('"').next()).collect()
    }

    fn page(has_cloud: bool) -> (Value, String) {
        let document = serde_json::to_value(description(has_cloud)).expect("JSON");
        let page = rendered(&document);
        (document, page)
    }

    #[test]
    fn every_link_leads_somewhere_and_nowhere_else() {
        for has_cloud in [true, false] {
            let (_, page) = page(has_cloud);
            let ids = attributes(&page, "id");
            let known: BTreeSet<&str> = ids.iter().copied().collect();
            assert_eq!(ids.len(), known.len(), "an id is there twice");
            for link in attributes(&page, "href") {
                let is_there = match link.strip_prefix('#') {
                    Some(id) => known.contains(id),
                    None => ["/openapi.json", "/docs/style.css"].contains(&link),
                };
                assert!(is_there, "{link}");
            }
        }
    }

    #[test]
    fn the_page_needs_no_script_and_has_no_style_of_its_own() {
        let (_, page) = page(true);
        for never in ["<script", "<style", "style=\"", "<img", "src=", " on"] {
            let found = page.match_indices(never).find(|(place, _)| {
                // Words that begin with `on` are no attributes.
                never != " on"
                    || page[place + 1..]
                        .split(['=', ' ', '<', '.', ','])
                        .next()
                        .is_some_and(|name| page[place + 1 + name.len()..].starts_with("=\""))
            });
            assert_eq!(found, None, "{never}");
        }
    }

    #[test]
    fn every_operation_and_every_schema_is_on_the_page() {
        let (document, page) = page(true);
        for (path, item) in html::fields(&document["paths"]) {
            for (method, operation) in html::fields(item) {
                let id = format!(" id=\"op-{}\"", text(operation, "operationId"));
                assert!(page.contains(&id), "{method} {path}");
            }
        }
        for (name, item) in html::fields(&document["webhooks"]) {
            let operation = &item["post"];
            assert!(page.contains(&format!(" id=\"op-{}\"", text(operation, "operationId"))));
            for header in html::items(&operation["parameters"]) {
                assert!(page.contains(text(header, "name")), "{name}");
            }
        }
        assert!(page.contains("href=\"#webhooks\""));
        for (name, _) in html::fields(&document["components"]["schemas"]) {
            assert!(page.contains(&format!(" id=\"schema-{name}\"")), "{name}");
        }
    }

    #[test]
    fn elements_are_closed() {
        let (_, page) = page(true);
        for name in [
            "section", "table", "tr", "td", "th", "dl", "dt", "dd", "ul", "li", "p", "pre", "code",
            "details", "a", "nav", "h2", "h3", "h4", "div", "span",
        ] {
            let opened = page.matches(&format!("<{name}>")).count()
                + page.matches(&format!("<{name} ")).count();
            assert_eq!(
                opened,
                page.matches(&format!("</{name}>")).count(),
                "{name}"
            );
        }
    }
}
