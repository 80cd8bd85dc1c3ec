//! `serve --watch`: a saved mapping is served at once, a broken one changes nothing but what is said of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::blocking::Response;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{Serving, pilaster};
use crate::support::{CLIENT, KEY_HEADER, SITE, json, send};

/// What is saved is seen within this time, however busy the machine is.
const SOON: Duration = Duration::from_secs(20);

/// An author's folder: a mapping, and a database.
pub struct Folder {
    folder: TempDir,
}

const MANIFEST: &str =
    "name: Small\nengine: sqlite\nverified: illustrative\ncollation: Latin1_General_CI_AS\n";
const TABLES: &str = "tables:\n  PATIENTS: { key: ID, columns: { ID: integer, SURNAME: varchar(40), BORN: { type: datetime, nullable: true } } }\n";
const PATIENT: &str = "\
resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
";

impl Folder {
    fn new() -> Folder {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("mapping")).expect("a folder");
        let made = Folder { folder };
        made.write("mapping.yaml", MANIFEST);
        made.write("tables.yaml", TABLES);
        made.write("patient.yaml", PATIENT);
        made.database();
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path("mapping").join(name), text).expect("written");
    }

    /// As editors save: a file beside it takes its place.
    fn replace(&self, name: &str, text: &str) {
        let file = self.path("mapping").join(name);
        let beside = file.with_extension("yaml~");
        std::fs::write(&beside, text).expect("written");
        std::fs::remove_file(&file).expect("removed");
        std::fs::rename(beside, file).expect("renamed");
    }

    fn database(&self) {
        let database = rusqlite::Connection::open(self.path("small.sqlite")).expect("a database");
        let rows: String = (1..=60)
            .map(|id| format!("INSERT INTO PATIENTS VALUES ({id}, 'Nguyen {id}', '1980-01-01');"))
            .collect();
        database
            .execute_batch(&format!(
                "CREATE TABLE PATIENTS (ID INTEGER PRIMARY KEY, SURNAME TEXT, BORN TEXT);{rows}"
            ))
            .expect("a table");
    }

    fn serve(&self) -> Serving {
        let (mapping, database) = (self.path("mapping"), self.path("small.sqlite"));
        let mut args = vec!["serve", "--rate-limit", "off", "--watch"];
        args.extend(["--listen", "127.0.0.1:0", "--mapping"]);
        let place = [text(&mapping), "--sqlite", text(&database)];
        Serving::start(quiet(pilaster(&[&args[..], &place].concat())))
    }
}

/// Without a line for each request, which nobody reads before the end.
fn quiet(mut command: Command) -> Command {
    command.env("PILASTER_LOG", "warn");
    command
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn ready(serving: &Serving) -> Response {
    send(CLIENT.get(format!("{}/health/ready", serving.root())))
}

/// Asks `/health/ready` until what it says of the mapping holds.
#[track_caller]
fn until(serving: &Serving, holds: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let state: Value = ready(serving).json().expect("JSON");
        if holds(&state["mapping"]) {
            return state["mapping"].clone();
        }
        assert!(began.elapsed() < SOON, "still {state}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn served(revision: u64) -> impl Fn(&Value) -> bool {
    move |mapping| mapping["status"] == "served" && mapping["revision"] == revision
}

fn broken(mapping: &Value) -> bool {
    mapping["status"] == "broken"
}

#[test]
fn a_saved_mapping_is_served_and_a_broken_one_is_shown() {
    let folder = Folder::new();
    let serving = folder.serve();
    let first = serving.ask("Patient/7");
    assert_eq!(first.status(), 200);
    assert!(!first.text().expect("a body").contains("birthDate"));
    let link = next_link(&serving);

    folder.replace("patient.yaml", &format!("{PATIENT}  birthDate: $p.BORN\n"));
    until(&serving, served(2));
    let second = serving.ask("Patient/7").text().expect("a body");
    assert!(second.contains("1980-01-01"), "{second}");

    folder.replace("patient.yaml", &format!("{PATIENT}  birthDate: $p.BRON\n"));
    let mapping = until(&serving, broken);
    let problem = &mapping["problems"][0];
    assert_eq!(problem["severity"], "error");
    assert!(
        problem["code"]
            .as_str()
            .is_some_and(|code| code.starts_with("PM"))
    );
    assert_eq!(problem["file"], "patient.yaml");
    assert_eq!(problem["start"]["line"], 6);
    assert!(problem["start"]["column"].as_u64() > Some(1));
    assert!(problem["message"].is_string());
    assert!(
        problem["help"]
            .as_str()
            .is_some_and(|help| help.contains("BORN")),
        "{problem}"
    );
    assert_eq!(mapping["revision"], 2, "the last good one");
    // Elsewhere no line of the files is shown, but how many are wrong.
    let elsewhere = CLIENT
        .get(format!("{}/health/ready", serving.root()))
        .header("Host", "practice.example");
    let elsewhere: Value = send(elsewhere).json().expect("JSON");
    assert_eq!(elsewhere["mapping"]["status"], "broken");
    assert_eq!(elsewhere["mapping"]["problems"], serde_json::json!([]));
    assert_eq!(elsewhere["mapping"]["more"], 1);
    assert_eq!(ready(&serving).status(), 200);
    assert_eq!(serving.ask("Patient/7").text().expect("a body"), second);

    folder.write("patient.yaml", &format!("{PATIENT}  birthDate: $p.BORN\n"));
    until(&serving, served(3));
    // By another mapping the pages would not fit together: a link of the one before is refused, and says so.
    let followed = send(CLIENT.get(link).header(KEY_HEADER, "demo-key"));
    assert_eq!(followed.status(), 400);
    let outcome = followed.text().expect("a body");
    assert!(outcome.contains("PP007"), "{outcome}");

    // What the database has not is told as what the files say wrong.
    folder.write("tables.yaml", &TABLES.replace("BORN", "GONE"));
    folder.write("patient.yaml", &format!("{PATIENT}  birthDate: $p.GONE\n"));
    let mapping = until(&serving, |mapping| {
        broken(mapping) && mapping["problems"][0]["code"] == "PV002"
    });
    let problem = &mapping["problems"][0];
    assert_eq!(problem["file"], "tables.yaml", "{mapping}");
    let line = problem["text"].as_str().expect("the line");
    let column = |end: &str| problem[end]["column"].as_u64().expect("a column") as usize - 1;
    assert_eq!(&line[column("start")..column("end")], "GONE", "{mapping}");
    assert_eq!(serving.ask("Patient/7").status(), 200);

    // An editor may empty a file before it writes it.
    folder.write("tables.yaml", TABLES);
    folder.write("patient.yaml", "");
    until(&serving, |mapping| {
        broken(mapping) && mapping["problems"][0]["code"] != "PV002"
    });
    assert_eq!(serving.ask("Patient/7").status(), 200);

    let (code, log) = serving.end();
    assert_eq!(code, Some(0));
    assert!(log.contains("patient.yaml:6:"), "{log}");
    // With its rule, its line and what to do about it.
    assert!(log.contains("error[PV002]: "), "{log}");
    assert!(
        log.contains("--> tables.yaml:2") && log.contains("GONE: { type: datetime"),
        "{log}"
    );
    assert!(log.contains("= help: "), "{log}");
    assert!(
        log.contains("mapping broken: the last good one is served"),
        "{log}"
    );
    assert!(log.contains("mapping good again, taken up in "), "{log}");
}

/// The link to the page after the first.
fn next_link(serving: &Serving) -> String {
    let bundle: Value = serving.ask("Patient?_count=5").json().expect("JSON");
    let links = bundle["link"].as_array().expect("links");
    let next = links.iter().find(|link| link["relation"] == "next");
    next.expect("a next page")["url"]
        .as_str()
        .expect("a URL")
        .to_owned()
}

#[test]
fn a_server_starts_with_a_broken_mapping_and_serves_it_when_it_is_mended() {
    let folder = Folder::new();
    folder.write("patient.yaml", "resource: Patient\ntable: PATIENTS as p\n");
    let serving = folder.serve();
    assert!(
        serving
            .greeting()
            .contains("as soon as the mapping has no errors")
    );
    let refused = serving.ask("Patient/7");
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    let outcome: Value = refused.json().expect("JSON");
    assert_eq!(outcome["issue"][0]["details"]["coding"][0]["code"], "PH023");
    let state = ready(&serving);
    assert_eq!(state.status(), 503);
    let state: Value = state.json().expect("JSON");
    assert_eq!(state["sites"][0]["status"], "down");
    assert_eq!(state["mapping"]["revision"], 0);
    folder.write("patient.yaml", PATIENT);
    until(&serving, served(1));
    assert_eq!(serving.ask("Patient/7").status(), 200);
    assert_eq!(ready(&serving).status(), 200);
}

#[test]
fn what_the_database_lacks_at_the_start_is_shown_with_its_line() {
    let folder = Folder::new();
    folder.write("tables.yaml", &TABLES.replace("BORN", "GONE"));
    folder.write("patient.yaml", &format!("{PATIENT}  birthDate: $p.GONE\n"));
    let serving = folder.serve();
    assert_eq!(serving.ask("Patient/7").status(), 503);
    let state: Value = ready(&serving).json().expect("JSON");
    assert_eq!(state["mapping"]["problems"][0]["code"], "PV002", "{state}");
    let (_, log) = serving.end();
    for told in [
        "error[PV002]: ",
        "--> tables.yaml:2",
        "GONE: { type: datetime",
        "= help: ",
        "mapping broken: nothing is served until it is mended",
    ] {
        assert!(log.contains(told), "{told} in {log}");
    }
}

#[test]
fn no_request_fails_while_mappings_come_and_go() {
    let folder = Folder::new();
    let serving = folder.serve();
    let stop = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let answer = serving.ask("Patient?name=nguyen&_sort=-_id&_count=3");
                    let status = answer.status();
                    let text = answer.text().expect("a body");
                    assert_eq!(status, 200, "{text}");
                    assert!(text.contains("\"total\":60"), "{text}");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for revision in 2..8 {
            let before = answered.load(Ordering::Relaxed);
            match revision % 2 {
                0 => folder.replace("patient.yaml", &format!("{PATIENT}  birthDate: $p.BORN\n")),
                _ => folder.replace("patient.yaml", PATIENT),
            }
            until(&serving, served(revision));
            folder.replace("patient.yaml", "resource: Patient\n");
            until(&serving, broken);
            assert!(answered.load(Ordering::Relaxed) > before, "answers went on");
        }
        stop.store(true, Ordering::Relaxed);
    });
}

/// The manifest of a practice whose table says which it is, from one column, for a product.
fn about(product: &str, column: &str) -> String {
    format!("{MANIFEST}pms: {product}\npractice: {{ table: PATIENTS as p, name: p.{column} }}\n")
}

/// Asks which practice a site is until it is of a product and has a name.
#[track_caller]
fn until_named(serving: &Serving, (site, key): (&str, &str), product: &str, name: &str) {
    let began = Instant::now();
    let url = format!("{}/integrator/sites/{site}", serving.root());
    loop {
        let told = json(CLIENT.get(&url).header(KEY_HEADER, key));
        let practice = &told["practiceMetadata"];
        if told["pmsType"] == product
            && practice["pmsType"] == product
            && practice["practiceName"] == name
        {
            return;
        }
        assert!(began.elapsed() < SOON, "still {told}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_a_mapping_says_of_the_practice_is_taken_up_too() {
    let folder = Folder::new();
    folder.write("mapping.yaml", &about("Zedmed", "SURNAME"));
    let serving = folder.serve();
    let site = (SITE, "demo-key");
    until_named(&serving, site, "Zedmed", "Nguyen 1");
    // One of them, and the other.
    folder.replace("mapping.yaml", &about("Open Dental", "SURNAME"));
    until_named(&serving, site, "Open Dental", "Nguyen 1");
    folder.replace("mapping.yaml", &about("Open Dental", "TOWN"));
    folder.replace(
        "tables.yaml",
        &TABLES.replace("BORN", "TOWN: varchar(40), BORN"),
    );
    until(&serving, broken);
    let database = rusqlite::Connection::open(folder.path("small.sqlite")).expect("a database");
    database
        .execute_batch(
            "ALTER TABLE PATIENTS ADD COLUMN TOWN TEXT; UPDATE PATIENTS SET TOWN = 'Kyneton'",
        )
        .expect("a column");
    folder.write(
        "tables.yaml",
        &TABLES.replace("BORN", "TOWN: varchar(40),  BORN"),
    );
    until_named(&serving, site, "Open Dental", "Kyneton");
}

#[test]
fn without_watch_nothing_is_said_of_the_mapping() {
    let folder = Folder::new();
    let args = ["serve", "--listen", "127.0.0.1:0", "--mapping"];
    let (mapping, database) = (folder.path("mapping"), folder.path("small.sqlite"));
    let place = [text(&mapping), "--sqlite", text(&database)];
    let serving = Serving::start(pilaster(&[&args[..], &place].concat()));
    let state = json(CLIENT.get(format!("{}/health/ready", serving.root())));
    assert!(state.get("mapping").is_none(), "{state}");
}

#[test]
fn a_configured_mapping_is_watched_too() {
    const SITE: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11";
    let folder = Folder::new();
    let configuration = format!(
        "[[key]]\ncaller = \"acme\"\nsecret = {{ env = \"ACME_KEY\" }}\n[[site]]\nid = \"{SITE}\"\nmapping = \"mapping\"\ntime-zone = \"Australia/Hobart\"\ndriver = \"sqlite\"\ndatabase = \"small.sqlite\"\n"
    );
    let path = folder.path("pilaster.toml");
    std::fs::write(&path, &configuration).expect("written");
    let args = [
        "serve",
        "--watch",
        "--listen",
        "127.0.0.1:0",
        "--config",
        text(&path),
    ];
    let mut command = pilaster(&args);
    command.env("ACME_KEY", "subscription-key-of-acme");
    let serving = Serving::start(command);
    assert!(
        serving
            .greeting()
            .contains(&format!("{SITE}/fhir/R4/Patient?_count=5"))
    );
    let ask = || {
        let base = serving.base().replace("{site}", SITE);
        send(
            CLIENT
                .get(format!("{base}/Patient/7"))
                .header(KEY_HEADER, "subscription-key-of-acme"),
        )
    };
    assert_eq!(ask().status(), 200);
    folder.replace("patient.yaml", "resource: Patient\n");
    let mapping = until(&serving, broken);
    // With the way to it: a configuration names several mappings.
    let file = mapping["problems"][0]["file"].as_str();
    let file = file.expect("a file");
    assert!(file.ends_with("mapping/patient.yaml"), "{file}");
    assert_eq!(ask().status(), 200);
    folder.replace("patient.yaml", &format!("{PATIENT}  birthDate: $p.BORN\n"));
    until(&serving, served(1));
    assert!(ask().text().expect("a body").contains("birthDate"));
    let site = (SITE, "subscription-key-of-acme");
    folder.write("mapping.yaml", &about("Zedmed", "SURNAME"));
    until_named(&serving, site, "Zedmed", "Nguyen 1");
    folder.write("mapping.yaml", MANIFEST);
    until(&serving, served(3));
    // What the database has not keeps the last good one serving, too.
    folder.write("tables.yaml", &TABLES.replace("BORN", "GONE"));
    folder.write("patient.yaml", &format!("{PATIENT}  birthDate: $p.GONE\n"));
    let told = until(&serving, |mapping| {
        broken(mapping) && mapping.to_string().contains("PATIENTS.GONE")
    });
    assert_eq!(told["revision"], 3);
    assert!(ask().text().expect("a body").contains("birthDate"));
    // A folder that is named while its files have errors is looked at, though the configuration stays as it is.
    let other = folder.path("other");
    std::fs::create_dir(&other).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(other.join(name), text).expect("written");
    write("mapping.yaml", MANIFEST);
    write("tables.yaml", TABLES);
    write("patient.yaml", "resource: Patient\n");
    let named = configuration.replace("mapping = \"mapping\"", "mapping = \"other\"");
    std::fs::write(&path, named).expect("written");
    until(&serving, |mapping| {
        broken(mapping) && mapping.to_string().contains("pilaster.toml")
    });
    write("patient.yaml", &format!("{PATIENT}  active: true\n"));
    until(&serving, served(4));
    assert!(ask().text().expect("a body").contains("active"));
}
