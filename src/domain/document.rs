//! A document that an e-service issues: what it is called, who it is about, how its paper is found.

use std::fmt;
use std::str;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::name::{AgencyId, DataClass, DocumentKind, DocumentNumber};
use crate::domain::person::Person;
use crate::domain::time::Timestamp;

/// What an e-service says it issues, and the body that the register says it issues for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuance {
    pub issuer: AgencyId,
    pub kind: DocumentKind,
    /// The issuer's own number: with the issuer, what a second sealing is known by.
    pub number: DocumentNumber,
    /// The person the document is about.
    pub holder: Person,
    /// What whoever has the paper may compare it with.
    pub details: Vec<Detail>,
}

/// One thing that a document says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    pub class: DataClass,
    pub text: String,
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Detail({}, withheld)", self.class)
    }
}

/// How a sealed document stands. A fact of the register, not of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum DocumentStatus {
    Valid,
    Revoked { at: Timestamp },
}

/// What a document is found by: 128 random bits, printed as 26 characters of Crockford's Base32
/// and a check character (ISO/IEC 7064, MOD 37-36). It opens nothing but the verdict.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentCode([u8; CODE_BYTES]);

/// What is printed beside the code, and opens the document to whoever holds the paper: 40 random
/// bits as 8 characters of Crockford's Base32.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AccessCode([u8; ACCESS_BYTES]);

/// Random bytes of a [`DocumentCode`].
pub const CODE_BYTES: usize = 16;
/// Random bytes of an [`AccessCode`].
pub const ACCESS_BYTES: usize = 5;

/// Why characters are no code. Says nothing of what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the code is mistyped: it has other characters, another length or another check character")]
pub struct CodeError;

impl DocumentCode {
    #[must_use]
    pub const fn from_bytes(bytes: [u8; CODE_BYTES]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; CODE_BYTES] {
        &self.0
    }

    /// Reads a code as people type it: lower case, spaces and hyphens, `O` for `0`, `I` and `L`
    /// for `1`.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn parse(given: &str) -> Result<Self, CodeError> {
        let typed = typed(given, CODE_CHARACTERS + 1)?;
        let (check, symbols) = typed.split_last().ok_or(CodeError)?;
        let mut symbols = symbols.to_vec();
        for symbol in &mut symbols {
            *symbol = alike(*symbol);
        }
        if check_character(&symbols) != Some(*check) {
            return Err(CodeError);
        }
        let bytes = decode(&symbols).ok_or(CodeError)?;
        Ok(Self(bytes.try_into().map_err(|_| CodeError)?))
    }
}

impl fmt::Display for DocumentCode {
    /// As it stands in an address: 27 upper-case characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbols = encode(&self.0, CODE_CHARACTERS);
        let check = check_character(&symbols).unwrap_or(b'0');
        f.write_str(str::from_utf8(&symbols).unwrap_or_default())?;
        write!(f, "{}", char::from(check))
    }
}

impl fmt::Debug for DocumentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DocumentCode(withheld)")
    }
}

impl Serialize for DocumentCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DocumentCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let given = String::deserialize(from)?;
        Self::parse(&given).map_err(serde::de::Error::custom)
    }
}

impl AccessCode {
    #[must_use]
    pub const fn from_bytes(bytes: [u8; ACCESS_BYTES]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; ACCESS_BYTES] {
        &self.0
    }

    /// Reads a code as people type it.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn parse(given: &str) -> Result<Self, CodeError> {
        let symbols: Vec<u8> = typed(given, ACCESS_CHARACTERS)?
            .into_iter()
            .map(alike)
            .collect();
        let bytes = decode(&symbols).ok_or(CodeError)?;
        Ok(Self(bytes.try_into().map_err(|_| CodeError)?))
    }
}

impl fmt::Display for AccessCode {
    /// As it is printed: two groups of four.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbols = encode(&self.0, ACCESS_CHARACTERS);
        let (first, second) = symbols.split_at(ACCESS_CHARACTERS / 2);
        let text = |part| str::from_utf8(part).unwrap_or_default();
        write!(f, "{}-{}", text(first), text(second))
    }
}

impl fmt::Debug for AccessCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessCode(withheld)")
    }
}

/// The characters without what people put between them, in upper case.
fn typed(given: &str, length: usize) -> Result<Vec<u8>, CodeError> {
    if given.len() > TYPED_BYTES_MAX {
        return Err(CodeError);
    }
    let kept = given.bytes().filter(|byte| !b" -".contains(byte));
    let kept: Vec<u8> = kept.map(|byte| byte.to_ascii_uppercase()).collect();
    (kept.len() == length).then_some(kept).ok_or(CodeError)
}

/// What looks like another character is read as that one.
fn alike(symbol: u8) -> u8 {
    match symbol {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    }
}

/// Five bits a character, the first bits first; what is missing of the last are zeros in front.
fn encode(bytes: &[u8], characters: usize) -> Vec<u8> {
    let mut number = bytes
        .iter()
        .fold(0_u128, |n, byte| n << 8 | u128::from(*byte));
    let mut symbols = vec![b'0'; characters];
    for symbol in symbols.iter_mut().rev() {
        let index = usize::try_from(number % 32).unwrap_or(0);
        *symbol = BASE32.get(index).copied().unwrap_or(b'0');
        number /= 32;
    }
    symbols
}

/// The bytes of so many characters, if they say no more bits than the bytes have.
fn decode(symbols: &[u8]) -> Option<Vec<u8>> {
    let mut number = 0_u128;
    for symbol in symbols {
        let value = BASE32.iter().position(|known| known == symbol)?;
        number = number
            .checked_mul(32)?
            .checked_add(u128::try_from(value).ok()?)?;
    }
    let bytes = symbols.len() * 5 / 8;
    let all = number.to_be_bytes();
    let (zeros, said) = all.split_at_checked(all.len().checked_sub(bytes)?)?;
    zeros.iter().all(|byte| *byte == 0).then(|| said.to_vec())
}

/// ISO/IEC 7064, MOD 37-36 over `0-9A-Z`.
fn check_character(symbols: &[u8]) -> Option<u8> {
    let mut product = 36;
    for symbol in symbols {
        let value = ALPHANUMERIC.iter().position(|known| known == symbol)?;
        let sum = match (product + value) % 36 {
            0 => 36,
            sum => sum,
        };
        product = sum * 2 % 37;
    }
    ALPHANUMERIC.get((37 - product) % 36).copied()
}

const CODE_CHARACTERS: usize = 26;
const ACCESS_CHARACTERS: usize = 8;
/// With everything that people put between the characters.
const TYPED_BYTES_MAX: usize = 64;
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

#[cfg(test)]
mod tests {
    use super::{AccessCode, DocumentCode};

    #[test]
    fn a_code_reads_as_it_is_printed_and_as_people_type_it() {
        for bytes in [[0; 16], [255; 16], *b"\x01\x80random bytes!!"] {
            let code = DocumentCode::from_bytes(bytes);
            let printed = code.to_string();
            assert_eq!(printed.len(), 27);
            assert_eq!(DocumentCode::parse(&printed), Ok(code));
            let (head, check) = printed.split_at(26);
            let typed = head.to_lowercase().replace('0', "o").replace('1', "l");
            assert_eq!(DocumentCode::parse(&format!(" {typed}-{check}")), Ok(code));
        }
    }

    #[test]
    fn every_single_mistyped_character_is_noticed() {
        let printed = DocumentCode::from_bytes(*b"sixteen of them!").to_string();
        let alike = |c: char| match c {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        };
        for at in 0..26 {
            for other in ('0'..='9').chain('A'..='Z') {
                let mut typed: Vec<char> = printed.chars().collect();
                if alike(other) == typed[at] {
                    continue;
                }
                typed[at] = other;
                let typed: String = typed.into_iter().collect();
                assert!(DocumentCode::parse(&typed).is_err(), "{typed}");
            }
        }
    }

    #[test]
    fn more_bits_than_a_code_has_are_none() {
        let last = DocumentCode::from_bytes([255; 16]).to_string();
        assert!(last.starts_with('7'));
        assert!(DocumentCode::parse(&last.replacen('7', "8", 1)).is_err());
        for given in ["", "7", &"0".repeat(28), &"0".repeat(1000)] {
            assert!(DocumentCode::parse(given).is_err());
        }
    }

    #[test]
    fn an_access_code_reads_as_it_is_printed() {
        let code = AccessCode::from_bytes([0x12, 0x34, 0x56, 0x78, 0x9a]);
        assert_eq!(code.to_string(), "28T5-CY4T");
        assert_eq!(AccessCode::parse("28t5 cy4t"), Ok(code));
        assert!(AccessCode::parse("28T5-CY4").is_err());
        assert!(AccessCode::parse("28T5-CY4U").is_err());
    }
}
