//! What a caller's statement may do: to the one file that its line has open, and to nothing else.
//!
//! SQLite asks for each thing that a statement would do while it prepares it. Other files are reached by ATTACH, which VACUUM
//! is too, and by functions of extensions; a connection's own settings by pragmas.

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;

/// Pragmas that only tell what is in the file.
const TELLING: [&str; 9] = [
    "collation_list",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "table_info",
    "table_list",
    "table_xinfo",
    "function_list",
];
/// Pragmas that tell something without a value, and set it with one.
const TELLING_BARE: [&str; 4] = ["encoding", "page_count", "schema_version", "user_version"];
/// Functions that load code, or read and write files where a build has them.
const REACHING: [&str; 5] = [
    "edit",
    "fts3_tokenizer",
    "load_extension",
    "readfile",
    "writefile",
];

/// Confines a connection to its file, for as long as it is open.
pub(super) fn confine(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    // The schema is changed by statements that are meant to, and by no others.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.authorizer(Some(authorised))
}

fn authorised(asked: AuthContext<'_>) -> Authorization {
    let named = |names: &[&str], name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    let is_allowed = match asked.action {
        AuthAction::Attach { .. } | AuthAction::Detach { .. } | AuthAction::Unknown { .. } => false,
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => {
            named(&TELLING, pragma_name)
                || (pragma_value.is_none() && named(&TELLING_BARE, pragma_name))
        }
        AuthAction::Function { function_name } => !named(&REACHING, function_name),
        _ => true,
    };
    match is_allowed {
        true => Authorization::Allow,
        false => Authorization::Deny,
    }
}
