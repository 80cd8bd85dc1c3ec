//! What the file says of the cloud surface as a whole: the key of its state, the rate limit, webhooks, the audit trail.

use std::time::Duration;

use super::read::Section;
use super::secrets::Secrets;
use crate::gateway::rate::Limit;
use crate::mapping::Problem;

/// A day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The cloud surface, but for its callers and sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cloud {
    /// Seals the state; None: the one that is kept in the folder of data.
    pub state_key: Option<StateKey>,
    /// Queries of one integrator, of the kinds that count, in any rolling 5 seconds; None: no bound.
    pub rate_limit: Option<u32>,
    /// Messages may go to webhooks at private addresses.
    pub private_webhooks: bool,
    /// How long the audit trail is kept.
    pub audit_retention: Duration,
}

impl Default for Cloud {
    fn default() -> Cloud {
        Cloud {
            state_key: None,
            rate_limit: Some(15),
            private_webhooks: false,
            // Seven years.
            audit_retention: DAY * 2557,
        }
    }
}

/// 32 bytes that seal what is kept. No form that is made for people shows them.
#[derive(Clone, PartialEq, Eq)]
pub struct StateKey([u8; 32]);

impl StateKey {
    /// The bytes themselves, for the cipher.
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key in hexadecimal digits; None where they are not 64.
    fn parse(text: &str) -> Option<StateKey> {
        let digits = text.trim().as_bytes();
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        if digits.len() != 64 {
            return None;
        }
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
        }
        Some(StateKey(key))
    }
}

impl std::fmt::Debug for StateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// Reads them; what is not said, or said wrongly (which is reported), is as elsewhere.
pub(super) fn read(root: &Section<'_>, secrets: &mut Secrets<'_>) -> Cloud {
    let mut cloud = Cloud {
        state_key: state_key(root, secrets),
        ..Cloud::default()
    };
    if let Some(limit) = rate_limit(root) {
        cloud.rate_limit = limit;
    }
    if let Some(webhooks) = root.section("webhooks", "the webhooks") {
        cloud.private_webhooks = webhooks.boolean("allow-private").unwrap_or(false);
        webhooks.done();
    }
    if let Some(audit) = root.section("audit", "the audit trail") {
        if let Some(days) = audit.number("retention-days", 1..=36_525) {
            cloud.audit_retention = DAY * days;
        }
        audit.done();
    }
    cloud
}

fn state_key(root: &Section<'_>, secrets: &mut Secrets<'_>) -> Option<StateKey> {
    let secret = secrets.read(root, "state-key")?;
    let key = StateKey::parse(secret.reveal());
    if key.is_none() {
        let span = root.get("state-key").map_or(0..0, |value| value.span());
        let message = "`state-key`: a key is 32 bytes, written as 64 hexadecimal digits";
        root.report(
            Problem::new(&super::rules::INVALID_VALUE, &span, message)
                .help("`openssl rand -hex 32` makes one"),
        );
    }
    key
}

/// What `rate-limit` says, if it is there and right.
fn rate_limit(root: &Section<'_>) -> Option<Option<u32>> {
    let value = root.get("rate-limit")?;
    match value.get_ref().as_str() {
        Some("off") => Some(None),
        Some(_) => {
            root.invalid(
                &value.span(),
                "`rate-limit` is a whole number of queries in any 5 seconds, or \"off\"",
            );
            None
        }
        None => root.number("rate-limit", 1..=Limit::MOST.into()).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_digits_and_is_not_shown() {
        let text = "00ff1e".to_owned() + &"aB".repeat(29);
        let key = StateKey::parse(&format!("{text}\n")).expect("a key");
        assert_eq!(key.reveal()[..4], [0, 255, 0x1e, 0xab]);
        assert_eq!(format!("{key:?}"), "[secret]");
        for wrong in [
            "",
            &text[1..],
            &text.replace("ff", "fg"),
            &text.replace("ff", "é"),
        ] {
            assert_eq!(StateKey::parse(wrong), None, "{wrong}");
        }
    }
}
