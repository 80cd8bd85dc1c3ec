//! What is taken of a command's rows: all of them, the first cell, or what comes back in parameters.

use super::super::message::Described;
use crate::passthrough::call::ExecutionMode;
use crate::passthrough::call::value::to_text;
use crate::passthrough::{CellRef, ColumnKind, RowSink, TooLarge};

/// Takes the rows of a SELECT as a mode wants them.
pub(super) struct Taking<'s> {
    sink: &'s mut dyn RowSink,
    mode: ExecutionMode,
    width: usize,
    column: usize,
    /// The one cell that was wanted is there.
    pub(super) has_enough: bool,
}

impl<'s> Taking<'s> {
    pub(super) fn new(mode: ExecutionMode, width: usize, sink: &'s mut dyn RowSink) -> Taking<'s> {
        Taking {
            sink,
            mode,
            width,
            column: 0,
            has_enough: false,
        }
    }
}

impl RowSink for Taking<'_> {
    fn begin(&mut self, width: usize, name: &dyn Fn(usize) -> String) {
        match self.mode {
            ExecutionMode::Reader => self.sink.begin(width, name),
            ExecutionMode::Scalar => self.sink.begin(width.min(1), name),
            ExecutionMode::NonQuery => {}
        }
    }

    fn kinds(&mut self, kind: &dyn Fn(usize) -> ColumnKind) {
        if self.mode != ExecutionMode::NonQuery {
            self.sink.kinds(kind);
        }
    }

    fn cell(&mut self, cell: CellRef<'_>) -> Result<(), TooLarge> {
        match self.mode {
            ExecutionMode::Reader => self.sink.cell(cell),
            ExecutionMode::NonQuery => Ok(()),
            ExecutionMode::Scalar => {
                if self.column == 0 {
                    self.sink.cell(cell)?;
                }
                self.column += 1;
                self.has_enough = self.column >= self.width;
                match self.has_enough {
                    true => Err(TooLarge),
                    false => Ok(()),
                }
            }
        }
    }
}

/// Takes the one row that a procedure gives back: for parameters, and for the caller's rows.
pub(super) struct Returned<'s> {
    onto: Taking<'s>,
    kinds: Vec<ColumnKind>,
    pub(super) texts: Vec<Option<String>>,
}

impl<'s> Returned<'s> {
    pub(super) fn new(
        mode: ExecutionMode,
        described: &Described,
        sink: &'s mut dyn RowSink,
    ) -> Returned<'s> {
        Returned {
            onto: Taking::new(mode, described.columns.len(), sink),
            kinds: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// There is no row.
    pub(super) fn begin_empty(&mut self, described: &Described) {
        let name = |column: usize| described.columns[column].name.clone();
        self.begin(described.columns.len(), &name);
    }
}

impl RowSink for Returned<'_> {
    fn begin(&mut self, width: usize, name: &dyn Fn(usize) -> String) {
        self.kinds = vec![ColumnKind::Unknown; width];
        self.onto.begin(width, name);
    }

    fn kinds(&mut self, kind: &dyn Fn(usize) -> ColumnKind) {
        self.kinds = (0..self.kinds.len()).map(kind).collect();
        self.onto.kinds(kind);
    }

    fn cell(&mut self, cell: CellRef<'_>) -> Result<(), TooLarge> {
        let kind = self.kinds.get(self.texts.len()).copied();
        self.texts.push(to_text(cell, kind.unwrap_or_default()));
        match self.onto.cell(cell) {
            // The one cell that was wanted is not all that the parameters want.
            Err(TooLarge) if self.onto.has_enough => Ok(()),
            taken => taken,
        }
    }
}
