//! Any bytes as a query string.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilaster::search::Input;

fuzz_target!(|query: &[u8]| {
    pilaster_fuzz::check(Input { query, form: b"" });
});
