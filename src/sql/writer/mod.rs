//! The walk over a select that writes its text: the clauses here, their conditions and expressions beside.

mod expression;
mod predicate;

use std::sync::Arc;

use expression::text_behind;

use super::marker::{self, Fit, Marker};
use super::spelling::{Beside, Spelling};
use super::{SqlError, Statement};
use crate::relation::{
    ChildSelect, Dialect, Expr, Join, Order, Predicate, Select, Slot, Source, SqlType, Table,
    TableSource,
};

pub(super) struct Writer<'a> {
    dialect: Dialect,
    spelling: &'a dyn Spelling,
    out: String,
    /// By slot; where markers are positional, by the number of the place.
    markers: Vec<Marker>,
    /// Blanks in front of each line.
    indent: usize,
}

/// What stands before a clause.
#[derive(Clone, Copy)]
pub(super) enum Before {
    Line,
    Blank,
}

impl<'a> Writer<'a> {
    pub(super) fn new(dialect: Dialect, spelling: &'a dyn Spelling) -> Self {
        Writer {
            dialect,
            spelling,
            out: String::with_capacity(1024),
            markers: Vec::new(),
            indent: 0,
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', self.indent));
        self.out.push_str(text);
    }

    pub(super) fn select(self, select: &Select) -> Result<Statement, SqlError> {
        if select.count_only {
            return self.count(select);
        }
        match select.limit {
            // A derived table is not to be made twice.
            Some(_) if !select.source.key.is_empty() && !select.few => self.page_first(select),
            _ => self.at_once(select),
        }
    }

    fn at_once(mut self, select: &Select) -> Result<Statement, SqlError> {
        self.out.push_str("SELECT ");
        self.limit_before(select)?;
        let mut names = self.columns(select)?;
        for (index, key) in select.order.iter().enumerate() {
            self.selected(self.key_of(&key.expr), sort_key(index), &mut names)?;
        }
        self.total(select, &mut names)?;
        self.line("FROM ");
        self.from(&select.source, select.joins | select.page_joins)?;
        self.rows(select)?;
        self.statement(names)
    }

    /// The page's keys are found first, and its rows read by them. Engines sort whole rows: read at once, every
    /// row that holds the filter would be fetched, joined with its lookups and carried through the sort,
    /// to be left out behind the limit; what a row is found and ordered by often comes from an index.
    ///
    /// The join is LEFT: a row that goes between the two halves still says where the page ended.
    fn page_first(mut self, select: &Select) -> Result<Statement, SqlError> {
        let table = &select.source.table;
        let page = free_alias(&select.source);
        self.out.push_str("SELECT ");
        let mut names = self.columns(select)?;
        for index in 0..select.order.len() {
            self.separate(&names);
            let name = sort_key(index);
            self.column(&page, &name);
            self.named(name, &mut names);
        }
        self.total(select, &mut names)?;
        self.line("FROM (SELECT ");
        self.indent = 2;
        self.limit_before(select)?;
        let mut found = Vec::new();
        for (index, name) in select.source.key.iter().enumerate() {
            self.separate(&found);
            self.column(&table.alias, name);
            self.named(row_key(index), &mut found);
        }
        for (index, key) in select.order.iter().enumerate() {
            self.selected(self.key_of(&key.expr), sort_key(index), &mut found)?;
        }
        self.line("FROM ");
        self.from(&select.source, select.page_joins)?;
        self.rows(select)?;
        self.indent = 0;
        self.out.push_str(") AS ");
        self.identifier(&page);
        self.line("  LEFT JOIN ");
        self.table(table)?;
        for (index, name) in select.source.key.iter().enumerate() {
            self.out.push_str(if index == 0 { " ON " } else { " AND " });
            self.column(&table.alias, name);
            self.out.push_str(" = ");
            self.column(&page, &row_key(index));
        }
        self.joins(&select.source.joins, select.joins)?;
        for (index, key) in select.order.iter().enumerate() {
            match index {
                0 => self.line("ORDER BY "),
                _ => self.out.push_str(", "),
            }
            let name = self.spelled(|writer| {
                writer.column(&page, &sort_key(index));
                Ok(())
            })?;
            self.sorted(&key.expr, &name, false);
            self.direction(key);
        }
        self.statement(names)
    }

    /// Which rows, in which order, and how many.
    fn rows(&mut self, select: &Select) -> Result<(), SqlError> {
        self.conditions(
            &[&select.source.rows, &select.filter, &select.after],
            Before::Line,
        )?;
        self.order(&select.order)?;
        if let Some(limit) = select.limit {
            let marker = self.limit_slot(limit)?;
            if let Some(clause) = self.spelling.limit_after(&marker) {
                self.line(&clause);
            }
        }
        Ok(())
    }

    fn limit_before(&mut self, select: &Select) -> Result<(), SqlError> {
        if let Some(limit) = select.limit {
            let marker = self.limit_slot(limit)?;
            self.spelling.limit_before(&mut self.out, &marker);
        }
        Ok(())
    }

    fn columns(&mut self, select: &Select) -> Result<Vec<String>, SqlError> {
        let mut names = Vec::with_capacity(select.columns.len() + select.order.len() + 1);
        for (index, expr) in select.columns.iter().enumerate() {
            let name = column_name(expr, index, &names, self.spelling.longest_name());
            self.selected(expr, name, &mut names)?;
        }
        Ok(names)
    }

    /// The total, as the last column; a select of nothing selects `1`.
    fn total(&mut self, select: &Select, names: &mut Vec<String>) -> Result<(), SqlError> {
        if select.total {
            self.separate(names);
            self.out.push_str("(SELECT COUNT(*) FROM ");
            self.from(&select.source, select.filter_joins)?;
            self.conditions(&[&select.source.rows, &select.filter], Before::Blank)?;
            self.out.push(')');
            self.named("total".to_owned(), names);
        }
        if names.is_empty() {
            self.out.push('1');
        }
        Ok(())
    }

    fn statement(self, names: Vec<String>) -> Result<Statement, SqlError> {
        let (text, markers) = match self.spelling.is_positional() {
            true => marker::positional(&self.out, &self.markers),
            false => (self.out, self.markers),
        };
        let (count, limit) = (markers.len(), self.dialect.most_values());
        if count > limit {
            return Err(SqlError::TooManyValues { count, limit });
        }
        Ok(Statement {
            text: Arc::from(text),
            markers: markers.into(),
            columns: names.into(),
            catalogue: None,
        })
    }

    fn count(mut self, select: &Select) -> Result<Statement, SqlError> {
        self.out.push_str("SELECT COUNT(*) AS ");
        self.identifier("total");
        self.line("FROM ");
        self.from(&select.source, select.filter_joins)?;
        self.conditions(&[&select.source.rows, &select.filter], Before::Line)?;
        self.statement(vec!["total".to_owned()])
    }

    /// The rows of a child table for a page of parents.
    pub(super) fn children(mut self, select: &ChildSelect) -> Result<Statement, SqlError> {
        let mut names = Vec::new();
        self.out.push_str("SELECT ");
        for (index, (key, _)) in select.child.on.iter().enumerate() {
            self.selected(key, format!("parent{}", index + 1), &mut names)?;
        }
        for (index, expr) in select.columns.iter().enumerate() {
            let name = column_name(expr, index, &names, self.spelling.longest_name());
            self.selected(expr, name, &mut names)?;
        }
        self.line("FROM ");
        self.table(&select.child.table)?;
        self.joins(&select.child.joins, select.joins)?;
        self.conditions(&[&select.parents, &select.child.filter], Before::Line)?;
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
        self.order(&order)?;
        self.statement(names)
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
        if expr.sql_type().is_text() {
            let operand = self.spelled(|writer| writer.expr(expr))?;
            self.spelling
                .read(&mut self.out, &operand, text_behind(expr));
        } else {
            self.expr(expr)?;
        }
        self.named(name, names);
        Ok(())
    }

    fn named(&mut self, name: String, names: &mut Vec<String>) {
        self.out.push_str(" AS ");
        self.identifier(&name);
        names.push(name);
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

    fn slot(&mut self, slot: Slot, beside: Beside<'_>) {
        let number = self.marked(slot, beside);
        self.spelling.marker(&mut self.out, number, slot.ty, beside);
    }

    fn limit_slot(&mut self, slot: Slot) -> Result<String, SqlError> {
        self.spelled(|writer| {
            let number = writer.marked(slot, Beside::default());
            writer
                .spelling
                .limit_marker(&mut writer.out, number, slot.ty);
            Ok(())
        })
    }

    /// Takes a marker in, and gives its number.
    fn marked(&mut self, slot: Slot, beside: Beside<'_>) -> u16 {
        let mut marker = Marker {
            is_pattern: beside.is_pattern,
            fit: self.spelling.fit(slot.ty, beside),
            ..Marker::new(slot.index, slot.ty)
        };
        if self.spelling.is_positional() {
            let number = u16::try_from(self.markers.len()).unwrap_or(u16::MAX);
            self.markers.push(marker);
            return number;
        }
        let place = usize::from(slot.index);
        for index in self.markers.len()..=place {
            // Of a value that the text does not name.
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            self.markers.push(Marker::new(index, SqlType::NVarChar(0)));
        }
        // Named in several places, one of which takes the value as it is: they share what is bound.
        let named = &self.markers[place];
        if named.ty == marker.ty && named.fit != marker.fit {
            marker.fit = Fit::AsIs;
        }
        self.markers[place] = marker;
        slot.index
    }

    /// A text literal of the mapping.
    fn literal(&mut self, text: &str) {
        match self.spelling.is_positional() {
            true => self
                .spelling
                .literal(&mut self.out, &marker::no_place(text)),
            false => self.spelling.literal(&mut self.out, text),
        }
    }

    fn identifier(&mut self, name: &str) {
        let (open, close) = self.spelling.quotes();
        self.out.push(open);
        for c in name.chars() {
            // No name has a NUL, which marks a place.
            if c == '\0' {
                continue;
            }
            if c == close {
                self.out.push(close);
            }
            self.out.push(c);
        }
        self.out.push(close);
    }

    fn column(&mut self, alias: &str, name: &str) {
        self.identifier(alias);
        self.out.push('.');
        self.identifier(name);
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
            self.line("  LEFT JOIN ");
            self.table(&join.table)?;
            self.out.push_str(" ON ");
            self.predicate(&join.on)?;
        }
        Ok(())
    }

    fn conditions(&mut self, parts: &[&Predicate], before: Before) -> Result<(), SqlError> {
        let mut first = true;
        for part in parts.iter().filter(|part| ***part != Predicate::True) {
            match (first, before) {
                (true, Before::Line) => self.line("WHERE "),
                (true, Before::Blank) => self.out.push_str(" WHERE "),
                (false, _) => self.line("  AND "),
            }
            first = false;
            match part {
                Predicate::And(list) => {
                    let between = format!("\n{}  AND ", " ".repeat(self.indent));
                    self.list(list, &between)?;
                }
                Predicate::Or(_) => self.grouped(part)?,
                other => self.predicate(other)?,
            }
        }
        Ok(())
    }

    fn order(&mut self, order: &[Order]) -> Result<(), SqlError> {
        for (index, key) in order.iter().enumerate() {
            // SQL Server refuses to sort by the same twice; the second time it decides nothing.
            if order[..index].iter().any(|known| known.expr == key.expr) {
                continue;
            }
            match index {
                0 => self.line("ORDER BY "),
                _ => self.out.push_str(", "),
            }
            self.sort_key(&key.expr)?;
            self.direction(key);
        }
        Ok(())
    }

    fn direction(&mut self, key: &Order) {
        if key.descending {
            self.out.push_str(" DESC");
        }
    }
}

/// The name of a sort key's column.
fn sort_key(index: usize) -> String {
    format!("key{}", index + 1)
}

/// The name, within a page, of a column of its table's key.
fn row_key(index: usize) -> String {
    format!("row{}", index + 1)
}

/// `page`, or what no table of the source is called.
fn free_alias(source: &Source) -> String {
    let taken = |name: &str| {
        let is = |alias: &str| alias.eq_ignore_ascii_case(name);
        is(&source.table.alias) || source.joins.iter().any(|join| is(&join.table.alias))
    };
    let mut name = "page".to_owned();
    while taken(&name) {
        name.push('_');
    }
    name
}

/// `p_SURNAME` for a column, else `c3`; never the same twice, and never longer than a name may be.
fn column_name(expr: &Expr, index: usize, taken: &[String], longest: usize) -> String {
    let mut name = match expr {
        Expr::Column(column) => format!("{}_{}", column.alias, column.name),
        _ => format!("c{}", index + 1),
    };
    if name.len() > longest || taken.contains(&name) {
        let number = format!("_{}", index + 1);
        let mut length = longest.saturating_sub(number.len()).min(name.len());
        while !name.is_char_boundary(length) {
            length -= 1;
        }
        name.truncate(length);
        name.push_str(&number);
    }
    name
}
