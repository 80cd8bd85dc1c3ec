//! A client of another SQL Passthrough API: Pilaster in front of a cloud account that reaches the practice already.
//!
//! Takes statements; each becomes one immediate query, `POST {base}/integrator/sites/{siteId}/queries/immediate`, in
//! the form that `explain` prints. Gives its rows.
//!
//! - A [`Connection`] is no socket: the account's HTTP client keeps those. It stands for a site that was found
//!   online, with its databases, by `GET {base}/integrator/sites/{siteId}`, which counts towards no limit. After an
//!   answer that says otherwise it is not kept, so the site is looked at again before the next query.
//! - Queries are counted by [`Account`], over all its sites ([`Rate`]).
//! - Every wait ends with the job's [`Watch`]: the request is then dropped, which closes its socket. HTTP/1.1 alone is
//!   spoken, where that tells the upstream so.
//! - A query goes on with the trace of the request that it is for (W3C Trace Context).
//! - Each statement sees its own state of the database: the API has no transactions.
//! - The key is sent to the account's own host alone, over TLS: redirections are not followed, and plain HTTP is for
//!   this computer only. An upstream's words are never passed on, since they may quote values.

mod account;
mod answer;
mod cells;
mod engine_codes;
mod failures;
mod line;
mod rate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

pub use account::{Account, AccountError, AccountOptions};
pub use rate::Rate;

use super::call::Line;
use super::{Command, Connection, Driver, Limits, PassthroughError, RowSink, Watch};
use crate::gateway::integrator::Login;
use crate::relation::{Dialect, Value};
use crate::sql::Statement;

/// How long an immediate query may wait at the upstream, by the API.
const LONGEST_QUEUE: Duration = Duration::from_secs(60);
/// How long an immediate query may run, by the API.
const LONGEST_QUERY: Duration = Duration::from_secs(30);
/// Bytes of an answer that says why there are no rows, or what a site is.
const SHORT_ANSWER: usize = 256 << 10;

/// A site of an account.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whose site it is: one for all sites of a key, since it counts their queries together.
    pub account: Arc<Account>,
    /// The site's GUID at the upstream.
    pub site_id: String,
    /// How the practice's own engine spells SQL: the mapping's engine.
    pub dialect: Dialect,
    /// The names that statements have for the site's databases, the default one first; empty for the default alone,
    /// without a name.
    pub catalogues: Vec<Arc<str>>,
    /// What the upstream calls each of them.
    pub databases: Vec<Arc<str>>,
    /// How long a query may wait at the upstream for the practice; no longer than its job may take. The API takes up
    /// to 60 s.
    pub max_time_in_queue: Duration,
}

/// The databases of a site, behind an upstream.
pub struct Upstream {
    site: Arc<Site>,
}

struct Site {
    options: Options,
    runtime: Handle,
    /// Bytes of one statement's rows.
    rows: usize,
    /// How long it may take to find out whether the site is online.
    connect: Duration,
}

impl Upstream {
    /// A site's driver; its requests are made on `runtime`.
    ///
    /// # Errors
    /// [`AccountError::SiteId`]
    pub fn new(
        options: Options,
        limits: &Limits,
        runtime: Handle,
    ) -> Result<Upstream, AccountError> {
        let id = &options.site_id;
        let is_id = (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_id {
            return Err(AccountError::SiteId);
        }
        Ok(Upstream {
            site: Arc::new(Site {
                options,
                runtime,
                rows: limits.rows,
                connect: limits.connect,
            }),
        })
    }
}

impl Driver for Upstream {
    fn dialect(&self) -> Dialect {
        self.site.options.dialect
    }

    fn catalogues(&self) -> &[Arc<str>] {
        &self.site.options.catalogues
    }

    fn connect(
        &self,
        catalogue: usize,
        watch: &Arc<Watch>,
    ) -> Result<Box<dyn Connection>, PassthroughError> {
        let name = self.site.options.databases.get(catalogue);
        self.site.look(name, watch)?;
        Ok(Box::new(Online {
            site: Arc::clone(&self.site),
            catalogue: name.cloned(),
            watch: Arc::clone(watch),
            is_sound: true,
        }))
    }

    /// The upstream's key is Pilaster's: as whom its statements run at the practice is the upstream's.
    fn line(
        &self,
        catalogue: usize,
        login: Option<&Login>,
        watch: &Arc<Watch>,
    ) -> Result<Box<dyn Line>, PassthroughError> {
        if login.is_some() {
            return Err(PassthroughError::LoginNotCarried);
        }
        let name = self.site.options.databases.get(catalogue);
        self.site.look(name, watch)?;
        Ok(Box::new(line::UpstreamLine::new(
            Arc::clone(&self.site),
            name.cloned(),
        )))
    }
}

/// A site that was found online, with one of its databases.
struct Online {
    site: Arc<Site>,
    catalogue: Option<Arc<str>>,
    watch: Arc<Watch>,
    /// No answer said that the site, or the key, is not what it was.
    is_sound: bool,
}

/// The body of an immediate query.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Immediate<C> {
    /// Milliseconds.
    max_time_in_queue: u64,
    #[serde(flatten)]
    command: C,
}

/// A site, as far as it is read.
#[derive(Deserialize)]
struct Found {
    availability: Option<String>,
    status: Option<String>,
    #[serde(default)]
    catalogue: Vec<Catalogue>,
}

#[derive(Deserialize)]
struct Catalogue {
    name: String,
}

impl Connection for Online {
    fn begin(&mut self, watch: &Arc<Watch>) -> Result<(), PassthroughError> {
        self.watch = Arc::clone(watch);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<(), PassthroughError> {
        Ok(())
    }

    fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value],
        rows: &mut dyn RowSink,
    ) -> Result<(), PassthroughError> {
        let ran = self
            .site
            .query(statement, values, &self.watch)
            .and_then(|body| answer::take(&body, statement, rows, self.site.rows));
        if let Err(error) = &ran {
            self.is_sound &= !error.says_the_server_is_down() || self.watch.is_over();
        }
        ran
    }

    fn end(&mut self) -> bool {
        self.is_sound
    }

    fn ping(&mut self) -> Result<(), PassthroughError> {
        self.site.look(self.catalogue.as_ref(), &self.watch)
    }
}

impl Site {
    /// Runs a statement; gives the body of an answer that has rows.
    fn query(
        &self,
        statement: &Statement,
        values: &[Value],
        watch: &Arc<Watch>,
    ) -> Result<Vec<u8>, PassthroughError> {
        let command = Command::new(statement, values);
        self.post(&command, watch, |body| answer::failure(body, statement))
    }

    /// Posts an immediate query; gives the body of an answer that says of success. `failure` reads that of a refused
    /// command, None where it says nothing of it.
    fn post<C: Serialize, E: From<PassthroughError>>(
        &self,
        command: &C,
        watch: &Arc<Watch>,
        failure: impl Fn(&[u8]) -> Option<E>,
    ) -> Result<Vec<u8>, E> {
        let account = &self.options.account;
        let work = async {
            let place = account.place(watch).await?;
            let queue = self.options.max_time_in_queue.min(LONGEST_QUEUE);
            let body = serde_json::to_vec(&Immediate {
                max_time_in_queue: u64::try_from(queue.min(watch.left()).as_millis())
                    .unwrap_or(u64::MAX),
                command,
            });
            let body = body.map_err(|_| PassthroughError::NotCarried("a value"))?;
            let path = [self.options.site_id.as_str(), "queries", "immediate"];
            let asked = Instant::now();
            let request = account.request(Method::POST, &path);
            let request = traced(request, watch)
                .header("Content-Type", "application/json")
                .body(body);
            place.used();
            let mut response = request
                .send()
                .await
                .map_err(|error| failures::transport(&error))?;
            if response.status() == StatusCode::OK {
                return Ok(failures::body(&mut response, answer::MOST_BYTES).await?);
            }
            let refusal = failures::refusal(&response, asked);
            if let Some(PassthroughError::UpstreamLimit { pause }) = &refusal {
                account.pause(*pause);
            }
            // What the engine said of the command is in the body.
            let told = match response.status() {
                StatusCode::BAD_REQUEST | StatusCode::INTERNAL_SERVER_ERROR => {
                    let body = failures::body(&mut response, SHORT_ANSWER).await?;
                    failure(&body)
                }
                _ => None,
            };
            let status = response.status().as_u16();
            Err(told.unwrap_or_else(|| {
                let unknown =
                    || PassthroughError::Upstream(format!("it answers with the status {status}"));
                refusal.unwrap_or_else(unknown).into()
            }))
        };
        self.wait(work, watch, None)
    }

    /// Whether the site is online, and has a database.
    fn look(
        &self,
        catalogue: Option<&Arc<str>>,
        watch: &Arc<Watch>,
    ) -> Result<(), PassthroughError> {
        let account = &self.options.account;
        let work = async {
            let asked = Instant::now();
            let request = account.request(Method::GET, &[&self.options.site_id]);
            let mut response = traced(request, watch)
                .send()
                .await
                .map_err(|error| failures::transport(&error))?;
            if response.status() != StatusCode::OK {
                let status = response.status().as_u16();
                return Err(failures::refusal(&response, asked).unwrap_or_else(|| {
                    PassthroughError::Upstream(format!("it answers with the status {status}"))
                }));
            }
            let body = failures::body(&mut response, SHORT_ANSWER).await?;
            let not_understood = |_| {
                PassthroughError::Upstream("what it says of the site is not understood".to_owned())
            };
            serde_json::from_slice::<Found>(&body).map_err(not_understood)
        };
        let found = self.wait(work, watch, Some(self.connect))?;
        found.check(catalogue)
    }

    /// Waits for a request until the job is to end, or until `most` has passed.
    fn wait<T, E: From<PassthroughError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
        watch: &Arc<Watch>,
        most: Option<Duration>,
    ) -> Result<T, E> {
        self.runtime.block_on(async {
            let pause = async {
                match most {
                    Some(most) => tokio::time::sleep(most).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = watch.over() => Err(PassthroughError::Timeout(watch.limit()).into()),
                done = work => done,
                () = pause => {
                    Err(PassthroughError::Unreachable("no answer in time".to_owned()).into())
                }
            }
        })
    }
}

/// The request goes on with the trace of that which it is for.
fn traced(request: RequestBuilder, watch: &Watch) -> RequestBuilder {
    match watch.trace() {
        Some(trace) => request.headers(trace.child().headers().collect()),
        None => request,
    }
}

impl Found {
    /// # Errors
    /// Why the site, or its database, cannot be asked.
    fn check(&self, catalogue: Option<&Arc<str>>) -> Result<(), PassthroughError> {
        match self.status.as_deref() {
            None | Some("active") => {}
            Some("initialising") => return Err(PassthroughError::UpstreamOffline { pause: None }),
            Some("removed") => {
                return Err(PassthroughError::Upstream(
                    "the site was removed there".to_owned(),
                ));
            }
            Some("uninstalled") => {
                let words = "its agent was uninstalled at the practice";
                return Err(PassthroughError::Upstream(words.to_owned()));
            }
            Some(_) => {
                return Err(PassthroughError::Upstream(
                    "the site is not active there".to_owned(),
                ));
            }
        }
        if self
            .availability
            .as_deref()
            .is_some_and(|it| it != "online")
        {
            return Err(PassthroughError::UpstreamOffline { pause: None });
        }
        match catalogue {
            // An agent that has not told its databases yet has none in the list.
            Some(wanted) if !self.catalogue.is_empty() => {
                let mut known = self.catalogue.iter();
                let is_there = known.any(|known| known.name == **wanted);
                is_there
                    .then_some(())
                    .ok_or_else(|| PassthroughError::NoDatabase(wanted.to_string()))
            }
            _ => Ok(()),
        }
    }
}
