//! Where the rows of a demo go: a database of some engine.
//!
//! Takes a demo's tables and its rows, batch by batch; a [`Target`] writes them. To write a demo into another engine is
//! to implement this trait: the statements are spelled already ([`super::ddl`]), and values come as what they are.
//! Between the generators and the target stands the [`Sink`], which counts rows and knows in which catalogue a table is.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::writer::Batch;
use super::{Demo, DemoError, Result};
use crate::relation::Dialect;

/// A database, or one for each catalogue, that a demo is written into. It is empty; if it is dropped before
/// [`Target::finish`], it should be again.
pub trait Target {
    /// In whose words statements are written.
    fn dialect(&self) -> Dialect;

    /// Runs a statement in a catalogue of the demo, counted from 0.
    ///
    /// # Errors
    /// The engine's.
    fn execute(&mut self, catalogue: usize, sql: &str) -> Result<()>;

    /// All tables are there; rows come next.
    ///
    /// # Errors
    /// The engine's.
    fn created(&mut self) -> Result<()> {
        Ok(())
    }

    /// Inserts rows into a table of a catalogue.
    ///
    /// # Errors
    /// The engine's.
    fn insert(&mut self, catalogue: usize, batch: &Batch) -> Result<()>;

    /// All rows are there, and all indexes: commits, and lets the engine look at what it has.
    ///
    /// # Errors
    /// The engine's.
    fn finish(&mut self) -> Result<()>;
}

/// What takes the rows of tables.
pub trait Rows {
    /// Takes the rows of a batch.
    ///
    /// # Errors
    /// A table that the demo does not have, or the engine's.
    fn take(&self, batch: &Batch) -> Result<()>;

    /// Notes a failure that nobody waits for.
    fn fail(&self, failure: DemoError);
}

/// The way of rows into a target.
pub struct Sink<'t> {
    demo: &'static Demo,
    target: RefCell<&'t mut dyn Target>,
    counts: RefCell<BTreeMap<&'static str, u64>>,
    failure: Cell<Option<DemoError>>,
}

impl<'t> Sink<'t> {
    /// A sink for the rows of a demo whose tables are there.
    pub fn new(demo: &'static Demo, target: &'t mut dyn Target) -> Sink<'t> {
        Sink {
            demo,
            target: RefCell::new(target),
            counts: RefCell::default(),
            failure: Cell::new(None),
        }
    }

    /// How many rows each table was given.
    ///
    /// # Errors
    /// The first failure that nobody has seen.
    pub fn close(self) -> Result<BTreeMap<&'static str, u64>> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(self.counts.into_inner()),
        }
    }
}

impl Rows for Sink<'_> {
    fn take(&self, batch: &Batch) -> Result<()> {
        let name = batch.table().name;
        let place = self
            .demo
            .catalogues
            .iter()
            .position(|catalogue| catalogue.tables.iter().any(|table| table.name == name))
            .ok_or(DemoError::NoTable(name))?;
        self.target.borrow_mut().insert(place, batch)?;
        *self.counts.borrow_mut().entry(name).or_default() += batch.len() as u64;
        Ok(())
    }

    fn fail(&self, failure: DemoError) {
        let first = self.failure.take();
        self.failure.set(first.or(Some(failure)));
    }
}
