//! An account at an upstream: where it is, its key, and how much it may ask.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::HeaderValue;
use reqwest::{Client, Method, RequestBuilder, Url, redirect};
use thiserror::Error;

use super::rate::{Log, Rate};
use crate::passthrough::{PassthroughError, Watch};
use crate::secret::Secret;

/// The header of an integrator's key.
const KEY: &str = "Ocp-Apim-Subscription-Key";
/// For how long nothing is asked, where the upstream says that it is too much but not how long.
pub(super) const PAUSE: Duration = Duration::from_secs(5);
/// No upstream is believed that asks for a longer pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// How long a socket without work is kept.
const IDLE: Duration = Duration::from_secs(60);

/// Where an account is.
#[derive(Debug, Clone)]
pub struct AccountOptions {
    /// What stands before `/integrator`: `https://api.example.com`. Plain `http` for this computer only.
    pub base_url: String,
    /// The integrator's subscription key.
    pub key: Secret,
    /// A file of certificates (PEM) that are trusted beside the system's: an upstream of one's own.
    pub ca_file: Option<PathBuf>,
    /// What the account may ask; None to leave the count to the upstream.
    pub rate: Option<Rate>,
    /// How long it may take to make a socket.
    pub connect: Duration,
}

/// Why there is no such account, or site.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccountError {
    #[error(
        "the upstream's URL is not one of the form https://host/path, without user, query or fragment"
    )]
    Url,
    #[error("the upstream's URL is plain http, over which a key is sent to this computer only")]
    Plain,
    #[error("the upstream's key is empty or has characters that no header takes")]
    Key,
    #[error("the site's id at the upstream is not of letters, digits and hyphens")]
    SiteId,
    #[error("the certificates to trust cannot be read: {0}")]
    Certificates(String),
    #[error("no TLS client can be made")]
    Tls,
}

/// An account at an upstream, for all its sites.
pub struct Account {
    base: Url,
    key: HeaderValue,
    client: Client,
    log: Log,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

impl Account {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// [`AccountError`], but of a site.
    pub fn new(options: &AccountOptions) -> Result<Arc<Account>, AccountError> {
        let mut base = Url::parse(&options.base_url).map_err(|_| AccountError::Url)?;
        let is_base = base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none()
            && matches!(base.scheme(), "https" | "http");
        let host = base
            .host_str()
            .filter(|_| is_base)
            .ok_or(AccountError::Url)?;
        let is_plain = base.scheme() == "http";
        if is_plain && !matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
            return Err(AccountError::Plain);
        }
        if let Ok(mut path) = base.path_segments_mut() {
            path.pop_if_empty().push("integrator").push("sites");
        }
        let mut key = HeaderValue::from_str(options.key.reveal()).map_err(|_| AccountError::Key)?;
        if key.is_empty() {
            return Err(AccountError::Key);
        }
        // Then no trace of the client's shows it.
        key.set_sensitive(true);
        let mut client = Client::builder()
            .user_agent(concat!("pilaster/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(options.connect)
            .pool_idle_timeout(IDLE)
            .https_only(!is_plain)
            // One copy of an answer, whose size is known before it is there.
            .no_gzip();
        // Over TLS a proxy that the environment names sees no more than the host.
        if is_plain {
            client = client.no_proxy();
        }
        if let Some(file) = &options.ca_file {
            let unreadable = |words: String| AccountError::Certificates(words);
            let pem = std::fs::read(file).map_err(|error| unreadable(error.kind().to_string()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or_else(|| unreadable("no certificates in PEM".to_owned()))?;
            client = client.tls_certs_merge(certificates);
        }
        Ok(Arc::new(Account {
            base,
            key,
            client: client.build().map_err(|_| AccountError::Tls)?,
            log: Log::new(options.rate),
        }))
    }

    /// A request of the account's, to a path below `/integrator/sites`.
    pub(super) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        self.client
            .request(method, url)
            .header(KEY, self.key.clone())
    }

    /// Waits until a query may be sent.
    ///
    /// # Errors
    /// [`PassthroughError::UpstreamLimit`] where that is too long, or the upstream wants none.
    pub(super) async fn place(&self, watch: &Watch) -> Result<Place<'_>, PassthroughError> {
        let limit = |pause| PassthroughError::UpstreamLimit { pause };
        let now = Instant::now();
        let at = self.log.reserve(now, watch.left()).map_err(limit)?;
        let place = Place {
            log: &self.log,
            at: Some(at),
        };
        if at > now {
            tokio::time::sleep_until(at.into()).await;
            if let Some(pause) = self.log.paused(Instant::now()) {
                return Err(limit(pause));
            }
        }
        Ok(place)
    }

    /// Sends no query for so long.
    pub(super) fn pause(&self, pause: Duration) {
        self.log.pause(Instant::now(), pause.min(LONGEST_PAUSE));
    }
}

/// A query's place among those that the account may send. It is given back where the query is not sent.
pub(super) struct Place<'l> {
    log: &'l Log,
    at: Option<Instant>,
}

impl Place<'_> {
    /// The query is sent.
    pub(super) fn used(mut self) {
        self.at = None;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(at) = self.at {
            self.log.give_back(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(base_url: &str, key: &str) -> Result<Arc<Account>, AccountError> {
        Account::new(&AccountOptions {
            base_url: base_url.to_owned(),
            key: Secret::new(key),
            ca_file: None,
            rate: None,
            connect: Duration::from_secs(1),
        })
    }

    #[test]
    fn a_key_goes_over_tls_or_stays_here() {
        let cases = [
            (
                "https://api.example",
                "https://api.example/integrator/sites",
            ),
            (
                "https://api.example/v1/",
                "https://api.example/v1/integrator/sites",
            ),
            (
                "http://127.0.0.1:81",
                "http://127.0.0.1:81/integrator/sites",
            ),
            ("http://[::1]:81", "http://[::1]:81/integrator/sites"),
        ];
        for (base, expected) in cases {
            assert_eq!(account(base, "k").expect(base).base.as_str(), expected);
        }
        let refused = [
            ("http://api.example", AccountError::Plain),
            ("http://127.0.0.1.example", AccountError::Plain),
            ("api.example", AccountError::Url),
            ("ftp://api.example", AccountError::Url),
            ("https://user:word@api.example", AccountError::Url),
            ("https://api.example?a=1", AccountError::Url),
        ];
        for (base, error) in refused {
            assert_eq!(account(base, "k").map(drop), Err(error), "{base}");
        }
        for key in ["", "a\nb"] {
            assert_eq!(
                account("https://api.example", key).map(drop),
                Err(AccountError::Key)
            );
        }
        let shown = format!("{:?}", account("https://api.example", "hunter2"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
