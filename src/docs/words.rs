//! Conditions and conversions in words.
//!
//! Takes what a mapping's files say, resolved; gives texts. Columns keep their aliases, which the page of a source
//! explains. A fragment is shown in the SQL of the mapping's own engine.

use crate::mapping::{Binding, CodePart, Conversion, DateForm, MeasurePart, Node, Precision, walk};
use crate::relation::{Dialect, Expr, Like, Order, Predicate, RawSql};

/// A column, or a fragment.
pub(super) fn expr(of: &Expr, engine: Dialect) -> String {
    match of {
        Expr::Column(column) => format!("{}.{}", column.alias, column.name),
        Expr::Raw(raw) => fragment(raw, engine),
        Expr::Int(number) => number.to_string(),
        Expr::Text(text) => quoted(text),
        Expr::BitAnd(inner, mask) => format!("{} & {mask}", expr(inner, engine)),
        Expr::Test(condition) => self::condition(condition, engine),
        Expr::Coalesce(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| expr(part, engine)).collect();
            format!("the first of {}", parts.join(", "))
        }
        // What else there is a mapping cannot write: its columns are named.
        other => {
            let mut names = Vec::new();
            walk::expr(other, &mut |leaf| names.push(expr(leaf, engine)));
            names.join(", ")
        }
    }
}

/// `sql: …`, in one line.
fn fragment(raw: &RawSql, engine: Dialect) -> String {
    let first = raw.text.first().map(|(_, text)| &**text);
    let text = raw.for_dialect(engine).or(first).unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// A condition, as a mapping writes it.
pub(super) fn condition(of: &Predicate, engine: Dialect) -> String {
    let within = |of: &Predicate| match of {
        Predicate::Or(_) | Predicate::And(_) => format!("({})", condition(of, engine)),
        _ => condition(of, engine),
    };
    let all = |parts: &[Predicate], with: &str| {
        let parts: Vec<String> = parts.iter().map(within).collect();
        parts.join(with)
    };
    let not = |negated: bool| if negated { "not " } else { "" };
    match of {
        Predicate::True => "always".to_owned(),
        Predicate::False => "never".to_owned(),
        Predicate::And(parts) => all(parts, " and "),
        Predicate::Or(parts) => all(parts, " or "),
        Predicate::Not(inner) => format!("not {}", within(inner)),
        Predicate::Compare(left, op, right) => {
            format!(
                "{} {} {}",
                expr(left, engine),
                op.sign(),
                expr(right, engine)
            )
        }
        Predicate::In {
            expr: of,
            list,
            negated,
        } => {
            let list: Vec<String> = list.iter().map(|it| expr(it, engine)).collect();
            format!(
                "{} {}in ({})",
                expr(of, engine),
                not(*negated),
                list.join(", ")
            )
        }
        Predicate::IsNull { expr: of, negated } => {
            format!("{} is {}null", expr(of, engine), not(*negated))
        }
        Predicate::Present(of) => format!("{} is there", expr(of, engine)),
        Predicate::Like {
            expr: of,
            pattern: Like::Text(text),
            negated,
        } => {
            format!(
                "{} {}like {}",
                expr(of, engine),
                not(*negated),
                quoted(text)
            )
        }
        Predicate::Raw(raw) => fragment(raw, engine),
        // Made of searches only.
        Predicate::Key(..)
        | Predicate::Like { .. }
        | Predicate::IsDate { .. }
        | Predicate::Exists { .. }
        | Predicate::Among { .. } => {
            let mut names = Vec::new();
            walk::predicate(of, &mut |leaf| names.push(expr(leaf, engine)));
            format!("a condition on {}", names.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `e.RECORDID desc`
pub(super) fn order(of: &Order, engine: Dialect) -> String {
    let direction = if of.descending { " desc" } else { "" };
    format!("{}{direction}", expr(&of.expr, engine))
}

/// The columns of a value, each once.
pub(super) fn columns(binding: &Binding, engine: Dialect) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for column in binding.columns.iter().map(|it| expr(it, engine)) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// How columns become a value: a phrase without its end.
pub(super) fn conversion(binding: &Binding, engine: Dialect) -> String {
    let mut words = match &binding.conversion {
        Conversion::Text => "the text, without blanks around it".to_owned(),
        Conversion::Integer => "the number".to_owned(),
        Conversion::Decimal {
            multiply: 1,
            divide: 1,
        } => "the number".to_owned(),
        Conversion::Decimal {
            multiply,
            divide: 1,
        } => format!("the number, times {multiply}"),
        Conversion::Decimal {
            multiply: 1,
            divide,
        } => format!("the number, divided by {divide}"),
        Conversion::Decimal { multiply, divide } => {
            format!("the number, times {multiply} and divided by {divide}")
        }
        Conversion::Boolean => "false where it is 0, true where it is 1 or -1".to_owned(),
        Conversion::Date(form) => format!("the day{}", of_form(form)),
        Conversion::DateTime { form, precision } => {
            let fine = match precision {
                Precision::Day => "the day",
                Precision::Minute => "day and time, to the minute,",
                Precision::Full => "day and time",
            };
            let fine = match form {
                DateForm::DayAndSeconds { .. } | DateForm::Parts => "",
                _ => fine,
            };
            format!("{fine}{}", of_form(form)).trim_start().to_owned()
        }
        Conversion::Codes { table, part } => {
            let what = match part {
                CodePart::Code => "the code",
                CodePart::Display => "the display",
                CodePart::System => "the system",
                CodePart::Whole => "code, display and system",
            };
            match &*table.name {
                "" => format!("{what} by a code table"),
                name => format!("{what} by the code table {name}"),
            }
        }
        Conversion::Bit { mask, inverted } => {
            let (set, clear) = if *inverted {
                ("false", "true")
            } else {
                ("true", "false")
            };
            format!("{set} where a bit of {mask} is set, else {clear}")
        }
        Conversion::Join { with } if with.is_empty() => {
            "the texts that are there, joined".to_owned()
        }
        Conversion::Join { with } if **with == *" " => {
            "the texts that are there, with a blank between".to_owned()
        }
        Conversion::Join { with } => {
            format!("the texts that are there, with {} between", quoted(with))
        }
        Conversion::Concat { lengths } => {
            let lengths: Vec<String> = lengths.iter().map(u16::to_string).collect();
            format!("one after the other: {} characters", lengths.join(" and "))
        }
        Conversion::Reference { to, prefix } => match prefix {
            Some(prefix) => format!("leads to the {to} whose id is {prefix}- and the value"),
            None => format!("leads to the {to} of that id"),
        },
        Conversion::Measure(part) => match part {
            MeasurePart::Number => "the number of a measurement such as <0.5",
            MeasurePart::Comparator => "the comparator of a measurement such as <0.5",
            MeasurePart::Text => "the text, where it is no measurement such as <0.5",
        }
        .to_owned(),
        Conversion::First(all) => {
            let all = all.iter().map(|one| {
                let from = columns(one, engine).join(", ");
                format!("{from} ({})", conversion(one, engine))
            });
            let all: Vec<String> = all.collect();
            format!("the first that is there: {}", all.join("; else "))
        }
    };
    if binding.digits {
        words.push_str("; searched by its digits");
    }
    if !binding.absent.is_empty() {
        let absent: Vec<String> = binding.absent.iter().map(|it| quoted(it)).collect();
        words.push_str(&format!("; unknown where it is {}", absent.join(" or ")));
    }
    words
}

/// What columns of a date hold.
fn of_form(form: &DateForm) -> String {
    match form {
        DateForm::Column { utc: true } => ", kept in UTC".to_owned(),
        DateForm::Column { utc: false } => String::new(),
        DateForm::DayAndSeconds { unit, plus } => {
            let unit = if *unit == 60 { "minutes" } else { "seconds" };
            let plus = if *plus { ", and as many later" } else { "" };
            format!(" a day, at so many {unit} since midnight{plus}")
        }
        DateForm::Parts => " as far as year, month and day are known (0 and NULL: not)".to_owned(),
        DateForm::Layout(layout) => format!(", kept as {}", layout.pattern),
        DateForm::Unix => ", kept as seconds since 1970".to_owned(),
    }
}

/// The condition of a node, and what it holds.
pub(super) fn inside(node: &Node, engine: Dialect) -> (Option<String>, &Node) {
    match node {
        Node::When(of, inner) => (Some(expr(of, engine)), inner),
        node => (None, node),
    }
}
