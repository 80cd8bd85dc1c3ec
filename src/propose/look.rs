//! The tables of a practice's databases × [`super::patterns`] → for each resource the table that looks most like it.
//!
//! The score is one that can be told: 6 points where the table's name is the resource's, 3 where it only ends with it,
//! and a point for each column that fits. Names and types of the catalogue are all that is looked at.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::patterns::{GENERIC_KEYS, HARMLESS, Kind, NOISE, OF_ROWS, PATTERNS, Pattern, Slot};
use super::prefixes::{Reading, shared};
use super::text::can_be_named;
use super::words::{spellings, words};
use crate::relation::{Dialect, SqlType};
use crate::verify::{Live, LiveColumn, LiveTable};

/// Points for the whole name, and for its end.
const WHOLE: usize = 6;
const END: usize = 3;

/// A table that a mapping can name, with its columns' words.
#[derive(Debug)]
pub(super) struct Table<'l> {
    /// As a mapping names it.
    pub name: String,
    /// None in the default catalogue.
    pub catalogue: Option<Arc<str>>,
    pub live: &'l LiveTable,
    pub read: Reading,
    pub columns: Vec<Column<'l>>,
    /// Columns that no mapping can use, with their types: of a type that is none of the language's, or with a name that
    /// cannot be said.
    pub left_out: Vec<(&'l str, &'l str)>,
}

#[derive(Debug)]
pub(super) struct Column<'l> {
    pub live: &'l LiveColumn,
    pub ty: SqlType,
    pub read: Reading,
}

impl Column<'_> {
    pub fn name(&self) -> &str {
        &self.live.name
    }

    /// Whether it is called as another table's key, which is not any table's: `trv_id`, or `vst_trv_id` in a table whose
    /// columns begin with `vst_`.
    pub fn is_called_as(&self, key: &str) -> bool {
        !is_generic(key)
            && (self.name().eq_ignore_ascii_case(key)
                || self.read.short.as_ref() == Some(&words(key)))
    }
}

impl Table<'_> {
    /// Its name without a schema.
    fn bare_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }

    /// A column by its name.
    pub fn column(&self, name: &str, dialect: Dialect) -> Option<&Column<'_>> {
        let found = self.live.column(name, dialect)?;
        self.columns
            .iter()
            .find(|column| column.name() == found.name)
    }

    /// The declared key, if all of its columns can be used; else none.
    pub fn key(&self) -> Option<Vec<&str>> {
        let names: Vec<&str> = self.live.key.iter().map(String::as_str).collect();
        let usable = |name: &&str| self.columns.iter().any(|column| column.name() == *name);
        (!names.is_empty() && names.iter().all(usable)).then_some(names)
    }
}

/// All tables of all databases, by catalogue and name, and what cannot be declared, with why.
pub(super) fn tables<'l>(
    databases: &'l [(Option<Arc<str>>, Live)],
    dialect: Dialect,
) -> (Vec<Table<'l>>, Vec<(String, &'static str)>) {
    let mut tables = Vec::new();
    let mut refused = Vec::new();
    let mut seen = HashSet::new();
    for (catalogue, live) in databases {
        for (name, live) in live.tables(dialect) {
            if live.name_has_dot() || !name.split('.').all(can_be_named) {
                refused.push((name, "a mapping cannot say its name"));
            } else if live.columns.iter().all(|column| !is_usable(column)) {
                refused.push((name, "it has no column that a mapping can read"));
            } else if !seen.insert(name.clone()) {
                refused.push((name, "another catalogue has a table of this name"));
            } else {
                tables.push(table(name, catalogue.clone(), live));
            }
        }
    }
    let shared = shared(tables.iter().map(Table::bare_name));
    for table in &mut tables {
        table.read = Reading::new(table.bare_name(), shared.as_deref());
    }
    (tables, refused)
}

fn is_usable(column: &LiveColumn) -> bool {
    column.ty.is_some() && can_be_named(&column.name)
}

fn table(name: String, catalogue: Option<Arc<str>>, live: &LiveTable) -> Table<'_> {
    let (usable, others): (Vec<_>, Vec<_>) = live.columns.iter().partition(|it| is_usable(it));
    let shared = shared(usable.iter().map(|column| column.name.as_str()));
    Table {
        read: Reading::new(name.rsplit('.').next().unwrap_or(&name), None),
        catalogue,
        live,
        columns: usable
            .into_iter()
            .filter_map(|live| {
                Some(Column {
                    live,
                    ty: live.ty?,
                    read: Reading::new(&live.name, shared.as_deref()),
                })
            })
            .collect(),
        left_out: others
            .into_iter()
            .map(|column| (column.name.as_str(), column.declared.as_str()))
            .collect(),
        name,
    }
}

/// A table that looks like a resource.
#[derive(Debug)]
pub(super) struct Candidate<'t, 'l> {
    pub pattern: &'static Pattern,
    pub table: &'t Table<'l>,
    /// By the names of slots.
    pub filled: BTreeMap<&'static str, Filled<'t, 'l>>,
    /// Points for the name, and for columns.
    pub by_name: usize,
    pub by_columns: usize,
    /// All other tables that look like it, the likeliest first, with their points.
    pub others: Vec<(&'t str, usize)>,
}

/// A slot with the column that fits it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filled<'t, 'l> {
    pub slot: &'static Slot,
    pub column: &'t Column<'l>,
}

impl Candidate<'_, '_> {
    pub fn score(&self) -> usize {
        self.by_name + self.by_columns
    }
}

/// The likeliest table of each resource, in the order of the patterns.
pub(super) fn candidates<'t, 'l>(
    tables: &'t [Table<'l>],
    dialect: Dialect,
) -> Vec<Candidate<'t, 'l>> {
    // What refers to what is known once both are: what was found by names alone tells it.
    let by_names = likeliest(tables, &Targets(&[]), dialect);
    likeliest(tables, &Targets(&by_names), dialect)
}

fn likeliest<'t, 'l>(
    tables: &'t [Table<'l>],
    targets: &Targets<'_, '_, '_>,
    dialect: Dialect,
) -> Vec<Candidate<'t, 'l>> {
    let mut found: Vec<Candidate<'t, 'l>> = Vec::new();
    for pattern in PATTERNS {
        let mut likely: Vec<Candidate<'t, 'l>> = tables
            .iter()
            .filter_map(|table| candidate(pattern, table, targets, dialect))
            .collect();
        likely.sort_by(|one, other| {
            let rank = |it: &Candidate<'_, '_>| (it.score(), it.table.key().is_some());
            rank(other)
                .cmp(&rank(one))
                .then_with(|| one.table.name.len().cmp(&other.table.name.len()))
                .then_with(|| one.table.name.cmp(&other.table.name))
        });
        let others = likely.iter().skip(1);
        let others = others
            .map(|it| (it.table.name.as_str(), it.score()))
            .collect();
        if let Some(first) = likely.into_iter().next() {
            found.push(Candidate { others, ..first });
        }
    }
    found
}

/// What references may lead to: the tables that were found before.
struct Targets<'f, 't, 'l>(&'f [Candidate<'t, 'l>]);

impl Targets<'_, '_, '_> {
    fn table(&self, resource: &str) -> Option<&Table<'_>> {
        let mut found = self.0.iter();
        found
            .find(|it| it.pattern.resource == resource)
            .map(|it| it.table)
    }
}

fn candidate<'t, 'l>(
    pattern: &'static Pattern,
    table: &'t Table<'l>,
    targets: &Targets<'_, '_, '_>,
    dialect: Dialect,
) -> Option<Candidate<'t, 'l>> {
    let points = table.read.ways().map(|words| by_name(pattern, words));
    let by_name = points.max().unwrap_or_default();
    if by_name == 0 && pattern.by_columns.is_none() {
        return None;
    }
    let own = pattern.slots.iter().chain(OF_ROWS);
    let mut filled: BTreeMap<&'static str, Filled<'t, 'l>> = BTreeMap::new();
    for slot in own {
        let is_free = |column: &&Column<'_>| {
            let mut used = filled.values();
            // A column may be both a value and its text, or a number: one of them is used.
            !used.any(|it| it.column.name() == column.name() && !is_twin(it.slot, slot))
        };
        let fits = |column: &&'t Column<'l>| fits(slot, column, table, targets, dialect);
        if let Some(column) = table.columns.iter().filter(is_free).find(fits) {
            filled.insert(slot.name, Filled { slot, column });
        }
    }
    let has = |need: &str| need.split('|').any(|name| filled.contains_key(name));
    let by_columns = filled.len();
    let enough = by_name > 0 || pattern.by_columns.is_some_and(|least| by_columns >= least);
    (enough && pattern.needs.iter().all(|need| has(need))).then_some(Candidate {
        pattern,
        table,
        filled,
        by_name,
        by_columns,
        others: Vec::new(),
    })
}

/// Two readings of one column, of which the elements take what they need.
fn is_twin(one: &Slot, other: &Slot) -> bool {
    one.kind != other.kind && {
        let of = |slot: &Slot| matches!(slot.kind, Kind::Day | Kind::Moment);
        of(one) && of(other) || one.words == other.words
    }
}

/// Points for a table's name.
fn by_name(pattern: &Pattern, words: &[String]) -> usize {
    let is_noise = |word: &str| NOISE.contains(&word);
    let bare: Vec<&str> = words.iter().map(String::as_str).collect();
    let meant: Vec<&str> = bare
        .iter()
        .copied()
        .filter(|word| !is_noise(word))
        .collect();
    let of_patient: Vec<&str> = meant
        .iter()
        .copied()
        .filter(|word| *word != "patient")
        .collect();
    let mut points = 0;
    for spelling in spellings(pattern.table) {
        // `PATIENT_ALLERGIES` and `vaccinepat` are a patient's, and named for what they hold.
        let whole = bare == spelling || meant == spelling || of_patient == spelling;
        let end = meant.ends_with(&spelling);
        points = points.max(match (whole, end) {
            (true, _) => WHOLE,
            (false, true) => END,
            _ => 0,
        });
    }
    points
}

fn fits(
    slot: &Slot,
    column: &Column<'_>,
    table: &Table<'_>,
    targets: &Targets<'_, '_, '_>,
    dialect: Dialect,
) -> bool {
    let ty = column.ty;
    let of_kind = match slot.kind {
        Kind::Text => ty.is_text(),
        Kind::Code => ty.is_text() || ty.is_integer(),
        Kind::Whole => ty.is_integer(),
        Kind::Number => ty.is_number(),
        Kind::Any => true,
        Kind::Day => ty.has_day(),
        Kind::Moment => ty.has_day_and_time(),
        Kind::Reference(to) => {
            return refers(to, column, table, targets, dialect)
                .unwrap_or_else(|| is_key(ty) && is_called(slot, column, table));
        }
    };
    of_kind && is_called(slot, column, table)
}

fn is_key(ty: SqlType) -> bool {
    ty.is_text() || ty.is_integer() || ty == SqlType::UniqueIdentifier
}

/// Whether a column's words are those of a slot.
fn is_called(slot: &Slot, column: &Column<'_>, table: &Table<'_>) -> bool {
    let mut ways = column.read.ways();
    ways.any(|words| are_called(slot, words, &table.read.whole))
}

fn are_called(slot: &Slot, words: &[String], of_table: &[String]) -> bool {
    let all: HashSet<&str> = words.iter().map(String::as_str).collect();
    let meant = all.iter().copied();
    let meant: HashSet<&str> = meant.filter(|word| !HARMLESS.contains(word)).collect();
    let is_own = |word: &&str| !of_table.iter().any(|of_table| of_table == word);
    let own: HashSet<&str> = meant.iter().copied().filter(is_own).collect();
    spellings(slot.words).any(|spelling| {
        let spelling: HashSet<&str> = spelling.into_iter().collect();
        !spelling.is_empty() && (all == spelling || meant == spelling || own == spelling)
    })
}

/// Whether a column is the key of what a resource is made of: as declared, or by its name. None where neither says.
fn refers(
    to: &str,
    column: &Column<'_>,
    table: &Table<'_>,
    targets: &Targets<'_, '_, '_>,
    dialect: Dialect,
) -> Option<bool> {
    let target = targets.table(to)?;
    let declared = table
        .live
        .foreign_keys
        .iter()
        .find(|key| *key.columns == [column.live.name.clone()]);
    if let Some(declared) = declared {
        let same = target.live.column(declared.of.first()?, dialect).is_some();
        return Some(declared.table == target.name && same);
    }
    let key = target.key()?;
    let [key] = &*key else { return None };
    let is_same = column.is_called_as(key);
    let key = target.column(key, dialect)?;
    if is_same {
        // A table's own key is what it is itself.
        return Some(alike(key.ty, column.ty) && table.name != target.name);
    }
    match alike(key.ty, column.ty) && table.name != target.name {
        true => None,
        false => Some(false),
    }
}

/// Whether a name could be that of any table's key.
pub(super) fn is_generic(name: &str) -> bool {
    let words = words(name);
    GENERIC_KEYS
        .iter()
        .any(|key| key.split(' ').eq(words.iter().map(String::as_str)))
}

/// Whether values of two columns can be the same.
pub(super) fn alike(one: SqlType, other: SqlType) -> bool {
    one.is_text() && other.is_text() || one.is_number() && other.is_number() || one == other
}

#[cfg(test)]
mod tests {
    use super::super::elements::next_slot;
    use super::*;

    fn pattern(resource: &str) -> &'static Pattern {
        let mut patterns = PATTERNS.iter();
        patterns
            .find(|pattern| pattern.resource == resource)
            .expect("a pattern")
    }

    #[test]
    fn a_table_has_points_for_its_name() {
        for (resource, table, points) in [
            ("Patient", "PATIENTS", WHOLE),
            ("Patient", "tblClient", WHOLE),
            ("Patient", "Patient_Master", WHOLE),
            ("Patient", "PatientRegister", WHOLE),
            ("Patient", "PATIENT_DEMOGRAPHICS", WHOLE),
            ("Patient", "ARCHIVED_PATIENTS", END),
            ("Patient", "PATIENT_NOTES", 0),
            ("Appointment", "APPOINTMENTTYPES", 0),
            ("Appointment", "CANCELLED_APPOINTMENTS", END),
            ("AllergyIntolerance", "PATIENT_ALLERGIES", WHOLE),
            ("Immunization", "vaccinepat", WHOLE),
            ("Immunization", "vaccinedef", 0),
            ("Practitioner", "PROVIDER_LOCATION", 0),
        ] {
            assert_eq!(by_name(pattern(resource), &words(table)), points, "{table}");
        }
    }

    #[test]
    fn a_column_fits_by_its_words_and_its_type() {
        for (resource, slot, column, declared, expected) in [
            ("Patient", "family", "SURNAME", "char(40)", true),
            ("Patient", "family", "PatientLastName", "varchar(40)", true),
            ("Patient", "family", "LNAME", "varchar(40)", true),
            ("Patient", "family", "SURNAME", "int", false),
            ("Patient", "family", "MAIDEN_SURNAME", "char(40)", false),
            ("Patient", "birth", "DATEOFBIRTH", "datetime", true),
            ("Patient", "birth", "DOB", "varchar(10)", false),
            ("Patient", "birthText", "DOB", "varchar(10)", true),
            ("Patient", "birthNumber", "pat_birth_date", "integer", true),
            ("Patient", "deletedWhen", "removed_on", "date", true),
            ("Patient", "deletedWhen", "inactive_date", "text", true),
            ("Patient", "deletedWhen", "inactive", "integer", false),
            ("Patient", "city", "POSTAL_SUBURB", "varchar(40)", false),
            (
                "Patient",
                "practitioner",
                "USUAL_DOCTOR",
                "varchar(6)",
                true,
            ),
            ("Patient", "practitioner", "USUAL_DOCTOR", "date", false),
            ("Appointment", "start", "AptDateTime", "datetime", true),
            ("Appointment", "start", "APPOINTMENTDATE", "date", false),
            ("Appointment", "date", "APPOINTMENTDATE", "date", true),
        ] {
            let pattern = pattern(resource);
            let mut live = LiveTable::default();
            live.columns.push(LiveColumn {
                name: column.to_owned(),
                declared: declared.to_owned(),
                ty: SqlType::parse(declared),
                collation: None,
            });
            let name = pattern.table.split(';').next().expect("a name");
            let table = table(name.to_owned(), None, &live);
            let slot = pattern
                .slots
                .iter()
                .chain(OF_ROWS)
                .find(|it| it.name == slot)
                .expect("a slot");
            let found = fits(
                slot,
                &table.columns[0],
                &table,
                &Targets(&[]),
                Dialect::Mssql,
            );
            assert_eq!(found, expected, "{column} {declared}");
        }
    }

    #[test]
    fn every_slot_has_a_place_and_every_place_a_slot() {
        for pattern in PATTERNS {
            let has = |name: &str| pattern.slots.iter().any(|slot| slot.name == name);
            for slot in pattern.slots {
                let places = [format!("{{{}}}", slot.name), format!("{{.{}}}", slot.name)];
                let beside = format!("{{{}?", slot.name);
                let is_placed = places.iter().any(|it| pattern.elements.contains(it));
                // A code of another table is told by a lookup.
                assert!(
                    is_placed || pattern.elements.contains(&beside) || slot.name == "definition",
                    "{} {}",
                    pattern.resource,
                    slot.name
                );
            }
            let mut rest = pattern.elements;
            while let Some((_, slot, after)) = next_slot(rest) {
                let mut names = slot.trim_start_matches('.').split('?');
                assert!(names.all(has), "{} {slot}", pattern.resource);
                rest = after;
            }
            let mut needs = pattern.needs.iter().flat_map(|need| need.split('|'));
            assert!(needs.all(has), "{}", pattern.resource);
        }
    }
}
