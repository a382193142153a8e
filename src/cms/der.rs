//! Strict reading and writing of DER (X.690 §10 and §11) on top of the `der` crate.
//!
//! `der` splits bytes into elements and refuses indefinite and superfluous lengths; what it leaves
//! to its typed layer, or mends in silence (the order of sets), is checked here on the raw bytes.

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader};

use crate::cms::CmsError;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// `[number]`, constructed; `number` is below 31.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// One element as it stands in its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) value: &'a [u8],
    /// Tag, length and value.
    pub(super) raw: &'a [u8],
}

impl<'a> Element<'a> {
    /// What is inside, when the element has this tag.
    pub(super) fn fields(self, tag: u8) -> Result<Fields<'a>, CmsError> {
        if self.tag == tag {
            return Ok(Fields::of(self.value));
        }
        Err(CmsError::Malformed("an element has another type"))
    }
}

/// The elements inside another one, front to back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next element, or `None` at the end.
    pub(super) fn step(&mut self) -> Result<Option<Element<'a>>, CmsError> {
        let Some(tag) = self.rest.first().copied() else {
            return Ok(None);
        };
        let bad = |_| CmsError::Malformed("a tag or a length is not DER");
        let mut reader = SliceReader::new(self.rest).map_err(bad)?;
        let raw = reader.tlv_bytes().map_err(bad)?;
        let value = AnyRef::from_der(raw).map_err(bad)?.value();
        let rest = self.rest.get(raw.len()..);
        self.rest = rest.ok_or(CmsError::Malformed("an element ends too early"))?;
        Ok(Some(Element { tag, value, raw }))
    }

    /// The next element, which must be there.
    pub(super) fn any(&mut self) -> Result<Element<'a>, CmsError> {
        let element = self.step()?;
        element.ok_or(CmsError::Malformed("an element is missing"))
    }

    /// The next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<Element<'a>, CmsError> {
        let element = self.any()?;
        if element.tag == tag {
            return Ok(element);
        }
        Err(CmsError::Malformed("an element has another type"))
    }

    /// The next element if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, CmsError> {
        if self.rest.first() == Some(&tag) {
            return self.step();
        }
        Ok(None)
    }

    /// Nothing may be left.
    pub(super) const fn finish(self) -> Result<(), CmsError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(CmsError::Malformed("bytes are left over"))
    }
}

/// The one element that `bytes` are, after a look at everything inside it: sizes, depth, minimal
/// numbers, order of sets (X.690 §8.3.2, §8.19.2, §11.1, §11.6).
pub(super) fn document(bytes: &[u8], bytes_max: usize) -> Result<Element<'_>, CmsError> {
    if bytes.len() > bytes_max {
        return Err(CmsError::TooLarge { bytes_max });
    }
    let mut fields = Fields::of(bytes);
    let element = fields.any()?;
    fields.finish()?;
    check(bytes, DEPTH_MAX)?;
    Ok(element)
}

fn check(bytes: &[u8], levels: usize) -> Result<(), CmsError> {
    let Some(levels) = levels.checked_sub(1) else {
        return Err(CmsError::Malformed("elements are nested too deep"));
    };
    let mut fields = Fields::of(bytes);
    while let Some(element) = fields.step()? {
        if element.tag & CONSTRUCTED == 0 {
            primitive(element)?;
            continue;
        }
        let universal = element.tag & CLASS == 0;
        if universal && element.tag != SEQUENCE && element.tag != SET {
            return Err(CmsError::Malformed("a primitive type is in pieces"));
        }
        if element.tag == SET {
            sorted(element.value)?;
        }
        check(element.value, levels)?;
    }
    Ok(())
}

/// The values of a `SET OF` ascend (X.690 §11.6) and, since no set here may say a thing twice,
/// strictly.
pub(super) fn sorted(set: &[u8]) -> Result<(), CmsError> {
    let mut fields = Fields::of(set);
    let mut last: &[u8] = &[];
    while let Some(element) = fields.step()? {
        if element.raw <= last {
            return Err(CmsError::Malformed("a set is not in order"));
        }
        last = element.raw;
    }
    Ok(())
}

fn primitive(element: Element<'_>) -> Result<(), CmsError> {
    let value = element.value;
    let good = match element.tag {
        BOOLEAN => matches!(value, [0x00 | 0xff]),
        NULL => value.is_empty(),
        INTEGER => match value {
            [] => false,
            [0x00, next, ..] => next & 0x80 != 0,
            [0xff, next, ..] => next & 0x80 == 0,
            _ => true,
        },
        BIT_STRING => match value {
            [] => false,
            [unused] => *unused == 0,
            // The unused bits are zero (X.690 §11.2.1).
            [unused, .., last] => *unused < 8 && last.trailing_zeros() >= u32::from(*unused),
        },
        OBJECT_IDENTIFIER => is_identifier(value),
        SEQUENCE_PRIMITIVE | SET_PRIMITIVE => false,
        _ => true,
    };
    if good {
        return Ok(());
    }
    Err(CmsError::Malformed("a value is not DER"))
}

/// Arcs in base 128, none padded, the last one ended, and not more than anyone needs.
pub(super) fn is_identifier(content: &[u8]) -> bool {
    let mut start = true;
    for byte in content {
        if start && *byte == 0x80 {
            return false;
        }
        start = byte & 0x80 == 0;
    }
    start && (1..=IDENTIFIER_BYTES_MAX).contains(&content.len())
}

/// Tag, shortest length, and the parts one after another.
#[must_use]
pub fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    let octets = length.to_be_bytes();
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let digits = octets.get(zeros..).unwrap_or_default();
    if length >= 0x80 {
        // At most eight, for the length of what fits in memory.
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
        out.extend_from_slice(digits);
    } else {
        out.push(digits.first().copied().unwrap_or(0));
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// A `SET OF`: the values put in order (X.690 §11.6), under this tag.
pub(super) fn set_of(tag: u8, mut values: Vec<Vec<u8>>) -> Vec<u8> {
    values.sort();
    values.dedup();
    let parts: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
    element(tag, &parts)
}

/// A number that is not negative, from its big-endian bytes.
pub(super) fn unsigned(big_endian: &[u8]) -> Vec<u8> {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let digits = big_endian.get(zeros..).unwrap_or_default();
    if digits.first().is_none_or(|byte| byte & 0x80 != 0) {
        return element(INTEGER, &[&[0], digits]);
    }
    element(INTEGER, &[digits])
}

/// A small number that is not negative.
pub(super) fn small(element: Element<'_>) -> Option<u32> {
    let value = element.value;
    if element.tag != INTEGER || value.len() > 4 || value.first()? & 0x80 != 0 {
        return None;
    }
    let digit = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
    Some(value.iter().fold(0, digit))
}

const CONSTRUCTED: u8 = 0x20;
const CLASS: u8 = 0xc0;
const SEQUENCE_PRIMITIVE: u8 = 0x10;
const SET_PRIMITIVE: u8 = 0x11;
/// A time-stamp token inside an attribute, its certificate's name constraints inside that: 24.
const DEPTH_MAX: usize = 40;
/// The longest in use have some twenty; long ones cost their readers time (CVE-2023-2650).
const IDENTIFIER_BYTES_MAX: usize = 64;
