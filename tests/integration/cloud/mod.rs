//! The cloud surface from outside: the program with a file of five sites, four integrators that `pilaster admin` set up, a
//! receiver of webhook messages, and a plain HTTP client.
//!
//! | module | what it shows |
//! |---|---|
//! | `contract` | each endpoint answers as the API says, field by field |
//! | `asynchronous` | the same of what is run later: async and registered queries, and their webhooks |
//! | `callers` | who may not ask is refused on every path in the same way |
//! | `errors` | each way of being refused for what is asked, by its status and body |
//! | `held` | messages to a webhook that an operator disables, enables, removes, and lets be told again |
//! | `sites` | sites without a PMS ID of their own, and two with one |
//! | `rates` | the rolling window, to the request and to the second |
//! | `sql_server` | what only a database server does: it is silent, has numbers of its own, gives outputs, goes away |
//! | `early` | who is refused before its body was read keeps its connection, or is told that it ends |
//! | `echoes` | nothing of what a request says is in an error, on every path there is |
//! | `isolation` | another's sites and queries are answered like those that are not there, on every path there is |
//! | `asker` | the client: who asks, and what it is answered |
//! | `receiver` | where webhook messages go |

mod asker;
mod asynchronous;
mod callers;
mod contract;
mod early;
mod echoes;
mod errors;
mod held;
mod isolation;
mod rates;
mod receiver;
mod sites;
mod sql_server;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilaster::store::seal::SealKey;
use pilaster::store::sqlite::SqliteStore;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::asker::{Asker, Said};
use self::receiver::Receiver;
use crate::cli::{Serving, pilaster};
use crate::support::KEY_HEADER;

/// In production, with the PMS ID `12345` of Best Practice. `acme` is paired with it.
const FIRST: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a21";
/// In production, of Zedmed. `acme` and `other` are paired with it.
const SECOND: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a22";
/// In staging, with one connection for SQL. `acme` is paired with it.
const STAGING: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a23";
/// A copy of the first, which is not the authoritative one. `acme` is paired with it.
const COPY: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a24";
/// In production, for FHIR alone. `acme` is paired with it; nobody can pair with it by a code but `other`.
const NO_SQL: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a25";
/// No site's.
const NOWHERE: &str = "00000000-0000-4000-8000-00000000dead";

const OWNER_KEY: &str = "key-of-the-owner-in-the-file";
const OPERATOR_KEY: &str = "operator-key-of-the-cloud-tests";

/// What is waited for comes within this time, or never.
const SOON: Duration = Duration::from_secs(30);

/// A program that serves, and who may ask it.
struct Cloud {
    serving: Option<Serving>,
    folder: TempDir,
    keys: Keys,
}

/// The subscription keys of the integrators.
#[derive(Clone, Default)]
struct Keys {
    acme: String,
    acme_staging: String,
    acme_revoked: String,
    other: String,
    disabled: String,
    elsewhere: String,
    /// What signs the messages to `acme`, in production.
    secret: String,
}

/// What every program of these tests begins with: it is copied, since the integrators are added by a process each.
static PREPARED: LazyLock<Prepared> = LazyLock::new(Prepared::new);

/// Where the webhook messages of all of them go.
static HOOKS: LazyLock<Receiver> = LazyLock::new(Receiver::start);

struct Prepared {
    folder: TempDir,
    keys: Keys,
}

/// The program that tests share which need no settings of their own. It ends with the last test that has it.
fn shared() -> Arc<Cloud> {
    static SHARED: Mutex<Weak<Cloud>> = Mutex::new(Weak::new());
    // A test that failed to start it leaves nothing half done.
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let cloud = Arc::new(Cloud::start("rate-limit = \"off\"\n", &[]));
        *shared = Arc::downgrade(&cloud);
        cloud
    })
}

impl Prepared {
    fn new() -> Prepared {
        let mut cloud = Cloud {
            serving: None,
            folder: tempfile::tempdir().expect("a folder"),
            keys: Keys::default(),
        };
        cloud.write();
        cloud.configure("");
        cloud.introduce();
        Prepared {
            folder: cloud.folder,
            keys: cloud.keys,
        }
    }
}

impl Cloud {
    /// Serves all of it; `head` goes to the top of the configuration, `options` to the command.
    fn start(head: &str, options: &[&str]) -> Cloud {
        let mut cloud = Cloud {
            serving: None,
            folder: tempfile::tempdir().expect("a folder"),
            keys: PREPARED.keys.clone(),
        };
        copy(PREPARED.folder.path(), cloud.folder.path());
        cloud.configure(head);
        cloud.serve(options);
        cloud
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a mapping and the practices' databases.
    fn write(&self) {
        let file = |name: &str, text: &str| {
            std::fs::write(self.path(name), text).expect("written");
        };
        std::fs::create_dir(self.path("mapping")).expect("a folder");
        file(
            "mapping/mapping.yaml",
            "name: Example\nengine: mssql\nverified: illustrative\ncollation: Latin1_General_CI_AS\ncatalogues: [Patients, Notes]\n",
        );
        file(
            "mapping/tables.yaml",
            "tables:\n  PATIENTS: { key: ID, columns: { ID: int, SURNAME: varchar(40) } }\n  NOTES: { key: ID, catalogue: Notes, columns: { ID: int, BODY: varchar(40) } }\n",
        );
        file(
            "mapping/patient.yaml",
            "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements:\n  name: [ { family: $p.SURNAME } ]\n",
        );
        file("password", crate::mssql::stand_in::PASSWORD);
        for name in ["first", "second", "staging", "copy", "no-sql"] {
            practice(&self.path(&format!("{name}.sqlite")));
            notes(&self.path(&format!("{name}-notes.sqlite")));
        }
    }

    /// Writes the configuration.
    fn configure(&self, head: &str) {
        let mut text = format!(
            "data = \"data\"\noperator-key = {{ env = \"OPERATOR_KEY\" }}\n{head}\
             [webhooks]\nallow-private = true\n[[key]]\ncaller = \"owner\"\nsecret = {{ env = \"OWNER_KEY\" }}\n"
        );
        for (id, database, product, more, passthrough) in [
            (
                FIRST,
                "first",
                "Best Practice",
                "pms-id = \"12345\"\nauthoritative = true\nname = \"First Street\"\n",
                "writes = true",
            ),
            (
                SECOND,
                "second",
                "Zedmed",
                "pms-id = \"222\"\n",
                "writes = true",
            ),
            (
                STAGING,
                "staging",
                "D4w",
                "pms-id = \"333\"\nenvironment = \"staging\"\n",
                "writes = true\nconnections = 1",
            ),
            (
                COPY,
                "copy",
                "Best Practice",
                "pms-id = \"12345\"\nauthoritative = false\n",
                "",
            ),
            (
                NO_SQL,
                "no-sql",
                "Best Practice",
                "pms-id = \"555\"\n",
                "enabled = false",
            ),
        ] {
            text += &format!(
                "[[site]]\nid = \"{id}\"\nmapping = \"mapping\"\ntime-zone = \"Australia/Hobart\"\ndriver = \"sqlite\"\n\
                 pms = \"{product}\"\n{more}[site.databases]\nPatients = \"{database}.sqlite\"\nNotes = \"{database}-notes.sqlite\"\n\
                 [site.passthrough]\n{passthrough}\n"
            );
        }
        std::fs::write(self.path("pilaster.toml"), text).expect("written");
    }

    /// Adds the integrators, with their keys, pairings and webhooks.
    fn introduce(&mut self) {
        let add = |name: &str, more: &[&str]| {
            let add = ["integrator", "add", name, "--key", "--environment"];
            self.admin(&[&add[..], &["production"], more].concat())
        };
        let acme = add("acme", &[]);
        let other = add("other", &[]);
        let disabled = add("disabled", &[]);
        let elsewhere = add("elsewhere", &["--address", "192.0.2.0/24"]);
        self.admin(&["integrator", "disable", "disabled"]);
        let key =
            |environment: &str| self.admin(&["key", "add", "acme", "--environment", environment]);
        let (acme_staging, acme_revoked) = (key("staging"), key("production"));
        let listed = self.admin(&["key", "list", "acme", "--json"]);
        let listed: Value = serde_json::from_str(&listed).expect("JSON");
        let ends = |it: &&Value| acme_revoked.ends_with(it["ends"].as_str().expect("an end"));
        let revoked = listed.as_array().expect("a list").iter().find(ends);
        let revoked = revoked.expect("listed")["id"].as_str().expect("an id");
        self.admin(&["key", "revoke", revoked]);
        for (who, site, environment) in [
            ("acme", FIRST, "production"),
            ("acme", SECOND, "production"),
            ("acme", COPY, "production"),
            ("acme", NO_SQL, "production"),
            ("acme", STAGING, "staging"),
            ("other", SECOND, "production"),
            ("disabled", FIRST, "production"),
            ("elsewhere", FIRST, "production"),
        ] {
            self.admin(&["pair", who, site, "--environment", environment]);
        }
        let hook = |who: &str| {
            let set = ["webhook", "set", who, "--environment", "production"];
            let url = HOOKS.url(&format!("{who}/{{siteId}}/{{source}}"));
            self.admin(&[&set[..], &["--url", &url]].concat())
        };
        let secret = hook("acme");
        hook("other");
        self.keys = Keys {
            acme,
            acme_staging,
            acme_revoked,
            other,
            disabled,
            elsewhere,
            secret,
        };
    }

    /// Changes the state by `pilaster admin`; gives what it printed.
    #[track_caller]
    fn admin(&self, args: &[&str]) -> String {
        let mut command = self.command(&["admin"], args);
        let output = command.output().expect("the program runs");
        let notes = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {notes}");
        let said = String::from_utf8(output.stdout).expect("text");
        said.trim().to_owned()
    }

    /// Does something with the program's state, beside it or while it is stopped.
    fn state<T>(&self, act: impl AsyncFnOnce(&SqliteStore) -> T) -> T {
        let folder = self.path("data");
        let key = SealKey::kept_in(&folder).expect("a key");
        let store = SqliteStore::open(&folder, key).expect("a store");
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime").block_on(act(&store))
    }

    fn serve(&mut self, options: &[&str]) {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"], options);
        // Nobody reads the log while it is written.
        command.env("PILASTER_LOG", "warn");
        self.serving = Some(Serving::start(command));
    }

    /// A command of the program over the configuration.
    fn command(&self, args: &[&str], more: &[&str]) -> Command {
        let config = self.path("pilaster.toml").display().to_string();
        let mut command = pilaster(args);
        command
            .args(more)
            .args(["--config", &config])
            .env("OWNER_KEY", OWNER_KEY)
            .env("OPERATOR_KEY", OPERATOR_KEY);
        command
    }

    /// Ends the program and gives its log.
    #[track_caller]
    fn stop(&mut self) -> String {
        let serving = self.serving.take().expect("it serves");
        let (code, log) = serving.end();
        assert_eq!(code, Some(0), "{log}");
        log
    }

    fn root(&self) -> &str {
        self.serving.as_ref().expect("it serves").root()
    }

    /// Whoever has a subscription key.
    fn with_key(&self, key: &str) -> Asker<'_> {
        Asker {
            cloud: self,
            prefix: "/integrator",
            headers: vec![(KEY_HEADER.to_owned(), key.to_owned())],
        }
    }

    fn acme(&self) -> Asker<'_> {
        self.with_key(&self.keys.acme)
    }

    fn other(&self) -> Asker<'_> {
        self.with_key(&self.keys.other)
    }

    /// A device, with a token that it was given.
    fn with_token(&self, token: &str, device: &str) -> Asker<'_> {
        Asker {
            cloud: self,
            prefix: "/desktop",
            headers: vec![
                ("Authorization".to_owned(), format!("Bearer {token}")),
                ("DeviceId".to_owned(), device.to_owned()),
            ],
        }
    }

    /// A device of an integrator, with a token for a site.
    #[track_caller]
    fn device(&self, of: &Asker<'_>, device: &str, site: &str) -> Asker<'_> {
        let form = [
            ("grant_type", "urn:halo-connect:oauth:desktop-token"),
            ("device_id", device),
            ("site_id", site),
        ];
        let said = of.form("/token", &form);
        let token = said.json(200)["access_token"].clone();
        self.with_token(token.as_str().expect("a token"), device)
    }
}

/// The path of a site's queries, after the prefix.
fn queries(site: &str, rest: &str) -> String {
    format!("/sites/{site}/queries{rest}")
}

/// The body of a query that has a text and nothing else.
fn text(text: &str) -> Value {
    json!({"command": {"text": text}})
}

fn registration(text: &str) -> Value {
    json!({"name": "patients", "registeredQueryType": "query", "frequency": 60, "duration": 3600,
        "registerCommand": {"command": {"text": text}}})
}

/// A statement for the practice's other database.
fn of_notes(text: &str, mode: &str) -> Value {
    json!({"command": {"text": text, "executionMode": mode}, "catalogue": "Notes"})
}

/// So many rows of a kilobyte each.
fn kilobytes(rows: u32) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
         SELECT i, printf('%.*c', 1000, 'x') AS filler FROM n"
    )
}

#[track_caller]
fn id(of: &Value) -> String {
    of["id"].as_str().expect("an id").to_owned()
}

/// The rows in `data`.
#[track_caller]
fn rows(of: &Value) -> Vec<Value> {
    let rows = serde_json::from_slice(&data(of)).expect("JSON");
    let Value::Array(rows) = rows else {
        panic!("no rows: {rows}")
    };
    rows
}

/// The bytes in `data`.
#[track_caller]
fn data(of: &Value) -> Vec<u8> {
    let data = of["data"].as_str().expect("data");
    STANDARD.decode(data).expect("base64")
}

/// The names of an object's fields, in order of the alphabet.
#[track_caller]
fn fields(of: &Value) -> Vec<&str> {
    let object = of.as_object().unwrap_or_else(|| panic!("no object: {of}"));
    let mut names: Vec<&str> = object.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// Asserts that an object has these fields, named with blanks between them, and no others.
#[track_caller]
fn has_fields(of: &Value, expected: &str) {
    let mut expected: Vec<&str> = expected.split_whitespace().collect();
    expected.sort_unstable();
    assert_eq!(fields(of), expected, "{of}");
}

/// Waits until there is something.
#[track_caller]
fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < SOON, "waited in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A practice's default database, of 300 patients.
fn practice(path: &Path) {
    let database = rusqlite::Connection::open(path).expect("a database");
    let made = database.execute_batch(
        "CREATE TABLE PATIENTS (ID INTEGER PRIMARY KEY, SURNAME TEXT, BORN DATE, PHOTO BLOB);
         INSERT INTO PATIENTS (ID, SURNAME)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
             SELECT i, 'Surname' || i FROM n;
         UPDATE PATIENTS SET BORN = '1980-02-29', PHOTO = x'00ff10' WHERE ID = 1;",
    );
    made.expect("tables");
}

/// A practice's other database, without a row.
fn notes(path: &Path) {
    let database = rusqlite::Connection::open(path).expect("a database");
    let made = database.execute_batch("CREATE TABLE NOTES (ID INTEGER PRIMARY KEY, BODY TEXT)");
    made.expect("a table");
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry").path();
        let place = to.join(entry.file_name().expect("a name"));
        match entry.is_dir() {
            true => {
                std::fs::create_dir(&place).expect("a folder");
                copy(&entry, &place);
            }
            false => {
                std::fs::copy(&entry, &place).expect("copied");
            }
        }
    }
}
