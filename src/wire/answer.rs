//! What an upstream said, before anyone decided what of it may leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;

use crate::wire::body::Body;
use crate::wire::tunnel::duplex::Duplex;

/// Says of a response, as an extension, that its body has no end of its own: whoever sends it ends
/// it when the house goes away, and says so here before.
#[derive(Debug, Clone, Default)]
pub struct Lasts(Arc<AtomicBool>);

impl Lasts {
    /// The house goes away, and the body ends for it.
    pub fn leave(&self) {
        self.0.store(true, Ordering::Release);
    }

    #[must_use]
    pub fn is_left(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

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
