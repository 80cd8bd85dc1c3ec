//! The appointment book: a year back and a year ahead.
//!
//! Takes the seed, today and how many patients and doctors there are; fills APPOINTMENTS and
//! CANCELLEDAPPOINTMENTS, and the visits of those that were kept. Goes day by day and clinician by clinician through the quarter hours of
//! the sessions ([`super::sessions`]) and fills as many as give about four appointments a patient: evenly in the past,
//! thinning out in the future. Today is in progress: it is eleven o'clock, some have been seen, one
//! patient of each clinician is in the room and the next one waits. The practice opens on weekdays,
//! and today whatever day it is, so that a demo started on a Sunday shows a day at work too.

use super::calendar::Day;
use super::clinical::visits::{self, Visit};
use super::lookups::{UNKNOWN_CODE, appointment as code};
use super::patients::record_status;
use super::random::{Random, Stream};
use super::schema::book;
use super::sessions::{SESSIONS, SLOT, location};
use super::staff::{FIRST_DOCTOR, FORMER_DOCTOR, NURSES, RECEPTIONISTS};
use super::writer::Writer;
use rusqlite::Connection;

/// Slots of a clinician's day.
const SLOTS: u64 = 30;
/// Days shown on either side of today.
const REACH: i32 = 365;
/// What the clock says today: eleven.
const NOW: i32 = 39_600;
/// The slots around now that are always taken today.
const PRESENT: std::ops::Range<i32> = (NOW - 3 * SLOT)..(NOW + SLOT);
/// A million: the unit that the share of filled slots is counted in.
const MILLION: u64 = 1_000_000;

const REASONS: &[&str] = &[
    "Flu vaccination",
    "Review of results",
    "Repeat script",
    "Care plan review",
    "Skin check",
    "Blood pressure",
    "Sore throat",
    "Back pain",
    "Medical certificate",
    "Baby check, 6 weeks",
    "Travel advice – São Paulo",
    "Pt's wound dressing",
    "Referral",
    "Iron infusion (2nd)",
];
const COMMENTS: &[&str] = &[
    "Interpreter needed",
    "Running late",
    "Bring hearing aids",
    "Wheelchair access",
    "Prefers text message",
    "Bulk bill",
    "Check Medicare card",
    "Mother will come along",
];
const CANCELLATIONS: &[&str] = &[
    "Patient unwell",
    "Doctor away",
    "Rescheduled",
    "Transport",
    "No longer needed",
    "",
];

/// What the appointment book needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Book {
    /// The practice's seed.
    pub seed: u64,
    /// The day in progress.
    pub today: Day,
    /// How many patients there are; their keys are 1 to this.
    pub patients: u32,
    /// How many current doctors there are.
    pub doctors: u32,
}

/// One appointment before it is written.
struct Slot {
    day: Day,
    start: i32,
    user: u32,
}

impl Book {
    /// About how many appointments there will be, cancelled ones included.
    pub fn expected(&self) -> u64 {
        u64::from(self.patients) * 17 / 4
    }

    /// Writes the book, and the sessions that it is filled by; `progress` is told how many rows there are after each day. Gives the number
    /// of appointments, among them of cancelled ones, and of the visits that came of them with their reasons.
    ///
    /// # Errors
    /// SQLite's.
    pub fn write(
        &self,
        conn: &Connection,
        progress: &mut dyn FnMut(u64),
    ) -> rusqlite::Result<(u64, u64, u64)> {
        self.write_sessions(conn)?;
        let mut rows = Rows {
            book: *self,
            appointments: Writer::new(conn, &book::APPOINTMENTS)?,
            cancelled: Writer::new(conn, &book::CANCELLEDAPPOINTMENTS)?,
            visits: visits::Writers::new(conn, self.seed)?,
        };
        let capacity: u64 = self
            .days()
            .map(|day| weight(day.0 - self.today.0) * SLOTS * self.on_duty(day))
            .sum();
        for day in self.days() {
            let share = self.expected() * MILLION * weight(day.0 - self.today.0) / capacity.max(1);
            // Never quite full: there is always a free slot to find; and today is never a quiet day.
            let least = if day == self.today { MILLION / 4 } else { 0 };
            let share = u32::try_from(share.clamp(least, MILLION * 9 / 10)).unwrap_or(0);
            for user in self.clinicians().filter(|user| self.works(*user, day)) {
                rows.write_day(day, user, share)?;
            }
            progress(rows.appointments.rows());
        }
        Ok((
            rows.appointments.rows(),
            rows.cancelled.rows(),
            rows.visits.rows(),
        ))
    }

    /// The days on which the practice is open.
    fn days(&self) -> impl Iterator<Item = Day> + '_ {
        (-REACH..=REACH)
            .map(|offset| self.today.plus(offset))
            .filter(|day| day.weekday() < 5 || *day == self.today)
    }

    pub(super) fn clinicians(&self) -> impl Iterator<Item = u32> + use<> {
        let doctors = FIRST_DOCTOR..FIRST_DOCTOR.saturating_add(self.doctors);
        NURSES.into_iter().chain([FORMER_DOCTOR]).chain(doctors)
    }

    fn on_duty(&self, day: Day) -> u64 {
        self.clinicians()
            .map(|user| u64::from(self.works(user, day)))
            .sum()
    }
}

/// How full a day is by its distance from today, relative to the past.
fn weight(offset: i32) -> u64 {
    match offset {
        ..=7 => 100,
        8..=28 => 70,
        29..=90 => 25,
        _ => 8,
    }
}

struct Rows<'conn> {
    book: Book,
    appointments: Writer<'conn>,
    cancelled: Writer<'conn>,
    visits: visits::Writers<'conn>,
}

impl Rows<'_> {
    fn write_day(&mut self, day: Day, user: u32, share: u32) -> rusqlite::Result<()> {
        let index = i64::from(day.0) * 100_000 + i64::from(user);
        // A stream's number is any 64 bits: days before 1970 wrap, and stay apart.
        let mut random = Random::new(self.book.seed, Stream::Clinic, index as u64);
        let today = day == self.book.today;
        for (opens, closes) in SESSIONS {
            let mut start = opens;
            while start < closes {
                let slot = Slot { day, start, user };
                let taken = random.below(MILLION as u32) < share;
                let mut length = SLOT;
                if taken || (today && PRESENT.contains(&start)) {
                    // A cancelled appointment leaves its time to another one.
                    if random.chance(6) {
                        self.write_row(&slot, SLOT, true, &mut random)?;
                    }
                    // Today's stay short, so that the slots around now exist.
                    if !today && random.chance(15) {
                        length = SLOT * random.pick(&[2, 2, 3]);
                    }
                    length = length.min(closes - start);
                    self.write_row(&slot, length, false, &mut random)?;
                }
                start += length;
            }
        }
        Ok(())
    }

    fn write_row(
        &mut self,
        slot: &Slot,
        length: i32,
        cancelled: bool,
        random: &mut Random,
    ) -> rusqlite::Result<()> {
        let Book {
            today, patients, ..
        } = self.book;
        let id = self.appointments.rows() + 1;
        let reserved = patients == 0 || (!cancelled && id % 47 == 20);
        let patient = if reserved {
            id.is_multiple_of(2).then_some(0)
        } else {
            let drawn = random.below(patients);
            // A patient's appointments go with the record: another patient has come.
            (drawn..patients)
                .chain(0..drawn)
                .find(|number| record_status(*number) == 1)
                .map(|number| number + 1)
        };
        let status = if cancelled || reserved {
            code::BOOKED
        } else if id % 211 == 100 {
            UNKNOWN_CODE
        } else {
            status(slot, length, today, random)
        };
        let seen = matches!(status, code::INVOICED | code::COMPLETED | code::PAID);
        let here = seen || matches!(status, code::WAITING | code::WITH_DOCTOR | code::AT_BILLING);
        let arrival = if here {
            slot.start - random.between(0, 1500)
        } else {
            0
        };

        // Booked some days before, in working hours; on the day itself before it opens.
        let ahead = random.between(0, 45) * random.between(0, 2);
        let made = slot.day.min(today).plus(-ahead);
        let made = if ahead == 0 {
            made.at(random.between(25_200, 30_000))
        } else {
            made.at(random.between(30_600, 61_200))
        };
        let changed = if seen {
            Some(slot.day.at(slot.start + length + random.between(0, 900)))
        } else if cancelled || random.chance(25) {
            let since = today.0.min(slot.day.0) - made.day.0;
            let day = made.day.plus(random.between(0, since));
            Some(if day == made.day {
                day.at(made.second + random.between(30, 600))
            } else {
                day.at(random.between(25_200, 30_000))
            })
        } else {
            None
        };
        let video = id % 23 == 11;
        let kind = match id {
            _ if video => Some(3),
            n if n % 101 == 37 => Some(UNKNOWN_CODE),
            n if n % 151 == 66 => None,
            _ if length > SLOT => Some(2),
            _ => Some(random.pick(&[1, 1, 1, 1, 4, 5, 6, 7, 8])),
        };
        let reason = match random.below(10) {
            _ if reserved => Some("Reserved"),
            0..=2 => Some(random.pick(REASONS)),
            3..=6 => Some(""),
            _ => None,
        };
        let comment = match random.below(10) {
            0 => Some(random.pick(COMMENTS)),
            1..=5 => Some(""),
            _ => None,
        };
        let room = video.then(|| format!("https://video.example.com/room/{:016x}", random.bits()));
        let key = i64::try_from(id).unwrap_or(i64::MAX);
        self.appointments
            .set("RECORDID", key)
            .set("RECORDSTATUS", if cancelled { 2 } else { 1 })
            .set("INTERNALID", patient)
            .set("USERID", slot.user)
            .set("LOCATIONID", location(slot.user, slot.day.weekday()))
            .set("VISITID", if seen { key } else { 0 })
            .set("APPOINTMENTDATE", slot.day.midnight())
            .set("APPOINTMENTTIME", slot.start)
            .set("APPOINTMENTLENGTH", length)
            .set("APPOINTMENTCODE", status)
            .set("APPOINTMENTTYPE", kind)
            .set("URGENT", i32::from(id % 37 == 15))
            .set("REASON", reason)
            .set("COMMENT", comment)
            .set("ARRIVALTIME", arrival)
            .set("BOOKEDBY", random.pick(&RECEPTIONISTS))
            .set("VIDEOURL", room.as_ref())
            .set("CREATED", made)
            .set("UPDATED", changed);
        self.appointments.insert()?;
        // A deleted patient's record went with them.
        let patient = patient.filter(|key| *key > 0 && record_status(*key - 1) == 1);
        if let (true, Some(patient)) = (seen, patient) {
            self.visits.write(&Visit {
                id: key,
                patient,
                user: slot.user,
                day: slot.day,
                from: slot.start,
                until: slot.start + length,
                video,
            })?;
        }
        if let (true, Some(moment)) = (cancelled, changed) {
            self.cancelled
                .set("APPOINTMENTID", key)
                .set("RECORDSTATUS", 1)
                .set("CANCELLEDDATE", moment.day.midnight())
                .set("CANCELLEDTIME", moment.second)
                .set("REASON", random.pick(CANCELLATIONS))
                .set("CREATED", moment);
            self.cancelled.insert()?;
        }
        Ok(())
    }
}

/// Where an appointment stands, by the clock.
fn status(slot: &Slot, length: i32, today: Day, random: &mut Random) -> i32 {
    // Some past ones stay booked: the patient never came.
    let past = [
        code::PAID,
        code::PAID,
        code::PAID,
        code::PAID,
        code::COMPLETED,
        code::COMPLETED,
        code::COMPLETED,
        code::INVOICED,
        code::INVOICED,
        code::BOOKED,
    ];
    if slot.day < today {
        return random.pick(&past);
    }
    if slot.day > today {
        return code::BOOKED;
    }
    match slot.start - NOW {
        from if from + length <= -2 * SLOT => random.pick(&past),
        from if from < -SLOT => code::AT_BILLING,
        from if from < 0 => code::WITH_DOCTOR,
        from if from < SLOT => code::WAITING,
        _ => code::BOOKED,
    }
}
