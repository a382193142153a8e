//! The finding of the room.

use crate::domain::entry::VisitId;
use crate::domain::principal::{CredentialKind, Principal};
use crate::domain::purpose::Claim;
use crate::identity::tenure::Credential;
use crate::limits::Allowance;

/// Who asks in one visit, and what they say they ask for. Made only by
/// [`Identity::identify`](super::Identity::identify).
#[derive(Debug)]
#[must_use]
pub struct Identified {
    visit: VisitId,
    allowance: Allowance,
    principal: Principal,
    claim: Claim,
    held: Claim,
    credential: Credential,
}

impl Identified {
    pub(super) fn new(
        visit: VisitId,
        allowance: Allowance,
        principal: Principal,
        claim: Claim,
    ) -> Self {
        Self {
            visit,
            allowance,
            principal,
            claim,
            held: Claim::default(),
            credential: Credential::Nobody,
        }
    }

    /// The same, with what lies on the holder's desk.
    pub(super) fn holding(mut self, held: Option<&Claim>) -> Self {
        if let Some(held) = held {
            self.held.clone_from(held);
        }
        self
    }

    /// The same, by this credential.
    pub(super) fn by(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    pub(super) const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// By what they are known; `None` for nobody.
    #[must_use]
    pub const fn known_by(&self) -> Option<CredentialKind> {
        match self.credential {
            Credential::Nobody => None,
            Credential::Token { .. } => Some(CredentialKind::Bearer),
            Credential::Session { .. } => Some(CredentialKind::Session),
            Credential::Certificate(_) => Some(CredentialKind::Certificate),
        }
    }

    #[must_use]
    pub const fn visit(&self) -> VisitId {
        self.visit
    }

    /// What is left to the address they ask from.
    #[must_use]
    pub const fn allowance(&self) -> Allowance {
        self.allowance
    }

    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// A claim, not a fact: policy holds it against the bodies' registers.
    #[must_use]
    pub const fn claim(&self) -> &Claim {
        &self.claim
    }

    /// The working case of the session, whether or not this request is about it. To be shown to its
    /// holder; nothing is decided by it.
    #[must_use]
    pub const fn held(&self) -> &Claim {
        &self.held
    }
}
