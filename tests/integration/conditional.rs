//! A caller's copy is current as long as nothing of the resource changed, in whichever table it lies.

use pilaster::site::{Answer, ReadCall};

use crate::practice::{BASE, Practice, writable};

fn read(practice: &Practice, path: &str, tag: Option<&str>) -> Answer {
    let (resource, id) = path.split_once('/').unwrap();
    practice
        .read_call(ReadCall {
            base: BASE.to_owned(),
            resource: resource.to_owned(),
            id: id.to_owned(),
            if_none_match: tag.map(str::to_owned),
            ..ReadCall::default()
        })
        .unwrap()
}

#[test]
fn a_row_of_another_table_changes_the_tag() {
    let practice = Practice::demo(20);
    let first = read(&practice, "Patient/1", None);
    let tag = first.etag.unwrap();
    assert!(read(&practice, "Patient/1", Some(&tag)).not_modified);
    writable(&practice.path)
        .execute(
            "INSERT INTO EMAIL (RECORDID, RECORDSTATUS, INTERNALID, EMAIL) VALUES (9000, 1, 1, 'new@mail.example')",
            [],
        )
        .unwrap();
    let second = read(&practice, "Patient/1", Some(&tag));
    assert!(!second.not_modified);
    assert_ne!(second.etag.as_ref(), Some(&tag));
    // The row's own moment says nothing of it, and is not asked.
    assert_eq!(second.last_modified, first.last_modified);
    let since = practice.read_call(ReadCall {
        base: BASE.to_owned(),
        resource: "Patient".to_owned(),
        id: "1".to_owned(),
        if_modified_since: first.last_modified,
        ..ReadCall::default()
    });
    assert!(!since.unwrap().not_modified);
    assert!(String::from_utf8(second.body).unwrap().contains("new@mail"));
}

#[test]
fn every_resource_has_a_tag_that_is_the_same_in_every_run() {
    let (one, other) = (Practice::demo(20), Practice::demo(20));
    for path in ["Patient/1", "Practitioner/1", "Appointment/1"] {
        let tag = read(&one, path, None).etag.unwrap();
        assert_eq!(read(&other, path, None).etag.unwrap(), tag, "{path}");
        let again = read(&one, path, Some(&tag));
        assert!(again.not_modified && again.body.is_empty(), "{path}");
        // What is sent back with 304 is what would have been sent with 200.
        assert_eq!(again.etag.unwrap(), tag, "{path}");
    }
}
