//! HTTP/2 peers that flood, bloat, or stand still: each costs a bounded time and memory, and only
//! its own stream or connection. Rows H2 of the attack cases.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame};
use muhrdor::server::connection::Settings;
use muhrdor::wire::body::BodyError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::frames::{Fate, HEADERS, fate, field, frame, open, pseudo};
use super::rig::{HOST, Rig};

/// As much as anyone takes; says when it is over.
pub(super) struct Endless(pub(super) Arc<Notify>);

impl Body for Endless {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 4096])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

const DATA: u8 = 0;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Longer than any bound that these tests set.
const SOON: Duration = Duration::from_secs(20);

/// Sends all of it while reading; what came back until the server closed the connection.
async fn flooded(rig: &Rig, flood: &[u8]) -> Vec<u8> {
    let (mut reader, mut writer) = tokio::io::split(open(rig).await);
    let flooding = async { writer.write_all(flood).await };
    let reading = async {
        let mut answer = Vec::new();
        // The server's reset may cut the reading short: what came before it counts.
        let _ended = reader.read_to_end(&mut answer).await;
        answer
    };
    let (_, answer) = timeout(SOON, async { tokio::join!(flooding, reading) })
        .await
        .unwrap();
    answer
}

/// Whether there is a GOAWAY frame: type 7 in stream 0.
fn says_goaway(answer: &[u8]) -> bool {
    answer.windows(6).any(|head| head == [7, 0, 0, 0, 0, 0])
}

async fn serves(rig: &Rig) -> bool {
    let mut stream = open(rig).await;
    let asked = frame(HEADERS, END_HEADERS | END_STREAM, 1, &pseudo(b"/app"));
    stream.write_all(&asked).await.unwrap();
    fate(&mut stream).await == Fate::Answer(0x88)
}

#[tokio::test]
async fn h2_02_resets_that_the_peer_provokes_are_counted_as_its_own() {
    let declared = [pseudo(b"/wait"), field(b"content-length", b"1")].concat();
    let too_much = |stream| {
        [
            frame(HEADERS, END_HEADERS, stream, &declared),
            frame(DATA, END_STREAM, stream, b"xx"),
        ]
        .concat()
    };
    let no_window = |stream| {
        [
            frame(HEADERS, END_HEADERS, stream, &pseudo(b"/wait")),
            frame(WINDOW_UPDATE, 0, stream, &[0; 4]),
        ]
        .concat()
    };
    let streams = || (1..20_001).step_by(2);
    for (what, flood) in [
        (
            "more data than declared",
            streams().flat_map(too_much).collect::<Vec<u8>>(),
        ),
        (
            "a window of nothing",
            streams().flat_map(no_window).collect(),
        ),
    ] {
        let rig = Rig::start().await;
        let answer = flooded(&rig, &flood).await;
        assert!(says_goaway(&answer), "{what}: {}", answer.escape_ascii());
        let resets = answer.windows(5).filter(|w| w[0] == 3 && w[1] == 0).count();
        assert!(resets < 1000, "{what}: {resets} resets");
        assert!(serves(&rig).await, "{what}");
    }
}

#[tokio::test]
async fn h2_04_empty_frames_without_end_change_nothing() {
    let rig = Rig::start().await;
    let mut stream = open(&rig).await;
    let begun = frame(HEADERS, END_HEADERS, 1, &pseudo(b"/wait"));
    stream.write_all(&begun).await.unwrap();
    let empty = frame(DATA, 0, 1, &[]).repeat(1000);
    for _ in 0..100 {
        if stream.write_all(&empty).await.is_err() {
            break;
        }
    }
    // Others are served meanwhile, and this one comes to its end: answered or cut off.
    assert!(serves(&rig).await);
    rig.house.gateway.go.notify_one();
    let _ended = stream.write_all(&frame(DATA, END_STREAM, 1, b"x")).await;
    let settled = timeout(SOON, fate(&mut stream)).await.unwrap();
    let settled = matches!(
        settled,
        Fate::Answer(0x88) | Fate::Goaway(_) | Fate::Reset | Fate::Closed
    );
    assert!(settled);
}

#[tokio::test]
async fn h2_06_a_head_is_as_large_as_what_it_unpacks_to() {
    // A value of 3 000 bytes, said once and pointed at 1 000 times; and 2 000 crumbs of a byte.
    let length = [0x7f, 0xb9, 0x16];
    let said_once = [b"\x40\x06cookie".as_slice(), &length, &[b'a'; 3000]].concat();
    let bomb = [pseudo(b"/app"), said_once, vec![0xbe; 1000]].concat();
    let crumbs = [pseudo(b"/app"), field(b"cookie", b"a").repeat(2000)].concat();
    for (what, block) in [("a bomb", bomb), ("crumbs", crumbs)] {
        let rig = Rig::start().await;
        let mut stream = open(&rig).await;
        let (first, rest) = block.split_at(block.len().min(16_000));
        let flags = if rest.is_empty() { END_HEADERS } else { 0 };
        let mut head = frame(HEADERS, END_STREAM | flags, 1, first);
        let mut rest = rest.chunks(16_000).peekable();
        while let Some(piece) = rest.next() {
            let flags = if rest.peek().is_none() {
                END_HEADERS
            } else {
                0
            };
            head.extend(frame(9, flags, 1, piece));
        }
        let _cut_off = stream.write_all(&head).await;
        let settled = timeout(SOON, fate(&mut stream)).await.unwrap();
        assert_ne!(settled, Fate::Answer(0x88), "{what}");
        assert!(rig.house.lines().is_empty(), "{what}");
        assert!(serves(&rig).await, "{what}");
    }
}

fn impatient() -> Settings {
    Settings {
        write_ms_max: 200,
        body_ms_max: 200,
        ..Settings::default()
    }
}

#[tokio::test]
async fn h2_06_a_client_that_takes_nothing_of_an_answer_loses_the_stream_only() {
    let rig = Rig::of(impatient()).await;
    let stream = rig.connect_with(rig.client(b"h2"), HOST).await.unwrap();
    let mut narrow = h2::client::Builder::new();
    narrow.initial_window_size(10_000);
    let (sender, connection) = narrow.handshake::<_, Bytes>(stream).await.unwrap();
    let driver = tokio::spawn(connection);
    let mut sender = sender.ready().await.unwrap();
    let asked = |path: &str| {
        let uri = format!("https://{HOST}{path}");
        Request::builder().uri(uri).body(()).unwrap()
    };
    let (response, _) = sender.send_request(asked("/endless"), true).unwrap();
    let mut body = response.await.unwrap().into_body();
    // Nothing of it is ever taken, so the window stays closed.
    timeout(SOON, rig.house.gateway.gone.notified())
        .await
        .unwrap();
    let end = timeout(SOON, async {
        loop {
            match body.data().await {
                Some(Ok(_)) => {}
                other => return other,
            }
        }
    });
    let end = end.await.unwrap();
    assert!(end.is_some_and(|end| end.is_err_and(|e| e.is_reset())));
    let (response, _) = sender.send_request(asked("/app"), true).unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    driver.abort();
}

#[tokio::test]
async fn a_client_that_stops_within_a_body_of_http2_is_not_waited_for() {
    let rig = Rig::of(impatient()).await;
    let mut stream = open(&rig).await;
    let begun = [
        frame(HEADERS, END_HEADERS, 1, &pseudo(b"/body")),
        frame(DATA, 0, 1, b"half"),
    ];
    stream.write_all(&begun.concat()).await.unwrap();
    let answered = timeout(SOON, fate(&mut stream)).await.unwrap();
    assert_eq!(answered, Fate::Answer(0x88));
    let seen = rig.house.gateway.seen.lock().unwrap().clone();
    let stalled = "the body stood still for too long".to_owned();
    assert_eq!(seen[0].body, Err(stalled));
}
