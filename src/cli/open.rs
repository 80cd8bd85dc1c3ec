//! A mapping and a SQLite file → a [`Site`] that can be served, or why not.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::StartError;
use crate::cursor::CursorKey;
use crate::mapping::{Diagnostics, Loaded, Options};
use crate::passthrough::{Limits as PoolLimits, Pool, sqlite};
use crate::plan::CountLimits;
use crate::relation::Dialect;
use crate::site::{self, OpenError, Opened, Site, SiteConfig};

/// Bounds of a site.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    pub pool: PoolLimits,
    pub count: CountLimits,
}

/// A site over a SQLite database, opened read-only.
///
/// `load` loads the mapping; it is called again if the database lacks columns that are optional. The
/// mapping's warnings are given back with the site.
///
/// # Errors
/// [`StartError::Mapping`], [`StartError::Fragment`], [`StartError::Database`]
pub fn open_site(
    id: &str,
    zone: TimeZone,
    cursor_key: Arc<CursorKey>,
    database: &Path,
    limits: Limits,
    load: impl Fn(&Options) -> Result<Loaded, Diagnostics>,
) -> Result<(Site, Diagnostics), StartError> {
    // What is wrong with the mapping is said before what is wrong with the file.
    let loaded = load(&Options::default()).map_err(|all| StartError::Mapping(Box::new(all)))?;
    let catalogues = loaded.mapping.catalogues;
    let pool = sqlite::pool(database, limits.pool)
        .map_err(|error| StartError::unreadable(database, &error))?;
    let opened = open_over(id, zone, cursor_key, Arc::new(pool), limits.count, &load);
    let Opened { site, warnings, .. } = opened.map_err(|error| match error {
        OpenError::Mapping(all) => StartError::Mapping(all),
        OpenError::Database(error) => StartError::unreadable(database, &error),
        OpenError::Fragment {
            resource, source, ..
        } => StartError::Fragment { resource, source },
        // The one file was asked for the tables of all of them.
        lacks @ OpenError::Lacks(_) if catalogues.len() > 1 => StartError::database(
            database,
            format!(
                "{lacks}. The mapping has the catalogues {}, and this is one database: `serve --config` gives each its own, under [site.databases]",
                catalogues.join(", ")
            ),
        ),
        other => StartError::database(database, other.to_string()),
    })?;
    Ok((site, warnings))
}

/// A site over a database that is open already.
///
/// # Errors
/// [`OpenError`]
pub(super) fn open_over(
    id: &str,
    zone: TimeZone,
    cursor_key: Arc<CursorKey>,
    pool: Arc<Pool>,
    count: CountLimits,
    load: &dyn Fn(&Options) -> Result<Loaded, Diagnostics>,
) -> Result<Opened, OpenError> {
    let config = SiteConfig {
        id: id.to_owned(),
        zone_name: zone.iana_name().unwrap_or("UTC").to_owned(),
        zone,
        dialect: Dialect::Sqlite,
        count,
        cursor_key,
    };
    site::open(config, pool, load)
}
