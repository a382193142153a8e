//! What the log relies on: two stores, and what each promises.
//!
//! Every method may block; the log calls them from its own thread, readers from a blocking one.

use std::fmt;

use crate::tlog::checkpoint::{Origin, TreeHead};
use crate::tlog::hash::Hash;
use crate::tlog::tile::TilePath;

/// Why a store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Known before anything was written; nothing was.
    #[error("less than the reserved space would be left on the disk")]
    NoSpace,
    /// It may or may not have been done, or may be half done: whoever writes must stop.
    #[error("cannot {action}")]
    Broken {
        action: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A tile that was written once would change.
    #[error("`{0}` was written before with other bytes")]
    Changed(TilePath),
}

impl StorageError {
    /// A failure of `action` whose extent is not known.
    pub fn broken(
        action: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Broken {
            action: action.into(),
            source: source.into(),
        }
    }
}

/// Tiles, staged bundles and the published checkpoint of one log.
///
/// One writer; any number of concurrent readers. A write is durable, across kill −9 and power
/// loss, when its method returns `Ok`, and atomic: a reader sees all of one file or none.
pub trait TileStorage: Send + Sync + fmt::Debug {
    /// Keeps all that is needed to write the tiles up to `head`, under that name. Writing the same
    /// name again replaces.
    ///
    /// # Errors
    /// [`StorageError::NoSpace`] means that nothing was written and the log may go on.
    fn stage(&self, head: &TreeHead, bundle: &[u8]) -> Result<(), StorageError>;

    /// What was staged under this name and not discarded.
    ///
    /// # Errors
    /// [`StorageError::Broken`].
    fn staged(&self, head: &TreeHead) -> Result<Option<Vec<u8>>, StorageError>;

    /// Forgets staged bundles of trees up to `size`. Need not be durable.
    ///
    /// # Errors
    /// [`StorageError::Broken`].
    fn discard_staged(&self, size: u64) -> Result<(), StorageError>;

    /// Writes tiles. Writing the same bytes again is allowed, other bytes are not. Once a full
    /// tile is durable its partial versions may disappear.
    ///
    /// # Errors
    /// [`StorageError::Changed`], [`StorageError::Broken`].
    fn write_tiles(&self, tiles: &[(TilePath, Vec<u8>)]) -> Result<(), StorageError>;

    /// The bytes of exactly this tile.
    ///
    /// # Errors
    /// [`StorageError::Broken`].
    fn read_tile(&self, path: &TilePath) -> Result<Option<Vec<u8>>, StorageError>;

    /// The bytes of this tile, also where a fuller one took its place: then they are its
    /// beginning.
    ///
    /// # Errors
    /// [`StorageError::Broken`].
    fn read_members(&self, path: &TilePath) -> Result<Option<Vec<u8>>, StorageError> {
        if let Some(bytes) = self.read_tile(path)? {
            return Ok(Some(bytes));
        }
        let filled = self.read_tile(&path.filled())?;
        Ok(filled.and_then(|bytes| path.beginning(&bytes).map(<[u8]>::to_vec)))
    }

    /// Makes `note` the checkpoint that readers get.
    ///
    /// # Errors
    /// [`StorageError::Broken`].
    fn publish(&self, note: &str) -> Result<(), StorageError>;

    /// The checkpoint that readers get.
    ///
    /// # Errors
    /// [`StorageError::Broken`].
    fn published(&self) -> Result<Option<String>, StorageError>;
}

/// Why the lock did not move.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It holds something else than expected: another writer is, or was, at work.
    #[error("the lock of log `{0}` holds another checkpoint than this process wrote last")]
    Lost(Origin),
    #[error("the lock of log `{0}` exists already")]
    Exists(Origin),
    /// It may or may not have moved: whoever writes must stop.
    #[error("cannot {action}")]
    Broken {
        action: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The last signed checkpoint of each log: what makes a fork impossible.
///
/// Operations on one log are serialisable, across processes and restarts, and durable when they
/// return `Ok`. It lives apart from the tiles and is never restored from a backup, so that tiles
/// that were restored are noticed.
pub trait CheckpointLock: Send + Sync + fmt::Debug {
    /// Makes the lock of a new log. Only creating a log calls it.
    ///
    /// # Errors
    /// [`LockError::Exists`] when there is one, whatever it holds.
    fn create(&self, origin: &Origin, note: &str) -> Result<(), LockError>;

    /// What the lock of this log holds; `None` when there is none.
    ///
    /// # Errors
    /// [`LockError::Broken`].
    fn fetch(&self, origin: &Origin) -> Result<Option<String>, LockError>;

    /// Replaces `old` by `new` if the lock holds exactly `old`.
    ///
    /// # Errors
    /// [`LockError::Lost`] when it holds anything else, or nothing.
    fn replace(&self, origin: &Origin, old: &str, new: &str) -> Result<(), LockError>;
}

/// Where a leaf first stood: lets a log answer a second writing of one leaf with the position of the
/// first. It can be rebuilt from the tiles, so it need not be durable; it must be atomic.
pub trait LeafIndex: Send + Sync + fmt::Debug {
    /// Up to which size of the tree it knows all leaves.
    ///
    /// # Errors
    /// [`StorageError::Broken`].
    fn covered(&self) -> Result<u64, StorageError>;

    /// The lowest position of the leaf with this hash, all 256 bits compared.
    ///
    /// # Errors
    /// [`StorageError::Broken`].
    fn first(&self, leaf: &Hash) -> Result<Option<u64>, StorageError>;

    /// Learns the leaves from position `from`, which is what [`LeafIndex::covered`] says.
    ///
    /// # Errors
    /// [`StorageError::Broken`].
    fn learn(&self, from: u64, leaves: &[Hash]) -> Result<(), StorageError>;
}
