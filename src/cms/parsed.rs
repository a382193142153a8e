//! Reading: one signer, signed attributes, each in its place and once; everything else is refused.

use crate::cms::algorithm::SignatureAlgorithm;
use crate::cms::der::{self, Element, Fields};
use crate::cms::{Certificate, CmsError, Digest, DigestAlgorithm, Oid, SIGNATURE_BYTES_MAX, oid};

/// What kind of signature is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A seal of ours: exactly the signed attributes that we write (EN 319 142-1 §6.3).
    Seal,
    /// A PAdES or CAdES signature of anyone: other signed attributes may stand beside.
    Foreign,
    /// A time-stamp token (RFC 3161 §2.4.2).
    Token,
}

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

/// An attribute that the signature does not cover, with its one value in DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedAttribute {
    pub name: Oid,
    pub value: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Attributes {
    message_digest: Digest,
    certificate: Digest,
    names: Vec<Oid>,
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

impl Profile {
    const fn version(self) -> u32 {
        match self {
            Self::Seal | Self::Foreign => 1,
            Self::Token => 3,
        }
    }

    const fn content_type(self) -> &'static [u8] {
        match self {
            Self::Seal | Self::Foreign => oid::DATA,
            Self::Token => oid::TST_INFO,
        }
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
            Some(set) => unsigned(set, profile)?,
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

impl Attributes {
    fn read(set: Element<'_>, profile: Profile, digest: DigestAlgorithm) -> Result<Self, CmsError> {
        let all = attributes(set)?;
        for (at, (name, _)) in all.iter().enumerate() {
            if all.iter().skip(at + 1).any(|(other, _)| other == name) {
                return Err(CmsError::Profile("a signed attribute stands twice"));
            }
            allowed(name, profile)?;
        }
        let find = |name: &[u8]| {
            let found = all.iter().find(|(found, _)| found.content() == name);
            let found = found.ok_or(CmsError::Profile("a required signed attribute is missing"))?;
            only(found.1, "a signed attribute has not exactly one value")
        };
        if find(oid::CONTENT_TYPE)?.raw != oid::encode(profile.content_type()) {
            return Err(CmsError::Profile("the content-type is another"));
        }
        let value = find(oid::MESSAGE_DIGEST)?;
        let value = Fields::of(value.raw).expect(der::OCTET_STRING)?.value;
        let message_digest = Digest::from_value(digest, value)
            .ok_or(CmsError::Profile("the message-digest has another length"))?;
        Ok(Self {
            message_digest,
            certificate: bound_certificate(find(oid::SIGNING_CERTIFICATE_V2)?, profile)?,
            names: all.into_iter().map(|(name, _)| name).collect(),
        })
    }
}

/// Which signed attributes may stand in which signature.
fn allowed(name: &Oid, profile: Profile) -> Result<(), CmsError> {
    let name = name.content();
    let required = [
        oid::CONTENT_TYPE,
        oid::MESSAGE_DIGEST,
        oid::SIGNING_CERTIFICATE_V2,
    ];
    // Version 1 binds by SHA-1; a counter-signature is never signed (RFC 5652 §11.4).
    let never = [oid::SIGNING_CERTIFICATE, oid::COUNTER_SIGNATURE];
    let good = match profile {
        Profile::Seal => required.contains(&name),
        Profile::Token => !never.contains(&name),
        Profile::Foreign => !never.contains(&name) && name != oid::TIME_STAMP_TOKEN,
    };
    match good {
        true => Ok(()),
        false => Err(CmsError::Profile("a signed attribute is not allowed")),
    }
}

/// The first `ESSCertIDv2` (RFC 5035 §4), which is the signer's certificate; further ones name its
/// path and bind nothing more.
fn bound_certificate(value: Element<'_>, profile: Profile) -> Result<Digest, CmsError> {
    let mut fields = value.fields(der::SEQUENCE)?;
    let mut list = fields.expect(der::SEQUENCE)?.fields(der::SEQUENCE)?;
    let mut identifier = list.expect(der::SEQUENCE)?.fields(der::SEQUENCE)?;
    let algorithm = match identifier.optional(der::SEQUENCE)? {
        Some(found) => DigestAlgorithm::read(found)?,
        None => DigestAlgorithm::Sha256,
    };
    let hash = identifier.expect(der::OCTET_STRING)?.value;
    identifier.optional(der::SEQUENCE)?;
    identifier.finish()?;
    if profile == Profile::Seal {
        list.finish()?;
        fields.finish()?;
    }
    Digest::from_value(algorithm, hash).ok_or(CmsError::Profile(
        "the certificate's hash has another length",
    ))
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

/// Each attribute with its set of values; the attributes ascend as a set must.
fn attributes(set: Element<'_>) -> Result<Vec<(Oid, Element<'_>)>, CmsError> {
    der::sorted(set.value)?;
    let mut fields = Fields::of(set.value);
    let mut found = Vec::new();
    while let Some(element) = fields.step()? {
        if found.len() == ATTRIBUTES_MAX {
            return Err(CmsError::Profile("there are too many attributes"));
        }
        let mut parts = element.fields(der::SEQUENCE)?;
        let name = parts.expect(der::OBJECT_IDENTIFIER)?.value;
        let name = Oid::from_content(name).ok_or(CmsError::Malformed("a name is malformed"))?;
        let values = parts.expect(der::SET)?;
        parts.finish()?;
        found.push((name, values));
    }
    match found.is_empty() {
        true => Err(CmsError::Malformed("a set is empty and not absent")),
        false => Ok(found),
    }
}

fn unsigned(set: Element<'_>, profile: Profile) -> Result<Vec<UnsignedAttribute>, CmsError> {
    let mut found: Vec<UnsignedAttribute> = Vec::new();
    for (name, values) in attributes(set)? {
        let twice = found.iter().any(|other| other.name == name);
        if profile == Profile::Seal && twice {
            return Err(CmsError::Profile("an unsigned attribute stands twice"));
        }
        let value = only(values, "an unsigned attribute has not exactly one value")?;
        found.push(UnsignedAttribute {
            name,
            value: value.raw.to_vec(),
        });
    }
    Ok(found)
}

fn only<'a>(set: Element<'a>, otherwise: &'static str) -> Result<Element<'a>, CmsError> {
    let mut fields = Fields::of(set.value);
    let first = fields.step()?.ok_or(CmsError::Profile(otherwise))?;
    fields.finish().map_err(|_| CmsError::Profile(otherwise))?;
    Ok(first)
}

const CERTIFICATES_MAX: usize = 16;
const ATTRIBUTES_MAX: usize = 32;
