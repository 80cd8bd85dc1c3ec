//! A receiver of messages on this computer.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::AsHeaderName;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::PATIENCE;
use crate::gateway::webhook::sign::ID;

/// What came to a receiver.
pub(super) struct Came {
    pub(super) path: String,
    headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Came {
    pub(super) fn header(&self, name: impl AsHeaderName) -> &str {
        let value = self.headers.get(name).expect("the header");
        value.to_str().expect("text")
    }
}

/// A receiver, which answers as it is told; when all is said, with 204.
pub(super) struct Hook {
    address: SocketAddr,
    pub(super) came: Mutex<Vec<Came>>,
    answers: Mutex<VecDeque<Response>>,
    /// Where it is closed, no answer comes before a permit.
    pub(super) gate: Option<Semaphore>,
    arrived: watch::Sender<usize>,
}

impl Hook {
    pub(super) async fn open(answers: impl IntoIterator<Item = Response>) -> Arc<Hook> {
        Hook::listen(answers, None).await
    }

    /// It answers nothing.
    pub(super) async fn closed() -> Arc<Hook> {
        Hook::listen([], Some(Semaphore::new(0))).await
    }

    async fn listen(
        answers: impl IntoIterator<Item = Response>,
        gate: Option<Semaphore>,
    ) -> Arc<Hook> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let hook = Arc::new(Hook {
            address: listener.local_addr().expect("an address"),
            came: Mutex::default(),
            answers: Mutex::new(answers.into_iter().collect()),
            gate,
            arrived: watch::Sender::new(0),
        });
        let router = Router::new()
            .fallback(Hook::answer)
            .with_state(Arc::clone(&hook));
        tokio::spawn(async move { axum::serve(listener, router).await });
        hook
    }

    async fn answer(
        State(hook): State<Arc<Hook>>,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        let path = uri.to_string();
        let came = Came {
            path,
            headers,
            body,
        };
        hook.came.lock().expect("no panic").push(came);
        hook.arrived.send_modify(|count| *count += 1);
        if let Some(gate) = &hook.gate {
            gate.acquire().await.expect("a gate").forget();
        }
        let answer = hook.answers.lock().expect("no panic").pop_front();
        answer.unwrap_or_else(|| StatusCode::NO_CONTENT.into_response())
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn count(&self) -> usize {
        *self.arrived.borrow()
    }

    pub(super) async fn until(&self, count: usize) {
        let mut arrived = self.arrived.subscribe();
        let wait = arrived.wait_for(|arrived| *arrived >= count);
        let came = tokio::time::timeout(PATIENCE, wait).await;
        assert!(came.is_ok(), "{} came", self.count());
    }

    /// The messages' ids, in the order in which they came.
    pub(super) fn ids(&self) -> Vec<String> {
        let came = self.came.lock().expect("no panic");
        came.iter().map(|came| came.header(ID).to_owned()).collect()
    }
}

pub(super) fn answer(status: u16) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    status.into_response()
}

pub(super) fn with_header(status: u16, name: &'static str, value: &str) -> Response {
    let mut answer = answer(status);
    let value = HeaderValue::from_str(value).expect("a value");
    answer.headers_mut().insert(name, value);
    answer
}
