//! Yes or no about one number, computed here.

use std::sync::Arc;

use muhrdor::domain::data::Form;
use muhrdor::domain::decision::FacetDecision;
use muhrdor::domain::operation::{Comparison, Question, UpstreamTarget};
use muhrdor::redaction::fields::{Reading, threshold};
use muhrdor::redaction::json::{Limits, parse};
use muhrdor::redaction::{Breach, RedactionError};

use super::{AZIZA, class, identify, map};

fn question(comparison: Comparison) -> Question {
    Question {
        name: "income-below".to_owned(),
        pointer: "/monthly_income".to_owned(),
        class: class("income"),
        comparison,
        parameter: "below".to_owned(),
        thresholds: vec![1_000_000, 5_000_000],
    }
}

fn ask(value: &str, question: &Question, form: Form) -> Result<String, RedactionError> {
    let body = format!(r#"{{"pinfl":"{AZIZA}","monthly_income":{value}}}"#);
    let map = map(&[("/monthly_income", "income")], &[("", "/pinfl")]);
    let document = parse(body.into(), &Limits::default()).unwrap();
    let reading = Reading::of(document, Arc::new(map), identify(AZIZA), &identify)?;
    let facet = reading.questioned(question)?;
    let decision =
        FacetDecision { facet, form, rules: Vec::new(), hint: None, degraded: false };
    let redacted = reading.verify(question, 5_000_000, &[decision])?;
    Ok(String::from_utf8(redacted.bytes.to_vec()).unwrap())
}

#[test]
fn a_question_is_answered_without_its_number() {
    let below = question(Comparison::Below);
    let at_least = question(Comparison::AtLeast);
    for (value, is_below) in [
        ("4999999.999999999999999999999999", true),
        ("5000000", false),
        ("5e6", false),
        ("5000000.0000000000000000000000001", false),
        ("-1", true),
        ("1e400", false),
    ] {
        let answer = |yes: bool| {
            format!(r#"{{"question":"income-below","threshold":5000000,"answer":{yes}}}"#)
        };
        assert_eq!(ask(value, &below, Form::Verified), Ok(answer(is_below)), "{value}");
        assert_eq!(ask(value, &at_least, Form::Verified), Ok(answer(!is_below)), "{value}");
    }
}

#[test]
fn a_question_is_answered_only_when_asking_it_is_permitted() {
    for form in [Form::Absent, Form::Clear] {
        let answer = ask("1", &question(Comparison::Below), form);
        assert_eq!(answer, Err(RedactionError::NothingToDisclose));
    }
}

#[test]
fn a_question_about_what_is_no_number_of_its_class_breaks_the_contract() {
    let broken = Err(RedactionError::ContractBroken(Breach::NoNumber));
    for value in ["\"5\"", "null", "[5]", "{\"a\":5}"] {
        assert_eq!(ask(value, &question(Comparison::Below), Form::Verified), broken, "{value}");
    }
    let mut other = question(Comparison::Below);
    other.class = class("health");
    assert_eq!(ask("5", &other, Form::Verified), broken);
    other.pointer = "/absent".to_owned();
    assert_eq!(ask("5", &other, Form::Verified), broken);
}

#[test]
fn a_threshold_is_one_of_those_that_may_be_asked_for() {
    let question = question(Comparison::Below);
    let read = |target: &str| threshold(&question, &UpstreamTarget::new(target.to_owned()));
    assert_eq!(read("/x?below=5000000"), Ok(5_000_000));
    assert_eq!(read("/x?a=1&below=1000000"), Ok(1_000_000));
    for target in [
        "/x", "/x?", "/x?below=", "/x?below=4999999", "/x?below=05000000", "/x?below=+5000000",
        "/x?below=5000000&below=5000000", "/x?below=5000000.0", "/x?Below=5000000",
    ] {
        assert_eq!(read(target), Err(RedactionError::QuestionNotAllowed), "{target}");
    }
}
