//! An answer of OCSP (RFC 6960 §4.2), read and not yet believed.

use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use crate::domain::time::Timestamp;
use crate::wire::asn1::{Kind, Values, demands_more};

/// An answer, about one or more certificates.
#[derive(Debug)]
pub struct Answer<'d> {
    /// What is signed, as it was sent.
    pub signed: &'d [u8],
    pub responder: Responder<'d>,
    pub singles: Vec<Single<'d>>,
    /// The algorithm's identifier, without tag and length.
    pub algorithm: &'d [u8],
    pub signature: &'d [u8],
    /// Certificates that came with it, DER.
    pub certificates: Vec<&'d [u8]>,
}

/// How the one who signed is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Responder<'d> {
    /// A name, DER.
    Name(&'d [u8]),
    /// SHA-1 of its public key.
    Key(&'d [u8]),
}

/// What is said about one certificate.
#[derive(Debug)]
pub struct Single<'d> {
    pub id: CertificateId<'d>,
    pub status: Status,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

/// Which certificate is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateId<'d> {
    hash: &'d [u8],
    issuer_name: &'d [u8],
    issuer_key: &'d [u8],
    serial: &'d [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Good,
    Revoked,
    Unknown,
}

/// Certificates that an answer may be about, and that may come with it.
const ABOUT_MAX: usize = 16;
const CERTIFICATES_MAX: usize = 4;

/// `id-pkix-ocsp-basic`, 1.3.6.1.5.5.7.48.1.1.
const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
/// 1.3.14.3.2.26; of names and keys that are public, it need only be the responder's.
pub const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 0x1a];
/// 2.16.840.1.101.3.4.2.1.
const SHA2: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

impl<'d> Answer<'d> {
    /// Reads it; `None` for what is no successful basic answer, or demands more than is understood.
    #[must_use]
    pub fn read(bytes: &'d [u8]) -> Option<Self> {
        let mut response = Values::of(bytes).only(Kind::SEQUENCE)?;
        // responseStatus 0: successful.
        if response.next(Kind::ENUMERATED)? != [0] {
            return None;
        }
        let mut response = response.within(Kind::context(0))?.only(Kind::SEQUENCE)?;
        if response.next(Kind::OID)? != BASIC {
            return None;
        }
        let mut basic = Values::of(response.next(Kind::OCTETS)?).only(Kind::SEQUENCE)?;
        let signed = basic.whole()?;
        let algorithm = basic.next(Kind::SEQUENCE)?;
        let signature = basic.bits()?;
        let mut certificates = Vec::new();
        if let Some(more) = basic.within(Kind::context(0)) {
            let mut more = more.only(Kind::SEQUENCE)?;
            while !more.is_empty() {
                if certificates.len() == CERTIFICATES_MAX {
                    return None;
                }
                certificates.push(more.whole()?);
            }
        }
        if !basic.is_empty() {
            return None;
        }
        let mut data = Values::of(signed).only(Kind::SEQUENCE)?;
        data.skip_if(Kind::context(0));
        let responder = match data.any()? {
            (kind, name) if kind == Kind::context(1) => Responder::Name(name),
            (kind, key) if kind == Kind::context(2) => {
                Responder::Key(Values::of(key).next(Kind::OCTETS)?)
            }
            _ => return None,
        };
        data.next(Kind::GENERALIZED_TIME)?;
        let singles = singles(data.within(Kind::SEQUENCE)?)?;
        if let Some(extensions) = data.within(Kind::context(1))
            && demands_more(extensions, &[])?
        {
            return None;
        }
        Some(Self {
            signed,
            responder,
            singles,
            algorithm,
            signature,
            certificates,
        })
    }
}

fn singles(mut list: Values<'_>) -> Option<Vec<Single<'_>>> {
    let mut singles = Vec::new();
    while !list.is_empty() {
        if singles.len() == ABOUT_MAX {
            return None;
        }
        let mut single = list.within(Kind::SEQUENCE)?;
        let mut id = single.within(Kind::SEQUENCE)?;
        let id = CertificateId {
            hash: id.within(Kind::SEQUENCE)?.next(Kind::OID)?,
            issuer_name: id.next(Kind::OCTETS)?,
            issuer_key: id.next(Kind::OCTETS)?,
            serial: id.next(Kind::INTEGER)?,
        };
        let status = match single.any()?.0 {
            kind if kind == Kind::implicit(0) => Status::Good,
            kind if kind == Kind::context(1) => Status::Revoked,
            kind if kind == Kind::implicit(2) => Status::Unknown,
            _ => return None,
        };
        let from = single.time()?;
        let until = match single.within(Kind::context(0)) {
            Some(mut until) => Some(until.time()?),
            None => None,
        };
        if let Some(extensions) = single.within(Kind::context(1))
            && demands_more(extensions, &[])?
        {
            return None;
        }
        singles.push(Single {
            id,
            status,
            from,
            until,
        });
    }
    Some(singles)
}

impl CertificateId<'_> {
    /// Whether the certificate of this issuer (its name in DER, the bits of its key) with this
    /// number is meant. Without a key, any issuer of the name is.
    #[must_use]
    pub fn is_of(&self, name: &[u8], key: Option<&[u8]>, serial: &[u8]) -> bool {
        let algorithm: &'static Algorithm = match self.hash {
            SHA1 => &SHA1_FOR_LEGACY_USE_ONLY,
            SHA2 => &SHA256,
            _ => return false,
        };
        let is = |bytes: &[u8], said: &[u8]| digest(algorithm, bytes).as_ref() == said;
        self.serial == serial
            && is(name, self.issuer_name)
            && key.is_none_or(|key| is(key, self.issuer_key))
    }
}
