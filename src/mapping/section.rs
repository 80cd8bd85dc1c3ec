//! The `search:` section of a source: exceptions from what is derived, and parameters of one's own.
//!
//! Takes `name: off` and `name: { type: …, column: … }`; gives both lists. A parameter of one's own
//! is a binding like an element's; its type stands in for the element's. One with the name of R4's
//! takes its place, and must be of its kind.

use std::sync::Arc;

use super::binding::{Each, Gone, or_wrong};
use super::conversion::Goal;
use super::derive::OwnParameter;
use super::diagnostic::Problem;
use super::names::suggest;
use super::source::Compiler;
use super::vocabulary::{self, names};
use super::yaml::{Node, Pair, Value, get};
use super::{rules, shape};
use crate::fhir::{self, Primitive, SearchParameter};
use crate::search::ParameterKind;

/// What `search:` says.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// R4's parameters that are not to be offered.
    pub off: Vec<Arc<str>>,
    pub own: Vec<OwnParameter>,
}

pub(super) const KINDS: [(&str, ParameterKind); 6] = [
    ("string", ParameterKind::String),
    ("token", ParameterKind::Token),
    ("date", ParameterKind::Date),
    ("reference", ParameterKind::Reference),
    ("number", ParameterKind::Number),
    ("uri", ParameterKind::Uri),
];

/// Keys of a parameter that are not its binding's. A fragment has its type inside: `column: { sql:
/// …, type: … }`.
const OWN_KEYS: [&str; 4] = names(&vocabulary::PARAMETER);

impl Compiler<'_> {
    /// Reads `search:`.
    pub fn section(&self, node: Option<&Node>, resource: &'static str) -> Section {
        let mut section = Section::default();
        let pairs = node
            .and_then(|node| shape::map(self.at, node, "`search:`"))
            .unwrap_or_default();
        for pair in pairs {
            let defined = fhir::parameter(resource, &pair.key);
            match &pair.value.value {
                Value::Scalar(scalar) if scalar.text == "off" => match defined.is_some() {
                    true => section.off.push(Arc::from(pair.key.as_str())),
                    false => {
                        let names: Vec<_> = fhir::parameters(resource)
                            .map(|parameter| parameter.code)
                            .collect();
                        self.at.report(
                            Problem::new(
                                &rules::SEARCH,
                                &pair.key_span,
                                format!(
                                    "{resource} has no search parameter `{}`",
                                    shape::clip(&pair.key)
                                ),
                            )
                            .maybe_help(suggest(
                                &pair.key,
                                names.iter().copied(),
                                "it has",
                            )),
                        );
                    }
                },
                Value::Map(pairs) => {
                    if let Ok(own) = self.own_parameter(pair, pairs, defined) {
                        section.own.push(own);
                    }
                }
                _ => self.at.report(
                    Problem::new(
                        &rules::SEARCH,
                        &pair.value.span,
                        "a parameter is `off`, or a mapping",
                    )
                    .help("`{ type: token, column: p.X }` offers a parameter of your own"),
                ),
            }
        }
        section
    }

    fn own_parameter(
        &self,
        pair: &Pair,
        pairs: &[Pair],
        defined: Option<&'static SearchParameter>,
    ) -> Result<OwnParameter, Gone> {
        let name = pair.key.as_str();
        let plain = name.len() <= 64
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && name.starts_with(|c: char| c.is_ascii_lowercase());
        if !plain && defined.is_none() {
            self.at.report(
                Problem::new(
                    &rules::SEARCH,
                    &pair.key_span,
                    format!("`{}` cannot be the name of a parameter", shape::clip(name)),
                )
                .help("a name of your own has letters, digits and hyphens, and begins with a small letter"),
            );
            return Err(Gone::Wrong);
        }
        if let Some(sql) = get(pairs, "sql") {
            self.at.report(
                Problem::new(
                    &rules::SEARCH,
                    &sql.key_span,
                    "a parameter's fragment stands under `column:`: the `type:` here is the parameter's",
                )
                .help("write `{ type: token, column: { sql: \"…\", type: varchar(10) } }`"),
            );
            return Err(Gone::Wrong);
        }
        let help = "the kind of parameter: `type: token`";
        let ty = or_wrong(shape::required(
            self.at,
            pairs,
            "type",
            &pair.key_span,
            "the parameter",
            help,
        ))?;
        let kind = or_wrong(shape::word(self.at, ty, "type of search parameter", &KINDS))?;
        if let Some(r4) = defined.filter(|r4| r4.kind != kind) {
            self.at.report(
                Problem::new(
                    &rules::SEARCH,
                    &ty.span,
                    format!("R4's parameter `{}` is of another kind", r4.code),
                )
                .help("give your own another name, or the kind that R4 gives it"),
            );
            return Err(Gone::Wrong);
        }
        let child = match get(pairs, "each") {
            Some(pair) => {
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
                        )),
                    );
                    return Err(Gone::Wrong);
                };
                Some(*place)
            }
            None => None,
        };
        let primitive = match kind {
            ParameterKind::Token => Primitive::Code,
            ParameterKind::Date => Primitive::DateTime,
            ParameterKind::Number => Primitive::Decimal,
            ParameterKind::Uri => Primitive::Uri,
            _ => Primitive::String,
        };
        let targets: &'static [&'static str] = &[];
        let goal = Goal {
            reference: (kind == ParameterKind::Reference).then_some(targets),
            child,
            each: Each::Parameter,
            ..Goal::of(primitive)
        };
        let rest: Vec<Pair> = pairs
            .iter()
            .filter(|pair| !OWN_KEYS.contains(&pair.key.as_str()))
            .cloned()
            .collect();
        let node = Node {
            value: Value::Map(rest),
            span: pair.value.span.clone(),
        };
        let binding = Arc::new(self.binding(&node, &goal)?);
        let uri = |key: &str| -> Result<Option<Arc<str>>, Gone> {
            let Some(pair) = get(pairs, key) else {
                return Ok(None);
            };
            let text = or_wrong(shape::text(self.at, &pair.value, "a URI"))?;
            if !Primitive::Uri.check(text) {
                let message = format!("`{}` is no URI", shape::clip(text));
                self.at.report(Problem::new(
                    &rules::CONSTANT_FORM,
                    &pair.value.span,
                    message,
                ));
                return Err(Gone::Wrong);
            }
            Ok(Some(Arc::from(text)))
        };
        if let (Some(pair), false) = (get(pairs, "system"), kind == ParameterKind::Token) {
            self.at.report(Problem::new(
                &rules::SEARCH,
                &pair.key_span,
                "`system:` is for tokens only",
            ));
        }
        Ok(OwnParameter {
            name: Arc::from(name),
            kind,
            binding,
            system: uri("system")?,
            child,
            url: uri("url")?,
        })
    }
}
