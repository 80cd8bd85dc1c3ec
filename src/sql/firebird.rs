//! Firebird 3.0 and later: `?`, `FETCH FIRST`, and a cast around every marker, since a bare one takes the type of the
//! column beside it, and a longer value than that holds fails the whole statement.
//!
//! A column of text has a character set, and a value with a letter that the set lacks fails the statement, too.
//! A collation's name tells the set, so a value is cast to it and fitted ([`Fit::Only`]); the index serves. What is
//! compared without case and accents is compared in UTF-8, the only set with such a collation everywhere.
//! Columns without a set (`NONE`) are read as Windows-1252, in which any byte is a letter.

use super::marker::{Charset, Fit, place};
use super::spelling::{Beside, Spelling, Text, digits, guarded_cast, pattern};
use crate::relation::{Collation, Measured, SqlType};

pub(super) struct Firebird;

/// Characters of the longest text in UTF-8.
const LONGEST: u16 = 8_191;

/// A moment is kept in steps of 1/10,000 s.
const STEP: i32 = 100_000;

/// The letters that stand for others: the collation compares them as letters of their own,
/// [`crate::collation::fold`] does not.
const SPELLED_OUT: [(char, &str); 11] = [
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ø', "o"),
    ('þ', "th"),
    ('ð', "d"),
    ('ł', "l"),
    ('đ', "d"),
    ('ħ', "h"),
    ('ŧ', "t"),
    ('ı', "i"),
];
/// So many of them has Windows-1252.
const IN_WINDOWS_1252: usize = 6;

/// The character set of a column, as its collation tells it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    /// UTF-8, or not known.
    Unicode,
    /// Bytes that nobody has said the meaning of.
    None,
    Only(Charset),
}

fn set_of(collation: Option<&Collation>) -> Set {
    let Some(collation) = collation else {
        return Set::Unicode;
    };
    match collation.name.to_ascii_uppercase().as_str() {
        "NONE" => Set::None,
        "ASCII" => Set::Only(Charset::Ascii),
        "WIN1252" | "WIN1252_UNICODE" | "WIN_PTBR" | "PXW_INTL" | "PXW_INTL850" | "PXW_NORDAN4"
        | "PXW_SPAN" | "PXW_SWEDFIN" => Set::Only(Charset::Windows1252),
        "ISO8859_1" | "ISO8859_1_UNICODE" | "DA_DA" | "DE_DE" | "DU_NL" | "EN_UK" | "EN_US"
        | "ES_ES" | "ES_ES_CI_AI" | "FI_FI" | "FR_CA" | "FR_CA_CI_AI" | "FR_FR" | "FR_FR_CI_AI"
        | "IS_IS" | "IT_IT" | "NO_NO" | "PT_BR" | "PT_PT" | "SV_SV" => Set::Only(Charset::Latin1),
        _ => Set::Unicode,
    }
}

impl Set {
    fn name(self) -> &'static str {
        match self {
            Set::Unicode => "UTF8",
            Set::None | Set::Only(Charset::Windows1252 | Charset::CodePage1252) => "WIN1252",
            Set::Only(Charset::Latin1) => "ISO8859_1",
            Set::Only(Charset::Ascii) => "ASCII",
        }
    }

    fn fit(self) -> Fit {
        match self {
            Set::Unicode => Fit::AsIs,
            Set::None => Fit::Only(Charset::Windows1252),
            Set::Only(charset) => Fit::Only(charset),
        }
    }
}

/// Room for a text of a type: of few sizes, and more than a column's own, which may have grown since the mapping was
/// written. A cast to less than a row holds fails the statement.
fn room(ty: SqlType) -> u16 {
    match ty.characters() {
        Some(0..=63) => 255,
        Some(64..=255) => 1_023,
        _ => LONGEST,
    }
}

/// The text in UTF-8. Of a longer one than a value may be, which only a BLOB is, the beginning.
fn unicode(operand: &str, text: Text<'_>) -> String {
    let room = room(text.ty);
    let cut = match text.ty.characters() {
        None => format!("SUBSTRING({operand} FROM 1 FOR {room})"),
        Some(_) => operand.to_owned(),
    };
    let read = match set_of(text.collation) {
        Set::None => format!("CAST({cut} AS VARCHAR({room}) CHARACTER SET WIN1252)"),
        _ => cut,
    };
    format!("CAST({read} AS VARCHAR({room}) CHARACTER SET UTF8)")
}

/// The name of a type that a row's value, or a literal, is cast to.
fn type_name(ty: SqlType) -> String {
    match ty {
        SqlType::Bit | SqlType::TinyInt | SqlType::SmallInt | SqlType::Int => "INTEGER".to_owned(),
        SqlType::BigInt => "BIGINT".to_owned(),
        SqlType::Decimal(precision, scale) => {
            // Firebird 3 has no more digits.
            format!("NUMERIC({}, {})", precision.clamp(1, 18), scale.min(18))
        }
        SqlType::Money => "NUMERIC(18, 4)".to_owned(),
        SqlType::Real | SqlType::Float => "DOUBLE PRECISION".to_owned(),
        SqlType::Date => "DATE".to_owned(),
        SqlType::Time => "TIME".to_owned(),
        SqlType::SmallDateTime | SqlType::DateTime | SqlType::DateTime2 => "TIMESTAMP".to_owned(),
        SqlType::VarBinary(_) => format!("VARCHAR({LONGEST}) CHARACTER SET OCTETS"),
        SqlType::Char(_)
        | SqlType::VarChar(_)
        | SqlType::NChar(_)
        | SqlType::NVarChar(_)
        | SqlType::UniqueIdentifier => format!("VARCHAR({}) CHARACTER SET UTF8", room(ty)),
    }
}

fn similar(operand: &str, pattern: &str) -> String {
    format!("{operand} SIMILAR TO '{pattern}' ESCAPE '\\'")
}

impl Spelling for Firebird {
    fn quotes(&self) -> (char, char) {
        ('"', '"')
    }

    fn is_positional(&self) -> bool {
        true
    }

    fn marker(&self, out: &mut String, index: u16, ty: SqlType, beside: Beside<'_>) {
        out.push_str("CAST(");
        place(out, index);
        out.push_str(" AS ");
        if ty.is_text() && !beside.folded {
            let set = set_of(beside.collation).name();
            out.push_str(&format!("VARCHAR({}) CHARACTER SET {set}", room(ty)));
        } else if ty.is_integer() {
            // A number that the column's own type does not hold is found nowhere, and fails nothing.
            out.push_str("BIGINT");
        } else if ty.is_number() {
            out.push_str("DOUBLE PRECISION");
        } else {
            out.push_str(&type_name(ty));
        }
        out.push(')');
    }

    fn limit_marker(&self, out: &mut String, index: u16, _: SqlType) {
        place(out, index);
    }

    fn fit(&self, ty: SqlType, beside: Beside<'_>) -> Fit {
        if beside.is_pattern {
            Fit::Brackets
        } else if ty.has_day_and_time() {
            Fit::Steps(STEP)
        } else if ty.is_text() && !beside.folded {
            set_of(beside.collation).fit()
        } else {
            Fit::AsIs
        }
    }

    fn longest_name(&self) -> usize {
        31
    }

    // The type BOOLEAN compares with no number.
    fn column(&self, out: &mut String, column: &str, ty: SqlType) {
        match ty {
            SqlType::Bit => out.push_str(&format!(
                "CASE {column} WHEN TRUE THEN 1 WHEN FALSE THEN 0 END"
            )),
            _ => out.push_str(column),
        }
    }

    // Whatever the connection's character set is, these bytes are UTF-8.
    fn literal(&self, out: &mut String, text: &str) {
        if !text.is_ascii() {
            out.push_str("_UTF8");
        }
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    }

    // Of a column without a character set the client would get bytes that mean anything.
    fn read(&self, out: &mut String, operand: &str, text: Text<'_>) {
        out.push_str(&match (set_of(text.collation), text.ty.characters()) {
            (Set::None, Some(_)) => format!(
                "CAST({operand} AS VARCHAR({}) CHARACTER SET WIN1252)",
                room(text.ty)
            ),
            (Set::None, None) => {
                format!("CAST({operand} AS BLOB SUB_TYPE TEXT CHARACTER SET WIN1252)")
            }
            _ => operand.to_owned(),
        });
    }

    // Under a collation that ignores case, what is equal is sorted by case all the same: of `smith` and `Smith` the
    // one comes first whatever the next key says, and a page that ended between them would leave one out. Under
    // UNICODE order and comparison are one: letters, then accents, then case.
    fn has_order(&self) -> bool {
        true
    }

    fn sorted(&self, out: &mut String, operand: &str, text: Text<'_>) {
        out.push_str(&format!("{} COLLATE UNICODE", unicode(operand, text)));
    }

    fn refines(&self, collation: &Collation) -> bool {
        ["UNICODE", "UNICODE_CI", "UNICODE_CI_AI"]
            .iter()
            .any(|name| collation.name.eq_ignore_ascii_case(name))
    }

    // The letters that stand for others are looked for only where there are any but those of ASCII.
    fn fold(&self, out: &mut String, operand: &str, text: Text<'_>) {
        let letters = match set_of(text.collation) {
            Set::Unicode => SPELLED_OUT.len(),
            Set::None | Set::Only(_) => IN_WINDOWS_1252,
        };
        let text = unicode(operand, text);
        let mut spelled = format!("LOWER({text})");
        for (letter, by) in &SPELLED_OUT[..letters] {
            spelled = format!("REPLACE({spelled}, _UTF8'{letter}', '{by}')");
        }
        out.push_str(&format!(
            "CASE WHEN OCTET_LENGTH({text}) = CHAR_LENGTH({text}) THEN {text} ELSE {spelled} END COLLATE UNICODE_CI_AI"
        ));
    }

    fn folds_literals(&self) -> bool {
        true
    }

    fn exact(&self, out: &mut String, operand: &str, text: Text<'_>) {
        out.push_str(&format!("{} COLLATE UCS_BASIC", unicode(operand, text)));
    }

    // `=` leaves the padding of a column out, LIKE does not.
    fn liked(&self, out: &mut String, operand: &str, ty: SqlType, open: bool) {
        match ty.is_padded() && !open {
            true => out.push_str(&format!("TRIM(TRAILING FROM {operand})")),
            false => out.push_str(operand),
        }
    }

    fn trim(&self, out: &mut String, operand: &str) {
        out.push_str(&format!("TRIM({operand})"));
    }

    fn bit_and(&self, out: &mut String, operand: &str, mask: i64) {
        out.push_str(&format!("BIN_AND({operand}, {mask})"));
    }

    fn substring(&self, out: &mut String, operand: &str, from: u16, length: u16) {
        out.push_str(&format!("SUBSTRING({operand} FROM {from} FOR {length})"));
    }

    fn cast(&self, out: &mut String, operand: &str, ty: SqlType) {
        let operand = match ty.has_day_and_time() {
            // A blank stands between day and time.
            true => operand.replace('T', " "),
            false => operand.to_owned(),
        };
        out.push_str(&format!("CAST({operand} AS {})", type_name(ty)));
    }

    fn cast_row(&self, out: &mut String, operand: &str, from: SqlType, ty: SqlType) {
        let name = type_name(ty);
        out.push_str(&guarded_cast(operand, (from, ty), &name, similar));
    }

    fn days(&self, out: &mut String, from: &str, to: &str) {
        out.push_str(&format!("DATEDIFF(DAY FROM {from} TO {to})"));
    }

    fn measured(&self, out: &mut String, operand: &str, text: Text<'_>, part: Measured) {
        let text = format!("TRIM({})", unicode(operand, text));
        let holds = format!(
            "{text} SIMILAR TO _UTF8'(<=|>=|<|>|≤|≥)?{}' ESCAPE '\\'",
            pattern::MEASURE
        );
        let result = match part {
            Measured::Number => {
                let mut number = text;
                for sign in ["<", ">", "=", "≤", "≥"] {
                    number = format!("REPLACE({number}, _UTF8'{sign}', '')");
                }
                format!("CAST(TRIM({number}) AS DOUBLE PRECISION)")
            }
            Measured::Comparator => format!(
                "CASE WHEN {text} LIKE '<=%' OR {text} LIKE _UTF8'≤%' THEN '<=' \
                 WHEN {text} LIKE '>=%' OR {text} LIKE _UTF8'≥%' THEN '>=' \
                 WHEN {text} LIKE '<%' THEN '<' WHEN {text} LIKE '>%' THEN '>' ELSE '' END"
            ),
        };
        out.push_str(&format!("CASE WHEN {holds} THEN {result} END"));
    }

    fn has_layout(&self, out: &mut String, operand: &str, layout: &str) {
        out.push_str(&format!("{operand} SIMILAR TO '{}'", digits(layout, '_')));
    }

    fn is_day(&self, out: &mut String, operand: &str) {
        out.push_str(&format!(
            "{} AND {operand} NOT LIKE '0000%'",
            similar(operand, pattern::DAY)
        ));
    }

    fn limit_after(&self, marker: &str) -> Option<String> {
        Some(format!("FETCH FIRST {marker} ROWS ONLY"))
    }
}
