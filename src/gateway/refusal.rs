//! The one table that turns a room's error into what a caller is told and what the log says.

use crate::domain::decision::Hint;
use crate::domain::reason::{Reason, Side};
use crate::facts::FactError;
use crate::identity::IdentityError;
use crate::journal::JournalError;
use crate::limits::Exceeded;
use crate::notary::NotaryError;
use crate::policy::Denial;
use crate::redaction::RedactionError;
use crate::register::RouteError;
use crate::upstream::UpstreamError;

/// A no: a stable reason for the caller, a sentence for the log, and what the caller needs to do
/// better next time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    detail: String,
    hint: Option<Hint>,
    exceeded: Option<Exceeded>,
    allow: Option<String>,
    aborted: bool,
}

impl Refusal {
    /// A refusal with a sentence for the log: lower case, no values.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            hint: None,
            exceeded: None,
            allow: None,
            aborted: false,
        }
    }

    /// 405, and what would do.
    pub(super) fn method_not_allowed(allow: &str) -> Self {
        let mut refusal = Self::new(Reason::MethodNotAllowed, "the method is not for this place");
        refusal.allow = Some(allow.to_owned());
        refusal
    }

    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    #[must_use]
    pub const fn side(&self) -> Side {
        self.reason.side()
    }

    /// For the log, never for the caller.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    #[must_use]
    pub const fn hint(&self) -> Option<&Hint> {
        self.hint.as_ref()
    }

    /// The limit that was met, where it was one.
    #[must_use]
    pub const fn exceeded(&self) -> Option<&Exceeded> {
        self.exceeded.as_ref()
    }

    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u32> {
        let exceeded = self.exceeded.as_ref()?;
        Some(exceeded.retry_after_seconds)
    }

    /// The value of `Allow`, where the method was the trouble (RFC 9110 §15.5.6).
    #[must_use]
    pub fn allow(&self) -> Option<&str> {
        self.allow.as_deref()
    }

    /// Whether the client went away rather than was refused.
    #[must_use]
    pub const fn is_aborted(&self) -> bool {
        self.aborted
    }

    /// A refusal caused by an error of a room.
    pub(super) fn of(reason: Reason, cause: &impl std::error::Error) -> Self {
        Self::new(reason, chain(cause))
    }
}

/// An error and what caused it, in one line.
fn chain(error: &impl std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        line.push_str(": ");
        line.push_str(&next.to_string());
        cause = next.source();
    }
    line
}

impl From<RouteError> for Refusal {
    fn from(error: RouteError) -> Self {
        let mut refusal = Self::of(error.reason(), &error);
        if let RouteError::Method { allow } = error {
            refusal.allow = Some(allow);
        }
        refusal
    }
}

impl From<IdentityError> for Refusal {
    fn from(error: IdentityError) -> Self {
        let mut refusal = Self::of(error.reason(), &error);
        refusal.exceeded = error.exceeded().cloned();
        refusal
    }
}

impl From<Exceeded> for Refusal {
    fn from(exceeded: Exceeded) -> Self {
        let mut refusal = Self::of(Reason::TooManyRequests, &exceeded);
        refusal.exceeded = Some(exceeded);
        refusal
    }
}

impl From<FactError> for Refusal {
    fn from(error: FactError) -> Self {
        let reason = match &error {
            FactError::Unreachable { .. } | FactError::Unusable { .. } => Reason::FactsUnavailable,
            FactError::TooMany { .. } => Reason::ContractBroken,
        };
        Self::of(reason, &error)
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        let mut refusal = Self::new(denial.reason, "denied by policy");
        refusal.hint = denial.hint;
        refusal
    }
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        Self::of(error.reason(), &error)
    }
}

impl From<UpstreamError> for Refusal {
    fn from(error: UpstreamError) -> Self {
        let aborted = matches!(error, UpstreamError::BodyBroken);
        let mut refusal = Self::of(error.reason(), &error);
        refusal.aborted = aborted;
        refusal
    }
}

impl From<NotaryError> for Refusal {
    fn from(error: NotaryError) -> Self {
        Self::of(error.reason(), &error)
    }
}

impl From<RedactionError> for Refusal {
    fn from(error: RedactionError) -> Self {
        Self::of(error.reason(), &error)
    }
}
