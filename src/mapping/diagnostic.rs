//! Problems of a mapping, and how they are shown.
//!
//! A [`Diagnostic`] says which [`Rule`] is broken, where, what was found, and what to do. The
//! loader collects all of a folder's; [`Diagnostics`] renders them as rustc does, sorted by file
//! and place. What they quote is the mapping's own text, never a request's or a row's.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::model::Place;
use super::rules::{Rule, Severity};
use super::yaml::Span;

/// The longest line, and the longest stretch of lines between two places, that are handed to the
/// renderer, in bytes.
const MAX_LINE: usize = 2000;
const MAX_SHOWN: usize = 200_000;

/// More than these are counted, not kept: a file of another kind would give thousands.
const MAX_KEPT: usize = 500;

/// A file of the mapping's folder.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the mapping's folder, with `/`.
    pub path: Arc<str>,
    pub text: Arc<str>,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl SourceFile {
    pub fn new(path: &str, text: &str) -> SourceFile {
        let mut lines = vec![0];
        lines.extend(
            text.bytes()
                .enumerate()
                .filter(|(_, b)| *b == b'\n')
                .map(|(at, _)| at + 1),
        );
        SourceFile {
            path: Arc::from(path),
            text: Arc::from(text),
            lines,
        }
    }

    /// The line of a byte, counted from 1.
    fn line_of(&self, at: usize) -> u32 {
        to_u32(self.lines.partition_point(|start| *start <= at).max(1))
    }

    /// The column of a byte, in characters, counted from 1. It reads the line up to there.
    fn column_of(&self, at: usize) -> u32 {
        let start = self.line(self.line_of(at)).start;
        let column = self
            .text
            .get(start..at)
            .map_or(0, |text| text.chars().count());
        to_u32(column + 1)
    }

    /// The bytes of a line, counted from 1, without its end.
    fn line(&self, line: u32) -> Span {
        let index = (line as usize).clamp(1, self.lines.len()) - 1;
        let start = self.lines[index];
        let end = self
            .lines
            .get(index + 1)
            .map_or(self.text.len(), |next| next - 1);
        start..end.max(start)
    }
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// One problem.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    pub rule: &'static Rule,
    /// One line: what was found.
    pub message: String,
    /// Counted from 1, in characters.
    pub column: u32,
    pub place: Place,
    /// The bytes of the file that the problem is about.
    pub span: Span,
    /// What to say at the place itself.
    pub label: String,
    /// Other places of the same file that belong to it.
    pub related: Vec<(Span, String)>,
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    file: usize,
    unseen: bool,
}

impl Diagnostic {
    /// `PM011`
    pub fn code(&self) -> &'static str {
        self.rule.code
    }

    pub fn severity(&self) -> Severity {
        self.rule.severity
    }
}

/// All problems of a mapping, in the order of its files.
///
/// `Display` is the plain rendering. Empty where a mapping has none.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    files: Vec<SourceFile>,
    list: Vec<Diagnostic>,
    /// Found, but too many to keep.
    omitted: usize,
}

impl Diagnostics {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn len(&self) -> usize {
        self.list.len() + self.omitted
    }

    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    pub fn has_errors(&self) -> bool {
        self.list
            .iter()
            .any(|diagnostic| diagnostic.severity() == Severity::Error)
    }

    /// The text for a terminal or a log: each problem with its lines of the file, then their number.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut out = String::new();
        for diagnostic in &self.list {
            out.push_str(renderer.render(&self.report(diagnostic)).trim_end());
            out.push_str("\n\n");
        }
        out.push_str(&self.count());
        out
    }

    fn count(&self) -> String {
        let errors = self
            .list
            .iter()
            .filter(|diagnostic| diagnostic.severity() == Severity::Error)
            .count();
        let of = |n: usize, what: &str| match n {
            0 => String::new(),
            1 => format!("1 {what}"),
            n => format!("{n} {what}s"),
        };
        let mut parts = vec![of(errors, "error"), of(self.list.len() - errors, "warning")];
        if self.omitted > 0 {
            parts.push(format!("{} more not shown", self.omitted));
        }
        parts.retain(|part| !part.is_empty());
        parts.join(", ")
    }

    fn report<'a>(&'a self, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
        let level = match diagnostic.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level
            .primary_title(diagnostic.message.as_str())
            .id(diagnostic.rule.code);
        let mut group = match self.files.get(diagnostic.file) {
            // Of a file that is not there, or could not be read, there is nothing to show.
            Some(file) if file.text.is_empty() => title.element(Origin::path(&*file.path)),
            Some(file) => match snippet(file, diagnostic).filter(|_| !diagnostic.unseen) {
                Some(snippet) => title.element(snippet),
                None => title.element(
                    Origin::path(&*file.path)
                        .line(diagnostic.place.line as usize)
                        .char_column(diagnostic.column as usize),
                ),
            },
            None => Group::with_title(title),
        };
        for note in &diagnostic.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        vec![group]
    }
}

/// The lines of the file that a problem names. Only these are handed to the renderer, and a span is
/// cut to its first line: a problem of a whole object is shown at its beginning. None where the
/// lines are too long to show.
fn snippet<'a>(
    file: &'a SourceFile,
    diagnostic: &'a Diagnostic,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let first_line = |span: &Span| {
        let line = file.line(file.line_of(span.start));
        span.start..span.end.min(line.end).max(span.start)
    };
    let primary = first_line(&diagnostic.span);
    let spans =
        || std::iter::once(&diagnostic.span).chain(diagnostic.related.iter().map(|(span, _)| span));
    let lines = || spans().map(|span| file.line(file.line_of(span.start)));
    let start = lines().map(|line| line.start).min()?;
    let end = lines().map(|line| line.end).max()?;
    if lines().any(|line| line.len() > MAX_LINE) || end - start > MAX_SHOWN {
        return None;
    }
    let source = file.text.get(start..end)?;
    let local = |span: Span| {
        let at = |byte: usize| byte.saturating_sub(start).min(source.len());
        at(span.start)..at(span.end)
    };
    let mut primary = AnnotationKind::Primary.span(local(primary));
    if !diagnostic.label.is_empty() {
        primary = primary.label(diagnostic.label.as_str());
    }
    let snippet = Snippet::source(source)
        .line_start(file.line_of(start) as usize)
        .path(&*file.path)
        .annotation(primary)
        .annotations(diagnostic.related.iter().map(|(span, label)| {
            AnnotationKind::Context
                .span(local(first_line(span)))
                .label(label.as_str())
        }));
    Some(snippet)
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// A problem that is being described.
#[must_use]
pub(crate) struct Problem {
    rule: &'static Rule,
    span: Span,
    message: String,
    label: String,
    related: Vec<(Span, String)>,
    notes: Vec<String>,
    help: Option<String>,
    unseen: bool,
}

impl Problem {
    pub fn new(rule: &'static Rule, span: &Span, message: impl Into<String>) -> Problem {
        Problem {
            rule,
            span: span.clone(),
            message: message.into(),
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            help: None,
            unseen: false,
        }
    }

    pub fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = label.into();
        self
    }

    pub fn related(mut self, span: &Span, label: impl Into<String>) -> Problem {
        self.related.push((span.clone(), label.into()));
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Problem {
        self.notes.push(note.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// Its line is not shown: it may hold what nobody is to see.
    pub fn unseen(mut self) -> Problem {
        self.unseen = true;
        self
    }

    /// `help`, where there is one.
    pub fn maybe_help(mut self, help: Option<String>) -> Problem {
        self.help = help.or(self.help);
        self
    }
}

/// What the loader writes its problems into: they are found all over, so it is shared.
#[derive(Debug)]
pub(crate) struct Report {
    files: Vec<SourceFile>,
    list: RefCell<Vec<Diagnostic>>,
    omitted: Cell<usize>,
    errors: Cell<usize>,
    /// Keys that were reported, by file and place, with those that they are likely to be.
    misspelt: RefCell<HashMap<(usize, usize), &'static str>>,
    /// Values of which another stands under the same key, by file and place, with their ends.
    disputed: RefCell<BTreeMap<(usize, usize), usize>>,
}

impl Report {
    pub fn new(files: Vec<SourceFile>) -> Report {
        Report {
            files,
            list: RefCell::default(),
            omitted: Cell::new(0),
            errors: Cell::new(0),
            misspelt: RefCell::default(),
            disputed: RefCell::default(),
        }
    }

    pub fn files(&self) -> impl Iterator<Item = At<'_>> {
        (0..self.files.len()).map(|file| At { report: self, file })
    }

    /// How many errors there are so far.
    pub fn errors(&self) -> usize {
        self.errors.get()
    }

    /// Ends the collection.
    pub fn finish(self) -> Diagnostics {
        let mut list = self.list.into_inner();
        list.sort_by(|a, b| {
            (a.file, a.span.start, a.rule.code).cmp(&(b.file, b.span.start, b.rule.code))
        });
        Diagnostics {
            files: self.files,
            list,
            omitted: self.omitted.get(),
        }
    }
}

/// A file whose problems are being reported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    report: &'a Report,
    file: usize,
}

impl<'a> At<'a> {
    pub fn file(&self) -> &'a SourceFile {
        &self.report.files[self.file]
    }

    pub fn text(&self) -> &'a str {
        &self.file().text
    }

    pub fn place(&self, span: &Span) -> Place {
        let file = self.file();
        Place {
            file: Arc::clone(&file.path),
            line: file.line_of(span.start),
        }
    }

    /// So many problems are kept already that another would only be counted: its help need not be
    /// sought.
    pub fn is_full(&self) -> bool {
        self.report.list.borrow().len() >= MAX_KEPT && self.report.errors.get() > 0
    }

    /// Notes a key that was reported and is likely to be another: that one is not missed.
    pub fn misspelt(&self, key: &Span, meant: &'static str) {
        self.report
            .misspelt
            .borrow_mut()
            .insert((self.file, key.start), meant);
    }

    /// What a key that was reported is likely to be.
    pub fn meant_by(&self, key: &Span) -> Option<&'static str> {
        let misspelt = self.report.misspelt.borrow();
        misspelt.get(&(self.file, key.start)).copied()
    }

    /// Notes a value of which another stands under the same key: which one is meant is not known.
    pub fn dispute(&self, value: &Span) {
        self.report
            .disputed
            .borrow_mut()
            .insert((self.file, value.start), value.end);
    }

    /// Whether a place is in a value that may not be the one that is meant.
    pub fn is_disputed(&self, span: &Span) -> bool {
        let disputed = self.report.disputed.borrow();
        disputed
            .range((self.file, 0)..=(self.file, span.start))
            .next_back()
            .is_some_and(|(_, end)| span.start < *end)
    }

    pub fn report(&self, problem: Problem) {
        let is_error = problem.rule.severity == Severity::Error;
        // What is merely odd in it is gone with the value, perhaps.
        if !is_error && self.is_disputed(&problem.span) {
            return;
        }
        // The first error is kept, whatever the number of warnings before it.
        let first_error = is_error && self.report.errors.get() == 0;
        if is_error {
            self.report.errors.set(self.report.errors.get() + 1);
        }
        let mut list = self.report.list.borrow_mut();
        if list.len() >= MAX_KEPT {
            self.report.omitted.set(self.report.omitted.get() + 1);
            if !first_error {
                return;
            }
            list.pop();
        }
        let file = self.file();
        list.push(Diagnostic {
            rule: problem.rule,
            message: problem.message,
            column: file.column_of(problem.span.start),
            place: self.place(&problem.span),
            span: problem.span,
            label: problem.label,
            related: problem.related,
            notes: problem.notes,
            help: problem.help,
            file: self.file,
            unseen: problem.unseen,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules;

    #[test]
    fn a_problem_shows_its_line_and_what_belongs_to_it() {
        let text = "a: 1\nb: 2\né: [3,\n  4]\n";
        let report = Report::new(vec![SourceFile::new("x.yaml", text)]);
        for at in report.files() {
            at.report(
                Problem::new(&rules::DUPLICATE_KEY, &(13..22), "the key `é` stands twice")
                    .label("again here")
                    .related(&(5..6), "first here")
                    .help("remove one of them"),
            );
        }
        assert_eq!(report.errors(), 1);
        let diagnostics = report.finish();
        assert!(diagnostics.has_errors());
        insta::assert_snapshot!(diagnostics, @r#"
        error[PM003]: the key `é` stands twice
         --> x.yaml:3:3
          |
        2 | b: 2
          | - first here
        3 | é: [3,
          |   ^^^^ again here
          |
          = help: remove one of them

        1 error
        "#);
    }

    #[test]
    fn a_place_at_the_end_or_in_a_long_line_does_no_harm() {
        let text = "x".repeat(100_000);
        let report = Report::new(vec![
            SourceFile::new("x.yaml", &text),
            SourceFile::new("empty.yaml", ""),
        ]);
        for at in report.files() {
            for span in [
                0..0,
                99_999..100_000,
                100_000..100_000,
                5..200_000,
                300_000..300_001,
            ] {
                at.report(Problem::new(&rules::SYNTAX, &span, "wrong"));
            }
        }
        assert!(report.finish().render(true).len() < 20_000);
    }

    #[test]
    fn problems_beyond_the_limit_are_counted() {
        let report = Report::new(vec![SourceFile::new("x.yaml", "a")]);
        for at in report.files() {
            for _ in 0..MAX_KEPT {
                at.report(Problem::new(&rules::LOOKUP_MULTIPLIES, &(0..1), "many"));
            }
            at.report(Problem::new(&rules::SYNTAX, &(0..1), "wrong"));
        }
        let diagnostics = report.finish();
        assert!(diagnostics.has_errors());
        assert!(
            diagnostics
                .render(false)
                .ends_with("1 error, 499 warnings, 1 more not shown")
        );
    }
}
