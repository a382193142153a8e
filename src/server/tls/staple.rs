//! An answer of OCSP (RFC 6960) that is shown beside a certificate: read so far that one about
//! another certificate, or one that no longer holds, is not shown.
//!
//! Deliberately absent: its signature, which clients check; asking for one, which whoever renews
//! the file does.

use ring::digest;
use rustls::pki_types::CertificateDer;
use x509_parser::asn1_rs::{Any, Class, FromDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::time::ASN1Time;

use crate::domain::time::Timestamp;

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
        if !answer.is_about(chain) {
            return Err(StapleError::OfAnother);
        }
        if !answer.good {
            return Err(StapleError::NotGood);
        }
        let (from, until) = (answer.from, answer.until.ok_or(StapleError::Endless)?);
        if now < from || until <= now {
            return Err(StapleError::NotNow { from, until });
        }
        Ok(Self { until })
    }
}

/// What the one answer in a response says.
struct Answer<'d> {
    hash: &'d [u8],
    issuer_name: &'d [u8],
    issuer_key: &'d [u8],
    serial: &'d [u8],
    good: bool,
    from: Timestamp,
    until: Option<Timestamp>,
}

const ENUMERATED: (Class, u32) = (Class::Universal, 10);
const SEQUENCE: (Class, u32) = (Class::Universal, 16);
const OCTETS: (Class, u32) = (Class::Universal, 4);
const OID: (Class, u32) = (Class::Universal, 6);
const INTEGER: (Class, u32) = (Class::Universal, 2);
const GENERALIZED_TIME: (Class, u32) = (Class::Universal, 24);

/// `id-pkix-ocsp-basic`, 1.3.6.1.5.5.7.48.1.1.
const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
/// 1.3.14.3.2.26; of names and keys that are public, it need only be the responder's.
const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 0x1a];
/// 2.16.840.1.101.3.4.2.1.
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

impl<'d> Answer<'d> {
    fn read(bytes: &'d [u8]) -> Option<Self> {
        let mut response = Values::of(bytes).only(SEQUENCE)?;
        // responseStatus 0: successful.
        if response.next(ENUMERATED)? != [0] {
            return None;
        }
        let mut response = response
            .within((Class::ContextSpecific, 0))?
            .only(SEQUENCE)?;
        if response.next(OID)? != BASIC {
            return None;
        }
        let mut basic = Values::of(response.next(OCTETS)?).only(SEQUENCE)?;
        let mut data = basic.within(SEQUENCE)?;
        data.skip_if((Class::ContextSpecific, 0));
        // responderID, byName [1] or byKey [2]; then producedAt.
        data.any()?;
        data.next(GENERALIZED_TIME)?;
        let mut single = data.within(SEQUENCE)?.only(SEQUENCE)?;
        let mut id = single.within(SEQUENCE)?;
        let hash = id.within(SEQUENCE)?.next(OID)?;
        let (issuer_name, issuer_key) = (id.next(OCTETS)?, id.next(OCTETS)?);
        let serial = id.next(INTEGER)?;
        let (status, _) = single.any()?;
        let from = single.time()?;
        let until = match single.within((Class::ContextSpecific, 0)) {
            Some(mut until) => Some(until.time()?),
            None => None,
        };
        Some(Self {
            hash,
            issuer_name,
            issuer_key,
            serial,
            good: status == (Class::ContextSpecific, 0),
            from,
            until,
        })
    }

    /// Whether it is about the first of these: its number, its issuer's name, and its issuer's key
    /// where the chain has it.
    fn is_about(&self, chain: &[CertificateDer<'_>]) -> bool {
        let Some(Ok((_, leaf))) = chain.first().map(|leaf| X509Certificate::from_der(leaf)) else {
            return false;
        };
        let digest = |bytes: &[u8]| match self.hash {
            SHA1 => Some(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes)),
            SHA256 => Some(digest::digest(&digest::SHA256, bytes)),
            _ => None,
        };
        let is = |bytes: &[u8], said: &[u8]| digest(bytes).is_some_and(|sum| sum.as_ref() == said);
        let key_fits = match chain.get(1).map(|issuer| X509Certificate::from_der(issuer)) {
            Some(Ok((_, issuer))) => is(
                &issuer.public_key().subject_public_key.data,
                self.issuer_key,
            ),
            Some(Err(_)) => false,
            None => true,
        };
        leaf.raw_serial() == self.serial && is(leaf.issuer().as_raw(), self.issuer_name) && key_fits
    }
}

/// DER values, one after the other.
struct Values<'d>(&'d [u8]);

impl<'d> Values<'d> {
    const fn of(bytes: &'d [u8]) -> Self {
        Self(bytes)
    }

    fn any(&mut self) -> Option<((Class, u32), &'d [u8])> {
        let (rest, any) = Any::from_der(self.0).ok()?;
        self.0 = rest;
        Some(((any.header.class(), any.header.tag().0), any.data))
    }

    /// The next, if it is this; else nothing is taken.
    fn next(&mut self, wanted: (Class, u32)) -> Option<&'d [u8]> {
        let before = self.0;
        match self.any() {
            Some((found, data)) if found == wanted => Some(data),
            _ => {
                self.0 = before;
                None
            }
        }
    }

    fn skip_if(&mut self, unwanted: (Class, u32)) {
        let _skipped = self.next(unwanted);
    }

    /// What is in the next.
    fn within(&mut self, wanted: (Class, u32)) -> Option<Self> {
        self.next(wanted).map(Self)
    }

    /// What is in the one value there is.
    fn only(mut self, wanted: (Class, u32)) -> Option<Self> {
        let inner = self.within(wanted)?;
        self.0.is_empty().then_some(inner)
    }

    fn time(&mut self) -> Option<Timestamp> {
        let (rest, time) = ASN1Time::from_der(self.0).ok()?;
        self.0 = rest;
        Some(Timestamp::from_unix_seconds(time.timestamp()))
    }
}
