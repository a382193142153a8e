//! TLS to an upstream: whom we believe there, and what we show.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::verify_tls13_signature;
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, version,
};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::clock::{Clock, TlsTime};
use crate::egress::{Roots, RootsError};
use crate::upstream::pool::{Endpoint, Protocol};

/// How an upstream is to prove who it is, and how we do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamTls {
    /// PEM: the authorities that vouch for the upstream, and no others.
    pub roots: PathBuf,
    pub name: PeerName,
    /// What we show when we are asked: certificates, the key's first, and the key, both PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// What an upstream's certificate must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerName {
    /// The host of the endpoint.
    OfEndpoint,
    Dns(String),
    /// `spiffe://trust-domain/path`, the one URI of the certificate (X.509-SVID §2).
    Spiffe(String),
}

/// Why there is no TLS to an upstream. Key material is never shown.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamTlsError {
    #[error(transparent)]
    Roots(#[from] RootsError),
    #[error("the file `{}` cannot be read as PEM", path.display())]
    File {
        path: PathBuf,
        source: rustls::pki_types::pem::Error,
    },
    #[error("`{0}` is no name that a certificate can have")]
    Name(String),
    #[error("the key does not fit the certificate")]
    Pair(#[source] rustls::Error),
    #[error("the library offers no protocol version")]
    Versions(#[source] rustls::Error),
}

/// What connections to one endpoint are made with.
pub(super) struct ClientTls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) server_name: ServerName<'static>,
}

impl ClientTls {
    /// Reads all files.
    pub(super) fn load(
        tls: &UpstreamTls,
        endpoint: &Endpoint,
        protocol: Protocol,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, UpstreamTlsError> {
        let roots = Roots::load(&tls.roots)?.store();
        let name = match &tls.name {
            PeerName::Dns(name) => name.as_str(),
            PeerName::OfEndpoint | PeerName::Spiffe(_) => endpoint.host(),
        };
        let server_name = ServerName::try_from(name.to_owned());
        let server_name = server_name.map_err(|_| UpstreamTlsError::Name(name.to_owned()))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let time = Arc::new(TlsTime(Arc::clone(clock)));
        let builder = ClientConfig::builder_with_details(provider, time)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(UpstreamTlsError::Versions)?;
        let builder = match &tls.name {
            PeerName::OfEndpoint | PeerName::Dns(_) => builder.with_root_certificates(roots),
            PeerName::Spiffe(id) => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(BySpiffeId {
                    roots,
                    id: id.clone(),
                    algorithms,
                })),
        };
        let mut config = match &tls.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate)?;
                let key = PrivateKeyDer::from_pem_file(key).map_err(failed(key))?;
                let paired = builder.with_client_auth_cert(chain, key);
                paired.map_err(UpstreamTlsError::Pair)?
            }
        };
        config.alpn_protocols = vec![match protocol {
            Protocol::Http1 => b"http/1.1".to_vec(),
            Protocol::Http2 => b"h2".to_vec(),
        }];
        Ok(Self {
            config: Arc::new(config),
            server_name,
        })
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientTls({:?})", self.server_name)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, UpstreamTlsError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(failed(path))
}

fn failed(path: &Path) -> impl Fn(rustls::pki_types::pem::Error) -> UpstreamTlsError {
    move |source| UpstreamTlsError::File {
        path: path.to_owned(),
        source,
    }
}

/// Believes a certificate of the roots whose one URI is the expected SPIFFE id; its DNS names say
/// nothing.
#[derive(Debug)]
struct BySpiffeId {
    roots: Arc<RootCertStore>,
    id: String,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for BySpiffeId {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.algorithms.all;
        verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &self.roots,
            intermediates,
            now,
            algorithms,
        )?;
        if only_uri(end_entity).as_deref() == Some(self.id.as_str()) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::NotValidForName.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The URI of a certificate that has exactly one.
fn only_uri(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    let mut uris = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::URI(uri) => Some((*uri).to_owned()),
            _ => None,
        });
    let only = uris.next()?;
    uris.next().is_none().then_some(only)
}
