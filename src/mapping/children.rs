//! Children of a source: 1:n tables, whose rows become entries of lists.
//!
//! Takes `children:`; declares the aliases of the children and of their lookups, then compiles
//! their conditions. A child's rows are read by a command of their own, so that only `on` may name
//! the source.

use std::sync::Arc;

use super::diagnostic::Problem;
use super::fragment::{self, ColumnName, Condition, Operand, OrderBy};
use super::relate::{Lookups, MOST};
use super::scope::{Alias, Rows, Scope, Text, Uses};
use super::vocabulary::{self, names};
use super::yaml::{Node, Pair, Span, Value, get, locate};
use super::{rules, shape};
use crate::relation::{Child, CompareOp, Expr, Order, Predicate};

/// A child that is declared and not yet compiled.
pub(super) struct DeclaredChild<'n> {
    name: Arc<str>,
    alias: Arc<str>,
    table: Arc<str>,
    /// Where conditions and order stand, with the syntax where one text holds them all.
    on: (&'n Node, Condition),
    filter: Option<(&'n Node, Option<Condition>)>,
    order: Option<(&'n Node, Vec<OrderBy>)>,
    lookups: Lookups<'n>,
}

impl DeclaredChild<'_> {
    pub fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }
}

impl Scope<'_> {
    /// Declares the aliases of `children:` and of their lookups.
    pub fn declare_children<'n>(&mut self, node: Option<&'n Node>) -> Vec<DeclaredChild<'n>> {
        let mut list = Vec::new();
        let pairs = node.and_then(|node| shape::map(self.at, node, "`children:`"));
        self.blind |= node.is_some() && pairs.is_none();
        let pairs = pairs.unwrap_or_default();
        if let Some(pair) = pairs.get(MOST) {
            self.at.report(
                Problem::new(
                    &rules::TOO_MANY_LOOKUPS,
                    &pair.key_span,
                    format!("{} children, and there may be {MOST}", pairs.len()),
                )
                .label("the first that is too many")
                .help(
                    "entries may share a child: each says with `if:` which of its rows it is for",
                ),
            );
            self.blind = true;
        }
        for pair in pairs.iter().take(MOST) {
            let declared = self.declare_child(pair, list.len());
            self.blind |= declared.is_none();
            list.extend(declared);
        }
        list
    }

    fn declare_child<'n>(&mut self, pair: &'n Pair, place: usize) -> Option<DeclaredChild<'n>> {
        let node = &pair.value;
        let (table_node, table, on, filter, order, lookups) = match &node.value {
            Value::Map(pairs) => {
                shape::only(self.at, pairs, &names(&vocabulary::CHILD), "a child");
                self.blind |= shape::is_misspelt(self.at, pairs, "lookups");
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
                        if let Value::List(columns) = &pair.value.value {
                            self.order_is_text(&pair.value, columns);
                            return None;
                        }
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
        let name = self.table_name(table_node, &table.table);
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
        let lookups = self.declare_lookups(lookups, rows);
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

    /// Reports an order that is a list, as most that has several parts is.
    fn order_is_text(&self, node: &Node, columns: &[Node]) {
        let columns: Vec<_> = columns.iter().filter_map(Node::as_text).collect();
        let text = match columns.is_empty() {
            true => "e.KIND desc, e.RECORDID".to_owned(),
            false => shape::clip(&columns.join(", ")),
        };
        let help = format!("write it as after `order by`: `order: {text}`");
        shape::wrong_but(self.at, node, "text", "the child's order", Some(help));
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
        let joins = self.joins(&declared.lookups, rows);
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
}
