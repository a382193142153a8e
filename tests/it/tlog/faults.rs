//! Stores that fail when they are told to, in every half of a write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use muhrdor::tlog::sequencer::Stores;
use muhrdor::tlog::storage::{CheckpointLock, LockError, StorageError, TileStorage};
use muhrdor::tlog::tile::TilePath;
use muhrdor::tlog::{Origin, TreeHead};

/// In which half a write fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    /// It was not done.
    Before,
    /// It was done in part, where it has parts.
    Middle,
    /// It was done, and the answer was lost.
    After,
}

/// When to fail, shared by all stores of one log.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Writes that still succeed; none fails while it is negative.
    left: AtomicI64,
    half: Half,
    failed: AtomicBool,
    /// Writes that were tried after the failure.
    pub(crate) written_after: AtomicU64,
    /// Whether staging refuses for want of space.
    pub(crate) full: AtomicBool,
}

impl Plan {
    pub(crate) fn fail_after(writes: i64, half: Half) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicI64::new(writes),
            half,
            failed: AtomicBool::new(false),
            written_after: AtomicU64::new(0),
            full: AtomicBool::new(false),
        })
    }

    pub(crate) fn never() -> Arc<Self> {
        Self::fail_after(i64::MAX, Half::Before)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// Which half of this write fails, if any.
    fn next(&self) -> Option<Half> {
        if self.has_failed() {
            self.written_after.fetch_add(1, Ordering::SeqCst);
            return Some(Half::Before);
        }
        if self.left.fetch_sub(1, Ordering::SeqCst) > 0 {
            return None;
        }
        self.failed.store(true, Ordering::SeqCst);
        Some(self.half)
    }
}

/// `stores` as they are when `plan` fails them.
pub(crate) fn failing(stores: &Stores, plan: &Arc<Plan>) -> Stores {
    Stores {
        tiles: Arc::new(FailingTiles(Arc::clone(&stores.tiles), Arc::clone(plan))),
        lock: Arc::new(FailingLock(Arc::clone(&stores.lock), Arc::clone(plan))),
    }
}

#[derive(Debug)]
struct FailingTiles(Arc<dyn TileStorage>, Arc<Plan>);

fn broken() -> StorageError {
    StorageError::broken("write", "injected fault")
}

impl FailingTiles {
    fn write(
        &self,
        whole: impl FnOnce() -> Result<(), StorageError>,
        part: impl FnOnce() -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        match self.1.next() {
            None => return whole(),
            Some(Half::Before) => {}
            Some(Half::Middle) => part()?,
            Some(Half::After) => whole()?,
        }
        Err(broken())
    }
}

impl TileStorage for FailingTiles {
    fn stage(&self, head: &TreeHead, bundle: &[u8]) -> Result<(), StorageError> {
        if self.1.full.load(Ordering::SeqCst) {
            return Err(StorageError::NoSpace);
        }
        self.write(|| self.0.stage(head, bundle), || Ok(()))
    }

    fn staged(&self, head: &TreeHead) -> Result<Option<Vec<u8>>, StorageError> {
        self.0.staged(head)
    }

    fn discard_staged(&self, size: u64) -> Result<(), StorageError> {
        self.write(|| self.0.discard_staged(size), || Ok(()))
    }

    fn write_tiles(&self, tiles: &[(TilePath, Vec<u8>)]) -> Result<(), StorageError> {
        let part = &tiles[..tiles.len() / 2];
        self.write(|| self.0.write_tiles(tiles), || self.0.write_tiles(part))
    }

    fn read_tile(&self, path: &TilePath) -> Result<Option<Vec<u8>>, StorageError> {
        self.0.read_tile(path)
    }

    fn publish(&self, note: &str) -> Result<(), StorageError> {
        self.write(|| self.0.publish(note), || Ok(()))
    }

    fn published(&self) -> Result<Option<String>, StorageError> {
        self.0.published()
    }
}

#[derive(Debug)]
struct FailingLock(Arc<dyn CheckpointLock>, Arc<Plan>);

impl CheckpointLock for FailingLock {
    fn create(&self, origin: &Origin, note: &str) -> Result<(), LockError> {
        self.0.create(origin, note)
    }

    fn fetch(&self, origin: &Origin) -> Result<Option<String>, LockError> {
        self.0.fetch(origin)
    }

    fn replace(&self, origin: &Origin, old: &str, new: &str) -> Result<(), LockError> {
        match self.1.next() {
            None => return self.0.replace(origin, old, new),
            Some(Half::Before | Half::Middle) => {}
            Some(Half::After) => self.0.replace(origin, old, new)?,
        }
        Err(LockError::Broken {
            action: "move the lock".to_owned(),
            source: "injected fault".into(),
        })
    }
}
