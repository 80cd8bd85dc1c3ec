//! The entity tag of a content, and whether a caller's copy has it.
//!
//! A tag follows from what would be sent, not from a row's own time of change: much of a resource lies in
//! other tables (children, lookups) whose changes leave that time as it was. It is weak, for the same content may
//! travel indented or compressed; and a hash without a seed, so that a copy outlives a restart.

/// The weak tag of a content, as it stands in the header `ETag`.
pub fn weak(content: &[u8]) -> String {
    format!("W/\"{:016x}\"", fnv1a(content))
}

/// Whether the tags of `If-None-Match` name a tag: compared weakly (RFC 9110 §8.8.3.2), `*` names all.
pub fn names(tags: &str, own: &str) -> bool {
    let opaque = |tag: &str| {
        let tag = tag.trim();
        tag.strip_prefix("W/").unwrap_or(tag).to_owned()
    };
    let own = opaque(own);
    // Of our tags none holds a comma, so that a foreign one that does may come apart.
    tags.split(',')
        .any(|tag| tag.trim() == "*" || opaque(tag) == own)
}

/// FNV-1a of 64 bits: the same on every machine and in every version.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_the_contents_alone() {
        // The published test vectors of FNV-1a.
        assert_eq!(weak(b""), "W/\"cbf29ce484222325\"");
        assert_eq!(weak(b"foobar"), "W/\"85944171f73967e8\"");
    }

    #[test]
    fn tags_are_compared_weakly() {
        let own = weak(b"a");
        let strong = own.trim_start_matches("W/");
        for (tags, expected) in [
            (own.as_str(), true),
            (strong, true),
            ("*", true),
            (&format!("\"x\", {own} ,W/\"y\""), true),
            (&format!("\"a,b\",{strong}"), true),
            ("W/\"x\"", false),
            (strong.trim_matches('"'), false),
            ("", false),
        ] {
            assert_eq!(names(tags, &own), expected, "{tags}");
        }
    }
}
