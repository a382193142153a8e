//! A list of revoked certificates (RFC 5280 §5): read within bounds, and believed only with the
//! signature of an authority.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_parser::asn1_rs::FromDer;
use x509_parser::certificate::X509Certificate;

use crate::domain::time::Timestamp;
use crate::identity::certificate::path::is_signed_by;
use crate::wire::arrival::CertificateDigest;
use crate::wire::asn1::{Kind, Values};

/// A list that was read. Who signed it is known; whether it still holds is asked when it is used.
pub struct List {
    content: CertRevocationList<'static>,
    from: Timestamp,
    until: Timestamp,
    digest: CertificateDigest,
}

/// Why bytes are no list that is believed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error("the list cannot be read")]
    File(#[from] std::io::Error),
    #[error("the list is longer than {bytes_max} bytes")]
    TooLong { bytes_max: usize },
    #[error("it is no list of revoked certificates, or of a kind that is not taken")]
    Malformed,
    #[error("the list does not say until when it holds")]
    Endless,
    #[error("the list was not signed by an authority of `authorities` or `between`")]
    Unsigned,
    #[error("the list is older than the one in use, from `{since}`")]
    Older { since: Timestamp },
    #[error("the list is from a moment that has not come yet")]
    NotYet,
}

impl List {
    /// Reads DER or PEM. Nothing of it is believed before its length is known, and nothing but its
    /// signature decides whether the rest is.
    ///
    /// # Errors
    /// [`ListError`].
    pub fn read<'i>(
        bytes: &[u8],
        issuers: impl Iterator<Item = &'i CertificateDer<'static>>,
        (bytes_max, now): (usize, Timestamp),
    ) -> Result<Self, ListError> {
        if bytes.len() > bytes_max {
            return Err(ListError::TooLong { bytes_max });
        }
        let pem = bytes.trim_ascii_start().starts_with(b"-----BEGIN");
        let der = if pem {
            let read = CertificateRevocationListDer::from_pem_slice(bytes);
            read.map_err(|_| ListError::Malformed)?.to_vec()
        } else {
            bytes.to_vec()
        };
        let head = Head::read(&der).ok_or(ListError::Malformed)?;
        let is_signer = |issuer: &&CertificateDer<'static>| {
            let read = X509Certificate::from_der(issuer);
            let named = read.is_ok_and(|(_, read)| read.subject().as_raw() == head.issuer);
            named && is_signed_by(issuer, head.algorithm, head.signed, head.signature)
        };
        let mut issuers = issuers;
        issuers.find(is_signer).ok_or(ListError::Unsigned)?;
        let (from, until) = (head.from, head.until.ok_or(ListError::Endless)?);
        if now.plus_ms(SKEW_MS_MAX) < from {
            return Err(ListError::NotYet);
        }
        let content = OwnedCertRevocationList::from_der(&der).map_err(|_| ListError::Malformed)?;
        Ok(Self {
            content: content.into(),
            from,
            until,
            digest: CertificateDigest::of(&der),
        })
    }

    /// Reads a file, of which no more is taken than a list may be long.
    ///
    /// # Errors
    /// [`ListError`].
    pub fn load<'i>(
        path: &Path,
        issuers: impl Iterator<Item = &'i CertificateDer<'static>>,
        (bytes_max, now): (usize, Timestamp),
    ) -> Result<Self, ListError> {
        let mut bytes = Vec::new();
        let most = u64::try_from(bytes_max)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
        Self::read(&bytes, issuers, (bytes_max, now))
    }

    pub(super) const fn content(&self) -> &CertRevocationList<'static> {
        &self.content
    }

    /// Since when it says what it says.
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// From when on it says nothing any more.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("from", &self.from)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// What is needed of a list before it is believed.
struct Head<'d> {
    signed: &'d [u8],
    algorithm: &'d [u8],
    signature: &'d [u8],
    issuer: &'d [u8],
    from: Timestamp,
    until: Option<Timestamp>,
}

impl<'d> Head<'d> {
    fn read(der: &'d [u8]) -> Option<Self> {
        let mut list = Values::of(der).only(Kind::SEQUENCE)?;
        let signed = list.whole()?;
        let algorithm = list.next(Kind::SEQUENCE)?;
        let signature = list.bits()?;
        if !list.is_empty() {
            return None;
        }
        let mut content = Values::of(signed).only(Kind::SEQUENCE)?;
        content.skip_if(Kind::INTEGER);
        // RFC 5280 §5.1.1.2: the same algorithm inside and outside.
        if content.next(Kind::SEQUENCE)? != algorithm {
            return None;
        }
        Some(Self {
            signed,
            algorithm,
            signature,
            issuer: content.whole()?,
            from: content.time()?,
            until: content.time(),
        })
    }
}

/// How far the issuer's clock may be before ours, in milliseconds.
const SKEW_MS_MAX: i64 = 60_000;
