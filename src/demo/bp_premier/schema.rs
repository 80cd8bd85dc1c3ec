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

pub use crate::demo::table::{Index, SqlType, Table};
use crate::demo::table::{char, datetime, int, varchar};

/// Titles of people, by code.
pub static TITLES: Table = Table {
    name: "TITLES",
    key: 1,
    columns: &[int("TITLECODE"), char("TITLE", 30)],
};

/// Administrative sex, by code.
pub static SEX: Table = Table {
    name: "SEX",
    key: 1,
    columns: &[int("SEXCODE"), char("SEX", 10)],
};

/// Indigenous status, by code.
pub static ETHNICITY: Table = Table {
    name: "ETHNICITY",
    key: 1,
    columns: &[int("ETHNICCODE"), char("ETHNICTYPE", 50)],
};

/// Kinds of concession card, by code.
pub static PENSIONTYPE: Table = Table {
    name: "PENSIONTYPE",
    key: 1,
    columns: &[int("PENSIONCODE"), char("PENSIONTYPE", 30)],
};

/// Kinds of veterans' card, by code.
pub static DVATYPE: Table = Table {
    name: "DVATYPE",
    key: 1,
    columns: &[int("DVACODE"), char("DVATYPE", 10)],
};

/// Whether a patient is current, by code.
pub static PATIENTSTATUS: Table = Table {
    name: "PATIENTSTATUS",
    key: 1,
    columns: &[int("STATUSCODE"), char("STATUSTEXT", 12)],
};

/// What a user does at the practice, by code.
pub static USERGROUPS: Table = Table {
    name: "USERGROUPS",
    key: 1,
    columns: &[int("GROUPCODE"), char("GROUPNAME", 60)],
};

/// Where an appointment stands (booked, waiting, …), by code.
pub static APPOINTMENTCODES: Table = Table {
    name: "APPOINTMENTCODES",
    key: 1,
    columns: &[int("APPOINTMENTCODE"), char("DESCRIPTION", 20)],
};

/// Kinds of appointment, by the code that `APPOINTMENTS.APPOINTMENTTYPE` holds.
pub static APPOINTMENTTYPES: Table = Table {
    name: "APPOINTMENTTYPES",
    key: 1,
    columns: &[int("APPOINTMENTCODE"), char("DESCRIPTION", 30)],
};

/// The practice: one row.
pub static PRACTICE: Table = Table {
    name: "PRACTICE",
    key: 1,
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
    key: 1,
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
    key: 1,
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
    key: 1,
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
    key: 1,
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
    key: 1,
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
    key: 1,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_names_a_table_and_columns_that_exist() {
        for index in INDEXES {
            let table = TABLES
                .iter()
                .find(|table| table.name == index.table)
                .unwrap_or_else(|| panic!("{} is over an unknown table", index.name));
            if index.name.ends_with("_DIGITS") {
                continue;
            }
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
