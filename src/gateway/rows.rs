//! The rows of a run as JSON: in one piece for who waits, in pages for who comes back.
//!
//! A sink is lent to the run, and goes to the thread that reads the rows; what it has is there when the run is over, however
//! it ended.

use std::sync::mpsc;

use axum::body::Bytes;

use super::moment::Moment;
use super::query::{Page, PageStatus};
use crate::passthrough::call::json::{Bounds, JsonRows, Part, Total};
use crate::passthrough::call::{Lent, lend};
use crate::passthrough::{RowSink, TooLarge};

/// Bytes that one row of a page may have beyond the page's own.
const ROW_BYTES: usize = 64 << 20;

type HandOver = Box<dyn FnMut(Part) -> Result<(), TooLarge> + Send>;

/// Takes a page: false where it could not be kept, which ends the run. It may wait.
pub type Keep = Box<dyn FnMut(Page, Bytes) -> bool + Send>;

/// What was written all in all, of a run that is over. Hands the last part over, which may wait.
fn finish(lent: &Lent<JsonRows<HandOver>>) -> Result<Total, TooLarge> {
    lent.back().map_or(Err(TooLarge), JsonRows::finish)
}

/// Rows in one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    pub json: Vec<u8>,
    pub count: u64,
}

/// Where they are when the run is over.
pub struct Collected {
    lent: Lent<JsonRows<HandOver>>,
    parts: mpsc::Receiver<Part>,
}

/// A sink for rows in one piece of at most so many bytes.
pub fn whole(most: usize) -> (Box<dyn RowSink + Send>, Collected) {
    let (give, parts) = mpsc::channel();
    let hand_over: HandOver = Box::new(move |part| give.send(part).map_err(|_| TooLarge));
    let (sink, lent) = lend(JsonRows::new(Bounds::whole(most), hand_over));
    (sink, Collected { lent, parts })
}

impl Collected {
    /// The rows of a run that went well; an empty array, too, where the statement gives no rows.
    ///
    /// # Errors
    /// [`TooLarge`]
    pub fn take(self) -> Result<Whole, TooLarge> {
        finish(&self.lent)?;
        let part = self.parts.try_iter().last();
        Ok(match part {
            Some(part) => Whole {
                json: part.data,
                count: part.rows,
            },
            None => Whole {
                json: b"[]".to_vec(),
                count: 0,
            },
        })
    }
}

/// A sink for rows in pages of about so many bytes.
pub fn paged(bytes: usize, mut keep: Keep) -> (Box<dyn RowSink + Send>, Paged) {
    let (begins, began) = mpsc::channel();
    let mut number = 0;
    let hand_over: HandOver = Box::new(move |part: Part| {
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
    let (sink, lent) = lend(JsonRows::new(Bounds::pages(bytes, ROW_BYTES), hand_over));
    (sink, Paged { lent, began })
}

/// Where the pages stand when the run is over.
pub struct Paged {
    lent: Lent<JsonRows<HandOver>>,
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
            let total = finish(&self.lent)?;
            Ok(Totals {
                rows: total.rows,
                size: total.bytes,
                began: self.began.try_recv().unwrap_or_else(|_| Moment::now()),
            })
        });
        finished.await.unwrap_or(Err(TooLarge))
    }
}
