//! Mappings beside each other as one HTML page: it needs nothing but itself, and no script.
//!
//! A state is a word and not a colour alone; what is impossible says why below its table, so that it is read on paper
//! and on a phone as well. Names and reasons come from mappings, and are escaped.

use std::fmt::Write as _;

use super::text::Counts;
use crate::mapping::coverage::{Coverage, Matrix, OfType, Row, Served, State, Unmapped};

/// The page.
pub(super) fn page(matrix: &Matrix<'_>) -> String {
    let mut page = Page(String::with_capacity(256 * 1024));
    page.opening(matrix);
    page.summary(matrix);
    for of in &matrix.types {
        page.of_type(matrix, of);
    }
    page.r4(matrix);
    page.unmapped(matrix);
    page.add("</main>\n</body>\n</html>\n");
    page.0
}

const STYLE: &str = include_str!("coverage.css");

struct Page(String);

impl Page {
    fn add(&mut self, html: &str) {
        self.0.push_str(html);
    }

    fn opening(&mut self, matrix: &Matrix<'_>) {
        let names: Vec<String> = matrix.mappings.iter().map(|it| escaped(&it.name)).collect();
        let version = matrix.mappings.first().map_or("", |it| it.version);
        // Writing to a String cannot fail.
        let _ = write!(
            self.0,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>Coverage of AU Core {version}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
             <h1>Coverage of AU Core {version}</h1>\n<p>What {} give of what AU Core asks for.</p>\n\
             <ul class=\"legend\">\n\
             <li><span class=\"met\">met</span> follows from the mapping</li>\n\
             <li><span class=\"missing\">missing</span> is not mapped</li>\n\
             <li><span class=\"impossible\">impossible</span> the mapping says why its database has no such thing</li>\n\
             </ul>\n",
            names.join(", ")
        );
    }

    /// The head of a table: what its rows are, and the mappings.
    fn head(&mut self, matrix: &Matrix<'_>, caption: &str, first: &str) {
        let _ = write!(
            self.0,
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{caption}\">\n<table>\n\
             <caption>{caption}</caption>\n<thead><tr><th scope=\"col\">{first}</th>"
        );
        for mapping in &matrix.mappings {
            let _ = write!(self.0, "<th scope=\"col\">{}</th>", escaped(&mapping.name));
        }
        self.add("</tr></thead>\n<tbody>\n");
    }

    fn foot(&mut self) {
        self.add("</tbody>\n</table>\n</div>\n");
    }

    fn summary(&mut self, matrix: &Matrix<'_>) {
        self.add("<h2 id=\"summary\">Resource types</h2>\n");
        self.head(
            matrix,
            "Elements and searches that are met, of those asked for and possible",
            "type",
        );
        for of in &matrix.types {
            let _ = write!(
                self.0,
                "<tr><th scope=\"row\"><a href=\"#{}\">{}</a> <small>{}</small></th>",
                of.resource,
                breakable(of.resource),
                of.expectation
            );
            for (place, served) in of.served.iter().enumerate() {
                match served {
                    false => self.not_mapped(of, place),
                    true => {
                        let counted = matrix
                            .mappings
                            .get(place)
                            .map_or_else(String::new, |it| met(it, of));
                        let _ = write!(self.0, "<td>{counted}</td>");
                    }
                }
            }
            self.add("</tr>\n");
        }
        self.foot();
    }

    /// A type that a mapping does not have, which may be because there is nothing of it.
    fn not_mapped(&mut self, of: &OfType<'_>, place: usize) {
        let first = of.elements.iter().chain(&of.searches).next();
        let state = first.and_then(|row| row.states.get(place));
        self.add(match state {
            Some(State::Impossible(_)) => "<td><span class=\"impossible\">impossible</span></td>",
            _ => "<td><span class=\"missing\">not mapped</span></td>",
        });
    }

    fn of_type(&mut self, matrix: &Matrix<'_>, of: &OfType<'_>) {
        let _ = writeln!(
            self.0,
            "<section>\n<h2 id=\"{0}\">{0} <small>{1}</small></h2>",
            of.resource, of.expectation
        );
        let mut reasons = Reasons {
            of: of.resource,
            list: Vec::new(),
        };
        self.rows(
            matrix,
            of,
            ["element", "elements"],
            &of.elements,
            &mut reasons,
        );
        self.rows(
            matrix,
            of,
            ["search", "searches"],
            &of.searches,
            &mut reasons,
        );
        if !reasons.list.is_empty() {
            self.add("<h3>Why it is impossible</h3>\n<ol class=\"reasons\">\n");
            for (place, reason) in reasons.list.iter().enumerate() {
                let id = reasons.id(place);
                let _ = writeln!(self.0, "<li id=\"{id}\">{}</li>", escaped(reason));
            }
            self.add("</ol>\n");
        }
        self.add("<p class=\"up\"><a href=\"#summary\">All types</a></p>\n</section>\n");
    }

    /// A table of what some mapping does not meet, and a line of what all do.
    fn rows<'c>(
        &mut self,
        matrix: &Matrix<'_>,
        of: &OfType<'_>,
        [one, what]: [&str; 2],
        rows: &[Row<'c>],
        reasons: &mut Reasons<'c>,
    ) {
        let (met, others): (Vec<&Row<'c>>, Vec<&Row<'c>>) =
            rows.iter().partition(|row| row.is_met());
        if !others.is_empty() {
            self.head(matrix, &format!("{}: {what}", of.resource), one);
            for row in others {
                let _ = write!(self.0, "<tr><th scope=\"row\">{}</th>", label(row));
                for state in &row.states {
                    let cell = match state {
                        State::Met => "<span class=\"met\">met</span>".to_owned(),
                        State::Missing => "<span class=\"missing\">missing</span>".to_owned(),
                        State::Impossible(reason) => {
                            let place = reasons.place(reason);
                            format!(
                                "<span class=\"impossible\">impossible</span> <a class=\"why\" href=\"#{}\" \
                                 aria-label=\"why: {1}\">{1}</a>",
                                reasons.id(place),
                                place + 1
                            )
                        }
                    };
                    let _ = write!(self.0, "<td>{cell}</td>");
                }
                self.add("</tr>\n");
            }
            self.foot();
        }
        if !met.is_empty() {
            let who = match matrix.mappings.len() {
                1 => "Met",
                2 => "Met by both",
                _ => "Met by all",
            };
            let _ = write!(
                self.0,
                "<details>\n<summary>{who}: {} {what}</summary>\n<ul class=\"names\">\n",
                met.len()
            );
            for row in met {
                let _ = writeln!(self.0, "<li>{}</li>", label(row));
            }
            self.add("</ul>\n</details>\n");
        }
    }

    fn r4(&mut self, matrix: &Matrix<'_>) {
        self.add("<section>\n<h2 id=\"r4\">Of R4</h2>\n<p>Of the elements and search parameters that R4 gives a type \
                  for itself, how many are served. No product has all of them.</p>\n");
        let mut names: Vec<&str> = matrix
            .mappings
            .iter()
            .flat_map(|mapping| mapping.r4.iter().map(|it| it.resource))
            .collect();
        names.sort_unstable();
        names.dedup();
        self.head(
            matrix,
            "Elements and searches that are served, of R4's",
            "type",
        );
        for name in names {
            let _ = write!(self.0, "<tr><th scope=\"row\">{}</th>", breakable(name));
            for mapping in &matrix.mappings {
                let cell = match mapping.r4.iter().find(|it| it.resource == name) {
                    None => "<span class=\"none\">not mapped</span>".to_owned(),
                    Some(of) => {
                        let own = match of.own {
                            0 => String::new(),
                            own => format!(", and {own} of its own"),
                        };
                        format!(
                            "{}, {}{own}",
                            count("elements", of.elements),
                            count("searches", of.searches)
                        )
                    }
                };
                let _ = write!(self.0, "<td>{cell}</td>");
            }
            self.add("</tr>\n");
        }
        self.foot();
        self.add("</section>\n");
    }

    fn unmapped(&mut self, matrix: &Matrix<'_>) {
        self.add("<section>\n<h2 id=\"unmapped\">Columns that are not mapped</h2>\n<p>They are declared, and used for \
                  no element, condition or search.</p>\n");
        for mapping in &matrix.mappings {
            let _ = writeln!(self.0, "<h3>{}</h3>", escaped(&mapping.name));
            self.columns(
                &mapping.unmapped,
                "Every column that is declared is mapped.",
            );
            if let Some(undeclared) = &mapping.undeclared {
                let _ = writeln!(self.0, "<h4>In the database, and not declared</h4>");
                self.columns(
                    undeclared,
                    "Every column that the database has in these tables is declared.",
                );
            }
        }
        self.add("</section>\n");
    }

    /// Columns by their tables, or that there are none.
    fn columns(&mut self, tables: &[Unmapped], none: &str) {
        if tables.is_empty() {
            let _ = writeln!(self.0, "<p>{none}</p>");
            return;
        }
        self.add("<dl>\n");
        for table in tables {
            let columns: Vec<String> = table
                .columns
                .iter()
                .map(|column| format!("<code>{}</code>", escaped(column)))
                .collect();
            let _ = writeln!(
                self.0,
                "<div><dt><code>{}</code></dt><dd>{}</dd></div>",
                escaped(&table.table),
                columns.join(" ")
            );
        }
        self.add("</dl>\n");
    }
}

/// The reasons of a type, each once.
struct Reasons<'c> {
    of: &'static str,
    list: Vec<&'c str>,
}

impl<'c> Reasons<'c> {
    fn place(&mut self, reason: &'c str) -> usize {
        let known = self.list.iter().position(|known| *known == reason);
        known.unwrap_or_else(|| {
            self.list.push(reason);
            self.list.len() - 1
        })
    }

    fn id(&self, place: usize) -> String {
        format!("{}-why-{}", self.of, place + 1)
    }
}

/// What is asked, how strongly, and by which profiles.
fn label(row: &Row<'_>) -> String {
    let profiles = match row.profiles.is_empty() {
        true => String::new(),
        false => format!(" <small>of {}</small>", escaped(&row.profiles.join(", "))),
    };
    // A long name may break after a dot and before what is joined to it.
    let what = escaped(row.what)
        .replace('.', ".<wbr>")
        .replace("&amp;", "<wbr>&amp;");
    format!("<code>{what}</code> <small>{}</small>{profiles}", row.asked)
}

/// What a mapping meets of a type, of what is asked and possible: numbers, and their pictures. An element counts once
/// for each profile that asks for it, as everywhere.
fn met(mapping: &Coverage, of: &OfType<'_>) -> String {
    let Some(of) = mapping
        .resources
        .iter()
        .find(|it| it.resource == of.resource)
    else {
        return String::new();
    };
    let elements = Counts::of(of.elements.iter().map(|it| &it.state));
    let searches = Counts::of(of.searches.iter().map(|it| &it.state));
    let mut met = String::new();
    for (what, Counts([met_of_it, missing, _])) in [("elements", elements), ("searches", searches)]
    {
        let of = met_of_it + missing;
        if of > 0 {
            let _ = write!(
                met,
                "<div class=\"count\">{met_of_it} of {of} {what} <meter min=\"0\" max=\"{of}\" \
                 value=\"{met_of_it}\" aria-hidden=\"true\"></meter></div>"
            );
        }
    }
    match met.is_empty() {
        true => "<span class=\"none\">served</span>".to_owned(),
        false => met,
    }
}

/// A type's name, which a narrow column may break before a word in it.
fn breakable(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 16);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push_str("<wbr>");
        }
        out.push(letter);
    }
    out
}

fn count(what: &str, of: Served) -> String {
    format!("{} of {} {what}", of.served, of.of)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::coverage::coverage;
    use crate::mapping::{Options, load_files};

    #[test]
    fn what_a_mapping_names_itself_is_no_html() {
        let files = [
            (
                "mapping.yaml",
                "name: \"<b>&'X\"\nengine: sqlite\nverified: public\ncollation: BINARY\n",
            ),
            (
                "tables.yaml",
                "tables: { \"<i>T\": { key: ID, columns: { ID: int, \"a\\\"<u>\": int } } }\n",
            ),
            (
                "location.yaml",
                "resource: Location\ntable: \"[<i>T] as t\"\nid: t.ID\nelements: { name: x }\n\
                 lacks: { elements: { address: \"<script>1</script>\" } }\n",
            ),
        ];
        let loaded = load_files("x", &files, &Options::default());
        let all = [coverage(&loaded.expect("a mapping").mapping)];
        let page = page(&Matrix::of(&all));
        for raw in ["<b>", "<script", "<i>", "<u>"] {
            assert!(!page.contains(raw), "{raw}");
        }
        for shown in [
            "&lt;b&gt;&amp;&#39;X",
            "&lt;script&gt;1&lt;/script&gt;",
            "<code>a&quot;&lt;u&gt;</code>",
        ] {
            assert!(page.contains(shown), "{shown}");
        }
    }
}
