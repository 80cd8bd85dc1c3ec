//! An entry as a FHIR R4 AuditEvent (<https://hl7.org/fhir/R4/auditevent.html>), for those who gather such.
//!
//! - `type` is DICOM's (PS3.16): Query for what was asked of a practice, User Authentication for a token, Security Alert for
//!   a change of who may ask whom, Audit Log Used for a look at the journal; and `rest` for the FHIR API, with its
//!   interaction as `subtype`.
//! - The integrator is the `agent` that requested, named by its GUID; a device is a second one. Nobody is named by a text.
//! - The `entity`s are the practice's database, the query, the resource type, and the request (as IHE's Basic Audit has
//!   it), whose `detail`s are sizes, durations and what came of it. `entity.query` stays empty: it would be the SQL text.
//! - The entry's number and hash are details too, so that a copy can be compared with the journal.

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;

use serde::Serialize;
use thiserror::Error;
use uuid::Uuid;

use super::JournalError;
use super::entry::{AdminAction, Cause, Entry, Interaction, What};
use super::reader::{Filter, Reader, Recorded};
use crate::gateway::moment::Moment;
use crate::gateway::query::{ErrorType, Status};

/// How a number of AuditEvents is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One on each line.
    Ndjson,
    /// A Bundle, of the type `collection`.
    Bundle,
}

impl Form {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Form::Ndjson => "application/fhir+ndjson",
            Form::Bundle => "application/fhir+json",
        }
    }
}

/// Writes entries, page after page.
pub struct Export {
    form: Form,
    is_empty: bool,
}

impl Export {
    pub fn new(form: Form) -> Export {
        Export {
            form,
            is_empty: true,
        }
    }

    /// The text of some more entries.
    pub fn entries(&mut self, entries: &[Recorded]) -> Vec<u8> {
        let mut out = Vec::new();
        for recorded in entries {
            // Plain data with names for keys, which JSON always has.
            let json = serde_json::to_vec(&audit_event(recorded)).unwrap_or_default();
            match self.form {
                Form::Ndjson => {
                    out.extend(json);
                    out.push(b'\n');
                }
                Form::Bundle => {
                    // FHIR has no empty lists: that of the entries begins with the first.
                    let before = match self.is_empty {
                        true => r#"{"resourceType":"Bundle","type":"collection","entry":["#,
                        false => ",",
                    };
                    let id = id(recorded);
                    let entry = format!(r#"{before}{{"fullUrl":"urn:uuid:{id}","resource":"#);
                    out.extend(entry.into_bytes());
                    out.extend(json);
                    out.push(b'}');
                }
            }
            self.is_empty = false;
        }
        out
    }

    /// What comes after the last one.
    pub fn end(self) -> &'static str {
        match (self.form, self.is_empty) {
            (Form::Ndjson, _) => "",
            (Form::Bundle, true) => r#"{"resourceType":"Bundle","type":"collection"}"#,
            (Form::Bundle, false) => "]}",
        }
    }
}

/// Why an export came to nothing.
#[derive(Debug, Error)]
pub enum ExportError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes all that a filter lets through, in the order of time; how many entries.
///
/// # Errors
/// [`ExportError`]
pub fn write(
    reader: &Reader,
    filter: &Filter,
    form: Form,
    out: &mut impl io::Write,
) -> Result<u64, ExportError> {
    // What is written meanwhile is not of this export.
    let until = reader.head()?.seq;
    let filter = Filter {
        until: Some(filter.until.map_or(until, |given| given.min(until))),
        ..filter.clone()
    };
    let mut export = Export::new(form);
    let mut place = None;
    let mut written = 0;
    loop {
        let page = reader.entries(&filter, place)?;
        out.write_all(&export.entries(&page.entries))?;
        written += page.entries.len() as u64;
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    out.write_all(export.end().as_bytes())?;
    out.flush()?;
    Ok(written)
}

const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const REST: Coding = Coding {
    system: "http://terminology.hl7.org/CodeSystem/audit-event-type",
    code: Cow::Borrowed("rest"),
    display: Some("RESTful Operation"),
};
const AUDIT_LOG_USED: Coding = dicom("110101", "Audit Log Used");
const QUERY: Coding = dicom("110112", "Query");
const SECURITY_ALERT: Coding = dicom("110113", "Security Alert");
const USER_AUTHENTICATION: Coding = dicom("110114", "User Authentication");
const LOGIN: Coding = dicom("110122", "Login");
const SECURITY_CONFIGURATION: Coding = dicom("110129", "Security Configuration");
const SECURITY_ROLES_CHANGED: Coding = dicom("110136", "Security Roles Changed");
const ATTRIBUTES_CHANGED: Coding = dicom("110137", "User Security Attributes Changed");
const DESTINATION: Coding = dicom("110152", "Destination Role ID");
const SOURCE: Coding = dicom("110153", "Source Role ID");

const APPLICATION_SERVER: Coding = Coding {
    system: "http://terminology.hl7.org/CodeSystem/security-source-type",
    code: Cow::Borrowed("4"),
    display: Some("Application Server"),
};
const SYSTEM_OBJECT: Coding = Coding {
    system: "http://terminology.hl7.org/CodeSystem/audit-entity-type",
    code: Cow::Borrowed("2"),
    display: Some("System Object"),
};
/// IHE Basic Audit Log Patterns.
const REQUEST_ID: Coding = Coding {
    system: "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
    code: Cow::Borrowed("XrequestId"),
    display: None,
};
const DOMAIN_RESOURCE: Coding = role("4", "Domain Resource");
const DATA_REPOSITORY: Coding = role("17", "Data Repository");
const JOB: Coding = role("20", "Job");
const QUERY_ROLE: Coding = role("24", "Query");

/// What GUIDs are identifiers of.
const URI: &str = "urn:ietf:rfc:3986";

#[derive(Debug, Clone, Serialize)]
struct Coding {
    system: &'static str,
    code: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'static str>,
}

const fn dicom(code: &'static str, display: &'static str) -> Coding {
    Coding {
        system: DICOM,
        code: Cow::Borrowed(code),
        display: Some(display),
    }
}

const fn role(code: &'static str, display: &'static str) -> Coding {
    Coding {
        system: "http://terminology.hl7.org/CodeSystem/object-role",
        code: Cow::Borrowed(code),
        display: Some(display),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuditEvent<'e> {
    resource_type: &'static str,
    id: Uuid,
    r#type: Coding,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtype: Option<[Coding; 1]>,
    action: &'static str,
    recorded: Moment,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome_desc: Option<String>,
    agent: Vec<Agent<'e>>,
    source: Source,
    entity: Vec<Entity>,
}

#[derive(Serialize)]
struct Concept {
    coding: [Coding; 1],
}

#[derive(Serialize)]
struct Agent<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<Concept>,
    who: Reference<'e>,
    requestor: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<Network>,
}

#[derive(Serialize)]
struct Network {
    address: IpAddr,
    /// An IP address.
    r#type: &'static str,
}

#[derive(Serialize)]
struct Reference<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<Identifier<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<Cow<'static, str>>,
}

#[derive(Serialize)]
struct Identifier<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'static str>,
    value: Cow<'e, str>,
}

#[derive(Serialize)]
struct Source {
    observer: Reference<'static>,
    r#type: [Coding; 1],
}

#[derive(Serialize)]
struct Entity {
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<Reference<'static>>,
    r#type: Coding,
    role: Coding,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    detail: Vec<Detail>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    r#type: &'static str,
    value_string: String,
}

/// Of the entry's hash, so that it is the same whenever the entry is written, and no other entry has it.
fn id(recorded: &Recorded) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&recorded.hash.0[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn audit_event(recorded: &Recorded) -> AuditEvent<'_> {
    let entry = &recorded.entry;
    let (ty, subtype, action) = sort(entry.what);
    AuditEvent {
        resource_type: "AuditEvent",
        id: id(recorded),
        r#type: ty,
        subtype: subtype.map(|one| [one]),
        action,
        recorded: entry.at,
        outcome: outcome(entry),
        outcome_desc: entry.error.as_ref().map(words),
        agent: agents(entry),
        source: Source {
            observer: this_server(),
            r#type: [APPLICATION_SERVER],
        },
        entity: entities(recorded),
    }
}

/// `type`, `subtype`, and `action`: create, read, update, delete, execute.
fn sort(what: What) -> (Coding, Option<Coding>, &'static str) {
    match what {
        What::Immediate | What::AsyncSubmit | What::AsyncEnd | What::RegisteredRun { .. } => {
            (QUERY, None, "E")
        }
        What::Register => (QUERY, None, "C"),
        What::RegisteredCancel => (QUERY, None, "D"),
        What::RegisteredRead | What::Status { .. } | What::Page { .. } | What::SiteRead => {
            (QUERY, None, "R")
        }
        What::Fhir { interaction, .. } => {
            // R4's own table of what the audit of its interactions says (AuditEvent, 6.4.7.1).
            let (code, action) = match interaction {
                Interaction::Read => (Some("read"), "R"),
                Interaction::SearchType => (Some("search-type"), "E"),
                Interaction::SearchSystem => (Some("search-system"), "E"),
                // R4 has no code for that of a compartment.
                Interaction::SearchCompartment => (Some("search"), "E"),
                Interaction::Capabilities => (Some("capabilities"), "R"),
                Interaction::Operation => (Some("operation"), "E"),
                Interaction::Batch => (Some("batch"), "E"),
                Interaction::Other => (None, "E"),
            };
            let subtype = code.map(|code| Coding {
                system: "http://hl7.org/fhir/restful-interaction",
                code: Cow::Borrowed(code),
                display: None,
            });
            (REST, subtype, action)
        }
        What::Token => (USER_AUTHENTICATION, Some(LOGIN), "E"),
        What::Pair => (SECURITY_ALERT, Some(SECURITY_ROLES_CHANGED), "U"),
        What::Admin { action } => {
            let (subtype, action) = changed(action);
            (SECURITY_ALERT, Some(subtype), action)
        }
        What::AuditRead => (AUDIT_LOG_USED, None, "R"),
    }
}

fn changed(action: AdminAction) -> (Coding, &'static str) {
    match action {
        AdminAction::IntegratorAdded => (SECURITY_CONFIGURATION, "C"),
        AdminAction::IntegratorChanged
        | AdminAction::WebhookSet
        | AdminAction::AuthoritativeSet
        | AdminAction::AuthoritativeCleared => (SECURITY_CONFIGURATION, "U"),
        AdminAction::MessagesRedelivered => (SECURITY_CONFIGURATION, "E"),
        AdminAction::IntegratorRemoved | AdminAction::WebhookRemoved => {
            (SECURITY_CONFIGURATION, "D")
        }
        AdminAction::KeyAdded => (ATTRIBUTES_CHANGED, "C"),
        AdminAction::LoginSet => (ATTRIBUTES_CHANGED, "U"),
        AdminAction::KeyRevoked | AdminAction::LoginRemoved => (ATTRIBUTES_CHANGED, "D"),
        AdminAction::PairingEnabled
        | AdminAction::PairingDisabled
        | AdminAction::PairingCodeUsed => (SECURITY_ROLES_CHANGED, "U"),
        AdminAction::PairingCodeAdded => (SECURITY_ROLES_CHANGED, "C"),
    }
}

/// Success, a failure that the caller could mend (`4`, often HTTP's 4xx), or one of the server's or the practice's (`8`,
/// often 5xx).
fn outcome(entry: &Entry) -> &'static str {
    if let Some(status) = entry.status {
        return match status {
            0..400 => "0",
            400..500 => "4",
            _ => "8",
        };
    }
    match (entry.progress.as_ref().map(|it| it.status), &entry.error) {
        (Some(Status::Successful), _) | (None, None) => "0",
        (Some(status), None) if !status.is_final() => "0",
        // Of HTTP and of what stands between, the engine having said nothing.
        (
            _,
            Some(Cause::Query {
                error_type,
                error_code,
            }),
        ) => match error_type {
            ErrorType::Http if *error_code < 500 => "4",
            ErrorType::Http | ErrorType::HaloLink => "8",
            _ => "4",
        },
        (_, Some(Cause::ConnectionEnded)) => "4",
        _ => "8",
    }
}

fn words(cause: &Cause) -> String {
    match cause {
        Cause::Code(code) => code.clone(),
        Cause::Query {
            error_type,
            error_code,
        } => format!("{} {error_code}", error_type.name()),
        Cause::ConnectionEnded => "the connection ended before the answer".to_owned(),
    }
}

fn agents(entry: &Entry) -> Vec<Agent<'_>> {
    let caller = &entry.caller;
    let network = caller.address.map(|address| Network {
        address,
        r#type: "2",
    });
    let concept = |coding| Some(Concept { coding: [coding] });
    // What nobody asked for just then, the server does by itself; a change is the operator's, who has no id.
    let is_own = matches!(entry.what, What::AsyncEnd | What::RegisteredRun { .. });
    let is_operator = matches!(entry.what, What::Admin { .. } | What::AuditRead);
    let who = match caller.integrator {
        Some(id) if !is_operator => Reference {
            r#type: Some("Organization"),
            identifier: Some(guid(id.0)),
            display: None,
        },
        _ => Reference {
            r#type: None,
            identifier: None,
            display: Some(Cow::Borrowed(match is_operator {
                true => "the operator",
                false => "not authenticated",
            })),
        },
    };
    let mut agents = vec![Agent {
        r#type: concept(SOURCE),
        who,
        requestor: !is_own,
        network,
    }];
    agents.extend(caller.device.as_deref().map(|device| Agent {
        r#type: None,
        who: Reference {
            r#type: Some("Device"),
            identifier: Some(Identifier {
                system: None,
                value: Cow::Borrowed(device),
            }),
            display: None,
        },
        requestor: false,
        network: None,
    }));
    agents.push(Agent {
        r#type: concept(DESTINATION),
        who: this_server(),
        requestor: is_own,
        network: None,
    });
    agents
}

fn this_server() -> Reference<'static> {
    Reference {
        r#type: Some("Device"),
        identifier: None,
        display: Some(Cow::Borrowed(concat!(
            "Pilaster ",
            env!("CARGO_PKG_VERSION")
        ))),
    }
}

fn guid(id: Uuid) -> Identifier<'static> {
    Identifier {
        system: Some(URI),
        value: Cow::Owned(format!("urn:uuid:{id}")),
    }
}

fn entities(recorded: &Recorded) -> Vec<Entity> {
    let entry = &recorded.entry;
    let named = |id: Uuid, role: Coding| Entity {
        what: Some(Reference {
            r#type: None,
            identifier: Some(guid(id)),
            display: None,
        }),
        r#type: SYSTEM_OBJECT,
        role,
        detail: Vec::new(),
    };
    let mut entities = Vec::new();
    entities.extend(entry.site.map(|site| named(site.0, DATA_REPOSITORY)));
    entities.extend(entry.query.map(|query| named(query.0, QUERY_ROLE)));
    if let What::Fhir {
        resource: Some(resource),
        ..
    } = entry.what
    {
        entities.push(Entity {
            what: None,
            r#type: Coding {
                system: "http://hl7.org/fhir/resource-types",
                code: Cow::Borrowed(resource.name()),
                display: None,
            },
            role: DOMAIN_RESOURCE,
            detail: Vec::new(),
        });
    }
    let mut request = named(entry.request.unwrap_or_default(), JOB);
    request.r#type = match entry.request {
        Some(_) => REQUEST_ID,
        None => {
            request.what = None;
            SYSTEM_OBJECT
        }
    };
    request.detail = details(recorded);
    entities.push(request);
    entities
}

fn details(recorded: &Recorded) -> Vec<Detail> {
    let entry = &recorded.entry;
    let (sizes, durations) = (&entry.sizes, &entry.durations);
    let progress = entry.progress.as_ref();
    let (queries, page, streamed, changed, action) = match entry.what {
        What::Status { queries } => (Some(queries), None, None, None, None),
        What::Page { number, streamed } => (None, Some(number), Some(streamed), None, None),
        What::RegisteredRun { changed } => (None, None, None, Some(changed), None),
        // A name without data, which JSON has as a text.
        What::Admin { action } => (None, None, None, None, serde_json::to_value(action).ok()),
        _ => (None, None, None, None, None),
    };
    let text = |value: &dyn ToString| value.to_string();
    [
        ("kind", Some(text(&entry.what.kind().name()))),
        (
            "action",
            action.and_then(|name| name.as_str().map(str::to_owned)),
        ),
        (
            "environment",
            entry.caller.environment.map(|it| text(&it.name())),
        ),
        ("key", entry.caller.key.map(|key| text(&key))),
        // Whose keys, pairings and so on an operator changed.
        (
            "integrator",
            entry
                .caller
                .integrator
                .filter(|_| matches!(entry.what, What::Admin { .. }))
                .map(|id| text(&id)),
        ),
        ("trace", entry.trace.map(|trace| text(&trace))),
        ("httpStatus", entry.status.map(|status| text(&status))),
        ("queryStatus", progress.map(|it| text(&it.status.name()))),
        ("queries", queries.map(|count| text(&count))),
        ("page", page.map(|number| text(&number))),
        ("streamed", streamed.map(|it| text(&it))),
        ("changed", changed.map(|it| text(&it))),
        ("requestBytes", sizes.request.map(|it| text(&it))),
        ("commandBytes", sizes.command.map(|it| text(&it))),
        ("sqlBytes", sizes.sql.map(|it| text(&it))),
        ("resultBytes", sizes.result.map(|it| text(&it))),
        ("rows", sizes.rows.map(|it| text(&it))),
        ("rowsAffected", sizes.rows_affected.map(|it| text(&it))),
        ("queuedMs", durations.queued.map(|it| text(&it))),
        ("executionMs", durations.execution.map(|it| text(&it))),
        ("wholeMs", durations.whole.map(|it| text(&it))),
        ("sequence", Some(text(&recorded.seq))),
        ("hash", Some(text(&recorded.hash))),
    ]
    .into_iter()
    .filter_map(|(ty, value)| {
        Some(Detail {
            r#type: ty,
            value_string: value?,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests;
