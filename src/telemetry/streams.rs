//! Streams: how many are open, of which kind, and why they go on no more.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{Gauge, counter, gauge};

use crate::domain::name::OperationId;
use crate::telemetry::list;
use crate::telemetry::requests::{OPERATIONS_MAX, OTHER};

/// What goes on after its answer has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    Events,
    WebSocket,
    /// A call of gRPC.
    Call,
}

/// Why a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// The e-service had no more to say, or one side of a tunnel closed it.
    Closed,
    /// The e-service broke off.
    Broken,
    /// The client did not take it to its end, or its connection was cut.
    ClientGone,
    /// Nothing came for too long.
    Idle,
    /// It was open for as long as it may be.
    TooLong,
    /// The credential it was begun with is good no more.
    NotAllowed,
    /// The house is going away.
    Drained,
}

impl StreamKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::WebSocket => "websocket",
            Self::Call => "grpc",
        }
    }
}

impl StreamEnd {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Broken => "broken",
            Self::ClientGone => "client_gone",
            Self::Idle => "idle",
            Self::TooLong => "too_long",
            Self::NotAllowed => "not_allowed",
            Self::Drained => "drained",
        }
    }
}

/// Counts streams, those of a bounded number of operations apart.
#[derive(Debug, Default)]
pub struct Streams {
    operations: RwLock<HashSet<Arc<str>>>,
}

/// A stream that is open until it is dropped.
pub struct OpenStream {
    operation: Arc<str>,
    kind: StreamKind,
    open: Gauge,
    end: Option<StreamEnd>,
}

impl Streams {
    /// A stream of this operation has begun.
    #[must_use]
    pub fn begin(&self, operation: &OperationId, kind: StreamKind) -> OpenStream {
        let operation = self.counted(operation.as_str());
        let labels = [
            ("operation", operation.to_string()),
            ("kind", kind.word().to_owned()),
        ];
        let open = gauge!(list::STREAMS, &labels);
        open.increment(1.0);
        OpenStream {
            operation,
            kind,
            open,
            end: None,
        }
    }

    /// The operation, or what it is counted with.
    fn counted(&self, operation: &str) -> Arc<str> {
        let known = self.operations.read();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        if let Some(operation) = known.get(operation) {
            return Arc::clone(operation);
        }
        let is_full = known.len() >= OPERATIONS_MAX;
        drop(known);
        if is_full {
            return Arc::from(OTHER);
        }
        let operation: Arc<str> = Arc::from(operation);
        let operations = self.operations.write();
        let mut operations = operations.unwrap_or_else(PoisonError::into_inner);
        operations.insert(Arc::clone(&operation));
        operation
    }
}

impl OpenStream {
    /// Why it ends; the first word on it stands.
    pub fn ends(&mut self, end: StreamEnd) {
        self.end.get_or_insert(end);
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.open.decrement(1.0);
        let labels = [
            ("operation", self.operation.to_string()),
            ("kind", self.kind.word().to_owned()),
            (
                "reason",
                self.end.unwrap_or(StreamEnd::ClientGone).word().to_owned(),
            ),
        ];
        counter!(list::STREAMS_ENDED, &labels).increment(1);
    }
}

impl fmt::Debug for OpenStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenStream")
            .field("operation", &self.operation)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_with_streams_beyond_the_bound_are_counted_together() {
        let streams = Streams::default();
        for number in 0..OPERATIONS_MAX {
            let name = format!("streams.operation-{number}");
            assert_eq!(*streams.counted(&name), *name);
        }
        assert_eq!(*streams.counted("streams.one-more"), *OTHER);
        assert_eq!(
            *streams.counted("streams.operation-7"),
            *"streams.operation-7"
        );
        assert_eq!(streams.operations.read().unwrap().len(), OPERATIONS_MAX);
    }
}
