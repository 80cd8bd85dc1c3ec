//! A page → Markdown, of the kind that GitHub and most editors show.
//!
//! Every name and text of a mapping may hold anything: what Markdown or HTML would read as its own is escaped, and a
//! table's cell stays one line.

use std::fmt::Write as _;

use super::{
    CodesPage, ElementPage, Index, Page, PracticePage, Raw, ResourcePage, SearchPage, SourcePage,
    TablePage,
};

/// The page as Markdown.
pub fn markdown(page: &Page) -> String {
    let mut writer = Writer(String::with_capacity(64 * 1024));
    writer.opening(page);
    for resource in &page.resources {
        writer.resource(resource);
    }
    writer.tables(&page.tables);
    writer.codes(&page.codes);
    writer.indexes(page);
    writer.lacks(page);
    writer.0
}

struct Writer(String);

impl Writer {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn heading(&mut self, level: usize, text: &str) {
        if !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
        let _ = write!(self.0, "{} {}\n\n", "#".repeat(level), prose(text));
    }

    fn table(&mut self, heads: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        self.row(heads.iter().map(|head| (*head).to_owned()));
        self.row(heads.iter().map(|_| "---".to_owned()));
        for row in rows {
            self.row(row.iter().cloned());
        }
        self.0.push('\n');
    }

    fn row(&mut self, cells: impl Iterator<Item = String>) {
        let cells: Vec<String> = cells.collect();
        let _ = writeln!(self.0, "| {} |", cells.join(" | "));
    }

    fn opening(&mut self, page: &Page) {
        let _ = writeln!(self.0, "# {}\n", prose(&page.name));
        let names = match page.is_public {
            true => "The names of its tables and columns were seen in public code.",
            false => {
                "The names of its tables and columns are illustrative: no public source shows them."
            }
        };
        let _ = writeln!(
            self.0,
            "What the mapping {} makes of the database, which is one of {}. {names}",
            code(&page.id),
            code(page.engine),
        );
        if let [default, others @ ..] = &page.catalogues[..] {
            let others: Vec<String> = others.iter().map(|it| code(it)).collect();
            let _ = writeln!(
                self.0,
                "It is several databases: {}, where nothing else is said, and {}.",
                code(default),
                others.join(", ")
            );
        }
        if let Some(practice) = &page.practice {
            self.practice(practice);
        }
        self.line("\nA column stands behind the alias of its table, as in the mapping's files. A value that is absent leaves its\nelement out, and an object of which nothing that comes from columns is there is left out with all its constants.\n");
        let rows = page.resources.iter().flat_map(|resource| {
            resource.sources.iter().map(|source| {
                let title = title(resource, source);
                let from = source.place.split(':').next().unwrap_or_default();
                vec![
                    format!("[{}](#{})", prose(&title), slug(&title)),
                    code(&source.table),
                    code(from),
                ]
            })
        });
        self.table(&["resource", "from", "file"], &rows.collect::<Vec<_>>());
        self.line("Then: [tables](#tables), [code tables](#code-tables), [indexes](#indexes), [what the database lacks](#what-the-database-lacks).");
    }

    fn practice(&mut self, practice: &PracticePage) {
        let told = practice.columns.iter();
        let told: Vec<String> = told
            .map(|(what, column)| format!("{what} ({})", code(column)))
            .collect();
        let rows = practice.rows.iter();
        let rows: String = rows.map(|rows| format!(", where {}", code(rows))).collect();
        let _ = writeln!(
            self.0,
            "\nWhich practice it is stands in {}{rows}: {}; see {}.",
            code(&practice.table),
            told.join(", "),
            code(&practice.place),
        );
    }

    fn resource(&mut self, resource: &ResourcePage) {
        for source in &resource.sources {
            self.heading(2, &title(resource, source));
            self.source(source);
        }
        if resource.searches.is_empty() {
            return;
        }
        self.heading(3, &format!("Searches of {}", resource.name));
        let rows: Vec<Vec<String>> = resource.searches.iter().map(search).collect();
        self.table(&["parameter", "example", "compares", "index"], &rows);
    }

    fn source(&mut self, source: &SourcePage) {
        let mut facts: Vec<(&str, String)> = vec![("table", code(&source.table))];
        facts.extend(source.catalogue.iter().map(|it| ("database", code(it))));
        facts.push((
            "rows",
            source
                .rows
                .as_ref()
                .map_or_else(|| "all".to_owned(), |rows| code(rows)),
        ));
        facts.push(("id", codes(&source.id, ", then ")));
        facts.extend(
            source
                .last_updated
                .iter()
                .map(|it| ("last updated", prose(it))),
        );
        for (url, needs) in &source.profiles {
            let needs = match needs.is_empty() {
                true => String::new(),
                false => format!(", where there is {}", codes(needs, ", ")),
            };
            facts.push(("profile", format!("{}{needs}", code(url))));
        }
        facts.extend(source.requires.iter().map(|it| ("required", prose(it))));
        facts.push(("file", code(&source.place)));
        for (name, fact) in facts {
            let _ = writeln!(self.0, "- {name}: {fact}");
        }
        self.0.push('\n');
        let lookups = source.lookups.iter().map(|lookup| {
            let of = lookup.of.as_ref().map_or_else(
                || "the source".to_owned(),
                |child| format!("the child {}", code(child)),
            );
            vec![code(&lookup.table), code(&lookup.on), of]
        });
        self.table(
            &["lookup (one row)", "found by", "of"],
            &lookups.collect::<Vec<_>>(),
        );
        let children = source.children.iter().map(|child| {
            let filter = child
                .filter
                .as_ref()
                .map_or_else(String::new, |it| code(it));
            vec![
                format!("{}: {}", code(&child.name), code(&child.table)),
                code(&child.on),
                filter,
                codes(&child.order, ", "),
            ]
        });
        let heads = ["child (many rows)", "found by", "rows", "order"];
        self.table(&heads, &children.collect::<Vec<_>>());
        let rows: Vec<Vec<String>> = source.elements.iter().map(element).collect();
        self.table(&["element", "from", "how"], &rows);
        if !source.lacks.is_empty() {
            self.line("The table has nothing for:\n");
            for (what, reason) in &source.lacks {
                let _ = writeln!(self.0, "- {}: {}", code(what), prose(reason));
            }
            self.0.push('\n');
        }
    }

    fn tables(&mut self, tables: &[TablePage]) {
        self.heading(2, "Tables");
        self.line("Only these columns are read.");
        for table in tables {
            self.heading(3, &table.name);
            let mut facts = vec![format!("key {}", codes(&table.key, ", "))];
            facts.extend(
                table
                    .catalogue
                    .iter()
                    .map(|it| format!("in the database {}", code(it))),
            );
            facts.push(format!("declared in {}", code(&table.place)));
            let _ = writeln!(self.0, "{}\n", facts.join("; "));
            if let Some(select) = &table.select {
                let _ = writeln!(self.0, "A select of the mapping's own: {}\n", code(select));
            }
            let rows = table.columns.iter().map(|column| {
                let uses: Vec<String> = column.uses.iter().map(|it| prose(it)).collect();
                let is_key = table.key.contains(&column.name);
                let uses = match (uses.is_empty(), is_key) {
                    (true, true) => "the key alone".to_owned(),
                    (true, false) => "**not mapped**".to_owned(),
                    (false, _) => uses.join("<br>"),
                };
                let notes: Vec<String> = column.notes.iter().map(|it| prose(it)).collect();
                vec![code(&column.name), code(&column.ty), notes.join(", "), uses]
            });
            self.table(&["column", "type", "", "feeds"], &rows.collect::<Vec<_>>());
        }
    }

    fn codes(&mut self, tables: &[CodesPage]) {
        self.heading(2, "Code tables");
        if tables.is_empty() {
            self.line("None.");
        }
        for table in tables {
            let files = codes(&table.files, ", ");
            self.heading(3, &table.name);
            let _ = writeln!(self.0, "Used in {files}.\n");
            let rows = table.entries.iter().map(|entry| {
                let raw = match &entry.raw {
                    Raw::Value(raw) => code(raw),
                    Raw::Other => "any other value".to_owned(),
                    Raw::Nothing => "none, or blank".to_owned(),
                };
                let of = &entry.code;
                let text = |text: &Option<std::sync::Arc<str>>| {
                    text.as_deref().map_or_else(String::new, prose)
                };
                let system = of.system.as_deref().map_or_else(String::new, code);
                vec![raw, code(&of.code), text(&of.display), system]
            });
            self.table(
                &["the column holds", "code", "display", "system"],
                &rows.collect::<Vec<_>>(),
            );
        }
    }

    fn indexes(&mut self, page: &Page) {
        self.heading(2, "Indexes");
        self.line("What is asked all day, and should not read a whole table. Which of them a database has, `pilaster mapping verify` says.\n");
        let rows = page.indexes.iter().map(|index| {
            let reasons: Vec<String> = index.reasons.iter().map(|it| prose(it)).collect();
            vec![code(&index.table), code(&index.column), reasons.join(", ")]
        });
        self.table(
            &["table", "an index that begins with", "for"],
            &rows.collect::<Vec<_>>(),
        );
    }

    fn lacks(&mut self, page: &Page) {
        self.heading(2, "What the database lacks");
        if page.lacks.is_empty() {
            self.line("No resource type or profile as a whole.");
        }
        for (name, reason) in &page.lacks {
            let _ = writeln!(self.0, "- {}: {}", code(name), prose(reason));
        }
    }
}

fn title(resource: &ResourcePage, source: &SourcePage) -> String {
    match &source.name {
        Some(name) => format!("{}, source {name}", resource.name),
        None => resource.name.to_owned(),
    }
}

/// The anchor that a heading gets.
fn slug(title: &str) -> String {
    let kept = title.to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn element(element: &ElementPage) -> Vec<String> {
    let (from, how) = match element.columns.is_empty() {
        true => ("always".to_owned(), code(&element.how)),
        false => (codes(&element.columns, ", "), prose(&element.how)),
    };
    let conditions: Vec<String> = element.conditions.iter().map(|it| prose(it)).collect();
    let how = match conditions.is_empty() {
        true => how,
        false => format!("{how}; {}", conditions.join(", ")),
    };
    vec![code(&element.path), from, how]
}

fn search(search: &SearchPage) -> Vec<String> {
    let sorted = if search.is_sorted { ", sorts" } else { "" };
    let columns = match search.columns.is_empty() {
        true => "constants".to_owned(),
        false => codes(&search.columns, ", "),
    };
    let mut indexes: Vec<String> = Vec::new();
    for index in &search.indexes {
        indexes.push(match index {
            Index::On {
                table,
                column,
                common,
            } => {
                let index = code(&format!("{table} ({column})"));
                if *common {
                    format!("**{index}**")
                } else {
                    index
                }
            }
            Index::None(why) => format!("none: {}", prose(why)),
        });
    }
    vec![
        format!("{} ({}{sorted})", code(&search.name), search.kind),
        search
            .example
            .as_ref()
            .map_or_else(String::new, |it| code(it)),
        columns,
        indexes.join("<br>"),
    ]
}

fn codes<T: AsRef<str>>(list: &[T], with: &str) -> String {
    let list: Vec<String> = list.iter().map(|it| code(it.as_ref())).collect();
    list.join(with)
}

/// A text as code. Whatever stands in it is shown as it is: the fence is longer than any run of backticks in it.
fn code(text: &str) -> String {
    let text = one_line(text).replace('|', "\\|");
    if text.trim().is_empty() {
        return "(blank)".to_owned();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let edge = if longest > 0 { " " } else { "" };
    format!("{fence}{edge}{text}{edge}{fence}")
}

/// A text as a sentence: what Markdown or HTML would read as its own stands for itself.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in one_line(text).chars() {
        if matches!(
            letter,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '&' | '~' | '#'
        ) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// Without line breaks, and without control characters and marks that turn the direction of what follows.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            c if c.is_control() => ' ',
            '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => ' ',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_is_shown_as_it_is() {
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("``x`"), "``` ``x` ```");
        assert_eq!(code(" \n "), "(blank)");
        assert_eq!(code("a\nb"), "`a b`");
        assert_eq!(
            prose("<script>*x*</script>"),
            "\\<script\\>\\*x\\*\\</script\\>"
        );
        assert_eq!(prose("[a](b) | c\r\n# d"), "\\[a\\](b) \\| c  \\# d");
        assert_eq!(prose("a\u{202e}b"), "a b");
        assert_eq!(slug("Coverage, source dva"), "coverage-source-dva");
    }
}
