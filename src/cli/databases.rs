//! SQLite files that a command line names → a pool over them: `office.sqlite`, or, of several,
//! `OFFICE=office.sqlite CLINICAL=clinical.sqlite`.

use std::path::PathBuf;
use std::sync::Arc;

use super::named::Named;
use crate::mapping::Mapping;
use crate::passthrough::sqlite::Sqlite;
use crate::passthrough::{Limits, Pool};

/// What is wrong with the files that are named.
#[derive(Debug, thiserror::Error)]
pub enum DatabasesError {
    #[error(
        "of several databases, each needs its catalogue: OFFICE=office.sqlite CLINICAL=clinical.sqlite"
    )]
    NoCatalogue,
    #[error("two databases are given for the catalogue {0}")]
    Twice(String),
    #[error("there is no file {}", .0.display())]
    NoFile(PathBuf),
    #[error("the mapping has no catalogue {name}; its catalogues are {}", known.join(", "))]
    Stranger { name: String, known: Vec<Arc<str>> },
    #[error("no database is given for the catalogue {0}")]
    Lacking(Arc<str>),
}

/// Files, each with its catalogue: the default one first. One alone may be without a name.
#[derive(Debug)]
pub(super) struct Databases(Vec<(Arc<str>, PathBuf)>);

impl Databases {
    /// In the order in which they are named.
    ///
    /// # Errors
    /// A file that is not there; several of which one has no name, or two have the same.
    pub(super) fn new(files: &[Named]) -> Result<Databases, DatabasesError> {
        let mut named: Vec<(Arc<str>, PathBuf)> = Vec::new();
        for file in files {
            let name = match &file.catalogue {
                Some(name) => name.as_str(),
                None if files.len() == 1 => "",
                None => return Err(DatabasesError::NoCatalogue),
            };
            if named
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name))
            {
                return Err(DatabasesError::Twice(name.to_owned()));
            }
            let path = PathBuf::from(&file.database);
            if !path.is_file() {
                return Err(DatabasesError::NoFile(path));
            }
            named.push((Arc::from(name), path));
        }
        Ok(Databases(named))
    }

    /// In the order of a mapping's catalogues. One file alone stands for all of them.
    ///
    /// # Errors
    /// As [`Databases::new`]; a catalogue that the mapping has not, or its default one without a file.
    pub(super) fn of_mapping(
        files: &[Named],
        mapping: &Mapping,
    ) -> Result<Databases, DatabasesError> {
        let Databases(mut named) = Databases::new(files)?;
        if named.len() < 2 {
            return Ok(Databases(named));
        }
        let place = |name: &Arc<str>| mapping.catalogues.iter().position(|it| it == name);
        if let Some((stranger, _)) = named.iter().find(|(name, _)| place(name).is_none()) {
            return Err(DatabasesError::Stranger {
                name: stranger.to_string(),
                known: mapping.catalogues.to_vec(),
            });
        }
        let is_given = |wanted: &Arc<str>| named.iter().any(|(name, _)| name == wanted);
        if let Some(lacking) = mapping.catalogues.iter().find(|name| !is_given(name)) {
            return Err(DatabasesError::Lacking(Arc::clone(lacking)));
        }
        named.sort_by_key(|(name, _)| place(name));
        Ok(Databases(named))
    }

    /// Their catalogues.
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        self.0.iter().map(|(name, _)| Arc::clone(name)).collect()
    }

    /// The first file, for messages.
    pub(super) fn first(&self) -> PathBuf {
        let first = self.0.first();
        first.map(|(_, path)| path.clone()).unwrap_or_default()
    }

    /// A pool that reads them. Nothing is opened yet.
    pub(super) fn pool(self) -> Pool {
        let limits = Limits::default();
        let files = match self.0 {
            // One that is no catalogue's has no name to be asked for by.
            files if files.len() == 1 => match files.into_iter().next() {
                Some((_, path)) => Sqlite::file(&path, &limits),
                None => Sqlite::files([], &limits),
            },
            files => Sqlite::files(files, &limits),
        };
        Pool::new(Arc::new(files), limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_are_put_in_the_order_of_the_mapping() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, "").expect("written");
            path.display().to_string()
        };
        let named = |list: &[(&str, &str)]| -> Vec<Named> {
            let named = list.iter().map(|(name, path)| Named {
                catalogue: (!name.is_empty()).then(|| (*name).to_owned()),
                database: (*path).to_owned(),
            });
            named.collect()
        };
        let (one, two) = (file("one"), file("two"));
        let manifest = "name: X\nengine: sqlite\nverified: illustrative\ncollation: BINARY\ncatalogues: [A, B]\ntables:\n  T: { key: ID, columns: { ID: int } }\n  U: { key: ID, catalogue: B, columns: { ID: int } }\n";
        let source = "resource: Patient\ntable: T as t\nid: t.ID\nelements: {}\n";
        let files = [("mapping.yaml", manifest), ("patient.yaml", source)];
        let loaded = crate::mapping::load_files("x", &files, &Default::default());
        let mapping = loaded.expect("a mapping").mapping;
        let of = |list: &[(&str, &str)]| match Databases::of_mapping(&named(list), &mapping) {
            Ok(databases) => databases.names().join(" "),
            Err(error) => error.to_string(),
        };
        assert_eq!(of(&[("B", &two), ("A", &one)]), "A B");
        assert_eq!(of(&[("", &one)]), "");
        for (list, expected) in [
            (&[("B", &*two), ("", &*one)][..], "each needs its catalogue"),
            (&[("B", &*two), ("b", &*one)], "two databases"),
            (&[("A", &*one), ("C", &*two)], "its catalogues are A, B"),
            (&[("A", "/nowhere")], "there is no file /nowhere"),
        ] {
            assert!(of(list).contains(expected), "{}", of(list));
        }
    }
}
