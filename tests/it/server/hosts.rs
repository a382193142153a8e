//! Several hosts on one listener: which certificate, which tickets.

use std::sync::Arc;

use muhrdor::server::client::Proxies;
use muhrdor::server::listener::Limits;
use muhrdor::server::tls::{Demand, weaknesses};
use muhrdor::wire::host::HostPattern;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, ClientConfig, HandshakeKind, NamedGroup};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::authority::Authority;
use super::rig::{HOST, Rig, clock, read_all, read_until};

fn request(host: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
}

async fn rig() -> Rig {
    let authority = Authority::new();
    for (file, name) in [
        ("portal", HOST),
        ("api", "api.example"),
        ("below", "*.services.example"),
        ("one", "one.services.example"),
        ("m2m", "m2m.example"),
    ] {
        authority.issue(file, &[name]);
    }
    let others = [
        ("api.example", authority.files("api")),
        ("*.services.example", authority.files("below")),
        ("one.services.example", authority.files("one")),
        (
            "m2m.example",
            authority.files_asking("m2m", Demand::Required),
        ),
    ];
    let hosts = Authority::hosts(authority.files("portal"), &others);
    Rig::serving(Limits::default(), Proxies::default(), authority, &hosts).await
}

fn names(certificate: &CertificateDer<'_>) -> String {
    String::from_utf8_lossy(certificate).replace(|c: char| !c.is_ascii_graphic(), "")
}

#[tokio::test]
async fn pa_16_each_host_is_shown_its_certificate_and_answers_for_itself_only() {
    let rig = rig().await;
    for (name, shown) in [
        (HOST, HOST),
        ("PORTAL.example", HOST),
        ("api.example", "api.example"),
        ("one.services.example", "one.services.example"),
        ("two.services.example", "*.services.example"),
    ] {
        let mut stream = rig
            .connect_with(rig.client(b"http/1.1"), name)
            .await
            .unwrap();
        let chain = stream.get_ref().1.peer_certificates().unwrap();
        assert!(names(&chain[0]).contains(shown), "{name}");
        // PA-17: the same host, whatever its case and trailing dot.
        let asked = request(&format!("{}.", name.to_uppercase()));
        stream.write_all(asked.as_bytes()).await.unwrap();
        let answer = read_all(&mut stream).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 "),
            "PA-17 {name}: {answer}"
        );
        for other in [
            "m2m.example",
            "three.services.example",
            "services.example",
            "10.0.0.1",
        ] {
            let mut stream = rig
                .connect_with(rig.client(b"http/1.1"), name)
                .await
                .unwrap();
            stream.write_all(request(other).as_bytes()).await.unwrap();
            let answer = read_all(&mut stream).await;
            assert!(
                answer.starts_with("HTTP/1.1 421 "),
                "MT-04 {name}, {other}: {answer}"
            );
        }
    }
    assert_eq!(rig.house.lines().len(), 5, "MT-04");
}

#[tokio::test]
async fn mt_04_a_connection_that_is_kept_serves_no_second_host_over_http2() {
    let rig = rig().await;
    let stream = rig.connect_with(rig.client(b"h2"), HOST).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    for (host, status) in [("m2m.example", 421), (HOST, 200), ("api.example", 421)] {
        let request = http::Request::get(format!("https://{host}/x"))
            .body(())
            .unwrap();
        let (response, _) = sender.clone().send_request(request, true).unwrap();
        assert_eq!(response.await.unwrap().status(), status, "{host}");
    }
    assert_eq!(rig.house.lines(), ["GET /x"]);
    assert_eq!(rig.house.codes(), ["misdirected", "misdirected"]);
    connection.abort();
}

#[tokio::test]
async fn a_name_of_nobody_is_refused_by_an_alert_and_no_name_is_the_first_host() {
    let rig = rig().await;
    for name in [
        "other.example",
        "services.example",
        "a.b.services.example",
        "portal.example.evil",
    ] {
        let refused = rig
            .connect_with(rig.client(b"http/1.1"), name)
            .await
            .unwrap_err();
        let cause = refused.get_ref().and_then(|cause| cause.downcast_ref());
        let alert = rustls::Error::AlertReceived(AlertDescription::UnrecognisedName);
        assert_eq!(cause, Some(&alert), "PA-18 {name}");
    }
    assert_eq!(rig.house.codes(), ["unknown_host"; 4]);
    let mut config = rig.client(b"http/1.1");
    config.enable_sni = false;
    for (host, expected) in [(HOST, "HTTP/1.1 200 "), ("api.example", "HTTP/1.1 421 ")] {
        let mut stream = rig.connect_with(config.clone(), HOST).await.unwrap();
        stream.write_all(request(host).as_bytes()).await.unwrap();
        let answer = read_all(&mut stream).await;
        assert!(answer.starts_with(expected), "{host}: {answer}");
    }
}

/// Keeps what any host gave, and shows it to every host.
#[derive(Debug)]
struct Shared(ClientSessionMemoryCache);

fn any() -> ServerName<'static> {
    ServerName::try_from("any.example").unwrap()
}

impl ClientSessionStore for Shared {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        self.0.set_kx_hint(any(), group);
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.0.kx_hint(&any())
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.0.set_tls12_session(any(), value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(&any())
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.0.remove_tls12_session(&any());
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.0.insert_tls13_ticket(any(), value);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.take_tls13_ticket(&any())
    }
}

/// How a client that kept what was given before gets in; nothing when it does not.
async fn kind(rig: &Rig, config: &ClientConfig, name: &str) -> Option<HandshakeKind> {
    let mut stream = rig.connect_with(config.clone(), name).await.ok()?;
    stream.write_all(request(name).as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{name}");
    stream.get_ref().1.handshake_kind()
}

#[tokio::test]
async fn mt_16_a_ticket_counts_at_the_host_that_gave_it_and_nowhere_else() {
    let rig = rig().await;
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let mut config = rig.client_of(version, b"http/1.1");
        let store = Shared(ClientSessionMemoryCache::new(32));
        config.resumption = Resumption::store(Arc::new(store));
        let shared = config;
        let asked = |name| kind(&rig, &shared, name);
        assert_eq!(asked(HOST).await, Some(HandshakeKind::Full));
        assert_eq!(asked(HOST).await, Some(HandshakeKind::Resumed));
        assert_eq!(
            asked("api.example").await,
            Some(HandshakeKind::Full),
            "{version:?}"
        );
        assert_eq!(
            asked(HOST).await,
            Some(HandshakeKind::Full),
            "what it has is of another host"
        );
        // Where a certificate is asked for, a ticket of the portal's is none.
        assert_eq!(asked("m2m.example").await, None, "{version:?}");
    }
}

#[tokio::test]
async fn tickets_outlive_a_reload_that_asks_for_the_same_and_no_other() {
    let rig = rig().await;
    let (portal, api) = (rig.authority.files("portal"), rig.authority.files("api"));
    let config = rig.client(b"http/1.1");
    let mut open = rig
        .connect_with(config.clone(), "api.example")
        .await
        .unwrap();
    assert_eq!(kind(&rig, &config, HOST).await, Some(HandshakeKind::Full));
    let hosts = Authority::hosts(portal.clone(), &[("new.example", api.clone())]);
    rig.tls.take(rig.tls.prepare(&hosts).unwrap());
    assert_eq!(
        kind(&rig, &config, HOST).await,
        Some(HandshakeKind::Resumed)
    );
    // The host that went away stays for those who are there, and for nobody else.
    let kept = request("api.example").replace("Connection: close\r\n", "");
    open.write_all(kept.as_bytes()).await.unwrap();
    assert!(
        read_until(&mut open, "GET /\n")
            .await
            .starts_with("HTTP/1.1 200 ")
    );
    assert!(
        rig.connect_with(config.clone(), "api.example")
            .await
            .is_err()
    );
    let asking = rig.authority.files_asking("portal", Demand::Optional);
    let hosts = Authority::hosts(asking, &[]);
    rig.tls.take(rig.tls.prepare(&hosts).unwrap());
    assert_eq!(kind(&rig, &config, HOST).await, Some(HandshakeKind::Full));
    assert_eq!(
        kind(&rig, &config, HOST).await,
        Some(HandshakeKind::Full),
        "MT-16: no tickets here"
    );
}

#[test]
fn certificates_that_do_not_fit_their_host_are_told() {
    let authority = Authority::new();
    authority.issue("portal", &[HOST]);
    authority.issue("below", &["*.services.example", "10.0.0.1"]);
    authority.issue_with("old", &[HOST], |params| {
        let now = time::OffsetDateTime::from_unix_timestamp(1_795_000_000).unwrap();
        params.not_before = now - time::Duration::days(9);
        params.not_after = now - time::Duration::days(1);
    });
    let told = |file: &str, host: &str| {
        let path = authority.file(&format!("{file}.pem"));
        let pattern = HostPattern::parse(host).unwrap();
        let now = muhrdor::clock::Clock::now(clock().as_ref());
        weaknesses(&path, &pattern, now).unwrap()
    };
    for (file, host) in [
        ("portal", "PORTAL.example"),
        ("below", "*.services.example"),
        ("below", "one.services.example"),
        ("below", "10.0.0.1"),
    ] {
        assert!(told(file, host).is_empty(), "{file} {host}");
    }
    for (file, host, part) in [
        ("portal", "api.example", "does not cover `api.example`"),
        ("portal", "*.portal.example", "does not cover"),
        ("below", "services.example", "does not cover"),
        ("below", "a.b.services.example", "does not cover"),
        ("below", "10.0.0.2", "does not cover"),
        ("old", HOST, "has expired"),
    ] {
        let told = told(file, host);
        assert!(
            told.len() == 1 && told[0].contains(part),
            "{file} {host}: {told:?}"
        );
    }
}

#[test]
fn a_pattern_stands_for_one_label() {
    for refused in [
        "*",
        "*.",
        "*.example",
        "a.*.example",
        "**.a.example",
        "*.a.example:443",
        "a:1",
        "",
    ] {
        assert!(HostPattern::parse(refused).is_err(), "{refused}");
    }
    let pattern = HostPattern::parse("*.A.example.").unwrap();
    assert_eq!(pattern.to_string(), "*.a.example");
}
