//! What a new mapping begins with: an engine, and what a database says of its tables → the files of a folder.
//!
//! Without a database they are a small example that is true in itself. With one, its catalogue is a source of facts (these
//! tables, columns, types, keys) and of guesses (this looks like a family name). Facts are declared, guesses are comments
//! for a person to judge: no claim about a practice's data comes from a name alone. Rows are never looked at.
//!
//! | module | takes → gives |
//! |---|---|
//! | [`patterns`] | what is looked for: the words of names, by resource and element, as data |
//! | [`words`] | a name → its words |
//! | [`prefixes`] | names that stand together → their words, without the beginning that most share |
//! | [`look`] | tables × patterns → the likeliest table of each resource, with the columns that fit |
//! | [`joins`] | a table × all others → lookups and children |
//! | [`elements`] | a pattern's elements and these columns → the lines that suggest them |
//! | [`source`], [`tables`], [`fixture`] | all of it → the text of the files |
//! | [`example`] | an engine → the files without a database |
//! | [`text`] | names → YAML, SQL and remarks that no name can break out of |

mod elements;
mod example;
mod fixture;
mod joins;
mod look;
mod patterns;
mod prefixes;
mod source;
mod tables;
#[cfg(test)]
mod tests;
mod text;
mod words;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::cases::{self, script};
use crate::mapping::json_schema::HEADER;
use crate::relation::{Collation, Dialect};
use crate::verify::Live;
use look::Table;

pub use example::example;
pub use text::shown;

/// What a folder is made for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The product's name, for people.
    pub product: String,
    pub engine: Dialect,
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    pub name: String,
    pub text: String,
}

impl NewFile {
    fn yaml(name: &str, text: &str) -> NewFile {
        NewFile {
            name: name.to_owned(),
            text: format!("{HEADER}\n{text}"),
        }
    }

    fn plain(name: &str, text: String) -> NewFile {
        NewFile {
            name: name.to_owned(),
            text,
        }
    }
}

/// The databases of a practice, as they were read.
#[derive(Debug)]
pub struct Seen {
    /// What the databases are, which a SQLite file with another engine's tables is not.
    pub dialect: Dialect,
    /// By catalogue, the default one first; one without a name where there is one database.
    pub databases: Vec<(Arc<str>, Live)>,
}

/// A folder that was made from a database's catalogue.
#[derive(Debug)]
pub struct Proposal {
    pub files: Vec<NewFile>,
    /// Resource types, each with the table that looks like it.
    pub likely: Vec<(&'static str, String)>,
    /// How many tables and views there are.
    pub tables: usize,
}

/// The files for a product whose databases were read.
pub fn proposal(wish: &Wish, seen: Seen) -> Proposal {
    let dialect = seen.dialect;
    let names: Vec<Arc<str>> = seen
        .databases
        .iter()
        .map(|(name, _)| Arc::clone(name))
        .collect();
    // The default catalogue's tables do not name it.
    let databases = seen.databases.into_iter().enumerate();
    let databases: Vec<(Option<Arc<str>>, Live)> = databases
        .map(|(place, (name, live))| ((place > 0).then_some(name), live))
        .collect();
    let (tables, refused) = look::tables(&databases, dialect);
    let candidates = look::candidates(&tables, dialect);
    let collation = match dialect == wish.engine {
        true => usual_collation(&databases),
        false => None,
    };
    let known = collation
        .clone()
        .filter(|name| Collation::parse(name).is_some());
    let default = example::collation(wish.engine);
    let catalogues = if names.len() > 1 { &*names } else { &[] };
    let mut files = vec![NewFile::yaml(
        "mapping.yaml",
        &manifest(
            wish,
            known.as_deref().unwrap_or(default),
            collation.as_deref(),
            catalogues,
        ),
    )];
    let resources: HashSet<&str> = candidates
        .iter()
        .flat_map(|it| {
            it.others
                .iter()
                .map(|(name, _)| *name)
                .chain([it.table.name.as_str()])
        })
        .collect();
    let live = candidates
        .iter()
        .position(|it| it.pattern.may_be_bare && it.table.key().is_some());
    let mut used: Vec<&Table<'_>> = Vec::new();
    // The source that is no comment has the first table, which is declared whatever there is.
    let first = live.map(|place| &candidates[place]).into_iter();
    for candidate in first.chain(&candidates) {
        add(&mut used, candidate.table);
    }
    let mut sources = Vec::new();
    for (place, candidate) in candidates.iter().enumerate() {
        let joins = joins::of(candidate, &tables, &resources, dialect);
        for join in joins.lookups.iter().chain(&joins.children) {
            add(&mut used, join.table);
        }
        let text = source::file(candidate, &joins, live == Some(place));
        sources.push(NewFile::yaml(
            &format!("{}.yaml", candidate.pattern.file),
            &text,
        ));
    }
    if live.is_none() {
        sources.push(NewFile::yaml(
            "stand-in.yaml",
            &example::stand_in(wish.engine),
        ));
    }
    let declared = tables::declared(
        &used,
        &tables,
        &refused,
        known.as_deref().unwrap_or(default),
    );
    files.push(NewFile::yaml("tables.yaml", &declared.text));
    files.extend(sources);
    let asked = match live {
        Some(place) => candidates[place].pattern.resource,
        None => "Patient",
    };
    files.push(NewFile::yaml(cases::FILE, &first_case(asked)));
    // A name that is no file's has no script.
    let is_file = |name: &str| {
        name.chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    };
    for (place, name) in names.iter().enumerate().filter(|(_, name)| is_file(name)) {
        let of_catalogue = |table: &&&Table<'_>| match place {
            0 => table.catalogue.is_none(),
            _ => table.catalogue.as_ref() == Some(name),
        };
        let tables: Vec<&Table<'_>> = declared.live.iter().filter(of_catalogue).copied().collect();
        let file = script::file_name((place > 0).then_some(name));
        files.push(NewFile::plain(&file, fixture::script(&tables)));
    }
    Proposal {
        likely: candidates
            .iter()
            .map(|it| (it.pattern.resource, it.table.name.clone()))
            .collect(),
        tables: tables.len() + refused.len(),
        files,
    }
}

/// Adds a table that is not there yet.
fn add<'t, 'l>(used: &mut Vec<&'t Table<'l>>, table: &'t Table<'l>) {
    if !used.iter().any(|known| std::ptr::eq(*known, table)) {
        used.push(table);
    }
}

/// The collation that most of the databases' text has.
fn usual_collation(databases: &[(Option<Arc<str>>, Live)]) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, live) in databases {
        let columns = live.columns();
        let texts = columns.filter(|column| column.ty.is_some_and(|ty| ty.is_text()));
        for name in texts.filter_map(|column| live.collation(column)) {
            *counts.entry(name).or_default() += 1;
        }
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(name, _)| name.to_owned())
}

fn manifest(wish: &Wish, collation: &str, found: Option<&str>, catalogues: &[Arc<str>]) -> String {
    let of_collation = match found {
        Some(found) if found == collation => "How text compares where a column says nothing: what most columns of the database have.".to_owned(),
        Some(found) => format!(
            "How text compares where a column says nothing. Most columns of the database have {}, which is not known here: see how it compares, and say what is nearest.",
            text::shown(found)
        ),
        None => "How text compares where a column says nothing: see what the database has. A mapping that says something else finds too little.".to_owned(),
    };
    let mut out = example::manifest(wish, collation, &of_collation);
    if !catalogues.is_empty() {
        let names: Vec<String> = catalogues.iter().map(|name| text::scalar(name)).collect();
        out.push_str(&text::remark(
            "##",
            "The databases by name, the default one first.",
        ));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "catalogues: [ {} ]", names.join(", "));
    }
    out.push_str(&text::remark(
        "##",
        "If a table holds the practice itself: `practice: { table: PRACTICE as r, name: r.NAME }`.",
    ));
    out
}

fn first_case(asked: &str) -> String {
    let mut out = text::remark(
        "##",
        "Searches and reads that are asked of fixture.sql, and what they must give. Its tables are empty as yet. With rows of your own there: `ids: [\"1\", \"4\"]`, and a case for each quirk.",
    );
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "- {{ name: {}-all, search: {asked}, expect: {{ ids: [], total: 0 }} }}",
        asked.to_ascii_lowercase()
    );
    out
}
