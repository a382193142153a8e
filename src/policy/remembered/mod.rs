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

use crate::domain::remembered;

pub(in crate::policy) use pattern::Pattern;

/// The most patterns that are remembered of each kind.
const PATTERNS_MAX: usize = 16_384;

/// The answers found so far.
#[derive(Debug)]
pub(in crate::policy) struct Remembered<V>(remembered::Remembered<Pattern, V>);

impl<V: Clone> Remembered<V> {
    /// The answer to a pattern, by `decide` where it is not remembered. `decide` says whether its
    /// answer will do another time too.
    pub(in crate::policy) fn answer<E>(
        &self,
        pattern: Pattern,
        decide: impl FnOnce() -> Result<V, E>,
        lasts: impl FnOnce(&V) -> bool,
    ) -> Result<V, E> {
        if let Some(answer) = self.0.find(&pattern) {
            return Ok(answer);
        }
        let answer = decide()?;
        if lasts(&answer) {
            self.0.keep(pattern, answer.clone());
        }
        Ok(answer)
    }
}

impl<V: Clone> Default for Remembered<V> {
    fn default() -> Self {
        Self(remembered::Remembered::new(PATTERNS_MAX))
    }
}
