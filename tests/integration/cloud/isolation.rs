//! Another's sites and queries are answered like those that are not there: on every path of the OpenAPI document, so that a
//! new one cannot be forgotten.
//!
//! Each operation with a site or a query in its path, its URL's parameters or its body is asked twice by whoever has no
//! business there: with ids that are another's, and with ids that are nobody's. The two answers have to be the same to the
//! byte, but for the ids themselves and for what says when it was and which request.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Asker, Cloud, FIRST, HOOKS, NOWHERE, SECOND, Said, has_fields, queries, registration, shared,
    text,
};
use crate::support::{CLIENT, send};

/// Another id that is nobody's.
const NOBODY: &str = "00000000-0000-4000-8000-00000000beef";

/// An operation of the document.
pub struct Operation {
    /// `/integrator` or `/desktop`
    pub prefix: String,
    /// After the prefix: `/sites/{siteId}/queries/{queryId}`
    pub path: String,
    pub method: Method,
    pub id: String,
}

/// What goes with a request: its media type, and its body.
pub type Sent = Option<(&'static str, Vec<u8>)>;

/// What an operation is about.
#[derive(Clone, Copy)]
pub struct Ids<'i> {
    pub site: &'i str,
    pub query: &'i str,
    /// The PMS's own number of the site.
    pub number: &'i str,
}

/// All operations of the document.
pub fn operations(cloud: &Cloud) -> Vec<Operation> {
    let document = send(CLIENT.get(format!("{}/openapi.json", cloud.root())));
    let document: Value = document.json().expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let mut all = Vec::new();
    for (path, item) in paths {
        let (prefix, rest) = path[1..].split_once('/').expect("a prefix");
        for (method, operation) in item.as_object().expect("operations") {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            all.push(Operation {
                prefix: format!("/{prefix}"),
                path: format!("/{rest}"),
                method: method.to_uppercase().parse().expect("a method"),
                id: id.to_owned(),
            });
        }
    }
    all
}

impl Operation {
    fn has(&self, name: &str) -> bool {
        self.path.contains(&format!("{{{name}}}"))
    }

    /// Asks it of these ids.
    fn ask(&self, asker: &Asker<'_>, ids: Ids<'_>) -> Said {
        assert_eq!(self.prefix, asker.prefix);
        let (parameters, body) = self.sends(ids);
        let path = self.filled(ids, |_| None) + &parameters;
        asker.ask(&self.method, &path, body)
    }

    /// Its path about these ids. What `other` gives for a name, as `{siteId}`, stands there in its place.
    pub fn filled(&self, ids: Ids<'_>, other: impl Fn(&str) -> Option<String>) -> String {
        let segments = self.path.split('/').skip(1).map(|segment| {
            let own = match segment {
                "{siteId}" => ids.site,
                "{queryId}" => ids.query,
                "{pageNumber}" => "1",
                "{type}" | "{compartment}" => "Patient",
                "{id}" => "7",
                plain => {
                    assert!(!plain.contains('{'), "say what to put for {plain}");
                    plain
                }
            };
            format!("/{}", other(segment).unwrap_or_else(|| own.to_owned()))
        });
        segments.collect()
    }

    /// What the operation takes beside its path.
    pub fn sends(&self, ids: Ids<'_>) -> (String, Sent) {
        let json = |body: Value| Some(("application/json", body.to_string().into_bytes()));
        let form = |text: String| Some(("application/x-www-form-urlencoded", text.into_bytes()));
        let practice = || {
            format!(
                "?practiceManagementSiteId={}&practiceManagementName=Best%20Practice",
                ids.number
            )
        };
        match self.id.trim_start_matches("device_") {
            "findSites" => (practice(), None),
            "pairSite" | "pairSiteByOtherName" => {
                (practice() + "&pairingCode=AAAA-AAAA-AAAA", None)
            }
            "makeToken" => {
                let grant = "urn%3Ahalo-connect%3Aoauth%3Adesktop-token";
                let text = format!("grant_type={grant}&device_id=desk-7&site_id={}", ids.site);
                (String::new(), form(text))
            }
            "runImmediateQuery" | "sendAsyncQuery" => (String::new(), json(text("SELECT 1"))),
            "getQueries" => (String::new(), json(json!({"queryIds": [ids.query]}))),
            "registerQuery" => (String::new(), json(registration("SELECT 1"))),
            // A search takes any form, and a batch that is none is judged after who asks.
            id if self.method == Method::POST => {
                assert!(id.starts_with("fhir_"), "say what to send to {id}");
                (String::new(), form("_count=1".to_owned()))
            }
            _ => (String::new(), None),
        }
    }
}

/// Answers are the same but for the ids that they were asked about.
#[track_caller]
fn are_same(
    operation: &Operation,
    (one, of_one): (&Said, Ids<'_>),
    (other, of_other): (&Said, Ids<'_>),
) {
    let without = |said: &Said, ids: Ids<'_>| {
        let body = said
            .text()
            .replace(ids.site, "{site}")
            .replace(ids.query, "{query}");
        let mut headers: Vec<(String, String)> = said
            .headers
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id" | "server-timing"))
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.to_string(), value)
            })
            .collect();
        headers.sort();
        // Of a 5xx, which no id has to lead to, the body names the request.
        assert!(said.status < 500, "{}", said.text());
        (said.status, headers, body)
    };
    let Operation {
        method,
        path,
        prefix,
        ..
    } = operation;
    assert_eq!(
        without(one, of_one),
        without(other, of_other),
        "{method} {prefix}{path}"
    );
}

/// What `acme` has at a site.
struct Owned {
    immediate: String,
    later: String,
    registered: String,
}

impl Owned {
    fn of(asker: &Asker<'_>, site: &str) -> Owned {
        let immediate = asker.immediate(site, &text("SELECT 1")).json(200);
        let owned = Owned {
            immediate: super::id(&immediate),
            later: asker.submit(site, &text("SELECT 1")),
            registered: asker.register(site, "SELECT 1"),
        };
        asker.ended(site, &owned.later);
        asker.has_run(site, &owned.registered, 1);
        owned
    }

    fn all(&self) -> [&str; 3] {
        [&self.immediate, &self.later, &self.registered]
    }
}

#[test]
fn anothers_sites_are_like_none() {
    let cloud = shared();
    let owned = Owned::of(&cloud.acme(), FIRST);
    let other = cloud.other();
    let device = cloud.device(&other, "desk-7", SECOND);
    let none = Ids {
        site: NOWHERE,
        query: NOBODY,
        number: "99999",
    };
    let mut asked = 0;
    for operation in operations(&cloud) {
        let asker = match operation.prefix.as_str() {
            "/integrator" => &other,
            "/desktop" => &device,
            prefix => panic!("say who asks {prefix}"),
        };
        for query in owned.all() {
            let theirs = Ids {
                site: FIRST,
                query,
                number: "12345",
            };
            let (of_theirs, of_none) = (operation.ask(asker, theirs), operation.ask(asker, none));
            are_same(&operation, (&of_theirs, theirs), (&of_none, none));
            // Only a lookup finds nothing, and says so.
            let expected = if operation.id == "findSites" {
                200
            } else {
                403
            };
            assert_eq!(of_theirs.status, expected, "{}", of_theirs.text());
            asked += 1;
            if !operation.has("queryId") {
                break;
            }
        }
    }
    assert!(asked > 60, "{asked} were asked");
    // None of it did anything.
    let path = queries(FIRST, &format!("/registered/{}", owned.registered));
    assert_eq!(cloud.acme().get(&path).json(200)["status"], "enabled");
}

#[test]
fn anothers_queries_at_a_site_of_ones_own_are_like_none() {
    let cloud = shared();
    let (acme, other) = (cloud.acme(), cloud.other());
    let owned = Owned::of(&acme, SECOND);
    let own = Owned::of(&other, SECOND);
    let device = cloud.device(&other, "desk-7", SECOND);
    not_found(&cloud, &owned, &[&other, &device], &acme);
    for asker in [&other, &device] {
        let list = asker.get(&queries(SECOND, "/registered")).json(200);
        assert!(
            owned.all().iter().all(|id| !list.to_string().contains(id)),
            "{list}"
        );
    }
    let list = acme
        .get(&queries(SECOND, "/registered"))
        .json(200)
        .to_string();
    assert!(list.contains(&owned.registered) && !list.contains(&own.registered));
    // Messages go to whom they are about.
    for (owned, path) in [(&owned, "/acme/"), (&own, "/other/")] {
        for query in [&owned.later, &owned.registered] {
            HOOKS.about(query);
            let all = HOOKS.all().into_iter();
            let mut about = all.filter(|it| it.json()["queryId"] == *query.as_str());
            assert!(about.all(|it| it.path.starts_with(path)), "{query}");
        }
    }
}

#[test]
fn a_device_sees_what_it_asked_itself() {
    let cloud = shared();
    let acme = cloud.acme();
    let (one, two) = (
        cloud.device(&acme, "desk-1", SECOND),
        cloud.device(&acme, "desk-2", SECOND),
    );
    let owned = Owned::of(&one, SECOND);
    not_found(&cloud, &owned, &[&two], &one);
    let list = two.get(&queries(SECOND, "/registered")).json(200);
    has_fields(&list, "registeredQueries");
    assert!(!list.to_string().contains(&owned.registered), "{list}");
}

/// Whoever has not asked a query finds it nowhere; its owner finds it.
#[track_caller]
fn not_found(cloud: &Cloud, owned: &Owned, strangers: &[&Asker<'_>], owner: &Asker<'_>) {
    let ids = |query| Ids {
        site: SECOND,
        query,
        number: "222",
    };
    let mut asked = 0;
    for operation in operations(cloud) {
        if !operation.has("queryId") && !operation.id.ends_with("getQueries") {
            continue;
        }
        for stranger in strangers.iter().filter(|it| it.prefix == operation.prefix) {
            for query in owned.all() {
                let of_theirs = operation.ask(stranger, ids(query));
                let of_none = operation.ask(stranger, ids(NOBODY));
                are_same(
                    &operation,
                    (&of_theirs, ids(query)),
                    (&of_none, ids(NOBODY)),
                );
                asked += 1;
            }
        }
        // It is not that nothing is found at all.
        if operation.prefix == owner.prefix && operation.method != Method::DELETE {
            let mut all = owned.all().into_iter();
            assert!(
                all.any(|query| operation.ask(owner, ids(query)).status == 200),
                "{}",
                operation.path
            );
        }
    }
    assert!(asked >= 21, "{asked} were asked");
    let path = queries(SECOND, &format!("/registered/{}", owned.registered));
    assert_eq!(owner.get(&path).json(200)["status"], "enabled");
}
