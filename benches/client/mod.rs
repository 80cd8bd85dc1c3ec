//! A client that costs next to nothing: one keep-alive connection, which asks and waits.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Bytes of an answer, head and body, at the most.
const ANSWER: usize = 256 * 1024;

/// A keep-alive connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("connects");
        stream.set_nodelay(true).expect("no delay");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a timeout");
        Client {
            stream,
            buffer: vec![0; ANSWER],
        }
    }

    /// Sends a request, written out with its head, and gives the answer's body, which has a length.
    pub fn ask(&mut self, request: &str) -> &[u8] {
        self.stream.write_all(request.as_bytes()).expect("writes");
        let mut filled = 0;
        loop {
            let read = self
                .stream
                .read(&mut self.buffer[filled..])
                .expect("answers");
            assert!(read > 0, "the connection was closed");
            filled += read;
            let Some(end) = self.buffer[..filled]
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            else {
                continue;
            };
            let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|length| length.trim().parse().ok())
                .expect("a content-length");
            if filled >= end + 4 + length {
                return &self.buffer[end + 4..end + 4 + length];
            }
        }
    }
}
