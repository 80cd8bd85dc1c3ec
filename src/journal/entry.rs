//! What the journal holds of a request, or of what was done without one: who, which practice, what, when, and how much.
//!
//! Plain data, and metadata alone. There is no place in an entry for SQL text, a parameter, a search, an id of a patient, a
//! file's name or the text of an error: what could hold a person's data cannot be noted by mistake. Names are from closed
//! sets, ids are GUIDs; the one text of a caller's is a device's id, which its token is bound to.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::errors::Code;
use crate::fhir::ResourceType;
use crate::gateway::id::{IntegratorId, KeyId, QueryId, SiteId};
use crate::gateway::integrator::{Environment, Scope};
use crate::gateway::moment::Moment;
use crate::gateway::query::{ErrorDetails, ErrorType, Mode, Outcome, Query, Status, StatusTiming};
use crate::gateway::webhook::{Delivery, Receiver};
use crate::store::Change;
use crate::trace_context::TraceId;

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When it was answered, or ended.
    pub at: Moment,
    pub what: What,
    /// Of the request; None where there was none, as at the end of an async query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
    #[serde(default, skip_serializing_if = "Caller::is_unknown")]
    pub caller: Caller,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// Of whichever mode, registered ones too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<QueryId>,
    /// HTTP status; None where nobody waited for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Cause>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub sizes: Sizes,
    #[serde(default, skip_serializing_if = "is_default")]
    pub durations: Durations,
    /// How far a query has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// Who it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    /// None where nobody was authenticated; the operator has none either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrator: Option<IntegratorId>,
    /// Which of the integrator's keys; not the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// That a valid token is bound to, or was made for. Never what a request that was refused says that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
}

impl Caller {
    fn is_unknown(&self) -> bool {
        is_default(self)
    }
}

/// What was asked for, or happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum What {
    /// An immediate query, whatever came of it.
    Immediate,
    /// An async query was taken in, or refused.
    AsyncSubmit,
    /// An async query ended.
    AsyncEnd,
    /// A query was registered, or refused.
    Register,
    /// A registered query ran.
    RegisteredRun {
        /// Its result is another than the last one.
        changed: bool,
    },
    RegisteredCancel,
    /// Registered queries, or the result of one, were read.
    RegisteredRead,
    /// How far queries have come.
    Status {
        /// Queries that were asked for.
        queries: u32,
    },
    /// A page of a result.
    Page {
        number: u32,
        streamed: bool,
    },
    /// The FHIR API.
    Fhir {
        interaction: Interaction,
        /// A type that the site serves.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            serialize_with = "write_type",
            deserialize_with = "read_type"
        )]
        resource: Option<ResourceType>,
    },
    /// A device's token.
    Token,
    /// A practice was looked up, or its status read.
    SiteRead,
    /// An integration was enabled at a practice by its code.
    Pair,
    /// Who may ask whom was changed, or messages to a webhook are sent again.
    Admin {
        action: AdminAction,
    },
    /// The journal itself was read.
    AuditRead,
}

/// The kinds of [`What`], without what belongs to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Immediate,
    AsyncSubmit,
    AsyncEnd,
    Register,
    RegisteredRun,
    RegisteredCancel,
    RegisteredRead,
    Status,
    Page,
    Fhir,
    Token,
    SiteRead,
    Pair,
    Admin,
    AuditRead,
}

impl Kind {
    pub const ALL: [Kind; 15] = [
        Kind::Immediate,
        Kind::AsyncSubmit,
        Kind::AsyncEnd,
        Kind::Register,
        Kind::RegisteredRun,
        Kind::RegisteredCancel,
        Kind::RegisteredRead,
        Kind::Status,
        Kind::Page,
        Kind::Fhir,
        Kind::Token,
        Kind::SiteRead,
        Kind::Pair,
        Kind::Admin,
        Kind::AuditRead,
    ];

    /// As an entry's text has it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Immediate => "immediate",
            Kind::AsyncSubmit => "asyncSubmit",
            Kind::AsyncEnd => "asyncEnd",
            Kind::Register => "register",
            Kind::RegisteredRun => "registeredRun",
            Kind::RegisteredCancel => "registeredCancel",
            Kind::RegisteredRead => "registeredRead",
            Kind::Status => "status",
            Kind::Page => "page",
            Kind::Fhir => "fhir",
            Kind::Token => "token",
            Kind::SiteRead => "siteRead",
            Kind::Pair => "pair",
            Kind::Admin => "admin",
            Kind::AuditRead => "auditRead",
        }
    }
}

/// The text is none of [`Kind::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct UnknownKind;

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of")?;
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma} {}", kind.name())?;
        }
        Ok(())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Kind, UnknownKind> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or(UnknownKind)
    }
}

impl What {
    pub fn kind(self) -> Kind {
        match self {
            What::Immediate => Kind::Immediate,
            What::AsyncSubmit => Kind::AsyncSubmit,
            What::AsyncEnd => Kind::AsyncEnd,
            What::Register => Kind::Register,
            What::RegisteredRun { .. } => Kind::RegisteredRun,
            What::RegisteredCancel => Kind::RegisteredCancel,
            What::RegisteredRead => Kind::RegisteredRead,
            What::Status { .. } => Kind::Status,
            What::Page { .. } => Kind::Page,
            What::Fhir { .. } => Kind::Fhir,
            What::Token => Kind::Token,
            What::SiteRead => Kind::SiteRead,
            What::Pair => Kind::Pair,
            What::Admin { .. } => Kind::Admin,
            What::AuditRead => Kind::AuditRead,
        }
    }
}

/// What of the FHIR API was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interaction {
    Read,
    SearchType,
    SearchSystem,
    SearchCompartment,
    Capabilities,
    Operation,
    Batch,
    /// Nothing that there is.
    Other,
}

impl Interaction {
    /// By the name that the request's line in the log has.
    pub fn of(name: Option<&str>) -> Interaction {
        match name {
            Some("read") => Interaction::Read,
            Some("search-type") => Interaction::SearchType,
            Some("search-system") => Interaction::SearchSystem,
            Some("search-compartment") => Interaction::SearchCompartment,
            Some("capabilities") => Interaction::Capabilities,
            Some("operation") => Interaction::Operation,
            Some("batch") => Interaction::Batch,
            _ => Interaction::Other,
        }
    }
}

/// What an operator changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AdminAction {
    IntegratorAdded,
    IntegratorChanged,
    IntegratorRemoved,
    KeyAdded,
    KeyRevoked,
    PairingEnabled,
    PairingDisabled,
    LoginSet,
    LoginRemoved,
    WebhookSet,
    WebhookRemoved,
    /// Messages to a webhook that had failed are sent again.
    MessagesRedelivered,
    PairingCodeAdded,
    PairingCodeUsed,
    AuthoritativeSet,
    AuthoritativeCleared,
}

/// Why it came to nothing. Never in the words of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// An entry of [`crate::errors`]: `PH004`.
    Code(String),
    /// What the query's object says.
    Query {
        #[serde(rename = "errorType")]
        error_type: ErrorType,
        #[serde(rename = "errorCode")]
        error_code: i64,
    },
    /// Nobody was there any more to be answered: the caller went away, or the server ended. What was asked of a practice may
    /// have been done.
    ConnectionEnded,
}

impl From<&Code> for Cause {
    fn from(code: &Code) -> Cause {
        Cause::Code(code.id.to_owned())
    }
}

impl From<&ErrorDetails> for Cause {
    fn from(details: &ErrorDetails) -> Cause {
        Cause::Query {
            error_type: details.error_type,
            error_code: details.error_code,
        }
    }
}

/// How much it was: bytes and rows, where they are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sizes {
    /// Bytes of the request's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
    /// Bytes of the command as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<u64>,
    /// Bytes of the SQL text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<u64>,
    /// Bytes of the rows as JSON, or of the answer where it is FHIR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<u64>,
    /// Rows, or matching resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_affected: Option<i64>,
}

/// How long it took, where that is known; in milliseconds, as the journal keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Durations {
    /// Until its turn came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<u64>,
    /// In the practice's database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<u64>,
    /// From the request's head to its answer, or from a query's creation to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<u64>,
}

/// A duration as [`Durations`] has it.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How far a query has come: what its object says beside sizes and durations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub status: Status,
    /// Milliseconds.
    pub max_time_in_queue: u64,
    pub created_at: Moment,
    pub updated_at: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub timing: StatusTiming,
    /// Of an async query's result.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pages: u64,
}

impl Entry {
    /// That something happened now; whatever else is known is set by the caller.
    pub fn now(what: What) -> Entry {
        Entry {
            at: Moment::now(),
            what,
            request: None,
            trace: None,
            caller: Caller::default(),
            site: None,
            query: None,
            status: None,
            error: None,
            sizes: Sizes::default(),
            durations: Durations::default(),
            progress: None,
        }
    }

    /// What there is to say of a query by itself: [`What::Immediate`], [`What::AsyncSubmit`], [`What::AsyncEnd`].
    pub fn of_query(what: What, query: &Query) -> Entry {
        let outcome = query.outcome.as_ref();
        let timing = &query.timing;
        let began = timing.executing.map(|stage| stage.start_time);
        let waited_from = timing.queued.map_or(query.created_at, |it| it.start_time);
        let ended = query.completed_at;
        Entry {
            caller: Caller {
                integrator: Some(query.integrator),
                environment: Some(query.environment),
                device: query.device.clone(),
                ..Caller::default()
            },
            site: Some(query.site),
            query: Some(query.id),
            error: query.error.as_ref().map(Cause::from),
            sizes: Sizes {
                request: Some(query.request_size),
                command: Some(query.command_size),
                sql: Some(query.sql_query_size),
                result: outcome.map(|outcome| outcome.size),
                rows: outcome.map(|outcome| outcome.rows),
                rows_affected: outcome.and_then(|outcome| outcome.rows_affected),
            },
            durations: Durations {
                queued: began.map(|began| millis(began.since(waited_from))),
                execution: query.execution.map(millis),
                whole: ended.map(|ended| millis(ended.since(query.created_at))),
            },
            progress: Some(Progress {
                status: query.status,
                max_time_in_queue: millis(query.max_time_in_queue),
                created_at: query.created_at,
                updated_at: query.updated_at,
                completed_at: ended,
                timing: timing.clone(),
                pages: outcome.map_or(0, |outcome| outcome.pages.len() as u64),
            }),
            ..Entry::now(what)
        }
    }

    /// That an operator changed who may ask whom.
    pub fn of_change(change: &Change) -> Entry {
        let (action, integrator, environment, key, site) = match change {
            Change::AddIntegrator(it) => {
                (AdminAction::IntegratorAdded, Some(it.id), None, None, None)
            }
            Change::SetIntegrator(it) => {
                let action = AdminAction::IntegratorChanged;
                (action, Some(it.id), None, None, None)
            }
            Change::RemoveIntegrator(id) => {
                (AdminAction::IntegratorRemoved, Some(*id), None, None, None)
            }
            Change::AddKey(key) => {
                let (of, environment) = (Some(key.integrator), Some(key.environment));
                (AdminAction::KeyAdded, of, environment, Some(key.id), None)
            }
            Change::RevokeKey(id, _) => (AdminAction::KeyRevoked, None, None, Some(*id), None),
            Change::SetPairing(pairing) | Change::PairByCode(_, pairing) => {
                let action = match pairing.enabled {
                    true => AdminAction::PairingEnabled,
                    false => AdminAction::PairingDisabled,
                };
                let of = (Some(pairing.integrator), Some(pairing.environment));
                (action, of.0, of.1, None, Some(pairing.site))
            }
            Change::SetLogin(id, ..) => (AdminAction::LoginSet, Some(*id), None, None, None),
            Change::RemoveLogin(id, _) => (AdminAction::LoginRemoved, Some(*id), None, None, None),
            Change::SetWebhook(target) => {
                let of = (Some(target.integrator), Some(target.environment));
                (AdminAction::WebhookSet, of.0, of.1, None, None)
            }
            Change::RemoveWebhook(id, environment) => {
                let action = AdminAction::WebhookRemoved;
                (action, Some(*id), Some(*environment), None, None)
            }
            Change::AddPairingCode(code) => {
                let action = AdminAction::PairingCodeAdded;
                (action, code.integrator, None, None, Some(code.site))
            }
            Change::UsePairingCode(_) => (AdminAction::PairingCodeUsed, None, None, None, None),
            Change::SetAuthoritative { site, .. } => {
                (AdminAction::AuthoritativeSet, None, None, None, Some(*site))
            }
            Change::ClearAuthoritative(site) => {
                let action = AdminAction::AuthoritativeCleared;
                (action, None, None, None, Some(*site))
            }
        };
        Entry {
            caller: Caller {
                integrator,
                environment,
                key,
                ..Caller::default()
            },
            site,
            ..Entry::now(What::Admin { action })
        }
    }

    /// That an operator lets failed messages to a webhook be sent again: one of them, or all.
    pub fn of_redelivery((integrator, environment): Receiver, one: Option<&Delivery>) -> Entry {
        let action = AdminAction::MessagesRedelivered;
        Entry {
            caller: Caller {
                integrator: Some(integrator),
                environment: Some(environment),
                ..Caller::default()
            },
            site: one.map(|one| one.site),
            query: one.map(|one| one.query),
            ..Entry::now(What::Admin { action })
        }
    }

    /// Whether it is what a scope did: the integrator's, in the environment, at the site, by the device.
    pub fn is_in(&self, scope: &Scope) -> bool {
        self.caller.integrator == Some(scope.integrator)
            && self.caller.environment == Some(scope.environment)
            && self.caller.device == scope.device
            && self.site == Some(scope.site)
    }

    /// The immediate query that it is of, without its rows, its parameters and the words of its error, which went with the
    /// answer and are not kept.
    pub fn immediate(&self) -> Option<Query> {
        if self.what != What::Immediate {
            return None;
        }
        let progress = self.progress.as_ref()?;
        let is_successful = progress.status == Status::Successful;
        let error = match self.error {
            Some(Cause::Query {
                error_type,
                error_code,
            }) => Some(ErrorDetails {
                error_type,
                error_code,
                error_message: "the message went with the answer, and is not kept".to_owned(),
            }),
            _ => None,
        };
        Some(Query {
            id: self.query?,
            integrator: self.caller.integrator?,
            environment: self.caller.environment?,
            site: self.site?,
            device: self.caller.device.clone(),
            mode: Mode::Immediate,
            status: progress.status,
            max_time_in_queue: Duration::from_millis(progress.max_time_in_queue),
            command_size: self.sizes.command?,
            request_size: self.sizes.request?,
            sql_query_size: self.sizes.sql?,
            created_at: progress.created_at,
            updated_at: progress.updated_at,
            completed_at: progress.completed_at,
            timing: progress.timing.clone(),
            execution: self.durations.execution.map(Duration::from_millis),
            error,
            outcome: is_successful.then(|| Outcome {
                rows: self.sizes.rows.unwrap_or(0),
                size: self.sizes.result.unwrap_or(0),
                rows_affected: self.sizes.rows_affected,
                ..Outcome::default()
            }),
            expires_at: None,
            trace: None,
        })
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Serde gives a reference to what the variant holds.
#[expect(clippy::ref_option)]
fn write_type<S: Serializer>(ty: &Option<ResourceType>, to: S) -> Result<S::Ok, S::Error> {
    ty.map(ResourceType::name).serialize(to)
}

fn read_type<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ResourceType>, D::Error> {
    let name = Option::<String>::deserialize(from)?;
    name.map(|name| {
        crate::fhir::resource_type(&name).ok_or_else(|| de::Error::custom("no resource type of R4"))
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::tests::{immediate, scope};

    #[test]
    fn kinds_are_named_as_their_entries_are() {
        let whats = [
            What::Immediate,
            What::AsyncSubmit,
            What::AsyncEnd,
            What::Register,
            What::RegisteredRun { changed: true },
            What::RegisteredCancel,
            What::RegisteredRead,
            What::Status { queries: 2 },
            What::Page {
                number: 1,
                streamed: false,
            },
            What::Fhir {
                interaction: Interaction::SearchType,
                resource: crate::fhir::resource_type("Patient"),
            },
            What::Token,
            What::SiteRead,
            What::Pair,
            What::Admin {
                action: AdminAction::KeyAdded,
            },
            What::AuditRead,
        ];
        assert_eq!(whats.map(What::kind), Kind::ALL);
        for what in whats {
            let json = serde_json::to_value(what).expect("JSON");
            assert_eq!(json["kind"], what.kind().name());
            assert_eq!(serde_json::from_value::<What>(json).expect("read"), what);
            assert_eq!(what.kind().name().parse(), Ok(what.kind()));
        }
        let problem = "smith".parse::<Kind>().expect_err("unknown").to_string();
        assert!(
            problem.starts_with("one of immediate, asyncSubmit,"),
            "{problem}"
        );
    }

    #[test]
    fn an_entry_is_short_text() {
        let entry = immediate(&scope());
        let text = serde_json::to_string_pretty(&entry).expect("JSON");
        insta::assert_snapshot!(text);
        assert_eq!(serde_json::from_str::<Entry>(&text).expect("read"), entry);
        let bare = serde_json::to_string(&Entry {
            at: Moment::from_millis(0),
            ..Entry::now(What::Token)
        });
        assert_eq!(
            bare.expect("JSON"),
            r#"{"at":"1970-01-01T00:00:00.000Z","what":{"kind":"token"}}"#
        );
    }

    #[test]
    fn what_a_request_is_called_in_the_log_is_an_interaction() {
        for (name, interaction) in [
            ("read", Interaction::Read),
            ("search-type", Interaction::SearchType),
            ("search-system", Interaction::SearchSystem),
            ("search-compartment", Interaction::SearchCompartment),
            ("capabilities", Interaction::Capabilities),
            ("operation", Interaction::Operation),
            ("batch", Interaction::Batch),
        ] {
            assert_eq!(Interaction::of(Some(name)), interaction);
            assert_eq!(serde_json::to_value(interaction).expect("JSON"), name);
        }
        assert_eq!(Interaction::of(None), Interaction::Other);
    }
}
