//! A small world for the room: shipped rules, an inspector with a case, a system with a consent.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ring::rand::SystemRandom;

use muhrdor::domain::entry::VisitId;
use muhrdor::domain::fact::{Case, Consent, Facts, Staff, Standing};
use muhrdor::domain::name::{
    AgencyId, CaseNumber, ConsentId, OfficialId, PurposeId, RealmId, RoleId, Scope, SystemId,
};
use muhrdor::domain::operation::{Operation, SubjectAt, UpstreamTarget};
use muhrdor::domain::peer::Channel;
use muhrdor::domain::person::{Person, Pinfl};
use muhrdor::domain::principal::{
    AcrRank, Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal, PrincipalKind,
    SystemPrincipal,
};
use muhrdor::domain::purpose::Claim;
use muhrdor::domain::time::Timestamp;
use muhrdor::keys::{Pseudonym, Secret};
use muhrdor::policy::{Ask, Known, Permit, Policy, Source};
use muhrdor::redaction::{Disclosure, Redaction, RedactionError, RedactionSettings};
use muhrdor::register::{KnownNames, Register};
use muhrdor::wire::answer::Answer;

use super::{AZIZA, BOTIR, class};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_424_400);

/// An inspector with an open case about Aziza, a system with her consent, and the room.
pub(crate) struct House {
    redaction: Redaction,
    pub(crate) pseudonym: Arc<Pseudonym>,
    policy: Arc<Policy>,
    facts: Facts,
}

impl House {
    pub(crate) fn new() -> Self {
        let secret = Secret::generate(&SystemRandom::new()).unwrap();
        let pseudonym = Arc::new(Pseudonym::new(&secret));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let source = Source::read_folder(&folder).unwrap();
        let policy = Arc::new(Policy::load(&source, &Known::default()).unwrap());
        let redaction = Redaction::new(Arc::clone(&pseudonym), RedactionSettings::default());
        let aziza = pseudonym.person(&Pinfl::parse(AZIZA).unwrap());
        let botir = pseudonym.person(&Pinfl::parse(BOTIR).unwrap());
        let official = OfficialId::parse("O-1001").unwrap();
        let agency = AgencyId::parse("pension-fund").unwrap();
        let standing = Standing {
            protected: false,
            restricted: false,
            minor: false,
        };
        let facts = Facts {
            case: Some(Case {
                number: CaseNumber::parse("P-1").unwrap(),
                agency: agency.clone(),
                purpose: PurposeId::parse("pension.assess").unwrap(),
                open: true,
                subject: aziza,
                assignees: vec![official.clone()],
            }),
            staff: Some(Staff {
                official,
                agency,
                active: true,
                trained_until: NOW.plus_ms(1000),
                roles: vec![RoleId::parse("pension-inspector").unwrap()],
                department: None,
                position: "inspector".to_owned(),
            }),
            mandates: Vec::new(),
            consents: vec![Consent {
                id: ConsentId::parse("C-1").unwrap(),
                subject: aziza,
                recipient: AgencyId::parse("social-agency").unwrap(),
                purposes: vec![PurposeId::parse("benefit.assess").unwrap()],
                classes: vec![class("income")],
                valid_until: NOW.plus_ms(1000),
                withdrawn: false,
            }],
            standings: vec![(aziza, standing), (botir, standing)],
            presented: None,
        };
        Self {
            redaction,
            pseudonym,
            policy,
            facts,
        }
    }

    pub(crate) fn permit(
        &self,
        operation: Operation,
        principal: Principal,
        target: &str,
    ) -> Permit {
        let pinfl = Pinfl::parse(AZIZA).unwrap();
        let person = Person {
            id: self.pseudonym.person(&pinfl),
            pinfl,
        };
        let about_somebody = !matches!(operation.subject, SubjectAt::Nobody | SubjectAt::Answer);
        let ask = Ask {
            visit: VisitId::from_bytes([7; 16]),
            operation: Arc::new(operation),
            target: UpstreamTarget::new(target.to_owned()),
            claim: Claim {
                purpose: PurposeId::parse("benefit.assess")
                    .ok()
                    .filter(|_| principal.kind() == PrincipalKind::System),
                case: CaseNumber::parse("P-1")
                    .ok()
                    .filter(|_| principal.kind() == PrincipalKind::Official),
            },
            principal,
            subject: about_somebody.then_some(person),
            facts: &self.facts,
            channel: Channel::Portal,
            now: NOW,
        };
        self.policy.decide(ask).unwrap()
    }

    /// An operation of the shipped register.
    pub(crate) fn shipped(&self, id: &str) -> Operation {
        let vocabulary = self.policy.vocabulary();
        let known = KnownNames {
            documents: vocabulary.documents().map(|d| d.id.clone()).collect(),
            purposes: vocabulary.purposes().map(|p| p.id.clone()).collect(),
            classes: vocabulary.classes().map(|c| c.id.clone()).collect(),
            roles: vocabulary.roles().map(|(role, _)| role.clone()).collect(),
            agencies: vocabulary
                .agencies()
                .map(|a| (a.id.clone(), a.names.clone()))
                .collect(),
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/services");
        let register = Register::load(&folder, &known).unwrap();
        let mut operations = register.operations();
        let found = operations.find(|operation| operation.id.as_str() == id);
        Operation::clone(found.unwrap())
    }

    /// Aziza herself.
    pub(crate) fn aziza(&self) -> Principal {
        let pinfl = Pinfl::parse(AZIZA).unwrap();
        Principal::Person(Arc::new(PersonPrincipal {
            person: Person {
                id: self.pseudonym.person(&pinfl),
                pinfl,
            },
            realm: RealmId::parse("applicants").unwrap(),
            name: DisplayName("Aziza Karimova".to_owned()),
            assurance: assurance(),
        }))
    }

    pub(super) fn walk(
        &self,
        permit: &Permit,
        answer: Answer,
    ) -> Result<Disclosure, RedactionError> {
        let inspected = ready(self.redaction.inspect(permit, answer))?;
        self.redaction
            .disclose(permit, inspected, &Facts::default())
    }
}

/// The output of a future that waits for nothing.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn assurance() -> Assurance {
    Assurance {
        rank: AcrRank::new(2).unwrap(),
        authenticated_at: NOW.plus_ms(-60_000),
    }
}

pub(super) fn inspector() -> Principal {
    Principal::Official(Arc::new(OfficialPrincipal {
        official: OfficialId::parse("O-1001").unwrap(),
        agency: AgencyId::parse("pension-fund").unwrap(),
        realm: RealmId::parse("officials").unwrap(),
        name: DisplayName("Gulnora".to_owned()),
        person: super::identify("31902880132195"),
        position: "inspector".to_owned(),
        assurance: assurance(),
    }))
}

pub(super) fn system() -> Principal {
    Principal::System(Arc::new(SystemPrincipal {
        system: SystemId::parse("social-agency-system").unwrap(),
        agency: AgencyId::parse("social-agency").unwrap(),
        roles: vec![RoleId::parse("income-checker").unwrap()],
        scopes: vec![Scope::parse("pension.verify").unwrap()],
        assurance: assurance(),
    }))
}
