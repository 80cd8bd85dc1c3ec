//! A value that comes from columns → a [`Binding`].
//!
//! Takes `$p.SURNAME` or a mapping such as `{ column: p.SEX, codes: sex }`, and what it is bound
//! to; gives the columns and the conversion. A value has one origin, and the keys that belong to
//! it; what an optional column that this site lacks would have given is [`Gone::Missing`], which is
//! no problem.

use std::sync::Arc;

use super::conversion::{self, Goal, Kind};
use super::diagnostic::Problem;
use super::keys::suits;
use super::model::{Binding, CodePart, Conversion, Output};
use super::predicate::is_day;
use super::schema::Schema;
use super::scope::{Operation, Rows, Uses};
use super::source::Compiler;
use super::yaml::{Node, Pair, Span, Value, get};
use super::{coded, rules, shape};
use crate::fhir;

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// This site does not have an optional column that it needs.
    Missing,
    /// A problem has been reported.
    Wrong,
}

/// Reported, if None.
pub(super) fn or_wrong<T>(value: Option<T>) -> Result<T, Gone> {
    value.ok_or(Gone::Wrong)
}

/// Where a value stands that names a child's column without its `each:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Each {
    /// In an element, whose entry may have one.
    Entry,
    /// In a parameter of the author's own, which may have one.
    Parameter,
    /// Where rows, ids, times of change and profiles are said, there is none.
    Never,
}

/// What has been made of the keys of one origin.
pub(super) struct Made {
    pub columns: Vec<Operation>,
    pub conversion: Conversion,
    pub digits: bool,
}

impl Compiler<'_> {
    /// A value: `$p.X` or a mapping.
    pub fn binding(&self, node: &Node, goal: &Goal) -> Result<Binding, Gone> {
        let mut uses = Uses::default();
        self.binding_with(node, goal, &mut uses)
    }

    /// A value, and what it uses.
    pub fn binding_with(&self, node: &Node, goal: &Goal, uses: &mut Uses) -> Result<Binding, Gone> {
        let mut own = Uses::default();
        let binding = match &node.value {
            Value::Map(pairs) => self.value_of(node, pairs, goal, &mut own)?,
            Value::Scalar(_) => {
                let operation = or_wrong(self.scope.operation(node, &mut own))?;
                self.is_no_reference(node, goal)?;
                let conversion = conversion::of_column(self.at, &node.span, &operation, &[], goal);
                let made = Made {
                    columns: vec![operation],
                    conversion: or_wrong(conversion)?,
                    digits: false,
                };
                self.finish(node, made, Vec::new(), goal)
            }
            Value::List(_) => {
                shape::wrong(self.at, node, "a column or a mapping", "a value");
                return Err(Gone::Wrong);
            }
        };
        self.check_rows(&node.span, &own, goal.child, goal.each)?;
        uses.rows.extend(
            own.rows
                .iter()
                .copied()
                .filter(|rows| !uses.rows.contains(rows))
                .collect::<Vec<_>>(),
        );
        if own.missing {
            Err(Gone::Missing)
        } else {
            Ok(binding)
        }
    }

    /// A value's columns are read by one command: inside a child's entry by that of the child, elsewhere by
    /// the source's. `each` says what to do about a child's column elsewhere.
    pub fn check_rows(
        &self,
        span: &Span,
        uses: &Uses,
        child: Option<usize>,
        each: Each,
    ) -> Result<(), Gone> {
        let name_of = |child: usize| {
            let mut names = self.children.iter();
            names
                .find(|(_, place)| **place == child)
                .map_or("", |(name, _)| name)
        };
        if let Some(used) = uses.child().filter(|used| Some(*used) != child) {
            let name = name_of(used);
            self.at.report(
                Problem::new(
                    &rules::CHILD_OUTSIDE,
                    span,
                    format!("a column of the child `{name}` is used outside an entry with `each: {name}`"),
                )
                .help(match each {
                    Each::Entry => format!("write the entry as `- {{ each: {name}, … }}`"),
                    Each::Parameter => {
                        format!("let the parameter look at the child's rows: `each: {name}`")
                    }
                    Each::Never => "a child has many rows, and this is said of the source's one: use a column of the \
                                    source or of a lookup, or a fragment that selects from the child's table"
                        .to_owned(),
                }),
            );
            return Err(Gone::Wrong);
        }
        if let Some(child) = child.filter(|_| uses.rows.contains(&Rows::Source)) {
            let name = name_of(child);
            let message = match uses.rows.len() {
                1 => format!("a column of the source inside an entry with `each: {name}`"),
                _ => "columns of the child and of the source in one value".to_owned(),
            };
            self.at.report(
                Problem::new(&rules::MIXED_ROWS, span, message).help(format!(
                    "the entry is made of the child's rows: join the table that is needed as a lookup of `{name}`, or \
                     put this outside of `each:`"
                )),
            );
            return Err(Gone::Wrong);
        }
        Ok(())
    }

    /// A column alone is no `Type/id`, as a reference is.
    fn is_no_reference(&self, node: &Node, goal: &Goal) -> Result<(), Gone> {
        let Some(targets) = goal.reference else {
            return Ok(());
        };
        // Who is meant mostly is one of these, where R4 allows them; where it names no type, it allows any.
        let usual = ["Practitioner", "Patient"].into_iter();
        let mut usual = usual.filter(|name| targets.iter().any(|target| &**target == *name));
        let to = usual.next().or(targets.first().map(|target| &**target));
        let to = to.unwrap_or("Patient");
        let column = node
            .as_text()
            .map_or("p.X", |text| text.trim_start_matches('$'));
        self.at.report(
            Problem::new(
                &rules::CONVERSION,
                &node.span,
                "a column alone is no reference",
            )
            .help(format!(
                "say what it leads to: `{{ to: {to}, id: {} }}`",
                shape::clip(column)
            )),
        );
        Err(Gone::Wrong)
    }

    fn finish(&self, node: &Node, made: Made, absent: Vec<Arc<str>>, goal: &Goal) -> Binding {
        let output = match (&made.conversion, goal.kind) {
            (Conversion::Integer, Kind::Decimal) => Output::Number,
            (_, kind) => kind.output(goal.primitive),
        };
        let mut conversion = made.conversion;
        // A text that is none of the codes would make the resource invalid.
        if let Some(set) = goal.codes.filter(|set| set.is_listed())
            && matches!(conversion, Conversion::Text)
        {
            self.at.report(
                Problem::new(
                    &rules::UNCHECKED_CODE,
                    &node.span,
                    format!(
                        "of the column's text only codes of `{}` are written",
                        set.name()
                    ),
                )
                .help("map other values to them: `{ column: …, codes: … }`"),
            );
            conversion = Conversion::Codes {
                table: coded::own_codes(set),
                part: CodePart::Code,
            };
        }
        Binding {
            columns: made
                .columns
                .into_iter()
                .map(|operation| operation.expr)
                .collect(),
            conversion,
            absent,
            digits: made.digits,
            output,
            place: self.at.place(&node.span),
        }
    }

    fn value_of(
        &self,
        node: &Node,
        pairs: &[Pair],
        goal: &Goal,
        uses: &mut Uses,
    ) -> Result<Binding, Gone> {
        let (origin, value) = self.origin(node, pairs, goal)?;
        let made = match origin {
            "column" => {
                let operation = or_wrong(self.scope.operation(value, uses))?;
                self.is_no_reference(value, goal)?;
                self.one_column(&value.span, operation, pairs, goal)
            }
            "sql" => {
                let operation = or_wrong(self.scope.raw_operation(node, pairs, uses))?;
                self.one_column(&value.span, operation, pairs, goal)
            }
            "join" => self.join(value, pairs, goal, uses),
            "concat" => self.concat(value, goal, uses),
            "date" => self.day_and_time(value, pairs, goal, uses),
            "year" => self.parts(value, pairs, goal, uses),
            "to" => self.reference(node, value, pairs, goal, uses),
            _ => return self.first(node, value, goal, uses),
        }?;
        let absent = match get(pairs, "absent") {
            Some(pair) => self.absent(&pair.value, made.columns.first()),
            None => Vec::new(),
        };
        Ok(self.finish(node, made, absent, goal))
    }

    /// `column:` or `sql:` with the options of one column.
    fn one_column(
        &self,
        span: &Span,
        operation: Operation,
        pairs: &[Pair],
        goal: &Goal,
    ) -> Result<Made, Gone> {
        self.options_agree(pairs, goal)?;
        let digits = match get(pairs, "compare") {
            Some(pair) => {
                or_wrong(shape::word(
                    self.at,
                    &pair.value,
                    "value of `compare:`",
                    &COMPARISONS,
                ))?;
                if !suits("compare", goal.kind) || !operation.ty.is_text() {
                    conversion::cannot(
                        self.at,
                        span,
                        operation.ty,
                        goal,
                        "`compare: digits` is for text that is kept in a column of text".into(),
                    );
                    return Err(Gone::Wrong);
                }
                true
            }
            None => false,
        };
        let conversion = match get(pairs, "codes") {
            Some(codes) => self.codes(span, &operation, &codes.value, pairs, goal)?,
            None => or_wrong(conversion::of_column(
                self.at, span, &operation, pairs, goal,
            ))?,
        };
        self.measured.add(&conversion, &operation.expr);
        Ok(Made {
            columns: vec![operation],
            conversion,
            digits,
        })
    }

    /// `absent:`: raw values of the first column.
    fn absent(&self, node: &Node, column: Option<&Operation>) -> Vec<Arc<str>> {
        let mut list = Vec::new();
        for entry in node.entries() {
            if entry.as_text().is_some_and(|text| text.trim().is_empty()) {
                self.at.report(
                    Problem::new(
                        &rules::WRONG_SHAPE,
                        &entry.span,
                        "blank text needs no sentinel",
                    )
                    .help("blank text and NULL are absent by themselves: leave it out"),
                );
                continue;
            }
            let Some(text) = shape::text(self.at, entry, "a value that means \"unknown\"") else {
                continue;
            };
            let expected = match column.map(|operation| operation.ty) {
                Some(ty) if ty.is_integer() && text.parse::<i64>().is_err() => "a whole number",
                Some(ty) if ty.is_number() && !fhir::Primitive::Decimal.check(text) => "a number",
                Some(ty) if ty.has_day() && !is_day(text) => "a day, such as `1900-01-01`",
                ty => {
                    if let Some(ty) = ty {
                        conversion::warn_too_long(self.at, &entry.span, ty, text);
                    }
                    list.push(Arc::from(text.trim()));
                    continue;
                }
            };
            self.at.report(Problem::new(
                &rules::INVALID_VALUE,
                &entry.span,
                format!("the column holds no such value: expected {expected}"),
            ));
        }
        list
    }
}

/// How a search compares, where not as the text stands.
pub(super) const COMPARISONS: [(&str, ()); 1] = [("digits", ())];

/// `part:` of a code table.
pub(super) const PARTS: [(&str, CodePart); 3] = [
    ("code", CodePart::Code),
    ("display", CodePart::Display),
    ("system", CodePart::System),
];

/// The shared code tables' names, after those of the file.
pub(super) fn code_table_names<'c>(compiler: &'c Compiler<'_>, schema: &'c Schema) -> Vec<&'c str> {
    compiler
        .codes
        .keys()
        .chain(schema.codes.keys())
        .map(|name| &**name)
        .collect()
}
