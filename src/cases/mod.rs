//! A mapping's own tests: searches and reads over a small database, and what they must give.
//!
//! Takes a mapping's folder with what lies in it (`cases.yaml`, `fixture.sql`, a `fixture.<CATALOGUE>.sql` for each
//! further catalogue) and the snapshots of its cases; gives what each case asked, ran and got, and where that is not
//! what is expected. Whoever writes a mapping has it as `pilaster mapping test`; the tests of this repository run the
//! same over every mapping under `mappings/`, and add what needs crates of theirs.
//!
//! | module | takes → gives |
//! |---|---|
//! | `read`, `expect` | `cases.yaml` → [`Case`]s, or every problem with its place |
//! | `rules` | what is checked there |
//! | [`practice`] | a mapping and what fills its databases → a practice to ask without a socket |
//! | `script` | tables → SQL that makes them in SQLite |
//! | `fixture` | the folder's SQL → such a practice |
//! | `run`, `commands` | a case and a practice → what it asked, the commands and the answer |
//! | `snapshot` | what ran → the snapshot's text; the folder of snapshots |
//! | `check` | what ran and what is expected → differences |
//! | `why` | a resource that is missing → what keeps it out |
//! | `suite` | a folder → its cases, run |
//! | `report`, `diff` | what a suite gave → text for a terminal, JSON for programs |
//! | `review` | differences and a person's answers → what is accepted |

mod check;
mod commands;
mod diff;
mod expect;
mod fixture;
mod model;
pub mod practice;
mod read;
mod report;
mod review;
mod rules;
mod run;
pub(crate) mod script;
mod snapshot;
mod suite;
#[cfg(test)]
mod tests;
pub(crate) mod vocabulary;
mod why;

pub use check::{Difference, differences};
pub use commands::Shown;
pub use fixture::{FixtureError, fixture, fixture_with};
pub use model::{Case, Commands, Expect, FieldCheck, Ids, Question, Search, Subject};
pub use practice::{Practice, PracticeError};
pub use read::{FILE, read, read_folder};
pub use report::{Paint, Style, Tally, details, json, line};
pub use review::{Change, Decision, review};
pub use rules::{ALL as RULES, problems};
pub use run::{Answered, Ran, RunError, run};
pub use snapshot::{Snapshots, redact, text as snapshot_text};
pub use suite::{Outcome, State, Suite, SuiteError};
