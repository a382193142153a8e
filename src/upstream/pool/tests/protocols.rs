//! HTTP/2 and TLS to endpoints.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http_body_util::BodyExt;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::{SETTINGS, Server, State, WITHIN, ask, pool, request, serve};
use crate::keys::{certificate_pem, private_key_pem};
use crate::upstream::pool::{Endpoint, PeerName, PoolSettings, Protocol, SendError, UpstreamTls};
use crate::upstream::upload::Upload;

const HTTP2: PoolSettings = PoolSettings {
    protocol: Protocol::Http2,
    ..SETTINGS
};

#[tokio::test]
async fn requests_of_http2_share_a_connection_and_say_the_same() {
    let server = Server::start(Protocol::Http2, State::default()).await;
    let pool = Arc::new(pool(&[&server.endpoint], HTTP2));
    let mut asking = JoinSet::new();
    for _ in 0..50 {
        let pool = Arc::clone(&pool);
        asking.spawn(async move { ask(&pool).await.unwrap() });
    }
    for (status, said) in asking.join_all().await {
        assert_eq!(
            (status.as_u16(), said.as_str()),
            (200, "portal.example /records?year=2026")
        );
    }
    assert_eq!(server.state.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn http2_goes_on_by_a_new_connection_when_the_old_one_has_ended() {
    let server = Server::start(Protocol::Http2, State::default()).await;
    let settings = PoolSettings {
        kept_seconds_max: 0,
        ..HTTP2
    };
    let pool = pool(&[&server.endpoint], settings);
    let (first, lease) = pool
        .send(request(), WITHIN, &Upload::default())
        .await
        .unwrap();
    ask(&pool).await.unwrap();
    // What is under way on the old one comes to its end.
    assert_eq!(
        first.into_body().collect().await.unwrap().to_bytes().len(),
        33
    );
    drop(lease);
    assert_eq!(server.state.connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_endpoint_that_speaks_another_protocol_is_a_failure() {
    let server = Server::start(Protocol::Http1, State::default()).await;
    let pool = pool(&[&server.endpoint], HTTP2);
    assert!(ask(&pool).await.is_err());
}

/// An authority, and what it certified.
struct Site {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(
            folder.path().join("roots.pem"),
            certificate_pem(certificate.der()),
        )
        .unwrap();
        Self {
            folder,
            issuer: Issuer::new(params, key),
        }
    }

    /// Makes `NAME.pem` and `NAME.key`.
    fn certify(&self, name: &str, says: &[SanType]) {
        let mut params = CertificateParams::default();
        params.subject_alt_names = says.to_vec();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(
            self.path(&format!("{name}.pem")),
            certificate_pem(certificate.der()),
        )
        .unwrap();
        std::fs::write(
            self.path(&format!("{name}.key")),
            private_key_pem(key.serialized_der()),
        )
        .unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn tls(&self, name: PeerName) -> UpstreamTls {
        UpstreamTls {
            roots: self.path("roots.pem"),
            name,
            identity: None,
        }
    }

    /// A server that shows this certificate, and asks for one of the site's if it is to.
    async fn server(&self, name: &str, asks: bool) -> (Endpoint, JoinSet<()>) {
        let read = |path: &Path| CertificateDer::from_pem_file(path).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(read(&self.path("roots.pem"))).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.path(&format!("{name}.key"))).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = if asks {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let chain = vec![read(&self.path(&format!("{name}.pem")))];
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&socket.local_addr().unwrap().to_string()).unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let state = Arc::new(State::default());
            loop {
                let (stream, _) = socket.accept().await.unwrap();
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, Protocol::Http1, Arc::clone(&state)).await;
                }
            }
        });
        (endpoint, tasks)
    }
}

async fn asked(endpoint: &Endpoint, tls: UpstreamTls) -> Result<u16, SendError> {
    let settings = PoolSettings {
        tls: Some(tls),
        ..SETTINGS
    };
    let answered = ask(&pool(&[endpoint], settings)).await;
    answered.map(|(status, _)| status.as_u16())
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn uri(name: &str) -> SanType {
    SanType::URI(name.try_into().unwrap())
}

#[tokio::test]
async fn the_name_that_is_expected_is_believed_and_no_other() {
    let (site, other) = (Site::new(), Site::new());
    site.certify("pension", &[dns("pension.gov.example")]);
    let (endpoint, _server) = site.server("pension", false).await;
    let named = |name: &str| PeerName::Dns(name.to_owned());
    let right = named("pension.gov.example");
    assert_eq!(
        asked(&endpoint, site.tls(right.clone())).await.unwrap(),
        200
    );
    for tls in [
        site.tls(named("other.gov.example")),
        site.tls(PeerName::OfEndpoint),
        site.tls(PeerName::Spiffe("spiffe://gov/pension".to_owned())),
        other.tls(right),
    ] {
        let refused = asked(&endpoint, tls).await.unwrap_err();
        assert!(matches!(refused, SendError::Connect { .. }), "{refused}");
    }
}

#[tokio::test]
async fn a_spiffe_id_is_the_one_uri_of_a_certificate() {
    let site = Site::new();
    let id = "spiffe://gov/pension";
    site.certify("one", &[uri(id), dns("evil.example")]);
    site.certify("two", &[uri(id), uri("spiffe://gov/tax")]);
    let tls = || site.tls(PeerName::Spiffe(id.to_owned()));
    let (endpoint, _server) = site.server("one", false).await;
    assert_eq!(asked(&endpoint, tls()).await.unwrap(), 200);
    let other = site.tls(PeerName::Spiffe("spiffe://gov/pensio".to_owned()));
    assert!(asked(&endpoint, other).await.is_err());
    let (endpoint, _server) = site.server("two", false).await;
    assert!(asked(&endpoint, tls()).await.is_err());
}

#[tokio::test]
async fn a_certificate_of_our_own_is_shown_where_it_is_asked_for() {
    let site = Site::new();
    site.certify("pension", &[dns("pension.gov.example")]);
    site.certify("gateway", &[dns("gateway.gov.example")]);
    let (endpoint, _server) = site.server("pension", true).await;
    let name = PeerName::Dns("pension.gov.example".to_owned());
    assert!(asked(&endpoint, site.tls(name.clone())).await.is_err());
    let shown = UpstreamTls {
        identity: Some((site.path("gateway.pem"), site.path("gateway.key"))),
        ..site.tls(name)
    };
    assert_eq!(asked(&endpoint, shown).await.unwrap(), 200);
}
