//! What is remembered is what would be decided now, on random requests.

mod asks;
mod pairs;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::data::Facet;
use crate::domain::fact::Facts;
use crate::domain::name::{AgencyId, CaseNumber, DocumentKind, OfficialId, PurposeId, SystemId};
use crate::domain::operation::Operation;
use crate::domain::peer::Channel;
use crate::domain::person::PersonId;
use crate::domain::principal::Principal;
use crate::domain::purpose::Purpose;
use crate::domain::time::Timestamp;
use crate::policy::cedar::tests::scenes::{Dice, NOW, facts, operation, person, principal};
use crate::policy::cedar::{DocumentScene, Refusal, Scene, Verdict};
use crate::policy::gate::both_ways;
use crate::policy::permit::Asking;
use crate::policy::{Known, Policy, Source, Vocabulary};

use super::*;

const REQUESTS: usize = 2_000;
const OPERATIONS: usize = 3;

/// Rules that look at what the shipped ones do not: scope and condition, for the gate and for
/// facets, with an end between the moments that are asked at.
const RULES: [(&str, &str); 8] = [
    (
        r#"permit (principal, action in Gov::Action::"invoke", resource is Gov::Operation)"#,
        r#"when { context.authAge < 2 && context.channel == "portal" }"#,
    ),
    (
        r#"@until("2026-11-24") permit (principal is Gov::Citizen, action in Gov::Action::"invoke", resource is Gov::Operation)"#,
        "when { principal has minor && principal.minor }",
    ),
    (
        r#"permit (principal is Gov::System in Gov::Role::"pension-inspector", action in Gov::Action::"invoke", resource)"#,
        r#"when { principal.agency.sector == "state" && context.acr >= 2 }"#,
    ),
    (
        r#"permit (principal is Gov::Official, action in Gov::Action::"invoke", resource is Gov::Operation)"#,
        "when { context has caseRef && context.caseRef.assignees.contains(principal) && principal.trained }",
    ),
    (
        r#"@code("not_permitted") forbid (principal is Gov::Citizen, action in Gov::Action::"invoke", resource is Gov::Operation)"#,
        "when { context has document && context.document.subject != principal }",
    ),
    (
        r#"permit (principal is Gov::Official, action == Gov::Action::"view", resource is Gov::Facet)"#,
        r#"when { context has purpose && context.purpose in Gov::Purpose::"pension.assess" && principal has person && principal.person == resource.subject }"#,
    ),
    (
        r#"@until("2026-11-24") permit (principal is Gov::Citizen, action == Gov::Action::"view", resource is Gov::Facet in Gov::DataClass::"income")"#,
        r#"when { context has purpose && context.purpose in Gov::Purpose::"own" && context has mandate && context.mandate.subject == resource.subject && context.mandate.valid }"#,
    ),
    (
        r#"@code("not_permitted") forbid (principal, action == Gov::Action::"view", resource is Gov::Facet)"#,
        "when { context has caseRef && context.caseRef.subject != resource.subject && context.authAge > 1 }",
    ),
];

#[test]
fn a_remembered_answer_is_the_one_that_would_be_found_now() {
    let policy = policy();
    let words = policy.vocabulary();
    let purposes: Vec<_> = words.purposes().map(|p| p.id.clone()).collect();
    let mut dice = Dice::seeded(0x51ed_270b);
    let operations: Vec<_> = (0..OPERATIONS)
        .map(|_| Arc::new(operation(&mut dice)))
        .collect();
    let mut again = 0;
    for _ in 0..REQUESTS {
        let operation = dice.one(&operations);
        let given = Given::random(&mut dice, words, &purposes);
        both_ways_agree(&policy, &given, operation);
        // Other persons, officials, systems and cases that stand to each other as these do.
        let known = policy.verdicts.patterns() + policy.forms.patterns();
        both_ways_agree(&policy, &given.renamed(), operation);
        let more = policy.verdicts.patterns() + policy.forms.patterns() - known;
        assert_eq!(more, 0, "nothing new: {given:?}");
        again += 1 + given.facets.len();
    }
    let kept = policy.verdicts.patterns() + policy.forms.patterns();
    assert!(
        kept > 1_000 && again > 5_000,
        "{kept} patterns, {again} asks"
    );
}

fn both_ways_agree(policy: &Policy, given: &Given, operation: &Arc<Operation>) {
    let scene = given.scene(policy.vocabulary(), operation);
    let (remembered, anew) = both_ways(policy, &scene, operation);
    assert_eq!(remembered, anew, "{scene:?}");
    let asking = Asking::new(policy, operation, &scene, &given.facets);
    for facet in &given.facets {
        let (remembered, anew) = (asking.decided(facet), asking.decide_anew(facet));
        assert_eq!(remembered, anew, "{facet:?} of {scene:?}");
    }
}

/// What one ask is made of.
#[derive(Debug, Clone)]
struct Given {
    principal: Principal,
    facts: Facts,
    purpose: Option<PurposeId>,
    subject: Option<PersonId>,
    case: Option<CaseNumber>,
    /// Whom it is about, whose it is, whether it is revoked.
    document: Option<(PersonId, AgencyId, bool)>,
    kind: DocumentKind,
    facets: Vec<Facet>,
    channel: Channel,
    now: Timestamp,
}

impl Given {
    fn random(dice: &mut Dice, words: &Vocabulary, purposes: &[PurposeId]) -> Self {
        let principal = principal(dice);
        let facts = facts(dice, &principal, purposes);
        let purpose = match dice.below(3) {
            0 => Some(dice.one(purposes).clone()),
            1 => PurposeId::parse("own.view").ok(),
            _ => facts.case.as_ref().map(|case| case.purpose.clone()),
        };
        let issuers = ["civil-registry", "pension-fund"];
        let issuer = AgencyId::parse(dice.word(&issuers)).unwrap();
        let case = CaseNumber::parse(dice.word(&["P-1", "P-1", "P-2"])).unwrap();
        let document = (person(dice.below(3)).id, issuer, dice.chance());
        Self {
            purpose,
            subject: dice.chance().then(|| person(dice.below(3)).id),
            case: (dice.below(4) > 0).then_some(case),
            document: (dice.below(4) == 0).then_some(document),
            kind: DocumentKind::parse(dice.word(&["birth-certificate", "pension-certificate"]))
                .unwrap(),
            facets: facets(dice, words),
            channel: *dice.one(&[Channel::Portal, Channel::Interdepartmental]),
            now: NOW.plus_ms(*dice.one(&[0, 1_000, 2_000, 86_400_000])),
            principal,
            facts,
        }
    }

    /// The same with other names for all whom rules cannot name.
    fn renamed(&self) -> Self {
        let mut other = self.clone();
        other.principal = renamed(&self.principal);
        let facts = &mut other.facts;
        if let Some(case) = &mut facts.case {
            case.number = renamed_case(&case.number);
            case.subject = renamed_person(case.subject);
            case.assignees.iter_mut().for_each(rename_official);
        }
        if let Some(staff) = &mut facts.staff {
            rename_official(&mut staff.official);
        }
        for mandate in &mut facts.mandates {
            mandate.holder = renamed_person(mandate.holder);
            mandate.subject = renamed_person(mandate.subject);
        }
        for consent in &mut facts.consents {
            consent.subject = renamed_person(consent.subject);
        }
        for (person, _) in &mut facts.standings {
            *person = renamed_person(*person);
        }
        other.subject = self.subject.map(renamed_person);
        other.case = self.case.as_ref().map(renamed_case);
        if let Some((person, _, _)) = &mut other.document {
            *person = renamed_person(*person);
        }
        for facet in &mut other.facets {
            facet.subject.id = renamed_person(facet.subject.id);
        }
        other
    }

    fn scene<'a>(&'a self, words: &'a Vocabulary, operation: &'a Operation) -> Scene<'a> {
        let purpose = self.purpose.as_ref().and_then(|id| words.purpose(id));
        let above = |p: &&Purpose| words.purpose(p.parent.as_ref()?);
        let document = self.document.as_ref();
        Scene {
            operation,
            principal: &self.principal,
            subject: self.subject,
            purpose,
            purposes: std::iter::successors(purpose, above)
                .map(|p| p.id.clone())
                .collect(),
            classes: self.facets.iter().map(|f| f.class.clone()).collect(),
            case: self.case.as_ref(),
            facts: &self.facts,
            channel: self.channel,
            rank: self.principal.rank(),
            now: self.now,
            document: document.map(|(subject, issuer, revoked)| DocumentScene {
                subject: *subject,
                issuer,
                kind: &self.kind,
                revoked: *revoked,
            }),
        }
    }
}

fn renamed(principal: &Principal) -> Principal {
    let mut principal = principal.clone();
    match &mut principal {
        Principal::Anonymous => {}
        Principal::Person(person) => {
            let person = &mut Arc::make_mut(person).person;
            person.id = renamed_person(person.id);
        }
        Principal::Official(official) => {
            let official = Arc::make_mut(official);
            rename_official(&mut official.official);
            if let Some(person) = &mut official.person {
                person.id = renamed_person(person.id);
            }
        }
        Principal::System(system) => {
            Arc::make_mut(system).system = SystemId::parse("other").unwrap();
        }
    }
    principal
}

fn renamed_person(id: PersonId) -> PersonId {
    PersonId::from_bytes(id.as_bytes().map(|byte| 0xff - byte))
}

fn renamed_case(number: &CaseNumber) -> CaseNumber {
    CaseNumber::parse(&format!("other-{number}")).unwrap()
}

fn rename_official(official: &mut OfficialId) {
    *official = OfficialId::parse(&format!("other-{official}")).unwrap();
}

/// Some classes of two persons.
fn facets(dice: &mut Dice, words: &Vocabulary) -> Vec<Facet> {
    let subject = dice.below(3);
    let mut facets = Vec::new();
    for class in words.classes() {
        for n in [subject, (subject + 1) % 3] {
            if dice.below(4) == 0 {
                facets.push(Facet {
                    subject: person(n),
                    class: class.id.clone(),
                });
            }
        }
    }
    facets
}

#[test]
fn so_many_patterns_are_remembered_and_no_more() {
    let policy = policy();
    let mut dice = Dice::seeded(0x51ed_270b);
    let principal = principal(&mut dice);
    let facts = facts(&mut dice, &principal, &[PurposeId::parse("own").unwrap()]);
    for _ in 0..PATTERNS_MAX + 10 {
        let operation = Arc::new(operation(&mut dice));
        let scene = Scene {
            operation: &operation,
            principal: &principal,
            subject: None,
            purpose: None,
            purposes: Vec::new(),
            classes: Vec::new(),
            case: None,
            facts: &facts,
            channel: Channel::Portal,
            rank: principal.rank(),
            now: NOW,
            document: None,
        };
        let pattern = Pattern::at_gate(&policy.engine, &scene, &operation).unwrap();
        let kept = Ok::<_, ()>(Verdict::Deny(Refusal::NoPermit));
        policy.verdicts.answer(pattern, || kept, |_| true).unwrap();
    }
    assert!(policy.verdicts.patterns() <= PATTERNS_MAX);
    assert!(policy.verdicts.patterns() > PATTERNS_MAX / 2 - 1);
}

impl<V: Clone> Remembered<V> {
    fn patterns(&self) -> usize {
        self.0.count()
    }
}

/// The shipped bundle and [`RULES`].
fn policy() -> Policy {
    let rules = RULES.iter().map(|(scope, conditions)| {
        let journal = if scope.contains("forbid") {
            ""
        } else {
            r#"@journal("full")"#
        };
        format!("{journal} {scope} {conditions}")
    });
    load(|_| true, rules)
}

/// The shipped files that are kept, and these rules.
fn load(keeps: impl Fn(&str) -> bool, rules: impl Iterator<Item = String>) -> Policy {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let shipped = Source::read_folder(&folder).unwrap();
    let mut files: BTreeMap<String, Vec<u8>> = shipped
        .files()
        .filter(|(path, _)| keeps(path))
        .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
        .collect();
    let mut more = String::new();
    for (n, rule) in rules.enumerate() {
        writeln!(
            more,
            r#"@id("more-{n}") @title_uz("a") @title_uzc("а") @title_ru("а") @title_en("a")
            @basis("zru-547-duties") @owner("portal") {rule};"#
        )
        .unwrap();
    }
    files.insert("more.cedar".to_owned(), more.into_bytes());
    let source = Source::from_files(PathBuf::new(), files).unwrap();
    let loaded = Policy::load(&source, &Known::default());
    loaded.unwrap_or_else(|problems| panic!("{problems:#?}"))
}
