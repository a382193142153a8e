//! How tunnels end that neither side ended: the session, the token, the house.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::tunnels::{Chat, HELLO, MASKED_HELLO, grants, opening, upgrade_lines};
use super::{Call, Live, read_head};

/// Longer than a look for ended sessions takes.
const SOON: Duration = Duration::from_secs(5);

/// A close frame from a server, with 1008 and with 1001 (RFC 6455 §7.4.1).
const POLICY_VIOLATION: &[u8] = &[0x88, 2, 0x03, 0xf0];
const GOING_AWAY: &[u8] = &[0x88, 2, 0x03, 0xe9];

/// An open WebSocket with these header lines, and something said in it.
async fn open(live: &Live, lines: &str) -> (TlsStream<TcpStream>, Call) {
    let (mut client, mut call) = open_silent(live, lines).await;
    client.write_all(MASKED_HELLO).await.unwrap();
    let mut heard = vec![0; MASKED_HELLO.len()];
    call.stream.read_exact(&mut heard).await.unwrap();
    (client, call)
}

async fn open_silent(live: &Live, lines: &str) -> (TlsStream<TcpStream>, Call) {
    let mut client = live.get("/live/chat", lines).await;
    let mut call = live.called().await;
    grants(&mut call, "").await;
    let head = read_head(&mut client).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    (client, call)
}

/// What the client and the e-service hear until it is over, each within [`SOON`].
async fn heard(mut client: TlsStream<TcpStream>, mut call: Call) -> (Vec<u8>, Vec<u8>) {
    let (mut to_client, mut to_service) = (Vec::new(), Vec::new());
    let ended = timeout(SOON, async {
        let _ended = client.read_to_end(&mut to_client).await;
        let _ended = client.shutdown().await;
        let _ended = call.stream.read_to_end(&mut to_service).await;
    });
    ended.await.unwrap();
    (to_client, to_service)
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_04_the_end_of_the_session_closes_the_websocket_with_1008() {
    let (live, clock) = Live::by_hand(Chat::OPERATION, |config| config).await;
    let lines = format!("{}{}", live.cookie_of("aziza").await, opening(&live));
    let (client, call) = open(&live, &lines).await;
    // Longer than a session is good for, used or not.
    clock.advance_ms(13 * 3_600_000);
    let (to_client, to_service) = heard(client, call).await;
    assert_eq!(to_client, POLICY_VIOLATION);
    // The same, masked with zeros.
    assert_eq!(to_service, [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf0]);
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_05_the_end_of_the_token_closes_the_websocket() {
    let (live, clock) = Live::by_hand(Chat::OPERATION, |config| config).await;
    let token = live
        .house
        .grounds
        .grounds
        .token("social-agency-system")
        .await
        .unwrap();
    // A token goes with no request by itself: whose page it is says nothing.
    let lines = format!("authorization: Bearer {token}\r\n{}", upgrade_lines());
    let (client, call) = open(&live, &lines).await;
    clock.advance_ms(25 * 3_600_000);
    assert_eq!(heard(client, call).await.0, POLICY_VIOLATION);
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_lets_the_frame_under_way_end_and_closes_the_websocket() {
    let live = Live::open(Chat::OPERATION).await;
    let cookie = live.cookie_of("aziza").await;
    let (mut client, mut call) = open(&live, &format!("{cookie}{}", opening(&live))).await;
    let (begin, end) = HELLO.split_at(4);
    call.stream.write_all(begin).await.unwrap();
    let mut heard_begin = vec![0; begin.len()];
    client.read_exact(&mut heard_begin).await.unwrap();
    super::sign_out(&live, &cookie).await;
    // It waits for the rest of the frame, and a next one does not leave.
    call.stream.write_all(&[end, HELLO].concat()).await.unwrap();
    let (to_client, _) = heard(client, call).await;
    assert!(to_client.starts_with(end), "{to_client:?}");
    assert!(to_client.ends_with(POLICY_VIOLATION), "{to_client:?}");
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_closes_a_websocket_with_1001() {
    let live = Live::open_with(Chat::OPERATION, |config| {
        format!("{config}\n[streams]\ndrain_ms_max = 100\n")
    })
    .await;
    let lines = format!("{}{}", live.cookie_of("aziza").await, opening(&live));
    let (client, call) = open(&live, &lines).await;
    let (grounds, heard) = tokio::join!(live.house.stop(), heard(client, call));
    assert_eq!(heard.0, GOING_AWAY);
    grounds.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_that_is_silent_or_open_for_too_long_is_closed() {
    for bound in ["stream_idle_ms_max = 100", "stream_ms_max = 300"] {
        let subject = "subject = \"nobody\"\n";
        let operation = Chat::OPERATION.replace(subject, &format!("{subject}{bound}\n"));
        let live = Live::open(&operation).await;
        let lines = format!("{}{}", live.cookie_of("aziza").await, opening(&live));
        let (client, call) = open_silent(&live, &lines).await;
        assert_eq!(heard(client, call).await.0, GOING_AWAY, "{bound}");
        live.house.close().await;
    }
}
