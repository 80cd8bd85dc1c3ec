//! What HTTP promises: what each bad request gets, and the forms of good answers.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::blocking::RequestBuilder;
use serde_json::Value;

use crate::support::{
    CLIENT, KEY, KEY_HEADER, OTHER_KEY, SERVER, SITE, Server, demo_site, header, json, refused,
    send,
};
use pilaster::server::Limits;

#[test]
fn a_key_is_needed_and_is_never_repeated() {
    let url = format!("{}/Patient?family=smith", SERVER.base);
    let text = refused(send(CLIENT.get(&url)), 401, "PH004");
    assert!(text.contains("no subscription key"), "{text}");
    assert!(header(&send(CLIENT.get(&url)), "www-authenticate").contains(KEY_HEADER));
    let wrong = "wrong-47114711";
    for request in [
        CLIENT.get(&url).header(KEY_HEADER, wrong),
        CLIENT.get(format!("{url}&subscription-key={wrong}")),
        CLIENT
            .get(format!("{}/metadata", SERVER.base))
            .header(KEY_HEADER, wrong),
        CLIENT.get(&SERVER.base).header(KEY_HEADER, wrong),
        CLIENT.put(&url).header(KEY_HEADER, wrong),
        // Two that differ are none.
        CLIENT
            .get(format!("{url}&subscription-key={wrong}"))
            .header(KEY_HEADER, KEY),
        CLIENT
            .get(&url)
            .header(KEY_HEADER, KEY)
            .header(KEY_HEADER, wrong),
        // Who has no key does not learn which sites there are.
        CLIENT.get(SERVER.url("/integrator/sites/x/fhir/R4/Patient")),
    ] {
        let response = send(request);
        let headers = format!("{:?}", response.headers());
        let text = refused(response, 401, "PH004");
        assert!(!text.contains(wrong) && !headers.contains(wrong));
    }
    for request in [
        CLIENT.get(&url).header(KEY_HEADER, KEY),
        CLIENT.get(format!("{url}&subscription-key={KEY}")),
        CLIENT.get(format!("{url}&subscription%2Dkey=key%2Dof%2Dthe%2Dtests")),
        CLIENT
            .get(format!("{url}&subscription-key={KEY}"))
            .header(KEY_HEADER, KEY),
    ] {
        let response = send(request);
        assert_eq!(response.status(), 200);
        let headers = format!("{:?}", response.headers());
        let body = response.text().expect("a body");
        assert!(body.contains("\"searchset\""));
        for secret in [KEY, wrong, "subscription-key"] {
            assert!(!body.contains(secret) && !headers.contains(secret));
        }
    }
}

#[test]
fn what_is_not_there_is_named() {
    let site = |id: &str| {
        CLIENT
            .get(SERVER.url(&format!("/integrator/sites/{id}/fhir/R4/Patient")))
            .header(KEY_HEADER, KEY)
    };
    let text = refused(send(site("no-site-47114711")), 404, "PH001");
    assert!(!text.contains("47114711"), "{text}");
    assert_eq!(send(site(&SITE.to_uppercase())).status(), 200);
    let text = refused(send(SERVER.get("Device")), 404, "PH002");
    assert!(
        text.contains("Device is not served") && text.contains("Patient"),
        "{text}"
    );
    let text = refused(send(SERVER.get("Smith47114711")), 404, "PH002");
    assert!(
        !text.contains("47114711") && text.contains("Practitioner"),
        "{text}"
    );
    refused(send(SERVER.search("Device", "")), 404, "PH002");
    for path in [
        "Patient/",
        "Patient/1/_history",
        "$convert",
        "Patient/$everything",
    ] {
        let text = refused(send(SERVER.get(path)), 404, "PH009");
        assert!(text.contains("{resource}/{id}"), "{path}: {text}");
    }
    let base = CLIENT.get(&SERVER.base).header(KEY_HEADER, KEY);
    assert!(refused(send(base), 400, "PP011").contains("metadata"));
    refused(send(SERVER.get("Patient/999999999")), 404, "PH003");
    let text = refused(send(SERVER.get("Patient/o'47114711;--")), 404, "PH003");
    assert!(!text.contains("47114711"), "{text}");
    refused(
        send(SERVER.get(&format!("Patient/{}", "1".repeat(65)))),
        404,
        "PH003",
    );
}

#[test]
fn methods_that_do_not_apply_are_refused_with_those_that_do() {
    let request = |method: &str, path: &str| {
        let method = method.parse().expect("a method");
        CLIENT
            .request(method, format!("{}/{path}", SERVER.base))
            .header(KEY_HEADER, KEY)
    };
    for (method, path, allowed) in [
        ("POST", "Patient", "GET, HEAD"),
        ("PUT", "Patient/1", "GET, HEAD"),
        ("PATCH", "Patient/1", "GET, HEAD"),
        ("DELETE", "Patient/1", "GET, HEAD"),
        ("POST", "metadata", "GET, HEAD"),
        ("OPTIONS", "Patient", "GET, HEAD"),
        ("SMITH", "Patient", "GET, HEAD"),
        ("GET", "Patient/_search", "POST"),
        ("PUT", "Patient/_search", "POST"),
    ] {
        let response = send(request(method, path));
        assert_eq!(header(&response, "allow"), allowed, "{method} {path}");
        refused(response, 405, "PH008");
    }
}

#[test]
fn formats_are_negotiated() {
    let asked = |query: &str, accept: &str| {
        send(
            SERVER
                .get(&format!("Practitioner?_count=1{query}"))
                .header("Accept", accept),
        )
    };
    const FHIR: &str = "application/fhir+json; charset=utf-8";
    for (query, accept, expected) in [
        ("", "*/*", FHIR),
        ("", "application/*", FHIR),
        ("", "application/fhir+json; fhirVersion=4.0", FHIR),
        (
            "",
            "application/fhir+turtle, application/fhir+json;q=0.2",
            FHIR,
        ),
        ("", "application/json", "application/json; charset=utf-8"),
        ("", "text/json;q=0.5", "text/json; charset=utf-8"),
        ("&_format=json", "application/fhir+xml", FHIR),
        ("&_format=application/fhir+json", "text/html", FHIR),
        ("&_format=application/fhir%2Bjson", "text/html", FHIR),
        ("&_format=text/json", "*/*", FHIR),
    ] {
        let response = asked(query, accept);
        assert_eq!(response.status(), 200, "{query} {accept}");
        assert_eq!(
            header(&response, "content-type"),
            expected,
            "{query} {accept}"
        );
    }
    for (query, accept) in [
        ("", "application/fhir+turtle"),
        ("", "text/html"),
        ("", "*/*;q=0"),
        ("", "application/fhir+json; fhirVersion=3.0"),
        ("", "application/fhir+xml; fhirVersion=3.0"),
        ("&_format=ttl", "*/*"),
        ("&_format=smith47114711", "application/json"),
        ("&_format=json; fhirVersion=5.0", "*/*"),
    ] {
        let text = refused(asked(query, accept), 406, "PH005");
        assert!(text.contains("application/fhir+json"), "{text}");
        assert!(!text.contains("47114711"), "{text}");
    }
    let by_form = SERVER.search("Practitioner", "_format=ttl");
    assert!(refused(send(by_form), 406, "PH005").contains("http._format"));
    refused(send(SERVER.get("metadata?_format=ttl")), 406, "PH005");
    refused(
        send(SERVER.get("Patient/1").header("Accept", "image/png")),
        406,
        "PH005",
    );
}

#[test]
fn what_is_wrong_with_a_search_is_said() {
    let many = (0..70).map(|n| format!("family=a{n}&")).collect::<String>();
    for (search, code) in [
        ("Patient?birthdate=47114711-13", "PS002"),
        ("Patient?birthdate:exact=2000", "PS003"),
        ("Patient?family=%zz47114711", "PS001"),
        ("Patient?_count=x47114711", "PS007"),
        (&format!("Patient?{many}"), "PS005"),
        ("Patient?_cursor=abc47114711", "PP007"),
        ("Patient?famly=47114711", "PP001"),
        ("Patient?_has:Device:patient:type=47114711", "PP004"),
    ] {
        let response = send(SERVER.get(search));
        let text = refused(response, 400, code);
        assert!(!text.contains("47114711"), "{search}: {text}");
    }
    let text = refused(send(SERVER.get("Patient?birthdate=x")), 400, "PS002");
    assert!(text.contains("http.birthdate"), "{text}");
}

#[test]
fn unknown_parameters_are_reported_or_refused() {
    let search = "Patient?gender=female&colour=red47114711&_count=1";
    let bundle = json(SERVER.get(search));
    let entries = bundle["entry"].as_array().expect("entries");
    let outcome = entries
        .iter()
        .find(|entry| entry["search"]["mode"] == "outcome")
        .expect("an outcome");
    assert!(outcome.to_string().contains("colour"));
    assert!(!outcome.to_string().contains("47114711"));
    for prefer in ["handling=strict", "return=minimal, handling=strict"] {
        let text = refused(
            send(SERVER.get(search).header("Prefer", prefer)),
            400,
            "PP001",
        );
        assert!(text.contains("colour"), "{text}");
    }
    let lenient = SERVER.get(search).header("Prefer", "handling=lenient");
    assert_eq!(send(lenient).status(), 200);
}

/// Who asks for it in so many words gets a search that nothing narrows, and is told so.
#[test]
fn a_lenient_search_goes_on_without_what_is_unknown() {
    let search = "Patient?colour=red47114711&_count=1";
    for prefer in [None, Some("handling=kind"), Some("handling=strict")] {
        let request = SERVER.get(search);
        let request = match prefer {
            Some(prefer) => request.header("Prefer", prefer),
            None => request,
        };
        refused(send(request), 400, "PP001");
    }
    let lenient = |request: RequestBuilder| request.header("Prefer", "handling=lenient");
    let all = json(SERVER.get("Patient?_count=1"))["total"].clone();
    let link = |bundle: &Value, relation: &str| {
        let links = bundle["link"].as_array().expect("links");
        let link = links.iter().find(|link| link["relation"] == relation);
        link.expect("a link")["url"]
            .as_str()
            .expect("a URL")
            .to_owned()
    };
    let form = || SERVER.search("Patient", "colour=red47114711&_count=1");
    for request in [SERVER.get(search), form()] {
        let bundle = json(lenient(request));
        assert_eq!(bundle["total"], all);
        let entries = bundle["entry"].as_array().expect("entries");
        let outcome = entries
            .iter()
            .find(|entry| entry["search"]["mode"] == "outcome")
            .expect("an outcome")
            .to_string();
        assert!(outcome.contains("colour"), "{outcome}");
        assert!(!outcome.contains("47114711"), "{outcome}");
        assert!(!link(&bundle, "self").contains("colour"), "{bundle}");
        // What is left is a search that can be asked without the header.
        let next = CLIENT.get(link(&bundle, "next")).header(KEY_HEADER, KEY);
        let page = json(next);
        assert_ne!(page["entry"][0]["fullUrl"], bundle["entry"][0]["fullUrl"]);
    }
    let typed = json(lenient(
        SERVER.get("?_type=Patient,Practitioner&colour=red"),
    ));
    assert!(typed["total"].as_u64() >= all.as_u64());
    // All of a practice at once is another matter, and so is a range that a type must be searched with.
    let untyped = lenient(SERVER.get("?colour=red"));
    assert_eq!(send(untyped).status(), 400);
}

#[test]
fn a_page_link_works_for_its_caller_and_as_it_is() {
    let bundle = json(SERVER.get("Patient?_count=2&gender=female"));
    let next = |bundle: &Value| {
        let links = bundle["link"].as_array().expect("links").clone();
        let link = links.into_iter().find(|link| link["relation"] == "next");
        link.expect("a next link")["url"]
            .as_str()
            .expect("a URL")
            .to_owned()
    };
    let next = next(&bundle);
    assert!(next.starts_with(&SERVER.base));
    let page = json(CLIENT.get(&next).header(KEY_HEADER, KEY));
    assert_ne!(page["entry"][0]["fullUrl"], bundle["entry"][0]["fullUrl"]);
    refused(
        send(CLIENT.get(&next).header(KEY_HEADER, OTHER_KEY)),
        400,
        "PP007",
    );
    let altered = format!("{}AAAA", &next[..next.len() - 4]);
    refused(
        send(CLIENT.get(altered).header(KEY_HEADER, KEY)),
        400,
        "PP007",
    );
}

#[test]
fn a_form_is_searched_with_the_query_string() {
    let total = |bundle: Value| bundle["total"].as_u64().expect("a total");
    let women = total(json(SERVER.get("Patient?gender=female")));
    assert_eq!(
        total(json(SERVER.search("Patient", "gender=female"))),
        women
    );
    let both = CLIENT
        .post(format!("{}/Patient/_search?gender=female", SERVER.base))
        .header(KEY_HEADER, KEY)
        .header(
            "Content-Type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )
        .body("gender=male");
    assert_eq!(total(json(both)), 0);
    let all = total(json(SERVER.get("Patient")));
    assert!(women > 0 && women < all);
    let empty = CLIENT
        .post(format!("{}/Patient/_search", SERVER.base))
        .header(KEY_HEADER, KEY);
    assert_eq!(total(json(empty)), all);
}

#[test]
fn bodies_of_another_kind_or_size_are_refused() {
    for media_type in [
        "application/json",
        "application/fhir+json",
        "multipart/form-data",
        "text/plain",
    ] {
        let request = CLIENT
            .post(format!("{}/Patient/_search", SERVER.base))
            .header(KEY_HEADER, KEY)
            .header("Content-Type", media_type)
            .body("family=smith");
        let text = refused(send(request), 415, "PH006");
        assert!(text.contains("application/x-www-form-urlencoded"), "{text}");
    }
    let untyped = CLIENT
        .post(format!("{}/Patient/_search", SERVER.base))
        .header(KEY_HEADER, KEY)
        .body("family=smith");
    refused(send(untyped), 415, "PH006");
    let large = format!("family={}", "x".repeat(64 * 1024));
    refused(send(SERVER.search("Patient", large.clone())), 413, "PH007");
    // In chunks, with no length announced.
    let chunked = reqwest::blocking::Body::new(std::io::Cursor::new(large.into_bytes()));
    refused(send(SERVER.search("Patient", chunked)), 413, "PH007");
    // More is not even waited for.
    let answer = raw(
        &SERVER,
        &format!(
            "POST /integrator/sites/{SITE}/fhir/R4/Patient/_search HTTP/1.1\r\nHost: x\r\n{KEY_HEADER}: {KEY}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999999\r\n\r\n"
        ),
    );
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn urls_and_heads_are_bounded() {
    let long = |bytes: usize| SERVER.get(&format!("Patient?family={}", "x".repeat(bytes)));
    refused(send(long(17 * 1024)), 414, "PS008");
    refused(send(long(50 * 1024)), 414, "PH016");
    // The HTTP library's own bound, which comes before there is a request to answer.
    let longer = format!("Patient?family={}", "x".repeat(70 * 1024));
    unread(&raw_get(&SERVER, &longer, ""), 414, "PH016");
    let many: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
    unread(&raw_get(&SERVER, "metadata", &many), 431, "PH020");
    unread(&raw(&SERVER, "\0\0\0\r\n\r\n"), 400, "PH019");
}

/// What cannot be read is answered as whatever is refused, and ends the connection.
fn unread(answer: &str, status: u16, code: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.contains("\r\nconnection: close"), "{head}");
    assert!(
        head.contains("\r\ncontent-type: application/fhir+json; charset=utf-8"),
        "{head}"
    );
    let outcome: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    let issue = &outcome["issue"][0];
    assert_eq!(issue["severity"], "error");
    assert_eq!(issue["details"]["coding"][0]["code"], code);
}

#[test]
fn head_answers_as_get_without_its_body() {
    for path in [
        "Patient?_count=2",
        "Patient/1",
        "metadata",
        "Patient?birthdate=x",
        "Nothing",
    ] {
        let get = send(SERVER.get(path));
        let head = CLIENT
            .head(format!("{}/{path}", SERVER.base))
            .header(KEY_HEADER, KEY);
        let head = send(head);
        assert_eq!(head.status(), get.status(), "{path}");
        for name in [
            "content-type",
            "etag",
            "last-modified",
            "cache-control",
            "vary",
        ] {
            assert_eq!(header(&head, name), header(&get, name), "{path} {name}");
        }
        let length = header(&get, "content-length");
        if path.contains("_count") {
            // A page's links are sealed anew each time, to the same length.
            assert_eq!(header(&head, "content-length").len(), length.len());
        } else {
            assert_eq!(header(&head, "content-length"), length, "{path}");
        }
        assert_eq!(head.text().expect("nothing"), "");
    }
}

#[test]
fn reads_are_conditional() {
    let read = || SERVER.get("Patient/1");
    let first = send(read());
    assert_eq!(first.status(), 200);
    let etag = header(&first, "etag");
    let modified = header(&first, "last-modified");
    assert!(
        etag.starts_with("W/\"") && modified.ends_with(" GMT"),
        "{etag} {modified}"
    );
    assert_eq!(header(&first, "cache-control"), "no-store");
    for (name, value, status) in [
        ("If-None-Match", etag.as_str(), 304),
        ("If-None-Match", "*", 304),
        ("If-None-Match", &format!("\"x\", {etag}"), 304),
        ("If-None-Match", "W/\"x\"", 200),
        // Other tables are in it: nobody knows when all of it last changed.
        ("If-Modified-Since", &modified, 200),
        ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ("If-Modified-Since", "not a date", 200),
    ] {
        let response = send(read().header(name, value));
        assert_eq!(response.status(), status, "{name}: {value}");
        assert_eq!(header(&response, "etag"), etag);
        let is_empty = response.text().expect("a body").is_empty();
        assert_eq!(is_empty, status == 304);
    }
    let one_row = || SERVER.get("Organization/1");
    let modified = header(&send(one_row()), "last-modified");
    for (since, status) in [
        (modified.as_str(), 304),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ("not a date", 200),
    ] {
        let response = send(one_row().header("If-Modified-Since", since));
        assert_eq!(response.status(), status, "{since}");
    }
    let both = one_row()
        .header("If-None-Match", "W/\"x\"")
        .header("If-Modified-Since", &modified);
    assert_eq!(send(both).status(), 200, "If-None-Match wins");
}

#[test]
fn answers_say_which_headers_chose_their_form() {
    for path in ["metadata", "Patient", "Patient/1", "Patient?birthdate=x"] {
        let response = send(SERVER.get(path));
        let vary: Vec<String> = response
            .headers()
            .get_all("vary")
            .iter()
            .flat_map(|value| value.to_str().expect("text").split(','))
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        assert!(vary.contains(&"accept".to_owned()), "{path}: {vary:?}");
        // What is too short to be compressed looks the same either way.
        let may_be_compressed = header(&response, "content-length")
            .parse::<u64>()
            .map_or(true, |length| length > 1024);
        assert_eq!(
            vary.contains(&"accept-encoding".to_owned()),
            may_be_compressed,
            "{path}: {vary:?}"
        );
    }
    let refused = send(SERVER.get("Patient").header("Accept", "text/turtle"));
    assert_eq!(refused.status(), 406);
    assert_eq!(header(&refused, "vary"), "accept");
}

#[test]
fn metadata_is_revalidated_by_its_tag() {
    let tag = header(&send(SERVER.get("metadata")), "etag");
    for (tags, status) in [(tag.as_str(), 304), ("*", 304), ("W/\"x\"", 200)] {
        let response = send(SERVER.get("metadata").header("If-None-Match", tags));
        assert_eq!(response.status(), status, "{tags}");
        assert_eq!(header(&response, "etag"), tag);
        assert_eq!(header(&response, "cache-control"), "no-cache");
        let is_empty = response.text().expect("a body").is_empty();
        assert_eq!(is_empty, status == 304);
    }
}

#[test]
fn answers_are_indented_or_compressed_when_asked() {
    let plain = send(SERVER.get("Patient/1")).text().expect("a body");
    let pretty = send(SERVER.get("Patient/1?_pretty=true"))
        .text()
        .expect("a body");
    assert!(
        pretty.starts_with("{\n  \"resourceType\": \"Patient\""),
        "{pretty}"
    );
    let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(read(&plain), read(&pretty));
    let outcome = send(SERVER.get("Patient?birthdate=x&_pretty=true"));
    assert!(outcome.text().expect("a body").starts_with("{\n  "));
    let zipped = raw_get(&SERVER, "metadata", "Accept-Encoding: gzip\r\n");
    assert!(zipped.contains("content-encoding: gzip"), "{zipped}");
    let small = raw_get(&SERVER, "Nothing", "Accept-Encoding: gzip\r\n");
    assert!(!small.contains("content-encoding"), "{small}");
}

#[test]
fn metadata_is_of_the_base_it_was_asked_at() {
    let statement = json(SERVER.get("metadata"));
    assert_eq!(statement["resourceType"], "CapabilityStatement");
    assert_eq!(statement["implementation"]["url"], SERVER.base);
    let other = raw_get(&SERVER, "metadata", "");
    assert!(other.contains("http://x/integrator/"), "{other}");
}

#[test]
fn links_begin_with_the_host_that_was_asked_or_the_operators_url() {
    let asked = |server: &Server, host: &str| {
        let path = format!("/integrator/sites/{SITE}/fhir/R4/Practitioner?_count=1");
        raw(
            server,
            &format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: evil.example\r\n{KEY_HEADER}: {KEY}\r\nConnection: close\r\n\r\n"
            ),
        )
    };
    let named = asked(&SERVER, "pms.example:81");
    assert!(
        named.contains("\"http://pms.example:81/integrator/sites/"),
        "{named}"
    );
    let odd = asked(&SERVER, "evil\"/<x>");
    assert!(!odd.contains("evil"), "{odd}");
    assert!(
        odd.starts_with("HTTP/1.1 400 ") && odd.contains("PH019"),
        "{odd}"
    );
    let fixed = Server::start_with(
        vec![demo_site()],
        Limits::default(),
        Some("https://api.example/pms/"),
    );
    let answer = asked(&fixed, "pms.example");
    assert!(
        answer.contains("\"https://api.example/pms/integrator/sites/"),
        "{answer}"
    );
    assert!(!answer.contains("pms.example/integrator"), "{answer}");
}

#[test]
fn requests_have_ids() {
    let own = "0d4e3c3e-6a43-4f0c-9f0a-1a2b3c4d5e6f";
    let asked = |id: &str| send(SERVER.get("metadata").header("X-Request-Id", id));
    assert_eq!(header(&asked(own), "x-request-id"), own);
    let other = header(&asked("smith-47114711"), "x-request-id");
    assert!(other.len() == 36 && !other.contains("47114711"), "{other}");
    let timing = header(&send(SERVER.get("Patient/1")), "server-timing");
    for stage in ["parse", "plan", "sql", "db", "assemble", "total"] {
        assert!(timing.contains(&format!("{stage};dur=")), "{timing}");
    }
    assert!(!timing.contains("xml"), "{timing}");
    let in_xml = SERVER
        .get("Patient/1")
        .header("Accept", "application/fhir+xml");
    assert!(header(&send(in_xml), "server-timing").contains("xml;dur="));
}

#[test]
fn the_server_says_how_it_is() {
    let text = |path: &str| {
        let response = send(CLIENT.get(SERVER.url(path)));
        assert_eq!(response.status(), 200, "{path}");
        response.text().expect("a body")
    };
    assert!(text("/health/live").contains("up"));
    let ready: Value = serde_json::from_str(&text("/health/ready")).expect("JSON");
    assert_eq!(ready["sites"][0]["id"], SITE);
    assert_eq!(ready["sites"][0]["status"], "up");
    assert!(text("/").contains("/integrator/sites/{siteId}/fhir/R4"));
    let _ = send(SERVER.get("Organization?_count=1"));
    let _ = send(SERVER.get("Smith47114711?family=Smith47114711"));
    let metrics = text("/metrics");
    assert!(
        metrics.contains(
            r#"pilaster_requests_total{interaction="search-type",resource="Organization",status="200"}"#
        ),
        "{metrics}"
    );
    assert!(metrics.contains(r#"pilaster_stage_duration_seconds_bucket{stage="db""#));
    assert!(metrics.contains("pilaster_requests_in_flight"));
    assert!(!metrics.contains("47114711"));
}

#[test]
fn outside_the_fhir_base_errors_have_their_envelope() {
    let error = |request: reqwest::blocking::RequestBuilder| {
        let response = send(request);
        let status = response.status().as_u16();
        let body: Value = response.json().expect("JSON");
        assert_eq!(body["error"]["status"], status);
        assert!(body["error"]["message"].is_string());
        (
            status,
            body["error"]["statusText"]
                .as_str()
                .expect("text")
                .to_owned(),
        )
    };
    let not_found = (404, "Not Found".to_owned());
    assert_eq!(error(CLIENT.get(SERVER.url("/nothing"))), not_found);
    assert_eq!(
        error(CLIENT.get(SERVER.url("/integrator/sites/x"))),
        not_found
    );
    assert_eq!(
        error(CLIENT.get(SERVER.url("/integrator/sites/x/fhir/R5/Patient"))),
        not_found
    );
    let wrong = error(CLIENT.post(SERVER.url("/health/live")));
    assert_eq!(wrong, (405, "Method Not Allowed".to_owned()));
}

/// Sends bytes as they are and gives back what comes until the server closes.
fn raw(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).expect("a connection");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn raw_get(server: &Server, path: &str, headers: &str) -> String {
    raw(
        server,
        &format!(
            "GET /integrator/sites/{SITE}/fhir/R4/{path} HTTP/1.1\r\nHost: x\r\n{KEY_HEADER}: {KEY}\r\n{headers}Connection: close\r\n\r\n"
        ),
    )
}

#[test]
fn a_request_has_one_host() {
    let path = format!("/integrator/sites/{SITE}/fhir/R4/Patient?_count=1");
    let asked = |version: &str, hosts: &str| {
        raw(
            &SERVER,
            &format!(
                "GET {path} HTTP/{version}\r\n{hosts}{KEY_HEADER}: {KEY}\r\nConnection: close\r\n\r\n"
            ),
        )
    };
    for (version, hosts, status) in [
        ("1.1", "Host: x\r\n", "200"),
        ("1.1", "Host: [::1]:80\r\n", "200"),
        ("1.0", "", "200"),
        ("1.1", "", "400"),
        ("1.1", "Host: x\r\nHost: y\r\n", "400"),
        ("1.1", "Host: a@b\r\n", "400"),
    ] {
        let answer = asked(version, hosts);
        assert_eq!(
            answer.split(' ').nth(1),
            Some(status),
            "{version} {hosts} {answer}"
        );
    }
}

#[test]
fn an_answer_that_no_coding_fits_is_sent_without_one() {
    for accepted in ["identity;q=0", "*;q=0", "br, identity;q=0"] {
        let response = send(
            SERVER
                .get("Practitioner?_count=1")
                .header("accept-encoding", accepted),
        );
        assert_eq!(response.status(), 200, "{accepted}");
        assert_eq!(
            response.headers().get("content-encoding"),
            None,
            "{accepted}"
        );
    }
}

#[test]
fn a_form_has_no_coding() {
    let request = SERVER
        .search("Patient", "family=smith".to_owned())
        .header("content-encoding", "gzip");
    refused(send(request), 415, "PH006");
}

#[test]
fn no_length_is_said_of_what_has_not_changed() {
    let answer = raw(
        &SERVER,
        &format!(
            "HEAD /integrator/sites/{SITE}/fhir/R4/Patient/1 HTTP/1.1\r\nHost: x\r\n{KEY_HEADER}: {KEY}\r\n\
             If-None-Match: *\r\nConnection: close\r\n\r\n"
        ),
    );
    assert!(answer.starts_with("HTTP/1.1 304 "), "{answer}");
    assert!(!answer.contains("content-length"), "{answer}");
}

#[test]
fn a_read_refuses_what_is_unknown_where_it_is_asked_to() {
    assert_eq!(send(SERVER.get("Patient/1?foo=1")).status(), 200);
    let strict = SERVER
        .get("Patient/1?foo=1")
        .header("prefer", "handling=strict");
    refused(send(strict), 400, "PP001");
}
