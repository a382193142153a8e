//! A token as it stands in the request, and its three segments.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::identity::bearer::BearerError;
use crate::wire::headers::single;

/// A bearer token, nothing of it believed yet.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

/// SHA-256 of a token: what it is remembered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenDigest([u8; 32]);

/// The segments of a compact JWS (RFC 7515 §7.1).
pub(super) struct Segments<'t> {
    pub(super) header: Vec<u8>,
    pub(super) payload: Vec<u8>,
    /// As it is signed: both segments and the dot between them.
    pub(super) signed: &'t str,
    /// Still base64url.
    pub(super) signature: &'t str,
}

impl Token {
    /// The token in the `Authorization` field; `None` without one. Tokens that stand elsewhere, in
    /// the query or in a form, are never looked at (RFC 9700 §4.3.2).
    ///
    /// # Errors
    /// [`BearerError::Header`] for two fields, [`BearerError::Scheme`] for another scheme,
    /// [`BearerError::Credentials`] for what is not as RFC 6750 §2.1 says, [`BearerError::TooLong`].
    pub fn of(headers: &HeaderMap, token_bytes_max: usize) -> Result<Option<Self>, BearerError> {
        let Some(credentials) = single(headers, &AUTHORIZATION)? else {
            return Ok(None);
        };
        let (scheme, rest) = credentials.split_once(' ').unwrap_or((credentials, ""));
        if scheme.is_empty() || !scheme.bytes().all(is_tchar) {
            return Err(BearerError::Credentials);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(BearerError::Scheme);
        }
        let token = rest.trim_start_matches(' ');
        if token.len() > token_bytes_max {
            return Err(BearerError::TooLong);
        }
        if !is_b64token(token) {
            return Err(BearerError::Credentials);
        }
        Ok(Some(Self(Zeroizing::new(token.to_owned()))))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn digest(&self) -> TokenDigest {
        let mut bytes = [0; 32];
        let digest = digest(&SHA256, self.0.as_bytes());
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        TokenDigest(bytes)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(withheld)")
    }
}

impl<'t> Segments<'t> {
    /// Exactly three, none empty, base64url without padding (RFC 7515 §2).
    pub(super) fn of(token: &'t Token) -> Result<Self, BearerError> {
        let (signed, signature) = token.as_str().rsplit_once('.').ok_or(BearerError::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(BearerError::Form)?;
        // A dot more is no letter of base64url.
        let decode = |segment: &str| match URL_SAFE_NO_PAD.decode(segment) {
            Ok(bytes) if !bytes.is_empty() => Ok(bytes),
            Ok(_) | Err(_) => Err(BearerError::Form),
        };
        decode(signature)?;
        Ok(Self {
            header: decode(header)?,
            payload: decode(payload)?,
            signed,
            signature,
        })
    }
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="` (RFC 6750 §2.1).
fn is_b64token(given: &str) -> bool {
    let letters = given.trim_end_matches('=');
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !letters.is_empty() && letters.bytes().all(allowed)
}

/// A letter of a token in the sense of RFC 9110 §5.6.2, which a scheme is.
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
