//! The columns that common searches look for, and that an index should therefore begin with.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mapping::{Mapping, Matcher, Source, Target, TextMatcher, TokenCode};
use crate::plan::asked_first;
use crate::relation::{Column, Expr, Table, TableSource};

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
            let why = format!("reading {} by its id", with_article(source.resource));
            note(&mut wanted, table, first, why);
        }
        for child in &source.children {
            let TableSource::Named(of_child) = &child.table.source else {
                continue;
            };
            if let Some((Expr::Column(column), _)) = child.on.first() {
                let why = format!("the `{}` of {}", child.name, with_article(source.resource));
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
            let targets = parameter.targets.iter();
            for (table, column) in targets.flat_map(|target| serving(source, target)) {
                let why = format!("{}?{name}=", source.resource);
                note(&mut wanted, &table, &column, why);
            }
        }
    }
    wanted
}

/// `an Encounter`, `a Patient`. No resource type begins with a `U`, which would be spoken as a consonant.
fn with_article(resource: &str) -> String {
    let article = match resource.starts_with(['A', 'E', 'I', 'O']) {
        true => "an",
        false => "a",
    };
    format!("{article} {resource}")
}

fn note(wanted: &mut Wanted, table: &Arc<str>, column: &Arc<str>, why: String) {
    let whys = wanted
        .entry((Arc::clone(table), Arc::clone(column)))
        .or_default();
    if !whys.contains(&why) {
        whys.push(why);
    }
}

/// Table and column of the indexes that serve a target: of the column that is compared, where that is the source's
/// own. Where it is a lookup's, the lookup is asked first (`own IN (SELECT key FROM lookup WHERE …)`): an index finds
/// the lookup's rows, and one on the own column that the lookup belongs by finds the source's. Empty where reading
/// rows is all that there is.
pub(crate) fn serving(source: &Source, target: &Target) -> Vec<(Arc<str>, Arc<str>)> {
    let relation = &source.relation;
    let (None, Some(column)) = (target.child, compared(target)) else {
        return Vec::new();
    };
    let of = |table: &Table, column: &Column| match &table.source {
        TableSource::Named(name) => Some((Arc::clone(name), Arc::clone(&column.name))),
        TableSource::Derived(_) => None,
    };
    if column.alias == relation.table.alias {
        return of(&relation.table, column).into_iter().collect();
    }
    let mut joins = relation.joins.iter();
    let join = joins.find(|join| join.table.alias == column.alias);
    let Some(lookup) = join.and_then(|join| asked_first(join)) else {
        return Vec::new();
    };
    let [(Expr::Column(key), Expr::Column(own))] = lookup.on.as_slice() else {
        return Vec::new();
    };
    // What belongs by another lookup's column waits for that one's rows.
    if own.alias != relation.table.alias {
        return Vec::new();
    }
    // What is equal to the own column is compared there.
    let of_lookup = (key.name != column.name).then(|| of(&lookup.table, column));
    let of_own = of(&relation.table, own);
    of_lookup.flatten().into_iter().chain(of_own).collect()
}

/// The column that a target compares as it stands, and that an index can therefore find.
fn compared(target: &Target) -> Option<&Column> {
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
        Expr::Column(column) => Some(column),
        _ => None,
    }
}
