//! The pension fund's own system: which cases are open, who is assigned, which mandates hold.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use http::{Response, StatusCode};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::demo::http::{Asked, Site, json as json_answer};
use crate::demo::people::{CASES, CONSENTS, Case, MANDATES, Official, official, person};
use crate::wire::body::Body;

/// The body's own system. The gateway asks it with one secret, a clerk's program with another.
pub struct BodySystem {
    facts_secret: String,
    clerk_secret: String,
    closed: Mutex<BTreeSet<&'static str>>,
}

impl std::fmt::Debug for BodySystem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BodySystem")
    }
}

impl BodySystem {
    #[must_use]
    pub fn new(facts_secret: String, clerk_secret: String) -> Self {
        let closed = CASES
            .iter()
            .filter(|case| !case.open)
            .map(|case| case.number)
            .collect();
        Self {
            facts_secret,
            clerk_secret,
            closed: Mutex::new(closed),
        }
    }

    fn case(&self, number: &str) -> Option<Value> {
        let case = CASES.iter().find(|case| case.number == number)?;
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        Some(case_json(case, !closed.contains(case.number)))
    }

    fn close(&self, number: &str) -> Option<Value> {
        let case = CASES.iter().find(|case| case.number == number)?;
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        closed.insert(case.number);
        Some(json!({ "number": case.number, "open": false }))
    }

    fn found(&self, asked: &Asked) -> Option<Value> {
        let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["cases", number] => self.case(number),
            ["staff", number] => official(number).map(staff_json),
            ["persons", pinfl] => person(pinfl).map(|of| {
                json!({
                    "protected": of.protected, "restricted": of.restricted, "minor": of.minor,
                })
            }),
            ["mandates"] => asked.parameter("holder").map(mandates),
            ["consents"] => asked
                .parameter("subject")
                .zip(asked.parameter("recipient"))
                .map(consents),
            _ => None,
        }
    }
}

impl Site for BodySystem {
    async fn answer(&self, asked: Asked) -> Response<Body> {
        let clerk = presents(&asked, &self.clerk_secret);
        if !clerk && !presents(&asked, &self.facts_secret) {
            return json_answer(StatusCode::UNAUTHORIZED, &json!({ "error": "who are you" }));
        }
        let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
        let found = match (asked.method.as_str(), segments.as_slice()) {
            ("POST", ["cases", number, "close"]) if clerk => self.close(number),
            ("GET", _) => self.found(&asked),
            _ => None,
        };
        match found {
            Some(answer) => json_answer(StatusCode::OK, &answer),
            None => json_answer(StatusCode::NOT_FOUND, &json!({ "error": "not known here" })),
        }
    }
}

fn presents(asked: &Asked, secret: &str) -> bool {
    let given = asked
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "));
    given.is_some_and(|given| {
        digest(&SHA256, given.as_bytes()).as_ref() == digest(&SHA256, secret.as_bytes()).as_ref()
    })
}

fn case_json(case: &Case, open: bool) -> Value {
    json!({
        "number": case.number,
        "agency": case.agency,
        "purpose": case.purpose,
        "open": open,
        "subject": case.subject,
        "assignees": case.assignees,
    })
}

fn staff_json(of: &Official) -> Value {
    json!({
        "official": of.number,
        "active": of.active,
        "trained_until": of.trained_until,
        "roles": of.roles,
        "agency": of.agency,
        "department": of.department,
        "position": of.position,
    })
}

fn mandates(holder: &str) -> Value {
    let held = MANDATES
        .iter()
        .filter(|mandate| mandate.holder == holder)
        .map(|mandate| {
            json!({
                "id": mandate.id,
                "holder": mandate.holder,
                "subject": mandate.subject,
                "purposes": mandate.purposes,
                "valid_until": mandate.valid_until,
            })
        });
    json!({ "mandates": held.collect::<Vec<_>>() })
}

fn consents((subject, recipient): (&str, &str)) -> Value {
    let given = CONSENTS
        .iter()
        .filter(|consent| consent.subject == subject && consent.recipient == recipient)
        .map(|consent| {
            json!({
                "id": consent.id,
                "subject": consent.subject,
                "recipient": consent.recipient,
                "purposes": consent.purposes,
                "classes": consent.classes,
                "valid_until": consent.valid_until,
                "withdrawn": consent.withdrawn,
            })
        });
    json!({ "consents": given.collect::<Vec<_>>() })
}
