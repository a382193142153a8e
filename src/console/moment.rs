//! Moments as people in the country write them: 23.11.2026, 14:05, five hours east of UTC.

use crate::domain::time::Timestamp;

/// Tashkent keeps UTC+5 the whole year.
const OFFSET_MS: i64 = 5 * 60 * 60 * 1000;

/// `23.11.2026`; empty for a moment outside the calendar.
pub(super) fn date(at: Timestamp) -> String {
    let Some(local) = at.plus_ms(OFFSET_MS).utc() else {
        return String::new();
    };
    let month = u8::from(local.month());
    format!("{:02}.{month:02}.{:04}", local.day(), local.year())
}

/// `14:05`.
pub(super) fn clock(at: Timestamp) -> String {
    let Some(local) = at.plus_ms(OFFSET_MS).utc() else {
        return String::new();
    };
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// `14:05:09`, where seconds matter.
pub(super) fn clock_exact(at: Timestamp) -> String {
    let Some(local) = at.plus_ms(OFFSET_MS).utc() else {
        return String::new();
    };
    format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second())
}

/// `23.11.2026 14:05`.
pub(super) fn date_and_clock(at: Timestamp) -> String {
    format!("{} {}", date(at), clock(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_late_in_the_utc_day_belongs_to_the_next_day_in_tashkent() {
        let at = Timestamp::parse("2026-11-23T19:05:09Z").unwrap();
        assert_eq!(date(at), "24.11.2026");
        assert_eq!(clock(at), "00:05");
        assert_eq!(clock_exact(at), "00:05:09");
        assert_eq!(date_and_clock(at), "24.11.2026 00:05");
    }
}
