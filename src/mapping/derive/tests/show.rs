//! Parameters as short text, so that an expectation can be read.

use std::fmt::Write;

use crate::mapping::*;
use crate::relation::{Arithmetic, Case, CaseKey, CompareOp, Expr, Like, Measured, Predicate};

/// A line for each target, and one for the sort keys.
pub fn parameter(parameter: &Parameter) -> String {
    let mut out = String::new();
    for target in &parameter.targets {
        out.push_str(&matcher(&target.matcher));
        if target.guard != Predicate::True {
            write!(out, " IF {}", predicate(&target.guard)).unwrap();
        }
        if let Some(child) = target.child {
            write!(out, " EACH {child}").unwrap();
        }
        out.push('\n');
    }
    if !parameter.sort.is_empty() {
        writeln!(out, "SORT {}", list(&parameter.sort)).unwrap();
    }
    out
}

fn matcher(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Id => "id".into(),
        Matcher::Text(inner) => format!("text {}", text(inner)),
        Matcher::Uri(inner) => format!("uri {}", text(inner)),
        Matcher::Token(token) => {
            let system = match &token.system {
                TokenSystem::None => "-".into(),
                TokenSystem::Is(system) => system.to_string(),
                TokenSystem::Implied(list) => format!("({})", list.join(",")),
                TokenSystem::Table => "table".into(),
                TokenSystem::Column(expr, _) => self::expr(expr),
            };
            let mut out = format!("token {system} | {}", code(&token.code));
            match &token.types {
                Some(types) => {
                    for ty in types {
                        let system = match &ty.system {
                            TokenSystem::Is(system) => &**system,
                            _ => "-",
                        };
                        write!(out, " TYPE {system}|{}", self::code(&ty.code)).unwrap();
                    }
                }
                None => out.push_str(" TYPE ?"),
            }
            present(out, &token.present)
        }
        Matcher::Reference(reference) => present(
            format!("{}/{}", reference.to, expr(&reference.expr)),
            &reference.present,
        ),
        Matcher::Date(inner) => date(inner),
        Matcher::Period { start, end } => {
            let end_of = |end: &Option<DateMatcher>| end.as_ref().map_or("open".into(), date);
            format!("period {} TO {}", end_of(start), end_of(end))
        }
        Matcher::Number(inner) => number(inner),
        Matcher::Quantity(quantity) => {
            let of = |part: &Option<TokenCode>| part.as_ref().map_or("-".into(), code);
            format!(
                "{} {:?} {} {}",
                number(&quantity.value),
                quantity.system,
                of(&quantity.code),
                of(&quantity.unit)
            )
        }
        Matcher::Composite(components) => {
            let of = |component: &ComponentMatcher| {
                let ways = component
                    .targets
                    .iter()
                    .map(|target| self::matcher(&target.matcher));
                ways.collect::<Vec<_>>().join(" / ")
            };
            let components: Vec<String> = components.iter().map(of).collect();
            format!("all of {}", components.join(" AND "))
        }
        Matcher::Exists(ways) => {
            let ways: Vec<String> = ways.iter().map(predicate).collect();
            format!("exists {}", ways.join(" / "))
        }
    }
}

fn present(mut out: String, there: &Predicate) -> String {
    write!(out, " THERE {}", predicate(there)).unwrap();
    out
}

fn number(number: &NumberMatcher) -> String {
    let out = format!(
        "number {} * {} / {}",
        expr(&number.expr),
        number.multiply,
        number.divide
    );
    present(out, &number.present)
}

fn date(date: &DateMatcher) -> String {
    present(
        format!(
            "{:?} {:?} ({})",
            date.precision,
            date.form,
            list(&date.columns)
        ),
        &date.present,
    )
}

fn text(text: &TextMatcher) -> String {
    match text {
        TextMatcher::Column(column) => expr(&column.expr),
        TextMatcher::Constant(text) => format!("'{text}'"),
        TextMatcher::Codes { expr, part, .. } => format!("{part:?} of {}", self::expr(expr)),
    }
}

fn code(code: &TokenCode) -> String {
    match code {
        TokenCode::Column { expr, .. } => self::expr(expr),
        TokenCode::Digits(expr) => format!("digits {}", self::expr(expr)),
        TokenCode::Codes { expr, .. } => format!("codes {}", self::expr(expr)),
        TokenCode::Concat { parts } => {
            let parts: Vec<String> = parts
                .iter()
                .map(|(expr, _, length)| format!("{}:{length}", self::expr(expr)))
                .collect();
            parts.join("+")
        }
        TokenCode::Boolean(test) => format!("true where {}", predicate(test)),
        TokenCode::Constant(code) => format!("'{code}'"),
    }
}

fn list(list: &[Expr]) -> String {
    list.iter().map(expr).collect::<Vec<_>>().join(", ")
}

fn joined(list: &[Predicate], with: &str) -> String {
    format!(
        "({})",
        list.iter().map(predicate).collect::<Vec<_>>().join(with)
    )
}

pub fn predicate(predicate: &Predicate) -> String {
    let not = |negated: &bool| if *negated { "not " } else { "" };
    match predicate {
        Predicate::True => "true".into(),
        Predicate::False => "false".into(),
        Predicate::And(parts) => joined(parts, " & "),
        Predicate::Or(parts) => joined(parts, " or "),
        Predicate::Not(inner) => format!("not {}", self::predicate(inner)),
        Predicate::Compare(left, op, right) => {
            let op = match op {
                CompareOp::Eq => "=",
                CompareOp::Ne => "<>",
                CompareOp::Lt => "<",
                CompareOp::Le => "<=",
                CompareOp::Gt => ">",
                CompareOp::Ge => ">=",
            };
            format!("{} {op} {}", expr(left), expr(right))
        }
        Predicate::In {
            expr,
            list,
            negated,
        } => {
            format!(
                "{} {}in ({})",
                self::expr(expr),
                not(negated),
                self::list(list)
            )
        }
        Predicate::Like {
            expr,
            pattern: Like::Text(pattern),
            negated,
        } => format!("{} {}like '{pattern}'", self::expr(expr), not(negated)),
        Predicate::Present(inner) => format!("{}?", expr(inner)),
        Predicate::IsNull { expr, negated } => {
            format!("{} is {}NULL", self::expr(expr), not(negated))
        }
        Predicate::Exists { child, filter, .. } => {
            format!("some {} with {}", child.name, self::predicate(filter))
        }
        other => format!("{other:?}"),
    }
}

fn expr(value: &Expr) -> String {
    match value {
        Expr::Column(column) => format!("{}.{}", column.alias, column.name),
        Expr::Int(int) => int.to_string(),
        Expr::Text(text) => format!("'{text}'"),
        Expr::Coalesce(parts) => format!("coalesce({})", list(parts)),
        Expr::NullIf(left, right) => format!("nullif({}, {})", expr(left), expr(right)),
        Expr::Fold(inner) => format!("fold({})", expr(inner)),
        Expr::Digits(inner) => format!("digits({})", expr(inner)),
        Expr::Measured(inner, Measured::Number) => format!("number({})", expr(inner)),
        Expr::Measured(inner, Measured::Comparator) => format!("comparator({})", expr(inner)),
        Expr::Trim(inner) => format!("trim({})", expr(inner)),
        Expr::Cast(inner, ty) => format!("cast({} as {ty})", expr(inner)),
        Expr::BitAnd(inner, mask) => format!("{} & {mask}", expr(inner)),
        Expr::Arithmetic(left, op, right) => {
            let sign = match op {
                Arithmetic::Add => "+",
                Arithmetic::Subtract => "-",
                Arithmetic::Multiply => "*",
                Arithmetic::Divide => "/",
            };
            format!("{} {sign} {}", expr(left), expr(right))
        }
        Expr::Substring(inner, from, length) => {
            format!("substring({}, {from}, {length})", expr(inner))
        }
        Expr::Test(inner) => format!("test({})", predicate(inner)),
        Expr::When(holds, inner) => format!("when({}, {})", predicate(holds), expr(inner)),
        Expr::Case(case) => {
            let Case {
                subject,
                when,
                otherwise,
                absent,
            } = &**case;
            let mut out = format!("case {}", expr(subject));
            for (key, value) in when {
                match key {
                    CaseKey::Int(int) => write!(out, " {int}:{value}").unwrap(),
                    CaseKey::Text(text) => write!(out, " '{text}':{value}").unwrap(),
                }
            }
            for (name, value) in [("else", otherwise), ("null", absent)] {
                if let Some(value) = value {
                    write!(out, " {name}:{value}").unwrap();
                }
            }
            out
        }
        other => format!("{other:?}"),
    }
}
