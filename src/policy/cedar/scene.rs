//! One request as the engine sees it, and which facts belong to it.

use crate::domain::fact::{Case, Consent, Facts, Mandate, Presented, Staff};
use crate::domain::name::{AgencyId, CaseNumber, DataClass, DocumentKind, PurposeId, RoleId};
use crate::domain::operation::Operation;
use crate::domain::peer::Channel;
use crate::domain::person::PersonId;
use crate::domain::principal::{AcrRank, Principal};
use crate::domain::purpose::Purpose;
use crate::domain::time::Timestamp;

use crate::policy::slice::{Action, Scope, Target};

/// The values of one request. Everything is as verified: what could not be is not here.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Scene<'a> {
    pub(in crate::policy) operation: &'a Operation,
    pub(in crate::policy) principal: &'a Principal,
    /// The person the request is about.
    pub(in crate::policy) subject: Option<PersonId>,
    pub(in crate::policy) purpose: Option<&'a Purpose>,
    /// The purpose and those above it.
    pub(in crate::policy) purposes: Vec<PurposeId>,
    /// The kinds of data asked for, as far as known.
    pub(in crate::policy) classes: Vec<DataClass>,
    /// The number that was claimed.
    pub(in crate::policy) case: Option<&'a CaseNumber>,
    pub(in crate::policy) facts: &'a Facts,
    pub(in crate::policy) channel: Channel,
    pub(in crate::policy) rank: AcrRank,
    pub(in crate::policy) now: Timestamp,
    /// The document that was shown, or that is to be issued or revoked.
    pub(in crate::policy) document: Option<DocumentScene<'a>>,
}

/// A document as the engine sees it.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct DocumentScene<'a> {
    pub(in crate::policy) subject: PersonId,
    pub(in crate::policy) issuer: &'a AgencyId,
    pub(in crate::policy) kind: &'a DocumentKind,
    pub(in crate::policy) revoked: bool,
}

impl<'a> DocumentScene<'a> {
    pub(in crate::policy) fn of(presented: &'a Presented) -> Self {
        Self {
            subject: presented.holder.id,
            issuer: &presented.issuer,
            kind: &presented.kind,
            revoked: presented.revoked,
        }
    }
}

impl Scene<'_> {
    /// The claimed case, where the register of the body knows it under that number.
    pub(in crate::policy) fn case(&self) -> Option<&Case> {
        let claimed = self.case?;
        self.facts
            .case
            .as_ref()
            .filter(|case| case.number == *claimed)
    }

    /// What the staff register says of the official who asks, and of nobody else.
    pub(in crate::policy) fn staff(&self) -> Option<&Staff> {
        let Principal::Official(official) = self.principal else {
            return None;
        };
        let same =
            |staff: &&Staff| staff.official == official.official && staff.agency == official.agency;
        self.facts.staff.as_ref().filter(same)
    }

    /// What the principal is at its body, as far as that is known; sorted.
    pub(in crate::policy) fn roles(&self) -> Vec<RoleId> {
        let mut roles = match self.principal {
            Principal::Anonymous | Principal::Person(_) => Vec::new(),
            Principal::Official(_) => self.staff().map_or_else(Vec::new, |s| s.roles.clone()),
            Principal::System(system) => system.roles.clone(),
        };
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// The kind of question it is to do this to that.
    pub(in crate::policy) fn scope(&self, action: Action, target: Target) -> Scope {
        Scope {
            action,
            kind: self.principal.kind(),
            roles: self.roles(),
            service: self.operation.service.id.clone(),
            target,
        }
    }

    /// The mandate under which the principal acts for `subject`: one that counts, if there is one.
    pub(in crate::policy) fn mandate(&self, subject: PersonId) -> Option<&Mandate> {
        let Principal::Person(person) = self.principal else {
            return None;
        };
        let rank = |mandate: &&Mandate| {
            let covered = mandate.purposes.iter().any(|p| self.purposes.contains(p));
            (mandate.valid_until > self.now, covered)
        };
        self.facts
            .mandates
            .iter()
            .filter(|mandate| mandate.holder == person.person.id && mandate.subject == subject)
            .max_by_key(rank)
    }

    /// The consent of `subject` to the principal's body: one that counts, if there is one, and
    /// that covers data that is asked for.
    pub(in crate::policy) fn consent(&self, subject: PersonId) -> Option<&Consent> {
        let recipient = self.principal.agency()?;
        let rank = |consent: &&Consent| {
            let purpose = consent.purposes.iter().any(|p| self.purposes.contains(p));
            let class = consent.classes.iter().any(|c| self.classes.contains(c));
            let counts = !consent.withdrawn && consent.valid_until > self.now;
            (counts, purpose, class)
        };
        self.facts
            .consents
            .iter()
            .filter(|consent| consent.recipient == *recipient && consent.subject == subject)
            .max_by_key(rank)
    }
}
