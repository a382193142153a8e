//! What a rule may not do although it parses and validates.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::pst::{BinaryOp, Clause, Expr, UnaryOp, Var};
use cedar_policy::{
    ActionConstraint, Effect, EntityUid, Policy, PrincipalConstraint, ResourceConstraint,
};

use crate::domain::name::{
    AgencyId, BasisId, DataClass, OperationId, PurposeId, RoleId, ServiceId,
};

use super::vocabulary::Vocabulary;

/// The names that stand outside the vocabulary and that policies may use: those of the register.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub services: BTreeSet<ServiceId>,
    pub operations: BTreeSet<OperationId>,
}

/// All that is wrong with a rule: pairs of what, and what to do.
pub(super) fn lint(
    policy: &Policy,
    vocabulary: &Vocabulary,
    known: &Known,
) -> Vec<(String, String)> {
    let mut problems = unknown_names(policy, vocabulary, known);
    let Ok(tree) = policy.to_pst() else {
        problems.push(problem(
            "the rule cannot be taken apart",
            "write it in plain Cedar",
        ));
        return problems;
    };
    let clauses = tree.body().clauses();
    if policy.effect() == Effect::Permit {
        problems.extend(unconstrained(policy));
        problems.extend(purposeless(policy, vocabulary, clauses));
    }
    for clause in clauses {
        let (Clause::When(expression) | Clause::Unless(expression)) = clause;
        let mut found = Found::default();
        search(expression, &mut found);
        if found.arithmetic && policy.effect() == Effect::Forbid {
            problems.push(problem(
                "a forbid that computes may overflow, and an overflow would not forbid",
                "let the gateway compute it and compare the result",
            ));
        }
        if found.unknown {
            problems.push(problem(
                "the rule uses a kind of expression that this build does not know",
                "write it without it",
            ));
        }
    }
    problems
}

fn problem(what: &str, mend: &str) -> (String, String) {
    (what.to_owned(), mend.to_owned())
}

/// Cedar takes any name in quotes; one that nobody has would never match, or never forbid.
fn unknown_names(policy: &Policy, vocabulary: &Vocabulary, known: &Known) -> Vec<(String, String)> {
    let literals: BTreeSet<_> = policy.entity_literals().into_iter().collect();
    literals
        .iter()
        .filter_map(|uid| unknown_name(uid, vocabulary, known))
        .collect()
}

fn unknown_name(
    uid: &EntityUid,
    vocabulary: &Vocabulary,
    known: &Known,
) -> Option<(String, String)> {
    let id = uid.id().unescaped();
    let exists = match uid.type_name().basename() {
        // The validator knows the actions, and nobody else's name.
        "Action" => true,
        "Anonymous" => id == "anonymous",
        "Agency" => AgencyId::parse(id).is_ok_and(|id| vocabulary.agency(&id).is_some()),
        "Role" => RoleId::parse(id).is_ok_and(|id| vocabulary.role(&id).is_some()),
        "LegalBasis" => BasisId::parse(id).is_ok_and(|id| vocabulary.basis(&id).is_some()),
        "Purpose" => PurposeId::parse(id).is_ok_and(|id| vocabulary.purpose(&id).is_some()),
        "DataClass" => DataClass::parse(id).is_ok_and(|id| vocabulary.class(&id).is_some()),
        "Service" => ServiceId::parse(id).is_ok_and(|id| known.services.contains(&id)),
        "Operation" => OperationId::parse(id).is_ok_and(|id| known.operations.contains(&id)),
        kind => {
            return Some(problem(
                &format!("the rule names one {kind}"),
                "rules are for all: say which by role, purpose, class or service",
            ));
        }
    };
    (!exists).then(|| {
        problem(
            &format!("nobody has the name `{uid}`"),
            "use a name of vocabulary.toml or of services/*.toml",
        )
    })
}

fn unconstrained(policy: &Policy) -> Option<(String, String)> {
    let all = policy.principal_constraint() == PrincipalConstraint::Any
        && policy.action_constraint() == ActionConstraint::Any
        && policy.resource_constraint() == ResourceConstraint::Any;
    all.then(|| {
        problem(
            "the rule permits everybody everything",
            "say who may do what to which data",
        )
    })
}

/// A permit by which personal data may leave must ask what for.
fn purposeless(
    policy: &Policy,
    vocabulary: &Vocabulary,
    clauses: &[Clause],
) -> Option<(String, String)> {
    let reads = |uid: &EntityUid| {
        let disclosing = ["disclose", "view", "viewMasked", "verify", "readJournal"];
        disclosing.contains(&uid.id().unescaped())
    };
    let discloses = match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(action) => reads(&action),
        ActionConstraint::In(actions) => actions.iter().any(reads),
    };
    let open = match policy.resource_constraint() {
        ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => {
            uid.type_name().basename() == "DataClass"
                && DataClass::parse(uid.id().unescaped())
                    .is_ok_and(|class| vocabulary.is_within(&class, "public"))
        }
        ResourceConstraint::Any | ResourceConstraint::Eq(_) | ResourceConstraint::Is(_) => false,
    };
    let asks = clauses.iter().any(|clause| match clause {
        Clause::When(expression) => conjuncts(expression).into_iter().any(is_purpose_test),
        Clause::Unless(_) => false,
    });
    (discloses && !open && !asks).then(|| {
        problem(
            "the rule gives personal data for any purpose",
            "test `context.purpose` with `==` or `in` in a `when`",
        )
    })
}

/// The parts that must all hold: what `&&` joins at the top.
pub(in crate::policy) fn conjuncts(expression: &Arc<Expr>) -> Vec<&Arc<Expr>> {
    match expression.as_ref() {
        Expr::BinaryOp {
            op: BinaryOp::And,
            left,
            right,
        } => [conjuncts(left), conjuncts(right)].concat(),
        _ => vec![expression],
    }
}

fn is_purpose_test(expression: &Arc<Expr>) -> bool {
    let Expr::BinaryOp { op, left, right } = expression.as_ref() else {
        return false;
    };
    matches!(op, BinaryOp::Eq | BinaryOp::In)
        && context_field(left) == Some("purpose")
        && context_field(right) != Some("purpose")
}

/// `purpose` of `context.purpose`.
pub(in crate::policy) fn context_field(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::GetAttr { expr, attr } if matches!(expr.as_ref(), Expr::Var(Var::Context)) => {
            Some(attr.as_str())
        }
        _ => None,
    }
}

#[derive(Default)]
struct Found {
    arithmetic: bool,
    unknown: bool,
}

fn search(expression: &Expr, found: &mut Found) {
    match expression {
        Expr::UnaryOp {
            op: UnaryOp::Neg, ..
        }
        | Expr::BinaryOp {
            op: BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul,
            ..
        } => found.arithmetic = true,
        _ => {}
    }
    match children(expression) {
        Some(children) => children.iter().for_each(|child| search(child, found)),
        None => found.unknown = true,
    }
}

/// The expressions directly inside one; `None` for a kind that is not known here.
pub(in crate::policy) fn children(expression: &Expr) -> Option<Vec<&Arc<Expr>>> {
    Some(match expression {
        Expr::Literal(_) | Expr::Var(_) => Vec::new(),
        Expr::UnaryOp { expr, .. }
        | Expr::GetAttr { expr, .. }
        | Expr::HasAttr { expr, .. }
        | Expr::Like { expr, .. } => vec![expr],
        Expr::BinaryOp { left, right, .. } => vec![left, right],
        Expr::Is { expr, in_expr, .. } => std::iter::once(expr).chain(in_expr).collect(),
        Expr::IfThenElse {
            cond,
            then_expr,
            else_expr,
        } => vec![cond, then_expr, else_expr],
        Expr::Set(members) => members.iter().collect(),
        Expr::Record(fields) => fields.values().collect(),
        _ => return None,
    })
}
