//! What is left of a limit, and how clients are told.

use std::fmt::Write;
use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

use crate::limits::Rate;

/// What a key may still do. Told to clients in the `RateLimit` fields
/// (draft-ietf-httpapi-ratelimit-headers-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    name: &'static str,
    rate: Rate,
    remaining: u32,
    reset_seconds: u32,
}

/// Too many requests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; the next may come in {retry_after_seconds} s")]
pub struct Exceeded {
    /// For `Retry-After`; 1 or more.
    pub retry_after_seconds: u32,
    pub allowance: Allowance,
}

impl Allowance {
    /// What is left of a limit, whole again once all that was used has come back.
    pub(super) fn of(name: &'static str, rate: Rate, remaining: u32) -> Self {
        let used = rate.requests_max.get().saturating_sub(remaining);
        Self {
            name,
            rate,
            remaining,
            reset_seconds: seconds_up(rate.period().saturating_mul(used)),
        }
    }

    /// The value of `RateLimit-Policy`.
    #[must_use]
    pub fn policy_field(&self) -> String {
        joined(&[*self], Self::write_policy)
    }

    /// The value of `RateLimit`.
    #[must_use]
    pub fn limit_field(&self) -> String {
        joined(&[*self], Self::write_limit)
    }

    /// Requests that may still come at once.
    #[must_use]
    pub const fn remaining(&self) -> u32 {
        self.remaining
    }

    fn write_policy(&self, to: &mut String) {
        let Rate {
            requests_max,
            window_seconds,
        } = self.rate;
        // Writing to a string cannot fail.
        let _ = write!(to, "\"{}\";q={requests_max};w={window_seconds}", self.name);
    }

    fn write_limit(&self, to: &mut String) {
        let Self {
            remaining,
            reset_seconds,
            ..
        } = self;
        let _ = write!(to, "\"{}\";r={remaining};t={reset_seconds}", self.name);
    }
}

impl Exceeded {
    /// Nothing is left, and `wait` until there is.
    pub(super) fn after(name: &'static str, rate: Rate, wait: Duration) -> Self {
        let retry_after_seconds = seconds_up(wait).max(1);
        Self {
            retry_after_seconds,
            allowance: Allowance {
                name,
                rate,
                remaining: 0,
                reset_seconds: retry_after_seconds,
            },
        }
    }

    /// Says in these headers that it was too much, and when to come again.
    pub fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(RETRY_AFTER, HeaderValue::from(self.retry_after_seconds));
        tell(&[self.allowance], headers);
    }
}

/// Says in these headers what is left of each limit that was counted; what someone else said there
/// is replaced.
pub fn tell(allowances: &[Allowance], headers: &mut HeaderMap) {
    headers.remove(RATE_LIMIT);
    headers.remove(RATE_LIMIT_POLICY);
    if allowances.is_empty() {
        return;
    }
    let policy = joined(allowances, Allowance::write_policy);
    let limit = joined(allowances, Allowance::write_limit);
    if let (Ok(policy), Ok(limit)) = (HeaderValue::try_from(policy), HeaderValue::try_from(limit)) {
        headers.insert(RATE_LIMIT_POLICY, policy);
        headers.insert(RATE_LIMIT, limit);
    }
}

/// Members of a list (RFC 9651 §3.1).
fn joined(allowances: &[Allowance], write: impl Fn(&Allowance, &mut String)) -> String {
    let mut text = String::with_capacity(FIELD_BYTES * allowances.len());
    for (place, allowance) in allowances.iter().enumerate() {
        if place > 0 {
            text.push_str(", ");
        }
        write(allowance, &mut text);
    }
    text
}

fn seconds_up(time: Duration) -> u32 {
    let whole = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(whole).unwrap_or(u32::MAX)
}

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Room for one member.
const FIELD_BYTES: usize = 32;
