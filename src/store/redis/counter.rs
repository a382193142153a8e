//! The shared count: one script, so that asking and counting are one step.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, RedisError, ServerErrorKind};

use crate::clock::Clock;
use crate::domain::hex::digits;
use crate::limits::{SharedCounter, SharedError, Take, Taken, Taking};
use crate::store::redis::link::{Link, LinkError, Linked, RedisSettings};

/// Counts in one Redis. The time is the server's when the connection was made, and from there this
/// process's own monotonic one: setting a machine's clock gives nobody more requests.
#[derive(Debug)]
pub struct RedisCounter {
    link: Link,
}

impl RedisCounter {
    /// Nothing is connected before [`RedisCounter::keep`] runs.
    #[must_use]
    pub fn new(settings: RedisSettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            link: Link::new(settings, clock, GCRA),
        }
    }

    /// Connects, and again whenever the connection is lost, until it is dropped.
    pub async fn keep(&self) {
        self.link.keep(|linked| self.probed(linked)).await;
    }

    /// Whether the server does what will be asked of it: a replica takes no writes.
    async fn probed(&self, linked: Arc<Linked>) -> Result<(), RedisError> {
        let probe = format!("{PREFIX}probe");
        let asked = self.invoke(&linked, &probe, [1, 0, 1, 0, 0]).await;
        asked.map(drop)
    }

    async fn invoke(
        &self,
        linked: &Linked,
        key: &str,
        numbers: [u64; 5],
    ) -> Result<(u32, u32, u64), RedisError> {
        let now = self.link.micros(linked);
        let said = |verb: &str, script: &str| {
            let mut said = Cmd::new();
            said.arg(verb).arg(script).arg(1).arg(key);
            said.arg(now).arg(&numbers);
            said
        };
        let mut connection = linked.connection();
        let by_name = said("EVALSHA", &linked.script);
        match by_name.query_async(&mut connection).await {
            // It has forgotten its scripts: a restart behind a proxy, or `SCRIPT FLUSH`.
            Err(cause) if cause.kind() == ServerErrorKind::NoScript.into() => {
                said("EVAL", GCRA).query_async(&mut connection).await
            }
            answered => answered,
        }
    }

    async fn asked(&self, take: Take) -> Result<Taken, SharedError> {
        let linked = self.link.current().ok_or(SharedError::Unreachable)?;
        let period = micros(take.rate.period());
        let burst = u64::from(take.rate.requests_max.get());
        let numbers = [
            period,
            period.saturating_mul(burst - 1),
            u64::from(take.wanted.get()),
            u64::from(take.unspent),
            micros(take.unspent_age),
        ];
        let key = named(take.key.as_bytes());
        let invoked = self.invoke(&linked, &key, numbers);
        match tokio::time::timeout(self.link.timeout(), invoked).await {
            Ok(Ok((granted, remaining, wait))) => {
                self.link.answered();
                Ok(Taken {
                    granted,
                    remaining,
                    wait: Duration::from_micros(wait),
                })
            }
            Ok(Err(cause)) => {
                let why = LinkError::from(cause).to_string();
                self.link.broken(&linked, &why);
                Err(SharedError::Refused(why))
            }
            Err(_) => {
                self.link.late(&linked);
                let timeout_ms_max = self.link.timeout_ms_max();
                Err(SharedError::Late { timeout_ms_max })
            }
        }
    }
}

impl SharedCounter for RedisCounter {
    fn take(&self, take: Take) -> Taking<'_> {
        Taking::new(self.asked(take))
    }

    fn is_reachable(&self) -> bool {
        self.link.is_up()
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Half of the pseudonym is enough to tell keys apart.
fn named(key: &[u8; 32]) -> String {
    let (half, _) = key.split_at(16);
    [PREFIX, &digits(half)].concat()
}

const PREFIX: &str = "muhrdor:limit:";
const GCRA: &str = include_str!("gcra.lua");
