//! gRPC: calls over HTTP/2 from end to end, and how a no, a deadline and an end are told.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use muhrdor::clock::HandClock;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Live, connect_http2};

pub(super) const CALLS: &str = r#"
[[operation]]
id = "live.calls.ask"
call = "POST /portal.Calls/Ask"
who = ["person", "system"]
subject = "nobody"
effect = "read"
body = "streamed"
upstream_ms_max = 60000
stream_ms_max = 90000

[[operation.answer]]
status = 200
media = "application/grpc"
mode = "public"
"#;

const SOON: Duration = Duration::from_secs(10);
/// A message of three bytes with its prefix.
const MESSAGE: &[u8] = b"\0\0\0\0\x03abc";

/// A call, and its answer to come.
pub(super) struct Call(
    pub(super) Request<RecvStream>,
    pub(super) SendResponse<Bytes>,
);

/// The portal as a caller has it, and the e-service as it hears the calls.
pub(super) struct Line {
    pub(super) live: Live,
    sender: SendRequest<Bytes>,
    calls: mpsc::UnboundedReceiver<Call>,
    tasks: JoinSet<()>,
}

impl Line {
    async fn open() -> Self {
        Self::open_with(CALLS).await
    }

    pub(super) async fn open_with(operations: &str) -> Self {
        Self::over(Live::open_with(operations, |config| http2(&config)).await).await
    }

    /// On a clock that the test moves.
    async fn open_by_hand() -> (Self, HandClock) {
        let (live, clock) = Live::by_hand(CALLS, |config| http2(&config)).await;
        (Self::over(live).await, clock)
    }

    async fn over(live: Live) -> Self {
        let stream = connect_http2(&live.house.grounds).await;
        let (sender, connection) = h2::client::handshake(stream).await.unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { drop(connection.await) });
        let sender = sender.ready().await.unwrap();
        let (heard, calls) = mpsc::unbounded_channel();
        tasks.spawn(hear(Arc::clone(&live.listener), heard));
        Self {
            live,
            sender,
            calls,
            tasks,
        }
    }

    /// Begins a call with one message.
    pub(super) fn call(
        &mut self,
        headers: &[(&str, &str)],
    ) -> (h2::client::ResponseFuture, SendStream<Bytes>) {
        let portal = &self.live.house.grounds.grounds.places.portal;
        let mut request = Request::builder()
            .method("POST")
            .uri(format!("{portal}/live/portal.Calls/Ask"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        let (response, mut up) = self.sender.send_request(request, false).unwrap();
        // It may have been refused already.
        let _refused = up.send_data(Bytes::from_static(MESSAGE), false);
        (response, up)
    }

    /// The call as it comes to the e-service.
    pub(super) async fn called(&mut self) -> Call {
        self.calls.recv().await.unwrap()
    }

    pub(super) async fn close(mut self) {
        self.tasks.shutdown().await;
        self.live.house.close().await;
    }
}

/// Hears calls on one connection after the other.
async fn hear(listener: Arc<TcpListener>, heard: mpsc::UnboundedSender<Call>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let heard = heard.clone();
        connections.spawn(async move {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok(call)) = connection.accept().await {
                heard.send(Call(call.0, call.1)).unwrap();
            }
        });
    }
}

fn http2(config: &str) -> String {
    format!("{config}protocol = \"http2\"\n")
}

pub(super) fn answer() -> Response<()> {
    Response::builder()
        .header("content-type", "application/grpc")
        .body(())
        .unwrap()
}

fn outcome(fields: &HeaderMap) -> (&str, &str) {
    let text = |name| {
        fields
            .get(name)
            .map_or("", |v: &HeaderValue| v.to_str().unwrap())
    };
    (text("grpc-status"), text("grpc-message"))
}

pub(super) async fn token(line: &Line) -> String {
    let grounds = &line.live.house.grounds.grounds;
    let token = grounds.token("social-agency-system").await.unwrap();
    format!("Bearer {token}")
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_both_ways_and_the_outcome_stands_in_the_trailers() {
    let mut line = Line::open().await;
    let token = token(&line).await;
    let headers = [("authorization", token.as_str()), ("grpc-timeout", "5M")];
    let (response, mut up) = line.call(&headers);
    let Call(call, mut back) = line.called().await;
    assert_eq!(call.uri().path(), "/portal.Calls/Ask");
    assert_eq!(call.headers()["te"], "trailers");
    // No longer than the operation allows.
    assert_eq!(call.headers()["grpc-timeout"], "90000m");
    assert!(call.headers().contains_key("muhrdor-assertion"));
    assert!(!call.headers().contains_key("authorization"));
    let mut heard = call.into_body();
    assert_eq!(heard.data().await.unwrap().unwrap(), MESSAGE);
    let mut down = back.send_response(answer(), false).unwrap();
    down.send_data(Bytes::from_static(MESSAGE), false).unwrap();
    let mut body = response.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), MESSAGE);
    // Answered while the caller still speaks.
    up.send_data(Bytes::from_static(MESSAGE), true).unwrap();
    assert_eq!(heard.data().await.unwrap().unwrap(), MESSAGE);
    assert!(heard.data().await.is_none());
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("5"));
    trailers.insert("grpc-message", HeaderValue::from_static("no such thing"));
    trailers.insert("etag", HeaderValue::from_static("1"));
    down.send_trailers(trailers).unwrap();
    assert!(body.data().await.is_none());
    let told = body.trailers().await.unwrap().unwrap();
    assert_eq!(outcome(&told), ("5", "no such thing"));
    assert!(!told.contains_key("etag"), "T15");
    line.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_an_outcome_of_grpc() {
    let mut line = Line::open().await;
    let token = token(&line).await;
    let authorized = ("authorization", token.as_str());
    for (headers, status, code) in [
        (vec![], "16", "sign_in_needed"),
        (vec![("authorization", "Bearer x")], "16", "invalid_token"),
        (
            vec![authorized, ("grpc-timeout", "soon")],
            "3",
            "bad_header",
        ),
    ] {
        let (response, _up) = line.call(&headers);
        let response = response.await.unwrap();
        assert_eq!(response.status(), 200, "{code}");
        let media = &response.headers()["content-type"];
        assert_eq!(media, "application/grpc", "{code}");
        assert_eq!(outcome(response.headers()), (status, code));
    }
    line.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_a_call_before_and_after_its_answer_began() {
    let mut line = Line::open().await;
    let token = token(&line).await;
    let headers = [("authorization", token.as_str()), ("grpc-timeout", "300m")];
    let (response, _up) = line.call(&headers);
    let call = line.called().await;
    let response = timeout(SOON, response).await.unwrap().unwrap();
    assert_eq!(outcome(response.headers()), ("4", "upstream_timeout"));
    drop(call);
    let (response, _up) = line.call(&headers);
    let Call(_call, mut back) = line.called().await;
    let _down = back.send_response(answer(), false).unwrap();
    let mut body = response.await.unwrap().into_body();
    let ended = timeout(SOON, body.data()).await.unwrap();
    assert!(ended.is_none());
    let told = body.trailers().await.unwrap().unwrap();
    assert_eq!(outcome(&told), ("4", "upstream_timeout"));
    line.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_05_the_end_of_the_token_ends_an_open_call() {
    let (mut line, clock) = Line::open_by_hand().await;
    let token = token(&line).await;
    let (response, _up) = line.call(&[("authorization", token.as_str())]);
    let Call(_call, mut back) = line.called().await;
    let mut down = back.send_response(answer(), false).unwrap();
    let mut body = response.await.unwrap().into_body();
    down.send_data(Bytes::from_static(MESSAGE), false).unwrap();
    assert_eq!(body.data().await.unwrap().unwrap(), MESSAGE);
    clock.advance_ms(25 * 3_600_000);
    let ended = timeout(SOON, body.data()).await.unwrap();
    assert!(ended.is_none());
    let told = body.trailers().await.unwrap().unwrap();
    assert_eq!(outcome(&told), ("16", "sign_in_needed"));
    line.close().await;
}
