//! Slices give the answer of the whole set, on random requests.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use cedar_policy::{Entities, PolicySet};

use crate::domain::data::Facet;
use crate::domain::fact::{Case, Consent, Facts, Mandate, Staff, Standing};
use crate::domain::flow::Flow;
use crate::domain::name::{
    AgencyId, CaseNumber, ConsentId, DataClass, DocumentKind, MandateId, OfficialId, OperationId,
    PurposeId, RealmId, RoleId, ServiceId, SystemId, UpstreamName,
};
use crate::domain::operation::{Assertion, Effect, Method, Operation, SubjectAt};
use crate::domain::peer::Channel;
use crate::domain::person::{Person, PersonId, Pinfl};
use crate::domain::principal::{
    AcrRank, Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal, SystemPrincipal,
};
use crate::domain::purpose::Purpose;
use crate::domain::service::{Backend, Regulation, Service, ServiceKind};
use crate::domain::text::Texts;
use crate::domain::time::Timestamp;
use crate::policy::cedar::{DocumentScene, Query, Refusal, Scene, Verdict};
use crate::policy::slice::{Action, Target};
use crate::policy::{Class, Known, Policy, Source};

const REQUESTS: usize = 100_000;

/// Xorshift (Marsaglia 2003): the same requests each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn word<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn chance(&mut self) -> bool {
        self.below(2) == 0
    }
}

fn person(n: usize) -> Person {
    Person {
        id: PersonId::from_bytes([u8::try_from(n).unwrap(); 32]),
        pinfl: Pinfl::parse("31210932040247").unwrap(),
    }
}

const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_424_400);

fn agency(dice: &mut Dice) -> AgencyId {
    AgencyId::parse(dice.word(&["pension-fund", "demo-bank", "portal"])).unwrap()
}

fn role(dice: &mut Dice) -> RoleId {
    RoleId::parse(dice.word(&["pension-inspector", "pension-inspector", "protection-unit"]))
        .unwrap()
}

fn moment(dice: &mut Dice) -> Timestamp {
    NOW.plus_ms(if dice.below(4) > 0 { 1000 } else { -1000 })
}

fn principal(dice: &mut Dice) -> Principal {
    let rank = AcrRank::new(u8::try_from(dice.below(4)).unwrap()).unwrap();
    let assurance = Assurance {
        rank,
        authenticated_at: NOW,
    };
    let realm = RealmId::parse("r").unwrap();
    let name = DisplayName(String::new());
    match dice.below(7) {
        0 => Principal::Anonymous,
        1 | 2 => Principal::Person(Arc::new(PersonPrincipal {
            person: person(dice.below(3)),
            realm,
            name,
            assurance,
        })),
        3..=5 => Principal::Official(Arc::new(OfficialPrincipal {
            official: OfficialId::parse("O-1").unwrap(),
            agency: agency(dice),
            realm,
            name,
            person: (dice.below(8) > 0).then(|| person(3)),
            position: String::new(),
            assurance,
        })),
        _ => Principal::System(Arc::new(SystemPrincipal {
            system: SystemId::parse("s").unwrap(),
            agency: agency(dice),
            roles: vec![role(dice)],
            scopes: Vec::new(),
            assurance,
        })),
    }
}

fn facts(dice: &mut Dice, principal: &Principal, purposes: &[PurposeId]) -> Facts {
    let standing = |dice: &mut Dice| Standing {
        protected: dice.below(8) == 0,
        restricted: dice.chance(),
        minor: dice.chance(),
    };
    let official = OfficialId::parse("O-1").unwrap();
    let own = PurposeId::parse("own").unwrap();
    let assess = PurposeId::parse("pension.assess").unwrap();
    let agency = principal.agency().cloned().unwrap_or_else(|| agency(dice));
    Facts {
        case: Some(Case {
            number: CaseNumber::parse("P-1").unwrap(),
            agency: agency.clone(),
            purpose: if dice.chance() {
                assess
            } else {
                dice.one(purposes).clone()
            },
            open: dice.below(8) > 0,
            subject: person(dice.below(2)).id,
            assignees: if dice.below(8) > 0 {
                vec![official.clone()]
            } else {
                Vec::new()
            },
        }),
        staff: (dice.below(4) > 0).then(|| Staff {
            official,
            agency: agency.clone(),
            active: true,
            trained_until: moment(dice),
            roles: vec![role(dice)],
            department: None,
            position: String::new(),
        }),
        mandates: vec![Mandate {
            id: MandateId::parse("M-1").unwrap(),
            holder: person(0).id,
            subject: person(1).id,
            purposes: vec![if dice.chance() {
                own
            } else {
                dice.one(purposes).clone()
            }],
            valid_until: moment(dice),
        }],
        consents: vec![Consent {
            id: ConsentId::parse("C-1").unwrap(),
            subject: person(1).id,
            recipient: agency,
            purposes: vec![dice.one(purposes).clone()],
            classes: vec![DataClass::parse(dice.word(&["income", "personal"])).unwrap()],
            valid_until: moment(dice),
            withdrawn: dice.below(4) == 0,
        }],
        standings: (0..2 + dice.below(2))
            .map(|n| (person(n).id, standing(dice)))
            .collect(),
        presented: None,
    }
}

fn operation(dice: &mut Dice) -> Operation {
    let texts = || Texts {
        uz: String::new(),
        uzc: String::new(),
        ru: String::new(),
        en: String::new(),
    };
    Operation {
        id: OperationId::parse("a.b").unwrap(),
        service: Arc::new(Service {
            id: ServiceId::parse("a").unwrap(),
            names: texts(),
            agency: agency(dice),
            agency_names: texts(),
            kind: ServiceKind::Interactive,
            regulation: Regulation {
                number: String::new(),
                term_days: 0,
            },
            hosts: Vec::new(),
            prefix: String::new(),
            backend: if dice.chance() {
                Backend::InHouse
            } else {
                let name = UpstreamName::parse("u").unwrap();
                Backend::Upstream {
                    name,
                    prefix: String::new(),
                }
            },
            cors_origins: Vec::new(),
        }),
        method: Method::Get,
        template: String::new(),
        who: [].into(),
        assurance_min: AcrRank::ANONYMOUS,
        scopes: Vec::new(),
        purposes: Vec::new(),
        effect: Effect::Read,
        subject: SubjectAt::Nobody,
        contracts: Vec::new(),
        issues: Vec::new(),
        request_headers: Vec::new(),
        response_headers: Vec::new(),
        cookies: Vec::new(),
        body_bytes_max: 0,
        upstream_ms_max: 0,
        certificate_needed: false,
        flow: Flow::default(),
        assertion: Assertion::Shared,
    }
}

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
    let mut dice = Dice(0x9e37_79b9);
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
