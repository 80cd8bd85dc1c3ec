//! Commands of a caller's own, posted on to an upstream as they are.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilaster::gateway::integrator::Login;
use pilaster::passthrough::call::json::{Bounds, JsonRows};
use pilaster::passthrough::call::{
    Call, CallError, Called, CommandType, Direction, ExecutionMode, Line, Parameter, ParameterType,
};
use pilaster::passthrough::upstream::{Options, Upstream};
use pilaster::passthrough::{Driver, Limits, PassthroughError, Watch};
use pilaster::secret::Secret;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::api::{Api, Mode};
use super::{account, options};

struct Upstreams {
    api: Api,
    driver: Upstream,
    _runtime: Runtime,
    _folder: tempfile::TempDir,
}

fn watch() -> Arc<Watch> {
    Watch::begun(Duration::from_secs(20))
}

impl Upstreams {
    fn new() -> Upstreams {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("practice.sqlite");
        crate::practice::writable(&path)
            .execute_batch("CREATE TABLE t (ID, NAME); INSERT INTO t VALUES (1, 'Zoë'), (2, NULL)")
            .unwrap();
        let api = Api::new(&path);
        let runtime = Runtime::new().unwrap();
        let options = Options {
            catalogues: vec![Arc::from("people")],
            databases: vec![Arc::from("Patients")],
            ..options(account(&api.url, None))
        };
        let driver = Upstream::new(options, &Limits::default(), runtime.handle().clone()).unwrap();
        Upstreams {
            api,
            driver,
            _runtime: runtime,
            _folder: folder,
        }
    }

    fn line(&self) -> Box<dyn Line> {
        self.driver.line(0, None, &watch()).unwrap()
    }

    /// What a command comes to where the upstream answers so, and its rows.
    fn told(&self, status: u16, body: &Value, call: &Call) -> (Result<Called, CallError>, String) {
        self.api
            .set(Mode::Say(status, String::new(), body.to_string()));
        run(&mut *self.line(), call, 1 << 20)
    }
}

fn run(line: &mut dyn Line, call: &Call, most: usize) -> (Result<Called, CallError>, String) {
    let mut data = Vec::new();
    let mut rows = JsonRows::new(Bounds::whole(most), |part| {
        data = part.data;
        Ok(())
    });
    let called = line.call(call, &watch(), &mut rows);
    let _ = rows.finish();
    (called, String::from_utf8(data).unwrap())
}

fn call(mode: ExecutionMode, text: &str) -> Call {
    Call {
        text: text.into(),
        mode,
        kind: CommandType::Text,
        parameters: Vec::new(),
        catalogue: None,
    }
}

fn successful(result: Value) -> Value {
    json!({"id": "q", "status": "successful", "metrics": {"sqlExecutionDuration": 12.5}, "result": result})
}

#[test]
fn a_command_is_posted_on_and_its_rows_come_back() {
    let upstream = Upstreams::new();
    let mut line = upstream.line();
    let mut of = call(
        ExecutionMode::Reader,
        "SELECT ID, NAME FROM t WHERE ID >= ?1 ORDER BY ID",
    );
    of.parameters = vec![Parameter {
        name: "@p".to_owned(),
        direction: Direction::Input,
        ty: ParameterType::Int,
        value: Some("1".to_owned()),
        size: None,
    }];
    let (called, rows) = run(&mut *line, &of, 1 << 20);
    assert_eq!(rows, r#"[{"ID":1,"NAME":"Zoë"},{"ID":2,"NAME":null}]"#);
    let called = called.unwrap();
    assert_eq!(called.took, Duration::from_micros(12_500));
    assert!(line.reset(), "it is a session for itself");
    let body = upstream.api.queries()[0].1.clone();
    let expected = json!({
        "text": &*of.text, "executionMode": "reader", "type": "text",
        "parameters": [{"name": "@p", "direction": "input", "type": "Int", "value": "1"}],
    });
    assert_eq!(
        (&body["command"], &body["catalogue"]),
        (&expected, &json!("Patients"))
    );
    assert!(body["maxTimeInQueue"].as_u64().unwrap() <= 20_000);
    let refused = upstream.driver.line(
        0,
        Some(&Login {
            user: "own".to_owned(),
            password: Secret::new("own"),
        }),
        &watch(),
    );
    assert_eq!(refused.map(drop), Err(PassthroughError::LoginNotCarried));
}

#[test]
fn values_come_out_as_they_came_in() {
    let upstream = Upstreams::new();
    let data = r#"[{"A":true,"B":10.50,"C":"2026-01-05T09:30:00","D":12345678901234567890.12,"A":null},
        {"A":false,"B":-0,"C":"\ud83d","D":"\u00e9","A":{"x":[1]}}]"#;
    let encoded = STANDARD.encode(data);
    let body = successful(json!({"rows": 2, "size": data.len(), "data": encoded}));
    let (called, rows) = upstream.told(200, &body, &call(ExecutionMode::Reader, "SELECT"));
    called.unwrap();
    assert_eq!(
        rows,
        r#"[{"A":true,"B":10.50,"C":"2026-01-05T09:30:00","D":12345678901234567890.12,"A_1":null},{"A":false,"B":-0,"C":"\ud83d","D":"\u00e9","A_1":{"x":[1]}}]"#
    );
    let body = successful(json!({"rows": 2, "size": 3, "data": encoded}));
    let (called, _) = upstream.told(200, &body, &call(ExecutionMode::Reader, "SELECT"));
    assert!(matches!(
        called,
        Err(CallError::Passthrough(PassthroughError::Upstream(_)))
    ));
}

#[test]
fn outputs_and_counts_are_taken_over() {
    let upstream = Upstreams::new();
    let parameter = |name: &str, direction, ty| Parameter {
        name: name.to_owned(),
        direction,
        ty,
        value: Some("given".to_owned()),
        size: Some(40),
    };
    let mut of = call(ExecutionMode::NonQuery, "dbo.Count");
    of.kind = CommandType::StoredProcedure;
    of.parameters = vec![
        parameter("@in", Direction::Input, ParameterType::NVarChar),
        parameter("Sum", Direction::Output, ParameterType::Decimal),
        parameter("@both", Direction::InputOutput, ParameterType::NVarChar),
        parameter("@absent", Direction::ReturnValue, ParameterType::Int),
    ];
    let body = successful(json!({"rowsAffected": 3, "parameters": [
        {"name": "@sum", "direction": "output", "type": "Decimal", "value": 10.5},
        {"name": "@both", "direction": "inputOutput", "type": "NVarChar", "value": "back"},
    ]}));
    let (called, rows) = upstream.told(200, &body, &of);
    let called = called.unwrap();
    assert_eq!((called.rows_affected, &*rows), (Some(3), ""));
    let values: Vec<_> = called
        .parameters
        .iter()
        .map(|it| (&*it.name, it.value.as_deref()))
        .collect();
    assert_eq!(
        values,
        [
            ("Sum", Some("10.5")),
            ("@both", Some("back")),
            ("@absent", None)
        ]
    );
    let sent = upstream.api.queries()[0].1["command"].clone();
    assert_eq!(sent["type"], "storedProcedure");
    assert_eq!(sent["executionMode"], "nonQuery");
    assert_eq!(sent["parameters"][2]["direction"], "inputOutput");
    assert_eq!(sent["parameters"][2]["size"], 40);
}

#[test]
fn what_failed_there_is_told_as_it_was() {
    let upstream = Upstreams::new();
    let reader = call(ExecutionMode::Reader, "SELECT");
    let failed = |kind: &str, code: i64| {
        json!({"status": "executionFailed",
               "errorDetails": {"errorType": kind, "errorCode": code, "errorMessage": "Near 'x'."}})
    };
    let engine = |code| {
        Err(CallError::Engine {
            code,
            message: "Near 'x'.".to_owned(),
        })
    };
    // With the status of the API, and with that of an implementation that has another.
    for status in [400, 500, 200] {
        let of = |kind, code| upstream.told(status, &failed(kind, code), &reader).0;
        assert_eq!(of("mssql", 2812), engine(2812), "{status}");
        assert_eq!(of("fbsql", 335_544_569), engine(335_544_569), "{status}");
        assert_eq!(of("sasql", -141), engine(-141), "{status}");
        assert_eq!(of("http", 413), Err(CallError::TooLarge), "{status}");
        let offline = PassthroughError::UpstreamOffline { pause: None };
        assert_eq!(of("http", 503), Err(offline.into()), "{status}");
        let agent = of("haloLink", 17).unwrap_err().to_string();
        assert!(agent.contains("17") && !agent.contains("Near"), "{agent}");
    }
    let refused = upstream.told(403, &json!({}), &reader).0;
    assert_eq!(refused, Err(PassthroughError::UpstreamRefused.into()));
    upstream.api.set(Mode::Run);
    let small = run(
        &mut *upstream.line(),
        &call(ExecutionMode::Reader, "SELECT * FROM t"),
        30,
    );
    assert_eq!(small.0, Err(CallError::TooLarge));
}
