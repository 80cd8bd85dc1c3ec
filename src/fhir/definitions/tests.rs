use std::collections::BTreeSet;

use super::*;

fn property(structure_name: &str, json_name: &str) -> ElementRef {
    structure(structure_name)
        .and_then(|structure| structure.element(json_name))
        .unwrap_or_else(|| panic!("{structure_name}.{json_name}"))
}

#[test]
fn r4_has_146_resource_types_and_two_abstract_ones() {
    assert_eq!(resource_types().len(), 146);
    assert!(resource_types().is_sorted());
    assert_eq!(
        resource_type("Patient").map(|r| r.to_string()).as_deref(),
        Some("Patient")
    );
    for name in [
        "Resource",
        "DomainResource",
        "HumanName",
        "Patient.contact",
        "patient",
        "SubscriptionStatus",
        "",
    ] {
        assert_eq!(resource_type(name), None, "{name}");
    }
    assert_eq!(
        structure("Resource").map(Structure::kind),
        Some(StructureKind::AbstractResource)
    );
    let datatypes = structures()
        .filter(|s| s.kind() == StructureKind::Datatype)
        .count();
    assert_eq!((datatypes, structures().len()), (43, 664));
}

#[test]
fn types_have_the_elements_of_r4_and_no_others() {
    let names = |name| -> Vec<_> {
        structure(name)
            .unwrap()
            .elements()
            .map(Element::name)
            .collect()
    };
    assert_eq!(
        names("Meta"),
        [
            "id",
            "extension",
            "versionId",
            "lastUpdated",
            "source",
            "profile",
            "security",
            "tag"
        ]
    );
    assert_eq!(
        names("Binary"),
        [
            "id",
            "meta",
            "implicitRules",
            "language",
            "contentType",
            "securityContext",
            "data"
        ]
    );
    assert_eq!(
        names("Patient.contact"),
        [
            "id",
            "extension",
            "modifierExtension",
            "relationship",
            "name",
            "telecom",
            "address",
            "gender",
            "organization",
            "period"
        ]
    );
    assert_eq!(names("Age"), names("Quantity"));
    assert_eq!(names("Patient")[..8], names("DomainResource"));
    assert!(!names("SimpleQuantity").contains(&"comparator"));
}

/// What a JSON name finds is what is listed under that name, for each of them.
#[test]
fn every_property_is_found_by_its_own_name_only() {
    for structure in structures() {
        let mut seen = BTreeSet::new();
        for listed in structure.properties() {
            let name = listed.json_name().into_owned();
            assert_eq!(structure.element(&name), Some(listed));
            assert!(seen.insert(name), "{listed:?} stands twice");
        }
        for element in structure.elements().filter(|element| element.is_choice()) {
            assert_eq!(structure.element(element.stem()), None);
            assert_eq!(structure.element(element.name()), None);
        }
        assert!(seen.contains("id"), "{}", structure.name());
        assert_eq!(structure.element("é"), None);
    }
}

#[test]
fn every_type_is_primitive_or_has_a_structure() {
    for structure in structures() {
        for listed in structure.properties() {
            assert_eq!(
                listed.primitive().is_some(),
                listed.structure().is_none(),
                "{listed:?}"
            );
            for target in listed.targets() {
                assert!(
                    resource_type(target).is_some(),
                    "{listed:?} leads to {target}"
                );
            }
            assert!(
                listed.max().is_none_or(|max| max >= listed.min()),
                "{listed:?}"
            );
            if listed.kind() == TypeKind::Backbone {
                let inner = listed.structure().unwrap();
                assert_eq!(inner.kind(), StructureKind::Backbone, "{listed:?}");
            }
        }
    }
}

#[test]
fn elements_of_a_patient() {
    let birth_date = property("Patient", "birthDate");
    assert_eq!((birth_date.min(), birth_date.max()), (0, Some(1)));
    assert_eq!(birth_date.primitive(), Some(Primitive::Date));
    assert!(birth_date.is_summary() && !birth_date.is_modifier() && !birth_date.is_list());
    assert!(property("Patient", "active").is_modifier());

    assert_eq!(property("Patient", "id").primitive(), Some(Primitive::Id));
    assert_eq!(
        property("Patient.contact", "id").primitive(),
        Some(Primitive::String)
    );
    assert!(property("Patient", "id").is_summary());
    assert!(!property("Patient", "text").is_summary());

    let name = property("Patient", "name");
    assert!(name.is_list());
    assert_eq!(
        (name.kind(), name.type_name()),
        (TypeKind::Complex, "HumanName")
    );
    assert!(property("HumanName", "given").is_list());

    let contact = property("Patient", "contact");
    assert_eq!(contact.kind(), TypeKind::Backbone);
    assert_eq!(
        contact.structure().map(Structure::name),
        Some("Patient.contact")
    );
    assert_eq!(
        property("Patient.contact", "name").path(),
        "Patient.contact.name"
    );
    assert_eq!(property("Patient", "contained").kind(), TypeKind::Resource);
    assert_eq!(property("Patient", "extension").kind(), TypeKind::Extension);

    let practitioner = property("Patient", "generalPractitioner");
    assert_eq!(
        practitioner.targets(),
        ["Organization", "Practitioner", "PractitionerRole"]
    );
    let may = |name| {
        practitioner
            .element_type()
            .may_refer_to(resource_type(name).unwrap())
    };
    assert!(may("Practitioner") && !may("Patient"));
}

#[test]
fn a_choice_has_a_property_for_each_type() {
    let date = property("Patient", "deceasedDateTime");
    assert_eq!(
        (date.path().as_str(), date.type_name()),
        ("Patient.deceased[x]", "dateTime")
    );
    assert_eq!(date.definition().types().len(), 2);
    assert_eq!(
        structure("Patient").unwrap().element("deceasedString"),
        None
    );

    let values: Vec<_> = structure("Observation")
        .unwrap()
        .properties()
        .filter(|p| p.definition().name() == "value[x]")
        .map(|p| p.json_name().into_owned())
        .collect();
    assert_eq!(
        values,
        [
            "valueQuantity",
            "valueCodeableConcept",
            "valueString",
            "valueBoolean",
            "valueInteger",
            "valueRange",
            "valueRatio",
            "valueSampledData",
            "valueTime",
            "valueDateTime",
            "valuePeriod"
        ]
    );
    assert_eq!(
        property("Extension", "url").primitive(),
        Some(Primitive::Uri)
    );
    assert_eq!(
        structure("Extension")
            .unwrap()
            .definition("value")
            .unwrap()
            .types()
            .len(),
        50
    );
    // One of two types with targets of their own.
    assert_eq!(
        property("MedicationRequest", "medicationReference").targets(),
        ["Medication"]
    );
    assert!(
        property("MedicationRequest", "medicationCodeableConcept")
            .targets()
            .is_empty()
    );
}

#[test]
fn a_content_reference_leads_to_its_structure() {
    let item = property("Questionnaire.item", "item");
    assert!(item.is_list());
    assert_eq!(item.kind(), TypeKind::Backbone);
    assert_eq!(
        item.structure().map(Structure::name),
        Some("Questionnaire.item")
    );
    let range = property("Observation.component", "referenceRange");
    assert_eq!(
        range.structure().map(Structure::name),
        Some("Observation.referenceRange")
    );
}

#[test]
fn an_inner_structure_of_a_datatype_has_no_modifier_extension() {
    let repeat = property("Timing", "repeat");
    assert_eq!(
        (repeat.type_name(), repeat.kind()),
        ("Element", TypeKind::Backbone)
    );
    let inner = repeat.structure().unwrap();
    assert_eq!(inner.element("modifierExtension"), None);
    assert_eq!(
        inner.element("boundsPeriod").map(|e| e.type_name()),
        Some("Period")
    );
    assert_eq!(
        inner
            .element("dayOfWeek")
            .and_then(|e| e.binding())
            .and_then(|set| set.has("mon")),
        Some(true)
    );
    assert!(
        structure("Timing")
            .unwrap()
            .element("modifierExtension")
            .is_some()
    );
}

#[test]
fn a_simple_quantity_is_a_quantity_in_json() {
    let dose = property("Dosage.doseAndRate", "doseQuantity");
    assert_eq!(
        (dose.type_name(), dose.element_type().profile()),
        ("Quantity", Some("SimpleQuantity"))
    );
    assert_eq!(dose.structure().and_then(|s| s.element("comparator")), None);
    assert!(
        property("Observation", "valueQuantity")
            .structure()
            .unwrap()
            .element("comparator")
            .is_some()
    );
}

#[test]
fn required_bindings_have_their_codes() {
    let gender = property("Patient", "gender").binding().unwrap();
    assert_eq!(
        gender.url(),
        "http://hl7.org/fhir/ValueSet/administrative-gender"
    );
    let codes: Vec<_> = gender.codes().map(|(_, code)| code).collect();
    assert_eq!(codes, ["male", "female", "other", "unknown"]);
    assert_eq!(
        gender.system_of("male"),
        Some("http://hl7.org/fhir/administrative-gender")
    );
    assert_eq!(
        (gender.has("male"), gender.has("Male")),
        (Some(true), Some(false))
    );

    // Codes of two systems.
    let when = property("Timing.repeat", "when").binding().unwrap();
    assert_eq!(
        when.system_of("MORN"),
        Some("http://hl7.org/fhir/event-timing")
    );
    assert_eq!(
        when.system_of("HS"),
        Some("http://terminology.hl7.org/CodeSystem/v3-TimingEvent")
    );

    let mime = property("Attachment", "contentType").binding().unwrap();
    assert!(!mime.is_listed());
    assert_eq!(mime.has("text/plain"), None);
    // A preferred binding is no binding here.
    assert!(property("Patient", "language").binding().is_none());
    assert!(property("Patient", "maritalStatus").binding().is_none());

    for set in &TABLES.value_sets {
        assert_eq!(
            set.is_listed(),
            set.codes().next().is_some(),
            "{}",
            set.name()
        );
        for (system, code) in set.codes() {
            assert!(
                Primitive::Uri.check(system) && Primitive::Code.check(code),
                "{}: {code}",
                set.name()
            );
        }
    }
    assert_eq!(TABLES.value_sets.len(), 224);
}
