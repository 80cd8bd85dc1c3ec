//! Who asks: an integrator with its key, a device with its token; and what each is answered.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{Cloud, id, queries, registration, until};
use crate::support::{CLIENT, send};

/// What an answer may take: more than a statement, which has half a minute.
const LONGEST: Duration = Duration::from_secs(60);

/// Who asks, with what it sends to say so.
#[derive(Clone)]
pub struct Asker<'c> {
    pub cloud: &'c Cloud,
    /// `/integrator` or `/desktop`
    pub prefix: &'static str,
    pub headers: Vec<(String, String)>,
}

/// An answer.
pub struct Said {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Asker<'_> {
    /// Sends a request to a path after the prefix.
    pub fn ask(&self, method: &Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Said {
        let url = format!("{}{}{path}", self.cloud.root(), self.prefix);
        let mut request = CLIENT.request(method.clone(), url).timeout(LONGEST);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some((media_type, body)) = body {
            request = request.header("Content-Type", media_type).body(body);
        }
        let response = send(request);
        Said {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().expect("a body").to_vec(),
        }
    }

    pub fn get(&self, path: &str) -> Said {
        self.ask(&Method::GET, path, None)
    }

    pub fn delete(&self, path: &str) -> Said {
        self.ask(&Method::DELETE, path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Said {
        let body = body.to_string().into_bytes();
        self.ask(&Method::POST, path, Some(("application/json", body)))
    }

    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Said {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.extend_pairs(fields).finish().into_bytes();
        let body = Some(("application/x-www-form-urlencoded", form));
        self.ask(&Method::POST, path, body)
    }

    /// Sends an immediate query to a site.
    pub fn immediate(&self, site: &str, body: &Value) -> Said {
        self.post(&queries(site, "/immediate"), body)
    }

    /// Sends an async query to a site, and gives its id.
    #[track_caller]
    pub fn submit(&self, site: &str, body: &Value) -> String {
        let said = self.post(&queries(site, "/async"), body);
        id(&said.json(201))
    }

    /// Waits for the end of an async query.
    #[track_caller]
    pub fn ended(&self, site: &str, id: &str) -> Value {
        let path = queries(site, &format!("/{id}"));
        until(|| {
            let query = self.get(&path).json(200);
            query.get("completedAt").is_some().then_some(query)
        })
    }

    /// Registers a query at a site, and gives its id.
    #[track_caller]
    pub fn register(&self, site: &str, text: &str) -> String {
        let said = self.post(&queries(site, "/registered"), &registration(text));
        let expected = match self.prefix {
            "/integrator" => 202,
            _ => 201,
        };
        id(&said.json(expected))
    }

    /// Waits for a registered query's runs.
    #[track_caller]
    pub fn has_run(&self, site: &str, id: &str, runs: u64) -> Value {
        let path = queries(site, &format!("/registered/{id}"));
        until(|| {
            let one = self.get(&path).json(200);
            let done = one["metrics"]["executionSucceededCount"].as_u64();
            (done.expect("a number") >= runs).then_some(one)
        })
    }
}

impl Said {
    /// The body of an answer that has to have a status.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("ASCII"))
    }
}
