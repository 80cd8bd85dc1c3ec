//! A rule → its page, in Markdown that reads well in a terminal.
//!
//! What a wrong example gives is asked of the checker itself whenever a page is made.

use std::fmt::Write as _;

use super::{Example, Rule, Severity, clinic};

/// Longer examples are cut in their middle.
const MAX_LINES: usize = 30;
/// The lines that are kept of them, before the middle and behind it.
const KEPT: [usize; 2] = [8, 3];

/// The page of a rule of mappings.
pub fn of_mapping(rule: &Rule) -> String {
    page(rule, |example| clinic::problems(example).to_string())
}

/// The page of a rule: its title, why it is one, and its examples, if it has any. `problems` says what is said of one.
pub fn page(rule: &Rule, problems: impl Fn(Example) -> String) -> String {
    let mut page = heading(rule.code, rule.title);
    let severity = match rule.severity {
        // Those of cases, which keep no mapping from being served.
        Severity::Error if rule.code.starts_with("PT") => {
            "An error: no case is run until it is mended."
        }
        Severity::Error => "An error: nothing is served until it is mended.",
        Severity::Warning => {
            "A warning: it keeps nothing from being served, but is probably not meant."
        }
    };
    // Writing to a String cannot fail.
    let _ = write!(page, "{severity}\n\n{}\n", rule.explanation);
    if !rule.wrong.is_empty() {
        example(&mut page, "Wrong", rule.wrong);
        let _ = write!(page, "\n```text\n{}\n```\n", problems(rule.wrong));
    }
    if !rule.right.is_empty() {
        example(&mut page, "Right", rule.right);
    }
    page
}

/// A code with its title, as the head of its page. The code alone is the heading, so that it is the anchor too.
pub fn heading(code: &str, title: &str) -> String {
    format!("### {code}\n\n**{title}**\n\n")
}

fn example(page: &mut String, what: &str, files: Example) {
    for ((name, text), n) in files.iter().zip(0..) {
        let lead = if n == 0 { what } else { "And" };
        let language = name.rsplit('.').next().unwrap_or_default();
        let _ = write!(
            page,
            "\n{lead}, in `{name}`:\n\n```{language}\n{}```\n",
            cut(text)
        );
    }
}

/// The text without the middle, if it is long.
fn cut(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= MAX_LINES {
        return text.to_owned();
    }
    let [before, behind] = KEPT;
    let middle = lines.len() - before - behind;
    let mut shown = lines[..before].to_vec();
    let left_out = format!("# … {middle} more lines");
    shown.push(&left_out);
    shown.extend(&lines[lines.len() - behind..]);
    shown.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules;

    #[test]
    fn a_page_says_all_of_its_rule() {
        insta::assert_snapshot!(of_mapping(&rules::NOT_REPEATING), @r"
        ### PM012

        **A list stands where the element occurs at most once**

        An error: nothing is served until it is mended.

        Give the one value. Where it may come from several columns, `{ first: [ … ] }` takes the first that is there.

        Wrong, in `patient.yaml`:

        ```yaml
        resource: Patient
        table: PATIENTS as p
        id: p.ID
        elements:
          birthDate: [ $p.BORN ]
        ```

        ```text
        error[PM012]: `Patient.birthDate` occurs at most once, and this is a list
         --> patient.yaml:5:14
          |
        5 |   birthDate: [ $p.BORN ]
          |              ^^^^^^^^^^^
          |
          = help: give the value without the list; `{ first: [ … ] }` takes the first that is there

        1 error
        ```

        Right, in `patient.yaml`:

        ```yaml
        resource: Patient
        table: PATIENTS as p
        id: p.ID
        elements:
          birthDate: $p.BORN
        ```
        ");
    }

    #[test]
    fn a_long_example_is_cut() {
        let page = of_mapping(&rules::TOO_MANY_LOOKUPS);
        assert!(page.contains("# … "), "{page}");
        assert!(page.lines().count() < 60, "{page}");
    }
}
