//! Cases of XML, and that the element model has R4 as it is defined here.

use super::*;
use crate::fhir::{self, StructureKind, TypeKind};

fn xml(json: &str) -> String {
    let xml = from_json(json.as_bytes(), false).expect("XML");
    let xml = String::from_utf8(xml).expect("UTF-8");
    xml.strip_prefix(DECLARATION)
        .expect("a declaration")
        .to_owned()
}

#[test]
fn elements_are_in_the_order_of_r4_and_primitives_are_attributes() {
    assert_eq!(
        xml(
            r#"{"resourceType":"Patient","birthDate":"1980-05-17","name":[{"given":["Ann","B"],"family":"O\"<&>'"}],"active":true,
            "id":"1","multipleBirthInteger":2}"#
        ),
        concat!(
            r#"<Patient xmlns="http://hl7.org/fhir"><id value="1"/><active value="true"/>"#,
            r#"<name><family value="O&quot;&lt;&amp;&gt;'"/><given value="Ann"/><given value="B"/></name>"#,
            r#"<birthDate value="1980-05-17"/><multipleBirthInteger value="2"/></Patient>"#,
        )
    );
}

#[test]
fn ids_and_extensions_stand_on_primitives_with_and_without_a_value() {
    assert_eq!(
        xml(
            r#"{"resourceType":"Immunization","status":"completed","_status":{"id":"s"},
            "_occurrenceDateTime":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]},
            "extension":[{"url":"urn:x","extension":[{"valueAttachment":{"url":"urn:y"},"url":"z","id":"e"}]}],
            "note":[{"id":"n","text":"a"}]}"#
        ),
        concat!(
            r#"<Immunization xmlns="http://hl7.org/fhir">"#,
            r#"<extension url="urn:x"><extension id="e" url="z"><valueAttachment><url value="urn:y"/></valueAttachment></extension></extension>"#,
            r#"<status id="s" value="completed"/><occurrenceDateTime>"#,
            r#"<extension url="http://hl7.org/fhir/StructureDefinition/data-absent-reason"><valueCode value="unknown"/></extension>"#,
            r#"</occurrenceDateTime><note id="n"><text value="a"/></note></Immunization>"#,
        )
    );
    assert_eq!(
        xml(
            r#"{"resourceType":"Patient","name":[{"given":["Ann",null],"_given":[null,{"id":"g"}]}]}"#
        ),
        r#"<Patient xmlns="http://hl7.org/fhir"><name><given value="Ann"/><given id="g"/></name></Patient>"#
    );
}

#[test]
fn resources_within_resources_are_elements_of_their_own_name() {
    assert_eq!(
        xml(
            r#"{"resourceType":"Bundle","type":"searchset","total":1,"link":[{"relation":"self","url":"urn:a"}],
            "entry":[{"fullUrl":"urn:b","search":{"mode":"match"},"resource":{"resourceType":"Patient","id":"1",
            "contained":[{"resourceType":"Organization","id":"o"},{"resourceType":"Basic","code":{"text":"x"}}],
            "managingOrganization":{"reference":"urn:o"}}},{"resource":{"resourceType":"Basic"}}]}"#
        ),
        concat!(
            r#"<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/><total value="1"/>"#,
            r#"<link><relation value="self"/><url value="urn:a"/></link>"#,
            r#"<entry><fullUrl value="urn:b"/><resource><Patient><id value="1"/>"#,
            r#"<contained><Organization><id value="o"/></Organization></contained>"#,
            r#"<contained><Basic><code><text value="x"/></code></Basic></contained>"#,
            r#"<managingOrganization><reference value="urn:o"/></managingOrganization></Patient></resource>"#,
            r#"<search><mode value="match"/></search></entry>"#,
            r#"<entry><resource><Basic/></resource></entry></Bundle>"#,
        )
    );
    assert_eq!(
        xml(
            r#"{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":1.0,"part":[{"name":"b","resource":{"resourceType":"Patient","id":"1"}}]}]}"#
        ),
        concat!(
            r#"<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="a"/><valueDecimal value="1.0"/>"#,
            r#"<part><name value="b"/><resource><Patient><id value="1"/></Patient></resource></part></parameter></Parameters>"#,
        )
    );
}

#[test]
fn decimals_keep_their_digits() {
    for digits in [
        "1.10",
        "0",
        "-0",
        "5.40",
        "100",
        "0.000000000000000001",
        "-12.500",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "123456789012345678901234567890",
        "123456789.123456789123456789",
    ] {
        let json = format!(
            r#"{{"resourceType":"Observation","valueQuantity":{{"value":{digits},"unit":"1234567890123456789012"}}}}"#
        );
        let expected =
            format!(r#"<value value="{digits}"/><unit value="1234567890123456789012"/>"#);
        let xml = xml(&json);
        assert!(xml.contains(&expected), "{digits}: {xml}");
    }
}

#[test]
fn no_character_is_lost_or_breaks_the_document() {
    assert_eq!(
        xml(
            r#"{"resourceType":"Basic","code":{"text":" a\tb\r\nc\u0000\u001b\ufffe\uffff\u007f\u0085\u2028\ud83e\uddb7 "}}"#
        ),
        concat!(
            r#"<Basic xmlns="http://hl7.org/fhir"><code><text value=" a&#9;b&#13;&#10;c"#,
            "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{7f}\u{85}\u{2028}\u{1f9b7}",
            r#" "/></code></Basic>"#,
        )
    );
}

#[test]
fn a_narrative_is_markup_as_it_stands() {
    let div =
        r#"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a <b>b</b> c &amp; d<br/></p></div>"#;
    let json = format!(
        r#"{{"resourceType":"Patient","text":{{"status":"generated","div":"{div}"}},"id":"1"}}"#
    );
    let expected = format!(
        r#"<Patient xmlns="http://hl7.org/fhir"><id value="1"/><text><status value="generated"/>{}</text></Patient>"#,
        div.replace('\\', "")
    );
    assert_eq!(xml(&json), expected);
}

#[test]
fn indented_it_is_the_same_with_blanks_between_elements() {
    let json = br#"{"resourceType":"Patient","id":"1","name":[{"family":"A"}]}"#;
    let indented = String::from_utf8(from_json(json, true).expect("XML")).expect("UTF-8");
    assert_eq!(
        indented,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Patient xmlns=\"http://hl7.org/fhir\">\n  <id value=\"1\"/>\n  <name>\n    <family value=\"A\"/>\n  </name>\n</Patient>\n"
    );
}

#[test]
fn what_is_not_r4_is_refused() {
    for json in [
        "",
        "{}",
        "[]",
        "{",
        r#"{"id":"1"}"#,
        r#"{"resourceType":"Patient","surname":"A"}"#,
        r#"{"resourceType":"Patient","active":"yes"}"#,
        r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","surname":"A"}}]}"#,
    ] {
        assert_eq!(
            from_json(json.as_bytes(), false),
            Err(XmlError::NotR4),
            "{json}"
        );
    }
}

/// Whatever a mapping can write, the element model knows: R4's definitions here and there have the same
/// elements in the same order, primitives, lists and resources in the same places.
#[test]
fn the_element_model_knows_every_element_of_r4() {
    let mut seen = 0;
    for structure in fhir::structures() {
        if !matches!(structure.kind(), StructureKind::Resource) {
            continue;
        }
        let mut path = ElementPath::new(FhirReleases::R4);
        path.push(structure.name());
        agree(&mut path, structure, 0, &mut seen);
    }
    assert!(seen > 10_000, "{seen}");
}

fn agree(
    path: &mut ElementPath,
    structure: &'static fhir::Structure,
    depth: usize,
    seen: &mut usize,
) {
    let mut last = 0;
    for property in structure.properties() {
        let name = property.json_name();
        let place = path.position_of_child(&name);
        assert!(place != usize::MAX, "{property:?} is not known");
        assert!(place > last, "{property:?} is out of order");
        last = place;
        *seen += 1;
        path.push(&name);
        let is_attribute = structure.kind() != StructureKind::Resource && &*name == "id"
            || structure.name() == "Extension" && &*name == "url";
        if !is_attribute {
            let is_primitive = matches!(property.kind(), TypeKind::Primitive(_));
            assert_eq!(
                path.current_element_is_primitive(),
                is_primitive,
                "{property:?}"
            );
            assert_eq!(
                path.current_element_is_sequence(),
                property.is_list(),
                "{property:?}"
            );
            let is_resource = matches!(property.kind(), TypeKind::Resource);
            assert_eq!(
                path.current_element_is_resource(),
                is_resource,
                "{property:?}"
            );
        }
        if depth < 3
            && let Some(inner) = property.structure()
            && matches!(property.kind(), TypeKind::Complex | TypeKind::Backbone)
        {
            agree(path, inner, depth + 1, seen);
        }
        path.pop();
    }
}
