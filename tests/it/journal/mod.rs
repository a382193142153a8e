//! The journal, at its boundary.

mod faults;
mod lanes;
mod record;
mod tamper;

use std::path::PathBuf;
use std::sync::Arc;

use muhrdor::domain::data::Form;
use muhrdor::domain::decision::JournalDepth;
use muhrdor::domain::entry::{Actor, Disclosed, JournalEntry, Stage, Step, VisitId};
use muhrdor::domain::name::{AgencyId, CaseNumber, DataClass};
use muhrdor::domain::person::PersonId;
use muhrdor::domain::principal::PrincipalKind;
use muhrdor::domain::purpose::Visibility;
use muhrdor::domain::time::Timestamp;
use muhrdor::journal::{Journal, JournalError, Ledger, Options, Page, Reader, Verified, verify};
use muhrdor::keys::{Secret, Vault};
use muhrdor::store::embedded::{FileTiles, SqliteLedger, SqliteLock};
use muhrdor::tlog::note::NoteSigner;
use muhrdor::tlog::sequencer::Stores;
use muhrdor::tlog::{EntryBundles, Fatal, Tlog};
use ring::rand::SystemRandom;
use tempfile::TempDir;

use crate::tlog::{note_signer, unexpected};

/// A journal on disk that can be opened again and again.
struct House {
    folder: TempDir,
    signer: NoteSigner,
    vault: Arc<Vault>,
}

impl House {
    fn build() -> Self {
        let house = Self {
            folder: tempfile::tempdir().unwrap(),
            signer: note_signer("journal"),
            vault: Arc::new(Vault::new(
                &Secret::generate(&SystemRandom::new()).unwrap(),
                &[],
            )),
        };
        SqliteLedger::create(&house.ledger_path(), 0).unwrap();
        FileTiles::create(&house.path("tiles"), 0).unwrap();
        SqliteLock::create(&house.path("lock.sqlite")).unwrap();
        Tlog::create(&house.stores(), &house.signer).unwrap();
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ledger_path(&self) -> PathBuf {
        self.path("ledger.sqlite")
    }

    fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::new(SqliteLedger::open(&self.ledger_path(), 0).unwrap())
    }

    fn stores(&self) -> Stores {
        Stores {
            tiles: Arc::new(FileTiles::open(&self.path("tiles"), 0).unwrap()),
            lock: Arc::new(SqliteLock::open(&self.path("lock.sqlite")).unwrap()),
        }
    }

    fn open(&self) -> Result<Journal, JournalError> {
        self.open_with(self.ledger(), self.stores(), &unexpected())
    }

    fn open_with(
        &self,
        ledger: Arc<dyn Ledger>,
        stores: Stores,
        fatal: &Fatal,
    ) -> Result<Journal, JournalError> {
        let options = muhrdor::tlog::Options {
            entries: EntryBundles::Withheld,
            ..crate::tlog::options()
        };
        let tlog = Tlog::open(stores, self.signer.clone(), options, fatal.clone()).unwrap();
        let options = Options {
            queue_entries_max: 10_000,
            batch_entries_max: 1_000,
        };
        Journal::start(
            ledger,
            Arc::new(tlog),
            Arc::clone(&self.vault),
            Arc::new(SystemRandom::new()),
            options,
            fatal.clone(),
        )
    }

    /// As `journal verify` looks at it: read only, beside whoever writes.
    fn verify(&self) -> Verified {
        let ledger = SqliteLedger::open_read_only(&self.ledger_path()).unwrap();
        let tiles = FileTiles::open(&self.path("tiles"), 0).unwrap();
        let log = self.signer.verifier();
        verify(&ledger, &tiles, log, &self.vault, &mut |_| {}).unwrap()
    }

    fn reader(&self) -> Reader {
        Reader::new(self.ledger(), Arc::clone(&self.vault))
    }
}

fn visit(n: u64) -> VisitId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    VisitId::from_bytes(bytes)
}

fn person(n: u8) -> PersonId {
    PersonId::from_bytes([n; 32])
}

fn all() -> Page {
    Page {
        before: None,
        entries_max: 1000,
    }
}

/// An inspector is given the income of person 1.
fn delivered(n: u64) -> JournalEntry {
    JournalEntry {
        visit: visit(n),
        stage: Stage::Delivered { status: 200 },
        at: Timestamp::from_unix_seconds(i64::try_from(n).unwrap()),
        actor: Actor {
            kind: PrincipalKind::Official,
            person: None,
            official: Some("0123456789abcdef".to_owned()),
            position: Some("inspector".to_owned()),
            system: None,
            agency: Some(AgencyId::parse("pension-agency").unwrap()),
            acr: 2,
            credential: None,
        },
        service: None,
        operation: None,
        purpose: None,
        bases: Vec::new(),
        case: Some(CaseNumber::parse("PF-1").unwrap()),
        subject: Some(person(1)),
        visibility: Visibility::MainSubject,
        disclosed: vec![shown(person(1))],
        rules: Vec::new(),
        bundle: None,
        depth: JournalDepth::Full,
        notify: Vec::new(),
        digest: Some("d".repeat(64)),
        steps: vec![Step {
            name: "route".into(),
            found: "pension.read".into(),
        }],
    }
}

fn shown(subject: PersonId) -> Disclosed {
    Disclosed {
        subject,
        class: DataClass::parse("income").unwrap(),
        form: Form::Clear,
    }
}

fn intent(n: u64) -> JournalEntry {
    JournalEntry {
        stage: Stage::Intent,
        disclosed: Vec::new(),
        digest: None,
        ..delivered(n)
    }
}
