//! How an operation's messages come and go, where that is more than one whole request and one
//! whole answer.

use crate::domain::operation::{Contract, Operation};

/// The media type of Server-Sent Events (HTML standard §9.2).
pub const EVENTS: &str = "text/event-stream";

/// The media type of gRPC.
pub const GRPC: &str = "application/grpc";

/// How messages come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The connection goes on as this one.
    pub upgrade: Option<WebSocket>,
    pub body: RequestBody,
    /// Trailers let through, lower case.
    pub request_trailers: Vec<String>,
    pub response_trailers: Vec<String>,
    /// Longest silence within what lasts.
    pub stream_idle_ms_max: u32,
    /// How long a tunnel is open at most.
    pub stream_ms_max: u32,
}

/// How a request's body is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestBody {
    /// Whole, before anything is sent: a client that goes away half-way leaves nothing half done.
    Collected,
    /// As it comes; the e-service must not act on half of it.
    Streamed,
}

/// A tunnel of WebSocket frames (RFC 6455), which nobody reads here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSocket {
    /// What client and e-service may agree to speak.
    pub subprotocols: Vec<String>,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            upgrade: None,
            body: RequestBody::Collected,
            request_trailers: Vec::new(),
            response_trailers: Vec::new(),
            stream_idle_ms_max: STREAM_IDLE_MS_DEFAULT,
            stream_ms_max: STREAM_MS_DEFAULT,
        }
    }
}

impl Operation {
    /// Whether an answer of it may last, and ends with the credential it was begun with.
    #[must_use]
    pub fn lasts(&self) -> bool {
        let events = |contract: &Contract| contract.media == EVENTS;
        self.flow.upgrade.is_some() || self.is_grpc() || self.contracts.iter().any(events)
    }

    /// Whether it is a method of gRPC.
    #[must_use]
    pub fn is_grpc(&self) -> bool {
        let grpc = |contract: &Contract| contract.media == GRPC;
        self.contracts.iter().any(grpc)
    }
}

/// A stream of events may be silent for long; who sends a comment now and then (HTML standard
/// §9.2.7) is never cut.
pub const STREAM_IDLE_MS_DEFAULT: u32 = 900_000;

/// Eight hours: a working day.
pub const STREAM_MS_DEFAULT: u32 = 28_800_000;
