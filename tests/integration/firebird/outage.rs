//! A server that is killed under load and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pilaster::passthrough::{CellRef, Limits};

use super::server::Server;
use super::{ask, pool};
use crate::cli::{Serving, pilaster};
use crate::support::{CLIENT, send};

const CALLERS: usize = 12;
const CONNECTIONS: usize = 4;

#[test]
fn every_answer_is_whole_or_none_and_service_comes_back() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let database = server.database(
        "UTF8",
        "CREATE TABLE T (ID INTEGER NOT NULL PRIMARY KEY, V VARCHAR(60));
SET TERM ^;
EXECUTE BLOCK AS
DECLARE N INTEGER = 0;
BEGIN
  WHILE (N < 2000) DO BEGIN
    INSERT INTO T VALUES (:N, RPAD('row ' || :N, 60, '.'));
    N = N + 1;
  END
END^
SET TERM ;^",
    );
    let limits = Limits {
        connections: CONNECTIONS,
        statement: Duration::from_secs(5),
        connect: Duration::from_secs(2),
        ..Limits::default()
    };
    let pool = pool(&database, limits);
    let path = database.path.clone();
    let (is_over, whole, failed) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (pool, is_over) = (Arc::clone(&pool), Arc::clone(&is_over));
            let (whole, failed) = (Arc::clone(&whole), Arc::clone(&failed));
            runtime.spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    match ask(&pool, "SELECT ID, V FROM T ORDER BY ID", Vec::new()).await {
                        Ok(rows) => {
                            assert_eq!(rows.len(), 2_000);
                            for row in 0..rows.len() {
                                let text = format!("{:.<60}", format!("row {row}"));
                                assert_eq!(rows.cell(row, 0), CellRef::Int(row as i64));
                                assert_eq!(rows.cell(row, 1), CellRef::Text(text.as_bytes()));
                            }
                            whole.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(_) => {
                            failed.fetch_add(1, Ordering::Relaxed);
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    }
                }
            })
        })
        .collect();
    let answered = |since: usize, time: Duration| {
        let until = Instant::now() + time;
        while whole.load(Ordering::Relaxed) <= since {
            assert!(Instant::now() < until, "no answer within {time:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    for down in [Duration::ZERO, Duration::from_millis(1_500)] {
        answered(whole.load(Ordering::Relaxed) + 20, Duration::from_secs(10));
        server.kill_and_restart(down);
        answered(whole.load(Ordering::Relaxed) + 20, Duration::from_secs(10));
    }
    is_over.store(true, Ordering::Relaxed);
    let until = Instant::now() + Duration::from_secs(10);
    for caller in callers {
        let left = until.saturating_duration_since(Instant::now());
        let joined = runtime.block_on(async { tokio::time::timeout(left, caller).await });
        joined.expect("no caller hangs").expect("no wrong answer");
    }
    assert!(failed.load(Ordering::Relaxed) > 0);
    let database = super::Database::of(&server, path);
    let attachments = database.attachments();
    assert!(
        attachments <= CONNECTIONS as i64,
        "{attachments} connections"
    );
    database.becomes(0, "transactions", |database| database.transactions());
}

/// A server that was away may have been updated, with the product: its tables are looked at again when it is back.
#[test]
fn what_changed_while_the_server_was_away_is_served_when_it_is_back() {
    const SITE: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a21";
    let Some(mut server) = Server::start() else {
        return;
    };
    let database = server.database(
        "UTF8",
        "CREATE TABLE PATIENTS (ID INTEGER NOT NULL PRIMARY KEY, SURNAME VARCHAR(40));
INSERT INTO PATIENTS VALUES (7, 'Nguyen');",
    );
    let (path, port) = (database.path.clone(), server.port);
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
        "tables:\n  PATIENTS:\n    key: ID\n    columns: { ID: int, SURNAME: varchar(40), BORN: { type: date, optional: true } }\n",
    );
    write(
        "mapping/patient.yaml",
        "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements:\n  name: [ { family: $p.SURNAME } ]\n  birthDate: $p.BORN\n",
    );
    write(
        "pilaster.toml",
        &format!(
            "[[key]]\ncaller = \"acme\"\nsecret = {{ env = \"ACME_KEY\" }}\n[[site]]\nid = \"{SITE}\"\nmapping = \"mapping\"\n\
             time-zone = \"Australia/Hobart\"\ndriver = \"firebird\"\ndatabase = \"{path}\"\n\
             [site.server]\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"sysdba\"\npassword = {{ env = \"FIREBIRD_PASSWORD\" }}\n"
        ),
    );
    let file = folder.path().join("pilaster.toml");
    let file = file.to_str().expect("a path in UTF-8");
    let mut command = pilaster(&["serve", "--listen", "127.0.0.1:0", "--config", file]);
    command.args(["--rate-limit", "off"]);
    command.env("ACME_KEY", "subscription-key-of-acme");
    command.env("FIREBIRD_PASSWORD", super::server::PASSWORD);
    // Nobody reads a line for each request.
    command.env("PILASTER_LOG", "warn");
    let serving = Serving::start(command);
    let base = serving.base().replace("{site}", SITE);
    let status = |search: &str| {
        let request = CLIENT.get(format!("{base}/{search}"));
        send(request.header("Ocp-Apim-Subscription-Key", "subscription-key-of-acme"))
            .status()
            .as_u16()
    };
    assert_eq!(status("Patient?family=nguyen"), 200);
    assert_eq!(
        status("Patient?birthdate=2000"),
        400,
        "there is no such column"
    );
    database.script("ALTER TABLE PATIENTS ADD BORN DATE;");
    assert_eq!(status("Patient?birthdate=2000"), 400, "nobody has looked");
    drop(database);
    let was_away = std::thread::scope(|scope| {
        let restarted = scope.spawn(|| server.kill_and_restart(Duration::from_millis(1_500)));
        let mut was_away = false;
        while !restarted.is_finished() {
            was_away |= status("Patient?family=nguyen") == 503;
            std::thread::sleep(Duration::from_millis(50));
        }
        was_away
    });
    assert!(was_away);
    let until = Instant::now() + Duration::from_secs(20);
    // That the server is back is found out for who asks it.
    while status("Patient?family=nguyen") != 200 || status("Patient?birthdate=2000") != 200 {
        if Instant::now() > until {
            panic!("not looked at again: {}", serving.end().1);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(status("Patient?family=nguyen"), 200);
    serving.end();
}
