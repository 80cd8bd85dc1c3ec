//! Any text as the files of a mapping's folder: manifest, tables, source, shared codes, in that order, each
//! ended by a line `%%`. What is after the fourth belongs to it.
//!
//! A mapping that loads must do for all that follows: its statement is written, every type can be searched
//! plainly, and the select becomes SQL or a reason why not. One that does not load says why.
#![no_main]

use std::sync::Arc;

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use pilaster::fhir::{Access, StatementOptions};
use pilaster::fhir::capability::statement;
use pilaster::mapping::{Diagnostics, Loaded, Options, json, load_files, sarif};
use pilaster::plan::{Context, CountLimits, Handling, Planner};
use pilaster::relation::Dialect;
use pilaster::search::SearchRequest;

const NAMES: [&str; 4] = ["mapping.yaml", "tables.yaml", "source.yaml", "codes.yaml"];

fuzz_target!(|text: &str| {
    let texts = text.splitn(NAMES.len(), "\n%%\n");
    let files: Vec<(&str, &str)> = NAMES.into_iter().zip(texts).collect();
    match load_files("fuzz", &files, &Options::default()) {
        Ok(Loaded { mapping, warnings }) => {
            assert!(!warnings.has_errors());
            show(&warnings);
            serve(mapping);
        }
        Err(problems) => {
            assert!(problems.has_errors());
            show(&problems);
        }
    }
});

/// Problems can be shown to people and to programs.
fn show(problems: &Diagnostics) {
    let _ = problems.render(false);
    for document in [json([problems]), sarif([problems])] {
        serde_json::from_str::<serde_json::Value>(&document).expect("JSON");
    }
}

fn serve(mapping: pilaster::mapping::Mapping) {
    let options = StatementOptions {
        base: "http://localhost/fhir/R4",
        date: "2026-03-02",
        version: "0",
        site: "site",
        zone: "UTC",
        access: Access::SubscriptionKey,
    };
    serde_json::to_vec(&statement(&mapping, &options)).expect("a statement is JSON");
    let context = Context {
        base: options.base,
        zone: &TimeZone::UTC,
        now: jiff::civil::datetime(2026, 3, 2, 9, 0, 0, 0),
        handling: Handling::Unsaid,
        count: CountLimits::default(),
    };
    let mapping = Arc::new(mapping);
    let planner = Planner::new(Arc::clone(&mapping));
    for (name, resource) in &mapping.resources {
        // A mapping may demand a parameter.
        let Ok(plan) = planner.search(resource, &SearchRequest::new(name), &[], &context) else {
            continue;
        };
        for part in &plan.parts {
            for dialect in [Dialect::Mssql, Dialect::Sqlite] {
                // An SQL fragment may have no text for it.
                let _ = pilaster::sql::select(&part.select, dialect);
            }
        }
    }
}
