//! Both steps under a permit of the shipped rules: inspect, then disclose.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;

use muhrdor::domain::data::{Form, Mask};
use muhrdor::domain::decision::{JournalDepth, Notice};
use muhrdor::domain::name::PurposeId;
use muhrdor::domain::operation::{
    Comparison, Effect, Mode, Operation, PurposeBinding, Question, SubjectAt,
};
use muhrdor::domain::principal::{Principal, PrincipalKind};
use muhrdor::domain::reason::Reason;
use muhrdor::redaction::{Breach, Completeness, DisclosureMode, RedactionError};
use muhrdor::wire::answer::Answer;
use muhrdor::wire::body::{Body, BodyError};

use super::heads::operation;
use super::house::{House, inspector, system};
use super::{AZIZA, BOTIR, class, map};

fn bound(mut operation: Operation, purpose: &str, who: PrincipalKind) -> Operation {
    let purpose = PurposeId::parse(purpose).unwrap();
    operation.who = [who].into();
    operation.purposes = vec![PurposeBinding {
        purpose,
        who,
        roles: Vec::new(),
    }];
    operation
}

fn record(mode: Mode, media: &str) -> Operation {
    bound(
        operation(&[(200, media, mode)]),
        "pension.assess",
        PrincipalKind::Official,
    )
}

fn fields() -> Mode {
    let entries = [
        ("/pinfl", "identifier"),
        ("/monthly_income", "income"),
        ("/health", "health"),
        ("/state", "public"),
    ];
    Mode::Fields(Arc::new(map(&entries, &[("", "/pinfl")])))
}

fn answer(media: &str, body: Body) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::try_from(media).unwrap());
    headers.insert("etag", HeaderValue::from_static("\"1\""));
    Answer {
        status: 200,
        headers,
        body,
        tunnel: None,
    }
}

fn pension(pinfl: &str) -> Body {
    Body::full(format!(
        r#"{{"pinfl":"{pinfl}","monthly_income":7341907,"health":{{"d":"canary"}},"state":"open","note":"canary"}}"#
    ))
}

#[test]
fn an_inspector_gets_what_the_case_needs_and_is_told_what_was_withheld() {
    let house = House::new();
    let permit = house.permit(
        record(fields(), "application/json"),
        inspector(),
        "/records/x",
    );
    let disclosure = house
        .walk(&permit, answer("application/json", pension(AZIZA)))
        .unwrap();
    let expected = r#"{"pinfl":"••••1172","monthly_income":7341907,"state":"open"}"#;
    assert_eq!(disclosure.json(), Some(expected.as_bytes()));
    assert_eq!(
        disclosure.withheld(),
        Some("health;absent, identifier;masked")
    );
    assert_eq!(disclosure.mode(), DisclosureMode::Fields);
    assert_eq!(disclosure.completeness(), Completeness::Sound);
    assert_eq!(disclosure.visit(), permit.visit());
    let digest = house.pseudonym.delivered(expected.as_bytes()).to_string();
    assert_eq!(disclosure.digest(), Some(digest.as_str()));
    assert_eq!(disclosure.obligations().journal, JournalDepth::Full);
    assert_eq!(disclosure.obligations().notify, [Notice::SubjectDigest]);
    let disclosed: Vec<_> = disclosure
        .disclosed()
        .iter()
        .map(|d| (d.class.as_str(), d.form))
        .collect();
    assert_eq!(
        disclosed,
        [
            ("health", Form::Absent),
            ("identifier", Form::Masked(Mask::Last4)),
            ("income", Form::Clear),
            ("public", Form::Clear),
        ]
    );
    assert!(
        disclosure
            .rules()
            .iter()
            .any(|rule| rule.as_str() == "case-officer-income")
    );
    let shown = format!("{disclosure:?} {permit:?}");
    assert!(
        !shown.contains("7341907") && !shown.contains("1172"),
        "{shown}"
    );
}

#[test]
fn t40_an_answer_about_another_person_is_refused_and_alarms() {
    let house = House::new();
    let permit = house.permit(
        record(fields(), "application/json"),
        inspector(),
        "/records/x",
    );
    let refused = house
        .walk(&permit, answer("application/json", pension(BOTIR)))
        .unwrap_err();
    assert_eq!(refused, RedactionError::SubjectMismatch);
    assert!(refused.reason().alarms());
}

#[test]
fn t03_t18_what_is_not_what_the_contract_says_breaks_it() {
    let house = House::new();
    let permit = house.permit(
        record(fields(), "application/json"),
        inspector(),
        "/records/x",
    );
    let gzip = Bytes::from_static(b"\x1f\x8b\x08\x00\x00\x00");
    for body in [
        gzip.clone(),
        Bytes::from_static(b"{"),
        Bytes::new(),
        Bytes::from_static(b"{\"error\":\"x\"}"),
    ] {
        let refused = house
            .walk(&permit, answer("application/json", Body::full(body)))
            .unwrap_err();
        assert_eq!(refused.reason(), Reason::ContractBroken);
    }
    let large = Body::full(vec![b' '; (1 << 20) + 1]);
    let refused = house
        .walk(&permit, answer("application/json", large))
        .unwrap_err();
    let breach = Breach::TooLarge { bytes_max: 1 << 20 };
    assert_eq!(refused, RedactionError::ContractBroken(breach));
    let whole = Mode::Whole {
        classes: vec![class("income")],
    };
    let permit = house.permit(record(whole, "application/pdf"), inspector(), "/records/x");
    let refused = house
        .walk(&permit, answer("application/pdf", Body::full(gzip)))
        .unwrap_err();
    assert_eq!(refused, RedactionError::ContractBroken(Breach::Coding));
}

#[test]
fn a_body_that_breaks_off_is_the_upstreams_fault() {
    let house = House::new();
    let permit = house.permit(
        record(fields(), "application/json"),
        inspector(),
        "/records/x",
    );
    for (cause, reason) in [
        (BodyError::Broken, Reason::UpstreamUnavailable),
        (BodyError::Stalled, Reason::UpstreamTimeout),
    ] {
        let begin: Result<_, BodyError> = Ok(Frame::data(Bytes::from_static(b"{\"a\":")));
        let frames = Frames(vec![Err(cause), begin]);
        let refused = house.walk(&permit, answer("application/json", Body::stream(frames)));
        assert_eq!(refused.unwrap_err().reason(), reason);
    }
}

/// Frames as they come, the last one first.
struct Frames(Vec<Result<Frame<Bytes>, BodyError>>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(self.0.pop())
    }
}

#[test]
fn opaque_bytes_leave_only_if_every_class_in_them_is_clear() {
    let house = House::new();
    let pdf = || answer("application/pdf", Body::full("%PDF-1.7 canary"));
    let permit = |classes: &[&str]| {
        let classes = classes.iter().map(|name| class(name)).collect();
        let operation = record(Mode::Whole { classes }, "application/pdf");
        house.permit(operation, inspector(), "/records/x")
    };
    let disclosure = house
        .walk(&permit(&["income", "employment"]), pdf())
        .unwrap();
    assert_eq!(disclosure.mode(), DisclosureMode::Whole);
    assert_eq!(disclosure.disclosed().len(), 2);
    assert!(disclosure.json().is_none() && disclosure.digest().is_none());
    for classes in [&["income", "health"][..], &["identifier"], &[]] {
        let refused = house.walk(&permit(classes), pdf()).unwrap_err();
        assert_eq!(refused, RedactionError::NothingToDisclose, "{classes:?}");
    }
}

#[test]
fn a_public_answer_of_the_house_is_at_hand_and_says_nothing_was_withheld() {
    let house = House::new();
    let mut operation = operation(&[(200, "application/json", Mode::Public)]);
    operation.who = [PrincipalKind::Anonymous].into();
    operation.subject = SubjectAt::Nobody;
    let permit = house.permit(operation, Principal::Anonymous, "/services");
    let services = answer("application/json", Body::full("{\"services\":[]}"));
    let disclosure = house.walk(&permit, services).unwrap();
    assert_eq!(disclosure.mode(), DisclosureMode::Public);
    assert_eq!(disclosure.json(), Some(&b"{\"services\":[]}"[..]));
    assert!(disclosure.withheld().is_none() && disclosure.disclosed().is_empty());
}

#[test]
fn a_system_gets_yes_or_no_and_not_the_amount() {
    let house = House::new();
    let question = Question {
        name: "income-below".to_owned(),
        pointer: "/monthly_income".to_owned(),
        class: class("income"),
        comparison: Comparison::Below,
        parameter: "below".to_owned(),
        thresholds: vec![5_000_000, 10_000_000],
    };
    let permit = |target: &str| {
        let operation = operation(&[(200, "application/json", fields())]);
        let mut operation = bound(operation, "benefit.assess", PrincipalKind::System);
        operation.effect = Effect::Verify(question.clone());
        house.permit(operation, system(), target)
    };
    for (threshold, yes) in [(5_000_000, false), (10_000_000, true)] {
        let permit = permit(&format!("/records/x/income?below={threshold}"));
        let disclosure = house
            .walk(&permit, answer("application/json", pension(AZIZA)))
            .unwrap();
        let expected =
            format!(r#"{{"question":"income-below","threshold":{threshold},"answer":{yes}}}"#);
        assert_eq!(disclosure.json(), Some(expected.as_bytes()));
        assert_eq!(disclosure.disclosed()[0].form, Form::Verified);
        assert!(disclosure.withheld().is_none());
    }
    let free = permit("/records/x/income?below=7341908");
    let refused = house
        .walk(&free, answer("application/json", pension(AZIZA)))
        .unwrap_err();
    assert_eq!(refused, RedactionError::QuestionNotAllowed);
}
