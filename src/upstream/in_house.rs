//! E-services inside the process: asked by the same corridor, under the same permit.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

use crate::domain::reason::Reason;
use crate::domain::time::Timestamp;
use crate::policy::Permit;
use crate::wire::answer::Answer;
use crate::wire::path::Target;

/// An operation of the register whose upstream is inside the process.
pub trait InHouse: Send + Sync + Debug {
    /// Answers the permit's operation with JSON of its contract. May be called concurrently;
    /// changes nothing unless the operation's effect is a write. The answer is redacted and
    /// journaled like that of any upstream: it may hold what the caller must not see.
    fn answer<'a>(
        &'a self,
        permit: &'a Permit,
        request: InHouseRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, InHouseError>> + Send + 'a>>;
}

/// What an in-house operation is asked.
#[derive(Debug)]
pub struct InHouseRequest {
    pub captures: Vec<(String, String)>,
    pub target: Target,
    pub body: Bytes,
    pub now: Timestamp,
}

/// Why an in-house operation has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InHouseError {
    #[error("there is no such thing")]
    NotFound,
    #[error("{0}")]
    BadInput(String),
    #[error("what it rests on cannot be read: {0}")]
    Unavailable(String),
    /// A no of its own kind.
    #[error("{what}")]
    Refused { reason: Reason, what: String },
}
