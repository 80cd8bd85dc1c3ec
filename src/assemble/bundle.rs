//! The Bundle around resources: a searchset, written in order into one buffer.

use super::json::{write_escaped, write_integer, write_string};

/// Why an entry is there (`Bundle.entry.search.mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryMode {
    Match,
    Include,
    Outcome,
}

impl EntryMode {
    const fn code(self) -> &'static str {
        match self {
            EntryMode::Match => "match",
            EntryMode::Include => "include",
            EntryMode::Outcome => "outcome",
        }
    }
}

/// A link of the Bundle: `self`, `next`, `first`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<'a> {
    pub relation: &'static str,
    pub url: &'a str,
}

/// Writes a Bundle from its head (the total and the links) through its entries to its end.
pub struct BundleWriter {
    out: Vec<u8>,
    entries: usize,
}

impl BundleWriter {
    /// Begins a searchset; `id` is this answer's own.
    pub fn searchset(id: &str) -> BundleWriter {
        let mut out = Vec::with_capacity(16 * 1024);
        out.extend_from_slice(b"{\"resourceType\":\"Bundle\",\"id\":");
        write_string(&mut out, id);
        out.extend_from_slice(b",\"type\":\"searchset\"");
        BundleWriter { out, entries: 0 }
    }

    /// Writes what stands before the entries.
    pub fn head(&mut self, total: Option<i64>, links: &[Link<'_>]) {
        if let Some(total) = total {
            self.out.extend_from_slice(b",\"total\":");
            write_integer(&mut self.out, total);
        }
        if !links.is_empty() {
            for (index, link) in links.iter().enumerate() {
                self.out
                    .extend_from_slice(if index == 0 { b",\"link\":[" } else { b"," });
                self.out.extend_from_slice(b"{\"relation\":");
                write_string(&mut self.out, link.relation);
                self.out.extend_from_slice(b",\"url\":");
                write_string(&mut self.out, link.url);
                self.out.push(b'}');
            }
            self.out.push(b']');
        }
    }

    /// Appends an entry whose resource `write` appends; without one (false) the entry is taken back.
    pub fn entry(&mut self, mode: EntryMode, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        self.append(mode, |_| {}, write)
    }

    /// Appends an entry with its `fullUrl`: the base, the type and the id that the resource begins with.
    pub fn entry_at(
        &mut self,
        mode: EntryMode,
        base: &str,
        resource: &str,
        id: &str,
        write: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> bool {
        let full_url = |out: &mut Vec<u8>| {
            out.extend_from_slice(b"\"fullUrl\":\"");
            for part in [base, "/", resource, "/", id] {
                write_escaped(out, part);
            }
            out.extend_from_slice(b"\",");
        };
        self.append(mode, full_url, write)
    }

    fn append(
        &mut self,
        mode: EntryMode,
        before: impl FnOnce(&mut Vec<u8>),
        write: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> bool {
        let mark = self.out.len();
        self.out.extend_from_slice(if self.entries == 0 {
            b",\"entry\":[{"
        } else {
            b",{"
        });
        before(&mut self.out);
        self.out.extend_from_slice(b"\"resource\":");
        if !write(&mut self.out) {
            self.out.truncate(mark);
            return false;
        }
        self.out.extend_from_slice(b",\"search\":{\"mode\":\"");
        self.out.extend_from_slice(mode.code().as_bytes());
        self.out.extend_from_slice(b"\"}}");
        self.entries += 1;
        true
    }

    pub fn finish(mut self) -> Vec<u8> {
        if self.entries > 0 {
            self.out.push(b']');
        }
        self.out.push(b'}');
        self.out
    }
}
