//! A mapping as a page for people: one that a person who knows the database and one who knows FHIR can both check.
//!
//! Takes a checked [`Mapping`]; gives a [`Page`], plain data with every sentence made, and from it Markdown. Whatever
//! the page says follows from the mapping: nothing is told of a database that nobody asked.
//!
//! | module | takes → gives |
//! |---|---|
//! | `words` | conditions, conversions → words |
//! | `source` | a source → its tables, lookups, children and elements |
//! | `searches` | a resource type → its search parameters, an example of each, and the index that it wants |
//! | `example` | what a parameter looks at → a value to search for |
//! | `tables` | the declared tables → each column with what it feeds |
//! | `markdown` | a page → Markdown |

mod example;
mod markdown;
mod searches;
mod source;
mod tables;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::mapping::usage::Usage;
use crate::mapping::{Code, Mapping, Verified};
use crate::verify::common::wanted;

pub use markdown::markdown;
pub use searches::{Index, SearchPage};
pub use source::{ChildPage, ElementPage, LookupPage, SourcePage};
pub use tables::{ColumnPage, TablePage};

/// All that is told of a mapping.
#[derive(Debug)]
pub struct Page {
    /// The product's name.
    pub name: Arc<str>,
    /// The mapping's id.
    pub id: Arc<str>,
    pub engine: &'static str,
    /// The names of tables and columns were seen in public code.
    pub is_public: bool,
    /// Where the database says which practice it is.
    pub practice: Option<PracticePage>,
    /// The product's databases, the default one first; empty where it has one.
    pub catalogues: Vec<Arc<str>>,
    pub resources: Vec<ResourcePage>,
    pub tables: Vec<TablePage>,
    pub codes: Vec<CodesPage>,
    pub indexes: Vec<IndexPage>,
    /// Types and profiles of which the database has nothing, and why.
    pub lacks: Vec<(Arc<str>, Arc<str>)>,
}

/// Where a database says which practice it is.
#[derive(Debug)]
pub struct PracticePage {
    /// `PRACTICE as p`
    pub table: String,
    /// The condition of its row.
    pub rows: Option<String>,
    /// What is told, each with its column.
    pub columns: Vec<(&'static str, String)>,
    /// The file, and the line on which it begins.
    pub place: String,
}

/// A resource type.
#[derive(Debug)]
pub struct ResourcePage {
    pub name: &'static str,
    pub sources: Vec<SourcePage>,
    pub searches: Vec<SearchPage>,
}

/// A code table.
#[derive(Debug)]
pub struct CodesPage {
    /// Its name, or the element that it is written for.
    pub name: Arc<str>,
    /// The files that use it.
    pub files: Vec<Arc<str>>,
    pub entries: Vec<CodePage>,
}

/// What a column holds, and what it stands for.
#[derive(Debug)]
pub struct CodePage {
    pub raw: Raw,
    pub code: Code,
}

/// The left side of a code table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    Value(Arc<str>),
    /// Any other value.
    Other,
    /// NULL, or blank.
    Nothing,
}

/// An index that searches want which are asked day in, day out.
#[derive(Debug)]
pub struct IndexPage {
    pub table: Arc<str>,
    /// The column that it begins with.
    pub column: Arc<str>,
    /// What for: `Patient?family=`.
    pub reasons: Vec<String>,
}

/// The page of a mapping.
pub fn page(mapping: &Mapping) -> Page {
    let usage = Usage::of(mapping);
    let wanted = wanted(mapping);
    let mut codes: Vec<source::CodesUse> = Vec::new();
    let mut resources: Vec<ResourcePage> = Vec::new();
    for resource in mapping.resources.values() {
        let sources = resource
            .sources
            .iter()
            .filter_map(|place| mapping.sources.get(*place));
        let sources = sources.map(|of| source::source(mapping, of, &mut codes));
        resources.push(ResourcePage {
            name: resource.name,
            sources: sources.collect(),
            searches: searches::searches(mapping, resource, &wanted),
        });
    }
    let indexes = wanted
        .into_iter()
        .map(|((table, column), reasons)| IndexPage {
            table,
            column,
            reasons,
        });
    Page {
        name: Arc::clone(&mapping.name),
        id: Arc::clone(&mapping.id),
        engine: mapping.engine.name(),
        is_public: mapping.verified == Verified::Public,
        practice: mapping
            .practice
            .as_ref()
            .map(|of| source::practice(mapping, of)),
        catalogues: mapping.catalogues.clone(),
        resources,
        tables: tables::tables(mapping, &usage),
        codes: codes.into_iter().map(of_codes).collect(),
        indexes: indexes.collect(),
        lacks: mapping
            .lacks
            .iter()
            .map(|(name, reason)| (Arc::clone(name), Arc::clone(reason)))
            .collect(),
    }
}

fn of_codes(of: source::CodesUse) -> CodesPage {
    let table = &of.table;
    let listed = table
        .entries
        .iter()
        .map(|entry| (Raw::Value(Arc::clone(&entry.raw)), &entry.code));
    let otherwise = table.otherwise.iter().map(|code| (Raw::Other, code));
    let absent = table.absent.iter().map(|code| (Raw::Nothing, code));
    CodesPage {
        name: of.name,
        files: of.files,
        entries: listed
            .chain(otherwise)
            .chain(absent)
            .map(|(raw, code)| CodePage {
                raw,
                code: code.clone(),
            })
            .collect(),
    }
}
