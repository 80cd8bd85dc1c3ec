//! A large async result, from its statement to its reader: the memory of the server, which has a process of its own, and the
//! pace.
//!
//! The statement makes its rows as it goes and stores none. The reference for producing is the bare driver, which writes the
//! same JSON into files of a page each, synced as the store's are; neither seals nor counts them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pilaster::gateway::ask::bounds::PAGE_BYTES;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::made::{self, KEY, SITE};
use crate::{Options, bare, memory};

/// Rows by which it is known how many bytes one has.
const SAMPLE: u64 = 2_000;
/// The most that the bare driver writes.
const REFERENCE: u64 = 256;
const MB: u64 = 1 << 20;
/// Beyond the result itself: the state, the journal, what others write meanwhile.
const ROOM: u64 = 512;

pub fn measure(options: &Options) {
    let folder = tempfile::tempdir().expect("a folder");
    if let Some(free) = free(folder.path())
        && free < options.megabytes + ROOM
    {
        println!(
            "The large result was not made: {} has {free} MB free, and {} MB with {ROOM} MB beside them are needed; \
             PILASTER_BENCH_MB or --megabytes asks for fewer, TMPDIR for another place.",
            folder.path().display(),
            options.megabytes
        );
        return;
    }
    let practice = folder.path().join("practice.sqlite");
    bare::make(&practice, 1);
    let (each, reference) = reference(&practice, folder.path(), options.megabytes.min(REFERENCE));
    let server = Server::start(folder.path());
    let produced = server.produce(options.megabytes * MB / each);
    let streamed = server.stream(&produced);
    println!(
        "An async result of {} MB in {} pages, {} rows\n",
        produced.bytes / MB,
        produced.pages,
        produced.rows
    );
    println!(
        "| | seconds | MB/s | bare driver, MB/s | ratio | memory before, MB | its peak, MB |\n|---|---|---|---|---|---|---|"
    );
    let pace = |stage: &Stage| produced.bytes as f64 / MB as f64 / stage.took.as_secs_f64();
    println!(
        "| produced, sealed and kept | {:.1} | {:.0} | {reference:.0} | {:.2} | {} | {} |",
        produced.stage.took.as_secs_f64(),
        pace(&produced.stage),
        pace(&produced.stage) / reference,
        produced.stage.before,
        produced.stage.peak
    );
    println!(
        "| streamed to its reader | {:.1} | {:.0} | | | {} | {} |",
        streamed.took.as_secs_f64(),
        pace(&streamed),
        streamed.before,
        streamed.peak
    );
}

/// Serves the practice of a folder until the standard input ends.
pub fn serve(folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let practice = folder.join("practice.sqlite");
    let [address, _] = runtime.block_on(made::serve(folder, &practice));
    println!("{address}");
    let mut end = Vec::new();
    // Whichever way it ends, it has ended.
    let _ = std::io::stdin().read_to_end(&mut end);
    runtime.shutdown_background();
}

/// Rows that are made as they are asked for.
fn statement(rows: u64) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
         SELECT i AS ID, 'Surname ' || i AS SURNAME, 'Firstname ' || i % 100 AS FIRSTNAME, 'City ' || i % 50 AS CITY, \
         i % 3 AS SEX, PRINTF('%400s', 'note ' || i) AS NOTES FROM n"
    )
}

/// Bytes of a row, and how many megabytes of such rows the bare driver writes in a second.
fn reference(practice: &Path, folder: &Path, megabytes: u64) -> (u64, f64) {
    let connection = bare::open(practice);
    let mut bytes = 0;
    bare::run(
        &connection,
        &statement(SAMPLE),
        None,
        usize::MAX,
        &mut |json| bytes += json.len() as u64,
    );
    let each = bytes / SAMPLE;
    let text = statement((megabytes * MB / each).max(1));
    let (begun, mut written) = (Instant::now(), 0);
    bare::run(&connection, &text, None, PAGE_BYTES, &mut |json| {
        let mut file = tempfile::NamedTempFile::new_in(folder).expect("a file");
        file.write_all(&json).expect("written");
        file.as_file().sync_all().expect("synced");
        written += json.len() as u64;
    });
    (
        each,
        written as f64 / MB as f64 / begun.elapsed().as_secs_f64(),
    )
}

/// Megabytes that are free where a folder is, where the system has `df`.
fn free(folder: &Path) -> Option<u64> {
    let told = Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    let text = String::from_utf8(told.stdout).ok()?;
    let fields = text.lines().nth(1)?.split_whitespace();
    fields
        .rev()
        .nth(2)?
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes / 1024)
}

/// How long something took, and what memory the server had before it and at the most.
struct Stage {
    took: Duration,
    before: u64,
    peak: u64,
}

struct Produced {
    id: String,
    pages: u64,
    rows: u64,
    bytes: u64,
    stage: Stage,
}

/// The server, in a process of its own.
struct Server {
    child: Child,
    queries: String,
    client: Client,
}

impl Server {
    fn start(folder: &Path) -> Server {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .arg("--serve")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let address = lines.next().expect("a line").expect("an address");
        let client = Client::builder()
            .no_proxy()
            .timeout(None)
            .build()
            .expect("a client");
        Server {
            child,
            queries: format!("http://{address}/integrator/sites/{SITE}/queries"),
            client,
        }
    }

    fn ask(&self, request: RequestBuilder) -> Value {
        let response = request.header("Ocp-Apim-Subscription-Key", KEY).send();
        let response = response.expect("an answer");
        let status = response.status();
        let body = response.text().expect("a body");
        assert!(status.is_success(), "{status}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// Does something, and watches the process.
    fn watched<T>(&self, act: impl FnOnce() -> T) -> (T, Stage) {
        let process = self.child.id();
        let before = memory(process, "VmRSS");
        // The most that was resident counts from now on: proc(5).
        std::fs::write(format!("/proc/{process}/clear_refs"), "5").expect("proc");
        let begun = Instant::now();
        let done = act();
        let took = begun.elapsed();
        let peak = memory(process, "VmHWM");
        (done, Stage { took, before, peak })
    }

    /// Sends the statement, and waits for its end.
    fn produce(&self, rows: u64) -> Produced {
        let body = json!({"command": {"text": statement(rows)}});
        let (query, stage) = self.watched(|| {
            let sent = self.client.post(format!("{}/async", self.queries));
            let sent = self.ask(sent.json(&body));
            let id = sent["id"].as_str().expect("an id").to_owned();
            loop {
                std::thread::sleep(Duration::from_millis(100));
                let url = format!("{}/{id}", self.queries);
                let query = self.ask(self.client.get(url));
                match query["status"].as_str() {
                    Some("queued" | "executing" | "uploading" | "initialising") => {}
                    Some("successful") => break query,
                    _ => panic!("{query}"),
                }
            }
        });
        let result = &query["result"];
        assert_eq!(result["rows"].as_u64(), Some(rows));
        Produced {
            id: query["id"].as_str().expect("an id").to_owned(),
            pages: result["pages"].as_array().expect("pages").len() as u64,
            rows,
            bytes: result["size"].as_u64().expect("a size"),
            stage,
        }
    }

    /// Reads all pages, one after another, and keeps nothing.
    fn stream(&self, produced: &Produced) -> Stage {
        let (read, stage) = self.watched(|| {
            let pages = 1..=produced.pages;
            pages
                .map(|page| {
                    let url = format!("{}/{}/results/{page}/stream", self.queries, produced.id);
                    let request = self.client.get(url);
                    let response = request.header("Ocp-Apim-Subscription-Key", KEY).send();
                    let mut response = response.expect("a page");
                    assert!(response.status().is_success(), "{}", response.status());
                    response.copy_to(&mut std::io::sink()).expect("rows")
                })
                .sum::<u64>()
        });
        assert_eq!(read, produced.bytes, "all of it came");
        stage
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
