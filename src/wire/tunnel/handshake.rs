//! The opening handshake of WebSocket: what a client must say, and what answers its key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, HeaderMap, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::request;
use http::{Method, Version};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::wire::headers::single;
use crate::wire::tunnel::Upgrade;

/// What a client says to open a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// What answers its key; a stream of HTTP/2 has none.
    pub accept: Option<String>,
    /// What it offers to speak, in its order.
    pub subprotocols: Vec<String>,
}

/// Why it opens none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    #[error("the version of WebSocket is not 13")]
    Version,
    #[error("the WebSocket key is not 16 bytes in base64, once")]
    Key,
    #[error("the subprotocols are not a list of at most {SUBPROTOCOLS_MAX} tokens")]
    Subprotocols,
    #[error("a handshake has no body")]
    Body,
}

impl Handshake {
    /// Reads a handshake (RFC 6455 §4.2.1, RFC 8441 §5).
    ///
    /// # Errors
    /// [`HandshakeError`].
    pub fn read(headers: &HeaderMap, upgrade: Upgrade) -> Result<Self, HandshakeError> {
        let version = single(headers, &SEC_WEBSOCKET_VERSION);
        if version != Ok(Some(VERSION)) {
            return Err(HandshakeError::Version);
        }
        let accept = match upgrade {
            Upgrade::Http2 => None,
            Upgrade::Http1 => {
                let key = single(headers, &SEC_WEBSOCKET_KEY);
                let key = key.ok().flatten().ok_or(HandshakeError::Key)?;
                let bytes = STANDARD.decode(key).map_err(|_| HandshakeError::Key)?;
                if bytes.len() != KEY_BYTES {
                    return Err(HandshakeError::Key);
                }
                Some(accept(key))
            }
        };
        Ok(Self {
            accept,
            subprotocols: subprotocols(headers)?,
        })
    }
}

/// What a server answers to a key (RFC 6455 §4.2.2).
#[must_use]
pub fn accept(key: &str) -> String {
    let keyed = format!("{key}{KEYED_WITH}");
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, keyed.as_bytes()))
}

/// A key made of 16 bytes.
#[must_use]
pub fn key(bytes: [u8; KEY_BYTES]) -> String {
    STANDARD.encode(bytes)
}

/// Whether a request of HTTP/1.1 asks to go on as WebSocket. What asks for anything else is an
/// ordinary request: `Upgrade` may be ignored (RFC 9110 §7.8).
#[must_use]
pub fn is_asked_by(parts: &request::Parts) -> bool {
    let websocket = matches!(
        single(&parts.headers, &UPGRADE),
        Ok(Some(protocol)) if protocol.eq_ignore_ascii_case("websocket")
    );
    websocket
        && parts.method == Method::GET
        && parts.version == Version::HTTP_11
        && has_upgrade_option(&parts.headers)
}

/// Whether `Connection` says that `Upgrade` is meant for this hop.
#[must_use]
pub fn has_upgrade_option(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONNECTION).iter();
    values.any(|value| {
        let mut options = value.as_bytes().split(|byte| *byte == b',');
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
    })
}

fn subprotocols(headers: &HeaderMap) -> Result<Vec<String>, HandshakeError> {
    let mut offered = Vec::new();
    for value in headers.get_all(SEC_WEBSOCKET_PROTOCOL) {
        let text = value.to_str().map_err(|_| HandshakeError::Subprotocols)?;
        for one in text.split(',').map(str::trim) {
            let full = offered.len() >= SUBPROTOCOLS_MAX;
            if full || !is_subprotocol(one) {
                return Err(HandshakeError::Subprotocols);
            }
            offered.push(one.to_owned());
        }
    }
    Ok(offered)
}

/// A token (RFC 9110 §5.6.2).
#[must_use]
pub fn is_subprotocol(text: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.len() <= SUBPROTOCOL_BYTES_MAX && text.bytes().all(token)
}

/// The one version there is (RFC 6455 §4.1).
pub const VERSION: &str = "13";

/// Bytes of a key.
pub const KEY_BYTES: usize = 16;

const KEYED_WITH: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const SUBPROTOCOLS_MAX: usize = 16;
const SUBPROTOCOL_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_answered_as_the_standard_shows() {
        // RFC 6455 §1.3.
        assert_eq!(
            accept("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
