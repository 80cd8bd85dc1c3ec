//! From submit to begin, at many practices for many integrators, whose queries come whether or not former ones have ended.
//!
//! The gateway, its store and its journal are the real ones; the practices are stubs in memory, which take a set time. Each
//! command's text says when it was due to be sent, so that what waits because the machine lags counts too.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pilaster::gateway::ask::{Ask, Refused};
use pilaster::gateway::caller::Caller;
use pilaster::gateway::id::{IntegratorId, SiteId};
use pilaster::gateway::integrator::{Environment, Integrator};
use pilaster::gateway::link::{Availability, Later, Link, Nature, Run};
use pilaster::journal::{Entry, What};
use pilaster::passthrough::CellRef;
use pilaster::passthrough::call::{Call, CallError, Called, CommandType, ExecutionMode};
use pilaster::relation::Dialect;
use pilaster::store::Change;
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinSet;

use crate::made::{self, Made};
use crate::{Options, memory};

/// Immediate queries that the flood has under way at once, and who sends async ones as fast as they are taken.
const FLOOD: usize = 64;
const SUBMITTERS: usize = 4;
/// Before somebody whose queue is full sends again.
const FULL: Duration = Duration::from_millis(10);
/// Queries a second of those who share a practice with the flood.
const FEW: u32 = 50;
const FEW_ASYNC: u32 = 5;
/// How long a query may wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whose wait it is.
#[derive(Clone, Copy)]
enum Kind {
    Immediate,
    Async,
    FloodImmediate,
    FloodAsync,
}

const KINDS: usize = 4;

/// How long queries waited.
struct Waits {
    origin: Instant,
    of: [Mutex<Vec<Duration>>; KINDS],
}

impl Waits {
    /// A command that was due to be sent at a time.
    fn text(&self, kind: Kind, due: Instant) -> String {
        let due = due.duration_since(self.origin).as_micros();
        format!("{} {due}", kind as usize)
    }

    /// It begins.
    fn note(&self, text: &str) {
        let waited = text.split_once(' ').and_then(|(kind, due)| {
            let kind: usize = kind.parse().ok()?;
            let due = Duration::from_micros(due.parse().ok()?);
            Some((kind, self.origin.elapsed().saturating_sub(due)))
        });
        let (kind, waited) = waited.expect("a text of this benchmark's");
        self.of[kind].lock().expect("not poisoned").push(waited);
    }

    /// All waits so far, which are forgotten.
    fn take(&self, kind: Kind) -> Percentiles {
        let of = &self.of[kind as usize];
        let mut all = std::mem::take(&mut *of.lock().expect("not poisoned"));
        all.sort_unstable();
        Percentiles(all)
    }
}

/// Waits, the shortest first.
struct Percentiles(Vec<Duration>);

impl Percentiles {
    fn at(&self, share: f64) -> f64 {
        let place = (self.0.len() as f64 * share) as usize;
        let found = self.0.get(place).or(self.0.last());
        found.map_or(f64::NAN, |wait| wait.as_secs_f64() * 1e3)
    }

    fn line(&self, name: &str, seconds: u64, reference: Option<&Percentiles>) {
        if self.0.is_empty() {
            println!("| {name} | none began | | | | | |");
            return;
        }
        let (p50, p99) = (self.at(0.5), self.at(0.99));
        let ratio = reference.map_or(String::new(), |to| format!("{:.2}", p99 / to.at(0.99)));
        println!(
            "| {name} | {:.0} | {p50:.2} | {:.2} | {p99:.2} | {:.2} | {ratio} |",
            self.0.len() as f64 / seconds as f64,
            self.at(0.9),
            self.at(1.0),
        );
    }
}

/// A practice in memory.
struct Stub {
    waits: Arc<Waits>,
    takes: Duration,
}

impl Link for Stub {
    fn availability(&self) -> Availability {
        Availability::Online
    }

    fn engine(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn catalogues(&self) -> Vec<Arc<str>> {
        Vec::new()
    }

    fn run(self: Arc<Self>, run: Run) -> Later<'static, Result<Called, CallError>> {
        Box::pin(async move {
            let Run {
                call,
                mut rows,
                begins,
                turn: _turn,
                ..
            } = run;
            // As a driver does: on a thread that may wait.
            let begun = tokio::task::spawn_blocking(move || begins(Nature::Reads)).await;
            if !begun.expect("it does not panic") {
                return Err(CallError::Withdrawn);
            }
            self.waits.note(&call.text);
            if !self.takes.is_zero() {
                tokio::time::sleep(self.takes).await;
            }
            rows.begin(1, &|_| "ID".to_owned());
            rows.cell(CellRef::Int(1))
                .map_err(|_| CallError::TooLarge)?;
            Ok(Called {
                took: self.takes,
                ..Called::default()
            })
        })
    }
}

/// All that queries are sent with.
struct Cloud {
    made: Made,
    waits: Arc<Waits>,
    callers: Vec<Caller>,
    sites: Vec<SiteId>,
}

impl Cloud {
    async fn new(folder: &std::path::Path, options: &Options) -> Cloud {
        let id = |kind: u128, number: u32| uuid::Uuid::from_u128(kind << 64 | u128::from(number));
        let sites: Vec<SiteId> = (0..options.sites).map(|n| SiteId(id(1, n))).collect();
        let integrators = (0..options.integrators)
            .map(|n| made::integrator(IntegratorId(id(2, n)), format!("integrator {n}")));
        let integrators: Vec<Integrator> = integrators.collect();
        let mut changes: Vec<Change> = integrators
            .iter()
            .map(|one| Change::AddIntegrator(one.clone()))
            .collect();
        for integrator in &integrators {
            changes.extend(sites.iter().map(|site| made::pair(integrator.id, *site)));
        }
        let made = made::gateway(folder, changes).await;
        let waits = Arc::new(Waits {
            origin: Instant::now(),
            of: Default::default(),
        });
        let takes = Duration::from_millis(options.takes);
        let practices = sites.iter().map(|site| {
            let waits = Arc::clone(&waits);
            made::practice(*site, Arc::new(Stub { waits, takes }))
        });
        made.gateway.serve(practices.collect());
        let callers = integrators.into_iter().map(|integrator| Caller {
            integrator: integrator.id,
            name: Arc::from(integrator.name),
            environment: Some(Environment::Production),
            key: None,
            rate: None,
            all_sites: false,
        });
        Cloud {
            made,
            waits,
            callers: callers.collect(),
            sites,
        }
    }

    /// Sends a query as a request does: admitted, run or kept, noted.
    ///
    /// # Errors
    /// [`Refused`]
    async fn send(
        &self,
        kind: Kind,
        caller: usize,
        site: usize,
        due: Instant,
    ) -> Result<(), Refused> {
        let gateway = &self.made.gateway;
        let (caller, site) = (&self.callers[caller], self.sites[site]);
        let at = gateway.admit(caller, site, None).expect("they are paired");
        let text = self.waits.text(kind, due);
        let size = text.len() as u64;
        let ask = Ask {
            call: Call {
                text: Arc::from(text),
                mode: ExecutionMode::Reader,
                kind: CommandType::Text,
                parameters: Vec::new(),
                catalogue: None,
            },
            max_time_in_queue: PATIENCE,
            command_size: size,
            request_size: size,
        };
        let entry = match kind {
            Kind::Immediate | Kind::FloodImmediate => {
                let answered = gateway.immediate(&at, ask).await?;
                Entry::of_query(What::Immediate, &answered.query)
            }
            Kind::Async | Kind::FloodAsync => {
                let query = gateway.submit(&at, ask).await?;
                Entry::of_query(What::AsyncSubmit, &query)
            }
        };
        self.made.journal.record(&entry).await.expect("noted");
        Ok(())
    }
}

pub fn measure(options: &Options) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = Runtime::new().expect("a runtime");
    let own = std::process::id();
    let bare = memory(own, "VmRSS");
    let cloud = Arc::new(runtime.block_on(Cloud::new(folder.path(), options)));
    let idle = memory(own, "VmRSS");
    println!(
        "From submit to begin, in milliseconds; {} practices that take {} ms, {} integrators paired with all, {} s each\n",
        options.sites, options.takes, options.integrators, options.seconds
    );
    println!(
        "| queries | a second | p50 | p90 | p99 | longest | p99 against the reference |\n|---|---|---|---|---|---|---|"
    );
    let everywhere = |number: u32| {
        let caller = number % options.integrators;
        let site = number.wrapping_mul(7_919) % options.sites;
        (caller as usize, site as usize)
    };
    // Warm: threads, prepared statements.
    spread(
        &cloud,
        &runtime,
        1,
        &[
            (Kind::Immediate, options.rate),
            (Kind::Async, options.background),
        ],
        everywhere,
    );
    let take = |kind| cloud.waits.take(kind);
    take(Kind::Immediate);
    take(Kind::Async);
    let sent = [(Kind::Immediate, options.rate)];
    spread(&cloud, &runtime, options.seconds, &sent, everywhere);
    let alone = take(Kind::Immediate);
    alone.line("immediate, over all practices", options.seconds, None);
    let sent = [
        (Kind::Immediate, options.rate),
        (Kind::Async, options.background),
    ];
    spread(&cloud, &runtime, options.seconds, &sent, everywhere);
    take(Kind::Immediate).line(
        "the same, with async ones behind them",
        options.seconds,
        Some(&alone),
    );
    take(Kind::Async).line("these async ones", options.seconds, None);
    let loaded = memory(own, "VmRSS");
    flood(&cloud, &runtime, options);
    println!(
        "\nResident memory: {bare} MB before, {idle} MB with {} practices and {} pairings, {loaded} MB after the load over all of \
         them, {} MB after the flood",
        options.sites,
        options.sites * options.integrators,
        memory(own, "VmRSS")
    );
    runtime.block_on(cloud.made.gateway.close(Duration::from_secs(10)));
}

/// One integrator floods a practice; others send it few queries.
fn flood(cloud: &Arc<Cloud>, runtime: &Runtime, options: &Options) {
    let others = |number: u32| ((1 + number % (options.integrators - 1)) as usize, 0);
    let sent = [(Kind::Immediate, FEW), (Kind::Async, FEW_ASYNC)];
    let take = |kind| cloud.waits.take(kind);
    spread(cloud, runtime, options.seconds, &sent, others);
    let (alone, alone_async) = (take(Kind::Immediate), take(Kind::Async));
    alone.line(
        "immediate, few of many, at one practice",
        options.seconds,
        None,
    );
    alone_async.line("async, few of many, at the same", options.seconds, None);
    let flood: Vec<_> = (0..FLOOD + SUBMITTERS)
        .map(|place| {
            let cloud = Arc::clone(cloud);
            let kind = match place < FLOOD {
                true => Kind::FloodImmediate,
                false => Kind::FloodAsync,
            };
            runtime.spawn(async move {
                loop {
                    if cloud.send(kind, 0, 0, Instant::now()).await.is_err() {
                        tokio::time::sleep(FULL).await;
                    }
                }
            })
        })
        .collect();
    spread(cloud, runtime, options.seconds, &sent, others);
    flood.iter().for_each(|task| task.abort());
    let name = "the same immediate ones, while one integrator floods the practice";
    take(Kind::Immediate).line(name, options.seconds, Some(&alone));
    take(Kind::Async).line(
        "the same async ones, in the flood",
        options.seconds,
        Some(&alone_async),
    );
    take(Kind::FloodImmediate).line(
        "the flood's own immediate ones",
        options.seconds,
        Some(&alone),
    );
    take(Kind::FloodAsync).line(
        "the flood's own async ones",
        options.seconds,
        Some(&alone_async),
    );
}

/// Sends queries of each kind at its rate, for so many seconds, and waits for all that somebody waits for. `to` says which
/// integrator asks which practice.
fn spread(
    cloud: &Arc<Cloud>,
    runtime: &Runtime,
    seconds: u64,
    rates: &[(Kind, u32)],
    to: impl Fn(u32) -> (usize, usize) + Sync,
) {
    let sent: Vec<JoinSet<()>> = std::thread::scope(|scope| {
        let senders: Vec<_> = rates
            .iter()
            .map(|(kind, rate)| {
                let (to, handle) = (&to, runtime.handle());
                scope.spawn(move || send_all(cloud, handle, *kind, *rate, seconds, to))
            })
            .collect();
        let sent = senders.into_iter().map(|sender| sender.join());
        sent.map(|sent| sent.expect("it ends")).collect()
    });
    runtime.block_on(async {
        for sent in sent {
            sent.join_all().await;
        }
    });
}

fn send_all(
    cloud: &Arc<Cloud>,
    handle: &Handle,
    kind: Kind,
    rate: u32,
    seconds: u64,
    to: &impl Fn(u32) -> (usize, usize),
) -> JoinSet<()> {
    let mut sent = JoinSet::new();
    let begun = Instant::now();
    let count = u32::try_from(seconds).map_or(u32::MAX, |seconds| rate.saturating_mul(seconds));
    for number in 0..count {
        let due = begun + Duration::from_secs(1) * number / rate.max(1);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let (caller, site) = to(number);
        let cloud = Arc::clone(cloud);
        let send = async move {
            cloud
                .send(kind, caller, site, due)
                .await
                .expect("there is room");
        };
        sent.spawn_on(send, handle);
    }
    sent
}
