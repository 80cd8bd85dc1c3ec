//! The statements that create a demo's tables, in the words of an engine.
//!
//! Takes a table or an index of [`super::table`]; gives its text. What engines call a type, how a text column says by
//! what it is compared, and which of them have indexes over expressions is said here and nowhere else, so that where
//! the rows go ([`super::target`]) only runs what it is given.

use std::fmt::Write as _;

use super::table::{Index, SqlType, Table};
use crate::relation::Dialect;

/// By what text is compared, beside case, which no product here tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accents {
    /// `e` is not `é`.
    Distinct,
    /// `e` is `é`.
    Ignored,
}

impl Accents {
    /// What a text column says of it; nothing where the database as a whole does.
    const fn collation(self, dialect: Dialect) -> Option<&'static str> {
        match (dialect, self) {
            (Dialect::Sqlite, Accents::Distinct) => Some("LATIN1_GENERAL_CI_AS"),
            (Dialect::Sqlite, Accents::Ignored) => Some("LATIN1_GENERAL_CI_AI"),
            (Dialect::Mssql, Accents::Distinct) => Some("Latin1_General_CI_AS"),
            (Dialect::Mssql, Accents::Ignored) => Some("Latin1_General_CI_AI"),
            (Dialect::Firebird, Accents::Distinct) => Some("UNICODE_CI"),
            (Dialect::Firebird, Accents::Ignored) => Some("UNICODE_CI_AI"),
            // A database of SQL Anywhere is created with its collation: UCA, which ignores case and accents.
            (Dialect::SqlAnywhere, _) => None,
        }
    }
}

/// A type as an engine declares it, with the collation of text.
pub fn declaration(sql_type: SqlType, dialect: Dialect, accents: Accents) -> String {
    let name = match (sql_type, dialect) {
        (SqlType::Int, Dialect::Firebird) => "INTEGER".to_owned(),
        (SqlType::Int, Dialect::SqlAnywhere) => "integer".to_owned(),
        (SqlType::Int, _) => "int".to_owned(),
        (SqlType::SmallInt, Dialect::Firebird) => "SMALLINT".to_owned(),
        (SqlType::SmallInt, _) => "smallint".to_owned(),
        (SqlType::Decimal(digits, scale), Dialect::Firebird) => {
            format!("NUMERIC({digits}, {scale})")
        }
        (SqlType::Decimal(digits, scale), Dialect::Mssql) => format!("decimal({digits}, {scale})"),
        (SqlType::Decimal(digits, scale), _) => format!("numeric({digits}, {scale})"),
        (SqlType::Date, Dialect::Firebird) => "DATE".to_owned(),
        (SqlType::Date, _) => "date".to_owned(),
        (SqlType::DateTime, Dialect::Firebird) => "TIMESTAMP".to_owned(),
        (SqlType::DateTime, Dialect::SqlAnywhere) => "timestamp".to_owned(),
        (SqlType::DateTime, _) => "datetime".to_owned(),
        (SqlType::Char(width), Dialect::Firebird) => format!("CHAR({width}) CHARACTER SET UTF8"),
        (SqlType::Char(width), _) => format!("char({width})"),
        (SqlType::VarChar(width), Dialect::Firebird) => {
            format!("VARCHAR({width}) CHARACTER SET UTF8")
        }
        (SqlType::VarChar(width), _) => format!("varchar({width})"),
        (SqlType::Text, Dialect::Firebird) => "BLOB SUB_TYPE TEXT CHARACTER SET UTF8".to_owned(),
        (SqlType::Text, Dialect::Mssql) => "varchar(max)".to_owned(),
        (SqlType::Text, Dialect::SqlAnywhere) => "long varchar".to_owned(),
        (SqlType::Text, Dialect::Sqlite) => "text".to_owned(),
    };
    match accents.collation(dialect).filter(|_| sql_type.is_text()) {
        Some(collation) => format!("{name} COLLATE {collation}"),
        None => name,
    }
}

/// The statement that creates a table.
///
/// SQLite is given `integer` for a key of one whole number: only that word makes it the table's clustered key.
pub fn create_table(table: &Table, dialect: Dialect, accents: Accents) -> String {
    let mut sql = format!("CREATE TABLE {} (\n", quoted(table.name, dialect));
    let inline = dialect == Dialect::Sqlite
        && table.key == 1
        && table
            .columns
            .first()
            .is_some_and(|it| it.sql_type == SqlType::Int);
    for (position, column) in table.columns.iter().enumerate() {
        let name = quoted(column.name, dialect);
        let separator = if position == 0 { "" } else { ",\n" };
        // Writing to a String cannot fail.
        let _ = if position == 0 && inline {
            write!(sql, "    {name} integer NOT NULL PRIMARY KEY")
        } else {
            let null = if position < table.key {
                " NOT NULL"
            } else {
                ""
            };
            let declared = declaration(column.sql_type, dialect, accents);
            // Firebird has the collation stand behind what the column must hold.
            match (dialect, declared.split_once(" COLLATE ")) {
                (Dialect::Firebird, Some((of, collation))) => {
                    write!(sql, "{separator}    {name} {of}{null} COLLATE {collation}")
                }
                _ => write!(sql, "{separator}    {name} {declared}{null}"),
            }
        };
    }
    if !inline {
        let key: Vec<String> = table.columns[..table.key]
            .iter()
            .map(|column| quoted(column.name, dialect))
            .collect();
        let _ = write!(sql, ",\n    PRIMARY KEY ({})", key.join(", "));
    }
    sql.push_str("\n)");
    sql
}

/// The statement that creates an index; None where the engine has no such index.
pub fn create_index(index: &Index, dialect: Dialect) -> Option<String> {
    let (name, table) = (quoted(index.name, dialect), quoted(index.table, dialect));
    if index.is_computed() {
        return match dialect {
            Dialect::Sqlite => Some(format!(
                "CREATE INDEX {name} ON {table} ({})",
                index.columns
            )),
            Dialect::Firebird => {
                let computed = index.columns;
                Some(format!(
                    "CREATE INDEX {name} ON {table} COMPUTED BY ({computed})"
                ))
            }
            // An index of theirs is over columns; a computed one would have to be a column of the table.
            Dialect::Mssql | Dialect::SqlAnywhere => None,
        };
    }
    let columns: Vec<String> = index
        .columns
        .split(", ")
        .map(|column| quoted(column, dialect))
        .collect();
    Some(format!(
        "CREATE INDEX {name} ON {table} ({})",
        columns.join(", ")
    ))
}

/// The statement that inserts one row, with a parameter for each column in order; `mark` writes the parameter of a
/// place that counts from 1.
pub fn insert(table: &Table, dialect: Dialect, mark: impl Fn(usize) -> String) -> String {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|column| quoted(column.name, dialect))
        .collect();
    let marks: Vec<String> = (1..=table.columns.len()).map(mark).collect();
    format!(
        "INSERT INTO {} ({}) VALUES ({})",
        quoted(table.name, dialect),
        names.join(", "),
        marks.join(", ")
    )
}

/// A name as an engine takes it to the letter.
fn quoted(name: &str, dialect: Dialect) -> String {
    match dialect {
        // Names of demos are plain words, and SQLite reads them in any case.
        Dialect::Sqlite => name.to_owned(),
        Dialect::Mssql => format!("[{name}]"),
        Dialect::Firebird | Dialect::SqlAnywhere => format!("\"{name}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::{char, date, decimal, int, text, varchar};
    use super::*;

    static TABLE: Table = Table {
        name: "THINGS",
        key: 1,
        columns: &[
            int("ID"),
            char("KIND", 1),
            varchar("NAME", 40),
            decimal("SIZE_CM", 5, 1),
            date("BORN"),
            text("NOTES"),
        ],
    };
    static PAIRS: Table = Table {
        name: "PAIRS",
        key: 2,
        columns: &[varchar("A", 6), int("B"), date("SINCE")],
    };

    #[test]
    fn a_table_is_spelled_for_each_engine() {
        let shown: Vec<String> = Dialect::ALL
            .into_iter()
            .flat_map(|dialect| {
                [&TABLE, &PAIRS].map(|table| {
                    let sql = create_table(table, dialect, Accents::Ignored);
                    format!("-- {}\n{sql};", dialect.name())
                })
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn an_index_over_an_expression_is_made_where_there_are_such() {
        let index = Index {
            name: "IX_THINGS_CHANGED",
            table: "THINGS",
            columns: "COALESCE(CHANGED, CREATED)",
        };
        let made = |dialect| create_index(&index, dialect);
        assert_eq!(
            made(Dialect::Sqlite).as_deref(),
            Some("CREATE INDEX IX_THINGS_CHANGED ON THINGS (COALESCE(CHANGED, CREATED))")
        );
        assert_eq!(
            made(Dialect::Firebird).as_deref(),
            Some(
                "CREATE INDEX \"IX_THINGS_CHANGED\" ON \"THINGS\" COMPUTED BY (COALESCE(CHANGED, CREATED))"
            )
        );
        assert_eq!(made(Dialect::Mssql), None);
        let plain = Index {
            columns: "NAME, BORN",
            ..index
        };
        assert_eq!(
            create_index(&plain, Dialect::Mssql).as_deref(),
            Some("CREATE INDEX [IX_THINGS_CHANGED] ON [THINGS] ([NAME], [BORN])")
        );
    }

    #[test]
    fn a_row_is_inserted_by_the_engine_s_own_parameters() {
        assert_eq!(
            insert(&PAIRS, Dialect::Firebird, |_| "?".to_owned()),
            "INSERT INTO \"PAIRS\" (\"A\", \"B\", \"SINCE\") VALUES (?, ?, ?)"
        );
        assert_eq!(
            insert(&PAIRS, Dialect::Mssql, |place| format!("@P{place}")),
            "INSERT INTO [PAIRS] ([A], [B], [SINCE]) VALUES (@P1, @P2, @P3)"
        );
    }
}
