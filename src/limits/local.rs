//! A limit within this process: `governor`'s GCRA over our clock and our bounded memory.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::{Quota, RateLimiter};

use crate::clock::{Clock, Monotonic};
use crate::limits::memory::Memory;
use crate::limits::{Allowance, Exceeded, Rate};

pub(super) struct Local<K: Hash + Eq + Clone> {
    name: &'static str,
    rated: ArcSwap<Rated<K>>,
    memory: Memory<K, Option<Nanos>>,
    clock: Arc<dyn Clock>,
}

/// One rate over the memory that all rates share: who has asked much has done so under the next as
/// well.
struct Rated<K: Hash + Eq + Clone> {
    rate: Rate,
    limiter: RateLimiter<K, Memory<K, Option<Nanos>>, Ticks, StateInformationMiddleware>,
}

impl<K: Hash + Eq + Clone> Local<K> {
    pub(super) fn new(
        name: &'static str,
        rate: Rate,
        keys_max: usize,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let memory = Memory::new(keys_max);
        let rated = Rated::new(rate, memory.clone(), Arc::clone(&clock));
        Self {
            name,
            rated: ArcSwap::from_pointee(rated),
            memory,
            clock,
        }
    }

    /// From now on this rate, for keys that are known as well.
    pub(super) fn set_rate(&self, rate: Rate) {
        if self.rated.load().rate != rate {
            let rated = Rated::new(rate, self.memory.clone(), Arc::clone(&self.clock));
            self.rated.store(Arc::new(rated));
        }
    }

    pub(super) fn check(&self, key: &K) -> Result<Allowance, Exceeded> {
        let rated = self.rated.load();
        match rated.limiter.check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Ok(Allowance::of(self.name, rated.rate, remaining))
            }
            Err(until) => {
                let wait = until.wait_time_from(rated.limiter.clock().now());
                Err(Exceeded::after(self.name, rated.rate, wait))
            }
        }
    }

    pub(super) fn keys(&self) -> usize {
        self.memory.keys()
    }
}

impl<K: Hash + Eq + Clone> Rated<K> {
    fn new(rate: Rate, memory: Memory<K, Option<Nanos>>, clock: Arc<dyn Clock>) -> Self {
        let quota = Quota::with_period(rate.period())
            .unwrap_or_else(|| Quota::per_second(rate.requests_max))
            .allow_burst(rate.requests_max);
        Self {
            rate,
            limiter: RateLimiter::new(quota, memory, Ticks::of(clock)),
        }
    }
}

impl<K: Hash + Eq + Clone> fmt::Debug for Local<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Local({}, {:?}, {} keys)",
            self.name,
            self.rated.load().rate,
            self.keys()
        )
    }
}

/// The house's clock as `governor` wants to be told the time. What is remembered counts from the
/// first reading of a limiter's clock; that one is zero, so that all rates count from the same
/// moment.
#[derive(Debug, Clone)]
struct Ticks {
    clock: Arc<dyn Clock>,
    is_begun: Arc<AtomicBool>,
}

impl Ticks {
    fn of(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            is_begun: Arc::default(),
        }
    }
}

impl GovernorClock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        match self.is_begun.swap(true, Ordering::Relaxed) {
            true => self.clock.monotonic().since(Monotonic::default()),
            false => Duration::ZERO,
        }
    }
}
