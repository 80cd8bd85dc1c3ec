//! Tables → the script that makes them in SQLite, where a mapping's cases are run; and how its file is called.

use crate::relation::SqlType;

/// The file of a catalogue's tables and rows; None is the default one.
pub(crate) fn file_name(catalogue: Option<&str>) -> String {
    match catalogue {
        None => "fixture.sql".to_owned(),
        Some(name) => format!("fixture.{name}.sql"),
    }
}

/// A name in SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `CREATE TABLE …;` with a line for each column and one for the key.
pub(crate) fn create<'n>(
    table: &str,
    columns: impl Iterator<Item = (&'n str, SqlType)>,
    key: impl Iterator<Item = &'n str>,
) -> String {
    let key: Vec<String> = key.map(quoted).collect();
    let columns = columns.map(|(name, ty)| format!("  {} {}", quoted(name), kept_as(ty)));
    let lines: Vec<String> = columns
        .chain([format!("  PRIMARY KEY ({})", key.join(", "))])
        .collect();
    format!(
        "CREATE TABLE {} (\n{}\n);\n",
        quoted(table),
        lines.join(",\n")
    )
}

/// What SQLite takes for the type: it knows no `max`.
fn kept_as(ty: SqlType) -> String {
    match ty {
        SqlType::Int => "integer".to_owned(),
        SqlType::VarChar(0) | SqlType::NVarChar(0) => "text".to_owned(),
        SqlType::VarBinary(_) => "blob".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_makes_the_table_whatever_its_names_are() {
        let columns = [
            ("ID", SqlType::Int),
            ("Last \"Seen\"", SqlType::DateTime),
            ("order", SqlType::NVarChar(0)),
            ("PHOTO", SqlType::VarBinary(0)),
            ("FEE", SqlType::Decimal(10, 2)),
        ];
        let script = create("a b", columns.into_iter(), ["ID", "order"].into_iter());
        let database = rusqlite::Connection::open_in_memory().expect("a database");
        database.execute_batch(&script).expect("a table");
        let count = "SELECT count(*) FROM pragma_table_info('a b')";
        let count: i64 = database
            .query_row(count, [], |row| row.get(0))
            .expect("a number");
        assert_eq!(count, 5);
    }
}
