//! What callers are answered: queries, results and registered queries → JSON, field by field in the contract's order.
//!
//! What is not there is left out. Rows are written once: as base64, into a buffer that is large enough from the start.
//! The OpenAPI document is made of the types.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use super::openapi::ErrorEnvelope;

use crate::gateway::id::{IntegratorId, QueryId, SiteId};
use crate::gateway::moment::Moment;
use crate::gateway::query::{
    ErrorDetails, Mode, Outcome, Page, PageStatus, Query, Status, StatusTiming,
};
use crate::gateway::registered::{Registered, RegisteredResult, RegisteredStatus};
use crate::passthrough::call::Parameter;

/// Room for all of a query but its rows, parameters and pages.
const HEAD_BYTES: usize = 2048;

/// A query, as far as it has come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Query)]
pub struct QueryObject<'q> {
    #[schema(value_type = Uuid)]
    id: QueryId,
    /// Whose it is.
    #[schema(value_type = Uuid)]
    integrator_id: IntegratorId,
    #[schema(value_type = Uuid)]
    site_id: SiteId,
    mode: Mode,
    status: Status,
    /// Milliseconds.
    max_time_in_queue: u64,
    /// Bytes of the command, as it was sent.
    command_size: u64,
    /// Bytes of the request's body.
    request_size: u64,
    /// Bytes of the command's text.
    sql_query_size: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Moment,
    /// When it ended, well or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    completed_at: Option<Moment>,
    status_timing: &'q StatusTiming,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metrics: Option<QueryMetrics>,
    /// Of a successful query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    result: Option<QueryResult<'q>>,
    /// Bytes of `result`, as JSON; of an immediate query's answer alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    result_size: Option<u64>,
    /// Of a query that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error_details: Option<&'q ErrorDetails>,
}

/// How long a query took.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueryMetrics {
    /// Milliseconds from the statement's being sent to its last row.
    sql_execution_duration: u64,
}

/// What came of a query.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueryResult<'q> {
    /// How many rows there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rows: Option<u64>,
    /// How many rows a `nonQuery` changed, as the engine counts them; -1 where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rows_affected: Option<i64>,
    /// Bytes of the rows as JSON.
    size: u64,
    /// Of an immediate query: base64 of the rows, a JSON array of objects that have a property for each column.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, content_encoding = "base64", nullable = false)]
    data: Option<&'q str>,
    /// Parameters that come back: outputs and the return value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Parameter>>, nullable = false)]
    parameters: Option<&'q [Parameter]>,
    /// Of an async query. They are listed for a day longer than they are kept, which is 24 hours from `completedAt`: then
    /// they are answered with 410.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pages: Option<Vec<PageObject>>,
}

/// A page of a result.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Page)]
pub struct PageObject {
    /// From 1.
    page_number: u32,
    status: PageStatus,
    /// Bytes of the rows as JSON.
    size: u64,
    rows: PageRows,
}

/// Which rows of the whole result a page has.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageRows {
    count: u64,
    /// The first one's place, from 1; 0 in a page without rows.
    range_start: u64,
    /// The last one's place; 0 in a page without rows.
    range_end: u64,
}

/// Why an immediate query has no rows.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the description: each is sent by itself")]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "it is never made")]
pub enum NotRun<'q> {
    Failed(QueryObject<'q>),
    Refused(ErrorEnvelope),
}

/// What became of queries that were asked after, in the order of the ids.
#[derive(Serialize, ToSchema)]
pub struct StatusList<'q> {
    pub results: Vec<StatusEntry<'q>>,
}

/// What became of one of them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusEntry<'q> {
    #[schema(value_type = Uuid)]
    pub query_id: QueryId,
    pub status: Found,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub query: Option<QueryObject<'q>>,
}

/// Whether the caller has a query of an id at the site.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Found {
    Found,
    NotFound,
}

/// The rows of a page.
#[derive(Serialize, ToSchema)]
pub struct PageData<'q> {
    /// Base64 of the rows: a JSON array of objects that have a property for each column.
    #[schema(value_type = String, content_encoding = "base64")]
    data: &'q str,
    /// Parameters that come back, where there are any: outputs and the return value.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Option<Vec<Parameter>>, nullable = false)]
    parameters: &'q [Parameter],
}

/// A query is registered.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisteredId)]
pub struct RegisteredReference {
    #[schema(value_type = Uuid)]
    pub id: QueryId,
}

/// Registered queries, the oldest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredList<'r> {
    pub registered_queries: Vec<RegisteredObject<'r>>,
}

/// A registered query.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RegisteredQuery)]
pub struct RegisteredObject<'r> {
    #[schema(value_type = Uuid)]
    id: QueryId,
    /// The caller's own name for it.
    name: &'r str,
    registered_query_type: &'static str,
    status: RegisteredStatus,
    /// Seconds from one run to the next.
    frequency: u64,
    /// Seconds after which it is run no more.
    duration: u64,
    /// SHA-256 of the last result, in lowercase hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_hash: Option<&'r str>,
    /// Of the last run, where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_error_details: Option<&'r ErrorDetails>,
    metrics: RegisteredNumbers,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    completed_at: Option<Moment>,
}

/// What a registered query's runs came to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RegisteredMetrics)]
pub struct RegisteredNumbers {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    last_succeeded_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    last_failed_at: Option<Moment>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_execution_duration: Option<u64>,
    execution_succeeded_count: u64,
    execution_failed_count: u64,
    /// Bytes of all results.
    result_size_sum: u64,
    /// Bytes of the request that registered it.
    request_size: u64,
}

/// What a registered query found when its result was last another than before.
#[derive(Serialize, ToSchema)]
pub struct RegisteredData<'r> {
    /// Base64 of the rows: a JSON array of objects that have a property for each column.
    #[schema(value_type = String, content_encoding = "base64")]
    data: &'r str,
    /// Parameters that come back: outputs and the return value.
    #[schema(value_type = Vec<Parameter>)]
    parameters: &'r [Parameter],
    /// How many rows there are.
    rows: u64,
    /// Bytes of the rows as JSON.
    size: u64,
}

impl<'q> QueryObject<'q> {
    /// A query, with what is told of its result: all but an immediate query's rows.
    pub fn new(query: &'q Query) -> QueryObject<'q> {
        let outcome = query.outcome.as_ref();
        QueryObject {
            id: query.id,
            integrator_id: query.integrator,
            site_id: query.site,
            mode: query.mode,
            status: query.status,
            max_time_in_queue: millis(query.max_time_in_queue),
            command_size: query.command_size,
            request_size: query.request_size,
            sql_query_size: query.sql_query_size,
            created_at: query.created_at,
            updated_at: query.updated_at,
            completed_at: query.completed_at,
            status_timing: &query.timing,
            metrics: query.execution.map(|took| QueryMetrics {
                sql_execution_duration: millis(took),
            }),
            result: outcome.map(|outcome| QueryResult::new(outcome, query.mode)),
            result_size: None,
            error_details: query.error.as_ref(),
        }
    }
}

impl<'q> QueryResult<'q> {
    fn new(outcome: &'q Outcome, mode: Mode) -> QueryResult<'q> {
        let changes = outcome.rows_affected;
        let parameters = Some(outcome.parameters.as_slice());
        // A page comes with the parameters; where rows are changed there is none.
        let is_here = mode == Mode::Immediate || changes.is_some();
        let pages = || outcome.pages.iter().map(PageObject::new).collect();
        QueryResult {
            rows: changes.is_none().then_some(outcome.rows),
            rows_affected: changes,
            size: outcome.size,
            data: None,
            parameters: parameters.filter(|all| is_here && !all.is_empty()),
            pages: (mode == Mode::Async && changes.is_none()).then(pages),
        }
    }
}

impl PageObject {
    fn new(page: &Page) -> PageObject {
        PageObject {
            page_number: page.number,
            status: page.status,
            size: page.size,
            rows: PageRows {
                count: page.count,
                range_start: page.first,
                range_end: page.last(),
            },
        }
    }
}

impl<'r> RegisteredObject<'r> {
    /// A registered query.
    pub fn new(registered: &'r Registered) -> RegisteredObject<'r> {
        let metrics = &registered.metrics;
        RegisteredObject {
            id: registered.id,
            name: &registered.name,
            registered_query_type: "query",
            status: registered.status,
            frequency: registered.frequency.as_secs(),
            duration: registered.duration.as_secs(),
            last_hash: registered.last_hash.as_deref(),
            last_error_details: registered.last_error.as_ref(),
            metrics: RegisteredNumbers {
                last_succeeded_at: metrics.last_succeeded_at,
                last_failed_at: metrics.last_failed_at,
                last_execution_duration: metrics.last_execution_duration,
                execution_succeeded_count: metrics.execution_succeeded_count,
                execution_failed_count: metrics.execution_failed_count,
                result_size_sum: metrics.result_size_sum,
                request_size: metrics.request_size,
            },
            created_at: registered.created_at,
            completed_at: registered.completed_at,
        }
    }
}

/// An immediate query that went well. `rows` are None where the command gives none, but changes some.
pub fn immediate(query: &Query, rows: Option<&[u8]>) -> Vec<u8> {
    let none = Outcome::default();
    let outcome = query.outcome.as_ref().unwrap_or(&none);
    let object = QueryObject {
        result: None,
        ..QueryObject::new(query)
    };
    let mut json = Written::with_room_for(rows.unwrap_or_default());
    json.open(&object);
    json.name("result");
    let start = json.0.len();
    json.open(&QueryResult {
        rows: rows.map(|_| outcome.rows),
        rows_affected: match rows {
            Some(_) => None,
            None => Some(outcome.rows_affected.unwrap_or(-1)),
        },
        size: rows.map_or(0, |rows| rows.len() as u64),
        data: None,
        parameters: None,
        pages: None,
    });
    if let Some(rows) = rows {
        json.name("data");
        json.base64(rows);
    }
    json.name("parameters");
    json.value(&outcome.parameters);
    json.close();
    let size = json.0.len() - start;
    json.name("resultSize");
    json.value(&size);
    json.close();
    json.0
}

/// A page's rows, and the parameters that came back.
pub fn page(rows: &[u8], parameters: &[Parameter]) -> Vec<u8> {
    let mut json = Written::with_room_for(rows);
    json.0.push(b'{');
    json.name("data");
    json.base64(rows);
    if !parameters.is_empty() {
        json.name("parameters");
        json.value(&parameters);
    }
    json.close();
    json.0
}

/// A registered query's result.
pub fn registered_result(result: &RegisteredResult) -> Vec<u8> {
    let mut json = Written::with_room_for(&result.data);
    json.0.push(b'{');
    json.name("data");
    json.base64(&result.data);
    json.name("parameters");
    json.value(&result.parameters);
    json.name("rows");
    json.value(&result.rows);
    json.name("size");
    json.value(&result.data.len());
    json.close();
    json.0
}

/// JSON that is being written.
struct Written(Vec<u8>);

impl Written {
    fn with_room_for(rows: &[u8]) -> Written {
        // Beyond what an address can count, there are no rows.
        let encoded = base64::encoded_len(rows.len(), true).unwrap_or_default();
        Written(Vec::with_capacity(HEAD_BYTES + encoded))
    }

    /// An object without its end: further fields follow.
    fn open(&mut self, object: &impl Serialize) {
        self.value(object);
        self.0.pop();
    }

    fn name(&mut self, name: &'static str) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        self.value(&name);
        self.0.push(b':');
    }

    fn value(&mut self, value: &impl Serialize) {
        // Texts, numbers and lists of them, which JSON always has, to memory.
        let written = serde_json::to_writer(&mut self.0, value);
        debug_assert!(written.is_ok());
    }

    /// Bytes as a string, for which the room is there.
    fn base64(&mut self, bytes: &[u8]) {
        self.0.push(b'"');
        let start = self.0.len();
        let length = base64::encoded_len(bytes.len(), true).unwrap_or_default();
        self.0.resize(start + length, 0);
        // As long as it has to be.
        let written = STANDARD.encode_slice(bytes, &mut self.0[start..]);
        debug_assert_eq!(written, Ok(length));
        self.0.push(b'"');
    }

    fn close(&mut self) {
        self.0.push(b'}');
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::integrator::Environment;
    use crate::gateway::query::{ErrorType, Stage};
    use crate::gateway::registered::RegisteredMetrics;
    use crate::passthrough::call::{Direction, ParameterType};
    use serde_json::Value;
    use uuid::Uuid;

    fn query(mode: Mode, status: Status) -> Query {
        let at = |second: i64| Moment::from_millis(1_795_344_675_000 + second * 1000);
        let stage = |second| {
            Some(Stage {
                start_time: at(second),
                end_time: None,
            })
        };
        Query {
            id: QueryId(Uuid::from_u128(1)),
            integrator: IntegratorId(Uuid::from_u128(2)),
            environment: Environment::Production,
            site: SiteId(Uuid::from_u128(3)),
            device: None,
            mode,
            status,
            max_time_in_queue: Duration::from_secs(30),
            command_size: 19,
            request_size: 31,
            sql_query_size: 8,
            created_at: at(0),
            updated_at: at(2),
            completed_at: Some(at(2)),
            timing: StatusTiming {
                initialising: stage(0),
                executing: stage(1),
                ..StatusTiming::default()
            },
            execution: Some(Duration::from_millis(12)),
            error: None,
            outcome: Some(Outcome {
                rows: 2,
                size: 17,
                ..Outcome::default()
            }),
            expires_at: None,
            trace: None,
        }
    }

    fn output() -> Parameter {
        Parameter {
            name: "@n".to_owned(),
            direction: Direction::Output,
            ty: ParameterType::Int,
            value: Some("7".to_owned()),
            size: None,
        }
    }

    fn text(json: Vec<u8>) -> String {
        String::from_utf8(json).expect("UTF-8")
    }

    fn of(query: &Query) -> String {
        text(serde_json::to_vec(&QueryObject::new(query)).expect("JSON"))
    }

    #[test]
    fn an_immediate_query_is_told_with_its_rows() {
        let rows = br#"[{"a":1},{"a":2}]"#;
        let json = text(immediate(
            &query(Mode::Immediate, Status::Successful),
            Some(rows),
        ));
        insta::assert_snapshot!(json);
        let value: Value = serde_json::from_str(&json).expect("JSON");
        let data = value["result"]["data"].as_str().expect("data");
        assert_eq!(STANDARD.decode(data).expect("base64"), rows);
        let result = value["result"].to_string();
        assert_eq!(value["resultSize"], result.len());
    }

    #[test]
    fn a_command_that_changes_rows_says_how_many() {
        let mut changed = query(Mode::Immediate, Status::Successful);
        changed.outcome = Some(Outcome {
            rows_affected: Some(4),
            parameters: vec![output()],
            ..Outcome::default()
        });
        let value: Value = serde_json::from_slice(&immediate(&changed, None)).expect("JSON");
        assert_eq!(
            value["result"].to_string(),
            r#"{"rowsAffected":4,"size":0,"parameters":[{"name":"@n","direction":"output","type":"Int","value":"7"}]}"#
        );
        changed.mode = Mode::Async;
        let value: Value = serde_json::from_str(&of(&changed)).expect("JSON");
        assert_eq!(value["result"]["rowsAffected"], 4);
        assert_eq!(value["result"]["parameters"][0]["value"], "7");
        assert_eq!(value["result"].get("pages"), None);
        changed.outcome = None;
        let value: Value = serde_json::from_slice(&immediate(&changed, None)).expect("JSON");
        assert_eq!(value["result"]["rowsAffected"], -1);
    }

    #[test]
    fn other_queries_are_told_without_rows() {
        let mut paged = query(Mode::Async, Status::Successful);
        paged.outcome = Some(Outcome {
            rows: 3,
            size: 30,
            pages: vec![
                Page {
                    number: 1,
                    status: PageStatus::Cached,
                    size: 20,
                    count: 2,
                    first: 1,
                },
                Page {
                    number: 2,
                    status: PageStatus::Uploading,
                    size: 10,
                    count: 1,
                    first: 3,
                },
            ],
            parameters: vec![output()],
            rows_affected: None,
        });
        insta::assert_snapshot!("async", of(&paged));
        let mut failed = query(Mode::Immediate, Status::ExecutionFailed);
        failed.outcome = None;
        failed.error = Some(ErrorDetails {
            error_type: ErrorType::Mssql,
            error_code: 2812,
            error_message: "Could not find stored procedure 'x'.".to_owned(),
        });
        insta::assert_snapshot!("failed", of(&failed));
        let mut waiting = query(Mode::Async, Status::Queued);
        (waiting.completed_at, waiting.execution, waiting.outcome) = (None, None, None);
        insta::assert_snapshot!("waiting", of(&waiting));
    }

    #[test]
    fn pages_have_parameters_where_there_are_any() {
        assert_eq!(text(page(b"[]", &[])), r#"{"data":"W10="}"#);
        assert_eq!(
            text(page(b"[]", &[output()])),
            r#"{"data":"W10=","parameters":[{"name":"@n","direction":"output","type":"Int","value":"7"}]}"#
        );
    }

    #[test]
    fn registered_queries_are_told_in_full() {
        let registered = Registered {
            id: QueryId(Uuid::from_u128(1)),
            integrator: IntegratorId(Uuid::from_u128(2)),
            environment: Environment::Staging,
            site: SiteId(Uuid::from_u128(3)),
            device: None,
            name: "new \"patients\"".to_owned(),
            status: RegisteredStatus::Enabled,
            frequency: Duration::from_secs(300),
            duration: Duration::from_secs(43_200),
            last_hash: None,
            last_error: None,
            metrics: RegisteredMetrics {
                request_size: 123,
                ..RegisteredMetrics::default()
            },
            created_at: Moment::from_millis(0),
            completed_at: None,
            next_at: Moment::from_millis(0),
        };
        let json = serde_json::to_vec(&RegisteredObject::new(&registered)).expect("JSON");
        insta::assert_snapshot!("registered", text(json));
        let result = RegisteredResult {
            data: b"[]".to_vec(),
            rows: 0,
            parameters: Vec::new(),
        };
        assert_eq!(
            text(registered_result(&result)),
            r#"{"data":"W10=","parameters":[],"rows":0,"size":2}"#
        );
    }

    #[test]
    fn the_buffer_is_large_enough_from_the_start() {
        let rows = vec![b'x'; 3 << 20];
        let json = immediate(&query(Mode::Immediate, Status::Successful), Some(&rows));
        assert_eq!(
            json.capacity(),
            HEAD_BYTES + base64::encoded_len(rows.len(), true).expect("a length")
        );
    }
}
