//! Random requests: who asks, what is known, which operation.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::fact::{Case, Consent, Facts, Mandate, Staff, Standing};
use crate::domain::flow::Flow;
use crate::domain::name::{
    AgencyId, CaseNumber, ConsentId, DataClass, MandateId, OfficialId, OperationId, PurposeId,
    RealmId, RoleId, ServiceId, SystemId, UpstreamName,
};
use crate::domain::operation::{Assertion, Effect, Method, Operation, SubjectAt};
use crate::domain::person::{Person, PersonId, Pinfl};
use crate::domain::principal::{
    AcrRank, Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal, SystemPrincipal,
};
use crate::domain::service::{Backend, Regulation, Service, ServiceKind};
use crate::domain::text::Texts;
use crate::domain::time::Timestamp;

/// Xorshift (Marsaglia 2003): the same requests each time.
pub(in crate::policy) struct Dice(u64);

impl Dice {
    pub(in crate::policy) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub(in crate::policy) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    pub(in crate::policy) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub(in crate::policy) fn word<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    pub(in crate::policy) fn chance(&mut self) -> bool {
        self.below(2) == 0
    }
}

pub(in crate::policy) fn person(n: usize) -> Person {
    Person {
        id: PersonId::from_bytes([u8::try_from(n).unwrap(); 32]),
        pinfl: Pinfl::parse("31210932040247").unwrap(),
    }
}

pub(in crate::policy) const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_424_400);

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

pub(in crate::policy) fn principal(dice: &mut Dice) -> Principal {
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

pub(in crate::policy) fn facts(
    dice: &mut Dice,
    principal: &Principal,
    purposes: &[PurposeId],
) -> Facts {
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

pub(in crate::policy) fn operation(dice: &mut Dice) -> Operation {
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
        credentials: BTreeSet::new(),
        flow: Flow::default(),
        assertion: Assertion::Shared,
        assertion_certificate: false,
    }
}
