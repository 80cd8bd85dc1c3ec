//! Who is let in, and whose certificate is believed.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pilaster::passthrough::mssql::{Encryption, Login, Mssql, Options, Trust};
use pilaster::passthrough::{Driver, Limits, PassthroughError, Pool};
use pilaster::secret::Secret;
use pilaster::sql::Statement;

use super::stand_in::{Certificate, Kind, PASSWORD, Setup, StandIn, USER, write};
use super::{RUNTIME, ask, limits, options, pool, pool_of};
use crate::mssql::stand_in::Step;

fn encrypted(certificate: &Certificate) -> Setup {
    Setup {
        tls: Some(Arc::clone(&certificate.config)),
        ..Setup::default()
    }
}

fn hello(_: &super::stand_in::Asked) -> Vec<Step> {
    Vec::new()
}

/// A stand-in with a certificate, and what a client that trusts so is told.
fn entered(
    kind: Kind,
    trusts_authority: bool,
    change: impl FnOnce(&mut Options),
) -> (StandIn, Result<(), PassthroughError>) {
    let certificate = Certificate::new(kind);
    let server = StandIn::start(encrypted(&certificate), hello);
    let mut file = tempfile::NamedTempFile::with_suffix(".pem").expect("a file");
    let authority = match trusts_authority {
        true => certificate.authority,
        false => Certificate::new(Kind::Sound).authority,
    };
    file.write_all(authority.as_bytes()).expect("written");
    let mut options = Options {
        encryption: Encryption::Required,
        trust: Trust::CaFile(file.path().to_owned()),
        ..options(&server)
    };
    change(&mut options);
    let told = ask(&pool_of(options, limits()), "SELECT 1").map(drop);
    (server, told)
}

fn certificate(why: &str) -> Result<(), PassthroughError> {
    Err(PassthroughError::Certificate(why.to_owned()))
}

#[test]
fn stand_in_with_a_sound_certificate_is_entered_encrypted() {
    let (server, told) = entered(Kind::Sound, true, |_| {});
    assert_eq!(told, Ok(()));
    let logins = server.seen.logins.lock().unwrap();
    let login = &logins[0];
    assert_eq!(
        (login.user.as_str(), login.password.as_str()),
        (USER, PASSWORD)
    );
    assert_eq!(login.database, "BPSPATIENTS");
    assert_eq!(login.application, "Pilaster");
    assert!(login.read_only);
}

#[test]
fn stand_in_with_an_unsound_certificate_gets_no_password() {
    let cases = [
        (Kind::Expired, true, "it has expired"),
        (Kind::OfAnotherHost, true, "it is another host's"),
        (
            Kind::Sound,
            false,
            "no authority that is trusted has signed it",
        ),
        (
            Kind::OwnAuthority,
            true,
            "it is an authority's own and no server's (CA:TRUE)",
        ),
    ];
    for (kind, trusts_authority, why) in cases {
        let (server, told) = entered(kind, trusts_authority, |_| {});
        assert_eq!(told, certificate(why), "{kind:?}");
        assert!(server.seen.logins.lock().unwrap().is_empty(), "{kind:?}");
    }
}

#[test]
fn stand_in_of_another_name_is_entered_where_the_name_is_given() {
    let (_server, told) = entered(Kind::OfAnotherHost, true, |options| {
        options.server_name = Some("elsewhere.example".to_owned());
    });
    assert_eq!(told, Ok(()));
}

#[test]
fn stand_in_with_any_certificate_is_entered_where_that_is_said() {
    for kind in [Kind::Expired, Kind::OfAnotherHost, Kind::OwnAuthority] {
        let (_server, told) = entered(kind, false, |options| options.trust = Trust::Any);
        assert_eq!(told, Ok(()), "{kind:?}");
    }
}

#[test]
fn stand_in_that_encrypts_from_the_first_byte() {
    let certificate = Certificate::new(Kind::Sound);
    let setup = Setup {
        strict: true,
        ..encrypted(&certificate)
    };
    let server = StandIn::start(setup, hello);
    let options = Options {
        encryption: Encryption::Strict,
        trust: Trust::Any,
        ..options(&server)
    };
    assert_eq!(
        ask(&pool_of(options, limits()), "SELECT 1").map(drop),
        Ok(())
    );
}

#[test]
fn stand_in_that_encrypts_the_login_only() {
    let certificate = Certificate::new(Kind::Sound);
    let setup = Setup {
        login_only: true,
        ..encrypted(&certificate)
    };
    let server = StandIn::start(setup, hello);
    let told = |encryption| {
        let options = Options {
            encryption,
            trust: Trust::Any,
            ..options(&server)
        };
        ask(&pool_of(options, limits()), "SELECT 1").map(drop)
    };
    assert_eq!(told(Encryption::LoginOnly), Ok(()));
    let refused = told(Encryption::Required).expect_err("it does not encrypt all");
    assert_eq!(
        refused,
        PassthroughError::Unreachable("it does not encrypt as the site asks for".to_owned())
    );
}

#[test]
fn stand_in_without_encryption_gets_no_password_unless_it_is_off() {
    let server = StandIn::start(Setup::default(), hello);
    let required = Options {
        encryption: Encryption::Required,
        ..options(&server)
    };
    let refused = ask(&pool_of(required, limits()), "SELECT 1").map(drop);
    assert!(
        matches!(refused, Err(PassthroughError::Unreachable(_))),
        "{refused:?}"
    );
    assert!(server.seen.logins.lock().unwrap().is_empty());
    assert_eq!(ask(&pool(&server, limits()), "SELECT 1").map(drop), Ok(()));
}

#[test]
fn stand_in_refuses_a_wrong_password_without_naming_anyone() {
    let server = StandIn::start(Setup::default(), hello);
    let login = Login::Sql {
        user: USER.to_owned(),
        password: Secret::new("wrong-password"),
    };
    let options = Options {
        login,
        ..options(&server)
    };
    assert!(!format!("{options:?}").contains("wrong-password"));
    let pool = pool_of(options, limits());
    assert_eq!(
        ask(&pool, "SELECT 1").map(drop),
        Err(PassthroughError::Login)
    );
    // And is not asked again at once.
    let again = ask(&pool, "SELECT 1").map(drop);
    assert!(
        matches!(again, Err(PassthroughError::Down { .. })),
        "{again:?}"
    );
    assert_eq!(server.seen.logins.lock().unwrap().len(), 1);
}

#[test]
fn stand_in_without_a_catalogues_database_is_known_by_its_name() {
    let setup = Setup {
        databases: vec!["BPSPATIENTS"],
        ..Setup::default()
    };
    let server = StandIn::start(setup, hello);
    let driver =
        Mssql::new(options(&server), &limits(), RUNTIME.handle().clone()).expect("a driver");
    assert_eq!(driver.catalogues().len(), 2);
    let told = Pool::connected(Arc::new(driver), limits()).map(drop);
    assert_eq!(told, Err(PassthroughError::NoDatabase("drugs".to_owned())));
}

#[test]
fn stand_in_is_entered_once_for_each_catalogue() {
    let server = StandIn::start(Setup::default(), hello);
    let pool = pool(&server, limits());
    let of = |catalogue: Option<&str>| Statement {
        catalogue: catalogue.map(Arc::from),
        ..Statement::constant("SELECT 1")
    };
    let (own, drugs, unknown) = (of(None), of(Some("drugs")), of(Some("other")));
    let told: Result<(), PassthroughError> = RUNTIME.block_on(pool.run(move |session| {
        session.execute(&own, &[])?;
        session.execute(&drugs, &[])?;
        session.execute(&unknown, &[]).map(drop)
    }));
    assert_eq!(told, Err(PassthroughError::Catalogue(Arc::from("other"))));
    let logins = server.seen.logins.lock().unwrap();
    let databases: Vec<&str> = logins.iter().map(|login| login.database.as_str()).collect();
    assert_eq!(databases, ["BPSPATIENTS", "BPSDRUGS"]);
}

#[test]
fn stand_in_is_told_how_a_session_reads() {
    let server = StandIn::start(Setup::default(), hello);
    ask(&pool(&server, limits()), "SELECT 1").expect("rows");
    let texts = server.seen.texts();
    for setting in [
        "SET LANGUAGE us_english; SET DATEFORMAT ymd;",
        "ARITHABORT",
        "SET DEADLOCK_PRIORITY LOW",
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET LOCK_TIMEOUT 5000",
        // Twice what an answer may have, and a character.
        "SET TEXTSIZE 134217730",
    ] {
        assert!(texts[0].contains(setting), "{setting}: {}", texts[0]);
    }
}

/// What belongs together is read from one state, where the database allows it.
#[test]
fn stand_in_that_allows_snapshots_is_asked_within_one() {
    for snapshots in [true, false] {
        let setup = Setup {
            snapshots,
            ..Setup::default()
        };
        let server = StandIn::start(setup, hello);
        let pool = pool(&server, limits());
        for _ in 0..2 {
            let read: Result<(), PassthroughError> = RUNTIME.block_on(pool.run(|session| {
                session.snapshot()?;
                session.execute(&Statement::constant("SELECT 1"), &[])?;
                session
                    .execute(&Statement::constant("SELECT 2"), &[])
                    .map(drop)
            }));
            assert_eq!(read, Ok(()));
        }
        let texts = server.seen.texts();
        let count = |word: &str| texts.iter().filter(|text| text.contains(word)).count();
        let expected = if snapshots { 2 } else { 0 };
        assert_eq!(count("LEVEL SNAPSHOT; BEGIN TRANSACTION"), expected);
        assert_eq!(count("COMMIT TRANSACTION"), expected);
    }
}

#[test]
fn who_is_not_there_is_told_apart_from_who_does_not_answer() {
    let told = |host: &str, port: u16| {
        let limits = Limits {
            connect: Duration::from_millis(300),
            ..limits()
        };
        let options = Options {
            port: Some(port),
            encryption: Encryption::Off,
            ..Options::new(host, super::sql_login())
        };
        match ask(&pool_of(options, limits), "SELECT 1").map(drop) {
            Err(PassthroughError::Unreachable(words)) => words,
            other => panic!("{other:?}"),
        }
    };
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = free.local_addr().expect("an address").port();
    let begun = Instant::now();
    assert_eq!(told("127.0.0.1", silent), "no answer within 0.3 s");
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(free);
    assert_eq!(told("127.0.0.1", silent), "connection refused");
    assert_eq!(told("no-such-host.invalid", 1433), "its name is not known");
}

/// The SQL Server Browser has one port on all machines; where another program of the tests' machine has it, there is
/// nothing to show.
#[test]
fn stand_in_of_a_named_instance_is_found_by_the_browser() {
    let server = StandIn::start(Setup::default(), hello);
    let Ok(browser) = std::net::UdpSocket::bind("127.0.0.1:1434") else {
        return;
    };
    let port = server.address.port();
    std::thread::spawn(move || {
        let mut asked = [0; 64];
        while let Ok((length, from)) = browser.recv_from(&mut asked) {
            let text = match &asked[1..length] == b"BPS" {
                true => format!(
                    "ServerName;PC;InstanceName;BPS;IsClustered;No;Version;16.0.1000.6;tcp;{port};;"
                ),
                false => continue,
            };
            let length = u16::try_from(text.len()).expect("short").to_le_bytes();
            let reply = [&[5][..], &length, text.as_bytes()].concat();
            browser.send_to(&reply, from).expect("a reply");
        }
    });
    let told = |instance: &str| {
        let options = Options {
            host: "127.0.0.1".to_owned(),
            port: None,
            instance: Some(instance.to_owned()),
            ..options(&server)
        };
        ask(&pool_of(options, limits()), "SELECT 1").map(drop)
    };
    assert_eq!(told("BPS"), Ok(()));
    let expected = PassthroughError::Unreachable(
        "the SQL Server Browser does not tell the instance's port".to_owned(),
    );
    assert_eq!(told("OTHER"), Err(expected));
}

#[test]
fn what_is_no_sql_server_is_not_waited_for() {
    let web = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = web.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        while let Ok((mut client, _)) = web.accept() {
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let options = Options {
        port: Some(port),
        ..Options::new("127.0.0.1", super::sql_login())
    };
    let told = ask(&pool_of(options, limits()), "SELECT 1").map(drop);
    assert!(
        matches!(told, Err(PassthroughError::Unreachable(_))),
        "{told:?}"
    );
}

#[test]
fn a_file_of_authorities_that_is_not_there_is_known_at_once() {
    let options = Options {
        trust: Trust::CaFile("/nowhere/ca.pem".into()),
        ..Options::new("localhost", super::sql_login())
    };
    let made = Mssql::new(options, &limits(), RUNTIME.handle().clone()).map(drop);
    let expected = PassthroughError::Open("/nowhere/ca.pem: entity not found".to_owned());
    assert_eq!(made, Err(expected));
}

#[test]
fn stand_in_that_starts_up_is_not_there_yet() {
    let server = StandIn::start(Setup::default(), |asked| {
        match asked.text().contains("LOCK_TIMEOUT") {
            true => vec![Step::Send(
                [
                    write::error(18401, 14, "Script upgrade mode"),
                    write::done(2, 0),
                ]
                .concat(),
            )],
            false => Vec::new(),
        }
    });
    let told = ask(&pool(&server, limits()), "SELECT 1").map(drop);
    let expected = PassthroughError::Unreachable("it is starting or shutting down".to_owned());
    assert_eq!(told, Err(expected));
}
