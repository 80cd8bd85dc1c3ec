//! Findings, and the texts of the mapping's files → what a person reads: each finding with its line of the file.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Finding, Report};
use crate::mapping::Severity;

/// A longer line is not shown, in bytes.
const MAX_LINE: usize = 2000;

impl Report {
    /// The text for a terminal. `text` gives the text of a file of the mapping; of one that it does not have, the place
    /// alone is shown. `path` gives the way to a file, as it is shown.
    pub fn render<'t>(
        &self,
        text: impl Fn(&str) -> Option<&'t str>,
        path: impl Fn(&str) -> Arc<str>,
        colour: bool,
    ) -> String {
        let renderer = match colour {
            true => Renderer::styled(),
            false => Renderer::plain(),
        };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut out = String::new();
        for finding in &self.findings {
            let file = &finding.place.file;
            let path = path(file);
            let group = group(finding, text(file), &path);
            out.push_str(renderer.render(&[group]).trim_end());
            out.push_str("\n\n");
        }
        out.push_str(&self.count());
        out
    }
}

impl Finding {
    /// The line of a file's text that declares what the finding is about, and where in it, in bytes. None of a file that
    /// has no such line, or one too long to be shown.
    pub fn declared<'t>(&self, text: &'t str) -> Option<(&'t str, Range<usize>)> {
        let before = (self.place.line as usize).checked_sub(1)?;
        let line = text.lines().nth(before)?;
        let name = self.column.as_deref().unwrap_or(&self.table);
        (line.len() <= MAX_LINE).then(|| (line, declared(line, name)))
    }
}

fn group<'a>(finding: &'a Finding, text: Option<&'a str>, path: &'a str) -> Group<'a> {
    let level = match finding.kind.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning if finding.kind.is_note() => Level::NOTE,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(finding.message.as_str())
        .id(finding.kind.code());
    let number = finding.place.line as usize;
    let placed = match text.and_then(|text| finding.declared(text)) {
        Some((line, declared)) => {
            let snippet = Snippet::source(line)
                .line_start(number)
                .path(path)
                .annotation(AnnotationKind::Primary.span(declared));
            title.element(snippet)
        }
        None => title.element(Origin::path(path).line(number)),
    };
    placed.element(Level::HELP.message(finding.remedy.as_str()))
}

/// Where a line declares a name: there it is a key, with a colon behind it. In a line of several declarations the name
/// may stand before that too, as a table's key. The whole line, where it is written otherwise.
fn declared(line: &str, name: &str) -> Range<usize> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '#');
    let places = line.match_indices(name).map(|(at, _)| at..at + name.len());
    let mut keys = places.filter(|place| {
        let before = line[..place.start].chars().next_back();
        let after = line[place.end..]
            .trim_start_matches(['"', '\''])
            .trim_start();
        !before.is_some_and(is_name) && after.starts_with(':')
    });
    let start = line.len() - line.trim_start().len();
    keys.next()
        .unwrap_or(start..line.trim_end().len().max(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_found_in_its_line() {
        for (line, name, found) in [
            ("    SURNAME: char(40)", "SURNAME", "SURNAME"),
            ("T: { key: ID, columns: { ID: int, PID: int } }", "ID", "ID"),
            ("  \"Last Seen\": datetime", "Last Seen", "Last Seen"),
            ("  - é, SURNAMES: x ", "SURNAME", "- é, SURNAMES: x"),
        ] {
            assert_eq!(&line[declared(line, name)], found, "{line}");
        }
        let line = "T: { key: ID, columns: { ID: int, PID: int } }";
        assert_eq!(declared(line, "ID").start, 25);
        assert_eq!(declared("", "X"), 0..0);
    }
}
