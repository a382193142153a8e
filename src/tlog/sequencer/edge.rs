//! The right edge of the tree: all that is needed to add to it.

use crate::tlog::checkpoint::TreeHead;
use crate::tlog::hash::{Hash, root_of};
use crate::tlog::proof::{ProofError, TileReader};
use crate::tlog::sequencer::{EntryBundles, Leaf};
use crate::tlog::storage::TileStorage;
use crate::tlog::tile::{Row, TILE_WIDTH, TilePath, decode_entries, encode_hashes, push_entry};

/// The tiles that are not full, and how large the tree is.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    size: u64,
    /// For each level the hashes of its last, incomplete tile.
    levels: Vec<Vec<Hash>>,
    /// The entries of the last, incomplete bundle, where entries are published.
    bundle: Option<Vec<u8>>,
}

/// Tiles to be written, in an order in which they may be.
pub(super) type Tiles = Vec<(TilePath, Vec<u8>)>;

impl Edge {
    /// The edge of the tree of `size` leaves, read from its tiles. Entries that are published are
    /// compared with their hashes.
    pub(super) fn read(
        tiles: &dyn TileStorage,
        size: u64,
        entries: EntryBundles,
    ) -> Result<Self, ProofError> {
        let reader = TileReader::new(tiles, size);
        let mut levels = Vec::new();
        let mut members = size;
        while members > 0 {
            let level = u8::try_from(levels.len()).map_err(|_| ProofError::TooLarge(size))?;
            let full = members.is_multiple_of(u64::from(TILE_WIDTH));
            levels.push(if full {
                Vec::new()
            } else {
                reader.tile(level, members - 1)?
            });
            members /= u64::from(TILE_WIDTH);
        }
        let leaves = levels.first().map_or(&[][..], Vec::as_slice);
        let bundle = match entries {
            EntryBundles::Withheld => None,
            EntryBundles::Published => Some(read_bundle(tiles, size, leaves)?),
        };
        Ok(Self {
            size,
            levels,
            bundle,
        })
    }

    /// Adds leaves; the tiles that this fills, and those that it leaves unfilled, go to `out`.
    /// `None` when an entry is missing or too long.
    pub(super) fn extend<'a>(
        &mut self,
        leaves: impl Iterator<Item = &'a Leaf>,
        out: &mut Tiles,
    ) -> Option<()> {
        let before = self.size;
        for leaf in leaves {
            if let Some(bundle) = &mut self.bundle {
                push_entry(bundle, leaf.entry.as_deref()?)?;
            }
            self.size += 1;
            self.push(0, leaf.hash, out)?;
        }
        for (level, hashes) in (0_u8..).zip(&self.levels) {
            let shift = 8 * u32::from(level);
            let grew = self.size >> shift != before >> shift;
            if hashes.is_empty() || !grew {
                continue;
            }
            let path = TilePath::holding(Row::Level(level), (self.size >> shift) - 1, self.size)?;
            out.push((path, encode_hashes(hashes)));
        }
        if let Some(bundle) = self.bundle.as_ref().filter(|bundle| !bundle.is_empty()) {
            let path = TilePath::holding(Row::Entries, self.size - 1, self.size)?;
            out.push((path, bundle.clone()));
        }
        Some(())
    }

    fn push(&mut self, level: u8, hash: Hash, out: &mut Tiles) -> Option<()> {
        if self.levels.len() <= usize::from(level) {
            self.levels.push(Vec::new());
        }
        let hashes = self.levels.get_mut(usize::from(level))?;
        hashes.push(hash);
        if hashes.len() < usize::from(TILE_WIDTH) {
            return Some(());
        }
        let hashes = std::mem::take(hashes);
        let index = (self.size >> (8 * u32::from(level))) / u64::from(TILE_WIDTH) - 1;
        let path = TilePath::new(Row::Level(level), index, TILE_WIDTH)?;
        out.push((path, encode_hashes(&hashes)));
        if let Some(bundle) = self.bundle.as_mut().filter(|_| level == 0) {
            let path = TilePath::new(Row::Entries, index, TILE_WIDTH)?;
            out.push((path, std::mem::take(bundle)));
        }
        self.push(level + 1, root_of(&hashes), out)
    }

    pub(super) fn head(&self) -> TreeHead {
        // Below lies right: the parts are joined from the lowest level up, within a level from
        // the smallest perfect subtree to the largest.
        let mut root = None;
        for hashes in &self.levels {
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                let part = 1 << rest.len().trailing_zeros();
                let Some((left, last)) = rest.split_at_checked(rest.len() - part) else {
                    break;
                };
                let last = root_of(last);
                root = Some(root.map_or(last, |right| Hash::node(&last, &right)));
                rest = left;
            }
        }
        TreeHead {
            size: self.size,
            root: root.unwrap_or_else(Hash::empty),
        }
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }
}

fn read_bundle(tiles: &dyn TileStorage, size: u64, leaves: &[Hash]) -> Result<Vec<u8>, ProofError> {
    let Some(path) = TilePath::holding(Row::Entries, size.saturating_sub(1), size)
        .filter(|path| !path.is_full())
    else {
        return Ok(Vec::new());
    };
    let bundle = tiles.read_tile(&path)?.ok_or(ProofError::Tile(path))?;
    let hashes: Option<Vec<Hash>> =
        decode_entries(&path, &bundle).map(|entries| entries.into_iter().map(Hash::leaf).collect());
    if hashes.as_deref() != Some(leaves) {
        return Err(ProofError::Tile(path));
    }
    Ok(bundle)
}
