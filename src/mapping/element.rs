//! Elements: the resource as it will look → a tree of [`Field`]s.
//!
//! Takes the mapping under `elements:` and R4's structure of the resource; gives its fields in R4's
//! order. What holds no value from a column becomes constant JSON text at once. Unknown names,
//! wrong cardinalities, constants that break their type and codes outside a required value set are
//! reported here.

use std::sync::Arc;

use super::binding::{Each, Gone, or_wrong};
use super::diagnostic::Problem;
use super::expected::value_key;
use super::model::{Entry, Field, Node as Made};
use super::names::suggest;
use super::scope::Uses;
use super::source::Compiler;
use super::yaml::{Node, Pair, Span, Value, get};
use super::{choice, rules, shape};
use crate::fhir::{self, Element, ElementRef, Structure, ValueSet};
use crate::relation::Expr;

/// Where in the resource we are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Frame {
    /// The child whose rows are written: inside an entry with `each:`.
    pub child: Option<usize>,
    /// The types that the Reference around may lead to.
    pub targets: &'static [&'static str],
    /// The required value set of the CodeableConcept or Coding around.
    pub codes: Option<&'static ValueSet>,
    /// `each:` and `if:` have been read where the value stands, and are none of its own keys.
    pub entry: bool,
    /// The object is the resource of the source.
    pub root: bool,
}

/// A field, and the definition that it belongs to.
pub(super) struct Found {
    pub field: Field,
    pub element: &'static Element,
    pub key_span: Span,
    /// `_status` rather than `status`.
    pub underscore: bool,
}

impl Found {
    /// The element's name without the underscore of what stands beside it.
    pub fn name(&self) -> &str {
        self.field
            .name
            .strip_prefix('_')
            .unwrap_or(&self.field.name)
    }
}

impl Compiler<'_> {
    /// The fields of the source's resource.
    pub fn resource(
        &self,
        node: &Node,
        key_span: &Span,
        structure: &'static Structure,
    ) -> Vec<Field> {
        let Some(pairs) = shape::map(self.at, node, "`elements:`") else {
            return Vec::new();
        };
        let frame = Frame {
            root: true,
            ..Frame::default()
        };
        match self.fields(pairs, key_span, structure, frame) {
            Ok((fields, _)) => fields,
            Err(Gone::Wrong) => Vec::new(),
            Err(Gone::Missing) => {
                self.at.report(
                    Problem::new(
                        &rules::OPTIONAL_COLUMN,
                        key_span,
                        format!(
                            "this site lacks a column for an element that R4 requires of {}",
                            structure.name()
                        ),
                    )
                    .help("give the element another value beside it: `{ first: [ … ] }`"),
                );
                Vec::new()
            }
        }
    }

    /// The fields of an object in R4's order, and whether any of them comes from a column. Missing
    /// where a required element is, or where all that was bound is.
    pub(super) fn fields(
        &self,
        pairs: &[Pair],
        span: &Span,
        structure: &'static Structure,
        frame: Frame,
    ) -> Result<(Vec<Field>, bool), Gone> {
        if let Some(pair) = value_key(pairs, structure) {
            self.is_no_value(pair, structure);
            return Err(Gone::Wrong);
        }
        let mut found: Vec<Found> = Vec::new();
        let mut given: Vec<&'static Element> = Vec::new();
        let mut missing: Vec<&'static Element> = Vec::new();
        let mut wrong = false;
        for pair in pairs {
            if frame.entry && matches!(pair.key.as_str(), "each" | "if") {
                continue;
            }
            let (name, underscore) = match pair.key.strip_prefix('_') {
                Some(name) => (name, true),
                None => (pair.key.as_str(), false),
            };
            let Some(property) = structure.element(name) else {
                self.unknown_element(pair, structure);
                wrong = true;
                continue;
            };
            if frame.root && self.set_elsewhere(pair, name) {
                continue;
            }
            given.push(property.definition());
            let node = match underscore {
                true => self.extensions_of(property, pair, frame),
                false => self.property(property, &pair.value, frame),
            };
            if let (Ok(node), false) = (&node, underscore) {
                self.warn_unanswered(property, node, &pair.value.span);
            }
            match node {
                Ok(node) => found.push(Found {
                    field: Field {
                        name: Arc::from(pair.key.as_str()),
                        required: property.min() > 0 && !underscore,
                        essential: choice::is_essential(structure, name) && is_bound(&node),
                        choice: None,
                        summary: property.is_summary(),
                        modifier: property.is_modifier(),
                        place: self.at.place(&pair.key_span),
                        node,
                    },
                    element: property.definition(),
                    key_span: pair.key_span.clone(),
                    underscore,
                }),
                Err(Gone::Missing) => missing.push(property.definition()),
                Err(Gone::Wrong) => wrong = true,
            }
        }
        self.required(span, structure, &given, frame);
        self.choices(&mut found);
        // What is left of it is not what was meant: nothing further is said of it.
        if wrong {
            return Err(Gone::Wrong);
        }
        self.measured.add_object(pairs, &found, structure);
        let bound = found.iter().any(|found| is_bound(&found.field.node));
        let lacking = |element: &&&'static Element| {
            element.min() > 0
                && !found
                    .iter()
                    .any(|found| std::ptr::eq(found.element, **element))
        };
        // Constants alone are not an object: their values were to come from columns that are not there.
        if missing.iter().any(|element| lacking(&element))
            || !frame.root && !missing.is_empty() && !bound
        {
            return Err(Gone::Missing);
        }
        choice::in_order(&mut found, structure);
        Ok((found.into_iter().map(|found| found.field).collect(), bound))
    }

    /// What the source's other keys give.
    fn set_elsewhere(&self, pair: &Pair, name: &str) -> bool {
        let inner = ["profile", "lastUpdated", "versionId"];
        let (span, from) = match name {
            "id" => (&pair.key_span, "`id:` of the source"),
            "meta" => match inner.iter().find_map(|key| get(pair.value.as_map()?, key)) {
                Some(pair) if pair.key == "profile" => (&pair.key_span, "`profile:` of the source"),
                Some(pair) if pair.key == "lastUpdated" => {
                    (&pair.key_span, "`lastUpdated:` of the source")
                }
                Some(pair) => (&pair.key_span, "the row itself"),
                None => return false,
            },
            _ => return false,
        };
        self.at.report(
            Problem::new(
                &rules::SET_ELSEWHERE,
                span,
                format!("this follows from {from}"),
            )
            .help("take it out of `elements:`"),
        );
        true
    }

    /// `each:` or `if:` where they mean nothing.
    pub(super) fn misplaced(&self, pair: &Pair) {
        let (message, help) = match pair.key.as_str() {
            "if" => (
                "`if:` stands in an entry of a list or in the value of an element",
                "put it into the element that depends on it; which rows are resources is said by `rows:`",
            ),
            _ => (
                "`each:` stands in entries of lists only",
                "put it into an entry of the repeating element",
            ),
        };
        self.at
            .report(Problem::new(&rules::EACH, &pair.key_span, message).help(help));
    }

    /// `_birthDate`: the extensions of a primitive element.
    fn extensions_of(&self, property: ElementRef, pair: &Pair, frame: Frame) -> Result<Made, Gone> {
        let element = fhir::structure("Element")
            .filter(|_| property.primitive().is_some() && !property.is_list());
        let Some(structure) = element else {
            self.at.report(
                Problem::new(
                    &rules::UNKNOWN_ELEMENT,
                    &pair.key_span,
                    format!(
                        "`{}` is not an element of one primitive value",
                        property.json_name()
                    ),
                )
                .help("only such an element has extensions beside it, under its name with `_`"),
            );
            return Err(Gone::Wrong);
        };
        let pairs = or_wrong(shape::map(
            self.at,
            &pair.value,
            "what stands beside a primitive element",
        ))?;
        self.object(
            pairs,
            &pair.value.span,
            structure,
            Frame {
                child: frame.child,
                ..Frame::default()
            },
            None,
        )
    }

    /// The value of a property: one, or a list where it repeats.
    fn property(&self, property: ElementRef, node: &Node, frame: Frame) -> Result<Made, Gone> {
        match (property.is_list(), &node.value) {
            (false, Value::List(_)) => {
                self.at.report(
                    Problem::new(
                        &rules::NOT_REPEATING,
                        &node.span,
                        format!("`{}` occurs at most once, and this is a list", property.path()),
                    )
                    .help("give the value without the list; `{ first: [ … ] }` takes the first that is there"),
                );
                Err(Gone::Wrong)
            }
            (false, _) => self.single(property, node, frame),
            (true, Value::List(entries)) => self.list(property, node, entries, frame),
            (true, _) => {
                self.at.report(
                    Problem::new(
                        &rules::REPEATING,
                        &node.span,
                        format!("`{}` repeats: its values are a list", property.path()),
                    )
                    .label("expected a list")
                    .help("put `- ` before it, or brackets around it"),
                );
                // What is wrong inside is reported as well.
                self.entry(property, node, frame)?;
                Err(Gone::Wrong)
            }
        }
    }

    /// The value of an element that occurs once; with `if:` it depends on the row.
    fn single(&self, property: ElementRef, node: &Node, frame: Frame) -> Result<Made, Gone> {
        let pairs = node.as_map().unwrap_or_default();
        if let Some(pair) = get(pairs, "each") {
            self.misplaced(pair);
            return Err(Gone::Wrong);
        }
        let frame = Frame {
            entry: get(pairs, "if").is_some(),
            ..frame
        };
        let condition = self.condition(node, frame)?;
        let made = self.value(property, node, frame)?;
        Ok(match condition {
            Some(condition) => Made::When(condition, Box::new(made)),
            None => made,
        })
    }

    /// What `if:` says of the row.
    fn condition(&self, node: &Node, frame: Frame) -> Result<Option<Arc<Expr>>, Gone> {
        let Some(pair) = node.as_map().and_then(|pairs| get(pairs, "if")) else {
            return Ok(None);
        };
        let mut uses = Uses::default();
        let condition = self
            .scope
            .condition(&pair.value, "the condition", &mut uses);
        let predicate = or_wrong(condition)?;
        self.check_rows(&pair.value.span, &uses, frame.child, Each::Entry)?;
        if uses.missing {
            return Err(Gone::Missing);
        }
        Ok(Some(Arc::new(Expr::Test(Box::new(predicate)))))
    }

    fn list(
        &self,
        property: ElementRef,
        node: &Node,
        entries: &[Node],
        frame: Frame,
    ) -> Result<Made, Gone> {
        if entries.is_empty() {
            shape::wrong(
                self.at,
                node,
                "a list with entries",
                &format!("`{}`", property.path()),
            );
            return Err(Gone::Wrong);
        }
        let (mut made, mut wrong) = (Vec::new(), false);
        for entry in entries {
            match self.entry(property, entry, frame) {
                Ok(entry) => made.push(entry),
                Err(gone) => wrong |= gone == Gone::Wrong,
            }
        }
        if wrong {
            return Err(Gone::Wrong);
        }
        if made.is_empty() {
            return Err(Gone::Missing);
        }
        let constants: Option<Vec<&str>> = made
            .iter()
            .map(|entry| match &entry.node {
                Made::Constant(json) if entry.each.is_none() && entry.condition.is_none() => {
                    Some(&**json)
                }
                _ => None,
            })
            .collect();
        Ok(match constants {
            Some(constants) => Made::Constant(format!("[{}]", constants.join(",")).into()),
            None => Made::List(made),
        })
    }

    /// An entry of a list, with its `each:` and `if:`.
    fn entry(&self, property: ElementRef, node: &Node, frame: Frame) -> Result<Entry, Gone> {
        let mut frame = Frame {
            entry: true,
            ..frame
        };
        let mut each = None;
        if let Some(pair) = node.as_map().and_then(|pairs| get(pairs, "each")) {
            let place = self.each(pair, frame)?;
            each = Some(place);
            frame.child = each;
        }
        let condition = self.condition(node, frame)?;
        let made = self.value(property, node, frame)?;
        Ok(Entry {
            each,
            condition,
            node: made,
            place: self.at.place(&node.span),
        })
    }

    fn each(&self, pair: &Pair, frame: Frame) -> Result<usize, Gone> {
        let name = or_wrong(shape::text(self.at, &pair.value, "`each:`"))?;
        let Some(place) = self.children.get(name) else {
            if self.scope.blind {
                return Err(Gone::Wrong);
            }
            self.at.report(
                Problem::new(
                    &rules::EACH,
                    &pair.value.span,
                    format!("the source has no child `{}`", shape::clip(name)),
                )
                .maybe_help(suggest(
                    name,
                    self.children.keys().map(|name| &**name),
                    "its children are",
                ))
                .maybe_help(self.children.is_empty().then(|| {
                    "declare it under `children:`: `name: TABLE as c on c.COLUMN = p.COLUMN`"
                        .to_owned()
                })),
            );
            return Err(Gone::Wrong);
        };
        if frame.child.is_some() {
            self.at.report(Problem::new(
                &rules::EACH,
                &pair.key_span,
                "an entry with `each:` stands inside another",
            ));
            return Err(Gone::Wrong);
        }
        Ok(*place)
    }
}

/// Whether some value comes from a column, or an entry depends on the row.
fn is_bound(node: &Made) -> bool {
    match node {
        Made::Constant(_) => false,
        Made::Value(_) => true,
        Made::Object(object) => object.bound,
        // A list without any is a constant; a condition is a value of the row's.
        Made::List(_) | Made::When(..) => true,
    }
}
