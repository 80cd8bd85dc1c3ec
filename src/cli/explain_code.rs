//! `pilaster mapping explain-code`: a code → its page.
//!
//! All pages together are `mappings/rules.md`, for those who read them elsewhere.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::errors::{self, Code};
use crate::mapping::Rule;
use crate::mapping::rules::{self, Example, clinic, page};
use crate::{cases, config, verify};

/// Print what there is to know of a code: why it is a problem, and what to do
///
/// It knows the codes of mapping check (PM), mapping verify (PV), mapping test (PT) and config check (PC), and those that a caller meets in
/// an OperationOutcome (PS, PP, PD, PH).
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The code, as PM012
    #[arg(value_name = "CODE", required_unless_present = "all")]
    code: Option<String>,
    /// All codes, as one page of Markdown
    #[arg(long, conflicts_with = "code")]
    all: bool,
}

/// 2 if there is no such code.
pub(super) fn run(args: &Args) -> ExitCode {
    let Some(code) = &args.code else {
        return super::print(&all());
    };
    match entries().find(|entry| entry.code().eq_ignore_ascii_case(code.trim())) {
        Some(entry) => super::print(&entry.page()),
        None => {
            super::tell(&format!("error: {}", unknown(code)));
            ExitCode::from(2)
        }
    }
}

/// What a code stands for.
#[derive(Clone, Copy)]
enum Entry {
    /// With what says the problems of its examples.
    Rule(&'static Rule, fn(Example) -> String),
    Error(&'static Code),
}

impl Entry {
    fn code(self) -> &'static str {
        match self {
            Entry::Rule(rule, _) => rule.code,
            Entry::Error(error) => error.id,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Entry::Rule(rule, _) => rule.title,
            Entry::Error(error) => error.title,
        }
    }

    fn page(self) -> String {
        match self {
            Entry::Rule(rule, problems) => page::page(rule, problems),
            Entry::Error(error) => format!(
                "{}Answered with the HTTP status {} and an OperationOutcome whose issue is of the type `{}`.\n\n{}\n",
                page::heading(error.id, error.title),
                error.status,
                error.issue,
                error.remedy
            ),
        }
    }
}

/// A group of codes, with what it is about.
struct Family {
    title: &'static str,
    about: &'static str,
    entries: Vec<Entry>,
}

fn families() -> [Family; 5] {
    let rules = |all: &[&'static Rule], problems: fn(Example) -> String| {
        all.iter().map(|rule| Entry::Rule(rule, problems)).collect()
    };
    let of_mapping: fn(Example) -> String = |example| clinic::problems(example).to_string();
    [
        Family {
            title: "Mappings",
            about: "Found in the files of a mapping by `pilaster mapping check`, and whenever one is loaded.",
            entries: rules(rules::ALL, of_mapping),
        },
        Family {
            title: "Mappings and databases",
            about: "Found by `pilaster mapping verify` and at every start, in a mapping beside its database.",
            entries: rules(verify::rules::ALL, of_mapping),
        },
        Family {
            title: "Cases",
            about: "Found in `cases.yaml` and its fixture by `pilaster mapping test`.",
            entries: rules(cases::RULES, cases::problems),
        },
        Family {
            title: "Configuration",
            about: "Found in a configuration file by `pilaster config check`, and whenever one is read.",
            entries: rules(config::rules::ALL, config::rules::example::problems),
        },
        Family {
            title: "Requests",
            about: "What a caller meets: an OperationOutcome carries the code in `issue.details.coding`.",
            entries: errors::ALL.iter().map(Entry::Error).collect(),
        },
    ]
}

fn entries() -> impl Iterator<Item = Entry> {
    families().into_iter().flat_map(|family| family.entries)
}

/// A code that there is not, with the one that is most like it: of the nearest letters, the nearest number.
fn unknown(code: &str) -> String {
    let parts = |code: &str| -> (String, i64) {
        let code = code.trim().to_ascii_uppercase();
        let digits = code
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(code.len());
        let (letters, number) = code.split_at(digits);
        // More digits than any code has are as far away as can be.
        (letters.to_owned(), number.parse().unwrap_or(i64::MAX / 2))
    };
    let (letters, number) = parts(code);
    let nearest = entries().map(Entry::code).min_by_key(|known| {
        let (own, place) = parts(known);
        (strsim::osa_distance(&letters, &own), (number - place).abs())
    });
    let clipped: String = code.chars().take(20).collect();
    match nearest {
        Some(nearest) => format!("there is no code `{clipped}`; the nearest is {nearest}"),
        None => format!("there is no code `{clipped}`"),
    }
}

/// The page of all codes, with a list of them before their pages.
fn all() -> String {
    let mut text = String::from(
        "# Codes\n\n\
         Every problem that Pilaster reports has a code, which does not change when its words do. \
         `pilaster mapping explain-code PM012` prints what stands here of one.\n",
    );
    let families = families();
    for family in &families {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}:\n\n", family.title);
        for entry in &family.entries {
            let code = entry.code();
            let _ = writeln!(
                text,
                "- [{code}](#{}) {}",
                code.to_ascii_lowercase(),
                entry.title()
            );
        }
    }
    for (family, n) in families.iter().zip(0..) {
        let _ = write!(text, "\n## {}\n\n{}\n", family.title, family.about);
        if n == 0 {
            text.push_str(&practice());
        }
        for entry in &family.entries {
            let _ = write!(text, "\n{}", entry.page());
        }
    }
    text
}

/// The files that the examples are beside.
fn practice() -> String {
    let mut text = String::from(
        "\nThe examples are files of one clinic. An example takes the place of the file of its name here, or stands \
         beside the others.\n",
    );
    for (name, content) in clinic::FILES {
        let _ = write!(text, "\n`{name}`:\n\n```yaml\n{content}```\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::path::Path;

    #[test]
    fn the_page_of_all_codes_is_what_they_are() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/rules.md");
        let page = all();
        if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            std::fs::write(&file, &page).expect("written");
        }
        assert!(
            std::fs::read_to_string(&file).is_ok_and(|kept| kept == page),
            "mappings/rules.md is out of date; renew it with\n  \
             INSTA_UPDATE=always cargo test --lib the_page_of_all_codes\n\
             or\n  cargo run -- mapping explain-code --all > mappings/rules.md"
        );
    }

    #[test]
    fn every_code_is_there_once_and_linked() {
        let page = all();
        let mut seen = HashSet::new();
        for entry in entries() {
            assert!(seen.insert(entry.code()), "{}", entry.code());
            let head = format!("\n### {}\n\n**{}**\n", entry.code(), entry.title());
            assert_eq!(page.matches(&head).count(), 1, "{}", entry.code());
            let link = format!("](#{})", entry.code().to_ascii_lowercase());
            assert_eq!(page.matches(&link).count(), 1, "{}", entry.code());
        }
    }

    #[test]
    fn the_nearest_code_is_named() {
        for (typed, nearest) in [
            ("PM999", "PM062"),
            ("pm12", "PM012"),
            ("12", "PM012"),
            ("PQ001", "PM001"),
            ("PM99999999999999999999999", "PM062"),
            ("PC022", "PC021"),
        ] {
            let said = unknown(typed);
            assert!(said.ends_with(nearest), "{typed}: {said}");
        }
    }

    #[test]
    fn what_a_caller_meets_has_a_page_too() {
        let entry = entries()
            .find(|entry| entry.code() == "PS004")
            .expect("it is there");
        insta::assert_snapshot!(entry.page(), @r"
        ### PS004

        **A prefix does not apply to the parameter**

        Answered with the HTTP status 400 and an OperationOutcome whose issue is of the type `value`.

        Use eq, ne, gt, lt, ge, le, sa, eb or ap, on numbers, dates and quantities only.
        ");
    }
}
