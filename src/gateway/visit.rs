//! One request's journal entry while it is being written: rooms' findings go in, an entry comes out.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::clock::{Clock, Waiting};
use crate::domain::data::Form;
use crate::domain::decision::{BundleId, JournalDepth, Obligations};
use crate::domain::entry::{Actor, Disclosed, JournalEntry, Stage, Step, VisitId};
use crate::domain::name::{BasisId, CaseNumber, PurposeId, RuleId, ServiceId};
use crate::domain::operation::Operation;
use crate::domain::person::{Person, PersonId};
use crate::domain::principal::{CredentialKind, DisplayName, Principal, PrincipalKind};
use crate::domain::purpose::{Claim, Visibility};
use crate::domain::reason::Reason;
use crate::domain::text::Texts;
use crate::domain::time::Timestamp;
use crate::gateway::Snapshot;
use crate::gateway::refusal::Refusal;
use crate::keys::Pseudonym;
use crate::limits::Allowance;
use crate::policy::{Denial, Permit};
use crate::redaction::Disclosure;
use crate::telemetry::requests::{Found, Waited};
use crate::wire::arrival::Arrival;
use crate::wire::pages::Account;

/// Most steps one entry tells.
const STEPS_MAX: usize = 32;
/// Longest finding of one step, in characters.
const FOUND_CHARS_MAX: usize = 400;

/// What is known of one request so far. Write-only: no room decides by it.
#[derive(Debug)]
pub(super) struct Visit {
    id: VisitId,
    at: Timestamp,
    actor: Actor,
    service: Option<ServiceId>,
    operation: Option<Arc<Operation>>,
    purpose: Option<PurposeId>,
    case: Option<CaseNumber>,
    subject: Option<PersonId>,
    visibility: Visibility,
    bases: Vec<BasisId>,
    rules: Vec<RuleId>,
    bundle: Option<BundleId>,
    obligations: Obligations,
    /// Who asks was found out.
    identified: bool,
    /// What was found after that.
    steps: Vec<Step>,
    /// What is left of the limits that were counted; told to the caller, never in an entry.
    allowances: Vec<Allowance>,
    /// For greeting; never in an entry.
    name: Option<DisplayName>,
    /// What the session's holder works on; for their pages, never in an entry.
    working: Claim,
    /// How whoever asked is named in telemetry; never in an entry.
    pseudonym: Option<[u8; 8]>,
    /// How long it stood still for others; never in an entry.
    waited: Waited,
    clock: Arc<dyn Clock>,
}

impl Visit {
    pub(super) fn new(arrival: &Arrival, clock: &Arc<dyn Clock>) -> Self {
        let nobody = Actor {
            kind: PrincipalKind::Anonymous,
            person: None,
            official: None,
            position: None,
            system: None,
            agency: None,
            acr: 0,
            credential: None,
        };
        Self {
            id: arrival.visit,
            at: arrival.at,
            actor: nobody,
            service: None,
            operation: None,
            purpose: None,
            case: None,
            subject: None,
            visibility: Visibility::MainSubject,
            bases: Vec::new(),
            rules: Vec::new(),
            bundle: None,
            obligations: Obligations::default(),
            identified: false,
            steps: Vec::new(),
            allowances: Vec::new(),
            name: None,
            working: Claim::default(),
            pseudonym: None,
            waited: Waited::default(),
            clock: Arc::clone(clock),
        }
    }

    /// What telemetry may know of it.
    pub(super) fn found(&self, reason: Option<Reason>) -> Found {
        Found {
            visit: self.id,
            operation: self.operation.clone(),
            principal: self.actor.kind,
            credential: by(self.actor.credential),
            pseudonym: self.pseudonym,
            reason,
            waited: self.waited,
        }
    }

    /// Waits for an e-service.
    pub(super) fn while_upstream<'a, F: Future>(
        &'a mut self,
        asking: Pin<&'a mut F>,
    ) -> Waiting<'a, F> {
        let now = self.clock.monotonic();
        self.waited.asked.get_or_insert(now);
        Waiting::new(self.clock.as_ref(), &mut self.waited.upstream, asking)
    }

    /// Waits for the bodies' registers.
    pub(super) fn while_facts<'a, F: Future>(
        &'a mut self,
        asking: Pin<&'a mut F>,
    ) -> Waiting<'a, F> {
        Waiting::new(self.clock.as_ref(), &mut self.waited.facts, asking)
    }

    /// The names of the e-service that was asked for, where it was found.
    pub(super) fn service_names(&self, house: &Snapshot) -> Option<Texts> {
        let wanted = self.service.as_ref()?;
        let service = house
            .register
            .services()
            .find(|service| service.id == *wanted)?;
        Some(service.names.clone())
    }

    /// Whom the pages are for, where a person stands behind it.
    pub(super) fn account(&self) -> Option<Account> {
        let name = self.name.clone()?;
        Some(Account {
            name,
            kind: self.actor.kind,
            working: self.working.clone(),
        })
    }

    pub(super) fn allowances(&self) -> &[Allowance] {
        &self.allowances
    }

    pub(super) fn counted(&mut self, allowance: Allowance) {
        self.allowances.push(allowance);
    }

    pub(super) const fn id(&self) -> VisitId {
        self.id
    }

    /// Whether someone stands behind it whose doings are recorded.
    pub(super) const fn is_identified(&self) -> bool {
        !matches!(self.actor.kind, PrincipalKind::Anonymous)
    }

    /// Writes down a step and what it found. Never a value.
    pub(super) fn step(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        found: impl Into<Cow<'static, str>>,
    ) {
        if self.steps.len() < STEPS_MAX {
            let (name, mut found) = (name.into(), found.into());
            if let Some((end, _)) = found.char_indices().nth(FOUND_CHARS_MAX) {
                found.to_mut().truncate(end);
            }
            self.steps.push(Step { name, found });
        }
    }

    pub(super) fn routed(&mut self, operation: &Arc<Operation>) {
        self.service = Some(operation.service.id.clone());
        self.operation = Some(Arc::clone(operation));
    }

    pub(super) fn identified(
        &mut self,
        principal: &Principal,
        known_by: Option<CredentialKind>,
        pseudonym: &Pseudonym,
    ) {
        self.actor.kind = principal.kind();
        self.actor.credential = known_by;
        self.actor.acr = principal.rank().as_u8();
        self.actor.agency = principal.agency().cloned();
        self.pseudonym = pseudonym.seen(principal);
        match principal {
            Principal::Anonymous => {}
            Principal::Person(p) => {
                self.actor.person = Some(p.person.id);
                self.name = Some(p.name.clone());
            }
            Principal::Official(o) => {
                self.actor.official = Some(pseudonym.official(&o.agency, &o.official));
                self.actor.position = Some(o.position.clone());
                self.name = Some(o.name.clone());
                self.actor.person = o.person.map(|p| p.id);
            }
            Principal::System(s) => self.actor.system = Some(s.system.clone()),
        }
        self.identified = true;
    }

    pub(super) fn works_on(&mut self, held: &Claim) {
        self.working.clone_from(held);
    }

    /// What is asked for, by whom it is claimed to be asked.
    pub(super) fn asked(&mut self, claim: &Claim, subject: Option<&Person>) {
        self.purpose.clone_from(&claim.purpose);
        self.case.clone_from(&claim.case);
        self.subject = subject.map(|s| s.id);
    }

    pub(super) fn permitted(&mut self, permit: &Permit) {
        self.purpose = permit.purpose().cloned();
        self.case = permit.case().cloned();
        self.visibility = permit.visibility();
        self.bases = permit.bases().to_vec();
        self.rules = permit.rules().to_vec();
        self.bundle = Some(permit.bundle());
        self.obligations = permit.obligations().clone();
        self.decided(permit.steps());
        self.step("decide", "permitted");
    }

    /// Writes down a denial under `bundle`, and makes it the refusal it is told as.
    pub(super) fn denied(&mut self, denial: Denial, bundle: BundleId) -> Refusal {
        if denial.purpose.is_some() {
            self.purpose.clone_from(&denial.purpose);
        }
        self.rules.clone_from(&denial.rules);
        self.bundle = Some(bundle);
        self.decided(&denial.steps);
        self.step("decide", denial.reason.code());
        denial.into()
    }

    /// Writes down how a decision came about.
    fn decided(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step.name.clone(), step.found.clone());
        }
    }

    pub(super) fn disclosed(&mut self, disclosure: &Disclosure) {
        for rule in disclosure.rules() {
            if !self.rules.contains(rule) {
                self.rules.push(rule.clone());
            }
        }
        self.merge(disclosure.obligations());
        let count = |wanted: fn(&Form) -> bool| {
            disclosure
                .disclosed()
                .iter()
                .filter(|d| wanted(&d.form))
                .count()
        };
        let found = format!(
            "{} clear, {} masked, {} answered, {} withheld",
            count(|f| matches!(f, Form::Clear)),
            count(|f| matches!(f, Form::Masked(_))),
            count(|f| matches!(f, Form::Verified)),
            count(|f| matches!(f, Form::Absent)),
        );
        self.step("disclose", found);
    }

    fn merge(&mut self, more: &Obligations) {
        if more.journal == JournalDepth::Full {
            self.obligations.journal = JournalDepth::Full;
        }
        for notice in &more.notify {
            if !self.obligations.notify.contains(notice) {
                self.obligations.notify.push(*notice);
            }
        }
        for basis in &more.bases {
            if !self.bases.contains(basis) {
                self.bases.push(basis.clone());
            }
        }
    }

    /// The entry of a write that is about to be forwarded.
    pub(super) fn intent(&self) -> JournalEntry {
        self.entry(Stage::Intent, Vec::new(), None)
    }

    /// The entry of an answer that is about to leave.
    pub(super) fn delivered(&self, disclosure: &Disclosure) -> JournalEntry {
        let stage = Stage::Delivered {
            status: disclosure.status(),
        };
        let digest = disclosure.digest().map(str::to_owned);
        self.entry(stage, disclosure.disclosed().to_vec(), digest)
    }

    /// The entry of a no.
    pub(super) fn refused(&self, refusal: &Refusal) -> JournalEntry {
        let stage = if refusal.is_aborted() {
            Stage::Aborted
        } else {
            Stage::Refused {
                reason: refusal.reason(),
            }
        };
        self.entry(stage, Vec::new(), None)
    }

    /// The entry of a session that began or ended.
    pub(super) fn session(&self, stage: Stage) -> JournalEntry {
        self.entry(stage, Vec::new(), None)
    }

    fn entry(
        &self,
        stage: Stage,
        disclosed: Vec<Disclosed>,
        digest: Option<String>,
    ) -> JournalEntry {
        JournalEntry {
            visit: self.id,
            stage,
            at: self.at,
            actor: self.actor.clone(),
            service: self.service.clone(),
            operation: self.operation.as_ref().map(|o| o.id.clone()),
            purpose: self.purpose.clone(),
            bases: self.bases.clone(),
            case: self.case.clone(),
            subject: self.subject,
            visibility: self.visibility,
            disclosed,
            rules: self.rules.clone(),
            bundle: self.bundle.map(|bundle| bundle.to_string()),
            depth: self.obligations.journal,
            notify: self.obligations.notify.clone(),
            digest,
            steps: self.told(),
        }
    }

    /// The steps of the walk; the first two are put into words only where they are written down.
    fn told(&self) -> Vec<Step> {
        let mut steps = Vec::with_capacity(self.steps.len() + 2);
        if let Some(operation) = &self.operation {
            let (prefix, template) = (&operation.service.prefix, &operation.template);
            steps.push(Step {
                name: "route".into(),
                found: format!("{} {prefix}{template}", operation.id).into(),
            });
        }
        if self.identified {
            let (kind, rank) = (self.actor.kind.as_str(), self.actor.acr);
            let by = by(self.actor.credential);
            steps.push(Step {
                name: "identify".into(),
                found: format!("{kind}, assurance rank {rank}, by {by}").into(),
            });
        }
        steps.extend(self.steps.iter().cloned());
        steps
    }
}

/// The word for what somebody is known by.
fn by(credential: Option<CredentialKind>) -> &'static str {
    credential.map_or("none", CredentialKind::as_str)
}
