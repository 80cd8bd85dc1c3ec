//! Any bytes as the text of a cursor, and as the payload that a sealed one would hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilaster::cursor::{Cursor, CursorKey};

fuzz_target!(|data: &[u8]| {
    let key = CursorKey::from_bytes([7; 32]);
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(key.open(text, b"site").is_err());
    }
    if let Ok(cursor) = Cursor::from_bytes(data) {
        assert_eq!(cursor.to_bytes().as_deref(), Ok(data));
    }
});
