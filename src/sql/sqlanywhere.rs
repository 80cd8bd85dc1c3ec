//! SAP SQL Anywhere 16 and 17: `?`, `TOP`, and no COLLATE: a database has one collation for CHAR, and one for NCHAR.
//!
//! What is compared without case and accents is compared as NCHAR, whose collation is UCA and, unless the database
//! was made otherwise, ignores accents. Written from the engine's documentation: no server was at hand.

use super::marker::{Fit, place};
use super::spelling::{Beside, Spelling, Text, digits, guarded_cast, pattern};
use crate::relation::{Measured, SqlType};

pub(super) struct SqlAnywhere;

/// A moment is kept in steps of a microsecond.
const STEP: i32 = 1_000;

/// The letters that stand for others, by their code points: a command's text is read in the database's own character
/// set, which may lack them.
const SPELLED_OUT: [(&str, &str); 6] = [
    ("\\00DF", "ss"),
    ("\\00E6", "ae"),
    ("\\0153", "oe"),
    ("\\00F8", "o"),
    ("\\00FE", "th"),
    ("\\00F0", "d"),
];

/// `≤` and `≥`.
const SIGNS: [(&str, &str); 2] = [("\\2264", "<="), ("\\2265", ">=")];

/// Room for a text of a type, in characters of NCHAR: of few sizes, and more than a column's own, which may have grown
/// since the mapping was written.
fn national(ty: SqlType) -> &'static str {
    match ty.characters() {
        Some(0..=63) => "NVARCHAR(255)",
        Some(64..=255) => "NVARCHAR(1023)",
        _ => "LONG NVARCHAR",
    }
}

/// The same in bytes, of which a character has four at the most.
fn bytes(ty: SqlType) -> Option<u16> {
    match ty.characters() {
        Some(0..=63) => Some(1_020),
        Some(64..=255) => Some(4_092),
        _ => None,
    }
}

fn type_name(ty: SqlType) -> String {
    match ty {
        SqlType::Bit | SqlType::TinyInt | SqlType::SmallInt | SqlType::Int => "INTEGER".to_owned(),
        SqlType::BigInt => "BIGINT".to_owned(),
        SqlType::Decimal(precision, scale) => format!("NUMERIC({precision}, {scale})"),
        SqlType::Money => "NUMERIC(19, 4)".to_owned(),
        SqlType::Real | SqlType::Float => "DOUBLE".to_owned(),
        SqlType::Date => "DATE".to_owned(),
        SqlType::Time => "TIME".to_owned(),
        SqlType::SmallDateTime | SqlType::DateTime | SqlType::DateTime2 => "TIMESTAMP".to_owned(),
        SqlType::UniqueIdentifier => "UNIQUEIDENTIFIER".to_owned(),
        SqlType::VarBinary(_) => "LONG BINARY".to_owned(),
        SqlType::NChar(_) | SqlType::NVarChar(_) => national(ty).to_owned(),
        SqlType::Char(_) | SqlType::VarChar(_) => match bytes(ty) {
            Some(bytes) => format!("VARCHAR({bytes})"),
            None => "LONG VARCHAR".to_owned(),
        },
    }
}

/// The bytes of a text.
fn letters(text: &str, ty: SqlType) -> String {
    match bytes(ty) {
        Some(bytes) => format!("CAST({text} AS VARBINARY({bytes}))"),
        None => format!("CAST({text} AS LONG BINARY)"),
    }
}

/// REGEXP compares code points; SIMILAR TO would take `²` for a digit where the collation does.
fn matches(operand: &str, pattern: &str) -> String {
    // A backslash in a literal is written twice.
    format!("{operand} REGEXP '{}'", pattern.replace('\\', "\\\\"))
}

fn replaced(operand: String, by: &[(&str, &str)]) -> String {
    by.iter().fold(operand, |text, (point, by)| {
        format!("REPLACE({text}, UNISTR('{point}'), '{by}')")
    })
}

impl Spelling for SqlAnywhere {
    fn quotes(&self) -> (char, char) {
        ('"', '"')
    }

    fn is_positional(&self) -> bool {
        true
    }

    fn marker(&self, out: &mut String, index: u16, ty: SqlType, beside: Beside<'_>) {
        let name = if ty.is_text() && beside.folded {
            national(ty).to_owned()
        } else if ty.is_integer() {
            "BIGINT".to_owned()
        } else if ty.is_number() {
            "DOUBLE".to_owned()
        } else {
            type_name(ty)
        };
        out.push_str("CAST(");
        place(out, index);
        out.push_str(&format!(" AS {name})"));
    }

    // TOP takes a host variable, and no cast around it.
    fn limit_marker(&self, out: &mut String, index: u16, _: SqlType) {
        place(out, index);
    }

    fn fit(&self, ty: SqlType, _: Beside<'_>) -> Fit {
        match ty.has_day_and_time() {
            true => Fit::Steps(STEP),
            false => Fit::AsIs,
        }
    }

    fn longest_name(&self) -> usize {
        128
    }

    // In a literal `\n` and `\x41` are characters.
    fn literal(&self, out: &mut String, text: &str) {
        out.push('\'');
        out.push_str(&text.replace('\\', "\\\\").replace('\'', "''"));
        out.push('\'');
    }

    fn fold(&self, out: &mut String, operand: &str, text: Text<'_>) {
        let lower = format!("LOWER(CAST({operand} AS {}))", national(text.ty));
        out.push_str(&replaced(lower, &SPELLED_OUT));
    }

    fn folds_literals(&self) -> bool {
        true
    }

    fn exact(&self, out: &mut String, operand: &str, text: Text<'_>) {
        out.push_str(&letters(&format!("RTRIM({operand})"), text.ty));
    }

    fn exact_value(&self, out: &mut String, value: &str, ty: SqlType) {
        out.push_str(&letters(value, ty));
    }

    fn escape(&self) -> &'static str {
        " ESCAPE '\\\\'"
    }

    fn trim(&self, out: &mut String, operand: &str) {
        out.push_str(&format!("TRIM({operand})"));
    }

    fn substring(&self, out: &mut String, operand: &str, from: u16, length: u16) {
        out.push_str(&format!("SUBSTRING({operand}, {from}, {length})"));
    }

    // To `||` NULL is the empty text.
    fn concat(&self, out: &mut String, operands: &[String]) {
        let is_literal = |operand: &&String| operand.starts_with('\'');
        let present: Vec<String> = operands
            .iter()
            .filter(|operand| !is_literal(operand))
            .map(|operand| format!("{operand} IS NOT NULL"))
            .collect();
        let joined = operands.join(" || ");
        out.push_str(&match present.is_empty() {
            true => format!("({joined})"),
            false => format!("CASE WHEN {} THEN {joined} END", present.join(" AND ")),
        });
    }

    fn cast(&self, out: &mut String, operand: &str, ty: SqlType) {
        out.push_str(&format!("CAST({operand} AS {})", type_name(ty)));
    }

    fn cast_row(&self, out: &mut String, operand: &str, from: SqlType, ty: SqlType) {
        let name = type_name(ty);
        out.push_str(&guarded_cast(operand, (from, ty), &name, matches));
    }

    fn days(&self, out: &mut String, from: &str, to: &str) {
        out.push_str(&format!("DATEDIFF(DAY, {from}, {to})"));
    }

    fn measured(&self, out: &mut String, operand: &str, text: Text<'_>, part: Measured) {
        let text = format!(
            "TRIM({})",
            replaced(format!("CAST({operand} AS {})", national(text.ty)), &SIGNS)
        );
        let holds = matches(&text, &format!("(<=|>=|<|>)?{}", pattern::MEASURE));
        let result = match part {
            Measured::Number => {
                let mut number = text;
                for sign in ["<", ">", "="] {
                    number = format!("REPLACE({number}, '{sign}', '')");
                }
                format!("CAST(TRIM({number}) AS DOUBLE)")
            }
            Measured::Comparator => format!(
                "CASE WHEN {text} LIKE '<=%' THEN '<=' WHEN {text} LIKE '>=%' THEN '>=' \
                 WHEN {text} LIKE '<%' THEN '<' WHEN {text} LIKE '>%' THEN '>' ELSE '' END"
            ),
        };
        out.push_str(&format!("CASE WHEN {holds} THEN {result} END"));
    }

    fn has_layout(&self, out: &mut String, operand: &str, layout: &str) {
        out.push_str(&matches(operand, &digits(layout, '.')));
    }

    fn is_day(&self, out: &mut String, operand: &str) {
        out.push_str(&format!(
            "{} AND {operand} NOT LIKE '0000%'",
            matches(operand, pattern::DAY)
        ));
    }

    fn limit_before(&self, out: &mut String, marker: &str) {
        out.push_str(&format!("TOP {marker} "));
    }
}
