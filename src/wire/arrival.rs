//! A request as it arrived: read once, strictly, before any room saw it.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, Method};

use crate::domain::entry::VisitId;
use crate::domain::peer::Peer;
use crate::domain::time::Timestamp;
use crate::wire::body::Body;
use crate::wire::path::Target;
use crate::wire::tunnel::Upgrade;

/// A request as it arrived. Rooms read it; only `upstream` makes something new of its parts.
#[derive(Debug)]
pub struct Arrival {
    pub visit: VisitId,
    pub at: Timestamp,
    pub peer: Peer,
    /// What the client proved in the TLS handshake; never what a header says.
    pub certificate: Option<ClientCertificate>,
    /// Lower case, without port and trailing dot.
    pub host: String,
    pub method: Method,
    pub target: Target,
    pub headers: HeaderMap,
    pub body: Body,
    /// It asks to go on as WebSocket. A stream that does so by CONNECT is shown as the GET it is on
    /// HTTP/1.1.
    pub upgrade: Option<Upgrade>,
}

/// A client's certificate in DER: its chain was verified and its key proven in the handshake.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate(Arc<[u8]>);

impl ClientCertificate {
    /// From the leaf certificate that the TLS library verified.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Self {
        Self(Arc::from(der))
    }

    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0
    }
}

/// Prints its length only: a certificate names a person or a system.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate({} bytes)", self.0.len())
    }
}
