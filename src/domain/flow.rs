//! How an operation's messages come and go, where that is more than one whole request and one
//! whole answer.

use crate::domain::operation::Operation;

/// The media type of Server-Sent Events (HTML standard §9.2).
pub const EVENTS: &str = "text/event-stream";

/// How messages come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Longest silence within what lasts.
    pub stream_idle_ms_max: u32,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            stream_idle_ms_max: STREAM_IDLE_MS_DEFAULT,
        }
    }
}

impl Operation {
    /// Whether an answer of it may last, and ends with the credential it was begun with.
    #[must_use]
    pub fn lasts(&self) -> bool {
        self.contracts
            .iter()
            .any(|contract| contract.media == EVENTS)
    }
}

/// A stream of events may be silent for long; who sends a comment now and then (HTML standard
/// §9.2.7) is never cut.
pub const STREAM_IDLE_MS_DEFAULT: u32 = 900_000;
