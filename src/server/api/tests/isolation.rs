//! What one integrator has is not there for another, whatever is asked: the answers are those of an id that nobody has.

use serde_json::{Value, json};

use super::{ANNE, BERT, SITE, Server, queries};

#[tokio::test]
async fn anothers_queries_are_not_there() {
    let server = Server::start().await;
    let unknown = "0d4e3c3e-6a43-4f0c-9f0a-1a2b3c4d5e6f";
    let query = server.ended(BERT, SITE, "rows 1").await;
    let query = query["id"].as_str().expect("an id");
    let register = json!({"name": "n", "frequency": 60, "duration": 3600, "registerCommand": {"command": {"text": "rows 1"}}});
    let registered = server
        .post(BERT, &queries(SITE, "/registered"), &register)
        .await
        .json();
    let registered = registered["id"].as_str().expect("an id");
    for (id, paths) in [
        (query, &["/{}", "/{}/results/1", "/{}/results/1/stream"][..]),
        (registered, &["/registered/{}", "/registered/{}/results"]),
    ] {
        for path in paths {
            let place = |id: &str| queries(SITE, &path.replace("{}", id));
            let others = server.get(ANNE, &place(id)).await;
            let none = server.get(ANNE, &place(unknown)).await;
            assert_eq!(others.status, 404, "{path}");
            assert_eq!(others.body, none.body, "{path}");
        }
    }
    let place = queries(SITE, &format!("/registered/{registered}"));
    assert_eq!(server.delete(ANNE, &place).await.status, 404);
    assert_eq!(server.get(BERT, &place).await.json()["status"], "enabled");
    let listed = server.get(ANNE, &queries(SITE, "/registered")).await.json();
    assert_eq!(listed, json!({"registeredQueries": []}));
    let body = json!({"queryIds": [query]});
    let told = server
        .post(ANNE, &queries(SITE, "/status"), &body)
        .await
        .json();
    assert_eq!(told["results"][0]["status"], "notFound");
    assert_eq!(told["results"][0].get("query"), None::<&Value>);
    // Nor at another site, for whoever has it.
    let elsewhere = queries(super::BERTS, &format!("/{query}"));
    assert_eq!(server.get(BERT, &elsewhere).await.status, 404);
    assert_eq!(
        server
            .get(BERT, &queries(SITE, &format!("/{query}")))
            .await
            .status,
        200
    );
}
