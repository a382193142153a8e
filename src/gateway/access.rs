//! Whose data a request asks for, what is asked of policy, and what of the request may go on.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::ORIGIN;

use crate::domain::fact::{Facts, Presented};
use crate::domain::operation::{Operation, SubjectAt};
use crate::domain::person::{Person, Pinfl};
use crate::domain::principal::Principal;
use crate::domain::purpose::Claim;
use crate::domain::reason::Reason;
use crate::gateway::refusal::Refusal;
use crate::identity::Identified;
use crate::keys::Pseudonym;
use crate::policy::{Ask, Permit};
use crate::register::Route;
use crate::upstream::Onward;
use crate::wire::arrival::Arrival;
use crate::wire::cookie::Cookies;
use crate::wire::grpc;
use crate::wire::path::Target;
use crate::wire::tunnel::Upgrade;
use crate::wire::tunnel::handshake::{Handshake, HandshakeError};

/// The person the request is about, where its operation is about one person.
///
/// # Errors
/// `subject_unclear` when the place the register names holds no PINFL, or holds two;
/// `document_not_presented` when it is a document that is not open.
pub(super) fn subject(
    route: &Route,
    target: &Target,
    principal: &Principal,
    pseudonym: &Pseudonym,
    presented: Option<&Presented>,
) -> Result<Option<Person>, Refusal> {
    let unclear = |what: &str| Refusal::new(Reason::SubjectUnclear, what);
    let given: Cow<'_, str> = match &route.operation().subject {
        SubjectAt::Nobody | SubjectAt::Answer => return Ok(None),
        SubjectAt::Principal => return Ok(principal.person().copied()),
        SubjectAt::Document(_) => {
            let what = "the document's access code was not shown, or long ago";
            let presented =
                presented.ok_or_else(|| Refusal::new(Reason::DocumentNotPresented, what))?;
            return Ok(Some(presented.holder));
        }
        SubjectAt::Path(capture) => route
            .capture(capture)
            .ok_or_else(|| unclear("the path names no person"))?
            .into(),
        SubjectAt::Query(parameter) => target
            .query_value(parameter)
            .map_err(|_| unclear("the query names a person twice or unreadably"))?
            .ok_or_else(|| unclear("the query names no person"))?,
    };
    let pinfl = Pinfl::parse(&given).map_err(|cause| unclear(&cause.to_string()))?;
    Ok(Some(Person {
        id: pseudonym.person(&pinfl),
        pinfl,
    }))
}

/// What of the claim matters here: an operation that serves no purpose asks no register about a
/// case.
pub(super) fn claim(route: &Route, caller: &Identified) -> Claim {
    if route.operation().purposes.is_empty() {
        return Claim::default();
    }
    caller.claim().clone()
}

/// The question to policy: only what the steps before have proved goes into it.
pub(super) fn ask<'a>(
    route: &Route,
    caller: &Identified,
    subject: Option<Person>,
    facts: &'a Facts,
    arrival: &Arrival,
) -> Ask<'a> {
    Ask {
        visit: arrival.visit,
        operation: Arc::clone(route.operation()),
        target: route.upstream_target().clone(),
        principal: caller.principal().clone(),
        subject,
        claim: caller.claim().clone(),
        facts,
        channel: arrival.peer.channel,
        now: arrival.at,
    }
}

/// The origin that may read the answer, where the register names it (Fetch standard, CORS).
pub(super) fn origin(arrival: &Arrival, permit: &Permit) -> Option<HeaderValue> {
    let origin = arrival.headers.get(ORIGIN)?;
    let allowed = &permit.operation().service.cors_origins;
    allowed
        .iter()
        .any(|allowed| allowed.as_bytes() == origin.as_bytes())
        .then(|| origin.clone())
}

/// How long a call of gRPC may take as a whole: as long as the caller waits, and as the operation
/// allows.
///
/// # Errors
/// `bad_header` when the caller's word on it does not read.
pub(super) fn deadline(
    arrival: &Arrival,
    operation: &Operation,
) -> Result<Option<Duration>, Refusal> {
    if !operation.is_grpc() {
        return Ok(None);
    }
    let asked = grpc::timeout(&arrival.headers)
        .map_err(|cause| Refusal::new(Reason::BadHeader, cause.to_string()))?;
    let longest = Duration::from_millis(u64::from(operation.flow.stream_ms_max));
    Ok(Some(asked.map_or(longest, |asked| asked.min(longest))))
}

/// What a client says to open a WebSocket, where the operation is one: with the subprotocols that
/// the register lists, in the client's order.
fn handshake(arrival: &Arrival, operation: &Operation) -> Result<Option<Handshake>, Refusal> {
    let bad = |cause: HandshakeError| {
        let reason = match cause {
            HandshakeError::Version => Reason::UpgradeNeeded,
            HandshakeError::Key | HandshakeError::Subprotocols | HandshakeError::Body => {
                Reason::BadHandshake
            }
        };
        Refusal::new(reason, cause.to_string())
    };
    let Some(websocket) = &operation.flow.upgrade else {
        // On HTTP/1.1 a wish to leave it may be ignored; a CONNECT has no other meaning.
        let what = "the operation is no WebSocket";
        return match arrival.upgrade {
            Some(Upgrade::Http2) => Err(Refusal::new(Reason::BadHandshake, what)),
            Some(Upgrade::Http1) | None => Ok(None),
        };
    };
    let what = "the operation is a WebSocket";
    let upgrade = arrival
        .upgrade
        .ok_or_else(|| Refusal::new(Reason::UpgradeNeeded, what))?;
    if !http_body::Body::is_end_stream(&arrival.body) {
        return Err(bad(HandshakeError::Body));
    }
    let mut handshake = Handshake::read(&arrival.headers, upgrade).map_err(bad)?;
    let listed = |one: &String| websocket.subprotocols.contains(one);
    handshake.subprotocols.retain(listed);
    Ok(Some(handshake))
}

/// The parts of the request that may go on, the allow-list of the operation still to come.
///
/// # Errors
/// `bad_cookie` when the cookies do not read; `upgrade_needed` or `bad_handshake` where an
/// operation is a WebSocket and the request opens none.
pub(super) fn onward(arrival: Arrival, route: &Route) -> Result<Onward, Refusal> {
    let cookies = Cookies::read(&arrival.headers)
        .map_err(|cause| Refusal::new(Reason::BadCookie, cause.to_string()))?;
    let handshake = handshake(&arrival, route.operation())?;
    let deadline = deadline(&arrival, route.operation())?;
    let captures = route
        .captures()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let certificate = arrival.certificate;
    let certificate = certificate.filter(|_| route.operation().assertion_certificate);
    Ok(Onward {
        visit: arrival.visit,
        certificate,
        method: arrival.method,
        headers: arrival.headers,
        body: arrival.body,
        peer: arrival.peer,
        host: arrival.host,
        cookies,
        captures: captures.collect(),
        handshake: handshake.map(Box::new),
        deadline,
        target: arrival.target,
    })
}
