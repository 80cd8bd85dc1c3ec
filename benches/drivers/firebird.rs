//! A private server of Debian's; the bare client is rsfbclient.

#[path = "../../tests/integration/firebird/server.rs"]
#[allow(dead_code)]
mod server;

use std::sync::Arc;

use pilaster::passthrough::Pool;
use rsfbclient::{Queryable, Row, SimpleTransaction, SqlType as Bare};
use tokio::runtime::Runtime;

use super::{ALL, Contest, ONE, Options, PAGE, limits, ours, row};

pub fn measure(runtime: &Runtime, options: &Options) {
    let Some(server) = server::Server::start() else {
        return;
    };
    let rows = options.rows;
    let database = server.database(
        "UTF8",
        &format!(
            "CREATE TABLE PATIENTS (ID INTEGER NOT NULL PRIMARY KEY, SURNAME VARCHAR(40), FIRSTNAME VARCHAR(40), DOB DATE,
  SEX SMALLINT, CITY CHAR(40), POSTCODE CHAR(4), UPDATED TIMESTAMP);
SET TERM ^;
EXECUTE BLOCK AS
DECLARE N INTEGER = 0;
BEGIN
  WHILE (N < {rows}) DO BEGIN
    INSERT INTO PATIENTS VALUES (:N, 'Surname ' || :N, 'Firstname ' || MOD(:N, 100), DATEADD(-:N DAY TO DATE '2020-01-01'),
      MOD(:N, 3), 'City ' || MOD(:N, 50), LPAD(MOD(:N, 9999), 4, '0'), DATEADD(:N MINUTE TO TIMESTAMP '2020-01-01'));
    N = N + 1;
  END
END^
SET TERM ;^"
        ),
    );
    let pool = Arc::new(Pool::new(
        Arc::new(database.driver(&limits(options))),
        limits(options),
    ));
    // The bare client in the way that is fastest for it: one transaction for all, statements kept.
    let transaction = || {
        let connection = Box::leak(Box::new(database.other_client()));
        SimpleTransaction::new(
            connection,
            rsfbclient::prelude::TransactionConfiguration::default(),
        )
        .expect("a transaction")
    };
    let contest = |name, text: &'static str, has_value: bool| Contest {
        name,
        ours: ours(runtime, &pool, text, has_value, rows),
        theirs: Box::new(move || {
            let mut bare = transaction();
            Box::new(move |number| {
                let values: Vec<Bare> = has_value
                    .then(|| Bare::Integer(row(number, rows)))
                    .into_iter()
                    .collect();
                let rows: Vec<Row> = bare.query(text, values).expect("rows");
                rows.len()
            })
        }),
    };
    crate::measure(
        options,
        vec![
            contest("Firebird, all rows of 8 columns", ALL, false),
            contest("Firebird, a page of 20 rows", PAGE, true),
            contest("Firebird, one row by its key", ONE, true),
        ],
    );
}
