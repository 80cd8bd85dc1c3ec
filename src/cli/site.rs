//! A site of a configuration file, asked once: for `mapping verify` and `mapping new`.

use std::path::Path;

use tokio::runtime::Runtime;

use super::StartError;
use crate::config::{Config, Drivers, Server, SiteEntry};
use crate::passthrough::{PassthroughError, Pool, Session};
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

/// Asks a site's databases. `engine` is the mapping's, for a driver that can reach any.
///
/// # Errors
/// [`StartError::NoFile`], [`StartError::Driver`], [`StartError::Site`]
pub(super) fn asked<T>(
    site: &SiteEntry,
    engine: Dialect,
    runtime: &Runtime,
    ask: impl FnOnce(Dialect, &mut Session<'_>) -> Result<T, PassthroughError>,
) -> Result<T, StartError> {
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
    let driver = driver.map_err(|source| StartError::Driver {
        id: site.id.clone(),
        source,
    })?;
    let dialect = driver.dialect();
    let pool = Pool::new(driver, site.limits.clone());
    let asked = pool.run_now(|session| ask(dialect, session));
    asked.map_err(|source| StartError::Site {
        id: site.id.clone(),
        source,
    })
}
