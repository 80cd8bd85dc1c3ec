//! The entity tag of a content, and whether a caller's copy has it.
//!
//! A tag follows from what would be sent, not from a row's own time of change: much of a resource lies in
//! other tables (children, lookups) whose changes leave that time as it was. It is weak, for the same content may
//! travel indented or compressed; and a hash without a seed, so that a copy outlives a restart.
//!
//! JSON and XML of one content have different tags. RFC 9110 §8.8.3 has a tag tell apart the representations that
//! negotiation gives too: with one in common, a 304 would tell a caller that asks for XML that the JSON it has is
//! what it asked for. R4 (<http://hl7.org/fhir/R4/http.html#concurrency>) ties the tag to a `versionId`, which no
//! resource has here.

/// The weak tag of a content in a variant, as it stands in the header `ETag`. A variant is a few letters, of
/// which the usual one has none.
pub fn weak(content: &[u8], variant: &str) -> String {
    format!("W/\"{:016x}{variant}\"", fnv1a(content))
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
        assert_eq!(weak(b"", ""), "W/\"cbf29ce484222325\"");
        assert_eq!(weak(b"foobar", ""), "W/\"85944171f73967e8\"");
    }

    #[test]
    fn variants_have_tags_of_their_own() {
        let (json, xml) = (weak(b"a", ""), weak(b"a", "x"));
        assert!(xml.ends_with("x\"") && !names(&json, &xml) && !names(&xml, &json));
    }

    #[test]
    fn tags_are_compared_weakly() {
        let own = weak(b"a", "");
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
