//! The tutorial of `mappings/README.md` works: each of its files is saved and each of its commands typed, in the order in
//! which it is read, in an empty folder and by a shell.
//!
//! It is what stands before `## Reference`. Fenced blocks say in their info string what they are:
//!
//! | info string | what is done |
//! |---|---|
//! | `LANGUAGE file=PATH` | saved as that file |
//! | `sh` | run by bash, and succeeds; with `exit=1`, ends with that code |
//! | `sh` that begins with `pilaster serve` | runs on while the rest is read, once it says that it is ready |
//! | `text` | after `sh`: all that it printed. `…` is any text, over any number of lines |
//! | `json` | after `sh`: the JSON that it printed. `…` is any text |
//! | `search` | `SEARCH → IDS`, or `→ none`, or `→ STATUS CODE`, asked of the running server |
//!
//! Two things differ from what a reader types: the port is a free one, and so `serve` is told it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::mapping_docs::{Block, blocks, ids, same, tutorial};
use crate::mapping_schema;
use crate::support::{CLIENT, KEY_HEADER};

/// The address in the document.
const ADDRESS: &str = "127.0.0.1:8080";
const KEY: &str = "demo-key";
/// How long a running server may take to serve what was saved.
const PATIENCE: Duration = Duration::from_secs(20);

struct Reader {
    folder: TempDir,
    /// In place of [`ADDRESS`].
    address: String,
    /// Assignments of earlier blocks: `BASE=…`.
    variables: String,
    serving: Option<Child>,
    /// The last script, with what it printed.
    last: Option<(String, String)>,
    checked: BTreeMap<String, usize>,
}

impl Reader {
    fn new() -> Reader {
        let folder = tempfile::tempdir().expect("a folder");
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).expect("a folder");
        std::fs::create_dir(folder.path().join("work")).expect("a folder");
        symlink(env!("CARGO_BIN_EXE_pilaster"), bin.join("pilaster")).expect("a link");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address").to_string();
        Reader {
            folder,
            address,
            variables: String::new(),
            serving: None,
            last: None,
            checked: BTreeMap::new(),
        }
    }

    fn block(&mut self, block: &Block) -> Result<(), String> {
        let text = block.text.replace(ADDRESS, &self.address);
        let mark = block.mark.as_ref();
        match (block.language.as_str(), mark.map(|(key, _)| key.as_str())) {
            (language, Some("file")) => {
                let problems = match language {
                    "yaml" => mapping_schema::problems(&text),
                    _ => Vec::new(),
                };
                if !problems.is_empty() {
                    return Err(format!("the schema of editors refuses it: {problems:#?}"));
                }
                let path = self.work().join(&mark.expect("it is there").1);
                std::fs::create_dir_all(path.parent().expect("a folder"))
                    .and_then(|()| std::fs::write(path, &text))
                    .map_err(|error| error.to_string())?;
                self.last = None;
            }
            ("sh", None) if text.starts_with("pilaster serve") => self.serve(&text)?,
            ("sh", None) => self.run(&text, 0)?,
            ("sh", Some("exit")) => {
                let code = mark.and_then(|(_, code)| code.parse().ok());
                self.run(&text, code.ok_or("no exit code")?)?;
            }
            ("text", None) => self.printed(&text)?,
            ("json", None) => {
                let shown: Value = parse(&text)?;
                self.eventually(|reader| {
                    let (_, printed) = reader.last.as_ref().ok_or("nothing was run before")?;
                    same("the answer", &shown, &parse(printed)?)
                })?;
            }
            ("search", None) => {
                for line in text.lines() {
                    self.eventually(|reader| reader.search(line))?;
                }
            }
            (language, _) => return Err(format!("what is `{language}` with this mark?")),
        }
        *self.checked.entry(block.language.clone()).or_default() += 1;
        Ok(())
    }

    fn work(&self) -> std::path::PathBuf {
        self.folder.path().join("work")
    }

    fn shell(&self, script: &str) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("bash");
        command
            .args(["-c", script])
            .current_dir(self.work())
            .env(
                "PATH",
                format!("{}:{path}", self.folder.path().join("bin").display()),
            )
            .env_remove("PILASTER_LOG")
            .env_remove("RUST_LOG")
            .env_remove("PILASTER_OPERATOR_KEY")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    fn run(&mut self, text: &str, expected: i32) -> Result<(), String> {
        let script = format!("set -euo pipefail; exec 2>&1\n{}\n{text}", self.variables);
        let output = self
            .shell(&script)
            .output()
            .map_err(|error| error.to_string())?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.code() != Some(expected) {
            return Err(format!("{}:\n{printed}", output.status));
        }
        let is_assignment = |line: &&str| line.starts_with("BASE=");
        for line in text.lines().filter(is_assignment) {
            self.variables.push_str(line);
            self.variables.push('\n');
        }
        self.last = Some((text.to_owned(), printed));
        Ok(())
    }

    fn serve(&mut self, text: &str) -> Result<(), String> {
        self.stop();
        let script = format!("exec {} --listen {} 2>&1", text.trim_end(), self.address);
        let mut child = self
            .shell(&script)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut greeting = String::new();
        while !greeting.contains("Ready") {
            match lines.read_line(&mut greeting) {
                Ok(read) if read > 0 => {}
                _ => return Err(format!("ended:\n{greeting}")),
            }
        }
        // What it says later is read, so that it does not wait for a reader.
        std::thread::spawn(move || {
            let _ = lines.read_to_end(&mut Vec::new());
        });
        self.serving = Some(child);
        self.last = Some((text.to_owned(), greeting));
        Ok(())
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.serving.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// What was saved is served a moment later: tries, and runs the last command again, until it holds.
    fn eventually(&mut self, holds: impl Fn(&Reader) -> Result<(), String>) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let problem = match holds(self) {
                Ok(()) => return Ok(()),
                Err(problem) => problem,
            };
            if self.serving.is_none() || Instant::now() > until {
                return Err(problem);
            }
            std::thread::sleep(Duration::from_millis(100));
            if let Some((script, _)) = self.last.clone() {
                self.run(&script, 0)?;
            }
        }
    }

    fn printed(&self, shown: &str) -> Result<(), String> {
        let (_, printed) = self.last.as_ref().ok_or("nothing was run before")?;
        match is_like(shown.trim(), printed.trim()) {
            true => Ok(()),
            false => Err(format!("it printed:\n{printed}")),
        }
    }

    /// `Patient?family=x → 1, 2`
    fn search(&self, line: &str) -> Result<(), String> {
        let (asked, expected) = line
            .split_once('→')
            .ok_or_else(|| format!("no `→`: {line}"))?;
        let base = self
            .variables
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("BASE="));
        let url = format!("{}/{}", base.ok_or("no BASE yet")?, asked.trim());
        let answer = CLIENT.get(&url).header(KEY_HEADER, KEY).send();
        let answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let body: Value = answer.json().map_err(|error| error.to_string())?;
        let got = match status {
            200 if ids(&body).is_empty() => "none".to_owned(),
            200 => ids(&body).join(", "),
            _ => {
                let code = body["issue"][0]["details"]["coding"][0]["code"].as_str();
                format!("{status} {}", code.unwrap_or("?"))
            }
        };
        match got == expected.trim() {
            true => Ok(()),
            false => Err(format!("{} → {got}", asked.trim())),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop();
    }
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("no JSON ({error}):\n{text}"))
}

/// `…` in what is shown is any text.
fn is_like(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = printed.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn the_tutorial_is_followed_from_an_empty_folder_to_a_tested_mapping() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/README.md");
    let document = std::fs::read_to_string(path).expect("the document");
    let mut reader = Reader::new();
    for block in blocks(&document)
        .iter()
        .filter(|block| tutorial(&document).contains(&block.line))
    {
        if let Err(problem) = reader.block(block) {
            panic!("mappings/README.md:{}: {problem}", block.line);
        }
    }
    // The blocks were found: a document without any would be followed as well.
    for (language, least) in [
        ("sql", 1),
        ("yaml", 6),
        ("sh", 6),
        ("json", 2),
        ("search", 2),
        ("text", 2),
    ] {
        let checked = reader.checked.get(language).copied().unwrap_or_default();
        assert!(checked >= least, "only {checked} blocks of {language}");
    }
}

#[test]
fn what_is_left_out_is_any_text() {
    for (shown, printed, like) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a…", "ab", true),
        ("…b", "ab", true),
        ("a…c…e", "a\nb c d e", true),
        ("a…c…e", "a\nb d e", false),
        ("…a", "a b", false),
        ("x…", "a", false),
    ] {
        assert_eq!(is_like(shown, printed), like, "{shown} {printed}");
    }
}
