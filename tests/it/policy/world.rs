//! A small world: a bundle, an inspector, two persons, a pension record.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use muhrdor::domain::data::{Facet, Form};
use muhrdor::domain::decision::FacetDecision;
use muhrdor::domain::entry::VisitId;
use muhrdor::domain::fact::{Case, Facts, Staff, Standing};
use muhrdor::domain::flow::Flow;
use muhrdor::domain::name::{
    AgencyId, CaseNumber, DataClass, OfficialId, OperationId, PurposeId, RealmId, RoleId,
    ServiceId, UpstreamName,
};
use muhrdor::domain::operation::{
    Assertion, ClassMap, Contract, Effect, Method, Mode, Operation, PurposeBinding, SubjectAt,
    UpstreamTarget, Withhold,
};
use muhrdor::domain::peer::Channel;
use muhrdor::domain::person::{Person, PersonId, Pinfl};
use muhrdor::domain::principal::{
    AcrRank, Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal, PrincipalKind,
};
use muhrdor::domain::purpose::Claim;
use muhrdor::domain::service::{Backend, Regulation, Service, ServiceKind};
use muhrdor::domain::text::Texts;
use muhrdor::domain::time::Timestamp;
use muhrdor::policy::{Ask, Known, Policy, Source};

pub(super) const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_424_400);

pub(super) fn shipped() -> Source {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    Source::read_folder(&folder).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// The shipped files, with these instead or besides; `None` takes one away.
pub(super) fn with(changes: &[(&str, Option<&str>)]) -> Source {
    let mut files: BTreeMap<String, Vec<u8>> = shipped()
        .files()
        .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
        .collect();
    for (path, text) in changes {
        match text {
            Some(text) => files.insert((*path).to_owned(), text.as_bytes().to_vec()),
            None => files.remove(*path),
        };
    }
    Source::from_files(PathBuf::new(), files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

pub(super) fn load(source: &Source) -> Result<Arc<Policy>, Vec<String>> {
    Policy::load(source, &Known::default())
        .map(Arc::new)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

pub(super) fn policy() -> Arc<Policy> {
    load(&shipped()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

pub(super) fn person(n: u16) -> Person {
    let mut id = [0; 32];
    id[..2].copy_from_slice(&n.to_be_bytes());
    let pinfl = Pinfl::parse("31210932040247").unwrap();
    Person {
        id: PersonId::from_bytes(id),
        pinfl,
    }
}

/// Inspector O-4411, who is person 9.
pub(super) fn inspector(acr: u8) -> OfficialPrincipal {
    OfficialPrincipal {
        official: OfficialId::parse("O-4411").unwrap(),
        agency: AgencyId::parse("pension-fund").unwrap(),
        realm: RealmId::parse("officials").unwrap(),
        name: DisplayName("Dilnoza".to_owned()),
        person: Some(person(9)),
        position: "inspector".to_owned(),
        assurance: assurance(acr),
    }
}

pub(super) fn applicant(n: u16, acr: u8) -> Principal {
    Principal::Person(Arc::new(PersonPrincipal {
        person: person(n),
        realm: RealmId::parse("applicants").unwrap(),
        name: DisplayName("Karima".to_owned()),
        assurance: assurance(acr),
    }))
}

pub(super) fn assurance(acr: u8) -> Assurance {
    Assurance {
        rank: AcrRank::new(acr).unwrap(),
        authenticated_at: NOW.plus_ms(-60_000),
    }
}

/// An open case about person 1, the inspector active and trained, persons 0 to 9 known.
pub(super) fn facts() -> Facts {
    let standing = Standing {
        protected: false,
        restricted: false,
        minor: false,
    };
    let official = OfficialId::parse("O-4411").unwrap();
    let agency = AgencyId::parse("pension-fund").unwrap();
    Facts {
        case: Some(Case {
            number: CaseNumber::parse("P-1").unwrap(),
            agency: agency.clone(),
            purpose: PurposeId::parse("pension.assess").unwrap(),
            open: true,
            subject: person(1).id,
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
        standings: (0..10).map(|n| (person(n).id, standing)).collect(),
        presented: None,
        ..Facts::default()
    }
}

/// The pension record of one person: applicants see their own, inspectors with purpose and case.
pub(super) fn record() -> Operation {
    let texts = || Texts {
        uz: "x".into(),
        uzc: "x".into(),
        ru: "x".into(),
        en: "x".into(),
    };
    let map = ClassMap {
        entries: Vec::new(),
        subjects: Vec::new(),
        withhold: Withhold::Remove,
        bytes_max: 1024,
    };
    let bound = |purpose, who| PurposeBinding {
        purpose: PurposeId::parse(purpose).unwrap(),
        who,
        roles: match who {
            PrincipalKind::Official => vec![RoleId::parse("pension-inspector").unwrap()],
            _ => Vec::new(),
        },
    };
    Operation {
        id: OperationId::parse("pension-fund.record.read").unwrap(),
        service: Arc::new(Service {
            id: ServiceId::parse("pension-fund").unwrap(),
            names: texts(),
            agency: AgencyId::parse("pension-fund").unwrap(),
            agency_names: texts(),
            kind: ServiceKind::Interactive,
            regulation: Regulation {
                number: "1".to_owned(),
                term_days: 1,
            },
            hosts: Vec::new(),
            prefix: "/pension".to_owned(),
            backend: Backend::Upstream {
                name: UpstreamName::parse("pension-fund").unwrap(),
                prefix: String::new(),
            },
            cors_origins: Vec::new(),
        }),
        method: Method::Get,
        template: "/records/{pinfl}".to_owned(),
        who: [PrincipalKind::Person, PrincipalKind::Official].into(),
        assurance_min: AcrRank::new(1).unwrap(),
        scopes: Vec::new(),
        purposes: vec![
            bound("own.view", PrincipalKind::Person),
            bound("pension.assess", PrincipalKind::Official),
            bound("pension.review", PrincipalKind::Official),
        ],
        effect: Effect::Read,
        subject: SubjectAt::Path("pinfl".to_owned()),
        issues: Vec::new(),
        contracts: vec![Contract {
            status: 200,
            media: "application/json".to_owned(),
            mode: Mode::Fields(Arc::new(map)),
        }],
        request_headers: Vec::new(),
        response_headers: Vec::new(),
        cookies: Vec::new(),
        body_bytes_max: 0,
        upstream_ms_max: 1000,
        certificate_needed: false,
        credentials: BTreeSet::new(),
        flow: Flow::default(),
        assertion: Assertion::Shared,
        assertion_certificate: false,
    }
}

/// The inspector asks for person 1's record, for the purpose and under the case.
pub(super) fn ask(facts: &Facts) -> Ask<'_> {
    Ask {
        visit: VisitId::from_bytes([7; 16]),
        operation: Arc::new(record()),
        target: UpstreamTarget::new("/records/withheld".to_owned()),
        principal: Principal::Official(Arc::new(inspector(2))),
        subject: Some(person(1)),
        claim: Claim {
            purpose: Some(PurposeId::parse("pension.assess").unwrap()),
            case: Some(CaseNumber::parse("P-1").unwrap()),
        },
        facts,
        channel: Channel::Portal,
        now: NOW,
    }
}

pub(super) fn facet(n: u16, class: &str) -> Facet {
    Facet {
        subject: person(n),
        class: DataClass::parse(class).unwrap(),
    }
}

pub(super) fn forms(decisions: &[FacetDecision]) -> Vec<Form> {
    decisions.iter().map(|decision| decision.form).collect()
}
