//! String search: case- and accent-insensitive starts-with, `:exact`, `:contains` (R4 §3.1.1.4.3).
//!
//! Under a linguistic collation that ignores case, all strings that begin with the same letters are
//! neighbours in the index, whatever their accents: the search is a range of it. What the range lets in
//! beside (a punctuation mark that the collation skips, an accent that a longer prefix needs) is taken
//! out by the folded comparison, which sees only the rows of the range. Any other collation has no such
//! order, and the folded comparison does all the work.

use std::cell::OnceCell;

use crate::collation::{fold, prefix_range};
use crate::mapping::{CodePart, TextColumn, TextMatcher};
use crate::relation::{CompareOp, Expr, Like, Predicate, SqlType};
use crate::search::Modifier;

use super::values::Values;

/// What a string search compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    StartsWith,
    Contains,
    Exact,
}

impl Comparison {
    pub(super) fn of(modifier: Option<&Modifier>) -> Comparison {
        match modifier {
            Some(Modifier::Exact) => Comparison::Exact,
            Some(Modifier::Contains) => Comparison::Contains,
            _ => Comparison::StartsWith,
        }
    }

    /// The same comparison with a constant of the mapping.
    pub(super) fn holds(self, constant: &str, searched: &Searched<'_>) -> bool {
        let folded = || Some(&*searched.folded().text).filter(|text| !text.is_empty());
        match self {
            Comparison::StartsWith => folded().is_some_and(|text| fold(constant).starts_with(text)),
            Comparison::Contains => folded().is_some_and(|text| fold(constant).contains(text)),
            Comparison::Exact => constant == searched.text,
        }
    }
}

/// The type of a value that is compared with a column: wide enough that its cast cuts nothing off (a
/// folded text may be twice as long as it was, a pattern twice that), and of few sizes, so that columns of
/// nearly the same length are compared with one value. SQL Server's longest types hold that for columns of up
/// to 2,000 characters, 1,000 of `nvarchar`.
fn value_type(ty: SqlType) -> SqlType {
    let wide = |length: u16, most: u16| match length {
        0 => 0,
        1..=63 => 255,
        64..=255 => 1_023,
        _ => most,
    };
    match ty {
        SqlType::NChar(length) | SqlType::NVarChar(length) => SqlType::NVarChar(wide(length, 4000)),
        SqlType::Char(length) | SqlType::VarChar(length) => SqlType::VarChar(wide(length, 8000)),
        _ => SqlType::VarChar(0),
    }
}

/// A pattern of what stands before, the text itself (in which `%`, `_`, `[` and `\` stand for themselves),
/// and anything.
fn escape(before: &str, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    out.push_str(before);
    let mut rest = text;
    while let Some(place) = rest
        .bytes()
        .position(|b| matches!(b, b'%' | b'_' | b'[' | b'\\'))
    {
        out.push_str(&rest[..place]);
        out.push('\\');
        out.push(char::from(rest.as_bytes()[place]));
        rest = &rest[place + 1..];
    }
    out.push_str(rest);
    out.push('%');
    out
}

/// Whether a text can be in the column at all, of which each character is `factor` in it at the most. A syllable
/// of Hangul folds to its letters: the first counts.
fn can_hold(ty: SqlType, text: &str, factor: usize) -> bool {
    let is_first = |c: &char| !('\u{1160}'..='\u{11ff}').contains(c);
    ty.characters()
        .is_none_or(|length| text.chars().filter(is_first).count() <= length * factor)
}

/// A text that a parameter searches for: in the forms that its columns are compared with, each made once.
pub(super) struct Searched<'v> {
    text: &'v str,
    folded: OnceCell<Folded>,
}

struct Folded {
    text: String,
    /// The range that holds every text that starts so, where the collation has one; it begins with so many
    /// bytes of the text.
    low: Option<usize>,
    high: Option<String>,
    /// The pattern of what starts so.
    start: String,
}

impl<'v> Searched<'v> {
    pub(super) fn new(text: &'v str) -> Searched<'v> {
        Searched {
            text: text.trim(),
            folded: OnceCell::new(),
        }
    }

    fn folded(&self) -> &Folded {
        self.folded.get_or_init(|| {
            let text = fold(self.text).into_owned();
            let (low, high) = prefix_range(&text);
            Folded {
                low: low.map(str::len),
                high,
                start: escape("", &text),
                text,
            }
        })
    }
}

/// One searched text against wherever a parameter finds text.
pub(super) fn matcher(
    of: &TextMatcher,
    comparison: Comparison,
    searched: &Searched<'_>,
    values: &mut Values,
) -> Predicate {
    match of {
        TextMatcher::Column(column) => predicate(column, comparison, searched, values),
        TextMatcher::Constant(constant) if comparison.holds(constant, searched) => Predicate::True,
        TextMatcher::Constant(_) => Predicate::False,
        TextMatcher::Codes {
            expr,
            ty,
            table,
            part,
            absent,
        } => super::token::coded(
            expr,
            *ty,
            table,
            absent,
            |code| {
                let text = match part {
                    CodePart::Display => code.display.as_deref(),
                    CodePart::System => code.system.as_deref(),
                    CodePart::Code | CodePart::Whole => Some(&*code.code),
                };
                text.is_some_and(|text| comparison.holds(text, searched))
            },
            values,
        ),
    }
}

/// One searched text against one column.
pub(super) fn predicate(
    column: &TextColumn,
    comparison: Comparison,
    searched: &Searched<'_>,
    values: &mut Values,
) -> Predicate {
    match comparison {
        // An accent alone folds to nothing, and everything begins with nothing.
        Comparison::StartsWith | Comparison::Contains if searched.folded().text.is_empty() => {
            Predicate::False
        }
        Comparison::Exact => exact(column, searched.text, values),
        Comparison::StartsWith => starts_with(column, searched.folded(), values),
        Comparison::Contains => {
            let folded = &searched.folded().text;
            if can_hold(column.ty, folded, 2) {
                folded_like(column, &escape("%", folded), values)
            } else {
                Predicate::False
            }
        }
    }
}

fn starts_with(column: &TextColumn, searched: &Folded, values: &mut Values) -> Predicate {
    if !can_hold(column.ty, &searched.text, 2) {
        return Predicate::False;
    }
    let ty = value_type(column.ty);
    let mut parts = Vec::with_capacity(3);
    if column
        .collation
        .as_ref()
        .is_some_and(|collation| collation.linguistic && collation.ignores_case)
    {
        let mut bound = |op, text: Option<&str>| {
            if let Some(text) = text {
                parts.push(Predicate::Compare(
                    column.expr.clone(),
                    op,
                    Expr::Slot(values.text(text, ty)),
                ));
            }
        };
        let low = searched.low.and_then(|length| searched.text.get(..length));
        bound(CompareOp::Ge, low);
        bound(CompareOp::Lt, searched.high.as_deref());
    }
    parts.push(folded_like(column, &searched.start, values));
    match parts.len() {
        1 => Predicate::all(parts),
        _ => Predicate::And(parts),
    }
}

fn folded_like(column: &TextColumn, pattern: &str, values: &mut Values) -> Predicate {
    Predicate::Like {
        expr: Expr::Fold(Box::new(column.expr.clone())),
        pattern: Like::Slot(values.text(pattern, value_type(column.ty))),
        negated: false,
    }
}

/// The collation's own equality leads, for the index; the comparison to the letter decides.
fn exact(column: &TextColumn, searched: &str, values: &mut Values) -> Predicate {
    if !can_hold(column.ty, searched, 1) {
        return Predicate::False;
    }
    let slot = values.text(searched, value_type(column.ty));
    Predicate::all([
        Predicate::Compare(column.expr.clone(), CompareOp::Eq, Expr::Slot(slot)),
        Predicate::Compare(
            Expr::Exact(Box::new(column.expr.clone())),
            CompareOp::Eq,
            Expr::Slot(slot),
        ),
    ])
}
