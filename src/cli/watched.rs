//! `pilaster serve --watch` over one mapping: its folder's files, whenever they have changed → what is served.
//!
//! A folder is looked at several times a second. What it holds is taken up when it has been the same for two looks, so
//! that a file that is half written, or away for the moment in which an editor renames it, is not. A mapping that has
//! errors changes nothing but what the terminal and `/health/ready` say; where there was none before it, callers are
//! told that it has to be mended. Requests under way end with the mapping that they began with: each has a site of
//! its own, and a site its plans and commands. Connections and the key of page links stay.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use super::cloud::{Asked, State};
use super::files::{Files, identity, look_at_folder};
use super::open::{Limits, open_over};
use super::{StartError, tell};
use crate::cursor::CursorKey;
use crate::gateway::site::Product;
use crate::mapping::{Diagnostics, Folder, Options, rules};
use crate::passthrough::{PassthroughError, Pool, sqlite};
use crate::server::{App, Keys, MappingProblem, MappingState, OperatorKey, Practice, Served};
use crate::site::{OpenError, Opened, Site};

/// Between two looks at the files.
pub(super) const LOOK: Duration = Duration::from_millis(150);

/// What a watched practice is made of.
pub(super) struct Parts {
    pub id: &'static str,
    pub zone: TimeZone,
    pub cursor_key: Arc<CursorKey>,
    pub limits: Limits,
    /// The mapping's.
    pub folder: PathBuf,
    pub database: PathBuf,
    /// Whose subscription keys.
    pub caller: (&'static str, &'static str),
    pub operator: Option<OperatorKey>,
}

/// A practice whose mapping is watched.
pub(super) struct Watched {
    parts: Parts,
    /// Of the database's file; None where another has taken its place, which has connections of its own, until that is
    /// opened.
    pool: Option<Arc<Pool>>,
    /// Which file that was at the last look.
    database: u64,
    looked: Looked,
    broken_since: Option<Instant>,
    revision: u64,
}

/// What was made of the files.
pub(super) struct Taken {
    /// None where nothing can be served.
    pub site: Option<Arc<Site>>,
    pub state: MappingState,
    /// For the terminal.
    pub told: String,
}

impl Watched {
    /// Takes up the files as they are.
    ///
    /// # Errors
    /// Where there is no such database; a mapping with errors is none.
    pub(super) fn new(parts: Parts) -> Result<(Watched, Taken), StartError> {
        let mut watched = Watched {
            database: identity(&parts.database),
            pool: Some(
                connected(&parts)
                    .map_err(|error| StartError::unreadable(&parts.database, &error))?,
            ),
            looked: Looked::default(),
            broken_since: None,
            revision: 0,
            parts,
        };
        watched.looked.taken = look_at_folder(&watched.parts.folder);
        let taken = watched.take();
        Ok((watched, taken))
    }

    /// What is served while nothing can be: a site that waits.
    pub(super) fn waiting(&self) -> Served {
        Served::waiting(self.parts.id, self.keys(), self.parts.operator.clone())
    }

    /// What is served of a site.
    pub(super) fn serving(&self, site: &Arc<Site>) -> Served {
        let practice = Arc::clone(site) as Arc<dyn Practice>;
        Served::new(vec![practice], self.keys(), self.parts.operator.clone())
    }

    fn keys(&self) -> Keys {
        Keys::new([self.parts.caller])
    }

    /// Looks at the files from time to time, and serves what they hold.
    ///
    /// `asked` is the practice as the gateway has it, in `state`: it goes by the product that the mapping names.
    pub(super) async fn keep_up(
        mut self,
        app: Arc<App>,
        state: Arc<State>,
        mut asked: Option<Asked>,
    ) {
        loop {
            tokio::time::sleep(LOOK).await;
            let taken = tokio::task::block_in_place(|| {
                let is_other = self.has_other_database();
                let is_new = self.looked.settles(look_at_folder(&self.parts.folder));
                (is_new || is_other).then(|| self.take())
            });
            if let Some(taken) = taken {
                // First what is served, so that who sees the new state is answered by it.
                if let Some(site) = &taken.site {
                    app.serve(self.serving(site));
                    let product = Product::named(&site.mapping().pms);
                    if let Some(asked) = &mut asked
                        && asked.name_product(product)
                    {
                        state.gateway.serve(vec![asked.practice(&state.known)]);
                    }
                }
                app.tell_mapping(taken.state);
                tell(&taken.told);
            }
        }
    }

    /// Opens a site over the files as they are now.
    fn take(&mut self) -> Taken {
        let began = Instant::now();
        let read = Folder::read(&self.parts.folder);
        let opened = match &read {
            Ok(folder) => self.open(folder),
            Err(all) => Err(OpenError::Mapping(Box::new(all.clone()))),
        };
        match opened {
            // An editor that empties a file before it writes it: what is in it is not gone.
            Ok(Opened { warnings, .. }) if self.revision > 0 && has_empty_file(&warnings) => {
                self.broken_since.get_or_insert(began);
                let shown = warnings.render(io::stderr().is_terminal());
                let problems = MappingProblem::of(&warnings);
                Taken {
                    site: None,
                    state: MappingState::broken(self.revision, problems),
                    told: format!("{shown}\n\nmapping broken: the last good one is served\n"),
                }
            }
            Ok(Opened { site, warnings, .. }) => {
                self.revision += 1;
                let told = self.taken_up(&warnings, began.elapsed());
                Taken {
                    site: Some(Arc::new(site)),
                    state: MappingState::served(self.revision, MappingProblem::of(&warnings)),
                    told,
                }
            }
            Err(error) => {
                self.broken_since.get_or_insert(began);
                let kept = match self.revision {
                    0 => "nothing is served until it is mended",
                    _ => "the last good one is served",
                };
                let colour = io::stderr().is_terminal();
                let text = |file: &str| read.as_ref().ok()?.text(file);
                let told = match &error {
                    OpenError::Mapping(all) => all.render(colour),
                    OpenError::Lacks(report) => {
                        report.errors().render(text, |file| file.into(), colour)
                    }
                    other => format!("error: {other}"),
                };
                Taken {
                    site: None,
                    state: MappingState::broken(self.revision, problems(&error, text)),
                    told: format!("{told}\n\nmapping broken: {kept}\n"),
                }
            }
        }
    }

    /// Whether another file has taken the database's place since the last look.
    fn has_other_database(&mut self) -> bool {
        let now = identity(&self.parts.database);
        let is_other = now != self.database;
        if is_other {
            // Noted at once: one that cannot be opened is told once, and tried again when something is saved.
            self.database = now;
            self.pool = None;
        }
        is_other
    }

    fn open(&mut self, folder: &Folder) -> Result<Opened, OpenError> {
        let pool = match &self.pool {
            Some(pool) => Arc::clone(pool),
            None => Arc::clone(self.pool.insert(connected(&self.parts)?)),
        };
        open_over(
            self.parts.id,
            self.parts.zone.clone(),
            Arc::clone(&self.parts.cursor_key),
            pool,
            self.parts.limits.count,
            &|options: &Options| folder.load(options),
        )
    }

    /// The lines for the terminal when a mapping is served.
    fn taken_up(&mut self, warnings: &Diagnostics, took: Duration) -> String {
        let shown = match warnings.is_empty() {
            true => String::new(),
            false => format!("{}\n\n", warnings.render(io::stderr().is_terminal())),
        };
        format!("{shown}{}", taken_up(took, self.broken_since.take()))
    }
}

/// The line that a terminal shows when a mapping is served, which was broken from then on or not at all.
pub(super) fn taken_up(took: Duration, broken_since: Option<Instant>) -> String {
    let took = took.as_millis();
    match broken_since {
        None => format!("mapping taken up in {took} ms"),
        Some(since) => format!(
            "mapping good again, taken up in {took} ms; it was broken for {:.1} s",
            since.elapsed().as_secs_f32()
        ),
    }
}

fn connected(parts: &Parts) -> Result<Arc<Pool>, PassthroughError> {
    sqlite::pool(&parts.database, parts.limits.pool.clone()).map(Arc::new)
}

/// Whether a file has nothing in it, which is but a warning otherwise.
fn has_empty_file(warnings: &Diagnostics) -> bool {
    let empty = rules::EMPTY_FILE.code;
    warnings.iter().any(|warning| warning.code() == empty)
}

/// Why a mapping cannot be served, problem by problem. `text` gives the text of a file of the mapping.
fn problems<'t>(error: &OpenError, text: impl Fn(&str) -> Option<&'t str>) -> Vec<MappingProblem> {
    match error {
        OpenError::Mapping(all) => MappingProblem::of(all),
        OpenError::Lacks(report) => {
            let errors = report.errors().findings.into_iter();
            errors
                .map(|finding| MappingProblem::lacking(&finding, text(&finding.place.file)))
                .collect()
        }
        other => vec![MappingProblem::error(other.to_string())],
    }
}

/// Tells files that have settled from those that are being written.
#[derive(Default)]
pub(super) struct Looked {
    /// As they were when they were last taken up.
    pub taken: Files,
    /// As they were at the last look, where that was otherwise.
    changed: Option<Files>,
}

impl Looked {
    /// Whether the files are otherwise than when they were taken up, and have been as they are now for two looks. They
    /// then count as taken up.
    pub(super) fn settles(&mut self, now: Files) -> bool {
        if now == self.taken {
            self.changed = None;
            return false;
        }
        if self.changed.as_ref() != Some(&now) {
            self.changed = Some(now);
            return false;
        }
        self.changed = None;
        self.taken = now;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Files {
        names
            .iter()
            .map(|name| (PathBuf::from(name), None))
            .collect()
    }

    #[test]
    fn files_are_taken_up_when_they_have_settled() {
        let mut looked = Looked {
            taken: files(&["a", "b"]),
            changed: None,
        };
        assert!(!looked.settles(files(&["a", "b"])));
        // An editor renames: for one look a file is away.
        assert!(!looked.settles(files(&["a"])));
        assert!(!looked.settles(files(&["a", "b"])));
        assert!(!looked.settles(files(&["a"])), "begins anew");
        assert!(!looked.settles(files(&["a", "c"])), "still changing");
        assert!(looked.settles(files(&["a", "c"])));
        assert!(!looked.settles(files(&["a", "c"])), "once");
    }
}
