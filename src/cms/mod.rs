//! Signatures and time-stamps as others read them: CMS (RFC 5652) in the profile of PAdES baseline
//! (ETSI EN 319 122-1, EN 319 142-1 §6.3), and RFC 3161.
//!
//! Answers: which bytes does a seal sign; what stands in the hole of a PDF; what does this
//! signature or token say, and does it hold? In: certificates, digests, signature values, serial
//! numbers, moments. Out: DER to the byte, or what was read from DER. Invariants: what is written
//! is distinguished encoding; what is read must be; one signer, with signed attributes that bind
//! the content, its type and the certificate; nothing unknown or weak verifies. Deliberately
//! absent: private keys, clocks, input and output, paths of certificates and their revocation.

mod algorithm;
mod attributes;
mod certificate;
mod der;
mod oid;
mod parsed;
mod signed;
mod timestamp;

pub use algorithm::{Digest, DigestAlgorithm};
pub use attributes::{Profile, UnsignedAttribute};
pub use certificate::Certificate;
pub use der::element;
pub use oid::Oid;
pub use parsed::ParsedSignature;
pub use signed::{CertificateSet, SealSize, SignedAttributes, SignedData};
pub use timestamp::{
    Failure, Grant, SerialNumber, TimeStamp, TimeStampReply, TimeStampRequest, TimeStampToken,
    UnsignedToken,
};

/// The longest signature that is read, with its time-stamps and proof.
pub const SIGNATURE_BYTES_MAX: usize = 64 * 1024;
/// The longest certificate that is read.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;
/// The longest request for a time-stamp that is read.
pub const REQUEST_BYTES_MAX: usize = 4 * 1024;

/// What is wrong with a signature, a certificate or a time-stamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CmsError {
    #[error("longer than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    #[error("not strict DER: {0}")]
    Malformed(&'static str),
    #[error("not the required profile: {0}")]
    Profile(&'static str),
    #[error("an algorithm is unknown, too weak, or not the one that belongs here")]
    Algorithm,
    #[error("the certificate does not serve: {0}")]
    Certificate(&'static str),
    #[error("the signature is by another certificate")]
    OtherCertificate,
    #[error("the signature is over other content")]
    OtherContent,
    #[error("the signature value does not verify")]
    Signature,
    #[error("`{0}` is not an object identifier")]
    Oid(String),
    #[error("the time-stamp answers another request: {0}")]
    OtherRequest(&'static str),
    #[error("the time-stamp was refused: {0:?}")]
    Refused(Option<Failure>),
    #[error("the moment has no calendar date")]
    Moment,
}
