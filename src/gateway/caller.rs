//! Who calls, and what it may ask.
//!
//! Takes a key as it was presented, and a site's id; gives a [`Caller`] and a [`Scope`], or why there is none. Of a site that a
//! caller has nothing to do with it says the same whether the site is there or not.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::id::{IntegratorId, KeyId, SiteId};
use super::integrator::{
    AddressRange, Environment, Integrator, Key, Login, LoginScope, WebhookTarget,
};
use super::moment::Moment;
use super::site::Product;
use crate::store::{Directory, PairingCode};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub integrator: IntegratorId,
    pub name: Arc<str>,
    /// Of its key; None for a key of the configuration file that is good for both.
    pub environment: Option<Environment>,
    /// By which it came, or by which its token was made; None for a key of the configuration file.
    pub key: Option<KeyId>,
    /// Queries that count in any rolling 5 seconds; None for the server's own number.
    pub rate: Option<u32>,
    /// It may ask every site of its environment, without pairing: its key stands in the configuration file.
    pub all_sites: bool,
}

/// Why somebody may not ask.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Denied {
    #[error("the request has no subscription key")]
    NoKey,
    #[error("the subscription key is not valid here")]
    WrongKey,
    #[error("the request has several subscription keys, which differ")]
    SeveralKeys,
    #[error("the request has no token of a device")]
    NoToken,
    /// 401.
    #[error("the token is not valid here: {0}")]
    Token(&'static str),
    #[error("the integration is disabled")]
    Disabled,
    #[error("requests of this integration may not come from this address")]
    Address,
    /// 401: the caller is paired with the site, in the other environment.
    #[error("the key is of the other environment than the site")]
    OtherEnvironment,
    /// 403: also where there is no such site, so that nothing is revealed.
    #[error("no site with this id has the integration enabled")]
    NotPaired,
    /// 404: for callers who may ask every site.
    #[error("there is no site with this id")]
    UnknownSite,
    #[error("the token is of another site")]
    OtherSite,
    #[error("the database is not the authoritative one of its practice")]
    NotAuthoritative,
    #[error("SQL passthrough is off at this site")]
    PassthroughOff,
    /// 429.
    #[error("more queries than the integration may send")]
    RateLimited { retry_after: Duration },
}

impl Denied {
    /// The HTTP status that says it.
    pub fn status(&self) -> u16 {
        match self {
            Denied::NoKey
            | Denied::WrongKey
            | Denied::SeveralKeys
            | Denied::NoToken
            | Denied::Token(_)
            | Denied::OtherEnvironment => 401,
            Denied::Disabled
            | Denied::Address
            | Denied::NotPaired
            | Denied::OtherSite
            | Denied::NotAuthoritative
            | Denied::PassthroughOff => 403,
            Denied::UnknownSite => 404,
            Denied::RateLimited { .. } => 429,
        }
    }
}

/// What is kept of a key.
pub fn key_hash(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// What is kept of a pairing code. A code is read out and written down by hand: blanks, hyphens and case make no
/// difference, nor does a letter that codes do not have in place of the digit that it is taken for.
pub fn code_hash(code: &str) -> [u8; 32] {
    let meant = code.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let meant = meant.map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    key_hash(meant.collect::<String>().as_bytes())
}

/// A caller of the configuration file, who may ask every site; where its key counts, None: in both environments.
pub type CallerOfFile = (IntegratorId, Option<Environment>);

/// The integrator that a caller of the configuration file is: the same as long as its name is.
pub fn integrator_of_file(caller: &str) -> IntegratorId {
    let hash = Sha256::digest([b"pilaster caller\0", caller.as_bytes()].concat());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    // RFC 9562 §5.8: a version for values of one's own making.
    IntegratorId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// The directory, arranged for looking up.
#[derive(Debug, Default)]
pub struct Index {
    integrators: HashMap<IntegratorId, Integrator>,
    keys: HashMap<[u8; 32], Key>,
    key_hashes: HashMap<KeyId, [u8; 32]>,
    paired: HashSet<(IntegratorId, Environment, SiteId)>,
    logins: HashMap<(IntegratorId, LoginScope), Login>,
    webhooks: HashMap<(IntegratorId, Environment), WebhookTarget>,
    codes: HashMap<[u8; 32], PairingCode>,
    authoritative: Vec<SiteId>,
}

/// Where a login counts, so that a product is found by each of its names: blanks and case make no difference.
fn folded(scope: LoginScope) -> LoginScope {
    match scope {
        LoginScope::Product(name) => LoginScope::Product(Product::named(&name).folded_name()),
        site @ LoginScope::Site(_) => site,
    }
}

fn is_good(key: &Key, now: Moment) -> bool {
    let is_over = |at: Option<Moment>| at.is_some_and(|at| at <= now);
    !is_over(key.revoked_at) && !is_over(key.expires_at)
}

impl Index {
    pub fn new(directory: Directory) -> Index {
        let enabled = directory
            .pairings
            .into_iter()
            .filter(|pairing| pairing.enabled);
        Index {
            integrators: directory
                .integrators
                .into_iter()
                .map(|one| (one.id, one))
                .collect(),
            key_hashes: directory
                .keys
                .iter()
                .map(|key| (key.id, key.hash))
                .collect(),
            keys: directory
                .keys
                .into_iter()
                .map(|key| (key.hash, key))
                .collect(),
            paired: enabled
                .map(|pairing| (pairing.integrator, pairing.environment, pairing.site))
                .collect(),
            logins: directory
                .logins
                .into_iter()
                .map(|(integrator, scope, login)| ((integrator, folded(scope)), login))
                .collect(),
            webhooks: directory
                .webhooks
                .into_iter()
                .map(|target| ((target.integrator, target.environment), target))
                .collect(),
            codes: directory
                .pairing_codes
                .into_iter()
                .map(|code| (code.hash, code))
                .collect(),
            authoritative: directory.authoritative,
        }
    }

    /// The integrator that a key was made for, whether it still opens anything or not.
    pub fn owner(&self, key: &[u8]) -> Option<&Integrator> {
        let key = self.keys.get(&key_hash(key))?;
        self.integrators.get(&key.integrator)
    }

    /// Whose key it is. The key is compared by its hash, so that how long this takes says nothing of it.
    ///
    /// # Errors
    /// [`Denied::WrongKey`], [`Denied::Disabled`], [`Denied::Address`]
    pub fn caller(
        &self,
        key: &[u8],
        address: Option<IpAddr>,
        now: Moment,
    ) -> Result<Caller, Denied> {
        let key = self.keys.get(&key_hash(key)).ok_or(Denied::WrongKey)?;
        if !is_good(key, now) {
            return Err(Denied::WrongKey);
        }
        let integrator = self
            .integrators
            .get(&key.integrator)
            .ok_or(Denied::WrongKey)?;
        self.may_call(integrator, address)?;
        Ok(Caller {
            integrator: integrator.id,
            name: Arc::from(integrator.name.as_str()),
            environment: Some(key.environment),
            key: Some(key.id),
            rate: integrator.rate,
            all_sites: false,
        })
    }

    /// The integrator that a token was made for, with a key that is good still.
    ///
    /// # Errors
    /// [`Denied::Token`], [`Denied::Disabled`], [`Denied::Address`]
    pub fn bearer(
        &self,
        integrator: IntegratorId,
        environment: Environment,
        key: Option<KeyId>,
        address: Option<IpAddr>,
        now: Moment,
    ) -> Result<Caller, Denied> {
        let integrator = self.integrators.get(&integrator);
        let integrator = integrator.ok_or(Denied::Token("its integration is gone"))?;
        let hash = key.and_then(|key| self.key_hashes.get(&key));
        let made_with = hash.and_then(|hash| self.keys.get(hash));
        if !made_with.is_some_and(|key| is_good(key, now)) {
            return Err(Denied::Token(
                "the key that it was made with is good no more",
            ));
        }
        self.may_call(integrator, address)?;
        Ok(Caller {
            integrator: integrator.id,
            name: Arc::from(integrator.name.as_str()),
            environment: Some(environment),
            key,
            rate: integrator.rate,
            all_sites: false,
        })
    }

    fn may_call(&self, integrator: &Integrator, address: Option<IpAddr>) -> Result<(), Denied> {
        if integrator.disabled {
            return Err(Denied::Disabled);
        }
        let allowed = &integrator.addresses;
        let is_allowed = |address: IpAddr| allowed.iter().any(|range| range.contains(address));
        match allowed.is_empty() || address.is_some_and(is_allowed) {
            true => Ok(()),
            false => Err(Denied::Address),
        }
    }

    /// An integrator of the state store.
    pub fn integrator(&self, id: IntegratorId) -> Option<&Integrator> {
        self.integrators.get(&id)
    }

    /// Whether an integration is enabled at a site.
    pub fn is_paired(&self, who: IntegratorId, environment: Environment, site: SiteId) -> bool {
        self.paired.contains(&(who, environment, site))
    }

    /// An integrator's own login at a site: that for the site, else that for its product.
    pub fn login(&self, who: IntegratorId, site: SiteId, product: &str) -> Option<&Login> {
        let of_site = self.logins.get(&(who, LoginScope::Site(site)));
        of_site.or_else(|| {
            let of_product = folded(LoginScope::Product(product.to_owned()));
            self.logins.get(&(who, of_product))
        })
    }

    /// Where an integrator's messages go, or would go while it is disabled.
    pub fn webhook(&self, who: IntegratorId, environment: Environment) -> Option<&WebhookTarget> {
        self.webhooks.get(&(who, environment))
    }

    /// A code for pairing that is good now, for this integrator.
    pub fn pairing_code(&self, code: &str, who: IntegratorId, now: Moment) -> Option<&PairingCode> {
        let code = self.codes.get(&code_hash(code))?;
        let is_for = code.integrator.is_none_or(|of| of == who);
        (is_for && code.expires_at > now).then_some(code)
    }

    /// Sites that the operator has made the authoritative ones.
    pub fn authoritative(&self) -> &[SiteId] {
        &self.authoritative
    }
}

impl AddressRange {
    /// Whether an address is in the range. An IPv4 address that came in IPv6's form is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address.to_canonical() {
            IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, true),
            IpAddr::V6(address) => (u128::from(address), false),
        };
        let ((first, is_v4), (asked, asked_v4)) = (bits(self.first), bits(address));
        let rest = 128_u32.saturating_sub(u32::from(self.prefix));
        is_v4 == asked_v4 && (first ^ asked).checked_shr(rest).unwrap_or(0) == 0
    }
}

/// Why a text is no range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an address, or a range of addresses such as 192.0.2.0/24")]
pub struct NoAddressRange;

impl std::str::FromStr for AddressRange {
    type Err = NoAddressRange;

    fn from_str(text: &str) -> Result<AddressRange, NoAddressRange> {
        let (first, prefix) = text
            .split_once('/')
            .map_or((text, None), |(first, prefix)| (first, Some(prefix)));
        let first: IpAddr = first.parse().map_err(|_| NoAddressRange)?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let prefix: u8 = prefix.map_or(Ok(most), |prefix| {
            prefix.parse().map_err(|_| NoAddressRange)
        })?;
        if prefix > most {
            return Err(NoAddressRange);
        }
        // RFC 4291 §2.5.5.2: `::ffff:192.0.2.0/120` is `192.0.2.0/24`, as addresses of this form are IPv4's. What is wider
        // than all of these is none of them alone.
        match first.to_canonical() {
            first @ IpAddr::V4(_) if most == 128 => match prefix.checked_sub(96) {
                Some(prefix) => Ok(AddressRange { first, prefix }),
                None => Err(NoAddressRange),
            },
            _ => Ok(AddressRange { first, prefix }),
        }
    }
}

impl std::fmt::Display for AddressRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_begins_alike() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
            ("::ffff:192.0.2.0/120", "192.0.2.9", true),
            ("::ffff:192.0.2.0/120", "::ffff:192.0.2.9", true),
            ("::ffff:192.0.2.0/120", "192.0.3.9", false),
            ("::ffff:192.0.2.7", "192.0.2.7", true),
            ("::ffff:192.0.2.7", "192.0.2.8", false),
        ];
        for (range, address, expected) in cases {
            let range: AddressRange = range.parse().expect("a range");
            assert_eq!(
                range.contains(address.parse().expect("an address")),
                expected,
                "{range} {address}"
            );
        }
        for wrong in [
            "",
            "192.0.2.0/33",
            "example.org",
            "192.0.2.0/",
            "::/129",
            "192.0.2.0/-1",
            "::ffff:192.0.2.0/95",
        ] {
            assert!(wrong.parse::<AddressRange>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_caller_of_the_file_is_the_same_integrator_each_time() {
        assert_eq!(integrator_of_file("demo"), integrator_of_file("demo"));
        assert_ne!(integrator_of_file("demo"), integrator_of_file("other"));
        assert_eq!(integrator_of_file("demo").0.get_version_num(), 8);
    }
}
