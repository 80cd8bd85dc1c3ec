//! A site behind another SQL Passthrough API: it answers as one whose database is here, and what fails there is told
//! to callers in one code each, without a word of what failed.

mod api;
mod bounds;
mod calls;
mod faults;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use pilaster::cases::Question;
use pilaster::passthrough::upstream::{Account, AccountOptions, Options, Rate, Upstream};
use pilaster::passthrough::{Limits, PassthroughError, Pool, Rows, Session};
use pilaster::plan::Handling;
use pilaster::relation::Dialect;
use pilaster::secret::Secret;
use pilaster::site::{Answer, ReadCall, SearchCall, Site, SiteError};
use pilaster::sql::Statement;
use pilaster::trace_context::{self, TRACEPARENT, TraceContext};
use uuid::Uuid;

use crate::mappings::{cases, fixture, redact};
use crate::practice::{BASE, Practice, mapping_folder, next_cursor, parse};
use api::{Api, KEY, SITE};

/// A practice, and the same behind an upstream.
struct Behind {
    practice: Practice,
    api: Api,
    pool: Arc<Pool>,
    site: Arc<Site>,
    runtime: tokio::runtime::Runtime,
}

fn account(url: &str, rate: Option<Rate>) -> Arc<Account> {
    Account::new(&AccountOptions {
        base_url: url.to_owned(),
        key: Secret::new(KEY),
        ca_file: None,
        rate,
        connect: Duration::from_secs(2),
    })
    .unwrap()
}

fn options(account: Arc<Account>) -> Options {
    Options {
        account,
        site_id: SITE.to_owned(),
        dialect: Dialect::Sqlite,
        catalogues: Vec::new(),
        databases: Vec::new(),
        max_time_in_queue: Duration::from_secs(30),
    }
}

impl Behind {
    fn new(limits: Limits) -> Behind {
        let practice = fixture(&mapping_folder("bp-premier"));
        let api = Api::new(&practice.path);
        let account = account(&api.url, None);
        Behind::with(practice, api, options(account), limits)
    }

    fn with(practice: Practice, api: Api, options: Options, limits: Limits) -> Behind {
        let dispatch = practice.dispatch();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .on_thread_start(move || {
                std::mem::forget(tracing::dispatcher::set_default(&dispatch));
            })
            .build()
            .unwrap();
        let driver = Upstream::new(options, &limits, runtime.handle().clone()).unwrap();
        let pool = Arc::new(Pool::new(Arc::new(driver), limits));
        let site = practice.site_over(crate::practice::SITE, Arc::clone(&pool));
        Behind {
            practice,
            api,
            pool,
            site,
            runtime,
        }
    }

    fn search(&self, call: SearchCall) -> Result<Answer, SiteError> {
        tracing::dispatcher::with_default(&self.practice.dispatch(), || {
            self.runtime.block_on(self.site.search(call))
        })
    }

    fn read(&self, call: ReadCall) -> Result<Answer, SiteError> {
        self.runtime.block_on(self.site.read(call))
    }

    /// The rows of a statement.
    fn rows(&self, statement: Statement) -> Result<Rows, PassthroughError> {
        self.runtime.block_on(
            self.pool
                .run(move |session| session.execute(&statement, &[])),
        )
    }
}

/// What a search gives, without what is drawn by lot; the cursor of its next page beside it.
fn shown(
    answer: Result<Answer, SiteError>,
) -> (Result<(serde_json::Value, u32), String>, Option<String>) {
    match answer {
        Ok(answer) => {
            let mut json = parse(&answer.body);
            let cursor = next_cursor(&json);
            redact(&mut json);
            (Ok((json, answer.commands)), cursor)
        }
        Err(error) => (Err(error.to_string()), None),
    }
}

/// Every case of a mapping gives the same, and sends one query for each command.
#[test]
fn searches_and_reads_give_what_they_give_here() {
    let behind = Behind::new(Limits::default());
    let all = cases(&mapping_folder("bp-premier"));
    let mut sent = 0;
    for case in &all {
        let name = &case.name;
        let (here, there) = match &case.question {
            Question::Search(search) => {
                let mut call = SearchCall {
                    form: search.form.as_bytes().to_vec(),
                    handling: Handling::strict_if(search.strict),
                    ..Practice::call(&search.text)
                };
                for _ in 0..search.follow {
                    let (_, cursor) = shown(behind.practice.answer(call.clone()));
                    call.query = format!("_cursor={}", cursor.unwrap()).into_bytes();
                    call.form.clear();
                }
                (behind.practice.answer(call.clone()), behind.search(call))
            }
            Question::Read(read) => {
                let (path, query) = read.split_once('?').unwrap_or((read, ""));
                let (resource, id) = path.split_once('/').unwrap();
                let call = ReadCall {
                    base: BASE.to_owned(),
                    resource: resource.to_owned(),
                    id: id.to_owned(),
                    query: query.as_bytes().to_vec(),
                    ..ReadCall::default()
                };
                (behind.practice.read_call(call.clone()), behind.read(call))
            }
            Question::Practice => {
                let of = |site: &Site| behind.runtime.block_on(site.practice_metadata()).unwrap();
                assert_eq!(of(&behind.site), of(&behind.practice.site), "{name}");
                sent += 1;
                continue;
            }
        };
        let (here, _) = shown(here);
        let (there, cursor) = shown(there);
        assert_eq!(there, here, "{name}");
        if let (Some(cursor), Some(search)) = (cursor, case.search()) {
            // The place in the order is sealed alike.
            let resource = search.text.split('?').next().unwrap();
            if !resource.is_empty() && !resource.contains('/') {
                behind.practice.open_cursor(&cursor, resource);
            }
        }
        sent += there.map_or(0, |(_, commands)| commands as usize);
        assert!(behind.api.queries().len() >= sent, "{name}");
    }
    assert!(all.len() > 100);
    // One thread after another asked, each of which looked at the site once.
    assert!(behind.api.looks() <= 4);
}

#[test]
fn catalogues_are_databases_of_the_site() {
    let practice = fixture(&mapping_folder("bp-premier"));
    let other = crate::practice::writable(&practice.path.with_extension("other"));
    other
        .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (7)")
        .unwrap();
    let api = Api::new(&practice.path);
    let options = Options {
        catalogues: ["Patients", "Other", "Absent"].map(Arc::from).to_vec(),
        databases: ["Patients", "Other", "Absent"].map(Arc::from).to_vec(),
        ..options(account(&api.url, None))
    };
    let behind = Behind::with(practice, api, options, Limits::default());
    let of = |catalogue: &str| Statement {
        catalogue: Some(Arc::from(catalogue)),
        ..Statement::constant("SELECT a FROM t")
    };
    let rows = behind.rows(of("Other")).unwrap();
    assert_eq!(rows.cell(0, 0), pilaster::passthrough::CellRef::Int(7));
    let absent = behind.rows(of("Absent")).unwrap_err();
    assert_eq!(absent, PassthroughError::NoDatabase("Absent".to_owned()));
    let body = behind.api.queries()[0].1.clone();
    assert_eq!(body["catalogue"], "Other");
    assert!(body["maxTimeInQueue"].as_u64().unwrap() <= 30_000);
    assert_eq!(body["command"]["executionMode"], "reader");
}

/// What is asked there goes on with the trace of what was asked here; what nobody asked for has none.
#[test]
fn a_trace_goes_on_at_the_upstream() {
    let behind = Behind::new(Limits::default());
    let ask = || behind.rows(Statement::constant("SELECT 1 AS a")).map(drop);
    assert_eq!(ask(), Ok(()));
    let untraced = behind.api.traces();
    assert!(untraced.len() >= 2 && untraced.iter().all(Option::is_none));

    let headers = [(
        TRACEPARENT,
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )];
    let headers = headers.map(|(name, value)| (name, value.parse().unwrap()));
    let place = TraceContext::of(
        &headers.into_iter().collect(),
        [Uuid::new_v4(), Uuid::new_v4()],
    );
    let asked = trace_context::scope(place.clone(), async {
        let run =
            |session: &mut Session<'_>| session.execute(&Statement::constant("SELECT 2 AS a"), &[]);
        behind.pool.run(run).await
    });
    let rows: Result<Rows, PassthroughError> = behind.runtime.block_on(asked);
    assert_eq!(rows.map(drop), Ok(()));
    let traced = behind.api.traces();
    assert!(traced.len() > untraced.len());
    for trace in &traced[untraced.len()..] {
        let trace = trace.as_deref().expect("a trace");
        assert!(
            trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
            "{trace}"
        );
        assert!(trace.ends_with("-01"), "{trace}");
        // The requests are the asked one's children.
        assert!(!trace.contains(&place.span.to_string()), "{trace}");
    }
}
