//! The program itself: how it starts, what keeps it from starting, how it ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::support::{CLIENT, DEMO, send};

pub fn pilaster(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilaster"));
    command
        .args(args)
        .env_remove("RUST_LOG")
        .env_remove("PILASTER_LOG")
        .env_remove("PILASTER_OPERATOR_KEY")
        .stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    pilaster(args).output().expect("the program runs")
}

/// Asserts one message on standard error, nothing on standard output, and exit code 2.
#[track_caller]
fn does_not_start(args: &[&str], expected: &str) {
    let output = run(args);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains(expected), "{message}");
    assert_eq!(message.matches("error:").count(), 1, "{message}");
    assert!(output.stdout.is_empty());
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// A program that serves, and its base URL.
pub struct Serving {
    child: Child,
    base: String,
    greeting: String,
}

impl Serving {
    pub fn start(mut command: Command) -> Serving {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut greeting = String::new();
        while !greeting.contains("Ready") {
            let read = lines.read_line(&mut greeting).expect("text");
            assert!(read > 0, "ended: {greeting}");
        }
        let base = greeting
            .lines()
            .find_map(|line| line.strip_prefix("FHIR base"))
            .expect("the base URL")
            .trim()
            .to_owned();
        Serving {
            child,
            base,
            greeting,
        }
    }

    /// The FHIR base, as the greeting says it.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The URL of the server's root.
    pub fn root(&self) -> &str {
        self.base.split("/integrator").next().expect("a root")
    }

    pub fn greeting(&self) -> &str {
        &self.greeting
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn ask(&self, path: &str) -> reqwest::blocking::Response {
        send(
            CLIENT
                .get(format!("{}/{path}", self.base))
                .header("Ocp-Apim-Subscription-Key", "demo-key"),
        )
    }

    pub fn post(
        &self,
        path: &str,
        media_type: &str,
        body: &'static str,
    ) -> reqwest::blocking::Response {
        let url = match path {
            "" => self.base.clone(),
            path => format!("{}/{path}", self.base),
        };
        send(
            CLIENT
                .post(url)
                .header("Ocp-Apim-Subscription-Key", "demo-key")
                .header("Content-Type", media_type)
                .body(body),
        )
    }

    /// Asks what becomes of a search, with its rows.
    pub fn ask_to_explain(&self, key: &str, search: &str) -> reqwest::blocking::Response {
        let search = match search.split_once('?') {
            Some((path, query)) => format!("{path}?explain-run=true&{query}"),
            None => format!("{search}?explain-run=true"),
        };
        let url = format!("{}/{search}", self.explain());
        send(CLIENT.get(url).bearer_auth(key))
    }

    /// The base of explanations, as the greeting says it.
    fn explain(&self) -> &str {
        let lines = self.greeting.lines();
        let mut found = lines.filter_map(|line| line.strip_prefix("explain"));
        let line = found.next().expect("the base of explanations").trim();
        line.split("/{path}").next().expect("a base")
    }

    /// Ends it as an operator does, and gives its exit code and its log.
    pub fn end(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status();
        assert!(killed.expect("kill runs").success());
        let mut log = String::new();
        let mut errors = self.child.stderr.take().expect("its log");
        errors.read_to_string(&mut log).expect("text");
        let status = self.child.wait().expect("its end");
        (status.code(), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_serves_a_practice_of_its_own_and_cleans_up() {
    let temporary = tempfile::tempdir().expect("a folder");
    let mut command = pilaster(&["serve", "--listen", "127.0.0.1:0", "--patients", "200"]);
    command.env("TMPDIR", temporary.path());
    let serving = Serving::start(command);
    let searches: Vec<&str> = serving
        .greeting
        .lines()
        .filter_map(|line| {
            line.trim()
                .strip_prefix("curl -H 'Ocp-Apim-Subscription-Key: demo-key' '")
        })
        .map(|line| line.trim_end_matches('\''))
        .collect();
    assert_eq!(searches.len(), 3);
    assert!(serving.greeting.contains("Bearer demo-operator-key"));
    let line = |line: &str| Some(line.strip_prefix("docs")?.trim().to_owned());
    let docs = serving.greeting.lines().find_map(line).expect("a URL");
    assert_eq!(send(CLIENT.get(docs)).status(), 200);
    for search in searches {
        let request = CLIENT
            .get(search)
            .header("Ocp-Apim-Subscription-Key", "demo-key");
        let bundle: serde_json::Value = send(request).json().expect("JSON");
        assert!(bundle["total"].as_u64() > Some(0), "{search}: {bundle}");
    }
    assert!(
        temporary
            .path()
            .read_dir()
            .expect("a folder")
            .next()
            .is_some()
    );
    let (code, _) = serving.end();
    assert_eq!(code, Some(0));
    assert!(
        temporary
            .path()
            .read_dir()
            .expect("a folder")
            .next()
            .is_none()
    );
}

#[test]
fn what_is_kept_is_used_again() {
    let data = tempfile::tempdir().expect("a folder");
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--patients",
        "100",
        "--data",
        text(data.path()),
    ];
    let first = Serving::start(pilaster(&args));
    let page: serde_json::Value = first.ask("Patient?_count=5").json().expect("JSON");
    let next = page["link"][1]["url"]
        .as_str()
        .expect("a next link")
        .to_owned();
    let cursor = next.rsplit('/').next().expect("a search").to_owned();
    assert_eq!(first.end().0, Some(0));
    let names = || {
        let files = data.path().read_dir().expect("a folder");
        let names = files.map(|file| file.expect("a file").file_name());
        // Beside a database SQLite keeps files of its own, which come and go.
        let names = names.filter_map(|name| name.into_string().ok());
        let mut names: Vec<_> = names.filter(|name| !name.contains(".sqlite-")).collect();
        names.sort();
        names
    };
    let before = names();
    let (demo, others): (Vec<_>, Vec<_>) = before.iter().partition(|name| name.contains("-demo-"));
    assert_eq!(demo.len(), 1, "{before:?}");
    let kept = [
        "audit.spool",
        "audit.sqlite",
        "pages",
        "pilaster-cursor.key",
        "state.key",
        "state.lock",
        "state.sqlite",
    ];
    assert_eq!(others, kept);
    let second = Serving::start(pilaster(&args));
    assert_eq!(
        second.ask(&cursor).status(),
        200,
        "a page link outlives a restart"
    );
    assert_eq!(second.end().0, Some(0));
    assert_eq!(names(), before);
}

#[test]
fn nothing_is_written_into_the_folder_of_another_server() {
    let data = tempfile::tempdir().expect("a folder");
    let args = |patients| {
        let place = ["--patients", patients, "--data", text(data.path())];
        [&["serve", "--listen", "127.0.0.1:0"][..], &place].concat()
    };
    let serving = Serving::start(pilaster(&args("100")));
    does_not_start(&args("101"), "another pilaster serves from the folder");
    let files = data.path().read_dir().expect("a folder");
    let names = files.map(|file| file.expect("a file").file_name());
    let of_other = |name: &std::ffi::OsString| name.to_string_lossy().contains("-demo-101-");
    assert_eq!(names.filter(of_other).count(), 0);
    assert_eq!(serving.ask("Patient?_count=1").status(), 200);
}

#[test]
fn a_signal_ends_it_while_it_writes_a_practice() {
    let data = tempfile::tempdir().expect("a folder");
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--patients",
        "2000000",
        "--data",
        text(data.path()),
    ];
    let mut child = pilaster(&args)
        .stdout(Stdio::null())
        .spawn()
        .expect("the program runs");
    let parts = || {
        let files = data.path().read_dir().expect("a folder");
        files
            .filter(|file| {
                let name = file.as_ref().expect("a file").file_name();
                name.to_string_lossy().ends_with(".part")
            })
            .count()
    };
    while parts() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let id = child.id().to_string();
    Command::new("kill")
        .args(["-TERM", &id])
        .status()
        .expect("kill runs");
    assert_eq!(child.wait().expect("its end").code(), Some(0));
    let left: Vec<_> = data.path().read_dir().expect("a folder").collect();
    assert_eq!(left.len(), 2, "the key and the lock only: {left:?}");
}

#[test]
fn at_trace_no_value_and_no_key_is_logged() {
    let mut command = pilaster(&["serve", "--listen", "127.0.0.1:0", "--patients", "100"]);
    command.env("RUST_LOG", "trace");
    command.env("PILASTER_OPERATOR_KEY", "zweistein-operator");
    let serving = Serving::start(command);
    let page: serde_json::Value = serving.ask("Patient?_count=20").json().expect("JSON");
    let mut names = Vec::new();
    for entry in page["entry"].as_array().expect("entries") {
        names.extend(
            entry["resource"]["name"][0]["family"]
                .as_str()
                .map(str::to_owned),
        );
    }
    assert!(!names.is_empty());
    for path in [
        "Patient?family=zweistein&birthdate=1987-06-05",
        "Patient?birthdate=zweistein",
        "Patient?zweistein=zweistein",
        "Patient/zweistein",
        "Zweistein",
        "zweistein?subscription-key=zweistein",
        "Patient/zweistein?_format=zweistein",
        "Patient?_cursor=zweistein",
    ] {
        let _ = serving.ask(path);
    }
    let explain = serving.explain();
    for (key, search, status) in [
        ("zweistein-operator", "Patient?family=zweistein", 200),
        (
            "zweistein-operator",
            "Patient?explain-run=true&_count=20",
            200,
        ),
        ("zweistein-operator", "Patient?birthdate=zweistein", 400),
        ("zweistein-operator", "Patient?explain-run=zweistein", 400),
        ("zweistein-operator", "Zweistein?zweistein", 404),
        ("zweistein-wrong-key", "Patient?family=zweistein", 401),
    ] {
        let request = CLIENT.get(format!("{explain}/{search}")).bearer_auth(key);
        assert_eq!(send(request).status(), status, "{search}");
    }
    let (code, log) = serving.end();
    assert_eq!(code, Some(0));
    assert!(log.contains("search-type"), "{log}");
    assert!(log.contains("explain-run"), "{log}");
    let lower = log.to_lowercase();
    for value in ["zweistein", "1987-06-05", "demo-key"] {
        assert!(!lower.contains(value), "{value} is in {log}");
    }
    for name in names {
        assert!(!log.contains(&name), "{name} is in {log}");
    }
}

#[test]
fn what_keeps_it_from_starting_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let mapping = folder.path().join("mapping");
    std::fs::create_dir(&mapping).expect("a folder");
    std::fs::write(mapping.join("mapping.yaml"), "name: [\n").expect("a file");
    let not_sqlite = folder.path().join("text.sqlite");
    std::fs::write(
        &not_sqlite,
        "This is no database, only a text of some length.".repeat(40),
    )
    .expect("a file");
    let empty = folder.path().join("empty.sqlite");
    rusqlite::Connection::open(&empty)
        .and_then(|database| {
            database.execute_batch("CREATE TABLE APPOINTMENTCODES (APPOINTMENTCODE INTEGER)")
        })
        .expect("a database");
    let bp = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/bp-premier");
    let through = |mapping: &Path, database: &Path, expected: &str| {
        does_not_start(
            &[
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--mapping",
                text(mapping),
                "--sqlite",
                text(database),
            ],
            expected,
        );
    };
    through(&mapping, &DEMO.1, "mapping.yaml");
    through(&bp, &not_sqlite, "is it a SQLite database");
    through(
        &bp,
        &folder.path().join("none.sqlite"),
        "there is no such file",
    );
    through(&bp, &empty, "column APPOINTMENTCODES.");
    through(&bp, &empty, "table ");
    std::fs::write(
        mapping.join("mapping.yaml"),
        "name: Small\nengine: sqlite\nverified: illustrative\ncollation: BINARY\n",
    )
    .expect("a file");
    std::fs::write(
        mapping.join("tables.yaml"),
        "tables:\n  APPOINTMENTCODES: { key: APPOINTMENTCODE, columns: { APPOINTMENTCODE: integer } }\n",
    )
    .expect("a file");
    for (elements, search, expected) in [
        (
            "  active: true\n  birthDate: { sql: \"NULIF({p.APPOINTMENTCODE}, 0)\", type: date }\n",
            "",
            "patient.yaml:6: SQLite refuses SQL of the mapping: no such function: NULIF",
        ),
        (
            "  active: true\n",
            "search:\n  own: { type: string, column: { sql: \"TRIM({p.APPOINTMENTCODE}\", type: varchar(9) } }\n",
            "the search parameter `own` of Patient",
        ),
    ] {
        std::fs::write(
            mapping.join("patient.yaml"),
            format!("resource: Patient\ntable: APPOINTMENTCODES as p\nid: p.APPOINTMENTCODE\nelements:\n{elements}{search}"),
        )
        .expect("a file");
        through(&mapping, &empty, expected);
    }
    std::fs::write(
        mapping.join("mapping.yaml"),
        "name: Small\nengine: sqlite\nverified: illustrative\ncollation: BINARY\npractice:\n  table: APPOINTMENTCODES as c\n  name: { sql: \"UPPR({c.APPOINTMENTCODE})\", type: varchar(50) }\n",
    )
    .expect("a file");
    std::fs::write(
        mapping.join("patient.yaml"),
        "resource: Patient\ntable: APPOINTMENTCODES as p\nid: p.APPOINTMENTCODE\nelements:\n  active: true\n",
    )
    .expect("a file");
    through(
        &mapping,
        &empty,
        "`practice`: SQLite refuses SQL of the mapping: no such function: UPPR",
    );
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    does_not_start(&["serve", "--listen", &address], "is in use");
    does_not_start(
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            text(&not_sqlite),
        ],
        "cannot be written",
    );
    does_not_start(&["serve", "--mapping", "x"], "--sqlite");
    let key = folder.path().join("operator.key");
    let with_key = ["serve", "--operator-key-file", text(&key)];
    does_not_start(&with_key, "cannot be read");
    std::fs::write(&key, "guessable").expect("a file");
    does_not_start(&with_key, "holds no operator's key");
    does_not_start(&["serf"], "unrecognized subcommand");
}

#[test]
fn a_database_of_ones_own_is_served_through_a_mapping() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("operator.key");
    std::fs::write(&key, "key-of-an-operator\n").expect("a file");
    let bp = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/bp-premier");
    let serving = Serving::start(pilaster(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--mapping",
        text(&bp),
        "--sqlite",
        text(&DEMO.1),
        "--time-zone",
        "Australia/Perth",
        "--log",
        "json",
        "--operator-key-file",
        text(&key),
    ]));
    let explain = format!("{}/Patient?family=smith", serving.explain());
    let explained = send(CLIENT.get(explain).bearer_auth("key-of-an-operator"));
    assert_eq!(explained.status(), 200);
    let page: serde_json::Value = serving.ask("Appointment?_count=1").json().expect("JSON");
    assert!(page.to_string().contains("+08:00"), "{page}");
    let (code, log) = serving.end();
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let requests = lines.iter().map(|line| &line["fields"]);
    let requests = requests.filter(|fields| fields["message"] == "request");
    let resources: Vec<_> = requests.map(|fields| &fields["resource"]).collect();
    assert_eq!(resources, ["Patient", "Appointment"]);
}

#[test]
fn mappings_are_checked_and_errors_are_listed() {
    let bp = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/bp-premier");
    let good = run(&["mapping", "check", text(&bp)]);
    assert_eq!(good.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&good.stdout).contains("Patient"));
    let folder = tempfile::tempdir().expect("a folder");
    let bad = run(&["mapping", "check", text(folder.path())]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&bad.stderr).contains("mapping.yaml"));
    let errors = run(&["errors"]);
    assert_eq!(errors.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&errors.stdout).contains("| PH004 | 401 |"));
}

#[test]
fn a_demo_is_written_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let office = folder.path().join("office.sqlite");
    let clinical = folder.path().join("clinical.sqlite");
    let named = [
        format!("OFFICE={}", text(&office)),
        format!("CLINICAL={}", text(&clinical)),
    ];
    let create = |databases: &[&str]| {
        let asked = [
            &[
                "demo",
                "create",
                "--mapping",
                "zedmed",
                "--engine",
                "sqlite",
            ][..],
            &["--patients", "30", "--today", "2026-03-02", "--database"],
            databases,
        ];
        run(&asked.concat())
    };
    let output = create(&[&named[0], &named[1]]);
    assert_eq!(output.status.code(), Some(0));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.contains("zedmed: 30 patients") && told.contains("CLINICAL in"),
        "{told}"
    );
    assert!(office.is_file() && clinical.is_file());
    let again = create(&[&named[0], &named[1]]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"));
    let half = create(&[&named[0]]);
    assert_eq!(half.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&half.stderr).contains("its catalogue CLINICAL"));
}

#[test]
fn a_databases_columns_that_a_mapping_leaves_out_are_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/open-dental");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("practice.sqlite");
    let database = rusqlite::Connection::open(&path).expect("a database");
    let script = std::fs::read_to_string(root.join("fixture.sql")).expect("the fixture");
    database.execute_batch(&script).expect("tables");
    let covered = |database: &str| {
        let output = run(&["mapping", "coverage", text(&root), "--sqlite", database]);
        let shown = String::from_utf8(output.stdout).expect("text");
        (output.status.code(), shown)
    };
    let (code, before) = covered(text(&path));
    assert_eq!(code, Some(0));
    assert!(!before.contains("ShoeSize"), "{before}");
    let added = "ALTER TABLE patient ADD COLUMN ShoeSize INTEGER";
    database.execute_batch(added).expect("a column");
    let (_, after) = covered(text(&path));
    let (_, undeclared) = after
        .split_once("does not declare\n")
        .expect("what is left out");
    let patient = undeclared.lines().find(|line| line.starts_with("patient "));
    assert!(
        patient.is_some_and(|line| line.ends_with("ShoeSize")),
        "{after}"
    );
    assert_eq!(covered("nowhere.sqlite").0, Some(2));
}

#[test]
fn what_a_mapping_meets_of_au_core_is_printed() {
    let output = run(&["mapping", "coverage"]);
    assert_eq!(output.status.code(), Some(0));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/au-core");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let shown = String::from_utf8(output.stdout).expect("text");
    settings.bind(|| insta::assert_snapshot!("bp-premier", shown));

    let bp = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/bp-premier");
    let same = run(&["mapping", "coverage", text(&bp)]);
    assert_eq!(String::from_utf8_lossy(&same.stdout), shown);

    for name in ["zedmed", "dental4windows", "open-dental"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("mappings")
            .join(name);
        let output = run(&["mapping", "coverage", text(&folder)]);
        let shown = String::from_utf8(output.stdout).expect("text");
        settings.bind(|| insta::assert_snapshot!(name, shown));
    }

    let json = run(&["mapping", "coverage", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json[0]["mapping"], "bp-premier");
    assert_eq!(json[0]["auCore"], "2.0.0");
    let resources = json[0]["resources"].as_array().expect("a list");
    let location = resources
        .iter()
        .find(|resource| resource["resource"] == "Location")
        .expect("Location");
    assert_eq!(
        location["elements"][0],
        serde_json::json!({
            "profile": "au-core-location",
            "element": "name",
            "mandatory": false,
            "state": "met",
        })
    );
    let state = serde_json::json!({
        "kind": "parameter",
        "search": "address-state",
        "expectation": "SHOULD",
        "state": "impossible",
        "reason": "no column holds a state",
    });
    assert!(
        location["searches"]
            .as_array()
            .expect("a list")
            .contains(&state)
    );

    let patient = json[0]["r4"].as_array().expect("a list").iter();
    let mut patient = patient.filter(|served| served["resource"] == "Patient");
    assert_eq!(
        patient.next(),
        Some(&serde_json::json!({
            "resource": "Patient",
            "elements": { "served": 10, "of": 16 },
            "searches": { "served": 18, "of": 23 },
            "own": 1,
        }))
    );
    // What SQL of the mapping's own names is used, though no element does.
    let unmapped = json[0]["unmapped"].as_array().expect("a list");
    let tables: Vec<&str> = unmapped
        .iter()
        .filter_map(|it| it["table"].as_str())
        .collect();
    assert!(
        tables.contains(&"LOCATIONS") && !tables.contains(&"SCHEDULES"),
        "{tables:?}"
    );

    let folder = tempfile::tempdir().expect("a folder");
    let bad = run(&["mapping", "coverage", text(&bp), text(folder.path())]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(bad.stdout.is_empty());
}

#[test]
fn mappings_stand_beside_each_other_on_one_page() {
    let folders = ["bp-premier", "zedmed", "dental4windows"].map(|name| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("mappings")
            .join(name)
    });
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("coverage.html");
    let mut args = vec![
        "mapping",
        "coverage",
        "--format",
        "html",
        "--output",
        text(&file),
    ];
    args.extend(folders.iter().map(|folder| text(folder)));
    let output = run(&args);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty());
    let page = std::fs::read_to_string(&file).expect("the page");
    // It needs nothing else, and says what it is to programs that read aloud.
    for foreign in [
        "<script", "<link", "<img", "src=", "@import", "url(", "http",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for wanted in [
        "<html lang=\"en\">",
        "name=\"viewport\"",
        "prefers-color-scheme",
        "@media print",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
    // Every row has a head and a cell for each mapping, and every link leads somewhere.
    for row in page.split("<tr>").skip(1) {
        let row = row.split("</tr>").next().unwrap_or_default();
        let (heads, cells) = (row.matches("<th ").count(), row.matches("<td").count());
        assert!(matches!((heads, cells), (4, 0) | (1, 3)), "{row}");
    }
    let mut links = 0;
    for link in page.split("href=\"#").skip(1) {
        let id = link.split('"').next().unwrap_or_default();
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        links += 1;
    }
    assert!(links > 60, "{links} links");
    // The same as the lines say, of which the snapshots are read.
    let counted = "8 of 8 elements";
    assert!(page.contains(counted));
    assert!(page.contains("no column holds a state"));

    let both = run(&[
        "mapping",
        "coverage",
        "--format",
        "json",
        text(&folders[0]),
        text(&folders[1]),
    ]);
    let both: serde_json::Value = serde_json::from_slice(&both.stdout).expect("JSON");
    let ids: Vec<&str> = both
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it["mapping"].as_str())
        .collect();
    assert_eq!(ids, ["bp-premier", "zedmed"]);

    let nowhere = folder.path().join("no/such/coverage.html");
    let refused = run(&["mapping", "coverage", "--output", text(&nowhere)]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_mappings_page_and_schema_are_printed() {
    let bp = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/bp-premier");
    let page = run(&["mapping", "docs", text(&bp)]);
    assert_eq!(page.status.code(), Some(0));
    let page = String::from_utf8(page.stdout).expect("text");
    assert!(page.starts_with("# Bp Premier\n"));
    assert!(page.contains("| `identifier[system=ihi/1.0].value` | `p.IHI` |"));
    let folder = tempfile::tempdir().expect("a folder");
    let bad = run(&["mapping", "docs", text(folder.path())]);
    assert_eq!(bad.status.code(), Some(1));

    let schema = run(&["mapping", "schema"]);
    assert_eq!(schema.status.code(), Some(0));
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).expect("JSON");
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
}

/// Its pipe is full after some 64 KB.
#[test]
fn a_log_that_nobody_reads_keeps_nobody_waiting() {
    let more = ["--patients", "5", "--rate-limit", "off"];
    let mut command = pilaster(&["serve", "--listen", "127.0.0.1:0"]);
    command.args(more).env("PILASTER_LOG", "info");
    let serving = Serving::start(command);
    for _ in 0..600 {
        assert_eq!(serving.ask("metadata").status(), 200);
    }
    let (code, log) = serving.end();
    assert_eq!(code, Some(0));
    assert!(log.len() > 100_000, "{} bytes", log.len());
}
