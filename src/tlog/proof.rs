//! Proofs: that a leaf is in a tree, and that a tree is the beginning of another (RFC 6962 §2.1,
//! RFC 9162 §2.1.3 and §2.1.4), and the file that carries one (C2SP `tlog-proof`).

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::tlog::checkpoint::{Checkpoint, CheckpointError, TreeHead};
use crate::tlog::hash::{Hash, root_of};
use crate::tlog::note::Verifier;
use crate::tlog::storage::{StorageError, TileStorage};
use crate::tlog::tile::{Row, TilePath, decode_hashes};

/// Why there is no proof, or a proof proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("a tree of {size} leaves has no leaf {index}")]
    NoSuchLeaf { index: u64, size: u64 },
    #[error("a tree of {old} leaves is not the beginning of one of {new}")]
    Sizes { old: u64, new: u64 },
    #[error("the proof does not lead to the root")]
    Wrong,
    #[error("not a proof file: {0}")]
    Malformed(&'static str),
    #[error("tile `{0}` is missing or broken")]
    Tile(TilePath),
    #[error("a tree of {0} leaves is larger than any that can be proved")]
    TooLarge(u64),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Reads hashes of a tree of known size out of its tiles.
#[derive(Debug, Clone, Copy)]
pub struct TileReader<'a> {
    tiles: &'a dyn TileStorage,
    size: u64,
}

impl<'a> TileReader<'a> {
    /// A reader of the tree of the first `size` leaves.
    #[must_use]
    pub const fn new(tiles: &'a dyn TileStorage, size: u64) -> Self {
        Self { tiles, size }
    }

    /// The root of the whole tree.
    ///
    /// # Errors
    /// [`ProofError::Tile`], [`ProofError::Storage`], [`ProofError::TooLarge`].
    pub fn root(&self) -> Result<Hash, ProofError> {
        self.range(0, self.size)
    }

    /// The hashes of the tile that holds member `at` of a level.
    ///
    /// # Errors
    /// [`ProofError::Tile`] when it is not there, [`ProofError::NoSuchLeaf`] when it cannot be.
    pub fn tile(&self, level: u8, at: u64) -> Result<Vec<Hash>, ProofError> {
        let size = self.size;
        let path = TilePath::holding(Row::Level(level), at, size)
            .ok_or(ProofError::NoSuchLeaf { index: at, size })?;
        if let Some(bytes) = self.tiles.read_tile(&path)? {
            return decode_hashes(&path, &bytes).ok_or(ProofError::Tile(path));
        }
        // A partial tile may have gone when the full one came; it is the beginning of that.
        let filled = path.filled();
        let bytes = self
            .tiles
            .read_tile(&filled)?
            .ok_or(ProofError::Tile(path))?;
        let mut hashes = decode_hashes(&filled, &bytes).ok_or(ProofError::Tile(filled))?;
        hashes.truncate(usize::from(path.width()));
        Ok(hashes)
    }

    /// The root over leaves `start..end`, where `start` is a multiple of the smallest power of two
    /// not below the length, as in every subtree of RFC 6962 §2.1.
    fn range(&self, start: u64, end: u64) -> Result<Hash, ProofError> {
        if end > SIZE_MAX {
            return Err(ProofError::TooLarge(end));
        }
        // Perfect subtrees from the left, then joined from the right.
        let mut parts = Vec::new();
        let mut at = start;
        while at < end {
            let height = (end - at).ilog2().min(at.trailing_zeros());
            parts.push(self.perfect(height, at >> height)?);
            at += 1 << height;
        }
        let joined = parts.into_iter().rev();
        Ok(joined
            .reduce(|right, left| Hash::node(&left, &right))
            .unwrap_or_else(Hash::empty))
    }

    /// The root of the perfect subtree number `index` of 2^height leaves.
    fn perfect(&self, height: u32, index: u64) -> Result<Hash, ProofError> {
        let level = u8::try_from(height / 8).map_err(|_| ProofError::TooLarge(self.size))?;
        let inside = height % 8;
        let first = index << inside;
        let hashes = self.tile(level, first)?;
        let offset = usize::try_from(first % 256).unwrap_or(usize::MAX);
        let members = hashes.get(offset..offset.saturating_add(1 << inside));
        members.map(root_of).ok_or(ProofError::NoSuchLeaf {
            index,
            size: self.size,
        })
    }

    /// The audit path of leaf `index`, the leaf's sibling first (RFC 6962 §2.1.1).
    ///
    /// # Errors
    /// [`ProofError::NoSuchLeaf`] and what reading tiles gives.
    pub fn inclusion(&self, index: u64) -> Result<Vec<Hash>, ProofError> {
        let size = self.size;
        if index >= size {
            return Err(ProofError::NoSuchLeaf { index, size });
        }
        let mut path = Vec::new();
        let (mut start, mut end) = (0, size);
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                path.push(self.range(middle, end)?);
                end = middle;
            } else {
                path.push(self.range(start, middle)?);
                start = middle;
            }
        }
        path.reverse();
        Ok(path)
    }

    /// The proof that the tree of the first `old` leaves is the beginning of this one
    /// (RFC 6962 §2.1.2); empty when they are the same or the old one is empty.
    ///
    /// # Errors
    /// [`ProofError::Sizes`] and what reading tiles gives.
    pub fn consistency(&self, old: u64) -> Result<Vec<Hash>, ProofError> {
        let new = self.size;
        if old > new {
            return Err(ProofError::Sizes { old, new });
        }
        if old == 0 || old == new {
            return Ok(Vec::new());
        }
        let mut path = Vec::new();
        let (mut start, mut end) = (0, new);
        while end != old {
            let middle = start + split(end - start);
            if old <= middle {
                path.push(self.range(middle, end)?);
                end = middle;
            } else {
                path.push(self.range(start, middle)?);
                start = middle;
            }
        }
        if start > 0 {
            path.push(self.range(start, end)?);
        }
        path.reverse();
        Ok(path)
    }
}

/// The largest power of two below `n`, for n > 1.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// Checks that `leaf` stands at `index` in the tree `head` (RFC 9162 §2.1.3.2).
///
/// # Errors
/// [`ProofError::NoSuchLeaf`], [`ProofError::Wrong`].
pub fn check_inclusion(
    leaf: Hash,
    index: u64,
    head: &TreeHead,
    proof: &[Hash],
) -> Result<(), ProofError> {
    let size = head.size;
    let Some(mut last) = size.checked_sub(1).filter(|last| index <= *last) else {
        return Err(ProofError::NoSuchLeaf { index, size });
    };
    let mut at = index;
    let mut root = leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Wrong);
        }
        if at & 1 == 1 || at == last {
            root = Hash::node(sibling, &root);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            root = Hash::node(&root, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 || root != head.root {
        return Err(ProofError::Wrong);
    }
    Ok(())
}

/// Checks that the tree `old` is the beginning of the tree `new` (RFC 9162 §2.1.4.2).
///
/// # Errors
/// [`ProofError::Sizes`], [`ProofError::Wrong`].
pub fn check_consistency(old: &TreeHead, new: &TreeHead, proof: &[Hash]) -> Result<(), ProofError> {
    if old.size > new.size {
        return Err(ProofError::Sizes {
            old: old.size,
            new: new.size,
        });
    }
    if old.size == 0 || old.size == new.size {
        let same = old.root == new.root || (old.size == 0 && old.root == Hash::empty());
        return (same && proof.is_empty())
            .then_some(())
            .ok_or(ProofError::Wrong);
    }
    let mut path = proof.iter();
    // Where the old tree is perfect, its root is not repeated in the proof.
    let seed = if old.size.is_power_of_two() {
        old.root
    } else {
        *path.next().ok_or(ProofError::Wrong)?
    };
    let (mut at, mut last) = (old.size - 1, new.size - 1);
    let shared = at.trailing_ones();
    at >>= shared;
    last >>= shared;
    let (mut old_root, mut new_root) = (seed, seed);
    for sibling in path {
        if last == 0 {
            return Err(ProofError::Wrong);
        }
        if at & 1 == 1 || at == last {
            old_root = Hash::node(sibling, &old_root);
            new_root = Hash::node(sibling, &new_root);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new_root = Hash::node(&new_root, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 || old_root != old.root || new_root != new.root {
        return Err(ProofError::Wrong);
    }
    Ok(())
}

/// A proof that needs nothing but the log's key to be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    pub index: u64,
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, as the log published it.
    pub checkpoint: String,
}

impl ProofFile {
    /// The file's text. The `extra` line is never written: nothing authenticates it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{PROOF_MARK}\nindex {}\n", self.index);
        for hash in &self.hashes {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", hash.to_base64());
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Reads a proof file; an `extra` line is passed over.
    ///
    /// # Errors
    /// [`ProofError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let malformed = ProofError::Malformed;
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or(malformed("no empty line stands before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(PROOF_MARK) {
            return Err(malformed("its first line is another"));
        }
        if let Some(extra) = lines.next_if(|line| line.starts_with("extra ")) {
            let base64 = extra.strip_prefix("extra ").unwrap_or_default();
            let read = STANDARD.decode(base64);
            read.map_err(|_| malformed("its extra line is not base64"))?;
        }
        let digits = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .ok_or(malformed("it has no index"))?;
        let index: u64 = digits
            .parse()
            .map_err(|_| malformed("its index is no number"))?;
        if index.to_string() != digits {
            return Err(malformed("its index is not written plainly"));
        }
        let hashes: Option<Vec<Hash>> = lines.take(HASHES_MAX + 1).map(Hash::from_base64).collect();
        let hashes = hashes.ok_or(malformed("a line of it is no hash"))?;
        if hashes.len() > HASHES_MAX {
            return Err(malformed("it has more hashes than any tree is high"));
        }
        Ok(Self {
            index,
            hashes,
            checkpoint: checkpoint.to_owned(),
        })
    }

    /// Checks that `leaf` is in `log` where the file says, and says at which state of the log.
    ///
    /// # Errors
    /// [`ProofError::Checkpoint`], [`ProofError::NoSuchLeaf`], [`ProofError::Wrong`].
    pub fn check(&self, leaf: Hash, log: &Verifier) -> Result<TreeHead, ProofError> {
        let head = Checkpoint::open(&self.checkpoint, log)?.head;
        check_inclusion(leaf, self.index, &head, &self.hashes)?;
        Ok(head)
    }
}

const PROOF_MARK: &str = "c2sp.org/tlog-proof@v1";
const HASHES_MAX: usize = 63;
const SIZE_MAX: u64 = 1 << 62;
