//! Lookups of a source or of a child → joins.
//!
//! Takes `lookups:`; declares their aliases, then compiles their conditions. Lookups are put in an
//! order in which each refers to earlier ones only, whatever their order in the file; that a lookup
//! finds one row at most is checked against the key of its table.

use std::sync::Arc;

use super::diagnostic::Problem;
use super::fragment::{self, Condition, Operand};
use super::scope::{Alias, Rows, Scope, Text, Uses};
use super::vocabulary::{self, names};
use super::yaml::{Node, Pair, Span, Value};
use super::{rules, shape};
use crate::relation::{CompareOp, Join, Predicate, Shared};

/// How many lookups a source or child may have, and how many children a source: joins are bits of 64.
pub(super) const MOST: usize = 60;

/// A lookup that is declared and not yet compiled.
struct Declared<'n> {
    alias: Arc<str>,
    table: Arc<str>,
    /// The place of the condition, and its syntax; None for a fragment in SQL.
    node: &'n Node,
    syntax: Option<Condition>,
    span: &'n Span,
}

/// The lookups of a source or child, declared.
pub(super) struct Lookups<'n>(Vec<Declared<'n>>);

impl Scope<'_> {
    /// Declares the aliases of `lookups:`.
    pub fn declare_lookups<'n>(&mut self, node: Option<&'n Node>, rows: Rows) -> Lookups<'n> {
        let mut list = Vec::new();
        let pairs = node.and_then(|node| shape::map(self.at, node, "`lookups:`"));
        self.blind |= node.is_some() && pairs.is_none();
        let pairs = pairs.unwrap_or_default();
        if let Some(pair) = pairs.get(MOST) {
            self.at.report(
                Problem::new(
                    &rules::TOO_MANY_LOOKUPS,
                    &pair.key_span,
                    format!("{} lookups, and there may be {MOST}", pairs.len()),
                )
                .label("the first that is too many")
                .help(
                    "rows of one table that differ by their kind are one child, under `children:`",
                ),
            );
            self.blind = true;
        }
        for pair in pairs.iter().take(MOST) {
            let declared = self.declare_lookup(pair, rows, list.len());
            self.blind |= declared.is_none();
            list.extend(declared);
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
                shape::only(self.at, pairs, &names(&vocabulary::LOOKUP), "a lookup");
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
                let table = self.table_name(table, &name.table);
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
                        self.table_name(&pair.value, &lookup.table),
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
                .help(match fragment::is_keyword(name) {
                    true => "it is a word of conditions, as `and` is: choose another name",
                    false => {
                        "an alias is made of letters, digits and `_`, and begins with a letter"
                    }
                }),
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
            // A join that cannot be made keeps its place and is never asked for: nothing that uses
            // it is left.
            let on = if missing { Predicate::False } else { on };
            let table = self.relation(&lookup.alias, &lookup.table);
            joins.push(Shared::new(Join {
                table,
                on,
                index,
                needs: bits,
            }));
        }
        self.circles(lookups, &waiting);
        joins
    }

    /// Reports the circles among the lookups that could not be joined, each once. One that waits for a lookup with
    /// a problem of its own, or for a circle that it is not part of, has none itself.
    fn circles<'n>(
        &self,
        lookups: &[Declared<'n>],
        waiting: &[(&Declared<'n>, Predicate, Vec<usize>, bool)],
    ) {
        let place = |alias: &Arc<str>| {
            waiting
                .iter()
                .position(|(lookup, ..)| lookup.alias == *alias)
        };
        let mut seen = vec![false; waiting.len()];
        for start in 0..waiting.len() {
            let mut path: Vec<usize> = Vec::new();
            let mut next = Some(start);
            while let Some(here) = next.filter(|here| !seen[*here]) {
                seen[here] = true;
                path.push(here);
                next = waiting[here]
                    .2
                    .iter()
                    .find_map(|need| place(&lookups[*need].alias));
            }
            let circle = next.and_then(|end| path.iter().position(|here| *here == end));
            if let Some(circle) = circle {
                let circle: Vec<_> = path[circle..].iter().map(|it| waiting[*it].0).collect();
                self.circle(&circle);
            }
        }
    }

    fn circle(&self, circle: &[&Declared<'_>]) {
        let Some((first, others)) = circle.split_first() else {
            return;
        };
        let names: Vec<_> = circle
            .iter()
            .map(|lookup| format!("`{}`", lookup.alias))
            .collect();
        let mut problem = Problem::new(
            &rules::CYCLIC_LOOKUPS,
            first.span,
            format!(
                "the lookups {} refer to each other in a circle",
                names.join(", ")
            ),
        )
        .label(format!("needs `{}`", others.first().unwrap_or(first).alias))
        .help("the condition of one of them must do without the others");
        for (place, lookup) in others.iter().enumerate() {
            let next = others.get(place + 1).unwrap_or(first);
            problem = problem.related(lookup.span, format!("needs `{}`", next.alias));
        }
        self.at.report(problem);
    }

    fn is_missing(&self, alias: &Arc<str>) -> bool {
        self.aliases.get(alias).is_some_and(|alias| alias.missing)
    }

    /// Reports a condition that names an alias of other rows.
    pub fn foreign(&self, node: &Node, other: Rows) {
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
pub(super) fn fixed_columns<'c>(condition: &'c Condition, alias: &str, fixed: &mut Vec<&'c str>) {
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
