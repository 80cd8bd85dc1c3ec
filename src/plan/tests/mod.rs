//! What a plan's conditions select, run on SQLite and compared with the rule said again in Rust.

mod dates;
mod keyset;
mod texts;

use std::sync::Arc;

use rusqlite::Connection;

use super::values::Values;
use crate::passthrough::{CellRef, PassthroughError, Rows};
use crate::passthrough::{Limits, Pool, sqlite};
use crate::relation::{
    Collation, Column, Dialect, Expr, Order, Predicate, Select, Shared, Source, SqlType, Table,
    TableSource, Value,
};
use crate::sql;

/// A table `t` in a file of its own.
pub struct Rig {
    pool: Pool,
    source: Shared<Source>,
    _file: tempfile::NamedTempFile,
}

/// The column `t.name`.
pub fn column(name: &str, ty: SqlType, collation: Option<&str>) -> Expr {
    Expr::Column(Shared::new(Column {
        alias: Arc::from("t"),
        name: Arc::from(name),
        ty,
        collation: collation.map(|name| Arc::new(Collation::parse(name).expect("a collation"))),
        nullable: true,
    }))
}

impl Rig {
    /// A table of these columns, with these rows.
    pub fn new<P: rusqlite::Params>(create: &str, insert: &str, rows: Vec<P>) -> Rig {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut db = Connection::open(file.path()).expect("a database");
        crate::collation::register(&db).expect("collations");
        db.execute_batch(create).expect("a table");
        let transaction = db.transaction().expect("begun");
        for row in rows {
            transaction.execute(insert, row).expect("a row");
        }
        transaction.commit().expect("committed");
        let pool = sqlite::pool(file.path(), Limits::default()).expect("a pool");
        let source = Shared::new(Source {
            table: Table {
                alias: Arc::from("t"),
                source: TableSource::Named(Arc::from("t")),
            },
            key: Vec::new(),
            rows: Predicate::True,
            joins: Vec::new(),
            catalogue: None,
        });
        Rig {
            pool,
            source,
            _file: file,
        }
    }

    /// The rows of `columns` that hold `filter`.
    pub fn select(
        &self,
        columns: Vec<Expr>,
        filter: Predicate,
        order: Vec<Order>,
        values: Values,
    ) -> Rows {
        let select = Select {
            order,
            ..Select::of(self.source.clone(), filter, Shared::new(columns))
        };
        let statement = sql::select(&select, Dialect::Sqlite).expect("spelled");
        let values: Vec<Value> = values.into_inner();
        self.pool
            .run_now::<_, PassthroughError>(|session| session.execute(&statement, &values))
            .unwrap_or_else(|error| panic!("{error}: {}", statement.text))
    }

    /// The ids of the rows that hold `filter`, upwards.
    pub fn ids(&self, filter: Predicate, values: Values) -> Vec<i64> {
        let id = column("id", SqlType::Int, None);
        let order = vec![Order {
            expr: id.clone(),
            descending: false,
        }];
        let rows = self.select(vec![id], filter, order, values);
        (0..rows.len())
            .map(|row| match rows.cell(row, 0) {
                CellRef::Int(id) => id,
                other => panic!("{other:?}"),
            })
            .collect()
    }
}
