//! Responses of the public doors: nothing of them is kept by anyone, and each kind has one shape.

use http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue,
    LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::domain::entry::VisitId;
use crate::domain::peer::AddressBlock;
use crate::limits::AddressLimit;
use crate::wire::arrival::Arrival;
use crate::wire::body::Body;
use crate::wire::pages::{PAGE_HEADERS, Page};

/// The request's number, told with every answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("muhrdor-request-id");

/// How long a browser remembers that this host speaks TLS only, in seconds (RFC 6797).
const HSTS: &str = "max-age=31536000";

/// JSON that nobody keeps.
pub(super) fn json(status: StatusCode, told: &Value) -> Response<Body> {
    with(status, "application/json", told.to_string())
}

/// No document has this code, or none that is told of.
pub(super) fn unknown() -> Response<Body> {
    json(StatusCode::NOT_FOUND, &json!({ "result": "unknown" }))
}

/// A no with its stable code (RFC 9457).
pub(super) fn refused(status: StatusCode, code: &str) -> Response<Body> {
    let told = json!({
        "type": format!("urn:muhrdor:reason:{code}"),
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "code": code,
    });
    with(status, "application/problem+json", told.to_string())
}

/// Counts a request by its address block; the answer to one that is too many.
pub(super) async fn exceeded(
    addresses: &AddressLimit,
    arrival: &Arrival,
) -> Option<Response<Body>> {
    let block = AddressBlock::of(arrival.peer.address);
    let exceeded = addresses.check(block).await.err()?;
    let mut no = refused(StatusCode::TOO_MANY_REQUESTS, "too_many_requests");
    exceeded.tell(no.headers_mut());
    Some(no)
}

/// The signed list, which mirrors may keep for as long as it says.
pub(super) fn status_list(jws: String) -> Response<Body> {
    let mut response = with(StatusCode::OK, "application/jwt", jws);
    response.headers_mut().insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=60"),
    );
    response
}

/// Bytes of a kind of their own.
pub(super) fn bytes(
    media: &'static str,
    bytes: Vec<u8>,
    cache_control: &'static str,
) -> Response<Body> {
    let mut response = Response::new(Body::full(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}

pub(super) const NO_STORE: &str = "no-store";

pub(super) fn see_other(place: &str, cookie: Option<HeaderValue>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(place) = HeaderValue::from_str(place) {
        headers.insert(LOCATION, place);
    }
    if let Some(cookie) = cookie {
        headers.append(SET_COOKIE, cookie);
    }
    response
}

pub(super) fn page(status: StatusCode, page: Page) -> Response<Body> {
    let mut response = Response::new(Body::full(page.html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in PAGE_HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let language = HeaderValue::from_static(page.language.tag());
    headers.insert(CONTENT_LANGUAGE, language);
    response
}

/// With what every response of this house says; HEAD has the head of GET and no body.
pub(super) fn finished(
    mut response: Response<Body>,
    visit: VisitId,
    method: &Method,
) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(number) = HeaderValue::from_str(&visit.to_string()) {
        headers.insert(REQUEST_ID, number);
    }
    if *method == Method::HEAD {
        if let Some(length) = http_body::Body::size_hint(response.body()).exact() {
            let length = HeaderValue::from(length);
            response.headers_mut().insert(CONTENT_LENGTH, length);
        }
        *response.body_mut() = Body::empty();
    }
    response
}

fn with(status: StatusCode, media: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    response
}
