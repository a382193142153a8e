//! The finding of the room.

use crate::domain::entry::VisitId;
use crate::domain::principal::Principal;
use crate::domain::purpose::Claim;

/// Who asks in one visit, and what they say they ask for. Made only by
/// [`Identity::identify`](super::Identity::identify).
#[derive(Debug)]
#[must_use]
pub struct Identified {
    visit: VisitId,
    principal: Principal,
    claim: Claim,
}

impl Identified {
    pub(super) const fn new(visit: VisitId, principal: Principal, claim: Claim) -> Self {
        Self {
            visit,
            principal,
            claim,
        }
    }

    #[must_use]
    pub const fn visit(&self) -> VisitId {
        self.visit
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
}
