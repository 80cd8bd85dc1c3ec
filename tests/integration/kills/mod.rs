//! `kill -9` at random moments under load: nothing that was promised is lost, nothing runs twice, no page is torn, and who
//! is to be told is told.
//!
//! A server on one folder of data is killed and started again, over and over, sometimes while it starts, while callers write,
//! read and register. At the end the last server works until all is done, and what callers know is held against what the
//! practice's database, the pages, the webhooks and the journal say.
//!
//! An ordinary run has [`KILLS`]. By hand, more of them, and the same ones again:
//!
//! ```text
//! PILASTER_KILLS=200 PILASTER_KILLS_SEED=7 cargo test --test integration kills -- --nocapture
//! ```

mod load;
mod receiver;
mod truth;

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use self::load::{Asked, Load};
use self::receiver::Receiver;
use crate::cli::{Serving, pilaster};

const SITE: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11";

/// Kills of an ordinary run.
const KILLS: u64 = 25;
/// A server lives for less than this, most of the time; every eighth for up to four times as long, so that long work
/// is cut off near its end too.
const LIFE: u64 = 400;
/// One of so many servers is killed before it serves, within [`START`] milliseconds.
const STILLBORN: u64 = 6;
const START: u64 = 250;
/// The last server is done by then.
const DONE: Duration = Duration::from_secs(180);
/// Between two looks at whether it is.
const LOOK: Duration = Duration::from_millis(200);

/// Numbers by chance, the same ones for a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to less than the bound.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn other(&mut self) -> Dice {
        Dice(self.next())
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}

/// A folder with a practice, a configuration and the data of its servers.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Folder {
        let made = Folder {
            folder: tempfile::tempdir().expect("a folder"),
        };
        std::fs::create_dir(made.path("mapping")).expect("a folder");
        for (name, text) in [
            (
                "mapping/mapping.yaml",
                "name: Example\nengine: mssql\nverified: illustrative\ncollation: Latin1_General_CI_AS\n".to_owned(),
            ),
            (
                "mapping/patient.yaml",
                "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements:\n  name: [ { family: $p.SURNAME } ]\n".to_owned(),
            ),
            (
                "mapping/tables.yaml",
                "tables:\n  PATIENTS: { key: ID, columns: { ID: int, SURNAME: varchar(40) } }\n".to_owned(),
            ),
            ("key", "subscription-key-of-acme".to_owned()),
            (
                "pilaster.toml",
                format!(
                    "data = \"data\"\nrate-limit = \"off\"\n[webhooks]\nallow-private = true\n\
                     [[key]]\ncaller = \"acme\"\nsecret = {{ file = \"key\" }}\n\
                     [[site]]\nid = \"{SITE}\"\nmapping = \"mapping\"\ntime-zone = \"Australia/Hobart\"\n\
                     environment = \"staging\"\ndriver = \"sqlite\"\ndatabase = \"practice.sqlite\"\n\
                     [site.passthrough]\nwrites = true\n"
                ),
            ),
        ] {
            std::fs::write(made.path(name), text).expect("written");
        }
        let practice = made.practice();
        practice
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 CREATE TABLE PATIENTS (ID INTEGER PRIMARY KEY, SURNAME TEXT);
                 CREATE TABLE RUNS (ID TEXT NOT NULL, STEPS INTEGER NOT NULL);
                 CREATE INDEX RUNS_BY_ID ON RUNS (ID);",
            )
            .expect("tables");
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn practice(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path("practice.sqlite")).expect("a database")
    }

    fn config(&self) -> String {
        self.path("pilaster.toml").display().to_string()
    }

    /// Runs a command of `admin`; what it prints.
    #[track_caller]
    fn admin(&self, args: &[&str]) -> String {
        let config = self.config();
        let output = pilaster(&["admin"])
            .args(args)
            .args(["--config", &config])
            .output();
        let output = output.expect("the program runs");
        let notes = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{notes}");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    }

    /// An integrator that may ask, and is told at an address; its key.
    fn integrator(&self, receiver: &Receiver) -> String {
        let staging = ["--environment", "staging"];
        let new = ["integrator", "add", "Example Health", "--key"];
        let key = self.admin(&[&new[..], &staging].concat());
        self.admin(&["pair", "Example Health", SITE]);
        let url = format!("http://{}/{{queryId}}", receiver.address);
        let set = ["webhook", "set", "Example Health", "--url", &url];
        self.admin(&[&set[..], &staging].concat());
        key
    }

    fn command(&self) -> std::process::Command {
        pilaster(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--config",
            &self.config(),
        ])
    }
}

/// Starts a server and kills it before it serves, or so.
fn stillborn(folder: &Folder, dice: &mut Dice) {
    let mut command = folder.command();
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program runs");
    std::thread::sleep(Duration::from_millis(dice.below(START)));
    child.kill().expect("killed");
    child.wait().expect("its end");
}

/// Starts a server and kills it at work. Dropping it sends SIGKILL.
fn short_lived(folder: &Folder, load: &Load, dice: &mut Dice) {
    let serving = Serving::start(folder.command());
    load.turn_to(Some(serving.root().to_owned()));
    let longest = if dice.below(8) == 0 { 4 * LIFE } else { LIFE };
    std::thread::sleep(Duration::from_millis(dice.below(longest)));
    drop(serving);
    load.turn_to(None);
}

/// Waits until all that was promised is done, and told.
fn work_off(load: &Load, receiver: &Receiver) {
    let began = Instant::now();
    loop {
        load.look().expect("an answer");
        let (status, answer, _) = load.send("/registered", None).expect("an answer");
        assert_eq!(status, 200);
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        let registered = answer["registeredQueries"].as_array().expect("a list");
        let has_run = |one: &Value| {
            let count = |name: &str| one["metrics"][name].as_u64().expect("a count");
            count("executionSucceededCount") + count("executionFailedCount") > 0
        };
        let idle = registered.iter().filter(|one| !has_run(one)).count();
        let (open, untold) = {
            let (known, told) = (load.known(), receiver.told());
            let is_told = |id| told.get(id).is_some_and(|told| told.is_accepted);
            let untold = known.queries.keys().filter(|id| !is_told(id)).count();
            (known.queries.len() - known.ended.len(), untold)
        };
        if (idle, open, untold) == (0, 0, 0) {
            return;
        }
        assert!(
            began.elapsed() < DONE,
            "{open} queries have not ended, {untold} were not told of, {idle} registered ones never ran"
        );
        std::thread::sleep(LOOK);
    }
}

#[test]
fn nothing_promised_is_lost_or_done_twice() {
    let kills = number("PILASTER_KILLS").unwrap_or(KILLS);
    let seed =
        number("PILASTER_KILLS_SEED").unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    println!("PILASTER_KILLS={kills} PILASTER_KILLS_SEED={seed}");
    let mut dice = Dice(seed);
    let (folder, receiver) = (Folder::new(), Receiver::start());
    let load = Arc::new(Load::new(folder.integrator(&receiver)));
    let began = Instant::now();

    let roles: [fn(&Load, Dice); 5] = [
        Load::write,
        Load::write,
        Load::read,
        Load::register,
        Load::watch,
    ];
    let callers = roles.map(|role| {
        let (load, dice) = (Arc::clone(&load), dice.other());
        std::thread::spawn(move || role(&load, dice))
    });
    for _ in 0..kills {
        match dice.below(STILLBORN) {
            0 => stillborn(&folder, &mut dice),
            _ => short_lived(&folder, &load, &mut dice),
        }
    }
    load.stop();
    for caller in callers {
        caller.join().expect("every answer was as it should be");
    }
    let killing = began.elapsed();
    let last = Serving::start(folder.command());
    load.turn_to(Some(last.root().to_owned()));
    work_off(&load, &receiver);
    truth::pages(&load);
    let (code, log) = last.end();
    assert_eq!(code, Some(0), "{log}");

    let known = load.known();
    let inserts = truth::inserts(&folder, &known);
    truth::registered(&folder, &known);
    truth::files(&folder);
    truth::journal(&folder, &known);
    let messages = truth::messages(&known, &receiver);
    // That there was something to lose.
    let is_reader = |asked: &&Asked| matches!(asked, Asked::Read(..));
    let readers = known.queries.values().filter(is_reader).count();
    println!(
        "{kills} kills in {killing:?}, {:?} in all: {} promises: {} inserts ({inserts}), {readers} readers, \
         {} registered; {} pages read meanwhile; {messages}",
        began.elapsed(),
        load.posted.load(std::sync::atomic::Ordering::Relaxed),
        known.queries.len() - readers,
        known.registered.len(),
        load.read.load(std::sync::atomic::Ordering::Relaxed),
    );
    assert!(readers > 0 && known.queries.len() > readers && !known.registered.is_empty());
}
