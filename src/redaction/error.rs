//! Why nothing of an answer leaves.

use crate::domain::reason::Reason;
use crate::redaction::detector::Finding;
use crate::redaction::json::JsonError;
use crate::wire::body::BodyError;

/// Why nothing of an answer leaves. Never says what stood in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedactionError {
    /// The upstream's answer is not one that the register describes.
    #[error("the answer keeps no contract of the operation")]
    ContractBroken(#[source] Breach),
    /// The answer is about somebody else than was asked for.
    #[error("the answer is about another person")]
    SubjectMismatch,
    /// Nothing of it may be shown; the same as if there were nothing.
    #[error("nothing of the answer may be shown")]
    NothingToDisclose,
    /// Nothing may be shown, and a rule could not be evaluated.
    #[error("nothing of the answer may be shown, since a rule could not be evaluated")]
    RuleFault,
    /// What was about to leave holds personal data where there must be none.
    #[error("{0} stands in a place that may not hold one")]
    LeakStopped(Finding),
    /// The threshold of a yes-or-no question is absent or not one of those that may be asked for.
    #[error("the threshold is not one that may be asked for")]
    QuestionNotAllowed,
    #[error("the answer did not arrive whole")]
    Unfinished(#[source] BodyError),
}

/// In which way an answer keeps no contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    #[error("no contract for status {status} and this media type")]
    NoContract { status: u16 },
    #[error("the media type is missing, repeated, or not in an accepted form")]
    Media,
    #[error("the body is coded, or cut into ranges")]
    Coding,
    #[error("the body is larger than {bytes_max} bytes")]
    TooLarge { bytes_max: u64 },
    #[error("the body is not the JSON it says it is")]
    Json(#[source] JsonError),
    #[error("the class map has a selector that does not parse")]
    Selector,
    #[error("the answer does not say whose it is")]
    NoSubject,
    #[error("more than {subjects_max} persons in one answer")]
    TooManySubjects { subjects_max: usize },
    #[error("the value that a question is about is not a number of its class")]
    NoNumber,
    #[error("a header that is let through does not read as one")]
    Header,
}

impl RedactionError {
    /// The reason it is told and journaled with.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::ContractBroken(_) => Reason::ContractBroken,
            Self::SubjectMismatch => Reason::SubjectMismatch,
            Self::NothingToDisclose => Reason::NothingToDisclose,
            Self::RuleFault => Reason::PolicyError,
            Self::LeakStopped(_) => Reason::LeakStopped,
            Self::QuestionNotAllowed => Reason::QuestionNotAllowed,
            Self::Unfinished(cause) => match cause {
                BodyError::Stalled => Reason::UpstreamTimeout,
                BodyError::Withheld => Reason::LeakStopped,
                BodyError::Broken => Reason::UpstreamUnavailable,
                BodyError::TooLarge { .. } => Reason::ContractBroken,
            },
        }
    }
}

impl From<Breach> for RedactionError {
    fn from(breach: Breach) -> Self {
        Self::ContractBroken(breach)
    }
}

impl From<JsonError> for Breach {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

impl From<BodyError> for RedactionError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge { bytes_max } => Self::ContractBroken(Breach::TooLarge { bytes_max }),
            BodyError::Broken | BodyError::Stalled | BodyError::Withheld => Self::Unfinished(error),
        }
    }
}
