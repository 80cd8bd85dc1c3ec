//! Every mapping under `mappings/`, tested by what lies beside it.
//!
//! A mapping's folder holds `fixture.sql` (tables and rows for SQLite), a `fixture.<CATALOGUE>.sql` for each
//! further catalogue, and `cases.yaml` (searches and reads, with what they must give). Each case runs on the
//! fixture; what it gave, with the commands in the dialect of the mapping's own engine, is a snapshot in
//! `snapshots/<mapping>/<case>.snap`. A new folder is found and tested without a change here.
//!
//! What else is asked of every case: its resources are R4 by fhirbolt's strict model, and a command for SQL
//! Server parses with an independent parser.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use pilaster::cases::{self, Case, Snapshots};
use pilaster::relation::Dialect;
use rusqlite::Connection;

use crate::practice::{Practice, load};

pub use pilaster::cases::redact;

#[test]
fn every_case_of_every_mapping() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let mut failures = Vec::new();
    let mut folders = 0;
    for folder in folders_of(&root) {
        folders += 1;
        failures.extend(mapping_failures(&folder));
    }
    assert!(folders > 0, "no mapping under {}", root.display());
    assert!(
        failures.is_empty(),
        "{} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn folders_of(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Runs a mapping's cases; gives a line for each that failed.
fn mapping_failures(folder: &Path) -> Vec<String> {
    let mapping_id = folder.file_name().unwrap().to_string_lossy().into_owned();
    let practice = fixture(folder);
    let cases = cases(folder);
    let snapshots = Snapshots::of(folder, None);
    let mut failures = Vec::new();
    for case in &cases {
        let run = catch_unwind(AssertUnwindSafe(|| {
            let shown = check(&practice, case);
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(snapshots.folder());
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| insta::assert_snapshot!(case.name.as_str(), shown));
            // What a run of `mapping test` says of it.
            let kept = snapshots.read(&case.name).unwrap().unwrap();
            assert_eq!(kept.trim_end(), shown.trim_end());
        }));
        if run.is_err() {
            failures.push(format!("{mapping_id}: {}", case.name));
        }
    }
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    for stale in snapshots.stale(&names).unwrap() {
        failures.push(format!("{mapping_id}: {stale} belongs to no case"));
    }
    failures
}

/// The cases that lie beside a mapping.
pub fn cases(folder: &Path) -> Vec<Case> {
    cases::read_folder(folder).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The mapping over its fixture.
pub fn fixture(folder: &Path) -> Practice {
    fixture_with(folder, |_| {})
}

/// The mapping over its fixture, to which `more` adds.
pub fn fixture_with(folder: &Path, more: impl FnOnce(&mut Connection)) -> Practice {
    Practice::logged(|| cases::fixture_with(folder, load(folder), more))
}

/// Runs a case, holds it against what it expects, and gives the snapshot's text.
pub fn check(practice: &Practice, case: &Case) -> String {
    let ran = cases::run(practice, case).unwrap_or_else(|error| panic!("{error}"));
    for command in &ran.commands {
        if practice.site.mapping().engine == Dialect::Mssql {
            parses_as_tsql(&command.statement.text);
        }
    }
    assert_eq!(cases::differences(case, &ran), []);
    if let Ok(answer) = &ran.answer {
        assert_eq!(
            answer.commands as usize,
            ran.commands.len(),
            "commands shown and commands run"
        );
    }
    cases::snapshot_text(&ran, case.depends_on_today)
}

/// An independent parser's SQL Server dialect reads the command.
pub fn parses_as_tsql(text: &str) {
    if let Err(problem) = tsql(text) {
        panic!("not T-SQL: {problem}\n{text}");
    }
}

/// What the parser reads a command as, or says is wrong with it.
pub fn tsql(text: &str) -> Result<Vec<sqlparser::ast::Statement>, String> {
    use sqlparser::dialect::MsSqlDialect;
    use sqlparser::parser::Parser;
    let statements =
        Parser::parse_sql(&MsSqlDialect {}, text).map_err(|problem| problem.to_string())?;
    // What other dialects have, and the parser takes for any.
    for (foreign, what) in [
        (" LIMIT ", "LIMIT"),
        ("||", "||"),
        ("`", "a backtick"),
        ("?", "?"),
    ] {
        if outside_of_literals(text).contains(foreign) {
            return Err(format!("{what} is of another dialect"));
        }
    }
    Ok(statements)
}

/// A command without what stands in quotes and brackets.
fn outside_of_literals(text: &str) -> String {
    let mut until = None;
    text.chars()
        .filter(|c| match until {
            Some(end) => {
                if *c == end {
                    until = None;
                }
                false
            }
            None => {
                until = match c {
                    '\'' => Some('\''),
                    '[' => Some(']'),
                    _ => None,
                };
                until.is_none()
            }
        })
        .collect()
}

#[test]
fn what_is_no_tsql_is_found_out() {
    let sound = "SELECT TOP (@p1) [p].[A] AS [p_A] FROM [T] AS [p] WHERE [p].[A] = CAST(@p2 AS varchar(40)) ORDER BY [p].[A]";
    parses_as_tsql(sound);
    let changes = [
        ("SELECT", "SELEC"),
        ("[p].[A] AS", "[p].[A],, AS"),
        ("FROM", "FORM"),
        ("(40))", "(40)"),
        ("WHERE", "WHERE WHERE"),
        ("ORDER BY", "ORDER"),
        ("TOP (@p1)", "TOP (@p1"),
        ("ORDER BY [p].[A]", "ORDER BY [p].[A] LIMIT 5"),
        ("@p2", "?2"),
        ("CAST(@p2 AS varchar(40))", "@p2 || 'x'"),
    ];
    for (from, to) in changes {
        let broken = sound.replacen(from, to, 1);
        assert!(tsql(&broken).is_err(), "{broken}");
    }
}
