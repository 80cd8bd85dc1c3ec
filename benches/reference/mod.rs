//! The reference: what a careful engineer writes by hand for two requests on one practice database.
//!
//! axum + rusqlite, the same statements as Pilaster's, a pool of as many connections, JSON written field
//! by field into one buffer. No mapping, no parser, no planner, no access log, no limits: whatever those
//! cost shows in the ratio.

mod patient;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path as UrlPath, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::serve::ListenerExt;
use rusqlite::{Connection, OpenFlags};

pub use patient::COLUMNS;
use patient::{join, patient};

/// The statements, as Pilaster writes them for the same requests.
#[derive(Clone)]
pub struct Statements {
    pub search: Arc<str>,
    pub read: Arc<str>,
    /// The e-mails of a page of 32 patients (a list of a length that repeats), and of one.
    pub emails_of_page: Arc<str>,
    pub emails_of_one: Arc<str>,
}

struct Practice {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: tokio::sync::Semaphore,
    statements: Statements,
}

/// Serves the reference on a listener of its own until the runtime ends.
pub async fn serve(listener: tokio::net::TcpListener, database: &Path, statements: Statements) {
    let practice = Arc::new(Practice {
        path: database.to_owned(),
        idle: Mutex::new(Vec::new()),
        permits: tokio::sync::Semaphore::new(4),
        statements,
    });
    let app = Router::new()
        .route("/fhir/Patient", get(search))
        .route("/fhir/Patient/{id}", get(read))
        .with_state(practice);
    // As Pilaster does: an answer's last bytes do not wait for the client to acknowledge the first.
    let listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).expect("no delay");
    });
    axum::serve(listener, app)
        .await
        .expect("the reference serves");
}

impl Practice {
    fn open(&self) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&self.path, flags).expect("the practice opens");
        connection
            .pragma_update(None, "cache_size", -6_000)
            .expect("a pragma");
        connection
            .pragma_update(None, "automatic_index", false)
            .expect("a pragma");
        connection
            .set_db_config(
                rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG,
                true,
            )
            .expect("a setting");
        connection.set_prepared_statement_cache_capacity(128);
        pilaster::collation::register(&connection).expect("collations");
        connection
    }

    async fn with<T: Send + 'static>(
        self: Arc<Self>,
        work: impl FnOnce(&Connection, &Statements) -> T + Send + 'static,
    ) -> T {
        let practice = Arc::clone(&self);
        let _permit = self.permits.acquire().await.expect("open");
        tokio::task::spawn_blocking(move || {
            let idle = practice.idle.lock().expect("sound").pop();
            let connection = idle.unwrap_or_else(|| practice.open());
            let done = work(&connection, &practice.statements);
            practice.idle.lock().expect("sound").push(connection);
            done
        })
        .await
        .expect("the work ends")
    }
}

const JSON: [(axum::http::HeaderName, &str); 1] =
    [(CONTENT_TYPE, "application/fhir+json; charset=utf-8")];

async fn search(
    State(practice): State<Arc<Practice>>,
    RawQuery(query): RawQuery,
) -> impl IntoResponse {
    let query = query.unwrap_or_default();
    let (mut family, mut born) = (String::new(), String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "family" => family = value.to_lowercase(),
            "birthdate" => born = value.trim_start_matches("gt").to_owned(),
            _ => {}
        }
    }
    let body = practice
        .with(move |connection, statements| page(connection, statements, &family, &born, &query))
        .await;
    (JSON, body)
}

async fn read(
    State(practice): State<Arc<Practice>>,
    UrlPath(id): UrlPath<i64>,
) -> impl IntoResponse {
    let body = practice
        .with(move |connection, statements| one(connection, statements, id))
        .await;
    (JSON, body)
}

fn page(
    connection: &Connection,
    statements: &Statements,
    family: &str,
    born: &str,
    query: &str,
) -> Vec<u8> {
    let mut high = family.to_owned();
    // Enough for the families that are asked for here: the last letter is never z.
    let last = high.pop().expect("not empty");
    high.push(char::from(last as u8 + 1));
    let day = format!("{:04}-01-01", born.parse::<i32>().expect("a year") + 1);
    let mut prepared = connection
        .prepare_cached(&statements.search)
        .expect("prepares");
    let mut rows = prepared
        .query(rusqlite::params![
            family,
            high,
            format!("{family}%"),
            day,
            21
        ])
        .expect("runs");
    let mut ids = Vec::with_capacity(32);
    let mut patients: Vec<(Vec<u8>, Vec<u8>)> = Vec::with_capacity(20);
    let mut total = 0i64;
    let mut more = false;
    while let Some(row) = rows.next().expect("steps") {
        if patients.len() == 20 {
            more = true;
            break;
        }
        total = row.get(row.as_ref().column_count() - 1).expect("a number");
        ids.push(row.get::<_, i64>(0).expect("an id"));
        patients.push(patient(row));
    }
    drop(rows);
    let mut out = Vec::with_capacity(16 * 1024);
    out.extend_from_slice(b"{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":");
    out.extend_from_slice(total.to_string().as_bytes());
    out.extend_from_slice(
        b",\"link\":[{\"relation\":\"self\",\"url\":\"http://127.0.0.1/fhir/Patient?",
    );
    out.extend_from_slice(query.as_bytes());
    out.extend_from_slice(b"\"}");
    if more {
        out.extend_from_slice(
            b",{\"relation\":\"next\",\"url\":\"http://127.0.0.1/fhir/Patient?after=",
        );
        out.extend_from_slice(ids[ids.len() - 1].to_string().as_bytes());
        out.extend_from_slice(b"\"}");
    }
    out.push(b']');
    let mut emails: Vec<(i64, String)> = Vec::new();
    if let Some(&last) = ids.last() {
        let mut list = ids.clone();
        list.resize(32, last);
        let mut prepared = connection
            .prepare_cached(&statements.emails_of_page)
            .expect("prepares");
        let used = prepared.parameter_count();
        let mut rows = prepared
            .query(rusqlite::params_from_iter(list.iter().take(used)))
            .expect("runs");
        while let Some(row) = rows.next().expect("steps") {
            emails.push((row.get(0).expect("an id"), row.get(1).expect("text")));
        }
    }
    for (index, (id, (head, tail))) in ids.iter().zip(&patients).enumerate() {
        out.extend_from_slice(if index == 0 { b",\"entry\":[" } else { b"," });
        out.extend_from_slice(b"{\"fullUrl\":\"http://127.0.0.1/fhir/Patient/");
        out.extend_from_slice(id.to_string().as_bytes());
        out.extend_from_slice(b"\",\"resource\":");
        join(
            &mut out,
            head,
            tail,
            emails
                .iter()
                .filter(|(of, _)| of == id)
                .map(|(_, email)| email.as_str()),
        );
        out.extend_from_slice(b",\"search\":{\"mode\":\"match\"}}");
    }
    if !ids.is_empty() {
        out.push(b']');
    }
    out.push(b'}');
    out
}

fn one(connection: &Connection, statements: &Statements, id: i64) -> Vec<u8> {
    let mut prepared = connection
        .prepare_cached(&statements.read)
        .expect("prepares");
    let (head, tail) = prepared
        .query_row([id], |row| Ok(patient(row)))
        .expect("a patient");
    let mut prepared = connection
        .prepare_cached(&statements.emails_of_one)
        .expect("prepares");
    let emails: Vec<String> = prepared
        .query_map([id], |row| row.get(1))
        .expect("runs")
        .collect::<Result<_, _>>()
        .expect("text");
    let mut out = Vec::with_capacity(2048);
    join(&mut out, &head, &tail, emails.iter().map(String::as_str));
    out
}
