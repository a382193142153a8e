//! What is remembered for a moment: bounded in age and in number.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::domain::fact::{Staff, Standing};
use crate::domain::name::{AgencyId, OfficialId};
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;

/// Staff and standings of the last moment.
#[derive(Debug)]
pub(super) struct Memory {
    clock: Arc<dyn Clock>,
    staff: Shelf<(AgencyId, OfficialId), Staff>,
    standings: Shelf<PersonId, Standing>,
}

impl Memory {
    pub(super) fn new(clock: Arc<dyn Clock>, age_ms_max: u32, items_max: usize) -> Self {
        let age_ms_max = i64::from(age_ms_max);
        Self {
            clock,
            staff: Shelf::new(age_ms_max, items_max),
            standings: Shelf::new(age_ms_max, items_max),
        }
    }

    pub(super) fn staff(&self, agency: &AgencyId, official: &OfficialId) -> Option<Staff> {
        self.staff
            .take(&(agency.clone(), official.clone()), self.clock.now())
    }

    pub(super) fn keep_staff(&self, staff: &Staff) {
        let key = (staff.agency.clone(), staff.official.clone());
        self.staff.keep(key, staff.clone(), self.clock.now());
    }

    pub(super) fn standing(&self, person: PersonId) -> Option<Standing> {
        self.standings.take(&person, self.clock.now())
    }

    pub(super) fn keep_standing(&self, person: PersonId, standing: Standing) {
        self.standings.keep(person, standing, self.clock.now());
    }
}

/// Answers by question, each with the moment it was given.
#[derive(Debug)]
struct Shelf<K, V> {
    age_ms_max: i64,
    items_max: usize,
    items: Mutex<HashMap<K, (Timestamp, V)>>,
}

impl<K: Eq + Hash, V: Clone> Shelf<K, V> {
    fn new(age_ms_max: i64, items_max: usize) -> Self {
        Self {
            age_ms_max,
            items_max,
            items: Mutex::new(HashMap::new()),
        }
    }

    fn fresh(&self, kept: Timestamp, now: Timestamp) -> bool {
        (0..self.age_ms_max).contains(&now.ms_since(kept))
    }

    fn take(&self, key: &K, now: Timestamp) -> Option<V> {
        let items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        items
            .get(key)
            .filter(|(kept, _)| self.fresh(*kept, now))
            .map(|(_, value)| value.clone())
    }

    /// When it is full, what is stale goes; when all is fresh, nothing more is kept.
    fn keep(&self, key: K, value: V, now: Timestamp) {
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        if items.len() >= self.items_max {
            items.retain(|_, (kept, _)| self.fresh(*kept, now));
        }
        if items.len() < self.items_max {
            items.insert(key, (now, value));
        }
    }
}
