//! What callers ask for: the bodies of the SQL passthrough, as JSON has them → what the gateway takes.
//!
//! The types are the JSON's, field by field, and the OpenAPI document is made of them. What the form of JSON does not say
//! (ranges, what may not be blank) is judged here, by the same names.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use utoipa::ToSchema;

use super::json::{self, BodyError, Fault};
use crate::gateway::ask::{Ask, Registration, bounds};
use crate::gateway::id::QueryId;
use crate::passthrough::call::{
    Call, CommandType, Direction, ExecutionMode, Parameter, ParameterType,
};

/// A command that is answered while its caller waits.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImmediateRequest {
    /// How long the command may wait for its turn, in milliseconds.
    #[schema(minimum = 0, maximum = 60_000, default = 30_000)]
    max_time_in_queue: Option<i64>,
    command: CommandRequest,
    /// Which of the site's databases, by name; its default one where there is none.
    #[schema(value_type = Option<String>, min_length = 1)]
    catalogue: Option<Arc<str>>,
}

/// A command that is run later, and whose result is fetched page by page.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AsyncRequest {
    /// How long the command may wait for its turn, in milliseconds.
    #[schema(minimum = 0, maximum = 7_200_000, default = 3_600_000)]
    max_time_in_queue: Option<i64>,
    command: CommandRequest,
    /// Which of the site's databases, by name; its default one where there is none.
    #[schema(value_type = Option<String>, min_length = 1)]
    catalogue: Option<Arc<str>>,
}

/// A command. Names of choices are taken in any case.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Command)]
pub struct CommandRequest {
    /// SQL of the site's engine, or the name of a procedure.
    #[schema(value_type = String, min_length = 1, pattern = r"\S")]
    text: Arc<str>,
    /// What is wanted of what it does: rows, how many it changed, or one value. `reader` where nothing is said.
    execution_mode: Option<ExecutionMode>,
    /// What the text is. `text` where nothing is said.
    #[serde(rename = "type")]
    kind: Option<CommandType>,
    parameters: Option<Vec<ParameterRequest>>,
}

/// A parameter of a command.
#[derive(Deserialize, ToSchema)]
#[schema(as = CommandParameter)]
pub struct ParameterRequest {
    /// With its `@`, or without.
    #[schema(min_length = 1, pattern = r"\S")]
    name: String,
    /// `input` where nothing is said.
    direction: Option<Direction>,
    /// `NVarChar` where nothing is said. One that the site's driver cannot carry is refused by its name.
    #[serde(rename = "type")]
    ty: Option<ParameterType>,
    /// As text, whatever the type; of a binary type as base64.
    value: Option<String>,
    /// Characters or bytes of a type that has a length; -1 or 0: as many as the type can have.
    #[schema(minimum = -1, maximum = 2_147_483_647)]
    size: Option<i64>,
}

/// Which queries are asked after.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusRequest {
    /// Ids; one may be there twice.
    #[schema(value_type = Vec<Uuid>, max_items = 1_000)]
    query_ids: Vec<String>,
}

/// A command that is run again and again.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterRequest {
    /// The caller's own name for it.
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    name: String,
    /// `query`, also where nothing is said.
    #[schema(inline)]
    registered_query_type: Option<RegisteredQueryType>,
    /// Seconds from one run to the next.
    #[schema(minimum = 60, maximum = 86_400)]
    frequency: i64,
    /// Seconds after which it is run no more.
    #[schema(minimum = 60, maximum = 86_400)]
    duration: i64,
    register_command: RegisterCommand,
    /// The same as in `registerCommand`, where one of the two is enough.
    #[schema(value_type = Option<String>, min_length = 1)]
    catalogue: Option<Arc<str>>,
}

/// What there is to be registered.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum RegisteredQueryType {
    Query,
}

/// The command of a registered query.
#[derive(Deserialize, ToSchema)]
pub struct RegisterCommand {
    command: CommandRequest,
    /// Which of the site's databases, by name; its default one where there is none.
    #[schema(value_type = Option<String>, min_length = 1)]
    catalogue: Option<Arc<str>>,
}

/// Reads the body of an immediate query.
///
/// # Errors
/// [`BodyError`]
pub fn immediate(body: &[u8]) -> Result<Ask, BodyError> {
    let request: ImmediateRequest = json::read(body)?;
    Ok(Ask {
        max_time_in_queue: wait(
            request.max_time_in_queue,
            bounds::IMMEDIATE_WAIT,
            bounds::IMMEDIATE_WAIT_DEFAULT,
        )?,
        call: call(request.command, request.catalogue)?,
        command_size: json::length_of(body, "command") as u64,
        request_size: body.len() as u64,
    })
}

/// Reads the body of an async query.
///
/// # Errors
/// [`BodyError`]
pub fn later(body: &[u8]) -> Result<Ask, BodyError> {
    let request: AsyncRequest = json::read(body)?;
    Ok(Ask {
        max_time_in_queue: wait(
            request.max_time_in_queue,
            bounds::ASYNC_WAIT,
            bounds::ASYNC_WAIT_DEFAULT,
        )?,
        call: call(request.command, request.catalogue)?,
        command_size: json::length_of(body, "command") as u64,
        request_size: body.len() as u64,
    })
}

/// Reads the body of a query that is to be registered.
///
/// # Errors
/// [`BodyError`]
pub fn registration(body: &[u8]) -> Result<Registration, BodyError> {
    let request: RegisterRequest = json::read(body)?;
    // There is one kind, and reading it is all.
    let _: Option<RegisteredQueryType> = request.registered_query_type;
    let most = bounds::NAME_CHARACTERS;
    if is_blank(&request.name) || request.name.chars().count() > most {
        let expected = format!("a name of 1 to {most} characters");
        return Err(Fault::expected("name", expected).into());
    }
    let seconds = |name, given, range| within(name, given, range).map(Duration::from_secs);
    let RegisterCommand { command, catalogue } = request.register_command;
    check_catalogue(request.catalogue.as_deref())?;
    if let (Some(one), Some(other)) = (&request.catalogue, &catalogue)
        && !one.eq_ignore_ascii_case(other)
    {
        return Err(Fault::expected("catalogue", "that of registerCommand, or absent").into());
    }
    let catalogue = catalogue.or(request.catalogue);
    Ok(Registration {
        frequency: seconds("frequency", request.frequency, bounds::FREQUENCY)?,
        duration: seconds("duration", request.duration, bounds::DURATION)?,
        call: call(command, catalogue).map_err(|fault| fault.under("registerCommand"))?,
        name: request.name,
        request_size: body.len() as u64,
    })
}

/// Reads which queries are asked after.
///
/// # Errors
/// [`BodyError`]
pub fn statuses(body: &[u8]) -> Result<Vec<QueryId>, BodyError> {
    let StatusRequest { query_ids } = json::read(body)?;
    let most = bounds::STATUS_IDS;
    if query_ids.len() > most {
        return Err(
            Fault::expected("queryIds", format!("a list of {most} ids at the most")).into(),
        );
    }
    let ids = query_ids.iter().enumerate().map(|(place, id)| {
        id.parse()
            .map_err(|_| Fault::expected(format!("queryIds[{place}]"), "a GUID").into())
    });
    ids.collect()
}

fn wait(given: Option<i64>, range: RangeInclusive<u64>, default: u64) -> Result<Duration, Fault> {
    let millis = given.map_or(Ok(default), |given| within("maxTimeInQueue", given, range))?;
    Ok(Duration::from_millis(millis))
}

fn within<T: TryFrom<i64> + PartialOrd + fmt::Display>(
    name: &str,
    given: i64,
    range: RangeInclusive<T>,
) -> Result<T, Fault> {
    let number = T::try_from(given).ok();
    number.filter(|it| range.contains(it)).ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        Fault::expected(name, format!("a whole number from {least} to {most}"))
    })
}

fn call(command: CommandRequest, catalogue: Option<Arc<str>>) -> Result<Call, Fault> {
    const FILLED: &str = "more than blanks";
    if is_blank(&command.text) {
        return Err(Fault::expected("command.text", FILLED));
    }
    // Engines take it for the text's end: a condition behind it would be lost.
    if command.text.contains('\0') {
        return Err(Fault::expected(
            "command.text",
            "text without NUL characters",
        ));
    }
    check_catalogue(catalogue.as_deref())?;
    let given = command.parameters.unwrap_or_default();
    let mut parameters = Vec::with_capacity(given.len());
    for (place, parameter) in given.into_iter().enumerate() {
        let at = |field: &str| format!("command.parameters[{place}].{field}");
        if is_blank(&parameter.name) {
            return Err(Fault::expected(at("name"), FILLED));
        }
        let size = match parameter.size {
            None | Some(-1 | 0) => None,
            Some(size) => Some(within(&at("size"), size, 1..=i32::MAX.unsigned_abs())?),
        };
        parameters.push(Parameter {
            name: parameter.name,
            direction: parameter.direction.unwrap_or_default(),
            ty: parameter.ty.unwrap_or(ParameterType::NVarChar),
            value: parameter.value,
            size,
        });
    }
    Ok(Call {
        text: command.text,
        mode: command.execution_mode.unwrap_or_default(),
        kind: command.kind.unwrap_or_default(),
        parameters,
        catalogue,
    })
}

fn check_catalogue(name: Option<&str>) -> Result<(), Fault> {
    match name.is_some_and(str::is_empty) {
        true => Err(Fault::expected("catalogue", "a name, or absent")),
        false => Ok(()),
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// JSON of the shape of a body, or nearly so, whose every text is the same.
    fn nearly() -> impl Strategy<Value = Value> {
        const NAMES: &[&str] = &[
            "command",
            "text",
            "executionMode",
            "type",
            "parameters",
            "name",
            "value",
            "direction",
            "size",
            "catalogue",
            "maxTimeInQueue",
            "queryIds",
            "registerCommand",
            "frequency",
            "duration",
            "registeredQueryType",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            Just(Value::from("zq7secret")),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            let fields = prop::collection::vec((prop::sample::select(NAMES), inner.clone()), 0..6);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                fields.prop_map(|fields| {
                    let fields = fields
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value));
                    Value::Object(fields.collect())
                }),
            ]
        })
    }

    /// What is told of a body by all that read one.
    fn told(body: &[u8]) -> Vec<String> {
        let all = [
            immediate(body).err(),
            later(body).err(),
            registration(body).err(),
            statuses(body).err(),
        ];
        all.into_iter()
            .flatten()
            .map(|error| error.to_string())
            .collect()
    }

    proptest! {
        #[test]
        fn nothing_of_a_body_is_repeated(body in nearly()) {
            for text in told(body.to_string().as_bytes()) {
                prop_assert!(!text.contains("zq7secret"), "{}", text);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..64)) {
            told(&body);
        }
    }

    const SELECT: &str = r#"{"command":{"text":"SELECT 1"}}"#;

    #[test]
    fn only_the_text_is_needed() {
        let ask = immediate(SELECT.as_bytes()).expect("read");
        let expected = Call {
            text: Arc::from("SELECT 1"),
            mode: ExecutionMode::Reader,
            kind: CommandType::Text,
            parameters: Vec::new(),
            catalogue: None,
        };
        assert!(ask.call == expected);
        assert_eq!(ask.max_time_in_queue, Duration::from_secs(30));
        assert_eq!((ask.command_size, ask.request_size), (19, 31));
        let ask = later(SELECT.as_bytes()).expect("read");
        assert!(ask.call == expected);
        assert_eq!(ask.max_time_in_queue, Duration::from_secs(3600));
    }

    #[test]
    fn every_field_counts() {
        let body = r#"{"maxTimeInQueue":15000,"catalogue":"Patients","command":{"text":"dbo.Find","executionMode":"Scalar",
            "type":"StoredProcedure","parameters":[
            {"name":"@p","direction":"INPUTOUTPUT","type":"nvarchar","value":"66","size":43},
            {"name":"q","value":null,"size":-1},
            {"name":"@r","direction":"returnValue","type":"Int"}]}}"#;
        let ask = immediate(body.as_bytes()).expect("read");
        assert_eq!(ask.max_time_in_queue, Duration::from_secs(15));
        let parameter = |name: &str, direction, ty, value: Option<&str>, size| Parameter {
            name: name.to_owned(),
            direction,
            ty,
            value: value.map(str::to_owned),
            size,
        };
        let expected = Call {
            text: Arc::from("dbo.Find"),
            mode: ExecutionMode::Scalar,
            kind: CommandType::StoredProcedure,
            parameters: vec![
                parameter(
                    "@p",
                    Direction::InputOutput,
                    ParameterType::NVarChar,
                    Some("66"),
                    Some(43),
                ),
                parameter("q", Direction::Input, ParameterType::NVarChar, None, None),
                parameter("@r", Direction::ReturnValue, ParameterType::Int, None, None),
            ],
            catalogue: Some(Arc::from("Patients")),
        };
        assert!(ask.call == expected);
    }

    #[test]
    fn what_is_wrong_with_a_query_is_named() {
        let types = ParameterType::ALL.iter().map(|ty| ty.name());
        let types = types.collect::<Vec<_>>().join(", ");
        let a_type = format!("command.parameters[1].type has to be one of {types}");
        for (body, expected) in [
            ("{}", "command is missing"),
            (r#"{"command":"SELECT 1"}"#, "command has to be an object"),
            (r#"{"command":{}}"#, "command.text is missing"),
            (
                r#"{"command":{"text":null}}"#,
                "command.text has to be a string",
            ),
            (
                r#"{"command":{"text":" \n"}}"#,
                "command.text has to be more than blanks",
            ),
            (
                r#"{"command":{"text":"DELETE FROM t\u0000 WHERE a = 1"}}"#,
                "command.text has to be text without NUL characters",
            ),
            (
                r#"{"command":{"text":"x","executionMode":"read"}}"#,
                "command.executionMode has to be one of reader, nonQuery, scalar",
            ),
            (
                r#"{"command":{"text":"x","type":"table"}}"#,
                "command.type has to be one of text, storedProcedure",
            ),
            (
                r#"{"command":{"text":"x","parameters":[{}]}}"#,
                "command.parameters[0].name is missing",
            ),
            (
                r#"{"command":{"text":"x","parameters":[{"name":""}]}}"#,
                "command.parameters[0].name has to be more than blanks",
            ),
            (
                r#"{"command":{"text":"x","parameters":[{"name":"a"},{"name":"b","type":"Number"}]}}"#,
                a_type.as_str(),
            ),
            (
                r#"{"command":{"text":"x","parameters":[{"name":"a","value":66}]}}"#,
                "command.parameters[0].value has to be a string or null",
            ),
            (
                r#"{"command":{"text":"x","parameters":[{"name":"a","value":true}]}}"#,
                "command.parameters[0].value has to be a string or null",
            ),
            (
                r#"{"command":{"text":"x","parameters":[{"name":"a","direction":"in"}]}}"#,
                "command.parameters[0].direction has to be one of input, output, inputOutput, returnValue",
            ),
            (
                r#"{"command":{"text":"x","parameters":[{"name":"a","size":-2}]}}"#,
                "command.parameters[0].size has to be a whole number from 1 to 2147483647",
            ),
            (
                r#"{"command":{"text":"x","parameters":[{"name":"a","size":"4"}]}}"#,
                "command.parameters[0].size has to be a whole number or null",
            ),
            (
                r#"{"command":{"text":"x"},"catalogue":""}"#,
                "catalogue has to be a name, or absent",
            ),
            (
                r#"{"command":{"text":"x"},"catalogue":1}"#,
                "catalogue has to be a string or null",
            ),
            (
                r#"{"command":{"text":"x"},"maxTimeInQueue":"1"}"#,
                "maxTimeInQueue has to be a whole number or null",
            ),
            (
                r#"{"command":{"text":"x"},"maxTimeInQueue":-1}"#,
                "maxTimeInQueue has to be a whole number from 0 to 60000",
            ),
            (
                r#"{"command":{"text":"x"},"maxTimeInQueue":60001}"#,
                "maxTimeInQueue has to be a whole number from 0 to 60000",
            ),
        ] {
            let told = immediate(body.as_bytes()).map_err(|error| error.to_string());
            assert_eq!(told, Err(expected.to_owned()), "{body}");
        }
        let late = r#"{"command":{"text":"x"},"maxTimeInQueue":7200001}"#;
        assert_eq!(
            later(late.as_bytes()).map_err(|error| error.to_string()),
            Err("maxTimeInQueue has to be a whole number from 0 to 7200000".to_owned())
        );
        for (wait, body) in [(0, "0"), (60, "60000")] {
            let body = format!(r#"{{"command":{{"text":"x"}},"maxTimeInQueue":{body}}}"#);
            let ask = immediate(body.as_bytes()).expect("read");
            assert_eq!(ask.max_time_in_queue, Duration::from_secs(wait));
        }
    }

    #[test]
    fn a_registration_is_read() {
        let body = |fields: &str| {
            format!(
                r#"{{"registerCommand":{{"command":{{"text":"SELECT 1"}},"catalogue":"C"}},{fields}}}"#
            )
        };
        let whole = r#""name":"new patients","registeredQueryType":"query","frequency":300,"duration":43200"#;
        let read = registration(body(whole).as_bytes()).expect("read");
        assert_eq!(read.name, "new patients");
        assert_eq!(read.frequency, Duration::from_secs(300));
        assert_eq!(read.duration, Duration::from_secs(43_200));
        assert_eq!(read.call.catalogue.as_deref(), Some("C"));
        for (fields, expected) in [
            (r#""frequency":60,"duration":60"#, "name is missing"),
            (
                r#""name":" ","frequency":60,"duration":60"#,
                "name has to be a name of 1 to 256 characters",
            ),
            (r#""name":"a","duration":60"#, "frequency is missing"),
            (
                r#""name":"a","frequency":59,"duration":60"#,
                "frequency has to be a whole number from 60 to 86400",
            ),
            (
                r#""name":"a","frequency":60,"duration":86401"#,
                "duration has to be a whole number from 60 to 86400",
            ),
            (
                r#""name":"a","frequency":60,"duration":60,"registeredQueryType":"table""#,
                "registeredQueryType has to be query",
            ),
        ] {
            let told = registration(body(fields).as_bytes()).map_err(|error| error.to_string());
            assert_eq!(told, Err(expected.to_owned()), "{fields}");
        }
        let long = format!(
            r#""name":"{}","frequency":60,"duration":60"#,
            "é".repeat(257)
        );
        assert!(registration(body(&long).as_bytes()).is_err());
        let inside = r#"{"name":"a","frequency":60,"duration":60,"registerCommand":{"command":{"text":""}}}"#;
        assert_eq!(
            registration(inside.as_bytes()).map_err(|error| error.to_string()),
            Err("registerCommand.command.text has to be more than blanks".to_owned())
        );
    }

    #[test]
    fn a_registered_querys_catalogue_stands_in_either_place() {
        let read = |outer: &str, inner: &str| {
            let body = format!(
                r#"{{"name":"a","frequency":60,"duration":60{outer},"registerCommand":{{"command":{{"text":"x"}}{inner}}}}}"#
            );
            let read = registration(body.as_bytes()).map_err(|error| error.to_string());
            read.map(|read| read.call.catalogue.map(|name| name.to_string()))
        };
        let (c, d) = (r#","catalogue":"C""#, r#","catalogue":"D""#);
        let (same, null) = (r#","catalogue":"c""#, r#","catalogue":null"#);
        let empty = r#","catalogue":"""#;
        for (outer, inner, expected) in [
            ("", "", Ok(None)),
            (c, "", Ok(Some("C"))),
            ("", c, Ok(Some("C"))),
            (c, null, Ok(Some("C"))),
            (null, c, Ok(Some("C"))),
            (same, c, Ok(Some("C"))),
            (
                d,
                c,
                Err("catalogue has to be that of registerCommand, or absent"),
            ),
            (empty, c, Err("catalogue has to be a name, or absent")),
            (
                "",
                empty,
                Err("registerCommand.catalogue has to be a name, or absent"),
            ),
        ] {
            let expected = expected.map(|name| name.map(str::to_owned));
            assert_eq!(
                read(outer, inner),
                expected.map_err(str::to_owned),
                "{outer} {inner}"
            );
        }
    }

    #[test]
    fn ids_are_guids_and_not_too_many() {
        let id = "0d4e3c3e-6a43-4f0c-9f0a-1a2b3c4d5e6f";
        let body = format!(r#"{{"queryIds":["{id}","{}","{id}"]}}"#, id.to_uppercase());
        let ids = statuses(body.as_bytes()).expect("read");
        assert_eq!(ids, [id.parse().expect("an id"); 3]);
        assert_eq!(statuses(br#"{"queryIds":[]}"#), Ok(Vec::new()));
        let many = format!(
            r#"{{"queryIds":[{}]}}"#,
            vec![format!("\"{id}\""); 1001].join(",")
        );
        for (body, expected) in [
            ("{}", "queryIds is missing"),
            (r#"{"queryIds":null}"#, "queryIds has to be a list"),
            (
                r#"{"queryIds":["0d4e3c3e-6a43-4f0c-9f0a-1a2b3c4d5e6f","smith"]}"#,
                "queryIds[1] has to be a GUID",
            ),
            (r#"{"queryIds":[7]}"#, "queryIds[0] has to be a string"),
            (
                many.as_str(),
                "queryIds has to be a list of 1000 ids at the most",
            ),
        ] {
            let told = statuses(body.as_bytes()).map_err(|error| error.to_string());
            assert_eq!(told, Err(expected.to_owned()));
        }
    }
}
