//! The gate: may this operation be called at all?
//!
//! In: an [`Ask`]. Out: what was found when it passes, or a [`Denial`]. Invariants: what the
//! operation demands is checked first, then the rules are asked; a refusal has the reason of the
//! forbid that decided, or else what the closest permit lacked. Deliberately absent: the permit
//! itself, which is made in one place.

mod admit;
mod case;

use std::borrow::Cow;
use std::sync::Arc;

use crate::domain::decision::{Hint, Obligations};
use crate::domain::entry::{Step, VisitId};
use crate::domain::fact::Facts;
use crate::domain::name::{PurposeId, RuleId};
use crate::domain::operation::{Effect, Operation, UpstreamTarget};
use crate::domain::peer::Channel;
use crate::domain::person::Person;
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::purpose::{Claim, Purpose};
use crate::domain::reason::Reason;
use crate::domain::time::Timestamp;

use super::cedar::{About, DocumentScene, Fault, Missing, Query, Refusal, Scene, Verdict};
use super::remembered::Pattern;
use super::slice::{Action, Target};
use super::{Policy, Rule, merge};

use admit::{admit, choose_purpose, subject};
use case::{CaseStanding, case_standing};

/// What is asked at the gate.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    pub visit: VisitId,
    pub operation: Arc<Operation>,
    pub target: UpstreamTarget,
    pub principal: Principal,
    /// The person the request says it is about.
    pub subject: Option<Person>,
    pub claim: Claim,
    pub facts: &'a Facts,
    pub channel: Channel,
    pub now: Timestamp,
}

/// A no, with what is told and what is journaled of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    pub reason: Reason,
    pub purpose: Option<PurposeId>,
    /// The forbids that decided, or the permit that came closest.
    pub rules: Vec<RuleId>,
    pub hint: Option<Hint>,
    /// How it came about, without personal data.
    pub steps: Vec<Step>,
}

/// What the gate found when it lets through.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) subject: Option<Person>,
    pub(super) purpose: Option<Purpose>,
    pub(super) rules: Vec<RuleId>,
    pub(super) obligations: Obligations,
    pub(super) steps: Vec<Step>,
}

pub(super) fn pass(policy: &Policy, ask: &Ask<'_>) -> Result<Passed, Denial> {
    let mut steps = Vec::new();
    let deny = |reason, hint, steps: &[Step]| Denial {
        reason,
        purpose: None,
        rules: Vec::new(),
        hint,
        steps: steps.to_vec(),
    };
    admit(ask).map_err(|(reason, hint)| deny(reason, hint, &steps))?;
    let subject = subject(ask).map_err(|reason| deny(reason, None, &steps))?;
    let chosen = choose_purpose(policy, ask);
    step(
        &mut steps,
        "purpose",
        match &chosen {
            Ok(Some(purpose)) => Cow::Owned(purpose.id.to_string()),
            Ok(None) => Cow::Borrowed("none needed"),
            Err(reason) => Cow::Owned(reason.to_string()),
        },
    );
    let purpose = chosen.as_ref().ok().copied().flatten();
    let scene = scene(policy, ask, subject, purpose);
    let case = case_standing(&scene);
    step(&mut steps, "case", case.told());
    let mut gate = Gate {
        policy,
        operation: &ask.operation,
        scene,
        case,
        steps,
    };
    let verdict = gate.ask();
    let (reason, rules, hint) = match (verdict, chosen) {
        (Ok(Verdict::Allow(granted)), Ok(purpose)) => {
            let rules: Vec<_> = policy.rules_at(granted.rules()).collect();
            step(&mut gate.steps, "permitted by", names(&rules));
            return Ok(Passed {
                subject,
                purpose: purpose.cloned(),
                rules: rules.iter().map(|rule| rule.id.clone()).collect(),
                obligations: merge(rules),
                steps: gate.steps,
            });
        }
        (Ok(Verdict::Deny(Refusal::Forbidden(rules))), _) => gate.forbidden(&rules),
        (Ok(Verdict::Deny(Refusal::Fault(fault))) | Err(fault), _) => {
            step(&mut gate.steps, "rules", fault.0);
            (Reason::PolicyError, Vec::new(), None)
        }
        (Ok(Verdict::Allow(_) | Verdict::Deny(Refusal::NoPermit)), Err(reason)) => {
            (reason, Vec::new(), None)
        }
        (Ok(Verdict::Deny(Refusal::NoPermit)), Ok(_)) => gate.unpermitted(),
    };
    Err(Denial {
        reason,
        purpose: purpose.map(|purpose| purpose.id.clone()),
        rules,
        hint,
        steps: gate.steps,
    })
}

fn scene<'a>(
    policy: &Policy,
    ask: &'a Ask<'_>,
    subject: Option<Person>,
    purpose: Option<&'a Purpose>,
) -> Scene<'a> {
    let classes = match &ask.operation.effect {
        Effect::Verify(question) => vec![question.class.clone()],
        Effect::Read | Effect::Write => Vec::new(),
    };
    Scene {
        operation: &ask.operation,
        principal: &ask.principal,
        subject: subject.map(|person| person.id),
        purpose,
        purposes: purposes_above(policy, purpose),
        classes,
        case: ask.claim.case.as_ref(),
        facts: ask.facts,
        channel: ask.channel,
        rank: ask.principal.rank(),
        now: ask.now,
        document: ask.facts.presented.as_ref().map(DocumentScene::of),
    }
}

/// The purpose and all above it.
pub(super) fn purposes_above(policy: &Policy, purpose: Option<&Purpose>) -> Vec<PurposeId> {
    let above = |purpose: &&Purpose| {
        let parent = purpose.parent.as_ref()?;
        policy.vocabulary().purpose(parent)
    };
    // The vocabulary's purpose lives as long as the policy, the given one need not.
    let start = purpose.and_then(|purpose| policy.vocabulary().purpose(&purpose.id));
    std::iter::successors(start, above)
        .map(|purpose| purpose.id.clone())
        .collect()
}

struct Gate<'a> {
    policy: &'a Policy,
    operation: &'a Arc<Operation>,
    scene: Scene<'a>,
    case: CaseStanding,
    steps: Vec<Step>,
}

impl Gate<'_> {
    fn ask(&self) -> Result<Verdict, Fault> {
        let policy = self.policy;
        let lasts = |verdict: &Verdict| match verdict {
            Verdict::Deny(Refusal::Fault(_)) => false,
            Verdict::Allow(_) | Verdict::Deny(Refusal::Forbidden(_) | Refusal::NoPermit) => true,
        };
        match Pattern::at_gate(&policy.engine, &self.scene, self.operation) {
            Some(pattern) => policy.verdicts.answer(pattern, || self.ask_anew(), lasts),
            None => self.ask_anew(),
        }
    }

    fn ask_anew(&self) -> Result<Verdict, Fault> {
        self.with_query(|query| self.policy.engine.ask(query))
    }

    fn with_query<T>(&self, then: impl FnOnce(&Query<'_>) -> T) -> Result<T, Fault> {
        let (engine, scene) = (&self.policy.engine, &self.scene);
        let action = if scene.operation.effect.writes() {
            Action::Submit
        } else {
            Action::Invoke
        };
        let entities = engine.entities(scene, &[], None)?;
        Ok(then(&Query {
            scope: scene.scope(action, Target::Operation(scene.operation.id.clone())),
            resource: engine.operation(scene),
            context: engine.context(scene, scene.subject, 1)?,
            scene,
            entities: &entities,
        }))
    }

    /// Several forbids may have decided: the reason is the one that comes first in the catalogue.
    fn forbidden(&mut self, rules: &[usize]) -> (Reason, Vec<RuleId>, Option<Hint>) {
        let rules: Vec<_> = self.policy.rules_at(rules).collect();
        step(&mut self.steps, "forbidden by", names(&rules));
        let first = rules.iter().min_by_key(|rule| rule.code);
        let reason = first
            .and_then(|rule| rule.code)
            .unwrap_or(Reason::NotPermitted);
        let hint = first.and_then(|rule| rule.hint.clone());
        (
            reason,
            rules.iter().map(|rule| rule.id.clone()).collect(),
            hint,
        )
    }

    fn unpermitted(&mut self) -> (Reason, Vec<RuleId>, Option<Hint>) {
        let nothing = (Reason::NotPermitted, Vec::new(), None);
        let closest = self.with_query(|query| {
            let missing = self.policy.engine.closest(query)?;
            let rule = self.policy.bundle.rules.get(missing.rule)?;
            Some((
                rule,
                lacking(rule, &missing),
                missing.about(),
                hint(rule, missing.about()),
            ))
        });
        let Ok(Some((rule, lacking, about, hint))) = closest else {
            return nothing;
        };
        step(&mut self.steps, "closest permit", lacking);
        (self.reason(rule, about), vec![rule.id.clone()], hint)
    }

    fn reason(&self, rule: &Rule, about: About) -> Reason {
        let anonymous = self.scene.principal.kind() == PrincipalKind::Anonymous;
        match about {
            About::Case => self.case.reason().unwrap_or(Reason::NotPermitted),
            About::Assurance(_) | About::Scope | About::Purpose if anonymous => {
                Reason::SignInNeeded
            }
            About::Assurance(_) => Reason::StrongerSignInNeeded,
            About::Consent => rule.code.unwrap_or(Reason::ConsentNeeded),
            About::Mandate => rule.code.unwrap_or(Reason::MandateNeeded),
            About::Scope | About::Purpose => Reason::NotPermitted,
            About::Other => match rule.code {
                Some(Reason::CaseNeeded) | None => Reason::NotPermitted,
                Some(code) => code,
            },
        }
    }
}

/// What would help, by what the closest permit lacked.
pub(super) fn hint(rule: &Rule, about: About) -> Option<Hint> {
    match about {
        About::Assurance(Some(rank)) => Some(Hint::StepUp(rank)),
        About::Case => Some(Hint::Case),
        About::Consent => Some(Hint::Consent),
        About::Assurance(None) | About::Mandate => rule.hint.clone(),
        About::Scope | About::Purpose | About::Other => None,
    }
}

fn lacking(rule: &Rule, missing: &Missing<'_>) -> String {
    let all = missing.satisfied + missing.unmet.len();
    let unmet: Vec<_> = missing
        .unmet
        .iter()
        .map(|c| format!("`{}`", c.text))
        .collect();
    let satisfied = missing.satisfied;
    format!(
        "{}: {satisfied} of {all} conditions hold; not: {}",
        rule.id,
        unmet.join(", ")
    )
}

fn step(steps: &mut Vec<Step>, name: &'static str, found: impl Into<Cow<'static, str>>) {
    steps.push(Step {
        name: name.into(),
        found: found.into(),
    });
}

fn names(rules: &[&Rule]) -> String {
    let ids: Vec<_> = rules.iter().map(|rule| rule.id.as_str()).collect();
    ids.join(", ")
}

/// What the gate remembers of an ask, and what it finds now.
#[cfg(test)]
pub(super) fn both_ways(
    policy: &Policy,
    scene: &Scene<'_>,
    operation: &Arc<Operation>,
) -> (Result<Verdict, Fault>, Result<Verdict, Fault>) {
    let gate = Gate {
        policy,
        operation,
        scene: scene.clone(),
        case: case_standing(scene),
        steps: Vec::new(),
    };
    (gate.ask(), gate.ask_anew())
}
