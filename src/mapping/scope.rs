//! The names that a source's texts may use: aliases, their columns, and conditions over them.
//!
//! Takes what [`fragment`] has read; gives expressions and predicates over checked columns. Each column of a source is
//! made once and shared, since plans compare columns by identity. What an expression uses is noted in
//! [`Uses`], because rules depend on it: which rows it belongs to, and whether a column is optional.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::diagnostic::{At, Problem, suggest};
use super::fragment::{self, ColumnName, Condition, Operand, Part, Unreadable};
use super::load::Options;
use super::schema::{Schema, unknown_column};
use super::yaml::{Node, Span, get, locate};
use super::{raw, rules, shape};
use crate::relation::{
    Collation, Column, CompareOp, Expr, Like, Predicate, RawSql, Shared, SqlType, Table,
    TableSource,
};

/// Which command reads an alias's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// The source's own, with its lookups.
    Source,
    /// A child's, by its place; with its lookups.
    Child(usize),
}

/// A table under an alias.
#[derive(Debug)]
pub(super) struct Alias {
    pub table: Arc<str>,
    pub rows: Rows,
    /// The place among the lookups of the source or of the child.
    pub lookup: Option<usize>,
    /// Where it is given.
    pub span: Span,
    /// A lookup that cannot be made at this site, because an optional column of its condition is missing.
    pub missing: bool,
}

/// A column, or a fragment in its place.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub expr: Expr,
    pub ty: SqlType,
}

/// What expressions have used.
#[derive(Debug, Default)]
pub(super) struct Uses {
    pub rows: Vec<Rows>,
    /// Aliases, without repeats.
    pub aliases: Vec<Arc<str>>,
    /// The first optional column.
    pub optional: Option<Span>,
    /// A column that this site does not have.
    pub missing: bool,
}

impl Uses {
    fn add(&mut self, alias: &Arc<str>, rows: Rows) {
        if !self.aliases.contains(alias) {
            self.aliases.push(Arc::clone(alias));
        }
        if !self.rows.contains(&rows) {
            self.rows.push(rows);
        }
    }

    /// The child whose columns are used.
    pub fn child(&self) -> Option<usize> {
        self.rows.iter().find_map(|rows| match rows {
            Rows::Child(child) => Some(*child),
            Rows::Source => None,
        })
    }
}

/// A text of the file that is being read as a fragment.
#[derive(Clone, Copy)]
pub(super) struct Text<'n> {
    pub node: &'n Node,
}

/// The names of one source.
pub(super) struct Scope<'a> {
    pub at: At<'a>,
    pub schema: &'a Schema,
    pub options: &'a Options,
    pub aliases: BTreeMap<Arc<str>, Alias>,
    columns: RefCell<FxHashMap<(Arc<str>, Arc<str>), Shared<Column>>>,
}

impl<'a> Scope<'a> {
    pub fn new(at: At<'a>, schema: &'a Schema, options: &'a Options) -> Scope<'a> {
        Scope {
            at,
            schema,
            options,
            aliases: BTreeMap::new(),
            columns: RefCell::default(),
        }
    }

    /// Reports what a fragment's grammar could not read.
    pub fn unreadable(&self, node: &Node, what: &str, unreadable: &Unreadable) {
        let span = locate(self.at.text(), node, unreadable.at..unreadable.at + 1);
        let expected = unreadable.expected.join(" or ");
        let mut problem = Problem::new(
            &rules::CONDITION_SYNTAX,
            &span,
            format!("{what} cannot be read"),
        )
        .label(format!("expected {expected}"));
        if unreadable.expected.contains(&"`.` and a column's name") {
            problem = problem.help("a column is written with its alias: `p.SURNAME`");
        }
        self.at.report(problem);
    }

    /// Declares an alias.
    pub fn declare(&mut self, name: &str, alias: Alias) -> Option<Arc<str>> {
        if let Some(first) = self.aliases.get(name) {
            self.at.report(
                Problem::new(
                    &rules::DUPLICATE_ALIAS,
                    &alias.span,
                    format!("the alias `{}` is used twice", shape::clip(name)),
                )
                .label("again here")
                .related(&first.span, "first here"),
            );
            return None;
        }
        let name: Arc<str> = Arc::from(name);
        self.aliases.insert(Arc::clone(&name), alias);
        Some(name)
    }

    /// The declared name of a table.
    pub fn table_name(&self, node: &Node, table: &Part<String>) -> Option<Arc<str>> {
        if let Some(info) = self.schema.tables.get(table.value.as_str()) {
            return Some(Arc::clone(&info.name));
        }
        let span = locate(self.at.text(), node, table.span.clone());
        let names = self.schema.tables.keys().map(|name| &**name);
        self.at.report(
            Problem::new(
                &rules::UNKNOWN_TABLE,
                &span,
                format!("the table `{}` is not declared", shape::clip(&table.value)),
            )
            .maybe_help(suggest(&table.value, names, "declared are"))
            .note(
                "tables are declared under `tables:`, with their key and the columns that are used",
            ),
        );
        None
    }

    /// A declared table under an alias, as commands name it.
    pub fn relation(&self, alias: &Arc<str>, table: &Arc<str>) -> Table {
        let derived = self
            .schema
            .tables
            .get(table)
            .and_then(|info| info.derived.clone());
        Table {
            alias: Arc::clone(alias),
            source: match derived {
                Some(sql) => TableSource::Derived(sql),
                None => TableSource::Named(Arc::clone(table)),
            },
        }
    }

    /// The column of a name. None where it is unknown (reported) or missing at this site (noted).
    fn resolve(
        &self,
        name: &ColumnName,
        span: &dyn Fn(Span) -> Span,
        uses: &mut Uses,
    ) -> Option<Operation> {
        let Some((alias_name, alias)) = self.aliases.get_key_value(name.alias.value.as_str())
        else {
            let known = self.aliases.keys().map(|name| &**name);
            self.at.report(
                Problem::new(
                    &rules::UNKNOWN_ALIAS,
                    &span(name.alias.span.clone()),
                    format!(
                        "no table has the alias `{}`",
                        shape::clip(&name.alias.value)
                    ),
                )
                .maybe_help(suggest(&name.alias.value, known, "aliases here are")),
            );
            return None;
        };
        let table = self.schema.tables.get(&alias.table)?;
        let Some(column) = table.columns.get(name.column.value.as_str()) else {
            let columns = table.columns.keys().map(|name| &**name);
            unknown_column(
                self.at,
                &span(name.column.span.clone()),
                &name.column.value,
                columns,
            );
            return None;
        };
        uses.add(alias_name, alias.rows);
        if column.optional {
            uses.optional
                .get_or_insert_with(|| span(name.alias.span.start..name.column.span.end));
            if self.options.is_missing(&table.name, &column.name) {
                uses.missing = true;
            }
        }
        uses.missing |= alias.missing;
        let key = (Arc::clone(alias_name), Arc::clone(&column.name));
        let mut columns = self.columns.borrow_mut();
        let shared = columns.entry(key).or_insert_with(|| {
            Shared::new(Column {
                alias: Arc::clone(alias_name),
                name: Arc::clone(&column.name),
                ty: column.ty,
                collation: column.collation.clone(),
                // A lookup that finds nothing gives NULL for all its columns.
                nullable: column.nullable || alias.lookup.is_some(),
            })
        });
        Some(Operation {
            expr: Expr::Column(shared.clone()),
            ty: column.ty,
        })
    }

    /// A column that the loader itself needs: of an alias that is declared, by a name of its table.
    pub fn own_column(&self, alias: &Arc<str>, column: &Arc<str>) -> Option<Operation> {
        let part = |value: &Arc<str>| Part {
            value: value.to_string(),
            span: 0..0,
        };
        let name = ColumnName {
            alias: part(alias),
            column: part(column),
        };
        self.resolve(&name, &|span| span, &mut Uses::default())
    }

    /// The column of a name that a text of the file holds.
    pub fn column_of(&self, node: &Node, name: &ColumnName, uses: &mut Uses) -> Option<Operation> {
        self.resolve(name, &|range| locate(self.at.text(), node, range), uses)
    }

    /// A column: `p.X`, or a fragment with its type, `{ sql: …, type: …, collation: … }`.
    pub fn operation(&self, node: &Node, uses: &mut Uses) -> Option<Operation> {
        if let Some(pairs) = node.as_map() {
            shape::only(
                self.at,
                pairs,
                &["sql", "type", "collation"],
                "a column that is a SQL fragment",
            );
            return self.raw_operation(node, pairs, uses);
        }
        let text = shape::text(self.at, node, "a column")?;
        match fragment::column(text) {
            Ok(name) => self.resolve(&name, &|range| locate(self.at.text(), node, range), uses),
            Err(unreadable) => {
                self.unreadable(node, "the column", &unreadable);
                None
            }
        }
    }

    /// The fragment of a mapping with `sql:`, `type:` and perhaps `collation:`.
    pub fn raw_operation(
        &self,
        node: &Node,
        pairs: &[super::yaml::Pair],
        uses: &mut Uses,
    ) -> Option<Operation> {
        let help = "the fragment's text for each dialect: `sql: { mssql: \"…\" }`";
        let sql = shape::required(self.at, pairs, "sql", &node.span, "the fragment", help);
        let help = "the SQL type of its value: `type: varchar(40)`";
        let ty = shape::required(self.at, pairs, "type", &node.span, "the fragment", help);
        let ty = super::schema::sql_type(self.at, ty?)?;
        let collation = match get(pairs, "collation") {
            Some(pair) => super::schema::collation(self.at, &pair.value),
            None => self.schema.manifest.collation.clone(),
        };
        let collation = collation.filter(|_| ty.is_text());
        let raw = self.raw(sql?, ty, collation, uses)?;
        Some(Operation {
            expr: Expr::Raw(raw),
            ty,
        })
    }

    fn raw(
        &self,
        sql: &Node,
        ty: SqlType,
        collation: Option<Arc<Collation>>,
        uses: &mut Uses,
    ) -> Option<Shared<RawSql>> {
        let fragment = raw::fragment(self.at, sql, self.schema.manifest.engine)?;
        let mut own = Uses::default();
        let mut whole = true;
        for (name, span) in &fragment.columns {
            whole &= self.resolve(name, &|_| span.clone(), &mut own).is_some();
        }
        for alias in &own.aliases {
            if let Some(info) = self.aliases.get(alias) {
                uses.add(alias, info.rows);
            }
        }
        uses.missing |= own.missing;
        uses.optional = uses.optional.take().or(own.optional);
        whole.then(|| {
            Shared::new(RawSql {
                text: fragment.text,
                ty,
                collation,
                aliases: own.aliases,
            })
        })
    }

    /// A condition: text, a list that must all hold, or `{ sql: … }`.
    pub fn condition(&self, node: &Node, what: &str, uses: &mut Uses) -> Option<Predicate> {
        match &node.value {
            super::yaml::Value::List(entries) => {
                let parts: Vec<_> = entries
                    .iter()
                    .map(|entry| self.condition(entry, what, uses))
                    .collect();
                Some(Predicate::all(
                    parts.into_iter().collect::<Option<Vec<_>>>()?,
                ))
            }
            super::yaml::Value::Map(pairs) => {
                shape::only(self.at, pairs, &["sql"], what);
                let help = "a condition is text (`p.A = 1`), a list of these, or `{ sql: { mssql: \"…\" } }`";
                let sql = shape::required(self.at, pairs, "sql", &node.span, what, help)?;
                // A condition has no type of its own; the nearest is the type of a truth value.
                Some(Predicate::Raw(self.raw(sql, SqlType::Bit, None, uses)?))
            }
            super::yaml::Value::Scalar(_) => {
                let text = shape::text(self.at, node, what)?;
                match fragment::condition(text) {
                    Ok(condition) => self.predicate(Text { node }, &condition, uses),
                    Err(unreadable) => {
                        self.unreadable(node, what, &unreadable);
                        None
                    }
                }
            }
        }
    }

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
                    .map(|part| self.literal(&span, ty, part))
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
                let found = self.resolve(name, span, uses)?;
                Some((found.expr, found.ty))
            }
            Operand::Bits(name, mask) => {
                let found = self.resolve(name, span, uses)?;
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
                Some(Predicate::Compare(self.literal(span, ty, left)?, op, right))
            }
            (_, true) => {
                let (left, ty) = self.operand(span, left, uses)?;
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

    /// A literal that a column of that type is compared with.
    fn literal(
        &self,
        span: &dyn Fn(Span) -> Span,
        ty: SqlType,
        literal: &Part<Operand>,
    ) -> Option<Expr> {
        let refuse = |help: &str| {
            self.at.report(
                Problem::new(
                    &rules::COMPARED_TYPES,
                    &span(literal.span.clone()),
                    format!("a column of type `{ty}` is compared with this"),
                )
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

fn family(ty: SqlType) -> Family {
    match ty {
        _ if ty.is_text() => Family::Text,
        _ if ty.is_number() => Family::Number,
        _ if ty.has_day() => Family::Day,
        SqlType::UniqueIdentifier => Family::Guid,
        _ => Family::Other,
    }
}
