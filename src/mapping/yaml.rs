//! YAML text → a tree in which every key and value knows its place.
//!
//! Scalars stay the text that was written, with nothing guessed from its looks: `NO` is the two
//! letters, `1.10` keeps its zero and `01` its nought, because a constant's type follows from the
//! element that it stands in and not from YAML. The tree is made from serde-saphyr's event stream, since
//! its deserializer would give values without the style and place of each.
//!
//! Bounded: nesting is at most [`MAX_DEPTH`] deep, and anchors, aliases and tags are refused, so
//! that the tree is never larger than the text.

use std::collections::HashMap;
use std::ops::Range;

use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, ScanError, StructureStyle};

/// How deep lists and mappings may nest. FHIR's deepest examples use about twenty.
pub const MAX_DEPTH: usize = 64;

/// A range of bytes in the file.
pub type Span = Range<usize>;

/// A value of the file.
#[derive(Debug, Clone)]
pub struct Node {
    pub value: Value,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Pair>),
}

/// A scalar as it was written.
#[derive(Debug, Clone)]
pub struct Scalar {
    pub text: String,
    /// Neither in quotes nor a block: `null` and `~` mean nothing only then.
    pub plain: bool,
}

/// A key and its value. A key stands once in a mapping.
#[derive(Debug, Clone)]
pub struct Pair {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

impl Node {
    pub fn as_map(&self) -> Option<&[Pair]> {
        match &self.value {
            Value::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// The text of a scalar, unless it is null.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) if !self.is_null() => Some(&scalar.text),
            _ => None,
        }
    }

    /// Nothing was written, or `null` or `~` without quotes.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar)
            if scalar.plain && matches!(scalar.text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What it is, for a sentence: `a list`.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Scalar(_) => "text",
            Value::List(entries) if entries.is_empty() => "an empty list",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The entries of a list, or the one value that stands for a list of one.
    pub fn entries(&self) -> &[Node] {
        match &self.value {
            Value::List(entries) => entries,
            _ => std::slice::from_ref(self),
        }
    }
}

/// The pair of a key.
pub fn get<'a>(pairs: &'a [Pair], key: &str) -> Option<&'a Pair> {
    pairs.iter().find(|pair| pair.key == key)
}

/// What is wrong with a text as YAML, or as the part of YAML that mappings use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The text is not YAML; nothing after the place was read.
    Syntax { message: String, span: Span },
    /// Anchors, aliases, tags, several documents, keys that are not text, too deep a nesting.
    Unsupported { what: &'static str, span: Span },
    /// The key stands twice in one mapping; the first is kept.
    Duplicate {
        key: String,
        span: Span,
        first: Span,
        /// The value that is kept.
        kept: Span,
    },
}

/// A file's tree, as far as it could be read, and its problems.
#[derive(Debug)]
pub struct Tree {
    /// None where the file is empty or could not be read.
    pub root: Option<Node>,
    pub problems: Vec<Problem>,
}

/// Reads one document.
pub fn parse(text: &str) -> Tree {
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    // An anchor's own place: that of what it names may be lines below.
    options.emit_anchor_events = true;
    options.disallow_directives = true;
    let mut reader = Reader {
        events: Parser::new_from_str_with_options(text, options),
        problems: Vec::new(),
        length: text.len(),
    };
    // Where reading had to stop, the problem is noted, and there is no tree.
    let root = reader.document().unwrap_or_default();
    Tree {
        root,
        problems: reader.problems,
    }
}

/// Reading cannot go on; the problem is already noted.
struct Stop;

type Events<'a> = Parser<'a, granit_parser::StrInput<'a>>;

struct Reader<'a> {
    events: Events<'a>,
    problems: Vec<Problem>,
    length: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        let mut documents = 0;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        self.unsupported("a second document in one file", span);
                        return Err(Stop);
                    }
                }
                Event::StreamEnd => break,
                event => root = Some(self.node(event, span, 0)?),
            }
        }
        Ok(root.filter(|node: &Node| !node.is_null()))
    }

    /// The next event that is part of the data.
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Stop> {
        loop {
            match self.events.next_event() {
                None => return Ok(None),
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok((event, span))) => {
                    let start = offset(&span.start).min(self.length);
                    let end = offset(&span.end).clamp(start, self.length);
                    match event {
                        Event::Anchor(..) => self.unsupported("an anchor", start..end),
                        event => return Ok(Some((event, start..end))),
                    }
                }
                Some(Err(error)) => {
                    self.syntax(&error);
                    return Err(Stop);
                }
            }
        }
    }

    fn syntax(&mut self, error: &ScanError) {
        let at = offset(error.marker()).min(self.length);
        self.problems.push(Problem::Syntax {
            message: error.info().to_string(),
            span: at..at,
        });
    }

    fn unsupported(&mut self, what: &'static str, span: Span) {
        self.problems.push(Problem::Unsupported { what, span });
    }

    /// An event inside a list or mapping, where the stream cannot end without an error of the
    /// parser's own.
    fn inner(&mut self) -> Result<(Event<'a>, Span), Stop> {
        match self.next()? {
            Some(next) => Ok(next),
            None => Err(Stop),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Stop> {
        if depth > MAX_DEPTH {
            self.unsupported("lists and mappings nested more than 64 deep", span);
            return Err(Stop);
        }
        if event.tag().is_some() {
            self.unsupported("a tag", span.clone());
        }
        match event {
            Event::Scalar(text, style, ..) => Ok(Node {
                value: Value::Scalar(Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                }),
                span,
            }),
            Event::SequenceStart(style, ..) => self.list(span, style, depth),
            Event::MappingStart(style, ..) => self.map(span, style, depth),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.unsupported("an alias", span.clone());
                Ok(Node {
                    value: Value::Scalar(Scalar {
                        text: String::new(),
                        plain: true,
                    }),
                    span,
                })
            }
            // Nothing else stands where a node is expected.
            _ => Err(Stop),
        }
    }

    fn list(&mut self, start: Span, style: StructureStyle, depth: usize) -> Result<Node, Stop> {
        let mut entries: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.inner()?;
            if matches!(event, Event::SequenceEnd) {
                let end = end_of(
                    style,
                    &span,
                    entries.last().map(|node| node.span.end),
                    &start,
                );
                return Ok(Node {
                    value: Value::List(entries),
                    span: start.start..end,
                });
            }
            entries.push(self.node(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, start: Span, style: StructureStyle, depth: usize) -> Result<Node, Stop> {
        let mut pairs: Vec<Pair> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut last = None;
        loop {
            let (event, span) = self.inner()?;
            if matches!(event, Event::MappingEnd) {
                let end = end_of(style, &span, last, &start);
                return Ok(Node {
                    value: Value::Map(pairs),
                    span: start.start..end,
                });
            }
            let key = self.node(event, span, depth + 1)?;
            let (event, span) = self.inner()?;
            let is_alias = event.is_alias();
            let value = self.node(event, span, depth + 1)?;
            last = Some(value.span.end.max(key.span.end));
            let text = match key.value {
                Value::Scalar(scalar) => scalar.text,
                Value::List(_) | Value::Map(_) => {
                    self.unsupported("a key that is not text", key.span);
                    continue;
                }
            };
            // Refused; what it stands for is not missed a second time.
            if is_alias {
                continue;
            }
            if let Some(first) = places.get(&text).and_then(|place| pairs.get(*place)) {
                self.problems.push(Problem::Duplicate {
                    key: text,
                    span: key.span,
                    first: first.key_span.clone(),
                    kept: first.value.span.clone(),
                });
                continue;
            }
            places.insert(text.clone(), pairs.len());
            pairs.push(Pair {
                key: text,
                key_span: key.span,
                value,
            });
        }
    }
}

fn offset(marker: &granit_parser::Marker) -> usize {
    // A reader over a &str always has byte offsets.
    marker.byte_offset().unwrap_or_else(|| marker.index())
}

/// A block ends with its last entry (its end event stands at the next token, lines below); `{…}`
/// and `[…]` with the bracket.
fn end_of(style: StructureStyle, end: &Span, last: Option<usize>, start: &Span) -> usize {
    match (style, last) {
        (StructureStyle::Flow, _) => end.end,
        (_, Some(last)) => last,
        (_, None) => start.end,
    }
}

/// The place in the file of a range of a scalar's text.
///
/// `source` is the file. The characters that are not blank stand in both in the same order (folding
/// and indentation change blanks only), so the place is found by counting them. An escape in double
/// quotes that stands for another character breaks that; then the whole scalar is the answer.
pub fn locate(source: &str, node: &Node, range: Span) -> Span {
    let (Value::Scalar(scalar), Some(raw)) = (&node.value, source.get(node.span.clone())) else {
        return node.span.clone();
    };
    let body = match raw.bytes().next() {
        Some(quote @ (b'\'' | b'"')) if !scalar.plain => {
            if quote == b'"' && raw.contains('\\') {
                return node.span.clone();
            }
            1
        }
        Some(b'|' | b'>') if !scalar.plain => raw.find('\n').map_or(0, |at| at + 1),
        _ => 0,
    };
    let single = raw.starts_with('\'') && !scalar.plain;
    let visible = |end: usize| {
        let text = scalar.text.get(..end).unwrap_or(&scalar.text);
        text.chars().filter(|c| !c.is_whitespace()).count()
    };
    let (first, last) = (visible(range.start), visible(range.end.max(range.start)));
    // The start of the `count`th visible character, or the end of the one before.
    let place = |count: usize, after: bool| -> usize {
        let wanted = if after {
            count.saturating_sub(1)
        } else {
            count
        };
        let mut seen = 0;
        let mut end = body;
        let mut characters = raw[body..].char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            if c.is_whitespace() {
                continue;
            }
            if seen == wanted {
                let at = body + at;
                return if after { at + c.len_utf8() } else { at };
            }
            seen += 1;
            end = body + at + c.len_utf8();
            // '' in single quotes is one.
            if single && c == '\'' && characters.peek().is_some_and(|(_, next)| *next == '\'') {
                characters.next();
            }
        }
        end
    };
    let start = node.span.start + place(first, false);
    let end = if last > first {
        node.span.start + place(last, true)
    } else {
        start
    };
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Node {
        let tree = parse(text);
        assert_eq!(tree.problems, []);
        tree.root.unwrap()
    }

    #[test]
    fn scalars_stay_as_they_are_written() {
        let node = root("a: NO\nb: 1.10\nc: 01\nd: '~'\ne: ~\nf: 2020-01-01\n");
        let texts: Vec<_> = node
            .as_map()
            .unwrap()
            .iter()
            .map(|pair| pair.value.as_text())
            .collect();
        assert_eq!(
            texts,
            [
                Some("NO"),
                Some("1.10"),
                Some("01"),
                Some("~"),
                None,
                Some("2020-01-01")
            ]
        );
    }

    #[test]
    fn spans_cover_keys_and_values() {
        let text = "name:\n  - { family: $p.X, given: [ $p.É ] }\n  - b\nrest: 'it''s'\n";
        let node = root(text);
        let pairs = node.as_map().unwrap();
        assert_eq!(&text[pairs[0].key_span.clone()], "name");
        assert_eq!(
            &text[pairs[0].value.span.clone()],
            "- { family: $p.X, given: [ $p.É ] }\n  - b"
        );
        let entry = &pairs[0].value.entries()[0];
        assert_eq!(
            &text[entry.span.clone()],
            "{ family: $p.X, given: [ $p.É ] }"
        );
        assert_eq!(&text[pairs[1].value.span.clone()], "'it''s'");
        assert_eq!(pairs[1].value.as_text(), Some("it's"));
    }

    #[test]
    fn what_mappings_do_not_use_is_refused() {
        let what = |text: &str| match parse(text).problems.first() {
            Some(Problem::Unsupported { what, .. }) => *what,
            other => panic!("{other:?}"),
        };
        assert_eq!(what("a: &x 1\nb: *x\n"), "an anchor");
        assert_eq!(what("a: !!str 1\n"), "a tag");
        assert_eq!(what("a: 1\n---\nb: 1\n"), "a second document in one file");
        assert_eq!(what("[a, b]: 1\n"), "a key that is not text");
        assert_eq!(
            what(&format!("a: {}1{}", "[".repeat(100), "]".repeat(100))),
            "lists and mappings nested more than 64 deep"
        );
    }

    #[test]
    fn duplicate_keys_are_found_and_the_first_kept() {
        let tree = parse("a: 1\nb: 2\na: 3\n");
        assert_eq!(
            tree.problems,
            [Problem::Duplicate {
                key: "a".into(),
                span: 10..11,
                first: 0..1,
                kept: 3..4,
            }]
        );
        let root = tree.root.unwrap();
        assert_eq!(
            get(root.as_map().unwrap(), "a").unwrap().value.as_text(),
            Some("1")
        );
    }

    #[test]
    fn an_empty_file_has_no_root() {
        assert!(parse("# nothing\n").root.is_none());
        assert!(parse("").root.is_none());
        assert!(matches!(
            parse("a: [1").problems[..],
            [Problem::Syntax { .. }]
        ));
    }

    #[test]
    fn places_inside_scalars_survive_folding_and_quotes() {
        let at = |text: &str, word: &str| {
            let node = root(text);
            let value = &node.as_map().unwrap()[0].value;
            let start = value.as_text().unwrap().find(word).unwrap();
            let span = locate(text, value, start..start + word.len());
            text[span].to_owned()
        };
        assert_eq!(at("a: EMAIL as e on x\n   where e.R = 1\n", "e.R"), "e.R");
        assert_eq!(at("a: 'p.X = ''y'' and p.Z'\n", "p.Z"), "p.Z");
        assert_eq!(at("a: \"p.X  and p.Z\"\n", "p.Z"), "p.Z");
        assert_eq!(at("a: |\n  p.X\n  p.Z é\n", "é"), "é");
        assert_eq!(at("a: >-\n  p.X\n  p.Z\n", "p.Z"), "p.Z");
        assert_eq!(at("a: \"p.\\u0058 p.Z\"\n", "p.Z"), "\"p.\\u0058 p.Z\"");
    }
}
