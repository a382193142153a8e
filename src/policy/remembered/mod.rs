//! What was decided before, for asks that are the same to every rule.
//!
//! In: a [`Pattern`] of an ask, and how to answer it. Out: its answer, found now or before.
//! Invariants: a pattern holds all that an answer rests on beside the bundle, the time included, so
//! asks of one pattern have one answer (`tests.rs` asks each both ways); what failed is not
//! remembered; memory is bounded. Deliberately absent: who the persons are. A bundle in which a rule
//! names a person, an official, a system or a case does not load, so rules can only tell whether
//! two of them are the same.

mod pattern;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

pub(in crate::policy) use pattern::Pattern;

/// The most patterns that are remembered of each kind.
const PATTERNS_MAX: usize = 16_384;

/// The answers found so far: those of late, and before them as many again.
#[derive(Debug)]
pub(in crate::policy) struct Remembered<V>(Mutex<Kept<V>>);

#[derive(Debug)]
struct Kept<V> {
    young: HashMap<Pattern, V>,
    old: HashMap<Pattern, V>,
}

impl<V: Clone> Remembered<V> {
    /// The answer to a pattern, by `decide` where it is not remembered. `decide` says whether its
    /// answer will do another time too.
    pub(in crate::policy) fn answer<E>(
        &self,
        pattern: Pattern,
        decide: impl FnOnce() -> Result<V, E>,
        lasts: impl FnOnce(&V) -> bool,
    ) -> Result<V, E> {
        // An answer is inserted whole or not at all, so a poisoned lock guards sound maps.
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = kept().find(&pattern) {
            return Ok(answer);
        }
        let answer = decide()?;
        if lasts(&answer) {
            kept().insert(pattern, answer.clone());
        }
        Ok(answer)
    }
}

impl<V> Default for Remembered<V> {
    fn default() -> Self {
        Self(Mutex::new(Kept {
            young: HashMap::new(),
            old: HashMap::new(),
        }))
    }
}

impl<V: Clone> Kept<V> {
    fn find(&mut self, pattern: &Pattern) -> Option<V> {
        if let Some(answer) = self.young.get(pattern) {
            return Some(answer.clone());
        }
        let (pattern, answer) = self.old.remove_entry(pattern)?;
        self.insert(pattern, answer.clone());
        Some(answer)
    }

    fn insert(&mut self, pattern: Pattern, answer: V) {
        if self.young.len() >= PATTERNS_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(pattern, answer);
    }
}
