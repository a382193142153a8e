//! A limit that several processes share, spent by leases; on its own, this process's part of it.

use std::fmt;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::limits::lease::{Ask, Lease, Spending, Terms};
use crate::limits::local::Local;
use crate::limits::memory::Memory;
use crate::limits::shared::{CounterKey, Shared, Take, Taken};
use crate::limits::{Allowance, Exceeded, Rate};
use crate::telemetry::meters;

/// Something that is counted, in bytes that are nothing else's.
pub(super) trait Countable: Hash + Eq + Clone + Send + Sync + 'static {
    /// Its name outside the process, made of parts that no other key has.
    fn named(&self, name: impl FnOnce(&[&[u8]]) -> CounterKey) -> CounterKey;
}

pub(super) struct Leased<K: Countable> {
    inner: Arc<Inner<K>>,
    /// Questions that no request waits for; they end with the limit.
    refreshes: Mutex<JoinSet<()>>,
}

struct Inner<K: Countable> {
    name: &'static str,
    rate: ArcSwap<Rate>,
    leases: Memory<K, Lease>,
    /// For when there is nobody to ask.
    alone: Local<K>,
    shared: Shared,
    clock: Arc<dyn Clock>,
}

impl<K: Countable> Leased<K> {
    pub(super) fn new(
        name: &'static str,
        rate: Rate,
        keys_max: usize,
        clock: Arc<dyn Clock>,
        shared: Shared,
    ) -> Self {
        let own = shared.settings.own_part(rate);
        let inner = Inner {
            name,
            rate: ArcSwap::from_pointee(rate),
            leases: Memory::new(keys_max),
            alone: Local::new(name, own, keys_max, Arc::clone(&clock)),
            shared,
            clock,
        };
        Self {
            inner: Arc::new(inner),
            refreshes: Mutex::default(),
        }
    }

    /// From now on this rate, for keys that are known as well.
    pub(super) fn set_rate(&self, rate: Rate) {
        self.inner.rate.store(Arc::new(rate));
        self.inner
            .alone
            .set_rate(self.inner.shared.settings.own_part(rate));
    }

    /// Waits only where nothing is known of the key, and then no longer than the shared count may
    /// take to answer.
    pub(super) async fn check(&self, key: &K) -> Result<Allowance, Exceeded> {
        let inner = &self.inner;
        if !inner.shared.counter.is_reachable() {
            meters::limit_alone(inner.name);
            return inner.alone.check(key);
        }
        let (rate, now) = (**inner.rate.load(), inner.clock.monotonic());
        let spending = inner
            .leases
            .update(key, |lease| lease.spend(now, inner.terms(rate)));
        match spending {
            Some(Spending::Spent { remaining, refresh }) => {
                if let Some(ask) = refresh {
                    self.refresh(key, rate, ask);
                }
                Ok(Allowance::of(inner.name, rate, remaining))
            }
            Some(Spending::Refused { wait }) => Err(Exceeded::after(inner.name, rate, wait)),
            Some(Spending::Ask(ask)) => Box::pin(inner.asked(key, rate, ask)).await,
            None => inner.alone.check(key),
        }
    }

    pub(super) fn keys(&self) -> usize {
        self.inner.leases.keys()
    }

    fn refresh(&self, key: &K, rate: Rate, ask: Ask) {
        let mut refreshes = self
            .refreshes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while refreshes.try_join_next().is_some() {}
        if refreshes.len() >= REFRESHES_MAX {
            // The next request without a lease asks for itself.
            self.inner.leases.update(key, |lease| lease.unanswered(ask));
            return;
        }
        let (inner, key) = (Arc::clone(&self.inner), key.clone());
        refreshes.spawn(async move {
            // Without an answer the next request asks.
            let _unanswered = inner.take(&key, rate, ask, false).await;
        });
    }
}

impl<K: Countable> Inner<K> {
    async fn asked(&self, key: &K, rate: Rate, ask: Ask) -> Result<Allowance, Exceeded> {
        match self.take(key, rate, ask, true).await {
            Some(taken) if taken.granted > 0 => {
                let ahead = taken.granted - 1;
                let remaining = taken.remaining.saturating_add(ahead);
                Ok(Allowance::of(self.name, rate, remaining))
            }
            Some(taken) => Err(Exceeded::after(self.name, rate, taken.wait)),
            None => {
                meters::limit_alone(self.name);
                self.alone.check(key)
            }
        }
    }

    /// Asks, and notes the answer.
    async fn take(&self, key: &K, rate: Rate, ask: Ask, spends: bool) -> Option<Taken> {
        let pseudonym = &self.shared.pseudonym;
        let take = Take {
            key: key.named(|parts| CounterKey::named(pseudonym, self.name, parts)),
            rate,
            wanted: NonZeroU32::new(ask.wanted).unwrap_or(NonZeroU32::MIN),
            unspent: ask.unspent,
            unspent_age: ask.unspent_age,
        };
        let taken = self.shared.counter.take(take).await.ok();
        let terms = self.terms(rate);
        self.leases.update(key, |lease| match taken {
            Some(taken) => lease.receive(ask, taken, spends, terms),
            None => lease.unanswered(ask),
        });
        taken
    }

    fn terms(&self, rate: Rate) -> Terms {
        let settings = self.shared.settings;
        Terms {
            lease_requests_max: settings.lease_requests_max(rate),
            lease_ms_max: settings.lease_ms_max,
        }
    }
}

impl<K: Countable> fmt::Debug for Leased<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            name, rate, shared, ..
        } = &*self.inner;
        write!(
            f,
            "Leased({name}, {:?}, {:?})",
            **rate.load(),
            shared.counter
        )
    }
}

/// Questions of one limit that no request waits for.
const REFRESHES_MAX: usize = 256;
