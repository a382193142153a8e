//! How much, how well?
//!
//! In: refusals of those who were not identified, alarms. Out: numbers by reason, address block and
//! minute. Invariants: memory is bounded; a count names no person. Deliberately absent: evidence —
//! that is the journal's.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::peer::AddressBlock;
use crate::domain::reason::Reason;
use crate::domain::time::Timestamp;
use crate::telemetry::meters;

/// Most (reason, block, minute) kept; when full, the oldest minutes go.
const ROWS_MAX: usize = 10_000;
/// How many minutes are kept.
const MINUTES_MAX: i64 = 60;
const MINUTE_MS: i64 = 60_000;

/// The room.
#[derive(Debug, Default)]
pub struct Counts {
    refusals: Mutex<HashMap<Row, u64>>,
    alarms: Mutex<HashMap<Reason, u64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Row {
    reason: Reason,
    block: AddressBlock,
    minute: i64,
}

impl Counts {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a refusal of someone who was not identified.
    pub fn refused(&self, reason: Reason, block: AddressBlock, now: Timestamp) {
        let minute = now.unix_ms().div_euclid(MINUTE_MS);
        let row = Row {
            reason,
            block,
            minute,
        };
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if refusals.len() >= ROWS_MAX {
            refusals.retain(|row, _| row.minute > minute - MINUTES_MAX);
        }
        if refusals.len() >= ROWS_MAX {
            refusals.retain(|row, _| row.minute == minute);
        }
        if refusals.len() < ROWS_MAX || refusals.contains_key(&row) {
            *refusals.entry(row).or_default() += 1;
        }
    }

    /// Counts an alarm: data was about to go where it must not.
    pub fn alarm(&self, reason: Reason) {
        meters::alarm(reason);
        *self
            .alarms
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(reason)
            .or_default() += 1;
    }

    /// How often an alarm was raised for this reason since start.
    #[must_use]
    pub fn alarms(&self, reason: Reason) -> u64 {
        let alarms = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        alarms.get(&reason).copied().unwrap_or_default()
    }

    /// Every reason for which an alarm was raised since start, and how often.
    #[must_use]
    pub fn all_alarms(&self) -> Vec<(Reason, u64)> {
        let alarms = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut listed: Vec<_> = alarms
            .iter()
            .map(|(reason, count)| (*reason, *count))
            .collect();
        listed.sort_unstable();
        listed
    }

    /// Refusals for this reason over all blocks and kept minutes.
    #[must_use]
    pub fn refusals(&self, reason: Reason) -> u64 {
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals
            .iter()
            .filter(|(row, _)| row.reason == reason)
            .map(|(_, count)| count)
            .sum()
    }
}
