//! Commands that are sent, and how far they have come: immediate, async, one status, many.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};

use super::command::{self, AsyncRequest, ImmediateRequest, StatusRequest};
use super::frame::answer;
use super::refusal;
use super::wire::{self, Found, NotRun, QueryObject, StatusEntry, StatusList};
use crate::gateway::ask::Refused;
use crate::gateway::meter::Counted;
use crate::gateway::query::Query;
use crate::journal::What;
use crate::server::app::App;
use crate::server::reply;

/// Longer than an immediate query may wait and run, each of which has a time of its own.
const IMMEDIATE: Duration = Duration::from_secs(120);

/// Run a command and wait for its rows
#[utoipa::path(post, path = "/immediate", operation_id = "runImmediateQuery",
    request_body(content = ImmediateRequest, example = json!({
        "maxTimeInQueue": 15000,
        "command": {
            "text": "SELECT FIRSTNAME, SURNAME FROM PATIENTS WHERE INTERNALID = @id",
            "parameters": [{"name": "@id", "type": "Int", "value": "66"}]
        }
    })), responses(
    (status = 200, description = "The command ran: the query, with its rows", body = QueryObject<'_>),
    (status = 400, description = "The command failed: the query, with `errorDetails`. Or the request cannot be understood", body = NotRun<'_>),
))]
pub async fn immediate(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(
        app,
        request,
        "sql-immediate",
        Some(IMMEDIATE),
        async |mut asked, trail| {
            let surface = asked.came.surface;
            let denied = |denied| refusal::denied(denied, surface);
            let counted = asked.gateway().count(&asked.at, Counted::Immediate);
            counted.map_err(denied)?;
            let body = asked.came.json().await?;
            let ask = command::immediate(&body).map_err(|error| refusal::body(&error))?;
            drop(body);
            asked.check_catalogue(&ask.call)?;
            trail.commands = 1;
            match asked.gateway().immediate(&asked.at, ask).await {
                Ok(answered) => {
                    asked.came.note.query(What::Immediate, &answered.query);
                    trail.entries = rows(&answered.query);
                    let json = wire::immediate(&answered.query, answered.rows.as_deref());
                    Ok(reply::json_text(StatusCode::OK, json))
                }
                Err(Refused::Failed(query)) => {
                    asked.came.note.query(What::Immediate, &query);
                    let query = QueryObject::new(&query);
                    Ok(reply::json(StatusCode::BAD_REQUEST, &query))
                }
                Err(refused) => Err(refusal::refused(refused)),
            }
        },
    )
    .await
}

/// Send a command whose result is fetched later
#[utoipa::path(post, path = "/async", operation_id = "sendAsyncQuery",
    request_body(content = AsyncRequest, example = json!({
        "command": {"text": "SELECT * FROM APPOINTMENTS"},
        "catalogue": "Patients"
    })), responses(
    (status = 201, description = "The command is kept: its query", body = QueryObject<'_>,
        headers(("Location" = String, description = "Where the query can be found."))),
))]
pub async fn later(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(app, request, "sql-async", None, async |mut asked, trail| {
        let body = asked.came.json().await?;
        let ask = command::later(&body).map_err(|error| refusal::body(&error))?;
        drop(body);
        asked.check_catalogue(&ask.call)?;
        trail.commands = 1;
        let query = asked.gateway().submit(&asked.at, ask).await;
        let query = query.map_err(refusal::refused)?;
        asked.came.note.query(What::AsyncSubmit, &query);
        let mut response = reply::json(StatusCode::CREATED, &QueryObject::new(&query));
        asked.locate(&mut response, &query.id.to_string());
        Ok(response)
    })
    .await
}

/// Ask how far a query has come
#[utoipa::path(get, path = "/{queryId}", operation_id = "getQuery", responses(
    (status = 200, description = "The query", body = QueryObject<'_>),
))]
pub async fn one(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(app, request, "sql-query", None, async |asked, _| {
        let id = asked.query()?;
        let found = asked.gateway().query(asked.scope(), id).await;
        let query = found
            .map_err(refusal::store)?
            .ok_or_else(refusal::no_such_query)?;
        Ok(reply::json(StatusCode::OK, &QueryObject::new(&query)))
    })
    .await
}

/// Ask how far many queries have come
#[utoipa::path(post, path = "/status", operation_id = "getQueries",
    request_body(content = StatusRequest, example = json!({
        "queryIds": ["0d4e3c3e-6a43-4f0c-9f0a-1a2b3c4d5e6f"]
    })), responses(
    (status = 200, description = "Each of the queries, in the order of the ids", body = StatusList<'_>),
))]
pub async fn statuses(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(
        app,
        request,
        "sql-status",
        None,
        async |mut asked, trail| {
            let body = asked.came.json().await?;
            let ids = command::statuses(&body).map_err(|error| refusal::body(&error))?;
            drop(body);
            let queries = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            asked.came.note.what(What::Status { queries });
            let mut found = HashMap::new();
            for id in &ids {
                if !found.contains_key(id) {
                    let query = asked.gateway().query(asked.scope(), *id).await;
                    found.insert(*id, query.map_err(refusal::store)?);
                }
            }
            trail.entries = found.values().flatten().count();
            let results = ids.iter().map(|id| {
                let query = found.get(id).and_then(Option::as_ref);
                StatusEntry {
                    query_id: *id,
                    status: query.map_or(Found::NotFound, |_| Found::Found),
                    query: query.map(QueryObject::new),
                }
            });
            let list = StatusList {
                results: results.collect(),
            };
            Ok(reply::json(StatusCode::OK, &list))
        },
    )
    .await
}

fn rows(query: &Query) -> usize {
    let rows = query.outcome.as_ref().map_or(0, |outcome| outcome.rows);
    usize::try_from(rows).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::ask::bounds;

    #[test]
    fn an_immediate_query_ends_before_its_request() {
        let longest =
            Duration::from_millis(*bounds::IMMEDIATE_WAIT.end()) + bounds::IMMEDIATE_LIMIT;
        assert!(longest < IMMEDIATE);
    }
}
