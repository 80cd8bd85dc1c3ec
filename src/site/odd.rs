//! Values of rows that have no FHIR form: counted, and told to the log once in a while.

use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::mapping;

/// Counts and logs that a row of a source is no resource.
pub(super) fn note_left_out(mapping: &str, source: &mapping::Source) {
    metrics::counter!("pilaster_rows_left_out_total").increment(1);
    tracing::warn!(
        mapping,
        place = %source.place,
        "a row cannot be a resource (its id, or a required element, has no FHIR form); it was left out"
    );
}

/// Values that could not be FHIR values, by the mapping's line.
#[derive(Debug, Default)]
pub(super) struct OddValues {
    total: AtomicU64,
    by_place: Mutex<FxHashMap<mapping::Place, u64>>,
}

impl OddValues {
    pub(super) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Counts them, and logs each place at its 1st, 2nd, 4th, 8th, … value: known at once, never a flood.
    pub(super) fn note(&self, mapping: &str, places: &[&mapping::Place]) {
        if places.is_empty() {
            return;
        }
        self.total.fetch_add(places.len() as u64, Ordering::Relaxed);
        metrics::counter!("pilaster_odd_values_total").increment(places.len() as u64);
        let mut by_place = self.by_place.lock().unwrap_or_else(PoisonError::into_inner);
        for place in places {
            let count = match by_place.entry((*place).clone()) {
                Entry::Occupied(mut entry) => {
                    *entry.get_mut() += 1;
                    *entry.get()
                }
                Entry::Vacant(entry) => *entry.insert(1),
            };
            if count.is_power_of_two() {
                tracing::warn!(
                    mapping,
                    place = %place,
                    count,
                    "a row holds what cannot be a value of the element mapped here; it was left out"
                );
            }
        }
    }
}
