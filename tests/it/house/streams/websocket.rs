//! WebSocket over HTTP/1.1: who may open one, and that nothing else is one.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::tunnels::{
    ACCEPT, Chat, KEY, MASKED_HELLO, granted, grants, opening, says, upgrade_lines,
};
use super::{Live, read_head, read_rest, read_until};

#[tokio::test(flavor = "multi_thread")]
async fn frames_go_both_ways_in_a_websocket_that_both_sides_agreed_on() {
    let live = Live::open(Chat::OPERATION).await;
    let cookie = live.cookie_of("aziza").await;
    let lines = format!(
        "{cookie}{}sec-websocket-protocol: other, chat.v1\r\n\
         sec-websocket-extensions: permessage-deflate\r\nauthorisation: x\r\n",
        opening(&live)
    );
    let mut client = live.get("/live/chat", &lines).await;
    let mut call = live.called().await;
    let asked = call.head.to_ascii_lowercase();
    for line in [
        "get /chat http/1.1\r\n",
        "\r\nconnection: upgrade\r\n",
        "\r\nupgrade: websocket\r\n",
        "\r\nsec-websocket-version: 13\r\n",
        "\r\nsec-websocket-protocol: chat.v1\r\n",
        "\r\nmuhrdor-assertion: ",
    ] {
        assert!(asked.contains(line), "{line}: {asked}");
    }
    for kept_back in ["cookie", "sec-websocket-extensions", "origin", KEY, "other"] {
        assert!(!call.head.contains(kept_back), "{kept_back}: {}", call.head);
    }
    grants(&mut call, "sec-websocket-protocol: chat.v1\r\n").await;
    let head = read_head(&mut client).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    for line in [
        format!("sec-websocket-accept: {ACCEPT}\r\n"),
        "sec-websocket-protocol: chat.v1\r\n".to_owned(),
        "connection: upgrade\r\n".to_owned(),
        "upgrade: websocket\r\n".to_owned(),
    ] {
        assert!(head.contains(&line), "{line}: {head}");
    }
    client.write_all(MASKED_HELLO).await.unwrap();
    let mut heard = vec![0; MASKED_HELLO.len()];
    call.stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, MASKED_HELLO);
    // A lone line feed, and as much as no buffer holds.
    let large = [b"\x82\x7f\0\0\0\0\0\x04\0\0".to_vec(), vec![b'\n'; 1 << 18]].concat();
    let (sent, back) = tokio::join!(call.stream.write_all(&large), async {
        let mut back = vec![0; large.len()];
        client.read_exact(&mut back).await.unwrap();
        back
    });
    sent.unwrap();
    assert_eq!(back, large);
    // The e-service hangs up, and so do we.
    drop(call);
    assert_eq!(read_rest(&mut client).await, "");
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_01_a_page_of_another_site_opens_no_websocket_with_a_cookie() {
    let live = Live::open(Chat::OPERATION).await;
    let cookie = live.cookie_of("aziza").await;
    let portal = live.house.grounds.grounds.places.portal.clone();
    for (origin, status) in [
        ("origin: https://evil.example\r\n".to_owned(), 403),
        ("origin: null\r\n".to_owned(), 403),
        (format!("origin: {portal}.evil.example\r\n"), 403),
        (String::new(), 403),
        (format!("origin: {portal}\r\n"), 101),
        ("origin: https://app.example\r\n".to_owned(), 101),
    ] {
        let lines = format!("{cookie}{}{origin}", upgrade_lines());
        let mut client = live.get("/live/chat", &lines).await;
        if status == 101 {
            grants(&mut live.called().await, "").await;
            assert!(read_head(&mut client).await.starts_with("HTTP/1.1 101 "));
            continue;
        }
        let refused = read_rest(&mut client).await;
        assert!(refused.starts_with("HTTP/1.1 403 "), "{origin}: {refused}");
        assert!(refused.contains("cross_origin"), "{origin}: {refused}");
    }
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_02_without_a_session_it_is_401_and_never_a_redirect() {
    let live = Live::open(Chat::OPERATION).await;
    for more in ["", "accept: text/html\r\n", "cookie: __Host-muhrdor=x\r\n"] {
        let lines = format!("{}{more}", opening(&live));
        let mut client = live.get("/live/chat", &lines).await;
        let refused = read_rest(&mut client).await;
        assert!(refused.starts_with("HTTP/1.1 401 "), "{more}: {refused}");
        assert!(!refused.contains("location:"), "{more}: {refused}");
    }
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_that_is_none_is_refused_and_says_what_would_be_one() {
    let live = Live::open(Chat::OPERATION).await;
    let cookie = format!("{}{}", live.cookie_of("aziza").await, origin(&live));
    let websocket = "connection: upgrade\r\nupgrade: websocket\r\n";
    let version = "sec-websocket-version: 13\r\n";
    let key = format!("sec-websocket-key: {KEY}\r\n");
    let bad = |more: &str| format!("{websocket}{more}");
    for (lines, status) in [
        (String::new(), 426),
        ("connection: upgrade\r\nupgrade: h2c\r\n".to_owned(), 426),
        (format!("upgrade: websocket\r\n{version}{key}"), 426),
        (bad(&key), 426),
        (bad(&format!("sec-websocket-version: 8\r\n{key}")), 426),
        (bad(version), 400),
        (bad(&format!("{version}{key}{key}")), 400),
        (
            bad(&format!("{version}sec-websocket-key: c2hvcnQ=\r\n")),
            400,
        ),
        (
            bad(&format!("{version}{key}sec-websocket-protocol: a b\r\n")),
            400,
        ),
        (
            bad(&format!("{version}{key}content-length: 2\r\n\r\nhi")),
            400,
        ),
    ] {
        let mut client = live.get("/live/chat", &format!("{cookie}{lines}")).await;
        let refused = read_until(&mut client, "}").await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(refused.starts_with(&expected), "{lines}: {refused}");
        let told = refused.contains("sec-websocket-version: 13\r\n");
        assert_eq!(told, status == 426, "{lines}: {refused}");
    }
    live.house.close().await;
}

fn origin(live: &Live) -> String {
    format!("origin: {}\r\n", live.house.grounds.grounds.places.portal)
}

#[tokio::test(flavor = "multi_thread")]
async fn fr_16_bytes_after_the_opening_are_never_a_request() {
    let live = Live::open(Chat::OPERATION).await;
    let cookie = live.cookie_of("aziza").await;
    let smuggled = format!("GET /live/chat HTTP/1.1\r\nhost: {}\r\n\r\n", live.host());
    // Refused: the connection is over, and nobody ever reads what came after.
    let mut client = opened(&live, &cookie, &smuggled).await;
    let mut call = live.called().await;
    says(&mut call, "HTTP/1.1 400 Bad\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nno").await;
    let answers = read_rest(&mut client).await;
    assert!(answers.starts_with("HTTP/1.1 400 "), "{answers}");
    assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
    assert!(answers.contains("connection: close\r\n"), "{answers}");
    assert_eq!(
        read_rest(&mut call.stream).await,
        "",
        "nothing more was asked"
    );
    // Granted: they are the tunnel's first bytes.
    let mut client = opened(&live, &cookie, &smuggled).await;
    let mut call = live.called().await;
    grants(&mut call, "").await;
    assert!(read_head(&mut client).await.starts_with("HTTP/1.1 101 "));
    assert_eq!(read_head(&mut call.stream).await, smuggled);
    drop((client, call));
    live.house.close().await;
}

/// Sends an opening and, in the same write, more.
async fn opened(live: &Live, cookie: &str, more: &str) -> TlsStream<TcpStream> {
    let lines = format!("{cookie}{}\r\n{more}", opening(live));
    let mut client = live.connect().await;
    let host = live.host();
    let request = format!("GET /live/chat HTTP/1.1\r\nhost: {host}\r\n{lines}");
    client.write_all(request.as_bytes()).await.unwrap();
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn fr_17_an_e_service_that_does_not_agree_to_exactly_this_opens_nothing() {
    let live = Live::open(Chat::OPERATION).await;
    let cookie = live.cookie_of("aziza").await;
    let ok = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nhi";
    // What the right answer has, and what stands in its place; or what more it says.
    for (what, from, to, more) in [
        (
            "another accept",
            "sec-websocket-accept: ",
            "sec-websocket-accept: x",
            "",
        ),
        ("no accept", "sec-websocket-accept", "x-accept", ""),
        (
            "another protocol",
            "upgrade: websocket\r\n",
            "upgrade: h2c\r\n",
            "",
        ),
        ("no upgrade", "connection: upgrade\r\n", "", ""),
        ("not offered", "", "", "sec-websocket-protocol: chat.v2\r\n"),
        ("an extension", "", "", "sec-websocket-extensions: x\r\n"),
        ("200", "", "", ""),
    ] {
        let lines = format!("{cookie}{}", opening(&live));
        let mut client = live.get("/live/chat", &lines).await;
        let mut call = live.called().await;
        let answer = match what {
            "200" => ok.to_owned(),
            _ => granted(&call.head, more).replacen(from, to, 1),
        };
        says(&mut call, &answer).await;
        let refused = read_rest(&mut client).await;
        assert!(refused.starts_with("HTTP/1.1 502 "), "{what}: {refused}");
        assert!(
            refused.contains("upstream_unavailable"),
            "{what}: {refused}"
        );
        assert_eq!(read_rest(&mut call.stream).await, "", "{what}");
    }
    live.house.close().await;
}
