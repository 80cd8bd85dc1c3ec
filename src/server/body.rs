//! A request's body → its bytes, bounded in size and time: the form of a POST to `_search`, a resource in JSON, or a command
//! in JSON.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http_body_util::BodyExt as _;

use super::negotiate;
use super::reply::Refusal;
use crate::errors;

/// What is read and thrown away of a body that is too large, or that nobody reads, within the time that a body may take, so that
/// a caller that writes it all before it reads gets the refusal and not a broken connection.
pub(super) const DISCARDED_BYTES: usize = 16 << 20;

/// Reads a form. A body that is missing is an empty form.
///
/// # Errors
/// 415 for another media type (or none, with a body), 413 for more than `limit` bytes, announced or sent, 408 after
/// `time`, 400 for a body that breaks off.
pub async fn form(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    time: Duration,
) -> Result<Vec<u8>, Refusal> {
    read(&FORM, headers, body, limit, time).await
}

/// Reads a resource in JSON, as text. A body that is missing is empty.
///
/// # Errors
/// As [`form`].
pub async fn json(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    time: Duration,
) -> Result<Vec<u8>, Refusal> {
    read(&JSON, headers, body, limit, time).await
}

/// Reads what the SQL passthrough takes: JSON that is no resource.
///
/// # Errors
/// As [`form`].
pub async fn command(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    time: Duration,
) -> Result<Vec<u8>, Refusal> {
    read(&COMMAND, headers, body, limit, time).await
}

/// What a body may be.
struct Kind {
    media_types: &'static [&'static str],
    otherwise: &'static str,
    /// Of which another version of FHIR may be named.
    is_fhir: bool,
}

const FORM: Kind = Kind {
    media_types: &["application/x-www-form-urlencoded"],
    otherwise: "the body is sent as application/x-www-form-urlencoded, in UTF-8",
    is_fhir: false,
};

const JSON: Kind = Kind {
    media_types: &["application/fhir+json", "application/json", "text/json"],
    otherwise: "a resource is sent as application/fhir+json, of fhirVersion 4.0 and in UTF-8",
    is_fhir: true,
};

const COMMAND: Kind = Kind {
    media_types: &["application/json", "text/json"],
    otherwise: "the body is sent as application/json, in UTF-8",
    is_fhir: false,
};

async fn read(
    kind: &Kind,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    time: Duration,
) -> Result<Vec<u8>, Refusal> {
    let another = || Refusal::new(errors::UNSUPPORTED_MEDIA_TYPE, kind.otherwise);
    let media_type = headers.get(CONTENT_TYPE);
    if let Some(value) = media_type
        && !kind.has(value.as_bytes())
    {
        return Err(another());
    }
    let coded = headers
        .get(CONTENT_ENCODING)
        .is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if coded {
        return Err(Refusal::new(
            errors::UNSUPPORTED_MEDIA_TYPE,
            "the body has a Content-Encoding, and is read without any",
        ));
    }
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    let is_over = |bytes: usize| announced.is_some_and(|length| length > bytes as u64);
    // RFC 9110 §10.1.1: who waits to be told to send the body has sent nothing that would have to be read.
    if is_over(limit + DISCARDED_BYTES) || (is_over(limit) && headers.contains_key(EXPECT)) {
        return Err(too_large(limit));
    }
    let read = tokio::time::timeout(time, collect(body, limit)).await;
    let bytes = read.map_err(|_| match is_over(limit) {
        true => too_large(limit),
        false => Refusal::new(
            errors::BODY_TOO_SLOW,
            format!("the body did not arrive within {} s", time.as_secs_f32()),
        ),
    })??;
    if media_type.is_none() && !bytes.is_empty() {
        return Err(another());
    }
    Ok(bytes)
}

async fn collect(mut body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut form = Vec::new();
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Refusal::new(
                errors::BODY_UNREADABLE,
                "the body broke off or is malformed",
            )
        })?;
        let data: Bytes = frame.into_data().unwrap_or_default();
        seen += data.len();
        if seen <= limit {
            form.extend_from_slice(&data);
        } else if seen > limit + DISCARDED_BYTES {
            break;
        }
    }
    if seen > limit {
        return Err(too_large(limit));
    }
    Ok(form)
}

impl Kind {
    /// One of the media types, with or without parameters; a charset other than UTF-8 is refused, and so is another version of
    /// FHIR where the kind is FHIR's.
    fn has(&self, value: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(value) else {
            return false;
        };
        let (name, parameters) = text.split_once(';').unwrap_or((text, ""));
        let is_known = self
            .media_types
            .iter()
            .any(|known| name.trim().eq_ignore_ascii_case(known));
        is_known
            && negotiate::is_utf8(parameters)
            && (!self.is_fhir || negotiate::is_r4(parameters))
    }
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(
        errors::BODY_TOO_LARGE,
        format!("the body has more than {limit} bytes"),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use axum::http::HeaderValue;
    use futures_util::StreamExt as _;

    async fn read_form(media_type: Option<&'static str>, body: &[u8]) -> Result<Vec<u8>, u16> {
        let mut headers = HeaderMap::new();
        if let Some(media_type) = media_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        form(
            &headers,
            Body::from(body.to_vec()),
            16,
            Duration::from_secs(1),
        )
        .await
        .map_err(|refusal| refusal.code.status)
    }

    #[tokio::test]
    async fn resources_are_read_as_json() {
        let read = async |media_type: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            let body = Body::from("{}");
            json(&headers, body, 16, Duration::from_secs(1))
                .await
                .map_err(|refusal| refusal.code.status)
        };
        assert_eq!(read("application/fhir+json").await, Ok(b"{}".into()));
        assert_eq!(
            read("application/json; charset=utf-8").await,
            Ok(b"{}".into())
        );
        assert_eq!(read("application/fhir+xml").await, Err(415));
        for (parameters, status) in [
            ("fhirVersion=4.0", 200),
            ("FHIRVERSION=\"4.0\"; charset=UTF-8", 200),
            ("fhirVersion=3.0", 415),
            ("charset=utf-8;fhirVersion=\"5.0\"", 415),
            ("fhirVersion=4.0; charset=latin1", 415),
        ] {
            let media_type = format!("application/fhir+json; {parameters}").leak();
            let read = read(media_type).await.map_or_else(|status| status, |_| 200);
            assert_eq!(read, status, "{parameters}");
        }
    }

    #[tokio::test]
    async fn forms_are_read_and_nothing_else() {
        const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
        assert_eq!(
            read_form(FORM, b"family=smith").await,
            Ok(b"family=smith".into())
        );
        assert_eq!(
            read_form(
                Some("Application/X-WWW-Form-Urlencoded; charset=UTF-8"),
                b"a=b"
            )
            .await,
            Ok(b"a=b".into())
        );
        assert_eq!(read_form(None, b"").await, Ok(Vec::new()));
        assert_eq!(read_form(None, b"a=b").await, Err(415));
        assert_eq!(read_form(Some("application/json"), b"{}").await, Err(415));
        assert_eq!(
            read_form(Some("application/fhir+json"), b"").await,
            Err(415)
        );
        assert_eq!(
            read_form(
                Some("application/x-www-form-urlencoded; charset=latin1"),
                b"a=b"
            )
            .await,
            Err(415)
        );
        assert_eq!(read_form(FORM, &[b'a'; 16]).await, Ok(vec![b'a'; 16]));
        assert_eq!(read_form(FORM, &[b'a'; 17]).await, Err(413));
        assert_eq!(read_form(FORM, &vec![b'a'; 3 << 20]).await, Err(413));
    }

    /// The status for a body of which so much is announced, and how many bytes of it were read.
    async fn read_announced(announced: usize, sent: usize, waits: bool) -> (u16, usize) {
        const CHUNK: usize = 1 << 16;
        let mut headers = HeaderMap::new();
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form_type);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(announced));
        if waits {
            headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
        }
        let taken = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&taken);
        let chunks = futures_util::stream::iter(0..sent / CHUNK).map(move |_| {
            counts.fetch_add(CHUNK, Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(vec![b'a'; CHUNK])
        });
        // What is announced and not sent never comes.
        let body = match sent < announced {
            true => Body::from_stream(chunks.chain(futures_util::stream::pending())),
            false => Body::from_stream(chunks),
        };
        let read = form(&headers, body, 16, Duration::from_millis(500)).await;
        let status = read.map_or_else(|refusal| refusal.code.status, |_| 200);
        (status, taken.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_read_to_its_end_unless_that_is_far() {
        let (mib, more) = (1 << 20, 17 << 20);
        for (announced, sent, waits, expected) in [
            (3 * mib, 3 * mib, false, (413, 3 * mib)),
            (16 * mib, 16 * mib, false, (413, 16 * mib)),
            (3 * mib, mib, false, (413, mib)),
            (more, more, false, (413, 0)),
            (3 * mib, 3 * mib, true, (413, 0)),
            (16, 0, false, (408, 0)),
        ] {
            let read = read_announced(announced, sent, waits).await;
            assert_eq!(read, expected, "{announced} {sent} {waits}");
        }
    }
}
