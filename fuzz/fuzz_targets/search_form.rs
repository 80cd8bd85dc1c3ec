//! Any bytes as a query string and a form body, parted by the first line feed; the name of a resource type
//! may stand before: `Patient?family=smith`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilaster::search::Input;

fuzz_target!(|text: &[u8]| {
    let (resource, text) = pilaster_fuzz::part(text);
    let at = text.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (query, form) = text.split_at(at);
    pilaster_fuzz::check(resource, Input { query, form });
});
