//! A stand-in for an integrator's server: it keeps the webhook messages that are sent to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::until;

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Message {
    /// `/acme/…`
    pub path: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The server, on a port of its own, for as long as the process runs.
pub struct Receiver {
    port: u16,
    came: Arc<Mutex<Vec<Message>>>,
}

impl Receiver {
    pub fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let came = Arc::<Mutex<Vec<Message>>>::default();
        let keep = Arc::downgrade(&came);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Some(came) = keep.upgrade() else { return };
                // A connection that is closed without a request brings none.
                if let Some(message) = stream.ok().and_then(receive) {
                    came.lock().expect("no test fails with it").push(message);
                }
            }
        });
        Receiver { port, came }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// What has come so far.
    pub fn all(&self) -> Vec<Message> {
        self.came.lock().expect("no test fails with it").clone()
    }

    /// The message about a query, once it has come.
    #[track_caller]
    pub fn about(&self, query: &str) -> Message {
        until(|| {
            let all = self.all();
            all.into_iter().find(|it| it.json()["queryId"] == query)
        })
    }
}

impl Message {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(of, _)| of == name);
        found.map_or("", |(_, value)| value)
    }
}

/// One request of a connection, which is answered with 204.
fn receive(stream: TcpStream) -> Option<Message> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length?.1.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    reader.get_mut().write_all(answer).ok()?;
    Some(Message {
        path,
        headers,
        body,
    })
}
