//! An SQL Passthrough API of the tests: one site, whose practice is a SQLite database.
//!
//! It is written on sockets, for what it is asked to get wrong is below HTTP: answers that break off, connections
//! that are cut, callers that go away.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::{Value as Sql, ValueRef};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::practice::writable;

pub const KEY: &str = "key-at-the-upstream";
pub const SITE: &str = "0f0f0f0f-0000-4000-8000-000000000001";
pub const KEY_HEADER: &str = "ocp-apim-subscription-key";

/// What becomes of a query.
#[derive(Clone)]
pub enum Mode {
    /// It is run.
    Run,
    /// It is run, and the answer is altered.
    Alter(fn(&mut Value)),
    /// It is run, and the row data are altered.
    Rows(fn(String) -> String),
    /// It is answered so: status, headers, body.
    Say(u16, String, String),
    /// The answer breaks off in its middle.
    BreakOff,
    /// The connection is cut before there is an answer.
    Cut,
    /// The answer comes after so long, unless the caller goes away.
    Slow(Duration),
    /// The answer has no end, and does not say how long it is.
    Endless,
}

struct State {
    catalogues: HashMap<String, PathBuf>,
    mode: Mutex<Mode>,
    site: Mutex<(u16, Value)>,
    /// Each query's moment and body.
    queries: Mutex<Vec<(Instant, Value)>>,
    /// The `traceparent` of each request.
    traces: Mutex<Vec<Option<String>>>,
    /// Queries in any such time.
    rate: Option<(usize, Duration)>,
    looks: AtomicU32,
    gone: AtomicU32,
    written: AtomicUsize,
    over: AtomicBool,
}

pub struct Api {
    pub url: String,
    state: Arc<State>,
}

impl Drop for Api {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
        // It waits for a connection.
        let address = self.url.rsplit('/').next().unwrap();
        let _ = TcpStream::connect(address.replace("localhost", "127.0.0.1"));
    }
}

/// A stream that may be wrapped in TLS.
trait Stream: Read + Write {
    fn socket(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Stream for StreamOwned<ServerConnection, TcpStream> {
    fn socket(&self) -> &TcpStream {
        &self.sock
    }
}

impl Api {
    pub fn new(path: &Path) -> Api {
        Api::start(path, None, None)
    }

    /// Refuses queries beyond so many in any such time.
    pub fn limited(path: &Path, most: usize, within: Duration) -> Api {
        Api::start(path, Some((most, within)), None)
    }

    pub fn over_tls(path: &Path, config: ServerConfig) -> Api {
        Api::start(path, None, Some(Arc::new(config)))
    }

    fn start(path: &Path, rate: Option<(usize, Duration)>, tls: Option<Arc<ServerConfig>>) -> Api {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let other = path.with_extension("other");
        let catalogues = [("Patients", path.to_owned()), ("Other", other)];
        let state = Arc::new(State {
            catalogues: catalogues
                .map(|(name, path)| (name.to_owned(), path))
                .into(),
            mode: Mutex::new(Mode::Run),
            site: Mutex::new((200, site())),
            queries: Mutex::default(),
            traces: Mutex::default(),
            rate,
            looks: AtomicU32::new(0),
            gone: AtomicU32::new(0),
            written: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let url = match tls {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        let serving = Arc::clone(&state);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                if serving.over.load(Ordering::SeqCst) {
                    return;
                }
                let (socket, state, tls) = (socket.unwrap(), Arc::clone(&serving), tls.clone());
                std::thread::spawn(move || match tls {
                    None => serve(socket, &state),
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        serve(StreamOwned::new(connection, socket), &state);
                    }
                });
            }
        });
        Api { url, state }
    }

    pub fn set(&self, mode: Mode) {
        *self.state.mode.lock().unwrap() = mode;
    }

    /// How the site is described from here on.
    pub fn describe(&self, status: u16, alter: impl FnOnce(&mut Value)) {
        let mut site = site();
        alter(&mut site);
        *self.state.site.lock().unwrap() = (status, site);
    }

    /// Each query's moment and body so far.
    pub fn queries(&self) -> Vec<(Instant, Value)> {
        self.state.queries.lock().unwrap().clone()
    }

    /// The `traceparent` of each request so far.
    pub fn traces(&self) -> Vec<Option<String>> {
        self.state.traces.lock().unwrap().clone()
    }

    /// How often the site was looked at.
    pub fn looks(&self) -> u32 {
        self.state.looks.load(Ordering::SeqCst)
    }

    /// Callers that went away before they had an answer.
    pub fn gone(&self) -> u32 {
        self.state.gone.load(Ordering::SeqCst)
    }

    /// Bytes of an answer without an end that were taken.
    pub fn written(&self) -> usize {
        self.state.written.load(Ordering::SeqCst)
    }
}

fn site() -> Value {
    json!({
        "id": SITE, "pmsType": "BestPractice", "availability": "online", "status": "active",
        "catalogue": [{"name": "Patients", "isDefault": true}, {"name": "Other", "isDefault": false}],
        "authoritative": true,
    })
}

/// The requests of one connection.
fn serve(stream: impl Stream, state: &State) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = Request::read(&mut stream) {
        if answer(&request, stream.get_mut(), state).is_none() {
            return;
        }
    }
}

struct Request {
    line: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &mut impl BufRead) -> Option<Request> {
        let mut read = || {
            let mut line = String::new();
            stream
                .read_line(&mut line)
                .ok()
                .filter(|length| *length > 0)?;
            Some(line.trim_end().to_owned())
        };
        let line = read()?;
        let mut headers = HashMap::new();
        while let Some((name, value)) = read()?.split_once(": ") {
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let length = headers
            .get("content-length")
            .map_or(0, |it| it.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        Some(Request {
            line,
            headers,
            body,
        })
    }
}

/// Answers a request; None where the connection is over.
fn answer(request: &Request, stream: &mut impl Stream, state: &State) -> Option<()> {
    let say = |stream: &mut dyn Write, status: u16, more: &str, body: &[u8]| {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\n{more}\r\n");
        // At once: in two parts, the second would wait for the caller to acknowledge the first.
        stream.write_all(&[head.as_bytes(), body].concat()).ok()
    };
    let refuse = |stream: &mut dyn Write, status: u16, more: &str| {
        let error =
            json!({"error": {"status": status, "statusText": "Status", "message": "Smith"}});
        say(stream, status, more, error.to_string().as_bytes())
    };
    if request.headers.get(KEY_HEADER).map(String::as_str) != Some(KEY) {
        return refuse(stream, 401, "");
    }
    let trace = request.headers.get("traceparent").cloned();
    state.traces.lock().unwrap().push(trace);
    let path = format!("/integrator/sites/{SITE}");
    let line = request.line.strip_suffix(" HTTP/1.1").unwrap();
    if line == format!("GET {path}") {
        state.looks.fetch_add(1, Ordering::SeqCst);
        let (status, site) = state.site.lock().unwrap().clone();
        return say(stream, status, "", site.to_string().as_bytes());
    }
    if line != format!("POST {path}/queries/immediate") {
        return refuse(stream, 404, "");
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    if let Some(limited) = take_place(state, &body) {
        return refuse(stream, 429, &format!("retry-after: {limited}\r\n"));
    }
    let mode = state.mode.lock().unwrap().clone();
    let (status, mut done) = run(&body, state, &mode);
    match mode {
        Mode::Run | Mode::Rows(_) => {}
        Mode::Alter(alter) => alter(&mut done),
        Mode::Say(status, headers, body) => return say(stream, status, &headers, body.as_bytes()),
        Mode::Cut => return None,
        Mode::BreakOff => {
            let whole = done.to_string();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", whole.len());
            let half = &whole.as_bytes()[..whole.len() / 2];
            stream.write_all(&[head.as_bytes(), half].concat()).ok()?;
            return None;
        }
        Mode::Slow(pause) => {
            let until = Instant::now() + pause;
            stream
                .socket()
                .set_read_timeout(Some(Duration::from_millis(10)))
                .unwrap();
            while Instant::now() < until {
                if let Ok(0) = stream.socket().peek(&mut [0]) {
                    state.gone.fetch_add(1, Ordering::SeqCst);
                    return None;
                }
            }
            stream.socket().set_read_timeout(None).unwrap();
        }
        Mode::Endless => {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).ok()?;
            let chunk = [b"10000\r\n", &[b' '; 0x10000][..], b"\r\n"].concat();
            loop {
                stream.write_all(&chunk).ok()?;
                state.written.fetch_add(0x10000, Ordering::SeqCst);
            }
        }
    }
    say(stream, status, "", done.to_string().as_bytes())
}

/// Counts a query; else the seconds after which there is a place.
fn take_place(state: &State, body: &Value) -> Option<u32> {
    let now = Instant::now();
    let mut queries = state.queries.lock().unwrap();
    if let Some((most, within)) = state.rate {
        let counted = queries.iter().filter(|(at, _)| now - *at < within).count();
        if counted >= most {
            return Some(1);
        }
    }
    queries.push((now, body.clone()));
    None
}

/// Runs a query in the practice: the status and the query object.
fn run(body: &Value, state: &State, mode: &Mode) -> (u16, Value) {
    let name = body["catalogue"].as_str().unwrap_or("Patients");
    let failed = |code: i32| {
        let details =
            json!({"errorType": "mssql", "errorCode": code, "errorMessage": "near 'Smith'"});
        (
            400,
            json!({"status": "executionFailed", "errorDetails": details}),
        )
    };
    let connection = writable(&state.catalogues[name]);
    let Ok(mut statement) = connection.prepare(body["command"]["text"].as_str().unwrap()) else {
        return failed(208);
    };
    let given = body["command"]["parameters"].as_array().unwrap();
    for (place, parameter) in given.iter().enumerate().take(statement.parameter_count()) {
        statement
            .raw_bind_parameter(place + 1, bound(parameter))
            .unwrap();
    }
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let (mut data, mut count) = (String::from("["), 0);
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().unwrap() {
        let comma = if count == 0 { "" } else { "," };
        let values = names.iter().enumerate().map(|(column, name)| {
            let value = match row.get_ref(column).unwrap() {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => number.into(),
                ValueRef::Real(number) => number.into(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
                ValueRef::Blob(bytes) => STANDARD.encode(bytes).into(),
            };
            format!("{}:{value}", Value::from(name.as_str()))
        });
        let values: Vec<String> = values.collect();
        data.push_str(&format!("{comma}{{{}}}", values.join(",")));
        count += 1;
    }
    data.push(']');
    if let Mode::Rows(alter) = mode {
        data = alter(data);
    }
    let result = json!({"rows": count, "size": data.len(), "data": STANDARD.encode(data)});
    let query = json!({
        "id": "q", "siteId": SITE, "mode": "immediate", "status": "successful",
        "metrics": {"sqlExecutionDuration": 12.5}, "result": result,
    });
    (200, query)
}

/// A parameter as the SQLite driver binds it.
fn bound(parameter: &Value) -> Sql {
    let Some(text) = parameter["value"].as_str() else {
        return Sql::Null;
    };
    match parameter["type"].as_str().unwrap() {
        "Bit" | "TinyInt" | "SmallInt" | "Int" | "BigInt" => text
            .parse()
            .map_or_else(|_| Sql::Text(text.to_owned()), Sql::Integer),
        "Decimal" | "Money" | "Real" | "Float" => match (text.parse(), text.parse()) {
            (Ok(number), _) => Sql::Integer(number),
            (_, Ok(number)) => Sql::Real(number),
            _ => Sql::Text(text.to_owned()),
        },
        "VarBinary" => Sql::Blob(STANDARD.decode(text).unwrap()),
        "DateTime" | "DateTime2" | "SmallDateTime" if text.contains('T') => {
            let (day, time) = text.split_once('T').unwrap();
            let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
            Sql::Text(format!("{day} {time}.{fraction:0<3}"))
        }
        _ => Sql::Text(text.to_owned()),
    }
}
