//! A person: known to the registers by a PINFL, to this house by a keyed pseudonym.

use std::fmt;
use std::str;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::hex;

/// A personal identification number (PINFL, JSHSHIR): 14 digits with a true check digit and date.
///
/// Never shown by `Debug`; there is no `Display`. Write it with [`Pinfl::expose`], knowingly.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pinfl([u8; PINFL_DIGITS]);

/// How many digits a PINFL has.
pub const PINFL_DIGITS: usize = 14;

/// Why fourteen digits are no PINFL. Says nothing of what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinflError {
    #[error("a PINFL has exactly 14 digits")]
    Form,
    #[error("the first seven digits of a PINFL are a sex and century mark and a date of birth")]
    Date,
    #[error("the check digit of the PINFL is wrong")]
    CheckDigit,
}

impl Pinfl {
    /// Reads fourteen ASCII digits; checks the mark (1–6), the date and the check digit
    /// (Σ digit·(7,3,1 repeating) mod 10, Cabinet resolution 177 of 2022-04-12).
    pub fn parse(given: &str) -> Result<Self, PinflError> {
        let digits: [u8; PINFL_DIGITS] =
            given.as_bytes().try_into().map_err(|_| PinflError::Form)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(PinflError::Form);
        }
        let n = digits.map(|d| d - b'0');
        let [mark, d1, d2, m1, m2, y1, y2, .., check] = n;
        let century = match mark {
            1 | 2 => 1800,
            3 | 4 => 1900,
            5 | 6 => 2000,
            _ => return Err(PinflError::Date),
        };
        let year = century + i32::from(y1 * 10 + y2);
        let month = time::Month::try_from(m1 * 10 + m2).map_err(|_| PinflError::Date)?;
        time::Date::from_calendar_date(year, month, d1 * 10 + d2).map_err(|_| PinflError::Date)?;
        let weights = [7_u32, 3, 1].into_iter().cycle();
        let sum: u32 = n
            .iter()
            .take(13)
            .zip(weights)
            .map(|(d, w)| u32::from(*d) * w)
            .sum();
        if sum % 10 != u32::from(check) {
            return Err(PinflError::CheckDigit);
        }
        Ok(Self(digits))
    }

    /// The digits in clear: for the body that must find the person, for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Pinfl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pinfl(withheld)")
    }
}

/// A person's keyed pseudonym: HMAC-SHA-256 over the PINFL under a key of this deployment.
/// All rooms and all stores know a person by it; it cannot be recomputed without the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId([u8; 32]);

impl PersonId {
    /// From the 32 bytes of the keyed digest (`keys::pseudonym`).
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From 64 lower-case hexadecimal digits; `None` for anything else.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        let digits = hex.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0_u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *byte = (nibble(*high)? << 4) | nibble(*low)?;
        }
        Some(Self(bytes))
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::digits(&self.0))
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, ..] = self.0;
        write!(f, "PersonId({a:02x}{b:02x}{c:02x}…)")
    }
}

impl Serialize for PersonId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PersonId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(from)?;
        Self::parse(&hex).ok_or_else(|| serde::de::Error::custom("a person id has 64 hex digits"))
    }
}

/// A person as a request meets one: the pseudonym to keep, the number to ask the registers with.
/// Lives as long as the request; only `id` is ever stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Person {
    pub id: PersonId,
    pub pinfl: Pinfl,
}
