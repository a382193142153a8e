//! The outbound client: where it goes, and how far.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use muhrdor::clock::HandClock;
use muhrdor::domain::time::Timestamp;
use muhrdor::egress::{Allowed, Egress, EgressError, EgressSettings, Roots};
use muhrdor::keys::certificate_pem;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

fn egress(allow: &[&str]) -> Egress {
    let settings = EgressSettings {
        allow: allow
            .iter()
            .map(|one| Allowed::parse(one).unwrap())
            .collect(),
        ms_max: 300,
        bytes_max: 1_000,
        roots: Roots::none(),
    };
    Egress::new(settings, Arc::new(HandClock::default())).unwrap()
}

async fn get(egress: &Egress, url: &str) -> Result<Response<Bytes>, EgressError> {
    let request = Request::get(url).body(Bytes::new()).unwrap();
    egress.send(request).await
}

/// A server that answers one connection with these bytes and then stays silent; gives back what it
/// was sent.
async fn once(answer: Vec<u8>) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let seen = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let length = stream.read(&mut head).await.unwrap();
        // Who reads too little has gone away by then.
        let _ = stream.write_all(&answer).await;
        let _ = stream.read(&mut [0; 1]).await;
        String::from_utf8(head[..length].to_vec()).unwrap()
    });
    (authority, seen)
}

#[tokio::test]
async fn a_request_goes_only_where_the_list_says() {
    let (authority, seen) = once(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_vec()).await;
    let egress = egress(&[&authority, "[::1]:1"]);
    for url in [
        "http://127.0.0.1:1/",
        "https://idp.example/",
        "http://127.0.0.1/",
        "http://169.254.169.254/latest",
    ] {
        let outcome = get(&egress, url).await;
        assert!(
            matches!(outcome, Err(EgressError::NotAllowed { .. })),
            "{url}"
        );
    }
    for url in ["/path", "ftp://127.0.0.1/"] {
        assert!(
            matches!(get(&egress, url).await, Err(EgressError::Url)),
            "{url}"
        );
    }
    let with_user = format!("http://user@{authority}/");
    assert!(matches!(
        get(&egress, &with_user).await,
        Err(EgressError::Url)
    ));
    let answer = get(&egress, &format!("http://{authority}/a?b=c"))
        .await
        .unwrap();
    assert_eq!(answer.body(), "hi");
    let seen = seen.await.unwrap();
    assert!(seen.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains(&format!("host: {authority}\r\n")), "{seen}");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_good_is_not_connected_to() {
    let egress = egress(&["169.254.169.254:80", "0.0.0.0:80", "10.0.0.1:80"]);
    for host in ["169.254.169.254", "0.0.0.0"] {
        let outcome = get(&egress, &format!("http://{host}/")).await;
        assert!(
            matches!(outcome, Err(EgressError::Address { .. })),
            "{host}"
        );
    }
    // Written out by the operator, but secrets do not leave the machine unencrypted.
    let outcome = get(&egress, "http://10.0.0.1/").await;
    assert!(matches!(outcome, Err(EgressError::Plain { .. })));
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let moved = b"HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n";
    let (authority, _seen) = once(moved.to_vec()).await;
    let egress = egress(&[&authority, "10.0.0.1:80"]);
    let answer = get(&egress, &format!("http://{authority}/")).await.unwrap();
    assert_eq!(answer.status(), 302);
}

#[tokio::test]
async fn an_answer_that_is_too_long_or_too_slow_is_given_up() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n";
    let (authority, _seen) = once([&head[..], &[b'x'; 1001]].concat()).await;
    let outcome = get(&egress(&[&authority]), &format!("http://{authority}/")).await;
    assert!(
        matches!(outcome, Err(EgressError::TooLarge { .. })),
        "{outcome:?}"
    );

    for part in [&b""[..], b"HTTP/1.1 200 OK\r\n", head] {
        let (authority, _seen) = once(part.to_vec()).await;
        let outcome = get(&egress(&[&authority]), &format!("http://{authority}/")).await;
        assert!(
            matches!(outcome, Err(EgressError::Timeout { .. })),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (authority, _seen) = once(Vec::new()).await;
    let outcome = get(&egress(&[&authority]), &format!("https://{authority}/")).await;
    assert!(
        matches!(
            outcome,
            Err(EgressError::Connect { .. } | EgressError::Timeout { .. })
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_certificate_counts_for_its_own_name_and_its_own_time() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), certificate_pem(made.cert.der())).unwrap();
    let roots = Roots::load(file.path()).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let _ = stream.read(&mut [0; 1024]).await.unwrap();
            let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    });
    // The validity of the certificate ends before the year 5000.
    for (host, seconds, counts) in [
        ("localhost", 1_800_000_000, true),
        ("127.0.0.1", 1_800_000_000, false),
        ("localhost", 99_999_999_999, false),
    ] {
        let authority = format!("{host}:{port}");
        let settings = EgressSettings {
            allow: vec![Allowed::parse(&authority).unwrap()],
            ms_max: 2_000,
            bytes_max: 1_000,
            roots: roots.clone(),
        };
        let clock = HandClock::at(Timestamp::from_unix_seconds(seconds));
        let egress = Egress::new(settings, Arc::new(clock)).unwrap();
        let outcome = get(&egress, &format!("https://{authority}/")).await;
        assert_eq!(outcome.is_ok(), counts, "{host} at {seconds}: {outcome:?}");
    }
    serving.abort();
}
