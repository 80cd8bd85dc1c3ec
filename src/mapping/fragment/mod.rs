//! The small languages inside a mapping's texts: conditions, tables with their aliases, lookups and
//! children.
//!
//! Takes the text of one scalar; gives a syntax tree in which every part knows its bytes of that
//! text, or the furthest place that could be read and what was expected there. Knows nothing of
//! declared tables.
//!
//! ```text
//! table     = name [["as"] alias]
//! lookup    = name "on" condition
//! child     = table "on" condition ["where" condition] ["order" "by" order {"," order}]
//! order     = column ["asc" | "desc"]
//! condition = term {"or" term};  term = factor {"and" factor};  factor = "not" factor | "(" condition ")" | test
//! test      = operand (operator operand | ["not"] "in" "(" literal {"," literal} ")" | ["not"] "like" text | "is" ["not"] "null")
//! operand   = column ["&" integer] | integer | text
//! column    = alias "." name;  a name may stand in brackets; without, it is a keyword after a dot only
//! ```

use std::ops::Range;

use nom::Parser;

use crate::relation::CompareOp;

use grammar::{
    any, column_name, maybe, name, order_list, preceded_by, symbol, table_name, whole, word,
};

mod grammar;
mod remedy;
#[cfg(test)]
mod tests;

/// What is expected after a name that stands alone: the alias is missing, most likely.
pub const AFTER_ALIAS: &str = "`.` and a column's name";

pub use remedy::{names_alias, remedy};

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
    /// For a message: `a column`, `` `and`, `or` or the end ``.
    pub expected: &'static str,
}

/// Whether a name is a keyword, and so cannot stand alone without brackets.
pub fn is_keyword(name: &str) -> bool {
    grammar::is_keyword(name)
}

/// A condition: `rows`, `on`, `where`, `if`.
pub fn condition(text: &str) -> Result<Condition, Unreadable> {
    whole(text, "`and`, `or` or the end", any(text, 0))
}

/// `TABLE`, `TABLE as alias`
pub fn table(text: &str) -> Result<TableName, Unreadable> {
    whole(text, "the end", table_name(text))
}

/// `TABLE on condition`
pub fn lookup(text: &str) -> Result<Lookup, Unreadable> {
    let grammar = |input| {
        let (input, table) = name(text, "a table", true).parse(input)?;
        let (input, ()) = word("on").parse(input)?;
        let (input, on) = any(text, 0).parse(input)?;
        Ok((input, Lookup { table, on }))
    };
    whole(text, "`and`, `or` or the end", grammar)
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
    whole(text, "`and`, `or`, `where`, `order by` or the end", grammar)
}

/// `e.RECORDID desc, e.EMAIL`
pub fn order(text: &str) -> Result<Vec<OrderBy>, Unreadable> {
    whole(text, "`,`, `desc` or the end", order_list(text))
}

/// `p.SURNAME`, or, as elements write it, `$p.SURNAME`.
pub fn column(text: &str) -> Result<ColumnName, Unreadable> {
    let grammar = |input| {
        let (input, _) = maybe(symbol("$", "a column")).parse(input)?;
        column_name(text).parse(input)
    };
    whole(text, "the end", grammar)
}
