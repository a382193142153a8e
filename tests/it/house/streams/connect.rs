//! Tunnels in streams of HTTP/2 (RFC 8441).

use bytes::Bytes;
use h2::client::{Connection, SendRequest};
use h2::ext::Protocol;
use http::{Method, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::tunnels::{Chat, HELLO, MASKED_HELLO, grants, says};
use super::{Live, connect_http2, read_rest};

async fn open(
    live: &Live,
) -> (
    SendRequest<Bytes>,
    tokio::task::JoinHandle<Result<(), h2::Error>>,
) {
    let stream = connect_http2(&live.house.grounds).await;
    let (sender, mut connection): (_, Connection<TlsStream<TcpStream>>) =
        h2::client::handshake(stream).await.unwrap();
    // The server's settings come first of all.
    let mut ping = connection.ping_pong().unwrap();
    let driver = tokio::spawn(connection);
    ping.ping(h2::Ping::opaque()).await.unwrap();
    assert!(sender.is_extended_connect_protocol_enabled());
    (sender.ready().await.unwrap(), driver)
}

fn opening(live: &Live, cookie: &str, protocol: &'static str) -> Request<()> {
    let portal = &live.house.grounds.grounds.places.portal;
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(format!("{portal}/live/chat"))
        .header("sec-websocket-version", "13")
        .header("origin", portal);
    if !cookie.is_empty() {
        request = request.header("cookie", cookie);
    }
    let mut request = request.body(()).unwrap();
    request
        .extensions_mut()
        .insert(Protocol::from_static(protocol));
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_http2_goes_on_as_a_websocket() {
    let live = Live::open(Chat::OPERATION).await;
    let cookie = live.cookie_of("aziza").await;
    let cookie = cookie.trim().strip_prefix("cookie: ").unwrap();
    let (mut sender, driver) = open(&live).await;
    let asked = opening(&live, cookie, "websocket");
    let (response, mut up) = sender.send_request(asked, false).unwrap();
    let mut call = live.called().await;
    assert!(
        call.head.starts_with("GET /chat HTTP/1.1\r\n"),
        "{}",
        call.head
    );
    grants(&mut call, "").await;
    let response = response.await.unwrap();
    assert_eq!(response.status(), 200);
    for name in ["sec-websocket-accept", "upgrade", "connection"] {
        assert!(!response.headers().contains_key(name), "{name}");
    }
    let mut down = response.into_body();
    up.send_data(Bytes::from_static(MASKED_HELLO), false)
        .unwrap();
    let mut heard = vec![0; MASKED_HELLO.len()];
    call.stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, MASKED_HELLO);
    call.stream.write_all(HELLO).await.unwrap();
    assert_eq!(down.data().await.unwrap().unwrap(), HELLO);
    // The client has no more to say, and the e-service hears that.
    up.send_data(Bytes::new(), true).unwrap();
    assert_eq!(read_rest(&mut call.stream).await, "");
    drop(call);
    assert!(
        down.data()
            .await
            .is_none_or(|end| end.is_ok_and(|end| end.is_empty()))
    );
    drop((sender, up, down));
    driver.abort();
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_08_the_same_policy_as_on_http1_and_no_other_protocol() {
    let live = Live::open(Chat::OPERATION).await;
    let (mut sender, driver) = open(&live).await;
    for (protocol, status) in [("websocket", 401), ("connect-udp", 501), ("WebSocket", 501)] {
        let asked = opening(&live, "", protocol);
        let (response, _up) = sender.send_request(asked, false).unwrap();
        assert_eq!(response.await.unwrap().status(), status, "{protocol}");
    }
    // Another operation, and a cookie from another page.
    let cookie = live.cookie_of("aziza").await;
    let cookie = cookie.trim().strip_prefix("cookie: ").unwrap();
    let mut elsewhere = opening(&live, cookie, "websocket");
    let info = format!("{}/pension/info", live.house.grounds.grounds.places.portal);
    *elsewhere.uri_mut() = info.parse().unwrap();
    let (response, _up) = sender.send_request(elsewhere, false).unwrap();
    assert_eq!(response.await.unwrap().status(), 400);
    let mut evil = opening(&live, cookie, "websocket");
    let origin = "https://evil.example".parse().unwrap();
    evil.headers_mut().insert("origin", origin);
    let (response, _up) = sender.send_request(evil, false).unwrap();
    assert_eq!(response.await.unwrap().status(), 403, "WS-01");
    // A plain CONNECT stays what it was.
    let plain = Request::builder().method(Method::CONNECT).uri(live.host());
    let (response, _up) = sender.send_request(plain.body(()).unwrap(), false).unwrap();
    assert_eq!(response.await.unwrap().status(), 405);
    driver.abort();
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fr_17_an_e_service_that_answers_200_opens_no_stream() {
    let live = Live::open(Chat::OPERATION).await;
    let cookie = live.cookie_of("aziza").await;
    let cookie = cookie.trim().strip_prefix("cookie: ").unwrap();
    let (mut sender, driver) = open(&live).await;
    let asked = opening(&live, cookie, "websocket");
    let (response, _up) = sender.send_request(asked, false).unwrap();
    let mut call = live.called().await;
    let ok = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nhi";
    says(&mut call, ok).await;
    assert_eq!(response.await.unwrap().status(), 502);
    driver.abort();
    live.house.close().await;
}
