//! Expressions over columns, and how each compares.

use std::sync::Arc;

use super::super::marker::no_place;
use super::super::spelling::Text;
use super::{Beside, SqlError, Writer};
use crate::relation::{Arithmetic, Case, CaseKey, Collation, Column, Expr, RawSql, SqlType};

/// The column behind an expression that compares as that column does.
fn column_of(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::NullIf(inner, _) => column_of(inner),
        Expr::Coalesce(parts) => parts.first().and_then(column_of),
        _ => None,
    }
}

/// How an expression compares: its collation and type where it is text.
pub(super) fn text_of(expr: &Expr) -> Option<(Option<&Arc<Collation>>, Option<SqlType>)> {
    match expr {
        Expr::Raw(raw) => raw
            .ty
            .is_text()
            .then_some((raw.collation.as_ref(), Some(raw.ty))),
        // It compares as what it trims.
        Expr::Trim(inner) => text_of(inner),
        other => {
            let column = column_of(other)?;
            column
                .ty
                .is_text()
                .then_some((column.collation.as_ref(), Some(column.ty)))
        }
    }
}

pub(super) fn is_time(expr: &Expr) -> bool {
    match expr {
        Expr::Raw(raw) => raw.ty.has_day(),
        other => column_of(other).is_some_and(|column| column.ty.has_day()),
    }
}

/// What is known of the text that an expression gives.
pub(super) fn text_behind(expr: &Expr) -> Text<'_> {
    Text {
        ty: expr.sql_type(),
        collation: expr.collation(),
    }
}

/// `[Odd name]` may stand in brackets, as the mapping's own columns do.
fn bare(name: &str) -> &str {
    let name = name.trim();
    name.strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name)
}

impl Writer<'_> {
    /// An expression as it is compared and sorted: text under its collation.
    pub(super) fn comparable(&mut self, expr: &Expr) -> Result<(), SqlError> {
        let operand = self.spelled(|writer| writer.expr(expr))?;
        self.compared(expr, &operand, matches!(expr, Expr::Column(_)));
        Ok(())
    }

    /// `operand`, which has the value of `expr`, as that is compared; `bare` where it is a column of a table.
    pub(super) fn compared(&mut self, expr: &Expr, operand: &str, bare: bool) {
        match text_of(expr) {
            Some((collation, ty)) => self.spelling.collated(
                &mut self.out,
                operand,
                bare,
                collation.map(|collation| &**collation),
                ty,
            ),
            None if matches!(expr, Expr::Fold(_)) => self.spelling.folded(&mut self.out, operand),
            None => self.out.push_str(operand),
        }
    }

    /// What is sorted by where a mapping says `expr`.
    pub(super) fn key_of<'e>(&self, expr: &'e Expr) -> &'e Expr {
        match expr {
            Expr::Fold(inner) if self.spelling.has_order() => inner,
            _ => expr,
        }
    }

    /// An expression as it is sorted.
    pub(super) fn sort_key(&mut self, expr: &Expr) -> Result<(), SqlError> {
        let expr = self.key_of(expr);
        let operand = self.spelled(|writer| writer.expr(expr))?;
        self.sorted(expr, &operand, matches!(expr, Expr::Column(_)));
        Ok(())
    }

    /// `operand`, which has the value of the sort key `expr`, as that is sorted.
    pub(super) fn sorted(&mut self, expr: &Expr, operand: &str, bare: bool) {
        let expr = self.key_of(expr);
        if self.spelling.has_order() && expr.sql_type().is_text() {
            self.spelling
                .sorted(&mut self.out, operand, text_behind(expr));
        } else {
            self.compared(expr, operand, bare);
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr) -> Result<(), SqlError> {
        match expr {
            Expr::Column(column) => {
                let operand = self.spelled(|writer| {
                    writer.column(&column.alias, &column.name);
                    Ok(())
                })?;
                self.spelling.column(&mut self.out, &operand, column.ty);
            }
            Expr::Slot(slot) => self.slot(*slot, Beside::default()),
            Expr::Int(number) => self.out.push_str(&number.to_string()),
            Expr::Text(text) => self.literal(text),
            // SQL takes two or more.
            Expr::Coalesce(parts) if parts.len() == 1 => self.expr(&parts[0])?,
            Expr::Coalesce(parts) => self.call("COALESCE", parts)?,
            Expr::NullIf(inner, literal) => {
                self.out.push_str("NULLIF(");
                self.comparable(inner)?;
                self.out.push_str(", ");
                self.expr(literal)?;
                self.out.push(')');
            }
            Expr::Digits(inner) => {
                const TAKEN_OUT: [&str; 6] = [" ", "-", "(", ")", "+", "."];
                self.out.push_str(&"REPLACE(".repeat(TAKEN_OUT.len()));
                self.expr(inner)?;
                for text in TAKEN_OUT {
                    self.out.push_str(&format!(", '{text}', '')"));
                }
            }
            Expr::Fold(inner) => match &**inner {
                Expr::Text(text) if self.spelling.folds_literals() => {
                    self.literal(&crate::collation::fold(text));
                }
                inner => {
                    let operand = self.spelled(|writer| writer.expr(inner))?;
                    self.spelling
                        .fold(&mut self.out, &operand, text_behind(inner));
                }
            },
            Expr::Exact(inner) => {
                let operand = self.spelled(|writer| writer.expr(inner))?;
                self.spelling
                    .exact(&mut self.out, &operand, text_behind(inner));
            }
            Expr::Trim(inner) => {
                let operand = self.spelled(|writer| writer.expr(inner))?;
                self.spelling.trim(&mut self.out, &operand);
            }
            Expr::BitAnd(inner, mask) => {
                let operand = self.spelled(|writer| writer.expr(inner))?;
                self.spelling.bit_and(&mut self.out, &operand, *mask);
            }
            Expr::Arithmetic(left, op, right) => {
                self.out.push('(');
                self.expr(left)?;
                self.out.push_str(match op {
                    Arithmetic::Add => " + ",
                    Arithmetic::Subtract => " - ",
                    Arithmetic::Multiply => " * ",
                    Arithmetic::Divide => " / ",
                });
                self.expr(right)?;
                self.out.push(')');
            }
            Expr::Substring(inner, from, length) => {
                let operand = self.spelled(|writer| writer.expr(inner))?;
                self.spelling
                    .substring(&mut self.out, &operand, *from, *length);
            }
            Expr::Concat(parts) => {
                let mut operands = Vec::with_capacity(parts.len());
                for part in parts {
                    operands.push(self.spelled(|writer| writer.expr(part))?);
                }
                self.spelling.concat(&mut self.out, &operands);
            }
            Expr::Cast(inner, ty) => {
                let operand = self.spelled(|writer| writer.expr(inner))?;
                match **inner {
                    Expr::Text(_) => self.spelling.cast(&mut self.out, &operand, *ty),
                    _ => self
                        .spelling
                        .cast_row(&mut self.out, &operand, inner.sql_type(), *ty),
                }
            }
            Expr::DaysTo(inner, slot) => {
                let from = self.spelled(|writer| writer.expr(inner))?;
                let to = self.spelled(|writer| writer.expr(&Expr::Slot(*slot)))?;
                self.spelling.days(&mut self.out, &from, &to);
            }
            Expr::Measured(inner, part) => {
                let operand = self.spelled(|writer| writer.expr(inner))?;
                self.spelling
                    .measured(&mut self.out, &operand, text_behind(inner), *part);
            }
            Expr::Test(predicate) => {
                self.out.push_str("CASE WHEN ");
                self.predicate(predicate)?;
                self.out.push_str(" THEN 1 ELSE 0 END");
            }
            Expr::When(predicate, inner) => {
                self.out.push_str("CASE WHEN ");
                self.predicate(predicate)?;
                self.out.push_str(" THEN ");
                self.expr(inner)?;
                self.out.push_str(" END");
            }
            Expr::Case(case) => self.case(case)?,
            Expr::Raw(raw) => {
                self.out.push('(');
                self.raw(raw)?;
                self.out.push(')');
            }
        }
        Ok(())
    }

    /// The subject stands before the list, so that it is evaluated once: it may be a CASE itself.
    /// `x WHEN y` compares as `x = y` does, NULL included.
    fn case(&mut self, case: &Case) -> Result<(), SqlError> {
        let Case {
            subject,
            when,
            otherwise,
            absent,
        } = case;
        if when.is_empty() {
            return self.rest(subject, otherwise.as_deref(), absent.as_deref());
        }
        self.out.push_str("CASE ");
        self.comparable(subject)?;
        for (key, result) in when {
            self.out.push_str(" WHEN ");
            match key {
                CaseKey::Int(number) => self.out.push_str(&number.to_string()),
                CaseKey::Text(text) => self.literal(text),
            }
            self.out.push_str(" THEN ");
            self.literal(result);
        }
        if otherwise.is_some() || absent.is_some() {
            self.out.push_str(" ELSE ");
            self.rest(subject, otherwise.as_deref(), absent.as_deref())?;
        }
        self.out.push_str(" END");
        Ok(())
    }

    /// The result for what is in no list: only where NULL has another than the rest must the subject be
    /// looked at again.
    fn rest(
        &mut self,
        subject: &Expr,
        otherwise: Option<&str>,
        absent: Option<&str>,
    ) -> Result<(), SqlError> {
        match (otherwise, absent) {
            (None, None) => self.out.push_str("NULL"),
            (None, Some(only)) => self.literal(only),
            (Some(both), Some(absent)) if both == absent => {
                self.literal(both);
            }
            (Some(otherwise), absent) => {
                self.out.push_str("CASE WHEN ");
                self.present(subject)?;
                self.out.push_str(" THEN ");
                self.literal(otherwise);
                if let Some(absent) = absent {
                    self.out.push_str(" ELSE ");
                    self.literal(absent);
                }
                self.out.push_str(" END");
            }
        }
        Ok(())
    }

    fn call(&mut self, name: &str, arguments: &[Expr]) -> Result<(), SqlError> {
        self.out.push_str(name);
        self.out.push('(');
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.expr(argument)?;
        }
        self.out.push(')');
        Ok(())
    }

    /// A fragment, its `{alias.COLUMN}` quoted. The loader has checked each of them.
    pub(super) fn raw(&mut self, raw: &RawSql) -> Result<(), SqlError> {
        let mut rest = raw
            .for_dialect(self.dialect)
            .ok_or(SqlError::FragmentMissing(self.dialect))?;
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            self.verbatim(before);
            match after.find('}') {
                Some(close) => {
                    if let Some((alias, column)) = after[1..close].split_once('.') {
                        self.column(bare(alias), bare(column));
                    }
                    rest = &after[close + 1..];
                }
                None => {
                    self.verbatim(after);
                    rest = "";
                }
            }
        }
        self.verbatim(rest);
        Ok(())
    }

    /// SQL of the mapping's.
    fn verbatim(&mut self, text: &str) {
        match self.spelling.is_positional() {
            true => self.out.push_str(&no_place(text)),
            false => self.out.push_str(text),
        }
    }
}
