//! Server-Sent Events: streams that are about nobody, and last as long as they may.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::{Live, read_head, read_rest, read_until, sign_out};

const EVENTS: &str = r#"
[[operation]]
id = "live.events"
call = "GET /events"
who = ["anonymous", "person", "system"]
subject = "nobody"
stream_idle_ms_max = 600000

[[operation.answer]]
status = 200
media = "text/event-stream"
mode = "public"
"#;

const BEGIN: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
/// `data: 1` and an empty line, as a chunk.
const EVENT: &str = "9\r\ndata: 1\n\n\r\n";

/// Longer than a session may go on once it has ended, and than the tests take.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn ws_07_events_come_one_by_one_and_a_principal_has_so_many_streams() {
    let live = Live::open_with(EVENTS, |config| {
        format!("{config}\n[streams]\nper_principal_max = 2\n")
    })
    .await;
    let cookie = live.cookie_of("aziza").await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut client = live.get("/live/events", &cookie).await;
        let mut call = live.called().await;
        call.stream.write_all(BEGIN.as_bytes()).await.unwrap();
        let head = read_head(&mut client).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        // Each leaves as it comes, however long the pause before it is.
        for _ in 0..3 {
            call.stream.write_all(EVENT.as_bytes()).await.unwrap();
            read_until(&mut client, "data: 1\n\n\r\n").await;
        }
        open.push((client, call));
    }
    let mut third = live.get("/live/events", &cookie).await;
    let refused = read_until(&mut third, "}").await;
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    assert!(
        refused.contains("\"code\":\"too_many_streams\""),
        "{refused}"
    );
    // Somebody else has places of their own.
    let mut other = live.get("/live/events", "").await;
    let mut call = live.called().await;
    call.stream.write_all(BEGIN.as_bytes()).await.unwrap();
    assert!(read_head(&mut other).await.starts_with("HTTP/1.1 200 "));

    // A stream that was left is a place again, and the e-service hears of it.
    let (client, mut call) = open.pop().unwrap();
    drop(client);
    let left = timeout(SOON, read_rest(&mut call.stream)).await;
    assert_eq!(left.unwrap(), "");
    let mut again = live.get("/live/events", &cookie).await;
    let mut call = live.called().await;
    call.stream.write_all(BEGIN.as_bytes()).await.unwrap();
    assert!(read_head(&mut again).await.starts_with("HTTP/1.1 200 "));
    drop((open, other, again, third));
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_07_a_system_has_a_bound_of_streams_of_its_own() {
    let live = Live::open_with(EVENTS, |config| {
        format!("{config}\n[streams]\nper_principal_max = 1\nper_system_max = 3\n")
    })
    .await;
    let grounds = &live.house.grounds.grounds;
    let token = grounds.token("social-agency-system").await.unwrap();
    let cookie = live.cookie_of("aziza").await;
    let system = format!("authorization: Bearer {token}\r\n");
    let mut open = Vec::new();
    for (lines, places) in [(system, 3), (cookie, 1)] {
        for _ in 0..places {
            let mut client = live.get("/live/events", &lines).await;
            let mut call = live.called().await;
            call.stream.write_all(BEGIN.as_bytes()).await.unwrap();
            let head = read_head(&mut client).await;
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
            open.push((client, call));
        }
        let mut more = live.get("/live/events", &lines).await;
        let refused = read_until(&mut more, "}").await;
        assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    }
    drop(open);
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_streams_of_the_session_and_no_others() {
    let live = Live::open(EVENTS).await;
    let cookie = live.cookie_of("aziza").await;
    let mut streams = Vec::new();
    for lines in [cookie.as_str(), ""] {
        let mut client = live.get("/live/events", lines).await;
        let mut call = live.called().await;
        call.stream.write_all(BEGIN.as_bytes()).await.unwrap();
        read_head(&mut client).await;
        call.stream.write_all(EVENT.as_bytes()).await.unwrap();
        read_until(&mut client, "data: 1\n\n\r\n").await;
        streams.push((client, call));
    }
    sign_out(&live, &cookie).await;

    let (client, call) = &mut streams[0];
    let ended = timeout(SOON, read_until(client, "0\r\n\r\n")).await;
    assert_eq!(ended.unwrap(), "0\r\n\r\n", "in good order");
    assert_eq!(
        timeout(SOON, read_rest(&mut call.stream)).await.unwrap(),
        ""
    );
    let (client, call) = &mut streams[1];
    call.stream.write_all(EVENT.as_bytes()).await.unwrap();
    read_until(client, "data: 1\n\n\r\n").await;
    drop(streams);
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_gives_a_stream_its_time_and_then_ends_it_in_good_order() {
    let live = Live::open_with(EVENTS, |config| {
        format!("{config}\n[streams]\ndrain_ms_max = 100\n")
    })
    .await;
    let mut client = live.get("/live/events", "").await;
    let mut call = live.called().await;
    call.stream.write_all(BEGIN.as_bytes()).await.unwrap();
    read_head(&mut client).await;
    let (grounds, ended) = tokio::join!(
        live.house.stop(),
        timeout(SOON, read_until(&mut client, "0\r\n\r\n"))
    );
    assert_eq!(ended.unwrap(), "0\r\n\r\n");
    grounds.close().await;
}
