//! Attributes of a signature (RFC 5652 §5.3, §11): which may stand where, and what they bind.

use crate::cms::der::{self, Element, Fields};
use crate::cms::{CmsError, Digest, DigestAlgorithm, Oid, oid};

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

/// An attribute that the signature does not cover, with its one value in DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedAttribute {
    pub name: Oid,
    pub value: Vec<u8>,
}

/// What the signed attributes say.
#[derive(Debug, Clone)]
pub(super) struct Attributes {
    pub(super) message_digest: Digest,
    pub(super) certificate: Digest,
    pub(super) names: Vec<Oid>,
}

impl Profile {
    pub(super) const fn version(self) -> u32 {
        match self {
            Self::Seal | Self::Foreign => 1,
            Self::Token => 3,
        }
    }

    pub(super) const fn content_type(self) -> &'static [u8] {
        match self {
            Self::Seal | Self::Foreign => oid::DATA,
            Self::Token => oid::TST_INFO,
        }
    }
}

impl Attributes {
    pub(super) fn read(
        set: Element<'_>,
        profile: Profile,
        digest: DigestAlgorithm,
    ) -> Result<Self, CmsError> {
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

/// The unsigned attributes, of one value each; in a seal no name stands twice.
pub(super) fn unsigned(
    set: Element<'_>,
    profile: Profile,
) -> Result<Vec<UnsignedAttribute>, CmsError> {
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

/// The one element of a set.
pub(super) fn only<'a>(set: Element<'a>, otherwise: &'static str) -> Result<Element<'a>, CmsError> {
    let mut fields = Fields::of(set.value);
    let first = fields.step()?.ok_or(CmsError::Profile(otherwise))?;
    fields.finish().map_err(|_| CmsError::Profile(otherwise))?;
    Ok(first)
}

const ATTRIBUTES_MAX: usize = 32;
