//! Masks: what stands in place of a value that may be shown only in part.

use std::cmp::Ordering;
use std::fmt;

use crate::domain::data::Mask;
use crate::domain::name::DataClass;
use crate::redaction::json::{Decimal, Document, Kind, NodeId};

/// The basic calculation amount (BHM) in soum from which bands are counted, where nothing else is
/// set.
pub const BHM_SOUM: u32 = 412_000;

/// What masks need to know beside the value.
pub struct Masks<'a> {
    /// The pseudonym of a value of a class for the one recipient; `None` if the recipient is not
    /// one that gets pseudonyms.
    pub pseudonym: &'a dyn Fn(&DataClass, &str) -> Option<String>,
    /// The basic calculation amount in soum.
    pub bhm_soum: u32,
}

impl fmt::Debug for Masks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masks").field("bhm_soum", &self.bhm_soum).finish_non_exhaustive()
    }
}

impl Masks<'_> {
    /// The JSON text in place of a value; `None` if nothing of it can be shown this way: a
    /// container, or a number where only a text could stand (a type is kept, but for a band).
    pub(super) fn apply(
        &self,
        mask: Mask,
        class: &DataClass,
        document: &Document,
        id: NodeId,
    ) -> Option<String> {
        let kind = document.node(id)?.kind;
        let masked = match kind {
            Kind::Number if mask == Mask::Band => self.band(document.number(id)?)?,
            Kind::String => {
                let text = document.string(id)?;
                match mask {
                    Mask::Redacted => TOKEN.to_owned(),
                    Mask::Band => self.band(&text).unwrap_or_else(|| TOKEN.to_owned()),
                    Mask::Pseudonym => (self.pseudonym)(class, &text)?,
                    Mask::Partial => partial(class, &text),
                    Mask::Last4 => last4(&text),
                }
            }
            Kind::Object | Kind::Array | Kind::Number | Kind::True | Kind::False | Kind::Null => {
                return None;
            }
        };
        serde_json::to_string(&masked).ok()
    }

    /// The range of basic amounts that a number lies in, `2–5 BHM`.
    fn band(&self, number: &str) -> Option<String> {
        let number = Decimal::parse(number).filter(|n| !n.is_negative())?;
        let below = |bound: &u32| {
            number.cmp_integer(i128::from(*bound) * i128::from(self.bhm_soum)) == Ordering::Less
        };
        let mut from = 0;
        for bound in BANDS_BHM {
            if below(&bound) {
                return Some(format!("{from}–{bound} BHM"));
            }
            from = bound;
        }
        Some(format!("{from}+ BHM"))
    }
}

/// The last four letters or digits, if they are at most half of the value. Of a PINFL the first
/// seven, which say sex and date of birth, are thus never among them.
fn last4(text: &str) -> String {
    let visible: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let hidden = visible.len().saturating_sub(4);
    match hidden >= 4 {
        true => visible.iter().skip(hidden).fold(TOKEN.to_owned(), |mut masked, c| {
            masked.push(*c);
            masked
        }),
        false => TOKEN.to_owned(),
    }
}

/// Some parts: the year of a date, the end of a telephone number, the first letter and the domain
/// of an e-mail address, the initials of a name; of anything else nothing.
fn partial(class: &DataClass, text: &str) -> String {
    let known = year(text).or_else(|| match class.as_str() {
        "contact" => phone(text).or_else(|| email(text)),
        "name" => Some(initials(text)),
        _ => None,
    });
    known.unwrap_or_else(|| TOKEN.to_owned())
}

/// `1985-07-15` is 1985.
fn year(text: &str) -> Option<String> {
    let date = text.as_bytes();
    let form = date.len() == 10
        && date.iter().enumerate().all(|(at, b)| match at {
            4 | 7 => *b == b'-',
            _ => b.is_ascii_digit(),
        });
    text.get(..4).filter(|_| form).map(str::to_owned)
}

fn phone(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let rest = digits.strip_prefix("998").filter(|rest| rest.len() == 9)?;
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')');
    let last = rest.get(7..)?;
    text.chars().all(plain).then(|| format!("+998 •• ••• •• {last}"))
}

fn email(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    let first = local.chars().next()?;
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let usable = local.chars().nth(1).is_some() && domain.contains('.') && domain.chars().all(name);
    usable.then(|| format!("{first}{TOKEN}@{domain}"))
}

fn initials(text: &str) -> String {
    let initial = |word: &str| {
        let mut letters = word.chars();
        let (first, second) = (letters.next(), letters.next());
        first.filter(|_| second.is_some()).map_or_else(|| "•".to_owned(), |c| format!("{c}."))
    };
    let words: Vec<_> = text.split_whitespace().take(WORDS_MAX).map(initial).collect();
    words.join(" ")
}

/// Upper bounds of the bands, in basic amounts.
const BANDS_BHM: [u32; 7] = [1, 2, 5, 10, 20, 50, 100];

/// Words of a name whose initials are shown.
const WORDS_MAX: usize = 4;

/// What stands for a value, whatever its length.
const TOKEN: &str = "••••";
