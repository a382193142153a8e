//! The whole log, looked at again: every entry against its leaf, every tile against the tree.

use crate::tlog::checkpoint::{Checkpoint, TreeHead};
use crate::tlog::hash::Hash;
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
    let reader = TileReader::new(tiles, head.size);
    let mut levels: Vec<Level> = Vec::new();
    let mut at = 0;
    while at < head.size {
        let leaves = reader.tile(0, at)?;
        if entries == EntryBundles::Published {
            compare_entries(tiles, at, head.size, &leaves)?;
        }
        at += leaves.len() as u64;
        for leaf in leaves {
            push(&mut levels, 0, leaf);
        }
        progress(at);
    }
    // What the tiles above say must be what follows from those below.
    for (height, level) in levels.iter().enumerate().skip(1) {
        let height = u8::try_from(height).map_err(|_| ProofError::TooLarge(head.size))?;
        for (index, hash) in level.hashes.iter().enumerate() {
            let index = index as u64;
            let tile = reader.tile(height, index)?;
            let member = usize::try_from(index % u64::from(TILE_WIDTH)).unwrap_or(usize::MAX);
            if tile.get(member) != Some(hash) {
                return Err(TlogError::RootMismatch { size: head.size });
            }
        }
    }
    if reader.root()? != head.root {
        return Err(TlogError::RootMismatch { size: head.size });
    }
    Ok(head)
}

/// Hashes of one level as they follow from those below: of level 0 only the open tile, of those
/// above all, which are 256 times fewer.
#[derive(Default)]
struct Level {
    hashes: Vec<Hash>,
}

fn push(levels: &mut Vec<Level>, height: usize, hash: Hash) {
    if levels.len() <= height {
        levels.push(Level::default());
    }
    let Some(level) = levels.get_mut(height) else {
        return;
    };
    level.hashes.push(hash);
    let width = usize::from(TILE_WIDTH);
    if level.hashes.len() % width != 0 {
        return;
    }
    let full = level.hashes.len() - width;
    let root = crate::tlog::hash::root_of(level.hashes.get(full..).unwrap_or_default());
    if height == 0 {
        level.hashes.clear();
    }
    push(levels, height + 1, root);
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
