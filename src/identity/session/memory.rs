//! Sessions that were opened a moment ago, so that a page of ten requests opens one once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Monotonic;
use crate::domain::time::Timestamp;
use crate::identity::session::{Changed, RowKey, Session};

/// A bounded number of opened sessions, believed only while changes are followed.
pub(super) struct Memory {
    cached_max: usize,
    revocation_age_ms_max: u32,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    known: HashMap<RowKey, Known>,
    /// The last change that was seen, and when it was asked for.
    sequence: u64,
    asked: Option<Monotonic>,
}

/// One of them.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) session: Session,
    pub(super) idle_until: Timestamp,
    pub(super) ends: Timestamp,
    /// The idle end that the store knows.
    pub(super) idle_written: Timestamp,
}

impl Memory {
    pub(super) fn new(cached_max: usize, revocation_age_ms_max: u32) -> Self {
        Self {
            cached_max,
            revocation_age_ms_max,
            inner: Mutex::default(),
        }
    }

    fn hold(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self) -> usize {
        self.hold().known.len()
    }

    /// Whether changes were asked for recently enough to believe what is remembered.
    pub(super) fn is_believed(&self, at: Monotonic) -> bool {
        self.is_recent(&self.hold(), at)
    }

    fn is_recent(&self, inner: &Inner, at: Monotonic) -> bool {
        let age_max = u128::from(self.revocation_age_ms_max);
        let recent = |asked| at.since(asked).as_millis() <= age_max;
        inner.asked.is_some_and(recent)
    }

    /// A session that is still good, if changes were asked for recently enough.
    pub(super) fn get(&self, key: &RowKey, now: Timestamp, at: Monotonic) -> Option<Known> {
        let inner = self.hold();
        if !self.is_recent(&inner, at) {
            return None;
        }
        let known = inner.known.get(key)?;
        (known.idle_until > now && known.ends > now).then(|| known.clone())
    }

    /// Notes a use; whether it is time to write it down, which is told to one caller only.
    pub(super) fn used(&self, key: &RowKey, idle_until: Timestamp, ms_min: i64) -> bool {
        let mut inner = self.hold();
        let Some(known) = inner.known.get_mut(key) else {
            return false;
        };
        known.idle_until = idle_until;
        let due = idle_until.ms_since(known.idle_written) >= ms_min;
        if due {
            known.idle_written = idle_until;
        }
        due
    }

    /// Keeps a session that was read when `sequence` was the last change seen. Changes that came
    /// between are unknown: then it is not kept.
    pub(super) fn keep(&self, key: RowKey, session: Known, now: Timestamp, sequence: u64) {
        let mut inner = self.hold();
        if inner.sequence != sequence || self.cached_max == 0 {
            return;
        }
        if inner.known.len() >= self.cached_max {
            inner
                .known
                .retain(|_, known| known.idle_until > now && known.ends > now);
        }
        if inner.known.len() >= self.cached_max
            && let Some(any) = inner.known.keys().next().copied()
        {
            inner.known.remove(&any);
        }
        inner.known.insert(key, session);
    }

    /// When a remembered session ends as things stand, if what is remembered is believed.
    pub(super) fn until(&self, key: &RowKey, at: Monotonic) -> Option<Timestamp> {
        let inner = self.hold();
        if !self.is_recent(&inner, at) {
            return None;
        }
        let known = inner.known.get(key)?;
        Some(known.idle_until.min(known.ends))
    }

    pub(super) fn forget(&self, key: &RowKey) {
        self.hold().known.remove(key);
    }

    pub(super) fn sequence(&self) -> u64 {
        self.hold().sequence
    }

    /// Forgets what has changed; `asked` is when that was asked for.
    pub(super) fn caught_up(&self, changed: &Changed, asked: Monotonic) {
        let mut inner = self.hold();
        if changed.everything {
            inner.known.clear();
        }
        for key in &changed.keys {
            inner.known.remove(key);
        }
        inner.sequence = changed.sequence;
        inner.asked = Some(asked);
    }
}
