//! What a row of another table need not be asked, since the row that it refers to is known to hold it.
//!
//! A patient's record is served while the patient is: each of its tables looks the patient up. Where the search is
//! for live patients who have such a row, the patient that the row belongs to is the one that is asked for.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::relation::{Among, AmongFrom, CompareOp, Expr, Join, Joins, Predicate, Shared, Source};

/// Sources with fewer conditions, by the source, the one that its rows refer to, and by what. Each is made once, so
/// that the plan of a search is the same each time; there are no more than the mapping has references.
#[derive(Default)]
pub(super) struct Reduced(Mutex<FxHashMap<Reference, Option<Shared<Source>>>>);

/// The source of the rows, the one that they refer to, and by what.
type Reference = (Shared<Source>, Shared<Source>, Expr);

impl Reduced {
    /// Leaves out of the rows that refer to `outer` by its id what the rows of `outer` hold anyway, and the lookups
    /// that it took to tell. `joins` are those that the conditions of the request need.
    pub(super) fn leave_out(
        &self,
        among: &mut Among,
        outer: &Shared<Source>,
        id: &Expr,
        joins: u64,
    ) {
        let AmongFrom::Source(from) = &among.from else {
            return;
        };
        let key = (from.clone(), outer.clone(), among.key.clone());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reduced = known
            .entry(key)
            .or_insert_with(|| reduced(from, &among.key, outer, id).map(Shared::new));
        if let Some(reduced) = reduced.clone() {
            let own = Joins::of_source(&reduced);
            among.joins = joins
                | own.of_predicate(&reduced.rows)
                | own.of_expr(&among.key)
                | own.of_predicate(&among.filter);
            among.from = AmongFrom::Source(reduced);
        }
    }
}

/// The source without the conditions that the row it refers to holds; None where there are none.
fn reduced(from: &Source, key: &Expr, outer: &Source, id: &Expr) -> Option<Source> {
    let (Expr::Column(key), Expr::Column(id)) = (key, id) else {
        return None;
    };
    if key.alias != from.table.alias || id.alias != outer.table.alias {
        return None;
    }
    // The lookups that give the row of `outer` itself.
    let same: Vec<&Arc<str>> = from
        .joins
        .iter()
        .filter(|join| {
            join.table.source == outer.table.source
                && belongs(join, (&key.alias, &key.name), &id.name)
        })
        .map(|join| &join.table.alias)
        .collect();
    let known = parts(&outer.rows);
    let is_known = |part: &&Predicate| {
        known.iter().any(|other| {
            same.iter()
                .any(|alias| is_renamed(part, alias, other, &outer.table.alias))
        })
    };
    let (left_out, left): (Vec<&Predicate>, Vec<&Predicate>) =
        parts(&from.rows).into_iter().partition(is_known);
    (!left_out.is_empty()).then(|| Source {
        rows: Predicate::all(left.into_iter().cloned()),
        ..from.clone()
    })
}

fn parts(predicate: &Predicate) -> Vec<&Predicate> {
    match predicate {
        Predicate::And(parts) => parts.iter().collect(),
        Predicate::True => Vec::new(),
        alone => vec![alone],
    }
}

/// The lookup is of the row whose id is the value of the column `(alias, name)`, and on no other condition.
fn belongs(join: &Join, of: (&Arc<str>, &Arc<str>), id: &Arc<str>) -> bool {
    let Predicate::Compare(Expr::Column(left), CompareOp::Eq, Expr::Column(right)) = &join.on
    else {
        return false;
    };
    [(left, right), (right, left)].iter().any(|(own, other)| {
        own.alias == join.table.alias && own.name == *id && (&other.alias, &other.name) == of
    })
}

/// The same plain condition, each on its own alias.
fn is_renamed(one: &Predicate, alias: &str, other: &Predicate, other_alias: &str) -> bool {
    match (one, other) {
        (
            Predicate::Compare(Expr::Column(left), op, value),
            Predicate::Compare(Expr::Column(right), other_op, other_value),
        ) => {
            matches!(value, Expr::Int(_) | Expr::Text(_))
                && *left.alias == *alias
                && *right.alias == *other_alias
                && left.name == right.name
                && op == other_op
                && value == other_value
        }
        _ => false,
    }
}
