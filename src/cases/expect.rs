//! What stands under `expect:` → what must be true, held against R4 where it names elements.

use super::model::{Case, Commands, Expect, FieldCheck, Ids, Subject};
use super::rules;
use super::vocabulary::{COMMANDS, EXPECTATION, IDS, PRACTICE};
use crate::fhir;
use crate::fhir::fhirpath::{self, Expression, Fault, PathError};
use crate::mapping::vocabulary::names;
use crate::mapping::yaml::{Node, Pair, Scalar, Span, Value, get, locate};
use crate::mapping::{At, Problem, shape, suggest};

/// Reads what is expected. `case` is what is asked, as far as it could be read.
pub(super) fn expect(at: At<'_>, node: &Node, case: Option<&Case>) -> Option<Expect> {
    let pairs = shape::map(at, node, "`expect:`")?;
    shape::only(at, pairs, &names(&EXPECTATION), "`expect:`");
    let value = |key| get(pairs, key).map(|pair: &Pair| &pair.value);
    let number = |key, bounds| {
        let node = value(key)?;
        shape::integer(at, node, &format!("`{key}:`"), bounds)
    };
    let status = number("status", 200..=599).and_then(|it| u16::try_from(it).ok());
    let code = value("code").and_then(|node| shape::text(at, node, "`code:`"));
    let next = value("next").and_then(|node| shape::boolean(at, node, "`next:`"));
    let expect = Expect {
        ids: value("ids").and_then(|node| ids(at, node)),
        total: number("total", 0..=i64::MAX).and_then(|it| u64::try_from(it).ok()),
        status,
        code: code.map(str::to_owned),
        commands: value("commands").and_then(|node| commands(at, node)),
        next,
        fields: fields(at, pairs, case),
        practice: value("practice").map_or_else(Vec::new, |node| practice(at, node)),
    };
    agree(at, pairs, &expect, case);
    Some(expect)
}

/// A refusal has no answer of which something could be true; a read has no Bundle, and what is said of the practice is no
/// resource.
fn agree(at: At<'_>, pairs: &[Pair], expect: &Expect, case: Option<&Case>) {
    let refuse = |keys: &[&str], message: &str, help: &str| {
        for pair in pairs
            .iter()
            .filter(|pair| keys.contains(&pair.key.as_str()))
        {
            let message = format!("`{}:` {message}", pair.key);
            at.report(Problem::new(&rules::CONTRADICTION, &pair.key_span, message).help(help));
        }
    };
    if expect.is_refusal() {
        refuse(
            &["ids", "total", "commands", "next", "fields", "bundle"],
            "is expected of a refusal, which has no answer",
            "leave it out, or leave out `status:` and `code:`",
        );
    }
    if expect.code.is_some() && expect.status == Some(200) {
        refuse(
            &["code"],
            "is expected of an answer; a code says why there is none",
            "leave it out, or say the status that goes with it",
        );
    }
    let Some(case) = case else { return };
    if case.is_of_practice() {
        refuse(
            &["ids", "total", "status", "code", "next", "fields", "bundle"],
            "is expected of what is said of the practice, which is no resource",
            "leave it out; what is said stands under `practice:`, `{ name: … }`",
        );
    } else {
        refuse(
            &["practice"],
            "is expected of a search or a read",
            "leave it out, or ask for it in a case of its own: `practice: true`",
        );
    }
    if case.read().is_some() {
        refuse(
            &["total", "next", "bundle"],
            "is expected of a read, whose answer is no Bundle",
            "leave it out, or search by `_id`",
        );
    }
}

fn ids(at: At<'_>, node: &Node) -> Option<Ids> {
    let Some(pairs) = node.as_map() else {
        return texts(at, node, "`ids:`").map(Ids::InOrder);
    };
    shape::only(at, pairs, &names(&IDS), "`ids:`");
    let list = |key: &str| -> Option<Vec<String>> {
        get(pairs, key).and_then(|pair| texts(at, &pair.value, &format!("`{key}:`")))
    };
    let among = |pair: &&Pair| matches!(pair.key.as_str(), "contains" | "not");
    match (get(pairs, "in-any-order"), pairs.iter().find(among)) {
        (Some(_), None) => list("in-any-order").map(Ids::InAnyOrder),
        (Some(all), Some(some)) => {
            at.report(
                Problem::new(
                    &rules::CONTRADICTION,
                    &some.key_span,
                    format!("`{}:` does not go with `in-any-order:`", some.key),
                )
                .related(&all.key_span, "all of them")
                .label("and some of them"),
            );
            None
        }
        (None, Some(_)) => Some(Ids::Among {
            contains: list("contains").unwrap_or_default(),
            not: list("not").unwrap_or_default(),
        }),
        (None, None) => {
            if pairs.is_empty() {
                shape::wrong(at, node, "a list of ids", "`ids:`");
            }
            None
        }
    }
}

/// A list of texts, which may be empty.
fn texts(at: At<'_>, node: &Node, what: &str) -> Option<Vec<String>> {
    let Value::List(entries) = &node.value else {
        shape::wrong(at, node, "a list of ids", what);
        return None;
    };
    entries
        .iter()
        .map(|entry| shape::text(at, entry, "an id").map(str::to_owned))
        .collect()
}

/// What is said of the practice: a text, or nothing (`[]` or null).
fn practice(at: At<'_>, node: &Node) -> Vec<(&'static str, Option<String>)> {
    let Some(pairs) = shape::map(at, node, "`practice:`") else {
        return Vec::new();
    };
    let keys = names(&PRACTICE);
    shape::only(at, pairs, &keys, "`practice:`");
    let said = |key: &'static str| {
        let node = &get(pairs, key)?.value;
        let is_nothing = match &node.value {
            Value::List(entries) => entries.is_empty(),
            _ => node.is_null(),
        };
        if is_nothing {
            return Some((key, None));
        }
        let text = shape::text(at, node, &format!("`{key}:`"))?;
        Some((key, Some(text.to_owned())))
    };
    keys.into_iter().filter_map(said).collect()
}

fn commands(at: At<'_>, node: &Node) -> Option<Commands> {
    let number = |node: &Node, what: &str| {
        let number = shape::integer(at, node, what, 0..=i64::from(u32::MAX))?;
        u32::try_from(number).ok()
    };
    let Some(pairs) = node.as_map() else {
        return number(node, "`commands:`").map(Commands::Exactly);
    };
    shape::only(at, pairs, &names(&COMMANDS), "`commands:`");
    let help = "so many may run: `commands: { most: 3 }`";
    let most = shape::required(at, pairs, "most", &node.span, "`commands:`", help)?;
    number(most, "`most:`").map(Commands::AtMost)
}

/// `fields:` and `bundle:`.
fn fields(at: At<'_>, pairs: &[Pair], case: Option<&Case>) -> Vec<FieldCheck> {
    let mut checks = Vec::new();
    let searched = case.map(Case::resource);
    if let Some(pair) = get(pairs, "fields") {
        let inner = shape::map(at, &pair.value, "`fields:`").unwrap_or_default();
        for pair in inner {
            match reference(&pair.key) {
                Some(resource) => {
                    let of = Subject::Resource(pair.key.clone());
                    let what = format!("what is expected of {}", shape::clip(&pair.key));
                    let inner = shape::map(at, &pair.value, &what).unwrap_or_default();
                    let read = inner
                        .iter()
                        .filter_map(|it| field(at, it, &of, Some(resource)));
                    checks.extend(read);
                }
                None => checks.extend(field(at, pair, &Subject::Each, searched)),
            }
        }
    }
    if let Some(pair) = get(pairs, "bundle") {
        let inner = shape::map(at, &pair.value, "`bundle:`").unwrap_or_default();
        let read = inner
            .iter()
            .filter_map(|it| field(at, it, &Subject::Bundle, Some("Bundle")));
        checks.extend(read);
    }
    checks
}

/// The type of `Patient/1`.
fn reference(key: &str) -> Option<&str> {
    let (resource, id) = key.split_once('/')?;
    let is_id = fhir::Primitive::Id.check(id);
    (fhir::resource_type(resource).is_some() && is_id).then_some(resource)
}

/// An expression with what it must give; `resource` is the type that it looks at, where it is known.
fn field(at: At<'_>, pair: &Pair, of: &Subject, resource: Option<&str>) -> Option<FieldCheck> {
    let values = values(at, &pair.value);
    let expression = Expression::parse(&pair.key).and_then(|expression| {
        if let Some(resource) = resource {
            expression.check(resource)?;
        }
        Ok(expression)
    });
    let expression = match expression {
        Ok(expression) => expression,
        Err(error) => {
            unreadable(at, pair, &error);
            return None;
        }
    };
    Some(FieldCheck {
        of: of.clone(),
        expression,
        text: pair.key.clone(),
        values: values?,
    })
}

/// One value, several in a list, or none: `[]` or null.
fn values(at: At<'_>, node: &Node) -> Option<Vec<String>> {
    let entries = match &node.value {
        _ if node.is_null() => &[],
        Value::List(entries) => entries.as_slice(),
        Value::Scalar(_) => std::slice::from_ref(node),
        Value::Map(_) => {
            let help = "name an element of it: `name[0].family: Smith`".to_owned();
            let what = "what an expression must give";
            shape::wrong_but(at, node, "a value, or a list of values", what, Some(help));
            return None;
        }
    };
    entries
        .iter()
        .map(|entry| match &entry.value {
            Value::Scalar(scalar) if !entry.is_null() => Some(scalar.text.clone()),
            _ => {
                shape::wrong(at, entry, "text, a number or a date", "a value");
                None
            }
        })
        .collect()
}

fn unreadable(at: At<'_>, pair: &Pair, error: &PathError) {
    let span = located(at, pair, &error.span);
    let help = match &error.fault {
        Fault::NoElement { holder, name } => {
            let names: Vec<&str> = fhir::structure(holder)
                .map(|structure| structure.elements().map(|it| it.stem()).collect())
                .unwrap_or_default();
            suggest(name, names, "its elements are")
        }
        Fault::ChoiceName { stem, ty, .. } => Some(format!(
            "write `{stem}`, or `{stem}.ofType({ty})` for this type alone"
        )),
        Fault::UnknownFunction(name) => suggest(name, fhirpath::FUNCTIONS, "the functions are"),
        Fault::UnknownType(name) => {
            let names: Vec<&str> = fhir::structures().map(|it| it.name()).collect();
            suggest(name, names, "among others there are")
        }
        _ => None,
    };
    at.report(Problem::new(&rules::EXPRESSION, &span, error.to_string()).maybe_help(help));
}

/// The place in the file of a part of a key.
fn located(at: At<'_>, pair: &Pair, span: &Span) -> Span {
    let raw = at.text().get(pair.key_span.clone()).unwrap_or_default();
    let key = Node {
        value: Value::Scalar(Scalar {
            text: pair.key.clone(),
            plain: !raw.starts_with(['"', '\'']),
        }),
        span: pair.key_span.clone(),
    };
    locate(at.text(), &key, span.clone())
}
