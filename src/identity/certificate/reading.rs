//! What a certificate says, read so that two readers cannot read it differently.

use x509_parser::asn1_rs::{FromDer, Tag};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::x509::{AttributeTypeAndValue, X509Version};

use crate::identity::certificate::error::Misfit;
use crate::identity::certificate::settings::Place;
use crate::wire::arrival::CertificateDigest;
use crate::wire::asn1::{Kind, Values};

/// The longest certificate of a client, in bytes.
pub const CERTIFICATE_BYTES_MAX: usize = 8 * 1024;
/// The longest value that is read, in bytes.
const VALUE_BYTES_MAX: usize = 128;

/// A client's certificate whose form is as it should be.
pub(super) struct Leaf<'d>(X509Certificate<'d>);

/// Which certificate it is: by its issuer's name and its number as its issuer gave them, and its
/// key. Never by the text of a name, which another issuer may give to another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CertificateKey {
    issuer: CertificateDigest,
    serial: Vec<u8>,
    spki: CertificateDigest,
}

/// What stands at a place of a certificate.
///
/// # Errors
/// [`Misfit`]: the certificate's form, or nothing or two things at the place.
pub fn value(der: &[u8], place: &Place) -> Result<String, Misfit> {
    Leaf::read(der)?.value(place)
}

/// Which certificate this is.
///
/// # Errors
/// [`Misfit`]: the certificate's form.
pub fn key(der: &[u8]) -> Result<CertificateKey, Misfit> {
    Ok(Leaf::read(der)?.key())
}

impl<'d> Leaf<'d> {
    pub(super) fn read(der: &'d [u8]) -> Result<Self, Misfit> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(Misfit::TooLong);
        }
        let (rest, read) = X509Certificate::from_der(der).map_err(|_| Misfit::Malformed)?;
        if !rest.is_empty() || read.version() != X509Version::V3 {
            return Err(Misfit::Malformed);
        }
        // An extension that stands twice is an error here.
        read.extensions_map().map_err(|_| Misfit::Malformed)?;
        let leaf = Self(read);
        leaf.is_made_for_clients()?;
        leaf.names_are_plain()?;
        Ok(leaf)
    }

    fn is_made_for_clients(&self) -> Result<(), Misfit> {
        let basic = self.0.basic_constraints().map_err(|_| Misfit::Malformed)?;
        if basic.is_some_and(|basic| basic.value.ca) {
            return Err(Misfit::Authority);
        }
        let usage = self.0.key_usage().map_err(|_| Misfit::Malformed)?;
        if usage.is_some_and(|usage| !usage.value.digital_signature()) {
            return Err(Misfit::Usage);
        }
        let extended = self.0.extended_key_usage();
        let extended = extended.map_err(|_| Misfit::Malformed)?;
        match extended {
            Some(extended) if extended.value.client_auth => Ok(()),
            Some(_) | None => Err(Misfit::Usage),
        }
    }

    /// Every name, whether or not anybody asks for it: a reader that stops at a zero byte, or takes
    /// the first of two values, would read another name.
    fn names_are_plain(&self) -> Result<(), Misfit> {
        for rdn in self.0.subject().iter_rdn() {
            let mut values = rdn.iter();
            let first = values.next().ok_or(Misfit::Malformed)?;
            if values.next().is_some() {
                return Err(Misfit::SeveralValues);
            }
            if first.as_slice().iter().any(|byte| *byte < b' ') {
                return Err(Misfit::Control);
            }
        }
        for name in self.names()? {
            let text = match name {
                GeneralName::DNSName(text)
                | GeneralName::RFC822Name(text)
                | GeneralName::URI(text) => text,
                GeneralName::OtherName(_, value) => {
                    let text = other_name(value).unwrap_or_default();
                    is_plain(text)?;
                    continue;
                }
                GeneralName::DirectoryName(_)
                | GeneralName::IPAddress(_)
                | GeneralName::RegisteredID(_) => continue,
                GeneralName::X400Address(_)
                | GeneralName::EDIPartyName(_)
                | GeneralName::Invalid(_, _) => return Err(Misfit::Malformed),
            };
            is_plain(text)?;
        }
        Ok(())
    }

    fn names(&self) -> Result<&[GeneralName<'_>], Misfit> {
        let names = self.0.subject_alternative_name();
        let names = names.map_err(|_| Misfit::Malformed)?;
        Ok(names.map_or(&[], |names| names.value.general_names.as_slice()))
    }

    /// The one value that stands there.
    pub(super) fn value(&self, place: &Place) -> Result<String, Misfit> {
        let text = match place {
            Place::Subject(wanted) => {
                let all = self.0.subject().iter_attributes();
                let of_kind = |one: &&AttributeTypeAndValue<'_>| {
                    one.attr_type().as_bytes() == wanted.octets()
                };
                text(one(all.filter(of_kind))?)?
            }
            Place::OtherName(wanted) => {
                let of_kind = |name: &GeneralName<'_>| match name {
                    GeneralName::OtherName(kind, value) if kind.as_bytes() == wanted.octets() => {
                        Some(other_name(value).map(str::to_owned))
                    }
                    _ => None,
                };
                let found = self.names()?.iter().filter_map(of_kind);
                one(found)?.ok_or(Misfit::Form)?
            }
            Place::Uri(prefix) => {
                let after = |name: &GeneralName<'_>| match name {
                    GeneralName::URI(uri) => uri.strip_prefix(prefix.as_str()).map(str::to_owned),
                    _ => None,
                };
                one(self.names()?.iter().filter_map(after))?
            }
        };
        is_plain(&text)?;
        if text.is_empty() || text.len() > VALUE_BYTES_MAX || text.trim() != text {
            return Err(Misfit::Form);
        }
        Ok(text)
    }

    pub(super) fn key(&self) -> CertificateKey {
        CertificateKey {
            issuer: CertificateDigest::of(self.0.issuer().as_raw()),
            serial: self.0.raw_serial().to_vec(),
            spki: CertificateDigest::of(self.0.public_key().raw),
        }
    }

    pub(super) fn serial(&self) -> &[u8] {
        self.0.raw_serial()
    }
}

/// Of the kinds of string, those that all readers read alike.
fn text(attribute: &AttributeTypeAndValue<'_>) -> Result<String, Misfit> {
    match attribute.attr_value().tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::NumericString | Tag::Ia5String => {}
        _ => return Err(Misfit::Form),
    }
    let text = attribute.as_str().map_err(|_| Misfit::Form)?;
    Ok(text.to_owned())
}

/// The text of `[0] EXPLICIT UTF8String`.
fn other_name(value: &[u8]) -> Option<&str> {
    let text = Values::of(value).only(Kind::context(0))?;
    let mut inner = text;
    let text = inner.next(Kind::UTF8)?;
    if !inner.is_empty() {
        return None;
    }
    std::str::from_utf8(text).ok()
}

fn one<T>(mut found: impl Iterator<Item = T>) -> Result<T, Misfit> {
    let first = found.next().ok_or(Misfit::Missing)?;
    match found.next() {
        None => Ok(first),
        Some(_) => Err(Misfit::Twice),
    }
}

fn is_plain(text: &str) -> Result<(), Misfit> {
    if text.chars().any(char::is_control) {
        return Err(Misfit::Control);
    }
    Ok(())
}
