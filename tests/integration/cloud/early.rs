//! Who is answered before its body was read can go on with its connection, or is told that it cannot.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::{Cloud, FIRST, queries, text};
use crate::support::KEY_HEADER;

/// Between a head and its body, as a caller sends them that writes each by itself.
const BETWEEN: Duration = Duration::from_millis(5);

/// One connection, on which requests go out one after the other.
struct Line<'a> {
    stream: BufReader<TcpStream>,
    cloud: &'a Cloud,
}

/// A status, whether the connection ends with it, and what was said.
type Said = (u16, bool, String);

impl<'a> Line<'a> {
    fn to(cloud: &'a Cloud) -> Line<'a> {
        let address = cloud.root().strip_prefix("http://").expect("a root");
        let stream = TcpStream::connect(address).expect("connected");
        let time = Some(Duration::from_secs(20));
        stream.set_read_timeout(time).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        Line {
            stream: BufReader::new(stream),
            cloud,
        }
    }

    fn head(&mut self, method: &str, path: &str, headers: &str) {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        self.write(head.as_bytes()).expect("the head is sent");
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Sends a head, and its body a moment later.
    fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> Said {
        let headers = format!("{headers}Content-Length: {}\r\n", body.len());
        self.head("POST", path, &headers);
        std::thread::sleep(BETWEEN);
        self.write(body).expect("the body is sent");
        self.said()
    }

    fn said(&mut self) -> Said {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self.stream.read_line(&mut head).expect("a head");
            assert_ne!(read, 0, "the connection is dead: {head:?}");
        }
        let head = head.to_ascii_lowercase();
        let field = |name: &str| {
            let mut lines = head.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        let status = head[9..12].parse().expect("a status");
        let length = field("content-length").expect("a length");
        let mut body = vec![0; length.parse().expect("a number")];
        self.stream.read_exact(&mut body).expect("a body");
        let closes = field("connection") == Some("close");
        (status, closes, String::from_utf8(body).expect("UTF-8"))
    }

    /// The connection is good for another request.
    fn lives(&mut self) {
        self.head("GET", "/health/live", "");
        assert_eq!(self.said().0, 200);
    }

    /// Nothing comes any more.
    fn ends(&mut self) {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest);
        assert_eq!(rest, b"");
    }

    /// The headers of who may ask, with a media type.
    fn known(&self, media_type: &str) -> String {
        let key = &self.cloud.keys.acme;
        format!("{KEY_HEADER}: {key}\r\nContent-Type: {media_type}\r\n")
    }
}

#[test]
fn a_refused_post_leaves_its_connection_usable() {
    let cloud = Cloud::start("rate-limit = 1\n", &[]);
    let mut line = Line::to(&cloud);
    let json = line.known("application/json");
    let plain = line.known("text/plain");
    let form = line.known("application/x-www-form-urlencoded");
    let immediate = format!("/integrator{}", queries(FIRST, "/immediate"));
    let later = format!("/integrator{}", queries(FIRST, "/async"));
    let search = format!("/integrator/sites/{FIRST}/fhir/R4/Patient/_search");
    let command = text("SELECT 1").to_string();
    assert_eq!(line.post(&immediate, &json, command.as_bytes()).0, 200);

    let large = vec![b'x'; 200_000];
    for body in [command.as_bytes(), &large] {
        for (path, headers, status) in [
            (&*immediate, "Content-Type: application/json\r\n", 401),
            (&search, "", 401),
            ("/nothing", &json, 404),
            ("/health/live", &json, 405),
            (&later, &plain, 415),
            (&immediate, &json, 429),
            (&search, &form, 429),
        ] {
            for number in 0..20 {
                // The window rolls: one of them may be let through, which reads its body.
                let (said, closes, text) = line.post(path, headers, body);
                if status == 429 && said != 429 {
                    continue;
                }
                assert_eq!(said, status, "{path} {number}: {text}");
                assert!(!closes, "{path} {number}");
                assert!(text.contains("error") || text.contains("issue"), "{text}");
            }
            line.lives();
        }
    }
    // In chunks, whose length is not known.
    let chunked = format!("{plain}Transfer-Encoding: chunked\r\n");
    for _ in 0..20 {
        line.head("POST", &later, &chunked);
        std::thread::sleep(BETWEEN);
        line.write(b"3\r\nabc\r\n0\r\n\r\n").expect("sent");
        let (status, closes, _) = line.said();
        assert_eq!((status, closes), (415, false));
    }
    line.lives();
}

#[test]
fn a_refused_post_of_more_is_told_that_its_connection_ends() {
    const MIB: usize = 1 << 20;
    let cloud = Cloud::start("", &[]);
    let later = format!("/integrator{}", queries(FIRST, "/async"));
    for (length, sent) in [(3 * MIB, 3 * MIB), (12 * MIB, 12 * MIB), (3 * MIB, MIB)] {
        // All of it is written before anything is read.
        let mut line = Line::to(&cloud);
        let headers = format!("{}Content-Length: {length}\r\n", line.known("text/plain"));
        line.head("POST", &later, &headers);
        line.write(&vec![b'x'; sent]).expect("taken to its end");
        let (status, closes, text) = line.said();
        assert_eq!((status, closes), (415, true), "{text}");
        if sent == length {
            line.ends();
        }
    }
    // Of what is short and does not come.
    let mut line = Line::to(&cloud);
    line.head("POST", &later, "Content-Length: 9\r\n");
    line.write(b"abc").expect("sent");
    let (status, closes, text) = line.said();
    assert_eq!((status, closes), (401, true), "{text}");
    // Nobody is told to go on with what nobody reads.
    let mut line = Line::to(&cloud);
    line.head(
        "POST",
        &later,
        "Content-Length: 9\r\nExpect: 100-continue\r\n",
    );
    let (status, closes, text) = line.said();
    assert_eq!((status, closes), (401, true), "{text}");
    line.ends();
}
