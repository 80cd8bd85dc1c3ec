//! Messages to webhooks: how they stand, and that those that failed are told again.

use super::*;

#[test]
fn messages_are_shown_with_what_became_of_them() {
    let data = Data::with_integrator();
    let set = [
        "webhook",
        "set",
        "Example Health",
        "--environment",
        "staging",
    ];
    data.done(&[&set[..], &["--url", "https://hooks.example/x"]].concat());
    let (integrator, site) = (data.integrator(), SITE.parse().expect("an id"));
    let store = data.store();
    let (waits, failed) = data.runtime.block_on(async {
        let waits = message(&store, integrator, site).await.expect("kept");
        let failed = message(&store, integrator, site).await.expect("kept");
        let tried = Tried {
            id: failed,
            status: DeliveryStatus::Failed,
            at: Moment::now(),
            next_at: Moment::now(),
            last_status: Some(410),
            last_problem: None,
        };
        store.tried(tried).await.expect("kept");
        (waits, failed)
    });
    let listed = |more: &[&str]| {
        let listed = data.json(&[&["webhook", "deliveries"], more].concat());
        let ids = listed.as_array().expect("a list").iter();
        let ids: Vec<_> = ids.map(|it| it["id"].as_str().map(str::to_owned)).collect();
        (ids, listed)
    };
    let (waits, failed) = (Some(waits.to_string()), Some(failed.to_string()));
    assert_eq!(listed(&[]).0, [failed.clone(), waits.clone()]);
    assert_eq!(listed(&["--limit", "1"]).0, std::slice::from_ref(&failed));
    assert_eq!(listed(&["--status", "pending"]).0, [waits]);
    let (ids, all) = listed(&["--status", "failed", "--integrator", "example health"]);
    assert_eq!(ids, [failed]);
    assert_eq!(all[0]["lastStatus"], 410);
    assert_eq!(all[0]["nextAt"], Value::Null);
    let table = data.done(&["webhook", "deliveries"]).result;
    assert!(table.contains("failed") && table.contains("410"), "{table}");
    assert!(!table.contains("when enabled"), "{table}");
    let disabled = data.done(&["webhook", "disable", "Example Health"]);
    assert!(disabled.notes.contains("wait until it is enabled"));
    let table = data.done(&["webhook", "deliveries"]).result;
    assert_eq!(table.matches("when enabled").count(), 1, "{table}");
}

#[test]
fn messages_that_failed_are_pending_again() {
    let data = Data::with_integrator();
    let of = ["Example Health", "--environment", "staging"];
    let set = [&["webhook", "set"], &of[..]].concat();
    let set = [&set[..], &["--url", "https://hooks.example/x"]].concat();
    data.done(&set);
    let (integrator, site) = (data.integrator(), SITE.parse().expect("an id"));
    let store = data.store();
    let ids = data.runtime.block_on(async {
        let mut ids = Vec::new();
        for status in [
            DeliveryStatus::Failed,
            DeliveryStatus::Failed,
            DeliveryStatus::Delivered,
        ] {
            let id = message(&store, integrator, site).await.expect("kept");
            let tried = Tried {
                id,
                status,
                at: Moment::now(),
                next_at: Moment::now(),
                last_status: Some(500),
                last_problem: None,
            };
            store.tried(tried).await.expect("kept");
            ids.push(id.to_string());
        }
        ids
    });
    let failed = || {
        let failed = data.json(&["webhook", "deliveries", "--status", "failed"]);
        failed.as_array().expect("a list").len()
    };
    let redeliver = |id: &str| data.done(&["webhook", "redeliver", id]).notes;
    let told = redeliver(&ids[0]);
    assert!(
        told.contains("pending again: 1 message to Example Health in staging;"),
        "{told}"
    );
    assert_eq!(failed(), 1);
    let told = redeliver(&ids[0]);
    assert!(told.contains("pending already"), "{told}");
    let unknown = DeliveryId::generate().to_string();
    for (id, expected) in [
        (&ids[2], "was delivered, and is not sent again"),
        (&unknown, "webhook deliveries"),
    ] {
        data.refused(&["webhook", "redeliver", id], expected);
    }
    data.refused(&["webhook", "redeliver"], "--integrator");
    data.refused(&["webhook", "redeliver", "x"], "a message's id is a GUID");

    // Without a webhook it would fail again at once.
    data.done(&[&["webhook", "remove"], &of[..]].concat());
    data.refused(&["webhook", "redeliver", &ids[1]], "no webhook in staging");
    let all = ["webhook", "redeliver", "--integrator", "example health"];
    let told = data.done(&all).notes;
    assert!(
        told.contains("warning: failed still: 1 message to Example Health in staging"),
        "{told}"
    );
    assert_eq!(failed(), 1);
    data.done(&set);
    data.done(&["webhook", "disable", "Example Health"]);
    let elsewhere = data.done(&[&all[..], &["--environment", "production"]].concat());
    assert!(
        elsewhere
            .notes
            .contains("no message to Example Health in production has failed")
    );
    let told = data.done(&all).notes;
    assert!(
        told.contains("1 message") && told.contains("admin webhook enable"),
        "{told}"
    );
    assert_eq!(failed(), 0);

    let journal = Reader::open(&data.path("data")).expect("a journal");
    let page = journal.entries(&Filter::default(), None).expect("read");
    let action = AdminAction::MessagesRedelivered;
    let again = page.entries.iter().map(|it| &it.entry);
    let again = again.filter(|it| it.what == What::Admin { action });
    let of: Vec<_> = again
        .map(|it| (it.caller.integrator, it.caller.environment, it.site))
        .collect();
    let staging = Some(Environment::Staging);
    assert_eq!(
        of,
        [
            (Some(integrator), staging, Some(site)),
            (Some(integrator), staging, None)
        ]
    );
}

/// An async query that has ended, with its message.
async fn message(
    store: &dyn Store,
    integrator: IntegratorId,
    site: SiteId,
) -> Result<DeliveryId, StoreError> {
    let (id, now) = (QueryId::generate(), Moment::now());
    let environment = Environment::Staging;
    let query = Query {
        id,
        integrator,
        environment,
        site,
        device: None,
        mode: Mode::Async,
        status: Status::Queued,
        max_time_in_queue: DAY,
        command_size: 1,
        request_size: 1,
        sql_query_size: 1,
        created_at: now,
        updated_at: now,
        completed_at: None,
        timing: StatusTiming::default(),
        execution: None,
        error: None,
        outcome: None,
        expires_at: None,
        trace: None,
    };
    let call = Call {
        text: "SELECT 1".into(),
        mode: ExecutionMode::Reader,
        kind: CommandType::Text,
        parameters: Vec::new(),
        catalogue: None,
    };
    store.add_query(query, Arc::new(call)).await?;
    let begun = store.begin(id, Nature::Reads, StatusTiming::default(), now);
    assert!(begun.await?);
    let delivery = Delivery {
        id: DeliveryId::generate(),
        integrator,
        environment,
        site,
        query: id,
        source: Source::Async,
        occurred_at: now,
        status: DeliveryStatus::Pending,
        attempts: 0,
        next_at: now,
        last_status: None,
        last_problem: None,
        finished_at: None,
        trace: None,
    };
    let message = delivery.id;
    let finish = Finish {
        id,
        status: Status::Successful,
        at: now,
        timing: StatusTiming::default(),
        execution: None,
        error: None,
        outcome: Some(Outcome::default()),
        expires_at: now.plus(DAY),
        delivery: Some(delivery),
    };
    assert!(store.finish(finish).await?);
    Ok(message)
}
