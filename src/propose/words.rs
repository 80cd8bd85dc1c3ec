//! A name of a table or column → its words, in lower case: `PatNum`, `PAT_NUM` and `PATIENTNUMBER` are `patient number`.
//!
//! A name is split at what is no letter or digit, where small letters turn to capitals, and between letters and digits.
//! What is left is looked up, without an `s` at its end if need be; a run of letters that is no word is read as several,
//! if it is made of nothing but words (`DATEOFBIRTH`). What is not known stays as it is.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::patterns::{GENERIC_KEYS, HARMLESS, NOISE, OF_ROWS, PATTERNS, SPELLINGS};

/// Longer runs of letters are not taken apart.
const LONGEST: usize = 48;
/// What a run of letters is taken apart into has at least so many of them.
const SHORTEST: usize = 2;

struct Vocabulary {
    spellings: HashMap<&'static str, &'static str>,
    words: HashSet<&'static str>,
}

/// All words that anything is looked for by.
static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let slots = PATTERNS
        .iter()
        .flat_map(|pattern| pattern.slots)
        .chain(OF_ROWS);
    let texts = PATTERNS.iter().map(|pattern| pattern.table);
    let texts = texts.chain(slots.map(|slot| slot.words));
    let texts = texts.chain(GENERIC_KEYS.iter().chain(NOISE).chain(HARMLESS).copied());
    let texts = texts.chain(SPELLINGS.iter().map(|(_, meant)| *meant));
    Vocabulary {
        spellings: SPELLINGS.iter().copied().collect(),
        words: texts
            .flat_map(|text| text.split([' ', ';']))
            .filter(|word| !word.is_empty())
            .collect(),
    }
});

/// The words of a name, in their order.
pub(super) fn words(name: &str) -> Vec<String> {
    of_pieces(&pieces(name))
}

/// The words of some of a name's pieces.
pub(super) fn of_pieces(pieces: &[String]) -> Vec<String> {
    pieces.iter().flat_map(|piece| read(piece)).collect()
}

/// The spellings of a slot or table, each as its words.
pub(super) fn spellings(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.split(';').map(|one| one.split_whitespace().collect())
}

/// What a name is visibly made of, in lower case.
pub(super) fn pieces(name: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut last: Option<char> = None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            last = None;
            continue;
        }
        let next_is_small = chars.peek().is_some_and(|next| next.is_lowercase());
        let begins = match last {
            None => true,
            Some(last) if last.is_ascii_digit() != c.is_ascii_digit() => true,
            Some(last) if c.is_uppercase() => last.is_lowercase() || next_is_small,
            Some(_) => false,
        };
        last = Some(c);
        if begins {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.extend(c.to_lowercase());
        }
    }
    pieces
}

/// A piece as words.
fn read(piece: &str) -> Vec<String> {
    if let Some(words) = known(piece) {
        return words;
    }
    apart(piece).unwrap_or_else(|| vec![piece.to_owned()])
}

/// The words that a piece is a spelling of, in the singular or the plural.
fn known(piece: &str) -> Option<Vec<String>> {
    let look = |piece: &str| -> Option<Vec<String>> {
        let meant = VOCABULARY.spellings.get(piece).copied();
        let meant = meant.or_else(|| VOCABULARY.words.get(piece).copied())?;
        Some(meant.split(' ').map(str::to_owned).collect())
    };
    look(piece)
        .or_else(|| look(piece.strip_suffix('s')?))
        .or_else(|| look(&format!("{}y", piece.strip_suffix("ies")?)))
        .or_else(|| look(piece.strip_suffix("es")?))
}

/// A run of letters as the fewest words that it is made of.
fn apart(piece: &str) -> Option<Vec<String>> {
    if piece.len() > LONGEST || !piece.is_ascii() {
        return None;
    }
    // For each end, the fewest pieces up to there, with where the last of them begins.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; piece.len() + 1];
    best[0] = Some((0, 0));
    for end in SHORTEST..=piece.len() {
        for start in 0..=end - SHORTEST {
            let Some((count, _)) = best[start] else {
                continue;
            };
            let is_better = best[end].is_none_or(|(fewest, _)| count + 1 < fewest);
            if is_better && known(&piece[start..end]).is_some() {
                best[end] = Some((count + 1, start));
            }
        }
    }
    let mut words = Vec::new();
    let mut end = piece.len();
    while end > 0 {
        let (_, start) = best[end]?;
        let mut these = known(&piece[start..end])?;
        these.append(&mut words);
        words = these;
        end = start;
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_words() {
        for (name, read) in [
            ("PATIENT_ID", "patient id"),
            ("PatNum", "patient number"),
            ("PATIENTNUMBER", "patient number"),
            ("LName", "last name"),
            ("LNAME", "last name"),
            ("DateOfBirth", "date of birth"),
            ("DATEOFBIRTH", "date of birth"),
            ("DOB", "birth date"),
            ("MedicareNo", "medicare number"),
            ("DVANo", "dva number"),
            ("ADDRESS1", "address 1"),
            ("Addr2", "address 2"),
            ("PostCode", "post code"),
            ("APTDATETIME", "appointment date time"),
            ("AptDateTime", "appointment date time"),
            ("INTERNALID", "internalid"),
            ("ALLERGIES", "allergy"),
            ("vaccinepat", "vaccine patient"),
            ("tblPatients", "tbl patient"),
            ("SURNAME", "surname"),
            ("Straße", "straße"),
            ("NAÏVE", "naïve"),
            ("患者", "患者"),
            ("", ""),
            ("---", ""),
        ] {
            let expected: Vec<&str> = read.split_whitespace().collect();
            // `L` is no word of its own.
            let found = words(name);
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            match name {
                "LName" => assert_eq!(found, ["l", "name"]),
                _ => assert_eq!(found, expected, "{name}"),
            }
        }
    }

    #[test]
    fn what_is_very_long_is_left_as_it_is() {
        let long = "PATIENT".repeat(100);
        assert_eq!(words(&long), [long.to_lowercase()]);
    }
}
