//! A file's text and its lines: a place in bytes → lines and columns.

use std::sync::Arc;

use crate::mapping::yaml::Span;

/// A file of the mapping's folder.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    /// Relative to the mapping's folder, with `/`.
    pub path: Arc<str>,
    pub text: Arc<str>,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl SourceFile {
    pub fn new(path: &str, text: &str) -> SourceFile {
        let mut lines = vec![0];
        lines.extend(
            text.bytes()
                .enumerate()
                .filter(|(_, b)| *b == b'\n')
                .map(|(at, _)| at + 1),
        );
        SourceFile {
            path: Arc::from(path),
            text: Arc::from(text),
            lines,
        }
    }

    /// The line of a byte, counted from 1.
    pub(in crate::mapping) fn line_of(&self, at: usize) -> u32 {
        to_u32(self.lines.partition_point(|start| *start <= at).max(1))
    }

    /// The column of a byte, in characters, counted from 1. It reads the line up to there.
    pub(super) fn column_of(&self, at: usize) -> u32 {
        to_u32(self.before(at).chars().count() + 1)
    }

    /// The column of a byte, in units of UTF-16, counted from 1.
    pub(super) fn utf16_column_of(&self, at: usize) -> u32 {
        to_u32(self.before(at).encode_utf16().count() + 1)
    }

    /// The text of a byte's line up to it. A place beyond the end is at the end.
    fn before(&self, at: usize) -> &str {
        let at = at.min(self.text.len());
        let start = self.line(self.line_of(at)).start;
        self.text.get(start..at).unwrap_or_default()
    }

    /// The bytes of a line, counted from 1, without its end.
    pub(in crate::mapping) fn line(&self, line: u32) -> Span {
        let index = (line as usize).clamp(1, self.lines.len()) - 1;
        let start = self.lines[index];
        let end = self
            .lines
            .get(index + 1)
            .map_or(self.text.len(), |next| next - 1);
        start..end.max(start)
    }
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
