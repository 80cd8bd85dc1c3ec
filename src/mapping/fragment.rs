//! The small languages inside a mapping's texts: conditions, tables with their aliases, lookups and children.
//!
//! Takes the text of one scalar; gives a syntax tree in which every part knows its bytes of that text, or
//! the furthest place that could be read and what was expected there. Knows nothing of declared tables.
//!
//! ```text
//! table     = name [["as"] alias]
//! lookup    = name "on" condition
//! child     = table "on" condition ["where" condition] ["order" "by" order {"," order}]
//! order     = column ["asc" | "desc"]
//! condition = term {"or" term};  term = factor {"and" factor};  factor = "not" factor | "(" condition ")" | test
//! test      = operand (operator operand | ["not"] "in" "(" literal {"," literal} ")" | ["not"] "like" text | "is" ["not"] "null")
//! operand   = column ["&" integer] | integer | text
//! column    = alias "." name;  a name may stand in brackets
//! ```

use std::ops::Range;

use nom::bytes::complete::{tag, take_while, take_while1};
use nom::error::{ErrorKind, ParseError};
use nom::{Err, IResult, Parser};

use crate::relation::CompareOp;

/// How deep parentheses and NOT may nest.
const MAX_DEPTH: u8 = 24;
/// The longest text that is read, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

/// A part of the text and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// `alias.COLUMN`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName {
    pub alias: Part<String>,
    pub column: Part<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    Column(ColumnName),
    /// `p.FLAGS & 2`
    Bits(ColumnName, i64),
    Int(i64),
    Text(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare {
        left: Part<Operand>,
        op: CompareOp,
        right: Part<Operand>,
    },
    /// The list holds literals only and is never empty.
    In {
        operand: Part<Operand>,
        list: Vec<Part<Operand>>,
        negated: bool,
    },
    Like {
        operand: Part<Operand>,
        pattern: Part<String>,
        negated: bool,
    },
    Null {
        operand: Part<Operand>,
        negated: bool,
    },
}

/// `PATIENTS as p`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    pub table: Part<String>,
    pub alias: Option<Part<String>>,
}

/// `SEX on sex.SEXCODE = p.SEXCODE`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    pub table: Part<String>,
    pub on: Condition,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    pub column: ColumnName,
    pub descending: bool,
}

/// `EMAIL as e on … where … order by …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    pub table: TableName,
    pub on: Condition,
    pub filter: Option<Condition>,
    pub order: Vec<OrderBy>,
}

/// Where reading stopped, and what could have stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Byte of the text.
    pub at: usize,
    /// Never empty: `a column`, `and`.
    pub expected: Vec<&'static str>,
}

/// A condition: `rows`, `on`, `where`, `if`.
pub fn condition(text: &str) -> Result<Condition, Unreadable> {
    whole(text, any(text, 0))
}

/// `TABLE`, `TABLE as alias`
pub fn table(text: &str) -> Result<TableName, Unreadable> {
    whole(text, table_name(text))
}

/// `TABLE on condition`
pub fn lookup(text: &str) -> Result<Lookup, Unreadable> {
    let grammar = |input| {
        let (input, table) = name(text, "a table", true).parse(input)?;
        let (input, ()) = word("on").parse(input)?;
        let (input, on) = any(text, 0).parse(input)?;
        Ok((input, Lookup { table, on }))
    };
    whole(text, grammar)
}

/// `TABLE as alias on … where … order by …`
pub fn child(text: &str) -> Result<Child, Unreadable> {
    let grammar = |input| {
        let (input, table) = table_name(text).parse(input)?;
        let (input, ()) = word("on").parse(input)?;
        let (input, on) = any(text, 0).parse(input)?;
        let (input, filter) = maybe(preceded_by("where", any(text, 0))).parse(input)?;
        let (input, order) = maybe(|input| {
            let (input, ()) = word("order").parse(input)?;
            let (input, ()) = word("by").parse(input)?;
            order_list(text).parse(input)
        })
        .parse(input)?;
        Ok((
            input,
            Child {
                table,
                on,
                filter,
                order: order.unwrap_or_default(),
            },
        ))
    };
    whole(text, grammar)
}

/// `e.RECORDID desc, e.EMAIL`
pub fn order(text: &str) -> Result<Vec<OrderBy>, Unreadable> {
    whole(text, order_list(text))
}

/// `p.SURNAME`, or, as elements write it, `$p.SURNAME`.
pub fn column(text: &str) -> Result<ColumnName, Unreadable> {
    let grammar = |input| {
        let (input, _) = maybe(symbol("$", "a column")).parse(input)?;
        column_name(text).parse(input)
    };
    whole(text, grammar)
}

// The grammar. A parser that has read something and cannot go on gives an `Err::Error`; the furthest of these is what is reported,
// so that `p.A = ` complains about what follows the `=` and not about its beginning.

/// Where a parser stopped: how much of the text was left, and what it wanted.
#[derive(Debug)]
struct Stuck<'a> {
    rest: &'a str,
    expected: Vec<&'static str>,
}

impl<'a> Stuck<'a> {
    fn at(rest: &'a str, expected: &'static str) -> Err<Stuck<'a>> {
        Err::Error(Stuck {
            rest: skip_blanks(rest),
            expected: vec![expected],
        })
    }

    /// The further of two; both wants where they are at the same place.
    fn further(mut self, other: Stuck<'a>) -> Stuck<'a> {
        match self.rest.len().cmp(&other.rest.len()) {
            std::cmp::Ordering::Less => self,
            std::cmp::Ordering::Greater => other,
            std::cmp::Ordering::Equal => {
                for want in other.expected {
                    if !self.expected.contains(&want) {
                        self.expected.push(want);
                    }
                }
                self
            }
        }
    }
}

impl<'a> ParseError<&'a str> for Stuck<'a> {
    fn from_error_kind(rest: &'a str, _: ErrorKind) -> Self {
        Stuck {
            rest,
            expected: Vec::new(),
        }
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }

    fn or(self, other: Self) -> Self {
        self.further(other)
    }
}

type Read<'a, T> = IResult<&'a str, T, Stuck<'a>>;

fn whole<'a, T>(
    text: &'a str,
    mut parser: impl Parser<&'a str, Output = T, Error = Stuck<'a>>,
) -> Result<T, Unreadable> {
    if text.len() > MAX_LENGTH {
        return Err(Unreadable {
            at: 0,
            expected: vec!["a text of at most 16 KiB"],
        });
    }
    let stuck = match parser.parse(text) {
        Ok((rest, value)) if skip_blanks(rest).is_empty() => return Ok(value),
        Ok((rest, _)) => Stuck {
            rest: skip_blanks(rest),
            expected: vec!["the end"],
        },
        Err(Err::Error(stuck) | Err::Failure(stuck)) => stuck,
        // The parsers are nom's `complete` ones.
        Err(Err::Incomplete(_)) => Stuck {
            rest: "",
            expected: vec!["more"],
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

/// Nothing is read where the parser stops before reading anything; a parser that stops later is an error.
fn maybe<'a, T>(
    mut parser: impl Parser<&'a str, Output = T, Error = Stuck<'a>>,
) -> impl Parser<&'a str, Output = Option<T>, Error = Stuck<'a>> {
    move |input: &'a str| match parser.parse(input) {
        Ok((rest, value)) => Ok((rest, Some(value))),
        Err(Err::Error(stuck)) if stuck.rest.len() == skip_blanks(input).len() => Ok((input, None)),
        Err(error) => Err(error),
    }
}

fn preceded_by<'a, T>(
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
fn word<'a>(keyword: &'static str) -> impl Parser<&'a str, Output = (), Error = Stuck<'a>> {
    move |input: &'a str| match raw_word(input) {
        Ok((rest, found)) if found.eq_ignore_ascii_case(keyword) => Ok((rest, ())),
        _ => Err(Stuck::at(input, keyword)),
    }
}

fn symbol<'a>(
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

/// A name, plain or in brackets; `dotted` joins parts: `dbo.PATIENTS`.
fn name<'a>(
    text: &'a str,
    expected: &'static str,
    dotted: bool,
) -> impl Parser<&'a str, Output = Part<String>, Error = Stuck<'a>> {
    move |input: &'a str| {
        let begin = skip_blanks(input);
        let mut rest = begin;
        let mut value = String::new();
        loop {
            let (after, part) = one_name(rest, expected)?;
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

fn one_name<'a>(input: &'a str, expected: &'static str) -> Read<'a, &'a str> {
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
        Ok((rest, name))
            if !name.starts_with(|c: char| c.is_ascii_digit() || c == '$')
                && !KEYWORDS
                    .iter()
                    .any(|keyword| name.eq_ignore_ascii_case(keyword)) =>
        {
            Ok((rest, name))
        }
        _ => Err(Stuck::at(input, expected)),
    }
}

fn table_name<'a>(text: &'a str) -> impl Parser<&'a str, Output = TableName, Error = Stuck<'a>> {
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

fn column_name<'a>(text: &'a str) -> impl Parser<&'a str, Output = ColumnName, Error = Stuck<'a>> {
    move |input: &'a str| {
        let (after, alias) = name(text, "a column", false).parse(input)?;
        let Some(after) = after.strip_prefix('.') else {
            return Err(Err::Error(Stuck {
                rest: after,
                expected: vec!["`.` and a column's name"],
            }));
        };
        let (after, column) = match one_name(after, "a column's name") {
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

fn order_list<'a>(text: &'a str) -> impl Parser<&'a str, Output = Vec<OrderBy>, Error = Stuck<'a>> {
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

fn any<'a>(
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
                expected: vec!["the closing `'`"],
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The condition in a fully parenthesised form.
    fn show(condition: &Condition) -> String {
        let operand = |operand: &Operand| match operand {
            Operand::Column(c) => format!("{}.{}", c.alias.value, c.column.value),
            Operand::Bits(c, mask) => format!("{}.{}&{mask}", c.alias.value, c.column.value),
            Operand::Int(n) => n.to_string(),
            Operand::Text(text) => format!("{text:?}"),
        };
        let list = |list: &[Condition], with: &str| {
            let parts: Vec<_> = list.iter().map(show).collect();
            format!("({})", parts.join(with))
        };
        let not = |negated: bool| if negated { "!" } else { "" };
        match condition {
            Condition::And(parts) => list(parts, " and "),
            Condition::Or(parts) => list(parts, " or "),
            Condition::Not(inner) => format!("!{}", show(inner)),
            Condition::Compare { left, op, right } => {
                format!("{} {op:?} {}", operand(&left.value), operand(&right.value))
            }
            Condition::In {
                operand: of,
                list,
                negated,
            } => {
                let list: Vec<_> = list.iter().map(|part| operand(&part.value)).collect();
                format!(
                    "{}{} in [{}]",
                    not(*negated),
                    operand(&of.value),
                    list.join(" ")
                )
            }
            Condition::Like {
                operand: of,
                pattern,
                negated,
            } => {
                format!(
                    "{}{} like {:?}",
                    not(*negated),
                    operand(&of.value),
                    pattern.value
                )
            }
            Condition::Null {
                operand: of,
                negated,
            } => format!("{}{} null", not(*negated), operand(&of.value)),
        }
    }

    #[test]
    fn conditions_are_read() {
        for (text, expected) in [
            ("p.A = 1", "p.A Eq 1"),
            (" p.A<>-1 ", "p.A Ne -1"),
            ("p.A != 'it''s'", "p.A Ne \"it's\""),
            (
                "p.A=1 AND p.B>=2 or not p.C < p.D",
                "((p.A Eq 1 and p.B Ge 2) or !p.C Lt p.D)",
            ),
            (
                "p.A = 1 and (p.B is null Or p.C IS NOT NULL)",
                "(p.A Eq 1 and (p.B null or !p.C null))",
            ),
            ("p.A in (1, 2,3)", "p.A in [1 2 3]"),
            ("p.A not in ('x')", "!p.A in [\"x\"]"),
            ("p.A not like 'x%'", "!p.A like \"x%\""),
            ("p.FLAGS & 2 = 0", "p.FLAGS&2 Eq 0"),
            ("p.[Odd name] = 1", "p.Odd name Eq 1"),
            ("((p.A = 1))", "p.A Eq 1"),
            ("1 = p.A", "1 Eq p.A"),
        ] {
            assert_eq!(
                condition(text).map(|c| show(&c)).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_shown_where_it_begins() {
        for (text, at, expected) in [
            ("", 0, "a column or a literal"),
            (
                "p.A",
                3,
                "a comparison (`=`, `<>`, `in`, `like`, `is null` …)",
            ),
            ("p.A = ", 6, "a column or a literal"),
            ("p.A = 1 and", 11, "a column or a literal"),
            ("p.A = 1 p.B = 2", 8, "the end"),
            ("SURNAME = 'x'", 7, "`.` and a column's name"),
            ("p.A = 'x", 8, "the closing `'`"),
            ("p.A in ()", 8, "a text in single quotes or a whole number"),
            (
                "p.A in (p.B)",
                8,
                "a text in single quotes or a whole number",
            ),
            ("p.A = 1.5", 6, "a text in single quotes or a whole number"),
            ("(p.A = 1", 8, "`)`"),
            ("p.A like p.B", 9, "a text in single quotes"),
            ("p.A is 1", 7, "null"),
            (
                "p.A = 99999999999999999999",
                6,
                "a text in single quotes or a whole number",
            ),
            ("p.A not 1", 8, "`in` or `like`"),
        ] {
            let unreadable = condition(text).unwrap_err();
            assert_eq!(
                (unreadable.at, unreadable.expected[0]),
                (at, expected),
                "{text}"
            );
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = "(".repeat(10_000);
        assert_eq!(
            condition(&deep).unwrap_err().expected,
            ["fewer parentheses"]
        );
        assert!(condition(&"not ".repeat(1_000)).is_err());
        assert!(condition(&"p.A = 1 and ".repeat(100_000)).is_err());
    }

    #[test]
    fn tables_lookups_and_children_are_read() {
        let patients = table("dbo.PATIENTS as p").unwrap();
        assert_eq!(patients.table.value, "dbo.PATIENTS");
        assert_eq!(
            patients.alias.map(|alias| (alias.value, alias.span)),
            Some(("p".into(), 16..17))
        );
        assert_eq!(table("PATIENTS").unwrap().alias, None);
        assert!(table("PATIENTS as").is_err());
        assert!(table("PATIENTS as p q").is_err());

        let sex = lookup("SEX on sex.SEXCODE = p.SEXCODE").unwrap();
        assert_eq!(
            (sex.table.value.as_str(), show(&sex.on).as_str()),
            ("SEX", "sex.SEXCODE Eq p.SEXCODE")
        );
        assert_eq!(lookup("SEX").unwrap_err().expected, ["on"]);

        let emails = child(
            "EMAIL e on e.INTERNALID = p.INTERNALID\n where e.R = 1 and e.E <> '' order by e.RECORDID desc, e.E",
        )
        .unwrap();
        assert_eq!(emails.table.alias.unwrap().value, "e");
        assert_eq!(show(&emails.filter.unwrap()), "(e.R Eq 1 and e.E Ne \"\")");
        let order: Vec<_> = emails
            .order
            .iter()
            .map(|o| (o.column.column.value.as_str(), o.descending))
            .collect();
        assert_eq!(order, [("RECORDID", true), ("E", false)]);
        assert!(child("EMAIL as e on e.A = p.A order e.B").is_err());
    }

    #[test]
    fn columns_are_read_with_and_without_their_sign() {
        for text in ["p.SURNAME", "$p.SURNAME"] {
            let column = column(text).unwrap();
            assert_eq!(
                (column.alias.value.as_str(), column.column.value.as_str()),
                ("p", "SURNAME")
            );
        }
        assert!(column("p.").is_err());
        assert!(column("p.A.B").is_err());
        assert!(column("SURNAME").is_err());
        assert!(column("$$p.A").is_err());
    }
}
