//! What form an answer is to have, as its request says.

use axum::http::HeaderMap;

use super::negotiate::{self, MediaType, NotAcceptable};

/// What query string and form say of the answer's form. The grammar of the search sees them too, and
/// refuses repeats; metadata and outcomes have no search.
#[derive(Default)]
pub struct Wishes {
    /// The first `_format` that is not empty.
    format: Option<String>,
    /// `_pretty=true`
    pub pretty: bool,
}

impl Wishes {
    /// The media type that is asked for, by `_format` or by the header.
    ///
    /// # Errors
    /// When it is none that is offered.
    pub fn media_type(&self, headers: &HeaderMap) -> Result<MediaType, NotAcceptable> {
        negotiate::media_type(self.format.as_deref(), headers)
    }

    /// Takes what the pairs of a query string or a form say.
    pub fn read(&mut self, pairs: &[u8]) {
        for (name, value) in form_urlencoded::parse(pairs) {
            match &*name {
                "_format" if self.format.is_none() && !value.is_empty() => {
                    self.format = Some(value.into_owned());
                }
                "_pretty" => self.pretty |= value == "true",
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_format_counts() {
        let mut wishes = Wishes::default();
        wishes.read(b"_format=&_format=json&_pretty=false");
        wishes.read(b"_format=xml&_pretty=true");
        assert_eq!(wishes.format.as_deref(), Some("json"));
        assert!(wishes.pretty);
    }
}
