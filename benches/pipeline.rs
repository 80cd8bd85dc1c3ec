//! What one request costs before and after the database: parse + plan + SQL, and writing a Patient.
//!
//! `cargo bench --bench pipeline`

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::civil::date;
use jiff::tz::TimeZone;
use pilaster::assemble::{self, ResourceWriter};
use pilaster::cursor::CursorKey;
use pilaster::demo;
use pilaster::mapping::{self, Mapping};
use pilaster::passthrough::PassthroughError;
use pilaster::passthrough::{Limits, sqlite};
use pilaster::plan::{Context, CountLimits, Handling, Planner};
use pilaster::relation::Dialect;
use pilaster::search::{self, Input};
use pilaster::site::{Site, SiteConfig, Types};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Five parameters, a sort and a count.
const SEARCH: &str = "family=smith&given=jo&birthdate=gt1980-01-01&gender=female&phone=0755501234&_sort=-birthdate&_count=20";

fn bp_premier() -> Arc<Mapping> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/bp-premier");
    let loaded = mapping::load_folder(&folder, &mapping::Options::default());
    Arc::new(
        loaded
            .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
            .mapping,
    )
}

fn parse_plan_sql(c: &mut Criterion) {
    let mapping = bp_premier();
    let planner = Planner::new(Arc::clone(&mapping));
    let types = Types::new(&mapping);
    let limits = search::Limits::default();
    let zone = TimeZone::get("Australia/Brisbane").expect("the zone is bundled");
    let context = Context {
        base: "http://localhost:8080/fhir/R4",
        zone: &zone,
        now: date(2026, 11, 20).at(9, 0, 0, 0),
        handling: Handling::Unsaid,
        count: CountLimits::default(),
    };
    let resource = &mapping.resources["Patient"];
    let plan = |text: &str| {
        let request = search::parse("Patient", Input::query(text), &types, &limits)
            .expect("the search reads");
        planner
            .search(resource, &request, &[], &context)
            .expect("the search can be planned")
    };
    c.bench_function("parse", |b| {
        b.iter(|| search::parse("Patient", Input::query(black_box(SEARCH)), &types, &limits));
    });
    c.bench_function("parse + plan + SQL, cold", |b| {
        b.iter(|| {
            let plan = plan(black_box(SEARCH));
            pilaster::sql::select(&plan.parts[0].select, Dialect::Mssql)
                .expect("the dialect is offered")
        });
    });
    let (site, _folder) = demo_site(Arc::clone(&mapping), 10);
    c.bench_function("parse + plan + SQL, warm plan cache", |b| {
        b.iter(|| {
            let request = site
                .calls()
                .parse("Patient", Input::query(black_box(SEARCH)))
                .expect("the search reads");
            let plan = site
                .calls()
                .plan(&request, context.base, Handling::Unsaid)
                .expect("the search can be planned");
            let statement = site
                .statement(&plan.parts[0].select)
                .expect("the dialect is offered");
            (plan, statement)
        });
    });
}

fn demo_site(mapping: Arc<Mapping>, patients: u32) -> (Arc<Site>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("demo.sqlite");
    let mut connection = rusqlite::Connection::open(&path).expect("a new database");
    let options = demo::Options {
        patients,
        seed: 1,
        today: date(2026, 11, 20),
    };
    demo::create(&mut connection, &options, &mut |_, _| {}).expect("the practice is created");
    drop(connection);
    let pool = Arc::new(sqlite::pool(&path, Limits::default()).expect("the database opens"));
    let zone_name = "Australia/Brisbane".to_owned();
    let config = SiteConfig {
        id: "00000000-0000-4000-8000-000000000001".to_owned(),
        zone: TimeZone::get(&zone_name).expect("the zone is bundled"),
        zone_name,
        dialect: Dialect::Sqlite,
        count: CountLimits::default(),
        cursor_key: Arc::new(CursorKey::generate().expect("random bytes")),
    };
    (Arc::new(Site::new(config, mapping, pool)), folder)
}

fn write_patient(c: &mut Criterion) {
    let mapping = bp_premier();
    let (site, _folder) = demo_site(Arc::clone(&mapping), 200);
    let request = site
        .calls()
        .parse("Patient", Input::query("_count=200&_total=none"))
        .expect("the search reads");
    let plan = site
        .calls()
        .plan(&request, "http://localhost", Handling::Unsaid)
        .expect("the search can be planned");
    let part = &plan.parts[0];
    let statement = site
        .statement(&part.select)
        .expect("the dialect is offered");
    let rows = site
        .pool()
        .run_now::<_, PassthroughError>(|session| session.execute(&statement, &part.values))
        .expect("the demo answers");
    let children: Vec<_> = part
        .view
        .children
        .iter()
        .map(|_| assemble::ChildRows::default())
        .collect();
    let site = assemble::Site { zone: site.zone() };
    let mut writer = ResourceWriter::new(&part.view, site, &children);
    let mut out = Vec::with_capacity(1 << 16);
    let mut row = 0;
    c.bench_function("write one Patient", |b| {
        b.iter(|| {
            out.clear();
            row = (row + 1) % rows.len();
            black_box(writer.write(&mut out, &rows, row));
            writer.odd.clear();
        });
    });
}

criterion_group!(benches, parse_plan_sql, write_patient);
criterion_main!(benches);
