//! What is counted of streams: those that are open, and why each ended.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use muhrdor::demo::{Ask, Client};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::calls::{CALLS, Line, answer, token};
use super::tunnels::{Chat, grants, opening};
use super::{Call, House, Live, read_head, sign_out};

/// Operations that no other test has: all tests of a process are counted together.
const COUNTED: &str = r#"
[[operation]]
id = "live.counted.events"
call = "GET /events"
who = ["anonymous", "person"]
subject = "nobody"

[[operation.answer]]
status = 200
media = "text/event-stream"
mode = "public"

[[operation]]
id = "live.counted.silent"
call = "GET /silent"
who = ["anonymous"]
subject = "nobody"
stream_idle_ms_max = 100

[[operation.answer]]
status = 200
media = "text/event-stream"
mode = "public"
"#;

/// Each has a connection of its own.
const BEGIN: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\
transfer-encoding: chunked\r\n\r\n";

const SOON: Duration = Duration::from_secs(10);

/// Waits until `/metrics` says this of the operation's streams: how many are open, and how many ended
/// for this reason.
async fn becomes(house: &House, operation: &str, kind: &str, open: u32, ended: (&str, u32)) {
    let url: url::Url = format!("http://{}/metrics", house.gateway.admin())
        .parse()
        .unwrap();
    let labels = format!("operation=\"{operation}\",kind=\"{kind}\"");
    let (reason, times) = ended;
    let mut wanted = vec![format!("muhrdor_streams{{{labels}}} {open}")];
    if times > 0 {
        let labels = format!("{labels},reason=\"{reason}\"");
        wanted.push(format!("muhrdor_streams_ended_total{{{labels}}} {times}"));
    }
    let mut client = Client::plain();
    let mut last = String::new();
    let said = timeout(SOON, async {
        loop {
            last = client
                .send(&Ask::get(url.clone()))
                .await
                .unwrap()
                .received();
            if wanted.iter().all(|line| last.lines().any(|l| l == line)) {
                return;
            }
        }
    });
    assert!(said.await.is_ok(), "{wanted:?} is not in:\n{last}");
}

/// Events that have begun: the client's side, and the e-service's.
async fn begun(live: &Live, path: &str, lines: &str) -> (impl AsyncWriteExt + Unpin + use<>, Call) {
    let mut client = live.get(path, lines).await;
    let mut call = live.called().await;
    call.stream.write_all(BEGIN.as_bytes()).await.unwrap();
    let head = read_head(&mut client).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    (client, call)
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_of_events_are_counted_and_their_ends_by_reason() {
    let live = Live::open_with(COUNTED, |config| {
        format!("{config}\n[streams]\ndrain_ms_max = 10\n")
    })
    .await;
    let cookie = live.cookie_of("aziza").await;
    let events = async |open, reason, times| {
        becomes(
            &live.house,
            "live.counted.events",
            "events",
            open,
            (reason, times),
        )
        .await;
    };
    let (_client, mut call) = begun(&live, "/live/events", "").await;
    let (other, _other) = begun(&live, "/live/events", &cookie).await;
    events(2, "closed", 0).await;
    call.stream.write_all(b"0\r\n\r\n").await.unwrap();
    events(1, "closed", 1).await;
    drop(other);
    events(0, "client_gone", 1).await;
    let (_client, call) = begun(&live, "/live/events", "").await;
    // In the middle of a chunked body.
    drop(call);
    events(0, "broken", 1).await;
    let _open = begun(&live, "/live/events", &cookie).await;
    events(1, "closed", 1).await;
    sign_out(&live, &cookie).await;
    events(0, "not_allowed", 1).await;
    let _silent = begun(&live, "/live/silent", "").await;
    let silent = "live.counted.silent";
    becomes(&live.house, silent, "events", 0, ("idle", 1)).await;
    let _open = begun(&live, "/live/events", "").await;
    events(1, "closed", 1).await;
    // Its metrics are told by whoever else is in this process.
    let other = House::open().await;
    live.house.stop().await.close().await;
    let operation = "live.counted.events";
    becomes(&other, operation, "events", 0, ("drained", 1)).await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_websockets_are_counted_and_their_ends_by_reason() {
    let operation = Chat::OPERATION.replace("live.chat", "live.counted.chat");
    let live = Live::open(&operation).await;
    let cookie = live.cookie_of("aziza").await;
    let lines = format!("{cookie}{}", opening(&live));
    let chat = async |open, reason, times| {
        let id = "live.counted.chat";
        becomes(&live.house, id, "websocket", open, (reason, times)).await;
    };
    let mut calls = Vec::new();
    for open in [1, 2] {
        let mut client = live.get("/live/chat", &lines).await;
        let mut call = live.called().await;
        grants(&mut call, "").await;
        let head = read_head(&mut client).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        chat(open, "closed", 0).await;
        calls.push((client, call));
    }
    drop(calls.pop());
    chat(1, "closed", 1).await;
    sign_out(&live, &cookie).await;
    chat(0, "not_allowed", 1).await;
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_calls_are_counted_and_their_ends_by_reason() {
    let operation = CALLS.replace("live.calls.ask", "live.counted.ask");
    let mut line = Line::open_with(&operation).await;
    let token = token(&line).await;
    let authorized = ("authorization", token.as_str());
    let id = "live.counted.ask";
    let (response, _up) = line.call(&[authorized]);
    let super::calls::Call(_call, mut back) = line.called().await;
    let mut down = back.send_response(answer(), false).unwrap();
    let mut body = response.await.unwrap().into_body();
    becomes(&line.live.house, id, "grpc", 1, ("closed", 0)).await;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    down.send_trailers(trailers).unwrap();
    assert!(body.data().await.is_none());
    becomes(&line.live.house, id, "grpc", 0, ("closed", 1)).await;
    let (response, _up) = line.call(&[authorized, ("grpc-timeout", "700m")]);
    let super::calls::Call(_call, mut back) = line.called().await;
    let _down = back.send_response(answer(), false).unwrap();
    let _body = response.await.unwrap().into_body();
    becomes(&line.live.house, id, "grpc", 0, ("too_long", 1)).await;
    line.close().await;
}
