//! First positions of leaves in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::store::memory::hold;
use crate::tlog::Hash;
use crate::tlog::storage::{LeafIndex, StorageError};

/// [`LeafIndex`] that is rebuilt from the tiles at each start.
#[derive(Debug, Default)]
pub struct MemoryLeafIndex {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    covered: u64,
    first: HashMap<Hash, u64>,
}

impl LeafIndex for MemoryLeafIndex {
    fn covered(&self) -> Result<u64, StorageError> {
        Ok(hold(&self.held).covered)
    }

    fn first(&self, leaf: &Hash) -> Result<Option<u64>, StorageError> {
        Ok(hold(&self.held).first.get(leaf).copied())
    }

    fn learn(&self, from: u64, leaves: &[Hash]) -> Result<(), StorageError> {
        let mut held = hold(&self.held);
        if from != held.covered {
            return Err(StorageError::broken(
                "learn leaves",
                "they do not follow those that are known",
            ));
        }
        for (index, leaf) in (from..).zip(leaves) {
            held.first.entry(*leaf).or_insert(index);
        }
        held.covered += leaves.len() as u64;
        Ok(())
    }
}
