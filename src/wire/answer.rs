//! What an upstream said, before anyone decided what of it may leave.

use http::HeaderMap;

use crate::wire::body::Body;
use crate::wire::tunnel::duplex::Duplex;

/// Says of a response, as an extension, that its body has no end of its own.
#[derive(Debug, Clone, Copy)]
pub struct Lasts;

/// The answer of an upstream or of an in-house operation. Not for a client's eyes: only
/// `redaction` makes of it something that may leave.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Body,
    /// With status 101 only: what follows is a tunnel.
    pub tunnel: Option<Duplex>,
}
