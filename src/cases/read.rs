//! `cases.yaml` → cases, or every problem with its place.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;

use super::expect;
use super::model::{Case, Question, Search};
use super::rules;
use super::vocabulary::{CASE, MOST_PAGES, is_name};
use crate::mapping::vocabulary::names;
use crate::mapping::yaml::{Node, Pair, Span, Value, get};
use crate::mapping::{At, Diagnostics, Problem, Report, SourceFile, shape, syntax};

/// The file's name.
pub const FILE: &str = crate::mapping::CASES;
/// The largest file, in bytes.
const MAX_FILE: u64 = 4 << 20;

/// Reads the cases of a mapping's folder.
///
/// # Errors
/// All problems of the file; that it is not there, or cannot be read, is one.
pub fn read_folder(folder: &Path) -> Result<Vec<Case>, Diagnostics> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(folder.join(FILE))
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    let problem = match (read, String::from_utf8(bytes)) {
        (Err(error), _) => format!("the file cannot be read: {error}"),
        (Ok(_), Err(error)) => {
            let at = error.utf8_error().valid_up_to();
            format!("the file is not UTF-8: byte {at}")
        }
        (Ok(_), Ok(text)) if text.len() as u64 > MAX_FILE => {
            "the file is larger than 4 MiB".to_owned()
        }
        (Ok(_), Ok(text)) => return self::read(&text),
    };
    let report = Report::new(vec![SourceFile::new(FILE, "")]);
    for at in report.files() {
        at.report(Problem::new(&rules::FILE, &(0..0), problem.clone()));
    }
    Err(report.finish())
}

/// Reads the text of a `cases.yaml`.
///
/// # Errors
/// All of its problems.
pub fn read(text: &str) -> Result<Vec<Case>, Diagnostics> {
    let report = Report::new(vec![SourceFile::new(FILE, text)]);
    let mut cases = Vec::new();
    for at in report.files() {
        cases = list(at);
    }
    match report.errors() {
        0 => Ok(cases),
        _ => Err(report.finish()),
    }
}

fn list(at: At<'_>) -> Vec<Case> {
    let (root, readable) = syntax::tree(at);
    let nodes = match root.as_ref().map(|root| &root.value) {
        Some(Value::List(nodes)) if !nodes.is_empty() => nodes,
        _ => {
            if readable {
                let span = root.map_or(0..0, |root| root.span);
                let problem =
                    Problem::new(&rules::FILE, &span, "the file is a list of cases, one at least").help(
                        "`- { name: by-family, search: \"Patient?family=smith\", expect: { ids: [\"1\"] } }`",
                    );
                at.report(problem);
            }
            return Vec::new();
        }
    };
    let mut names: HashMap<&str, &Span> = HashMap::new();
    let mut cases = Vec::new();
    for node in nodes {
        let Some(pairs) = shape::map(at, node, "a case") else {
            continue;
        };
        if let Some(pair) = get(pairs, "name")
            && let Some(name) = pair.value.as_text()
        {
            match names.get(name) {
                Some(first) => at.report(
                    Problem::new(
                        &rules::NAME,
                        &pair.value.span,
                        format!("two cases are named `{}`", shape::clip(name)),
                    )
                    .label("again here")
                    .related(first, "first here")
                    .help("give this one another name"),
                ),
                None => {
                    names.insert(name, &pair.value.span);
                }
            }
        }
        cases.extend(case(at, node, pairs));
    }
    cases
}

fn case(at: At<'_>, node: &Node, pairs: &[Pair]) -> Option<Case> {
    shape::only(at, pairs, &names(&CASE), "a case");
    // Shown where the case begins, not over all of it.
    let start = node.span.start..node.span.start + 1;
    let required = |key, help| shape::required(at, pairs, key, &start, "the case", help);
    let name = required(
        "name",
        "the snapshot's file has it: `name: patient-by-family`",
    )
    .and_then(|node| name(at, node));
    let question = question(at, pairs, &start);
    let depends_on_today = flag(at, pairs, "depends_on_today");
    let expected = required("expect", "what must be true: `expect: { ids: [\"1\"] }`");
    let of = question.as_ref().map(|question| Case {
        name: String::new(),
        line: at.place(&node.span).line,
        question: question.clone(),
        depends_on_today,
        expect: Default::default(),
    });
    let expect = expected.and_then(|node| expect::expect(at, node, of.as_ref()));
    Some(Case {
        name: name?,
        expect: expect?,
        ..of?
    })
}

fn name(at: At<'_>, node: &Node) -> Option<String> {
    let name = shape::text(at, node, "the name of a case")?;
    if !is_name(name) {
        at.report(
            Problem::new(
                &rules::NAME,
                &node.span,
                format!("`{}` cannot be the name of a file", shape::clip(name)),
            )
            .help("letters, digits, `-`, `_` and `.`, and no `.` at the beginning"),
        );
        return None;
    }
    Some(name.to_owned())
}

fn question(at: At<'_>, pairs: &[Pair], start: &Span) -> Option<Question> {
    let asked = ["search", "read", "practice"].map(|key| get(pairs, key));
    if let [first, second, ..] = asked.into_iter().flatten().collect::<Vec<_>>()[..] {
        at.report(
            Problem::new(
                &rules::QUESTION,
                &second.key_span,
                "the case asks two things",
            )
            .related(&first.key_span, one_of(&first.key))
            .label(format!("and {}", one_of(&second.key)))
            .help("make two cases of it"),
        );
        return None;
    }
    let [search, read, practice] = asked;
    if read.or(practice).is_some() {
        for key in ["form", "strict", "follow"] {
            if let Some(pair) = get(pairs, key) {
                let of = if read.is_some() {
                    "a read"
                } else {
                    "of the practice"
                };
                at.report(Problem::new(
                    &rules::QUESTION,
                    &pair.key_span,
                    format!("`{key}:` belongs to a search, and this is {of}"),
                ));
            }
        }
    }
    if let Some(pair) = practice {
        if shape::boolean(at, &pair.value, "`practice:`")? {
            return Some(Question::Practice);
        }
        at.report(
            Problem::new(&rules::QUESTION, &pair.value.span, "the case asks nothing")
                .help("`practice: true` asks which practice it is; else leave it out"),
        );
        return None;
    }
    match (search, read) {
        (None, None) => {
            let is_misspelt = |key| {
                pairs
                    .iter()
                    .any(|pair| at.meant_by(&pair.key_span) == Some(key))
            };
            if !["search", "read", "practice"].into_iter().any(is_misspelt) {
                at.report(
                    Problem::new(&rules::QUESTION, start, "the case asks nothing").help(
                        "add `search: \"Patient?family=smith\"`, `read: Patient/1` or `practice: true`",
                    ),
                );
            }
            None
        }
        (Some(pair), _) => {
            let text = shape::text(at, &pair.value, "`search:`")?;
            let form = get(pairs, "form")
                .and_then(|pair| shape::text(at, &pair.value, "`form:`"))
                .unwrap_or_default();
            let follow = get(pairs, "follow")
                .and_then(|pair| shape::integer(at, &pair.value, "`follow:`", 0..=MOST_PAGES));
            let text = match posted(text) {
                Some(searched) if !form.is_empty() => searched,
                Some(_) => {
                    let end =
                        "`/_search` belongs to a search by POST, whose parameters are in `form:`";
                    at.report(
                        Problem::new(&rules::QUESTION, &pair.value.span, end)
                            .help("leave `/_search` out, or add `form: \"family=smith\"`"),
                    );
                    return None;
                }
                None => text.to_owned(),
            };
            Some(Question::Search(Search {
                text,
                form: form.to_owned(),
                strict: flag(at, pairs, "strict"),
                follow: follow.and_then(|it| usize::try_from(it).ok()).unwrap_or(0),
            }))
        }
        (None, Some(pair)) => {
            let text = shape::text(at, &pair.value, "`read:`")?;
            let path = text.split('?').next().unwrap_or_default();
            let parts: Vec<&str> = path.split('/').collect();
            if parts.len() != 2 || parts.iter().any(|part| part.is_empty()) {
                at.report(
                    Problem::new(
                        &rules::QUESTION,
                        &pair.value.span,
                        format!("`{}` is no resource to read", shape::clip(text)),
                    )
                    .help("a type and an id: `read: Patient/1`"),
                );
                return None;
            }
            Some(Question::Read(text.to_owned()))
        }
    }
}

/// What a case asks by a key.
fn one_of(key: &str) -> &'static str {
    match key {
        "search" => "a search",
        "read" => "a read",
        _ => "which practice it is",
    }
}

/// `Patient?_count=1` of `Patient/_search?_count=1`, which is where a search by POST goes.
fn posted(text: &str) -> Option<String> {
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    let resource = path.strip_suffix("/_search")?;
    Some(match query {
        Some(query) => format!("{resource}?{query}"),
        None => resource.to_owned(),
    })
}

fn flag(at: At<'_>, pairs: &[Pair], key: &str) -> bool {
    get(pairs, key)
        .and_then(|pair| shape::boolean(at, &pair.value, &format!("`{key}:`")))
        .unwrap_or(false)
}
