//! Decisions of the shipped rules, and of rules added to them.

use std::sync::Arc;

use muhrdor::domain::data::{Form, Mask};
use muhrdor::domain::decision::{Hint, JournalDepth, Notice};
use muhrdor::domain::fact::{Facts, Standing};
use muhrdor::domain::name::{AgencyId, BasisId, CaseNumber, PurposeId};
use muhrdor::domain::principal::{AcrRank, Assurance, Principal};
use muhrdor::domain::purpose::Claim;
use muhrdor::domain::reason::Reason;
use muhrdor::policy::Ask;

use super::world::{
    NOW, applicant, ask, facet, facts, forms, inspector, load, person, policy, with,
};

/// The gate refuses, for this reason.
#[track_caller]
fn check_refused(ask: Ask<'_>, reason: Reason) {
    let denial = policy().decide(ask).expect_err("the gate let through");
    assert_eq!(denial.reason, reason, "{denial:#?}");
}

#[test]
fn a_permit_shows_income_masks_the_identifier_and_withholds_health() {
    let facts = facts();
    let permit = policy().decide(ask(&facts)).unwrap();
    let facets = ["health", "income", "identifier", "income"].map(|class| facet(1, class));
    let decisions = permit.decide(&facets, &facts);
    let masked = Form::Masked(Mask::Last4);
    assert_eq!(
        forms(&decisions),
        [Form::Absent, Form::Clear, masked, Form::Clear]
    );
    assert!(
        decisions
            .iter()
            .zip(&facets)
            .all(|(decision, facet)| decision.facet == *facet)
    );
    assert!(decisions.iter().all(|decision| !decision.degraded));
    assert_eq!(decisions[1].rules[0].as_str(), "case-officer-income");
    let duties = permit.obligations_of(&decisions);
    assert_eq!(duties.journal, JournalDepth::Full);
    assert_eq!(duties.notify, [Notice::SubjectDigest]);
    let bases: Vec<_> = permit.bases().iter().map(BasisId::as_str).collect();
    assert_eq!(bases, ["pension-law-assessment", "zru-547-duties"]);
    assert_eq!(permit.case().map(CaseNumber::as_str), Some("P-1"));
    assert_eq!(permit.bundle(), policy().id());
}

#[test]
fn a_permit_shows_nothing_of_a_person_when_debugged() {
    let facts = facts();
    let shown = format!("{:?}", policy().decide(ask(&facts)).unwrap());
    for secret in ["31210932040247", "Dilnoza", "O-4411", "0001", "withheld"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn own_access_is_journaled_in_summary_and_nobody_is_told() {
    let facts = facts();
    let own = Ask {
        principal: applicant(1, 2),
        claim: Claim::default(),
        ..ask(&facts)
    };
    let permit = policy().decide(own).unwrap();
    let decisions = permit.decide(&[facet(1, "income"), facet(2, "income")], &facts);
    assert_eq!(forms(&decisions), [Form::Clear, Form::Absent]);
    let duties = permit.obligations_of(&decisions);
    assert_eq!(
        (duties.journal, duties.notify),
        (JournalDepth::Summary, Vec::new())
    );
}

#[test]
fn t37_a_class_that_no_rule_knows_is_absent() {
    let facts = facts();
    let own = Ask {
        principal: applicant(1, 3),
        claim: Claim::default(),
        ..ask(&facts)
    };
    let permit = policy().decide(own).unwrap();
    let classes = [
        "unclassified",
        "of-no-vocabulary",
        "state-secret",
        "investigation",
    ];
    let decisions = permit.decide(&classes.map(|class| facet(1, class)), &facts);
    assert_eq!(forms(&decisions), [Form::Absent; 4]);
}

#[test]
fn t38_of_several_masks_the_least_revealing_wins_in_any_order() {
    let rule = |id: &str, mask: &str| {
        format!(
            r#"@id("{id}") @mask("{mask}") @title_uz("a") @title_uzc("а") @title_ru("а")
            @title_en("a") @basis("zru-547-duties") @owner("portal")
            permit (principal is Gov::Official, action == Gov::Action::"viewMasked",
            resource is Gov::Facet in Gov::DataClass::"identifier")
            when {{ context has purpose && context.purpose == Gov::Purpose::"pension.assess" }};"#
        )
    };
    let facts = facts();
    for (first, second) in [("aa", "zz"), ("zz", "aa")] {
        let rules = rule(first, "partial") + &rule(second, "redacted");
        let policy = load(&with(&[("more.cedar", Some(&rules))])).unwrap();
        let permit = policy.decide(ask(&facts)).unwrap();
        let decisions = permit.decide(&[facet(1, "identifier")], &facts);
        assert_eq!(forms(&decisions), [Form::Masked(Mask::Redacted)]);
        assert_eq!(decisions[0].rules.len(), 3);
    }
}

#[test]
fn t42_a_claim_selects_a_purpose_and_never_makes_one() {
    let facts = facts();
    let claim = |purpose: Option<&str>| {
        let mut ask = ask(&facts);
        ask.claim.purpose = purpose.map(|p| PurposeId::parse(p).unwrap());
        ask
    };
    for forged in ["own.view", "credit.assess", "duty", "of-no-vocabulary"] {
        check_refused(claim(Some(forged)), Reason::PurposeNotBound);
    }
    check_refused(claim(None), Reason::PurposeNeeded);
}

#[test]
fn t45_a_case_opens_only_what_it_is_about() {
    let good = facts();
    let changed = |change: fn(&mut muhrdor::domain::fact::Case)| {
        let mut facts = good.clone();
        change(facts.case.as_mut().unwrap());
        facts
    };
    let table = [
        (changed(|case| case.open = false), Reason::CaseClosed),
        (
            changed(|case| case.assignees.clear()),
            Reason::CaseNotAssigned,
        ),
        (
            changed(|case| case.subject = person(2).id),
            Reason::CaseOfAnother,
        ),
        (
            changed(|case| case.number = CaseNumber::parse("P-2").unwrap()),
            Reason::CaseUnknown,
        ),
        (
            Facts {
                case: None,
                ..good.clone()
            },
            Reason::CaseUnknown,
        ),
    ];
    for (facts, reason) in &table {
        check_refused(ask(facts), *reason);
    }
    let mut unclaimed = ask(&good);
    unclaimed.claim.case = None;
    let denial = policy().decide(unclaimed).unwrap_err();
    assert_eq!(
        (denial.reason, denial.hint),
        (Reason::CaseNeeded, Some(Hint::Case))
    );
    assert_eq!(denial.rules[0].as_str(), "case-officer-operation");
}

#[test]
fn t46_a_role_that_was_taken_away_opens_nothing_any_more() {
    let mut facts = facts();
    facts.staff.as_mut().unwrap().roles.clear();
    check_refused(ask(&facts), Reason::PurposeNotBound);
    facts.staff.as_mut().unwrap().active = false;
    check_refused(ask(&facts), Reason::StaffInactive);
    facts.staff = None;
    check_refused(ask(&facts), Reason::StaffInactive);
}

#[test]
fn the_staff_record_of_another_counts_for_nobody() {
    let mut facts = facts();
    facts.staff.as_mut().unwrap().agency = AgencyId::parse("social-agency").unwrap();
    check_refused(ask(&facts), Reason::StaffInactive);
}

#[test]
fn t48_a_weak_or_stale_sign_in_is_asked_to_be_stronger() {
    let facts = facts();
    let weak = Ask {
        principal: Principal::Official(Arc::new(inspector(1))),
        ..ask(&facts)
    };
    let denial = policy().decide(weak).unwrap_err();
    assert_eq!(denial.reason, Reason::StrongerSignInNeeded);
    assert_eq!(denial.hint, Some(Hint::StepUp(2)));
    let stale = r#"@id("stale") @title_uz("a") @title_uzc("а") @title_ru("а") @title_en("a")
        @basis("zru-547-duties") @owner("portal") @code("insufficient_user_authentication")
        forbid (principal, action in Gov::Action::"invoke", resource)
        when { context.authAge > 30 };"#;
    let denial = load(&with(&[("more.cedar", Some(stale))]))
        .unwrap()
        .decide(ask(&facts));
    assert_eq!(denial.unwrap_err().reason, Reason::StrongerSignInNeeded);
    // Their own special data needs a second factor; the field says so.
    let own = Ask {
        principal: applicant(1, 1),
        claim: Claim::default(),
        ..ask(&facts)
    };
    let decisions = policy()
        .decide(own)
        .unwrap()
        .decide(&[facet(1, "health")], &facts);
    assert_eq!(decisions[0].form, Form::Absent);
    assert_eq!(decisions[0].hint, Some(Hint::StepUp(2)));
}

#[test]
fn t50_what_was_decided_on_stays_and_the_next_request_sees_the_change() {
    let before = facts();
    let permit = policy().decide(ask(&before)).unwrap();
    let mut after = before.clone();
    after.case.as_mut().unwrap().open = false;
    let decisions = permit.decide(&[facet(1, "income")], &after);
    assert_eq!(forms(&decisions), [Form::Clear]);
    check_refused(ask(&after), Reason::CaseClosed);
}

#[test]
fn t51_an_officials_person_is_compared_not_the_account() {
    let mut facts = facts();
    facts.case.as_mut().unwrap().subject = person(9).id;
    let own = |official| Ask {
        subject: Some(person(9)),
        principal: Principal::Official(Arc::new(official)),
        ..ask(&facts)
    };
    check_refused(own(inspector(2)), Reason::SelfDealing);
    let mut unknown = inspector(2);
    unknown.person = None;
    check_refused(own(unknown), Reason::SelfDealing);
}

#[test]
fn t58_circumstances_out_of_range_are_refused_before_any_rule_is_asked() {
    let facts = facts();
    for seconds in [-3600, 60 * 366 * 24 * 3600] {
        let mut official = inspector(2);
        official.assurance = Assurance {
            rank: AcrRank::new(2).unwrap(),
            authenticated_at: NOW.plus_ms(-seconds * 1000),
        };
        let ask = Ask {
            principal: Principal::Official(Arc::new(official)),
            ..ask(&facts)
        };
        check_refused(ask, Reason::PolicyError);
    }
    assert_eq!(AcrRank::new(99), None);
    let permit = policy().decide(ask(&facts)).unwrap();
    let many: Vec<_> = (0..10_001).map(|n| facet(n, "income")).collect();
    let decisions = permit.decide(&many, &facts);
    assert_eq!(decisions.len(), many.len());
    assert!(
        decisions
            .iter()
            .all(|d| d.form == Form::Absent && d.degraded)
    );
    assert!(permit.decide(&[], &facts).is_empty());
}

#[test]
fn t66_what_is_not_known_of_a_person_denies() {
    let mut facts = facts();
    facts.standings.clear();
    check_refused(ask(&facts), Reason::FactsUnavailable);
    facts.standings = vec![(
        person(1).id,
        Standing {
            protected: true,
            restricted: false,
            minor: false,
        },
    )];
    check_refused(ask(&facts), Reason::ProtectedPerson);
}

#[test]
fn t67_an_answer_for_one_purpose_is_no_answer_for_another() {
    let facts = facts();
    let policy = policy();
    let mut review = ask(&facts);
    review.claim.purpose = Some(PurposeId::parse("pension.review").unwrap());
    for _ in 0..2 {
        assert!(policy.decide(ask(&facts)).is_ok());
        assert_eq!(
            policy.decide(review.clone()).unwrap_err().reason,
            Reason::CaseOfAnother
        );
    }
}

#[test]
fn persons_found_in_the_answer_are_decided_each_for_themself() {
    let facts = facts();
    let permit = policy().decide(ask(&facts)).unwrap();
    let facets = [
        facet(1, "income"),
        facet(2, "income"),
        facet(9, "income"),
        facet(77, "income"),
    ];
    let decisions = permit.decide(&facets, &Facts::default());
    assert_eq!(
        forms(&decisions),
        [Form::Clear, Form::Absent, Form::Absent, Form::Absent]
    );
    assert_eq!(decisions[2].rules[0].as_str(), "self-dealing");
    assert_eq!(decisions[3].rules[0].as_str(), "standing-unknown");
}

#[test]
fn a_permit_that_has_lapsed_permits_nothing_and_a_forbid_goes_on() {
    let rules = super::world::shipped();
    let casework = String::from_utf8(rules.file("casework.cedar").unwrap().to_vec()).unwrap();
    let facts = facts();
    for (until, expected) in [("2026-11-24", true), ("2026-11-23", false)] {
        let until = format!("@id(\"case-officer-income\")\n@until(\"{until}\")");
        let changed = casework.replace("@id(\"case-officer-income\")", &until);
        let policy = load(&with(&[("casework.cedar", Some(&changed))])).unwrap();
        let permit = policy.decide(ask(&facts)).unwrap();
        let decisions = permit.decide(&[facet(1, "income")], &facts);
        assert_eq!(decisions[0].form == Form::Clear, expected, "{until}");
    }
    let protection = String::from_utf8(rules.file("protection.cedar").unwrap().to_vec()).unwrap();
    let until = "@id(\"self-dealing\")\n@until(\"2020-01-01\")";
    let changed = protection.replace("@id(\"self-dealing\")", until);
    let policy = load(&with(&[("protection.cedar", Some(&changed))])).unwrap();
    let permit = policy.decide(ask(&facts)).unwrap();
    let decisions = permit.decide(&[facet(9, "income")], &facts);
    assert_eq!(decisions[0].rules[0].as_str(), "self-dealing");
}

#[test]
fn a_request_must_be_about_the_person_the_operation_says() {
    let facts = facts();
    check_refused(
        Ask {
            subject: None,
            ..ask(&facts)
        },
        Reason::SubjectUnclear,
    );
    check_refused(
        Ask {
            principal: Principal::Anonymous,
            ..ask(&facts)
        },
        Reason::SignInNeeded,
    );
    let other = Ask {
        principal: applicant(2, 3),
        claim: Claim::default(),
        ..ask(&facts)
    };
    check_refused(other, Reason::NotPermitted);
}
