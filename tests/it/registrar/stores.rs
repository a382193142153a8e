//! Stores that count, wait and fail when they are told to.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use muhrdor::notary::index::{
    ArchivedDocument, CodeKey, DocumentArchive, SealIndex, SealKey, SealRow, SealStoreError,
    SealWrite, Written,
};
use muhrdor::store::memory::{MemoryArchive, MemorySealIndex};

/// In which half a write fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    /// It was not done.
    Before,
    /// It was done, and the answer was lost.
    After,
}

/// What the stores of one registrar are to do, and what they were asked.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Which write of both stores together fails, counted from 0, and how.
    pub(crate) fails: Option<(u64, Half)>,
    pub(crate) index_full: AtomicBool,
    pub(crate) archive_full: AtomicBool,
    pub(crate) blind: AtomicBool,
    /// Writes of both stores that were begun.
    pub(crate) writes: AtomicU64,
    /// Searches in the index that were begun.
    pub(crate) searches: AtomicU64,
    /// Holds up writes of the index before they are done.
    pub(crate) before_write: Gate,
    /// Holds up searches in the index after they are done.
    pub(crate) after_search: Gate,
}

impl Plan {
    /// Does the write, or only pretends to have failed in it.
    fn write<T>(
        &self,
        full: &AtomicBool,
        write: impl FnOnce() -> Result<T, SealStoreError>,
    ) -> Result<T, SealStoreError> {
        if full.load(Ordering::SeqCst) {
            return Err(SealStoreError::NoSpace);
        }
        let number = self.writes.fetch_add(1, Ordering::SeqCst);
        match self.fails {
            Some((fails, half)) if fails == number => {
                if half == Half::After {
                    write()?;
                }
                Err(broken("injected fsync failure"))
            }
            _ => write(),
        }
    }
}

fn broken(why: &'static str) -> SealStoreError {
    SealStoreError::Broken {
        action: "use the store",
        source: why.into(),
    }
}

/// Lets everything pass until it is shut; then one by one.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<Option<(Sender<()>, Receiver<()>)>>);

impl Gate {
    /// Whoever comes next waits. Gives what tells that they came, and what lets them pass.
    pub(crate) fn shut(&self) -> (Receiver<()>, Sender<()>) {
        let (came, coming) = channel();
        let (pass, passing) = channel();
        *self.0.lock().unwrap() = Some((came, passing));
        (coming, pass)
    }

    /// Only the first who comes is held up.
    fn pass(&self) {
        let shut = self.0.lock().unwrap().take();
        if let Some((came, passing)) = shut {
            came.send(()).unwrap();
            passing.recv().unwrap();
        }
    }
}

/// Both stores of a registrar, as a restart finds them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    pub(crate) index: Arc<MemorySealIndex>,
    pub(crate) archive: Arc<MemoryArchive>,
}

#[derive(Debug)]
pub(crate) struct PlannedIndex(pub(super) Arc<MemorySealIndex>, pub(super) Arc<Plan>);

#[derive(Debug)]
pub(crate) struct PlannedArchive(pub(super) Arc<MemoryArchive>, pub(super) Arc<Plan>);

impl SealIndex for PlannedIndex {
    fn write(&self, writes: &[SealWrite]) -> Result<Vec<Written>, SealStoreError> {
        let Self(kept, plan) = self;
        plan.before_write.pass();
        plan.write(&plan.index_full, || kept.write(writes))
    }

    fn find(&self, key: &SealKey) -> Result<Option<SealRow>, SealStoreError> {
        let Self(kept, plan) = self;
        plan.searches.fetch_add(1, Ordering::SeqCst);
        if plan.blind.load(Ordering::SeqCst) {
            return Err(broken("injected read failure"));
        }
        let found = kept.find(key);
        plan.after_search.pass();
        found
    }

    fn revoked(&self, after: u64, rows_max: u32) -> Result<Vec<SealRow>, SealStoreError> {
        self.0.revoked(after, rows_max)
    }

    fn staged(&self, rows_max: u32) -> Result<Vec<SealRow>, SealStoreError> {
        self.0.staged(rows_max)
    }
}

impl DocumentArchive for PlannedArchive {
    fn keep(&self, documents: &[ArchivedDocument]) -> Result<(), SealStoreError> {
        let Self(kept, plan) = self;
        plan.write(&plan.archive_full, || kept.keep(documents))
    }

    fn fetch(&self, code: &CodeKey) -> Result<Option<Vec<u8>>, SealStoreError> {
        self.0.fetch(code)
    }
}
