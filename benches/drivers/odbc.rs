//! A private PostgreSQL behind psqlODBC; the bare client is odbc-api.

#[path = "../../tests/integration/odbc/postgres.rs"]
#[allow(dead_code)]
mod postgres;

use std::sync::Arc;

use odbc_api::buffers::TextRowSet;
use odbc_api::{ConnectionOptions, Cursor as _, Environment, IntoParameter as _};
use pilaster::passthrough::Pool;
use pilaster::passthrough::odbc::{Odbc, Options as Source};
use tokio::runtime::Runtime;

use super::{ALL, Contest, ONE, Options, PAGE, limits, ours, row};

pub fn measure(runtime: &Runtime, options: &Options) {
    let rows = options.rows;
    let server = &*postgres::POSTGRES;
    server.run(
        "practice",
        &format!(
            "CREATE TABLE PATIENTS (ID int PRIMARY KEY, SURNAME varchar(40), FIRSTNAME varchar(40), DOB date, SEX smallint,
               CITY char(40), POSTCODE char(4), UPDATED timestamp(3));
             INSERT INTO PATIENTS SELECT i, 'Surname ' || i, 'Firstname ' || i % 100, date '2020-01-01' - i, i % 3,
               'City ' || i % 50, lpad((i % 9999)::text, 4, '0'), timestamp '2020-01-01' + i * interval '1 minute'
             FROM generate_series(0, {rows} - 1) AS n(i); ANALYZE PATIENTS"
        ),
    );
    let connection = format!(
        "Driver={{PostgreSQL Unicode}};Server=127.0.0.1;Port={}",
        server.port
    );
    let source = Source {
        dialect: pilaster::relation::Dialect::Sqlite,
        connection: connection.clone(),
        user: Some(postgres::USER.to_owned()),
        password: Some(pilaster::secret::Secret::new(postgres::PASSWORD)),
        databases: vec![(Arc::from("practice"), "Database=practice".to_owned())],
        setup: Vec::new(),
    };
    let driver = Odbc::new(source, &limits(options), runtime.handle().clone());
    let pool = Arc::new(Pool::new(Arc::new(driver), limits(options)));
    let environment: &'static Environment = Box::leak(Box::new(Environment::new().expect("ODBC")));
    let whole = format!(
        "{connection};Database=practice;UID={};PWD={{{}}}",
        postgres::USER,
        postgres::PASSWORD.replace('}', "}}")
    );
    let whole = &whole;
    let contest = |name, text: &'static str, has_value: bool| {
        Contest {
            name,
            ours: ours(runtime, &pool, text, has_value, rows),
            // In blocks of text, which is how it is read fastest without knowing the columns.
            theirs: Box::new(move || {
                let bare = environment
                    .connect_with_connection_string(whole, ConnectionOptions::default())
                    .expect("a connection");
                let mut prepared = bare.into_prepared(text).expect("a statement");
                Box::new(move |number| {
                    let cursor = match has_value {
                        true => prepared.execute(&row(number, rows).into_parameter()),
                        false => prepared.execute(()),
                    };
                    let mut cursor = cursor.expect("rows").expect("rows");
                    let mut buffer =
                        TextRowSet::for_cursor(256, &mut cursor, Some(4096)).expect("a buffer");
                    let mut blocks = cursor.bind_buffer(&mut buffer).expect("bound");
                    let mut found = 0;
                    while let Some(block) = blocks.fetch().expect("rows") {
                        found += block.num_rows();
                    }
                    found
                })
            }),
        }
    };
    crate::measure(
        options,
        vec![
            contest("ODBC (PostgreSQL), all rows of 8 columns", ALL, false),
            contest("ODBC (PostgreSQL), a page of 20 rows", PAGE, true),
            contest("ODBC (PostgreSQL), one row by its key", ONE, true),
        ],
    );
}
