//! The FHIR paths, of which one handler answers all: what there is, with which parameters, in which forms.
//!
//! A resource is described as an object and no further: R4 describes it, and the site's CapabilityStatement says what of it
//! there is.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, ParameterStyle,
    PathItem,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, Ref, RefOr, Required};

use super::super::admission::Surface;
use super::{FHIR, refusals, security};

/// The schema of an OperationOutcome.
pub const OUTCOME: &str = "OperationOutcome";
const RESOURCE: &str = "Resource";
const PARAMETERS: &str = "FhirParameters";
const BATCH: &str = "FhirBatch";
const XML: &str = "FhirXml";

const BASE: &str = "/integrator/sites/{siteId}/fhir/R4";
/// The media types of answers.
const JSON_TYPES: [&str; 3] = ["application/fhir+json", "application/json", "text/json"];
const XML_TYPES: [&str; 3] = ["application/fhir+xml", "application/xml", "text/xml"];
const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// What a POST takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    /// A search.
    Form,
    /// A resource in JSON, which may be left out.
    Parameters,
    /// A resource in JSON.
    Bundle,
}

/// An operation, as it is written down below.
struct Described {
    method: HttpMethod,
    id: &'static str,
    summary: &'static str,
    about: &'static str,
    takes: Takes,
    searches: bool,
    /// Whether its query string must name one resource by an identifier.
    identifies: bool,
    /// Beside those that all operations have.
    statuses: &'static [u16],
}

fn reads(id: &'static str, summary: &'static str, about: &'static str) -> Described {
    Described {
        method: HttpMethod::Get,
        id,
        summary,
        about,
        takes: Takes::Nothing,
        searches: false,
        identifies: false,
        statuses: &[400, 406, 429],
    }
}

fn searches(id: &'static str, summary: &'static str, about: &'static str) -> Described {
    Described {
        searches: true,
        ..reads(id, summary, about)
    }
}

fn posts(takes: Takes, id: &'static str, summary: &'static str, about: &'static str) -> Described {
    Described {
        method: HttpMethod::Post,
        takes,
        ..reads(id, summary, about)
    }
}

/// The paths, with their operations.
pub fn paths() -> Vec<(String, PathItem)> {
    const SEARCH: &str = "Parameters are those of the site's CapabilityStatement. A page's `next` link, followed as it is, leads to the next page.";
    const FORM: &str =
        "As by GET, with the parameters in the body: what is searched for stands in no URL.";
    const EVERYTHING: &str = "The resource, and all that belongs to it, page by page.";
    const SUMMARY: &str = "An International Patient Summary: a Bundle that is a document.";
    let head = |described: Described, id| Described {
        method: HttpMethod::Head,
        id,
        summary: "The same without its body",
        about: "",
        ..described
    };
    let of_types = || searches("searchType", "Search resources of a type", SEARCH);
    let of_read = || Described {
        statuses: &[304, 400, 406, 429],
        ..reads(
            "read",
            "Read a resource",
            "A copy that the caller has is compared by `If-None-Match` or `If-Modified-Since`.",
        )
    };
    let summarised = |described: Described| Described {
        statuses: &[400, 406, 412, 429],
        ..described
    };
    let all: Vec<(&str, Vec<Described>)> = vec![
        (
            "/metadata",
            vec![Described {
                statuses: &[304, 400, 406],
                ..reads(
                    "capabilities",
                    "What the site serves",
                    "The CapabilityStatement. The practice's database is not asked.",
                )
            }],
        ),
        (
            "",
            vec![
                searches(
                    "searchSystem",
                    "Search resources of several types",
                    "The types are named by `_type`.",
                ),
                posts(
                    Takes::Bundle,
                    "batch",
                    "Ask several things at once",
                    "A Bundle of type `batch`, whose entries read: they are answered one by one.",
                ),
            ],
        ),
        (
            "/_search",
            vec![posts(
                Takes::Form,
                "searchSystemByForm",
                "Search resources of several types, by a form",
                FORM,
            )],
        ),
        (
            "/{type}",
            vec![of_types(), head(of_types(), "headOfSearchType")],
        ),
        (
            "/{type}/_search",
            vec![posts(
                Takes::Form,
                "searchTypeByForm",
                "Search resources of a type, by a form",
                FORM,
            )],
        ),
        (
            "/{type}/{id}",
            vec![of_read(), head(of_read(), "headOfRead")],
        ),
        (
            "/{compartment}/{id}/$everything",
            vec![
                searches("everything", "All that belongs to a resource", EVERYTHING),
                posts(
                    Takes::Parameters,
                    "everythingByParameters",
                    "All that belongs to a resource, by Parameters",
                    EVERYTHING,
                ),
            ],
        ),
        (
            "/Patient/{id}/$summary",
            vec![
                reads("summary", "A patient's summary", SUMMARY),
                posts(
                    Takes::Parameters,
                    "summaryByParameters",
                    "A patient's summary, by Parameters",
                    SUMMARY,
                ),
            ],
        ),
        (
            "/Patient/$summary",
            vec![
                Described {
                    identifies: true,
                    ..summarised(searches(
                        "summaryByIdentifier",
                        "The summary of the patient with an identifier",
                        SUMMARY,
                    ))
                },
                summarised(posts(
                    Takes::Parameters,
                    "summaryByIdentifierInParameters",
                    "The summary of the patient with an identifier, by Parameters",
                    SUMMARY,
                )),
            ],
        ),
        (
            "/{compartment}/{id}/{type}",
            vec![searches(
                "searchCompartment",
                "Search what belongs to a resource",
                SEARCH,
            )],
        ),
        (
            "/{compartment}/{id}/{type}/_search",
            vec![posts(
                Takes::Form,
                "searchCompartmentByForm",
                "Search what belongs to a resource, by a form",
                FORM,
            )],
        ),
    ];
    let item = |operations: Vec<Described>| {
        let mut item = PathItem::default();
        for described in operations {
            let method = described.method.clone();
            item.merge_operations(PathItem::new(method, operation(described)));
        }
        item
    };
    all.into_iter()
        .map(|(path, operations)| (format!("{BASE}{path}"), item(operations)))
        .collect()
}

fn operation(described: Described) -> OperationBuilder {
    let is_head = described.method == HttpMethod::Head;
    let found = ResponseBuilder::new().description("What is asked for");
    let found = match is_head {
        true => found,
        false => contents(found, RESOURCE),
    };
    let mut operation = OperationBuilder::new()
        .tag(FHIR)
        .operation_id(Some(format!("fhir_{}", described.id)))
        .summary(Some(described.summary))
        .securities(Some(security(Surface::Integrator)))
        .response("200", found.build());
    if !described.about.is_empty() {
        operation = operation.description(Some(described.about));
    }
    if described.identifies {
        operation = operation.parameter(identifier());
    }
    if described.searches {
        operation = operation.parameter(search());
    }
    for status in described.statuses {
        operation = match refusals::of_fhir(*status) {
            Some(refusal) => operation.response(status.to_string(), refusal),
            None => operation.response(
                status.to_string(),
                ResponseBuilder::new()
                    .description("The caller's copy is current")
                    .build(),
            ),
        };
    }
    match body(described.takes) {
        Some(body) => operation.request_body(Some(body.build())),
        None => operation,
    }
}

fn body(takes: Takes) -> Option<RequestBodyBuilder> {
    let body = RequestBodyBuilder::new();
    match takes {
        Takes::Nothing => None,
        Takes::Form => Some(body.content(FORM_TYPE, content(parameters().into()))),
        Takes::Parameters | Takes::Bundle => {
            let (required, schema) = match takes {
                Takes::Bundle => (Required::True, BATCH),
                _ => (Required::False, PARAMETERS),
            };
            let resource = || content(RefOr::Ref(Ref::from_schema_name(schema)));
            let all = JSON_TYPES.into_iter();
            let body = all.fold(body, |body, name| body.content(name, resource()));
            Some(body.required(Some(required)))
        }
    }
}

/// What a search says, in any names.
fn search() -> Parameter {
    ParameterBuilder::new()
        .name("parameters")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(
            "Search parameters, each by its own name: `family=smith`, `birthdate=ge1980`, and R4's `_count`, `_sort`, `_include`, `_revinclude`, `_summary`, `_elements`, `_total`, `_format`, `_pretty`.",
        ))
        .example(Some("_count=5".into()))
        .style(Some(ParameterStyle::Form))
        .explode(Some(true))
        .schema(Some(parameters()))
        .build()
}

/// Whose resource is meant, where the path has no id.
fn identifier() -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String);
    ParameterBuilder::new()
        .name("identifier")
        .parameter_in(ParameterIn::Query)
        .required(Required::True)
        .description(Some("One identifier, as `system|value` or as `value`."))
        .example(Some("8003608857211767".into()))
        .schema(Some(text))
        .build()
}

fn parameters() -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    let text = AdditionalProperties::RefOr(RefOr::T(Schema::Object(text)));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(text))
}

fn content(schema: RefOr<Schema>) -> Content {
    ContentBuilder::new().schema(Some(schema)).build()
}

/// An answer in every form that there is.
pub fn contents(response: ResponseBuilder, schema: &str) -> ResponseBuilder {
    let in_json = JSON_TYPES.into_iter().map(|name| (name, schema));
    let in_xml = XML_TYPES.into_iter().map(|name| (name, XML));
    in_json
        .chain(in_xml)
        .fold(response, |response, (name, schema)| {
            response.content(name, content(RefOr::Ref(Ref::from_schema_name(schema))))
        })
}

/// What resources have in common, and what is read of those that are sent here.
pub fn schemas() -> [(String, RefOr<Schema>); 5] {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let resource = |about: &str, kind: ObjectBuilder| {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some(about))
            .property("resourceType", kind)
            .required("resourceType")
    };
    let parameters = resource(
        "R4's Parameters. A parameter that repeats is one of several values.",
        text().enum_values(Some(["Parameters"])),
    );
    let batch = resource(
        "R4's Bundle of type `batch`: each entry asks by GET, with a URL that begins at the base.",
        text().enum_values(Some(["Bundle"])),
    );
    [
        (
            RESOURCE.to_owned(),
            resource("A resource of R4.", text()).into(),
        ),
        (
            OUTCOME.to_owned(),
            resource(
                "R4's resource of errors: `issue.details.coding` has a code of the table of errors.",
                text().enum_values(Some([OUTCOME])),
            )
            .into(),
        ),
        (
            PARAMETERS.to_owned(),
            parameters
                .property("parameter", ArrayBuilder::new().items(parameter()))
                .into(),
        ),
        (
            BATCH.to_owned(),
            batch
                .property("type", text().enum_values(Some(["batch"])))
                .required("type")
                .property("entry", ArrayBuilder::new().items(entry()))
                .into(),
        ),
        (
            XML.to_owned(),
            text().description(Some("The same in R4's XML.")).into(),
        ),
    ]
}

/// A parameter of Parameters: the value is a primitive of any type or an Identifier, of which some are written out.
fn parameter() -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    let identifier = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("system", text())
        .property("value", text())
        .required("value");
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(
            "A name, and one `value[x]`: a primitive of any type, or an Identifier.",
        ))
        .property("name", text())
        .required("name")
        .property("valueString", text())
        .property("valueCode", text())
        .property("valueDate", text())
        .property("valueInteger", number)
        .property("valueIdentifier", identifier)
}

/// An entry of a batch.
fn entry() -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let url = text().examples(["Patient?_count=1", "metadata"]);
    let request = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("method", text().enum_values(Some(["GET"])))
        .required("method")
        .property("url", url)
        .required("url");
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("request", request)
        .required("request")
}
