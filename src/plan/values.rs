//! The bound values of a plan, in the order of their slots.

use crate::relation::{Expr, Slot, SqlType, Value};

#[derive(Debug, Default)]
pub(super) struct Values(Vec<Value>);

impl Values {
    /// Takes a value in and gives its slot. Slots are counted in 16 bits; the limits on a request's values
    /// keep far below that.
    pub(super) fn slot(&mut self, value: Value, ty: SqlType) -> Slot {
        let index = u16::try_from(self.0.len()).unwrap_or(u16::MAX);
        self.0.push(value);
        Slot { index, ty }
    }

    pub(super) fn expr(&mut self, value: Value, ty: SqlType) -> Expr {
        Expr::Slot(self.slot(value, ty))
    }

    /// A list for `IN`, filled up to a length that repeats (1, 2, 4, 8, …) by its last value.
    pub(super) fn list(&mut self, values: Vec<Value>, ty: SqlType) -> Vec<Expr> {
        // An empty list stays empty: there is nothing to fill it with.
        let wanted = values.len().next_power_of_two();
        let fill = values.last().cloned();
        let missing = wanted - values.len();
        values
            .into_iter()
            .chain(fill.into_iter().cycle().take(missing))
            .map(|value| self.expr(value, ty))
            .collect()
    }

    pub(super) fn into_inner(self) -> Vec<Value> {
        self.0
    }
}
