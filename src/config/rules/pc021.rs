//! PC021: what a server keeps ends with it.

use crate::mapping::{Rule, Severity};

pub static TEMPORARY: Rule = Rule {
    code: "PC021",
    severity: Severity::Warning,
    title: "What a server keeps ends with it",
    explanation: "Integrators, their queries and results, webhooks, the audit trail and the key of page links stand in \
        the folder that `data` names, or `--data` where the server is started. Without one they are in a temporary folder, which is \
        removed when the server ends. For a trial that is well; an audit trail that is to be kept for years needs the folder. \
        The examples of these rules are of servers that are started with `--data`.",
    wrong: &[],
    right: &[],
};
