//! Sites as integrators meet them: found by a PMS ID that is a practice's own, one that several databases have, or none at all.

use serde_json::Value;

use super::errors::{outcome, refused};
use super::{Asker, COPY, Cloud, FIRST, has_fields, queries, text, until};

/// A database without a PMS ID, whose first 8 characters stand in for it.
const DEMO: &str = "5d0c1b2a-0c3f-4a5e-9a41-0a4a7f0d6b01";
/// Two that share their first 8 characters, of which one product has none, and the other has them as its PMS ID.
const ALIKE: &str = "5d0c1b2a-0c3f-4a5e-9a41-0a4a7f0d6b02";
const ADMIN: &[&str] = &["--environment", "production"];

/// The configuration of one more site, on a database of its own.
fn site(id: &str, name: &str, product: &str, more: &str) -> String {
    format!(
        "[[site]]\nid = \"{id}\"\nmapping = \"mapping\"\ntime-zone = \"Australia/Hobart\"\ndriver = \"sqlite\"\n\
         pms = \"{product}\"\n{more}[site.databases]\nPatients = \"{name}.sqlite\"\nNotes = \"{name}-notes.sqlite\"\n"
    )
}

fn found(asker: &Asker<'_>, id: &str, name: &str) -> Vec<Value> {
    let path = format!("/sites?practiceManagementSiteId={id}&practiceManagementName={name}");
    let list = asker.get(&path).json(200);
    has_fields(&list, "sites");
    list["sites"].as_array().expect("a list").clone()
}

fn ids(of: &[Value]) -> Vec<&str> {
    let ids = of.iter().map(|site| site["id"].as_str());
    ids.map(|id| id.expect("an id")).collect()
}

#[test]
fn a_database_without_a_pms_id_is_found_by_the_beginning_of_its_guid() {
    let head = format!(
        "rate-limit = \"off\"\n{}{}",
        site(DEMO, "no-sql", "Zedmed", ""),
        site(ALIKE, "copy", "D4w", "pms-id = \"5d0c1b2a\"\n")
    );
    let cloud = Cloud::start(&head, &[]);
    let acme = cloud.acme();
    // There or not: who is not paired learns nothing.
    assert!(found(&acme, "5d0c1b2a", "Zedmed").is_empty());
    for id in [DEMO, ALIKE] {
        cloud.admin(&[&["pair", "acme", id], ADMIN].concat());
    }
    until(|| (found(&acme, "5d0c1b2a", "Zedmed").len() == 1).then_some(()));
    let demo = found(&acme, "5d0c1b2a", "Zedmed");
    assert_eq!(ids(&demo), [DEMO]);
    assert_eq!(
        demo[0]["practiceMetadata"]["practiceManagementSiteId"],
        "5d0c1b2a"
    );
    assert_eq!(demo[0]["authoritative"], true);
    // It can be asked, and an id of another product is another's.
    acme.immediate(DEMO, &text("SELECT 1")).json(200);
    assert_eq!(ids(&found(&acme, "5d0c1b2a", "D4w")), [ALIKE]);
    assert!(found(&acme, "5d0c1b2a", "Best+Practice").is_empty());
    // A practice with an id of its own has no other.
    assert!(found(&acme, &FIRST[..8], "Best+Practice").is_empty());
    for near in ["5d0c1b2", "5d0c1b2a-", "5D0C1B2B", DEMO] {
        assert!(found(&acme, near, "Zedmed").is_empty(), "{near}");
    }
}

/// A backup or a migrated database has its practice's PMS ID, and one of them is the practice.
#[test]
fn of_two_databases_with_one_pms_id_the_operator_says_which_is_asked() {
    let cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    let acme = cloud.acme();
    let is_asked = |asked: &str, not: &str| {
        assert_eq!(ids(&found(&acme, "12345", "Best+Practice")), [asked]);
        acme.immediate(asked, &text("SELECT 1")).json(200);
        let told = refused(&acme.immediate(not, &text("SELECT 1")), 403, "PG007");
        // Which one is, is to be looked up, and not told to whoever guessed.
        assert!(!told.contains(asked), "{told}");
        refused(
            &acme.post(&queries(not, "/async"), &text("SELECT 1")),
            403,
            "PG007",
        );
        let read = format!("/sites/{not}/fhir/R4/Patient/7");
        outcome(&acme.get(&read), 403, "PG007");
        let form = [
            ("grant_type", "urn:halo-connect:oauth:desktop-token"),
            ("device_id", "desk-7"),
            ("site_id", not),
        ];
        refused(&acme.form("/token", &form), 403, "PG007");
        for (id, is) in [(asked, true), (not, false)] {
            let told = acme.get(&format!("/sites/{id}")).json(200);
            assert_eq!(told["authoritative"], is);
            assert_eq!(
                told["practiceMetadata"]["practiceManagementSiteId"],
                "12345"
            );
        }
    };
    is_asked(FIRST, COPY);
    cloud.admin(&["site", "authoritative", COPY]);
    until(|| {
        let found = found(&acme, "12345", "Best+Practice");
        (ids(&found) == [COPY]).then_some(())
    });
    is_asked(COPY, FIRST);
}
