//! The parts of a rule that must all hold, and the permit that came closest.
//!
//! Cedar names only rules that were satisfied. Why nothing permitted is found by evaluating each
//! condition of each permit that can apply: the closest is the one with most of them satisfied.

use std::cmp::Reverse;
use std::str::FromStr;

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, Var};
use cedar_policy::{
    EvalResult, Expression, Policy, PrincipalConstraint, ResourceConstraint, eval_expression,
};

use crate::policy::bundle::{RuleKind, children, conjuncts, context_field};

use super::{Engine, Query, shielded};

/// One thing that a rule asks for.
#[derive(Debug)]
pub(in crate::policy) struct Condition {
    /// In Cedar, as an officer reads it.
    pub(in crate::policy) text: String,
    pub(in crate::policy) about: About,
    expression: Expression,
}

/// What a condition is about: what would have to change for it to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum About {
    /// Who asks, or for what kind of thing.
    Scope,
    Purpose,
    Case,
    Consent,
    Mandate,
    /// How surely the principal is known; the rank asked for, where it is one.
    Assurance(Option<u8>),
    Other,
}

/// The permit that came closest, and what it lacked.
#[derive(Debug)]
pub(in crate::policy) struct Missing<'a> {
    /// Its index in the bundle.
    pub(in crate::policy) rule: usize,
    pub(in crate::policy) satisfied: usize,
    pub(in crate::policy) unmet: Vec<&'a Condition>,
}

impl Missing<'_> {
    /// What the first unmet condition is about, if it is something that the caller may change.
    pub(in crate::policy) fn about(&self) -> About {
        self.unmet
            .first()
            .map_or(About::Other, |condition| condition.about)
    }
}

impl Engine {
    /// The permit that came closest to allowing it. A permit for other people or another purpose
    /// is closer than none, and farther than any that is for these.
    pub(in crate::policy) fn closest(&self, query: &Query<'_>) -> Option<Missing<'_>> {
        let slice = self.slice(&query.scope).ok()?;
        let request = self.request(query).ok()?;
        let holds = |condition: &Condition| {
            let holds = shielded(|| {
                let value = eval_expression(&request, query.entities, &condition.expression);
                matches!(value, Ok(EvalResult::Bool(true)))
            });
            holds == Ok(true)
        };
        slice
            .reached
            .iter()
            .filter_map(|at| Some((*at, self.compiled.get(*at)?)))
            .filter(|(_, rule)| rule.kind == RuleKind::Permit)
            .filter(|(_, rule)| rule.until.is_none_or(|until| until > query.scene.now))
            .map(|(at, rule)| {
                let unmet: Vec<_> = rule.conditions().iter().filter(|c| !holds(c)).collect();
                Missing {
                    rule: at,
                    satisfied: rule.conditions().len() - unmet.len(),
                    unmet,
                }
            })
            .max_by_key(|missing| {
                let for_others = missing
                    .unmet
                    .iter()
                    .any(|c| matches!(c.about, About::Scope | About::Purpose));
                let unmet = Reverse(missing.unmet.len());
                (!for_others, missing.satisfied, unmet, Reverse(missing.rule))
            })
    }
}

/// Takes a rule apart. What cannot be taken apart is left whole, and what cannot be read again is
/// left out: this explains decisions, it makes none.
pub(super) fn conditions(policy: &Policy) -> Vec<Condition> {
    let mut all: Vec<Condition> = scope(policy)
        .into_iter()
        .filter_map(|text| condition(text, About::Scope))
        .collect();
    let Ok(tree) = policy.to_pst() else {
        return all;
    };
    for clause in tree.body().clauses() {
        match clause {
            Clause::When(expression) => {
                let parts = conjuncts(expression).into_iter();
                all.extend(parts.filter_map(|part| condition(part.to_string(), about(part))));
            }
            Clause::Unless(expression) => {
                all.extend(condition(format!("!({expression})"), about(expression)));
            }
        }
    }
    all
}

fn scope(policy: &Policy) -> Vec<String> {
    let principal = match policy.principal_constraint() {
        PrincipalConstraint::Any => None,
        PrincipalConstraint::In(uid) => Some(format!("principal in {uid}")),
        PrincipalConstraint::Eq(uid) => Some(format!("principal == {uid}")),
        PrincipalConstraint::Is(name) => Some(format!("principal is {name}")),
        PrincipalConstraint::IsIn(name, uid) => Some(format!("principal is {name} in {uid}")),
    };
    let resource = match policy.resource_constraint() {
        ResourceConstraint::Any => None,
        ResourceConstraint::In(uid) => Some(format!("resource in {uid}")),
        ResourceConstraint::Eq(uid) => Some(format!("resource == {uid}")),
        ResourceConstraint::Is(name) => Some(format!("resource is {name}")),
        ResourceConstraint::IsIn(name, uid) => Some(format!("resource is {name} in {uid}")),
    };
    principal.into_iter().chain(resource).collect()
}

fn condition(text: String, about: About) -> Option<Condition> {
    let expression = Expression::from_str(&text).ok()?;
    Some(Condition {
        text,
        about,
        expression,
    })
}

fn about(expression: &Expr) -> About {
    let mut fields = Vec::new();
    collect_fields(expression, &mut fields);
    let mentions = |word: &str| fields.iter().any(|field| field == word);
    if mentions("caseRef") {
        About::Case
    } else if mentions("consent") {
        About::Consent
    } else if mentions("mandate") {
        About::Mandate
    } else if mentions("acr") || mentions("authAge") {
        About::Assurance(rank_asked(expression))
    } else if mentions("purpose") {
        About::Purpose
    } else {
        About::Other
    }
}

fn collect_fields(expression: &Expr, fields: &mut Vec<String>) {
    if let Some(field) = context_field(expression) {
        fields.push(field.to_owned());
    }
    if let Expr::HasAttr { expr, attrs } = expression
        && matches!(expr.as_ref(), Expr::Var(Var::Context))
    {
        fields.push(attrs.first().to_string());
    }
    for child in children(expression).unwrap_or_default() {
        collect_fields(child, fields);
    }
}

/// 2 of `context.acr >= 2`.
fn rank_asked(expression: &Expr) -> Option<u8> {
    let Expr::BinaryOp {
        op: BinaryOp::GreaterEq,
        left,
        right,
    } = expression
    else {
        return None;
    };
    match (context_field(left), right.as_ref()) {
        (Some("acr"), Expr::Literal(Literal::Long(rank))) => u8::try_from(*rank).ok(),
        _ => None,
    }
}
