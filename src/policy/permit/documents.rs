//! A yes to issuing one document, and to revoking one.

use std::borrow::Cow;
use std::fmt;

use crate::domain::document::Issuance;
use crate::domain::entry::{Step, VisitId};
use crate::domain::name::{AgencyId, DocumentKind};
use crate::domain::person::PersonId;
use crate::domain::reason::Reason;
use crate::policy::Policy;
use crate::policy::cedar::{DocumentScene, Fault, Query, Refusal, Scene, Verdict};
use crate::policy::gate::Denial;
use crate::policy::permit::Permit;
use crate::policy::slice::{Action, Target};

/// That one body may issue one document, within one visit.
#[must_use = "a permit that nothing is done with was asked for in vain"]
pub struct IssuePermit {
    visit: VisitId,
    issuance: Issuance,
}

/// That one body's document may be revoked, within one visit.
#[must_use = "a permit that nothing is done with was asked for in vain"]
pub struct RevokePermit {
    visit: VisitId,
    issuer: AgencyId,
}

/// A document that someone wants to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocableDocument {
    pub issuer: AgencyId,
    pub kind: DocumentKind,
    pub holder: PersonId,
    pub revoked: bool,
}

impl Permit {
    /// Whether what the e-service says it issues may be issued: of a kind that the operation
    /// lists, by the service's own body, about the person whom the request is about, and by a rule.
    ///
    /// # Errors
    /// `subject_mismatch` when it is about someone else; else what the rules say.
    pub fn issuing(&self, issuance: Issuance) -> Result<IssuePermit, Denial> {
        let operation = self.operation();
        if !operation.issues.contains(&issuance.kind) || issuance.issuer != operation.service.agency
        {
            return Err(denial(
                Reason::NotPermitted,
                "not what the operation issues",
            ));
        }
        if self.subject().map(|subject| subject.id) != Some(issuance.holder.id) {
            return Err(denial(Reason::SubjectMismatch, "about another person"));
        }
        let document = DocumentScene {
            subject: issuance.holder.id,
            issuer: &issuance.issuer,
            kind: &issuance.kind,
            revoked: false,
        };
        self.ask_about(Action::IssueDocument, document)?;
        Ok(IssuePermit {
            visit: self.visit(),
            issuance,
        })
    }

    /// Whether this document may be revoked by who asks.
    ///
    /// # Errors
    /// What the rules say.
    pub fn revoking(&self, document: &RevocableDocument) -> Result<RevokePermit, Denial> {
        let scene = DocumentScene {
            subject: document.holder,
            issuer: &document.issuer,
            kind: &document.kind,
            revoked: document.revoked,
        };
        self.ask_about(Action::RevokeDocument, scene)?;
        Ok(RevokePermit {
            visit: self.visit(),
            issuer: document.issuer.clone(),
        })
    }

    fn ask_about(&self, action: Action, document: DocumentScene<'_>) -> Result<(), Denial> {
        let scene = Scene {
            document: Some(document),
            ..self.scene(&self.facts, &[])
        };
        let verdict = asked(&self.policy, &scene, action);
        let rules = |at: &[usize]| {
            let rules = self.policy.rules_at(at);
            rules.map(|rule| rule.id.clone()).collect()
        };
        match verdict {
            Ok(Verdict::Allow(_)) => Ok(()),
            Ok(Verdict::Deny(Refusal::Forbidden(at))) => Err(Denial {
                rules: rules(&at),
                ..denial(Reason::NotPermitted, "forbidden")
            }),
            Ok(Verdict::Deny(Refusal::NoPermit)) => {
                Err(denial(Reason::NotPermitted, "no rule permits it"))
            }
            Ok(Verdict::Deny(Refusal::Fault(fault))) | Err(fault) => {
                Err(denial(Reason::PolicyError, fault.0))
            }
        }
    }
}

fn asked(policy: &Policy, scene: &Scene<'_>, action: Action) -> Result<Verdict, Fault> {
    let engine = &policy.engine;
    let entities = engine.entities(scene, &[], None)?;
    Ok(engine.ask(&Query {
        scope: scene.scope(action, Target::Document),
        resource: engine.document(),
        context: engine.context(scene, scene.subject, 1)?,
        scene,
        entities: &entities,
    }))
}

fn denial(reason: Reason, found: impl Into<Cow<'static, str>>) -> Denial {
    Denial {
        reason,
        purpose: None,
        rules: Vec::new(),
        hint: None,
        steps: vec![Step {
            name: "document".into(),
            found: found.into(),
        }],
    }
}

impl IssuePermit {
    #[must_use]
    pub const fn visit(&self) -> VisitId {
        self.visit
    }

    #[must_use]
    pub const fn issuance(&self) -> &Issuance {
        &self.issuance
    }
}

impl RevokePermit {
    #[must_use]
    pub const fn visit(&self) -> VisitId {
        self.visit
    }

    /// The body whose document it is.
    #[must_use]
    pub const fn issuer(&self) -> &AgencyId {
        &self.issuer
    }
}

impl fmt::Debug for IssuePermit {
    /// Without anything of a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuePermit")
            .field("visit", &self.visit)
            .field("issuer", &self.issuance.issuer)
            .field("kind", &self.issuance.kind)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RevokePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevokePermit")
            .field("visit", &self.visit)
            .field("issuer", &self.issuer)
            .finish()
    }
}
