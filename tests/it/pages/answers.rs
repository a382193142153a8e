//! The in-house e-services on the shipped bundle, from a permit to a page.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use muhrdor::console::InHouseServices;
use muhrdor::domain::data::Form;
use muhrdor::domain::decision::JournalDepth;
use muhrdor::domain::entry::{Actor, Disclosed, JournalEntry, Stage, VisitId};
use muhrdor::domain::fact::{Facts, Staff, Standing};
use muhrdor::domain::name::{
    AgencyId, BasisId, CaseNumber, DataClass, OfficialId, PurposeId, RealmId, RoleId, RuleId,
    ServiceId,
};
use muhrdor::domain::operation::{Operation, UpstreamTarget};
use muhrdor::domain::peer::Channel;
use muhrdor::domain::person::{Person, PersonId, Pinfl};
use muhrdor::domain::principal::{
    AcrRank, Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal, PrincipalKind,
};
use muhrdor::domain::purpose::{Claim, Visibility};
use muhrdor::domain::text::Language;
use muhrdor::domain::time::Timestamp;
use muhrdor::journal::{Journal, Options};
use muhrdor::keys::{Secret, Vault};
use muhrdor::policy::{Ask, Known, Permit, Policy, Source};
use muhrdor::register::{KnownNames, Register};
use muhrdor::store::memory::MemoryLedger;
use muhrdor::tlog::{EntryBundles, Tlog};
use muhrdor::upstream::{InHouse, InHouseError, InHouseRequest};
use muhrdor::wire::path::Target;
use ring::rand::SystemRandom;
use serde_json::Value;

use super::PAGE_BYTES_MAX;
use super::samples::{console, frame, render};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_424_400);

/// The shipped bundle, and a journal with one look of an inspector and one of the person.
struct House {
    policy: Arc<Policy>,
    register: Register,
    services: InHouseServices,
    journal: Journal,
}

impl House {
    async fn build() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let source = Source::read_folder(&folder).unwrap();
        let words = Policy::vocabulary_of(&source).unwrap();
        let known = KnownNames {
            documents: words.documents().map(|d| d.id.clone()).collect(),
            purposes: words.purposes().map(|p| p.id.clone()).collect(),
            classes: words.classes().map(|c| c.id.clone()).collect(),
            roles: words.roles().map(|(id, _)| id.clone()).collect(),
            agencies: words
                .agencies()
                .map(|a| (a.id.clone(), a.names.clone()))
                .collect(),
        };
        let register = Register::load(&folder.join("services"), &known).unwrap();
        let policy = Arc::new(Policy::load(&source, &Known::default()).unwrap());
        let journal = journal().await;
        let services = InHouseServices::new(
            journal.reader().clone(),
            None,
            Arc::clone(&policy),
            &register,
        );
        Self {
            policy,
            register,
            services,
            journal,
        }
    }

    fn operation(&self, id: &str) -> Arc<Operation> {
        Arc::clone(
            self.register
                .operations()
                .find(|o| o.id.as_str() == id)
                .unwrap(),
        )
    }

    fn permit(&self, id: &str, principal: Principal) -> Permit {
        let subject = match &principal {
            Principal::Person(person) => Some(person.person),
            _ => None,
        };
        self.policy
            .decide(Ask {
                visit: VisitId::from_bytes([7; 16]),
                operation: self.operation(id),
                target: UpstreamTarget::new("/".into()),
                principal,
                subject,
                claim: Claim::default(),
                facts: &facts(),
                channel: Channel::Portal,
                now: NOW,
            })
            .unwrap_or_else(|no| panic!("{id}: {no:?}"))
    }

    async fn answer(&self, permit: &Permit, target: &str) -> Result<Value, InHouseError> {
        let request = InHouseRequest {
            captures: Vec::new(),
            target: Target::parse(target.as_bytes()).unwrap(),
            body: Bytes::new(),
            now: NOW,
        };
        let answer = self.services.answer(permit, request).await?;
        assert_eq!(
            (answer.status, &answer.headers["content-type"]),
            (200, &"application/json".parse().unwrap())
        );
        let bytes = answer.body.collect_up_to(1 << 20).await.unwrap();
        Ok(serde_json::from_slice(&bytes).unwrap())
    }
}

async fn journal() -> Journal {
    let options = muhrdor::tlog::Options {
        entries: EntryBundles::Withheld,
        ..crate::tlog::options()
    };
    let stores = crate::tlog::memory_stores();
    let signer = crate::tlog::note_signer("journal");
    Tlog::create(&stores, &signer).unwrap();
    let tlog = Tlog::open(stores, signer, options, crate::tlog::unexpected()).unwrap();
    let secret = Secret::generate(&SystemRandom::new()).unwrap();
    let options = Options {
        queue_entries_max: 100,
        batch_entries_max: 10,
    };
    let journal = Journal::start(
        Arc::new(MemoryLedger::default()),
        Arc::new(tlog),
        Arc::new(Vault::new(&secret, &[])),
        Arc::new(SystemRandom::new()),
        options,
        crate::tlog::unexpected(),
    )
    .unwrap();
    for entry in [inspectors_look(1), own_look(2)] {
        let _recorded = journal.record(entry).await.unwrap();
    }
    journal
}

fn aziza() -> Person {
    Person {
        id: PersonId::from_bytes([1; 32]),
        pinfl: Pinfl::parse("31210932040247").unwrap(),
    }
}

fn assurance() -> Assurance {
    Assurance {
        rank: AcrRank::new(2).unwrap(),
        authenticated_at: NOW.plus_ms(-60_000),
    }
}

fn applicant() -> Principal {
    Principal::Person(Arc::new(PersonPrincipal {
        person: aziza(),
        realm: RealmId::parse("applicants").unwrap(),
        name: DisplayName("Aziza".into()),
        assurance: assurance(),
    }))
}

fn officer() -> Principal {
    Principal::Official(Arc::new(OfficialPrincipal {
        official: OfficialId::parse("O-9001").unwrap(),
        agency: AgencyId::parse("portal").unwrap(),
        realm: RealmId::parse("officials").unwrap(),
        name: DisplayName("Malika".into()),
        person: None,
        position: "officer".into(),
        assurance: assurance(),
    }))
}

fn facts() -> Facts {
    let standing = Standing {
        protected: false,
        restricted: false,
        minor: false,
    };
    Facts {
        staff: Some(Staff {
            official: OfficialId::parse("O-9001").unwrap(),
            agency: AgencyId::parse("portal").unwrap(),
            active: true,
            trained_until: NOW.plus_ms(1000),
            roles: vec![RoleId::parse("security-officer").unwrap()],
            department: None,
            position: "officer".into(),
        }),
        standings: vec![(aziza().id, standing)],
        ..Facts::default()
    }
}

fn own_look(n: u8) -> JournalEntry {
    let disclosed = |class: &str, form| Disclosed {
        subject: aziza().id,
        class: DataClass::parse(class).unwrap(),
        form,
    };
    JournalEntry {
        visit: VisitId::from_bytes([n; 16]),
        stage: Stage::Delivered { status: 200 },
        at: NOW.plus_ms(-60_000 * i64::from(10 - n)),
        actor: Actor {
            kind: PrincipalKind::Person,
            person: Some(aziza().id),
            official: None,
            position: None,
            system: None,
            agency: None,
            acr: 2,
            credential: None,
        },
        service: Some(ServiceId::parse("pension-fund").unwrap()),
        operation: None,
        purpose: Some(PurposeId::parse("own.view").unwrap()),
        bases: Vec::new(),
        case: None,
        subject: Some(aziza().id),
        visibility: Visibility::MainSubject,
        disclosed: vec![
            disclosed("income", Form::Clear),
            disclosed("health", Form::Absent),
        ],
        rules: Vec::new(),
        bundle: None,
        depth: JournalDepth::Full,
        notify: Vec::new(),
        digest: None,
        steps: Vec::new(),
    }
}

fn inspectors_look(n: u8) -> JournalEntry {
    let mut entry = own_look(n);
    entry.actor.kind = PrincipalKind::Official;
    entry.actor.person = None;
    entry.actor.official = Some("3f7ac1d2e4b59608".into());
    entry.actor.position = Some("inspector".into());
    entry.actor.agency = Some(AgencyId::parse("pension-fund").unwrap());
    entry.purpose = Some(PurposeId::parse("pension.assess").unwrap());
    entry.bases = vec![BasisId::parse("pension-law-assessment").unwrap()];
    entry.case = Some(CaseNumber::parse("PF-2026-000117").unwrap());
    entry.rules = vec![RuleId::parse("case-officer-income").unwrap()];
    entry
}

#[tokio::test]
async fn a_person_finds_who_saw_their_data() {
    let house = House::build().await;
    let permit = house.permit("account.journal", applicant());
    let json = house.answer(&permit, "/my/journal").await.unwrap();
    assert_eq!(json["entries"][0]["mark"], "own");
    let look = &json["entries"][1];
    assert_eq!(look["body"]["names"]["en"], "Pension Fund");
    assert_eq!(look["official"]["number"], "3f7ac1d2e4b59608");
    assert_eq!(look["case"], "PF-2026-000117");
    assert_eq!(look["bases"][0]["article"], "44");
    assert_eq!(look["classes"][0]["form"], "clear");
    assert!(!json.to_string().contains(aziza().pinfl.expose()));
    let here = frame(Language::En, "/my/journal");
    let page = render(&console(), "account.journal", &json, &here).unwrap();
    assert!(page.html.contains("Pension Fund") && page.html.contains("Assessing a pension"));
    let older = house.answer(&permit, "/my/journal?before=0").await.unwrap();
    assert_eq!(older["entries"], serde_json::json!([]));
    let wrong = house.answer(&permit, "/my/journal?before=x").await;
    assert!(matches!(wrong, Err(InHouseError::BadInput(_))), "{wrong:?}");
    house.journal.close().await;
}

#[tokio::test]
async fn the_account_greets_and_tells_the_last_look_of_others() {
    let house = House::build().await;
    let json = house
        .answer(&house.permit("account.home", applicant()), "/my")
        .await
        .unwrap();
    assert_eq!(json["name"], "Aziza");
    assert_eq!(json["assurance"], 2);
    assert_eq!(json["last_seen"]["body"]["code"], "pension-fund");
    assert_eq!(json["links"][0]["href"], "/my/journal");
    house.journal.close().await;
}

#[tokio::test]
async fn the_shipped_rules_read_in_plain_words_on_pages_that_are_light() {
    let house = House::build().await;
    let permit = house.permit("console.policies", officer());
    let first = house.answer(&permit, "/console/policies").await.unwrap();
    let pages = first["pages"].as_u64().unwrap();
    let mut rules = Vec::new();
    for number in 1..=pages {
        let target = format!("/console/policies?page={number}");
        let json = house.answer(&permit, &target).await.unwrap();
        for language in Language::ALL {
            let here = frame(language, &target);
            let page = render(&console(), "console.policies", &json, &here).unwrap();
            assert!(
                page.html.len() <= PAGE_BYTES_MAX,
                "{target} {language}: {}",
                page.html.len()
            );
        }
        rules.extend(json["rules"].as_array().unwrap().clone());
    }
    assert_eq!(rules.len(), house.policy.rules().len());
    for rule in &rules {
        assert!(
            rule["text"].as_str().unwrap().starts_with(['p', 'f']),
            "{rule}"
        );
        assert!(!rule["actions"].as_array().unwrap().is_empty(), "{rule}");
    }
    let income = rules
        .iter()
        .find(|rule| rule["id"] == "case-officer-income")
        .unwrap();
    assert_eq!(income["who"]["role"]["titles"]["en"], "pension inspector");
    assert_eq!(income["data"]["class"]["titles"]["en"], "income");
    let kinds: Vec<_> = income["when"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["kind"])
        .collect();
    assert_eq!(kinds, ["purpose", "case", "training", "assurance"]);
    house.journal.close().await;
}

#[tokio::test]
async fn the_register_lists_each_service_with_its_body_and_term() {
    let house = House::build().await;
    let permit = house.permit("directory.services", Principal::Anonymous);
    let json = house.answer(&permit, "/services").await.unwrap();
    let services = json["services"].as_array().unwrap();
    assert_eq!(services.len(), house.register.services().count());
    let mut paths = services
        .iter()
        .flat_map(|s| s["operations"].as_array().unwrap());
    assert!(paths.any(|operation| operation["path"] == "/my"), "{json}");
    for language in Language::ALL {
        let here = frame(language, "/services");
        let page = render(&console(), "directory.services", &json, &here).unwrap();
        assert!(page.html.len() <= PAGE_BYTES_MAX);
    }
    house.journal.close().await;
}
