//! What the judge refuses, so that its silence means something.

use oracle::{strict_r4, strict_r4_twice};

#[test]
fn reads_what_r4_has() {
    let patient =
        r#"{"resourceType":"Patient","id":"1","active":true,"name":[{"family":"Smith"}]}"#;
    assert_eq!(strict_r4(patient), Ok(()));
}

#[test]
fn refuses_what_r4_does_not_have() {
    assert!(strict_r4(r#"{"resourceType":"Patient","surname":"Smith"}"#).is_err());
}

#[test]
fn refuses_what_r4_requires_and_is_not_there() {
    // A status is required; that a list must have an entry is beyond the model.
    let appointment = r#"{"resourceType":"Appointment","participant":[{"status":"accepted"}]}"#;
    assert!(strict_r4(appointment).is_err());
}

#[test]
fn refuses_a_value_of_another_type() {
    assert!(strict_r4(r#"{"resourceType":"Patient","active":"yes"}"#).is_err());
}

#[test]
fn refuses_a_bundle_with_such_a_resource() {
    let bundle = r#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","surname":"Smith"}}]}"#;
    assert!(strict_r4(bundle).is_err());
}

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><id value="1"/><name><family value="A&#10;B"/></name></Patient>"#;

#[test]
fn reads_both_and_compares_them() {
    let json = r#"{"resourceType":"Patient","id":"1","name":[{"family":"A\nB"}]}"#;
    assert_eq!(strict_r4_twice(json, XML), Ok(()));
    let other = json.replace("\\n", " ");
    assert!(strict_r4_twice(&other, XML).unwrap_err().contains("differ"));
}

#[test]
fn refuses_xml_that_r4_does_not_have() {
    let json = r#"{"resourceType":"Patient","id":"1"}"#;
    for xml in [
        XML.replace("family", "surname"),
        XML.replace("</name>", ""),
        XML.replace("http://hl7.org/fhir", "urn:x"),
        XML.replace("<id value=\"1\"/>", "<active value=\"yes\"/>"),
    ] {
        let problem = strict_r4_twice(json, &xml).unwrap_err();
        assert!(problem.starts_with("XML: "), "{problem}");
    }
}
