//! Where engines differ: the questions that the writer asks a dialect.

use crate::relation::{Collation, CompareOp, Measured, SqlType};

/// A dialect's way to spell each part. Every method appends to `out`; operands come already spelled.
pub(super) trait Spelling: Sync {
    /// The quotes around an identifier; a closing one inside is doubled.
    fn quotes(&self) -> (char, char);

    /// The marker of value `index` (counted from 0), compared as `ty`.
    fn marker(&self, out: &mut String, index: u16, ty: SqlType);

    /// A text literal of the mapping.
    fn literal(&self, out: &mut String, text: &str) {
        out.push('\'');
        for c in text.chars() {
            if c == '\'' {
                out.push('\'');
            }
            out.push(c);
        }
        out.push('\'');
    }

    /// A text operand under its own collation, where the engine has to be told. `bare` is a column and
    /// nothing around it, which brings the collation that it was declared with.
    fn collated(
        &self,
        out: &mut String,
        operand: &str,
        bare: bool,
        collation: Option<&Collation>,
        ty: Option<SqlType>,
    );

    /// Folded text as it is compared and sorted: as the server merges several sources, by the linguistic order.
    fn folded(&self, out: &mut String, operand: &str) {
        out.push_str(operand);
    }

    /// An operand that compares without case and accents.
    fn fold(&self, out: &mut String, operand: &str);

    /// An operand that compares to the letter.
    fn exact(&self, out: &mut String, operand: &str);

    /// Text without blanks at both ends.
    fn trim(&self, out: &mut String, operand: &str);

    fn bit_and(&self, out: &mut String, operand: &str, mask: i64) {
        out.push_str(&format!("({operand} & {mask})"));
    }

    fn substring(&self, out: &mut String, operand: &str, from: u16, length: u16);

    fn concat(&self, out: &mut String, operands: &[String]);

    fn cast(&self, out: &mut String, operand: &str, ty: SqlType);

    /// What a row holds as another type: NULL, and no failure of the whole statement, where it is none.
    fn cast_row(&self, out: &mut String, operand: &str, ty: SqlType) {
        self.cast(out, operand, ty);
    }

    /// A date or date-time column against a bound day or instant, in a way that keeps the column's index.
    fn compare_time(
        &self,
        out: &mut String,
        column: &str,
        op: CompareOp,
        marker: &str,
        bound: SqlType,
    );

    /// How many days lie between the days of two dates or date-times.
    fn days(&self, out: &mut String, from: &str, to: &str);

    /// A part of a measurement kept as text; NULL where it is none. The rules are those by which it is written.
    fn measured(&self, out: &mut String, operand: &str, part: Measured);

    /// A date or date-time column that must equal, or not, a constant day of the mapping.
    fn time_column(&self, out: &mut String, column: &str) {
        out.push_str(column);
    }

    /// The constant that such a column is compared with.
    fn time_constant(&self, out: &mut String, literal: &str, ty: SqlType) {
        self.cast(out, literal, ty);
    }

    /// The text has this layout: a digit for each letter, any one character for each other.
    fn has_layout(&self, out: &mut String, operand: &str, layout: &str);

    /// The text `YYYY-MM-DD` is a day of the calendar, in a year from 1 on; no failure where it is none.
    fn is_day(&self, out: &mut String, operand: &str);

    /// Written after SELECT.
    fn limit_before(&self, _out: &mut String, _marker: &str) {}

    /// The clause after ORDER BY.
    fn limit_after(&self, _marker: &str) -> Option<String> {
        None
    }
}

/// A pattern for a layout of digits.
pub(super) fn digits(layout: &str, other: char) -> String {
    let mut pattern = String::with_capacity(layout.len() * 5);
    for c in layout.chars() {
        match c.is_ascii_alphabetic() {
            true => pattern.push_str("[0-9]"),
            false => pattern.push(other),
        }
    }
    pattern
}
