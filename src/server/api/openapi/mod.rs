//! The description of all paths: OpenAPI 3.1, made of the handlers and of the types that they take and give.
//!
//! Takes what the router collected of its handlers; gives the document, complete. What all operations have in common is said
//! here once: the site in the path, how one authenticates on which surface, how a request is refused. The FHIR paths have no
//! handlers of their own and are written down in [`fhir`].

mod fhir;
mod links;
mod refusals;
mod webhooks;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, Header, Info, InfoBuilder, LicenseBuilder, OpenApi, Ref, RefOr, Required, Response,
    Schema, Tag,
};

use super::admission::Surface;
use super::registered::registered_status;
use crate::fhir::compartment::compartments;
pub use refusals::ErrorEnvelope;

const KEY: &str = "subscriptionKey";
const KEY_IN_QUERY: &str = "subscriptionKeyInQuery";
const TOKEN: &str = "deviceToken";
const DEVICE: &str = "deviceId";

/// The tag of sites and tokens.
pub const SITES: &str = "Sites and tokens";
/// The response of an operation that says how a page's rows lie in the result.
const PAGE: &str = "{pageNumber}";

const ABOUT: &str = include_str!("about.md");

/// Completes what the router knows of its handlers, for the surfaces that are served: without the cloud's, of which nobody has
/// queries, there are no webhooks.
pub fn document(mut described: OpenApi, surfaces: &[Surface], has_cloud: bool) -> OpenApi {
    described.info = info();
    described.tags = Some(tags());
    // Paths are under wherever the document was read.
    described.servers = None;
    for (path, item) in &mut described.paths.paths {
        for operation in operations(item) {
            finish(path, operation, refusals::of_api);
        }
    }
    for (path, mut item) in surfaces.iter().copied().flat_map(fhir::paths) {
        for operation in operations(&mut item) {
            finish(&path, operation, refusals::of_fhir);
        }
        described.paths.paths.insert(path, item);
    }
    let components = described.components.get_or_insert_with(Components::new);
    if has_cloud {
        described.webhooks = Some(webhooks::all());
        components.schemas.extend(webhooks::schemas());
    }
    components.schemas.extend(refusals::schemas());
    components.schemas.extend(fhir::schemas());
    components.responses.extend(refusals::responses());
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, scheme);
    }
    described
}

/// Says of the paths of a surface what is its own.
pub fn of_surface(described: &mut OpenApi, surface: Surface, tag: &str) {
    for item in described.paths.paths.values_mut() {
        for operation in operations(item) {
            operation.tags = Some(vec![tag.to_owned()]);
            operation.security = Some(security(surface));
            let Some(id) = &mut operation.operation_id else {
                continue;
            };
            if id == "registerQuery" {
                let status = registered_status(surface).as_str().to_owned();
                let responses = &mut operation.responses.responses;
                if let Some(response) = responses.remove("201") {
                    responses.insert(status, response);
                }
            }
            let prefix = prefix_of(surface);
            id.insert_str(0, prefix);
            links::add(operation, prefix);
        }
    }
}

/// What the ids of a surface's operations begin with: an id is for one operation.
fn prefix_of(surface: Surface) -> &'static str {
    match surface {
        Surface::Integrator => "",
        Surface::Desktop => "device_",
    }
}

/// The operations of a path that are documented here.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.head,
        &mut item.post,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// Says of an operation what its path and its body make certain.
fn finish(path: &str, operation: &mut Operation, refusals: impl Fn(u16) -> Option<Ref>) {
    let names = path.split('{').skip(1);
    let names = names.filter_map(|rest| rest.split('}').next());
    let of_path = names.map(|name| RefOr::T(in_path(name)));
    let own = operation.parameters.take().into_iter().flatten();
    let parameters: Vec<_> = of_path.chain(own).collect();
    operation.parameters = (!parameters.is_empty()).then_some(parameters);
    if path.contains(PAGE)
        && let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200")
    {
        place_of_page(response);
    }
    let possible = [
        (&[400, 401, 403, 404, 414, 500, 503, 504][..], true),
        (&[408, 413, 415], operation.request_body.is_some()),
        (&[410], path.contains(PAGE)),
        (&[429], path.ends_with("/immediate")),
    ];
    let possible = possible.into_iter().filter(|(_, is)| *is);
    for status in possible.flat_map(|(statuses, _)| statuses) {
        if let Some(refusal) = refusals(*status) {
            let place = operation.responses.responses.entry(status.to_string());
            place.or_insert_with(|| RefOr::Ref(refusal));
        }
    }
}

/// A segment of a path.
fn in_path(name: &str) -> Parameter {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let id = || {
        let guid = SchemaFormat::KnownFormat(KnownFormat::Uuid);
        text().format(Some(guid)).into()
    };
    let (about, schema): (&str, RefOr<Schema>) = match name {
        "siteId" => ("The practice, by its site's id.", id()),
        "queryId" => ("The query, by its id.", id()),
        "pageNumber" => {
            let number = ObjectBuilder::new().schema_type(Type::Integer);
            let number = number.minimum(Some(1)).maximum(Some(u32::MAX));
            ("The page, by its number from 1 on.", number.into())
        }
        "compartment" => {
            let types = text().enum_values(Some(compartments()));
            ("Whose resources are searched: the type.", types.into())
        }
        "type" => {
            let name = text().pattern(Some("^[A-Za-z]+$"));
            let name = name.examples(["Patient"]);
            ("A resource type that the site serves.", name.into())
        }
        // R4's type id.
        _ => {
            let id = text().pattern(Some(r"^[A-Za-z0-9\-.]{1,64}$"));
            ("The resource, by its id.", id.into())
        }
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}

/// The headers of a page.
fn place_of_page(response: &mut Response) {
    for (name, about) in [
        ("Size", "Bytes of the page's rows as JSON."),
        ("Rows-Count", "How many rows the page has."),
        (
            "Rows-Range-Start",
            "The first row's place in the whole result, from 1; 0 in a page without rows.",
        ),
        (
            "Rows-Range-End",
            "The last row's place in the whole result; 0 in a page without rows.",
        ),
    ] {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        let header = header(about, number.minimum(Some(0)).into());
        response.headers.insert(name.to_owned(), header.into());
    }
}

fn header(about: &str, schema: RefOr<Schema>) -> Header {
    let header = HeaderBuilder::new().schema(Some(schema));
    header.description(Some(about)).build()
}

fn info() -> Info {
    InfoBuilder::new()
        .title("Pilaster")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(
            LicenseBuilder::new()
                .name(env!("CARGO_PKG_LICENSE"))
                .identifier(Some(env!("CARGO_PKG_LICENSE")))
                .build(),
        ))
        .build()
}

/// The tag of a surface's queries.
pub fn queries_of(surface: Surface) -> &'static str {
    match surface {
        Surface::Integrator => "SQL passthrough",
        Surface::Desktop => "SQL passthrough for devices",
    }
}

/// The tag of a surface's FHIR paths.
fn fhir_of(surface: Surface) -> &'static str {
    match surface {
        Surface::Integrator => "FHIR",
        Surface::Desktop => "FHIR for devices",
    }
}

fn tags() -> Vec<Tag> {
    [
        (
            SITES,
            "Which sites there are for an integrator, how they stand, and tokens with which devices ask one.",
        ),
        (
            queries_of(Surface::Integrator),
            "Commands of a caller's own, in the SQL of the practice's database, with a subscription key.",
        ),
        (
            queries_of(Surface::Desktop),
            "The same for an integrator's program on a device at a practice, with the device's token.",
        ),
        (
            fhir_of(Surface::Integrator),
            "The practice's records as FHIR R4 resources, read and searched. What a site serves, and which parameters a search takes, is in its CapabilityStatement (`metadata`). Every error is an OperationOutcome.",
        ),
        (
            fhir_of(Surface::Desktop),
            "The same for an integrator's program on a device at a practice, with the device's token. Links within an answer are of these paths.",
        ),
    ]
    .into_iter()
    .map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build())
    .collect()
}

/// How one authenticates on a surface: one of these.
fn security(surface: Surface) -> Vec<SecurityRequirement> {
    const NO_SCOPES: [&str; 0] = [];
    match surface {
        Surface::Integrator => [KEY, KEY_IN_QUERY]
            .map(|name| SecurityRequirement::new(name, NO_SCOPES))
            .into(),
        Surface::Desktop => {
            vec![SecurityRequirement::new(TOKEN, NO_SCOPES).add(DEVICE, NO_SCOPES)]
        }
    }
}

fn schemes() -> [(&'static str, SecurityScheme); 4] {
    let key = "The integrator's key, which is of one environment: staging or production.";
    let in_query = "The same where a header cannot be set. Keys that differ are refused.";
    let token = "A token that the integrator asks for, bound to one device and one site.";
    let device = "The id of the device that the token was made for.";
    let value = |name, about| ApiKeyValue::with_description(name, about);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let bearer = bearer.bearer_format("JWT").description(Some(token)).build();
    [
        (
            KEY,
            SecurityScheme::ApiKey(ApiKey::Header(value("Ocp-Apim-Subscription-Key", key))),
        ),
        (
            KEY_IN_QUERY,
            SecurityScheme::ApiKey(ApiKey::Query(value(crate::server::KEY_PARAMETER, in_query))),
        ),
        (TOKEN, SecurityScheme::Http(bearer)),
        (
            DEVICE,
            SecurityScheme::ApiKey(ApiKey::Header(value("DeviceId", device))),
        ),
    ]
}
