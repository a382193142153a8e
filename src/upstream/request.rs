//! The upstream request: built up from nothing, of what is allowed through.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Uri, Version};

use crate::domain::flow::RequestBody;
use crate::domain::peer::Peer;
use crate::policy::Permit;
use crate::telemetry::trace::{TRACEPARENT, TRACESTATE};
use crate::upstream::upload::Upload;
use crate::upstream::{Onward, UpstreamError};
use crate::wire::body::{Body, BodyError};
use crate::wire::cookie::Cookies;
use crate::wire::grpc::{self, GRPC_TIMEOUT};
use crate::wire::headers::AllowList;

/// Request headers every e-service may have. All others must be named by the operation.
const PASSED_ALWAYS: [HeaderName; 3] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_TYPE,
];

/// What the gateway says of each request, beside what is passed: so many fields at most.
const OWN_FIELDS_MAX: usize = 16;
const ASSERTION: HeaderName = HeaderName::from_static("muhrdor-assertion");
const REQUEST_ID: HeaderName = HeaderName::from_static("muhrdor-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Builds the request for the permit's target. Conditional and range headers are never passed, and
/// `Accept-Encoding` is always `identity`: what cannot be read cannot be redacted.
///
/// # Errors
/// When a write's body does not arrive whole within the operation's bound.
pub(super) async fn build(
    permit: &Permit,
    onward: Onward,
    assertion: HeaderValue,
    upload: &Upload,
) -> Result<Request<Body>, UpstreamError> {
    let operation = permit.operation();
    let uri = Uri::try_from(permit.target().as_str()).map_err(|_| UpstreamError::NotOpened)?;
    // HEAD goes upstream as GET: the answer's length is that of the redacted body.
    let method = if onward.method == Method::HEAD {
        Method::GET
    } else {
        onward.method
    };
    let named = operation.request_headers.iter();
    let named = named.filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok());
    let passed = AllowList::of(PASSED_ALWAYS.into_iter().chain(named))
        .map_err(|cause| UpstreamError::AllowList(cause.to_string()))?;
    let mut headers = passed.select(&onward.headers, OWN_FIELDS_MAX);
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    headers.insert(header::HOST, value(onward.host.clone()));
    forwarded(&mut headers, &onward.peer, &onward.host);
    // The server put its own word there, whatever came in.
    for name in [TRACEPARENT, TRACESTATE] {
        if let Some(traced) = onward.headers.get(&name) {
            headers.insert(name, traced.clone());
        }
    }
    if let Some(cookies) = allowed_cookies(&onward.cookies, &operation.cookies) {
        headers.insert(header::COOKIE, cookies);
    }
    headers.insert(ASSERTION, assertion);
    headers.insert(REQUEST_ID, value(permit.visit().to_string()));
    let flow = &operation.flow;
    if !flow.request_trailers.is_empty() {
        headers.insert(header::TRAILER, value(flow.request_trailers.join(", ")));
    }
    if operation.is_grpc() {
        // Its clients say so, and some of its servers insist.
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    if let Some(deadline) = onward.deadline {
        headers.insert(GRPC_TIMEOUT, value(grpc::timeout_field(deadline)));
    }
    let bytes_max = operation.body_bytes_max;
    let body = match flow.body {
        RequestBody::Streamed if onward.body.is_larger_than(bytes_max) => {
            return Err(UpstreamError::BodyTooLarge { bytes_max });
        }
        RequestBody::Streamed => {
            let trailers = flow.request_trailers.iter();
            let trailers = trailers.filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok());
            upload.body(onward.body, bytes_max, trailers.collect())
        }
        RequestBody::Collected => {
            arrived(onward.body, bytes_max, operation.effect.writes()).await?
        }
    };
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = headers;
    Ok(request)
}

/// A write's body is taken whole before anything is sent, so that a client that goes away half-way
/// leaves no half-done write. A read sends none.
async fn arrived(body: Body, bytes_max: u64, writes: bool) -> Result<Body, UpstreamError> {
    if !writes {
        return Ok(Body::empty());
    }
    collect(body, bytes_max).await.map(Body::full)
}

/// Takes a body whole.
pub(super) async fn collect(body: Body, bytes_max: u64) -> Result<Bytes, UpstreamError> {
    body.collect_up_to(bytes_max)
        .await
        .map_err(|cause| match cause {
            BodyError::TooLarge { bytes_max } => UpstreamError::BodyTooLarge { bytes_max },
            BodyError::Broken | BodyError::Stalled | BodyError::Withheld => {
                UpstreamError::BodyBroken
            }
        })
}

/// Where the request came from (RFC 7239 §4, and the older names beside it).
fn forwarded(headers: &mut HeaderMap, peer: &Peer, host: &str) {
    let address = peer.address.to_canonical();
    let text = address.to_string();
    let forwarded = if address.is_ipv6() {
        ["for=\"[", &text, "]\";host=", host, ";proto=https"].concat()
    } else {
        ["for=", &text, ";host=", host, ";proto=https"].concat()
    };
    headers.insert(header::FORWARDED, value(forwarded));
    headers.insert(FORWARDED_FOR, value(text));
    headers.insert(FORWARDED_HOST, value(host.to_owned()));
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
}

fn allowed_cookies(given: &Cookies, allowed: &[String]) -> Option<HeaderValue> {
    let passed: Vec<String> = given
        .pairs()
        .filter(|(name, _)| allowed.iter().any(|allowed| allowed == name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if passed.is_empty() {
        None
    } else {
        HeaderValue::from_str(&passed.join("; ")).ok()
    }
}

/// A header value of our own making; hosts, addresses, ids and tokens are visible ASCII.
fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
