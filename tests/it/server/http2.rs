//! HTTP/2: no guard, the same arrivals.

use bytes::Bytes;
use h2::client::SendRequest;
use http::{Request, StatusCode};
use tokio::task::JoinHandle;

use super::rig::{HOST, Rig};

async fn open(rig: &Rig) -> (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
    let stream = rig.connect_with(rig.client(b"h2"), HOST).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    (sender.ready().await.unwrap(), tokio::spawn(connection))
}

async fn ask(rig: &Rig, request: Request<()>) -> Result<(StatusCode, String), h2::Error> {
    let (mut sender, connection) = open(rig).await;
    let (response, _) = sender.send_request(request, true)?;
    let (parts, mut body) = response.await?.into_parts();
    let mut text = Vec::new();
    while let Some(chunk) = body.data().await {
        text.extend_from_slice(&chunk?);
    }
    drop(sender);
    connection.abort();
    Ok((parts.status, String::from_utf8(text).unwrap()))
}

fn request(uri: &str) -> http::request::Builder {
    Request::builder().method("GET").uri(uri)
}

#[tokio::test]
async fn a_request_over_http2_is_the_same_arrival() {
    let rig = Rig::start().await;
    let asked = request("https://PORTAL.example/%61pp?x=1").header("x-forwarded-for", "10.0.0.1");
    let (status, text) = ask(&rig, asked.body(()).unwrap()).await.unwrap();
    assert_eq!(
        (status.as_u16(), text.as_str()),
        (200, "GET /app?x=1\n"),
        "PA-07, PA-16"
    );
    let seen = rig.house.gateway.seen.lock().unwrap().clone();
    assert_eq!(seen[0].host, HOST);
    let names: Vec<_> = seen[0].headers.keys().collect();
    assert_eq!(names, ["traceparent"], "HS-02: our own word");
}

#[tokio::test]
async fn what_http1_refuses_http2_refuses() {
    let rows = [
        (
            "HS-01",
            request("https://portal.example/").header("x_forwarded_user", "root"),
            400,
        ),
        ("PA-06", request("https://portal.example/a%2fb"), 400),
        (
            "PA-04",
            request("https://portal.example/public/../admin"),
            400,
        ),
        ("PA-13", request("https://portal.example//admin"), 400),
        ("MT-04", request("https://api.example/"), 421),
        ("PA-18", request("https://evil.example/"), 421),
        (
            "HS-17",
            request("https://portal.example/").header("host", "api.example"),
            400,
        ),
        (
            "FR-14",
            request("https://portal.example/")
                .header("host", "a")
                .header("host", "b"),
            400,
        ),
        (
            "PA-23",
            request("https://portal.example/").method("TRACE"),
            405,
        ),
        (
            "PA-23",
            request("https://portal.example/").method("FOO"),
            405,
        ),
        (
            "FR-15",
            request("https://portal.example/").header("expect", "foo"),
            417,
        ),
    ];
    for (id, asked, expected) in rows {
        let rig = Rig::start().await;
        let (status, _) = ask(&rig, asked.body(()).unwrap()).await.unwrap();
        assert_eq!(status.as_u16(), expected, "{id}");
        assert!(rig.house.lines().is_empty(), "{id}");
        assert_eq!(rig.house.codes().len(), 1, "{id}");
    }
}

#[tokio::test]
async fn a_connection_specific_field_ends_the_stream() {
    for (name, value) in [("transfer-encoding", "chunked"), ("connection", "close")] {
        let rig = Rig::start().await;
        let asked = request("https://portal.example/")
            .header(name, value)
            .body(())
            .unwrap();
        let outcome = ask(&rig, asked).await;
        assert!(outcome.is_err(), "H2-07: {name}: {outcome:?}");
        assert!(rig.house.lines().is_empty(), "H2-07: {name}");
    }
}

#[tokio::test]
async fn draining_lets_a_stream_end_and_then_closes() {
    let rig = Rig::start().await;
    let (mut sender, connection) = open(&rig).await;
    let asked = request("https://portal.example/wait").body(()).unwrap();
    let (response, _) = sender.send_request(asked, true).unwrap();
    rig.house.gateway.waiting.notified().await;
    rig.drain.begin();
    rig.house.gateway.go.notify_one();
    assert_eq!(response.await.unwrap().status(), 200);
    drop(sender);
    assert!(connection.await.unwrap().is_ok());
    rig.running.await.unwrap();
}
