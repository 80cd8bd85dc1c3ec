//! The patients, their e-mail addresses and their next of kin.
//!
//! Takes the seed and a patient's number; writes its rows. What is common is drawn; what is rare but
//! must be there in the smallest practice (a deleted record, a code without an entry, a missing date
//! of birth) comes round by the patient's number, at periods that share no factor with one another
//! where it matters. Numbers that are multiples of five are heads of households, hence adults.

use super::clinical::Life;
use super::lookups::{UNKNOWN_CODE, sex, status, title};
use super::schema;
use super::staff;
use crate::collation::fold;
use crate::demo::Result;
use crate::demo::calendar::{Day, Moment};
use crate::demo::households::Household;
use crate::demo::identifiers;
use crate::demo::names::{
    ACCENTED_NAMES, FEMALE_NAMES, HEALTH_FUNDS, MALE_NAMES, RELATIONSHIPS, SHORT_NAMES, SURNAMES,
};
use crate::demo::phones;
use crate::demo::random::{Random, Stream};
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// Days in a year, near enough for ages.
const YEAR: i32 = 365;
/// The number of the one patient who died without anyone changing the status.
const FORGOTTEN: u32 = 35;

/// Writes patients one after another.
pub struct Patients<'conn> {
    seed: u64,
    today: Day,
    patients: Writer<'conn>,
    emails: Writer<'conn>,
    kin: Writer<'conn>,
}

/// What later columns and rows of a patient depend on.
struct Person {
    number: u32,
    household: Household,
    age: i32,
    born: Day,
    female: bool,
    given: &'static str,
    surname: String,
    created: Moment,
}

impl<'conn> Patients<'conn> {
    /// A writer of patients into tables that exist.
    pub fn new(rows: &'conn dyn Rows, seed: u64, today: Day) -> Self {
        Patients {
            seed,
            today,
            patients: Writer::new(rows, &schema::PATIENTS),
            emails: Writer::new(rows, &schema::EMAIL),
            kin: Writer::new(rows, &schema::NEXTOFKIN),
        }
    }

    /// How many rows there are by now: patients, e-mail addresses, next of kin.
    pub fn rows(&self) -> (u64, u64, u64) {
        (self.patients.rows(), self.emails.rows(), self.kin.rows())
    }

    /// Writes the patient of a number, which counts from 0 and must be the next. Gives what the clinical
    /// record depends on; None for one whose record was deleted.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, number: u32) -> Result<Option<Life>> {
        let mut random = Random::new(self.seed, Stream::Patient, u64::from(number));
        let household = Household::of(self.seed, number, self.today);
        let person = self.person(number, household, &mut random);
        let life = self.write_status(&person, &mut random);
        self.write_names(&person, &mut random);
        self.write_address(&person);
        self.write_phones(&person, &mut random);
        self.write_cards(&person, &mut random);
        self.write_identifiers(&person, &mut random);
        self.write_next_of_kin(&person, &mut random)?;
        self.write_emails(&person, &mut random)?;
        self.patients.insert()?;
        Ok(life)
    }

    fn person(&self, number: u32, household: Household, random: &mut Random) -> Person {
        let age = match household.place {
            0 => household.head_age,
            1 => (household.head_age + random.between(-6 * YEAR, 6 * YEAR)).max(18 * YEAR),
            _ => (household.head_age - random.between(20 * YEAR, 38 * YEAR)).max(1),
        };
        let born = self.today.plus(-age);
        let female = random.chance(52);
        let given = if number % 23 == 7 {
            random.pick(ACCENTED_NAMES)
        } else if female {
            random.pick_common(FEMALE_NAMES)
        } else {
            random.pick_common(MALE_NAMES)
        };
        let own_name = household.place == 1 && random.chance(20);
        let surname = match household.place {
            1 if own_name => random.pick_common(SURNAMES).to_owned(),
            place if place > 1 && random.chance(6) => {
                format!("{}-{}", random.pick_common(SURNAMES), household.surname)
            }
            _ => household.surname.to_owned(),
        };
        // As typed by someone in a hurry.
        let surname = match number {
            n if n % 31 == 4 => surname.to_uppercase(),
            n if n % 37 == 11 => surname.to_lowercase(),
            _ => surname,
        };
        // A seventh of the records came over from an older product in one night, so that many rows
        // share their time of creation; nobody's record is older than they are.
        let migrated = self.today.plus(-10 * YEAR);
        let created = if random.chance(14) && born < migrated {
            migrated.at(10_800)
        } else {
            let days = random.between(20, 18 * YEAR).min(age - 1).max(1);
            let second = random.between(28_800, 64_800);
            self.today.plus(-days).at(second)
        };
        Person {
            number,
            household,
            age,
            born,
            female,
            given,
            surname,
            created,
        }
    }

    /// Key, life cycle of the record, dates and usual doctor. Gives the life of a record that is not deleted.
    fn write_status(&mut self, person: &Person, random: &mut Random) -> Option<Life> {
        let number = person.number;
        let record_status = record_status(number);
        let dead = number % 40 == 20 || number % 160 == FORGOTTEN;
        let patient_status = match number {
            FORGOTTEN => status::ACTIVE,
            _ if dead => status::DECEASED,
            n if n % 173 == 91 => UNKNOWN_CODE,
            n if n % 19 == 12 => status::INACTIVE,
            _ => status::ACTIVE,
        };
        let yesterday = self.today.plus(-1);
        // Some day after the practice came to know them: there is a day on which they still lived.
        let died = dead.then(|| Day(random.between(person.created.day.0 + 1, yesterday.0)));
        // Who is known to be dead was changed to say so.
        let touched = (random.chance(60) || dead).then(|| {
            let earliest = died.unwrap_or(person.created.day);
            // Later in the day than any record is created.
            Day(random.between(earliest.0, yesterday.0)).at(random.between(64_801, 70_000))
        });
        // Nothing is written on the day of death: at what hour it was is not kept.
        let until = died.map_or(yesterday, |day| day.plus(-1));
        let undated = number % 113 == 58;
        let doctors = staff::doctors(number);
        let doctor = match number {
            n if n % 27 == 5 => Some(0),
            n if n % 44 == 9 => Some(staff::FORMER_DOCTOR),
            n if n % 52 == 31 => None,
            _ => Some(staff::FIRST_DOCTOR + random.below(doctors)),
        };
        let ethnic = match (number % 50, random.below(100)) {
            (3, _) => Some(1),
            (4, _) => Some(2),
            (6, _) => Some(3),
            (7, _) => None,
            // Never asked: a code that the table does not have.
            (8, _) | (_, 95..) => Some(0),
            (9, _) | (_, 88..) => Some(9),
            (_, 84..) => Some(1),
            _ => Some(4),
        };
        self.patients
            .set("INTERNALID", key(number))
            .set("RECORDSTATUS", record_status)
            .set("PATIENTSTATUS", patient_status)
            .set("DOB", (number % 53 != 29).then(|| person.born.midnight()))
            .set("DATEOFDEATH", died.map(Day::midnight))
            .set("SEXCODE", sex_code(person))
            .set("ETHNICCODE", ethnic)
            .set("USERID", doctor)
            .set("HEADOFFAMILYID", key(person.household.head))
            .set("CREATED", (!undated).then_some(person.created))
            .set("UPDATED", touched.filter(|_| !undated));
        (record_status == 1).then(|| Life {
            number,
            born: person.born,
            years: (until.0 - person.born.0) / YEAR,
            female: person.female,
            since: person.created.day,
            until,
            dead,
        })
    }

    fn write_names(&mut self, person: &Person, random: &mut Random) {
        let number = person.number;
        let adult = person.age >= 18 * YEAR;
        let courtesy = match (number, person.female, adult) {
            (n, _, _) if n % 29 == 14 => Some(UNKNOWN_CODE),
            (n, _, _) if n % 33 == 8 => None,
            (n, _, true) if n % 45 == 10 => Some(title::DR),
            (n, _, true) if n % 83 == 40 => Some(title::MX),
            (_, true, true) => Some(random.pick(&[title::MRS, title::MS, title::MISS])),
            (_, true, false) => Some(title::MISS),
            (_, false, true) => Some(title::MR),
            (_, false, false) => Some(title::MASTER),
        };
        let middle = if person.female {
            random.pick(FEMALE_NAMES)
        } else {
            random.pick(MALE_NAMES)
        };
        let middle = match random.below(10) {
            0..=5 => Some(middle),
            6..=8 => Some(""),
            _ => None,
        };
        let short = SHORT_NAMES
            .iter()
            .find(|(long, _)| *long == person.given)
            .map_or("", |(_, short)| *short);
        let preferred = match random.below(10) {
            0..=3 => Some(short),
            4..=6 => Some(""),
            7 => Some(person.given),
            _ => None,
        };
        // People with one name only: it is their surname, and the other column is blank or NULL.
        let given = match number {
            n if n % 79 == 33 => Some(""),
            n if n % 127 == 66 => None,
            _ => Some(person.given),
        };
        self.patients
            .set("TITLECODE", courtesy)
            .set("FIRSTNAME", given)
            .set("MIDDLENAME", middle)
            .set("SURNAME", &person.surname)
            .set("PREFERREDNAME", preferred);
    }

    fn write_address(&mut self, person: &Person) {
        let number = person.number;
        let Household {
            address,
            suburb,
            postal,
            ..
        } = &person.household;
        if number % 73 == 19 {
            // No fixed address: nothing at all is known, in either of two ways.
            self.patients.set("ADDRESS1", "").set("CITY", "");
        } else {
            self.patients
                .set("ADDRESS1", &address.0)
                .set("ADDRESS2", &address.1)
                .set("CITY", &shout(suburb.0, number % 14 == 3))
                .set("POSTCODE", (number % 89 != 21).then_some(suburb.1));
        }
        match postal {
            Some((line, suburb)) => {
                self.patients
                    .set("POSTALADDRESS", line)
                    .set("POSTALCITY", suburb.0)
                    .set("POSTALPOSTCODE", suburb.1);
            }
            None if number.is_multiple_of(2) => {
                self.patients.set("POSTALADDRESS", "").set("POSTALCITY", "");
            }
            None => {}
        }
        let country = match number % 4 {
            0 | 1 => Some("Australia"),
            2 => Some(""),
            _ => None,
        };
        self.patients.set("COUNTRY", country);
    }

    fn write_phones(&mut self, person: &Person, random: &mut Random) {
        let home = person
            .household
            .landline
            .as_deref()
            .map(|digits| phones::written_landline(digits, random));
        let work = (person.age >= 18 * YEAR && random.chance(20)).then(|| {
            let digits = phones::landline(person.household.suburb.2, random);
            phones::written_landline(&digits, random)
        });
        let mobile = (person.age >= 14 * YEAR && random.chance(85)).then(|| {
            let digits = phones::mobile(random);
            phones::written_mobile(&digits, random)
        });
        // Half of the missing ones are blanks.
        let blank = person.number.is_multiple_of(2).then_some("");
        self.patients
            .set("HOMEPHONE", home.as_deref().or(blank))
            .set("WORKPHONE", work.as_deref().or(blank))
            .set("MOBILEPHONE", mobile.as_deref().or(blank));
    }

    /// Medicare, concession, veterans' and health fund cards.
    fn write_cards(&mut self, person: &Person, random: &mut Random) {
        let number = person.number;
        if let Some((card, (year, month))) = &person.household.medicare {
            let line = (person.household.place + 1).to_string();
            let expiry = match number {
                n if n % 47 == 24 => String::new(),
                n if n % 35 == 16 => "00/0000".to_owned(),
                _ => format!("{month:02}/{year:04}"),
            };
            self.patients
                .set("MEDICARENO", card)
                .set("MEDICARELINENO", if number % 43 == 16 { "" } else { &line })
                .set("MEDICAREEXPIRY", &expiry);
        } else if number.is_multiple_of(2) {
            self.patients
                .set("MEDICARENO", "")
                .set("MEDICARELINENO", "");
        }

        let aged = person.age >= 67 * YEAR;
        let reference = identifiers::customer_reference(random);
        let expiry = self.today.plus(random.between(-200, 700)).midnight();
        let kind = match number {
            n if n % 97 == 38 => Some(UNKNOWN_CODE),
            n if n % 25 == 10 => Some(2),
            _ if aged => Some(random.pick(&[1, 1, 1, 3])),
            _ if random.chance(10) => Some(2),
            n if n % 3 == 0 => None,
            _ => Some(0),
        };
        self.patients.set("PENSIONCODE", kind);
        if kind.is_some_and(|code| code > 0) {
            self.patients
                .set("PENSIONNO", &reference)
                .set("PENSIONEXPIRY", (number % 4 != 1).then_some(expiry));
        }

        let file = identifiers::dva(random);
        let card = match number {
            n if n % 120 == 75 => UNKNOWN_CODE,
            n if n % 60 == 15 => 1,
            _ if aged && random.chance(4) => random.pick(&[1, 2, 3]),
            _ => 0,
        };
        self.patients.set("DVACODE", card);
        if card > 0 {
            self.patients.set("DVANO", &file);
        }

        if random.chance(35) {
            let member = random.digits(8);
            self.patients
                .set("HEALTHFUNDNO", &member)
                .set("HEALTHFUNDNAME", random.pick(HEALTH_FUNDS));
        } else if number % 2 == 1 {
            self.patients
                .set("HEALTHFUNDNO", "")
                .set("HEALTHFUNDNAME", "");
        }
    }

    fn write_identifiers(&mut self, person: &Person, random: &mut Random) {
        let number = person.number;
        let ihi = identifiers::ihi(random);
        if random.chance(80) {
            self.patients
                .set("IHI", &ihi)
                .set("IHISTATUS", 1)
                .set("IHIRECORDSTATUS", random.pick(&[1, 1, 1, 2]));
        } else if number.is_multiple_of(2) {
            self.patients.set("IHI", "").set("IHISTATUS", 0);
        }
        let external = (number % 4 == 1).then(|| format!("EXT-{:07}", key(number)));
        let record = match number % 10 {
            4 => None,
            7 => Some(String::new()),
            _ => Some(format!("{:06}", 100_000 + key(number))),
        };
        self.patients
            .set("EXTERNALID", external.as_ref())
            .set("RECORDNO", record.as_ref());
    }

    fn write_next_of_kin(&mut self, person: &Person, random: &mut Random) -> Result<()> {
        let number = person.number;
        if number % 101 == 13 {
            // Points at a row that is not there.
            self.patients.set("NEXTOFKINID", i32::MAX);
            return Ok(());
        }
        if !random.chance(60) {
            self.patients
                .set("NEXTOFKINID", number.is_multiple_of(2).then_some(0));
            return Ok(());
        }
        let id = self.kin.rows() + 1;
        let given = if random.chance(50) {
            FEMALE_NAMES
        } else {
            MALE_NAMES
        };
        let relationship = match person.household.place {
            0 | 1 => random.pick(RELATIONSHIPS),
            _ => random.pick(&["Mother", "Father", "Guardian"]),
        };
        let phone = phones::mobile(random);
        let phone = phones::written_mobile(&phone, random);
        self.kin
            .set("NEXTOFKINID", signed(id))
            .set("RECORDSTATUS", if id % 40 == 7 { 2 } else { 1 })
            .set("SURNAME", &person.surname)
            .set("FIRSTNAME", random.pick_common(given))
            .set("CONTACTPHONE", if id % 9 == 4 { "" } else { &phone })
            .set("RELATIONSHIP", (id % 11 != 5).then_some(relationship))
            .set("CREATED", person.created);
        self.kin.insert()?;
        self.patients.set("NEXTOFKINID", signed(id));
        Ok(())
    }

    fn write_emails(&mut self, person: &Person, random: &mut Random) -> Result<()> {
        let number = person.number;
        let count = match (number, random.below(100)) {
            (n, _) if n % 36 == 18 => 3,
            (_, 0..30) => 0,
            (_, 30..85) => 1,
            _ => 2,
        };
        for position in 0..count {
            let id = self.emails.rows() + 1;
            let local = format!("{}.{}", plain(person.given), plain(&person.surname));
            let domain = random.pick(&["example.com", "example.org", "example.net"]);
            let address = match (position, id) {
                (_, n) if n % 67 == 23 => String::new(),
                (0, n) if n % 21 == 6 => format!("{local}{}@{domain}", key(number)).to_uppercase(),
                (0, _) => format!("{local}{}@{domain}", key(number)),
                (1, _) => format!("{local}.work@clinic.{domain}"),
                // The same as somebody else's, as couples do.
                _ => format!("{}.family@{domain}", plain(person.household.surname)),
            };
            self.emails
                .set("RECORDID", signed(id))
                .set("RECORDSTATUS", if id % 17 == 9 { 2 } else { 1 })
                .set("INTERNALID", key(number))
                .set("EMAILCODE", position + 1)
                .set("EMAIL", &address)
                .set("CREATED", person.created);
            self.emails.insert()?;
        }
        Ok(())
    }
}

/// What `RECORDSTATUS` a patient's row has, by number; 1 is one that is not deleted.
fn record_status(number: u32) -> i32 {
    match number {
        n if n % 61 == 17 => 2,
        n if n % 151 == 46 => 0,
        _ => 1,
    }
}

/// The key of a patient, from its number.
fn key(number: u32) -> i64 {
    i64::from(number) + 1
}

/// A count of rows as a key. Counts stay far below what an `i64` holds.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn sex_code(person: &Person) -> Option<i32> {
    match person.number {
        n if n % 67 == 41 => Some(UNKNOWN_CODE),
        n if n % 71 == 30 => None,
        n if n % 85 == 26 => Some(sex::OTHER),
        n if n % 87 == 54 => Some(sex::UNKNOWN),
        _ if person.female => Some(sex::FEMALE),
        _ => Some(sex::MALE),
    }
}

/// A name as it stands in an e-mail address: letters only.
fn plain(name: &str) -> String {
    fold(name)
        .chars()
        .filter(char::is_ascii_lowercase)
        .collect()
}

fn shout(text: &str, loudly: bool) -> String {
    if loudly {
        text.to_uppercase()
    } else {
        text.to_owned()
    }
}
