//! Tokens → the expression's tree.
//!
//! Operators bind as the specification lists them, from the tightest: `.` and `[]`, `is` and `as`, `|`, `<` and its
//! kin, `=` and `!=`, `in` and `contains`, `and`, `or`.

use std::ops::Range;

use super::item::{Held, Item};
use super::token::{Placed, Token, tokens};
use super::tree::{Call, Operator, Part, Tree, TypeName};
use super::{Fault, PathError};
use crate::fhir::Primitive;
use crate::fhir::definitions::structure;

/// The words of the language that are operators.
fn operator(token: &Token) -> Option<(Operator, u8)> {
    Some(match token {
        Token::Sign("|") => (Operator::Union, 6),
        Token::Sign("<") => (Operator::Less, 5),
        Token::Sign("<=") => (Operator::LessOrEqual, 5),
        Token::Sign(">") => (Operator::Greater, 5),
        Token::Sign(">=") => (Operator::GreaterOrEqual, 5),
        Token::Sign("=") => (Operator::Equal, 4),
        Token::Sign("!=") => (Operator::NotEqual, 4),
        Token::Name(word) => match word.as_str() {
            "in" => (Operator::In, 3),
            "contains" => (Operator::Contains, 3),
            "and" => (Operator::And, 2),
            "or" => (Operator::Or, 1),
            _ => return None,
        },
        _ => return None,
    })
}

/// `is` and `as`
const TYPE_OPERATORS: u8 = 7;

/// What the language has and is not to be had here.
fn unsupported(token: &Token) -> Option<&'static str> {
    Some(match token {
        Token::Sign("+" | "-" | "*" | "/" | "&") => "arithmetic",
        Token::Sign("~" | "!~") => "equivalence (`~`)",
        Token::Sign("%") => "a variable (`%`)",
        Token::Name(word) if matches!(word.as_str(), "div" | "mod") => "arithmetic",
        Token::Name(word) if word == "xor" => "`xor`",
        Token::Name(word) if word == "implies" => "`implies`",
        Token::Variable(_) => "a variable but `$this`",
        Token::Text(_) => "a number with a unit",
        _ => return None,
    })
}

pub(super) fn parse(text: &str) -> Result<Tree, PathError> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err(Fault::Empty.at(&(0..text.len())));
    }
    let mut parser = Parser {
        tokens,
        next: 0,
        end: text.len(),
    };
    let tree = parser.expression(0)?;
    match parser.peek() {
        None => Ok(tree),
        Some(behind) => Err(match unsupported(&behind.token) {
            Some(what) => Fault::Unsupported(what),
            None => Fault::Expected {
                expected: "an operator, or the end,",
            },
        }
        .at(&behind.span)),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Placed> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, missing: &'static str) -> Result<Placed, PathError> {
        let taken = self.peek().cloned();
        let at = self.end..self.end;
        self.next += 1;
        taken.ok_or_else(|| Fault::Ends(missing).at(&at))
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is_it = self.peek().is_some_and(|it| is_sign(it, sign));
        self.next += usize::from(is_it);
        is_it
    }

    fn close(&mut self, sign: &'static str, expected: &'static str) -> Result<usize, PathError> {
        let token = self.take(expected)?;
        match is_sign(&token, sign) {
            true => Ok(token.span.end),
            false => Err(match unsupported(&token.token) {
                Some(what) => Fault::Unsupported(what),
                None => Fault::Expected { expected },
            }
            .at(&token.span)),
        }
    }

    /// Operands and operators that bind more tightly than `least`.
    fn expression(&mut self, least: u8) -> Result<Tree, PathError> {
        let mut left = self.path()?;
        loop {
            let Some(token) = self.peek() else {
                return Ok(left);
            };
            let word = match &token.token {
                Token::Name(word) => word.as_str(),
                _ => "",
            };
            let is_as = word == "as";
            if word == "is" || is_as {
                if TYPE_OPERATORS <= least {
                    return Ok(left);
                }
                self.next += 1;
                let (name, end) = self.type_name()?;
                let call = match is_as {
                    true => Call::As(name),
                    false => Call::Is(name),
                };
                left = Tree {
                    span: left.span.start..end,
                    of: Part::Call {
                        of: Some(Box::new(left)),
                        call,
                    },
                };
                continue;
            }
            let Some((operator, binds)) = operator(&token.token).filter(|(_, b)| *b > least) else {
                return Ok(left);
            };
            self.next += 1;
            let right = self.expression(binds)?;
            left = Tree {
                span: left.span.start..right.span.end,
                of: Part::Binary {
                    operator,
                    left: Box::new(left),
                    right: Box::new(right),
                },
            };
        }
    }

    /// A term with the names, functions and indexes behind it.
    fn path(&mut self) -> Result<Tree, PathError> {
        let mut tree = self.term()?;
        loop {
            if self.takes(".") {
                let token = self.take("an element or a function")?;
                tree = self.step(Some(tree), token)?;
            } else if self.takes("[") {
                let index = self.expression(0)?;
                let end = self.close("]", "`]`")?;
                tree = Tree {
                    span: tree.span.start..end,
                    of: Part::Index {
                        of: Box::new(tree),
                        index: Box::new(index),
                    },
                };
            } else {
                return Ok(tree);
            }
        }
    }

    fn term(&mut self) -> Result<Tree, PathError> {
        let token = self.take("a value or a path")?;
        let span = token.span.clone();
        let literal = |held| Part::Literal(Item(held));
        let of = match token.token {
            Token::Text(text) => literal(Held::Text(text.into())),
            Token::Integer(number) => literal(Held::Integer(number)),
            Token::Decimal(number) => literal(Held::Decimal(number)),
            Token::Moment(moment) => literal(Held::Moment(moment)),
            Token::Variable(name) if name == "this" => Part::This,
            Token::Name(ref name) if matches!(name.as_str(), "true" | "false") => {
                literal(Held::Boolean(name == "true"))
            }
            Token::Name(_) | Token::Quoted(_) => return self.step(None, token),
            Token::Sign("(") => {
                let inner = self.expression(0)?;
                let end = self.close(")", "`)`")?;
                return Ok(Tree {
                    span: span.start..end,
                    ..inner
                });
            }
            Token::Sign("{") => {
                let end = self.close("}", "`}`")?;
                return Ok(Tree {
                    of: Part::Nothing,
                    span: span.start..end,
                });
            }
            // A number below zero.
            Token::Sign("-") => {
                let number = self.take("a number")?;
                match number.token {
                    Token::Integer(value) => literal(Held::Integer(-value)),
                    Token::Decimal(value) => literal(Held::Decimal(-value)),
                    _ => return Err(Fault::Unsupported("arithmetic").at(&span)),
                }
            }
            other => {
                return Err(match unsupported(&other) {
                    Some(what) => Fault::Unsupported(what),
                    None => Fault::Expected {
                        expected: "a value or a path",
                    },
                }
                .at(&span));
            }
        };
        Ok(Tree {
            of,
            span: span.start..self.tokens[self.next - 1].span.end,
        })
    }

    /// A name, or a function with its arguments.
    fn step(&mut self, of: Option<Tree>, token: Placed) -> Result<Tree, PathError> {
        let start = of.as_ref().map_or(token.span.start, |of| of.span.start);
        let of = of.map(Box::new);
        let expected = Fault::Expected {
            expected: "an element or a function",
        };
        let (name, is_quoted) = match token.token {
            Token::Name(name) => (name, false),
            Token::Quoted(name) => (name, true),
            Token::Variable(_) => {
                return Err(Fault::Unsupported("a variable behind a point").at(&token.span));
            }
            _ => return Err(expected.at(&token.span)),
        };
        if is_quoted || !self.takes("(") {
            return Ok(Tree {
                of: Part::Name { of, name },
                span: start..token.span.end,
            });
        }
        let call = self.call(&name, &token.span)?;
        let end = self.close(")", "`)`")?;
        Ok(Tree {
            of: Part::Call { of, call },
            span: start..end,
        })
    }

    /// A function by its name, up to the parenthesis that closes it.
    fn call(&mut self, name: &str, span: &Range<usize>) -> Result<Call, PathError> {
        let is_bare = self.peek().is_some_and(|it| is_sign(it, ")"));
        let arguments = |name, takes| Err(Fault::Arguments { name, takes }.at(span));
        let bare = |name, call| match is_bare {
            true => Ok(call),
            false => arguments(name, "nothing"),
        };
        match name {
            "empty" => return bare("empty", Call::Empty),
            "count" => return bare("count", Call::Count),
            "first" => return bare("first", Call::First),
            "last" => return bare("last", Call::Last),
            "not" => return bare("not", Call::Not),
            "exists" if is_bare => return Ok(Call::Exists(None)),
            "is" | "as" | "ofType" => {
                let (ty, _) = self.type_name()?;
                return Ok(match name {
                    "is" => Call::Is(ty),
                    "as" => Call::As(ty),
                    _ => Call::OfType(ty),
                });
            }
            _ => {}
        }
        let (name, takes, call): (_, _, fn(Box<Tree>) -> Call) = match name {
            "where" => ("where", "one condition", Call::Where),
            "exists" => ("exists", "one condition, or nothing", |it| {
                Call::Exists(Some(it))
            }),
            "all" => ("all", "one condition", Call::All),
            "startsWith" => ("startsWith", "one text", Call::StartsWith),
            "endsWith" => ("endsWith", "one text", Call::EndsWith),
            "contains" => ("contains", "one text", Call::Contains),
            "extension" => ("extension", "the extension's URL", Call::Extension),
            _ => return Err(Fault::UnknownFunction(name.to_owned()).at(span)),
        };
        if is_bare {
            return arguments(name, takes);
        }
        let argument = self.expression(0)?;
        if self.peek().is_some_and(|it| is_sign(it, ",")) {
            return arguments(name, takes);
        }
        Ok(call(Box::new(argument)))
    }

    /// `Quantity`, `FHIR.Quantity`, and where it ends.
    fn type_name(&mut self) -> Result<(TypeName, usize), PathError> {
        let mut token = self.take("a type")?;
        if token.token == Token::Name("FHIR".to_owned()) && self.takes(".") {
            token = self.take("a type")?;
        }
        let (Token::Name(name) | Token::Quoted(name)) = token.token else {
            return Err(Fault::Expected { expected: "a type" }.at(&token.span));
        };
        if structure(&name).is_none() && Primitive::named(&name).is_none() {
            return Err(Fault::UnknownType(name).at(&token.span));
        }
        Ok((TypeName(name), token.span.end))
    }
}

fn is_sign(token: &Placed, sign: &str) -> bool {
    matches!(token.token, Token::Sign(it) if it == sign)
}

/// The names of the functions, for one that was meant.
pub(crate) const FUNCTIONS: [&str; 15] = [
    "where",
    "exists",
    "all",
    "empty",
    "count",
    "first",
    "last",
    "not",
    "startsWith",
    "endsWith",
    "contains",
    "extension",
    "is",
    "as",
    "ofType",
];
