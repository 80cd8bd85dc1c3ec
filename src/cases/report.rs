//! What a suite gave → text for a terminal, JSON for programs.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::check::Difference;
use super::diff;
use super::model::Question;
use super::read::FILE;
use super::suite::{Outcome, State, Suite};
use crate::explain::{self, harmless};
use crate::mapping::path_in;

/// Lines of a value that are shown where it is compared.
const MOST_LINES: usize = 20;
/// Characters of a value that stands in one line.
const LINE: usize = 100;

/// How a text is shown on a terminal.
#[derive(Debug, Clone, Copy)]
pub enum Style {
    Good,
    Bad,
    Odd,
    Bold,
    Faint,
}

/// Whether the text may hold a terminal's codes.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    pub colour: bool,
}

impl Paint {
    /// The text, in a style.
    pub fn styled(self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Good => "32",
            Style::Bad => "31",
            Style::Odd => "33",
            Style::Bold => "1",
            Style::Faint => "2",
        };
        match self.colour {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

/// How many cases came to which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub ok: usize,
    pub failed: usize,
    pub new: usize,
    pub changed: usize,
    /// Snapshots of no case.
    pub stale: usize,
    /// Snapshots that were written, or deleted.
    pub accepted: usize,
}

impl Tally {
    /// Counts a case.
    pub fn count(&mut self, state: &State) {
        *match state {
            State::Ok => &mut self.ok,
            State::New(_) => &mut self.new,
            State::Changed { .. } => &mut self.changed,
            State::Failed { .. } | State::Broken(_) | State::Unreadable(_) => &mut self.failed,
        } += 1;
    }

    /// Nothing is wrong, or left to decide.
    pub fn is_good(&self) -> bool {
        (self.failed, self.new, self.changed, self.stale) == (0, 0, 0, 0)
    }

    /// `3 ok, 1 failed, 1 new`
    pub fn summary(&self, paint: Paint) -> String {
        let parts = [
            (self.ok, Style::Good, "ok"),
            (self.failed, Style::Bad, "failed"),
            (self.changed, Style::Odd, "changed"),
            (self.new, Style::Odd, "new"),
            (self.stale, Style::Odd, "stale"),
            (self.accepted, Style::Good, "accepted"),
        ];
        let parts = parts.into_iter().filter(|(count, ..)| *count > 0);
        let parts: Vec<String> = parts
            .map(|(count, style, what)| paint.styled(style, &format!("{count} {what}")))
            .collect();
        match parts.is_empty() {
            true => "no cases".to_owned(),
            false => parts.join(", "),
        }
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, more: Tally) {
        self.ok += more.ok;
        self.failed += more.failed;
        self.new += more.new;
        self.changed += more.changed;
        self.stale += more.stale;
        self.accepted += more.accepted;
    }
}

impl State {
    /// In one word.
    pub fn word(&self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::New(_) => "new",
            State::Changed { .. } => "changed",
            State::Failed { .. } | State::Broken(_) | State::Unreadable(_) => "failed",
        }
    }

    fn style(&self) -> Style {
        match self {
            State::Ok => Style::Good,
            State::New(_) | State::Changed { .. } => Style::Odd,
            _ => Style::Bad,
        }
    }
}

/// `  failed   patient-family`
pub fn line(outcome: &Outcome<'_>, paint: Paint) -> String {
    let word = format!("{:<8}", outcome.state.word());
    let word = paint.styled(outcome.state.style(), &word);
    format!("  {word} {}\n", outcome.case.name)
}

/// What more is to be said of a case in a folder; empty of one that is as it should be, or of which nothing is kept yet.
pub fn details(outcome: &Outcome<'_>, folder: &Path, paint: Paint) -> String {
    if matches!(outcome.state, State::Ok | State::New(_)) {
        return String::new();
    }
    let case = outcome.case;
    let title = format!("{}: {}", outcome.state.word(), case.name);
    let mut out = format!(
        "\n{} {}\n",
        paint.styled(Style::Bold, &title),
        paint.styled(
            Style::Faint,
            &format!("({}:{})", path_in(folder, FILE), case.line)
        )
    );
    for line in asked(&case.question) {
        let _ = writeln!(out, "  {}", harmless(&line));
    }
    match &outcome.state {
        State::Ok | State::New(_) => {}
        State::Failed {
            differences,
            evidence,
        } => {
            for difference in differences {
                write_difference(&mut out, difference, paint);
            }
            if let Some(evidence) = evidence {
                for line in explain::render_evidence(evidence, paint.colour).lines() {
                    let indent = if line.is_empty() { "" } else { "  " };
                    let _ = writeln!(out, "{indent}{line}");
                }
            }
        }
        State::Broken(error) => {
            let _ = writeln!(out, "\n  {error}");
        }
        State::Unreadable(error) => {
            let _ = writeln!(out, "\n  its snapshot cannot be read: {error}");
        }
        State::Changed { before, text } => {
            out.push('\n');
            out.push_str(&diff::lines(before, text, "  ", paint));
        }
    }
    out
}

fn asked(question: &Question) -> Vec<String> {
    match question {
        Question::Read(read) => vec![read.clone()],
        Question::Practice => vec!["practice".to_owned()],
        Question::Search(search) => {
            let mut lines = vec![search.text.clone()];
            if !search.form.is_empty() {
                lines.push(format!("form: {}", search.form));
            }
            if search.strict {
                lines.push("Prefer: handling=strict".to_owned());
            }
            match search.follow {
                0 => {}
                1 => lines.push("its second page".to_owned()),
                pages => lines.push(format!("its page {}", pages + 1)),
            }
            lines
        }
    }
}

fn write_difference(out: &mut String, difference: &Difference, paint: Paint) {
    let what = paint.styled(Style::Bold, &harmless(&difference.what));
    // Writing to a String cannot fail.
    let _ = writeln!(out, "\n  {what}");
    for (label, style, value) in [
        ("expected", Style::Good, &difference.expected),
        ("found   ", Style::Bad, &difference.found),
    ] {
        let mut lines = shown(value).into_iter();
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(out, "    {label} {}", paint.styled(style, &first));
        for line in lines {
            let _ = writeln!(out, "             {}", paint.styled(style, &line));
        }
    }
    for note in &difference.notes {
        let _ = writeln!(out, "    {}", harmless(note));
    }
    if let Some(around) = &difference.around {
        out.push('\n');
        for line in around.lines() {
            let _ = writeln!(out, "      {}", harmless(line));
        }
    }
}

/// A value in one line, or in several where it is long; text without quotes.
fn shown(value: &Value) -> Vec<String> {
    let list = |entries: &[Value]| {
        let entries = entries.iter().map(|it| shown(it).join(" "));
        entries.collect::<Vec<_>>().join(", ")
    };
    let line = match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(entries) if entries.is_empty() => "none".to_owned(),
        Value::Array(entries) if !entries.iter().any(Value::is_object) => list(entries),
        Value::Object(ways) if ways.values().all(Value::is_array) => {
            let ways = ways.iter().map(|(way, ids)| {
                let ids = ids.as_array().map(|ids| list(ids)).unwrap_or_default();
                format!("{way} {ids}")
            });
            ways.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    };
    if line.chars().count() <= LINE || !value.is_object() && !value.is_array() {
        return vec![harmless(&line).into_owned()];
    }
    let text = match value {
        Value::Array(entries) if !entries.iter().any(Value::is_object) => line,
        _ => format!("{value:#}"),
    };
    let mut lines: Vec<String> = text
        .lines()
        .take(MOST_LINES)
        .map(|line| harmless(line).into_owned())
        .collect();
    if text.lines().count() > MOST_LINES {
        lines.push("…".to_owned());
    }
    lines
}

/// A suite for programs: each case with its end, and what is wrong with it.
pub fn json(suite: &Suite, outcomes: &[Outcome<'_>], stale: &[String]) -> Value {
    let cases: Vec<Value> = outcomes.iter().map(case).collect();
    json!({
        "mapping": suite.id,
        "folder": suite.folder.display().to_string(),
        "snapshots": suite.snapshots.folder().display().to_string(),
        "cases": cases,
        "stale": stale,
    })
}

fn case(outcome: &Outcome<'_>) -> Value {
    let case = outcome.case;
    let mut json = json!({
        "name": case.name,
        "line": case.line,
        "state": outcome.state.word(),
    });
    match &case.question {
        Question::Search(search) => json["search"] = json!(search.text),
        Question::Read(read) => json["read"] = json!(read),
        Question::Practice => json["practice"] = json!(true),
    }
    match &outcome.state {
        State::Ok | State::New(_) => {}
        State::Failed {
            differences,
            evidence,
        } => {
            json["differences"] = json!(differences);
            if let Some(evidence) = evidence {
                json["explanation"] = json!(evidence);
            }
        }
        State::Broken(error) => json["error"] = json!(error.to_string()),
        State::Unreadable(error) => json["error"] = json!(error.to_string()),
        State::Changed { before, text } => {
            json["diff"] = json!(diff::lines(before, text, "", Paint { colour: false }));
        }
    }
    json
}
