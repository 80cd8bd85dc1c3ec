//! Which trace a request belongs to: W3C Trace Context, level 1 (<https://www.w3.org/TR/trace-context-1/>).
//!
//! Takes the `traceparent` and `tracestate` of a request; gives the trace's id, the caller's span and one of our own, and
//! what an outgoing request says of them. Whatever is not as the Recommendation has it starts a new trace: a header is
//! never an error. The ids are hexadecimal digits, so that they may stand in a log; `tracestate` is text of others, which
//! is passed on and shown nowhere.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// `00-` trace id `-` span id `-` flags.
const LENGTH: usize = 55;
/// §3.3.1.5: at least so much is to be passed on; more is dropped.
const STATE_LENGTH: usize = 512;
/// §3.3.1.1
const STATE_MEMBERS: usize = 32;
/// The one flag that version 00 has.
const SAMPLED: u8 = 0x01;

macro_rules! hex_ids {
    ($($(#[$doc:meta])* $name:ident($bytes:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// One that nothing else has: the last bytes of a random id. All zeroes, which are no id, have no bits of the
            /// variant, which a random one has.
            fn of(random: Uuid) -> $name {
                let mut id = [0; $bytes];
                id.copy_from_slice(&random.as_bytes()[16 - $bytes..]);
                $name(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NoId;

            fn from_str(text: &str) -> Result<$name, NoId> {
                let mut bytes = [0; $bytes];
                read_hex(text.as_bytes(), &mut bytes).ok_or(NoId)?;
                (bytes != [0; $bytes]).then_some($name(bytes)).ok_or(NoId)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                String::deserialize(from)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

hex_ids! {
    /// All that one request of somebody's led to: 32 lowercase hexadecimal digits.
    TraceId(16);
    /// One request of a trace: 16 lowercase hexadecimal digits.
    SpanId(8);
}

/// The text is not as many lowercase hexadecimal digits as the id has, or they are all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no id of a trace")]
pub struct NoId;

/// A request's place in a trace.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceContext {
    pub trace: TraceId,
    /// The caller's span; None where the trace begins here.
    pub parent: Option<SpanId>,
    /// The request's own.
    pub span: SpanId,
    /// The caller may have recorded the trace. Passed on as it came; not set in a trace that begins here.
    pub sampled: bool,
    /// What tracing systems of others say, in the form that is sent on.
    state: Option<Arc<str>>,
}

impl TraceContext {
    /// The place of a request that came with these headers: of two random ids, the one becomes the trace's where it begins
    /// here, the other the request's own.
    pub fn of(headers: &HeaderMap, [trace, span]: [Uuid; 2]) -> TraceContext {
        let span = SpanId::of(span);
        let mut parents = headers.get_all(TRACEPARENT).iter();
        // Of two, neither is to be believed.
        let parent = match (parents.next(), parents.next()) {
            (Some(one), None) => Parent::read(one.as_bytes()),
            _ => None,
        };
        match parent {
            Some(Parent {
                trace,
                span: parent,
                sampled,
            }) => TraceContext {
                trace,
                parent: Some(parent),
                span,
                sampled,
                state: state(headers),
            },
            None => TraceContext {
                trace: TraceId::of(trace),
                parent: None,
                span,
                sampled: false,
                state: None,
            },
        }
    }

    /// The place of a request that this one leads to.
    #[must_use]
    pub fn child(&self) -> TraceContext {
        TraceContext {
            parent: Some(self.span),
            span: SpanId::of(Uuid::new_v4()),
            ..self.clone()
        }
    }

    /// What the request with this place says of it: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
    pub fn traceparent(&self) -> HeaderValue {
        // Hexadecimal digits and hyphens are a header's value.
        HeaderValue::from_maybe_shared(self.text().into_bytes())
            .unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// The same as text.
    pub fn text(&self) -> String {
        format!(
            "00-{}-{}-{:02x}",
            self.trace,
            self.span,
            u8::from(self.sampled)
        )
    }

    /// `tracestate` of the request with this place, as it came.
    pub fn tracestate(&self) -> Option<HeaderValue> {
        // It was read from such values.
        HeaderValue::from_str(self.state.as_deref()?).ok()
    }

    /// Both headers of an outgoing request with this place.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let state = self.tracestate().map(|value| (TRACESTATE, value));
        std::iter::once((TRACEPARENT, self.traceparent())).chain(state)
    }
}

/// Shown without what others say.
impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceContext")
            .field("trace", &self.trace)
            .field("parent", &self.parent)
            .field("span", &self.span)
            .field("sampled", &self.sampled)
            .finish_non_exhaustive()
    }
}

/// What a `traceparent` says.
struct Parent {
    trace: TraceId,
    span: SpanId,
    sampled: bool,
}

impl Parent {
    /// §3.2.2 and, for versions to come, §3.2.4: what version 00 has, and after it nothing or a hyphen.
    fn read(value: &[u8]) -> Option<Parent> {
        let text = std::str::from_utf8(value).ok()?;
        let (known, rest) = text.split_at_checked(LENGTH)?;
        let mut version = [0];
        let mut flags = [0];
        let mut fields = known.split('-');
        read_hex(fields.next()?.as_bytes(), &mut version)?;
        let trace = fields.next()?.parse().ok()?;
        let span = fields.next()?.parse().ok()?;
        read_hex(fields.next()?.as_bytes(), &mut flags)?;
        let is_sound = match version {
            [0x00] => rest.is_empty(),
            [0xff] => false,
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        (is_sound && fields.next().is_none()).then_some(Parent {
            trace,
            span,
            sampled: flags[0] & SAMPLED != 0,
        })
    }
}

/// Reads as many lowercase hexadecimal digits as the bytes have, and no others.
fn read_hex(text: &[u8], bytes: &mut [u8]) -> Option<()> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != bytes.len() * 2 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(())
}

/// `tracestate`, in one text; None where it is longer than is passed on, or is none: what the Recommendation says of a list
/// that cannot be read.
fn state(headers: &HeaderMap) -> Option<Arc<str>> {
    let mut members = Vec::new();
    let mut keys = HashSet::new();
    let mut length = 0;
    for value in headers.get_all(TRACESTATE) {
        // Visible ASCII and blanks, which `member` asks for too.
        let text = value.to_str().ok()?;
        length += text.len() + 1;
        if length > STATE_LENGTH + 1 {
            return None;
        }
        let all = text
            .split(',')
            .map(|member| member.trim_matches([' ', '\t']));
        for member in all.filter(|member| !member.is_empty()) {
            let key = state_key(member)?;
            if members.len() == STATE_MEMBERS || !keys.insert(key) {
                return None;
            }
            members.push(member);
        }
    }
    (!members.is_empty()).then(|| Arc::from(members.join(",")))
}

/// The key of a list's member (§3.3.1.3); None where it is none.
fn state_key(member: &str) -> Option<&str> {
    let (key, value) = member.split_once('=')?;
    let begins = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_key = (1..=256).contains(&key.len())
        && key.bytes().next().is_some_and(begins)
        && key
            .bytes()
            .all(|byte| begins(byte) || b"_-*/@".contains(&byte));
    let is_value = (1..=256).contains(&value.len())
        && value
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=');
    (is_key && is_value).then_some(key)
}

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// The place of the request that this task answers.
pub fn current() -> Option<TraceContext> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Answers a request at its place: [`current`] gives it until the future is done.
pub fn scope<F: Future>(context: TraceContext, future: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(context, future)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: [Uuid; 2] = [Uuid::from_bytes([7; 16]), Uuid::from_bytes([8; 16])];
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn with(pairs: &[(HeaderName, &str)]) -> TraceContext {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value.parse().expect("a header's value"));
        }
        TraceContext::of(&headers, RANDOM)
    }

    fn parent(value: &str) -> Option<(String, String, bool)> {
        let context = with(&[(TRACEPARENT, value)]);
        let parent = context.parent?;
        Some((
            context.trace.to_string(),
            parent.to_string(),
            context.sampled,
        ))
    }

    #[test]
    fn a_trace_goes_on() {
        let is = |sampled| Some((TRACE.to_owned(), SPAN.to_owned(), sampled));
        assert_eq!(parent(&format!("00-{TRACE}-{SPAN}-01")), is(true));
        assert_eq!(parent(&format!("00-{TRACE}-{SPAN}-00")), is(false));
        // Flags are bits, of which others are not known.
        assert_eq!(parent(&format!("00-{TRACE}-{SPAN}-ff")), is(true));
        assert_eq!(parent(&format!("00-{TRACE}-{SPAN}-fe")), is(false));
        // Versions to come add to this one.
        assert_eq!(parent(&format!("01-{TRACE}-{SPAN}-01")), is(true));
        assert_eq!(
            parent(&format!("cc-{TRACE}-{SPAN}-01-what the future")),
            is(true)
        );
    }

    #[test]
    fn what_is_no_parent_starts_a_trace() {
        let wrong = [
            String::new(),
            "smith".to_owned(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("0g-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("01-{TRACE}-{SPAN}-01.more"),
            format!("00-{TRACE}-{SPAN}-0x"),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00_{TRACE}-{SPAN}-01"),
            format!("00-{}-{TRACE}-01", SPAN),
            format!("00-{}é-{SPAN}-01", &TRACE[2..]),
        ];
        for value in &wrong {
            assert_eq!(parent(value), None, "{value}");
        }
        let once = format!("00-{TRACE}-{SPAN}-01");
        let twice = with(&[(TRACEPARENT, &once), (TRACEPARENT, &once)]);
        assert_eq!(twice.parent, None);
        // Nor is what belongs to the other trace kept.
        let state = with(&[(TRACEPARENT, "x"), (TRACESTATE, "congo=1")]);
        assert_eq!((state.tracestate(), state.sampled), (None, false));
        assert_eq!(
            state.traceparent(),
            format!("00-{}-{}-00", "07".repeat(16), "08".repeat(8))
        );
    }

    #[test]
    fn the_state_is_passed_on_or_dropped() {
        let state = |values: &[&str]| {
            let one = format!("00-{TRACE}-{SPAN}-01");
            let mut pairs = vec![(TRACEPARENT, one.as_str())];
            pairs.extend(values.iter().map(|value| (TRACESTATE, *value)));
            let context = with(&pairs);
            assert!(context.parent.is_some(), "{values:?}");
            let state = context.tracestate()?;
            Some(state.to_str().expect("ASCII").to_owned())
        };
        let kept = |text: &str| Some(text.to_owned());
        assert_eq!(
            state(&["rojo=00f0,congo=t61 rcW"]),
            kept("rojo=00f0,congo=t61 rcW")
        );
        assert_eq!(state(&["rojo=1", " ,\tt@x=2, "]), kept("rojo=1,t@x=2"));
        assert_eq!(state(&["", ","]), None);
        for wrong in ["a=1,a=2", "A=1", "a", "a=", "=1", "a=b=c", "a=é", "@a=1"] {
            assert_eq!(state(&[wrong]), None, "{wrong}");
        }
        let members = |count: usize| {
            let all: Vec<String> = (0..count).map(|number| format!("k{number}=v")).collect();
            all.join(",")
        };
        assert_eq!(state(&[&members(32)]), kept(&members(32)));
        assert_eq!(state(&[&members(33)]), None);
        let two = |last: usize| format!("a={},b={}", "v".repeat(254), "v".repeat(last));
        assert_eq!(two(253).len(), STATE_LENGTH);
        assert_eq!(state(&[&two(253)]), kept(&two(253)));
        assert_eq!(state(&[&two(254)]), None);
    }

    #[test]
    fn a_child_is_of_the_same_trace() {
        let one = with(&[
            (TRACEPARENT, &format!("00-{TRACE}-{SPAN}-01")),
            (TRACESTATE, "rojo=1"),
        ]);
        let child = one.child();
        assert_eq!((child.trace, child.parent), (one.trace, Some(one.span)));
        assert_ne!(child.span, one.span);
        let headers: Vec<_> = child.headers().map(|(_, value)| value).collect();
        let parent = format!("00-{TRACE}-{}-01", child.span);
        assert_eq!(headers, [parent.as_str(), "rojo=1"]);
        assert!(!format!("{child:?}").contains("rojo"));
    }

    #[tokio::test]
    async fn a_task_knows_its_place() {
        assert_eq!(current(), None);
        let one = with(&[]);
        let seen = scope(one.clone(), async { current() }).await;
        assert_eq!(seen, Some(one));
    }
}
