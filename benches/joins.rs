//! Searches that go by more than one table, against SQL written by hand for the same answer; and the dearest searches
//! that are answered at all.
//!
//! `cargo bench --bench joins`; `cargo bench --bench joins -- --help` lists its options. What is compared is the
//! corridor from a search's text to its Bundle, without HTTP: reading, planning, the commands that come out of it, their
//! merging. By hand it is one flat statement for each kind of row, in the order that a careful engineer would join,
//! which gives the same columns to the same writers, over the same pool; a name is compared without accents in both.
//! Both take turns, with 16 requests under way; what counts is the ratio.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use jiff::tz::TimeZone;
use pilaster::assemble::{self, BundleWriter, ChildRows, EntryMode, Link, Outcome, ResourceWriter};
use pilaster::cli::{OpenLimits, open_site};
use pilaster::cursor::CursorKey;
use pilaster::demo;
use pilaster::mapping::{embedded, load_files};
use pilaster::passthrough::Session;
use pilaster::passthrough::{CellRef, PassthroughError, Rows};
use pilaster::plan::{self, Selection, View};
use pilaster::relation::Value;
use pilaster::search::Compartment;
use pilaster::site::{SearchCall, Site};
use pilaster::sql::Statement;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BASE: &str = "http://127.0.0.1/fhir/R4";
const UNDER_WAY: usize = 16;
const MEDICARE: &str = "http://ns.electronichealth.net.au/id/medicare-number";
const FAMILIES: [&str; 6] = ["smith", "jones", "brown", "wilson", "taylor", "nguyen"];

/// How much is asked, and for how long.
#[derive(Parser)]
struct Options {
    /// Patients of the practice.
    #[arg(long, default_value_t = 20_000)]
    patients: u32,
    /// Of one round.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Of which the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only the cases whose name holds this text.
    #[arg(long)]
    only: Option<String>,
    /// Given by `cargo bench` itself.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("practice.sqlite");
    let mut database = rusqlite::Connection::open(&path).expect("a database");
    let drawn = demo::Options {
        patients: options.patients,
        seed: 1,
        today: jiff::civil::date(2026, 11, 20),
    };
    demo::create(&mut database, &drawn, &mut |_, _| {}).expect("a practice");
    let some = Drawn::of(&database);
    drop(database);
    let (site, _) = open_site(
        "00000000-0000-4000-8000-000000000001",
        TimeZone::get("Australia/Brisbane").expect("bundled"),
        Arc::new(CursorKey::from_bytes([7; 32])),
        &path,
        OpenLimits::default(),
        |options| load_files(embedded::ID, embedded::FILES, options),
    )
    .expect("a site");
    let site = Arc::new(site);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let cases = cases(&site, &some);
    println!(
        "{} patients, {UNDER_WAY} requests under way, {} rounds of {} s each",
        options.patients, options.rounds, options.seconds
    );
    println!("| search | Pilaster | by hand | ratio |\n|---|---|---|---|");
    let only = options.only.as_deref().unwrap_or_default();
    for case in cases.iter().filter(|case| case.name.contains(only)) {
        for round in 0..20 {
            case.same_answers(&runtime, &site, round);
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            ours.push(throughput(&runtime, &options, &|round| {
                let (site, call) = (Arc::clone(&site), (case.ask)(round));
                Box::pin(async move { site.search(call).await.expect("an answer").body.len() })
            }));
            theirs.push(throughput(&runtime, &options, &|round| {
                let (site, hand, value) = (
                    Arc::clone(&site),
                    Arc::clone(&case.hand),
                    (case.value)(round),
                );
                Box::pin(async move {
                    let pool = Arc::clone(site.pool());
                    let zone = site.zone().clone();
                    let written = pool
                        .run(move |session| hand.answer(session, &value, &zone))
                        .await;
                    written
                        .map_err(|error: PassthroughError| error)
                        .expect("an answer")
                        .len()
                })
            }));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!(
            "| {} | {ours:.0}/s | {theirs:.0}/s | {:.2} |",
            case.name,
            ours / theirs
        );
    }
    if options.only.is_none() {
        worst(&runtime, &site);
    }
}

/// What the searches ask for, drawn from the practice.
struct Drawn {
    medicare: Vec<String>,
    patients: Vec<i64>,
}

impl Drawn {
    fn of(database: &rusqlite::Connection) -> Drawn {
        fn all<T: rusqlite::types::FromSql>(database: &rusqlite::Connection, sql: &str) -> Vec<T> {
            let mut statement = database.prepare(sql).expect("prepares");
            let rows = statement.query_map([], |row| row.get(0)).expect("runs");
            rows.collect::<Result<_, _>>().expect("values")
        }
        Drawn {
            medicare: all(
                database,
                "SELECT TRIM(MEDICARENO) FROM PATIENTS WHERE RECORDSTATUS = 1 AND TRIM(MEDICARENO) <> '' AND INTERNALID % 37 = 0",
            ),
            patients: all(
                database,
                "SELECT INTERNALID FROM PATIENTS p WHERE RECORDSTATUS = 1 AND INTERNALID % 53 = 0
                 AND EXISTS (SELECT 1 FROM CURRENTRX m WHERE m.INTERNALID = p.INTERNALID)",
            ),
        }
    }
}

/// A search, and what answers it by hand.
struct Case {
    name: &'static str,
    ask: Box<dyn Fn(usize) -> SearchCall + Sync>,
    /// The values that the statements by hand take.
    value: Box<dyn Fn(usize) -> Vec<Value> + Sync>,
    hand: Arc<Hand>,
}

/// Statements by hand, in the order of their entries.
struct Hand {
    /// All that match; of a search, the first page's rows with the total behind their columns.
    matches: Vec<Kind>,
    included: Vec<Kind>,
    total: bool,
}

/// The rows of one kind of resource.
struct Kind {
    resource: &'static str,
    view: Arc<View>,
    statement: Statement,
}

impl Hand {
    fn answer(
        &self,
        session: &mut Session<'_>,
        values: &[Value],
        zone: &TimeZone,
    ) -> Result<Vec<u8>, PassthroughError> {
        session.snapshot()?;
        let mut total = None;
        let mut fetched = Vec::new();
        for (kind, mode) in self
            .matches
            .iter()
            .map(|kind| (kind, EntryMode::Match))
            .chain(self.included.iter().map(|kind| (kind, EntryMode::Include)))
        {
            let rows = session.execute(&kind.statement, values)?;
            let mut children = Vec::with_capacity(kind.view.children.len());
            for view in &kind.view.children {
                children.push(ChildRows::new(view, self.children(session, view, &rows)?));
            }
            if self.total && mode == EntryMode::Match {
                total = Some(match (rows.is_empty(), rows.width()) {
                    (false, width) => match rows.cell(0, width - 1) {
                        CellRef::Int(total) => total,
                        _ => 0,
                    },
                    (true, _) => 0,
                });
            }
            fetched.push((kind, mode, rows, children));
        }
        let mut bundle = BundleWriter::searchset("0");
        bundle.head(
            total,
            &[Link {
                relation: "self",
                url: BASE,
            }],
        );
        for (kind, mode, rows, children) in &fetched {
            let mut writer = ResourceWriter::new(&kind.view, assemble::Site { zone }, children);
            for row in 0..rows.len().min(200) {
                let id = writer.id_of(rows, row).expect("an id");
                bundle.entry_at(*mode, BASE, kind.resource, &id, |out| {
                    writer.write(out, rows, row) == Outcome::Written
                });
            }
        }
        Ok(bundle.finish())
    }

    fn children(
        &self,
        session: &mut Session<'_>,
        view: &plan::ChildView,
        rows: &Rows,
    ) -> Result<Rows, PassthroughError> {
        let parents: Vec<Vec<Value>> = (0..rows.len())
            .map(|row| {
                view.parent
                    .iter()
                    .map(|&at| rows.cell(row, at).to_value())
                    .collect()
            })
            .collect();
        if parents.is_empty() {
            return Ok(Rows::default());
        }
        let part = plan::children(view, None, &parents);
        let engine = pilaster::sql::Engine {
            dialect: pilaster::relation::Dialect::Sqlite,
            declared_collations: true,
        };
        let statement = pilaster::sql::children(&part.select, engine).expect("SQLite is offered");
        session.execute(&statement, &part.values)
    }
}

/// Writes statements by hand around the columns that a resource's view reads.
struct Hands<'s>(&'s Site);

impl Hands<'_> {
    /// `SELECT` the columns of a source `FROM` its table and lookups, `WHERE` its own conditions and these.
    /// `id` is an id of the source, and `place` the condition by which a read finds it.
    fn kind(
        &self,
        resource: &'static str,
        id: &str,
        place: &str,
        condition: &str,
        tail: &str,
        total: Option<&str>,
    ) -> Kind {
        let of = self.0.resource(resource).expect("is served");
        let read = self.0.planner().read(of, id, &Selection::Whole);
        let [part] = read.parts.as_slice() else {
            panic!("{resource}/{id} is of several sources");
        };
        let statement = self.0.statement(&part.select).expect("SQLite is offered");
        let text = statement.text.as_ref();
        let place = format!("{place} = ?1");
        assert!(text.contains(&place), "{text}");
        let text = text.replace(&place, condition);
        let text = match total {
            Some(total) => text.replacen("\nFROM ", &format!(", {total} AS total\nFROM "), 1),
            None => text,
        };
        Kind {
            resource,
            view: Arc::clone(&part.view),
            statement: Statement::constant(Box::leak(format!("{text} {tail}").into_boxed_str())),
        }
    }
}

fn call(text: &str) -> SearchCall {
    let (resource, query) = text.split_once('?').unwrap_or((text, ""));
    SearchCall {
        base: BASE.to_owned(),
        resource: resource.to_owned(),
        query: query.as_bytes().to_vec(),
        ..SearchCall::default()
    }
}

/// From a name on, and up to the next: the last letter is never z.
fn between(family: &str) -> Vec<Value> {
    let mut next = family.to_owned();
    let last = next.pop().expect("not empty");
    next.push(char::from(last as u8 + 1));
    vec![
        Value::Text(family.to_owned()),
        Value::Text(next),
        Value::Text(format!("{family}%")),
    ]
}

fn cases(site: &Arc<Site>, some: &Drawn) -> Vec<Case> {
    let hands = Hands(site);
    let medicare: Arc<Vec<String>> = Arc::new(some.medicare.clone());
    let patients: Arc<Vec<i64>> = Arc::new(some.patients.clone());
    let family = |round: usize| FAMILIES[round % FAMILIES.len()];
    let of_family = "FROM PATIENTS q WHERE q.RECORDSTATUS = 1 AND q.SURNAME >= ?1 AND q.SURNAME < ?2 AND pilaster_fold(q.SURNAME) LIKE ?3";
    let on_medicine = "AND EXISTS (SELECT 1 FROM CURRENTRX m WHERE m.INTERNALID = q.INTERNALID AND m.RECORDSTATUS = 1 AND m.DELETIONDATE IS NULL AND TRIM(m.DRUGNAME) <> '')";
    let page = |of: &str| format!("SELECT q.INTERNALID {of} ORDER BY q.INTERNALID LIMIT 20");
    let patients_of = |of: &str| {
        hands.kind(
            "Patient",
            "1",
            "\"p\".\"INTERNALID\"",
            &format!("\"p\".\"INTERNALID\" IN ({})", page(of)),
            "ORDER BY \"p\".\"INTERNALID\"",
            Some(&format!("(SELECT COUNT(*) {of})")),
        )
    };
    let mut cases = Vec::new();
    let (numbers, values) = (Arc::clone(&medicare), Arc::clone(&medicare));
    cases.push(Case {
        name: "chain: `Appointment?patient.identifier=`",
        ask: Box::new(move |round| call(&format!("Appointment?patient.identifier={MEDICARE}|{}", numbers[round % numbers.len()]))),
        value: Box::new(move |round| vec![Value::Text(values[round % values.len()].clone())]),
        hand: Arc::new(Hand {
            matches: vec![hands.kind(
                "Appointment",
                "1",
                "\"a\".\"RECORDID\"",
                "\"a\".\"INTERNALID\" IN (SELECT q.INTERNALID FROM PATIENTS q WHERE q.RECORDSTATUS = 1 AND q.MEDICARENO = ?1)",
                "ORDER BY \"a\".\"RECORDID\" LIMIT 20",
                Some("COUNT(*) OVER ()"),
            )],
            included: Vec::new(),
            total: true,
        }),
    });
    cases.push(Case {
        name: "`Patient?family=…&_has:MedicationStatement:patient:status=active`",
        ask: Box::new(move |round| {
            call(&format!(
                "Patient?family={}&_has:MedicationStatement:patient:status=active",
                family(round)
            ))
        }),
        value: Box::new(move |round| between(family(round))),
        hand: Arc::new(Hand {
            matches: vec![patients_of(&format!("{of_family} {on_medicine}"))],
            included: Vec::new(),
            total: true,
        }),
    });
    let page = page(of_family);
    cases.push(Case {
        name: "`Patient?family=…&_include=Patient:general-practitioner`",
        ask: Box::new(move |round| call(&format!("Patient?family={}&_include=Patient:general-practitioner", family(round)))),
        value: Box::new(move |round| between(family(round))),
        hand: Arc::new(Hand {
            matches: vec![patients_of(of_family)],
            included: vec![hands.kind(
                "Practitioner",
                "1",
                "\"u\".\"USERID\"",
                &format!("\"u\".\"USERID\" IN (SELECT g.USERID FROM PATIENTS g WHERE g.INTERNALID IN ({page}))"),
                "ORDER BY \"u\".\"USERID\"",
                None,
            )],
            total: true,
        }),
    });
    cases.push(Case {
        name: "`Patient?family=…&_revinclude=Condition:patient`",
        ask: Box::new(move |round| {
            call(&format!(
                "Patient?family={}&_revinclude=Condition:patient",
                family(round)
            ))
        }),
        value: Box::new(move |round| between(family(round))),
        hand: Arc::new(Hand {
            matches: vec![patients_of(of_family)],
            included: vec![hands.kind(
                "Condition",
                "1",
                "\"h\".\"RECORDID\"",
                &format!("\"h\".\"INTERNALID\" IN ({page})"),
                "ORDER BY \"h\".\"RECORDID\"",
                None,
            )],
            total: true,
        }),
    });
    let (asked, values) = (Arc::clone(&patients), patients);
    cases.push(Case {
        name: "`Patient/…/$everything`",
        ask: Box::new(move |round| SearchCall {
            base: BASE.to_owned(),
            compartment: Some(Compartment {
                resource: "Patient".to_owned(),
                id: asked[round % asked.len()].to_string(),
            }),
            everything: true,
            ..SearchCall::default()
        }),
        value: Box::new(move |round| vec![Value::Int(values[round % values.len()])]),
        hand: Arc::new(everything(&hands)),
    });
    cases
}

/// The record of a patient, table by table.
fn everything(hands: &Hands<'_>) -> Hand {
    let of = |resource, id: &str, key: &str, column: &str| {
        let (alias, key_column) = key.split_once('.').expect("a column");
        let key = format!("\"{alias}\".\"{key_column}\"");
        let (alias, column) = column.split_once('.').expect("a column");
        let condition = format!("\"{alias}\".\"{column}\" = ?1");
        hands.kind(
            resource,
            id,
            &key,
            &condition,
            &format!("ORDER BY {key}"),
            None,
        )
    };
    let matches = vec![
        of("Patient", "1", "p.INTERNALID", "p.INTERNALID"),
        of("AllergyIntolerance", "1", "r.RECORDID", "r.INTERNALID"),
        of(
            "AllergyIntolerance",
            "none-1",
            "c.INTERNALID",
            "c.INTERNALID",
        ),
        of("Appointment", "1", "a.RECORDID", "a.INTERNALID"),
        of("Condition", "1", "h.RECORDID", "h.INTERNALID"),
        of("Coverage", "concession-1", "p.INTERNALID", "p.INTERNALID"),
        of("Coverage", "dva-1", "p.INTERNALID", "p.INTERNALID"),
        of("Coverage", "fund-1", "p.INTERNALID", "p.INTERNALID"),
        of("Coverage", "medicare-1", "p.INTERNALID", "p.INTERNALID"),
        of("DiagnosticReport", "1", "i.REPORTID", "i.INTERNALID"),
        of("DocumentReference", "in-1", "d.DOCUMENTID", "d.INTERNALID"),
        of("DocumentReference", "out-1", "d.RECORDID", "d.INTERNALID"),
        of("Encounter", "1", "v.VISITID", "v.INTERNALID"),
        of("Immunization", "1", "i.RECORDID", "i.INTERNALID"),
        of("MedicationRequest", "1", "i.RECORDID", "script.INTERNALID"),
        of("MedicationStatement", "1", "m.RECORDID", "m.INTERNALID"),
        of("Observation", "bp-1", "o.RECORDID", "o.INTERNALID"),
        of("Observation", "lab-1", "r.RECORDID", "r.INTERNALID"),
        of("Observation", "smoking-1", "c.INTERNALID", "c.INTERNALID"),
        of("Observation", "vital-1", "o.RECORDID", "o.INTERNALID"),
        of("Procedure", "1", "h.RECORDID", "h.INTERNALID"),
        of("RelatedPerson", "1", "p.INTERNALID", "p.INTERNALID"),
    ];
    let by_user = "\"u\".\"USERID\" IN (SELECT t.USERID FROM PATIENTS t WHERE t.INTERNALID = ?1
        UNION SELECT t.USERID FROM APPOINTMENTS t WHERE t.INTERNALID = ?1
          AND (t.RECORDSTATUS = 1 OR t.RECORDID IN (SELECT c.APPOINTMENTID FROM CANCELLEDAPPOINTMENTS c))
        UNION SELECT t.USERID FROM VISITS t WHERE t.INTERNALID = ?1 AND t.RECORDSTATUS = 1 AND COALESCE(t.VISITCODE, 0) <> 12
        UNION SELECT t.USERID FROM PASTHISTORY t WHERE t.INTERNALID = ?1 AND t.RECORDSTATUS = 1
        UNION SELECT t.ADMINISTEREDBY FROM IMMUNISATIONS t WHERE t.INTERNALID = ?1 AND t.RECORDSTATUS = 1
        UNION SELECT t.USERID FROM CURRENTRX t WHERE t.INTERNALID = ?1 AND t.RECORDSTATUS = 1
        UNION SELECT t.USERID FROM PRESCRIPTIONS t WHERE t.INTERNALID = ?1 AND t.RECORDSTATUS = 1
          AND EXISTS (SELECT 1 FROM SCRIPTITEMS i WHERE i.SCRIPTID = t.SCRIPTID AND i.RECORDSTATUS = 1)
        UNION SELECT t.USERID FROM CORRESPONDENCEOUT t WHERE t.INTERNALID = ?1 AND t.RECORDSTATUS = 1)";
    let included = vec![
        hands.kind("Practitioner", "1", "\"u\".\"USERID\"", by_user, "ORDER BY \"u\".\"USERID\"", None),
        hands.kind(
            "Location",
            "1",
            "\"l\".\"LOCATIONID\"",
            "\"l\".\"LOCATIONID\" IN (SELECT t.LOCATIONID FROM APPOINTMENTS t WHERE t.INTERNALID = ?1 AND (t.RECORDSTATUS = 1 OR t.RECORDID IN (SELECT c.APPOINTMENTID FROM CANCELLEDAPPOINTMENTS c)))",
            "ORDER BY \"l\".\"LOCATIONID\"",
            None,
        ),
        hands.kind(
            "Organization",
            "1",
            "\"o\".\"PRACTICEID\"",
            "\"o\".\"PRACTICEID\" = 1 AND EXISTS (SELECT 1 FROM VISITS t WHERE t.INTERNALID = ?1 AND t.RECORDSTATUS = 1 AND COALESCE(t.VISITCODE, 0) <> 12)",
            "",
            None,
        ),
    ];
    Hand {
        matches,
        included,
        total: false,
    }
}

impl Case {
    /// Both give the same resources, matches in the same order.
    fn same_answers(&self, runtime: &tokio::runtime::Runtime, site: &Arc<Site>, round: usize) {
        let read = |body: &[u8]| {
            let bundle: serde_json::Value = serde_json::from_slice(body).expect("a Bundle");
            let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
            let of = |mode: &str| -> Vec<(String, serde_json::Value)> {
                entries
                    .iter()
                    .filter(|entry| entry["search"]["mode"] == mode)
                    .map(|entry| (entry["fullUrl"].to_string(), entry["resource"].clone()))
                    .collect()
            };
            let included: BTreeMap<_, _> = of("include").into_iter().collect();
            (bundle["total"].clone(), of("match"), included)
        };
        let ours = runtime
            .block_on(site.search((self.ask)(round)))
            .expect("an answer");
        let (hand, value, zone) = (
            Arc::clone(&self.hand),
            (self.value)(round),
            site.zone().clone(),
        );
        let theirs = runtime
            .block_on(
                site.pool()
                    .run(move |session| hand.answer(session, &value, &zone)),
            )
            .map_err(|error: PassthroughError| error)
            .expect("an answer");
        let (ours, theirs) = (read(&ours.body), read(&theirs));
        let urls = |list: &[(String, serde_json::Value)]| {
            list.iter().map(|(url, _)| url.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            urls(&ours.1),
            urls(&theirs.1),
            "{}: matches of round {round}",
            self.name
        );
        assert_eq!(
            ours.2.keys().collect::<Vec<_>>(),
            theirs.2.keys().collect::<Vec<_>>(),
            "{}: included in round {round}",
            self.name
        );
        assert_eq!(ours.0, theirs.0, "{}: total of round {round}", self.name);
        assert!(ours == theirs, "{}: resources of round {round}", self.name);
    }
}

type Answering = std::pin::Pin<Box<dyn Future<Output = usize> + Send>>;

/// Answers in a second, each caller asking again as soon as it has its answer.
fn throughput(
    runtime: &tokio::runtime::Runtime,
    options: &Options,
    ask: &(dyn Fn(usize) -> Answering + Sync),
) -> f64 {
    let time = Duration::from_secs(options.seconds);
    let until = Instant::now() + time;
    let round = AtomicUsize::new(0);
    let answered: usize = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..UNDER_WAY)
            .map(|_| {
                scope.spawn(|| {
                    let mut answered = 0;
                    while Instant::now() < until {
                        let next = round.fetch_add(1, Ordering::Relaxed);
                        let length = runtime.block_on(ask(next));
                        assert!(length > 0);
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().expect("a caller ends"))
            .sum()
    });
    answered as f64 / time.as_secs_f64()
}

fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// Types that have a patient.
const SEVERAL: &str = "AllergyIntolerance,Condition,DiagnosticReport,DocumentReference,Encounter,Immunization,MedicationRequest,MedicationStatement,Observation,Procedure";

/// The dearest requests that are answered: one more of anything is a 400, as the tests show.
fn worst(runtime: &tokio::runtime::Runtime, site: &Arc<Site>) {
    let many = |parameter: &str, count: usize| vec![parameter; count].join("&");
    let list = |count: usize| {
        (1..=count)
            .map(|id| id.to_string())
            .collect::<Vec<_>>()
            .join(",")
    };
    let searches = [
        (
            "64 parameters, each over every row",
            format!("Patient?{}", many("name:contains=e", 64)),
        ),
        (
            "256 values over every row",
            format!("Patient?name:contains={}", list(256)),
        ),
        (
            "a chain by 99 values, from four sources",
            format!("Observation?patient.name:contains={}", list(99)),
        ),
        (
            "a chain by 26 values, from ten types",
            format!("?_type={SEVERAL}&patient.name:contains={}", list(26)),
        ),
        (
            "a chain of four steps over all types",
            "Encounter?patient._has:Appointment:patient:actor:Practitioner.name:contains=e"
                .to_owned(),
        ),
        (
            "all that a page of 200 refers to, and all that refers to it",
            "Patient?_count=200&_include=*&_revinclude=*".to_owned(),
        ),
        (
            "the same from every practitioner on, four times over",
            "Practitioner?_count=200&_revinclude:iterate=*".to_owned(),
        ),
        (
            "92 days of free slots",
            "Slot?status=free&start=ge2026-11-20&start=lt2027-02-19&_count=200".to_owned(),
        ),
        (
            "measurements of every row",
            "Observation?combo-value-quantity=gt1&_count=200".to_owned(),
        ),
    ];
    println!(
        "\n| the dearest searches that are answered | ms | KB | commands |\n|---|---|---|---|"
    );
    for (name, search) in searches {
        let mut times = Vec::new();
        let mut last = (0, 0);
        for _ in 0..3 {
            let begun = Instant::now();
            let answer = runtime
                .block_on(site.search(call(&search)))
                .unwrap_or_else(|error| panic!("{search}: {error}"));
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            last = (answer.body.len() / 1024, answer.commands);
        }
        println!(
            "| {name} | {:.0} | {} | {} |",
            median(times),
            last.0,
            last.1
        );
    }
}
