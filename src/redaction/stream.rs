//! Bodies that pass as they come: data only, and the first bytes seen before anything leaves.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;

use crate::redaction::head;
use crate::wire::body::{Body, BodyError};
use crate::wire::headers::only;

/// A body with these trailers only, each looked at as a header is: what no list has let through
/// does not leave.
pub(super) fn with_trailers(body: Body, trailers: Vec<HeaderName>) -> Body {
    Body::stream(DataOnly {
        first: None,
        rest: body,
        trailers,
    })
}

/// Waits for the first bytes of a body. Gives them, and the body from its beginning.
pub(super) async fn peek(mut body: Body) -> Result<(Bytes, Body), BodyError> {
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(first) if first.is_empty() => {}
            Ok(first) => {
                let whole = DataOnly {
                    first: Some(first.clone()),
                    rest: body,
                    trailers: Vec::new(),
                };
                return Ok((first, Body::stream(whole)));
            }
            Err(_) => break,
        }
    }
    Ok((Bytes::new(), Body::empty()))
}

struct DataOnly {
    first: Option<Bytes>,
    rest: Body,
    trailers: Vec<HeaderName>,
}

impl DataOnly {
    /// What may leave of the trailers; `None` if nothing may.
    fn passed(&self, trailers: &HeaderMap) -> Option<Result<Frame<Bytes>, BodyError>> {
        let passed = only(trailers, &self.trailers);
        if passed.values().any(|value| head::looked_at(value).is_err()) {
            return Some(Err(BodyError::Withheld));
        }
        (!passed.is_empty()).then(|| Ok(Frame::trailers(passed)))
    }
}

impl HttpBody for DataOnly {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        loop {
            let frame = match ready!(Pin::new(&mut self.rest).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            match frame.into_trailers() {
                Err(data) => return Poll::Ready(Some(Ok(data))),
                Ok(trailers) => {
                    if let Some(passed) = self.passed(&trailers) {
                        return Poll::Ready(Some(passed));
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(first));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(first));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// Frames as they come, the last one first.
    struct Frames(Vec<Frame<Bytes>>);

    impl HttpBody for Frames {
        type Data = Bytes;
        type Error = BodyError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
            Poll::Ready(self.0.pop().map(Ok))
        }
    }

    fn with_trailers() -> Body {
        let trailers = HeaderMap::from_iter([(
            http::header::ETAG,
            HeaderValue::from_static("41507850211172"),
        )]);
        let data = |text: &'static str| Frame::data(Bytes::from_static(text.as_bytes()));
        Body::stream(Frames(vec![
            Frame::trailers(trailers),
            data("cd"),
            data("ab"),
            data(""),
        ]))
    }

    #[tokio::test]
    async fn t15_trailers_do_not_leave() {
        let passed = super::with_trailers(with_trailers(), Vec::new());
        let passed = passed.collect().await.unwrap();
        assert!(passed.trailers().is_none());
        assert_eq!(passed.to_bytes(), "abcd");
    }

    #[tokio::test]
    async fn a_listed_trailer_leaves_unless_it_identifies_someone() {
        let etag = || vec![http::header::ETAG];
        let passed = super::with_trailers(with_trailers(), etag())
            .collect()
            .await;
        assert_eq!(passed.err(), Some(BodyError::Withheld));
        let harmless = HeaderMap::from_iter([
            (http::header::ETAG, HeaderValue::from_static("7")),
            (http::header::AGE, HeaderValue::from_static("7")),
        ]);
        let body = Body::stream(Frames(vec![Frame::trailers(harmless)]));
        let passed = super::with_trailers(body, etag()).collect().await.unwrap();
        assert_eq!(passed.trailers().map(HeaderMap::len), Some(1));
    }

    #[tokio::test]
    async fn what_was_seen_first_still_leaves_first() {
        let (first, body) = peek(with_trailers()).await.unwrap();
        assert_eq!(first, "ab");
        let passed = body.collect().await.unwrap();
        assert!(passed.trailers().is_none());
        assert_eq!(passed.to_bytes(), "abcd");
    }
}
