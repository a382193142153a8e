//! Writing: durable, together, proved, integrated.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use muhrdor::domain::entry::{JournalEntry, VisitId};
use muhrdor::domain::operation::Effect;
use muhrdor::domain::person::PersonId;
use muhrdor::journal::{
    ActorKey, Journal, JournalError, Ledger, LedgerError, LedgerHead, LedgerPosition, LedgerRow,
};
use muhrdor::store::memory::MemoryLedger;
use muhrdor::tlog::{Hash, Position};
use tokio::task::JoinSet;

use crate::journal::{House, delivered, intent, visit};
use crate::tlog::faults::{Half, Plan, failing};
use crate::tlog::{noted, unexpected};

async fn record_all(
    journal: &Arc<Journal>,
    entries: impl Iterator<Item = JournalEntry>,
) -> Vec<(VisitId, Result<LedgerPosition, JournalError>)> {
    let mut tasks = JoinSet::new();
    for entry in entries {
        let journal = Arc::clone(journal);
        tasks.spawn(async move {
            let visit = entry.visit;
            let recorded = journal.record(entry).await;
            (visit, recorded.map(|r| r.position().unwrap()))
        });
    }
    tasks.join_all().await
}

#[tokio::test]
async fn a_recorded_outcome_is_there_after_a_restart() {
    let house = House::build();
    let journal = house.open().unwrap();
    let opened = journal
        .open(visit(7), &Effect::Write, || intent(7))
        .await
        .unwrap();
    assert!(opened.covers(visit(7), &Effect::Write));
    assert!(!opened.covers(visit(8), &Effect::Write));
    let recorded = journal.record(delivered(7)).await.unwrap();
    assert_eq!(recorded.visit(), visit(7));
    assert_eq!(recorded.position(), Some(LedgerPosition(1)));
    assert_eq!(recorded.digest(), delivered(7).digest.as_deref());
    journal.close().await;

    let journal = house.open().unwrap();
    let found = journal.of_visit(visit(7)).await.unwrap();
    let entries: Vec<JournalEntry> = found.into_iter().map(|found| found.entry).collect();
    assert_eq!(entries, [intent(7), delivered(7)]);
    assert!(journal.of_visit(visit(8)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_read_leaves_no_intent_and_does_not_let_a_write_through() {
    let house = House::build();
    let journal = house.open().unwrap();
    let opened = journal
        .open(visit(1), &Effect::Read, || intent(1))
        .await
        .unwrap();
    assert!(opened.covers(visit(1), &Effect::Read));
    assert!(!opened.covers(visit(1), &Effect::Write));
    assert!(journal.of_visit(visit(1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_stored_tells_nothing_without_the_key() {
    let house = House::build();
    let journal = house.open().unwrap();
    let _ = journal.record(delivered(1)).await.unwrap();
    journal.close().await;
    for file in ["ledger.sqlite", "ledger.sqlite-wal", "tiles/tile/0/000.p/1"] {
        let Ok(bytes) = std::fs::read(house.path(file)) else {
            continue;
        };
        for word in ["income", "PF-1", "inspector", "pension.read"] {
            let found = bytes.windows(word.len()).any(|w| w == word.as_bytes());
            assert!(!found, "`{word}` stands in `{file}`");
        }
    }
}

#[tokio::test]
async fn every_entry_is_integrated_in_its_order_and_proved() {
    let house = House::build();
    let journal = Arc::new(house.open().unwrap());
    let answers = record_all(&journal, (0..600).map(delivered)).await;
    for (visit, position) in answers.into_iter().step_by(37) {
        let position = position.unwrap();
        let proof = journal.prove(position).await.unwrap();
        let proved = Position {
            index: proof.proof.index,
        };
        assert_eq!(proved.index, position.0);
        proof
            .proof
            .check(proof.leaf(), house.signer.verifier())
            .unwrap();
        let text = String::from_utf8(proof.canonical.clone()).unwrap();
        assert!(text.contains(&visit.to_string()));
        let mut other = proof;
        other.canonical[20] ^= 1;
        assert!(
            other
                .proof
                .check(other.leaf(), house.signer.verifier())
                .is_err()
        );
    }
    Arc::into_inner(journal).unwrap().close().await;
    let verified = house.verify();
    assert_eq!((verified.rows, verified.integrated), (600, 600));
    assert_eq!(verified.finding, None);
}

#[tokio::test]
async fn what_a_stop_left_unintegrated_the_next_start_integrates() {
    let house = House::build();
    let (fatal, _) = noted();
    // The log dies at its first write; the ledger lives on for a while.
    let dying = failing(&house.stores(), &Plan::fail_after(0, Half::Before));
    let journal = house.open_with(house.ledger(), dying, &fatal).unwrap();
    for n in 0..3 {
        let _ = journal.record(delivered(n)).await.unwrap();
    }
    journal.close().await;
    let before = house.verify();
    assert_eq!((before.rows, before.integrated), (3, 0));
    house.open().unwrap().close().await;
    let after = house.verify();
    assert_eq!((after.rows, after.integrated), (3, 3));
    assert_eq!(after.finding, None);
}

#[tokio::test]
async fn a_ledger_from_a_backup_is_noticed() {
    let house = House::build();
    let journal = house.open().unwrap();
    let _ = journal.record(delivered(0)).await.unwrap();
    journal.close().await;
    let backup = Arc::new(MemoryLedger::default());
    let restored = house.open_with(backup, house.stores(), &unexpected());
    assert!(matches!(
        restored,
        Err(JournalError::LedgerBehind { ledger: 0, log: 1 })
    ));
}

/// A ledger that commits only when it is told to, and says how much at once.
#[derive(Debug)]
struct Gated {
    inner: MemoryLedger,
    open: Mutex<Receiver<()>>,
    sizes: Mutex<Vec<usize>>,
}

impl Gated {
    fn closed() -> (Arc<Self>, Sender<()>) {
        let (opener, open) = channel();
        let gated = Self {
            inner: MemoryLedger::default(),
            open: Mutex::new(open),
            sizes: Mutex::new(Vec::new()),
        };
        (Arc::new(gated), opener)
    }
}

impl Ledger for Gated {
    fn append(&self, rows: &[LedgerRow]) -> Result<(), LedgerError> {
        self.sizes.lock().unwrap().push(rows.len());
        // A gate whose opener is gone stays open.
        let _ = self.open.lock().unwrap().recv();
        self.inner.append(rows)
    }

    fn has_space(&self) -> Result<bool, LedgerError> {
        self.inner.has_space()
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
async fn nobody_is_answered_before_the_commit_and_those_who_wait_share_one() {
    let house = House::build();
    let (ledger, opener) = Gated::closed();
    let journal = house.open_with(ledger.clone(), house.stores(), &unexpected());
    let journal = Arc::new(journal.unwrap());
    let mut first = Box::pin(journal.record(delivered(0)));
    let waits = tokio::select! {
        biased;
        _ = &mut first => false,
        () = tokio::task::yield_now() => true,
    };
    assert!(waits);
    // The writer holds the first; the others gather behind it.
    while ledger.sizes.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let mut others = JoinSet::new();
    let begun = Arc::new(AtomicUsize::new(0));
    for n in 1..100 {
        let (journal, begun) = (Arc::clone(&journal), Arc::clone(&begun));
        others.spawn(async move {
            // Up to its first wait, which is for the commit, a task is not interrupted.
            begun.fetch_add(1, Ordering::SeqCst);
            journal.record(delivered(n)).await.map(|r| r.is_durable())
        });
    }
    while begun.load(Ordering::SeqCst) < 99 {
        tokio::task::yield_now().await;
    }
    assert!(others.try_join_next().is_none());
    assert_eq!(ledger.head().unwrap(), LedgerHead::EMPTY);
    drop(opener);
    assert!(first.await.unwrap().is_durable());
    assert!(
        others
            .join_all()
            .await
            .into_iter()
            .all(|done| matches!(done, Ok(true)))
    );
    assert_eq!(*ledger.sizes.lock().unwrap(), [1, 99]);
}

#[tokio::test]
async fn leaves_in_the_log_cannot_be_guessed_from_entries() {
    let house = House::build();
    let journal = house.open().unwrap();
    for _ in 0..2 {
        let _ = journal.record(delivered(1)).await.unwrap();
    }
    let first = journal.prove(LedgerPosition(0)).await.unwrap();
    let second = journal.prove(LedgerPosition(1)).await.unwrap();
    assert_eq!(first.canonical, second.canonical);
    assert_ne!(first.leaf(), second.leaf());
    assert_ne!(first.leaf(), Hash::leaf(&first.canonical));
}
