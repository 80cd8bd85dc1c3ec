//! Practices that answer as their commands say: `rows 3`, `fail`, `change 4`, `echo`, `big`, `hang`.

use std::sync::Arc;
use std::time::Duration;

use super::{AWAY, BERTS, CLOSED, COPY, LONELY, SITE, id};
use crate::gateway::integrator::Environment;
use crate::gateway::link::{Availability, Later, Link, Nature, Run};
use crate::gateway::service::Practice;
use crate::gateway::site::{Declared, Live, Product, SiteStatus, Standing};
use crate::passthrough::CellRef;
use crate::passthrough::call::{CallError, Called, Direction};
use crate::relation::Dialect;

struct Scripted {
    availability: Availability,
}

impl Link for Scripted {
    fn availability(&self) -> Availability {
        self.availability
    }

    fn engine(&self) -> Dialect {
        Dialect::Mssql
    }

    fn catalogues(&self) -> Vec<Arc<str>> {
        vec![Arc::from("Patients"), Arc::from("Documents")]
    }

    fn run(self: Arc<Self>, run: Run) -> Later<'static, Result<Called, CallError>> {
        Box::pin(async move {
            let text = Arc::clone(&run.call.text);
            if text.starts_with("hang") {
                std::future::pending::<()>().await;
            }
            let done = tokio::task::spawn_blocking(move || answered(run)).await;
            done.expect("no panic")
        })
    }
}

fn answered(mut run: Run) -> Result<Called, CallError> {
    if !(run.begins)(Nature::Reads) {
        return Err(CallError::Withdrawn);
    }
    let text = Arc::clone(&run.call.text);
    let mut words = text.split(' ');
    let (verb, number) = (words.next().unwrap_or_default(), words.next());
    let number: i64 = number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default();
    let mut called = Called {
        took: Duration::from_millis(12),
        ..Called::default()
    };
    match verb {
        "fail" => {
            return Err(CallError::Engine {
                code: 2812,
                message: "Could not find stored procedure 'fail'.".to_owned(),
            });
        }
        "refuse" => {
            return Err(CallError::Command(
                "parameter 1, of type Udt, is not carried".to_owned(),
            ));
        }
        "change" => called.rows_affected = Some(number),
        "echo" => {
            run.rows.begin(0, &|_| String::new());
            let all = run.call.parameters.iter().cloned();
            called.parameters = all
                .filter(|one| one.direction != Direction::Input)
                .collect();
        }
        // As many rows, each of about as many bytes.
        verb => {
            let width = if verb == "big" { 1000 } else { 1 };
            let names = ["n", "text"];
            run.rows.begin(2, &|place| names[place].to_owned());
            let text = "x".repeat(width);
            for row in 1..=number {
                for cell in [CellRef::Int(row), CellRef::Text(text.as_bytes())] {
                    run.rows.cell(cell).map_err(|_| CallError::TooLarge)?;
                }
            }
        }
    }
    Ok(called)
}

pub fn all() -> Vec<Practice> {
    let of = |site: &str, pms_id: &str, authoritative| Practice {
        declared: Declared {
            id: id(site),
            environment: Environment::Production,
            product: Product::BestPractice,
            pms_id: Some(Arc::from(pms_id)),
            authoritative,
            name: Some(Arc::from("Synthetic Practice")),
            catalogues: vec![Arc::from("Patients"), Arc::from("Documents")],
        },
        live: Box::new(|| {
            let standing = Standing {
                availability: Availability::Online,
                status: SiteStatus::Active,
            };
            Live::direct(standing, None)
        }),
        has_passthrough: site != CLOSED,
        connections: 2,
        waiting: 4,
        link: Arc::new(Scripted {
            availability: match site {
                AWAY => Availability::Unreachable,
                _ => Availability::Online,
            },
        }),
    };
    vec![
        of(SITE, "1", Some(true)),
        of(BERTS, "2", None),
        of(LONELY, "3", None),
        of(COPY, "1", Some(false)),
        of(CLOSED, "5", None),
        of(AWAY, "6", None),
    ]
}
