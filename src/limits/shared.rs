//! A count that several processes share.

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::keys::Pseudonym;
use crate::limits::Rate;

/// Counts for all processes of a deployment, by the same arithmetic as within one (GCRA).
///
/// A take is atomic: of two takes of one key, one sees the other. It grants as many of `wanted` as
/// would be granted one after the other at this moment, never more. Nothing is durable: what
/// forgets gives a key its limit once more. The time is the same for all processes as nearly as
/// they can agree on it; a key that is ahead of it is held to be full, not more. A take is answered
/// within a bound of the implementation's own settings, or fails; one that failed may have been
/// counted all the same. Called concurrently.
pub trait SharedCounter: Send + Sync + fmt::Debug {
    fn take(&self, take: Take) -> Taking<'_>;

    /// Whether asking makes sense now; quick, and never waits.
    fn is_reachable(&self) -> bool;
}

/// What a process asks for one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Take {
    pub key: CounterKey,
    pub rate: Rate,
    pub wanted: NonZeroU32,
    /// Taken before and not spent: given back, less what has come back by itself since.
    pub unspent: u32,
    /// How long ago the oldest of `unspent` was taken.
    pub unspent_age: Duration,
}

/// What it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// At most what was wanted.
    pub granted: u32,
    /// What is left to all processes.
    pub remaining: u32,
    /// Until one more is granted; zero when something was.
    pub wait: Duration,
}

/// Why it gets no answer.
#[derive(Debug, thiserror::Error)]
pub enum SharedError {
    #[error("the shared limits are not connected")]
    Unreachable,
    #[error("the shared limits did not answer in {timeout_ms_max} ms")]
    Late { timeout_ms_max: u32 },
    #[error("the shared limits refused: {0}")]
    Refused(String),
}

/// An answer that is being waited for.
#[expect(
    missing_debug_implementations,
    reason = "a future has nothing to print"
)]
pub struct Taking<'a>(Pin<Box<dyn Future<Output = Result<Taken, SharedError>> + Send + 'a>>);

impl<'a> Taking<'a> {
    /// The answer that this future comes to.
    pub fn new(answer: impl Future<Output = Result<Taken, SharedError>> + Send + 'a) -> Self {
        Self(Box::pin(answer))
    }
}

impl Future for Taking<'_> {
    type Output = Result<Taken, SharedError>;

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

/// The name of a count outside the process: a keyed pseudonym, of which nobody can tell whose it
/// is without the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterKey([u8; 32]);

impl CounterKey {
    /// Named under a limit, by parts that together no other key has.
    #[must_use]
    pub fn named(pseudonym: &Pseudonym, limit: &str, parts: &[&[u8]]) -> Self {
        Self(pseudonym.counter(limit, parts))
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for CounterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, ..] = self.0;
        write!(f, "CounterKey({a:02x}{b:02x}{c:02x}…)")
    }
}

/// How limits are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedSettings {
    /// Processes that share the limits; each has this part of them when it is on its own.
    pub nodes: NonZeroU32,
    /// What all processes together may have taken ahead, in hundredths of a limit.
    pub lease_percent_max: u32,
    /// How long it may be spent.
    pub lease_ms_max: u64,
}

/// A shared count and what is needed to use it.
#[derive(Debug, Clone)]
pub struct Shared {
    pub counter: Arc<dyn SharedCounter>,
    pub pseudonym: Arc<Pseudonym>,
    pub settings: SharedSettings,
}

impl SharedSettings {
    /// The most that one process has taken ahead of one key.
    #[must_use]
    pub fn lease_requests_max(&self, rate: Rate) -> u32 {
        let all = u64::from(rate.requests_max.get()) * u64::from(self.lease_percent_max) / 100;
        let own = all / u64::from(self.nodes.get());
        u32::try_from(own).unwrap_or(u32::MAX).max(1)
    }

    /// The most by which all processes together may exceed what GCRA gives in a window: what they
    /// had taken ahead when it began.
    #[must_use]
    pub fn over_admission_max(&self, rate: Rate) -> u32 {
        match self.lease_requests_max(rate) {
            // Taken and spent by the same request.
            1 => 0,
            each => each.saturating_mul(self.nodes.get()),
        }
    }

    /// This process's part of a limit, for when it is on its own; at least one request.
    #[must_use]
    pub fn own_part(&self, rate: Rate) -> Rate {
        let own = rate.requests_max.get() / self.nodes.get();
        Rate {
            requests_max: NonZeroU32::new(own).unwrap_or(NonZeroU32::MIN),
            ..rate
        }
    }
}
