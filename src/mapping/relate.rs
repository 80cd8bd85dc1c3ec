//! Lookups and children of a source → joins and child tables.
//!
//! Takes `lookups:` and `children:`; declares their aliases, then compiles their conditions. Lookups are put in an order in
//! which each refers to earlier ones only, whatever their order in the file; that a lookup finds one row at most is
//! checked against the key of its table.

use std::sync::Arc;

use super::diagnostic::Problem;
use super::fragment::{self, ColumnName, Condition, Operand, OrderBy};
use super::scope::{Alias, Rows, Scope, Text, Uses};
use super::yaml::{Node, Pair, Span, Value, get, locate};
use super::{rules, shape};
use crate::relation::{Child, CompareOp, Expr, Join, Order, Predicate, Shared};

/// How many lookups a source or child may have, and how many children a source: joins are bits of 64.
const MOST: usize = 60;

/// A lookup that is declared and not yet compiled.
struct Declared<'n> {
    alias: Arc<str>,
    table: Arc<str>,
    /// The place of the condition, and its syntax; None for a fragment in SQL.
    node: &'n Node,
    syntax: Option<Condition>,
    span: &'n Span,
}

/// A child that is declared and not yet compiled.
pub(super) struct DeclaredChild<'n> {
    name: Arc<str>,
    alias: Arc<str>,
    table: Arc<str>,
    /// Where conditions and order stand, with the syntax where one text holds them all.
    on: (&'n Node, Condition),
    filter: Option<(&'n Node, Option<Condition>)>,
    order: Option<(&'n Node, Vec<OrderBy>)>,
    lookups: Vec<Declared<'n>>,
}

impl DeclaredChild<'_> {
    pub fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }
}

/// The lookups of a source or child, declared.
pub(super) struct Lookups<'n>(Vec<Declared<'n>>);

impl Scope<'_> {
    /// Declares the aliases of `lookups:`.
    pub fn declare_lookups<'n>(&mut self, node: Option<&'n Node>, rows: Rows) -> Lookups<'n> {
        let mut list = Vec::new();
        let pairs = node
            .and_then(|node| shape::map(self.at, node, "`lookups:`"))
            .unwrap_or_default();
        if let Some(pair) = pairs.get(MOST) {
            self.at.report(Problem::new(
                &rules::TOO_MANY_LOOKUPS,
                &pair.key_span,
                format!("{} lookups, and there may be {MOST}", pairs.len()),
            ));
        }
        for pair in pairs.iter().take(MOST) {
            list.extend(self.declare_lookup(pair, rows, list.len()));
        }
        Lookups(list)
    }

    fn declare_lookup<'n>(
        &mut self,
        pair: &'n Pair,
        rows: Rows,
        place: usize,
    ) -> Option<Declared<'n>> {
        self.is_alias(&pair.key, &pair.key_span)?;
        let (table, node, syntax) = match &pair.value.value {
            Value::Map(pairs) => {
                shape::only(self.at, pairs, &["table", "on"], "a lookup");
                let required = |key, help| {
                    shape::required(self.at, pairs, key, &pair.key_span, "the lookup", help)
                };
                let table = required("table", "the table to look in: `table: SEX`")?;
                let on = required("on", "how its row is found: `on: sex.SEXCODE = p.SEXCODE`")?;
                let text = shape::text(self.at, table, "the lookup's table")?;
                let name = match fragment::table(text) {
                    Ok(name) if name.alias.is_none() => name,
                    Ok(_) => {
                        shape::wrong(
                            self.at,
                            table,
                            "a table's name alone (the key is the alias)",
                            "a lookup's `table:`",
                        );
                        return None;
                    }
                    Err(unreadable) => {
                        self.unreadable(table, "the table", &unreadable);
                        return None;
                    }
                };
                let table = self.table_name(table, &name.table)?;
                let syntax = match on.as_text().map(fragment::condition) {
                    None => None,
                    Some(Ok(syntax)) => Some(syntax),
                    Some(Err(unreadable)) => {
                        self.unreadable(on, "the lookup's condition", &unreadable);
                        return None;
                    }
                };
                (table, on, syntax)
            }
            _ => {
                let text = shape::text(self.at, &pair.value, "a lookup")?;
                match fragment::lookup(text) {
                    Ok(lookup) => (
                        self.table_name(&pair.value, &lookup.table)?,
                        &pair.value,
                        Some(lookup.on),
                    ),
                    Err(unreadable) => {
                        self.unreadable(&pair.value, "the lookup", &unreadable);
                        return None;
                    }
                }
            }
        };
        let alias = self.declare(
            &pair.key,
            Alias {
                table: Arc::clone(&table),
                rows,
                lookup: Some(place),
                span: pair.key_span.clone(),
                missing: false,
            },
        )?;
        Some(Declared {
            alias,
            table,
            node,
            syntax,
            span: &pair.key_span,
        })
    }

    /// An alias is a plain name, since it is written before a dot.
    pub fn is_alias(&self, name: &str, span: &Span) -> Option<()> {
        let plain =
            fragment::column(&format!("{name}.X")).is_ok_and(|column| column.alias.value == name);
        if !plain {
            self.at.report(
                Problem::new(
                    &rules::INVALID_VALUE,
                    span,
                    format!("`{}` cannot be an alias", shape::clip(name)),
                )
                .help("an alias is made of letters, digits and `_`, and begins with a letter"),
            );
        }
        plain.then_some(())
    }

    /// Declared lookups → joins, each after those that it refers to.
    pub fn joins(&mut self, lookups: &Lookups<'_>, rows: Rows) -> Vec<Shared<Join>> {
        let lookups = &lookups.0;
        // What each refers to is found first, for the order; conditions are compiled once, here.
        let mut compiled = Vec::new();
        for lookup in lookups {
            let mut uses = Uses::default();
            let predicate = match &lookup.syntax {
                Some(syntax) => self.predicate(Text { node: lookup.node }, syntax, &mut uses),
                None => self.condition(lookup.node, "the lookup's condition", &mut uses),
            };
            let Some(on) = predicate else { continue };
            if let Some(other) = uses.rows.iter().find(|used| **used != rows) {
                self.foreign(lookup.node, *other);
                continue;
            }
            self.covers_key(lookup, &uses);
            let needs: Vec<usize> = lookups
                .iter()
                .enumerate()
                .filter(|(_, other)| {
                    uses.aliases.contains(&other.alias) && other.alias != lookup.alias
                })
                .map(|(place, _)| place)
                .collect();
            compiled.push((lookup, on, needs, uses.missing));
        }
        self.order(lookups, compiled)
    }

    /// Puts lookups in order and gives each its place, or reports a circle.
    fn order<'n>(
        &mut self,
        lookups: &[Declared<'n>],
        mut waiting: Vec<(&Declared<'n>, Predicate, Vec<usize>, bool)>,
    ) -> Vec<Shared<Join>> {
        let mut joins: Vec<Shared<Join>> = Vec::new();
        // Where each lookup of the file stands among the joins.
        let mut places: Vec<Option<u8>> = vec![None; lookups.len()];
        let known: Vec<Arc<str>> = waiting
            .iter()
            .map(|(lookup, ..)| Arc::clone(&lookup.alias))
            .collect();
        loop {
            let ready = waiting
                .iter()
                .position(|(_, _, needs, _)| needs.iter().all(|need| places[*need].is_some()));
            let Some(ready) = ready else { break };
            let (lookup, on, needs, missing) = waiting.remove(ready);
            // At most 60.
            let index = u8::try_from(joins.len()).unwrap_or(u8::MAX);
            let bits = needs
                .iter()
                .filter_map(|need| places[*need])
                .filter_map(|place| joins.get(usize::from(place)))
                .fold(1u64 << index.min(63), |bits, join| bits | join.needs);
            let missing = missing
                || needs
                    .iter()
                    .any(|need| self.is_missing(&lookups[*need].alias));
            if let Some(alias) = self.aliases.get_mut(&lookup.alias) {
                alias.lookup = Some(usize::from(index));
                alias.missing = missing;
            }
            if let Some(place) = lookups.iter().position(|other| other.alias == lookup.alias) {
                places[place] = Some(index);
            }
            // A join that cannot be made keeps its place and is never asked for: nothing that uses it is left.
            let on = if missing { Predicate::False } else { on };
            let table = self.relation(&lookup.alias, &lookup.table);
            joins.push(Shared::new(Join {
                table,
                on,
                index,
                needs: bits,
            }));
        }
        for (lookup, _, needs, _) in &waiting {
            // One that waits for a lookup with a problem of its own has none itself.
            if needs
                .iter()
                .all(|need| known.contains(&lookups[*need].alias))
            {
                let others: Vec<_> = needs
                    .iter()
                    .map(|need| format!("`{}`", lookups[*need].alias))
                    .collect();
                self.at.report(
                    Problem::new(
                        &rules::CYCLIC_LOOKUPS,
                        lookup.span,
                        format!("the lookup `{}` cannot be joined", lookup.alias),
                    )
                    .note(format!(
                        "it needs {}, which in the end needs it",
                        others.join(" and ")
                    )),
                );
            }
        }
        joins
    }

    fn is_missing(&self, alias: &Arc<str>) -> bool {
        self.aliases.get(alias).is_some_and(|alias| alias.missing)
    }

    fn foreign(&self, node: &Node, other: Rows) {
        let (message, help) = match other {
            Rows::Source => (
                "a child's lookup or condition refers to the source",
                "a child's rows are read by a command of their own: only its `on` may name the source",
            ),
            Rows::Child(_) => (
                "this refers to a child",
                "a child has many rows; only its own `where`, order and lookups may name it",
            ),
        };
        self.at
            .report(Problem::new(&rules::MIXED_ROWS, &node.span, message).help(help));
    }

    /// Warns where a lookup's condition leaves a column of the table's key open.
    fn covers_key(&self, lookup: &Declared<'_>, uses: &Uses) {
        let Some(table) = self.schema.tables.get(&lookup.table) else {
            return;
        };
        let mut fixed = Vec::new();
        match &lookup.syntax {
            Some(syntax) => fixed_columns(syntax, &lookup.alias, &mut fixed),
            // What SQL of its own fixes cannot be seen.
            None => return,
        }
        let open: Vec<_> = table
            .key
            .iter()
            .filter(|key| !fixed.contains(&&***key))
            .collect();
        if open.is_empty() || uses.missing {
            return;
        }
        let names: Vec<_> = open
            .iter()
            .map(|key| format!("`{}.{key}`", lookup.alias))
            .collect();
        self.at.report(
            Problem::new(
                &rules::LOOKUP_MULTIPLIES,
                lookup.span,
                format!("the lookup `{}` may find more than one row", lookup.alias),
            )
            .label(format!("{} is not compared", names.join(", ")))
            .help(format!(
                "compare the whole key of `{}` with `=`, or declare as its key what is unique in it",
                lookup.table
            )),
        );
    }

    /// Declares the aliases of `children:` and of their lookups.
    pub fn declare_children<'n>(&mut self, node: Option<&'n Node>) -> Vec<DeclaredChild<'n>> {
        let mut list = Vec::new();
        let pairs = node
            .and_then(|node| shape::map(self.at, node, "`children:`"))
            .unwrap_or_default();
        if let Some(pair) = pairs.get(MOST) {
            self.at.report(Problem::new(
                &rules::TOO_MANY_LOOKUPS,
                &pair.key_span,
                format!("{} children, and there may be {MOST}", pairs.len()),
            ));
        }
        for pair in pairs.iter().take(MOST) {
            list.extend(self.declare_child(pair, list.len()));
        }
        list
    }

    fn declare_child<'n>(&mut self, pair: &'n Pair, place: usize) -> Option<DeclaredChild<'n>> {
        let node = &pair.value;
        let (table_node, table, on, filter, order, lookups) = match &node.value {
            Value::Map(pairs) => {
                shape::only(
                    self.at,
                    pairs,
                    &["table", "on", "where", "order", "lookups"],
                    "a child",
                );
                let required = |key, help| {
                    shape::required(self.at, pairs, key, &pair.key_span, "the child", help)
                };
                let table = required("table", "the child's table: `table: EMAIL as e`");
                let on = required(
                    "on",
                    "which of its rows belong: `on: e.INTERNALID = p.INTERNALID`",
                );
                let (table, on) = (table?, on?);
                let read = shape::text(self.at, table, "the child's table")?;
                let name = self.read(table, "the child's table", fragment::table(read))?;
                let read = shape::text(self.at, on, "the child's `on:`")?;
                let condition = self.read(on, "the child's `on:`", fragment::condition(read))?;
                let order = match get(pairs, "order") {
                    Some(pair) => {
                        let read = shape::text(self.at, &pair.value, "the child's order")?;
                        Some((
                            &pair.value,
                            self.read(&pair.value, "the child's order", fragment::order(read))?,
                        ))
                    }
                    None => None,
                };
                let filter = get(pairs, "where").map(|pair| (&pair.value, None));
                (
                    table,
                    name,
                    (on, condition),
                    filter,
                    order,
                    get(pairs, "lookups").map(|pair| &pair.value),
                )
            }
            _ => {
                let text = shape::text(self.at, node, "a child")?;
                let child = self.read(node, "the child", fragment::child(text))?;
                let filter = child.filter.map(|filter| (node, Some(filter)));
                let order = (!child.order.is_empty()).then_some((node, child.order));
                (node, child.table, (node, child.on), filter, order, None)
            }
        };
        let name = self.table_name(table_node, &table.table)?;
        let (alias, span) = match &table.alias {
            Some(alias) => (
                alias.value.as_str(),
                locate(self.at.text(), table_node, alias.span.clone()),
            ),
            None => (pair.key.as_str(), pair.key_span.clone()),
        };
        self.is_alias(alias, &span)?;
        let rows = Rows::Child(place);
        let alias = self.declare(
            alias,
            Alias {
                table: Arc::clone(&name),
                rows,
                lookup: None,
                span,
                missing: false,
            },
        )?;
        let lookups = self.declare_lookups(lookups, rows).0;
        Some(DeclaredChild {
            name: Arc::from(pair.key.as_str()),
            alias,
            table: name,
            on,
            filter,
            order,
            lookups,
        })
    }

    fn read<T>(
        &self,
        node: &Node,
        what: &str,
        result: Result<T, fragment::Unreadable>,
    ) -> Option<T> {
        result
            .map_err(|unreadable| self.unreadable(node, what, &unreadable))
            .ok()
    }

    /// A declared child → the child table. The names of all children are declared before.
    pub fn child(&mut self, declared: DeclaredChild<'_>, place: usize) -> Option<Child> {
        let rows = Rows::Child(place);
        let lookups = Lookups(declared.lookups);
        let joins = self.joins(&lookups, rows);
        let (node, condition) = declared.on;
        let mut on = Vec::new();
        self.pairs(node, &condition, &declared.alias, &mut on)?;
        let mut uses = Uses::default();
        let filter = match declared.filter {
            Some((node, Some(syntax))) => self.predicate(Text { node }, &syntax, &mut uses)?,
            Some((node, None)) => self.condition(node, "`where:`", &mut uses)?,
            None => Predicate::True,
        };
        self.not_optional(&uses);
        if let Some(other) = uses.rows.iter().find(|used| **used != rows) {
            self.foreign(node, *other);
            return None;
        }
        let mut order = Vec::new();
        if let Some((node, list)) = declared.order {
            for by in list {
                order.push(Order {
                    expr: self.order_column(node, by.column, rows)?,
                    descending: by.descending,
                });
            }
        }
        // The rows of a child come in the same order every time.
        let key = self
            .schema
            .tables
            .get(&declared.table)
            .map(|table| table.key.clone())
            .unwrap_or_default();
        for column in &key {
            let expr = self.own_column(&declared.alias, column)?.expr;
            if order.iter().all(|by| by.expr != expr) {
                order.push(Order {
                    expr,
                    descending: false,
                });
            }
        }
        let table = self.relation(&declared.alias, &declared.table);
        Some(Child {
            name: declared.name,
            table,
            on,
            filter,
            order,
            joins,
        })
    }

    fn order_column(&self, node: &Node, name: ColumnName, rows: Rows) -> Option<Expr> {
        let mut uses = Uses::default();
        let found = self.column_of(node, &name, &mut uses)?;
        if let Some(other) = uses.rows.iter().find(|used| **used != rows) {
            self.foreign(node, *other);
            return None;
        }
        self.not_optional(&uses);
        Some(found.expr)
    }

    /// A child's `on` → pairs of a column of the child and a column of the source.
    fn pairs(
        &self,
        node: &Node,
        condition: &Condition,
        alias: &Arc<str>,
        pairs: &mut Vec<(Expr, Expr)>,
    ) -> Option<()> {
        let refuse = |span: &Span| {
            self.at.report(
                Problem::new(
                    &rules::CHILD_ON,
                    span,
                    "a child's `on` compares its columns with the source's, with `=`",
                )
                .help(format!(
                    "`on {alias}.… = …`; other conditions go to `where`"
                )),
            );
            None
        };
        match condition {
            Condition::And(parts) => {
                for part in parts {
                    self.pairs(node, part, alias, pairs)?;
                }
                Some(())
            }
            Condition::Compare {
                left,
                op: CompareOp::Eq,
                right,
            } => {
                let mut uses = Uses::default();
                let predicate = self.predicate(Text { node }, condition, &mut uses)?;
                self.not_optional(&uses);
                let own = |operand: &Operand| matches!(operand, Operand::Column(name) if name.alias.value == **alias);
                let other = |operand: &Operand| {
                    matches!(operand, Operand::Column(name)
                    if self.aliases.get(name.alias.value.as_str()).is_some_and(|alias| alias.rows == Rows::Source))
                };
                let span = locate(self.at.text(), node, left.span.start..right.span.end);
                match predicate {
                    Predicate::Compare(a, _, b) if own(&left.value) && other(&right.value) => {
                        pairs.push((a, b))
                    }
                    Predicate::Compare(a, _, b) if own(&right.value) && other(&left.value) => {
                        pairs.push((b, a))
                    }
                    _ => return refuse(&span),
                }
                Some(())
            }
            _ => refuse(&node.span),
        }
    }

    /// Reports an optional column where rows are decided.
    pub fn not_optional(&self, uses: &Uses) {
        if let Some(span) = &uses.optional {
            self.at.report(
                Problem::new(
                    &rules::OPTIONAL_COLUMN,
                    span,
                    "an optional column decides which rows there are",
                )
                .help("declare it without `optional`, or use it in elements only"),
            );
        }
    }
}

/// The columns of an alias that a condition compares with something else by `=`, whatever the row.
fn fixed_columns<'c>(condition: &'c Condition, alias: &str, fixed: &mut Vec<&'c str>) {
    match condition {
        Condition::And(parts) => parts
            .iter()
            .for_each(|part| fixed_columns(part, alias, fixed)),
        Condition::Compare {
            left,
            op: CompareOp::Eq,
            right,
        } => {
            let own = |operand: &'c Operand| match operand {
                Operand::Column(name) if name.alias.value == alias => {
                    Some(name.column.value.as_str())
                }
                _ => None,
            };
            match (own(&left.value), own(&right.value)) {
                (Some(column), None) | (None, Some(column)) => fixed.push(column),
                _ => {}
            }
        }
        _ => {}
    }
}
