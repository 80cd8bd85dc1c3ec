//! SQLite: the embedded practice, and databases that an author tries a mapping on.
//!
//! SQLite knows no linguistic collation; the connection brings two that compare as SQL Server does
//! ([`crate::collation`]), and each comparison names the one it means. Then a column declared with that
//! collation serves from its index, and one declared without it still answers rightly.

use super::spelling::{Beside, Spelling, Text, digits};
use crate::collation::ACCENT_INSENSITIVE;
use crate::relation::{Collation, CompareOp, Measured, SqlType};

pub(super) struct Sqlite {
    /// Comparisons name the collation that they mean.
    pub(super) name_collations: bool,
}

/// The name of the connection's collation that compares as `collation` does; None to leave the column its own.
pub fn stand_in(collation: &Collation, ty: Option<SqlType>) -> Option<&'static str> {
    match (collation.ignores_case, collation.ignores_accents) {
        (true, false) => Some("LATIN1_GENERAL_CI_AS"),
        (true, true) => Some("LATIN1_GENERAL_CI_AI"),
        (false, _) if collation.ignores_trailing_blanks || ty.is_some_and(SqlType::is_padded) => {
            Some("RTRIM")
        }
        (false, _) => None,
    }
}

impl Spelling for Sqlite {
    fn quotes(&self) -> (char, char) {
        ('"', '"')
    }

    fn marker(&self, out: &mut String, index: u16, _: SqlType, _: Beside<'_>) {
        out.push_str(&format!("?{}", index + 1));
    }

    fn collated(
        &self,
        out: &mut String,
        operand: &str,
        bare: bool,
        collation: Option<&Collation>,
        ty: Option<SqlType>,
    ) {
        out.push_str(operand);
        if (self.name_collations || !bare)
            && let Some(name) = collation.and_then(|collation| stand_in(collation, ty))
        {
            out.push_str(" COLLATE ");
            out.push_str(name);
        }
    }

    fn fold(&self, out: &mut String, operand: &str, _: Text<'_>) {
        out.push_str(&format!("pilaster_fold({operand})"));
    }

    fn folded(&self, out: &mut String, operand: &str) {
        out.push_str(operand);
        out.push_str(" COLLATE ");
        out.push_str(ACCENT_INSENSITIVE);
    }

    fn exact(&self, out: &mut String, operand: &str, _: Text<'_>) {
        // A function's result compares by bytes; without the blanks that pad a column. Not `COLLATE RTRIM`:
        // under an OR with any COLLATE in it SQLite uses no index.
        out.push_str(&format!("RTRIM({operand})"));
    }

    fn trim(&self, out: &mut String, operand: &str) {
        out.push_str(&format!("TRIM({operand})"));
    }

    fn substring(&self, out: &mut String, operand: &str, from: u16, length: u16) {
        out.push_str(&format!("SUBSTR({operand}, {from}, {length})"));
    }

    fn cast(&self, out: &mut String, operand: &str, ty: SqlType) {
        let affinity = if ty.is_integer() {
            "INTEGER"
        } else if ty.is_number() {
            "REAL"
        } else {
            "TEXT"
        };
        out.push_str(&format!("CAST({operand} AS {affinity})"));
    }

    fn compare_time(
        &self,
        out: &mut String,
        column: &str,
        op: CompareOp,
        marker: &str,
        bound: SqlType,
    ) {
        let operator = op.sign();
        // Days and times are text here: '2026-01-05', '2026-01-05 09:30:00' or '2026-01-05T09:30:00'. A day
        // as a bound compares rightly with all three; an instant is compared in one spelling, behind a
        // bound on the day that the index can serve.
        if bound == SqlType::Date {
            out.push_str(&format!("{column} {operator} {marker}"));
            return;
        }
        let spelled = format!("STRFTIME('%Y-%m-%d %H:%M:%f', {column})");
        match op {
            CompareOp::Gt | CompareOp::Ge => out.push_str(&format!(
                "({column} >= SUBSTR({marker}, 1, 10) AND {spelled} {operator} {marker})"
            )),
            CompareOp::Lt | CompareOp::Le => out.push_str(&format!(
                "({column} < COALESCE(DATE({marker}, '+1 day'), 'after 9999') AND {spelled} {operator} {marker})"
            )),
            CompareOp::Eq | CompareOp::Ne => {
                out.push_str(&format!("{spelled} {operator} {marker}"))
            }
        }
    }

    // '1900-01-01 00:00:00' is the day '1900-01-01', and as text it is not.
    fn time_column(&self, out: &mut String, column: &str) {
        out.push_str(&format!("STRFTIME('%Y-%m-%d %H:%M:%f', {column})"));
    }

    fn time_constant(&self, out: &mut String, literal: &str, _: SqlType) {
        self.time_column(out, literal);
    }

    fn days(&self, out: &mut String, from: &str, to: &str) {
        out.push_str(&format!(
            "CAST(JULIANDAY(DATE({to})) - JULIANDAY(DATE({from})) AS INTEGER)"
        ));
    }

    fn measured(&self, out: &mut String, operand: &str, _: Text<'_>, part: Measured) {
        const NUMBER: &str = "m.n NOT GLOB '*[^-0-9.]*' AND m.n GLOB '*[0-9]' AND (m.n GLOB '[0-9]*' OR m.n GLOB '-[0-9]*') \
            AND m.n NOT GLOB '?*-*' AND m.n NOT GLOB '*.*.*' AND m.n NOT GLOB '0[0-9]*' AND m.n NOT GLOB '-0[0-9]*'";
        const COMPARATOR: &str = "CASE WHEN SUBSTR(t, 1, 2) IN ('<=', '>=') THEN SUBSTR(t, 1, 2) \
            WHEN SUBSTR(t, 1, 1) IN ('<', '>') THEN SUBSTR(t, 1, 1) WHEN SUBSTR(t, 1, 1) = '≤' THEN '<=' \
            WHEN SUBSTR(t, 1, 1) = '≥' THEN '>=' ELSE '' END";
        const LENGTH: &str = "CASE WHEN SUBSTR(t, 1, 2) IN ('<=', '>=') THEN 2 \
            WHEN SUBSTR(t, 1, 1) IN ('<', '>', '≤', '≥') THEN 1 ELSE 0 END";
        let (result, more) = match part {
            Measured::Number => ("CAST(m.n AS REAL)", String::new()),
            Measured::Comparator => ("m.c", format!(", {COMPARATOR} AS c")),
        };
        out.push_str(&format!(
            "(SELECT CASE WHEN {NUMBER} THEN {result} END FROM (SELECT TRIM(SUBSTR(t, 1 + {LENGTH})) AS n{more} \
             FROM (SELECT TRIM({operand}) AS t) AS x) AS m)"
        ));
    }

    fn has_layout(&self, out: &mut String, operand: &str, layout: &str) {
        out.push_str(&format!("{operand} GLOB '{}'", digits(layout, '?')));
    }

    // DATE() carries the 31st of a shorter month over into the next.
    fn is_day(&self, out: &mut String, operand: &str) {
        out.push_str(&format!(
            "DATE({operand}) = {operand} AND {operand} >= '0001'"
        ));
    }

    fn limit_after(&self, marker: &str) -> Option<String> {
        Some(format!("LIMIT {marker}"))
    }
}
