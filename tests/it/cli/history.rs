//! The verbs that read the journal.

use std::fs;
use std::sync::Arc;

use muhrdor::domain::data::{Form, Mask};
use muhrdor::domain::decision::JournalDepth;
use muhrdor::domain::entry::{Actor, Disclosed, JournalEntry, Stage, Step, VisitId};
use muhrdor::domain::name::{
    AgencyId, BasisId, CaseNumber, DataClass, OperationId, PurposeId, RuleId, ServiceId,
};
use muhrdor::domain::person::PersonId;
use muhrdor::domain::principal::PrincipalKind;
use muhrdor::domain::purpose::Visibility;
use muhrdor::domain::reason::Reason;
use muhrdor::domain::time::Timestamp;
use muhrdor::journal::{Journal, Options};
use muhrdor::keys::{KeyFolder, KeyName, Vault};
use muhrdor::store::embedded::{FileTiles, SqliteLedger, SqliteLock};
use muhrdor::tlog::note::{NoteName, NoteSigner};
use muhrdor::tlog::sequencer::Stores;
use muhrdor::tlog::{EntryBundles, Tlog};
use ring::rand::SystemRandom;
use serde_json::json;

use super::Site;
use crate::tlog::{options, unexpected};

#[tokio::test]
async fn a_delivery_is_explained_by_its_rules_and_shows_no_one() {
    let site = Site::made();
    site.write(vec![delivered()]).await;
    let said = site
        .run(&["explain", &visit(1).to_string()])
        .exits(0)
        .says(&[
            "2026-11-23T09:05:00.000Z, entry 0 of the journal",
            "official, inspector, number 0123456789abcdef, of pension-fund",
            "operation pension-fund.record.read",
            "allowed (200)",
            "permit case-officer-income: ",
            "pension.assess: ",
            "case PF-2026-000117",
            "masked (last4)",
            "route: pension-fund.record.read",
            "another bundle is in force now",
        ]);
    assert!(
        !said.output.contains(&person().to_string()),
        "{}",
        said.output
    );
    assert_eq!(said.errors, "");
    let said = site
        .run(&["explain", "--json", &visit(1).to_string()])
        .exits(0)
        .json();
    assert_eq!(said["request"], visit(1).to_string());
    assert_eq!(
        said["entries"][0]["entry"]["rules"],
        json!(["case-officer-income"])
    );
    assert_eq!(
        said["entries"][0]["why"]["outcome"],
        json!(["allowed (200)"])
    );
}

#[tokio::test]
async fn a_refusal_is_explained_by_its_reason_also_where_the_bundle_is_broken() {
    let site = Site::made();
    site.write(vec![refused()]).await;
    site.run(&["explain", &visit(2).to_string()])
        .exits(0)
        .says(&["refused: case_closed"]);
    fs::write(site.path("policies/casework.cedar"), "permit(").unwrap();
    let said = site.run(&["explain", &visit(2).to_string()]).exits(0);
    said.says(&[
        "case_closed",
        "case-must-be-open",
        "case PF-2026-000117",
        "muhrdor check",
    ]);
}

#[test]
fn a_request_that_the_journal_does_not_know_is_said_to_be_unknown() {
    let site = Site::made();
    let request = visit(3).to_string();
    let said = site.run(&["explain", &request]).exits(1);
    assert_eq!(said.output, "");
    said.says(&[&format!("no entry of the request `{request}`")]);
    let said = site.run(&["explain", "--json", &request]).exits(1).json();
    assert_eq!(said["entries"], json!([]));
}

#[tokio::test]
async fn a_journal_holds_until_someone_changes_an_entry() {
    let site = Site::made();
    site.write(vec![delivered(), refused(), delivered()]).await;
    site.run(&["journal", "verify"]).exits(0).says(&[
        "the journal holds\n",
        "entries in order: 3\n",
        "in the signed log: 3\n",
        "signed root: ",
    ]);
    let held = site.run(&["journal", "verify", "--json"]).exits(0).json();
    assert_eq!(
        (&held["entries"], &held["tree_size"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(held["root"].as_str().unwrap().len(), 64);
    let ledger = rusqlite::Connection::open(site.path("store/journal.sqlite")).unwrap();
    ledger
        .execute_batch("update entry set leaf = zeroblob(32) where position = 1")
        .unwrap();
    let said = site.run(&["journal", "verify"]).exits(1);
    said.says(&["the journal does not hold: entry 1 "]);
    let broken = site.run(&["journal", "verify", "--json"]).exits(1).json();
    assert_eq!(broken["holds"], false);
    assert_eq!(broken["root"], held["root"]);
}

#[tokio::test]
async fn entries_are_exported_in_their_order_a_line_each() {
    let site = Site::made();
    site.write(vec![delivered(), refused(), delivered()]).await;
    let positions = |words: &[&str]| -> Vec<u64> {
        let said = site.run(&[&["journal", "export"], words].concat()).exits(0);
        let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        said.output
            .lines()
            .map(|text| line(text)["position"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(positions(&[]), [0, 1, 2]);
    assert_eq!(positions(&["--from", "1"]), [1, 2]);
    assert_eq!(positions(&["--from", "1", "--to", "1"]), [1]);
    assert!(positions(&["--from", "3"]).is_empty());
    let first = site.run(&["journal", "export", "--to", "0"]).output;
    let first: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!(first["entry"], serde_json::to_value(delivered()).unwrap());
}

#[test]
fn a_store_in_memory_has_nothing_to_read() {
    let site = Site::made();
    let text = site.text("gateway.toml");
    let (before, after) = text.split_once("[store]").unwrap();
    let (_, after) = after.split_once("[bundle]").unwrap();
    let text = format!("{before}[store]\nkind = \"memory\"\n\n[bundle]{after}");
    fs::write(&site.config, text).unwrap();
    for words in [&["journal", "verify"][..], &["journal", "export"]] {
        site.run(words).exits(3).says(&["keeps nothing"]);
    }
}

impl Site {
    /// Writes entries as the gateway of this site would.
    async fn write(&self, entries: Vec<JournalEntry>) {
        let folder = KeyFolder::open(&self.path("keys")).unwrap();
        let name = |name| KeyName::parse(name).unwrap();
        let key = Arc::clone(&folder.signing(&name("journal")).unwrap()[0].key);
        let vault = &folder.secrets(&name("vault")).unwrap()[0].key;
        let signer = NoteSigner::new(NoteName::parse("localhost/journal").unwrap(), key).unwrap();
        let stores = Stores {
            tiles: Arc::new(FileTiles::open(&self.path("store/journal-log"), 0).unwrap()),
            lock: Arc::new(SqliteLock::open(&self.path("lock/journal-log.sqlite")).unwrap()),
        };
        let log = muhrdor::tlog::Options {
            entries: EntryBundles::Withheld,
            ..options()
        };
        let log = Tlog::open(stores, signer, log, unexpected()).unwrap();
        let journal = Journal::start(
            Arc::new(SqliteLedger::open(&self.path("store/journal.sqlite"), 0).unwrap()),
            Arc::new(log),
            Arc::new(Vault::new(vault, &[])),
            Arc::new(SystemRandom::new()),
            Options {
                queue_entries_max: 100,
                batch_entries_max: 10,
            },
            unexpected(),
        )
        .unwrap();
        for entry in entries {
            drop(journal.record(entry).await.unwrap());
        }
        journal.close().await;
    }
}

fn visit(n: u8) -> VisitId {
    VisitId::from_bytes([n; 16])
}

fn person() -> PersonId {
    PersonId::from_bytes([7; 32])
}

fn delivered() -> JournalEntry {
    JournalEntry {
        visit: visit(1),
        stage: Stage::Delivered { status: 200 },
        at: Timestamp::parse("2026-11-23T09:05:00Z").unwrap(),
        actor: Actor {
            kind: PrincipalKind::Official,
            person: None,
            official: Some("0123456789abcdef".to_owned()),
            position: Some("inspector".to_owned()),
            system: None,
            agency: Some(AgencyId::parse("pension-fund").unwrap()),
            acr: 2,
            credential: None,
        },
        service: Some(ServiceId::parse("pension-fund").unwrap()),
        operation: Some(OperationId::parse("pension-fund.record.read").unwrap()),
        purpose: Some(PurposeId::parse("pension.assess").unwrap()),
        bases: vec![BasisId::parse("a-law").unwrap()],
        case: Some(CaseNumber::parse("PF-2026-000117").unwrap()),
        subject: Some(person()),
        visibility: Visibility::MainSubject,
        disclosed: vec![
            disclosed("income", Form::Clear),
            disclosed("identifier", Form::Masked(Mask::Last4)),
        ],
        rules: vec![RuleId::parse("case-officer-income").unwrap()],
        bundle: Some("0".repeat(64)),
        depth: JournalDepth::Full,
        notify: Vec::new(),
        digest: None,
        steps: vec![Step {
            name: "route".into(),
            found: "pension-fund.record.read".into(),
        }],
    }
}

fn refused() -> JournalEntry {
    JournalEntry {
        visit: visit(2),
        stage: Stage::Refused {
            reason: Reason::CaseClosed,
        },
        disclosed: Vec::new(),
        rules: vec![RuleId::parse("case-must-be-open").unwrap()],
        ..delivered()
    }
}

fn disclosed(class: &str, form: Form) -> Disclosed {
    Disclosed {
        subject: person(),
        class: DataClass::parse(class).unwrap(),
        form,
    }
}
