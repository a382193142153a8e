//! Every metric there is: its name, its labels, what it says. Nothing is counted beside this list.

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    /// Observations in seconds, in [`BUCKETS_SECONDS`].
    Histogram,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub labels: &'static [&'static str],
    pub says: &'static str,
}

macro_rules! metrics {
    ($($CONST:ident = $name:literal, $kind:ident, [$($label:literal),*], $says:literal;)*) => {
        $(pub(crate) const $CONST: &str = $name;)*

        /// All of them, in the order of the way of a request.
        pub const METRICS: &[Metric] = &[$(Metric {
            name: $name,
            kind: Kind::$kind,
            labels: &[$($label),*],
            says: $says,
        },)*];
    };
}

metrics! {
    TLS_HANDSHAKES = "muhrdor_tls_handshakes_total", Counter, ["version", "group"],
        "handshakes that came to a connection: how far the move to post-quantum groups is";
    TLS_FAILURES = "muhrdor_tls_failures_total", Counter, ["reason"],
        "handshakes that came to nothing";
    CONNECTIONS = "muhrdor_connections", Gauge, ["protocol"],
        "connections that are open";
    CONNECTIONS_TOTAL = "muhrdor_connections_total", Counter, ["protocol", "tls"],
        "connections that came through their handshake";
    TURNED_AWAY = "muhrdor_turned_away_total", Counter, ["reason"],
        "connections and requests that were turned away before anybody was asked anything";
    UNDER_WAY = "muhrdor_requests_under_way", Gauge, [],
        "requests between their head and the end of their answer";
    REQUESTS = "muhrdor_requests_total", Counter, ["operation", "outcome", "protocol"],
        "requests that ended: answered, refused with a code, or left by their client";
    REFUSALS = "muhrdor_refusals_total", Counter, ["reason", "side"],
        "refusals, and who has to do something about them";
    OWN = "muhrdor_own_seconds", Histogram, ["operation"],
        "from a request's head to its answer's, without the waiting for e-services and facts";
    UPSTREAM = "muhrdor_upstream_seconds", Histogram, ["operation"],
        "waiting for an e-service: connection, answer, a body that is read whole; for a write \
         also for the client's own body";
    FACTS = "muhrdor_facts_seconds", Histogram, ["operation"],
        "waiting for the bodies' registers of facts";
    SENT_BYTES = "muhrdor_sent_bytes_total", Counter, ["operation"],
        "bytes of answers' bodies that were sent";
    STREAMS = "muhrdor_streams", Gauge, ["operation", "kind"],
        "streams of events, WebSockets and calls of gRPC that are open";
    STREAMS_ENDED = "muhrdor_streams_ended_total", Counter, ["operation", "kind", "reason"],
        "the same that ended: closed by a side, broken off by the e-service, left by the client, \
         idle or open for too long, not allowed any more, drained";
    SPANS = "muhrdor_spans_total", Counter, ["outcome"],
        "spans of traces that the collector took, did not take (refused), or for which there was no \
         room (dropped)";
    ALARMS = "muhrdor_alarms_total", Counter, ["reason"],
        "data was about to go where it must not";
    ENDPOINTS = "muhrdor_upstream_endpoints", Gauge, ["upstream", "state"],
        "endpoints of an upstream that are asked (open), taken out for failing (ejected), or not \
         answering probes (unhealthy)";
    UPSTREAM_REQUESTS = "muhrdor_upstream_requests", Gauge, ["upstream", "state"],
        "requests under way at an upstream, and requests that wait for a connection (pending)";
    UPSTREAM_IDLE = "muhrdor_upstream_idle_connections", Gauge, ["upstream"],
        "connections to an upstream that wait for a request";
    JOURNAL_QUEUE = "muhrdor_journal_queue_entries", Gauge, [],
        "entries that wait to be written";
    JOURNAL_ENTRIES = "muhrdor_journal_entries_total", Counter, [],
        "entries written, durable";
    JOURNAL_COMMIT = "muhrdor_journal_commit_seconds", Histogram, [],
        "one commit of the ledger, to the end of its fsync";
    LOG_LEAVES = "muhrdor_log_leaves_total", Counter, ["log"],
        "leaves written to a Merkle log";
    LOG_COMMIT = "muhrdor_log_commit_seconds", Histogram, ["log"],
        "one commit of a Merkle log, to its public checkpoint";
    LIMIT_KEYS = "muhrdor_limit_keys", Gauge, ["limit"],
        "addresses, and principals by operation, that are being counted";
    LIMIT_ALONE = "muhrdor_limit_alone_total", Counter, ["limit"],
        "requests judged by this process's own part of a limit that is shared";
    LIMITS_SHARED = "muhrdor_limits_shared", Gauge, [],
        "1 while limits are counted together with other processes";
    SHED = "muhrdor_shed_percent", Gauge, [],
        "hundredths of the requests that are turned away because the runtime is late";
    SESSIONS = "muhrdor_sessions_remembered", Gauge, [],
        "sessions that were opened a moment ago";
    LIST_AGE = "muhrdor_certificate_list_age_seconds", Gauge, ["realm", "list"],
        "how long ago a list of revoked certificates was made";
    LIST_LEFT = "muhrdor_certificate_list_left_seconds", Gauge, ["realm", "list"],
        "how long it still holds; below 0 it says nothing any more";
    LIST_FAILED = "muhrdor_certificate_list_failed_total", Counter, ["realm"],
        "looks for a newer list that came to nothing";
    OCSP = "muhrdor_ocsp_total", Counter, ["realm", "outcome"],
        "answers of responders of OCSP: good, revoked, unknown, or of no use (failed)";
    STORE_FREE = "muhrdor_store_free_bytes", Gauge, [],
        "what may still be written before recorded operations are refused";
}

/// Upper bounds of the histograms, in seconds.
pub const BUCKETS_SECONDS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0,
];

/// Tells the recorder what each metric says.
pub fn describe() {
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.says),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.says),
            Kind::Histogram => metrics::describe_histogram!(metric.name, metric.says),
        }
    }
}
