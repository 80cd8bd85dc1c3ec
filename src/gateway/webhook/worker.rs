//! Sends messages: takes up what is due in the store, and says there what came of it.
//!
//! A message is taken up for a time ([`LEASE`]) and counted as tried before it is sent. When this process dies meanwhile,
//! it is sent again, with the same id, by the next one as it starts: never lost, twice at worst. So it is where the time
//! passes. Which messages are sent at once is said by [`super::lanes`].
//!
//! Messages to a webhook that is disabled are not taken up, and keep their places; where one was, since it was disabled just
//! now, it is put back. Where there is no webhook any more they fail.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::dns::Resolve;
use reqwest::{Client, redirect};
use rustc_hash::FxHashMap;
use thiserror::Error;
use tokio::sync::Notify;
use tokio::task::{Id, JoinSet};

use super::guard::{Closed, Guarded, SystemNames, Unresolved};
use super::lanes::{Lanes, Taken};
use super::retry::{Answer, Next, Problem, Schedule};
use super::url::Template;
use super::{Delivery, DeliveryStatus, Receiver, meter, sign};
use crate::gateway::id::IntegratorId;
use crate::gateway::integrator::{Environment, WebhookTarget};
use crate::gateway::link::Later;
use crate::gateway::moment::Moment;
use crate::http_client::{cause, retry_after};
use crate::store::{Store, StoreError, Tried};

/// For so long, at least, a message is this process' to send: longer than its turn and its attempt take together.
const LEASE: Duration = Duration::from_secs(60);
/// What is not sent before there is so little of it left is left to whoever takes it up next.
const LEASE_MARGIN: Duration = Duration::from_secs(5);
/// Messages that are held at once, at the most.
const HELD: usize = 128;
/// The store is asked at least as often, since another process may have put something there.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// And so much later, where what is due is for receivers that are busy, unless one of these has nothing more to do.
const SHORT_SLEEP: Duration = Duration::from_secs(1);
/// What was taken up for a webhook that is disabled is due again after this: when this process knows what the store knows.
const HELD_BACK: Duration = Duration::from_secs(1);
/// And never twice in a shorter time, where it gave nothing.
const SHORTEST_SLEEP: Duration = Duration::from_millis(10);
/// How long a socket without work is kept.
const IDLE: Duration = Duration::from_secs(30);

/// An integrator's webhook in an environment, as it is now.
pub type TargetOf = Arc<dyn Fn(IntegratorId, Environment) -> Option<WebhookTarget> + Send + Sync>;

/// How messages are sent.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether private addresses may be called, and plain `http` used, at first: [`Sender::allow_private`] changes it.
    pub allow_private: bool,
    /// For an attempt, the lookup of the host's name and all.
    pub timeout: Duration,
    /// Attempts under way, in all.
    pub at_once: usize,
    /// Attempts under way to one receiver.
    pub per_receiver: usize,
    pub schedule: Schedule,
    /// After the store failed.
    pub pause: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            allow_private: false,
            timeout: Duration::from_secs(5),
            at_once: 32,
            per_receiver: 4,
            schedule: Schedule::default(),
            pause: Duration::from_secs(5),
        }
    }
}

/// Why nothing can be sent at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SenderError {
    #[error(
        "no TLS client can be made for webhooks: this system has no certificates that are trusted"
    )]
    Tls,
}

/// Sends messages.
pub struct Sender {
    store: Arc<dyn Store>,
    target_of: TargetOf,
    /// Calls public addresses alone, by https.
    guarded: Client,
    /// Calls any address. A client of its own, so that no socket that it has kept serves the other.
    open: Client,
    /// Which of them is used: [`Options::allow_private`], as it is now.
    allow_private: Arc<AtomicBool>,
    options: Options,
}

impl Sender {
    /// Nothing is sent before [`Sender::run`].
    ///
    /// # Errors
    /// [`SenderError::Tls`]
    pub fn new(
        store: Arc<dyn Store>,
        target_of: TargetOf,
        options: Options,
    ) -> Result<Sender, SenderError> {
        Sender::with_names(store, target_of, options, Arc::new(SystemNames::default()))
    }

    /// With another resolver of names than the system's.
    pub(super) fn with_names(
        store: Arc<dyn Store>,
        target_of: TargetOf,
        options: Options,
        names: Arc<dyn Resolve>,
    ) -> Result<Sender, SenderError> {
        let client = |allow_private: bool| {
            Client::builder()
                .user_agent(concat!("pilaster/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .referer(false)
                // A proxy would connect to addresses that are not looked at here.
                .no_proxy()
                // No answer is read, however it is packed.
                .no_gzip()
                .https_only(!allow_private)
                .dns_resolver(Guarded::new(Arc::clone(&names), allow_private))
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(options.per_receiver)
                .build()
                .map_err(|_| SenderError::Tls)
        };
        Ok(Sender {
            store,
            target_of,
            guarded: client(false)?,
            open: client(true)?,
            allow_private: Arc::new(AtomicBool::new(options.allow_private)),
            options,
        })
    }

    /// Whether private addresses may be called; what is set there counts from the next attempt on.
    pub fn allow_private(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.allow_private)
    }

    /// Sends what is due until `stop`; what is under way then is ended first. `wake` says that there is something new.
    pub async fn run(self, wake: Arc<Notify>, stop: impl Future<Output = ()>) {
        let sender = Arc::new(self);
        let mut stop = pin!(stop);
        let mut lanes = Lanes::new(sender.options.at_once, sender.options.per_receiver);
        let mut attempts: JoinSet<()> = JoinSet::new();
        let mut receivers: FxHashMap<Id, Receiver> = FxHashMap::default();
        let mut look_at = Instant::now();
        loop {
            if look_at <= Instant::now() && lanes.waiting() + lanes.sending() < HELD {
                look_at = tokio::select! {
                    biased;
                    () = &mut stop => break,
                    pause = sender.take_up(&mut lanes) => Instant::now() + pause,
                };
            }
            while let Some(taken) = lanes.next() {
                let receiver = taken.delivery.receiver();
                let attempt = attempts.spawn(Arc::clone(&sender).deliver(taken));
                receivers.insert(attempt.id(), receiver);
            }
            meter::held(lanes.waiting(), lanes.sending());
            let is_full = lanes.waiting() + lanes.sending() >= HELD;
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(ended) = attempts.join_next_with_id() => {
                    // An attempt that panicked is over too; its message is due again when its time is up.
                    let id = match &ended {
                        Ok((id, ())) => *id,
                        Err(error) => error.id(),
                    };
                    if let Some(receiver) = receivers.remove(&id) {
                        lanes.done(receiver);
                        // There may be more for it, which was not taken up before; or it is to be told again soon.
                        let pause = match lanes.has_waiting(receiver) {
                            true => SHORT_SLEEP,
                            false => Duration::ZERO,
                        };
                        look_at = look_at.min(Instant::now() + pause);
                    }
                }
                () = wake.notified() => look_at = Instant::now(),
                () = tokio::time::sleep_until(look_at.into()), if !is_full => {}
            }
        }
        let ended = async { while attempts.join_next().await.is_some() {} };
        // What has not ended then, since the store does not answer, is sent again by the next process.
        let most = sender.options.timeout + LEASE_MARGIN;
        let _ = tokio::time::timeout(most, ended).await;
        meter::held(0, 0);
    }

    /// Takes up messages that are due; gives how long there is nothing more to take up.
    async fn take_up(&self, lanes: &mut Lanes) -> Duration {
        let now = Moment::now();
        let until = now.plus(LEASE.max(4 * (self.options.timeout + LEASE_MARGIN)));
        let room = HELD.saturating_sub(lanes.waiting() + lanes.sending());
        let limit = room.min(self.options.at_once.max(1));
        let each = self.options.per_receiver.max(1);
        let busy = lanes.busy();
        let due = self
            .store
            .due_deliveries_for_all(now, until, limit, each, busy)
            .await;
        let due = match due {
            Ok(due) => due,
            Err(error) => return self.store_failed("taken up", &error),
        };
        let is_all = due.is_empty();
        for delivery in due {
            lanes.push(Taken { delivery, until });
        }
        if !is_all {
            return Duration::ZERO;
        }
        match self.store.next_due().await {
            Ok((_, None)) => LONGEST_SLEEP,
            Ok((_, Some(next))) => match next.since(Moment::now()) {
                // It became due just now; or it is a busy receiver's, whose attempts are waited for.
                Duration::ZERO if lanes.busy().is_empty() => SHORTEST_SLEEP,
                Duration::ZERO => SHORT_SLEEP,
                left => left.min(LONGEST_SLEEP),
            },
            Err(error) => self.store_failed("looked for", &error),
        }
    }

    fn store_failed(&self, what: &'static str, error: &StoreError) -> Duration {
        tracing::warn!(%error, "messages to webhooks cannot be {what}");
        self.options.pause
    }

    /// Makes one attempt, and keeps what came of it.
    async fn deliver(self: Arc<Self>, taken: Taken) {
        let Taken { delivery, until } = taken;
        if Moment::now().plus(self.options.timeout + LEASE_MARGIN) >= until {
            return;
        }
        let tried = match self.attempt(&delivery).await {
            Ok((answer, next)) => {
                let (status, after) = match next {
                    Next::Delivered => (DeliveryStatus::Delivered, Duration::ZERO),
                    Next::Again(pause) => (DeliveryStatus::Pending, pause),
                    Next::Failed => (DeliveryStatus::Failed, Duration::ZERO),
                };
                let at = Moment::now();
                let (last_status, last_problem) = match answer {
                    Answer::Status(status, _) => (Some(status), None),
                    Answer::Nothing(problem) => (None, Some(problem.to_string())),
                };
                Tried {
                    id: delivery.id,
                    status,
                    at,
                    next_at: at.plus(after),
                    last_status,
                    last_problem,
                }
            }
            Err(NoWebhook::Disabled) => {
                let next_at = Moment::now().plus(HELD_BACK);
                self.insist(until, || self.store.put_back(delivery.id, next_at))
                    .await;
                return;
            }
            Err(no_webhook) => {
                meter::given_up(1);
                let at = Moment::now();
                Tried {
                    id: delivery.id,
                    status: DeliveryStatus::Failed,
                    at,
                    next_at: at,
                    last_status: None,
                    last_problem: Some(no_webhook.to_string()),
                }
            }
        };
        if tried.status == DeliveryStatus::Failed {
            tracing::warn!(
                delivery = %delivery.id,
                integrator = %delivery.integrator,
                environment = delivery.environment.name(),
                attempts = delivery.attempts,
                status = tried.last_status,
                problem = tried.last_problem,
                "a webhook was not told"
            );
        }
        self.insist(until, || self.store.tried(tried.clone())).await;
    }

    /// Sends a message once.
    async fn attempt(&self, delivery: &Delivery) -> Result<(Answer, Next), NoWebhook> {
        let target =
            (self.target_of)(delivery.integrator, delivery.environment).ok_or(NoWebhook::None)?;
        if target.disabled {
            return Err(NoWebhook::Disabled);
        }
        let allow_private = self.allow_private.load(Ordering::Relaxed);
        let client = match allow_private {
            true => &self.open,
            false => &self.guarded,
        };
        let url = Template::parse(&target.url, allow_private)
            .and_then(|template| template.expand(delivery))
            .map_err(|_| NoWebhook::Url)?;
        let body = sign::body(delivery).map_err(|_| NoWebhook::Url)?;
        let headers = sign::headers(delivery, &body, &target.secret, Moment::now());
        let began = Instant::now();
        let request = client.post(url).headers(headers).body(body);
        // The answer's body is not read: what is dropped closes its socket.
        let answer = match tokio::time::timeout(self.options.timeout, request.send()).await {
            Ok(Ok(response)) => {
                Answer::Status(response.status().as_u16(), retry_after(response.headers()))
            }
            Ok(Err(error)) => Answer::Nothing(problem(&error)),
            Err(_) => Answer::Nothing(Problem::TimedOut),
        };
        let random = getrandom::u32().unwrap_or(u32::MAX / 2);
        let next = (self.options.schedule).next(delivery.attempts, answer, random);
        meter::tried(answer, next, began.elapsed());
        Ok((answer, next))
    }

    /// Keeps what came of a message that was taken up, for as long as it is this process' own.
    async fn insist<'s>(
        &'s self,
        until: Moment,
        keep: impl Fn() -> Later<'s, Result<(), StoreError>>,
    ) {
        let mut pause = self.options.pause / 16;
        while let Err(error) = keep().await {
            self.store_failed("marked as sent", &error);
            if Moment::now().plus(pause) >= until {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(self.options.pause);
        }
    }
}

/// Why there is nothing to send to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
enum NoWebhook {
    #[error("no webhook is set")]
    None,
    /// For now.
    #[error("the webhook is disabled")]
    Disabled,
    /// It was set when more was allowed.
    #[error("the webhook's URL is none that may be called")]
    Url,
}

/// Why nothing came back.
fn problem(error: &reqwest::Error) -> Problem {
    if cause::<Closed>(error).is_some() {
        return Problem::Closed;
    }
    if cause::<Unresolved>(error).is_some() {
        return Problem::Unresolved;
    }
    if cause::<rustls::Error>(error).is_some() {
        return Problem::Tls;
    }
    match error.is_connect() {
        true => Problem::Unreachable,
        false => Problem::Lost,
    }
}
