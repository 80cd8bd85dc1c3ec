//! Australian identifiers that pass their check digits.
//!
//! Takes draws, gives numbers as text, as the tables hold them; beside each the rule that a reader
//! of it may check. The numbers are made up: that they pass is what lets a client's own validation
//! be tried on the demo.

use super::random::Random;

/// An Individual Healthcare Identifier: 16 digits, `800360` first.
pub fn ihi(random: &mut Random) -> String {
    healthcare_identifier("800360", random)
}

/// A Healthcare Provider Identifier of an individual: 16 digits, `800361` first.
pub fn hpii(random: &mut Random) -> String {
    healthcare_identifier("800361", random)
}

/// A Healthcare Provider Identifier of an organisation: 16 digits, `800362` first.
pub fn hpio(random: &mut Random) -> String {
    healthcare_identifier("800362", random)
}

fn healthcare_identifier(prefix: &str, random: &mut Random) -> String {
    let mut number = format!("{prefix}{}", random.digits(9));
    // With a 0 in the check digit's place, what is missing to the next ten is the check digit.
    number.push('0');
    let missing = (10 - luhn_sum(&number) % 10) % 10;
    number.pop();
    push_digit(&mut number, missing);
    number
}

/// The Luhn sum of a number, check digit included: a multiple of ten when the number is valid.
pub fn luhn_sum(number: &str) -> u32 {
    number
        .chars()
        .rev()
        .filter_map(|character| character.to_digit(10))
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 => digit,
            _ if digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        })
        .sum()
}

/// A Medicare card number: 10 digits, of which the ninth is the check digit and the tenth the
/// issue of the card. The person's line on the card is no part of it.
pub fn medicare(random: &mut Random) -> String {
    let mut number = String::with_capacity(10);
    push_digit(&mut number, 2 + random.below(5));
    for _ in 0..7 {
        push_digit(&mut number, random.below(10));
    }
    let check = medicare_check(&number);
    push_digit(&mut number, check);
    push_digit(&mut number, 1 + random.below(9));
    number
}

/// The check digit of a Medicare card number, from its first eight digits.
pub fn medicare_check(number: &str) -> u32 {
    weighted_sum(number, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10
}

/// The values of a practice location in a provider number, in their order.
const LOCATION_CHARACTERS: &[char] = &[
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J',
    'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'T', 'U', 'V', 'W', 'X', 'Y',
];
/// The check characters of a provider number, by remainder.
const PROVIDER_CHECKS: &[char] = &['Y', 'X', 'W', 'T', 'L', 'K', 'J', 'H', 'F', 'B', 'A'];

/// A Medicare provider number: the provider's six digits, a character for the practice location
/// (`location` counts from 0, modulo the 32 that there are) and a check character.
pub fn provider_number(stem: &str, location: usize) -> String {
    let place = location % LOCATION_CHARACTERS.len();
    let location = LOCATION_CHARACTERS.get(place).copied().unwrap_or('0');
    let mut number = format!("{stem}{location}");
    number.push(provider_check(stem, place));
    number
}

/// The check character of a provider number, from its six digits and the location's place in the
/// order of location characters.
fn provider_check(stem: &str, place: usize) -> char {
    // At most 31, so it fits.
    let place = place as u32;
    let remainder = (weighted_sum(stem, &[3, 5, 8, 4, 2, 1]) + 6 * place) % 11;
    PROVIDER_CHECKS
        .get(remainder as usize)
        .copied()
        .unwrap_or('Y')
}

/// Whether a text is a provider number with the right check character.
pub fn is_provider_number(number: &str) -> bool {
    let characters: Vec<char> = number.chars().collect();
    let [stem @ .., location, check] = characters.as_slice() else {
        return false;
    };
    let Some(place) = LOCATION_CHARACTERS.iter().position(|c| c == location) else {
        return false;
    };
    let stem: String = stem.iter().collect();
    stem.len() == 6
        && stem.bytes().all(|byte| byte.is_ascii_digit())
        && provider_check(&stem, place) == *check
}

/// An Australian Business Number: 11 digits, the first two of them a check.
pub fn abn(random: &mut Random) -> String {
    let body = random.digits(9);
    let remainder = weighted_sum(&body, &[3, 5, 7, 9, 11, 13, 15, 17, 19]) % 89;
    // With the two leading digits d1 d2 the sum is (d1 - 1) * 10 + d2, to be 0 modulo 89: the
    // number 10 + 89 - remainder, between 11 and 99, does that.
    format!("{}{body}", 99 - remainder)
}

/// The sum that is a multiple of 89 for a valid ABN; `None` when the text is not 11 digits with a
/// first digit of at least 1.
pub fn abn_sum(number: &str) -> Option<u32> {
    if number.len() != 11 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    weighted_sum(number, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]).checked_sub(10)
}

/// A file number of the Department of Veterans' Affairs: state, war and number.
pub fn dva(random: &mut Random) -> String {
    let state = random.pick(&["N", "V", "Q", "W", "S", "T"]);
    let war = random.pick(&["X", "SM", "SS", "KM"]);
    format!("{state}{war}{}", random.digits(6))
}

/// A Centrelink customer reference number: nine digits and a letter.
pub fn customer_reference(random: &mut Random) -> String {
    let letter = random.pick(&["A", "B", "C", "H", "J", "K", "L", "S", "T", "V", "X"]);
    format!("{}{letter}", random.digits(9))
}

/// An Ahpra registration number: the profession's three letters and ten digits.
pub fn ahpra(profession: &str, random: &mut Random) -> String {
    format!("{profession}000{}", random.digits(7))
}

fn weighted_sum(number: &str, weights: &[u32]) -> u32 {
    number
        .chars()
        .filter_map(|character| character.to_digit(10))
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum()
}

fn push_digit(number: &mut String, digit: u32) {
    number.push(char::from_digit(digit, 10).unwrap_or('0'));
}

#[cfg(test)]
mod tests {
    use super::super::random::Stream;
    use super::*;

    #[test]
    fn the_rules_hold_for_published_examples() {
        assert_eq!(luhn_sum("8003608833357361") % 10, 0);
        assert_ne!(luhn_sum("8003608833357362") % 10, 0);
        assert_eq!(medicare_check("21234567"), 0);
        assert!(is_provider_number("2426621B"));
        assert!(
            !is_provider_number("2426621A") && !is_provider_number("") && !is_provider_number("é")
        );
        assert_eq!(abn_sum("51824753556").map(|sum| sum % 89), Some(0));
        assert_eq!(abn_sum("5182475355"), None);
    }

    #[test]
    fn what_is_made_passes_its_check() {
        let mut random = Random::new(7, Stream::User, 0);
        for location in 0..2000 {
            for number in [ihi(&mut random), hpii(&mut random), hpio(&mut random)] {
                assert_eq!((number.len(), luhn_sum(&number) % 10), (16, 0), "{number}");
            }
            let number = medicare(&mut random);
            assert_eq!(number.len(), 10);
            assert_eq!(number[8..9], medicare_check(&number).to_string());
            let number = abn(&mut random);
            assert_eq!(abn_sum(&number).map(|sum| sum % 89), Some(0), "{number}");
            let stem = random.digits(6);
            assert!(is_provider_number(&provider_number(&stem, location)));
            assert_eq!(ahpra("MED", &mut random).len(), 13);
            assert_eq!(customer_reference(&mut random).len(), 10);
            assert!(dva(&mut random).len() <= 9);
        }
    }
}
