//! `profile:` of a source → [`Profile`]s: which its resources claim, and what each of them must have for it.

use std::sync::Arc;

use super::binding::Each;
use super::conversion::Goal;
use super::diagnostic::Problem;
use super::model::{Binding, Conversion, Output};
use super::names::suggest;
use super::scope::Uses;
use super::source::Compiler;
use super::vocabulary::{self, names};
use super::yaml::{Node, Pair, Span, get};
use super::{rules, shape};
use crate::fhir::{Primitive, Structure};

/// A profile that resources of a source claim (`meta.profile`).
#[derive(Debug, Clone)]
pub struct Profile {
    pub url: Arc<str>,
    /// What a resource must have to claim it.
    pub needs: Vec<Need>,
    /// The value that must be its URL: one of several profiles, by a code table.
    pub named_by: Option<Arc<Binding>>,
}

/// What a profile needs of one top-level element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub element: Arc<str>,
    /// Paths, each from the element on, of what one entry of it must have; empty where any will do.
    pub parts: Vec<Vec<Arc<str>>>,
}

impl Profile {
    /// A profile that every resource of the source claims.
    pub fn always(url: impl Into<Arc<str>>) -> Profile {
        Profile {
            url: url.into(),
            needs: Vec::new(),
            named_by: None,
        }
    }

    /// Whether it depends on the row which resources claim it.
    pub fn is_by_row(&self) -> bool {
        !self.needs.is_empty() || self.named_by.is_some()
    }
}

/// Conditions of all profiles of a source: each is a bit where resources are written.
const MOST_CONDITIONS: usize = 60;

impl Compiler<'_> {
    /// The profiles; `structure` is the resource's, where its type is known.
    pub(super) fn profiles(
        &self,
        node: &Node,
        structure: Option<&'static Structure>,
    ) -> Vec<Profile> {
        let mut profiles = Vec::new();
        let mut conditions = 0;
        for node in node.entries() {
            let Some(pairs) = node.as_map() else {
                profiles.extend(self.url(node).map(Profile::always));
                continue;
            };
            let by_codes = get(pairs, "column").is_some() || get(pairs, "codes").is_some();
            let keys: &[&str] = match by_codes {
                true => &names(&vocabulary::PROFILE_BY_CODE),
                false => &names(&vocabulary::PROFILE),
            };
            shape::only(self.at, pairs, keys, "a profile");
            let asked = get(pairs, "if").map_or(&[][..], |pair| pair.value.entries());
            let mut needs = Vec::new();
            for node in asked {
                self.need(node, structure, &mut needs);
            }
            let found = match by_codes {
                true => self.named_by_codes(node, pairs, &needs),
                false => {
                    let help = "`{ url: …, if: [ name, birthDate ] }`";
                    let url =
                        shape::required(self.at, pairs, "url", &node.span, "the profile", help);
                    let url = url.and_then(|node| self.url(node));
                    let named_by = None;
                    url.map(|url| Profile {
                        url,
                        needs,
                        named_by,
                    })
                    .into_iter()
                    .collect()
                }
            };
            // Each is asked for by each of the profiles, and so is what names it.
            let before = conditions;
            conditions += found.len().max(1) * (asked.len() + usize::from(by_codes));
            if before <= MOST_CONDITIONS && conditions > MOST_CONDITIONS {
                self.at.report(Problem::new(
                    &rules::INVALID_VALUE,
                    asked
                        .get(MOST_CONDITIONS - before)
                        .map_or(&node.span, |node| &node.span),
                    format!("the profiles of a source have at most {MOST_CONDITIONS} conditions"),
                ));
            }
            profiles.extend(found);
        }
        profiles
    }

    /// `{ column: o.CODE, codes: profiles }`: a profile for each code of the table.
    fn named_by_codes(&self, node: &Node, pairs: &[Pair], needs: &[Need]) -> Vec<Profile> {
        let help = "`{ column: o.CODE, codes: profiles }`";
        let required = |key| shape::required(self.at, pairs, key, &node.span, "the profile", help);
        let (column, codes) = (required("column"), required("codes"));
        let (Some(column), Some(codes)) = (column, codes) else {
            return Vec::new();
        };
        let mut uses = Uses::default();
        let Some(operation) = self.scope.operation(column, &mut uses) else {
            return Vec::new();
        };
        let goal = Goal::of(Primitive::Canonical);
        let conversion = self.codes(&column.span, &operation, codes, pairs, &goal);
        let Ok(Conversion::Codes { table, part }) = conversion else {
            return Vec::new();
        };
        let mixed = self.check_rows(&column.span, &uses, None, Each::Never);
        if mixed.is_err() || uses.missing {
            return Vec::new();
        }
        let binding = Arc::new(Binding {
            columns: vec![operation.expr],
            conversion: Conversion::Codes {
                table: Arc::clone(&table),
                part,
            },
            absent: Vec::new(),
            digits: false,
            output: Output::String,
            place: self.at.place(&node.span),
        });
        let mut profiles: Vec<Profile> = Vec::new();
        let entries = table.entries.iter().map(|entry| &entry.code);
        for code in entries.chain(&table.otherwise).chain(&table.absent) {
            // Several values may have one profile.
            if profiles.iter().any(|known| known.url == code.code) {
                continue;
            }
            if let Some(url) = self.checked_url(&code.code, &codes.span) {
                profiles.push(Profile {
                    url,
                    needs: needs.to_vec(),
                    named_by: Some(Arc::clone(&binding)),
                });
            }
        }
        profiles
    }

    fn url(&self, node: &Node) -> Option<Arc<str>> {
        let text = shape::text(self.at, node, "a profile")?;
        self.checked_url(text, &node.span)
    }

    fn checked_url(&self, text: &str, span: &Span) -> Option<Arc<str>> {
        let absolute = ["http://", "https://", "urn:"].iter().any(|scheme| {
            text.strip_prefix(scheme)
                .is_some_and(|rest| !rest.is_empty())
        });
        if absolute && Primitive::Canonical.check(text) {
            return Some(Arc::from(text));
        }
        self.at.report(
            Problem::new(
                &rules::PROFILE_URL,
                span,
                format!("the profile `{}` is not an absolute URL", shape::clip(text)),
            )
            .help("name it by its canonical URL: `http://hl7.org.au/fhir/core/StructureDefinition/au-core-patient`"),
        );
        None
    }

    /// Adds `name` or `name.family`; what is asked of one element is asked of one entry of it.
    fn need(&self, node: &Node, structure: Option<&'static Structure>, needs: &mut Vec<Need>) {
        let Some(text) = shape::text(self.at, node, "a profile's condition") else {
            return;
        };
        let path: Vec<Arc<str>> = text.split('.').map(Arc::from).collect();
        let mut inside = structure;
        for (depth, name) in path.iter().enumerate() {
            let Some(structure) = inside else {
                if depth > 0 {
                    self.no_such(node, &path[depth - 1], name, std::iter::empty());
                }
                // Where the type is not known, that has been said.
                return;
            };
            if depth == 0 && matches!(&**name, "id" | "meta") {
                return self.at.report(
                    Problem::new(
                        &rules::INVALID_VALUE,
                        &node.span,
                        format!("`{name}` cannot be a profile's condition"),
                    )
                    .help("name elements that `elements:` gives and a row may lack"),
                );
            }
            match structure.element(name) {
                Some(element) => inside = element.element_type().structure(),
                None => {
                    let names: Vec<_> = structure
                        .properties()
                        .map(|property| property.json_name())
                        .filter(|name| depth > 0 || !matches!(&**name, "id" | "meta"))
                        .collect();
                    let names = names.iter().map(|name| &**name);
                    return self.no_such(node, structure.name(), name, names);
                }
            }
        }
        let need = match needs.iter_mut().find(|need| need.element == path[0]) {
            Some(need) => need,
            None => {
                needs.push(Need {
                    element: Arc::clone(&path[0]),
                    parts: Vec::new(),
                });
                let last = needs.len() - 1;
                &mut needs[last]
            }
        };
        if path.len() > 1 {
            need.parts.push(path);
        }
    }

    fn no_such<'n>(
        &self,
        node: &Node,
        what: &str,
        name: &str,
        names: impl Iterator<Item = &'n str> + Clone,
    ) {
        self.at.report(
            Problem::new(
                &rules::UNKNOWN_ELEMENT,
                &node.span,
                format!("{what} has no element `{}`", shape::clip(name)),
            )
            .maybe_help(suggest(name, names, "its elements are")),
        );
    }
}
