//! The markers of a statement, and the values that are bound to them.
//!
//! A plan numbers its values; a dialect may name a value as often as it likes (`@p1`, `?1`) or must have a
//! marker of its own for each place (`?`). [`Statement::bind`] hides which: it gives the values in the order of
//! the markers, each in the form that the engine takes.

use std::borrow::Cow;

use jiff::ToSpan;
use jiff::civil::DateTime;
use serde::Serialize;

use super::Statement;
use crate::relation::{SqlType, Value};

/// One marker of a statement's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Marker {
    /// The value that it stands for, counted from 0.
    pub slot: u16,
    /// What the value is compared as.
    #[serde(rename = "type")]
    pub ty: SqlType,
    /// The value is a pattern of LIKE.
    pub is_pattern: bool,
    /// In which form the engine takes the value.
    #[serde(skip)]
    pub(super) fit: Fit,
}

/// What is done to a value so that the engine takes it, and takes it for what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Fit {
    /// Nothing.
    #[default]
    AsIs,
    /// A moment becomes the next one that the marker's type holds.
    Moment,
    /// A moment becomes the next one in steps of so many nanoseconds.
    Steps(i32),
    /// A pattern for an engine in which `[` is a letter, and escaped an error.
    Brackets,
    /// A character that the column's character set lacks becomes U+001A, which no column holds: the engine would
    /// fail the whole statement rather than find nothing.
    Only(Charset),
    /// A text with such a character becomes NULL, which is equal to nothing: the engine would take the nearest that the
    /// set has, and find what was not asked for.
    OrNull(Charset),
}

/// The character sets that a column of text may be limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    Ascii,
    Latin1,
    Windows1252,
    /// The code page of SQL Server, which keeps its five bytes without a letter as control characters.
    CodePage1252,
}

/// The substitute of ASCII.
const SUBSTITUTE: char = '\u{1a}';

impl Charset {
    fn holds(self, c: char) -> bool {
        match self {
            Charset::Ascii => c.is_ascii(),
            Charset::Latin1 => c <= '\u{ff}',
            Charset::Windows1252 => {
                c.is_ascii()
                    || ('\u{a0}'..='\u{ff}').contains(&c)
                    || "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".contains(c)
            }
            Charset::CodePage1252 => {
                Charset::Windows1252.holds(c)
                    || matches!(c, '\u{81}' | '\u{8d}' | '\u{8f}' | '\u{90}' | '\u{9d}')
            }
        }
    }

    fn holds_all(self, text: &str) -> bool {
        text.is_ascii() || text.chars().all(|c| self.holds(c))
    }
}

impl Marker {
    /// A marker for a value that is bound as it is.
    pub fn new(slot: u16, ty: SqlType) -> Marker {
        Marker {
            slot,
            ty,
            is_pattern: false,
            fit: Fit::AsIs,
        }
    }

    /// The value in the form that the engine takes; the same, and nothing copied, where it does already.
    fn fitted<'v>(&self, value: &'v Value) -> Cow<'v, Value> {
        match (self.fit, value) {
            (Fit::Moment, Value::DateTime(at)) => {
                Cow::Owned(Value::DateTime(self.ty.next_moment(*at)))
            }
            (Fit::Steps(step), Value::DateTime(at)) => {
                Cow::Owned(Value::DateTime(next_step(*at, step)))
            }
            (Fit::Brackets, Value::Text(text)) if text.contains('[') => {
                Cow::Owned(Value::Text(without_escaped_brackets(text)))
            }
            (Fit::OrNull(charset), Value::Text(text)) if !charset.holds_all(text) => {
                Cow::Owned(Value::Null)
            }
            (Fit::Only(charset), Value::Text(text)) if !charset.holds_all(text) => {
                let held = |c| if charset.holds(c) { c } else { SUBSTITUTE };
                Cow::Owned(Value::Text(text.chars().map(held).collect()))
            }
            _ => Cow::Borrowed(value),
        }
    }
}

/// The first moment at or after `at` in steps of so many nanoseconds, which a second holds a whole number of.
fn next_step(at: DateTime, step: i32) -> DateTime {
    let past = at.subsec_nanosecond() % step.max(1);
    match past {
        0 => at,
        past => at
            .checked_add(i64::from(step - past).nanoseconds())
            // The end of the calendar: its last step.
            .unwrap_or_else(|_| at.saturating_sub(i64::from(past).nanoseconds())),
    }
}

/// `\[` as `[`; what else is escaped stays so.
fn without_escaped_brackets(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match (c, rest.as_str().starts_with('[')) {
            ('\\', true) => {}
            // What follows is taken with it: the second of `\\[` escapes nothing.
            ('\\', false) => {
                out.push(c);
                out.extend(rest.next());
            }
            _ => out.push(c),
        }
    }
    out
}

impl Statement {
    /// The values in the order of the markers, each with the type that it is compared as. A marker without a value is
    /// bound NULL.
    pub fn bind<'v>(
        &'v self,
        values: &'v [Value],
    ) -> impl ExactSizeIterator<Item = (Cow<'v, Value>, SqlType)> {
        static NULL: Value = Value::Null;
        self.markers.iter().map(|marker| {
            let value = values.get(usize::from(marker.slot)).unwrap_or(&NULL);
            (marker.fitted(value), marker.ty)
        })
    }
}

/// Where a positional marker will stand, while the text is put together: its number between these. Pieces of text are
/// moved and repeated, so the markers are only counted when all stands in its place.
const OPEN: char = '\0';
const CLOSE: char = ';';

/// Writes the place of a positional marker.
pub(super) fn place(out: &mut String, number: u16) {
    out.push(OPEN);
    out.push_str(&number.to_string());
    out.push(CLOSE);
}

/// A text of the mapping's such that nothing in it is taken for a place.
pub(super) fn no_place(text: &str) -> Cow<'_, str> {
    match text.contains(OPEN) {
        true => Cow::Owned(text.replace(OPEN, "\0\0")),
        false => Cow::Borrowed(text),
    }
}

/// The text with `?` in each place, and the marker of each in that order.
pub(super) fn positional(text: &str, numbered: &[Marker]) -> (String, Vec<Marker>) {
    let mut out = String::with_capacity(text.len());
    let mut markers = Vec::with_capacity(numbered.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        out.push_str(before);
        if let Some(after) = after.strip_prefix(OPEN) {
            out.push(OPEN);
            rest = after;
            continue;
        }
        let (number, after) = after.split_once(CLOSE).unwrap_or((after, ""));
        let marker = number.parse().ok().and_then(|n: usize| numbered.get(n));
        if let Some(marker) = marker {
            out.push('?');
            markers.push(*marker);
        }
        rest = after;
    }
    out.push_str(rest);
    (out, markers)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn fitted(fit: Fit, value: Value) -> Value {
        let marker = Marker {
            fit,
            ..Marker::new(0, SqlType::VarChar(40))
        };
        marker.fitted(&value).into_owned()
    }

    #[test]
    fn places_are_counted_where_they_stand_at_last() {
        let numbered = [0, 1, 2].map(|slot| Marker::new(slot, SqlType::Int));
        let mut text = String::from("a = ");
        place(&mut text, 2);
        text.push_str(&no_place(" or '?\0' or "));
        let mut moved = String::new();
        place(&mut moved, 0);
        let text = format!("{moved} {text}{moved}");
        let (text, markers) = positional(&text, &numbered);
        assert_eq!(text, "? a = ? or '?\0' or ?");
        let slots: Vec<u16> = markers.iter().map(|marker| marker.slot).collect();
        assert_eq!(slots, [0, 2, 0]);
    }

    #[test]
    fn a_text_of_the_mapping_is_never_a_place() {
        for text in ["\u{0}000;", "\0", "\0\0", "a\0", "1;\0"] {
            let mut whole = no_place(text).into_owned();
            place(&mut whole, 0);
            let marker = Marker::new(7, SqlType::Int);
            let (spelled, markers) = positional(&whole, &[marker]);
            assert_eq!(spelled, format!("{text}?"));
            assert_eq!(markers, [marker]);
        }
    }

    #[test]
    fn brackets_are_letters_where_the_engine_has_no_sets() {
        for (pattern, expected) in [
            ("a\\[b%", "a[b%"),
            ("a\\\\\\[b\\%%", "a\\\\[b\\%%"),
            ("\\\\[", "\\\\["),
            ("50\\%%", "50\\%%"),
        ] {
            let value = fitted(Fit::Brackets, Value::Text(pattern.into()));
            assert_eq!(value, Value::Text(expected.into()), "{pattern}");
        }
    }

    #[test]
    fn what_a_character_set_lacks_is_found_nowhere() {
        let of = |charset, text: &str| fitted(Fit::Only(charset), Value::Text(text.into()));
        let is = |text: &str| Value::Text(text.into());
        assert_eq!(
            of(Charset::Windows1252, "Zoë Šimić €"),
            is("Zoë Šimi\u{1a} €")
        );
        assert_eq!(of(Charset::Latin1, "Zoë Š"), is("Zoë \u{1a}"));
        assert_eq!(of(Charset::Ascii, "Zoë"), is("Zo\u{1a}"));
    }

    #[test]
    fn what_a_code_page_lacks_is_nothing_and_not_its_nearest_letter() {
        let of = |text: &str| {
            let fit = Fit::OrNull(Charset::CodePage1252);
            fitted(fit, Value::Text(text.into()))
        };
        for text in ["Zoë", "Šebeš €", "ÿ\u{81}\u{9d}", "O'Brien"] {
            assert_eq!(of(text), Value::Text(text.into()));
        }
        // The server would take them for a, s, l, K, !, ' and A.
        for text in ["α", "ş", "ł", "\u{212a}", "！", "ʹ", "Zoë Ａ"] {
            assert_eq!(of(text), Value::Null, "{text}");
        }
    }

    /// SQL Server rounds a moment to the nearest that a type holds; a bound is the next.
    #[test]
    fn a_moment_is_the_next_that_its_type_holds() {
        let at = |second, nanosecond| date(2026, 1, 5).at(9, 59, second, nanosecond);
        let cases = [
            (SqlType::DateTime, at(1, 0), "2026-01-05T09:59:01"),
            (SqlType::DateTime, at(1, 1), "2026-01-05T09:59:01.003"),
            (
                SqlType::DateTime,
                at(1, 3_000_000),
                "2026-01-05T09:59:01.003",
            ),
            (
                SqlType::DateTime,
                at(1, 4_000_000),
                "2026-01-05T09:59:01.007",
            ),
            (
                SqlType::DateTime,
                at(1, 7_000_001),
                "2026-01-05T09:59:01.01",
            ),
            (
                SqlType::DateTime,
                at(59, 998_000_000),
                "2026-01-05T10:00:00",
            ),
            (
                SqlType::DateTime2,
                at(1, 123_456_789),
                "2026-01-05T09:59:01.1234568",
            ),
            (SqlType::SmallDateTime, at(0, 0), "2026-01-05T09:59:00"),
            (SqlType::SmallDateTime, at(1, 0), "2026-01-05T10:00:00"),
        ];
        for (ty, at, expected) in cases {
            let marker = Marker {
                fit: Fit::Moment,
                ..Marker::new(0, ty)
            };
            let value = marker.fitted(&Value::DateTime(at)).into_owned();
            let Value::DateTime(fitted) = value else {
                panic!("{value:?}");
            };
            assert_eq!(fitted.to_string(), expected, "{ty} {at}");
        }
    }

    #[test]
    fn a_moment_between_two_steps_is_the_next() {
        let at = |nanosecond| date(2026, 1, 5).at(9, 30, 0, nanosecond);
        let of = |value| fitted(Fit::Steps(100_000), Value::DateTime(value));
        assert_eq!(of(at(100_000)), Value::DateTime(at(100_000)));
        assert_eq!(of(at(100_001)), Value::DateTime(at(200_000)));
        let end = of(DateTime::MAX);
        assert_eq!(
            end,
            Value::DateTime(date(9999, 12, 31).at(23, 59, 59, 999_900_000))
        );
    }
}
