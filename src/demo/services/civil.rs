//! The civil registry: who is who, and whose relative.

use std::sync::{Mutex, PoisonError};

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::demo::http::{Asked, Site, json as json_answer};
use crate::demo::people::{BOTIR, Person, person};
use crate::demo::services::assertion::Assertions;
use crate::demo::services::certificate;
use crate::demo::services::handbook::Handbook;
use crate::wire::body::Body;

/// The e-service `civil-registry`.
#[derive(Debug)]
pub struct CivilRegistry {
    assertions: Assertions,
    applications: Mutex<Vec<Value>>,
}

impl CivilRegistry {
    #[must_use]
    pub fn new(assertions: Assertions) -> Self {
        Self {
            assertions,
            applications: Mutex::default(),
        }
    }

    fn apply(&self, pinfl: &str, body: &[u8]) -> Response<Body> {
        if person(pinfl).is_none() {
            return absent();
        }
        let application: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let Some(kind) = application.get("kind").and_then(Value::as_str) else {
            let wrong = json!({ "error": "an application names its kind" });
            return json_answer(StatusCode::BAD_REQUEST, &wrong);
        };
        let mut applications = self
            .applications
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if applications.len() >= APPLICATIONS_MAX {
            let full = json!({ "error": "no more applications are taken today" });
            return json_answer(StatusCode::SERVICE_UNAVAILABLE, &full);
        }
        let taken = json!({
            "number": format!("CR-2026-{:06}", applications.len() + 1),
            "pinfl": pinfl,
            "kind": kind,
            "state": "received",
        });
        applications.push(taken.clone());
        json_answer(StatusCode::CREATED, &taken)
    }
}

impl Site for CivilRegistry {
    async fn answer(&self, asked: Asked) -> Response<Body> {
        if let Err(unvouched) = self.assertions.check(&asked).await {
            return unvouched.answer();
        }
        let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
        match (asked.method.as_str(), segments.as_slice()) {
            ("GET", ["info"]) => Handbook::answer("Civil registry"),
            ("GET", ["info", "services"]) => json_answer(StatusCode::OK, &services()),
            ("GET", ["forwarded"]) => json_answer(StatusCode::OK, &forwarded(&asked)),
            ("GET", ["records", pinfl]) => match person(pinfl) {
                Some(person) => json_answer(StatusCode::OK, &record(person)),
                None => absent(),
            },
            ("POST", ["records", pinfl, "applications"]) => self.apply(pinfl, &asked.body),
            ("POST", ["records", pinfl, "birth-certificate"]) => issue(pinfl, &asked.body),
            _ => absent(),
        }
    }
}

/// A birth certificate, and what it is in `Muhrdor-Document`. For showing what a gateway refuses,
/// `{"mistake": "other-bytes"}` gives another document under the same number, and
/// `{"mistake": "other-person"}` one about somebody else.
fn issue(pinfl: &str, body: &[u8]) -> Response<Body> {
    let wish: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let mistake = wish.get("mistake").and_then(Value::as_str);
    let about = match mistake {
        Some("other-person") => BOTIR,
        _ => pinfl,
    };
    let Some(of) = person(about) else {
        return absent();
    };
    let note = match mistake {
        Some("other-bytes") => "Takroriy nusxa / Second copy",
        _ => "",
    };
    let declared = format!(
        "number=\"{}\", kind=birth-certificate, subject=\"{}\", \
         details=(\"{}\";class=name \"{}\";class=civil-status \"{}\";class=identifier)",
        certificate::number(of),
        of.pinfl,
        of.name,
        of.born,
        of.pinfl,
    );
    let mut response = Response::new(Body::full(certificate::certificate(of, note)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    if let Ok(declared) = HeaderValue::from_str(&declared) {
        headers.insert("muhrdor-document", declared);
    }
    response
}

/// Everything on file, relatives and children included.
fn record(of: &Person) -> Value {
    let relatives = of.relatives.iter().filter_map(|(pinfl, relation)| {
        let other = person(pinfl)?;
        Some(json!({
            "pinfl": other.pinfl, "name": other.name, "relation": relation, "phone": other.phone,
        }))
    });
    let children = of.children.iter().filter_map(|pinfl| {
        let child = person(pinfl)?;
        Some(json!({ "pinfl": child.pinfl, "name": child.name, "born": child.born }))
    });
    json!({
        "pinfl": of.pinfl,
        "name": of.name,
        "born": of.born,
        "passport": of.passport,
        "address": {
            "region": "Toshkent", "district": of.district, "street": of.street, "flat": "21",
        },
        "phone": of.phone,
        "marital_status": of.marital_status,
        "relatives": relatives.collect::<Vec<_>>(),
        "children": children.collect::<Vec<_>>(),
        "registry_note": format!("for the registry only: {}", of.diagnosis),
    })
}

fn services() -> Value {
    json!({ "services": [
        { "id": "birth-certificate", "title": "Tug‘ilganlik guvohnomasi", "term_days": 1 },
        { "id": "marriage-certificate", "title": "Nikoh guvohnomasi", "term_days": 1 },
        { "id": "birth-certificate-copy", "title": "Takroriy guvohnoma", "term_days": 3 },
    ] })
}

/// What came in, by name only: shows an operator what the gateway lets through.
fn forwarded(asked: &Asked) -> Value {
    let mut names: Vec<&str> = asked.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    json!({ "method": asked.method.as_str(), "headers": names })
}

fn absent() -> Response<Body> {
    json_answer(StatusCode::NOT_FOUND, &json!({ "error": "no such record" }))
}

const APPLICATIONS_MAX: usize = 10_000;
