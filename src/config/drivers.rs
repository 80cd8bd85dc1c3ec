//! A site's entry → the driver of its databases.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::{Server, SiteEntry};
use crate::passthrough::sqlite::Sqlite;
use crate::passthrough::{Driver, PassthroughError};

impl SiteEntry {
    /// The driver of the site's databases. Nothing is connected to. Clients that are asynchronous run on `runtime`.
    ///
    /// # Errors
    /// Where the client cannot be made of what the entry says.
    pub fn driver(&self, runtime: &Handle) -> Result<Arc<dyn Driver>, PassthroughError> {
        let _ = runtime;
        match &self.server {
            Server::Sqlite => {
                let files = self.databases.iter();
                let files = files.map(|(name, file)| (Arc::clone(name), PathBuf::from(file)));
                Ok(Arc::new(Sqlite::files(files, &self.limits)))
            }
            _ => Err(PassthroughError::NotCarried("this driver")),
        }
    }
}
