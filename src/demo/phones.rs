//! Telephone numbers of the embedded practice, as people write them down.
//!
//! Takes draws, gives text of at most 14 characters. Every number is one that the Australian
//! regulator keeps for fiction: 5550 and 7010 under each area code, and a short list of mobiles.
//! Mobiles repeat therefore; landlines hardly do.

use super::names::FICTION_MOBILES;
use super::random::Random;

/// The ten digits of a landline in an area (`02`, `03`, `07` or `08`).
pub fn landline(area: &str, random: &mut Random) -> String {
    let exchange = random.pick(&["5550", "7010"]);
    format!("{area}{exchange}{:04}", random.below(10_000))
}

/// The ten digits of a mobile.
pub fn mobile(random: &mut Random) -> String {
    random.pick(FICTION_MOBILES).to_owned()
}

/// Ten digits of a landline in one of the ways they are typed: with brackets, blanks, hyphens,
/// plain, without the area, or international.
pub fn written_landline(digits: &str, random: &mut Random) -> String {
    let (area, local) = digits.split_at_checked(2).unwrap_or(("", digits));
    let (first, last) = local.split_at_checked(4).unwrap_or(("", local));
    match random.below(10) {
        0..=3 => format!("({area}) {first} {last}"),
        4..=5 => format!("{area} {first} {last}"),
        6 => digits.to_owned(),
        7 => format!("{first} {last}"),
        8 => format!("{area}-{first}-{last}"),
        _ => format!("+61{}{local}", area.trim_start_matches('0')),
    }
}

/// Ten digits of a mobile in one of the ways they are typed.
pub fn written_mobile(digits: &str, random: &mut Random) -> String {
    let (prefix, rest) = digits.split_at_checked(4).unwrap_or(("", digits));
    let (first, last) = rest.split_at_checked(3).unwrap_or(("", rest));
    match random.below(8) {
        0..=3 => format!("{prefix} {first} {last}"),
        4 => digits.to_owned(),
        5 => format!("{prefix}-{first}-{last}"),
        6 => format!("({prefix}) {first}{last}"),
        _ => format!("+61{}", digits.trim_start_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Stream;
    use super::*;

    #[test]
    fn every_way_of_writing_keeps_the_digits_and_fits() {
        let mut random = Random::new(1, Stream::Patient, 1);
        for _ in 0..500 {
            let number = landline("07", &mut random);
            assert_eq!(number.len(), 10);
            let written = written_landline(&number, &mut random);
            let digits: String = written.chars().filter(char::is_ascii_digit).collect();
            assert!(
                written.len() <= 14 && digits.ends_with(&number[2..]),
                "{written}"
            );
            let number = mobile(&mut random);
            let written = written_mobile(&number, &mut random);
            let digits: String = written.chars().filter(char::is_ascii_digit).collect();
            assert!(
                written.len() <= 14 && digits.ends_with(&number[1..]),
                "{written}"
            );
        }
    }
}
