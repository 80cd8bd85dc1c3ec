//! Where engines differ: the questions that the writer asks a dialect.

use super::marker::Fit;
use crate::relation::{Collation, CompareOp, Measured, SqlType};

/// What is known of the text of an operand.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// The type that holds it.
    pub ty: SqlType,
    pub collation: Option<&'a Collation>,
}

/// What a value is compared with.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside<'a> {
    /// Of the column on the other side.
    pub collation: Option<&'a Collation>,
    /// As [`Beside::collation`], also where the column is folded or compared to the letter.
    pub stored: Option<&'a Collation>,
    /// The other side is folded.
    pub folded: bool,
    /// The value is a pattern of LIKE.
    pub is_pattern: bool,
    /// Where there is no such value, nothing is found: NULL in its place says so. It does not among what is ruled out,
    /// nor as the key that rows come after.
    pub or_null: bool,
}

/// A dialect's way to spell each part. Every method appends to `out`; operands come already spelled.
pub(super) trait Spelling: Sync {
    /// The quotes around an identifier; a closing one inside is doubled.
    fn quotes(&self) -> (char, char);

    /// Markers are `?` and have no numbers: one stands for each place, written by [`super::marker::place`].
    fn is_positional(&self) -> bool {
        false
    }

    /// The marker of value `index` (counted from 0), compared as `ty`. Where markers are positional, `index` is the
    /// number of the place.
    fn marker(&self, out: &mut String, index: u16, ty: SqlType, beside: Beside<'_>);

    /// The marker of a number of rows.
    fn limit_marker(&self, out: &mut String, index: u16, ty: SqlType) {
        self.marker(out, index, ty, Beside::default());
    }

    /// In which form the engine takes a value.
    fn fit(&self, _ty: SqlType, _beside: Beside<'_>) -> Fit {
        Fit::AsIs
    }

    /// Bytes of a name, at the most.
    fn longest_name(&self) -> usize {
        usize::MAX
    }

    /// A column of a table as the rest of the text takes it.
    fn column(&self, out: &mut String, column: &str, _ty: SqlType) {
        out.push_str(column);
    }

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

    /// A text operand under its own collation, where the engine has to be told: mostly an expression has that of the
    /// column in it. `bare` is a column and nothing around it, which brings the collation that it was declared with.
    fn collated(
        &self,
        out: &mut String,
        operand: &str,
        _bare: bool,
        _collation: Option<&Collation>,
        _ty: Option<SqlType>,
    ) {
        out.push_str(operand);
    }

    /// Folded text as it is compared and sorted: as the server merges several sources, by the linguistic order.
    fn folded(&self, out: &mut String, operand: &str) {
        out.push_str(operand);
    }

    /// Text as it comes back in a row.
    fn read(&self, out: &mut String, operand: &str, _text: Text<'_>) {
        out.push_str(operand);
    }

    /// Text is sorted by an order of its own, whatever its collation: then it is not folded first, and
    /// [`Spelling::sorted`] spells it.
    fn has_order(&self) -> bool {
        false
    }

    /// Text as it is sorted, and compared with the key of the row where a page ended.
    fn sorted(&self, out: &mut String, operand: &str, _text: Text<'_>) {
        out.push_str(operand);
    }

    /// A column's own order is that of [`Spelling::sorted`], but coarser: what is beyond a key in this order is at it or
    /// beyond it in that one, which an index has.
    fn refines(&self, _collation: &Collation) -> bool {
        false
    }

    /// An operand that compares without case and accents.
    fn fold(&self, out: &mut String, operand: &str, text: Text<'_>);

    /// A literal beside a folded operand is written folded, and nothing around it.
    fn folds_literals(&self) -> bool {
        false
    }

    /// An operand that compares to the letter.
    fn exact(&self, out: &mut String, operand: &str, text: Text<'_>);

    /// The value that such an operand is compared with.
    fn exact_value(&self, out: &mut String, value: &str, _ty: SqlType) {
        out.push_str(value);
    }

    /// What LIKE looks at; `open` where the pattern lets anything follow.
    fn liked(&self, out: &mut String, operand: &str, _ty: SqlType, _open: bool) {
        out.push_str(operand);
    }

    /// Says that `\\` escapes, behind a pattern.
    fn escape(&self) -> &'static str {
        " ESCAPE '\\'"
    }

    /// Text without blanks at both ends.
    fn trim(&self, out: &mut String, operand: &str);

    fn bit_and(&self, out: &mut String, operand: &str, mask: i64) {
        out.push_str(&format!("({operand} & {mask})"));
    }

    fn substring(&self, out: &mut String, operand: &str, from: u16, length: u16);

    fn concat(&self, out: &mut String, operands: &[String]) {
        out.push_str(&format!("({})", operands.join(" || ")));
    }

    fn cast(&self, out: &mut String, operand: &str, ty: SqlType);

    /// What a row holds as another type: NULL, and no failure of the whole statement, where it is none.
    fn cast_row(&self, out: &mut String, operand: &str, _from: SqlType, ty: SqlType) {
        self.cast(out, operand, ty);
    }

    /// A date or date-time column against a bound day or instant, in a way that keeps the column's index.
    fn compare_time(
        &self,
        out: &mut String,
        column: &str,
        op: CompareOp,
        marker: &str,
        _bound: SqlType,
    ) {
        out.push_str(&format!("{column} {} {marker}", op.sign()));
    }

    /// How many days lie between the days of two dates or date-times.
    fn days(&self, out: &mut String, from: &str, to: &str);

    /// A part of a measurement kept as text; NULL where it is none. The rules are those by which it is written.
    fn measured(&self, out: &mut String, operand: &str, text: Text<'_>, part: Measured);

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

/// What a row holds as another type, for engines without TRY_CAST: text is cast where it has the type's form, which CASE
/// asks first, and is NULL elsewhere. `name` is the engine's for the type, `is` its condition that a text has a pattern.
pub(super) fn guarded_cast(
    operand: &str,
    (from, ty): (SqlType, SqlType),
    name: &str,
    is: impl FnOnce(&str, &str) -> String,
) -> String {
    let pattern = match ty {
        _ if !from.is_text() => None,
        SqlType::BigInt => Some(pattern::BIG_INTEGER),
        ty if ty.is_integer() => Some(pattern::INTEGER),
        SqlType::Decimal(..) | SqlType::Money | SqlType::Real | SqlType::Float => {
            Some(pattern::DECIMAL)
        }
        ty if ty.has_day() => Some(pattern::DAY),
        _ => None,
    };
    let Some(pattern) = pattern else {
        return format!("CAST({operand} AS {name})");
    };
    let text = format!("TRIM({operand})");
    let year = match ty.has_day() {
        true => format!(" AND {text} NOT LIKE '0000%'"),
        false => String::new(),
    };
    format!(
        "CASE WHEN {}{year} THEN CAST({text} AS {name}) END",
        is(&text, pattern)
    )
}

/// Regular expressions that SQL's SIMILAR TO and SQL Anywhere's REGEXP read alike, `\` escaping.
pub(super) mod pattern {
    /// A day of the calendar, `YYYY-MM-DD`; of the year 0 too.
    pub const DAY: &str = r"[0-9]{4}\-((0[13578]|1[02])\-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)\-(0[1-9]|[12][0-9]|30)|02\-(0[1-9]|1[0-9]|2[0-8]))|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)\-02\-29";
    /// What fits into 32 bits.
    pub const INTEGER: &str = r"[\-+]?[0-9]{1,9}";
    /// What fits into 64 bits.
    pub const BIG_INTEGER: &str = r"[\-+]?[0-9]{1,18}";
    /// Digits with a point or without.
    pub const DECIMAL: &str = r"[\-+]?[0-9]{1,18}([.][0-9]{1,18})?";
    /// A number as a measurement is written, behind its comparator.
    pub const MEASURE: &str = r" *\-?(0|[1-9][0-9]{0,99})([.][0-9]{1,99})?";
}
