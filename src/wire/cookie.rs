//! Cookies: read strictly, set in one way.
//!
//! A cookie of ours is `__Host-…`: the browser then guarantees that it was set by this host, over
//! TLS, for the whole site, so no sibling domain can plant one. A name that arrives twice all the
//! same is a sign of tampering and gives no value at all.

use std::fmt;
use std::time::Duration;

use http::header::{COOKIE, HeaderMap, HeaderValue};

/// The longest `Cookie` text that is read, in bytes, all fields together.
pub const COOKIE_BYTES_MAX: usize = 16 * 1024;

/// What every cookie of ours begins with (draft-ietf-httpbis-rfc6265bis §4.1.3.2).
pub const HOST_PREFIX: &str = "__Host-";

/// Why a cookie gives no value or cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CookieError {
    #[error("the cookie `{name}` is given twice")]
    Repeated { name: &'static str },
    #[error("the cookies are longer than {COOKIE_BYTES_MAX} bytes")]
    TooLong,
    #[error("the name `{name}` does not begin with `__Host-` or is not a token")]
    Name { name: &'static str },
    #[error("the value of the cookie `{name}` has characters that are not allowed")]
    Value { name: &'static str },
}

/// The cookies of a request, pairs that do not parse left out.
#[derive(Clone, Default)]
pub struct Cookies {
    pairs: Vec<(String, String)>,
}

impl Cookies {
    /// Reads every `Cookie` field (HTTP/2 may send several, RFC 9113 §8.2.3). What is not
    /// `name=value` with a token and cookie octets (RFC 6265 §4.1.1) is no cookie.
    pub fn read(headers: &HeaderMap) -> Result<Self, CookieError> {
        let fields = || headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
        if fields().map(<[u8]>::len).sum::<usize>() > COOKIE_BYTES_MAX {
            return Err(CookieError::TooLong);
        }
        let pairs = fields().flat_map(|field| field.split(|byte| *byte == b';'));
        Ok(Self {
            pairs: pairs.filter_map(read_pair).collect(),
        })
    }

    /// Every pair, in the order given.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of the cookie of this exact name; given twice, no one can say which is ours.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, CookieError> {
        let mut values = self.pairs.iter().filter(|(given, _)| given == name);
        let value = values.next().map(|(_, value)| value.as_str());
        match values.next() {
            Some(_) => Err(CookieError::Repeated { name }),
            None => Ok(value),
        }
    }
}

/// Prints the names only: values are secrets.
impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.pairs.iter().map(|(name, _)| name))
            .finish()
    }
}

/// A `Set-Cookie` value: `Secure; HttpOnly; SameSite=Lax; Path=/`, no `Domain`. Refuses a name
/// without the prefix and a value that would need quoting. Marked sensitive for HPACK and logs.
pub fn set(
    name: &'static str,
    value: &str,
    max_age: Option<Duration>,
) -> Result<HeaderValue, CookieError> {
    let rest = name
        .strip_prefix(HOST_PREFIX)
        .ok_or(CookieError::Name { name })?;
    if rest.is_empty() || !rest.bytes().all(is_token) {
        return Err(CookieError::Name { name });
    }
    if !value.bytes().all(is_cookie_octet) {
        return Err(CookieError::Value { name });
    }
    let age = max_age
        .map(|age| format!("; Max-Age={}", age.as_secs()))
        .unwrap_or_default();
    let text = format!("{name}={value}{age}; Path=/; Secure; HttpOnly; SameSite=Lax");
    let mut header = HeaderValue::try_from(text).map_err(|_| CookieError::Value { name })?;
    header.set_sensitive(true);
    Ok(header)
}

/// A `Set-Cookie` value that makes the browser forget the cookie.
pub fn clear(name: &'static str) -> Result<HeaderValue, CookieError> {
    set(name, "", Some(Duration::ZERO))
}

fn read_pair(pair: &[u8]) -> Option<(String, String)> {
    let pair = std::str::from_utf8(pair.trim_ascii()).ok()?;
    let (name, value) = pair.split_once('=')?;
    let well_formed =
        !name.is_empty() && name.bytes().all(is_token) && value.bytes().all(is_cookie_octet);
    well_formed.then(|| (name.to_owned(), value.to_owned()))
}

/// RFC 9110 §5.6.2 `tchar`.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 6265 §4.1.1 `cookie-octet`: no control, space, quote, comma, semicolon, backslash.
fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}
