//! The only source of time.
//!
//! Answers: what time is it, and how long did it take? In: nothing. Out: [`Timestamp`] for what is
//! written down, [`Monotonic`] for what is measured. Invariants: nothing else in the house asks
//! the operating system for the time. Deliberately absent: waiting and timers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll};
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

    /// This reading and so much time more; saturates.
    #[must_use]
    pub fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(time))
    }

    /// This reading and `ms` milliseconds more; saturates.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(Duration::from_millis(ms)))
    }
}

/// Runs a future, and adds to `waited` how long it stood still: what others took, not we.
#[derive(Debug)]
pub struct Waiting<'a, F> {
    clock: &'a dyn Clock,
    waited: &'a mut Duration,
    /// From when on it stands still.
    since: Option<Monotonic>,
    future: Pin<&'a mut F>,
}

impl<'a, F: Future> Waiting<'a, F> {
    pub fn new(clock: &'a dyn Clock, waited: &'a mut Duration, future: Pin<&'a mut F>) -> Self {
        Self {
            clock,
            waited,
            since: None,
            future,
        }
    }
}

impl<F: Future> Future for Waiting<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if let Some(since) = self.since.take() {
            let stood_still = self.clock.monotonic().since(since);
            *self.waited += stood_still;
        }
        let polled = self.future.as_mut().poll(cx);
        if polled.is_pending() {
            self.since = Some(self.clock.monotonic());
        }
        polled
    }
}

/// Measures how long something took, to be told and not to be decided by.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    #[must_use]
    pub fn read(self) -> Duration {
        self.0.elapsed()
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
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use super::{Clock, HandClock, SystemClock, Waiting};
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

    #[test]
    fn only_the_time_that_a_future_stands_still_is_waited() {
        let clock = HandClock::default();
        let moved = clock.clone();
        let mut polls = 0;
        let asking = poll_fn(move |_| {
            // What a poll itself takes is our own.
            moved.advance_ms(1_000);
            polls += 1;
            match polls {
                3 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        });
        let mut waited = Duration::ZERO;
        let mut asking = pin!(asking);
        let mut waiting = pin!(Waiting::new(&clock, &mut waited, asking.as_mut()));
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..2 {
            assert!(waiting.as_mut().poll(&mut cx).is_pending());
            clock.advance_ms(10_000);
        }
        assert!(waiting.as_mut().poll(&mut cx).is_ready());
        assert_eq!(waited, Duration::from_secs(20));
    }
}
