//! Full disks, failing disks, and stops at every write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use muhrdor::domain::entry::VisitId;
use muhrdor::domain::person::PersonId;
use muhrdor::domain::reason::Reason;
use muhrdor::journal::{
    ActorKey, JournalError, Ledger, LedgerError, LedgerHead, LedgerPosition, LedgerRow,
};
use muhrdor::store::embedded::SqliteLedger;

use crate::journal::{House, delivered};
use crate::tlog::faults::{Half, Plan, failing};
use crate::tlog::{noted, unexpected};

/// A ledger whose disk is full, or whose fsync fails, when it is told so.
#[derive(Debug)]
struct Failing {
    inner: Arc<dyn Ledger>,
    full: AtomicBool,
    /// Commits that still succeed.
    left: AtomicI64,
    half: Half,
    tried_after: AtomicU64,
}

impl Failing {
    fn after(inner: Arc<dyn Ledger>, commits: i64, half: Half) -> Arc<Self> {
        Arc::new(Self {
            inner,
            full: AtomicBool::new(false),
            left: AtomicI64::new(commits),
            half,
            tried_after: AtomicU64::new(0),
        })
    }
}

impl Ledger for Failing {
    fn append(&self, rows: &[LedgerRow]) -> Result<(), LedgerError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(LedgerError::NoSpace);
        }
        match self.left.fetch_sub(1, Ordering::SeqCst) {
            1.. => return self.inner.append(rows),
            0 if self.half == Half::After => self.inner.append(rows)?,
            0 => {}
            _ => {
                self.tried_after.fetch_add(1, Ordering::SeqCst);
            }
        }
        Err(LedgerError::Broken {
            action: "write the ledger",
            source: "injected fsync failure".into(),
        })
    }

    fn has_space(&self) -> Result<bool, LedgerError> {
        Ok(!self.full.load(Ordering::SeqCst))
    }

    fn head(&self) -> Result<LedgerHead, LedgerError> {
        self.inner.head()
    }

    fn read(&self, from: LedgerPosition, max: u32) -> Result<Vec<LedgerRow>, LedgerError> {
        self.inner.read(from, max)
    }

    fn of_subject(
        &self,
        subject: PersonId,
        before: LedgerPosition,
        max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError> {
        self.inner.of_subject(subject, before, max)
    }

    fn of_actor(
        &self,
        actor: &ActorKey,
        before: LedgerPosition,
        max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError> {
        self.inner.of_actor(actor, before, max)
    }

    fn of_visit(&self, visit: VisitId) -> Result<Vec<LedgerRow>, LedgerError> {
        self.inner.of_visit(visit)
    }

    fn open_intents(
        &self,
        before: LedgerPosition,
        max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError> {
        self.inner.open_intents(before, max)
    }
}

#[tokio::test]
async fn without_space_it_refuses_before_writing_and_goes_on_when_there_is_some() {
    let house = House::build();
    let ledger = Failing::after(house.ledger(), i64::MAX, Half::Before);
    let journal = house
        .open_with(ledger.clone(), house.stores(), &unexpected())
        .unwrap();
    ledger.full.store(true, Ordering::SeqCst);
    let refused = journal.record(delivered(0)).await.unwrap_err();
    assert!(matches!(refused, JournalError::NoSpace));
    assert_eq!(refused.reason(), Reason::StoreFull);
    assert_eq!(ledger.head().unwrap(), LedgerHead::EMPTY);
    ledger.full.store(false, Ordering::SeqCst);
    let recorded = journal.record(delivered(1)).await.unwrap();
    assert_eq!(recorded.position(), Some(LedgerPosition(0)));
    journal.close().await;
    assert_eq!(house.verify().finding, None);
}

#[tokio::test]
async fn the_reserve_on_the_disk_is_never_written_to() {
    let house = House::build();
    let ledger = SqliteLedger::open(&house.ledger_path(), u64::MAX).unwrap();
    let journal = house
        .open_with(Arc::new(ledger), house.stores(), &unexpected())
        .unwrap();
    let refused = journal.record(delivered(0)).await;
    assert!(matches!(refused, Err(JournalError::NoSpace)));
    assert_eq!(house.ledger().head().unwrap(), LedgerHead::EMPTY);
}

#[tokio::test]
async fn an_uncertain_commit_stops_everything_and_loses_nothing() {
    for half in [Half::Before, Half::After] {
        for commits in 0..4 {
            let house = House::build();
            let ledger = Failing::after(house.ledger(), commits, half);
            let (fatal, said) = noted();
            let journal = house
                .open_with(ledger.clone(), house.stores(), &fatal)
                .unwrap();
            let mut acknowledged = Vec::new();
            for n in 0..6 {
                match journal.record(delivered(n)).await {
                    Ok(recorded) => acknowledged.push((n, recorded.position().unwrap())),
                    Err(JournalError::Stopped) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            journal.close().await;
            assert_eq!(i64::try_from(acknowledged.len()).unwrap(), commits);
            assert_eq!(said.lock().unwrap().len(), 1);
            assert!(said.lock().unwrap()[0].contains("injected fsync failure"));
            assert_eq!(ledger.tried_after.load(Ordering::SeqCst), 0);

            let journal = house.open().unwrap();
            for (n, position) in acknowledged {
                let found = house.reader().read(position, 1).unwrap();
                assert_eq!(found[0].entry, delivered(n));
            }
            let _ = journal.record(delivered(99)).await.unwrap();
            journal.close().await;
            let verified = house.verify();
            assert_eq!(verified.finding, None);
            assert_eq!(verified.integrated, verified.rows);
        }
    }
}

#[tokio::test]
async fn a_fault_in_the_log_loses_no_entry_and_is_made_up_for() {
    for half in [Half::Before, Half::Middle, Half::After] {
        for writes in 0..5 {
            let house = House::build();
            let (fatal, said) = noted();
            let plan = Plan::fail_after(writes, half);
            let stores = failing(&house.stores(), &plan);
            let journal = house.open_with(house.ledger(), stores, &fatal).unwrap();
            let _ = journal.record(delivered(0)).await.unwrap();
            journal.close().await;
            assert_eq!(said.lock().unwrap().len(), 1, "{half:?} {writes}");

            let journal = house.open().unwrap();
            let _ = journal.record(delivered(1)).await.unwrap();
            journal.close().await;
            let verified = house.verify();
            assert_eq!((verified.rows, verified.integrated), (2, 2));
            assert_eq!(verified.finding, None);
        }
    }
}
