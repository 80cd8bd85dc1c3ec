//! Days and times.

use serde_json::{Value, json};

use super::{assert_found, practice, resource};

#[test]
fn an_offset_in_the_text_of_a_time_counts() {
    let rows = "(1, '2026-01-05T09:30:00Z'), (2, '2026-01-05 09:30:00+10:00'), (3, '2026-01-04T23:30-0030'),
         (4, '2026-01-05T09:30:00.250+01'), (5, '2026-01-05 09:30:00 EST'), (6, '2026-01-05T09:30:00+10:00:00'),
         (7, '2026-01-05 09:30:00'), (8, '2026-01-05T20:00:00Z'), (9, '9999-12-31T23:59:59Z')";
    let local = practice(
        "AT: datetime",
        "Patient",
        "elements:\n  deceasedDateTime: $t.AT\n  birthDate: $t.AT\n",
        rows,
    );
    let written: Vec<Value> = local
        .resources("Patient")
        .iter()
        .map(|resource| json!([resource["deceasedDateTime"], resource["birthDate"]]))
        .collect();
    assert_eq!(
        written,
        [
            json!(["2026-01-05T19:30:00+10:00", "2026-01-05"]),
            json!(["2026-01-05T09:30:00+10:00", "2026-01-05"]),
            json!(["2026-01-05T10:00:00+10:00", "2026-01-05"]),
            json!(["2026-01-05T18:30:00.250+10:00", "2026-01-05"]),
            json!([null, "2026-01-05"]),
            json!([null, "2026-01-05"]),
            json!(["2026-01-05T09:30:00+10:00", "2026-01-05"]),
            json!(["2026-01-06T06:00:00+10:00", "2026-01-06"]),
            json!([null, null]),
        ]
    );
    // All in UTC, and said to be: searches are exact.
    let utc = practice(
        "AT: datetime",
        "Patient",
        "elements:\n  deceasedDateTime: { column: t.AT, zone: utc }\n",
        "(1, '2026-01-05T09:30:00Z'), (2, '2026-01-05T14:00:00Z'), (3, '2026-01-05T13:59:59Z')",
    );
    assert_eq!(
        resource(&utc, "Patient/2")["deceasedDateTime"],
        "2026-01-06T00:00:00+10:00"
    );
    assert_found(
        &utc,
        &[
            ("Patient?death-date=2026-01-05", &["1", "3"]),
            ("Patient?death-date=2026-01-06", &["2"]),
            ("Patient?death-date=2026-01-05T19:30:00%2B10:00", &["1"]),
            ("Patient?death-date=gt2026-01-05T09:30:00Z", &["2", "3"]),
        ],
    );
}

#[test]
fn text_that_is_no_date_is_found_by_no_date_search() {
    let rows = "(1, '08/03/1979', 19790308, '03/1979'), (2, '99/99/2026', 20269999, '13/2026'),
        (3, '30/02/2026', 20260230, 'ab/2026'), (4, 'unknown', 12, '3/2026'), (5, '8/3/1979', NULL, ''),
        (6, NULL, 0, NULL), (7, ' 08/03/1979 ', 19790308, ' 03/1979'), (8, '01/01/0000', 101, '01/0000')";
    for column in [
        "{ column: t.TEXT, format: DD/MM/YYYY }",
        "{ column: t.NUMBER, format: YYYYMMDD }",
        "{ column: t.CARD, format: MM/YYYY }",
    ] {
        let practice = practice(
            "TEXT: varchar(12), NUMBER: integer, CARD: varchar(10)",
            "Patient",
            &format!("elements:\n  birthDate: {column}\n"),
            rows,
        );
        let written: Vec<Value> = practice
            .resources("Patient?birthdate:missing=false")
            .iter()
            .map(|resource| json!([resource["id"], resource["birthDate"].is_string()]))
            .collect();
        assert_eq!(
            written,
            [json!(["1", true]), json!(["7", true])],
            "{column}"
        );
        assert_found(
            &practice,
            &[
                ("Patient?birthdate=1979-03", &["1", "7"]),
                ("Patient?birthdate=gt1980", &[]),
                ("Patient?birthdate=ge0001", &["1", "7"]),
                ("Patient?birthdate=lt1980", &["1", "7"]),
                ("Patient?birthdate=ne1980", &["1", "7"]),
                ("Patient?birthdate=ap1979", &["1", "7"]),
                (
                    "Patient?birthdate:missing=true",
                    &["2", "3", "4", "5", "6", "8"],
                ),
            ],
        );
    }
}

#[test]
fn an_end_past_midnight_is_found_where_it_is_written() {
    let practice = practice(
        "DAY: date, FROMMIN: integer, MINUTES: integer",
        "Encounter",
        "elements:
  status: finished
  class: { code: AMB }
  period:
    start: { date: t.DAY, minutes: t.FROMMIN }
    end: { date: t.DAY, minutes: t.FROMMIN, plus: t.MINUTES }
",
        "(1, '2026-02-03', 1430, 20), (2, '2026-02-03', 1430, 10), (3, '2026-02-03', 1430, 9), (4, '2026-02-03', 1430, 1500)",
    );
    let ends: Vec<Value> = practice
        .resources("Encounter")
        .iter()
        .map(|resource| resource["period"]["end"].clone())
        .collect();
    assert_eq!(
        ends,
        [
            "2026-02-04T00:10:00+10:00",
            "2026-02-04T00:00:00+10:00",
            "2026-02-03T23:59:00+10:00",
            "2026-02-05T00:50:00+10:00"
        ]
    );
    assert_found(
        &practice,
        &[
            ("Encounter?date=2026-02-03", &["3"]),
            ("Encounter?date=gt2026-02-03", &["1", "2", "4"]),
            ("Encounter?date=gt2026-02-04", &["4"]),
            ("Encounter?date=eb2026-02-04", &["3"]),
            ("Encounter?date=gt2026-02-05T00:48:00%2B10:00", &["4"]),
            ("Encounter?date=gt2026-02-05T00:51:00%2B10:00", &[]),
        ],
    );
}

#[test]
fn the_end_of_the_calendar_is_after_every_moment() {
    let practice = practice(
        "SEEN: datetime, UPDATED: bigint",
        "Patient",
        "lastUpdated: { column: t.UPDATED, unix: true }\nelements:\n  deceasedDateTime: $t.SEEN\n",
        "(1, '2020-05-05 12:00:00', 1700000000), (2, '2021-05-05 12:00:00', 1700000001)",
    );
    let last = super::practice(
        "DOB: date",
        "Patient",
        "elements:\n  birthDate: $t.DOB\n",
        "(1, '9999-12-31'), (2, '9999-12-30'), (3, NULL)",
    );
    assert_found(
        &last,
        &[
            ("Patient?birthdate=9999-12-31", &["1"]),
            ("Patient?birthdate=9999", &["1", "2"]),
            ("Patient?birthdate=ne9999-12-31", &["2"]),
            ("Patient?birthdate=ge9999-12-31", &["1"]),
            ("Patient?birthdate=le9999-12-31", &["1", "2"]),
            ("Patient?birthdate=gt9999-12-31", &[]),
            ("Patient?birthdate=eb9999-12-31", &["2"]),
            ("Patient?birthdate=sa9999-12-31", &[]),
        ],
    );
    assert_found(
        &practice,
        &[
            ("Patient?death-date=le9999-12-31", &["1", "2"]),
            ("Patient?death-date=gt9999-12-31", &[]),
            ("Patient?_lastUpdated=le9999-12-31", &["1", "2"]),
            ("Patient?_lastUpdated=gt9999-12-31", &[]),
        ],
    );
}

#[test]
fn three_numbers_that_are_no_day_are_found_by_no_date_search() {
    let practice = practice(
        "Y: integer, M: integer, D: integer",
        "Patient",
        "elements:\n  birthDate: { year: t.Y, month: t.M, day: t.D }\n",
        "(1, 1980, 5, 17), (2, 1980, 5, 0), (3, 1980, 0, 9), (4, 1980, 2, 29), (5, 1900, 2, 29), (6, 1980, 13, 5), \
         (7, 1980, 4, 31), (8, 1980, 5, 45), (9, 1980, -1, 1), (10, 19800, 1, 1), (11, 0, 5, 5), (12, NULL, 1, 1), \
         (13, 1980, 12, 31), (14, 2000, 2, 29), (15, 1980, NULL, NULL), (16, 1980, 5, -3)",
    );
    let written: Vec<String> = practice
        .resources("Patient?_count=50")
        .iter()
        .filter(|patient| patient.get("birthDate").is_some())
        .map(|patient| patient["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(written, ["1", "2", "3", "4", "13", "14", "15"]);
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    assert_found(
        &practice,
        &[
            ("Patient?birthdate:missing=false", &written),
            ("Patient?birthdate=gt1000", &written),
            ("Patient?birthdate=lt3000", &written),
            ("Patient?birthdate=ne1700", &written),
            ("Patient?birthdate=1980-05", &["1", "2"]),
            ("Patient?birthdate=2000-02-29", &["14"]),
        ],
    );
}

#[test]
fn noughts_in_a_layout_are_no_date() {
    let practice = practice(
        "BORN: varchar(10)",
        "Patient",
        "elements:\n  birthDate: { column: t.BORN, format: DD/MM/YYYY }\n",
        "(1, '17/05/1980'), (2, '00/05/1980'), (3, '05/00/1980'), (4, '00/00/0000')",
    );
    assert_eq!(resource(&practice, "Patient/1")["birthDate"], "1980-05-17");
    for id in 2..5 {
        assert_eq!(
            resource(&practice, &format!("Patient/{id}")).get("birthDate"),
            None
        );
    }
    assert_found(
        &practice,
        &[
            ("Patient?birthdate=1980", &["1"]),
            ("Patient?birthdate:missing=true", &["2", "3", "4"]),
            ("Patient?birthdate=ne1999", &["1"]),
        ],
    );
}
