//! Why a client certificate signs nobody in.

use crate::domain::reason::Reason;

/// Why a certificate makes nobody a principal. Holds nothing of what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("the client certificate is refused: {0}")]
    Misfit(#[from] Misfit),
    #[error("no authority that signs anybody in stands behind the client certificate")]
    Untrusted,
    #[error("authorities of two kinds of principal stand behind the client certificate")]
    Ambiguous,
    #[error("the client certificate, or one between it and its authority, was revoked")]
    Revoked,
    #[error("the holder that the client certificate names is not known here")]
    UnknownHolder,
    #[error("whether the client certificate was revoked is not known")]
    StatusUnknown,
    #[error("looking at the client certificate broke off")]
    CutOff,
}

/// What is wrong with the form of a certificate, or of what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("it is longer than any that is looked at")]
    TooLong,
    #[error("it does not read as one certificate of version 3")]
    Malformed,
    #[error("it is not made for clients")]
    Usage,
    #[error("it is an authority's")]
    Authority,
    #[error("a name in it has several values in one place")]
    SeveralValues,
    #[error("a name in it holds a control character")]
    Control,
    #[error("what should stand in it is missing")]
    Missing,
    #[error("what should stand in it once stands there twice")]
    Twice,
    #[error("what stands in it has not the form that it should have")]
    Form,
}

impl CertificateError {
    /// What is journaled and told.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Misfit(_)
            | Self::Untrusted
            | Self::Ambiguous
            | Self::Revoked
            | Self::UnknownHolder => Reason::CertificateRefused,
            Self::StatusUnknown => Reason::CertificateStatusUnknown,
            Self::CutOff => Reason::Internal,
        }
    }
}
