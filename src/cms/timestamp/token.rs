//! The token around a `TSTInfo`: made by an authority, verified by anyone.

use crate::cms::timestamp::request::Certificates;
use crate::cms::timestamp::{SerialNumber, TimeStamp, TimeStampRequest, info};
use crate::cms::{Certificate, CmsError, Digest, Oid, ParsedSignature, Profile, SignedAttributes};
use crate::domain::time::Timestamp;

/// What an authority says to a request.
#[derive(Debug)]
pub struct Grant<'a> {
    /// From [`TimeStampRequest::policy`].
    pub policy: &'a Oid,
    pub serial: SerialNumber,
    pub moment: Timestamp,
    pub accuracy_seconds: u32,
}

/// A token that waits for its signature.
#[derive(Debug, Clone)]
pub struct UnsignedToken {
    attributes: SignedAttributes,
    certificates: Vec<Vec<u8>>,
}

impl UnsignedToken {
    /// The token for this request, by this certificate.
    ///
    /// # Errors
    /// [`CmsError::Certificate`] when the certificate is not for time-stamps, or not yet or no
    /// longer valid; [`CmsError::Moment`].
    pub fn new(
        request: &TimeStampRequest,
        grant: &Grant<'_>,
        signer: &Certificate,
    ) -> Result<Self, CmsError> {
        if !signer.is_current_at(grant.moment) {
            return Err(CmsError::Certificate("it is not valid at the moment"));
        }
        let info = info::write(grant, request)?;
        Ok(Self {
            attributes: SignedAttributes::of_token(signer, info)?,
            certificates: match request.certificates {
                Certificates::Include => vec![signer.der().to_vec()],
                Certificates::Omit => Vec::new(),
            },
        })
    }

    /// Exactly the bytes to sign.
    #[must_use]
    pub fn to_sign(&self) -> &[u8] {
        self.attributes.to_sign()
    }

    /// The token in DER, with its signature value in the form `keys::Signature::to_cms` gives.
    #[must_use]
    pub fn complete(self, signature: &[u8]) -> Vec<u8> {
        let signed = self
            .attributes
            .with_certificates(self.certificates, signature);
        signed.to_der()
    }
}

/// A token that was read, and not yet verified.
#[derive(Debug, Clone)]
pub struct TimeStampToken {
    parsed: ParsedSignature,
    info: TimeStamp,
}

impl TimeStampToken {
    /// Reads a token.
    ///
    /// # Errors
    /// As [`ParsedSignature::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CmsError> {
        let parsed = ParsedSignature::parse(bytes, Profile::Token)?;
        let content = parsed.content().unwrap_or_default();
        Ok(Self {
            info: info::read(content)?,
            parsed,
        })
    }

    /// The certificate inside that the token names and binds; none when none was asked for.
    #[must_use]
    pub fn signer(&self) -> Option<&Certificate> {
        self.parsed.signer()
    }

    /// All certificates inside.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        self.parsed.certificates()
    }

    /// What the token says, once it is known to be `certificate`'s, over data of this digest. The
    /// certificate must be for time-stamps and valid when it says it was (RFC 3161 §2.3); whether
    /// it is trusted is the caller's to know.
    ///
    /// # Errors
    /// [`CmsError::OtherRequest`] over other data, [`CmsError::Certificate`], and those of
    /// [`ParsedSignature::verify`].
    pub fn verify(
        &self,
        certificate: &Certificate,
        imprint: &Digest,
    ) -> Result<&TimeStamp, CmsError> {
        certificate.check_stamps_time()?;
        let content = self.parsed.content().unwrap_or_default();
        let digest = self.parsed.digest_algorithm().of(&[content]);
        self.parsed.verify(certificate, &digest)?;
        if self.info.imprint != *imprint {
            return Err(CmsError::OtherRequest("it is over other data"));
        }
        if !certificate.is_current_at(self.info.moment) {
            return Err(CmsError::Certificate("it was not valid at the moment"));
        }
        Ok(&self.info)
    }

    /// The same for the one who asked: the nonce and, if one was asked for, the policy must be the
    /// request's as well (RFC 3161 §2.4.2).
    ///
    /// # Errors
    /// As [`TimeStampToken::verify`].
    pub fn verify_answer(
        &self,
        certificate: &Certificate,
        request: &TimeStampRequest,
    ) -> Result<&TimeStamp, CmsError> {
        let info = self.verify(certificate, &request.imprint)?;
        if info.nonce != request.nonce {
            return Err(CmsError::OtherRequest("its nonce is another"));
        }
        let asked = request.policy.as_ref();
        if asked.is_some_and(|policy| *policy != info.policy) {
            return Err(CmsError::OtherRequest("its policy is another"));
        }
        Ok(info)
    }
}
