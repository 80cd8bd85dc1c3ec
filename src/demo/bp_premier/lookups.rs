//! The lookup tables of the embedded practice: what its integer codes mean.
//!
//! Takes a connection with the empty tables, fills them. The product's own integers are not public,
//! so a mapping matches the texts; the integers here are arbitrary, and a few that rows use have no
//! entry, as happens in practices of some age.

use super::schema::{self, Table};
use crate::demo::Result;
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// A code that stands in some rows and in no lookup table.
pub const UNKNOWN_CODE: i32 = 42;

/// Codes of `TITLES`.
pub mod title {
    #![allow(missing_docs)] // Named after the texts that they stand for.
    pub const MR: i32 = 1;
    pub const MRS: i32 = 2;
    pub const MS: i32 = 3;
    pub const MISS: i32 = 4;
    pub const MASTER: i32 = 5;
    pub const DR: i32 = 6;
    pub const MX: i32 = 9;
}

/// Codes of `SEX`.
pub mod sex {
    #![allow(missing_docs)] // Named after the texts that they stand for.
    pub const FEMALE: i32 = 1;
    pub const MALE: i32 = 2;
    pub const OTHER: i32 = 3;
    pub const UNKNOWN: i32 = 4;
}

/// Codes of `PATIENTSTATUS`.
pub mod status {
    #![allow(missing_docs)] // Named after the texts that they stand for.
    pub const ACTIVE: i32 = 1;
    pub const INACTIVE: i32 = 2;
    pub const DECEASED: i32 = 3;
}

/// Codes of `USERGROUPS`.
pub mod group {
    #![allow(missing_docs)] // Named after the texts that they stand for.
    pub const DOCTOR: i32 = 1;
    pub const NURSE: i32 = 2;
    pub const RECEPTIONIST: i32 = 3;
    pub const MANAGER: i32 = 4;
}

/// Codes of `APPOINTMENTCODES`.
pub mod appointment {
    #![allow(missing_docs)] // Named after the texts that they stand for.
    pub const BOOKED: i32 = 1;
    pub const WAITING: i32 = 2;
    pub const WITH_DOCTOR: i32 = 3;
    pub const AT_BILLING: i32 = 4;
    pub const INVOICED: i32 = 5;
    pub const COMPLETED: i32 = 6;
    pub const PAID: i32 = 7;
}

/// Codes of `SEVERITYCODES`.
pub mod severity {
    #![allow(missing_docs)] // Named after the texts that they stand for.
    pub const MILD: i32 = 1;
    pub const MODERATE: i32 = 2;
    pub const SEVERE: i32 = 3;
}

/// Codes of `VISITTYPE`; 1 and 12 are public.
pub mod visit {
    #![allow(missing_docs)] // Named after the texts that they stand for.
    pub const SURGERY: i32 = 1;
    pub const HOME: i32 = 2;
    pub const TELEPHONE: i32 = 5;
    pub const TELEHEALTH: i32 = 6;
    pub const NON_VISIT: i32 = 12;
}

/// Each lookup table with its codes and texts.
pub static LOOKUPS: &[(&Table, &[(i32, &str)])] = &[
    (
        &schema::TITLES,
        &[
            (title::MR, "Mr"),
            (title::MRS, "Mrs"),
            (title::MS, "Ms"),
            (title::MISS, "Miss"),
            (title::MASTER, "Master"),
            (title::DR, "Dr"),
            (7, "Prof"),
            (8, "Rev"),
            (title::MX, "Mx"),
            (10, "Sr"),
        ],
    ),
    (
        &schema::SEX,
        &[
            (sex::FEMALE, "Female"),
            (sex::MALE, "Male"),
            (sex::OTHER, "Other"),
            (sex::UNKNOWN, "Unknown"),
        ],
    ),
    (
        &schema::ETHNICITY,
        &[
            (1, "Aboriginal"),
            (2, "Torres Strait Islander"),
            (3, "Aboriginal and Torres Strait Islander"),
            (4, "Neither Aboriginal nor Torres Strait Islander"),
            (9, "Not stated"),
        ],
    ),
    (
        &schema::PENSIONTYPE,
        &[
            (1, "Pensioner Concession Card"),
            (2, "Health Care Card"),
            (3, "Commonwealth Seniors Card"),
        ],
    ),
    (
        &schema::DVATYPE,
        &[(1, "Gold"), (2, "White"), (3, "Orange"), (4, "Lilac")],
    ),
    (
        &schema::PATIENTSTATUS,
        &[
            (status::ACTIVE, "Active"),
            (status::INACTIVE, "Inactive"),
            (status::DECEASED, "Deceased"),
        ],
    ),
    (
        &schema::USERGROUPS,
        &[
            (group::DOCTOR, "Doctor"),
            (group::NURSE, "Nurse"),
            (group::RECEPTIONIST, "Receptionist"),
            (group::MANAGER, "Practice manager"),
        ],
    ),
    (
        &schema::APPOINTMENTCODES,
        &[
            (appointment::BOOKED, "Booked"),
            (appointment::WAITING, "Waiting"),
            (appointment::WITH_DOCTOR, "With doctor"),
            (appointment::AT_BILLING, "At billing"),
            (appointment::INVOICED, "Invoiced"),
            (appointment::COMPLETED, "Completed"),
            (appointment::PAID, "Paid"),
        ],
    ),
    (
        &schema::APPOINTMENTTYPES,
        &[
            (1, "Standard appt."),
            (2, "Long appt."),
            (3, "Telehealth"),
            (4, "Immunisation"),
            (5, "Procedure"),
            (6, "New patient"),
            (7, "Care plan"),
            (8, "Telephone consult"),
        ],
    ),
    (
        &schema::clinical::SEVERITYCODES,
        &[
            (severity::MILD, "Mild"),
            (severity::MODERATE, "Moderate"),
            (severity::SEVERE, "Severe"),
        ],
    ),
    (
        &schema::clinical::VISITTYPE,
        &[
            (visit::SURGERY, "Surgery"),
            (visit::HOME, "Home"),
            (visit::TELEPHONE, "Telephone"),
            (visit::TELEHEALTH, "Telehealth"),
            (visit::NON_VISIT, "Non Visit"),
        ],
    ),
];

/// Fills every lookup table.
///
/// # Errors
/// The engine's.
pub fn write(rows: &dyn Rows) -> Result<()> {
    for (table, entries) in LOOKUPS {
        let [key, text, ..] = table.columns else {
            continue;
        };
        let mut writer = Writer::new(rows, table);
        for (code, meaning) in *entries {
            writer
                .set(key.name, *code)
                .set(text.name, *meaning)
                .insert()?;
        }
    }
    Ok(())
}
