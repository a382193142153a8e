//! The checkpoint lock in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::store::memory::hold;
use crate::tlog::Origin;
use crate::tlog::storage::{CheckpointLock, LockError};

/// [`CheckpointLock`] that lives as long as the value.
#[derive(Debug, Default)]
pub struct MemoryLock {
    held: Mutex<BTreeMap<Origin, String>>,
}

impl CheckpointLock for MemoryLock {
    fn create(&self, origin: &Origin, note: &str) -> Result<(), LockError> {
        let mut held = hold(&self.held);
        if held.contains_key(origin) {
            return Err(LockError::Exists(origin.clone()));
        }
        held.insert(origin.clone(), note.to_owned());
        Ok(())
    }

    fn fetch(&self, origin: &Origin) -> Result<Option<String>, LockError> {
        Ok(hold(&self.held).get(origin).cloned())
    }

    fn replace(&self, origin: &Origin, old: &str, new: &str) -> Result<(), LockError> {
        let mut held = hold(&self.held);
        let lost = || LockError::Lost(origin.clone());
        let note = held
            .get_mut(origin)
            .filter(|note| *note == old)
            .ok_or_else(lost)?;
        new.clone_into(note);
        Ok(())
    }
}
