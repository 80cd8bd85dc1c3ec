//! Columns and rows → aligned text, safe on a terminal.

use super::tree::{Style, harmless};

/// Characters of a cell; the rest is cut.
const CELL: usize = 40;

/// A table in plain text; every cell is made harmless and cut to what fits.
#[derive(Debug)]
pub(super) struct Table {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns and no rows yet.
    pub(super) fn new<S: AsRef<str>>(heads: impl IntoIterator<Item = S>) -> Table {
        Table {
            heads: heads.into_iter().map(|head| cut(head.as_ref())).collect(),
            rows: Vec::new(),
        }
    }

    /// Appends a row. It has as many cells as there are columns; what is missing is blank.
    pub(super) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows
            .push(cells.into_iter().map(|cell| cut(cell.as_ref())).collect());
    }

    /// Appends the table's lines, each behind `indent`.
    pub(super) fn write(&self, out: &mut String, indent: &str, style: Style) {
        let width = |column: usize| {
            self.rows
                .iter()
                .chain([&self.heads])
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heads.len()).map(width).collect();
        style.faint(out, &line(indent, &self.heads, &widths));
        out.push('\n');
        for row in &self.rows {
            out.push_str(&line(indent, row, &widths));
            out.push('\n');
        }
    }

    /// Appends each row as lines of `column  cell`, for tables that are too wide to be read across.
    pub(super) fn write_down(&self, out: &mut String, indent: &str, style: Style) {
        let widest = self.heads.iter().map(|head| head.chars().count()).max();
        for (number, row) in self.rows.iter().enumerate() {
            out.push_str(indent);
            style.faint(out, &format!("row {}", number + 1));
            out.push('\n');
            for (head, cell) in self.heads.iter().zip(row) {
                let line = format!("{indent}  {head:<0$}  {cell}", widest.unwrap_or(0));
                out.push_str(line.trim_end());
                out.push('\n');
            }
        }
    }

    /// The width of its lines.
    pub(super) fn width(&self) -> usize {
        (0..self.heads.len())
            .filter_map(|column| {
                let cells = self.rows.iter().chain([&self.heads]);
                cells
                    .filter_map(|row| row.get(column))
                    .map(|cell| cell.chars().count() + 2)
                    .max()
            })
            .sum()
    }
}

fn line(indent: &str, cells: &[String], widths: &[usize]) -> String {
    let mut line = indent.to_owned();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(&format!("{cell:<width$}  "));
    }
    line.truncate(line.trim_end().len());
    line
}

fn cut(text: &str) -> String {
    let safe = harmless(text);
    if safe.chars().count() <= CELL {
        return safe.into_owned();
    }
    safe.chars().take(CELL - 1).chain(['…']).collect()
}
