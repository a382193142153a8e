//! The only source of time.
//!
//! Answers: what time is it, and how long did it take? In: nothing. Out: [`Timestamp`] for what is
//! written down, [`Monotonic`] for what is measured. Invariants: nothing else in the house asks
//! the operating system for the time. Deliberately absent: waiting and timers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

use crate::domain::time::Timestamp;

/// A source of time. Cheap to ask, from any thread, any number of times.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Wall time. May step back when the machine's clock is set.
    fn now(&self) -> Timestamp;

    /// A reading that never goes back; only differences of two readings of one clock mean anything.
    fn monotonic(&self) -> Monotonic;
}

/// Time since some fixed moment in this process's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Monotonic(Duration);

impl Monotonic {
    /// From nanoseconds since the fixed moment.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(Duration::from_nanos(nanos))
    }

    /// Time from `earlier` to this reading; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// This reading and `ms` milliseconds more; saturates.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(Duration::from_millis(ms)))
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic readings count from now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn now(&self) -> Timestamp {
        let wall = SystemTime::now();
        let ms = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_unix_ms(match wall.duration_since(UNIX_EPOCH) {
            Ok(after) => ms(after),
            Err(before) => -ms(before.duration()),
        })
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.started.elapsed())
    }
}

/// A clock as the TLS library asks for it.
#[derive(Debug)]
pub struct TlsTime(pub Arc<dyn Clock>);

impl TimeProvider for TlsTime {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().unix_seconds()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// A clock that stands still until it is moved: for tests. Clones move together.
#[derive(Debug, Clone, Default)]
pub struct HandClock {
    wall_ms: Arc<AtomicI64>,
    monotonic_nanos: Arc<AtomicU64>,
}

impl HandClock {
    /// A clock that says `at` until it is moved.
    #[must_use]
    pub fn at(at: Timestamp) -> Self {
        let clock = Self::default();
        clock.set(at);
        clock
    }

    /// Sets wall time, as an operator sets a machine's clock: monotonic readings do not change.
    pub fn set(&self, at: Timestamp) {
        self.wall_ms.store(at.unix_ms(), Ordering::SeqCst);
    }

    /// Lets `ms` milliseconds pass on both readings.
    pub fn advance_ms(&self, ms: u32) {
        self.wall_ms.fetch_add(i64::from(ms), Ordering::SeqCst);
        self.monotonic_nanos
            .fetch_add(u64::from(ms) * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.wall_ms.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_nanos(self.monotonic_nanos.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, HandClock, SystemClock};
    use crate::domain::time::Timestamp;

    #[test]
    fn a_clock_set_by_hand_moves_both_readings_only_when_time_passes() {
        let clock = HandClock::at(Timestamp::from_unix_ms(5_000));
        let before = clock.monotonic();
        clock.clone().advance_ms(250);
        assert_eq!(clock.now(), Timestamp::from_unix_ms(5_250));
        assert_eq!(clock.monotonic().since(before).as_millis(), 250);
        clock.set(Timestamp::from_unix_ms(1));
        assert_eq!(clock.now(), Timestamp::from_unix_ms(1));
        assert_eq!(clock.monotonic().since(before).as_millis(), 250);
    }

    #[test]
    fn the_machines_clock_never_measures_backwards() {
        let clock = SystemClock::new();
        let first = clock.monotonic();
        assert!(clock.monotonic() >= first);
        assert!(clock.now() > Timestamp::from_unix_seconds(1_700_000_000));
    }
}
