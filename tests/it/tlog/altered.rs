//! Tiles of which one is read otherwise than it was written, as from a disk that decays.

use std::sync::{Arc, Mutex};

use muhrdor::tlog::TreeHead;
use muhrdor::tlog::sequencer::Stores;
use muhrdor::tlog::storage::{StorageError, TileStorage};
use muhrdor::tlog::tile::TilePath;

/// What became of the bytes of the tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decay {
    /// The last byte is gone.
    Cut,
    /// The last bit is another.
    Flipped,
    /// The file is gone.
    Gone,
}

impl Decay {
    pub(crate) const ALL: [Self; 3] = [Self::Cut, Self::Flipped, Self::Gone];

    fn of(self, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let last = bytes.pop()?;
        match self {
            Self::Cut => Some(bytes),
            Self::Flipped => {
                bytes.push(last ^ 1);
                Some(bytes)
            }
            Self::Gone => None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct AlteredTiles {
    whole: Arc<dyn TileStorage>,
    altered: Mutex<Option<(TilePath, Decay)>>,
}

impl AlteredTiles {
    pub(crate) fn of(stores: &Stores) -> Arc<Self> {
        Arc::new(Self {
            whole: Arc::clone(&stores.tiles),
            altered: Mutex::new(None),
        })
    }

    /// From now on this tile, and no other, is read otherwise.
    pub(crate) fn alter(&self, path: TilePath, decay: Decay) {
        *self.altered.lock().unwrap() = Some((path, decay));
    }
}

impl TileStorage for AlteredTiles {
    fn read_tile(&self, path: &TilePath) -> Result<Option<Vec<u8>>, StorageError> {
        let bytes = self.whole.read_tile(path)?;
        match *self.altered.lock().unwrap() {
            Some((altered, decay)) if altered == *path => {
                Ok(bytes.and_then(|bytes| decay.of(bytes)))
            }
            _ => Ok(bytes),
        }
    }

    fn stage(&self, head: &TreeHead, bundle: &[u8]) -> Result<(), StorageError> {
        self.whole.stage(head, bundle)
    }

    fn staged(&self, head: &TreeHead) -> Result<Option<Vec<u8>>, StorageError> {
        self.whole.staged(head)
    }

    fn discard_staged(&self, size: u64) -> Result<(), StorageError> {
        self.whole.discard_staged(size)
    }

    fn write_tiles(&self, tiles: &[(TilePath, Vec<u8>)]) -> Result<(), StorageError> {
        self.whole.write_tiles(tiles)
    }

    fn publish(&self, note: &str) -> Result<(), StorageError> {
        self.whole.publish(note)
    }

    fn published(&self) -> Result<Option<String>, StorageError> {
        self.whole.published()
    }
}
