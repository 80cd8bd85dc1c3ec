//! Who calls, where a proxy stands in front: that of the socket, or, where the socket is a proxy's that the operator trusts,
//! the one that it names in `X-Forwarded-For`.
//!
//! Each proxy appends the address that it was called from. So the list is read from its end, over the addresses of trusted
//! proxies, to the first that is none: whatever stands before that, anybody may have written.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

use crate::gateway::integrator::AddressRange;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Proxies whose word about who calls is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<AddressRange>);

impl TrustedProxies {
    /// Those in some ranges of addresses.
    pub fn new(ranges: Vec<AddressRange>) -> TrustedProxies {
        TrustedProxies(ranges)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(address))
    }

    /// The caller's address, of the other side of the socket and the request's headers. Where a trusted proxy says
    /// nothing that is an address, it is the proxy's own.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer;
        if self.0.is_empty() {
            return caller;
        }
        // Several lines are one list (RFC 9110 §5.3).
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut named = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while self.trusts(caller) {
            match named.next().and_then(address) {
                Some(before) => caller = before,
                None => break,
            }
        }
        caller
    }
}

/// An address, as some proxies write it with its port.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let found = bare.unwrap_or(text).parse::<IpAddr>().ok();
    let found = found.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    found.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn caller(proxies: &[&str], peer: &str, lines: &[&'static str]) -> String {
        let ranges = proxies.iter().map(|range| range.parse().expect("a range"));
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let proxies = TrustedProxies::new(ranges.collect());
        let peer = peer.parse().expect("an address");
        proxies.caller(peer, &headers).to_string()
    }

    #[test]
    fn the_last_address_that_no_trusted_proxy_has_is_the_callers() {
        let both = &["10.0.0.0/8", "::1"][..];
        for (proxies, peer, lines, expected) in [
            // Nobody is trusted, or not who calls.
            (&[][..], "10.0.0.1", &["192.0.2.1"][..], "10.0.0.1"),
            (both, "203.0.113.9", &["192.0.2.1"], "203.0.113.9"),
            (both, "10.0.0.1", &[], "10.0.0.1"),
            (both, "10.0.0.1", &["192.0.2.1"], "192.0.2.1"),
            (both, "::1", &["192.0.2.1, 10.0.0.7"], "192.0.2.1"),
            // What a caller wrote itself stands before what the proxy appended.
            (both, "10.0.0.1", &["198.51.100.1,192.0.2.1"], "192.0.2.1"),
            (
                both,
                "10.0.0.1",
                &["198.51.100.1", "192.0.2.1"],
                "192.0.2.1",
            ),
            (both, "10.0.0.1", &["unknown, 192.0.2.1"], "192.0.2.1"),
            (both, "10.0.0.1", &["192.0.2.1, unknown"], "10.0.0.1"),
            (both, "10.0.0.1", &["192.0.2.1, , 10.0.0.7"], "10.0.0.7"),
            // With ports, and in the other family's form.
            (both, "10.0.0.1", &["192.0.2.1:4711"], "192.0.2.1"),
            (both, "10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            (both, "10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
            (
                both,
                "10.0.0.1",
                &["192.0.2.1, ::ffff:10.0.0.7"],
                "192.0.2.1",
            ),
            // All of them are proxies.
            (both, "10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ] {
            assert_eq!(caller(proxies, peer, lines), expected, "{peer} {lines:?}");
        }
    }
}
