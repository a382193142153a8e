//! Something fetched from a provider: kept, renewed, and given up when too old.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::clock::{Clock, Monotonic};

/// How often something is fetched and how long it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshSettings {
    /// The cool-down: at most one fetch in this time, whatever is asked.
    pub refresh_ms_min: u32,
    /// Younger than this, it is not fetched again without need.
    pub fresh_ms_max: u32,
    /// Older than this, it is not used any more.
    pub age_ms_max: u32,
}

impl Default for RefreshSettings {
    fn default() -> Self {
        Self {
            refresh_ms_min: 10_000,
            fresh_ms_max: 600_000,
            age_ms_max: 86_400_000,
        }
    }
}

/// Which value is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::identity) enum Wish {
    Any,
    /// One fetched after the value of this generation, which lacked something.
    After(u64),
}

/// A value and which fetch it came from.
#[derive(Debug)]
pub(in crate::identity) struct Fetched<T> {
    pub(in crate::identity) value: Arc<T>,
    pub(in crate::identity) generation: u64,
}

/// The last good value of something fetched. Any number may ask; one fetches, the others wait for
/// what it brings.
pub(in crate::identity) struct Refreshed<T> {
    settings: RefreshSettings,
    kept: Mutex<Kept<T>>,
    fetching: Semaphore,
}

struct Kept<T> {
    good: Option<Good<T>>,
    tried: Option<Monotonic>,
    generation: u64,
}

struct Good<T> {
    value: Arc<T>,
    at: Monotonic,
}

enum Look<T> {
    Enough(Fetched<T>),
    /// A fetch is due.
    Due,
    /// No fetch yet; this is what there is.
    Cooling(Option<Fetched<T>>),
}

impl<T> Refreshed<T> {
    pub(in crate::identity) fn new(settings: RefreshSettings) -> Self {
        Self {
            settings,
            kept: Mutex::new(Kept {
                good: None,
                tried: None,
                generation: 0,
            }),
            fetching: Semaphore::new(1),
        }
    }

    /// The value wished for, else the last good one; `Ok(None)` when there is none and none may be
    /// fetched yet.
    ///
    /// # Errors
    /// What `fetch` said, when there is no good value left either.
    pub(in crate::identity) async fn obtain<E>(
        &self,
        wish: Wish,
        clock: &dyn Clock,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<Option<Fetched<T>>, E> {
        match self.look(wish, clock.monotonic()) {
            Look::Enough(fetched) => return Ok(Some(fetched)),
            Look::Cooling(fetched) => return Ok(fetched),
            Look::Due => {}
        }
        // Never closed, so this is always a permit; without one, fetching once more is harmless.
        let _permit = self.fetching.acquire().await.ok();
        // Another may have fetched while this one waited.
        match self.look(wish, clock.monotonic()) {
            Look::Enough(fetched) => return Ok(Some(fetched)),
            Look::Cooling(fetched) => return Ok(fetched),
            Look::Due => {}
        }
        self.begin(clock.monotonic());
        let outcome = fetch.await;
        self.end(outcome, clock.monotonic())
    }

    fn look(&self, wish: Wish, now: Monotonic) -> Look<T> {
        let settings = self.settings;
        let passed = |at: Monotonic, ms: u32| now.since(at).as_millis() >= u128::from(ms);
        let kept = self.kept();
        let good = kept
            .good
            .as_ref()
            .filter(|good| !passed(good.at, settings.age_ms_max));
        let fetched = || {
            good.map(|good| Fetched {
                value: Arc::clone(&good.value),
                generation: kept.generation,
            })
        };
        let enough = good.is_some_and(|good| match wish {
            Wish::Any => !passed(good.at, settings.fresh_ms_max),
            Wish::After(generation) => kept.generation > generation,
        });
        match fetched() {
            Some(fetched) if enough => Look::Enough(fetched),
            fetched => match kept.tried {
                Some(tried) if !passed(tried, settings.refresh_ms_min) => Look::Cooling(fetched),
                Some(_) | None => Look::Due,
            },
        }
    }

    /// The cool-down begins before the fetch, so that who asks and goes away cannot cause another.
    /// As long as nothing was ever fetched it begins after, so that they cannot prevent one.
    fn begin(&self, now: Monotonic) {
        let mut kept = self.kept();
        if kept.good.is_some() {
            kept.tried = Some(now);
        }
    }

    fn end<E>(&self, outcome: Result<T, E>, now: Monotonic) -> Result<Option<Fetched<T>>, E> {
        let mut kept = self.kept();
        kept.tried = Some(now);
        match outcome {
            Ok(value) => {
                let value = Arc::new(value);
                kept.generation += 1;
                kept.good = Some(Good {
                    value: Arc::clone(&value),
                    at: now,
                });
                Ok(Some(Fetched {
                    value,
                    generation: kept.generation,
                }))
            }
            Err(error) => {
                let age_ms_max = u128::from(self.settings.age_ms_max);
                let good = kept.good.as_ref();
                let good = good.filter(|good| now.since(good.at).as_millis() < age_ms_max);
                let good = good.map(|good| Arc::clone(&good.value));
                let generation = kept.generation;
                match good {
                    Some(value) => Ok(Some(Fetched { value, generation })),
                    None => Err(error),
                }
            }
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept<T>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Refreshed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refreshed")
            .field("generation", &self.kept().generation)
            .finish_non_exhaustive()
    }
}
