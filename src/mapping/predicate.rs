//! The syntax of a condition → a predicate over checked columns.
//!
//! Takes what [`fragment`](super::fragment) has read; gives a [`Predicate`] in which literals suit
//! the types of the columns that they are compared with: else the database would convert one of
//! them, and lose an index or fail on a row.

use std::sync::Arc;

use super::diagnostic::Problem;
use super::fragment::{ColumnName, Condition, Operand, Part};
use super::scope::{Operation, Scope, Text, Uses};
use super::yaml::{Span, locate};
use super::{conversion, rules};
use crate::relation::{CompareOp, Dialect, Expr, Like, Predicate, RawSql, Shared, SqlType};

impl Scope<'_> {
    /// A condition's syntax → a predicate. All problems are reported, not the first alone.
    pub fn predicate(
        &self,
        text: Text<'_>,
        condition: &Condition,
        uses: &mut Uses,
    ) -> Option<Predicate> {
        let span = |range: Span| locate(self.at.text(), text.node, range);
        match condition {
            Condition::And(parts) | Condition::Or(parts) => {
                let parts: Vec<_> = parts
                    .iter()
                    .map(|part| self.predicate(text, part, uses))
                    .collect();
                let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
                Some(match condition {
                    Condition::And(_) => Predicate::all(parts),
                    _ => Predicate::any(parts),
                })
            }
            Condition::Not(inner) => Some(self.predicate(text, inner, uses)?.negate()),
            Condition::Compare { left, op, right } => self.compare(&span, left, *op, right, uses),
            Condition::In {
                operand,
                list,
                negated,
            } => {
                let (expr, ty) = self.operand(&span, operand, uses)?;
                let list: Vec<_> = list
                    .iter()
                    .map(|part| {
                        self.warn_too_long(&span, ty, CompareOp::Eq, part);
                        self.literal(&span, ty, part)
                    })
                    .collect();
                let list = list.into_iter().collect::<Option<Vec<_>>>()?;
                Some(Predicate::In {
                    expr,
                    list,
                    negated: *negated,
                })
            }
            Condition::Like {
                operand,
                pattern,
                negated,
            } => {
                let (expr, ty) = self.operand(&span, operand, uses)?;
                if !ty.is_text() {
                    self.at.report(
                        Problem::new(
                            &rules::COMPARED_TYPES,
                            &span(operand.span.clone()),
                            format!("LIKE compares text, and the column is `{ty}`"),
                        )
                        .label(format!("of type `{ty}`")),
                    );
                    return None;
                }
                let pattern = Like::Text(Arc::from(pattern.value.as_str()));
                Some(Predicate::Like {
                    expr,
                    pattern,
                    negated: *negated,
                })
            }
            Condition::Null { operand, negated } => {
                let (expr, _) = self.operand(&span, operand, uses)?;
                Some(Predicate::IsNull {
                    expr,
                    negated: *negated,
                })
            }
        }
    }

    /// The side of a comparison that is a column.
    fn operand(
        &self,
        span: &dyn Fn(Span) -> Span,
        operand: &Part<Operand>,
        uses: &mut Uses,
    ) -> Option<(Expr, SqlType)> {
        match &operand.value {
            Operand::Column(name) => {
                let found = self.column(name, span, uses)?;
                Some((found.expr, found.ty))
            }
            Operand::Bits(name, mask) => {
                let found = self.column(name, span, uses)?;
                if !found.ty.is_integer() {
                    self.at.report(
                        Problem::new(
                            &rules::COMPARED_TYPES,
                            &span(operand.span.clone()),
                            format!(
                                "`&` tests bits of a whole number, and the column is `{}`",
                                found.ty
                            ),
                        )
                        .label(format!("of type `{}`", found.ty)),
                    );
                    return None;
                }
                Some((Expr::BitAnd(Box::new(found.expr), *mask), SqlType::BigInt))
            }
            Operand::Int(_) | Operand::Text(_) => {
                self.at.report(
                    Problem::new(
                        &rules::CONDITION_SYNTAX,
                        &span(operand.span.clone()),
                        "a condition compares two literals",
                    )
                    .label("expected a column"),
                );
                None
            }
        }
    }

    /// A column, or NULL in place of one that the database does not have.
    fn column(
        &self,
        name: &ColumnName,
        span: &dyn Fn(Span) -> Span,
        uses: &mut Uses,
    ) -> Option<Operation> {
        let mut own = Uses::default();
        let found = self.resolve(name, span, &mut own);
        let is_missing = own.missing && own.illustrative.is_some();
        uses.add_all(own);
        let found = found?;
        if !is_missing {
            return Some(found);
        }
        let null: Arc<str> = Arc::from(format!("CAST(NULL AS {})", found.ty));
        let text = Dialect::ALL.map(|dialect| (dialect, Arc::clone(&null)));
        Some(Operation {
            expr: Expr::Raw(Shared::new(RawSql {
                text: text.to_vec(),
                ty: found.ty,
                collation: None,
                aliases: Vec::new(),
            })),
            ty: found.ty,
        })
    }

    /// Whether a condition compares, whatever else it says, a column that the database does not have: no row holds it.
    pub fn never_holds(&self, condition: &Condition) -> bool {
        let is_missing = |operand: &Operand| match operand {
            Operand::Column(name) | Operand::Bits(name, _) => {
                let mut uses = Uses::default();
                self.resolve(name, &|span| span, &mut uses);
                uses.missing
            }
            Operand::Int(_) | Operand::Text(_) => false,
        };
        match condition {
            Condition::And(parts) => parts.iter().any(|part| self.never_holds(part)),
            Condition::Compare { left, right, .. } => {
                is_missing(&left.value) || is_missing(&right.value)
            }
            Condition::In { operand, .. } | Condition::Like { operand, .. } => {
                is_missing(&operand.value)
            }
            Condition::Null { operand, negated } => *negated && is_missing(&operand.value),
            Condition::Or(_) | Condition::Not(_) => false,
        }
    }

    fn compare(
        &self,
        span: &dyn Fn(Span) -> Span,
        left: &Part<Operand>,
        op: CompareOp,
        right: &Part<Operand>,
        uses: &mut Uses,
    ) -> Option<Predicate> {
        let is_literal =
            |operand: &Part<Operand>| matches!(operand.value, Operand::Int(_) | Operand::Text(_));
        match (is_literal(left), is_literal(right)) {
            (true, false) => {
                let (right, ty) = self.operand(span, right, uses)?;
                self.warn_too_long(span, ty, op, left);
                Some(Predicate::Compare(self.literal(span, ty, left)?, op, right))
            }
            (_, true) => {
                let (left, ty) = self.operand(span, left, uses)?;
                self.warn_too_long(span, ty, op, right);
                Some(Predicate::Compare(left, op, self.literal(span, ty, right)?))
            }
            (false, false) => {
                let left_side = self.operand(span, left, uses);
                let (right_side, right_ty) = self.operand(span, right, uses)?;
                let (left_side, left_ty) = left_side?;
                if family(left_ty) != family(right_ty) {
                    self.at.report(
                        Problem::new(
                            &rules::COMPARED_TYPES,
                            &span(left.span.start..right.span.end),
                            format!("a column of type `{left_ty}` is compared with one of type `{right_ty}`"),
                        )
                        .note("if their contents agree all the same, convert one in a fragment: `{ sql: … }`"),
                    );
                    return None;
                }
                Some(Predicate::Compare(left_side, op, right_side))
            }
        }
    }

    /// Warns of a text that the column equals in no row. Whether it is before or after it may be asked of any.
    fn warn_too_long(
        &self,
        span: &dyn Fn(Span) -> Span,
        ty: SqlType,
        op: CompareOp,
        literal: &Part<Operand>,
    ) {
        if let (Operand::Text(text), CompareOp::Eq | CompareOp::Ne) = (&literal.value, op) {
            conversion::warn_too_long(self.at, &span(literal.span.clone()), ty, text);
        }
    }

    /// A literal that a column of that type is compared with.
    fn literal(
        &self,
        span: &dyn Fn(Span) -> Span,
        ty: SqlType,
        literal: &Part<Operand>,
    ) -> Option<Expr> {
        let found = match literal.value {
            Operand::Text(_) => "a text",
            _ => "a number",
        };
        let refuse = |help: &str| {
            self.at.report(
                Problem::new(
                    &rules::COMPARED_TYPES,
                    &span(literal.span.clone()),
                    format!("a column of type `{ty}` is compared with {found}"),
                )
                .label("cannot be compared")
                .help(help.to_owned()),
            );
            None
        };
        match (&literal.value, family(ty)) {
            (Operand::Int(value), Family::Number) => Some(Expr::Int(*value)),
            (Operand::Text(value), Family::Text | Family::Guid) => {
                Some(Expr::Text(Arc::from(value.as_str())))
            }
            (Operand::Text(value), Family::Day) if is_day(value) => Some(Expr::Cast(
                Box::new(Expr::Text(Arc::from(value.as_str()))),
                ty,
            )),
            (_, Family::Number) => refuse("compare it with a whole number, without quotes"),
            (_, Family::Text | Family::Guid) => refuse("compare it with a text in single quotes"),
            (_, Family::Day) => refuse("compare it with a day: `'1900-01-01'`"),
            (_, Family::Other) => refuse("such a column can only be tested with `is null`"),
        }
    }
}

/// `1900-01-01`
pub(super) fn is_day(text: &str) -> bool {
    text.len() == 10 && crate::fhir::Primitive::Date.check(text)
}

/// Types that compare with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Text,
    Number,
    Day,
    Guid,
    Other,
}

/// Whether columns of two types compare with each other.
pub(super) fn compare(left: SqlType, right: SqlType) -> bool {
    family(left) == family(right)
}

fn family(ty: SqlType) -> Family {
    match ty {
        _ if ty.is_text() => Family::Text,
        _ if ty.is_number() => Family::Number,
        _ if ty.has_day() => Family::Day,
        SqlType::UniqueIdentifier => Family::Guid,
        _ => Family::Other,
    }
}
