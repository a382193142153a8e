//! Whether a ledger is what was written: chain, contents, index, and the log beside it.

use crate::journal::encoding::Preimage;
use crate::journal::ledger::{ActorKey, Link, RowStage, subjects_of};
use crate::journal::{Ledger, LedgerError, LedgerPosition, LedgerRow};
use crate::keys::Vault;
use crate::tlog::checkpoint::CheckpointError;
use crate::tlog::hash::root_of;
use crate::tlog::note::Verifier;
use crate::tlog::proof::{ProofError, TileReader};
use crate::tlog::storage::{StorageError, TileStorage};
use crate::tlog::tile::TILE_WIDTH;
use crate::tlog::{Checkpoint, Hash, TreeHead};

/// What a ledger was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub rows: u64,
    /// How many of them the signed checkpoint covers.
    pub integrated: u64,
    /// The root of the tree that it signs.
    pub root: Hash,
    /// The first entry that is not as it was written, if any.
    pub finding: Option<Finding>,
}

/// An entry that is not as it was written, by its number, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    #[error("entry {0} is missing")]
    Missing(u64),
    #[error("entry {0} does not follow the entry before it: it was changed, moved or replaced")]
    OutOfChain(u64),
    #[error("entry {0} does not open, or is not what its leaf stands for")]
    Altered(u64),
    #[error("entry {0} is filed under another person, visit or actor than it speaks of")]
    Misfiled(u64),
    #[error("entry {0} is not the one that its log has there")]
    OtherInLog(u64),
    #[error("the tiles of {0} entries do not give the root that was signed")]
    OtherRoot(u64),
}

/// Why nothing can be said of a ledger.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the journal's log has no public checkpoint")]
    NoCheckpoint,
    #[error("the checkpoint of the journal's log is not to be trusted")]
    Checkpoint(#[from] CheckpointError),
}

/// Reads a whole ledger and its log and names the first entry that is not as it was written.
/// `progress` is told how many rows were read. Works beside a process that writes.
///
/// # Errors
/// [`VerifyError`] when something cannot be read; what is wrong with it is no error but a finding.
pub fn verify(
    ledger: &dyn Ledger,
    tiles: &dyn TileStorage,
    log: &Verifier,
    vault: &Vault,
    progress: &mut dyn FnMut(u64),
) -> Result<Verified, VerifyError> {
    // The checkpoint first: rows that are written meanwhile are only more than it covers.
    let note = tiles.published()?.ok_or(VerifyError::NoCheckpoint)?;
    let head = Checkpoint::open(&note, log)?.head;
    let mut walk = Walk {
        next: 0,
        link: Link::BEGINNING,
        vault,
        log: LogLeaves {
            reader: TileReader::new(tiles, head.size),
            size: head.size,
            tile: Vec::new(),
        },
    };
    let report = |rows, finding| {
        Ok(Verified {
            rows,
            integrated: head.size,
            root: head.root,
            finding,
        })
    };
    match check_root(tiles, &head) {
        Ok(()) => {}
        Err(Some(error)) => return Err(error.into()),
        Err(None) => return report(0, Some(Finding::OtherRoot(head.size))),
    }
    loop {
        let rows = ledger.read(LedgerPosition(walk.next), ROWS_MAX)?;
        if rows.is_empty() {
            let missing = walk.next < head.size;
            return report(walk.next, missing.then_some(Finding::Missing(walk.next)));
        }
        for row in &rows {
            if let Some(finding) = walk.step(row)? {
                return report(walk.next, Some(finding));
            }
        }
        progress(walk.next);
    }
}

/// Whether the tiles give the signed root: `Err(None)` when they do not.
fn check_root(tiles: &dyn TileStorage, head: &TreeHead) -> Result<(), Option<StorageError>> {
    match TileReader::new(tiles, head.size).root() {
        Ok(root) if root == head.root => Ok(()),
        Err(ProofError::Storage(error)) => Err(Some(error)),
        Ok(_) | Err(_) => Err(None),
    }
}

struct Walk<'a> {
    next: u64,
    link: Link,
    vault: &'a Vault,
    log: LogLeaves<'a>,
}

impl Walk<'_> {
    /// Looks at the row that should stand at `next`.
    fn step(&mut self, row: &LedgerRow) -> Result<Option<Finding>, StorageError> {
        let position = self.next;
        if row.position.0 != position {
            return Ok(Some(Finding::Missing(position)));
        }
        // The log is what outsiders hold: where it speaks, it is believed before the chain.
        let fits = match self.log.leaf(position)? {
            Logged::NotYet => true,
            Logged::Broken => false,
            Logged::Leaf(leaf) => leaf == row.leaf,
        };
        if !fits {
            return Ok(Some(Finding::OtherInLog(position)));
        }
        if row.link != self.link.then(row.position, &row.leaf) {
            return Ok(Some(Finding::OutOfChain(position)));
        }
        let opened = Preimage::open(row, self.vault).and_then(|preimage| preimage.entry());
        let Ok(entry) = opened else {
            return Ok(Some(Finding::Altered(position)));
        };
        let filed = row.visit == entry.visit
            && row.stage == RowStage::of(&entry.stage)
            && row.subjects == subjects_of(&entry)
            && row.actor == ActorKey::of(&entry.actor);
        if !filed {
            return Ok(Some(Finding::Misfiled(position)));
        }
        self.link = row.link;
        self.next += 1;
        Ok(None)
    }
}

/// What a log has at one place.
enum Logged {
    /// The checkpoint does not reach so far.
    NotYet,
    /// The tile is missing, or does not lead to the root.
    Broken,
    Leaf(Hash),
}

/// The leaves of a log in order, a tile at a time.
struct LogLeaves<'a> {
    reader: TileReader<'a>,
    size: u64,
    tile: Vec<Hash>,
}

impl LogLeaves<'_> {
    fn leaf(&mut self, index: u64) -> Result<Logged, StorageError> {
        if index >= self.size {
            return Ok(Logged::NotYet);
        }
        let offset = index % u64::from(TILE_WIDTH);
        if offset == 0 {
            self.tile = match self.anchored(0, index) {
                Ok(tile) => tile.unwrap_or_default(),
                Err(ProofError::Storage(error)) => return Err(error),
                Err(_) => Vec::new(),
            };
        }
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(self
            .tile
            .get(offset)
            .map_or(Logged::Broken, |leaf| Logged::Leaf(*leaf)))
    }

    /// The tile that holds `member` of `level`, if it leads to the signed root: full tiles by what
    /// the level above says of them, others because the root was made from them.
    fn anchored(&self, level: u8, member: u64) -> Result<Option<Vec<Hash>>, ProofError> {
        let tile = self.reader.tile(level, member)?;
        if tile.len() < usize::from(TILE_WIDTH) {
            return Ok(Some(tile));
        }
        let above = member / u64::from(TILE_WIDTH);
        let Some(parent) = self.anchored(level + 1, above)? else {
            return Ok(None);
        };
        let offset = usize::try_from(above % u64::from(TILE_WIDTH)).unwrap_or(usize::MAX);
        let is_said = parent.get(offset) == Some(&root_of(&tile));
        Ok(is_said.then_some(tile))
    }
}

const ROWS_MAX: u32 = 1024;
