//! Pages of an async query's result: as base64 in JSON, and as the rows themselves.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use futures_util::stream;

use super::frame::answer;
use super::refusal;
use super::wire::{self, PageData};
use crate::errors;
use crate::gateway::id::QueryId;
use crate::gateway::integrator::Scope;
use crate::gateway::query::{Page, Query};
use crate::gateway::service::Gateway;
use crate::journal::What;
use crate::server::app::App;
use crate::server::reply::{self, Refusal};
use crate::store::PageFound;

/// Bytes of a chunk of rows that are streamed.
const CHUNK: usize = 64 << 10;

/// Fetch a page of a result
#[utoipa::path(get, path = "/{queryId}/results/{pageNumber}", operation_id = "getPage", responses(
    (status = 200, description = "The page's rows, as base64", body = PageData<'_>),
))]
pub async fn page(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(app, request, "sql-page", None, async |asked, trail| {
        let (id, number) = (asked.query()?, number(asked.came.segment("pageNumber"))?);
        let streamed = false;
        asked.came.note.what(What::Page { number, streamed });
        let (gateway, scope) = (asked.gateway(), asked.scope());
        let (page, rows) = found(gateway, scope, id, number).await?;
        trail.entries = count(&page);
        let query = query(gateway, scope, id).await?;
        let outcome = query.outcome.as_ref();
        let parameters = outcome.map_or(&[][..], |outcome| &outcome.parameters);
        let json = wire::page(&rows, parameters);
        let mut response = reply::json_text(StatusCode::OK, json);
        describe(&mut response, &page);
        Ok(response)
    })
    .await
}

/// Fetch the rows of a page as they are
#[utoipa::path(get, path = "/{queryId}/results/{pageNumber}/stream", operation_id = "streamPage", responses(
    (status = 200, description = "The page's rows: an array of objects that have a property for each column",
        body = Vec<Object>),
))]
pub async fn stream(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(app, request, "sql-stream", None, async |asked, trail| {
        let (id, number) = (asked.query()?, number(asked.came.segment("pageNumber"))?);
        let streamed = true;
        asked.came.note.what(What::Page { number, streamed });
        let (page, rows) = found(asked.gateway(), asked.scope(), id, number).await?;
        trail.entries = count(&page);
        let mut response = reply::json_text(StatusCode::OK, Vec::new());
        describe(&mut response, &page);
        *response.body_mut() = Body::from_stream(stream::iter(chunks(rows)));
        Ok(response)
    })
    .await
}

/// A page with its rows.
async fn found(
    gateway: &Gateway,
    scope: &Scope,
    id: QueryId,
    number: u32,
) -> Result<(Page, Bytes), Refusal> {
    let found = gateway.page(scope, id, number).await;
    match found.map_err(refusal::store)? {
        Some(PageFound::Page(page, rows)) => Ok((page, rows)),
        Some(PageFound::Expired) => Err(Refusal::new(
            errors::PAGE_EXPIRED,
            "the pages of the query were kept for as long as pages are",
        )),
        Some(PageFound::None) => Err(no_page(&query(gateway, scope, id).await?)),
        None => Err(refusal::no_such_query()),
    }
}

async fn query(gateway: &Gateway, scope: &Scope, id: QueryId) -> Result<Query, Refusal> {
    let found = gateway.query(scope, id).await;
    found
        .map_err(refusal::store)?
        .ok_or_else(refusal::no_such_query)
}

/// Why a query that is there has no such page.
fn no_page(query: &Query) -> Refusal {
    let status = query.status.name();
    let text = match &query.outcome {
        Some(outcome) => match outcome.pages.len() {
            0 => "the query's result has no pages".to_owned(),
            1 => "the query's result has 1 page".to_owned(),
            pages => format!("the query's result has {pages} pages"),
        },
        None if query.status.is_final() => {
            format!("the query has no result: its status is {status}")
        }
        None => format!("the query has no such page yet: its status is {status}"),
    };
    Refusal::new(errors::NO_SUCH_PAGE, text)
}

/// A page's number, as it is written and in no other way, so that each page has one path.
fn number(text: &str) -> Result<u32, Refusal> {
    let is_written = |number: &u32| *number > 0 && number.to_string() == text;
    text.parse().ok().filter(is_written).ok_or_else(|| {
        Refusal::new(
            errors::NO_SUCH_PAGE,
            "the page's number in the path is no whole number from 1 on",
        )
    })
}

fn count(page: &Page) -> usize {
    usize::try_from(page.count).unwrap_or(usize::MAX)
}

fn describe(response: &mut Response<Body>, page: &Page) {
    const SIZE: HeaderName = HeaderName::from_static("size");
    const COUNT: HeaderName = HeaderName::from_static("rows-count");
    const START: HeaderName = HeaderName::from_static("rows-range-start");
    const END: HeaderName = HeaderName::from_static("rows-range-end");
    let headers = response.headers_mut();
    headers.insert(SIZE, HeaderValue::from(page.size));
    headers.insert(COUNT, HeaderValue::from(page.count));
    headers.insert(START, HeaderValue::from(page.first));
    headers.insert(END, HeaderValue::from(page.last()));
}

/// Rows in pieces of the same memory.
fn chunks(rows: Bytes) -> impl Iterator<Item = Result<Bytes, Infallible>> {
    (0..rows.len())
        .step_by(CHUNK)
        .map(move |start| Ok(rows.slice(start..rows.len().min(start + CHUNK))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_number() {
        assert!(matches!(number("1"), Ok(1)));
        assert!(matches!(number("4294967295"), Ok(u32::MAX)));
        for other in ["", "0", "-1", "+1", "01", "1.0", " 1", "4294967296", "one"] {
            assert!(number(other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn chunks_are_the_rows_again() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let rows: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
            let chunks: Vec<Bytes> = chunks(Bytes::from(rows.clone()))
                .map(|Ok(chunk)| chunk)
                .collect();
            assert!(
                chunks
                    .iter()
                    .all(|chunk| (1..=CHUNK).contains(&chunk.len()))
            );
            assert_eq!(chunks.concat(), rows);
        }
    }
}
