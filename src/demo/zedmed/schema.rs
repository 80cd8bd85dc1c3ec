//! The tables of the demo of Zedmed: those that its mapping reads, in its two databases.

use crate::demo::table::{
    Catalogue, Index, Table, char, date, datetime, decimal, digits, int, smallint, varchar,
};

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident, $key:literal, [$($column:expr),* $(,)?];)*) => {
        $(
            $(#[$doc])*
            pub static $name: Table = Table {
                name: stringify!($name),
                key: $key,
                columns: &[$($column),*],
            };
        )*
    };
}

tables! {
    /// The practice: one row.
    PRACTICE, 1, [
        int("PRACTICE_ID"), varchar("PRACTICE_NAME", 100), char("HPIO", 16), varchar("ABN", 14), varchar("PHONE", 20),
        varchar("EMAIL_ADDRESS", 100), varchar("ADDRESS_LINE_1", 60), varchar("ADDRESS_LINE_2", 60),
        varchar("SUBURB", 40), varchar("STATE", 3), varchar("POSTCODE", 4), datetime("LAST_UPDATED"),
    ];
    /// Where patients are seen.
    CLINICS, 1, [
        varchar("CLINIC_CODE", 6), varchar("CLINIC_NAME", 100), varchar("CLINIC_TYPE", 30), varchar("PHONE", 20),
        varchar("FAX", 20), varchar("EMAIL_ADDRESS", 100), varchar("ADDRESS_LINE_1", 60),
        varchar("ADDRESS_LINE_2", 60), varchar("SUBURB", 40), varchar("STATE", 3), varchar("POSTCODE", 4),
        char("ACTIVE", 1), datetime("LAST_UPDATED"),
    ];
    /// Who sees them.
    DOCTORS, 1, [
        varchar("DOCTOR_CODE", 6), varchar("TITLE", 10), varchar("SURNAME", 40), varchar("FIRST_NAME", 40),
        varchar("SPECIALTY", 40), varchar("QUALIFICATIONS", 60), char("HPII", 16), varchar("PRESCRIBER_NUM", 7),
        varchar("AHPRA_NUM", 13), varchar("WORK_PHONE", 20), varchar("MOBILE_PHONE", 20),
        varchar("EMAIL_ADDRESS", 100), char("ACTIVE", 1), datetime("LAST_UPDATED"),
    ];
    /// Who sees them where.
    DOCTOR_CLINICS, 2, [
        varchar("DOCTOR_CODE", 6), varchar("CLINIC_CODE", 6), varchar("PROVIDER_NUM", 8), date("START_DATE"),
        date("END_DATE"), char("ACTIVE", 1), datetime("LAST_UPDATED"),
    ];
    /// Languages, by code.
    LANGUAGES, 1, [int("LANGUAGE_CODE"), varchar("LANGUAGE_NAME", 40)];
    /// The patients.
    PATIENTS, 1, [
        int("PATIENT_ID"), varchar("TITLE", 10), varchar("SURNAME", 40), varchar("FIRST_NAME", 40),
        varchar("SECOND_NAME", 40), varchar("KNOWN_AS", 40), char("GENDER", 1), varchar("GENDER_IDENTITY", 20),
        varchar("PRONOUNS", 20), date("DATE_OF_BIRTH"), date("DATE_OF_DEATH"), char("ATSI_CODE", 1),
        int("LANGUAGE_CODE"), char("INTERPRETER", 1), char("IHI", 16), varchar("FILE_NUM", 12),
        varchar("MEDICARE_NUM", 10), char("MEDICARE_REF", 1), char("MEDICARE_EXPIRY", 6), varchar("DVA_NUM", 9),
        char("DVA_CARD", 1), varchar("PENSION_NUM", 12), varchar("PENSION_TYPE", 4), date("PENSION_EXPIRY"),
        varchar("FUND_NAME", 60), varchar("FUND_NUM", 20), varchar("HOME_PHONE", 20), varchar("WORK_PHONE", 20),
        varchar("MOBILE_PHONE", 20), varchar("EMAIL_ADDRESS", 100), varchar("ADDRESS_LINE_1", 60),
        varchar("ADDRESS_LINE_2", 60), varchar("SUBURB", 40), varchar("STATE", 3), varchar("POSTCODE", 4),
        varchar("POSTAL_LINE", 60), varchar("POSTAL_SUBURB", 40), varchar("POSTAL_STATE", 3),
        varchar("POSTAL_POSTCODE", 4), varchar("USUAL_DOCTOR", 6), char("STATUS", 1), char("DELETED", 1),
        datetime("CREATED"), datetime("LAST_UPDATED"),
    ];
    /// Whom they name as next of kin.
    NEXT_OF_KIN, 1, [
        int("NOK_ID"), int("PATIENT_ID"), varchar("SURNAME", 40), varchar("FIRST_NAME", 40),
        varchar("RELATIONSHIP", 20), varchar("HOME_PHONE", 20), varchar("MOBILE_PHONE", 20),
        varchar("ADDRESS_LINE", 60), varchar("SUBURB", 40), varchar("STATE", 3), varchar("POSTCODE", 4),
        char("EMERGENCY_CONTACT", 1), char("DELETED", 1), datetime("LAST_UPDATED"),
    ];
    /// The columns of the appointment book.
    RESOURCES, 1, [
        int("RESOURCE_ID"), varchar("RESOURCE_NAME", 40), varchar("DOCTOR_CODE", 6), varchar("CLINIC_CODE", 6),
        date("BOOK_FROM"), date("BOOK_TO"), char("ACTIVE", 1), datetime("LAST_UPDATED"),
    ];
    /// Kinds of appointments, by code.
    APPOINTMENT_TYPES, 1, [int("APPOINTMENT_TYPE_ID"), varchar("DESCRIPTION", 30)];
    /// Where an appointment stands, by code.
    APPOINTMENT_STATUS, 1, [varchar("STATUS_CODE", 4), varchar("DESCRIPTION", 20)];
    /// The appointments.
    APPOINTMENTS, 1, [
        int("APPOINTMENT_ID"), varchar("DOCTOR_CODE", 6), varchar("CLINIC_CODE", 6), int("RESOURCE_ID"),
        int("PATIENT_ID"), datetime("START_TIME"), datetime("END_TIME"), int("APPOINTMENT_TYPE_ID"),
        varchar("STATUS_CODE", 4), varchar("CANCEL_REASON", 60), varchar("NOTES", 500), char("DELETED", 1),
        datetime("CREATED"), datetime("LAST_UPDATED"),
    ];
    /// The times of the book around today, free or not.
    BOOK_SLOTS, 1, [
        int("SLOT_ID"), int("RESOURCE_ID"), date("SLOT_DATE"), smallint("START_MINUTE"), smallint("DURATION"),
        char("SLOT_STATE", 1), int("APPOINTMENT_ID"), varchar("REMARK", 60),
    ];
    /// Who has a record.
    PATIENT_RECORDS, 1, [
        int("PATIENT_ID"), char("ALLERGY_STATUS", 1), varchar("SMOKING_STATUS", 12), date("SMOKING_ASSESSED"),
        smallint("CIGARETTES_PER_DAY"), char("DELETED", 1), datetime("LAST_UPDATED"),
    ];
    /// Consultations.
    ENCOUNTERS, 1, [
        int("ENCOUNTER_ID"), int("PATIENT_ID"), varchar("DOCTOR_CODE", 6), varchar("CLINIC_CODE", 6),
        int("APPOINTMENT_ID"), varchar("ENCOUNTER_TYPE", 20), datetime("START_TIME"), datetime("END_TIME"),
        char("FINISHED", 1), char("DELETED", 1), datetime("LAST_UPDATED"),
    ];
    /// What they were for.
    ENCOUNTER_REASONS, 1, [
        int("REASON_ID"), int("ENCOUNTER_ID"), int("PROBLEM_ID"), varchar("REASON", 100),
    ];
    /// What patients have, and had.
    PROBLEMS, 1, [
        int("PROBLEM_ID"), int("PATIENT_ID"), varchar("DOCTOR_CODE", 6), varchar("PROBLEM", 100), char("STATUS", 1),
        varchar("SEVERITY", 10), smallint("ONSET_YEAR"), smallint("ONSET_MONTH"), smallint("ONSET_DAY"),
        date("RESOLVED_DATE"), varchar("COMMENTS", 500), char("DELETED", 1), datetime("CREATED"),
        datetime("LAST_UPDATED"),
    ];
    /// What was done to them.
    PROCEDURES_DONE, 1, [
        int("PROCEDURE_ID"), int("PATIENT_ID"), int("ENCOUNTER_ID"), varchar("DOCTOR_CODE", 6),
        varchar("PROCEDURE_NAME", 100), date("DONE_DATE"), varchar("REASON", 100), int("PROBLEM_ID"),
        varchar("COMMENTS", 500), char("DELETED", 1), datetime("LAST_UPDATED"),
    ];
    /// What they react to.
    ALLERGIES, 1, [
        int("ALLERGY_ID"), int("PATIENT_ID"), varchar("DOCTOR_CODE", 6), varchar("SUBSTANCE", 60),
        varchar("ALLERGY_TYPE", 15), varchar("REACTION", 60), varchar("SEVERITY", 10), date("ONSET_DATE"),
        char("INACTIVE", 1), varchar("COMMENTS", 500), char("DELETED", 1), datetime("CREATED"),
        datetime("LAST_UPDATED"),
    ];
    /// What they take, and took.
    MEDICATIONS, 1, [
        int("MEDICATION_ID"), int("PATIENT_ID"), varchar("DOCTOR_CODE", 6), varchar("DRUG_NAME", 100),
        varchar("PBS_CODE", 6), varchar("DOSE", 30), varchar("FREQUENCY", 30), varchar("ROUTE", 20),
        char("AS_NEEDED", 1), varchar("INSTRUCTIONS", 200), varchar("REASON", 100), int("PROBLEM_ID"),
        date("START_DATE"), date("CEASED_DATE"), char("DELETED", 1), datetime("CREATED"), datetime("LAST_UPDATED"),
    ];
    /// Prescriptions.
    SCRIPTS, 1, [
        int("SCRIPT_ID"), int("PATIENT_ID"), int("ENCOUNTER_ID"), int("MEDICATION_ID"), varchar("DOCTOR_CODE", 6),
        datetime("WRITTEN"), varchar("DRUG_NAME", 100), varchar("PBS_CODE", 6), varchar("AUTHORITY_NUM", 8),
        varchar("DIRECTIONS", 200), smallint("QUANTITY"), smallint("REPEATS"), char("SCRIPT_STATUS", 1),
        char("DELETED", 1), datetime("LAST_UPDATED"),
    ];
    /// Vaccinations.
    VACCINATIONS, 1, [
        int("VACCINATION_ID"), int("PATIENT_ID"), varchar("DOCTOR_CODE", 6), varchar("VACCINE_NAME", 60),
        varchar("AIR_CODE", 6), smallint("DOSE_NUM"), date("GIVEN_DATE"), char("GIVEN_ELSEWHERE", 1),
        char("NOT_GIVEN", 1), varchar("BATCH_NUM", 20), date("EXPIRY_DATE"), varchar("SITE", 20),
        varchar("ROUTE", 20), varchar("COMMENTS", 200), char("DELETED", 1), datetime("LAST_UPDATED"),
    ];
    /// What was measured at one time.
    MEASUREMENTS, 1, [
        int("MEASUREMENT_ID"), int("PATIENT_ID"), varchar("DOCTOR_CODE", 6), datetime("TAKEN"),
        smallint("SYSTOLIC"), smallint("DIASTOLIC"), smallint("PULSE"), smallint("RESPIRATION"),
        decimal("TEMPERATURE", 4, 1), decimal("HEIGHT_CM", 5, 1), decimal("WEIGHT_KG", 6, 2),
        decimal("WAIST_CM", 5, 1), char("DELETED", 1), datetime("LAST_UPDATED"),
    ];
    /// Reports of laboratories.
    RESULT_REPORTS, 1, [
        int("REPORT_ID"), int("PATIENT_ID"), varchar("DOCTOR_CODE", 6), varchar("LABORATORY", 60),
        varchar("LAB_REFERENCE", 20), varchar("TEST_NAME", 80), char("SECTION", 2), datetime("COLLECTED"),
        datetime("REPORTED"), char("REPORT_STATUS", 1), varchar("CONCLUSION", 500), char("DELETED", 1),
        datetime("LAST_UPDATED"),
    ];
    /// The values in them.
    RESULT_VALUES, 1, [
        int("VALUE_ID"), int("REPORT_ID"), smallint("SEQUENCE_NUM"), varchar("LOINC_CODE", 10),
        varchar("TEST_NAME", 60), varchar("RESULT_TEXT", 40), varchar("UNITS", 20), decimal("RANGE_LOW", 10, 2),
        decimal("RANGE_HIGH", 10, 2), varchar("RANGE_TEXT", 40), varchar("ABNORMAL_FLAG", 2),
    ];
    /// Letters.
    DOCUMENTS, 1, [
        int("DOCUMENT_ID"), int("PATIENT_ID"), varchar("DOCTOR_CODE", 6), char("DIRECTION", 1),
        varchar("DOCUMENT_TYPE", 40), varchar("SUBJECT", 100), varchar("CORRESPONDENT", 60), date("DOCUMENT_DATE"),
        varchar("FILE_TYPE", 4), char("CONFIDENTIAL", 1), char("DELETED", 1), datetime("CREATED"),
        datetime("LAST_UPDATED"),
    ];
}

const fn index(name: &'static str, table: &'static str, columns: &'static str) -> Index {
    Index {
        name,
        table,
        columns,
    }
}

/// People, cards and the appointment book.
pub const OFFICE: Catalogue = Catalogue {
    name: "OFFICE",
    tables: &[
        &PRACTICE,
        &CLINICS,
        &DOCTORS,
        &DOCTOR_CLINICS,
        &LANGUAGES,
        &PATIENTS,
        &NEXT_OF_KIN,
        &RESOURCES,
        &APPOINTMENT_TYPES,
        &APPOINTMENT_STATUS,
        &APPOINTMENTS,
        &BOOK_SLOTS,
    ],
    indexes: &[
        index("IX_PATIENTS_NAME", "PATIENTS", "SURNAME, FIRST_NAME"),
        index("IX_PATIENTS_FIRST_NAME", "PATIENTS", "FIRST_NAME"),
        index("IX_PATIENTS_KNOWN_AS", "PATIENTS", "KNOWN_AS"),
        index("IX_PATIENTS_DOB", "PATIENTS", "DATE_OF_BIRTH"),
        index("IX_PATIENTS_MEDICARE", "PATIENTS", "MEDICARE_NUM"),
        index("IX_PATIENTS_IHI", "PATIENTS", "IHI"),
        index("IX_PATIENTS_DVA", "PATIENTS", "DVA_NUM"),
        index("IX_PATIENTS_FILE_NUM", "PATIENTS", "FILE_NUM"),
        index(
            "IX_PATIENTS_CHANGED",
            "PATIENTS",
            "COALESCE(LAST_UPDATED, CREATED)",
        ),
        index("IX_PATIENTS_MOBILE", "PATIENTS", digits!("MOBILE_PHONE")),
        index("IX_NEXT_OF_KIN_PATIENT", "NEXT_OF_KIN", "PATIENT_ID"),
        index(
            "IX_APPOINTMENTS_PATIENT",
            "APPOINTMENTS",
            "PATIENT_ID, START_TIME",
        ),
        index(
            "IX_APPOINTMENTS_DOCTOR",
            "APPOINTMENTS",
            "DOCTOR_CODE, START_TIME",
        ),
        index("IX_APPOINTMENTS_START", "APPOINTMENTS", "START_TIME"),
        index(
            "IX_BOOK_SLOTS_DATE",
            "BOOK_SLOTS",
            "SLOT_DATE, START_MINUTE",
        ),
        index(
            "IX_BOOK_SLOTS_RESOURCE",
            "BOOK_SLOTS",
            "RESOURCE_ID, SLOT_DATE",
        ),
        index("IX_BOOK_SLOTS_APPOINTMENT", "BOOK_SLOTS", "APPOINTMENT_ID"),
    ],
};

/// The clinical record.
pub const CLINICAL: Catalogue = Catalogue {
    name: "CLINICAL",
    tables: &[
        &PATIENT_RECORDS,
        &ENCOUNTERS,
        &ENCOUNTER_REASONS,
        &PROBLEMS,
        &PROCEDURES_DONE,
        &ALLERGIES,
        &MEDICATIONS,
        &SCRIPTS,
        &VACCINATIONS,
        &MEASUREMENTS,
        &RESULT_REPORTS,
        &RESULT_VALUES,
        &DOCUMENTS,
    ],
    indexes: &[
        index(
            "IX_ENCOUNTERS_PATIENT",
            "ENCOUNTERS",
            "PATIENT_ID, START_TIME",
        ),
        index("IX_ENCOUNTER_REASONS", "ENCOUNTER_REASONS", "ENCOUNTER_ID"),
        index("IX_PROBLEMS_PATIENT", "PROBLEMS", "PATIENT_ID"),
        index("IX_PROCEDURES_PATIENT", "PROCEDURES_DONE", "PATIENT_ID"),
        index("IX_ALLERGIES_PATIENT", "ALLERGIES", "PATIENT_ID"),
        index("IX_MEDICATIONS_PATIENT", "MEDICATIONS", "PATIENT_ID"),
        index("IX_SCRIPTS_PATIENT", "SCRIPTS", "PATIENT_ID"),
        index("IX_VACCINATIONS_PATIENT", "VACCINATIONS", "PATIENT_ID"),
        index(
            "IX_MEASUREMENTS_PATIENT",
            "MEASUREMENTS",
            "PATIENT_ID, TAKEN",
        ),
        index(
            "IX_RESULT_REPORTS_PATIENT",
            "RESULT_REPORTS",
            "PATIENT_ID, COLLECTED",
        ),
        index("IX_RESULT_VALUES_REPORT", "RESULT_VALUES", "REPORT_ID"),
        index("IX_DOCUMENTS_PATIENT", "DOCUMENTS", "PATIENT_ID"),
    ],
};
