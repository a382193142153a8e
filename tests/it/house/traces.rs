//! Spans on their way to a collector, which judges them by the rules of OTLP in JSON.

use std::net::SocketAddr;
use std::time::Duration;

use muhrdor::demo::{Ask, Client};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::trouble::puppet::{Puppet, Then};
use super::{AZIZA, House, unhurried, with_upstream};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n\
                      content-length: 2\r\nconnection: close\r\n\r\nhi";

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_request_is_a_span_with_its_ids_and_closed_words() {
    let mut collector = Collector::open(200, r#"{"partialSuccess":{}}"#).await;
    let puppet = Puppet::enter().await;
    puppet.says(PAGE, Then::Close);
    let address = puppet.address.to_string();
    let house = House::open_with(|config| {
        let config = with_upstream(&unhurried(&config), "pension-fund", &address);
        telling(&config, collector.address, "batch_ms_max = 20\n")
    });
    let house = house.await;
    let mut nobody = house.grounds.visitor();
    let [told, untold] = ["01", "00"].map(|flags| format!("00-{TRACE}-{PARENT}-{flags}"));
    let path = "/pension/info?canary=query";
    for parent in [&untold, &told] {
        let said = [("traceparent", parent.as_str())];
        let reply = nobody.get(path, &said).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.received());
    }
    let heard = puppet.asked().pop().unwrap();
    let record = format!("/pension/records/{AZIZA}");
    let refused = nobody.get(&record, &[]).await.unwrap();
    let number = refused.header("muhrdor-request-id").unwrap().to_owned();
    let spans = collector.spans(3).await;
    house.close().await;
    puppet.leave().await;
    assert!(collector.rest().is_empty(), "more than was asked for");

    // The one that was to be told, under its caller's; the question to the e-service under it.
    let [request, onward, alone] = &spans[..] else {
        panic!("{spans:#?}");
    };
    for span in [request, onward] {
        assert_eq!(span["traceId"], TRACE);
    }
    assert_eq!(request["parentSpanId"], PARENT);
    assert_eq!(request["flags"], json!(0x301));
    assert_eq!((&request["kind"], &onward["kind"]), (&json!(2), &json!(3)));
    assert_eq!(onward["parentSpanId"], request["spanId"]);
    let id = onward["spanId"].as_str().unwrap();
    assert!(heard.contains(&format!("00-{TRACE}-{id}-01")), "{heard}");
    let within = |name: &str| {
        nanos(&onward[name]).clamp(
            nanos(&request["startTimeUnixNano"]),
            nanos(&request["endTimeUnixNano"]),
        )
    };
    for name in ["startTimeUnixNano", "endTimeUnixNano"] {
        assert_eq!(within(name), nanos(&onward[name]), "{spans:#?}");
    }
    assert_eq!(request["name"], "pension-fund.info.page");
    assert_eq!(
        attribute(request, "muhrdor.outcome"),
        json!({"stringValue": "answered"})
    );
    let status = attribute(request, "http.response.status_code");
    assert_eq!(status, json!({"intValue": "200"}));
    // One that nobody else began, by the number of its request.
    assert_eq!(alone["traceId"], json!(number.replace('-', "")));
    assert_eq!(alone["parentSpanId"], "");
    assert_eq!(
        alone["status"],
        json!({}),
        "the caller's fault is no error here"
    );
    let outcome = attribute(alone, "muhrdor.outcome");
    assert_eq!(outcome, json!({"stringValue": "sign_in_needed"}));
    let all = json!(spans).to_string();
    for never in [AZIZA, "canary", "/pension"] {
        assert!(!all.contains(never), "{never}: {all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_does_not_answer_costs_spans_and_nobody_anything_else() {
    let silent = Collector::silent().await;
    let bounds = "queue_spans_max = 1\nbatch_spans_max = 1\ntimeout_ms_max = 60000\n";
    let house = House::open_with(|config| telling(&unhurried(&config), silent.address, bounds));
    let house = house.await;
    let mut nobody = house.grounds.visitor();
    for _ in 0..8 {
        let reply = nobody.get("/civil/info", &[]).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.received());
    }
    // One is with the collector, one waits.
    let dropped = spans_of(&house, "dropped").await;
    assert!((6..=7).contains(&dropped), "{dropped}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_collector_does_not_take_is_counted_apart() {
    let partly = r#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"one"}}"#;
    let mut refused = 0;
    for (status, answer, refuses) in [(503, "", 2), (400, "{}", 2), (200, partly, 2), (200, "", 0)]
    {
        let mut collector = Collector::open(status, answer).await;
        let change = |config: String| {
            let alone = "batch_spans_max = 1\n";
            telling(&unhurried(&config), collector.address, alone)
        };
        let house = House::open_with(change).await;
        let mut nobody = house.grounds.visitor();
        for _ in 0..2 {
            // In-house, so that there is one span of it.
            nobody.get("/services", &[]).await.unwrap();
        }
        collector.spans(2).await;
        refused += refuses;
        // The answer is read a moment later than it was written.
        while spans_of(&house, "refused").await < refused {
            tokio::task::yield_now().await;
        }
        house.close().await;
        collector.leave().await;
    }
    let house = House::open().await;
    assert_eq!(spans_of(&house, "refused").await, refused);
    house.close().await;
}

/// The config with a collector, and callers on this machine who are believed.
fn telling(config: &str, collector: SocketAddr, bounds: &str) -> String {
    format!(
        "{config}\n[telemetry]\ntrace_sources = [\"127.0.0.0/8\"]\n\n[telemetry.otlp]\n\
         endpoint = \"http://{collector}/v1/traces\"\n{bounds}"
    )
}

/// How many spans had this fate, in all houses of this process.
async fn spans_of(house: &House, outcome: &str) -> u64 {
    let url = format!("http://{}/metrics", house.gateway.admin());
    let told = Client::plain().send(&Ask::get(url.parse().unwrap())).await;
    let text = String::from_utf8(told.unwrap().body.to_vec()).unwrap();
    let start = format!("muhrdor_spans_total{{outcome=\"{outcome}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    line.map_or(0, |count| count.parse().unwrap())
}

fn nanos(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn attribute(span: &Value, key: &str) -> Value {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key);
    found.unwrap()["value"].clone()
}

/// A collector that judges what it is sent.
struct Collector {
    address: SocketAddr,
    spans: mpsc::UnboundedReceiver<Value>,
    serving: JoinSet<()>,
}

impl Collector {
    async fn open(status: u16, answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (found, spans) = mpsc::unbounded_channel();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let body = asked(&mut stream).await;
                for span in judged(&body) {
                    // The test may be over.
                    let _gone = found.send(span);
                }
                let length = answer.len();
                let answer = format!(
                    "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\n\
                     content-length: {length}\r\nconnection: close\r\n\r\n{answer}"
                );
                let _gone = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self {
            address,
            spans,
            serving,
        }
    }

    /// One that hears and says nothing.
    async fn silent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_, spans) = mpsc::unbounded_channel();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut held = Vec::new();
            loop {
                held.push(listener.accept().await.unwrap());
            }
        });
        Self {
            address,
            spans,
            serving,
        }
    }

    /// The next spans, in the order in which they came.
    async fn spans(&mut self, count: usize) -> Vec<Value> {
        let mut spans = Vec::new();
        while spans.len() < count {
            let next = tokio::time::timeout(Duration::from_secs(30), self.spans.recv());
            spans.push(next.await.expect("no span came").unwrap());
        }
        spans
    }

    fn rest(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.spans.try_recv().ok()).collect()
    }

    async fn leave(mut self) {
        self.serving.shutdown().await;
    }
}

/// The body of one export.
async fn asked(stream: &mut TcpStream) -> Value {
    let mut bytes = Vec::new();
    let end = loop {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "{bytes:?}");
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(at) = head {
            break at + 4;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec())
        .unwrap()
        .to_lowercase();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(
        head.contains("\r\ncontent-type: application/json\r\n"),
        "{head}"
    );
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.unwrap().trim().parse().unwrap();
    while bytes.len() < end + length {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "{head}");
    }
    serde_json::from_slice(&bytes[end..]).unwrap()
}

/// The spans of an export that keeps the rules: `opentelemetry-proto`, and what the mapping to JSON
/// says of ids, integers of 64 bits and enumerations.
fn judged(body: &Value) -> Vec<Value> {
    let [resource] = &body["resourceSpans"].as_array().unwrap()[..] else {
        panic!("one resource: {body}");
    };
    let name = attribute(&resource["resource"], "service.name");
    assert_eq!(name, json!({"stringValue": "muhrdor"}));
    let [scope] = &resource["scopeSpans"].as_array().unwrap()[..] else {
        panic!("one scope: {body}");
    };
    let spans = scope["spans"].as_array().unwrap();
    for span in spans {
        let hex = |name: &str, digits: usize| {
            let id = span[name].as_str().unwrap();
            let reads = id.len() == digits && id.bytes().all(|b| b"0123456789abcdef".contains(&b));
            assert!(reads && id.bytes().any(|b| b != b'0'), "{name}: {span}");
        };
        hex("traceId", 32);
        hex("spanId", 16);
        // A span without a parent has none, or an empty one.
        if span["parentSpanId"] != "" {
            hex("parentSpanId", 16);
        }
        let (began, ended) = (
            nanos(&span["startTimeUnixNano"]),
            nanos(&span["endTimeUnixNano"]),
        );
        // Between 2020 and 2100.
        assert!(
            (1_577_836_800..4_102_444_800).contains(&(began / 1_000_000_000)),
            "{span}"
        );
        assert!(began <= ended, "{span}");
        assert!((1..=5).contains(&span["kind"].as_u64().unwrap()), "{span}");
        assert!(span["flags"].is_u64(), "{span}");
        for attribute in span["attributes"].as_array().unwrap() {
            let value = attribute["value"].as_object().unwrap();
            assert!(attribute["key"].is_string() && value.len() == 1, "{span}");
            for (kind, value) in value {
                assert!(
                    ["stringValue", "intValue"].contains(&kind.as_str()),
                    "{span}"
                );
                assert!(value.is_string(), "{span}");
            }
        }
    }
    spans.clone()
}
