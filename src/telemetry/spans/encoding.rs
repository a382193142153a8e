//! Spans as OTLP says them in JSON (opentelemetry-proto 1.x, `trace/v1/trace.proto`; OTLP 1.x, "JSON
//! Protobuf Encoding"): ids in hexadecimal, 64-bit integers as strings, enumerations as numbers.

use serde_json::{Value, json};

use crate::domain::hex::digits;
use crate::telemetry::spans::{Interval, Span};

/// The body of one export: `ExportTraceServiceRequest`.
#[must_use]
pub fn export(spans: &[Span]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [
        text("service.name", env!("CARGO_PKG_NAME")),
        text("service.version", version),
    ];
    let written: Vec<Value> = spans.iter().flat_map(written).collect();
    json!({
        "resourceSpans": [{
            "resource": { "attributes": resource },
            "scopeSpans": [{
                "scope": { "name": env!("CARGO_PKG_NAME"), "version": version },
                "spans": written,
            }],
        }],
    })
}

/// How many spans the collector says that it did not take (`ExportTracePartialSuccess`).
#[must_use]
pub fn rejected(answer: &[u8]) -> u64 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let rejected = answer.pointer("/partialSuccess/rejectedSpans");
    let read = rejected.and_then(|count| match count.as_str() {
        Some(digits) => digits.parse().ok(),
        None => count.as_u64(),
    });
    read.unwrap_or_default()
}

/// The request, and its question to the e-service where one was asked.
fn written(span: &Span) -> impl Iterator<Item = Value> {
    [
        Some(request(span)),
        span.onward.map(|time| onward(span, time)),
    ]
    .into_iter()
    .flatten()
}

fn request(span: &Span) -> Value {
    let trace = &span.trace;
    let mut attributes = attributes(span);
    attributes.extend([
        text("muhrdor.outcome", span.outcome),
        text("tls.protocol.version", span.asked.tls),
        number("http.response.body.size", span.sent_bytes),
    ]);
    let links = trace.link.as_ref().map(|link| {
        json!({
            "traceId": digits(&link.trace),
            "spanId": digits(&link.span),
            "flags": flags(link.is_sampled, true),
        })
    });
    json!({
        "traceId": digits(&trace.id),
        "spanId": digits(&trace.span),
        // Empty where nobody asked.
        "parentSpanId": trace.parent.map(|parent| digits(&parent)).unwrap_or_default(),
        "flags": flags(true, trace.parent.is_some()),
        "name": span.operation,
        "kind": SERVER,
        "startTimeUnixNano": span.time.began_ns.to_string(),
        "endTimeUnixNano": span.time.ended_ns.to_string(),
        "attributes": attributes,
        "links": links.as_slice(),
        "status": status(span.status),
    })
}

fn onward(span: &Span, time: Interval) -> Value {
    json!({
        "traceId": digits(&span.trace.id),
        "spanId": digits(&span.trace.onward),
        "parentSpanId": digits(&span.trace.span),
        "flags": flags(true, false),
        "name": format!("{} upstream", span.operation),
        "kind": CLIENT,
        "startTimeUnixNano": time.began_ns.to_string(),
        "endTimeUnixNano": time.ended_ns.to_string(),
        "attributes": [text("muhrdor.operation", &span.operation)],
        "status": {},
    })
}

fn attributes(span: &Span) -> Vec<Value> {
    let version = match span.asked.protocol {
        "h1" => "1.1",
        "h2" => "2",
        other => other,
    };
    let mut attributes = vec![
        text("muhrdor.operation", &span.operation),
        text("http.request.method", span.asked.method),
        text("network.protocol.name", "http"),
        text("network.protocol.version", version),
    ];
    // Nothing was answered to a client that went away before.
    if span.status != 0 {
        attributes.push(number("http.response.status_code", span.status.into()));
    }
    attributes
}

/// Only a fault on our side of the caller is an error of a server's span.
fn status(status: u16) -> Value {
    match status {
        500.. => json!({ "code": ERROR }),
        _ => json!({}),
    }
}

/// The flags of the trace, and whether whoever is named is in another process.
const fn flags(is_sampled: bool, is_remote: bool) -> u32 {
    let sampled = if is_sampled { 1 } else { 0 };
    let remote = if is_remote { IS_REMOTE } else { 0 };
    sampled | HAS_IS_REMOTE | remote
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn number(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

/// `SpanFlags`.
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;
/// `SpanKind`.
const SERVER: u8 = 2;
const CLIENT: u8 = 3;
/// `StatusCode`.
const ERROR: u8 = 2;
