//! Collations, by the names that engines have for them.

use std::sync::Arc;

use serde::Serialize;

/// How a text column compares by itself.
///
/// `linguistic` says that the order goes by letters first, then accents, then case (SQL Server's
/// Windows collations, ICU): then all strings that begin with the same letters are neighbours, whatever
/// their accents and case, and a starts-with search is a range of the index.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Collation {
    /// The engine's name for it: `Latin1_General_CI_AS`, `UNICODE_CI_AI`, `NOCASE`, `BINARY`.
    pub name: Arc<str>,
    pub ignores_case: bool,
    pub ignores_accents: bool,
    pub linguistic: bool,
    /// `=` ignores trailing blanks.
    pub ignores_trailing_blanks: bool,
}

impl Collation {
    /// Reads an engine's collation name. SQL Server: `…_CI_AS`, `…_BIN2`; Firebird: `UNICODE_CI_AI`, `WIN_PTBR`, and a
    /// character set's name for its bytes' order (`NONE`, `WIN1252`); SQL Anywhere: `1252LATIN1`, `UCA`, both with
    /// their tailoring, `UCA(case=respect;accent=respect)`; SQLite: `BINARY`, `NOCASE`, `RTRIM`.
    pub fn parse(name: &str) -> Option<Collation> {
        let upper = name.to_ascii_uppercase();
        let of = |ignores_case, ignores_accents, linguistic, ignores_trailing_blanks| {
            Some(Collation {
                name: Arc::from(name),
                ignores_case,
                ignores_accents,
                linguistic,
                ignores_trailing_blanks,
            })
        };
        let (plain, tailoring) = match upper.split_once('(') {
            Some((plain, rest)) => (plain.trim_end(), Some(rest.strip_suffix(')')?)),
            None => (upper.as_str(), None),
        };
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        if plain.is_empty() || !plain.bytes().all(is_name) {
            return None;
        }
        if tailoring.is_some() || plain == "UCA" || is_of_sql_anywhere(plain) {
            let tailoring = Tailoring::parse(tailoring.unwrap_or_default())?;
            // Blanks at the end count, unless the database was made to pad with them.
            return match plain {
                "UCA" => of(
                    tailoring.ignores_case,
                    tailoring.ignores_accents,
                    true,
                    false,
                ),
                // A letter with an accent has a place of its own, between whole letters.
                plain if is_of_sql_anywhere(plain) => of(
                    tailoring.ignores_case && !plain.ends_with("BIN"),
                    false,
                    false,
                    false,
                ),
                _ => None,
            };
        }
        match plain {
            "BINARY" => of(false, false, false, false),
            // ASCII letters only: 'É' and 'é' stay apart, and 'Zoë' sorts by bytes.
            "NOCASE" => of(false, false, false, false),
            "RTRIM" => of(false, false, false, true),
            "NONE" | "ASCII" | "UTF8" | "UCS_BASIC" | "ISO8859_1" | "WIN1252" | "OCTETS"
            | "UNICODE_FSS" => of(false, false, false, true),
            // Letters first, then accents, then case.
            "UNICODE" | "WIN1252_UNICODE" | "ISO8859_1_UNICODE" | "PXW_INTL" | "PXW_INTL850"
            | "PXW_NORDAN4" | "PXW_SPAN" | "PXW_SWEDFIN" | "DA_DA" | "DE_DE" | "DU_NL"
            | "EN_UK" | "EN_US" | "ES_ES" | "FI_FI" | "FR_CA" | "FR_FR" | "IS_IS" | "IT_IT"
            | "NO_NO" | "PT_PT" | "SV_SV" => of(false, false, true, true),
            "UNICODE_CI" | "EN_CI" => of(true, false, true, true),
            "UNICODE_CI_AI" | "EN_CI_AI" => of(true, true, true, true),
            // Letters that stand for two, as `ß`, lie elsewhere than the two; in Spanish `ñ` is a letter.
            "WIN_PTBR" | "PT_BR" | "ES_ES_CI_AI" | "FR_FR_CI_AI" | "FR_CA_CI_AI" => {
                of(true, true, false, true)
            }
            _ if plain.contains("_BIN") => of(false, false, false, true),
            // The old SQL_ collations sort by code page tables in which accents are letters of their own.
            _ if plain.contains("_CI_AI") => of(true, true, true, true),
            _ if plain.contains("_CI_AS") => of(true, false, true, true),
            _ if plain.contains("_CS_AS") || plain.contains("_CS_AI") => {
                of(false, plain.contains("_AI"), true, true)
            }
            _ => None,
        }
    }
}

/// A collation of SQL Anywhere's own algorithm: named by a code page (`1252LATIN1`, `850ESP`) or `ISO1LATIN1`, `UTF8BIN`.
fn is_of_sql_anywhere(name: &str) -> bool {
    let after = name.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = name.len() - after.len();
    let of_code_page = (3..=5).contains(&digits) && after.starts_with(|c: char| c.is_alphabetic());
    of_code_page || matches!(name, "ISO1LATIN1" | "ISO9LATIN1" | "WIN_LATIN1" | "UTF8BIN")
}

/// What is said of a collation of SQL Anywhere in parentheses; the defaults of a new database.
struct Tailoring {
    ignores_case: bool,
    ignores_accents: bool,
}

impl Tailoring {
    fn parse(upper: &str) -> Option<Tailoring> {
        let mut tailoring = Tailoring {
            ignores_case: true,
            ignores_accents: true,
        };
        for option in upper.split(';').filter(|option| !option.trim().is_empty()) {
            let (key, value) = option.split_once('=')?;
            let ignored = value.trim() == "IGNORE";
            match key.trim() {
                "CASE" | "CASESENSITIVE" | "CASESENSITIVITY" => tailoring.ignores_case = ignored,
                "ACCENT" | "ACCENTSENSITIVE" | "ACCENTSENSITIVITY" => {
                    tailoring.ignores_accents = ignored;
                }
                "LOCALE"
                | "SORTTYPE"
                | "PUNCT"
                | "PUNCTUATIONSENSITIVE"
                | "PUNCTUATIONSENSITIVITY" => {}
                _ => return None,
            }
        }
        Some(tailoring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collations_name_says_how_it_compares() {
        // Ignores case, ignores accents, is linguistic, ignores blanks at the end.
        for (name, expected) in [
            ("Latin1_General_CI_AS", "C-LB"),
            ("Latin1_General_BIN2", "---B"),
            ("UNICODE_CI_AI", "CALB"),
            ("unicode_ci", "C-LB"),
            ("UNICODE", "--LB"),
            ("NONE", "---B"),
            ("WIN1252", "---B"),
            ("WIN_PTBR", "CA-B"),
            ("PXW_INTL850", "--LB"),
            ("ES_ES_CI_AI", "CA-B"),
            ("1252LATIN1", "C---"),
            ("1252LATIN1(case=respect)", "----"),
            ("UTF8BIN", "----"),
            ("UCA", "CAL-"),
            ("UCA(case=respect;accent=french)", "--L-"),
            (
                "UCA(CaseSensitivity=Ignore;AccentSensitivity=Ignore;PunctuationSensitivity=Primary)",
                "CAL-",
            ),
            ("UCA(locale=en; accent=respect)", "C-L-"),
            ("BINARY", "----"),
        ] {
            let of = Collation::parse(name).unwrap_or_else(|| panic!("{name}"));
            let flag = |set, letter| if set { letter } else { '-' };
            let found: String = [
                flag(of.ignores_case, 'C'),
                flag(of.ignores_accents, 'A'),
                flag(of.linguistic, 'L'),
                flag(of.ignores_trailing_blanks, 'B'),
            ]
            .into_iter()
            .collect();
            assert_eq!(found, expected, "{name}");
        }
        for wrong in [
            "",
            "smith",
            "UCA(",
            "UCA(case)",
            "UCA(x=y)",
            "NONE(case=ignore)",
            "a b",
            "(x=y)",
        ] {
            assert_eq!(Collation::parse(wrong), None, "{wrong}");
        }
    }
}
