//! From a listening socket to requests: connections, their bounds, and their end.
//!
//! hyper's own connection loop rather than axum's: that one sets no time for a request's head, so that
//! idle callers could hold every connection. Each connection has a permit; while none is free none is
//! accepted. When the server stops it accepts no more, lets requests under way end, and closes what is
//! left after a while.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::Sleep;
use tower::ServiceExt as _;

use super::app::{App, Limits, router};
use super::bare::Worded;
use super::unread;

/// Bytes of a request's head together. hyper answers more with 431, or with 414 if it is the URL.
const HEAD_BYTES: usize = 128 * 1024;
/// After a failure to accept that would only repeat itself, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);
/// How often what is recorded for `/metrics` is compacted, in case nobody reads it.
const UPKEEP: Duration = Duration::from_secs(5);

/// The address that a request's connection comes from, in the request's extensions: an IPv4 address as such, also where
/// the socket has it in IPv6's form. Where a trusted proxy says whom it speaks for, it is that one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Serves until `stop` is ready, then until requests under way have ended, or their time has.
pub async fn serve(listener: TcpListener, app: Arc<App>, stop: impl Future<Output = ()>) {
    let limits = app.limits.clone();
    let upkeep = app.metrics.clone().map(|handle| {
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                handle.run_upkeep();
            }
        })
    });
    let router = router(app);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BYTES);
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(limits.connections));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accept = async {
            // Never closed, so that an error here cannot be.
            let permit = Arc::clone(&permits).acquire_owned().await.ok();
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            () = &mut stop => break,
            accepted = accept => accepted,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, Peer(peer.ip().to_canonical())),
            Err(error) => {
                // One connection's own failure is over with it; the others last.
                if !is_of_connection(&error) {
                    tracing::error!(kind = ?error.kind(), "no connection can be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            }
        };
        let connection = http.serve_connection(
            TokioIo::new(Worded::new(Unstalled::new(stream, &limits))),
            service(router.clone(), peer, limits.body),
        );
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            // A caller that breaks off, or sends what is not HTTP, has been answered as far as can be.
            let _ = watched.await;
            drop(permit);
        });
    }
    drop(listener);
    let ended = tokio::time::timeout(limits.shutdown, graceful.shutdown()).await;
    if ended.is_err() {
        tracing::warn!("requests were still under way when the time to stop was over");
    }
    if let Some(upkeep) = upkeep {
        upkeep.abort();
    }
}

type Incoming = hyper::Request<hyper::body::Incoming>;

fn service(
    router: Router,
    peer: Peer,
    time: Duration,
) -> impl hyper::service::Service<
    Incoming,
    Response = axum::http::Response<Body>,
    Error = std::convert::Infallible,
    Future: Send,
> {
    service_fn(move |request: Incoming| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let router = router.clone();
        async move {
            let answer = |request| async {
                let Ok(response) = router.oneshot(request).await;
                response
            };
            Ok(unread::settle(request, time, answer).await)
        }
    })
}

fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// A stream whose writes fail when the other side takes nothing for a while: hyper has a time for a
/// request's head only, and a caller that never reads would hold its connection, and the answer, for ever.
struct Unstalled {
    stream: TcpStream,
    patience: Duration,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Unstalled {
    fn new(stream: TcpStream, limits: &Limits) -> Unstalled {
        // Without it a small answer waits for the acknowledgement of the one before. Nothing is lost
        // but time where it cannot be set.
        let _ = stream.set_nodelay(true);
        Unstalled {
            stream,
            patience: limits.stalled,
            waiting: None,
        }
    }

    /// Lets a write that is done end the waiting, and one that is not begin or end it.
    fn judge<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let patience = self.patience;
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        match waiting.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Unstalled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Unstalled {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.judge(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
