//! Operations that need a client certificate: rows HS-11 and HS-12 as far as a certificate goes; and
//! how handshakes are counted.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use muhrdor::keys::certificate_pem;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::trouble::puppet::{Puppet, Then};
use super::trouble::upstreams::{copy, with_policies};
use super::{House, unhurried, with_upstream};

use crate::house::trusting::trusting;

/// The policies, in which the pension fund's page needs a certificate.
fn policies() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"),
        folder.path(),
    );
    let path = folder.path().join("services/pension-fund.toml");
    let text = fs::read_to_string(&path).unwrap();
    let id = "id = \"pension-fund.info.page\"\n";
    assert!(text.contains(id));
    fs::write(
        &path,
        text.replace(id, &format!("{id}certificate = true\n")),
    )
    .unwrap();
    folder
}

/// An authority in a file, and a client's chain and key of it.
fn authority(file: &Path) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    fs::write(file, certificate_pem(made.der())).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let client = rcgen::CertificateParams::new(vec!["system.example".to_owned()]).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = client.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    (certificate.der().clone(), key)
}

/// One request for the page; what came back.
async fn ask(
    house: &House,
    shown: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    fields: &str,
) -> String {
    let config = trusting(house.grounds.grounds.folder.authority());
    let config = match shown {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => config
            .with_client_auth_cert(vec![certificate], key)
            .unwrap(),
    };
    let address = house.grounds.grounds.config().unwrap().listen.public;
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    let request = format!(
        "GET /pension/info HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\
         {fields}Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn hs_11_an_operation_that_needs_a_certificate_takes_no_header_for_one() {
    let policies = policies();
    let kept = tempfile::tempdir().unwrap();
    let authorities = kept.path().join("clients.pem");
    let client = authority(&authorities);
    let puppet = Puppet::enter().await;
    let said = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n\
                content-length: 6\r\nconnection: close\r\n\r\npuppet";
    puppet.says(said, Then::Close);
    let house = House::open_with(|config| {
        let config = with_policies(&unhurried(&config), policies.path());
        let config = with_upstream(&config, "pension-fund", &puppet.address.to_string());
        let line = format!(
            "[tls]\nclient_authorities = \"{}\"\n",
            authorities.display()
        );
        config.replace("[tls]\n", &line)
    })
    .await;
    let forged = "Client-Cert: :AAAA:\r\nSsl-Client-Cert: x\r\nX-Client-Cert: x\r\n\
                  X-Forwarded-Client-Cert: Hash=x\r\nClient-Cert-Chain: :AAAA:\r\n";
    for fields in ["", forged] {
        let answer = ask(&house, None, fields).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(answer.contains("\"certificate_needed\""), "{answer}");
    }
    assert!(puppet.asked().is_empty());
    let answer = ask(&house, Some(client), forged).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("puppet"),
        "HS-12 {answer}"
    );
    let heard = puppet.asked().concat().to_ascii_lowercase();
    assert!(!heard.contains("client-cert"), "HS-12 {heard}");
    puppet.leave().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mt_19_handshakes_are_counted_by_version_and_group_and_failures_by_reason() {
    let house = House::open().await;
    assert!(ask(&house, None, "").await.starts_with("HTTP/1.1 200 "));
    let config = house.grounds.grounds.config().unwrap();
    let mut stranger = TcpStream::connect(config.listen.public).await.unwrap();
    stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    stranger.read_to_end(&mut Vec::new()).await.unwrap();
    let mut admin = TcpStream::connect(config.listen.admin).await.unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    admin.write_all(request.as_bytes()).await.unwrap();
    let mut told = String::new();
    admin.read_to_string(&mut told).await.unwrap();
    let hybrid = "muhrdor_tls_handshakes_total{version=\"1.3\",group=\"X25519MLKEM768\"} ";
    let malformed = "muhrdor_tls_failures_total{reason=\"malformed\"} ";
    assert!(told.contains(hybrid) && told.contains(malformed), "{told}");
    house.close().await;
}
