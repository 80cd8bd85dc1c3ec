//! Problems → the text that a person reads, as rustc's is: the lines, what is wrong in them, and what to do.

use std::fmt;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Diagnostics, SourceFile};
use crate::mapping::rules::Severity;
use crate::mapping::yaml::Span;

/// The longest line, and the longest stretch of lines between two places, that are handed to the
/// renderer, in bytes.
pub(super) const MAX_LINE: usize = 2000;
const MAX_SHOWN: usize = 200_000;

impl Diagnostics {
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

#[cfg(test)]
mod tests {
    use crate::mapping::rules;
    use crate::mapping::{Problem, Report, SourceFile};

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
}
