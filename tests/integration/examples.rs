//! The example configurations beside the mappings: each can be used as it stands, once its secrets are set.

use std::path::{Path, PathBuf};

use pilaster::config::{self, Environment, Server};

/// Every variable is set.
struct Set;

impl Environment for Set {
    fn variable(&self, name: &str) -> Option<String> {
        Some(format!("value of {name}"))
    }
}

fn examples() -> Vec<PathBuf> {
    let mappings = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let folders = std::fs::read_dir(mappings).expect("a folder").flatten();
    let mut files: Vec<PathBuf> = folders
        .filter(|entry| entry.path().is_dir())
        .flat_map(|folder| {
            std::fs::read_dir(folder.path())
                .expect("a folder")
                .flatten()
        })
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn each_driver_has_an_example_and_each_can_be_used() {
    let mut drivers = Vec::new();
    for path in examples() {
        let read = match config::read_to_serve(&path, &Set, None) {
            Ok(read) => read,
            Err(problems) => {
                let text = problems.render(false);
                let is_odbc = text.contains("PC012") && text.ends_with("1 error");
                assert!(
                    is_odbc && !cfg!(feature = "odbc"),
                    "{}: {text}",
                    path.display()
                );
                drivers.push("odbc");
                continue;
            }
        };
        // Those of SQLite are for files that `pilaster demo create` is to write, and for a trial.
        let warnings = read.warnings.to_string();
        let without_files = warnings.matches("warning[PC016]").count();
        let temporary = warnings.matches("warning[PC021]").count();
        let servers = read.config.sites.iter().map(|site| &site.server);
        let all_sqlite = servers.clone().all(|server| *server == Server::Sqlite);
        assert!(
            warnings.matches("warning[").count() == without_files + temporary
                && (without_files + temporary == 0 || all_sqlite),
            "{}: {warnings}",
            path.display(),
        );
        for site in &read.config.sites {
            drivers.push(site.server.driver());
            let mapping = site
                .mapping
                .load(&Default::default())
                .expect("a mapping")
                .mapping;
            let engine = site.server.dialect().unwrap_or(mapping.engine);
            let is_sqlite = site.server == Server::Sqlite;
            assert!(engine == mapping.engine || is_sqlite, "{}", path.display());
        }
    }
    drivers.sort_unstable();
    assert_eq!(
        drivers,
        ["firebird", "mssql", "odbc", "passthrough", "sqlite"]
    );
}

/// The README leads to them.
#[test]
fn the_readme_names_each_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a file");
    for path in examples() {
        let path = path.strip_prefix(root).expect("a path in the project");
        let link = format!("]({})", path.display());
        assert!(readme.contains(&link), "{link}");
    }
}
