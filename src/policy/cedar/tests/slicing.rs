//! Slices give the answer of the whole set, on random requests.

use std::collections::BTreeSet;
use std::path::Path;

use cedar_policy::{Entities, PolicySet};

use crate::domain::data::Facet;
use crate::domain::name::{AgencyId, CaseNumber, DocumentKind, PurposeId};
use crate::domain::peer::Channel;
use crate::domain::person::Person;
use crate::domain::principal::Principal;
use crate::domain::purpose::Purpose;
use crate::policy::cedar::{DocumentScene, Query, Refusal, Scene, Verdict};
use crate::policy::slice::{Action, Target};
use crate::policy::{Class, Known, Policy, Source};

use super::scenes::{Dice, NOW, facts, operation, person, principal};

const REQUESTS: usize = 100_000;

/// What came of the requests so far.
#[derive(Default)]
struct Tally {
    asked: usize,
    /// Rules that decided at least once.
    decided: BTreeSet<usize>,
}

struct Comparing<'a> {
    policy: &'a Policy,
    whole: PolicySet,
    tally: Tally,
}

impl Comparing<'_> {
    /// One request: the operation twice, and each class of one person four times.
    fn request(&mut self, scene: &Scene<'_>, subject: Person) {
        let engine = &self.policy.engine;
        let classes = self.policy.vocabulary().classes();
        let facet = |class: &Class| Facet {
            subject,
            class: class.id.clone(),
        };
        let facets: Vec<_> = classes.map(facet).collect();
        // What the gateway makes agrees with the schema.
        let schema = Some(&self.policy.bundle.schema);
        let entities = engine.entities(scene, &facets, schema).unwrap();
        let gate = engine.entities(scene, &[], schema).unwrap();
        let unneeded = |entities: &Entities| {
            let base = engine.base.clone();
            base.upsert_entities(entities.iter().cloned(), None)
                .unwrap()
        };
        let (whole, whole_gate) = (unneeded(&entities), unneeded(&gate));
        let query = |action, target, resource, about| Query {
            scope: scene.scope(action, target),
            resource,
            context: engine.context(scene, about, 1).unwrap(),
            scene,
            entities: &entities,
        };
        for action in [Action::Invoke, Action::Submit] {
            let target = Target::Operation(scene.operation.id.clone());
            let query = query(action, target, engine.operation(scene), scene.subject);
            self.compare(
                &Query {
                    entities: &gate,
                    ..query
                },
                &whole_gate,
            );
        }
        for action in [Action::IssueDocument, Action::RevokeDocument] {
            let query = query(action, Target::Document, engine.document(), scene.subject);
            if scene.document.is_some() {
                self.compare(
                    &Query {
                        entities: &gate,
                        ..query
                    },
                    &whole_gate,
                );
            }
        }
        for facet in &facets {
            for action in [
                Action::View,
                Action::ViewMasked,
                Action::Verify,
                Action::ReadJournal,
            ] {
                let target = Target::Facet(facet.class.clone());
                let query = query(action, target, engine.facet(facet), Some(subject.id));
                self.compare(&query, &whole);
            }
        }
    }

    /// All rules over the whole store say what the slice says over what was taken.
    fn compare(&mut self, query: &Query<'_>, store: &Entities) {
        let whole = Query {
            entities: store,
            ..query.clone()
        };
        let sliced = self.policy.engine.ask(query);
        assert_eq!(
            sliced,
            self.policy.engine.evaluate(&whole, &self.whole),
            "{query:?}"
        );
        self.tally.asked += 1;
        match sliced {
            Verdict::Allow(granted) => self.tally.decided.extend(granted.rules()),
            Verdict::Deny(Refusal::Forbidden(rules)) => self.tally.decided.extend(rules),
            Verdict::Deny(Refusal::NoPermit) => {}
            Verdict::Deny(Refusal::Fault(fault)) => panic!("{fault:?}"),
        }
    }
}

#[test]
fn t62_slices_answer_as_the_whole_set_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let policy = Policy::load(&Source::read_folder(&folder).unwrap(), &Known::default()).unwrap();
    let words = policy.vocabulary();
    let purposes: Vec<_> = words.purposes().map(|p| p.id.clone()).collect();
    let case = CaseNumber::parse("P-1").unwrap();
    let own = PurposeId::parse("own.view").unwrap();
    let check = PurposeId::parse("document.check").unwrap();
    let (issuer, kind) = (
        AgencyId::parse("civil-registry").unwrap(),
        DocumentKind::parse("birth-certificate").unwrap(),
    );
    let mut dice = Dice::seeded(0x9e37_79b9);
    let mut comparing = Comparing {
        policy: &policy,
        whole: PolicySet::from_policies(policy.bundle.policies.iter().cloned()).unwrap(),
        tally: Tally::default(),
    };
    while comparing.tally.asked < REQUESTS {
        let principal = principal(&mut dice);
        let facts = facts(&mut dice, &principal, &purposes);
        let operation = operation(&mut dice);
        // Half of the requests are for a purpose that such principals have.
        let purpose = match (&facts.case, &principal, dice.chance()) {
            (_, Principal::Person(_), true) => words.purpose(&own),
            (_, Principal::Anonymous, true) => words.purpose(&check),
            (Some(case), Principal::Official(_), true) => words.purpose(&case.purpose),
            _ => words.purpose(dice.one(&purposes)),
        };
        let above = |p: &&Purpose| words.purpose(p.parent.as_ref()?);
        let scene = Scene {
            operation: &operation,
            principal: &principal,
            subject: dice.chance().then(|| person(1).id),
            purpose,
            purposes: std::iter::successors(purpose, above)
                .map(|p| p.id.clone())
                .collect(),
            classes: Vec::new(),
            case: (dice.below(8) > 0).then_some(&case),
            facts: &facts,
            channel: Channel::Portal,
            rank: principal.rank(),
            now: NOW,
            document: dice.chance().then(|| DocumentScene {
                subject: person(dice.below(3)).id,
                issuer: principal.agency().unwrap_or(&issuer),
                kind: &kind,
                revoked: false,
            }),
        };
        comparing.request(&scene, person(dice.below(3)));
    }
    let idle: Vec<_> = policy
        .rules()
        .iter()
        .enumerate()
        .filter(|(at, _)| !comparing.tally.decided.contains(at))
        .map(|(_, rule)| rule.id.as_str())
        .collect();
    // None of these operations is all public.
    assert_eq!(idle, ["information-for-everyone"]);
}
