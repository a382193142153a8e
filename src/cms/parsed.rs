//! Reading: one signer, signed attributes, each in its place and once; everything else is refused.

use crate::cms::algorithm::SignatureAlgorithm;
use crate::cms::attributes::{self, Attributes, Profile, UnsignedAttribute, only};
use crate::cms::der::{self, Element, Fields};
use crate::cms::{Certificate, CmsError, Digest, DigestAlgorithm, Oid, SIGNATURE_BYTES_MAX, oid};

/// A signature that was read, and not yet verified.
#[derive(Debug, Clone)]
pub struct ParsedSignature {
    /// The signed attributes as `SET OF`: the bytes that are signed.
    signed: Vec<u8>,
    attributes: Attributes,
    content: Option<Vec<u8>>,
    signer: Vec<u8>,
    digest: DigestAlgorithm,
    algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
    certificates: Vec<Certificate>,
    unsigned: Vec<UnsignedAttribute>,
}

impl ParsedSignature {
    /// Reads a `ContentInfo` with one signature.
    ///
    /// # Errors
    /// [`CmsError::TooLarge`], [`CmsError::Malformed`], [`CmsError::Profile`],
    /// [`CmsError::Algorithm`].
    pub fn parse(bytes: &[u8], profile: Profile) -> Result<Self, CmsError> {
        let mut info = der::document(bytes, SIGNATURE_BYTES_MAX)?.fields(der::SEQUENCE)?;
        if info.expect(der::OBJECT_IDENTIFIER)?.value != oid::SIGNED_DATA {
            return Err(CmsError::Profile("it is not signed data"));
        }
        let mut explicit = info.expect(der::context(0))?.fields(der::context(0))?;
        info.finish()?;
        let mut data = explicit.expect(der::SEQUENCE)?.fields(der::SEQUENCE)?;
        explicit.finish()?;

        let version = der::small(data.any()?);
        if version != Some(profile.version()) {
            return Err(CmsError::Profile("it has another version"));
        }
        let digests = data.expect(der::SET)?;
        let content = content(data.expect(der::SEQUENCE)?, profile)?;
        let certificates = match data.optional(der::context(0))? {
            Some(set) => certificates(set)?,
            None => Vec::new(),
        };
        let infos = data.expect(der::SET)?;
        data.finish()?;
        let info = only(infos, "there is not exactly one signer")?;
        let parts = SignerParts::read(info)?;
        let digest = only(digests, "there is not exactly one digest algorithm")?;
        if digest.raw != parts.digest.raw {
            return Err(CmsError::Algorithm);
        }
        parts.parsed(profile, content, certificates)
    }

    /// Whether this is the signature of `certificate`'s key over content of this digest, and binds
    /// that very certificate.
    ///
    /// # Errors
    /// [`CmsError::OtherCertificate`], [`CmsError::OtherContent`], [`CmsError::Signature`],
    /// [`CmsError::Algorithm`] for a key of another kind.
    pub fn verify(&self, certificate: &Certificate, content: &Digest) -> Result<(), CmsError> {
        let bound = self.attributes.certificate.algorithm();
        if self.signer != certificate.issuer_and_serial()
            || self.attributes.certificate != bound.of(&[certificate.der()])
        {
            return Err(CmsError::OtherCertificate);
        }
        if self.attributes.message_digest != *content {
            return Err(CmsError::OtherContent);
        }
        let kind = certificate.kind()?;
        let key = certificate.public_key();
        self.algorithm
            .verify(self.digest, kind, key, &self.signed, &self.signature)
    }

    /// The digest algorithm that the content is under.
    #[must_use]
    pub const fn digest_algorithm(&self) -> DigestAlgorithm {
        self.digest
    }

    /// What the signature says the content's digest is.
    #[must_use]
    pub const fn message_digest(&self) -> &Digest {
        &self.attributes.message_digest
    }

    /// The signature value.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// All certificates inside, as they stand.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The certificate inside that the signature names and binds.
    #[must_use]
    pub fn signer(&self) -> Option<&Certificate> {
        let bound = &self.attributes.certificate;
        self.certificates.iter().find(|found| {
            found.issuer_and_serial() == self.signer
                && bound.algorithm().of(&[found.der()]) == *bound
        })
    }

    /// Whether the signer's own word for the time is inside, which PAdES forbids.
    #[must_use]
    pub fn claims_time(&self) -> bool {
        let names = &self.attributes.names;
        names.iter().any(|name| name.content() == oid::SIGNING_TIME)
    }

    #[must_use]
    pub fn unsigned(&self) -> &[UnsignedAttribute] {
        &self.unsigned
    }

    /// The time-stamp tokens over the signature value.
    pub fn tokens(&self) -> impl Iterator<Item = &[u8]> {
        let tokens = self.unsigned.iter();
        tokens
            .filter(|found| found.name.content() == oid::TIME_STAMP_TOKEN)
            .map(|found| found.value.as_slice())
    }

    /// The bytes under a name of our own, as [`super::SignedData::attach_octets`] wrote them.
    #[must_use]
    pub fn octets(&self, name: &Oid) -> Option<&[u8]> {
        let found = self.unsigned.iter().find(|found| found.name == *name)?;
        let mut fields = Fields::of(&found.value);
        Some(fields.expect(der::OCTET_STRING).ok()?.value)
    }

    /// The content, where it stands inside.
    pub(super) fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }
}

/// The fields of a `SignerInfo` (RFC 5652 §5.3).
struct SignerParts<'a> {
    signer: Element<'a>,
    digest: Element<'a>,
    signed: Element<'a>,
    algorithm: Element<'a>,
    signature: Element<'a>,
    unsigned: Option<Element<'a>>,
}

impl<'a> SignerParts<'a> {
    fn read(info: Element<'a>) -> Result<Self, CmsError> {
        let mut fields = info.fields(der::SEQUENCE)?;
        if der::small(fields.any()?) != Some(1) {
            return Err(CmsError::Profile("the signer is not by issuer and number"));
        }
        let signer = fields.expect(der::SEQUENCE)?;
        let digest = fields.expect(der::SEQUENCE)?;
        let Some(signed) = fields.optional(der::context(0))? else {
            return Err(CmsError::Profile("there are no signed attributes"));
        };
        let parts = Self {
            signer,
            digest,
            signed,
            algorithm: fields.expect(der::SEQUENCE)?,
            signature: fields.expect(der::OCTET_STRING)?,
            unsigned: fields.optional(der::context(1))?,
        };
        fields.finish()?;
        Ok(parts)
    }

    fn parsed(
        self,
        profile: Profile,
        content: Option<Vec<u8>>,
        certificates: Vec<Certificate>,
    ) -> Result<ParsedSignature, CmsError> {
        let digest = DigestAlgorithm::read(self.digest)?;
        let unsigned = match self.unsigned {
            Some(set) => attributes::unsigned(set, profile)?,
            None => Vec::new(),
        };
        Ok(ParsedSignature {
            attributes: Attributes::read(self.signed, profile, digest)?,
            signed: der::element(der::SET, &[self.signed.value]),
            content,
            signer: self.signer.raw.to_vec(),
            digest,
            algorithm: SignatureAlgorithm::read(self.algorithm, digest)?,
            signature: self.signature.value.to_vec(),
            certificates,
            unsigned,
        })
    }
}

/// `EncapsulatedContentInfo`: no content for what is detached, content for a token.
fn content(element: Element<'_>, profile: Profile) -> Result<Option<Vec<u8>>, CmsError> {
    let mut fields = element.fields(der::SEQUENCE)?;
    if fields.expect(der::OBJECT_IDENTIFIER)?.value != profile.content_type() {
        return Err(CmsError::Profile("the content is of another type"));
    }
    let explicit = fields.optional(der::context(0))?;
    fields.finish()?;
    match (profile, explicit) {
        (Profile::Seal | Profile::Foreign, None) => Ok(None),
        (Profile::Seal | Profile::Foreign, Some(_)) => {
            Err(CmsError::Profile("the content stands inside"))
        }
        (Profile::Token, None) => Err(CmsError::Profile("the content is missing")),
        (Profile::Token, Some(explicit)) => {
            let mut inside = explicit.fields(der::context(0))?;
            let octets = inside.expect(der::OCTET_STRING)?;
            inside.finish()?;
            Ok(Some(octets.value.to_vec()))
        }
    }
}

fn certificates(set: Element<'_>) -> Result<Vec<Certificate>, CmsError> {
    der::sorted(set.value)?;
    let mut fields = Fields::of(set.value);
    let mut found = Vec::new();
    while let Some(element) = fields.step()? {
        if found.len() == CERTIFICATES_MAX {
            return Err(CmsError::Profile("there are too many certificates"));
        }
        if element.tag != der::SEQUENCE {
            return Err(CmsError::Profile("a certificate is of another kind"));
        }
        found.push(Certificate::parse(element.raw)?);
    }
    match found.is_empty() {
        true => Err(CmsError::Malformed("a set is empty and not absent")),
        false => Ok(found),
    }
}

const CERTIFICATES_MAX: usize = 16;
