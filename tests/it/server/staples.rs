//! Answers of OCSP beside a certificate, as openssl makes them.

use std::process::Command;
use std::sync::{Arc, Mutex};

use muhrdor::clock::HandClock;
use muhrdor::domain::time::Timestamp;
use muhrdor::server::tls::{HostFiles, StapleError, Tls, TlsError};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::duplex;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::authority::Authority;
use super::rig::{HOST, Rig};

/// Remembers the staple it was shown.
#[derive(Debug)]
struct Witness(
    Arc<Mutex<Vec<u8>>>,
    Arc<rustls::client::WebPkiServerVerifier>,
);

impl rustls::client::danger::ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = ocsp_response.to_vec();
        self.1
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.1.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.1.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.1.supported_verify_schemes()
    }
}

/// An answer of OCSP by openssl about a certificate of the authority, good for so many days.
fn openssl_answer(authority: &Authority, about: &str, status: &str, days: &str) -> Vec<u8> {
    let file = |name: &str| authority.file(name).display().to_string();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let (certificate, ca, key) = (
        file(&format!("{about}.pem")),
        file("ca.pem"),
        file("ca.key"),
    );
    let serial = openssl(&["x509", "-in", &certificate, "-noout", "-serial"]);
    let serial = serial.trim().trim_start_matches("serial=").to_owned();
    let revoked = if status == "R" { "250101000000Z" } else { "" };
    let line = format!(
        "{status}\t400101000000Z\t{revoked}\t{serial}\tunknown\t/CN=rcgen self signed cert\n"
    );
    std::fs::write(authority.file("index.txt"), line).unwrap();
    let (request, answer, index) = (file("ask.der"), file("answer.der"), file("index.txt"));
    openssl(&[
        "ocsp",
        "-issuer",
        &ca,
        "-cert",
        &certificate,
        "-no_nonce",
        "-reqout",
        &request,
    ]);
    let mut arguments = vec![
        "ocsp", "-index", &index, "-CA", &ca, "-rsigner", &ca, "-rkey", &key, "-reqin", &request,
        "-respout", &answer,
    ];
    if !days.is_empty() {
        arguments.extend(["-ndays", days]);
    }
    openssl(&arguments);
    std::fs::read(authority.file("answer.der")).unwrap()
}

fn stapled(authority: &Authority, file: &str, staple: &[u8]) -> HostFiles {
    std::fs::write(authority.file("staple.der"), staple).unwrap();
    HostFiles {
        staple: Some(authority.file("staple.der")),
        ..authority.files(file)
    }
}

/// The wall clock, which openssl goes by, a minute on: what is made now holds then.
fn today() -> Timestamp {
    use muhrdor::clock::{Clock, SystemClock};
    Timestamp::from_unix_seconds(SystemClock::new().now().unix_seconds() + 60)
}

/// Shakes hands with this TLS; the staple that was shown.
async fn shown(tls: &Tls, rig: &Rig) -> Vec<u8> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut config = rig.client(b"http/1.1");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rig.authority.certificate.clone()).unwrap();
    let provider = config.crypto_provider().clone();
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let witness = Witness(seen.clone(), verifier.build().unwrap());
    config
        .dangerous()
        .set_certificate_verifier(Arc::new(witness));
    let (client, server) = duplex(1 << 15);
    let name = ServerName::try_from(HOST).unwrap();
    let accepted = TlsAcceptor::from(tls.host(Some(HOST)).unwrap().1);
    let connector = TlsConnector::from(Arc::new(config));
    let (accepted, connected) =
        tokio::join!(accepted.accept(server), connector.connect(name, client));
    accepted.unwrap();
    connected.unwrap();
    let seen = seen.lock().unwrap();
    seen.clone()
}

#[tokio::test]
async fn a_staple_is_shown_until_it_runs_out() {
    let rig = Rig::start().await;
    let authority = &rig.authority;
    let clock = Arc::new(HandClock::at(today()));
    let staple = openssl_answer(authority, "server", "V", "1");
    let hosts = Authority::hosts(stapled(authority, "server", &staple), &[]);
    let tls = Tls::load(&hosts, clock.clone()).unwrap();
    assert_eq!(shown(&tls, &rig).await, staple);
    clock.advance_ms(25 * 3_600_000);
    assert_eq!(
        shown(&tls, &rig).await,
        b"",
        "it says no longer that the certificate is good"
    );
    assert!(
        matches!(tls.prepare(&hosts), Err(TlsError::Staple { .. })),
        "nor is it taken again"
    );
}

#[test]
fn a_staple_of_another_certificate_or_that_does_not_hold_is_refused() {
    let authority = Authority::new();
    authority.issue("portal", &[HOST]);
    authority.issue("other", &[HOST]);
    let good = openssl_answer(&authority, "portal", "V", "1");
    let refused = |staple: &[u8]| {
        let hosts = Authority::hosts(stapled(&authority, "portal", staple), &[]);
        match Tls::load(&hosts, Arc::new(HandClock::at(today()))) {
            Ok(_) => None,
            Err(TlsError::Staple { source, .. }) => Some(source),
            Err(other) => panic!("{other}"),
        }
    };
    assert!(refused(&good).is_none());
    let of_another = openssl_answer(&authority, "other", "V", "1");
    assert!(matches!(refused(&of_another), Some(StapleError::OfAnother)));
    let revoked = openssl_answer(&authority, "portal", "R", "1");
    assert!(matches!(refused(&revoked), Some(StapleError::NotGood)));
    let endless = openssl_answer(&authority, "portal", "V", "");
    assert!(matches!(refused(&endless), Some(StapleError::Endless)));
    // Of another authority, with the same number.
    let stranger = Authority::new();
    std::fs::copy(authority.file("portal.pem"), stranger.file("portal.pem")).unwrap();
    let by_stranger = openssl_answer(&stranger, "portal", "V", "1");
    let with_chain = || {
        let own = std::fs::read_to_string(authority.file("portal.pem")).unwrap();
        let issuer = std::fs::read_to_string(authority.file("ca.pem")).unwrap();
        std::fs::write(authority.file("portal.pem"), own + &issuer).unwrap();
    };
    with_chain();
    assert!(refused(&good).is_none());
    assert!(matches!(
        refused(&by_stranger),
        Some(StapleError::OfAnother)
    ));
    for cut in [0, 1, good.len() / 2, good.len() - 1] {
        assert!(
            matches!(refused(&good[..cut]), Some(StapleError::Malformed)),
            "{cut}"
        );
    }
    assert!(matches!(refused(b"<html>"), Some(StapleError::Malformed)));
    assert!(matches!(
        refused(&vec![0; 20_000]),
        Some(StapleError::TooLong)
    ));
}
