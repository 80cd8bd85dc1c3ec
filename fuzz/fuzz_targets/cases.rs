//! Any text as a mapping's `cases.yaml`, and as a FHIRPath expression over a resource.
//!
//! What cannot be read says why; a fault of an expression has a place that is a part of the text.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pilaster::fhir::fhirpath::{Expression, PathError};
use serde_json::{Value, json};

static PATIENT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "resourceType": "Patient",
        "id": "1",
        "active": true,
        "name": [{ "use": "official", "family": "Smith", "given": ["Ann", "Mary"] }, { "text": "é𝄞" }],
        "_gender": { "extension": [{ "url": "http://example.org/sex", "valueCode": "F" }] },
        "birthDate": "1980-05",
        "deceasedDateTime": "2024-03-01T10:30:00.5+10:00",
        "multipleBirthInteger": 2,
        "contained": [{ "resourceType": "Observation", "valueQuantity": { "value": 72.5 } }]
    })
});

fuzz_target!(|text: &str| {
    if let Err(problems) = pilaster::cases::read(text) {
        assert!(problems.has_errors());
        let _ = problems.render(false);
    }
    let is_placed = |error: &PathError| {
        let _ = error.to_string();
        text.get(error.span.clone()).is_some()
    };
    let read = Expression::parse(text).and_then(|expression| {
        expression.check("Patient").err().inspect(|error| assert!(is_placed(error)));
        for item in expression.evaluate(&PATIENT)? {
            let _ = (item.json(), item.is_written(text));
        }
        Ok(())
    });
    assert!(read.err().as_ref().is_none_or(is_placed));
});
