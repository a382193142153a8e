//! How an operation's messages come and go, where that is more than one whole request and one
//! whole answer.

use crate::domain::operation::{Contract, Operation};

/// The media type of Server-Sent Events (HTML standard §9.2).
pub const EVENTS: &str = "text/event-stream";

/// How messages come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The connection goes on as this one.
    pub upgrade: Option<WebSocket>,
    /// Longest silence within what lasts.
    pub stream_idle_ms_max: u32,
    /// How long a tunnel is open at most.
    pub stream_ms_max: u32,
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
        self.flow.upgrade.is_some() || self.contracts.iter().any(events)
    }
}

/// A stream of events may be silent for long; who sends a comment now and then (HTML standard
/// §9.2.7) is never cut.
pub const STREAM_IDLE_MS_DEFAULT: u32 = 900_000;

/// Eight hours: a working day.
pub const STREAM_MS_DEFAULT: u32 = 28_800_000;
