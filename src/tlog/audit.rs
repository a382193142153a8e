//! The whole log, looked at again: every entry against its leaf, every tile against the tree.

use crate::tlog::checkpoint::{Checkpoint, TreeHead};
use crate::tlog::hash::{Hash, root_of};
use crate::tlog::note::Verifier;
use crate::tlog::proof::{ProofError, TileReader};
use crate::tlog::sequencer::{EntryBundles, TlogError};
use crate::tlog::storage::TileStorage;
use crate::tlog::tile::{Row, TILE_WIDTH, TilePath, decode_entries};

/// Reads the tree that was published last, and says how large it is if all of it is as it was
/// written. Blocks; `progress` is told how many entries were read.
///
/// # Errors
/// The first thing that is not as it was written; what reading gives.
pub fn audit(
    tiles: &dyn TileStorage,
    log: &Verifier,
    entries: EntryBundles,
    progress: &mut dyn FnMut(u64),
) -> Result<TreeHead, TlogError> {
    let note = tiles.published()?.ok_or(TlogError::NeverPublished)?;
    let head = Checkpoint::open(&note, log)
        .map_err(TlogError::OtherKey)?
        .head;
    audit_tree(tiles, &head, entries, progress)?;
    Ok(head)
}

/// The same for a tree that is known: one tile of each row is in memory at a time.
pub(super) fn audit_tree(
    tiles: &dyn TileStorage,
    head: &TreeHead,
    entries: EntryBundles,
    progress: &mut dyn FnMut(u64),
) -> Result<(), TlogError> {
    let size = head.size;
    let reader = TileReader::new(tiles, size);
    let mut above = Above {
        reader,
        size,
        levels: Vec::new(),
    };
    let mut at = 0;
    while at < size {
        let leaves = reader.tile(0, at)?;
        if entries == EntryBundles::Published {
            compare_entries(tiles, at, size, &leaves)?;
        }
        at += leaves.len() as u64;
        if leaves.len() == usize::from(TILE_WIDTH) {
            above.push(1, root_of(&leaves))?;
        }
        progress(at);
    }
    above.compare_open()?;
    if reader.root()? != head.root {
        return Err(TlogError::RootMismatch { size });
    }
    Ok(())
}

/// The levels above the leaves, as they follow from those below.
struct Above<'a> {
    reader: TileReader<'a>,
    size: u64,
    /// From level 1 upwards.
    levels: Vec<Level>,
}

#[derive(Default)]
struct Level {
    /// Members so far.
    members: u64,
    /// Those of the last tile, while it is not full.
    open: Vec<Hash>,
}

impl Above<'_> {
    /// Adds a member to a level; a tile that this fills is compared, and is a member of the next.
    fn push(&mut self, height: u8, hash: Hash) -> Result<(), TlogError> {
        let place = usize::from(height) - 1;
        if self.levels.len() <= place {
            self.levels.push(Level::default());
        }
        let Some(level) = self.levels.get_mut(place) else {
            return Err(ProofError::TooLarge(self.size).into());
        };
        level.members += 1;
        level.open.push(hash);
        if level.open.len() < usize::from(TILE_WIDTH) {
            return Ok(());
        }
        let (last, full) = (level.members - 1, std::mem::take(&mut level.open));
        self.compare(height, last, &full)?;
        self.push(height + 1, root_of(&full))
    }

    /// Compares the tiles at the right edge.
    fn compare_open(&self) -> Result<(), TlogError> {
        for (height, level) in (1..).zip(&self.levels) {
            if !level.open.is_empty() {
                self.compare(height, level.members - 1, &level.open)?;
            }
        }
        Ok(())
    }

    fn compare(&self, height: u8, last: u64, hashes: &[Hash]) -> Result<(), TlogError> {
        if self.reader.tile(height, last)? != hashes {
            return Err(TlogError::RootMismatch { size: self.size });
        }
        Ok(())
    }
}

fn compare_entries(
    tiles: &dyn TileStorage,
    at: u64,
    size: u64,
    leaves: &[Hash],
) -> Result<(), TlogError> {
    let Some(path) = TilePath::holding(Row::Entries, at, size) else {
        return Err(TlogError::RootMismatch { size });
    };
    let missing = || TlogError::Proof(ProofError::Tile(path));
    let bundle = tiles.read_members(&path)?.ok_or_else(missing)?;
    let entries = decode_entries(&path, &bundle).ok_or_else(missing)?;
    let same = entries.len() == leaves.len()
        && entries
            .iter()
            .zip(leaves)
            .all(|(entry, leaf)| Hash::leaf(entry) == *leaf);
    if !same {
        return Err(TlogError::EntryChanged(path));
    }
    Ok(())
}
