//! Any bytes as a query string and a form body, parted by the first line feed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilaster::search::Input;

fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (query, form) = data.split_at(at);
    pilaster_fuzz::check(Input { query, form });
});
