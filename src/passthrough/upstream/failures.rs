//! What goes wrong on the way to an upstream and back, in words that hold nothing of the request or the answer.

use std::io;
use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use rustls::CertificateError;

use super::account::PAUSE;
use super::answer::MOST_MIB;
use crate::http_client::{cause, retry_after};
use crate::passthrough::PassthroughError;

/// What a status says by itself; None where it says only that something failed.
pub(super) fn refusal(response: &Response, asked: Instant) -> Option<PassthroughError> {
    let words = |words: &str| Some(PassthroughError::Upstream(words.to_owned()));
    match response.status() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(PassthroughError::UpstreamRefused),
        StatusCode::NOT_FOUND => words("it knows no such site"),
        StatusCode::BAD_REQUEST => words("it does not take the form of the command"),
        StatusCode::PAYLOAD_TOO_LARGE => Some(PassthroughError::TooLarge(MOST_MIB)),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => {
            let waited = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
            Some(PassthroughError::Timeout(Duration::from_millis(waited)))
        }
        StatusCode::TOO_MANY_REQUESTS => Some(PassthroughError::UpstreamLimit {
            pause: retry_after(response.headers()).unwrap_or(PAUSE),
        }),
        StatusCode::SERVICE_UNAVAILABLE => Some(PassthroughError::UpstreamOffline {
            pause: retry_after(response.headers()),
        }),
        status if status.is_redirection() => {
            words("it answers with a redirection, which is not followed")
        }
        _ => None,
    }
}

/// The body of an answer.
///
/// # Errors
/// [`PassthroughError::TooLarge`] where it has more than `most` bytes, of which no more are read;
/// [`PassthroughError::Upstream`] where it breaks off.
pub(super) async fn body(
    response: &mut Response,
    most: usize,
) -> Result<Vec<u8>, PassthroughError> {
    let announced = response.content_length().unwrap_or(0);
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > most {
        return Err(PassthroughError::TooLarge(MOST_MIB));
    }
    let mut body = Vec::with_capacity(announced);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > most => {
                return Err(PassthroughError::TooLarge(MOST_MIB));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(_) => {
                return Err(PassthroughError::Upstream(
                    "its answer breaks off".to_owned(),
                ));
            }
        }
    }
}

/// Why there is no answer at all.
pub(super) fn transport(error: &reqwest::Error) -> PassthroughError {
    if let Some(error) = cause::<rustls::Error>(error) {
        return tls(error);
    }
    if error.is_connect() {
        let system = cause::<io::Error>(error).filter(|error| error.raw_os_error().is_some());
        return PassthroughError::Unreachable(match system {
            _ if error.is_timeout() => "no connection in time".to_owned(),
            Some(error) => error.kind().to_string(),
            None => "it has no address, or does not speak TLS".to_owned(),
        });
    }
    PassthroughError::Lost
}

fn tls(error: &rustls::Error) -> PassthroughError {
    let words = match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "it is not valid yet"
            }
            CertificateError::UnknownIssuer => "it is signed by none that is trusted",
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "it is for another host"
            }
            CertificateError::Revoked => "it was revoked",
            _ => "it is not valid",
        },
        _ => return PassthroughError::Unreachable("no TLS session comes about".to_owned()),
    };
    PassthroughError::Certificate(words.to_owned())
}
