//! A secret by its name: `{ env = "NAME" }` or `{ file = "path" }`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::read::{Section, clip};
use super::{Environment, rules};
use crate::mapping::{Problem, Span};
use crate::secret::Secret;

/// The longest secret, in bytes.
const LONGEST: u64 = 4096;

/// Where secrets are looked for, and which files were.
pub(super) struct Secrets<'e> {
    pub(super) environment: &'e dyn Environment,
    /// The folder of the configuration file.
    pub(super) folder: &'e Path,
    pub(super) files: Vec<PathBuf>,
}

impl Secrets<'_> {
    /// The secret under a key, if there is one.
    pub(super) fn read(&mut self, section: &Section<'_>, key: &'static str) -> Option<Secret> {
        let value = section.get(key)?;
        let span = value.span();
        if !value.get_ref().is_table() {
            let problem = Problem::new(
                &rules::PLAIN_SECRET,
                &span,
                format!("`{key}` is written out; name where it is kept"),
            );
            section.report(problem.help(format!(
                "{key} = {{ env = \"NAME\" }} or {key} = {{ file = \"path\" }}; and change the secret, which has been written down"
            )));
            return None;
        }
        let place = section.section(key, "the place of a secret")?;
        let (env, file) = (place.text("env"), place.text("file"));
        let found = match (&env, &file) {
            (Some(env), None) => self.variable(section, env.value, &env.span),
            (None, Some(file)) => self.file(section, file.value, &file.span),
            (None, None) if place.has("env") || place.has("file") => None,
            _ => {
                section.invalid(&span, format!("`{key}` is kept in one place: env or file"));
                None
            }
        };
        place.done();
        found
    }

    /// As [`Secrets::read`]; it must be there.
    pub(super) fn need(
        &mut self,
        section: &Section<'_>,
        key: &'static str,
        for_what: &str,
    ) -> Option<Secret> {
        if !section.has(key) {
            let _ = section.get(key);
            section.missing(key, for_what);
            return None;
        }
        self.read(section, key)
    }

    fn variable(&self, section: &Section<'_>, name: &str, span: &Span) -> Option<Secret> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !name.bytes().all(is_name) {
            // It may be the secret itself.
            let problem = Problem::new(
                &rules::INVALID_VALUE,
                span,
                "`env` is the name of an environment variable: letters, digits and _",
            );
            section.report(problem.unseen());
            return None;
        }
        match self.environment.variable(name) {
            Some(value) if !value.is_empty() => Some(Secret::new(value)),
            _ => {
                let name = clip(name);
                section.report(
                    Problem::new(
                        &rules::NO_SECRET,
                        span,
                        format!("the environment variable `{name}` is not set, or is empty"),
                    )
                    .help("set it where the program is started"),
                );
                None
            }
        }
    }

    fn file(&mut self, section: &Section<'_>, path: &str, span: &Span) -> Option<Secret> {
        let path = self.folder.join(path);
        self.files.push(path.clone());
        let read = || -> std::io::Result<String> {
            let mut text = String::new();
            std::fs::File::open(&path)?
                .take(LONGEST + 1)
                .read_to_string(&mut text)?;
            Ok(text)
        };
        let problem = |why: &str| {
            section.report(Problem::new(
                &rules::NO_SECRET,
                span,
                format!("the secret's file {why}"),
            ));
        };
        match read() {
            Ok(text) if text.len() as u64 > LONGEST => problem("has more than 4 KiB"),
            Ok(text) => {
                // Editors and `echo` end the last line.
                let text = text.trim_end_matches(['\r', '\n']);
                if text.is_empty() {
                    problem("is empty");
                } else {
                    if is_open(&path) {
                        section.report(
                            Problem::new(
                                &rules::READABLE_SECRET,
                                span,
                                "every user of the machine can read this file",
                            )
                            .help("chmod 600"),
                        );
                    }
                    return Some(Secret::new(text));
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                problem("is not UTF-8");
            }
            Err(error) => problem(&format!("cannot be read: {error}")),
        }
        None
    }
}

#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}
