//! The engine: may this principal do this to this resource, by the rules of one bundle?
//!
//! In: typed values of one request. Out: a [`Verdict`]. Invariants: the raw engine is reachable
//! from nowhere else; only "allow, and not one error" is an allow; a panic while evaluating is a
//! denial; a permit that has lapsed permits nothing. Deliberately absent: JSON, a time limit (Cedar
//! has no loops, evaluation ends).

mod condition;
mod context;
mod entities;
mod grounds;
mod names;
mod scene;
mod verdict;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use cedar_policy::{
    Authorizer, Context, Entities, EntityUid, Policy, PolicyId, PolicySet, Request,
};

use crate::domain::problem::Problem;
use crate::domain::time::Timestamp;

use super::bundle::{Bundle, RuleKind};
use super::slice::{Action, Scope, Slice, Slices};

use condition::{Condition, conditions};
use names::Names;

pub(in crate::policy) use condition::{About, Missing};
pub(in crate::policy) use scene::{DocumentScene, Scene};
pub(in crate::policy) use verdict::{Refusal, Verdict};

/// Why an evaluation could not be carried out. For the journal and the log, not for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Fault(pub(in crate::policy) String);

/// One bundle's rules, compiled.
#[derive(Debug)]
pub(in crate::policy) struct Engine {
    names: Names,
    /// What does not change between requests: the actions, bodies and trees of the vocabulary.
    base: Entities,
    compiled: Vec<Compiled>,
    index: HashMap<PolicyId, usize>,
    slices: Slices,
    /// Whether a rule looks at the seconds since the sign-in.
    reads_auth_age: bool,
    /// When rules run out, in ascending order.
    ends: Vec<Timestamp>,
}

#[derive(Debug)]
struct Compiled {
    policy: Policy,
    kind: RuleKind,
    until: Option<Timestamp>,
    /// Found out with the first refusal that has to be explained by it.
    conditions: OnceLock<Vec<Condition>>,
}

impl Compiled {
    fn conditions(&self) -> &[Condition] {
        self.conditions.get_or_init(|| conditions(&self.policy))
    }
}

/// One question put to the engine.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Query<'a> {
    pub(in crate::policy) scope: Scope,
    pub(in crate::policy) resource: EntityUid,
    pub(in crate::policy) context: Context,
    pub(in crate::policy) scene: &'a Scene<'a>,
    pub(in crate::policy) entities: &'a Entities,
}

impl Engine {
    /// Compiles a checked bundle.
    pub(in crate::policy) fn new(bundle: &Bundle) -> Result<Self, Vec<Problem>> {
        let broken = |what: String| {
            vec![Problem {
                file: "schema.cedarschema".into(),
                line: 0,
                what,
                mend: "declare the types of the namespace Gov".to_owned(),
            }]
        };
        let names = Names::new().map_err(|fault| broken(fault.0))?;
        let base = entities::base(&names, bundle).map_err(|fault| broken(fault.0))?;
        let compiled: Vec<_> = bundle
            .rules
            .iter()
            .zip(&bundle.policies)
            .map(|(rule, policy)| Compiled {
                policy: policy.clone(),
                kind: rule.kind,
                until: rule.until,
                conditions: OnceLock::new(),
            })
            .collect();
        let index = compiled
            .iter()
            .enumerate()
            .map(|(at, rule)| (rule.policy.id().clone(), at))
            .collect();
        let mut ends: Vec<_> = compiled.iter().filter_map(|rule| rule.until).collect();
        ends.sort_unstable();
        Ok(Self {
            names,
            base,
            reads_auth_age: bundle.policies.iter().any(context::reads_auth_age),
            ends,
            compiled,
            index,
            slices: Slices::default(),
        })
    }

    /// How many rules have run out at that time.
    pub(in crate::policy) fn lapsed(&self, now: Timestamp) -> usize {
        self.ends.partition_point(|until| *until <= now)
    }

    /// Asks the rules that can apply.
    pub(in crate::policy) fn ask(&self, query: &Query<'_>) -> Verdict {
        match self.slice(&query.scope) {
            Ok(slice) => self.evaluate(query, &slice.set),
            Err(fault) => Verdict::Deny(Refusal::Fault(fault)),
        }
    }

    fn evaluate(&self, query: &Query<'_>, set: &PolicySet) -> Verdict {
        let answer = self.request(query).and_then(|request| {
            shielded(|| Authorizer::new().is_authorized(&request, set, query.entities))
        });
        match answer {
            Ok(response) => Verdict::of(&response, |id| {
                let at = *self.index.get(id)?;
                let rule = self.compiled.get(at)?;
                let lapsed = rule.kind == RuleKind::Permit
                    && rule.until.is_some_and(|until| until <= query.scene.now);
                Some((at, lapsed))
            }),
            Err(fault) => Verdict::Deny(Refusal::Fault(fault)),
        }
    }

    fn request(&self, query: &Query<'_>) -> Result<Request, Fault> {
        Request::new(
            self.principal(query.scene),
            self.action(query.scope.action),
            query.resource.clone(),
            query.context.clone(),
            None,
        )
        .map_err(|error| Fault(error.to_string()))
    }

    fn action(&self, action: Action) -> EntityUid {
        names::uid(&self.names.action, action.as_str())
    }

    fn slice(&self, scope: &Scope) -> Result<Arc<Slice>, Fault> {
        self.slices.get(scope, || {
            let reached: Vec<usize> = self
                .compiled
                .iter()
                .enumerate()
                .filter(|(_, rule)| scope.is_reached_by(&rule.policy, &self.base))
                .map(|(at, _)| at)
                .collect();
            let rules = reached.iter().filter_map(|at| self.compiled.get(*at));
            let set = PolicySet::from_policies(rules.map(|rule| rule.policy.clone()))
                .map_err(|error| Fault(error.to_string()))?;
            Ok(Slice { set, reached })
        })
    }
}

/// Runs what must not take the process down. A panic is a fault; the engine keeps no state that it
/// could leave half changed.
fn shielded<T>(evaluate: impl FnOnce() -> T) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(evaluate))
        .map_err(|_| Fault("the engine panicked while evaluating".to_owned()))
}

#[cfg(test)]
pub(in crate::policy) mod tests;
