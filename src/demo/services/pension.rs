//! The pension fund: what a person earns, where, and in what state of health.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::demo::http::{Asked, Site, json as json_answer};
use crate::demo::people::{BOTIR, FARRUKH, PERSONS, Person, person};
use crate::demo::services::assertion::Assertions;
use crate::demo::services::handbook::Handbook;
use crate::wire::body::Body;

/// The e-service `pension-fund`. One of its records is wired to the wrong person, as happens.
#[derive(Debug)]
pub struct PensionFund {
    assertions: Assertions,
}

impl PensionFund {
    #[must_use]
    pub const fn new(assertions: Assertions) -> Self {
        Self { assertions }
    }
}

impl Site for PensionFund {
    async fn answer(&self, asked: Asked) -> Response<Body> {
        if let Err(unvouched) = self.assertions.check(&asked).await {
            return unvouched.answer();
        }
        let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
        let found = match (asked.method.as_str(), segments.as_slice()) {
            ("GET", ["info"]) => return Handbook::answer("Pension fund"),
            ("GET", ["records", pinfl]) => on_file(pinfl).map(record),
            ("GET", ["records", pinfl, "income"]) => on_file(pinfl).map(income),
            ("GET", ["payees"]) => Some(payees()),
            _ => None,
        };
        match found {
            Some(answer) => json_answer(StatusCode::OK, &answer),
            None => json_answer(StatusCode::NOT_FOUND, &json!({ "error": "no such record" })),
        }
    }
}

/// Who is found under a number: Farrukh's index entry points at Botir.
fn on_file(pinfl: &str) -> Option<&'static Person> {
    person(if pinfl == FARRUKH { BOTIR } else { pinfl })
}

fn record(of: &Person) -> Value {
    json!({
        "pinfl": of.pinfl,
        "name": of.name,
        "monthly_income": of.monthly_income,
        "employer": of.employer,
        "employed_since": of.employed_since,
        "health": { "diagnosis": of.diagnosis, "disability_group": "III" },
        "phone": of.phone,
        "pension": { "kind": "disability", "state": "assessing" },
        "clerk_note": format!("earns {}, suffers {}", of.monthly_income, of.diagnosis),
    })
}

fn income(of: &Person) -> Value {
    json!({ "pinfl": of.pinfl, "monthly_income": of.monthly_income })
}

/// Records of several persons in one answer.
fn payees() -> Value {
    let adults = PERSONS.iter().filter(|person| !person.minor);
    json!({ "payees": adults.map(record).collect::<Vec<_>>() })
}
