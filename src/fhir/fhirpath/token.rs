//! An expression's text → its tokens, each with its place.

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, digit1, satisfy};
use nom::combinator::{map, opt, recognize};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use super::moment::Moment;
use super::{Fault, PathError};

/// Tokens of one expression. A tree of so many is shallow enough for every stack.
pub(super) const MOST: usize = 200;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a word of the language: which of them it is, its place decides.
    Name(String),
    /// A name in backticks, which is never a word of the language.
    Quoted(String),
    Text(String),
    Integer(i64),
    Decimal(f64),
    Moment(Moment),
    /// `$this`
    Variable(String),
    Sign(&'static str),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub token: Token,
    pub span: Range<usize>,
}

/// Signs, longer ones before those that they begin with.
const SIGNS: [&str; 24] = [
    "!=", "!~", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", "=", "~", "<", ">", "|", "+",
    "-", "*", "/", "&", "%", ":",
];

/// Reads all of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, PathError> {
    let mut tokens = Vec::new();
    let mut rest = skip(text);
    while !rest.is_empty() {
        let start = text.len() - rest.len();
        if tokens.len() == MOST {
            return Err(Fault::TooLong.at(&(start..text.len())));
        }
        let (behind, token) = token(rest, start)?;
        tokens.push(Placed {
            token,
            span: start..text.len() - behind.len(),
        });
        rest = skip(behind);
    }
    Ok(tokens)
}

fn skip(text: &str) -> &str {
    text.trim_start()
}

fn token(rest: &str, start: usize) -> Result<(&str, Token), PathError> {
    let width = rest.chars().next().map_or(0, char::len_utf8);
    let here = start..start + width;
    match rest.as_bytes().first() {
        Some(quote @ (b'\'' | b'`')) => {
            let (behind, text) =
                quoted(&rest[1..], char::from(*quote)).ok_or_else(|| Fault::OpenText.at(&here))?;
            return Ok(match quote {
                b'\'' => (behind, Token::Text(text)),
                _ => (behind, Token::Quoted(text)),
            });
        }
        Some(b'@') => {
            let written: IResult<&str, &str> =
                take_while1(|c: char| c.is_ascii_alphanumeric() || "-:+.".contains(c))
                    .parse(&rest[1..]);
            let moment = written
                .ok()
                .and_then(|(behind, text)| Some((behind, Moment::literal(text)?)));
            return match moment {
                Some((behind, moment)) => Ok((behind, Token::Moment(moment))),
                None => Err(Fault::Moment.at(&here)),
            };
        }
        _ => {}
    }
    let read: IResult<&str, Token> = alt((
        number,
        map(preceded(char('$'), name), |name| {
            Token::Variable(name.to_owned())
        }),
        map(name, |name| Token::Name(name.to_owned())),
    ))
    .parse(rest);
    if let Ok(read) = read {
        return Ok(read);
    }
    let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
    match sign {
        Some(sign) => Ok((&rest[sign.len()..], Token::Sign(sign))),
        None => Err(Fault::Unreadable.at(&here)),
    }
}

/// `[A-Za-z_][A-Za-z0-9_]*`
fn name(input: &str) -> IResult<&str, &str> {
    recognize((
        satisfy(|c| c.is_ascii_alphabetic() || c == '_'),
        take_while(|c: char| c.is_ascii_alphanumeric() || c == '_'),
    ))
    .parse(input)
}

/// `5`, `1.50`. What is too large for a whole number is a decimal.
fn number(input: &str) -> IResult<&str, Token> {
    let (rest, whole) = digit1.parse(input)?;
    let (rest, fraction) = opt(preceded(tag("."), digit1)).parse(rest)?;
    let written = &input[..input.len() - rest.len()];
    let token = match (fraction, whole.parse()) {
        (None, Ok(number)) => Token::Integer(number),
        // Digits with a point between them are always a number.
        _ => Token::Decimal(written.parse().unwrap_or(f64::INFINITY)),
    };
    Ok((rest, token))
}

/// The text up to a quote, its escapes resolved; None where it is not closed, or an escape is none.
fn quoted(input: &str, quote: char) -> Option<(&str, String)> {
    let mut text = String::new();
    let mut chars = input.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Some((&input[at + c.len_utf8()..], text));
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        text.push(match chars.next()?.1 {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\u{c}',
            'u' => {
                let digits: String = chars.by_ref().take(4).map(|(_, digit)| digit).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            c @ ('\'' | '"' | '`' | '\\' | '/') => c,
            _ => return None,
        });
    }
    None
}
