//! The appointment book in OFFICE, and in CLINICAL the consultations that came of it.
//!
//! Everyone has one weekday off. The book reaches a year back and two months ahead; its times, free or not, are rows of
//! their own for the weeks around today. Today has not begun: what is on it is booked.

use super::office::CLINICS;
use super::record::pbs;
use super::{FIRST_DOCTOR, FORMER, Known, NO_DAY, NURSES, code, flag, schema};
use crate::demo::Result;
use crate::demo::calendar::{Day, Moment};
use crate::demo::random::{Random, Stream};
use crate::demo::target::Rows;
use crate::demo::writer::{Decimal, Writer};

/// Minutes of one time of the book.
const SLOT: i32 = 15;
/// When people are seen, in minutes since midnight.
const SESSIONS: [(i32, i32); 2] = [(510, 750), (810, 1020)];
/// Days of the book before and after today, and of its times.
const BOOK: (i32, i32) = (-365, 60);
const TIMES: (i32, i32) = (-7, 28);
/// Of a thousand times, how many are taken.
const THOUSAND: u64 = 1000;

const TYPES: &[&str] = &[
    "Standard",
    "Long",
    "Procedure",
    "Telehealth",
    "Immunisation",
];
const STATUS: &[(&str, &str)] = &[
    ("B", "Booked"),
    ("CF", "Confirmed"),
    ("A", "Arrived"),
    ("IN", "In consultation"),
    ("F", "Finished"),
    ("BI", "Billed"),
    ("DNA", "Did not attend"),
    ("X", "Cancelled"),
];
const REASONS: &[&str] = &[
    "Cough",
    "Review of results",
    "Prescription renewal",
    "Immunisation",
    "Back pain",
    "Care plan, \"GPCCMP\"",
];

/// What the book needs to know.
pub struct Book {
    /// The practice's seed.
    pub seed: u64,
    /// The day that comes next.
    pub today: Day,
    /// How many patients there are.
    pub patients: u32,
    /// How many current doctors there are.
    pub doctors: u32,
}

struct Tables<'s> {
    appointments: Writer<'s>,
    slots: Writer<'s>,
    encounters: Writer<'s>,
    reasons: Writer<'s>,
    measurements: Writer<'s>,
    scripts: Writer<'s>,
}

/// One booking before it is written.
struct Booking {
    day: Day,
    start: i32,
    length: i32,
    member: u32,
}

impl Book {
    /// Writes the book and what came of it; `known` is by the number of the patient.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(
        &self,
        rows: &dyn Rows,
        known: &[Option<Known>],
        progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        self.write_columns(rows)?;
        let mut tables = Tables {
            appointments: Writer::new(rows, &schema::APPOINTMENTS),
            slots: Writer::new(rows, &schema::BOOK_SLOTS),
            encounters: Writer::new(rows, &schema::ENCOUNTERS),
            reasons: Writer::new(rows, &schema::ENCOUNTER_REASONS),
            measurements: Writer::new(rows, &schema::MEASUREMENTS),
            scripts: Writer::new(rows, &schema::SCRIPTS),
        };
        let times: i32 = SESSIONS
            .iter()
            .map(|(from, until)| (until - from) / SLOT)
            .sum();
        let weekdays = u64::from(BOOK.1.abs_diff(BOOK.0)) * 5 / 7;
        let staff = u64::from(self.doctors) + NURSES.len() as u64;
        let capacity = weekdays * staff * 4 / 5 * u64::from(times.unsigned_abs());
        let share = u64::from(self.patients) * 3 * THOUSAND / capacity.max(1);
        for offset in BOOK.0..=BOOK.1 {
            let day = self.today.plus(offset);
            if day.weekday() > 4 && offset != 0 {
                continue;
            }
            // Emptier ahead; today is never a quiet day, and none is quite full.
            let share = if offset > 14 { share / 3 } else { share };
            let share = share.clamp(if offset == 0 { 250 } else { 5 }, 900);
            for member in self.members().filter(|member| self.works(*member, day)) {
                self.write_day(&mut tables, known, (day, member), share)?;
            }
            progress(tables.appointments.rows());
        }
        Ok(())
    }

    fn members(&self) -> impl Iterator<Item = u32> + use<> {
        let doctors = FIRST_DOCTOR..FIRST_DOCTOR + self.doctors;
        NURSES.into_iter().chain([FORMER]).chain(doctors)
    }

    fn works(&self, member: u32, day: Day) -> bool {
        let left = member == FORMER && day > self.today.plus(-180);
        !left && i64::from(member % 5) != i64::from(day.weekday())
    }

    /// The columns of the book, with what their codes mean.
    fn write_columns(&self, rows: &dyn Rows) -> Result<()> {
        let mut types = Writer::new(rows, &schema::APPOINTMENT_TYPES);
        for (id, name) in (1..).zip(TYPES) {
            types
                .set("APPOINTMENT_TYPE_ID", id)
                .set("DESCRIPTION", *name);
            types.insert()?;
        }
        let mut status = Writer::new(rows, &schema::APPOINTMENT_STATUS);
        for (id, name) in STATUS {
            status.set("STATUS_CODE", *id).set("DESCRIPTION", *name);
            status.insert()?;
        }
        let mut columns = Writer::new(rows, &schema::RESOURCES);
        for member in self.members() {
            let here = member != FORMER;
            columns
                .set("RESOURCE_ID", member + 1)
                .set("RESOURCE_NAME", &code(member))
                .set("DOCTOR_CODE", &code(member))
                .set("CLINIC_CODE", clinic(member, 0))
                .set("BOOK_FROM", self.today.plus(BOOK.0))
                .set("BOOK_TO", if here { NO_DAY } else { self.today.plus(-180) })
                .set("ACTIVE", flag(here))
                .set(
                    "LAST_UPDATED",
                    here.then(|| self.today.plus(-30).at(36_000)),
                );
            columns.insert()?;
        }
        columns
            .set("RESOURCE_ID", FIRST_DOCTOR + self.doctors + 1)
            .set("RESOURCE_NAME", "Treatment room")
            .set("CLINIC_CODE", CLINICS[0].0)
            .set("ACTIVE", "T");
        columns.insert()
    }

    fn write_day(
        &self,
        tables: &mut Tables<'_>,
        known: &[Option<Known>],
        (day, member): (Day, u32),
        share: u64,
    ) -> Result<()> {
        let index = i64::from(day.0) * 100_000 + i64::from(member);
        // A stream's number is any 64 bits: days before 1970 wrap, and stay apart.
        let mut random = Random::new(self.seed, Stream::Clinic, index as u64);
        let offset = day.0 - self.today.0;
        let shown = (TIMES.0..=TIMES.1).contains(&offset);
        for (opens, closes) in SESSIONS {
            let mut start = opens;
            while start < closes {
                let taken = u64::from(random.below(THOUSAND as u32)) < share;
                let length = match taken && random.chance(15) {
                    true => (SLOT * 2).min(closes - start),
                    false => SLOT,
                };
                let booking = Booking {
                    day,
                    start,
                    length,
                    member,
                };
                let appointment = match taken {
                    true => Some(self.write_booking(tables, known, &booking, &mut random)?),
                    false => None,
                };
                for part in 0..length / SLOT {
                    let from = start + part * SLOT;
                    let state = match (appointment, from, random.below(50)) {
                        (Some(_), _, _) => Some("T"),
                        (None, 510 | 810, _) => Some("E"),
                        (None, _, 0) => Some("C"),
                        (None, _, 1) if member == NURSES[1] => None,
                        _ => Some("F"),
                    };
                    if shown {
                        let id = tables.slots.next_key();
                        tables
                            .slots
                            .set("SLOT_ID", id)
                            .set("RESOURCE_ID", member + 1)
                            .set("SLOT_DATE", day)
                            .set("START_MINUTE", from)
                            .set("DURATION", SLOT)
                            .set("SLOT_STATE", state)
                            .set("APPOINTMENT_ID", appointment.unwrap_or(0))
                            .set(
                                "REMARK",
                                (state == Some("E")).then_some("Kept for emergencies"),
                            );
                        tables.slots.insert()?;
                    }
                }
                start += length;
            }
        }
        Ok(())
    }

    /// The number of somebody who may come on a day: the patient of a number, or who comes next. None where nobody may.
    fn comes(&self, known: &[Option<Known>], drawn: u32, day: Day) -> Option<(u32, Known)> {
        (drawn..self.patients).chain(0..drawn).find_map(|number| {
            let known = (*known.get(number as usize)?)?;
            (known.since < day && day <= known.until).then_some((number, known))
        })
    }

    fn write_booking(
        &self,
        tables: &mut Tables<'_>,
        known: &[Option<Known>],
        booking: &Booking,
        random: &mut Random,
    ) -> Result<i64> {
        let id = tables.appointments.next_key();
        let Booking {
            day,
            start,
            length,
            member,
        } = *booking;
        let comes = match id % 43 == 20 {
            true => None,
            false => self.comes(known, random.below(self.patients), day),
        };
        let past = day < self.today;
        let status = match (past, comes) {
            (_, None) => "B",
            _ if id % 211 == 100 => "ZZ",
            _ if id % 17 == 6 => "X",
            (false, _) => random.pick(&["B", "B", "CF"]),
            (true, _) => random.pick(&["F", "BI", "BI", "BI", "BI", "DNA"]),
        };
        // Booked some days before, not today, by somebody whom the practice knows.
        let latest = day.min(self.today).plus(-1);
        let since = comes.map_or(latest.plus(-30), |(_, known)| known.since);
        let made =
            Day(random.between(since.max(latest.plus(-40)).0, latest.0)).max(since.min(latest));
        let made = made.at(random.between(65_000, 70_000));
        let seen = past && matches!(status, "F" | "BI");
        let until = day.at((start + length) * 60);
        tables
            .appointments
            .set("APPOINTMENT_ID", id)
            .set("DOCTOR_CODE", &code(member))
            .set("CLINIC_CODE", clinic(member, day.weekday()))
            .set("RESOURCE_ID", member + 1)
            .set(
                "PATIENT_ID",
                comes
                    .map(|(number, _)| number + 1)
                    .or((id % 2 == 0).then_some(0)),
            )
            .set("START_TIME", day.at(start * 60))
            .set("END_TIME", until)
            .set(
                "APPOINTMENT_TYPE_ID",
                if id % 101 == 37 {
                    Some(42)
                } else {
                    (id % 51 != 9).then(|| random.between(1, 5))
                },
            )
            .set("STATUS_CODE", status)
            .set(
                "CANCEL_REASON",
                (status == "X").then(|| random.pick(&["Patient unwell", "Rescheduled", ""])),
            )
            .set(
                "NOTES",
                match random.below(10) {
                    0 => Some("Interpreter needed"),
                    1 => Some("Pt's wound dressing"),
                    2..=5 => Some(""),
                    _ => None,
                },
            )
            .set(
                "DELETED",
                super::deleted(id).filter(|it| *it == "F" || !seen),
            )
            .set("CREATED", made)
            .set(
                "LAST_UPDATED",
                if seen {
                    Some(day.at((start + length) * 60 + 300))
                } else {
                    None
                },
            );
        tables.appointments.insert()?;
        if let (true, Some((number, known))) = (seen, comes) {
            self.write_encounter(tables, (id, number, known), booking, random)?;
        }
        Ok(id)
    }

    fn write_encounter(
        &self,
        tables: &mut Tables<'_>,
        (id, number, known): (i64, u32, Known),
        booking: &Booking,
        random: &mut Random,
    ) -> Result<()> {
        let Booking {
            day,
            start,
            length,
            member,
        } = *booking;
        let doctor = code(member);
        let kind = match id {
            n if n % 31 == 12 => Some("Non visit"),
            n if n % 59 == 33 => None,
            n if n % 67 == 21 => Some("Group"),
            n if n % 29 == 5 => Some("Telephone"),
            n if n % 23 == 11 => Some("Video"),
            n if n % 43 == 2 => Some("Home visit"),
            _ => Some("Surgery"),
        };
        let (from, until) = (
            start * 60 + random.between(0, 200),
            (start + length) * 60 - random.between(0, 100),
        );
        tables
            .encounters
            .set("ENCOUNTER_ID", id)
            .set("PATIENT_ID", number + 1)
            .set("DOCTOR_CODE", &doctor)
            .set("CLINIC_CODE", clinic(member, day.weekday()))
            .set("APPOINTMENT_ID", id)
            .set("ENCOUNTER_TYPE", kind)
            .set("START_TIME", day.at(from))
            .set("END_TIME", (id % 41 != 8).then(|| day.at(until)))
            .set("FINISHED", if id % 5 == 3 { None } else { Some("T") })
            .set(
                "DELETED",
                super::deleted(id).filter(|it| *it == "F" || id % 3 == 0),
            )
            .set("LAST_UPDATED", super::touched(day.at(until + 60), id));
        tables.encounters.insert()?;
        for step in 0..random.below(3) {
            let problem = known.problem.filter(|_| step == 0);
            let key = tables.reasons.next_key();
            tables
                .reasons
                .set("REASON_ID", key)
                .set("ENCOUNTER_ID", id)
                .set("PROBLEM_ID", problem.map(|(problem, _)| problem))
                .set(
                    "REASON",
                    problem.map_or_else(|| random.pick(REASONS), |(_, name)| name),
                );
            tables.reasons.insert()?;
        }
        if random.chance(35) {
            self.write_measurement(
                tables,
                (number, known.adult, &doctor),
                day.at(from + 120),
                random,
            )?;
        }
        if let Some((medication, medicine)) = known.medicine.filter(|_| random.chance(40)) {
            let key = tables.scripts.next_key();
            let directions = format!("{} {}", medicine.dose, medicine.frequency.to_lowercase());
            tables
                .scripts
                .set("SCRIPT_ID", key)
                .set("PATIENT_ID", number + 1)
                .set("ENCOUNTER_ID", (key % 6 != 2).then_some(id))
                .set("MEDICATION_ID", medication)
                .set("DOCTOR_CODE", &doctor)
                .set("WRITTEN", day.at(from + 300))
                .set("DRUG_NAME", medicine.name)
                .set("PBS_CODE", pbs(medicine))
                .set("DIRECTIONS", directions.trim())
                .set("QUANTITY", medicine.quantity)
                .set("REPEATS", medicine.repeats)
                .set("SCRIPT_STATUS", random.pick(&["C", "C", "F", "X", "?"]))
                .set("DELETED", super::deleted(key))
                .set("LAST_UPDATED", super::touched(day.at(from + 300), key));
            tables.scripts.insert()?;
        }
        Ok(())
    }

    fn write_measurement(
        &self,
        tables: &mut Tables<'_>,
        (number, adult, doctor): (u32, bool, &str),
        at: Moment,
        random: &mut Random,
    ) -> Result<()> {
        let id = tables.measurements.next_key();
        let systolic = 108 + random.between(0, 40);
        let tenths = |digits: i32| Decimal {
            digits: i64::from(digits),
            scale: 1,
        };
        // 0 or nothing, where it was not measured.
        let unless = |some: bool| {
            (!some && id % 2 == 0).then_some(Decimal {
                digits: 0,
                scale: 1,
            })
        };
        // Of children, whether they have a fever.
        let (warm, sized) = (!adult || random.chance(20), adult && random.chance(45));
        tables
            .measurements
            .set("MEASUREMENT_ID", id)
            .set("PATIENT_ID", number + 1)
            .set("DOCTOR_CODE", (id % 10 != 7).then_some(doctor))
            .set("TAKEN", at)
            .set("SYSTOLIC", if adult { systolic } else { 0 })
            // Now and then only one of the two was typed.
            .set(
                "DIASTOLIC",
                if id % 41 == 17 || !adult {
                    0
                } else {
                    systolic * 6 / 10 + random.between(-4, 8)
                },
            )
            .set(
                "PULSE",
                (adult && random.chance(50)).then(|| random.between(56, 98)),
            )
            .set(
                "RESPIRATION",
                if adult && random.chance(10) {
                    random.between(11, 20)
                } else {
                    0
                },
            )
            .set(
                "TEMPERATURE",
                if warm {
                    Some(tenths(random.between(361, 389)))
                } else {
                    unless(warm)
                },
            )
            .set(
                "HEIGHT_CM",
                if sized {
                    Some(tenths(random.between(1480, 1950)))
                } else {
                    unless(sized)
                },
            )
            .set(
                "WEIGHT_KG",
                if sized {
                    Some(Decimal {
                        digits: i64::from(random.between(4500, 11_800)),
                        scale: 2,
                    })
                } else {
                    None
                },
            )
            .set(
                "WAIST_CM",
                if sized && id % 4 == 1 {
                    Some(tenths(random.between(680, 1250)))
                } else {
                    None
                },
            )
            .set("DELETED", super::deleted(id))
            .set("LAST_UPDATED", super::touched(at, id));
        tables.measurements.insert()
    }
}

/// Where somebody works on a day of the week.
fn clinic(member: u32, weekday: i32) -> &'static str {
    let second = member.is_multiple_of(2) && weekday > 2;
    CLINICS[usize::from(second)].0
}
