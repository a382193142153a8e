//! A yes at the gate, and what of the answer may leave under it.

mod documents;
mod facets;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::domain::data::{Facet, Form};
use crate::domain::decision::{BundleId, FacetDecision, Obligations};
use crate::domain::entry::{Step, VisitId};
use crate::domain::fact::Facts;
use crate::domain::name::{BasisId, CaseNumber, PurposeId, RuleId};
use crate::domain::operation::{Operation, UpstreamTarget};
use crate::domain::peer::Channel;
use crate::domain::person::Person;
use crate::domain::principal::Principal;
use crate::domain::purpose::{Purpose, Visibility};
use crate::domain::time::Timestamp;

use crate::policy::cedar::{DocumentScene, Scene};
use crate::policy::gate::{self, Ask, Denial};
use crate::policy::{Policy, merge, tidy};

pub use documents::{IssuePermit, RevocableDocument, RevokePermit};
pub(in crate::policy) use facets::{Asking, Decided};

/// That one visit may call one operation, under one bundle. The upstream's target is read from it,
/// and what of the answer may leave is asked of it: it pins the facts it was given on.
#[must_use = "a permit that nothing is done with was asked for in vain"]
pub struct Permit {
    policy: Arc<Policy>,
    visit: VisitId,
    operation: Arc<Operation>,
    target: UpstreamTarget,
    principal: Principal,
    subject: Option<Person>,
    purpose: Option<Purpose>,
    bases: Vec<BasisId>,
    case: Option<CaseNumber>,
    facts: Facts,
    channel: Channel,
    now: Timestamp,
    obligations: Obligations,
    rules: Vec<RuleId>,
    steps: Vec<Step>,
}

impl Policy {
    /// Whether the operation may be called. No IO; the same ask has the same answer.
    pub fn decide(self: &Arc<Self>, ask: Ask<'_>) -> Result<Permit, Denial> {
        let passed = gate::pass(self, &ask)?;
        let mut bases = passed.obligations.bases.clone();
        bases.extend(passed.purpose.as_ref().map(|purpose| purpose.basis.clone()));
        bases.sort_unstable();
        bases.dedup();
        Ok(Permit {
            policy: Arc::clone(self),
            visit: ask.visit,
            operation: ask.operation,
            target: ask.target,
            principal: ask.principal,
            subject: passed.subject,
            purpose: passed.purpose,
            bases,
            // A number that no register knows is no case.
            case: ask
                .claim
                .case
                .filter(|number| ask.facts.case.as_ref().is_some_and(|c| c.number == *number)),
            facts: ask.facts.clone(),
            channel: ask.channel,
            now: ask.now,
            obligations: passed.obligations,
            rules: passed.rules,
            steps: passed.steps,
        })
    }
}

impl Permit {
    #[must_use]
    pub fn visit(&self) -> VisitId {
        self.visit
    }

    #[must_use]
    pub fn operation(&self) -> &Arc<Operation> {
        &self.operation
    }

    #[must_use]
    pub fn target(&self) -> &UpstreamTarget {
        &self.target
    }

    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The person the request is about.
    #[must_use]
    pub fn subject(&self) -> Option<&Person> {
        self.subject.as_ref()
    }

    #[must_use]
    pub fn purpose(&self) -> Option<&PurposeId> {
        self.purpose.as_ref().map(|purpose| &purpose.id)
    }

    /// The law it rests on: of the purpose and of the rules.
    #[must_use]
    pub fn bases(&self) -> &[BasisId] {
        &self.bases
    }

    /// The verified case.
    #[must_use]
    pub fn case(&self) -> Option<&CaseNumber> {
        self.case.as_ref()
    }

    /// The duties of the rules of the gate; with the answer's, [`Permit::obligations_of`].
    #[must_use]
    pub fn obligations(&self) -> &Obligations {
        &self.obligations
    }

    #[must_use]
    pub fn rules(&self) -> &[RuleId] {
        &self.rules
    }

    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    #[must_use]
    pub fn bundle(&self) -> BundleId {
        self.policy.id()
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Whose journal shows the access.
    #[must_use]
    pub fn visibility(&self) -> Visibility {
        self.purpose
            .as_ref()
            .map_or(Visibility::MainSubject, |purpose| purpose.visibility)
    }

    /// In which form each facet may leave: one decision for each, in the same order. `facts` adds
    /// what was learnt of persons found in the answer; what the permit was given on stays as it
    /// was then.
    #[must_use]
    pub fn decide(&self, facets: &[Facet], facts: &Facts) -> Vec<FacetDecision> {
        let facts = self.pinned(facts);
        let scene = self.scene(&facts, facets);
        let asking = Asking::new(&self.policy, &self.operation, &scene, facets);
        facets.iter().map(|facet| asking.decide(facet)).collect()
    }

    /// The duties of the gate's rules and of every rule by which something of these leaves.
    #[must_use]
    pub fn obligations_of(&self, decisions: &[FacetDecision]) -> Obligations {
        let ids: BTreeSet<_> = decisions
            .iter()
            .filter(|decision| decision.form != Form::Absent)
            .flat_map(|decision| &decision.rules)
            .collect();
        if ids.is_empty() {
            return self.obligations.clone();
        }
        let mut all = merge(ids.into_iter().filter_map(|id| self.policy.rule(id)));
        all.journal = all.journal.max(self.obligations.journal);
        all.notify.extend(&self.obligations.notify);
        all.bases.extend(self.obligations.bases.iter().cloned());
        tidy(&mut all);
        all
    }

    /// The facts of the gate, and beside them what is new of other persons.
    fn pinned(&self, learnt: &Facts) -> Facts {
        let mut facts = self.facts.clone();
        for (person, standing) in &learnt.standings {
            if facts.standing(*person).is_none() {
                facts.standings.push((*person, *standing));
            }
        }
        for mandate in &learnt.mandates {
            if !facts.mandates.iter().any(|known| known.id == mandate.id) {
                facts.mandates.push(mandate.clone());
            }
        }
        for consent in &learnt.consents {
            if !facts.consents.iter().any(|known| known.id == consent.id) {
                facts.consents.push(consent.clone());
            }
        }
        facts
    }

    fn scene<'a>(&'a self, facts: &'a Facts, facets: &[Facet]) -> Scene<'a> {
        Scene {
            operation: &self.operation,
            principal: &self.principal,
            subject: self.subject.map(|person| person.id),
            purpose: self.purpose.as_ref(),
            purposes: gate::purposes_above(&self.policy, self.purpose.as_ref()),
            classes: facets.iter().map(|facet| facet.class.clone()).collect(),
            case: self.case.as_ref(),
            facts,
            channel: self.channel,
            rank: self.principal.rank(),
            now: self.now,
            document: facts.presented.as_ref().map(DocumentScene::of),
        }
    }
}

impl fmt::Debug for Permit {
    /// Without anything of a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("visit", &self.visit)
            .field("operation", &self.operation.id)
            .field("kind", &self.principal.kind())
            .field("purpose", &self.purpose())
            .field("rules", &self.rules)
            .field("bundle", &self.bundle())
            .finish_non_exhaustive()
    }
}
