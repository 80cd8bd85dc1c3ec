//! The page in a browser: a search is typed and completed by keyboard, its stages are seen, a mapping is broken and mended
//! below it; nothing outside the server is asked, and no key is in the URL.
//!
//! Pictures go to `target/explorer/`, for a person's eye.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::browser::{Browser, DESK, LAPTOP, PHONE, Window};
use crate::cli::{Serving, pilaster};
use crate::support::{DEMO, OPERATOR_KEY};

/// A copy of Bp Premier's mapping, served over the demo, and watched.
struct Author {
    folder: TempDir,
    serving: Serving,
}

impl Author {
    fn new() -> Author {
        let folder = tempfile::tempdir().expect("a folder");
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/bp-premier");
        for entry in std::fs::read_dir(own).expect("the mapping") {
            let path = entry.expect("a file").path();
            if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                let name = path.file_name().expect("a name");
                std::fs::copy(&path, folder.path().join(name)).expect("copied");
            }
        }
        let mapping = folder.path().to_str().expect("a path").to_owned();
        let database = DEMO.1.to_str().expect("a path");
        let args = ["serve", "--watch", "--listen", "127.0.0.1:0", "--mapping"];
        let mut command = pilaster(&[&args[..], &[&mapping, "--sqlite", database]].concat());
        // A line for each request would wait for somebody to read it.
        command.env("PILASTER_LOG", "warn");
        let serving = Serving::start(command);
        Author { folder, serving }
    }

    /// Saves the file of patients with one text in the place of another.
    fn save(&self, from: &str, to: &str) {
        let path = self.folder.path().join("patient.yaml");
        let text = std::fs::read_to_string(&path).expect("read");
        assert!(text.contains(from), "{from}");
        let beside = self.folder.path().join("patient.yaml~");
        std::fs::write(&beside, text.replace(from, to)).expect("written");
        std::fs::rename(beside, path).expect("renamed");
    }
}

/// Where a picture goes.
fn picture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("explorer");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder.join(format!("{name}.png"))
}

fn shown(stage: &str) -> String {
    format!("document.querySelector('#stage-{stage} .stage-body')?.innerText ?? ''")
}

const SEARCH: &str = "document.getElementById('search').value";
/// The option that is marked.
const ACTIVE: &str =
    "document.querySelector('[role=option][aria-selected=true] .suggestion-label')?.textContent";

#[test]
fn a_search_is_typed_and_seen_and_a_mapping_is_broken_and_mended_below_it() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let author = Author::new();
    let root = author.serving.root().to_owned();
    browser.show_as(DESK);
    browser.open(&root);
    browser.until("document.querySelectorAll('#examples button').length > 2");
    browser.picture(&picture("welcome"));

    // Typed and completed by keyboard alone.
    browser.press("/");
    browser.until("document.activeElement.id === 'search'");
    browser.write("Pat");
    browser.until("!document.getElementById('suggestions-box').hidden");
    assert_eq!(
        browser.value(ACTIVE),
        Value::Null,
        "nothing is marked before an arrow is pressed"
    );
    browser.press("ArrowDown");
    assert_eq!(browser.text(ACTIVE), "Patient");
    assert_eq!(
        browser.text("document.getElementById('search').getAttribute('aria-activedescendant')"),
        "suggestion-0"
    );
    browser.press("Enter");
    assert_eq!(browser.text(SEARCH), "Patient?");
    // Who types what was completed goes on behind it.
    browser.write("?");
    assert_eq!(browser.text(SEARCH), "Patient?");
    browser.write("fam");
    browser.until("document.querySelector('.suggestion-label')?.textContent === 'family'");
    browser.picture(&picture("completion"));
    browser.press("Tab");
    assert_eq!(browser.text(SEARCH), "Patient?family=");
    browser.write("smith&birthdate");
    browser.write(":");
    browser.until("[...document.querySelectorAll('.suggestion-label')].some((one) => one.textContent === ':missing')");
    browser.press("Escape");
    assert_eq!(
        browser.value("document.getElementById('suggestions-box').hidden"),
        true
    );
    browser.value("(() => { const s = document.getElementById('search'); s.value = 'Patient?family=smith&birthdate='; s.setSelectionRange(99, 99); s.dispatchEvent(new Event('input')); })()");
    browser.until("[...document.querySelectorAll('.suggestion-label')].some((one) => one.textContent === 'gt')");
    browser.write("gt1930&_sort=-birth");
    browser.until("document.querySelector('.suggestion-label')?.textContent === '-birthdate'");
    browser.press("Tab");
    assert_eq!(
        browser.text(SEARCH),
        "Patient?family=smith&birthdate=gt1930&_sort=-birthdate"
    );
    browser.press_with("Enter", 2);

    // Every stage is there at once.
    browser.until("document.querySelectorAll('.stage').length === 6");
    let answer = browser.text(&shown("answer"));
    assert!(
        answer.contains("\"resourceType\": \"Bundle\"") && answer.contains("\"Smith\""),
        "{answer}"
    );
    let command = browser.text(&shown("command"));
    assert!(
        command.contains("SELECT") && command.contains("@p1") && command.contains("smith"),
        "{command}"
    );
    assert!(
        browser
            .text(&shown("asked"))
            .contains("filter birthdate (date)")
    );
    assert!(browser.text(&shown("plan")).contains("from PATIENTS as p"));
    assert!(browser.text(&shown("rows")).contains("p_INTERNALID"));
    let lines = browser.text(&shown("mapping"));
    assert!(
        lines.contains("family: $p.SURNAME") && lines.contains("birthDate: $p.DOB"),
        "{lines}"
    );
    let timing = browser.text("document.getElementById('timing').innerText");
    for stage in ["Parse", "Plan", "SQL", "Database", "Assemble"] {
        assert!(timing.contains(stage), "{timing}");
    }
    browser.picture(&picture("stages"));
    browser.show_as(Window {
        is_dark: true,
        ..DESK
    });
    browser.picture(&picture("stages-dark"));
    browser.value("[...document.querySelectorAll('.toggle button')].at(-1).click()");
    for (is_dark, name) in [(false, "laptop"), (true, "laptop-dark")] {
        browser.show_as(Window { is_dark, ..LAPTOP });
        browser.value("document.querySelector('.line.is-looked-at').scrollIntoView()");
        assert_nothing_is_covered(&mut browser);
        browser.picture(&picture(name));
    }
    browser.show_as(DESK);

    // Shared by its URL, which holds no key.
    let url = browser.text("location.href");
    assert!(
        url.contains("q=Patient") && !url.contains("demo-operator-key"),
        "{url}"
    );
    browser.open(&url);
    browser.until("document.querySelectorAll('.stage').length === 6");

    // What is wrong with the search is shown where it stands.
    browser.open(&format!(
        "{root}/#q=Patient%3Ffamily%3Dsmith%26birthdate%3Dsoon"
    ));
    browser.until("!document.getElementById('problem').hidden");
    assert!(
        browser
            .text("document.getElementById('problem').innerText")
            .contains("PS002")
    );
    assert_eq!(
        browser.text("document.querySelector('#mirror .wrong')?.textContent ?? ''"),
        "birthdate=soon"
    );
    assert_eq!(
        browser.value("document.getElementById('welcome').hidden"),
        false,
        "how to begin"
    );
    browser.picture(&picture("problem"));
    told_beside_what_was_found(&mut browser, &root);

    // The mapping is broken, shown, and mended.
    browser.open(&url);
    browser.until("document.querySelectorAll('.stage').length === 6");
    let broken = format!(
        "family: $p.SURNAM # {}",
        "as the practice writes it, ".repeat(12)
    );
    author.save("family: $p.SURNAME", &broken);
    browser
        .until("document.querySelector('.mapping-state.is-broken')?.innerText.includes('SURNAM')");
    let told = browser.text("document.getElementById('mapping-state').innerText");
    assert!(
        told.contains("PM") && told.contains("patient.yaml:57:") && told.contains("SURNAME"),
        "{told}"
    );
    assert_eq!(
        browser.text("document.querySelector('.excerpt .wrong').textContent.trim()"),
        "SURNAM"
    );
    assert!(
        browser.text(&shown("answer")).contains("\"Smith\""),
        "the last good one is served"
    );
    for (window, name) in [
        (LAPTOP, "laptop-broken"),
        (PHONE, "phone-broken"),
        (DESK, "broken"),
    ] {
        browser.show_as(window);
        assert_nothing_is_covered(&mut browser);
        browser.picture(&picture(name));
    }
    browser.value("document.getElementById('stages').replaceChildren()");
    author.save(&broken, "family: $p.SURNAME");
    browser.until("document.getElementById('mapping-state').hidden");
    // The search was run again, by itself.
    browser.until("document.querySelectorAll('.stage').length === 6");
    assert!(browser.text(&shown("answer")).contains("\"Smith\""));

    on_a_phone(&mut browser, &url);
    assert_quiet(&mut browser, &root);
}

/// No line of a mapping is cut off, and nothing lies on its text.
#[track_caller]
fn assert_nothing_is_covered(browser: &mut Browser) {
    let cut = browser.value(
        "[...document.querySelectorAll('.excerpt, .line, .line-body')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)",
    );
    assert_eq!(cut, serde_json::json!([]));
    let covered = browser.value(
        "[...document.querySelectorAll('.line-body')].filter((line) => { \
           const [code, why] = [...line.children].map((one) => one.getBoundingClientRect()); \
           return why.width > 0 && why.left < code.right && why.top < code.bottom && code.left < why.right && code.top < why.bottom; \
         }).map((one) => one.textContent)",
    );
    assert_eq!(covered, serde_json::json!([]));
}

/// What is wrong with a search, or was not used, is marked in it; the answer before it stays, as what it is.
fn told_beside_what_was_found(browser: &mut Browser, root: &str) {
    const MARKED: &str =
        "[...document.querySelectorAll('#mirror .wrong')].map((one) => one.textContent).join(' ')";
    const RUN: &str = "document.getElementById('run').click()";
    let typed = |browser: &mut Browser, search: &str| {
        let search = serde_json::to_string(search).expect("JSON");
        browser.value(&format!("(() => {{ const s = document.getElementById('search'); s.value = {search}; s.dispatchEvent(new Event('input')); {RUN}; }})()"));
    };
    let note = |stage: &str| {
        format!("document.querySelector('#stage-{stage} .stage-note')?.textContent ?? ''")
    };
    browser.open(&format!("{root}/#q=Patient%3Ffamly%3Dx%26gender%3Dmale"));
    browser.until("document.querySelectorAll('.stage').length === 6");
    assert_eq!(browser.text(MARKED), "famly=x");
    browser.picture(&picture("unused"));
    typed(
        browser,
        "Appointment?_count=2&_include=Appointment:patient&_total=accurate",
    );
    browser.until(&format!(
        "/^2 matches and [12] included; total [0-9,]+$/.test({})",
        note("answer")
    ));
    assert_eq!(browser.text(MARKED), "");
    let rows = browser.text(&shown("rows"));
    assert!(
        rows.contains("3 rows (one more than the page, to know of a next one)"),
        "{rows}"
    );
    typed(browser, "Patint?family=smith");
    browser.until("!document.getElementById('problem').hidden");
    let told = browser.text("document.getElementById('problem').innerText");
    assert!(told.contains("Did you mean Patient?"), "{told}");
    let earlier = "document.getElementById('earlier').innerText";
    assert!(browser.text(earlier).contains("Appointment?_count=2"));
    assert_eq!(
        browser.value("document.getElementById('stages').matches('.is-earlier:not([hidden])')"),
        true
    );
    browser.picture(&picture("earlier"));
    browser.value("document.querySelector('#problem button').click()");
    browser.until(
        "document.getElementById('problem').hidden && !document.querySelector('.is-earlier')",
    );
    assert_eq!(browser.text(SEARCH), "Patient?family=smith");
    assert_eq!(
        browser.value("document.getElementById('earlier').hidden"),
        true
    );
}

/// One stage at a time, under tabs, and nothing wider than the screen.
fn on_a_phone(browser: &mut Browser, url: &str) {
    browser.show_as(PHONE);
    browser.open(url);
    browser.until("document.querySelectorAll('.stage').length === 6");
    let visible = "[...document.querySelectorAll('.stage')].filter((one) => !one.hidden).map((one) => one.id).join()";
    assert_eq!(browser.text(visible), "stage-answer");
    assert_eq!(
        browser.value("document.querySelectorAll('[role=tab]').length"),
        6
    );
    browser.picture(&picture("phone"));
    browser.value("document.getElementById('tab-command').click()");
    browser.until(&format!("{visible} === 'stage-command'"));
    browser.press("ArrowRight");
    browser.value("document.getElementById('tab-command').focus()");
    browser.press("ArrowRight");
    browser.until(&format!("{visible} === 'stage-rows'"));
    for stage in ["asked", "plan", "command", "rows", "mapping", "answer"] {
        browser.value(&format!("document.getElementById('tab-{stage}').click()"));
        assert_eq!(
            browser.value("document.documentElement.scrollWidth <= 390"),
            true,
            "{stage}"
        );
        assert_nothing_is_covered(browser);
        browser.show_as(Window {
            is_dark: stage == "mapping",
            ..PHONE
        });
        browser.picture(&picture(&format!("phone-{stage}")));
    }
    browser.value("document.getElementById('search').focus()");
    browser.value("document.getElementById('add').click()");
    browser.until("!document.getElementById('suggestions-box').hidden");
    browser.picture(&picture("phone-completion"));
}

/// Nothing but the server was asked, no key was in a URL, and the page had nothing to complain of.
fn assert_quiet(browser: &mut Browser, root: &str) {
    let asked = browser.events("Network.requestWillBeSent");
    assert!(asked.len() > 10);
    for request in asked {
        let url = request["request"]["url"].as_str().expect("a URL");
        let is_own = url.starts_with(root) || url.starts_with("data:") || url == "about:blank";
        assert!(is_own, "{url}");
        assert!(!url.contains("demo-"), "{url}");
    }
    assert_eq!(
        browser.events("Runtime.exceptionThrown"),
        Vec::<Value>::new()
    );
    let said = browser.events("Runtime.consoleAPICalled");
    assert!(said.iter().all(|one| one["type"] != "error"), "{said:?}");
    // That a search was refused is the browser's to note, and the test's to have asked for.
    let noted = browser.events("Log.entryAdded");
    let is_expected = |entry: &&Value| entry["entry"]["source"] == "network";
    let others: Vec<_> = noted.iter().filter(|entry| !is_expected(entry)).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn a_server_with_a_key_of_its_own_asks_for_it_and_keeps_it_from_the_url() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let database = DEMO.1.to_str().expect("a path");
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/bp-premier");
    let mapping = mapping.to_str().expect("a path");
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--mapping",
        mapping,
        "--sqlite",
        database,
    ];
    let mut command = pilaster(&args);
    command.env("PILASTER_OPERATOR_KEY", OPERATOR_KEY);
    let serving = Serving::start(command);
    browser.show_as(DESK);
    browser.open(&format!("{}/#q=Patient%3F_count%3D1", serving.root()));
    let is_asked = "document.getElementById('key-dialog').open";
    browser.until(is_asked);
    browser.picture(&picture("key"));
    let give = |browser: &mut Browser, key: &str| {
        browser.value("document.getElementById('key').focus()");
        browser.write(key);
        browser.press("Enter");
    };
    give(&mut browser, "not-the-operators-key");
    browser.until("document.getElementById('key-problem').textContent.length > 0");
    browser.until(is_asked);
    give(&mut browser, OPERATOR_KEY);
    // The search of the URL runs as soon as there is a key.
    browser.until("document.querySelectorAll('.stage').length === 6");
    let url = browser.text("location.href");
    assert!(!url.contains(OPERATOR_KEY), "{url}");
    assert_eq!(browser.value("localStorage.length"), 0);
    // A reload goes on with it.
    browser.value("location.reload()");
    browser.until("document.querySelectorAll('.stage').length === 6");
    assert_quiet(&mut browser, serving.root());
}

/// Runs a function of the page's own modules over each of some texts, and gives what it makes of them, a line for each.
fn made(browser: &mut Browser, function: &str, texts: &[&str]) -> String {
    let texts = serde_json::to_string(texts).expect("JSON");
    let asked = format!(
        "(async () => {{ const made = {function}; return JSON.stringify({texts}.map((text) => [text, made(text)])); }})()"
    );
    let pairs: Vec<(String, Value)> = serde_json::from_str(&browser.text(&asked)).expect("pairs");
    let lines = pairs.iter().map(|(text, made)| match made.as_str() {
        Some(made) => format!("{text}\n  {made}\n"),
        None => format!("{text}\n  {made}\n"),
    });
    lines.collect()
}

#[test]
fn what_is_typed_is_read_and_completed() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let author = Author::new();
    browser.open(author.serving.root());
    let tidy = made(
        &mut browser,
        "(await import('/explorer/query.js')).tidy",
        &[
            "  GET /Patient?family=smith ",
            "http://127.0.0.1:8080/integrator/sites/1/fhir/R4/Patient/7?_pretty=true",
            "Patient?subscription-key=secret&family=smith",
            "Patient?family=smith&Subscription-Key=secret&gender=male",
            "Patient?subscription-key=secret",
            "?_type=Patient",
        ],
    );
    insta::assert_snapshot!("tidied", tidy);
    let encoded = made(
        &mut browser,
        "(await import('/explorer/query.js')).encoded",
        &[
            "Patient?name=Zoë O'Brien",
            "Patient?identifier=http://x|1#2",
            "Patient?date=2020-01-01T10:00%2B10:00",
            "Patient?name=50%",
        ],
    );
    insta::assert_snapshot!("encoded", encoded);
    let suggested = made(
        &mut browser,
        "(await (async () => { \
           const { Catalogue } = await import('/explorer/complete.js'); \
           const session = await (await fetch('/explorer/session')).json(); \
           const headers = { Authorization: `Bearer ${session.key}` }; \
           const { sites } = await (await fetch('/operator/sites', { headers })).json(); \
           const metadata = await (await fetch(`/operator/sites/${sites[0].id}/metadata`, { headers })).json(); \
           const catalogue = new Catalogue(metadata); \
           return (text) => catalogue.suggest(text, text.length).items.slice(0, 9).map((item) => item.insert).join('  '); })())",
        &[
            "",
            "pr",
            "Patient/12",
            "Patient/12/",
            "Patient/12/Cond",
            "Patient?",
            "Patient?birth",
            "Patient?family:",
            "Patient?family=smith&f",
            "Patient?birthdate=",
            "Patient?birthdate:missing=",
            "Patient?_sort=",
            "Patient?_sort=family,-b",
            "Patient?_inc",
            "Patient?_h",
            "Patient?_total=",
            "Patient?_revinclude=Appointment",
            "Patient?general-practitioner=",
            "Patient?general-practitioner.",
            "Appointment?patient:",
            "Appointment?patient.general-practitioner.fam",
            "Appointment?patient:Patient.birthdate=",
            "Patient?_has:",
            "Patient?_has:Condition:",
            "Patient?_has:Condition:patient:co",
            "?_type=Patient,Prac",
            "Nothing?",
        ],
    );
    insta::assert_snapshot!("suggested", suggested);
    // Colouring loses nothing of a text.
    for (language, text) in [
        ("json", r#"{"a\"b":[1.5e3,true,null,"x: y"],"é":{}}"#),
        (
            "sql",
            "SELECT \"a\".\"b\", N'it''s' FROM [t] WHERE x = @p1 AND y IN (?1, ?) -- end",
        ),
        ("yaml", "  - { if: p.X = 'a''b', \"*\": $p.Y } # why"),
        ("query", "Patient?name:exact=a|b,c&&=&x"),
    ] {
        let text = serde_json::to_string(text).expect("JSON");
        let whole = format!(
            "import('/explorer/colour.js').then(({{ tokens }}) => tokens('{language}', {text}).map(([, piece]) => piece).join('') === {text})"
        );
        assert_eq!(browser.value(&whole), true, "{language}");
    }
}
