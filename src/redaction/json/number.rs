//! A decimal number, exactly as it was written: no float, no rounding, any exponent.

use std::cmp::Ordering;

/// ±0.d₁d₂… × 10^point, with d₁ and the last digit not 0; zero has no digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    /// Reads a number of RFC 8259 §6; `None` for anything else. An exponent beyond ±10¹⁵ is read
    /// as that: no comparison here tells them apart.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, power(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let digits = || whole.bytes().chain(fraction.bytes());
        if whole.is_empty() || !digits().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let zeros = digits().take_while(|b| *b == b'0').count();
        let mut digits: Vec<u8> = digits().skip(zeros).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let length = |n: usize| i64::try_from(n).ok();
        let point = length(whole.len())? - length(zeros)? + exponent;
        Some(match digits.is_empty() {
            true => Self { negative: false, digits, point: 0 },
            false => Self { negative, digits, point },
        })
    }

    /// How this number stands to a whole number.
    #[must_use]
    pub fn cmp_integer(&self, whole: i128) -> Ordering {
        let other = Self::from_integer(whole);
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.cmp_size(&other),
            (true, true) => other.cmp_size(self),
        }
    }

    /// The digits of a whole number that is not negative and has at most `digits_max`; else
    /// `None`. `4.15e3` is `4150`.
    #[must_use]
    pub fn whole_digits(&self, digits_max: usize) -> Option<String> {
        let length = usize::try_from(self.point).ok()?;
        if self.negative || length > digits_max || self.digits.len() > length {
            return None;
        }
        let padding = std::iter::repeat_n(b'0', length - self.digits.len());
        Some(self.digits.iter().copied().chain(padding).map(char::from).collect())
    }

    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    fn from_integer(whole: i128) -> Self {
        let text = whole.unsigned_abs().to_string();
        let digits = text.trim_end_matches('0');
        let zero = digits.is_empty();
        Self {
            negative: whole < 0,
            digits: digits.as_bytes().to_vec(),
            point: if zero { 0 } else { i64::try_from(text.len()).unwrap_or_default() },
        }
    }

    /// Without signs: the longer whole part is larger, then digit by digit.
    fn cmp_size(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => {
                self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits))
            }
        }
    }
}

fn power(exponent: &str) -> Option<i64> {
    let (negative, digits) = match exponent.strip_prefix(['+', '-']) {
        Some(rest) => (exponent.starts_with('-'), rest),
        None => (false, exponent),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse::<i64>().unwrap_or(EXPONENT_MAX).min(EXPONENT_MAX);
    Some(if negative { -size } else { size })
}

const EXPONENT_MAX: i64 = 1_000_000_000_000_000;
