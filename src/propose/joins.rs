//! A proposed table × all tables → the rows of others that belong to its own: lookups and children.
//!
//! Declared foreign keys come first. Where there are none, names tell: a column that is called as another table
//! (`APPOINTMENTTYPE`), as its key (`LANGUAGE_CODE`), or as the two together (`ProvID` and `Providers.ID`).

use std::collections::HashSet;

use super::look::{Candidate, Column, Table, alike, is_generic};
use super::words::words;
use crate::relation::Dialect;

/// Lookups, and children, of one source that are proposed; of others the names are listed.
const MOST: usize = 8;

/// Another table whose rows belong to the source's, by pairs of columns: the other's, and the source's.
#[derive(Debug)]
pub(super) struct Join<'t, 'l> {
    pub table: &'t Table<'l>,
    pub on: Vec<(String, String)>,
    /// By a foreign key; else by names.
    pub declared: bool,
}

/// What a source may look up, and which rows of others are its children.
#[derive(Debug, Default)]
pub(super) struct Joins<'t, 'l> {
    pub lookups: Vec<Join<'t, 'l>>,
    pub children: Vec<Join<'t, 'l>>,
    /// Tables that refer to the source's as well, and are not proposed.
    pub more: Vec<&'t str>,
}

/// The joins of a proposed table. What looks like a resource itself is referred to, and neither looked up nor a child.
pub(super) fn of<'t, 'l>(
    candidate: &Candidate<'t, 'l>,
    tables: &'t [Table<'l>],
    resources: &HashSet<&str>,
    dialect: Dialect,
) -> Joins<'t, 'l> {
    let source = candidate.table;
    let mut joins = Joins::default();
    for other in tables {
        let is_apart = other.name == source.name
            || other.catalogue != source.catalogue
            || resources.contains(other.name.as_str());
        if is_apart {
            continue;
        }
        if let Some(join) = join(source, other, dialect) {
            joins.lookups.push(join);
        } else if let Some(join) = join_back(other, source, dialect) {
            joins.children.push(join);
        }
    }
    // The declared ones first; of others those that hold least beside the key.
    let rank = |join: &Join<'_, '_>| (!join.declared, join.table.columns.len());
    joins.lookups.sort_by_key(rank);
    joins.children.sort_by_key(rank);
    joins.lookups.truncate(MOST);
    let more = joins.children.split_off(joins.children.len().min(MOST));
    joins.more = more.iter().map(|join| join.table.name.as_str()).collect();
    joins
}

/// How a row of `from` names one of `to`, by all of its key: the pairs are `to`'s column and `from`'s.
fn join<'t, 'l>(from: &Table<'_>, to: &'t Table<'l>, dialect: Dialect) -> Option<Join<'t, 'l>> {
    let declared = from
        .live
        .foreign_keys
        .iter()
        .find(|key| key.table == to.name);
    if let Some(key) = declared {
        return Some(Join {
            table: to,
            on: pairs(&key.of, &key.columns, to, from, dialect)?,
            declared: true,
        });
    }
    let key = to.key()?;
    let [key] = &*key else { return None };
    let own = from.key();
    let of_key = to.column(key, dialect)?;
    // A table is not looked up by what identifies the row itself.
    let may_name = |column: &&Column<'_>| {
        own.as_deref() != Some(&[column.name()]) && alike(column.ty, of_key.ty)
    };
    let columns = || from.columns.iter().filter(may_name);
    let named = columns()
        .find(|column| {
            column
                .read
                .ways()
                .any(|own| to.read.ways().any(|to| own == to))
        })
        .or_else(|| columns().find(|column| names(column, from, to, key)))?;
    Some(Join {
        table: to,
        on: vec![((*key).to_owned(), named.name().to_owned())],
        declared: false,
    })
}

/// The same the other way: `child` names a row of `source`. The pairs are the child's column and the source's.
fn join_back<'t, 'l>(
    child: &'t Table<'l>,
    source: &Table<'_>,
    dialect: Dialect,
) -> Option<Join<'t, 'l>> {
    let declared = child
        .live
        .foreign_keys
        .iter()
        .find(|key| key.table == source.name);
    if let Some(key) = declared {
        return Some(Join {
            table: child,
            on: pairs(&key.columns, &key.of, child, source, dialect)?,
            declared: true,
        });
    }
    let key = source.key()?;
    let [key] = &*key else { return None };
    let of_key = source.column(key, dialect)?;
    let named = child
        .columns
        .iter()
        .find(|column| alike(column.ty, of_key.ty) && names(column, child, source, key))?;
    Some(Join {
        table: child,
        on: vec![(named.name().to_owned(), (*key).to_owned())],
        declared: false,
    })
}

/// Pairs of columns, if all of them can be used.
fn pairs(
    first: &[String],
    second: &[String],
    of_first: &Table<'_>,
    of_second: &Table<'_>,
    dialect: Dialect,
) -> Option<Vec<(String, String)>> {
    let pairs = first.iter().zip(second);
    pairs
        .map(|(one, other)| {
            let one = of_first.column(one, dialect)?;
            let other = of_second.column(other, dialect)?;
            Some((one.name().to_owned(), other.name().to_owned()))
        })
        .collect()
}

/// Whether a column of `from` is called as the key of `to`, or as that table and its key; of that, `from` may have said
/// the beginning (`Appointments.StatusID` and `AppStatus.ID`).
fn names(column: &Column<'_>, from: &Table<'_>, to: &Table<'_>, key: &str) -> bool {
    if !is_generic(key) {
        return column.is_called_as(key);
    }
    let key = words(key);
    to.read.ways().any(|to| {
        let both = [to, &key].concat();
        column.read.ways().any(|own| {
            let mut beginnings = from.read.ways();
            both == own || beginnings.any(|from| both == [from, own].concat())
        })
    })
}
