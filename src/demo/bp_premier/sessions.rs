//! When clinicians see patients: the sessions of their weeks, and the days on which they are away.
//!
//! Takes the seed, today and how many doctors there are; fills SESSIONS and DAYSAWAY, and says for the appointment
//! book who works when. Everyone has one weekday off. Some come on every other Saturday too, for a session that their
//! slots do not fill.

use super::appointments::Book;
use super::schema::book;
use super::staff::{FORMER_DOCTOR, LOCATION_IDS};
use crate::demo::Result;
use crate::demo::calendar::Day;
use crate::demo::random::{Random, Stream};
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// A quarter of an hour, in seconds: how long a time in the book is.
pub const SLOT: i32 = 900;
/// The sessions of a weekday: from and until, in seconds since midnight.
pub const SESSIONS: [(i32, i32); 2] = [(30_600, 45_000), (48_600, 61_200)];
/// The session of a Saturday: nine slots of twenty minutes, and half of another.
const SATURDAY: (i32, i32, i32) = (32_400, 43_800, 1200);
/// How long ago the former doctor left, in days.
const LEFT: i32 = 180;

/// The location at which someone works on a day of the week.
pub fn location(user: u32, weekday: i32) -> Option<i32> {
    let place = (user as usize + usize::from(weekday > 2)) % LOCATION_IDS.len();
    LOCATION_IDS.get(place).copied()
}

/// DAYOFWEEK: 1 is Sunday.
fn day_of_week(weekday: i32) -> i32 {
    (weekday + 1) % 7 + 1
}

impl Book {
    /// Whether someone sees patients on a day on which the practice is open.
    pub(super) fn works(&self, user: u32, day: Day) -> bool {
        if user == FORMER_DOCTOR && day > self.today.plus(-LEFT) {
            return false;
        }
        let away = || {
            self.away(user)
                .any(|(from, until)| (from..=until).contains(&day))
        };
        i64::from(user % 5) != i64::from(day.weekday()) && !away()
    }

    /// Three times that someone is away: one in each year, and a day soon.
    fn away(&self, user: u32) -> impl Iterator<Item = (Day, Day)> + use<> {
        let today = self.today;
        let mut random = Random::new(self.seed, Stream::Away, u64::from(user));
        [(-350, -40, 18), (40, 340, 18), (1, 20, 0)]
            .into_iter()
            .map(move |(first, last, longest)| {
                let from = today.plus(random.between(first, last));
                (from, from.plus(random.between(0, longest)))
            })
    }

    /// Writes the sessions and the days away of everyone who is in the book.
    ///
    /// # Errors
    /// The engine's.
    pub(super) fn write_sessions(&self, rows: &dyn Rows) -> Result<()> {
        let mut sessions = Sessions {
            book: self,
            writer: Writer::new(rows, &book::SESSIONS),
        };
        let mut away = Writer::new(rows, &book::DAYSAWAY);
        for user in self.clinicians() {
            sessions.of(user)?;
            for (from, until) in self.away(user) {
                let id = i64::try_from(away.rows() + 1).unwrap_or(i64::MAX);
                // A plan that came to nothing, once in a while.
                let status = if id % 13 == 5 && until < self.today {
                    2
                } else {
                    1
                };
                away.set("RECORDID", id)
                    .set("RECORDSTATUS", status)
                    .set("USERID", user)
                    .set("STARTDATE", from.midnight())
                    .set("FINISHDATE", (until > from).then(|| until.midnight()))
                    .set(
                        "CREATED",
                        from.plus(-60).min(self.today.plus(-1)).at(36_000),
                    );
                away.insert()?;
            }
        }
        Ok(())
    }
}

struct Sessions<'b> {
    book: &'b Book,
    writer: Writer<'b>,
}

/// One row of SESSIONS, but for what is the same in all.
struct Session {
    user: u32,
    weekday: i32,
    /// From, until, and the length of a slot.
    times: (i32, i32, i32),
    from: Day,
    until: Option<Day>,
    /// Weeks of the cycle, and which of them.
    cycle: (i32, i32),
    record_status: i32,
}

impl Sessions<'_> {
    fn of(&mut self, user: u32) -> Result<()> {
        let today = self.book.today;
        let began = today.plus(-500);
        let ends = (user == FORMER_DOCTOR).then(|| today.plus(-LEFT));
        let session = |weekday: i32, (from, until): (i32, i32)| Session {
            user,
            weekday,
            times: (from, until, SLOT),
            from: began,
            until: ends,
            cycle: (1, 1),
            record_status: 1,
        };
        for weekday in 0..5 {
            for times in SESSIONS {
                let off = i64::from(user % 5) == i64::from(weekday);
                // Given up where it is their day off now, by every other one.
                if !off {
                    self.write(&session(weekday, times))?;
                } else if user.is_multiple_of(2) {
                    self.write(&Session {
                        record_status: 2,
                        ..session(weekday, times)
                    })?;
                }
            }
        }
        if today.weekday() > 4 {
            for times in SESSIONS {
                self.write(&Session {
                    from: today,
                    until: Some(today),
                    ..session(today.weekday(), times)
                })?;
            }
        }
        if user % 4 == 1 {
            self.write(&Session {
                times: SATURDAY,
                cycle: (2, 1 + i32::from(user % 8 == 1)),
                ..session(5, (0, 0))
            })?;
        }
        Ok(())
    }

    fn write(&mut self, session: &Session) -> Result<()> {
        let (from, until, length) = session.times;
        let (weeks, week) = session.cycle;
        let id = i64::try_from(self.writer.rows() + 1).unwrap_or(i64::MAX);
        self.writer
            .set("SESSIONID", id)
            .set("RECORDSTATUS", session.record_status)
            .set("USERID", session.user)
            .set("LOCATIONID", location(session.user, session.weekday))
            .set("DAYOFWEEK", day_of_week(session.weekday))
            .set("STARTTIME", from)
            .set("ENDTIME", until)
            .set("LENGTH", length)
            .set("STARTDATE", session.from.midnight())
            .set("ENDDATE", session.until.map(Day::midnight))
            .set("WEEKS", weeks)
            .set("CYCLEWEEK", week)
            .set("CREATED", self.book.today.plus(-520).at(36_000));
        self.writer.insert()
    }
}
