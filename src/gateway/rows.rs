//! The rows of a run as JSON: in one piece for who waits, in pages for who comes back.
//!
//! A sink goes with the run, to the thread that reads the rows, and comes back by a channel when the run is over. So no
//! cell costs a lock, and whatever becomes of the run, what it had is there.

use std::sync::mpsc;

use axum::body::Bytes;

use super::moment::Moment;
use super::query::{Page, PageStatus};
use crate::passthrough::call::json::{Bounds, JsonRows, Part, Total};
use crate::passthrough::{CellRef, ColumnKind, RowSink, TooLarge};

/// Bytes that one row of a page may have beyond the page's own.
const ROW_BYTES: usize = 64 << 20;

type HandOver = Box<dyn FnMut(Part) -> Result<(), TooLarge> + Send>;

/// Takes a page: false where it could not be kept, which ends the run. It may wait.
pub type Keep = Box<dyn FnMut(Page, Bytes) -> bool + Send>;

/// A sink that comes back when it is dropped.
struct Lent {
    rows: Option<JsonRows<HandOver>>,
    back: mpsc::Sender<JsonRows<HandOver>>,
}

impl RowSink for Lent {
    fn begin(&mut self, width: usize, name: &dyn Fn(usize) -> String) {
        if let Some(rows) = &mut self.rows {
            rows.begin(width, name);
        }
    }

    fn kinds(&mut self, kind: &dyn Fn(usize) -> ColumnKind) {
        if let Some(rows) = &mut self.rows {
            rows.kinds(kind);
        }
    }

    fn cell(&mut self, cell: CellRef<'_>) -> Result<(), TooLarge> {
        self.rows
            .as_mut()
            .map_or(Err(TooLarge), |rows| rows.cell(cell))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(rows) = self.rows.take() {
            // Nobody may wait for it any more.
            let _ = self.back.send(rows);
        }
    }
}

fn lend(bounds: Bounds, hand_over: HandOver) -> (Box<dyn RowSink + Send>, Returned) {
    let (back, returned) = mpsc::channel();
    let rows = Some(JsonRows::new(bounds, hand_over));
    (Box::new(Lent { rows, back }), Returned(returned))
}

/// Where a sink comes back.
struct Returned(mpsc::Receiver<JsonRows<HandOver>>);

impl Returned {
    /// What was written all in all. Hands the last part over, which may wait.
    fn finish(self) -> Result<Total, TooLarge> {
        self.0.try_recv().map_or(Err(TooLarge), JsonRows::finish)
    }
}

/// Rows in one piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whole {
    pub json: Vec<u8>,
    pub count: u64,
}

/// Where they are when the run is over.
pub struct Collected {
    returned: Returned,
    parts: mpsc::Receiver<Part>,
}

/// A sink for rows in one piece of at most so many bytes.
pub fn whole(most: usize) -> (Box<dyn RowSink + Send>, Collected) {
    let (give, parts) = mpsc::channel();
    let hand_over = Box::new(move |part| give.send(part).map_err(|_| TooLarge));
    let (sink, returned) = lend(Bounds::whole(most), hand_over);
    (sink, Collected { returned, parts })
}

impl Collected {
    /// The rows of a run that went well; nothing where the statement gave none at all.
    ///
    /// # Errors
    /// [`TooLarge`]
    pub fn take(self) -> Result<Whole, TooLarge> {
        self.returned.finish()?;
        let part = self.parts.try_iter().last();
        Ok(part.map_or_else(Whole::default, |part| Whole {
            json: part.data,
            count: part.rows,
        }))
    }
}

/// A sink for rows in pages of about so many bytes.
pub fn paged(bytes: usize, mut keep: Keep) -> (Box<dyn RowSink + Send>, Paged) {
    let (begins, began) = mpsc::channel();
    let mut number = 0;
    let hand_over = Box::new(move |part: Part| {
        // Pages that are kept cannot be taken back: rows that begin anew are an end.
        if number > 0 && part.first <= 1 {
            return Err(TooLarge);
        }
        if number == 0 {
            let _ = begins.send(Moment::now());
        }
        number += 1;
        let page = Page {
            number,
            status: PageStatus::Cached,
            size: part.data.len() as u64,
            count: part.rows,
            first: part.first,
        };
        match keep(page, Bytes::from(part.data)) {
            true => Ok(()),
            false => Err(TooLarge),
        }
    });
    let (sink, returned) = lend(Bounds::pages(bytes, ROW_BYTES), hand_over);
    (sink, Paged { returned, began })
}

/// Where the pages stand when the run is over.
pub struct Paged {
    returned: Returned,
    began: mpsc::Receiver<Moment>,
}

/// All pages together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    pub rows: u64,
    pub size: u64,
    /// When the first page was full, or the last one came.
    pub began: Moment,
}

impl Paged {
    /// Keeps the page that is not full, off the runtime's threads.
    ///
    /// # Errors
    /// [`TooLarge`] where it could not be kept.
    pub async fn finish(self) -> Result<Totals, TooLarge> {
        let finished = tokio::task::spawn_blocking(move || {
            let total = self.returned.finish()?;
            Ok(Totals {
                rows: total.rows,
                size: total.bytes,
                began: self.began.try_recv().unwrap_or_else(|_| Moment::now()),
            })
        });
        finished.await.unwrap_or(Err(TooLarge))
    }
}
