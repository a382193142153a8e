//! The handshake itself: rows MT of the attack cases.

use std::io::Write;
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll};

use muhrdor::server::client::Proxies;
use muhrdor::server::listener::Limits;
use muhrdor::server::tls::{Demand, Failure};
use rustls::client::ClientConfig;
use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::kx_group;
use rustls::pki_types::ServerName;
use rustls::{NamedGroup, ProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;

use super::authority::Authority;
use super::rig::{HOST, Rig, read_all};

fn request() -> String {
    format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")
}

/// The client with other groups on offer; a key is sent for the first.
fn offering(rig: &Rig, groups: &[&'static dyn SupportedKxGroup]) -> ClientConfig {
    let plain = rig.client(b"http/1.1");
    let mut provider = plain.crypto_provider().as_ref().clone();
    provider.kx_groups = groups.to_vec();
    rig.client_by(Arc::new(provider), b"http/1.1")
}

#[tokio::test]
async fn mt_19_a_handshake_is_hybrid_where_the_client_can_and_falls_back_where_not() {
    let rig = Rig::start().await;
    for (groups, expected) in [
        (
            vec![kx_group::X25519MLKEM768, kx_group::X25519],
            NamedGroup::X25519MLKEM768,
        ),
        (vec![kx_group::X25519], NamedGroup::X25519),
        (vec![kx_group::SECP256R1], NamedGroup::secp256r1),
    ] {
        let stream = rig
            .connect_with(offering(&rig, &groups), HOST)
            .await
            .unwrap();
        let session = stream.get_ref().1;
        let group = session.negotiated_key_exchange_group();
        assert_eq!(group.map(SupportedKxGroup::name), Some(expected));
        assert_eq!(
            session.protocol_version(),
            Some(ProtocolVersion::TLSv1_3),
            "MT-17"
        );
    }
    // A key for X25519 only, with the hybrid on offer: either is an answer, none is not.
    let groups = [kx_group::X25519, kx_group::X25519MLKEM768];
    let stream = rig
        .connect_with(offering(&rig, &groups), HOST)
        .await
        .unwrap();
    assert!(stream.get_ref().1.negotiated_key_exchange_group().is_some());
    let (_, config) = rig.tls.host(Some(HOST)).unwrap();
    assert_eq!(config.max_early_data_size, 0, "PA-21");
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
async fn mt_02_a_hello_in_single_bytes_is_the_same_hello() {
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
        "MT-02"
    );
}

/// Sends the first flight in records of one byte each.
struct Splinters {
    stream: TcpStream,
    pending: Vec<u8>,
    hello_sent: bool,
}

impl AsyncRead for Splinters {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, to)
    }
}

impl AsyncWrite for Splinters {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let this = &mut *self;
        if !this.hello_sent {
            this.hello_sent = true;
            let length = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
            assert_eq!(
                (bytes[0], bytes.len()),
                (22, length + 5),
                "one record, the hello"
            );
            let split = bytes[5..].iter();
            this.pending = split.flat_map(|byte| [22, 3, 1, 0, 1, *byte]).collect();
            return Poll::Ready(Ok(bytes.len()));
        }
        match Pin::new(&mut *this).poll_flush(cx) {
            Poll::Ready(Ok(())) => Pin::new(&mut this.stream).poll_write(cx, bytes),
            Poll::Ready(Err(cause)) => Poll::Ready(Err(cause)),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let this = &mut *self;
        while !this.pending.is_empty() {
            match Pin::new(&mut this.stream).poll_write(cx, &this.pending) {
                Poll::Ready(Ok(count)) => drop(this.pending.drain(..count)),
                Poll::Ready(Err(cause)) => return Poll::Ready(Err(cause)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn mt_01_a_hello_in_records_of_one_byte_meets_the_same_host_and_the_same_demand() {
    let authority = Authority::new();
    authority.issue("server", &[HOST, "m2m.example"]);
    let asking = authority.files_asking("server", Demand::Required);
    let hosts = Authority::hosts(authority.files("server"), &[("m2m.example", asking)]);
    let rig = Rig::serving(Limits::default(), Proxies::default(), authority, &hosts).await;
    for (name, with_name, expected) in [
        (HOST, true, "HTTP/1.1 200 "),
        (HOST, false, "HTTP/1.1 200 "),
        ("m2m.example", true, ""),
        // Without a name it is the portal's host, and nothing else is answered on it.
        ("m2m.example", false, "HTTP/1.1 421 "),
    ] {
        let mut config = rig.client(b"http/1.1");
        config.enable_sni = with_name;
        let stream = Splinters {
            stream: TcpStream::connect(rig.address).await.unwrap(),
            pending: Vec::new(),
            hello_sent: false,
        };
        let connector = TlsConnector::from(Arc::new(config));
        let server_name = ServerName::try_from(name).unwrap();
        let answer = match connector.connect(server_name, stream).await {
            Err(_) => String::new(),
            Ok(mut stream) => {
                let asked = request().replace(HOST, name);
                let _ = stream.write_all(asked.as_bytes()).await;
                let _ = stream.flush().await;
                let mut answer = Vec::new();
                let _ = stream.read_to_end(&mut answer).await;
                String::from_utf8(answer).unwrap()
            }
        };
        let told = format!("{name} {with_name}: {answer}");
        assert_eq!(answer.is_empty(), expected.is_empty(), "{told}");
        assert!(answer.starts_with(expected), "{told}");
    }
    assert_eq!(rig.house.lines().len(), 2);
}

#[tokio::test]
async fn mt_15_a_hello_that_trickles_is_given_up_at_the_deadline() {
    let limits = Limits {
        handshake_ms_max: 50,
        ..Limits::default()
    };
    let rig = Rig::with(limits, false).await;
    let mut stream = TcpStream::connect(rig.address).await.unwrap();
    // Each byte on its own, and never the last of them.
    for byte in [22, 3, 1, 0, 200, 1, 0] {
        stream.write_all(&[byte]).await.unwrap();
        stream.flush().await.unwrap();
    }
    assert_eq!(read_all(&mut stream).await, "");
    assert_eq!(rig.house.codes(), ["handshake"]);
}

#[tokio::test]
async fn mt_15_handshakes_are_bounded_in_all_and_for_each_block() {
    let limits = Limits {
        handshakes_per_block_max: 3,
        ..Limits::default()
    };
    let rig = Rig::with(limits, false).await;
    let mut half_open = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(rig.address).await.unwrap();
        stream.write_all(&[22, 3, 1]).await.unwrap();
        half_open.push(stream);
    }
    // The places are taken when the server has got to them, which is in their order.
    let fourth = rig.connect_with(rig.client(b"http/1.1"), HOST).await;
    assert!(fourth.is_err());
    assert_eq!(rig.house.codes(), ["too_many_handshakes"]);
    drop(half_open.pop());
    // Its place is free once the server has seen it go.
    while rig.house.codes().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.house.codes(), ["too_many_handshakes", "handshake"]);
    let mut fifth = rig.connect().await;
    fifth.write_all(request().as_bytes()).await.unwrap();
    assert!(read_all(&mut fifth).await.starts_with("HTTP/1.1 200 "));
}

/// A hello of an older client: this version, these suites, no extensions.
fn old_hello(version: [u8; 2], suites: &[u8]) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(u16::try_from(suites.len()).unwrap().to_be_bytes());
    body.extend(suites);
    body.extend([1, 0, 0, 0]);
    let length = u16::try_from(body.len()).unwrap();
    let mut record = vec![22, 3, 1];
    record.extend((length + 4).to_be_bytes());
    record.extend([1, 0]);
    record.extend(length.to_be_bytes());
    record.extend(body);
    record
}

#[tokio::test]
async fn mt_17_old_versions_and_ciphers_are_refused() {
    for (name, hello) in [
        ("TLS 1.0", old_hello([3, 1], &[0xc0, 0x13, 0x00, 0x2f])),
        ("TLS 1.1", old_hello([3, 2], &[0xc0, 0x13, 0x00, 0x2f])),
        ("3DES", old_hello([3, 3], &[0xc0, 0x12, 0x00, 0x0a])),
        ("CBC", old_hello([3, 3], &[0xc0, 0x13, 0xc0, 0x14])),
        (
            "RSA key exchange",
            old_hello([3, 3], &[0x00, 0x9c, 0x00, 0x9d]),
        ),
    ] {
        let rig = Rig::start().await;
        let mut stream = TcpStream::connect(rig.address).await.unwrap();
        stream.write_all(&hello).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(
            answer.first(),
            Some(&21),
            "{name}: an alert and nothing else"
        );
        assert_eq!(
            (answer.len(), answer.get(5)),
            (7, Some(&2)),
            "{name}: fatal"
        );
        assert_eq!(rig.house.codes(), ["handshake"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mt_17_a_renegotiation_ends_the_connection() {
    let rig = Rig::start().await;
    let connect = rig.address.to_string();
    let asked = spawn_blocking(move || {
        let arguments = ["s_client", "-tls1_2", "-servername", HOST, "-connect"];
        let mut command = Command::new("openssl");
        command.args(arguments).arg(&connect);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        // A line `R` is its word for a renegotiation; what would follow is a request.
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"R\n").unwrap();
        let _ = input.write_all(request().as_bytes());
        drop(input);
        child.wait_with_output().unwrap()
    });
    let output = asked.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("TLSv1.2"), "{said}");
    assert!(errors.contains("no renegotiation"), "{errors}");
    assert!(rig.house.lines().is_empty());
}

#[test]
fn failures_are_counted_by_a_closed_list() {
    let all = [
        Failure::UnknownHost,
        Failure::Alert,
        Failure::Incompatible,
        Failure::ClientCertificate,
        Failure::Malformed,
        Failure::Broken,
    ];
    let mut codes: Vec<_> = all.iter().map(|failure| failure.code()).collect();
    codes.dedup();
    assert_eq!(codes.len(), all.len());
}
