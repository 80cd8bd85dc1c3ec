//! A receiver of webhooks that is not always well: it notes every message, and of some it fails the first attempt.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

/// Longer than any sender waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of a query.
#[derive(Debug, Clone, Default)]
pub struct Told {
    pub ids: BTreeSet<Uuid>,
    /// Messages in all.
    pub messages: usize,
    /// At least one of them was answered with 204.
    pub is_accepted: bool,
}

#[derive(Default)]
struct Noted {
    by_query: BTreeMap<Uuid, Told>,
    /// Messages whose one failure was had.
    failed: BTreeSet<Uuid>,
}

pub struct Receiver {
    pub address: SocketAddr,
    noted: Arc<Mutex<Noted>>,
}

impl Receiver {
    /// Listens on a free port until the process ends.
    pub fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let noted = Arc::<Mutex<Noted>>::default();
        let shared = Arc::clone(&noted);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let noted = Arc::clone(&shared);
                // A sender that was killed leaves half a request.
                std::thread::spawn(move || take(&stream, &noted).unwrap_or_default());
            }
        });
        Receiver { address, noted }
    }

    /// What came, by query.
    pub fn told(&self) -> BTreeMap<Uuid, Told> {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.by_query.clone()
    }
}

enum Manner {
    Well,
    Error,
    Cut,
}

/// Takes one message; None where it was not whole.
fn take(stream: &TcpStream, noted: &Mutex<Noted>) -> Option<()> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let message = message(stream)?;
    let id = |name: &str| message[name].as_str()?.parse::<Uuid>().ok();
    let (id, query) = (id("id")?, id("queryId")?);
    let manner = {
        let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
        let manner = match id.as_bytes()[15] % 16 {
            0 if noted.failed.insert(id) => Manner::Error,
            1 if noted.failed.insert(id) => Manner::Cut,
            _ => Manner::Well,
        };
        let told = noted.by_query.entry(query).or_default();
        told.ids.insert(id);
        told.messages += 1;
        told.is_accepted |= matches!(manner, Manner::Well);
        manner
    };
    let status = match manner {
        Manner::Well => "204 No Content",
        Manner::Error => "500 Internal Server Error",
        Manner::Cut => return Some(()),
    };
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let mut stream = stream;
    stream.write_all(answer.as_bytes()).ok()
}

/// The body of a request, where all of it came.
fn message(stream: &TcpStream) -> Option<Value> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?;
            }
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            // The line of the request.
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
