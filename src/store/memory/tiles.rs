//! Tiles in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::store::memory::hold;
use crate::tlog::TreeHead;
use crate::tlog::storage::{StorageError, TileStorage};
use crate::tlog::tile::TilePath;

/// [`TileStorage`] that lives as long as the value.
#[derive(Debug, Default)]
pub struct MemoryTiles {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    staged: BTreeMap<(u64, [u8; 32]), Vec<u8>>,
    tiles: BTreeMap<TilePath, Vec<u8>>,
    published: Option<String>,
}

impl TileStorage for MemoryTiles {
    fn stage(&self, head: &TreeHead, bundle: &[u8]) -> Result<(), StorageError> {
        let name = (head.size, *head.root.as_bytes());
        hold(&self.held).staged.insert(name, bundle.to_vec());
        Ok(())
    }

    fn staged(&self, head: &TreeHead) -> Result<Option<Vec<u8>>, StorageError> {
        let name = (head.size, *head.root.as_bytes());
        Ok(hold(&self.held).staged.get(&name).cloned())
    }

    fn discard_staged(&self, size: u64) -> Result<(), StorageError> {
        hold(&self.held).staged.retain(|(of, _), _| *of > size);
        Ok(())
    }

    fn write_tiles(&self, tiles: &[(TilePath, Vec<u8>)]) -> Result<(), StorageError> {
        let mut held = hold(&self.held);
        for (path, bytes) in tiles {
            match held.tiles.get(path) {
                Some(before) if before != bytes => return Err(StorageError::Changed(*path)),
                Some(_) => {}
                None => {
                    held.tiles.insert(*path, bytes.clone());
                }
            }
        }
        Ok(())
    }

    fn read_tile(&self, path: &TilePath) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(hold(&self.held).tiles.get(path).cloned())
    }

    fn publish(&self, note: &str) -> Result<(), StorageError> {
        hold(&self.held).published = Some(note.to_owned());
        Ok(())
    }

    fn published(&self) -> Result<Option<String>, StorageError> {
        Ok(hold(&self.held).published.clone())
    }
}
