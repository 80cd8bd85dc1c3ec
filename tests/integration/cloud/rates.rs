//! The rolling window over HTTP: what counts, in which order, and that `Retry-After` is neither too short nor a second too long.

use std::time::{Duration, Instant};

use super::{Asker, Cloud, FIRST, Said, queries, text};

const WINDOW: Duration = Duration::from_secs(5);
/// Between the requests of one second and those of the next.
const SECOND: Duration = Duration::from_secs(1);
/// For what lies between a moment here and the same one at the server.
const MARGIN: Duration = Duration::from_millis(250);

/// An immediate query, a FHIR read, a FHIR search by POST, or what the site serves, one after the other.
fn counted(asker: &Asker<'_>, place: usize) -> Said {
    let fhir = format!("/sites/{FIRST}/fhir/R4");
    match place % 4 {
        0 => asker.immediate(FIRST, &text("SELECT 1")),
        1 => asker.get(&format!("{fhir}/Patient/7")),
        2 => asker.form(&format!("{fhir}/Patient/_search"), &[("_id", "7")]),
        _ => asker.get(&format!("{fhir}/metadata")),
    }
}

#[test]
fn places_come_back_one_by_one_as_the_window_rolls() {
    let cloud = Cloud::start("", &[]);
    let acme = cloud.acme();
    // What nobody counts, before and between.
    let aside = || {
        acme.submit(FIRST, &text("SELECT 1"));
        acme.get(&queries(FIRST, "/registered")).json(200);
        acme.get(&format!("/sites/{FIRST}")).json(200);
    };
    let until = |moment: Instant| {
        std::thread::sleep(moment.saturating_duration_since(Instant::now()));
    };
    // One at the beginning, five a second later, nine two seconds later. Each moment lies between those before and behind it.
    let begun = Instant::now();
    let mut sent = Vec::new();
    for (second, count) in [(0, 1), (1, 5), (2, 9)] {
        until(begun + second * SECOND);
        aside();
        for _ in 0..count {
            let before = Instant::now();
            assert_eq!(counted(&acme, sent.len()).status, 200);
            sent.push((before, Instant::now()));
        }
    }
    assert!(
        begun.elapsed() < WINDOW - SECOND,
        "too slow a machine: {:?}",
        begun.elapsed()
    );
    let oldest_is_gone = sent[0].1 + WINDOW;

    // Refused, whatever the kind, for as long as the oldest counts; and what is refused does not count.
    for place in 0..6 {
        let before = Instant::now();
        let said = counted(&acme, place);
        assert_eq!(said.status, 429, "{}", said.text());
        let told: u64 = said.header("retry-after").parse().expect("seconds");
        let least = (sent[0].0 + WINDOW).saturating_duration_since(Instant::now());
        let most = (sent[0].1 + WINDOW).saturating_duration_since(before);
        assert!(
            (least.as_secs_f64().ceil()..=most.as_secs_f64().ceil()).contains(&(told as f64)),
            "{told} s, and {least:?} to {most:?} were to go"
        );
    }
    aside();
    until(sent[0].0 + WINDOW - MARGIN);
    assert_eq!(counted(&acme, 0).status, 429);

    // The oldest one's place is there again, and no other; a second later five are.
    until(oldest_is_gone);
    assert_eq!(counted(&acme, 1).status, 200);
    assert_eq!(counted(&acme, 2).status, 429);
    until(sent[5].1 + WINDOW);
    for place in 0..5 {
        assert_eq!(counted(&acme, place).status, 200, "{place}");
    }
    let last = counted(&acme, 5);
    assert!(Instant::now() < sent[6].0 + WINDOW, "too slow a machine");
    assert_eq!(last.status, 429);
}

#[test]
fn each_integrator_has_a_window_for_all_its_keys_and_devices() {
    let cloud = Cloud::start("rate-limit = 3\n", &[]);
    let acme = cloud.acme();
    let device = cloud.device(&acme, "desk-7", FIRST);
    let staging = cloud.with_key(&cloud.keys.acme_staging);
    let begun = Instant::now();
    for (place, asker) in [&acme, &device, &device].into_iter().enumerate() {
        assert_eq!(counted(asker, place).status, 200);
    }
    for asker in [&acme, &device] {
        for place in 0..3 {
            assert_eq!(counted(asker, place).status, 429);
        }
    }
    for (asker, site, status) in [
        (&staging, super::STAGING, 429),
        (&cloud.other(), super::SECOND, 200),
    ] {
        assert_eq!(asker.immediate(site, &text("SELECT 1")).status, status);
    }
    assert!(begun.elapsed() < WINDOW, "too slow a machine");
}
