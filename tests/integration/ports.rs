//! Ports for servers that are started by others.

use std::net::TcpListener;
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

/// A port that nothing listens at, for a server that is started on it later, or for none. It is none of those that the system
/// gives out by itself: else whoever connects or listens meanwhile may have it, and whoever tries to connect to it before the
/// server is there may meet itself.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const RANGE: Range<u16> = 12_000..32_000;
    // Programs that run beside this one begin elsewhere.
    let begin = u16::try_from(std::process::id() % 20_000).expect("few");
    for _ in RANGE {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = RANGE.start + (begin + step % 20_000) % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}
