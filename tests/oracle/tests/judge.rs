//! What the judge refuses, so that its silence means something.

use oracle::strict_r4;

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
