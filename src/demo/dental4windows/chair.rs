//! The book, and the chair: who comes, what was done on which teeth, what is planned, and when to come again.

use super::{DELETED, FIRST_DENTIST, FORMER, GONE, HYGIENIST, Known, NO_DAY, flags, schema};
use crate::demo::Result;
use crate::demo::calendar::Day;
use crate::demo::random::{Random, Stream};
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// Minutes of the shortest appointment.
const SLOT: i32 = 30;
/// When people are seen, in minutes since midnight.
const HOURS: (i32, i32) = (510, 1020);
/// Days of the book before and after today.
const BOOK: (i32, i32) = (-365, 90);

const STATUS: &[&str] = &[
    "Booked",
    "Confirmed",
    "Arrived",
    "In chair",
    "Departed",
    "Failed to attend",
];
const CLASSES: &[&str] = &[
    "Examination",
    "Restoration",
    "Extraction",
    "Crown and bridge",
    "Emergency",
];
/// Items of the schedule, and whether they are on a tooth, a quadrant, or nothing in particular.
const ITEMS: &[(&str, &str, Where)] = &[
    ("011", "Comprehensive oral examination", Where::Nowhere),
    ("012", "Periodic oral examination", Where::Nowhere),
    (
        "022",
        "Intraoral periapical or bitewing radiograph",
        Where::Tooth,
    ),
    ("114", "Removal of calculus", Where::Nowhere),
    (
        "121",
        "Topical application of remineralising agent",
        Where::Nowhere,
    ),
    ("222", "Periodontal debridement", Where::Quadrant),
    ("311", "Removal of a tooth", Where::Tooth),
    (
        "531",
        "Adhesive restoration - one surface - posterior tooth",
        Where::Surface,
    ),
    (
        "532",
        "Adhesive restoration - two surfaces - posterior tooth",
        Where::Surface,
    ),
    (
        "533",
        "Adhesive restoration - three surfaces - posterior tooth",
        Where::Surface,
    ),
    ("615", "Full crown - veneered", Where::Tooth),
];
const RECALLS: &[&str] = &[
    "Six-month check and clean",
    "Crown review",
    "Orthodontic review",
];

/// Where in the mouth an item is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Where {
    #[default]
    Nowhere,
    Quadrant,
    Tooth,
    Surface,
}

/// What the chair needs to know.
pub struct Chair {
    /// The practice's seed.
    pub seed: u64,
    /// The day that comes next.
    pub today: Day,
    /// How many patients there are.
    pub patients: u32,
    /// How many current dentists there are.
    pub dentists: u32,
}

struct Tables<'s> {
    appointments: Writer<'s>,
    visits: Writer<'s>,
    treatments: Writer<'s>,
    plans: Writer<'s>,
    scripts: Writer<'s>,
    recalls: Writer<'s>,
    documents: Writer<'s>,
}

/// A visit before its rows are written.
struct Visit {
    id: i64,
    patient: u32,
    adult: bool,
    provider: u32,
    place: u32,
    day: Day,
    from: i32,
    until: i32,
}

impl Chair {
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
        self.write_lists(rows)?;
        let mut tables = Tables {
            appointments: Writer::new(rows, &schema::APPOINTMENTS),
            visits: Writer::new(rows, &schema::VISITS),
            treatments: Writer::new(rows, &schema::TREATMENTS),
            plans: Writer::new(rows, &schema::PLANS),
            scripts: Writer::new(rows, &schema::SCRIPTS),
            recalls: Writer::new(rows, &schema::RECALLS),
            documents: Writer::new(rows, &schema::DOCUMENTS),
        };
        let slots = u64::from((HOURS.1 - HOURS.0).unsigned_abs() / SLOT.unsigned_abs());
        let capacity =
            u64::from(BOOK.1.abs_diff(BOOK.0)) * 5 / 7 * (u64::from(self.dentists) + 1) * slots;
        let share = (u64::from(self.patients) * 2000 / capacity.max(1)).clamp(5, 900);
        for offset in BOOK.0..=BOOK.1 {
            let day = self.today.plus(offset);
            if day.weekday() > 4 && offset != 0 {
                continue;
            }
            let share = if offset > 21 { share / 4 } else { share };
            let share =
                u32::try_from(if offset == 0 { share.max(300) } else { share }).unwrap_or(0);
            for provider in self.providers() {
                if provider == FORMER && offset > -180 {
                    continue;
                }
                self.write_day(&mut tables, known, (day, provider), share)?;
            }
            progress(tables.appointments.rows());
        }
        Ok(())
    }

    fn providers(&self) -> impl Iterator<Item = u32> + use<> {
        let dentists = FIRST_DENTIST..FIRST_DENTIST + self.dentists;
        [HYGIENIST, FORMER].into_iter().chain(dentists)
    }

    fn write_lists(&self, rows: &dyn Rows) -> Result<()> {
        for (table, names) in [
            (&schema::APP_STATUS, STATUS),
            (&schema::APP_CLASSES, CLASSES),
            (&schema::RECALL_TYPES, RECALLS),
        ] {
            let mut list = Writer::new(rows, table);
            for (id, name) in (1..).zip(names) {
                list.set("ID", id).set("Name", *name);
                list.insert()?;
            }
        }
        let mut items = Writer::new(rows, &schema::ITEMS);
        for (number, name, _) in ITEMS {
            items.set("ItemNo", *number).set("Descr", *name);
            items.insert()?;
        }
        let mut books = Writer::new(rows, &schema::BOOKS);
        for provider in self.providers().chain([GONE]) {
            let bits = match provider {
                FORMER => 2,
                GONE => DELETED,
                _ => 0,
            };
            books
                .set("ID", provider)
                .set("Name", &format!("P{provider}"))
                .set("ProvID", provider)
                .set("LocID", place(provider))
                .set("Flags", bits)
                .set(
                    "Changed",
                    (provider % 2 == 0).then(|| self.today.plus(-40).at(36_000)),
                );
            books.insert()?;
        }
        Ok(())
    }

    fn write_day(
        &self,
        tables: &mut Tables<'_>,
        known: &[Option<Known>],
        (day, provider): (Day, u32),
        share: u32,
    ) -> Result<()> {
        let index = i64::from(day.0) * 100_000 + i64::from(provider);
        // A stream's number is any 64 bits: days before 1970 wrap, and stay apart.
        let mut random = Random::new(self.seed, Stream::Clinic, index as u64);
        let mut start = HOURS.0;
        while start < HOURS.1 {
            let mut length = SLOT;
            if random.below(1000) < share {
                length = (SLOT * random.pick(&[1, 1, 2, 3])).min(HOURS.1 - start);
                self.write_appointment(tables, known, (day, provider, start, length), &mut random)?;
            }
            start += length;
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

    fn write_appointment(
        &self,
        tables: &mut Tables<'_>,
        known: &[Option<Known>],
        (day, provider, start, length): (Day, u32, i32, i32),
        random: &mut Random,
    ) -> Result<()> {
        let id = tables.appointments.next_key();
        let comes = match id % 37 == 20 {
            true => None,
            false => self.comes(known, random.below(self.patients), day),
        };
        let past = day < self.today;
        let cancelled = comes.is_some() && id % 19 == 6;
        let status = match past && !cancelled && comes.is_some() {
            true => random.pick(&[5, 5, 5, 5, 5, 6]),
            false => random.pick(&[1, 1, 2]),
        };
        let latest = day.min(self.today).plus(-1);
        let since = comes.map_or(latest.plus(-30), |(_, known)| known.since);
        let made =
            Day(random.between(since.max(latest.plus(-90)).0, latest.0)).max(since.min(latest));
        let seen = past && status == 5;
        let bits = match (cancelled, comes) {
            (true, _) => Some(4),
            (_, None) => Some(2),
            _ if seen => Some(0),
            _ => flags(id),
        };
        tables
            .appointments
            .set("ID", id)
            .set("BookID", provider)
            .set(
                "PatID",
                comes
                    .map(|(number, _)| number + 1)
                    .or((id % 2 == 0).then_some(0)),
            )
            .set("ProvID", provider)
            .set("AppDate", day)
            .set("AppTime", start)
            .set("AppLength", length)
            .set("StatusID", if id % 211 == 100 { 42 } else { status })
            .set(
                "ClassID",
                if id % 101 == 37 {
                    Some(42)
                } else {
                    (id % 51 != 9).then(|| random.between(1, 5))
                },
            )
            .set(
                "Notes",
                match random.below(8) {
                    0 => Some("Nervous patient"),
                    1 => Some("Pt's denture, please call"),
                    2..=4 => Some(""),
                    _ => None,
                },
            )
            .set("Flags", bits)
            .set("Created", made.at(random.between(65_000, 70_000)))
            .set("Changed", seen.then(|| day.at((start + length) * 60 + 120)));
        tables.appointments.insert()?;
        if let (true, Some((number, known))) = (seen, comes) {
            let visit = Visit {
                id: tables.visits.next_key(),
                patient: number + 1,
                adult: known.adult,
                provider,
                place: place(provider),
                day,
                from: start + random.between(0, 4),
                until: start + length - random.between(0, 4),
            };
            self.write_visit(tables, id, &visit, random)?;
        }
        Ok(())
    }

    fn write_visit(
        &self,
        tables: &mut Tables<'_>,
        appointment: i64,
        visit: &Visit,
        random: &mut Random,
    ) -> Result<()> {
        let id = visit.id;
        tables
            .visits
            .set("ID", id)
            .set("PatID", visit.patient)
            .set("ProvID", visit.provider)
            .set("LocID", visit.place)
            .set("AppID", appointment)
            .set("VisitDate", visit.day)
            .set("TimeIn", (id % 31 != 12).then_some(visit.from))
            .set(
                "TimeOut",
                (id % 31 != 12 && id % 17 != 3).then_some(visit.until),
            )
            .set(
                "Complaint",
                random
                    .chance(40)
                    .then(|| random.pick(&["Toothache", "Broken filling", "Check-up", ""])),
            )
            .set("Flags", flags(id))
            .set(
                "Changed",
                (id % 7 != 4).then(|| visit.day.at(visit.until * 60)),
            );
        tables.visits.insert()?;
        let plan = match id % 6 == 1 {
            true => Some(self.write_plan(tables, visit, random)?),
            false => None,
        };
        for _ in 0..random.between(1, 3) {
            self.write_treatment(
                tables,
                visit,
                None,
                ("D", random.chance(30).then_some(plan).flatten()),
                random,
            )?;
        }
        if id % 11 == 5 {
            // What the chart shows of before.
            self.write_treatment(tables, visit, Some("533"), ("C", None), random)?;
        }
        if let Some(plan) = plan {
            for _ in 0..random.between(1, 2) {
                self.write_treatment(tables, visit, Some("615"), ("P", Some(plan)), random)?;
            }
        } else if id % 23 == 9 {
            self.write_treatment(tables, visit, Some("311"), ("P", None), random)?;
        }
        if random.chance(50) {
            self.write_recall(tables, visit, random)?;
        }
        if visit.provider != HYGIENIST && random.chance(8) {
            self.write_script(tables, visit, random)?;
        }
        if random.chance(20) {
            self.write_document(tables, visit, random)?;
        }
        Ok(())
    }

    fn write_plan(
        &self,
        tables: &mut Tables<'_>,
        visit: &Visit,
        random: &mut Random,
    ) -> Result<i64> {
        let id = tables.plans.next_key();
        let state = random.pick(&["N", "A", "A", "A", "C", "R", "H"]);
        let over = (state == "C" || state == "R").then(|| {
            visit
                .day
                .plus(random.between(0, 90))
                .min(self.today.plus(-1))
        });
        tables
            .plans
            .set("ID", id)
            .set("PatID", visit.patient)
            .set("ProvID", visit.provider)
            .set(
                "Name",
                random.pick(&["Crown", "Restorations, stage 1", "Full mouth", ""]),
            )
            .set("PlanDate", visit.day)
            .set("EndDate", over.unwrap_or(NO_DAY))
            .set("State", if id % 71 == 13 { "?" } else { state })
            .set("Notes", (id % 4 == 1).then_some("In two visits"))
            .set("Flags", flags(id))
            .set("Changed", visit.day.at(visit.until * 60));
        tables.plans.insert()?;
        Ok(id)
    }

    fn write_treatment(
        &self,
        tables: &mut Tables<'_>,
        visit: &Visit,
        item: Option<&str>,
        (state, plan): (&str, Option<i64>),
        random: &mut Random,
    ) -> Result<()> {
        let id = tables.treatments.next_key();
        let drawn = random.pick(ITEMS);
        let (number, _, place) = item
            .and_then(|number| ITEMS.iter().find(|(of, ..)| *of == number))
            .copied()
            .unwrap_or(drawn);
        let quadrant = if visit.adult {
            random.between(1, 4)
        } else {
            random.between(5, 8)
        };
        let tooth = match place {
            Where::Nowhere => String::new(),
            Where::Quadrant => format!("{}0", (quadrant - 1) % 4 + 1),
            Where::Surface if visit.adult => format!("{quadrant}{}", random.between(4, 8)),
            Where::Surface => format!("{quadrant}{}", random.between(4, 5)),
            Where::Tooth if visit.adult => format!("{quadrant}{}", random.between(1, 8)),
            Where::Tooth => format!("{quadrant}{}", random.between(1, 5)),
        };
        let surfaces = match (place, number) {
            (Where::Surface, "531") => random.pick(&["O", "B", "M"]),
            (Where::Surface, "532") => random.pick(&["MO", "DO", "OB"]),
            (Where::Surface, _) => random.pick(&["MOD", "MOB"]),
            _ => "",
        };
        let made = visit.day.at(visit.until * 60 - 60);
        tables
            .treatments
            .set("ID", id)
            .set("PatID", visit.patient)
            .set("ProvID", if id % 97 == 40 { GONE } else { visit.provider })
            .set("LocID", visit.place)
            .set("VisitID", (state == "D").then_some(visit.id))
            .set("PlanID", plan)
            // An item of an older schedule.
            .set("ItemNo", if id % 113 == 50 { "099" } else { number })
            .set("Tooth", if id % 131 == 60 { "99" } else { &tooth })
            .set("Surfaces", surfaces)
            .set("State", state)
            .set("PlanDate", if plan.is_some() { visit.day } else { NO_DAY })
            .set("DoneDate", if state == "D" { visit.day } else { NO_DAY })
            .set("Notes", (id % 9 == 4).then_some("Shade A2"))
            .set("Flags", flags(id))
            .set("Created", made)
            .set("Changed", (id % 5 == 2).then_some(made));
        tables.treatments.insert()
    }

    fn write_recall(
        &self,
        tables: &mut Tables<'_>,
        visit: &Visit,
        random: &mut Random,
    ) -> Result<()> {
        let id = tables.recalls.next_key();
        let due = visit.day.plus(182);
        let sent = due.plus(-14);
        let is_sent = sent < self.today;
        let state = match (is_sent, random.below(10)) {
            (_, 0) => "X",
            (true, 1..=5) => "B",
            (true, _) => "S",
            (false, _) => "D",
        };
        tables
            .recalls
            .set("ID", id)
            .set("PatID", visit.patient)
            .set("ProvID", visit.provider)
            .set(
                "TypeID",
                if id % 83 == 30 {
                    42
                } else {
                    random.between(1, 3)
                },
            )
            .set("DueDate", if id % 61 == 22 { NO_DAY } else { due })
            .set(
                "SentDate",
                if is_sent && state != "X" {
                    sent
                } else {
                    NO_DAY
                },
            )
            .set(
                "Method",
                random.pick(&["SMS", "SMS", "Email", "Letter", "Phone", ""]),
            )
            .set("State", if id % 91 == 33 { "?" } else { state })
            .set("Message", (id % 3 == 1).then_some("Your check is due"))
            .set("Flags", flags(id))
            .set("Created", visit.day.at(visit.until * 60))
            .set(
                "Changed",
                (is_sent && state != "X").then(|| sent.at(36_000)),
            );
        tables.recalls.insert()
    }

    fn write_script(
        &self,
        tables: &mut Tables<'_>,
        visit: &Visit,
        random: &mut Random,
    ) -> Result<()> {
        let id = tables.scripts.next_key();
        let (drug, directions, quantity) = random.pick(&[
            (
                "Amoxicillin 500 mg capsule",
                "1 capsule three times a day",
                20,
            ),
            ("Metronidazole 400 mg tablet", "1 tablet twice a day", 21),
            ("Chlorhexidine 0.2% mouth wash", "", 1),
        ]);
        tables
            .scripts
            .set("ID", id)
            .set("PatID", visit.patient)
            .set("ProvID", visit.provider)
            .set("VisitID", visit.id)
            .set("ScriptDate", if id % 29 == 8 { NO_DAY } else { visit.day })
            .set("Drug", drug)
            .set("Directions", directions)
            .set("Qty", quantity)
            .set("Repeats", 0)
            .set("Reason", (id % 2 == 1).then_some("Dental abscess"))
            .set("Flags", flags(id))
            .set("Changed", visit.day.at(visit.until * 60));
        tables.scripts.insert()
    }

    fn write_document(
        &self,
        tables: &mut Tables<'_>,
        visit: &Visit,
        random: &mut Random,
    ) -> Result<()> {
        let id = tables.documents.next_key();
        let (kind, about, file) = random.pick(&[
            ("Radiograph", "Bitewing right", "DCM"),
            ("Radiograph", "Orthopantomogram", "JPG"),
            ("Letter", "From the orthodontist", "PDF"),
            ("", "Photograph", "XYZ"),
        ]);
        tables
            .documents
            .set("ID", id)
            .set("PatID", visit.patient)
            .set("ProvID", (id % 8 != 3).then_some(visit.provider))
            .set("Kind", kind)
            .set("Descr", about)
            .set("DocDate", if id % 19 == 6 { NO_DAY } else { visit.day })
            .set("FileExt", file)
            .set("Flags", flags(id))
            .set("Created", visit.day.at(visit.until * 60))
            .set(
                "Changed",
                (id % 4 == 1).then(|| visit.day.at(visit.until * 60 + 60)),
            );
        tables.documents.insert()
    }
}

/// The branch at which somebody works.
fn place(provider: u32) -> u32 {
    if provider == FORMER {
        3
    } else {
        1 + provider % 2
    }
}
