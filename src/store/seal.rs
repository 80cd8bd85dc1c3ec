//! The key that seals what the store keeps of callers and of rows.
//!
//! A value is bound to the table, the column and the row that it stands in, so that whoever can write the file cannot
//! give one row what another's holds.

use std::path::Path;

use super::StoreError;
use super::sqlite::DATABASE_FILE;
use crate::key_file::{self, KeyFileError};
use crate::seal::{KEY_BYTES, SealError, Sealer, random_key};

/// The file that keeps the key, in the folder of the state.
pub const KEY_FILE: &str = "state.key";

/// The key of a store.
#[derive(Clone)]
pub struct SealKey(Sealer);

/// Where a sealed value belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub table: &'static str,
    pub column: &'static str,
    /// What tells the row from others.
    pub row: &'a [u8],
}

impl Place<'_> {
    /// The same bytes for no two places: names have no colon.
    fn bytes(&self) -> Vec<u8> {
        [
            self.table.as_bytes(),
            b":",
            self.column.as_bytes(),
            b":",
            self.row,
        ]
        .concat()
    }
}

impl From<SealError> for StoreError {
    fn from(error: SealError) -> StoreError {
        match error {
            SealError::Malformed | SealError::Rejected => StoreError::Sealed,
            SealError::TooLarge | SealError::Random => StoreError::Failed(error.to_string()),
        }
    }
}

impl SealKey {
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> SealKey {
        SealKey(Sealer::new(bytes))
    }

    /// A new key; what it seals is lost with it.
    ///
    /// # Errors
    /// [`SealError::Random`]
    pub fn generate() -> Result<SealKey, SealError> {
        random_key().map(SealKey::from_bytes)
    }

    /// The key that the folder of the state keeps; a new one where there is none yet.
    ///
    /// # Errors
    /// [`KeyFileError`]
    pub fn kept_in(folder: &Path) -> Result<SealKey, KeyFileError> {
        let path = folder.join(KEY_FILE);
        // A new one would open nothing, and might take the place of the right one in a backup.
        if !path.exists() && folder.join(DATABASE_FILE).exists() {
            return Err(KeyFileError::Missing { path });
        }
        key_file::kept_in(folder, KEY_FILE).map(SealKey::from_bytes)
    }

    /// Seals a value for its place.
    ///
    /// # Errors
    /// [`StoreError::Failed`]
    pub fn seal(&self, value: &[u8], place: Place<'_>) -> Result<Vec<u8>, StoreError> {
        Ok(self.0.seal(value, &place.bytes())?)
    }

    /// Opens a value that was sealed for the same place.
    ///
    /// # Errors
    /// [`StoreError::Sealed`]
    pub fn open(&self, sealed: &[u8], place: Place<'_>) -> Result<Vec<u8>, StoreError> {
        Ok(self.0.open(sealed, &place.bytes())?)
    }

    /// As [`open`](Self::open), in the bytes themselves, without a copy.
    ///
    /// # Errors
    /// [`StoreError::Sealed`]
    pub fn open_large(
        &self,
        mut sealed: Vec<u8>,
        place: Place<'_>,
    ) -> Result<axum::body::Bytes, StoreError> {
        let value = self.0.open_in_place(&mut sealed, &place.bytes())?;
        Ok(axum::body::Bytes::from(sealed).slice(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place {
        table: "queries",
        column: "call",
        row: b"1",
    };

    #[test]
    fn a_value_opens_in_its_place_alone() {
        let key = SealKey::from_bytes([3; KEY_BYTES]);
        let sealed = key.seal(b"select", PLACE).expect("sealed");
        assert_eq!(key.open(&sealed, PLACE).as_deref(), Ok(&b"select"[..]));
        let whole = key.open_large(sealed.clone(), PLACE);
        assert_eq!(whole.as_deref(), Ok(&b"select"[..]));
        let others = [
            Place { row: b"2", ..PLACE },
            Place {
                column: "error",
                ..PLACE
            },
            Place {
                table: "registered",
                ..PLACE
            },
        ];
        for other in others {
            assert_eq!(key.open(&sealed, other), Err(StoreError::Sealed));
            assert_eq!(
                key.open_large(sealed.clone(), other),
                Err(StoreError::Sealed)
            );
        }
    }

    #[test]
    fn the_key_of_a_folder_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = SealKey::kept_in(folder.path()).expect("made");
        let sealed = key.seal(b"x", PLACE).expect("sealed");
        let again = SealKey::kept_in(folder.path()).expect("read");
        assert_eq!(again.open(&sealed, PLACE).as_deref(), Ok(&b"x"[..]));
    }
}
