//! TLS: rows MT and PA of the attack cases that concern the handshake.

use std::sync::Arc;

use muhrdor::server::listener::Limits;
use muhrdor::server::tls::{Settings, Tls, TlsError};
use rustls::{NamedGroup, ProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::rig::{Authority, FixedClock, HOST, Rig, client_key, read_all};

fn request() -> String {
    format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")
}

fn load(settings: Settings) -> Result<Tls, TlsError> {
    Tls::load(settings, Arc::new(FixedClock))
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
