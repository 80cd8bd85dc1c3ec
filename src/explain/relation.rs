//! The relational part of a plan as a person reads it: expressions in a line, predicates as a tree.
//!
//! It is no SQL and belongs to no dialect: it says what is compared with what, as the plan has it, with
//! `$1` for the first of the command's parameters.

use super::tree::Tree;
use crate::relation::{
    Among, AmongFrom, Arithmetic, Case, CaseKey, Expr, Join, Like, Measured, Order, Predicate,
    RawSql, Table, TableSource,
};

/// An expression in one line.
pub(super) fn expr(expr: &Expr) -> String {
    match expr {
        Expr::Column(column) => format!("{}.{}", column.alias, column.name),
        Expr::Slot(slot) => format!("${}", u32::from(slot.index) + 1),
        Expr::Int(number) => number.to_string(),
        Expr::Text(text) => quoted(text),
        Expr::Coalesce(parts) => format!("first({})", exprs(parts)),
        Expr::NullIf(inner, literal) => {
            format!("{} unless {}", self::expr(inner), self::expr(literal))
        }
        Expr::Digits(inner) => format!("digits({})", self::expr(inner)),
        Expr::Fold(inner) => format!("fold({})", self::expr(inner)),
        Expr::Exact(inner) => format!("exact({})", self::expr(inner)),
        Expr::Trim(inner) => format!("trim({})", self::expr(inner)),
        Expr::BitAnd(inner, mask) => format!("({} & {mask})", self::expr(inner)),
        Expr::Arithmetic(left, op, right) => {
            let op = match op {
                Arithmetic::Add => '+',
                Arithmetic::Subtract => '-',
                Arithmetic::Multiply => '×',
                Arithmetic::Divide => '÷',
            };
            format!("({} {op} {})", self::expr(left), self::expr(right))
        }
        Expr::Substring(inner, from, length) => {
            format!("substring({}, {from}, {length})", self::expr(inner))
        }
        Expr::Concat(parts) => format!("concat({})", exprs(parts)),
        Expr::Cast(inner, ty) => format!("cast({} as {ty})", self::expr(inner)),
        Expr::Measured(inner, Measured::Number) => format!("number({})", self::expr(inner)),
        Expr::Measured(inner, Measured::Comparator) => {
            format!("comparator({})", self::expr(inner))
        }
        Expr::Test(inner) => format!("test({})", predicate_line(inner)),
        Expr::When(predicate, inner) => {
            format!("when({}, {})", predicate_line(predicate), self::expr(inner))
        }
        Expr::Case(case) => {
            let Case {
                subject,
                when,
                otherwise,
                absent,
            } = &**case;
            let mut cases: Vec<String> = when
                .iter()
                .map(|(key, result)| {
                    let key = match key {
                        CaseKey::Int(number) => number.to_string(),
                        CaseKey::Text(text) => quoted(text),
                    };
                    format!("{key}: {}", quoted(result))
                })
                .collect();
            cases.extend(
                otherwise
                    .iter()
                    .map(|result| format!("else: {}", quoted(result))),
            );
            cases.extend(
                absent
                    .iter()
                    .map(|result| format!("NULL: {}", quoted(result))),
            );
            format!("case({}; {})", self::expr(subject), cases.join(", "))
        }
        Expr::DaysTo(inner, slot) => {
            format!(
                "days({} to {})",
                self::expr(inner),
                self::expr(&Expr::Slot(*slot))
            )
        }
        Expr::Raw(raw) => self::raw(raw),
    }
}

/// Expressions in one line, joined by commas.
pub(super) fn exprs(list: &[Expr]) -> String {
    list.iter().map(expr).collect::<Vec<_>>().join(", ")
}

/// A predicate, its ANDs and ORs with their parts below them.
pub(super) fn predicate(predicate: &Predicate) -> Tree {
    match predicate {
        Predicate::And(parts) => Tree::line("AND").with(parts.iter().map(self::predicate)),
        Predicate::Or(parts) => Tree::line("OR").with(parts.iter().map(self::predicate)),
        Predicate::Not(inner) => Tree::line("NOT").with([self::predicate(inner)]),
        Predicate::Exists {
            child,
            joins,
            filter,
        } => Tree::line(format!("EXISTS {}", table(&child.table)))
            .with(joins.iter().map(|join| self::join(join)))
            .with(child_conditions(&child.on, &child.filter))
            .with(self::conditions(filter)),
        Predicate::Among { expr, of } => {
            let (from, always) = among(of);
            let how = match &of.elsewhere {
                None if of.by_row => "for each row ",
                None => "",
                Some(_) => "asked first in another database: ",
            };
            Tree::line(format!(
                "{how}{} IN {} OF {from}",
                self::expr(expr),
                self::expr(&of.key)
            ))
            .with(conditions(always))
            .with(conditions(&of.filter))
        }
        leaf => Tree::line(predicate_line(leaf)),
    }
}

/// The parts of a predicate that all must hold; none where it always does.
pub(super) fn conditions(predicate: &Predicate) -> Vec<Tree> {
    match predicate {
        Predicate::True => Vec::new(),
        Predicate::And(parts) => parts.iter().map(self::predicate).collect(),
        other => vec![self::predicate(other)],
    }
}

/// How the rows of a child table are found: by their parents, and what else they must hold.
pub(super) fn child_conditions(on: &[(Expr, Expr)], filter: &Predicate) -> Vec<Tree> {
    on.iter()
        .map(|(key, parent)| Tree::line(format!("{} = {}", expr(key), expr(parent))))
        .chain(conditions(filter))
        .collect()
}

/// `SEX as sex`, and below it what it is joined on.
pub(super) fn join(join: &Join) -> Tree {
    Tree::keyed(
        "join",
        format!("{} on {}", table(&join.table), predicate_line(&join.on)),
    )
}

/// `PATIENTS as p`
pub(super) fn table(table: &Table) -> String {
    let name = match &table.source {
        TableSource::Named(name) => name,
        TableSource::Derived(_) => "(a table of the mapping's own SQL)",
    };
    format!("{name} as {}", table.alias)
}

/// `p.SURNAME descending`
pub(super) fn order(order: &Order) -> String {
    let direction = if order.descending { " descending" } else { "" };
    format!("{}{direction}", expr(&order.expr))
}

fn predicate_line(predicate: &Predicate) -> String {
    let list = |parts: &[Predicate]| {
        parts
            .iter()
            .map(predicate_line)
            .collect::<Vec<_>>()
            .join(", ")
    };
    match predicate {
        Predicate::True => "always".to_owned(),
        Predicate::False => "never".to_owned(),
        Predicate::And(parts) => format!("AND({})", list(parts)),
        Predicate::Or(parts) => format!("OR({})", list(parts)),
        Predicate::Not(inner) => format!("NOT({})", predicate_line(inner)),
        Predicate::Compare(left, op, right) => {
            format!("{} {} {}", expr(left), op.sign(), expr(right))
        }
        Predicate::Key(left, op, slot) => {
            format!(
                "{} {} {} in the order of the page",
                expr(left),
                op.sign(),
                expr(&Expr::Slot(*slot))
            )
        }
        Predicate::In {
            expr,
            list,
            negated,
        } => format!("{} {}in ({})", self::expr(expr), not(*negated), exprs(list)),
        Predicate::IsNull { expr, negated } => {
            format!("{} is {}NULL", self::expr(expr), not(*negated))
        }
        Predicate::Present(inner) => format!("{} is there", expr(inner)),
        Predicate::Like {
            expr,
            pattern,
            negated,
        } => {
            let pattern = match pattern {
                Like::Slot(slot) => self::expr(&Expr::Slot(*slot)),
                Like::Text(text) => quoted(text),
            };
            format!("{} {}like {pattern}", self::expr(expr), not(*negated))
        }
        Predicate::IsDate { text, layout, .. } => {
            format!("{} is a date {layout}", expr(text))
        }
        Predicate::Exists { child, filter, .. } => {
            format!(
                "EXISTS({}, {})",
                table(&child.table),
                predicate_line(filter)
            )
        }
        Predicate::Among { expr, of } => {
            let (from, _) = among(of);
            let key = self::expr(&of.key);
            let filter = predicate_line(&of.filter);
            format!("{} in {key} of {from}({filter})", self::expr(expr))
        }
        Predicate::Raw(raw) => self::raw(raw),
    }
}

/// The table that values come from, and what each of its rows holds.
fn among(of: &Among) -> (String, &Predicate) {
    match &of.from {
        AmongFrom::Source(source) => (table(&source.table), &source.rows),
        AmongFrom::Child(child) => (table(&child.table), &child.filter),
    }
}

const fn not(negated: bool) -> &'static str {
    if negated { "not " } else { "" }
}

fn quoted(text: &str) -> String {
    format!("'{text}'")
}

/// A fragment of the mapping, in the first dialect that it is written for, its lines joined.
fn raw(raw: &RawSql) -> String {
    let text = raw.text.first().map_or("", |(_, text)| text);
    let words: Vec<&str> = text.split_whitespace().collect();
    format!("sql({})", words.join(" "))
}
