//! Bytes to a server and back: XDR over a socket, enciphered once the login is done, and never waited for without end.
//!
//! Reads wake up every [`SLICE`] and ask whether the job is over. If it is, the server is asked on the same socket to
//! raise an error where the statement is, and has [`GRACE`] to answer: then what is read goes on to the end of
//! that answer, so that the connection stays in step. It is asked again in between, since what it was told while it
//! did something else it may have forgotten. A server that does not even say that is given up.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::super::Watch;
use super::srp::Rc4;

/// How often a read that waits asks whether anybody still waits for it.
const SLICE: Duration = Duration::from_millis(25);
/// How often it is asked to cancel.
const AGAIN: Duration = Duration::from_millis(300);
/// What a server has to answer that it has cancelled.
const GRACE: Duration = Duration::from_secs(2);
/// Bytes read at once.
const BUFFER: usize = 64 * 1024;
/// A peer that has vanished without a word is noticed within these.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// The longest opaque value that is believed, in bytes: more is no Firebird.
const LONGEST: u32 = 64 << 20;

/// `op_cancel`, and its kind that raises an error in what runs.
const CANCEL: u32 = 91;
const CANCEL_RAISE: u32 = 3;

/// Why nothing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The peer closed the connection, or the operating system did; or what came is not the protocol.
    Cut,
    /// The time was up.
    Late,
}

/// What ends a wait.
enum Bound {
    /// A moment: for what is not a statement.
    Until(Instant),
    /// A job: its statement is cancelled.
    Watch(Arc<Watch>),
}

/// A socket to a server.
pub(super) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// What of the buffer was read and not yet taken.
    start: usize,
    end: usize,
    /// What is to be sent with the next [`Wire::flush`].
    out: Vec<u8>,
    ciphers: Option<Box<Ciphers>>,
    bound: Bound,
    cancelled: Option<Cancelled>,
}

/// What the server was asked to cancel.
#[derive(Clone, Copy)]
struct Cancelled {
    /// When it was first asked.
    since: Instant,
    times: u32,
}

struct Ciphers {
    read: Rc4,
    write: Rc4,
}

/// Looks up a host's addresses, within a time: the operating system's own way to ask has none.
///
/// # Errors
/// Words for the operator.
fn resolve(host: &str, port: u16, until: Instant) -> Result<Vec<SocketAddr>, String> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (send, receive) = mpsc::channel();
    let name = host.to_owned();
    // If it does not come back in time it goes on alone, and ends when the resolver gives up.
    let started = std::thread::Builder::new()
        .name("resolve".to_owned())
        .spawn(move || {
            let found = (name.as_str(), port).to_socket_addrs();
            let _ = send.send(found.map(Iterator::collect));
        });
    started.map_err(|error| error.kind().to_string())?;
    let left = until.saturating_duration_since(Instant::now());
    match receive.recv_timeout(left) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(_)) => Err("its name is not known".to_owned()),
        Err(_) => Err("its name was not looked up in time".to_owned()),
    }
}

impl Wire {
    /// Opens a socket until a moment.
    ///
    /// # Errors
    /// Words for the operator: `connection refused`.
    pub(super) fn connect(host: &str, port: u16, until: Instant) -> Result<Wire, String> {
        let mut failed = "its name has no address".to_owned();
        for address in resolve(host, port, until)? {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err("timed out".to_owned());
            }
            match TcpStream::connect_timeout(&address, left).and_then(prepared) {
                Ok(stream) => {
                    return Ok(Wire {
                        stream,
                        buffer: vec![0; BUFFER],
                        start: 0,
                        end: 0,
                        out: Vec::with_capacity(1024),
                        ciphers: None,
                        bound: Bound::Until(until),
                        cancelled: None,
                    });
                }
                Err(error) => failed = error.kind().to_string(),
            }
        }
        Err(failed)
    }

    /// From here on all is enciphered with a key that both sides have from the login.
    pub(super) fn encipher(&mut self, key: &[u8]) {
        self.ciphers = Some(Box::new(Ciphers {
            read: Rc4::new(key),
            write: Rc4::new(key),
        }));
    }

    /// Whether nobody in between can read what is sent.
    pub(super) fn is_enciphered(&self) -> bool {
        self.ciphers.is_some()
    }

    /// What is waited for from here on ends at a moment.
    pub(super) fn until(&mut self, moment: Instant) {
        self.bound = Bound::Until(moment);
        self.cancelled = None;
    }

    /// What is waited for from here on ends with a job.
    pub(super) fn watch(&mut self, watch: &Arc<Watch>) {
        self.bound = Bound::Watch(Arc::clone(watch));
        self.cancelled = None;
    }

    /// Whether what waits now is to end.
    pub(super) fn is_over(&self) -> bool {
        match &self.bound {
            Bound::Until(moment) => Instant::now() >= *moment,
            Bound::Watch(watch) => watch.is_over(),
        }
    }

    /// How often the server was asked to cancel since the last [`Wire::watch`]: each may end a later statement.
    pub(super) fn cancellations(&self) -> u32 {
        self.cancelled.map_or(0, |cancelled| cancelled.times)
    }

    /// Asks the server to end what it does; it has some time to say so.
    fn interrupt(&mut self) -> Result<(), Broken> {
        if matches!(self.bound, Bound::Until(_)) {
            return Err(Broken::Late);
        }
        let now = Instant::now();
        let cancelled = self.cancelled.get_or_insert(Cancelled {
            since: now,
            times: 0,
        });
        let waited = now - cancelled.since;
        if waited >= GRACE {
            return Err(Broken::Late);
        }
        if waited < AGAIN * cancelled.times {
            return Ok(());
        }
        cancelled.times += 1;
        let mut packet = [0; 8];
        packet[..4].copy_from_slice(&CANCEL.to_be_bytes());
        packet[4..].copy_from_slice(&CANCEL_RAISE.to_be_bytes());
        self.send(&mut packet)
    }

    /// Sends what was put in.
    ///
    /// # Errors
    /// [`Broken`]
    pub(super) fn flush(&mut self) -> Result<(), Broken> {
        if self.out.is_empty() {
            return Ok(());
        }
        let mut out = std::mem::take(&mut self.out);
        let sent = self.send(&mut out);
        out.clear();
        self.out = out;
        sent
    }

    fn send(&mut self, bytes: &mut [u8]) -> Result<(), Broken> {
        if let Some(ciphers) = &mut self.ciphers {
            ciphers.write.apply(bytes);
        }
        let mut rest = &*bytes;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(0) => return Err(Broken::Cut),
                Ok(sent) => rest = &rest[sent..],
                // Half a packet cannot be taken back, nor another be sent: there is no asking nicely.
                Err(error) if is_pause(&error) && self.is_over() => return Err(Broken::Late),
                Err(error) if is_pause(&error) => {}
                Err(_) => return Err(Broken::Cut),
            }
        }
        Ok(())
    }

    /// Reads more behind what is in the buffer.
    fn fill(&mut self) -> Result<(), Broken> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        loop {
            if self.is_over() {
                self.interrupt()?;
            }
            match self.stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Err(Broken::Cut),
                Ok(read) => {
                    let end = self.end + read;
                    if let Some(ciphers) = &mut self.ciphers {
                        ciphers.read.apply(&mut self.buffer[self.end..end]);
                    }
                    self.end = end;
                    return Ok(());
                }
                Err(error) if is_pause(&error) => {}
                Err(_) => return Err(Broken::Cut),
            }
        }
    }

    /// The next bytes; there are at most as many as the buffer holds.
    fn take(&mut self, count: usize) -> Result<&[u8], Broken> {
        while self.end - self.start < count {
            self.fill()?;
        }
        let start = self.start;
        self.start += count;
        Ok(&self.buffer[start..start + count])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Broken> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32, Broken> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Broken> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub(super) fn i64(&mut self) -> Result<i64, Broken> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    pub(super) fn i128(&mut self) -> Result<i128, Broken> {
        Ok(i128::from_be_bytes(self.array()?))
    }

    pub(super) fn f32(&mut self) -> Result<f32, Broken> {
        Ok(f32::from_be_bytes(self.array()?))
    }

    pub(super) fn f64(&mut self) -> Result<f64, Broken> {
        Ok(f64::from_be_bytes(self.array()?))
    }

    /// A value with its length before it, as it lies in the buffer where it fits; `see` is called with it.
    pub(super) fn opaque<T>(&mut self, see: impl FnOnce(&[u8]) -> T) -> Result<T, Broken> {
        let length = self.u32()?;
        if length > LONGEST {
            return Err(Broken::Cut);
        }
        let length = length as usize;
        if length.next_multiple_of(4) <= self.buffer.len() {
            let padded = self.take(length.next_multiple_of(4))?;
            return Ok(see(&padded[..length]));
        }
        let mut long = Vec::with_capacity(length);
        while long.len() < length {
            let some = (length - long.len()).min(BUFFER / 2);
            long.extend_from_slice(self.take(some)?);
        }
        self.take(length.next_multiple_of(4) - length)?;
        Ok(see(&long))
    }

    /// Bytes without a length, padded.
    pub(super) fn fixed(&mut self, length: usize) -> Result<&[u8], Broken> {
        let padded = self.take(length.next_multiple_of(4))?;
        Ok(&padded[..length])
    }

    pub(super) fn put(&mut self, number: u32) {
        self.out.extend_from_slice(&number.to_be_bytes());
    }

    pub(super) fn put_u64(&mut self, number: u64) {
        self.out.extend_from_slice(&number.to_be_bytes());
    }

    /// Bytes with their length before them.
    pub(super) fn put_opaque(&mut self, bytes: &[u8]) {
        self.put(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.put_padded(bytes);
    }

    /// Bytes of a length that the other side knows.
    pub(super) fn put_padded(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        let padding = bytes.len().next_multiple_of(4) - bytes.len();
        self.out.extend_from_slice(&[0; 3][..padding]);
    }

    /// Bytes that are padded already.
    pub(super) fn put_raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
}

/// A timeout of the socket, or a signal: nothing has happened.
fn is_pause(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

fn prepared(stream: TcpStream) -> std::io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SLICE))?;
    stream.set_write_timeout(Some(SLICE))?;
    let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE);
    socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}
