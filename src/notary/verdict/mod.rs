//! Is this document what it says it is?
//!
//! In: a file, what is trusted, and what the register or a status list knows of it. Out: a verdict
//! on four axes (integrity, status, issuer, registered), in codes that pages put into words.
//! Invariants: nothing in a file is believed but what the log's entry commits to; a byte that
//! nothing binds makes the file altered; a verdict holds nothing about a person. Deliberately
//! absent: the network, other people's revocation services.

mod certificates;
mod examine;
mod jws;
mod receipt;
mod status;
mod told;
mod trace;
mod trust;

use std::fmt;

pub use examine::{Examination, ForeignFacts, SealFacts, examine};
pub use receipt::{Receipt, ReceiptError, Receipted};
pub use status::{StatusError, StatusList};
pub use told::{Conclusion, Integrity, Registered, StatusKnown, Verdict};
pub use trust::{Trust, TrustError};

/// What is wrong with a file, the first thing that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Finding {
    NoPdf,
    Damaged,
    NotSigned,
    /// The signature does not cover the whole file.
    NotWhole,
    /// Bytes are not written the one way a seal is written.
    NotCanonical,
    Signature,
    /// The signature is over other bytes.
    Content,
    Certificate,
    TimeStamp,
    Proof,
}

impl Finding {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoPdf => "no-pdf",
            Self::Damaged => "damaged",
            Self::NotSigned => "not-signed",
            Self::NotWhole => "not-whole",
            Self::NotCanonical => "not-canonical",
            Self::Signature => "signature",
            Self::Content => "content",
            Self::Certificate => "certificate",
            Self::TimeStamp => "time-stamp",
            Self::Proof => "proof",
        }
    }
}

impl fmt::Display for Finding {
    /// A sentence for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPdf => "the file is no PDF",
            Self::Damaged => "the file is damaged",
            Self::NotSigned => "the file has no signature",
            Self::NotWhole => "something was added after the seal",
            Self::NotCanonical => "the seal is not written as this house writes seals",
            Self::Signature => "the signature does not hold",
            Self::Content => "the content is not what was sealed",
            Self::Certificate => "the certificate is not trusted for seals",
            Self::TimeStamp => "the time-stamp does not hold",
            Self::Proof => "the entry in the log is not proved",
        })
    }
}
