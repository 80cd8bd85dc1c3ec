//! A connection with the statements that it has prepared.

use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

use odbc_api::handles::StatementConnection;
use odbc_api::{Connection, ConnectionTransitions as _, DataType, Error, Prepared};
use tokio::sync::OwnedSemaphorePermit;

use super::fetch::Columns;

/// Statements that a connection keeps: fewer than SQL Anywhere allows a connection to have (`max_statement_count`, 50).
const MOST: usize = 32;

/// A prepared statement, and the columns of its rows once they are known.
pub(super) struct Kept {
    pub(super) prepared: Prepared<StatementConnection<Arc<Connection<'static>>>>,
    pub(super) columns: Option<Columns>,
    text: Arc<str>,
    parameters: Vec<Discriminant<DataType>>,
}

/// An open connection. It is closed without a panic, whatever its server says.
pub(super) struct Open {
    /// The one that was used last at the end.
    kept: Vec<Kept>,
    connection: Option<Arc<Connection<'static>>>,
    /// Given back once it is closed.
    _place: OwnedSemaphorePermit,
}

// SAFETY: a connection may be used by one thread after another. All that refers to this one is in here, so that it goes
// from thread to thread together.
unsafe impl Send for Open {}

impl Open {
    pub(super) fn new(connection: Connection<'static>, place: OwnedSemaphorePermit) -> Open {
        Open {
            kept: Vec::new(),
            // It is shared with its own statements.
            #[allow(clippy::arc_with_non_send_sync)]
            connection: Some(Arc::new(connection)),
            _place: place,
        }
    }

    /// The connection, which is there until this is dropped.
    pub(super) fn connection(&self) -> Option<&Connection<'static>> {
        self.connection.as_deref()
    }

    /// Takes out a statement that was prepared before, for parameters of the same types: drivers send the types along
    /// when they prepare. [`Open::keep`] puts it back.
    pub(super) fn take(&mut self, text: &str, parameters: &[DataType]) -> Option<Kept> {
        let place = self.kept.iter().position(|kept| {
            let types = || parameters.iter().map(discriminant);
            *kept.text == *text && kept.parameters.iter().copied().eq(types())
        })?;
        Some(self.kept.remove(place))
    }

    /// Prepares a statement.
    ///
    /// # Errors
    /// The driver's; None where the connection is closed.
    pub(super) fn prepare(
        &self,
        text: &Arc<str>,
        parameters: &[DataType],
    ) -> Option<Result<Kept, Error>> {
        let connection = Arc::clone(self.connection.as_ref()?);
        Some(connection.into_prepared(text).map(|prepared| Kept {
            prepared,
            columns: None,
            text: Arc::clone(text),
            parameters: parameters.iter().map(discriminant).collect(),
        }))
    }

    /// Keeps none of the statements that were prepared.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
    }

    /// Keeps a statement for the next time.
    pub(super) fn keep(&mut self, statement: Kept) {
        if self.kept.len() >= MOST {
            self.kept.remove(0);
        }
        self.kept.push(statement);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.kept.clear();
        let Some(connection) = self.connection.take().and_then(Arc::into_inner) else {
            return;
        };
        let mut handle = connection.into_handle();
        let _ = handle.rollback();
        if handle.disconnect().is_err() {
            // It is in a state that it cannot be freed in; some bytes are kept rather than used after they are freed.
            std::mem::forget(handle);
        }
    }
}
