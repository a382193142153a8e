//! The one credential of a request: a bearer token, a session or a client certificate.
//!
//! A certificate is a credential only where the operation takes certificates; elsewhere it opens
//! the operations that need one, and binds the tokens that were issued to it.

use crate::domain::operation::Operation;
use crate::domain::principal::{CredentialKind, Principal};
use crate::identity::bearer::{BearerError, Token};
use crate::identity::session::Session;
use crate::identity::tenure::Credential;
use crate::identity::{Identity, IdentityError, handle};
use crate::wire::arrival::{Arrival, ClientCertificate};

/// Who asks, and by what that is known.
pub(super) struct Known {
    pub(super) principal: Principal,
    pub(super) credential: Credential,
    pub(super) session: Option<Session>,
}

impl Identity {
    pub(super) async fn known(
        &self,
        arrival: &Arrival,
        operation: &Operation,
    ) -> Result<Known, IdentityError> {
        self.opened(arrival, operation).await?;
        let signs_in = operation.takes(CredentialKind::Certificate);
        let certificate = arrival.certificate.as_ref().filter(|_| signs_in);
        let token = Token::of(&arrival.headers, self.settings.token_bytes_max)?;
        let handle = handle(arrival)?;
        if token.is_some() && handle.is_some() {
            return Err(IdentityError::TwoCredentials);
        }
        if let Some(token) = token {
            return self.by_token(&token, arrival, operation).await;
        }
        if let Some(handle) = handle
            && let Some(session) = self.parts.sessions.find(&handle).await?
        {
            if certificate.is_some() {
                return Err(IdentityError::TwoCredentials);
            }
            taken(operation, CredentialKind::Session, session.principal())?;
            self.asked_from_here(arrival, operation)?;
            return Ok(Known {
                principal: session.principal().clone(),
                credential: Credential::Session { key: handle.row() },
                session: Some(session),
            });
        }
        match certificate {
            Some(shown) => self.by_certificate(shown, arrival, operation).await,
            None => Ok(Known {
                principal: Principal::Anonymous,
                credential: Credential::Nobody,
                session: None,
            }),
        }
    }

    /// Where the operation needs a certificate: there is one, and no realm says that it counts no
    /// more.
    async fn opened(&self, arrival: &Arrival, operation: &Operation) -> Result<(), IdentityError> {
        if !operation.certificate_needed {
            return Ok(());
        }
        let shown = arrival.certificate.as_ref();
        let shown = shown.ok_or(IdentityError::CertificateNeeded)?;
        self.parts.certificates.stands(shown).await?;
        Ok(())
    }

    /// A token that is bound to a certificate holds with that one only (RFC 8705 §3), and only as
    /// long as that counts and is of the same system. Any other is no company for a certificate
    /// that would itself sign in.
    async fn by_token(
        &self,
        token: &Token,
        arrival: &Arrival,
        operation: &Operation,
    ) -> Result<Known, IdentityError> {
        let admitted = self.parts.bearer.admit(token).await?;
        let shown = arrival.certificate.as_ref();
        let certificate = match (admitted.bound, shown) {
            (None, Some(_)) if operation.takes(CredentialKind::Certificate) => {
                return Err(IdentityError::TwoCredentials);
            }
            (None, _) => None,
            (Some(bound), Some(shown)) if shown.digest() == bound => {
                let holder = self.parts.certificates.stands(shown).await?;
                if holder.is_some_and(|holder| !is_same(&holder, &admitted.principal)) {
                    return Err(BearerError::Bound.into());
                }
                Some(shown.clone())
            }
            (Some(_), _) => return Err(BearerError::Bound.into()),
        };
        taken(operation, CredentialKind::Bearer, &admitted.principal)?;
        Ok(Known {
            principal: admitted.principal,
            credential: Credential::Token {
                until: admitted.until,
                certificate,
            },
            session: None,
        })
    }

    async fn by_certificate(
        &self,
        shown: &ClientCertificate,
        arrival: &Arrival,
        operation: &Operation,
    ) -> Result<Known, IdentityError> {
        let principal = self.parts.certificates.admit(shown).await?;
        self.asked_by_certificate(arrival, operation, principal.kind())?;
        Ok(Known {
            principal,
            credential: Credential::Certificate(shown.clone()),
            session: None,
        })
    }
}

/// Whom the operation is not open to at all hears that from policy, which knows more of it.
fn taken(
    operation: &Operation,
    credential: CredentialKind,
    principal: &Principal,
) -> Result<(), IdentityError> {
    if operation.takes(credential) || !operation.who.contains(&principal.kind()) {
        return Ok(());
    }
    Err(IdentityError::NotTaken(credential))
}

fn is_same(one: &Principal, other: &Principal) -> bool {
    match (one, other) {
        (Principal::System(one), Principal::System(other)) => one.system == other.system,
        _ => false,
    }
}
