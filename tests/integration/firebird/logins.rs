//! Integrators with logins of their own, over the running program: their FHIR and their SQL are the database's to allow.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::{Database, PASSWORD, Server, shared};
use crate::cli::{Serving, pilaster};
use crate::support::{CLIENT, KEY_HEADER, send};

const SITE: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a21";
const OWNER: &str = "key-of-the-owner-in-the-file";
const ALL: &str = "password of all";
const SOME: &str = "password of some";

/// The view says as whom it is read.
const PRACTICE: &str = "CREATE TABLE PATIENTS (ID INTEGER NOT NULL PRIMARY KEY, SURNAME VARCHAR(40) COLLATE UNICODE_CI_AI, DOCTOR INTEGER);
CREATE TABLE DOCTORS (ID INTEGER NOT NULL PRIMARY KEY, SURNAME VARCHAR(40) COLLATE UNICODE_CI_AI);
CREATE VIEW WHO (ID, NAME) AS SELECT 1, CAST(CURRENT_USER AS VARCHAR(40)) FROM RDB$DATABASE;
COMMIT;
INSERT INTO DOCTORS VALUES (1, 'Okafor');
INSERT INTO PATIENTS VALUES (1, 'Nguyen', 1);
INSERT INTO PATIENTS VALUES (2, 'Smith', 1);
INSERT INTO PATIENTS VALUES (3, 'Jones', 1);";

/// The program over a practice on Firebird.
struct Served {
    serving: Option<Serving>,
    folder: TempDir,
}

/// What somebody is answered.
struct Said {
    status: u16,
    retry_after: bool,
    body: Value,
}

impl Served {
    fn start(database: &Database<'_>, port: u16) -> Served {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written");
        };
        std::fs::create_dir(folder.path().join("mapping")).expect("a folder");
        write(
            "mapping/mapping.yaml",
            "name: Example\nengine: firebird\nverified: illustrative\ncollation: UNICODE_CI_AI\n",
        );
        write(
            "mapping/tables.yaml",
            "tables:\n  PATIENTS: { key: ID, columns: { ID: int, SURNAME: varchar(40), DOCTOR: int } }\n  \
             DOCTORS: { key: ID, columns: { ID: int, SURNAME: varchar(40) } }\n  WHO: { key: ID, columns: { ID: int, NAME: varchar(40) } }\n",
        );
        write(
            "mapping/patient.yaml",
            "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements:\n  name: [ { family: $p.SURNAME } ]\n  \
             generalPractitioner:\n    - reference: { to: Practitioner, id: p.DOCTOR }\n",
        );
        write(
            "mapping/practitioner.yaml",
            "resource: Practitioner\ntable: DOCTORS as d\nid: d.ID\nelements:\n  name: [ { family: $d.SURNAME } ]\n",
        );
        write(
            "mapping/organization.yaml",
            "resource: Organization\ntable: WHO as w\nid: w.ID\nelements:\n  name: $w.NAME\n",
        );
        write(
            "pilaster.toml",
            &format!(
                "data = \"data\"\n[[key]]\ncaller = \"owner\"\nsecret = {{ env = \"OWNER_KEY\" }}\n[[site]]\nid = \"{SITE}\"\nmapping = \"mapping\"\npms = \"Zedmed\"\n\
                 time-zone = \"Australia/Hobart\"\ndriver = \"firebird\"\ndatabase = \"{}\"\n\
                 [site.server]\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"sysdba\"\npassword = {{ env = \"FIREBIRD_PASSWORD\" }}\n",
                database.path
            ),
        );
        Served {
            serving: None,
            folder,
        }
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let file = self.folder.path().join("pilaster.toml");
        let mut command = pilaster(args);
        command.arg("--config").arg(file);
        command
            .env("FIREBIRD_PASSWORD", PASSWORD)
            .env("OWNER_KEY", OWNER);
        command
    }

    #[track_caller]
    fn admin(&self, args: &[&str], password: &str) -> String {
        let mut command = self.command(&[&["admin"], args].concat());
        let output = command.env("ITS_PASSWORD", password).output();
        let output = output.expect("the program runs");
        let notes = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {notes}");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    }

    /// An integrator that is paired with the practice; gives its key.
    fn integrator(&self, name: &str) -> String {
        let add = [
            "integrator",
            "add",
            name,
            "--key",
            "--environment",
            "production",
        ];
        let key = self.admin(&add, "");
        self.admin(&["pair", name, SITE, "--environment", "production"], "");
        key
    }

    fn login(&self, name: &str, user: &str, password: &str) {
        let set = ["login", "set", name, "--site", SITE, "--user", user];
        let from = ["--password-env", "ITS_PASSWORD"];
        self.admin(&[&set[..], &from].concat(), password);
    }

    fn serve(&mut self) {
        let mut command =
            self.command(&["serve", "--listen", "127.0.0.1:0", "--rate-limit", "off"]);
        command.env("PILASTER_LOG", "debug");
        self.serving = Some(Serving::start(command));
        soon("the site is open", || {
            self.fhir(OWNER, "Patient").status == 200
        });
    }

    fn root(&self) -> &str {
        self.serving.as_ref().expect("it serves").root()
    }

    fn ask(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Said {
        let url = format!("{}/integrator/sites/{SITE}{path}", self.root());
        let mut request = CLIENT.request(method, url).header(KEY_HEADER, key);
        if let Some(body) = body {
            let body = body.to_string();
            request = request
                .header("Content-Type", "application/json")
                .body(body);
        }
        let response = send(request);
        Said {
            status: response.status().as_u16(),
            retry_after: response.headers().contains_key("retry-after"),
            body: serde_json::from_str(&response.text().expect("text")).expect("JSON"),
        }
    }

    fn fhir(&self, key: &str, search: &str) -> Said {
        self.ask(key, Method::GET, &format!("/fhir/R4/{search}"), None)
    }

    fn sql(&self, key: &str, text: &str) -> Said {
        let body = json!({"command": {"text": text}});
        self.ask(key, Method::POST, "/queries/immediate", Some(body))
    }

    /// As whom an integrator's FHIR is read.
    #[track_caller]
    fn who(&self, key: &str) -> String {
        let said = self.fhir(key, "Organization/1");
        assert_eq!(said.status, 200, "{}", said.body);
        said.body["name"].as_str().expect("a name").to_owned()
    }
}

impl Said {
    /// It is an OperationOutcome that says no more than a code, and how it is to be read.
    #[track_caller]
    fn is_refused(&self, status: u16, issue: &str, code: &str) {
        let text = self.body.to_string();
        assert_eq!(self.status, status, "{text}");
        assert_eq!(self.body["resourceType"], "OperationOutcome");
        assert_eq!(self.body["issue"][0]["code"], issue, "{text}");
        assert!(text.contains(code), "{text}");
        assert_eq!(self.retry_after, status == 503, "{text}");
        for secret in ["FHIR_", "fhir_", ALL, SOME, "password of"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[track_caller]
fn soon(what: &str, mut look: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !look() {
        assert!(Instant::now() < until, "not soon: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn users(database: &Database<'_>) {
    database.script(&format!(
        "CREATE OR ALTER USER FHIR_ALL PASSWORD '{ALL}' USING PLUGIN Srp;\n\
         CREATE OR ALTER USER FHIR_SOME PASSWORD '{SOME}' USING PLUGIN Srp;\nCOMMIT;\n\
         GRANT SELECT ON PATIENTS TO USER FHIR_ALL;\nGRANT SELECT ON DOCTORS TO USER FHIR_ALL;\nGRANT SELECT ON WHO TO USER FHIR_ALL;\n\
         GRANT SELECT ON PATIENTS TO USER FHIR_SOME;\nGRANT SELECT ON WHO TO USER FHIR_SOME;\nCOMMIT;"
    ));
}

#[test]
fn fhir_is_read_as_the_callers_own_login() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    users(&database);
    let mut served = Served::start(&database, server.port);
    let [plain, all, some, wrong] =
        ["plain", "all", "some", "wrong"].map(|name| served.integrator(name));
    served.login("all", "FHIR_ALL", ALL);
    served.login("some", "fhir_some", SOME);
    served.login("wrong", "FHIR_ALL", "not the password of all");
    served.serve();

    // As whom: the same for FHIR and SQL.
    for (key, user) in [(&plain, "SYSDBA"), (&all, "FHIR_ALL"), (&some, "FHIR_SOME")] {
        assert_eq!(served.who(key), user);
        let said = served.sql(key, &format!("SELECT ID FROM WHO WHERE NAME = '{user}'"));
        assert_eq!(said.body["result"]["rows"], 1, "{}", said.body);
        let found = served.fhir(key, &format!("Organization?name:exact={user}"));
        assert_eq!(found.body["total"], 1, "{}", found.body);
        let batch = json!({"resourceType": "Bundle", "type": "batch",
            "entry": [{"request": {"method": "GET", "url": "Organization/1"}}]});
        let said = served.ask(key, Method::POST, "/fhir/R4", Some(batch));
        assert_eq!(
            said.body["entry"][0]["resource"]["name"], user,
            "{}",
            said.body
        );
    }

    // What it may see.
    for key in [&plain, &all] {
        assert_eq!(served.fhir(key, "Practitioner").status, 200);
        let with = served.fhir(key, "Patient?_id=1&_include=Patient:general-practitioner");
        assert_eq!(
            with.body["entry"].as_array().map(Vec::len),
            Some(2),
            "{}",
            with.body
        );
    }
    assert_eq!(served.fhir(&some, "Patient?family=nguyen").body["total"], 1);
    for denied in [
        "Practitioner",
        "Practitioner/1",
        "Practitioner?_summary=count",
        "Patient?_include=Patient:general-practitioner",
        "Patient?general-practitioner.family=okafor",
        "Patient/1/$summary",
    ] {
        served
            .fhir(&some, denied)
            .is_refused(403, "forbidden", "PD018");
    }
    assert_eq!(served.sql(&some, "SELECT SURNAME FROM DOCTORS").status, 400);
    // Which brings the doctor, too.
    assert_eq!(served.fhir(&all, "Patient/1/$summary").status, 200);

    // A login that is refused is the caller's trouble alone.
    for asked in [
        "Patient",
        "Patient/1",
        "Patient?_summary=count",
        "Patient/1/$summary",
        "Patient",
    ] {
        served
            .fhir(&wrong, asked)
            .is_refused(403, "forbidden", "PD017");
    }
    let said = served.sql(&wrong, "SELECT 1 AS N FROM RDB$DATABASE");
    assert_eq!(
        (said.status, said.retry_after),
        (403, false),
        "{}",
        said.body
    );
    assert_eq!(served.fhir(&wrong, "metadata").status, 200);
    assert_eq!(served.fhir(&plain, "Patient").status, 200);
    assert_eq!(served.who(&all), "FHIR_ALL");
    let site = served.ask(&plain, Method::GET, "", None);
    assert_eq!(site.body["availability"], "online", "{}", site.body);
    let metrics = send(CLIENT.get(format!("{}/metrics", served.root())));
    let metrics = metrics.text().expect("text");
    assert!(
        metrics.contains(&format!("pilaster_database_up{{site=\"{SITE}\"}} 1")),
        "{metrics}"
    );
    assert!(metrics.contains(r#"outcome="PD017""#), "{metrics}");

    // The operator mends it, and takes another's rights away.
    let first = served.fhir(&all, "Patient?_count=1");
    let next = |page: &Value| {
        let links = page["link"].as_array().expect("links");
        let next = links
            .iter()
            .find(|link| link["relation"] == "next")
            .expect("a next page");
        let url = next["url"].as_str().expect("a URL");
        url.split_once("/fhir/R4/")
            .expect("of the site")
            .1
            .to_owned()
    };
    let link = next(&first.body);
    assert_eq!(served.fhir(&all, &link).status, 200);
    served
        .fhir(&some, &link)
        .is_refused(400, "invalid", "PP007");
    served.login("wrong", "FHIR_ALL", ALL);
    soon("the mended login counts", || {
        served.fhir(&wrong, "Patient").status == 200
    });
    assert_eq!(served.who(&wrong), "FHIR_ALL");
    served.login("all", "FHIR_SOME", SOME);
    soon("the other login counts", || {
        served.fhir(&all, "Practitioner").status == 403
    });
    assert_eq!(served.who(&all), "FHIR_SOME");
    served.fhir(&all, &link).is_refused(400, "invalid", "PP007");
    served.admin(&["login", "remove", "all", "--site", SITE], "");
    soon("no login of its own", || {
        served.fhir(&all, "Practitioner").status == 200
    });
    assert_eq!(served.who(&all), "SYSDBA");

    let metrics = send(CLIENT.get(format!("{}/metrics", served.root())));
    let metrics = metrics.text().expect("text");
    let (_, log) = served.serving.take().expect("it serves").end();
    for secret in ["FHIR_ALL", "FHIR_SOME", "fhir_some", ALL, SOME] {
        assert!(!metrics.contains(secret), "{secret} in {metrics}");
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

/// What was sent to a server that is there no more is not lost where nothing was under way.
#[test]
fn a_kept_line_whose_server_was_started_anew_loses_no_statement() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let database = server.database("UTF8", PRACTICE);
    users(&database);
    let mut served = Served::start(&database, server.port);
    let key = served.integrator("plain");
    served.serve();
    let path = database.path.clone();
    let insert = |id: u32| format!("INSERT INTO DOCTORS VALUES ({id}, 'New')");
    // One that is there still serves on.
    let connection = || {
        let said = served.sql(&key, "SELECT CURRENT_CONNECTION AS N FROM RDB$DATABASE");
        said.body["result"]["data"]
            .as_str()
            .expect("rows")
            .to_owned()
    };
    let first = connection();
    std::thread::sleep(Duration::from_millis(1_100));
    assert_eq!(connection(), first);
    assert_eq!(served.sql(&key, &insert(10)).status, 200);
    for (id, second) in [
        (11, insert(11)),
        (12, "SELECT COUNT(*) AS N FROM DOCTORS".to_owned()),
    ] {
        server.kill_and_restart(Duration::from_millis(1_100));
        let said = served.sql(&key, &second);
        assert_eq!(said.status, 200, "{id}: {}", said.body);
    }
    let database = Database::of(&server, path);
    assert_eq!(database.count("SELECT COUNT(*) FROM DOCTORS"), 3);
    served.serving.take().expect("it serves").end();
}
