//! Conditions on what lies in another of the site's databases.
//!
//! A command runs in one database. Where a chain or `_has` leads into another, what it goes by is asked there first, and
//! the values that come back are put into the plan in its place: `patient.family=smith` is then a list of patients. What
//! lies within such a condition and is elsewhere again is asked before it.

use crate::relation::{Among, Expr, Predicate, SqlType, Value};

use super::include::AcrossSelect;
use super::values::Values;
use super::{Part, reference, token};

/// Values that a condition may bring from another database, at the most; fewer where a command takes no more.
pub const MOST_ELSEWHERE: usize = 1000;
/// Rows of a table that are read for them: several may have the same.
pub const MOST_ROWS: usize = 100_000;
/// Values that may stand twice in a command.
const FEW: usize = 64;

/// What is asked of another database, and then of no other.
#[derive(Debug)]
pub struct Ask {
    /// A select whose last column is the value.
    pub select: AcrossSelect,
    /// Slot n takes the value at place n.
    pub values: Vec<Value>,
}

impl Part {
    /// What has to be asked of another database next; None where the part's own command can be written.
    pub fn asks_elsewhere(&mut self) -> Option<Ask> {
        while let Some(Predicate::Among { of, .. }) = innermost(&mut self.select.filter) {
            // What cannot hold need not be asked.
            if of.filter == Predicate::False {
                self.settle(&[], 0);
                continue;
            }
            let catalogue = of.elsewhere.as_ref()?.catalogue.clone();
            let mut select = AcrossSelect::of(Among::clone(of), catalogue);
            let mut values = Values::after(self.values.clone());
            if let AcrossSelect::Source(select) = &mut select {
                // One more, which tells that there are more.
                let most = i64::try_from(MOST_ROWS).unwrap_or(i64::MAX - 1) + 1;
                select.limit = Some(values.slot(&Value::Int(most), SqlType::Int));
                select.few = true;
            }
            return Some(Ask {
                select,
                values: values.into_inner(),
            });
        }
        None
    }

    /// Puts the values that came back, each once and as an id is written, in the place of what was asked. False where the
    /// command would take more than `most` values for them.
    pub fn settle(&mut self, found: &[&str], most: usize) -> bool {
        let mut values = Values::after(std::mem::take(&mut self.values));
        let mut fits = true;
        if let Some(place) = innermost(&mut self.select.filter) {
            let settled = match place {
                Predicate::Among { expr, .. } => {
                    let ty = reference::id_type(expr);
                    let list = found.iter().flat_map(|id| token::raw_values(id, ty));
                    let list: Vec<Value> = list.collect();
                    fits = list.len() <= most;
                    if self.select.total && list.len() > FEW {
                        self.select.total = false;
                        self.counted_apart = true;
                    }
                    listed(expr, ty, list, most, &mut values)
                }
                _ => Predicate::False,
            };
            *place = settled;
        }
        self.values = values.into_inner();
        let filter = std::mem::replace(&mut self.select.filter, Predicate::True);
        self.select.filter = simplified(filter);
        fits
    }

    /// Puts one value in the place of what was asked, which stands for those that would come.
    pub fn settle_with_stand_in(&mut self) {
        let ty = match innermost(&mut self.select.filter) {
            Some(Predicate::Among { expr, .. }) => reference::id_type(expr),
            _ => SqlType::Int,
        };
        let id = match ty {
            SqlType::UniqueIdentifier => "00000000-0000-0000-0000-000000000000",
            _ => "0",
        };
        self.settle(&[id], 1);
    }
}

/// The expression has one of the values, in a list of a length that repeats.
fn listed(
    expr: &Expr,
    ty: SqlType,
    list: Vec<Value>,
    most: usize,
    values: &mut Values,
) -> Predicate {
    if list.len() < 2 || reference::minds_blanks(expr) {
        return reference::is_any(expr, ty, list, values);
    }
    let wanted = list.len().next_power_of_two().min(most.max(list.len()));
    Predicate::In {
        expr: expr.clone(),
        list: values.list_of(&list, ty, wanted),
        negated: false,
    }
}

/// The first condition on another database that has none within it.
fn innermost(predicate: &mut Predicate) -> Option<&mut Predicate> {
    let is_it = |of: &Among| of.elsewhere.is_some() && !of.filter.asks_elsewhere();
    if matches!(predicate, Predicate::Among { of, .. } if is_it(of)) {
        return Some(predicate);
    }
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter_mut().find_map(innermost),
        Predicate::Not(inner) | Predicate::Exists { filter: inner, .. } => innermost(inner),
        Predicate::Among { of, .. } => innermost(&mut of.filter),
        _ => None,
    }
}

/// Without the parts that decide nothing any more.
fn simplified(predicate: Predicate) -> Predicate {
    match predicate {
        Predicate::And(parts) => Predicate::all(parts.into_iter().map(simplified)),
        Predicate::Or(parts) => Predicate::any(parts.into_iter().map(simplified)),
        Predicate::Not(inner) => simplified(*inner).negate(),
        Predicate::Exists {
            child,
            joins,
            filter,
        } => match simplified(*filter) {
            Predicate::False => Predicate::False,
            filter => Predicate::Exists {
                child,
                joins,
                filter: Box::new(filter),
            },
        },
        Predicate::Among { expr, mut of } => {
            of.filter = simplified(std::mem::replace(&mut of.filter, Predicate::True));
            match of.filter == Predicate::False && of.elsewhere.is_none() {
                true => Predicate::False,
                false => Predicate::Among { expr, of },
            }
        }
        leaf => leaf,
    }
}
