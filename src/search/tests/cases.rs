//! What each form of a search is read as, and how it is printed.

use jiff::civil::date;

use super::super::*;
use super::{Table, read};

/// The only filter of a search.
fn filter(text: &str) -> Filter {
    let request = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let [filter] = &request.filters[..] else {
        panic!("{text}: {request:?}")
    };
    filter.clone()
}

/// The values of the only parameter of a search.
fn values(text: &str) -> Vec<Value> {
    match filter(text) {
        Filter::Parameter(parameter) => parameter.values,
        other => panic!("{text}: {other:?}"),
    }
}

fn string(text: &str) -> Value {
    Value::String(text.into())
}

fn token(system: TokenSystem, code: Option<&str>) -> Token {
    Token {
        system,
        code: code.map(str::to_owned),
    }
}

fn is(system: &str) -> TokenSystem {
    TokenSystem::Is(system.into())
}

fn decimal(text: &str) -> Decimal {
    Decimal(text.into())
}

#[test]
fn a_whole_search() {
    let request =
        read("Patient?family=smith&given=jo&birthdate=gt1980-01-01&gender=female&_sort=-birthdate,_id&_count=20").expect("read");
    let parameter = |name: &str, kind, value, position| {
        Filter::Parameter(ParameterFilter {
            name: name.into(),
            kind,
            modifier: None,
            values: vec![value],
            position,
        })
    };
    let expected = SearchRequest {
        filters: vec![
            parameter("family", ParameterKind::String, string("smith"), 1),
            parameter("given", ParameterKind::String, string("jo"), 2),
            parameter(
                "birthdate",
                ParameterKind::Date,
                Value::Date {
                    prefix: Prefix::Gt,
                    date: DateValue::Day(date(1980, 1, 1)),
                },
                3,
            ),
            parameter(
                "gender",
                ParameterKind::Token,
                Value::Token(token(TokenSystem::Any, Some("female"))),
                4,
            ),
        ],
        sort: vec![
            SortKey {
                parameter: "birthdate".into(),
                descending: true,
            },
            SortKey {
                parameter: "_id".into(),
                descending: false,
            },
        ],
        count: Some(20),
        ..SearchRequest::new("Patient")
    };
    assert_eq!(request, expected);
    assert_eq!(
        request.to_string(),
        "Patient?family=smith&given=jo&birthdate=gt1980-01-01&gender=female&_sort=-birthdate,_id&_count=20"
    );
    assert_eq!(SearchRequest::new("Patient").to_string(), "Patient");
    assert_eq!(
        SearchRequest::new("Patient").to_query_with(Some(5), Some("a b")),
        "_count=5&_cursor=a%20b"
    );
}

#[test]
fn commas_part_values_and_escapes_do_not() {
    assert_eq!(values("Patient?family=a,b"), [string("a"), string("b")]);
    assert_eq!(values(r"Patient?family=a\,b"), [string("a,b")]);
    assert_eq!(
        values(r"Patient?family=a%5C,b,c"),
        [string("a,b"), string("c")]
    );
    assert_eq!(
        values(r"Patient?family=\\,\|\$"),
        [string("\\"), string("|$")]
    );
    assert_eq!(values("Patient?family=a%2Cb"), [string("a"), string("b")]);
    assert_eq!(
        values("Patient?family=O'Brien+Mc%20Kay"),
        [string("O'Brien Mc Kay")]
    );
    assert_eq!(values("Patient?family=%C3%A9$|"), [string("\u{e9}$|")]);
    // Raw UTF-8, as some clients send it.
    assert_eq!(values("Patient?family=\u{e9}"), [string("\u{e9}")]);
}

#[test]
fn tokens() {
    let values_of = |text| values(text).into_iter().collect::<Vec<_>>();
    assert_eq!(
        values_of("Patient?identifier=1"),
        [Value::Token(token(TokenSystem::Any, Some("1")))]
    );
    assert_eq!(
        values_of("Patient?identifier=http://a|1"),
        [Value::Token(token(is("http://a"), Some("1")))]
    );
    assert_eq!(
        values_of("Patient?identifier=|1"),
        [Value::Token(token(TokenSystem::Absent, Some("1")))]
    );
    assert_eq!(
        values_of("Patient?identifier=http://a%7C"),
        [Value::Token(token(is("http://a"), None))]
    );
    assert_eq!(
        values_of(r"Patient?identifier=a\|b|c\|d"),
        [Value::Token(token(is("a|b"), Some("c|d")))]
    );
    assert_eq!(
        values_of("Patient?_id=a-1.B"),
        [Value::Token(token(TokenSystem::Any, Some("a-1.B")))]
    );
    assert_eq!(
        values_of("Patient?_id=|12"),
        [Value::Token(token(TokenSystem::Any, Some("12")))]
    );
    assert_eq!(
        values_of("Patient?identifier:of-type=s|MR|446053"),
        [Value::OfType {
            system: "s".into(),
            code: "MR".into(),
            value: "446053".into()
        }]
    );
    assert_eq!(values_of("Patient?gender:text=fem|x"), [string("fem|x")]);
    assert_eq!(
        values_of("Patient?gender:in=http://a/v|1"),
        [Value::Uri("http://a/v|1".into())]
    );
    assert_eq!(
        values_of("Patient?gender:missing=true"),
        [Value::Missing(true)]
    );
}

#[test]
fn numbers_and_quantities() {
    let number = |prefix, text| Value::Number {
        prefix,
        number: decimal(text),
    };
    assert_eq!(
        values("RiskAssessment?probability=gt0.80,1e2"),
        [number(Prefix::Gt, "0.80"), number(Prefix::Eq, "1e2")]
    );
    let quantity = |prefix, number, system: Option<&str>, code: Option<&str>| Value::Quantity {
        prefix,
        number: decimal(number),
        system: system.map(str::to_owned),
        code: code.map(str::to_owned),
    };
    let ucum = "http://unitsofmeasure.org";
    assert_eq!(
        values("Observation?value-quantity=5.4"),
        [quantity(Prefix::Eq, "5.4", None, None)]
    );
    assert_eq!(
        values("Observation?value-quantity=ap5.4||mg"),
        [quantity(Prefix::Ap, "5.4", None, Some("mg"))]
    );
    assert_eq!(
        values(&format!("Observation?value-quantity=le5.40e-3|{ucum}|g")),
        [quantity(Prefix::Le, "5.40e-3", Some(ucum), Some("g"))]
    );
    assert_eq!(
        values(&format!(
            "Observation?code-value-quantity=http://loinc.org|2823-3$gt5.4|{ucum}|mmol/L,x$1"
        )),
        [
            Value::Composite(vec![
                Value::Token(token(is("http://loinc.org"), Some("2823-3"))),
                quantity(Prefix::Gt, "5.4", Some(ucum), Some("mmol/L")),
            ]),
            Value::Composite(vec![
                Value::Token(token(TokenSystem::Any, Some("x"))),
                quantity(Prefix::Eq, "1", None, None)
            ]),
        ]
    );
}

#[test]
fn a_plus_that_was_not_encoded_is_still_an_offset() {
    let expected = values("Patient?_lastUpdated=ge2024-05-31T14:30:00%2B10:00");
    assert_eq!(
        values("Patient?_lastUpdated=ge2024-05-31T14:30:00+10:00"),
        expected
    );
    assert!(matches!(
        expected[..],
        [Value::Date {
            date: DateValue::Time {
                offset: Some(36_000),
                ..
            },
            ..
        }]
    ));
}

#[test]
fn references() {
    let of = |text| match &values(text)[..] {
        [Value::Reference(reference)] => reference.clone(),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(of("Observation?patient=12"), Reference::Id("12".into()));
    assert_eq!(
        of("Observation?subject:Patient=12"),
        Reference::Id("12".into())
    );
    assert_eq!(
        of("Observation?subject=Patient/12"),
        Reference::Relative {
            resource: "Patient".into(),
            id: "12".into()
        }
    );
    assert_eq!(
        of("Observation?subject=http://x/fhir/Patient/12"),
        Reference::Absolute {
            base: "http://x/fhir".into(),
            resource: "Patient".into(),
            id: "12".into()
        }
    );
    assert_eq!(
        of("Observation?subject=urn:uuid:1"),
        Reference::Url("urn:uuid:1".into())
    );
    assert_eq!(
        of("Observation?subject:identifier=http://a|1"),
        Reference::Identifier(token(is("http://a"), Some("1")))
    );
}

#[test]
fn chains() {
    let chain = |text: &str| {
        let filter = filter(text);
        assert_eq!(
            SearchRequest {
                filters: vec![filter.clone()],
                ..SearchRequest::new("X")
            }
            .to_query(),
            text.split_once('?').expect("?").1
        );
        filter
    };
    let leaf = |name: &str, kind, modifier, value| {
        Box::new(Filter::Parameter(ParameterFilter {
            name: name.into(),
            kind,
            modifier,
            values: vec![value],
            position: 1,
        }))
    };
    assert_eq!(
        chain("Observation?subject:Patient.name:exact=Jo"),
        Filter::Chain {
            link: ChainLink {
                parameter: "subject".into(),
                target: Some("Patient".into())
            },
            filter: leaf(
                "name",
                ParameterKind::String,
                Some(Modifier::Exact),
                string("Jo")
            ),
        }
    );
    // Three targets, of which two know the parameter, as one kind.
    assert_eq!(
        chain("Observation?subject.name=Jo"),
        Filter::Chain {
            link: ChainLink {
                parameter: "subject".into(),
                target: None
            },
            filter: leaf("name", ParameterKind::String, None, string("Jo")),
        }
    );
    let user = Value::Token(token(TokenSystem::Any, Some("x")));
    assert_eq!(
        chain("Patient?_has:Observation:patient:_has:AuditEvent:entity:type=x"),
        Filter::Has {
            resource: "Observation".into(),
            reference: "patient".into(),
            filter: Box::new(Filter::Has {
                resource: "AuditEvent".into(),
                reference: "entity".into(),
                filter: leaf("type", ParameterKind::Token, None, user),
            }),
        }
    );
    assert!(matches!(
        chain("Observation?patient._has:Group:member:_id=102"),
        Filter::Chain { .. }
    ));
    assert!(matches!(
        chain("Observation?patient.organization.partof.name=x"),
        Filter::Chain { .. }
    ));
    // Special parameters keep their commas and escapes.
    assert!(matches!(
        chain("Location?near=-83.69%7C42.25%7C11.20%7Ckm,%5C"),
        Filter::Parameter(_)
    ));
}

#[test]
fn result_parameters() {
    let request = read(
        "Patient?_sort=a&_sort=-b&_count=0&_total=none&_summary=data&_elements=id,name,deceased[x]&_include=Patient:organization\
         &_include:iterate=*&_revinclude:recurse=Observation:subject:Patient&_include=Patient:*&_format=application/fhir+json\
         &_pretty=true&_cursor=abc&subscription-key=secret",
    )
    .expect("read");
    let include =
        |reverse, iterate, source: Option<&str>, parameter: Option<&str>, target: Option<&str>| {
            Include {
                reverse,
                iterate,
                source: source.map(str::to_owned),
                parameter: parameter.map(str::to_owned),
                target: target.map(str::to_owned),
            }
        };
    let expected = SearchRequest {
        sort: vec![
            SortKey {
                parameter: "a".into(),
                descending: false,
            },
            SortKey {
                parameter: "b".into(),
                descending: true,
            },
        ],
        count: Some(0),
        total: Some(Total::None),
        summary: Some(Summary::Data),
        elements: vec!["id".into(), "name".into(), "deceased[x]".into()],
        includes: vec![
            include(false, false, Some("Patient"), Some("organization"), None),
            include(false, true, None, None, None),
            include(
                true,
                true,
                Some("Observation"),
                Some("subject"),
                Some("Patient"),
            ),
            include(false, false, Some("Patient"), None, None),
        ],
        format: Some("application/fhir+json".into()),
        pretty: Some(true),
        cursor: Some("abc".into()),
        ..SearchRequest::new("Patient")
    };
    assert_eq!(request, expected);
    assert_eq!(read(&request.to_string()), Ok(expected));
    assert!(!request.to_string().contains("secret"));
}

#[test]
fn what_is_not_used_is_reported() {
    let request = read("Patient?famly=smith&family=&0412+345=x&subscription-key=k&_count=&given:exact=&given=jo&-own=1").expect("read");
    let ignored = |name: Option<&str>, position, reason| Ignored {
        name: name.map(str::to_owned),
        position,
        reason,
    };
    assert_eq!(
        request.ignored,
        [
            ignored(Some("famly"), 1, IgnoredReason::Unknown),
            ignored(Some("family"), 2, IgnoredReason::Empty),
            ignored(None, 3, IgnoredReason::Unknown),
            ignored(Some("_count"), 5, IgnoredReason::Empty),
            ignored(Some("given:exact"), 6, IgnoredReason::Empty),
            ignored(Some("-own"), 8, IgnoredReason::Unknown),
        ]
    );
    assert_eq!(request.to_string(), "Patient?given=jo");
}

#[test]
fn parameters_that_narrow_are_never_ignored() {
    for name in [
        "_filter",
        "_query",
        "_text",
        "_content",
        "_list",
        "_contained",
    ] {
        let request = read(&format!("Patient?{name}=x")).expect("read");
        assert_eq!(
            (request.filters.len(), request.ignored.len()),
            (1, 0),
            "{name}"
        );
    }
    assert_eq!(
        values("Patient?_filter=name+co+%22a,b%22"),
        [string("name co \"a,b\"")]
    );
    assert_eq!(
        values("Patient?_list=$current-allergies"),
        [string("$current-allergies")]
    );
}

#[test]
fn query_and_form_are_one_search() {
    let input = Input {
        query: b"family=a&_sort=family",
        form: b"given=b&_count=5",
    };
    let request = parse("Patient", input, &Table, &Limits::default()).expect("read");
    assert_eq!(
        request.to_string(),
        "Patient?family=a&given=b&_sort=family&_count=5"
    );
    let positions: Vec<_> = request
        .filters
        .iter()
        .map(|filter| match filter {
            Filter::Parameter(parameter) => parameter.position,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(positions, [1, 3]);
}
