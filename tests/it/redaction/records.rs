//! Records of several persons in one body: each is decided for itself.

use muhrdor::domain::data::{Form, Mask};
use muhrdor::redaction::RedactionError;

use super::{AZIZA, BOTIR, KAMOLA, class, clear, map, redact, text};

fn family() -> muhrdor::domain::operation::ClassMap {
    map(
        &[
            ("/pinfl", "identifier"),
            ("/name", "name"),
            ("/address", "address"),
            ("/health", "health"),
            ("/spouse/pinfl", "identifier"),
            ("/spouse/name", "name"),
            ("/spouse/children/*/name", "name"),
        ],
        &[("", "/pinfl"), ("/spouse", "/pinfl"), ("/spouse/children/*", "/pinfl")],
    )
}

fn body() -> String {
    format!(
        r#"{{"pinfl":"{AZIZA}","name":"Aziza Karimova","address":{{"region":"Tashkent","flat":"21"}},"health":{{"diagnosis":"canary"}},"spouse":{{"pinfl":"{BOTIR}","name":"Botir Karimov","children":[{{"pinfl":"{KAMOLA}","name":"Kamola"}}]}}}}"#
    )
}

#[test]
fn each_person_of_a_record_is_decided_for_themself() {
    let rules = |pinfl: &str, class: &str| match (pinfl, class) {
        (_, "health") | (KAMOLA, _) => Form::Absent,
        (AZIZA, "identifier") => Form::Masked(Mask::Last4),
        _ => Form::Clear,
    };
    let redacted = redact(&family(), Some(AZIZA), body(), rules).unwrap();
    assert_eq!(
        text(&redacted),
        format!(
            r#"{{"pinfl":"••••1172","name":"Aziza Karimova","address":{{"region":"Tashkent","flat":"21"}},"spouse":{{"pinfl":"{BOTIR}","name":"Botir Karimov"}}}}"#
        )
    );
    assert_eq!(redacted.withheld.get(&class("health")), Some(&Form::Absent));
    assert_eq!(redacted.withheld.get(&class("identifier")), Some(&Form::Masked(Mask::Last4)));
    assert_eq!(redacted.withheld.len(), 2);
}

#[test]
fn what_is_around_a_person_of_whom_nothing_stays_goes_with_all_that_is_in_it() {
    let rules = |pinfl: &str, _: &str| if pinfl == BOTIR { Form::Absent } else { Form::Clear };
    let redacted = redact(&family(), Some(AZIZA), body(), rules).unwrap();
    assert!(!text(&redacted).contains("Kamola"));
    assert!(!text(&redacted).contains("spouse"));
    let kamola_only = |pinfl: &str, _: &str| if pinfl == KAMOLA { Form::Clear } else { Form::Absent };
    assert_eq!(
        redact(&family(), Some(AZIZA), body(), kamola_only),
        Err(RedactionError::NothingToDisclose)
    );
}

#[test]
fn a_record_that_does_not_say_whose_it_is_goes_whole() {
    let map = map(&[("/name", "name"), ("/other/name", "name")], &[("/other", "/pinfl")]);
    for other in [r#"{"name":"X"}"#, r#"{"pinfl":"1","name":"X"}"#, r#"["X"]"#, "7"] {
        let body = format!(r#"{{"name":"A","other":{other}}}"#);
        let redacted = redact(&map, Some(AZIZA), body, clear).unwrap();
        assert_eq!(text(&redacted), r#"{"name":"A"}"#);
    }
}

#[test]
fn what_belongs_to_nobody_is_absent() {
    let map = map(&[("/total", "public"), ("/rows/*/name", "name")], &[("/rows/*", "/pinfl")]);
    let body = format!(r#"{{"total":1,"rows":[{{"pinfl":{AZIZA},"name":"A"}}]}}"#);
    let redacted = redact(&map, None, body, clear).unwrap();
    assert_eq!(text(&redacted), r#"{"rows":[{"name":"A"}]}"#);
}

#[test]
fn a_decision_about_something_else_counts_as_none() {
    use muhrdor::redaction::fields::{Masks, Reading};
    use muhrdor::redaction::json::{Limits, parse};

    let document = parse(body().into(), &Limits::default()).unwrap();
    let request = super::identify(AZIZA);
    let reading = Reading::of(document, family().into(), request, &super::identify).unwrap();
    let masks = Masks { pseudonym: &|_, _| None, bhm_soum: 1 };
    let mut decisions: Vec<_> = reading
        .facets()
        .into_iter()
        .map(|facet| muhrdor::domain::decision::FacetDecision {
            facet,
            form: Form::Clear,
            rules: Vec::new(),
            hint: None,
            degraded: false,
        })
        .collect();
    assert!(reading.redact(&decisions, &masks).is_ok());
    decisions.rotate_left(1);
    assert_eq!(reading.redact(&decisions, &masks), Err(RedactionError::NothingToDisclose));
    assert_eq!(reading.redact(&[], &masks), Err(RedactionError::NothingToDisclose));
    decisions[0].degraded = true;
    assert_eq!(reading.redact(&decisions, &masks), Err(RedactionError::RuleFault));
}
