//! `_pretty=true`: JSON bytes → the same JSON, indented.
//!
//! Works on the text, so that numbers keep their digits and properties their order. Two spaces a level;
//! empty objects and arrays stay as they are. What is no JSON comes out with odd spaces, no worse.

/// Levels beyond this one are indented no further: spaces would grow with the square of the depth.
const MAX_INDENT: usize = 64;

/// Indents JSON that has no white space between its tokens.
pub fn indent(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (at, &byte) in json.iter().enumerate() {
        if in_string {
            out.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => {
                in_string = true;
                out.push(byte);
            }
            b'{' | b'[' => {
                out.push(byte);
                depth += 1;
                if !matches!(json.get(at + 1), Some(b'}' | b']')) {
                    new_line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if at == 0 || !matches!(json[at - 1], b'{' | b'[') {
                    new_line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
    }
    out.push(b'\n');
    out
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b' ', 2 * depth.min(MAX_INDENT)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_indented_is_the_same_json() {
        let json = br#"{"a":[1.10,{"b":"x,\"{[:\\"},[],{}],"c":{},"d":null}"#;
        let pretty = String::from_utf8(indent(json)).expect("UTF-8");
        assert_eq!(
            pretty,
            "{\n  \"a\": [\n    1.10,\n    {\n      \"b\": \"x,\\\"{[:\\\\\"\n    },\n    [],\n    {}\n  ],\n  \"c\": {},\n  \"d\": null\n}\n"
        );
        let read = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).expect("JSON");
        assert_eq!(read(pretty.as_bytes()), read(json));
    }

    #[test]
    fn deep_and_broken_text_stays_bounded() {
        let deep = vec![b'['; 10_000];
        assert!(indent(&deep).len() < 10_000 * (2 * MAX_INDENT + 3));
        assert_eq!(indent(b"}"), b"\n}\n");
        assert_eq!(indent(b""), b"\n");
    }
}
