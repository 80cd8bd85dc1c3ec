//! What each path answers when all is well.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{ANNE, AWAY, FILE, SITE, Server, command, queries, request};
use axum::body::Body;

fn decoded(data: &Value) -> Value {
    let bytes = STANDARD
        .decode(data.as_str().expect("base64"))
        .expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn names(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn an_immediate_command_gives_its_rows() {
    let server = Server::start().await;
    let answer = server
        .post(ANNE, &queries(SITE, "/immediate"), &command("rows 2"))
        .await;
    let query = answer.json();
    assert_eq!(answer.status, 200, "{query}");
    assert_eq!(
        names(&query),
        [
            "id",
            "integratorId",
            "siteId",
            "mode",
            "status",
            "maxTimeInQueue",
            "commandSize",
            "requestSize",
            "sqlQuerySize",
            "createdAt",
            "updatedAt",
            "completedAt",
            "statusTiming",
            "metrics",
            "result",
            "resultSize"
        ]
    );
    assert_eq!(
        (&query["mode"], &query["status"]),
        (&json!("immediate"), &json!("successful"))
    );
    assert_eq!(query["siteId"], SITE);
    assert_eq!(
        names(&query["result"]),
        ["rows", "size", "data", "parameters"]
    );
    assert_eq!(
        decoded(&query["result"]["data"]),
        json!([{"n": 1, "text": "x"}, {"n": 2, "text": "x"}])
    );
    assert_eq!(query["result"]["rows"], 2);
    assert_eq!(query["resultSize"], query["result"].to_string().len());
    assert_eq!(query["metrics"]["sqlExecutionDuration"], 12);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_key_may_stand_in_the_query_string_or_in_the_file() {
    let server = Server::start().await;
    let path = queries(SITE, &format!("/immediate?subscription-key={ANNE}"));
    assert_eq!(server.post("", &path, &command("rows 1")).await.status, 200);
    let path = queries(SITE, "/immediate");
    assert_eq!(
        server.post(FILE, &path, &command("rows 1")).await.status,
        200
    );
}

#[tokio::test]
async fn a_command_that_changes_says_how_much() {
    let server = Server::start().await;
    let body = json!({"command": {"text": "change 4", "executionMode": "nonQuery"}});
    let query = server
        .post(ANNE, &queries(SITE, "/immediate"), &body)
        .await
        .json();
    assert_eq!(
        query["result"],
        json!({"rowsAffected": 4, "size": 0, "parameters": []})
    );
}

#[tokio::test]
async fn parameters_come_back() {
    let server = Server::start().await;
    let out = json!({"name": "@n", "direction": "output", "type": "Int", "value": "7"});
    let body =
        json!({"command": {"text": "echo", "parameters": [out, {"name": "@in", "value": "1"}]}});
    let query = server
        .post(ANNE, &queries(SITE, "/immediate"), &body)
        .await
        .json();
    assert_eq!(query["result"]["parameters"], json!([out]));
}

#[tokio::test]
async fn a_command_that_fails_is_told_with_its_query() {
    let server = Server::start().await;
    let answer = server
        .post(ANNE, &queries(SITE, "/immediate"), &command("fail"))
        .await;
    let query = answer.json();
    assert_eq!(answer.status, 400);
    assert_eq!(query["status"], "executionFailed");
    assert_eq!(
        query["errorDetails"],
        json!({"errorType": "mssql", "errorCode": 2812, "errorMessage": "Could not find stored procedure 'fail'."})
    );
    assert!(query.get("completedAt").is_some() && query.get("result").is_none());
    let large = server
        .post(ANNE, &queries(SITE, "/immediate"), &command("big 9000"))
        .await;
    assert_eq!(large.status, 400);
    let error = &large.json()["errorDetails"];
    assert_eq!(
        (&error["errorType"], &error["errorCode"]),
        (&json!("http"), &json!(413))
    );
}

#[tokio::test]
async fn an_async_command_is_fetched_page_by_page() {
    let server = Server::start().await;
    let sent = server
        .post(ANNE, &queries(SITE, "/async"), &command("big 2500"))
        .await;
    assert_eq!(sent.status, 201);
    let id = sent.json()["id"].as_str().expect("an id").to_owned();
    let location = format!("http://127.0.0.1:8080{}", queries(SITE, &format!("/{id}")));
    assert_eq!(sent.header("location"), location);
    let query = server.ended(ANNE, SITE, "big 2500").await;
    assert_eq!(query["status"], "successful", "{query}");
    assert_eq!(names(&query["result"]), ["rows", "size", "pages"]);
    let pages = query["result"]["pages"].as_array().expect("pages").clone();
    assert!(pages.len() > 1);
    let (mut next, mut size) = (1, 0);
    for page in &pages {
        assert_eq!(names(page), ["pageNumber", "status", "size", "rows"]);
        let place = format!(
            "/{}/results/{}",
            query["id"].as_str().expect("an id"),
            page["pageNumber"]
        );
        let fetched = server.get(ANNE, &queries(SITE, &place)).await;
        assert_eq!(fetched.status, 200);
        assert_eq!(names(&fetched.json()), ["data"]);
        let rows = decoded(&fetched.json()["data"]);
        let streamed = server
            .get(ANNE, &queries(SITE, &format!("{place}/stream")))
            .await;
        assert_eq!(streamed.header("content-type"), "application/json");
        assert_eq!(streamed.json(), rows);
        for answer in [&fetched, &streamed] {
            let header = |name: &str| answer.header(name).parse::<u64>().expect("a number");
            assert_eq!(header("size"), page["size"].as_u64().expect("a size"));
            assert_eq!(header("size"), streamed.body.len() as u64);
            assert_eq!(
                header("rows-count"),
                rows.as_array().expect("rows").len() as u64
            );
            assert_eq!(header("rows-range-start"), next);
            assert_eq!(header("rows-range-end"), next + header("rows-count") - 1);
        }
        next += rows.as_array().expect("rows").len() as u64;
        size += streamed.body.len() as u64;
        // HEAD has the same headers.
        let head = request("HEAD", ANNE, &queries(SITE, &place)).body(Body::empty());
        let head = server.send(head.expect("a request")).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        assert_eq!(head.header("rows-count"), fetched.header("rows-count"));
    }
    assert_eq!(next, 2501);
    assert_eq!(query["result"]["size"], size);
}

#[tokio::test]
async fn many_queries_are_asked_after_at_once() {
    let server = Server::start().await;
    let first = server.ended(ANNE, SITE, "rows 1").await["id"].clone();
    let second = server.ended(ANNE, SITE, "fail").await["id"].clone();
    let unknown = json!("0d4e3c3e-6a43-4f0c-9f0a-1a2b3c4d5e6f");
    let body = json!({"queryIds": [first, unknown, second, first]});
    let answer = server.post(ANNE, &queries(SITE, "/status"), &body).await;
    assert_eq!(answer.status, 200);
    let results = answer.json()["results"].clone();
    let told: Vec<(&Value, &Value, &Value)> = results
        .as_array()
        .expect("results")
        .iter()
        .map(|one| (&one["queryId"], &one["status"], &one["query"]["status"]))
        .collect();
    let found = json!("found");
    assert_eq!(
        told,
        [
            (&first, &found, &json!("successful")),
            (&unknown, &json!("notFound"), &Value::Null),
            (&second, &found, &json!("executionFailed")),
            (&first, &found, &json!("successful")),
        ]
    );
    assert_eq!(names(&results[1]), ["queryId", "status"]);
    let none = server
        .post(ANNE, &queries(SITE, "/status"), &json!({"queryIds": []}))
        .await;
    assert_eq!(none.json(), json!({"results": []}));
}

#[tokio::test]
async fn a_registered_query_lives_and_ends() {
    let server = Server::start().await;
    let body = json!({"name": "new", "registeredQueryType": "query", "frequency": 300, "duration": 43200,
        "registerCommand": {"command": {"text": "rows 2"}}});
    let made = server
        .post(ANNE, &queries(SITE, "/registered"), &body)
        .await;
    assert_eq!(made.status, 202);
    assert_eq!(names(&made.json()), ["id"]);
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let place = queries(SITE, &format!("/registered/{id}"));
    assert_eq!(
        made.header("location"),
        format!("http://127.0.0.1:8080{place}")
    );
    let result = loop {
        let result = server.get(ANNE, &format!("{place}/results")).await;
        if result.status == 200 {
            break result.json();
        }
        assert_eq!(result.status, 404);
        assert!(
            result
                .message()
                .starts_with("PG024: no run of the registered query has succeeded yet")
        );
        tokio::task::yield_now().await;
    };
    assert_eq!(names(&result), ["data", "parameters", "rows", "size"]);
    assert_eq!(decoded(&result["data"]).as_array().expect("rows").len(), 2);
    let one = server.get(ANNE, &place).await.json();
    assert_eq!(
        (
            &one["status"],
            &one["name"],
            &one["frequency"],
            &one["duration"]
        ),
        (&json!("enabled"), &json!("new"), &json!(300), &json!(43200))
    );
    assert_eq!(
        server.get(ANNE, &queries(SITE, "/registered")).await.json()["registeredQueries"][0]["id"],
        id
    );
    // Ending it twice is as ending it once.
    for _ in 0..2 {
        let ended = server.delete(ANNE, &place).await;
        assert_eq!((ended.status.as_u16(), ended.body.len()), (204, 0));
    }
    assert_eq!(server.get(ANNE, &place).await.json()["status"], "cancelled");
}

#[tokio::test]
async fn sites_are_found_by_their_pms_ids() {
    let server = Server::start().await;
    let path =
        "/integrator/sites?practiceManagementSiteId=1&practiceManagementName=Best%20Practice";
    let found = server.get(ANNE, path).await.json();
    assert_eq!(found["sites"].as_array().expect("sites").len(), 1);
    assert_eq!(
        (
            &found["sites"][0]["id"],
            &found["sites"][0]["authoritative"]
        ),
        (&json!(SITE), &json!(true))
    );
    let one = server
        .get(ANNE, &format!("/integrator/sites/{SITE}"))
        .await
        .json();
    assert_eq!(one, found["sites"][0]);
    assert_eq!(
        one["catalogue"],
        json!([{"name": "Patients", "isDefault": true}, {"name": "Documents", "isDefault": false}])
    );
    let none = "/integrator/sites?practiceManagementSiteId=99&practiceManagementName=Zedmed";
    assert_eq!(server.get(ANNE, none).await.json(), json!({"sites": []}));
    for path in ["pair-site", "pairSite"] {
        let path = format!(
            "/integrator/{path}?practiceManagementSiteId=1&practiceManagementName=BestPractice"
        );
        let paired = request("POST", ANNE, &path)
            .body(Body::empty())
            .expect("a request");
        let paired = server.send(paired).await;
        assert_eq!((paired.status.as_u16(), paired.json()), (200, one.clone()));
    }
}

#[tokio::test]
async fn a_device_asks_with_its_token() {
    let server = Server::start().await;
    let form = |grant: &str| format!("grant_type={grant}&device_id=front+desk+7&site_id={SITE}");
    let ask = async |grant: &str| {
        let request = request("POST", ANNE, "/integrator/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form(grant)));
        server.send(request.expect("a request")).await
    };
    let older = ask("urn:halo-connect:oauth:device-token").await;
    let newer = ask("urn:halo-connect:oauth:desktop-token").await;
    for answer in [&older, &newer] {
        assert_eq!(answer.status, 200);
        assert_eq!(
            names(&answer.json()),
            ["access_token", "token_type", "expires_in"]
        );
        assert_eq!(answer.json()["token_type"], "Bearer");
        assert_eq!(answer.json()["expires_in"], 600);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let token = newer.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let send = async |device: &str, site: &str, rest: &str, body: Value| {
        let path = format!("/desktop/sites/{site}/queries{rest}");
        let request = request("POST", "", &path)
            .header("authorization", format!("Bearer {token}"))
            .header("DeviceId", device)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        server.send(request.expect("a request")).await
    };
    assert_eq!(
        send("front desk 7", SITE, "/immediate", command("rows 1"))
            .await
            .status,
        200
    );
    let register =
        json!({"name": "n", "frequency": 60, "duration": 60, "registerCommand": command("rows 1")});
    let registered = send("front desk 7", SITE, "/registered", register).await;
    assert_eq!(registered.status, 201);
    assert!(registered.header("location").contains("/desktop/sites/"));
    let other = send("desk-8", SITE, "/immediate", command("rows 1")).await;
    assert_eq!(other.status, 401);
    assert!(other.message().starts_with("PG001: "));
    assert!(other.header("www-authenticate").starts_with("Bearer"));
    let other = send("front desk 7", AWAY, "/immediate", command("rows 1")).await;
    assert_eq!(other.status, 403);
    assert!(other.message().starts_with("PG006: "));
}
