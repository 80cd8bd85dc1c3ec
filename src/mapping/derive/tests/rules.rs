//! Booleans, dates, references and numbers; guards, sort keys, limits; what sources offer together.

use std::sync::Arc;

use insta::assert_snapshot;

use super::build::*;
use super::{derive, offered, show, shown};
use crate::mapping::derive::walk::MOST_PLACES;
use crate::mapping::derive::{OwnParameter, Reason, parameters, resource};
use crate::mapping::*;
use crate::relation::{CompareOp, Expr, Predicate};
use crate::search::{Modifier, ParameterKind};

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
    assert_snapshot!(shown(&living, &names) + &shown(&flag, &names), @"
    active
      token (http://terminology.hl7.org/CodeSystem/special-values) | true where p.FLAGS & 2 = 0 THERE p.FLAGS?
      SORT test(p.FLAGS & 2 = 0)
    deceased
      exists p.DIED?
    death-date
      Day Column { utc: false } (p.DIED) THERE p.DIED?
      SORT p.DIED
    active
      token (http://terminology.hl7.org/CodeSystem/special-values) | 'true' THERE true
    deceased
      exists (p.DEAD? & p.DEAD = 1)
    death-date
      not: no element of the mapping is what it looks at
    ");
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
        @"
    date
      Full DayAndSeconds { unit: 1, plus: false } (a.DAY, a.TIME) THERE (a.DAY? & a.TIME?)
      SORT a.DAY, a.TIME
    _lastUpdated
      Full Column { utc: false } (coalesce(a.UPDATED, a.CREATED)) THERE (a.UPDATED? or a.CREATED?)
      SORT coalesce(a.UPDATED, a.CREATED)
    date
      period Day Column { utc: false } (r.FROM) THERE r.FROM? TO Day Parts (r.Y, r.M, r.D) THERE (r.Y? & r.Y >= 1 & r.Y <= 9999 & (coalesce(r.M, 0) = 0 or (coalesce(r.M, 0) >= 1 & coalesce(r.M, 0) <= 12 & ((coalesce(r.D, 0) >= 0 & coalesce(r.D, 0) <= 28) or (coalesce(r.D, 0) >= 29 & coalesce(r.D, 0) <= 30 & coalesce(r.M, 0) <> 2) or (coalesce(r.D, 0) = 31 & coalesce(r.M, 0) in (1, 3, 5, 7, 8, 10, 12)) or (coalesce(r.D, 0) = 29 & coalesce(r.M, 0) = 2 & ((r.Y - r.Y / 4 * 4 = 0 & r.Y - r.Y / 100 * 100 <> 0) or r.Y - r.Y / 400 * 400 = 0))))))
      SORT r.FROM
    birthdate
      Day Column { utc: false } (p.DOB) THERE (p.DOB? & p.DOB not in (cast('1900-01-01' as date)))
      SORT nullif(p.DOB, cast('1900-01-01' as date))
    "
    );
}

#[test]
fn references_literal_logical_constant_and_first() {
    let one = |name, to| {
        binding(
            &[name],
            Conversion::Reference {
                to,
                prefix: Some("main".into()),
            },
        )
    };
    let source = source(
        "PractitionerRole",
        [
            (
                "practitioner",
                object([
                    (
                        "reference",
                        first(vec![
                            one("r.USER int", "Practitioner"),
                            one("r.OLD int", "Practitioner"),
                        ]),
                    ),
                    (
                        "identifier",
                        object([
                            ("system", constant("\"urn:provider\"")),
                            ("value", text("r.PROVIDERNO char(8)")),
                        ]),
                    ),
                ]),
            ),
            (
                "organization",
                constant("{\"reference\":\"Organization/1\"}"),
            ),
            (
                "location",
                list([
                    to("r.LOCATION int", "Location"),
                    to("r.USER2 int", "Practitioner"),
                ]),
            ),
        ],
    );
    assert_snapshot!(shown(&source, &["practitioner", "organization", "location", "service"]), @"
    practitioner
      Practitioner/r.USER THERE r.USER?
      Practitioner/r.OLD THERE r.OLD? IF not r.USER?
      token urn:provider | r.PROVIDERNO THERE r.PROVIDERNO?
      SORT coalesce(r.USER, r.OLD)
    organization
      Organization/'1' THERE true
    location
      Location/r.LOCATION THERE r.LOCATION?
    service
      not: no element of the mapping is what it looks at
    ");
    assert_eq!(
        offered(&[&source], "practitioner").modifiers,
        [
            Modifier::Missing,
            Modifier::Identifier,
            Modifier::Type("Practitioner".into())
        ]
    );
}

#[test]
fn numbers_quantities_and_uris() {
    let measured = |value| {
        object([
            ("value", value),
            ("unit", constant("\"kg\"")),
            ("system", constant("\"http://unitsofmeasure.org\"")),
            ("code", constant("\"kg\"")),
        ])
    };
    let decimal = Conversion::Decimal {
        multiply: 1,
        divide: 1000,
    };
    let mut weight = source(
        "Observation",
        [
            (
                "code!",
                constant("{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}]}"),
            ),
            ("valueQuantity", measured(bound(&["o.GRAMS int"], decimal))),
        ],
    );
    weight.profiles = vec![Profile::always("http://example.org/vital")];
    let as_text = source(
        "Observation",
        [(
            "valueQuantity",
            measured(bound(
                &["o.VALUE char(12)"],
                Conversion::Measure(MeasurePart::Number),
            )),
        )],
    );
    let risk = source(
        "RiskAssessment",
        [(
            "prediction",
            list([object([(
                "probabilityDecimal",
                bound(
                    &["r.P float"],
                    Conversion::Decimal {
                        multiply: 1,
                        divide: 1,
                    },
                ),
            )])]),
        )],
    );
    let names = [
        "value-quantity",
        "code",
        "_profile",
        "code-value-quantity",
        "value-date",
    ];
    assert_snapshot!(
        shown(&weight, &names)
            + &shown(&as_text, &["value-quantity"])
            + &shown(&risk, &["probability"]),
        @r#"
    value-quantity
      number o.GRAMS * 1 / 1000 THERE o.GRAMS? Is("http://unitsofmeasure.org") 'kg' 'kg'
      SORT o.GRAMS
    code
      token http://loinc.org | '29463-7' THERE true
    _profile
      uri 'http://example.org/vital'
    code-value-quantity
      all of token http://loinc.org | '29463-7' THERE true AND number o.GRAMS * 1 / 1000 THERE o.GRAMS? Is("http://unitsofmeasure.org") 'kg' 'kg'
    value-date
      not: no element of the mapping is what it looks at
    value-quantity
      number number(o.VALUE) * 1 / 1 THERE (o.VALUE? & number(o.VALUE) is not NULL) Is("http://unitsofmeasure.org") 'kg' 'kg'
    probability
      number r.P * 1 / 1 THERE r.P?
      SORT r.P
    "#
    );
}

#[test]
fn what_an_entry_is_under_guards_its_values() {
    let source = source(
        "Patient",
        [
            (
                "communication",
                Node::List(vec![entry_if(
                    "p.SPEAKS bit",
                    object([(
                        "language!",
                        object([(
                            "coding",
                            list([object([
                                ("system", constant("\"urn:ietf:bcp:47\"")),
                                ("code", constant("\"vi\"")),
                                ("display", constant("\"Vietnamese\"")),
                            ])]),
                        )]),
                    )]),
                )]),
            ),
            (
                "contact",
                list([object([
                    ("relationship", list([constant("{\"text\":\"Kin\"}")])),
                    ("name", object([("family", text("k.SURNAME char(40)"))])),
                ])]),
            ),
            (
                "link",
                Node::List(vec![each(object([
                    ("other!", to("e.OTHER int", "Patient")),
                    ("type!", text("e.TYPE varchar(9)")),
                ]))]),
            ),
        ],
    );
    assert_snapshot!(shown(&source, &["language", "link"]), @"
    language
      token urn:ietf:bcp:47 | 'vi' THERE true IF p.SPEAKS = 1
      text 'Vietnamese' IF p.SPEAKS = 1
    link
      Patient/e.OTHER THERE e.OTHER? IF e.TYPE? EACH 0
    ");
}

#[test]
fn the_id_and_parameters_of_ones_own() {
    let source = source("Patient", [("birthDate", day("p.DOB date"))]);
    let own = |name: &str, kind, columns: &[&str], conversion, child| OwnParameter {
        name: name.into(),
        kind,
        binding: Arc::new(binding(columns, conversion)),
        system: (kind == ParameterKind::Token).then(|| "urn:chart".into()),
        child,
        url: None,
    };
    let to = Conversion::Reference {
        to: "Practitioner",
        prefix: None,
    };
    let own = [
        own(
            "chart",
            ParameterKind::Token,
            &["p.RECORDNO char(10)"],
            Conversion::Text,
            None,
        ),
        own(
            "mail",
            ParameterKind::String,
            &["e.EMAIL varchar(99)"],
            Conversion::Text,
            Some(0),
        ),
        own(
            "doctor",
            ParameterKind::Reference,
            &["p.USERID int"],
            to,
            None,
        ),
        own(
            "birthdate",
            ParameterKind::Number,
            &["p.YEAR int"],
            Conversion::Integer,
            None,
        ),
        own(
            "joined",
            ParameterKind::String,
            &["p.A char(9)", "p.B char(9)"],
            Conversion::Join { with: " ".into() },
            None,
        ),
    ];
    let derivation = parameters(&source, "Patient", &own, &["_id".into()]);
    let mut names: Vec<_> = derivation.parameters.keys().cloned().collect();
    names.sort();
    let out: String = names
        .iter()
        .map(|name| format!("{name}\n{}", show::parameter(&derivation.parameters[name])))
        .collect();
    assert_snapshot!(out, @"
    birthdate
    number p.YEAR * 1 / 1 THERE p.YEAR?
    SORT p.YEAR
    chart
    token urn:chart | p.RECORDNO THERE p.RECORDNO?
    SORT p.RECORDNO
    doctor
    Practitioner/p.USERID THERE p.USERID?
    SORT p.USERID
    mail
    text e.EMAIL EACH 0
    ");
    let reason = |name: &str| {
        derivation
            .unsupported
            .iter()
            .find(|(of, _)| **of == *name)
            .map(|(_, reason)| reason.clone())
    };
    assert_eq!(reason("_id"), Some(Reason::Off));
    assert_eq!(reason("joined"), Some(Reason::Conversion("joined text")));
    assert_eq!(
        &*derivation.parameters["chart"].url,
        "urn:pilaster:search-parameter:Patient-chart"
    );
    let plain = derive(&source);
    assert_snapshot!(show::parameter(&plain.parameters["_id"]), @"
    id
    SORT p.ID
    ");
}

#[test]
fn sources_of_a_type_offer_together() {
    let dated = |column| {
        source(
            "Appointment",
            [(
                "start",
                date_time(&[column], DateForm::Column { utc: false }),
            )],
        )
    };
    let (one, two) = (dated("a.START datetime"), dated("b.START datetime2"));
    let split = source(
        "Appointment",
        [(
            "start",
            date_time(
                &["c.DAY datetime", "c.TIME int"],
                DateForm::DayAndSeconds {
                    unit: 1,
                    plus: false,
                },
            ),
        )],
    );
    let without = source("Appointment", [("description", text("d.TEXT varchar(99)"))]);
    let alike = offered(&[&one, &two], "date");
    assert_eq!(alike.sorted, Some(Sorted::Keys(1)));
    assert_eq!(
        &*alike.url,
        "http://hl7.org/fhir/SearchParameter/Appointment-date"
    );
    assert_snapshot!(alike.documentation.unwrap(), @"Takes the prefixes eq, ne, gt, lt, ge, le, sa, eb and ap, and the modifier :missing; results can be sorted by it.");
    let sorted = |sources: &[&Source]| offered(sources, "date").sorted;
    assert_eq!(sorted(&[&split, &split]), Some(Sorted::Keys(2)));
    // Unlike columns are compared as the moments that they make; a source without has rows without a value.
    assert_eq!(sorted(&[&one, &split]), Some(Sorted::Moments));
    assert_eq!(sorted(&[&one, &without]), Some(Sorted::Keys(1)));
    assert_eq!(sorted(&[&without, &split, &one]), Some(Sorted::Moments));
    // What a zone or a layout stands between is not compared.
    let with = |form, column| source("Appointment", [("start", date_time(&[column], form))]);
    let unix = with(DateForm::Unix, "e.AT int");
    assert_eq!(sorted(&[&one, &unix]), None);
    assert_eq!(sorted(&[&unix, &unix]), Some(Sorted::Keys(1)));
    let utc = with(DateForm::Column { utc: true }, "e.AT datetime");
    assert_eq!(sorted(&[&split, &utc]), None);

    let name = source(
        "Patient",
        [(
            "name",
            list([object([("family", text("p.SURNAME char(40)"))])]),
        )],
    );
    assert_snapshot!(offered(&[&name], "name").documentation.unwrap(), @"Takes the modifiers :missing, :exact and :contains; results can be sorted by it.");
    assert!(resource(&[]).is_empty());
}

#[test]
fn sort_keys_follow_the_value() {
    let layout = |pattern: &str, year, month, day| {
        DateForm::Layout(DateLayout {
            pattern: pattern.into(),
            year,
            month,
            day,
        })
    };
    let keys = |conversion, columns: &[&str]| {
        let source = source("Patient", [("birthDate", bound(columns, conversion))]);
        let shown = shown(&source, &["birthdate"]);
        shown
            .lines()
            .find(|line| line.contains("SORT"))
            .unwrap_or("  none")
            .trim()
            .to_owned()
    };
    let backwards = layout("DD/MM/YYYY", 6, Some(3), Some(0));
    assert_eq!(
        keys(Conversion::Date(backwards.clone()), &["p.DOB char(10)"]),
        "SORT substring(p.DOB, 7, 4), substring(p.DOB, 4, 2), substring(p.DOB, 1, 2)"
    );
    assert_eq!(keys(Conversion::Date(backwards), &["p.DOB int"]), "none");
    let forwards = layout("YYYYMMDD", 0, Some(4), Some(6));
    assert_eq!(
        keys(Conversion::Date(forwards), &["p.DOB int"]),
        "SORT p.DOB"
    );
    let lasting = DateForm::DayAndSeconds {
        unit: 1,
        plus: true,
    };
    assert_eq!(
        keys(
            Conversion::Date(lasting),
            &["p.DAY datetime", "p.TIME int", "p.LENGTH int"]
        ),
        "none"
    );
}

#[test]
fn a_value_under_a_condition_sorts_where_the_condition_holds() {
    let condition = Expr::Test(Box::new(Predicate::Compare(
        column("p.STATUS int"),
        CompareOp::Ne,
        Expr::Int(3),
    )));
    let day = || {
        bound(
            &["p.DAY datetime"],
            Conversion::Date(DateForm::Column { utc: false }),
        )
    };
    let under = Node::When(Arc::new(condition), Box::new(day()));
    let conditional = source("Patient", [("birthDate", under)]);
    assert_eq!(
        shown(&conditional, &["birthdate"])
            .lines()
            .last()
            .map(str::trim),
        Some("SORT when(p.STATUS <> 3, p.DAY)")
    );
    // A text that may stand in the date's place is no date.
    let either = source(
        "Immunization",
        [
            ("occurrenceDateTime", day()),
            ("occurrenceString", constant("\"unknown\"")),
        ],
    );
    assert!(shown(&either, &["date"]).contains("SORT p.DAY\n"));
}

#[test]
fn every_resource_type_has_its_id_and_nothing_else_from_nothing() {
    for ty in crate::fhir::resource_types() {
        let derivation = parameters(&source(ty.name(), []), ty.name(), &[], &[]);
        let names: Vec<_> = derivation.parameters.keys().map(|name| &**name).collect();
        assert_eq!(names, ["_id"], "{ty}");
        assert!(derivation.unsupported.len() >= 5, "{ty}");
    }
}

#[test]
fn a_hostile_mapping_is_bounded() {
    let many: Vec<Entry> = (0..5_000).map(|_| entry(text("p.NAME char(9)"))).collect();
    let alternatives = (0..5_000)
        .map(|_| binding(&["p.NAME char(9)"], Conversion::Text))
        .collect();
    let source = source(
        "Patient",
        [
            ("name", list([object([("given", Node::List(many))])])),
            ("gender", first(alternatives)),
            ("birthDate", constant("not json")),
        ],
    );
    let derivation = derive(&source);
    assert_eq!(derivation.parameters["given"].targets.len(), MOST_PLACES);
    assert!(
        derivation
            .partial
            .contains(&("given".into(), Reason::TooMany))
    );
    assert!(!derivation.parameters.contains_key("gender"));
    assert!(!derivation.parameters.contains_key("birthdate"));
}
