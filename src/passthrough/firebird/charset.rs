//! The character set of a connection.
//!
//! With UTF-8 the server converts all text, but for columns that declare no character set: these come as they are,
//! whatever wrote them. A practice whose programs wrote Windows-1252 into such columns is read over a connection of
//! that set, whose text is converted here.

use std::borrow::Cow;

/// How text lies on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// The server converts to UTF-8; text without a character set comes as it is.
    #[default]
    Utf8,
    /// All text is Windows-1252, also what declares no character set. A statement that meets a letter which it
    /// lacks fails.
    Windows1252,
    /// As Windows-1252, of ISO 8859-1.
    Latin1,
    /// Nothing is converted on either side.
    None,
}

/// What Windows-1252 has from 0x80 to 0x9f; the codes that it leaves open are those of ISO 8859-1.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// What stands for a letter that the character set lacks: no column holds it, so that it is found nowhere.
const SUBSTITUTE: u8 = 0x1a;

impl Charset {
    /// The character set that Firebird calls so: `UTF8`, `WIN1252`, `ISO8859_1`, `NONE`.
    pub fn named(name: &str) -> Option<Charset> {
        [
            Charset::Utf8,
            Charset::Windows1252,
            Charset::Latin1,
            Charset::None,
        ]
        .into_iter()
        .find(|charset| charset.name() == name)
    }

    /// Firebird's name.
    pub fn name(self) -> &'static str {
        match self {
            Charset::Utf8 => "UTF8",
            Charset::Windows1252 => "WIN1252",
            Charset::Latin1 => "ISO8859_1",
            Charset::None => "NONE",
        }
    }

    /// Firebird's number.
    pub(super) fn number(self) -> u16 {
        match self {
            Charset::Utf8 => 4,
            Charset::Windows1252 => 53,
            Charset::Latin1 => 21,
            Charset::None => 0,
        }
    }

    /// Text of the wire, as it is kept here.
    pub(super) fn decode(self, text: &[u8]) -> Cow<'_, [u8]> {
        if text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let letter = |byte: &u8| match (self, *byte) {
            (Charset::Windows1252, byte @ 0x80..=0x9f) => WINDOWS[usize::from(byte - 0x80)],
            (_, byte) => char::from(byte),
        };
        match self {
            Charset::Utf8 | Charset::None => Cow::Borrowed(text),
            _ => Cow::Owned(text.iter().map(letter).collect::<String>().into_bytes()),
        }
    }

    /// Text as the wire has it.
    pub(super) fn encode(self, text: &str) -> Cow<'_, [u8]> {
        if text.is_ascii() {
            return Cow::Borrowed(text.as_bytes());
        }
        let code = |letter: char| match self {
            Charset::Windows1252 => (0x80..)
                .zip(WINDOWS)
                .find(|(_, at)| *at == letter)
                .map_or_else(
                    || {
                        u8::try_from(letter)
                            .ok()
                            .filter(|code| !(0x80..=0x9f).contains(code))
                    },
                    |(code, _)| Some(code),
                ),
            _ => u8::try_from(letter).ok(),
        };
        match self {
            Charset::Utf8 | Charset::None => Cow::Borrowed(text.as_bytes()),
            _ => Cow::Owned(
                text.chars()
                    .map(|letter| code(letter).unwrap_or(SUBSTITUTE))
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_went() {
        let every: Vec<u8> = (0..=255).collect();
        for charset in [Charset::Windows1252, Charset::Latin1] {
            assert_eq!(Charset::named(charset.name()), Some(charset));
            let decoded = charset.decode(&every).into_owned();
            let text = String::from_utf8(decoded).expect("UTF-8");
            assert_eq!(text.chars().count(), 256);
            assert_eq!(charset.encode(&text), every.as_slice());
        }
        assert_eq!(
            Charset::Windows1252.encode("€ Zoë 中"),
            b"\x80 Zo\xeb \x1a".as_slice()
        );
        assert_eq!(Charset::Latin1.encode("€"), b"\x1a".as_slice());
        assert_eq!(Charset::Utf8.encode("€"), "€".as_bytes());
    }
}
