//! What the engine does with rules that a bundle would refuse, and with a panic.

pub(in crate::policy) mod scenes;
mod slicing;

use std::path::PathBuf;

use cedar_policy::{Authorizer, Context, Entities, PolicySet, Request};

use super::{Fault, Refusal, Verdict, shielded};

fn verdict(rules: &str) -> Verdict {
    let set: PolicySet = rules.parse().unwrap();
    let uid = |text: &str| text.parse().unwrap();
    let request = Request::new(
        uid("Gov::Citizen::\"a\""),
        uid("Gov::Action::\"view\""),
        uid("Gov::Facet::\"b\""),
        Context::empty(),
        None,
    )
    .unwrap();
    let response = Authorizer::new().is_authorized(&request, &set, &Entities::empty());
    Verdict::of(&response, |_| Some((0, false)))
}

#[test]
fn t55_a_forbid_that_errs_denies_although_the_engine_alone_allows() {
    assert!(matches!(
        verdict("permit (principal, action, resource);"),
        Verdict::Allow(_)
    ));
    let erring = "permit (principal, action, resource);
                  forbid (principal, action, resource) when { principal.nothing };";
    assert!(matches!(verdict(erring), Verdict::Deny(Refusal::Fault(_))));
}

#[test]
fn t56_an_overflow_in_a_forbid_denies() {
    let overflowing = "permit (principal, action, resource);
                       forbid (principal, action, resource)
                       when { 9223372036854775807 + 1 > 0 };";
    assert!(matches!(
        verdict(overflowing),
        Verdict::Deny(Refusal::Fault(_))
    ));
}

#[test]
fn t63_a_panic_while_evaluating_is_a_fault() {
    let result = shielded(|| -> PathBuf { panic!("the engine broke") });
    assert!(matches!(result, Err(Fault(_))));
}

#[test]
fn t65_no_rules_deny() {
    assert_eq!(verdict(""), Verdict::Deny(Refusal::NoPermit));
    let unlinked = "permit (principal == ?principal, action, resource);";
    assert_eq!(verdict(unlinked), Verdict::Deny(Refusal::NoPermit));
}
