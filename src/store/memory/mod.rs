//! Backends in this process's memory: for tests, and for what may be lost with the process.

mod counter;
mod documents;
mod leaf_index;
mod ledger;
mod lock;
mod sessions;
mod tiles;

pub use counter::MemoryCounter;
pub use documents::{MemoryArchive, MemorySealIndex};
pub use leaf_index::MemoryLeafIndex;
pub use ledger::MemoryLedger;
pub use lock::MemoryLock;
pub use sessions::MemorySessions;
pub use tiles::MemoryTiles;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; a writer that panicked left whole values behind, since each change is one assignment.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
