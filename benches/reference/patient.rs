//! One row of a patient → its JSON, field by field, by hand.

use rusqlite::Row;
use rusqlite::types::ValueRef;

/// The columns of a patient, in the statements' order: looked up by place, as one does where it counts.
mod column {
    pub const INTERNALID: usize = 0;
    pub const UPDATED: usize = 1;
    pub const CREATED: usize = 2;
    pub const ETHNICITY_ETHNICTYPE: usize = 3;
    pub const IHI: usize = 4;
    pub const MEDICARENO: usize = 5;
    pub const MEDICARELINENO: usize = 6;
    pub const MEDICAREEXPIRY: usize = 7;
    pub const DVA_DVATYPE: usize = 8;
    pub const DVANO: usize = 9;
    pub const PENSION_PENSIONTYPE: usize = 10;
    pub const PENSIONNO: usize = 11;
    pub const PENSIONEXPIRY: usize = 12;
    pub const RECORDNO: usize = 13;
    pub const EXTERNALID: usize = 14;
    pub const PATIENTSTATUS: usize = 15;
    pub const TITLE_TITLE: usize = 16;
    pub const FIRSTNAME: usize = 17;
    pub const MIDDLENAME: usize = 18;
    pub const SURNAME: usize = 19;
    pub const PREFERREDNAME: usize = 20;
    pub const HOMEPHONE: usize = 21;
    pub const WORKPHONE: usize = 22;
    pub const MOBILEPHONE: usize = 23;
    pub const SEX_SEX: usize = 24;
    pub const DOB: usize = 25;
    pub const DATEOFDEATH: usize = 26;
    pub const ADDRESS1: usize = 27;
    pub const ADDRESS2: usize = 28;
    pub const CITY: usize = 29;
    pub const POSTCODE: usize = 30;
    pub const COUNTRY: usize = 31;
    pub const POSTALADDRESS: usize = 32;
    pub const POSTALCITY: usize = 33;
    pub const POSTALPOSTCODE: usize = 34;
    pub const KIN_RELATIONSHIP: usize = 35;
    pub const KIN_SURNAME: usize = 36;
    pub const KIN_FIRSTNAME: usize = 37;
    pub const KIN_CONTACTPHONE: usize = 38;
    pub const USERID: usize = 39;
}

/// The names that the statements give to those columns.
pub const COLUMNS: [&str; 40] = [
    "p_INTERNALID",
    "p_UPDATED",
    "p_CREATED",
    "ethnicity_ETHNICTYPE",
    "p_IHI",
    "p_MEDICARENO",
    "p_MEDICARELINENO",
    "p_MEDICAREEXPIRY",
    "dva_DVATYPE",
    "p_DVANO",
    "pension_PENSIONTYPE",
    "p_PENSIONNO",
    "p_PENSIONEXPIRY",
    "p_RECORDNO",
    "p_EXTERNALID",
    "p_PATIENTSTATUS",
    "title_TITLE",
    "p_FIRSTNAME",
    "p_MIDDLENAME",
    "p_SURNAME",
    "p_PREFERREDNAME",
    "p_HOMEPHONE",
    "p_WORKPHONE",
    "p_MOBILEPHONE",
    "sex_SEX",
    "p_DOB",
    "p_DATEOFDEATH",
    "p_ADDRESS1",
    "p_ADDRESS2",
    "p_CITY",
    "p_POSTCODE",
    "p_COUNTRY",
    "p_POSTALADDRESS",
    "p_POSTALCITY",
    "p_POSTALPOSTCODE",
    "kin_RELATIONSHIP",
    "kin_SURNAME",
    "kin_FIRSTNAME",
    "kin_CONTACTPHONE",
    "user_USERID",
];

/// A patient's two halves with the e-mails between them: they come from another statement.
pub fn join<'e>(
    out: &mut Vec<u8>,
    head: &[u8],
    tail: &[u8],
    emails: impl Iterator<Item = &'e str>,
) {
    out.extend_from_slice(head);
    for email in emails.map(str::trim).filter(|email| !email.is_empty()) {
        let open = !out.ends_with(b"[") && !out.ends_with(b"\"telecom\":");
        out.extend_from_slice(if open { b",{" } else { b"{" });
        out.extend_from_slice(b"\"system\":\"email\",\"value\":\"");
        escape(out, email);
        out.extend_from_slice(b"\"}");
    }
    if out.ends_with(b",\"telecom\":[") {
        out.truncate(out.len() - b",\"telecom\":[".len());
    } else {
        out.push(b']');
    }
    out.extend_from_slice(tail);
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Option<&'r str> {
    match row.get_ref(column).expect("a column") {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes)
            .ok()
            .map(str::trim)
            .filter(|text| !text.is_empty()),
        _ => None,
    }
}

fn number(row: &Row<'_>, column: usize) -> Option<i64> {
    row.get(column).expect("a column")
}

fn escape(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..=0x1f => {}
            other => out.push(other),
        }
    }
}

macro_rules! put {
    ($out:expr, $($part:expr),*) => { $( $out.extend_from_slice(AsRef::<[u8]>::as_ref($part)); )* };
}

fn list_item(out: &mut Vec<u8>, opened: &mut bool, name: &str) {
    if *opened {
        out.push(b',');
    } else {
        put!(out, ",\"", name, "\":[");
        *opened = true;
    }
}

fn identifier(
    out: &mut Vec<u8>,
    opened: &mut bool,
    system: &str,
    code: Option<(&str, &str)>,
    label: &str,
    value: &str,
) {
    list_item(out, opened, "identifier");
    out.push(b'{');
    // A type whose code is not known is left out, its text with it.
    if !label.is_empty() {
        put!(out, "\"type\":{");
        if let Some((of, code)) = code {
            put!(
                out,
                "\"coding\":[{\"system\":\"",
                of,
                "\",\"code\":\"",
                code,
                "\"}],"
            );
        }
        put!(out, "\"text\":\"", label, "\"},");
    }
    if !system.is_empty() {
        put!(out, "\"system\":\"", system, "\",");
    }
    put!(out, "\"value\":\"");
    escape(out, value);
    out.push(b'"');
}

const V2: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";
const V2_AU: &str = "http://terminology.hl7.org.au/CodeSystem/v2-0203";

/// The resource up to its telephone numbers, and the rest.
pub fn patient(row: &Row<'_>) -> (Vec<u8>, Vec<u8>) {
    let mut out = Vec::with_capacity(2048);
    put!(
        out,
        "{\"resourceType\":\"Patient\",\"id\":\"",
        &number(row, column::INTERNALID).unwrap_or(0).to_string(),
        "\",\"meta\":{"
    );
    if let Some(updated) = text(row, column::UPDATED).or_else(|| text(row, column::CREATED)) {
        // Brisbane keeps one offset all year.
        put!(
            out,
            "\"lastUpdated\":\"",
            &updated[..10],
            "T",
            &updated[11..19],
            "+10:00\""
        );
    }
    if is_au_core(row) {
        put!(
            out,
            if out.ends_with(b"{") { "" } else { "," },
            "\"profile\":[\"http://hl7.org.au/fhir/core/StructureDefinition/au-core-patient\"]"
        );
    }
    out.push(b'}');
    if let Some(status) = text(row, column::ETHNICITY_ETHNICTYPE) {
        let coded = match status {
            "Aboriginal" => Some(("1", "Aboriginal but not Torres Strait Islander origin")),
            "Torres Strait Islander" => {
                Some(("2", "Torres Strait Islander but not Aboriginal origin"))
            }
            "Aboriginal and Torres Strait Islander" => {
                Some(("3", "Both Aboriginal and Torres Strait Islander origin"))
            }
            "Neither Aboriginal nor Torres Strait Islander" => {
                Some(("4", "Neither Aboriginal nor Torres Strait Islander origin"))
            }
            "Not stated" => Some(("9", "Not stated/inadequately described")),
            _ => None,
        };
        if let Some((code, display)) = coded {
            put!(
                out,
                ",\"extension\":[{\"url\":\"http://hl7.org.au/fhir/StructureDefinition/indigenous-status\",\"valueCoding\":{\"system\":\"https://healthterminologies.gov.au/fhir/CodeSystem/australian-indigenous-status-1\",\"code\":\"",
                code,
                "\",\"display\":\"",
                display,
                "\"}}]"
            );
        }
    }
    identifiers(row, &mut out);
    if let Some(status) = number(row, column::PATIENTSTATUS) {
        put!(
            out,
            ",\"active\":",
            if status == 1 { "true" } else { "false" }
        );
    }
    names(row, &mut out);
    put!(out, ",\"telecom\":[");
    let mut first = true;
    for (column, purpose) in [
        (column::HOMEPHONE, "home"),
        (column::WORKPHONE, "work"),
        (column::MOBILEPHONE, "mobile"),
    ] {
        if let Some(phone) = text(row, column) {
            put!(
                out,
                if first { "" } else { "," },
                "{\"system\":\"phone\",\"value\":\""
            );
            escape(&mut out, phone);
            put!(out, "\",\"use\":\"", purpose, "\"}");
            first = false;
        }
    }
    (out, rest(row))
}

/// What the profile asks for is there; a gender always is.
fn is_au_core(row: &Row<'_>) -> bool {
    let numbered = [column::IHI, column::DVANO, column::PENSIONNO]
        .iter()
        .any(|column| text(row, *column).is_some());
    let carded = text(row, column::MEDICARENO).is_some_and(|card| card.len() == 10);
    (numbered || carded) && text(row, column::SURNAME).is_some() && text(row, column::DOB).is_some()
}

fn identifiers(row: &Row<'_>, out: &mut Vec<u8>) {
    let mut opened = false;
    if let Some(ihi) = text(row, column::IHI) {
        identifier(
            out,
            &mut opened,
            "http://ns.electronichealth.net.au/id/hi/ihi/1.0",
            Some((V2, "NI")),
            "IHI",
            ihi,
        );
        out.push(b'}');
    }
    if let Some(card) = text(row, column::MEDICARENO).filter(|card| card.len() == 10) {
        let whole = format!("{card}{}", text(row, column::MEDICARELINENO).unwrap_or(""));
        identifier(
            out,
            &mut opened,
            "http://ns.electronichealth.net.au/id/medicare-number",
            Some((V2, "MC")),
            "Medicare Number",
            &whole,
        );
        if let Some(expiry) = text(row, column::MEDICAREEXPIRY)
            .filter(|expiry| expiry.len() == 7 && *expiry != "00/0000")
        {
            put!(
                out,
                ",\"period\":{\"end\":\"",
                &expiry[3..],
                "-",
                &expiry[..2],
                "\"}"
            );
        }
        out.push(b'}');
    }
    if let Some(value) = text(row, column::DVANO) {
        let code = match text(row, column::DVA_DVATYPE) {
            Some("Gold") => Some("DVG"),
            Some("White") => Some("DVW"),
            Some("Orange") => Some("DVO"),
            Some("Lilac") => Some("DVL"),
            _ => None,
        };
        identifier(
            out,
            &mut opened,
            "http://ns.electronichealth.net.au/id/dva",
            code.map(|code| (V2_AU, code)),
            code.map_or("", |_| "DVA Number"),
            value,
        );
        out.push(b'}');
    }
    if let Some(value) = text(row, column::PENSIONNO) {
        let code = match text(row, column::PENSION_PENSIONTYPE) {
            Some("Pensioner Concession Card") => Some("PEN"),
            Some("Health Care Card") => Some("HC"),
            Some("Commonwealth Seniors Card") => Some("SEN"),
            _ => None,
        };
        identifier(
            out,
            &mut opened,
            "http://ns.electronichealth.net.au/id/centrelink-customer-reference-number",
            code.map(|code| (V2, code)),
            code.map_or("", |_| "Concession Card"),
            value,
        );
        if let Some(expiry) = text(row, column::PENSIONEXPIRY) {
            put!(out, ",\"period\":{\"end\":\"", &expiry[..10], "\"}");
        }
        out.push(b'}');
    }
    if let Some(value) = text(row, column::RECORDNO) {
        identifier(
            out,
            &mut opened,
            "",
            Some((V2, "MR")),
            "Record Number",
            value,
        );
        out.push(b'}');
    }
    if let Some(value) = text(row, column::EXTERNALID) {
        identifier(out, &mut opened, "", None, "External Id", value);
        out.push(b'}');
    }
    if opened {
        out.push(b']');
    }
}

fn names(row: &Row<'_>, out: &mut Vec<u8>) {
    let family = text(row, column::SURNAME);
    let given = [text(row, column::FIRSTNAME), text(row, column::MIDDLENAME)];
    let title = text(row, column::TITLE_TITLE);
    let mut opened = false;
    if family.is_some() || given.iter().any(Option::is_some) || title.is_some() {
        list_item(out, &mut opened, "name");
        put!(out, "{\"use\":\"official\"");
        let mut any = false;
        for part in [title, given[0], given[1], family].into_iter().flatten() {
            put!(out, if any { " " } else { ",\"text\":\"" });
            escape(out, part);
            any = true;
        }
        out.push(b'"');
        if let Some(family) = family {
            put!(out, ",\"family\":\"");
            escape(out, family);
            out.push(b'"');
        }
        let mut any = false;
        for name in given.into_iter().flatten() {
            put!(out, if any { ",\"" } else { ",\"given\":[\"" });
            escape(out, name);
            out.push(b'"');
            any = true;
        }
        if any {
            out.push(b']');
        }
        if let Some(title) = title {
            put!(out, ",\"prefix\":[\"");
            escape(out, title);
            put!(out, "\"]");
        }
        out.push(b'}');
    }
    if let Some(preferred) = text(row, column::PREFERREDNAME) {
        list_item(out, &mut opened, "name");
        put!(out, "{\"use\":\"usual\",\"given\":[\"");
        escape(out, preferred);
        put!(out, "\"]}");
    }
    if opened {
        out.push(b']');
    }
}

fn rest(row: &Row<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let gender = match text(row, column::SEX_SEX) {
        Some("Male") => "male",
        Some("Female") => "female",
        Some("Other") => "other",
        _ => "unknown",
    };
    put!(out, ",\"gender\":\"", gender, "\"");
    if let Some(born) = text(row, column::DOB) {
        put!(out, ",\"birthDate\":\"", &born[..10], "\"");
    }
    if let Some(died) = text(row, column::DATEOFDEATH) {
        put!(out, ",\"deceasedDateTime\":\"", &died[..10], "\"");
    }
    let mut opened = false;
    for (kind, lines, city, code, country) in [
        (
            "\"use\":\"home\"",
            &[column::ADDRESS1, column::ADDRESS2][..],
            column::CITY,
            column::POSTCODE,
            Some(column::COUNTRY),
        ),
        (
            "\"type\":\"postal\"",
            &[column::POSTALADDRESS][..],
            column::POSTALCITY,
            column::POSTALPOSTCODE,
            None,
        ),
    ] {
        let lines: Vec<&str> = lines.iter().filter_map(|line| text(row, *line)).collect();
        let country = country.and_then(|country| text(row, country));
        let parts = [
            ("city", text(row, city)),
            ("postalCode", text(row, code)),
            ("country", country),
        ];
        if lines.is_empty() && parts.iter().all(|(_, part)| part.is_none()) {
            continue;
        }
        list_item(&mut out, &mut opened, "address");
        put!(out, "{", kind);
        for (index, line) in lines.iter().enumerate() {
            put!(out, if index == 0 { ",\"line\":[\"" } else { ",\"" });
            escape(&mut out, line);
            out.push(b'"');
        }
        if !lines.is_empty() {
            out.push(b']');
        }
        for (name, part) in parts {
            if let Some(part) = part {
                put!(out, ",\"", name, "\":\"");
                escape(&mut out, part);
                out.push(b'"');
            }
        }
        out.push(b'}');
    }
    if opened {
        out.push(b']');
    }
    contact(row, &mut out);
    if let Some(doctor) = number(row, column::USERID).filter(|doctor| *doctor != 0) {
        put!(
            out,
            ",\"generalPractitioner\":[{\"reference\":\"Practitioner/",
            &doctor.to_string(),
            "\"}]"
        );
    }
    out.push(b'}');
    out
}

fn contact(row: &Row<'_>, out: &mut Vec<u8>) {
    let [relationship, family, given, phone] = [
        column::KIN_RELATIONSHIP,
        column::KIN_SURNAME,
        column::KIN_FIRSTNAME,
        column::KIN_CONTACTPHONE,
    ]
    .map(|column| text(row, column));
    if relationship.is_none() && family.is_none() && given.is_none() && phone.is_none() {
        return;
    }
    put!(out, ",\"contact\":[{");
    let mut first = true;
    let mut comma = |out: &mut Vec<u8>| {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
    };
    if let Some(relationship) = relationship {
        comma(out);
        put!(out, "\"relationship\":[{\"text\":\"");
        escape(out, relationship);
        put!(out, "\"}]");
    }
    if family.is_some() || given.is_some() {
        comma(out);
        put!(out, "\"name\":{");
        if let Some(family) = family {
            put!(out, "\"family\":\"");
            escape(out, family);
            out.push(b'"');
        }
        if let Some(given) = given {
            put!(
                out,
                if family.is_some() { "," } else { "" },
                "\"given\":[\""
            );
            escape(out, given);
            put!(out, "\"]");
        }
        out.push(b'}');
    }
    if let Some(phone) = phone {
        comma(out);
        put!(out, "\"telecom\":[{\"system\":\"phone\",\"value\":\"");
        escape(out, phone);
        put!(out, "\"}]");
    }
    put!(out, "}]");
}
