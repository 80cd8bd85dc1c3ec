//! The SQL Server driver. No server is at hand where the tests run: what speaks to it is [`stand_in`], which shows what
//! goes over the wire and runs no SQL.
//!
//! | module | what it shows |
//! |---|---|
//! | `logins` | certificates, logins, databases, and what a session is set to |
//! | `statements` | rows, errors, time limits, cut connections |
//! | `types` | every type, out of rows and into parameters |
//! | `calls` | statements of a caller's own: parameters, outputs, counts, refusals |
//! | `crowd` | many callers: bounds, no leak, a server that comes back |
//! | `demo` | what `pilaster demo create` sends is the practice that SQLite has |
//! | `every` | whatever is asked of Bp Premier's mapping comes as T-SQL, by an independent parser |
//! | `real` | the mapping's cases and the demo on a real server, where one is named |

pub mod calls;
mod crowd;
mod demo;
mod every;
mod logins;
mod real;
pub mod stand_in;
mod statements;
mod types;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use pilaster::passthrough::mssql::{Encryption, Login, Mssql, Options};
use pilaster::passthrough::{CellRef, Limits, PassthroughError, Pool, Rows};
use pilaster::relation::{SqlType, Value};
use pilaster::secret::Secret;
use pilaster::sql::Statement;
use tokio::runtime::Runtime;

use stand_in::{PASSWORD, StandIn, USER};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

fn sql_login() -> Login {
    Login::Sql {
        user: USER.to_owned(),
        password: Secret::new(PASSWORD),
    }
}

/// To a stand-in that does not encrypt.
fn options(server: &StandIn) -> Options {
    Options {
        port: Some(server.address.port()),
        encryption: Encryption::Off,
        databases: vec![
            (Arc::from("patients"), "BPSPATIENTS".to_owned()),
            (Arc::from("drugs"), "BPSDRUGS".to_owned()),
        ],
        ..Options::new("localhost", sql_login())
    }
}

fn limits() -> Limits {
    Limits {
        connections: 1,
        statement: Duration::from_secs(20),
        ..Limits::default()
    }
}

fn pool_of(options: Options, limits: Limits) -> Arc<Pool> {
    let driver = Mssql::new(options, &limits, RUNTIME.handle().clone()).expect("a driver");
    Arc::new(Pool::new(Arc::new(driver), limits))
}

fn pool(server: &StandIn, limits: Limits) -> Arc<Pool> {
    pool_of(options(server), limits)
}

async fn asks(
    pool: Arc<Pool>,
    text: &str,
    values: &[(SqlType, Value)],
) -> Result<Rows, PassthroughError> {
    let (types, values): (Vec<SqlType>, Vec<Value>) = values.iter().cloned().unzip();
    let statement = Statement::numbered(text, &types);
    pool.run(move |session| session.execute(&statement, &values))
        .await
}

fn ask(pool: &Arc<Pool>, text: &str) -> Result<Rows, PassthroughError> {
    RUNTIME.block_on(asks(Arc::clone(pool), text, &[]))
}

/// The first cell of each row, as text.
fn texts(rows: &Rows) -> Vec<String> {
    (0..rows.len())
        .map(|row| match rows.cell(row, 0) {
            CellRef::Text(text) => String::from_utf8(text.to_vec()).expect("UTF-8"),
            other => panic!("{other:?}"),
        })
        .collect()
}
