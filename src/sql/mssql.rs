//! SQL Server: `TOP`, `@p1`, brackets, and a cast of each text and date value to the column's own type,
//! since a driver binds text as `nvarchar`, which would cost a `varchar` column its index.
//!
//! That cast puts the nearest letter in the place of one that the code page lacks: `α` would find `a`. The collation
//! tells the code page, so a value that is not in it is bound as NULL ([`Fit::OrNull`]). The server casts to the code page
//! of the database's own collation, which is taken to be that of its columns.

use super::marker::{Charset, Fit};
use super::spelling::{Beside, Spelling, Text, digits};
use crate::relation::{Collation, Measured, SqlType};

pub(super) struct Mssql;

/// How the names of collations begin whose code page is 1252; `SQL_Latin1_General_CP1250_CI_AS` is another's.
const OF_CODE_PAGE_1252: [&str; 10] = [
    "LATIN1_GENERAL_",
    "SQL_LATIN1_GENERAL_CP1_",
    "DANISH_",
    "FINNISH_SWEDISH_",
    "FRENCH_",
    "GERMAN_PHONEBOOK_",
    "ICELANDIC_",
    "MODERN_SPANISH_",
    "NORWEGIAN_",
    "TRADITIONAL_SPANISH_",
];

/// Whether a column without Unicode is of code page 1252. From 2019 on it may be of UTF-8, by its collation.
fn is_of_code_page_1252(collation: &Collation) -> bool {
    let name = collation.name.to_ascii_uppercase();
    !name.ends_with("_UTF8") && OF_CODE_PAGE_1252.iter().any(|of| name.starts_with(of))
}

impl Spelling for Mssql {
    fn quotes(&self) -> (char, char) {
        ('[', ']')
    }

    fn marker(&self, out: &mut String, index: u16, ty: SqlType, _: Beside<'_>) {
        let number = index + 1;
        if ty.is_integer() || ty == SqlType::Float {
            out.push_str(&format!("@p{number}"));
        } else {
            out.push_str(&format!("CAST(@p{number} AS {ty})"));
        }
    }

    fn fit(&self, ty: SqlType, beside: Beside<'_>) -> Fit {
        let is_of_1252 = || beside.stored.is_some_and(is_of_code_page_1252);
        match ty {
            ty if ty.has_day_and_time() => Fit::Moment,
            SqlType::Char(_) | SqlType::VarChar(_) if beside.or_null && is_of_1252() => {
                Fit::OrNull(Charset::CodePage1252)
            }
            _ => Fit::AsIs,
        }
    }

    fn literal(&self, out: &mut String, text: &str) {
        if !text.is_ascii() {
            out.push('N');
        }
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    }

    fn fold(&self, out: &mut String, operand: &str, _: Text<'_>) {
        out.push_str(&format!("{operand} COLLATE Latin1_General_CI_AI"));
    }

    fn exact(&self, out: &mut String, operand: &str, _: Text<'_>) {
        out.push_str(&format!("{operand} COLLATE Latin1_General_BIN2"));
    }

    fn trim(&self, out: &mut String, operand: &str) {
        out.push_str(&format!("LTRIM(RTRIM({operand}))"));
    }

    fn substring(&self, out: &mut String, operand: &str, from: u16, length: u16) {
        out.push_str(&format!("SUBSTRING({operand}, {from}, {length})"));
    }

    fn concat(&self, out: &mut String, operands: &[String]) {
        out.push_str(&format!("({})", operands.join(" + ")));
    }

    fn cast(&self, out: &mut String, operand: &str, ty: SqlType) {
        out.push_str(&format!("CAST({operand} AS {ty})"));
    }

    fn cast_row(&self, out: &mut String, operand: &str, _: SqlType, ty: SqlType) {
        // Any number has a text; not every text has a number.
        let try_ = if ty.is_text() { "" } else { "TRY_" };
        out.push_str(&format!("{try_}CAST({operand} AS {ty})"));
    }

    fn days(&self, out: &mut String, from: &str, to: &str) {
        out.push_str(&format!("DATEDIFF(day, {from}, {to})"));
    }

    // Digits alone, not what else a collation takes for one: `²`.
    fn measured(&self, out: &mut String, operand: &str, _: Text<'_>, part: Measured) {
        const NUMBER: &str = "m.n NOT LIKE '%[^-0-9.]%' AND m.n LIKE '%[0-9]' AND (m.n LIKE '[0-9]%' OR m.n LIKE '-[0-9]%') \
            AND m.n NOT LIKE '_%-%' AND m.n NOT LIKE '%.%.%' AND m.n NOT LIKE '0[0-9]%' AND m.n NOT LIKE '-0[0-9]%'";
        const COMPARATOR: &str = "CASE WHEN LEFT(t, 2) IN ('<=', '>=') THEN LEFT(t, 2) \
            WHEN LEFT(t, 1) IN ('<', '>') THEN LEFT(t, 1) WHEN LEFT(t, 1) = N'≤' THEN '<=' \
            WHEN LEFT(t, 1) = N'≥' THEN '>=' ELSE '' END";
        const LENGTH: &str = "CASE WHEN LEFT(t, 2) IN ('<=', '>=') THEN 2 \
            WHEN LEFT(t, 1) IN ('<', '>', N'≤', N'≥') THEN 1 ELSE 0 END";
        let (result, more) = match part {
            Measured::Number => ("TRY_CAST(m.n AS float)", String::new()),
            Measured::Comparator => ("m.c", format!(", {COMPARATOR} AS c")),
        };
        out.push_str(&format!(
            "(SELECT CASE WHEN {NUMBER} THEN {result} END FROM (SELECT LTRIM(SUBSTRING(t, 1 + {LENGTH}, 8000)) AS n{more} \
             FROM (SELECT LTRIM(RTRIM({operand})) COLLATE Latin1_General_BIN2 AS t) AS x) AS m)"
        ));
    }

    fn has_layout(&self, out: &mut String, operand: &str, layout: &str) {
        out.push_str(&format!("{operand} LIKE '{}'", digits(layout, '_')));
    }

    fn is_day(&self, out: &mut String, operand: &str) {
        out.push_str(&format!("TRY_CAST({operand} AS date) IS NOT NULL"));
    }

    fn limit_before(&self, out: &mut String, marker: &str) {
        out.push_str(&format!("TOP ({marker}) "));
    }
}
