//! What is asked while servers come and go: commands that write, commands that read, registered ones; each is noted when
//! its promise has come back, and whatever has ended is watched for staying as it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::blocking::RequestBuilder;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Dice, SITE};
use crate::support::{CLIENT, KEY_HEADER};

/// Queries that are not known to have ended, at the most: so that the last server is done in reasonable time.
const OPEN: usize = 60;
/// Readers and registered queries in all: the first are looked at row by row, the second run every minute.
const READERS: usize = 40;
const REGISTERED: usize = 40;
/// Characters of each row's text beside what tells it from others.
const FILL: usize = 200;

/// What a promise was given for.
#[derive(Debug, Clone, Copy)]
pub enum Asked {
    /// Inserts a row of this id.
    Insert(Uuid),
    /// Gives so many rows, which have this id.
    Read(Uuid, u64),
}

/// What callers know.
#[derive(Default)]
pub struct Known {
    /// By the id of the query.
    pub queries: BTreeMap<Uuid, Asked>,
    /// The rows that commands were sent to insert, whatever was answered.
    pub sent: BTreeSet<Uuid>,
    /// Queries as they ended.
    pub ended: BTreeMap<Uuid, Value>,
    /// Registered queries, with the id that each of their runs inserts.
    pub registered: BTreeMap<Uuid, Uuid>,
}

pub struct Load {
    key: String,
    /// The root of the server that runs, if one does.
    root: Mutex<Option<String>>,
    known: Mutex<Known>,
    stop: AtomicBool,
    /// Promises that came back.
    pub posted: AtomicUsize,
    /// Pages that were read while servers came and went.
    pub read: AtomicUsize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Load {
    pub fn new(key: String) -> Load {
        Load {
            key,
            root: Mutex::default(),
            known: Mutex::default(),
            stop: AtomicBool::new(false),
            posted: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
        }
    }

    pub fn turn_to(&self, root: Option<String>) {
        *locked(&self.root) = root;
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub fn known(&self) -> MutexGuard<'_, Known> {
        locked(&self.known)
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// The status and body of an answer; None where there was no server, or it was killed before all of it came.
    pub fn send(&self, path: &str, body: Option<&Value>) -> Option<(u16, Vec<u8>, Headers)> {
        let root = locked(&self.root).clone()?;
        let url = format!("{root}/integrator/sites/{SITE}/queries{path}");
        let request: RequestBuilder = match body {
            Some(body) => CLIENT.post(url).json(body),
            None => CLIENT.get(url),
        };
        let answer = request.header(KEY_HEADER, &self.key).send().ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().ok()?;
        Some((status, bytes.to_vec(), headers))
    }

    /// Asks for a promise; the id of the query that it is given for.
    fn ask(&self, path: &str, body: &Value, expected: u16) -> Option<Uuid> {
        let (status, answer, _) = self.send(path, Some(body))?;
        self.posted.fetch_add(1, Ordering::Relaxed);
        let text = String::from_utf8_lossy(&answer);
        assert_eq!(status, expected, "{text}");
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        let id = answer["id"].as_str().and_then(|id| id.parse().ok());
        Some(id.expect("an id"))
    }

    fn open(&self) -> usize {
        let known = self.known();
        known.queries.len() - known.ended.len()
    }

    /// Writes, now and then slowly, until told to stop.
    pub fn write(&self, mut dice: Dice) {
        while self.goes_on() {
            if self.open() < OPEN {
                let run = Uuid::new_v4();
                let body = insert(run, dice.below(4) == 0);
                self.known().sent.insert(run);
                if let Some(id) = self.ask("/async", &body, 201) {
                    self.known().queries.insert(id, Asked::Insert(run));
                }
            }
            std::thread::sleep(Duration::from_millis(dice.below(60)));
        }
    }

    /// Reads results of one to several pages.
    pub fn read(&self, mut dice: Dice) {
        while self.goes_on() {
            let readers = {
                let known = self.known();
                let is_reader = |asked: &&Asked| matches!(asked, Asked::Read(..));
                known.queries.values().filter(is_reader).count()
            };
            if readers < READERS && self.open() < OPEN {
                let (tag, rows) = (Uuid::new_v4(), [300, 5_000, 12_000][dice.below(3) as usize]);
                if let Some(id) = self.ask("/async", &select(tag, rows), 201) {
                    self.known().queries.insert(id, Asked::Read(tag, rows));
                }
            }
            std::thread::sleep(Duration::from_millis(200 + dice.below(400)));
        }
    }

    /// Registers commands that write, each of which is run at once.
    pub fn register(&self, mut dice: Dice) {
        while self.goes_on() {
            if self.known().registered.len() < REGISTERED {
                let run = Uuid::new_v4();
                let body = json!({
                    "name": run, "registeredQueryType": "query", "frequency": 60, "duration": 86_400,
                    "registerCommand": insert(run, dice.below(3) == 0),
                });
                if let Some(id) = self.ask("/registered", &body, 202) {
                    self.known().registered.insert(id, run);
                }
            }
            std::thread::sleep(Duration::from_millis(dice.below(500)));
        }
    }

    /// Watches what becomes of it all, and reads pages of what is there.
    pub fn watch(&self, mut dice: Dice) {
        while self.goes_on() {
            self.look();
            let readers: Vec<(Uuid, Uuid, Value)> = {
                let known = self.known();
                let of = |(id, asked): (&Uuid, &Asked)| match asked {
                    Asked::Read(tag, _) => Some((*id, *tag, known.ended.get(id)?.clone())),
                    Asked::Insert(_) => None,
                };
                known.queries.iter().filter_map(of).collect()
            };
            if !readers.is_empty() {
                let (id, tag, query) = &readers[dice.below(readers.len() as u64) as usize];
                let pages = query["result"]["pages"].as_array().map_or(0, Vec::len);
                if pages > 0 {
                    let page = dice.below(pages as u64) as usize;
                    if self
                        .page(*id, *tag, query, page, dice.below(2) == 0)
                        .is_some()
                    {
                        self.read.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Looks at all queries: each is there, and one that has ended is as it was. None where the server went meanwhile.
    pub fn look(&self) -> Option<()> {
        let ids: Vec<Uuid> = self.known().queries.keys().copied().collect();
        for some in ids.chunks(1_000) {
            let (status, answer, _) = self.send("/status", Some(&json!({ "queryIds": some })))?;
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
            let answer: Value = serde_json::from_slice(&answer).expect("JSON");
            let results = answer["results"].as_array().expect("results");
            assert_eq!(results.len(), some.len());
            for (id, result) in some.iter().zip(results) {
                assert_eq!(result["queryId"], id.to_string());
                assert_eq!(result["status"], "found", "{id} was promised and is lost");
                let query = &result["query"];
                let mut known = self.known();
                if let Some(before) = known.ended.get(id) {
                    assert_eq!(query, before, "it had ended");
                } else if query.get("completedAt").is_some() {
                    known.ended.insert(*id, query.clone());
                }
            }
        }
        Some(())
    }

    /// Reads a page of a result, either way, and looks at every row. None where the server went meanwhile.
    pub fn page(
        &self,
        id: Uuid,
        tag: Uuid,
        query: &Value,
        page: usize,
        is_stream: bool,
    ) -> Option<()> {
        use base64::Engine as _;

        let page = &query["result"]["pages"][page];
        let number = &page["pageNumber"];
        let path = match is_stream {
            true => format!("/{id}/results/{number}/stream"),
            false => format!("/{id}/results/{number}"),
        };
        let (status, answer, headers) = self.send(&path, None)?;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        let rows = match is_stream {
            true => answer,
            false => {
                let answer: Value = serde_json::from_slice(&answer).expect("JSON");
                let data = answer["data"].as_str().expect("data");
                let decoded = base64::engine::general_purpose::STANDARD.decode(data);
                decoded.expect("base64")
            }
        };
        let said = |name: &str| headers[name].to_str().expect("text").to_owned();
        let range = &page["rows"];
        for (name, expected) in [
            ("size", &page["size"]),
            ("rows-count", &range["count"]),
            ("rows-range-start", &range["rangeStart"]),
            ("rows-range-end", &range["rangeEnd"]),
        ] {
            assert_eq!(said(name), expected.to_string(), "{name} of {path}");
        }
        assert_eq!(page["status"], "cached");
        assert_eq!(rows.len().to_string(), said("size"), "{path}");
        let rows: Vec<Row> = serde_json::from_slice(&rows).expect("rows");
        assert_eq!(rows.len().to_string(), said("rows-count"), "{path}");
        let first: u64 = said("rows-range-start").parse().expect("a number");
        for (row, n) in rows.iter().zip(first..) {
            let text = format!("{tag}-{n}-{}", "0".repeat(FILL));
            assert_eq!((row.n, &row.content), (n, &text), "{path}");
        }
        Some(())
    }
}

type Headers = reqwest::header::HeaderMap;

#[derive(serde::Deserialize)]
struct Row {
    n: u64,
    content: String,
}

fn parameter(name: &str, value: Uuid) -> Value {
    json!([{ "name": name, "type": "NVarChar", "value": value, "size": 36 }])
}

/// A command that inserts a row of an id; a slow one counts before that.
fn insert(run: Uuid, is_slow: bool) -> Value {
    let steps = if is_slow { 100_000 } else { 1 };
    let text = format!(
        "INSERT INTO RUNS (ID, STEPS) SELECT @run, MAX(n) FROM (
            WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {steps})
            SELECT n FROM counted)"
    );
    let parameters = parameter("@run", run);
    json!({ "command": { "text": text, "executionMode": "nonQuery", "parameters": parameters } })
}

/// A command that gives rows that can be told from all others.
fn select(tag: Uuid, rows: u64) -> Value {
    let text = format!(
        "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {rows})
         SELECT n, @tag || '-' || n || '-' || hex(zeroblob({})) AS content FROM counted",
        FILL / 2
    );
    json!({ "command": { "text": text, "parameters": parameter("@tag", tag) } })
}
