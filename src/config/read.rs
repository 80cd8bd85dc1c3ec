//! A table of the file, read key by key: what is there, what is missing, and what nobody asked for.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Problems, keys, rules};
use crate::mapping::{At, Problem, Report, SourceFile, Span, nearest, suggest};

/// A table, and which of its keys were asked for.
pub(super) struct Section<'t> {
    pub(super) at: At<'t>,
    table: &'t DeTable<'t>,
    /// Where it begins.
    pub(super) span: Span,
    /// For messages: `the entry of a site`.
    what: &'static str,
    known: RefCell<Vec<&'static str>>,
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

impl<'t> Section<'t> {
    pub(super) fn new(
        at: At<'t>,
        table: &'t DeTable<'t>,
        span: Span,
        what: &'static str,
    ) -> Section<'t> {
        Section {
            at,
            table,
            span,
            what,
            known: RefCell::default(),
        }
    }

    pub(super) fn get(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.knows(key);
        self.table.get(key)
    }

    /// A key has a meaning here. It may be asked for more than once.
    fn knows(&self, key: &'static str) {
        debug_assert!(
            keys::is_listed(self.what, key),
            "`{key}` of {} is on no page",
            self.what
        );
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
    }

    /// Whether a key is there, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(super) fn report(&self, problem: Problem) {
        self.at.report(problem);
    }

    /// Another key, or none of those that were asked for, is an error. To be called last.
    pub(super) fn done(self) {
        let known = self.known.into_inner();
        for (key, _) in self.table {
            if !known.contains(&&**key.get_ref()) {
                let help = suggest(key.get_ref(), known.iter().copied(), "the keys here are");
                let problem = Problem::new(
                    &rules::UNKNOWN_KEY,
                    &key.span(),
                    format!("there is no key `{}` in {}", clip(key.get_ref()), self.what),
                );
                self.at.report(problem.maybe_help(help));
            }
        }
    }

    /// A key that must be there is not.
    pub(super) fn missing(&self, key: &str, for_what: &str) {
        self.report(Problem::new(
            &rules::MISSING_KEY,
            &self.span,
            format!("`{key}` is missing in {}: {for_what}", self.what),
        ));
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) {
        let found = value.get_ref().type_str();
        self.report(Problem::new(
            &rules::WRONG_TYPE,
            &value.span(),
            format!("`{key}` is {expected}; here it is a TOML {found}"),
        ));
    }

    pub(super) fn text(&self, key: &'static str) -> Option<Placed<&'t str>> {
        let value = self.get(key)?;
        match value.get_ref().as_str() {
            Some(text) if text.trim().is_empty() => {
                self.invalid(&value.span(), format!("`{key}` is empty"));
                None
            }
            Some(text) => Some(Placed {
                value: text,
                span: value.span(),
            }),
            None => {
                self.wrong_type(key, value, "text in quotes");
                None
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<String>> {
        self.list(key, |text| Ok(text.to_owned()))
    }

    /// A list of texts that say something of their own form; what is wrong is reported and left out.
    pub(super) fn list<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let value = self.get(key)?;
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "a list of texts, [\"…\"]");
            return None;
        };
        let mut found = Vec::new();
        for entry in list.iter() {
            match entry.get_ref().as_str() {
                Some(text) if text.trim().is_empty() => {
                    self.invalid(&entry.span(), format!("a text of `{key}` is empty"));
                }
                Some(text) => match parse(text) {
                    Ok(parsed) => found.push(parsed),
                    Err(wanted) => self.invalid(&entry.span(), format!("`{key}`: {wanted}")),
                },
                None => self.wrong_type(key, entry, "a list of texts"),
            }
        }
        Some(found)
    }

    /// A text that must be there.
    pub(super) fn need_text(&self, key: &'static str, for_what: &str) -> Option<Placed<&'t str>> {
        if !self.has(key) {
            self.knows(key);
            self.missing(key, for_what);
            return None;
        }
        self.text(key)
    }

    /// A text that says something of its own form.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Placed<T>> {
        let text = self.text(key)?;
        self.parse(key, text, parse)
    }

    pub(super) fn parse<T>(
        &self,
        key: &str,
        text: Placed<&str>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Placed<T>> {
        match parse(text.value) {
            Ok(value) => Some(Placed {
                value,
                span: text.span,
            }),
            Err(why) => {
                self.invalid(&text.span, format!("`{key}`: {why}"));
                None
            }
        }
    }

    pub(super) fn invalid(&self, span: &Span, message: impl Into<String>) {
        self.report(Problem::new(&rules::INVALID_VALUE, span, message));
    }

    /// A value that is not one of those that its key takes; the nearest of them is named.
    pub(super) fn no_such<'n>(
        &self,
        value: &Placed<&str>,
        message: impl Into<String>,
        names: impl IntoIterator<Item = &'n str>,
    ) {
        let problem = Problem::new(&rules::INVALID_VALUE, &value.span, message);
        let nearest = nearest(value.value, names);
        self.report(problem.maybe_help(nearest.map(|name| format!("did you mean `{name}`?"))));
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, key: &'static str, bounds: RangeInclusive<u32>) -> Option<u32> {
        let value = self.get(key)?;
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(key, value, "a whole number");
            return None;
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix());
        match number {
            Ok(number) if bounds.contains(&number) => Some(number),
            _ => {
                let (least, most) = bounds.into_inner();
                self.invalid(
                    &value.span(),
                    format!("`{key}` is a whole number from {least} to {most}"),
                );
                None
            }
        }
    }

    pub(super) fn boolean(&self, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong_type(key, value, "true or false");
        }
        found
    }

    /// A table under a key.
    pub(super) fn section(&self, key: &'static str, what: &'static str) -> Option<Section<'t>> {
        let value = self.get(key)?;
        match value.get_ref().as_table() {
            Some(table) => Some(Section::new(self.at, table, value.span(), what)),
            None => {
                self.wrong_type(key, value, "a table");
                None
            }
        }
    }

    /// The tables of a list, `[[key]]`.
    pub(super) fn sections(&self, key: &'static str, what: &'static str) -> Vec<Section<'t>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(
                key,
                value,
                &format!("a list of tables: write [[{key}]] before each"),
            );
            return Vec::new();
        };
        let mut sections = Vec::new();
        for entry in list {
            match entry.get_ref().as_table() {
                Some(table) => sections.push(Section::new(self.at, table, entry.span(), what)),
                None => self.wrong_type(key, entry, "a list of tables"),
            }
        }
        sections
    }

    /// All pairs of names and texts, in the order of the file.
    pub(super) fn pairs(&self) -> Vec<(Placed<&'t str>, Placed<&'t str>)> {
        let mut pairs = Vec::new();
        for (key, value) in self.table {
            match value.get_ref().as_str() {
                Some(text) => {
                    if text.trim().is_empty() {
                        let key = clip(key.get_ref());
                        self.invalid(&value.span(), format!("`{key}` is empty"));
                    }
                    pairs.push((
                        Placed {
                            value: &**key.get_ref(),
                            span: key.span(),
                        },
                        Placed {
                            value: text,
                            span: value.span(),
                        },
                    ));
                }
                None => self.wrong_type(key.get_ref(), value, "text in quotes"),
            }
        }
        pairs.sort_by_key(|(key, _)| key.span.start);
        pairs
    }
}

/// As much of a text as a message shows.
pub(super) fn clip(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The problem of a file that is not there.
pub(super) fn unreadable(path: &Path, why: &str) -> Problems {
    let shown = path.display().to_string();
    let report = Report::new(vec![SourceFile::new(&shown, "")]);
    for at in report.files() {
        at.report(Problem::new(
            &rules::FILE,
            &(0..0),
            format!("the configuration cannot be read: {why}"),
        ));
    }
    Problems {
        file: report.finish(),
        mappings: Vec::new(),
        files: Box::new([path.to_owned()]),
        folders: Box::default(),
    }
}
