//! `serve --config`: several practices of one file, what happens when one of them is away, and when the file changes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::blocking::Response;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{Serving, pilaster};
use crate::support::{CLIENT, send};

const FIRST: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11";
const SECOND: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a12";

/// What changes is seen within this time.
const SOON: Duration = Duration::from_secs(20);

struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Folder {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("mapping")).expect("a folder");
        let made = Folder { folder };
        made.write(
            "mapping/mapping.yaml",
            "name: Example\nengine: mssql\nverified: illustrative\ncollation: Latin1_General_CI_AS\n",
        );
        made.write("mapping/patient.yaml", PATIENT);
        made.write(
            "mapping/tables.yaml",
            "tables:\n  PATIENTS: { key: ID, columns: { ID: int, SURNAME: varchar(40) } }\n",
        );
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    fn database(&self, name: &str, columns: &str) {
        let database = rusqlite::Connection::open(self.path(name)).expect("a database");
        database
            .execute_batch(&format!("CREATE TABLE PATIENTS (ID INTEGER PRIMARY KEY, SURNAME TEXT{columns}); INSERT INTO PATIENTS (ID, SURNAME) VALUES (7, 'Nguyen')"))
            .expect("a table");
    }

    fn configure(&self, sites: &[&str]) {
        self.write("pilaster.toml", &configuration(sites));
    }

    fn configure_without_keys(&self, sites: &[&str]) {
        self.write("pilaster.toml", &sites.concat());
    }

    fn serve(&self) -> Serving {
        let path = self.path("pilaster.toml");
        let mut command = pilaster(&["serve", "--listen", "127.0.0.1:0", "--config", text(&path)]);
        command.env("ACME_KEY", "subscription-key-of-acme");
        Serving::start(command)
    }
}

const PATIENT: &str = "
resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
";

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn site(id: &str, database: &str) -> String {
    format!(
        "[[site]]\nid = \"{id}\"\nmapping = \"mapping\"\ntime-zone = \"Australia/Hobart\"\ndriver = \"sqlite\"\ndatabase = \"{database}\"\n"
    )
}

fn configuration(sites: &[&str]) -> String {
    format!(
        "[[key]]\ncaller = \"acme\"\nsecret = {{ env = \"ACME_KEY\" }}\n{}",
        sites.concat()
    )
}

fn ask(serving: &Serving, site: &str, path: &str) -> Response {
    let url = format!("{}/{path}", serving.base().replace("{site}", site));
    send(
        CLIENT
            .get(url)
            .header("Ocp-Apim-Subscription-Key", "subscription-key-of-acme"),
    )
}

/// Asks until the answer has the status.
#[track_caller]
fn until(serving: &Serving, site: &str, path: &str, status: u16) -> Value {
    let began = Instant::now();
    loop {
        let answer = ask(serving, site, path);
        if answer.status() == status {
            return answer.json().expect("JSON");
        }
        assert!(began.elapsed() < SOON, "still {}", answer.status());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_practice_that_is_away_is_served_when_it_is_there_and_keeps_no_other_waiting() {
    let folder = Folder::new();
    folder.database("first.sqlite", "");
    folder.configure(&[&site(FIRST, "first.sqlite"), &site(SECOND, "second.sqlite")]);
    let serving = folder.serve();
    let greeting = serving.greeting();
    assert!(greeting.contains(&format!("{FIRST}  open")), "{greeting}");
    assert!(
        greeting.contains(&format!("{SECOND}  closed")),
        "{greeting}"
    );
    assert_eq!(ask(&serving, FIRST, "Patient/7").status(), 200);
    // What it serves is known; whom, is not.
    let statement = ask(&serving, SECOND, "metadata");
    assert_eq!(statement.status(), 200);
    // It has no name, so that its id has to do.
    let statement: Value = statement.json().expect("JSON");
    assert_eq!(
        statement["title"],
        format!("FHIR R4 of {SECOND} over Example")
    );
    let closed = ask(&serving, SECOND, "Patient/7");
    assert_eq!(closed.status(), 503);
    assert!(closed.headers().contains_key("retry-after"));
    let outcome: Value = closed.json().expect("JSON");
    assert_eq!(outcome["issue"][0]["details"]["coding"][0]["code"], "PD005");
    let ready = serving
        .base()
        .split("/integrator")
        .next()
        .expect("a root")
        .to_owned()
        + "/health/ready";
    let partly = send(CLIENT.get(&ready));
    assert_eq!(partly.status(), 200);
    let report: Value = partly.json().expect("JSON");
    assert_eq!(report["status"], "partly", "{report}");
    assert_eq!(report["sites"][1]["status"], "down", "{report}");
    folder.database("second.sqlite", "");
    until(&serving, SECOND, "Patient/7", 200);
    std::thread::sleep(Duration::from_millis(1100));
    let all: Value = send(CLIENT.get(&ready)).json().expect("JSON");
    assert_eq!(all["status"], "up", "{all}");
    let (code, log) = serving.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("subscription-key-of-acme"), "{log}");
}

#[test]
fn a_changed_file_is_taken_up_and_one_with_problems_is_not() {
    let folder = Folder::new();
    folder.database("first.sqlite", "");
    folder.configure(&[&site(FIRST, "first.sqlite")]);
    let serving = folder.serve();
    assert_eq!(ask(&serving, SECOND, "Patient/7").status(), 404);
    folder.configure(&[&site(FIRST, "first.sqlite"), &site(SECOND, "first.sqlite")]);
    until(&serving, SECOND, "Patient/7", 200);
    folder.write("pilaster.toml", "listen = 3");
    let hung_up = Command::new("kill")
        .args(["-HUP", &serving.id().to_string()])
        .status();
    assert!(hung_up.expect("kill runs").success());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(ask(&serving, SECOND, "Patient/7").status(), 200);
    folder.configure(&[&site(SECOND, "first.sqlite")]);
    until(&serving, FIRST, "Patient/7", 404);
    // A mapping is taken up like the file that names it.
    let mapping = std::fs::read_to_string(folder.path("mapping/patient.yaml")).expect("a file");
    folder.write(
        "mapping/patient.yaml",
        &format!("{mapping}  active: true\n"),
    );
    let began = Instant::now();
    while ask(&serving, SECOND, "Patient/7")
        .json::<Value>()
        .expect("JSON")["active"]
        != true
    {
        assert!(began.elapsed() < SOON);
        std::thread::sleep(Duration::from_millis(100));
    }
    let (_, log) = serving.end();
    assert!(log.contains("has problems and is not taken up"), "{log}");
}

/// The rate counts at once; what a running server cannot change is named, and nothing else is.
#[test]
fn a_rate_that_changes_counts_without_a_start() {
    let folder = Folder::new();
    folder.database("first.sqlite", "");
    let configure = |first: &str| {
        let sites = configuration(&[&site(FIRST, "first.sqlite")]);
        folder.write("pilaster.toml", &format!("{first}\n{sites}"));
    };
    configure("rate-limit = 1");
    let serving = folder.serve();
    let all_of =
        |count: usize| (0..count).all(|_| ask(&serving, FIRST, "Patient/7").status() == 200);
    assert!(!all_of(2), "one in 5 seconds");
    configure("rate-limit = \"off\"\n[audit]\nretention-days = 30\n");
    let began = Instant::now();
    while !all_of(5) {
        assert!(began.elapsed() < SOON, "not taken up");
        std::thread::sleep(Duration::from_millis(100));
    }
    let (_, log) = serving.end();
    let named = "taken up at the next start only: [audit] retention-days\n";
    assert!(log.contains(named), "{log}");
}

/// A newer version of the product has a column that is optional, an older one lost it: neither takes a restart.
#[test]
fn tables_that_change_are_looked_at_again() {
    let folder = Folder::new();
    folder.write(
        "mapping/tables.yaml",
        "tables:\n  PATIENTS:\n    key: ID\n    columns: { ID: int, SURNAME: varchar(40), BORN: { type: date, optional: true } }\n",
    );
    folder.write(
        "mapping/patient.yaml",
        "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements:\n  name: [ { family: $p.SURNAME } ]\n  birthDate: $p.BORN\n",
    );
    folder.database("first.sqlite", ", BORN TEXT");
    folder.configure(&[&site(FIRST, "first.sqlite")]);
    let serving = folder.serve();
    assert_eq!(ask(&serving, FIRST, "Patient?birthdate=2000").status(), 200);
    let database = rusqlite::Connection::open(folder.path("first.sqlite")).expect("a database");
    database
        .execute_batch("ALTER TABLE PATIENTS DROP COLUMN BORN")
        .expect("dropped");
    // Whoever comes first meets the change; then the parameter is not offered any more, and the rest is served.
    until(&serving, FIRST, "Patient/7", 200);
    until(&serving, FIRST, "Patient?birthdate=2000", 400);
    let statement: Value = ask(&serving, FIRST, "metadata").json().expect("JSON");
    assert!(!statement.to_string().contains("birthdate"), "{statement}");
}

/// As it was written, and as it is written after that.
#[test]
fn a_statement_says_the_practices_name() {
    let folder = Folder::new();
    folder.database("first.sqlite", "");
    let named = |name: &str| site(FIRST, "first.sqlite") + &format!("name = \"{name}\"\n");
    folder.configure(&[&named("O'Shea & <Sons>\\n\\u0007")]);
    let serving = folder.serve();
    let statement: Value = ask(&serving, FIRST, "metadata").json().expect("JSON");
    assert_eq!(
        statement["title"],
        "FHIR R4 of O'Shea & <Sons> over Example"
    );
    assert_eq!(
        statement["implementation"]["description"],
        "O'Shea & <Sons>, read from its Example database"
    );
    let xml = ask(&serving, FIRST, "metadata?_format=xml").text();
    let xml = xml.expect("text");
    assert!(xml.contains("FHIR R4 of O'Shea &amp; &lt;Sons"), "{xml}");
    folder.configure(&[&named("Harbour Street")]);
    let began = Instant::now();
    loop {
        let statement: Value = ask(&serving, FIRST, "metadata").json().expect("JSON");
        if statement["title"] == "FHIR R4 of Harbour Street over Example" {
            break;
        }
        assert!(began.elapsed() < SOON, "still {}", statement["title"]);
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn verify_compares_with_the_live_database() {
    let folder = Folder::new();
    folder.write(
        "mapping/tables.yaml",
        "tables:\n  PATIENTS:\n    key: ID\n    columns: { ID: int, SURNAME: varchar(40), BORN: { type: date, optional: true } }\n",
    );
    folder.write(
        "mapping/patient.yaml",
        "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements:\n  name: [ { family: $p.SURNAME } ]\n  birthDate: $p.BORN\n",
    );
    folder.database("first.sqlite", "");
    folder.configure(&[
        &site(FIRST, "first.sqlite"),
        &site(SECOND, "nowhere.sqlite"),
    ]);
    let config = folder.path("pilaster.toml");
    let verify = |id: &str| {
        let args = ["mapping", "verify", "--config", text(&config), "--site", id];
        let output = pilaster(&args)
            .env("ACME_KEY", "a key that nobody asks with")
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said, errors)
    };
    let (code, said, _) = verify(FIRST);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("note[PV003]") && said.contains("warning[PV006]"),
        "{said}"
    );
    // The line of the file that declares the column.
    let line =
        "4 |     columns: { ID: int, SURNAME: varchar(40), BORN: { type: date, optional: true } }";
    assert!(said.contains(line), "{said}");
    let (code, _, errors) = verify(SECOND);
    assert_eq!(code, Some(2), "{errors}");
    assert!(
        errors.contains("cannot be asked") && errors.contains("nowhere.sqlite"),
        "{errors}"
    );
    let (code, _, errors) = verify("8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a19");
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("has no site of that id"), "{errors}");
}

#[test]
fn check_lists_sites_or_problems() {
    let folder = Folder::new();
    folder.configure(&[&site(FIRST, "first.sqlite")]);
    let config = folder.path("pilaster.toml");
    let check = |key: Option<&str>| {
        let mut command = pilaster(&["config", "check", text(&config)]);
        if let Some(key) = key {
            command.env("ACME_KEY", key);
        }
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            output.status.code(),
            said + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (code, said) = check(Some("a key that nobody asks with"));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(FIRST), "{said}");
    let (code, said) = check(None);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("error[PC008]"), "{said}");
}

/// A [[key]] that is an integrator's opens what that one may ask, and nothing else.
#[test]
fn a_key_of_the_file_that_is_an_integrators_has_its_limits() {
    let folder = Folder::new();
    folder.database("first.sqlite", "");
    let data = folder.path("data");
    let admin = |args: &[&str]| {
        let output = pilaster(&[&["admin"], args, &["--data", text(&data)]].concat()).output();
        let output = output.expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let environment = ["--key", "--environment", "production"];
    let key = admin(&[&["integrator", "add", "Example Health"][..], &environment].concat());
    let revoked = admin(&[
        "key",
        "add",
        "Example Health",
        "--environment",
        "production",
    ]);
    folder.write("key", &key);
    folder.write("revoked", &revoked);
    admin(&["pair", "Example Health", FIRST]);
    let listed: Value = serde_json::from_str(&admin(&["key", "list", "--json"])).expect("JSON");
    let newest = listed.as_array().expect("a list").iter();
    let newest = newest.max_by_key(|it| it["createdAt"].as_str().map(str::to_owned));
    admin(&[
        "key",
        "revoke",
        newest.expect("a key")["id"].as_str().expect("an id"),
    ]);
    let of_file = |caller: &str, file: &str| {
        format!("[[key]]\ncaller = \"{caller}\"\nsecret = {{ file = \"{file}\" }}\n")
    };
    let configuration = configuration(&[
        &of_file("shared", "key"),
        &of_file("old", "revoked"),
        &site(FIRST, "first.sqlite"),
        &site(SECOND, "first.sqlite"),
    ]);
    folder.write(
        "pilaster.toml",
        &format!("data = \"data\"\n{configuration}"),
    );
    let serving = folder.serve();
    let status = |site: &str, key: &str| {
        let base = serving.base().replace("{site}", site);
        let request = CLIENT.get(format!("{base}/Patient/7"));
        let answer = send(request.header("Ocp-Apim-Subscription-Key", key.trim()));
        answer.status().as_u16()
    };
    assert_eq!((status(FIRST, &key), status(SECOND, &key)), (200, 403));
    assert_eq!(status(FIRST, &revoked), 401);
    assert_eq!(ask(&serving, SECOND, "Patient/7").status(), 200);
    admin(&["integrator", "disable", "Example Health"]);
    let began = Instant::now();
    while status(FIRST, &key) != 403 {
        assert!(began.elapsed() < SOON, "still let in");
        std::thread::sleep(Duration::from_millis(100));
    }
    let (_, log) = serving.end();
    let told = |caller: &str| {
        let said = "is a key of an integrator's";
        let mut lines = log.lines().filter(|line| line.contains(said));
        lines.any(|line| line.contains(caller) && line.contains("Example Health"))
    };
    assert!(told("shared") && told("old") && !told("acme"), "{log}");
    assert!(!log.contains(key.trim()), "{log}");
}

/// Two mappings with one mistake are two problems, each with the way to its file.
#[test]
fn a_mappings_problems_name_its_folder() {
    let folder = Folder::new();
    for name in ["one", "other"] {
        std::fs::create_dir(folder.path(name)).expect("a folder");
        for file in ["mapping.yaml", "tables.yaml"] {
            let from = folder.path("mapping").join(file);
            std::fs::copy(from, folder.path(name).join(file)).expect("copied");
        }
        folder.write(
            &format!("{name}/patient.yaml"),
            &PATIENT.replace("table:", "tabel:"),
        );
    }
    let of = |id: &str, mapping: &str| {
        site(id, "first.sqlite").replace("\"mapping\"", &format!("\"{mapping}\""))
    };
    folder.configure(&[&of(FIRST, "one"), &of(SECOND, "other")]);
    let config = folder.path("pilaster.toml");
    for command in [&["config", "check"][..], &["serve", "--config"]] {
        let mut command = pilaster(&[command, &[text(&config)]].concat());
        let output = command.env("ACME_KEY", "subscription-key-of-acme").output();
        let noted = String::from_utf8(output.expect("it runs").stderr).expect("text");
        for name in ["one", "other"] {
            let place = format!(
                "--> {}:",
                text(&folder.path(&format!("{name}/patient.yaml")))
            );
            assert!(noted.contains(&place), "{noted}");
        }
    }
}

#[test]
fn a_file_without_keys_is_served_to_the_integrators_of_its_folder() {
    let folder = Folder::new();
    folder.database("first.sqlite", "");
    let sites = site(FIRST, "first.sqlite");
    let config = folder.path("pilaster.toml");
    let data = folder.path("data");
    let run = |args: &[&str]| {
        let output = pilaster(args).output().expect("it runs");
        let told = |bytes| String::from_utf8(bytes).expect("text");
        let (said, noted) = (told(output.stdout), told(output.stderr));
        (output.status.code(), said, noted)
    };
    // Without a folder nobody could ask.
    folder.write("pilaster.toml", &sites);
    let check = ["config", "check", text(&config)];
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--config",
        text(&config),
    ];
    for (refused, code) in [(run(&check), 1), (run(&serve), 2)] {
        assert_eq!(refused.0, Some(code));
        assert!(refused.2.contains("nobody may ask"), "{}", refused.2);
    }
    // It may be named beside the file.
    let given = ["--data", text(&data)];
    let (code, _, noted) = run(&[&check[..], &given].concat());
    assert_eq!((code, noted.as_str()), (Some(0), ""));

    let admin = |args: &[&str]| {
        let (code, said, noted) = run(&[&["admin"], args, &given].concat());
        assert_eq!(code, Some(0), "{noted}");
        said
    };
    let key = admin(&[
        "integrator",
        "add",
        "Example Health",
        "--key",
        "--environment",
        "production",
    ]);
    admin(&["pair", "Example Health", FIRST]);
    let status = |serving: &Serving, key: &str| {
        let base = serving.base().replace("{site}", FIRST);
        let request = CLIENT.get(format!("{base}/Patient/7"));
        send(request.header("Ocp-Apim-Subscription-Key", key))
            .status()
            .as_u16()
    };
    let serving = Serving::start(pilaster(&[&serve[..], &given].concat()));
    let greeting = serving.greeting();
    assert!(greeting.contains("the key of an integrator"), "{greeting}");
    assert_eq!(status(&serving, key.trim()), 200);
    assert_eq!(status(&serving, "another-key-than-that"), 401);
    // What changes is read as the file was: with the folder beside it.
    folder.database("second.sqlite", "");
    folder.configure_without_keys(&[&sites, &site(SECOND, "second.sqlite")]);
    let began = Instant::now();
    admin(&["pair", "Example Health", SECOND]);
    let base = serving.base().replace("{site}", SECOND);
    let ask = || {
        let request = CLIENT.get(format!("{base}/Patient/7"));
        send(request.header("Ocp-Apim-Subscription-Key", key.trim())).status()
    };
    while ask() != 200 {
        assert!(began.elapsed() < SOON, "not taken up");
        std::thread::sleep(Duration::from_millis(100));
    }
    let (_, log) = serving.end();
    assert!(!log.contains("PC021"), "{log}");
}

#[test]
fn what_ends_with_a_server_without_a_folder_is_told() {
    let folder = Folder::new();
    folder.database("first.sqlite", "");
    folder.configure(&[&site(FIRST, "first.sqlite")]);
    let config = folder.path("pilaster.toml");
    let mut check = pilaster(&["config", "check", text(&config)]);
    check.env("ACME_KEY", "subscription-key-of-acme");
    let output = check.output().expect("it runs");
    let noted = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{noted}");
    assert!(noted.contains("warning[PC021]"), "{noted}");
    let (_, log) = folder.serve().end();
    assert_eq!(log.matches("warning[PC021]").count(), 1, "{log}");
}
