mod times;

use super::*;
use crate::demo::{DemoError, MAX_PATIENTS, create, identifiers, names};
use jiff::civil::{Date, date};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// A Wednesday.
pub(super) const TODAY: Date = date(2026, 11, 18);

pub(super) fn practice(patients: u32, seed: u64, today: Date) -> (Connection, Summary) {
    let mut conn = Connection::open_in_memory().unwrap();
    let options = Options {
        patients,
        seed,
        today,
    };
    let summary = create(&mut conn, &options, &mut |_, _| {}).unwrap();
    (conn, summary)
}

pub(super) fn count(conn: &Connection, what: &str) -> i64 {
    conn.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| {
        row.get(0)
    })
    .unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Asserts that a practice of 200 patients holds each of these, whatever the seed.
pub(super) fn assert_holds(quirks: &[&str]) {
    for seed in [1, 2, 3, 77, u64::MAX] {
        let (conn, _) = practice(200, seed, TODAY);
        let absent: Vec<&&str> = quirks
            .iter()
            .filter(|quirk| count(&conn, quirk) == 0)
            .collect();
        assert!(absent.is_empty(), "seed {seed} has none of {absent:#?}");
    }
}

/// Asserts that a practice of 2,000 patients holds none of these.
pub(super) fn assert_holds_none(contradictions: &[&str]) {
    let (conn, _) = practice(2000, 9, TODAY);
    for contradiction in contradictions {
        assert_eq!(count(&conn, contradiction), 0, "{contradiction}");
    }
}

/// FNV-1a over every value of every row in key order.
fn hash(conn: &Connection) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut eat = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for table in schema::TABLES {
        let sql = format!("SELECT * FROM {} ORDER BY 1", table.name);
        let mut statement = conn.prepare(&sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for position in 0..table.columns.len() {
                match row.get_ref(position).unwrap() {
                    ValueRef::Null => eat(b"\0"),
                    ValueRef::Integer(number) => eat(&number.to_le_bytes()),
                    ValueRef::Text(text) => {
                        eat(text);
                        eat(b"\x01");
                    }
                    other => panic!("{} holds {other:?}", table.name),
                }
            }
        }
    }
    hash
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (first, _) = practice(200, 1, TODAY);
    let (second, _) = practice(200, 1, TODAY);
    assert_eq!(hash(&first), hash(&second));
    assert_ne!(hash(&first), hash(&practice(200, 2, TODAY).0));
    assert_ne!(hash(&first), hash(&practice(200, 1, date(2026, 11, 19)).0));
    // The data of a released version: when this changes, everybody's demo does. Change it only
    // together with what is generated.
    assert_eq!(hash(&first), GOLDEN);
}

const GOLDEN: u64 = 4_246_947_763_175_766_179;

#[test]
fn a_small_practice_is_the_start_of_a_large_one() {
    let (small, _) = practice(150, 5, TODAY);
    let (large, _) = practice(13_000, 5, TODAY);
    for table in [
        "PATIENTS",
        "EMAIL",
        "NEXTOFKIN",
        "USERS",
        "LOCATIONS",
        "PASTHISTORY",
        "CURRENTRX",
        "REPORTVALUES",
    ] {
        let rows = |conn: &Connection| {
            let limit = count(&small, table);
            let sql = format!("SELECT * FROM {table} ORDER BY 1 LIMIT {limit}");
            let mut statement = conn.prepare(&sql).unwrap();
            let width = statement.column_count();
            statement
                .query_map([], |row| {
                    (0..width)
                        .map(|position| row.get::<_, rusqlite::types::Value>(position))
                        .collect::<std::result::Result<Vec<_>, _>>()
                })
                .unwrap()
                .collect::<std::result::Result<Vec<_>, _>>()
                .unwrap()
        };
        assert_eq!(rows(&small), rows(&large), "{table}");
    }
}

#[test]
fn counts_are_as_announced() {
    let (conn, summary) = practice(2000, 1, TODAY);
    let rows = |table| u64::try_from(count(&conn, table)).unwrap();
    assert_eq!(summary.patients, 2000);
    for (table, announced) in [
        ("PATIENTS", summary.patients),
        ("EMAIL", summary.emails),
        ("NEXTOFKIN", summary.next_of_kin),
        ("USERS", summary.users),
        ("APPOINTMENTS", summary.appointments),
        ("CANCELLEDAPPOINTMENTS", summary.cancelled),
    ] {
        assert_eq!(rows(table), announced, "{table}");
    }
    let clinical = schema::TABLES
        .iter()
        .map(|table| table.name)
        .skip_while(|name| *name != "PASTHISTORY");
    assert_eq!(clinical.map(rows).sum::<u64>(), summary.clinical);
    assert!(
        (8000..10_000).contains(&summary.appointments),
        "{summary:?}"
    );
    assert_eq!(rows("PRACTICE"), 1);
    assert_eq!(rows("LOCATIONS"), 3);
    assert_eq!(rows("USERS WHERE GROUPCODE = 1 AND USERSTATUS = 1"), 8);
    assert_eq!(staff::doctors(100_000), 66);
}

#[test]
fn progress_rises_to_the_whole() {
    let mut conn = Connection::open_in_memory().unwrap();
    let options = Options {
        patients: 2500,
        seed: 1,
        today: TODAY,
    };
    let mut last = 0;
    let mut whole = 0;
    create(&mut conn, &options, &mut |done, total| {
        assert!(done >= last && done <= total);
        (last, whole) = (done, total);
    })
    .unwrap();
    assert!(last == whole && whole > 2500);
}

#[test]
fn bad_options_and_databases_are_refused_and_leave_nothing() {
    let mut conn = Connection::open_in_memory().unwrap();
    let mut try_with = |patients, today| {
        let options = Options {
            patients,
            seed: 0,
            today,
        };
        create(&mut conn, &options, &mut |_, _| {})
    };
    assert!(matches!(
        try_with(MAX_PATIENTS + 1, TODAY),
        Err(DemoError::TooManyPatients(_))
    ));
    assert!(matches!(try_with(1, Date::MIN), Err(DemoError::Today)));
    assert!(try_with(0, TODAY).is_ok());
    assert!(matches!(try_with(1, TODAY), Err(DemoError::Sqlite(_))));
    assert_eq!(count(&conn, "PATIENTS"), 0);
    conn.execute_batch("CREATE TABLE u (a)").unwrap();

    let mut half = Connection::open_in_memory().unwrap();
    half.execute_batch("CREATE TABLE EMAIL (a)").unwrap();
    let options = Options {
        patients: 3,
        seed: 0,
        today: TODAY,
    };
    assert!(create(&mut half, &options, &mut |_, _| {}).is_err());
    assert_eq!(count(&half, "sqlite_schema"), 1);
}

/// What must be found in a practice of 200 patients, whatever the seed.
const QUIRKS: &[&str] = &[
    // Padding.
    "PATIENTS WHERE length(SURNAME) = 40 AND SURNAME LIKE '% '",
    "SEX WHERE length(SEX) = 10",
    // Codes with and without an entry, and none.
    "PATIENTS JOIN SEX USING (SEXCODE) WHERE SEX = 'Female'",
    "PATIENTS JOIN SEX USING (SEXCODE) WHERE SEX = 'Male'",
    "PATIENTS JOIN SEX USING (SEXCODE) WHERE SEX = 'Other'",
    "PATIENTS JOIN SEX USING (SEXCODE) WHERE SEX = 'Unknown'",
    "PATIENTS WHERE SEXCODE NOT IN (SELECT SEXCODE FROM SEX)",
    "PATIENTS WHERE SEXCODE IS NULL",
    "PATIENTS WHERE TITLECODE NOT IN (SELECT TITLECODE FROM TITLES)",
    "PATIENTS WHERE TITLECODE IS NULL",
    "PATIENTS WHERE PATIENTSTATUS NOT IN (SELECT STATUSCODE FROM PATIENTSTATUS)",
    "PATIENTS JOIN ETHNICITY USING (ETHNICCODE) WHERE ETHNICTYPE = 'Aboriginal'",
    "PATIENTS JOIN ETHNICITY USING (ETHNICCODE) WHERE ETHNICTYPE = 'Torres Strait Islander'",
    "PATIENTS JOIN ETHNICITY USING (ETHNICCODE) WHERE ETHNICTYPE LIKE '% and %'",
    "PATIENTS JOIN ETHNICITY USING (ETHNICCODE) WHERE ETHNICTYPE LIKE 'Neither %'",
    "PATIENTS JOIN ETHNICITY USING (ETHNICCODE) WHERE ETHNICTYPE = 'Not stated'",
    "PATIENTS WHERE ETHNICCODE NOT IN (SELECT ETHNICCODE FROM ETHNICITY)",
    "PATIENTS WHERE ETHNICCODE IS NULL",
    "USERS WHERE GROUPCODE NOT IN (SELECT GROUPCODE FROM USERGROUPS)",
    "APPOINTMENTS WHERE APPOINTMENTCODE NOT IN (SELECT APPOINTMENTCODE FROM APPOINTMENTCODES)",
    "APPOINTMENTS WHERE APPOINTMENTTYPE NOT IN (SELECT APPOINTMENTCODE FROM APPOINTMENTTYPES)",
    "APPOINTMENTS WHERE APPOINTMENTTYPE IS NULL",
    // The life of a record.
    "PATIENTS WHERE RECORDSTATUS = 2",
    "PATIENTS WHERE RECORDSTATUS = 0",
    "PATIENTS WHERE RECORDSTATUS = 1 AND PATIENTSTATUS = 2",
    "PATIENTS WHERE PATIENTSTATUS = 3 AND DATEOFDEATH > DOB",
    // The one of whom nobody changed the status.
    "PATIENTS WHERE PATIENTSTATUS = 1 AND DATEOFDEATH IS NOT NULL",
    "PATIENTS WHERE CREATED IS NULL AND UPDATED IS NULL",
    "PATIENTS WHERE CREATED IS NOT NULL AND UPDATED IS NULL",
    "PATIENTS WHERE UPDATED > CREATED",
    "(SELECT 1 FROM PATIENTS GROUP BY CREATED HAVING count(*) > 3)",
    "USERS WHERE USERSTATUS = 0 AND RECORDSTATUS = 1",
    "USERS WHERE RECORDSTATUS = 2",
    "USERS WHERE RECORDSTATUS = 1 AND USERSTATUS = 1 AND UPDATED IS NULL",
    "PROVIDER_LOCATION WHERE RECORDSTATUS = 2",
    "PROVIDER_LOCATION WHERE PROVIDERNUMBER IS NULL",
    "EMAIL WHERE RECORDSTATUS = 2",
    "NEXTOFKIN WHERE RECORDSTATUS = 2",
    // Missing values.
    "PATIENTS WHERE DOB IS NULL",
    "PATIENTS WHERE FIRSTNAME IS NULL",
    "PATIENTS WHERE FIRSTNAME = ''",
    "PATIENTS WHERE MIDDLENAME IS NULL",
    "PATIENTS WHERE MIDDLENAME = ''",
    "PATIENTS WHERE IHI IS NULL",
    "PATIENTS WHERE IHI = ''",
    "PATIENTS WHERE MEDICARENO IS NULL",
    "PATIENTS WHERE MEDICARENO = ''",
    "PATIENTS WHERE MEDICARENO > '0' AND MEDICARELINENO = ''",
    "PATIENTS WHERE MEDICARENO > '0' AND MEDICAREEXPIRY = ''",
    "PATIENTS WHERE MEDICAREEXPIRY = '00/0000'",
    "PATIENTS WHERE ADDRESS1 = '' AND POSTCODE IS NULL",
    "PATIENTS WHERE RECORDNO IS NULL",
    "PATIENTS WHERE RECORDNO = ''",
    "PATIENTS WHERE COUNTRY IS NULL",
    "PATIENTS WHERE COUNTRY = ''",
    "PATIENTS WHERE HEALTHFUNDNAME = '' AND length(HEALTHFUNDNAME) = 0",
    "PATIENTS WHERE USERID = 0",
    "PATIENTS WHERE USERID IS NULL",
    "PATIENTS WHERE NEXTOFKINID = 0",
    "PATIENTS WHERE NEXTOFKINID > (SELECT max(NEXTOFKINID) FROM NEXTOFKIN)",
    "EMAIL WHERE EMAIL = ''",
    "LOCATIONS WHERE HPIO IS NULL AND EMAIL = ''",
    // Names.
    "PATIENTS WHERE pilaster_fold(SURNAME) <> lower(SURNAME)",
    "PATIENTS WHERE pilaster_fold(FIRSTNAME) <> lower(FIRSTNAME)",
    "USERS WHERE pilaster_fold(SURNAME) <> lower(SURNAME)",
    "PATIENTS WHERE SURNAME LIKE '%-%'",
    "PATIENTS WHERE SURNAME LIKE '%''%'",
    "PATIENTS WHERE trim(SURNAME) GLOB '[A-Z][A-Z]*' AND upper(SURNAME) GLOB SURNAME",
    "PATIENTS WHERE trim(SURNAME) GLOB '[a-z]*'",
    "(SELECT 1 FROM PATIENTS WHERE SURNAME = 'Smith' GROUP BY SURNAME HAVING count(*) > 1)",
    "PATIENTS a JOIN PATIENTS b ON b.SURNAME LIKE trim(a.SURNAME) || '_%' AND trim(b.SURNAME) <> trim(a.SURNAME) COLLATE NOCASE AND length(trim(b.SURNAME)) > length(trim(a.SURNAME))",
    // Cards, phones, addresses, families.
    "PATIENTS WHERE length(trim(MEDICARENO)) = 10 AND length(trim(MEDICARELINENO)) = 1",
    "PATIENTS JOIN PENSIONTYPE USING (PENSIONCODE) WHERE PENSIONNO > '0' AND PENSIONEXPIRY IS NOT NULL",
    "PATIENTS WHERE PENSIONNO > '0' AND PENSIONEXPIRY IS NULL",
    "PATIENTS JOIN DVATYPE USING (DVACODE) WHERE DVANO > '0'",
    "PATIENTS WHERE DVANO > '0' AND DVACODE NOT IN (SELECT DVACODE FROM DVATYPE)",
    "PATIENTS WHERE PENSIONNO > '0' AND PENSIONCODE NOT IN (SELECT PENSIONCODE FROM PENSIONTYPE)",
    "PATIENTS WHERE HOMEPHONE LIKE '(0_) ____ ____'",
    "PATIENTS WHERE HOMEPHONE LIKE '0_ ____ ____%'",
    "PATIENTS WHERE MOBILEPHONE LIKE '04__ ___ ___%'",
    "PATIENTS WHERE MOBILEPHONE LIKE '+61%'",
    "PATIENTS WHERE MOBILEPHONE LIKE '04________ %'",
    "PATIENTS WHERE WORKPHONE > '('",
    "PATIENTS WHERE POSTALADDRESS LIKE 'PO Box%'",
    "PATIENTS WHERE ADDRESS2 > '0'",
    "PATIENTS WHERE HEADOFFAMILYID <> INTERNALID",
    "PATIENTS a JOIN PATIENTS b ON b.INTERNALID = a.HEADOFFAMILYID AND b.INTERNALID <> a.INTERNALID AND a.ADDRESS1 = b.ADDRESS1 AND a.MEDICARENO = b.MEDICARENO AND a.MEDICARELINENO <> b.MEDICARELINENO",
    "PATIENTS JOIN NEXTOFKIN USING (NEXTOFKINID)",
    "(SELECT 1 FROM EMAIL WHERE RECORDSTATUS = 1 GROUP BY INTERNALID HAVING count(*) > 1)",
    // Appointments.
    "APPOINTMENTS WHERE INTERNALID = 0",
    "APPOINTMENTS WHERE INTERNALID IS NULL",
    "APPOINTMENTS WHERE APPOINTMENTTIME = 30600 AND APPOINTMENTLENGTH >= 900",
    "APPOINTMENTS WHERE ARRIVALTIME > 0 AND VISITID > 0",
    "APPOINTMENTS WHERE ARRIVALTIME = 0 AND VISITID = 0",
    "APPOINTMENTS WHERE REASON > 'a' AND COMMENT > 'a'",
    "APPOINTMENTS WHERE REASON = ''",
    "APPOINTMENTS WHERE VIDEOURL LIKE 'https://video.example.com/%'",
    "APPOINTMENTS WHERE URGENT = 1",
    "APPOINTMENTS WHERE UPDATED IS NULL",
    "APPOINTMENTS WHERE UPDATED > CREATED",
    "APPOINTMENTS JOIN CANCELLEDAPPOINTMENTS ON APPOINTMENTID = RECORDID WHERE APPOINTMENTS.RECORDSTATUS = 2",
    "APPOINTMENTS WHERE APPOINTMENTDATE < '2026-11-18' AND APPOINTMENTCODE = 5",
    "APPOINTMENTS WHERE APPOINTMENTDATE < '2026-11-18' AND APPOINTMENTCODE = 6",
    "APPOINTMENTS WHERE APPOINTMENTDATE < '2026-11-18' AND APPOINTMENTCODE = 7",
    "APPOINTMENTS WHERE APPOINTMENTDATE = '2026-11-18 00:00:00' AND APPOINTMENTCODE = 1",
    "APPOINTMENTS WHERE APPOINTMENTDATE = '2026-11-17 00:00:00' AND APPOINTMENTCODE = 2",
    "APPOINTMENTS WHERE APPOINTMENTDATE = '2026-11-17 00:00:00' AND APPOINTMENTCODE = 3",
    "APPOINTMENTS WHERE APPOINTMENTDATE = '2026-11-17 00:00:00' AND APPOINTMENTCODE = 4",
    "APPOINTMENTS WHERE APPOINTMENTDATE > '2026-11-19' AND APPOINTMENTCODE = 1",
    // Sessions.
    "SESSIONS WHERE RECORDSTATUS = 2",
    "SESSIONS WHERE WEEKS = 2 AND CYCLEWEEK = 1",
    "SESSIONS WHERE WEEKS = 2 AND CYCLEWEEK = 2",
    "SESSIONS WHERE (ENDTIME - STARTTIME) % LENGTH > 0",
    "SESSIONS WHERE ENDDATE < '2026-11-18'",
    "DAYSAWAY WHERE FINISHDATE > STARTDATE",
    "DAYSAWAY WHERE STARTDATE > '2026-11-18' AND FINISHDATE IS NULL",
];

#[test]
fn a_small_practice_has_every_quirk() {
    assert_holds(QUIRKS);
}

/// What no practice may hold.
const NEVER: &[&str] = &[
    "PATIENTS WHERE DATEOFDEATH < DOB OR CREATED < DOB OR UPDATED < CREATED",
    "PATIENTS WHERE DOB < '1920'",
    "APPOINTMENTS WHERE UPDATED < CREATED",
    "APPOINTMENTS WHERE VISITID > 0 AND VISITID NOT IN (SELECT VISITID FROM VISITS)",
    "APPOINTMENTS a JOIN PATIENTS p ON p.INTERNALID = a.INTERNALID WHERE p.RECORDSTATUS <> 1",
    "APPOINTMENTS WHERE INTERNALID > 2000 OR USERID NOT IN (SELECT USERID FROM USERS)",
    "APPOINTMENTS WHERE RECORDSTATUS = 2 AND RECORDID NOT IN (SELECT APPOINTMENTID FROM CANCELLEDAPPOINTMENTS)",
    "APPOINTMENTS WHERE APPOINTMENTDATE < '2025-11-18' OR APPOINTMENTDATE > '2027-11-19'",
    "APPOINTMENTS WHERE strftime('%w', APPOINTMENTDATE) IN ('0', '6')",
    // Nobody is booked twice at a time.
    "APPOINTMENTS a JOIN APPOINTMENTS b ON b.USERID = a.USERID AND b.APPOINTMENTDATE = a.APPOINTMENTDATE AND a.RECORDSTATUS = 1 AND b.RECORDSTATUS = 1 AND b.RECORDID <> a.RECORDID AND b.APPOINTMENTTIME >= a.APPOINTMENTTIME AND b.APPOINTMENTTIME < a.APPOINTMENTTIME + a.APPOINTMENTLENGTH",
    // Everyone is booked in a session of theirs, and not while they are away.
    "APPOINTMENTS a WHERE NOT EXISTS (SELECT 1 FROM SESSIONS s WHERE s.RECORDSTATUS = 1 AND s.USERID = a.USERID AND s.LOCATIONID = a.LOCATIONID AND s.DAYOFWEEK = strftime('%w', a.APPOINTMENTDATE) + 1 AND s.STARTDATE <= a.APPOINTMENTDATE AND COALESCE(s.ENDDATE, '9999-12-31') >= a.APPOINTMENTDATE AND s.STARTTIME <= a.APPOINTMENTTIME AND s.ENDTIME >= a.APPOINTMENTTIME + a.APPOINTMENTLENGTH)",
    "APPOINTMENTS a JOIN DAYSAWAY w ON w.RECORDSTATUS = 1 AND w.USERID = a.USERID AND a.APPOINTMENTDATE BETWEEN w.STARTDATE AND COALESCE(w.FINISHDATE, w.STARTDATE)",
    "EMAIL WHERE EMAIL > '' AND lower(EMAIL) NOT GLOB '*@*example.[cno]*'",
];

#[test]
fn nothing_in_a_practice_contradicts_itself() {
    assert_holds_none(NEVER);
}

#[test]
fn a_practice_opens_today_even_on_a_sunday() {
    let (conn, _) = practice(50, 1, date(2026, 11, 22));
    // The last list that was not closed is Friday's.
    for (day, code) in [("22", 1), ("20", 2), ("20", 3), ("20", 4)] {
        let here = format!(
            "APPOINTMENTS WHERE APPOINTMENTDATE = '2026-11-{day} 00:00:00' AND APPOINTMENTCODE = {code}"
        );
        assert!(count(&conn, &here) > 0, "{here}");
    }
}

#[test]
fn identifiers_pass_their_check_digits() {
    let (conn, _) = practice(1000, 4, TODAY);
    let each = |sql: &str, passes: &dyn Fn(&str) -> bool| {
        let mut statement = conn.prepare(sql).unwrap();
        let values: Vec<String> = statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<std::result::Result<_, _>>()
            .unwrap();
        assert!(!values.is_empty(), "{sql}");
        for value in values {
            assert!(passes(value.trim_end()), "{sql}: {value}");
        }
    };
    let healthcare = |prefix: &'static str| {
        move |number: &str| {
            number.len() == 16
                && number.starts_with(prefix)
                && identifiers::luhn_sum(number).is_multiple_of(10)
        }
    };
    each(
        "SELECT IHI FROM PATIENTS WHERE IHI > ''",
        &healthcare("800360"),
    );
    each(
        "SELECT HPII FROM USERS WHERE HPII > ''",
        &healthcare("800361"),
    );
    each(
        "SELECT HPIO FROM LOCATIONS WHERE HPIO > ''",
        &healthcare("800362"),
    );
    each("SELECT HPIO FROM PRACTICE", &healthcare("800362"));
    each(
        "SELECT MEDICARENO FROM PATIENTS WHERE MEDICARENO > ''",
        &|number| {
            number.len() == 10 && number[8..9] == identifiers::medicare_check(number).to_string()
        },
    );
    let abn = |number: &str| identifiers::abn_sum(number).is_some_and(|sum| sum % 89 == 0);
    each("SELECT ABN FROM PRACTICE", &abn);
    each("SELECT ABN FROM LOCATIONS WHERE ABN > ''", &abn);
    each(
        "SELECT PROVIDERNO FROM USERS WHERE PROVIDERNO > ''",
        &identifiers::is_provider_number,
    );
    each(
        "SELECT PROVIDERNUMBER FROM PROVIDER_LOCATION WHERE PROVIDERNUMBER > ''",
        &identifiers::is_provider_number,
    );
    each(
        "SELECT REGISTRATIONNO FROM USERS WHERE REGISTRATIONNO > ''",
        &|number| number.len() == 13 && number[3..].bytes().all(|byte| byte.is_ascii_digit()),
    );
}

/// Whether a non-Unicode SQL Server column of code page 1252 can hold a character.
fn in_code_page_1252(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{ff}')
        || "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".contains(character)
}

#[test]
fn every_value_is_of_its_column_s_type() {
    let (conn, _) = practice(3000, 6, TODAY);
    for table in schema::TABLES {
        let sql = format!("SELECT * FROM {}", table.name);
        let mut statement = conn.prepare(&sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for (position, column) in table.columns.iter().enumerate() {
                let place = format!("{}.{}", table.name, column.name);
                let value = row.get_ref(position).unwrap();
                let text = match (column.sql_type, value) {
                    (_, ValueRef::Null) if position > 0 => continue,
                    (schema::SqlType::Int, ValueRef::Integer(number)) => {
                        assert!(i32::try_from(number).is_ok(), "{place}");
                        continue;
                    }
                    (schema::SqlType::Int, other) => panic!("{place} holds {other:?}"),
                    (_, other) => other.as_str().unwrap(),
                };
                assert!(text.chars().all(in_code_page_1252), "{place}: {text}");
                let length = text.chars().count();
                match column.sql_type {
                    schema::SqlType::Char(width) => {
                        assert_eq!(length, usize::from(width), "{place}: {text}");
                    }
                    schema::SqlType::VarChar(width) => {
                        assert!(length <= usize::from(width), "{place}: {text}");
                    }
                    _ => {
                        assert_eq!(length, 19, "{place}: {text}");
                        assert!(
                            text.parse::<jiff::civil::DateTime>().is_ok(),
                            "{place}: {text}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn names_fit_their_columns_uncut() {
    let longest = |list: &[&str]| list.iter().map(|name| name.chars().count()).max();
    let plain = longest(names::SURNAMES).unwrap();
    let any = [
        names::SURNAMES,
        names::ACCENTED_SURNAMES,
        names::COMPOUND_SURNAMES,
        names::APOSTROPHE_SURNAMES,
        names::NESTED_SURNAMES,
    ]
    .iter()
    .filter_map(|list| longest(list))
    .max();
    // A child may bear two of them with a hyphen; upper case makes two letters of `ß`.
    assert!(plain + 1 + any.unwrap() < 40);
    for list in [
        names::FEMALE_NAMES,
        names::MALE_NAMES,
        names::ACCENTED_NAMES,
    ] {
        assert!(longest(list).unwrap() <= 30);
    }
    let street = longest(names::STREETS).unwrap() + longest(names::STREET_KINDS).unwrap();
    assert!(street + "250  ".len() <= 40);
}

#[test]
fn common_searches_use_an_index() {
    let (conn, _) = practice(2000, 1, TODAY);
    let digits = crate::demo::table::digits!("HOMEPHONE");
    for (condition, index) in [
        (
            "PATIENTS WHERE SURNAME >= 'smi' AND SURNAME < 'smj'".to_owned(),
            "IX_PATIENTS_SURNAME",
        ),
        (
            "PATIENTS WHERE IHI = '8003608833357361'".to_owned(),
            "IX_PATIENTS_IHI",
        ),
        (
            "PATIENTS WHERE DOB >= '1980-01-01 00:00:00' AND DOB < '1980-01-02 00:00:00'"
                .to_owned(),
            "IX_PATIENTS_DOB",
        ),
        (
            format!("PATIENTS WHERE {digits} = '0755501234'"),
            "IX_PATIENTS_HOMEPHONE_DIGITS",
        ),
        (
            "APPOINTMENTS WHERE INTERNALID = 7 AND RECORDSTATUS = 1".to_owned(),
            "IX_APPOINTMENTS_PATIENT",
        ),
        (
            "APPOINTMENTS WHERE USERID = 9 AND APPOINTMENTDATE = '2026-11-18 00:00:00'".to_owned(),
            "IX_APPOINTMENTS_USER",
        ),
    ] {
        let sql = format!("EXPLAIN QUERY PLAN SELECT * FROM {condition}");
        let plan: String = conn.query_row(&sql, [], |row| row.get(3)).unwrap();
        assert!(
            plan.contains(&format!("USING INDEX {index} (")),
            "{condition}: {plan}"
        );
    }
}
