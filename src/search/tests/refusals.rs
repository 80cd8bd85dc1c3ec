//! What is refused, with which code, and that no message repeats a value.

use super::super::*;
use super::{Table, read};

/// The message of a refusal, after its code.
fn refusal(text: &str) -> String {
    match read(text) {
        Ok(request) => panic!("{text} was read as {request:?}"),
        Err(error) => {
            // The canary stands for what a person typed; names may be repeated, values may not.
            assert!(
                !format!("{error} {error:?} {:?}", error.expression()).contains("Canary"),
                "{text}: {error}"
            );
            format!("{} {error}", error.code().id)
        }
    }
}

#[test]
fn values_that_have_not_the_form_of_their_kind() {
    for text in [
        "Patient?birthdate=Canary",
        "Patient?birthdate=2024-02-30",
        "Patient?birthdate=gt",
        "Patient?birthdate=2024,",
        "Patient?family=,",
        "Patient?family=Canary,",
        "Patient?family=+",
        r"Patient?family=Canary\x",
        r"Patient?family=Canary\",
        "Patient?gender=|",
        "Patient?gender=a|Canary|c",
        "Patient?gender:missing=Canary",
        "Patient?gender:missing=true,false",
        "Patient?identifier:of-type=a|Canary",
        "Patient?identifier:of-type=a||Canary",
        "Patient?_id=Canary_1",
        "Patient?_id=a|1",
        "RiskAssessment?probability=0.8Canary",
        "Observation?value-quantity=5|Canary",
        "Observation?value-quantity=5||",
        "Observation?value-quantity=5|a|Canary|d",
        "Observation?code-value-quantity=Canary",
        "Observation?code-value-quantity=a$5$Canary",
        "Observation?code-value-quantity=Canary$",
        "Observation?patient=Canary_1",
        "Observation?patient=Patient/12/_history/3",
        "Observation?subject:Patient=Group/12",
        "Observation?subject:identifier=|",
    ] {
        assert!(
            refusal(text).starts_with("PS002 "),
            "{text}: {}",
            refusal(text)
        );
    }
    for text in [
        "Patient?birthdate=xx2024",
        "RiskAssessment?probability=GT5",
        "Observation?value-quantity=ab-5|a|b",
    ] {
        assert!(
            refusal(text).starts_with("PS004 "),
            "{text}: {}",
            refusal(text)
        );
    }
}

#[test]
fn messages_name_the_parameter_the_value_and_what_is_allowed() {
    assert_eq!(
        refusal("Patient?birthdate=2024,gt2024-13"),
        "PS002 parameter `birthdate`, value 2: expected a date that exists, such as 2024, 2024-05, 2024-05-31, 2024-05-31T14:30 \
         or 2024-05-31T14:30:00+10:00 (in a URL, + is written %2B)"
    );
    assert_eq!(
        refusal("Patient?birthdate:exact=2024"),
        "PS003 parameter `birthdate:exact`: the modifier does not apply; a date parameter of R4 takes :missing"
    );
    assert_eq!(
        refusal("Observation?subject:Practitioner=1"),
        "PS003 parameter `subject:Practitioner`: the modifier does not apply; a reference parameter of R4 takes :missing, :identifier, \
         :above, :below or one of the types Group, Location, Patient"
    );
    assert_eq!(
        refusal("Patient?a=1&_count=Canary"),
        "PS007 parameter `_count`, value 1: expected a whole number, 0 or more"
    );
    assert_eq!(
        refusal("Patient?Canary+1=%zz"),
        "PS001 parameter number 1 cannot be read: a percent sign without two hexadecimal digits after it"
    );
    let error = read("Patient?family:above=x").expect_err("no string modifier");
    assert_eq!(error.expression().as_deref(), Some("http.family"));
}

#[test]
fn modifiers_are_those_of_the_kind() {
    let modifiers = [
        "missing",
        "exact",
        "contains",
        "text",
        "not",
        "above",
        "below",
        "in",
        "not-in",
        "of-type",
        "identifier",
        "Patient",
    ];
    let taken: &[(&str, &str, &[&str])] = &[
        (
            "Patient",
            "family",
            &["missing", "exact", "contains", "text"],
        ),
        (
            "Patient",
            "gender",
            &[
                "missing", "text", "not", "above", "below", "in", "not-in", "of-type",
            ],
        ),
        (
            "Observation",
            "patient",
            &["missing", "above", "below", "identifier", "Patient"],
        ),
        ("ValueSet", "url", &["missing", "above", "below"]),
        ("Patient", "birthdate", &["missing"]),
        ("RiskAssessment", "probability", &["missing"]),
        ("Observation", "value-quantity", &["missing"]),
        ("Observation", "code-value-quantity", &[]),
        ("Location", "near", &[]),
    ];
    for (resource, parameter, taken) in taken {
        for modifier in modifiers {
            // An empty value: the modifier alone decides.
            let result = read(&format!("{resource}?{parameter}:{modifier}="));
            assert_eq!(
                result.is_ok(),
                taken.contains(&modifier),
                "{parameter}:{modifier}"
            );
        }
    }
    for text in [
        "Patient?family:Exact=x",
        "Patient?_count:exact=1",
        "Patient?_sort:desc=family",
        "Patient?_include:exact=Patient:link",
    ] {
        assert!(refusal(text).starts_with("PS003 "), "{text}");
    }
}

#[test]
fn names_that_cannot_be_followed() {
    for text in [
        "Patient?family:=Canary",
        "Patient?family.name=Canary",
        "Patient?organization.=Canary",
        "Patient?organization.unknown=Canary",
        "Patient?link:Organization.name=Canary",
        "Patient?_has=Canary",
        "Patient?_has:Observation=Canary",
        "Patient?_has:Unknown:patient:code=Canary",
        "Patient?_has:Observation:code:code=Canary",
        "Patient?_has:PractitionerRole:organization:_id=Canary",
        "Patient?_has:Observation:patient:unknown=Canary",
        "Patient?organization._count=5",
    ] {
        assert!(
            refusal(text).starts_with("PS009 "),
            "{text}: {}",
            refusal(text)
        );
    }
    // `entity` leads to whatever there is: a type must be said.
    assert!(refusal("AuditEvent?entity.family=Canary").contains("name one"));
    assert!(read("AuditEvent?entity:Patient.family=x").is_ok());
}

#[test]
fn result_parameters_that_are_malformed_or_repeated() {
    for text in [
        "Patient?_count=-1",
        "Patient?_count=ten",
        "Patient?_count=1,2",
        "Patient?_sort=family,",
        "Patient?_sort=--family",
        "Patient?_sort=Canary%20a",
        "Patient?_total=all",
        "Patient?_summary=True",
        "Patient?_elements=id,,name",
        "Patient?_include=Patient",
        "Patient?_include=Patient:link,Patient:organization",
        "Patient?_include=*:link",
        "Patient?_revinclude=Canary:a:b:c",
        "Patient?_pretty=yes",
    ] {
        assert!(
            refusal(text).starts_with("PS007 "),
            "{text}: {}",
            refusal(text)
        );
    }
    for text in [
        "Patient?_count=1&_count=1",
        "Patient?_format=json&_format=xml",
        "Patient?_elements=id&_elements=name",
    ] {
        assert!(refusal(text).starts_with("PS006 "), "{text}");
    }
    for (query, form) in [("_sort=family", "_sort=given"), ("_count=1", "_count=1")] {
        let input = Input {
            query: query.as_bytes(),
            form: form.as_bytes(),
        };
        assert!(matches!(
            parse("Patient", input, &Table, &Limits::default()),
            Err(SearchError::Repeated { .. })
        ));
    }
}

#[test]
fn limits_are_kept() {
    let limits = Limits::default();
    let many = vec!["family=a"; limits.parameters + 1].join("&");
    assert!(read(&format!("Patient?{}", &many["family=a&".len()..])).is_ok());
    assert!(refusal(&format!("Patient?{many}")).starts_with("PS005 "));

    let many = vec!["a"; limits.values + 1].join(",");
    assert!(read(&format!("Patient?family={}", &many[2..])).is_ok());
    assert!(refusal(&format!("Patient?family={many}")).starts_with("PS005 "));
    assert!(refusal(&format!("Patient?family=a&_sort={}", &many[2..])).starts_with("PS005 "));

    assert!(read("Patient?organization.partof.partof.partof.name=a").is_ok());
    assert!(
        refusal("Patient?organization.partof.partof.partof.partof.name=a").starts_with("PS005 ")
    );

    let long = "a".repeat(limits.query_bytes);
    assert!(refusal(&format!("Patient?family={long}")).starts_with("PS008 "));
    let form = format!("family={long}");
    assert!(parse("Patient", Input::form(form.as_bytes()), &Table, &limits).is_ok());
    let form = format!("family={}", "a".repeat(limits.form_bytes));
    let error =
        parse("Patient", Input::form(form.as_bytes()), &Table, &limits).expect_err("too long");
    assert_eq!((error.code().id, error.code().status), ("PS010", 413));
}

#[test]
fn text_that_is_no_text() {
    for query in [
        &b"family=\xff"[..],
        b"family=%ff",
        b"family=%",
        b"family=a%00",
        b"%ff=a",
        b"a\0=1",
    ] {
        let error = parse(
            "Patient",
            Input { query, form: b"" },
            &Table,
            &Limits::default(),
        )
        .expect_err("unreadable");
        assert_eq!(error.code().id, "PS001");
    }
}
