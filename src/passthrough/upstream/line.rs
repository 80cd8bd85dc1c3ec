//! Commands of a caller's own at an upstream: posted on as they are, in the API's own form, which both sides speak.
//!
//! Values come back as the upstream wrote them, into a sink that takes JSON as it is ([`RowSink::json`]), so that nothing
//! is lost of what it knew of their types. What the engine at the practice said is the caller's: it goes on as it came.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::answer::{self, Failure, Query, Returned};
use super::{Site, engine_codes};
use crate::passthrough::call::{
    Call, CallError, Called, CommandType, Direction, ExecutionMode, Line, Parameter,
};
use crate::passthrough::{PassthroughError, RowSink, Watch};

/// A site that was found online, for a caller's commands.
pub(super) struct UpstreamLine {
    site: Arc<Site>,
    catalogue: Option<Arc<str>>,
    /// No answer said that the site, or the key, is not what it was.
    is_sound: bool,
}

impl UpstreamLine {
    pub(super) fn new(site: Arc<Site>, catalogue: Option<Arc<str>>) -> UpstreamLine {
        UpstreamLine {
            site,
            catalogue,
            is_sound: true,
        }
    }
}

/// The command as the API has it.
#[derive(Serialize)]
struct Body<'c> {
    command: Text<'c>,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalogue: Option<&'c str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Text<'c> {
    text: &'c str,
    execution_mode: ExecutionMode,
    #[serde(rename = "type")]
    kind: CommandType,
    parameters: &'c [Parameter],
}

impl Line for UpstreamLine {
    fn call(
        &mut self,
        call: &Call,
        watch: &Arc<Watch>,
        rows: &mut dyn RowSink,
    ) -> Result<Called, CallError> {
        let body = Body {
            command: Text {
                text: &call.text,
                execution_mode: call.mode,
                kind: call.kind,
                parameters: &call.parameters,
            },
            catalogue: self.catalogue.as_deref(),
        };
        let begun = Instant::now();
        let most = self.site.rows;
        let called = self
            .site
            .post(&body, watch, failure)
            .and_then(|body| take(&body, call, begun, rows, most));
        if let Err(CallError::Passthrough(error)) = &called {
            self.is_sound &= !error.says_the_server_is_down() || watch.is_over();
        }
        called
    }

    /// Each query has a session of its own at the practice.
    fn reset(&mut self) -> bool {
        self.is_sound
    }
}

/// What a refused command's answer says; None where it says nothing of the command.
fn failure(body: &[u8]) -> Option<CallError> {
    let query = Query::read(body).ok()?;
    query.error_details.as_ref().map(of_failure)
}

fn of_failure(failure: &Failure<'_>) -> CallError {
    let code = failure.code();
    let other = match failure.error_type.as_deref() {
        Some("http") => engine_codes::http(code),
        Some("haloLink") => engine_codes::of_agent(code),
        _ => {
            let message = failure.error_message.as_deref().unwrap_or_default();
            let message = message.to_owned();
            return CallError::Engine { code, message };
        }
    };
    too_large(other)
}

/// A result that is too large is the caller's to make smaller, wherever it was found out.
fn too_large(error: PassthroughError) -> CallError {
    match error {
        PassthroughError::TooLarge(_) => CallError::TooLarge,
        other => other.into(),
    }
}

/// Puts the rows of an answer into the sink; gives what else is in it.
fn take(
    body: &[u8],
    call: &Call,
    begun: Instant,
    rows: &mut dyn RowSink,
    most: usize,
) -> Result<Called, CallError> {
    let query = Query::read(body)?;
    if let Some(failure) = &query.error_details {
        return Err(of_failure(failure));
    }
    let measured = query
        .metrics
        .as_ref()
        .and_then(|it| it.sql_execution_duration);
    let measured = measured.and_then(|took| Duration::try_from_secs_f64(took / 1e3).ok());
    let mut result = query.successful()?;
    if call.mode != ExecutionMode::NonQuery {
        result.rows(&[], rows, most).map_err(too_large)?;
    }
    let parameters = match result.parameters.take() {
        Some(returned) => returned_to(call, &returned)?,
        None => Vec::new(),
    };
    Ok(Called {
        rows_affected: result.rows_affected,
        parameters,
        took: measured.unwrap_or_else(|| begun.elapsed()),
    })
}

/// The call's own parameters that go back, with the values that came for their names.
fn returned_to(call: &Call, returned: &[Returned]) -> Result<Vec<Parameter>, PassthroughError> {
    let bare = |name: &str| name.trim_start_matches('@').to_lowercase();
    let back = call
        .parameters
        .iter()
        .filter(|it| it.direction != Direction::Input);
    back.map(|parameter| {
        let found = returned
            .iter()
            .find(|it| bare(&it.name) == bare(&parameter.name));
        let value = match found.and_then(|found| found.value.as_ref()) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Bool(is)) => Some(is.to_string()),
            // Another implementation may write what is a number as one.
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Array(_) | Value::Object(_)) => return Err(answer::not_understood()),
        };
        Ok(Parameter {
            value,
            ..parameter.clone()
        })
    })
    .collect()
}
