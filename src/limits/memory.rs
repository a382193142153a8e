//! Where keys are remembered: bounded, and who asks most is forgotten last.
//!
//! Each shard has two generations. A key that asks moves into the young one, also when it is
//! refused; when the young one is full it becomes the old one, and what was old is forgotten. So a
//! key is forgotten only after half of a shard's room went to other keys since it last asked.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;

/// The memory of one limit. Clones are the same memory.
pub(super) struct Memory<K> {
    shards: Arc<[Mutex<Shard<K>>; SHARDS]>,
    generation_keys_max: usize,
    hasher: RandomState,
}

#[derive(Debug)]
struct Shard<K> {
    young: HashMap<K, Option<Nanos>>,
    old: HashMap<K, Option<Nanos>>,
}

impl<K: Hash + Eq + Clone> Memory<K> {
    /// Room for `keys_max` keys, and for one in each generation at least.
    pub(super) fn new(keys_max: usize) -> Self {
        let shard = |_| {
            Mutex::new(Shard {
                young: HashMap::new(),
                old: HashMap::new(),
            })
        };
        Self {
            shards: Arc::new(std::array::from_fn(shard)),
            generation_keys_max: (keys_max / SHARDS / 2).max(1),
            hasher: RandomState::new(),
        }
    }

    pub(super) fn keys(&self) -> usize {
        let count = |shard: &Mutex<Shard<K>>| {
            let shard = lock(shard);
            shard.young.len() + shard.old.len()
        };
        self.shards.iter().map(count).sum()
    }

    fn shard(&self, key: &K) -> Option<MutexGuard<'_, Shard<K>>> {
        let place = self.hasher.hash_one(key) % SHARDS as u64;
        self.shards.get(usize::try_from(place).ok()?).map(lock)
    }
}

impl<K: Hash + Eq + Clone> StateStore for Memory<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let Some(mut shard) = self.shard(key) else {
            return measure(None).map(|(outcome, _)| outcome);
        };
        let known = match shard.young.get(key) {
            Some(known) => *known,
            None => shard.old.remove(key).flatten(),
        };
        let measured = measure(known);
        let next = measured.as_ref().map_or(known, |(_, next)| Some(*next));
        if !shard.young.contains_key(key) && shard.young.len() >= self.generation_keys_max {
            shard.old = mem::take(&mut shard.young);
        }
        shard.young.insert(key.clone(), next);
        measured.map(|(outcome, _)| outcome)
    }
}

impl<K> Clone for Memory<K> {
    fn clone(&self) -> Self {
        Self {
            shards: Arc::clone(&self.shards),
            generation_keys_max: self.generation_keys_max,
            hasher: self.hasher.clone(),
        }
    }
}

/// A thread that panicked while it held a shard left counts behind, at worst one too few.
fn lock<K>(shard: &Mutex<Shard<K>>) -> MutexGuard<'_, Shard<K>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

const SHARDS: usize = 16;
