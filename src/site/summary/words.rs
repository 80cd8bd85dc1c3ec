//! FHIR's data types in a few words, for people to read.
//!
//! Takes the JSON of an element, in which numbers are texts ([`read`]); gives a text, which is empty where nothing
//! can be said.

use serde_json::Value;

/// Reads JSON with its numbers as texts, as they are written: `5.40` says more than 5.4.
///
/// # Errors
/// When it is no JSON.
pub(super) fn read(json: &[u8]) -> Result<Value, serde_json::Error> {
    let mut out = Vec::with_capacity(json.len() + 64);
    let (mut in_string, mut in_number, mut is_escaped) = (false, false, false);
    for &byte in json {
        let begins = !in_string && (byte.is_ascii_digit() || byte == b'-');
        let goes_on = begins || matches!(byte, b'+' | b'.' | b'e' | b'E');
        if in_number && !goes_on || !in_number && begins {
            out.push(b'"');
            in_number = !in_number;
        }
        if byte == b'"' && !is_escaped {
            in_string = !in_string;
        }
        is_escaped = in_string && byte == b'\\' && !is_escaped;
        out.push(byte);
    }
    serde_json::from_slice(&out)
}

/// Whether a CodeableConcept has one of the codes, whatever their system.
pub(super) fn has_code(concept: &Value, codes: &[&str]) -> bool {
    let mut codings = concept["coding"].as_array().into_iter().flatten();
    codings.any(|coding| {
        coding["code"]
            .as_str()
            .is_some_and(|code| codes.contains(&code))
    })
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The text of a CodeableConcept, or what its first coding says.
pub(super) fn concept(concept: &Value) -> String {
    let codings = concept["coding"].as_array().into_iter().flatten();
    let displays = codings.clone().map(|coding| &coding["display"]);
    let codes = codings.map(|coding| &coding["code"]);
    std::iter::once(&concept["text"])
        .chain(displays)
        .chain(codes)
        .find_map(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// What is said of each entry of a list, in one line.
pub(super) fn each(list: &Value, words: impl Fn(&Value) -> String) -> String {
    joined(list.as_array().into_iter().flatten().map(words), "; ")
}

/// What there is of the texts.
pub(super) fn joined(texts: impl IntoIterator<Item = String>, between: &str) -> String {
    let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    texts.join(between)
}

/// A date, or the day and the minute of a moment, as it is at the practice.
pub(super) fn date(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    match text.split_once('T') {
        Some((day, time)) => format!("{day} {}", time.get(..5).unwrap_or(time)),
        None => text.to_owned(),
    }
}

pub(super) fn period(period: &Value) -> String {
    match (date(&period["start"]), date(&period["end"])) {
        (start, end) if end.is_empty() => start,
        (start, end) => format!("{start} – {end}").trim_start().to_owned(),
    }
}

/// When something was, of a choice of data types: `onset`, `effective`.
pub(super) fn when(of: &Value, name: &str) -> String {
    let typed = |ty: &str| &of[format!("{name}{ty}")];
    let ways = [
        date(typed("DateTime")),
        period(typed("Period")),
        date(typed("Instant")),
        quantity(typed("Age")),
        range(typed("Range")),
        text(typed("String")),
    ];
    ways.into_iter()
        .find(|way| !way.is_empty())
        .unwrap_or_default()
}

/// The date or the moment of an element, or of a choice of data types, as it is written.
pub(super) fn moment<'v>(of: &'v Value, name: &str) -> Option<&'v str> {
    let period = &of[format!("{name}Period")];
    let ways = [
        &of[name],
        &of[format!("{name}DateTime")],
        &of[format!("{name}Instant")],
        &period["start"],
        &period["end"],
    ];
    ways.into_iter().find_map(Value::as_str)
}

pub(super) fn quantity(of: &Value) -> String {
    let unit = match text(&of["unit"]) {
        unit if unit.is_empty() => text(&of["code"]),
        unit => unit,
    };
    let number = format!("{}{}", text(&of["comparator"]), text(&of["value"]));
    joined([number, unit], " ")
}

pub(super) fn range(of: &Value) -> String {
    joined([quantity(&of["low"]), quantity(&of["high"])], " – ")
}

/// The value of an Observation or of one of its components, or why there is none.
pub(super) fn value(of: &Value) -> String {
    let ratio = &of["valueRatio"];
    let ways = [
        quantity(&of["valueQuantity"]),
        concept(&of["valueCodeableConcept"]),
        text(&of["valueString"]),
        text(&of["valueInteger"]),
        of["valueBoolean"]
            .as_bool()
            .map(|is| if is { "yes" } else { "no" }.to_owned())
            .unwrap_or_default(),
        range(&of["valueRange"]),
        joined(
            [
                quantity(&ratio["numerator"]),
                quantity(&ratio["denominator"]),
            ],
            " : ",
        ),
        date(&of["valueDateTime"]),
        text(&of["valueTime"]),
        period(&of["valuePeriod"]),
    ];
    let own = ways.into_iter().find(|way| !way.is_empty());
    let parts = each(&of["component"], |part| {
        joined([concept(&part["code"]), value(part)], " ")
    });
    let said = joined([own.unwrap_or_default(), parts], "; ");
    let reason = concept(&of["dataAbsentReason"]);
    match said.is_empty() && !reason.is_empty() {
        true => format!("no value: {reason}"),
        false => said,
    }
}

/// A person's name.
pub(super) fn name(patient: &Value) -> String {
    let names = patient["name"].as_array().into_iter().flatten();
    let written = names.map(|name| match text(&name["text"]) {
        whole if whole.is_empty() => {
            let given = name["given"].as_array().into_iter().flatten().map(text);
            joined(given.chain([text(&name["family"])]), " ")
        }
        whole => whole,
    });
    written
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Value {
        read(json.as_bytes()).expect("JSON")
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let json = r#"{"a":5.40,"b":[-1e2,0],"c":"1 \"2\" \\","d":true,"e":{"f":12}}"#;
        let expected = serde_json::json!({"a": "5.40", "b": ["-1e2", "0"], "c": "1 \"2\" \\", "d": true, "e": {"f": "12"}});
        assert_eq!(of(json), expected);
    }

    #[test]
    fn values_are_said_in_a_few_words() {
        for (json, expected) in [
            (
                r#"{"valueQuantity":{"value":5.40,"comparator":"<","unit":"mmol/L"}}"#,
                "<5.40 mmol/L",
            ),
            (r#"{"valueQuantity":{"value":1,"code":"kg"}}"#, "1 kg"),
            (r#"{"valueString":"positive"}"#, "positive"),
            (r#"{"valueBoolean":false}"#, "no"),
            (
                r#"{"valueRange":{"low":{"value":1},"high":{"value":2,"unit":"g"}}}"#,
                "1 – 2 g",
            ),
            (
                r#"{"valueCodeableConcept":{"coding":[{"code":"x"},{"display":"Y"}]}}"#,
                "Y",
            ),
            (
                r#"{"component":[{"code":{"text":"a"},"valueInteger":1},{"code":{"text":"b"},"valueInteger":2}]}"#,
                "a 1; b 2",
            ),
            (
                r#"{"dataAbsentReason":{"text":"refused"}}"#,
                "no value: refused",
            ),
            ("{}", ""),
        ] {
            assert_eq!(value(&of(json)), expected, "{json}");
        }
    }

    #[test]
    fn times_are_said_to_the_minute() {
        for (json, expected) in [
            (r#"{"onsetDateTime":"2020"}"#, "2020"),
            (
                r#"{"onsetDateTime":"2020-01-02T03:04:05+10:00"}"#,
                "2020-01-02 03:04",
            ),
            (
                r#"{"onsetPeriod":{"start":"2020","end":"2021"}}"#,
                "2020 – 2021",
            ),
            (r#"{"onsetPeriod":{"end":"2021"}}"#, "– 2021"),
            (r#"{"onsetAge":{"value":7,"unit":"years"}}"#, "7 years"),
            (r#"{"onsetString":"as a child"}"#, "as a child"),
            ("{}", ""),
        ] {
            assert_eq!(when(&of(json), "onset"), expected, "{json}");
        }
    }
}
