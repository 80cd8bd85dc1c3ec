//! R4's primitive types and the forms of their values.
//!
//! Takes a text, as a database row or a mapping's constant gives it; says whether it is a value of the
//! type (<http://hl7.org/fhir/R4/datatypes.html#primitive>). Written by hand rather than with regular
//! expressions: each check reads its text once, and some rules (the days of a month, the range of an
//! integer) are not regular anyway.

use std::fmt;

use super::xhtml;

macro_rules! primitives {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// A primitive type of R4.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Primitive {
            $(#[doc = concat!("`", $name, "`")] $variant),*
        }

        impl Primitive {
            /// All of them.
            pub const ALL: &[Primitive] = &[$(Primitive::$variant),*];

            /// The name as R4 writes it.
            pub fn name(self) -> &'static str {
                match self { $(Primitive::$variant => $name),* }
            }

            /// The primitive type of that name; case counts.
            pub fn named(name: &str) -> Option<Primitive> {
                match name { $($name => Some(Primitive::$variant),)* _ => None }
            }
        }
    };
}

primitives! {
    Boolean = "boolean",
    Integer = "integer",
    String = "string",
    Decimal = "decimal",
    Uri = "uri",
    Url = "url",
    Canonical = "canonical",
    Base64Binary = "base64Binary",
    Instant = "instant",
    Date = "date",
    DateTime = "dateTime",
    Time = "time",
    Code = "code",
    Oid = "oid",
    Id = "id",
    Markdown = "markdown",
    UnsignedInt = "unsignedInt",
    PositiveInt = "positiveInt",
    Uuid = "uuid",
    Xhtml = "xhtml",
}

impl fmt::Display for Primitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How JSON writes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JsonForm {
    /// `true`, `false`
    Boolean,
    /// Digits without quotes.
    Number,
    /// Quoted.
    String,
}

/// R4 §2.24.0.1: "Strings SHALL NOT exceed 1MB in size".
const LONGEST_STRING: usize = 1024 * 1024;

impl Primitive {
    /// How JSON writes its values (R4 §2.6.2.2).
    pub fn json_form(self) -> JsonForm {
        match self {
            Primitive::Boolean => JsonForm::Boolean,
            Primitive::Integer
            | Primitive::UnsignedInt
            | Primitive::PositiveInt
            | Primitive::Decimal => JsonForm::Number,
            _ => JsonForm::String,
        }
    }

    /// Whether a text has the type's lexical form. An empty text never has: an absent value is absent.
    ///
    /// Beyond R4's regular expressions, a day exists in its month, and base64 is padded at its end only.
    /// `xhtml` is one `div` that can stand in XML ([`super::xhtml`]).
    pub fn check(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Primitive::Boolean => matches!(text, "true" | "false"),
            Primitive::Integer => is_integer(bytes, i64::from(i32::MIN)),
            Primitive::UnsignedInt => {
                bytes.first().is_some_and(u8::is_ascii_digit) && is_integer(bytes, 0)
            }
            Primitive::PositiveInt => is_integer(bytes, 1),
            Primitive::Decimal => is_decimal(bytes),
            Primitive::String | Primitive::Markdown => {
                !text.is_empty() && text.len() <= LONGEST_STRING && text.chars().all(is_text)
            }
            Primitive::Uri | Primitive::Url | Primitive::Canonical => is_token(text, false),
            Primitive::Code => is_token(text, true),
            Primitive::Id => {
                (1..=64).contains(&bytes.len())
                    && bytes
                        .iter()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
            }
            Primitive::Oid => is_oid(text),
            Primitive::Uuid => is_uuid(text),
            Primitive::Base64Binary => is_base64(bytes),
            Primitive::Date => partial_date(bytes).is_some_and(|(_, rest)| rest.is_empty()),
            Primitive::DateTime => match partial_date(bytes) {
                Some((_, [])) => true,
                Some((Parts::Day, [b'T', rest @ ..])) => time(rest).is_some_and(is_zone),
                _ => false,
            },
            Primitive::Instant => match partial_date(bytes) {
                Some((Parts::Day, [b'T', rest @ ..])) => time(rest).is_some_and(is_zone),
                _ => false,
            },
            Primitive::Time => time(bytes).is_some_and(<[u8]>::is_empty),
            Primitive::Xhtml => xhtml::is_div(text),
        }
    }
}

/// No control characters but tab, line feed and carriage return.
fn is_text(letter: char) -> bool {
    letter >= ' ' || matches!(letter, '\t' | '\n' | '\r')
}

/// `[^\s]+`, or `[^\s]+(\s[^\s]+)*` where `inner_spaces`.
fn is_token(text: &str, inner_spaces: bool) -> bool {
    let mut after_space = true;
    for letter in text.chars() {
        let space = letter.is_whitespace();
        if !is_text(letter) || (space && (after_space || !inner_spaces)) {
            return false;
        }
        after_space = space;
    }
    !after_space
}

/// `0|[-+]?[1-9][0-9]*`, from `least` to 2³¹ − 1.
fn is_integer(bytes: &[u8], least: i64) -> bool {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    let signed = digits.len() != bytes.len();
    // Ten digits fit an i64 with room to spare.
    if digits.is_empty() || digits.len() > 10 || (digits[0] == b'0' && (signed || digits.len() > 1))
    {
        return false;
    }
    let mut value = 0_i64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return false;
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    let value = if negative { -value } else { value };
    value >= least && value <= i64::from(i32::MAX)
}

/// The rest after one or more digits.
fn digits(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(bytes.len());
    (end > 0).then(|| &bytes[end..])
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
fn is_decimal(bytes: &[u8]) -> bool {
    fn parse(bytes: &[u8]) -> Option<bool> {
        let unsigned = bytes.strip_prefix(b"-").unwrap_or(bytes);
        let mut rest = match unsigned {
            [b'0', rest @ ..] => rest,
            _ => digits(unsigned)?,
        };
        if let [b'.', fraction @ ..] = rest {
            rest = digits(fraction)?;
        }
        if let [b'e' | b'E', exponent @ ..] = rest {
            rest = match exponent {
                [b'+' | b'-', exponent @ ..] => digits(exponent)?,
                _ => digits(exponent)?,
            };
        }
        Some(rest.is_empty())
    }
    parse(bytes).unwrap_or(false)
}

/// `urn:oid:[0-2](\.(0|[1-9][0-9]*))+`
fn is_oid(text: &str) -> bool {
    let Some(arcs) = text.strip_prefix("urn:oid:") else {
        return false;
    };
    let mut arcs = arcs.split('.');
    let root = matches!(arcs.next(), Some("0" | "1" | "2"));
    let mut inner = 0_usize;
    for arc in arcs {
        let canonical = arc == "0" || !arc.starts_with('0');
        if arc.is_empty() || !canonical || !arc.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        inner += 1;
    }
    root && inner > 0
}

/// `urn:uuid:` and a UUID in lower case.
fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else {
        return false;
    };
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// Groups of four, with white space between them only, padded at the end only.
fn is_base64(bytes: &[u8]) -> bool {
    let (mut letters, mut padding) = (0_usize, 0_usize);
    for byte in bytes {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                if !letters.is_multiple_of(4) {
                    return false;
                }
                continue;
            }
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => {}
            _ => return false,
        }
        letters += 1;
    }
    letters > 0 && letters.is_multiple_of(4) && padding <= 2
}

/// How much of a date was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parts {
    Year,
    Month,
    Day,
}

/// The rest after exactly two digits, and their number.
fn two_digits(bytes: &[u8]) -> Option<(u8, &[u8])> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] => Some(((a - b'0') * 10 + (b - b'0'), rest)),
        _ => None,
    }
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, year 1 to 9999, and the rest.
fn partial_date(bytes: &[u8]) -> Option<(Parts, &[u8])> {
    let (century, rest) = two_digits(bytes)?;
    let (year, rest) = two_digits(rest)?;
    let year = u16::from(century) * 100 + u16::from(year);
    if year == 0 {
        return None;
    }
    let [b'-', rest @ ..] = rest else {
        return Some((Parts::Year, rest));
    };
    let (month, rest) = two_digits(rest).filter(|(month, _)| (1..=12).contains(month))?;
    let [b'-', rest @ ..] = rest else {
        return Some((Parts::Month, rest));
    };
    let (_, rest) = two_digits(rest).filter(|(day, _)| (1..=days_in(year, month)).contains(day))?;
    Some((Parts::Day, rest))
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `hh:mm:ss(.fff)?`, a leap second allowed, and the rest.
fn time(bytes: &[u8]) -> Option<&[u8]> {
    let (_, rest) = two_digits(bytes).filter(|(hour, _)| *hour < 24)?;
    let (_, rest) = two_digits(rest.strip_prefix(b":")?).filter(|(minute, _)| *minute < 60)?;
    let (_, rest) = two_digits(rest.strip_prefix(b":")?).filter(|(second, _)| *second <= 60)?;
    match rest {
        [b'.', fraction @ ..] => digits(fraction),
        _ => Some(rest),
    }
}

/// `Z` or `±hh:mm`, at most 14 hours.
fn is_zone(bytes: &[u8]) -> bool {
    match bytes {
        b"Z" => true,
        [b'+' | b'-', rest @ ..] => two_digits(rest)
            .and_then(|(hour, rest)| Some((hour, two_digits(rest.strip_prefix(b":")?)?)))
            .is_some_and(|(hour, (minute, rest))| {
                rest.is_empty() && ((hour < 14 && minute < 60) || (hour == 14 && minute == 0))
            }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type, what it takes, what it refuses.
    const CASES: &[(Primitive, &[&str], &[&str])] = &[
        (Primitive::Boolean, &["true", "false"], &["True", "1", ""]),
        (
            Primitive::Integer,
            &["0", "-1", "+7", "2147483647", "-2147483648"],
            &[
                "-0",
                "+0",
                "01",
                "2147483648",
                "-2147483649",
                "1.0",
                "99999999999999999999",
                "-",
                "",
            ],
        ),
        (
            Primitive::UnsignedInt,
            &["0", "12", "2147483647"],
            &["-1", "+1", "01", "2147483648", ""],
        ),
        (
            Primitive::PositiveInt,
            &["1", "+1", "300"],
            &["0", "-1", ""],
        ),
        (
            Primitive::Decimal,
            &["0", "-0", "0.50", "-12.0", "1e3", "1.5E-10"],
            &["00", "01.5", ".5", "5.", "+1", "1e", "1e+", "NaN", "-", ""],
        ),
        (
            Primitive::String,
            &["x", " x ", "a\tb\r\nc", "é\u{a0}"],
            &["", "a\0b", "\u{b}"],
        ),
        (Primitive::Markdown, &["# a\n\n* b"], &["", "\u{1}"]),
        (
            Primitive::Uri,
            &["urn:oid:1.2", "http://a/b?c"],
            &["a b", "", " a", "a\n"],
        ),
        (Primitive::Url, &["https://a"], &["a b"]),
        (Primitive::Canonical, &["http://a|1#b"], &["a b"]),
        (Primitive::Code, &["male", "a b"], &["a  b", " a", "a ", ""]),
        (
            Primitive::Id,
            &["a", "A-1.b", "x"],
            &[
                "",
                "a_b",
                "a/b",
                "é",
                "0123456789012345678901234567890123456789012345678901234567890123x",
            ],
        ),
        (
            Primitive::Oid,
            &["urn:oid:1.2.36.0"],
            &[
                "1.2",
                "urn:oid:3.1",
                "urn:oid:1",
                "urn:oid:1.02",
                "urn:oid:1..2",
            ],
        ),
        (
            Primitive::Uuid,
            &["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
            &[
                "c757873d-ec9a-4326-a141-556f43239520",
                "urn:uuid:C757873D-ec9a-4326-a141-556f43239520",
                "urn:uuid:",
            ],
        ),
        (
            Primitive::Base64Binary,
            &["YQ==", "YWI=", "YWJj", "YWJj\nYWI="],
            &["", "YQ=", "Y===", "YQ==YQ==", "Y WJj", "YWJ*"],
        ),
        (
            Primitive::Date,
            &["1980", "1980-02", "2000-02-29", "9999-12-31"],
            &[
                "0000",
                "80",
                "1980-13",
                "1980-00",
                "1900-02-29",
                "1980-04-31",
                "1980-2-1",
                "1980-02-01T00:00:00Z",
                "1980-",
                "",
            ],
        ),
        (
            Primitive::DateTime,
            &[
                "1980",
                "1980-02",
                "1980-02-01",
                "2015-02-07T13:28:17.239+02:00",
                "2016-12-31T23:59:60Z",
                "2020-01-01T00:00:00-14:00",
            ],
            &[
                "1980-02T10:00:00Z",
                "1980-02-01T10:00Z",
                "1980-02-01T10:00:00",
                "1980-02-01T24:00:00Z",
                "1980-02-01T10:00:00+14:01",
                "1980-02-01T10:00:00.Z",
                "1980-02-01 10:00:00Z",
            ],
        ),
        (
            Primitive::Instant,
            &["2015-02-07T13:28:17Z"],
            &["2015-02-07", "2015", "2015-02-07T13:28Z"],
        ),
        (
            Primitive::Time,
            &["00:00:00", "23:59:59.123"],
            &["24:00:00", "10:00", "10:00:00Z", "1:00:00"],
        ),
        (
            Primitive::Xhtml,
            &["<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"],
            &["a", "<div>a</div>", "<divx></div>", ""],
        ),
    ];

    #[test]
    fn each_type_takes_its_form_and_nothing_else() {
        for (primitive, good, bad) in CASES {
            for text in *good {
                assert!(primitive.check(text), "{primitive} should take {text:?}");
            }
            for text in *bad {
                assert!(!primitive.check(text), "{primitive} should refuse {text:?}");
            }
        }
    }

    #[test]
    fn every_type_is_in_the_cases_and_is_found_by_its_name() {
        for primitive in Primitive::ALL {
            assert!(
                CASES.iter().any(|(case, _, _)| case == primitive),
                "{primitive}"
            );
            assert_eq!(Primitive::named(primitive.name()), Some(*primitive));
        }
        assert_eq!(Primitive::ALL.len(), 20);
        assert_eq!(Primitive::named("Boolean"), None);
    }

    #[test]
    fn a_string_may_have_a_megabyte_and_no_more() {
        let longest = "x".repeat(LONGEST_STRING);
        assert!(Primitive::String.check(&longest));
        assert!(!Primitive::String.check(&format!("{longest}x")));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_a_check_panic(text in ".{0,60}") {
            for primitive in Primitive::ALL {
                primitive.check(&text);
            }
        }
    }
}
