//! From a column's type and an element's type to the conversion between them.
//!
//! Takes the options of a value (`format`, `unix`, `divide` …) and what is bound; gives a
//! [`Conversion`], or says what would make one. This is the one table of what can become what.

use std::sync::Arc;

use super::binding::Each;
use super::diagnostic::{At, Problem};
use super::keys::suits;
use super::model::{Conversion, DateForm, DateLayout, MeasurePart, Output, Precision};
use super::scope::Operation;
use super::yaml::{Node, Pair, Span, get};
use super::{rules, shape};
use crate::fhir::{Primitive, ValueSet};
use crate::relation::SqlType;

/// What a value is bound to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal {
    pub kind: Kind,
    /// The element's primitive type; `string` for Coding and CodeableConcept, which are not primitive.
    pub primitive: Primitive,
    /// The value set that its codes must come from.
    pub codes: Option<&'static ValueSet>,
    /// The element is `Reference.reference`, and these are its targets (none: any).
    pub reference: Option<&'static [&'static str]>,
    /// The child whose rows are being written.
    pub child: Option<usize>,
    /// Whether an `each:` could stand where the value does.
    pub each: Each,
    /// `each:` and `if:` have been read where the value stands.
    pub entry: bool,
}

/// Element types, as far as they convert alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Boolean,
    Integer,
    Decimal,
    Date,
    DateTime,
    Instant,
    Time,
    Xhtml,
    Coding,
    CodeableConcept,
}

impl Kind {
    pub fn of(primitive: Primitive) -> Kind {
        match primitive {
            Primitive::Boolean => Kind::Boolean,
            Primitive::Integer | Primitive::UnsignedInt | Primitive::PositiveInt => Kind::Integer,
            Primitive::Decimal => Kind::Decimal,
            Primitive::Date => Kind::Date,
            Primitive::DateTime => Kind::DateTime,
            Primitive::Instant => Kind::Instant,
            Primitive::Time => Kind::Time,
            Primitive::Xhtml => Kind::Xhtml,
            _ => Kind::Text,
        }
    }

    /// How a value of a primitive of this kind is written.
    pub fn output(self, primitive: Primitive) -> Output {
        match self {
            Kind::Boolean => Output::Boolean,
            Kind::Integer => Output::Integer {
                least: match primitive {
                    Primitive::PositiveInt => 1,
                    Primitive::UnsignedInt => 0,
                    _ => i32::MIN,
                },
            },
            Kind::Decimal => Output::Number,
            Kind::Coding => Output::Coding,
            Kind::CodeableConcept => Output::CodeableConcept,
            _ => Output::String,
        }
    }

    pub fn is_calendar(self) -> bool {
        matches!(self, Kind::Date | Kind::DateTime | Kind::Instant)
    }
}

impl Goal {
    pub fn of(primitive: Primitive) -> Goal {
        Goal {
            kind: Kind::of(primitive),
            primitive,
            codes: None,
            reference: None,
            child: None,
            each: Each::Never,
            entry: false,
        }
    }

    /// The element's type, for a message.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Coding => "Coding",
            Kind::CodeableConcept => "CodeableConcept",
            _ => self.primitive.name(),
        }
    }
}

/// Options of a column that choose how it converts. At most one of them may be there.
pub(super) const CHOOSING: [&str; 7] = [
    "codes", "bit", "format", "unix", "measure", "divide", "multiply",
];

/// Whether a bit that is set is true.
pub(super) const STATES: [(&str, bool); 2] = [("set", false), ("clear", true)];

/// The parts of a measurement that is kept as text.
pub(super) const MEASURES: [(&str, MeasurePart); 3] = [
    ("number", MeasurePart::Number),
    ("comparator", MeasurePart::Comparator),
    ("text", MeasurePart::Text),
];

/// How much of a date-time means anything, where that is not all of it.
pub(super) const PRECISIONS: [(&str, Precision); 2] =
    [("day", Precision::Day), ("minute", Precision::Minute)];

/// Whether a column is in UTC.
pub(super) const ZONES: [(&str, bool); 1] = [("utc", true)];

/// The largest factor of a number.
pub(super) const MOST_FACTOR: i64 = 1_000_000_000;

/// What an instant comes from.
const TIME_OF_DAY: &str =
    "an instant needs a time of day: `{ date: p.DAY, seconds: p.TIME }`, or a date-time column";

/// The conversion of one column by its options (all but `codes:`, which has a file of its own).
pub(super) fn of_column(
    at: At<'_>,
    span: &Span,
    operation: &Operation,
    pairs: &[Pair],
    goal: &Goal,
) -> Option<Conversion> {
    let option = |key: &str| get(pairs, key).map(|pair| &pair.value);
    let ty = operation.ty;
    let refuse = |help: String| {
        cannot(at, span, ty, goal, help);
        None
    };
    if let Some(node) = option("bit") {
        let mask = shape::integer(at, node, "the mask of `bit:`", 1..=i64::MAX)?;
        let inverted = match option("is") {
            Some(node) => shape::word(at, node, "value of `is:`", &STATES)?,
            None => false,
        };
        return match suits("bit", goal.kind) && ty.is_integer() {
            true => Some(Conversion::Bit { mask, inverted }),
            false => refuse("`bit:` gives a boolean from a column of whole numbers".into()),
        };
    }
    if let Some(node) = option("measure") {
        let part = shape::word(at, node, "value of `measure:`", &MEASURES)?;
        let fits = match part {
            MeasurePart::Number => goal.kind == Kind::Decimal && (ty.is_text() || ty.is_number()),
            MeasurePart::Comparator | MeasurePart::Text => goal.kind == Kind::Text && ty.is_text(),
        };
        return match fits {
            true => Some(Conversion::Measure(part)),
            false => refuse(
                "`measure:` reads text such as `<0.5`: its number is a decimal, its comparator a code, its text a string"
                    .into(),
            ),
        };
    }
    match goal.kind {
        Kind::Text => match ty {
            _ if ty.is_text() || ty.is_number() || ty == SqlType::UniqueIdentifier => {
                Some(Conversion::Text)
            }
            _ => refuse("text comes from a column of text, numbers or GUIDs".into()),
        },
        Kind::Boolean => match ty.is_integer() {
            true => Some(Conversion::Boolean),
            false => refuse("say which values are true: `codes: { Y: true, N: false }`".into()),
        },
        Kind::Integer | Kind::Decimal => number(at, ty, &option, goal, &refuse),
        Kind::Date | Kind::DateTime | Kind::Instant => calendar(at, ty, &option, goal, &refuse),
        Kind::Coding | Kind::CodeableConcept => refuse(
            "say which codes the values stand for: `codes:`, with a table or the name of one"
                .into(),
        ),
        Kind::Time => refuse("a `time` can only be a constant".into()),
        Kind::Xhtml => refuse(
            "a narrative can only be a constant: a column's text could hold any markup".into(),
        ),
    }
}

type Refuse<'r> = dyn Fn(String) -> Option<Conversion> + 'r;

fn number<'n>(
    at: At<'_>,
    ty: SqlType,
    option: &impl Fn(&str) -> Option<&'n Node>,
    goal: &Goal,
    refuse: &Refuse<'_>,
) -> Option<Conversion> {
    let factor = |key: &str| match option(key) {
        Some(node) => shape::integer(at, node, "a factor", 1..=MOST_FACTOR),
        None => Some(1),
    };
    let (multiply, divide) = (factor("multiply")?, factor("divide")?);
    let scaled = multiply != 1 || divide != 1;
    match ty {
        _ if ty.is_integer() && goal.kind == Kind::Integer && !scaled => Some(Conversion::Integer),
        _ if ty.is_number() => Some(Conversion::Decimal { multiply, divide }),
        _ if ty.is_text() && goal.kind == Kind::Decimal => {
            refuse("a number that is kept as text is read with `measure: number`".into())
        }
        _ => refuse("a number comes from a column of numbers".into()),
    }
}

fn calendar<'n>(
    at: At<'_>,
    ty: SqlType,
    option: &impl Fn(&str) -> Option<&'n Node>,
    goal: &Goal,
    refuse: &Refuse<'_>,
) -> Option<Conversion> {
    let form = if let Some(node) = option("format") {
        if !ty.is_text() && !ty.is_integer() {
            return refuse(
                "`format:` reads dates in text or in whole numbers; a column of dates needs none"
                    .into(),
            );
        }
        let layout = layout(at, node)?;
        warn_no_layout(at, node, ty, &layout);
        DateForm::Layout(layout)
    } else if let Some(node) = option("unix") {
        if !shape::boolean(at, node, "`unix:`")? || !ty.is_integer() {
            return refuse("`unix: true` reads a whole number of seconds since 1970".into());
        }
        DateForm::Unix
    } else if ty.has_day() {
        let utc = match option("zone") {
            Some(node) => shape::word(at, node, "value of `zone:`", &ZONES)?,
            None => false,
        };
        DateForm::Column { utc }
    } else if goal.kind == Kind::Instant && ty.is_integer() {
        return refuse(format!(
            "{TIME_OF_DAY}, or `unix: true` for seconds since 1970"
        ));
    } else if goal.kind == Kind::Instant && ty.is_text() {
        return refuse(format!("{TIME_OF_DAY}, or a fragment that gives one"));
    } else if ty.is_text() {
        return refuse("say how the text gives the date: `format: DD/MM/YYYY`".into());
    } else if ty.is_integer() {
        return refuse(
            "say how the number gives the date: `format: YYYYMMDD`, or `unix: true`".into(),
        );
    } else {
        return refuse("a date comes from a column of dates".into());
    };
    let fine = match form {
        DateForm::Column { .. } => ty.has_day_and_time(),
        DateForm::Unix => true,
        _ => false,
    };
    let precision = match option("precision") {
        Some(node) => shape::word(at, node, "value of `precision:`", &PRECISIONS)?,
        None if fine => Precision::Full,
        None => Precision::Day,
    };
    if precision == Precision::Minute && !fine {
        return refuse("the column holds days; it has no minutes".into());
    }
    match goal.kind {
        Kind::Date => Some(Conversion::Date(form)),
        Kind::Instant if precision == Precision::Day => refuse(TIME_OF_DAY.into()),
        _ => Some(Conversion::DateTime { form, precision }),
    }
}

/// Reports that a column cannot become an element.
pub(super) fn cannot(at: At<'_>, span: &Span, ty: SqlType, goal: &Goal, help: String) {
    at.report(
        Problem::new(
            &rules::CONVERSION,
            span,
            format!(
                "a column of type `{ty}` cannot become this element, whose type is `{}`",
                goal.type_name()
            ),
        )
        .label(format!("of type `{ty}`"))
        .help(help),
    );
}

/// Warns of a text that is longer than a column's values can be.
pub(super) fn warn_too_long(at: At<'_>, span: &Span, ty: SqlType, text: &str) {
    let (text, Some(longest)) = (text.trim(), ty.characters()) else {
        return;
    };
    if text.chars().count() > longest {
        at.report(
            Problem::new(
                &rules::TOO_SHORT,
                span,
                format!(
                    "the column is `{ty}`, and never holds `{}`",
                    shape::clip(text)
                ),
            )
            .help("write what the column holds, or its true length under `tables:`"),
        );
    }
}

/// Warns of a layout that no value of the column can have.
fn warn_no_layout(at: At<'_>, node: &Node, ty: SqlType, layout: &DateLayout) {
    let pattern = &layout.pattern;
    let too_short = ty
        .characters()
        .is_some_and(|longest| longest < pattern.chars().count());
    let problem = match ty.is_integer() {
        true if pattern.chars().all(|c| c.is_ascii_alphabetic()) => return,
        true => Problem::new(
            &rules::TOO_SHORT,
            &node.span,
            format!("the column is `{ty}`, and a whole number has nothing between its digits"),
        )
        .help("write the layout without separators: `YYYYMMDD`"),
        false if !too_short => return,
        false => Problem::new(
            &rules::TOO_SHORT,
            &node.span,
            format!("the column is `{ty}`, too short for the layout `{pattern}`"),
        )
        .help("write the layout that its text has, or its true length under `tables:`"),
    };
    at.report(problem);
}

/// `DD/MM/YYYY`
fn layout(at: At<'_>, node: &Node) -> Option<DateLayout> {
    let text = shape::text(at, node, "a date's layout")?;
    let parsed = parse_layout(text);
    if parsed.is_none() {
        at.report(
            Problem::new(
                &rules::LAYOUT,
                &node.span,
                format!("the layout `{}` is not known", shape::clip(text)),
            )
            .help(
                "write it with `YYYY`, `MM` and `DD`: `DD/MM/YYYY`, `MM/YYYY`, `YYYYMMDD`, `YYYY`",
            ),
        );
    }
    parsed
}

/// Each of YYYY, MM and DD at most once, the year always, the day with a month only; else separators.
fn parse_layout(text: &str) -> Option<DateLayout> {
    if text.len() > 32 {
        return None;
    }
    let once = |part: &str| match text.match_indices(part).collect::<Vec<_>>()[..] {
        [] => Some(None),
        [(at, _)] => Some(Some(at)),
        _ => None,
    };
    let layout = DateLayout {
        pattern: Arc::from(text),
        year: once("YYYY")??,
        month: once("MM")?,
        day: once("DD")?,
    };
    let rest = text
        .replacen("YYYY", "", 1)
        .replacen("MM", "", 1)
        .replacen("DD", "", 1);
    let separators = rest
        .chars()
        .all(|c| matches!(c, '/' | '-' | '.' | ' ' | ','));
    (separators && (layout.day.is_none() || layout.month.is_some())).then_some(layout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_read() {
        let places =
            |text| parse_layout(text).map(|layout| (layout.year, layout.month, layout.day));
        assert_eq!(places("DD/MM/YYYY"), Some((6, Some(3), Some(0))));
        assert_eq!(places("MM/YYYY"), Some((3, Some(0), None)));
        assert_eq!(places("YYYYMMDD"), Some((0, Some(4), Some(6))));
        assert_eq!(places("YYYY"), Some((0, None, None)));
        for wrong in [
            "",
            "DD/MM/YY",
            "YYYY-DD",
            "YYYYYYYY",
            "YYYY-MM-MM",
            "YYYY-MM-DDTHH",
            "dd/mm/yyyy",
        ] {
            assert_eq!(places(wrong), None, "{wrong}");
        }
    }
}
