//! Tokens that were verified: so many, and no more.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::principal::SystemPrincipal;
use crate::identity::bearer::claims::Times;
use crate::identity::bearer::token::TokenDigest;

/// A token that was good when it was verified, without the token.
pub(super) struct Verified {
    pub(super) issuer: String,
    pub(super) principal: Arc<SystemPrincipal>,
    pub(super) times: Times,
    /// Which fetch of the issuer's key set its key was in.
    pub(super) generation: u64,
}

/// Two halves: when the young one is full the old one is given up and the young one grows old. A
/// token in use is young again, so those that nobody uses go first, and nothing is ever searched.
pub(super) struct Cache {
    half_entries_max: usize,
    halves: Mutex<Halves>,
}

#[derive(Default)]
struct Halves {
    young: HashMap<TokenDigest, Arc<Verified>>,
    old: HashMap<TokenDigest, Arc<Verified>>,
}

impl Cache {
    pub(super) fn new(entries_max: usize) -> Self {
        Self {
            half_entries_max: entries_max / 2,
            halves: Mutex::default(),
        }
    }

    pub(super) fn find(&self, digest: &TokenDigest) -> Option<Arc<Verified>> {
        let mut halves = self.halves();
        if let Some(known) = halves.young.get(digest) {
            return Some(Arc::clone(known));
        }
        let known = halves.old.remove(digest)?;
        halves.put(*digest, Arc::clone(&known), self.half_entries_max);
        Some(known)
    }

    pub(super) fn keep(&self, digest: TokenDigest, verified: Verified) {
        let mut halves = self.halves();
        halves.put(digest, Arc::new(verified), self.half_entries_max);
    }

    pub(super) fn forget(&self, digest: &TokenDigest) {
        let mut halves = self.halves();
        halves.young.remove(digest);
        halves.old.remove(digest);
    }

    fn halves(&self) -> MutexGuard<'_, Halves> {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Halves {
    fn put(&mut self, digest: TokenDigest, verified: Arc<Verified>, entries_max: usize) {
        if entries_max == 0 {
            return;
        }
        if self.young.len() >= entries_max && !self.young.contains_key(&digest) {
            self.old = mem::take(&mut self.young);
        }
        self.old.remove(&digest);
        self.young.insert(digest, verified);
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let halves = self.halves();
        f.debug_struct("Cache")
            .field("entries", &(halves.young.len() + halves.old.len()))
            .finish_non_exhaustive()
    }
}
