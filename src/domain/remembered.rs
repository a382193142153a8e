//! What was found out and is used again: so much, and no more.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Two halves: when the young one is full the old one is given up and the young one grows old. What
/// is in use is young again, so what nobody uses goes first, and nothing is ever searched.
pub struct Remembered<K, V> {
    half_entries_max: usize,
    halves: Mutex<Halves<K, V>>,
}

struct Halves<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq + Clone, V: Clone> Remembered<K, V> {
    /// For so many entries; below two, nothing is remembered.
    #[must_use]
    pub fn new(entries_max: usize) -> Self {
        Self {
            half_entries_max: entries_max / 2,
            halves: Mutex::new(Halves {
                young: HashMap::new(),
                old: HashMap::new(),
            }),
        }
    }

    /// What is known, and is young from now on.
    pub fn find(&self, key: &K) -> Option<V> {
        let mut halves = self.halves();
        if let Some(known) = halves.young.get(key) {
            return Some(known.clone());
        }
        let (key, known) = halves.old.remove_entry(key)?;
        halves.put(key, known.clone(), self.half_entries_max);
        Some(known)
    }

    /// What is known already, or else `made`.
    pub fn find_or(&self, key: &K, made: impl FnOnce() -> V) -> V {
        if let Some(known) = self.find(key) {
            return known;
        }
        let mut halves = self.halves();
        // Another may have made it in between.
        if let Some(known) = halves.young.get(key) {
            return known.clone();
        }
        let made = made();
        halves.put(key.clone(), made.clone(), self.half_entries_max);
        made
    }

    /// In the place of what was known.
    pub fn keep(&self, key: K, value: V) {
        self.halves().put(key, value, self.half_entries_max);
    }

    /// Nothing is known any more.
    pub fn forget(&self, key: &K) {
        let mut halves = self.halves();
        halves.young.remove(key);
        halves.old.remove(key);
    }

    /// How much is remembered.
    #[must_use]
    pub fn count(&self) -> usize {
        let halves = self.halves();
        halves.young.len() + halves.old.len()
    }

    /// An entry is put in whole or not at all, so a poisoned lock guards sound maps.
    fn halves(&self) -> MutexGuard<'_, Halves<K, V>> {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V> Halves<K, V> {
    fn put(&mut self, key: K, value: V, entries_max: usize) {
        if entries_max == 0 {
            return;
        }
        if self.young.len() >= entries_max && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }
}

impl<K, V> fmt::Debug for Remembered<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Remembered")
            .field("entries", &(halves.young.len() + halves.old.len()))
            .finish_non_exhaustive()
    }
}
