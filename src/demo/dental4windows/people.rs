//! The practice, its branches and providers, the patients, and what they told the dentist of their health.

use super::{DELETED, FIRST_DENTIST, FORMER, GONE, HYGIENIST, NO_DAY, flags, schema};
use crate::demo::Result;
use crate::demo::calendar::Day;
use crate::demo::identifiers;
use crate::demo::names::HEALTH_FUNDS;
use crate::demo::people::{Member, Person, Standing, YEAR, state};
use crate::demo::phones;
use crate::demo::random::{Random, Stream};
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

const CONDITIONS: &[&str] = &[
    "Asthma",
    "Heart murmur",
    "Diabetes",
    "High blood pressure",
    "Hepatitis B",
    "Epilepsy",
    "Artificial joint",
];
/// Substance, reaction, severity.
const ALLERGIES: &[(&str, &str, &str)] = &[
    ("Penicillin", "Rash", "Moderate"),
    ("Latex", "Contact dermatitis", "Mild"),
    ("Local anaesthetic", "Palpitations", ""),
    ("Codeine", "", ""),
    ("Nickel", "Swelling", "Severe"),
];

/// Writes the practice, its branches and everyone who treats patients.
///
/// # Errors
/// The engine's.
pub fn write_practice(rows: &dyn Rows, seed: u64, today: Day, dentists: u32) -> Result<()> {
    let mut random = Random::new(seed, Stream::Place, 0);
    let random = &mut random;
    let mut practice = Writer::new(rows, &schema::PRACTICE);
    practice
        .set("ID", 1)
        .set("Name", "Riverbend Dental")
        .set("ABN", &identifiers::abn(random))
        .set("HPIO", &identifiers::hpio(random))
        .set("Phone", &phones::landline("07", random))
        .set("Email", "smile@riverbend.example.com")
        .set("Addr1", "14 Station Road")
        .set("Suburb", "Toowong")
        .set("State", "QLD")
        .set("PostCode", "4066")
        .set("Changed", today.plus(-300).at(36_000));
    practice.insert()?;
    let mut places = Writer::new(rows, &schema::LOCATIONS);
    for (id, name, street, suburb, postcode, bits) in [
        (1, "Toowong", "14 Station Road", "Toowong", "4066", Some(0)),
        (2, "Kenmore", "882 Bluegum Drive", "Kenmore", "4069", None),
        (3, "Old Rooms", "", "", "", Some(DELETED)),
    ] {
        places
            .set("ID", id)
            .set("Name", name)
            .set("Phone", &phones::landline("07", random))
            .set("Addr1", street)
            .set("Suburb", suburb)
            .set("State", "QLD")
            .set("PostCode", postcode)
            .set("Flags", bits)
            .set("Changed", (id == 1).then(|| today.plus(-90).at(36_000)));
        places.insert()?;
    }
    let mut funds = Writer::new(rows, &schema::FUNDS);
    for (id, name) in (1..).zip(HEALTH_FUNDS) {
        funds.set("ID", id).set("Name", *name);
        funds.insert()?;
    }
    let mut conditions = Writer::new(rows, &schema::MED_CONDITIONS);
    for (id, name) in (1..).zip(CONDITIONS) {
        conditions.set("ID", id).set("Name", *name);
        conditions.insert()?;
    }
    write_providers(rows, seed, today, dentists)
}

fn write_providers(rows: &dyn Rows, seed: u64, today: Day, dentists: u32) -> Result<()> {
    let mut providers = Writer::new(rows, &schema::PROVIDERS);
    let mut places = Writer::new(rows, &schema::PROVIDER_LOCATIONS);
    for id in 1..FIRST_DENTIST + dentists {
        let member = Member::of(seed, id, today, "07");
        let mut random = Random::new(seed, Stream::User, u64::from(id));
        let (role, title, bits) = match id {
            HYGIENIST => (
                "Hygienist",
                if member.female { "Ms" } else { "Mr" },
                Some(0),
            ),
            FORMER => ("Orthodontist", "Dr", Some(2)),
            GONE => ("Dentist", "Dr", Some(DELETED)),
            n if n % 9 == 5 => ("Prosthetist", "", None),
            _ => ("Dentist", "Dr", Some(0)),
        };
        providers
            .set("ID", id)
            .set("Code", &format!("P{id}"))
            .set("Title", title)
            .set("Surname", member.surname)
            .set("Firstname", member.given)
            .set("Role", role)
            .set(
                "AhpraNo",
                (id != GONE)
                    .then(|| identifiers::ahpra("DEN", &mut random))
                    .as_ref(),
            )
            .set("HPII", (id % 3 != 0).then_some(&member.hpii))
            .set("Phone", member.phone.as_ref())
            .set(
                "Email",
                random
                    .chance(70)
                    .then(|| format!("p{id}@riverbend.example.com"))
                    .as_ref(),
            )
            .set("Flags", bits)
            .set("Changed", member.changed);
        providers.insert()?;
        for place in 0..=usize::from(id % 2 == 0) {
            let key = places.next_key();
            places
                .set("ID", key)
                .set("ProvID", id)
                .set(
                    "LocID",
                    if id == FORMER {
                        3
                    } else {
                        i64::try_from(place + 1).unwrap_or(1)
                    },
                )
                .set(
                    "ProviderNo",
                    (id != HYGIENIST)
                        .then(|| identifiers::provider_number(&member.stem, place))
                        .as_ref(),
                )
                .set("Flags", flags(key))
                .set("Changed", member.hired);
            places.insert()?;
        }
    }
    Ok(())
}

/// Writes patients one after another.
pub struct Patients<'s> {
    seed: u64,
    dentists: u32,
    patients: Writer<'s>,
    conditions: Writer<'s>,
    allergies: Writer<'s>,
}

impl<'s> Patients<'s> {
    /// A writer of patients into tables that exist.
    pub fn new(rows: &'s dyn Rows, seed: u64, dentists: u32) -> Self {
        Patients {
            seed,
            dentists,
            patients: Writer::new(rows, &schema::PATIENTS),
            conditions: Writer::new(rows, &schema::PAT_MED_CONDITIONS),
            allergies: Writer::new(rows, &schema::ALLERGIES),
        }
    }

    /// Writes a patient, and what they told of their health.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, person: &Person) -> Result<()> {
        let mut random = Random::new(self.seed, Stream::Patient, u64::from(person.number));
        let random = &mut random;
        self.write_self(person, random);
        self.write_cover(person);
        self.patients.insert()?;
        if random.chance(22) {
            self.write_condition(person, random)?;
        }
        if random.chance(14) {
            self.write_allergy(person, random)?;
        }
        Ok(())
    }

    fn write_self(&mut self, person: &Person, random: &mut Random) {
        let number = person.number;
        let household = &person.household;
        // Words of the office, and of whoever typed them.
        let gender = match (number, person.female) {
            (n, _) if n % 61 == 17 => Some("Other"),
            (n, _) if n % 97 == 31 => Some("?"),
            (n, _) if n % 101 == 55 => None,
            (n, true) => Some(if n % 9 == 4 { "f" } else { "Female" }),
            (n, false) => Some(if n % 9 == 4 { "M" } else { "Male" }),
        };
        let mut bits = 0;
        if person.standing == Standing::Deleted {
            bits |= DELETED;
        }
        if person.standing == Standing::Inactive {
            bits |= 2;
        }
        if person.died.is_some() {
            bits |= 4;
        }
        if number % 15 == 7 {
            bits |= 8;
        }
        let provider = match number {
            n if n % 27 == 5 => Some(0),
            n if n % 44 == 9 => Some(GONE),
            n if n % 52 == 31 => None,
            _ => Some(FIRST_DENTIST + random.below(self.dentists)),
        };
        let head = match number {
            // Whose head nobody ever entered.
            n if n % 59 == 21 => 0,
            _ => household.head + 1,
        };
        let relationship = match (household.place, number % 7) {
            (0, _) => "",
            (1, _) => "Partner",
            (_, 3) => "Guardian",
            (_, 5) => "Grandma",
            _ => "Parent",
        };
        let (suburb, postcode, _) = household.suburb;
        let [home, work, mobile] = &person.phones;
        self.patients
            .set("ID", person.key())
            .set("HeadID", head)
            .set("CardNo", &format!("C{}", number + 1001))
            .set("Title", person.title)
            .set("Surname", &person.surname)
            .set("Firstname", person.given.unwrap_or(""))
            .set("Middle", person.middle)
            .set(
                "PrefName",
                person.called.or(number.is_multiple_of(3).then_some("")),
            )
            .set(
                "DOB",
                if person.birth_is_known {
                    person.born
                } else {
                    NO_DAY
                },
            )
            .set("Gender", gender)
            .set("ProvID", provider)
            .set("LocID", 1 + number % 2)
            .set("Addr1", &household.address.0)
            .set("Addr2", &household.address.1)
            .set("Suburb", suburb)
            .set("State", state(postcode))
            .set("PostCode", postcode)
            .set("HomePhone", home.as_ref())
            .set("WorkPhone", work.as_ref())
            .set("Mobile", mobile.as_ref())
            .set("Email", person.email.as_ref())
            .set("Relationship", relationship)
            .set("Flags", (bits != 0 || number % 6 != 2).then_some(bits))
            .set("Created", person.since)
            .set("Changed", person.changed);
    }

    fn write_cover(&mut self, person: &Person) {
        let number = person.number;
        // Newer versions keep it.
        self.patients
            .set("IHI", person.ihi.as_ref().filter(|_| number % 3 == 1));
        if let Some((card, (year, month))) = &person.household.medicare {
            self.patients
                .set("MedicareNo", card)
                .set("MedicareRef", &(person.household.place + 1).to_string())
                .set(
                    "MedicareExp",
                    &if number % 35 == 16 {
                        String::new()
                    } else {
                        format!("{month:02}/{year:04}")
                    },
                );
        }
        self.patients.set("DVANo", person.veteran.as_ref());
        if let Some((name, member)) = &person.fund {
            let fund = HEALTH_FUNDS.iter().position(|fund| fund == name);
            let fund = fund.and_then(|place| i64::try_from(place + 1).ok());
            self.patients
                // A fund that is no longer on the list.
                .set("FundID", if number % 47 == 11 { Some(42) } else { fund })
                .set("FundMember", member)
                .set("FundRef", &format!("{:02}", person.household.place + 1));
        }
    }

    fn write_condition(&mut self, person: &Person, random: &mut Random) -> Result<()> {
        let id = self.conditions.next_key();
        let made = Day(random.between(person.since.day.0, person.until.0))
            .at(random.between(65_000, 70_000));
        let began = Day(random.between(person.born.0.max(made.day.0 - 20 * YEAR), made.day.0));
        let (year, month, _) = began.civil();
        let over = id % 9 == 4;
        let kind = random.between(1, 8);
        let bits = i32::from(over) * 2 + i32::from(id % 5 == 1) * 4;
        self.conditions
            .set("ID", id)
            .set("PatID", person.key())
            .set("ConditionID", if kind == 8 { 0 } else { kind })
            .set("Other", (kind == 8).then_some("Ménière's disease"))
            .set("SinceYear", if id % 4 == 3 { 0 } else { year })
            .set("SinceMonth", if id % 4 == 1 { month } else { 0 })
            .set(
                "EndDate",
                if over {
                    Day(random.between(began.0, made.day.0))
                } else {
                    NO_DAY
                },
            )
            .set("ProvID", FIRST_DENTIST + random.below(self.dentists))
            .set("Flags", flags(id).map(|deleted| deleted | bits))
            .set("Created", made)
            .set("Changed", (id % 3 == 0).then_some(made));
        self.conditions.insert()
    }

    fn write_allergy(&mut self, person: &Person, random: &mut Random) -> Result<()> {
        let id = self.allergies.next_key();
        let made = Day(random.between(person.since.day.0, person.until.0))
            .at(random.between(65_000, 70_000));
        let since = Day(random.between(person.born.0, made.day.0));
        let (substance, reaction, severity) = random.pick(ALLERGIES);
        self.allergies
            .set("ID", id)
            .set("PatID", person.key())
            .set("Substance", substance)
            .set("Reaction", reaction)
            .set("Severity", severity)
            .set("SinceDate", if id % 3 == 1 { since } else { NO_DAY })
            .set("Notes", (id % 4 == 2).then_some("By the patient"))
            .set(
                "Flags",
                flags(id).map(|deleted| deleted | (i32::from(id % 13 == 6) * 2)),
            )
            .set("Created", made)
            .set("Changed", (id % 3 == 0).then_some(made));
        self.allergies.insert()
    }
}
