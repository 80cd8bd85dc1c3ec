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
    /// Goes on after values that are bound already.
    pub(super) fn after(bound: Vec<Value>) -> Values {
        // Of what type they were bound does not matter: none of them is bound again.
        let list: Vec<_> = bound.into_iter().map(|it| (it, SqlType::Int)).collect();
        Values {
            from: list.len(),
            next: list.len(),
            list,
        }
    }

    /// The next parameter's values begin here. Only within a parameter are equal values one: across
    /// parameters the text of a command would tell, by its markers, which of a caller's values are equal.
    pub(super) fn next_parameter(&mut self) {
        self.from = self.list.len();
        self.next = self.from;
    }

    /// Takes a value in and gives its slot; a value that the parameter has bound before, with another of its
    /// columns, is bound once. Slots are counted in 16 bits; the limits on a request's values keep far below
    /// that.
    pub(super) fn slot(&mut self, value: &Value, ty: SqlType) -> Slot {
        let places = self.looked_through();
        self.among(places, ty, |known| known == value)
            .unwrap_or_else(|| self.push(value.clone(), ty))
    }

    /// The slot of a text, as [`Values::slot`].
    pub(super) fn text(&mut self, text: &str, ty: SqlType) -> Slot {
        let is_it = |known: &Value| matches!(known, Value::Text(known) if known == text);
        self.among(self.looked_through(), ty, is_it)
            .unwrap_or_else(|| self.push(Value::Text(text.to_owned()), ty))
    }

    fn looked_through(&self) -> Range<usize> {
        self.from..self.list.len().min(self.from + LOOKED_THROUGH)
    }

    fn push(&mut self, value: Value, ty: SqlType) -> Slot {
        self.list.push((value, ty));
        self.at(self.list.len() - 1, ty)
    }

    fn at(&mut self, place: usize, ty: SqlType) -> Slot {
        self.next = place + 1;
        Slot {
            index: u16::try_from(place).unwrap_or(u16::MAX),
            ty,
        }
    }

    /// The slot of a value that is bound already: where the last one is followed up, or in `places`.
    fn among(
        &mut self,
        places: Range<usize>,
        ty: SqlType,
        is_it: impl Fn(&Value) -> bool,
    ) -> Option<Slot> {
        // Column after column the values come in the same order, so it mostly is the next.
        std::iter::once(self.next)
            .chain(places)
            .find(|place| {
                self.list
                    .get(*place)
                    .is_some_and(|(known, of)| *of == ty && is_it(known))
            })
            .map(|place| self.at(place, ty))
    }

    pub(super) fn expr(&mut self, value: &Value, ty: SqlType) -> Expr {
        Expr::Slot(self.slot(value, ty))
    }

    /// A list for `IN`, filled up to a length that repeats (1, 2, 4, 8, …) by its last value.
    pub(super) fn list(&mut self, values: &[Value], ty: SqlType) -> Vec<Expr> {
        // An empty list stays empty: there is nothing to fill it with.
        let wanted = match values.len() {
            0 => 0,
            length => length.next_power_of_two(),
        };
        self.list_of(values, ty, wanted)
    }

    /// A list for `IN`, filled up to a length by its last value.
    pub(super) fn list_of(&mut self, values: &[Value], ty: SqlType, wanted: usize) -> Vec<Expr> {
        let mut list: Vec<Expr> = Vec::with_capacity(wanted);
        list.extend(values.iter().map(|value| self.expr(value, ty)));
        // What fills it up is bound once more: with the slot of the last value the text would tell the length.
        while let Some(last) = values.last().filter(|_| list.len() < wanted) {
            let slot = self
                .among(0..0, ty, |known| known == last)
                .unwrap_or_else(|| self.push(last.clone(), ty));
            list.push(Expr::Slot(slot));
        }
        list
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn into_inner(self) -> Vec<Value> {
        self.list.into_iter().map(|(value, _)| value).collect()
    }
}
