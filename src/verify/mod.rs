//! A mapping beside the live database: what is missing, of another type, without an index, or compares otherwise.
//!
//! Takes a mapping and what the database's own catalogue says ([`live`]); gives [`Finding`]s, each with the place in
//! the mapping and a remedy. It runs at every start, since the columns that a version of the product has decide what
//! is served, and on request: `pilaster mapping verify`.
//!
//! What a catalogue says of tables, columns and keys is also what a new mapping is proposed from: [`read`], [`keys`].

pub(crate) mod common;
mod compare;
mod keys;
mod live;
mod queries;
mod render;
pub mod rules;
#[cfg(test)]
mod tests;
mod undeclared;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::mapping::{Mapping, Place, Rule, Severity};
use crate::passthrough::{PassthroughError, Session};
use crate::relation::Dialect;

pub use keys::keys;
pub use live::{ForeignKey, Live, LiveColumn, LiveTable, read};
pub use undeclared::undeclared;

/// What differs between a mapping and a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    /// Which of the mapping's catalogues was asked; None where it has one database.
    pub catalogue: Option<Arc<str>>,
    pub table: Arc<str>,
    /// None of the table as a whole.
    pub column: Option<Arc<str>>,
    /// What was found.
    pub message: String,
    pub remedy: String,
    /// Where the mapping declares the column, or the table as a whole.
    pub place: Place,
}

/// Kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    MissingTable,
    MissingColumn,
    /// Not there, which the mapping allows for.
    MissingOptional,
    WrongType,
    Collation,
    Unindexed,
}

impl Kind {
    /// What is known of findings of this kind.
    pub const fn rule(self) -> &'static Rule {
        match self {
            Kind::MissingTable => &rules::MISSING_TABLE,
            Kind::MissingColumn => &rules::MISSING_COLUMN,
            Kind::MissingOptional => &rules::MISSING_OPTIONAL,
            Kind::WrongType => &rules::WRONG_TYPE,
            Kind::Collation => &rules::COLLATION,
            Kind::Unindexed => &rules::UNINDEXED,
        }
    }

    /// `PV001`
    pub const fn code(self) -> &'static str {
        self.rule().code
    }

    /// Whether the site can be served all the same.
    pub const fn severity(self) -> Severity {
        self.rule().severity
    }

    /// Changes what is served, and is as it should be.
    pub const fn is_note(self) -> bool {
        matches!(self, Kind::MissingOptional)
    }

    /// `warning`, as it is shown.
    const fn level(self) -> &'static str {
        match self.severity() {
            Severity::Error => "error",
            Severity::Warning if self.is_note() => "note",
            Severity::Warning => "warning",
        }
    }
}

impl fmt::Display for Finding {
    /// Without colours: `warning[PV006]: …`, the place, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}[{}]: {}\n --> {}\n  = help: {}",
            self.kind.level(),
            self.kind.code(),
            self.message,
            self.place,
            self.remedy
        )
    }
}

/// All that was found, the gravest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub findings: Vec<Finding>,
}

impl Report {
    /// The mapping cannot be served over this database.
    pub fn has_errors(&self) -> bool {
        let mut kinds = self.findings.iter().map(|finding| finding.kind);
        kinds.any(|kind| kind.severity() == Severity::Error)
    }

    /// Why the mapping cannot be served over this database, and nothing else.
    pub fn errors(&self) -> Report {
        let findings = self.findings.iter();
        let errors = findings.filter(|finding| finding.kind.severity() == Severity::Error);
        Report {
            findings: errors.cloned().collect(),
        }
    }

    /// Optional columns that are not there, as table and column.
    pub fn missing_optional(&self) -> HashSet<(String, String)> {
        let missing = self
            .findings
            .iter()
            .filter(|finding| finding.kind == Kind::MissingOptional);
        missing
            .filter_map(|finding| {
                Some((
                    finding.table.to_string(),
                    finding.column.as_deref()?.to_owned(),
                ))
            })
            .collect()
    }

    /// What the mapping needs and the database does not have: `table PATIENTS`, `column PATIENTS.DOB`. Where the mapping
    /// has several catalogues, each says of which it is: `table NOTE of the catalogue NOTES`.
    pub fn needed(&self) -> Vec<String> {
        let errors = self
            .findings
            .iter()
            .filter(|finding| finding.kind.severity() == Severity::Error);
        let mut needed: Vec<_> = errors
            .map(|finding| (&finding.table, &finding.column, &finding.catalogue))
            .collect();
        needed.sort();
        let named = needed.into_iter().map(|(table, column, catalogue)| {
            let what = match column {
                Some(column) => format!("column {table}.{column}"),
                None => format!("table {table}"),
            };
            match catalogue {
                Some(catalogue) => format!("{what} of the catalogue {catalogue}"),
                None => what,
            }
        });
        named.collect()
    }

    /// Logs every finding of a site's: what is as it should be at INFO, all else at WARN.
    pub fn log(&self, site: &str) {
        for finding in &self.findings {
            let (code, place, message) = (finding.kind.code(), &finding.place, &finding.message);
            match finding.kind.is_note() {
                true => tracing::info!(site = %site, code, place = %place, "{message}"),
                false => tracing::warn!(site = %site, code, place = %place, "{message}"),
            }
        }
    }

    /// `1 error, 2 notes`
    fn count(&self) -> String {
        let count = |wanted: fn(Kind) -> bool, what: &str| {
            let kinds = self.findings.iter().map(|finding| finding.kind);
            match kinds.filter(|kind| wanted(*kind)).count() {
                0 => None,
                1 => Some(format!("1 {what}")),
                n => Some(format!("{n} {what}s")),
            }
        };
        let counts = [
            count(|kind| kind.severity() == Severity::Error, "error"),
            count(
                |kind| kind.severity() == Severity::Warning && !kind.is_note(),
                "warning",
            ),
            count(Kind::is_note, "note"),
        ];
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        counts.join(", ")
    }
}

impl fmt::Display for Report {
    /// Every finding, and how many there are of each kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            write!(f, "{finding}\n\n")?;
        }
        f.write_str(&self.count())
    }
}

/// Reads the catalogues of a site's databases, and compares the mapping with them.
///
/// # Errors
/// When a database cannot be asked.
pub fn verify(
    mapping: &Mapping,
    dialect: Dialect,
    session: &mut Session<'_>,
) -> Result<Report, PassthroughError> {
    let databases = databases(mapping, dialect, session)?;
    let mut findings = compare::tables(mapping, dialect, &databases);
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| {
            (
                finding.kind,
                finding.place.file.clone(),
                finding.place.line,
                finding.column.clone(),
            )
        };
        key(one).cmp(&key(other))
    });
    Ok(Report { findings })
}

/// Databases, each with the catalogue that it is; None of the default one.
type Databases<'m> = Vec<(Option<&'m Arc<str>>, Live)>;

/// What the databases that a mapping's tables lie in say of themselves.
fn databases<'m>(
    mapping: &'m Mapping,
    dialect: Dialect,
    session: &mut Session<'_>,
) -> Result<Databases<'m>, PassthroughError> {
    let mut catalogues: Vec<Option<&Arc<str>>> = Vec::new();
    for table in mapping.tables.values() {
        if !catalogues.contains(&table.catalogue.as_ref()) {
            catalogues.push(table.catalogue.as_ref());
        }
    }
    let mut databases = Vec::new();
    for catalogue in catalogues {
        databases.push((catalogue, live::read(session, dialect, catalogue)?));
    }
    Ok(databases)
}
