//! One request from its head to the end of its answer: counted, timed, told in one access line.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::Response;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use tracing::{Level, enabled, info};

use crate::clock::{Clock, Monotonic};
use crate::domain::entry::VisitId;
use crate::domain::hex::digits;
use crate::domain::operation::Operation;
use crate::domain::principal::PrincipalKind;
use crate::domain::reason::{Reason, Side};
use crate::domain::service::Backend;
use crate::telemetry::list;
use crate::telemetry::spans::{Interval, Span, Spans};
use crate::telemetry::trace::Trace;

/// Counts requests, with a handle at hand for everything that was counted before.
#[derive(Debug)]
pub struct Requests {
    under_way: Gauge,
    /// Where spans go, if anybody wants them.
    spans: Option<Spans>,
    refusals: HashMap<Reason, Counter>,
    operations: RwLock<HashMap<Arc<str>, Arc<Meters>>>,
}

/// What is counted of one operation.
struct Meters {
    /// The operation, or what it is counted with.
    name: Arc<str>,
    own: Histogram,
    upstream: Histogram,
    facts: Histogram,
    sent_bytes: Counter,
    ended: RwLock<HashMap<(&'static str, &'static str), Counter>>,
}

/// What is known of a request when its head has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub protocol: &'static str,
    pub tls: &'static str,
    /// One of the methods that are let in, or `other`.
    pub method: &'static str,
}

/// How long a request stood still for others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waited {
    pub upstream: Duration,
    pub facts: Duration,
    /// When the e-service was asked.
    pub asked: Option<Monotonic>,
}

/// What the corridor found of a request, carried to its end beside its response.
#[derive(Debug, Clone)]
pub struct Found {
    pub visit: VisitId,
    pub operation: Option<Arc<Operation>>,
    pub principal: PrincipalKind,
    pub credential: &'static str,
    /// A keyed name of whoever asked, of telemetry's own: nothing else in the house knows them by it.
    pub pseudonym: Option<[u8; 8]>,
    pub reason: Option<Reason>,
    pub waited: Waited,
}

/// A request under way. However it ends, dropping this counts it and writes its line.
pub struct UnderWay {
    requests: Arc<Requests>,
    clock: Arc<dyn Clock>,
    began: Monotonic,
    asked: Asked,
    visit: Option<VisitId>,
    trace: Option<Trace>,
    /// The pattern of a public endpoint, where it went to one.
    endpoint: Option<Arc<str>>,
    /// Why it became no arrival.
    turned_away: Option<&'static str>,
    found: Option<Found>,
    status: u16,
    took: Option<Duration>,
    sent_bytes: u64,
    is_whole: bool,
}

impl Requests {
    /// Counters of the recorder that is installed now, and nobody who wants spans.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Self::telling(None)
    }

    /// The same, with somebody who does.
    #[must_use]
    pub fn telling(spans: Option<Spans>) -> Arc<Self> {
        let counted = |reason: &Reason| {
            let (code, side) = (reason.code(), side(reason.side()));
            let counter = counter!(list::REFUSALS, "reason" => code, "side" => side);
            (*reason, counter)
        };
        Arc::new(Self {
            under_way: gauge!(list::UNDER_WAY),
            spans,
            refusals: Reason::ALL.iter().map(counted).collect(),
            operations: RwLock::default(),
        })
    }

    /// A request whose head has been read.
    #[must_use]
    pub fn begin(self: &Arc<Self>, clock: &Arc<dyn Clock>, asked: Asked) -> UnderWay {
        self.under_way.increment(1.0);
        UnderWay {
            requests: Arc::clone(self),
            clock: Arc::clone(clock),
            began: clock.monotonic(),
            asked,
            visit: None,
            trace: None,
            endpoint: None,
            turned_away: None,
            found: None,
            status: 0,
            took: None,
            sent_bytes: 0,
            is_whole: false,
        }
    }

    /// Whether a trace that begins with this request is told of.
    #[must_use]
    pub fn samples(&self, visit: VisitId) -> bool {
        self.spans.as_ref().is_some_and(|s| s.samples(visit))
    }

    fn meters(&self, operation: &str) -> Arc<Meters> {
        let known = self
            .operations
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(meters) = known.get(operation) {
            return Arc::clone(meters);
        }
        let is_full = known.len() >= OPERATIONS_MAX;
        drop(known);
        let operation = if is_full { OTHER } else { operation };
        let mut operations = self
            .operations
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let made = operations
            .entry(Arc::from(operation))
            .or_insert_with_key(|operation| Arc::new(Meters::of(operation)));
        Arc::clone(made)
    }
}

impl Meters {
    fn of(operation: &Arc<str>) -> Self {
        let name = Arc::clone(operation);
        let operation = || name.to_string();
        Self {
            own: histogram!(list::OWN, "operation" => operation()),
            upstream: histogram!(list::UPSTREAM, "operation" => operation()),
            facts: histogram!(list::FACTS, "operation" => operation()),
            sent_bytes: counter!(list::SENT_BYTES, "operation" => operation()),
            ended: RwLock::default(),
            name,
        }
    }

    fn ended(&self, outcome: &'static str, protocol: &'static str) {
        let key = (outcome, protocol);
        let known = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(&key) {
            return counter.increment(1);
        }
        drop(known);
        let labels = [
            ("operation", self.name.to_string()),
            ("outcome", outcome.to_owned()),
            ("protocol", protocol.to_owned()),
        ];
        let counter = counter!(list::REQUESTS, &labels);
        counter.increment(1);
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        ended.insert(key, counter);
    }
}

impl UnderWay {
    /// It became an arrival: with this number, in this trace, for this public endpoint if one.
    pub fn arrived(&mut self, visit: VisitId, trace: Trace, endpoint: Option<&Arc<str>>) {
        self.visit = Some(visit);
        self.trace = Some(trace);
        self.endpoint = endpoint.map(Arc::clone);
    }

    /// It became none, for the reason with this code.
    pub const fn turned_away(&mut self, code: &'static str) {
        self.turned_away = Some(code);
    }

    /// Its answer has a head.
    pub fn answered<B>(&mut self, response: &mut Response<B>) {
        self.found = response.extensions_mut().remove::<Found>();
        self.status = response.status().as_u16();
        self.took = Some(self.clock.monotonic().since(self.began));
    }

    /// The whole of its answer is at hand and goes out at once.
    pub const fn sent(&mut self, bytes: u64) {
        self.sent_bytes = bytes;
        self.is_whole = true;
    }

    /// More of its answer was taken.
    pub(super) const fn sending(&mut self, bytes: u64, is_whole: bool) {
        self.sent_bytes += bytes;
        self.is_whole = is_whole;
    }

    fn outcome(&self) -> &'static str {
        let reason = self.found.as_ref().and_then(|found| found.reason);
        match (reason, self.turned_away) {
            (Some(reason), _) => reason.code(),
            (None, Some(code)) => code,
            (None, None) if self.took.is_none() => "client_gone",
            (None, None) => "answered",
        }
    }

    fn operation(&self) -> &str {
        let operation = self.found.as_ref().and_then(|f| f.operation.as_ref());
        match (operation, &self.endpoint) {
            (Some(operation), _) => operation.id.as_str(),
            (None, Some(endpoint)) => endpoint,
            (None, None) => NONE,
        }
    }

    /// Waiting for what is in the house is our own time.
    fn waited(&self) -> Waited {
        let Some(found) = &self.found else {
            return Waited::default();
        };
        let operation = found.operation.as_ref();
        let in_house = operation.is_some_and(|o| matches!(o.service.backend, Backend::InHouse));
        Waited {
            upstream: if in_house {
                Duration::ZERO
            } else {
                found.waited.upstream
            },
            ..found.waited
        }
    }

    fn span(&self, trace: &Trace, waited: Waited) -> Span {
        let took = self.clock.monotonic().since(self.began);
        let time = Interval::until(self.clock.now(), took);
        let asked = waited.asked.filter(|_| !waited.upstream.is_zero());
        Span {
            trace: trace.clone(),
            time,
            onward: asked.map(|at| time.part(at.since(self.began), waited.upstream)),
            asked: self.asked,
            operation: self.operation().to_owned(),
            outcome: self.outcome(),
            status: self.status,
            sent_bytes: self.sent_bytes,
        }
    }

    fn count(&self, took: Duration, waited: Waited) {
        let meters = self.requests.meters(self.operation());
        meters.ended(self.outcome(), self.asked.protocol);
        let own = took.saturating_sub(waited.upstream + waited.facts);
        meters.own.record(own.as_secs_f64());
        for (waited, histogram) in [
            (waited.upstream, &meters.upstream),
            (waited.facts, &meters.facts),
        ] {
            if !waited.is_zero() {
                histogram.record(waited.as_secs_f64());
            }
        }
        meters.sent_bytes.increment(self.sent_bytes);
        let reason = self.found.as_ref().and_then(|found| found.reason);
        if let Some(refusals) = reason.and_then(|reason| self.requests.refusals.get(&reason)) {
            refusals.increment(1);
        }
    }

    fn tell(&self, took: Duration, waited: Waited) {
        let found = self.found.as_ref();
        let operation = found.and_then(|f| f.operation.as_ref());
        let prefix = operation.map_or("", |o| o.service.prefix.as_str());
        let template = operation.map_or("", |o| o.template.as_str());
        let endpoint = self.endpoint.as_deref().unwrap_or_default();
        let name = found.and_then(|f| f.pseudonym);
        info!(
            target: ACCESS,
            request_id = self.visit.map(tracing::field::display),
            trace_id = self.trace.as_ref().map(|trace| digits(&trace.id)),
            method = self.asked.method,
            path = %format_args!("{prefix}{template}{endpoint}"),
            operation = self.operation(),
            principal = found.map_or("none", |f| f.principal.as_str()),
            credential = found.map_or("none", |f| f.credential),
            pseudonym = name.map(|name| digits(&name)),
            status = self.status,
            outcome = self.outcome(),
            own_us = micros(took.saturating_sub(waited.upstream + waited.facts)),
            upstream_us = micros(waited.upstream),
            facts_us = micros(waited.facts),
            sent_bytes = self.sent_bytes,
            sent_whole = self.is_whole,
            sent_us = micros(self.clock.monotonic().since(self.began)),
            protocol = self.asked.protocol,
            tls = self.asked.tls,
        );
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let since = || self.clock.monotonic().since(self.began);
        let took = self.took.unwrap_or_else(since);
        let waited = self.waited();
        self.requests.under_way.decrement(1.0);
        self.count(took, waited);
        if enabled!(target: ACCESS, Level::INFO) {
            self.tell(took, waited);
        }
        let trace = self.trace.as_ref().filter(|trace| trace.is_sampled);
        if let (Some(spans), Some(trace)) = (&self.requests.spans, trace) {
            spans.offer(self.span(trace, waited));
        }
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meters")
    }
}

impl fmt::Debug for UnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnderWay")
            .field("visit", &self.visit)
            .finish_non_exhaustive()
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Caller => "caller",
        Side::Upstream => "upstream",
        Side::Gateway => "gateway",
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

/// The target of access lines.
const ACCESS: &str = "muhrdor::access";
/// What was for no operation.
const NONE: &str = "none";
/// Operations beyond the bound, together.
pub(super) const OTHER: &str = "other";
/// Operations that are counted apart; bundles that come and go bring new ones.
pub(super) const OPERATIONS_MAX: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_beyond_the_bound_are_counted_together() {
        let requests = Requests::new();
        for number in 0..OPERATIONS_MAX + 10 {
            requests.meters(&format!("operation-{number}"));
        }
        let counted = requests.operations.read().unwrap();
        assert_eq!(counted.len(), OPERATIONS_MAX + 1);
        assert!(counted.contains_key(OTHER));
    }
}
