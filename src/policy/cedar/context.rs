//! The circumstances of one request, from typed values, refused when out of range.

use cedar_policy::pst::{Clause, Expr, Var};
use cedar_policy::{Context, Policy, RestrictedExpression};

use crate::domain::person::PersonId;

use crate::policy::bundle::{children, context_field};

use super::names::uid;
use super::{Engine, Fault, Scene};

/// The longest time since a sign-in that is believed, in seconds: ten years.
pub(in crate::policy) const AUTH_AGE_SECONDS_MAX: i64 = 10 * 366 * 24 * 3600;

/// How far a provider's clock may run ahead of ours, in seconds: a sign-in that far in the future
/// is one of now.
const AUTH_AHEAD_SECONDS_MAX: i64 = 60;

/// Seconds since the sign-in, as rules call it.
const AUTH_AGE: &str = "authAge";

/// The most persons one answer may be about.
pub(in crate::policy) const BULK_MAX: usize = 10_000;

impl Engine {
    /// The context for what concerns `subject`. `bulk` is the number of persons in the answer.
    /// Refuses what is out of range: a rule may be proved only for values that can occur.
    pub(in crate::policy) fn context(
        &self,
        scene: &Scene<'_>,
        subject: Option<PersonId>,
        bulk: usize,
    ) -> Result<Context, Fault> {
        if !(1..=BULK_MAX).contains(&bulk) {
            return Err(Fault(format!(
                "an answer about {bulk} persons is out of range"
            )));
        }
        let bulk = i64::try_from(bulk).map_err(|_| Fault("bulk is out of range".to_owned()))?;
        let long = RestrictedExpression::new_long;
        let mut pairs = vec![
            ("acr".to_owned(), long(i64::from(scene.rank.as_u8()))),
            (AUTH_AGE.to_owned(), long(auth_age(scene)?)),
            ("bulk".to_owned(), long(bulk)),
            (
                "channel".to_owned(),
                RestrictedExpression::new_string(scene.channel.as_str().to_owned()),
            ),
        ];
        let names = &self.names;
        let mut add = |word: &str, kind, id: &str| {
            let entity = RestrictedExpression::new_entity_uid(uid(kind, id));
            pairs.push((word.to_owned(), entity));
        };
        if let Some(purpose) = scene.purpose {
            add("purpose", &names.purpose, purpose.id.as_str());
            add("basis", &names.basis, purpose.basis.as_str());
        }
        if let Some(case) = scene.case() {
            add("caseRef", &names.case, case.number.as_str());
        }
        if let Some(mandate) = subject.and_then(|subject| scene.mandate(subject)) {
            add("mandate", &names.mandate, mandate.id.as_str());
        }
        if let Some(consent) = subject.and_then(|subject| scene.consent(subject)) {
            add("consent", &names.consent, consent.id.as_str());
        }
        if scene.document.is_some() {
            let document = RestrictedExpression::new_entity_uid(self.document());
            pairs.push(("document".to_owned(), document));
        }
        Context::from_pairs(pairs).map_err(|error| Fault(error.to_string()))
    }

    /// The seconds since the sign-in, where any rule looks at them. Refuses what is out of range
    /// in any case.
    pub(in crate::policy) fn auth_age_read(&self, scene: &Scene<'_>) -> Result<Option<i64>, Fault> {
        let age = auth_age(scene)?;
        Ok(self.reads_auth_age.then_some(age))
    }
}

/// Whether a rule may look at the seconds since the sign-in: it names them, or does something with
/// the context other than to look at one field of it, or is not understood here.
pub(super) fn reads_auth_age(policy: &Policy) -> bool {
    if !may_name_auth_age(&policy.to_string()) {
        return false;
    }
    let Ok(tree) = policy.to_pst() else {
        return true;
    };
    let mut clauses = tree.body().clauses().iter();
    clauses.any(|clause| match clause {
        Clause::When(expression) | Clause::Unless(expression) => may_read_auth_age(expression),
    })
}

/// Whether a rule's text has the context other than as `context.FIELD` with another field. Taking a
/// rule apart takes long, and few do.
fn may_name_auth_age(text: &str) -> bool {
    let is_of_field = |after: &str| {
        let field = after.strip_prefix('.').unwrap_or_default();
        field.starts_with(|first: char| first.is_ascii_alphabetic()) && !field.starts_with(AUTH_AGE)
    };
    let mut afters = text.split("context").skip(1);
    afters.any(|after| !is_of_field(after))
}

fn may_read_auth_age(expression: &Expr) -> bool {
    if let Some(field) = context_field(expression) {
        return field == AUTH_AGE;
    }
    match expression {
        Expr::Var(Var::Context) => true,
        Expr::HasAttr { expr, attrs } if matches!(expr.as_ref(), Expr::Var(Var::Context)) => {
            attrs.iter().any(|attr| attr == AUTH_AGE)
        }
        _ => children(expression)
            .is_none_or(|children| children.into_iter().any(|child| may_read_auth_age(child))),
    }
}

fn auth_age(scene: &Scene<'_>) -> Result<i64, Fault> {
    let Some(assurance) = scene.principal.assurance() else {
        return Ok(0);
    };
    let age = scene
        .now
        .ms_since(assurance.authenticated_at)
        .div_euclid(1000);
    if !(-AUTH_AHEAD_SECONDS_MAX..=AUTH_AGE_SECONDS_MAX).contains(&age) {
        return Err(Fault(format!(
            "a sign-in {age} seconds ago is out of range"
        )));
    }
    Ok(age.max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rule_that_surely_does_not_name_the_age_is_not_taken_apart() {
        let rows = [
            ("context.authAge < 2", true, true),
            ("context . authAge < 2", true, true),
            ("context./**/authAge < 2", true, true),
            (r#"context["auth\u{41}ge"] < 2"#, true, true),
            ("context has authAge", true, true),
            ("context.bulk == 1 && context == resource.x", true, true),
            ("context has caseRef && context.caseRef.open", true, false),
            (r#"context.purpose == Gov::Purpose::"a""#, false, false),
            ("resource.subject == principal", false, false),
        ];
        for (condition, taken_apart, reads) in rows {
            assert_eq!(may_name_auth_age(condition), taken_apart, "{condition}");
            let text = format!("permit (principal, action, resource) when {{ {condition} }};");
            if let Ok(policy) = Policy::parse(None, &text) {
                assert_eq!(reads_auth_age(&policy), reads, "{condition}");
            }
        }
    }
}
