//! An answer of OCSP (RFC 6960) that is shown beside a certificate: read so far that one about
//! another certificate, or one that no longer holds, is not shown.
//!
//! Deliberately absent: its signature, which clients check; asking for one, which whoever renews
//! the file does.

use rustls::pki_types::CertificateDer;
use x509_parser::asn1_rs::FromDer;
use x509_parser::certificate::X509Certificate;

use crate::domain::time::Timestamp;
use crate::wire::asn1::ocsp::{Answer, CertificateId, Status};

/// Why a staple is not shown.
#[derive(Debug, thiserror::Error)]
pub enum StapleError {
    #[error("it cannot be read")]
    File(#[from] std::io::Error),
    #[error("it is longer than {STAPLE_BYTES_MAX} bytes")]
    TooLong,
    #[error("it is no answer of OCSP about one certificate")]
    Malformed,
    #[error("it is about another certificate")]
    OfAnother,
    #[error("it does not say that the certificate is good")]
    NotGood,
    #[error("it holds from `{from}` until `{until}`")]
    NotNow { from: Timestamp, until: Timestamp },
    #[error("it does not say until when it holds")]
    Endless,
}

/// The longest answer that is shown with each handshake, in bytes.
const STAPLE_BYTES_MAX: usize = 16 * 1024;

/// A staple that may be shown.
#[derive(Debug)]
pub(super) struct Staple {
    pub(super) until: Timestamp,
}

impl Staple {
    /// Reads an answer and holds it against the chain it is to be shown with.
    pub(super) fn read(
        bytes: &[u8],
        chain: &[CertificateDer<'_>],
        now: Timestamp,
    ) -> Result<Self, StapleError> {
        if bytes.len() > STAPLE_BYTES_MAX {
            return Err(StapleError::TooLong);
        }
        let answer = Answer::read(bytes).ok_or(StapleError::Malformed)?;
        let [single] = answer.singles.as_slice() else {
            return Err(StapleError::Malformed);
        };
        if !is_of(&single.id, chain) {
            return Err(StapleError::OfAnother);
        }
        if single.status != Status::Good {
            return Err(StapleError::NotGood);
        }
        let (from, until) = (single.from, single.until.ok_or(StapleError::Endless)?);
        if now < from || until <= now {
            return Err(StapleError::NotNow { from, until });
        }
        Ok(Self { until })
    }
}

/// Whether it is the first of these: its number, its issuer's name, and its issuer's key where the
/// chain has it.
fn is_of(id: &CertificateId<'_>, chain: &[CertificateDer<'_>]) -> bool {
    let read = |der| X509Certificate::from_der(der).ok().map(|(_, read)| read);
    let Some(leaf) = chain.first().and_then(|der| read(der)) else {
        return false;
    };
    let issuer = match chain.get(1) {
        Some(der) => match read(der) {
            Some(issuer) => Some(issuer),
            None => return false,
        },
        None => None,
    };
    let key = issuer
        .as_ref()
        .map(|issuer| &issuer.public_key().subject_public_key.data);
    id.is_of(
        leaf.issuer().as_raw(),
        key.map(AsRef::as_ref),
        leaf.raw_serial(),
    )
}
