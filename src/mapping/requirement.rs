//! `requires:` of a source → [`Requirement`]: the range that a search must give before the source is asked.
//!
//! A derived table may hold more rows than anyone could read: what is free on every day that there ever is. A
//! source of it demands that a search says of which days.

use std::sync::Arc;

use super::diagnostic::{At, Problem};
use super::model::Source;
use super::names::suggest;
use super::source::Compiler;
use super::vocabulary::{self, names};
use super::yaml::{Node, Span, get};
use super::{rules, shape};
use crate::search::ParameterKind;

/// A date parameter by which a search must say from when until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    pub parameter: Arc<str>,
    /// From and until are at most so many days apart.
    pub days: u16,
    /// A search that says nothing of it is from now on, for so many days.
    pub ahead: bool,
}

/// A requirement as it was read, with the place of its parameter.
#[derive(Debug)]
pub(super) struct Required {
    pub requirement: Requirement,
    pub span: Span,
}

/// Ten years.
pub(super) const MOST_DAYS: i64 = 3_660;

/// What a search is that says nothing of the parameter.
pub(super) const OTHERWISE: [(&str, bool); 1] = [("ahead", true)];

impl Compiler<'_> {
    /// `{ parameter: start, days: 92 }`, perhaps with `otherwise: ahead`
    pub(super) fn requirement(&self, node: &Node) -> Option<Required> {
        let pairs = shape::map(self.at, node, "`requires:`")?;
        shape::only(
            self.at,
            pairs,
            &names(&vocabulary::REQUIREMENT),
            "`requires:`",
        );
        let required =
            |key, help| shape::required(self.at, pairs, key, &node.span, "`requires:`", help);
        let parameter = required(
            "parameter",
            "the date parameter that says from when until when: `parameter: start`",
        );
        let days = required("days", "how far apart these may be: `days: 92`");
        let name = shape::text(self.at, parameter?, "`parameter:`")?;
        let days = shape::integer(self.at, days?, "`days:`", 1..=MOST_DAYS)?;
        let ahead = match get(pairs, "otherwise") {
            None => false,
            Some(pair) => shape::word(self.at, &pair.value, "`otherwise:`", &OTHERWISE)?,
        };
        let span = get(pairs, "parameter").map_or(&node.span, |pair| &pair.value.span);
        Some(Required {
            requirement: Requirement {
                parameter: Arc::from(name),
                days: u16::try_from(days).ok()?,
                ahead,
            },
            span: span.clone(),
        })
    }
}

/// Reports a requirement whose parameter the source cannot answer, or that is no date; `source` has its parameters.
pub(super) fn check(at: At<'_>, source: &Source, span: &Span) {
    let Some(requirement) = &source.requires else {
        return;
    };
    let is_date = |name: &str| {
        let parameter = source.search.get(name);
        parameter.is_some_and(|parameter| parameter.kind == ParameterKind::Date)
    };
    if is_date(&requirement.parameter) {
        return;
    }
    let mut dates: Vec<&str> = source
        .search
        .keys()
        .map(|name| &**name)
        .filter(|name| is_date(name))
        .collect();
    dates.sort_unstable();
    let name = &requirement.parameter;
    at.report(
        Problem::new(
            &rules::REQUIRED_PARAMETER,
            span,
            format!(
                "`{}` is no date parameter that the source answers",
                shape::clip(name)
            ),
        )
        .maybe_help(suggest(name, dates, "its date parameters are")),
    );
}
