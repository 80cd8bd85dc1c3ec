//! When things happen: between birth and death, and before today.

use super::*;
use schema::SqlType;

/// Columns of days that may lie ahead: what is planned, and what runs out.
const AHEAD: &[&str] = &[
    "APPOINTMENTS.APPOINTMENTDATE",
    "DAYSAWAY.FINISHDATE",
    "DAYSAWAY.STARTDATE",
    "IMMUNISATIONS.EXPIRYDATE",
    "PATIENTS.PENSIONEXPIRY",
    "SESSIONS.ENDDATE",
    "SESSIONS.STARTDATE",
];

/// Small practices of several seeds, on a Wednesday, on a Sunday, on the Monday after it and at New Year, each with its
/// today as the tables have it.
fn practices() -> impl Iterator<Item = (Connection, String)> {
    let days = [
        TODAY,
        date(2026, 11, 22),
        date(2026, 11, 23),
        date(2027, 1, 1),
    ];
    days.into_iter().zip(1..).map(|(today, seed)| {
        let (conn, _) = practice(400, seed, today);
        (conn, format!("'{today} 00:00:00'"))
    })
}

/// Each table with each of its columns that hold a day or a moment.
fn columns() -> impl Iterator<Item = (&'static schema::Table, &'static str)> {
    schema::TABLES.iter().flat_map(|table| {
        let columns = table.columns.iter();
        columns
            .filter(|column| matches!(column.sql_type, SqlType::DateTime))
            .map(|column| (*table, column.name))
    })
}

fn assert_none(conn: &Connection, what: &str) {
    assert_eq!(count(conn, what), 0, "{what}");
}

#[test]
fn nothing_has_happened_today_or_later() {
    for (conn, today) in practices() {
        for (table, column) in columns() {
            let name = table.name;
            if !AHEAD.contains(&format!("{name}.{column}").as_str()) {
                assert_none(&conn, &format!("{name} WHERE {column} >= {today}"));
            }
        }
        // A day of which all is known; what is known of others is their year, or their month too.
        let began = "printf('%04d-%02d-%02d 00:00:00', YEAR, MONTH, DAY)";
        assert_none(&conn, &format!("PASTHISTORY WHERE {began} >= {today}"));
        let ahead = format!("APPOINTMENTS WHERE APPOINTMENTDATE >= {today}");
        assert_none(
            &conn,
            &format!(
                "{ahead} AND (APPOINTMENTCODE BETWEEN 2 AND 7 OR ARRIVALTIME > 0 OR VISITID > 0)"
            ),
        );
        assert!(count(&conn, &format!("{ahead} AND APPOINTMENTCODE = 1")) > 100);
        // What was over in the day was over before midnight.
        assert_none(
            &conn,
            "VISITS WHERE STARTTIME NOT BETWEEN 0 AND 86399 OR ENDTIME > 86399",
        );
        assert_none(&conn, "OBSERVATIONS WHERE OBSTIME NOT BETWEEN 0 AND 86399");
        assert_none(
            &conn,
            "INVESTIGATIONS WHERE REPORTTIME NOT BETWEEN 0 AND 86399",
        );
    }
}

#[test]
fn records_lie_between_birth_and_death() {
    let mut visited = 0;
    for (conn, _) in practices() {
        let of_patients = |(table, column): &(&schema::Table, &str)| {
            table.name != "PATIENTS"
                && *column != "EXPIRYDATE"
                && table
                    .columns
                    .iter()
                    .any(|column| column.name == "INTERNALID")
        };
        let mut tables = 0;
        for (table, column) in columns().filter(of_patients) {
            tables += 1;
            let rows = format!(
                "{} r JOIN PATIENTS p USING (INTERNALID) WHERE r",
                table.name
            );
            assert_none(&conn, &format!("{rows}.{column} < p.DOB"));
            // Nor on the day of death: at what hour it was is not kept.
            assert_none(&conn, &format!("{rows}.{column} >= p.DATEOFDEATH"));
        }
        assert!(tables > 25, "{tables}");
        assert_none(
            &conn,
            "PASTHISTORY JOIN PATIENTS USING (INTERNALID) WHERE DAY > 0 AND printf('%04d-%02d-%02d 00:00:00', YEAR, MONTH, DAY) NOT BETWEEN DOB AND COALESCE(DATEOFDEATH, '9999')",
        );
        // What hangs on a row of the record.
        for (table, head, key) in [
            ("VISITREASON", "VISITS", "VISITID"),
            ("SCRIPTITEMS", "PRESCRIPTIONS", "SCRIPTID"),
        ] {
            let what = format!(
                "{table} r JOIN {head} USING ({key}) JOIN PATIENTS p USING (INTERNALID) WHERE r.CREATED < p.DOB OR r.CREATED >= p.DATEOFDEATH"
            );
            assert_none(&conn, &what);
        }
        visited += count(
            &conn,
            "VISITS JOIN PATIENTS USING (INTERNALID) WHERE DATEOFDEATH IS NOT NULL",
        );
    }
    // None of this is so because there is nobody to look at.
    assert!(visited > 0);
}

#[test]
fn the_dead_are_not_active_but_for_one() {
    for (conn, _) in practices() {
        let dead = "PATIENTS WHERE DATEOFDEATH IS NOT NULL";
        assert!(count(&conn, dead) > 8);
        assert_eq!(count(&conn, &format!("{dead} AND PATIENTSTATUS = 1")), 1);
        assert_eq!(count(&conn, &format!("{dead} AND PATIENTSTATUS <> 3")), 1);
        assert_none(
            &conn,
            "PATIENTS WHERE PATIENTSTATUS = 3 AND DATEOFDEATH IS NULL",
        );
        // Whoever wrote down a death did so when it had happened.
        assert_none(&conn, "PATIENTS WHERE UPDATED < DATEOFDEATH");
    }
}

#[test]
fn medicines_are_stopped_on_days_of_their_own() {
    for (conn, _) in practices() {
        let stopped = count(&conn, "CURRENTRX WHERE DELETIONDATE IS NOT NULL");
        let days = count(
            &conn,
            "(SELECT DISTINCT DELETIONDATE FROM CURRENTRX WHERE DELETIONDATE IS NOT NULL)",
        );
        assert!(
            stopped > 10 && days * 10 >= stopped * 8,
            "{stopped} on {days} days"
        );
        assert_none(&conn, "CURRENTRX WHERE DELETIONDATE < LASTDATE");
    }
}
