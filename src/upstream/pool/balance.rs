//! Which endpoint is asked, and which is taken out.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::telemetry::meters::UpstreamState;
use crate::upstream::pool::endpoint::{Condition, Outcome};
use crate::upstream::pool::{Pool, Shared, Target};

impl Pool {
    /// How its endpoints are, at this moment.
    pub(in crate::upstream) fn state(&self) -> UpstreamState {
        let shared = &self.shared;
        let now = shared.clock.monotonic();
        let mut state = UpstreamState {
            pending: shared.pending.load(Ordering::Relaxed),
            ..UpstreamState::default()
        };
        for target in &shared.targets {
            match target.standing.condition(now) {
                Condition::Open => state.open += 1,
                Condition::Ejected => state.ejected += 1,
                Condition::Unhealthy => state.unhealthy += 1,
            }
            state.under_way += target.standing.under_way();
            state.idle_connections += target.idle.count();
        }
        state
    }
}

impl Shared {
    /// Of two endpoints the one with less to do; another than the one that failed.
    pub(super) fn choose(&self, failed: Option<usize>) -> Option<usize> {
        let count = self.targets.len();
        let chance = mixed(self.choices.fetch_add(1, Ordering::Relaxed));
        let first = index(chance, count);
        let second =
            (first + 1 + index(chance >> 32, count.saturating_sub(1).max(1))) % count.max(1);
        let now = self.clock.monotonic();
        let burden = |at: usize| {
            let target = self.targets.get(at).filter(|_| Some(at) != failed)?;
            Some((target.standing.burden(now, &self.settings.ejection)?, at))
        };
        let to_do = |(burden, _): &(u64, usize)| *burden;
        let of_two = [first, second]
            .into_iter()
            .filter_map(burden)
            .min_by_key(to_do);
        let of_all = || (0..count).filter_map(burden).min_by_key(to_do);
        of_two.or_else(of_all).map(|(_, at)| at)
    }

    /// Notes how a request went; takes the endpoint out if it fails too often and enough others
    /// are left.
    pub(super) fn note(&self, at: usize, outcome: Outcome) {
        let (ejection, Some(target)) = (&self.settings.ejection, self.targets.get(at)) else {
            return;
        };
        if !target.standing.note(outcome, ejection) {
            return;
        }
        let now = self.clock.monotonic();
        let is_out = |target: &&Target| target.standing.is_ejected(now);
        let out = self.targets.iter().filter(is_out).count();
        let out_max = self.targets.len() * ejection.ejected_percent_max as usize / 100;
        if out < out_max {
            let ms = target.standing.eject(now, ejection).as_millis();
            let endpoint = target.dial.endpoint.as_str();
            tracing::warn!(target: "muhrdor::upstream", endpoint, ms, "is taken out for failing");
        }
    }
}

/// One of a bounded number, until it is dropped.
pub(super) struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    pub(super) fn below(count: &'a AtomicUsize, max: usize) -> Option<Self> {
        let before = count.fetch_add(1, Ordering::AcqRel);
        let counted = Self(count);
        (before < max).then_some(counted)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A number that looks drawn by chance (splitmix64).
const fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// One of so many by chance; 0 of none.
fn index(chance: u64, count: usize) -> usize {
    let count = u64::try_from(count.max(1)).unwrap_or(1);
    usize::try_from(chance % count).unwrap_or(0)
}
