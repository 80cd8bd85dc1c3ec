//! The syntax tree of a search as a person reads it.

use super::tree::Tree;
use super::{DateInterval, quoted};
use crate::search::{
    ChainLink, Filter, IgnoredReason, Include, ParameterFilter, Prefix, Reference, SearchRequest,
    SortKey, Token, TokenSystem, Value,
};

/// What was asked, a branch for each thing that was said. `dates` are the intervals of the dates in it.
pub(super) fn tree(path: &str, request: &SearchRequest, dates: &[DateInterval]) -> Tree {
    let filters = request
        .filters
        .iter()
        .enumerate()
        .map(|(index, filter)| self::filter(filter, index, dates));
    let one = |key, word: Option<String>| word.map(|word| Tree::keyed(key, word));
    let root = match path {
        "" => "all types",
        path => path,
    };
    Tree::line(root)
        .with((!request.types.is_empty()).then(|| Tree::keyed("types", request.types.join(", "))))
        .with(filters)
        .with(sorts(&request.sort))
        .with(one("count", request.count.map(|count| count.to_string())))
        .with(one(
            "total",
            request.total.map(|total| total.word().to_owned()),
        ))
        .with(one(
            "summary",
            request.summary.map(|summary| summary.word().to_owned()),
        ))
        .with(one(
            "elements",
            (!request.elements.is_empty()).then(|| request.elements.join(", ")),
        ))
        .with(request.includes.iter().map(include))
        .with(one("format", request.format.clone()))
        .with(one(
            "pretty",
            request.pretty.map(|pretty| pretty.to_string()),
        ))
        .with(request.ignored.iter().map(|ignored| {
            let name = match &ignored.name {
                Some(name) => name.clone(),
                None => format!("parameter {}", ignored.position),
            };
            let reason = match ignored.reason {
                IgnoredReason::Unknown => "there is no such parameter",
                IgnoredReason::Empty => "it has no value",
            };
            Tree::keyed("ignored", format!("{name}: {reason}"))
        }))
}

fn filter(filter: &Filter, index: usize, dates: &[DateInterval]) -> Tree {
    match filter {
        Filter::Parameter(parameter) => self::parameter(parameter, index, dates),
        Filter::Chain { link, filter } => {
            let ChainLink { parameter, target } = link;
            let target = target
                .as_ref()
                .map_or_else(String::new, |target| format!(" to {target}"));
            // Dates in a chain are not planned yet, so they have no interval.
            Tree::keyed("chain", format!("by {parameter}{target}")).with([self::filter(
                filter,
                index,
                &[],
            )])
        }
        Filter::Has {
            resource,
            reference,
            filter,
        } => Tree::keyed(
            "has",
            format!("a {resource} that refers here by {reference}"),
        )
        .with([self::filter(filter, index, &[])]),
    }
}

fn parameter(filter: &ParameterFilter, index: usize, dates: &[DateInterval]) -> Tree {
    let modifier = filter
        .modifier
        .as_ref()
        .map_or_else(String::new, |modifier| format!(":{modifier}"));
    let any = if filter.values.len() > 1 {
        ", any of"
    } else {
        ""
    };
    let values = filter.values.iter().enumerate().map(|(number, value)| {
        let interval = dates
            .iter()
            .find(|date| date.filter == index && date.value == number)
            .map_or_else(String::new, |date| {
                format!("  [{}, {})", date.start, date.end)
            });
        Tree::line(format!("{}{interval}", self::value(value)))
    });
    Tree::keyed(
        "filter",
        format!("{}{modifier} ({}{any})", filter.name, filter.kind.word()),
    )
    .with(values)
}

fn value(value: &Value) -> String {
    let quantity =
        |prefix: &Prefix, number: &str, unit: &str| format!("{} {number}{unit}", prefix.word());
    match value {
        Value::Missing(true) => "is missing".to_owned(),
        Value::Missing(false) => "is there".to_owned(),
        Value::String(text) | Value::Uri(text) => quoted(text),
        Value::Token(token) => self::token(token),
        Value::OfType {
            system,
            code,
            value,
        } => format!(
            "{} of the type {} of {}",
            quoted(value),
            quoted(code),
            quoted(system)
        ),
        Value::Date { prefix, date } => format!("{} {date}", prefix.word()),
        Value::Number { prefix, number } => quantity(prefix, &number.0, ""),
        Value::Quantity {
            prefix,
            number,
            system,
            code,
        } => {
            let unit = match (system, code) {
                (Some(system), Some(code)) => {
                    format!(" {} of {}", quoted(code), quoted(system))
                }
                (None, Some(code)) => format!(" {}", quoted(code)),
                (Some(system), None) => format!(" in a unit of {}", quoted(system)),
                (None, None) => String::new(),
            };
            quantity(prefix, &number.0, &unit)
        }
        Value::Reference(reference) => match reference {
            Reference::Id(id) => quoted(id),
            Reference::Relative { resource, id } => quoted(&format!("{resource}/{id}")),
            Reference::Absolute { base, resource, id } => {
                quoted(&format!("{base}/{resource}/{id}"))
            }
            Reference::Url(url) => quoted(url),
            Reference::Identifier(token) => format!("identifier {}", self::token(token)),
        },
        Value::Composite(parts) => parts
            .iter()
            .map(self::value)
            .collect::<Vec<_>>()
            .join(" with "),
    }
}

fn token(token: &Token) -> String {
    let code = token.code.as_deref().map(quoted);
    match (&token.system, code) {
        (TokenSystem::Any, Some(code)) => format!("{code}, whatever its system"),
        (TokenSystem::Absent, Some(code)) => format!("{code} without a system"),
        (TokenSystem::Is(system), Some(code)) => format!("{code} of {}", quoted(system)),
        (TokenSystem::Is(system), None) => format!("any code of {}", quoted(system)),
        (TokenSystem::Any | TokenSystem::Absent, None) => "any code".to_owned(),
    }
}

fn sorts(keys: &[SortKey]) -> Option<Tree> {
    let keys: Vec<String> = keys
        .iter()
        .map(|key| {
            let direction = if key.descending { " descending" } else { "" };
            format!("{}{direction}", key.parameter)
        })
        .collect();
    (!keys.is_empty()).then(|| Tree::keyed("sort", keys.join(", then ")))
}

fn include(include: &Include) -> Tree {
    let key = if include.reverse {
        "revinclude"
    } else {
        "include"
    };
    let parts = [
        include.source.as_deref(),
        Some(include.parameter.as_deref().unwrap_or("*")),
        include.target.as_deref(),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    let iterate = if include.iterate { ", repeated" } else { "" };
    Tree::keyed(key, format!("{}{iterate}", parts.join(":")))
}
