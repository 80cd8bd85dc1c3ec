//! What went wrong, from the client's and the server's numbers. The server's words quote values («conversion failed
//! when converting the varchar value …»): none goes on, but for the name of a table or column.

use std::io::ErrorKind;

use tiberius::error::{Error, TokenError};

use crate::passthrough::PassthroughError;

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Connecting,
    Asking,
}

/// From this severity on the server closes the connection.
pub(super) const FATAL: u8 = 20;
/// Characters of the longest name.
const LONGEST_NAME: usize = 4 * 128 + 3;

/// A client's error, as the caller is told.
pub(super) fn told(error: &Error, stage: Stage, catalogue: &str) -> PassthroughError {
    match (error, stage) {
        (Error::Server(token), _) => of_server(token, stage, catalogue),
        (Error::Tls(words), _) => of_tls(words),
        (Error::Io { kind, message }, Stage::Connecting) => of_handshake(*kind, message),
        (Error::Io { .. }, Stage::Asking) => PassthroughError::Lost,
        (Error::Protocol(words), Stage::Connecting) if words.contains("encryption level") => {
            PassthroughError::Unreachable("it does not encrypt as the site asks for".to_owned())
        }
        (Error::Routing { .. }, _) => {
            PassthroughError::Unreachable("it sends on to other servers without end".to_owned())
        }
        (_, Stage::Connecting) => {
            PassthroughError::Unreachable("it does not speak SQL Server's protocol".to_owned())
        }
        (_, Stage::Asking) => PassthroughError::Failed { code: 0 },
    }
}

fn of_server(token: &TokenError, stage: Stage, catalogue: &str) -> PassthroughError {
    match token.code() {
        18452 | 18456 | 18458..=18461 | 18470 | 18486..=18488 => PassthroughError::Login,
        911 | 916 | 921 | 922 | 924 | 927 | 942 | 945 | 976 | 978 | 983 | 4060 | 4063 | 4064 => {
            PassthroughError::NoDatabase(catalogue.to_owned())
        }
        207 => PassthroughError::Schema(format!("column {}", name_in(token.message()))),
        208 => PassthroughError::Schema(format!("table {}", name_in(token.message()))),
        229 | 230 | 297 | 300 => PassthroughError::Permission,
        // A deadlock that was lost, and a lock that was waited for in vain.
        1205 | 1222 => PassthroughError::Locked,
        // Starting, paused, shutting down.
        6005 | 17142 | 18401 if stage == Stage::Connecting => {
            PassthroughError::Unreachable("it is starting or shutting down".to_owned())
        }
        _ if token.class() >= FATAL => PassthroughError::Lost,
        code => PassthroughError::Failed {
            code: i32::try_from(code).unwrap_or(0),
        },
    }
}

/// The name in quotes that a message is about.
fn name_in(message: &str) -> &str {
    let quoted = message
        .split_once('\'')
        .and_then(|(_, rest)| rest.rsplit_once('\''))
        .map_or("", |(name, _)| name);
    let is_name = !quoted.is_empty()
        && quoted.len() <= LONGEST_NAME
        && quoted
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '#' | '@' | '$'));
    if is_name { quoted } else { "(unnamed)" }
}

/// A server that cannot be had, in the words of the operating system or of the resolver.
pub(super) fn unreachable(kind: ErrorKind, words: &str) -> PassthroughError {
    let words = match kind {
        _ if words.contains("failed to lookup address") => "its name is not known".to_owned(),
        ErrorKind::Other => "the network fails".to_owned(),
        kind => kind.to_string(),
    };
    PassthroughError::Unreachable(words)
}

fn of_handshake(kind: ErrorKind, words: &str) -> PassthroughError {
    const OLD: [&str; 5] = [
        "incompatible",
        "ProtocolVersion",
        "HandshakeFailure",
        "InvalidContentType",
        "InvalidMessage",
    ];
    if words.contains("CA certificates") || words.contains("platform certificates") {
        return PassthroughError::Certificate(
            "the system has no authorities to trust; give the site a file of them".to_owned(),
        );
    }
    if OLD.iter().any(|word| words.contains(word)) {
        return PassthroughError::Unreachable("it has no TLS from 1.2 on".to_owned());
    }
    match kind {
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => PassthroughError::Unreachable(
            "it closes the connection before the login is done".to_owned(),
        ),
        kind => unreachable(kind, words),
    }
}

/// The words are rustls' own, by way of the client.
fn of_tls(words: &str) -> PassthroughError {
    const KNOWN: [(&str, &str); 10] = [
        ("certificate expired", "it has expired"),
        ("not valid for name", "it is another host's"),
        ("not valid for any names", "it is another host's"),
        ("not valid yet", "it is not valid yet"),
        (
            "UnknownIssuer",
            "no authority that is trusted has signed it",
        ),
        // By one of the same name.
        ("BadSignature", "no authority that is trusted has signed it"),
        (
            "CaUsedAsEndEntity",
            "it is an authority's own and no server's (CA:TRUE)",
        ),
        ("Revoked", "it has been revoked"),
        (
            "UnsupportedCertVersion",
            "it is of an old form (X.509 before version 3)",
        ),
        ("InvalidPurpose", "it is not for servers"),
    ];
    let is_certificate = words.contains("certificate");
    match KNOWN.iter().find(|(sign, _)| words.contains(sign)) {
        Some((_, why)) => PassthroughError::Certificate((*why).to_owned()),
        None if is_certificate => PassthroughError::Certificate("it is not sound".to_owned()),
        None => PassthroughError::Unreachable("no TLS from 1.2 on can be agreed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_taken_from_a_message() {
        let cases = [
            ("Invalid object name 'dbo.PATIENTS'.", "dbo.PATIENTS"),
            ("Invalid column name 'SEX CODE'.", "(unnamed)"),
            ("Invalid column name 'O'Brien'.", "(unnamed)"),
            ("Invalid column name ''.", "(unnamed)"),
            ("Nothing is quoted.", "(unnamed)"),
        ];
        for (message, name) in cases {
            assert_eq!(name_in(message), name, "{message}");
        }
    }

    #[test]
    fn tls_words_are_told_apart() {
        let of = |words: &str| of_tls(words).to_string();
        assert!(of("certificate expired: verification time 1 (UNIX)").ends_with("has expired"));
        assert!(
            of("certificate not valid for name \"a\"; certificate").ends_with("another host's")
        );
        assert!(of("rejected: invalid peer certificate: UnknownIssuer").contains("no authority"));
        assert!(of("peer certificate: Other(OtherError(CaUsedAsEndEntity))").contains("CA:TRUE"));
        assert!(matches!(
            of_tls("anything else"),
            PassthroughError::Unreachable(_)
        ));
    }
}
