//! How much at once: what the house can bear, and which requests it turns away when it is too much.
//!
//! Two signs of too much: requests under way, and how late the runtime is with what should have run.
//! By the first all are turned away until it is clearly less; by the second a share of them that
//! grows while it is late and shrinks once it is clearly in time, so that what is let in is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// What the house can bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadSettings {
    /// Requests whose answer has not begun.
    pub requests_under_way_max: u32,
    /// How late a task may run.
    pub lag_ms_max: u32,
}

impl Default for LoadSettings {
    fn default() -> Self {
        Self {
            requests_under_way_max: 4_096,
            lag_ms_max: 250,
        }
    }
}

/// The load of one process.
#[derive(Debug)]
pub struct Load {
    settings: LoadSettings,
    under_way: AtomicU32,
    /// Whether too many were under way and it is not clearly less yet.
    is_full: AtomicBool,
    /// Hundredths of the requests that are turned away because the runtime is late.
    shed_percent: AtomicU32,
    turn: AtomicU32,
    shed: AtomicU32,
}

/// One request under way; over when dropped.
#[derive(Debug)]
#[must_use]
pub struct UnderWay(Arc<Load>);

/// Too much at once; nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much at once; the next may come in {retry_after_seconds} s")]
pub struct Overloaded {
    /// For `Retry-After`; not the same for all, so that they do not all come back at once.
    pub retry_after_seconds: u32,
}

impl Load {
    #[must_use]
    pub fn new(settings: LoadSettings) -> Self {
        Self {
            settings,
            under_way: AtomicU32::new(0),
            is_full: AtomicBool::new(false),
            shed_percent: AtomicU32::new(0),
            turn: AtomicU32::new(0),
            shed: AtomicU32::new(0),
        }
    }

    /// Lets a request in, or turns it away; costs next to nothing either way.
    ///
    /// # Errors
    /// [`Overloaded`].
    pub fn begin(self: &Arc<Self>) -> Result<UnderWay, Overloaded> {
        let percent = self.shed_percent.load(Ordering::Relaxed);
        if percent > 0 && self.is_turned_away(percent) {
            return Err(self.overloaded());
        }
        let max = self.settings.requests_under_way_max;
        let before = self.under_way.fetch_add(1, Ordering::AcqRel);
        let under_way = UnderWay(Arc::clone(self));
        if before >= max {
            self.is_full.store(true, Ordering::Relaxed);
        } else if self.is_full.load(Ordering::Relaxed) && before < clearly_less(max) {
            self.is_full.store(false, Ordering::Relaxed);
        }
        match self.is_full.load(Ordering::Relaxed) {
            true => Err(self.overloaded()),
            false => Ok(under_way),
        }
    }

    /// How late a task ran that should have run at a time. Told again and again.
    pub fn measured(&self, lag: Duration) {
        let max = Duration::from_millis(u64::from(self.settings.lag_ms_max));
        let percent = self.shed_percent.load(Ordering::Relaxed);
        let next = if lag > max {
            (percent + SHED_STEP_UP).min(SHED_PERCENT_MAX)
        } else if lag < max / 2 {
            percent.saturating_sub(SHED_STEP_DOWN)
        } else {
            percent
        };
        self.shed_percent.store(next, Ordering::Relaxed);
        if percent == 0 && next > 0 {
            let lag_ms = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(target: "muhrdor::load", lag_ms, "overloaded: requests are turned away");
        }
        if percent > 0 && next == 0 {
            tracing::info!(target: "muhrdor::load", "all requests are let in again");
        }
    }

    /// Hundredths of the requests that are turned away because the runtime is late.
    #[must_use]
    pub fn shed_percent(&self) -> u32 {
        self.shed_percent.load(Ordering::Relaxed)
    }

    /// Requests that were let in and have no answer yet.
    #[must_use]
    pub fn under_way(&self) -> u32 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Spreads those that are turned away evenly over all.
    fn is_turned_away(&self, percent: u32) -> bool {
        let turn = u64::from(self.turn.fetch_add(1, Ordering::Relaxed));
        let percent = u64::from(percent);
        (turn + 1) * percent / 100 > turn * percent / 100
    }

    fn overloaded(&self) -> Overloaded {
        let shed = self.shed.fetch_add(1, Ordering::Relaxed);
        Overloaded {
            retry_after_seconds: 1 + shed % RETRY_SPREAD_SECONDS,
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

const fn clearly_less(max: u32) -> u32 {
    max - max / 8
}

/// Some are always let in: they show whether it has become better.
const SHED_PERCENT_MAX: u32 = 95;
const SHED_STEP_UP: u32 = 10;
const SHED_STEP_DOWN: u32 = 5;
const RETRY_SPREAD_SECONDS: u32 = 4;
