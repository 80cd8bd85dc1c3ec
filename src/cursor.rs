//! Page cursors: what a `next` link carries from one page to the next.
//!
//! Takes a [`Cursor`] (the search and the place in it) and gives opaque text, and back. The text is
//! encrypted, for it holds what was searched and a row's values; authenticated, so that no caller can
//! make the server start at a place of the caller's choosing; and bound to its site and caller by the
//! associated data. Nothing is kept on the server: any node with the same key can go on.
//!
//! The text is base64url of what [`Sealer`] gives.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::errors::{self, Code};
use crate::plan::Place;
use crate::relation::Value;
use crate::seal::{self, KEY_BYTES, SealError, Sealer};

/// The longest text that is looked at: far above what a search of the largest allowed size needs.
const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Sort keys of one source: more than any `_sort` has columns.
const MAX_KEYS: usize = 256;
/// Sources of one resource type.
const MAX_PLACES: usize = 256;

/// Why a cursor cannot be used. None of the messages says what was in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Not the text of a cursor of this version.
    #[error("the cursor is not one of this server's")]
    Malformed,
    /// Altered, sealed with another key, or bound to another site or caller.
    #[error("the cursor was altered, or belongs to another site or caller")]
    Rejected,
    /// More sort keys than a cursor holds, or a text that is too long for one.
    #[error("the place in the search is too large for a cursor")]
    TooLarge,
    /// The operating system gave no random bytes.
    #[error("no random numbers are to be had")]
    Random,
}

impl CursorError {
    /// The entry in the table of errors; None where the caller has no part in it.
    pub fn code(self) -> Option<Code> {
        match self {
            CursorError::Malformed | CursorError::Rejected => Some(errors::CURSOR),
            CursorError::TooLarge | CursorError::Random => None,
        }
    }
}

impl From<SealError> for CursorError {
    fn from(error: SealError) -> CursorError {
        match error {
            SealError::Malformed => CursorError::Malformed,
            SealError::Rejected => CursorError::Rejected,
            SealError::TooLarge => CursorError::TooLarge,
            SealError::Random => CursorError::Random,
        }
    }
}

/// The secret that seals cursors. Nodes that serve the same callers share it.
pub struct CursorKey(Sealer);

impl CursorKey {
    /// A new key; cursors that it seals are good until it is dropped.
    ///
    /// # Errors
    /// [`CursorError::Random`]
    pub fn generate() -> Result<Self, CursorError> {
        Ok(Self::from_bytes(seal::random_key()?))
    }

    /// A key that was kept or is shared.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        CursorKey(Sealer::new(bytes))
    }

    /// Seals `payload` for whoever `bound_to` stands for (a site and a caller, say).
    ///
    /// # Errors
    /// [`CursorError::Random`], [`CursorError::TooLarge`]
    pub fn seal(&self, payload: &[u8], bound_to: &[u8]) -> Result<String, CursorError> {
        let bytes = self.0.seal(payload, bound_to)?;
        let text = URL_SAFE_NO_PAD.encode(bytes);
        if text.len() > MAX_TEXT_BYTES {
            return Err(CursorError::TooLarge);
        }
        Ok(text)
    }

    /// Gives back the payload that was sealed for the same `bound_to`.
    ///
    /// # Errors
    /// [`CursorError::Malformed`], [`CursorError::Rejected`]
    pub fn open(&self, text: &str, bound_to: &[u8]) -> Result<Vec<u8>, CursorError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(CursorError::Malformed);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| CursorError::Malformed)?;
        Ok(self.0.open(&bytes, bound_to)?)
    }

    /// Seals a [`Cursor`].
    ///
    /// # Errors
    /// As [`seal`](Self::seal), and [`CursorError::TooLarge`] for too many keys.
    pub fn seal_cursor(&self, cursor: &Cursor, bound_to: &[u8]) -> Result<String, CursorError> {
        self.seal(&cursor.to_bytes()?, bound_to)
    }

    /// Opens a [`Cursor`].
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_cursor(&self, text: &str, bound_to: &[u8]) -> Result<Cursor, CursorError> {
        Cursor::from_bytes(&self.open(text, bound_to)?)
    }
}

/// A place in the results of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// The search in its canonical text, without any cursor: `family=smith&_sort=-birthdate`.
    pub query: String,
    /// How far each source of the resource type was given, in the order of the mapping.
    pub places: Vec<Place>,
    /// When the cursor was made, in seconds since 1970 UTC: a server may refuse old ones.
    pub issued_at: i64,
}

const NULL: u8 = 0;
const INT: u8 = 1;
const REAL: u8 = 2;
const TEXT: u8 = 3;
const BYTES: u8 = 4;
const TEXT_BYTES: u8 = 5;

const START: u8 = 0;
const AFTER: u8 = 1;
const END: u8 = 2;

impl Cursor {
    /// The compact form that is sealed: fixed-size numbers big-endian, texts and bytes after their
    /// length in four bytes, each key after a byte for its type.
    ///
    /// # Errors
    /// [`CursorError::TooLarge`]
    pub fn to_bytes(&self) -> Result<Vec<u8>, CursorError> {
        if self.places.len() > MAX_PLACES {
            return Err(CursorError::TooLarge);
        }
        let mut bytes = Vec::with_capacity(64 + self.query.len());
        bytes.extend_from_slice(&self.issued_at.to_be_bytes());
        put(&mut bytes, self.query.as_bytes())?;
        for place in &self.places {
            match place {
                Place::Start => bytes.push(START),
                Place::End => bytes.push(END),
                Place::After(keys) => {
                    if keys.len() > MAX_KEYS {
                        return Err(CursorError::TooLarge);
                    }
                    bytes.push(AFTER);
                    let count = u16::try_from(keys.len()).map_err(|_| CursorError::TooLarge)?;
                    bytes.extend_from_slice(&count.to_be_bytes());
                    for key in keys {
                        put_value(&mut bytes, key)?;
                    }
                }
            }
        }
        Ok(bytes)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. Nothing is allocated that is not in `bytes`.
    ///
    /// # Errors
    /// [`CursorError::Malformed`]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CursorError> {
        let mut rest = bytes;
        let issued_at = i64::from_be_bytes(take(&mut rest)?);
        let query = text(&mut rest)?;
        let mut places = Vec::new();
        while !rest.is_empty() {
            if places.len() == MAX_PLACES {
                return Err(CursorError::Malformed);
            }
            let [kind] = take(&mut rest)?;
            places.push(match kind {
                START => Place::Start,
                END => Place::End,
                AFTER => {
                    let count = usize::from(u16::from_be_bytes(take(&mut rest)?));
                    if count > MAX_KEYS {
                        return Err(CursorError::Malformed);
                    }
                    Place::After(
                        (0..count)
                            .map(|_| take_value(&mut rest))
                            .collect::<Result<_, _>>()?,
                    )
                }
                _ => return Err(CursorError::Malformed),
            });
        }
        Ok(Cursor {
            query,
            places,
            issued_at,
        })
    }
}

/// A sort key as a driver gives it: days and times come as text or numbers, never as a type of their own.
fn put_value(bytes: &mut Vec<u8>, value: &Value) -> Result<(), CursorError> {
    match value {
        Value::Null => bytes.push(NULL),
        Value::Int(int) => {
            bytes.push(INT);
            bytes.extend_from_slice(&int.to_be_bytes());
        }
        Value::Real(real) => {
            bytes.push(REAL);
            bytes.extend_from_slice(&real.to_bits().to_be_bytes());
        }
        Value::Text(text) => {
            bytes.push(TEXT);
            put(bytes, text.as_bytes())?;
        }
        Value::TextBytes(value) => {
            bytes.push(TEXT_BYTES);
            put(bytes, value)?;
        }
        Value::Bytes(value) => {
            bytes.push(BYTES);
            put(bytes, value)?;
        }
        Value::Date(day) => {
            bytes.push(TEXT);
            put(bytes, day.to_string().as_bytes())?;
        }
        Value::DateTime(at) => {
            bytes.push(TEXT);
            put(bytes, at.to_string().as_bytes())?;
        }
    }
    Ok(())
}

fn take_value(rest: &mut &[u8]) -> Result<Value, CursorError> {
    let [kind] = take(rest)?;
    Ok(match kind {
        NULL => Value::Null,
        INT => Value::Int(i64::from_be_bytes(take(rest)?)),
        REAL => Value::Real(f64::from_bits(u64::from_be_bytes(take(rest)?))),
        TEXT => Value::Text(text(rest)?),
        BYTES => Value::Bytes(stretch(rest)?.to_vec()),
        TEXT_BYTES => Value::TextBytes(stretch(rest)?.to_vec()),
        _ => return Err(CursorError::Malformed),
    })
}

fn put(bytes: &mut Vec<u8>, value: &[u8]) -> Result<(), CursorError> {
    let length = u32::try_from(value.len()).map_err(|_| CursorError::TooLarge)?;
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(value);
    Ok(())
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], CursorError> {
    let (taken, after) = rest.split_first_chunk().ok_or(CursorError::Malformed)?;
    *rest = after;
    Ok(*taken)
}

fn stretch<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], CursorError> {
    let length = u32::from_be_bytes(take(rest)?);
    let length = usize::try_from(length).map_err(|_| CursorError::Malformed)?;
    let (taken, after) = rest
        .split_at_checked(length)
        .ok_or(CursorError::Malformed)?;
    *rest = after;
    Ok(taken)
}

fn text(rest: &mut &[u8]) -> Result<String, CursorError> {
    let bytes = stretch(rest)?;
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|_| CursorError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: [u8; 32] = [7; 32];

    fn example() -> Cursor {
        Cursor {
            query: "family=Nguy%E1%BB%85n&_sort=-birthdate".into(),
            places: vec![
                Place::Start,
                Place::After(vec![
                    Value::Null,
                    Value::Int(-3),
                    Value::Real(0.5),
                    Value::Text("Zo\u{eb}".into()),
                    Value::Bytes(vec![0, 255]),
                ]),
                Place::End,
            ],
            issued_at: 1_793_000_000,
        }
    }

    fn is_refused(result: Result<Vec<u8>, CursorError>) -> bool {
        matches!(result, Err(CursorError::Malformed | CursorError::Rejected))
    }

    #[test]
    fn what_is_sealed_can_be_opened() {
        let key = CursorKey::from_bytes(KEY);
        let text = key.seal_cursor(&example(), b"site caller").expect("sealed");
        assert_eq!(key.open_cursor(&text, b"site caller"), Ok(example()));
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        );
        let again = key.seal_cursor(&example(), b"site caller").expect("sealed");
        assert_ne!(text, again, "a nonce of its own for each");
    }

    #[test]
    fn nothing_altered_is_opened() {
        let key = CursorKey::from_bytes(KEY);
        let text = key.seal(b"payload", b"site").expect("sealed");
        let bytes = URL_SAFE_NO_PAD.decode(&text).expect("base64");
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                assert!(
                    is_refused(key.open(&URL_SAFE_NO_PAD.encode(altered), b"site")),
                    "byte {at}"
                );
            }
        }
        for length in 0..bytes.len() {
            assert!(
                is_refused(key.open(&URL_SAFE_NO_PAD.encode(&bytes[..length]), b"site")),
                "{length} bytes"
            );
        }
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("ASCII");
            assert!(is_refused(key.open(&altered, b"site")), "character {at}");
        }
        assert!(is_refused(key.open(&format!("{text}="), b"site")));
        assert!(is_refused(key.open(&format!("{text}AAAA"), b"site")));
    }

    #[test]
    fn a_cursor_is_bound_to_its_key_and_its_owner() {
        let key = CursorKey::from_bytes(KEY);
        let text = key.seal(b"payload", b"site a").expect("sealed");
        assert_eq!(key.open(&text, b"site b"), Err(CursorError::Rejected));
        assert_eq!(key.open(&text, b""), Err(CursorError::Rejected));
        let other = CursorKey::generate().expect("random bytes");
        assert_eq!(other.open(&text, b"site a"), Err(CursorError::Rejected));
    }

    #[test]
    fn sizes_are_bounded() {
        let key = CursorKey::from_bytes(KEY);
        assert_eq!(
            key.seal(&vec![0; MAX_TEXT_BYTES], b""),
            Err(CursorError::TooLarge)
        );
        assert_eq!(
            key.open(&"A".repeat(MAX_TEXT_BYTES + 1), b""),
            Err(CursorError::Malformed)
        );
        let many = Cursor {
            places: vec![Place::After(vec![Value::Null; MAX_KEYS + 1])],
            ..example()
        };
        assert_eq!(many.to_bytes(), Err(CursorError::TooLarge));
        let mut bytes = example().to_bytes().expect("written");
        bytes.extend([NULL; MAX_KEYS]);
        assert_eq!(Cursor::from_bytes(&bytes), Err(CursorError::Malformed));
        // A length beyond the end asks for no memory.
        let mut bytes = vec![0; 10];
        bytes.extend([255; 4]);
        assert_eq!(Cursor::from_bytes(&bytes), Err(CursorError::Malformed));
    }

    fn key_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_map(Value::Real),
            any::<String>().prop_map(Value::Text),
            any::<Vec<u8>>().prop_map(Value::Bytes),
            any::<Vec<u8>>().prop_map(Value::TextBytes),
        ]
    }

    proptest! {
        #[test]
        fn every_cursor_is_read_as_it_was_written(
            query: String, keys in prop::collection::vec(key_value(), 0..6), issued_at: i64,
        ) {
            let cursor = Cursor { query, places: vec![Place::End, Place::After(keys), Place::Start], issued_at };
            let bytes = cursor.to_bytes().expect("written");
            prop_assert_eq!(Cursor::from_bytes(&bytes), Ok(cursor));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, text: String) {
            if let Ok(cursor) = Cursor::from_bytes(&bytes) {
                prop_assert_eq!(cursor.to_bytes(), Ok(bytes));
            }
            prop_assert!(is_refused(CursorKey::from_bytes(KEY).open(&text, b"")));
        }
    }
}
