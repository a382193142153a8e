//! One handshake: the hello is read first, then the host it names decides the rest.

use std::io;

use rustls::server::Acceptor;
use rustls::{NamedGroup, ProtocolVersion, ServerConnection};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::domain::time::Timestamp;
use crate::server::connection::Handshake;
use crate::telemetry::meters;
use crate::wire::arrival::ClientCertificate;

use super::Tls;

/// A connection that is ready for requests, and what the handshake settled.
#[derive(Debug)]
pub struct Met<S> {
    /// In a box: it is moved often, and each place it was at would be kept for the connection.
    pub stream: Box<TlsStream<S>>,
    pub handshake: Handshake,
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The hello names none of our hosts; or it is no name.
    UnknownHost,
    /// The client said why it goes.
    Alert,
    /// No version, cipher suite or group in common.
    Incompatible,
    /// A client certificate is missing or does not hold.
    ClientCertificate,
    /// What came is not TLS, or not as TLS wants it.
    Malformed,
    /// It went away.
    Broken,
}

impl Failure {
    /// For counting.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownHost => "unknown_host",
            Self::Alert => "alert",
            Self::Incompatible => "incompatible",
            Self::ClientCertificate => "client_certificate",
            Self::Malformed => "malformed",
            Self::Broken => "broken",
        }
    }

    fn of(cause: &io::Error) -> Self {
        use rustls::Error;
        let inner = cause.get_ref().and_then(|inner| inner.downcast_ref());
        match inner {
            Some(Error::AlertReceived(_)) => Self::Alert,
            Some(Error::PeerIncompatible(_)) => Self::Incompatible,
            Some(Error::NoCertificatesPresented | Error::InvalidCertificate(_)) => {
                Self::ClientCertificate
            }
            Some(_) => Self::Malformed,
            None => Self::Broken,
        }
    }
}

/// Shakes hands. Who names nobody's host is told so (RFC 6066 §3).
pub async fn meet<S>(stream: S, tls: &Tls) -> Result<Met<S>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await;
    let mut start = hello.map_err(|cause| Failure::of(&cause))?;
    let Some((host, config)) = tls.host(start.client_hello().server_name()) else {
        // The client may be gone already: then there is nobody to tell.
        let _ = start.io.write_all(UNRECOGNIZED_NAME).await;
        let _ = start.io.shutdown().await;
        return Err(Failure::UnknownHost);
    };
    let stream = start.into_stream(config).await;
    let stream = stream.map_err(|cause| Failure::of(&cause))?;
    let session = stream.get_ref().1;
    meters::tls_handshake(version(session), group(session));
    let handshake = Handshake::of(session, host, shown(session, tls.clock.now()));
    Ok(Met {
        stream: Box::new(stream),
        handshake,
    })
}

/// The client's certificate, and what it showed beside it.
fn shown(session: &ServerConnection, now: Timestamp) -> Option<ClientCertificate> {
    let (leaf, between) = session.peer_certificates()?.split_first()?;
    let between = between.iter().map(AsRef::as_ref);
    Some(ClientCertificate::shown(leaf, between, now))
}

/// A fatal alert 112 in a record of its own, before anything is encrypted (RFC 8446 §5.1, §6).
const UNRECOGNIZED_NAME: &[u8] = &[21, 3, 3, 0, 2, 2, 112];

fn version(session: &ServerConnection) -> &'static str {
    match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "1.3",
        Some(ProtocolVersion::TLSv1_2) => "1.2",
        _ => "other",
    }
}

fn group(session: &ServerConnection) -> &'static str {
    let group = session.negotiated_key_exchange_group();
    match group.map(rustls::crypto::SupportedKxGroup::name) {
        Some(NamedGroup::X25519MLKEM768) => "X25519MLKEM768",
        Some(NamedGroup::secp256r1MLKEM768) => "secp256r1MLKEM768",
        Some(NamedGroup::MLKEM768) => "MLKEM768",
        Some(NamedGroup::X25519) => "X25519",
        Some(NamedGroup::secp256r1) => "secp256r1",
        Some(NamedGroup::secp384r1) => "secp384r1",
        Some(_) => "other",
        // A TLS 1.2 session that was resumed exchanges no key.
        None => "none",
    }
}
