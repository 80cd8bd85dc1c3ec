//! The walk over a select that writes its text.

use std::sync::Arc;

use super::spelling::Spelling;
use super::{SqlError, Statement};
use crate::relation::{
    Arithmetic, Case, CaseKey, Child, ChildSelect, Collation, Column, CompareOp, Dialect, Expr,
    Join, Like, Order, Predicate, RawSql, Select, Slot, Source, SqlType, Table, TableSource,
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
fn text_of(expr: &Expr) -> Option<(Option<&Arc<Collation>>, Option<SqlType>)> {
    match expr {
        Expr::Raw(raw) => raw
            .ty
            .is_text()
            .then_some((raw.collation.as_ref(), Some(raw.ty))),
        other => {
            let column = column_of(other)?;
            column
                .ty
                .is_text()
                .then_some((column.collation.as_ref(), Some(column.ty)))
        }
    }
}

fn is_time(expr: &Expr) -> bool {
    match expr {
        Expr::Raw(raw) => raw.ty.has_day(),
        other => column_of(other).is_some_and(|column| column.ty.has_day()),
    }
}

/// Conditions side by side, at the most.
const GROUPED: usize = 64;

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

    /// An expression as it is compared and sorted: text under its collation.
    fn comparable(&mut self, expr: &Expr) -> Result<(), SqlError> {
        match text_of(expr) {
            Some((collation, ty)) => {
                let operand = self.spelled(|writer| writer.expr(expr))?;
                self.spelling.collated(
                    &mut self.out,
                    &operand,
                    matches!(expr, Expr::Column(_)),
                    collation.map(|collation| &**collation),
                    ty,
                );
                Ok(())
            }
            None => self.expr(expr),
        }
    }

    /// A long list is written as groups of groups: engines read `a OR b OR c …` as a tree as deep as the list
    /// is long, and bound its depth (SQLite at 1000).
    fn list(&mut self, parts: &[Predicate], between: &str) -> Result<(), SqlError> {
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
    fn grouped(&mut self, predicate: &Predicate) -> Result<(), SqlError> {
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

    fn predicate(&mut self, predicate: &Predicate) -> Result<(), SqlError> {
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
                self.comparable(expr)?;
                self.out.push_str(&format!(" {} ", operator(*op)));
                self.slot(*slot)?;
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
                        item => self.expr(item)?,
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
                self.expr(expr)?;
                self.out
                    .push_str(if *negated { " NOT LIKE " } else { " LIKE " });
                match pattern {
                    Like::Slot(slot) => {
                        self.slot(*slot)?;
                        self.out.push_str(" ESCAPE '\\'");
                    }
                    Like::Text(text) => self.spelling.literal(&mut self.out, text),
                }
            }
            Predicate::Exists {
                child,
                joins,
                filter,
            } => self.exists(child, joins, filter)?,
            Predicate::Related { source, select } => {
                self.out.push_str("EXISTS (SELECT 1 FROM ");
                self.from(source, select.filter_joins)?;
                self.conditions(&[&source.rows, &select.filter], " ")?;
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

    fn compare(&mut self, left: &Expr, op: CompareOp, right: &Expr) -> Result<(), SqlError> {
        if let (true, Expr::Slot(slot)) = (is_time(left), right) {
            let column = self.spelled(|writer| writer.expr(left))?;
            let marker = self.spelled(|writer| writer.slot(*slot))?;
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
            self.out.push_str(&format!(" {} ", operator(op)));
            return self.time_constant(inner, *ty);
        }
        self.comparable(left)?;
        self.out.push_str(&format!(" {} ", operator(op)));
        self.expr(right)
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

    fn present(&mut self, expr: &Expr) -> Result<(), SqlError> {
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
            self.conditions(&[&child.filter, filter], " ")?;
        } else {
            self.out.push_str("EXISTS (SELECT 1 FROM ");
            own(self)?;
            let on = Predicate::all(child.on.iter().map(|(key, parent)| {
                Predicate::Compare(key.clone(), CompareOp::Eq, parent.clone())
            }));
            self.conditions(&[&on, &child.filter, filter], " ")?;
        }
        self.out.push(')');
        Ok(())
    }

    fn expr(&mut self, expr: &Expr) -> Result<(), SqlError> {
        match expr {
            Expr::Column(column) => self.column(column),
            Expr::Slot(slot) => self.slot(*slot)?,
            Expr::Int(number) => self.out.push_str(&number.to_string()),
            Expr::Text(text) => self.spelling.literal(&mut self.out, text),
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
            Expr::Fold(inner) => {
                let operand = self.spelled(|writer| writer.expr(inner))?;
                self.spelling.fold(&mut self.out, &operand);
            }
            Expr::Exact(inner) => {
                let operand = self.spelled(|writer| writer.expr(inner))?;
                self.spelling.exact(&mut self.out, &operand);
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
                    _ => self.spelling.cast_row(&mut self.out, &operand, *ty),
                }
            }
            Expr::Test(predicate) => {
                self.out.push_str("CASE WHEN ");
                self.predicate(predicate)?;
                self.out.push_str(" THEN 1 ELSE 0 END");
            }
            Expr::Case(case) => {
                let Case {
                    subject,
                    when,
                    otherwise,
                    absent,
                } = &**case;
                self.out.push_str("CASE");
                for (key, result) in when {
                    self.out.push_str(" WHEN ");
                    self.comparable(subject)?;
                    self.out.push_str(" = ");
                    match key {
                        CaseKey::Int(number) => self.out.push_str(&number.to_string()),
                        CaseKey::Text(text) => self.spelling.literal(&mut self.out, text),
                    }
                    self.out.push_str(" THEN ");
                    self.spelling.literal(&mut self.out, result);
                }
                if let Some(otherwise) = otherwise {
                    self.out.push_str(" WHEN ");
                    self.present(subject)?;
                    self.out.push_str(" THEN ");
                    self.spelling.literal(&mut self.out, otherwise);
                }
                if let Some(absent) = absent {
                    self.out.push_str(" ELSE ");
                    self.spelling.literal(&mut self.out, absent);
                }
                self.out.push_str(" END");
            }
            Expr::Raw(raw) => {
                self.out.push('(');
                self.raw(raw)?;
                self.out.push(')');
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
    fn raw(&mut self, raw: &RawSql) -> Result<(), SqlError> {
        let mut rest = raw
            .for_dialect(self.dialect)
            .ok_or(SqlError::FragmentMissing(self.dialect))?;
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            self.out.push_str(before);
            match after.find('}') {
                Some(close) => {
                    for (index, part) in after[1..close].split('.').enumerate() {
                        if index > 0 {
                            self.out.push('.');
                        }
                        // `[Odd name]` may stand in brackets, as the mapping's own columns do.
                        let part = part.trim();
                        let bare = part
                            .strip_prefix('[')
                            .and_then(|part| part.strip_suffix(']'));
                        self.identifier(bare.unwrap_or(part));
                    }
                    rest = &after[close + 1..];
                }
                None => {
                    self.out.push_str(after);
                    rest = "";
                }
            }
        }
        self.out.push_str(rest);
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
