//! A stand-in for a SQL Server, at the level of its protocol (MS-TDS 7.4): it lets clients in, and answers what a test
//! tells it to. It runs no SQL and proves nothing of a statement; it shows what the driver sends, and what becomes of
//! answers, of silence and of cut connections.
//!
//! A thread for each connection, so that a test's own runtime has no part in it.

mod certificates;
mod read;
mod wire;
pub mod write;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use certificates::{Certificate, Kind};
pub use read::{Asked, Login, Parameter};
use tokio_rustls::rustls::ServerConfig;
use wire::{Packet, Wire};

/// The one login that is let in, unless a test says otherwise.
pub const USER: &str = "pilaster_reader";
pub const PASSWORD: &str = "pass word ü'\"";

/// A part of an answer.
#[derive(Debug, Clone)]
pub enum Step {
    /// Tokens as they go over the wire: [`write`] makes them.
    Send(Vec<u8>),
    /// Silence for so long, unless the client calls it off.
    Wait(Duration),
    /// What was to be sent goes out, and the connection is cut.
    Cut,
}

type Answers = dyn Fn(&Asked) -> Vec<Step> + Send + Sync;

/// How the stand-in treats those who come.
#[derive(Clone)]
pub struct Setup {
    /// None: it does not encrypt.
    pub tls: Option<Arc<ServerConfig>>,
    /// TLS from the first byte, as TDS 8.0 has it.
    pub strict: bool,
    /// Only the login is encrypted.
    pub login_only: bool,
    /// Databases that a login may enter.
    pub databases: Vec<&'static str>,
    /// Whether the databases allow snapshot isolation.
    pub snapshots: bool,
    /// Before it answers a prelogin.
    pub slow: Duration,
    /// Who is let in beside the tests' own user: a name and a password.
    pub other: Option<(&'static str, &'static str)>,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            tls: None,
            strict: false,
            login_only: false,
            databases: vec!["BPSPATIENTS", "BPSDRUGS"],
            snapshots: false,
            slow: Duration::ZERO,
            other: None,
        }
    }
}

/// What the stand-in has seen.
#[derive(Default)]
pub struct Seen {
    pub logins: Mutex<Vec<Login>>,
    pub asked: Mutex<Vec<Asked>>,
    /// Statements that a client has called off.
    pub attentions: AtomicUsize,
    /// Connections that are open now, and ever were.
    pub open: AtomicUsize,
    pub opened: AtomicUsize,
}

impl Seen {
    /// Texts of the batches, and of the statements with parameters.
    pub fn texts(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|asked| asked.text().to_owned()).collect()
    }

    /// Waits until so many connections are open.
    pub fn wait_open(&self, count: usize) {
        let begun = Instant::now();
        while self.open.load(Ordering::SeqCst) != count {
            let open = self.open.load(Ordering::SeqCst);
            assert!(begun.elapsed() < Duration::from_secs(10), "{open} open");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until so many statements were called off.
    pub fn wait_attentions(&self, count: usize) {
        let begun = Instant::now();
        while self.attentions.load(Ordering::SeqCst) < count {
            assert!(begun.elapsed() < Duration::from_secs(10), "no attention");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

struct Shared {
    setup: Setup,
    answers: Box<Answers>,
    seen: Arc<Seen>,
    stopped: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

/// A running stand-in.
pub struct StandIn {
    pub address: SocketAddr,
    pub seen: Arc<Seen>,
    shared: Arc<Shared>,
    accepts: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Starts on a free port. What `answers` gives no steps for, such as the settings of a session, is just done.
    pub fn start(
        setup: Setup,
        answers: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static,
    ) -> StandIn {
        StandIn::start_at("127.0.0.1:0", setup, answers)
    }

    pub fn start_at(
        address: &str,
        setup: Setup,
        answers: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static,
    ) -> StandIn {
        let listener = TcpListener::bind(address).expect("a port");
        listener.set_nonblocking(true).expect("no blocking");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Seen::default());
        let shared = Arc::new(Shared {
            setup,
            answers: Box::new(answers),
            seen: Arc::clone(&seen),
            stopped: AtomicBool::new(false),
            connections: Mutex::default(),
        });
        let accepts = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        StandIn {
            address,
            seen,
            shared,
            accepts: Some(accepts),
        }
    }
}

impl Drop for StandIn {
    /// Stops, and cuts every connection.
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        if let Some(accepts) = self.accepts.take() {
            let _ = accepts.join();
        }
        for connection in self.shared.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(std::net::Shutdown::Both);
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while !shared.stopped.load(Ordering::SeqCst) {
        let Ok((tcp, _)) = listener.accept() else {
            std::thread::sleep(Duration::from_millis(2));
            continue;
        };
        tcp.set_nonblocking(false).expect("blocking");
        tcp.set_nodelay(true).expect("no delay");
        let kept = tcp.try_clone().expect("a handle");
        shared.connections.lock().unwrap().push(kept);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            let seen = Arc::clone(&shared.seen);
            seen.open.fetch_add(1, Ordering::SeqCst);
            seen.opened.fetch_add(1, Ordering::SeqCst);
            // Whatever ends a connection is the test's doing.
            let _ = serve(tcp, &shared);
            seen.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// A connection from its first byte to its last.
fn serve(tcp: TcpStream, shared: &Shared) -> io::Result<()> {
    let setup = &shared.setup;
    let mut wire = Wire::plain(tcp);
    if let (true, Some(tls)) = (setup.strict, &setup.tls) {
        wire = wire.encrypt_all(tls)?;
    }
    wire.receive()?;
    std::thread::sleep(setup.slow);
    let encryption = match (&setup.tls, setup.login_only) {
        (None, _) => 2,
        (Some(_), true) => 0,
        (Some(_), false) => 1,
    };
    wire.send(&write::prelogin(encryption))?;
    if let (false, Some(tls)) = (setup.strict, &setup.tls) {
        wire = wire.handshake(tls)?;
    }
    let login = read::login(&wire.receive()?.payload);
    if setup.login_only {
        wire = wire.decrypt();
    }
    shared.seen.logins.lock().unwrap().push(login.clone());
    let who = (login.user.as_str(), login.password.as_str());
    let refused = if who != (USER, PASSWORD) && Some(who) != setup.other {
        Some((18456, "Login failed for user 'secret-user'."))
    } else if !setup.databases.contains(&login.database.as_str()) {
        Some((
            4060,
            "Cannot open database \"X\" requested by the login. The login failed.",
        ))
    } else {
        None
    };
    if let Some((code, message)) = refused {
        return wire.send(&[write::error(code, 14, message), write::done(2, 0)].concat());
    }
    wire.send(&[write::login_ack(), write::done(0, 0)].concat())?;
    loop {
        let packet = wire.receive()?;
        match packet.kind {
            Packet::BATCH | Packet::RPC => {}
            Packet::ATTENTION => {
                shared.seen.attentions.fetch_add(1, Ordering::SeqCst);
                wire.send(&write::done(0x20, 0))?;
                continue;
            }
            kind => panic!("packet of type {kind}"),
        }
        let asked = read::asked(&packet);
        shared.seen.asked.lock().unwrap().push(asked.clone());
        let mut steps = (shared.answers)(&asked);
        if steps.is_empty() {
            steps = own(&asked, setup);
        }
        answer(&mut wire, shared, steps)?;
    }
}

/// What a session asks of itself.
fn own(asked: &Asked, setup: &Setup) -> Vec<Step> {
    let state = write::columns(&[("allowed", write::int())]);
    let row = write::row(&[&i32::from(setup.snapshots).to_le_bytes()]);
    let tokens = match asked.text().contains("snapshot_isolation_state") {
        true => [state, row, write::done(0x10, 1)].concat(),
        false => write::done(0, 0),
    };
    vec![Step::Send(tokens)]
}

fn answer(wire: &mut Wire, shared: &Shared, steps: Vec<Step>) -> io::Result<()> {
    let mut pending = Vec::new();
    for step in steps {
        match step {
            Step::Send(tokens) => pending.extend(tokens),
            Step::Wait(time) => {
                // A packet that is no last one.
                if !pending.is_empty() {
                    wire.send_part(&std::mem::take(&mut pending))?;
                }
                if let Some(packet) = wire.receive_within(time)? {
                    assert_eq!(packet.kind, Packet::ATTENTION, "it waits for an answer");
                    shared.seen.attentions.fetch_add(1, Ordering::SeqCst);
                    pending.extend(write::done(0x20, 0));
                    break;
                }
            }
            Step::Cut => {
                if !pending.is_empty() {
                    wire.send_part(&pending)?;
                }
                wire.cut();
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        }
    }
    wire.send(&pending)
}
