//! gRPC as far as a gateway needs it: who speaks it, how long they wait, how a no is said.
//!
//! From the description of gRPC over HTTP/2. A call is a POST whose answer's outcome stands in its
//! trailers; messages are read by nobody here.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};

use crate::domain::flow::GRPC;
use crate::domain::reason::{Reason, Side};
use crate::wire::headers::single;

pub const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
pub const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
pub const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The outcomes that a gateway tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Cancelled = 1,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// The deadline of a call does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`grpc-timeout` is not up to 8 digits and a unit, once")]
pub struct TimeoutError;

/// Whether a request is a call of gRPC.
#[must_use]
pub fn is_call(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    media.is_some_and(|media| {
        let rest = media.strip_prefix(GRPC.as_bytes());
        rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
    })
}

/// How long the caller waits for the whole call.
///
/// # Errors
/// [`TimeoutError`].
pub fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, TimeoutError> {
    let Some(text) = single(headers, &GRPC_TIMEOUT).map_err(|_| TimeoutError)? else {
        return Ok(None);
    };
    let (digits, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or(TimeoutError)?;
    let plain = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = digits.parse().map_err(|_| TimeoutError)?;
    let timeout = match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return Err(TimeoutError),
    };
    plain.then_some(Some(timeout)).ok_or(TimeoutError)
}

/// The same, as it is told to an e-service: 8 digits hold a day of milliseconds.
#[must_use]
pub fn timeout_field(timeout: Duration) -> String {
    format!("{}m", timeout.as_millis().min(99_999_999))
}

impl Status {
    /// How a refusal is told to a caller of gRPC.
    #[must_use]
    pub const fn of(reason: Reason) -> Self {
        match (reason, reason.status()) {
            (Reason::UpstreamTimeout, _) => Self::DeadlineExceeded,
            (_, 401) => Self::Unauthenticated,
            (_, 403) => Self::PermissionDenied,
            (_, 404) => Self::NotFound,
            (_, 405 | 426) => Self::Unimplemented,
            (_, 413 | 429) => Self::ResourceExhausted,
            (_, 502..=504) => Self::Unavailable,
            _ => match reason.side() {
                Side::Caller => Self::InvalidArgument,
                Side::Upstream | Side::Gateway => Self::Internal,
            },
        }
    }

    /// The fields that end a call: in trailers, or in the head of an answer without messages. Our
    /// messages are codes, which need no percent-encoding.
    #[must_use]
    pub fn fields(self, message: &'static str) -> HeaderMap {
        let mut fields = HeaderMap::new();
        fields.insert(GRPC_STATUS, HeaderValue::from(self as u16));
        fields.insert(GRPC_MESSAGE, HeaderValue::from_static(message));
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_reads_in_one_way() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(GRPC_TIMEOUT, HeaderValue::from_static(text));
            timeout(&headers)
        };
        let ms = |ms| Ok(Some(Duration::from_millis(ms)));
        assert_eq!(timeout(&HeaderMap::new()), Ok(None));
        assert_eq!(read("1S"), ms(1000));
        assert_eq!(read("250m"), ms(250));
        assert_eq!(read("99999999H"), ms(99_999_999 * 3_600_000));
        for bad in [
            "",
            "S",
            "1",
            "-1S",
            "+1S",
            "1s",
            "123456789S",
            "1 S",
            "1.5S",
        ] {
            assert_eq!(read(bad), Err(TimeoutError), "{bad}");
        }
    }
}
