//! No value that was searched and no value of a row is in the log, at TRACE; and no text of a request is
//! ever in SQL text.

use std::collections::BTreeSet;

use pilaster::relation::{Dialect, SqlType};
use pilaster::search::{ParameterKind, Value};
use pilaster::sql::{self, SqlError};
use proptest::prelude::*;

use crate::cli::{Serving, pilaster};
use crate::mappings::fixture_with;
use crate::practice::{Practice, mapping_folder};

/// Rows whose every text is one that occurs nowhere else.
const ROWS: &str = "
UPDATE PATIENTS SET SURNAME = 'Rowsurname' || INTERNALID, FIRSTNAME = 'Rowfirst', MIDDLENAME = 'Rowmiddle',
  PREFERREDNAME = 'Rowpreferred', ADDRESS1 = 'Rowaddress', CITY = 'Rowcity', POSTCODE = '9783', HOMEPHONE = '0755509783',
  MEDICARENO = '9783978397', MEDICARELINENO = '8', IHI = '8003609783978397', RECORDNO = 'ROWNO', EXTERNALID = 'ROWEXT',
  DOB = '1978-03-09 00:00:00';
UPDATE EMAIL SET EMAIL = 'rowmail@mail.example';
UPDATE APPOINTMENTS SET REASON = 'Rowreason', COMMENT = 'Rowcomment';
UPDATE PASTHISTORY SET ITEMTEXT = 'Rowhistory', DETAILS = 'Rowdetails';
UPDATE REACTIONS SET ITEMNAME = 'Rowallergen';
UPDATE CURRENTRX SET DRUGNAME = 'Rowmedicine', INDICATION = 'Rowindication';
UPDATE REPORTVALUES SET RESULTVALUE = 'Rowresult', LOINCCODE = 'ROWLOINC';
UPDATE USERS SET SURNAME = 'Rowdoctor', EMAIL = 'rowdoctor@mail.example';
-- Odd ones, which are logged by their place.
INSERT INTO PATIENTS (INTERNALID, RECORDSTATUS, SURNAME, DOB, SEXCODE) VALUES
  (900, 1, CAST(x'526f776f6464ff' AS TEXT), 'Rowodddate', 'Rowoddsex');
INSERT INTO PASTHISTORY (RECORDID, RECORDSTATUS, INTERNALID, ITEMTEXT, YEAR, STATUSCODE) VALUES
  (900, 1, 1, CAST(x'526f776f6464ff' AS TEXT), 'Rowoddyear', 'Rowoddcode');
";

/// What the rows hold, in lower case.
const ROW_VALUES: &[&str] = &[
    "rowsurname",
    "rowfirst",
    "rowmiddle",
    "rowpreferred",
    "rowaddress",
    "rowcity",
    "0755509783",
    "9783978397",
    "8003609783978397",
    "rowno",
    "rowext",
    "1978-03-09",
    "rowmail",
    "rowreason",
    "rowcomment",
    "rowdoctor",
    "rowhistory",
    "rowdetails",
    "rowallergen",
    "rowmedicine",
    "rowindication",
    "rowresult",
    "rowloinc",
    "rowodd",
];

/// Searches, right and wrong, whose every value says `sought`.
const SEARCHES: &[&str] = &[
    "Patient?family=soughtfamily",
    "Patient?family:exact=Soughtfamily&_sort=-birthdate",
    "Patient?given:contains=soughtgiven&_count=2",
    "Patient?family=rowsurname&_sort=family&_count=2",
    "Patient?identifier=http://sought.example/|soughtvalue",
    "Patient?identifier=soughtvalue",
    "Patient?phone=0491570159",
    "Patient?email=sought@mail.example",
    "Patient?birthdate=1913-04-17",
    "Patient?birthdate=soughtdate",
    "Patient?birthdate=gt1913-soughtdate",
    "Patient?gender=soughtgender",
    "Patient?general-practitioner=soughtid",
    "Patient?general-practitioner=https://sought.example/Practitioner/soughtid",
    "Patient?_id=soughtid",
    "Patient?active:missing=soughtbool",
    "Patient?language=soughtlanguage",
    "Patient?unknown=soughtunknown",
    "Patient?_id=1&unknown=soughtunknown",
    "Patient?family:soughtmodifier=soughtvalue",
    "Patient?sought%20name=soughtvalue",
    "Patient?_sort=soughtsort",
    "Patient?_elements=soughtelement",
    "Patient?_count=soughtcount",
    "Patient?_cursor=soughtcursor",
    "Patient?_include=soughtinclude",
    "Patient?general-practitioner.family=soughtchain",
    "Patient?family=%FFsought",
    "Patient?family=sought%",
    "Patient?family=sought\\q",
    "Appointment?date=2026-03-02&patient=soughtid",
    "Appointment?reason-code:text=soughttext",
    "Condition?patient=soughtid",
    "Condition?patient=1&code:text=soughtcondition",
    "Condition?onset-date=soughtdate",
    "Condition/900",
    "AllergyIntolerance?patient=1&clinical-status=soughtstatus",
    "MedicationStatement?patient=1",
    "Observation?patient=1&code=http://loinc.org|soughtcode",
    "Observation?patient=2&category=laboratory",
    "DiagnosticReport/1",
    "Practitioner?name=soughtname",
    "Patient/soughtid",
    "Patient/1",
    "Patient/1?_elements=soughtelement",
    "Patient/900",
    "Appointment/1",
    "Sought?x=soughtvalue",
    "Patient?_lastUpdated=1913-04-17T04:17:00Z",
    "Patient?_has:Condition:patient:code:text=soughthas",
    "Patient?_has:Soughttype:patient:code=soughthas",
    "Condition?patient.identifier=http://sought.example/|soughtvalue",
    "Patient?family=rowsurname&_include=*&_revinclude=*&_count=2",
    "Observation?code-value-quantity=soughtcode$5",
    "Patient/1/Condition?code:text=soughttext",
    "Patient/soughtid/*",
    "Patient/1/Sought",
    "Patient/1/$everything",
    "Patient/1/$everything?start=1913-04-17&_type=Patient,Condition",
    "Patient/1/$everything?end=soughtdate",
    "Patient/1/$everything?sought=soughtvalue",
    "Patient/soughtid/$everything",
    "Patient/1/$summary",
    "Patient/1/$summary?profile=http://sought.example",
    "Patient/$summary?identifier=http://sought.example/|soughtvalue",
    "?_type=Patient,Practitioner&name=soughtname",
    "?_type=Sought",
    "Patient",
    "Appointment",
];

/// What is sent by POST: the path, the media type, the body.
const POSTED: &[(&str, &str, &str)] = &[
    (
        "Patient/_search",
        FORM,
        "family=soughtfamily&birthdate=1913-04-17",
    ),
    (
        "Patient/_search?family=soughtfamily",
        FORM,
        "_sort=soughtsort",
    ),
    ("Patient/1/Condition/_search", FORM, "code:text=soughttext"),
    ("Patient/_search", FORM, "family=rowsurname&_count=2"),
    (
        "Patient/_search",
        "application/sought",
        "family=soughtfamily",
    ),
    (
        "Patient/1/$everything",
        JSON,
        r#"{"resourceType":"Parameters","parameter":[{"name":"start","valueDate":"1913-04-17"}]}"#,
    ),
    (
        "Patient/$summary",
        JSON,
        r#"{"resourceType":"Parameters","parameter":[{"name":"identifier","valueIdentifier":{"system":"http://sought.example","value":"soughtvalue"}}]}"#,
    ),
    ("Patient/$summary", JSON, r#"{"resourceType":"Sought"}"#),
    (
        "",
        JSON,
        r#"{"resourceType":"Bundle","type":"batch","entry":[
            {"request":{"method":"GET","url":"Patient/1"}},
            {"request":{"method":"GET","url":"Patient?family=soughtfamily"}},
            {"request":{"method":"GET","url":"Patient?birthdate=soughtdate"}},
            {"request":{"method":"SOUGHT","url":"Sought/soughtid"}},
            {"request":{"method":"GET","url":"Patient/soughtid","ifNoneMatch":"soughttag"}},
            {"sought":"soughtvalue"}]}"#,
    ),
    ("", JSON, r#"{"resourceType":"Bundle","type":"sought"}"#),
];

const OPERATOR: &str = "the-key-of-an-operator";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/fhir+json";

fn assert_nothing_leaked(log: &str) {
    let log = log.to_lowercase();
    for value in
        ROW_VALUES
            .iter()
            .chain(&["sought", "0491570159", "1913-04-17", "demo-key", OPERATOR])
    {
        if let Some(at) = log.find(value) {
            let from = log[..at].rfind('\n').map_or(0, |at| at + 1);
            let line = log[from..].lines().next().unwrap();
            panic!("{value} is in the log: {line}");
        }
    }
}

fn practice() -> Practice {
    fixture_with(&mapping_folder("bp-premier"), |connection| {
        connection.execute_batch(ROWS).unwrap();
    })
}

#[test]
fn no_value_is_logged_where_a_search_is_answered() {
    let practice = practice();
    for asked in SEARCHES {
        let path = asked.split_once('?').map_or(*asked, |(path, _)| path);
        match path.split('/').collect::<Vec<_>>().as_slice() {
            [""] => {}
            [_] => drop(practice.search(asked)),
            [_, id] if !id.starts_with('$') => drop(practice.read(asked)),
            // The program answers those.
            _ => {}
        }
    }
    let log = practice.log();
    assert!(
        log.contains("patient.yaml:"),
        "the odd row was logged: {log}"
    );
    assert_nothing_leaked(&log);
}

/// The whole program, as an operator would run it to look into a problem.
#[test]
fn no_value_is_logged_by_the_program_at_trace() {
    let practice = practice();
    let folder = mapping_folder("bp-premier");
    let mut command = pilaster(&["serve", "--rate-limit", "off", "--listen", "127.0.0.1:0"]);
    command
        .arg("--mapping")
        .arg(&folder)
        .arg("--sqlite")
        .arg(&practice.path)
        .env("PILASTER_OPERATOR_KEY", OPERATOR)
        .env("RUST_LOG", "trace");
    let serving = Serving::start(command);
    let mut statuses = BTreeSet::new();
    for asked in SEARCHES {
        let response = serving.ask(asked);
        statuses.insert(response.status().as_u16());
        let bundle: serde_json::Value = response.json().unwrap_or_default();
        let next = crate::practice::next_cursor(&bundle);
        if let (Some(cursor), Some((resource, _))) = (next, asked.split_once('?')) {
            let page = serving.ask(&format!("{resource}?_cursor={cursor}"));
            assert_eq!(page.status().as_u16(), 200);
        }
    }
    for (path, media_type, body) in POSTED {
        let response = serving.post(path, media_type, body);
        statuses.insert(response.status().as_u16());
    }
    for asked in SEARCHES {
        statuses.insert(serving.ask_to_explain(OPERATOR, asked).status().as_u16());
    }
    for expected in [200, 400, 404, 415] {
        assert!(statuses.contains(&expected), "{statuses:?}");
    }
    let (_, log) = serving.end();
    assert!(log.lines().count() > SEARCHES.len(), "{log}");
    assert!(
        log.contains("patient.yaml:"),
        "the odd row was logged: {log}"
    );
    assert_nothing_leaked(&log);
}

/// A text that could be nothing but a value, of letters that no table, column or keyword holds in a row.
fn marker() -> impl Strategy<Value = String> {
    "[qxzjv]{8,20}"
}

/// Values of a parameter's kind around a marker, and whether they differ in more than the marker.
fn forms(kind: ParameterKind, marker: &str) -> Vec<String> {
    match kind {
        ParameterKind::String => vec![
            marker.to_owned(),
            format!("{marker}' OR 1=1 --"),
            format!("{marker}%25_[\\\\"),
            format!("{marker}\\,{marker},{marker}"),
        ],
        ParameterKind::Token => vec![
            marker.to_owned(),
            format!("http://{marker}.example/|{marker}"),
            format!("|{marker}"),
            format!("http://{marker}.example/|"),
            format!("{marker}';DROP TABLE PATIENTS;--"),
        ],
        ParameterKind::Reference => vec![
            marker.to_owned(),
            format!("Patient/{marker}"),
            format!("https://{marker}.example/Practitioner/{marker}"),
        ],
        ParameterKind::Uri => vec![format!("http://{marker}.example/")],
        _ => Vec::new(),
    }
}

/// The texts of the commands of a search in all dialects that the mapping's fragments have a text for, and the types of their values; None where it is refused.
fn texts(practice: &Practice, search: &str) -> Option<Vec<(String, Vec<SqlType>)>> {
    let plan = practice.plan(search).ok()?;
    let mut texts = Vec::new();
    for part in &plan.parts {
        for dialect in Dialect::ALL {
            let statement = match sql::select(&part.select, dialect) {
                Ok(statement) => statement,
                Err(SqlError::FragmentMissing(Dialect::Firebird | Dialect::SqlAnywhere)) => {
                    continue;
                }
                Err(error) => panic!("{dialect}: {error}"),
            };
            texts.push((
                statement.text.to_string(),
                statement.markers.iter().map(|marker| marker.ty).collect(),
            ));
        }
    }
    Some(texts)
}

#[test]
fn no_text_of_a_request_is_in_sql() {
    let practice = practice();
    let mapping = practice.site.mapping().clone();
    let parameters: Vec<(&str, String, ParameterKind, Vec<String>)> = mapping
        .resources
        .values()
        .flat_map(|resource| {
            resource.parameters.values().map(|parameter| {
                let mut words = vec![String::new()];
                words.extend(
                    parameter
                        .modifiers
                        .iter()
                        .filter(|modifier| !matches!(modifier.word(), "missing" | "of-type"))
                        .map(|modifier| format!(":{}", modifier.word())),
                );
                (
                    resource.name,
                    parameter.name.to_string(),
                    parameter.kind,
                    words,
                )
            })
        })
        .collect();
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(one in marker(), letters in "[qxzjv]{20}")| {
        // Of the same length: the shape of a search may depend on whether a column can hold the text.
        let other = &letters[..one.len()];
        for (resource, name, kind, words) in &parameters {
            for word in words {
                for (mine, others) in forms(*kind, &one).iter().zip(forms(*kind, other)) {
                    let search = format!("{resource}?{name}{word}={mine}");
                    let Some(texts_of_one) = texts(&practice, &search) else { continue };
                    for (text, _) in &texts_of_one {
                        prop_assert!(!text.to_lowercase().contains(&one), "{search}: {text}");
                        prop_assert!(!text.contains("DROP") && !text.contains("--"), "{search}: {text}");
                    }
                    let same = texts(&practice, &format!("{resource}?{name}{word}={others}"));
                    prop_assert_eq!(Some(texts_of_one), same, "{}", search);
                }
            }
        }
    });
}

/// Digits too: a day and a number are values, and two of the same form give one text.
#[test]
fn no_date_and_no_number_of_a_request_is_in_sql() {
    let practice = practice();
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(
        year in 1901i16..2099, month in 1i8..=12, day in 1i8..=28, hour in 1i8..23, number in 100_000i64..99_999_999,
        prefix in prop::sample::select(vec!["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]),
    )| {
        for form in [
            format!("{year}"),
            format!("{year}-{month:02}"),
            format!("{year}-{month:02}-{day:02}"),
            format!("{year}-{month:02}-{day:02}T{hour:02}:31%2B10:00"),
        ] {
            for parameter in ["Patient?birthdate", "Patient?_lastUpdated", "Appointment?date", "Patient?death-date"] {
                let search = format!("{parameter}={prefix}{form}");
                for (text, _) in texts(&practice, &search).expect("a search") {
                    prop_assert!(!text.contains(&year.to_string()), "{search}: {text}");
                }
            }
        }
        for parameter in ["Patient?_id", "Patient?general-practitioner", "Appointment?actor", "Patient?phone", "Patient?identifier"] {
            let search = format!("{parameter}={number}");
            for (text, _) in texts(&practice, &search).expect("a search") {
                prop_assert!(!text.contains(&number.to_string()), "{search}: {text}");
            }
            let search = format!("{parameter}={number}&_count={}", number % 190 + 1);
            for (text, _) in texts(&practice, &search).expect("a search") {
                prop_assert!(!text.contains(&number.to_string()), "{search}: {text}");
            }
        }
    });
}

/// The tests above would show nothing if values did not travel at all.
#[test]
fn what_was_asked_travels_as_a_value() {
    let practice = practice();
    let plan = practice.plan("Patient?family:exact=Zq'; DROP").unwrap();
    let values = format!("{:?}", plan.parts[0].values);
    assert!(values.contains("Zq'; DROP"), "{values}");
    let request = practice.parse("Patient?family:exact=Zq").unwrap();
    let pilaster::search::Filter::Parameter(filter) = &request.filters[0] else {
        panic!("a filter");
    };
    assert_eq!(filter.values.as_slice(), [Value::String("Zq".to_owned())]);
}
