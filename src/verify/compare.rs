//! Tables as a mapping declares them beside tables as they are.

use std::sync::Arc;

use super::common;
use super::{Finding, Kind, Live, LiveColumn, LiveTable};
use crate::mapping::{ColumnInfo, Mapping, TableInfo};
use crate::relation::{Collation, Dialect, SqlType};

/// What a catalogue's database says of itself; the default catalogue has no name here.
pub(super) type Database<'m> = (Option<&'m Arc<str>>, Live);

/// Compares the tables of every catalogue.
pub(super) fn tables(
    mapping: &Mapping,
    dialect: Dialect,
    databases: &[Database<'_>],
) -> Vec<Finding> {
    let wanted = common::wanted(mapping);
    let mut findings = Vec::new();
    for (catalogue, live) in databases {
        let of_database = mapping.tables.values().filter(|table| {
            // A derived table is SQL of the mapping's own.
            table.derived.is_none() && table.catalogue.as_ref() == *catalogue
        });
        let asked = name_of(mapping, *catalogue);
        for table in of_database {
            let Some(found) = live.table(&table.name, dialect) else {
                findings.push(missing_table(mapping, table, dialect, databases, live));
                continue;
            };
            let comparison = Comparison {
                table,
                found,
                live,
                dialect,
                catalogue: asked.clone(),
            };
            for column in table.columns.values() {
                findings.extend(comparison.column(column));
            }
            for ((of, column), whys) in &wanted {
                if *of == table.name {
                    findings.extend(comparison.index(column, whys));
                }
            }
        }
    }
    findings
}

/// The name of a catalogue as the mapping lists it; None where it has one database.
fn name_of(mapping: &Mapping, catalogue: Option<&Arc<str>>) -> Option<Arc<str>> {
    match &*mapping.catalogues {
        [] | [_] => catalogue.cloned(),
        [default, ..] => Some(Arc::clone(catalogue.unwrap_or(default))),
    }
}

fn missing_table(
    mapping: &Mapping,
    table: &TableInfo,
    dialect: Dialect,
    databases: &[Database<'_>],
    live: &Live,
) -> Finding {
    let name = &table.name;
    let catalogue = name_of(mapping, table.catalogue.as_ref());
    let elsewhere = databases
        .iter()
        .find(|(_, other)| other.table(name, dialect).is_some());
    let elsewhere = elsewhere.and_then(|(of, _)| name_of(mapping, *of));
    let remedy = match (live.unlike_in_case(name), elsewhere) {
        (Some(other), _) if dialect == Dialect::Firebird => {
            format!("the database has `{other}`: Firebird tells them apart, so write it as the database does")
        }
        (_, Some(other)) => format!(
            "the database of the catalogue {other} has it: declare the table with `catalogue: {other}`, if it is that one"
        ),
        _ => "check the name, that the database is that of this product and version, and that the login may see the table".to_owned(),
    };
    let of = match &catalogue {
        Some(catalogue) => format!("the database of the catalogue {catalogue}"),
        None => "the database".to_owned(),
    };
    Finding {
        kind: Kind::MissingTable,
        table: Arc::clone(name),
        column: None,
        message: format!("{of} has no table or view `{name}`"),
        catalogue,
        remedy,
        place: table.place.clone(),
    }
}

struct Comparison<'c> {
    table: &'c TableInfo,
    found: &'c LiveTable,
    live: &'c Live,
    dialect: Dialect,
    catalogue: Option<Arc<str>>,
}

impl Comparison<'_> {
    fn finding(&self, kind: Kind, column: &Arc<str>, message: String, remedy: String) -> Finding {
        let declared = self.table.columns.get(column);
        Finding {
            kind,
            catalogue: self.catalogue.clone(),
            table: Arc::clone(&self.table.name),
            column: Some(Arc::clone(column)),
            message,
            remedy,
            place: declared.map_or(&self.table.place, |it| &it.place).clone(),
        }
    }

    fn column(&self, column: &ColumnInfo) -> Vec<Finding> {
        let place = format!("{}.{}", self.table.name, column.name);
        let Some(found) = self.found.column(&column.name, self.dialect) else {
            return vec![if column.optional {
                self.finding(
                    Kind::MissingOptional,
                    &column.name,
                    format!("the database has no `{place}`, which is optional"),
                    "nothing need be done: what is mapped from it is not served here".to_owned(),
                )
            } else {
                self.finding(
                    Kind::MissingColumn,
                    &column.name,
                    format!("the database has no column `{place}`"),
                    "check the name; if only some versions of the product have it, declare it `optional: true`".to_owned(),
                )
            }];
        };
        let ty = self.ty(column, found, &place);
        let collation = self.collation(column, found, &place);
        ty.into_iter().chain(collation).collect()
    }

    fn ty(&self, column: &ColumnInfo, found: &LiveColumn, place: &str) -> Option<Finding> {
        // SQLite keeps any value in any column, and types as they were written.
        if self.dialect == Dialect::Sqlite && found.ty.is_none() {
            return None;
        }
        let why = match found.ty {
            None => Some("no type of a mapping is like it".to_owned()),
            Some(ty) => unlike(column.ty, ty, self.dialect),
        }?;
        Some(self.finding(
            Kind::WrongType,
            &column.name,
            format!(
                "`{place}` is {} in the database and {} in the mapping: {why}",
                found.declared, column.ty
            ),
            format!(
                "write `{}: {}` under `columns:`",
                column.name, found.declared
            ),
        ))
    }

    /// How text compares decides which rows an index finds.
    fn collation(&self, column: &ColumnInfo, found: &LiveColumn, place: &str) -> Option<Finding> {
        let declared = column.collation.as_deref()?;
        // SQLite is told with each comparison.
        if self.dialect == Dialect::Sqlite {
            return None;
        }
        let name = self.live.collation(found)?;
        let live = Collation::parse(name)?;
        let same = (
            declared.ignores_case,
            declared.ignores_accents,
            declared.linguistic,
        ) == (live.ignores_case, live.ignores_accents, live.linguistic);
        if same {
            return None;
        }
        let what = match (live.ignores_case, declared.ignores_case) {
            (false, true) => "a search by its index would miss what is written in another case",
            (true, false) => "its index is not used for searches without case",
            _ if declared.ignores_accents && !live.ignores_accents => {
                "a search by its index would miss what is written with other accents"
            }
            _ => "text is compared in another order than the mapping says",
        };
        Some(self.finding(
            Kind::Collation,
            &column.name,
            format!(
                "`{place}` has the collation {name} in the database and {} in the mapping: {what}",
                declared.name
            ),
            format!(
                "write `collation: {name}` for it: searches are then right, whatever the collation"
            ),
        ))
    }

    fn index(&self, column: &Arc<str>, whys: &[String]) -> Option<Finding> {
        // What a view selects from is not known.
        if self.found.is_view
            || self.found.column(column, self.dialect).is_none()
            || self.found.leads_an_index(column, self.dialect)
        {
            return None;
        }
        const SHOWN: usize = 4;
        let more = match whys.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let shown: Vec<&str> = whys.iter().take(SHOWN).map(String::as_str).collect();
        let (table, name) = (&self.table.name, column);
        Some(self.finding(
            Kind::Unindexed,
            column,
            format!("no index of `{table}` begins with `{name}`, so that the whole table is read for {}{more}", shown.join(", ")),
            format!("where the table is large, ask the vendor for one: CREATE INDEX {} ON {table} ({name})", index_name(table, name, self.dialect)),
        ))
    }
}

/// A name for an index on a column. Firebird 3 has none of more than 31 characters: of a longer one the table's part is
/// cut, since the column's tells more.
fn index_name(table: &str, column: &str, dialect: Dialect) -> String {
    const LONGEST: usize = 31;
    let kept = match dialect {
        Dialect::Firebird => LONGEST.saturating_sub(column.chars().count() + 1),
        _ => usize::MAX,
    };
    let table: String = table.chars().take(kept).collect();
    format!("{table}_{column}")
}

/// Why a declared type does not fit the one that is there; None where it does.
fn unlike(declared: SqlType, found: SqlType, dialect: Dialect) -> Option<String> {
    let kind = |ty: SqlType| match ty {
        ty if ty.is_text() => "text",
        ty if ty.is_number() => "a number",
        ty if ty.has_day_and_time() => "a day and time",
        ty if ty.has_day() => "a day",
        SqlType::Time => "a time of day",
        SqlType::UniqueIdentifier => "a GUID",
        _ => "bytes",
    };
    // Engines without the type keep a GUID, and SQLite days and times too, as text.
    let kept_as_text = |ty: SqlType| {
        ty == SqlType::UniqueIdentifier
            || (dialect == Dialect::Sqlite && (ty.has_day() || ty == SqlType::Time))
    };
    if kept_as_text(declared) && found.is_text() {
        return None;
    }
    if kind(declared) != kind(found) {
        return Some(format!("{} is not {}", kind(found), kind(declared)));
    }
    let is_wide = |ty| matches!(ty, SqlType::NChar(_) | SqlType::NVarChar(_));
    if dialect == Dialect::Mssql && is_wide(declared) && !is_wide(found) {
        return Some("a value of the wider type cannot use the column's index".to_owned());
    }
    if dialect == Dialect::Mssql && declared.is_text() && !is_wide(declared) && is_wide(found) {
        return Some("letters that the narrower type does not have would not be found".to_owned());
    }
    if declared.is_integer() && found.is_number() && !found.is_integer() {
        return Some("what stands behind the point would be cut off".to_owned());
    }
    match (declared.characters(), found.characters()) {
        (Some(declared), Some(found)) if declared < found => {
            Some("longer values than the mapping allows for would not be found".to_owned())
        }
        (Some(_), None) if found.is_text() && dialect != Dialect::Sqlite => {
            Some("longer values than the mapping allows for would not be found".to_owned())
        }
        _ => None,
    }
}
