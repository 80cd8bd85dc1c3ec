//! Commands of a caller's own, in the caller's own SQL: what they are, and what comes of them.
//!
//! Beside [`super::Connection`], whose statements are the program's and only read, stands [`Line`]: a connection on which
//! statements run that the program did not write, as the caller's own login may, changes included. A line belongs to one
//! caller; what one leaves in a session is never met by another.
//!
//! | file | what it does |
//! |---|---|
//! | `bind` | parameters, from text to values of their types |
//! | `lexer`, `names` | a text's tokens; named parameters as markers, for engines that know no names |
//! | `procedure` | a procedure's name, read before it stands in a statement |
//! | `value`, `json` | cells as the API writes them; rows as JSON, in parts |
//! | `lent` | a sink that comes back from whoever fills it |
//! | `told` | an engine's message, without what a row could hold |

pub mod bind;
pub mod json;
mod lent;
pub mod lexer;
pub mod names;
pub mod procedure;
pub mod told;
pub mod value;

pub use lent::{Lent, lend};

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::{PassthroughError, RowSink, Watch};

/// What of the statement's doings is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ExecutionMode {
    /// The rows of its first result.
    #[default]
    Reader,
    /// How many rows it changed.
    NonQuery,
    /// The first column of the first row.
    Scalar,
}

/// What the text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CommandType {
    /// A statement, or several.
    #[default]
    Text,
    /// A procedure's name.
    StoredProcedure,
}

/// Which way a parameter's value goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    #[default]
    Input,
    Output,
    InputOutput,
    ReturnValue,
}

macro_rules! parameter_types {
    ($($name:ident)*) => {
        /// The types of parameters that the API has; SQL Server's. Which of them a driver carries is the driver's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        pub enum ParameterType { $($name),* }

        impl ParameterType {
            pub const ALL: &[ParameterType] = &[$(ParameterType::$name),*];

            /// As the API writes it.
            pub fn name(self) -> &'static str {
                match self { $(ParameterType::$name => stringify!($name)),* }
            }
        }
    };
}

parameter_types! {
    BigInt Binary Bit Char String Date DateTime DateTime2 DateTimeOffset Decimal Float Image Int Money NChar NText NVarChar
    Real SmallDateTime SmallInt SmallMoney Structured Text Time Timestamp TinyInt Udt UniqueIdentifier VarBinary VarChar
    Variant Xml
}

/// A parameter of a command.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Parameter {
    /// With its `@`, or without.
    pub name: String,
    pub direction: Direction,
    #[serde(rename = "type")]
    pub ty: ParameterType,
    /// As text; bytes as base64.
    pub value: Option<String>,
    /// Characters or bytes of a type that has a length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
}

/// A command of a caller's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub text: Arc<str>,
    pub mode: ExecutionMode,
    pub kind: CommandType,
    pub parameters: Vec<Parameter>,
    /// The database among the site's; None for its default one.
    pub catalogue: Option<Arc<str>>,
}

/// Shown without what the caller wrote.
impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("bytes", &self.text.len())
            .field("mode", &self.mode)
            .field("kind", &self.kind)
            .field("parameters", &self.parameters.len())
            .finish_non_exhaustive()
    }
}

/// Shown without its value.
impl std::fmt::Debug for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parameter")
            .field("direction", &self.direction)
            .field("type", &self.ty)
            .finish_non_exhaustive()
    }
}

/// What a statement came to, beside its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Called {
    /// As the engine counts them; None where it does not say.
    pub rows_affected: Option<i64>,
    /// The parameters that go back, with their values.
    pub parameters: Vec<Parameter>,
    /// How long the database took, from the statement's being sent to its last row.
    pub took: Duration,
}

/// Why a command came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// The command cannot be given to this database: a parameter whose type the driver does not carry or whose value is
    /// none of its type, an unknown catalogue. Nothing was sent. Names the parameter by its number and type, and says what
    /// to do; never its value.
    #[error("{0}")]
    Command(String),
    /// The engine refused the statement, or failed in it. The text is for the caller alone: it repeats what the caller's
    /// statement names, and no value of a row.
    #[error("the practice database refused the statement (code {code})")]
    Engine { code: i64, message: String },
    /// The rows, or the outputs, are more than may be.
    #[error("the result is larger than it may be")]
    TooLarge,
    /// Whoever asked does not want it any more; it was not run.
    #[error("the command was withdrawn before it began")]
    Withdrawn,
    /// The database was not reached, the time is up, the connection was cut, and the like.
    #[error(transparent)]
    Passthrough(#[from] PassthroughError),
}

/// A connection on which a caller's own statements run. One at a time.
pub trait Line: Send {
    /// Whether the engine vouches that the statement changes nothing. Asks without running it; false where it could not be
    /// found out, for the watch's end or any other reason.
    fn only_reads(&mut self, _call: &Call, _watch: &Arc<Watch>) -> bool {
        false
    }

    /// Runs a command and gives its rows. In the mode [`ExecutionMode::NonQuery`] the sink is not begun; in
    /// [`ExecutionMode::Scalar`] it gets one row of one column, or none.
    ///
    /// # Errors
    /// [`CallError`]. After [`PassthroughError::Lost`] the line is not used again.
    fn call(
        &mut self,
        call: &Call,
        watch: &Arc<Watch>,
        rows: &mut dyn RowSink,
    ) -> Result<Called, CallError>;

    /// Whether the server still answers, by the cheapest question there is: asked of a line that was kept for a while.
    fn answers(&mut self) -> bool {
        true
    }

    /// Ends what the caller left open, such as a transaction, which is rolled back. Whether the line can be used again.
    fn reset(&mut self) -> bool;
}
