//! `selftest`: the demo stands up to every attack of its corpus; a server without a guard does not,
//! and that is told.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::trouble::vacant;
use super::{House, unhurried};

async fn tried(house: &House, port: u16, words: &[&str]) -> Output {
    let folder = &house.grounds.grounds.folder;
    Command::new(Path::new(env!("CARGO_BIN_EXE_muhrdor")))
        .args([
            "selftest",
            &format!("https://localhost:{port}"),
            "--authority",
        ])
        .arg(folder.authority())
        .args(words)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap()
}

fn verdicts(output: &Output) -> Vec<Value> {
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    told.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_stands_up_to_every_attack_that_can_be_tried_from_outside() {
    let house = House::open_with(|config| hasty(&config)).await;
    let output = tried(&house, house.gateway.portal().port(), &["--json"]).await;
    let verdicts = verdicts(&output);
    let failed: Vec<_> = verdicts.iter().filter(|v| v["passed"] != true).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(output.status.code(), Some(0));
    let ids: BTreeSet<_> = verdicts
        .iter()
        .map(|v| v["case"].as_str().unwrap())
        .collect();
    for id in [
        "FR-01", "FR-05", "FR-14", "PA-03", "PA-06", "HS-01", "MT-01", "MT-04", "MT-14", "MT-15",
        "MT-17", "H2-01", "H2-07", "AD-01",
    ] {
        assert!(ids.contains(id), "{id} was tried");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mt_14_where_client_certificates_are_asked_for_none_that_does_not_hold_is_taken() {
    for demand in ["optional", "required"] {
        let house = House::open_with(|config| {
            let asks = format!(
                "[tls]\nclient_authorities = \"{}\"\nclient_certificate = \"{demand}\"\n",
                authority_of(&config)
            );
            hasty(&config).replace("[tls]\n", &asks)
        })
        .await;
        let words = ["--json", "--case-ms-max", "1000"];
        let output = tried(&house, house.gateway.portal().port(), &words).await;
        if demand == "required" {
            // Nobody who shows nothing is answered, so nothing can be tried.
            assert_eq!(output.status.code(), Some(3));
            house.close().await;
            continue;
        }
        let verdicts = verdicts(&output);
        let of_row: Vec<_> = verdicts.iter().filter(|v| v["case"] == "MT-14").collect();
        assert_eq!(of_row.len(), 4, "{of_row:#?}");
        for verdict in &verdicts {
            assert_eq!(verdict["passed"], true, "{verdict}");
        }
        house.close().await;
    }
}

/// Handshakes that stall are given up sooner than a deployment would.
fn hasty(config: &str) -> String {
    format!(
        "{}\n[timeouts]\nhandshake_ms_max = 4000\n",
        unhurried(config)
    )
}

/// The authority beside the certificate of the config.
fn authority_of(config: &str) -> String {
    let (_, rest) = config.split_once("[tls]\ncertificate = \"").unwrap();
    let certificate = rest.split('"').next().unwrap();
    certificate.replace("server.pem", "ca.pem")
}

/// A server that believes what its HTTP library believes, with the certificate of the house; of a
/// hello it looks at the first record only, and takes whatever certificate a client shows.
async fn without_a_guard(house: &House) -> (u16, JoinSet<()>) {
    let root = house.grounds.grounds.folder.root().join("tls");
    let chain = CertificateDer::pem_file_iter(root.join("server.pem")).unwrap();
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(root.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(Arc::new(Credulous))
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            connections.spawn(async move {
                let mut head = [0; 5];
                let peeked = stream.peek(&mut head).await;
                if peeked.is_err() || head[3..] == [0, 1] {
                    return;
                }
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let service = service_fn(|_: Request<Incoming>| async {
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"yes"))))
                });
                let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // What it cannot read ends the connection.
                drop(serving.await);
            });
        }
    });
    (port, tasks)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_guard_is_told_what_it_lets_through() {
    let house = House::open().await;
    let (port, _tasks) = without_a_guard(&house).await;
    let hasty = ["--case-ms-max", "500", "--stall-ms-max", "500"];
    let output = tried(&house, port, &[&hasty[..], &["--json"]].concat()).await;
    assert_eq!(output.status.code(), Some(1));
    let verdicts = verdicts(&output);
    let failed: BTreeSet<_> = verdicts
        .iter()
        .filter(|v| v["passed"] != true)
        .map(|v| v["case"].as_str().unwrap())
        .collect();
    for id in [
        "PA-04", "PA-06", "HS-01", "MT-01", "MT-04", "MT-14", "MT-15", "H2-07", "AD-04",
    ] {
        assert!(failed.contains(id), "{id} must fail: {failed:?}");
    }
    let table = tried(&house, port, &hasty).await;
    let table = String::from_utf8(table.stdout).unwrap();
    let line = table.lines().find(|line| line.contains("dot segments  "));
    let line = line.unwrap_or_else(|| panic!("{table}"));
    assert!(
        line.starts_with("FAIL  PA-04") && line.ends_with("200, the end"),
        "{line}"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_answers_nothing_is_tried() {
    let house = House::open().await;
    let vacant = vacant();
    let output = tried(&house, vacant.address().port(), &[]).await;
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("cannot be tried"), "{told}");
    house.close().await;
}

/// Whoever shows a certificate is whoever it says.
#[derive(Debug)]
struct Credulous;

impl ClientCertVerifier for Credulous {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
