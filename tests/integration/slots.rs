//! Slots against a second computation: the sessions of the demo's rows, less days away, less appointments, by day and
//! by slot, in plain Rust.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use rusqlite::Connection;

use crate::practice::{Practice, id, writable};

/// A row of SESSIONS of someone who works here.
struct Session {
    id: i64,
    user: i64,
    location: i64,
    /// 0 is Monday.
    weekday: i8,
    from: i64,
    until: i64,
    length: i64,
    first: Date,
    last: Option<Date>,
    /// Weeks of the cycle, and which of them from 0 on.
    cycle: (i32, i32),
}

struct Rows {
    sessions: Vec<Session>,
    /// User, first and last day.
    away: Vec<(i64, Date, Date)>,
    /// From and until, in seconds, by user and day.
    taken: BTreeMap<(i64, Date), Vec<(i64, i64)>>,
}

fn day(text: &str) -> Date {
    text[..10].parse().unwrap()
}

impl Rows {
    fn read(database: &Connection) -> Rows {
        let mut statement = database
            .prepare("SELECT s.* FROM SESSIONS s JOIN USERS u USING (USERID) WHERE s.RECORDSTATUS = 1 AND u.RECORDSTATUS = 1 AND u.USERSTATUS = 1")
            .unwrap();
        let sessions = statement
            .query_map([], |row| {
                Ok(Session {
                    id: row.get("SESSIONID")?,
                    user: row.get("USERID")?,
                    location: row.get("LOCATIONID")?,
                    weekday: (row.get::<_, i8>("DAYOFWEEK")? + 5) % 7,
                    from: row.get("STARTTIME")?,
                    until: row.get("ENDTIME")?,
                    length: row.get("LENGTH")?,
                    first: day(&row.get::<_, String>("STARTDATE")?),
                    last: row
                        .get::<_, Option<String>>("ENDDATE")?
                        .map(|text| day(&text)),
                    cycle: (row.get("WEEKS")?, row.get::<_, i32>("CYCLEWEEK")? - 1),
                })
            })
            .unwrap();
        let sessions = sessions.map(Result::unwrap).collect();
        let mut statement = database
            .prepare("SELECT USERID, STARTDATE, FINISHDATE FROM DAYSAWAY WHERE RECORDSTATUS = 1")
            .unwrap();
        let away = statement
            .query_map([], |row| {
                let first = day(&row.get::<_, String>(1)?);
                let last = row.get::<_, Option<String>>(2)?;
                Ok((row.get(0)?, first, last.map_or(first, |text| day(&text))))
            })
            .unwrap();
        let away = away.map(Result::unwrap).collect();
        let mut statement = database
            .prepare("SELECT USERID, APPOINTMENTDATE, APPOINTMENTTIME, APPOINTMENTLENGTH FROM APPOINTMENTS WHERE RECORDSTATUS = 1 AND RECORDID NOT IN (SELECT APPOINTMENTID FROM CANCELLEDAPPOINTMENTS)")
            .unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut taken: BTreeMap<_, Vec<_>> = BTreeMap::new();
        while let Some(row) = rows.next().unwrap() {
            let date = day(&row.get::<_, String>(1).unwrap());
            let (from, length): (i64, i64) = (row.get(2).unwrap(), row.get(3).unwrap());
            let key = (row.get(0).unwrap(), date);
            taken.entry(key).or_default().push((from, from + length));
        }
        Rows {
            sessions,
            away,
            taken,
        }
    }

    /// Id, schedule and status of every slot of a day.
    fn slots(&self, date: Date) -> Vec<(String, String, &'static str)> {
        let mut slots = Vec::new();
        for session in &self.sessions {
            let weeks = i64::from((date - session.first).get_days()).div_euclid(7);
            let (cycle, week) = session.cycle;
            let is_held = date.weekday().to_monday_zero_offset() == session.weekday
                && date >= session.first
                && session.last.is_none_or(|last| date <= last)
                && weeks.rem_euclid(i64::from(cycle)) == i64::from(week);
            if !is_held {
                continue;
            }
            let is_away = self.away.iter().any(|(user, first, last)| {
                *user == session.user && (*first..=*last).contains(&date)
            });
            let mut from = session.from;
            while from + session.length <= session.until {
                let until = from + session.length;
                let taken = self.taken.get(&(session.user, date));
                let is_taken = taken.is_some_and(|taken| {
                    taken
                        .iter()
                        .any(|(begins, ends)| *begins < until && *ends > from)
                });
                let status = match (is_away, is_taken) {
                    (true, _) => "busy-unavailable",
                    (false, true) => "busy",
                    (false, false) => "free",
                };
                let number = date.strftime("%Y%m%d");
                slots.push((
                    format!("{}.{number}.{from}", session.id),
                    format!("Schedule/{}-{}", session.user, session.location),
                    status,
                ));
                from = until;
            }
        }
        slots
    }
}

/// Moves appointments off the slots' times and lengths, and takes some back.
fn disturb(database: &Connection) {
    database
        .execute_batch(
            "UPDATE APPOINTMENTS SET APPOINTMENTTIME = APPOINTMENTTIME + 420 WHERE RECORDID % 7 = 1;
             UPDATE APPOINTMENTS SET APPOINTMENTLENGTH = 2400 WHERE RECORDID % 11 = 2;
             UPDATE APPOINTMENTS SET APPOINTMENTLENGTH = 300 WHERE RECORDID % 5 = 3;
             UPDATE APPOINTMENTS SET RECORDSTATUS = 2 WHERE RECORDID % 13 = 4;",
        )
        .unwrap();
}

#[test]
fn slots_are_sessions_less_days_away_less_appointments() {
    let practice = Practice::demo(600);
    let database = writable(&practice.path);
    for disturbed in [false, true] {
        if disturbed {
            disturb(&database);
        }
        let rows = Rows::read(&database);
        let (mut all, mut statuses) = (0, BTreeMap::<_, usize>::new());
        // The week of today, one of the past, and some in which people are away.
        for first in [
            date(2026, 3, 2),
            date(2025, 9, 1),
            date(2026, 3, 9),
            date(2026, 3, 16),
            date(2026, 8, 3),
        ] {
            let until = first + 7.days();
            let mut expected: BTreeMap<String, (String, &str)> = BTreeMap::new();
            for offset in 0..7 {
                for (id, schedule, status) in rows.slots(first + offset.days()) {
                    expected.insert(id, (schedule, status));
                }
            }
            let week = format!("start=ge{first}&start=lt{until}&_count=200");
            let found = practice.resources(&format!("Slot?{week}"));
            assert_eq!(found.len(), expected.len(), "{first}");
            for slot in &found {
                let (schedule, status) = &expected[id(slot)];
                assert_eq!(slot["status"], *status, "{}", id(slot));
                assert_eq!(slot["schedule"]["reference"], schedule.as_str());
                *statuses.entry(*status).or_default() += 1;
            }
            all += found.len();
            // And asked for by status, and by whose they are.
            for status in ["free", "busy", "busy-unavailable"] {
                let of_status = expected.values().filter(|(_, is)| *is == status).count();
                let search = format!("Slot?status={status}&{week}");
                assert_eq!(practice.ids(&search).len(), of_status, "{search}");
            }
            let schedules: std::collections::BTreeSet<_> = expected
                .values()
                .map(|(schedule, _)| schedule.clone())
                .collect();
            for schedule in schedules {
                let free = expected
                    .iter()
                    .filter(|(_, (of, status))| *of == schedule && *status == "free")
                    .map(|(id, _)| id.clone());
                let mut found =
                    practice.ids(&format!("Slot?status=free&schedule={schedule}&{week}"));
                found.sort();
                assert_eq!(found, free.collect::<Vec<_>>(), "{schedule}");
            }
        }
        assert!(all > 2_000, "{all}");
        assert!(statuses.len() == 3, "{statuses:?}");
    }
}

#[test]
fn a_slot_that_was_found_can_be_read() {
    let practice = Practice::demo(60);
    let found = practice.resources("Slot?start=2026-03-02");
    assert!(found.len() > 20);
    for slot in &found {
        let read = practice.read(&format!("Slot/{}", id(slot))).unwrap();
        assert_eq!(&crate::practice::parse(&read.body), slot);
    }
}

/// One condition by itself is a range of days, a page's worth of rows or a refusal: never a calendar of everything.
#[test]
fn a_week_of_slots_is_quickly_found() {
    let practice = Practice::demo(20_000);
    for search in [
        "Slot?status=free&start=ge2026-03-02&start=lt2026-03-09&schedule=Schedule/9-1",
        "Slot?status=free&start=ge2026-03-02&start=lt2026-03-09&schedule.actor=Practitioner/9",
        "Slot?status=free&start=ge2026-03-02&start=lt2026-03-09",
        "Slot?start=ge2026-03-02&start=lt2026-03-09&_count=200&_include=Slot:schedule",
    ] {
        let began = std::time::Instant::now();
        let bundle = practice.bundle(search);
        let took = began.elapsed();
        println!("{search}: {took:?}, {}", bundle["total"]);
        // Many times what it takes on a slow machine, and a small part of what all days would take.
        assert!(took.as_secs() < 5, "{search}: {took:?}");
    }
}
