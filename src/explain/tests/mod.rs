//! Explanations of a small practice, as people and programs get them.

pub(crate) mod clinic;

use std::sync::Arc;

use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;

use super::{
    About, Explanation, HttpCall, HttpOptions, Json, StageTimings, for_http, render_text, run,
};
use crate::cursor::CursorKey;
use crate::passthrough::{Limits, sqlite};
use crate::plan::{CountLimits, Plan, Selection};
use crate::relation::Dialect;
use crate::search::Input;
use crate::site::{CallPlanner, SearchCall, Site, SiteConfig, SiteError};

const BASE: &str = "http://localhost/fhir/R4";

fn zone() -> TimeZone {
    TimeZone::get("Australia/Brisbane").unwrap()
}

fn now() -> DateTime {
    date(2026, 1, 5).at(9, 0, 0, 0)
}

fn calls() -> CallPlanner {
    CallPlanner::new(clinic::mapping(), zone(), CountLimits::default())
}

fn about(calls: &CallPlanner, dialect: Dialect) -> About<'_> {
    About {
        calls,
        engine: dialect.into(),
        zone_name: "Australia/Brisbane",
        now: now(),
    }
}

fn explain(query: &str, dialect: Dialect) -> (Explanation, Plan) {
    let call = call(query);
    let calls = calls();
    let input = Input {
        query: &call.query,
        form: b"",
    };
    let asked = calls.ask(&call, input).unwrap();
    let plan = calls.plan_asked(&asked, &[], &call).unwrap();
    let about = about(&calls, dialect);
    (about.search(&call, &asked, &plan).unwrap(), plan)
}

fn text(query: &str, dialect: Dialect) -> String {
    render_text(&explain(query, dialect).0, false)
}

fn asked(query: &str) -> HttpCall {
    HttpCall::Search(call(query))
}

fn site(folder: &tempfile::TempDir) -> Arc<Site> {
    let path = folder.path().join("clinic.sqlite");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(clinic::SCRIPT).unwrap();
    drop(connection);
    let pool = sqlite::pool(&path, Limits::default()).unwrap();
    let config = SiteConfig {
        id: "clinic".to_owned(),
        zone: zone(),
        zone_name: "Australia/Brisbane".to_owned(),
        dialect: Dialect::Sqlite,
        count: CountLimits::default(),
        cursor_key: Arc::new(CursorKey::from_bytes([7; 32])),
    };
    Arc::new(Site::new(config, clinic::mapping(), Arc::new(pool)))
}

fn call(query: &str) -> SearchCall {
    SearchCall {
        base: BASE.to_owned(),
        resource: "Patient".to_owned(),
        query: query.as_bytes().to_vec(),
        ..SearchCall::default()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn a_search_is_shown_stage_by_stage() {
    insta::assert_snapshot!(text(
        "family=smith&birthdate=gt1980&_sort=-birthdate",
        Dialect::Mssql
    ));
}

#[test]
fn every_kind_of_condition_has_its_line() {
    insta::assert_snapshot!(text(
        "name=o'brien,smith&gender:not=male&email=zoe@example.org&birthdate=sa1990-05&given:exact=Zo%C3%AB&_count=500&_elements=name&favourite=x&family=",
        Dialect::Sqlite
    ));
}

#[test]
fn what_is_near_a_date_is_said() {
    let (explanation, _) = explain("birthdate=ap1990-05", Dialect::Sqlite);
    let near = explanation.dates[0];
    assert_eq!(near.start, date(1986, 10, 8).at(18, 18, 0, 0));
    assert_eq!(near.end, date(1993, 12, 22).at(5, 42, 0, 0));
}

#[test]
fn a_total_alone_selects_nothing_else() {
    insta::assert_snapshot!(text("gender=female&_summary=count", Dialect::Mssql));
}

#[test]
fn a_read_is_shown_too() {
    let calls = calls();
    let planner = calls.planner();
    let resource = calls.served("Patient").unwrap();
    let plan = planner.read(resource, "12", &Selection::Whole);
    let explanation = about(&calls, Dialect::Mssql)
        .read("Patient", "12", &plan)
        .unwrap();
    insta::assert_snapshot!(render_text(&explanation, false));
    let plan = planner.read(resource, "no-such-form", &Selection::Whole);
    let explanation = about(&calls, Dialect::Mssql)
        .read("Patient", "no-such-form", &plan)
        .unwrap();
    assert!(explanation.parts.is_empty());
    assert!(render_text(&explanation, false).contains("nothing runs"));
}

#[test]
fn what_ran_is_shown_and_gives_the_terminal_no_orders() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(&folder);
    let (mut explanation, plan) = explain("family=smith&_sort=_id&_count=1", Dialect::Sqlite);
    site.pool()
        .run_now(|session| {
            run(
                &mut explanation,
                &plan,
                Dialect::Sqlite.into(),
                site.engine(),
                session,
                10,
                &[],
            )
        })
        .unwrap();
    let answer = block_on(site.search(call("family=smith&_count=1&_total=none"))).unwrap();
    let body = String::from_utf8(answer.body).unwrap();
    // The Bundle's id and its next link differ from run to run.
    let entry = body.split_once(r#""entry":["#).unwrap().1;
    let entry = entry.split_once(r#","search""#).unwrap().0;
    explanation.answer = Some(Json::new(format!("{entry}}}").as_bytes()));
    explanation.timings = Some(StageTimings {
        parse: 12,
        plan: 8,
        sql: 20,
        database: 340,
        assemble: 3,
    });
    let text = render_text(&explanation, false);
    assert!(!text.contains('\x1b'));
    insta::assert_snapshot!(text);
    let coloured = render_text(&explanation, true);
    let codes = ["\x1b[1m", "\x1b[2m", "\x1b[0m"];
    let plain = codes
        .iter()
        .fold(coloured.clone(), |text, code| text.replace(code, ""));
    assert_ne!(coloured, text);
    assert_eq!(plain, text);
}

#[test]
fn programs_get_the_command_as_it_can_be_posted() {
    let (explanation, _) = explain("family=smith&birthdate=gt1980", Dialect::Mssql);
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["asked"]["search"]["resource"], "Patient");
    assert_eq!(json["dates"][0]["start"], "1980-01-01T00:00:00");
    assert_eq!(json["dates"][0]["end"], "1981-01-01T00:00:00");
    let command = &json["parts"][0]["command"]["command"];
    let text = command["text"].as_str().unwrap();
    assert_eq!(command["executionMode"], "reader");
    assert_eq!(command["type"], "text");
    assert!(!text.contains("smith"));
    let parameters = command["parameters"].as_array().unwrap();
    for parameter in parameters {
        let name = parameter["name"].as_str().unwrap();
        assert!(text.contains(name), "{name} is not in the text");
    }
    assert!(parameters.iter().any(|one| one["value"] == "smith"));
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&json["parts"][0]["children"][0]["command"]).unwrap()
    );
}

#[test]
fn an_operator_gets_it_with_rows_and_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(&folder);
    let options = HttpOptions {
        dialect: Some(Dialect::Mssql),
        run: true,
    };
    let json = block_on(for_http(&site, asked("family=smith&_sort=_id"), options)).unwrap();
    let part = &json["parts"][0];
    assert!(
        part["command"]["command"]["text"]
            .as_str()
            .unwrap()
            .contains("TOP (")
    );
    assert_eq!(part["ran"]["count"], 2);
    assert_eq!(part["children"][0]["ran"]["count"], 2);
    let parents = &part["children"][0]["command"]["command"]["parameters"];
    assert_eq!(parents[0]["value"], "1");
    assert_eq!(json["answer"]["total"], 2);
    assert!(json["timings"]["database"].is_u64());
    let unrun = block_on(for_http(
        &site,
        asked("family=smith"),
        HttpOptions::default(),
    ))
    .unwrap();
    assert_eq!(unrun["dialect"], "sqlite");
    assert!(unrun.get("answer").is_none() && unrun["parts"][0].get("ran").is_none());
}

#[test]
fn what_cannot_be_searched_cannot_be_explained() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(&folder);
    let code_of = |call: SearchCall| -> &'static str {
        let refused: SiteError = block_on(for_http(
            &site,
            HttpCall::Search(call),
            HttpOptions::default(),
        ))
        .unwrap_err();
        refused.code().id
    };
    assert_eq!(code_of(call("birthdate=tomorrow")), "PS002");
    assert_eq!(code_of(call("_cursor=x")), "PP007");
    assert_eq!(code_of(call("favourite=x")), "PP001");
    let unserved = SearchCall {
        resource: "Observation".to_owned(),
        ..call("")
    };
    assert_eq!(code_of(unserved), "PH002");
}
