//! The grammar of fragments.
//!
//! A parser that has read something and cannot go on says where it stopped and what it wanted
//! there, so that `p.A = ` complains about what follows the `=` and not about its beginning.
//! Nothing is tried twice: the first letters decide.

use nom::bytes::complete::{tag, take_while, take_while1};
use nom::error::{ErrorKind, ParseError};
use nom::{Err, IResult, Parser};

use super::{AFTER_ALIAS, ColumnName, Condition, Operand, OrderBy, Part, TableName, Unreadable};
use crate::relation::CompareOp;

/// How deep parentheses and NOT may nest.
const MAX_DEPTH: u8 = 24;
/// The longest text that is read, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

/// Where a parser stopped: how much of the text was left, and what it wanted.
#[derive(Debug)]
pub(super) struct Stuck<'a> {
    rest: &'a str,
    expected: &'static str,
}

impl<'a> Stuck<'a> {
    fn at(rest: &'a str, expected: &'static str) -> Err<Stuck<'a>> {
        Err::Error(Stuck {
            rest: skip_blanks(rest),
            expected,
        })
    }
}

impl<'a> ParseError<&'a str> for Stuck<'a> {
    fn from_error_kind(rest: &'a str, _: ErrorKind) -> Self {
        Stuck {
            rest,
            expected: "something else",
        }
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

type Read<'a, T> = IResult<&'a str, T, Stuck<'a>>;

/// Reads the whole of a text; `after` is what may follow what has been read.
pub(super) fn whole<'a, T>(
    text: &'a str,
    after: &'static str,
    mut parser: impl Parser<&'a str, Output = T, Error = Stuck<'a>>,
) -> Result<T, Unreadable> {
    if text.len() > MAX_LENGTH {
        return Err(Unreadable {
            at: 0,
            expected: "a text of at most 16 KiB",
        });
    }
    let stuck = match parser.parse(text) {
        Ok((rest, value)) if skip_blanks(rest).is_empty() => return Ok(value),
        Ok((rest, _)) => Stuck {
            rest: skip_blanks(rest),
            expected: after,
        },
        Err(Err::Error(stuck) | Err::Failure(stuck)) => stuck,
        // The parsers are nom's `complete` ones.
        Err(Err::Incomplete(_)) => Stuck {
            rest: "",
            expected: "more",
        },
    };
    Err(Unreadable {
        at: text.len() - stuck.rest.len(),
        expected: stuck.expected,
    })
}

fn skip_blanks(input: &str) -> &str {
    input.trim_start_matches([' ', '\t', '\r', '\n'])
}

/// Nothing is read where the parser stops before reading anything; a parser that stops later is an
/// error.
pub(super) fn maybe<'a, T>(
    mut parser: impl Parser<&'a str, Output = T, Error = Stuck<'a>>,
) -> impl Parser<&'a str, Output = Option<T>, Error = Stuck<'a>> {
    move |input: &'a str| match parser.parse(input) {
        Ok((rest, value)) => Ok((rest, Some(value))),
        Err(Err::Error(stuck)) if stuck.rest.len() == skip_blanks(input).len() => Ok((input, None)),
        Err(error) => Err(error),
    }
}

pub(super) fn preceded_by<'a, T>(
    keyword: &'static str,
    mut parser: impl Parser<&'a str, Output = T, Error = Stuck<'a>>,
) -> impl Parser<&'a str, Output = T, Error = Stuck<'a>> {
    move |input: &'a str| {
        let (input, ()) = word(keyword).parse(input)?;
        parser.parse(input)
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '#' | '$')
}

fn raw_word(input: &str) -> Read<'_, &str> {
    take_while1(is_name).parse(skip_blanks(input))
}

/// A keyword, in any case.
pub(super) fn word<'a>(
    keyword: &'static str,
) -> impl Parser<&'a str, Output = (), Error = Stuck<'a>> {
    move |input: &'a str| match raw_word(input) {
        Ok((rest, found)) if found.eq_ignore_ascii_case(keyword) => Ok((rest, ())),
        _ => Err(Stuck::at(input, keyword)),
    }
}

pub(super) fn symbol<'a>(
    text: &'static str,
    expected: &'static str,
) -> impl Parser<&'a str, Output = (), Error = Stuck<'a>> {
    move |input: &'a str| {
        let read: Read<'a, &'a str> = tag(text).parse(skip_blanks(input));
        match read {
            Ok((rest, _)) => Ok((rest, ())),
            Err(_) => Err(Stuck::at(input, expected)),
        }
    }
}

const KEYWORDS: [&str; 10] = [
    "as", "on", "where", "order", "by", "and", "or", "not", "in", "is",
];

pub(super) fn is_keyword(name: &str) -> bool {
    KEYWORDS
        .iter()
        .any(|keyword| name.eq_ignore_ascii_case(keyword))
}

/// A name, plain or in brackets; `dotted` joins parts: `dbo.PATIENTS`.
pub(super) fn name<'a>(
    text: &'a str,
    expected: &'static str,
    dotted: bool,
) -> impl Parser<&'a str, Output = Part<String>, Error = Stuck<'a>> {
    move |input: &'a str| {
        let begin = skip_blanks(input);
        let mut rest = begin;
        let mut value = String::new();
        loop {
            let (after, part) = match value.is_empty() {
                true => one_name(rest, expected)?,
                false => any_name(rest, expected)?,
            };
            value.push_str(part);
            rest = after;
            match rest.strip_prefix('.') {
                Some(after) if dotted => {
                    value.push('.');
                    rest = after;
                }
                _ => break,
            }
        }
        Ok((
            rest,
            Part {
                value,
                span: text.len() - begin.len()..text.len() - rest.len(),
            },
        ))
    }
}

/// A name that is no keyword.
fn one_name<'a>(input: &'a str, expected: &'static str) -> Read<'a, &'a str> {
    let (rest, name) = any_name(input, expected)?;
    match is_keyword(name) && !input.starts_with('[') {
        true => Err(Stuck::at(input, expected)),
        false => Ok((rest, name)),
    }
}

/// A name where no keyword can stand: after a dot.
fn any_name<'a>(input: &'a str, expected: &'static str) -> Read<'a, &'a str> {
    if let Some(inner) = input.strip_prefix('[') {
        return match inner.split_once(']') {
            Some((name, rest)) if !name.is_empty() && !name.contains(['[', '\n']) => {
                Ok((rest, name))
            }
            _ => Err(Stuck::at(input, expected)),
        };
    }
    let read: Read<'a, &'a str> = take_while1(is_name).parse(input);
    match read {
        Ok((rest, name)) if !name.starts_with(|c: char| c.is_ascii_digit() || c == '$') => {
            Ok((rest, name))
        }
        _ => Err(Stuck::at(input, expected)),
    }
}

pub(super) fn table_name<'a>(
    text: &'a str,
) -> impl Parser<&'a str, Output = TableName, Error = Stuck<'a>> {
    move |input: &'a str| {
        let (input, table) = name(text, "a table", true).parse(input)?;
        let (input, alias) =
            maybe(preceded_by("as", name(text, "an alias", false))).parse(input)?;
        if alias.is_some() {
            return Ok((input, TableName { table, alias }));
        }
        // As in SQL, `as` may be left out.
        let (input, alias) = maybe(name(text, "an alias", false)).parse(input)?;
        Ok((input, TableName { table, alias }))
    }
}

pub(super) fn column_name<'a>(
    text: &'a str,
) -> impl Parser<&'a str, Output = ColumnName, Error = Stuck<'a>> {
    move |input: &'a str| {
        let (after, alias) = name(text, "a column", false).parse(input)?;
        let Some(after) = after.strip_prefix('.') else {
            return Err(Err::Error(Stuck {
                rest: after,
                expected: AFTER_ALIAS,
            }));
        };
        let (after, column) = match any_name(after, "a column's name") {
            Ok((rest, found)) => {
                let span = text.len() - after.len()..text.len() - rest.len();
                (
                    rest,
                    Part {
                        value: found.to_owned(),
                        span,
                    },
                )
            }
            Err(error) => return Err(error),
        };
        Ok((after, ColumnName { alias, column }))
    }
}

pub(super) fn order_list<'a>(
    text: &'a str,
) -> impl Parser<&'a str, Output = Vec<OrderBy>, Error = Stuck<'a>> {
    move |input: &'a str| {
        let one = |input: &'a str| {
            let (input, column) = column_name(text).parse(input)?;
            let (input, descending) = maybe(word("desc")).parse(input)?;
            let (input, _) = maybe(word("asc")).parse(input)?;
            Ok((
                input,
                OrderBy {
                    column,
                    descending: descending.is_some(),
                },
            ))
        };
        separated(input, one, symbol(",", "`,`"))
    }
}

/// One or more, with something between.
fn separated<'a, T>(
    input: &'a str,
    mut one: impl FnMut(&'a str) -> Read<'a, T>,
    mut between: impl Parser<&'a str, Output = (), Error = Stuck<'a>>,
) -> Read<'a, Vec<T>> {
    let (mut input, first) = one(input)?;
    let mut list = vec![first];
    while let Ok((rest, ())) = between.parse(input) {
        let (rest, next) = one(rest)?;
        list.push(next);
        input = rest;
    }
    Ok((input, list))
}

pub(super) fn any<'a>(
    text: &'a str,
    depth: u8,
) -> impl Parser<&'a str, Output = Condition, Error = Stuck<'a>> {
    move |input: &'a str| {
        let (rest, list) = separated(input, |input| all(text, depth, input), word("or"))?;
        Ok((rest, one_or(list, Condition::Or)))
    }
}

fn all<'a>(text: &'a str, depth: u8, input: &'a str) -> Read<'a, Condition> {
    let (rest, list) = separated(input, |input| factor(text, depth, input), word("and"))?;
    Ok((rest, one_or(list, Condition::And)))
}

fn one_or(mut list: Vec<Condition>, combine: fn(Vec<Condition>) -> Condition) -> Condition {
    match list.len() {
        1 => list.remove(0),
        _ => combine(list),
    }
}

fn factor<'a>(text: &'a str, depth: u8, input: &'a str) -> Read<'a, Condition> {
    if depth > MAX_DEPTH {
        return Err(Stuck::at(input, "fewer parentheses"));
    }
    if let Ok((rest, ())) = word("not").parse(input) {
        let (rest, inner) = factor(text, depth + 1, rest)?;
        return Ok((rest, Condition::Not(Box::new(inner))));
    }
    if let Ok((rest, ())) = symbol("(", "`(`").parse(input) {
        let (rest, inner) = any(text, depth + 1).parse(rest)?;
        let (rest, ()) = symbol(")", "`)`").parse(rest)?;
        return Ok((rest, inner));
    }
    test(text, input)
}

fn test<'a>(text: &'a str, input: &'a str) -> Read<'a, Condition> {
    let (input, left) = operand(text, input)?;
    if let Ok((rest, op)) = operator(input) {
        let (rest, right) = operand(text, rest)?;
        return Ok((rest, Condition::Compare { left, op, right }));
    }
    if let Ok((rest, ())) = word("is").parse(input) {
        let (rest, negated) = maybe(word("not")).parse(rest)?;
        let (rest, ()) = word("null").parse(rest)?;
        return Ok((
            rest,
            Condition::Null {
                operand: left,
                negated: negated.is_some(),
            },
        ));
    }
    let (rest, negated) = maybe(word("not")).parse(input)?;
    let negated = negated.is_some();
    if let Ok((rest, ())) = word("in").parse(rest) {
        let (rest, ()) = symbol("(", "`(`").parse(rest)?;
        let (rest, list) = separated(rest, |input| literal(text, input), symbol(",", "`,`"))?;
        let (rest, ()) = symbol(")", "`)`").parse(rest)?;
        return Ok((
            rest,
            Condition::In {
                operand: left,
                list,
                negated,
            },
        ));
    }
    if let Ok((rest, ())) = word("like").parse(rest) {
        let (rest, pattern) = quoted(text, rest)?;
        return Ok((
            rest,
            Condition::Like {
                operand: left,
                pattern,
                negated,
            },
        ));
    }
    let want = if negated {
        "`in` or `like`"
    } else {
        "a comparison (`=`, `<>`, `in`, `like`, `is null` …)"
    };
    Err(Stuck::at(rest, want))
}

fn operator(input: &str) -> Read<'_, CompareOp> {
    let input = skip_blanks(input);
    // The longer first.
    for (spelling, op) in [
        ("<>", CompareOp::Ne),
        ("!=", CompareOp::Ne),
        ("<=", CompareOp::Le),
        (">=", CompareOp::Ge),
        ("=", CompareOp::Eq),
        ("<", CompareOp::Lt),
        (">", CompareOp::Gt),
    ] {
        if let Some(rest) = input.strip_prefix(spelling) {
            return Ok((rest, op));
        }
    }
    Err(Stuck::at(input, "an operator"))
}

fn operand<'a>(text: &'a str, input: &'a str) -> Read<'a, Part<Operand>> {
    let begin = skip_blanks(input);
    let from = text.len() - begin.len();
    if begin.starts_with(['\'', '-']) || begin.starts_with(|c: char| c.is_ascii_digit()) {
        return literal(text, begin);
    }
    let (rest, column) = column_name(text)
        .parse(begin)
        .map_err(|error| match error {
            // At the very place, a literal would do as well.
            Err::Error(stuck) if stuck.rest.len() == begin.len() => {
                Stuck::at(begin, "a column or a literal")
            }
            other => other,
        })?;
    if let Ok((rest, ())) = symbol("&", "`&`").parse(rest) {
        let (rest, mask) = integer(rest)?;
        let part = Part {
            value: Operand::Bits(column, mask),
            span: from..text.len() - rest.len(),
        };
        return Ok((rest, part));
    }
    Ok((
        rest,
        Part {
            value: Operand::Column(column),
            span: from..text.len() - rest.len(),
        },
    ))
}

fn literal<'a>(text: &'a str, input: &'a str) -> Read<'a, Part<Operand>> {
    let begin = skip_blanks(input);
    if begin.starts_with('\'') {
        let (rest, part) = quoted(text, begin)?;
        return Ok((
            rest,
            Part {
                value: Operand::Text(part.value),
                span: part.span,
            },
        ));
    }
    let (rest, value) = integer(begin)?;
    let span = text.len() - begin.len()..text.len() - rest.len();
    Ok((
        rest,
        Part {
            value: Operand::Int(value),
            span,
        },
    ))
}

fn integer(input: &str) -> Read<'_, i64> {
    let begin = skip_blanks(input);
    let (sign, digits) = begin
        .strip_prefix('-')
        .map_or((false, begin), |rest| (true, rest));
    let (rest, found): (&str, &str) = take_while(|c: char| c.is_ascii_digit()).parse(digits)?;
    // A name or a fraction must not be cut in two.
    let ends = !rest.starts_with(|c: char| is_name(c) || c == '.');
    match found.parse::<i64>() {
        Ok(value) if ends => Ok((rest, if sign { -value } else { value })),
        _ => Err(Stuck::at(
            begin,
            "a text in single quotes or a whole number",
        )),
    }
}

/// `'O''Brien'`
fn quoted<'a>(text: &'a str, input: &'a str) -> Read<'a, Part<String>> {
    let begin = skip_blanks(input);
    let (mut rest, ()) = symbol("'", "a text in single quotes").parse(begin)?;
    let mut value = String::new();
    loop {
        let Some((part, after)) = rest.split_once('\'') else {
            return Err(Err::Error(Stuck {
                rest: "",
                expected: "the closing `'`",
            }));
        };
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => {
                let span = text.len() - begin.len()..text.len() - after.len();
                return Ok((after, Part { value, span }));
            }
        }
    }
}
