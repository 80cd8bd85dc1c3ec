//! The practices that are served, as sites that may be asked which practices they are.

use std::sync::Arc;

use super::app::App;
use crate::gateway::enrich::Practices;
use crate::gateway::id::SiteId;
use crate::gateway::link::{Availability, Later};
use crate::gateway::site::{PracticeMetadata, Sites};
use crate::passthrough::PassthroughError;

impl Practices for App {
    fn sites(&self) -> Arc<Sites> {
        let cloud = self.cloud.as_ref();
        cloud.map_or_else(Arc::default, |cloud| {
            Arc::clone(&cloud.gateway.served().sites)
        })
    }

    fn open(&self) -> Vec<(SiteId, u64)> {
        let served = self.served();
        let open = served
            .sites()
            .filter(|site| site.standing().availability == Availability::Online);
        open.filter_map(|site| Some((site.id().parse().ok()?, site.version())))
            .collect()
    }

    fn ask(&self, site: SiteId) -> Later<'static, Result<PracticeMetadata, PassthroughError>> {
        let practice = self.served().site(&site.to_string()).map(Arc::clone);
        Box::pin(async move {
            match practice {
                Ok(practice) => practice.metadata().await,
                Err(_) => Err(PassthroughError::Opening),
            }
        })
    }
}
