//! Every resource that is served, in JSON and in XML, read by fhirbolt's strict typed model of R4 and found to be
//! the same in both; and judged for what that model does not look at (`sound`).
//!
//! A crate of its own beside the integration tests: the model takes minutes to compile, and what does not
//! need it (the program, its other tests, its benchmarks) must not wait for it.

mod sound;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oracle::strict_r4_twice;
use pilaster::assemble::xml_from_json;
use pilaster::cursor::CursorKey;
use pilaster::demo;
use pilaster::errors;
use pilaster::fhir::capability::{Access, StatementOptions, statement};
use pilaster::fhir::{Issue, OperationOutcome};
use pilaster::gateway::id::{IntegratorId, SiteId};
use pilaster::journal::audit_event::{Export, Form};
use pilaster::journal::chain::Hash;
use pilaster::journal::entry::{AdminAction, Cause, Interaction, What};
use pilaster::journal::{Entry, Recorded};
use pilaster::mapping::{Options, Requirement, load_folder};
use pilaster::passthrough::{Limits, sqlite};
use pilaster::plan::CountLimits;
use pilaster::relation::Dialect;
use pilaster::site::{SearchCall, Site, SiteConfig, SummaryCall};
use serde_json::Value;

use sound::{Link, findings};

const BASE: &str = "https://fhir.example/integrator/sites/1/fhir/R4";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Judges an answer; gives where its references lead.
fn judge(what: &str, json: &str) -> BTreeSet<Link> {
    let xml = xml_from_json(json.as_bytes(), false).unwrap();
    let xml = String::from_utf8(xml).unwrap();
    if let Err(problem) = strict_r4_twice(json, &xml) {
        panic!("{what}: not R4: {problem}\n{json}\n{xml}");
    }
    let findings = findings(&serde_json::from_str(json).unwrap(), BASE);
    assert!(
        findings.problems.is_empty(),
        "{what}: {:#?}\n{json}",
        findings.problems
    );
    findings.links
}

/// What stands in a snapshot after the commands: a Bundle, a resource or an OperationOutcome. What a database says of its
/// practice is no FHIR.
fn answer(snapshot: &str) -> Option<String> {
    if snapshot.contains("\n---\npractice\n") {
        return None;
    }
    let from = snapshot.find("\n{\n")?;
    // What every answer has anew has no form there.
    Some(snapshot[from..].replace("\"[random]\"", "\"random\""))
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
                judge(&path.display().to_string(), &json);
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
        patients: 250,
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
    let pool = sqlite::pool(&path, Limits::default()).unwrap();
    Arc::new(Site::new(config, Arc::new(loaded.mapping), Arc::new(pool)))
}

/// What the pages of a search have.
#[derive(Default)]
struct Walk {
    /// `Patient/1`
    ids: Vec<String>,
    links: BTreeSet<Link>,
}

/// Page after page of one resource type, in a view.
fn walk(site: &Arc<Site>, resource: &str, query: &str) -> Walk {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // What a search of the type must say: a day, of what has no end.
    let requires = &site.resource(resource).unwrap().requires;
    let demanded = |it: &Requirement| format!("{}=2026-11-20&", it.parameter);
    let demanded: String = requires.iter().map(demanded).collect();
    let mut query = format!("{demanded}_count=200&{query}");
    let mut walk = Walk::default();
    loop {
        let call = SearchCall {
            base: BASE.to_owned(),
            resource: resource.to_owned(),
            query: query.into_bytes(),
            ..SearchCall::default()
        };
        let answer = runtime.block_on(site.search(call)).unwrap();
        let body = String::from_utf8(answer.body).unwrap();
        walk.links.extend(judge(resource, &body));
        let bundle: Value = serde_json::from_str(&body).unwrap();
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let id = entry["resource"]["id"].as_str().unwrap();
            let place = format!("{resource}/{id}");
            assert_eq!(entry["fullUrl"], format!("{BASE}/{place}"));
            assert_eq!(entry["resource"]["resourceType"], *resource);
            walk.ids.push(place);
        }
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
            None => return walk,
        }
    }
}

/// Every page of every type: no sample, and so of a practice that is not too large for it.
#[test]
fn every_resource_of_the_whole_demo_in_every_view() {
    let folder = tempfile::tempdir().unwrap();
    let site = demo_site(folder.path());
    let views = [
        "",
        "_summary=true",
        "_summary=text",
        "_summary=data",
        "_elements=id",
    ];
    let walks = std::thread::scope(|scope| {
        views
            .map(|view| {
                let site = &site;
                scope.spawn(move || {
                    let types = site.mapping().resources.keys();
                    types.map(|of| walk(site, of, view)).collect::<Vec<Walk>>()
                })
            })
            .map(|thread| thread.join().unwrap())
    });
    let [whole, others @ ..] = walks;
    let mut served = BTreeSet::new();
    let mut links = BTreeSet::new();
    for (place, (resource, whole)) in site.mapping().resources.keys().zip(whole).enumerate() {
        assert!(!whole.ids.is_empty(), "{resource}: nothing is served");
        for (view, other) in views[1..].iter().zip(&others) {
            assert_eq!(other[place].ids, whole.ids, "{resource}?{view}");
        }
        for id in whole.ids {
            assert!(served.insert(id.clone()), "{id} is served twice");
        }
        links.extend(whole.links);
    }
    let dangling: Vec<&Link> = links
        .iter()
        .filter(|link| !served.contains(&link.to))
        .collect();
    assert!(dangling.is_empty(), "lead nowhere: {dangling:#?}");
    assert!(links.len() > 1000, "only {} references", links.len());
}

#[test]
fn the_documents_of_some_dozens_of_patients() {
    let folder = tempfile::tempdir().unwrap();
    let site = demo_site(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut made = 0;
    for patient in walk(&site, "Patient", "").ids.iter().take(60) {
        let call = SummaryCall {
            base: BASE.to_owned(),
            id: patient.strip_prefix("Patient/").map(str::to_owned),
            ..SummaryCall::default()
        };
        let answer = runtime.block_on(site.summary(call)).unwrap();
        let json = String::from_utf8(answer.body).unwrap();
        assert!(!judge("$summary", &json).is_empty());
        made += usize::from(json.contains("absent-unknown-uv-ips"));
    }
    assert!(
        (1..60).contains(&made),
        "{made} have something to say of nothing"
    );
}

#[test]
fn the_capability_statement() {
    let folder = tempfile::tempdir().unwrap();
    let site = demo_site(folder.path());
    for access in [Access::SubscriptionKey, Access::DeviceToken] {
        let options = StatementOptions {
            base: BASE,
            date: "2026-11-20",
            version: "0",
            site: site.id(),
            zone: site.zone_name(),
            access,
        };
        let json = serde_json::to_string(&statement(site.mapping(), &options)).unwrap();
        judge("CapabilityStatement", &json);
    }
}

#[test]
fn the_outcome_of_every_error() {
    for code in errors::ALL {
        let issue = Issue::error(code, code.title).at("http._sort");
        let mut outcome = OperationOutcome::new(issue);
        outcome.push(Issue::information("a < b & \"c\"\n\td"));
        judge(code.id, &serde_json::to_string(&outcome).unwrap());
    }
}

#[test]
fn the_audit_event_of_every_kind_of_entry() {
    let fhir = What::Fhir {
        interaction: Interaction::SearchType,
        resource: pilaster::fhir::resource_type("Patient"),
    };
    let page = What::Page {
        number: 1,
        streamed: false,
    };
    let admin = What::Admin {
        action: AdminAction::KeyRevoked,
    };
    let whats = [
        What::Immediate,
        What::AsyncEnd,
        What::RegisteredRun { changed: true },
        What::Status { queries: 2 },
        page,
        fhir,
        What::Token,
        What::Pair,
        admin,
        What::AuditRead,
    ];
    let recorded = |(seq, what): (i64, What)| {
        let mut entry = Entry::now(what);
        entry.caller.device = Some("WORKSTATION-7".to_owned());
        entry.caller.address = "2001:db8::7".parse().ok();
        entry.caller.integrator = Some(IntegratorId::generate());
        entry.site = Some(SiteId::generate());
        entry.status = Some(429);
        entry.error = Some(Cause::from(&errors::UPSTREAM_LIMIT));
        Recorded {
            seq,
            hash: Hash::NONE.followed_by(seq, "{}"),
            entry,
        }
    };
    let all: Vec<Recorded> = (1..).zip(whats).map(recorded).collect();
    let mut export = Export::new(Form::Bundle);
    let mut text = export.entries(&all);
    text.extend(export.end().bytes());
    judge("AuditEvent", &String::from_utf8(text).unwrap());
}
