//! Names that stand together, the tables of a database or the columns of a table → the words of each, with and without
//! the beginning that most of them share.
//!
//! `trv_lname`, `trv_fname` and `trv_birth` are a last name, a first name and a birth once `trv_` is put aside, and so is
//! `PatLName` among `PatFName` and `PatBirth`. It is only a second way to read a name: what most names begin with may
//! mean something all the same (`patient_id` beside `patient_name` in a table of bills).

use std::collections::HashMap;
use std::iter;

use super::words::{of_pieces, pieces, words};

/// A beginning is shared by so many names, at the least.
const FEWEST: usize = 2;

/// A name as words.
#[derive(Debug)]
pub(super) struct Reading {
    /// All of it.
    pub whole: Vec<String>,
    /// Without the beginning that it shares with most names beside it.
    pub short: Option<Vec<String>>,
}

impl Reading {
    /// A name as words, where most names beside it begin with `shared`.
    pub fn new(name: &str, shared: Option<&str>) -> Reading {
        Reading {
            whole: words(name),
            short: shared.and_then(|shared| after(name, shared)),
        }
    }

    /// The ways to read it: as it is first.
    pub fn ways(&self) -> impl Iterator<Item = &[String]> {
        iter::once(&*self.whole).chain(self.short.as_deref())
    }
}

/// The beginning that more than half of the names have: letters up to a `_`, or up to a capital.
pub(super) fn shared<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut all = 0;
    for name in names {
        all += 1;
        let mut pieces = pieces(name).into_iter();
        if let (Some(first), Some(_)) = (pieces.next(), pieces.next()) {
            *counts.entry(first).or_default() += 1;
        }
    }
    let is_shared = |count: usize| count >= FEWEST && count * 2 > all;
    let mut counts = counts.into_iter();
    counts
        .find(|(_, count)| is_shared(*count))
        .map(|(first, _)| first)
}

/// The words behind a beginning, if there are any.
fn after(name: &str, beginning: &str) -> Option<Vec<String>> {
    let pieces = pieces(name);
    let (first, rest) = pieces.split_first()?;
    (first == beginning && !rest.is_empty()).then(|| of_pieces(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_names_begin_with_is_shared() {
        for (names, expected) in [
            (&["trv_id", "trv_lname", "clinic"][..], Some("trv")),
            (&["TRV_ID", "Trv_LName"], Some("trv")),
            (&["PatLName", "PatFName", "PatBirth", "Id"], Some("pat")),
            (&["trv_id", "vst_id"], None),
            (&["trv_id", "trv_name", "vst_id", "stf_id"], None),
            (&["trv_id"], None),
            (&["patient", "patient"], None),
            (&["", "_"], None),
            (&[], None),
        ] {
            let found = shared(names.iter().copied());
            assert_eq!(found.as_deref(), expected, "{names:?}");
        }
    }

    #[test]
    fn a_name_is_read_with_its_beginning_and_without() {
        let read = |name: &str, shared: &str| Reading::new(name, Some(shared)).short;
        let short = |words: &[&str]| Some(words.iter().map(|&word| word.to_owned()).collect());
        assert_eq!(read("trv_lname", "trv"), short(&["last", "name"]));
        assert_eq!(read("vst_trv_id", "vst"), short(&["trv", "id"]));
        assert_eq!(read("PatLName", "pat"), short(&["l", "name"]));
        assert_eq!(read("clinic", "trv"), None);
        assert_eq!(read("trv_", "trv"), None);
        let reading = Reading::new("tj_visit", Some("tj"));
        let ways: Vec<String> = reading.ways().map(|way| way.join(" ")).collect();
        assert_eq!(ways, ["tj encounter", "encounter"]);
    }
}
