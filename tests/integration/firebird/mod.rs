//! The Firebird driver against a private server.

mod bounds;
mod calls;
mod cases;
mod demo;
mod logins;
mod outage;
mod proposed;
mod refusals;
pub mod server;
mod values;
mod verified;

use std::sync::Arc;

use pilaster::passthrough::{CellRef, Limits, PassthroughError, Pool, Rows};
use pilaster::relation::{SqlType, Value};
use pilaster::sql::Statement;

use self::server::Database;

/// Runs as long as it is let.
const ENDLESS: &str = "SELECT COUNT(*) FROM RDB$FIELDS a, RDB$FIELDS b, RDB$FIELDS c, RDB$FIELDS d, RDB$FIELDS e WHERE a.RDB$FIELD_NAME <> b.RDB$FIELD_NAME AND c.RDB$FIELD_NAME || d.RDB$FIELD_NAME <> e.RDB$FIELD_NAME";

fn pool(database: &Database<'_>, limits: Limits) -> Arc<Pool> {
    Arc::new(Pool::new(Arc::new(database.driver(&limits)), limits))
}

async fn ask(
    pool: &Arc<Pool>,
    text: &str,
    values: Vec<(SqlType, Value)>,
) -> Result<Rows, PassthroughError> {
    let (types, values): (Vec<_>, Vec<_>) = values.into_iter().unzip();
    let statement = Statement::numbered(text, &types);
    pool.run(move |session| session.execute(&statement, &values))
        .await
}

/// The cells of the first row, for people.
fn shown(rows: &Rows) -> Vec<String> {
    (0..rows.width())
        .map(|column| show(rows.cell(0, column)))
        .collect()
}

fn show(cell: CellRef<'_>) -> String {
    match cell {
        CellRef::Null => "null".to_owned(),
        CellRef::Int(number) => format!("int {number}"),
        CellRef::Real(number) => format!("real {number:?}"),
        CellRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => format!("text {text:?}"),
            Err(_) => format!("text {bytes:x?}"),
        },
        CellRef::Bytes(bytes) => format!("bytes {bytes:x?}"),
    }
}
