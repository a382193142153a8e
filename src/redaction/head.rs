//! The head of an answer: which contract it keeps, and which of its headers go on.

use std::collections::BTreeMap;
use std::fmt::Write;

use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, SET_COOKIE, TRAILER,
};

use crate::domain::data::Form;
use crate::domain::name::DataClass;
use crate::domain::operation::{Contract, Mode, Operation};
use crate::redaction::detector;
use crate::redaction::error::{Breach, RedactionError};
use crate::wire::cookie::HOST_PREFIX;
use crate::wire::grpc::{GRPC_DETAILS, GRPC_MESSAGE, GRPC_STATUS};
use crate::wire::headers::{is_hop_by_hop, is_reserved, single};

/// The media type of an answer in one of the accepted forms: `type/subtype`, and at most
/// `charset=utf-8`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `type/subtype`, lower case.
    essence: String,
    charset: Charset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Unsaid,
    Utf8,
}

impl Media {
    /// Reads `Content-Type` (RFC 9110 §8.3). Refuses it absent, repeated, with another charset or
    /// another parameter.
    pub fn read(headers: &HeaderMap) -> Result<Self, Breach> {
        let text = single(headers, &CONTENT_TYPE)
            .ok()
            .flatten()
            .ok_or(Breach::Media)?;
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let token = |s: &str| !s.is_empty() && s.bytes().all(is_token_byte);
        if !essence
            .split_once('/')
            .is_some_and(|(kind, name)| token(kind) && token(name))
        {
            return Err(Breach::Media);
        }
        let charset = match (parts.next(), parts.next()) {
            (None, _) => Charset::Unsaid,
            (Some(parameter), None) if is_utf8(parameter) => Charset::Utf8,
            (Some(_), _) => return Err(Breach::Media),
        };
        Ok(Self { essence, charset })
    }

    #[must_use]
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// Whether it is one JSON text: `application/json`, or a type that is built on it (RFC 6839).
    /// A sequence of texts is not.
    #[must_use]
    pub fn is_json(&self) -> bool {
        let name = self.essence.strip_prefix("application/");
        name.is_some_and(|name| name == "json" || name.ends_with("+json"))
    }

    fn value(&self) -> Result<HeaderValue, Breach> {
        let text = match self.charset {
            Charset::Unsaid => self.essence.clone(),
            Charset::Utf8 => format!("{}; charset=utf-8", self.essence),
        };
        HeaderValue::try_from(text).map_err(|_| Breach::Media)
    }
}

/// The contract that an answer keeps, by status and media type. A coded body and a part of one
/// keep none: what cannot be read cannot be cut.
pub fn contract<'a>(
    operation: &'a Operation,
    status: u16,
    headers: &HeaderMap,
) -> Result<(&'a Contract, Media), Breach> {
    let identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(identity) {
        return Err(Breach::Coding);
    }
    if PARTIAL_OR_BODILESS.contains(&status) || headers.contains_key(CONTENT_RANGE) {
        return Err(Breach::Coding);
    }
    if !operation
        .contracts
        .iter()
        .any(|contract| contract.status == status)
    {
        return Err(Breach::NoContract { status });
    }
    let media = Media::read(headers)?;
    let kept = |c: &&Contract| c.status == status && c.media == media.essence;
    let contract = operation
        .contracts
        .iter()
        .find(kept)
        .ok_or(Breach::NoContract { status })?;
    match &contract.mode {
        Mode::Fields(_) if !media.is_json() => Err(Breach::Media),
        Mode::Fields(_) | Mode::Public | Mode::Whole { .. } => Ok((contract, media)),
    }
}

/// The headers that go on, in a new map: the media type, what the register lets through, and for
/// what is about persons `no-store`. Lengths, codings, ranges and validators never do: they tell
/// of the bytes that were cut.
///
/// # Errors
/// [`RedactionError::LeakStopped`] if a value holds an identifier of a person.
pub fn outgoing(
    operation: &Operation,
    contract: &Contract,
    media: &Media,
    incoming: &HeaderMap,
) -> Result<HeaderMap, RedactionError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, media.value()?);
    let listed = operation.response_headers.iter();
    let listed = listed.map(|name| HeaderName::try_from(name.as_str()));
    let outcome = outcome(operation).into_iter().map(Ok);
    for name in listed.chain(outcome) {
        let name = name.map_err(|_| Breach::Header)?;
        if is_ours(&name) || is_hop_by_hop(&name, incoming) {
            continue;
        }
        for value in incoming.get_all(&name) {
            headers.append(name.clone(), looked_at(value)?);
        }
    }
    for cookie in incoming.get_all(SET_COOKIE) {
        if is_let_through(operation, cookie) {
            headers.append(SET_COOKIE, looked_at(cookie)?);
        }
    }
    match contract.mode {
        Mode::Public => announce(operation, &mut headers)?,
        Mode::Whole { .. } | Mode::Fields(_) => {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
    Ok(headers)
}

/// The trailers that an operation's answer may end with.
pub(super) fn trailers(operation: &Operation) -> Vec<HeaderName> {
    let listed = operation.flow.response_trailers.iter();
    let listed = listed.filter_map(|name| HeaderName::try_from(name.as_str()).ok());
    listed.chain(outcome(operation)).collect()
}

/// Where a call of gRPC tells its outcome: in its trailers, or in the head if there is no message.
fn outcome(operation: &Operation) -> Vec<HeaderName> {
    if operation.is_grpc() {
        vec![GRPC_STATUS, GRPC_MESSAGE, GRPC_DETAILS]
    } else {
        Vec::new()
    }
}

/// Names the trailers that may come (RFC 9110 §6.6.2).
fn announce(operation: &Operation, headers: &mut HeaderMap) -> Result<(), Breach> {
    let names = &operation.flow.response_trailers;
    if !names.is_empty() {
        let names = HeaderValue::try_from(names.join(", ")).map_err(|_| Breach::Header)?;
        headers.insert(TRAILER, names);
    }
    Ok(())
}

/// What was withheld, by class: `health;absent, identifier;masked`; `None` if nothing was.
#[must_use]
pub fn withheld(classes: &BTreeMap<DataClass, Form>) -> Option<String> {
    let mut text = String::new();
    for (class, form) in classes {
        let how = match form {
            Form::Clear => continue,
            Form::Absent => "absent",
            Form::Masked(_) => "masked",
            Form::Verified => "verified",
        };
        let separator = if text.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{separator}{class};{how}");
    }
    Some(text).filter(|text| !text.is_empty())
}

/// Whether a body begins as a compressed one does, though its media type is none of those.
#[must_use]
pub fn is_secretly_coded(media: &Media, begin: &[u8]) -> bool {
    let compressed = CODED_BEGINNINGS
        .iter()
        .any(|magic| begin.starts_with(magic));
    compressed && !CODED_MEDIA.contains(&media.essence.as_str())
}

fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b)
}

fn is_utf8(parameter: &str) -> bool {
    let parameter = parameter.to_ascii_lowercase();
    matches!(parameter.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
}

/// Whether only the gateway says this of an answer.
fn is_ours(name: &HeaderName) -> bool {
    let text = name.as_str();
    is_reserved(name) || OURS.contains(&text) || text.starts_with("access-control-")
}

/// A cookie of the e-service that the register names, and that stays at the portal's own host.
fn is_let_through(operation: &Operation, cookie: &HeaderValue) -> bool {
    let text = cookie.to_str().unwrap_or_default();
    let mut parts = text.split(';').map(str::trim);
    let name = parts
        .next()
        .and_then(|pair| pair.split_once('='))
        .map(|(name, _)| name.trim_end());
    let listed = name.is_some_and(|name| {
        !name.starts_with(HOST_PREFIX) && operation.cookies.iter().any(|known| known == name)
    });
    let domain = |part: &str| {
        part.get(..6)
            .is_some_and(|p| p.eq_ignore_ascii_case("domain"))
    };
    listed && !parts.any(domain)
}

pub(super) fn looked_at(value: &HeaderValue) -> Result<HeaderValue, RedactionError> {
    match detector::find(&String::from_utf8_lossy(value.as_bytes())) {
        Some(finding) => Err(RedactionError::LeakStopped(finding)),
        None => Ok(value.clone()),
    }
}

/// Statuses whose answer has no body, or only a part of one: no contract has them.
const PARTIAL_OR_BODILESS: [u16; 4] = [204, 205, 206, 304];

/// What tells of the upstream's own bytes, and what only the portal as a whole may say.
const OURS: [&str; 12] = [
    "accept-ranges",
    "alt-svc",
    "clear-site-data",
    "content-encoding",
    "content-range",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "server",
    "set-cookie",
    "strict-transport-security",
];

/// How gzip (RFC 1952 §2.3.1), Zstandard (RFC 8878 §3.1.1), xz and bzip2 begin.
const CODED_BEGINNINGS: [&[u8]; 4] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00", b"BZh"];

/// Media types that say of themselves that they are compressed, or say nothing.
const CODED_MEDIA: [&str; 3] = [
    "application/gzip",
    "application/zstd",
    "application/octet-stream",
];
