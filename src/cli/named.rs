//! A database as a person names it: `office.sqlite`, or with its catalogue, `OFFICE=office.sqlite`.

use std::str::FromStr;

/// A database, and the catalogue that it is where that was said.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) catalogue: Option<String>,
    pub(super) database: String,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Named, String> {
        let named = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || it == b'_')
        };
        let (catalogue, database) = match text.split_once('=') {
            Some((name, rest)) if named(name) => (Some(name.to_owned()), rest),
            _ => (None, text),
        };
        match database.is_empty() {
            true => Err("names no database".to_owned()),
            false => Ok(Named {
                catalogue,
                database: database.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_sign_is_a_catalogue_if_it_can_be_one() {
        let named = |text: &str| text.parse::<Named>();
        let office = named("OFFICE=a=b.db").expect("a database");
        assert_eq!(office.catalogue.as_deref(), Some("OFFICE"));
        assert_eq!(office.database, "a=b.db");
        assert_eq!(named("./a=b.db").expect("a database").catalogue, None);
        assert!(named("OFFICE=").is_err() && named("").is_err());
    }
}
