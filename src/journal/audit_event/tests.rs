//! AuditEvents are R4's, whatever the entry; and one is shown whole.

use serde_json::Value;

use super::*;
use crate::fhir::capability::tests::is_of;
use crate::journal::Journal;
use crate::journal::chain::Hash;
use crate::journal::entry::Kind;
use crate::journal::tests::{KEPT, every_kind, immediate, scope};

fn recorded(entries: Vec<Entry>) -> Vec<Recorded> {
    let mut before = Hash::NONE;
    let number = |(place, entry): (usize, Entry)| {
        let seq = i64::try_from(place).expect("few") + 1;
        let body = serde_json::to_string(&entry).expect("JSON");
        before = before.followed_by(seq, &body);
        Recorded {
            seq,
            hash: before,
            entry,
        }
    };
    entries.into_iter().enumerate().map(number).collect()
}

#[test]
fn every_kind_of_entry_is_an_audit_event_of_r4() {
    let entries = recorded(every_kind());
    let structure = crate::fhir::structure("AuditEvent").expect("R4 has it");
    let lines = String::from_utf8(Export::new(Form::Ndjson).entries(&entries)).expect("UTF-8");
    assert_eq!(lines.lines().count(), entries.len());
    for (line, recorded) in lines.lines().zip(&entries) {
        let event: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(event["resourceType"], "AuditEvent");
        is_of(&event, structure, "AuditEvent");
        // Bindings that are extensible, and so not asked for by the structure.
        let kind = recorded.entry.what.kind().name();
        let agents = event["agent"].as_array().expect("agents");
        let requestors = agents.iter().filter(|agent| agent["requestor"] == true);
        assert_eq!(requestors.count(), 1, "{kind}");
        let entities = event["entity"].as_array().expect("entities");
        assert!(entities.iter().all(|entity| entity.get("query").is_none()));
        let details = entities.last().expect("a request")["detail"].as_array();
        let details = details.expect("details");
        assert!(details.iter().any(|detail| detail["valueString"] == kind));
        assert_eq!(event["recorded"], recorded.entry.at.to_string());
    }
}

#[test]
fn an_immediate_query_in_full() {
    let entries = recorded(vec![immediate(&scope())]);
    let event = serde_json::to_string_pretty(&audit_event(&entries[0])).expect("JSON");
    insta::assert_snapshot!(event);
}

#[test]
fn a_bundle_has_each_once() {
    let entries = recorded(every_kind());
    let mut export = Export::new(Form::Bundle);
    let mut text = export.entries(&entries[..1]);
    text.extend(export.entries(&[]));
    text.extend(export.entries(&entries[1..]));
    text.extend(export.end().bytes());
    let bundle: Value = serde_json::from_slice(&text).expect("JSON");
    is_of(
        &bundle,
        crate::fhir::structure("Bundle").expect("R4"),
        "Bundle",
    );
    let all = bundle["entry"].as_array().expect("entries");
    assert_eq!(all.len(), entries.len());
    let mut urls: Vec<_> = all
        .iter()
        .map(|entry| entry["fullUrl"].to_string())
        .collect();
    urls.sort();
    urls.dedup();
    assert_eq!(urls.len(), entries.len());

    let none: Value = serde_json::from_str(Export::new(Form::Bundle).end()).expect("JSON");
    assert_eq!(none.get("entry"), None);
    assert_eq!(Export::new(Form::Ndjson).end(), "");
}

#[test]
fn what_came_of_it_is_told_by_who_can_mend_it() {
    let of = |status: Option<u16>, progress: Option<Status>, error: Option<(ErrorType, i64)>| {
        let mut entry = immediate(&scope());
        entry.status = status;
        entry.error = error.map(|(error_type, error_code)| Cause::Query {
            error_type,
            error_code,
        });
        match (progress, &mut entry.progress) {
            (Some(status), Some(progress)) => progress.status = status,
            _ => entry.progress = None,
        }
        outcome(&entry)
    };
    assert_eq!(of(Some(200), None, None), "0");
    assert_eq!(of(Some(429), None, None), "4");
    assert_eq!(of(Some(504), None, None), "8");
    let failed = Some(Status::ExecutionFailed);
    assert_eq!(of(None, Some(Status::Successful), None), "0");
    assert_eq!(of(None, Some(Status::Queued), None), "0");
    assert_eq!(of(None, failed, Some((ErrorType::Mssql, 2812))), "4");
    assert_eq!(of(None, failed, Some((ErrorType::Http, 413))), "4");
    assert_eq!(of(None, failed, Some((ErrorType::Http, 504))), "8");
    assert_eq!(of(None, failed, Some((ErrorType::HaloLink, 1))), "8");
    assert_eq!(of(None, Some(Status::ExpiredInQueue), None), "8");
    let left = Entry {
        error: Some(Cause::ConnectionEnded),
        ..Entry::now(What::Immediate)
    };
    let text = serde_json::to_string(&left).expect("JSON");
    assert!(text.contains(r#""error":"connectionEnded""#), "{text}");
    assert_eq!(serde_json::from_str::<Entry>(&text).expect("read"), left);
    assert_eq!(outcome(&left), "4");
    let words = left.error.as_ref().map(words);
    assert_eq!(
        words.as_deref(),
        Some("the connection ended before the answer")
    );
}

#[tokio::test]
async fn what_a_filter_lets_through_is_written_whole() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), KEPT).expect("a journal");
    // More than a page.
    let entry = immediate(&scope());
    let all: Vec<_> = (0..1_001).map(|_| journal.record(&entry)).collect();
    for kept in all {
        kept.await.expect("kept");
    }
    let token = Entry::now(What::Token);
    journal.record(&token).await.expect("kept");
    let reader = Reader::open(folder.path()).expect("a journal");
    let filter = Filter {
        kind: Some(Kind::Immediate),
        ..Filter::default()
    };
    let mut lines = Vec::new();
    let count = write(&reader, &filter, Form::Ndjson, &mut lines).expect("written");
    assert_eq!(count, 1_001);
    let lines = String::from_utf8(lines).expect("UTF-8");
    assert_eq!(lines.lines().count(), 1_001);
    let mut bundle = Vec::new();
    write(&reader, &Filter::default(), Form::Bundle, &mut bundle).expect("written");
    let bundle: Value = serde_json::from_slice(&bundle).expect("JSON");
    assert_eq!(bundle["entry"].as_array().map(Vec::len), Some(1_002));
}
