//! The names that a source's texts may use: aliases, their columns, and conditions over them.
//!
//! Takes what [`fragment`] has read; gives expressions and predicates over checked columns. Each
//! column of a source is made once and shared, since plans compare columns by identity. What an
//! expression uses is noted in [`Uses`], because rules depend on it: which rows it belongs to, and
//! whether a column is optional.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::diagnostic::{At, Problem};
use super::fragment::{self, ColumnName, Part, Unreadable};
use super::load::Options;
use super::names::suggest;
use super::schema::{Schema, unknown_column};
use super::strangers::{Home, Strangers};
use super::vocabulary::{self, names};
use super::yaml::{Node, Span, get, locate};
use super::{raw, rules, shape};
use crate::relation::{
    Collation, Column, Expr, Predicate, RawSql, Shared, SqlType, Table, TableSource,
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
    /// A lookup that cannot be made at this site, because an optional column of its condition is
    /// missing.
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
    /// The first optional column, but for those whose names are illustrative.
    pub optional: Option<Span>,
    /// The first column whose name is illustrative.
    pub illustrative: Option<Span>,
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

    /// Adds what a part of an expression has used.
    pub fn add_all(&mut self, part: Uses) {
        for alias in part.aliases {
            if !self.aliases.contains(&alias) {
                self.aliases.push(alias);
            }
        }
        for rows in part.rows {
            if !self.rows.contains(&rows) {
                self.rows.push(rows);
            }
        }
        self.optional = self.optional.take().or(part.optional);
        self.illustrative = self.illustrative.take().or(part.illustrative);
        self.missing |= part.missing;
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

/// The columns of a source that have been named, by alias and name.
type Columns = FxHashMap<(Arc<str>, Arc<str>), Shared<Column>>;

/// The names of one source.
pub(super) struct Scope<'a> {
    pub at: At<'a>,
    pub schema: &'a Schema,
    pub options: &'a Options,
    pub aliases: BTreeMap<Arc<str>, Alias>,
    /// An alias could not be read where it is declared: one that is not known has no problem of its own.
    pub blind: bool,
    /// Where `table:` stands, if it could be read.
    pub home: Option<Home>,
    strangers: Strangers,
    columns: RefCell<Columns>,
}

impl<'a> Scope<'a> {
    pub fn new(at: At<'a>, schema: &'a Schema, options: &'a Options) -> Scope<'a> {
        Scope {
            at,
            schema,
            options,
            aliases: BTreeMap::new(),
            blind: false,
            home: None,
            strangers: Strangers::default(),
            columns: RefCell::default(),
        }
    }

    /// Reports what a fragment's grammar could not read.
    pub fn unreadable(&self, node: &Node, what: &str, unreadable: &Unreadable) {
        let (before, rest) = node
            .as_text()
            .and_then(|text| text.split_at_checked(unreadable.at))
            .unwrap_or_default();
        // Where it is declared, it has been refused.
        if self.blind && fragment::names_alias(rest) {
            return;
        }
        let span = locate(self.at.text(), node, unreadable.at..unreadable.at + 1);
        let mut problem = Problem::new(
            &rules::CONDITION_SYNTAX,
            &span,
            format!("{what} cannot be read"),
        )
        .label(match unreadable.expected {
            keyword if keyword.bytes().all(|b| b.is_ascii_lowercase()) => {
                format!("expected `{keyword}`")
            }
            expected => format!("expected {expected}"),
        });
        problem = problem.maybe_help(fragment::remedy(what, unreadable.expected, before, rest));
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
                .related(&first.span, "first here")
                .help("give one of them another name; columns are written with it"),
            );
            self.blind = true;
            return None;
        }
        let name: Arc<str> = Arc::from(name);
        self.aliases.insert(Arc::clone(&name), alias);
        Some(name)
    }

    /// Reports the aliases that were used and are not declared. Asked when all of the source has been read.
    pub fn report_strangers(&self) {
        let declared = self.aliases.keys().map(|name| &**name);
        self.strangers.report(self.at, self.home.as_ref(), declared);
    }

    /// The declared name of a table. One that is not declared is reported, and keeps its name, so
    /// that its alias is known.
    pub fn table_name(&self, node: &Node, table: &Part<String>) -> Arc<str> {
        if let Some(info) = self.schema.tables.get(table.value.as_str()) {
            return Arc::clone(&info.name);
        }
        if self.schema.may_declare(&table.value) {
            return Arc::from(table.value.as_str());
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
        Arc::from(table.value.as_str())
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

    /// The columns that identify a row of a table; none of a derived one.
    pub fn key(&self, table: &Arc<str>) -> Vec<Arc<str>> {
        self.schema
            .tables
            .get(table)
            .filter(|info| info.derived.is_none())
            .map(|info| info.key.clone())
            .unwrap_or_default()
    }

    /// The column of a name. None where it is unknown (reported) or missing at this site (noted).
    pub fn resolve(
        &self,
        name: &ColumnName,
        span: &dyn Fn(Span) -> Span,
        uses: &mut Uses,
    ) -> Option<Operation> {
        let Some((alias_name, alias)) = self.aliases.get_key_value(name.alias.value.as_str())
        else {
            if !self.blind {
                self.strangers
                    .add(&name.alias.value, || span(name.alias.span.clone()));
            }
            return None;
        };
        let table = self.schema.tables.get(&alias.table)?;
        let Some(column) = table.columns.get(name.column.value.as_str()) else {
            if self.schema.is_broken(&table.name, &name.column.value) {
                return None;
            }
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
            let first = match column.illustrative {
                true => &mut uses.illustrative,
                false => &mut uses.optional,
            };
            first.get_or_insert_with(|| span(name.alias.span.start..name.column.span.end));
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

    /// Whether a text without `$` is the name of a column all the same.
    pub fn is_column(&self, text: &str) -> bool {
        // Most constants have no dot, and need no parser.
        if !text.contains('.') || text.starts_with('$') {
            return false;
        }
        fragment::column(text).is_ok_and(|name| {
            self.aliases
                .get(name.alias.value.as_str())
                .and_then(|alias| self.schema.tables.get(&alias.table))
                .is_some_and(|table| table.columns.contains_key(name.column.value.as_str()))
        })
    }

    /// The column of a name that a text of the file holds.
    pub fn column_of(&self, node: &Node, name: &ColumnName, uses: &mut Uses) -> Option<Operation> {
        self.resolve(name, &|range| locate(self.at.text(), node, range), uses)
    }

    /// A column: `p.X`, or a fragment with its type, `{ sql: …, type: …, collation: … }`.
    pub fn operation(&self, node: &Node, uses: &mut Uses) -> Option<Operation> {
        if let Some(pairs) = node.as_map() {
            if raw::is_no_fragment(pairs) {
                raw::neither_column_nor_fragment(self.at, node, pairs);
                return None;
            }
            shape::only(
                self.at,
                pairs,
                &names(&vocabulary::FRAGMENT),
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
        for used in &fragment.columns {
            if self.at.is_full() {
                return None;
            }
            let found = self.resolve(&used.name, &|_| used.span(self.at), &mut own);
            whole &= found.is_some();
        }
        for alias in &own.aliases {
            if let Some(info) = self.aliases.get(alias) {
                uses.add(alias, info.rows);
            }
        }
        uses.missing |= own.missing;
        // What a fragment says is not read: it could not be said without the column.
        uses.optional = uses.optional.take().or(own.optional).or(own.illustrative);
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
                shape::only(self.at, pairs, &names(&vocabulary::CONDITION), what);
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
}
