//! What an answer leaves unread of a request's body: read and thrown away, so that the caller gets the answer and its connection
//! lives on, or told of with `Connection: close`.
//!
//! Who is refused by the head alone (its key, its method, its media type, its rate) is answered before the body came. hyper then
//! closes the connection under a caller that may still be writing, and says nothing of it: the next request on it would fail.
//! So what is short and comes soon is waited for. Where there is more, the answer goes out at once with `Connection: close`,
//! and the rest is read for a while behind it, for a caller that writes all before it reads.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONNECTION, EXPECT};
use axum::http::{HeaderValue, Response};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};

use super::body::DISCARDED_BYTES;

/// What is read of a body before the answer goes out: as much as the largest that is ever taken.
const AWAITED_BYTES: usize = 1 << 20;
/// How long it is waited for: long beside what lies between a caller's head and its body, short for one who waits for the answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers a request, and sees to what is left of its body then. `time` is what a body may take.
pub async fn settle<F>(
    request: Request,
    time: Duration,
    answer: impl FnOnce(Request) -> F,
) -> Response<Body>
where
    F: Future<Output = Response<Body>>,
{
    if request.body().is_end_stream() {
        return answer(request).await;
    }
    // RFC 9110 §10.1.1: who waits to be told to send the body may send none once there is an answer.
    let waits = request.headers().contains_key(EXPECT);
    let (head, body) = request.into_parts();
    let lent = Lent::new(body);
    let body = Body::new(lent.clone());
    let mut response = answer(Request::from_parts(head, body)).await;
    let is_over = match lent.is_begun() {
        // Whoever began to read stopped for a reason: it is too long, too slow, or broken.
        true => lent.is_read(),
        false if waits || lent.size_hint().lower() > AWAITED_BYTES as u64 => false,
        false => {
            let read = lent.clone().discard(AWAITED_BYTES);
            let _ = tokio::time::timeout(PATIENCE.min(time), read).await;
            lent.is_read()
        }
    };
    if is_over {
        return response;
    }
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    if !waits || lent.is_begun() {
        tokio::spawn(tokio::time::timeout(time, lent.discard(DISCARDED_BYTES)));
    }
    response
}

/// A body that a handler reads, of which what it leaves is still there when the handler has dropped it.
#[derive(Clone)]
struct Lent(Arc<Mutex<State>>);

struct State {
    body: Body,
    is_begun: bool,
    /// To its end, and without an error.
    is_read: bool,
}

impl Lent {
    fn new(body: Body) -> Lent {
        Lent(Arc::new(Mutex::new(State {
            body,
            is_begun: false,
            is_read: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_begun(&self) -> bool {
        self.state().is_begun
    }

    fn is_read(&self) -> bool {
        self.state().is_read
    }

    /// Reads to the end, or an error, or until so many bytes have been read.
    async fn discard(mut self, most: usize) {
        let mut seen = 0;
        while seen <= most {
            match self.frame().await {
                Some(Ok(frame)) => seen += frame.data_ref().map_or(0, Bytes::len),
                Some(Err(_)) | None => return,
            }
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut state = self.state();
        state.is_begun = true;
        let polled = Pin::new(&mut state.body).poll_frame(context);
        if let Poll::Ready(read) = &polled {
            state.is_read = match read {
                Some(Ok(_)) => state.body.is_end_stream(),
                Some(Err(_)) => false,
                None => true,
            };
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.state().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.state().body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::StreamExt as _;

    use super::*;

    const CHUNK: usize = 1 << 16;
    const TIME: Duration = Duration::from_millis(300);

    /// Whether an answer ends the connection, and how many bytes of the body had been read when it was given and a while later.
    /// `takes` is what its handler reads.
    async fn asked(chunks: usize, ends: bool, waits: bool, takes: usize) -> (bool, usize, usize) {
        let taken = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&taken);
        let sent = futures_util::stream::iter(0..chunks).map(move |_| {
            counts.fetch_add(CHUNK, Ordering::Relaxed);
            Ok::<_, Infallible>(vec![b'a'; CHUNK])
        });
        let body = match ends {
            true => Body::from_stream(sent),
            false => Body::from_stream(sent.chain(futures_util::stream::pending())),
        };
        let mut request = Request::new(body);
        if waits {
            let asks = HeaderValue::from_static("100-continue");
            request.headers_mut().insert(EXPECT, asks);
        }
        let response = settle(request, TIME, |request| async move {
            let mut body = request.into_body();
            for _ in 0..takes {
                let _ = body.frame().await;
            }
            Response::new(Body::empty())
        });
        let closes = response.await.headers().contains_key(CONNECTION);
        let then = taken.load(Ordering::Relaxed);
        tokio::time::sleep(TIME * 2).await;
        (closes, then, taken.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn what_is_short_is_read_and_what_is_long_closes() {
        let all = DISCARDED_BYTES / CHUNK * 2;
        for (chunks, ends, waits, takes, expected) in [
            (0, true, false, 0, (false, 0, 0)),
            (3, true, false, 0, (false, 3, 3)),
            (3, true, false, 4, (false, 3, 3)),
            (16, true, false, 0, (false, 16, 16)),
            (18, true, false, 0, (true, 17, 18)),
            (all, true, false, 0, (true, 17, 17 + 257)),
            // It never ends, and is not waited for twice where a handler did.
            (3, false, false, 0, (true, 3, 3)),
            (3, false, false, 1, (true, 1, 3)),
            // Who waits to be told is not told to send what nobody reads.
            (3, true, true, 0, (true, 0, 0)),
            (3, true, true, 1, (true, 1, 3)),
        ] {
            let (closes, then, later) = asked(chunks, ends, waits, takes).await;
            let got = (closes, then / CHUNK, later / CHUNK);
            assert_eq!(got, expected, "{chunks} {ends} {waits} {takes}");
        }
    }

    /// A body of which nothing comes.
    struct Announced;

    impl HttpBody for Announced {
        type Data = Bytes;
        type Error = axum::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
            Poll::Pending
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(AWAITED_BYTES as u64 + 1)
        }
    }

    /// What is announced is known without being read.
    #[tokio::test]
    async fn nobody_waits_for_what_is_announced_as_long() {
        let begun = std::time::Instant::now();
        let request = Request::new(Body::new(Announced));
        let time = Duration::from_secs(5);
        let response = settle(request, time, async |_| Response::new(Body::empty())).await;
        assert_eq!(response.headers()[CONNECTION], "close");
        assert!(begun.elapsed() < PATIENCE);
    }
}
