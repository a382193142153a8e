//! `TSTInfo` (RFC 3161 §2.4.2): what is stamped, when, by which number and under which policy.

use std::fmt;

use crate::cms::der::{self, Element, Fields};
use crate::cms::timestamp::request::read_imprint;
use crate::cms::timestamp::{Grant, TimeStampRequest};
use crate::cms::{CmsError, Digest, Oid};
use crate::domain::hex::digits;
use crate::domain::time::Timestamp;

/// A token's number, unique for its authority's life.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SerialNumber(Vec<u8>);

impl SerialNumber {
    /// From 152 random bits, which never come twice; `None` for zero, which is no number.
    #[must_use]
    pub fn from_random(bits: [u8; 19]) -> Option<Self> {
        let number = der::unsigned(&bits);
        (bits != [0; 19]).then_some(Self(number))
    }
}

impl fmt::Debug for SerialNumber {
    /// Hexadecimal, as it stands in the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digits(self.0.get(2..).unwrap_or_default()))
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStamp {
    pub policy: Oid,
    pub imprint: Digest,
    pub serial: SerialNumber,
    pub moment: Timestamp,
    /// How far off the moment may be; 0 where the token does not say.
    pub accuracy_ms: u32,
    /// The INTEGER in DER.
    pub(super) nonce: Option<Vec<u8>>,
}

/// The info that answers `request`: whole seconds, its imprint and nonce to the byte.
pub(super) fn write(grant: &Grant<'_>, request: &TimeStampRequest) -> Result<Vec<u8>, CmsError> {
    let moment = generalized(grant.moment)?;
    let seconds = der::unsigned(&grant.accuracy_seconds.to_be_bytes());
    Ok(der::element(
        der::SEQUENCE,
        &[
            &der::unsigned(&[1]),
            &grant.policy.to_der(),
            &request.imprint_der,
            &grant.serial.0,
            &der::element(der::GENERALIZED_TIME, &[moment.as_bytes()]),
            &der::element(der::SEQUENCE, &[&seconds]),
            request.nonce.as_deref().unwrap_or_default(),
        ],
    ))
}

/// Reads an info.
pub(super) fn read(bytes: &[u8]) -> Result<TimeStamp, CmsError> {
    let element = der::document(bytes, INFO_BYTES_MAX)?;
    let mut fields = element.fields(der::SEQUENCE)?;
    if der::small(fields.any()?) != Some(1) {
        return Err(CmsError::Profile("the time-stamp has another version"));
    }
    let policy = fields.expect(der::OBJECT_IDENTIFIER)?;
    let imprint = read_imprint(fields.expect(der::SEQUENCE)?)?;
    let serial = fields.expect(der::INTEGER)?;
    let moment = fields.expect(der::GENERALIZED_TIME)?;
    let accuracy = fields.optional(der::SEQUENCE)?;
    let ordering = fields.optional(der::BOOLEAN)?;
    let nonce = fields.optional(der::INTEGER)?;
    fields.optional(der::context(0))?;
    if fields.optional(der::context(1))?.is_some() {
        return Err(CmsError::Profile("the time-stamp has extensions"));
    }
    fields.finish()?;
    if ordering.is_some_and(|found| found.value == [0]) {
        return Err(CmsError::Malformed("a default is written out"));
    }
    if serial.value.len() > SERIAL_BYTES_MAX || serial.value.first().is_some_and(|b| b & 0x80 != 0)
    {
        return Err(CmsError::Profile("the number is negative or too long"));
    }
    Ok(TimeStamp {
        policy: Oid::from_content(policy.value)
            .ok_or(CmsError::Malformed("a name is malformed"))?,
        imprint,
        serial: SerialNumber(serial.raw.to_vec()),
        moment: moment_of(moment.value).ok_or(CmsError::Malformed("a time is not DER"))?,
        accuracy_ms: accuracy.map_or(Ok(0), accuracy_ms)?,
        nonce: nonce.map(|found| found.raw.to_vec()),
    })
}

/// `YYYYMMDDHHMMSSZ` (X.690 §11.7), rounded down to the second.
fn generalized(moment: Timestamp) -> Result<String, CmsError> {
    let moment = moment.utc().ok_or(CmsError::Moment)?;
    let (date, clock) = (moment.date(), moment.time());
    Ok(format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    ))
}

/// Reads the same; a fraction has no trailing zero and is cut to milliseconds.
fn moment_of(value: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) {
        return None;
    }
    let milliseconds = match fraction {
        None => 0,
        Some(f) if f.is_empty() || f.ends_with('0') || !digits(f) || f.len() > 9 => return None,
        Some(f) => format!("{f:0<3}").get(..3)?.parse().ok()?,
    };
    let part = |from: usize, to: usize| whole.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    let written = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    Some(Timestamp::parse(&written)?.plus_ms(milliseconds))
}

/// `Accuracy`: seconds, [0] milliseconds, [1] microseconds, the last rounded up.
fn accuracy_ms(element: Element<'_>) -> Result<u32, CmsError> {
    let mut fields = element.fields(der::SEQUENCE)?;
    let bad = CmsError::Malformed("an accuracy is out of range");
    let seconds = match fields.optional(der::INTEGER)? {
        Some(found) => der::small(found).ok_or(bad.clone())?,
        None => 0,
    };
    let milliseconds = below_second(&mut fields, 0x80)?;
    let microseconds = below_second(&mut fields, 0x81)?;
    fields.finish()?;
    let parts = milliseconds + microseconds.div_ceil(1000);
    let total = seconds.checked_mul(1000);
    total.and_then(|ms| ms.checked_add(parts)).ok_or(bad)
}

fn below_second(fields: &mut Fields<'_>, tag: u8) -> Result<u32, CmsError> {
    let Some(found) = fields.optional(tag)? else {
        return Ok(0);
    };
    let number = Element {
        tag: der::INTEGER,
        ..found
    };
    der::small(number)
        .filter(|number| (1..1000).contains(number))
        .ok_or(CmsError::Malformed("an accuracy is out of range"))
}

const INFO_BYTES_MAX: usize = 4 * 1024;
/// 160 bits (RFC 3161 §2.4.2) and the sign.
const SERIAL_BYTES_MAX: usize = 21;
