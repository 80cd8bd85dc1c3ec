//! Demos in Firebird: a database of a server for each catalogue.
//!
//! Takes a server and empty databases on it; writes in one transaction each for the rows. Tables are there for rows only
//! once they are committed, so what is left on an error is dropped again, table by table.

use super::target::Target;
use super::writer::{Batch, Value};
use super::{DemoError, Result, ddl};
use crate::passthrough::firebird::{Options, Scribe};
use crate::passthrough::{PassthroughError, Typed};
use crate::relation::Dialect;

/// Databases that a demo is written into.
pub struct Firebird {
    databases: Vec<Database>,
    is_finished: bool,
}

struct Database {
    scribe: Scribe,
    /// The statements that drop what was created.
    drops: Vec<String>,
}

fn engine(error: PassthroughError) -> DemoError {
    DemoError::Engine(Box::new(error))
}

impl Firebird {
    /// Begins to write into these databases: one for each catalogue, in the demo's order.
    ///
    /// # Errors
    /// Where one cannot be attached to, and [`DemoError::NotEmpty`].
    pub fn begin(options: &Options) -> Result<Firebird> {
        for (place, (_, path)) in options.databases.iter().enumerate() {
            if !Scribe::is_empty(options, place).map_err(engine)? {
                return Err(DemoError::NotEmpty(path.clone()));
            }
        }
        let databases = (0..options.databases.len()).map(|place| {
            Ok(Database {
                scribe: Scribe::attach(options, place).map_err(engine)?,
                drops: Vec::new(),
            })
        });
        Ok(Firebird {
            databases: databases.collect::<Result<_>>()?,
            is_finished: false,
        })
    }

    fn database(&mut self, catalogue: usize) -> Result<&mut Database> {
        self.databases
            .get_mut(catalogue)
            .ok_or(DemoError::NoCatalogue(catalogue))
    }

    fn commit(&mut self) -> Result<()> {
        self.databases
            .iter_mut()
            .try_for_each(|database| database.scribe.commit().map_err(engine))
    }
}

/// A value as it is bound.
fn typed(value: Value<'_>) -> Typed<'_> {
    match value {
        Value::Null => Typed::Null,
        Value::Int(number) => Typed::Int(number),
        Value::Decimal(number) => Typed::Exact(number.to_string().into()),
        Value::Text(text) => Typed::Text(text.into()),
        Value::Day(day) => day.date().map_or(Typed::Null, Typed::Date),
        Value::Moment(moment) => moment.date_time().map_or(Typed::Null, Typed::DateTime),
    }
}

impl Target for Firebird {
    fn dialect(&self) -> Dialect {
        Dialect::Firebird
    }

    fn execute(&mut self, catalogue: usize, sql: &str) -> Result<()> {
        let database = self.database(catalogue)?;
        database.scribe.execute(sql).map_err(engine)?;
        if let Some(table) = sql
            .strip_prefix("CREATE TABLE \"")
            .and_then(|rest| rest.split('"').next())
        {
            database.drops.push(format!("DROP TABLE \"{table}\""));
        } else {
            // An index is made when it is committed, of rows that are.
            database.scribe.commit().map_err(engine)?;
        }
        Ok(())
    }

    fn created(&mut self) -> Result<()> {
        self.commit()
    }

    fn insert(&mut self, catalogue: usize, batch: &Batch) -> Result<()> {
        let sql = ddl::insert(batch.table(), Dialect::Firebird, |_| "?".to_owned());
        let rows: Vec<Vec<Typed<'_>>> = batch.rows().map(|row| row.map(typed).collect()).collect();
        let database = self.database(catalogue)?;
        database.scribe.insert(&sql, &rows).map_err(engine)
    }

    fn finish(&mut self) -> Result<()> {
        // What an index is worth was counted when it was made; keys were made before there were rows.
        for database in &mut self.databases {
            database.scribe.execute(STATISTICS).map_err(engine)?;
        }
        self.commit()?;
        self.is_finished = true;
        Ok(())
    }
}

/// Has the engine count what each index is worth.
const STATISTICS: &str = "\
EXECUTE BLOCK AS DECLARE NAME VARCHAR(252); BEGIN
  FOR SELECT TRIM(RDB$INDEX_NAME) FROM RDB$INDICES WHERE COALESCE(RDB$SYSTEM_FLAG, 0) = 0 INTO :NAME DO
    EXECUTE STATEMENT 'SET STATISTICS INDEX \"' || NAME || '\"';
END";

impl Drop for Firebird {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        for database in &mut self.databases {
            // Nobody can be told; what is left shows as a database that is not empty.
            let _ = database.scribe.roll_back();
            for drop in &database.drops {
                let _ = database.scribe.execute(drop);
            }
            let _ = database.scribe.commit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::Day;
    use super::*;

    #[test]
    fn a_moment_is_bound_as_one() {
        let day = Day::of(jiff::civil::date(2024, 2, 29));
        assert_eq!(
            typed(Value::Moment(day.at(3_661))),
            Typed::DateTime(jiff::civil::date(2024, 2, 29).at(1, 1, 1, 0))
        );
    }
}
