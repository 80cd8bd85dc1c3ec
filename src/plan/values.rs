//! The bound values of a plan, in the order of their slots.

use std::ops::Range;

use crate::relation::{Expr, Slot, SqlType, Value};

#[derive(Debug)]
pub(super) struct Values {
    list: Vec<(Value, SqlType)>,
    /// Where the values of the parameter at hand begin.
    from: usize,
    /// Where the next one is looked for first.
    next: usize,
}

/// A search of a few parameters needs no more.
const EXPECTED: usize = 16;
/// How many values of a parameter are looked through for an equal one.
const LOOKED_THROUGH: usize = 16;

impl Default for Values {
    fn default() -> Self {
        Values {
            list: Vec::with_capacity(EXPECTED),
            from: 0,
            next: 0,
        }
    }
}

impl Values {
    /// The next parameter's values begin here. Only within a parameter are equal values one: across
    /// parameters the text of a command would tell, by its markers, which of a caller's values are equal.
    pub(super) fn next_parameter(&mut self) {
        self.from = self.list.len();
        self.next = self.from;
    }

    /// Takes a value in and gives its slot; a value that the parameter has bound before, with another of its
    /// columns, is bound once. Slots are counted in 16 bits; the limits on a request's values keep far below
    /// that.
    pub(super) fn slot(&mut self, value: Value, ty: SqlType) -> Slot {
        let end = self.list.len().min(self.from + LOOKED_THROUGH);
        self.among(self.from..end, value, ty)
    }

    /// The slot of a value that is looked for where the last one was followed up, and then in `places`.
    fn among(&mut self, places: Range<usize>, value: Value, ty: SqlType) -> Slot {
        let is_it = |place: &usize| {
            self.list
                .get(*place)
                .is_some_and(|(known, of)| *of == ty && *known == value)
        };
        // Column after column the values come in the same order, so it mostly is the next.
        let place = std::iter::once(self.next)
            .chain(places)
            .find(is_it)
            .unwrap_or_else(|| {
                self.list.push((value, ty));
                self.list.len() - 1
            });
        self.next = place + 1;
        Slot {
            index: u16::try_from(place).unwrap_or(u16::MAX),
            ty,
        }
    }

    pub(super) fn expr(&mut self, value: Value, ty: SqlType) -> Expr {
        Expr::Slot(self.slot(value, ty))
    }

    /// A list for `IN`, filled up to a length that repeats (1, 2, 4, 8, …) by its last value.
    pub(super) fn list(&mut self, values: Vec<Value>, ty: SqlType) -> Vec<Expr> {
        // An empty list stays empty: there is nothing to fill it with.
        let missing = values.len().next_power_of_two() - values.len();
        let fill = values.last().cloned();
        let mut list: Vec<Expr> = values
            .into_iter()
            .map(|value| self.expr(value, ty))
            .collect();
        // What fills it up is bound once more: with the slot of the last value the text would tell the length.
        for value in fill.into_iter().cycle().take(missing) {
            list.push(Expr::Slot(self.among(0..0, value, ty)));
        }
        list
    }

    pub(super) fn into_inner(self) -> Vec<Value> {
        self.list.into_iter().map(|(value, _)| value).collect()
    }
}
