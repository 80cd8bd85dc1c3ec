//! A command in the form of the SQL Passthrough API: what `explain` prints can be posted as it is.

use std::sync::Arc;

use base64::Engine as _;
use serde::Serialize;

use crate::relation::{SqlType, Value};
use crate::sql::Statement;

/// The body of a passthrough request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    pub command: CommandText,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandText {
    pub text: Arc<str>,
    pub execution_mode: &'static str,
    #[serde(rename = "type")]
    pub command_type: &'static str,
    pub parameters: Vec<CommandParameter>,
}

/// A parameter with SQL Server's type name; the value as text, binary as base64.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommandParameter {
    pub name: String,
    pub direction: &'static str,
    #[serde(rename = "type")]
    pub ty: &'static str,
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
}

impl Command {
    /// A statement with its values, as a command that reads.
    pub fn new(statement: &Statement, values: &[Value]) -> Command {
        Command {
            command: CommandText {
                text: Arc::clone(&statement.text),
                execution_mode: "reader",
                command_type: "text",
                parameters: statement
                    .bind(values)
                    .enumerate()
                    .map(|(index, (value, ty))| parameter(index, &value, ty))
                    .collect(),
            },
            catalogue: statement.catalogue.clone(),
        }
    }
}

fn parameter(index: usize, value: &Value, ty: SqlType) -> CommandParameter {
    let text = match value {
        Value::Null => None,
        Value::Int(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Date(day) => Some(day.to_string()),
        Value::DateTime(at) => Some(at.to_string()),
        Value::TextBytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::Bytes(bytes) => Some(base64::engine::general_purpose::STANDARD.encode(bytes)),
    };
    CommandParameter {
        name: format!("@p{}", index + 1),
        direction: "input",
        ty: type_name(ty),
        size: match ty {
            SqlType::Char(length)
            | SqlType::VarChar(length)
            | SqlType::NChar(length)
            | SqlType::NVarChar(length)
            | SqlType::VarBinary(length) => (length > 0).then_some(usize::from(length)),
            _ => None,
        },
        value: text,
    }
}

/// SQL Server's name of a type in the passthrough API.
fn type_name(ty: SqlType) -> &'static str {
    match ty {
        SqlType::Bit => "Bit",
        SqlType::TinyInt => "TinyInt",
        SqlType::SmallInt => "SmallInt",
        SqlType::Int => "Int",
        SqlType::BigInt => "BigInt",
        SqlType::Decimal(..) => "Decimal",
        SqlType::Money => "Money",
        SqlType::Real => "Real",
        SqlType::Float => "Float",
        SqlType::Char(_) => "Char",
        SqlType::VarChar(_) => "VarChar",
        SqlType::NChar(_) => "NChar",
        SqlType::NVarChar(_) => "NVarChar",
        SqlType::Date => "Date",
        SqlType::Time => "Time",
        SqlType::SmallDateTime => "SmallDateTime",
        SqlType::DateTime => "DateTime",
        SqlType::DateTime2 => "DateTime2",
        SqlType::UniqueIdentifier => "UniqueIdentifier",
        SqlType::VarBinary(_) => "VarBinary",
    }
}
