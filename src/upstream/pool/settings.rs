//! What the operator says of one upstream.

use crate::upstream::pool::UpstreamTls;

/// How an upstream is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Http1,
    /// Without TLS by prior knowledge (RFC 9113 §3.3).
    Http2,
}

/// One upstream, and its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSettings {
    pub protocol: Protocol,
    pub tls: Option<UpstreamTls>,
    /// Requests under way at one endpoint; in HTTP/1 each has a connection.
    pub connections_max: usize,
    /// Requests that wait for a connection, of all endpoints.
    pub pending_max: usize,
    /// Requests that are being sent a second time, elsewhere.
    pub retries_max: usize,
    /// Connections that wait for requests, for each endpoint.
    pub idle_connections_max: usize,
    /// How long a connection is used: names may lead elsewhere by then.
    pub kept_seconds_max: u32,
    pub connect_ms_max: u32,
    /// Longest silence between two frames of an answer.
    pub idle_ms_max: u32,
    pub ejection: EjectionSettings,
    pub health: Option<HealthSettings>,
}

/// When an endpoint is taken out for failing, and how it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EjectionSettings {
    /// Requests in a row.
    pub failures_max: u32,
    /// The first time; each further time as long again.
    pub ejected_ms: u32,
    /// Until it has its whole share again.
    pub return_ms: u32,
    /// Of all endpoints, so that failing ones cannot take out the rest.
    pub ejected_percent_max: u32,
}

/// How endpoints are probed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthSettings {
    pub path: String,
    pub every_ms: u32,
    pub probe_ms_max: u32,
    /// Probes in a row before it is not asked any more, and before it is again.
    pub failures_max: u32,
    pub successes_min: u32,
}
