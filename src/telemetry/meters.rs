//! What is counted beside requests: connections, alarms, the writers of history, how much there is
//! of everything that has a bound.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::domain::reason::Reason;
use crate::telemetry::list;

/// Data was about to go where it must not; someone has to look.
pub fn alarm(reason: Reason) {
    counter!(list::ALARMS, "reason" => reason.code()).increment(1);
}

/// A TLS handshake came to a connection: how far the move to post-quantum groups is.
pub fn tls_handshake(version: &'static str, group: &'static str) {
    counter!(list::TLS_HANDSHAKES, "version" => version, "group" => group).increment(1);
}

/// A TLS handshake came to nothing.
pub fn tls_failed(reason: &'static str) {
    counter!(list::TLS_FAILURES, "reason" => reason).increment(1);
}

/// A connection or request that was turned away before anybody was asked anything.
pub fn turned_away(code: &'static str) {
    counter!(list::TURNED_AWAY, "reason" => code).increment(1);
}

/// Counts a connection as open until it is dropped.
#[derive(Debug)]
pub struct Connected(Gauge);

impl Connected {
    /// A connection that came through its handshake.
    #[must_use]
    pub fn new(protocol: &'static str, tls: &'static str) -> Self {
        counter!(list::CONNECTIONS_TOTAL, "protocol" => protocol, "tls" => tls).increment(1);
        let open = gauge!(list::CONNECTIONS, "protocol" => protocol);
        open.increment(1.0);
        Self(open)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// The commits of one writer of history.
#[derive(Debug, Clone)]
pub struct Commits {
    written: Counter,
    took: Histogram,
}

impl Commits {
    /// Of the journal's ledger.
    #[must_use]
    pub fn of_journal() -> Self {
        Self {
            written: counter!(list::JOURNAL_ENTRIES),
            took: histogram!(list::JOURNAL_COMMIT),
        }
    }

    /// Of the Merkle log with this name.
    #[must_use]
    pub fn of_log(name: &str) -> Self {
        let name = name.to_owned();
        Self {
            written: counter!(list::LOG_LEAVES, "log" => name.clone()),
            took: histogram!(list::LOG_COMMIT, "log" => name),
        }
    }

    /// So many were written together.
    pub fn committed(&self, written: usize, took: Duration) {
        self.written.increment(written as u64);
        self.took.record(took.as_secs_f64());
    }
}

/// What an upstream's endpoints are doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpstreamState {
    pub open: usize,
    pub ejected: usize,
    pub unhealthy: usize,
    pub under_way: usize,
    pub pending: usize,
    pub idle_connections: usize,
}

/// How an upstream is. Called before the metrics are read.
pub fn upstream(name: &str, state: &UpstreamState) {
    for (word, count) in [
        ("open", state.open),
        ("ejected", state.ejected),
        ("unhealthy", state.unhealthy),
    ] {
        let labels = [("upstream", name.to_owned()), ("state", word.to_owned())];
        gauge!(list::ENDPOINTS, &labels).set(number(count));
    }
    for (word, count) in [("under_way", state.under_way), ("pending", state.pending)] {
        let labels = [("upstream", name.to_owned()), ("state", word.to_owned())];
        gauge!(list::UPSTREAM_REQUESTS, &labels).set(number(count));
    }
    gauge!(list::UPSTREAM_IDLE, "upstream" => name.to_owned()).set(number(state.idle_connections));
}

/// How much there is of what has a bound.
#[derive(Debug, Clone, Copy, Default)]
pub struct Levels {
    pub journal_queue_entries: usize,
    pub address_keys: usize,
    pub principal_keys: usize,
    pub sessions_remembered: usize,
    /// Unknown where nothing is kept on a disk.
    pub store_free_bytes: Option<u64>,
}

/// Called before the metrics are read.
pub fn levels(levels: &Levels) {
    gauge!(list::JOURNAL_QUEUE).set(number(levels.journal_queue_entries));
    gauge!(list::LIMIT_KEYS, "limit" => "address").set(number(levels.address_keys));
    gauge!(list::LIMIT_KEYS, "limit" => "principal").set(number(levels.principal_keys));
    gauge!(list::SESSIONS).set(number(levels.sessions_remembered));
    if let Some(free) = levels.store_free_bytes {
        gauge!(list::STORE_FREE).set(number(usize::try_from(free).unwrap_or(usize::MAX)));
    }
}

/// A look for a newer list of revoked certificates of this realm came to nothing.
pub fn list_failed(realm: &str) {
    counter!(list::LIST_FAILED, "realm" => realm.to_owned()).increment(1);
}

/// What a responder of OCSP said to this realm.
pub fn ocsp(realm: &str, outcome: &'static str) {
    let labels = [("realm", realm.to_owned()), ("outcome", outcome.to_owned())];
    counter!(list::OCSP, &labels).increment(1);
}

/// How old a list of revoked certificates is and how long it holds, in milliseconds. Called before
/// the metrics are read.
pub fn list(realm: &str, number: usize, age_ms: i64, left_ms: i64) {
    let labels = [("realm", realm.to_owned()), ("list", number.to_string())];
    gauge!(list::LIST_AGE, &labels).set(seconds(age_ms));
    gauge!(list::LIST_LEFT, &labels).set(seconds(left_ms));
}

/// A limit that is shared was judged by this process's own part of it.
pub fn limit_alone(limit: &'static str) {
    counter!(list::LIMIT_ALONE, "limit" => limit).increment(1);
}

/// Whether limits are shared with other processes now.
pub fn limits_shared(are_shared: bool) {
    gauge!(list::LIMITS_SHARED).set(if are_shared { 1.0 } else { 0.0 });
}

/// Which part of the requests is turned away because the runtime is late.
pub fn shed(percent: u32) {
    gauge!(list::SHED).set(f64::from(percent));
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn number(count: usize) -> f64 {
    count as f64
}
