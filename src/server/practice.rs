//! What the server asks of a practice, and how a [`Site`] gives it.
//!
//! A trait stands between the two because the server's own promises (a panic is an answer, a slow
//! answer ends, a full server says so) must hold whatever is behind it, and are tested on practices that
//! panic and dawdle. It costs one allocation a request.

use std::pin::Pin;
use std::sync::Arc;

use crate::explain::{self, HttpCall, HttpOptions};
use crate::fhir::capability::{self, Access, StatementOptions};
use crate::gateway::site::{PracticeMetadata, Standing};
use crate::passthrough::PassthroughError;
use crate::site::{Answer, ReadCall, SearchCall, Site, SiteError, SummaryCall};

/// An answer that is still to come.
pub type Reply<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A practice behind the FHIR base of a site.
pub trait Practice: Send + Sync + 'static {
    /// The site's id in URLs, a GUID.
    fn id(&self) -> &str;

    /// A resource type that is served, by its name.
    fn resource(&self, name: &str) -> Option<&'static str>;

    /// The resource types that are served, sorted.
    fn resources(&self) -> Vec<&'static str>;

    /// Another number whenever what is served has changed.
    fn version(&self) -> u64 {
        0
    }

    /// The CapabilityStatement as JSON, for the site's FHIR base URL, with what lets a caller in there; `since` is when it
    /// last changed, a FHIR dateTime.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    fn capabilities(
        &self,
        base: &str,
        since: &str,
        access: Access,
    ) -> Result<Vec<u8>, serde_json::Error>;

    /// Answers a search.
    fn search(self: Arc<Self>, call: SearchCall) -> Reply<Result<Answer, SiteError>>;

    /// Answers a read.
    fn read(self: Arc<Self>, call: ReadCall) -> Reply<Result<Answer, SiteError>>;

    /// Answers `$summary`.
    fn summary(self: Arc<Self>, call: SummaryCall) -> Reply<Result<Answer, SiteError>>;

    /// Says what becomes of a search or read, stage by stage, as JSON.
    fn explain(
        self: Arc<Self>,
        call: HttpCall,
        options: HttpOptions,
    ) -> Reply<Result<serde_json::Value, SiteError>>;

    /// Whether requests reach the database, as far as is known without asking it.
    fn is_up(&self) -> bool;

    /// Whether it can be asked, and how far it has come, as far as is known without asking the database.
    fn standing(&self) -> Standing {
        match self.is_up() {
            true => Standing::ONLINE,
            false => Standing::UNREACHABLE,
        }
    }

    /// Somebody wants the database while it is away: it is looked for sooner, where that does no harm. Seconds until then,
    /// where they are known.
    fn seek(&self) -> Option<u32> {
        None
    }

    /// Asks the database which practice it is.
    fn metadata(self: Arc<Self>) -> Reply<Result<PracticeMetadata, PassthroughError>> {
        Box::pin(async { Ok(PracticeMetadata::default()) })
    }

    /// Whether the database answers.
    fn ready(self: Arc<Self>) -> Reply<Result<(), PassthroughError>>;
}

impl Practice for Site {
    fn id(&self) -> &str {
        Site::id(self)
    }

    fn resource(&self, name: &str) -> Option<&'static str> {
        Site::resource(self, name).map(|resource| resource.name)
    }

    fn resources(&self) -> Vec<&'static str> {
        self.mapping().resources.keys().copied().collect()
    }

    fn version(&self) -> u64 {
        self.number()
    }

    fn capabilities(
        &self,
        base: &str,
        since: &str,
        access: Access,
    ) -> Result<Vec<u8>, serde_json::Error> {
        let options = StatementOptions {
            base,
            date: since,
            version: env!("CARGO_PKG_VERSION"),
            site: Site::id(self),
            zone: self.zone_name(),
            access,
        };
        serde_json::to_vec(&capability::statement(self.mapping(), &options))
    }

    fn search(self: Arc<Self>, call: SearchCall) -> Reply<Result<Answer, SiteError>> {
        Box::pin(async move { Site::search(&self, call).await })
    }

    fn read(self: Arc<Self>, call: ReadCall) -> Reply<Result<Answer, SiteError>> {
        Box::pin(async move { Site::read(&self, call).await })
    }

    fn summary(self: Arc<Self>, call: SummaryCall) -> Reply<Result<Answer, SiteError>> {
        Box::pin(async move { Site::summary(&self, call).await })
    }

    fn explain(
        self: Arc<Self>,
        call: HttpCall,
        options: HttpOptions,
    ) -> Reply<Result<serde_json::Value, SiteError>> {
        Box::pin(async move { explain::for_http(&self, call, options).await })
    }

    /// The same as FHIR's callers are told.
    fn seek(&self) -> Option<u32> {
        self.pool().seek()
    }

    fn is_up(&self) -> bool {
        !self.pool().is_away()
    }

    fn metadata(self: Arc<Self>) -> Reply<Result<PracticeMetadata, PassthroughError>> {
        Box::pin(async move { Site::practice_metadata(&self).await })
    }

    fn ready(self: Arc<Self>) -> Reply<Result<(), PassthroughError>> {
        Box::pin(async move { Site::ready(&self).await })
    }
}
