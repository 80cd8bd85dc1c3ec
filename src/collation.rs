//! How the embedded practice compares text: as SQL Server does under `Latin1_General_CI_AS`.
//!
//! Takes two texts, gives their order. SQLite compares bytes; a practice database compares letters.
//! The demo must show the searches, the sorting and the index use of a real one, so its text columns
//! carry this collation. Letters are compared first, without accent and case; accents only decide
//! between texts whose letters are equal; case never does. Blanks at the end do not count, as they
//! do not in a `char(n)` column.
//!
//! The order is made from one stream: the text decomposed (NFD), lower-cased and spelled out
//! (`ß` as `ss`), as base characters and accents. [`fold`] is the base characters of that stream, so
//! that by construction the order of two texts is the order of their folded forms first. That is
//! what [`prefix_range`] rests on: all texts whose folded form starts with a prefix lie in one
//! range, and an index over the column serves a starts-with search without a function around it.
//!
//! Where it departs from SQL Server: hyphen and apostrophe count as any other punctuation here,
//! while SQL Server passes over them at first. A range from [`prefix_range`] holds in both, because
//! a prefix is cut at the first character that is neither letter nor digit.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use std::borrow::Cow;
use std::cmp::Ordering;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// The collation that tells accents apart, by the name the demo's columns are declared with.
pub const ACCENT_SENSITIVE: &str = "LATIN1_GENERAL_CI_AS";
/// The collation that does not tell accents apart.
pub const ACCENT_INSENSITIVE: &str = "LATIN1_GENERAL_CI_AI";
/// The name of the SQL function that gives a text's folded form.
pub const FOLD_FUNCTION: &str = "pilaster_fold";

/// Makes both collations and the function `pilaster_fold(text)` known on a connection. Every
/// connection that reads the demo needs them: without them SQLite refuses its text columns.
///
/// The function gives NULL for NULL; bytes that are not UTF-8 are read with replacement characters
/// and numbers by their digits, so no row makes a statement fail.
///
/// # Errors
/// What SQLite says when it cannot register them, which it does only on a busy connection or
/// without memory.
pub fn register(conn: &Connection) -> rusqlite::Result<()> {
    conn.create_collation(ACCENT_SENSITIVE, compare)?;
    conn.create_collation(ACCENT_INSENSITIVE, compare_without_accents)?;
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_scalar_function(FOLD_FUNCTION, 1, flags, |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Null => None,
            ValueRef::Integer(number) => Some(number.to_string()),
            ValueRef::Real(number) => Some(format!("{number:?}")),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(match str::from_utf8(bytes) {
                // Nearly always; and much faster checked so than by the reading with replacements.
                Ok(text) => fold(text).into_owned(),
                Err(_) => fold(&String::from_utf8_lossy(bytes)).into_owned(),
            }),
        })
    })
}

/// The order of two texts under `Latin1_General_CI_AS`: letters, then accents; never case, never
/// blanks at the end. A total order: texts that differ in nothing else are equal.
pub fn compare(left: &str, right: &str) -> Ordering {
    order(left, right, true)
}

/// The order of two texts under `Latin1_General_CI_AI`: letters only.
pub fn compare_without_accents(left: &str, right: &str) -> Ordering {
    order(left, right, false)
}

/// A text as a case- and accent-insensitive search compares it: decomposed, without accents,
/// lower-cased, with letters that stand for others spelled out (`ß` → `ss`, `æ` → `ae`, `ø` → `o`).
/// Blanks are kept. Folding twice is folding once.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    let folded = elements(text).filter_map(|element| match element {
        Element::Base(character) => Some(character),
        Element::Accent(_) => None,
    });
    Cow::Owned(folded.collect())
}

/// The half-open range, under either collation, that holds every text whose folded form starts with
/// `folded`: `low <= text` and `text < high`. No bound stands where there is none: both are absent
/// when the prefix does not begin with a letter or digit, the upper one after `zzz`.
///
/// The prefix counts up to its first character that is not `a`–`z` or `0`–`9`, where collations
/// differ; so the range may hold more than was asked for, never less, and the caller refines it.
pub fn prefix_range(folded: &str) -> (Option<&str>, Option<String>) {
    let length = plain_length(folded);
    if length == 0 {
        return (None, None);
    }
    let low = &folded[..length];
    (Some(low), successor(low))
}

/// Whether [`prefix_range`] of a folded prefix holds nothing but texts whose folded form starts with
/// it: the whole prefix is letters and digits, and it does not end in `z`, above which the letters
/// of other scripts come before the upper bound.
#[cfg(test)]
fn is_exact_prefix(folded: &str) -> bool {
    !folded.is_empty() && plain_length(folded) == folded.len() && !folded.ends_with('z')
}

/// How many bytes at the front are `a`–`z` or `0`–`9`.
fn plain_length(folded: &str) -> usize {
    folded
        .bytes()
        .take_while(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
        .count()
}

/// The least text, of letters and digits only, above everything that starts with `prefix`; `None`
/// when there is none. `prefix` holds `a`–`z` and `0`–`9` only.
fn successor(prefix: &str) -> Option<String> {
    let kept = prefix.trim_end_matches('z');
    let last = kept.chars().next_back()?;
    let next = match last {
        '9' => 'a',
        // The range of `last` is a–y and 0–8, so the next code is the next letter or digit.
        other => char::from_u32(u32::from(other) + 1)?,
    };
    let mut high = String::with_capacity(kept.len());
    high.push_str(&kept[..kept.len() - last.len_utf8()]);
    high.push(next);
    Some(high)
}

/// One step of the stream that texts are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    /// A character that counts in the first comparison.
    Base(char),
    /// An accent, which counts in the second.
    Accent(char),
}

/// The stream of a text: decomposed, lower-cased, spelled out.
fn elements(text: &str) -> impl Iterator<Item = Element> + '_ {
    text.nfd()
        .flat_map(char::to_lowercase)
        .flat_map(|character| spell(character).into_iter().flatten())
}

/// A decomposed, lower-case character as elements. Letters that NFD leaves whole although they are
/// variants of others are taken apart here: those that SQL Server holds equal to two letters
/// (`ß` and `ss`) without an accent, those with a stroke with the stroke as accent.
fn spell(character: char) -> [Option<Element>; 2] {
    use Element::{Accent, Base};
    /// The combining long solidus overlay, as in `ø`.
    const SLASH: char = '\u{338}';
    /// The combining short stroke overlay, as in `ł` and `đ`.
    const STROKE: char = '\u{335}';
    /// The combining dot above; stands for its absence in `ı`.
    const DOT: char = '\u{307}';
    let two = |first, second| [Some(Base(first)), Some(Base(second))];
    let marked = |base, accent| [Some(Base(base)), Some(Accent(accent))];
    match character {
        _ if character.is_ascii() => [Some(Base(character)), None],
        'ß' => two('s', 's'),
        'æ' => two('a', 'e'),
        'œ' => two('o', 'e'),
        'þ' => two('t', 'h'),
        'ø' => marked('o', SLASH),
        'ł' => marked('l', STROKE),
        'đ' => marked('d', STROKE),
        'ð' => marked('d', SLASH),
        'ħ' => marked('h', STROKE),
        'ŧ' => marked('t', STROKE),
        'ı' => marked('i', DOT),
        _ if is_accent(character) => [Some(Accent(character)), None],
        _ => [Some(Base(character)), None],
    }
}

/// Whether a decomposed character only marks the one before it. Class 9 (virama) joins consonants
/// in Indic scripts and is part of the spelling; class 0 stands by itself.
fn is_accent(character: char) -> bool {
    !matches!(canonical_combining_class(character), 0 | 9)
}

/// The place of a folded character in the first comparison: blank, punctuation, digits, the letters
/// a–z, then all other letters. The blank must be least: only then is leaving blanks at the end out
/// the same as padding the shorter text with them.
fn weight(character: char) -> u32 {
    const DIGITS: u32 = 0x20_0000;
    const LETTERS: u32 = 0x20_0100;
    const OTHER_LETTERS: u32 = 0x40_0000;
    let code = u32::from(character);
    match character {
        ' ' => 0,
        '0'..='9' => DIGITS + (code - u32::from('0')),
        'a'..='z' => LETTERS + (code - u32::from('a')),
        _ if character.is_alphabetic() => OTHER_LETTERS + code,
        // Characters end at 0x10_FFFF, below DIGITS.
        _ => 1 + code,
    }
}

/// [`weight`] of each ASCII character, upper case as lower.
static ASCII_WEIGHTS: [u32; 128] = ascii_weights();

const fn ascii_weights() -> [u32; 128] {
    let mut weights = [0; 128];
    let mut code = 0;
    while code < 128 {
        // The same four classes as in `weight`, which a test compares with this table.
        let byte = (code as u8).to_ascii_lowercase();
        weights[code] = match byte {
            b' ' => 0,
            b'0'..=b'9' => 0x20_0000 + (byte - b'0') as u32,
            b'a'..=b'z' => 0x20_0100 + (byte - b'a') as u32,
            _ => 1 + byte as u32,
        };
        code += 1;
    }
    weights
}

fn order(left: &str, right: &str, accents: bool) -> Ordering {
    let left = left.trim_end_matches(' ');
    let right = right.trim_end_matches(' ');
    // While both are ASCII each byte is one base character, so the first that differs decides
    // whatever comes later. Anything else is left to the full comparison, from the start: an accent
    // further on may belong to what was passed.
    let mut first = left.bytes();
    let mut second = right.bytes();
    loop {
        let (one, other) = (first.next(), second.next());
        if one.is_some_and(|byte| !byte.is_ascii()) || other.is_some_and(|byte| !byte.is_ascii()) {
            return order_in_full(left, right, accents);
        }
        match (one, other) {
            (None, None) => return Ordering::Equal,
            // A blank here may be the last letter after all, with nothing but an accent on it.
            (None, Some(b' ')) | (Some(b' '), None) => {
                return order_in_full(left, right, accents);
            }
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(other)) => {
                match ASCII_WEIGHTS[usize::from(one)].cmp(&ASCII_WEIGHTS[usize::from(other)]) {
                    Ordering::Equal => {}
                    decided => return decided,
                }
            }
        }
    }
}

/// The order of two texts whose blanks at the end are gone already: by base characters, then by
/// which accents stand where. An accent sorts above no accent at the same place.
fn order_in_full(left: &str, right: &str, accents: bool) -> Ordering {
    fn bases(text: &str) -> impl Iterator<Item = u32> + '_ {
        elements(text).filter_map(|element| match element {
            Element::Base(character) => Some(weight(character)),
            Element::Accent(_) => None,
        })
    }
    fn marks(text: &str) -> impl Iterator<Item = u32> + '_ {
        elements(text).map(|element| match element {
            Element::Base(_) => 0,
            Element::Accent(character) => u32::from(character),
        })
    }
    // A blank with an accent is not trimmed, but its letter part is: hence the padding.
    let (mut first, mut second) = (bases(left), bases(right));
    loop {
        let (one, other) = (first.next(), second.next());
        if one.is_none() && other.is_none() {
            break;
        }
        let decided = one.unwrap_or(0).cmp(&other.unwrap_or(0));
        if decided.is_ne() {
            return decided;
        }
    }
    if accents {
        marks(left).cmp(marks(right))
    } else {
        Ordering::Equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Text in which the interesting cases are common: few letters, accents, expansions, blanks.
    fn text() -> impl Strategy<Value = String> {
        let characters = prop_oneof![
            6 => proptest::char::ranges(vec!['a'..='c', 'y'..='z', 'A'..='C', 'Y'..='Z'].into()),
            2 => proptest::char::ranges(vec!['0'..='1', '8'..='9'].into()),
            3 => prop::sample::select(" -'.\t\u{0}\u{a0}éÉèàÅåñÿžŻßẞæÆœøØłđÐþÞİı\u{301}\u{308}\u{338}ΩωЖ가".chars().collect::<Vec<_>>()),
            1 => any::<char>(),
        ];
        prop::collection::vec(characters, 0..8).prop_map(|all| all.into_iter().collect())
    }

    /// A prefix of letters and digits.
    fn prefix() -> impl Strategy<Value = String> {
        "[abyz0189st]{1,4}"
    }

    #[test]
    fn the_table_for_ascii_says_what_the_function_says() {
        for code in 0u8..128 {
            let character = char::from(code).to_ascii_lowercase();
            assert_eq!(
                ASCII_WEIGHTS[usize::from(code)],
                weight(character),
                "{code}"
            );
        }
    }

    #[test]
    fn every_character_folds_once_and_for_all() {
        for character in '\0'..=char::MAX {
            let once = fold(&character.to_string()).into_owned();
            assert_eq!(fold(&once), once, "U+{:04X}", u32::from(character));
        }
    }

    #[test]
    fn letters_decide_before_accents_and_case_never() {
        let ascending = [
            "", " a", "'a", "-a", "0", "9", "a", "á", "ab", "áb", "abc", "b", "e", "é", "f", "z",
            "zz", "Ω", "Ж",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        let equal = [
            ("SMITH", "smith   "),
            ("José", "JOSÉ"),
            ("é", "e\u{301}"),
            ("Straße", "STRASSE"),
            ("Æ", "ae"),
            ("Þór", "thór"),
            ("", "   "),
            ("ø", "o\u{338}"),
        ];
        for (left, right) in equal {
            assert_eq!(compare(left, right), Ordering::Equal, "{left} {right}");
        }
        assert_eq!(compare("Jose", "José"), Ordering::Less);
        assert_eq!(compare("a", "a \u{301}"), Ordering::Less);
        assert_eq!(compare_without_accents("a", "a \u{301}"), Ordering::Equal);
        assert_eq!(compare_without_accents("Jose  ", "JOSÉ"), Ordering::Equal);
        assert_eq!(compare_without_accents("Jose", "José1"), Ordering::Less);
    }

    #[test]
    fn folding_spells_letters_out() {
        assert!(matches!(fold("smith o'brien 12"), Cow::Borrowed(_)));
        assert_eq!(fold("SMITH"), "smith");
        assert_eq!(
            fold("Zoë Müller-Þórsson Łukasz Øst Œuvre Straße Æon Đuro"),
            "zoe muller-thorsson lukasz ost oeuvre strasse aeon duro"
        );
        assert_eq!(fold("e\u{301}"), "e");
    }

    #[test]
    fn ranges_have_the_bounds_that_they_should() {
        let range = |prefix: &'static str| {
            let (low, high) = prefix_range(prefix);
            (low.unwrap_or_default(), high.unwrap_or_default())
        };
        let pair = |low: &'static str, high: &str| (low, high.to_owned());
        assert_eq!(range("smi"), pair("smi", "smj"));
        assert_eq!(range("o'brien"), pair("o", "p"));
        assert_eq!(range("azz"), pair("azz", "b"));
        assert_eq!(range("zz"), pair("zz", ""));
        assert_eq!(range("19"), pair("19", "1a"));
        assert_eq!(range("9z"), pair("9z", "a"));
        assert_eq!(prefix_range("'t"), (None, None));
        assert_eq!(prefix_range(""), (None, None));
        for (prefix, exact) in [("smi", true), ("o'b", false), ("", false), ("az", false)] {
            assert_eq!(is_exact_prefix(prefix), exact, "{prefix}");
        }
    }

    #[test]
    fn sqlite_compares_and_folds_with_them() -> rusqlite::Result<()> {
        let conn = Connection::open_in_memory()?;
        register(&conn)?;
        conn.execute_batch(
            "CREATE TABLE t (n char(10) COLLATE LATIN1_GENERAL_CI_AS);
             INSERT INTO t VALUES ('smith     '), ('SMÏTH'), ('Smyth'), ('O''Brien'), (CAST(x'FF41' AS text)), (NULL);",
        )?;
        let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
        assert_eq!(count("SELECT count(*) FROM t WHERE n = 'Smith'")?, 1);
        assert_eq!(
            count("SELECT count(*) FROM t WHERE n >= 'smi' AND n < 'smj'")?,
            2
        );
        assert_eq!(
            count("SELECT count(*) FROM t WHERE n = 'smith' COLLATE LATIN1_GENERAL_CI_AI")?,
            2
        );
        assert_eq!(
            count("SELECT count(*) FROM t WHERE pilaster_fold(n) = 'smith'")?,
            1
        );
        assert_eq!(
            count(
                "SELECT pilaster_fold(NULL) IS NULL AND pilaster_fold(x'FF') IS NOT NULL AND pilaster_fold(12) = '12' AND pilaster_fold(1.0) = '1.0'"
            )?,
            1
        );
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn the_order_is_total((a, b, c) in (text(), text(), text())) {
            for order in [compare, compare_without_accents] {
                prop_assert_eq!(order(&a, &a), Ordering::Equal);
                prop_assert_eq!(order(&a, &b), order(&b, &a).reverse());
                if order(&a, &b).is_le() && order(&b, &c).is_le() {
                    prop_assert!(order(&a, &c).is_le());
                }
                if order(&a, &b).is_eq() {
                    prop_assert_eq!(order(&a, &c), order(&b, &c));
                }
            }
            prop_assert!(!compare(&a, &b).is_eq() || compare_without_accents(&a, &b).is_eq());
        }

        #[test]
        fn the_short_way_and_the_full_way_agree((a, b) in (text(), text())) {
            let (left, right) = (a.trim_end_matches(' '), b.trim_end_matches(' '));
            prop_assert_eq!(compare(&a, &b), order_in_full(left, right, true));
            prop_assert_eq!(compare_without_accents(&a, &b), order_in_full(left, right, false));
        }

        #[test]
        fn case_accents_and_blanks_count_as_they_should(a in text()) {
            prop_assert_eq!(compare(&a, &format!("{a}   ")), Ordering::Equal);
            prop_assert_eq!(compare_without_accents(&a, &fold(&a)), Ordering::Equal);
            prop_assert!(compare(&fold(&a), &a).is_le());
            let once = fold(&a).into_owned();
            prop_assert_eq!(fold(&once), once.as_str());
        }

        #[test]
        fn all_that_starts_with_a_prefix_is_in_its_range((p, rest) in (prefix(), text())) {
            // Half of these start with the prefix plainly, others through an accent or expansion.
            let marked = format!("{}\u{301}{rest}", p.to_uppercase());
            let spelled = p.replace("ss", "ß").replace("ae", "Æ").replace("oe", "œ") + &rest;
            for s in [format!("{p}{rest}"), marked, spelled, rest.clone()] {
                prop_assert!(in_range_when_it_starts_so(&s, &p));
            }
        }

        #[test]
        fn every_prefix_of_a_folded_text_has_a_range_that_holds_it((s, length) in (text(), 0usize..9)) {
            let p: String = fold(&s).chars().take(length).collect();
            prop_assert!(in_range_when_it_starts_so(&s, &p));
        }

        #[test]
        fn an_exact_range_holds_nothing_else((p, s) in (prefix(), text())) {
            let (low, high) = prefix_range(&p);
            let inside = low.is_some_and(|low| compare(low, &s).is_le())
                && high.is_none_or(|high| compare(&s, &high).is_lt());
            if inside && is_exact_prefix(&p) {
                prop_assert!(fold(&s).starts_with(&p));
            }
        }
    }

    fn in_range_when_it_starts_so(s: &str, p: &str) -> bool {
        let (low, high) = prefix_range(p);
        !fold(s).starts_with(p)
            || low.is_none_or(|low| compare(low, s).is_le())
                && high.is_none_or(|high| compare(s, &high).is_lt())
    }
}
