//! Where this server is, as its callers see it: the start of every link that an answer holds.
//!
//! An operator's own URL counts, whatever a request says. Without one it is the `Host` of the request,
//! if that is a host and nothing else, or the address that is listened on: a header is a caller's
//! text, and links go back into documents. `X-Forwarded-…` is not read: who runs a proxy gives the URL.

use super::api::Surface;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri};

/// The longest host name (RFC 1035), and a colon and a port.
const MAX_AUTHORITY: usize = 255 + 6;

/// A URL that an operator gave for this server: scheme, host, perhaps a port and a path; no slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

/// Why a text is no [`BaseUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Neither `http://` nor `https://`.
    #[error("a base URL begins with http:// or https://")]
    Scheme,
    /// The host or port has characters that it cannot have.
    #[error("a base URL has a host, and perhaps a port, after its scheme")]
    Host,
    /// A query, a fragment, or characters that no path has.
    #[error("a base URL has no query and no fragment, and its path no unusual characters")]
    Path,
}

impl std::str::FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim_end_matches('/');
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(BaseUrlError::Scheme)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_authority(authority) {
            return Err(BaseUrlError::Host);
        }
        let is_plain = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~')
        };
        if !path.bytes().all(is_plain) {
            return Err(BaseUrlError::Path);
        }
        Ok(BaseUrl(text.to_owned()))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How requests find the start of their links.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The operator's.
    fixed: Option<BaseUrl>,
    /// Where a request names no usable host.
    listening: String,
    /// Only this machine can call, and by no other name.
    is_loopback: bool,
}

impl Origin {
    /// From what the operator gave, and the address that is listened on.
    pub fn new(fixed: Option<BaseUrl>, mut listening: SocketAddr) -> Origin {
        let is_loopback = fixed.is_none() && listening.ip().is_loopback();
        // "Any address" is none that can be called.
        if listening.ip().is_unspecified() {
            listening.set_ip(match listening {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        Origin {
            listening: format!("http://{listening}"),
            is_loopback,
            fixed,
        }
    }

    /// The URL of this server's root for a request, without a slash at its end.
    pub fn of(&self, uri: &Uri, headers: &HeaderMap) -> String {
        if let Some(fixed) = &self.fixed {
            return fixed.0.clone();
        }
        // An absolute request target overrides the header (RFC 9112 §3.2.2).
        let authority = match uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => headers.get(HOST).and_then(|host| host.to_str().ok()),
        };
        match authority.filter(|authority| is_authority(authority)) {
            Some(authority) => format!("http://{authority}"),
            None => self.listening.clone(),
        }
    }

    /// Whether only this machine can call, as far as the server knows: one that has a URL of its own has a proxy.
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// The URL of this server's root where there is no request: for what is printed at the start.
    pub fn by_default(&self) -> String {
        self.fixed
            .as_ref()
            .map_or_else(|| self.listening.clone(), ToString::to_string)
    }
}

/// The FHIR base of a site under the URL of the server's root, without a slash at its end.
pub fn fhir_base(root: &str, site: &str) -> String {
    fhir_base_of(Surface::Integrator, root, site)
}

/// The same of either API.
pub(super) fn fhir_base_of(surface: Surface, root: &str, site: &str) -> String {
    format!("{root}{}/sites/{site}/fhir/R4", surface.prefix())
}

/// `name`, `1.2.3.4` or `[::1]`, perhaps with `:port`.
fn is_authority(text: &str) -> bool {
    if text.len() > MAX_AUTHORITY {
        return false;
    }
    let (host, rest) = match text.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((host, rest)) if host.parse::<Ipv6Addr>().is_ok() => (host, rest),
            _ => return false,
        },
        None => {
            let at = text.find(':').unwrap_or(text.len());
            let (host, rest) = text.split_at(at);
            let is_name = host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
            if !is_name {
                return false;
            }
            (host, rest)
        }
    };
    let is_port = match rest.strip_prefix(':') {
        Some(port) => port.parse::<u16>().is_ok() && port.bytes().all(|byte| byte.is_ascii_digit()),
        None => rest.is_empty(),
    };
    !host.is_empty() && is_port
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn hosts_are_hosts_and_nothing_else() {
        for good in [
            "localhost",
            "a.example:8080",
            "127.0.0.1:1",
            "[::1]",
            "[2001:db8::1]:443",
        ] {
            assert!(is_authority(good), "{good}");
        }
        let long = "a".repeat(300);
        for bad in [
            "",
            ":80",
            "a b",
            "a/b",
            "user@host",
            "host:",
            "host:x",
            "host:99999",
            "host:+1",
            "[::1",
            "[x]",
            "[::1]x",
            "a\"b",
            "a:1:2",
            &long,
        ] {
            assert!(!is_authority(bad), "{bad}");
        }
    }

    #[test]
    fn a_request_names_the_host_unless_the_operator_does() {
        let listening: SocketAddr = "127.0.0.1:8080".parse().expect("an address");
        let open = Origin::new(None, listening);
        let mut headers = HeaderMap::new();
        let path = Uri::from_static("/x");
        assert_eq!(open.of(&path, &headers), "http://127.0.0.1:8080");
        headers.insert(HOST, HeaderValue::from_static("gateway.example:81"));
        assert_eq!(open.of(&path, &headers), "http://gateway.example:81");
        assert_eq!(
            open.of(&Uri::from_static("http://other.example/x"), &headers),
            "http://other.example"
        );
        assert_eq!(
            open.of(&Uri::from_static("http://user@other.example/x"), &headers),
            "http://127.0.0.1:8080"
        );
        headers.insert(HOST, HeaderValue::from_static("evil\"/><x"));
        assert_eq!(open.of(&path, &headers), "http://127.0.0.1:8080");
        let any = Origin::new(None, "[::]:80".parse().expect("an address"));
        assert_eq!(any.by_default(), "http://[::1]:80");
        let fixed: BaseUrl = "https://api.example/pms/".parse().expect("a URL");
        assert_eq!(
            Origin::new(Some(fixed), listening).of(&path, &headers),
            "https://api.example/pms"
        );
    }

    #[test]
    fn a_base_url_is_checked() {
        assert_eq!("ftp://a".parse::<BaseUrl>(), Err(BaseUrlError::Scheme));
        assert_eq!("a.example".parse::<BaseUrl>(), Err(BaseUrlError::Scheme));
        assert_eq!("http://".parse::<BaseUrl>(), Err(BaseUrlError::Scheme));
        assert_eq!("http://a b".parse::<BaseUrl>(), Err(BaseUrlError::Host));
        assert_eq!("http://a/x?y".parse::<BaseUrl>(), Err(BaseUrlError::Path));
    }
}
