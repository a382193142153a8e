//! The shared count within one process, for several limiters that stand for several processes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Monotonic};
use crate::limits::{CounterKey, SharedCounter, Take, Taken, Taking};

/// Counts in this process. Keys are not forgotten: for tests and for trying out.
#[derive(Debug)]
pub struct MemoryCounter {
    clock: Arc<dyn Clock>,
    /// Theoretical arrival times, since the clock's first moment.
    arrivals: Mutex<HashMap<CounterKey, Duration>>,
}

impl MemoryCounter {
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            arrivals: Mutex::default(),
        }
    }

    fn taken(&self, take: &Take) -> Taken {
        let now = self.clock.monotonic().since(Monotonic::default());
        let period = take.rate.period();
        let full = period.saturating_mul(take.rate.requests_max.get());
        let tolerance = full.saturating_sub(period);
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        let known = arrivals.get(&take.key).copied().unwrap_or(now);
        let back = period.saturating_mul(take.unspent);
        let back = back.saturating_sub(take.unspent_age);
        let mut arrival = known.min(now + full).saturating_sub(back);
        let (mut granted, mut wait) = (0, Duration::ZERO);
        if now + full >= arrival + period {
            let from = arrival.max(now);
            let room = (now + tolerance).saturating_sub(from).as_micros() / period.as_micros() + 1;
            granted = take
                .wanted
                .get()
                .min(u32::try_from(room).unwrap_or(u32::MAX));
            arrival = from + period.saturating_mul(granted);
        } else {
            wait = arrival.saturating_sub(tolerance).saturating_sub(now);
        }
        arrivals.insert(take.key, arrival);
        let room = (now + full).saturating_sub(arrival).min(full);
        let remaining = room.as_micros() / period.as_micros();
        Taken {
            granted,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            wait,
        }
    }
}

impl SharedCounter for MemoryCounter {
    fn take(&self, take: Take) -> Taking<'_> {
        let taken = self.taken(&take);
        Taking::new(async move { Ok(taken) })
    }

    fn is_reachable(&self) -> bool {
        true
    }
}
