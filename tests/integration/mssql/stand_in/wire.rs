//! Packets, in the clear and encrypted.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A message of a client.
#[derive(Debug)]
pub struct Packet {
    pub kind: u8,
    pub payload: Vec<u8>,
}

impl Packet {
    pub const BATCH: u8 = 1;
    pub const RPC: u8 = 3;
    pub const ATTENTION: u8 = 6;
    const PRELOGIN: u8 = 0x12;
    const ANSWER: u8 = 4;
}

const HEADER: usize = 8;
/// Of an answer's packet.
const MOST: usize = 4096 - HEADER;

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

pub struct Wire {
    stream: Stream,
    tcp: TcpStream,
}

impl Wire {
    pub fn plain(tcp: TcpStream) -> Wire {
        Wire {
            tcp: tcp.try_clone().expect("a handle"),
            stream: Stream::Plain(tcp),
        }
    }

    fn reader(&mut self) -> &mut dyn Read {
        match &mut self.stream {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => tls,
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(tcp) => tcp.write_all(bytes),
            Stream::Tls(tls) => {
                tls.write_all(bytes)?;
                tls.flush()
            }
        }
    }

    /// TLS over what is there.
    pub fn encrypt_all(self, config: &Arc<ServerConfig>) -> io::Result<Wire> {
        let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        let Stream::Plain(tcp) = self.stream else {
            panic!("encrypted twice");
        };
        Ok(Wire {
            tcp: self.tcp,
            stream: Stream::Tls(Box::new(StreamOwned::new(connection, tcp))),
        })
    }

    /// The handshake, whose records travel in packets; what follows does not.
    pub fn handshake(mut self, config: &Arc<ServerConfig>) -> io::Result<Wire> {
        let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        while connection.is_handshaking() {
            let packet = self.receive()?;
            let mut records = packet.payload.as_slice();
            while !records.is_empty() {
                connection.read_tls(&mut records)?;
                let told = connection.process_new_packets();
                if told.is_err() {
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
            let mut answer = Vec::new();
            while connection.wants_write() {
                connection.write_tls(&mut answer)?;
            }
            if !answer.is_empty() {
                self.send_as(Packet::PRELOGIN, &answer, true)?;
            }
        }
        let Stream::Plain(tcp) = self.stream else {
            panic!("encrypted twice");
        };
        Ok(Wire {
            tcp: self.tcp,
            stream: Stream::Tls(Box::new(StreamOwned::new(connection, tcp))),
        })
    }

    /// Goes on in the clear.
    pub fn decrypt(self) -> Wire {
        Wire::plain(self.tcp)
    }

    /// A whole message.
    pub fn receive(&mut self) -> io::Result<Packet> {
        let mut first = [0];
        self.reader().read_exact(&mut first)?;
        self.rest(first[0])
    }

    /// A whole message, if one begins within the time.
    pub fn receive_within(&mut self, time: Duration) -> io::Result<Option<Packet>> {
        self.tcp.set_read_timeout(Some(time))?;
        let mut first = [0];
        let begun = self.reader().read(&mut first);
        self.tcp.set_read_timeout(None)?;
        match begun {
            Ok(1) => self.rest(first[0]).map(Some),
            Ok(_) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn rest(&mut self, kind: u8) -> io::Result<Packet> {
        let mut payload = Vec::new();
        let mut header = [0; HEADER];
        let reader = self.reader();
        reader.read_exact(&mut header[1..])?;
        loop {
            let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
            let from = payload.len();
            payload.resize(from + length - HEADER, 0);
            reader.read_exact(&mut payload[from..])?;
            if header[1] & 1 == 1 {
                return Ok(Packet { kind, payload });
            }
            reader.read_exact(&mut header)?;
        }
    }

    /// A whole answer.
    pub fn send(&mut self, payload: &[u8]) -> io::Result<()> {
        self.send_as(Packet::ANSWER, payload, true)
    }

    /// An answer that goes on.
    pub fn send_part(&mut self, payload: &[u8]) -> io::Result<()> {
        self.send_as(Packet::ANSWER, payload, false)
    }

    fn send_as(&mut self, kind: u8, payload: &[u8], is_whole: bool) -> io::Result<()> {
        let chunks: Vec<&[u8]> = match payload.is_empty() {
            true => vec![payload],
            false => payload.chunks(MOST).collect(),
        };
        for (index, chunk) in chunks.iter().enumerate() {
            let is_last = is_whole && index + 1 == chunks.len();
            let length = u16::try_from(chunk.len() + HEADER).expect("short");
            let mut packet = vec![kind, u8::from(is_last)];
            packet.extend(length.to_be_bytes());
            packet.extend([0, 0, 1, 0]);
            packet.extend_from_slice(chunk);
            self.write_all(&packet)?;
        }
        Ok(())
    }

    /// Without a word more.
    pub fn cut(&mut self) {
        let _ = self.tcp.shutdown(Shutdown::Both);
    }
}
