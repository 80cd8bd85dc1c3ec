//! A second, strict reading of XML and of what FHIR makes of JSON in XML, for `xml`.
//!
//! Reads what XML 1.0 allows of the little that FHIR uses of it, as its §3.3.3 asks: a line feed or a tab that
//! stands raw in an attribute is a blank. Anything else panics. The expected elements come from R4's
//! definitions (`pilaster::fhir`), which the writer under test does not use.

use pilaster::fhir::{Structure, TypeKind, structure};
use serde_json::{Map, Value};

/// An element with its attributes, without those of namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
}

impl Node {
    fn new(name: &str) -> Node {
        Node {
            name: name.to_owned(),
            attributes: Vec::new(),
            children: Vec::new(),
        }
    }

    /// The children of a name.
    pub fn all(&self, name: &str) -> Vec<&Node> {
        let children = self.children.iter();
        children.filter(|child| child.name == name).collect()
    }

    /// The only child at the end of a path.
    #[track_caller]
    pub fn at(&self, path: &str) -> &Node {
        let mut node = self;
        for name in path.split('.') {
            let found = node.all(name);
            assert_eq!(found.len(), 1, "{name} of {}", node.name);
            node = found[0];
        }
        node
    }

    /// The value of the only child at the end of a path.
    #[track_caller]
    pub fn value(&self, path: &str) -> &str {
        let attributes = &self.at(path).attributes;
        let value = attributes.iter().find(|(name, _)| name == "value");
        &value.unwrap_or_else(|| panic!("no value: {path}")).1
    }
}

/// Reads a document whose root is in FHIR's namespace.
#[track_caller]
pub fn read(text: &str) -> Node {
    assert!(
        text.chars().all(|c| matches!(c, '\t' | '\n' | '\r')
            || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'))),
        "a character that XML forbids"
    );
    let rest = text
        .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        .expect("a declaration");
    let (root, rest) = element(rest.trim_start(), true);
    assert_eq!(rest.trim(), "", "after the root");
    root
}

fn element(text: &str, is_root: bool) -> (Node, &str) {
    let (name, mut rest) = name(text.strip_prefix('<').expect("an element"));
    let mut node = Node::new(name);
    let mut namespace = None;
    while let Some(after) = rest.strip_prefix(' ') {
        let (name, after) = self::name(after);
        let after = after.strip_prefix("=\"").expect("a value");
        let (value, after) = after.split_once('"').expect("the end of a value");
        let value = unescaped(value);
        match name {
            "xmlns" => namespace = Some(value),
            _ => {
                assert!(
                    node.attributes.iter().all(|(other, _)| other != name),
                    "{name} twice"
                );
                node.attributes.push((name.to_owned(), value));
            }
        }
        rest = after;
    }
    let expected = is_root.then(|| "http://hl7.org/fhir".to_owned());
    assert_eq!(namespace, expected, "{}", node.name);
    if let Some(after) = rest.strip_prefix("/>") {
        return (node, after);
    }
    rest = rest
        .strip_prefix('>')
        .expect("the end of a tag")
        .trim_start();
    while !rest.starts_with("</") {
        let (child, after) = element(rest, false);
        node.children.push(child);
        rest = after.trim_start();
    }
    let end = format!("</{}>", node.name);
    let after = rest.strip_prefix(&*end);
    let after = after.unwrap_or_else(|| panic!("no {end}"));
    assert!(!node.children.is_empty(), "{} has nothing in it", node.name);
    (node, after)
}

fn name(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric());
    let (name, rest) = text.split_at(end.expect("what follows a name"));
    assert!(
        name.starts_with(|c: char| c.is_ascii_alphabetic()),
        "{name}"
    );
    (name, rest)
}

fn unescaped(value: &str) -> String {
    assert!(!value.contains('<'));
    let mut parts = value.split('&');
    let blanks = |text: &str| text.replace(['\t', '\n', '\r'], " ");
    let mut out = blanks(parts.next().unwrap_or_default());
    for part in parts {
        let (name, text) = part.split_once(';').expect("the end of a reference");
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = name.strip_prefix('#').expect("a known entity");
                let letter = char::from_u32(number.parse().expect("a number")).expect("a letter");
                assert!(letter >= ' ' || matches!(letter, '\t' | '\n' | '\r'));
                letter
            }
        });
        out.push_str(&blanks(text));
    }
    out
}

/// What a resource's JSON is in XML (<http://hl7.org/fhir/R4/xml.html>).
#[track_caller]
pub fn expected(resource: &Value) -> Node {
    let name = resource["resourceType"].as_str().expect("a resource");
    let structure = structure(name).expect("a type of R4");
    let mut node = Node::new(name);
    fill(
        &mut node,
        resource.as_object().expect("an object"),
        structure,
        1,
    );
    node
}

/// Adds what an object has, in the order of R4. `known`: properties of it that are none of the structure's.
fn fill(node: &mut Node, object: &Map<String, Value>, structure: &'static Structure, known: usize) {
    let is_resource = known == 1;
    let mut seen = known;
    for property in structure.properties() {
        let name = property.json_name();
        let value = object.get(&*name);
        let beside = object.get(&format!("_{name}"));
        seen += usize::from(value.is_some()) + usize::from(beside.is_some());
        let is_attribute = (&*name == "id" && !is_resource)
            || (&*name == "url" && structure.name() == "Extension");
        if let Some(value) = value.filter(|_| is_attribute) {
            let text = value.as_str().expect("text");
            node.attributes.push((name.into_owned(), text.to_owned()));
            continue;
        }
        let count = list(value).len().max(list(beside).len());
        for place in 0..count {
            let value = list(value).get(place).filter(|value| !value.is_null());
            let beside = list(beside).get(place).and_then(Value::as_object);
            let mut child = Node::new(&name);
            match property.kind() {
                TypeKind::Primitive(_) => {
                    let element = pilaster::fhir::structure("Element").expect("of R4");
                    if let Some(beside) = beside {
                        fill(&mut child, beside, element, 0);
                    }
                    if let Some(value) = value {
                        let text = value
                            .as_str()
                            .map_or_else(|| value.to_string(), str::to_owned);
                        child.attributes.push(("value".to_owned(), text));
                    }
                }
                TypeKind::Resource => child.children.push(expected(value.expect("a resource"))),
                TypeKind::Complex | TypeKind::Backbone | TypeKind::Extension => {
                    let inner = property.structure();
                    let inner = inner.or_else(|| pilaster::fhir::structure("Extension"));
                    let object = value.and_then(Value::as_object).expect("an object");
                    fill(&mut child, object, inner.expect("a structure"), 0);
                }
            }
            node.children.push(child);
        }
    }
    assert_eq!(
        seen,
        object.len(),
        "{} has what R4 has not",
        structure.name()
    );
}

fn list(value: Option<&Value>) -> &[Value] {
    match value {
        None => &[],
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
    }
}
