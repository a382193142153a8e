//! The e-services: that they believe the gateway's assertion and nothing else.

use std::sync::Arc;

use muhrdor::demo::{Ask, Assertions, BodySystem, CivilRegistry, Client, PensionFund, SigningKey};
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use crate::demo::{HandClock, folder, open};

const AZIZA: &str = "41507850211172";
const FARRUKH: &str = "32811900455116";

/// A gateway's key set behind TLS, and nothing else of it.
struct KeySet {
    portal: String,
    key: SigningKey,
    _served: JoinSet<()>,
}

impl KeySet {
    async fn open(folder: &muhrdor::demo::Folder) -> Self {
        use rustls::pki_types::pem::PemObject;
        use rustls::pki_types::{CertificateDer, PrivateKeyDer};

        let key = SigningKey::generate(&SystemRandom::new()).unwrap();
        let set = json!({ "keys": [key.jwk()] }).to_string();
        let chain = vec![CertificateDer::from_pem_file(folder.certificate()).unwrap()];
        let private = PrivateKeyDer::from_pem_file(folder.certificate_key()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut served = JoinSet::new();
        served.spawn(async move {
            loop {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let (tcp, _) = listener.accept().await.unwrap();
                let mut stream = acceptor.accept(tcp).await.unwrap();
                let mut head = [0_u8; 4096];
                let _ = stream.read(&mut head).await.unwrap();
                let reply = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{set}",
                    set.len()
                );
                stream.write_all(reply.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        Self {
            portal: format!("https://localhost:{port}"),
            key,
            _served: served,
        }
    }

    fn assertion(&self, audience: &str, issued: i64, seconds: i64) -> String {
        let claims = json!({
            "iss": self.portal, "aud": audience, "iat": issued, "exp": issued + seconds,
        });
        self.key
            .sign("muhrdor-assertion+jwt", &claims, &SystemRandom::new())
            .unwrap()
    }
}

async fn get(origin: &str, path: &str, header: (&str, &str)) -> (u16, Value) {
    let url = Url::parse(&format!("{origin}{path}")).unwrap();
    let ask = Ask::get(url).with(header.0, header.1);
    let reply = Client::plain().send(&ask).await.unwrap();
    (reply.status.as_u16(), reply.json())
}

#[tokio::test]
async fn a_service_answers_401_without_an_assertion_for_it_that_is_good_now() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    let clock = HandClock::new();
    // rustls asks the true time; the certificate is made for it.
    folder
        .make_certificate(muhrdor::clock::Clock::now(
            &muhrdor::clock::SystemClock::new(),
        ))
        .unwrap();
    let gateway = KeySet::open(&folder).await;
    let assertions = Assertions::new(
        "pension-fund",
        gateway.portal.clone(),
        folder.authority(),
        clock.clone(),
    );
    let (origin, _served) = open(|_| PensionFund::new(assertions)).await;
    let path = format!("/records/{AZIZA}");
    let now = 1_800_000_000;

    let good = gateway.assertion("pension-fund", now, 60);
    let (status, record) = get(&origin, &path, ("muhrdor-assertion", &good)).await;
    assert_eq!(
        (status, &record["monthly_income"]),
        (200, &json!(7_341_907)),
        "{record}"
    );
    let other = KeySet {
        key: SigningKey::generate(&SystemRandom::new()).unwrap(),
        ..gateway
    };
    for (why, token) in [
        (
            "signed by a key that is not the gateway's",
            other.assertion("pension-fund", now, 60),
        ),
        ("none at all", String::new()),
        ("not a token", "x.y.z".to_owned()),
    ] {
        let (status, answer) = get(&origin, &path, ("muhrdor-assertion", &token)).await;
        assert_eq!(status, 401, "{why}: {answer}");
    }
    assert_eq!(get(&origin, &path, ("x-nothing", "")).await.0, 401);
    assert_eq!(get(&origin, "/info", ("x-nothing", "")).await.0, 401);
}

#[tokio::test]
async fn an_assertion_for_another_service_or_time_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    let clock = HandClock::new();
    folder
        .make_certificate(muhrdor::clock::Clock::now(
            &muhrdor::clock::SystemClock::new(),
        ))
        .unwrap();
    let gateway = KeySet::open(&folder).await;
    let assertions = Assertions::new(
        "civil-registry",
        gateway.portal.clone(),
        folder.authority(),
        clock.clone(),
    );
    let (origin, _served) = open(|_| CivilRegistry::new(assertions)).await;
    let now = 1_800_000_000;
    for (assertion, wanted) in [
        (gateway.assertion("civil-registry", now, 60), 200),
        (gateway.assertion("pension-fund", now, 60), 401),
        (gateway.assertion("civil-registry", now - 60, 60), 401),
        (gateway.assertion("civil-registry", now + 30, 60), 401),
        (gateway.assertion("civil-registry", now, 61), 401),
    ] {
        let header = ("muhrdor-assertion", assertion.as_str());
        let (status, answer) = get(&origin, "/info/services", header).await;
        assert_eq!(status, wanted, "{answer}");
    }
    let good = gateway.assertion("civil-registry", now, 60);
    let url = Url::parse(&format!("{origin}/info")).unwrap();
    let ask = Ask::get(url).with("muhrdor-assertion", &good);
    let page = Client::plain().send(&ask).await.unwrap();
    assert!(page.body.len() > 300 * 1024, "{} bytes", page.body.len());
    assert_eq!(page.header("content-length"), None);
}

#[tokio::test]
async fn one_record_is_wired_to_the_wrong_person() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    let clock = HandClock::new();
    folder
        .make_certificate(muhrdor::clock::Clock::now(
            &muhrdor::clock::SystemClock::new(),
        ))
        .unwrap();
    let gateway = KeySet::open(&folder).await;
    let assertions = Assertions::new(
        "pension-fund",
        gateway.portal.clone(),
        folder.authority(),
        clock,
    );
    let (origin, _served) = open(|_| PensionFund::new(assertions)).await;
    let good = gateway.assertion("pension-fund", 1_800_000_000, 60);
    let header = ("muhrdor-assertion", good.as_str());
    let (_, record) = get(&origin, &format!("/records/{FARRUKH}"), header).await;
    assert_eq!(record["name"], "Botir Karimov");
}

#[tokio::test]
async fn the_body_system_says_how_cases_stand_and_lets_only_its_clerk_close_one() {
    let (origin, _served) = open(|_| BodySystem::new("facts".into(), "clerk".into())).await;
    let facts = ("authorization", "Bearer facts");
    let case = "/cases/PF-2026-000117";
    assert_eq!(
        get(&origin, case, ("authorization", "Bearer guess"))
            .await
            .0,
        401
    );
    let (_, open_case) = get(&origin, case, facts).await;
    assert_eq!(
        (&open_case["open"], &open_case["subject"]),
        (&json!(true), &json!(AZIZA))
    );
    assert_eq!(get(&origin, "/cases/PF-2026-999999", facts).await.0, 404);

    let url = Url::parse(&format!("{origin}{case}/close")).unwrap();
    for (token, wanted) in [("Bearer facts", 404), ("Bearer clerk", 200)] {
        let ask = Ask::form(url.clone(), &[]).with("authorization", token);
        assert_eq!(Client::plain().send(&ask).await.unwrap().status, wanted);
    }
    assert_eq!(get(&origin, case, facts).await.1["open"], json!(false));

    let consents = format!("/consents?subject={AZIZA}&recipient=social-agency");
    assert_eq!(
        get(&origin, &consents, facts).await.1["consents"][0]["withdrawn"],
        json!(false)
    );
    let mandates = format!("/mandates?holder={AZIZA}");
    assert_eq!(
        get(&origin, &mandates, facts).await.1["mandates"][0]["holder"],
        json!(AZIZA)
    );
    assert_eq!(
        get(&origin, "/staff/O-1001", facts).await.1["active"],
        json!(true)
    );
    assert_eq!(
        get(&origin, "/persons/40707790134024", facts).await.1["protected"],
        json!(true)
    );
}
