//! Queries that are run again and again: registering one, looking at them, ending one, what one found last.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};

use super::admission::Surface;
use super::command::{self, RegisterRequest};
use super::frame::answer;
use super::refusal;
use super::wire::{self, RegisteredData, RegisteredList, RegisteredObject, RegisteredReference};
use crate::errors;
use crate::server::app::App;
use crate::server::reply::{self, Refusal};

/// Register a query
#[utoipa::path(post, path = "/registered", operation_id = "registerQuery",
    request_body(content = RegisterRequest, example = json!({
        "name": "patients of today",
        "registeredQueryType": "query",
        "frequency": 300,
        "duration": 43200,
        "registerCommand": {"command": {"text": "SELECT INTERNALID FROM PATIENTS WHERE UPDATED >= CURRENT_DATE"}}
    })), responses(
    (status = 201, description = "The query is registered: its id", body = RegisteredReference,
        headers(("Location" = String, description = "Where the registered query can be found."))),
))]
pub async fn register(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(app, request, "sql-register", None, async |mut asked, _| {
        let body = asked.came.json().await?;
        let new = command::registration(&body).map_err(|error| refusal::body(&error))?;
        drop(body);
        asked.check_catalogue(&new.call)?;
        let id = asked.gateway().register(&asked.at, new).await;
        let id = id.map_err(refusal::refused)?;
        asked.came.note.about(id);
        let mut response = reply::json(
            registered_status(asked.came.surface),
            &RegisteredReference { id },
        );
        asked.locate(&mut response, &format!("registered/{id}"));
        Ok(response)
    })
    .await
}

/// The status with which a query is registered: clients of either surface know theirs.
pub fn registered_status(surface: Surface) -> StatusCode {
    match surface {
        Surface::Integrator => StatusCode::ACCEPTED,
        Surface::Desktop => StatusCode::CREATED,
    }
}

/// List the registered queries
#[utoipa::path(get, path = "/registered", operation_id = "listRegisteredQueries", responses(
    (status = 200, description = "The caller's registered queries at the site, the oldest first", body = RegisteredList<'_>),
))]
pub async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(
        app,
        request,
        "sql-registered-list",
        None,
        async |asked, trail| {
            let all = asked.gateway().registered(asked.scope()).await;
            let all = all.map_err(refusal::store)?;
            trail.entries = all.len();
            let list = RegisteredList {
                registered_queries: all.iter().map(RegisteredObject::new).collect(),
            };
            Ok(reply::json(StatusCode::OK, &list))
        },
    )
    .await
}

/// Look at a registered query
#[utoipa::path(get, path = "/registered/{queryId}", operation_id = "getRegisteredQuery", responses(
    (status = 200, description = "The registered query", body = RegisteredObject<'_>),
))]
pub async fn one(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(app, request, "sql-registered", None, async |asked, _| {
        let id = asked.query()?;
        let one = asked.gateway().registered_one(asked.scope(), id).await;
        let one = one
            .map_err(refusal::store)?
            .ok_or_else(refusal::no_such_query)?;
        Ok(reply::json(StatusCode::OK, &RegisteredObject::new(&one)))
    })
    .await
}

/// End a registered query
///
/// It stays to be looked at, as `cancelled`. Ending one that has ended already is no error.
#[utoipa::path(delete, path = "/registered/{queryId}", operation_id = "cancelRegisteredQuery", responses(
    (status = 204, description = "The query is run no more"),
))]
pub async fn cancel(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(
        app,
        request,
        "sql-registered-cancel",
        None,
        async |asked, _| {
            let id = asked.query()?;
            let cancelled = asked.gateway().cancel(asked.scope(), id).await;
            if !cancelled.map_err(refusal::store)? {
                // RFC 9110 §9.2.2: asked for twice, it is as if it had been asked for once.
                let there = asked.gateway().registered_one(asked.scope(), id).await;
                there
                    .map_err(refusal::store)?
                    .ok_or_else(refusal::no_such_query)?;
            }
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            Ok(response)
        },
    )
    .await
}

/// Fetch what a registered query found last
#[utoipa::path(get, path = "/registered/{queryId}/results", operation_id = "getRegisteredResult", responses(
    (status = 200, description = "What it found when its result was last another than before", body = RegisteredData<'_>),
))]
pub async fn result(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(
        app,
        request,
        "sql-registered-result",
        None,
        async |asked, trail| {
            let id = asked.query()?;
            let result = asked.gateway().registered_result(asked.scope(), id).await;
            let Some(result) = result.map_err(refusal::store)? else {
                let there = asked.gateway().registered_one(asked.scope(), id).await;
                there
                    .map_err(refusal::store)?
                    .ok_or_else(refusal::no_such_query)?;
                return Err(Refusal::new(
                    errors::NOTHING_FOUND_YET,
                    "no run of the registered query has succeeded yet",
                ));
            };
            trail.entries = usize::try_from(result.rows).unwrap_or(usize::MAX);
            Ok(reply::json_text(
                StatusCode::OK,
                wire::registered_result(&result),
            ))
        },
    )
    .await
}
