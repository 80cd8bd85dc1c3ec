//! `pilaster mapping check`: folders → all of their problems, for people or for programs.

use std::collections::HashSet;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::mapping::{Diagnostics, Loaded, Mapping, Options, json, load_folder, sarif};

/// Check the files of mappings and report every problem with its place; no database is asked
///
/// Ends with 0 if all of them can be served, and with 1 if a problem is an error.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folders of mappings; a file stands for its folder, since it has no meaning alone
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// How problems are written: text to standard error, the others to standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// As a list of JSON, short for --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// End with 1 if there is a warning, too
    #[arg(long)]
    deny_warnings: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// As a compiler does
    Text,
    /// A list with an object for each problem
    Json,
    /// SARIF 2.1.0, for editors and code hosts
    Sarif,
}

/// What became of a folder.
struct Checked {
    mapping: Option<Mapping>,
    /// Warnings alone if there is a mapping.
    problems: Diagnostics,
}

/// Reports all problems; 1 if there are any but warnings.
pub(super) fn run(args: &Args) -> ExitCode {
    let all: Vec<Checked> = folders(&args.paths)
        .iter()
        .map(|folder| check(folder))
        .collect();
    let problems = || all.iter().map(|checked| &checked.problems);
    let written = match if args.json { Format::Json } else { args.format } {
        Format::Text => text(&all),
        Format::Json => for_programs(&json(problems()), problems()),
        Format::Sarif => for_programs(&sarif(problems()), problems()),
    };
    let denied = |problems: &Diagnostics| args.deny_warnings && !problems.is_empty();
    match all
        .iter()
        .any(|checked| checked.mapping.is_none() || denied(&checked.problems))
    {
        true => ExitCode::FAILURE,
        false => written,
    }
}

/// The folders that paths name, each once, in their order.
fn folders(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    let mut folders = Vec::new();
    for path in paths {
        let folder = match path.parent().filter(|_| path.is_file()) {
            Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
            Some(parent) => parent.to_owned(),
            None => path.clone(),
        };
        let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        if seen.insert(real) {
            folders.push(folder);
        }
    }
    folders
}

fn check(folder: &Path) -> Checked {
    let (mapping, problems) = match load_folder(folder, &Options::default()) {
        Ok(Loaded { mapping, warnings }) => (Some(mapping), warnings),
        Err(problems) => (None, problems),
    };
    Checked {
        mapping,
        problems: problems.in_folder(folder),
    }
}

/// Problems to standard error, with where to read more of them; what can be served to standard output.
fn text(all: &[Checked]) -> ExitCode {
    let colour = io::stderr().is_terminal();
    let mut written = ExitCode::SUCCESS;
    for checked in all {
        if !checked.problems.is_empty() {
            super::tell(&format!("{}\n", checked.problems.render(colour)));
        }
        if let Some(mapping) = &checked.mapping {
            let resources: Vec<&str> = mapping.resources.keys().copied().collect();
            written = super::print(&format!(
                "{} can be served: {}\n",
                mapping.name,
                resources.join(", ")
            ));
        }
    }
    let problems = || all.iter().flat_map(|checked| checked.problems.iter());
    let gravest = problems().min_by_key(|problem| problem.severity());
    if let Some(gravest) = gravest {
        super::tell(&super::more_about(gravest.code()));
    }
    written
}

/// A document to standard output. How many problems it leaves out is no part of its form.
fn for_programs<'d>(document: &str, all: impl Iterator<Item = &'d Diagnostics>) -> ExitCode {
    let omitted: usize = all.map(Diagnostics::omitted).sum();
    if omitted > 0 {
        super::tell(&format!("{omitted} more problems are left out"));
    }
    super::print(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stands_for_its_folder_and_a_folder_is_checked_once() {
        let root = tempfile::tempdir().expect("a folder");
        let a = root.path().join("a");
        std::fs::create_dir(&a).expect("a folder");
        let file = a.join("patient.yaml");
        std::fs::write(&file, "").expect("a file");
        let nowhere = root.path().join("b");
        assert_eq!(
            folders(&[file, a.clone(), nowhere.clone(), nowhere.clone()]),
            [a, nowhere]
        );
        assert_eq!(folders(&["Cargo.toml".into()]), [PathBuf::from(".")]);
    }
}
