//! A server of the SQL Passthrough API that sends answers made beforehand; the bare client is reqwest with serde_json.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilaster::passthrough::Pool;
use pilaster::passthrough::upstream::{Account, AccountOptions, Options as Source, Upstream};
use pilaster::relation::Dialect;
use pilaster::secret::Secret;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use super::{ALL, Contest, Options, limits, ours};

const PAGE: &str = "SELECT TOP (20) ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID > @p1 ORDER BY ID";
const ONE: &str =
    "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID = @p1";
const SITE: &str = "0f0f0f0f-0000-4000-8000-000000000001";
const KEY: &str = "a-key";

/// A query object with so many rows.
fn answer(rows: u32) -> String {
    let rows_of = |number: u32| {
        json!({
            "ID": number, "SURNAME": format!("Surname {number}"), "FIRSTNAME": format!("Firstname {}", number % 100),
            "DOB": "1980-01-05T00:00:00.000", "SEX": number % 3, "CITY": format!("{:<40}", format!("City {}", number % 50)),
            "POSTCODE": format!("{:04}", number % 9_999), "UPDATED": "2020-01-05T09:30:00.000",
        })
    };
    let data = Value::Array((0..rows).map(rows_of).collect()).to_string();
    let result = json!({"rows": rows, "size": data.len(), "data": STANDARD.encode(data)});
    json!({
        "id": "q", "siteId": SITE, "mode": "immediate", "status": "successful",
        "metrics": {"sqlExecutionDuration": 12.5}, "result": result,
    })
    .to_string()
}

/// Answers the requests of a connection, until it is closed.
fn serve(socket: TcpStream, answers: &[(&str, String)]) -> Option<()> {
    let mut stream = BufReader::new(socket);
    loop {
        let (mut length, mut line, mut is_query) = (0, String::new(), None);
        while line != "\r\n" {
            line.clear();
            let read = stream.read_line(&mut line).ok()?;
            if read == 0 {
                return None;
            }
            is_query.get_or_insert_with(|| line.starts_with("POST "));
            let header = line.to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        let site =
            json!({"id": SITE, "availability": "online", "status": "active", "catalogue": []});
        let site = site.to_string();
        let text = match is_query {
            Some(true) => {
                let asked: Value = serde_json::from_slice(&body).ok()?;
                let text = asked["command"]["text"].as_str()?;
                &answers.iter().find(|(of, _)| *of == text)?.1
            }
            _ => &site,
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", text.len());
        let whole = [head.as_bytes(), text.as_bytes()].concat();
        stream.get_mut().write_all(&whole).ok()?;
    }
}

/// What an integrator writes: a query, its answer, the rows of it.
async fn ask(client: &reqwest::Client, url: &str, text: &str, key: Option<i64>) -> usize {
    let parameters: Vec<Value> = key
        .map(|key| json!({"name": "p1", "type": "Int", "value": key.to_string()}))
        .into_iter()
        .collect();
    let asked = json!({
        "maxTimeInQueue": 30_000,
        "command": {"type": "query", "text": text, "parameters": parameters},
    });
    let request = client.post(url).header("ocp-apim-subscription-key", KEY);
    let response = request.json(&asked).send().await.expect("an answer");
    let query: Value = response.json().await.expect("JSON");
    let data = query["result"]["data"].as_str().expect("data");
    let data = STANDARD.decode(data).expect("base64");
    let rows: Vec<Map<String, Value>> = serde_json::from_slice(&data).expect("rows");
    rows.len()
}

pub fn measure(runtime: &Runtime, options: &Options) {
    let rows = options.rows;
    let answers = Arc::new([(ALL, answer(rows)), (PAGE, answer(20)), (ONE, answer(1))]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let (socket, answers) = (socket.expect("a caller"), Arc::clone(&answers));
            socket.set_nodelay(true).expect("no delay");
            std::thread::spawn(move || serve(socket, &*answers));
        }
    });
    let account = Account::new(&AccountOptions {
        base_url: url.clone(),
        key: Secret::new(KEY),
        ca_file: None,
        rate: None,
        connect: Duration::from_secs(2),
    });
    let source = Source {
        account: account.expect("an account"),
        site_id: SITE.to_owned(),
        dialect: Dialect::Mssql,
        catalogues: Vec::new(),
        databases: Vec::new(),
        max_time_in_queue: Duration::from_secs(30),
    };
    let driver =
        Upstream::new(source, &limits(options), runtime.handle().clone()).expect("a driver");
    let pool = Arc::new(Pool::new(Arc::new(driver), limits(options)));
    let queries = format!("{url}/integrator/sites/{SITE}/queries/immediate");
    let queries = &queries;
    let contest = |name, text: &'static str, has_value: bool| Contest {
        name,
        ours: ours(runtime, &pool, text, has_value, rows),
        theirs: Box::new(move || {
            let client = reqwest::Client::new();
            Box::new(move |number| {
                let key = has_value.then(|| super::row(number, rows));
                runtime.block_on(ask(&client, queries, text, key))
            })
        }),
    };
    crate::measure(
        options,
        vec![
            contest("Passthrough, all rows of 8 columns", ALL, false),
            contest("Passthrough, a page of 20 rows", PAGE, true),
            contest("Passthrough, one row by its key", ONE, true),
        ],
    );
}
