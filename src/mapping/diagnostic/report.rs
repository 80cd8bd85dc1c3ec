//! What problems are reported to while files are read: [`Problem`]s → [`Diagnostics`].

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Diagnostic, Diagnostics, Problem, SourceFile};
use crate::mapping::model::Place;
use crate::mapping::rules::Severity;
use crate::mapping::yaml::Span;

/// More than these are counted, not kept: a file of another kind would give thousands.
const MAX_KEPT: usize = 500;

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

    /// A line, counted from 1, without the blanks before it and its end.
    pub fn line(&self, line: u32) -> Span {
        let span = self.file().line(line);
        let text = self.text().get(span.clone()).unwrap_or_default();
        let blanks = text.len() - text.trim_start().len();
        span.start + blanks..span.start + text.trim_end().len().max(blanks)
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
