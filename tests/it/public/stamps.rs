//! `/tsa`: what is no request for a time-stamp is refused by HTTP, everything else gets its reply.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Response};
use http_body::Frame;
use muhrdor::cms::{Failure, TimeStampReply, TimeStampRequest};
use muhrdor::public::timestamp::answer;
use muhrdor::wire::body::{Body, BodyError};

use super::{addresses, arrival, bytes, header};
use crate::cms::{CONTENT, pki, sha256};
use crate::notary::{authority, refused};

const QUERY: &str = "application/timestamp-query";

async fn post(media: &[&str], body: impl Into<Body>) -> Response<Body> {
    let mut arrival = arrival(Method::POST, "/tsa", body.into());
    for media in media {
        let value = HeaderValue::from_str(media).unwrap();
        arrival.headers.append(CONTENT_TYPE, value);
    }
    answer(&authority().0, &addresses(10), arrival).await
}

fn request() -> TimeStampRequest {
    TimeStampRequest::new(sha256(CONTENT), [1; 16])
}

fn body() -> Body {
    Body::full(request().to_der())
}

#[tokio::test]
async fn a_request_gets_its_token_and_nobody_keeps_the_answer() {
    for media in [
        QUERY,
        "Application/Timestamp-Query",
        "application/timestamp-query; charset=utf-8",
    ] {
        let response = post(&[media], body()).await;
        assert_eq!(response.status(), 200, "{media}");
        let said = header(&response, "content-type");
        assert_eq!(said, "application/timestamp-reply");
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        let token = TimeStampReply::token(&bytes(response).await).unwrap();
        let certificate = pki().certificate("stamp");
        token.verify_answer(&certificate, &request()).unwrap();
    }
}

#[tokio::test]
async fn a_refusal_of_the_authority_is_an_answer_like_any_other() {
    for junk in ["", "junk"] {
        let response = post(&[QUERY], Body::full(junk)).await;
        assert_eq!(response.status(), 200);
        let said = header(&response, "content-type");
        assert_eq!(said, "application/timestamp-reply");
        let reason = refused(&bytes(response).await);
        assert_eq!(reason, Some(Failure::BadDataFormat));
    }
}

#[tokio::test]
async fn t9_a_body_that_is_too_large_is_not_read_to_its_end() {
    let response = post(&[QUERY], Body::full(vec![0x30; 5_000_000])).await;
    assert_eq!(response.status(), 413);
    assert_eq!(header(&response, "cache-control"), "no-store");
    let response = post(&[QUERY], Body::stream(Endless)).await;
    assert_eq!(response.status(), 413);
    let largest = post(&[QUERY], Body::full(vec![0x30; 4096])).await;
    assert_eq!(largest.status(), 200);
    let larger = post(&[QUERY], Body::full(vec![0x30; 4097])).await;
    assert_eq!(larger.status(), 413);
}

#[tokio::test]
async fn t11_the_media_type_is_read_and_not_searched() {
    for media in [
        &[][..],
        &["multipart/mixed; boundary=application/timestamp-query"],
        &["text/plain, application/timestamp-query"],
        &["application/timestamp-query-extended"],
        &["xapplication/timestamp-query"],
        &["application/timestamp-reply"],
        &["application/json"],
        &[QUERY, "application/json"],
        &[QUERY, QUERY],
        &[""],
    ] {
        let response = post(media, body()).await;
        assert_eq!(response.status(), 415, "{media:?}");
    }
}

#[tokio::test]
async fn another_method_is_told_which_one_is_served() {
    for method in [
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ] {
        let mut arrival = arrival(method.clone(), "/tsa", body());
        let media = HeaderValue::from_static(QUERY);
        arrival.headers.insert(CONTENT_TYPE, media);
        let response = answer(&authority().0, &addresses(10), arrival).await;
        assert_eq!(response.status(), 405, "{method}");
        assert_eq!(header(&response, "allow"), "POST");
    }
}

/// A body that says no length and never ends.
struct Endless;

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0x30; 512])))))
    }
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_when_to_come_again() {
    let (authority, _) = authority();
    let addresses = addresses(2);
    for expected in [200, 200, 429] {
        let mut asked = arrival(Method::POST, "/tsa", body());
        let media = HeaderValue::from_static(QUERY);
        asked.headers.append(CONTENT_TYPE, media);
        let response = answer(&authority, &addresses, asked).await;
        assert_eq!(response.status(), expected);
        assert_eq!(header(&response, "retry-after").is_empty(), expected == 200);
        assert_eq!(header(&response, "ratelimit").is_empty(), expected == 200);
    }
}
