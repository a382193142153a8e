//! How a log begins, and how it goes on after a stop: nothing is believed that is not checked.

use std::sync::Arc;

use crate::tlog::audit::audit_tree;
use crate::tlog::checkpoint::{Checkpoint, TreeHead};
use crate::tlog::note::{NoteSigner, Verifier};
use crate::tlog::proof::{ProofError, TileReader};
use crate::tlog::sequencer::edge::Edge;
use crate::tlog::sequencer::{
    EntryBundles, Options, Published, Stores, TlogError, checkpoint, stage,
};
use crate::tlog::storage::{LeafIndex, LockError, StorageError};
use crate::tlog::tile::TILE_WIDTH;

/// Where the writer goes on.
#[derive(Debug)]
pub(super) struct Resumed {
    pub(super) edge: Edge,
    /// What the lock holds.
    pub(super) note: Arc<str>,
}

impl Resumed {
    pub(super) fn published(&self) -> Published {
        Published {
            head: self.edge.head(),
            note: Arc::clone(&self.note),
        }
    }
}

pub(super) fn create(stores: &Stores, signer: &NoteSigner) -> Result<(), TlogError> {
    let empty = checkpoint(signer.verifier(), TreeHead::empty())?;
    let exists = || TlogError::Exists(empty.origin.clone());
    if stores.lock.fetch(&empty.origin)?.is_some() {
        return Err(exists());
    }
    // A creation that broke off here before may go on; tiles that lost their lock may not.
    if let Some(note) = stores.tiles.published()? {
        let found = Checkpoint::open(&note, signer.verifier()).map_err(TlogError::OtherKey)?;
        if found.head.size > 0 {
            return Err(exists());
        }
    }
    let note = empty.sign(signer)?;
    stores.tiles.publish(&note)?;
    match stores.lock.create(&empty.origin, &note) {
        Err(LockError::Exists(_)) => Err(exists()),
        done => Ok(done?),
    }
}

pub(super) fn open(
    stores: &Stores,
    log: &Verifier,
    options: &Options,
) -> Result<Resumed, TlogError> {
    let origin = checkpoint(log, TreeHead::empty())?.origin;
    let note = stores
        .lock
        .fetch(&origin)?
        .ok_or_else(|| TlogError::NoLog(origin.clone()))?;
    let locked = Checkpoint::open(&note, log)
        .map_err(TlogError::OtherKey)?
        .head;
    let published = match stores.tiles.published()? {
        Some(note) => {
            Checkpoint::open(&note, log)
                .map_err(TlogError::OtherKey)?
                .head
        }
        None => {
            return Err(TlogError::TilesBehind {
                published: 0,
                locked: locked.size,
            });
        }
    };
    if published.size > locked.size {
        return Err(TlogError::LockBehind {
            published: published.size,
            locked: locked.size,
        });
    }
    if published != locked {
        replay(stores, &published, &locked, &note)?;
    }
    let size = locked.size;
    // Entries that are published are the log: a bit that flipped in one is found before anything
    // is signed on top of it.
    if options.entries == EntryBundles::Published {
        audit_tree(
            stores.tiles.as_ref(),
            &locked,
            options.entries,
            &mut progress(size),
        )?;
    }
    let edge = Edge::read(stores.tiles.as_ref(), size, options.entries).map_err(mismatch(size))?;
    let audited = TileReader::new(stores.tiles.as_ref(), size)
        .root()
        .map_err(mismatch(size))?;
    if edge.head() != locked || audited != locked.root {
        return Err(TlogError::RootMismatch { size });
    }
    if let Some(index) = &options.first_positions {
        catch_up(index.as_ref(), stores, size)?;
    }
    Ok(Resumed {
        edge,
        note: note.into(),
    })
}

/// Tells now and then how far the reading has come, where it takes long.
fn progress(size: u64) -> impl FnMut(u64) {
    move |entries| {
        if entries.is_multiple_of(PROGRESS_ENTRIES) {
            tracing::info!(target: "muhrdor::tlog", entries, size, "entries are read again");
        }
    }
}

/// Finishes the commit that the lock knows of and the readers do not.
fn replay(
    stores: &Stores,
    published: &TreeHead,
    locked: &TreeHead,
    note: &str,
) -> Result<(), TlogError> {
    if published.size == locked.size {
        return Err(TlogError::Fork { size: locked.size });
    }
    let behind = TlogError::TilesBehind {
        published: published.size,
        locked: locked.size,
    };
    let Some(bundle) = stores.tiles.staged(locked)? else {
        return Err(behind);
    };
    let tiles = stage::decode(&bundle).ok_or(behind)?;
    stores.tiles.write_tiles(&tiles)?;
    let reader = |size| TileReader::new(stores.tiles.as_ref(), size);
    let size = published.size;
    if reader(size).root().map_err(mismatch(size))? != published.root {
        return Err(TlogError::Fork { size });
    }
    let size = locked.size;
    if reader(size).root().map_err(mismatch(size))? != locked.root {
        return Err(TlogError::RootMismatch { size });
    }
    stores.tiles.publish(note)?;
    Ok(stores.tiles.discard_staged(locked.size)?)
}

/// Teaches the index the leaves that it has not seen.
fn catch_up(index: &dyn LeafIndex, stores: &Stores, size: u64) -> Result<(), TlogError> {
    let mut covered = index.covered()?;
    if covered > size {
        return Err(TlogError::IndexAhead { covered, size });
    }
    let reader = TileReader::new(stores.tiles.as_ref(), size);
    while covered < size {
        let tile = reader.tile(0, covered)?;
        let known = usize::try_from(covered % u64::from(TILE_WIDTH)).unwrap_or(usize::MAX);
        let unseen = tile.get(known..).unwrap_or_default();
        index.learn(covered, unseen)?;
        covered += unseen.len() as u64;
    }
    Ok(())
}

/// A tile that is not there or does not read is a tree that does not give its root; a store that
/// does not answer is only that.
fn mismatch(size: u64) -> impl Fn(ProofError) -> TlogError {
    move |error| match error {
        ProofError::Storage(StorageError::Broken { action, source }) => {
            TlogError::Storage(StorageError::Broken { action, source })
        }
        ProofError::Storage(StorageError::NoSpace | StorageError::Changed(_))
        | ProofError::Tile(_)
        | ProofError::NoSuchLeaf { .. }
        | ProofError::Sizes { .. }
        | ProofError::Wrong
        | ProofError::Malformed(_)
        | ProofError::TooLarge(_)
        | ProofError::Checkpoint(_) => TlogError::RootMismatch { size },
    }
}

/// A second's work or so; a multiple of what a tile holds.
const PROGRESS_ENTRIES: u64 = 1 << 20;
