//! A thousand rules, fourteen facets.

use std::fmt::Write;

use muhrdor::domain::data::Form;

use super::world::{ask, facet, facts, forms, load, policy, with};

const CLASSES: [&str; 14] = [
    "contact",
    "identifier",
    "name",
    "civil-status",
    "address",
    "education",
    "employment",
    "income",
    "property",
    "tax",
    "photo",
    "health",
    "criminal",
    "genetic",
];

/// So many case-bound permits, spread over classes, roles and services that exist.
fn generated_rules(count: usize) -> String {
    let mut rules = String::new();
    for n in 0..count {
        let class = CLASSES[n % CLASSES.len()];
        let role = ["security-officer", "protection-unit", "income-checker"][n % 3];
        write!(
            rules,
            r#"@id("generated-{n}") @title_uz("a") @title_uzc("а") @title_ru("а") @title_en("a")
@basis("zru-547-duties") @owner("portal") @journal("full")
permit (principal in Gov::Role::"{role}", action == Gov::Action::"view",
  resource is Gov::Facet in Gov::DataClass::"{class}")
when {{ principal is Gov::Official && context has purpose &&
  context.purpose == Gov::Purpose::"pension.review" && context has caseRef &&
  context.caseRef.subject == resource.subject && context.caseRef.open &&
  context.bulk <= {n} && context.acr >= 2 }};
"#
        )
        .unwrap();
    }
    rules
}

#[test]
fn a_thousand_rules_more_change_no_decision_that_they_are_not_about() {
    let facts = facts();
    let facets = CLASSES.map(|class| facet(1, class));
    let few = policy()
        .decide(ask(&facts))
        .unwrap()
        .decide(&facets, &facts);
    let source = with(&[("generated.cedar", Some(&generated_rules(1000)))]);
    let policy = load(&source).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert!(policy.rules().len() > 1000);
    let permit = policy.decide(ask(&facts)).unwrap();
    let many = permit.decide(&facets, &facts);
    assert_eq!(forms(&many), forms(&few));
    assert!(many.iter().any(|decision| decision.form == Form::Clear));
}
