//! Every resource that is served, read by fhirbolt's strict typed model of R4.
//!
//! A crate of its own beside the integration tests: the model takes minutes to compile, and what does not
//! need it (the program, its other tests, its benchmarks) must not wait for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oracle::strict_r4;
use pilaster::cursor::CursorKey;
use pilaster::demo;
use pilaster::fhir::capability::{StatementOptions, statement};
use pilaster::mapping::{Options, load_folder};
use pilaster::passthrough::sqlite::{Limits, Pool};
use pilaster::plan::CountLimits;
use pilaster::relation::Dialect;
use pilaster::site::{SearchCall, Site, SiteConfig};
use serde_json::Value;

const BASE: &str = "https://fhir.example/integrator/sites/1/fhir/R4";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn judge(what: &str, json: &str) {
    if let Err(problem) = strict_r4(json) {
        panic!("{what}: not R4: {problem}\n{json}");
    }
}

/// What stands in a snapshot after the commands: a Bundle, a resource or an OperationOutcome.
fn answer(snapshot: &str) -> Option<&str> {
    let from = snapshot.find("\n{\n")?;
    Some(&snapshot[from..])
}

#[test]
fn every_answer_of_every_mapping_s_cases() {
    let mut judged = 0;
    // And what is left of rows that hold what no FHIR value can be.
    let mut folders = vec![root().join("tests/fixtures/odd-rows")];
    folders.extend(
        std::fs::read_dir(root().join("snapshots"))
            .unwrap()
            .map(|mapping| mapping.unwrap().path()),
    );
    for folder in folders {
        for snapshot in std::fs::read_dir(folder).unwrap() {
            let path = snapshot.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            if let Some(json) = answer(&text) {
                judge(&path.display().to_string(), json);
                judged += 1;
            }
        }
    }
    assert!(
        judged >= 200,
        "only {judged} answers were found in the snapshots"
    );
}

fn demo_site(folder: &Path) -> Arc<Site> {
    let path = folder.join("demo.sqlite");
    let mut database = rusqlite::Connection::open(&path).unwrap();
    let options = demo::Options {
        patients: 1000,
        seed: 1,
        today: jiff::civil::date(2026, 11, 20),
    };
    demo::create(&mut database, &options, &mut |_, _| {}).unwrap();
    drop(database);
    let loaded = load_folder(&root().join("mappings/bp-premier"), &Options::default()).unwrap();
    let zone_name = "Australia/Brisbane".to_owned();
    let config = SiteConfig {
        id: "1".to_owned(),
        zone: jiff::tz::TimeZone::get(&zone_name).unwrap(),
        zone_name,
        dialect: Dialect::Sqlite,
        count: CountLimits::default(),
        cursor_key: Arc::new(CursorKey::generate().unwrap()),
    };
    let pool = Pool::open(&path, Limits::default()).unwrap();
    Arc::new(Site::new(config, Arc::new(loaded.mapping), Arc::new(pool)))
}

/// Page after page of one resource type, in a view.
fn pages(site: &Arc<Site>, resource: &str, query: &str) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut query = format!("_count=200&{query}");
    let mut entries = 0;
    loop {
        let call = SearchCall {
            base: BASE.to_owned(),
            resource: resource.to_owned(),
            query: query.into_bytes(),
            ..SearchCall::default()
        };
        let answer = runtime.block_on(site.search(call)).unwrap();
        let body = String::from_utf8(answer.body).unwrap();
        judge(resource, &body);
        let bundle: Value = serde_json::from_str(&body).unwrap();
        entries += bundle["entry"].as_array().map_or(0, Vec::len);
        let links = bundle["link"].as_array().unwrap();
        match links.iter().find(|link| link["relation"] == "next") {
            Some(next) => {
                query = next["url"]
                    .as_str()
                    .unwrap()
                    .split_once('?')
                    .unwrap()
                    .1
                    .to_owned()
            }
            None => return entries,
        }
    }
}

#[test]
fn every_resource_of_the_whole_demo_in_every_view() {
    let folder = tempfile::tempdir().unwrap();
    let site = demo_site(folder.path());
    for resource in site.mapping().resources.keys() {
        let whole = pages(&site, resource, "");
        assert!(whole > 0, "{resource}: nothing is served");
        for view in [
            "_summary=true",
            "_summary=text",
            "_summary=data",
            "_elements=id",
        ] {
            assert_eq!(pages(&site, resource, view), whole, "{resource}?{view}");
        }
    }
}

#[test]
fn the_capability_statement() {
    let folder = tempfile::tempdir().unwrap();
    let site = demo_site(folder.path());
    let options = StatementOptions {
        base: BASE,
        date: "2026-11-20",
        version: "0",
        site: site.id(),
        zone: site.zone_name(),
    };
    let json = serde_json::to_string(&statement(site.mapping(), &options)).unwrap();
    judge("CapabilityStatement", &json);
}
