//! What is written for ever, on the embedded store in a folder of its own: durable appends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use muhrdor::clock::SystemClock;
use muhrdor::domain::data::Form;
use muhrdor::domain::decision::JournalDepth;
use muhrdor::domain::entry::{Actor, Disclosed, JournalEntry, Stage, VisitId};
use muhrdor::domain::name::{AgencyId, CaseNumber, DataClass};
use muhrdor::domain::person::PersonId;
use muhrdor::domain::principal::PrincipalKind;
use muhrdor::domain::purpose::Visibility;
use muhrdor::domain::time::Timestamp;
use muhrdor::journal::{self, Journal};
use muhrdor::keys::{Algorithm, Secret, SoftSigner, Vault};
use muhrdor::store::embedded::{FileTiles, SqliteLedger, SqliteLock};
use muhrdor::tlog::note::{NoteName, NoteSigner};
use muhrdor::tlog::sequencer::Stores;
use muhrdor::tlog::{self, EntryBundles, Fatal, Leaf, Tlog};
use ring::rand::SystemRandom;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::measure::{Table, together};

const ALONE: u32 = 200;
const TOGETHER: u32 = 20_000;

/// As many as wait at once; each writes its next when its last is durable.
const WRITERS: u32 = 256;

const QUEUE_ENTRIES_MAX: usize = 100_000;

pub(crate) fn measure(table: &mut Table) {
    let runtime = Runtime::new().unwrap();
    for (name, writers, count) in [("one writer", 1, ALONE), ("256 writers", WRITERS, TOGETHER)] {
        table.crowd(&format!("journal: durable appends, {name}"), |clock| {
            runtime.block_on(journal(writers, count, *clock))
        });
        table.crowd(&format!("tlog: durable appends, {name}"), |clock| {
            runtime.block_on(log(writers, count, *clock))
        });
    }
}

async fn journal(writers: u32, count: u32, clock: SystemClock) -> Vec<Duration> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    SqliteLedger::create(&path, 0).unwrap();
    let random = Arc::new(SystemRandom::new());
    let vault = Vault::new(&Secret::generate(random.as_ref()).unwrap(), &[]);
    let options = journal::Options {
        queue_entries_max: QUEUE_ENTRIES_MAX,
        batch_entries_max: 1_000,
    };
    let journal = Journal::start(
        Arc::new(SqliteLedger::open(&path, 0).unwrap()),
        Arc::new(open_log(&folder, EntryBundles::Withheld)),
        Arc::new(vault),
        random,
        options,
        fatal(),
    );
    let journal = Arc::new(journal.unwrap());
    let took = together(writers, count, clock, {
        let journal = Arc::clone(&journal);
        move |n| {
            let journal = Arc::clone(&journal);
            async move {
                let recorded = journal.record(delivered(n)).await.unwrap();
                assert!(
                    recorded.is_durable(),
                    "the journal answers for what is durable"
                );
            }
        }
    })
    .await;
    Arc::into_inner(journal).unwrap().close().await;
    took
}

async fn log(writers: u32, count: u32, clock: SystemClock) -> Vec<Duration> {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(open_log(&folder, EntryBundles::Published));
    together(writers, count, clock, move |n| {
        let log = Arc::clone(&log);
        async move {
            log.append(Leaf::of(format!("entry {n}").into_bytes()).unwrap())
                .await
                .unwrap();
        }
    })
    .await
}

fn open_log(folder: &TempDir, entries: EntryBundles) -> Tlog {
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    let signer = SoftSigner::generate(Algorithm::Ed25519, &SystemRandom::new()).unwrap();
    let signer = Arc::new(SoftSigner::from_pkcs8(&signer).unwrap());
    let signer = NoteSigner::new(NoteName::parse("bench").unwrap(), signer).unwrap();
    let stores = stores(&at("tiles"), &at("lock.sqlite"));
    Tlog::create(&stores, &signer).unwrap();
    let options = tlog::Options {
        entries,
        queue_entries_max: QUEUE_ENTRIES_MAX,
        batch_entries_max: 10_000,
        first_positions: None,
    };
    Tlog::open(stores, signer, options, fatal()).unwrap()
}

fn stores(tiles: &Path, lock: &Path) -> Stores {
    FileTiles::create(tiles, 0).unwrap();
    SqliteLock::create(lock).unwrap();
    Stores {
        tiles: Arc::new(FileTiles::open(tiles, 0).unwrap()),
        lock: Arc::new(SqliteLock::open(lock).unwrap()),
    }
}

fn fatal() -> Fatal {
    Fatal::new(|what| panic!("stopped: {what}"))
}

/// An inspector is given the income of one of a thousand persons.
fn delivered(n: u32) -> JournalEntry {
    let mut visit = [0; 16];
    visit[12..].copy_from_slice(&n.to_be_bytes());
    let mut person = [0; 32];
    person[28..].copy_from_slice(&(n % 1000).to_be_bytes());
    let subject = PersonId::from_bytes(person);
    JournalEntry {
        visit: VisitId::from_bytes(visit),
        stage: Stage::Delivered { status: 200 },
        at: Timestamp::from_unix_seconds(n.into()),
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
        service: None,
        operation: None,
        purpose: None,
        bases: Vec::new(),
        case: Some(CaseNumber::parse("PF-1").unwrap()),
        subject: Some(subject),
        visibility: Visibility::MainSubject,
        disclosed: vec![Disclosed {
            subject,
            class: DataClass::parse("income").unwrap(),
            form: Form::Clear,
        }],
        rules: Vec::new(),
        bundle: None,
        depth: JournalDepth::Full,
        notify: Vec::new(),
        digest: Some("d".repeat(64)),
        steps: Vec::new(),
    }
}
