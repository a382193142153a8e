//! `TimeStampResp` (RFC 3161 §2.4.2).

use crate::cms::der;
use crate::cms::timestamp::TimeStampToken;
use crate::cms::{CmsError, SIGNATURE_BYTES_MAX};

/// Why a request is refused: the bits of `PKIFailureInfo` that a time-stamping authority uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Unrecognized or unsupported algorithm.
    BadAlgorithm,
    /// Transaction not permitted or supported.
    BadRequest,
    /// The data have the wrong format.
    BadDataFormat,
    /// The authority's time source is not available.
    TimeNotAvailable,
    /// The requested policy is not served.
    UnacceptedPolicy,
    /// The requested extension is not supported.
    UnacceptedExtension,
    /// The additional information is not understood or not available.
    AddInfoNotAvailable,
    /// The request cannot be handled because of a failure here.
    SystemFailure,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::BadAlgorithm,
        Self::BadRequest,
        Self::BadDataFormat,
        Self::TimeNotAvailable,
        Self::UnacceptedPolicy,
        Self::UnacceptedExtension,
        Self::AddInfoNotAvailable,
        Self::SystemFailure,
    ];

    /// Its bit in `PKIFailureInfo`.
    const fn bit(self) -> u8 {
        match self {
            Self::BadAlgorithm => 0,
            Self::BadRequest => 2,
            Self::BadDataFormat => 5,
            Self::TimeNotAvailable => 14,
            Self::UnacceptedPolicy => 15,
            Self::UnacceptedExtension => 16,
            Self::AddInfoNotAvailable => 17,
            Self::SystemFailure => 25,
        }
    }

    /// The one bit as a named-bit BIT STRING, which ends with it (X.690 §11.2.2).
    fn to_der(self) -> Vec<u8> {
        let bit = self.bit();
        let mut octets = vec![7 - bit % 8];
        octets.resize(usize::from(bit / 8) + 1, 0);
        octets.push(0x80 >> (bit % 8));
        der::element(der::BIT_STRING, &[&octets])
    }
}

/// What an authority answers.
#[derive(Debug, Clone)]
pub struct TimeStampReply(Vec<u8>);

impl TimeStampReply {
    /// Granted, with this token.
    #[must_use]
    pub fn granted(token: &[u8]) -> Self {
        let status = der::element(der::SEQUENCE, &[&der::unsigned(&[GRANTED])]);
        Self(der::element(der::SEQUENCE, &[&status, token]))
    }

    /// Refused, with the one reason and no token.
    #[must_use]
    pub fn rejected(failure: Failure) -> Self {
        let status = der::element(
            der::SEQUENCE,
            &[&der::unsigned(&[REJECTION]), &failure.to_der()],
        );
        Self(der::element(der::SEQUENCE, &[&status]))
    }

    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// Reads an answer: the token in DER when it is granted, also with modifications.
    ///
    /// # Errors
    /// [`CmsError::Refused`] with the reason if it is one we know; [`CmsError::Malformed`] also
    /// for a grant without a token and a refusal with one.
    pub fn parse(bytes: &[u8]) -> Result<Vec<u8>, CmsError> {
        let mut fields = der::document(bytes, SIGNATURE_BYTES_MAX)?.fields(der::SEQUENCE)?;
        let mut status = fields.expect(der::SEQUENCE)?.fields(der::SEQUENCE)?;
        let code = der::small(status.any()?);
        let code = code.filter(|code| *code <= STATUS_MAX);
        let code = code.ok_or(CmsError::Malformed("a status is unknown"))?;
        status.optional(der::SEQUENCE)?;
        let reason = status.optional(der::BIT_STRING)?;
        status.finish()?;
        let token = fields.optional(der::SEQUENCE)?;
        fields.finish()?;
        match (code <= GRANTED_WITH_MODIFICATIONS, token) {
            (true, Some(token)) if reason.is_none() => Ok(token.raw.to_vec()),
            (false, None) => Err(CmsError::Refused(reason.and_then(|found| {
                let named = |failure: &Failure| failure.to_der() == found.raw;
                Failure::ALL.into_iter().find(named)
            }))),
            (true | false, _) => Err(CmsError::Malformed("a status and a token do not agree")),
        }
    }

    /// The token of an answer, read.
    ///
    /// # Errors
    /// As [`TimeStampReply::parse`] and [`TimeStampToken::parse`].
    pub fn token(bytes: &[u8]) -> Result<TimeStampToken, CmsError> {
        TimeStampToken::parse(&Self::parse(bytes)?)
    }
}

const GRANTED: u8 = 0;
const GRANTED_WITH_MODIFICATIONS: u32 = 1;
const REJECTION: u8 = 2;
/// `revocationNotification`.
const STATUS_MAX: u32 = 5;
