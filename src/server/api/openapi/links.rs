//! Links: which operation goes on with what another one answered, so that a program that reads the document finds the way from
//! a query that is sent to its rows, and from a registered one to its results.

use utoipa::openapi::RefOr;
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::path::Operation;

/// The operation that makes a query → those that ask for it by its id. A page is asked for by its number too: the first.
const LINKS: [(&str, &[&str]); 2] = [
    ("sendAsyncQuery", &["getQuery", "getPage", "streamPage"]),
    (
        "registerQuery",
        &[
            "getRegisteredQuery",
            "getRegisteredResult",
            "cancelRegisteredQuery",
        ],
    ),
];
const PAGED: [&str; 2] = ["getPage", "streamPage"];

/// Adds an operation's links to its answers of success. `prefix` is that of the ids of its surface.
pub fn add(operation: &mut Operation, prefix: &str) {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let own = id.strip_prefix(prefix).unwrap_or(id);
    let Some((_, targets)) = LINKS.iter().find(|(source, _)| *source == own) else {
        return;
    };
    let answers = operation.responses.responses.iter_mut();
    for (_, answer) in answers.filter(|(status, _)| status.starts_with('2')) {
        let RefOr::T(answer) = answer else { continue };
        for target in *targets {
            let link = link(&format!("{prefix}{target}"), PAGED.contains(target));
            answer.links.insert((*target).to_owned(), RefOr::T(link));
        }
    }
}

fn link(to: &str, is_paged: bool) -> Link {
    let link = LinkBuilder::new()
        .operation_id(to)
        .parameter("siteId", "$request.path.siteId")
        .parameter("queryId", "$response.body#/id");
    match is_paged {
        true => link.parameter("pageNumber", "1"),
        false => link,
    }
    .build()
}
