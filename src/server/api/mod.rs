//! The API of integrators and devices beside FHIR: sites, tokens, and SQL passthrough (a caller's own command in, its query and
//! its rows out); and the description of all paths.
//!
//! The paths of queries are there twice, under `/integrator` for whoever has a subscription key and under `/desktop` for devices with
//! tokens. Each request is judged in the same order, so that a stranger learns nothing, and what costs is not done for nothing:
//! the key or token, the form of the site's id, whether the caller may ask the site, the rate (of immediate queries alone), the
//! body's type, size and time, its JSON, its fields. An id in the path that is no GUID is 404, and says so: nobody's query or site
//! has it, so that it reveals nothing where a GUID that is not there is 403. In a list of ids it is 400, of the whole list.
//! Every refusal is the envelope of the contract, whose message begins with a code of the table of errors.
//!
//! | module | takes → gives |
//! |---|---|
//! | `admission` | a request's head → who calls, and whether it may ask the site |
//! | `frame` | a request → what a handler works with; what it gives → an answer |
//! | `json` | a body → a type's fields, or which field is at fault |
//! | `command` | a body → what the gateway takes |
//! | `queries`, `results`, `registered` | a request that is admitted → its answer |
//! | `sites`, `token` | a request of an integrator → its answer |
//! | `wire` | what the gateway has → JSON |
//! | `refusal` | why there is no answer → a status, a text, headers |
//! | `openapi` | the handlers and their types → the OpenAPI document |
//! | `docs` | the OpenAPI document → a page for people |

mod admission;
mod command;
mod docs;
mod frame;
mod json;
mod openapi;
mod queries;
mod refusal;
mod registered;
mod results;
mod sites;
#[cfg(test)]
mod tests;
mod token;
mod wire;

use std::sync::Arc;

use axum::{Extension, Router};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
pub use admission::{Cloud, DEVICE_HEADER, Surface, admit_any, caller_of_key};
pub(super) use docs::{document, page, style};
pub use refusal::denied;

/// The paths of both surfaces.
pub(super) fn router() -> Router<Arc<App>> {
    described().split_for_parts().0
}

/// The OpenAPI document: of all paths, or of those of FHIR for integrators alone.
fn description(has_cloud: bool) -> OpenApi {
    let (described, surfaces) = match has_cloud {
        true => (described(), &Surface::ALL[..]),
        false => (OpenApiRouter::default(), &[Surface::Integrator][..]),
    };
    openapi::document(described.into_openapi(), surfaces, has_cloud)
}

fn described() -> OpenApiRouter<Arc<App>> {
    let surfaces = Surface::ALL.into_iter().map(surface);
    surfaces.fold(OpenApiRouter::default(), OpenApiRouter::merge)
}

/// The paths of one surface.
fn surface(surface: Surface) -> OpenApiRouter<Arc<App>> {
    let mut queries = OpenApiRouter::default()
        .routes(routes!(queries::immediate))
        .routes(routes!(queries::later))
        .routes(routes!(queries::statuses))
        .routes(routes!(queries::one))
        .routes(routes!(results::page))
        .routes(routes!(results::stream))
        .routes(routes!(registered::register, registered::list))
        .routes(routes!(registered::one, registered::cancel))
        .routes(routes!(registered::result));
    openapi::of_surface(
        queries.get_openapi_mut(),
        surface,
        openapi::queries_of(surface),
    );
    let mut all = OpenApiRouter::default();
    if surface == Surface::Integrator {
        all = all
            .routes(routes!(sites::find))
            .routes(routes!(sites::one))
            .routes(routes!(sites::pair))
            .routes(routes!(sites::pair_by_other_name))
            .routes(routes!(token::make));
        openapi::of_surface(all.get_openapi_mut(), surface, openapi::SITES);
    }
    let all = all.nest("/sites/{siteId}/queries", queries);
    OpenApiRouter::default().nest(surface.prefix(), all.layer(Extension(surface)))
}
