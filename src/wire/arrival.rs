//! A request as it arrived: read once, strictly, before any room saw it.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, Method};
use ring::digest::{SHA256, digest};

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

/// A client's certificate: its chain was verified and its key proven in the handshake.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate(Arc<Shown>);

#[derive(PartialEq, Eq)]
struct Shown {
    /// DER.
    leaf: Box<[u8]>,
    /// What else was shown, DER: as the client says, certificates that lead to an authority.
    between: Vec<Box<[u8]>>,
    digest: CertificateDigest,
    at: Timestamp,
}

/// SHA-256 of DER: what a certificate is remembered by and a token may be bound to (`x5t#S256`, RFC
/// 8705 §3.1), also of a part of one or of a list of revoked ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertificateDigest([u8; 32]);

impl ClientCertificate {
    /// From the leaf that the TLS library verified, what was shown with it, and when.
    #[must_use]
    pub fn shown<'c>(
        leaf: &[u8],
        between: impl IntoIterator<Item = &'c [u8]>,
        at: Timestamp,
    ) -> Self {
        Self(Arc::new(Shown {
            leaf: Box::from(leaf),
            between: between.into_iter().map(Box::from).collect(),
            digest: CertificateDigest::of(leaf),
            at,
        }))
    }

    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.leaf
    }

    /// What was shown beside it.
    pub fn between(&self) -> impl Iterator<Item = &[u8]> {
        self.0.between.iter().map(AsRef::as_ref)
    }

    #[must_use]
    pub fn digest(&self) -> CertificateDigest {
        self.0.digest
    }

    /// When its key was proven.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.0.at
    }

    /// As the value of a `Client-Cert` field (RFC 9440 §2.1, RFC 9651 §4.1.8).
    #[must_use]
    pub fn field(&self) -> String {
        format!(":{}:", STANDARD.encode(&self.0.leaf))
    }
}

impl CertificateDigest {
    #[must_use]
    pub fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        let sum = digest(&SHA256, der);
        for (to, from) in bytes.iter_mut().zip(sum.as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }

    /// From 43 characters of base64url without padding; `None` for anything else.
    #[must_use]
    pub fn parse(given: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(given).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

/// Prints its length only: a certificate names a person or a system.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate({} bytes)", self.0.leaf.len())
    }
}
