//! Metrics and one access line a request. Never evidence, never personal data.
//!
//! Labels are bounded: operations and reasons of the register, never a path, never a person.

use std::time::Duration;

use metrics::{counter, histogram};
use tracing::{info, warn};

use crate::domain::entry::VisitId;
use crate::domain::name::OperationId;
use crate::domain::principal::PrincipalKind;
use crate::domain::reason::Reason;

/// What telemetry may know of a request.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub visit: VisitId,
    pub operation: Option<&'a OperationId>,
    pub principal: PrincipalKind,
}

/// A request ended: counted, timed, and told in one access line.
pub fn request(seen: &Seen<'_>, reason: Option<Reason>, status: u16, took: Duration) {
    let operation = seen
        .operation
        .map_or("none", OperationId::as_str)
        .to_owned();
    let outcome = reason.map_or("answered", Reason::code);
    counter!("muhrdor_requests_total", "operation" => operation.clone(), "outcome" => outcome)
        .increment(1);
    histogram!("muhrdor_request_seconds", "operation" => operation.clone())
        .record(took.as_secs_f64());
    info!(
        target: "muhrdor::access",
        request_id = %seen.visit,
        operation,
        principal = seen.principal.as_str(),
        outcome,
        status,
        took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
    );
}

/// A no, with the sentence that only the log gets.
pub fn refused(visit: VisitId, reason: Reason, detail: &str) {
    if reason.alarms() {
        warn!(target: "muhrdor::refusal", request_id = %visit, reason = reason.code(), detail);
    } else {
        info!(target: "muhrdor::refusal", request_id = %visit, reason = reason.code(), detail);
    }
}

/// Data was about to go where it must not; someone has to look.
pub fn alarm(reason: Reason) {
    counter!("muhrdor_alarms_total", "reason" => reason.code()).increment(1);
}

/// A TLS handshake came to a connection: how far the move to post-quantum groups is.
pub fn tls_handshake(version: &'static str, group: &'static str) {
    counter!("muhrdor_tls_handshakes_total", "version" => version, "group" => group).increment(1);
}

/// A TLS handshake came to nothing.
pub fn tls_failed(reason: &'static str) {
    counter!("muhrdor_tls_failures_total", "reason" => reason).increment(1);
}

/// A connection or request that was turned away before anybody was asked anything.
pub fn turned_away(code: &'static str) {
    counter!("muhrdor_turned_away_total", "reason" => code).increment(1);
}
