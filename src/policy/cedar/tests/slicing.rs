//! Slices give the answer of the whole set, on random requests.

use std::path::Path;
use std::sync::Arc;

use cedar_policy::PolicySet;

use crate::domain::data::Facet;
use crate::domain::fact::{Case, Consent, Facts, Mandate, Staff, Standing};
use crate::domain::name::{
    AgencyId, CaseNumber, ConsentId, DataClass, MandateId, OfficialId, OperationId, PurposeId,
    RealmId, RoleId, ServiceId, SystemId, UpstreamName,
};
use crate::domain::operation::{Effect, Method, Operation, SubjectAt};
use crate::domain::peer::Channel;
use crate::domain::person::{Person, PersonId, Pinfl};
use crate::domain::principal::{
    AcrRank, Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal, SystemPrincipal,
};
use crate::domain::service::{Backend, Regulation, Service, ServiceKind};
use crate::domain::text::Texts;
use crate::domain::time::Timestamp;
use crate::policy::cedar::{Query, Scene, Verdict};
use crate::policy::slice::{Action, Scope, Target};
use crate::policy::{Known, Policy, Source};

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
    RoleId::parse(dice.word(&["pension-inspector", "protection-unit", "income-checker"])).unwrap()
}

fn moment(dice: &mut Dice) -> Timestamp {
    NOW.plus_ms(if dice.chance() { 1000 } else { -1000 })
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
        3 | 4 | 5 => Principal::Official(Arc::new(OfficialPrincipal {
            official: OfficialId::parse("O-1").unwrap(),
            agency: agency(dice),
            realm,
            name,
            person: dice.chance().then(|| person(3)),
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
        protected: dice.below(4) == 0,
        restricted: dice.chance(),
        minor: dice.chance(),
    };
    let official = OfficialId::parse("O-1").unwrap();
    let own = principal.agency().cloned();
    let agency = own.unwrap_or_else(|| agency(dice));
    Facts {
        case: Some(Case {
            number: CaseNumber::parse("P-1").unwrap(),
            agency: agency.clone(),
            purpose: dice.one(purposes).clone(),
            open: dice.chance(),
            subject: person(dice.below(2)).id,
            assignees: if dice.chance() {
                vec![official.clone()]
            } else {
                Vec::new()
            },
        }),
        staff: dice.chance().then(|| Staff {
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
            holder: person(dice.below(2)).id,
            subject: person(1).id,
            purposes: vec![dice.one(purposes).clone()],
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
        standings: (0..dice.below(4))
            .map(|n| (person(n).id, standing(dice)))
            .collect(),
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
        request_headers: Vec::new(),
        response_headers: Vec::new(),
        cookies: Vec::new(),
        body_bytes_max: 0,
        upstream_ms_max: 0,
    }
}

#[test]
fn t62_slices_answer_as_the_whole_set_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let policy = Policy::load(&Source::read_folder(&folder).unwrap(), &Known::default()).unwrap();
    let engine = &policy.engine;
    let whole = PolicySet::from_policies(policy.bundle.policies.iter().cloned()).unwrap();
    let purposes: Vec<_> = policy
        .vocabulary()
        .purposes()
        .map(|p| p.id.clone())
        .collect();
    let classes: Vec<_> = policy
        .vocabulary()
        .classes()
        .map(|c| c.id.clone())
        .collect();
    let facet_actions = [
        Action::View,
        Action::ViewMasked,
        Action::Verify,
        Action::ReadJournal,
    ];
    let (mut dice, mut asked, mut allowed, mut forbidden) = (Dice(0x9e37_79b9), 0, 0, 0);
    while asked < REQUESTS {
        let principal = principal(&mut dice);
        let facts = facts(&mut dice, &principal, &purposes);
        let operation = operation(&mut dice);
        let case = CaseNumber::parse("P-1").unwrap();
        let purpose = dice.one(&purposes);
        let chain = std::iter::successors(policy.vocabulary().purpose(purpose), |p| {
            policy.vocabulary().purpose(p.parent.as_ref()?)
        });
        let scene = Scene {
            operation: &operation,
            principal: &principal,
            subject: dice.chance().then(|| person(1).id),
            purpose: policy.vocabulary().purpose(purpose),
            purposes: chain.map(|p| p.id.clone()).collect(),
            classes: Vec::new(),
            case: dice.chance().then_some(&case),
            facts: &facts,
            channel: Channel::Portal,
            rank: principal.rank(),
            now: NOW,
        };
        let subject = person(dice.below(4));
        let facets: Vec<_> = classes
            .iter()
            .map(|class| Facet {
                subject,
                class: class.clone(),
            })
            .collect();
        // What the gateway makes agrees with the schema.
        let schema = Some(&policy.bundle.schema);
        let entities = engine.entities(&scene, &facets, schema).unwrap();
        let mut compare = |action, target, resource, subject| {
            let query = Query {
                scope: Scope {
                    action,
                    kind: principal.kind(),
                    service: operation.service.id.clone(),
                    target,
                },
                resource,
                context: engine.context(&scene, subject, 1).unwrap(),
                scene: &scene,
                entities: &entities,
            };
            let sliced = engine.ask(&query);
            assert_eq!(sliced, engine.evaluate(&query, &whole), "{query:?}");
            asked += 1;
            match sliced {
                Verdict::Allow(_) => allowed += 1,
                Verdict::Deny(crate::policy::cedar::Refusal::Forbidden(_)) => forbidden += 1,
                Verdict::Deny(crate::policy::cedar::Refusal::NoPermit) => {}
                Verdict::Deny(crate::policy::cedar::Refusal::Fault(fault)) => panic!("{fault:?}"),
            }
        };
        for action in [Action::Invoke, Action::Submit] {
            let target = Target::Operation(operation.id.clone());
            compare(action, target, engine.operation(&scene), scene.subject);
        }
        for facet in &facets {
            for action in facet_actions {
                let target = Target::Facet(facet.class.clone());
                compare(action, target, engine.facet(facet), Some(subject.id));
            }
        }
    }
    assert!(
        allowed > 1000 && forbidden > 1000,
        "{allowed} allowed, {forbidden} forbidden"
    );
}
