//! What a mapping's cases are checked by, beside the rules that every YAML file of a mapping has: a file for each code,
//! with its explanation, its examples and its test.

mod pt001;
mod pt002;
mod pt003;
mod pt004;
mod pt005;
mod pt006;

use crate::mapping::rules::{Example, of_files};
use crate::mapping::{Rule, Severity};

use super::read;
use super::read::FILE as FILE_NAME;

of_files! {
    pt001::FILE,
    pt002::NAME,
    pt003::QUESTION,
    pt004::EXPRESSION,
    pt005::CONTRADICTION,
    pt006::FIXTURE,
}

/// The problems of an example, rendered; empty of one that is right.
pub fn problems(example: Example) -> String {
    let of_file = |(_, text): &(&str, &str)| match read::read(text) {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    };
    example.iter().map(of_file).collect()
}

/// What the wrong example of a rule gives, after both are seen to be as they are called.
///
/// # Panics
/// The wrong one breaks another rule or none, or the right one has problems.
#[cfg(test)]
fn tested(rule: &Rule) -> String {
    let of_wrong = problems(rule.wrong);
    assert!(
        of_wrong.starts_with(&format!("error[{}]", rule.code)),
        "{of_wrong}"
    );
    assert!(of_wrong.ends_with("\n1 error"), "{of_wrong}");
    assert_eq!(problems(rule.right), "", "the right example");
    of_wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::tests::have_files;

    #[test]
    fn every_rule_has_its_file_and_every_file_its_rule() {
        have_files("src/cases/rules", "pt", ALL);
    }

    #[test]
    fn codes_are_in_order_and_explained() {
        assert!(ALL.windows(2).all(|pair| pair[0].code < pair[1].code));
        for rule in ALL {
            assert!(rule.code.len() == 5 && rule.code.starts_with("PT"));
            assert!(rule.explanation.ends_with('.'), "{}", rule.code);
            assert!(!rule.title.ends_with('.'), "{}", rule.code);
        }
    }
}
