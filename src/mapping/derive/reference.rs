//! Reference search: literal references by the target's type and id, logical ones by their identifier.

use crate::fhir;
use crate::mapping::{Binding, Conversion, Matcher, ReferenceMatcher};
use crate::relation::{Expr, Predicate, SqlType};

use super::columns::type_of;
use super::tree::Tree;
use super::walk::Place;
use super::{Found, Reason, number, presence, token};

/// Which types a reference may lead to.
pub(super) struct Targets<'a> {
    /// The parameter's; empty for any.
    pub any_of: &'a [&'a str],
    /// `where(resolve() is Patient)`.
    pub only: Option<&'a str>,
}

impl Targets<'_> {
    /// Any type.
    pub fn any() -> Targets<'static> {
        Targets {
            any_of: &[],
            only: None,
        }
    }

    fn allow(&self, to: &str) -> bool {
        (self.any_of.is_empty() || self.any_of.contains(&to))
            && self.only.is_none_or(|only| only == to)
    }
}

/// Every literal reference at a place and below it.
pub(super) fn all(place: &Place<'_>, found: &mut Found<'_>) {
    if place.ty == "Reference" {
        for inner in place.property("reference", None, found.children) {
            literal(&inner, &Targets::any(), found);
        }
        return;
    }
    let Tree::Object(object) = place.tree else {
        return;
    };
    let mut names: Vec<&str> = object.properties.iter().map(|it| it.name).collect();
    // A choice has a property for each of its types, and all are found by its name.
    names.dedup();
    for name in names {
        for inner in place.property(name, None, found.children) {
            all(&inner, found);
        }
    }
}

/// The targets of a reference parameter at a place.
pub(super) fn reference(place: &Place<'_>, targets: &Targets<'_>, found: &mut Found<'_>) {
    let children = found.children;
    match place.ty {
        "canonical" | "uri" => return number::uri(place, found),
        "Reference" => {}
        other => return found.miss(Reason::Type(other)),
    }
    for inner in place.property("reference", None, children) {
        literal(&inner, targets, found);
    }
    // `resolve()` finds nothing behind an identifier: what such a reference leads to is what its type says.
    let ty = place.property("type", None, children);
    let logical = match (ty.first().and_then(Place::constant), targets.only) {
        (Some(ty), _) => targets.allow(ty),
        (None, only) => only.is_none(),
    };
    if logical {
        for identifier in place.property("identifier", None, children) {
            token::identifier(&identifier, found);
        }
    }
}

/// The targets of a `Reference.reference`.
pub(super) fn literal(place: &Place<'_>, targets: &Targets<'_>, found: &mut Found<'_>) {
    if let Some(constant) = place.constant() {
        match constant_reference(constant) {
            Some(matcher) if targets.allow(matcher.to) => {
                let guard = place.constant_guard(found.children);
                found.push(place.child, guard, Matcher::Reference(matcher));
            }
            Some(_) => {}
            None => found.miss(Reason::Conversion("a constant reference to elsewhere")),
        }
        return;
    }
    let Some(bindings) = place.bindings() else {
        return found.miss(Reason::Shape("Reference"));
    };
    for (guard, binding) in bindings {
        match matcher(binding) {
            Ok(matcher) if targets.allow(matcher.to) => {
                found.push(place.child, guard, Matcher::Reference(matcher));
            }
            Ok(_) => {}
            Err(reason) => found.miss(reason),
        }
    }
}

/// How a searched id is compared with a binding's column.
pub(super) fn matcher(binding: &Binding) -> Result<ReferenceMatcher, Reason> {
    let expr = binding
        .columns
        .first()
        .ok_or(Reason::Conversion("no column"))?;
    match &binding.conversion {
        Conversion::Reference { to, prefix } => Ok(ReferenceMatcher {
            to,
            prefix: prefix.clone(),
            expr: expr.clone(),
            ty: type_of(expr).0,
            present: presence::of_binding(binding),
        }),
        other => Err(Reason::of_conversion(other)),
    }
}

/// `Organization/1`, written in the mapping.
fn constant_reference(text: &str) -> Option<ReferenceMatcher> {
    let (ty, id) = text.split_once('/')?;
    let to = fhir::resource_type(ty)?.name();
    (!id.is_empty() && !id.contains('/')).then(|| ReferenceMatcher {
        to,
        prefix: None,
        expr: Expr::Text(id.into()),
        ty: SqlType::VarChar(64),
        present: Predicate::True,
    })
}
