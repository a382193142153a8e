//! What was begun with a certificate ends with it.

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::super::SOON;
use super::super::streams::{read_head, read_rest, read_until};
use super::{Certified, answered, refused, told};

#[tokio::test(flavor = "multi_thread")]
async fn mt_12_the_next_request_on_an_open_connection_knows_that_its_certificate_was_revoked() {
    let certified = Certified::open().await;
    let _heard = certified.serving();
    let (social, bank) = (
        certified.client("300000001", 5),
        certified.client("300000002", 6),
    );
    let mut open = certified.connect(Some(&social)).await;
    let mut other = certified.connect(Some(&bank)).await;
    for stream in [&mut open, &mut other] {
        assert_eq!(
            told(&certified.exchange(stream, "GET /live/read", "").await),
            answered()
        );
    }
    certified.revoke(&[5]);
    let became = async {
        loop {
            let answer = told(&certified.exchange(&mut open, "GET /live/read", "").await);
            if answer.0 != 200 {
                return answer;
            }
        }
    };
    let answer = timeout(SOON, became).await.unwrap();
    assert_eq!(answer, refused(403, "certificate_refused"));
    // Who was not revoked goes on, on the connection that is open.
    let answer = certified.exchange(&mut other, "GET /live/read", "").await;
    assert_eq!(told(&answer), answered());
    certified.live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mt_12_a_stream_ends_soon_after_its_certificate_was_revoked() {
    let certified = Certified::open().await;
    let (social, bank) = (
        certified.client("300000001", 5),
        certified.client("300000002", 6),
    );
    let mut open = Vec::new();
    for client in [&social, &bank] {
        let mut stream = certified.connect(Some(client)).await;
        let host = certified.live.host();
        let request = format!("GET /live/events HTTP/1.1\r\nhost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut call = certified.live.called().await;
        let begin = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                     transfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n";
        call.stream.write_all(begin.as_bytes()).await.unwrap();
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200 "));
        read_until(&mut stream, "data: 1\n\n\r\n").await;
        open.push((stream, call));
    }
    certified.revoke(&[5]);
    let (mut other, mut other_call) = open.pop().unwrap();
    let (mut stream, mut call) = open.pop().unwrap();
    let mut last = timeout(SOON, read_until(&mut stream, "0\r\n\r\n"))
        .await
        .unwrap();
    last.push_str(&timeout(SOON, read_rest(&mut call.stream)).await.unwrap());
    assert_eq!(last, "0\r\n\r\n");
    // The other's goes on.
    other_call
        .stream
        .write_all(b"9\r\ndata: 2\n\n\r\n")
        .await
        .unwrap();
    timeout(SOON, read_until(&mut other, "data: 2\n\n\r\n"))
        .await
        .unwrap();
    certified.live.house.close().await;
}
