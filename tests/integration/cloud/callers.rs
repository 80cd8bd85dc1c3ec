//! Who may not ask is refused on every path in the same way, before anything else is looked at.

use std::time::Duration;

use pilaster::gateway::caller::Caller;
use pilaster::gateway::integrator::{Environment, Key};
use pilaster::gateway::moment::Moment;
use pilaster::gateway::token::{DeviceId, Tokens};
use pilaster::store::Store;
use reqwest::Method;
use serde_json::{Value, json};

use super::errors::{outcome, refused};
use super::{
    Asker, COPY, Cloud, FIRST, NO_SQL, NOWHERE, OWNER_KEY, SECOND, STAGING, queries, registration,
    shared, text, until,
};

/// Who asks a site's API in every way that there is is refused in every way.
#[track_caller]
fn refused_everywhere(asker: &Asker<'_>, site: &str, status: u16, code: &str) {
    let path = |rest: &str| queries(site, rest);
    let of_query = path(&format!("/{NOWHERE}"));
    let of_registered = path(&format!("/registered/{NOWHERE}"));
    let all = [
        asker.immediate(site, &text("SELECT 1")),
        asker.post(&path("/async"), &text("SELECT 1")),
        asker.post(&path("/status"), &json!({"queryIds": []})),
        asker.post(&path("/registered"), &registration("SELECT 1")),
        asker.get(&of_query),
        asker.get(&format!("{of_query}/results/1")),
        asker.get(&format!("{of_query}/results/1/stream")),
        asker.get(&path("/registered")),
        asker.get(&of_registered),
        asker.get(&format!("{of_registered}/results")),
        asker.delete(&of_registered),
    ];
    for said in &all {
        refused(said, status, code);
        assert_eq!(said.body, all[0].body);
    }
}

#[test]
fn who_calls_is_judged_first() {
    let cloud = shared();
    let keys = &cloud.keys;
    let nobody = Asker {
        headers: Vec::new(),
        ..cloud.acme()
    };
    let staging = cloud.with_key(&keys.acme_staging);
    for (asker, site, status, code) in [
        (&nobody, FIRST, 401, "PH004"),
        (&nobody, NOWHERE, 401, "PH004"),
        (&cloud.with_key("wrong"), FIRST, 401, "PH004"),
        (&cloud.with_key(&keys.acme_revoked), FIRST, 401, "PH004"),
        (&cloud.with_key(&keys.disabled), FIRST, 403, "PG003"),
        (&cloud.with_key(&keys.elsewhere), FIRST, 403, "PG004"),
        // A key of the other environment, either way.
        (&staging, FIRST, 401, "PG002"),
        (&cloud.acme(), STAGING, 401, "PG002"),
        // Not paired, or not there.
        (&cloud.other(), FIRST, 403, "PG005"),
        (&cloud.other(), NOWHERE, 403, "PG005"),
        // Who may ask every site is told that there is none.
        (&cloud.with_key(OWNER_KEY), NOWHERE, 404, "PH001"),
    ] {
        refused_everywhere(asker, site, status, code);
        refused(&asker.get(&format!("/sites/{site}")), status, code);
        let form = [
            ("grant_type", "urn:halo-connect:oauth:desktop-token"),
            ("device_id", "desk-7"),
            ("site_id", site),
        ];
        refused(&asker.form("/token", &form), status, code);
        outcome(
            &asker.get(&format!("/sites/{site}/fhir/R4/Patient/7")),
            status,
            code,
        );
    }
    let no_id = "not-a-guid";
    refused_everywhere(&cloud.acme(), no_id, 404, "PH001");
    // A copy is told of, and not asked.
    assert_eq!(cloud.acme().get(&format!("/sites/{COPY}")).status, 200);
    refused_everywhere(&cloud.acme(), COPY, 403, "PG007");
    outcome(
        &cloud
            .acme()
            .get(&format!("/sites/{COPY}/fhir/R4/Patient/7")),
        403,
        "PG007",
    );
    // FHIR is served where SQL is not.
    refused_everywhere(&cloud.acme(), NO_SQL, 403, "PG008");
    assert_eq!(
        cloud
            .acme()
            .get(&format!("/sites/{NO_SQL}/fhir/R4/Patient/7"))
            .status,
        200
    );
    let lookup = "/sites?practiceManagementSiteId=12345&practiceManagementName=Zedmed";
    refused(&nobody.get(lookup), 401, "PH004");
    let pair = lookup.replace("/sites?", "/pair-site?");
    refused(&nobody.ask(&Method::POST, &pair, None), 401, "PH004");
}

#[test]
fn behind_a_trusted_proxy_the_caller_is_whom_it_names() {
    let cloud = Cloud::start("trusted-proxies = [\"127.0.0.0/8\"]\n", &[]);
    let from = |named: &str| {
        let mut asker = cloud.with_key(&cloud.keys.elsewhere);
        let header = ("X-Forwarded-For".to_owned(), named.to_owned());
        asker.headers.push(header);
        asker.get(&format!("/sites/{FIRST}"))
    };
    assert_eq!(from("192.0.2.9").status, 200);
    assert_eq!(from("203.0.113.5, 192.0.2.9, 127.0.0.7").status, 200);
    for other in ["203.0.113.5", "192.0.2.9, 203.0.113.5", "192.0.2.9, ?", ""] {
        refused(&from(other), 403, "PG004");
    }
    // An entry is among the others some moments after its answer.
    until(|| {
        let kept = cloud.admin(&["audit", "export"]);
        kept.contains("\"192.0.2.9\"").then_some(())
    });
}

#[test]
fn a_token_is_of_one_device_and_one_site_for_its_time() {
    let cloud = shared();
    let acme = cloud.acme();
    let device = cloud.device(&acme, "desk-7", FIRST);
    let token = device.headers[0].clone();
    let token = token.1.trim_start_matches("Bearer ").to_owned();
    let with = |headers: &[(&str, &str)]| Asker {
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..device.clone()
    };
    let bearer = format!("Bearer {token}");
    let changed = format!("{}x", &token[..token.len() - 1]);
    let expired = issued(
        &cloud,
        Moment::from_millis(Moment::now().millis() - 7_200_000),
    );
    for asker in [
        with(&[]),
        with(&[("Authorization", &bearer)]),
        with(&[("DeviceId", "desk-7")]),
        with(&[
            ("Authorization", &bearer),
            ("DeviceId", "desk-7"),
            ("DeviceId", "desk-7"),
        ]),
        cloud.with_token(&token, "desk-8"),
        cloud.with_token(&changed, "desk-7"),
        cloud.with_token(&cloud.keys.acme, "desk-7"),
        cloud.with_token(&expired, "desk-7"),
        // A subscription key opens the other surface.
        Asker {
            prefix: "/desktop",
            ..acme.clone()
        },
    ] {
        let said = asker.get(&queries(FIRST, "/registered"));
        refused(&said, 401, "PG001");
        assert!(said.header("www-authenticate").starts_with("Bearer"));
        refused_everywhere(&asker, FIRST, 401, "PG001");
        outcome(
            &asker.get(&format!("/sites/{FIRST}/fhir/R4/Patient/7")),
            401,
            "PG001",
        );
    }
    let fresh = issued(&cloud, Moment::now());
    let fresh = cloud.with_token(&fresh, "desk-7");
    assert_eq!(fresh.get(&queries(FIRST, "/registered")).status, 200);
    for site in [SECOND, NOWHERE] {
        refused_everywhere(&device, site, 403, "PG006");
    }
    // Nor does a token open the integrators' surface.
    let crossed = Asker {
        prefix: "/integrator",
        ..device
    };
    refused_everywhere(&crossed, FIRST, 401, "PH004");
}

#[test]
fn a_token_is_good_no_longer_than_the_key_that_it_was_made_with() {
    let cloud = Cloud::start("", &[]);
    let acme = cloud.acme();
    let made = cloud.admin(&["key", "add", "acme", "--environment", "production"]);
    let key = made.trim();
    let with_other = cloud.with_key(key);
    let site = format!("/sites/{FIRST}");
    until(|| (with_other.get(&site).status == 200).then_some(()));
    let [own, other] = [&acme, &with_other].map(|with| cloud.device(with, "desk-7", FIRST));
    let path = queries(FIRST, "/registered");
    for device in [&own, &other] {
        assert_eq!(device.get(&path).status, 200);
    }
    let listed = cloud.admin(&["key", "list", "acme", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let listed = listed.as_array().expect("a list");
    let ends = |it: &&Value| key.ends_with(it["ends"].as_str().expect("an end"));
    let listed = listed.iter().find(ends).expect("listed");
    cloud.admin(&["key", "revoke", listed["id"].as_str().expect("an id")]);
    until(|| (other.get(&path).status == 401).then_some(()));
    refused(&other.get(&path), 401, "PG001");
    assert_eq!(own.get(&path).status, 200);
}

/// A token for `desk-7` at the first site, made by the server's secret at a moment.
fn issued(cloud: &Cloud, at: Moment) -> String {
    cloud.state(async |store| {
        let secret = store.own_secret("tokens").await.expect("a secret");
        let directory = store.directory().await.expect("read");
        let acme = directory.integrators.iter().find(|it| it.name == "acme");
        let tokens = Tokens::new(secret, Duration::from_secs(3600));
        let device: DeviceId = "desk-7".parse().expect("a device");
        let acme = acme.expect("added");
        let (environment, site) = (Environment::Production, FIRST.parse().expect("an id"));
        let is_its = |key: &&Key| {
            let whose = (key.integrator, key.environment);
            whose == (acme.id, environment) && key.revoked_at.is_none()
        };
        let caller = Caller {
            integrator: acme.id,
            name: acme.name.as_str().into(),
            environment: Some(environment),
            key: directory.keys.iter().find(is_its).map(|key| key.id),
            rate: None,
            all_sites: false,
        };
        let issued = tokens.issue(&device, &caller, environment, site, at);
        issued.expect("a token").access_token.reveal().to_owned()
    })
}
