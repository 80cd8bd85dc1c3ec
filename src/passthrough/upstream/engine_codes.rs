//! What the engines' own error numbers mean, as an upstream passes them on.

use super::answer::{Failure, MOST_MIB};
use crate::passthrough::{PassthroughError, names};
use crate::sql::Statement;

/// An error that an upstream reports of a command. Its message is not passed on: it may quote values.
pub(super) fn error(failure: &Failure<'_>, statement: &Statement) -> PassthroughError {
    let code = failure.code();
    let short = i32::try_from(code).unwrap_or(0);
    let missing = || {
        let message = failure.error_message.as_deref().unwrap_or_default();
        let name = names::of_statement(message, &statement.text);
        PassthroughError::Schema(name.map_or_else(|| format!("code {code}"), str::to_owned))
    };
    let database = || {
        let name = statement.catalogue.as_deref();
        PassthroughError::NoDatabase(name.unwrap_or_default().to_owned())
    };
    let meaning = match failure.error_type.as_deref() {
        Some("http") => return http(code),
        Some("haloLink") => return of_agent(code),
        Some("mssql") => mssql(code),
        Some("fbsql") => firebird(code),
        // SQL Anywhere's, by whatever name.
        _ => sql_anywhere(code),
    };
    match meaning {
        Meaning::Schema => missing(),
        Meaning::Permission => PassthroughError::Permission,
        Meaning::Login => PassthroughError::Login,
        Meaning::NoDatabase => database(),
        Meaning::Locked => PassthroughError::Locked,
        Meaning::Timeout => PassthroughError::Timeout(super::LONGEST_QUERY),
        Meaning::Unreachable => {
            PassthroughError::Unreachable("the practice's agent has no connection to it".to_owned())
        }
        Meaning::Other => PassthroughError::Failed { code: short },
    }
}

/// An error of what stands between the upstream and the practice's database.
pub(super) fn of_agent(code: i64) -> PassthroughError {
    PassthroughError::Upstream(format!("the practice's agent reports the error {code}"))
}

/// An HTTP status inside an answer.
pub(super) fn http(code: i64) -> PassthroughError {
    match code {
        413 => PassthroughError::TooLarge(MOST_MIB),
        408 | 504 => PassthroughError::Timeout(super::LONGEST_QUERY),
        429 => PassthroughError::UpstreamLimit {
            pause: super::account::PAUSE,
        },
        401 | 403 => PassthroughError::UpstreamRefused,
        503 => PassthroughError::UpstreamOffline { pause: None },
        code => PassthroughError::Upstream(format!("it reports the status {code}")),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Schema,
    Permission,
    Login,
    NoDatabase,
    Locked,
    Timeout,
    Unreachable,
    Other,
}

/// SQL Server's numbers, and those of its .NET client.
fn mssql(code: i64) -> Meaning {
    match code {
        // Invalid column, invalid object, a name that no table of the statement has.
        207 | 208 | 4104 => Meaning::Schema,
        // On an object, on a column.
        229 | 230 => Meaning::Permission,
        18452 | 18456 | 18470 | 18486..=18488 => Meaning::Login,
        // Not there; cannot be opened; the login is no user of it.
        911 | 916 | 4060 => Meaning::NoDatabase,
        // Deadlock; a lock that was not had in time.
        1205 | 1222 => Meaning::Locked,
        -2 => Meaning::Timeout,
        2 | 40 | 53 | 64 | 121 | 233 | 10053 | 10054 | 10060 | 10061 => Meaning::Unreachable,
        _ => Meaning::Other,
    }
}

/// Firebird's status codes, and the SQLCODEs that older clients give.
fn firebird(code: i64) -> Meaning {
    match code {
        // dsql_field_err, dsql_relation_err
        335_544_578 | 335_544_580 | -204 | -206 => Meaning::Schema,
        335_544_352 | -551 => Meaning::Permission,
        335_544_472 => Meaning::Login,
        // io_error: the file cannot be opened.
        335_544_344 => Meaning::NoDatabase,
        // deadlock, lock_conflict, lock_timeout
        335_544_336 | 335_544_345 | 335_544_510 => Meaning::Locked,
        // cancelled
        335_544_794 => Meaning::Timeout,
        // network_error, net_connect_err, net_read_err, net_write_err, lost_db_connection
        335_544_721 | 335_544_722 | 335_544_726 | 335_544_727 | 335_544_741 => Meaning::Unreachable,
        _ => Meaning::Other,
    }
}

/// SQL Anywhere's SQLCODEs.
fn sql_anywhere(code: i64) -> Meaning {
    match code {
        -143..=-141 => Meaning::Schema,
        -121 => Meaning::Permission,
        -103 => Meaning::Login,
        -83 => Meaning::NoDatabase,
        -210 | -306 => Meaning::Locked,
        -299 => Meaning::Timeout,
        -85 | -100 | -101 | -308 => Meaning::Unreachable,
        _ => Meaning::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn of(details: &str) -> PassthroughError {
        let statement = Statement {
            catalogue: Some(Arc::from("Clinical")),
            ..Statement::constant(
                "SELECT [p].[SURNAME] FROM [PATIENTS] AS [p] WHERE [p].[DOB] = @p1",
            )
        };
        let failure: Failure<'_> = serde_json::from_str(details).expect("details");
        error(&failure, &statement)
    }

    #[test]
    fn numbers_have_meanings() {
        use PassthroughError as E;
        let cases = [
            (
                r#"{"errorType":"mssql","errorCode":208,"errorMessage":"Invalid object name 'PATIENTS'."}"#,
                E::Schema("PATIENTS".into()),
            ),
            (
                r#"{"errorType":"mssql","errorCode":207,"errorMessage":"Invalid column name 'Smith'."}"#,
                E::Schema("code 207".into()),
            ),
            (
                r#"{"errorType":"fbsql","errorCode":335544578,"errorMessage":"Column unknown P.\"DOB\""}"#,
                E::Schema("DOB".into()),
            ),
            (r#"{"errorType":"mssql","errorCode":"229"}"#, E::Permission),
            (
                r#"{"errorType":"mssql","errorCode":18456,"errorMessage":"Login failed for user 'x'."}"#,
                E::Login,
            ),
            (
                r#"{"errorType":"mssql","errorCode":4060}"#,
                E::NoDatabase("Clinical".into()),
            ),
            (
                r#"{"errorType":"mssql","errorCode":-2}"#,
                E::Timeout(super::super::LONGEST_QUERY),
            ),
            (
                r#"{"errorType":"mssql","errorCode":245,"errorMessage":"Conversion failed for 'Smith'"}"#,
                E::Failed { code: 245 },
            ),
            (
                r#"{"errorType":"fbsql","errorCode":335544352}"#,
                E::Permission,
            ),
            (
                r#"{"errorType":"sqlanywhere","errorCode":-143}"#,
                E::Schema("code -143".into()),
            ),
            (r#"{"errorType":"http","errorCode":413}"#, E::TooLarge(8)),
            (
                r#"{"errorType":"http","errorCode":504}"#,
                E::Timeout(super::super::LONGEST_QUERY),
            ),
            (
                r#"{"errorType":"haloLink","errorCode":7,"errorMessage":"Smith"}"#,
                E::Upstream("the practice's agent reports the error 7".into()),
            ),
            (r#"{}"#, E::Failed { code: 0 }),
        ];
        for (details, expected) in cases {
            assert_eq!(of(details), expected, "{details}");
        }
    }
}
