//! The people of a practice, in words of no product.
//!
//! Takes the seed, a patient's number and today; gives who it is: names, sex, days of birth and death, cards, telephones.
//! A product's demo puts them into its columns, with its own ways of saying that something is not known. What is rare
//! but must be there in the smallest practice (a deleted record, a missing day of birth) comes round by the number.

use super::calendar::{Day, Moment};
use super::households::Household;
use super::identifiers;
use super::names::{
    ACCENTED_NAMES, FEMALE_NAMES, HEALTH_FUNDS, MALE_NAMES, RELATIONSHIPS, SHORT_NAMES, SURNAMES,
};
use super::phones;
use super::random::{Random, Stream};

/// Days in a year, near enough for ages.
pub const YEAR: i32 = 365;

/// Whether a record counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Somebody who comes.
    Active,
    /// Somebody who no longer comes.
    Inactive,
    /// A record that was deleted.
    Deleted,
}

/// One patient.
#[derive(Debug, Clone)]
pub struct Person {
    /// The number, which counts from 0; the key is one more.
    pub number: u32,
    /// Where they live, and with whom.
    pub household: Household,
    /// The day of birth.
    pub born: Day,
    /// Whether the practice knows it.
    pub birth_is_known: bool,
    /// Whether they are of age.
    pub adult: bool,
    /// What counts for names and for which illnesses are likely.
    pub female: bool,
    /// The family name, as somebody typed it.
    pub surname: String,
    /// The first name; of some there is none.
    pub given: Option<&'static str>,
    /// The second name.
    pub middle: Option<&'static str>,
    /// What they are called.
    pub called: Option<&'static str>,
    /// The title, as a text; of some there is none.
    pub title: Option<&'static str>,
    /// The day of death.
    pub died: Option<Day>,
    /// Whether the record counts.
    pub standing: Standing,
    /// When the practice came to know them.
    pub since: Moment,
    /// When the record was last changed.
    pub changed: Option<Moment>,
    /// The last day of the record: yesterday, or the day before that of death. Never before `since`.
    pub until: Day,
    /// Telephones as they were typed: at home, at work, mobile.
    pub phones: [Option<String>; 3],
    /// An e-mail address.
    pub email: Option<String>,
    /// The national identifier.
    pub ihi: Option<String>,
    /// A veteran's number.
    pub veteran: Option<String>,
    /// A concession card: its number and the day it runs out.
    pub concession: Option<(String, Day)>,
    /// A health fund and the number in it.
    pub fund: Option<(&'static str, String)>,
    /// Next of kin: first name, family name, relationship, telephone.
    pub kin: Option<(&'static str, String, &'static str, String)>,
}

impl Person {
    /// The patient's key.
    pub fn key(&self) -> i64 {
        i64::from(self.number) + 1
    }

    /// The patient of a number.
    pub fn of(seed: u64, number: u32, today: Day) -> Person {
        let mut random = Random::new(seed, Stream::Person, u64::from(number));
        let random = &mut random;
        let household = Household::of(seed, number, today);
        let age = match household.place {
            0 => household.head_age,
            1 => (household.head_age + random.between(-6 * YEAR, 6 * YEAR)).max(18 * YEAR),
            _ => (household.head_age - random.between(20 * YEAR, 38 * YEAR)).max(2),
        };
        let (born, adult) = (today.plus(-age), age >= 18 * YEAR);
        let female = random.chance(52);
        let names = if female { FEMALE_NAMES } else { MALE_NAMES };
        let given = if number % 23 == 7 {
            random.pick(ACCENTED_NAMES)
        } else {
            random.pick_common(names)
        };
        let surname = surname(number, &household, random);
        // Nobody's record is older than they are, and none is of today.
        let days = random.between(20, 18 * YEAR).min(age - 1).max(1);
        let since = today.plus(-days).at(random.between(28_800, 64_800));
        let yesterday = today.plus(-1);
        let died = (number % 40 == 20 && since.day < yesterday)
            .then(|| Day(random.between(since.day.0 + 1, yesterday.0)));
        let until = died.map_or(yesterday, |day| day.plus(-1));
        let changed = (random.chance(60) || died.is_some()).then(|| {
            let earliest = died.unwrap_or(since.day);
            Day(random.between(earliest.0, yesterday.0)).at(random.between(64_801, 70_000))
        });
        let mut person = Person {
            number,
            born,
            birth_is_known: number % 53 != 29,
            adult,
            female,
            surname,
            given: (number % 79 != 33).then_some(given),
            middle: random.chance(60).then(|| random.pick(names)),
            called: None,
            title: None,
            died,
            standing: match number {
                n if n % 67 == 13 => Standing::Deleted,
                n if n % 19 == 12 => Standing::Inactive,
                _ => Standing::Active,
            },
            since,
            changed,
            until,
            phones: [const { None }; 3],
            email: None,
            ihi: None,
            veteran: None,
            concession: None,
            fund: None,
            kin: None,
            household,
        };
        person.addressed(random);
        person.reached(random);
        person.covered(age, today, random);
        person
    }

    fn addressed(&mut self, random: &mut Random) {
        let short = self.given.and_then(|given| {
            let mut pairs = SHORT_NAMES.iter();
            pairs.find(|(long, _)| *long == given)
        });
        self.called = short.map(|(_, short)| *short).filter(|_| random.chance(40));
        self.title = match (self.number, self.female, self.adult) {
            (n, _, _) if n % 33 == 8 => None,
            (n, _, true) if n % 45 == 10 => Some("Dr"),
            (n, _, true) if n % 83 == 40 => Some("Mx"),
            (_, true, true) => Some(random.pick(&["Mrs", "Ms", "Miss"])),
            (_, true, false) => Some("Miss"),
            (_, false, true) => Some("Mr"),
            (_, false, false) => Some("Master"),
        };
    }

    fn reached(&mut self, random: &mut Random) {
        let home = self.household.landline.as_deref();
        let home = home.map(|digits| phones::written_landline(digits, random));
        let work = (self.adult && random.chance(20)).then(|| {
            let digits = phones::landline(self.household.suburb.2, random);
            phones::written_landline(&digits, random)
        });
        let mobile = (self.adult && random.chance(85)).then(|| {
            let digits = phones::mobile(random);
            phones::written_mobile(&digits, random)
        });
        self.phones = [home, work, mobile];
        self.email = (self.adult && random.chance(55))
            .then(|| format!("patient{}@mail.example.com", self.number + 1));
        self.kin = random.chance(60).then(|| {
            let given = random.pick(if self.female {
                MALE_NAMES
            } else {
                FEMALE_NAMES
            });
            let digits = phones::mobile(random);
            let phone = phones::written_mobile(&digits, random);
            (
                given,
                self.household.surname.to_owned(),
                random.pick(RELATIONSHIPS),
                phone,
            )
        });
    }

    fn covered(&mut self, age: i32, today: Day, random: &mut Random) {
        let number = self.number;
        let ihi = identifiers::ihi(random);
        self.ihi = random.chance(80).then_some(ihi);
        let aged = age >= 67 * YEAR;
        let file = identifiers::dva(random);
        self.veteran = (number % 60 == 15 || (aged && random.chance(4))).then_some(file);
        let reference = identifiers::customer_reference(random);
        let ends = today.plus(random.between(-200, 700));
        self.concession =
            (aged || number % 25 == 10 || random.chance(10)).then_some((reference, ends));
        self.fund = random
            .chance(35)
            .then(|| (random.pick(HEALTH_FUNDS), random.digits(8)));
    }
}

fn surname(number: u32, household: &Household, random: &mut Random) -> String {
    let own_name = household.place == 1 && random.chance(20);
    let surname = match household.place {
        1 if own_name => random.pick_common(SURNAMES).to_owned(),
        place if place > 1 && random.chance(6) => {
            format!("{}-{}", random.pick_common(SURNAMES), household.surname)
        }
        _ => household.surname.to_owned(),
    };
    // As typed by someone in a hurry.
    match number {
        n if n % 31 == 4 => surname.to_uppercase(),
        n if n % 37 == 11 => surname.to_lowercase(),
        _ => surname,
    }
}

/// Somebody who works at a practice.
#[derive(Debug, Clone)]
pub struct Member {
    /// What counts for names.
    pub female: bool,
    /// The family name.
    pub surname: &'static str,
    /// The first name.
    pub given: &'static str,
    /// The six digits that all their provider numbers have.
    pub stem: String,
    /// The number by which they prescribe.
    pub prescriber: String,
    /// The national identifier.
    pub hpii: String,
    /// When they came.
    pub hired: Moment,
    /// A telephone at the practice.
    pub phone: Option<String>,
    /// When their record was last changed.
    pub changed: Option<Moment>,
}

impl Member {
    /// The member of staff of a number, which counts from 0, whose telephones are in an area.
    pub fn of(seed: u64, number: u32, today: Day, area: &str) -> Member {
        let mut random = Random::new(seed, Stream::Member, u64::from(number));
        let female = random.chance(55);
        // Every fifth has accents, so that even the smallest practice has such a doctor.
        let (given, surname) = if number % 5 == 2 {
            (
                random.pick(ACCENTED_NAMES),
                random.pick(super::names::ACCENTED_SURNAMES),
            )
        } else {
            let names = if female { FEMALE_NAMES } else { MALE_NAMES };
            (random.pick(names), random.pick(SURNAMES))
        };
        let hired = today.plus(-random.between(500, 5000));
        let changed = hired.plus(random.between(1, 450));
        let desk = phones::landline(area, &mut random);
        Member {
            female,
            surname,
            given,
            stem: random.digits(6),
            prescriber: random.digits(7),
            hpii: identifiers::hpii(&mut random),
            hired: hired.at(random.between(28_800, 61_200)),
            phone: (number % 3 != 1).then(|| phones::written_landline(&desk, &mut random)),
            changed: random
                .chance(50)
                .then(|| changed.at(random.between(28_800, 61_200))),
        }
    }
}

/// The state that a postcode is in.
pub fn state(postcode: &str) -> &'static str {
    match postcode.as_bytes() {
        [b'0', b'8', ..] => "NT",
        [b'2', b'6', b'0' | b'1', ..] => "ACT",
        [b'2', ..] => "NSW",
        [b'3', ..] => "VIC",
        [b'5', ..] => "SA",
        [b'6', ..] => "WA",
        [b'7', ..] => "TAS",
        _ => "QLD",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_has_its_order() {
        let today = Day(20_775);
        for number in 0..2000 {
            let person = Person::of(4, number, today);
            assert!(person.born <= person.since.day, "{person:?}");
            assert!(person.since.day <= person.until, "{person:?}");
            assert!(person.until < today, "{person:?}");
            assert!(
                person
                    .died
                    .is_none_or(|day| day < today && day > person.until)
            );
            assert!(
                person
                    .changed
                    .is_none_or(|at| at > person.since && at.day < today)
            );
        }
    }
}
