//! Tokens of an answer.

const COLLATION: [u8; 5] = [0x09, 0x04, 0xD0, 0x00, 0x34];

pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A text behind its length in characters, of so many bytes.
fn counted(text: &str, bytes: usize) -> Vec<u8> {
    let length = text.encode_utf16().count().to_le_bytes();
    [&length[..bytes], &utf16(text)].concat()
}

/// A token behind its length.
fn token(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("short");
    [&[kind], &length.to_le_bytes()[..], body].concat()
}

pub fn prelogin(encryption: u8) -> Vec<u8> {
    const OPTIONS: [(u8, &[u8]); 4] = [(0, &[16, 0, 0, 0, 0, 0]), (2, &[0]), (3, &[]), (4, &[0])];
    let mut all: Vec<(u8, Vec<u8>)> = OPTIONS
        .iter()
        .map(|(id, data)| (*id, data.to_vec()))
        .collect();
    all.insert(1, (1, vec![encryption]));
    let (mut head, mut data) = (Vec::new(), Vec::new());
    let start = all.len() * 5 + 1;
    for (id, value) in all {
        let offset = u16::try_from(start + data.len()).expect("short");
        let length = u16::try_from(value.len()).expect("short");
        head.push(id);
        head.extend(offset.to_be_bytes());
        head.extend(length.to_be_bytes());
        data.extend(value);
    }
    head.push(0xFF);
    [head, data].concat()
}

pub fn login_ack() -> Vec<u8> {
    let name = counted("Stand-in", 1);
    token(
        0xAD,
        &[&[1, 0x74, 0, 0, 4][..], &name, &[16, 0, 0, 0]].concat(),
    )
}

/// `status`: 1 for more to come, 2 for an error, 0x10 with a count, 0x20 for an attention.
pub fn done(status: u16, rows: u64) -> Vec<u8> {
    [
        &[0xFD][..],
        &status.to_le_bytes(),
        &[0, 0],
        &rows.to_le_bytes(),
    ]
    .concat()
}

pub fn error(code: u32, class: u8, message: &str) -> Vec<u8> {
    let body = [
        &code.to_le_bytes()[..],
        &[1, class],
        &counted(message, 2),
        &counted("STAND-IN", 1),
        &counted("", 1),
        &1u32.to_le_bytes(),
    ];
    token(0xAA, &body.concat())
}

/// What describes columns: the name, and the bytes that describe the type.
pub fn columns(columns: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut tokens = vec![0x81];
    tokens.extend(u16::try_from(columns.len()).expect("few").to_le_bytes());
    for (name, ty) in columns {
        tokens.extend([0, 0, 0, 0, 9, 0]);
        tokens.extend(ty);
        tokens.extend(counted(name, 1));
    }
    tokens
}

/// A row of cells as they go over the wire.
pub fn row(cells: &[&[u8]]) -> Vec<u8> {
    [&[0xD1][..], &cells.concat()].concat()
}

/// A row that has no value in any of its columns.
pub fn row_of_nulls(columns: usize) -> Vec<u8> {
    let mut bits = vec![0xFF; columns.div_ceil(8)];
    bits.insert(0, 0xD2);
    bits
}

/// A rowset of one column of texts, and its end.
pub fn texts(name: &str, texts: &[&str]) -> Vec<u8> {
    let mut tokens = columns(&[(name, nvarchar(100))]);
    for text in texts {
        tokens.extend(row(&[&long(&utf16(text))]));
    }
    tokens.extend(done(0x10, texts.len() as u64));
    tokens
}

/// `int NOT NULL`
pub fn int() -> Vec<u8> {
    vec![0x38]
}

/// A type with no more to say but its number.
pub fn fixed(ty: u8) -> Vec<u8> {
    vec![ty]
}

/// A type and one more byte: a length, or a scale.
pub fn sized(ty: u8, size: u8) -> Vec<u8> {
    vec![ty, size]
}

pub fn decimal(precision: u8, scale: u8) -> Vec<u8> {
    vec![0x6C, 17, precision, scale]
}

/// `char` (0xAF), `varchar` (0xA7), `nchar` (0xEF), `nvarchar` (0xE7); 0xFFFF bytes for `max`.
pub fn text(ty: u8, bytes: u16) -> Vec<u8> {
    [&[ty][..], &bytes.to_le_bytes(), &COLLATION].concat()
}

pub fn nvarchar(characters: u16) -> Vec<u8> {
    text(0xE7, characters * 2)
}

/// `binary` (0xAD), `varbinary` (0xA5)
pub fn bytes(ty: u8, bytes: u16) -> Vec<u8> {
    [&[ty][..], &bytes.to_le_bytes()].concat()
}

/// `text` (0x23), `ntext` (0x63), `image` (0x22), of a table.
pub fn blob(ty: u8) -> Vec<u8> {
    let collation = if ty == 0x22 { &[][..] } else { &COLLATION };
    let table = [&[1][..], &counted("T", 2)].concat();
    [&[ty][..], &i32::MAX.to_le_bytes(), collation, &table].concat()
}

/// A value behind its length in one byte.
pub fn short(value: &[u8]) -> Vec<u8> {
    [&[u8::try_from(value.len()).expect("short")][..], value].concat()
}

/// A value behind its length in two bytes.
pub fn long(value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).expect("short");
    [&length.to_le_bytes()[..], value].concat()
}

/// A value in chunks, as of the `max` types and `xml`.
pub fn chunks(value: &[u8]) -> Vec<u8> {
    let mut all = (value.len() as u64).to_le_bytes().to_vec();
    for chunk in value.chunks(3000) {
        all.extend(u32::try_from(chunk.len()).expect("short").to_le_bytes());
        all.extend(chunk);
    }
    all.extend([0; 4]);
    all
}

/// A value of [`blob`].
pub fn blob_value(value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).expect("short");
    [&[16][..], &[1; 24], &length.to_le_bytes(), value].concat()
}
