//! Bodies that pass as they come, trailers after them, and clients that wait to be asked.

use std::time::Duration;

use http::Method;
use muhrdor::domain::entry::Stage;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::{Live, read_head, read_rest, read_until};
use crate::house::call;
use crate::house::trouble::recorded;

const UPLOAD: &str = r#"
[[operation]]
id = "live.upload"
call = "POST /upload"
who = ["anonymous", "person"]
subject = "nobody"
effect = "read"
body = "streamed"
body_bytes_max = 100000
request_trailers = ["checksum"]
response_trailers = ["checksum"]

[[operation.answer]]
status = 200
media = "text/plain"
mode = "public"
"#;

const FILE: &str = r#"
[[operation]]
id = "live.file"
call = "POST /file"
who = ["anonymous", "person"]
subject = "nobody"
effect = "write"

[[operation.answer]]
status = 200
media = "text/plain"
mode = "public"
"#;

const SOON: Duration = Duration::from_secs(10);

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntrailer: checksum, etag\r\n\
transfer-encoding: chunked\r\n\r\n3\r\nall\r\n0\r\nchecksum: 9\r\netag: \"9\"\r\n\r\n";

fn head(live: &Live, lines: &str) -> String {
    let host = live.host();
    format!("POST /live/upload HTTP/1.1\r\nhost: {host}\r\ncontent-type: text/plain\r\n{lines}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_and_listed_trailers_pass_both_ways_as_they_come() {
    let live = Live::open(UPLOAD).await;
    let lines = "te: trailers\r\ntrailer: checksum, other\r\ntransfer-encoding: chunked\r\n";
    let mut client = live.connect().await;
    let begin = format!("{}4\r\nab12\r\n", head(&live, lines));
    client.write_all(begin.as_bytes()).await.unwrap();
    // The first piece is there before the second was sent.
    let mut call = live.called().await;
    assert!(call.head.contains("trailer: checksum\r\n"), "{}", call.head);
    assert!(!call.head.contains("other"), "{}", call.head);
    read_until(&mut call.stream, "4\r\nab12\r\n").await;
    let end = "2\r\nyz\r\n0\r\nchecksum: 7\r\nother: evil\r\n\r\n";
    client.write_all(end.as_bytes()).await.unwrap();
    let rest = read_until(&mut call.stream, "\r\n\r\n").await;
    assert_eq!(rest, "2\r\nyz\r\n0\r\nchecksum: 7\r\n\r\n");
    call.stream.write_all(ANSWER.as_bytes()).await.unwrap();
    let answered = read_head(&mut client).await;
    assert!(answered.contains("trailer: checksum\r\n"), "{answered}");
    let body = read_until(&mut client, "\r\n\r\n").await;
    assert_eq!(body, "3\r\nall\r\n0\r\nchecksum: 9\r\n\r\n", "T15");
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_grows_too_large_or_breaks_off_reaches_nobody_whole() {
    let live = Live::open(UPLOAD).await;
    let begin = head(&live, "transfer-encoding: chunked\r\n");
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let mut client = live.connect().await;
    client.write_all(begin.as_bytes()).await.unwrap();
    client.write_all(chunk.as_bytes()).await.unwrap();
    let mut call = live.called().await;
    let ((), heard) = tokio::join!(
        async {
            // Seven times 16 KiB is more than may come; the rest may meet a closed connection.
            for _ in 0..6 {
                let _closed = client.write_all(chunk.as_bytes()).await;
            }
        },
        timeout(SOON, read_rest(&mut call.stream))
    );
    assert!(!heard.unwrap().ends_with("0\r\n\r\n"));
    let refused = read_until(&mut client, "}").await;
    assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");
    assert!(refused.contains("body_too_large"), "{refused}");
    // Declared as too large, it goes nowhere at all.
    let mut client = live.connect().await;
    let large = head(&live, "content-length: 100001\r\n");
    client.write_all(large.as_bytes()).await.unwrap();
    let refused = read_until(&mut client, "}").await;
    assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");

    let mut client = live.connect().await;
    client.write_all(begin.as_bytes()).await.unwrap();
    client.write_all(chunk.as_bytes()).await.unwrap();
    let mut call = live.called().await;
    drop(client);
    let heard = timeout(SOON, read_rest(&mut call.stream)).await.unwrap();
    assert!(!heard.ends_with("0\r\n\r\n"));
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fr_15_who_waits_to_be_asked_is_asked_only_when_the_body_will_be_read() {
    let live = Live::open(UPLOAD).await;
    let waits = "expect: 100-continue\r\ncontent-length: 2\r\n";
    let mut client = live.connect().await;
    client
        .write_all(head(&live, waits).as_bytes())
        .await
        .unwrap();
    let mut call = live.called().await;
    // Asked for once the e-service has the head: the decision was made before.
    let asked = read_head(&mut client).await;
    assert_eq!(asked, "HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"hi").await.unwrap();
    read_until(&mut call.stream, "hi").await;
    call.stream.write_all(ANSWER.as_bytes()).await.unwrap();
    assert!(read_head(&mut client).await.starts_with("HTTP/1.1 200 "));

    // Refused: nothing is asked for, and what comes all the same is no request.
    let smuggled = "GET /pension/info HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let length = smuggled.len();
    let waits =
        format!("expect: 100-continue\r\nconnection: close\r\ncontent-length: {length}\r\n");
    let refused = head(&live, &waits).replace("/live/upload", "/civil/records/1/applications");
    let mut client = live.connect().await;
    client
        .write_all(format!("{refused}{smuggled}").as_bytes())
        .await
        .unwrap();
    let answers = read_rest(&mut client).await;
    assert!(answers.starts_with("HTTP/1.1 4"), "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
    live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_answered_in_public_has_its_intent_closed() {
    let live = Live::open(FILE).await;
    let mut aziza = live.house.grounds.signed_in("applicants", "aziza").await;
    let asked = call(&mut aziza, &Method::POST, "/live/file", &[]);
    let (reply, answered) = tokio::join!(
        asked,
        timeout(SOON, async {
            let mut call = live.called().await;
            let answer =
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";
            call.stream.write_all(answer.as_bytes()).await.unwrap();
        })
    );
    let reply = reply.unwrap();
    assert!(answered.is_ok(), "{}", reply.received());
    assert_eq!(reply.body, "ok");
    let stages = recorded(&live.house.grounds, &reply);
    assert_eq!(stages, [Stage::Intent, Stage::Delivered { status: 200 }]);
    live.house.close().await;
}
