//! A thousand rules, fourteen facets.

use muhrdor::domain::data::Form;

use super::generated::{CLASSES, facts_with_role, generated};
use super::world::{ask, facet, forms, load, policy};

#[test]
fn a_thousand_rules_more_change_no_decision_that_they_are_not_about() {
    let facts = facts_with_role();
    let facets = CLASSES.map(|class| facet(1, class));
    let few = policy()
        .decide(ask(&facts))
        .unwrap()
        .decide(&facets, &facts);
    let source = generated(1000);
    let policy = load(&source).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert!(policy.rules().len() > 1000);
    let permit = policy.decide(ask(&facts)).unwrap();
    let many = permit.decide(&facets, &facts);
    assert_eq!(forms(&many), forms(&few));
    assert!(many.iter().any(|decision| decision.form == Form::Clear));
}
