//! `/tsa`: time-stamps over HTTP (RFC 3161 §3.4).

use http::header::{ALLOW, CONTENT_TYPE, HeaderMap};
use http::{HeaderValue, Method, Response, StatusCode};

use crate::cms::REQUEST_BYTES_MAX;
use crate::limits::AddressLimit;
use crate::notary::Tsa;
use crate::public::answers;
use crate::wire::arrival::Arrival;
use crate::wire::body::{Body, BodyError};

/// Answers a request for a time-stamp. What is no request at all is refused by HTTP; everything
/// else is answered with 200, also a refusal of the authority.
pub async fn answer(tsa: &Tsa, addresses: &AddressLimit, arrival: Arrival) -> Response<Body> {
    let (visit, method) = (arrival.visit, arrival.method.clone());
    let response = match answers::exceeded(addresses, &arrival).await {
        Some(no) => no,
        None => match stamped(tsa, arrival).await {
            Ok(response) | Err(response) => response,
        },
    };
    answers::finished(response, visit, &method)
}

async fn stamped(tsa: &Tsa, arrival: Arrival) -> Result<Response<Body>, Response<Body>> {
    if arrival.method != Method::POST {
        let mut no = answers::refused(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
        no.headers_mut()
            .insert(ALLOW, HeaderValue::from_static("POST"));
        return Err(no);
    }
    if !is_query(&arrival.headers) {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(answers::refused(status, "unsupported_media_type"));
    }
    let body = arrival.body.collect_up_to(REQUEST_BYTES_MAX as u64).await;
    let request = body.map_err(|cause| match cause {
        BodyError::TooLarge { .. } => {
            answers::refused(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large")
        }
        BodyError::Broken | BodyError::Stalled | BodyError::Withheld => {
            answers::refused(StatusCode::BAD_REQUEST, "bad_request")
        }
    })?;
    let reply = tsa.reply(&request);
    let media = "application/timestamp-reply";
    Ok(answers::bytes(
        media,
        reply.der().to_vec(),
        answers::NO_STORE,
    ))
}

/// Whether the head says `application/timestamp-query`: the media type itself, not what stands in
/// a parameter.
fn is_query(head: &HeaderMap) -> bool {
    let mut values = head.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let media = value.to_str().unwrap_or_default().split(';').next();
    let media = media.unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/timestamp-query")
}
