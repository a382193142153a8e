//! In which form each facet of an answer may leave.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use cedar_policy::{Context, Entities};

use crate::domain::data::{Facet, Form};
use crate::domain::decision::{FacetDecision, Hint};
use crate::domain::name::RuleId;
use crate::domain::operation::{Effect, Operation};
use crate::domain::person::PersonId;
use crate::domain::principal::PrincipalKind;

use crate::policy::cedar::{Fault, Query, Refusal, Scene, Verdict};
use crate::policy::gate;
use crate::policy::remembered::Pattern;
use crate::policy::slice::{Action, Target};
use crate::policy::{Policy, Rule};

/// One answer's questions to the engine.
pub(in crate::policy) struct Asking<'a> {
    policy: &'a Policy,
    operation: &'a Arc<Operation>,
    scene: &'a Scene<'a>,
    facets: &'a [Facet],
    /// How many persons the answer is about.
    bulk: usize,
    prepared: OnceCell<Option<Prepared>>,
}

/// What the engine is given, made once something has to be asked anew.
struct Prepared {
    entities: Entities,
    contexts: BTreeMap<PersonId, Context>,
}

/// What was decided about one facet, whosesoever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Decided {
    form: Form,
    rules: Vec<RuleId>,
    hint: Option<Hint>,
    degraded: bool,
}

/// Why something is absent.
enum Why {
    Fault,
    Forbidden(Vec<RuleId>, Option<Hint>),
    NoPermit(Option<Hint>),
}

impl<'a> Asking<'a> {
    pub(in crate::policy) fn new(
        policy: &'a Policy,
        operation: &'a Arc<Operation>,
        scene: &'a Scene<'a>,
        facets: &'a [Facet],
    ) -> Self {
        let subjects: BTreeSet<_> = facets.iter().map(|facet| facet.subject.id).collect();
        Self {
            policy,
            operation,
            scene,
            facets,
            bulk: subjects.len(),
            prepared: OnceCell::new(),
        }
    }

    pub(super) fn decide(&self, facet: &Facet) -> FacetDecision {
        let decided = self.decided(facet);
        FacetDecision {
            facet: facet.clone(),
            form: decided.form,
            rules: decided.rules,
            hint: decided.hint,
            degraded: decided.degraded,
        }
    }

    /// What holds of the facet, decided now or before.
    pub(in crate::policy) fn decided(&self, facet: &Facet) -> Decided {
        let policy = self.policy;
        let (engine, operation) = (&policy.engine, self.operation);
        let anew = || Ok::<_, Infallible>(self.decide_anew(facet));
        let lasts = |decided: &Decided| !decided.degraded;
        let pattern = Pattern::of_facet(engine, self.scene, operation, facet, self.bulk);
        let Ok(decided) = match pattern {
            Some(pattern) => policy.forms.answer(pattern, anew, lasts),
            None => anew(),
        };
        decided
    }

    /// View, and if that is not allowed, view masked; or the one question the operation asks.
    pub(in crate::policy) fn decide_anew(&self, facet: &Facet) -> Decided {
        let policy = self.policy;
        let person_or_official = matches!(
            self.scene.principal.kind(),
            PrincipalKind::Person | PrincipalKind::Official
        );
        let first = match &self.scene.operation.effect {
            Effect::Verify(question) if question.class == facet.class => Action::Verify,
            Effect::Verify(_) => return absent(Why::NoPermit(None)),
            Effect::Read | Effect::Write => {
                match policy.vocabulary().is_within(&facet.class, "journal") {
                    true if person_or_official => Action::ReadJournal,
                    true => return absent(Why::NoPermit(None)),
                    false => Action::View,
                }
            }
        };
        let refusal = match self.ask(first, facet) {
            Verdict::Allow(granted) => {
                let form = if first == Action::Verify {
                    Form::Verified
                } else {
                    Form::Clear
                };
                return shown(form, policy.rules_at(granted.rules()));
            }
            Verdict::Deny(Refusal::Fault(_)) => return absent(Why::Fault),
            Verdict::Deny(refusal) => refusal,
        };
        if first == Action::View {
            match self.ask(Action::ViewMasked, facet) {
                Verdict::Allow(granted) => {
                    let rules: Vec<_> = policy.rules_at(granted.rules()).collect();
                    // The least revealing of all that permit it; without a mask nothing leaves.
                    return match rules.iter().map(|rule| rule.mask).min().flatten() {
                        Some(mask) => shown(Form::Masked(mask), rules),
                        None => absent(Why::Fault),
                    };
                }
                Verdict::Deny(Refusal::Fault(_)) => return absent(Why::Fault),
                Verdict::Deny(Refusal::Forbidden(_) | Refusal::NoPermit) => {}
            }
        }
        absent(self.why(first, facet, refusal))
    }

    fn why(&self, action: Action, facet: &Facet, refusal: Refusal) -> Why {
        let policy = self.policy;
        match refusal {
            Refusal::Fault(_) => Why::Fault,
            Refusal::Forbidden(rules) => {
                let rules: Vec<_> = policy.rules_at(&rules).collect();
                let hint = rules.iter().find_map(|rule| rule.hint.clone());
                Why::Forbidden(rules.iter().map(|rule| rule.id.clone()).collect(), hint)
            }
            Refusal::NoPermit => Why::NoPermit(self.query(action, facet).and_then(|query| {
                let missing = policy.engine.closest(&query)?;
                let rule = policy.bundle.rules.get(missing.rule)?;
                gate::hint(rule, missing.about())
            })),
        }
    }

    fn ask(&self, action: Action, facet: &Facet) -> Verdict {
        match self.query(action, facet) {
            Some(query) => self.policy.engine.ask(&query),
            None => Verdict::Deny(Refusal::Fault(Fault("no context".to_owned()))),
        }
    }

    fn query(&self, action: Action, facet: &Facet) -> Option<Query<'_>> {
        let prepared = self.prepared.get_or_init(|| self.prepare().ok()).as_ref()?;
        Some(Query {
            scope: self.scene.scope(action, Target::Facet(facet.class.clone())),
            resource: self.policy.engine.facet(facet),
            context: prepared.contexts.get(&facet.subject.id)?.clone(),
            scene: self.scene,
            entities: &prepared.entities,
        })
    }

    fn prepare(&self) -> Result<Prepared, Fault> {
        let engine = &self.policy.engine;
        let entities = engine.entities(self.scene, self.facets, None)?;
        let subjects: BTreeSet<_> = self.facets.iter().map(|facet| facet.subject.id).collect();
        let contexts = subjects.into_iter().map(|subject| {
            let context = engine.context(self.scene, Some(subject), self.bulk)?;
            Ok((subject, context))
        });
        Ok(Prepared {
            entities,
            contexts: contexts.collect::<Result<_, Fault>>()?,
        })
    }
}

fn shown<'a>(form: Form, rules: impl IntoIterator<Item = &'a Rule>) -> Decided {
    Decided {
        form,
        rules: rules.into_iter().map(|rule| rule.id.clone()).collect(),
        hint: None,
        degraded: false,
    }
}

fn absent(why: Why) -> Decided {
    let (rules, hint, degraded) = match why {
        Why::Fault => (Vec::new(), None, true),
        Why::Forbidden(rules, hint) => (rules, hint, false),
        Why::NoPermit(hint) => (Vec::new(), hint, false),
    };
    Decided {
        form: Form::Absent,
        rules,
        hint,
        degraded,
    }
}
