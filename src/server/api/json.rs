//! A body's JSON → what it asks for, or which field is at fault.
//!
//! [`read`] gives any type that derives `Deserialize` from plain fields. It is a deserialiser of its own for three reasons. Its
//! [`Fault`] names the field by its path and says what is expected there, and cannot hold what was given: it has no place for
//! it. Names of choices are taken in any case, for clients of .NET write `Reader` where the API has `reader`. And nothing is
//! built of what is not asked for: text is cut into fields, and a field into its fields, as they are wanted.
//!
//! A field that is not known is passed over: other versions of a client may send more. A field that is given twice is
//! refused, since RFC 8259 §4 leaves open which one counts. A number may be written as JSON has it (`15000`, `1.5e4`), but
//! not as a string.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::value::RawValue;
use thiserror::Error;

/// Beyond, a number in JSON need not be the one that was meant (RFC 8259 §6).
const WHOLE: f64 = 9_007_199_254_740_991.0;
/// Some writers begin a text of UTF-8 with it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Why a body asks for nothing. Holds nothing of the body.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    #[error("the body is empty")]
    Empty,
    #[error("the body is no JSON, from line {line}, column {column} on")]
    Syntax { line: usize, column: usize },
    #[error(transparent)]
    Field(#[from] Fault),
}

/// Which field is at fault, and what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `command.parameters[3].type`; empty for the body itself.
    path: String,
    /// `has to be a string`
    what: Cow<'static, str>,
}

impl Fault {
    /// A field's value is not as it has to be: `expected` says how, `a string`.
    pub fn expected(path: impl Into<String>, expected: impl fmt::Display) -> Fault {
        Fault {
            path: path.into(),
            what: Cow::Owned(format!("has to be {expected}")),
        }
    }

    fn here(what: &'static str) -> Fault {
        Fault {
            path: String::new(),
            what: Cow::Borrowed(what),
        }
    }

    /// The same fault, seen from a level further out.
    #[must_use]
    pub fn under(mut self, outer: &str) -> Fault {
        let dot = match self.path.is_empty() || self.path.starts_with('[') {
            true => "",
            false => ".",
        };
        self.path = format!("{outer}{dot}{}", self.path);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "the body {}", self.what),
            path => write!(f, "{path} {}", self.what),
        }
    }
}

impl std::error::Error for Fault {}

/// What serde says by itself. Of a value that was given nothing is taken over.
impl de::Error for Fault {
    fn custom<T: fmt::Display>(_: T) -> Fault {
        Fault::here("has a value that it does not take")
    }

    fn missing_field(field: &'static str) -> Fault {
        Fault {
            path: field.to_owned(),
            ..Fault::here("is missing")
        }
    }

    fn duplicate_field(field: &'static str) -> Fault {
        Fault {
            path: field.to_owned(),
            ..Fault::here("is given twice")
        }
    }
}

/// Reads a body.
///
/// # Errors
/// [`BodyError`]
pub fn read<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, BodyError> {
    let text = checked(body)?;
    Ok(T::deserialize(Raw::new(text))?)
}

/// The bytes of one of the body's fields, as they were sent; 0 where there is no such field.
pub fn length_of(body: &[u8], field: &'static str) -> usize {
    let text = checked(body).unwrap_or_default();
    let fields = fields(text, std::slice::from_ref(&field)).unwrap_or_default();
    fields.last().map_or(0, |(_, value)| value.len())
}

/// The body's text, which is JSON as a whole.
fn checked(body: &[u8]) -> Result<&str, BodyError> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(BodyError::Empty);
    }
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(raw) => Ok(raw.get()),
        Err(error) => Err(BodyError::Syntax {
            line: error.line(),
            column: error.column(),
        }),
    }
}

/// A value as text, which is known to be JSON.
#[derive(Clone, Copy)]
struct Raw<'de> {
    text: &'de str,
    or_null: bool,
}

impl<'de> Raw<'de> {
    fn new(text: &'de str) -> Raw<'de> {
        Raw {
            text,
            or_null: false,
        }
    }

    fn refused(self, expected: &'static str, or_null: &'static str) -> Fault {
        Fault::here(if self.or_null { or_null } else { expected })
    }

    fn string(self) -> Result<Cow<'de, str>, Fault> {
        if !self.text.starts_with('"') {
            return Err(self.refused("has to be a string", "has to be a string or null"));
        }
        let inner = self.text.get(1..self.text.len() - 1).unwrap_or_default();
        if !inner.contains('\\') {
            return Ok(Cow::Borrowed(inner));
        }
        // An escape may name half a character.
        let string = serde_json::from_str(self.text);
        string
            .map(Cow::Owned)
            .map_err(|_| Fault::here("has to be a string of whole characters"))
    }

    /// A number without a fraction, however it is written.
    fn whole(self) -> Option<i64> {
        if let Ok(number) = serde_json::from_str(self.text) {
            return Some(number);
        }
        let number: f64 = serde_json::from_str(self.text).ok()?;
        let is_whole = number.fract() == 0.0 && number.abs() <= WHOLE;
        // It has no fraction, and is in range.
        is_whole.then_some(number as i64)
    }
}

impl<'de> Deserializer<'de> for Raw<'de> {
    type Error = Fault;

    /// For types that take anything; none that is read here does.
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        Err(Fault::here("has a value that it does not take"))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.text {
            "null" => visitor.visit_none(),
            _ => visitor.visit_some(Raw {
                or_null: true,
                ..self
            }),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.string()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let number = self.whole();
        let number = number.ok_or_else(|| {
            self.refused(
                "has to be a whole number",
                "has to be a whole number or null",
            )
        })?;
        visitor.visit_i64(number)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if !self.text.starts_with('{') {
            return Err(self.refused("has to be an object", "has to be an object or null"));
        }
        let fields = fields(self.text, known)
            .map_err(|_| Fault::here("has a field whose name is not of whole characters"))?;
        visitor.visit_map(Fields {
            rest: fields.into_iter(),
            value: None,
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        // Of JSON only a list is one; what it holds is not looked at yet.
        let items: Vec<&RawValue> = serde_json::from_str(self.text)
            .map_err(|_| self.refused("has to be a list", "has to be a list or null"))?;
        visitor.visit_seq(Items {
            rest: items.into_iter().enumerate(),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let given = self.string().ok();
        let is_given = |name: &&&str| {
            given
                .as_ref()
                .is_some_and(|given| given.eq_ignore_ascii_case(name))
        };
        match names.iter().find(is_given) {
            Some(name) => {
                let name: StrDeserializer<'_, Fault> = name.into_deserializer();
                visitor.visit_enum(name)
            }
            None => Err(Fault::expected(
                "",
                match names {
                    [only] => (*only).to_owned(),
                    _ => format!("one of {}", names.join(", ")),
                },
            )),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct map identifier
    }
}

/// The fields of an object that are known, in the order in which they came, with their values as text.
fn fields<'de>(
    text: &'de str,
    known: &[&'static str],
) -> Result<Vec<(&'static str, &'de str)>, serde_json::Error> {
    struct Known<'k>(&'k [&'static str]);

    impl<'de> Visitor<'de> for Known<'_> {
        type Value = Vec<(&'static str, &'de str)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = Vec::with_capacity(self.0.len());
            while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                match self.0.iter().find(|known| **known == name) {
                    Some(known) => found.push((*known, map.next_value::<&RawValue>()?.get())),
                    None => drop(map.next_value::<IgnoredAny>()?),
                }
            }
            Ok(found)
        }
    }

    serde_json::Deserializer::from_str(text).deserialize_map(Known(known))
}

struct Fields<'de> {
    rest: std::vec::IntoIter<(&'static str, &'de str)>,
    value: Option<(&'static str, &'de str)>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        self.value = self.rest.next();
        let name = self.value.map(|(name, _)| name.into_deserializer());
        name.map(|name: StrDeserializer<'_, Fault>| seed.deserialize(name))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        // serde asks for a value after its name alone.
        let (name, text) = self.value.take().unwrap_or(("", "null"));
        seed.deserialize(Raw::new(text))
            .map_err(|fault| fault.under(name))
    }
}

struct Items<'de> {
    rest: std::iter::Enumerate<std::vec::IntoIter<&'de RawValue>>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let item = self.rest.next();
        item.map(|(place, item)| {
            seed.deserialize(Raw::new(item.get()))
                .map_err(|fault| fault.under(&format!("[{place}]")))
        })
        .transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Order {
        what: String,
        how_many: Option<i64>,
        size: Option<Size>,
        parts: Option<Vec<Part>>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Size {
        Small,
        VeryLarge,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Part {
        name: String,
    }

    fn order(text: &str) -> Result<Order, String> {
        read(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_written_is_read() {
        let least = |what: &str| Order {
            what: what.to_owned(),
            how_many: None,
            size: None,
            parts: None,
        };
        for text in [
            r#"{"what":"x"}"#,
            "\u{feff} {\"what\" : \"x\"}\r\n",
            r#"{"new":{"what":[1,2,{"a":null}]},"what":"\u0078","howMany":null,"size":null,"parts":null}"#,
            r#"{"new":1,"wh\u0061t":"x","new":2}"#,
        ] {
            assert_eq!(order(text), Ok(least("x")), "{text}");
        }
        assert_eq!(order(r#"{"what":"ü \ud83d\ude00"}"#), Ok(least("ü 😀")));
        for (written, meant) in [("7", 7), ("-1", -1), ("7.0", 7), ("1.5e4", 15_000)] {
            let text = format!(r#"{{"what":"x","howMany":{written}}}"#);
            assert_eq!(order(&text).expect("read").how_many, Some(meant));
        }
        for (written, meant) in [
            ("small", Size::Small),
            ("VERYLARGE", Size::VeryLarge),
            ("veryLarg\\u0065", Size::VeryLarge),
        ] {
            let text = format!(r#"{{"what":"x","size":"{written}"}}"#);
            assert_eq!(order(&text).expect("read").size, Some(meant));
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_not_repeated() {
        for (text, expected) in [
            ("", "the body is empty"),
            (" \n", "the body is empty"),
            (
                "{\"what\":\n \"secret",
                "the body is no JSON, from line 2, column 8 on",
            ),
            (
                r#"{"what":"x"} secret"#,
                "the body is no JSON, from line 1, column 14 on",
            ),
            (
                r#"{"what":'secret'}"#,
                "the body is no JSON, from line 1, column 9 on",
            ),
            ("[]", "the body has to be an object"),
            (r#""secret""#, "the body has to be an object"),
            ("null", "the body has to be an object"),
            ("{}", "what is missing"),
            (r#"{"What":"x"}"#, "what is missing"),
            (r#"{"what":null}"#, "what has to be a string"),
            (r#"{"what":5}"#, "what has to be a string"),
            (r#"{"what":{"secret":1}}"#, "what has to be a string"),
            (
                r#"{"what":"\ud83d secret"}"#,
                "what has to be a string of whole characters",
            ),
            (r#"{"what":"x","what":"secret"}"#, "what is given twice"),
            (
                r#"{"\ud83d":1,"what":"x"}"#,
                "the body has a field whose name is not of whole characters",
            ),
            (
                r#"{"what":"x","howMany":"7"}"#,
                "howMany has to be a whole number or null",
            ),
            (
                r#"{"what":"x","howMany":7.5}"#,
                "howMany has to be a whole number or null",
            ),
            (
                r#"{"what":"x","howMany":1e300}"#,
                "howMany has to be a whole number or null",
            ),
            (
                r#"{"what":"x","howMany":true}"#,
                "howMany has to be a whole number or null",
            ),
            (
                r#"{"what":"x","size":"secret"}"#,
                "size has to be one of small, veryLarge",
            ),
            (
                r#"{"what":"x","size":1}"#,
                "size has to be one of small, veryLarge",
            ),
            (
                r#"{"what":"x","parts":{"name":"secret"}}"#,
                "parts has to be a list or null",
            ),
            (
                r#"{"what":"x","parts":["secret"]}"#,
                "parts[0] has to be an object",
            ),
            (
                r#"{"what":"x","parts":[{"name":"a"},{"name":7}]}"#,
                "parts[1].name has to be a string",
            ),
            (r#"{"what":"x","parts":[{}]}"#, "parts[0].name is missing"),
        ] {
            assert_eq!(order(text), Err(expected.to_owned()), "{text}");
        }
        let latin = read::<Order>(b"{\"what\":\"\xe9\"}");
        assert!(matches!(latin, Err(BodyError::Syntax { line: 1, .. })));
    }

    #[test]
    fn depth_is_no_way_to_the_end_of_the_stack() {
        let deep = format!(
            r#"{{"what":"x","new":{}{}}}"#,
            "[".repeat(200_000),
            "]".repeat(200_000)
        );
        assert!(order(&deep).is_ok());
        let deep = format!(r#"{{"what":{}"#, "[".repeat(200_000));
        assert!(order(&deep).is_err());
    }

    #[test]
    fn a_field_is_as_long_as_it_was_sent() {
        assert_eq!(length_of(br#"{"a": {"b" : 1} , "c":2}"#, "a"), 9);
        assert_eq!(length_of(br#"{"a":1}"#, "b"), 0);
        assert_eq!(length_of(b"no JSON", "a"), 0);
    }
}
