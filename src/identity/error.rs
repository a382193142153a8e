//! Why it stays unknown who asks.

use crate::domain::name::NameError;
use crate::domain::principal::CredentialKind;
use crate::domain::reason::Reason;
use crate::identity::bearer::BearerError;
use crate::identity::certificate::CertificateError;
use crate::identity::session::SessionError;
use crate::limits::Exceeded;
use crate::wire::cookie::CookieError;
use crate::wire::headers::HeaderError;

/// Why a request is refused before it is known who asks. Shows no credential.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(transparent)]
    Limited(#[from] Exceeded),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("the header `{header}` is no name")]
    Claim {
        header: &'static str,
        source: NameError,
    },
    #[error(transparent)]
    Cookie(#[from] CookieError),
    #[error("the request has two credentials of bearer token, session and client certificate")]
    TwoCredentials,
    #[error("the operation takes no {}", .0.as_str())]
    NotTaken(CredentialKind),
    #[error("the operation needs a client certificate, and the handshake had none")]
    CertificateNeeded,
    #[error("a page of another site asked for a change")]
    CrossOrigin,
    #[error(transparent)]
    Bearer(#[from] BearerError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl IdentityError {
    /// What is counted and told.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Limited(_) => Reason::TooManyRequests,
            Self::Header(_) | Self::Claim { .. } => Reason::BadHeader,
            Self::Cookie(_) => Reason::BadCookie,
            Self::TwoCredentials => Reason::BadRequest,
            Self::NotTaken(_) => Reason::CredentialNotTaken,
            Self::CertificateNeeded => Reason::CertificateNeeded,
            Self::CrossOrigin => Reason::CrossOrigin,
            Self::Bearer(error) => error.reason(),
            Self::Certificate(error) => error.reason(),
            Self::Session(error) => error.reason(),
        }
    }

    /// The limit that was met, where it was one.
    #[must_use]
    pub const fn exceeded(&self) -> Option<&Exceeded> {
        match self {
            Self::Limited(exceeded) => Some(exceeded),
            Self::Header(_)
            | Self::Claim { .. }
            | Self::Cookie(_)
            | Self::TwoCredentials
            | Self::NotTaken(_)
            | Self::CertificateNeeded
            | Self::CrossOrigin
            | Self::Bearer(_)
            | Self::Certificate(_)
            | Self::Session(_) => None,
        }
    }
}
