//! `TimeStampReq` (RFC 3161 §2.4.1).

use crate::cms::der::{self, Element};
use crate::cms::timestamp::Failure;
use crate::cms::{CmsError, Digest, DigestAlgorithm, Oid, REQUEST_BYTES_MAX};

/// What someone wants a time-stamp over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampRequest {
    pub(super) imprint: Digest,
    /// The `MessageImprint` as it came: the answer repeats it to the byte.
    pub(super) imprint_der: Vec<u8>,
    pub(super) policy: Option<Oid>,
    /// The INTEGER as it came.
    pub(super) nonce: Option<Vec<u8>>,
    pub(super) certificates: Certificates,
}

/// Whether the token is to carry its certificate (`certReq`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certificates {
    Include,
    Omit,
}

impl TimeStampRequest {
    /// A request of ours: over this digest, with this random nonce, certificates wanted.
    #[must_use]
    pub fn new(imprint: Digest, nonce: [u8; 16]) -> Self {
        Self {
            imprint_der: imprint_der(&imprint),
            imprint,
            policy: None,
            nonce: Some(der::unsigned(&nonce)),
            certificates: Certificates::Include,
        }
    }

    /// Reads a request.
    ///
    /// # Errors
    /// The [`Failure`] to answer with (RFC 3161 §2.4.2).
    pub fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let format = |_: CmsError| Failure::BadDataFormat;
        let element = der::document(bytes, REQUEST_BYTES_MAX).map_err(format)?;
        let mut fields = element.fields(der::SEQUENCE).map_err(format)?;
        if der::small(fields.any().map_err(format)?) != Some(1) {
            return Err(Failure::BadRequest);
        }
        let imprint_element = fields.expect(der::SEQUENCE).map_err(format)?;
        let policy = fields.optional(der::OBJECT_IDENTIFIER).map_err(format)?;
        let nonce = fields.optional(der::INTEGER).map_err(format)?;
        let wish = fields.optional(der::BOOLEAN).map_err(format)?;
        let extensions = fields.optional(der::context(0)).map_err(format)?;
        fields.finish().map_err(format)?;
        let imprint = imprint(imprint_element)?;
        if extensions.is_some() {
            return Err(Failure::UnacceptedExtension);
        }
        if nonce.is_some_and(|found| found.value.len() > NONCE_BYTES_MAX) {
            return Err(Failure::BadRequest);
        }
        Ok(Self {
            imprint,
            imprint_der: imprint_element.raw.to_vec(),
            policy: policy.and_then(|found| Oid::from_content(found.value)),
            nonce: nonce.map(|found| found.raw.to_vec()),
            certificates: match wish.map(|found| found.value) {
                Some([0xff]) => Certificates::Include,
                // FALSE is the default, which DER leaves out; requesters write it nevertheless.
                Some(_) | None => Certificates::Omit,
            },
        })
    }

    /// The request in DER.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let policy = self.policy.as_ref().map(Oid::to_der).unwrap_or_default();
        let nonce = self.nonce.clone().unwrap_or_default();
        let wish: &[u8] = match self.certificates {
            Certificates::Include => &[der::BOOLEAN, 1, 0xff],
            Certificates::Omit => &[],
        };
        let version = der::unsigned(&[1]);
        der::element(
            der::SEQUENCE,
            &[&version, &self.imprint_der, &policy, &nonce, wish],
        )
    }

    #[must_use]
    pub const fn imprint(&self) -> &Digest {
        &self.imprint
    }

    /// The policy to stamp under: the one asked for if it is served, the first served if none is.
    ///
    /// # Errors
    /// [`Failure::UnacceptedPolicy`] for any other.
    pub fn policy<'a>(&self, served: &'a [Oid]) -> Result<&'a Oid, Failure> {
        let found = match &self.policy {
            Some(asked) => served.iter().find(|policy| *policy == asked),
            None => served.first(),
        };
        found.ok_or(Failure::UnacceptedPolicy)
    }
}

/// A `MessageImprint`: an algorithm that counts, a digest of its length.
fn imprint(element: Element<'_>) -> Result<Digest, Failure> {
    let format = |_: CmsError| Failure::BadDataFormat;
    let mut fields = element.fields(der::SEQUENCE).map_err(format)?;
    let algorithm = fields.expect(der::SEQUENCE).map_err(format)?;
    let value = fields.expect(der::OCTET_STRING).map_err(format)?.value;
    fields.finish().map_err(format)?;
    let algorithm = DigestAlgorithm::read(algorithm).map_err(|_| Failure::BadAlgorithm)?;
    Digest::from_value(algorithm, value).ok_or(Failure::BadDataFormat)
}

/// The imprint read back from a token; its algorithm may have its parameters either way.
pub(super) fn read_imprint(element: Element<'_>) -> Result<Digest, CmsError> {
    imprint(element).map_err(|_| CmsError::Algorithm)
}

fn imprint_der(imprint: &Digest) -> Vec<u8> {
    let value = der::element(der::OCTET_STRING, &[imprint.value()]);
    der::element(der::SEQUENCE, &[&imprint.algorithm().to_der(), &value])
}

/// 160 bits and the sign.
const NONCE_BYTES_MAX: usize = 21;
