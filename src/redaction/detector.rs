//! Finds identifiers of persons in what is about to leave: the last look, which knows nothing of
//! class maps or decisions.
//!
//! It finds a PINFL with its check digit and date, a passport number, an Uzbek telephone number and
//! a payment card with its check digit; written with spaces or dashes, as a JSON number, and one
//! level down in base64 or in JSON within a string. It does not undo compression, encryption,
//! percent-encoding or digits of other scripts.

use std::fmt;
use std::ops::Range;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use crate::domain::name::DataClass;
use crate::domain::person::{PINFL_DIGITS, Pinfl};
use crate::redaction::error::{Breach, RedactionError};
use crate::redaction::json::{self, Decimal, Document, Kind, Limits, NodeId};

/// What was found. Never what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    Pinfl,
    Passport,
    Phone,
    Card,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pinfl => "a PINFL",
            Self::Passport => "a passport number",
            Self::Phone => "a telephone number",
            Self::Card => "a card number",
        })
    }
}

/// Whether values of a class are expected to be what the detector finds.
#[must_use]
pub fn is_excused(class: &DataClass) -> bool {
    EXCUSED.contains(&class.as_str())
}

/// Looks at each name, string and number of a JSON text that is not within an excused span.
///
/// # Errors
/// [`RedactionError::ContractBroken`] if it is no JSON text.
pub fn find_in_json(
    text: &[u8],
    excused: &[Range<usize>],
) -> Result<Option<Finding>, RedactionError> {
    let bytes = Bytes::copy_from_slice(text);
    let document = json::parse(bytes, &Limits::default()).map_err(Breach::Json)?;
    let looked_at = |span: Range<usize>| {
        let after = excused.partition_point(|e| e.start <= span.start);
        let around = after.checked_sub(1).and_then(|at| excused.get(at));
        around.is_none_or(|e| e.end < span.end)
    };
    Ok(document.nodes().find_map(|(id, node)| {
        let name = node.name_span().filter(|span| looked_at(span.clone()));
        let in_name = name.and_then(|_| document.name(id)).and_then(find);
        in_name.or_else(|| looked_at(node.span()).then(|| find_in_scalar(&document, id)).flatten())
    }))
}

/// Looks at a text, and one level into what is encoded in it.
#[must_use]
pub fn find(text: &str) -> Option<Finding> {
    find_plain(text).or_else(|| find_in_inner_json(text)).or_else(|| find_in_base64(text))
}

fn find_in_scalar(document: &Document, id: NodeId) -> Option<Finding> {
    match document.node(id)?.kind {
        Kind::String => find(&document.string(id)?),
        Kind::Number => find_in_number(document.number(id)?),
        Kind::Object | Kind::Array | Kind::True | Kind::False | Kind::Null => None,
    }
}

/// As it is written and as it counts: `4.1507850211172e13` is a PINFL.
fn find_in_number(text: &str) -> Option<Finding> {
    let digits = Decimal::parse(text).and_then(|number| number.whole_digits(CARD_DIGITS));
    digits.and_then(|digits| find_plain(&digits)).or_else(|| find_plain(text))
}

fn find_in_inner_json(text: &str) -> Option<Finding> {
    text.trim_start().starts_with(['{', '[', '"']).then_some(())?;
    let document = json::parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::default()).ok()?;
    document.nodes().find_map(|(id, _)| {
        let in_name = document.name(id).and_then(find_plain);
        in_name.or_else(|| match document.string(id) {
            Some(string) => find_plain(&string),
            None => document.number(id).and_then(find_in_number),
        })
    })
}

fn find_in_base64(text: &str) -> Option<Finding> {
    let alphabet = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
    text.split(|c| !alphabet(c)).filter(|run| run.len() >= BASE64_BYTES_MIN).find_map(|run| {
        let plain: String = run
            .chars()
            .map(|c| match c {
                '-' => '+',
                '_' => '/',
                other => other,
            })
            .collect();
        let plain = plain.trim_end_matches('=');
        // One character more than whole groups carries no byte.
        let whole = plain.len() - usize::from(plain.len() % 4 == 1);
        let decoded = LENIENT.decode(plain.get(..whole)?).ok()?;
        find_plain(&String::from_utf8_lossy(&decoded))
    })
}

/// Digits that stand together, and what stands right before and after them.
struct Group {
    digits: String,
    before: Option<char>,
    after: Option<char>,
    /// It continues the group before: only a space, a dash or a bracket is between.
    joined: bool,
}

fn find_plain(text: &str) -> Option<Finding> {
    let groups = groups(text);
    let numbers = (0..groups.len()).find_map(|from| find_from(groups.get(from..)?));
    numbers.or_else(|| find_passport(text))
}

/// Looks at the numbers that begin with the first of these groups.
fn find_from(groups: &[Group]) -> Option<Finding> {
    let first = groups.first()?;
    let mut digits = String::new();
    for (index, group) in groups.iter().enumerate() {
        if index > 0 && !group.joined {
            return None;
        }
        digits.push_str(&group.digits);
        if digits.len() > CARD_DIGITS {
            return None;
        }
        let free = !first.before.is_some_and(char::is_alphanumeric)
            && !group.after.is_some_and(char::is_alphanumeric);
        match digits.len() {
            PINFL_DIGITS if is_pinfl(&digits) => return Some(Finding::Pinfl),
            PHONE_DIGITS if (free || first.before == Some('+')) && is_phone(&digits) => {
                return Some(Finding::Phone);
            }
            CARD_DIGITS if free && is_card(&digits, groups.get(..=index)?) => {
                return Some(Finding::Card);
            }
            _ => {}
        }
    }
    None
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut before = None;
    let mut between = usize::MAX;
    for c in text.chars() {
        let previous = before.replace(c);
        if c.is_ascii_digit() {
            match groups.last_mut() {
                Some(group) if between == 0 => group.digits.push(c),
                _ => groups.push(Group {
                    digits: c.to_string(),
                    before: previous,
                    after: None,
                    joined: between <= SEPARATORS_MAX,
                }),
            }
            between = 0;
            continue;
        }
        if between == 0 && let Some(group) = groups.last_mut() {
            group.after = Some(c);
        }
        between = if is_separator(c) { between.saturating_add(1) } else { usize::MAX };
    }
    groups
}

const fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '-' | '(' | ')' | '\t' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{2010}'..='\u{2014}'
    )
}

/// Of somebody born in 1900 or later.
fn is_pinfl(digits: &str) -> bool {
    digits.starts_with(['3', '4', '5', '6']) && Pinfl::parse(digits).is_ok()
}

/// `998`, a code of two digits from 20, and seven digits.
fn is_phone(digits: &str) -> bool {
    digits.strip_prefix("998").is_some_and(|rest| rest.starts_with(['2', '3', '5', '6', '7', '8', '9']))
}

/// Sixteen digits in one group or in fours, first of a payment system, with the check digit of
/// ISO/IEC 7812-1.
fn is_card(digits: &str, groups: &[Group]) -> bool {
    let written = groups.len() == 1 || groups.iter().all(|group| group.digits.len() == 4);
    let sum: u32 = digits
        .bytes()
        .rev()
        .map(|b| u32::from(b.saturating_sub(b'0')))
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit) {
            (0, digit) => digit,
            (_, 9) => 9,
            (_, digit) => digit * 2 % 9,
        })
        .sum();
    written && digits.starts_with(['2', '4', '5', '6', '8', '9']) && sum.is_multiple_of(10)
}

/// Two capital letters and seven digits, at most a space between; in lower case without one.
fn find_passport(text: &str) -> Option<Finding> {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    let letters = |s: &str| s.len() == 2 && s.bytes().all(|b| b.is_ascii_uppercase());
    let digits = |s: &str| s.len() == 7 && s.bytes().all(|b| b.is_ascii_digit());
    let whole = words.iter().any(|word| {
        word.split_at_checked(2).is_some_and(|(series, number)| {
            letters(&series.to_ascii_uppercase()) && digits(number)
        })
    });
    let apart = words.windows(2).any(|pair| match pair {
        [series, number] => {
            letters(series) && digits(number) && text.contains(&format!("{series} {number}"))
        }
        _ => false,
    });
    (whole || apart).then_some(Finding::Passport)
}

const EXCUSED: [&str; 2] = ["identifier", "contact"];

const PHONE_DIGITS: usize = 12;
const CARD_DIGITS: usize = 16;

/// Characters between two groups of one number: `) ` and no more.
const SEPARATORS_MAX: usize = 2;

/// The shortest run that is tried as base64: nine bytes, a passport number, take twelve.
const BASE64_BYTES_MIN: usize = 12;

/// Base64 with or without padding and with loose trailing bits: a decoder that is stricter than the
/// reader would let things pass.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
