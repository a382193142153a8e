//! Whose connection and whose request it is: rows HS-06, RL-02, RL-03, PA-19.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use muhrdor::domain::peer::AddressRange;
use muhrdor::server::client::proxy::{Announced, ProxyError, Step, read};
use muhrdor::server::client::{Proxies, ProxyProtocol, checksum};
use muhrdor::server::listener::Limits;
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::rig::{HOST, Rig, read_all, read_until};

/// Believes 127.0.0.1 and 10.0.0.0/8; 127.0.0.2 is anyone.
fn proxies(protocol: ProxyProtocol) -> Proxies {
    let ranges = ["127.0.0.1", "10.0.0.0/8"].map(|range| AddressRange::parse(range).unwrap());
    Proxies {
        trusted: ranges.to_vec(),
        protocol,
    }
}

async fn rig(protocol: ProxyProtocol) -> Rig {
    Rig::behind(Limits::default(), false, proxies(protocol)).await
}

async fn open(rig: &Rig, from: &str, first: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0))?;
    let mut stream = socket.connect(rig.address).await?;
    stream.write_all(first).await?;
    let connector = TlsConnector::from(Arc::new(rig.client(b"http/1.1")));
    let name = ServerName::try_from(HOST).unwrap();
    connector.connect(name, stream).await
}

/// One request; the status, and whom the door took it to be of.
async fn ask(rig: &Rig, from: &str, first: &[u8], fields: &str) -> (String, Option<IpAddr>) {
    let mut stream = open(rig, from, first).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{fields}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    let seen = std::mem::take(&mut *rig.house.gateway.seen.lock().unwrap());
    let status = answer.get(9..12).unwrap_or_default().to_owned();
    (status, seen.first().map(|seen| seen.peer.address))
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A header of version 2, whose length is what follows.
fn v2(version_command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let mut bytes = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
    bytes.extend([version_command, family]);
    bytes.extend(u16::try_from(rest.len()).unwrap().to_be_bytes());
    bytes.extend(rest);
    bytes
}

const FROM_V4: &[u8] = &[192, 0, 2, 7, 203, 0, 113, 1, 0x12, 0x34, 0x01, 0xbb];

/// A header whose checksum is right, but for what is added to it.
fn with_checksum(add: u32) -> Vec<u8> {
    let mut header = v2(
        0x21,
        0x11,
        &[FROM_V4, &[0x04, 0, 1, 9, 0x03, 0, 4, 0, 0, 0, 0]].concat(),
    );
    let sum = checksum::crc32c(header.iter().copied()).wrapping_add(add);
    let place = header.len() - 4;
    header[place..].copy_from_slice(&sum.to_be_bytes());
    header
}

#[tokio::test]
async fn rl_03_the_client_is_the_one_that_a_trusted_balancer_announces() {
    let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 9];
    let mapped = [&mapped[..], &[0; 20]].concat();
    let rig = rig(ProxyProtocol::V1V2).await;
    for (header, client) in [
        (
            b"PROXY TCP4 192.0.2.7 203.0.113.1 4660 443\r\n".to_vec(),
            "192.0.2.7",
        ),
        (
            b"PROXY TCP6 2001:db8::7 2001:db8::1 0 443\r\n".to_vec(),
            "2001:db8::7",
        ),
        (
            b"PROXY TCP6 ::ffff:192.0.2.9 ::1 1 443\r\n".to_vec(),
            "192.0.2.9",
        ),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1"),
        (b"PROXY UNKNOWN ffff::1 anything\r\n".to_vec(), "127.0.0.1"),
        (v2(0x21, 0x11, FROM_V4), "192.0.2.7"),
        (v2(0x21, 0x21, &mapped), "192.0.2.9"),
        (
            v2(
                0x21,
                0x11,
                &[FROM_V4, &[0x02, 0, 1, b'x', 0xea, 0, 0]].concat(),
            ),
            "192.0.2.7",
        ),
        (with_checksum(0), "192.0.2.7"),
        // LOCAL: a probe of the balancer's own, whatever stands in it.
        (v2(0x20, 0x11, FROM_V4), "127.0.0.1"),
        (v2(0x20, 0x00, &[]), "127.0.0.1"),
        (v2(0x21, 0x00, &[]), "127.0.0.1"),
    ] {
        let (status, seen) = ask(&rig, "127.0.0.1", &header, "").await;
        assert_eq!(
            (status.as_str(), seen),
            ("200", Some(address(client))),
            "PA-19 {client}"
        );
    }
    assert!(rig.house.codes().is_empty());
}

#[tokio::test]
async fn hs_06_a_trusted_balancer_without_a_sound_header_is_refused() {
    let tlv_too_long = [FROM_V4, &[0x04, 0, 9, 1]].concat();
    for header in [
        b"".to_vec(),
        b"PROXY TCP4 192.0.2.7 203.0.113.1 4660 443\n".to_vec(),
        b"PROXY TCP4 192.0.2.7  203.0.113.1 4660 443\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.07 203.0.113.1 4660 443\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.7 203.0.113.1 4660 65536\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.7 203.0.113.1 04660 443\r\n".to_vec(),
        b"PROXY TCP4 2001:db8::7 2001:db8::1 1 443\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.7 203.0.113.1 4660 443 x\r\n".to_vec(),
        b"PROXY TCP5 192.0.2.7 203.0.113.1 4660 443\r\n".to_vec(),
        [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 100], b"\r\n"].concat(),
        v2(0x11, 0x11, FROM_V4),
        v2(0x22, 0x11, FROM_V4),
        v2(0x21, 0x12, FROM_V4),
        v2(0x21, 0x31, &[0; 216]),
        v2(0x21, 0x11, &FROM_V4[..11]),
        v2(0x21, 0x11, &tlv_too_long),
        v2(0x21, 0x11, &[FROM_V4, &[0x04, 0]].concat()),
        v2(0x21, 0x11, &[FROM_V4, &[0; 4096]].concat()),
        with_checksum(1),
    ] {
        let rig = rig(ProxyProtocol::V1V2).await;
        let opened = open(&rig, "127.0.0.1", &header).await;
        assert!(opened.is_err(), "{}", header.escape_ascii());
        assert_eq!(
            rig.house.codes(),
            ["proxy_header"],
            "{}",
            header.escape_ascii()
        );
        assert!(rig.house.lines().is_empty());
    }
}

#[tokio::test]
async fn hs_06_nobody_else_may_announce_a_client() {
    let header = b"PROXY TCP4 10.0.0.9 203.0.113.1 4660 443\r\n";
    for (protocol, from) in [
        (ProxyProtocol::V1V2, "127.0.0.2"),
        (ProxyProtocol::Off, "127.0.0.1"),
    ] {
        let rig = rig(protocol).await;
        assert!(open(&rig, from, header).await.is_err(), "{from}");
        assert_eq!(rig.house.codes(), ["handshake"], "{from}");
    }
    // Who is no balancer needs no header.
    let rig = rig(ProxyProtocol::V1V2).await;
    let (status, seen) = ask(&rig, "127.0.0.2", b"", "X-Forwarded-For: 192.0.2.1\r\n").await;
    assert_eq!(
        (status.as_str(), seen),
        ("200", Some(address("127.0.0.2"))),
        "RL-03"
    );
}

#[tokio::test]
async fn a_header_that_does_not_come_is_given_up_with_the_handshake() {
    let limits = Limits {
        handshake_ms_max: 20,
        ..Limits::default()
    };
    let rig = Rig::behind(limits, false, proxies(ProxyProtocol::V1V2)).await;
    let mut stream = TcpStream::connect(rig.address).await.unwrap();
    stream.write_all(b"PROXY TCP4 192").await.unwrap();
    assert_eq!(read_all(&mut stream).await, "");
    assert_eq!(rig.house.codes(), ["handshake"]);
}

#[tokio::test]
async fn rl_02_places_are_counted_to_the_announced_clients_block() {
    let limits = Limits {
        connections_per_block_max: 2,
        ..Limits::default()
    };
    let rig = Rig::behind(limits, false, proxies(ProxyProtocol::V1V2)).await;
    let header = |client: &str| format!("PROXY TCP6 {client} 2001:db8:1::1 1 443\r\n");
    let mut held = Vec::new();
    for client in [
        "2001:db8::1",
        "2001:db8::2",
        "2001:db8:0:1::1",
        "2001:db8:0:2::1",
    ] {
        let mut stream = open(&rig, "127.0.0.1", header(client).as_bytes())
            .await
            .unwrap();
        let request = format!("GET /1 HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        read_until(&mut stream, "GET /1\n").await;
        held.push(stream);
    }
    let third = open(&rig, "127.0.0.1", header("2001:db8::3").as_bytes()).await;
    assert!(third.is_err());
    assert_eq!(rig.house.codes(), ["too_many_connections"]);
}

#[tokio::test]
#[rustfmt::skip]
async fn rl_03_the_client_is_the_first_untrusted_address_from_the_right() {
    let rig = rig(ProxyProtocol::Off).await;
    for (fields, client) in [
        ("", "127.0.0.1"),
        ("X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"),
        ("X-Forwarded-For: 198.51.100.1, 192.0.2.1\r\n", "192.0.2.1"),
        ("X-Forwarded-For: nonsense, _hidden,192.0.2.1 ,10.1.1.1\r\n", "192.0.2.1"),
        ("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 10.1.1.1\r\n", "192.0.2.1"),
        ("X-Forwarded-For: 10.2.2.2, 10.1.1.1\r\n", "10.2.2.2"),
        ("X-Forwarded-For: ::ffff:192.0.2.1, ::ffff:10.0.0.1\r\n", "192.0.2.1"),
        ("X-Forwarded-For: 192.0.2.1:4711\r\n", "192.0.2.1"),
        ("X-Forwarded-For: [2001:db8::1]:4711\r\n", "2001:db8::1"),
        ("X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"),
        ("Forwarded: for=192.0.2.1\r\n", "192.0.2.1"),
        ("Forwarded: For=\"[2001:db8::1]:80\";proto=https;by=_edge\r\n", "2001:db8::1"),
        ("Forwarded: for=_me, for=192.0.2.1;host=a\r\nForwarded: for=10.1.1.1\r\n", "192.0.2.1"),
        ("Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"),
    ] {
        let (status, seen) = ask(&rig, "127.0.0.1", b"", fields).await;
        assert_eq!((status.as_str(), seen), ("200", Some(address(client))), "PA-19 {fields}");
        // From anyone else none of it is read.
        let (status, seen) = ask(&rig, "127.0.0.2", b"", fields).await;
        assert_eq!((status.as_str(), seen), ("200", Some(address("127.0.0.2"))), "{fields}");
    }
}

#[tokio::test]
async fn hs_06_what_a_trusted_proxy_writes_and_we_cannot_read_is_refused() {
    let long = format!("X-Forwarded-For: 192.0.2.1{}\r\n", ", 10.0.0.1".repeat(16));
    let wide = format!("X-Forwarded-For: {} 192.0.2.1\r\n", "x,".repeat(2100));
    for fields in [
        "X-Forwarded-For: \r\n",
        "X-Forwarded-For: unknown\r\n",
        "X-Forwarded-For: 192.0.2.1, _hidden\r\n",
        "X-Forwarded-For: 192.0.2.1,, 10.0.0.1\r\n",
        "X-Forwarded-For: 192.0.2.1, 10.0.0.1:x\r\n",
        "X-Forwarded-For: 192.0.2.256\r\n",
        "X-Forwarded-For: 192.0.2.1 10.0.0.1\r\n",
        "X-Forwarded-For: portal.example\r\n",
        "X-Forwarded-For: 192.0.2.1%eth0\r\n",
        "Forwarded: for=unknown\r\n",
        "Forwarded: for=_hidden\r\n",
        "Forwarded: proto=https\r\n",
        "Forwarded: for=192.0.2.1;for=192.0.2.2\r\n",
        "Forwarded: for=2001:db8::1\r\n",
        "Forwarded: for=192.0.2.1; proto=https\r\n",
        // A quotation mark that the client left open.
        "Forwarded: for=\"192.0.2.9\r\nForwarded: for=192.0.2.1\r\n",
        "Forwarded: for=\"192.0.2.1\\\"\"\r\n",
        // One of the two the proxy passed on unread.
        "Forwarded: for=192.0.2.9\r\nX-Forwarded-For: 192.0.2.1\r\n",
        &long,
        &wide,
    ] {
        let rig = rig(ProxyProtocol::Off).await;
        let (status, seen) = ask(&rig, "127.0.0.1", b"", fields).await;
        assert_eq!((status.as_str(), seen), ("400", None), "{fields}");
        assert_eq!(rig.house.codes(), ["forwarded"], "{fields}");
        assert!(rig.house.lines().is_empty());
    }
}

#[test]
fn a_header_is_taken_without_a_byte_of_what_follows() {
    for header in [
        b"PROXY TCP4 192.0.2.7 203.0.113.1 4660 443\r\n".to_vec(),
        b"PROXY UNKNOWN\r\n".to_vec(),
        with_checksum(0),
    ] {
        let mut taken = 0;
        while let Step::More(more) = read(&header[..taken]).unwrap() {
            taken += more;
        }
        assert_eq!(taken, header.len());
        assert!(matches!(read(&header), Ok(Step::Whole(_))));
    }
    assert_eq!(
        read(b"\x16\x03\x01"),
        Err(ProxyError::Absent),
        "a TLS hello"
    );
    let itself = Ok(Step::Whole(Announced::Itself));
    assert_eq!(read(b"PROXY UNKNOWN\r\n"), itself);
}
