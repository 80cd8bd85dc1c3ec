//! What a client sends: its login, its batches, its procedures with their parameters.

use super::wire::Packet;

/// A login, as it came.
#[derive(Debug, Clone)]
pub struct Login {
    pub user: String,
    pub password: String,
    pub database: String,
    pub application: String,
    pub read_only: bool,
}

/// A question of a client.
#[derive(Debug, Clone)]
pub enum Asked {
    Batch(String),
    Procedure {
        name: String,
        parameters: Vec<Parameter>,
    },
}

/// A parameter, its value as text: times in the units in which they travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub ty: String,
    pub value: Option<String>,
}

impl Asked {
    /// Of a batch, or of the statement that a procedure is given.
    pub fn text(&self) -> &str {
        match self {
            Asked::Batch(text) => text,
            Asked::Procedure { parameters, .. } => parameters
                .first()
                .and_then(|first| first.value.as_deref())
                .unwrap_or_default(),
        }
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> &'b [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn number(&mut self, length: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(self.take(length));
        u64::from_le_bytes(bytes)
    }

    fn size(&mut self, length: usize) -> usize {
        usize::try_from(self.number(length)).expect("small")
    }

    fn text(&mut self, characters: usize) -> String {
        utf16(self.take(characters * 2))
    }

    /// A value in chunks; None for NULL.
    fn chunks(&mut self) -> Option<Vec<u8>> {
        if self.number(8) == u64::MAX {
            return None;
        }
        let mut value = Vec::new();
        loop {
            let length = self.size(4);
            if length == 0 {
                return Some(value);
            }
            value.extend_from_slice(self.take(length));
        }
    }
}

fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes
        .chunks(2)
        .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
        .collect();
    String::from_utf16(&units).expect("UTF-16")
}

/// LOGIN7
pub fn login(payload: &[u8]) -> Login {
    let field = |place: usize| {
        let number = |at: usize| usize::from(u16::from_le_bytes([payload[at], payload[at + 1]]));
        let (offset, length) = (number(place), number(place + 2));
        payload[offset..offset + length * 2].to_vec()
    };
    let password: Vec<u8> = field(44)
        .iter()
        .map(|byte| (byte ^ 0xA5).rotate_left(4))
        .collect();
    Login {
        user: utf16(&field(40)),
        password: utf16(&password),
        database: utf16(&field(68)),
        application: utf16(&field(48)),
        read_only: payload[26] & 0x20 != 0,
    }
}

pub fn asked(packet: &Packet) -> Asked {
    let mut reader = Reader(&packet.payload);
    let headers = reader.size(4);
    reader.take(headers - 4);
    if packet.kind == Packet::BATCH {
        return Asked::Batch(utf16(reader.0));
    }
    let length = reader.size(2);
    let name = match length {
        // By its number, as clients of others name it.
        0xFFFF => match reader.size(2) {
            10 => "sp_executesql".to_owned(),
            other => panic!("the procedure of number {other}"),
        },
        length => reader.text(length),
    };
    reader.take(2);
    let mut parameters = Vec::new();
    while !reader.0.is_empty() {
        parameters.push(parameter(&mut reader));
    }
    Asked::Procedure { name, parameters }
}

fn parameter(reader: &mut Reader<'_>) -> Parameter {
    let length = reader.size(1);
    let name = reader.text(length);
    reader.take(1);
    let (ty, value) = typed(reader);
    Parameter { name, ty, value }
}

/// A value behind the description of its type.
fn typed(reader: &mut Reader<'_>) -> (String, Option<String>) {
    let ty = reader.size(1);
    let whole = |bytes: &[u8]| {
        let mut wide = [if bytes[bytes.len() - 1] < 0x80 {
            0
        } else {
            0xFF
        }; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        i64::from_le_bytes(wide)
    };
    let unsigned = |bytes: &[u8]| Reader(bytes).number(bytes.len());
    // Those that have a length of one byte, in their description and before the value.
    let short = |reader: &mut Reader<'_>, described: usize| {
        reader.take(described);
        let length = reader.size(1);
        (length > 0).then(|| reader.take(length).to_vec())
    };
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match ty {
        0x26 => {
            let size = reader.0[0];
            let value = short(reader, 1);
            let value = value.map(|bytes| match size {
                1 => bytes[0].to_string(),
                _ => whole(&bytes).to_string(),
            });
            (format!("int{}", u32::from(size) * 8), value)
        }
        0x68 => {
            let value = short(reader, 1);
            ("bit".to_owned(), value.map(|bytes| bytes[0].to_string()))
        }
        0x6D => {
            let size = reader.0[0];
            let value = short(reader, 1).map(|bytes| match size {
                4 => f32::from_le_bytes(bytes.try_into().expect("four")).to_string(),
                _ => f64::from_le_bytes(bytes.try_into().expect("eight")).to_string(),
            });
            (format!("float{}", u32::from(size) * 8), value)
        }
        0x6C | 0x6A => {
            let scale = reader.0[2];
            let value = short(reader, 3).map(|bytes| {
                let sign = if bytes[0] == 0 { "-" } else { "" };
                let mut wide = [0; 16];
                wide[..bytes.len() - 1].copy_from_slice(&bytes[1..]);
                format!("{sign}{}e-{scale}", u128::from_le_bytes(wide))
            });
            ("decimal".to_owned(), value)
        }
        0xE7 => {
            let most = reader.size(2);
            reader.take(5);
            if most == 0xFFFF {
                let value = reader.chunks();
                return ("nvarchar(max)".to_owned(), value.map(|bytes| utf16(&bytes)));
            }
            let length = reader.size(2);
            let value = (length != 0xFFFF).then(|| utf16(reader.take(length)));
            ("nvarchar".to_owned(), value)
        }
        0xA5 => {
            let most = reader.size(2);
            if most == 0xFFFF {
                return ("varbinary(max)".to_owned(), reader.chunks().map(hex));
            }
            let length = reader.size(2);
            let value = (length != 0xFFFF).then(|| hex(reader.take(length).to_vec()));
            ("varbinary".to_owned(), value)
        }
        0x24 => {
            let value = short(reader, 1).map(hex);
            ("uniqueidentifier".to_owned(), value)
        }
        0x28 => {
            let value = short(reader, 0).map(|bytes| unsigned(&bytes).to_string());
            ("date".to_owned(), value)
        }
        0x29 => {
            let value = short(reader, 1).map(|bytes| unsigned(&bytes).to_string());
            ("time".to_owned(), value)
        }
        0x2A => {
            let value = short(reader, 1).map(|bytes| {
                let (time, day) = bytes.split_at(bytes.len() - 3);
                format!("{} {}", unsigned(day), unsigned(time))
            });
            ("datetime2".to_owned(), value)
        }
        0x6F => {
            let size = usize::from(reader.0[0]);
            let value = short(reader, 1).map(|bytes| {
                let (day, time) = bytes.split_at(size / 2);
                let day = if size == 8 {
                    whole(day)
                } else {
                    unsigned(day) as i64
                };
                format!("{day} {}", unsigned(time))
            });
            let name = if size == 8 {
                "datetime"
            } else {
                "smalldatetime"
            };
            (name.to_owned(), value)
        }
        0x1F => ("null".to_owned(), None),
        other => panic!("a parameter of type {other:#x}"),
    }
}
