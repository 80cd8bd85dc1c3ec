//! A connection in use: statements as `sp_executesql`, their rows as they arrive, and the end of those that go on too
//! long.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use tiberius::error::{Error, TokenError};
use tiberius::{ColumnData, Command};
use tokio::runtime::Handle;

use super::connect::Session;
use super::errors::{self, Stage};
use super::stream::Received;
use super::{bind, cells, wait};
use crate::passthrough::{Connection, Limits, PassthroughError, RowSink, TooLarge, Watch};
use crate::relation::Value;
use crate::sql::Statement;

/// How long a server has to say that it has ended a statement. Then the connection is closed, which ends it as well.
const CANCEL_WITHIN: Duration = Duration::from_secs(1);
/// How long the end of a transaction may take.
const END_WITHIN: Duration = Duration::from_secs(2);
/// Parameters of one procedure, of which the statement and their declaration are two.
const MOST_VALUES: usize = 2100 - 2;
/// Characters of what the server says of a statement.
const LONGEST_REFUSAL: usize = 500;

const BEGIN_SNAPSHOT: &str = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION";
const END_SNAPSHOT: &str =
    "IF @@TRANCOUNT > 0 COMMIT TRANSACTION; SET TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// The server has no procedure of the name, as it is older than 2012; or cannot say what a statement gives, which is no
/// refusal.
fn cannot_say(code: u32) -> bool {
    matches!(code, 2812 | 11501..=11530)
}

pub(super) struct Opened {
    handle: Handle,
    session: Session,
    received: Received,
    /// Its name in the mapping; empty for one without.
    catalogue: String,
    allows_snapshot: bool,
    in_snapshot: bool,
    /// The client does not know any more where in an answer it is.
    broken: bool,
    most: usize,
    watch: Arc<Watch>,
}

impl Opened {
    pub(super) fn new(
        handle: Handle,
        session: Session,
        received: Received,
        catalogue: String,
        allows_snapshot: bool,
        limits: &Limits,
        watch: Arc<Watch>,
    ) -> Opened {
        Opened {
            handle,
            session,
            received,
            catalogue,
            allows_snapshot,
            in_snapshot: false,
            broken: false,
            most: limits.rows,
            watch,
        }
    }

    /// Does something with the session for as long as the job may go on.
    pub(super) fn attend<T>(
        &mut self,
        act: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, PassthroughError> {
        let told = |error, catalogue: &str| errors::told(&error, Stage::Asking, catalogue);
        self.answer(act)?
            .map_err(|refusal| told(Error::Server(refusal), &self.catalogue))
    }

    /// As [`Opened::attend`], with the server's own refusal as it came, behind which the connection goes on to serve.
    ///
    /// Where the time is up before anything of an answer has come, the server is told to end the statement, and the
    /// connection goes on to serve. In the middle of an answer the client loses its place: then the connection is
    /// given up.
    pub(super) fn answer<T>(
        &mut self,
        act: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<Result<T, TokenError>, PassthroughError> {
        if self.broken {
            return Err(PassthroughError::Lost);
        }
        let watch = Arc::clone(&self.watch);
        let over = PassthroughError::Timeout(watch.limit());
        if watch.is_over() {
            return Err(over);
        }
        let before = self.received.bytes();
        let session = &mut self.session;
        let done = wait(&self.handle, async {
            tokio::select! {
                biased;
                done = act(session) => Some(done),
                () = watch.over() => None,
            }
        });
        match done {
            Some(Ok(done)) => Ok(Ok(done)),
            Some(Err(Error::Server(refusal))) if refusal.class() < errors::FATAL => {
                Ok(Err(refusal))
            }
            Some(Err(error)) => {
                self.broken = true;
                Err(errors::told(&error, Stage::Asking, &self.catalogue))
            }
            None if self.received.bytes() == before => {
                self.cancel();
                Err(over)
            }
            None => {
                self.broken = true;
                Err(over)
            }
        }
    }

    /// Has the server end the statement that runs; what is left of its answer is thrown away.
    pub(super) fn cancel(&mut self) {
        let session = &mut self.session;
        let cancelled = wait(&self.handle, async {
            tokio::time::timeout(CANCEL_WITHIN, session.cancel_query()).await
        });
        self.broken |= !matches!(cancelled, Ok(Ok(())));
    }

    /// Runs a batch of the program's own, whose rows are of no interest.
    pub(super) fn batch(&mut self, text: &str) -> Result<(), PassthroughError> {
        self.attend(async move |session: &mut Session| {
            session.simple_query(text).await?.into_results().await?;
            Ok(())
        })
    }
}

/// `@p1 int,@p2 nvarchar(4000)`
fn declaration(parameters: &[ColumnData<'_>]) -> String {
    let mut text = String::with_capacity(parameters.len() * 20);
    for (index, parameter) in parameters.iter().enumerate() {
        let between = if index == 0 { "" } else { "," };
        text.push_str(&format!(
            "{between}@p{} {}",
            index + 1,
            bind::declared(parameter)
        ));
    }
    text
}

/// By name, not by way of the client's own queries: those call their parameters `@P1`, which a server whose collation
/// minds case does not take for `@p1`.
fn command<'v>(text: &'v str, parameters: Vec<ColumnData<'v>>) -> Command<'v> {
    let mut command = Command::new("sp_executesql");
    command.bind_param("", text);
    if !parameters.is_empty() {
        let declaration = declaration(&parameters);
        command.bind_param("", ColumnData::String(Some(declaration.into())));
        for (index, parameter) in parameters.into_iter().enumerate() {
            command.bind_param(format!("@p{}", index + 1), parameter);
        }
    }
    command
}

/// Gives the rows of the first result to the sink, and reads to the end of the answer.
async fn read(
    session: &mut Session,
    command: Command<'_>,
    rows: &mut dyn RowSink,
) -> Result<Result<(), TooLarge>, Error> {
    let mut stream = command.exec(session).await?;
    let mut results = 0;
    while let Some(item) = stream.try_next().await? {
        if let Some(metadata) = item.as_metadata() {
            results += 1;
            if results == 1 {
                let columns = metadata.columns();
                rows.begin(columns.len(), &|column| {
                    columns
                        .get(column)
                        .map_or_else(String::new, |column| column.name().to_owned())
                });
            }
        } else if let (Some(row), 1) = (item.as_row(), results)
            && cells::give(row, rows).is_err()
        {
            return Ok(Err(TooLarge));
        }
    }
    Ok(Ok(()))
}

impl Connection for Opened {
    fn begin(&mut self, watch: &Arc<Watch>) -> Result<(), PassthroughError> {
        self.watch = Arc::clone(watch);
        if self.broken {
            return Err(PassthroughError::Lost);
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<(), PassthroughError> {
        if self.allows_snapshot && !self.in_snapshot {
            // It may have begun although nobody saw it; what ends it asks whether it has.
            self.in_snapshot = true;
            self.batch(BEGIN_SNAPSHOT)?;
        }
        Ok(())
    }

    fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value],
        rows: &mut dyn RowSink,
    ) -> Result<(), PassthroughError> {
        if statement.markers.len() > MOST_VALUES {
            return Err(PassthroughError::NotCarried("more than 2,098 values"));
        }
        let bound: Vec<_> = statement.bind(values).collect();
        let parameters = bound
            .iter()
            .map(|(value, ty)| bind::parameter(value, *ty))
            .collect::<Result<Vec<_>, _>>()?;
        let command = command(&statement.text, parameters);
        let read = self.attend(async |session: &mut Session| read(session, command, rows).await)?;
        if let Err(TooLarge) = read {
            // Between two rows the client knows its place.
            self.cancel();
            return Err(PassthroughError::TooLarge(self.most >> 20));
        }
        Ok(())
    }

    fn end(&mut self) -> bool {
        if self.in_snapshot && !self.broken {
            let session = &mut self.session;
            let ended = wait(&self.handle, async {
                let end = async {
                    session
                        .simple_query(END_SNAPSHOT)
                        .await?
                        .into_results()
                        .await
                };
                tokio::time::timeout(END_WITHIN, end).await
            });
            self.broken |= !matches!(ended, Ok(Ok(_)));
            self.in_snapshot = false;
        }
        !self.broken
    }

    fn ping(&mut self) -> Result<(), PassthroughError> {
        self.batch("SELECT 1")
    }

    /// Asks `sp_describe_first_result_set`, which compiles the statement with its parameters declared and runs
    /// nothing. It asks for the rights that the statement needs, and so finds out about those too.
    fn refusal(&mut self, statement: &Statement) -> Result<Option<String>, PassthroughError> {
        let types = statement.markers.iter().map(|marker| marker.ty);
        let parameters: Vec<_> = types.map(bind::null).collect();
        let declared = declaration(&parameters);
        self.attend(async |session: &mut Session| {
            let mut command = Command::new("sp_describe_first_result_set");
            command.bind_param("@tsql", &*statement.text);
            command.bind_param("@params", &*declared);
            let run = async {
                let described = command.exec(session).await?;
                described.into_command_result().await
            };
            match run.await {
                Ok(_) => Ok(None),
                Err(Error::Server(refused)) if cannot_say(refused.code()) => Ok(None),
                // No value was bound: the words can hold none.
                Err(Error::Server(refused)) if refused.class() < 20 => Ok(Some(
                    refused.message().chars().take(LONGEST_REFUSAL).collect(),
                )),
                Err(error) => Err(error),
            }
        })
    }
}
