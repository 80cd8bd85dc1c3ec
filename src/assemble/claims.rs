//! Which of several profiles a code table names for a row.

use jiff::tz::TimeZone;

use super::values::{self, Written};
use crate::passthrough::RowRef;
use crate::plan::Claims;

/// The needs that the row itself meets.
pub(super) fn met_by_row(claims: &Claims, row: RowRef<'_>, zone: &TimeZone) -> u64 {
    let mut met = 0;
    let mut url = Vec::new();
    for (reader, profiles) in &claims.named {
        url.clear();
        let written = values::write(&mut url, &reader.binding, &reader.columns, row, zone);
        if written == Written::Value {
            let named = profiles.iter().find(|(known, _)| known.as_bytes() == url);
            met |= named.map_or(0, |(_, bit)| *bit);
        }
    }
    met
}
