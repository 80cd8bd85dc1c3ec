//! The examples of the rules: whole configuration files, read where two secrets are to be had and nothing else is.

use std::path::Path;

use crate::config::{Environment, Use, site};
use crate::mapping::rules::Example;

/// An environment that has two variables.
struct Variables;

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        let known = ["ACME_KEY", "ZENITH_KEY", "DB_PASSWORD"];
        known
            .contains(&name)
            .then(|| format!("the secret of {name}"))
    }
}

/// Where the examples are said to be, beside a folder of data. No file of theirs is read, and one that they name is not there.
const PATH: &str = "/etc/pilaster/pilaster.toml";

/// The problems of an example, rendered, warnings too; empty of one that is right.
pub fn problems(example: Example) -> String {
    let read = |(name, text): &(&str, &str)| match site::config(
        Path::new(PATH),
        name,
        text,
        &Variables,
        Use::Server { is_kept: true },
    ) {
        Ok(read) => read.warnings.to_string(),
        Err(problems) => problems.render(false),
    };
    example.iter().map(read).collect()
}

/// What the wrong example of a rule gives, after both are seen to be as they are called.
///
/// # Panics
/// The wrong one breaks another rule or none, or the right one has problems.
#[cfg(test)]
pub fn tested(rule: &crate::mapping::Rule) -> String {
    let of_wrong = problems(rule.wrong);
    let heads = of_wrong.lines().filter_map(|line| {
        let (head, _) = line.split_once("]: ")?;
        head.strip_prefix("error[")
            .or(head.strip_prefix("warning["))
    });
    let codes: Vec<_> = heads.collect();
    let own = codes.iter().all(|code| *code == rule.code);
    assert!(own && !codes.is_empty(), "the wrong example\n{of_wrong}");
    assert_eq!(problems(rule.right), "", "the right example");
    of_wrong
}
