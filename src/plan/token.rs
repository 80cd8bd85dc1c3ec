//! Token search: `code`, `system|code`, `|code`, `system|`, `:not`, `:of-type`, `:text` (R4 §3.1.1.4.10).

use std::cell::OnceCell;
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use crate::collation::fold;
use crate::mapping::derive::without_case;
use crate::mapping::{self, CodeTable, TokenCode, TokenMatcher};
use crate::relation::{CompareOp, Expr, Predicate, SqlType, Value};
use crate::search::{Token, TokenSystem};

use super::values::Values;

/// A raw value as its column's type: None where no row can hold it.
pub(super) fn raw_value(text: &str, ty: SqlType) -> Option<Value> {
    if ty.is_integer() {
        let number: i64 = text.parse().ok()?;
        let (least, most) = match ty {
            SqlType::Bit => (0, 1),
            SqlType::TinyInt => (0, i64::from(u8::MAX)),
            SqlType::SmallInt => (i64::from(i16::MIN), i64::from(i16::MAX)),
            SqlType::Int => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        // Beyond its type an engine fails to bind the number. `012` and `+12` are other texts than the id `12`.
        return ((least..=most).contains(&number) && number.to_string() == text)
            .then_some(Value::Int(number));
    }
    match ty {
        SqlType::Char(length)
        | SqlType::VarChar(length)
        | SqlType::NChar(length)
        | SqlType::NVarChar(length) => {
            let fits = length == 0 || text.chars().count() <= length as usize;
            (fits && !text.trim().is_empty()).then(|| Value::Text(text.to_owned()))
        }
        SqlType::UniqueIdentifier => is_uuid(text).then(|| Value::Text(text.to_ascii_uppercase())),
        SqlType::Real | SqlType::Float => text
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .map(Value::Real),
        SqlType::Decimal(precision, scale) => {
            is_decimal(text, precision.into(), scale.into()).then(|| Value::Text(text.to_owned()))
        }
        // 922337203685477.5807 at the most: a digit less is within it whatever the digits.
        SqlType::Money => is_decimal(text, 18, 4).then(|| Value::Text(text.to_owned())),
        _ => None,
    }
}

/// The values that a raw value's text may be kept as. SQL Server's GUIDs compare without case; kept as text, as
/// SQLite keeps them, they are in capitals, as SQL Server writes them, or in small letters. Both in a list
/// leave the column its index, which a comparison without case would not.
pub(super) fn raw_values(text: &str, ty: SqlType) -> SmallVec<[Value; 2]> {
    let value = raw_value(text, ty);
    let small = match (&value, ty) {
        (Some(Value::Text(guid)), SqlType::UniqueIdentifier) => {
            Some(Value::Text(guid.to_ascii_lowercase()))
                .filter(|small| Some(small) != value.as_ref())
        }
        _ => None,
    };
    value.into_iter().chain(small).collect()
}

/// Digits and perhaps a point, as many as the type holds: what a cast to it takes.
fn is_decimal(text: &str, precision: usize, scale: usize) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && whole.trim_start_matches('0').len() <= precision.saturating_sub(scale)
        && fraction.trim_end_matches('0').len() <= scale
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// What the system part of a searched token says of a matcher's values.
enum SystemMatch {
    All,
    None,
    Where(Predicate),
}

fn system_match(
    of: &mapping::TokenSystem,
    asked: &TokenSystem,
    values: &mut Values,
) -> SystemMatch {
    let when = |holds| {
        if holds {
            SystemMatch::All
        } else {
            SystemMatch::None
        }
    };
    match (of, asked) {
        (_, TokenSystem::Any) => SystemMatch::All,
        // The table's entries are asked one by one, below.
        (mapping::TokenSystem::Table, _) => SystemMatch::All,
        (mapping::TokenSystem::None, asked) => when(*asked == TokenSystem::Absent),
        (mapping::TokenSystem::Is(system), TokenSystem::Is(asked)) => when(**system == **asked),
        (mapping::TokenSystem::Is(_), TokenSystem::Absent) => SystemMatch::None,
        // A `code` element has no system of its own; that of its binding is implied.
        (mapping::TokenSystem::Implied(_), TokenSystem::Absent) => SystemMatch::All,
        (mapping::TokenSystem::Implied(systems), TokenSystem::Is(asked)) => {
            when(systems.iter().any(|system| **system == **asked))
        }
        (mapping::TokenSystem::Column(expr, _), TokenSystem::Absent) => {
            SystemMatch::Where(Predicate::Present(expr.clone()).negate())
        }
        (mapping::TokenSystem::Column(expr, ty), TokenSystem::Is(asked)) => {
            match equals_any(expr, *ty, raw_values(asked, *ty), values) {
                Predicate::False => SystemMatch::None,
                equals => SystemMatch::Where(equals),
            }
        }
    }
}

/// A token that a parameter searches for; what its columns are compared with is made once.
pub(super) struct Asked<'v> {
    token: &'v Token,
    digits: OnceCell<SmallVec<[Value; 2]>>,
}

impl<'v> Asked<'v> {
    pub(super) fn new(token: &'v Token) -> Asked<'v> {
        Asked {
            token,
            digits: OnceCell::new(),
        }
    }

    /// The code as a telephone number.
    fn digits(&self) -> &[Value] {
        self.digits.get_or_init(|| {
            let code = self.token.code.as_deref().unwrap_or_default();
            telephone_digits(code)
                .into_iter()
                .map(Value::Text)
                .collect()
        })
    }
}

/// All values of one parameter (OR) against one matcher.
pub(super) fn predicate<'t, 'v: 't>(
    matcher: &TokenMatcher,
    asked: impl Iterator<Item = &'t Asked<'v>>,
    values: &mut Values,
) -> Predicate {
    let mut parts: SmallVec<[Predicate; 2]> = SmallVec::new();
    let mut listed: SmallVec<[Value; 2]> = SmallVec::new();
    for asked in asked {
        let token = asked.token;
        let condition = match system_match(&matcher.system, &token.system, values) {
            SystemMatch::None => continue,
            SystemMatch::All => Predicate::True,
            SystemMatch::Where(condition) => condition,
        };
        // Plain equality on one column, whatever the number of values, is one list.
        if let (Some(code), TokenCode::Column { ty, .. }, Predicate::True) =
            (&token.code, &matcher.code, &condition)
        {
            listed.extend(raw_values(code, *ty));
            continue;
        }
        let matched = match &token.code {
            None => of_system(
                &matcher.system,
                &matcher.code,
                &matcher.present,
                &token.system,
                values,
            ),
            Some(code) => code_predicate(&matcher.code, code, asked, &matcher.present, values),
        };
        parts.push(match condition {
            Predicate::True => matched,
            condition => Predicate::all([condition, matched]),
        });
    }
    if let TokenCode::Column { expr, ty, .. } = &matcher.code {
        parts.push(equals_any(expr, *ty, listed, values));
    }
    match parts.len() {
        1 => parts.swap_remove(0),
        _ => Predicate::any(parts),
    }
}

/// `:of-type`: a value under an Identifier's type.
pub(super) fn of_type(
    matcher: &TokenMatcher,
    system: &str,
    code: &str,
    value: &str,
    values: &mut Values,
) -> Predicate {
    let ty = Token {
        system: TokenSystem::Is(system.to_owned()),
        code: Some(code.to_owned()),
    };
    let of_types: Vec<Predicate> = matcher
        .types
        .iter()
        .flatten()
        .map(|of| one(&of.system, &of.code, &of.present, &ty, values))
        .collect();
    let of_types = Predicate::any(of_types);
    if of_types == Predicate::False {
        return of_types;
    }
    let value = Token {
        system: TokenSystem::Any,
        code: Some(value.to_owned()),
    };
    let is_value = predicate(matcher, std::iter::once(&Asked::new(&value)), values);
    Predicate::all([of_types, is_value])
}

/// One value against a system and a code that belong together.
pub(super) fn one(
    system: &mapping::TokenSystem,
    of_code: &TokenCode,
    present: &Predicate,
    token: &Token,
    values: &mut Values,
) -> Predicate {
    let condition = match system_match(system, &token.system, values) {
        SystemMatch::None => return Predicate::False,
        SystemMatch::All => Predicate::True,
        SystemMatch::Where(condition) => condition,
    };
    match &token.code {
        None => Predicate::all([
            of_system(system, of_code, present, &token.system, values),
            condition,
        ]),
        Some(code) => Predicate::all([
            condition,
            code_predicate(of_code, code, &Asked::new(token), present, values),
        ]),
    }
}

/// `system|`: any code of the system. Where the codes' table has the systems, only codes with this one.
fn of_system(
    of: &mapping::TokenSystem,
    code: &TokenCode,
    present: &Predicate,
    asked: &TokenSystem,
    values: &mut Values,
) -> Predicate {
    match (of, code) {
        (
            mapping::TokenSystem::Table,
            TokenCode::Codes {
                expr,
                ty,
                table,
                absent,
            },
        ) => coded(
            expr,
            *ty,
            table,
            absent,
            |entry| match (asked, table.system_of(entry)) {
                (TokenSystem::Any, _) => true,
                (TokenSystem::Is(asked), own) => own.is_some_and(|own| **own == **asked),
                (TokenSystem::Absent, own) => own.is_none(),
            },
            values,
        ),
        _ => present.clone(),
    }
}

/// `expr = value`, or `expr IN (…)`; no row where the list is empty.
pub(super) fn equals_any(
    expr: &Expr,
    ty: SqlType,
    list: impl IntoIterator<Item = Value>,
    values: &mut Values,
) -> Predicate {
    let list: SmallVec<[Value; 2]> = list.into_iter().collect();
    equals_any_of(expr.clone(), ty, &list, values)
}

fn equals_any_of(expr: Expr, ty: SqlType, list: &[Value], values: &mut Values) -> Predicate {
    match list {
        [] => Predicate::False,
        [value] => Predicate::Compare(expr, CompareOp::Eq, values.expr(value, ty)),
        list => Predicate::In {
            expr,
            list: values.list(list, ty),
            negated: false,
        },
    }
}

fn code_predicate(
    of: &TokenCode,
    code: &str,
    asked: &Asked<'_>,
    present: &Predicate,
    values: &mut Values,
) -> Predicate {
    let system = &asked.token.system;
    match of {
        TokenCode::Column { expr, ty, .. } => equals_any(expr, *ty, raw_values(code, *ty), values),
        TokenCode::Digits(expr) if is_number_like(code) => {
            let digits = Expr::Digits(Box::new(expr.clone()));
            equals_any_of(digits, SqlType::VarChar(40), asked.digits(), values)
        }
        // `ext 12345`, `(07) 3333/4444`: found as it is written.
        TokenCode::Digits(expr) => {
            let ty = text_type(expr);
            equals_any(expr, ty, raw_values(code.trim(), ty), values)
        }
        TokenCode::Codes {
            expr,
            ty,
            table,
            absent,
        } => coded(
            expr,
            *ty,
            table,
            absent,
            |entry| {
                *entry.code == *code
                    && match (system, table.system_of(entry)) {
                        (TokenSystem::Any, _) => true,
                        // Without a system of its own, a code has that of the element around it, asked above.
                        (TokenSystem::Is(asked), own) => own.is_none_or(|own| **own == **asked),
                        (TokenSystem::Absent, own) => own.is_none(),
                    }
            },
            values,
        ),
        TokenCode::Concat { parts } => concat(parts, code, values),
        TokenCode::Boolean(predicate) => match code {
            "true" => Predicate::all([present.clone(), predicate.clone()]),
            "false" => Predicate::all([present.clone(), predicate.clone().negate()]),
            _ => Predicate::False,
        },
        TokenCode::Constant(constant) if **constant == *code => present.clone(),
        TokenCode::Constant(_) => Predicate::False,
    }
}

/// The rows whose raw value stands for a code that is wanted: a code table read backwards.
pub(super) fn coded(
    expr: &Expr,
    ty: SqlType,
    table: &CodeTable,
    absent: &[Arc<str>],
    wanted: impl Fn(&mapping::Code) -> bool,
    values: &mut Values,
) -> Predicate {
    let (probe, folds) = without_case(expr);
    let raws = |entries: &mut dyn Iterator<Item = &Arc<str>>| -> SmallVec<[Value; 2]> {
        entries
            .flat_map(|raw| {
                if folds {
                    raw_values(&fold(raw), ty)
                } else {
                    raw_values(raw, ty)
                }
            })
            .collect()
    };
    let mut parts: SmallVec<[Predicate; 4]> = SmallVec::new();
    let listed = raws(
        &mut table
            .entries
            .iter()
            .filter(|entry| wanted(&entry.code))
            .map(|entry| &entry.raw),
    );
    parts.push(equals_any(&probe, ty, listed, values));
    if table.otherwise.as_ref().is_some_and(&wanted) {
        let known = raws(&mut table.entries.iter().map(|entry| &entry.raw).chain(absent));
        let other = if known.is_empty() {
            Predicate::True
        } else {
            Predicate::In {
                expr: probe.clone(),
                list: values.list(&known, ty),
                negated: true,
            }
        };
        parts.push(Predicate::all([Predicate::Present(expr.clone()), other]));
    }
    if table.absent.as_ref().is_some_and(&wanted) {
        let sentinels = raws(&mut absent.iter());
        parts.push(Predicate::Present(expr.clone()).negate());
        parts.push(equals_any(&probe, ty, sentinels, values));
    }
    Predicate::any(parts)
}

/// Nothing but digits and what a column's digits are told from.
fn is_number_like(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '+' | '.'))
}

fn text_type(expr: &Expr) -> SqlType {
    match expr {
        Expr::Column(column) => column.ty,
        Expr::Raw(raw) => raw.ty,
        _ => SqlType::VarChar(255),
    }
}

/// The digits of a telephone number, in the forms that practices write: `+61 412 345 678` is `0412 345 678`.
fn telephone_digits(text: &str) -> SmallVec<[String; 2]> {
    let mut digits = String::with_capacity(text.len());
    digits.extend(text.chars().filter(char::is_ascii_digit));
    if digits.is_empty() || digits.len() > 40 {
        return SmallVec::new();
    }
    let with = |prefix: &str, rest: &str| [prefix, rest].concat();
    let other = match digits.strip_prefix('0') {
        Some(rest) if rest.starts_with("061") => Some(with("0", rest[3..].trim_start_matches('0'))),
        Some(rest) => (rest.len() == 9).then(|| with("61", rest)),
        // Also without the `+`, which an unencoded one in a URL loses, where as many digits follow as a number has.
        None => digits
            .strip_prefix("61")
            .filter(|rest| text.trim_start().starts_with('+') || rest.len() == 9)
            .map(|rest| with("0", rest.trim_start_matches('0'))),
    };
    match other {
        Some(other) => smallvec![digits, other],
        None => smallvec![digits],
    }
}

/// A searched value of the first part's length, or of all parts'.
fn concat(parts: &[(Expr, SqlType, u16)], code: &str, values: &mut Values) -> Predicate {
    let characters: Vec<char> = code.chars().filter(|c| !c.is_whitespace()).collect();
    let total: usize = parts.iter().map(|(_, _, length)| *length as usize).sum();
    let Some(first) = parts.first().map(|(_, _, length)| *length as usize) else {
        return Predicate::False;
    };
    let used = if characters.len() == total {
        parts.len()
    } else if characters.len() == first {
        1
    } else {
        return Predicate::False;
    };
    let mut rest = characters.as_slice();
    Predicate::all(parts[..used].iter().map(|(expr, ty, length)| {
        let (part, after) = rest.split_at((*length as usize).min(rest.len()));
        rest = after;
        let text: String = part.iter().collect();
        equals_any(expr, *ty, raw_values(&text, *ty), values)
    }))
}
