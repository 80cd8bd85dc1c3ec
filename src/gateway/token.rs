//! Tokens of devices: what a desktop programme shows on the desktop API, in place of its integrator's key.
//!
//! Takes a device's id and where it may ask; gives a JWT (RFC 7519) that is bound to that device and that one site, and is
//! good for an hour. Takes it back with the id that the device sends beside it; gives whom it stands for. Nothing is kept
//! of a token: a restart, and another node with the same secret, take it as well, and what ends it is its time.
//!
//! It is signed with HS256 and no other algorithm is taken, whatever its header says. The header's `kid` says which secret
//! it was signed with, so that a secret can be replaced while tokens of the former one are still good.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

use super::caller::Caller;
use super::id::{IntegratorId, KeyId, SiteId};
use super::integrator::{Environment, Scope};
use super::moment::Moment;
use crate::hex::hex;
use crate::secret::{Secret, equal};

/// For how long a token is good, where nothing else is configured.
pub const LIFETIME: Duration = Duration::from_secs(3600);
/// No token is good for longer: none can be taken back.
pub const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// For so long after its end a token is still taken, since clocks of nodes differ.
pub const LEEWAY: Duration = Duration::from_secs(5);

const ISSUER: &str = "pilaster";
/// The API that it is for.
const AUDIENCE: &str = "desktop";
/// More bytes than any token of ours has.
const MOST_BYTES: usize = 2048;

/// What a device calls itself: 1 to 128 characters of ASCII, since it travels in a header. Blanks may be among them, as in the
/// names of computers, but not at the ends, where a header's are no part of its value (RFC 9110 §5.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeviceId(String);

/// Why a text is no device's id. Never the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a device's id has 1 to {} letters, digits, signs and blanks of ASCII, and no blank at its ends",
    DeviceId::LONGEST
)]
pub struct DeviceIdError;

impl DeviceId {
    pub const LONGEST: usize = 128;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceId {
    type Err = DeviceIdError;

    fn from_str(text: &str) -> Result<DeviceId, DeviceIdError> {
        let is_id = (1..=DeviceId::LONGEST).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ')
            && text.trim_ascii() == text;
        is_id
            .then(|| DeviceId(text.to_owned()))
            .ok_or(DeviceIdError)
    }
}

/// What a token is asked for by (RFC 6749 §4.5): one grant with an older and a newer name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantType;

/// Why a grant is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("`grant_type` is one of {} and {}", GrantType::NAMES[0], GrantType::NAMES[1])]
pub struct UnknownGrant;

impl GrantType {
    /// The newer one first.
    pub const NAMES: [&str; 2] = [
        "urn:halo-connect:oauth:desktop-token",
        "urn:halo-connect:oauth:device-token",
    ];
}

impl FromStr for GrantType {
    type Err = UnknownGrant;

    fn from_str(text: &str) -> Result<GrantType, UnknownGrant> {
        let is_known = GrantType::NAMES.contains(&text);
        is_known.then_some(GrantType).ok_or(UnknownGrant)
    }
}

/// Whom a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClaims {
    /// The token's own.
    pub id: Uuid,
    pub device: DeviceId,
    pub integrator: IntegratorId,
    /// With which it was made; None for one of the configuration file.
    pub key: Option<KeyId>,
    pub environment: Environment,
    pub site: SiteId,
    /// Whole seconds.
    pub issued_at: Moment,
    pub expires_at: Moment,
}

impl TokenClaims {
    /// What its device may look at, where it asks its own site.
    ///
    /// # Errors
    /// [`TokenError::OtherSite`]
    pub fn scope_at(&self, site: SiteId) -> Result<Scope, TokenError> {
        if site != self.site {
            return Err(TokenError::OtherSite);
        }
        Ok(Scope {
            integrator: self.integrator,
            environment: self.environment,
            site,
            device: Some(self.device.0.clone()),
        })
    }
}

/// Why a token opens nothing. Says nothing of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Altered, cut off, of another server, of a secret that is taken no more, or no token: they are not told apart, so
    /// that whoever tries tokens learns nothing.
    #[error("the bearer token is not one of this server's; ask for a new one")]
    NotOurs,
    #[error("the bearer token has expired; ask for a new one")]
    Expired,
    #[error("the bearer token is another device's than `DeviceId` says")]
    OtherDevice,
    #[error("the bearer token is for another site")]
    OtherSite,
}

/// A token could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no token can be made")]
pub struct NotIssued;

/// A token, and for how long it is good.
#[derive(Debug, Clone)]
pub struct Issued {
    pub access_token: Secret,
    /// Whole seconds.
    pub expires_in: Duration,
}

/// What is in a token. Times are seconds since 1970.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// The device.
    sub: String,
    site: SiteId,
    integrator: IntegratorId,
    /// With which it was made; absent for one of the configuration file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<KeyId>,
    environment: Environment,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// A secret that tokens are signed with.
struct Signer {
    /// What the header calls it: a hash of it, which does not betray 256 random bits.
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Signer {
    fn new(secret: [u8; 32]) -> Signer {
        let hash = Sha256::new()
            .chain_update(b"pilaster: which secret signed a token\0")
            .chain_update(secret)
            .finalize();
        Signer {
            kid: hex(&hash[..8]),
            encoding: EncodingKey::from_secret(&secret),
            decoding: DecodingKey::from_secret(&secret),
        }
    }
}

/// Makes tokens, and takes them.
pub struct Tokens {
    signer: Signer,
    /// Whole seconds.
    lifetime: Duration,
    validation: Validation,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("signer", &self.signer.kid)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// Tokens that are signed with a secret, 256 random bits, and are good for so long: whole seconds, one at least and
    /// [`LONGEST_LIFETIME`] at the most.
    pub fn new(secret: [u8; 32], lifetime: Duration) -> Tokens {
        let seconds = lifetime.as_secs().clamp(1, LONGEST_LIFETIME.as_secs());
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // It would ask a clock of its own; see `verify`.
        validation.validate_exp = false;
        Tokens {
            signer: Signer::new(secret),
            lifetime: Duration::from_secs(seconds),
            validation,
        }
    }

    /// A token for a device, to ask one site.
    ///
    /// # Errors
    /// [`NotIssued`], where the cryptography does not do its work.
    pub fn issue(
        &self,
        device: &DeviceId,
        caller: &Caller,
        environment: Environment,
        site: SiteId,
        now: Moment,
    ) -> Result<Issued, NotIssued> {
        let header = Header {
            kid: Some(self.signer.kid.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let issued_at = now.millis().div_euclid(1000);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: device.0.clone(),
            site,
            integrator: caller.integrator,
            key: caller.key,
            environment,
            iat: issued_at,
            exp: issued_at.saturating_add_unsigned(self.lifetime.as_secs()),
            jti: Uuid::new_v4(),
        };
        let token = jsonwebtoken::encode(&header, &claims, &self.signer.encoding);
        Ok(Issued {
            access_token: Secret::new(token.map_err(|_| NotIssued)?),
            expires_in: self.lifetime,
        })
    }

    /// Whom a token stands for that comes with this device's id. Whether it is for the site that is asked is
    /// [`TokenClaims::scope_at`].
    ///
    /// # Errors
    /// [`TokenError`], but of a site.
    pub fn verify(
        &self,
        token: &str,
        device_id: &str,
        now: Moment,
    ) -> Result<TokenClaims, TokenError> {
        if token.len() > MOST_BYTES {
            return Err(TokenError::NotOurs);
        }
        let not_ours = |_| TokenError::NotOurs;
        let header = jsonwebtoken::decode_header(token).map_err(not_ours)?;
        if header.kid.as_ref() != Some(&self.signer.kid) {
            return Err(TokenError::NotOurs);
        }
        let decoded =
            jsonwebtoken::decode::<Claims>(token, &self.signer.decoding, &self.validation);
        let claims = decoded.map_err(not_ours)?.claims;
        let expires_at = seconds(claims.exp)?;
        // RFC 7519 §4.1.4: on its end it is over.
        if now >= expires_at.plus(LEEWAY) {
            return Err(TokenError::Expired);
        }
        if !equal(claims.sub.as_bytes(), device_id.as_bytes()) {
            return Err(TokenError::OtherDevice);
        }
        Ok(TokenClaims {
            id: claims.jti,
            device: claims.sub.parse().map_err(|_| TokenError::NotOurs)?,
            integrator: claims.integrator,
            key: claims.key,
            environment: claims.environment,
            site: claims.site,
            issued_at: seconds(claims.iat)?,
            expires_at,
        })
    }
}

/// A moment of a token.
fn seconds(since_1970: i64) -> Result<Moment, TokenError> {
    let millis = since_1970.checked_mul(1000).ok_or(TokenError::NotOurs)?;
    Ok(Moment::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    const SECRET: [u8; 32] = [7; 32];
    const NOW: Moment = Moment::from_millis(1_795_344_675_007);

    struct Given {
        device: DeviceId,
        caller: Caller,
        site: SiteId,
    }

    fn given() -> Given {
        Given {
            device: "Desk-1:{4711}".parse().expect("an id"),
            caller: Caller {
                integrator: IntegratorId::generate(),
                name: "acme".into(),
                environment: Some(Environment::Production),
                key: Some(KeyId::generate()),
                rate: None,
                all_sites: false,
            },
            site: SiteId::generate(),
        }
    }

    fn issue(tokens: &Tokens, given: &Given) -> String {
        let environment = Environment::Production;
        let issued = tokens
            .issue(&given.device, &given.caller, environment, given.site, NOW)
            .expect("a token");
        assert_eq!(issued.expires_in, LIFETIME);
        issued.access_token.reveal().to_owned()
    }

    fn after(seconds: u64) -> Moment {
        NOW.plus(Duration::from_secs(seconds))
    }

    fn part(token: &str, index: usize) -> Value {
        let part = token.split('.').nth(index).expect("three parts");
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// A token of any header and claims, signed with a secret as HS256 is.
    fn forged(header: &Value, claims: &Value, secret: &[u8]) -> String {
        use hmac::{Hmac, KeyInit, Mac};
        let base64 = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", base64(header), base64(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
        mac.update(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    #[test]
    fn a_device_gets_what_it_shows_again() {
        let tokens = Tokens::new(SECRET, LIFETIME);
        let given = given();
        let token = issue(&tokens, &given);
        let claims = tokens
            .verify(&token, given.device.as_str(), after(60))
            .expect("ours");
        let expected = TokenClaims {
            id: claims.id,
            device: given.device.clone(),
            integrator: given.caller.integrator,
            key: given.caller.key,
            environment: Environment::Production,
            site: given.site,
            issued_at: Moment::from_millis(1_795_344_675_000),
            expires_at: Moment::from_millis(1_795_344_675_000 + 3_600_000),
        };
        assert_eq!(claims, expected);
        let scope = claims.scope_at(given.site).expect("its site");
        assert_eq!(scope.device.as_deref(), Some("Desk-1:{4711}"));
        assert_eq!(
            claims.scope_at(SiteId::generate()),
            Err(TokenError::OtherSite)
        );
        // In the form that others read too.
        let payload = part(&token, 1);
        let expected = json!({
            "iss": "pilaster", "aud": "desktop", "sub": "Desk-1:{4711}",
            "site": given.site.to_string(), "integrator": given.caller.integrator.to_string(), "environment": "production",
            "key": given.caller.key.map(|key| key.to_string()),
            "iat": 1_795_344_675, "exp": 1_795_348_275, "jti": claims.id.to_string(),
        });
        assert_eq!(payload, expected);
        assert_eq!(part(&token, 0)["alg"], "HS256");
        assert_ne!(issue(&tokens, &given), token, "each has an id of its own");
        // As anyone signs it who follows RFC 7515.
        assert_eq!(
            forged(&part(&token, 0), &payload, &SECRET).len(),
            token.len()
        );
        let again = forged(&part(&token, 0), &payload, &SECRET);
        assert!(tokens.verify(&again, given.device.as_str(), NOW).is_ok());
    }

    #[test]
    fn it_ends() {
        let tokens = Tokens::new(SECRET, LIFETIME);
        let given = given();
        let token = issue(&tokens, &given);
        let end = Moment::from_millis(1_795_344_675_000 + 3_600_000).plus(LEEWAY);
        let verify = |at| tokens.verify(&token, given.device.as_str(), at).err();
        assert_eq!(verify(Moment::from_millis(end.millis() - 1)), None);
        assert_eq!(verify(end), Some(TokenError::Expired));
        // A lifetime that makes no sense is the nearest that does.
        for (wanted, seconds) in [(0, 1), (90, 90), (1 << 40, 86_400)] {
            let tokens = Tokens::new(SECRET, Duration::from_secs(wanted));
            assert_eq!(tokens.lifetime, Duration::from_secs(seconds));
        }
    }

    #[test]
    fn it_is_of_use_to_its_device_alone() {
        let tokens = Tokens::new(SECRET, LIFETIME);
        let given = given();
        let token = issue(&tokens, &given);
        for other in [
            "",
            "Desk-1",
            "desk-1:{4711}",
            "Desk-1:{4711} ",
            "Desk-1:{4711}Desk-1:{4711}",
        ] {
            let verified = tokens.verify(&token, other, NOW);
            assert_eq!(verified, Err(TokenError::OtherDevice), "{other}");
        }
    }

    #[test]
    fn what_was_altered_is_not_taken() {
        let tokens = Tokens::new(SECRET, LIFETIME);
        let given = given();
        let token = issue(&tokens, &given);
        let refused = |token: &str| {
            let verified = tokens.verify(token, given.device.as_str(), NOW);
            assert_eq!(verified, Err(TokenError::NotOurs), "{token}");
        };
        // Cut off anywhere, and lengthened.
        for end in 0..token.len() {
            refused(&token[..end]);
        }
        refused(&format!("{token}A"));
        refused(&format!("{token}.{token}"));
        refused(&"A".repeat(1 << 20));
        // Any character another one; the last ones of a part have bits that base64 does not use.
        for at in 0..token.len() {
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            refused(&format!("{}{other}{}", &token[..at], &token[at + 1..]));
        }
        // The site of another token, under the signature of this one.
        let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else {
            panic!("three parts");
        };
        let mut claims = part(&token, 1);
        claims["site"] = json!(SiteId::generate().to_string());
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        refused(&format!("{header}.{claims}.{signature}"));
    }

    #[test]
    fn the_algorithm_and_the_claims_are_ours() {
        let tokens = Tokens::new(SECRET, LIFETIME);
        let given = given();
        let token = issue(&tokens, &given);
        let (header, claims) = (part(&token, 0), part(&token, 1));
        let refused = |token: &str, what: &str| {
            let verified = tokens.verify(token, given.device.as_str(), NOW);
            assert_eq!(verified, Err(TokenError::NotOurs), "{what}");
        };
        for algorithm in [
            "none", "None", "HS384", "HS512", "RS256", "ES256", "EdDSA", "",
        ] {
            let mut header = header.clone();
            header["alg"] = json!(algorithm);
            let forged = forged(&header, &claims, &SECRET);
            refused(&forged, algorithm);
            let unsigned = forged.rsplit_once('.').expect("a signature").0;
            refused(&format!("{unsigned}."), algorithm);
        }
        for kid in [Value::Null, json!("0123456789abcdef"), json!(1)] {
            let mut header = header.clone();
            header["kid"] = kid.clone();
            refused(&forged(&header, &claims, &SECRET), &kid.to_string());
        }
        refused(&forged(&header, &claims, &[8; 32]), "another secret");
        for name in [
            "iss",
            "aud",
            "sub",
            "site",
            "integrator",
            "environment",
            "iat",
            "exp",
            "jti",
        ] {
            let mut without = claims.clone();
            without.as_object_mut().expect("an object").remove(name);
            refused(&forged(&header, &without, &SECRET), name);
            let mut other = claims.clone();
            other[name] = json!(["other"]);
            refused(&forged(&header, &other, &SECRET), name);
        }
        for (name, other) in [
            ("iss", json!("other")),
            ("aud", json!("integrator")),
            ("exp", json!(i64::MAX)),
        ] {
            let mut changed = claims.clone();
            changed[name] = other;
            refused(&forged(&header, &changed, &SECRET), name);
        }
    }

    #[test]
    fn a_token_of_another_secret_is_refused() {
        let given = given();
        let others = issue(&Tokens::new(SECRET, LIFETIME), &given);
        let tokens = Tokens::new([8; 32], LIFETIME);
        let verify = |token: &str| {
            let verified = tokens.verify(token, given.device.as_str(), NOW);
            verified.map(|claims| claims.site)
        };
        assert_eq!(verify(&others), Err(TokenError::NotOurs));
        assert_eq!(verify(&issue(&tokens, &given)), Ok(given.site));
        // A `kid` names the secret; it does not make another one good.
        let mut header = part(&others, 0);
        header["kid"] = json!(tokens.signer.kid);
        let forged = forged(&header, &part(&others, 1), &SECRET);
        assert_eq!(verify(&forged), Err(TokenError::NotOurs));
        let shown = "Tokens { signer: KID, lifetime: 3600s, .. }";
        assert_eq!(
            format!("{tokens:?}").replace(&format!("{:?}", tokens.signer.kid), "KID"),
            shown
        );
    }

    #[test]
    fn ids_and_grants_are_checked() {
        for id in ["a", "~", "FRONT DESK 2", &"x".repeat(128)] {
            assert_eq!(id.parse::<DeviceId>().expect("an id").as_str(), id);
        }
        for text in [
            "",
            " ",
            " a",
            "a ",
            "a\tb",
            "a\n",
            "é",
            "a\u{7f}",
            &"x".repeat(129),
        ] {
            assert_eq!(text.parse::<DeviceId>(), Err(DeviceIdError), "{text:?}");
        }
        for name in GrantType::NAMES {
            assert_eq!(name.parse(), Ok(GrantType));
        }
        for name in [
            "",
            "password",
            "urn:halo-connect:oauth:token",
            "URN:halo-connect:oauth:device-token",
        ] {
            assert_eq!(name.parse::<GrantType>(), Err(UnknownGrant), "{name}");
        }
    }
}
