//! Why a sign-in did not begin or did not end well.

use crate::domain::reason::Reason;
use crate::identity::keysets::KeySetError;
use crate::identity::providers::ProviderError;
use crate::keys::KeyError;
use crate::wire::cookie::CookieError;
use crate::wire::path::QueryError;

/// Why nobody is signed in. Holds nothing of what was sent but names of parameters and claims.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("`{0}` is no realm of this house")]
    UnknownRealm(String),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("the parameter `{0}` is missing or too long")]
    Parameter(&'static str),
    #[error("no sign-in of this browser has this state: unknown, expired or used")]
    State,
    #[error("the answer does not say that it is from the provider that was asked")]
    ResponseIssuer,
    #[error("the sign-in was cancelled at the provider")]
    Cancelled,
    #[error("the provider refused the sign-in")]
    Refused,
    #[error("the provider says that it cannot sign in anybody now")]
    TemporarilyUnavailable,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error("the provider's token endpoint gave no answer that can be used: {0}")]
    TokenEndpoint(String),
    #[error("the provider did not accept the code")]
    Code,
    #[error("the ID token is not valid here: {0}")]
    IdToken(String),
    #[error("the claim `{0}` is missing or not what it should be")]
    Claim(String),
    #[error("the provider vouches too weakly: its `acr` has no rank here")]
    Acr,
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Cookie(#[from] CookieError),
}

impl LoginError {
    /// What is journaled and told.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::UnknownRealm(_)
            | Self::Query(_)
            | Self::Parameter(_)
            | Self::State
            | Self::ResponseIssuer
            | Self::Refused
            | Self::Code
            | Self::IdToken(_)
            | Self::Claim(_)
            | Self::Acr => Reason::SignInFailed,
            Self::Cancelled => Reason::SignInCancelled,
            Self::Provider(_) | Self::TokenEndpoint(_) | Self::TemporarilyUnavailable => {
                Reason::ProviderUnavailable
            }
            Self::Keys(_) | Self::Cookie(_) => Reason::Internal,
        }
    }
}

impl From<KeySetError> for LoginError {
    fn from(error: KeySetError) -> Self {
        match error {
            KeySetError::Provider(error) => Self::Provider(error),
            KeySetError::UnknownIssuer(_) | KeySetError::UnknownKey | KeySetError::SeveralKeys => {
                Self::IdToken(error.to_string())
            }
        }
    }
}
