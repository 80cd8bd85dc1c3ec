//! The appointment book: a year back and a year ahead.
//!
//! Takes the seed, today, when each patient may come and how many doctors there are; fills APPOINTMENTS and
//! CANCELLEDAPPOINTMENTS, and the visits of those that were kept. Goes day by day and clinician by clinician through the quarter hours of
//! the sessions ([`super::sessions`]) and fills as many as give about four appointments a patient: evenly in the past,
//! thinning out in the future. Today has not begun: its appointments are booked, as all later ones are. The end of
//! the last day's list was never closed: one patient of each clinician is still with the doctor, and the next one
//! waits. The practice opens on weekdays, and today whatever day it is, so that a demo started on a Sunday shows a
//! day at work too.

use super::clinical::Life;
use super::clinical::visits::{self, Visit};
use super::lookups::{UNKNOWN_CODE, appointment as code};
use super::schema::book;
use super::sessions::{SESSIONS, SLOT, location};
use super::staff::{FIRST_DOCTOR, FORMER_DOCTOR, NURSES, RECEPTIONISTS};
use crate::demo::Result;
use crate::demo::calendar::Day;
use crate::demo::random::{Random, Stream};
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// Slots of a clinician's day.
const SLOTS: u64 = 30;
/// Days shown on either side of today.
const REACH: i32 = 365;
/// Where the last three slots of a day begin. On the last day they are always taken.
const LATE: i32 = SESSIONS[1].1 - 3 * SLOT;
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

/// How past appointments stand. Some stay booked: the patient never came.
const PAST: &[i32] = &[
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

/// What the appointment book needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Book {
    /// The practice's seed.
    pub seed: u64,
    /// The day that comes next: nothing has happened on it.
    pub today: Day,
    /// How many patients there are; their keys are 1 to this.
    pub patients: u32,
    /// How many current doctors there are.
    pub doctors: u32,
}

/// The days on which a patient may have an appointment.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    since: Day,
    until: Day,
}

impl Known {
    /// Those on which the practice knows the patient, and the patient lives.
    pub fn of(life: &Life) -> Known {
        Known {
            since: life.since,
            until: if life.dead { life.until } else { Day(i32::MAX) },
        }
    }
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

    /// Writes the book, and the sessions that it is filled by. `known` is by the number of the patient, with None for
    /// whose record was deleted; `progress` is told how many appointments there are after each day.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(
        &self,
        rows: &dyn Rows,
        known: &[Option<Known>],
        progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        self.write_sessions(rows)?;
        let mut filler = Filler {
            book: *self,
            known,
            appointments: Writer::new(rows, &book::APPOINTMENTS),
            cancelled: Writer::new(rows, &book::CANCELLEDAPPOINTMENTS),
            visits: visits::Writers::new(rows, self.seed),
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
                filler.write_day(day, user, share)?;
            }
            progress(filler.appointments.rows());
        }
        Ok(())
    }

    /// The days on which the practice is open.
    fn days(&self) -> impl Iterator<Item = Day> + '_ {
        (-REACH..=REACH)
            .map(|offset| self.today.plus(offset))
            .filter(|day| day.weekday() < 5 || *day == self.today)
    }

    /// The last day before today on which the practice was open.
    fn last_day(&self) -> Day {
        let yesterday = self.today.plus(-1);
        yesterday.plus(-(yesterday.weekday() - 4).max(0))
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

    /// Where an appointment stands.
    fn status(&self, slot: &Slot, random: &mut Random) -> i32 {
        if slot.day >= self.today {
            return code::BOOKED;
        }
        if slot.day == self.last_day() && slot.start >= LATE {
            return match (slot.start - LATE) / SLOT {
                0 => code::AT_BILLING,
                1 => code::WITH_DOCTOR,
                _ => code::WAITING,
            };
        }
        random.pick(PAST)
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

struct Filler<'conn> {
    book: Book,
    known: &'conn [Option<Known>],
    appointments: Writer<'conn>,
    cancelled: Writer<'conn>,
    visits: visits::Writers<'conn>,
}

impl Filler<'_> {
    fn write_day(&mut self, day: Day, user: u32, share: u32) -> Result<()> {
        let index = i64::from(day.0) * 100_000 + i64::from(user);
        // A stream's number is any 64 bits: days before 1970 wrap, and stay apart.
        let mut random = Random::new(self.book.seed, Stream::Clinic, index as u64);
        let last = day == self.book.last_day();
        for (opens, closes) in SESSIONS {
            let mut start = opens;
            while start < closes {
                let slot = Slot { day, start, user };
                let taken = random.below(MILLION as u32) < share;
                let mut length = SLOT;
                if taken || (last && start >= LATE) {
                    // A cancelled appointment leaves its time to another one.
                    if random.chance(6) {
                        self.write_row(&slot, SLOT, true, &mut random)?;
                    }
                    // The last day's stay short, so that each of the late slots is one of its own.
                    if !last && random.chance(15) {
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

    /// The number of somebody who may come on a day: the patient of a number, or who comes next. None where nobody may.
    fn comes(&self, drawn: u32, day: Day) -> Option<(u32, Known)> {
        let patients = self.book.patients;
        (drawn..patients).chain(0..drawn).find_map(|number| {
            let known = (*self.known.get(number as usize)?)?;
            (known.since..=known.until)
                .contains(&day)
                .then_some((number, known))
        })
    }

    fn write_row(
        &mut self,
        slot: &Slot,
        length: i32,
        cancelled: bool,
        random: &mut Random,
    ) -> Result<()> {
        let id = self.appointments.rows() + 1;
        let set_aside = !cancelled && id % 47 == 20;
        let comes = if set_aside {
            None
        } else {
            let drawn = random.below(self.book.patients);
            self.comes(drawn, slot.day)
        };
        let reserved = comes.is_none();
        let patient = match comes {
            Some((number, _)) => Some(number + 1),
            None => id.is_multiple_of(2).then_some(0),
        };
        let status = if cancelled || reserved {
            code::BOOKED
        } else if id % 211 == 100 {
            UNKNOWN_CODE
        } else {
            self.book.status(slot, random)
        };
        let seen = matches!(status, code::INVOICED | code::COMPLETED | code::PAID);
        let here = seen || matches!(status, code::WAITING | code::WITH_DOCTOR | code::AT_BILLING);
        let arrival = if here {
            slot.start - random.between(0, 1500)
        } else {
            0
        };

        // Booked some days before, in working hours; on the day itself before it opens. By somebody whom the practice
        // knows, and not today.
        let latest = slot.day.min(self.book.today.plus(-1));
        let ahead = random.between(0, 45) * random.between(0, 2);
        let ahead = comes.map_or(ahead, |(_, known)| ahead.min(latest.0 - known.since.0));
        let made = latest.plus(-ahead);
        let made = if ahead == 0 {
            made.at(random.between(25_200, 30_000))
        } else {
            made.at(random.between(30_600, 61_200))
        };
        let changed = if seen {
            Some(slot.day.at(slot.start + length + random.between(0, 900)))
        } else if cancelled || random.chance(25) {
            let day = Day(random.between(made.day.0, latest.0));
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
