//! Code tables in use: a column, a table and an element must suit each other.
//!
//! Takes a value's `codes:` (the name of a table, or a table in place) and `part:`; gives the
//! conversion. A table is checked where it is used, since the same codes may suit one element and
//! not another.

use std::sync::Arc;

use super::binding::{Gone, PARTS, code_table_names, or_wrong};
use super::codes::{self, Codes};
use super::conversion::{self, Goal, Kind};
use super::diagnostic::Problem;
use super::model::{Binding, Code, CodeEntry, CodePart, CodeTable, Conversion, Node as Made};
use super::names::suggest;
use super::scope::Operation;
use super::source::Compiler;
use super::value::form;
use super::yaml::{Node, Pair, Span, Value, get};
use super::{rules, shape, systems};
use crate::fhir::{ElementRef, Primitive};
use crate::relation::SqlType;

/// Whether the value is a code, and its tables know nothing beyond the values that they list.
fn answers_for_listed_only(binding: &Binding) -> bool {
    match &binding.conversion {
        // A column of codes as they are has its own warning.
        Conversion::Codes { table, .. } => {
            let is_written = |entry: &CodeEntry| entry.raw != entry.code.code;
            table.otherwise.is_none()
                && table.absent.is_none()
                && table.entries.iter().any(is_written)
        }
        Conversion::First(list) => list.iter().all(|one| answers_for_listed_only(one)),
        _ => false,
    }
}

impl Compiler<'_> {
    /// Warns of an element that R4 requires and that a code table leaves out of rows that nobody thought of.
    pub(super) fn warn_unanswered(&self, property: ElementRef, node: &Made, span: &Span) {
        let required = property.min() > 0 && !property.definition().is_choice();
        match node {
            Made::Value(binding) if required && answers_for_listed_only(binding) => self.at.report(
                Problem::new(
                    &rules::UNANSWERED_CODE,
                    span,
                    format!(
                        "R4 requires `{}`, and its code table answers for the listed values only",
                        property.path()
                    ),
                )
                .help("say what any other value and no value are: `\"*\": …`, `\"\": …`"),
            ),
            _ => {}
        }
    }

    /// The conversion of a column through a code table.
    pub fn codes(
        &self,
        span: &Span,
        operation: &Operation,
        node: &Node,
        pairs: &[Pair],
        goal: &Goal,
    ) -> Result<Conversion, Gone> {
        let part = match (goal.kind, get(pairs, "part")) {
            (Kind::Coding | Kind::CodeableConcept, None) => CodePart::Whole,
            (Kind::Coding | Kind::CodeableConcept, Some(pair)) => {
                self.at.report(Problem::new(
                    &rules::CONVERSION_KEYS,
                    &pair.key_span,
                    format!(
                        "`part:` is for one element, and a {} takes the whole entry",
                        goal.type_name()
                    ),
                ));
                return Err(Gone::Wrong);
            }
            (_, None) => CodePart::Code,
            (_, Some(pair)) => or_wrong(shape::word(
                self.at,
                &pair.value,
                "value of `part:`",
                &PARTS,
            ))?,
        };
        let fits = match goal.kind {
            Kind::Text | Kind::Coding | Kind::CodeableConcept => true,
            Kind::Boolean | Kind::Integer => part == CodePart::Code,
            _ => false,
        };
        if !fits {
            self.at.report(
                Problem::new(
                    &rules::CONVERSION,
                    &node.span,
                    format!("a code table cannot give a `{}`", goal.type_name()),
                )
                .help("code tables give codes, texts, booleans and whole numbers"),
            );
            return Err(Gone::Wrong);
        }
        let ty = operation.ty;
        if !(ty.is_text() || ty.is_integer() || ty == SqlType::UniqueIdentifier) {
            conversion::cannot(
                self.at,
                span,
                ty,
                goal,
                "a code table reads a column of text or of whole numbers".into(),
            );
            return Err(Gone::Wrong);
        }
        let table = match &node.value {
            Value::Map(_) => {
                let made = codes::table(self.at, "", node);
                self.suits(&made, node, ty, part, goal);
                or_wrong(made.whole.then_some(made.table))?
            }
            _ => {
                let name = or_wrong(shape::text(self.at, node, "the name of a code table"))?;
                let Some(found) = self
                    .codes
                    .get(name)
                    .or_else(|| self.schema().codes.get(name))
                else {
                    if self.codes_unread || self.schema().unread || self.schema().codes_unread {
                        return Err(Gone::Wrong);
                    }
                    self.at.report(
                        Problem::new(
                            &rules::UNKNOWN_CODES,
                            &node.span,
                            format!("there is no code table `{}`", shape::clip(name)),
                        )
                        .maybe_help(suggest(name, code_table_names(self, self.schema()), "there are"))
                        .note("code tables are defined under `codes:`, in this file or in one of the folder's"),
                    );
                    return Err(Gone::Wrong);
                };
                self.suits(found, node, ty, part, goal);
                or_wrong(found.whole.then(|| Arc::clone(&found.table)))?
            }
        };
        Ok(Conversion::Codes { table, part })
    }

    /// Checks the entries of a table against the column and the element.
    fn suits(&self, codes: &Codes, used: &Node, ty: SqlType, part: CodePart, goal: &Goal) {
        // An entry of another file is named, and the use shown.
        let here = codes.file == self.at.file().path;
        let report = |rule, span: &Span, message: String, help: Option<String>| {
            let problem = if here {
                let problem = Problem::new(rule, span, message);
                if span.start >= used.span.start && span.end <= used.span.end {
                    problem
                } else {
                    problem.related(&used.span, "used here")
                }
            } else {
                Problem::new(rule, &used.span, message)
                    .note(format!("the code table is in {}", codes.file))
            };
            self.at.report(problem.maybe_help(help));
        };
        if ty.is_integer() {
            for (entry, span) in codes.table.entries.iter().zip(&codes.keys) {
                // Rows hold numbers: `01` is the text of none.
                if !entry
                    .raw
                    .parse::<i64>()
                    .is_ok_and(|number| number.to_string() == *entry.raw)
                {
                    let message = format!(
                        "the column is `{ty}`, and never holds `{}`",
                        shape::clip(&entry.raw)
                    );
                    let help = "list the numbers that it holds; for the text of a lookup table, bind the lookup's column";
                    report(&rules::CODE_TABLE, span, message, Some(help.to_owned()));
                }
            }
        }
        // A table for all files may have the values of other columns too.
        if here {
            for (entry, span) in codes.table.entries.iter().zip(&codes.keys) {
                conversion::warn_too_long(self.at, span, ty, &entry.raw);
            }
        }
        if matches!(part, CodePart::Display | CodePart::System) {
            return;
        }
        let primitive = match goal.kind {
            Kind::Coding | Kind::CodeableConcept => Primitive::Code,
            _ => goal.primitive,
        };
        // Entries of one system have one mistake.
        let mut told: Vec<Option<&Arc<str>>> = Vec::new();
        for (code, span) in codes.all() {
            let quoted = shape::clip(&code.code);
            if !primitive.check(&code.code) {
                let message = format!(
                    "`{quoted}` does not have the form of `{}`, the element's type",
                    primitive.name()
                );
                let help = format!("expected {}", form(primitive));
                report(&rules::CONSTANT_FORM, span, message, Some(help));
            } else if let Some(set) = goal.codes
                && set.has(&code.code) == Some(false)
            {
                let message = format!(
                    "`{quoted}` is not in the element's value set `{}`",
                    set.name()
                );
                let help = suggest(&code.code, set_codes(set), "its codes are");
                report(&rules::OUTSIDE_BINDING, span, message, help);
            } else if let Some(set) = goal.codes.filter(|set| set.is_listed())
                && matches!(goal.kind, Kind::Coding | Kind::CodeableConcept)
                && let Some((message, help)) = systems::of_entry(&codes.table, code, set)
                && !told.contains(&code.system.as_ref())
            {
                told.push(code.system.as_ref());
                report(&rules::OUTSIDE_BINDING, span, message, Some(help));
            }
        }
    }
}

/// The code table of a column that holds a value set's codes as they are.
pub(super) fn own_codes(set: &'static crate::fhir::ValueSet) -> Arc<CodeTable> {
    let entries = set.codes().map(|(system, code)| CodeEntry {
        raw: Arc::from(code),
        code: Code::new(Arc::from(code), None, Some(Arc::from(system))),
    });
    Arc::new(CodeTable {
        name: Arc::from(set.name()),
        system: None,
        entries: entries.collect(),
        otherwise: None,
        absent: None,
    })
}

/// The codes of a value set, for a suggestion.
pub(super) fn set_codes(
    set: &'static crate::fhir::ValueSet,
) -> impl Iterator<Item = &'static str> + Clone {
    set.codes()
        .map(|(_, code)| code)
        .collect::<Vec<_>>()
        .into_iter()
}
