//! What hyper refuses by itself, before there is a request to hand on.
//!
//! A head that is no HTTP, that is too large, or whose URL is beyond hyper's own bound is answered by hyper,
//! with a head and no body. Here it gets the body that every refusal has: an OperationOutcome, or the envelope where the
//! request's first line begins with a path that is not FHIR. hyper's answers are known
//! by their having no content: the server's own of these statuses always have some. It is always JSON: what format
//! was asked for stands in a head that was not read.

use std::borrow::Cow;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::metrics;
use super::observe::{REQUEST_ID, Trail, new_id};
use super::reply::Refusal;
use crate::errors::{self, Code};

/// The statuses that hyper gives, as its answers begin.
const BEGINNINGS: [(&str, Code, &str); 3] = [
    (
        "HTTP/1.1 400 ",
        errors::NOT_HTTP,
        "the head of the request is not in HTTP's form",
    ),
    (
        "HTTP/1.1 414 ",
        errors::URI_TOO_LONG,
        "the path and query are longer than can be read",
    ),
    (
        "HTTP/1.1 431 ",
        errors::HEAD_TOO_LARGE,
        "the head of the request is larger, or has more headers, than can be read",
    ),
];
const TOO_LARGE: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\n";
const TOO_LONG: &str = "HTTP/1.1 414 URI Too Long\r\n";
/// Bytes in which a request's first line says whether it is one of FHIR: a method, a site's id, and the segments around it.
const BEGINNING: usize = 128;
/// The header that says that there is no body.
const NO_CONTENT: &str = "\r\ncontent-length: 0\r\n";

/// The answer to write instead; None where the bytes are not a bare one of hyper's.
///
/// hyper calls a head too large (431) also where its first line does not end: the URL alone is too long then.
fn worded(bytes: &[u8], in_first_line: bool, is_fhir: bool) -> Option<Vec<u8>> {
    // Asked of every write: most are large, and none of hyper's own.
    if !bytes.starts_with(b"HTTP/1.1 4") {
        return None;
    }
    let head = std::str::from_utf8(bytes).ok()?;
    let head = match head.strip_prefix(TOO_LARGE) {
        Some(rest) if in_first_line => Cow::Owned(format!("{TOO_LONG}{rest}")),
        _ => Cow::Borrowed(head),
    };
    let (_, code, text) = BEGINNINGS
        .iter()
        .find(|(beginning, ..)| head.starts_with(beginning))?;
    let (before, after) = head.split_once(NO_CONTENT)?;
    if !head.ends_with("\r\n\r\n") || before.contains("\r\n\r\n") {
        return None;
    }
    let refusal = Refusal::new(*code, *text);
    let id = new_id();
    let trail = Trail {
        error: Some(code.id),
        ..Trail::default()
    };
    metrics::request(&trail, refusal.status(), std::time::Duration::ZERO);
    tracing::info!(request = %id, status = code.status, error = code.id, "request refused unread");
    let (media_type, json) = match is_fhir {
        true => ("application/fhir+json; charset=utf-8", refusal.to_json(id)),
        false => ("application/json", refusal.to_api_json(id)),
    };
    let length = json.len();
    let mut answer = format!(
        "{before}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\
         cache-control: no-store\r\n{REQUEST_ID}: {id}\r\n{after}"
    )
    .into_bytes();
    answer.extend(json);
    Some(answer)
}

/// Whether a request whose first line begins so is one of FHIR; also where that cannot be seen.
fn is_fhir(first_line: &[u8]) -> bool {
    let mut words = first_line.split(|byte| *byte == b' ');
    let path = words.nth(1).unwrap_or_default();
    let is_other = |prefix: &str| path.starts_with(prefix.as_bytes());
    let fhir = b"/fhir/";
    path.windows(fhir.len()).any(|part| part == fhir)
        || !(is_other("/integrator/") || is_other("/desktop/"))
}

/// A stream to which hyper writes, and which words its bare answers.
pub(super) struct Worded<S> {
    stream: S,
    /// What is to be written before anything else, and how much of it has been.
    instead: Vec<u8>,
    written: usize,
    /// No line has ended since the last answer.
    in_first_line: bool,
    /// How the request begins that came after it.
    beginning: Vec<u8>,
}

impl<S: AsyncWrite + Unpin> Worded<S> {
    pub(super) fn new(stream: S) -> Worded<S> {
        Worded {
            stream,
            instead: Vec::new(),
            written: 0,
            in_first_line: true,
            beginning: Vec::with_capacity(BEGINNING),
        }
    }

    fn poll_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.instead.len() {
            let rest = &self.instead[self.written..];
            match ready!(Pin::new(&mut self.stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes hyper's bytes in another's stead; how many there were.
    fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        let in_first_line = std::mem::replace(&mut self.in_first_line, true);
        let is_fhir = is_fhir(&self.beginning);
        self.beginning.clear();
        self.instead = worded(bytes, in_first_line, is_fhir)?;
        self.written = 0;
        Some(bytes.len())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Worded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let room = BEGINNING - self.beginning.len();
        if room > 0 {
            let came = &buffer.filled()[before..];
            self.beginning
                .extend_from_slice(&came[..came.len().min(room)]);
        }
        if self.in_first_line && buffer.filled()[before..].contains(&b'\n') {
            self.in_first_line = false;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Worded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(context))?;
        match self.take(bytes) {
            Some(length) => Poll::Ready(Ok(length)),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(context))?;
        // A head without a body is one slice.
        let only = match slices {
            [only] => self.take(only),
            _ => None,
        };
        match only {
            Some(length) => Poll::Ready(Ok(length)),
            None => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_answers_are_worded() {
        let bare = "HTTP/1.1 414 URI Too Long\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let answer =
            String::from_utf8(worded(bare.as_bytes(), true, true).expect("worded")).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.ends_with("\r\nconnection: close"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())));
        let outcome: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(outcome["resourceType"], "OperationOutcome");
        let answer = worded(bare.as_bytes(), true, false).expect("worded");
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(
            head.contains("\r\ncontent-type: application/json\r\n"),
            "{head}"
        );
        let envelope: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(envelope["error"]["status"], 414);
        let large = "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        for (in_first_line, status) in [(true, "414 "), (false, "431 ")] {
            let answer = worded(large.as_bytes(), in_first_line, true).expect("worded");
            assert!(answer.starts_with(format!("HTTP/1.1 {status}").as_bytes()));
        }
        for other in [
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 414 URI Too Long\r\ncontent-length: 12\r\n\r\n",
            "HTTP/1.1 414 URI Too Long\r\ncontent-length: 12\r\n\r\n\r\ncontent-length: 0\r\n\r\n\r\n",
            "HTTP/1.1 414 URI Too Long\r\ncontent-length: 0\r\n",
            "{}",
        ] {
            assert_eq!(worded(other.as_bytes(), true, true), None, "{other}");
        }
    }
    #[test]
    fn the_path_says_whether_it_is_fhir() {
        let site = "/sites/00000000-0000-4000-8000-000000000001";
        for (line, expected) in [
            (format!("GET /integrator{site}/fhir/R4/Patient?x"), true),
            (format!("GET /desktop{site}/fhir/R4?x"), true),
            (format!("GET /integrator{site}?x=/y"), false),
            (
                format!("POST /desktop{site}/queries/immediate HTTP/1.1"),
                false,
            ),
            ("GET /elsewhere HTTP/1.1".to_owned(), true),
            ("no HTTP".to_owned(), true),
            (String::new(), true),
        ] {
            assert_eq!(is_fhir(line.as_bytes()), expected, "{line}");
        }
    }
}
