//! R4's JSON → R4's XML (<http://hl7.org/fhir/R4/xml.html>), of the same content.
//!
//! JSON is read into fhirbolt's element model, strictly: what R4 does not define is an error and never left
//! out. Its path knows what is a list, a primitive or another resource, and the order of elements. A
//! primitive's value, the `id` of an element and the `url` of an extension are attributes there; all else is
//! an element.
//!
//! fhirbolt's own writer is not used, for what it writes is not always the same content: line feeds and tabs
//! stand raw in attributes, where a reader makes blanks of them (XML 1.0 §3.3.3); characters that XML forbids
//! stand there too, so that no reader takes the document; narratives lose the blanks between their elements;
//! and all is indented, asked for or not.
//!
//! XML cannot say the characters below the blank, besides tab, line feed and carriage return, nor U+FFFE and
//! U+FFFF. R4's strings have none of the former and rows lose them on their way to JSON; what is left of
//! either becomes U+FFFD, so that nothing that was there turns out empty.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use fhirbolt::FhirReleases;
use fhirbolt::element::{Primitive, Value};
use fhirbolt_shared::path::ElementPath;

use crate::fhir::xhtml::is_char;

type Element = fhirbolt::element::Element<{ FhirReleases::R4 }>;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
const NAMESPACE: &str = "http://hl7.org/fhir";
/// What stands for a character that XML cannot hold.
const REPLACEMENT: &str = "\u{fffd}";
/// The attributes of an element, in R4's order.
const ATTRIBUTES: [&str; 3] = ["id", "url", "value"];

/// Why JSON has no XML. Says nothing of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    #[error("the JSON is no resource of R4")]
    NotR4,
}

/// The XML of a resource's JSON, a Bundle's too; indented by two blanks a level if that is asked for.
///
/// # Errors
/// When the JSON has what R4 does not define, or does not begin with its `resourceType`.
pub fn from_json(json: &[u8], indented: bool) -> Result<Vec<u8>, XmlError> {
    let json = with_exact_numbers(json);
    let resource: Element = fhirbolt::json::from_slice(&json, None).map_err(|_| XmlError::NotR4)?;
    let mut writer = Writer {
        out: String::with_capacity(json.len() + json.len() / 2),
        path: ElementPath::new(FhirReleases::R4),
        depth: 0,
        indented,
    };
    writer.out.push_str(DECLARATION);
    writer.resource(&resource)?;
    if indented {
        writer.out.push('\n');
    }
    Ok(writer.out.into_bytes())
}

/// fhirbolt reads a whole number into 64 bits with a sign, whether it fits or not; with an exponent it is kept
/// as it is written. [`EXACT`] ends no number that is served, and is taken off again.
fn with_exact_numbers(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let mut copied = 0;
    let mut place = 0;
    while let Some(&byte) = json.get(place) {
        match byte {
            b'"' => place = end_of_string(json, place),
            b'-' | b'0'..=b'9' => {
                let length = json[place..]
                    .iter()
                    .take_while(|b| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                    .count();
                let number = &json[place..place + length];
                place += length;
                let is_whole = number[1..].iter().all(u8::is_ascii_digit);
                if is_whole && (length > SURELY_EXACT || number == b"-0") {
                    out.extend_from_slice(&json[copied..place]);
                    out.extend_from_slice(EXACT.as_bytes());
                    copied = place;
                }
            }
            _ => place += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    out.extend_from_slice(&json[copied..]);
    Cow::Owned(out)
}

/// As many characters as fit 64 bits, whatever they are.
const SURELY_EXACT: usize = 18;
const EXACT: &str = "e+0";

/// The place after a string that begins at `start`.
fn end_of_string(json: &[u8], start: usize) -> usize {
    let mut place = start + 1;
    while let Some(byte) = json.get(place) {
        match byte {
            b'"' => return place + 1,
            b'\\' => place += 2,
            _ => place += 1,
        }
    }
    place
}

struct Writer {
    out: String,
    /// Where in R4's definitions the writer is.
    path: ElementPath,
    depth: usize,
    indented: bool,
}

impl Writer {
    fn resource(&mut self, resource: &Element) -> Result<(), XmlError> {
        let Some(Value::Primitive(Primitive::String(name))) = resource.get("resourceType") else {
            return Err(XmlError::NotR4);
        };
        let is_outermost = self.path.is_empty();
        self.path.push(name);
        self.begin(name);
        if is_outermost {
            self.attribute("xmlns", NAMESPACE);
        }
        self.content(name, resource)?;
        self.path.pop();
        Ok(())
    }

    /// An element at the path.
    fn element(&mut self, name: &str, element: &Element) -> Result<(), XmlError> {
        if let Some(Value::Primitive(_)) = element.get("resourceType") {
            self.begin(name);
            self.out.push('>');
            self.depth += 1;
            self.resource(element)?;
            self.depth -= 1;
            self.end(name);
            return Ok(());
        }
        if name == "div"
            && let Some(Value::Primitive(Primitive::String(xhtml))) = element.get("value")
        {
            self.new_line();
            push_markup(&mut self.out, xhtml);
            return Ok(());
        }
        self.begin(name);
        for name in ATTRIBUTES {
            if let Some(Value::Primitive(value)) = element.get(name) {
                self.attribute(name, &text(value));
            }
        }
        self.content(name, element)
    }

    /// Ends a start tag, and writes what is in the element, and its end.
    fn content(&mut self, name: &str, element: &Element) -> Result<(), XmlError> {
        let mut children: Vec<(&str, &Value<{ FhirReleases::R4 }>)> = element
            .iter()
            .filter(|(_, value)| !matches!(value, Value::Primitive(_)))
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        if children.is_empty() {
            self.out.push_str("/>");
            return Ok(());
        }
        if children.len() > 1 {
            children.sort_by_cached_key(|(name, _)| self.path.position_of_child(name));
        }
        self.out.push('>');
        self.depth += 1;
        for (name, value) in children {
            self.path.push(name);
            match value {
                Value::Element(element) => self.element(name, element)?,
                Value::Sequence(elements) => {
                    for element in elements {
                        self.element(name, element)?;
                    }
                }
                Value::Primitive(_) => {}
            }
            self.path.pop();
        }
        self.depth -= 1;
        self.end(name);
        Ok(())
    }

    fn begin(&mut self, name: &str) {
        self.new_line();
        self.out.push('<');
        self.out.push_str(name);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        push_escaped(&mut self.out, value);
        self.out.push('"');
    }

    fn end(&mut self, name: &str) {
        self.new_line();
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn new_line(&mut self) {
        if self.indented {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.depth));
        }
    }
}

fn text(value: &Primitive) -> Cow<'_, str> {
    match value {
        Primitive::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Primitive::Integer(value) => Cow::Owned(value.to_string()),
        Primitive::Integer64(value) => Cow::Owned(value.to_string()),
        Primitive::Decimal(value) => Cow::Borrowed(value.strip_suffix(EXACT).unwrap_or(value)),
        Primitive::String(value) => Cow::Borrowed(value),
    }
}

/// Appends the value of an attribute. What a reader would take for a blank is written by its number.
fn push_escaped(out: &mut String, text: &str) {
    push_replaced(out, text, |letter| match letter {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\t' => Some("&#9;"),
        '\n' => Some("&#10;"),
        '\r' => Some("&#13;"),
        _ => None,
    });
}

/// Appends a narrative, which is XHTML as it stands.
fn push_markup(out: &mut String, xhtml: &str) {
    push_replaced(out, xhtml, |_| None);
}

fn push_replaced(out: &mut String, text: &str, replacement: impl Fn(char) -> Option<&'static str>) {
    let mut from = 0;
    for (place, letter) in text.char_indices() {
        let instead = match replacement(letter) {
            None if !is_char(letter) => REPLACEMENT,
            None => continue,
            Some(instead) => instead,
        };
        out.push_str(&text[from..place]);
        out.push_str(instead);
        from = place + letter.len_utf8();
    }
    out.push_str(&text[from..]);
}
