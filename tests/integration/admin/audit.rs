//! `admin audit`: whose entries, of which kinds, and where there are none.

use super::*;

/// The actions that were noted, as AuditEvents have them.
fn exported(data: &Data, more: &[&str]) -> usize {
    data.done(&[&["audit", "export"], more].concat())
        .result
        .lines()
        .count()
}

#[test]
fn an_integrator_is_named_as_elsewhere() {
    let data = Data::with_integrator();
    data.done(&["integrator", "add", "Other"]);
    data.done(&["key", "add", "Other", "--environment", "staging"]);
    let of = |asked: &str| exported(&data, &["--integrator", asked, "--kind", "admin"]);
    let other = data.json(&["integrator", "show", "other"])["id"].clone();
    let id = other.as_str().expect("an id");
    assert_eq!((of("Example Health"), of("other"), of(id)), (1, 2, 2));
    let strange = ["audit", "export", "--integrator", "Exmaple Health"];
    data.refused(&strange, "did you mean `Example Health`?");
    // Whoever is gone has an id still.
    data.done(&["integrator", "remove", "Other", "--yes"]);
    assert_eq!(of(id), 3);
    let gone = data.refused(
        &["audit", "export", "--integrator", "Other"],
        "there is no integrator",
    );
    assert!(gone.contains("is asked for by its id"), "{gone}");
}

#[test]
fn a_time_that_ends_before_it_begins_is_refused() {
    let data = Data::with_integrator();
    let (early, late) = ("2026-11-22", "2026-11-23T00:00:00Z");
    let between = |from, to| ["audit", "export", "--from", from, "--to", to];
    data.refused(&between(late, early), "--from is after --to");
    data.done(&between(early, late));
    data.done(&between(early, early));
}

#[test]
fn the_kinds_are_listed() {
    let help = pilaster(&["admin", "audit", "export", "--help"])
        .output()
        .expect("the program runs");
    let help = String::from_utf8(help.stdout).expect("text");
    let data = Data::with_integrator();
    let wrong = data.refused(&["audit", "export", "--kind", "changes"], "possible values");
    for kind in Kind::ALL {
        assert!(help.contains(kind.name()), "{help}");
        assert!(wrong.contains(kind.name()), "{wrong}");
    }
    assert_eq!(exported(&data, &["--kind", "admin"]), 1);
    assert_eq!(exported(&data, &["--kind", "token"]), 0);
}

#[test]
fn a_trail_that_is_missing_is_told() {
    let data = Data::new();
    for what in ["export", "verify"] {
        let none = data.refused(&["audit", what], "no state either");
        assert!(none.contains("audit.sqlite"), "{none}");
    }
    data.done(&["integrator", "add", "Example Health"]);
    for file in files(&data.path("data")) {
        let name = file
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if name.starts_with("audit.sqlite") {
            std::fs::remove_file(&file).expect("removed");
        }
    }
    for what in ["export", "verify"] {
        let gone = data.refused(&["audit", what], "has no audit trail");
        assert!(gone.contains("put it back from a copy"), "{gone}");
        assert!(!gone.contains("no state"), "{gone}");
    }
}
