//! OFFICE, but for the book: the practice, its clinics and staff, the patients and their next of kin.

use super::{FIRST_DOCTOR, FORMER, NO_DAY, NURSES, code, flag, schema};
use crate::demo::Result;
use crate::demo::calendar::Day;
use crate::demo::identifiers;
use crate::demo::people::{Member, Person, Standing, state};
use crate::demo::phones;
use crate::demo::random::{Random, Stream};
use crate::demo::target::Rows;
use crate::demo::writer::Writer;

/// The clinics: code, name, first and second line, suburb, postcode.
pub const CLINICS: [(&str, &str, &str, &str, &str, &str); 2] = [
    (
        "RIV",
        "Riverbend",
        "Level 2",
        "12 Station Road",
        "Toowong",
        "4066",
    ),
    ("KEN", "Kenmore", "880 Bluegum Drive", "", "Kenmore", "4069"),
];
/// Languages, the common ones first; a code that rows use has none.
const LANGUAGES: &[&str] = &[
    "English",
    "Mandarin",
    "Vietnamese",
    "Arabic",
    "Greek",
    "Italian",
    "Cantonese",
    "Auslan",
];

/// Writes the practice, its clinics, and everyone who works there.
///
/// # Errors
/// The engine's.
pub fn write_practice(rows: &dyn Rows, seed: u64, today: Day, doctors: u32) -> Result<()> {
    let mut random = Random::new(seed, Stream::Place, 0);
    let random = &mut random;
    let landline = |random: &mut Random| {
        let digits = phones::landline("07", random);
        phones::written_landline(&digits, random)
    };
    let (_, _, first, second, suburb, postcode) = CLINICS[0];
    let mut practice = Writer::new(rows, &schema::PRACTICE);
    practice
        .set("PRACTICE_ID", 1)
        .set("PRACTICE_NAME", "Riverbend Medical Group")
        .set("HPIO", &identifiers::hpio(random))
        .set("ABN", &identifiers::abn(random))
        .set("PHONE", &landline(random))
        .set("EMAIL_ADDRESS", "office@riverbend.example.com")
        .set("ADDRESS_LINE_1", first)
        .set("ADDRESS_LINE_2", second)
        .set("SUBURB", suburb)
        .set("STATE", "QLD")
        .set("POSTCODE", postcode)
        .set("LAST_UPDATED", today.plus(-400).at(41_000));
    practice.insert()?;
    let mut clinics = Writer::new(rows, &schema::CLINICS);
    for (place, (code, name, first, second, suburb, postcode)) in CLINICS.into_iter().enumerate() {
        clinics
            .set("CLINIC_CODE", code)
            .set("CLINIC_NAME", name)
            .set(
                "CLINIC_TYPE",
                if place == 0 { "General practice" } else { "" },
            )
            .set("PHONE", &landline(random))
            .set("FAX", (place == 0).then(|| landline(random)).as_ref())
            .set(
                "EMAIL_ADDRESS",
                &format!("{}@riverbend.example.com", name.to_lowercase()),
            )
            .set("ADDRESS_LINE_1", first)
            .set("ADDRESS_LINE_2", second)
            .set("SUBURB", suburb)
            .set("STATE", "QLD")
            .set("POSTCODE", postcode)
            .set("ACTIVE", "T")
            .set(
                "LAST_UPDATED",
                (place == 0).then(|| today.plus(-90).at(36_000)),
            );
        clinics.insert()?;
    }
    clinics
        .set("CLINIC_CODE", "OLD")
        .set("CLINIC_NAME", "Old Rooms")
        .set("ACTIVE", "F");
    clinics.insert()?;
    let mut languages = Writer::new(rows, &schema::LANGUAGES);
    for (number, name) in (1..).zip(LANGUAGES) {
        languages
            .set("LANGUAGE_CODE", number)
            .set("LANGUAGE_NAME", *name);
        languages.insert()?;
    }
    write_staff(rows, seed, today, doctors)
}

fn write_staff(rows: &dyn Rows, seed: u64, today: Day, doctors: u32) -> Result<()> {
    let mut staff = Writer::new(rows, &schema::DOCTORS);
    let mut places = Writer::new(rows, &schema::DOCTOR_CLINICS);
    for number in 0..FIRST_DOCTOR + doctors {
        let member = Member::of(seed, number, today, "07");
        let mut random = Random::new(seed, Stream::User, u64::from(number));
        let nurse = NURSES.contains(&number);
        let here = number != FORMER;
        let key = code(number);
        let (title, specialty, prefix) = match nurse {
            true => (if member.female { "Ms" } else { "Mr" }, "Nursing", "NMW"),
            false if number % 7 == 5 => ("Dr", "Dermatology", "MED"),
            false => ("Dr", "General Practice", "MED"),
        };
        let mobile = phones::mobile(&mut random);
        staff
            .set("DOCTOR_CODE", &key)
            .set("TITLE", title)
            .set("SURNAME", member.surname)
            .set("FIRST_NAME", member.given)
            .set("SPECIALTY", specialty)
            .set("QUALIFICATIONS", (number % 4 == 3).then_some("MBBS FRACGP"))
            .set("HPII", here.then_some(&member.hpii))
            .set(
                "PRESCRIBER_NUM",
                if nurse { "" } else { &member.prescriber },
            )
            .set("AHPRA_NUM", &identifiers::ahpra(prefix, &mut random))
            .set("WORK_PHONE", member.phone.as_ref())
            .set(
                "MOBILE_PHONE",
                random
                    .chance(50)
                    .then(|| phones::written_mobile(&mobile, &mut random))
                    .as_ref(),
            )
            .set(
                "EMAIL_ADDRESS",
                random
                    .chance(80)
                    .then(|| format!("{}@riverbend.example.com", key.to_lowercase()))
                    .as_ref(),
            )
            .set("ACTIVE", flag(here))
            .set("LAST_UPDATED", member.changed);
        staff.insert()?;
        for (place, (clinic, ..)) in CLINICS.into_iter().enumerate() {
            // Every second one works at one clinic only.
            if number % 2 == 1 && place == 1 {
                continue;
            }
            places
                .set("DOCTOR_CODE", &key)
                .set("CLINIC_CODE", clinic)
                .set(
                    "PROVIDER_NUM",
                    (!nurse)
                        .then(|| identifiers::provider_number(&member.stem, place))
                        .as_ref(),
                )
                .set("START_DATE", member.hired.day)
                .set("END_DATE", if here { NO_DAY } else { today.plus(-180) })
                .set("ACTIVE", flag(here))
                .set("LAST_UPDATED", member.hired);
            places.insert()?;
        }
    }
    Ok(())
}

/// Writes patients one after another.
pub struct Patients<'s> {
    seed: u64,
    patients: Writer<'s>,
    kin: Writer<'s>,
}

impl<'s> Patients<'s> {
    /// A writer of patients into tables that exist.
    pub fn new(rows: &'s dyn Rows, seed: u64) -> Self {
        Patients {
            seed,
            patients: Writer::new(rows, &schema::PATIENTS),
            kin: Writer::new(rows, &schema::NEXT_OF_KIN),
        }
    }

    /// Writes a patient.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(&mut self, person: &Person, doctors: u32) -> Result<()> {
        let mut random = Random::new(self.seed, Stream::Patient, u64::from(person.number));
        let random = &mut random;
        self.write_self(person, doctors, random);
        self.write_address(person);
        self.write_cards(person, random);
        self.patients.insert()?;
        self.write_kin(person, random)
    }

    fn write_self(&mut self, person: &Person, doctors: u32, random: &mut Random) {
        let number = person.number;
        let gender = match (number, person.female) {
            (n, _) if n % 61 == 17 => Some("X"),
            (n, _) if n % 97 == 31 => Some("U"),
            (n, _) if n % 101 == 55 => None,
            (_, true) => Some("F"),
            (_, false) => Some("M"),
        };
        // Newer versions ask; most records are older.
        let identity = match (number % 12, person.female) {
            (5, _) if number.is_multiple_of(5) => Some(("Non-binary", "they/them")),
            (5, true) => Some(("Female", "she/her")),
            (5, false) => Some(("Male", "he/him")),
            (6, _) => Some(("", "")),
            _ => None,
        };
        let status = match (person.died, person.standing) {
            (Some(_), _) => "D",
            (_, Standing::Inactive) => "I",
            // Visitors: a letter of the practice's own.
            _ if number % 131 == 44 => "V",
            _ => "A",
        };
        let doctor = match number {
            n if n % 27 == 5 => Some(String::new()),
            n if n % 44 == 9 => Some(code(FORMER)),
            n if n % 52 == 31 => None,
            n if n % 150 == 77 => Some("GONE".to_owned()),
            _ => Some(code(FIRST_DOCTOR + random.below(doctors))),
        };
        let language = match random.below(100) {
            0..70 => Some(1),
            70..80 => Some(random.between(2, 8)),
            80..83 => Some(42),
            83..90 => Some(0),
            _ => None,
        };
        let background = match (number % 50, random.below(100)) {
            (3, _) => Some("1"),
            (4, _) => Some("2"),
            (6, _) => Some("3"),
            (7, _) => None,
            (8, _) | (_, 95..) => Some(""),
            (9, _) | (_, 88..) => Some("9"),
            _ => Some("4"),
        };
        let unknown_birth = if number.is_multiple_of(2) {
            None
        } else {
            Some(NO_DAY)
        };
        let [home, work, mobile] = &person.phones;
        self.patients
            .set("PATIENT_ID", person.key())
            .set("TITLE", person.title)
            .set("SURNAME", &person.surname)
            .set("FIRST_NAME", person.given.unwrap_or(""))
            .set("SECOND_NAME", person.middle)
            .set(
                "KNOWN_AS",
                person.called.or(number.is_multiple_of(3).then_some("")),
            )
            .set("GENDER", gender)
            .set("GENDER_IDENTITY", identity.map(|(identity, _)| identity))
            .set("PRONOUNS", identity.map(|(_, pronouns)| pronouns))
            .set(
                "DATE_OF_BIRTH",
                if person.birth_is_known {
                    Some(person.born)
                } else {
                    unknown_birth
                },
            )
            // Of some it is only known that they are dead.
            .set(
                "DATE_OF_DEATH",
                person.died.filter(|_| number % 80 != 60).unwrap_or(NO_DAY),
            )
            .set("ATSI_CODE", background)
            .set("LANGUAGE_CODE", language)
            .set("INTERPRETER", flag(language.is_some_and(|it| it > 4)))
            .set("HOME_PHONE", home.as_ref())
            .set("WORK_PHONE", work.as_ref())
            .set("MOBILE_PHONE", mobile.as_ref())
            .set("EMAIL_ADDRESS", person.email.as_ref())
            .set("USUAL_DOCTOR", doctor.as_ref())
            .set("STATUS", status)
            .set(
                "DELETED",
                match person.standing {
                    Standing::Deleted => Some("T"),
                    _ if number % 5 == 3 => None,
                    _ => Some("F"),
                },
            )
            .set("CREATED", person.since)
            .set("LAST_UPDATED", person.changed);
    }

    fn write_address(&mut self, person: &Person) {
        let household = &person.household;
        let (suburb, postcode, _) = household.suburb;
        if person.number % 73 == 19 {
            // No fixed address.
            self.patients.set("ADDRESS_LINE_1", "").set("SUBURB", "");
        } else {
            let (first, second) = &household.address;
            self.patients
                .set("ADDRESS_LINE_1", first)
                .set("ADDRESS_LINE_2", second)
                .set("SUBURB", suburb)
                .set("STATE", state(postcode))
                .set("POSTCODE", postcode);
        }
        if let Some((line, (suburb, postcode, _))) = &household.postal {
            self.patients
                .set("POSTAL_LINE", line)
                .set("POSTAL_SUBURB", *suburb)
                .set("POSTAL_STATE", state(postcode))
                .set("POSTAL_POSTCODE", *postcode);
        }
    }

    fn write_cards(&mut self, person: &Person, random: &mut Random) {
        let number = person.number;
        self.patients.set("IHI", person.ihi.as_ref()).set(
            "FILE_NUM",
            (number % 11 != 6)
                .then(|| format!("F{:06}", number + 1))
                .as_ref(),
        );
        if let Some((card, (year, month))) = &person.household.medicare {
            let line = (person.household.place + 1).to_string();
            let expiry = match number {
                n if n % 35 == 16 => "000000".to_owned(),
                _ => format!("{year:04}{month:02}"),
            };
            self.patients
                .set("MEDICARE_NUM", card)
                .set("MEDICARE_REF", if number % 43 == 16 { "" } else { &line })
                .set("MEDICARE_EXPIRY", &expiry);
        }
        if let Some(veteran) = &person.veteran {
            let card = if number % 120 == 75 {
                "B"
            } else {
                random.pick(&["G", "W", "O"])
            };
            self.patients.set("DVA_NUM", veteran).set("DVA_CARD", card);
        }
        if let Some((card, ends)) = &person.concession {
            let kind = if number % 97 == 38 {
                "XYZ"
            } else {
                random.pick(&["PCC", "HCC", "CSHC"])
            };
            self.patients
                .set("PENSION_NUM", card)
                .set("PENSION_TYPE", kind)
                .set(
                    "PENSION_EXPIRY",
                    if number % 4 == 1 { NO_DAY } else { *ends },
                );
        }
        if let Some((fund, member)) = &person.fund {
            self.patients
                .set("FUND_NAME", *fund)
                .set("FUND_NUM", member);
        }
    }

    fn write_kin(&mut self, person: &Person, random: &mut Random) -> Result<()> {
        let Some((given, surname, relationship, phone)) = &person.kin else {
            return Ok(());
        };
        let (suburb, postcode, _) = person.household.suburb;
        let count = if random.chance(15) { 2 } else { 1 };
        for which in 0..count {
            let id = self.kin.next_key();
            let together = which == 0 && id % 3 == 0;
            self.kin
                .set("NOK_ID", id)
                .set("PATIENT_ID", person.key())
                .set("SURNAME", if id % 13 == 5 { "" } else { surname })
                .set("FIRST_NAME", *given)
                .set(
                    "RELATIONSHIP",
                    if id % 17 == 6 {
                        "Flatmate"
                    } else {
                        relationship
                    },
                )
                .set("MOBILE_PHONE", phone)
                .set(
                    "ADDRESS_LINE",
                    together.then_some(&person.household.address.0),
                )
                .set("SUBURB", together.then_some(suburb))
                .set("STATE", together.then(|| state(postcode)))
                .set("POSTCODE", together.then_some(postcode))
                .set("EMERGENCY_CONTACT", flag(which == 0))
                .set("DELETED", super::deleted(id))
                .set("LAST_UPDATED", super::touched(person.since, id));
            self.kin.insert()?;
        }
        Ok(())
    }
}
