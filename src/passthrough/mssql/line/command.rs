//! A caller's command → the procedure call that carries it.
//!
//! A text without outputs goes as `sp_executesql` with the caller's own names and types, as .NET's client sends it.
//!
//! Outputs need a statement around the caller's. The client (tiberius 0.13) describes a NULL of most types as one of no
//! type, and an exact number by the digits that it happens to have; and what comes back through a remote parameter is
//! cut to what was described. So the outputs are variables of the types that the caller asked for, in a statement that
//! runs the caller's inside:
//!
//! ```sql
//! DECLARE @r int; EXEC @r = sys.sp_executesql @s, @d, @v1, @v2 OUTPUT; SELECT 1 AS [mark], @r AS r, @v2 AS v2
//! DECLARE @r int; EXEC @r = [dbo].[Find] @name = @v1, @count = @v2 OUTPUT; SELECT 1 AS [mark], @r AS r, @v2 AS v2
//! ```
//!
//! The last result is told from the caller's own by the name of its first column, which is drawn by lot when the program
//! starts. Whatever the caller's text does, an early `RETURN`, a comment without an end, a variable of the same name,
//! stays inside. A procedure always goes this way: its name is read, and written in brackets.

use std::borrow::Cow;
use std::sync::LazyLock;

use tiberius::{ColumnData, Command};
use uuid::Uuid;

use super::{declare, value};
use crate::passthrough::call::bind::{self, Argument, Carries};
use crate::passthrough::call::procedure::Procedure;
use crate::passthrough::call::{Call, CallError, CommandType, Direction};

/// What SQL Server takes.
pub(super) const CARRIES: Carries = Carries {
    engine: "SQL Server",
    ty: |_| true,
    outputs: true,
    return_value: true,
};

static MARK: LazyLock<String> = LazyLock::new(|| Uuid::new_v4().simple().to_string());

/// What is sent.
#[derive(Debug)]
pub(super) struct Prepared<'c> {
    pub(super) text: Cow<'c, str>,
    /// `@p int,@q nvarchar(40) OUTPUT`; empty without any.
    pub(super) declarations: String,
    /// Names and values, in the order of the declarations.
    pub(super) values: Vec<(String, ColumnData<'c>)>,
    /// The call's parameters that a last result is to hold, by their places; none where there is no such result.
    pub(super) outputs: Vec<usize>,
}

impl<'c> Prepared<'c> {
    /// As the client sends it.
    pub(super) fn into_command(self) -> Command<'c> {
        let mut command = Command::new("sp_executesql");
        command.bind_param("", ColumnData::String(Some(self.text)));
        if !self.declarations.is_empty() {
            command.bind_param("", ColumnData::String(Some(self.declarations.into())));
            for (name, value) in self.values {
                command.bind_param(name, value);
            }
        }
        command
    }
}

/// Whether a result, by the name of its first column, is that of the outputs.
pub(super) fn is_of_outputs(first: Option<&str>) -> bool {
    first == Some(&*MARK)
}

/// The command as it is sent.
///
/// # Errors
/// [`CallError::Command`]: a parameter that is not carried, or a procedure's name that is none.
pub(super) fn prepared(call: &Call) -> Result<Prepared<'_>, CallError> {
    let arguments = bind::arguments(call, &CARRIES)?;
    let is_back = |argument: &&Argument<'_>| argument.direction != Direction::Input;
    let outputs: Vec<usize> = arguments
        .iter()
        .filter(is_back)
        .map(|it| it.place)
        .collect();
    // What a procedure returns is no parameter to the server.
    let mut given = Vec::with_capacity(arguments.len());
    for argument in arguments {
        if argument.direction != Direction::ReturnValue {
            given.push(Given::of(argument)?);
        }
    }
    let declared: Vec<String> = given.iter().map(Given::declaration).collect();
    let declared = declared.join(",");
    let is_text = call.kind == CommandType::Text;
    if is_text && outputs.is_empty() {
        return Ok(Prepared {
            text: (&*call.text).into(),
            declarations: declared,
            values: given.into_iter().map(|it| (it.name, it.data)).collect(),
            outputs,
        });
    }
    let mut declarations = Vec::new();
    let mut values = Vec::new();
    let mut own = |name: &str, text: Cow<'_, str>| {
        declarations.push(format!("{name} nvarchar(max)"));
        values.push((
            name.to_owned(),
            ColumnData::String(Some(Cow::Owned(text.into_owned()))),
        ));
    };
    let mut run = match is_text {
        true => {
            own("@s", (&*call.text).into());
            let mut run = "sys.sp_executesql @s".to_owned();
            if !declared.is_empty() {
                own("@d", declared.into());
                run.push_str(", @d");
            }
            run
        }
        false => Procedure::read(&call.text)?.in_brackets(),
    };
    let mut last = format!("SELECT 1 AS [{}], @r AS r", &*MARK);
    for (number, given) in (1..).zip(given) {
        let variable = format!("@v{number}");
        let between = if is_text || number > 1 { "," } else { "" };
        // What `sp_executesql` is given has the order of its declarations.
        let named = match is_text {
            true => String::new(),
            false => format!("{} = ", given.name),
        };
        let output = if given.is_output { " OUTPUT" } else { "" };
        run.push_str(&format!("{between} {named}{variable}{output}"));
        if given.is_output {
            last.push_str(&format!(", {variable} AS v{number}"));
        }
        declarations.push(format!("{variable} {}", given.ty));
        values.push((variable, given.data));
    }
    let text = match outputs.is_empty() {
        true => format!("EXEC {run}"),
        false => format!("DECLARE @r int; EXEC @r = {run}; {last}"),
    };
    Ok(Prepared {
        text: text.into(),
        declarations: declarations.join(","),
        values,
        outputs,
    })
}

/// A parameter as the server takes it.
struct Given {
    /// With its `@`.
    name: String,
    ty: Cow<'static, str>,
    data: ColumnData<'static>,
    is_output: bool,
}

impl Given {
    fn of(argument: Argument<'_>) -> Result<Given, CallError> {
        let ty = declare::declared(&argument).ok_or_else(|| {
            let why = "SQL Server takes no parameter of this type";
            bind::refused(argument.place, argument.ty, why)
        })?;
        Ok(Given {
            name: format!("@{}", argument.name),
            ty,
            is_output: argument.is_output(),
            data: value::data(argument.value, argument.ty),
        })
    }

    fn declaration(&self) -> String {
        let Given { name, ty, .. } = self;
        let output = if self.is_output { " OUTPUT" } else { "" };
        format!("{name} {ty}{output}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passthrough::call::{ExecutionMode, Parameter, ParameterType};

    fn parameter(
        name: &str,
        direction: Direction,
        ty: ParameterType,
        value: Option<&str>,
    ) -> Parameter {
        Parameter {
            name: name.to_owned(),
            direction,
            ty,
            value: value.map(str::to_owned),
            size: None,
        }
    }

    fn shown(kind: CommandType, text: &str, parameters: Vec<Parameter>) -> String {
        let call = Call {
            text: text.into(),
            mode: ExecutionMode::Reader,
            kind,
            parameters,
            catalogue: None,
        };
        let sent = match prepared(&call) {
            Ok(sent) => sent,
            Err(error) => return error.to_string(),
        };
        let values: Vec<String> = sent
            .values
            .iter()
            .map(|(name, data)| format!("{name}={data:?}"))
            .collect();
        format!(
            "{}\n{}\n{}",
            sent.text.replace(&**MARK, "mark"),
            sent.declarations,
            values.join("\n")
        )
    }

    #[test]
    fn a_text_goes_as_it_is_with_the_names_and_types_of_the_caller() {
        use {Direction::Input, ParameterType as T};
        let sent = shown(
            CommandType::Text,
            "SELECT * FROM t WHERE a = @a AND b = @B -- end",
            vec![
                parameter("@a", Input, T::Int, Some("66")),
                parameter("B", Input, T::NVarChar, Some("Zoë")),
                parameter("@c", Input, T::Decimal, None),
            ],
        );
        insta::assert_snapshot!(sent, @r#"
        SELECT * FROM t WHERE a = @a AND b = @B -- end
        @a int,@B nvarchar(4000),@c decimal(38,0)
        @a=I64(Some(66))
        @B=String(Some("Zoë"))
        @c=String(None)
        "#);
        assert_eq!(shown(CommandType::Text, "SELECT 1", vec![]), "SELECT 1\n\n");
    }

    #[test]
    fn outputs_are_variables_around_the_text() {
        use {Direction as D, ParameterType as T};
        let sent = shown(
            CommandType::Text,
            "SET @out = @in; RETURN",
            vec![
                parameter("@in", D::Input, T::Money, Some("-1.5")),
                parameter("@r", D::ReturnValue, T::Int, None),
                parameter("@out", D::Output, T::Decimal, Some("not sent")),
                parameter("@both", D::InputOutput, T::VarChar, Some("x")),
            ],
        );
        insta::assert_snapshot!(sent, @r#"
        DECLARE @r int; EXEC @r = sys.sp_executesql @s, @d, @v1, @v2 OUTPUT, @v3 OUTPUT; SELECT 1 AS [mark], @r AS r, @v2 AS v2, @v3 AS v3
        @s nvarchar(max),@d nvarchar(max),@v1 money,@v2 decimal(38,10),@v3 varchar(8000)
        @s=String(Some("SET @out = @in; RETURN"))
        @d=String(Some("@in money,@out decimal(38,10) OUTPUT,@both varchar(8000) OUTPUT"))
        @v1=Numeric(Some(-1.5))
        @v2=String(None)
        @v3=String(Some("x"))
        "#);
        let status = vec![parameter("@r", D::ReturnValue, T::Int, None)];
        insta::assert_snapshot!(shown(CommandType::Text, "SELECT 1", status), @r#"
        DECLARE @r int; EXEC @r = sys.sp_executesql @s; SELECT 1 AS [mark], @r AS r
        @s nvarchar(max)
        @s=String(Some("SELECT 1"))
        "#);
    }

    #[test]
    fn a_procedure_is_called_by_its_name_in_brackets() {
        use {Direction as D, ParameterType as T};
        let sent = shown(
            CommandType::StoredProcedure,
            "dbo.\"Find it\"",
            vec![
                parameter("@status", D::ReturnValue, T::Int, None),
                parameter("@name", D::Input, T::NVarChar, Some("O'Brien")),
                parameter("@count", D::Output, T::BigInt, None),
            ],
        );
        insta::assert_snapshot!(sent, @r#"
        DECLARE @r int; EXEC @r = [dbo].[Find it] @name = @v1, @count = @v2 OUTPUT; SELECT 1 AS [mark], @r AS r, @v2 AS v2
        @v1 nvarchar(4000),@v2 bigint
        @v1=String(Some("O'Brien"))
        @v2=String(None)
        "#);
        let plain = vec![parameter("id", D::Input, T::TinyInt, Some("7"))];
        insta::assert_snapshot!(shown(CommandType::StoredProcedure, "Find", plain), @r#"
        EXEC [Find] @id = @v1
        @v1 tinyint
        @v1=I64(Some(7))
        "#);
        let none = shown(CommandType::StoredProcedure, "sp_who", vec![]);
        assert_eq!(none, "EXEC [sp_who]\n\n");
        let injected = shown(CommandType::StoredProcedure, "Find; DROP TABLE t", vec![]);
        assert!(
            injected.contains("the procedure's name alone"),
            "{injected}"
        );
    }

    /// What is sent is T-SQL to a parser of other authors.
    #[test]
    fn what_is_around_a_text_is_parsed_as_t_sql() {
        use sqlparser::dialect::MsSqlDialect;
        use sqlparser::parser::Parser;
        use {Direction as D, ParameterType as T};
        let parameters = || {
            vec![
                parameter("@status", D::ReturnValue, T::Int, None),
                parameter("@a", D::Input, T::Int, Some("1")),
                parameter("@b", D::InputOutput, T::DateTime, Some("2026-01-05")),
            ]
        };
        for kind in [CommandType::Text, CommandType::StoredProcedure] {
            let call = Call {
                text: "Find".into(),
                mode: ExecutionMode::NonQuery,
                kind,
                parameters: parameters(),
                catalogue: None,
            };
            let sent = prepared(&call).expect("a command");
            // The parser knows no `EXEC @r =`.
            let text = sent.text.replace("EXEC @r = ", "EXEC ");
            let parsed = Parser::parse_sql(&MsSqlDialect {}, &text);
            assert_eq!(parsed.map(|all| all.len()), Ok(3), "{text}");
        }
    }

    /// Each type of the API, with a value and without one, and as an output.
    #[test]
    fn each_type_is_declared_or_refused_by_name() {
        let mut table = String::new();
        for ty in ParameterType::ALL {
            let value = match ty {
                ParameterType::Bit => "true",
                ParameterType::Date => "2026-01-05",
                ParameterType::DateTime
                | ParameterType::DateTime2
                | ParameterType::SmallDateTime => "2026-01-05T09:30:00.123",
                ParameterType::DateTimeOffset => "2026-01-05T09:30:00.123+10:00",
                ParameterType::Time => "09:30:00.123",
                ParameterType::UniqueIdentifier => "6f9619ff-8b86-d011-b42d-00c04fc964ff",
                ParameterType::Binary
                | ParameterType::VarBinary
                | ParameterType::Image
                | ParameterType::Timestamp => "AP8Q",
                ParameterType::Decimal | ParameterType::Money | ParameterType::SmallMoney => {
                    "-10.50"
                }
                _ => "12",
            };
            let one = |direction, value| {
                let sent = shown(
                    CommandType::Text,
                    "SELECT 1",
                    vec![parameter("@p", direction, *ty, value)],
                );
                sent.lines().skip(1).collect::<Vec<_>>().join(" ")
            };
            let given = one(Direction::Input, Some(value));
            let refused = matches!(
                ty,
                ParameterType::Structured | ParameterType::Udt | ParameterType::Variant
            );
            assert_eq!(given.is_empty(), refused, "{ty:?}: {given}");
            table.push_str(&format!("{}: {given}\n", ty.name()));
            if refused {
                let call = shown(
                    CommandType::Text,
                    "SELECT 1",
                    vec![parameter("@p", Direction::Input, *ty, Some(value))],
                );
                assert!(call.contains(ty.name()), "{call}");
                continue;
            }
            table.push_str(&format!("  without: {}\n", one(Direction::Input, None)));
            let output = one(Direction::Output, None);
            let declared = output.split(",@v1 ").nth(1).unwrap_or_default();
            let declared = declared.split(" @s=").next().unwrap_or_default();
            table.push_str(&format!("  output: {declared}\n"));
        }
        insta::assert_snapshot!(table);
    }
}
