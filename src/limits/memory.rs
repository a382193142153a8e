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
pub(super) struct Memory<K, V> {
    shards: Arc<[Mutex<Shard<K, V>>; SHARDS]>,
    generation_keys_max: usize,
    hasher: RandomState,
}

#[derive(Debug)]
struct Shard<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq + Clone, V: Default> Memory<K, V> {
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
        let count = |shard: &Mutex<Shard<K, V>>| {
            let shard = lock(shard);
            shard.young.len() + shard.old.len()
        };
        self.shards.iter().map(count).sum()
    }

    /// What is known of a key, changed; of a new one nothing is known. `None` never comes.
    pub(super) fn update<T>(&self, key: &K, change: impl FnOnce(&mut V) -> T) -> Option<T> {
        let mut shard = self.shard(key)?;
        if let Some(known) = shard.young.get_mut(key) {
            return Some(change(known));
        }
        let mut known = shard.old.remove(key).unwrap_or_default();
        let changed = change(&mut known);
        if shard.young.len() >= self.generation_keys_max {
            shard.old = mem::take(&mut shard.young);
        }
        shard.young.insert(key.clone(), known);
        Some(changed)
    }

    fn shard(&self, key: &K) -> Option<MutexGuard<'_, Shard<K, V>>> {
        let place = self.hasher.hash_one(key) % SHARDS as u64;
        self.shards.get(usize::try_from(place).ok()?).map(lock)
    }
}

impl<K: Hash + Eq + Clone> StateStore for Memory<K, Option<Nanos>> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let measured = self.update(key, |known| {
            let (outcome, next) = measure(*known)?;
            *known = Some(next);
            Ok(outcome)
        });
        measured.unwrap_or_else(|| measure(None).map(|(outcome, _)| outcome))
    }
}

impl<K, V> Clone for Memory<K, V> {
    fn clone(&self) -> Self {
        Self {
            shards: Arc::clone(&self.shards),
            generation_keys_max: self.generation_keys_max,
            hasher: self.hasher.clone(),
        }
    }
}

/// A thread that panicked while it held a shard left counts behind, at worst one too few.
fn lock<K, V>(shard: &Mutex<Shard<K, V>>) -> MutexGuard<'_, Shard<K, V>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

const SHARDS: usize = 16;
