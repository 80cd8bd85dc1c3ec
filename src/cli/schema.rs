//! `pilaster mapping schema`: the JSON Schema of a mapping's files.

use std::process::ExitCode;

use crate::mapping::json_schema;

/// Print the JSON Schema by which an editor completes and checks a mapping's files; a file turns it on by its first line, `# yaml-language-server: $schema=./mapping.schema.json`
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> ExitCode {
    super::print(&json_schema::text())
}
