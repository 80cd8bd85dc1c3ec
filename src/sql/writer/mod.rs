//! The walk over a select that writes its text: the clauses here, their conditions and expressions beside.

mod expression;
mod predicate;

use std::sync::Arc;

use super::spelling::Spelling;
use super::{SqlError, Statement};
use crate::relation::{
    ChildSelect, Column, CompareOp, Dialect, Expr, Join, Order, Predicate, Select, Slot, Source,
    SqlType, Table, TableSource,
};

pub(super) struct Writer<'a> {
    dialect: Dialect,
    spelling: &'a dyn Spelling,
    out: String,
    types: Vec<SqlType>,
}

pub(super) const fn operator(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "=",
        CompareOp::Ne => "<>",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(dialect: Dialect, spelling: &'a dyn Spelling) -> Self {
        Writer {
            dialect,
            spelling,
            out: String::with_capacity(1024),
            types: Vec::new(),
        }
    }

    pub(super) fn select(mut self, select: &Select) -> Result<Statement, SqlError> {
        if select.count_only {
            return self.count(select);
        }
        let mut names = Vec::with_capacity(select.columns.len() + select.keys.len() + 1);
        self.out.push_str("SELECT ");
        if let Some(limit) = select.limit {
            let marker = self.spelled(|writer| writer.slot(limit))?;
            self.spelling.limit_before(&mut self.out, &marker);
        }
        for (index, expr) in select.columns.iter().enumerate() {
            let name = column_name(expr, index, &names);
            self.selected(expr, name, &mut names)?;
        }
        for (index, expr) in select.keys.iter().enumerate() {
            self.selected(expr, format!("key{}", index + 1), &mut names)?;
        }
        if select.total {
            self.separate(&names);
            self.out.push_str("(SELECT COUNT(*) FROM ");
            self.from(&select.source, select.filter_joins)?;
            self.conditions(&[&select.source.rows, &select.filter], " ")?;
            self.out.push_str(") AS ");
            self.identifier("total");
            names.push("total".to_owned());
        }
        if names.is_empty() {
            self.out.push('1');
        }
        self.out.push_str("\nFROM ");
        self.from(&select.source, select.joins)?;
        self.conditions(&[&select.source.rows, &select.filter, &select.after], "\n")?;
        self.order(&select.order, "\n")?;
        if let Some(limit) = select.limit {
            let marker = self.spelled(|writer| writer.slot(limit))?;
            self.spelling.limit_after(&mut self.out, &marker);
        }
        Ok(Statement {
            text: Arc::from(self.out),
            types: self.types.into(),
            columns: names.into(),
        })
    }

    fn count(mut self, select: &Select) -> Result<Statement, SqlError> {
        self.out.push_str("SELECT COUNT(*) AS ");
        self.identifier("total");
        self.out.push_str("\nFROM ");
        self.from(&select.source, select.filter_joins)?;
        self.conditions(&[&select.source.rows, &select.filter], "\n")?;
        Ok(Statement {
            text: Arc::from(self.out),
            types: self.types.into(),
            columns: Arc::new(["total".to_owned()]),
        })
    }

    /// The rows of a child table for a page of parents.
    pub(super) fn children(mut self, select: &ChildSelect) -> Result<Statement, SqlError> {
        let mut names = Vec::new();
        self.out.push_str("SELECT ");
        for (index, (key, _)) in select.child.on.iter().enumerate() {
            self.selected(key, format!("parent{}", index + 1), &mut names)?;
        }
        for (index, expr) in select.columns.iter().enumerate() {
            let name = column_name(expr, index, &names);
            self.selected(expr, name, &mut names)?;
        }
        self.out.push_str("\nFROM ");
        self.table(&select.child.table)?;
        self.joins(&select.child.joins, select.joins)?;
        self.conditions(&[&select.parents, &select.child.filter], "\n")?;
        let order: Vec<Order> = select
            .child
            .on
            .iter()
            .map(|(key, _)| Order {
                expr: key.clone(),
                descending: false,
            })
            .chain(select.child.order.iter().cloned())
            .collect();
        self.order(&order, "\n")?;
        Ok(Statement {
            text: Arc::from(self.out),
            types: self.types.into(),
            columns: names.into(),
        })
    }

    fn separate(&mut self, names: &[String]) {
        if !names.is_empty() {
            self.out.push_str(", ");
        }
    }

    fn selected(
        &mut self,
        expr: &Expr,
        name: String,
        names: &mut Vec<String>,
    ) -> Result<(), SqlError> {
        self.separate(names);
        self.expr(expr)?;
        self.out.push_str(" AS ");
        self.identifier(&name);
        names.push(name);
        Ok(())
    }

    /// What `write` appends, as a text of its own.
    fn spelled(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), SqlError>,
    ) -> Result<String, SqlError> {
        let start = self.out.len();
        write(self)?;
        Ok(self.out.split_off(start))
    }

    fn slot(&mut self, slot: Slot) -> Result<(), SqlError> {
        let place = usize::from(slot.index);
        if self.types.len() <= place {
            self.types.resize(place + 1, SqlType::NVarChar(0));
        }
        self.types[place] = slot.ty;
        self.spelling.marker(&mut self.out, slot.index, slot.ty);
        Ok(())
    }

    fn identifier(&mut self, name: &str) {
        let (open, close) = self.spelling.quotes();
        self.out.push(open);
        for c in name.chars() {
            if c == close {
                self.out.push(close);
            }
            self.out.push(c);
        }
        self.out.push(close);
    }

    fn column(&mut self, column: &Column) {
        self.identifier(&column.alias);
        self.out.push('.');
        self.identifier(&column.name);
    }

    fn table(&mut self, table: &Table) -> Result<(), SqlError> {
        match &table.source {
            TableSource::Named(name) => {
                for (index, part) in name.split('.').enumerate() {
                    if index > 0 {
                        self.out.push('.');
                    }
                    self.identifier(part);
                }
            }
            TableSource::Derived(raw) => {
                self.out.push('(');
                self.raw(raw)?;
                self.out.push(')');
            }
        }
        self.out.push_str(" AS ");
        self.identifier(&table.alias);
        Ok(())
    }

    fn from(&mut self, source: &Source, joins: u64) -> Result<(), SqlError> {
        self.table(&source.table)?;
        self.joins(&source.joins, joins)
    }

    fn joins(
        &mut self,
        joins: &[crate::relation::Shared<Join>],
        wanted: u64,
    ) -> Result<(), SqlError> {
        for join in joins.iter().filter(|join| wanted & (1 << join.index) != 0) {
            self.out.push_str("\n  LEFT JOIN ");
            self.table(&join.table)?;
            self.out.push_str(" ON ");
            self.predicate(&join.on)?;
        }
        Ok(())
    }

    fn conditions(&mut self, parts: &[&Predicate], before: &str) -> Result<(), SqlError> {
        let mut first = true;
        for part in parts.iter().filter(|part| ***part != Predicate::True) {
            if first {
                self.out.push_str(before);
                self.out.push_str("WHERE ");
            } else {
                self.out.push_str("\n  AND ");
            }
            first = false;
            match part {
                Predicate::And(list) => self.list(list, "\n  AND ")?,
                Predicate::Or(_) => self.grouped(part)?,
                other => self.predicate(other)?,
            }
        }
        Ok(())
    }

    fn order(&mut self, order: &[Order], before: &str) -> Result<(), SqlError> {
        for (index, key) in order.iter().enumerate() {
            // SQL Server refuses to sort by the same twice; the second time it decides nothing.
            if order[..index].iter().any(|known| known.expr == key.expr) {
                continue;
            }
            self.out.push_str(if index == 0 { before } else { "" });
            self.out
                .push_str(if index == 0 { "ORDER BY " } else { ", " });
            self.comparable(&key.expr)?;
            if key.descending {
                self.out.push_str(" DESC");
            }
        }
        Ok(())
    }
}

/// `p_SURNAME` for a column, else `c3`; never the same twice.
fn column_name(expr: &Expr, index: usize, taken: &[String]) -> String {
    let name = match expr {
        Expr::Column(column) => format!("{}_{}", column.alias, column.name),
        _ => format!("c{}", index + 1),
    };
    if taken.contains(&name) {
        format!("{name}_{}", index + 1)
    } else {
        name
    }
}
