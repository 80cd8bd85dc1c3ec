//! A resource type of two sources, searched page by page: one stream, and nothing lost or said twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde_json::Value;

use super::{SearchCall, Site, SiteConfig, SiteError};
use crate::cursor::CursorKey;
use crate::mapping;
use crate::passthrough::{Limits, sqlite};
use crate::plan::CountLimits;
use crate::relation::Dialect;

const MANIFEST: &str = "\
name: Test PMS
engine: mssql
verified: illustrative
collation: Latin1_General_CI_AS
";
const TABLES: &str = "\
tables:
  PATIENTS: { key: ID, columns: { ID: int, SURNAME: varchar(40), DOB: date } }
  KIN: { key: ID, columns: { ID: int, SURNAME: varchar(40), DOB: date } }
";
const PATIENT: &str = "\
resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
  birthDate: $p.DOB
";
const KIN: &str = "\
resource: Patient
source: kin
table: KIN as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
  birthDate: $p.DOB
";

struct Rig {
    site: Arc<Site>,
    _file: tempfile::NamedTempFile,
}

/// `patients` and `kin` rows, some without a birth date, with few names and days among them.
fn rig(patients: i64, kin: i64) -> Rig {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let db = Connection::open(file.path()).expect("a database");
    crate::collation::register(&db).expect("collations");
    for (table, rows) in [("PATIENTS", patients), ("KIN", kin)] {
        db.execute_batch(&format!(
            "CREATE TABLE {table} (ID INTEGER PRIMARY KEY, SURNAME TEXT, DOB TEXT)"
        ))
        .expect("a table");
        for id in 1..=rows {
            let name = ["smith", "Smith", "Zoë", "adams"][(id % 4) as usize];
            let born = (id % 3 > 0).then(|| format!("19{:02}-01-05", 60 + id * 7 % 5));
            db.execute(
                &format!("INSERT INTO {table} VALUES (?, ?, ?)"),
                (id, name, born),
            )
            .expect("a row");
        }
    }
    let files = [
        ("mapping.yaml", MANIFEST),
        ("tables.yaml", TABLES),
        ("patient.yaml", PATIENT),
        ("kin.yaml", KIN),
    ];
    let loaded = mapping::load_files("test", &files, &mapping::Options::default())
        .unwrap_or_else(|problems| panic!("{problems}"));
    let config = SiteConfig {
        id: "1".to_owned(),
        zone: TimeZone::UTC,
        zone_name: "UTC".to_owned(),
        dialect: Dialect::Sqlite,
        count: CountLimits::default(),
        cursor_key: Arc::new(CursorKey::from_bytes([7; 32])),
    };
    let pool = sqlite::pool(file.path(), Limits::default()).expect("a pool");
    Rig {
        site: Arc::new(Site::new(config, Arc::new(loaded.mapping), Arc::new(pool))),
        _file: file,
    }
}

impl Rig {
    async fn search(&self, query: &str) -> Result<Value, SiteError> {
        let call = SearchCall {
            base: "http://here".to_owned(),
            resource: "Patient".to_owned(),
            query: query.as_bytes().to_vec(),
            caller: "me".to_owned(),
            ..SearchCall::default()
        };
        let answer = self.site.search(call).await?;
        Ok(serde_json::from_slice(&answer.body).expect("JSON"))
    }

    /// Every page of a search.
    async fn pages(&self, query: &str) -> Vec<Value> {
        let mut pages = vec![self.search(query).await.expect("a page")];
        while let Some(next) = next(&pages[pages.len() - 1]) {
            pages.push(self.search(&next).await.expect("a page"));
            assert!(pages.len() < 100, "it ends");
        }
        pages
    }
}

fn next(page: &Value) -> Option<String> {
    let links = page["link"].as_array()?;
    let next = links.iter().find(|link| link["relation"] == "next")?;
    let (_, query) = next["url"].as_str()?.split_once('?')?;
    Some(query.to_owned())
}

fn resources(page: &Value) -> impl Iterator<Item = &Value> {
    page["entry"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| &entry["resource"])
}

#[tokio::test]
async fn two_sources_are_one_stream() {
    for (patients, kin) in [(7, 5), (0, 5), (7, 0), (1, 9), (0, 0)] {
        let rig = rig(patients, kin);
        let all: BTreeSet<String> = (1..=patients)
            .map(|id| id.to_string())
            .chain((1..=kin).map(|id| format!("kin-{id}")))
            .collect();
        for count in [1, 2, 3, 50] {
            for sort in [
                "",
                "&_sort=birthdate",
                "&_sort=-birthdate",
                "&_sort=-family,birthdate",
            ] {
                for total in ["", "&_total=accurate", "&_total=none"] {
                    let query = format!("_count={count}{sort}{total}");
                    let pages = rig.pages(&query).await;
                    let mut ids = Vec::new();
                    let mut born = Vec::new();
                    for (number, page) in pages.iter().enumerate() {
                        let full = resources(page).count() == count;
                        assert!(full || number + 1 == pages.len(), "{query}: a short page");
                        for resource in resources(page) {
                            ids.push(resource["id"].as_str().expect("an id").to_owned());
                            born.push(resource["birthDate"].as_str().unwrap_or("").to_owned());
                        }
                        let expected = match total {
                            "" if number == 0 => Some(all.len()),
                            "&_total=accurate" => Some(all.len()),
                            _ => None,
                        };
                        let given = page["total"].as_u64().map(|total| total as usize);
                        assert_eq!(given, expected, "{query}, page {number}");
                    }
                    assert_eq!(ids.len(), all.len(), "{query}: {ids:?}");
                    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), all, "{query}");
                    match sort {
                        "&_sort=birthdate" => assert!(born.is_sorted(), "{born:?}"),
                        "&_sort=-birthdate" => assert!(born.iter().rev().is_sorted(), "{born:?}"),
                        _ => {}
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn the_total_alone_is_that_of_all_sources() {
    let rig = rig(7, 5);
    for query in ["_count=0", "_summary=count"] {
        let page = rig.search(query).await.expect("a page");
        assert_eq!(page["total"], 12, "{query}");
        assert_eq!(resources(&page).count(), 0, "{query}");
        assert_eq!(next(&page), None, "{query}");
    }
}

#[tokio::test]
async fn a_page_link_is_its_callers_and_its_searches() {
    let rig = rig(7, 5);
    let page = rig.search("_count=1&family=smith").await.expect("a page");
    let link = next(&page).expect("a next page");
    let mut call = SearchCall {
        base: "http://here".to_owned(),
        resource: "Patient".to_owned(),
        query: link.clone().into_bytes(),
        caller: "another".to_owned(),
        ..SearchCall::default()
    };
    assert!(rig.site.search(call.clone()).await.is_err());
    call.caller = "me".to_owned();
    assert!(rig.site.search(call).await.is_ok());
    for query in [
        format!("{link}&family=adams"),
        format!("{link}&_count=5"),
        format!("{}A", &link[..link.len() - 1]),
    ] {
        let refused = rig.search(&query).await.map(drop);
        // A last letter may be that letter already.
        assert!(refused.is_err() || query == link, "{query}");
    }
}

/// Where a first page is given, so is the next: a search too long for its own link is refused at once.
#[tokio::test]
async fn a_long_search_is_refused_before_its_first_page() {
    let rig = rig(7, 5);
    let form = |length: usize| SearchCall {
        base: "http://here".to_owned(),
        resource: "Patient".to_owned(),
        query: b"_count=1".to_vec(),
        // Two bytes that a link writes as six.
        form: format!("family=smith,{}", "é".repeat(length / 2)).into_bytes(),
        caller: "me".to_owned(),
        ..SearchCall::default()
    };
    let refused = rig.site.search(form(12 * 1024)).await.map(drop);
    assert!(matches!(refused, Err(SiteError::Search(_))), "{refused:?}");
    let answer = rig.site.search(form(4 * 1024)).await.expect("a page");
    let page: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let second = rig.search(&next(&page).expect("a next page")).await;
    assert_eq!(resources(&second.expect("a page")).count(), 1);
}

#[tokio::test]
async fn callers_cannot_fill_the_memory_with_statements() {
    let rig = rig(1, 1);
    for values in 1..120 {
        let list = (0..values)
            .map(|n| format!("n{n}"))
            .collect::<Vec<_>>()
            .join(",");
        rig.search(&format!("family={list}")).await.expect("a page");
    }
    rig.site.statements.run_pending_tasks();
    assert!(rig.site.statements.weighted_size() <= super::KEPT_STATEMENTS);
}
