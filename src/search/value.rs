//! The values of one parameter: separators, escapes, and the forms of each kind (R4 §3.1.1.4.6 – §3.1.1.4.19).
//!
//! Takes the percent-decoded text after the `=`, the kind and the modifier; gives typed values with the
//! escapes undone. Separators are looked for from the outside in (`,` then `$` then `|`), each in text
//! that is still escaped, and the escapes are undone at the very end: undoing them earlier would let
//! an escaped comma split.

use std::borrow::Cow;

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::take_while1;
use nom::character::complete::{char, one_of};
use nom::combinator::{recognize, value as constant};
use nom::multi::many0_count;
use smallvec::SmallVec;

use super::ast::{Modifier, ParameterKind, Prefix, Reference, Token, TokenSystem, Value};
use super::{date, number, reference};

/// Why a value is refused; the parameter and the number of the value are added by the caller.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Empty,
    Form(Cow<'static, str>),
    Prefix(&'static str),
}

/// What the grammar of a value follows from.
#[derive(Clone, Copy)]
pub(super) struct ValueType<'a> {
    pub kind: ParameterKind,
    pub modifier: Option<&'a Modifier>,
    /// The kinds of a composite's components, else empty.
    pub components: &'a [ParameterKind],
    /// `_id`: a token whose code is an id and which has no system (R4 §3.1.1.4.1).
    pub is_id: bool,
}

/// The parts of a text between unescaped separators, still escaped. Also checks the escapes: a
/// backslash before anything but `,` `|` `$` `\` is an error (R4 §3.1.1.4.19: "`xx\xx` is illegal").
pub(super) struct Parts<'a> {
    rest: Option<&'a str>,
    separator: char,
}

/// Splits at an unescaped separator.
pub(super) fn parts(text: &str, separator: char) -> Parts<'_> {
    Parts {
        rest: Some(text),
        separator,
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<&'a str, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        let (rest, part) = part(text, self.separator);
        if let Some(after) = rest.strip_prefix(self.separator) {
            self.rest = Some(after);
        } else if !rest.is_empty() {
            return Some(Err(Refusal::Form(Cow::Borrowed(
                "a backslash only before one of , | $ \\",
            ))));
        }
        Some(Ok(part))
    }
}

/// What follows the first unescaped separator or bad escape, that one included, and what is before it.
fn part(text: &str, separator: char) -> (&str, &str) {
    // Nearly no text has an escape: the first of the two bytes that matter decides.
    match text
        .bytes()
        .position(|byte| byte == b'\\' || char::from(byte) == separator)
    {
        None => return ("", text),
        Some(at) if text.as_bytes()[at] != b'\\' => return (&text[at..], &text[..at]),
        Some(_) => {}
    }
    let plain = take_while1(move |c: char| c != separator && c != '\\');
    let escape = (char('\\'), one_of(",|$\\"));
    let stretch = recognize(many0_count(alt((
        constant((), plain),
        constant((), escape),
    ))))
    .parse(text) as Result<_, nom::Err<nom::error::Error<&str>>>;
    // many0 takes an error of its parts as its end, and neither part matches the empty text.
    stretch.unwrap_or((text, ""))
}

/// Undoes the escapes of a part that [`Parts`] gave.
fn unescape(part: &str) -> String {
    if !part.contains('\\') {
        return part.to_owned();
    }
    let mut text = String::with_capacity(part.len());
    let mut characters = part.chars();
    while let Some(character) = characters.next() {
        // The escapes were checked: a backslash has a character after it.
        text.extend(if character == '\\' {
            characters.next()
        } else {
            Some(character)
        });
    }
    text
}

/// Reads one value, still escaped.
pub(super) fn value(raw: &str, of: ValueType<'_>) -> Result<Value, Refusal> {
    if raw.trim_start().is_empty() {
        return Err(Refusal::Empty);
    }
    match (of.kind, of.modifier) {
        (_, Some(Modifier::Missing)) => match raw {
            "true" => Ok(Value::Missing(true)),
            "false" => Ok(Value::Missing(false)),
            _ => Err(form("true or false")),
        },
        (ParameterKind::String | ParameterKind::Special, _) | (_, Some(Modifier::Text)) => {
            Ok(Value::String(unescape(raw)))
        }
        (ParameterKind::Uri, _) | (_, Some(Modifier::In | Modifier::NotIn)) => {
            Ok(Value::Uri(unescape(raw)))
        }
        (ParameterKind::Token, Some(Modifier::OfType)) => of_type(raw),
        (ParameterKind::Token, _) if of.is_id => id(raw),
        (ParameterKind::Token, _) => token(raw).map(Value::Token),
        (ParameterKind::Reference, Some(Modifier::Identifier)) => {
            token(raw).map(|token| Value::Reference(Reference::Identifier(token)))
        }
        (ParameterKind::Reference, modifier) => {
            let target = match modifier {
                Some(Modifier::Type(target)) => Some(target.as_str()),
                _ => None,
            };
            match (reference::reference(&unescape(raw), target), target) {
                (Some(reference), _) => Ok(Value::Reference(reference)),
                (None, None) => Err(form(reference::EXPECTED)),
                (None, Some(target)) => Err(Refusal::Form(
                    format!("{}, of type {target}", reference::EXPECTED).into(),
                )),
            }
        }
        (ParameterKind::Date, _) => {
            let (prefix, rest) = prefix(raw, date::EXPECTED)?;
            let date = date::date(rest).ok_or(form(date::EXPECTED))?;
            Ok(Value::Date { prefix, date })
        }
        (ParameterKind::Number, _) => {
            let (prefix, rest) = prefix(raw, number::EXPECTED)?;
            let number = number::decimal(rest).ok_or(form(number::EXPECTED))?;
            Ok(Value::Number { prefix, number })
        }
        (ParameterKind::Quantity, _) => quantity(raw),
        (ParameterKind::Composite, _) => composite(raw, of.components),
    }
}

/// A special parameter's value: as it is, since only its own definition says what its commas are.
pub(super) fn special(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn form(expected: &'static str) -> Refusal {
    Refusal::Form(Cow::Borrowed(expected))
}

fn prefix<'a>(raw: &'a str, expected: &'static str) -> Result<(Prefix, &'a str), Refusal> {
    number::prefix(raw).ok_or_else(|| {
        if number::has_unknown_prefix(raw) {
            Refusal::Prefix(expected)
        } else {
            form(expected)
        }
    })
}

/// The parts between unescaped bars; one more than the longest form has is enough to refuse.
fn bars(raw: &str) -> Result<SmallVec<[&str; 4]>, Refusal> {
    parts(raw, '|').take(4).collect()
}

fn token(raw: &str) -> Result<Token, Refusal> {
    let (system, code) = match bars(raw)?[..] {
        [code] => (TokenSystem::Any, Some(code)),
        ["", ""] => return Err(form(TOKEN)),
        ["", code] => (TokenSystem::Absent, Some(code)),
        [system, ""] => (TokenSystem::Is(unescape(system)), None),
        [system, code] => (TokenSystem::Is(unescape(system)), Some(code)),
        _ => return Err(form(TOKEN)),
    };
    Ok(Token {
        system,
        code: code.map(unescape),
    })
}

const TOKEN: &str = "code, system|code, |code or system|; a | within a part is written \\|";

fn id(raw: &str) -> Result<Value, Refusal> {
    // `|12` is the same id: ids have no system.
    let raw = raw.strip_prefix('|').unwrap_or(raw);
    if !reference::is_id(raw) {
        return Err(form("an id: 1 to 64 letters, digits, - and ."));
    }
    Ok(Value::Token(Token {
        system: TokenSystem::Any,
        code: Some(raw.to_owned()),
    }))
}

fn of_type(raw: &str) -> Result<Value, Refusal> {
    match bars(raw)?[..] {
        [system, code, value] if !system.is_empty() && !code.is_empty() && !value.is_empty() => {
            Ok(Value::OfType {
                system: unescape(system),
                code: unescape(code),
                value: unescape(value),
            })
        }
        _ => Err(form("system|code|value, all three")),
    }
}

fn quantity(raw: &str) -> Result<Value, Refusal> {
    let (amount, system, code) = match bars(raw)?[..] {
        [amount] => (amount, "", ""),
        [amount, system, code] if !(system.is_empty() && code.is_empty()) => (amount, system, code),
        _ => return Err(form(QUANTITY)),
    };
    let (prefix, amount) = prefix(amount, QUANTITY)?;
    let number = number::decimal(amount).ok_or(form(QUANTITY))?;
    let given = |part: &str| (!part.is_empty()).then(|| unescape(part));
    Ok(Value::Quantity {
        prefix,
        number,
        system: given(system),
        code: given(code),
    })
}

const QUANTITY: &str =
    "number, number|system|code or number||code, with a number such as 5.4 or 1e2";

fn composite(raw: &str, components: &[ParameterKind]) -> Result<Value, Refusal> {
    let wrong_count = || Refusal::Form(format!("{} values joined by $", components.len()).into());
    let mut values = Vec::with_capacity(components.len());
    for part in parts(raw, '$') {
        let kind = *components.get(values.len()).ok_or_else(wrong_count)?;
        // R4 has no composite of composites; a definition that says so cannot be read.
        if matches!(kind, ParameterKind::Composite | ParameterKind::Special) {
            return Err(form("no value: its definition cannot be searched"));
        }
        values.push(value(
            part?,
            ValueType {
                kind,
                modifier: None,
                components: &[],
                is_id: false,
            },
        )?);
    }
    if values.len() != components.len() || values.is_empty() {
        return Err(wrong_count());
    }
    Ok(Value::Composite(values))
}
