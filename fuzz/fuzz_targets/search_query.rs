//! Any bytes as a query string, behind the name of a resource type if they begin so: `Patient?family=smith`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilaster::search::Input;

fuzz_target!(|text: &[u8]| {
    let (resource, query) = pilaster_fuzz::part(text);
    pilaster_fuzz::check(resource, Input { query, form: b"" });
});
