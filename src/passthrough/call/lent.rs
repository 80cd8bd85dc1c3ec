//! A sink that comes back from whoever fills it.
//!
//! A run owns its sink, and drops it when it is over; whoever asked for the run then wants what the sink has. A lock around
//! the sink would be taken for every cell.

use std::sync::{Arc, Mutex, PoisonError};

use crate::passthrough::{CellRef, ColumnKind, RowSink, TooLarge};

type Slot<S> = Arc<Mutex<Option<S>>>;

/// The claim to a sink that was given away.
pub struct Lent<S>(Slot<S>);

/// A sink to give away, and the claim to it.
pub fn lend<S: RowSink + Send + 'static>(sink: S) -> (Box<dyn RowSink + Send>, Lent<S>) {
    let slot = Slot::default();
    let borrowed = Borrowed {
        sink: Some(sink),
        slot: Arc::clone(&slot),
    };
    (Box::new(borrowed), Lent(slot))
}

impl<S> Lent<S> {
    /// The sink, once the other has been dropped; None before.
    pub fn back(&self) -> Option<S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

struct Borrowed<S> {
    /// There until it is dropped.
    sink: Option<S>,
    slot: Slot<S>,
}

impl<S: RowSink> RowSink for Borrowed<S> {
    fn begin(&mut self, width: usize, name: &dyn Fn(usize) -> String) {
        if let Some(sink) = &mut self.sink {
            sink.begin(width, name);
        }
    }

    fn kinds(&mut self, kind: &dyn Fn(usize) -> ColumnKind) {
        if let Some(sink) = &mut self.sink {
            sink.kinds(kind);
        }
    }

    fn cell(&mut self, cell: CellRef<'_>) -> Result<(), TooLarge> {
        self.sink.as_mut().map_or(Ok(()), |sink| sink.cell(cell))
    }

    fn json(&mut self, value: &str) -> Option<Result<(), TooLarge>> {
        self.sink
            .as_mut()
            .map_or(Some(Ok(())), |sink| sink.json(value))
    }
}

impl<S> Drop for Borrowed<S> {
    fn drop(&mut self) {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = self.sink.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passthrough::RowsBuilder;

    #[test]
    fn what_was_lent_comes_back_filled() {
        let (mut sink, lent) = lend(RowsBuilder::new(1_000));
        sink.begin(1, &|_| String::new());
        assert_eq!(sink.cell(CellRef::Int(7)), Ok(()));
        assert!(lent.back().is_none(), "it is still away");
        drop(sink);
        let rows = lent.back().expect("it is back").finish();
        assert_eq!(rows.cell(0, 0), CellRef::Int(7));
        assert!(lent.back().is_none(), "it comes back once");
    }
}
