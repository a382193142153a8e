//! TLS: rows MT and PA of the attack cases that concern the handshake.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use muhrdor::server::listener::Limits;
use muhrdor::server::tls::{Settings, Tls, TlsError};
use rustls::pki_types::ServerName;
use rustls::{NamedGroup, ProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::rig::{Authority, HOST, Rig, client_key, clock, read_all};

fn request() -> String {
    format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")
}

fn load(settings: Settings) -> Result<Tls, TlsError> {
    Tls::load(settings, clock())
}

#[tokio::test]
async fn a_handshake_is_hybrid_and_without_early_data() {
    let rig = Rig::start().await;
    let stream = rig.connect().await;
    let (_, session) = stream.get_ref();
    let group = session
        .negotiated_key_exchange_group()
        .map(rustls::crypto::SupportedKxGroup::name);
    assert_eq!(group, Some(NamedGroup::X25519MLKEM768), "MT-19");
    assert_eq!(
        session.protocol_version(),
        Some(ProtocolVersion::TLSv1_3),
        "MT-17"
    );
    assert_eq!(rig.tls.config().max_early_data_size, 0, "PA-21");
}

/// Sends one byte at a time.
struct Trickle(TcpStream);

impl AsyncRead for Trickle {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, to)
    }
}

impl AsyncWrite for Trickle {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, &bytes[..bytes.len().min(1)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn a_hello_in_single_bytes_is_the_same_hello() {
    let rig = Rig::start().await;
    let stream = TcpStream::connect(rig.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let connector = TlsConnector::from(Arc::new(rig.client(b"http/1.1")));
    let name = ServerName::try_from(HOST).unwrap();
    let mut stream = connector.connect(name, Trickle(stream)).await.unwrap();
    stream.write_all(request().as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    assert!(
        read_all(&mut stream).await.starts_with("HTTP/1.1 200 "),
        "MT-01, MT-02"
    );
}

#[tokio::test]
async fn each_host_is_shown_its_certificate() {
    let rig = Rig::start().await;
    let authority = &rig.authority;
    let (portal, _) = authority.issue("portal", &[HOST]);
    let (api, _) = authority.issue("api", &["api.example"]);
    let tls = load(Settings {
        certificates: vec![
            authority.files("portal", &[HOST]),
            authority.files("api", &["api.example"]),
        ],
        client_authorities_file: None,
    })
    .unwrap();
    for (name, expected) in [(HOST, &portal), ("API.example", &api)] {
        let (client, server) = duplex(1 << 14);
        let connector = TlsConnector::from(Arc::new(rig.client(b"h2")));
        let name = ServerName::try_from(name).unwrap();
        let (accepted, connected) = tokio::join!(
            TlsAcceptor::from(tls.config()).accept(server),
            connector.connect(name.clone(), client),
        );
        accepted.unwrap();
        let connected = connected.unwrap();
        let shown = connected.get_ref().1.peer_certificates().unwrap();
        assert_eq!(&shown[0], expected, "PA-16 {name:?}");
    }
}

#[tokio::test]
async fn without_a_client_certificate_there_is_no_request_where_one_is_asked_for() {
    let rig = Rig::with(Limits::default(), true).await;
    // A TLS 1.3 client learns of the refusal only when it reads.
    let refused = match rig.connect_with(rig.client(b"http/1.1"), HOST).await {
        Err(_) => true,
        Ok(mut stream) => {
            let written = stream.write_all(request().as_bytes()).await;
            written.is_err() || stream.read(&mut [0; 1]).await.is_err()
        }
    };
    assert!(refused, "MT-06");
    assert!(rig.house.lines().is_empty(), "MT-06");
}

#[tokio::test]
async fn an_arrival_holds_the_certificate_of_the_handshake() {
    let rig = Rig::with(Limits::default(), true).await;
    let (certificate, key) = rig.authority.issue("client", &["system.example"]);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rig.authority.certificate.clone()).unwrap();
    let anonymous = rig.client(b"http/1.1");
    let mut config = rustls::ClientConfig::builder_with_details(
        anonymous.crypto_provider().clone(),
        anonymous.time_provider.clone(),
    )
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(roots)
    .with_client_auth_cert(vec![certificate.clone()], client_key(key))
    .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut stream = rig.connect_with(config, HOST).await.unwrap();
    let forged = request().replace("Connection", "Client-Cert: other\r\nConnection");
    stream.write_all(forged.as_bytes()).await.unwrap();
    assert!(read_all(&mut stream).await.starts_with("HTTP/1.1 200 "));
    let seen = rig.house.gateway.seen.lock().unwrap().clone();
    assert_eq!(
        seen[0].certificate.as_ref().unwrap().der(),
        certificate.as_ref(),
        "HS-12"
    );
    assert!(!seen[0].headers.contains_key("client-cert"), "HS-11");
}

#[test]
fn what_is_missing_stops_the_start_and_keeps_the_old_at_a_reload() {
    let authority = Authority::new();
    authority.issue("server", &[HOST]);
    authority.issue("other", &[HOST]);
    let settings = |file: Option<&str>| Settings {
        certificates: vec![authority.files("server", &[HOST])],
        client_authorities_file: file.map(|file| authority.file(file)),
    };
    assert!(
        matches!(
            load(settings(Some("missing.pem"))),
            Err(TlsError::File { .. })
        ),
        "MT-05"
    );
    std::fs::write(authority.file("empty.pem"), "").unwrap();
    assert!(
        matches!(
            load(settings(Some("empty.pem"))),
            Err(TlsError::Empty { .. })
        ),
        "MT-05"
    );
    let none = Settings {
        certificates: Vec::new(),
        client_authorities_file: None,
    };
    assert!(matches!(load(none), Err(TlsError::NoCertificate)));

    let tls = load(settings(Some("ca.pem"))).unwrap();
    let before = tls.config();
    std::fs::copy(authority.file("other.key"), authority.file("server.key")).unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Pair { .. })), "MT-05");
    assert!(Arc::ptr_eq(&before, &tls.config()), "MT-05");
    std::fs::copy(authority.file("other.pem"), authority.file("server.pem")).unwrap();
    tls.reload().unwrap();
    assert!(!Arc::ptr_eq(&before, &tls.config()));
}
