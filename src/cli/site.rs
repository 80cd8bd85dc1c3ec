//! A site of a configuration file, asked once by a command.

use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::StartError;
use crate::config::{Config, Drivers, Server, SiteEntry};
use crate::passthrough::{Driver, PassthroughError, Pool, Session};
use crate::relation::Dialect;

/// The entry of a site, by its id in whatever case.
///
/// # Errors
/// [`StartError::NoSuchSite`]
pub(super) fn find(config: Config, id: &str, path: &Path) -> Result<SiteEntry, StartError> {
    let wanted = id.to_ascii_lowercase();
    let mut sites = config.sites.into_iter();
    let found = sites.find(|site| site.id == wanted);
    found.ok_or_else(|| StartError::NoSuchSite {
        path: path.to_owned(),
    })
}

/// The driver of a site's databases. `engine` is the mapping's, for a driver that can reach any.
///
/// # Errors
/// [`StartError::NoFile`], [`StartError::Driver`]
pub(super) fn driver(
    site: &SiteEntry,
    engine: Dialect,
    runtime: &Runtime,
) -> Result<Arc<dyn Driver>, StartError> {
    if site.server == Server::Sqlite {
        let mut paths = site.databases.iter().map(|(_, path)| Path::new(path));
        if let Some(missing) = paths.find(|path| !path.is_file()) {
            return Err(StartError::NoFile {
                id: site.id.clone(),
                path: missing.to_owned(),
            });
        }
    }
    let mut drivers = Drivers::new(runtime.handle().clone());
    let driver = drivers.of(site, engine);
    driver.map_err(|source| StartError::Driver {
        id: site.id.clone(),
        source,
    })
}

/// Asks a site's databases.
///
/// # Errors
/// As [`driver`]; [`StartError::Site`]
pub(super) fn asked<T>(
    site: &SiteEntry,
    engine: Dialect,
    runtime: &Runtime,
    ask: impl FnOnce(Dialect, &mut Session<'_>) -> Result<T, PassthroughError>,
) -> Result<T, StartError> {
    let driver = driver(site, engine, runtime)?;
    let dialect = driver.dialect();
    let pool = Pool::new(driver, site.limits.clone());
    let asked = pool.run_now(|session| ask(dialect, session));
    asked.map_err(|source| StartError::Site {
        id: site.id.clone(),
        source,
    })
}
