//! What ran → the snapshot's text, and the folder of snapshots.
//!
//! A file is what the crate `insta` writes and reads: a head between two lines of `---`, of which nothing is needed, and
//! the text. The tests of this repository compare with `insta` itself, and both agree.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::commands::Shown;
use super::run::Ran;
use crate::fhir::outcome::{Issue, OperationOutcome};
use crate::passthrough::Command;
use crate::site::SiteError;

/// The head of a file that is written for the first time.
const HEAD: &str = "---\nsource: cases.yaml\n---\n";
const EXTENSION: &str = ".snap";

/// The text of a snapshot: what was asked, each command with its values, and the answer. Values that depend on the day
/// are left out where the case says so.
pub fn text(ran: &Ran, depends_on_today: bool) -> String {
    let mut text = format!("{}\n", ran.asked);
    match &ran.answer {
        Ok(answer) => {
            for (index, command) in ran.commands.iter().enumerate() {
                write_command(&mut text, index + 1, command, depends_on_today);
            }
            let mut json = answer.json.clone();
            redact(&mut json);
            // Writing to a String cannot fail; `#` writes JSON indented.
            let _ = write!(text, "\n--- answer\n{json:#}\n");
        }
        Err(error) => {
            let _ = write!(text, "\n--- {}\n", refusal(error));
        }
    }
    text
}

/// What a refusal says, as the OperationOutcome that a caller gets.
fn refusal(error: &SiteError) -> String {
    let code = error.code();
    let mut issue = Issue::error(&code, error.to_string());
    if let Some(expression) = error.expression() {
        issue = issue.at(expression);
    }
    let outcome = OperationOutcome::new(issue.with_diagnostics(code.remedy));
    // Texts under names, which can always be written.
    let json = serde_json::to_string_pretty(&outcome).unwrap_or_default();
    format!("refused with {} {}\n{json}", code.status, code.id)
}

fn write_command(out: &mut String, number: usize, shown: &Shown, depends_on_today: bool) {
    let command = Command::new(&shown.statement, &shown.values).command;
    // Writing to a String cannot fail.
    let _ = write!(out, "\n--- command {number}");
    if let Some(catalogue) = &shown.catalogue {
        let _ = write!(out, " in {catalogue}");
    }
    let _ = write!(out, "\n{}\n", command.text);
    for parameter in &command.parameters {
        let size = parameter
            .size
            .map_or_else(String::new, |size| format!("({size})"));
        let value = match &parameter.value {
            _ if depends_on_today => "…".to_owned(),
            Some(value) => format!("{value:?}"),
            None => "NULL".to_owned(),
        };
        let (name, ty) = (&parameter.name, parameter.ty);
        let _ = writeln!(out, "  {name} {ty}{size} = {value}");
    }
}

/// Takes out what differs from run to run: the Bundle's own id and what is sealed in page links.
pub fn redact(json: &mut Value) {
    if json["resourceType"] != "Bundle" {
        return;
    }
    json["id"] = Value::from("[random]");
    for link in json["link"].as_array_mut().into_iter().flatten() {
        let sealed = link["url"]
            .as_str()
            .and_then(|url| url.split_once("_cursor="));
        if let Some((before, _)) = sealed {
            link["url"] = Value::from(format!("{before}_cursor=[sealed]"));
        }
    }
}

/// The snapshots of a mapping's cases: a file for each, in a folder.
#[derive(Debug, Clone)]
pub struct Snapshots {
    folder: PathBuf,
}

impl Snapshots {
    /// Those of a mapping's folder: in `snapshots/<name>` beside the directory `mappings` for a folder in such a one, else
    /// in `snapshots` within it; in `within/<name>` where that is given.
    pub fn of(mapping: &Path, within: Option<&Path>) -> Snapshots {
        let whole = mapping
            .canonicalize()
            .unwrap_or_else(|_| mapping.to_owned());
        let name = whole.file_name().unwrap_or_default();
        let parent = whole.parent().unwrap_or(Path::new(""));
        let folder = match (within, parent.file_name(), parent.parent()) {
            (Some(within), _, _) => within.join(name),
            (None, Some(of), Some(root)) if of == "mappings" => root.join("snapshots").join(name),
            _ => whole.join("snapshots"),
        };
        Snapshots { folder }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a case.
    pub fn file(&self, case: &str) -> PathBuf {
        self.folder.join(format!("{case}{EXTENSION}"))
    }

    /// The text of a case's snapshot; None where it has none.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn read(&self, case: &str) -> io::Result<Option<String>> {
        match std::fs::read_to_string(self.file(case)) {
            Ok(file) => Ok(Some(split(&file).1.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a case's snapshot, under the head that the file has.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn write(&self, case: &str, text: &str) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let path = self.file(case);
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        let head = match split(&before).0 {
            "" => HEAD,
            head => head,
        };
        let text = format!("{head}{}\n", text.trim_end());
        // In one step, so that no file is ever half written.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        make_readable(file.as_file())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Deletes a case's snapshot.
    ///
    /// # Errors
    /// A file that cannot be deleted.
    pub fn delete(&self, case: &str) -> io::Result<()> {
        std::fs::remove_file(self.file(case))
    }

    /// The snapshots that belong to none of the cases, by name.
    ///
    /// # Errors
    /// A folder that is there and cannot be read.
    pub fn stale(&self, cases: &BTreeSet<&str>) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut stale = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            if let Some(case) = name.strip_suffix(EXTENSION)
                && !cases.contains(case)
            {
                stale.push(case.to_owned());
            }
        }
        stale.sort();
        Ok(stale)
    }
}

/// A new file of a temporary name is its owner's alone; a snapshot is kept with the mapping, for all.
fn make_readable(file: &std::fs::File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Whether two texts of snapshots are the same: neither blanks at the end nor Windows' line ends count.
pub(super) fn is_same(one: &str, two: &str) -> bool {
    let of = |text: &str| text.trim_end().replace("\r\n", "\n");
    of(one) == of(two)
}

/// The head of a file, with the line that ends it, and its text.
fn split(file: &str) -> (&str, &str) {
    let mut lines = file.split_inclusive('\n');
    let is_end = |line: &str| line.trim_end() == "---";
    let Some(first) = lines.next().filter(|line| is_end(line)) else {
        return ("", file);
    };
    let mut at = first.len();
    for line in lines {
        at += line.len();
        if is_end(line) {
            return file.split_at(at);
        }
    }
    ("", file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_head_and_a_text() {
        let file = "---\nsource: x.rs\nexpression: y\n---\nPatient\n\n--- answer\n---\n";
        let (head, text) = split(file);
        assert_eq!(head, "---\nsource: x.rs\nexpression: y\n---\n");
        assert_eq!(text, "Patient\n\n--- answer\n---\n");
        assert_eq!(split("Patient\n"), ("", "Patient\n"));
        assert_eq!(split("---\nnever closed"), ("", "---\nnever closed"));
        assert!(is_same("a\r\nb\n\n", "a\nb"));
        assert!(!is_same("a\nb", "a\n b"));
    }

    #[test]
    fn snapshots_lie_where_the_folder_says() {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path().canonicalize().expect("a path");
        let of = |path: &Path, within| {
            std::fs::create_dir_all(path).expect("a folder");
            Snapshots::of(path, within).folder
        };
        assert_eq!(of(&root.join("mappings/a"), None), root.join("snapshots/a"));
        assert_eq!(of(&root.join("b"), None), root.join("b/snapshots"));
        let within = root.join("c");
        assert_eq!(of(&root.join("b"), Some(&within)), within.join("b"));
    }

    #[test]
    fn what_is_written_keeps_its_head_and_is_read_again() {
        let root = tempfile::tempdir().expect("a folder");
        let snapshots = Snapshots::of(root.path(), None);
        assert_eq!(snapshots.read("a").expect("no file"), None);
        snapshots.write("a", "one\n\n").expect("written");
        let file = snapshots.file("a");
        let written = |file: &Path| std::fs::read_to_string(file).expect("a file");
        assert_eq!(written(&file), format!("{HEAD}one\n"));
        std::fs::write(&file, "---\nsource: other\n---\nold\n").expect("written");
        snapshots.write("a", "two").expect("written");
        assert_eq!(written(&file), "---\nsource: other\n---\ntwo\n");
        assert_eq!(snapshots.read("a").expect("read").as_deref(), Some("two\n"));
        let cases = BTreeSet::from(["b"]);
        assert_eq!(snapshots.stale(&cases).expect("a list"), ["a"]);
        snapshots.delete("a").expect("deleted");
        assert!(snapshots.stale(&cases).expect("a list").is_empty());
    }
}
