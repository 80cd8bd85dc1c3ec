//! The tests' stand-in, which sends rows that were made beforehand; the bare client is tiberius.

#[path = "../../tests/integration/mssql/stand_in/mod.rs"]
#[allow(dead_code, unused_imports)]
mod stand_in;

use std::sync::Arc;

use pilaster::passthrough::Pool;
use pilaster::passthrough::mssql::{Encryption, Login, Mssql, Options as Source};
use pilaster::secret::Secret;
use stand_in::{PASSWORD, Setup, StandIn, Step, USER, write};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

use super::{ALL, Contest, Options, limits, ours};

const PAGE: &str = "SELECT TOP (20) ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID > @p1 ORDER BY ID";
const ONE: &str =
    "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID = @p1";

/// The answer to a statement that gives so many rows.
fn answer(rows: u32) -> Vec<u8> {
    let columns = [
        ("ID", write::int()),
        ("SURNAME", write::text(0xA7, 40)),
        ("FIRSTNAME", write::text(0xA7, 40)),
        ("DOB", write::fixed(0x28)),
        ("SEX", write::sized(0x26, 2)),
        ("CITY", write::text(0xAF, 40)),
        ("POSTCODE", write::text(0xAF, 4)),
        ("UPDATED", write::sized(0x6F, 8)),
    ];
    let mut tokens = write::columns(&columns);
    for number in 0..rows {
        let padded = format!("{:<40}", format!("City {}", number % 50));
        let at = [number.to_le_bytes(), (number % 86_400 * 300).to_le_bytes()].concat();
        let cells = [
            number.to_le_bytes().to_vec(),
            write::long(format!("Surname {number}").as_bytes()),
            write::long(format!("Firstname {}", number % 100).as_bytes()),
            write::short(&(700_000 + number).to_le_bytes()[..3]),
            write::short(&(number as u16 % 3).to_le_bytes()),
            write::long(padded.as_bytes()),
            write::long(format!("{:04}", number % 9_999).as_bytes()),
            write::short(&at),
        ];
        tokens.extend(write::row(&cells.each_ref().map(Vec::as_slice)));
    }
    tokens.extend(write::done(0x10, u64::from(rows)));
    tokens
}

async fn enter(server: &StandIn) -> Client<Compat<TcpStream>> {
    let mut config = Config::new();
    config.host("localhost");
    config.database("BPSPATIENTS");
    config.authentication(AuthMethod::sql_server(USER, PASSWORD));
    config.encryption(EncryptionLevel::NotSupported);
    let tcp = TcpStream::connect(server.address).await.expect("a server");
    tcp.set_nodelay(true).expect("no delay");
    let entered = Client::connect(config, tcp.compat_write()).await;
    entered.expect("a login")
}

pub fn measure(runtime: &Runtime, options: &Options) {
    let rows = options.rows;
    let (all, page, one) = (answer(rows), answer(20), answer(1));
    let server = StandIn::start(Setup::default(), move |asked| {
        let tokens = match asked.text() {
            ALL => &all,
            PAGE => &page,
            ONE => &one,
            _ => return Vec::new(),
        };
        vec![Step::Send(tokens.clone())]
    });
    let login = Login::Sql {
        user: USER.to_owned(),
        password: Secret::new(PASSWORD),
    };
    let source = Source {
        port: Some(server.address.port()),
        encryption: Encryption::Off,
        databases: vec![(Arc::from("patients"), "BPSPATIENTS".to_owned())],
        ..Source::new("localhost", login)
    };
    let driver = Mssql::new(source, &limits(options), runtime.handle().clone()).expect("a driver");
    let pool = Arc::new(Pool::new(Arc::new(driver), limits(options)));
    let server = &server;
    let contest = |name, text: &'static str, has_value: bool| Contest {
        name,
        ours: ours(runtime, &pool, text, has_value, rows),
        theirs: Box::new(move || {
            let mut bare = runtime.block_on(enter(server));
            Box::new(move |number| {
                let key = super::row(number, rows) as i32;
                let asked = async {
                    let values: &[&dyn tiberius::ToSql] = if has_value { &[&key] } else { &[] };
                    let stream = bare.query(text, values).await?;
                    stream.into_first_result().await
                };
                runtime.block_on(asked).expect("rows").len()
            })
        }),
    };
    crate::measure(
        options,
        vec![
            contest("SQL Server (stand-in), all rows of 8 columns", ALL, false),
            contest("SQL Server (stand-in), a page of 20 rows", PAGE, true),
            contest("SQL Server (stand-in), one row by its key", ONE, true),
        ],
    );
}
