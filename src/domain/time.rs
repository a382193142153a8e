//! Moments and lengths of time, as numbers with a unit.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A moment of wall time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_unix_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// From seconds since the Unix epoch; saturates.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `ms` milliseconds more; saturates.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment; negative when `earlier` is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads an RFC 3339 date and time with any offset; `None` for anything else.
    #[must_use]
    pub fn parse(rfc3339: &str) -> Option<Self> {
        let rules = &time::format_description::well_known::Rfc3339;
        let moment = time::OffsetDateTime::parse(rfc3339, rules).ok()?;
        i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000))
            .ok()
            .map(Self)
    }

    /// The moment as a calendar date and time in UTC, or `None` outside the years 0 to 9999.
    #[must_use]
    pub fn utc(self) -> Option<time::OffsetDateTime> {
        let nanoseconds = i128::from(self.0) * 1_000_000;
        time::OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
            .ok()
            .filter(|t| t.year() >= 0)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds, `2026-11-23T09:05:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(t) = self.utc() else {
            return write!(f, "{}ms", self.0);
        };
        let (date, clock) = (t.date(), t.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            clock.hour(),
            clock.minute(),
            clock.second(),
            clock.millisecond()
        )
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A moment written as RFC 3339 text: how registers and files that people write give one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenTime(pub Timestamp);

impl<'de> Deserialize<'de> for WrittenTime {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Timestamp::parse(&text).map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` is not like `2026-11-23T09:05:00Z`"))
        })
    }
}
