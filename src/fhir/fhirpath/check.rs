//! A tree and the type that it looks at → names that the type does not have.
//!
//! A name that nothing has leads to nothing, and a condition on nothing is never true: without this a misspelt name
//! would look like an absent value.

use std::ops::Range;

use super::item::Type;
use super::tree::{Call, Part, Tree, TypeName};
use super::{Fault, PathError};
use crate::fhir::Primitive;
use crate::fhir::definitions::structure;

/// The types that what is found may have; None where nothing is known of them.
type Types = Option<Vec<Type>>;

pub(super) fn check(tree: &Tree, resource: &str) -> Result<(), PathError> {
    let this = structure(resource).map(|it| vec![Type::Structure(it)]);
    of(tree, &this).map(|_| ())
}

fn of(tree: &Tree, this: &Types) -> Result<Types, PathError> {
    match &tree.of {
        Part::Literal(_) | Part::Nothing => Ok(None),
        Part::This => Ok(this.clone()),
        Part::Name { of: None, name } => first_step(this, name, &tree.span),
        Part::Name {
            of: Some(holder),
            name,
        } => {
            let holders = of(holder, this)?;
            let span = holder.span.end..tree.span.end;
            children(&holders, name, &name_span(&span, name))
        }
        Part::Index { of: list, index } => {
            of(index, this)?;
            of(list, this)
        }
        Part::Call { of: input, call } => {
            let input = match input {
                Some(input) => of(input, this)?,
                None => this.clone(),
            };
            self::call(call, input, this)
        }
        Part::Binary { left, right, .. } => {
            let (left, right) = (of(left, this)?, of(right, this)?);
            Ok(left.zip(right).map(|(mut left, right)| {
                left.extend(right);
                left
            }))
        }
    }
}

/// The name at the end of a span, without the point before it.
fn name_span(span: &Range<usize>, name: &str) -> Range<usize> {
    span.end.saturating_sub(name.len()).max(span.start)..span.end
}

fn call(call: &Call, input: Types, this: &Types) -> Result<Types, PathError> {
    match call {
        Call::Where(condition) => {
            of(condition, &input)?;
            Ok(input)
        }
        Call::Exists(Some(condition)) | Call::All(condition) => {
            of(condition, &input)?;
            Ok(None)
        }
        Call::First | Call::Last => Ok(input),
        Call::As(ty) | Call::OfType(ty) => Ok(named(ty)),
        Call::Extension(url) => {
            of(url, this)?;
            Ok(structure("Extension").map(|it| vec![Type::Structure(it)]))
        }
        Call::StartsWith(text) | Call::EndsWith(text) | Call::Contains(text) => {
            of(text, this)?;
            Ok(None)
        }
        Call::Exists(None) | Call::Empty | Call::Count | Call::Not | Call::Is(_) => Ok(None),
    }
}

fn named(ty: &TypeName) -> Types {
    let ty = structure(&ty.0)
        .map(Type::Structure)
        .or_else(|| Primitive::named(&ty.0).map(Type::Primitive))?;
    Some(vec![ty])
}

fn first_step(this: &Types, name: &str, span: &Range<usize>) -> Result<Types, PathError> {
    let is_type = |types: &[Type]| types.iter().any(|ty| ty.is(name));
    match this {
        Some(types) if structure(name).is_some() && is_type(types) => Ok(this.clone()),
        _ => children(this, name, span),
    }
}

/// The types of an element, of all that may hold it; one of them must have it.
fn children(holders: &Types, name: &str, span: &Range<usize>) -> Result<Types, PathError> {
    let Some(holders) = holders else {
        return Ok(None);
    };
    let mut found: Vec<Type> = Vec::new();
    let mut has_it = false;
    for holder in holders {
        match holder {
            Type::Any => return Ok(None),
            Type::Structure(holder) => {
                if let Some(element) = holder.definition(name) {
                    has_it = true;
                    found.extend(holder.typed(element).map(|it| Type::of_property(&it)));
                }
            }
            Type::Primitive(_) if name == "extension" => {
                has_it = true;
                found.extend(structure("Extension").map(Type::Structure));
            }
            Type::Primitive(_) => has_it |= name == "id",
        }
    }
    if has_it {
        return Ok(Some(found));
    }
    let choice = holders.iter().find_map(|holder| match holder {
        Type::Structure(holder) => holder.element(name),
        _ => None,
    });
    Err(match choice {
        Some(property) => Fault::ChoiceName {
            name: name.to_owned(),
            stem: property.definition().stem(),
            ty: property.type_name(),
        },
        None => {
            let names: Vec<&str> = holders.iter().filter_map(|holder| holder.name()).collect();
            Fault::NoElement {
                holder: names.first().copied().unwrap_or("it").to_owned(),
                name: name.to_owned(),
            }
        }
    }
    .at(span))
}
