//! Bytes to requests and back.
//!
//! Answers: who is connected, and what exactly was asked? In: sockets. Out: an [`Arrival`] for the
//! gateway or a public endpoint, and their response back on the wire.
//!
//! Invariants: every HTTP/1 byte passes the [`guard`]; a request reaches no one before its method,
//! host, target and header names were found sound; the host is the one the TLS handshake was for;
//! what only the gateway may say (`Muhrdor-*`, `X-Forwarded-*`, …) is gone from an arrival; every
//! connection has a slot, every wait an end, every task an owner. What is refused here is answered
//! with a code and nothing of what was sent.
//!
//! Deliberately absent: e-services, identity, policy. They are behind the [`Door`]. An answer
//! `101` is sent only with someone who carries what comes then.

pub mod client;
pub mod connection;
pub mod control;
pub mod dispatch;
pub mod drain;
pub mod guard;
pub mod health;
pub mod life;
pub mod listener;
pub mod tls;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;

use http::Response;

use crate::domain::peer::Peer;
use crate::wire::arrival::Arrival;
use crate::wire::body::Body;

/// A response that is being made.
#[expect(
    missing_debug_implementations,
    reason = "a future has nothing to print"
)]
pub struct Answering<'a>(Pin<Box<dyn Future<Output = Response<Body>> + Send + 'a>>);

impl<'a> Answering<'a> {
    /// The response that this future comes to.
    pub fn new(answer: impl Future<Output = Response<Body>> + Send + 'a) -> Self {
        Self(Box::pin(answer))
    }
}

impl Future for Answering<'_> {
    type Output = Response<Body>;

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

/// What stands behind the server: the gateway, or a reserved public endpoint.
///
/// `serve` always comes to a response. It is dropped when the client goes away; what must run on
/// then, the implementation owns itself. Called concurrently.
pub trait Door: Send + Sync {
    fn serve(&self, arrival: Arrival) -> Answering<'_>;
}

/// Takes note of requests and connections that were turned away before there was an arrival.
/// Called concurrently, must not block; `code` is stable and holds nothing of the request.
pub trait Turnstile: Send + Sync {
    fn turned_away(&self, peer: Peer, code: &'static str);
}

/// Why the server cannot start or change.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("the address `{address}` is in use by another program")]
    AddressInUse { address: SocketAddr },
    #[error("cannot listen on `{address}`")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("the control socket `{}` cannot be made", path.display())]
    ControlSocket {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the control socket `{}` belongs to a running process", path.display())]
    ControlSocketInUse { path: PathBuf },
    #[error("the reserved path `{path}` is given twice or cannot be matched")]
    ReservedPath { path: String },
    #[error("the listening sockets cannot be used")]
    Sockets(#[source] std::io::Error),
    #[error("signals cannot be received")]
    Signals(#[source] std::io::Error),
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
}
