//! What a server says went wrong: its status vector, and the error of ours that it is.
//!
//! The vector is a list of numbers, each with arguments. Arguments may be values of a row or a request (`conversion
//! error from string "…"`), so that only what has the form of a name is ever shown, and only where a name stands.

use super::super::PassthroughError;
use super::login;
use super::wire::{Broken, Wire};

// The engine's numbers, as `iberror.h` names them.
const LOCK_CONFLICT: u32 = 335_544_345;
const IO_ERROR: u32 = 335_544_344;
const BAD_DB_FORMAT: u32 = 335_544_323;
const NO_PRIV: u32 = 335_544_352;
const DEADLOCK: u32 = 335_544_336;
const UNAVAILABLE: u32 = 335_544_375;
pub(super) const RANDOM: u32 = 335_544_382;
pub(super) const SQLERR: u32 = 335_544_436;
const LOGIN: u32 = 335_544_472;
const LOGIN_ERROR: u32 = 335_545_106;
const SHUTDOWN: u32 = 335_544_528;
pub(super) const DSQL_ERROR: u32 = 335_544_569;
const DSQL_COMMAND_ERR: u32 = 335_544_570;
const DSQL_FIELD_ERR: u32 = 335_544_578;
const DSQL_RELATION_ERR: u32 = 335_544_580;
const DSQL_PROCEDURE_ERR: u32 = 335_544_581;
const DSQL_TOKEN_UNK_ERR: u32 = 335_544_634;
pub(super) const DSQL_LINE_COL: u32 = 336_397_208;
const FUN_NOT_DEFINED: u32 = 335_544_343;
const RELATION_NOT_DEFINED: u32 = 335_544_395;
const FIELD_NOT_DEFINED: u32 = 335_544_396;
const DATABASE_DAMAGED: u32 = 335_544_335;
const IO_OPEN: u32 = 335_544_734;
const ATTACHMENT_SHUTDOWN: u32 = 335_544_856;
const NOT_SELECTABLE: u32 = 335_544_868;
const CANCELLED: u32 = 335_544_794;
const CONNECT_REJECT: u32 = 335_544_421;
/// The client requires a cipher, and the server has none; and the other way round.
const WIRE_CRYPT_OFF: u32 = 335_545_064;
const WIRE_CRYPT_REQUIRED: u32 = 335_545_065;
const NETWORK: [u32; 4] = [335_544_721, 335_544_726, 335_544_727, 335_544_741];

/// One number with what came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) code: u32,
    pub(super) words: Vec<String>,
    pub(super) numbers: Vec<i32>,
}

/// A status vector that reports an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status(Vec<Item>);

/// Why an exchange with the server failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The connection is in no known state any more.
    Broken(Broken),
    /// The server refuses; the connection goes on.
    Refused(Status),
    /// What the driver itself ends with.
    Ours(PassthroughError),
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        Failure::Broken(broken)
    }
}

impl From<PassthroughError> for Failure {
    fn from(error: PassthroughError) -> Self {
        Failure::Ours(error)
    }
}

/// Reads a status vector; None where it reports success.
pub(super) fn read(wire: &mut Wire) -> Result<Option<Status>, Broken> {
    let mut items: Vec<Item> = Vec::new();
    // What belongs to a warning is read over.
    let mut is_warning = false;
    loop {
        match wire.u32()? {
            0 => break,
            // A number.
            1 => {
                let code = wire.u32()?;
                is_warning = false;
                if code != 0 {
                    items.push(Item {
                        code,
                        words: Vec::new(),
                        numbers: Vec::new(),
                    });
                }
            }
            // Text, also where it is the server's own sentence.
            2 | 3 | 5 | 19 => {
                let text = wire.opaque(|text| String::from_utf8_lossy(text).into_owned())?;
                if let (Some(item), false) = (items.last_mut(), is_warning) {
                    item.words.push(text);
                }
            }
            4 => {
                let number = wire.i32()?;
                if let (Some(item), false) = (items.last_mut(), is_warning) {
                    item.numbers.push(number);
                }
            }
            18 => {
                wire.u32()?;
                is_warning = true;
            }
            // The operating system's number, of several systems.
            6..=17 => {
                wire.u32()?;
            }
            _ => return Err(Broken::Cut),
        }
    }
    Ok((!items.is_empty()).then_some(Status(items)))
}

/// Whether text can be shown as a name of the schema: `PATIENTS`, `p.SURNAME`, `"Given name"`.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 128
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.' | '"'))
}

impl Status {
    fn has(&self, code: u32) -> bool {
        self.0.iter().any(|item| item.code == code)
    }

    /// SQLCODE, where the engine says one.
    fn sqlcode(&self) -> Option<i32> {
        let item = self.0.iter().find(|item| item.code == SQLERR)?;
        item.numbers.first().copied()
    }

    /// The server has ended what it was asked to end.
    pub(super) fn is_cancelled(&self) -> bool {
        self.has(CANCELLED)
    }

    /// The server has ended the connection, or is about to.
    pub(super) fn is_shutdown(&self) -> bool {
        self.has(ATTACHMENT_SHUTDOWN)
            || self.has(SHUTDOWN)
            || NETWORK.iter().any(|&code| self.has(code))
    }

    /// Why a connection could not be made; `database` is the name that the configuration has for it.
    pub(super) fn of_connecting(&self, database: &str) -> PassthroughError {
        let no_database = [
            IO_ERROR,
            IO_OPEN,
            BAD_DB_FORMAT,
            UNAVAILABLE,
            DATABASE_DAMAGED,
            RELATION_NOT_DEFINED,
        ];
        if self.has(LOGIN) || self.has(LOGIN_ERROR) {
            PassthroughError::Login
        } else if self.has(SHUTDOWN) {
            PassthroughError::Unreachable("the database is shut down".to_owned())
        } else if no_database.iter().any(|&code| self.has(code)) {
            PassthroughError::NoDatabase(database.to_owned())
        } else if self.has(WIRE_CRYPT_OFF) {
            login::not_encrypted()
        } else if self.has(WIRE_CRYPT_REQUIRED) {
            PassthroughError::Unreachable("it asks for another wire encryption".to_owned())
        } else if self.has(CONNECT_REJECT) {
            PassthroughError::Unreachable("it refuses the protocol".to_owned())
        } else if self.has(NO_PRIV) {
            PassthroughError::Permission
        } else {
            PassthroughError::Failed { code: self.code() }
        }
    }

    /// Why a statement failed.
    pub(super) fn of_statement(&self) -> PassthroughError {
        if self.is_shutdown() {
            PassthroughError::Lost
        } else if self.has(NO_PRIV) {
            PassthroughError::Permission
        } else if self.has(LOCK_CONFLICT) || self.has(DEADLOCK) {
            PassthroughError::Locked
        } else if let Some(missing) = self.missing() {
            PassthroughError::Schema(missing)
        } else {
            PassthroughError::Failed { code: self.code() }
        }
    }

    /// The table, column or routine that there is not, in words.
    fn missing(&self) -> Option<String> {
        let kinds = [
            (DSQL_RELATION_ERR, "table"),
            (RELATION_NOT_DEFINED, "table"),
            (DSQL_FIELD_ERR, "column"),
            (FIELD_NOT_DEFINED, "column"),
            (DSQL_PROCEDURE_ERR, "procedure"),
            (FUN_NOT_DEFINED, "function"),
        ];
        let (at, kind) = self.0.iter().enumerate().find_map(|(at, item)| {
            let kind = kinds.iter().find(|(code, _)| *code == item.code)?;
            Some((at, kind.1))
        })?;
        // The name is an argument, or the text that follows.
        let name = self.0[at..]
            .iter()
            .take_while(|item| item.code != DSQL_LINE_COL)
            .flat_map(|item| &item.words)
            .find(|word| is_name(word));
        Some(match name {
            Some(name) => format!("no such {kind}: {name}"),
            None => format!("no such {kind}"),
        })
    }

    #[cfg(test)]
    pub(super) fn of(items: Vec<Item>) -> Status {
        Status(items)
    }

    /// What the server reports, one number after the other.
    pub(super) fn items(&self) -> &[Item] {
        &self.0
    }

    /// A procedure gives no rows, and has to be executed.
    pub(super) fn is_not_selectable(&self) -> bool {
        self.has(NOT_SELECTABLE)
    }

    /// The most telling of the engine's numbers.
    pub(super) fn telling(&self) -> u32 {
        let telling = self.0.iter().find(|item| {
            !matches!(
                item.code,
                DSQL_ERROR | DSQL_COMMAND_ERR | SQLERR | RANDOM | DSQL_LINE_COL
            )
        });
        telling.or(self.0.first()).map_or(0, |item| item.code)
    }

    /// SQLCODE, or the most telling of the engine's numbers.
    fn code(&self) -> i32 {
        self.sqlcode()
            .filter(|code| *code != -1)
            .unwrap_or_else(|| i32::try_from(self.telling()).unwrap_or(0))
    }

    /// What the engine has against a statement to which no value is bound.
    pub(super) fn words(&self) -> String {
        let mut words = match self.missing() {
            Some(missing) => missing,
            None => match self.0.iter().find(|item| item.code == DSQL_TOKEN_UNK_ERR) {
                // The token is of the statement's text, which no request's value is part of.
                Some(_) => {
                    let token = self.0.iter().find(|item| item.code == RANDOM);
                    let token = token.and_then(|item| item.words.first());
                    format!(
                        "unexpected `{}`",
                        token.map(String::as_str).unwrap_or_default()
                    )
                }
                None => format!("code {}", self.code()),
            },
        };
        let place = self
            .0
            .iter()
            .find(|item| matches!(item.code, DSQL_LINE_COL | DSQL_TOKEN_UNK_ERR));
        if let Some([line, column, ..]) = place.map(|item| item.numbers.as_slice()) {
            words.push_str(&format!(" (line {line}, column {column})"));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(code: u32, words: &[&str], numbers: &[i32]) -> Item {
        Item {
            code,
            words: words.iter().map(|&word| word.to_owned()).collect(),
            numbers: numbers.to_vec(),
        }
    }

    #[test]
    fn a_missing_name_is_shown_and_a_value_is_not() {
        let unknown = |code, name: &str| {
            Status(vec![
                item(DSQL_ERROR, &[], &[]),
                item(SQLERR, &[], &[-206]),
                item(code, &[], &[]),
                item(RANDOM, &[name], &[]),
                item(DSQL_LINE_COL, &[], &[1, 8]),
            ])
        };
        assert_eq!(
            unknown(DSQL_FIELD_ERR, "P.NOPE").of_statement(),
            PassthroughError::Schema("no such column: P.NOPE".to_owned())
        );
        assert_eq!(
            unknown(DSQL_RELATION_ERR, "it's no name").of_statement(),
            PassthroughError::Schema("no such table".to_owned())
        );
        assert_eq!(
            unknown(DSQL_RELATION_ERR, "NOPE").words(),
            "no such table: NOPE (line 1, column 8)"
        );
        let conversion = Status(vec![
            item(SQLERR, &[], &[-413]),
            item(335_544_334, &["a value"], &[]),
        ]);
        assert_eq!(
            conversion.of_statement(),
            PassthroughError::Failed { code: -413 }
        );
        assert_eq!(conversion.words(), "code -413");
    }
}
