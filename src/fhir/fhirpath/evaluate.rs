//! A tree and a resource → the collection that the tree stands for.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use serde_json::Value;

use super::item::{Held, Item, Node, Type, type_of_resource};
use super::tree::{Call, Operator, Part, Tree, TypeName};
use super::{Fault, PathError};
use crate::fhir::Primitive;
use crate::fhir::definitions::structure;

type Collection<'v> = Vec<Item<'v>>;
type Evaluated<'v> = Result<Collection<'v>, PathError>;

pub(super) fn evaluate<'v>(tree: &'v Tree, resource: &'v Value) -> Evaluated<'v> {
    let this = Item(Held::Node(Node::resource(resource)));
    of(tree, &this)
}

fn of<'v>(tree: &'v Tree, this: &Item<'v>) -> Evaluated<'v> {
    match &tree.of {
        Part::Literal(item) => Ok(vec![item.clone()]),
        Part::Nothing => Ok(Vec::new()),
        Part::This => Ok(vec![this.clone()]),
        Part::Name { of: None, name } => Ok(first_step(this, name)),
        Part::Name {
            of: Some(holder),
            name,
        } => {
            let holders = of(holder, this)?;
            Ok(holders.iter().flat_map(|it| children(it, name)).collect())
        }
        Part::Index { of: list, index } => {
            let list = of(list, this)?;
            let span = &index.span;
            let Some(index) = single(of(index, this)?, span)? else {
                return Ok(Vec::new());
            };
            let index = index
                .as_index()
                .ok_or_else(|| Fault::NoIndex(index.kind()).at(span))?;
            Ok(list.into_iter().nth(index).into_iter().collect())
        }
        Part::Call { of: input, call } => {
            let input = match input {
                Some(input) => of(input, this)?,
                None => vec![this.clone()],
            };
            self::call(call, input, this, &tree.span)
        }
        Part::Binary {
            operator,
            left,
            right,
        } => binary(*operator, left, right, this, &tree.span),
    }
}

/// The first name of a path: an element, or the type of what is looked at.
fn first_step<'v>(this: &Item<'v>, name: &str) -> Collection<'v> {
    let is_type = name.starts_with(char::is_uppercase) && structure(name).is_some();
    match this.as_node() {
        Some(node) if is_type => match node.ty.is(name) {
            true => vec![this.clone()],
            false => Vec::new(),
        },
        _ => children(this, name),
    }
}

/// The values of an element.
fn children<'v>(of: &Item<'v>, name: &str) -> Collection<'v> {
    let Some(node) = of.as_node() else {
        return Vec::new();
    };
    let ty = match (node.ty, node.value) {
        (Type::Any, Some(value)) => type_of_resource(value),
        (ty, _) => ty,
    };
    match ty {
        Type::Structure(structure) => {
            let Some((element, object)) = structure.definition(name).zip(node.value) else {
                return Vec::new();
            };
            let mut found = Vec::new();
            for property in structure.typed(element) {
                let key = property.json_name();
                let value = object.get(&*key);
                let extra = object.get(format!("_{key}"));
                push(&mut found, value, extra, Type::of_property(&property));
            }
            found
        }
        // What a primitive has beside its value.
        Type::Primitive(_) if matches!(name, "id" | "extension") => {
            let mut found = Vec::new();
            let ty = match name {
                "id" => Type::Primitive(Primitive::String),
                _ => structure("Extension").map_or(Type::Any, Type::Structure),
            };
            let value = node.extra.and_then(|extra| extra.get(name));
            push(&mut found, value, None, ty);
            found
        }
        _ => Vec::new(),
    }
}

/// A property's values, each with what stands beside it.
fn push<'v>(
    found: &mut Collection<'v>,
    value: Option<&'v Value>,
    extra: Option<&'v Value>,
    ty: Type,
) {
    let count = |it: Option<&Value>| match it {
        None => 0,
        Some(Value::Array(entries)) => entries.len(),
        Some(_) => 1,
    };
    let at = |it: Option<&'v Value>, place: usize| match it {
        Some(Value::Array(entries)) => entries.get(place),
        one => one.filter(|_| place == 0),
    };
    for place in 0..count(value).max(count(extra)) {
        let there = |it: Option<&'v Value>| at(it, place).filter(|it| !it.is_null());
        let (value, extra) = (there(value), there(extra));
        let ty = match (ty, value) {
            (Type::Any, Some(value)) => type_of_resource(value),
            _ => ty,
        };
        if value.is_some() || extra.is_some() {
            found.push(Item(Held::Node(Node { value, extra, ty })));
        }
    }
}

fn call<'v>(
    call: &'v Call,
    input: Collection<'v>,
    this: &Item<'v>,
    span: &Range<usize>,
) -> Evaluated<'v> {
    let boolean = |value: bool| Ok(vec![Item::boolean(value)]);
    match call {
        Call::Where(condition) => input
            .into_iter()
            .map(|item| Ok(holds(condition, &item)?.then_some(item)))
            .filter_map(Result::transpose)
            .collect(),
        Call::Exists(None) => boolean(!input.is_empty()),
        Call::Exists(Some(condition)) => {
            for item in &input {
                if holds(condition, item)? {
                    return boolean(true);
                }
            }
            boolean(false)
        }
        Call::All(condition) => {
            for item in &input {
                if !holds(condition, item)? {
                    return boolean(false);
                }
            }
            boolean(true)
        }
        Call::Empty => boolean(input.is_empty()),
        // No resource has more.
        Call::Count => Ok(vec![Item(Held::Integer(
            i64::try_from(input.len()).unwrap_or(i64::MAX),
        ))]),
        Call::First => Ok(input.into_iter().take(1).collect()),
        Call::Last => Ok(input.into_iter().last().into_iter().collect()),
        Call::Not => Ok(truth(input, span)?
            .map(|it| Item::boolean(!it))
            .into_iter()
            .collect()),
        Call::StartsWith(part) => {
            text_test(input, part, this, span, |text, part| text.starts_with(part))
        }
        Call::EndsWith(part) => {
            text_test(input, part, this, span, |text, part| text.ends_with(part))
        }
        Call::Contains(part) => {
            text_test(input, part, this, span, |text, part| text.contains(part))
        }
        Call::Extension(url) => {
            let Some(url) = text(of(url, this)?, &url.span)? else {
                return Ok(Vec::new());
            };
            let extensions = input.iter().flat_map(|it| children(it, "extension"));
            Ok(extensions
                .filter(|it| {
                    it.as_node().and_then(|node| node.value?["url"].as_str()) == Some(&*url)
                })
                .collect())
        }
        Call::Is(ty) => Ok(single(input, span)?
            .map(|item| Item::boolean(is(&item, ty)))
            .into_iter()
            .collect()),
        Call::As(ty) => Ok(single(input, span)?
            .filter(|item| is(item, ty))
            .into_iter()
            .collect()),
        Call::OfType(ty) => Ok(input.into_iter().filter(|item| is(item, ty)).collect()),
    }
}

fn is(item: &Item<'_>, ty: &TypeName) -> bool {
    item.as_node().is_some_and(|node| node.ty.is(&ty.0))
}

fn binary<'v>(
    operator: Operator,
    left: &'v Tree,
    right: &'v Tree,
    this: &Item<'v>,
    span: &Range<usize>,
) -> Evaluated<'v> {
    let one_or_none = |truth: Option<bool>| Ok(truth.map(Item::boolean).into_iter().collect());
    if matches!(operator, Operator::And | Operator::Or) {
        // What decides by itself; the other operand may be empty then, but must make sense.
        let decides = operator == Operator::Or;
        let left = truth(of(left, this)?, &left.span)?;
        let right = truth(of(right, this)?, &right.span)?;
        return one_or_none(match (left, right) {
            (Some(it), _) | (_, Some(it)) if it == decides => Some(decides),
            (_, Some(it)) if it == decides => Some(decides),
            (Some(_), Some(_)) => Some(!decides),
            _ => None,
        });
    }
    let (ls, rs) = (&left.span, &right.span);
    let (left, right) = (of(left, this)?, of(right, this)?);
    match operator {
        Operator::Union => {
            let mut union: Collection<'v> = Vec::new();
            for item in left.into_iter().chain(right) {
                if !contains(&union, &item, span)? {
                    union.push(item);
                }
            }
            Ok(union)
        }
        Operator::Equal => one_or_none(equal(&left, &right, span)?),
        Operator::NotEqual => one_or_none(equal(&left, &right, span)?.map(|it| !it)),
        Operator::In => match single(left, ls)? {
            None => Ok(Vec::new()),
            Some(item) => one_or_none(Some(contains(&right, &item, span)?)),
        },
        Operator::Contains => match single(right, rs)? {
            None => Ok(Vec::new()),
            Some(item) => one_or_none(Some(contains(&left, &item, span)?)),
        },
        _ => {
            let (Some(left), Some(right)) = (single(left, ls)?, single(right, rs)?) else {
                return Ok(Vec::new());
            };
            let order = left.compare(&right, span)?;
            one_or_none(order.map(|order| match operator {
                Operator::Less => order == Ordering::Less,
                Operator::LessOrEqual => order != Ordering::Greater,
                Operator::Greater => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }))
        }
    }
}

/// Whether two collections are equal, item by item; None where one is empty, or an item leaves it open.
fn equal(
    left: &[Item<'_>],
    right: &[Item<'_>],
    span: &Range<usize>,
) -> Result<Option<bool>, PathError> {
    if left.is_empty() || right.is_empty() {
        return Ok(None);
    }
    if left.len() != right.len() {
        return Ok(Some(false));
    }
    let mut all = Some(true);
    for (left, right) in left.iter().zip(right) {
        match left.equals(right, span)? {
            Some(true) => {}
            Some(false) => return Ok(Some(false)),
            None => all = None,
        }
    }
    Ok(all)
}

fn contains(list: &[Item<'_>], item: &Item<'_>, span: &Range<usize>) -> Result<bool, PathError> {
    for one in list {
        if one.equals(item, span)? == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a condition is true of an item; what it leaves open is not.
fn holds<'v>(condition: &'v Tree, item: &Item<'v>) -> Result<bool, PathError> {
    Ok(truth(of(condition, item)?, &condition.span)? == Some(true))
}

/// A collection where a boolean is needed: one value that is no boolean counts as true.
fn truth(collection: Collection<'_>, span: &Range<usize>) -> Result<Option<bool>, PathError> {
    Ok(single(collection, span)?.map(|item| item.as_boolean().unwrap_or(true)))
}

/// The one value, or none.
fn single<'v>(
    collection: Collection<'v>,
    span: &Range<usize>,
) -> Result<Option<Item<'v>>, PathError> {
    match collection.len() {
        0 | 1 => Ok(collection.into_iter().next()),
        several => Err(Fault::Several(several).at(span)),
    }
}

/// The one text, or none.
fn text<'v>(
    collection: Collection<'v>,
    span: &Range<usize>,
) -> Result<Option<Cow<'v, str>>, PathError> {
    let Some(item) = single(collection, span)? else {
        return Ok(None);
    };
    match item.as_text() {
        Some(text) => Ok(Some(Cow::Owned(text.to_owned()))),
        None => Err(Fault::NoText(item.kind()).at(span)),
    }
}

fn text_test<'v>(
    input: Collection<'v>,
    part: &'v Tree,
    this: &Item<'v>,
    span: &Range<usize>,
    test: impl Fn(&str, &str) -> bool,
) -> Evaluated<'v> {
    let (whole, part) = (text(input, span)?, text(of(part, this)?, &part.span)?);
    Ok(whole
        .zip(part)
        .map(|(whole, part)| Item::boolean(test(&whole, &part)))
        .into_iter()
        .collect())
}
