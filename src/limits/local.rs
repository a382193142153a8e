//! A limit within this process: `governor`'s GCRA over our clock and our bounded memory.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::{Quota, RateLimiter};

use crate::clock::{Clock, Monotonic};
use crate::limits::memory::Memory;
use crate::limits::{Allowance, Exceeded, Rate};

pub(super) struct Local<K: Hash + Eq + Clone> {
    name: &'static str,
    rate: Rate,
    /// Time until one more request may come.
    period: Duration,
    limiter: RateLimiter<K, Memory<K>, Ticks, StateInformationMiddleware>,
    memory: Memory<K>,
}

impl<K: Hash + Eq + Clone> Local<K> {
    pub(super) fn new(
        name: &'static str,
        rate: Rate,
        keys_max: usize,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let window = Duration::from_secs(u64::from(rate.window_seconds.get()));
        let period = (window / rate.requests_max.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(period)
            .unwrap_or_else(|| Quota::per_second(rate.requests_max))
            .allow_burst(rate.requests_max);
        let memory = Memory::new(keys_max);
        let limiter = RateLimiter::new(quota, memory.clone(), Ticks(clock));
        Self {
            name,
            rate,
            period,
            limiter,
            memory,
        }
    }

    pub(super) fn check(&self, key: &K) -> Result<Allowance, Exceeded> {
        match self.limiter.check_key(key) {
            Ok(state) => Ok(self.allowance(state.remaining_burst_capacity(), None)),
            Err(until) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                let retry_after_seconds = seconds_up(wait).max(1);
                let allowance = self.allowance(0, Some(retry_after_seconds));
                Err(Exceeded {
                    retry_after_seconds,
                    allowance,
                })
            }
        }
    }

    pub(super) fn keys(&self) -> usize {
        self.memory.keys()
    }

    fn allowance(&self, remaining: u32, retry_after_seconds: Option<u32>) -> Allowance {
        let used = self.rate.requests_max.get().saturating_sub(remaining);
        let full_again = || seconds_up(self.period.saturating_mul(used));
        Allowance {
            name: self.name,
            rate: self.rate,
            remaining,
            reset_seconds: retry_after_seconds.unwrap_or_else(full_again),
        }
    }
}

impl<K: Hash + Eq + Clone> fmt::Debug for Local<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Local({}, {:?}, {} keys)",
            self.name,
            self.rate,
            self.keys()
        )
    }
}

/// The house's clock as `governor` wants to be told the time.
#[derive(Debug, Clone)]
struct Ticks(Arc<dyn Clock>);

impl GovernorClock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic().since(Monotonic::default())
    }
}

fn seconds_up(time: Duration) -> u32 {
    let whole = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(whole).unwrap_or(u32::MAX)
}
