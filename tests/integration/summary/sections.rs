//! What the sections of a document list, and how they tell it.

use std::collections::BTreeSet;

use pilaster::mapping::{Options, load_files};
use serde_json::{Value, json};

use super::{IPS, div, document, listed, of_type, sections};
use crate::practice::{BASE, Practice, writable};

/// What a section should list, by a reading of its own of all that the patient has.
fn expected_of(practice: &Practice, patient: &str, code: &str) -> BTreeSet<String> {
    let all = |name: &str, reference: &str, holds: &dyn Fn(&Value) -> bool| {
        let resources = practice.resources(&format!("{name}?{reference}={patient}&_count=200"));
        let places = resources.iter().filter(|of| holds(of));
        places
            .map(|of| format!("{name}/{}", of["id"].as_str().expect("an id")))
            .collect::<BTreeSet<String>>()
    };
    let first = |of: &Value, name: &str| of[name]["coding"][0]["code"].clone();
    let category = |of: &Value| of["category"][0]["coding"][0]["code"].clone();
    let observations = |wanted: &'static str| move |of: &Value| category(of) == wanted;
    match code {
        "11450-4" => all("Condition", "patient", &|of| {
            first(of, "clinicalStatus") != "inactive"
        }),
        "11348-0" => all("Condition", "patient", &|of| {
            first(of, "clinicalStatus") == "inactive"
        }),
        "48765-2" => all("AllergyIntolerance", "patient", &|_| true),
        "10160-0" => match all("MedicationStatement", "patient", &|of| {
            of["status"] == "active"
        }) {
            none if none.is_empty() => all("MedicationRequest", "patient", &|of| {
                of["status"] == "active"
            }),
            some => some,
        },
        "11369-6" => all("Immunization", "patient", &|_| true),
        "8716-3" => all("Observation", "patient", &observations("vital-signs")),
        "29762-2" => all("Observation", "patient", &observations("social-history")),
        "47519-4" => all("Procedure", "patient", &|_| true),
        "30954-2" => {
            let mut results = all("Observation", "patient", &observations("laboratory"));
            results.extend(all("DiagnosticReport", "patient", &|_| true));
            results
        }
        _ => panic!("{code} is no section here"),
    }
}

const CODES: [&str; 9] = [
    "11450-4", "48765-2", "10160-0", "11369-6", "30954-2", "47519-4", "8716-3", "11348-0",
    "29762-2",
];

#[test]
fn each_section_lists_what_the_patient_has() {
    let practice = Practice::demo(60);
    let (mut most, mut fewest) = (0, usize::MAX);
    for patient in practice.ids("Patient?_count=200") {
        let document = document(&practice, &patient);
        let sections = sections(&document);
        most = most.max(sections.len());
        let mut with_rows = 0;
        for code in CODES {
            let expected = expected_of(&practice, &patient, code);
            with_rows += usize::from(!expected.is_empty());
            match expected.is_empty() && sections.contains_key(code) {
                false => assert_eq!(listed(&document, code), expected, "{code} of {patient}"),
                true => assert_eq!(listed(&document, code).len(), 1, "{code} of {patient}"),
            }
        }
        fewest = fewest.min(with_rows);
        assert!(sections.keys().all(|code| CODES.contains(code)));
        let composition = &document["entry"][0]["resource"];
        assert_eq!(document["entry"][1]["resource"]["resourceType"], "Patient");
        let practice_url = format!("{BASE}/Organization/1");
        assert_eq!(
            composition["author"],
            json!([{ "reference": practice_url }])
        );
        assert_eq!(composition["custodian"]["reference"], practice_url);
        assert!(of_type(&document, "Device").is_empty());
    }
    assert!(most >= 7 && fewest <= 2, "{most} {fewest}");
}

/// The number of commands does not grow with what a patient has.
#[test]
fn commands_follow_from_the_mapping() {
    let practice = Practice::demo(60);
    let commands = practice
        .ids("Patient?_count=200")
        .iter()
        .map(|patient| practice.summary(patient).expect("an answer").commands)
        .max();
    assert!(commands < Some(40), "{commands:?}");
}

#[test]
fn a_patient_of_whom_nothing_is_known_has_a_document_that_says_so() {
    let practice = Practice::demo(60);
    let tables = [
        "PASTHISTORY",
        "REACTIONS",
        "CLINICAL",
        "CURRENTRX",
        "PRESCRIPTIONS",
        "IMMUNISATIONS",
        "OBSERVATIONS",
        "REPORTVALUES",
        "INVESTIGATIONS",
    ];
    for table in tables {
        let delete = format!("DELETE FROM {table} WHERE INTERNALID = 12");
        writable(&practice.path)
            .execute(&delete, [])
            .expect("a deletion");
    }
    let empty = document(&practice, "12");
    let codes: Vec<&str> = sections(&empty).into_keys().collect();
    assert_eq!(codes, ["10160-0", "11450-4", "48765-2"]);
    let patient = format!("{BASE}/Patient/12");
    let said = |code: &str, text: &str| {
        json!({"coding": [
            {"system": format!("{IPS}/CodeSystem/absent-unknown-uv-ips"), "code": code, "display": text},
            {"system": "http://snomed.info/sct", "code": "1287211007", "display": "No information available"},
        ], "text": text})
    };
    for (section, name, element, code, text) in [
        (
            "11450-4",
            "Condition",
            "code",
            "no-problem-info",
            "No information about problems",
        ),
        (
            "48765-2",
            "AllergyIntolerance",
            "code",
            "no-allergy-info",
            "No information about allergies",
        ),
        (
            "10160-0",
            "MedicationStatement",
            "medicationCodeableConcept",
            "no-medication-info",
            "No information about medications",
        ),
    ] {
        let resource = of_type(&empty, name)[0];
        assert_eq!(resource[element], said(code, text));
        let subject = if name == "AllergyIntolerance" {
            "patient"
        } else {
            "subject"
        };
        assert_eq!(resource[subject]["reference"], patient);
        let id = resource["id"].as_str().expect("an id");
        assert_eq!(
            listed(&empty, section),
            BTreeSet::from([format!("urn:uuid:{id}")])
        );
        assert!(div(sections(&empty)[section]).contains(&format!("<p>{text}</p>")));
    }
    assert_eq!(
        of_type(&empty, "Condition")[0]["clinicalStatus"]["coding"][0]["code"],
        "active"
    );
    assert_eq!(
        of_type(&empty, "MedicationStatement")[0]["status"],
        "unknown"
    );
    // Someone asked, and noted it.
    writable(&practice.path)
        .execute(
            "INSERT INTO CLINICAL (INTERNALID, KNOWNALLERGIES, CREATED) VALUES (12, 1, '2026-01-01')",
            [],
        )
        .expect("a row");
    let none_known = document(&practice, "12");
    let expected = BTreeSet::from(["AllergyIntolerance/none-12".to_owned()]);
    assert_eq!(listed(&none_known, "48765-2"), expected);
    let told = div(sections(&none_known)["48765-2"]);
    assert!(
        told.contains("No known allergy") && !told.contains("No information"),
        "{told}"
    );
}

#[test]
fn what_people_wrote_stays_text_in_the_narrative() {
    let practice = Practice::demo(20);
    let wild = "O'Brien & <test> \"x\" </td> ]]>";
    writable(&practice.path)
        .execute_batch(&format!(
            "UPDATE PATIENTS SET SURNAME = '{0}' WHERE INTERNALID = 3;
             INSERT INTO PASTHISTORY (RECORDID, RECORDSTATUS, INTERNALID, YEAR, MONTH, DAY, ITEMTEXT, STATUSCODE, PROVISIONAL, DETAILS)
             VALUES (9001, 1, 3, 2020, 5, 0, '{0}', 1, 0, 'a' || char(13, 10) || 'b'),
                    (9002, 1, 3, 2019, 0, 0, 'Over', 2, 0, '')",
            wild.replace('\'', "''")
        ))
        .expect("an update");
    let document = document(&practice, "3");
    let escaped = "O&#39;Brien &amp; &lt;test&gt; &quot;x&quot; &lt;/td&gt; ]]&gt;";
    let composition = &document["entry"][0]["resource"];
    assert!(div(composition).contains(escaped), "{}", div(composition));
    let problems = div(sections(&document)["11450-4"]);
    assert!(
        problems.contains(&format!("<tr><td>{escaped}</td><td>2020-05</td>")),
        "{problems}"
    );
    assert!(!problems.contains("Over"));
    assert!(div(sections(&document)["11348-0"]).contains("<td>Over</td><td>2019</td>"));
    // The entry has what people wrote, as it is.
    let condition = of_type(&document, "Condition");
    assert!(condition.iter().any(|of| of["code"]["text"] == wild));
    assert!(!practice.log().contains("Brien"));
}

#[test]
fn a_section_has_its_bound_and_says_so() {
    let practice = Practice::demo(20);
    writable(&practice.path)
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
             INSERT INTO REPORTVALUES (RECORDID, RECORDSTATUS, INTERNALID, REPORTDATE, RESULTNAME, RESULTVALUE)
             SELECT 9000 + i, 1, 4, date('2000-01-01', '+' || i || ' days'), 'Value ' || i, '5.40' FROM n",
        )
        .expect("rows");
    let document = document(&practice, "4");
    let results = sections(&document)["30954-2"];
    let observations = listed(&document, "30954-2");
    let observations: Vec<&String> = observations
        .iter()
        .filter(|of| of.starts_with("Observation/"))
        .collect();
    assert_eq!(observations.len(), 200);
    let told = div(results);
    assert!(told.contains("<p>The practice has more than is listed here.</p>"));
    // The newest ones, as they are written.
    assert!(told.contains("<td>Value 250</td><td>5.40</td>"), "{told}");
    assert!(!told.contains("<td>Value 5</td>"));
    let place = |value: &str| told.find(&format!("<td>{value}</td>")).expect(value);
    assert!(place("Value 250") < place("Value 249") && place("Value 249") < place("Value 100"));
    for (code, section) in sections(&document) {
        assert!(code == "30954-2" || !div(section).contains("more than is listed"));
    }
}

/// A practice that serves little, and does not say which of two Organizations it is.
#[test]
fn a_mapping_of_few_types_gives_a_document_of_few_sections() {
    let files = [
        ("mapping.yaml", "name: Small\nengine: sqlite\nverified: illustrative\ncollation: BINARY\n"),
        (
            "tables.yaml",
            "tables:
  P: { key: ID, columns: { ID: integer, DOB: date, ORG: integer } }
  G: { key: ID, columns: { ID: integer, NAME: varchar(20) } }
  M: { key: ID, columns: { ID: integer, P: integer, S: varchar(20), D: varchar(20), BY: integer } }
  O: { key: ID, columns: { ID: integer, P: integer, C: varchar(20), T: varchar(20) } }
  R: { key: ID, columns: { ID: integer, W: integer } }
  W: { key: ID, columns: { ID: integer, NAME: varchar(20) } }
",
        ),
        ("p.yaml", "resource: Patient\ntable: P as p\nid: p.ID\nelements:\n  birthDate: $p.DOB\n  managingOrganization: { reference: { to: Organization, id: p.ORG } }\n"),
        (
            "g.yaml",
            "resource: Organization\ntable: G as g\nid: g.ID\nelements:\n  name: $g.NAME\n",
        ),
        (
            "m.yaml",
            "resource: MedicationRequest\ntable: M as m\nid: m.ID\nelements:
  status: { column: m.S, codes: { on: active, off: stopped, '*': unknown, '': unknown } }
  intent: order
  medicationCodeableConcept: { text: $m.D }
  subject: { reference: { to: Patient, id: m.P } }
  requester: { reference: { to: PractitionerRole, id: m.BY } }
",
        ),
        (
            "o.yaml",
            "resource: Observation\ntable: O as o\nid: o.ID\nelements:
  status: final
  category: [ { coding: [ { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: $o.C } ] } ]
  code: { text: $o.T }
  subject: { reference: { to: Patient, id: o.P } }
",
        ),
        (
            "r.yaml",
            "resource: PractitionerRole\ntable: R as r\nid: r.ID\nelements:
  practitioner: { reference: { to: Practitioner, id: r.W } }
",
        ),
        ("w.yaml", "resource: Practitioner\ntable: W as w\nid: w.ID\nelements:\n  name: [ { family: $w.NAME } ]\n"),
    ];
    let loaded = load_files("small", &files, &Options::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let practice = Practice::new(loaded.mapping, |connection| {
        connection
            .execute_batch(
                "CREATE TABLE P (ID, DOB, ORG); INSERT INTO P VALUES (1, '1980-01-01', NULL), (2, NULL, 2);
                 CREATE TABLE G (ID, NAME); INSERT INTO G VALUES (1, 'North'), (2, 'South');
                 CREATE TABLE M (ID, P, S, D, BY);
                 INSERT INTO M VALUES (1, 1, 'on', 'Aspirin', 1), (2, 1, 'off', 'Ibuprofen', 2), (3, 2, 'on', 'Aspirin', 2),
                   (4, 2, 'on', NULL, 2);
                 CREATE TABLE O (ID, P, C, T);
                 INSERT INTO O VALUES (1, 1, 'vital-signs', 'Pulse'), (2, 1, NULL, 'Other'), (3, 1, 'social-history', 'Smoker');
                 CREATE TABLE R (ID, W); INSERT INTO R VALUES (1, 1), (2, 2);
                 CREATE TABLE W (ID, NAME); INSERT INTO W VALUES (1, 'Kildare'), (2, 'Zhivago');",
            )
            .unwrap();
    });
    let one = document(&practice, "1");
    for (code, expected) in [
        ("10160-0", vec!["MedicationRequest/1"]),
        ("8716-3", vec!["Observation/1"]),
        ("30954-2", vec!["Observation/2"]),
        ("29762-2", vec!["Observation/3"]),
        ("11348-0", vec![]),
    ] {
        let found = listed(&one, code);
        assert_eq!(
            found.iter().map(String::as_str).collect::<Vec<_>>(),
            expected,
            "{code}"
        );
    }
    assert!(div(sections(&one)["11450-4"]).contains("No information about problems"));
    // A drug without a name cannot be said, and is not passed over in silence.
    let other = document(&practice, "2");
    assert_eq!(
        listed(&other, "10160-0"),
        BTreeSet::from(["MedicationRequest/3".to_owned()])
    );
    let note = "<p>Not all that the practice has could be listed here.</p>";
    assert!(div(sections(&other)["10160-0"]).contains(note));
    assert!(!div(sections(&one)["10160-0"]).contains(note));
    // What leads on is followed, and nobody else is there.
    let names = of_type(&one, "Practitioner");
    assert_eq!(names.len(), 1);
    assert_eq!(names[0]["name"][0]["family"], "Kildare");
    assert_eq!(of_type(&one, "PractitionerRole").len(), 1);
    let composition = &one["entry"][0]["resource"];
    assert!(composition.get("custodian").is_none());
    let device = of_type(&one, "Device")[0];
    assert_eq!(device["deviceName"][0]["name"], "Pilaster");
    assert_eq!(
        composition["author"][0]["reference"],
        format!("urn:uuid:{}", device["id"].as_str().expect("an id"))
    );
    // Of several Organizations, the patient's own is the author.
    let managed = format!("{BASE}/Organization/2");
    assert_eq!(
        other["entry"][0]["resource"]["author"][0]["reference"],
        managed
    );
    assert_eq!(of_type(&other, "Organization")[0]["name"], "South");
    // Without a name or a birth date a patient is not what the guide asks for.
    for patient in ["1", "2"] {
        let document = document(&practice, patient);
        assert!(document.get("meta").is_none());
        assert!(document["entry"][0]["resource"].get("meta").is_none());
    }
    let demo = document(&Practice::demo(5), "1");
    assert_eq!(
        demo["meta"]["profile"],
        json!([format!("{IPS}/StructureDefinition/Bundle-uv-ips")])
    );
    assert_eq!(
        demo["entry"][0]["resource"]["meta"]["profile"],
        json!([format!("{IPS}/StructureDefinition/Composition-uv-ips")])
    );
}
