//! The one writer of a log, and the handle by which all others reach it.
//!
//! Entries that wait are committed together: staged bundle, durable → compare-and-swap of the
//! signed checkpoint in the lock → everyone who waited is answered → tiles → public checkpoint.
//! The next batch begins when the last has ended; there is no timer.

mod edge;
mod recover;
mod stage;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use crate::tlog::checkpoint::{Checkpoint, CheckpointError, Origin, TreeHead};
use crate::tlog::hash::Hash;
use crate::tlog::note::{NoteError, NoteSigner, Verifier};
use crate::tlog::proof::{ProofError, ProofFile, TileReader};
use crate::tlog::sequencer::writer::{Request, Writer};
use crate::tlog::storage::{CheckpointLock, LeafIndex, LockError, StorageError, TileStorage};
use crate::tlog::tile::{ENTRY_BYTES_MAX, Row, TilePath, decode_entries};

/// Whether a log publishes what its leaves are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryBundles {
    /// `tile/entries/…` has every entry.
    Published,
    /// Only hashes are in the log; entries stay where they came from.
    Withheld,
}

/// What is to be written: an entry, or the hash of one that is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    hash: Hash,
    entry: Option<Vec<u8>>,
}

impl Leaf {
    /// The leaf of an entry that the log keeps.
    ///
    /// # Errors
    /// [`TlogError::EntryTooLong`].
    pub fn of(entry: Vec<u8>) -> Result<Self, TlogError> {
        if entry.len() > ENTRY_BYTES_MAX {
            return Err(TlogError::EntryTooLong(entry.len()));
        }
        Ok(Self {
            hash: Hash::leaf(&entry),
            entry: Some(entry),
        })
    }

    /// The leaf of an entry that is kept elsewhere.
    #[must_use]
    pub const fn hashed(hash: Hash) -> Self {
        Self { hash, entry: None }
    }

    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }
}

/// Where an entry stands in the log, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Counted from 0.
    pub index: u64,
}

/// How a log is run.
#[derive(Debug, Clone)]
pub struct Options {
    pub entries: EntryBundles,
    /// Entries that may wait; more are refused.
    pub queue_entries_max: usize,
    /// Entries that one commit takes.
    pub batch_entries_max: usize,
    /// With an index, a leaf that is written again gets the position of the first; without, it gets
    /// one of its own.
    pub first_positions: Option<Arc<dyn LeafIndex>>,
}

/// What the writer of a history does when it does not know what it has written: it stops the
/// process. The assembly gives the way; a writer that has called it never writes again.
#[derive(Clone)]
pub struct Fatal(Arc<dyn Fn(&str) + Send + Sync>);

impl Fatal {
    /// `stop` is called with what went wrong, and should not return.
    pub fn new(stop: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(stop))
    }

    /// Stops, saying why with all causes.
    pub fn stop(&self, error: &dyn std::error::Error) {
        let mut what = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            what.push_str(": ");
            what.push_str(&error.to_string());
            cause = error.source();
        }
        (self.0)(&what);
    }
}

impl fmt::Debug for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fatal")
    }
}

/// Why the log did not write or does not open.
#[derive(Debug, thiserror::Error)]
pub enum TlogError {
    #[error("there is no log `{0}`: its lock is missing; serving never creates one")]
    NoLog(Origin),
    #[error("log `{0}` exists already")]
    Exists(Origin),
    #[error("the checkpoint in the lock is not of this log and key")]
    OtherKey(#[source] CheckpointError),
    #[error(
        "the tiles end at {published} leaves but the lock at {locked}, and the staged bundle between \
         them is missing: the tiles are an older copy"
    )]
    TilesBehind { published: u64, locked: u64 },
    #[error(
        "the lock ends at {locked} leaves but the tiles at {published}: the lock is an older copy, \
         and writing on would fork the log"
    )]
    LockBehind { published: u64, locked: u64 },
    #[error("the published checkpoint at {size} leaves contradicts the lock: the log is forked")]
    Fork { size: u64 },
    #[error("the tiles at {size} leaves do not give the signed root")]
    RootMismatch { size: u64 },
    #[error("the index of leaves knows {covered} leaves of {size}; remove it, it is rebuilt")]
    IndexAhead { covered: u64, size: u64 },
    #[error("the log has no published checkpoint")]
    NeverPublished,
    #[error("an entry in `{0}` is not the one whose hash is in the tree")]
    EntryChanged(TilePath),
    #[error("an entry of {0} bytes is longer than {ENTRY_BYTES_MAX}")]
    EntryTooLong(usize),
    #[error("this log keeps entries, and a leaf came without one")]
    NoEntry,
    #[error("too many entries wait to be written")]
    Busy,
    #[error("there is no space to write an entry")]
    NoSpace,
    #[error("the log has stopped writing")]
    Stopped,
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("the thread that writes the log does not start")]
    Thread(#[source] std::io::Error),
}

/// A signed state of the log whose tiles are all there to be read.
#[derive(Debug, Clone)]
pub struct Published {
    pub head: TreeHead,
    /// The signed checkpoint.
    pub note: Arc<str>,
}

/// The stores of one log.
#[derive(Debug, Clone)]
pub struct Stores {
    pub tiles: Arc<dyn TileStorage>,
    pub lock: Arc<dyn CheckpointLock>,
}

/// An open log. Any number of tasks may append; one thread writes.
#[derive(Debug)]
pub struct Tlog {
    queue: Option<mpsc::Sender<Request>>,
    published: watch::Receiver<Published>,
    thread: Option<JoinHandle<()>>,
    tiles: Arc<dyn TileStorage>,
    verifier: Verifier,
    entries: EntryBundles,
}

impl Tlog {
    /// Makes an empty log named as its signer. Serving never calls it.
    ///
    /// # Errors
    /// [`TlogError::Exists`], and what the stores say.
    pub fn create(stores: &Stores, signer: &NoteSigner) -> Result<(), TlogError> {
        recover::create(stores, signer)
    }

    /// Opens an existing log: replays what was staged, checks that lock, tiles and key belong
    /// together, reads all entries again where they are published, and starts the writer. Blocks.
    ///
    /// # Errors
    /// Every doubt about what was written before is an error.
    pub fn open(
        stores: Stores,
        signer: NoteSigner,
        options: Options,
        fatal: Fatal,
    ) -> Result<Self, TlogError> {
        let resumed = recover::open(&stores, signer.verifier(), &options)?;
        let (publish, published) = watch::channel(resumed.published());
        let (queue, requests) = mpsc::channel(options.queue_entries_max.max(1));
        let entries = options.entries;
        let (tiles, verifier) = (Arc::clone(&stores.tiles), signer.verifier().clone());
        let writer = Writer::new(stores, signer, options, resumed, publish);
        let thread = thread::Builder::new()
            .name("tlog".to_owned())
            .spawn(move || writer.run(requests, &fatal))
            .map_err(TlogError::Thread)?;
        Ok(Self {
            queue: Some(queue),
            published,
            thread: Some(thread),
            tiles,
            verifier,
            entries,
        })
    }

    /// Writes a leaf and says where it stands. When this returns, the entry is durable and the
    /// signed checkpoint that includes it cannot be taken back. Cancelling it leaves open whether
    /// the entry is written.
    ///
    /// # Errors
    /// [`TlogError::Busy`] and [`TlogError::NoSpace`] before anything was written;
    /// [`TlogError::Stopped`] when it is not known whether it was.
    pub async fn append(&self, leaf: Leaf) -> Result<Position, TlogError> {
        let positions = self.append_together(vec![leaf]).await?;
        positions.first().copied().ok_or(TlogError::Stopped)
    }

    /// Writes leaves in this order with nothing between them, all or none.
    ///
    /// # Errors
    /// As [`Tlog::append`].
    pub async fn append_together(&self, leaves: Vec<Leaf>) -> Result<Vec<Position>, TlogError> {
        let bare = leaves.iter().any(|leaf| leaf.entry.is_none());
        if self.entries == EntryBundles::Published && bare {
            return Err(TlogError::NoEntry);
        }
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(TlogError::Stopped)?;
        queue
            .try_send(Request { leaves, answer })
            .map_err(|e| match e {
                TrySendError::Full(_) => TlogError::Busy,
                TrySendError::Closed(_) => TlogError::Stopped,
            })?;
        answered.await.map_err(|_| TlogError::Stopped)?
    }

    /// The newest state that readers can check.
    #[must_use]
    pub fn published(&self) -> Published {
        self.published.borrow().clone()
    }

    /// The proof that the entry at `position` is in the log, as soon as a public checkpoint
    /// includes it.
    ///
    /// # Errors
    /// [`TlogError::Stopped`] when there will be none, and what reading tiles gives.
    pub async fn prove(&self, position: Position) -> Result<ProofFile, TlogError> {
        let mut published = self.published.clone();
        let published = published
            .wait_for(|published| position.index < published.head.size)
            .await
            .map_err(|_| TlogError::Stopped)?
            .clone();
        let tiles = Arc::clone(&self.tiles);
        let proof = tokio::task::spawn_blocking(move || {
            TileReader::new(tiles.as_ref(), published.head.size)
                .inclusion(position.index)
                .map(|hashes| ProofFile {
                    index: position.index,
                    hashes,
                    checkpoint: published.note.to_string(),
                })
        });
        Ok(proof.await.map_err(|_| TlogError::Stopped)??)
    }

    /// The entry at a position that readers can check, where the log keeps entries. Blocks.
    ///
    /// # Errors
    /// What reading tiles gives.
    pub fn entry(&self, position: Position) -> Result<Option<Vec<u8>>, TlogError> {
        let size = self.published().head.size;
        let Some(path) = TilePath::holding(Row::Entries, position.index, size) else {
            return Ok(None);
        };
        let Some(bundle) = self.tiles.read_members(&path)? else {
            return Ok(None);
        };
        let entries = decode_entries(&path, &bundle).ok_or(ProofError::Tile(path))?;
        let at = usize::try_from(position.index % 256).unwrap_or(usize::MAX);
        Ok(entries.get(at).map(|entry| entry.to_vec()))
    }

    /// The tiles, for those who serve or check them.
    #[must_use]
    pub fn tiles(&self) -> &Arc<dyn TileStorage> {
        &self.tiles
    }

    /// The key that checks this log's checkpoints.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Writes what waits, publishes it, and ends the writer.
    pub async fn close(self) {
        // A failed join means that the writer panicked; there is nothing left to end.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

impl Drop for Tlog {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The checkpoint text for a state of the log that `log` checks.
fn checkpoint(log: &Verifier, head: TreeHead) -> Result<Checkpoint, NoteError> {
    Ok(Checkpoint {
        origin: Origin::parse(log.name().as_str())?,
        head,
    })
}
