//! The few kinds of answers that the demo's parts give.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use serde_json::Value;

use crate::wire::body::Body;

/// JSON that no cache keeps.
#[must_use]
pub(crate) fn json(status: StatusCode, value: &Value) -> Response<Body> {
    filled(status, "application/json", value.to_string())
}

/// A line of plain text.
#[must_use]
pub(crate) fn text(status: StatusCode, line: &str) -> Response<Body> {
    filled(status, "text/plain; charset=utf-8", line.to_owned())
}

/// A page that may load nothing and be framed by no one. There is no `form-action`: browsers apply
/// it to the redirect that follows a form, which leads back to the gateway.
#[must_use]
pub(crate) fn page(status: StatusCode, html: String) -> Response<Body> {
    let mut response = filled(status, "text/html; charset=utf-8", html);
    let headers = response.headers_mut();
    headers.insert(
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
        ),
    );
    headers.insert(
        HeaderName::from_static("referrer-policy"),
        HeaderValue::from_static("no-referrer"),
    );
    response
}

/// 303 to another address (RFC 9110 §15.4.4).
#[must_use]
pub(crate) fn redirect(location: &str) -> Response<Body> {
    let mut response = text(StatusCode::SEE_OTHER, "");
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn filled(status: StatusCode, media: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
