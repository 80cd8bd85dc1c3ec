//! Integrators: their keys, and which practices each may ask.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::{IntegratorId, KeyId, SiteId};
use super::moment::Moment;
use super::webhook::url::masked;
use crate::secret::Secret;

/// Where a key, and a site, belong: a key of one is refused at a site of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Staging,
    Production,
}

impl Environment {
    pub const ALL: [Environment; 2] = [Environment::Staging, Environment::Production];

    pub fn name(self) -> &'static str {
        match self {
            Environment::Staging => "staging",
            Environment::Production => "production",
        }
    }
}

impl FromStr for Environment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Environment, &'static str> {
        Environment::ALL
            .into_iter()
            .find(|environment| environment.name() == text)
            .ok_or("one of staging, production")
    }
}

/// What may be looked at in one go: what one integrator asked one practice, in one environment; where a device asks, what
/// that device asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    pub integrator: IntegratorId,
    pub environment: Environment,
    pub site: SiteId,
    /// On the desktop API: the device that a token is bound to.
    pub device: Option<String>,
}

/// An integrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrator {
    pub id: IntegratorId,
    /// For people; unique.
    pub name: String,
    pub created_at: Moment,
    /// Queries of the three kinds that count, in any rolling 5 seconds; None for the server's own number.
    pub rate: Option<u32>,
    /// Addresses that its requests may come from; any where there are none.
    pub addresses: Vec<AddressRange>,
    pub disabled: bool,
}

/// `192.0.2.0/24`, `2001:db8::/32`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    pub first: IpAddr,
    /// Bits that count.
    pub prefix: u8,
}

/// A subscription key, as it is kept: the key itself is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub id: KeyId,
    pub integrator: IntegratorId,
    pub environment: Environment,
    /// SHA-256 of the key, which has 256 random bits.
    pub hash: [u8; 32],
    /// Its last four characters, by which a person tells it from others.
    pub ends: String,
    pub created_at: Moment,
    pub expires_at: Option<Moment>,
    pub revoked_at: Option<Moment>,
}

/// An integration at a practice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    pub integrator: IntegratorId,
    pub environment: Environment,
    pub site: SiteId,
    pub enabled: bool,
    pub changed_at: Moment,
}

/// Where a login of an integrator's own counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LoginScope {
    Site(SiteId),
    /// All sites of a product: `BestPractice`.
    Product(String),
}

/// An integrator's own login at the practices' databases.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Login {
    pub user: String,
    pub password: Secret,
}

/// Where an integrator's webhooks go, in one environment.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookTarget {
    pub integrator: IntegratorId,
    pub environment: Environment,
    /// May hold `{siteId}`, `{queryId}` and `{source}`; and a token: see [`WebhookTarget::shown_url`].
    pub url: String,
    /// Signs the messages.
    pub secret: Secret,
    pub disabled: bool,
}

impl WebhookTarget {
    /// The URL as people may see it, without the values of its query.
    pub fn shown_url(&self) -> String {
        masked(&self.url)
    }
}

/// Without what may be secret in it.
impl fmt::Debug for WebhookTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookTarget")
            .field("integrator", &self.integrator)
            .field("environment", &self.environment)
            .field("url", &self.shown_url())
            .field("secret", &self.secret)
            .field("disabled", &self.disabled)
            .finish()
    }
}
