//! The declared tables → each column with what it feeds.

use std::sync::Arc;

use crate::mapping::usage::{Usage, Use};
use crate::mapping::{ColumnInfo, Mapping, Source, TableInfo};

/// A table as the mapping declares it.
#[derive(Debug)]
pub struct TablePage {
    pub name: Arc<str>,
    pub place: String,
    pub key: Vec<Arc<str>>,
    /// The database, where it is not the default one.
    pub catalogue: Option<Arc<str>>,
    /// The mapping's own select, in its engine's SQL.
    pub select: Option<String>,
    pub columns: Vec<ColumnPage>,
}

/// A column of it.
#[derive(Debug)]
pub struct ColumnPage {
    pub name: Arc<str>,
    /// `char(40)`
    pub ty: String,
    /// `key`, `optional`, `illustrative`, and a collation of its own.
    pub notes: Vec<String>,
    /// What it feeds: `Patient.name.family`; empty where it is not mapped.
    pub uses: Vec<String>,
}

/// The pages of all tables, by name.
pub(super) fn tables(mapping: &Mapping, usage: &Usage) -> Vec<TablePage> {
    let page = |table: &TableInfo| TablePage {
        name: Arc::clone(&table.name),
        place: table.place.to_string(),
        key: table.key.clone(),
        catalogue: table.catalogue.clone(),
        select: table.derived.as_ref().map(|raw| {
            let text = raw.for_dialect(mapping.engine).unwrap_or_default();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        }),
        columns: table
            .columns
            .values()
            .map(|of| column(mapping, usage, table, of))
            .collect(),
    };
    mapping.tables.values().map(page).collect()
}

fn column(mapping: &Mapping, usage: &Usage, table: &TableInfo, of: &ColumnInfo) -> ColumnPage {
    let mut notes = Vec::new();
    if table.key.contains(&of.name) {
        notes.push("key".to_owned());
    }
    if of.illustrative {
        notes.push("name not seen".to_owned());
    } else if of.optional {
        notes.push("optional".to_owned());
    }
    notes.extend(of.collation.as_ref().map(|it| it.name.to_string()));
    let mut uses: Vec<String> = Vec::new();
    for (place, what) in usage.uses(&table.name, &of.name) {
        let source = place.and_then(|place| mapping.sources.get(place));
        let what = match (source, what) {
            (Some(source), what) => described(source, what),
            (None, Use::Practice("rows")) => "which row is of the practice itself".to_owned(),
            (None, Use::Practice(key)) => format!("the practice itself: {key}"),
            (None, _) => "named in SQL of the mapping's own".to_owned(),
        };
        if !uses.contains(&what) {
            uses.push(what);
        }
    }
    ColumnPage {
        name: Arc::clone(&of.name),
        ty: of.ty.to_string(),
        notes,
        uses,
    }
}

/// A use, with the type that it is for: `Patient.name.family`.
fn described(source: &Source, what: &Use) -> String {
    let of = match &source.name {
        Some(name) => format!("{} ({name})", source.resource),
        None => source.resource.to_owned(),
    };
    match what {
        Use::Element(path) => format!("{of}.{path}"),
        Use::Condition(path) => format!("whether there is {of}.{path}"),
        Use::Id => format!("{of}.id"),
        Use::LastUpdated => format!("{of}.meta.lastUpdated"),
        Use::Rows => format!("which rows are {of}"),
        Use::Lookup(alias) => format!("{of}: lookup {alias}"),
        Use::Child(name) => format!("{of}: child {name}"),
        Use::Profile => format!("{of}.meta.profile"),
        Use::Search(name) => format!("{of}?{name}"),
        Use::Practice(_) | Use::Sql => format!("{of}: SQL of the mapping's own"),
    }
}
