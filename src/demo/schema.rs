//! The tables of the embedded practice, as data.
//!
//! Takes nothing; gives the tables, columns and indexes of the part of Bp Premier that the demo
//! fills, and the statements that create them in SQLite. Kept as data and not as one long script
//! because the same list pads the inserted text to its column's width, orders the columns of the
//! inserts and is what the tests walk to prove that every value fits.
//!
//! Types are declared with SQL Server's names. SQLite reads only their affinity from them, but a
//! mapping's author sees in the demo what a practice server would show. `char(n)` values are stored
//! padded with blanks to `n`, dates as `YYYY-MM-DD 00:00:00`, and every text column compares by
//! [`crate::collation`], which must be registered on each connection that opens the file.

pub mod book;
pub mod clinical;
mod indexes;

pub use indexes::INDEXES;

/// A column's declared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlType {
    /// `int`.
    Int,
    /// `datetime`: practice wall-clock time as text, `YYYY-MM-DD HH:MM:SS`.
    DateTime,
    /// `char(n)`: padded with blanks to `n` characters.
    Char(u16),
    /// `varchar(n)`: at most `n` characters, not padded.
    VarChar(u16),
}

/// One column: its name and type. All columns but the key accept NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The name, in upper case as Bp Premier has it.
    pub name: &'static str,
    /// The declared type.
    pub sql_type: SqlType,
}

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// The name, in upper case as Bp Premier has it.
    pub name: &'static str,
    /// The columns in order; the first one is the primary key, always an integer.
    pub columns: &'static [Column],
}

/// One index over plain columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// The name, `IX_` and the table's name first.
    pub name: &'static str,
    /// The table it belongs to.
    pub table: &'static str,
    /// The indexed columns or expressions, as they stand between the parentheses.
    pub columns: &'static str,
}

const fn int(name: &'static str) -> Column {
    Column {
        name,
        sql_type: SqlType::Int,
    }
}

const fn datetime(name: &'static str) -> Column {
    Column {
        name,
        sql_type: SqlType::DateTime,
    }
}

const fn char(name: &'static str, width: u16) -> Column {
    Column {
        name,
        sql_type: SqlType::Char(width),
    }
}

const fn varchar(name: &'static str, width: u16) -> Column {
    Column {
        name,
        sql_type: SqlType::VarChar(width),
    }
}

/// Titles of people, by code.
pub static TITLES: Table = Table {
    name: "TITLES",
    columns: &[int("TITLECODE"), char("TITLE", 30)],
};

/// Administrative sex, by code.
pub static SEX: Table = Table {
    name: "SEX",
    columns: &[int("SEXCODE"), char("SEX", 10)],
};

/// Indigenous status, by code.
pub static ETHNICITY: Table = Table {
    name: "ETHNICITY",
    columns: &[int("ETHNICCODE"), char("ETHNICTYPE", 50)],
};

/// Kinds of concession card, by code.
pub static PENSIONTYPE: Table = Table {
    name: "PENSIONTYPE",
    columns: &[int("PENSIONCODE"), char("PENSIONTYPE", 30)],
};

/// Kinds of veterans' card, by code.
pub static DVATYPE: Table = Table {
    name: "DVATYPE",
    columns: &[int("DVACODE"), char("DVATYPE", 10)],
};

/// Whether a patient is current, by code.
pub static PATIENTSTATUS: Table = Table {
    name: "PATIENTSTATUS",
    columns: &[int("STATUSCODE"), char("STATUSTEXT", 12)],
};

/// What a user does at the practice, by code.
pub static USERGROUPS: Table = Table {
    name: "USERGROUPS",
    columns: &[int("GROUPCODE"), char("GROUPNAME", 60)],
};

/// Where an appointment stands (booked, waiting, …), by code.
pub static APPOINTMENTCODES: Table = Table {
    name: "APPOINTMENTCODES",
    columns: &[int("APPOINTMENTCODE"), char("DESCRIPTION", 20)],
};

/// Kinds of appointment, by the code that `APPOINTMENTS.APPOINTMENTTYPE` holds.
pub static APPOINTMENTTYPES: Table = Table {
    name: "APPOINTMENTTYPES",
    columns: &[int("APPOINTMENTCODE"), char("DESCRIPTION", 30)],
};

/// The practice: one row.
pub static PRACTICE: Table = Table {
    name: "PRACTICE",
    columns: &[
        int("PRACTICEID"),
        int("RECORDSTATUS"),
        varchar("PRACTICENAME", 100),
        char("HPIO", 16),
        char("ABN", 14),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// The places where the practice sees patients.
pub static LOCATIONS: Table = Table {
    name: "LOCATIONS",
    columns: &[
        int("LOCATIONID"),
        int("RECORDSTATUS"),
        varchar("LOCATIONNAME", 100),
        char("ADDRESS1", 50),
        char("ADDRESS2", 50),
        char("CITY", 40),
        char("POSTCODE", 4),
        char("PHONE", 14),
        char("AHPHONE", 14),
        char("FAX", 14),
        varchar("EMAIL", 250),
        char("HPIO", 16),
        varchar("ABN", 14),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// The people who work at the practice. The product's `PASSWORD` column is left out on purpose.
pub static USERS: Table = Table {
    name: "USERS",
    columns: &[
        int("USERID"),
        int("RECORDSTATUS"),
        int("USERSTATUS"),
        int("GROUPCODE"),
        int("TITLECODE"),
        int("LOCATIONID"),
        char("SURNAME", 100),
        char("FIRSTNAME", 30),
        char("PROVIDERNO", 8),
        char("PRESCRIBERNO", 7),
        char("REGISTRATIONNO", 20),
        char("HPII", 16),
        char("PHONE", 14),
        char("MOBILEPHONE", 14),
        varchar("EMAIL", 250),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// Which user works at which location, with the provider number for it.
pub static PROVIDER_LOCATION: Table = Table {
    name: "PROVIDER_LOCATION",
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("USERID"),
        int("LOCATIONID"),
        char("PROVIDERNUMBER", 8),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// The patients.
pub static PATIENTS: Table = Table {
    name: "PATIENTS",
    columns: &[
        int("INTERNALID"),
        int("RECORDSTATUS"),
        int("PATIENTSTATUS"),
        char("EXTERNALID", 12),
        char("RECORDNO", 10),
        char("IHI", 16),
        int("IHISTATUS"),
        int("IHIRECORDSTATUS"),
        int("TITLECODE"),
        char("FIRSTNAME", 40),
        char("MIDDLENAME", 30),
        char("SURNAME", 40),
        char("PREFERREDNAME", 30),
        char("ADDRESS1", 40),
        char("ADDRESS2", 40),
        char("CITY", 40),
        char("POSTCODE", 4),
        char("POSTALADDRESS", 40),
        char("POSTALCITY", 40),
        char("POSTALPOSTCODE", 4),
        char("COUNTRY", 60),
        datetime("DOB"),
        datetime("DATEOFDEATH"),
        int("SEXCODE"),
        int("ETHNICCODE"),
        char("HOMEPHONE", 14),
        char("WORKPHONE", 14),
        char("MOBILEPHONE", 14),
        char("MEDICARENO", 13),
        char("MEDICARELINENO", 1),
        char("MEDICAREEXPIRY", 10),
        int("PENSIONCODE"),
        char("PENSIONNO", 14),
        datetime("PENSIONEXPIRY"),
        int("DVACODE"),
        char("DVANO", 14),
        char("HEALTHFUNDNO", 20),
        varchar("HEALTHFUNDNAME", 100),
        int("USERID"),
        int("HEADOFFAMILYID"),
        int("NEXTOFKINID"),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// E-mail addresses of patients, several to a patient.
pub static EMAIL: Table = Table {
    name: "EMAIL",
    columns: &[
        int("RECORDID"),
        int("RECORDSTATUS"),
        int("INTERNALID"),
        int("EMAILCODE"),
        varchar("EMAIL", 250),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// Next of kin; `PATIENTS.NEXTOFKINID` points here.
pub static NEXTOFKIN: Table = Table {
    name: "NEXTOFKIN",
    columns: &[
        int("NEXTOFKINID"),
        int("RECORDSTATUS"),
        char("SURNAME", 40),
        char("FIRSTNAME", 30),
        char("CONTACTPHONE", 14),
        char("RELATIONSHIP", 20),
        datetime("CREATED"),
        datetime("UPDATED"),
    ],
};

/// Every table, in the order in which they are created.
pub static TABLES: &[&Table] = &[
    &TITLES,
    &SEX,
    &ETHNICITY,
    &PENSIONTYPE,
    &DVATYPE,
    &PATIENTSTATUS,
    &USERGROUPS,
    &APPOINTMENTCODES,
    &APPOINTMENTTYPES,
    &PRACTICE,
    &LOCATIONS,
    &USERS,
    &PROVIDER_LOCATION,
    &PATIENTS,
    &EMAIL,
    &NEXTOFKIN,
    &book::APPOINTMENTS,
    &book::CANCELLEDAPPOINTMENTS,
    &book::SESSIONS,
    &book::DAYSAWAY,
    &clinical::SEVERITYCODES,
    &clinical::VISITTYPE,
    &clinical::PASTHISTORY,
    &clinical::REACTIONS,
    &clinical::CLINICAL,
    &clinical::IMMUNISATIONS,
    &clinical::CURRENTRX,
    &clinical::PRESCRIPTIONS,
    &clinical::SCRIPTITEMS,
    &clinical::OBSERVATIONS,
    &clinical::INVESTIGATIONS,
    &clinical::REPORTVALUES,
    &clinical::CORRESPONDENCEIN,
    &clinical::CORRESPONDENCEOUT,
    &clinical::VISITS,
    &clinical::VISITREASON,
];

/// The columns of `PATIENTS` whose digits are indexed.
pub static PHONE_COLUMNS: &[&str] = &["HOMEPHONE", "WORKPHONE", "MOBILEPHONE"];

/// The digits of a phone column, as an expression: what people type between digits is replaced by
/// nothing. An index over an expression serves only the very same expression, so the text here and
/// in the SQL dialect must agree.
pub fn digits_sql(column: &str) -> String {
    [" ", "-", "(", ")", "+", "."]
        .iter()
        .fold(column.to_owned(), |inner, mark| {
            format!("REPLACE({inner},'{mark}','')")
        })
}

impl SqlType {
    /// The type as it is declared, with the collation of text columns.
    pub fn declaration(self) -> String {
        match self {
            SqlType::Int => "int".to_owned(),
            SqlType::DateTime => "datetime".to_owned(),
            SqlType::Char(width) => format!("char({width}) COLLATE LATIN1_GENERAL_CI_AS"),
            SqlType::VarChar(width) => format!("varchar({width}) COLLATE LATIN1_GENERAL_CI_AS"),
        }
    }
}

impl Table {
    /// The statement that creates the table. The key is declared `integer`, SQL Server's other
    /// spelling of `int`, because only that word makes it SQLite's clustered key.
    pub fn create_sql(&self) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(position, column)| {
                if position == 0 {
                    format!("    {} integer NOT NULL PRIMARY KEY", column.name)
                } else {
                    format!("    {} {}", column.name, column.sql_type.declaration())
                }
            })
            .collect();
        format!("CREATE TABLE {} (\n{}\n)", self.name, columns.join(",\n"))
    }

    /// The statement that inserts one row, with a parameter for each column in order.
    pub fn insert_sql(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        let marks = vec!["?"; self.columns.len()];
        format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.name,
            names.join(", "),
            marks.join(", ")
        )
    }
}

/// The statements that create every index: those of [`INDEXES`], then one for the digits of each
/// of [`PHONE_COLUMNS`].
pub fn create_index_sql() -> Vec<String> {
    let plain = INDEXES.iter().map(|index| {
        format!(
            "CREATE INDEX {} ON {} ({})",
            index.name, index.table, index.columns
        )
    });
    let digits = PHONE_COLUMNS.iter().map(|column| {
        format!(
            "CREATE INDEX IX_PATIENTS_{column}_DIGITS ON PATIENTS ({})",
            digits_sql(column)
        )
    });
    plain.chain(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_written_as_the_index_needs_them() {
        assert_eq!(
            digits_sql("COL"),
            "REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(COL,' ',''),'-',''),'(',''),')',''),'+',''),'.','')"
        );
    }

    #[test]
    fn an_index_names_a_table_and_columns_that_exist() {
        for index in INDEXES {
            let table = TABLES
                .iter()
                .find(|table| table.name == index.table)
                .unwrap_or_else(|| panic!("{} is over an unknown table", index.name));
            let inner = index
                .columns
                .trim_start_matches("COALESCE(")
                .trim_end_matches(')');
            for column in inner.split(", ") {
                assert!(
                    table.columns.iter().any(|c| c.name == column),
                    "{} names {column}",
                    index.name
                );
            }
        }
    }

    #[test]
    fn the_password_column_is_nowhere() {
        for table in TABLES {
            assert!(table.columns.iter().all(|c| c.name != "PASSWORD"));
        }
    }
}
