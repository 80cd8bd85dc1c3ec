//! Who lives together, and what they share.
//!
//! Takes a patient's number, gives the household it belongs to. Patients are numbered from 0 and
//! taken five at a time; a draw for each five says how they fall into households, so a household is
//! found from any member's number alone, and its members come one after another. The first member
//! is the head of the family.

use super::calendar::Day;
use super::identifiers;
use super::names::{
    ACCENTED_SURNAMES, APOSTROPHE_SURNAMES, COMPOUND_SURNAMES, NESTED_SURNAMES, STREET_KINDS,
    STREETS, SUBURBS, SURNAMES, Suburb,
};
use super::phones;
use super::random::{Random, Stream};

/// Patients that are put into households together.
const BLOCK: u32 = 5;

/// How five patients may live: the sizes of their households.
const PATTERNS: &[&[u32]] = &[
    &[5],
    &[4, 1],
    &[3, 2],
    &[3, 1, 1],
    &[2, 2, 1],
    &[2, 1, 1, 1],
    &[1, 1, 1, 1, 1],
    &[2, 3],
];

/// A household, as one of its members sees it.
#[derive(Debug, Clone)]
pub struct Household {
    /// The number of the head of the family.
    pub head: u32,
    /// The member's place: 0 the head, 1 the partner, then children.
    pub place: u32,
    /// The head's surname.
    pub surname: &'static str,
    /// The head's age in days.
    pub head_age: i32,
    /// First and second line of the address.
    pub address: (String, String),
    /// Suburb, postcode and telephone area.
    pub suburb: Suburb,
    /// Another address for letters, with its suburb.
    pub postal: Option<(String, Suburb)>,
    /// The ten digits of the landline.
    pub landline: Option<String>,
    /// The Medicare card that all are on, and the year and month it expires in.
    pub medicare: Option<(String, (i32, i32))>,
}

impl Household {
    /// The household of a patient. `today` is what ages and card dates count from.
    pub fn of(seed: u64, patient: u32, today: Day) -> Household {
        let block = patient / BLOCK;
        let (head, place) = position(seed, block, patient % BLOCK);
        let first_of_block = head == block * BLOCK;
        let mut random = Random::new(seed, Stream::Household, u64::from(head));

        let surname = if first_of_block {
            forced_surname(block, &mut random)
        } else {
            None
        }
        .unwrap_or_else(|| random.pick_common(SURNAMES));
        let years = if head % 40 == 20 || head % 60 == 15 {
            random.between(72, 97)
        } else {
            20 + random.between(0, 40) + random.between(0, 35)
        };
        let head_age = years * 365 + random.between(0, 364);
        let street = format!(
            "{} {} {}",
            1 + random.below(250),
            random.pick(STREETS),
            random.pick(STREET_KINDS)
        );
        let address = if random.chance(12) {
            (format!("Unit {}", 1 + random.below(40)), street)
        } else {
            (street, String::new())
        };
        let suburb = random.pick_common(SUBURBS);
        let postal = random.chance(12).then(|| {
            let place = random.pick_common(SUBURBS);
            (format!("PO Box {}", 1 + random.below(3000)), place)
        });
        let landline = random
            .chance(70)
            .then(|| phones::landline(suburb.2, &mut random));
        let (year, month, _) = today.civil();
        let medicare = random.chance(90).then(|| {
            let card = identifiers::medicare(&mut random);
            let months = year * 12 + month - 1 + random.between(-14, 58);
            (card, (months.div_euclid(12), months.rem_euclid(12) + 1))
        });
        Household {
            head,
            place,
            surname,
            head_age,
            address,
            suburb,
            postal,
            landline,
            medicare,
        }
    }
}

/// The head of the household of one of the five in a block, and the member's place in it.
fn position(seed: u64, block: u32, member: u32) -> (u32, u32) {
    let sizes = Random::new(seed, Stream::Block, u64::from(block)).pick(PATTERNS);
    let mut start = 0;
    for size in sizes {
        if member < start + size {
            return (block * BLOCK + start, member - start);
        }
        start += size;
    }
    // The sizes of each pattern sum to BLOCK, so a member is always found.
    (block * BLOCK + member, 0)
}

/// The kinds of surname that even a small practice must have come round by count, not by chance.
fn forced_surname(block: u32, random: &mut Random) -> Option<&'static str> {
    if block.is_multiple_of(24) {
        Some("Smith")
    } else if block % 7 == 3 {
        Some(random.pick(ACCENTED_SURNAMES))
    } else if block % 11 == 2 {
        Some(random.pick(COMPOUND_SURNAMES))
    } else if block % 9 == 1 {
        Some(random.pick(APOSTROPHE_SURNAMES))
    } else if block % 12 == 5 {
        Some(random.pick(NESTED_SURNAMES))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_places_a_whole_block() {
        for pattern in PATTERNS {
            assert_eq!(pattern.iter().sum::<u32>(), BLOCK);
        }
    }

    #[test]
    fn members_agree_on_what_they_share() {
        let today = Day(20_000);
        for patient in 0..500 {
            let own = Household::of(3, patient, today);
            let head = Household::of(3, own.head, today);
            assert_eq!(head.place, 0);
            assert_eq!(own.head + own.place, patient);
            assert_eq!((own.address, own.landline), (head.address, head.landline));
        }
    }
}
