//! What parameters come of sources that are built by hand.

use std::sync::Arc;

use insta::assert_snapshot;

use super::{Derivation, OwnParameter, Reason, parameters, resource};
use crate::mapping::*;
use crate::search::{Modifier, ParameterKind};

mod build;
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
        children: source.children.clone(),
        elements: source.elements.clone(),
        search,
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
    assert_snapshot!(shown(&source, &["name", "family", "given", "phonetic"]), @"");
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
    assert_snapshot!(shown(&source, &names), @"");
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
    assert_snapshot!(shown(&source, &names), @"");
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
    assert_snapshot!(shown(&source, &["telecom", "phone", "email"]), @"");
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
    assert_snapshot!(shown(&source, &["identifier"]), @"");
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
    assert_snapshot!(shown(&all, &["gender"]) + &shown(&some, &["gender"]), @"");
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
    assert_snapshot!(shown(&source, &["appointment-type", "service-type", "specialty"]), @"");
    assert!(
        offered(&[&source], "appointment-type")
            .modifiers
            .contains(&Modifier::Text)
    );
}

#[test]
fn booleans_and_deceased() {
    let bit = |inverted| Conversion::Bit { mask: 2, inverted };
    let living = source(
        "Patient",
        [
            ("active", bound(&["p.FLAGS int"], bit(true))),
            ("deceasedDateTime", day("p.DIED datetime")),
        ],
    );
    let flag = source(
        "Patient",
        [
            ("active", constant("true")),
            (
                "deceasedBoolean",
                bound(&["p.DEAD bit"], Conversion::Boolean),
            ),
        ],
    );
    let names = ["active", "deceased", "death-date"];
    assert_snapshot!(shown(&living, &names) + &shown(&flag, &names), @"");
}

#[test]
fn dates_in_every_form() {
    let seconds = |plus| DateForm::DayAndSeconds { unit: 1, plus };
    let mut appointment = source(
        "Appointment",
        [(
            "start",
            date_time(&["a.DAY datetime", "a.TIME int"], seconds(false)),
        )],
    );
    let column = |name| {
        binding(
            &[name],
            Conversion::DateTime {
                form: DateForm::Column { utc: false },
                precision: Precision::Full,
            },
        )
    };
    let Node::Value(updated) = first(vec![
        column("a.UPDATED datetime"),
        column("a.CREATED datetime"),
    ]) else {
        panic!()
    };
    appointment.last_updated = Some(Instant { binding: updated });
    let role = source(
        "PractitionerRole",
        [(
            "period",
            object([
                ("start", day("r.FROM date")),
                (
                    "end",
                    bound(
                        &["r.Y int", "r.M int", "r.D int"],
                        Conversion::Date(DateForm::Parts),
                    ),
                ),
            ]),
        )],
    );
    let patient = source(
        "Patient",
        [("birthDate", day_without("p.DOB date", &["1900-01-01"]))],
    );
    assert_snapshot!(
        shown(&appointment, &["date", "_lastUpdated"])
            + &shown(&role, &["date"])
            + &shown(&patient, &["birthdate"]),
        @""
    );
}
