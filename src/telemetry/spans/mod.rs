//! One span a request, on its way to a collector of traces.
//!
//! In: requests that ended and are of a trace that is told of. Out: a bounded queue of spans, and how
//! they are written. Invariants: what a span says are ids, moments, numbers and the closed words of the
//! access line, never a path, never a person; offering one never waits, and one for which there is no
//! room is counted and gone. Deliberately absent: the way to the collector.

#[cfg(feature = "otlp")]
pub mod encoding;

use std::time::Duration;

use metrics::counter;
use tokio::sync::mpsc;

use crate::domain::entry::VisitId;
use crate::domain::time::Timestamp;
use crate::telemetry::list;
use crate::telemetry::requests::Asked;
use crate::telemetry::trace::Trace;

/// A request that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub trace: Trace,
    pub time: Interval,
    /// Waiting for the e-service, where it was asked.
    pub onward: Option<Interval>,
    pub asked: Asked,
    pub operation: String,
    pub outcome: &'static str,
    pub status: u16,
    pub sent_bytes: u64,
}

/// In nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    pub began_ns: u64,
    pub ended_ns: u64,
}

/// Where ended requests leave their spans.
#[derive(Debug, Clone)]
pub struct Spans {
    queue: mpsc::Sender<Span>,
    /// Of a hundred traces that begin here, so many are told of.
    sample_percent: u8,
}

impl Interval {
    /// What took so long and has ended now.
    pub(super) fn until(now: Timestamp, took: Duration) -> Self {
        let now = u64::try_from(now.unix_ms()).unwrap_or_default();
        let ended_ns = now.saturating_mul(1_000_000);
        Self {
            began_ns: ended_ns.saturating_sub(nanos(took)),
            ended_ns,
        }
    }

    /// What began so long after this and took so long.
    pub(super) fn part(self, after: Duration, took: Duration) -> Self {
        let began_ns = self.began_ns.saturating_add(nanos(after));
        Self {
            began_ns,
            ended_ns: began_ns.saturating_add(nanos(took)),
        }
    }
}

impl Spans {
    /// A queue for at most so many, and its other end.
    #[must_use]
    pub fn queue(spans_max: usize, sample_percent: u8) -> (Self, mpsc::Receiver<Span>) {
        let (queue, waiting) = mpsc::channel(spans_max);
        let spans = Self {
            queue,
            sample_percent,
        };
        (spans, waiting)
    }

    /// Whether a trace that begins with this request is told of. Its number was drawn by chance.
    #[must_use]
    pub fn samples(&self, visit: VisitId) -> bool {
        let number = u128::from_be_bytes(*visit.as_bytes());
        number % 100 < u128::from(self.sample_percent)
    }

    pub(super) fn offer(&self, span: Span) {
        if self.queue.try_send(span).is_err() {
            told(Told::Dropped, 1);
        }
    }
}

fn nanos(took: Duration) -> u64 {
    u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)
}

/// What became of spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The collector took them.
    Taken,
    /// There was no room in the queue.
    Dropped,
    /// The collector did not take them.
    Refused,
}

/// Counts what became of so many spans.
pub fn told(told: Told, spans: u64) {
    let outcome = match told {
        Told::Taken => "taken",
        Told::Dropped => "dropped",
        Told::Refused => "refused",
    };
    counter!(list::SPANS, "outcome" => outcome).increment(spans);
}
