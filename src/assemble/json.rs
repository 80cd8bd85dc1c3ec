//! JSON text, written into bytes.

/// Appends a string in quotes. Control characters that R4 forbids in a string (all but tab, line feed
/// and carriage return) are left out.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write_escaped(out, text);
    out.push(b'"');
}

/// Some byte has to be escaped or left out. Without a branch in it, the loop takes many bytes at a time.
fn has_special(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |special, &byte| {
        special | (byte < 0x20) | (byte == b'"') | (byte == b'\\')
    })
}

/// ASCII, and nothing to escape: what can be copied as it is. Eight bytes at a time.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // A high bit for each byte that is zero; right for bytes below 0x80, and others have their own.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let plain = |word: u64| {
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let special = zeros(word ^ (ONES * 0x22)) | zeros(word ^ (ONES * 0x5c));
        (word | control | special) & HIGHS == 0
    };
    let (words, rest) = bytes.as_chunks::<8>();
    if !words.iter().all(|word| plain(u64::from_le_bytes(*word))) {
        return false;
    }
    match bytes.last_chunk::<8>() {
        _ if rest.is_empty() => true,
        // The last eight overlap what was seen, which costs nothing.
        Some(last) => plain(u64::from_le_bytes(*last)),
        None => plain(short_word(rest)),
    }
}

/// Fewer than eight bytes as a word, some of them twice; the rest of it is blanks.
fn short_word(bytes: &[u8]) -> u64 {
    const BLANKS: u64 = u64::from_le_bytes([b' '; 8]);
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        _ => bytes
            .iter()
            .fold(BLANKS, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// Appends a string's characters, escaped, without the quotes.
pub(super) fn write_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    if is_plain(bytes) || !has_special(bytes) {
        return out.extend_from_slice(bytes);
    }
    let mut from = 0;
    for (place, byte) in bytes.iter().enumerate() {
        let escaped: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1f => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[from..place]);
        out.extend_from_slice(escaped);
        from = place + 1;
    }
    out.extend_from_slice(&bytes[from..]);
}

/// Appends an integer.
pub(super) fn write_integer(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(integer_text(number, &mut [0; 20]).as_bytes());
}

/// An integer as text, in the caller's buffer: 20 bytes hold the longest.
pub(super) fn integer_text(number: i64, buffer: &mut [u8; 20]) -> &str {
    let mut place = buffer.len();
    let mut rest = number.unsigned_abs();
    loop {
        place -= 1;
        buffer[place] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        place -= 1;
        buffer[place] = b'-';
    }
    // Digits and a sign are UTF-8.
    std::str::from_utf8(&buffer[place..]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> String {
        let mut out = Vec::new();
        write_string(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_are_escaped_as_json_asks() {
        for text in ["", "plain", "O\"Brien\\", "line\nbreak\ttab\r", "Zoë — 🦷"] {
            assert_eq!(serde_json::from_str::<String>(&string(text)).unwrap(), text);
        }
        assert_eq!(string("a\u{0}b\u{1b}c"), "\"abc\"");
    }

    #[test]
    fn what_is_plain_is_found_at_any_place_and_length() {
        for length in 0..40usize {
            let text = vec![b'a'; length];
            assert!(is_plain(&text));
            for place in 0..length {
                for byte in 0..=255u8 {
                    let mut text = text.clone();
                    text[place] = byte;
                    let plain = (0x20..0x80).contains(&byte) && byte != b'"' && byte != b'\\';
                    assert_eq!(is_plain(&text), plain, "{byte:#x} at {place} of {length}");
                }
            }
        }
    }

    #[test]
    fn integers_are_written_to_the_ends_of_their_range() {
        for number in [0, 7, -7, 10, 1234567890, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            write_integer(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
