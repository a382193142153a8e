//! One endpoint of an upstream: where it listens, how much it has to do, whether it can be asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Monotonic;
use crate::upstream::pool::{EjectionSettings, HealthSettings};

/// Where an upstream listens, `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(String);

/// Text that is no `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `host:port`")]
pub struct EndpointError(String);

impl Endpoint {
    /// Reads `host:port`; an IPv6 address stands in brackets.
    ///
    /// # Errors
    /// [`EndpointError`] when there is no port or no host.
    pub fn parse(given: &str) -> Result<Self, EndpointError> {
        let error = || EndpointError(given.to_owned());
        let (host, port) = given.rsplit_once(':').ok_or_else(error)?;
        let bracketed = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() || (host.contains(':') && !bracketed) || port.parse::<u16>().is_err() {
            return Err(error());
        }
        Ok(Self(given.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, without the brackets of an IPv6 address.
    pub(super) fn host(&self) -> &str {
        let host = self.0.rsplit_once(':').map_or("", |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

/// How an endpoint has done, and how much of the load it gets.
#[derive(Debug, Default)]
pub(super) struct Standing {
    under_way: Arc<AtomicUsize>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests in a row that failed.
    failures: u32,
    /// How often it was ejected without having done well since.
    ejections: u32,
    ejected_until: Option<Monotonic>,
    /// Probes in a row that came out other than what it stands for.
    contrary_probes: u32,
    is_unhealthy: bool,
    /// From when it takes its share again, little by little.
    returned_at: Option<Monotonic>,
}

/// How a request to an endpoint went, as far as the endpoint is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Well,
    Failed,
}

/// Whether an endpoint is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    Open,
    Ejected,
    Unhealthy,
}

/// Counts as under way until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<AtomicUsize>);

impl Standing {
    /// One more request.
    pub(super) fn begin(&self) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::AcqRel);
        UnderWay(Arc::clone(&self.under_way))
    }

    /// What there is to do for its share: the endpoint with less is asked. `None` when it should
    /// not be asked at all.
    pub(super) fn burden(&self, now: Monotonic, ejection: &EjectionSettings) -> Option<u64> {
        let mut state = self.state();
        if state.is_unhealthy {
            return None;
        }
        if let Some(until) = state.ejected_until {
            if now < until {
                return None;
            }
            state.ejected_until = None;
            state.returned_at = Some(until);
        }
        let share = state.share(now, ejection);
        let under_way = self.under_way.load(Ordering::Acquire) as u64;
        Some((under_way + 1) * WHOLE_SHARE / share)
    }

    pub(super) fn condition(&self, now: Monotonic) -> Condition {
        if self.state().is_unhealthy {
            return Condition::Unhealthy;
        }
        match self.is_ejected(now) {
            true => Condition::Ejected,
            false => Condition::Open,
        }
    }

    pub(super) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    pub(super) fn is_ejected(&self, now: Monotonic) -> bool {
        self.state().ejected_until.is_some_and(|until| now < until)
    }

    /// Notes how a request went; whether it should now be ejected.
    pub(super) fn note(&self, outcome: Outcome, ejection: &EjectionSettings) -> bool {
        let mut state = self.state();
        match outcome {
            Outcome::Well => {
                state.failures = 0;
                if state.returned_at.is_none() {
                    state.ejections = 0;
                }
                false
            }
            Outcome::Failed => {
                state.failures += 1;
                state.failures >= ejection.failures_max
            }
        }
    }

    /// Takes it out for a while, longer each time. How long.
    pub(super) fn eject(&self, now: Monotonic, ejection: &EjectionSettings) -> Duration {
        let mut state = self.state();
        state.failures = 0;
        state.ejections = state.ejections.saturating_add(1);
        let times = state.ejections.min(EJECTED_TIMES_MAX);
        let ms = u64::from(ejection.ejected_ms) * u64::from(times);
        state.ejected_until = Some(now.plus_ms(ms));
        Duration::from_millis(ms)
    }

    /// Notes what a probe found. What it stands for now, if that has changed.
    pub(super) fn probed(
        &self,
        outcome: Outcome,
        now: Monotonic,
        health: &HealthSettings,
    ) -> Option<Outcome> {
        let mut state = self.state();
        let (stands_for, needed) = match state.is_unhealthy {
            true => (Outcome::Failed, health.successes_min),
            false => (Outcome::Well, health.failures_max),
        };
        if outcome == stands_for {
            state.contrary_probes = 0;
            return None;
        }
        state.contrary_probes += 1;
        if state.contrary_probes < needed {
            return None;
        }
        state.contrary_probes = 0;
        state.is_unhealthy = outcome == Outcome::Failed;
        if outcome == Outcome::Well {
            state.returned_at = Some(now);
        }
        Some(outcome)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Of [`WHOLE_SHARE`]: grows evenly from [`FIRST_SHARE`] after a return.
    fn share(&mut self, now: Monotonic, ejection: &EjectionSettings) -> u64 {
        let Some(returned) = self.returned_at else {
            return WHOLE_SHARE;
        };
        let return_ms = u64::from(ejection.return_ms);
        let passed_ms = u64::try_from(now.since(returned).as_millis()).unwrap_or(u64::MAX);
        if passed_ms >= return_ms {
            self.returned_at = None;
            return WHOLE_SHARE;
        }
        let grown = (WHOLE_SHARE - FIRST_SHARE) * passed_ms / return_ms;
        FIRST_SHARE + grown
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// An endpoint's share of the load, in thousandths: the whole, and what it begins with again.
const WHOLE_SHARE: u64 = 1_000;
const FIRST_SHARE: u64 = 100;
/// An endpoint that is ejected again and again stays out at most so many times as long.
const EJECTED_TIMES_MAX: u32 = 10;

#[cfg(test)]
mod tests {
    use super::{Endpoint, Outcome, Standing};
    use crate::clock::Monotonic;
    use crate::upstream::pool::{EjectionSettings, HealthSettings};

    const EJECTION: EjectionSettings = EjectionSettings {
        failures_max: 2,
        ejected_ms: 1_000,
        return_ms: 1_000,
        ejected_percent_max: 50,
    };

    fn at(ms: u64) -> Monotonic {
        Monotonic::default().plus_ms(ms)
    }

    #[test]
    fn the_host_of_an_address_stands_without_brackets() {
        for (given, host) in [("[::1]:80", "::1"), ("pension:8080", "pension")] {
            assert_eq!(Endpoint::parse(given).unwrap().host(), host);
        }
        assert!(Endpoint::parse("::1:80").is_err());
    }

    #[test]
    fn who_fails_in_a_row_is_out_for_longer_each_time_and_comes_back_slowly() {
        let standing = Standing::default();
        assert!(!standing.note(Outcome::Failed, &EJECTION));
        assert!(!standing.note(Outcome::Well, &EJECTION));
        assert!(!standing.note(Outcome::Failed, &EJECTION));
        assert!(standing.note(Outcome::Failed, &EJECTION));
        assert_eq!(standing.eject(at(0), &EJECTION).as_millis(), 1_000);
        assert_eq!(standing.burden(at(999), &EJECTION), None);
        assert!(standing.is_ejected(at(999)) && !standing.is_ejected(at(1_000)));
        let burdens = [1_000, 1_500, 2_000].map(|ms| standing.burden(at(ms), &EJECTION));
        assert_eq!(burdens, [Some(10), Some(1), Some(1)]);
        let begun = standing.begin();
        assert_eq!(standing.burden(at(2_000), &EJECTION), Some(2));
        drop(begun);
        assert_eq!(standing.eject(at(2_000), &EJECTION).as_millis(), 2_000);
    }

    #[test]
    fn probes_decide_only_when_enough_of_them_agree() {
        let health = HealthSettings {
            path: "/".to_owned(),
            every_ms: 1,
            probe_ms_max: 1,
            failures_max: 2,
            successes_min: 2,
        };
        let standing = Standing::default();
        let probed = |outcome| standing.probed(outcome, at(0), &health);
        assert_eq!(probed(Outcome::Failed), None);
        assert_eq!(probed(Outcome::Well), None);
        assert_eq!(probed(Outcome::Failed), None);
        assert_eq!(probed(Outcome::Failed), Some(Outcome::Failed));
        assert_eq!(standing.burden(at(0), &EJECTION), None);
        assert_eq!(probed(Outcome::Well), None);
        assert_eq!(probed(Outcome::Well), Some(Outcome::Well));
        assert_eq!(standing.burden(at(0), &EJECTION), Some(10));
    }
}
