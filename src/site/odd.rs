//! Values of rows that have no FHIR form: counted, and told to the log once in a while.

use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::mapping::{self, Place};

/// Values that could not be FHIR values, and rows that could not be resources, by the mapping's line.
#[derive(Debug, Default)]
pub(super) struct OddValues {
    total: AtomicU64,
    values: Mutex<FxHashMap<Place, u64>>,
    left_out: Mutex<FxHashMap<Place, u64>>,
}

impl OddValues {
    pub(super) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Counts them, and logs each place once in a while.
    pub(super) fn note(&self, mapping: &str, places: &[&Place]) {
        if places.is_empty() {
            return;
        }
        self.total.fetch_add(places.len() as u64, Ordering::Relaxed);
        metrics::counter!("pilaster_odd_values_total").increment(places.len() as u64);
        for place in places {
            if let Some(count) = seen(&self.values, place) {
                tracing::warn!(
                    mapping,
                    place = %place,
                    count,
                    "a row holds what cannot be a value of the element mapped here; it was left out"
                );
            }
        }
    }

    /// Counts that a row of a source is no resource, and logs it once in a while.
    pub(super) fn note_left_out(&self, mapping: &str, source: &mapping::Source) {
        metrics::counter!("pilaster_rows_left_out_total").increment(1);
        if let Some(count) = seen(&self.left_out, &source.place) {
            tracing::warn!(
                mapping,
                place = %source.place,
                count,
                "a row cannot be a resource (its id, or a required element, has no FHIR form); it was left out"
            );
        }
    }
}

/// Counts once more, and says how often it was, the 1st, 2nd, 4th, 8th, … time: known at once, never a flood.
fn seen(counts: &Mutex<FxHashMap<Place, u64>>, place: &Place) -> Option<u64> {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let count = match counts.entry(place.clone()) {
        Entry::Occupied(mut entry) => {
            *entry.get_mut() += 1;
            *entry.get()
        }
        Entry::Vacant(entry) => *entry.insert(1),
    };
    count.is_power_of_two().then_some(count)
}
