//! Why a bearer token is not accepted.

use crate::domain::reason::Reason;
use crate::identity::keysets::KeySetError;
use crate::wire::headers::HeaderError;

/// Why a token makes nobody a principal. Holds nothing of what was sent: names of members and
/// claims are ours.
#[derive(Debug, thiserror::Error)]
pub enum BearerError {
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("the header `authorization` is not `Bearer`, a space and a token")]
    Credentials,
    #[error("the scheme of the header `authorization` is not `Bearer`")]
    Scheme,
    #[error("the token is longer than any that is looked at")]
    TooLong,
    #[error("the token is not three segments of base64url with JSON objects without doubles")]
    Form,
    #[error("the member `{0}` of the token's header is refused or not what it should be")]
    Member(&'static str),
    #[error("the token's algorithm is not one of its issuer's")]
    Algorithm,
    #[error("the token's type is not that of an access token of its issuer")]
    Type,
    #[error("the claim `{0}` is missing or not what it should be")]
    Claim(&'static str),
    #[error("the token is bound to a key or a certificate that was not shown with it")]
    Bound,
    #[error("the token's issuer is not known here")]
    UnknownIssuer,
    #[error("the token is meant for others")]
    Audience,
    #[error("the token holds longer than any token may, or not at all")]
    Lifetime,
    #[error("the token has expired")]
    Expired,
    #[error("the token does not hold yet")]
    NotYet,
    #[error("the issuer has no key that can have signed this token")]
    Key,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token's client is no system known here")]
    UnknownSystem,
    #[error("the issuer's keys cannot be had")]
    Keys(#[source] KeySetError),
}

impl BearerError {
    /// What is journaled and told.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Header(_) | Self::Credentials => Reason::BadHeader,
            Self::Scheme
            | Self::TooLong
            | Self::Form
            | Self::Member(_)
            | Self::Algorithm
            | Self::Type
            | Self::Claim(_)
            | Self::Bound
            | Self::UnknownIssuer
            | Self::Audience
            | Self::Lifetime
            | Self::Expired
            | Self::NotYet
            | Self::Key
            | Self::Signature
            | Self::UnknownSystem => Reason::InvalidToken,
            Self::Keys(_) => Reason::ProviderUnavailable,
        }
    }
}

impl From<KeySetError> for BearerError {
    fn from(error: KeySetError) -> Self {
        match error {
            KeySetError::UnknownKey | KeySetError::SeveralKeys => Self::Key,
            // An issuer whose tokens are accepted but whose keys nobody was told to keep.
            KeySetError::UnknownIssuer(_) | KeySetError::Provider(_) => Self::Keys(error),
        }
    }
}
