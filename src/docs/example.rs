//! What a search parameter looks at → an example of a search by it.
//!
//! Takes the targets of a parameter; gives `family=smith`, as it is written after the `?`. The value has the form that
//! the columns have, or is one that the mapping itself names: a code of a code table, a constant. It is an example of a
//! search that is answered, and not one that finds anything.

use std::fmt::Write as _;

use crate::mapping::coverage::is_answered;
use crate::mapping::{
    CodeTable, Matcher, Parameter, QuantityMatcher, ReferenceMatcher, Resource, Source, Target,
    TextMatcher, TokenCode, TokenMatcher, TokenSystem,
};
use crate::relation::{Expr, SqlType};
use crate::search::ParameterKind;

/// Days that an example may be of.
const DAY: &str = "2026-03-02";

/// A search by a parameter of a type, after the `?`; None where nothing of it can be asked.
pub(super) fn example(
    resource: &Resource,
    source: &Source,
    parameter: &Parameter,
) -> Option<String> {
    let required = resource.requires.iter().filter(|it| !it.ahead);
    let required: Vec<&str> = required.map(|it| &*it.parameter).collect();
    let name = &parameter.name;
    let asked = match parameter.kind {
        // Among the dates only a day is sure to be within what is required.
        ParameterKind::Date if resource.requires.iter().any(|it| it.parameter == *name) => {
            format!("{name}={DAY}")
        }
        ParameterKind::Token if !is_answered(parameter) => {
            let text = parameter
                .targets
                .iter()
                .find_map(|it| text_of(it, "pain"))?;
            format!("{name}:text={}", spelt(&text))
        }
        kind => {
            let mut values = parameter.targets.iter();
            let value = values.find_map(|target| value(source, kind, target))?;
            match value {
                Value::Plain(value) => format!("{name}={}", spelt(&value)),
                Value::Identifier(value) => format!("{name}:identifier={}", spelt(&value)),
            }
        }
    };
    let is_id = parameter
        .targets
        .iter()
        .any(|target| matches!(target.matcher, Matcher::Id));
    let mut asked = asked;
    for other in required {
        if !is_id && **name != *other {
            // Writing to a String cannot fail.
            let _ = write!(asked, "&{other}={DAY}");
        }
    }
    Some(asked)
}

enum Value {
    Plain(String),
    /// Of a reference that has an identifier only.
    Identifier(String),
}

fn value(source: &Source, kind: ParameterKind, target: &Target) -> Option<Value> {
    let plain = |value: String| Some(Value::Plain(value));
    match &target.matcher {
        Matcher::Id => plain(own_id(source)),
        Matcher::Text(_) if kind == ParameterKind::Token => None,
        Matcher::Text(_) => plain(escaped(&text_of(target, "smith")?)),
        Matcher::Uri(text) => plain(escaped(&text_value(text, "http://example.org/a"))),
        Matcher::Token(of) if kind == ParameterKind::Reference => {
            Some(Value::Identifier(token(of)?))
        }
        Matcher::Token(of) => plain(token(of)?),
        Matcher::Reference(of) => plain(reference(of)),
        Matcher::Date(_) | Matcher::Period { .. } => plain(format!("ge{DAY}")),
        Matcher::Number(_) => plain("gt1".to_owned()),
        Matcher::Quantity(of) => plain(quantity(of)),
        Matcher::Exists(_) => plain("true".to_owned()),
        Matcher::Composite(components) => {
            let values: Option<Vec<String>> = components
                .iter()
                .map(|component| {
                    let mut values = component.targets.iter();
                    values.find_map(|it| match value(source, component.kind, it)? {
                        Value::Plain(value) => Some(value),
                        Value::Identifier(_) => None,
                    })
                })
                .collect();
            plain(values?.join("$"))
        }
    }
}

/// A text that the target may hold.
fn text_of(target: &Target, usual: &str) -> Option<String> {
    match &target.matcher {
        Matcher::Text(text) => Some(text_value(text, usual)),
        _ => None,
    }
}

fn text_value(text: &TextMatcher, usual: &str) -> String {
    match text {
        TextMatcher::Column(_) => usual.to_owned(),
        TextMatcher::Constant(text) => text.to_string(),
        TextMatcher::Codes { table, .. } => {
            let code = first(table);
            code.map_or_else(
                || usual.to_owned(),
                |code| code.display.as_ref().unwrap_or(&code.code).to_string(),
            )
        }
    }
}

fn first(table: &CodeTable) -> Option<&crate::mapping::Code> {
    let codes = table.entries.iter().map(|entry| &entry.code);
    codes.chain(&table.otherwise).chain(&table.absent).next()
}

/// `system|code`, as far as there is a system.
fn token(of: &TokenMatcher) -> Option<String> {
    let code = code(&of.code)?;
    let system = match (&of.system, &of.code) {
        (TokenSystem::Is(system), _) => Some(system.to_string()),
        (TokenSystem::Table, TokenCode::Codes { table, .. }) => first(table)
            .and_then(|code| table.system_of(code))
            .map(|it| it.to_string()),
        _ => None,
    };
    Some(match system {
        Some(system) => format!("{}|{}", escaped(&system), escaped(&code)),
        None => escaped(&code),
    })
}

fn code(of: &TokenCode) -> Option<String> {
    Some(match of {
        TokenCode::Column { ty, .. } => sample(*ty).to_owned(),
        TokenCode::Digits(_) => "0491570156".to_owned(),
        TokenCode::Codes { table, .. } => first(table)?.code.to_string(),
        TokenCode::Concat { parts } => {
            let longest = parts
                .iter()
                .map(|(_, _, length)| usize::from(*length))
                .sum();
            "1234567890".chars().cycle().take(longest).collect()
        }
        TokenCode::Boolean(_) => "true".to_owned(),
        TokenCode::Constant(code) => code.to_string(),
    })
}

fn reference(of: &ReferenceMatcher) -> String {
    let id = match &of.expr {
        // The mapping names the one that there is.
        Expr::Text(id) => id.to_string(),
        _ => sample(of.ty).to_owned(),
    };
    match &of.prefix {
        Some(prefix) => format!("{}/{prefix}-{id}", of.to),
        None => format!("{}/{id}", of.to),
    }
}

fn quantity(of: &QuantityMatcher) -> String {
    let unit = of.code.as_ref().or(of.unit.as_ref()).and_then(code);
    match (&of.system, unit) {
        (TokenSystem::Is(system), Some(unit)) => {
            format!("gt1|{}|{}", escaped(system), escaped(&unit))
        }
        _ => "gt1".to_owned(),
    }
}

fn own_id(source: &Source) -> String {
    let parts: Vec<&str> = source
        .id
        .iter()
        .map(|part| match part {
            Expr::Column(column) => sample(column.ty),
            Expr::Raw(raw) => sample(raw.ty),
            _ => "1",
        })
        .collect();
    let id = parts.join(".");
    match &source.name {
        Some(name) => format!("{name}-{id}"),
        None => id,
    }
}

/// A value of a type.
fn sample(ty: SqlType) -> &'static str {
    match ty {
        ty if ty.is_number() => "1",
        ty if ty.has_day() => DAY,
        SqlType::UniqueIdentifier => "11111111-1111-4111-8111-111111111111",
        _ => "A1",
    }
}

/// A value in which the signs that mean something in a search stand for themselves (R4 §3.1.1.5.7).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\\' | ',' | '$' | '|') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// As it stands in a URL. What is readable there stays as it is.
fn spelt(value: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const CODED: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'&')
        .add(b'+')
        .add(b'<')
        .add(b'>')
        .add(b'\\')
        .add(b'`');
    utf8_percent_encode(value, CODED).to_string()
}
