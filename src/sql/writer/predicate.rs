//! Conditions, each put so that an index of its column serves.

use std::borrow::Cow;

use super::expression::{is_time, text_of};
use super::{Before, Beside, SqlError, Writer};
use crate::relation::{AmongFrom, Child, CompareOp, Expr, Join, Like, Predicate, Slot, SqlType};

/// Conditions side by side, at the most.
const GROUPED: usize = 64;

/// What a value is compared with, where it stands beside an expression.
fn beside(expr: &Expr, or_null: bool) -> Beside<'_> {
    let stored = match expr {
        Expr::Fold(inner) | Expr::Exact(inner) => inner.collation(),
        expr => expr.collation(),
    };
    Beside {
        collation: expr.collation(),
        stored,
        folded: matches!(expr, Expr::Fold(_)),
        is_pattern: false,
        or_null,
    }
}

/// An id that the mapping gives as text, as the id that it is compared with is kept: where that is a number, SQL Server
/// would try to read the text as one and fail, and SQLite not try where a select gives the number. None where no such
/// id can be that text.
fn id_as<'e>(id: &'e Expr, other: &Expr) -> Option<Cow<'e, Expr>> {
    match id {
        Expr::Text(text) if other.sql_type().is_integer() => text
            .parse()
            .ok()
            .map(|number| Cow::Owned(Expr::Int(number))),
        id => Some(Cow::Borrowed(id)),
    }
}

impl Writer<'_> {
    /// A long list is written as groups of groups: engines read `a OR b OR c …` as a tree as deep as the list
    /// is long, and bound its depth (SQLite at 1000).
    pub(super) fn list(&mut self, parts: &[Predicate], between: &str) -> Result<(), SqlError> {
        if parts.len() > GROUPED {
            let size = parts.len().div_ceil(GROUPED).max(GROUPED);
            for (index, group) in parts.chunks(size).enumerate() {
                if index > 0 {
                    self.out.push_str(between);
                }
                self.out.push('(');
                self.list(group, between)?;
                self.out.push(')');
            }
            return Ok(());
        }
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.out.push_str(between);
            }
            self.grouped(part)?;
        }
        Ok(())
    }

    /// In parentheses where AND and OR could be misread.
    pub(super) fn grouped(&mut self, predicate: &Predicate) -> Result<(), SqlError> {
        let compound = matches!(predicate, Predicate::And(_) | Predicate::Or(_));
        if compound {
            self.out.push('(');
        }
        self.predicate(predicate)?;
        if compound {
            self.out.push(')');
        }
        Ok(())
    }

    pub(super) fn predicate(&mut self, predicate: &Predicate) -> Result<(), SqlError> {
        match predicate {
            Predicate::True => self.out.push_str("1 = 1"),
            Predicate::False => self.out.push_str("1 = 0"),
            Predicate::And(parts) => self.list(parts, " AND ")?,
            Predicate::Or(parts) => self.list(parts, " OR ")?,
            Predicate::Not(inner) => {
                self.out.push_str("CASE WHEN ");
                self.predicate(inner)?;
                self.out.push_str(" THEN 0 ELSE 1 END = 1");
            }
            Predicate::Compare(left, op, right) => self.compare(left, *op, right)?,
            Predicate::Key(expr, op, slot) => {
                self.key(expr, *op, *slot)?;
            }
            Predicate::In {
                expr,
                list,
                negated,
            } => {
                let times = is_time(expr) && list.iter().all(|item| matches!(item, Expr::Cast(..)));
                if times {
                    self.time_column(expr)?;
                } else {
                    self.comparable(expr)?;
                }
                self.out
                    .push_str(if *negated { " NOT IN (" } else { " IN (" });
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    match item {
                        Expr::Cast(inner, ty) if times => self.time_constant(inner, *ty)?,
                        item => self.beside(expr, item, !negated)?,
                    }
                }
                self.out.push(')');
            }
            Predicate::IsNull { expr, negated } => {
                self.expr(expr)?;
                self.out
                    .push_str(if *negated { " IS NOT NULL" } else { " IS NULL" });
            }
            Predicate::Present(expr) => self.present(expr)?,
            Predicate::Like {
                expr,
                pattern,
                negated,
            } => {
                let operand = self.spelled(|writer| writer.expr(expr))?;
                let open = match pattern {
                    Like::Slot(_) => true,
                    Like::Text(text) => text.ends_with('%'),
                };
                self.spelling
                    .liked(&mut self.out, &operand, expr.sql_type(), open);
                self.out
                    .push_str(if *negated { " NOT LIKE " } else { " LIKE " });
                match pattern {
                    Like::Slot(slot) => {
                        let beside = Beside {
                            is_pattern: true,
                            ..beside(expr, !negated)
                        };
                        self.slot(*slot, beside);
                        self.out.push_str(self.spelling.escape());
                    }
                    Like::Text(text) => self.literal(text),
                }
            }
            Predicate::IsDate { text, layout, day } => {
                let text = self.spelled(|writer| writer.expr(text))?;
                let day = self.spelled(|writer| writer.expr(day))?;
                self.out.push('(');
                self.spelling.has_layout(&mut self.out, &text, layout);
                self.out.push_str(" AND ");
                self.spelling.is_day(&mut self.out, &day);
                self.out.push(')');
            }
            Predicate::Exists {
                child,
                joins,
                filter,
            } => self.exists(child, joins, filter)?,
            Predicate::Among { of, .. } if of.elsewhere.is_some() => {
                return Err(SqlError::Elsewhere);
            }
            Predicate::Among { expr, of } => {
                let (Some(expr), Some(key)) = (id_as(expr, &of.key), id_as(&of.key, expr)) else {
                    return self.predicate(&Predicate::False);
                };
                let (expr, key) = (expr.as_ref(), key.as_ref());
                if of.by_row {
                    self.out.push_str("EXISTS (SELECT 1 FROM ");
                } else {
                    self.comparable(expr)?;
                    self.out.push_str(" IN (SELECT ");
                    self.expr(key)?;
                    self.out.push_str(" FROM ");
                }
                let always = match &of.from {
                    AmongFrom::Source(source) => {
                        self.from(source, of.joins)?;
                        &source.rows
                    }
                    AmongFrom::Child(child) => {
                        self.table(&child.table)?;
                        self.joins(&child.joins, of.joins)?;
                        &child.filter
                    }
                };
                let same = match of.by_row {
                    true => Predicate::Compare(key.clone(), CompareOp::Eq, expr.clone()),
                    false => Predicate::True,
                };
                self.conditions(&[&same, always, &of.filter], Before::Blank)?;
                self.out.push(')');
            }
            Predicate::Raw(raw) => {
                self.out.push('(');
                self.raw(raw)?;
                self.out.push(')');
            }
        }
        Ok(())
    }

    fn key(&mut self, expr: &Expr, op: CompareOp, slot: Slot) -> Result<(), SqlError> {
        let key = self.key_of(expr);
        if !(self.spelling.has_order() && key.sql_type().is_text()) {
            self.comparable(expr)?;
            self.out.push_str(&format!(" {} ", op.sign()));
            return self.beside(expr, &Expr::Slot(slot), false);
        }
        // For the index.
        if let (Expr::Column(_), Some(collation)) = (key, key.collation())
            && self.spelling.refines(collation)
        {
            self.expr(key)?;
            self.out.push_str(match op {
                CompareOp::Gt | CompareOp::Ge => " >= ",
                CompareOp::Lt | CompareOp::Le => " <= ",
                CompareOp::Eq | CompareOp::Ne => " = ",
            });
            self.beside(key, &Expr::Slot(slot), false)?;
            self.out.push_str(" AND ");
        }
        self.sort_key(expr)?;
        self.out.push_str(&format!(" {} ", op.sign()));
        let folded = Beside {
            folded: true,
            ..Beside::default()
        };
        self.slot(slot, folded);
        Ok(())
    }

    fn compare(&mut self, left: &Expr, op: CompareOp, right: &Expr) -> Result<(), SqlError> {
        let or_null = op != CompareOp::Ne;
        if let (true, Expr::Slot(slot)) = (is_time(left), right) {
            let column = self.spelled(|writer| writer.expr(left))?;
            let marker = self.spelled(|writer| writer.beside(left, right, or_null))?;
            self.spelling
                .compare_time(&mut self.out, &column, op, &marker, slot.ty);
            return Ok(());
        }
        // At or after a day, and before it, compare rightly in any spelling, and keep the index.
        if let (true, Expr::Cast(inner, ty), false) = (
            is_time(left),
            right,
            matches!(op, CompareOp::Ge | CompareOp::Lt),
        ) {
            self.time_column(left)?;
            self.out.push_str(&format!(" {} ", op.sign()));
            return self.time_constant(inner, *ty);
        }
        self.comparable(left)?;
        self.out.push_str(&format!(" {} ", op.sign()));
        self.beside(left, right, or_null)
    }

    /// What an expression is compared with, in the form in which that compares.
    fn beside(&mut self, left: &Expr, right: &Expr, or_null: bool) -> Result<(), SqlError> {
        let value = self.spelled(|writer| {
            match right {
                Expr::Slot(slot) => writer.slot(*slot, beside(left, or_null)),
                right => writer.expr(right)?,
            }
            Ok(())
        })?;
        match (left, right) {
            (Expr::Exact(_), Expr::Slot(Slot { ty, .. })) => {
                self.spelling.exact_value(&mut self.out, &value, *ty);
            }
            (Expr::Exact(inner), Expr::Text(_)) => {
                self.spelling
                    .exact_value(&mut self.out, &value, inner.sql_type());
            }
            _ => self.out.push_str(&value),
        }
        Ok(())
    }

    /// A column of dates beside a constant day.
    fn time_column(&mut self, expr: &Expr) -> Result<(), SqlError> {
        let column = self.spelled(|writer| writer.expr(expr))?;
        self.spelling.time_column(&mut self.out, &column);
        Ok(())
    }

    fn time_constant(&mut self, literal: &Expr, ty: SqlType) -> Result<(), SqlError> {
        let literal = self.spelled(|writer| writer.expr(literal))?;
        self.spelling.time_constant(&mut self.out, &literal, ty);
        Ok(())
    }

    pub(super) fn present(&mut self, expr: &Expr) -> Result<(), SqlError> {
        let Some((collation, _)) = text_of(expr) else {
            self.expr(expr)?;
            self.out.push_str(" IS NOT NULL");
            return Ok(());
        };
        if collation.is_some_and(|collation| collation.ignores_trailing_blanks) {
            self.comparable(expr)?;
        } else {
            let operand = self.spelled(|writer| writer.expr(expr))?;
            self.spelling.trim(&mut self.out, &operand);
        }
        self.out.push_str(" <> ''");
        Ok(())
    }

    /// A child that belongs by one column is asked for as a list, so that an index of the child's searched
    /// column can lead; by several columns, row by row.
    fn exists(
        &mut self,
        child: &Child,
        joins: &[crate::relation::Shared<Join>],
        filter: &Predicate,
    ) -> Result<(), SqlError> {
        let own = |writer: &mut Self| -> Result<(), SqlError> {
            writer.table(&child.table)?;
            writer.joins(joins, u64::MAX)
        };
        if let [(key, parent)] = child.on.as_slice() {
            self.comparable(parent)?;
            self.out.push_str(" IN (SELECT ");
            self.expr(key)?;
            self.out.push_str(" FROM ");
            own(self)?;
            self.conditions(&[&child.filter, filter], Before::Blank)?;
        } else {
            self.out.push_str("EXISTS (SELECT 1 FROM ");
            own(self)?;
            let on = Predicate::all(child.on.iter().map(|(key, parent)| {
                Predicate::Compare(key.clone(), CompareOp::Eq, parent.clone())
            }));
            self.conditions(&[&on, &child.filter, filter], Before::Blank)?;
        }
        self.out.push(')');
        Ok(())
    }
}
