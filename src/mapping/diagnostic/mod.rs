//! Problems of a mapping, and how they are shown.
//!
//! A [`Diagnostic`] says which [`Rule`] is broken, where, what was found, and what to do. The
//! loader collects all of a folder's in a [`Report`]; [`Diagnostics`] renders them as rustc does, sorted by file
//! and place, and for programs as JSON ([`json()`]) or SARIF ([`sarif()`]). What they quote is the mapping's own text,
//! never a request's or a row's.

mod file;
mod json;
mod report;
mod sarif;
mod text;

use std::path::Path;
use std::sync::Arc;

use super::model::Place;
use super::rules::{Rule, Severity};
use super::yaml::Span;

pub(crate) use file::SourceFile;
pub use json::{Entry, Position, Range, Related, json};
pub(crate) use report::{At, Report};
pub use sarif::sarif;

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

    /// How many were found beyond those that are kept and shown.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// The line on which a problem begins; None where it is not to be seen, or is too long to show.
    pub fn line(&self, diagnostic: &Diagnostic) -> Option<&str> {
        let file = self.files.get(diagnostic.file)?;
        let line = file.text.get(file.line(diagnostic.place.line))?;
        (!diagnostic.unseen && line.len() <= text::MAX_LINE).then(|| line.trim_end_matches('\r'))
    }

    pub fn has_errors(&self) -> bool {
        self.list
            .iter()
            .any(|diagnostic| diagnostic.severity() == Severity::Error)
    }

    /// Each problem with its file.
    fn located(&self) -> impl Iterator<Item = (&Diagnostic, &SourceFile)> {
        self.list
            .iter()
            .filter_map(|diagnostic| Some((diagnostic, self.files.get(diagnostic.file)?)))
    }

    /// The same, with their files named by the way to them: `folder/patient.yaml` for `patient.yaml`. The folder that
    /// one is in has no name.
    pub fn in_folder(mut self, folder: &Path) -> Diagnostics {
        for file in &mut self.files {
            file.path = path_in(folder, &file.path);
        }
        for diagnostic in &mut self.list {
            if let Some(file) = self.files.get(diagnostic.file) {
                diagnostic.place.file = Arc::clone(&file.path);
            }
        }
        self
    }
}

/// The way to a file of a folder: `folder/patient.yaml`. The folder that one is in has no name.
pub fn path_in(folder: &Path, file: &str) -> Arc<str> {
    match folder == Path::new(".") {
        true => Arc::from(file),
        false => Arc::from(folder.join(file).to_string_lossy()),
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
