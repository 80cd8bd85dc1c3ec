//! The trees of a mapping's files → which lines say a part of it.
//!
//! A checked mapping knows a part by the place where it begins. Who shows an author why a command has a condition or
//! a join wants the lines from there to the part's end, with their text as it was when the mapping was loaded, which
//! need not be what the file holds by now.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::diagnostic::SourceFile;
use super::model::Place;
use super::yaml::{Node, Pair, Value};

/// The lines of a mapping's files.
#[derive(Debug, Default)]
pub struct Lines {
    files: BTreeMap<Arc<str>, File>,
}

#[derive(Debug)]
struct File {
    source: SourceFile,
    /// Of each line on which a key or an entry begins: the last line of the longest that does.
    ends: HashMap<u32, u32>,
    /// Where the keys at the top of the file begin, and those right below them.
    sections: HashMap<Box<str>, Section>,
}

#[derive(Debug)]
struct Section {
    line: u32,
    inner: HashMap<Box<str>, u32>,
}

/// Lines of a file that follow each other, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// The file, relative to the mapping's folder.
    pub file: Arc<str>,
    /// Counted from 1.
    pub first: u32,
    pub last: u32,
}

impl Lines {
    /// Of files with their trees.
    pub(super) fn of<'a>(files: impl Iterator<Item = (&'a SourceFile, &'a Node)>) -> Lines {
        Lines {
            files: files
                .map(|(source, root)| (Arc::clone(&source.path), File::new(source, root)))
                .collect(),
        }
    }

    /// From a place to the end of what begins there. A place of no file that is known is one line.
    pub fn extent(&self, place: &Place) -> Extent {
        let ends = self.files.get(&place.file).map(|file| &file.ends);
        let last = ends.and_then(|ends| ends.get(&place.line));
        Extent {
            file: Arc::clone(&place.file),
            first: place.line,
            last: last.copied().unwrap_or(place.line),
        }
    }

    /// What a key at the top of a file says: `table`.
    pub fn section(&self, file: &str, key: &str) -> Option<Extent> {
        let file = self.files.get(file)?;
        Some(file.extent(file.sections.get(key)?.line))
    }

    /// What a key right below one at the top of a file says: `patient` of `lookups`.
    pub fn inner(&self, file: &str, section: &str, key: &str) -> Option<Extent> {
        let file = self.files.get(file)?;
        let line = file.sections.get(section)?.inner.get(key)?;
        Some(file.extent(*line))
    }

    /// The text of a line, counted from 1, without its end; None where the file has no such line.
    pub fn text(&self, file: &str, line: u32) -> Option<&str> {
        let source = &self.files.get(file)?.source;
        let text = source.text.get(source.line(line))?;
        let is_there = line > 0 && source.line_of(source.line(line).start) == line;
        is_there.then(|| text.trim_end_matches('\r'))
    }
}

impl File {
    fn new(source: &SourceFile, root: &Node) -> File {
        let mut file = File {
            source: source.clone(),
            ends: HashMap::new(),
            sections: HashMap::new(),
        };
        file.note(root);
        for pair in root.as_map().unwrap_or_default() {
            let section = Section {
                line: file.line_of(pair),
                inner: pair
                    .value
                    .as_map()
                    .unwrap_or_default()
                    .iter()
                    .map(|inner| (inner.key.as_str().into(), file.line_of(inner)))
                    .collect(),
            };
            file.sections.insert(pair.key.as_str().into(), section);
        }
        file
    }

    fn line_of(&self, pair: &Pair) -> u32 {
        self.source.line_of(pair.key_span.start)
    }

    fn extent(&self, line: u32) -> Extent {
        Extent {
            file: Arc::clone(&self.source.path),
            first: line,
            last: self.ends.get(&line).copied().unwrap_or(line),
        }
    }

    /// Notes the ends of all that is in a node; gives the last byte of it that is no blank. The tree is as deep as its
    /// reader allows.
    fn note(&mut self, node: &Node) -> usize {
        let text = Arc::clone(&self.source.text);
        let written = text.get(node.span.clone()).unwrap_or_default().trim_end();
        let own = node.span.start + written.len().saturating_sub(1);
        match &node.value {
            Value::Scalar(_) => own,
            Value::List(entries) => {
                let mut end = node.span.start;
                for entry in entries {
                    let last = self.note(entry);
                    self.ends_at(entry.span.start, last);
                    end = end.max(last);
                }
                closed(end, own, written)
            }
            Value::Map(pairs) => {
                let mut end = node.span.start;
                for pair in pairs {
                    let last = self.note(&pair.value).max(pair.key_span.start);
                    self.ends_at(pair.key_span.start, last);
                    end = end.max(last);
                }
                closed(end, own, written)
            }
        }
    }

    fn ends_at(&mut self, start: usize, last: usize) {
        let (first, last) = (self.source.line_of(start), self.source.line_of(last));
        let end = self.ends.entry(first).or_insert(last);
        *end = last.max(*end);
    }
}

/// A bracket ends what is in it; else the span of a block may reach to what follows, comments included.
fn closed(inner: usize, own: usize, written: &str) -> usize {
    let is_bracketed = written.starts_with(['{', '[']) && written.ends_with(['}', ']']);
    if is_bracketed { inner.max(own) } else { inner }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::yaml;

    const TEXT: &str = "\
resource: Patient
table: PATIENTS as p

lookups:
  title: TITLES on title.CODE = p.TITLE
  # Of the practice.
  user: >
    USERS on user.ID = p.USER

elements:
  name:
    - family: $p.SURNAME
      given: [ $p.FIRST,
               $p.MIDDLE ]
  # The day only.
  birthDate: $p.DOB
";

    fn lines() -> Lines {
        let source = SourceFile::new("patient.yaml", TEXT);
        let root = yaml::parse(TEXT).root.expect("a tree");
        Lines::of([(&source, &root)].into_iter())
    }

    fn extent(line: u32) -> (u32, u32) {
        let place = Place {
            file: "patient.yaml".into(),
            line,
        };
        let extent = lines().extent(&place);
        (extent.first, extent.last)
    }

    #[test]
    fn a_part_ends_where_it_ends_and_not_where_the_next_begins() {
        assert_eq!(extent(1), (1, 1));
        assert_eq!(extent(5), (5, 5));
        assert_eq!(extent(7), (7, 8));
        assert_eq!(extent(11), (11, 14));
        assert_eq!(extent(12), (12, 14), "the entry that begins there");
        assert_eq!(extent(13), (13, 14));
        assert_eq!(extent(16), (16, 16));
        assert_eq!(extent(99), (99, 99));
    }

    #[test]
    fn keys_are_found_by_name() {
        let lines = lines();
        let section = |key| {
            lines
                .section("patient.yaml", key)
                .map(|it| (it.first, it.last))
        };
        assert_eq!(section("table"), Some((2, 2)));
        assert_eq!(section("lookups"), Some((4, 8)));
        assert_eq!(section("rows"), None);
        let inner = lines.inner("patient.yaml", "lookups", "user");
        assert_eq!(inner.map(|it| (it.first, it.last)), Some((7, 8)));
        assert_eq!(lines.inner("patient.yaml", "lookups", "kin"), None);
        assert_eq!(lines.section("other.yaml", "table"), None);
    }

    #[test]
    fn a_line_is_as_it_was_written() {
        let lines = lines();
        assert_eq!(lines.text("patient.yaml", 2), Some("table: PATIENTS as p"));
        assert_eq!(lines.text("patient.yaml", 3), Some(""));
        assert_eq!(lines.text("patient.yaml", 99), None);
        assert_eq!(lines.text("patient.yaml", 0), None);
    }
}
