//! What a practice's database says of the practice itself: its name, the product's own number of it, the product's version.
//!
//! One statement, which a mapping's `practice:` is made to, gives one row.

use std::sync::Arc;

use super::Site;
use crate::gateway::site::PracticeMetadata;
use crate::mapping::AboutPractice;
use crate::passthrough::{CellRef, PassthroughError, RowRef};
use crate::relation::{Select, Shared, Slot, SqlType, Value};
use crate::sql::{self, Engine, SqlError, Statement};

/// The statement of `practice:`, which takes [`VALUES`]: the first row, in the order of the table's key, with the name, the
/// number and the version as its first columns, as far as they are mapped.
///
/// # Errors
/// When a fragment of the mapping has no text for the engine.
pub fn statement(about: &AboutPractice, engine: impl Into<Engine>) -> Result<Statement, SqlError> {
    let columns = [&about.name, &about.site_id, &about.version];
    let columns = columns.into_iter().flatten().cloned();
    let limit = Slot {
        index: 0,
        ty: SqlType::Int,
    };
    let select = Select {
        order: about.order.clone(),
        limit: Some(limit),
        // It is one row, and not worth two halves.
        few: true,
        ..Select::of(
            about.relation.clone(),
            crate::relation::Predicate::True,
            Shared::new(columns.collect()),
        )
    };
    sql::select(&select, engine)
}

/// What the statement takes: how many rows.
pub const VALUES: [Value; 1] = [Value::Int(1)];

/// What the row says; nothing where there is none.
fn metadata(about: &AboutPractice, row: RowRef<'_>) -> PracticeMetadata {
    let mut places = 0..;
    let mut of = |mapped: bool| match mapped {
        true => text(row.cell(places.next()?)),
        false => None,
    };
    PracticeMetadata {
        practice_name: of(about.name.is_some()),
        practice_management_site_id: of(about.site_id.is_some()),
        practice_management_version: of(about.version.is_some()),
    }
}

/// A cell's text without the blanks around it; None where nothing is left, or it is no text.
fn text(cell: CellRef<'_>) -> Option<Arc<str>> {
    match cell {
        CellRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes).ok()?.trim();
            (!text.is_empty()).then(|| Arc::from(text))
        }
        CellRef::Int(number) => Some(Arc::from(number.to_string())),
        CellRef::Null | CellRef::Real(_) | CellRef::Bytes(_) => None,
    }
}

impl Site {
    /// Asks the practice's database which practice it is; nothing is known where the mapping does not say where that stands.
    ///
    /// # Errors
    /// As a search.
    pub async fn practice_metadata(&self) -> Result<PracticeMetadata, PassthroughError> {
        let mapping = Arc::clone(self.mapping());
        let Some(about) = &mapping.practice else {
            return Ok(PracticeMetadata::default());
        };
        let statement = statement(about, self.engine).map_err(|_| {
            PassthroughError::NotCarried("SQL of the mapping's own that is for another engine")
        })?;
        let run = move |session: &mut crate::passthrough::Session<'_>| {
            session.execute(&statement, &VALUES)
        };
        let rows = self.pool().run(run).await?;
        Ok(metadata(about, rows.row(0)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cases;
    use crate::mapping::{Options, load_files, load_folder};
    use crate::passthrough::{Limits, sqlite};
    use crate::relation::Dialect;

    #[test]
    fn each_mapping_asks_for_one_row_of_its_practice() {
        let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
        let mut shown = String::new();
        for id in ["bp-premier", "zedmed", "dental4windows", "open-dental"] {
            let loaded = load_folder(&folders.join(id), &Options::default()).expect("a mapping");
            let about = loaded.mapping.practice.expect("`practice:`");
            for dialect in Dialect::ALL {
                let text = match statement(&about, dialect) {
                    Ok(statement) => statement.text.to_string(),
                    Err(error) => error.to_string(),
                };
                shown.push_str(&format!("-- {id}, {dialect}\n{text}\n\n"));
            }
        }
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn the_fixture_of_each_mapping_says_its_name() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
        let mut shown = Vec::new();
        for id in ["bp-premier", "zedmed", "dental4windows", "open-dental"] {
            let folder = folders.join(id);
            let loaded = load_folder(&folder, &Options::default()).expect("a mapping");
            let practice = cases::fixture(&folder, loaded.mapping).expect("a practice");
            let said = runtime.block_on(practice.site.practice_metadata());
            let said = said.expect("metadata");
            assert_eq!(said.practice_management_site_id, None, "{id}");
            assert_eq!(said.practice_management_version, None, "{id}");
            let name = said.practice_name.as_deref().unwrap_or("none");
            shown.push(format!("{id}: {name}"));
        }
        insta::assert_snapshot!(shown.join("\n"), @r"
        bp-premier: Banksia Street Medical Centre
        zedmed: Ironbark Medical Group
        dental4windows: Bottlebrush Dental
        open-dental: Banksia Street Dental
        ");
    }

    #[test]
    fn the_first_row_says_what_is_mapped() {
        let files = [
            (
                "mapping.yaml",
                "name: X\nengine: sqlite\nverified: public\ncollation: BINARY\npractice: { table: P as p, rows: p.HIDDEN = 0, siteId: p.NR, version: { sql: \"'3.' || {p.MINOR}\", type: varchar(9) } }\n",
            ),
            (
                "tables.yaml",
                "tables:\n  P: { key: ID, columns: { ID: int, HIDDEN: int, NR: int, MINOR: varchar(9) } }\n",
            ),
            (
                "patient.yaml",
                "resource: Patient\ntable: P as p\nid: p.ID\nelements: { active: true }\n",
            ),
        ];
        let of = |rows: &str| {
            let loaded = load_files("x", &files, &Options::default()).expect("a mapping");
            let about = loaded.mapping.practice.expect("`practice:`");
            let statement = statement(&about, Dialect::Sqlite).expect("spelled");
            let file = tempfile::NamedTempFile::new().expect("a file");
            let made = rusqlite::Connection::open(file.path()).expect("a database");
            made.execute_batch(&format!(
                "CREATE TABLE P (ID INTEGER, HIDDEN INTEGER, NR INTEGER, MINOR TEXT); {rows}"
            ))
            .expect("a table");
            let pool = sqlite::pool(file.path(), Limits::default()).expect("a pool");
            let rows = pool.run_now(|session| session.execute(&statement, &VALUES));
            metadata(&about, rows.expect("rows").row(0))
        };
        let said =
            of("INSERT INTO P VALUES (3, 0, 54321, '9'), (1, 1, 1, '1'), (2, 0, 12345, '4')");
        let expected = PracticeMetadata {
            practice_name: None,
            practice_management_site_id: Some(Arc::from("12345")),
            practice_management_version: Some(Arc::from("3.4")),
        };
        assert_eq!(said, expected);
        assert_eq!(of(""), PracticeMetadata::default());
    }

    #[test]
    fn a_cell_says_something_or_nothing() {
        assert_eq!(
            text(CellRef::Text(b"  Harbour Street ")).as_deref(),
            Some("Harbour Street")
        );
        assert_eq!(text(CellRef::Int(12345)).as_deref(), Some("12345"));
        for nothing in [CellRef::Text(b"  "), CellRef::Text(b"\xff"), CellRef::Null] {
            assert_eq!(text(nothing), None);
        }
    }
}
