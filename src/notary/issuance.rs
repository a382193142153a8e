//! `Muhrdor-Document`: what an e-service says it issues with its answer.
//!
//! A dictionary (RFC 9651 §3.2): `number="TG-2026-000123", kind=birth-certificate,
//! subject="51205850123456", details=("Karimova Aziza";class=name "2021-05-04";class=civil-status),
//! language=ru`. `details` and `language` may be left out; anything else is refused.

use http::HeaderMap;
use http::header::HeaderName;
use sfv::{BareItem, Dictionary, InnerList, Item, ListEntry, Parser};

use crate::domain::document::Detail;
use crate::domain::name::{DataClass, DocumentKind, DocumentNumber};
use crate::domain::person::Pinfl;
use crate::domain::text::Language;
use crate::wire::headers;

/// The header's name.
pub const DOCUMENT: HeaderName = HeaderName::from_static("muhrdor-document");

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    pub number: DocumentNumber,
    pub kind: DocumentKind,
    pub subject: Pinfl,
    pub details: Vec<Detail>,
    /// Of the words beside the seal.
    pub language: Language,
}

/// Why the header is none. Says nothing of what was given: it may be about a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeclarationError {
    #[error("the answer has no `Muhrdor-Document`")]
    Missing,
    #[error("`Muhrdor-Document` is not one dictionary of RFC 9651")]
    NotDictionary,
    #[error("`Muhrdor-Document` has no `{0}`, or not of the right kind")]
    Member(&'static str),
    #[error("`Muhrdor-Document` has a member that is not known")]
    Unknown,
    #[error(
        "`Muhrdor-Document` has more than {DETAILS_MAX} details, or one longer than {DETAIL_CHARACTERS_MAX} characters"
    )]
    TooMuch,
}

impl Declaration {
    /// Reads it from an answer's head.
    ///
    /// # Errors
    /// See [`DeclarationError`].
    pub fn read(head: &HeaderMap) -> Result<Self, DeclarationError> {
        let text = headers::single(head, &DOCUMENT).map_err(|_| DeclarationError::NotDictionary)?;
        let text = text.ok_or(DeclarationError::Missing)?;
        let parsed = Parser::new(text).parse::<Dictionary>();
        let dictionary = parsed.map_err(|_| DeclarationError::NotDictionary)?;
        if dictionary
            .keys()
            .any(|key| !MEMBERS.contains(&key.as_str()))
        {
            return Err(DeclarationError::Unknown);
        }
        let word = |key: &'static str| match dictionary.get(key) {
            Some(ListEntry::Item(item)) if item.params.is_empty() => text_of(item),
            Some(ListEntry::Item(_) | ListEntry::InnerList(_)) | None => None,
        };
        let number = word("number").and_then(|given| DocumentNumber::parse(&given).ok());
        let kind = word("kind").and_then(|given| DocumentKind::parse(&given).ok());
        let subject = word("subject").and_then(|given| Pinfl::parse(&given).ok());
        let details = match dictionary.get("details") {
            None => Vec::new(),
            Some(ListEntry::InnerList(list)) => details(list)?,
            Some(ListEntry::Item(_)) => return Err(DeclarationError::Member("details")),
        };
        let language = match dictionary.contains_key("language") {
            true => word("language").and_then(|tag| Language::from_tag(&tag)),
            false => Some(Language::default()),
        };
        Ok(Self {
            number: number.ok_or(DeclarationError::Member("number"))?,
            kind: kind.ok_or(DeclarationError::Member("kind"))?,
            subject: subject.ok_or(DeclarationError::Member("subject"))?,
            details,
            language: language.ok_or(DeclarationError::Member("language"))?,
        })
    }
}

fn details(list: &InnerList) -> Result<Vec<Detail>, DeclarationError> {
    if list.items.len() > DETAILS_MAX || !list.params.is_empty() {
        return Err(DeclarationError::TooMuch);
    }
    let detail = |item: &Item| {
        let [(key, BareItem::Token(class))] = item.params.iter().collect::<Vec<_>>()[..] else {
            return None;
        };
        Some(Detail {
            class: DataClass::parse(class.as_str())
                .ok()
                .filter(|_| key.as_str() == "class")?,
            text: text_of(item)?,
        })
    };
    let details = list.items.iter().map(detail).collect::<Option<Vec<_>>>();
    let details = details.ok_or(DeclarationError::Member("details"))?;
    if details
        .iter()
        .any(|detail| detail.text.chars().count() > DETAIL_CHARACTERS_MAX)
    {
        return Err(DeclarationError::TooMuch);
    }
    Ok(details)
}

/// A string, a token, or a string of any letters (RFC 9651 §3.3.8).
fn text_of(item: &Item) -> Option<String> {
    match &item.bare_item {
        BareItem::String(text) => Some(text.as_str().to_owned()),
        BareItem::Token(token) => Some(token.as_str().to_owned()),
        BareItem::DisplayString(text) => Some(text.clone()),
        BareItem::Boolean(_)
        | BareItem::ByteSequence(_)
        | BareItem::Date(_)
        | BareItem::Decimal(_)
        | BareItem::Integer(_) => None,
    }
}

const MEMBERS: [&str; 5] = ["number", "kind", "subject", "details", "language"];
const DETAILS_MAX: usize = 16;
const DETAIL_CHARACTERS_MAX: usize = 200;
