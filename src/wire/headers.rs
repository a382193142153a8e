//! Header fields: what may come in, what may go on, and single values read strictly.

use http::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue};
use sfv::{BareItem, Item, Parser};

/// The purpose a caller names (RFC 9651 item).
pub const PURPOSE: HeaderName = HeaderName::from_static("muhrdor-purpose");

/// The case a caller names (RFC 9651 item).
pub const CASE: HeaderName = HeaderName::from_static("muhrdor-case");

/// What shows that the caller holds a document: what the right access code was answered with.
pub const DOCUMENT_ACCESS: HeaderName = HeaderName::from_static("muhrdor-document-access");

/// Why a header field is refused. Values are never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("a header name has `_` or `.`, which some servers read as `-`")]
    AliasName,
    #[error("the header `{name}` may stand once")]
    Repeated { name: HeaderName },
    #[error("the header `{name}` has characters outside visible ASCII")]
    NotText { name: HeaderName },
    #[error("the header `{name}` is not a token or string item of RFC 9651")]
    NotItem { name: HeaderName },
    #[error("the header `{name}` is set by the gateway and may not be let through")]
    Reserved { name: HeaderName },
}

/// Whether a name could be read as another by a server that maps `_` or `.` to `-`
/// (CGI variables, Java properties).
#[must_use]
pub fn is_alias(name: &[u8]) -> bool {
    name.iter().any(|byte| matches!(byte, b'_' | b'.'))
}

/// Refuses a request with an alias name among its headers.
pub fn check_names(headers: &HeaderMap) -> Result<(), HeaderError> {
    if headers
        .keys()
        .any(|name| is_alias(name.as_str().as_bytes()))
    {
        return Err(HeaderError::AliasName);
    }
    Ok(())
}

/// The value of a header that may stand once. Two fields are refused rather than joined or chosen
/// from; so is one whose value is not visible ASCII.
pub fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, HeaderError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(HeaderError::Repeated { name: name.clone() });
    }
    match value.to_str() {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(HeaderError::NotText { name: name.clone() }),
    }
}

/// A single header read as a token or string item without parameters (RFC 9651 §3.3).
pub fn item(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, HeaderError> {
    let Some(text) = single(headers, name)? else {
        return Ok(None);
    };
    let refused = || HeaderError::NotItem { name: name.clone() };
    let item: Item = Parser::new(text).parse().map_err(|_| refused())?;
    if !item.params.is_empty() {
        return Err(refused());
    }
    match item.bare_item {
        BareItem::Token(token) => Ok(Some(token.as_str().to_owned())),
        BareItem::String(string) => Ok(Some(string.as_str().to_owned())),
        BareItem::Boolean(_)
        | BareItem::ByteSequence(_)
        | BareItem::Date(_)
        | BareItem::Decimal(_)
        | BareItem::DisplayString(_)
        | BareItem::Integer(_) => Err(refused()),
    }
}

/// Whether a header speaks to the next hop only: the fixed list, and what `Connection` names in
/// the message as it came in (RFC 9110 §7.6.1).
#[must_use]
pub fn is_hop_by_hop(name: &HeaderName, incoming: &HeaderMap) -> bool {
    if HOP_BY_HOP.contains(&name.as_str()) {
        return true;
    }
    let listed = |value: &HeaderValue| {
        let tokens = value.as_bytes().split(|byte| *byte == b',');
        tokens
            .map(<[u8]>::trim_ascii)
            .any(|token| token.eq_ignore_ascii_case(name.as_str().as_bytes()))
    };
    incoming.get_all(CONNECTION).iter().any(listed)
}

/// Whether only the gateway may say this: identity, forwarding, client certificates, routing.
#[must_use]
pub fn is_reserved(name: &HeaderName) -> bool {
    let name = name.as_str();
    RESERVED.contains(&name)
        || RESERVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// Whether a proxy says with it what the request was when it came to the proxy.
#[must_use]
pub fn is_forwarding(name: &HeaderName) -> bool {
    name.as_str() == "forwarded" || name.as_str().starts_with("x-forwarded-")
}

/// The headers of a request that go on to an upstream: named one by one, copied into a new map.
/// Nothing is ever deleted from what came in, so nothing is ever forgotten.
#[derive(Debug, Clone, Default)]
pub struct AllowList {
    names: Vec<HeaderName>,
}

impl AllowList {
    /// A list of these names. Refuses what the gateway itself says or what speaks to the next hop.
    pub fn of(names: impl IntoIterator<Item = HeaderName>) -> Result<Self, HeaderError> {
        let names: Vec<_> = names.into_iter().collect();
        let unusable = |name: &&HeaderName| {
            is_reserved(name)
                || is_alias(name.as_str().as_bytes())
                || HOP_BY_HOP.contains(&name.as_str())
        };
        match names.iter().find(unusable) {
            Some(name) => Err(HeaderError::Reserved { name: name.clone() }),
            None => Ok(Self { names }),
        }
    }

    /// A new map with the listed end-to-end headers of `incoming`, in their order, and room for so
    /// many more.
    #[must_use]
    pub fn select(&self, incoming: &HeaderMap, more: usize) -> HeaderMap {
        let mut selected = HeaderMap::with_capacity(self.names.len() + more);
        for name in &self.names {
            if is_hop_by_hop(name, incoming) {
                continue;
            }
            for value in incoming.get_all(name) {
                selected.append(name.clone(), value.clone());
            }
        }
        selected
    }
}

/// The fields of these names, and no others.
#[must_use]
pub fn only(fields: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in names {
        for value in fields.get_all(name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

/// RFC 9110 §7.6.1 and what older software took for it.
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Framing, host, and what servers take for the caller's identity, address, method or path.
const RESERVED: &[&str] = &[
    "client-cert",
    "client-cert-chain",
    "content-length",
    "cookie",
    "forwarded",
    "host",
    "remote-user",
    "traceparent",
    "tracestate",
    "true-client-ip",
    "x-client-cert",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-original-uri",
    "x-original-url",
    "x-real-ip",
    "x-remote-user",
    "x-rewrite-url",
    "x-ssl-client-cert",
];

const RESERVED_PREFIXES: &[&str] = &[
    "muhrdor-",
    "oidc-",
    "ssl-client-",
    "x-auth-request-",
    "x-envoy-",
    "x-forwarded-",
];
