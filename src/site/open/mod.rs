//! A mapping and a practice's databases → a [`Site`] that can be served, or what is missing.
//!
//! All that a search would stumble over is found here: a database that cannot be reached, a table or column that the
//! mapping needs and the database lacks, an SQL fragment without text for the engine or that it refuses. Columns that
//! are declared `optional` may be absent; the mapping is then loaded without them.

mod prepare;

use std::sync::Arc;

use super::{Site, SiteConfig};
use crate::mapping::{Diagnostics, Loaded, Options};
use crate::passthrough::{PassthroughError, Pool};
use crate::relation::Dialect;
use crate::sql::SqlError;
use crate::verify::{self, Report};

/// Missing tables and columns that one message names.
const NAMED: usize = 10;

/// A site, and what is odd about it.
pub struct Opened {
    pub site: Site,
    /// Of the mapping.
    pub warnings: Diagnostics,
    /// Of the mapping beside the database.
    pub report: Report,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the mapping cannot be used\n\n{}", .0.render(false))]
    Mapping(Box<Diagnostics>),
    #[error(transparent)]
    Database(#[from] PassthroughError),
    #[error("the mapping names what it does not have: {}", lacking(.0))]
    Lacks(Report),
    #[error(
        "the mapping has no text for {dialect} in an SQL fragment that {resource} needs: {source}"
    )]
    Fragment {
        dialect: Dialect,
        resource: &'static str,
        source: SqlError,
    },
    #[error("{place}: {dialect} refuses SQL of the mapping: {says}")]
    Refused {
        dialect: Dialect,
        /// In the mapping's files.
        place: String,
        /// The engine's words of the mapping's own text.
        says: String,
    },
}

impl OpenError {
    /// What a caller is told, who knows nothing of mappings.
    pub fn for_callers(&self) -> PassthroughError {
        match self {
            OpenError::Database(error) => error.clone(),
            OpenError::Lacks(report) => PassthroughError::Schema(lacking(report)),
            OpenError::Mapping(_) | OpenError::Fragment { .. } | OpenError::Refused { .. } => {
                PassthroughError::Failed { code: 0 }
            }
        }
    }
}

/// The first of what is missing.
fn lacking(report: &Report) -> String {
    let needed = report.needed();
    let named = needed
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match needed.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// A site over a practice's databases. It blocks, for as long as they take to answer.
///
/// `load` loads the mapping; it is called again if a database lacks columns that are optional.
///
/// # Errors
/// [`OpenError`]
pub fn open(
    config: SiteConfig,
    pool: Arc<Pool>,
    load: &dyn Fn(&Options) -> Result<Loaded, Diagnostics>,
) -> Result<Opened, OpenError> {
    let load = |options: &Options| load(options).map_err(|all| OpenError::Mapping(Box::new(all)));
    let mut loaded = load(&Options::default())?;
    let dialect = config.dialect;
    let report = pool.run_now(|session| verify::verify(&loaded.mapping, dialect, session))?;
    if report.has_errors() {
        return Err(OpenError::Lacks(report));
    }
    let missing = report.missing_optional();
    if !missing.is_empty() {
        loaded = load(&Options { missing })?;
    }
    let site = Site::new(config, Arc::new(loaded.mapping), pool);
    prepare::prepare(&site)?;
    Ok(Opened {
        site,
        warnings: loaded.warnings,
        report,
    })
}
