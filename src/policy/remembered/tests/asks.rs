//! Asks that have all there can be in them, to change one thing of.

use std::sync::Arc;

use crate::domain::data::Facet;
use crate::domain::fact::{Case, Consent, Facts, Mandate, Staff, Standing};
use crate::domain::name::{
    AgencyId, CaseNumber, ConsentId, DataClass, DocumentKind, MandateId, OfficialId, PurposeId,
    RealmId, RoleId, SystemId,
};
use crate::domain::operation::{Effect, Operation};
use crate::domain::peer::Channel;
use crate::domain::principal::{
    AcrRank, Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal, SystemPrincipal,
};
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::policy::cedar::tests::scenes::{Dice, NOW, operation, person};
use crate::policy::gate::both_ways;
use crate::policy::permit::Asking;
use crate::policy::remembered::Pattern;

use super::Given;

/// One ask: at the gate, or about its first facet.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) given: Given,
    /// Which of the two operations, the first reads and the second writes.
    pub(super) operation: usize,
    pub(super) facet: bool,
}

/// What became of an ask.
pub(super) struct Answered {
    pub(super) pattern: Pattern,
    pub(super) remembered: String,
    pub(super) anew: String,
}

impl Ask {
    pub(super) fn answered(&self, policy: &Policy, operations: &[Arc<Operation>; 2]) -> Answered {
        let (given, engine) = (&self.given, &policy.engine);
        let operation = &operations[self.operation];
        let scene = given.scene(policy.vocabulary(), operation);
        if !self.facet {
            let (remembered, anew) = both_ways(policy, &scene, operation);
            return Answered {
                pattern: Pattern::at_gate(engine, &scene, operation).unwrap(),
                remembered: format!("{remembered:?}"),
                anew: format!("{anew:?}"),
            };
        }
        let asking = Asking::new(policy, operation, &scene, &given.facets);
        let (facet, persons) = (&given.facets[0], given.facets.len());
        Answered {
            pattern: Pattern::of_facet(engine, &scene, operation, facet, persons).unwrap(),
            remembered: format!("{:?}", asking.decided(facet)),
            anew: format!("{:?}", asking.decide_anew(facet)),
        }
    }
}

impl Given {
    pub(super) fn signed_in_before(&mut self, seconds: i64) {
        let moment = self.now.plus_ms(-1_000 * seconds);
        match &mut self.principal {
            Principal::Anonymous => {}
            Principal::Person(p) => Arc::make_mut(p).assurance.authenticated_at = moment,
            Principal::Official(o) => Arc::make_mut(o).assurance.authenticated_at = moment,
            Principal::System(s) => Arc::make_mut(s).assurance.authenticated_at = moment,
        }
    }
}

pub(super) fn gate(given: Given) -> Ask {
    Ask {
        given,
        operation: 0,
        facet: false,
    }
}

/// One that reads and one that writes, the same otherwise.
pub(super) fn operations() -> [Arc<Operation>; 2] {
    let reads = operation(&mut Dice::seeded(0x51ed_270b));
    let mut writes = reads.clone();
    writes.effect = Effect::Write;
    [Arc::new(reads), Arc::new(writes)]
}

pub(super) fn official() -> Given {
    let official = OfficialId::parse("O-1").unwrap();
    let mut given = asked_by(Principal::Official(Arc::new(OfficialPrincipal {
        official: official.clone(),
        agency: agency("pension-fund"),
        realm: RealmId::parse("r").unwrap(),
        name: DisplayName(String::new()),
        person: Some(person(3)),
        position: String::new(),
        assurance: assurance(),
    })));
    given.facts.staff = Some(Staff {
        official,
        agency: agency("pension-fund"),
        active: true,
        trained_until: later(),
        roles: vec![role("pension-inspector")],
        department: None,
        position: String::new(),
    });
    given
}

pub(super) fn system() -> Given {
    asked_by(Principal::System(Arc::new(SystemPrincipal {
        system: SystemId::parse("s").unwrap(),
        agency: agency("pension-fund"),
        roles: vec![role("income-checker")],
        scopes: Vec::new(),
        assurance: assurance(),
    })))
}

/// With a mandate for the person that is asked about.
pub(super) fn citizen() -> Given {
    let mut given = asked_by(Principal::Person(Arc::new(PersonPrincipal {
        person: person(0),
        realm: RealmId::parse("r").unwrap(),
        name: DisplayName(String::new()),
        assurance: assurance(),
    })));
    given.facts.mandates = vec![Mandate {
        id: MandateId::parse("M-1").unwrap(),
        holder: person(0).id,
        subject: person(1).id,
        purposes: vec![purpose("own")],
        valid_until: later(),
    }];
    given
}

/// An ask about person 1, with everything that there can be.
pub(super) fn asked_by(principal: Principal) -> Given {
    let standing = Standing {
        protected: false,
        restricted: true,
        minor: false,
    };
    Given {
        principal,
        facts: Facts {
            case: Some(Case {
                number: CaseNumber::parse("P-1").unwrap(),
                agency: agency("pension-fund"),
                purpose: purpose("pension.assess"),
                open: true,
                subject: person(1).id,
                assignees: Vec::new(),
            }),
            staff: None,
            mandates: Vec::new(),
            consents: vec![Consent {
                id: ConsentId::parse("C-1").unwrap(),
                subject: person(1).id,
                recipient: agency("pension-fund"),
                purposes: vec![purpose("pension.assess")],
                classes: vec![class("income")],
                valid_until: later(),
                withdrawn: false,
            }],
            standings: (0..4).map(|n| (person(n).id, standing)).collect(),
            presented: None,
        },
        purpose: Some(purpose("pension.assess")),
        subject: Some(person(1).id),
        case: CaseNumber::parse("P-1").ok(),
        document: Some((person(1).id, agency("civil-registry"), false)),
        kind: DocumentKind::parse("birth-certificate").unwrap(),
        facets: vec![income_of(1)],
        channel: Channel::Portal,
        now: NOW,
    }
}

pub(super) fn income_of(n: usize) -> Facet {
    Facet {
        subject: person(n),
        class: class("income"),
    }
}

pub(super) fn assurance() -> Assurance {
    Assurance {
        rank: AcrRank::new(2).unwrap(),
        authenticated_at: NOW,
    }
}

pub(super) fn later() -> Timestamp {
    NOW.plus_ms(7 * DAY_MS)
}

pub(super) fn asking_official(ask: &mut Ask) -> &mut OfficialPrincipal {
    match &mut ask.given.principal {
        Principal::Official(official) => Arc::make_mut(official),
        other => panic!("{other:?}"),
    }
}

pub(super) fn asking_system(ask: &mut Ask) -> &mut SystemPrincipal {
    match &mut ask.given.principal {
        Principal::System(system) => Arc::make_mut(system),
        other => panic!("{other:?}"),
    }
}

pub(super) fn staff(ask: &mut Ask) -> &mut Staff {
    ask.given.facts.staff.as_mut().unwrap()
}

pub(super) fn case(ask: &mut Ask) -> &mut Case {
    ask.given.facts.case.as_mut().unwrap()
}

pub(super) fn agency(name: &str) -> AgencyId {
    AgencyId::parse(name).unwrap()
}

pub(super) fn purpose(name: &str) -> PurposeId {
    PurposeId::parse(name).unwrap()
}

pub(super) fn role(name: &str) -> RoleId {
    RoleId::parse(name).unwrap()
}

pub(super) fn class(name: &str) -> DataClass {
    DataClass::parse(name).unwrap()
}

pub(super) const DAY_MS: i64 = 86_400_000;
