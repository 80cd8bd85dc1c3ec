//! `pilaster admin`: what it changes is in the state, what is secret is seen once, and what makes no sense is refused.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pilaster::gateway::caller::{Caller, Denied, Index, code_hash};
use pilaster::gateway::id::{DeliveryId, IntegratorId, QueryId, SiteId};
use pilaster::gateway::integrator::Environment;
use pilaster::gateway::link::Nature;
use pilaster::gateway::moment::Moment;
use pilaster::gateway::query::{Mode, Outcome, Query, Status, StatusTiming};
use pilaster::gateway::webhook::{Delivery, DeliveryStatus, Source};
use pilaster::journal::entry::{AdminAction, Kind, What};
use pilaster::journal::{Filter, Reader, Verdict};
use pilaster::passthrough::call::{Call, CommandType, ExecutionMode};
use pilaster::store::seal::SealKey;
use pilaster::store::sqlite::SqliteStore;
use pilaster::store::{Directory, Finish, Store, StoreError, Tried};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::cli::{Serving, pilaster};
use crate::support::{self, CLIENT, KEY_HEADER, send};

mod audit;
mod logins;
mod messages;

const SITE: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11";
const OTHER_SITE: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a12";
/// What changes is seen within this time, on a machine that has much else to do.
const SOON: Duration = Duration::from_secs(20);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder of data, and what is said to `admin` about it.
struct Data {
    folder: TempDir,
    runtime: Runtime,
}

/// What a command said.
struct Said {
    result: String,
    notes: String,
}

impl Data {
    fn new() -> Data {
        Data {
            folder: tempfile::tempdir().expect("a folder"),
            runtime: Builder::new_current_thread().build().expect("a runtime"),
        }
    }

    /// With an integrator called Example Health.
    fn with_integrator() -> Data {
        let data = Data::new();
        data.done(&["integrator", "add", "Example Health"]);
        data
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    }

    fn run(&self, args: &[&str]) -> Output {
        let data = self.path("data").display().to_string();
        run(&[args, &["--data", &data]].concat())
    }

    /// Runs a command that is done.
    #[track_caller]
    fn done(&self, args: &[&str]) -> Said {
        said(self.run(args))
    }

    /// What a command lists for programs.
    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let said = self.done(&[args, &["--json"]].concat());
        serde_json::from_str(&said.result).expect("JSON")
    }

    /// Runs a command that is refused, and changes nothing.
    #[track_caller]
    fn refused(&self, args: &[&str], expected: &str) -> String {
        refused(self.run(args), expected)
    }

    fn store(&self) -> SqliteStore {
        let folder = self.path("data");
        let key = SealKey::kept_in(&folder).expect("a key");
        SqliteStore::open(&folder, key).expect("a store")
    }

    fn directory(&self) -> Directory {
        let store = self.store();
        self.runtime.block_on(store.directory()).expect("read")
    }

    /// Whose key it is, as the server sees it.
    fn caller(&self, key: &str) -> Result<Caller, Denied> {
        Index::new(self.directory()).caller(key.trim().as_bytes(), None, Moment::now())
    }

    /// The id of the only integrator.
    fn integrator(&self) -> IntegratorId {
        self.directory().integrators[0].id
    }
}

fn run(args: &[&str]) -> Output {
    let mut command = pilaster(&["admin"]);
    command
        .args(args)
        .env("ADMIN_TEST_SECRET", "from-the-environment");
    command.output().expect("the program runs")
}

#[track_caller]
fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let (result, notes) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(0), "{notes}");
    Said { result, notes }
}

#[track_caller]
fn refused(output: Output, expected: &str) -> String {
    let message = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(output.stdout.is_empty(), "{message}");
    assert!(message.contains(expected), "{message}");
    message
}

/// The one line of a result.
#[track_caller]
fn line(said: &Said) -> &str {
    let line = said.result.strip_suffix('\n').expect("a line");
    assert!(!line.contains('\n') && !line.is_empty(), "{line}");
    line
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

#[test]
fn a_key_is_printed_once_and_opens_by_its_hash() {
    let data = Data::new();
    let added = data.done(&[
        "integrator",
        "add",
        "Example Health",
        "--key",
        "--environment",
        "staging",
        "--rate",
        "40",
        "--address",
        "192.0.2.0/24",
        "--address",
        "2001:db8::7",
    ]);
    let key = line(&added);
    assert!(key.starts_with("pil_stg_") && key.len() == 51, "{key}");
    assert!(!added.notes.contains(key));
    assert!(added.notes.contains("integrator Example Health added"));

    let directory = data.directory();
    let kept = &directory.keys[0];
    assert_eq!(Some(kept.ends.as_str()), key.get(key.len() - 4..));
    let index = Index::new(directory);
    let from = |address: &str| {
        let address = address.parse().expect("an address");
        index.caller(key.as_bytes(), Some(address), Moment::now())
    };
    let caller = from("192.0.2.9").expect("let in");
    assert_eq!(
        (&*caller.name, caller.environment, caller.rate),
        ("Example Health", Some(Environment::Staging), Some(40))
    );
    assert!(from("2001:db8::7").is_ok());
    assert_eq!(from("192.0.3.9"), Err(Denied::Address));

    for shown in [
        &["integrator", "list"][..],
        &["integrator", "show", "example health"],
        &[
            "integrator",
            "show",
            &data.integrator().to_string(),
            "--json",
        ],
        &["key", "list"],
        &["key", "list", "Example Health", "--json"],
    ] {
        let said = data.done(shown);
        let all = said.result + &said.notes;
        assert!(
            all.contains("Example Health") || all.contains("staging"),
            "{all}"
        );
        assert!(!all.contains(key), "{all}");
    }
}

#[test]
fn a_key_is_exchanged_for_another_without_a_break() {
    let data = Data::with_integrator();
    let add = [
        "key",
        "add",
        "Example Health",
        "--environment",
        "production",
    ];
    let (old, new) = (
        data.done(&add),
        data.done(&[&add[..], &["--expires", "90d"]].concat()),
    );
    let (old, new) = (line(&old), line(&new));
    assert!(old.starts_with("pil_prd_") && old != new);
    assert!(data.caller(old).is_ok() && data.caller(new).is_ok());

    let listed = data.json(&["key", "list"]);
    let of = |key: &str| {
        let all = listed.as_array().expect("a list").iter();
        let mut all = all.filter(|it| key.ends_with(it["ends"].as_str().expect("an end")));
        all.next().expect("listed")
    };
    let expires: Moment = serde_json::from_value(of(new)["expiresAt"].clone()).expect("a time");
    let left = expires.since(Moment::now());
    assert!(left <= 90 * DAY && left > 89 * DAY, "{left:?}");
    assert_eq!(of(old)["expiresAt"], Value::Null);

    let id = |key| of(key)["id"].as_str().expect("an id").to_owned();
    let revoked = data.done(&["key", "revoke", &id(old)]);
    assert!(!revoked.notes.contains("warning"), "{}", revoked.notes);
    assert_eq!(data.caller(old), Err(Denied::WrongKey));
    assert!(data.caller(new).is_ok());
    let again = data.done(&["key", "revoke", &id(old)]);
    assert!(
        again.notes.contains("was revoked already"),
        "{}",
        again.notes
    );
    let list = data.done(&["integrator", "list"]).result;
    assert!(list.contains("  1 (1 over)  0\n"), "{list}");
    let last = data.done(&["key", "revoke", &id(new)]);
    assert!(last.notes.contains("has no other key for production"));

    // Somebody may take the key for its id.
    let told = data.refused(&["key", "revoke", old], "no id of a key");
    assert!(!told.contains(old));
    data.refused(&["key", "revoke", SITE], "no key has the id");
}

#[test]
fn an_integrator_is_changed_disabled_and_removed() {
    let data = Data::with_integrator();
    let key = data.done(&["key", "add", "Example Health", "--environment", "staging"]);
    let key = line(&key);

    data.done(&["integrator", "disable", "example health"]);
    assert_eq!(data.caller(key), Err(Denied::Disabled));
    let again = data.done(&["integrator", "disable", "Example Health"]);
    assert!(again.notes.contains("already"), "{}", again.notes);
    let odd = data.done(&["key", "add", "Example Health", "--environment", "staging"]);
    assert!(odd.notes.contains("warning: Example Health is disabled"));
    data.done(&["integrator", "enable", "Example Health"]);
    assert!(data.caller(key).is_ok());

    data.done(&["integrator", "add", "Other"]);
    data.refused(
        &["integrator", "set", "Example Health", "--name", "OTHER"],
        "`Other` is there already",
    );
    data.refused(&["integrator", "add", "other"], "`Other` is there already");
    data.done(&[
        "integrator",
        "set",
        "Example Health",
        "--name",
        "EXAMPLE Health",
        "--rate",
        "30",
        "--address",
        "203.0.113.7",
    ]);
    let shown = data.json(&["integrator", "show", "EXAMPLE Health"]);
    assert_eq!(shown["name"], "EXAMPLE Health");
    assert_eq!(shown["rate"], 30);
    assert_eq!(shown["addresses"], json!(["203.0.113.7/32"]));
    data.done(&[
        "integrator",
        "set",
        "EXAMPLE Health",
        "--rate",
        "default",
        "--any-address",
    ]);
    let shown = data.json(&["integrator", "show", "EXAMPLE Health"]);
    assert_eq!(shown["rate"], Value::Null);
    assert_eq!(shown["addresses"], json!([]));

    data.refused(
        &["integrator", "remove", "EXAMPLE Health"],
        "would be removed with 2 keys, 0 pairings",
    );
    assert!(data.caller(key).is_ok());
    data.done(&["integrator", "remove", "EXAMPLE Health", "--yes"]);
    assert_eq!(data.caller(key), Err(Denied::WrongKey));
    assert_eq!(data.directory().integrators.len(), 1);
}

#[test]
fn an_integration_is_enabled_and_disabled_at_a_practice() {
    let data = Data::with_integrator();
    let pair = ["pair", "Example Health", SITE];
    data.refused(&pair, "say --environment");
    data.done(&["key", "add", "Example Health", "--environment", "staging"]);
    let is_paired = |environment| {
        let index = Index::new(data.directory());
        index.is_paired(data.integrator(), environment, SITE.parse().expect("an id"))
    };
    // Where all its keys are.
    let told = data.done(&pair);
    assert!(!told.notes.contains("warning"), "{}", told.notes);
    assert!(is_paired(Environment::Staging) && !is_paired(Environment::Production));
    let again = data.done(&pair);
    assert!(again.notes.contains("already"), "{}", again.notes);
    let told = data.done(&[&pair[..], &["--environment", "production"]].concat());
    assert!(is_paired(Environment::Production));
    let without = "warning: Example Health has no key for production";
    assert!(told.notes.contains(without), "{}", told.notes);

    let unpair = ["unpair", "Example Health", SITE];
    let row = || {
        let list = data.done(&["integrator", "list"]).result;
        list.lines().last().expect("a row").to_owned()
    };
    assert!(row().ends_with("any address  1     2"), "{}", row());
    data.done(&[&unpair[..], &["--environment", "production"]].concat());
    // What is not in force is told apart.
    assert!(row().ends_with("  1     1 (1 disabled)"), "{}", row());
    assert!(is_paired(Environment::Staging) && !is_paired(Environment::Production));
    data.done(&unpair);
    assert!(!is_paired(Environment::Staging));
    let again = data.done(&unpair);
    assert!(again.notes.contains("already"), "{}", again.notes);
    data.refused(
        &["unpair", "Example Health", OTHER_SITE],
        "is not paired with",
    );

    let listed = data.json(&["pairings", "Example Health", "--site", SITE]);
    let stands = listed.as_array().expect("a list").iter();
    let stands: Vec<_> = stands
        .map(|it| (it["environment"].as_str(), it["enabled"].as_bool()))
        .collect();
    assert_eq!(
        stands,
        [
            (Some("staging"), Some(false)),
            (Some("production"), Some(false))
        ]
    );
    assert_eq!(data.json(&["pairings", "--site", OTHER_SITE]), json!([]));
    let sites = data.json(&["site", "list"]);
    assert_eq!(sites[0]["id"], SITE);
    assert_eq!(sites[0]["pairings"], 0);
}

#[test]
fn a_pairing_code_is_known_as_it_was_read_out() {
    let data = Data::with_integrator();
    let whose = data.integrator();
    let of = ["--integrator", "Example Health", "--valid", "3d"];
    let made = data.done(&[&["pairing-code", "new", SITE][..], &of].concat());
    let code = line(&made);
    assert_eq!(code.len(), "7KQ2-M9XD-04TR".len());

    let index = Index::new(data.directory());
    let told = code.to_lowercase().replace('-', " ");
    let now = Moment::now();
    let found = index.pairing_code(&told, whose, now).expect("known");
    assert_eq!(found.site.to_string(), SITE);
    assert_eq!(found.hash, code_hash(code));
    assert!(
        index
            .pairing_code(&told, IntegratorId::generate(), now)
            .is_none()
    );
    assert!(
        index
            .pairing_code(&told, whose, now.plus(3 * DAY))
            .is_none()
    );

    let anyone = data.done(&["pairing-code", "new", SITE]);
    let index = Index::new(data.directory());
    let found = index.pairing_code(line(&anyone), IntegratorId::generate(), now);
    assert!(found.is_some());

    let listed = data.done(&["pairing-code", "list", "--json"]).result;
    assert!(
        !listed.contains(code) && listed.contains("Example Health"),
        "{listed}"
    );
    let revoked = data.done(&["pairing-code", "revoke", SITE]);
    assert!(
        revoked.notes.contains("2 pairing codes"),
        "{}",
        revoked.notes
    );
    assert!(data.directory().pairing_codes.is_empty());
    data.refused(&["pairing-code", "revoke", SITE], "no pairing code");
}

#[test]
fn a_webhook_keeps_its_secret_until_another_is_asked_for() {
    let data = Data::with_integrator();
    let set = |more: &[&str]| {
        let set = ["webhook", "set", "Example Health", "--environment"];
        data.done(&[&set[..], more].concat())
    };
    let secret = || {
        let webhooks = data.directory().webhooks;
        webhooks[0].secret.reveal().to_owned()
    };
    let url = "https://hooks.example/{siteId}/{queryId}";
    let made = set(&["staging", "--url", url]);
    assert_eq!(line(&made), secret());
    assert!(made.result.starts_with("pil_whs_"));

    let moved = set(&["staging", "--url", "https://hooks.example/new"]);
    assert_eq!((moved.result.as_str(), line(&made)), ("", &*secret()));
    let renewed = set(&["staging", "--url", url, "--new-secret"]);
    assert_ne!(renewed.result, made.result);
    assert_eq!(line(&renewed), secret());
    let file = data.write("secret", "of-the-integrator\n");
    let given = set(&["staging", "--url", url, "--secret-file", &file]);
    assert_eq!(
        (given.result.as_str(), &*secret()),
        ("", "of-the-integrator")
    );

    data.done(&["webhook", "disable", "Example Health"]);
    let (whose, staging) = (data.integrator(), Environment::Staging);
    let target = || {
        Index::new(data.directory())
            .webhook(whose, staging)
            .cloned()
    };
    assert!(target().expect("kept").disabled);
    let odd = set(&["staging", "--url", url]);
    assert!(odd.notes.contains("warning: it is disabled"));
    data.done(&["webhook", "enable", "Example Health"]);
    let enabled = target().expect("kept");
    assert_eq!((enabled.url.as_str(), enabled.disabled), (url, false));

    set(&[
        "production",
        "--url",
        url,
        "--secret-env",
        "ADMIN_TEST_SECRET",
    ]);
    data.refused(
        &["webhook", "remove", "Example Health"],
        "in both environments",
    );
    let remove = [
        "webhook",
        "remove",
        "Example Health",
        "--environment",
        "staging",
    ];
    data.done(&remove);
    data.refused(&remove, "Example Health has no webhook in staging");
    let listed = data.json(&["webhook", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(listed[0]["environment"], "production");
}

#[test]
fn no_secret_is_in_the_clear_in_the_state() {
    let data = Data::with_integrator();
    let of = ["Example Health", "--environment", "staging"];
    let key = data.done(&[&["key", "add"][..], &of].concat());
    let set = [
        &["webhook", "set"][..],
        &of,
        &["--url", "https://hooks.example/x?code=token-of-the-hook"],
    ];
    let webhook = data.done(&set.concat());
    let told = "go to https://hooks.example/x?code=***";
    assert!(webhook.notes.contains(told), "{}", webhook.notes);
    let code = data.done(&["pairing-code", "new", SITE]);
    let set = [
        "login",
        "set",
        "Example Health",
        "--site",
        SITE,
        "--user",
        "example",
    ];
    data.done(&[&set[..], &["--password-env", "ADMIN_TEST_SECRET"]].concat());
    let code_as_hashed = line(&code).replace('-', "");
    let secrets = [
        line(&key),
        line(&webhook),
        line(&code),
        &code_as_hashed,
        "from-the-environment",
        "token-of-the-hook",
    ];
    assert!(format!("{:?}", data.directory()).contains("code=***"));
    // While it is open, what was written last is in the log of the database.
    let _open = data.store();
    let files = files(&data.path("data"));
    assert!(files.iter().any(|file| file.ends_with("state.sqlite")));
    for file in &files {
        let bytes = std::fs::read(file).expect("read");
        for secret in secrets {
            let mut windows = bytes.windows(secret.len());
            let is_there = windows.any(|window| window == secret.as_bytes());
            assert!(!is_there, "{} has {secret}", file.display());
        }
    }
    for list in [
        &["integrator", "show", "Example Health"][..],
        &["key", "list"],
        &["webhook", "list"],
        &["login", "list"],
        &["pairing-code", "list"],
    ] {
        for form in [&[][..], &["--json"]] {
            let said = data.done(&[list, form].concat());
            let all = said.result + &said.notes;
            assert!(secrets.iter().all(|secret| !all.contains(secret)), "{all}");
            assert!(!all.contains("token-of-the-hook"), "{all}");
        }
    }
}

#[test]
fn each_change_is_in_the_journal() {
    let data = Data::with_integrator();
    data.done(&["key", "add", "Example Health", "--environment", "staging"]);
    data.done(&["pair", "Example Health", SITE]);
    data.done(&["unpair", "Example Health", SITE]);
    data.done(&["integrator", "list"]);
    data.refused(&["key", "revoke", SITE], "no key has the id");
    let journal = Reader::open(&data.path("data")).expect("a journal");
    let page = journal.entries(&Filter::default(), None).expect("read");
    let kinds: Vec<What> = page.entries.iter().map(|it| it.entry.what).collect();
    let expected = [
        AdminAction::IntegratorAdded,
        AdminAction::KeyAdded,
        AdminAction::PairingEnabled,
        AdminAction::PairingDisabled,
    ];
    assert_eq!(kinds, expected.map(|action| What::Admin { action }));
    let of = page.entries.iter().map(|it| it.entry.caller.integrator);
    assert!(of.eq([Some(data.integrator()); 4]));
    let whole = journal.verify(None).expect("read");
    assert!(
        matches!(whole, Verdict::Whole { entries: 4, .. }),
        "{whole}"
    );
}

#[test]
fn a_server_that_has_the_state_open_sees_a_change() {
    let data = Data::with_integrator();
    let server = data.store();
    let version = || {
        let version = server.directory_version();
        data.runtime.block_on(version).expect("a version")
    };
    let before = version();
    let key = data.done(&["key", "add", "Example Health", "--environment", "staging"]);
    assert_ne!(version(), before);
    let directory = data.runtime.block_on(server.directory()).expect("read");
    let caller = Index::new(directory).caller(line(&key).as_bytes(), None, Moment::now());
    assert!(caller.is_ok());
}

#[test]
fn a_server_that_runs_takes_changes_up() {
    let data = Data::with_integrator();
    let folder = data.path("data").display().to_string();
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--patients",
        "20",
        "--data",
    ];
    let serving = Serving::start(pilaster(&[&serve[..], &[&folder]].concat()));
    let key = data.done(&[
        "key",
        "add",
        "Example Health",
        "--environment",
        "production",
    ]);
    let key = line(&key);
    let until = |status: u16| {
        let began = Instant::now();
        loop {
            let url = format!("{}/Patient?_count=1", serving.base());
            let answer = send(CLIENT.get(url).header(KEY_HEADER, key));
            if answer.status() == status {
                break;
            }
            assert!(
                began.elapsed() < SOON,
                "{status}: still {}",
                answer.status()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    until(403);
    data.done(&["pair", "Example Health", support::SITE]);
    until(200);
    data.done(&["unpair", "Example Health", support::SITE]);
    until(403);
    let id = data.directory().keys[0].id.to_string();
    data.done(&["key", "revoke", &id]);
    until(401);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let data = Data::with_integrator();
    let before = format!("{:?}", data.directory());
    let secret = data.write("secret", "");
    let set = [
        "webhook",
        "set",
        "Example Health",
        "--environment",
        "staging",
    ];
    let login = [
        "login",
        "set",
        "Example Health",
        "--site",
        SITE,
        "--user",
        "x",
    ];
    for (args, expected) in [
        (&["pair", "Example Health", "Harbour"][..], "a GUID such as"),
        (
            &["key", "list", "Exmaple Health"],
            "did you mean `Example Health`?",
        ),
        (&["integrator", "add", "x", "--rate", "0"], "from 1 to"),
        (&["integrator", "add", "x", "--rate", "off"], "from 1 to"),
        (&["integrator", "add", " "], "1 to 100 characters"),
        (&["integrator", "add", SITE], "would be taken for an id"),
        (&["integrator", "add", "x", "--key"], "--environment"),
        (
            &["integrator", "add", "x", "--address", "here"],
            "192.0.2.0/24",
        ),
        (&["integrator", "set", "Example Health"], "--rate"),
        (
            &["key", "add", "Example Health", "--environment", "test"],
            "staging, production",
        ),
        (
            &[
                "key",
                "add",
                "Example Health",
                "--environment",
                "staging",
                "--expires",
                "2020-01-01",
            ],
            "over already",
        ),
        (
            &["pairing-code", "new", SITE, "--valid", "1y"],
            "a length of time",
        ),
        (
            &[&set[..], &["--url", "http://hooks.example"]].concat(),
            "begins with https",
        ),
        (
            &[&set[..], &["--url", "https://10.0.0.1/"]].concat(),
            "`allow-private = true`: name it with --config",
        ),
        (
            &[&set[..], &["--url", "https://hooks.example/{patient}"]].concat(),
            "none of {siteId}",
        ),
        (&login, "--password-file"),
        (
            &[&login[..], &["--password-file", &secret]].concat(),
            "is empty",
        ),
        (
            &[&login[..], &["--password-env", "NOT_SET_AT_ALL"]].concat(),
            "NOT_SET_AT_ALL is not set",
        ),
        (
            &["webhook", "deliveries", "--status", "lost"],
            "pending, delivered, failed",
        ),
        (&["site", "authoritative", SITE], "--config"),
    ] {
        data.refused(args, expected);
    }
    let typed = data.refused(
        &[&login[..], &["--password-env", "correct horse"]].concat(),
        "the name of an environment variable",
    );
    assert!(!typed.contains("correct horse"), "{typed}");
    assert_eq!(format!("{:?}", data.directory()), before);
}

#[test]
fn the_state_is_where_it_is_said_to_be() {
    refused(run(&["integrator", "list"]), "--data DIR");
    let data = Data::new();
    data.refused(&["integrator", "list"], "holds no state");
    data.refused(&["pair", "x", SITE], "holds no state");
    // A folder that is misspelt is seen where a state is begun in it, and nowhere else.
    let begun = data.done(&["integrator", "add", "First"]).notes;
    let told = format!("began a new state in {}\n", data.path("data").display());
    assert!(begun.contains(&told), "{begun}");
    let second = data.done(&["integrator", "add", "Second"]).notes;
    assert!(!second.contains("began"), "{second}");
    let data = Data::new();
    // Asking makes nothing.
    assert!(!data.path("data").exists());

    let site = |id: &str, more: &str| {
        format!(
            "[[site]]\nid = \"{id}\"\nmapping = \"bp-premier\"\ntime-zone = \"Australia/Hobart\"\ndriver = \"mssql\"\n\
             environment = \"staging\"\npms-id = \"12345\"\n{more}\ndatabase = \"BPSPatients\"\n\
             [site.server]\nhost = \"localhost\"\nuser = \"x\"\npassword = {{ env = \"ADMIN_TEST_SECRET\" }}\n"
        )
    };
    let configuration = |head: &str| {
        format!(
            "{head}\n[[key]]\ncaller = \"acme\"\nsecret = {{ env = \"ADMIN_TEST_SECRET\" }}\n{}{}",
            site(SITE, "authoritative = true"),
            site(OTHER_SITE, "")
        )
    };
    let bare = data.write("bare.toml", &configuration(""));
    refused(
        run(&["integrator", "list", "--config", &bare]),
        "names no folder of data",
    );
    data.write("state-key", &"0f".repeat(32));
    let whole = configuration("data = \"data\"\nstate-key = { file = \"state-key\" }");
    let whole = data.write("pilaster.toml", &whole);
    let with = |args: &[&str]| run(&[args, &["--config", &whole]].concat());
    said(with(&["integrator", "add", "Example Health"]));

    // The configuration's key seals, and no other was made.
    assert!(!data.path("data/state.key").exists());
    let folder = data.path("data");
    let store = SqliteStore::open(&folder, SealKey::from_bytes([0x0f; 32])).expect("opened");
    let directory = data.runtime.block_on(store.directory()).expect("read");
    assert_eq!(directory.integrators[0].name, "Example Health");

    // What it says of sites is minded.
    let paired = said(with(&["pair", "Example Health", SITE]));
    assert!(paired.notes.contains("in staging"), "{}", paired.notes);
    let strange = IntegratorId::generate().to_string();
    let odd = with(&[
        "pair",
        "Example Health",
        &strange,
        "--environment",
        "staging",
    ]);
    assert!(said(odd).notes.contains("has no site"));
    let odd = with(&[
        "pair",
        "Example Health",
        SITE,
        "--environment",
        "production",
    ]);
    assert!(said(odd).notes.contains("the other environment"));

    // The file is not asked for that was named.
    let hook = ["webhook", "set", "Example Health", "--environment"];
    let hook = [&hook[..], &["staging", "--url", "https://10.0.0.1/"]].concat();
    let told = refused(with(&hook), "`allow-private = true`, which");
    assert!(
        !told.contains("--config") && told.contains(&whole),
        "{told}"
    );

    let authoritative = || {
        let listed = said(with(&["site", "list", "--json"])).result;
        let listed: Value = serde_json::from_str(&listed).expect("JSON");
        let is = |id: &str| {
            let mut all = listed.as_array().expect("a list").iter();
            let found = all.find(|it| it["id"] == id).expect("listed");
            found["authoritative"].as_bool().expect("known")
        };
        (is(SITE), is(OTHER_SITE))
    };
    assert_eq!(authoritative(), (true, false));
    let told = said(with(&["site", "authoritative", OTHER_SITE])).notes;
    assert!(told.contains("Best Practice 12345"), "{told}");
    // Whom it shuts out is named.
    let refused_there =
        format!("1 integrator is paired with {SITE} and refused there from now on: Example Health");
    assert!(told.contains(&refused_there), "{told}");
    let not_paired = format!("not paired with {OTHER_SITE}");
    assert!(told.contains(&not_paired), "{told}");
    assert_eq!(authoritative(), (false, true));
    // Nobody was paired with the one that was.
    let told = said(with(&["site", "authoritative", SITE])).notes;
    assert!(!told.contains("refused there"), "{told}");
    assert_eq!(authoritative(), (true, false));
    said(with(&["pair", "Example Health", OTHER_SITE]));
    said(with(&["integrator", "add", "Another"]));
    said(with(&["pair", "Another", SITE]));
    let told = said(with(&["site", "authoritative", OTHER_SITE])).notes;
    let both = "2 integrators are paired with";
    assert!(
        told.contains(both) && told.contains(": Another, Example Health"),
        "{told}"
    );
    assert!(told.contains("let them in there: Another\n"), "{told}");
    // What it is already shuts nobody out.
    let again = said(with(&["site", "authoritative", OTHER_SITE])).notes;
    assert!(!again.contains("refused there"), "{again}");
    said(with(&["site", "authoritative", SITE]));
    refused(with(&["site", "authoritative", &strange]), "has no site");

    // A choice is taken back: what the file says counts again, and whom that shuts out is named.
    said(with(&["site", "authoritative", OTHER_SITE]));
    let clear = |site: &str| with(&["site", "authoritative", "--clear", site]);
    let told = said(clear(OTHER_SITE)).notes;
    let now = format!("{OTHER_SITE} is chosen no more; {SITE} is the authoritative one");
    assert!(told.contains(&now), "{told}");
    assert!(
        told.contains("refused there from now on: Example Health"),
        "{told}"
    );
    assert_eq!(authoritative(), (true, false));
    refused(clear(OTHER_SITE), "no choice of");
    // Where there is nothing to choose nothing is kept, to count another time.
    let alone = std::fs::read_to_string(&whole).expect("a file");
    let alone = alone.replacen("pms-id = \"12345\"", "pms-id = \"77\"", 1);
    data.write("pilaster.toml", &alone);
    refused(with(&["site", "authoritative", SITE]), "no other site");
    let directory = data.runtime.block_on(store.directory()).expect("read");
    assert_eq!(directory.authoritative, []);
}
