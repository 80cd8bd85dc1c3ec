//! PM024: a column's type or collation is not known.

use super::{Rule, Severity};

pub static COLUMN_TYPE: Rule = Rule {
    code: "PM024",
    severity: Severity::Error,
    title: "A column's type or collation is not known",
    explanation: "Types are SQL Server's names (`int`, `char(40)`, `varchar(max)`, `datetime`, `decimal(10,2)`), \
        or those of Firebird, SQL Anywhere and SQLite that are the same thing. Collations are the \
        engine's names.",
    wrong: &[(
        "rooms.yaml",
        r"tables:
  ROOMS: { key: ID, columns: { ID: integr, NAME: varchar(20) } }
",
    )],
    right: &[(
        "rooms.yaml",
        r"tables:
  ROOMS: { key: ID, columns: { ID: integer, NAME: varchar(20) } }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&COLUMN_TYPE), @r"
        error[PM024]: the type `integr` is not known
         --> rooms.yaml:2:36
          |
        2 |   ROOMS: { key: ID, columns: { ID: integr, NAME: varchar(20) } }
          |                                    ^^^^^^
          |
          = help: did you mean `integer`?

        1 error
        ");
    }
}
