//! A resource type → its search parameters: an example of each, the columns that it compares, and the index that it
//! wants.
//!
//! Which column an index should begin with is the rule by which `mapping verify` looks for one: the column of the
//! source's own table that is compared as it stands; of a lookup's column both that one and the own column by which the
//! lookup belongs. What is converted or compared without case where the collation tells case apart is found by reading
//! rows, whatever indexes there are.

use std::sync::Arc;

use super::example;
use crate::mapping::usage::{Aliases, named, table_name};
use crate::mapping::{Mapping, Matcher, Resource, Source, Target, TextMatcher, TokenCode, walk};
use crate::relation::{Column, CompareOp, Expr, Predicate, TableSource};
use crate::verify::common::{FEW, Wanted, serving};

/// A search parameter of a type.
#[derive(Debug)]
pub struct SearchPage {
    pub name: Arc<str>,
    /// `string`, `token`, …
    pub kind: String,
    /// `Patient?family=smith`; None where no value of it could be written.
    pub example: Option<String>,
    /// Results can be sorted by it.
    pub is_sorted: bool,
    /// `PATIENTS.SURNAME`; empty where it compares constants only.
    pub columns: Vec<String>,
    /// What could serve it, for each place where it looks.
    pub indexes: Vec<Index>,
}

/// What an index can do for a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Index {
    /// It should begin with the column.
    On {
        table: Arc<str>,
        column: Arc<str>,
        /// It is searched by day in, day out.
        common: bool,
    },
    /// Nothing: why.
    None(&'static str),
}

/// The parameters of a type, by name.
pub(super) fn searches(mapping: &Mapping, resource: &Resource, wanted: &Wanted) -> Vec<SearchPage> {
    let sources: Vec<&Arc<Source>> = resource
        .sources
        .iter()
        .filter_map(|place| mapping.sources.get(*place))
        .collect();
    let mut pages = Vec::new();
    for (name, info) in &resource.parameters {
        let mut page = SearchPage {
            name: Arc::clone(name),
            kind: format!("{:?}", info.kind).to_lowercase(),
            example: None,
            is_sorted: info.sorted.is_some(),
            columns: Vec::new(),
            indexes: Vec::new(),
        };
        for source in &sources {
            let Some(parameter) = source.search.get(name) else {
                continue;
            };
            if page.example.is_none() {
                let asked = example::example(resource, source, parameter);
                page.example = asked.map(|asked| format!("{}?{asked}", resource.name));
            }
            for target in &parameter.targets {
                for column in columns(mapping, source, target) {
                    if !page.columns.contains(&column) {
                        page.columns.push(column);
                    }
                }
                for index in indexes(mapping, source, target, wanted) {
                    if !page.indexes.contains(&index) {
                        page.indexes.push(index);
                    }
                }
            }
        }
        // Where a column is compared, what constants elsewhere need is nothing.
        if page.indexes.len() > 1 {
            page.indexes.retain(|it| *it != Index::None(CONSTANT));
        }
        pages.push(page);
    }
    pages
}

/// The columns that a target compares, with their tables.
fn columns(mapping: &Mapping, source: &Source, target: &Target) -> Vec<String> {
    let aliases = Aliases::of(mapping, source);
    let mut found = Vec::new();
    let mut add = |leaf: &Expr| {
        for (alias, column) in named(leaf) {
            let table = aliases.table(&alias).map_or(&alias, |table| table);
            found.push(format!("{table}.{column}"));
        }
    };
    match &target.matcher {
        Matcher::Id => source.id.iter().for_each(&mut add),
        _ => walk::target(target, &mut add),
    }
    found
}

/// A composite is found by any of its parts.
fn indexes(mapping: &Mapping, source: &Source, target: &Target, wanted: &Wanted) -> Vec<Index> {
    match &target.matcher {
        Matcher::Composite(components) if target.child.is_none() => {
            let targets = components.iter().flat_map(|component| &component.targets);
            let all = targets.flat_map(|target| indexes(mapping, source, target, wanted));
            all.collect()
        }
        _ => of_target(mapping, source, target, wanted),
    }
}

const CONSTANT: &str = "a constant is compared";

fn of_target(mapping: &Mapping, source: &Source, target: &Target, wanted: &Wanted) -> Vec<Index> {
    let on = |(table, column): (Arc<str>, Arc<str>)| {
        let common = wanted.contains_key(&(Arc::clone(&table), Arc::clone(&column)));
        Index::On {
            table,
            column,
            common,
        }
    };
    let none = |why| vec![Index::None(why)];
    if let Some(child) = target.child.and_then(|place| source.children.get(place)) {
        let column = child.on.first().map(|(own, _)| own);
        return match (column, table_name(mapping, &child.table)) {
            (Some(Expr::Column(column)), Some(table)) => {
                vec![on((table, Arc::clone(&column.name)))]
            }
            _ => none("its child is not found by a column"),
        };
    }
    let TableSource::Named(table) = &source.relation.table.source else {
        return none("the table is a select of the mapping's own");
    };
    if FEW.contains(&source.resource) {
        return none("few rows");
    }
    if matches!(target.matcher, Matcher::Id) {
        return match source.relation.key.first() {
            Some(column) => vec![on((Arc::clone(table), Arc::clone(column)))],
            None => none("the table has no key"),
        };
    }
    let mut serving = serving(source, target);
    if serving.is_empty() {
        let own = looked_up_by(source, target);
        serving.extend(own.map(|column| (Arc::clone(table), column)));
    }
    match serving.is_empty() {
        true => none(why_none(source, target)),
        false => serving.into_iter().map(on).collect(),
    }
}

/// The column of the source's own table that a lookup's is equal to, where that is what is compared: what finds the
/// lookup's row finds the source's rows too.
fn looked_up_by(source: &Source, target: &Target) -> Option<Arc<str>> {
    let mut leaves = Vec::new();
    walk::target(target, &mut |leaf| leaves.push(leaf.clone()));
    let [Expr::Column(compared)] = &leaves[..] else {
        return None;
    };
    let mut joins = source.relation.joins.iter();
    let join = joins.find(|join| join.table.alias == compared.alias)?;
    let parts = match &join.on {
        Predicate::And(parts) => &parts[..],
        one => std::slice::from_ref(one),
    };
    parts.iter().find_map(|part| {
        let Predicate::Compare(Expr::Column(one), CompareOp::Eq, Expr::Column(other)) = part else {
            return None;
        };
        let is_compared = |it: &Column| it.alias == compared.alias && it.name == compared.name;
        let own = match (is_compared(one), is_compared(other)) {
            (true, _) => other,
            (_, true) => one,
            _ => return None,
        };
        (own.alias == source.relation.table.alias).then(|| Arc::clone(&own.name))
    })
}

/// Why no index of the source's table serves.
fn why_none(source: &Source, target: &Target) -> &'static str {
    let mut leaves = Vec::new();
    walk::target(target, &mut |leaf| leaves.push(leaf.clone()));
    if leaves.is_empty() {
        return CONSTANT;
    }
    if leaves.iter().any(|leaf| matches!(leaf, Expr::Raw(_))) {
        return "a fragment is compared";
    }
    let is_own = |leaf: &Expr| matches!(leaf, Expr::Column(column) if column.alias == source.relation.table.alias);
    if !leaves.iter().any(is_own) {
        return "a lookup is compared";
    }
    match &target.matcher {
        Matcher::Text(TextMatcher::Column(_)) => {
            "without case and accents, its collation reads every row"
        }
        Matcher::Text(_) => "a code table is read backwards",
        Matcher::Token(token) => match &token.code {
            TokenCode::Codes { .. } => "few values: a code table is read backwards",
            TokenCode::Boolean(_) => "two values",
            TokenCode::Digits(_) => "digits are compared",
            _ => "the value is converted",
        },
        Matcher::Number(_) | Matcher::Quantity(_) => "the number is converted",
        Matcher::Exists(_) => "two values",
        _ => "the value is converted",
    }
}
