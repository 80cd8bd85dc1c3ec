//! What holds of every tree and every text: print and parse are each other's inverse, and nothing panics.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::*;
use super::{Table, read};

/// Text that may stand where any may: FHIR's and the URL's special characters often, never blank.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 ,|$\\\\%&=+#?:/\u{e9}\u{1F600}'\"<-]{1,12}",
        "\\PC{1,8}"
    ]
    .prop_filter("blank text is refused", |text| !text.trim().is_empty())
}

fn id() -> impl Strategy<Value = String> {
    "[A-Za-z0-9.-]{1,64}"
}

fn prefix() -> impl Strategy<Value = Prefix> {
    use Prefix::*;
    proptest::sample::select(vec![Eq, Ne, Gt, Lt, Ge, Le, Sa, Eb, Ap])
}

fn decimal() -> impl Strategy<Value = Decimal> {
    "-?[0-9]{1,12}(\\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?".prop_map(Decimal)
}

fn date() -> impl Strategy<Value = DateValue> {
    let day = (1_i16..=9999, 1_i8..=12, 1_i8..=31)
        .prop_filter_map("a day that does not exist", |(year, month, day)| {
            jiff::civil::Date::new(year, month, day).ok()
        });
    let offset = prop_oneof![
        Just(None),
        (-14 * 60..=14 * 60_i32).prop_map(|minutes| Some(minutes * 60))
    ];
    let precision = prop_oneof![
        Just(TimePrecision::Minute),
        Just(TimePrecision::Second),
        (1_u8..=9).prop_map(TimePrecision::Fraction)
    ];
    let time = (
        day.clone(),
        0_i8..24,
        0_i8..60,
        0_i8..60,
        0_i32..1_000_000_000,
        precision,
        offset,
    )
        .prop_map(
            |(day, hour, minute, second, nanosecond, precision, offset)| {
                let (second, nanosecond) = match precision {
                    TimePrecision::Minute => (0, 0),
                    TimePrecision::Second => (second, 0),
                    TimePrecision::Fraction(digits) => {
                        let unit = 10_i32.pow(9 - u32::from(digits));
                        (second, nanosecond / unit * unit)
                    }
                };
                DateValue::Time {
                    at: day.at(hour, minute, second, nanosecond),
                    precision,
                    offset,
                }
            },
        );
    prop_oneof![
        (1_i16..=9999).prop_map(DateValue::Year),
        (1_i16..=9999, 1_i8..=12).prop_map(|(year, month)| DateValue::Month(year, month)),
        day.prop_map(DateValue::Day),
        time,
    ]
}

fn token() -> impl Strategy<Value = Token> {
    prop_oneof![
        text().prop_map(|code| Token {
            system: TokenSystem::Any,
            code: Some(code)
        }),
        text().prop_map(|code| Token {
            system: TokenSystem::Absent,
            code: Some(code)
        }),
        (text(), option::of(text())).prop_map(|(system, code)| Token {
            system: TokenSystem::Is(system),
            code
        }),
    ]
}

fn quantity() -> impl Strategy<Value = Value> {
    (prefix(), decimal(), option::of(text()), option::of(text())).prop_map(
        |(prefix, number, system, code)| Value::Quantity {
            prefix,
            number,
            system,
            code,
        },
    )
}

fn reference() -> impl Strategy<Value = Value> {
    let base = "https?://[a-z]{1,8}(\\.[a-z]{2,3})?(/[a-z0-9,|$\\\\%]{1,5}){0,2}";
    prop_oneof![
        id().prop_map(Reference::Id),
        id().prop_map(|id| Reference::Relative {
            resource: "Patient".into(),
            id
        }),
        (base, id()).prop_map(|(base, id)| Reference::Absolute {
            base,
            resource: "Patient".into(),
            id
        }),
        "urn:uuid:[a-f0-9,|$\\\\]{1,12}".prop_map(Reference::Url),
    ]
    .prop_map(Value::Reference)
}

/// A parameter of `Observation`, `Patient` or another type of the table, with its values.
fn parameter(resource: &'static str, name: &'static str) -> BoxedStrategy<ParameterFilter> {
    let kind = Table.kind(resource, name).expect("in the table");
    let with = |modifier: Option<Modifier>, values: BoxedStrategy<Vec<Value>>| {
        values
            .prop_map(move |values| ParameterFilter {
                name: name.into(),
                kind,
                modifier: modifier.clone(),
                values,
                position: 0,
            })
            .boxed()
    };
    let many = |value: BoxedStrategy<Value>| vec(value, 1..4).boxed();
    let strings = || many(text().prop_map(Value::String).boxed());
    let uris = || many(text().prop_map(Value::Uri).boxed());
    let tokens = || many(token().prop_map(Value::Token).boxed());
    let missing = with(
        Some(Modifier::Missing),
        any::<bool>()
            .prop_map(|missing| vec![Value::Missing(missing)])
            .boxed(),
    );
    match kind {
        ParameterKind::String => prop_oneof![
            missing,
            with(None, strings()),
            with(Some(Modifier::Exact), strings()),
            with(Some(Modifier::Contains), strings()),
            with(Some(Modifier::Text), strings()),
        ]
        .boxed(),
        ParameterKind::Token if name == "_id" => with(
            None,
            many(
                id().prop_map(|id| {
                    Value::Token(Token {
                        system: TokenSystem::Any,
                        code: Some(id),
                    })
                })
                .boxed(),
            ),
        ),
        ParameterKind::Token => {
            let of_type =
                (text(), text(), text()).prop_map(|(system, code, value)| Value::OfType {
                    system,
                    code,
                    value,
                });
            prop_oneof![
                missing,
                with(None, tokens()),
                with(Some(Modifier::Not), tokens()),
                with(Some(Modifier::Below), tokens()),
                with(Some(Modifier::In), uris()),
                with(Some(Modifier::NotIn), uris()),
                with(Some(Modifier::Text), strings()),
                with(Some(Modifier::OfType), many(of_type.boxed())),
            ]
            .boxed()
        }
        ParameterKind::Reference => {
            let identifiers =
                token().prop_map(|token| Value::Reference(Reference::Identifier(token)));
            prop_oneof![
                missing,
                with(None, many(reference().boxed())),
                with(Some(Modifier::Above), many(reference().boxed())),
                with(
                    Some(Modifier::Type("Patient".into())),
                    many(reference().boxed())
                ),
                with(Some(Modifier::Identifier), many(identifiers.boxed())),
            ]
            .boxed()
        }
        ParameterKind::Uri => prop_oneof![
            missing,
            with(None, uris()),
            with(Some(Modifier::Below), uris())
        ]
        .boxed(),
        ParameterKind::Date => {
            let dates = (prefix(), date()).prop_map(|(prefix, date)| Value::Date { prefix, date });
            prop_oneof![1 => missing, 4 => with(None, many(dates.boxed()))].boxed()
        }
        ParameterKind::Number => {
            let numbers =
                (prefix(), decimal()).prop_map(|(prefix, number)| Value::Number { prefix, number });
            prop_oneof![missing, with(None, many(numbers.boxed()))].boxed()
        }
        ParameterKind::Quantity => {
            prop_oneof![missing, with(None, many(quantity().boxed()))].boxed()
        }
        ParameterKind::Composite => {
            let pairs = (token(), quantity()).prop_map(|(token, quantity)| {
                Value::Composite(vec![Value::Token(token), quantity])
            });
            with(None, many(pairs.boxed()))
        }
        ParameterKind::Special => with(
            None,
            text().prop_map(|text| vec![Value::String(text)]).boxed(),
        ),
    }
}

/// A filter of `Observation`: plain, chained or reversed.
fn filter() -> impl Strategy<Value = Filter> {
    let plain = |resource, name| {
        parameter(resource, name)
            .prop_map(Filter::Parameter)
            .boxed()
    };
    let chain = |link: &'static str, target: Option<&'static str>, inner: BoxedStrategy<Filter>| {
        inner
            .prop_map(move |filter| Filter::Chain {
                link: ChainLink {
                    parameter: link.into(),
                    target: target.map(str::to_owned),
                },
                filter: Box::new(filter),
            })
            .boxed()
    };
    let has = |resource: &'static str, reference: &'static str, inner: BoxedStrategy<Filter>| {
        inner
            .prop_map(move |filter| Filter::Has {
                resource: resource.into(),
                reference: reference.into(),
                filter: Box::new(filter),
            })
            .boxed()
    };
    let patient = prop_oneof![
        plain("Patient", "family"),
        plain("Patient", "birthdate"),
        plain("Patient", "identifier"),
        chain(
            "organization",
            Some("Organization"),
            chain("partof", None, plain("Organization", "name"))
        ),
        has("Group", "member", plain("Group", "code")),
        has(
            "RiskAssessment",
            "subject",
            plain("RiskAssessment", "probability")
        ),
    ]
    .boxed();
    prop_oneof![
        plain("Observation", "_id"),
        plain("Observation", "_profile"),
        plain("Observation", "code"),
        plain("Observation", "date"),
        plain("Observation", "subject"),
        plain("Observation", "value-quantity"),
        plain("Observation", "code-value-quantity"),
        chain("patient", None, patient.clone()),
        chain("subject", Some("Patient"), patient),
        chain("subject", Some("Location"), plain("Location", "near")),
        has("AuditEvent", "entity", plain("AuditEvent", "type")),
    ]
}

fn include() -> impl Strategy<Value = Include> {
    let parts = prop_oneof![
        Just((None, None, None)),
        (
            "[A-Z][A-Za-z]{1,10}",
            option::of("[a-z_][a-z-]{0,10}"),
            option::of("[A-Z][A-Za-z]{1,10}")
        )
            .prop_map(|(source, parameter, target)| (Some(source), parameter, target)),
    ];
    (any::<bool>(), any::<bool>(), parts).prop_map(
        |(reverse, iterate, (source, parameter, target))| Include {
            reverse,
            iterate,
            source,
            parameter,
            target,
        },
    )
}

prop_compose! {
    fn request()(
        filters in vec(filter(), 0..6),
        sort in vec(("[a-z_][a-z-]{0,10}", any::<bool>()).prop_map(|(parameter, descending)| SortKey { parameter, descending }), 0..3),
        (count, pretty) in any::<(Option<u32>, Option<bool>)>(),
        total in option::of(proptest::sample::select(vec![Total::None, Total::Estimate, Total::Accurate])),
        summary in option::of(proptest::sample::select(vec![Summary::True, Summary::Text, Summary::Data, Summary::Count, Summary::False])),
        elements in vec("[a-zA-Z]{1,10}(\\[x\\])?", 0..3),
        types in proptest::sample::subsequence(vec!["Patient".to_owned(), "Observation".to_owned(), "Slot".to_owned()], 0..3),
        includes in vec(include(), 0..3),
        format in option::of("[a-z/+;=.0-9]{1,12}(; fhirVersion=4\\.0)?"),
        cursor in option::of(text()),
    ) -> SearchRequest {
        let mut request = SearchRequest {
            types, filters, sort, count, total, summary, elements, includes, format, pretty, cursor,
            ..SearchRequest::new("Observation")
        };
        let mut position = 0;
        place(&mut request, || {
            position += 1;
            position
        });
        request
    }
}

/// Gives every filter its position.
fn place(request: &mut SearchRequest, mut position: impl FnMut() -> usize) {
    for mut filter in &mut request.filters {
        loop {
            match filter {
                Filter::Chain { filter: inner, .. } | Filter::Has { filter: inner, .. } => {
                    filter = inner
                }
                Filter::Parameter(parameter) => {
                    parameter.position = position();
                    break;
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_it_was(request in request()) {
        let printed = request.to_string();
        prop_assert!(printed.is_ascii());
        prop_assert_eq!(read(&printed), Ok(request), "{}", printed);
    }

    #[test]
    fn no_bytes_panic(query: Vec<u8>, form: Vec<u8>) {
        // Most bytes are no text; what matters is that none of them panics, and that an error can be told.
        if let Err(error) = parse("Patient", Input { query: &query, form: &form }, &Table, &Limits::default()) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    /// Text that comes close to a search; what can be read is read again as the same from its print.
    #[test]
    fn what_is_read_is_printed_as_it_was(
        pairs in vec((
            "(family|birthdate|gender|identifier|organization|link|_id|_profile|_filter|_sort|_include|_has:Observation:patient:(code|value-quantity))\
              ((:(exact|not|of-type|missing|Patient|identifier))|(\\.(name|partof|family)))?",
            "(eq|gt|ap)?[0-9a-z,|$\\\\:/%.TZ+-]{0,12}",
        ), 0..4),
    ) {
        let query: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        if let Ok(mut request) = read(&format!("Patient?{}", query.join("&"))) {
            let printed = request.to_string();
            let mut again = read(&printed).expect("a print can be read");
            prop_assert_eq!(&again.to_string(), &printed);
            request.ignored.clear();
            place(&mut request, || 0);
            place(&mut again, || 0);
            prop_assert_eq!(again, request);
        }
    }
}
