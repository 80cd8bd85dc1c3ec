//! What FHIR reads for callers that have logins of their own.

use std::sync::Arc;
use std::time::Duration;

use pilaster::gateway::integrator::Login;
use pilaster::passthrough::odbc::{Odbc, Options};
use pilaster::passthrough::{CellRef, Driver, Limits, PassthroughError, Pool, Watch};
use pilaster::secret::Secret;

use super::postgres::POSTGRES;
use super::{RUNTIME, options, run};

fn driver(options: Options, connections: usize) -> Odbc {
    let limits = Limits {
        connections,
        ..Limits::default()
    };
    Odbc::new(options, &limits, RUNTIME.handle().clone())
}

fn login(user: &str, password: &str) -> Login {
    Login {
        user: user.to_owned(),
        password: Secret::new(password),
    }
}

fn pool(driver: &Odbc, login: &Login) -> Arc<Pool> {
    let entered = driver.with_login(login).expect("it takes logins");
    let entered = entered.expect("PostgreSQL has logins");
    Arc::new(Pool::of_callers_login("site", entered, Limits::default()))
}

#[test]
fn a_callers_login_reads_what_it_may_and_changes_nothing() {
    POSTGRES.run(
        "practice",
        "CREATE USER partner PASSWORD 'of=the;partner'; CREATE TABLE open_to_all (n int); INSERT INTO open_to_all VALUES (1);
         CREATE TABLE closed (n int); GRANT ALL ON open_to_all TO partner",
    );
    let driver = driver(options(), 4);
    let of_caller = pool(&driver, &login("partner", "of=the;partner"));
    let text = |pool: &Arc<Pool>, sql: &str| {
        let rows = run(pool, sql, &[])?;
        match rows.cell(0, 0) {
            CellRef::Text(text) => {
                Ok::<_, PassthroughError>(String::from_utf8_lossy(text).into_owned())
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        text(&of_caller, "SELECT current_user::varchar(40)"),
        Ok("partner".to_owned())
    );
    // The site's own statements have begun the session.
    assert_eq!(
        text(&of_caller, "SHOW transaction_isolation"),
        Ok("repeatable read".to_owned())
    );
    assert_eq!(
        run(&of_caller, "SELECT n FROM open_to_all", &[]).map(|rows| rows.len()),
        Ok(1)
    );
    assert!(run(&of_caller, "INSERT INTO open_to_all VALUES (2)", &[]).is_err());
    assert_eq!(
        run(&of_caller, "SELECT n FROM closed", &[]).map(drop),
        Err(PassthroughError::CallersPermission)
    );
    let unseen = run(&of_caller, "SELECT n FROM nowhere", &[]).map(drop);
    assert!(
        matches!(unseen, Err(PassthroughError::CallersSchema(_))),
        "{unseen:?}"
    );
    let refused = pool(&driver, &login("partner", "a wrong one"));
    assert_eq!(
        run(&refused, "SELECT 1", &[]).map(drop),
        Err(PassthroughError::CallersLogin)
    );
    let told = run(&refused, "SELECT 1", &[]).unwrap_err();
    assert!(told.is_of_callers_login(), "{told:?}");
    assert!(!told.to_string().contains("partner"), "{told}");
}

#[test]
fn each_login_has_places_of_its_own() {
    POSTGRES.run("practice", "CREATE USER crowd PASSWORD 'of the crowd'");
    let site = driver(options(), 1);
    let entered = site.with_login(&login("crowd", "of the crowd"));
    let entered = entered.expect("it takes logins").expect("logins");
    let watch = Watch::begun(Duration::from_secs(30));
    let full = PassthroughError::Unreachable("earlier attempts have not come back".to_owned());
    // Two databases, and as many connections again for those that have not come back.
    let drivers: [&dyn Driver; 2] = [&site, &*entered];
    let mut kept = Vec::new();
    for driver in drivers {
        for _ in 0..4 {
            kept.push(driver.connect(0, &watch).map_err(|error| error.to_string()));
        }
        assert_eq!(driver.connect(0, &watch).map(drop), Err(full.clone()));
    }
    assert!(kept.iter().all(Result::is_ok));
}

#[test]
fn nobody_is_let_in_as_whom_the_connection_string_says() {
    let own = login("partner", "of=the;partner");
    for says in [
        "UID=reader",
        "Trusted_Connection=Yes",
        " Password = x ",
        "Integrated=YES",
    ] {
        let mut options = options();
        options.connection = format!("{};{says}", options.connection);
        let driver = driver(options, 1);
        let refused = driver.with_login(&own).map(drop);
        assert_eq!(refused, Err(PassthroughError::LoginNotCarried), "{says}");
        let refused = driver.line(0, Some(&own), &Watch::begun(Duration::from_secs(5)));
        assert_eq!(
            refused.map(drop),
            Err(PassthroughError::LoginNotCarried),
            "{says}"
        );
    }
    let mut options = options();
    options.connection.push_str(";Trusted_Connection=no");
    assert!(driver(options, 1).with_login(&own).is_ok());
}
