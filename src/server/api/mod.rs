//! SQL passthrough over HTTP: a caller's own command in, its query and its rows out; and the description of all paths.
//!
//! The paths are there twice, under `/integrator` for whoever has a subscription key and under `/desktop` for devices with
//! tokens. Each request is judged in the same order, so that a stranger learns nothing, and what costs is not done for nothing:
//! the key or token, the form of the site's id, whether the caller may ask the site, the rate (of immediate queries alone), the
//! body's type, size and time, its JSON, its fields. An id that is no GUID is answered like one that is not there, and says so.
//! Every refusal is the envelope of the contract, whose message begins with a code of the table of errors.
//!
//! | module | takes → gives |
//! |---|---|
//! | `admission` | a request's head → who calls, and whether it may ask the site |
//! | `frame` | a request → what a handler works with; what it gives → an answer |
//! | `json` | a body → a type's fields, or which field is at fault |
//! | `command` | a body → what the gateway takes |
//! | `queries`, `results`, `registered` | a request that is admitted → its answer |
//! | `wire` | what the gateway has → JSON |
//! | `refusal` | why there is no answer → a status, a text, headers |

mod admission;
mod command;
mod frame;
mod json;
mod queries;
mod refusal;
mod registered;
mod results;
mod wire;

use std::sync::Arc;

use axum::{Extension, Router};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
pub use admission::{Cloud, DEVICE_HEADER, Surface, caller_of_key};

/// The paths of both surfaces.
pub(super) fn router() -> Router<Arc<App>> {
    let described = Surface::ALL
        .into_iter()
        .map(surface)
        .fold(OpenApiRouter::default(), OpenApiRouter::merge);
    described.split_for_parts().0
}

/// The paths of one surface.
fn surface(surface: Surface) -> OpenApiRouter<Arc<App>> {
    let queries = OpenApiRouter::default()
        .routes(routes!(queries::immediate))
        .routes(routes!(queries::later))
        .routes(routes!(queries::statuses))
        .routes(routes!(registered::list, registered::register))
        .routes(routes!(registered::one, registered::cancel))
        .routes(routes!(registered::result))
        .routes(routes!(queries::one))
        .routes(routes!(results::page))
        .routes(routes!(results::stream))
        .layer(Extension(surface));
    let path = format!("{}/sites/{{siteId}}/queries", surface.prefix());
    OpenApiRouter::default().nest(&path, queries)
}
