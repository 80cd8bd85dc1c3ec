//! Pages of mappings: read as a whole, and what they show of searches asked of the planner.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{Index, markdown, page};
use crate::explain::tests::clinic;
use crate::mapping::{Mapping, load_folder};
use crate::plan::{CountLimits, Handling};
use crate::search::Input;
use crate::site::{CallPlanner, SearchCall};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("mappings")
        .join(name)
}

fn mapping(folder: &Path) -> Arc<Mapping> {
    match load_folder(folder, &crate::mapping::Options::default()) {
        Ok(loaded) => Arc::new(loaded.mapping),
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

/// Every mapping of the repository.
fn mappings() -> Vec<Arc<Mapping>> {
    let folders = std::fs::read_dir(folder("")).expect("mappings");
    let folders = folders.map(|entry| entry.expect("an entry").path());
    folders
        .filter(|path| path.is_dir())
        .map(|path| mapping(&path))
        .collect()
}

#[test]
fn the_page_of_a_small_practice_is_read_as_a_whole() {
    insta::assert_snapshot!(markdown(&page(&clinic::mapping())));
}

#[test]
fn the_page_of_a_product_is_read_as_a_whole() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/docs");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let shown = markdown(&page(&mapping(&folder("dental4windows"))));
    settings.bind(|| insta::assert_snapshot!("dental4windows", shown));
}

#[test]
fn each_search_that_is_shown_is_answered() {
    let mut asked = 0;
    for mapping in mappings() {
        let zone = TimeZone::get("Australia/Brisbane").expect("a zone");
        let calls = CallPlanner::new(Arc::clone(&mapping), zone, CountLimits::default());
        for resource in page(&mapping).resources {
            for search in &resource.searches {
                let example = search.example.as_ref();
                let example = example.unwrap_or_else(|| {
                    panic!(
                        "{}: {}?{} has no example",
                        mapping.id, resource.name, search.name
                    )
                });
                let (ty, query) = example.split_once('?').expect("a search");
                assert_eq!(ty, resource.name);
                let call = SearchCall {
                    base: "http://localhost".to_owned(),
                    resource: ty.to_owned(),
                    query: query.as_bytes().to_vec(),
                    handling: Handling::Strict,
                    ..SearchCall::default()
                };
                let input = Input {
                    query: &call.query,
                    form: b"",
                };
                let planned = calls
                    .ask(&call, input)
                    .and_then(|asked| calls.plan_asked(&asked, &[], &call));
                match planned {
                    Ok(plan) => assert!(!plan.parts.is_empty(), "{}: {example}", mapping.id),
                    Err(error) => panic!("{}: {example}: {error}", mapping.id),
                }
                asked += 1;
            }
        }
    }
    assert!(asked > 500, "{asked} searches");
}

#[test]
fn no_column_and_no_line_of_a_table_gets_lost() {
    for mapping in mappings() {
        let page = page(&mapping);
        let declared: usize = mapping
            .tables
            .values()
            .map(|table| table.columns.len())
            .sum();
        let shown: usize = page.tables.iter().map(|table| table.columns.len()).sum();
        assert_eq!(shown, declared, "{}", mapping.id);
        let sources: usize = page.resources.iter().map(|it| it.sources.len()).sum();
        assert_eq!(sources, mapping.sources.len());
        // Each row of a table has as many cells as its head.
        let text = markdown(&page);
        let mut cells = 0;
        for line in text.lines() {
            let is_row = line.starts_with('|');
            let count = line.replace("\\|", "").matches('|').count();
            assert!(!is_row || cells == 0 || cells == count, "{line}");
            cells = if is_row { count } else { 0 };
        }
        // An index that is wanted is one that some search wants, too.
        let on_patient = page.resources.iter().find(|it| it.name == "Patient");
        let birthdate =
            on_patient.and_then(|it| it.searches.iter().find(|it| *it.name == *"birthdate"));
        let birthdate = birthdate.expect("every product knows when a patient was born");
        assert!(
            birthdate
                .indexes
                .iter()
                .any(|it| matches!(it, Index::On { common: true, .. })),
            "{}: {:?}",
            mapping.id,
            birthdate.indexes
        );
    }
}
