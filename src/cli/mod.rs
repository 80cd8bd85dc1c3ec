//! The commands: what a person types → what runs, and an exit code.

pub mod explain;
