//! The common searches are driven by an index, on the demo.
//!
//! Asked of SQLite's own query plan: every table of the command is SEARCHed (by an index or by its key),
//! none is SCANned, neither for the page nor for its total. Lookups do not count: they are joined to the
//! rows that were found, and one of a single row is as quickly read through.

use pilaster::plan::Handling;

use crate::practice::Practice;

/// Searches that a practice's callers make all day. `date` stands for a day with appointments.
const COMMON: &[&str] = &[
    "Patient?family=smith",
    "Patient?family=sm%C3%ADth",
    "Patient?family=o'brien",
    "Patient?family:exact=Smith",
    "Patient?given=john",
    "Patient?given:exact=John",
    "Patient?name=smith",
    "Patient?name=john",
    "Patient?family=smith&given=john",
    "Patient?family=smith&birthdate=gt1980",
    "Patient?family=smith&_sort=birthdate",
    "Patient?family=smith,jones",
    "Patient?birthdate=1980-05-17",
    "Patient?birthdate=1980-05",
    "Patient?birthdate=ge1980-05-01&birthdate=lt1980-06-01",
    "Patient?birthdate=1980-05-17,1981-06-18",
    "Patient?identifier=http://ns.electronichealth.net.au/id/hi/ihi/1.0|8003608166690503",
    "Patient?identifier=http://ns.electronichealth.net.au/id/medicare-number|2950123481",
    "Patient?identifier=http://ns.electronichealth.net.au/id/medicare-number|29501234811",
    "Patient?identifier=http://ns.electronichealth.net.au/id/dva|QX123456",
    "Patient?identifier=8003608166690503",
    "Patient?identifier=2950123481",
    "Patient?identifier=1001",
    "Patient?identifier=|1001",
    "Patient?phone=0491570156",
    "Patient?phone=07%205550%203001",
    "Patient?email=john@mail.example",
    "Patient?telecom=0491570156",
    "Patient?_id=12",
    "Patient?_id=12,13,14",
    "Patient?_lastUpdated=2026-02-25",
    "Patient?_lastUpdated=ge2026-02-25&_lastUpdated=lt2026-02-27",
    "Patient?_lastUpdated=ge2026-02-25&_sort=_lastUpdated",
    "Patient?_lastUpdated=gt2026-02-25T10:00:00Z&_sort=-_lastUpdated",
    "Patient?general-practitioner=Practitioner/3",
    "Patient?general-practitioner=3&family=smith",
    "Appointment?date=2026-03-02",
    "Appointment?date=ge2026-03-02&date=lt2026-03-09",
    "Appointment?date=ge2026-03-02T10:00:00Z&date=lt2026-03-02T12:00:00Z",
    "Appointment?date=2026-03-02&_sort=date",
    "Appointment?date=2026-03-02&_sort=-date",
    "Appointment?date=2026-03-02&status=booked",
    "Appointment?patient=12",
    "Appointment?patient=Patient/12&date=ge2026-03-02",
    "Appointment?practitioner=3&date=2026-03-02",
    "Appointment?actor=Practitioner/3&date=2026-03-02",
    "Appointment?actor=Patient/12",
    "Appointment?actor:Patient=12&date=2026-03-02",
    "Appointment?_id=12",
    "Appointment?_lastUpdated=2026-03-01",
    "Appointment?_lastUpdated=ge2026-03-01&_sort=_lastUpdated",
    "Practitioner?family=smith",
    "Practitioner?_id=3",
    "PractitionerRole?practitioner=3",
    "Condition?patient=12",
    "Condition?patient=12&category=problem-list-item&clinical-status=active",
    "Condition?patient=12&onset-date=ge2020",
    "AllergyIntolerance?patient=12",
    "Immunization?patient=12&status=completed",
    "MedicationStatement?patient=12&status=active",
    "MedicationRequest?patient=12&intent=order&status=active",
    // By category, code or date, one of the four sources is asked for nothing, which SQLite calls a scan.
    "Observation?patient=12",
    "Observation?patient=12&_sort=-date",
    "DiagnosticReport?patient=12",
    "DocumentReference?patient=12",
    "Encounter?patient=12&date=ge2025-03-02",
    "Encounter?subject=Patient/12&_sort=-date",
    "RelatedPerson?patient=12",
    "Coverage?beneficiary=Patient/12",
];

/// Ranges that are open at one end may hold no row or all: in the order of the id SQLite may read rows in
/// that order and stop where the page is full. The total is counted by the index all the same.
const OPEN: &[(&str, &str)] = &[
    (
        "Patient?_lastUpdated=ge2026-02-25",
        "IX_PATIENTS_LASTUPDATED",
    ),
    ("Patient?birthdate=gt1980", "IX_PATIENTS_DOB"),
    (
        "Appointment?_lastUpdated=ge2026-03-01",
        "IX_APPOINTMENTS_LASTUPDATED",
    ),
    ("Appointment?date=ge2026-03-02", "IX_APPOINTMENTS_DATE"),
];

/// Searches of a whole table whose order an index gives: nothing is sorted.
const ORDERED: &[&str] = &[
    "Patient?_sort=_id&_total=none",
    "Patient?_sort=-_id&_total=none",
    "Patient?_sort=family&_total=none",
    "Patient?_sort=-family&_total=none",
    "Patient?_sort=birthdate&_total=none",
    "Patient?_sort=-birthdate&_total=none",
    "Patient?_sort=_lastUpdated&_total=none",
    "Patient?_sort=-_lastUpdated&_total=none",
    "Appointment?_sort=_lastUpdated&_total=none",
];

/// The steps of the commands of a search.
fn steps(practice: &Practice, search: &str) -> Vec<String> {
    let plan = practice
        .plan(search)
        .unwrap_or_else(|error| panic!("{search}: {error}"));
    let mut steps = Vec::new();
    for part in &plan.parts {
        let statement = practice.site.statement(&part.select).unwrap();
        let part = practice
            .site
            .pool()
            .run_now(|session| session.query_plan(&statement, &part.values))
            .unwrap();
        steps.extend(part);
    }
    assert!(!steps.is_empty(), "{search}: no plan");
    steps
}

#[test]
fn common_searches_are_driven_by_an_index() {
    let practice = Practice::demo(2_000);
    let mut failures = Vec::new();
    for search in COMMON {
        let steps = steps(&practice, search);
        let scans = |step: &String| {
            // The page that was found is read through.
            step.starts_with("SCAN ") && step != "SCAN page" && !step.ends_with(" LEFT-JOIN")
        };
        if steps.iter().any(scans) {
            failures.push(format!("{search}\n    {}", steps.join("\n    ")));
        }
    }
    assert!(failures.is_empty(), "scanned:\n{}", failures.join("\n"));
}

#[test]
fn the_total_of_an_open_range_is_counted_by_its_index() {
    let practice = Practice::demo(2_000);
    for (search, index) in OPEN {
        let steps = steps(&practice, search);
        let counted = steps
            .iter()
            .skip_while(|step| !step.starts_with("SCALAR SUBQUERY"))
            .any(|step| step.starts_with("SEARCH") && step.contains(index));
        assert!(counted, "{search}: {steps:#?}");
    }
}

#[test]
fn an_index_gives_the_order_of_a_whole_table() {
    let practice = Practice::demo(2_000);
    let mut failures = Vec::new();
    for search in ORDERED {
        let steps = steps(&practice, search);
        // The id after an index's columns may be sorted within equal keys, and the page's rows once more;
        // never all rows.
        let sorted = steps
            .iter()
            .take_while(|step| *step != "SCAN page")
            .any(|step| step == "USE TEMP B-TREE FOR ORDER BY");
        if sorted {
            failures.push(format!("{search}\n    {}", steps.join("\n    ")));
        }
    }
    assert!(failures.is_empty(), "sorted:\n{}", failures.join("\n"));
}

#[test]
fn the_next_page_begins_in_the_index() {
    let practice = Practice::demo(2_000);
    for search in ["Patient?_sort=family&_count=50", "Patient?_count=50"] {
        let bundle = practice.bundle(search);
        let cursor = crate::practice::next_cursor(&bundle).unwrap();
        let opened = practice.open_cursor(&cursor, "Patient");
        let request = practice
            .parse(&format!("Patient?{}", opened.query))
            .unwrap();
        let plan = practice
            .plan_page(&request, &opened.places, Handling::Unsaid)
            .unwrap();
        let part = &plan.parts[0];
        let statement = practice.site.statement(&part.select).unwrap();
        let steps = practice
            .site
            .pool()
            .run_now(|session| session.query_plan(&statement, &part.values))
            .unwrap();
        assert!(
            steps.iter().any(|step| step.starts_with("SEARCH p USING")),
            "{search}: {steps:?}"
        );
    }
}
