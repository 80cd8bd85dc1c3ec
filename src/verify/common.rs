//! The columns that common searches look for, and that an index should therefore begin with.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mapping::{Mapping, Matcher, Source, Target, TextMatcher, TokenCode};
use crate::relation::{Expr, TableSource};

/// Parameters by which integrations search day in, day out.
const COMMON: [&str; 7] = [
    "_id",
    "patient",
    "subject",
    "identifier",
    "family",
    "birthdate",
    "date",
];

/// Types of which a practice has a few dozen: they need no index.
pub(crate) const FEW: [&str; 7] = [
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Location",
    "HealthcareService",
    "Schedule",
    "Slot",
];

/// A column, and what looks for it: `search by patient`, `fetching of children`.
pub(crate) type Wanted = BTreeMap<(Arc<str>, Arc<str>), Vec<String>>;

/// Table and column of all that is looked for, with the reasons.
pub(crate) fn wanted(mapping: &Mapping) -> Wanted {
    let mut wanted = Wanted::new();
    for source in &mapping.sources {
        let TableSource::Named(table) = &source.relation.table.source else {
            continue;
        };
        if let [first, ..] = &*source.relation.key {
            let why = format!("reading a {} by its id", source.resource);
            note(&mut wanted, table, first, why);
        }
        for child in &source.children {
            let TableSource::Named(of_child) = &child.table.source else {
                continue;
            };
            if let Some((Expr::Column(column), _)) = child.on.first() {
                let why = format!("the `{}` of a {}", child.name, source.resource);
                note(&mut wanted, of_child, &column.name, why);
            }
        }
        if FEW.contains(&source.resource) {
            continue;
        }
        for name in COMMON {
            let Some(parameter) = source.search.get(name) else {
                continue;
            };
            for column in parameter
                .targets
                .iter()
                .filter_map(|target| own_column(source, target))
            {
                note(
                    &mut wanted,
                    table,
                    &column,
                    format!("{}?{name}=", source.resource),
                );
            }
        }
    }
    wanted
}

fn note(wanted: &mut Wanted, table: &Arc<str>, column: &Arc<str>, why: String) {
    let whys = wanted
        .entry((Arc::clone(table), Arc::clone(column)))
        .or_default();
    if !whys.contains(&why) {
        whys.push(why);
    }
}

/// The column of the source's own table that a target looks into first.
pub(crate) fn own_column(source: &Source, target: &Target) -> Option<Arc<str>> {
    if target.child.is_some() {
        return None;
    }
    let expr = match &target.matcher {
        // Under any other collation a search without case reads the column of every row, index or not.
        Matcher::Text(TextMatcher::Column(column))
            if column
                .collation
                .as_ref()
                .is_some_and(|it| it.linguistic && it.ignores_case) =>
        {
            &column.expr
        }
        Matcher::Token(token) => match &token.code {
            TokenCode::Column { expr, .. } => expr,
            TokenCode::Concat { parts } => &parts.first()?.0,
            _ => return None,
        },
        Matcher::Reference(reference) => &reference.expr,
        Matcher::Date(date) => date.columns.first()?,
        Matcher::Period { start, .. } => start.as_ref()?.columns.first()?,
        _ => return None,
    };
    match expr {
        Expr::Column(column) if column.alias == source.relation.table.alias => {
            Some(Arc::clone(&column.name))
        }
        _ => None,
    }
}
