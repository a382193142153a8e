//! E-services of HTTP/2 that storm, and then go away.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::{Live, read_until};

const INFO: &str = r#"
[[operation]]
id = "live.info"
call = "GET /info"
who = ["anonymous"]
subject = "nobody"

[[operation.answer]]
status = 200
media = "text/plain"
mode = "public"
"#;

const SOON: Duration = Duration::from_secs(20);
const FRAMES: usize = 10_000;
const HEADERS: u8 = 1;

/// An empty SETTINGS, a PING, and a GOAWAY after which no stream was seen (RFC 9113 §6).
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
const PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
const GOAWAY: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Reads frames until a request has come.
async fn read_request(reader: &mut (impl AsyncRead + Unpin)) {
    reader.read_exact(&mut [0; 24]).await.unwrap();
    loop {
        let mut head = [0; 9];
        reader.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        reader.read_exact(&mut payload).await.unwrap();
        if head[3] == HEADERS {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_09_an_e_service_that_storms_and_goes_away_costs_its_own_requests_only() {
    let http2 = |config: String| format!("{config}protocol = \"http2\"\n");
    let live = Live::open_with(INFO, http2).await;
    for (what, storm) in [("settings", SETTINGS), ("pings", PING)] {
        let mut client = live.get("/live/info", "accept: text/plain\r\n").await;
        let (stream, _) = live.listener.accept().await.unwrap();
        let (mut reader, mut writer) = tokio::io::split(stream);
        let storming = async {
            writer.write_all(SETTINGS).await.unwrap();
            // It may be cut off for it.
            let _cut_off = writer.write_all(&storm.repeat(FRAMES)).await;
        };
        let stormed = async { tokio::join!(storming, read_request(&mut reader)) };
        timeout(SOON, stormed).await.unwrap();
        let _cut_off = writer.write_all(GOAWAY).await;
        let answer = timeout(SOON, read_until(&mut client, "}")).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 502 "), "{what}: {answer}");
        assert!(answer.contains("upstream_unavailable"), "{what}: {answer}");
    }
    // The next connection is a good one, and serves.
    let mut client = live.get("/live/info", "accept: text/plain\r\n").await;
    let (stream, _) = live.listener.accept().await.unwrap();
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let (_, mut back) = connection.accept().await.unwrap().unwrap();
    let answer = Response::builder().header("content-type", "text/plain");
    let mut body = back.send_response(answer.body(()).unwrap(), false).unwrap();
    body.send_data(Bytes::from_static(b"well}"), true).unwrap();
    let serving = async { while connection.accept().await.is_some() {} };
    tokio::select! {
        () = serving => {}
        answer = read_until(&mut client, "}") => {
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        }
    }
    live.house.close().await;
}
