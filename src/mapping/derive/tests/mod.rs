//! What parameters come of sources that are built by hand: strings and tokens here.

use insta::assert_snapshot;

use super::{Derivation, parameters, resource};
use crate::mapping::*;
use crate::search::Modifier;

mod build;
mod rules;
mod show;

use build::*;

const V2: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";

fn derive(source: &Source) -> Derivation {
    parameters(source, source.resource, &[], &[])
}

/// What comes of the parameters, in short.
fn shown(source: &Source, names: &[&str]) -> String {
    let derivation = derive(source);
    let mut out = String::new();
    for name in names {
        out.push_str(name);
        out.push('\n');
        match derivation.parameters.get(*name) {
            Some(parameter) => {
                for line in show::parameter(parameter).lines() {
                    out.push_str(&format!("  {line}\n"));
                }
            }
            None => {
                let (_, reason) = derivation
                    .unsupported
                    .iter()
                    .find(|(of, _)| **of == **name)
                    .unwrap();
                out.push_str(&format!("  not: {reason}\n"));
            }
        }
        if let Some((_, reason)) = derivation.partial.iter().find(|(of, _)| **of == **name) {
            out.push_str(&format!("  in part: {reason}\n"));
        }
    }
    out
}

fn derived(source: &Source) -> Source {
    let search = derive(source).parameters;
    Source {
        name: source.name.clone(),
        resource: source.resource,
        profiles: source.profiles.clone(),
        relation: source.relation.clone(),
        id: source.id.clone(),
        last_updated: source.last_updated.clone(),
        requires: source.requires.clone(),
        children: source.children.clone(),
        elements: source.elements.clone(),
        search,
        references: Vec::new(),
        lacks: source.lacks.clone(),
        place: here(),
    }
}

fn offered(sources: &[&Source], name: &str) -> ParameterInfo {
    let sources: Vec<Source> = sources.iter().map(|source| derived(source)).collect();
    resource(&sources.iter().collect::<Vec<_>>())
        .remove(name)
        .unwrap()
}

#[test]
fn a_name_is_searched_by_its_text_elements() {
    let source = source(
        "Patient",
        [(
            "name",
            list([
                object([
                    ("use", constant("\"official\"")),
                    ("family", text("p.SURNAME char(40)")),
                    (
                        "given",
                        list([text("p.FIRSTNAME char(40)"), text("p.MIDDLENAME char(30)")]),
                    ),
                    ("prefix", list([text("title.TITLE char(30)")])),
                ]),
                object([
                    ("use", constant("\"usual\"")),
                    (
                        "given",
                        list([text_without("p.PREFERREDNAME char(30)", &["N/A"])]),
                    ),
                ]),
            ]),
        )],
    );
    assert_snapshot!(shown(&source, &["name", "family", "given", "phonetic"]), @"
    name
      text p.SURNAME
      text p.FIRSTNAME
      text p.MIDDLENAME
      text p.PREFERREDNAME IF p.PREFERREDNAME not in ('N/A')
      SORT p.SURNAME, p.FIRSTNAME
    family
      text p.SURNAME
      SORT p.SURNAME
    given
      text p.FIRSTNAME
      text p.MIDDLENAME
      text p.PREFERREDNAME IF p.PREFERREDNAME not in ('N/A')
    phonetic
      not: phonetic matching
    ");
}

#[test]
fn constants_code_tables_and_joins_in_strings() {
    let states = table(None, &["1=QLD/Queensland", "2=NSW/New South Wales"]);
    let join = Conversion::Join { with: " ".into() };
    let source = source(
        "Patient",
        [(
            "address",
            list([object([
                (
                    "line",
                    list([bound(&["p.A1 char(40)", "p.A2 char(40)"], join)]),
                ),
                ("city", text("p.CITY char(40)")),
                ("state", codes("p.STATE int", &states, CodePart::Code)),
                ("postalCode", text("p.POSTCODE int")),
                ("country", constant("\"AU\"")),
            ])]),
        )],
    );
    let names = [
        "address",
        "address-city",
        "address-state",
        "address-postalcode",
        "address-country",
    ];
    assert_snapshot!(shown(&source, &names), @"
    address
      text p.CITY
      text Code of p.STATE
      text cast(p.POSTCODE as varchar(40))
      text 'AU' IF (p.A1? or p.A2? or p.CITY? or p.STATE in (1, 2) or p.POSTCODE?)
      SORT p.CITY, p.POSTCODE
      in part: the element is not searchable: joined text
    address-city
      text p.CITY
      SORT p.CITY
    address-state
      text Code of p.STATE
      SORT case p.STATE 1:QLD 2:NSW
    address-postalcode
      text cast(p.POSTCODE as varchar(40))
      SORT p.POSTCODE
    address-country
      text 'AU' IF (p.A1? or p.A2? or p.CITY? or p.STATE in (1, 2) or p.POSTCODE?)
    ");
}

#[test]
fn a_constant_is_there_only_with_the_object_around_it() {
    let source = source(
        "Appointment",
        [(
            "participant!",
            list([
                object([
                    ("actor", to("a.PATIENT int", "Patient")),
                    ("status!", constant("\"accepted\"")),
                ]),
                object([
                    ("actor", to("a.USER int", "Practitioner")),
                    (
                        "status!",
                        bound(
                            &["a.OK bit"],
                            Conversion::Codes {
                                table: table(None, &["1=accepted", "0=tentative"]),
                                part: CodePart::Code,
                            },
                        ),
                    ),
                ]),
            ]),
        )],
    );
    let names = [
        "part-status",
        "actor",
        "patient",
        "practitioner",
        "location",
    ];
    assert_snapshot!(shown(&source, &names), @"
    part-status
      token (http://hl7.org/fhir/participationstatus) | 'accepted' THERE true IF a.PATIENT?
      token (http://hl7.org/fhir/participationstatus) | codes a.OK THERE a.OK in (1, 0)
    actor
      Patient/a.PATIENT THERE a.PATIENT?
      Practitioner/a.USER THERE a.USER? IF a.OK in (1, 0)
    patient
      Patient/a.PATIENT THERE a.PATIENT?
    practitioner
      Practitioner/a.USER THERE a.USER? IF a.OK in (1, 0)
    location
      not: no element of the mapping is what it looks at
    ");
}

#[test]
fn contact_points_by_value_and_by_their_system() {
    let kinds = table(None, &["1=phone", "2=fax", "*=other"]);
    let source = source(
        "Patient",
        [(
            "telecom",
            Node::List(vec![
                entry(object([
                    ("system", constant("\"phone\"")),
                    ("value", digits("p.HOMEPHONE char(14)")),
                ])),
                entry(object([
                    ("system", codes("p.KIND int", &kinds, CodePart::Code)),
                    ("value", text("p.OTHER varchar(20)")),
                ])),
                each(object([
                    ("system", constant("\"email\"")),
                    ("value", text("e.EMAIL varchar(250)")),
                ])),
                entry_if(
                    "p.WEB bit",
                    object([
                        ("system", constant("\"url\"")),
                        ("value", constant("\"https://example.org\"")),
                    ]),
                ),
            ]),
        )],
    );
    assert_snapshot!(shown(&source, &["telecom", "phone", "email"]), @"
    telecom
      token - | digits p.HOMEPHONE THERE p.HOMEPHONE?
      token - | p.OTHER THERE p.OTHER?
      token - | e.EMAIL THERE e.EMAIL? EACH 0
      token - | 'https://example.org' THERE true IF p.WEB = 1
    phone
      token - | digits p.HOMEPHONE THERE p.HOMEPHONE?
      token - | p.OTHER THERE p.OTHER? IF p.KIND in (1)
    email
      token - | e.EMAIL THERE e.EMAIL? EACH 0
    ");
}

#[test]
fn identifiers_with_types_and_parts() {
    let ihi = constant(&format!(
        "{{\"coding\":[{{\"system\":\"{V2}\",\"code\":\"NI\",\"display\":\"National\"}}],\"text\":\"IHI\"}}"
    ));
    let source = source(
        "Patient",
        [(
            "identifier",
            list([
                object([
                    ("type", ihi),
                    ("system", constant("\"urn:ihi\"")),
                    ("value", text("p.IHI char(16)")),
                ]),
                object([
                    ("system", constant("\"urn:medicare\"")),
                    (
                        "value",
                        bound(
                            &["p.NO char(13)", "p.LINE char(1)"],
                            Conversion::Concat {
                                lengths: vec![10, 1],
                            },
                        ),
                    ),
                ]),
                constant("{\"system\":\"urn:x\",\"value\":\"7\"}"),
            ]),
        )],
    );
    assert_snapshot!(shown(&source, &["identifier"]), @"
    identifier
      token urn:ihi | p.IHI TYPE http://terminology.hl7.org/CodeSystem/v2-0203|'NI' THERE p.IHI?
      text 'IHI' IF p.IHI?
      text 'National' IF p.IHI?
      token urn:medicare | p.NO:10+p.LINE:1 THERE (p.NO? & digits(p.NO) like '__________')
      token urn:x | '7' THERE true
    ");
    let offered = offered(&[&source], "identifier");
    assert_eq!(
        offered.modifiers,
        [
            Modifier::Missing,
            Modifier::Not,
            Modifier::Text,
            Modifier::OfType
        ]
    );
}

#[test]
fn codes_imply_their_system_and_sort_by_the_code() {
    let sex = table(
        None,
        &["Male=male", "Female=female", "*=unknown", "=unknown"],
    );
    let few = table(None, &["M=male", "F=female"]);
    let all = source(
        "Patient",
        [("gender", codes("sex.SEX char(10)", &sex, CodePart::Code))],
    );
    let some = source(
        "Patient",
        [(
            "gender",
            codes("p.SEX char(1) BINARY", &few, CodePart::Code),
        )],
    );
    assert_snapshot!(shown(&all, &["gender"]) + &shown(&some, &["gender"]), @"
    gender
      token (http://hl7.org/fhir/administrative-gender) | codes sex.SEX THERE true
      SORT case nullif(sex.SEX, '') 'Male':male 'Female':female else:unknown null:unknown
    gender
      token (http://hl7.org/fhir/administrative-gender) | codes p.SEX THERE fold(trim(p.SEX)) in (fold('M'), fold('F'))
      SORT case fold(nullif(trim(p.SEX), '')) 'm':male 'f':female
    ");
}

#[test]
fn concepts_by_each_coding_and_by_text() {
    let kinds = table(
        Some("urn:kinds"),
        &["1=long/Long visit", "2=short/Short visit"],
    );
    let source = source(
        "Appointment",
        [
            (
                "appointmentType",
                object([("text", text("t.DESCRIPTION varchar(50)"))]),
            ),
            (
                "serviceType",
                list([codes("a.KIND int", &kinds, CodePart::Whole)]),
            ),
            (
                "specialty",
                list([object([
                    (
                        "coding",
                        list([
                            object([
                                ("system", constant("\"urn:s\"")),
                                ("code", text("a.SPEC varchar(9)")),
                            ]),
                            object([
                                ("system", codes("a.KIND2 int", &kinds, CodePart::System)),
                                ("code", codes("a.KIND2 int", &kinds, CodePart::Code)),
                                ("display", codes("a.KIND2 int", &kinds, CodePart::Display)),
                            ]),
                        ]),
                    ),
                    ("text", constant("\"Clinic\"")),
                ])]),
            ),
        ],
    );
    assert_snapshot!(shown(&source, &["appointment-type", "service-type", "specialty"]), @"
    appointment-type
      text t.DESCRIPTION
    service-type
      token table | codes a.KIND THERE a.KIND in (1, 2)
      text Display of a.KIND
      SORT case a.KIND 1:long 2:short
    specialty
      token urn:s | a.SPEC THERE a.SPEC?
      token table | codes a.KIND2 THERE a.KIND2 in (1, 2)
      text 'Clinic' IF (a.SPEC? or a.KIND2 in (1, 2))
      text Display of a.KIND2
    ");
    assert!(
        offered(&[&source], "appointment-type")
            .modifiers
            .contains(&Modifier::Text)
    );
}
