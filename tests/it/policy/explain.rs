//! What is said about a decision.

use muhrdor::domain::data::Form;
use muhrdor::domain::entry::{Actor, Disclosed, JournalEntry, Stage};
use muhrdor::domain::name::{DataClass, RuleId};
use muhrdor::domain::principal::PrincipalKind;
use muhrdor::domain::reason::Reason;
use muhrdor::domain::text::Language;
use muhrdor::policy::{counterfactuals, explain_decision, explain_entry};

use super::world::{NOW, ask, facet, facts, person, policy};

#[test]
fn a_past_request_is_explained_from_its_entry_in_every_language() {
    let (policy, facts) = (policy(), facts());
    let permit = policy.decide(ask(&facts)).unwrap();
    let entry = JournalEntry {
        visit: permit.visit(),
        stage: Stage::Delivered { status: 200 },
        at: NOW,
        actor: Actor {
            kind: PrincipalKind::Official,
            person: None,
            official: Some("0123456789abcdef".to_owned()),
            position: None,
            system: None,
            agency: None,
            acr: 2,
            credential: None,
        },
        service: None,
        operation: None,
        purpose: permit.purpose().cloned(),
        bases: permit.bases().to_vec(),
        case: permit.case().cloned(),
        subject: Some(person(1).id),
        visibility: permit.visibility(),
        disclosed: vec![Disclosed {
            subject: person(1).id,
            class: DataClass::parse("income").unwrap(),
            form: Form::Clear,
        }],
        rules: vec![
            RuleId::parse("case-officer-income").unwrap(),
            RuleId::parse("long-gone").unwrap(),
        ],
        bundle: Some(permit.bundle().to_string()),
        depth: permit.obligations().journal,
        notify: Vec::new(),
        digest: None,
        steps: permit.steps().to_vec(),
    };
    let told = explain_entry(&policy, &entry, Language::En).to_string();
    for words in [
        "allowed (200)",
        "permit case-officer-income: A pension inspector may see the income",
        "938-XII § 44; casework.cedar:",
        "long-gone: not in the bundle in force",
        "pension.assess: Assessing a pension",
        "income: shown",
        "case: open, assigned",
        "permitted by: case-officer-operation",
    ] {
        assert!(told.contains(words), "no `{words}` in\n{told}");
    }
    assert!(!told.contains("another bundle"), "{told}");
    let other = JournalEntry {
        bundle: Some("00".repeat(32)),
        ..entry.clone()
    };
    assert!(
        explain_entry(&policy, &other, Language::En)
            .to_string()
            .contains("another bundle")
    );
    let tongues = Language::ALL.map(|tongue| explain_entry(&policy, &entry, tongue).to_string());
    assert!(tongues[0].contains("Pensiya inspektori"), "{}", tongues[0]);
    assert!(tongues[1].contains("Пенсия инспектори"), "{}", tongues[1]);
    assert!(
        tongues[2].contains("Пенсионный инспектор"),
        "{}",
        tongues[2]
    );
}

#[test]
fn a_refusal_says_what_was_lacking_and_what_would_have_helped() {
    let (policy, facts) = (policy(), facts());
    let mut without = ask(&facts);
    without.claim.case = None;
    let help = counterfactuals(&policy, &without);
    let denial = policy.decide(without).unwrap_err();
    let report = explain_decision(&policy, Err(&denial), &help, Language::En);
    let told = report.to_string();
    for words in [
        "refused: case_needed",
        "case: none claimed",
        "closest permit: case-officer-operation: ",
        "`context has",
        "step_up:3: case_needed",
        "case: allowed",
    ] {
        assert!(told.contains(words), "no `{words}` in\n{told}");
    }
    assert_eq!(report.to_json()["outcome"][0], "refused: case_needed");
    assert!(
        help.iter()
            .any(|found| found.outcome == Err(Reason::CaseNeeded))
    );
}

#[test]
fn a_withheld_field_says_why() {
    let (policy, facts) = (policy(), facts());
    let permit = policy.decide(ask(&facts)).unwrap();
    let decisions = permit.decide(&[facet(1, "income"), facet(9, "income")], &facts);
    let told = explain_decision(&policy, Ok((&permit, &decisions)), &[], Language::En).to_string();
    for words in [
        "income: shown",
        "income: withheld",
        "forbid self-dealing: An official gets no",
    ] {
        assert!(told.contains(words), "no `{words}` in\n{told}");
    }
}
