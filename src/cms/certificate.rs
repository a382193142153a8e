//! A certificate, as far as a signature binds it: names, number, key, uses, validity (RFC 5280).

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::cms::algorithm::KeyKind;
use crate::cms::{CERTIFICATE_BYTES_MAX, CmsError, DigestAlgorithm, der};
use crate::domain::time::Timestamp;

/// A certificate that was read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    issuer: Vec<u8>,
    serial: Vec<u8>,
    subject: Vec<u8>,
    /// `None`: a key that signs nothing here, which a certificate of a path may have.
    kind: Option<KeyKind>,
    key: Vec<u8>,
    uses: Uses,
    not_before: Timestamp,
    not_after: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Uses {
    signing: Signing,
    time_stamping: TimeStamping,
    holder: Holder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    EndEntity,
    Authority,
}

/// What keyUsage says about signing documents (RFC 5280 §4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signing {
    Allowed,
    Unnamed,
    /// Allowed, beside uses that are not signing.
    Shared,
    Forbidden,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeStamping {
    /// Critical and the only use (RFC 3161 §2.3).
    Only,
    No,
}

impl Certificate {
    /// Reads a certificate from its DER.
    ///
    /// # Errors
    /// [`CmsError::TooLarge`], [`CmsError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CmsError> {
        der::document(bytes, CERTIFICATE_BYTES_MAX)?;
        let bad = CmsError::Malformed("a certificate does not read");
        let (rest, read) = X509Certificate::from_der(bytes).map_err(|_| bad.clone())?;
        if !rest.is_empty() || read.signature_algorithm != read.tbs_certificate.signature {
            return Err(bad);
        }
        let validity = read.validity();
        Ok(Self {
            der: bytes.to_vec(),
            issuer: read.issuer().as_raw().to_vec(),
            serial: read.raw_serial().to_vec(),
            subject: read.subject().as_raw().to_vec(),
            kind: kind(read.public_key()),
            key: read.public_key().subject_public_key.data.to_vec(),
            uses: Uses::of(&read).ok_or(bad)?,
            not_before: Timestamp::from_unix_seconds(validity.not_before.timestamp()),
            not_after: Timestamp::from_unix_seconds(validity.not_after.timestamp()),
        })
    }

    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The public key's bytes: a point (SEC 1 §2.3.3) for ECDSA, 32 bytes for Ed25519.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.key
    }

    /// The issuer's `Name` in DER.
    #[must_use]
    pub fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    /// The subject's `Name` in DER.
    #[must_use]
    pub fn subject(&self) -> &[u8] {
        &self.subject
    }

    /// The digest algorithm of what this certificate's key signs in this house.
    ///
    /// # Errors
    /// [`CmsError::Algorithm`] for a key of no accepted algorithm.
    pub fn digest_algorithm(&self) -> Result<DigestAlgorithm, CmsError> {
        Ok(self.kind()?.digest())
    }

    /// Whether the certificate is valid at this moment by its own dates (RFC 5280 §4.1.2.5).
    #[must_use]
    pub fn is_current_at(&self, moment: Timestamp) -> bool {
        let last = self.not_after.plus_ms(999);
        (self.not_before..=last).contains(&moment)
    }

    /// Whether it may sign documents: an end entity's, with digitalSignature or nonRepudiation
    /// where keyUsage is there.
    ///
    /// # Errors
    /// [`CmsError::Certificate`] says why not.
    pub fn check_signs(&self) -> Result<(), CmsError> {
        if self.uses.holder == Holder::Authority {
            return Err(CmsError::Certificate("it is an authority's"));
        }
        match self.uses.signing {
            Signing::Allowed | Signing::Unnamed | Signing::Shared => Ok(()),
            Signing::Forbidden => Err(CmsError::Certificate("its key usage is not signing")),
        }
    }

    /// Whether it may sign time-stamps: for that alone, critically (RFC 3161 §2.3).
    ///
    /// # Errors
    /// [`CmsError::Certificate`] says why not.
    pub fn check_stamps_time(&self) -> Result<(), CmsError> {
        self.check_signs()?;
        if self.uses.time_stamping == TimeStamping::No {
            let why = "time-stamping is not its only, critical extended use";
            return Err(CmsError::Certificate(why));
        }
        if self.uses.signing == Signing::Shared {
            return Err(CmsError::Certificate("its key is not for signing only"));
        }
        Ok(())
    }

    pub(super) fn kind(&self) -> Result<KeyKind, CmsError> {
        self.kind.ok_or(CmsError::Algorithm)
    }

    /// `IssuerAndSerialNumber` (RFC 5652 §10.2.4).
    pub(super) fn issuer_and_serial(&self) -> Vec<u8> {
        let serial = der::element(der::INTEGER, &[&self.serial]);
        der::element(der::SEQUENCE, &[&self.issuer, &serial])
    }
}

impl Uses {
    /// `None` when an extension that matters does not read or stands twice.
    fn of(read: &X509Certificate<'_>) -> Option<Self> {
        let constraints = read.basic_constraints().ok()?;
        let authority = constraints.is_some_and(|found| found.value.ca);
        let signing = match read.key_usage().ok()? {
            None => Signing::Unnamed,
            Some(usage) => {
                let usage = usage.value;
                let signs = usage.digital_signature() || usage.non_repudiation();
                match (signs, usage.flags & !SIGNING_BITS == 0) {
                    (false, _) => Signing::Forbidden,
                    (true, true) => Signing::Allowed,
                    (true, false) => Signing::Shared,
                }
            }
        };
        let time_stamping = match read.extended_key_usage().ok()? {
            Some(usage) if usage.critical => {
                let critical = usage.value;
                let others = critical.any
                    || critical.server_auth
                    || critical.client_auth
                    || critical.code_signing
                    || critical.email_protection
                    || critical.ocsp_signing
                    || !critical.other.is_empty();
                match critical.time_stamping && !others {
                    true => TimeStamping::Only,
                    false => TimeStamping::No,
                }
            }
            Some(_) | None => TimeStamping::No,
        };
        Some(Self {
            signing,
            time_stamping,
            holder: match authority {
                true => Holder::Authority,
                false => Holder::EndEntity,
            },
        })
    }
}

/// Which key it is, by the name of its algorithm, its curve and its size.
fn kind(key: &SubjectPublicKeyInfo<'_>) -> Option<KeyKind> {
    let name = key.algorithm.algorithm.as_bytes();
    let curve = key.algorithm.parameters.as_ref();
    match key.parsed().ok()? {
        PublicKey::EC(_) if name == EC_PUBLIC_KEY => {
            let curve = curve?.as_oid().ok()?;
            [(P256, KeyKind::P256), (P384, KeyKind::P384)]
                .into_iter()
                .find_map(|(bytes, kind)| (curve.as_bytes() == bytes).then_some(kind))
        }
        PublicKey::RSA(rsa) => {
            let modulus = rsa.modulus.iter().skip_while(|byte| **byte == 0).count();
            let strong = (RSA_BYTES_MIN..=RSA_BYTES_MAX).contains(&modulus);
            strong.then_some(KeyKind::Rsa {
                modulus_bytes: modulus,
            })
        }
        _ if name == ED25519 && curve.is_none() => Some(KeyKind::Ed25519),
        _ => None,
    }
}

/// digitalSignature and nonRepudiation as bits 0 and 1.
const SIGNING_BITS: u16 = 0b11;
/// 3,072 bits (ETSI TS 119 312 §7).
const RSA_BYTES_MIN: usize = 384;
const RSA_BYTES_MAX: usize = 1024;
const EC_PUBLIC_KEY: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
const P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] = b"\x2b\x81\x04\x00\x22";
const ED25519: &[u8] = b"\x2b\x65\x70";
