//! The gateway's types as columns: ids as bytes, moments as milliseconds, names as the API writes them.

use std::time::Duration;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as NameError, StrDeserializer};
use uuid::Uuid;

use crate::gateway::id::{DeliveryId, IntegratorId, KeyId, QueryId, SiteId};
use crate::gateway::moment::Moment;

macro_rules! ids {
    ($($name:ident)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_bytes())))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<$name> {
                Uuid::from_slice(value.as_blob()?).map($name).map_err(FromSqlError::other)
            }
        }
    )*};
}

ids! { IntegratorId SiteId QueryId KeyId DeliveryId }

impl ToSql for Moment {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.millis().into())
    }
}

impl FromSql for Moment {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Moment> {
        value.as_i64().map(Moment::from_millis)
    }
}

/// A span of time in nanoseconds; the longest has 292 years.
pub(super) struct Nanos(pub(super) Duration);

impl ToSql for Nanos {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0.as_nanos()).unwrap_or(i64::MAX).into())
    }
}

impl FromSql for Nanos {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Nanos> {
        Ok(Nanos(Duration::from_nanos(Count::column_result(value)?.0)))
    }
}

/// A number of bytes, rows and the like.
pub(super) struct Count(pub(super) u64);

impl ToSql for Count {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0).unwrap_or(i64::MAX).into())
    }
}

impl FromSql for Count {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Count> {
        let number = value.as_i64()?;
        u64::try_from(number)
            .map(Count)
            .map_err(|_| FromSqlError::OutOfRange(number))
    }
}

/// A value of an enum, by its name in the API.
pub(super) struct Named<T>(pub(super) T);

impl<T: Serialize> ToSql for Named<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0).map_err(not_written)? {
            serde_json::Value::String(name) => Ok(ToSqlOutput::Owned(Value::Text(name))),
            _ => Err(not_written("it has no name")),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Named<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Named<T>> {
        let name = StrDeserializer::<NameError>::new(value.as_str()?);
        T::deserialize(name).map(Named).map_err(FromSqlError::other)
    }
}

/// A value as JSON.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0).map_err(not_written)?;
        Ok(ToSqlOutput::Owned(Value::Text(text)))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Json<T>> {
        let value = serde_json::from_str(value.as_str()?);
        value.map(Json).map_err(FromSqlError::other)
    }
}

fn not_written(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(why.into())
}
