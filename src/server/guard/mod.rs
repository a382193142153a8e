//! The guard: a strict HTTP/1 reader between TLS and hyper.
//!
//! Answers: is this the one and only way to read these bytes? In: bytes as they come off the
//! connection, in pieces of any size. Out: exactly the same bytes, but only after the request head
//! (or chunk line, or trailer section) they belong to was read whole and found beyond doubt; or a
//! [`Violation`], after which nothing is passed on any more.
//!
//! Why: request smuggling lives from two readers that understand one message differently. hyper is
//! made to be tolerant (it takes bare LF, discards Content-Length beside Transfer-Encoding, drops
//! fragments) and does not tell. What passes the guard has one reading under RFC 9112.
//!
//! Invariants: the verdict does not depend on how the bytes were cut; a request is not read before
//! the one in front of it was answered; after a violation the connection ends. Every line, count
//! and size is bounded by [`Limits`].
//!
//! Deliberately absent: meaning. Routes, methods, hosts and bodies are for those behind. HTTP/2
//! does not pass here; what its library hides is listed in [`crate::server::dispatch`].
//! Upgrades: a request that asks for one is the last of its connection, and what follows it is
//! never read.

mod chunk;
mod field;
mod head;
mod line;
mod machine;
mod stream;
pub(super) mod violation;

pub use machine::{Fed, Guard, Place, Verdict};
pub use stream::{Awake, Ended, GuardedStream, Linger, Progress, Timeouts, Unanswered};
pub use violation::Violation;

/// The bounds of one request's framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub method_bytes_max: usize,
    pub request_line_bytes_max: usize,
    pub head_bytes_max: usize,
    pub headers_max: usize,
    pub header_name_bytes_max: usize,
    pub header_value_bytes_max: usize,
    pub chunk_bytes_max: u64,
    pub trailers_bytes_max: usize,
    pub trailers_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            method_bytes_max: 24,
            request_line_bytes_max: 12 * 1024 + 512,
            head_bytes_max: 48 * 1024,
            headers_max: 100,
            header_name_bytes_max: 128,
            header_value_bytes_max: 16 * 1024,
            chunk_bytes_max: 1 << 30,
            trailers_bytes_max: 4096,
            trailers_max: 16,
        }
    }
}
