//! The algorithms that count: SHA-2, ECDSA, Ed25519 and RSA (ETSI TS 119 312), as CMS names them.

use ring::digest;
use ring::signature::{self as verify, UnparsedPublicKey, VerificationAlgorithm};

use crate::cms::der::{self, Element};
use crate::cms::{CmsError, oid};

/// A digest algorithm; the weak ones have no name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestAlgorithm {
    Sha256,
    Sha384,
    Sha512,
}

/// A digest and what made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    value: Vec<u8>,
}

impl Digest {
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// A digest made elsewhere; `None` when its length is not the algorithm's.
    #[must_use]
    pub fn from_value(algorithm: DigestAlgorithm, value: &[u8]) -> Option<Self> {
        let fits = value.len() == algorithm.implementation().output_len();
        fits.then(|| Self {
            algorithm,
            value: value.to_vec(),
        })
    }
}

impl DigestAlgorithm {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The digest of the parts, one after another: of the two ranges of a signed PDF as well as of
    /// one piece.
    #[must_use]
    pub fn of(self, parts: &[&[u8]]) -> Digest {
        let mut context = digest::Context::new(self.implementation());
        for part in parts {
            context.update(part);
        }
        Digest {
            algorithm: self,
            value: context.finish().as_ref().to_vec(),
        }
    }

    fn implementation(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// 2.16.840.1.101.3.4.2.1 to .3 (RFC 5754 §2).
    const fn identifier(self) -> &'static [u8] {
        match self {
            Self::Sha256 => b"\x60\x86\x48\x01\x65\x03\x04\x02\x01",
            Self::Sha384 => b"\x60\x86\x48\x01\x65\x03\x04\x02\x02",
            Self::Sha512 => b"\x60\x86\x48\x01\x65\x03\x04\x02\x03",
        }
    }

    /// The `AlgorithmIdentifier`; parameters are left out (RFC 5754 §2).
    pub(super) fn to_der(self) -> Vec<u8> {
        der::element(der::SEQUENCE, &[&oid::encode(self.identifier())])
    }

    /// Reads one; parameters may be absent or `NULL`, since both are in use (RFC 5754 §2).
    pub(super) fn read(element: Element<'_>) -> Result<Self, CmsError> {
        let mut fields = element.fields(der::SEQUENCE)?;
        let name = fields.expect(der::OBJECT_IDENTIFIER)?;
        fields.optional(der::NULL)?;
        fields.finish().map_err(|_| CmsError::Algorithm)?;
        let known = Self::ALL.into_iter();
        known
            .into_iter()
            .find(|algorithm| algorithm.identifier() == name.value)
            .ok_or(CmsError::Algorithm)
    }
}

/// A kind of key that a certificate may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    P256,
    P384,
    Ed25519,
    Rsa { modulus_bytes: usize },
}

impl KeyKind {
    /// The digest that goes with the key in what we make (RFC 5754 §3.3, RFC 8419 §3).
    pub(super) const fn digest(self) -> DigestAlgorithm {
        match self {
            Self::P256 | Self::Rsa { .. } => DigestAlgorithm::Sha256,
            Self::P384 => DigestAlgorithm::Sha384,
            Self::Ed25519 => DigestAlgorithm::Sha512,
        }
    }

    /// The longest signature value of such a key.
    pub(super) const fn signature_bytes_max(self) -> usize {
        match self {
            Self::P256 => 72,
            Self::P384 => 104,
            Self::Ed25519 => 64,
            Self::Rsa { modulus_bytes } => modulus_bytes,
        }
    }

    /// The `AlgorithmIdentifier` that we write for a signature of such a key.
    pub(super) fn signature_algorithm(self) -> Vec<u8> {
        match self {
            Self::P256 => named(ECDSA_SHA256, None),
            Self::P384 => named(ECDSA_SHA384, None),
            Self::Ed25519 => named(ED25519, None),
            Self::Rsa { .. } => named(RSA_SHA256, Some(NULL)),
        }
    }
}

/// How a signature value was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureAlgorithm {
    Ecdsa,
    Ed25519,
    RsaPkcs1,
    RsaPss,
}

impl SignatureAlgorithm {
    /// Reads a `SignatureAlgorithmIdentifier` beside its digest algorithm: the pairs that count,
    /// each in its one encoding; everything else is refused.
    pub(super) fn read(element: Element<'_>, digest: DigestAlgorithm) -> Result<Self, CmsError> {
        let (ecdsa, rsa) = match digest {
            DigestAlgorithm::Sha256 => (ECDSA_SHA256, RSA_SHA256),
            DigestAlgorithm::Sha384 => (ECDSA_SHA384, RSA_SHA384),
            DigestAlgorithm::Sha512 => (ECDSA_SHA512, RSA_SHA512),
        };
        let raw = element.raw;
        if raw == named(ecdsa, None) {
            return Ok(Self::Ecdsa);
        }
        // With signed attributes the digest is SHA-512 (RFC 8419 §3).
        if raw == named(ED25519, None) && digest == DigestAlgorithm::Sha512 {
            return Ok(Self::Ed25519);
        }
        if raw == named(rsa, Some(NULL)) || raw == named(RSA, Some(NULL)) {
            return Ok(Self::RsaPkcs1);
        }
        let is_pss = |null| raw == named(RSA_PSS, Some(&pss_parameters(digest, null)));
        if is_pss(&[]) || is_pss(NULL) {
            return Ok(Self::RsaPss);
        }
        Err(CmsError::Algorithm)
    }

    /// Whether `signature` over `message` is of this key.
    pub(super) fn verify(
        self,
        digest: DigestAlgorithm,
        kind: KeyKind,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CmsError> {
        let algorithm = self
            .implementation(digest, kind)
            .ok_or(CmsError::Algorithm)?;
        UnparsedPublicKey::new(algorithm, key)
            .verify(message, signature)
            .map_err(|_| CmsError::Signature)
    }

    fn implementation(
        self,
        digest: DigestAlgorithm,
        kind: KeyKind,
    ) -> Option<&'static dyn VerificationAlgorithm> {
        use DigestAlgorithm::{Sha256, Sha384, Sha512};
        match (self, kind, digest) {
            (Self::Ecdsa, KeyKind::P256, Sha256) => Some(&verify::ECDSA_P256_SHA256_ASN1),
            (Self::Ecdsa, KeyKind::P256, Sha384) => Some(&verify::ECDSA_P256_SHA384_ASN1),
            (Self::Ecdsa, KeyKind::P384, Sha256) => Some(&verify::ECDSA_P384_SHA256_ASN1),
            (Self::Ecdsa, KeyKind::P384, Sha384) => Some(&verify::ECDSA_P384_SHA384_ASN1),
            (Self::Ed25519, KeyKind::Ed25519, Sha512) => Some(&verify::ED25519),
            (Self::RsaPkcs1, KeyKind::Rsa { .. }, Sha256) => {
                Some(&verify::RSA_PKCS1_2048_8192_SHA256)
            }
            (Self::RsaPkcs1, KeyKind::Rsa { .. }, Sha384) => {
                Some(&verify::RSA_PKCS1_2048_8192_SHA384)
            }
            (Self::RsaPkcs1, KeyKind::Rsa { .. }, Sha512) => {
                Some(&verify::RSA_PKCS1_2048_8192_SHA512)
            }
            (Self::RsaPss, KeyKind::Rsa { .. }, Sha256) => Some(&verify::RSA_PSS_2048_8192_SHA256),
            (Self::RsaPss, KeyKind::Rsa { .. }, Sha384) => Some(&verify::RSA_PSS_2048_8192_SHA384),
            (Self::RsaPss, KeyKind::Rsa { .. }, Sha512) => Some(&verify::RSA_PSS_2048_8192_SHA512),
            (Self::Ecdsa | Self::Ed25519 | Self::RsaPkcs1 | Self::RsaPss, _, _) => None,
        }
    }
}

fn named(name: &[u8], parameters: Option<&[u8]>) -> Vec<u8> {
    der::element(
        der::SEQUENCE,
        &[&oid::encode(name), parameters.unwrap_or_default()],
    )
}

/// `RSASSA-PSS-params` (RFC 4055 §3.1): the same digest for both, a salt as long as it.
fn pss_parameters(digest: DigestAlgorithm, null: &[u8]) -> Vec<u8> {
    let hash = named(digest.identifier(), Some(null));
    let mask = named(MGF1, Some(&hash));
    let salt = digest.implementation().output_len().to_be_bytes();
    der::element(
        der::SEQUENCE,
        &[
            &der::element(der::context(0), &[&hash]),
            &der::element(der::context(1), &[&mask]),
            &der::element(der::context(2), &[&der::unsigned(&salt)]),
        ],
    )
}

const NULL: &[u8] = &[der::NULL, 0];
/// 1.2.840.10045.4.3.2 to .4 (RFC 5758 §3.2).
const ECDSA_SHA256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
const ECDSA_SHA384: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x03";
const ECDSA_SHA512: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x04";
/// 1.3.101.112 (RFC 8410 §3).
const ED25519: &[u8] = b"\x2b\x65\x70";
/// 1.2.840.113549.1.1.1, .8, .10 to .13 (RFC 8017 appendix C).
const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const MGF1: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";
const RSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const RSA_SHA256: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
const RSA_SHA384: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c";
const RSA_SHA512: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d";
