//! What stands between the gateway and a practice's databases.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::IntegratorId;
use super::integrator::Login;
use super::lane::Turn;
use crate::passthrough::RowSink;
use crate::passthrough::call::{Call, CallError, Called};
use crate::relation::Dialect;

/// Something that is still to come.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whether a practice can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Availability {
    Online,
    /// It said that it goes.
    Offline,
    /// It does not answer.
    Unreachable,
}

impl Availability {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Availability::Online => "online",
            Availability::Offline => "offline",
            Availability::Unreachable => "unreachable",
        }
    }
}

/// One run of a command.
pub struct Run {
    pub call: Arc<Call>,
    pub integrator: IntegratorId,
    /// The integrator's own; else the site's.
    pub login: Option<Login>,
    /// For the statement, rows and all.
    pub limit: Duration,
    /// Takes the rows as they come, on a thread that may wait. It is dropped when the run is over.
    pub rows: Box<dyn RowSink + Send>,
    /// Told, before the statement is run, whether it could change anything; the statement waits for the answer.
    /// `false`: it is not run, and the run ends with [`CallError::Withdrawn`].
    pub begins: Box<dyn FnOnce(Nature) -> bool + Send>,
    /// The place at the practice of a run whose future may be dropped: it is given back when the statement has ended. None
    /// where whoever runs it keeps the place.
    pub turn: Option<Turn>,
}

/// What a statement can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nature {
    /// It cannot change anything, for the engine says so: it may be run again.
    Reads,
    MayWrite,
}

/// A practice's databases, wherever they are.
pub trait Link: Send + Sync + 'static {
    fn availability(&self) -> Availability;

    /// Somebody wants a practice that is away: it is looked for sooner. Seconds until then, where they are known.
    fn seek(&self) -> Option<u32> {
        None
    }

    /// How its SQL is spelled.
    fn engine(&self) -> Dialect;

    /// The names of its databases, the default one first; empty where there is one without a name.
    fn catalogues(&self) -> Vec<Arc<str>>;

    /// Whether a command can be carried, as far as that is seen without the databases.
    ///
    /// # Errors
    /// [`CallError::Command`]
    fn check(&self, _call: &Call) -> Result<(), CallError> {
        Ok(())
    }

    /// Closes what has been kept without use for a while. It may wait.
    fn close_idle(&self) {}

    /// Runs a command. When the future is dropped, the statement is cancelled.
    fn run(self: Arc<Self>, run: Run) -> Later<'static, Result<Called, CallError>>;
}

/// The place of a catalogue among a practice's; that of the default one where none is named.
///
/// # Errors
/// [`CallError::Command`], with the names that there are: never with the one that was given.
pub fn place_of(known: &[Arc<str>], name: Option<&str>) -> Result<usize, CallError> {
    let Some(name) = name else { return Ok(0) };
    let mut known_names = known.iter();
    let found = known_names.position(|known| known.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        CallError::Command(match known.is_empty() {
            true => "`catalogue`: the site has one database, without a name".to_owned(),
            false => format!("`catalogue` is one of {}", known.join(", ")),
        })
    })
}
