//! Object identifiers, by their content octets: any arc, also those of `2.999` (X.660), which the
//! identifier types of the encoding crates refuse.

use std::fmt;

use crate::cms::{CmsError, der};

/// An object identifier.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Oid(Vec<u8>);

impl Oid {
    /// From dotted decimal, such as `2.999.1`.
    ///
    /// # Errors
    /// [`CmsError::Oid`] when it is not one (X.690 §8.19) or too long.
    pub fn parse(dotted: &str) -> Result<Self, CmsError> {
        Self::read(dotted).ok_or_else(|| CmsError::Oid(dotted.chars().take(80).collect()))
    }

    fn read(dotted: &str) -> Option<Self> {
        let mut arcs = Vec::new();
        for arc in dotted.split('.') {
            let digits = arc.bytes().all(|byte| byte.is_ascii_digit());
            if !digits || (arc.len() > 1 && arc.starts_with('0')) {
                return None;
            }
            arcs.push(arc.parse::<u64>().ok()?);
        }
        let [first, second, rest @ ..] = arcs.as_slice() else {
            return None;
        };
        if *first > 2 || (*first < 2 && *second > 39) {
            return None;
        }
        let mut content = base_128(second.checked_add(first * 40)?);
        for arc in rest {
            content.extend(base_128(*arc));
        }
        Self::from_content(&content)
    }

    /// From the content octets; `None` when they are not well formed.
    pub(super) fn from_content(content: &[u8]) -> Option<Self> {
        der::is_identifier(content).then(|| Self(content.to_vec()))
    }

    pub(super) fn content(&self) -> &[u8] {
        &self.0
    }

    /// The whole element, as it stands in what is signed.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        encode(&self.0)
    }
}

/// Content octets as an element.
pub(super) fn encode(content: &[u8]) -> Vec<u8> {
    der::element(der::OBJECT_IDENTIFIER, &[content])
}

fn base_128(mut arc: u64) -> Vec<u8> {
    let mut digits = vec![u8::try_from(arc & 0x7f).unwrap_or_default()];
    while arc > 0x7f {
        arc >>= 7;
        digits.push(0x80 | u8::try_from(arc & 0x7f).unwrap_or_default());
    }
    digits.reverse();
    digits
}

impl fmt::Display for Oid {
    /// Dotted decimal; an arc beyond 64 bits shows as `?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arc: Option<u64> = Some(0);
        let mut first = true;
        for byte in &self.0 {
            arc = arc
                .and_then(|arc| arc.checked_mul(128))
                .map(|arc| arc | u64::from(byte & 0x7f));
            if byte & 0x80 != 0 {
                continue;
            }
            match arc {
                Some(number) if first => {
                    let root = (number / 40).min(2);
                    write!(f, "{root}.{}", number - root * 40)?;
                }
                Some(number) => write!(f, ".{number}")?,
                None => f.write_str(".?")?,
            }
            first = false;
            arc = Some(0);
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// 1.2.840.113549.1.7.1 (RFC 5652 §4).
pub(super) const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
/// 1.2.840.113549.1.7.2 (RFC 5652 §5.1).
pub(super) const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
/// 1.2.840.113549.1.9.16.1.4 (RFC 3161 §2.4.2).
pub(super) const TST_INFO: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04";
/// 1.2.840.113549.1.9.3 (RFC 5652 §11.1).
pub(super) const CONTENT_TYPE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
/// 1.2.840.113549.1.9.4 (RFC 5652 §11.2).
pub(super) const MESSAGE_DIGEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
/// 1.2.840.113549.1.9.5 (RFC 5652 §11.3).
pub(super) const SIGNING_TIME: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05";
/// 1.2.840.113549.1.9.16.2.12 (RFC 2634 §5.4): version 1, by SHA-1.
pub(super) const SIGNING_CERTIFICATE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c";
/// 1.2.840.113549.1.9.16.2.47 (RFC 5035 §3).
pub(super) const SIGNING_CERTIFICATE_V2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f";
/// 1.2.840.113549.1.9.16.2.14 (RFC 3161 appendix A).
pub(super) const TIME_STAMP_TOKEN: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0e";
/// 1.2.840.113549.1.9.6 (RFC 5652 §11.4).
pub(super) const COUNTER_SIGNATURE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x06";
