//! A new connection: the network's, the login, and what a session is set to.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tiberius::{Client, Config, SqlBrowser};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::connection::Opened;
use super::errors::{self, Stage};
use super::stream::{Counted, Received};
use super::{LOCK_WAIT, wait};
use crate::passthrough::{Limits, PassthroughError, Watch};

pub(super) type Session = Client<Compat<Counted>>;

/// Where a connection goes to.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Port(String, u16),
    /// The port of an instance, which the server's browser knows; the configuration names both.
    Instance,
}

/// Times of silence after which a peer is asked whether it is there, and between further questions.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(Duration::from_secs(30))
    .with_interval(Duration::from_secs(10));

/// Servers that a server may send on to: a secondary that only reads.
const MOST_ROUTES: u32 = 3;

/// Makes results, plans and messages the same at each site, whatever the login's own defaults are. The options under
/// which an index of a computed column serves are those that must be on.
const SETTINGS: &str = "SET LANGUAGE us_english; SET DATEFORMAT ymd; SET DATEFIRST 7; SET NOCOUNT ON; \
    SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON; \
    SET NUMERIC_ROUNDABORT, IMPLICIT_TRANSACTIONS OFF; SET XACT_ABORT ON; \
    SET DEADLOCK_PRIORITY LOW; SET TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// For statements of a caller's own: a session as .NET's client has it, with the language and the date format that the
/// caller's login has. A value is cut behind [`LONGEST_CALLED`], which tells that it is too long.
const CALLED_SETTINGS: &str = "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ANSI_NULL_DFLT_ON, CONCAT_NULL_YIELDS_NULL, \
    QUOTED_IDENTIFIER ON; SET IMPLICIT_TRANSACTIONS, NUMERIC_ROUNDABORT, NOCOUNT, XACT_ABORT OFF";

/// Bytes of a value that a caller's own statement can give, but for `xml`: the client holds each whole.
pub(super) const LONGEST_CALLED: usize = 64 << 20;

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The program's own statements.
    Own,
    /// A caller's.
    Calls,
}

/// Whether a job's statements may see one state of the database.
const SNAPSHOT_STATE: &str = "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM sys.databases \
    WHERE database_id = DB_ID() AND snapshot_isolation_state = 1) THEN 1 ELSE 0 END AS int) AS allowed";

/// A connection to the database that the configuration names, of `catalogue`, made within [`Limits::connect`] and the watch.
///
/// # Errors
/// Why there is none.
pub(super) fn open(
    handle: &Handle,
    config: Config,
    target: &Target,
    purpose: Purpose,
    catalogue: &str,
    limits: &Limits,
    watch: &Arc<Watch>,
) -> Result<Opened, PassthroughError> {
    let made = wait(handle, async {
        tokio::select! {
            made = tokio::time::timeout(limits.connect, enter(config, target, purpose, catalogue, limits)) => {
                made.unwrap_or_else(|_| Err(PassthroughError::Unreachable(format!(
                    "no answer within {} s",
                    limits.connect.as_secs_f32()
                ))))
            }
            () = watch.over() => Err(PassthroughError::Timeout(watch.limit())),
        }
    });
    let (session, received, allows_snapshot) = made?;
    Ok(Opened::new(
        handle.clone(),
        session,
        received,
        catalogue.to_owned(),
        allows_snapshot,
        limits,
        Arc::clone(watch),
    ))
}

async fn enter(
    mut config: Config,
    target: &Target,
    purpose: Purpose,
    catalogue: &str,
    limits: &Limits,
) -> Result<(Session, Received, bool), PassthroughError> {
    let mut target = target.clone();
    let mut routes = 0;
    let (mut session, received) = loop {
        let (counted, received) = Counted::new(dial(&config, &target).await?);
        match Client::connect(config.clone(), counted.compat_write()).await {
            Ok(session) => break (session, received),
            Err(tiberius::error::Error::Routing { host, port }) if routes < MOST_ROUTES => {
                routes += 1;
                config.host(&host);
                config.port(port);
                target = Target::Port(host, port);
            }
            Err(error) => return Err(errors::told(&error, Stage::Connecting, catalogue)),
        }
    };
    let told = |error: tiberius::error::Error| errors::told(&error, Stage::Connecting, catalogue);
    let settings = match purpose {
        Purpose::Own => {
            let waits = LOCK_WAIT.min(limits.statement).as_millis();
            let longest = longest(limits.rows);
            format!("{SETTINGS}; SET LOCK_TIMEOUT {waits}; SET TEXTSIZE {longest}")
        }
        Purpose::Calls => format!("{CALLED_SETTINGS}; SET TEXTSIZE {LONGEST_CALLED}"),
    };
    let set = session.simple_query(settings).await.map_err(told)?;
    set.into_results().await.map_err(told)?;
    if purpose == Purpose::Calls {
        return Ok((session, received, false));
    }
    let state = session.simple_query(SNAPSHOT_STATE).await.map_err(told)?;
    let row = state.into_row().await.map_err(told)?;
    let allows_snapshot = row.and_then(|row| row.try_get::<i32, _>(0).ok().flatten()) == Some(1);
    Ok((session, received, allows_snapshot))
}

/// Bytes of a value that the server sends: twice what an answer may have, as its characters have two bytes each. What
/// is cut there is more than an answer takes; and no value that is longer is held before that is found out.
fn longest(most: usize) -> i32 {
    i32::try_from(most.saturating_mul(2).saturating_add(2)).unwrap_or(i32::MAX)
}

async fn dial(config: &Config, target: &Target) -> Result<TcpStream, PassthroughError> {
    let tcp = match target {
        Target::Port(host, port) => TcpStream::connect((host.as_str(), *port))
            .await
            .map_err(|error| errors::unreachable(error.kind(), &error.to_string()))?,
        Target::Instance => {
            TcpStream::connect_named(config)
                .await
                .map_err(|error| match error {
                    tiberius::error::Error::Io { kind, message } => {
                        errors::unreachable(kind, &message)
                    }
                    _ => PassthroughError::Unreachable(
                        "the SQL Server Browser does not tell the instance's port".to_owned(),
                    ),
                })?
        }
    };
    prepare(&tcp).map_err(|error| errors::unreachable(error.kind(), &error.to_string()))?;
    Ok(tcp)
}

fn prepare(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    SockRef::from(tcp).set_tcp_keepalive(&KEEPALIVE)
}
