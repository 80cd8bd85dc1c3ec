//! The FHIR paths, of which one handler answers all: what there is, with which parameters, in which forms. They are there twice,
//! for integrators and for devices, and differ in how one authenticates.
//!
//! A resource is described as an object and no further: R4 describes it, and the site's CapabilityStatement says what of it
//! there is.

use serde_json::{Value, json};
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
use super::{fhir_of, prefix_of, refusals, security};
use crate::server::base_url::fhir_base_of;

/// The schema of an OperationOutcome.
pub const OUTCOME: &str = "OperationOutcome";
const RESOURCE: &str = "Resource";
const PARAMETERS: &str = "FhirParameters";
const BATCH: &str = "FhirBatch";
const XML: &str = "FhirXml";

/// The media types of answers.
const JSON_TYPES: [&str; 3] = ["application/fhir+json", "application/json", "text/json"];
const XML_TYPES: [&str; 3] = ["application/fhir+xml", "application/xml", "text/xml"];
const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// R4's parameter of a search that is of several types.
const TYPES: &str = "_type";
const TYPES_ABOUT: &str = "The resource types, separated by commas.";
const TYPES_EXAMPLE: &str = "Patient,Practitioner";
/// An IHI of the synthetic practice.
const IDENTIFIER: &str = "8003608857211767";

/// Something in the query string or a header that an operation takes as a text, and may do without. What it has to be
/// like stands in words: an empty one is as if it were not there, and metadata passes over what it cannot read.
struct Said {
    name: &'static str,
    place: Place,
    about: &'static str,
    example: Option<&'static str>,
}

#[derive(Clone, Copy)]
enum Place {
    Query,
    Header,
}

const fn in_query(name: &'static str, about: &'static str) -> Said {
    Said {
        name,
        place: Place::Query,
        about,
        example: None,
    }
}

const fn in_header(name: &'static str, about: &'static str) -> Said {
    Said {
        place: Place::Header,
        ..in_query(name, about)
    }
}

const FORMAT: Said = in_query(
    "_format",
    "The form of the answer, which counts before `Accept`: `json`, `xml`, or a media type of either.",
);
const PRETTY: Said = in_query("_pretty", "`true` to have the answer indented, or `false`.");
const MATCHES: Said = in_header(
    "If-None-Match",
    "ETags of copies that the caller has: a current one is answered with 304.",
);
const MODIFIED: Said = in_header(
    "If-Modified-Since",
    "When the caller's copy was made, as HTTP writes dates. It counts where the resource says when it changed, and no If-None-Match is sent.",
);
const PREFER: Said = in_header(
    "Prefer",
    "`handling=strict` to have parameters refused that are not known. `handling=lenient` to have a search go on without them although nothing else narrows it, which is refused else.",
);
const PREFER_OF_READ: Said = in_header(
    "Prefer",
    "`handling=strict` to have parameters refused that are not known.",
);
const PROFILE: Said = in_query(
    "profile",
    "The canonical URL of a profile that the document has: only the International Patient Summary's own are offered.",
);
/// What goes with every answer.
const ALWAYS: &[Said] = &[FORMAT, PRETTY];
const OF_READ: &[Said] = &[
    FORMAT,
    PRETTY,
    in_query(
        "_elements",
        "The top-level elements to answer with, separated by commas, beside those that R4 requires.",
    ),
    in_query("_summary", "One of `true`, `text`, `data` and `false`."),
    MATCHES,
    MODIFIED,
    PREFER_OF_READ,
];
const OF_EVERYTHING: &[Said] = &[
    in_query(
        "start",
        "A date: what happened or lasted from then on. What has no date is there always.",
    ),
    in_query("end", "A date: what happened or lasted until then."),
    in_query("_since", "A time: what changed from then on."),
    in_query(TYPES, TYPES_ABOUT),
    Said {
        example: Some("5"),
        ..in_query("_count", "How many resources a page has.")
    },
    FORMAT,
    PRETTY,
];

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
    /// In its query string and headers, beside what the next say.
    said: &'static [Said],
    searches: bool,
    /// Whether it searches several types, which `_type` names.
    of_types: bool,
    /// Whether its query string or its Parameters must name one resource by an identifier.
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
        said: ALWAYS,
        searches: false,
        of_types: false,
        identifies: false,
        statuses: &[400, 406, 429],
    }
}

fn searches(id: &'static str, summary: &'static str, about: &'static str) -> Described {
    Described {
        said: &[PREFER],
        searches: true,
        ..reads(id, summary, about)
    }
}

fn posts(takes: Takes, id: &'static str, summary: &'static str, about: &'static str) -> Described {
    let said: &[Said] = match takes {
        Takes::Form | Takes::Bundle => &[FORMAT, PRETTY, PREFER],
        Takes::Nothing | Takes::Parameters => ALWAYS,
    };
    Described {
        method: HttpMethod::Post,
        takes,
        said,
        ..reads(id, summary, about)
    }
}

/// The paths of a surface, with their operations.
pub fn paths(surface: Surface) -> Vec<(String, PathItem)> {
    const SEARCH: &str = "Parameters are those of the site's CapabilityStatement. A page's `next` link, followed as it is, leads to the next page.";
    const SYSTEM: &str = "`_type` names the types. Without it, some other parameter has to narrow the search: all of a practice is not read at once.";
    const BY_FORM: &str =
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
        said: OF_READ,
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
                said: &[FORMAT, PRETTY, MATCHES],
                statuses: &[304, 400, 406, 429],
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
                Described {
                    of_types: true,
                    ..searches("searchSystem", "Search resources of several types", SYSTEM)
                },
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
            vec![Described {
                of_types: true,
                ..posts(
                    Takes::Form,
                    "searchSystemByForm",
                    "Search resources of several types, by a form",
                    BY_FORM,
                )
            }],
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
                BY_FORM,
            )],
        ),
        (
            "/{type}/{id}",
            vec![of_read(), head(of_read(), "headOfRead")],
        ),
        (
            "/{compartment}/{id}/$everything",
            vec![
                Described {
                    said: OF_EVERYTHING,
                    ..reads("everything", "All that belongs to a resource", EVERYTHING)
                },
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
                Described {
                    said: &[PROFILE, FORMAT, PRETTY],
                    ..reads("summary", "A patient's summary", SUMMARY)
                },
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
                    said: &[PROFILE, FORMAT, PRETTY],
                    identifies: true,
                    ..summarised(reads(
                        "summaryByIdentifier",
                        "The summary of the patient with an identifier",
                        SUMMARY,
                    ))
                },
                Described {
                    identifies: true,
                    ..summarised(posts(
                        Takes::Parameters,
                        "summaryByIdentifierInParameters",
                        "The summary of the patient with an identifier, by Parameters",
                        SUMMARY,
                    ))
                },
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
                BY_FORM,
            )],
        ),
    ];
    let item = |operations: Vec<Described>| {
        let mut item = PathItem::default();
        for described in operations {
            let method = described.method.clone();
            item.merge_operations(PathItem::new(method, operation(surface, described)));
        }
        item
    };
    let base = fhir_base_of(surface, "", "{siteId}");
    all.into_iter()
        .map(|(path, operations)| (format!("{base}{path}"), item(operations)))
        .collect()
}

fn operation(surface: Surface, described: Described) -> OperationBuilder {
    let is_head = described.method == HttpMethod::Head;
    let found = ResponseBuilder::new().description("What is asked for");
    let found = match is_head {
        true => found,
        false => contents(found, RESOURCE),
    };
    let mut operation = OperationBuilder::new()
        .tag(fhir_of(surface))
        .operation_id(Some(format!("{}fhir_{}", prefix_of(surface), described.id)))
        .summary(Some(described.summary))
        .securities(Some(security(surface)))
        .response("200", found.build());
    if !described.about.is_empty() {
        operation = operation.description(Some(described.about));
    }
    let is_get = described.takes == Takes::Nothing;
    if described.identifies && is_get {
        operation = operation.parameter(identifier());
    }
    if described.of_types && is_get {
        operation = operation.parameter(types());
    }
    if described.searches {
        operation = operation.parameter(search());
    }
    let said = described.said.iter();
    operation = said.fold(operation, |operation, said| {
        operation.parameter(said.parameter())
    });
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
    match body(&described) {
        Some(body) => operation.request_body(Some(body.build())),
        None => operation,
    }
}

fn body(described: &Described) -> Option<RequestBodyBuilder> {
    let body = RequestBodyBuilder::new();
    let takes = described.takes;
    match takes {
        Takes::Nothing => None,
        Takes::Form => {
            let (form, example) = match described.of_types {
                true => (
                    parameters().property(TYPES, text().description(Some(TYPES_ABOUT))),
                    json!({TYPES: TYPES_EXAMPLE, "_count": "5"}),
                ),
                false => (parameters(), json!({"_count": "5"})),
            };
            Some(body.content(FORM_TYPE, content(form.into(), example)))
        }
        Takes::Parameters | Takes::Bundle => {
            let (required, schema, example) = match takes {
                Takes::Bundle => (
                    Required::True,
                    BATCH,
                    json!({"resourceType": "Bundle", "type": "batch", "entry": [
                        {"request": {"method": "GET", "url": "Patient?_count=1"}},
                        {"request": {"method": "GET", "url": "metadata"}},
                    ]}),
                ),
                _ => (Required::False, PARAMETERS, said(described.identifies)),
            };
            let resource = || content(RefOr::Ref(Ref::from_schema_name(schema)), example.clone());
            let all = JSON_TYPES.into_iter();
            let body = all.fold(body, |body, name| body.content(name, resource()));
            Some(body.required(Some(required)))
        }
    }
}

/// Parameters as an example has them.
fn said(identifies: bool) -> Value {
    match identifies {
        true => json!({"resourceType": "Parameters", "parameter": [
            {"name": "identifier", "valueIdentifier": {"value": IDENTIFIER}},
        ]}),
        false => json!({"resourceType": "Parameters", "parameter": []}),
    }
}

impl Said {
    fn parameter(&self) -> Parameter {
        let place = match self.place {
            Place::Query => ParameterIn::Query,
            Place::Header => ParameterIn::Header,
        };
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(place)
            .required(Required::False)
            .description(Some(self.about))
            .example(self.example.map(Into::into))
            .schema(Some(text()))
            .build()
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
        .example(Some(json!({"_count": "5"})))
        .style(Some(ParameterStyle::Form))
        .explode(Some(true))
        .schema(Some(parameters()))
        .build()
}

/// What is searched at the base.
fn types() -> Parameter {
    ParameterBuilder::new()
        .name(TYPES)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(TYPES_ABOUT))
        .example(Some(TYPES_EXAMPLE.into()))
        .schema(Some(text()))
        .build()
}

/// Whose resource is meant, where the path has no id.
fn identifier() -> Parameter {
    ParameterBuilder::new()
        .name("identifier")
        .parameter_in(ParameterIn::Query)
        .required(Required::True)
        .description(Some("One identifier, as `system|value` or as `value`."))
        .example(Some(IDENTIFIER.into()))
        .schema(Some(text()))
        .build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn parameters() -> ObjectBuilder {
    let text = AdditionalProperties::RefOr(RefOr::T(Schema::Object(text().build())));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(text))
}

fn content(schema: RefOr<Schema>, example: Value) -> Content {
    let content = ContentBuilder::new().schema(Some(schema));
    content.example(Some(example)).build()
}

/// An answer in every form that there is.
pub fn contents(response: ResponseBuilder, schema: &str) -> ResponseBuilder {
    let in_json = JSON_TYPES.into_iter().map(|name| (name, schema));
    let in_xml = XML_TYPES.into_iter().map(|name| (name, XML));
    in_json
        .chain(in_xml)
        .fold(response, |response, (name, schema)| {
            let schema = RefOr::Ref(Ref::from_schema_name(schema));
            let content = ContentBuilder::new().schema(Some(schema));
            response.content(name, content.build())
        })
}

/// What resources have in common, and what is read of those that are sent here.
pub fn schemas() -> [(String, RefOr<Schema>); 5] {
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
