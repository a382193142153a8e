//! A connection that has left HTTP: bytes both ways, and who carries them.
//!
//! A client leaves HTTP/1.1 by `Upgrade` (RFC 9110 §7.8) and a stream of HTTP/2 by extended CONNECT
//! (RFC 8441); the response that lets it go brings a [`Carrier`] for what comes then.

pub mod duplex;
pub mod frames;
pub mod handshake;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use duplex::Duplex;

/// How a client asks to leave HTTP for WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// RFC 6455 §4.1.
    Http1,
    /// RFC 8441 §5.
    Http2,
}

/// When the server wants what lasts to end.
#[expect(
    missing_debug_implementations,
    reason = "a future has nothing to print"
)]
pub struct Leaving(pub Pin<Box<dyn Future<Output = ()> + Send>>);

/// Who carries the bytes once the client's side is open: an extension of the response that opens
/// it. Dropped unused, it gives up the other side.
#[derive(Clone)]
pub struct Carrier(Arc<Mutex<Option<Carry>>>);

struct Carry(Box<dyn FnOnce(Duplex, Leaving) -> Carrying + Send>);

/// Bytes on their way.
struct Carrying(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Carrier {
    #[must_use]
    pub fn new<F, C>(carry: C) -> Self
    where
        C: FnOnce(Duplex, Leaving) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let carry = move |client, leaving| Carrying(Box::pin(carry(client, leaving)));
        Self(Arc::new(Mutex::new(Some(Carry(Box::new(carry))))))
    }

    /// Carries bytes until one side or `leaving` ends it. Does nothing a second time.
    pub async fn carry(self, client: Duplex, leaving: Leaving) {
        let carry = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Carry(carry)) = carry {
            carry(client, leaving).0.await;
        }
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carrier")
    }
}
