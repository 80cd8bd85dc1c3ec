//! The tables of the demo of Dental4Windows: those that its mapping reads.

use crate::demo::table::{Catalogue, Index, Table, date, datetime, int, text, varchar};

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $table:literal, [$($column:expr),* $(,)?];)*) => {
        $(
            $(#[$doc])*
            pub static $name: Table = Table {
                name: $table,
                key: 1,
                columns: &[$($column),*],
            };
        )*
    };
}

tables! {
    /// The practice: one row.
    PRACTICE = "Practice", [
        int("ID"), varchar("Name", 80), varchar("ABN", 14), varchar("HPIO", 16), varchar("Phone", 20),
        varchar("Email", 100), varchar("Addr1", 50), varchar("Addr2", 50), varchar("Suburb", 40), varchar("State", 3),
        varchar("PostCode", 4), datetime("Changed"),
    ];
    /// Its branches.
    LOCATIONS = "Locations", [
        int("ID"), varchar("Name", 60), varchar("Phone", 20), varchar("Fax", 20), varchar("Email", 100),
        varchar("Addr1", 50), varchar("Addr2", 50), varchar("Suburb", 40), varchar("State", 3), varchar("PostCode", 4),
        int("Flags"), datetime("Changed"),
    ];
    /// Who treats patients.
    PROVIDERS = "Providers", [
        int("ID"), varchar("Code", 5), varchar("Title", 10), varchar("Surname", 40), varchar("Firstname", 40),
        varchar("Role", 30), varchar("AhpraNo", 13), varchar("HPII", 16), varchar("Phone", 20), varchar("Email", 100),
        int("Flags"), datetime("Changed"),
    ];
    /// Who treats patients where.
    PROVIDER_LOCATIONS = "ProviderLocations", [
        int("ID"), int("ProvID"), int("LocID"), varchar("ProviderNo", 8), int("Flags"), datetime("Changed"),
    ];
    /// Health funds.
    FUNDS = "Funds", [int("ID"), varchar("Name", 60)];
    /// The patients, each under a head of family.
    PATIENTS = "Patients", [
        int("ID"), int("HeadID"), varchar("CardNo", 12), varchar("Title", 10), varchar("Surname", 40),
        varchar("Firstname", 40), varchar("Middle", 40), varchar("PrefName", 40), date("DOB"), varchar("Gender", 10),
        int("ProvID"), int("LocID"), varchar("Addr1", 50), varchar("Addr2", 50), varchar("Suburb", 40),
        varchar("State", 3), varchar("PostCode", 4), varchar("HomePhone", 20), varchar("WorkPhone", 20),
        varchar("Mobile", 20), varchar("Email", 100), varchar("IHI", 16), varchar("MedicareNo", 10),
        varchar("MedicareRef", 1), varchar("MedicareExp", 7), varchar("DVANo", 9), int("FundID"),
        varchar("FundMember", 20), varchar("FundRef", 2), varchar("Relationship", 20), int("Flags"),
        datetime("Created"), datetime("Changed"),
    ];
    /// The appointment books.
    BOOKS = "Books", [
        int("ID"), varchar("Name", 40), int("ProvID"), int("LocID"), int("Flags"), datetime("Changed"),
    ];
    /// Where an appointment stands, by code.
    APP_STATUS = "AppStatus", [int("ID"), varchar("Name", 30)];
    /// Kinds of appointments, by code.
    APP_CLASSES = "AppClasses", [int("ID"), varchar("Name", 30)];
    /// The appointments: a day, and minutes since midnight.
    APPOINTMENTS = "Appointments", [
        int("ID"), int("BookID"), int("PatID"), int("ProvID"), date("AppDate"), int("AppTime"), int("AppLength"),
        int("StatusID"), int("ClassID"), text("Notes"), int("Flags"), datetime("Created"), datetime("Changed"),
    ];
    /// What came of them.
    VISITS = "Visits", [
        int("ID"), int("PatID"), int("ProvID"), int("LocID"), int("AppID"), date("VisitDate"), int("TimeIn"),
        int("TimeOut"), varchar("Complaint", 100), int("Flags"), datetime("Changed"),
    ];
    /// The schedule of items.
    ITEMS = "Items", [varchar("ItemNo", 4), varchar("Descr", 80)];
    /// Items planned, done and charted.
    TREATMENTS = "Treatments", [
        int("ID"), int("PatID"), int("ProvID"), int("LocID"), int("VisitID"), int("PlanID"), varchar("ItemNo", 4),
        varchar("Tooth", 2), varchar("Surfaces", 5), varchar("State", 1), date("PlanDate"), date("DoneDate"),
        varchar("Notes", 200), int("Flags"), datetime("Created"), datetime("Changed"),
    ];
    /// Treatment plans.
    PLANS = "Plans", [
        int("ID"), int("PatID"), int("ProvID"), varchar("Name", 60), date("PlanDate"), date("EndDate"),
        varchar("State", 1), text("Notes"), int("Flags"), datetime("Changed"),
    ];
    /// Medical conditions, by code.
    MED_CONDITIONS = "MedConditions", [int("ID"), varchar("Name", 60)];
    /// Who has which.
    PAT_MED_CONDITIONS = "PatMedConditions", [
        int("ID"), int("PatID"), int("ConditionID"), varchar("Other", 60), int("SinceYear"), int("SinceMonth"),
        date("EndDate"), int("ProvID"), varchar("Notes", 200), int("Flags"), datetime("Created"), datetime("Changed"),
    ];
    /// What patients react to.
    ALLERGIES = "Allergies", [
        int("ID"), int("PatID"), varchar("Substance", 60), varchar("Reaction", 60), varchar("Severity", 10),
        date("SinceDate"), varchar("Notes", 200), int("Flags"), datetime("Created"), datetime("Changed"),
    ];
    /// Prescriptions.
    SCRIPTS = "Scripts", [
        int("ID"), int("PatID"), int("ProvID"), int("VisitID"), date("ScriptDate"), varchar("Drug", 80),
        varchar("Directions", 200), int("Qty"), int("Repeats"), varchar("Reason", 60), int("Flags"),
        datetime("Changed"),
    ];
    /// Kinds of recalls, by code.
    RECALL_TYPES = "RecallTypes", [int("ID"), varchar("Name", 40)];
    /// When patients are to be asked to come again.
    RECALLS = "Recalls", [
        int("ID"), int("PatID"), int("ProvID"), int("TypeID"), date("DueDate"), date("SentDate"), varchar("Method", 10),
        varchar("State", 1), varchar("Message", 200), int("Flags"), datetime("Created"), datetime("Changed"),
    ];
    /// Letters and images.
    DOCUMENTS = "Documents", [
        int("ID"), int("PatID"), int("ProvID"), varchar("Kind", 20), varchar("Descr", 80), date("DocDate"),
        varchar("Tooth", 2), varchar("FileExt", 4), int("Flags"), datetime("Created"), datetime("Changed"),
    ];
}

const fn index(name: &'static str, table: &'static str, columns: &'static str) -> Index {
    Index {
        name,
        table,
        columns,
    }
}

/// The one database, of all branches.
pub const DENTAL: Catalogue = Catalogue {
    name: "DENTAL",
    tables: &[
        &PRACTICE,
        &LOCATIONS,
        &PROVIDERS,
        &PROVIDER_LOCATIONS,
        &FUNDS,
        &PATIENTS,
        &BOOKS,
        &APP_STATUS,
        &APP_CLASSES,
        &APPOINTMENTS,
        &VISITS,
        &ITEMS,
        &TREATMENTS,
        &PLANS,
        &MED_CONDITIONS,
        &PAT_MED_CONDITIONS,
        &ALLERGIES,
        &SCRIPTS,
        &RECALL_TYPES,
        &RECALLS,
        &DOCUMENTS,
    ],
    indexes: &[
        index("IX_Patients_Name", "Patients", "Surname, Firstname"),
        index("IX_Patients_Firstname", "Patients", "Firstname"),
        index("IX_Patients_DOB", "Patients", "DOB"),
        index("IX_Patients_HeadID", "Patients", "HeadID"),
        index("IX_Patients_Medicare", "Patients", "MedicareNo"),
        index("IX_Patients_CardNo", "Patients", "CardNo"),
        index("IX_Appointments_Date", "Appointments", "AppDate, AppTime"),
        index("IX_Appointments_Patient", "Appointments", "PatID"),
        index("IX_Visits_Patient", "Visits", "PatID"),
        index("IX_Treatments_Patient", "Treatments", "PatID"),
        index("IX_Treatments_Visit", "Treatments", "VisitID"),
        index("IX_Treatments_Plan", "Treatments", "PlanID"),
        index("IX_Plans_Patient", "Plans", "PatID"),
        index("IX_PatMedConditions", "PatMedConditions", "PatID"),
        index("IX_Allergies_Patient", "Allergies", "PatID"),
        index("IX_Scripts_Patient", "Scripts", "PatID"),
        index("IX_Recalls_Patient", "Recalls", "PatID"),
        index("IX_Documents_Patient", "Documents", "PatID"),
    ],
};
