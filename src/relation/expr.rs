//! Expressions and predicates over columns. Values of a request appear as slots only.

use std::sync::Arc;

use serde::Serialize;

use super::{Collation, Dialect, Shared, Source, SqlType};

/// A column as a mapping names it: `p.SURNAME`, with the type and collation of its table's entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    pub alias: Arc<str>,
    pub name: Arc<str>,
    #[serde(rename = "type")]
    pub ty: SqlType,
    /// None where the type is not text.
    pub collation: Option<Arc<Collation>>,
    /// The column may hold NULL: matters to the order of pages.
    pub nullable: bool,
}

/// The place of a bound value in the plan's values, with the SQL type that it is compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Slot {
    pub index: u16,
    #[serde(rename = "type")]
    pub ty: SqlType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// A literal of a mapping that a column is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum CaseKey {
    Int(i64),
    Text(Arc<str>),
}

/// An expression over the columns of a select.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Expr {
    Column(Shared<Column>),
    /// A bound value.
    Slot(Slot),
    /// A literal of the mapping.
    Int(i64),
    /// A literal of the mapping.
    Text(Arc<str>),
    /// The first that is not NULL.
    Coalesce(Vec<Expr>),
    /// NULL where the first equals a literal.
    NullIf(Box<Expr>, Box<Expr>),
    /// Digits only: blanks, hyphens, parentheses, `+` and `.` taken out.
    Digits(Box<Expr>),
    /// As text compares without case and accents.
    Fold(Box<Expr>),
    /// As text compares to the letter.
    Exact(Box<Expr>),
    /// Text without leading and trailing blanks.
    Trim(Box<Expr>),
    /// `column & mask`
    BitAnd(Box<Expr>, i64),
    Arithmetic(Box<Expr>, Arithmetic, Box<Expr>),
    /// Characters `from` (counted from 1) to `from + length`.
    Substring(Box<Expr>, u16, u16),
    /// Texts joined to one.
    Concat(Vec<Expr>),
    Cast(Box<Expr>, SqlType),
    /// How many days lie between the day of a date or date-time and the bound one.
    DaysTo(Box<Expr>, Slot),
    /// A part of what text says that is to hold a measurement, `<0.5`; NULL where it holds none.
    Measured(Box<Expr>, Measured),
    /// 1 where the predicate holds, else 0.
    Test(Box<Predicate>),
    /// The expression where the predicate holds, else NULL.
    When(Box<Predicate>, Box<Expr>),
    /// A literal for each literal; what else is not NULL gives `otherwise`, or, where there is none, what NULL
    /// gives: `absent`.
    Case(Shared<Case>),
    /// A fragment that the mapping wrote in SQL.
    Raw(Shared<RawSql>),
}

/// The parts of a measurement kept as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Measured {
    Number,
    /// `<`, `<=`, `>`, `>=`; empty where the number stands alone.
    Comparator,
}

/// Codes for raw values, as a sort key needs them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Case {
    pub subject: Expr,
    pub when: Vec<(CaseKey, Arc<str>)>,
    pub otherwise: Option<Arc<str>>,
    pub absent: Option<Arc<str>>,
}

/// A SQL fragment of a mapping, per dialect where they differ; typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct RawSql {
    /// At least one; a dialect that is missing cannot run the mapping (checked when it is loaded).
    pub text: Vec<(Dialect, Arc<str>)>,
    #[serde(rename = "type")]
    pub ty: SqlType,
    pub collation: Option<Arc<Collation>>,
    /// The aliases that the fragment names, so that their joins are made.
    pub aliases: Vec<Arc<str>>,
}

impl RawSql {
    pub fn for_dialect(&self, dialect: Dialect) -> Option<&str> {
        self.text
            .iter()
            .find(|(of, _)| *of == dialect)
            .map(|(_, text)| &**text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum CompareOp {
    #[serde(rename = "=")]
    Eq,
    #[serde(rename = "<>")]
    Ne,
    #[serde(rename = "<")]
    Lt,
    #[serde(rename = "<=")]
    Le,
    #[serde(rename = ">")]
    Gt,
    #[serde(rename = ">=")]
    Ge,
}

impl CompareOp {
    /// As SQL and the mapping language write it.
    pub const fn sign(self) -> &'static str {
        match self {
            CompareOp::Eq => "=",
            CompareOp::Ne => "<>",
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
        }
    }
}

/// A pattern: a bound value (with `%` `_` `[` `\` of the searched text escaped by `\`) or a mapping's literal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Like {
    Slot(Slot),
    Text(Arc<str>),
}

/// A condition on a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Predicate {
    True,
    False,
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    /// Holds where the inner one does not, NULL included (two-valued, unlike SQL's NOT).
    Not(Box<Predicate>),
    Compare(Expr, CompareOp, Expr),
    /// Compared as `ORDER BY` compares: a sort key against the key of the row where a page ended.
    Key(Expr, CompareOp, Slot),
    /// The list is never empty.
    In {
        expr: Expr,
        list: Vec<Expr>,
        negated: bool,
    },
    IsNull {
        expr: Expr,
        negated: bool,
    },
    /// Not NULL and, for text, not blank.
    Present(Expr),
    Like {
        expr: Expr,
        pattern: Like,
        negated: bool,
    },
    /// The text has the layout (`DD/MM/YYYY`: letters stand for digits, the rest for any character), and `day`,
    /// made of its parts as `YYYY-MM-DD`, is a day of the calendar.
    IsDate {
        text: Expr,
        layout: Arc<str>,
        day: Expr,
    },
    /// Some row of a child table belongs to this row and holds the filter.
    Exists {
        child: Shared<super::Child>,
        joins: Vec<Shared<super::Join>>,
        filter: Box<Predicate>,
    },
    /// The expression's value is among those that another table gives: what chains and `_has` compile to.
    Among {
        expr: Expr,
        of: Box<Among>,
    },
    /// A condition that the mapping wrote in SQL.
    Raw(Shared<RawSql>),
}

/// Values of rows of another table that hold a condition. Nothing in it names a column from outside, so that
/// aliases may be the same; unless it is asked row by row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Among {
    pub from: AmongFrom,
    /// The table's lookups that the key and the condition need: a bit for each place in its list.
    pub joins: u64,
    pub key: Expr,
    /// Besides the conditions that every row of the table must hold.
    pub filter: Predicate,
    /// Asked for each row, by the key, rather than once for all: where few rows ask, and many would be listed. No alias
    /// in it is one of the expression's.
    pub by_row: bool,
    /// It lies in another database than the row that is asked: it is asked first, by itself, and what it gives is put in
    /// the condition's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Elsewhere>,
}

/// A database of the site's that is not the one which a command runs in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Elsewhere {
    /// None for the default one.
    pub catalogue: Option<Arc<str>>,
}

impl Among {
    /// Whether an alias of a table is used in it.
    pub fn has_alias(&self, alias: &str) -> bool {
        let (table, joins) = match &self.from {
            AmongFrom::Source(source) => (&source.table, &source.joins),
            AmongFrom::Child(child) => (&child.table, &child.joins),
        };
        *table.alias == *alias || joins.iter().any(|join| *join.table.alias == *alias)
    }
}

/// Where an [`Among`] looks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AmongFrom {
    Source(Shared<Source>),
    Child(Shared<super::Child>),
}

impl Predicate {
    /// AND, flattened; `True` where the list is empty, `False` as soon as one part is: what comes after that
    /// one is not asked for.
    pub fn all(parts: impl IntoIterator<Item = Predicate>) -> Predicate {
        combined(
            parts,
            &Predicate::True,
            &Predicate::False,
            |part| match part {
                Predicate::And(list) => Ok(list),
                other => Err(other),
            },
        )
        .unwrap_or_else(Predicate::And)
    }

    /// OR, flattened; `False` where the list is empty, `True` as soon as one part is.
    pub fn any(parts: impl IntoIterator<Item = Predicate>) -> Predicate {
        combined(
            parts,
            &Predicate::False,
            &Predicate::True,
            |part| match part {
                Predicate::Or(list) => Ok(list),
                other => Err(other),
            },
        )
        .unwrap_or_else(Predicate::Or)
    }

    /// Whether another database is asked first.
    pub fn asks_elsewhere(&self) -> bool {
        match self {
            Predicate::And(parts) | Predicate::Or(parts) => {
                parts.iter().any(Predicate::asks_elsewhere)
            }
            Predicate::Not(inner) | Predicate::Exists { filter: inner, .. } => {
                inner.asks_elsewhere()
            }
            Predicate::Among { of, .. } => of.elsewhere.is_some() || of.filter.asks_elsewhere(),
            _ => false,
        }
    }

    /// Comparisons that a row takes at the most; the values of a list, which engines look up, count together.
    pub fn comparisons(&self) -> usize {
        const LOOKED_UP_AT_ONCE: usize = 16;
        match self {
            Predicate::True | Predicate::False => 0,
            Predicate::And(parts) | Predicate::Or(parts) => {
                parts.iter().map(Predicate::comparisons).sum()
            }
            Predicate::Not(inner) => inner.comparisons(),
            Predicate::In { list, .. } => 1 + list.len() / LOOKED_UP_AT_ONCE,
            Predicate::Exists { filter, .. } => 1 + filter.comparisons(),
            Predicate::Among { of, .. } => 1 + of.filter.comparisons(),
            Predicate::Compare(..)
            | Predicate::Key(..)
            | Predicate::IsNull { .. }
            | Predicate::Present(_)
            | Predicate::Like { .. }
            | Predicate::IsDate { .. }
            | Predicate::Raw(_) => 1,
        }
    }

    /// The two-valued opposite.
    pub fn negate(self) -> Predicate {
        match self {
            Predicate::True => Predicate::False,
            Predicate::False => Predicate::True,
            Predicate::Not(inner) => *inner,
            other => Predicate::Not(Box::new(other)),
        }
    }
}

/// Room for the conditions of most searches.
const EXPECTED: usize = 8;

/// Parts without those that decide nothing: the only one left, or the one that decides all; else a list of
/// several, into which those are opened that are such lists themselves.
#[inline]
fn combined(
    parts: impl IntoIterator<Item = Predicate>,
    neutral: &Predicate,
    decisive: &Predicate,
    opened: impl Fn(Predicate) -> Result<Vec<Predicate>, Predicate>,
) -> Result<Predicate, Vec<Predicate>> {
    let mut parts = parts.into_iter().filter(|part| part != neutral);
    let Some(first) = parts.next() else {
        return Ok(neutral.clone());
    };
    if first == *decisive {
        return Ok(first);
    }
    // Mostly there is one part, which then needs no list.
    let Some(second) = parts.next() else {
        return Ok(first);
    };
    let mut list = opened(first).unwrap_or_else(|first| {
        let mut list = Vec::with_capacity(EXPECTED);
        list.push(first);
        list
    });
    let mut next = Some(second);
    while let Some(part) = next {
        if part == *decisive {
            return Ok(part);
        }
        match opened(part) {
            Ok(more) => list.extend(more),
            Err(part) => list.push(part),
        }
        next = parts.next();
    }
    Err(list)
}
