//! What is promised of every demo: the same data from the same seed, values that fit, an order in time, check digits,
//! and the tables that the mapping names.

use super::table::{SqlType, Table};
use super::*;
use jiff::civil::{Date, date};
use rusqlite::types::ValueRef;

/// A Wednesday.
const TODAY: Date = date(2026, 11, 18);

/// A demo in memory, a database for each catalogue.
fn practice(demo: &'static Demo, patients: u32, seed: u64, today: Date) -> Vec<Connection> {
    let open = |_: &Catalogue| Connection::open_in_memory().unwrap();
    let databases: Vec<Connection> = demo.catalogues.iter().map(open).collect();
    let mut target = sqlite::Sqlite::begin(databases.iter().collect()).unwrap();
    let options = Options {
        patients,
        seed,
        today,
    };
    let counts = fill(demo, &mut target, &options, &mut |_, _| {}).unwrap();
    drop(target);
    for (place, table) in tables(demo) {
        let counted = counts.get(table.name).copied().unwrap_or_default();
        let there = count(&databases[place], table.name);
        assert_eq!(u64::try_from(there).unwrap(), counted, "{}", table.name);
    }
    databases
}

fn tables(demo: &'static Demo) -> impl Iterator<Item = (usize, &'static Table)> {
    let catalogues = demo.catalogues.iter().enumerate();
    catalogues
        .flat_map(|(place, catalogue)| catalogue.tables.iter().map(move |table| (place, *table)))
}

fn count(database: &Connection, what: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {what}");
    database
        .query_row(&sql, [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Every value of every row, with its table and column.
fn values(
    demo: &'static Demo,
    databases: &[Connection],
    mut see: impl FnMut(&Table, usize, ValueRef<'_>),
) {
    for (place, table) in tables(demo) {
        let sql = format!("SELECT * FROM {} ORDER BY 1", table.name);
        let mut statement = databases[place].prepare(&sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for position in 0..table.columns.len() {
                see(table, position, row.get_ref(position).unwrap());
            }
        }
    }
}

/// FNV-1a over all of it.
fn hash(demo: &'static Demo, databases: &[Connection]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    values(demo, databases, |_, _, value| {
        for byte in format!("{value:?}").bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    });
    hash
}

#[test]
fn the_same_seed_on_the_same_day_gives_the_same_data() {
    for demo in DEMOS {
        let of = |seed, today| hash(demo, &practice(demo, 150, seed, today));
        let first = of(1, TODAY);
        assert_eq!(first, of(1, TODAY), "{}", demo.id);
        assert_ne!(first, of(2, TODAY), "{}", demo.id);
        assert_ne!(first, of(1, date(2026, 11, 19)), "{}", demo.id);
    }
}

#[test]
fn every_value_fits_its_column() {
    for demo in DEMOS {
        let databases = practice(demo, 400, 3, TODAY);
        values(demo, &databases, |table, position, value| {
            let column = table.columns[position];
            let place = format!("{}.{}", table.name, column.name);
            match (column.sql_type, value) {
                (_, ValueRef::Null) => assert!(position >= table.key, "{place}"),
                (SqlType::Int, ValueRef::Integer(number)) => {
                    assert!(i32::try_from(number).is_ok(), "{place}: {number}");
                }
                (SqlType::SmallInt, ValueRef::Integer(number)) => {
                    assert!(i16::try_from(number).is_ok(), "{place}: {number}");
                }
                // SQLite keeps a whole number as one.
                (SqlType::Decimal(..), ValueRef::Integer(_) | ValueRef::Real(_)) => {}
                (sql_type, ValueRef::Text(text)) => {
                    let text = std::str::from_utf8(text).unwrap();
                    let length = text.chars().count();
                    match sql_type {
                        SqlType::Char(width) => {
                            assert_eq!(length, usize::from(width), "{place}: {text}")
                        }
                        SqlType::VarChar(width) => {
                            assert!(length <= usize::from(width), "{place}: {text}");
                            assert!(!text.ends_with(' '), "{place}: {text}");
                        }
                        SqlType::Date => assert!(text.parse::<Date>().is_ok(), "{place}: {text}"),
                        SqlType::DateTime => {
                            assert!(
                                text.parse::<jiff::civil::DateTime>().is_ok(),
                                "{place}: {text}"
                            );
                        }
                        _ => assert_eq!(sql_type, SqlType::Text, "{place}: {text}"),
                    }
                }
                (_, other) => panic!("{place} holds {other:?}"),
            }
        });
    }
}

/// Columns of days that may lie ahead: what is planned, and what runs out.
const AHEAD: &[&str] = &[
    // Zedmed.
    "PATIENTS.PENSION_EXPIRY",
    "APPOINTMENTS.START_TIME",
    "APPOINTMENTS.END_TIME",
    "BOOK_SLOTS.SLOT_DATE",
    "VACCINATIONS.EXPIRY_DATE",
    // Dental4Windows.
    "Appointments.AppDate",
    "Recalls.DueDate",
    "Recalls.SentDate",
];

#[test]
fn nothing_has_happened_today_or_later() {
    for demo in [&zedmed::DEMO, &dental4windows::DEMO] {
        for (today, seed) in [(TODAY, 1), (date(2026, 11, 22), 2), (date(2027, 1, 1), 3)] {
            let databases = practice(demo, 400, seed, today);
            for (place, table) in tables(demo) {
                for column in table.columns {
                    let name = format!("{}.{}", table.name, column.name);
                    let is_day = matches!(column.sql_type, SqlType::Date | SqlType::DateTime);
                    if is_day && !AHEAD.contains(&name.as_str()) {
                        let late = format!("{} WHERE {} >= '{today}'", table.name, column.name);
                        assert_eq!(count(&databases[place], &late), 0, "{late}");
                    }
                }
            }
        }
    }
}

/// Asserts that a practice of 300 patients holds each of these, whatever the seed, in one database.
fn assert_holds(demo: &'static Demo, catalogue: usize, quirks: &[&str]) {
    for seed in [1, 2, u64::MAX] {
        let databases = practice(demo, 300, seed, TODAY);
        let absent: Vec<&&str> = quirks
            .iter()
            .filter(|quirk| count(&databases[catalogue], quirk) == 0)
            .collect();
        assert!(absent.is_empty(), "seed {seed} has none of {absent:#?}");
    }
}

/// Asserts that a practice of 1,500 patients holds none of these.
fn assert_holds_none(demo: &'static Demo, catalogue: usize, contradictions: &[&str]) {
    let databases = practice(demo, 1500, 9, TODAY);
    for contradiction in contradictions {
        assert_eq!(
            count(&databases[catalogue], contradiction),
            0,
            "{contradiction}"
        );
    }
}

#[test]
fn zedmed_has_its_quirks() {
    assert_holds(
        &zedmed::DEMO,
        0,
        &[
            "PATIENTS WHERE DELETED = 'T'",
            "PATIENTS WHERE DELETED IS NULL",
            "PATIENTS WHERE STATUS = 'D' AND DATE_OF_DEATH > DATE_OF_BIRTH",
            "PATIENTS WHERE STATUS = 'D' AND DATE_OF_DEATH = '1899-12-30'",
            "PATIENTS WHERE STATUS = 'V'",
            "PATIENTS WHERE DATE_OF_BIRTH = '1899-12-30'",
            "PATIENTS WHERE DATE_OF_BIRTH IS NULL",
            "PATIENTS WHERE MEDICARE_EXPIRY = '000000'",
            "PATIENTS WHERE LANGUAGE_CODE = 42",
            "PATIENTS WHERE USUAL_DOCTOR = 'GONE'",
            "PATIENTS WHERE GENDER_IDENTITY = 'Non-binary'",
            "PATIENTS WHERE pilaster_fold(SURNAME) <> lower(SURNAME)",
            "PATIENTS WHERE SURNAME LIKE '%''%'",
            "NEXT_OF_KIN WHERE EMERGENCY_CONTACT = 'F'",
            "DOCTORS WHERE ACTIVE = 'F'",
            "CLINICS WHERE ACTIVE = 'F'",
            "APPOINTMENTS WHERE PATIENT_ID = 0",
            "APPOINTMENTS WHERE STATUS_CODE = 'X'",
            "APPOINTMENTS WHERE STATUS_CODE NOT IN (SELECT STATUS_CODE FROM APPOINTMENT_STATUS)",
            "BOOK_SLOTS WHERE SLOT_STATE = 'F' AND SLOT_DATE > '2026-11-18'",
            "BOOK_SLOTS JOIN APPOINTMENTS USING (APPOINTMENT_ID) WHERE SLOT_STATE = 'T'",
        ],
    );
    assert_holds(
        &zedmed::DEMO,
        1,
        &[
            "PATIENT_RECORDS WHERE DELETED = 'T'",
            "PATIENT_RECORDS WHERE ALLERGY_STATUS = 'N'",
            "PATIENT_RECORDS WHERE SMOKING_STATUS > '' AND SMOKING_ASSESSED = '1899-12-30'",
            "ENCOUNTERS WHERE ENCOUNTER_TYPE = 'Non visit'",
            "ENCOUNTER_REASONS JOIN PROBLEMS USING (PROBLEM_ID)",
            "PROBLEMS WHERE STATUS = 'R' AND RESOLVED_DATE > '1900-01-01'",
            "PROBLEMS WHERE ONSET_YEAR > 0 AND ONSET_MONTH = 0",
            "MEDICATIONS WHERE CEASED_DATE > '1900-01-01'",
            "MEDICATIONS WHERE PBS_CODE = '2430Q'",
            "SCRIPTS JOIN MEDICATIONS USING (MEDICATION_ID) JOIN ENCOUNTERS USING (ENCOUNTER_ID)",
            "MEASUREMENTS WHERE DIASTOLIC = 0 AND SYSTOLIC > 0",
            "MEASUREMENTS WHERE TEMPERATURE > 36",
            "RESULT_REPORTS JOIN RESULT_VALUES USING (REPORT_ID) WHERE RESULT_TEXT LIKE '<%'",
            "DOCUMENTS WHERE DIRECTION = 'I'",
        ],
    );
}

#[test]
fn zedmed_contradicts_itself_nowhere() {
    assert_holds_none(
        &zedmed::DEMO,
        0,
        &[
            "PATIENTS WHERE DATE_OF_DEATH > '1900-01-01' AND DATE_OF_DEATH <= DATE(CREATED)",
            "PATIENTS WHERE DATE_OF_BIRTH > DATE(CREATED)",
            "APPOINTMENTS WHERE END_TIME <= START_TIME OR CREATED >= START_TIME",
            "APPOINTMENTS JOIN PATIENTS USING (PATIENT_ID) WHERE DATE_OF_DEATH > '1900-01-01' AND DATE(START_TIME) >= DATE_OF_DEATH",
            "APPOINTMENTS JOIN PATIENTS USING (PATIENT_ID) WHERE PATIENTS.DELETED = 'T'",
            "APPOINTMENTS WHERE START_TIME >= '2026-11-18' AND STATUS_CODE IN ('A', 'IN', 'F', 'BI', 'DNA')",
            "(SELECT 1 FROM BOOK_SLOTS GROUP BY RESOURCE_ID, SLOT_DATE, START_MINUTE HAVING count(*) > 1)",
        ],
    );
    assert_holds_none(
        &zedmed::DEMO,
        1,
        &[
            "ENCOUNTERS WHERE END_TIME < START_TIME",
            "RESULT_REPORTS WHERE REPORTED < COLLECTED",
            "MEDICATIONS WHERE CEASED_DATE > '1900-01-01' AND CEASED_DATE < START_DATE",
            "ENCOUNTERS LEFT JOIN PATIENT_RECORDS r USING (PATIENT_ID) WHERE r.PATIENT_ID IS NULL",
            "PROBLEMS WHERE RESOLVED_DATE > '1900-01-01' AND ONSET_DAY > 0 AND RESOLVED_DATE < printf('%04d-%02d-%02d', ONSET_YEAR, ONSET_MONTH, ONSET_DAY)",
        ],
    );
}

#[test]
fn dental4windows_has_its_quirks() {
    assert_holds(
        &dental4windows::DEMO,
        0,
        &[
            "Patients WHERE Flags & 1 = 1",
            "Patients WHERE Flags & 2 = 2",
            "Patients WHERE Flags & 4 = 4",
            "Patients WHERE Flags IS NULL",
            "Patients WHERE DOB = '1900-01-01'",
            "Patients WHERE Gender = 'f' COLLATE BINARY",
            "Patients WHERE HeadID <> ID",
            "Patients WHERE HeadID = 0",
            "Patients c JOIN Patients h ON h.ID = c.HeadID WHERE c.ID <> h.ID AND c.MedicareNo = h.MedicareNo",
            "Appointments WHERE Flags = 2",
            "Appointments WHERE Flags = 4",
            "Appointments WHERE StatusID = 42",
            "Visits WHERE TimeIn IS NULL",
            "Treatments WHERE State = 'D' AND Surfaces = 'MOD'",
            "Treatments WHERE State = 'P' AND PlanID > 0",
            "Treatments WHERE State = 'C' AND DoneDate = '1900-01-01'",
            "Treatments WHERE Tooth LIKE '5_'",
            "Plans WHERE State = 'A'",
            "Recalls WHERE State = 'D' AND DueDate > '2026-11-18'",
            "PatMedConditions WHERE Flags & 2 = 2 AND EndDate > '1900-01-01'",
            "Allergies WHERE Flags & 2 = 2",
            "Providers WHERE Flags = 1",
        ],
    );
}

#[test]
fn dental4windows_contradicts_itself_nowhere() {
    assert_holds_none(
        &dental4windows::DEMO,
        0,
        &[
            "Patients WHERE DOB > DATE(Created)",
            "Visits WHERE TimeOut < TimeIn OR TimeOut > 1439",
            "Visits v JOIN Patients p ON p.ID = v.PatID WHERE p.Flags & 1 = 1",
            "Visits v JOIN Patients p ON p.ID = v.PatID WHERE v.VisitDate < DATE(p.Created)",
            "Treatments t JOIN Visits v ON v.ID = t.VisitID WHERE t.PatID <> v.PatID OR t.DoneDate <> v.VisitDate",
            "Treatments WHERE Surfaces > '' AND Tooth = ''",
            "Treatments t JOIN Plans p ON p.ID = t.PlanID WHERE t.PatID <> p.PatID",
            "PatMedConditions WHERE EndDate > '1900-01-01' AND SinceMonth > 0 AND EndDate < printf('%04d-%02d-01', SinceYear, SinceMonth)",
            "Recalls WHERE State = 'D' AND SentDate > '1900-01-01'",
        ],
    );
}

#[test]
fn identifiers_pass_their_check_digits() {
    let healthcare =
        |text: &str| text.len() == 16 && identifiers::luhn_sum(text).is_multiple_of(10);
    let medicare = |text: &str| {
        text.len() == 10 && text[8..9] == identifiers::medicare_check(text).to_string()
    };
    let mut judged = 0;
    for demo in DEMOS {
        let databases = practice(demo, 400, 5, TODAY);
        values(demo, &databases, |table, position, value| {
            let ValueRef::Text(text) = value else { return };
            let text = std::str::from_utf8(text).unwrap().trim();
            let passes = match table.columns[position].name {
                _ if text.is_empty() => return,
                "IHI" | "HPII" | "HPIO" => healthcare(text),
                "MEDICARE_NUM" | "MedicareNo" | "MEDICARENO" => medicare(text),
                _ => return,
            };
            judged += 1;
            assert!(passes, "{} {text}", table.name);
        });
    }
    assert!(judged > 1000);
}

#[test]
fn a_demo_has_all_that_its_mapping_names() {
    for demo in DEMOS {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
        let loaded =
            crate::mapping::load_folder(&folder.join(demo.id), &crate::mapping::Options::default());
        let mapping = loaded
            .unwrap_or_else(|all| panic!("{}", all.render(false)))
            .mapping;
        for info in mapping
            .tables
            .values()
            .filter(|info| info.derived.is_none())
        {
            let name = &*info.name;
            let (place, table) = tables(demo)
                .find(|(_, table)| table.name == name)
                .unwrap_or_else(|| panic!("{}: no {name}", demo.id));
            let default = (place == 0).then_some(demo.catalogues[0].name);
            let named = info.catalogue.as_deref().or(default);
            assert_eq!(named, Some(demo.catalogues[place].name), "{name}");
            for column in info.columns.values().filter(|column| !column.optional) {
                let found = table.columns.iter().find(|of| of.name == &*column.name);
                assert!(found.is_some(), "{}: no {name}.{}", demo.id, column.name);
            }
        }
    }
}

#[test]
fn firebird_takes_the_names_of_its_demo() {
    for catalogue in zedmed::DEMO.catalogues {
        for table in catalogue.tables {
            let columns = table.columns.iter().map(|column| column.name);
            for name in columns.chain([table.name]) {
                assert!(name.len() <= 31 && name == name.to_uppercase(), "{name}");
            }
        }
        for index in catalogue.indexes {
            assert!(index.name.len() <= 31, "{}", index.name);
        }
    }
}

#[test]
fn an_index_names_a_table_and_columns_that_exist() {
    for catalogue in DEMOS.iter().flat_map(|demo| demo.catalogues) {
        for index in catalogue
            .indexes
            .iter()
            .filter(|index| !index.is_computed())
        {
            let table = catalogue
                .tables
                .iter()
                .find(|table| table.name == index.table);
            let table = table.unwrap_or_else(|| panic!("{} is over an unknown table", index.name));
            for column in index.columns.split(", ") {
                let there = table.columns.iter().any(|of| of.name == column);
                assert!(there, "{} names {column}", index.name);
            }
        }
    }
}
