//! Files as they are while somebody types: whatever they say, there is a mapping or there are problems, each of which
//! can be shown in every form, at a place that there is.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::mapping::diagnostic::{json, sarif};
use crate::mapping::rules::{ALL, clinic};

/// What YAML or the language takes for something else than text, and what editors leave behind.
const SPECIALS: &[&str] = &[
    ":", "- ", "? ", "[", "]", "{", "}", ",", "#", "&a", "*a", "!x ", "|\n", ">\n", "'", "\"", "%",
    "@", "`", "~", "\t", "\n", "\r\n", "---\n", "$p.", "\u{feff}", "é𝄞", "\u{0}", "<<: ", "each: ",
    "codes: ", "{ sql: ",
];

/// A change of a file, at places that are shares of its length.
#[derive(Debug, Clone)]
enum Change {
    DeleteLine(Index),
    RepeatLine(Index),
    SwapLines(Index, Index),
    DeleteToken(Index),
    RepeatToken(Index),
    SwapTokens(Index, Index),
    Insert(Index, Index),
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        at().prop_map(Change::DeleteLine),
        at().prop_map(Change::RepeatLine),
        (at(), at()).prop_map(|(a, b)| Change::SwapLines(a, b)),
        at().prop_map(Change::DeleteToken),
        at().prop_map(Change::RepeatToken),
        (at(), at()).prop_map(|(a, b)| Change::SwapTokens(a, b)),
        (at(), at()).prop_map(|(a, b)| Change::Insert(a, b)),
        at().prop_map(Change::Cut),
    ]
}

impl Change {
    fn apply(&self, text: &str) -> String {
        let lines = || text.split_inclusive('\n').collect::<Vec<_>>();
        let mut parts = match self {
            Change::DeleteLine(_) | Change::RepeatLine(_) | Change::SwapLines(..) => lines(),
            _ => tokens(text),
        };
        if parts.is_empty() {
            parts.push("");
        }
        let length = parts.len();
        let of = |index: &Index| index.index(length);
        match self {
            Change::DeleteLine(at) | Change::DeleteToken(at) => {
                parts.remove(of(at));
            }
            Change::RepeatLine(at) | Change::RepeatToken(at) => {
                let at = of(at);
                parts.insert(at, parts[at]);
            }
            Change::SwapLines(a, b) | Change::SwapTokens(a, b) => {
                let (a, b) = (of(a), of(b));
                parts.swap(a, b);
            }
            Change::Insert(at, which) => parts.insert(of(at), *which.get(SPECIALS)),
            Change::Cut(at) => parts.truncate(of(at)),
        }
        parts.concat()
    }
}

/// Words, runs of blanks, and signs one by one.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        ' ' => 1,
        _ => 2,
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (at, c) in text.char_indices() {
        let now = kind(c);
        if before.is_some_and(|before| before != now || now == 2) {
            tokens.push(&text[start..at]);
            start = at;
        }
        before = Some(now);
    }
    tokens.push(&text[start..]);
    tokens
}

type Files = Vec<(String, String)>;

/// The wrong examples of all rules, each beside the clinic's other files.
fn broken() -> Vec<Files> {
    let owned = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    ALL.iter()
        .map(|rule| clinic::files(rule.wrong).into_iter().map(owned).collect())
        .collect()
}

/// The mappings of the repository.
fn real() -> Vec<Files> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let folders = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    let files = |folder: &std::path::PathBuf| {
        let all = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let yaml = all.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
        let read = |path: std::path::PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        };
        yaml.map(read).collect()
    };
    folders.iter().map(files).collect()
}

/// Loads the files with the changes made in one of them, and shows what is said of it.
fn is_shown(files: &Files, which: &Index, changes: &[Change]) {
    let mut files = files.clone();
    let which = which.index(files.len());
    let (_, text) = &mut files[which];
    for change in changes {
        *text = change.apply(text);
    }
    let given: Vec<_> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let problems = match load_files("test", &given, &Options::default()) {
        Ok(loaded) => {
            assert!(!loaded.warnings.has_errors());
            loaded.warnings
        }
        Err(problems) => {
            assert!(problems.has_errors());
            problems
        }
    };
    for problem in problems.iter() {
        let file = files.iter().find(|(name, _)| **name == *problem.place.file);
        let text = file.map_or("", |(_, text)| text.as_str());
        let related = problem.related.iter().map(|(span, _)| span);
        for span in std::iter::once(&problem.span).chain(related) {
            let shown = text.get(span.clone());
            assert!(
                shown.is_some(),
                "{span:?} of {} bytes: {problem:?}",
                text.len()
            );
        }
        let lines = text.split('\n').count();
        assert!(
            (1..=lines).contains(&(problem.place.line as usize)),
            "{problem:?}"
        );
        assert!(
            !problem.message.is_empty() && !problem.message.contains('\n'),
            "{problem:?}"
        );
    }
    if !problems.is_empty() {
        assert!(
            problems
                .render(false)
                .contains(problems.iter().next().unwrap().code())
        );
        let _ = problems.render(true);
    }
    let list: serde_json::Value = serde_json::from_str(&json([&problems])).expect("JSON");
    assert_eq!(list.as_array().map(Vec::len), Some(problems.iter().count()));
    let log: serde_json::Value = serde_json::from_str(&sarif([&problems])).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), problems.iter().count());
}

proptest! {
    // More by the environment: PROPTEST_CASES=20000.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_broken_mapping_that_is_changed_is_a_mapping_or_problems(
        rule in any::<Index>(),
        which in any::<Index>(),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        is_shown(rule.get(&broken()), &which, &changes);
    }
}

proptest! {
    // A whole mapping takes a while without optimisation.
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 8,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_whole_mapping_that_is_changed_is_a_mapping_or_problems(
        mapping in any::<Index>(),
        which in any::<Index>(),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        is_shown(mapping.get(&real()), &which, &changes);
    }
}
