//! One value of an element: a constant, a binding, or an object with elements of its own.
//!
//! Takes a property of R4's and what stands for it; gives a node of the resource. Constants are
//! checked against the form of their type and a required value set, and become JSON text at once.

use std::sync::Arc;

use super::binding::{Each, Gone, or_wrong};
use super::conversion::{Goal, Kind};
use super::diagnostic::Problem;
use super::element::Frame;
use super::keys::is_binding;
use super::model::{Field, Node as Made, Object};
use super::names::{nearest, suggest};
use super::source::Compiler;
use super::yaml::{Node, Pair, Span, Value};
use super::{coded, rules, shape};
use crate::fhir::primitive::JsonForm;
use crate::fhir::{self, ElementRef, Primitive, Structure, TypeKind};

impl Compiler<'_> {
    /// One value: a constant, a binding or an object.
    pub(super) fn value(
        &self,
        property: ElementRef,
        node: &Node,
        frame: Frame,
    ) -> Result<Made, Gone> {
        match property.kind() {
            TypeKind::Primitive(primitive) => self.primitive(property, primitive, node, frame),
            TypeKind::Complex | TypeKind::Backbone | TypeKind::Extension => {
                self.complex(property, node, frame)
            }
            TypeKind::Resource => {
                let pairs = or_wrong(shape::map(self.at, node, "a contained resource"))?;
                let help = "say which resource it is: `resourceType: Organization`";
                let ty = or_wrong(shape::required(
                    self.at,
                    pairs,
                    "resourceType",
                    &node.span,
                    "the resource",
                    help,
                ))?;
                let name = or_wrong(shape::text(self.at, ty, "`resourceType:`"))?;
                let Some(ty) = fhir::resource_type(name) else {
                    self.unknown_resource(&ty.span, name);
                    return Err(Gone::Wrong);
                };
                let structure = or_wrong(fhir::structure(ty.name()))?;
                let rest: Vec<Pair> = pairs
                    .iter()
                    .filter(|pair| pair.key != "resourceType")
                    .cloned()
                    .collect();
                let inner = Frame {
                    child: frame.child,
                    entry: frame.entry,
                    ..Frame::default()
                };
                self.object(&rest, &node.span, structure, inner, Some(ty.name()))
            }
        }
    }

    fn complex(&self, property: ElementRef, node: &Node, frame: Frame) -> Result<Made, Gone> {
        let Some(pairs) = node.as_map() else {
            let found = match node.as_text() {
                Some(text) if text.starts_with('$') => "a column",
                _ => node.kind(),
            };
            let mut problem = Problem::new(
                &rules::NOT_PRIMITIVE,
                &node.span,
                format!(
                    "`{}` has parts, as every {} has, and this is {found}",
                    property.path(),
                    property.type_name(),
                ),
            )
            .label("expected a mapping");
            problem = match property.type_name() {
                "CodeableConcept" => problem
                    .help("for its text: `{ text: … }`; for codes: `{ column: …, codes: … }`"),
                "Reference" => problem.help("write it as `{ reference: { to: …, id: … } }`"),
                _ => problem.maybe_help(property.structure().and_then(|structure| {
                    let own: Vec<_> = structure
                        .properties()
                        .map(|part| part.json_name())
                        .filter(|name| !matches!(&**name, "id" | "extension" | "modifierExtension"))
                        .collect();
                    suggest("", own.iter().map(|name| &**name), "give its parts, among")
                })),
            };
            self.at.report(problem);
            return Err(Gone::Wrong);
        };
        let structure = or_wrong(property.structure())?;
        let kind = match property.type_name() {
            "Coding" => Some(Kind::Coding),
            "CodeableConcept" => Some(Kind::CodeableConcept),
            _ => None,
        };
        let misspelt = pairs.iter().find(|pair| {
            structure.element(&pair.key).is_none() && nearest(&pair.key, ["column"]).is_some()
        });
        if let (Some(_), Some(pair), false) = (kind, misspelt, is_binding(pairs)) {
            shape::unknown_key(self.at, pair, &["column"], "a value");
            return Err(Gone::Wrong);
        }
        if let Some(kind) = kind.filter(|_| is_binding(pairs)) {
            let goal = Goal {
                kind,
                primitive: Primitive::String,
                codes: property.binding().or(frame.codes),
                reference: None,
                child: frame.child,
                each: Each::Entry,
                entry: frame.entry,
            };
            return self.bound(node, &goal);
        }
        let inner = Frame {
            child: frame.child,
            targets: if property.type_name() == "Reference" {
                property.targets()
            } else {
                &[]
            },
            codes: kind.and(property.binding().or(frame.codes)),
            entry: frame.entry,
            root: false,
        };
        let made = self.object(pairs, &node.span, structure, inner, None)?;
        if kind == Some(Kind::Coding) {
            self.has_system(pairs, inner.codes)?;
        }
        self.warn_invariants(property, pairs, &node.span);
        Ok(made)
    }

    /// An object: constant JSON where nothing in it comes from a column.
    pub(super) fn object(
        &self,
        pairs: &[Pair],
        span: &Span,
        structure: &'static Structure,
        frame: Frame,
        resource_type: Option<&'static str>,
    ) -> Result<Made, Gone> {
        let (mut fields, bound) = self.fields(pairs, span, structure, frame)?;
        if let Some(name) = resource_type {
            let field = Field {
                name: Arc::from("resourceType"),
                node: Made::Constant(json_text(name)),
                required: true,
                essential: false,
                choice: None,
                summary: true,
                modifier: false,
                place: self.at.place(span),
            };
            fields.insert(0, field);
        }
        if fields.is_empty() {
            if pairs
                .iter()
                .all(|pair| frame.entry && matches!(pair.key.as_str(), "each" | "if"))
            {
                self.at.report(Problem::new(
                    &rules::INVALID_VALUE,
                    span,
                    format!("the {} has no elements", structure.name()),
                ));
            }
            return Err(Gone::Wrong);
        }
        if bound {
            return Ok(Made::Object(Arc::new(Object { fields, bound })));
        }
        let mut json = String::from("{");
        for field in &fields {
            if let Made::Constant(constant) = &field.node {
                if json.len() > 1 {
                    json.push(',');
                }
                json.push_str(&json_text(&field.name));
                json.push(':');
                json.push_str(constant);
            }
        }
        json.push('}');
        Ok(Made::Constant(json.into()))
    }

    fn primitive(
        &self,
        property: ElementRef,
        primitive: Primitive,
        node: &Node,
        frame: Frame,
    ) -> Result<Made, Gone> {
        let in_coding = property.holder().name() == "Coding" && property.json_name() == "code";
        let in_reference =
            property.holder().name() == "Reference" && property.json_name() == "reference";
        let goal = Goal {
            codes: property.binding().or(frame.codes.filter(|_| in_coding)),
            reference: in_reference.then_some(frame.targets),
            child: frame.child,
            each: Each::Entry,
            entry: frame.entry,
            ..Goal::of(primitive)
        };
        match &node.value {
            Value::Map(_) => self.bound(node, &goal),
            Value::List(_) => {
                shape::wrong(
                    self.at,
                    node,
                    "one value",
                    &format!("an entry of `{}`", property.path()),
                );
                Err(Gone::Wrong)
            }
            Value::Scalar(scalar) => match scalar.text.strip_prefix('$') {
                Some(rest) if !rest.starts_with('$') => self.bound(node, &goal),
                Some(escaped) => self.constant(property, &goal, node, escaped),
                None => self.constant(property, &goal, node, &scalar.text),
            },
        }
    }

    fn bound(&self, node: &Node, goal: &Goal) -> Result<Made, Gone> {
        Ok(Made::Value(Arc::new(self.binding(node, goal)?)))
    }

    /// Whether a text has a column in it, as other languages put values into texts: `Dr $p.SURNAME`.
    fn names_column_inside(&self, text: &str) -> bool {
        let Some((before, rest)) = text.split_once('$') else {
            return false;
        };
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')));
        !before.is_empty()
            && self
                .scope
                .is_column(rest[..end.unwrap_or(rest.len())].trim_end_matches('.'))
    }

    /// A constant's JSON, checked against its type and value set.
    fn constant(
        &self,
        property: ElementRef,
        goal: &Goal,
        node: &Node,
        text: &str,
    ) -> Result<Made, Gone> {
        if node.is_null() {
            shape::wrong(self.at, node, "a value", &format!("`{}`", property.path()));
            return Err(Gone::Wrong);
        }
        let primitive = goal.primitive;
        if !primitive.check(text) {
            let mut problem = Problem::new(
                &rules::CONSTANT_FORM,
                &node.span,
                format!(
                    "`{}` does not have the form of `{}`, the type of `{}`",
                    shape::clip(text),
                    primitive.name(),
                    property.path()
                ),
            )
            .label(format!("expected {}", form(primitive)));
            if self.scope.is_column(text) {
                problem = problem.help(format!("for the column, write `${}`", shape::clip(text)));
            }
            self.at.report(problem);
            return Err(Gone::Wrong);
        }
        if let Some(set) = goal.codes.filter(|set| set.has(text) == Some(false)) {
            self.at.report(
                Problem::new(
                    &rules::OUTSIDE_BINDING,
                    &node.span,
                    format!(
                        "`{}` is not in the element's value set `{}`",
                        shape::clip(text),
                        set.name()
                    ),
                )
                .maybe_help(suggest(text, coded::set_codes(set), "its codes are")),
            );
            return Err(Gone::Wrong);
        }
        if self.names_column_inside(text) {
            let help = match goal.reference {
                Some(_) => "write a reference as `{ to: …, id: … }`",
                None => {
                    "put texts together with `{ join: [ $p.X, $p.Y ] }` or in a `sql:` fragment"
                }
            };
            self.at.report(
                Problem::new(
                    &rules::LOOKS_LIKE_COLUMN,
                    &node.span,
                    "a column is named inside a text, and is not replaced there",
                )
                .help(help),
            );
        } else if self.scope.is_column(text) {
            self.at.report(
                Problem::new(
                    &rules::LOOKS_LIKE_COLUMN,
                    &node.span,
                    format!(
                        "`{}` is a constant here, and the name of a column",
                        shape::clip(text)
                    ),
                )
                .help(format!("for the column, write `${}`", shape::clip(text))),
            );
        } else if let Some(targets) = goal.reference {
            self.constant_reference(text, targets, &node.span)?;
        }
        Ok(Made::Constant(match primitive.json_form() {
            JsonForm::Boolean => Arc::from(text),
            // R4 lets a positiveInt begin with `+`, JSON does not.
            JsonForm::Number => Arc::from(text.trim_start_matches('+')),
            JsonForm::String => json_text(text),
        }))
    }
}

/// The form of a primitive type, for people.
pub(super) fn form(primitive: Primitive) -> &'static str {
    match primitive {
        Primitive::Boolean => "`true` or `false`",
        Primitive::Integer => "a whole number",
        Primitive::UnsignedInt => "a whole number, 0 or more",
        Primitive::PositiveInt => "a whole number, 1 or more",
        Primitive::Decimal => "a number",
        Primitive::Date => "`YYYY`, `YYYY-MM` or `YYYY-MM-DD`",
        Primitive::DateTime => "`YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ss+zz:zz`",
        Primitive::Instant => "`YYYY-MM-DDThh:mm:ss+zz:zz`",
        Primitive::Time => "`hh:mm:ss`",
        Primitive::Id => "at most 64 letters, digits, `-` and `.`",
        Primitive::Code => "text without blanks around it or double blanks inside",
        Primitive::Uri | Primitive::Url | Primitive::Canonical => "a URI without blanks",
        Primitive::Oid => "`urn:oid:…`",
        Primitive::Uuid => "`urn:uuid:…`",
        Primitive::Base64Binary => "base64",
        Primitive::Xhtml => {
            "well-formed XML, `<div xmlns=\"http://www.w3.org/1999/xhtml\">…</div>`"
        }
        Primitive::String | Primitive::Markdown => "text that is not empty",
    }
}

fn json_text(text: &str) -> Arc<str> {
    serde_json::Value::from(text).to_string().into()
}
