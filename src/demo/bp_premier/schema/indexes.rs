//! The indexes of the embedded practice.

use super::Index;
use crate::demo::table::digits;

const fn index(name: &'static str, table: &'static str, columns: &'static str) -> Index {
    Index {
        name,
        table,
        columns,
    }
}

/// The indexes: those that the product is known to have, and those that a practice would add for what a FHIR server
/// asks most. Some are over an expression: the time of the last update of a row, which `_lastUpdated` compares and sorts
/// by, and the digits of a telephone number.
pub static INDEXES: &[Index] = &[
    index("IX_PATIENTS_SURNAME", "PATIENTS", "SURNAME"),
    // Holds all that a search by name and date of birth asks of a row, so that only a page's rows are fetched.
    index(
        "IX_PATIENTS_NAME",
        "PATIENTS",
        "SURNAME, FIRSTNAME, DOB, RECORDSTATUS",
    ),
    index("IX_PATIENTS_FIRSTNAME", "PATIENTS", "FIRSTNAME"),
    index("IX_PATIENTS_MIDDLENAME", "PATIENTS", "MIDDLENAME"),
    index("IX_PATIENTS_PREFERREDNAME", "PATIENTS", "PREFERREDNAME"),
    index("IX_PATIENTS_MEDICARENO", "PATIENTS", "MEDICARENO"),
    index("IX_PATIENTS_RECORDNO", "PATIENTS", "RECORDNO"),
    index("IX_PATIENTS_EXTERNALID", "PATIENTS", "EXTERNALID"),
    index("IX_PATIENTS_IHI", "PATIENTS", "IHI"),
    index("IX_PATIENTS_PENSIONNO", "PATIENTS", "PENSIONNO"),
    index("IX_PATIENTS_DVANO", "PATIENTS", "DVANO"),
    index("IX_PATIENTS_DOB", "PATIENTS", "DOB"),
    index("IX_PATIENTS_USERID", "PATIENTS", "USERID"),
    index(
        "IX_PATIENTS_LASTUPDATED",
        "PATIENTS",
        "COALESCE(UPDATED, CREATED)",
    ),
    index("IX_EMAIL_EMAIL", "EMAIL", "EMAIL"),
    index("IX_EMAIL_INTERNALID", "EMAIL", "INTERNALID"),
    index("IX_USERS_SURNAME", "USERS", "SURNAME"),
    index("IX_PROVIDER_LOCATION_USERID", "PROVIDER_LOCATION", "USERID"),
    index("IX_APPOINTMENTS_DATE", "APPOINTMENTS", "APPOINTMENTDATE"),
    index(
        "IX_APPOINTMENTS_USER",
        "APPOINTMENTS",
        "USERID, APPOINTMENTDATE",
    ),
    index(
        "IX_APPOINTMENTS_PATIENT",
        "APPOINTMENTS",
        "INTERNALID, RECORDSTATUS, APPOINTMENTDATE",
    ),
    index(
        "IX_APPOINTMENTS_LASTUPDATED",
        "APPOINTMENTS",
        "COALESCE(UPDATED, CREATED)",
    ),
    index("IX_SESSIONS_USERID", "SESSIONS", "USERID"),
    index("IX_DAYSAWAY_USERID", "DAYSAWAY", "USERID"),
    index("IX_PASTHISTORY_PATIENT", "PASTHISTORY", "INTERNALID"),
    index("IX_REACTIONS_PATIENT", "REACTIONS", "INTERNALID"),
    index("IX_IMMUNISATIONS_PATIENT", "IMMUNISATIONS", "INTERNALID"),
    index("IX_CURRENTRX_PATIENT", "CURRENTRX", "INTERNALID"),
    index("IX_PRESCRIPTIONS_PATIENT", "PRESCRIPTIONS", "INTERNALID"),
    index("IX_SCRIPTITEMS_SCRIPT", "SCRIPTITEMS", "SCRIPTID"),
    index("IX_OBSERVATIONS_PATIENT", "OBSERVATIONS", "INTERNALID"),
    index("IX_INVESTIGATIONS_PATIENT", "INVESTIGATIONS", "INTERNALID"),
    index("IX_REPORTVALUES_PATIENT", "REPORTVALUES", "INTERNALID"),
    index("IX_REPORTVALUES_REPORT", "REPORTVALUES", "REPORTID"),
    index(
        "IX_CORRESPONDENCEIN_PATIENT",
        "CORRESPONDENCEIN",
        "INTERNALID",
    ),
    index(
        "IX_CORRESPONDENCEOUT_PATIENT",
        "CORRESPONDENCEOUT",
        "INTERNALID",
    ),
    index("IX_VISITS_PATIENT", "VISITS", "INTERNALID"),
    index("IX_VISITREASON_VISIT", "VISITREASON", "VISITID"),
    index(
        "IX_PATIENTS_HOMEPHONE_DIGITS",
        "PATIENTS",
        digits!("HOMEPHONE"),
    ),
    index(
        "IX_PATIENTS_WORKPHONE_DIGITS",
        "PATIENTS",
        digits!("WORKPHONE"),
    ),
    index(
        "IX_PATIENTS_MOBILEPHONE_DIGITS",
        "PATIENTS",
        digits!("MOBILEPHONE"),
    ),
];
