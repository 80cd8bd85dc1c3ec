//! A secret by its name: `{ env = "NAME" }` or `{ file = "path" }`.

use std::path::{Path, PathBuf};

use super::read::{Section, clip};
use super::{Environment, rules};
use crate::mapping::{Problem, Span};
use crate::secret::Secret;
use crate::secret_file::{self, is_variable_name};

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
        if !is_variable_name(name) {
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
        match secret_file::read(&path) {
            Ok(secret) => {
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
                Some(secret)
            }
            Err(why) => {
                let message = format!("the secret's file {why}");
                section.report(Problem::new(&rules::NO_SECRET, span, message));
                None
            }
        }
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
