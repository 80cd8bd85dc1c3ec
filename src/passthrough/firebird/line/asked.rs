//! What is sent for a command: its text as Firebird has it, its arguments, and the columns that come back in parameters.

use std::sync::Arc;

use jiff::civil::Time;

use super::super::connection::Attached;
use super::super::message::{self, Bound, Described, LONGEST_TEXT, StatementKind};
use super::Stop;
use crate::passthrough::Typed;
use crate::passthrough::call::bind::{Argument, Carries, refused};
use crate::passthrough::call::lexer::Lexis;
use crate::passthrough::call::names::{self, Placed};
use crate::passthrough::call::procedure::Procedure;
use crate::passthrough::call::{Call, CallError, CommandType, ExecutionMode, ParameterType};

/// Firebird 3 has no moments with an offset, and no versions of rows to give.
pub(super) const CARRIES: Carries = Carries {
    engine: "Firebird",
    ty: |ty| !matches!(ty, ParameterType::DateTimeOffset | ParameterType::Timestamp),
    outputs: true,
    return_value: false,
};

/// What is sent for a command.
pub(super) struct Asked {
    /// Texts to be tried, the first one first: the last is the command.
    pub(super) texts: Vec<Arc<str>>,
    /// The argument that each marker takes.
    pub(super) markers: Vec<usize>,
}

impl Asked {
    pub(super) fn of(call: &Call, arguments: &[Argument<'_>]) -> Result<Asked, CallError> {
        if call.kind == CommandType::Text {
            let Placed { text, markers } = names::placed(call, arguments, Lexis::FIREBIRD)?;
            let texts = vec![text.into()];
            return Ok(Asked { texts, markers });
        }
        let name = Procedure::read(&call.text)?.in_quotes();
        let places = arguments.iter().enumerate();
        let inputs = places.filter(|(_, argument)| argument.is_input());
        let markers: Vec<usize> = inputs.map(|(place, _)| place).collect();
        let inputs = match markers.len() {
            0 => String::new(),
            count => format!(" ({})", vec!["?"; count].join(", ")),
        };
        let wants_rows = call.mode != ExecutionMode::NonQuery;
        let mut texts = Vec::new();
        if wants_rows && !arguments.iter().any(Argument::is_output) {
            texts.push(format!("SELECT * FROM {name}{inputs}").into());
        }
        texts.push(format!("EXECUTE PROCEDURE {name}{inputs}").into());
        Ok(Asked { texts, markers })
    }
}

/// The arguments, as the statement's markers take them.
pub(super) fn bound(
    arguments: &[Argument<'_>],
    asked: &Asked,
    described: &Described,
    attached: &Attached,
) -> Result<Bound, Stop> {
    if asked.markers.len() != described.booleans.len() {
        return Err(Stop::Call(CallError::Command(format!(
            "the statement takes {} parameters, and the command has {} that go in",
            described.booleans.len(),
            asked.markers.len()
        ))));
    }
    let mut typed = Vec::with_capacity(asked.markers.len());
    for &place in &asked.markers {
        let argument = &arguments[place];
        let value = in_steps(argument.value.typed());
        let length = match &value {
            Typed::Text(text) => attached.charset.encode(text).len(),
            Typed::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        if length > LONGEST_TEXT {
            let why = format!("a parameter of Firebird's has {LONGEST_TEXT} bytes at the most");
            return Err(Stop::Call(refused(argument.place, argument.ty, &why)));
        }
        typed.push(value);
    }
    Ok(message::bind(
        &typed,
        &described.booleans,
        attached.charset,
    )?)
}

/// Firebird's clock has steps of 100 µs: what is finer is cut off, as its own clients do.
fn in_steps(value: Typed<'_>) -> Typed<'_> {
    let cut = |time: Time| {
        let whole = time.subsec_nanosecond() / 100_000 * 100_000;
        time.with().subsec_nanosecond(whole).build().unwrap_or(time)
    };
    match value {
        Typed::Time(time) => Typed::Time(cut(time)),
        Typed::DateTime(at) => Typed::DateTime(at.date().to_datetime(cut(at.time()))),
        other => other,
    }
}

/// The arguments that come back, each with the column that it takes: the one of its name, else the next that no name takes.
pub(super) fn outputs<'a, 'c>(
    arguments: &'a [Argument<'c>],
    described: &Described,
) -> Result<Vec<(&'a Argument<'c>, usize)>, CallError> {
    let columns = match described.kind {
        StatementKind::Procedure => described.columns.as_slice(),
        _ => &[],
    };
    let wanted: Vec<&Argument<'_>> = arguments.iter().filter(|a| a.is_output()).collect();
    let named = |argument: &Argument<'_>| {
        let is_it = |name: &str| name.to_lowercase() == argument.name.to_lowercase();
        columns.iter().position(|column| is_it(&column.name))
    };
    let by_name: Vec<Option<usize>> = wanted.iter().map(|argument| named(argument)).collect();
    let mut rest = (0..columns.len()).filter(|column| !by_name.contains(&Some(*column)));
    let found = wanted.into_iter().zip(&by_name);
    found
        .map(|(argument, column)| match column.or_else(|| rest.next()) {
            Some(column) => Ok((argument, column)),
            None => Err(refused(
                argument.place,
                argument.ty,
                "the statement gives nothing back for it",
            )),
        })
        .collect()
}
