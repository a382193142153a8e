//! What the engine's answer means.

use cedar_policy::{Decision, PolicyId, Response};

use super::Fault;

/// Yes or no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) enum Verdict {
    Allow(Granted),
    Deny(Refusal),
}

/// That the rules allow it. Made only by [`Verdict::of`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Granted {
    rules: Vec<usize>,
}

/// Why not. Rules by their index in the bundle, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) enum Refusal {
    Forbidden(Vec<usize>),
    NoPermit,
    Fault(Fault),
}

impl Granted {
    /// The permits that decided, by their index in the bundle, in ascending order.
    pub(in crate::policy) fn rules(&self) -> &[usize] {
        &self.rules
    }
}

impl Verdict {
    /// The one place where an answer becomes a yes: the engine allows, not one rule erred, and at
    /// least one permit that decided is known and has not lapsed. `find` gives a rule's index and
    /// whether it has lapsed.
    ///
    /// Cedar skips a rule that errs, a forbid too; so an answer with an error is no answer.
    pub(super) fn of(
        response: &Response,
        find: impl Fn(&PolicyId) -> Option<(usize, bool)>,
    ) -> Self {
        if let Some(error) = response.diagnostics().errors().next() {
            return Self::Deny(Refusal::Fault(Fault(error.to_string())));
        }
        let mut rules = Vec::new();
        for id in response.diagnostics().reason() {
            match find(id) {
                Some((_, true)) => {}
                Some((rule, false)) => rules.push(rule),
                None => return Self::Deny(Refusal::Fault(Fault(format!("no rule `{id}`")))),
            }
        }
        rules.sort_unstable();
        match response.decision() {
            Decision::Allow | Decision::Deny if rules.is_empty() => Self::Deny(Refusal::NoPermit),
            Decision::Allow => Self::Allow(Granted { rules }),
            Decision::Deny => Self::Deny(Refusal::Forbidden(rules)),
        }
    }
}
